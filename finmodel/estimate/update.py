"""From priors and evidence to joint draws of every parameter, with the share of each precision that is prior."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np

from finmodel.estimate.evidence import BLOCKS, RATIOS, CashWindow, Evidence, Reading
from finmodel.estimate.pooling import level_now, shrunken
from finmodel.estimate.priors import Array, Prior, movements
from finmodel.estimate.revenue import DT, REVENUE_PRIORS, RevenueData, RevenuePosterior, revenue_posterior

PRIOR_ONLY = (
    "long_run_volatility", "volatility_decay", "market_loading", "first_half_collections", "capex_variable",
    *(f"{block}_{kind}" for block in BLOCKS for kind in ("drift", "up", "down")),
)  # fmt: skip
"""Parameters that no firm's accounts can move: growth of cost with revenue needs more years than there are."""
DRAWS = 2**15
SEED = 20211210


@lru_cache(maxsize=64)
def _revenue_posterior(data: RevenueData, priors: tuple[Prior, ...], common: bool) -> RevenuePosterior:
    return revenue_posterior(data, {p.name: p for p in priors}, common)


def _rng(firm: str, stream: str) -> np.random.Generator:
    """Draws of one quantity of one firm, whatever else is drawn."""
    return np.random.default_rng([SEED, zlib.crc32(firm.encode()), zlib.crc32(stream.encode())])


@dataclass(frozen=True, eq=False)
class Posterior:
    """What is believed after the facts.

    Attributes
    ----------
    bank : dict of ndarray, shape (DRAWS,)
        Joint draws of every parameter on its natural scale.
    prior_shares : dict
        Share of the posterior's precision that is prior, by name of the prior.
    on_kappa : tuple of RevenuePosterior
        What each firm says about the speed of mean reversion, in the order of the evidence.
    """

    bank: dict[str, Array]
    prior_shares: dict[str, float]
    on_kappa: tuple[RevenuePosterior, ...]


def update(evidence: Sequence[Evidence], priors: Mapping[str, Prior]) -> Posterior:
    """Return the posterior of the first firm's parameters; the others share the speed of reversion and inform the ratios."""
    own = evidence[0]
    process = tuple(priors[name] for name in REVENUE_PRIORS)
    on_kappa = tuple(_revenue_posterior(e.revenue, process, True) for e in evidence)
    posterior = _revenue_posterior(own.revenue, process, False)
    bank = posterior.draw(_rng(own.firm, "revenue"), DRAWS, np.sum([p.log_evidence for p in on_kappa], axis=0))
    shares = _process_shares(own, bank, posterior, priors) | dict.fromkeys(PRIOR_ONLY, 1.0)
    bank |= {name: priors[name].draw(_rng(own.firm, name), DRAWS) for name in PRIOR_ONLY}
    drawn = {}
    for name in RATIOS:
        drawn[name], shares[name] = _level(name, evidence, priors)
    drawn["cash_volatility"] = priors["cash_volatility"].draw(_rng(own.firm, "cash_volatility"), DRAWS)
    drawn, other = _other_income(own, drawn, priors)
    for name, values in (("cash_volatility", drawn["cash_volatility"]), ("other_income", other)):
        shares[name] = min(float(priors[name].transformed(values).var()) / priors[name].sd ** 2, 1.0) if own.cash else 1.0
    quarterly = bank["revenue"]
    bank |= {block: _cost_now(own, block, drawn[block], bank) for block in BLOCKS}
    bank |= {f"{block}_noncash": drawn["noncash"] for block in BLOCKS}
    bank |= {"collection_lag": drawn["collection_lag"], "loss_rate": drawn["loss_rate"], "receivables": drawn["collection_lag"] * quarterly}
    variable = bank.pop("capex_variable")
    invested = _capex_now(own, drawn["capital_expenditure"], variable, quarterly)
    bank |= {"capex_share": invested * variable / quarterly, "capex_fixed": invested * (1 - variable)}
    bank |= {"other_income": other * quarterly, "cash_volatility": drawn["cash_volatility"]}
    for name, (value, _, _) in own.points.items():
        bank[name] = np.full(DRAWS, value)
    if own.funds_age:
        bank["liquid_funds"] = _brought_to_start(own, bank)
    return Posterior(bank, shares, on_kappa)


def _brought_to_start(own: Evidence, bank: Mapping[str, Array]) -> Array:
    """Liquid funds at the start, where they were reported on another day: less what each draw burns in between, with its noise."""
    cost = sum(bank[block] * (1 - bank[f"{block}_noncash"]) for block in BLOCKS)
    revenue = bank["revenue"]
    growing = bank["collection_lag"] / 4 * revenue * np.expm1(bank["growth"])  # of receivables, a quarter
    collected = revenue * (1 - bank["loss_rate"]) - growing
    invested = bank["capex_share"] * revenue + bank["capex_fixed"]
    burn = cost + invested + bank["debt_service"] - collected - bank["other_income"]
    quarters = 4 * own.funds_age
    noise = bank["cash_volatility"] * revenue * np.sqrt(abs(quarters)) * _rng(own.firm, "liquid_funds").standard_normal(DRAWS)
    moved: Array = np.maximum(bank["liquid_funds"] - burn * quarters + noise, 1.0)  # the firm lives: something is left
    return moved


def _level(name: str, evidence: Sequence[Evidence], priors: Mapping[str, Prior]) -> tuple[Array, float]:
    """Draw a ratio today: the firm's and its peers' latest level shrunken towards each other and the prior, then drifting to the start.

    A twelve-month ratio belongs to the middle of its window. Older costs are carried to the latest window by the usual response to revenue.
    """
    if name in evidence[0].nil:
        return np.zeros(DRAWS), 0.0
    prior, (noise, walk) = priors[name], movements()[name]
    latest = _latest(evidence[0], name)
    found: list[tuple[float, float] | None] = []
    for one in evidence:
        readings = one.readings[name]
        if readings:
            ages = [(readings[0].end - r.end).days / 365.25 for r in readings]
            values = prior.transformed(np.array([r.value for r in readings]))
            if name in BLOCKS:
                values = values + [_carried(name, r, readings[0], age, priors) for r, age in zip(readings, ages, strict=True)]
            seen, variance = level_now(values.tolist(), ages, noise, walk)
            found.append((seen, variance + walk**2 * abs((latest - readings[0].end).days) / 365.25))  # a peer's, at our latest day
        elif one is evidence[0]:
            found.append(None)
    own = evidence[0]
    mixture = shrunken(found[0], [f for f in found[1:] if f is not None], prior)
    rng = _rng(own.firm, name)
    level = mixture.draw(rng, DRAWS)
    if own.readings[name]:
        level = level + walk * np.sqrt(_age(own, own.readings[name][0])) * rng.standard_normal(DRAWS)
    return prior.natural(level), min(float(level.var()) / prior.sd**2, 1.0)


def _latest(own: Evidence, name: str) -> date:
    return own.readings[name][0].end if own.readings[name] else own.start


def _age(own: Evidence, reading: Reading) -> float:
    """Years from the middle of a twelve-month window to the start."""
    return (own.start - reading.end).days / 365.25 + 0.5


def _carried(block: str, old: Reading, latest: Reading, years: float, priors: Mapping[str, Prior]) -> float:
    """Log change of a cost share from an old window to the latest, as its usual drift and response to revenue make it."""
    growth = float(np.log(latest.base / old.base))
    response = priors[f"{block}_{'up' if growth > 0 else 'down'}"]
    return priors[f"{block}_drift"].mean * years + (float(np.exp(response.mean)) - 1) * growth


def _cost_now(own: Evidence, block: str, share: Array, bank: Mapping[str, Array]) -> Array:
    """Quarterly cost in the last quarter before the start: that of the latest window carried by each draw's drift and response to revenue.

    Cost of sales answers to the quarter's revenue; the other blocks to that of the last twelve months, which over the window was on
    average that of a quarter and a half before its end. The last quarter's middle lies an eighth of a year before the start.
    """
    if not own.readings[block]:
        return share * bank["revenue"]
    latest = own.readings[block][0]
    if block == "cost_of_sales" or own.trailing is None:
        growth = np.log(4 * bank["revenue"] / latest.base)
    else:
        growth = np.log(own.trailing / latest.base) + 0.375 * bank["growth"]
    response = np.where(growth > 0, bank[f"{block}_up"], bank[f"{block}_down"])
    cost: Array = share * latest.base / 4 * np.exp(bank[f"{block}_drift"] * (_age(own, latest) - 0.125) + response * growth)
    return cost


def _capex_now(own: Evidence, share: Array, variable: Array, revenue: Array) -> Array:
    """Quarterly capital expenditure at the start: that of the latest window, the variable part of it grown with revenue."""
    if not own.readings["capital_expenditure"]:
        return share * revenue
    base = own.readings["capital_expenditure"][0].base / 4
    invested: Array = share * base * (revenue / base) ** variable
    return invested


def _other_income(own: Evidence, drawn: dict[str, Array], priors: Mapping[str, Prior]) -> tuple[dict[str, Array], Array]:
    """Update other operating cash by reported operating cash flow, and with it how much cash flow varies and what it was made of.

    Each window of twelve months reads other = (flow - (revenue - loss - growth of receivables) + cost - non-cash cost) / revenue, with
    the noise of four independent quarters. What is not disclosed of a window is taken from each draw, so readings and noise differ by
    draw and weigh it.
    """
    prior, rng = priors["other_income"], _rng(own.firm, "other_income")
    if not own.cash:
        return drawn, prior.draw(rng, DRAWS)
    gap = np.stack([_other_cash(own, window, drawn, priors) for window in own.cash], axis=-1) - prior.mean
    count, noise, spread = len(own.cash), (drawn["cash_volatility"] / 2) ** 2, prior.sd**2
    total, after = gap.sum(-1), 1 / (1 / spread + count / noise)
    log_weight = -0.5 * (count * np.log(noise) - np.log(after) + ((gap**2).sum(-1) - total**2 * after / noise) / noise)
    weight = np.exp(log_weight - log_weight.max())
    ladder = (np.arange(DRAWS) + rng.random()) / DRAWS * weight.sum()
    chosen = rng.permutation(np.minimum(np.searchsorted(np.cumsum(weight), ladder), DRAWS - 1))
    other = prior.mean + (after * total / noise + np.sqrt(after) * rng.standard_normal(DRAWS))[chosen]
    return {name: values[chosen] for name, values in drawn.items()}, other


def _other_cash(own: Evidence, window: CashWindow, drawn: Mapping[str, Array], priors: Mapping[str, Prior]) -> Array:
    loss = drawn["loss_rate"] * window.revenue if window.impairment is None else window.impairment
    cost = window.cost + sum(_cost_then(own, block, drawn[block], window, priors) for block in window.missing)
    noncash = drawn["noncash"] * cost if window.noncash is None else window.noncash
    receivables = drawn["collection_lag"] / 4 * window.growth
    other: Array = (window.flow - (window.revenue - loss - receivables) + cost - noncash) / window.revenue
    return other


def _cost_then(own: Evidence, block: str, share: Array, window: CashWindow, priors: Mapping[str, Prior]) -> Array:
    """Return a block's undisclosed cost over an earlier window: its level of the latest one, carried by the usual drift and response."""
    if not own.readings[block]:
        return share * window.revenue
    latest = own.readings[block][0]
    then = Reading(window.end, 0.0, window.revenue, "", ())
    years = (latest.end - window.end).days / 365.25
    cost: Array = share * window.revenue * np.exp(-_carried(block, then, latest, years, priors))
    return cost


def _process_shares(own: Evidence, bank: Mapping[str, Array], posterior: RevenuePosterior, priors: Mapping[str, Prior]) -> dict[str, float]:
    """Share of the posterior's precision that is prior: prior precision over posterior precision, on the prior's scale."""
    shares = {"revenue": 0.0}
    for name in REVENUE_PRIORS:
        before = priors[name].sd ** 2
        if name == "growth":  # the prior of growth today is that of the first quarter carried forward
            years = (len(own.revenue.second_half) - 1) * DT
            decay = np.exp(-posterior.kappa * years)
            long_run = priors["long_run_growth"]
            mean = decay * priors["growth"].mean + (1 - decay) * long_run.mean
            stationary = (posterior.points[..., 0] ** 2).mean(1) / (2 * posterior.kappa) * (1 - decay**2)
            before = float((decay**2 * before + (1 - decay) ** 2 * long_run.sd**2 + stationary).mean() + mean.var())
        shares[name] = min(float(priors[name].transformed(bank[name]).var()) / before, 1.0)
    return shares
