"""What is in force for a firm on a day, who may buy its securities, what its own listing must pass, and how that came about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from itertools import product
from typing import Any

import pandas as pd

from finmodel.data import read_table, rows
from finmodel.errors import unknown
from finmodel.firms import find_firm, firms
from finmodel.restrictions.designations import Designation, Names, shipped_names
from finmodel.restrictions.engine import Decision, decide
from finmodel.restrictions.regimes import Measure, Regime, load_regimes
from finmodel.restrictions.transactions import Transaction
from finmodel.restrictions.words import words
from finmodel.results import RECORD_COLUMNS, Results
from finmodel.units import parse_date

INVESTORS = ("us_person", "us_controlled_foreign_entity", "non_us_person")
SECURITIES_REGIMES = ("us-securities-ban", "us-outbound")
"""The regimes that concern an investor's dealings in the firm's securities."""
_WINDOWS = ("announced_on", "listed_on", "effective_on", "divest_by", "ended_on")
_WINDOW_WORDS = {
    "announced_on": "announced",
    "listed_on": "listed",
    "effective_on": "ban takes effect",
    "divest_by": "free divestment ends",
    "ended_on": "off the list",
}


def as_day(day: date | str) -> date:
    """Return a day given as such or as text."""
    return parse_date(day) if isinstance(day, str) else day


@cache
def _trading() -> list[dict[str, str]]:
    return rows(read_table("trading"))


def publicly_traded(firm: str, on: date | str) -> bool:
    """Whether a firm's shares were traded on an exchange on a day.

    Examples
    --------
    >>> publicly_traded("cloudwalk", "2022-05-26"), publicly_traded("cloudwalk", "2022-05-27")
    (False, True)
    """
    day = as_day(on).isoformat()
    return any(row["firm"] == firm and row["first_day"] <= day <= (row["last_day"] or "9999") for row in _trading())


def instruments_on(firm: str, on: date | str) -> tuple[str, ...]:
    """Return as what a firm's shares may be dealt in on a day: listed, private, or either once they are delisted (over the counter)."""
    day = as_day(on).isoformat()
    if publicly_traded(firm, on):
        return ("listed_share",)
    delisted = any(row["firm"] == firm and row["last_day"] and row["last_day"] < day for row in _trading())
    return ("listed_share", "private_share") if delisted else ("private_share",)


def in_force(firm: str, on: date | str, law_as_of: date | str | None = None) -> Results:
    """Return the measures in force for a firm on a day, with the names by which it is listed.

    Parameters
    ----------
    firm : str
        Any name of the firm.
    on, law_as_of : datetime.date or str
        The day; and the day as of which the law is taken (None: after all later changes).

    Returns
    -------
    Results
        One row per measure and listed name: regime, measure, listed name and its relation to the issuer, dates, window, what is
        forbidden to whom, what is not, citation. Measures that name nobody are left out; see :func:`listing_gates`.
    """
    firm, day = find_firm(firm).firm, as_day(on)
    seen = as_day(law_as_of) if law_as_of else None
    found = [
        {
            "firm": firm,
            "period": day.isoformat(),
            "quantity": regime.name,
            "status": designation.status,
            "measure": measure.title,
            "listed_name": designation.legal_name,
            "relation": designation.relation,
            **{name: _iso(getattr(designation, name)) for name in _WINDOWS[1:]},
            "window": designation.window(day) if designation.divest_by else "",
            "binds": measure.binds,
            "forbids": f"{measure.actions}: {measure.instruments}" if measure.instruments else measure.actions,
            "does_not_forbid": "; ".join(regime.does_not_forbid),
            "channels": " ".join(measure.channels),
            "citation": designation.citation,
            "note": designation.note,
        }
        for regime, measure, designation in _named(firm)
        if regime.name != "us-outbound" and measure.in_force(day, seen) and designation.in_force(day, seen)
    ]
    title = f"Restrictions in force for {firm} on {day}"
    results = _results(found, title, f"Names on lists and the measures that apply to them; law checked to {_verified_to()}.")
    names = shipped_names()
    told = dict.fromkeys(names.narrowing(d) for _, _, d in _named(firm) if d.in_force(day, seen))
    return replace(results, assumptions=(*results.assumptions, *filter(None, told)))


def who_may_buy(
    firm: str,
    on: date | str,
    instrument: str | Iterable[str] | None = None,
    contested: str = "unclear",
    law_as_of: date | str | None = None,
) -> Results:
    """Return which investors may buy a firm's securities on a day: by law, by contract, in practice.

    Parameters
    ----------
    firm : str
        Any name of the firm.
    on : datetime.date or str
        Day of the trade and of its completion.
    instrument : str or iterable of str, optional
        Default: listed shares and bonds where the firm was listed on the day, both kinds of share where it was delisted, else private
        shares and an offering (``ipo_share``).
    contested : {"unclear", "listed", "not-listed"}
        How to read a listing that names another member of the group; see :func:`decide`.
    law_as_of : datetime.date or str, optional
        The law as it stood on this day.

    Returns
    -------
    Results
        One row per investor and instrument; own columns investor, answer (the law), contractual, practical, citation, facts_needed.

    Examples
    --------
    >>> table = who_may_buy("cloudwalk", "2022-05-27").table
    >>> table.set_index(["investor", "variant"])["answer"]["us_person", "listed_share"]
    'prohibited'
    """
    firm, day = find_firm(firm).firm, as_day(on)
    shares = instruments_on(firm, day)
    more = {"listed_share": "otc_bond", "private_share": "ipo_share"}
    default = shares if len(shares) > 1 else (*shares, more[shares[0]])
    chosen = (instrument,) if isinstance(instrument, str) else tuple(instrument or default)
    found = []
    for kind in chosen:
        for investor in INVESTORS:
            decision = decide(Transaction(investor, firm, kind, "buy", day, law_as_of=law_as_of), SECURITIES_REGIMES, contested)
            found.append({**_decided(firm, decision, "who_may_buy"), "investor": investor, "meaning": words()["investor"][investor]})
    return _results(found, f"Who may buy securities of {firm} on {day}", _SECURITIES_DEFINITION)


def us_person_grid(first: int = 2019, last: int = 2026, contested: str = "unclear") -> Results:
    """Return what a US person could do with each firm's shares on the first day of every quarter.

    Parameters
    ----------
    first, last : int
        Years, both included.
    contested : {"unclear", "listed", "not-listed"}
        How to read a listing that names another member of the group.

    Returns
    -------
    Results
        One row per firm, day and action (buy, sell solely to divest, hold); own columns answer, since (the exact day from which that
        answer holds, blank where it always did), measure (the rule that decides), traded (whether the shares were publicly traded),
        citation. A day after the law was checked is ``unclear`` with status ``unverified``.

    Examples
    --------
    >>> grid = us_person_grid(2022, 2022).table
    >>> grid[(grid["firm"] == "sensetime") & (grid["quantity"] == "buy")].set_index("period").loc["2022-04-01", "answer"]
    'unclear'
    """
    days = [date(year, month, 1) for year in range(first, last + 1) for month in (1, 4, 7, 10)]
    found = []
    for firm, quantity in product((each.firm for each in firms()), _DEALINGS):
        changes = _changes(firm, quantity, contested)
        for day in days:
            since = max((start for start in changes if start <= day), default=None)
            found.append({**_dealing(firm, day, quantity, contested), "since": _iso(since)})
    found.sort(key=lambda row: ([each.firm for each in firms()].index(row["firm"]), row["period"], list(_DEALINGS).index(row["quantity"])))
    definition = (
        f"{_SECURITIES_DEFINITION} Positions sold or held are taken as acquired before {_HELD_SINCE.year + 1}; standard minority rights. "
        "A delisted share may still be dealt in over the counter: where the answer hangs on that, it is unclear."
    )
    return _results(found, "What a US person could do with the shares", definition, "us_person_grid")


def _changes(firm: str, quantity: str, contested: str) -> list[date]:
    """Return the days on which the answer for an action changes: of designations, measures and trading, and the end of the checked law."""
    table = restriction_timeline(firm).table
    days = {date.fromisoformat(day) for day in table.loc[table["quantity"].isin(["designation", "measure", "trading"]), "period"]}
    days |= {day + timedelta(days=1) for day in (*days, _verified_to())}  # a last day counts to its end
    found, answer = [], _dealing(firm, min(days) - timedelta(days=1), quantity, contested)["answer"]
    for day in sorted(days):
        new = _dealing(firm, day, quantity, contested)["answer"]
        if new != answer:
            found.append(day)
        answer = new
    return found


_HELD_SINCE = date(2018, 1, 1)
_DEALINGS = {"buy": ("buy", "invest"), "sell_to_divest": ("sell", "divest"), "hold": ("hold", "invest")}


def _dealing(firm: str, day: date, quantity: str, contested: str) -> dict[str, Any]:
    action, purpose = _DEALINGS[quantity]
    held = None if action == "buy" else _HELD_SINCE
    found = [
        _decided(
            firm,
            decide(Transaction("us_person", firm, kind, action, day, purpose=purpose, acquired_on=held), SECURITIES_REGIMES, contested),
            quantity,
        )
        for kind in instruments_on(firm, day)
    ]
    row = {**found[0], "traded": publicly_traded(firm, day)}
    if len({each["answer"] for each in found}) > 1:
        open_fact = "whether the delisted share is dealt in over the counter"
        row |= {"answer": "unclear", "variant": "delisted", "note": f"it hangs on {open_fact}", "facts_needed": open_fact}
    return row


_SECURITIES_DEFINITION = (
    "By law: the US securities ban and, for transactions completed from 2025-01-02, the US outbound rule; the stricter of the two. "
    "What an offering's own terms or practice closed stands apart."
)


def listing_gates(firm: str, venue: str, on: date | str) -> Results:
    """Return what a firm's own listing has to pass at a venue on a day.

    Parameters
    ----------
    firm : str
        Any name of the firm.
    venue : str
        ``HKEX``, ``STAR``, ``SSE``, ``SZSE``, ``ChiNext``, ``NYSE``, ``NASDAQ`` or ``LSE``.
    on : datetime.date or str
        The day.

    Returns
    -------
    Results
        One row per measure in force that gates listings there, and one for what the US securities ban says to US persons who want to
        subscribe; own columns gate, binds, citation.

    Raises
    ------
    LookupError
        If the firm or venue is not known.

    Examples
    --------
    >>> gates = listing_gates("megvii", "NASDAQ", "2022-01-01").table
    >>> bool((gates["citation"] != "").all())
    True
    """
    firm, day = find_firm(firm).firm, as_day(on)
    venues = {v for regime in load_regimes().values() for m in regime.measures for v in m.venues}
    if venue not in venues:
        raise unknown("venue", venue, venues)
    found = [
        {
            "firm": firm,
            "period": day.isoformat(),
            "quantity": regime.name,
            "variant": measure.id,
            "status": measure.confidence if day <= regime.verified_to else "unverified",
            "note": measure.note,
            "venue": venue,
            "gate": measure.gates,
            "binds": measure.binds,
            "citation": measure.citation,
        }
        for regime in load_regimes().values()
        for measure in regime.measures
        if venue in measure.venues and measure.in_force(day)
    ]
    decision = decide(Transaction("us_person", firm, "ipo_share", "buy", day), ("us-securities-ban",))
    finding = decision.findings[0]
    text = f"US persons who subscribe: {finding.answer} ({finding.because})"
    found.append({**_decided(firm, decision, finding.regime), "venue": venue, "gate": text, "binds": "US persons"})
    definition = "Measures that the firm's own listing has to pass; whether it meets a threshold is not decided here."
    return _results(found, f"What a listing of {firm} at {venue} has to pass on {day}", definition)


def restriction_timeline(firm: str) -> Results:
    """Return a firm's designations, the measures that touch them, its trading days and its events in order of time.

    Parameters
    ----------
    firm : str
        Any name of the firm.

    Returns
    -------
    Results
        One row per dated step; ``quantity`` is designation, measure, trading or the kind of event, ``note`` says what happened; own
        columns regime, listed_name, citation.

    Raises
    ------
    LookupError
        If the firm is not known; the nearest names are proposed.

    Examples
    --------
    >>> steps = restriction_timeline("sensetime").table
    >>> "2021-12-10" in set(steps["period"])
    True
    """
    firm = find_firm(firm).firm
    found: list[dict[str, Any]] = []
    for name in dict.fromkeys(d for _, _, d in _named(firm)):
        found += _steps(firm, name)
    touched: dict[tuple[str, str], tuple[Regime, Measure, list[Designation]]] = {}
    for regime, measure, name in _named(firm):
        touched.setdefault((regime.name, measure.id), (regime, measure, []))[2].append(name)
    for regime, measure, on_list in touched.values():
        found += _measure_steps(firm, regime, measure, on_list)
    for row in _trading():
        steps = (("first_day", "trading begins"), ("last_day", "last day of trading")) if row["firm"] == firm else ()
        found += [
            _step(firm, row[key], "trading", f"{text}: {row['venue']} {row['code']}", row["source"], row["status"]) for key, text in steps
        ]
    found += [
        {**_step(firm, row["date"], row["event_type"], _event_text(row), row["source"], row["status"]), "precision": row["date_precision"]}
        for row in _events()
        if row["firm"] == firm
    ]
    table = [row for row in found if row["period"]]
    table.sort(key=lambda row: (row["period"], row["quantity"], row["note"]))
    return _results(
        table,
        f"Restrictions and events of {firm}",
        "Dates as published; where only a month or year is known (precision), the last day it may have been.",
        "restriction_timeline",
    )


@cache
def _events() -> list[dict[str, str]]:
    return rows(read_table("events"))


def _event_text(row: dict[str, str]) -> str:
    amount = f"{row['currency']} {float(row['amount']):,.0f}" if row["amount"] else ""
    return "; ".join(filter(None, (row["channel"], amount, row["counterparties"], row["outcome"])))


def _steps(firm: str, designation: Designation) -> list[dict[str, Any]]:
    """Return the dated steps of a designation; an entry that was narrowed to another name is never said to be off the list."""
    names, found = shipped_names(), []
    narrower = names.narrowed_to(designation)
    for name in _WINDOWS:
        day = getattr(designation, name)
        same = name in ("announced_on", "effective_on") and day == designation.listed_on
        if name == "listed_on" and names.narrowed_from(designation):
            continue  # told by the entry that was narrowed
        if day and not same:
            text, stood = f"{_WINDOW_WORDS[name]}: {designation.legal_name} ({designation.list})", designation
            if name == "ended_on" and narrower:
                unsure = f"; day unverified, only the {narrower.date_precision} is known" if narrower.date_precision else ""
                text, stood = f"narrowed to: {narrower.legal_name} ({narrower.list}), which stays listed{unsure}", narrower
            row = _step(firm, day.isoformat(), "designation", text, stood.citation, stood.status)
            found.append({**row, "regime": designation.regime, "listed_name": designation.legal_name, "variant": name})
    return found


def _measure_steps(firm: str, regime: Regime, measure: Measure, on_list: list[Designation]) -> list[dict[str, Any]]:
    """Return the beginning and end of a measure where they fall into a time in which the firm is listed."""
    steps = [(measure.start, "in force"), (measure.end, measure.ended_by or "no longer in force")]
    return [
        {**_step(firm, day.isoformat(), "measure", f"{measure.title}: {text}", measure.citation, measure.confidence), "regime": regime.name}
        for day, text in steps
        if day and any(d.listed_on <= day <= (d.ended_on or day) for d in on_list)
    ]


def _step(firm: str, day: str, quantity: str, note: str, citation: str, status: str) -> dict[str, Any]:
    return {"firm": firm, "period": day, "quantity": quantity, "note": note, "citation": citation, "status": status}


def _named(firm: str) -> list[tuple[Regime, Measure, Designation]]:
    """Return every designation that a firm meets, with the measures that apply to its list."""
    names: Names = shipped_names()
    matched = [d for d, _ in names.matches(names.identify(firm))]
    return [(r, m, d) for r in load_regimes().values() for m in r.measures for d in matched if d.list in m.lists]


def _decided(firm: str, decision: Decision, quantity: str) -> dict[str, Any]:
    t, finding = decision.transaction, decision.why[0]
    return {
        "firm": firm,
        "period": t.day.isoformat(),
        "quantity": quantity,
        "variant": t.instrument,
        "status": finding.confidence if decision.verified else "unverified",
        "note": finding.because,
        "answer": decision.answer,
        "contractual": decision.contractual,
        "practical": decision.practical,
        "measure": finding.measure,
        "citation": finding.citation,
        "facts_needed": "; ".join(decision.facts_needed),
    }


def _verified_to() -> date:
    return min(regime.verified_to for regime in load_regimes().values())


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def _results(found: list[dict[str, Any]], title: str, definition: str, figure: str = "") -> Results:
    blank = dict.fromkeys(RECORD_COLUMNS, "") | {"value": float("nan"), "reason": "in words"}
    own = list(dict.fromkeys(key for row in found for key in row if key not in RECORD_COLUMNS))
    table = pd.DataFrame([{**blank, **dict.fromkeys(own, ""), **row} for row in found], columns=[*RECORD_COLUMNS, *own])
    return Results(table, title, definition, assumptions=(f"law checked to {_verified_to()}",), figure=figure)
