"""Scenarios in the cash model: a firm's paths under each scenario, on shared draws, with funding as it may arrive.

What a scenario changes in the cash flow is taken from :mod:`finmodel.projection` at the model's own lines, so that the deterministic and
the stochastic answer rest on one calculation; what it changes in funding comes from :mod:`finmodel.arrivals`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt

from finmodel.arrivals import Arrivals, Assumptions, Calendar, funding_arrivals, known_receipts
from finmodel.cashflow import CashModel
from finmodel.exposures import Exposure, exposures_of
from finmodel.projection import CashLines, project
from finmodel.scenarios import Scenario
from finmodel.simulate import BLOCKS, Firm, Paths, Scenarios, simulate
from finmodel.survival import gone_by, mean_life
from finmodel.units import add_months

Floats = npt.NDArray[np.float64]
Progress = Callable[[int, int], None]
GAP_PROBABILITY = 0.05
GAP_MONTHS = 24
GAP_PATHS = 16_384


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
    seed : int
    """

    model: CashModel
    scenarios: tuple[Scenario, ...]
    place: npt.NDArray[np.intp]
    firm: Firm
    outcome: Paths
    arrivals: Arrivals
    exposures: Mapping[str, Exposure]
    seed: int

    @property
    def quarters(self) -> int:
        """Horizon."""
        return int(self.outcome.counts.shape[2]) - 1

    def runway(self) -> Floats:
        """Return each batch's restricted mean runway in months, (batches, scenarios)."""
        return mean_life(self.outcome.counts)[:, self.place]

    def cash_out(self, months: int) -> Floats:
        """Return each batch's share of paths out of cash within so many months, (batches, scenarios)."""
        return gone_by(self.outcome.counts)[:, self.place, min(months // 3, self.quarters) - 1]

    def expected_proceeds(self) -> Floats:
        """Return the mean of what rounds, loans and a listing bring within the horizon if the firm lives, CNY, (scenarios,)."""
        a = self.arrivals
        opens = a.window.mean(axis=1)
        share_open = opens + (1 - opens) * a.shut[:, None]
        mean_size = a.size * np.exp(a.size_sd**2 / 2)[:, None]
        listed = (a.listed_at[:, :, None] < np.arange(self.quarters)).mean(axis=1)
        may = np.where(a.stage[:, None] > 0, listed[:, None, :], 1.0)
        now = (a.listed_at[:, :, None] == np.arange(self.quarters)).mean(axis=1)
        return np.asarray((a.hazard * share_open * may * mean_size).sum(axis=(1, 2)) + (now * a.listing_size).sum(axis=1))

    def listed(self, months: int) -> Floats:
        """Return the share of paths listed within so many months, (scenarios,)."""
        return np.asarray((self.arrivals.listed_at < months // 3).mean(axis=1))

    def funding_gap(self) -> tuple[Floats, Floats]:
        """Return what must be there at the start, CNY, with its error; (scenarios,) each. See :meth:`funding_gap_batches`."""
        batches = self.funding_gap_batches()
        return batches.mean(axis=0), batches.std(axis=0, ddof=1) / np.sqrt(len(batches))

    def funding_gap_batches(self, months: int = GAP_MONTHS, probability: float = GAP_PROBABILITY) -> Floats:
        """Return, per batch, what must be there at the start to hold the chance of cash-out, CNY, (batches, scenarios).

        The amount at which `probability` of the paths are out of cash within `months`. All scenarios are bracketed together to a hundredth
        on the first :data:`GAP_PATHS` of the run's own draws; from there each batch moves by what its cash-outs above or below
        `probability` cost at the slope there (delta method), so that differences between scenarios keep their shared luck.
        """
        last = min(months // 3, self.quarters)
        low = np.zeros(len(self.firm.scenarios.names))
        gone = self._gone_with(low, last)
        enough = gone.mean(axis=0) <= probability
        high = np.where(enough, 0.0, 4.0 * sum(self.model.parameters.value(b) for b in BLOCKS))
        for _ in range(32):
            gone = self._gone_with(high, last)
            short = gone.mean(axis=0) > probability
            if not short.any():
                break
            low, high = np.where(short, high, low), np.where(short, 2 * high, high)
        for _ in range(6):
            middle = (low + high) / 2
            short = self._gone_with(middle, last).mean(axis=0) > probability
            low, high = np.where(short, middle, low), np.where(short, high, middle)
        gone = self._gone_with(high, last)
        amounts: Floats = np.where(enough, 0.0, np.maximum(0.0, high + (gone - probability) / self._slope(high, last)))[:, self.place]
        return amounts

    def _slope(self, amount: Floats, last: int) -> Floats:
        """Return how fast the chance of cash-out falls with money, per CNY, over a tenth of the amount either way."""
        step = np.maximum(0.1 * amount, 1.0)
        before = self._gone_with(np.maximum(amount - step, 0.0), last).mean(axis=0)
        after = self._gone_with(amount + step, last).mean(axis=0)
        slope: Floats = np.maximum(before - after, 1 / GAP_PATHS) / (step + np.minimum(step, amount))
        return slope

    def _gone_with(self, amount: Floats, last: int) -> Floats:
        """Return each batch's share of paths out of cash by a quarter with an amount more at the start, (batches, scenarios)."""
        scenarios = _shorter(self.firm.scenarios, last, amount)
        paths = min(self.outcome.paths, GAP_PATHS)
        outcome = simulate([replace(self.firm, scenarios=scenarios)], last, paths, self.seed, sampled=1)[0]
        gone: Floats = gone_by(outcome.counts)[:, :, -1]
        return gone


def _shorter(scenarios: Scenarios, quarters: int, amount: Floats) -> Scenarios:
    """Return the scenarios over the first quarters alone, each with an amount of its own at the start."""
    cut = {
        name: getattr(scenarios, name)[..., :quarters]
        for name in ("revenue", "cost", "lag", "capex", "flow", "hazard", "size", "listing_size", "redemption")
    }
    jumps = tuple(
        (
            *((q, f, j) for q, f, j in own if q < quarters and (q, f) != (0, 0.0)),
            (0, 0.0, float(extra) + sum(j for q, f, j in own if (q, f) == (0, 0.0))),
        )
        for own, extra in zip(scenarios.jumps, amount, strict=True)
    )
    return replace(scenarios, **cut, window=scenarios.window[:quarters], jumps=jumps)


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
    return FirmRun(model, tuple(scenarios), place, firm, outcome, arrivals, exposures, seed)


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
    begin = date.fromordinal(add_months(model.start, -12).toordinal() + 1)
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
        window=arrivals.window, listed_at=arrivals.listed_at, listing_size=arrivals.listing_size,
    )  # fmt: skip
