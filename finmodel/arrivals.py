"""When money arrives and how much: what scenarios make of each channel, quarter by quarter, as arrays for the cash model's kernel.

A round's expected closings per quarter are the stated hazard of its channel, moved by the dated rounds of other firms, times how far the
time since the firm's own last round has brought it back, times the scenario's factors. What investors stay out costs the private channels
closings in proportion, and the public ones price: (1 - lost)^(1 / elasticity); a deal whose book falls below the offer fails.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache, cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from finmodel.data import read_table, rows
from finmodel.firms import firms
from finmodel.funding import channel_terms, class_access, law_of, listed_on, market_terms
from finmodel.ipo import VENUES, Listings
from finmodel.levers import channel as kind_of
from finmodel.levers import channels
from finmodel.scenarios import Change, Scenario
from finmodel.survival import quarter_end
from finmodel.units import add_months, parse_date

Floats = npt.NDArray[np.float64]
PRIVATE = ("usd_venture", "rmb_venture", "strategic")


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
    listing_sd : float
        Log sd of what a listing brings.
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
    listing_sd: float

    def chosen(self, places: npt.NDArray[np.intp]) -> Arrivals:
        """Return those of some of the scenarios."""
        by_scenario = ("hazard", "size", "access", "listing_size", "listed_at")
        return replace(self, **{name: getattr(self, name)[places] for name in by_scenario})


@dataclass(frozen=True)
class Calendar:
    """The quarters of a run: they begin at the firm's last balance date, which may lie before the as-of day.

    Attributes
    ----------
    as_of : datetime.date
        What is known, and the day on which supposed changes begin.
    start : datetime.date
        Time zero.
    quarters : int
    """

    as_of: date
    start: date
    quarters: int

    @cached_property
    def days(self) -> list[date]:
        """A day within each quarter, about a month after it begins; in quarters that began before the as-of day, that day."""
        return [max(self.as_of, add_months(quarter_end(self.start, q), 1)) for q in range(self.quarters)]

    @cached_property
    def ahead(self) -> Floats:
        """1 for quarters that end after the as-of day, 0 for those already over."""
        return np.array([float(quarter_end(self.start, q + 1) > self.as_of) for q in range(self.quarters)])


def funding_arrivals(
    firm: str,
    calendar: Calendar,
    scenarios: Sequence[Scenario],
    paths: int,
    seed: int,
    yearly_burn: float,
    assumptions: Assumptions | Sequence[Assumptions] | None = None,
) -> Arrivals:
    """Return what each scenario makes of each channel.

    Parameters
    ----------
    firm : str
    calendar : Calendar
        Nothing later than its as-of day is used but what a scenario says of later law.
    scenarios : sequence of Scenario
    paths, seed : int
    yearly_burn : float
        CNY; sizes are multiples of it.
    assumptions : Assumptions or sequence of them, optional
        Stated quantities at other than their central values; one for all scenarios, or one each. All share the market window.
    """
    from finmodel.simulate import market_window

    each = [assumptions or Assumptions()] * len(scenarios) if isinstance(assumptions, Assumptions | None) else list(assumptions)
    chances = {tuple(given.market(n) for n in ("window_opens", "window_shuts", "window_open_at_start")) for given in each}
    if len(chances) > 1:
        raise ValueError("scenarios of one run share the market window: run other assumptions about it apart")
    window = market_window(seed, paths, calendar.quarters, *chances.pop())
    listings = Listings(firm, calendar.as_of, calendar.start, window, seed)
    memo: dict[tuple[object, ...], Any] = {}
    names = used_channels(firm, calendar.as_of)
    parts: list[tuple[Floats, Floats, Floats]] = []
    sizes, listed = [], []
    for scenario, given in zip(scenarios, each, strict=True):
        book = Books(firm, calendar, given, memo)
        parts.append(rounds(book, scenario, names, yearly_burn))
        sizes.append(listing_size(book, scenario, yearly_burn))
        filled = {v: book.filled(v, book.access(v, scenario)) for v in VENUES}
        listed.append(listings.quarters(scenario, filled, {v: given.channel(v, firm, "application") for v in VENUES}))
    first = each[0]
    return Arrivals(
        channels=names,
        hazard=np.stack([h for h, _, _ in parts]),
        size=np.stack([s for _, s, _ in parts]),
        access=np.stack([a for _, _, a in parts]),
        listing_size=np.array(sizes),
        listed_at=np.array(listed),
        size_sd=np.full(len(names), first.market("size_log_sd")),
        shut=np.array([first.channel(n, firm, "shut") if "shut" in channel_terms(n, firm) else 1.0 for n in names]),
        stage=np.array([1.0 if kind_of(n)["stage"] == "listed" else 0.0 for n in names]),
        window=window,
        listing_sd=first.market("size_log_sd"),
    )


def used_channels(firm: str, as_of: date) -> tuple[str, ...]:
    """Return the channels other than listings that a firm has on a day or may come to have; a listed firm has no private rounds."""
    first_day = listed_on(firm)
    listed = first_day is not None and first_day <= as_of
    return tuple(c for c in map(str, channels().index) if kind_of(c)["stage"] != "ipo" and not (listed and c in PRIVATE))


def rounds(book: Books, scenario: Scenario, names: Sequence[str], yearly_burn: float) -> tuple[Floats, Floats, Floats]:
    """Return hazard, size and access of one scenario, (channels, quarters) each."""
    firm, given = book.firm, book.given
    hazard, size, access = [], [], []
    for name in names:
        come = book.access(name, scenario)
        amount = given.channel(name, firm, "size") * (1 - given.channel(name, firm, "cost")) * max(yearly_burn, 0.0)
        rate = base_hazard(firm, name, book.calendar, given) * book.factor(name, scenario) * book.calendar.ahead
        hazard.append(rate * (come if name in PRIVATE else book.filled(name, come)))
        size.append(amount * (np.ones_like(come) if name in PRIVATE else come ** (1 / book.elasticity(scenario))))
        access.append(come)
    return np.array(hazard), np.array(size), np.array(access)


def listing_size(book: Books, scenario: Scenario, yearly_burn: float) -> Floats:
    """Return what a listing brings, CNY by quarter: the size at the reference venue, less cost, at the price that the book makes."""
    venue = reference_venue(book.firm, book.calendar.as_of)
    amount = book.given.channel(venue, "", "size") * (1 - book.given.channel(venue, "", "cost")) * max(yearly_burn, 0.0)
    return amount * book.access(venue, scenario) ** (1 / book.elasticity(scenario))


@dataclass(frozen=True)
class _Book:
    """One channel's classes: their shares, and what law and contract leave of each by quarter."""

    names: tuple[str, ...]
    low: Floats
    share: Floats
    high: Floats
    allowed: Floats


@dataclass(frozen=True)
class Books:
    """The books of one firm's channels over the quarters of a run; law is asked once for scenarios that take the same."""

    firm: str
    calendar: Calendar
    given: Assumptions
    memo: dict[tuple[object, ...], Any] = field(default_factory=dict)

    def access(self, channel: str, scenario: Scenario) -> Floats:
        """Return the share of the book that comes, by quarter: the law of the day, the reluctance of the day the deal began."""
        book = self._book(channel, scenario)
        stay = np.ones_like(book.allowed)
        for change in scenario.changes:
            if change.lever == "chill":
                held = self._held(change, self._lead(channel))
                for k, name in enumerate(book.names):
                    if name in change.applies_to:
                        stay[k] *= 1 - change.value * held
        come: Floats = self._shares(book) @ (book.allowed * stay)
        return come

    def factor(self, channel: str, scenario: Scenario) -> Floats:
        """Return the scenario's factor on how often money arrives, by quarter: that of the day on which the deal began."""
        factor = np.ones(self.calendar.quarters)
        for change in scenario.changes:
            supports = change.lever == "state_support" and kind_of(channel)["state_support"] == "yes"
            if change.channel == channel or supports:
                factor *= np.where(self._held(change, self._lead(channel)) > 0, change.amount, 1.0)
        return factor

    def filled(self, channel: str, access: Floats) -> Floats:
        """Return 1 where the book still covers the offer, 0 where the deal fails; 1 for channels without a book."""
        cover = self.given.channel(channel, self.firm, "cover")
        return (access * cover >= 1 - 1e-9).astype(float) if cover > 0 else np.ones(len(access))

    def elasticity(self, scenario: Scenario) -> float:
        """Return the scenario's elasticity of demand, else the stated one."""
        own = [c.value for c in scenario.changes if c.lever == "elasticity"]
        return own[-1] if own else self.given.market("elasticity")

    def _lead(self, channel: str) -> int:
        return round(self.given.channel(channel, self.firm, "lead_time"))

    def _held(self, change: Change, lead: int) -> Floats:
        key = ("held", change.start, change.delay, change.end, lead)
        if key not in self.memo:
            begun = [add_months(day, -3 * lead) for day in self.calendar.days]
            self.memo[key] = np.array([float(change.holds(day, self.calendar.as_of)) for day in begun])
        held: Floats = self.memo[key]
        return held

    def _book(self, channel: str, scenario: Scenario) -> _Book:
        law, terms = law_of(scenario, self.calendar.as_of), any(c.lever == "terms" for c in scenario.changes)
        key = (channel, law, terms, self.given.unclear)
        if key not in self.memo:
            lawful = replace(scenario, changes=tuple(c for c in scenario.changes if c.family == "law"))
            reading = 1 if self.given.unclear == "prohibited" else 0
            by_day = [class_access(self.firm, channel, day, lawful, self.calendar.as_of) for day in self.calendar.days]
            first = by_day[0]
            self.memo[key] = _Book(
                tuple(one.investor_class for one in first),
                np.array([one.low for one in first]),
                np.array([one.share for one in first]),
                np.array([one.high for one in first]),
                np.array([[one.factor(reading) for one in day] for day in by_day]).T,
            )
        book: _Book = self.memo[key]
        return book

    def _shares(self, book: _Book) -> Floats:
        """Move the share of US persons within its interval where that is asked for; the other classes give way in proportion."""
        wanted = self.given.values.get("share.us_persons")
        if wanted is None or "us_persons" not in book.names:
            return book.share
        us = np.array([name == "us_persons" for name in book.names])
        new = float((book.low + wanted * (book.high - book.low))[us][0])
        rest = float(book.share[~us].sum())
        return np.where(us, new, book.share * (1 - new) / rest) if rest > 0 else book.share


def base_hazard(firm: str, channel: str, calendar: Calendar, given: Assumptions) -> Floats:
    """Return the expected closings per quarter of a channel before any scenario, (quarters,)."""
    as_of, quarters = calendar.as_of, calendar.quarters
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


def known_receipts(firm: str, calendar: Calendar) -> tuple[tuple[int, float, float], ...]:
    """Return money that the firm is known to have raised between the balance date and the as-of day.

    Returns
    -------
    tuple of (int, float, float)
        Quarter, fraction of it gone by, and CNY, less the channel's usual cost, at the last closing rate known on the day. Plans and
        rounds that were only reported as coming are not receipts.

    Examples
    --------
    >>> known_receipts("sensetime", Calendar(date(2021, 12, 31), date(2021, 6, 30), 8))[0][0]
    1
    """
    events = read_table("events")
    day = events["date"]
    events = events[(events["firm"] == firm) & (day > calendar.start.isoformat()) & (day <= calendar.as_of.isoformat())]
    events = events[events["event_type"].isin(_COSTS) & events["amount"].ne("")]
    events = events[~(events["channel"] + events["outcome"]).str.contains(_NOT_RECEIVED)]
    receipts = []
    for row in rows(events):
        received = parse_date(row["date"])
        quarter = next((q for q in range(calendar.quarters) if quarter_end(calendar.start, q + 1) >= received), None)
        if quarter is None:
            continue
        begin = quarter_end(calendar.start, quarter)
        gone = (received - begin).days / (quarter_end(calendar.start, quarter + 1) - begin).days
        cost = channel_terms(_COSTS[row["event_type"]], "")["cost"].central
        receipts.append((quarter, min(gone, 0.99), float(row["amount"]) * _rate(row["currency"], received) * (1 - cost)))
    return tuple(receipts)


_COSTS = {"funding_round": "usd_venture", "placing": "placing", "listing": "hong_kong_ipo"}
"""Events that bring money, and the channel whose usual cost they bear."""
_NOT_RECEIVED = "planned|ended|announced|lined up|reported only"


def _rate(currency: str, day: date) -> float:
    """Return the last closing rate into CNY known on a day."""
    if currency == "CNY":
        return 1.0
    table = read_table("fx")
    table = table[(table["base"] == currency) & (table["quote"] == "CNY") & (table["type"] == "closing")]
    return float(table[table["period_end"] <= day.isoformat()].sort_values("period_end")["rate"].iloc[-1])
