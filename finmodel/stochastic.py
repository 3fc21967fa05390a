"""Scenarios in the cash model: a firm's paths under each scenario, on shared draws, with funding as it may arrive.

What a scenario changes in the cash flow is taken from :mod:`finmodel.projection` at the model's own lines, so that the deterministic and
the stochastic answer rest on one calculation; what it changes in funding comes from :mod:`finmodel.arrivals`.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from finmodel.arrivals import Arrivals, Assumptions, Calendar, funding_arrivals, known_receipts
from finmodel.cashflow import CashModel
from finmodel.exposures import Exposure, exposures_of
from finmodel.projection import CashLines, project
from finmodel.scenarios import Scenario
from finmodel.simulate import BLOCKS, Firm, Paths, Scenarios, simulate
from finmodel.survival import estimate, gone_before, gone_by, mean_life, quarter_end

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]
Progress = Callable[[int, int], None]
GAP_PROBABILITY = 0.05
GAP_MONTHS = 24
GAP_PATHS = 16_384
GRID = 4096
LEAST_STEP = 0.05
"""Of liquid funds: near a gap of zero, too few paths lie within a part of the gap for a slope."""


@dataclass(frozen=True, eq=False)
class FirmRun:
    """One firm under several scenarios.

    Attributes
    ----------
    model : CashModel
    scenarios : tuple of Scenario
    place : ndarray (scenarios,)
        Which of the kernel's scenarios each one is: those that come to the same for the firm are run once.
    firm : Firm
        As the kernel took it.
    outcome : Paths
    arrivals : Arrivals
    exposures : mapping of str to Exposure
    seed, threads : int
    """

    model: CashModel
    scenarios: tuple[Scenario, ...]
    place: npt.NDArray[np.intp]
    firm: Firm
    outcome: Paths
    arrivals: Arrivals
    exposures: Mapping[str, Exposure]
    seed: int
    threads: int = 1

    @property
    def quarters(self) -> int:
        """Horizon."""
        return int(self.outcome.counts.shape[2]) - 1

    def runway(self) -> Floats:
        """Return each batch's restricted mean runway in months, (batches, scenarios)."""
        return mean_life(self.outcome.counts)[:, self.place]

    def within(self, months: int) -> int:
        """Return the last quarter of so many months.

        Raises
        ------
        ValueError
            If the horizon is shorter: a probability within 24 months is never that of fewer.
        """
        if months > 3 * self.quarters:
            raise ValueError(f"{months} months are asked for, the horizon is {3 * self.quarters}: give horizon={months} or more")
        return months // 3

    def cash_out(self, months: int) -> Floats:
        """Return each batch's share of paths out of cash within so many months of the start, (batches, scenarios)."""
        return gone_by(self.outcome.counts)[:, self.place, self.within(months) - 1]

    def gone_before_the_day(self) -> Floats:
        """Return the share of paths out of cash in quarters already over on the as-of day, (scenarios,)."""
        gone: Floats = gone_before(self.outcome, self.model.start, self.model.as_of)[self.place]
        return gone

    def expected_proceeds(self) -> Floats:
        """Return the mean of what rounds, loans and a listing bring within the horizon if the firm lives, CNY, (batches, scenarios)."""
        return self._by_batch(_proceeds)

    def listed(self, months: int) -> Floats:
        """Return each batch's share of paths listed within so many months of the start, (batches, scenarios)."""
        last = self.within(months)
        return self._by_batch(lambda a: np.asarray((a.listed_at < last).mean(axis=1)))

    def _by_batch(self, quantity: Callable[[Arrivals], Floats]) -> Floats:
        """Return a quantity of the arrivals for the paths of each batch; path i is in batch i modulo their number."""
        a, batches = self.arrivals, len(self.outcome.counts)
        parts = (replace(a, window=a.window[:, b::batches], listed_at=a.listed_at[:, b::batches]) for b in range(batches))
        return np.stack([quantity(part) for part in parts])

    def funding_gap(self, months: int = GAP_MONTHS, probability: float = GAP_PROBABILITY) -> Floats:
        """Return, per batch, what must be there at the start to hold the chance of cash-out, CNY, (batches, scenarios).

        The mean over batches is the smallest amount at which `probability` of all paths are out of cash within `months`, 0 where nothing
        is needed. A batch lies off it by what its own cash-outs above or below the mean cost at the slope there (delta method; below zero
        too, so that the mean has no bias): their spread gives the error, and differences between scenarios keep their shared luck.

        Notes
        -----
        Amounts lie on one grid for all scenarios, a :data:`GRID`-th of a year's cost apart, so that what ends more paths never needs
        less. They are bracketed together on the first :data:`GAP_PATHS` of the run's own draws, then found on all of them by the slope
        (every eighth time by halving, for where the slope is no guide).
        """
        last, counts = self.within(months), self.outcome.counts
        batches = np.zeros(counts[:, :, 0].shape)
        short = np.flatnonzero(estimate(gone_by(counts)[:, :, last - 1], counts)[0] > probability)
        cell = 4.0 * sum(self.model.parameters.value(b) for b in BLOCKS) / GRID
        found = np.ceil(self._bracket(short, cell * GRID, last, probability) / cell)
        slope = self._slope(short, cell * found, last)
        low, high = np.zeros(len(short)), np.full(len(short), np.inf)
        for turn in itertools.count(1):
            open_ = np.flatnonzero(high - low > 1)
            if not len(open_):
                break
            at = found[open_]
            gone, mean = self._gone_with(short[open_], cell * at, last, self.outcome.paths)
            enough = mean <= probability
            low[open_], high[open_] = np.where(enough, low[open_], at), np.where(enough, at, high[open_])
            held = open_[enough]
            batches[:, short[held]] = cell * found[held] + (gone - mean)[:, enough] / slope[held]
            middle = np.where(np.isinf(high[open_]), 2 * at + 1, np.floor((low + high)[open_] / 2))
            guess = middle if turn % 8 == 0 else np.ceil(at + (mean - probability) / (slope[open_] * cell))
            found[open_] = np.clip(guess, low[open_] + 1, np.maximum(high[open_] - 1, low[open_] + 1))
        return batches[:, self.place]

    def _bracket(self, places: Places, high_at_first: float, last: int, probability: float) -> Floats:
        """Return, to some hundredths of itself, the amounts at which the probability is held on the first paths."""
        low, high = np.zeros(len(places)), np.full(len(places), high_at_first)
        for _ in range(32):
            short = self._gone_with(places, high, last, GAP_PATHS)[1] > probability
            if not short.any():
                break
            low, high = np.where(short, high, low), np.where(short, 2 * high, high)
        for _ in range(5):
            middle = (low + high) / 2
            short = self._gone_with(places, middle, last, GAP_PATHS)[1] > probability
            low, high = np.where(short, middle, low), np.where(short, high, middle)
        found: Floats = (low + high) / 2
        return found

    def _slope(self, places: Places, amount: Floats, last: int) -> Floats:
        """Return how fast the chance of cash-out falls with money, per CNY, over a step either way that many paths cross."""
        step = np.maximum(0.1 * amount, LEAST_STEP * self.model.liquid_funds)
        before, after = (self._gone_with(places, amount + side, last, GAP_PATHS)[1] for side in (-step, step))
        slope: Floats = np.maximum(before - after, 1 / GAP_PATHS) / (2 * step)
        return slope

    def _gone_with(self, places: Places, amount: Floats, last: int, paths: int) -> tuple[Floats, Floats]:
        """Return, of some scenarios, each batch's share of paths gone by a quarter with an amount more at the start, and that of all."""
        if not len(places):
            return np.zeros((len(self.outcome.counts), 0)), np.zeros(0)
        scenarios = _shorter(self.firm.scenarios, places, last, amount)
        paths = min(self.outcome.paths, paths)
        counts = simulate([replace(self.firm, scenarios=scenarios)], last, paths, self.seed, sampled=1, threads=self.threads)[0].counts
        gone = gone_by(counts)[:, :, -1]
        return gone, estimate(gone, counts)[0]


def _proceeds(a: Arrivals) -> Floats:
    """Return the mean of what arrives if the firm lives, CNY, (scenarios,)."""
    quarters = np.arange(a.hazard.shape[2])
    opens = a.window.mean(axis=1)
    share_open = opens + (1 - opens) * a.shut[:, None]
    mean_size = a.size * np.exp(a.size_sd**2 / 2)[:, None]
    listed, now = ((a.listed_at[:, :, None] < quarters).mean(axis=1), (a.listed_at[:, :, None] == quarters).mean(axis=1))
    may = np.where(a.stage[:, None] > 0, listed[:, None, :], 1.0)
    raised = (a.hazard * share_open * may * mean_size).sum(axis=(1, 2))
    return np.asarray(raised + (now * a.listing_size).sum(axis=1) * np.exp(a.listing_sd**2 / 2))


def _shorter(scenarios: Scenarios, places: Places, quarters: int, amount: Floats) -> Scenarios:
    """Return some of the scenarios over the first quarters alone, each with an amount of its own at the start."""
    timed = ("revenue", "cost", "lag", "capex", "flow", "hazard", "size", "listing_size", "redemption")
    cut = {name: getattr(scenarios, name)[places][..., :quarters] for name in timed}
    cut |= {name: getattr(scenarios, name)[places] for name in ("cuts", "constant_days", "listed_at")}
    jumps = tuple(
        (
            *((q, f, j) for q, f, j in own if q < quarters and (q, f) != (0, 0.0)),
            (0, 0.0, float(extra) + sum(j for q, f, j in own if (q, f) == (0, 0.0))),
        )
        for own, extra in zip((scenarios.jumps[place] for place in places), amount, strict=True)
    )
    names = tuple(scenarios.names[place] for place in places)
    return replace(scenarios, names=names, **cut, window=scenarios.window[:quarters], jumps=jumps)


def run_firm(
    model: CashModel,
    scenarios: Sequence[Scenario],
    quarters: int = 20,
    paths: int = 100_000,
    seed: int = 7,
    assumptions: Assumptions | Sequence[Assumptions] | None = None,
    shares: Mapping[str, float] | Sequence[Mapping[str, float]] | None = None,
    threads: int = 1,
    progress: Progress | None = None,
) -> FirmRun:
    """Simulate one firm under scenarios.

    Parameters
    ----------
    model : CashModel
        Fitted; its liquid funds must be known or assumed.
    scenarios : sequence of Scenario
    quarters, paths, seed, threads : int
    assumptions : Assumptions or sequence of them, optional
        Stated quantities of funding at other than their central values; one for all scenarios, or one each.
    shares : mapping of str to float or sequence of them, optional
        Exposures, for all scenarios or for each; by default the middle of a disclosed interval and nothing of what nobody discloses.
    progress : callable, optional
        Called with the tasks done and their number.
    """
    if np.isnan(model.liquid_funds):
        raise ValueError(f"liquid funds of {model.firm} are not disclosed; assume them: CashModel.fit(..., liquid_funds=amount)")
    calendar = Calendar(model.as_of, model.start, quarters)
    cash = model_lines(model)
    exposures = exposures_of(scenarios, model.firm, model.as_of)
    each = [shares or {}] * len(scenarios) if isinstance(shares, Mapping | None) else list(shares)
    held = [{name: one.central for name, one in exposures.items()} | dict(own) for own in each]
    arrivals = funding_arrivals(model.firm, calendar, scenarios, paths, seed, 12 * max(cash.burn(), 0.0), assumptions)
    flow = flows(cash, scenarios, model.as_of, held, quarters)
    first, place = distinct(arrivals, flow)
    built = kernel_scenarios([scenarios[i] for i in first], arrivals.chosen(first), flow[first])
    firm = model.inputs(replace(built, jumps=(known_receipts(model.firm, calendar),) * len(first)), seed)
    outcome = simulate([firm], quarters, paths, seed, threads=threads, sampled=min(paths, 256), progress=progress)[0]
    return FirmRun(model, tuple(scenarios), place, firm, outcome, arrivals, exposures, seed, threads)


def distinct(arrivals: Arrivals, flow: Floats) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the scenarios that differ from all before them, and for each scenario the place of its like among those."""
    places: dict[bytes, int] = {}
    first: list[int] = []
    place: list[int] = []
    for s in range(len(flow)):
        parts = (flow[s], arrivals.hazard[s], arrivals.size[s], arrivals.listing_size[s], arrivals.listed_at[s])
        key = hashlib.blake2b(b"".join(np.ascontiguousarray(part).tobytes() for part in parts)).digest()
        if key not in places:
            places[key] = len(first)
            first.append(s)
        place.append(places[key])
    return np.array(first), np.array(place)


def model_lines(model: CashModel) -> CashLines:
    """Return a year of the model's own lines at the start, costs without what never touches cash."""
    value = model.parameters.value
    revenue = 4 * value("revenue")
    lines = {"revenue": revenue, "capital_expenditure": 4 * value("capex_fixed") + value("capex_share") * revenue}
    lines |= {b: 4 * value(b) * (1 - value(f"{b}_noncash")) for b in BLOCKS}
    received = revenue * (1 - value("loss_rate")) + 4 * (value("other_income") - value("debt_service"))
    lines["operating_cash_flow"] = received - sum(lines[b] for b in BLOCKS)
    begin = quarter_end(model.start, -4) + timedelta(days=1)
    return CashLines(model.firm, lines, begin, model.start, model.liquid_funds, model.start)


def flows(cash: CashLines, scenarios: Sequence[Scenario], as_of: date, shares: Sequence[Mapping[str, float]], quarters: int) -> Floats:
    """Return what each scenario takes from (below zero) or adds to the cash flow, CNY by quarter, (scenarios, quarters)."""
    plain = project(cash, Scenario("", "", ""), as_of, {}, 3 * quarters).net_burn
    moved = np.array([plain - project(cash, s, as_of, own, 3 * quarters).net_burn for s, own in zip(scenarios, shares, strict=True)])
    by_quarter: Floats = moved.reshape(len(scenarios), quarters, 3).sum(axis=2)
    return by_quarter


def kernel_scenarios(scenarios: Sequence[Scenario], arrivals: Arrivals, flow: Floats) -> Scenarios:
    """Return the scenarios as the kernel takes them; names are made distinct by their place."""
    return Scenarios.plain(
        [f"{place} {s.name}" for place, s in enumerate(scenarios)], flow.shape[1], channels=len(arrivals.channels), flow=flow,
        hazard=arrivals.hazard, size=arrivals.size, size_sd=arrivals.size_sd, shut=arrivals.shut, stage=arrivals.stage,
        window=arrivals.window, listed_at=arrivals.listed_at, listing_size=arrivals.listing_size, listing_sd=arrivals.listing_sd,
    )  # fmt: skip
