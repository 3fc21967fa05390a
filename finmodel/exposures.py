"""How much of a firm's revenue a restriction can touch: disclosed shares, proxies and bounds, as known on a day.

A share that nobody discloses is no number: whatever depends on it is returned as a function of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from finmodel.data import read_table
from finmodel.levers import levers
from finmodel.scenarios import Scenario

GRID = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5)
"""Shares of revenue at which a function of an undisclosed exposure is shown where not even a bound is known."""


@dataclass(frozen=True)
class Exposure:
    """A share of revenue that is disclosed, stood for by a proxy, bounded or not disclosed.

    Attributes
    ----------
    name, firm : str
        Which share of whose revenue.
    low, high : float
        Ends of the interval; 0 and 1 where nothing is known.
    nature : str
        disclosed, proxy, bound (only a ceiling is known) or undisclosed.
    note, reference : str
        What it is, with the periods, and where it was read.
    """

    name: str
    firm: str
    low: float
    high: float
    nature: str
    note: str = ""
    reference: str = ""

    @property
    def known(self) -> bool:
        """Whether it is disclosed or has a proxy; else the answer is a function of it."""
        return self.nature in ("disclosed", "proxy")

    @property
    def central(self) -> float:
        """Middle of the interval; nothing where nobody discloses it."""
        return (self.low + self.high) / 2 if self.known else 0.0

    def grid(self) -> tuple[float, ...]:
        """Return the shares at which a function of it is shown: from nothing to the bound."""
        return tuple(round(self.high * part / 4, 6) for part in range(5)) if self.nature == "bound" else GRID


def exposure(firm: str, name: str, as_of: date) -> Exposure:
    """Return a firm's exposure as known on a day: the range of the two latest observations published by then.

    Parameters
    ----------
    firm, name : str
        The firm, and a share such as ``government_revenue_share``; ``commercial_revenue_share`` is what is left of it.
    as_of : datetime.date
        Nothing published later is used.

    Examples
    --------
    >>> exposure("yitu", "government_revenue_share", date(2021, 11, 30))  # doctest: +ELLIPSIS
    Exposure(name='government_revenue_share', firm='yitu', low=0.5846, high=0.8954, nature='disclosed', ...)
    >>> exposure("megvii", "us_revenue_share", date(2021, 11, 30)).nature
    'undisclosed'
    """
    if name == "commercial_revenue_share":
        public = exposure(firm, "government_revenue_share", as_of)
        note = f"what is left of {public.note}" if public.note else ""
        return Exposure(name, firm, 1 - public.high, 1 - public.low, public.nature, note, public.reference)
    table = read_table("exposures")
    seen = table[(table["firm"] == firm) & (table["exposure"] == name) & (table["published_on"] <= as_of.isoformat())]
    if seen.empty:
        return Exposure(name, firm, 0.0, 1.0, "undisclosed")
    latest = seen.tail(2)
    last = latest.iloc[-1]
    low, high = float(latest["low"].astype(float).min()), float(latest["high"].astype(float).max())
    note = f"{', '.join(latest['period'])}: {last['note']}" if last["note"] else ", ".join(latest["period"])
    return Exposure(name, firm, low, high, str(last["nature"]), note, " | ".join(dict.fromkeys(latest["reference"])))


def exposures_of(scenarios: Iterable[Scenario], firm: str, as_of: date) -> dict[str, Exposure]:
    """Return the exposures that the changes of some scenarios touch, as known on a day."""
    names: set[str] = set()
    for change in (c for s in scenarios for c in s.changes):
        if change.family == "cash_flow":
            names.add(str(levers().loc[change.lever, "applies_to"]))
        elif change.family == "working_capital":
            names.update(change.applies_to)
    return {name: exposure(firm, name, as_of) for name in sorted(names - {""})}
