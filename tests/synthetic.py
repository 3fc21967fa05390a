"""Firms drawn from the stated priors and the stated model: quarters one by one, sums over halves and years, yearly ratios, cash flows.

Written without the estimator's algebra (no linearised sums, no covariance matrices), so that its intervals can be judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np

from finmodel.estimate.evidence import BLOCKS, RATIOS, CashWindow, Evidence, Reading
from finmodel.estimate.priors import Array, Prior, movements
from finmodel.estimate.revenue import DT, REVENUE_PRIORS, RevenueData
from finmodel.estimate.update import PRIOR_ONLY

YEARS = 5
FIRST_YEAR = 2017
START = date(FIRST_YEAR + YEARS - 1, 12, 31)
SHAPES: tuple[tuple[tuple[int, int], ...], ...] = (
    ((0, 3), (4, 7), (8, 11), (12, 15), (16, 19)),  # five years
    ((0, 3), (4, 7), (8, 9), (10, 11), (12, 13), (14, 15), (16, 17), (18, 19)),  # two years, then halves
    ((8, 11), (12, 13), (14, 15), (16, 17), (18, 19)),
    ((12, 15), (16, 19)),
    ((16, 19),),  # one observation
)
"""Quarters of the periods that are printed."""


def revenue_path(truth: Mapping[str, float], rng: np.random.Generator, quarters: int = 4 * YEARS) -> tuple[Array, Array]:
    """Deseasonalised quarterly revenue and the growth at the start of each quarter's step."""
    log, growth = np.empty(quarters), np.empty(quarters)
    log[0], growth[0] = 20.0, truth["growth"]
    kappa, sigma = truth["mean_reversion"], truth["revenue_volatility"]
    spread = truth["growth_volatility"] * np.sqrt((1 - np.exp(-2 * kappa * DT)) / (2 * kappa))
    for q in range(1, quarters):
        log[q] = log[q - 1] + (growth[q - 1] - sigma**2 / 2) * DT + sigma * np.sqrt(DT) * rng.standard_normal()
        reverted = truth["long_run_growth"] + (growth[q - 1] - truth["long_run_growth"]) * np.exp(-kappa * DT)
        growth[q] = reverted + spread * rng.standard_normal()
    return np.exp(log), growth


def printed_revenue(path: Array, share: float, rng: np.random.Generator | None = None) -> Array:
    """Quarters as they are printed; `share` is the latest year's, and (with `rng`) earlier years' lie a random walk away."""
    second = np.arange(len(path)) % 4 > 1
    years = len(path) // 4
    steps = np.zeros(years) if rng is None else movements()["first_half_revenue"][1] * rng.standard_normal(years)
    away = np.append(np.cumsum(steps[1:])[::-1], 0.0)
    shares = np.repeat(1 / (1 + np.exp(-(np.log(share / (1 - share)) + away))), 4)
    return path * np.where(second, 2 * (1 - shares), 2 * shares)


def draw_firms(
    rng: np.random.Generator,
    priors: Mapping[str, Prior],
    shapes: Sequence[tuple[tuple[int, int], ...]],
    fixed: Mapping[str, float] | None = None,
) -> tuple[tuple[Evidence, ...], dict[str, float]]:
    """Draw firms that share the speed of mean reversion and a common level of each ratio; return their evidence and the first one's truth.

    With `fixed`, process parameters and levels of every firm are these instead of draws.
    """
    kappa = float(priors["mean_reversion"].draw(rng, 1)[0])
    common = {name: _common_level(priors[name], rng) for name in RATIOS}
    firms, truths = [], []
    for number, shape in enumerate(shapes):
        process = (*REVENUE_PRIORS, *PRIOR_ONLY, "cash_volatility")
        truth = {name: float(priors[name].draw(rng, 1)[0]) for name in process} | {"mean_reversion": kappa}
        level = {name: float(rng.normal(*common[name])) for name in RATIOS}
        other = float(rng.normal(priors["other_income"].mean, priors["other_income"].sd))
        if fixed is not None:
            truth |= {name: fixed[name] for name in truth}
            level = {name: float(priors[name].transformed(np.array(fixed[name]))) for name in RATIOS}
            other = fixed["other_income"]
        evidence, now = _firm(f"firm{number}", truth, level, other, shape, rng, priors, disclosed=bool(rng.random() < 0.5))
        firms.append(evidence)
        truths.append(now)
    return tuple(firms), truths[0]


def _common_level(prior: Prior, rng: np.random.Generator) -> tuple[float, float]:
    half = prior.sd / np.sqrt(2)
    return float(rng.normal(prior.mean, half)), float(abs(rng.normal(0, half)))


def _firm(
    name: str, truth: dict[str, float], level: dict[str, float], other: float, shape: tuple[tuple[int, int], ...],
    rng: np.random.Generator, priors: Mapping[str, Prior], disclosed: bool,
) -> tuple[Evidence, dict[str, float]]:  # fmt: skip
    first = shape[0][0]
    path, growth = revenue_path(truth, rng, 4 * YEARS - first)  # the prior of growth is that of the first quarter seen
    path = np.concatenate([np.full(first, np.nan), path])
    printed = printed_revenue(path, truth["first_half_revenue"], rng)
    years = printed.reshape(-1, 4).sum(1)
    data = RevenueData(
        tuple(float(np.log(printed[a : b + 1].sum())) for a, b in shape), tuple(a - first for a, _ in shape),
        tuple(b - first for _, b in shape), tuple((np.arange(first, 4 * YEARS) % 4 > 1).tolist()),
    )  # fmt: skip
    seen = range(YEARS - 1, first // 4 - 1, -1)  # the latest year first
    readings, now = {}, {}
    for ratio in RATIOS:
        noise, walk = movements()[ratio]
        z, found = level[ratio], []
        for year in seen:
            carried = _response(ratio, truth, years[year], years[-1], YEARS - 1 - year) if ratio in BLOCKS else 0.0
            value = float(priors[ratio].natural(np.array(z + noise * rng.standard_normal() - carried)))
            found.append(Reading(date(FIRST_YEAR + year, 12, 31), value, float(years[year]), str(year), ()))
            z += walk * rng.standard_normal()
        readings[ratio] = tuple(found)
        now[ratio] = float(priors[ratio].natural(np.array(level[ratio] + walk * np.sqrt(0.5) * rng.standard_normal())))
    noise = truth["cash_volatility"] / 2  # four independent quarters
    cash = tuple(_cash(year, years, readings, now, other + noise * rng.standard_normal(), disclosed) for year in seen if 4 * year > first)
    quarterly = float(path[-1])
    out = {k: v for k, v in truth.items() if k not in ("growth", "capex_variable")}
    out |= {"revenue": quarterly, "growth": float(growth[-1]), "other_income": other * quarterly}
    for block in BLOCKS:
        out[block] = now[block] * years[-1] * _last_quarter(path, truth, block, first)
        out[f"{block}_noncash"] = now["noncash"]
    out |= {"collection_lag": now["collection_lag"], "loss_rate": now["loss_rate"], "receivables": now["collection_lag"] * quarterly}
    invested = now["capital_expenditure"] * years[-1] / 4 * (4 * quarterly / years[-1]) ** truth["capex_variable"]
    out["capex_share"] = invested * truth["capex_variable"] / quarterly
    out["capex_fixed"] = invested * (1 - truth["capex_variable"])
    points = {"liquid_funds": (1e9, "", ()), "debt_service": (0.0, "", ())}
    return Evidence(name, START, data, readings, cash, points), out


def _last_quarter(path: Array, truth: Mapping[str, float], block: str, first: int) -> float:
    """The last quarter's cost as a share of its year's, when it moves from quarter to quarter as in the simulation."""
    steps = np.diff(np.log(path[first:]), prepend=np.nan)
    steps = np.concatenate([np.full(4, truth["growth"] * DT), np.where(np.isnan(steps), truth["growth"] * DT, steps)])
    moves = steps if block == "cost_of_sales" else np.convolve(steps, np.full(4, 0.25))[: len(steps)]
    answer = np.where(moves > 0, truth[f"{block}_up"], truth[f"{block}_down"]) * moves + truth[f"{block}_drift"] * DT
    cost = np.exp(np.cumsum(answer[-4:]))
    if block == "cost_of_sales":  # billed with revenue
        share = truth["first_half_revenue"]
        return float(cost[-1] / (cost @ [2 * share, 2 * share, 2 - 2 * share, 2 - 2 * share]))
    return float(cost[-1] / cost.sum())


def _response(block: str, truth: Mapping[str, float], then: float, latest: float, years: int) -> float:
    growth = float(np.log(latest / then))
    return truth[f"{block}_drift"] * years + (truth[f"{block}_{'up' if growth > 0 else 'down'}"] - 1) * growth


def _cash(
    year: int, years: Array, readings: Mapping[str, tuple[Reading, ...]], now: Mapping[str, float], other: float, disclosed: bool
) -> CashWindow:
    """One year's operating cash flow; impairment and non-cash cost are printed only where `disclosed`."""
    end = date(FIRST_YEAR + year, 12, 31)
    revenue, growth = float(years[year]), float(years[year] - years[year - 1])
    cost = 1.2 * revenue
    ratios = {name: next(r.value for r in readings[name] if r.end == end) if disclosed else now[name] for name in ("loss_rate", "noncash")}
    loss, noncash = ratios["loss_rate"] * revenue, ratios["noncash"] * cost
    flow = other * revenue + revenue - loss - now["collection_lag"] / 4 * growth - cost + noncash
    shown = (loss, noncash) if disclosed else (None, None)
    return CashWindow(end, flow, revenue, growth, cost, (), *shown)
