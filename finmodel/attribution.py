"""What each restriction costs: Shapley shares over all subsets on shared draws, one assumption at a time, and Sobol indices.

Formula
-------
The share of restriction i is its mean marginal effect over all orders in which restrictions could come: the sum over subsets S without i of
|S|! (n - |S| - 1)! / n! times [v(S with i) - v(S)]. The shares add up to v(all) - v(none), whatever the order.

References
----------
Shapley (1953), "A value for n-person games". Saltelli et al. (2010), "Variance based sensitivity analysis of model output", Computer
Physics Communications 181(2), for the Sobol indices (computed by SALib).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from finmodel.arrivals import Assumptions, reference_venue, used_channels
from finmodel.cashflow import CashModel
from finmodel.exposures import Exposure, exposures_of
from finmodel.funding import Term, channel_terms, market_terms, not_open
from finmodel.ipo import VENUES
from finmodel.scenarios import Change, Scenario
from finmodel.stochastic import GAP_MONTHS, Progress, run_firm
from finmodel.survival import estimate

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
QUANTITIES = {"runway_months_lost": "months", "cash_out_24m": "added probability", "funding_gap": "CNY"}
MOST_RESTRICTIONS = 12
LOGARITHMIC = ("hazard", "application", "size", "elasticity")


def shapley(values: Floats) -> Floats:
    """Return Shapley shares from the values of all subsets.

    Parameters
    ----------
    values : ndarray, shape (2^n, ...)
        Value of each subset; bit i of the index says that player i is in it.

    Returns
    -------
    ndarray, shape (n, ...)
        They sum to ``values[-1] - values[0]``.

    Examples
    --------
    >>> shapley(np.array([0.0, 1.0, 3.0, 6.0]))
    array([2., 4.])
    """
    players = len(values).bit_length() - 1
    if len(values) != 1 << players:
        raise ValueError(f"{len(values)} values: one for each subset of n players is 2^n")
    sizes = np.array([bin(subset).count("1") for subset in range(len(values))])
    weights = np.array([math.factorial(s) * math.factorial(players - s - 1) / math.factorial(players) for s in range(players)])
    shares = []
    for player in range(players):
        without = np.flatnonzero((np.arange(len(values)) >> player) & 1 == 0)
        gains = values[without | (1 << player)] - values[without]
        shares.append(np.tensordot(weights[sizes[without]], gains, axes=1))
    return np.array(shares)


def attribute(
    model: CashModel,
    scenario: Scenario,
    quarters: int = 20,
    paths: int = 100_000,
    seed: int = 7,
    responses: bool = False,
    assumptions: Assumptions | None = None,
    shares: Mapping[str, float] | None = None,
    threads: int = 1,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Return what each restriction of a scenario costs a firm against no restriction at all.

    Parameters
    ----------
    model : CashModel
        Fitted, with liquid funds known or assumed.
    scenario : Scenario
        Its restrictions (:attr:`Scenario.restrictions`) share the cost; the baseline's law and terms are one of them.
    quarters, paths, seed, threads : int
    responses : bool
        Whether responses (state support, cost cuts) count; by default they are held fixed and a restriction can only cost.
    assumptions, shares, threads, progress
        As for :func:`finmodel.stochastic.run_firm`.

    Returns
    -------
    pandas.DataFrame
        Columns firm, quantity, restriction, value, error, unit, reason; per quantity one row per restriction and one ``total``, which is
        their sum. Quantities: runway_months_lost (restricted mean), cash_out_24m (added probability), funding_gap (added CNY, whole yuan).

    Raises
    ------
    ValueError
        If the scenario has too many restrictions for all subsets, or the horizon is shorter than the quantities' 24 months.
    """
    players = scenario.restrictions
    if len(players) > MOST_RESTRICTIONS:
        raise ValueError(f"{scenario.name} has {len(players)} restrictions; all subsets of at most {MOST_RESTRICTIONS} can be run")
    if 3 * quarters < GAP_MONTHS:
        raise ValueError(
            f"horizon is {3 * quarters} months; attribution needs {GAP_MONTHS} or more: its quantities are within {GAP_MONTHS} months"
        )
    chosen = scenario if responses else scenario.direct()
    subsets = [_subset(chosen, players, index) for index in range(1 << len(players))]
    run = run_firm(model, subsets, quarters, paths, seed, assumptions, shares, threads, progress)
    gap, gone = run.funding_gap(), run.cash_out(24)
    by_batch = {
        "runway_months_lost": run.runway()[:, :1] - run.runway(),
        "cash_out_24m": gone - gone[:, :1],
        "funding_gap": gap - gap[:, :1],
    }
    rows = [row for name, values in by_batch.items() for row in _share_rows(model, name, players, values, run.outcome.counts)]
    table = pd.DataFrame(rows, columns=["firm", "quantity", "restriction", "value", "error", "unit"])
    alone = {name: replace(chosen, changes=tuple(c for c in chosen.changes if c.restriction == name)) for name in players}
    reasons = {name: _idle(model, one) or _not_disclosed(model, one, shares or {}) for name, one in alone.items()}
    reasons["total"] = model.caveat()[1]
    table["reason"] = [reasons.get(name, "") for name in table["restriction"]]
    return table


def _idle(model: CashModel, scenario: Scenario) -> str:
    """Say why a restriction changes nothing for the firm: it is all response, or closes what is not open to it."""
    if not scenario.changes:
        return "it has responses only, which are held fixed"
    closed = [not_open(model.firm, change.channel, model.as_of) if change.channel else "" for change in scenario.changes]
    return "; ".join(dict.fromkeys(closed)) if all(closed) else ""


def _not_disclosed(model: CashModel, scenario: Scenario, given: Mapping[str, float]) -> str:
    """Say which exposures are taken as nothing because nobody discloses them and no share was assumed."""
    found = exposures_of([scenario], model.firm, model.as_of).values()
    names = [one.name for one in found if not one.known and one.name not in given]
    return "; ".join(f"{name.replace('_', ' ')} is not disclosed and taken as 0: assume a share of it" for name in names)


def _subset(scenario: Scenario, players: Sequence[str], index: int) -> Scenario:
    """Return the scenario with the players whose bit is set."""
    kept = {name for place, name in enumerate(players) if index >> place & 1}
    return replace(scenario, name=str(index), changes=tuple(c for c in scenario.changes if c.restriction in kept))


def _share_rows(model: CashModel, quantity: str, players: Sequence[str], values: Floats, counts: Counts) -> Iterator[tuple[Any, ...]]:
    """Yield the mean over batches of each player's share, its error, and their total."""
    means, errors = estimate(shapley(values.T).T, counts)
    firm, unit = model.firm, QUANTITIES[quantity]
    if unit == "CNY":
        means, unit = np.round(means), model.parameters.currency
    for name, mean, error in zip(players, means, errors, strict=True):
        yield firm, quantity, name, float(mean), float(error), unit
    yield firm, quantity, "total", float(sum(means)), float(estimate(values[:, -1] - values[:, 0], counts)[1]), unit


@dataclass(frozen=True)
class Input:
    """One uncertain input: its name, what it moves, and how it is read at a place between its low (0) and high (1) end.

    Attributes
    ----------
    name, group : str
        The group is what moves together in a Sobol analysis.
    low, central, high : float
    apply : callable
        Takes a :class:`Setting` and a value, returns the setting with it.
    logarithmic : bool
    """

    name: str
    group: str
    low: float
    central: float
    high: float
    apply: Callable[[Setting, float], Setting]
    logarithmic: bool = False

    def at(self, place: float) -> float:
        """Return the value at a place from 0 to 1, uniformly or log-uniformly between the ends."""
        if self.logarithmic and self.low > 0:
            return float(self.low * (self.high / self.low) ** place)
        return self.low + place * (self.high - self.low)


@dataclass(frozen=True)
class Setting:
    """One point of the analysis: the scenario, stated quantities and exposures."""

    scenario: Scenario
    stated: Mapping[str, float] = field(default_factory=dict)
    shares: Mapping[str, float] = field(default_factory=dict)
    unclear: str = "prohibited"


def inputs_of(model: CashModel, scenario: Scenario, given: Collection[str] = ()) -> list[Input]:
    """Return the uncertain inputs of a scenario for a firm: its levers, the stated quantities of funding, exposures that are not given."""
    found = [_lever(place, change) for place, change in enumerate(scenario.changes) if change.low < change.high]
    exposures = exposures_of([scenario], model.firm, model.as_of).values()
    found += [_exposure(one) for one in exposures if one.low < one.high and one.name not in given]
    found += [_stated(name, name, term) for name, term in market_terms().items() if name in ("elasticity", "rounds_prior")]
    venue = reference_venue(model.firm, model.as_of)
    for channel in (*used_channels(model.firm, model.as_of), *VENUES):
        for quantity, term in channel_terms(channel, model.firm).items():
            used = quantity in ("hazard", "application", "cover", "lead_time") or (
                quantity == "size" and (channel not in VENUES or channel == venue)
            )
            if used and term.low < term.high:
                found.append(_stated(f"{channel}.{quantity}", {"size": "sizes", "cover": "books"}.get(quantity, "arrivals"), term))
    us = Input("share.us_persons", "us share", 0.0, 0.5, 1.0, _stating("share.us_persons"))
    return [*found, us]


def _lever(place: int, change: Change) -> Input:
    def moved(setting: Setting, value: float) -> Setting:
        changes = list(setting.scenario.changes)
        changes[place] = replace(changes[place], value=value)
        return replace(setting, scenario=replace(setting.scenario, changes=tuple(changes)))

    target = f" on {', '.join(change.applies_to)}" if change.applies_to else ""
    group = "chill" if change.lever == "chill" else "levers" if change.kind == "direct" else "responses"
    best, worst = change.bound("best"), change.bound("worst")
    return Input(f"{change.restriction}: {change.lever}{target}", group, best, change.value, worst, moved)


def _exposure(one: Exposure) -> Input:
    return Input(one.name, "exposures", one.low, one.central, one.high, lambda s, v: replace(s, shares={**s.shares, one.name: v}))


def _stated(name: str, group: str, term: Term) -> Input:
    logarithmic = name.rpartition(".")[2] in LOGARITHMIC
    return Input(name, group, term.low, term.central, term.high, _stating(name), logarithmic)


def _stating(name: str) -> Callable[[Setting, float], Setting]:
    return lambda setting, value: replace(setting, stated={**setting.stated, name: value})


def runway_lost(
    model: CashModel, settings: Sequence[Setting], quarters: int, paths: int, seed: int, responses: bool = False
) -> tuple[Floats, Floats]:
    """Return the restricted mean runway lost at each setting, months, with its error: all settings in one run on shared draws."""
    pairs: list[Scenario] = []
    each: list[Assumptions] = []
    for setting in settings:
        chosen = setting.scenario if responses else setting.scenario.direct()
        pairs += [chosen.only(()), chosen]
        each += [Assumptions(setting.stated, setting.unclear)] * 2
    shares = [dict(setting.shares) for setting in settings for _ in range(2)]
    run = run_firm(model, pairs, quarters, paths, seed, each, shares)
    lost = run.runway()[:, ::2] - run.runway()[:, 1::2]
    return estimate(lost, run.outcome.counts)


def tornado(
    model: CashModel,
    scenario: Scenario,
    quarters: int = 20,
    paths: int = 16_384,
    seed: int = 7,
    responses: bool = False,
    shares: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Return the runway lost with each input at its low and high end, the others at their centre.

    Parameters
    ----------
    model, scenario, quarters, paths, seed, responses
        As for :func:`attribute`.
    shares : mapping of str to float, optional
        Exposures assumed: they hold throughout, and are no input.

    Returns
    -------
    pandas.DataFrame
        Columns firm, input, group, low, high (the ends), lost_at_low, lost_at_high, lost (centre), error, swing; the largest swing first.
        The row whose group is ``law`` reads unclear law the lenient (lost_at_low) and the strict way (lost_at_high).
    """
    centre = Setting(scenario, shares=shares or {})
    inputs = inputs_of(model, scenario, centre.shares)
    settings = [centre, replace(centre, unclear="permitted")]
    for one in inputs:
        settings += [one.apply(centre, one.low), one.apply(centre, one.high)]
    lost, error = runway_lost(model, settings, quarters, paths, seed, responses)
    rows = [("unclear law: permitted against prohibited", "law", math.nan, math.nan, lost[1], lost[0])]
    rows += [(one.name, one.group, one.low, one.high, lost[2 + 2 * i], lost[3 + 2 * i]) for i, one in enumerate(inputs)]
    table = pd.DataFrame(rows, columns=["input", "group", "low", "high", "lost_at_low", "lost_at_high"])
    table.insert(0, "firm", model.firm)
    table["lost"], table["error"] = lost[0], error[0]
    table["swing"] = (table["lost_at_high"] - table["lost_at_low"]).abs()
    return table.sort_values("swing", ascending=False, kind="stable").reset_index(drop=True)


def sensitivity(
    model: CashModel,
    scenario: Scenario,
    quarters: int = 20,
    paths: int = 2048,
    seed: int = 7,
    points: int = 128,
    responses: bool = False,
    shares: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Return first and total Sobol indices of the runway lost, by group of inputs, with 95 % intervals.

    Inputs of one group move together from their low to their high ends; groups move independently and uniformly.

    Parameters
    ----------
    points : int
        Base sample, a power of two; the model runs points x (groups + 2) times, in one kernel call.
    shares : mapping of str to float, optional
        Exposures assumed: they hold throughout, and are no input.

    Returns
    -------
    pandas.DataFrame
        Columns firm, group, first, first_interval, total, total_interval, inputs; an interval is the half-width.
    """
    centre = Setting(scenario, shares=shares or {})
    inputs = inputs_of(model, scenario, centre.shares)
    groups = list(dict.fromkeys(one.group for one in inputs))

    def lost_at(design: Floats) -> Floats:
        settings = [_setting(centre, inputs, dict(zip(groups, row, strict=True))) for row in design]
        return runway_lost(model, settings, quarters, paths, seed, responses)[0]

    table = sobol_indices(lost_at, dict.fromkeys(groups, (0.0, 1.0)), points, seed)
    table.insert(0, "firm", model.firm)
    table["inputs"] = ["; ".join(one.name for one in inputs if one.group == group) for group in table["group"]]
    return table.sort_values("total", ascending=False, kind="stable").reset_index(drop=True)


def sobol_indices(function: Callable[[Floats], Floats], bounds: Mapping[str, tuple[float, float]], points: int, seed: int) -> pd.DataFrame:
    """Return first and total Sobol indices of a function of independent uniform inputs, with 95 % intervals.

    Parameters
    ----------
    function : callable
        Takes a design (rows, inputs), returns one number per row.
    bounds : mapping of str to tuple of float
        Inputs and their ends.
    points : int
        Base sample, a power of two; the function is asked for points x (inputs + 2) rows at once.
    seed : int
        Of the scrambled Sobol points and of the bootstrap.

    Returns
    -------
    pandas.DataFrame
        Columns group, first, first_interval, total, total_interval; zero where the function is constant.
    """
    import SALib.analyze.sobol
    import SALib.sample.sobol

    analyse: Any = SALib.analyze.sobol.analyze
    sample: Any = SALib.sample.sobol.sample
    problem = {"num_vars": len(bounds), "names": list(bounds), "bounds": [list(ends) for ends in bounds.values()]}
    values = function(sample(problem, points, calc_second_order=False, seed=seed))
    found = analyse(problem, values, calc_second_order=False, seed=seed) if values.std() > 0 else None
    columns = {"first": "S1", "first_interval": "S1_conf", "total": "ST", "total_interval": "ST_conf"}
    shown = {ours: np.zeros(len(bounds)) if found is None else np.asarray(found[theirs]) for ours, theirs in columns.items()}
    return pd.DataFrame({"group": list(bounds), **shown})


def _setting(setting: Setting, inputs: Sequence[Input], places: Mapping[str, float]) -> Setting:
    for one in inputs:
        setting = one.apply(setting, one.at(float(places[one.group])))
    return setting
