"""The path to a listing: a semi-Markov model of the stages of an application, from public base rates and the other firms' paths.

A stage lasts a log-normal time and leads to one of its next stages, unless the application ends before, which may happen on any day at a
constant rate. Base rates (``ipo_stages.csv``) are the prior; what other firms'
applications did by the day (``ipo_paths.csv``; spells still open count as such) moves it; a firm's own path only says where it stands.
A listing closes in the first quarter in which the application is ready and the market window is open.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from finmodel.data import read_table, rows
from finmodel.funding import listed_on
from finmodel.scenarios import Scenario
from finmodel.survival import quarter_end
from finmodel.units import add_months, parse_date

Days = npt.NDArray[np.float64]
QUARTER_DAYS = 365.25 / 4
NEVER = 32_767
LISTED = -2
STEPS = 16
"""Most stages that one path goes through within a horizon."""
PRIOR_COUNT = 10.0
"""Applications that the base rate of a transition counts for against observed ones."""
VENUES = ("hong_kong_ipo", "star_ipo", "us_ipo")
DRAWS = 3
"""Uniform numbers per stage: how long, what next, when it might end."""
STREAM = 64
"""First stream of random numbers for listing paths: two a venue."""


@dataclass(frozen=True)
class Stage:
    """How long a stage of an application lasts and what follows.

    Attributes
    ----------
    name : str
    days : float
        Median sojourn.
    log_sd : float
        Standard deviation of the log of the sojourn.
    next : mapping of str to float
        Probability of each next stage.
    observed : int
        Spells of other firms that moved it.
    """

    name: str
    days: float
    log_sd: float
    next: Mapping[str, float]
    observed: int = 0

    @property
    def ends(self) -> float:
        """Chance that the application ends in this stage."""
        return self.next.get("ended", 0.0)

    def end_rate(self) -> float:
        """Return the daily rate of ending at which the chance of ending before the stage is over is :attr:`ends`."""
        from scipy import optimize

        nodes, weights = np.polynomial.hermite_e.hermegauss(15)
        days, weights = self.days * np.exp(self.log_sd * nodes), weights / weights.sum()
        if self.ends <= 0:
            return 0.0
        solve: Any = optimize.brentq
        return float(solve(lambda rate: weights @ np.exp(-rate * days) - (1 - self.ends), 0.0, 100 / self.days))

    def distribution(self, days: float) -> float:
        """Return the probability that it lasts at most so many days."""
        if days <= 0:
            return 0.0
        return 0.5 * math.erfc(-math.log(days / self.days) / self.log_sd / math.sqrt(2))


def stages(channel: str, as_of: date, leave_out: str = "") -> dict[str, Stage]:
    """Return the stages of an application as known on a day.

    Parameters
    ----------
    channel : str
        hong_kong_ipo, star_ipo or us_ipo.
    as_of : datetime.date
        Nothing that happened later is used.
    leave_out : str
        A firm whose own paths are not used: a replay leaves its own firm out.

    Examples
    --------
    >>> from datetime import date
    >>> found = stages("star_ipo", date(2021, 6, 29), leave_out="yitu")
    >>> list(found)
    ['vetting', 'suspended', 'committee', 'registration', 'registration_suspended', 'approved']
    >>> found["vetting"].observed
    2
    """
    base = read_table("ipo_stages")
    base = base[base["channel"] == channel]
    seen = read_table("ipo_paths")
    seen = seen[(seen["channel"] == channel) & (seen["firm"] != leave_out) & (seen["entered_on"] <= as_of.isoformat())]
    return {str(name): _stage(str(name), group, seen[seen["stage"] == name], as_of) for name, group in base.groupby("stage", sort=False)}


def _stage(name: str, base: pd.DataFrame, seen: pd.DataFrame, as_of: date) -> Stage:
    spells = []
    counts: dict[str, int] = {}
    for row in rows(seen):
        done = bool(row["left_on"]) and row["left_on"] <= as_of.isoformat()
        end = parse_date(row["left_on"]) if done else as_of
        spells.append((max((end - parse_date(row["entered_on"])).days, 1), done))
        if done:
            counts[row["next"]] = counts.get(row["next"], 0) + 1
    first = rows(base)[0]
    log_sd = float(first["log_sd"])
    median = _median_days(float(first["days_low"]), float(first["days"]), float(first["days_high"]), log_sd, spells)
    prior = {r["next"]: float(r["probability"]) for r in rows(base)}
    total = PRIOR_COUNT + sum(counts.get(n, 0) for n in prior)
    chances = {n: (PRIOR_COUNT * p + counts.get(n, 0)) / total for n, p in prior.items()}
    return Stage(name, median, log_sd, chances, len(spells))


def _median_days(low: float, central: float, high: float, log_sd: float, spells: list[tuple[int, bool]]) -> float:
    """Return the posterior mode of the median: log-normal prior with 90 % between the ends; an open spell says "longer than this"."""
    from scipy import optimize
    from scipy.special import log_ndtr, ndtri

    minimise: Any = optimize.minimize_scalar
    spread = max((math.log(high) - math.log(low)) / (2 * float(ndtri(0.95))), 1e-6)

    def loss(mu: float) -> float:
        total = 0.5 * ((mu - math.log(central)) / spread) ** 2
        for days, done in spells:
            z = (math.log(days) - mu) / log_sd
            total += 0.5 * z * z if done else -float(log_ndtr(-z))
        return float(total)

    return float(math.exp(minimise(loss, bounds=(math.log(low) - 3, math.log(high) + 3), method="bounded").x))


def standing(firm: str, channel: str, as_of: date) -> tuple[str, int]:
    """Return the stage of a firm's application on a day and the days it has been there; ``none`` where no application is pending."""
    table = read_table("ipo_paths")
    own = table[(table["firm"] == firm) & (table["channel"] == channel) & (table["entered_on"] <= as_of.isoformat())]
    if own.empty:
        return "none", 0
    row = own.sort_values("entered_on").iloc[-1]
    if row["left_on"] and row["left_on"] <= as_of.isoformat():
        stage, since = str(row["next"]), row["left_on"]
    else:
        stage, since = str(row["stage"]), row["entered_on"]
    return ("none", 0) if stage in ("ended", "listed") else (stage, (as_of - parse_date(since)).days)


def ready_days(found: Mapping[str, Stage], stage: str, age: int, application: float, luck: npt.NDArray[np.float32]) -> tuple[Days, Days]:
    """Return, per path, the days until the application would list with the window open, and until it first ends without a listing.

    Parameters
    ----------
    found : mapping of str to Stage
    stage : str
        Where it stands; ``none`` for no application.
    age : int
        Days it has been there.
    application : float
        New applications per quarter where there is none.
    luck : ndarray (DRAWS * STEPS, paths)
        Uniform numbers.

    Returns
    -------
    tuple of ndarray (paths,)
        Infinite where it does not happen within :data:`STEPS` stages.
    """
    names = [*found, "none"]
    paths = luck.shape[1]
    at = np.full(paths, names.index(stage))
    clock, listed, ended = np.zeros(paths), np.full(paths, math.inf), np.full(paths, math.inf)
    moving = np.ones(paths, dtype=bool)
    for step in range(STEPS):
        spent, following = np.zeros(paths), np.full(paths, -1)
        draws = luck[DRAWS * step : DRAWS * (step + 1)]
        for index, name in enumerate(names):
            here = moving & (at == index)
            if here.any():
                spent[here], following[here] = _leave(found, name, names, age if step == 0 else 0, application, draws[:, here])
        clock += np.where(moving, spent, 0.0)
        listed[moving & (following == LISTED)] = clock[moving & (following == LISTED)]
        lapsed = moving & (following == names.index("none")) & (at != names.index("none"))
        ended[lapsed] = np.minimum(ended[lapsed], clock[lapsed])
        moving &= (following != LISTED) & np.isfinite(clock)
        at = np.where(moving, following, at)
    return listed, ended


def _leave(
    found: Mapping[str, Stage], name: str, names: list[str], age: int, application: float, luck: npt.NDArray[np.float32]
) -> tuple[Days, npt.NDArray[np.intp]]:
    """Return how long paths stay in a stage (given that they have been there for `age` days), and the stage that follows."""
    from scipy.special import ndtri

    how_long, what_next, when_ended = luck.astype(float)
    if name == "none":
        wait = -np.log(how_long) / application * QUARTER_DAYS if application > 0 else np.full(len(how_long), math.inf)
        return wait, np.full(len(how_long), names.index("vetting"))
    stage = found[name]
    gone = stage.distribution(age)
    level = np.clip(gone + how_long * (1 - gone), 1e-12, 1 - 1e-9)
    days = np.maximum(stage.days * np.exp(stage.log_sd * ndtri(level)) - age, 0.0)
    onward = {n: p for n, p in stage.next.items() if n != "ended"}
    codes = np.array([LISTED if n == "listed" else names.index(n) for n in onward])
    chances = np.cumsum(list(onward.values())) / sum(onward.values())
    following = codes[np.searchsorted(chances, what_next, side="left").clip(max=len(codes) - 1)]
    rate = stage.end_rate()
    ends = -np.log(when_ended) / rate if rate > 0 else np.full(len(days), math.inf)
    return np.minimum(days, ends), np.where(ends < days, names.index("none"), following)


@dataclass(frozen=True, eq=False)
class Listings:
    """What decides when a firm lists, shared by all scenarios: luck, the market window, and how far its applications have come.

    Attributes
    ----------
    firm : str
    as_of, start : datetime.date
        What is known; the day from which quarters are counted.
    window : ndarray of uint8 (quarters, paths)
        Whether the market window is open.
    seed : int
    """

    firm: str
    as_of: date
    start: date
    window: npt.NDArray[np.uint8]
    seed: int
    memo: dict[tuple[object, ...], npt.NDArray[Any]] = field(default_factory=dict)

    @cached_property
    def days(self) -> list[date]:
        """A day within each quarter, not before the as-of day."""
        return [max(self.as_of, add_months(quarter_end(self.start, q), 1)) for q in range(len(self.window))]

    @property
    def listed(self) -> bool:
        """Whether the firm was listed by the as-of day."""
        first_day = listed_on(self.firm)
        return first_day is not None and first_day <= self.as_of

    def quarters(self, scenario: Scenario, filled: Mapping[str, Days], applications: Mapping[str, float]) -> npt.NDArray[np.int16]:
        """Return the quarter in which a listing closes, (paths,): -1 for a firm already listed, :data:`NEVER` for never.

        A closed venue lists nobody; a lower factor on a venue or on the window lets fewer paths list and none earlier.

        Parameters
        ----------
        scenario : Scenario
        filled : mapping of str to ndarray (quarters,)
            Per venue, 0 where the book would not cover the offer.
        applications : mapping of str to float
            Per venue, new applications per quarter while none is pending.
        """
        paths = self.window.shape[1]
        if self.listed:
            return np.full(paths, -1, dtype=np.int16)
        listed = np.full(paths, NEVER, dtype=np.int16)
        for venue, book in filled.items():
            share, taken = _factors(scenario, venue, self.as_of, self.days)
            listed = np.minimum(listed, self._closing(venue, applications[venue], share, taken * book))
        return listed

    def _closing(self, venue: str, application: float, share: Days, taken: Days) -> npt.NDArray[np.int16]:
        """Return the first quarter at or after readiness in which the window is open and the venue takes the firm."""
        key = (venue, application, share.tobytes(), taken.tobytes())
        if key not in self.memo:
            ready, thin = self._ready(venue, application), self._luck("window", len(VENUES) * 2, len(self.window))
            chance = self._luck(venue, 2 * VENUES.index(venue) + 1, 1)[0]
            when = np.full(len(ready), NEVER, dtype=np.int16)
            for q in range(len(self.window) - 1, -1, -1):
                when[(ready <= q) & (self.window[q] == 1) & (thin[q] <= share[q]) & (chance <= taken[q])] = q
            self.memo[key] = when
        return self.memo[key]

    def _ready(self, venue: str, application: float) -> npt.NDArray[Any]:
        key = ("ready", venue, application)
        if key not in self.memo:
            stage, age = standing(self.firm, venue, self.as_of)
            luck = self._luck(f"{venue} steps", 2 * VENUES.index(venue), DRAWS * STEPS)
            days, _ = ready_days(stages(venue, self.as_of, leave_out=self.firm), stage, age, application, luck)
            self.memo[key] = np.minimum(np.floor(((self.as_of - self.start).days + days) / QUARTER_DAYS), NEVER)
        return self.memo[key]

    def _luck(self, name: str, stream: int, count: int) -> npt.NDArray[Any]:
        from finmodel.simulate import uniforms

        if ("luck", name) not in self.memo:
            self.memo["luck", name] = uniforms(self.seed, STREAM + stream, self.firm, self.window.shape[1], count)
        return self.memo["luck", name]


def _factors(scenario: Scenario, venue: str, as_of: date, days: list[date]) -> tuple[Days, Days]:
    """Return, by quarter, the share of the window's open time and the chance that the venue takes the firm."""
    open_share, taken = np.ones(len(days)), np.ones(len(days))
    for change in scenario.changes:
        if change.lever == "ipo_window" or change.channel == venue:
            held = [change.holds(day, as_of) for day in days]
            target = open_share if change.lever == "ipo_window" else taken
            target *= np.where(held, min(change.amount, 1.0) if change.kind == "direct" else change.amount, 1.0)
    return open_share, taken
