"""The decision: what each regime says of one transaction, why, and what it hangs on.

No law is written here. A regime's rules are a decision table (first match decides) read from data; this module finds the measures in
force on the day, the names that match, and what follows where a fact was not given: every answer it could be, each with its reason.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

from finmodel.data import read_rows
from finmodel.restrictions.designations import STATUSES, Designation, Identity, Names, shipped_names
from finmodel.restrictions.regimes import Measure, Regime, Rule, choose_regimes
from finmodel.restrictions.transactions import Transaction, read_cases
from finmodel.restrictions.words import REFUSALS, STRICTNESS, split_activity, strictest

if TYPE_CHECKING:
    import pandas as pd

_WINDOW = ("listed_on", "effective_on", "divest_by", "ended_on")
_HOW_SURE = {"derived": "derived", "single": "from one source", "unverified": "unverified"}
CONTESTED = ("unclear", "listed", "not-listed")


@dataclass(frozen=True)
class Finding:
    """What one regime says of a transaction, and why.

    Attributes
    ----------
    regime, measure, answer, because, citation, confidence : str
        The regime, the measure that decides, the answer, the reason, where it is written, how sure.
    matched : str
        The listed name that was matched, blank where none.
    listed_on, effective_on, divest_by, ended_on : datetime.date or None
        The window of that name.
    readings : mapping
        Where the answer is unclear: each answer it may be and the argument for it.
    facts_needed : tuple of str
        What the answer hangs on that was not given.
    doubt : str
        Where the listing rests on less than two independent sources: how sure it is, and what to check.
    """

    regime: str
    measure: str
    answer: str
    because: str
    citation: str
    confidence: str = "confirmed"
    matched: str = ""
    listed_on: date | None = None
    effective_on: date | None = None
    divest_by: date | None = None
    ended_on: date | None = None
    readings: Mapping[str, str] | None = None
    facts_needed: tuple[str, ...] = ()
    doubt: str = ""

    def __str__(self) -> str:
        days = [f"{name.removesuffix('_on').replace('_', ' ')} {day}" for name in _WINDOW if (day := getattr(self, name))]
        window = f" [{self.matched}: {', '.join([*days, *filter(None, [self.doubt])])}]" if self.matched else ""
        readings = "".join(f"; {answer} if {text}" for answer, text in (self.readings or {}).items())
        return f"{self.regime}: {self.answer}: {self.because}{readings}{window} ({self.citation})"


@dataclass(frozen=True)
class Decision:
    """What the law says of a transaction; beside it, and never mixed with it, contract and practice.

    Attributes
    ----------
    transaction : Transaction
    findings : tuple of Finding
        One per regime.
    law_verified_to : datetime.date
        Last day for which the law was checked; a later day is answered ``unclear`` and unverified.
    contractual, practical : str
        What the terms of an offering said on the day, and what was seen in practice; blank where nothing is known.
    proposed : tuple of str
        For a name that is on no list: the listed names most like it. They decide nothing.
    """

    transaction: Transaction
    findings: tuple[Finding, ...]
    law_verified_to: date
    contractual: str = ""
    practical: str = ""
    proposed: tuple[str, ...] = ()

    @property
    def answers(self) -> dict[str, str]:
        """Answer of each regime."""
        return {f.regime: f.answer for f in self.findings}

    @property
    def answer(self) -> str:
        """The strictest of the answers."""
        return strictest([f.answer for f in self.findings])

    @property
    def why(self) -> tuple[Finding, ...]:
        """The findings, strictest first; of the same answer, those that match a listed name first."""
        return tuple(sorted(self.findings, key=lambda f: (-STRICTNESS.index(f.answer), not f.matched)))

    @property
    def facts_needed(self) -> tuple[str, ...]:
        """What the answers hang on that was not given."""
        return tuple(dict.fromkeys(fact for f in self.findings for fact in f.facts_needed))

    @property
    def verified(self) -> bool:
        """Whether the law was checked for the day asked about."""
        t = self.transaction
        assert isinstance(t.completed_on, date)
        return (t.law_as_of or max(t.day, t.completed_on)) <= self.law_verified_to  # type: ignore[operator]

    @property
    def refused(self) -> bool:
        """Whether some regime forbids it as it stands."""
        return self.answer in REFUSALS

    def records(self) -> list[dict[str, Any]]:
        """Return one plain record per regime, the strictest first."""
        return [
            {
                "answer": self.answer,
                "purpose": self.transaction.purpose,
                "regime": f.regime,
                "regime_answer": f.answer,
                "measure": f.measure,
                "because": f.because,
                "citation": f.citation,
                "confidence": f.confidence,
                "matched": f.matched or None,
                "doubt": f.doubt or None,
                **{name: day.isoformat() if (day := getattr(f, name)) else None for name in _WINDOW},
                "readings": "; ".join(f"{answer}: {text}" for answer, text in (f.readings or {}).items()) or None,
                "facts_needed": "; ".join(f.facts_needed) or None,
                "contractual": self.contractual or None,
                "practical": self.practical or None,
                "law_verified_to": self.law_verified_to.isoformat(),
                "verified": self.verified,
                "nearest_listed_names": " | ".join(self.proposed) or None,
            }
            for f in self.why
        ]

    def __str__(self) -> str:
        lines = [self.answer, *(f"  {finding}" for finding in self.why)]
        lines += [f"  needed: {fact}" for fact in self.facts_needed]
        lines += [f"  {name}: {text}" for name, text in (("contract", self.contractual), ("practice", self.practical)) if text]
        lines += [f"  not found on any list; nearest listed names: {' | '.join(self.proposed)}"] if self.proposed else []
        lines += [f"  law checked to {self.law_verified_to}" + ("" if self.verified else ": this answer is unverified")]
        return "\n".join(lines)


def decide(
    transaction: Transaction,
    regimes: str | Iterable[str] | None = None,
    contested: str = "unclear",
    names: Names | None = None,
) -> Decision:
    """Return what the law says of one transaction.

    Parameters
    ----------
    transaction : Transaction
    regimes : str or iterable of str, optional
        Only these regimes; default all that decide transactions.
    contested : {"unclear", "listed", "not-listed"}
        How to read a listing that names another member of the firm's group, as SenseTime's does: leave both readings open, or take one.
    names : Names, optional
        Designations and aliases; default those that ship.

    Raises
    ------
    LookupError
        If there is no such regime.
    ValueError
        If `contested` is none of the three.

    Examples
    --------
    >>> d = decide(Transaction("us_person", "cloudwalk", "listed_share", "buy", "2022-06-15"), ["us-securities-ban"])
    >>> d.answer, d.why[0].matched, d.why[0].effective_on.isoformat()
    ('prohibited', 'CLOUDWALK TECHNOLOGY CO., LTD.', '2022-02-14')
    """
    if contested not in CONTESTED:
        raise ValueError(f"contested is {contested!r}; it is one of {', '.join(CONTESTED)}")
    chosen = choose_regimes((regimes,) if isinstance(regimes, str) else regimes)
    names = names or shipped_names()
    identity = names.identify(transaction.issuer)
    findings = tuple(_regime_finding(regime, transaction, names, identity, contested) for regime in chosen)
    contractual, practical = offering_terms(identity.firm, transaction)
    return Decision(
        transaction,
        findings,
        min(regime.verified_to for regime in chosen),
        contractual,
        practical,
        () if names.matches(identity) else names.propose(transaction.issuer),
    )


def decide_cases(path: str | os.PathLike[str], regimes: str | Iterable[str] | None = None, contested: str = "unclear") -> pd.DataFrame:
    """Return a CSV of transactions with the columns answer, why, citation, confidence, facts_needed and law_status added.

    Raises
    ------
    DataError
        With every row that cannot be read; nothing is decided then.
    """
    table, cases = read_cases(path)
    regimes = list(regimes) if regimes is not None and not isinstance(regimes, str) else regimes
    decisions = [decide(case, regimes, contested) for case in cases]
    return table.assign(
        answer=[d.answer for d in decisions],
        why=[str(d.why[0]) for d in decisions],
        citation=[d.why[0].citation for d in decisions],
        confidence=[d.why[0].confidence for d in decisions],
        facts_needed=["; ".join(d.facts_needed) for d in decisions],
        law_status=["verified" if d.verified else f"unverified after {d.law_verified_to}" for d in decisions],
    )


def _regime_finding(regime: Regime, t: Transaction, names: Names, identity: Identity, contested: str) -> Finding:
    law_as_of = t.law_as_of if isinstance(t.law_as_of, date) else None
    found = [
        _finding(regime, measure, t, identity, designation, listed)
        for measure in regime.measures
        if measure.rules and measure.in_force(_day(measure, t), law_as_of)
        for designation, listed in _listings(regime, measure, t, names, identity, contested)
    ]
    if not found:
        return _not_in_force(regime, t)
    strict = max(found, key=lambda f: (STRICTNESS.index(f.answer), bool(f.matched)))
    day = max(d for d in (t.on, t.completed_on) if isinstance(d, date))
    return _unverified(strict, regime) if (law_as_of or day) > regime.verified_to else strict


def _day(measure: Measure, t: Transaction) -> date:
    day = getattr(t, measure.clock)
    assert isinstance(day, date)
    return day


def _not_in_force(regime: Regime, t: Transaction) -> Finding:
    measures = [m for m in regime.measures if m.rules]
    text = f"no measure of it is in force on {t.day}" + (f" in the law of {t.law_as_of}" if t.law_as_of else "")
    return Finding(regime.name, measures[0].id, "permitted", text, measures[0].citation)


def _unverified(finding: Finding, regime: Regime) -> Finding:
    text = f"the law was checked to {regime.verified_to}: unverified for this day"
    readings = finding.readings or {finding.answer: f"the law of {regime.verified_to} still stands: {finding.because}"}
    check = f"whether the law of {regime.verified_to} still stands"
    return replace(
        finding, answer="unclear", because=text, readings=readings, confidence="unverified", facts_needed=(*finding.facts_needed, check)
    )


def _listings(
    regime: Regime, measure: Measure, t: Transaction, names: Names, identity: Identity, contested: str
) -> list[tuple[Designation | None, bool | str]]:
    """Return the designations to test a measure against, each with whether it covers the issuer (a text: what that hangs on)."""
    law_as_of = t.law_as_of if isinstance(t.law_as_of, date) else None
    day = _day(measure, t)
    if t.target_listed_on and measure.other_lists:
        return [(None, t.target_listed_on in measure.other_lists)]
    found: list[tuple[Designation | None, bool | str]] = []
    for designation, how in names.matches(identity):
        if designation.list not in measure.lists or not designation.in_force(day, law_as_of):
            continue
        if how == "contested":
            hangs = f"whether {designation.legal_name} on the list covers {identity.legal_name}: {designation.note}"
            found.append((designation, hangs if contested == "unclear" else contested == "listed"))
        else:
            hangs = f"whether {designation.legal_name} is on the list: {designation.note}"
            found.append((designation, hangs if designation.status == "unverified" else True))
    if found or not measure.lists:
        return found or [(None, False)]
    covered = regime.complete or bool(identity.firm)
    return [(None, False if covered else f"whether {identity.given} is on the list: only the firms studied here ship")]


def _finding(
    regime: Regime, measure: Measure, t: Transaction, identity: Identity, designation: Designation | None, listed: bool | str
) -> Finding:
    facts = _facts(measure, t, identity, designation, listed)
    needed: dict[str, None] = {}
    branches: list[Rule] = []
    for rule in measure.rules:
        state, unknown = _holds(rule.when, facts)
        aside = bool(rule.unless) and _holds(rule.unless, facts)[0]
        if state is False or aside or (rule.given and unknown):
            continue
        needed |= dict.fromkeys(_name(fact, listed) for fact in unknown)
        branches.append(_for_investor(rule, measure, facts))
        if rule.confidence == "unverified":
            needed[rule.check] = None
        elif state:
            break
    return _merged(regime, measure, branches, designation if listed is not False else None, tuple(needed))


def _merged(regime: Regime, measure: Measure, branches: list[Rule], designation: Designation | None, needed: tuple[str, ...]) -> Finding:
    """Return the answer on which all branches agree, else unclear with each of them."""
    rule = branches[-1]
    answer, because = rule.answer, rule.because
    readings: dict[str, str] = {}
    for each in branches:
        for reading, text in (each.readings or {each.answer: each.because}).items():
            readings.setdefault(reading, text)
    agreed = len({each.answer for each in branches}) == 1
    if not agreed:
        answer, because = "unclear", "it hangs on " + "; ".join(needed)
        rule = max(branches, key=lambda each: STRICTNESS.index(each.answer))
    finding = Finding(
        regime.name,
        measure.id,
        answer,
        because,
        rule.citation,
        rule.confidence,
        readings=readings if answer == "unclear" else None,
        facts_needed=() if agreed and answer != "unclear" else tuple(filter(None, (*needed, rule.check))),
    )
    if designation is None:
        return finding
    d = designation
    return replace(
        finding,
        confidence=max(finding.confidence, d.status, key=STATUSES.index),
        matched=d.legal_name,
        doubt="" if d.status == "confirmed" or d.note in because else f"listing {_HOW_SURE[d.status]}: {d.note}",
        listed_on=d.listed_on,
        effective_on=d.effective_on,
        divest_by=d.divest_by,
        ended_on=d.ended_on,
    )


def _facts(measure: Measure, t: Transaction, identity: Identity, designation: Designation | None, listed: bool | str) -> dict[str, Any]:
    """Return everything a rule may ask; None is a fact that was not given."""
    day = _day(measure, t)
    activity, operations = split_activity(t.target_activity or _activities().get(identity.firm, ""))
    facts: dict[str, Any] = {name: value if (value := getattr(t, name)) != "" else None for name in t.__dataclass_fields__}
    facts["side"] = t.investor if t.acting_for == "self" else t.acting_for
    facts["day"] = day
    facts["affiliate"] = identity.affiliate
    facts["listed"] = listed if isinstance(listed, bool) else None
    facts["window"] = designation.window(day) if designation else "none" if listed is False else None
    held = designation and isinstance(t.acquired_on, date) and t.acquired_on < designation.effective_on
    facts["held"] = held if designation and t.acquired_on else None
    facts["target_activity"] = activity or None
    facts["operations"] = operations
    return facts


def _holds(when: Mapping[str, Any], facts: Mapping[str, Any]) -> tuple[bool | None, list[str]]:
    """Return whether all conditions hold (None: that hangs on facts not given) and the facts it hangs on."""
    unknown = []
    for key, wanted in when.items():
        name, test = _split(key, facts)
        fact = facts[name]
        if fact is None:
            unknown.append(name)
        elif not _TESTS[test](fact, wanted):
            return False, []
    return (None if unknown else True), unknown


_TESTS: dict[str, Any] = {
    "": lambda fact, wanted: fact is wanted if isinstance(wanted, bool) else fact in wanted,
    "from": lambda fact, wanted: fact >= wanted,
    "before": lambda fact, wanted: fact < wanted,
    "over": lambda fact, wanted: fact > wanted,
    "most": lambda fact, wanted: fact <= wanted,
}


def _split(key: str, facts: Mapping[str, Any]) -> tuple[str, str]:
    name, _, test = key.rpartition("_")
    return (key, "") if key in facts else (name, test)


def _name(fact: str, listed: bool | str) -> str:
    if fact == "held":
        return "acquired_on"
    return listed if fact in ("listed", "window") and isinstance(listed, str) else fact


def _for_investor(rule: Rule, measure: Measure, facts: Mapping[str, Any]) -> Rule:
    """Return a rule with the answers that it has for this investor."""
    changes = [change for change in measure.becomes if _holds(change["when"], facts)[0]]
    if not changes:
        return rule
    changed = {answer: new for change in changes for answer, new in change.items() if answer != "when"}
    readings = {changed.get(answer, answer): text for answer, text in rule.readings.items()}
    return replace(rule, answer=changed.get(rule.answer, rule.answer), readings=readings)


@cache
def _activities() -> dict[str, str]:
    return {row["firm"]: row["target_activity"] for row in read_rows("firm_activities")}


@cache
def _terms() -> list[dict[str, str]]:
    return read_rows("offering_terms")


def offering_terms(firm: str, t: Transaction) -> tuple[str, str]:
    """Return what contract and what practice said of such a transaction on the day: two texts, blank where nothing is known."""
    found: dict[str, list[str]] = {"contractual": [], "practical": []}
    for row in _terms():
        applies = row["firm"] == firm and row["start"] <= t.day.isoformat() < (row["end"] or "9999")
        if applies and t.instrument in row["instruments"].split() and t.investor in row["investors"].split():
            found[row["kind"]].append(f"{row['term']} ({row['source']})")
    return "; ".join(found["contractual"]), "; ".join(found["practical"])
