"""Regimes and their measures: the law as dated, cited data (``data/restrictions/<regime>.toml``)."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from finmodel.data import data_root
from finmodel.errors import DataError, fault, nearest, unknown
from finmodel.restrictions.words import STRICTNESS, words

CONFIDENCE = ("confirmed", "single", "unverified")
DERIVED = ("side", "listed", "affiliate", "window", "held", "operations", "day")
"""What a rule may ask beside the words of the transaction: on whose behalf, whether the name is listed, whether it is another member of
a firm's group, where the day lies in the windows (``before`` the ban takes effect, ``divest``, ``after``; ``none`` where nothing is
listed), whether the position was held when the ban took effect, the operations an AI system was trained with, the day that counts."""
_NUMBERS = ("operations", "fund_commitment_usd")
_DAYS = ("day", "on", "acquired_on", "completed_on")
_TESTS = ("_from", "_before", "_over", "_most")


@dataclass(frozen=True)
class Rule:
    """One line of a decision table: when these conditions hold, this is the answer.

    Attributes
    ----------
    when : mapping
        Conditions, all of which must hold: a word or list of words, true or false, or a bound (``acquired_on_from``,
        ``operations_over``, ``fund_commitment_usd_most``). Empty: always.
    answer, because, citation : str
        The answer, the reason in a sentence, where it is written.
    confidence : str
        ``confirmed``, ``single`` or ``unverified``; a decision that rests on an unverified rule is unclear.
    readings : mapping
        Where the answer is ``unclear``: each defensible answer and its argument.
    check : str
        What to find out where the rule is unverified or unclear.
    given : bool
        Whether the rule asks only facts that were given; else a fact that was not given leaves open whether it applies.
    unless : mapping
        Conditions that set the rule aside where they are known to hold.
    """

    answer: str
    because: str
    citation: str
    when: Mapping[str, Any] = field(default_factory=dict)
    confidence: str = "confirmed"
    readings: Mapping[str, str] = field(default_factory=dict)
    check: str = ""
    given: bool = False
    unless: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Measure:
    """One instrument of law with its dates; a change of law ends one measure and starts another.

    Attributes
    ----------
    id, title, citation : str
        Name, title, where it is published.
    made, start, end : datetime.date or None
        Issued; first day in force; first day no longer in force (None: no end known).
    end_made : datetime.date or None
        Day on which the end became known.
    clock : str
        The day that counts: ``on`` (trade) or ``completed_on`` (settlement).
    lists, other_lists : tuple of str
        Lists of names it applies to that ship, and those in the words of ``target_listed_on``; empty where it names nobody.
    binds, instruments, actions, window, gates, ended_by, note : str
        In words: who is bound, what is covered, what is forbidden, windows after listing, what it asks of a firm that wants to list,
        how it ended, remarks.
    effective_days, divest_days : int
        Days from listing until the ban takes effect and until trades to divest are no longer free; 0: at once, and never. Used where a
        list gives no dates of its own; its own dates stand.
    exceptions : tuple of str
        What it exempts.
    venues : tuple of str
        Exchanges whose listings it gates.
    channels : tuple of str
        Ways of raising capital that it touches for those it binds.
    confidence : str
        ``confirmed``, ``single`` or ``unverified``.
    rules : tuple of Rule
        The decision table, first match decides; empty where it concerns no transaction of an investor.
    becomes : tuple of mapping
        What answers turn into for some investors.
    """

    id: str
    title: str
    citation: str
    made: date
    start: date
    end: date | None = None
    end_made: date | None = None
    clock: str = "on"
    lists: tuple[str, ...] = ()
    other_lists: tuple[str, ...] = ()
    binds: str = ""
    instruments: str = ""
    actions: str = ""
    window: str = ""
    effective_days: int = 0
    divest_days: int = 0
    gates: str = ""
    ended_by: str = ""
    note: str = ""
    exceptions: tuple[str, ...] = ()
    venues: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    confidence: str = "confirmed"
    rules: tuple[Rule, ...] = ()
    becomes: tuple[Mapping[str, Any], ...] = ()

    def in_force(self, day: date, law_as_of: date | None = None) -> bool:
        """Whether it is in force on a day, in the law as it stood on `law_as_of` (None: after all later changes)."""
        if day < self.start or (law_as_of is not None and law_as_of < self.made):
            return False
        end_known = law_as_of is None or (self.end_made is not None and self.end_made <= law_as_of)
        return self.end is None or day < self.end or not end_known


@dataclass(frozen=True)
class Regime:
    """One body of restrictions.

    Attributes
    ----------
    name, title, issuer, url, summary : str
        Short name, title, who issued it, official page, what it forbids to whom.
    does_not_forbid : tuple of str
        What it is often thought to forbid and does not.
    verified_to : datetime.date
        Last day for which the law was checked.
    measures : tuple of Measure
        In the order of their start.
    complete : bool
        Whether every name on its lists ships; if not, a name that is not found may still be listed.
    """

    name: str
    title: str
    issuer: str
    url: str
    summary: str
    does_not_forbid: tuple[str, ...]
    verified_to: date
    measures: tuple[Measure, ...]
    complete: bool = True

    @property
    def decides(self) -> bool:
        """Whether it has rules about an investor's transactions."""
        return any(m.rules for m in self.measures)


@cache
def load_regimes() -> Mapping[str, Regime]:
    """Return the regimes that ship, by name.

    Examples
    --------
    >>> load_regimes()["us-outbound"].measures[0].start
    datetime.date(2025, 1, 2)
    """
    files = sorted((data_root() / "restrictions").glob("*.toml"))
    return {regime.name: regime for regime in map(read_regime, (f for f in files if f.stem != "words"))}


def choose_regimes(names: Iterable[str] | None) -> tuple[Regime, ...]:
    """Return the named regimes, or all that decide transactions, those on raising capital first, the oldest before the others.

    Raises
    ------
    LookupError
        If there is no regime of that name, or it decides no transactions.
    """
    known = {name: r for name, r in load_regimes().items() if r.decides}
    if names is None:
        return tuple(sorted(known.values(), key=lambda r: (not any(m.channels for m in r.measures), r.measures[0].start)))
    for name in names:
        if name not in known:
            raise unknown("regime for transactions", name, known)
    return tuple(known[name] for name in names)


def read_regime(path: str | os.PathLike[str]) -> Regime:
    """Return the regime in a TOML file.

    Raises
    ------
    DataError
        With every unknown key, word, answer or date that does not fit.
    """
    path = Path(path)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError([fault(path.name, str(error), "TOML in UTF-8")]) from None
    faults: list[str] = []
    groups = table.pop("groups", {})
    shared = table.pop("rule", [])
    measures = [_measure(m, shared, groups, path.name, faults) for m in table.pop("measure", [])]
    top = _known_keys(table, Regime, path.name, faults, besides=("name", "measures"))
    if faults:
        raise DataError(faults)
    ordered = tuple(sorted((m for m in measures if m), key=lambda m: m.start))
    return Regime(name=path.stem, measures=ordered, **top)


def _measure(
    table: dict[str, Any], shared: list[dict[str, Any]], groups: Mapping[str, list[str]], file: str, faults: list[str]
) -> Measure | None:
    where = f"{file}, measure {table.get('id', '?')}"
    own = table.pop("rule", [])
    values = _known_keys(table, Measure, where, faults, besides=("rules",))
    if faults:
        return None
    base = {"citation": values["citation"], "confidence": values.get("confidence", "confirmed")}
    rules = []
    for number, rule in enumerate([*shared, *own] if own else [], start=1):
        spot = f"{where}, rule {number}"
        tests = {key: _expanded(rule.get(key, {}), groups, spot, faults) for key in ("when", "unless")}
        given = _known_keys({**base, **rule, **tests}, Rule, spot, faults)
        faults += _rule_faults(given, spot)
        rules += [Rule(**given)] if not faults else []
    if rules and rules[-1].when:
        faults.append(fault(where, "a last rule with conditions", "a last rule that always holds"))
    values["becomes"] = tuple({**b, "when": _expanded(b["when"], groups, where, faults)} for b in values.get("becomes", ()))
    measure = Measure(rules=tuple(rules), **values)
    faults += _date_faults(measure, where)
    return measure


def _known_keys(table: Mapping[str, Any], kind: type, where: str, faults: list[str], besides: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the table with lists as tuples, noting keys that are unknown or missing."""
    known = {f.name: f for f in fields(kind) if f.name not in besides}
    for key in table:
        if key not in known:
            close = nearest(key, known, most=1)
            faults.append(fault(where, f"key {key!r}", f"one of {', '.join(known)}", f"did you mean {close[0]!r}?" if close else ""))
    for name, f in known.items():
        if name not in table and f.default is MISSING and f.default_factory is MISSING:
            faults.append(fault(where, f"no {name!r}", "one"))
    return {k: tuple(v) if isinstance(v, list) else v for k, v in table.items() if k in known}


def _expanded(when: Mapping[str, Any], groups: Mapping[str, list[str]], where: str, faults: list[str]) -> dict[str, Any]:
    """Return the conditions with ``$group`` replaced by its words and single words as tuples."""
    expanded: dict[str, Any] = {}
    for key, wanted in when.items():
        if isinstance(wanted, str) and wanted.startswith("$"):
            if wanted[1:] not in groups:
                faults.append(fault(where, f"group {wanted!r}", f"one of {', '.join(groups)}"))
            wanted = groups.get(wanted[1:], [])
        expanded[key] = tuple(wanted) if isinstance(wanted, list) else (wanted,) if isinstance(wanted, str) else wanted
    return expanded


def _rule_faults(rule: Mapping[str, Any], where: str) -> list[str]:
    answers = (rule.get("answer", ""), *rule.get("readings", {}))
    faults = [fault(where, f"answer {a!r}", f"one of {', '.join(STRICTNESS)}") for a in answers if a not in STRICTNESS]
    if rule.get("confidence") not in CONFIDENCE:
        faults.append(fault(where, f"confidence {rule.get('confidence')!r}", f"one of {', '.join(CONFIDENCE)}"))
    if (rule.get("answer") == "unclear") != bool(rule.get("readings")):
        faults.append(fault(where, f"answer {rule.get('answer')!r}", "both readings with 'unclear', none otherwise"))
    for key, wanted in (*rule["when"].items(), *rule["unless"].items()):
        known = _words_of(key)
        if known is None:
            faults.append(fault(where, f"condition {key!r}", f"a field of a transaction, or one of {', '.join(DERIVED)}"))
        elif known:
            bad = [w for w in wanted if w not in known]
            faults += [fault(where, f"{key} {w!r}", f"one of {', '.join(known)}") for w in bad]
    return faults


def _words_of(key: str) -> tuple[str, ...] | None:
    """Return the words a condition may name; empty where it takes a bound or a truth value, None where there is no such condition."""
    if key in ("listed", "held", "affiliate"):
        return ()
    if key == "window":
        return ("none", "before", "divest", "after")
    if key == "side":
        return tuple(words()["investor"])
    if key in words():
        return tuple(words()[key])
    for test in _TESTS:
        if key.endswith(test) and key.removesuffix(test) in (_DAYS if test in _TESTS[:2] else _NUMBERS):
            return ()
    return None


def _date_faults(measure: Measure, where: str) -> list[str]:
    faults = []
    if measure.end is not None and measure.end <= measure.start:
        faults.append(fault(where, f"end {measure.end}", f"a day after its start {measure.start}"))
    if (measure.end is None) != (measure.end_made is None):
        faults.append(fault(where, "only one of end and end_made", "both or neither"))
    if measure.confidence not in CONFIDENCE:
        faults.append(fault(where, f"confidence {measure.confidence!r}", f"one of {', '.join(CONFIDENCE)}"))
    return faults
