"""When money arrives and how much: what scenarios make of each channel, quarter by quarter, as arrays for the cash model's kernel.

A round's expected closings per quarter are the stated hazard of its channel, moved by the dated rounds of other firms, times how far the
time since the firm's own last round has brought it back, times the scenario's factors. What investors stay out costs the private channels
closings in proportion, and the public ones price: (1 - lost)^(1 / elasticity); a deal whose book falls below the offer fails.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache

import numpy as np
import numpy.typing as npt

from finmodel.data import read_table, rows
from finmodel.firms import firms
from finmodel.funding import Law, Term, channel_terms, class_access, law_of, listed_on
from finmodel.ipo import listing_quarters
from finmodel.scenarios import Change, Scenario, channels
from finmodel.scenarios import channel as kind_of
from finmodel.units import add_months, parse_date

Floats = npt.NDArray[np.float64]
PRIVATE = ("usd_venture", "rmb_venture", "strategic")
VENUES = ("hong_kong_ipo", "star_ipo", "us_ipo")


@dataclass(frozen=True)
class Assumptions:
    """Stated quantities that a run may move: each by name, at its central value where it is not given.

    Attributes
    ----------
    values : mapping of str to float
        ``elasticity``, ``window_opens`` and others of ``market.csv``; ``<channel>.<quantity>`` of ``channel_terms.csv``;
        ``share.us_persons`` (0 the least to 1 the greatest share of US persons in every book).
    unclear : str
        Reading where the law is unclear: permitted or prohibited.
    """

    values: Mapping[str, float] = field(default_factory=dict)
    unclear: str = "prohibited"

    def market(self, name: str) -> float:
        """Return a quantity of ``market.csv``."""
        return self.values.get(name, market_terms()[name].central)

    def channel(self, channel: str, firm: str, quantity: str) -> float:
        """Return a quantity of a channel, 0 where it has none."""
        term = channel_terms(channel, firm).get(quantity)
        return self.values.get(f"{channel}.{quantity}", term.central if term else 0.0)


@cache
def market_terms() -> dict[str, Term]:
    """Return the market's stated quantities with their intervals (``data/market.csv``)."""
    return {
        r["quantity"]: Term(float(r["low"]), float(r["central"]), float(r["high"]), r["unit"], r["reference"], r["note"])
        for r in rows(read_table("market"))
    }


@dataclass(frozen=True, eq=False)
class Arrivals:
    """Funding of one firm under S scenarios over Q quarters, for C channels; see :class:`finmodel.simulate.Scenarios`.

    Attributes
    ----------
    channels : tuple of str
    hazard, size : ndarray (S, C, Q)
        Expected closings per quarter; CNY that one brings, net of cost.
    access : ndarray (S, C, Q)
        Share of the book that comes.
    listing_size : ndarray (S, Q)
    listed_at : ndarray of int16 (S, paths)
    size_sd, shut, stage : ndarray (C,)
    window : ndarray of uint8 (Q, paths)
    """

    channels: tuple[str, ...]
    hazard: Floats
    size: Floats
    access: Floats
    listing_size: Floats
    listed_at: npt.NDArray[np.int16]
    size_sd: Floats
    shut: Floats
    stage: Floats
    window: npt.NDArray[np.uint8]


def funding_arrivals(
    firm: str,
    as_of: date,
    scenarios: Sequence[Scenario],
    quarters: int,
    paths: int,
    seed: int,
    yearly_burn: float,
    assumptions: Assumptions | None = None,
) -> Arrivals:
    """Return what each scenario makes of each channel.

    Parameters
    ----------
    firm : str
    as_of : datetime.date
        Nothing later is used but what a scenario says of later law.
    scenarios : sequence of Scenario
    quarters, paths, seed : int
    yearly_burn : float
        CNY; sizes are multiples of it.
    assumptions : Assumptions, optional
        Stated quantities at other than their central values.
    """
    from finmodel.simulate import market_window

    given = assumptions or Assumptions()
    first_day = listed_on(firm)
    listed = first_day is not None and first_day <= as_of
    names = tuple(c for c in map(str, channels().index) if kind_of(c)["stage"] != "ipo" and not (listed and c in PRIVATE))
    days = [add_months(as_of, 3 * q + 1) for q in range(quarters)]
    book = _Books(firm, as_of, given)
    shape = (len(scenarios), len(names), quarters)
    hazard, size, access = np.zeros(shape), np.zeros(shape), np.ones(shape)
    for c, name in enumerate(names):
        base = base_hazard(firm, name, as_of, quarters, given)
        amount = given.channel(name, firm, "size") * (1 - given.channel(name, firm, "cost")) * max(yearly_burn, 0.0)
        lead = round(given.channel(name, firm, "lead_time"))
        for s, scenario in enumerate(scenarios):
            access[s, c] = [book.access(name, scenario, day, lead) for day in days]
            hazard[s, c] = base * [_factor(scenario, name, day, as_of, lead) for day in days]
            hazard[s, c] *= access[s, c] if name in PRIVATE else book.filled(name, access[s, c])
            size[s, c] = amount * (1.0 if name in PRIVATE else access[s, c] ** (1 / book.elasticity(scenario)))
    window = market_window(
        seed, paths, quarters, given.market("window_opens"), given.market("window_shuts"), given.market("window_open_at_start")
    )
    filled = {v: np.array([book.filled(v, np.array([book.access(v, s, d, 0) for d in days])) for s in scenarios]) for v in VENUES}
    return Arrivals(
        channels=names,
        hazard=hazard,
        size=size,
        access=access,
        listing_size=_listing_size(firm, as_of, scenarios, days, yearly_burn, book, given),
        listed_at=listing_quarters(firm, as_of, list(scenarios), quarters, paths, seed, window, filled, given.values),
        size_sd=np.full(len(names), given.market("size_log_sd")),
        shut=np.array([given.channel(n, firm, "shut") if "shut" in channel_terms(n, firm) else 1.0 for n in names]),
        stage=np.array([1.0 if kind_of(n)["stage"] == "listed" else 0.0 for n in names]),
        window=window,
    )


@dataclass(frozen=True)
class _Books:
    """Access of each channel and day, computed once for scenarios that share law and chill."""

    firm: str
    as_of: date
    given: Assumptions
    memo: dict[tuple[object, ...], float] = field(default_factory=dict)

    def access(self, channel: str, scenario: Scenario, day: date, lead: int) -> float:
        """Return the share of the book that comes: the law of the day, the reluctance of the day on which the deal began."""
        begun = add_months(day, -3 * lead)
        chills = tuple(c for c in scenario.changes if c.lever == "chill" and c.holds(begun, self.as_of))
        law: Law = law_of(scenario, self.as_of)
        terms = any(c.lever == "terms" for c in scenario.changes)
        key = (channel, day, law, terms, tuple((c.applies_to, c.value) for c in chills))
        if key not in self.memo:
            self.memo[key] = self._access(channel, scenario, day, chills)
        return self.memo[key]

    def _access(self, channel: str, scenario: Scenario, day: date, chills: tuple[Change, ...]) -> float:
        reading = 1 if self.given.unclear == "prohibited" else 0
        lawful = Scenario("", "", "", (), tuple(c for c in scenario.changes if c.family == "law"))
        classes = class_access(self.firm, channel, day, lawful, self.as_of)
        shares = self._shares([(one.low, one.share, one.high, one.investor_class) for one in classes])
        stay = [np.prod([1 - c.value for c in chills if one.investor_class in c.applies_to]) for one in classes]
        return float(sum(s * one.factor(reading) * x for s, one, x in zip(shares, classes, stay, strict=True)))

    def _shares(self, classes: list[tuple[float, float, float, str]]) -> list[float]:
        """Move the share of US persons within its interval where that is asked for; the other classes give way in proportion."""
        wanted = self.given.values.get("share.us_persons")
        shares = [central for _, central, _, _ in classes]
        us = next((i for i, one in enumerate(classes) if one[3] == "us_persons"), None)
        if wanted is None or us is None:
            return shares
        low, _, high, _ = classes[us]
        new = low + wanted * (high - low)
        rest = 1 - shares[us]
        return [new if i == us else share * (1 - new) / rest for i, share in enumerate(shares)] if rest > 0 else shares

    def filled(self, channel: str, access: Floats) -> Floats:
        """Return 1 where the book still covers the offer, 0 where the deal fails; 1 for channels without a book."""
        cover = self.given.channel(channel, self.firm, "cover")
        return (access * cover >= 1).astype(float) if cover > 0 else np.ones(len(access))

    def elasticity(self, scenario: Scenario) -> float:
        """Return the scenario's elasticity of demand, else the stated one."""
        own = [c.value for c in scenario.changes if c.lever == "elasticity"]
        return own[-1] if own else self.given.market("elasticity")


def _factor(scenario: Scenario, channel: str, day: date, as_of: date, lead: int) -> float:
    """Return the scenario's factor on how often money arrives through a channel: that of the day on which the deal began."""
    begun = add_months(day, -3 * lead)
    factor = 1.0
    for change in scenario.changes:
        supports = change.lever == "state_support" and kind_of(channel)["state_support"] == "yes"
        if (change.channel == channel or supports) and change.holds(begun, as_of):
            factor *= change.amount
    return factor


def base_hazard(firm: str, channel: str, as_of: date, quarters: int, given: Assumptions) -> Floats:
    """Return the expected closings per quarter of a channel before any scenario, (quarters,)."""
    hazard = given.channel(channel, firm, "hazard")
    if channel not in PRIVATE:
        return np.full(quarters, hazard)
    rest, since = given.channel(channel, firm, "rest"), _since_last_round(firm, as_of)
    ramp = np.minimum(1.0, (since + 1 + np.arange(quarters)) / rest) if rest > 0 else np.ones(quarters)
    return hazard * round_evidence(as_of, firm, given) * ramp


@cache
def _since_last_round(firm: str, as_of: date) -> float:
    """Return the quarters since the firm's last dated round, a large number where none is dated."""
    days = [row["date"] for row in _rounds(as_of) if row["firm"] == firm]
    return (as_of - parse_date(max(days))).days / 91.3 if days else 1e3


@cache
def _rounds(as_of: date) -> tuple[dict[str, str], ...]:
    events = read_table("events")
    return tuple(rows(events[events["event_type"].eq("funding_round") & (events["date"] <= as_of.isoformat())]))


def round_evidence(as_of: date, leave_out: str = "", given: Assumptions | None = None) -> float:
    """Return the factor by which the dated rounds of other firms move the stated hazards of private rounds.

    The stated hazards count as so many firm-quarters (``rounds_prior``), the record as the quarters from a core firm's first dated round to
    the day (its listing, if earlier), the spell since the last round included.

    Examples
    --------
    >>> 0.5 < round_evidence(date(2021, 11, 30), leave_out="sensetime") < 2
    True
    """
    given = given or Assumptions()
    stated = sum(given.channel(c, "", "hazard") for c in PRIVATE)
    seen, quarters = 0, 0.0
    for firm in (f for f in firms() if f.core and f.firm != leave_out):
        days = sorted(row["date"] for row in _rounds(as_of) if row["firm"] == firm.firm)
        if days:
            end = min(as_of, firm.listed_from or as_of)
            seen, quarters = seen + len(days) - 1, quarters + (end - parse_date(days[0])).days / 91.3
    weight = given.market("rounds_prior")
    return float((weight * stated + seen) / ((weight + quarters) * stated)) if stated > 0 else 1.0


def reference_venue(firm: str, as_of: date) -> str:
    """Return the venue whose book and size stand for a listing: that of the pending application, else where the firm last applied."""
    table = read_table("ipo_paths")
    own = table[(table["firm"] == firm) & (table["entered_on"] <= as_of.isoformat())]
    return str(own.sort_values("entered_on")["channel"].iloc[-1]) if len(own) else "hong_kong_ipo"


def _listing_size(
    firm: str, as_of: date, scenarios: Sequence[Scenario], days: Sequence[date], yearly_burn: float, book: _Books, given: Assumptions
) -> Floats:
    venue = reference_venue(firm, as_of)
    amount = given.channel(venue, "", "size") * (1 - given.channel(venue, "", "cost")) * max(yearly_burn, 0.0)
    return np.array([[amount * book.access(venue, s, day, 0) ** (1 / book.elasticity(s)) for day in days] for s in scenarios])
