"""Funding access: who may come, to which channel, on which day, by law, by contract and in practice.

Formula
-------
access of a channel = sum over investor classes of share of the book x legal x contractual x (1 - chill)

Legal is asked of :mod:`finmodel.restrictions` for the day; contractual is a dated fact (``offering_terms.csv``); chill is the scenario's
assumption; shares are intervals (``class_mix.csv``). What a smaller book does to the price is :mod:`finmodel.pricing`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Literal

import numpy as np
import pandas as pd

from finmodel.data import read_table, rows
from finmodel.firms import find_firm, firms
from finmodel.levers import channel as kind_of
from finmodel.levers import channels, investor_classes
from finmodel.restrictions.engine import Finding, decide
from finmodel.restrictions.transactions import Transaction
from finmodel.restrictions.words import REFUSALS
from finmodel.results import RECORD_COLUMNS, Results
from finmodel.scenarios import Scenario, read_scenario
from finmodel.units import parse_date

REGIMES = ("us-securities-ban", "us-outbound")
"""Regimes that bind investors in securities; the others gate the firm's own listing, its supplies or its customers."""
COLUMNS = (*RECORD_COLUMNS, "channel", "investor_class", "share", "legal", "contractual", "chill", "low", "high", "citation", "default")
Law = tuple[tuple[str, str], ...]
"""Regimes that a scenario takes, each with the day whose law is asked (blank: as it later became)."""


@dataclass(frozen=True)
class ClassAccess:
    """What one investor class may put into one channel.

    Attributes
    ----------
    channel, investor_class : str
    low, share, high : float
        Its share of the book before any restriction.
    legal : tuple of float
        1 where the law lets it come, 0 where not; two values (lenient, strict) that differ where the law is unclear.
    contractual : float
        0 where an offering's own terms exclude it.
    chill : tuple of float
        Least, central and greatest share that stays away.
    measure, reason, citation : str
        What keeps it out, or blank.
    """

    channel: str
    investor_class: str
    low: float
    share: float
    high: float
    legal: tuple[float, float]
    contractual: float
    chill: tuple[float, float, float]
    measure: str
    reason: str
    citation: str

    def factor(self, reading: int = 0, chill: int = 1) -> float:
        """Return the part of the class that comes, by the lenient (0) or strict (1) reading, and a chill (0 least, 1 central, 2 most)."""
        return self.legal[reading] * self.contractual * (1 - self.chill[chill])


def funding_access(
    firm: str,
    on: str | date,
    scenario: str | Scenario = "baseline",
    as_of: str | date | None = None,
    contested: Literal["unclear", "listed", "not-listed"] = "unclear",
) -> Results:
    """Return who may fund a firm on a day, per channel and investor class.

    Formula
    -------
    access of a channel = sum over investor classes of share of the book x legal x contractual x (1 - chill)

    Parameters
    ----------
    firm : str
        Its name.
    on : str or date
        The day.
    scenario : str or Scenario
        Where chill and the law come from; the baseline takes the law and the terms in force and no chill.
    as_of : str or date, optional
        The day whose law is taken; the day itself by default.
    contested : {"unclear", "listed", "not-listed"}
        How to read a listing that names another member of the group (SenseTime); see :func:`finmodel.restrictions.decide`.

    Returns
    -------
    Results
        One row per channel and investor class and one for all classes. ``value`` is the share of the book that comes in practice, with
        the ends of its interval; ``legal`` and ``contractual`` what law and contract leave of the share. Where the law is unclear there
        are two rows, variants ``if permitted`` and ``if prohibited``.

    Raises
    ------
    LookupError
        If the firm or scenario is unknown.

    Examples
    --------
    >>> access = funding_access("sensetime", "2021-12-23")
    >>> row = access.table.query("channel == 'hong_kong_ipo' and investor_class == 'us_persons'").iloc[0]
    >>> float(row["legal"]), float(row["contractual"]), float(row["value"])
    (0.1, 0.0, 0.0)
    """
    on = parse_date(on) if isinstance(on, str) else on
    law_day = on if as_of is None else parse_date(as_of) if isinstance(as_of, str) else as_of
    firm = find_firm(firm).firm
    scenario = read_scenario(scenario) if isinstance(scenario, str) else scenario
    found: list[dict[str, Any]] = []
    for channel in channels().index:
        found += _channel_rows(firm, str(channel), on, scenario, law_day, contested)
    table = pd.DataFrame([{**dict.fromkeys(COLUMNS, ""), "default": True, **row} for row in found], columns=list(COLUMNS))
    for column in ("value", "share", "legal", "contractual", "chill", "low", "high"):
        table[column] = pd.to_numeric(table[column], errors="coerce").round(12)
    return Results(
        table=table,
        title=f"Funding access of {firm} on {on}, scenario {scenario.name}",
        definition=f"{_headline(firm, on, table)} Share of the book that may come = sum over classes of share x legal x contractual x "
        "(1 - chill); legal and contractual say what each step leaves of the share",
        assumptions=(
            f"the law as known on {law_day}",
            "shares of the book per class are intervals: see class_mix.csv for each one's reference",
            *(f"{c.restriction}: chill {c.low} to {c.high} on {', '.join(c.applies_to)}: {c.reason}" for c in _chills(scenario)),
        ),
        figure="access",
    )


def _headline(firm: str, on: date, table: pd.DataFrame) -> str:
    """Say first whether the law closes anything to anyone."""
    shut = table[(table["investor_class"] != "all") & (table["legal"] < table["share"]) & (table["share"] > 0)]
    if shut.empty:
        return f"By law nothing is closed to any investor in {firm} on {on}: what is left out below is contract or assumption."
    where = "; ".join(
        f"{channel} to {', '.join(dict.fromkeys(group))}" for channel, group in shut.groupby("channel", sort=False)["investor_class"]
    )
    return f"By law closed or unclear on {on}: {where}; all else is contract or assumption."


def _channel_rows(firm: str, channel: str, on: date, scenario: Scenario, as_of: date, contested: str) -> list[dict[str, Any]]:
    name = {"firm": firm, "period": on.isoformat(), "quantity": "access", "unit": "share of the book", "channel": channel}
    closed = not_open(firm, channel, on) or _shut(scenario, channel, on, as_of)
    if closed:
        return [{**name, "investor_class": "all", "value": 0.0 if closed.startswith("closed") else math.nan, "status": "not open",
                 "reason": closed}]  # fmt: skip
    classes = class_access(firm, channel, on, scenario, as_of, contested)
    out = []
    for one in classes:
        out += [{**name, **row} for row in _class_rows(one)]
    unclear = any(one.legal[0] != one.legal[1] for one in classes)
    for reading in (0, 1) if unclear else (0,):
        low, central, high = total_access(classes, reading)
        legal = sum(one.share * one.legal[reading] for one in classes)
        contractual = sum(one.share * one.legal[reading] * one.contractual for one in classes)
        out.append(
            {
                **name, "investor_class": "all", "variant": _variant(unclear, reading), "share": 1.0, "legal": legal,
                "contractual": contractual, "value": central, "low": low, "high": high, "status": "assumed",
                "reason": _first_sentence(classes),
            }
        )  # fmt: skip
    return out


def _first_sentence(classes: Sequence[ClassAccess]) -> str:
    """Say first whether the law closes anything at all, then what contract does."""
    shut = [one for one in classes if min(one.legal) < 1]
    touched = [f"{one.investor_class} ({one.measure})" for one in shut if one.high > 0]
    law = f"by law closed or unclear for {', '.join(touched)}" if touched else "by law open to every class that has a part in it"
    excluded = [one.investor_class for one in classes if one.contractual == 0]
    if len(excluded) == len(classes):
        return f"{law}; the offering's own terms exclude everyone"
    return f"{law}; the offering's own terms exclude {', '.join(excluded)}" if excluded else law


def _class_rows(one: ClassAccess) -> Iterator[dict[str, Any]]:
    unclear = one.legal[0] != one.legal[1]
    for reading in (0, 1) if unclear else (0,):
        legal = one.share * one.legal[reading]
        yield {
            "investor_class": one.investor_class, "variant": _variant(unclear, reading), "share": one.share, "legal": legal,
            "contractual": legal * one.contractual, "chill": one.chill[1], "value": one.share * one.factor(reading),
            "low": one.low * one.factor(reading, 2), "high": one.high * one.factor(reading, 0), "status": "assumed",
            "reason": one.reason, "note": one.measure, "citation": one.citation,
        }  # fmt: skip


def _variant(unclear: bool, reading: int) -> str:
    return ("if permitted", "if prohibited")[reading] if unclear else ""


def class_access(firm: str, channel: str, on: date, scenario: Scenario, as_of: date, contested: str = "unclear") -> tuple[ClassAccess, ...]:
    """Return what each investor class may put into a channel on a day; see :class:`ClassAccess`."""
    law, terms = law_of(scenario, as_of), any(c.lever == "terms" for c in scenario.changes)
    instrument = kind_of(channel)["instrument"]
    out = []
    for row in class_mix(firm, channel, min(on, as_of)):
        name = row["investor_class"]
        investor = _investor(name)
        legal, finding = _legal(firm, instrument, investor, on, law, contested)
        contract = _contract(firm, channel, investor, on, as_of) if terms else ""
        chill = chill_of(scenario, name, on, as_of)
        measure, reason, citation = _kept_out(finding, legal, contract)
        out.append(
            ClassAccess(channel, name, float(row["low"]), float(row["central"]), float(row["high"]), legal,
                        0.0 if contract else 1.0, chill, measure, reason, citation)
        )  # fmt: skip
    return tuple(out)


@cache
def _investor(name: str) -> str:
    return str(investor_classes().loc[name, "investor"])


def _kept_out(finding: Finding | None, legal: tuple[float, float], contract: str) -> tuple[str, str, str]:
    if finding is not None and min(legal) < 1:
        reason = finding.because + (f"; and by contract {contract}" if contract else "")
        return f"{finding.regime}: {finding.measure}", reason, finding.citation
    if contract:
        text, _, source = contract.rpartition(" (")
        return "offering terms", text, source.rstrip(")")
    return "", "", ""


def total_access(classes: Sequence[ClassAccess], reading: int = 0) -> tuple[float, float, float]:
    """Return the least, central and greatest share of the book that comes.

    The ends are over shares within their intervals that sum to one (the worst and best mix) and over the ends of the chill.

    Examples
    --------
    >>> def one(share, legal):
    ...     return ClassAccess("x", "y", share - 0.1, share, share + 0.1, legal, 1.0, (0.0, 0.0, 0.0), "", "", "")
    >>> [round(x, 3) for x in total_access([one(0.3, (0.0, 0.0)), one(0.7, (1.0, 1.0))])]
    [0.6, 0.7, 0.8]
    """
    central = sum(one.share * one.factor(reading) for one in classes)
    return (
        _extreme(classes, [c.factor(reading, 2) for c in classes], False),
        central,
        _extreme(classes, [c.factor(reading, 0) for c in classes], True),
    )


def _extreme(classes: Sequence[ClassAccess], factors: Sequence[float], most: bool) -> float:
    """Return the least or greatest sum of share x factor over shares in their intervals that sum to one (a fractional knapsack)."""
    left = 1 - sum(one.low for one in classes)
    total = sum(one.low * factor for one, factor in zip(classes, factors, strict=True))
    for place in sorted(range(len(classes)), key=lambda i: factors[i], reverse=most):
        more = min(max(left, 0.0), classes[place].high - classes[place].low)
        total, left = total + more * factors[place], left - more
    return total


def law_of(scenario: Scenario, as_of: date) -> Law:
    """Return which regimes a scenario takes, and the law of which day: known on the as-of day, or as it later became."""
    taken: dict[str, str] = {}
    for change in scenario.changes:
        if change.lever == "law":
            for regime in change.applies_to or REGIMES:
                day = "" if change.effect == "apply" else as_of.isoformat()
                taken[regime] = "" if taken.get(regime) == "" else day
    return tuple(sorted(taken.items()))


@cache
def _legal(firm: str, instrument: str, investor: str, on: date, law: Law, contested: str) -> tuple[tuple[float, float], Finding | None]:
    """Return whether such an investor may buy, by the lenient and the strict reading, and the finding that decides."""
    strictest: tuple[float, float] = (1.0, 1.0)
    deciding: Finding | None = None
    if instrument == "none":
        return strictest, None
    for regime, law_as_of in law:
        transaction = Transaction(investor, firm, instrument, "buy", on, law_as_of=law_as_of, knowledge="yes")
        finding = decide(transaction, [regime], contested).why[0]
        legal = _readings(finding)
        if legal < strictest:
            strictest, deciding = legal, finding
    return strictest, deciding


def _readings(finding: Finding) -> tuple[float, float]:
    if finding.answer == "unclear":
        refused = [answer in REFUSALS for answer in (finding.readings or {"prohibited": ""})]
        return (float(not all(refused)), float(not any(refused)))
    allowed = float(finding.answer not in (*REFUSALS, "permitted-divestment"))
    return (allowed, allowed)


def _contract(firm: str, channel: str, investor: str, on: date, as_of: date) -> str:
    """Return the term that excludes such an investor from an offering, blank where none does or none was published by the as-of day."""
    day, known = on.isoformat(), min(on, as_of).isoformat()
    found = [r for r in _terms(firm, channel) if r["start"] <= known and (not r["end"] or r["end"] > day)]
    return "; ".join(f"{r['term']} ({r['source']})" for r in found if investor in r["investors"].split())


@cache
def _terms(firm: str, channel: str) -> tuple[dict[str, Any], ...]:
    table = read_table("offering_terms")
    return tuple(rows(table[(table["firm"] == firm) & (table["channel"] == channel) & (table["kind"] == "contractual")]))


@cache
def class_mix(firm: str, channel: str, on: date) -> tuple[dict[str, Any], ...]:
    """Return who makes up the book of a channel as known on a day: the firm's own latest record, else the general one."""
    table = read_table("class_mix")
    table = table[(table["channel"] == channel) & (table["from"] <= on.isoformat())]
    own = table[table["firm"] == firm]
    own = own[own["from"] == own["from"].max()] if len(own) else table[table["firm"] == ""]
    return tuple(rows(own))


def _chills(scenario: Scenario) -> list[Any]:
    return [c for c in scenario.changes if c.lever == "chill"]


def chill_of(scenario: Scenario, investor_class: str, on: date, as_of: date) -> tuple[float, float, float]:
    """Return the least, central and greatest share of a class that stays away: reluctances add up as 1 - (1 - a)(1 - b)."""
    stay = np.ones(3)
    for change in _chills(scenario):
        if investor_class in change.applies_to and change.holds(on, as_of):
            stay *= 1 - np.array([change.low, change.value, change.high])
    least, central, most = (float(x) for x in 1 - stay)
    return least, central, most


def listed_on(firm: str) -> date | None:
    """Return the first trading day of a firm, ``date.min`` where it was listed before our record begins, None for an unlisted one.

    A firm that the record of firms does not know, such as one of the reader's own, counts as unlisted.
    """
    found = next((one for one in firms() if one.firm == firm), None)
    return (found.listed_from or date.min) if found and found.listed_on else None


def not_open(firm: str, channel: str, on: date) -> str:
    """Say why a channel does not exist for a firm on a day: listed and unlisted firms have different ones; blank where it does."""
    stage = kind_of(channel)["stage"]
    first_day = listed_on(firm)
    listed = first_day is not None and (first_day < on if stage == "ipo" else first_day <= on)
    if stage == "listed" and not listed:
        return "needs listed shares: the firm was not listed on the day"
    if stage in ("private", "ipo") and listed:
        return "for unlisted firms: the firm was listed by the day"
    terms = channel_terms(channel, firm)
    return f"not used by this firm: {terms['hazard'].note}" if "hazard" in terms and terms["hazard"].high == 0 else ""


def _shut(scenario: Scenario, channel: str, on: date, as_of: date) -> str:
    for change in scenario.changes:
        if change.channel == channel and change.effect == "close" and change.holds(on, as_of):
            return f"closed by {change.restriction}: {change.reason}"
    return ""


@dataclass(frozen=True)
class Term:
    """One quantity of a channel: its interval, unit, reference and note."""

    low: float
    central: float
    high: float
    unit: str
    reference: str
    note: str


@cache
def market_terms() -> dict[str, Term]:
    """Return the market's stated quantities with their intervals (``data/market.csv``)."""
    return {
        r["quantity"]: Term(float(r["low"]), float(r["central"]), float(r["high"]), r["unit"], r["reference"], r["note"])
        for r in rows(read_table("market"))
    }


@cache
def channel_terms(channel: str, firm: str) -> dict[str, Term]:
    """Return hazard, size, cost and lead time of a channel; the firm's own record takes the place of the general one."""
    table = read_table("channel_terms")
    table = table[(table["channel"] == channel) & table["firm"].isin(["", firm])].sort_values("firm", kind="stable")
    return {
        r["quantity"]: Term(float(r["low"]), float(r["central"]), float(r["high"]), r["unit"], r["reference"], r["note"])
        for r in rows(table)
    }
