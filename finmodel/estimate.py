"""Estimation of the cash model's parameters: a panel's prior for each, updated by the firm's few facts, with the prior's share stated.

Three kinds of evidence, each with a posterior that is exact for its stated model (:mod:`finmodel.posterior`):

- revenue of halves and years updates growth, its volatility and reversion, and the season; the speed of reversion is shared by all firms;
- ratios of twelve months (cost blocks, capital expenditure, non-cash cost, receivables, impairment) are levels that drift, shrunken
  towards the other firms' and the panel's;
- reported operating cash flow updates what is left: other operating cash.

What is not disclosed stays at the prior and says so.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cache, lru_cache

import numpy as np
import pandas as pd

from finmodel.data import read_table
from finmodel.errors import DataError, fault, unknown
from finmodel.posterior import (
    DT,
    REVENUE_PRIORS,
    Array,
    Prior,
    RevenueData,
    RevenuePosterior,
    level_now,
    revenue_posterior,
    shrunken,
)
from finmodel.ratios.compute import facts_used
from finmodel.runway import age_in_months, amounts, liquid_funds, twelve_months
from finmodel.statements import Statements
from finmodel.units import Period, add_months, parse_date

BLOCKS = ("cost_of_sales", "research_and_development", "selling", "administrative")
RATIOS = (*BLOCKS, "capital_expenditure", "noncash", "collection_lag", "loss_rate")
"""Levels read from twelve-month ratios; each is the name of its prior."""
PRIOR_ONLY = (
    "long_run_volatility", "volatility_decay", "market_loading", "first_half_collections", "cash_volatility", "capex_variable",
    *(f"{block}_{kind}" for block in BLOCKS for kind in ("drift", "up", "down")),
)  # fmt: skip
"""Parameters that no firm's accounts can move: growth of cost with revenue needs more years than there are."""
UNDERLYING = ("profit_excluding_nonrecurring", "net_loss_before_preferred_fair_value")
"""Results from which selling and administrative cost is inferred where the lines are not disclosed (revenue - result - known lines)."""
DRAWS = 2**15
SEED = 20211210
TABLE_COLUMNS = ("parameter", "value", "low", "high", "unit", "prior_share", "prior", "origin", "definition")

DEFINITIONS: dict[str, tuple[str, str]] = {
    "revenue": ("currency per quarter", "deseasonalised revenue of the last quarter before the start"),
    "growth": ("log per year", "drift of revenue now: E[dR/R] = growth dt"),
    "long_run_growth": ("log per year", "drift of revenue to which growth reverts"),
    "mean_reversion": ("per year", "speed of reversion, shared by all firms; half-life ln 2 / speed"),
    "growth_volatility": ("per year^1.5", "volatility of growth"),
    "revenue_volatility": ("per year^0.5", "volatility of revenue now and in the observed past"),
    "long_run_volatility": ("per year^0.5", "volatility of revenue in the long run"),
    "volatility_decay": ("per year", "speed at which volatility falls to its long-run value"),
    "cash_volatility": ("share of quarterly revenue", "standard deviation of a quarter's operating cash flow that revenue does not explain"),
    "market_loading": ("correlation", "loading of revenue shocks on the factor common to all firms"),
    "first_half_revenue": ("share", "revenue falling in January to June"),
    "first_half_collections": ("share", "collections falling in January to June"),
    "collection_lag": ("quarters", "trade receivables over average quarterly revenue"),
    "loss_rate": ("share", "revenue that is never collected (impairment of receivables over revenue)"),
    "receivables": ("currency", "trade receivables at the start, gross where printed, else collection lag x revenue"),
    **{block: ("currency per quarter", f"{block.replace('_', ' ')} at the start: twelve-month share of revenue x revenue") for block in BLOCKS},
    **{f"{block}_noncash": ("share", "part of the cost that is never paid: depreciation and share-based payment over total cost, one for all blocks")
       for block in BLOCKS},
    **{f"{block}_drift": ("log per year", "growth of the cost at unchanged revenue") for block in BLOCKS},
    **{f"{block}_up": ("elasticity", "response of the cost to rising revenue") for block in BLOCKS},
    **{f"{block}_down": ("elasticity", "response of the cost to falling revenue") for block in BLOCKS},
    "capex_share": ("share of revenue", "capital expenditure that moves with revenue"),
    "capex_fixed": ("currency per quarter", "capital expenditure that does not"),
    "other_income": ("currency per quarter", "other operating cash (grants, interest received, payables, taxes), signed: reported operating cash "
                     "flow less revenue collected plus cash cost"),
    "debt_service": ("currency per quarter", "finance cost of the last twelve months / 4"),
    "liquid_funds": ("currency", "liquid funds as printed"),
}  # fmt: skip
"""Unit and definition of every parameter, in the order of the table."""
GOVERNED = {
    "revenue": "growth", "receivables": "collection_lag", "capex_share": "capital_expenditure", "capex_fixed": "capital_expenditure",
    **{f"{block}_noncash": "noncash" for block in BLOCKS},
}  # fmt: skip
"""Prior behind a parameter where it has another name."""


@dataclass(frozen=True, eq=False)
class Reading:
    """One twelve-month ratio: its value, its denominator, the end of the window, how it was made, and the facts."""

    end: date
    value: float
    base: float
    how: str
    fact_ids: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Evidence:
    """What one firm's accounts say, as numbers: input of the update."""

    firm: str
    start: date
    revenue: RevenueData
    readings: Mapping[str, tuple[Reading, ...]]
    cash: tuple[tuple[date, dict[str, float]], ...] = ()
    points: Mapping[str, tuple[float, str, tuple[str, ...]]] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    revenue_facts: tuple[str, ...] = ()
    revenue_how: str = ""
    cash_facts: tuple[str, ...] = ()
    cash_how: str = ""


@dataclass(frozen=True, eq=False)
class Parameters:
    """Parameters of the cash model for one firm, with what each rests on.

    Attributes
    ----------
    firm : str
    start : datetime.date
        Time zero of the model: the later of the day of the liquid funds and the end of the last reported period.
    table : pandas.DataFrame
        Columns parameter, value (posterior median), low, high (95 % interval), unit, prior_share (of the posterior's precision on the
        scale on which the prior is normal; 1 where the firm's accounts say nothing), prior (its name in ``priors.csv``), origin,
        definition.
    facts : pandas.DataFrame
        Facts read; the column quantity names the parameter.
    assumptions : tuple of str
    profile : pandas.DataFrame
        Columns firm, half_life (years), log_evidence (all else integrated out), log_profile (all else at its best), both less their maximum.
    liquid_funds_on : datetime.date or None
        Day of the liquid funds; None where none are disclosed.
    stale_months : int or None
        Full months from that day to the day of the statements.
    priors : dict
        Priors used.
    """

    firm: str
    start: date
    table: pd.DataFrame
    facts: pd.DataFrame
    assumptions: tuple[str, ...]
    profile: pd.DataFrame
    liquid_funds_on: date | None
    stale_months: int | None
    priors: Mapping[str, Prior] = field(repr=False)
    evidence: tuple[Evidence, ...] = field(repr=False)
    bank: Mapping[str, Array] = field(repr=False)

    def draw(self, rng: np.random.Generator, n: int) -> dict[str, Array]:
        """Return `n` joint draws from the posterior, each an array of shape (n,) on the natural scale.

        Parameters
        ----------
        rng : numpy.random.Generator
            The only source of randomness: same state, same draws.
        n : int
        """
        chosen = rng.integers(0, DRAWS, n)
        return {name: values[chosen] for name, values in self.bank.items()}

    def value(self, parameter: str) -> float:
        """Return the posterior median of one parameter.

        Raises
        ------
        LookupError
            If there is no such parameter.
        """
        row = self.table.loc[self.table["parameter"] == parameter, "value"]
        if row.empty:
            raise unknown("parameter", parameter, self.table["parameter"])
        return float(row.iloc[0])

    def with_prior(self, parameter: str, scale: float) -> Parameters:
        """Return the parameters updated again with one prior's standard deviation multiplied by `scale`.

        Parameters
        ----------
        parameter : str
            A parameter, or the name of its prior.
        scale : float
            For example 0.5 or 2.

        Raises
        ------
        LookupError
            If no prior stands behind `parameter`.
        ValueError
            If `scale` is not positive.
        """
        name = GOVERNED.get(parameter, parameter)
        if name not in self.priors:
            raise unknown("prior", parameter, [*self.priors, *GOVERNED])
        if not scale > 0:
            raise ValueError(f"scale {scale} is not a positive number")
        updated, table, profile = _update(self.evidence, {**self.priors, name: self.priors[name].scaled(scale)})
        return replace(self, table=table, profile=profile, bank=updated, priors={**self.priors, name: self.priors[name].scaled(scale)})

    def sources(self, parameter: str | None = None) -> pd.DataFrame:
        """Return the facts read, with document, page and publication day; only those of one parameter if it is named."""
        facts = self.facts if parameter is None else self.facts[self.facts["quantity"] == GOVERNED.get(parameter, parameter)]
        return facts.reset_index(drop=True)


@cache
def shipped_priors() -> dict[str, Prior]:
    """Return the priors of ``data/priors.csv`` (made by ``benchmarks/make_priors.py``), by name."""
    table = read_table("priors")
    table = table[table["distribution"] == "normal"]
    return {r.parameter: Prior(r.parameter, r.transform, float(r.mean), float(r.sd)) for r in table.itertuples()}


@cache
def _constants() -> dict[str, float]:
    """How much a ratio moves from year to year, by name (noise of one year, walk per square root of a year)."""
    table = read_table("priors")
    return {r.parameter: float(r.mean) for r in table[table["distribution"] == "constant"].itertuples()}


def estimate_parameters(statements: Statements, firm: str) -> Parameters:
    """Estimate the cash model's parameters for one firm from what had been published by the day of `statements`.

    Parameters
    ----------
    statements : Statements
        The other firms in it share the speed of mean reversion and inform the level of ratios.
    firm : str

    Returns
    -------
    Parameters

    Raises
    ------
    DataError
        If no half or year of revenue is known, or one is zero or negative.
    LookupError
        If the firm has no facts.

    Notes
    -----
    See :func:`finmodel.posterior.revenue_posterior`, :func:`finmodel.posterior.level_now` and :func:`finmodel.posterior.shrunken` for the
    three models. The panels behind the priors are listed firms, larger and mostly profitable: another population.

    References
    ----------
    Schwartz, E. S. and Moon, M. (2000), Financial Analysts Journal 56(3); Anderson, M. C., Banker, R. D. and Janakiraman, S. N. (2003),
    Journal of Accounting Research 41(1).

    Examples
    --------
    >>> from finmodel.statements import load_statements
    >>> parameters = estimate_parameters(load_statements().as_of("2023-04-30"), "sensetime")
    >>> parameters.start.isoformat(), round(parameters.value("liquid_funds") / 1e9, 1)
    ('2022-12-31', 16.6)
    """
    funds = liquid_funds(statements, firm)
    book = _Book(statements, firm)
    start = max([book.last_end, *(f.day for f in funds[:1])])
    evidence = [_evidence(book, start)]
    for peer in statements.firms:
        if peer != firm:
            try:
                other = _Book(statements, peer)
                evidence.append(_evidence(other, other.last_end))
            except (DataError, LookupError):
                continue  # a firm without usable revenue tells nothing about the others
    fund = funds[0] if funds else None
    stale = age_in_months(fund.day, statements.day) if fund else None
    point = (
        (fund.value, f"{fund.definition}{fund.marks} at {fund.day}, {stale} months before {statements.day}", fund.fact_ids)
        if fund
        else (float("nan"), "no definition of liquid funds is disclosed", ())
    )
    evidence[0] = replace(evidence[0], points={**evidence[0].points, "liquid_funds": point})
    bank, table, profile = _update(tuple(evidence), shipped_priors())
    used = [(firm, how, name, "", ids) for name, how, ids in _facts_of(evidence[0])]
    return Parameters(
        firm=firm,
        start=start,
        table=table,
        facts=facts_used(statements, [(*row[:4], one) for row in used for one in row[4]]),
        assumptions=(
            f"Parameters as known on {statements.day}, for a model that starts at {start}; other firms read: "
            f"{', '.join(e.firm for e in evidence[1:]) or 'none'}.",
            "Priors come from listed A-share and US firms and from two papers (priors.csv): another population, mostly profitable and larger.",
            "Cost of sales follows the half-years of revenue, other cost is even through the year; only levels of cost are learnt from the firm.",
            "Volatility of revenue was constant over the observed past; depreciation and share-based payment fall evenly on the blocks of cost.",
        ),
        profile=profile,
        liquid_funds_on=fund.day if fund else None,
        stale_months=stale,
        priors=shipped_priors(),
        evidence=tuple(evidence),
        bank=bank,
    )


# ------------------------------------------------------------------ facts to numbers
class _Book:
    """One firm's flows of one accounting basis, by period and line item."""

    def __init__(self, statements: Statements, firm: str) -> None:
        lines = statements.lines(firm)
        revenue = lines[(lines["line_item"] == "revenue") & lines["months"].isin([6, 12])]
        if revenue.empty:
            raise DataError([fault(f"statements of {firm}", "no revenue of a half or a full year", "at least one", "add the fact or drop the firm")])
        bad = revenue[~(revenue["value"] > 0)]
        if len(bad):
            raise DataError(
                [
                    fault(f"revenue of {firm}, {r.period} ({r.fact_id})", f"{r.value:,.0f}", "a positive amount", "growth of nothing is not defined: leave the period out")
                    for r in bad.itertuples()
                ]
            )
        order = revenue.groupby("basis")["period_end"].agg(["max", "count"]).sort_values(["max", "count"])
        self.firm, self.basis = firm, str(order.index[-1])
        mine = lines[(lines["basis"] == self.basis) & (lines["currency"] == revenue["currency"].mode()[0])]
        self.flows = amounts(mine[mine["months"] > 0])
        self.instants = {(parse_date(r.period_end), r.line_item): r for r in mine[mine["months"] == 0].itertuples()}
        self.left_out = sorted(set(revenue["basis"]) - {self.basis})

    @property
    def last_end(self) -> date:
        return max(p.end for p, item in self.flows if item == "revenue" and p.months in (6, 12))

    def year(self, item: str, end: date) -> tuple[str, float, str, tuple[str, ...]] | None:
        return twelve_months(self.flows, end, item)


def _evidence(book: _Book, start: date) -> Evidence:
    revenue, how, ids = _revenue_data(book, start)
    readings = {name: _not_overlapping(_readings(book, name)) for name in RATIOS}
    reasons = {name: "no twelve months of it are disclosed" for name, found in readings.items() if not found}
    cash, cash_how, cash_ids = _cash_flows(book)
    if not cash:
        reasons["other_income"] = "operating cash flow and all cost lines are not both disclosed for any twelve months"
    points: dict[str, tuple[float, str, tuple[str, ...]]] = {}
    for item in ("trade_receivables_gross", "trade_receivables"):
        if (found := book.instants.get((start, item))) is not None:
            points["receivables"] = (float(found.value), f"{item.replace('_', ' ')}{found.mark} at {start}", (found.fact_id,))
            break
    interest = next((x for end in _ends(book, "finance_cost") if (x := book.year("finance_cost", end))), None)
    points["debt_service"] = (
        (interest[1] / 4, f"finance cost of {interest[0]}{interest[2]}; repayments belong to a scenario", interest[3])
        if interest
        else (0.0, "finance cost is not disclosed: none assumed", ())
    )
    return Evidence(book.firm, start, revenue, readings, cash, points, reasons, ids, how, cash_ids, cash_how)


def _revenue_data(book: _Book, start: date) -> tuple[RevenueData, str, tuple[str, ...]]:
    """Disjoint halves and years of revenue on a line of quarters that ends at `start`."""
    periods = {p: line for (p, item), line in book.flows.items() if item == "revenue" and p.months in (6, 12) and p.end <= start}
    aligned = {p: line for p, line in periods.items() if p.start and p.start.day == 1 and p.start.month in (1, 4, 7, 10)}
    chosen: list[Period] = []
    for period in sorted(aligned, key=lambda p: (p.months, p.end)):  # halves first (statements derive the second ones), then years
        if not any(p.start <= period.end and period.start <= p.end for p in chosen if p.start and period.start):
            chosen.append(period)
    chosen.sort()
    first = min(p.start for p in chosen if p.start)
    count = _quarter(start) - _quarter(first) + 1
    months = [add_months(first, 3 * q).month for q in range(count)]
    data = RevenueData(
        tuple(float(np.log(aligned[p].value)) for p in chosen),
        tuple(_quarter(p.start) - _quarter(first) for p in chosen if p.start),
        tuple(_quarter(p.end) - _quarter(first) for p in chosen),
        tuple(m > 6 for m in months),
    )
    how = ", ".join(f"{p}{aligned[p].mark}" for p in chosen)
    if book.left_out:
        how += f" ({book.basis or 'unnamed basis'}; {', '.join(b or 'unnamed basis' for b in book.left_out)} figures are not comparable and left out)"
    return data, how, tuple(aligned[p].fact_id for p in chosen)


def _quarter(day: date) -> int:
    return day.year * 4 + (day.month - 1) // 3


def _ends(book: _Book, item: str) -> list[date]:
    """Ends of the periods for which an item is known, the newest first."""
    return sorted({p.end for p, name in book.flows if name == item}, reverse=True)


def _not_overlapping(readings: Sequence[Reading]) -> tuple[Reading, ...]:
    kept: list[Reading] = []
    for reading in sorted(readings, key=lambda r: r.end, reverse=True):
        if not kept or reading.end <= add_months(kept[-1].end + timedelta(days=1), -12) - timedelta(days=1):
            kept.append(reading)
    return tuple(kept)


def _readings(book: _Book, name: str) -> list[Reading]:
    """Every twelve-month ratio that can be made for one level."""
    out = []
    for end in _ends(book, "revenue"):
        revenue = book.year("revenue", end)
        top = _numerator(book, name, end)
        if revenue is None or top is None:
            continue
        bottom = top[3] if name == "noncash" else revenue[1]
        value = top[0] / bottom * (4 if name == "collection_lag" else 1)
        if value > 0 and (value < 1 or name not in ("noncash", "loss_rate")):
            out.append(Reading(end, value, revenue[1], f"{revenue[0]}{top[1]}", (*top[2], *revenue[3])))
    return out


def _numerator(book: _Book, name: str, end: date) -> tuple[float, str, tuple[str, ...], float] | None:
    """Value, marks and remarks, facts, and (for non-cash cost) the denominator."""
    if name in BLOCKS:
        found = _block(book, name, end)
        return None if found is None else (*found, float("nan"))
    if name == "capital_expenditure":
        for item in ("capital_expenditure", "capex_ppe"):
            if (line := book.year(item, end)) is not None:
                return line[1], line[2] + ("" if item == name else " (property and equipment only)"), line[3], float("nan")
        return None
    if name == "loss_rate":
        line = book.year("impairment_of_financial_assets", end)
        return None if line is None else (line[1], line[2], line[3], float("nan"))
    if name == "collection_lag":
        for item in ("trade_receivables_gross", "trade_receivables"):
            if (fact := book.instants.get((end, item))) is not None:
                return float(fact.value), f" {item.replace('_', ' ')}{fact.mark}", (fact.fact_id,), float("nan")
        return None
    cost, noncash = _total_cost(book, end), _noncash(book, end)
    return None if cost is None or noncash is None else (noncash[0], noncash[1], (*noncash[2], *cost[2]), cost[0])


def _noncash(book: _Book, end: date) -> tuple[float, str, tuple[str, ...]] | None:
    parts = {item: book.year(item, end) for item in ("depreciation_and_amortisation", "share_based_payment")}
    if (depreciation := parts["depreciation_and_amortisation"]) is None:
        return None
    if (payment := parts["share_based_payment"]) is None:
        return depreciation[1], f"{depreciation[2]} (depreciation only: share-based payment is not disclosed)", depreciation[3]
    return depreciation[1] + payment[1], depreciation[2] + payment[2], depreciation[3] + payment[3]


def _block(book: _Book, name: str, end: date) -> tuple[float, str, tuple[str, ...]] | None:
    """Twelve months of one cost block; selling and administrative cost may be parted from their sum, or inferred from the loss."""
    if (line := book.year(name, end)) is not None:
        return line[1], line[2], line[3]
    if name not in ("selling", "administrative"):
        return None
    both = _selling_and_administrative(book, end)
    if both is None:
        return None
    other = book.year("administrative" if name == "selling" else "selling", end)
    if other is not None:
        return (both[0] - other[1], both[1], (*both[2], *other[3])) if both[0] > other[1] else None
    priors = shipped_priors()
    shares = {block: float(priors[block].natural(np.array(priors[block].mean))) for block in ("selling", "administrative")}
    return both[0] * shares[name] / sum(shares.values()), f"{both[1]} (sum parted as in the A-share panel)", both[2]


def _selling_and_administrative(book: _Book, end: date) -> tuple[float, str, tuple[str, ...]] | None:
    if (line := book.year("selling_and_administrative", end)) is not None:
        return line[1], line[2], line[3]
    known = [book.year(item, end) for item in ("revenue", "cost_of_sales", "research_and_development")]
    for item in UNDERLYING:
        result = book.year(item, end)
        if result is not None and all(known):
            revenue, cost, research = (x for x in known if x is not None)
            value = revenue[1] - result[1] - cost[1] - research[1]
            ids = (*result[3], *revenue[3], *cost[3], *research[3])
            return (value, f"† (revenue less {item.replace('_', ' ')} less known cost: an upper bound)", ids) if value > 0 else None
    return None


def _total_cost(book: _Book, end: date) -> tuple[float, str, tuple[str, ...]] | None:
    parts = [_block(book, "cost_of_sales", end), _block(book, "research_and_development", end)]
    apart = [_block(book, "selling", end), _block(book, "administrative", end)]
    parts += apart
    if any(part is None for part in parts):
        return None
    found = [part for part in parts if part is not None]
    return sum(p[0] for p in found), "", tuple(i for p in found for i in p[2])


def _cash_flows(book: _Book) -> tuple[tuple[tuple[date, dict[str, float]], ...], str, tuple[str, ...]]:
    """Twelve-month windows with operating cash flow, revenue and total cost; what else is disclosed of them is taken too."""
    windows: list[tuple[date, dict[str, float]]] = []
    labels, ids = [], []
    for end in _ends(book, "operating_cash_flow"):
        if windows and end > add_months(windows[-1][0] + timedelta(days=1), -12) - timedelta(days=1):
            continue
        flow, revenue, cost = book.year("operating_cash_flow", end), book.year("revenue", end), _total_cost(book, end)
        before = add_months(end + timedelta(days=1), -12) - timedelta(days=1)
        previous = book.year("revenue", before)
        if flow is None or revenue is None or cost is None:
            continue
        one = {"flow": flow[1], "revenue": revenue[1], "cost": cost[0], "growth": revenue[1] - previous[1] if previous else 0.0}
        for name, line in (("impairment", book.year("impairment_of_financial_assets", end)), ("noncash", _noncash(book, end))):
            if line is not None:
                one[name] = float(line[1]) if name == "impairment" else float(line[0])
        windows.append((end, one))
        labels.append(f"{flow[0]}{flow[2]}")
        ids += [*flow[3], *revenue[3], *cost[2]]
    return tuple(windows), ", ".join(labels), tuple(dict.fromkeys(ids))


def _facts_of(evidence: Evidence) -> list[tuple[str, str, tuple[str, ...]]]:
    """Name of the prior or parameter, how it was read, and the facts."""
    process = ("growth", "long_run_growth", "mean_reversion", "growth_volatility", "revenue_volatility", "first_half_revenue")
    out = [(name, evidence.revenue_how, evidence.revenue_facts) for name in process]
    out += [(name, r.how, r.fact_ids) for name, found in evidence.readings.items() for r in found]
    out += [(name, how, ids) for name, (_, how, ids) in evidence.points.items()]
    return [*out, ("other_income", evidence.cash_how, evidence.cash_facts)]


# ------------------------------------------------------------------ numbers to posterior
@lru_cache(maxsize=64)
def _revenue_posterior(data: RevenueData, priors: tuple[Prior, ...], common: bool) -> RevenuePosterior:
    return revenue_posterior(data, {p.name: p for p in priors}, common)


def _rng(firm: str, stream: str) -> np.random.Generator:
    """Draws of one quantity of one firm, whatever else is drawn."""
    return np.random.default_rng([SEED, zlib.crc32(firm.encode()), zlib.crc32(stream.encode())])


def _update(evidence: tuple[Evidence, ...], priors: Mapping[str, Prior]) -> tuple[dict[str, Array], pd.DataFrame, pd.DataFrame]:
    """Return joint draws, the table of parameters and the profile of the half-life."""
    own = evidence[0]
    process = tuple(priors[name] for name in REVENUE_PRIORS)
    on_kappa = [_revenue_posterior(e.revenue, process, True) for e in evidence]
    posterior = _revenue_posterior(own.revenue, process, False)
    bank = posterior.draw(_rng(own.firm, "revenue"), DRAWS, np.sum([p.log_evidence for p in on_kappa], axis=0))
    shares = _process_shares(own, bank, posterior, priors) | dict.fromkeys(PRIOR_ONLY, 1.0)
    bank |= {name: priors[name].draw(_rng(own.firm, name), DRAWS) for name in PRIOR_ONLY}
    drawn = {}
    for name in RATIOS:
        drawn[name], shares[name] = _level(name, evidence, priors)
    drawn, other, shares["other_income"] = _other_income(own, drawn, priors["other_income"])
    quarterly = bank["revenue"]
    bank |= {block: _cost_now(own, block, drawn[block], bank) for block in BLOCKS}
    bank |= {f"{block}_noncash": drawn["noncash"] for block in BLOCKS}
    bank |= {"collection_lag": drawn["collection_lag"], "loss_rate": drawn["loss_rate"], "receivables": drawn["collection_lag"] * quarterly}
    variable = bank.pop("capex_variable")
    bank |= {"capex_share": drawn["capital_expenditure"] * variable, "capex_fixed": drawn["capital_expenditure"] * (1 - variable) * quarterly}
    bank["other_income"] = other * quarterly
    for name, (value, _, _) in own.points.items():
        bank[name] = np.full(DRAWS, value)
    return bank, _table(own, bank, shares), _profile(evidence, on_kappa)


def _level(name: str, evidence: Sequence[Evidence], priors: Mapping[str, Prior]) -> tuple[Array, float]:
    """Draw a ratio today: the firm's and its peers' latest level shrunken towards each other and the prior, then drifting to the start.

    A twelve-month ratio belongs to the middle of its window. Older costs are carried to the latest window by the usual response to revenue.
    """
    prior, noise, walk = priors[name], _constants()[f"{name}_noise"], _constants()[f"{name}_walk"]
    found = []
    for one in evidence:
        readings = one.readings[name]
        if readings:
            ages = [(readings[0].end - r.end).days / 365.25 for r in readings]
            values = prior.transformed(np.array([r.value for r in readings]))
            if name in BLOCKS:
                values = values + [_carried(name, r, readings[0], age, priors) for r, age in zip(readings, ages, strict=True)]
            found.append(level_now(values.tolist(), ages, noise, walk))
        elif one is evidence[0]:
            found.append(None)
    own = evidence[0]
    mixture = shrunken(found[0], [f for f in found[1:] if f is not None], prior)
    rng = _rng(own.firm, name)
    level = mixture.draw(rng, DRAWS)
    if own.readings[name]:
        level = level + walk * np.sqrt(_age(own, own.readings[name][0])) * rng.standard_normal(DRAWS)
    return prior.natural(level), min(float(level.var()) / prior.sd**2, 1.0)


def _age(own: Evidence, reading: Reading) -> float:
    """Years from the middle of a twelve-month window to the start."""
    return (own.start - reading.end).days / 365.25 + 0.5


def _carried(block: str, old: Reading, latest: Reading, years: float, priors: Mapping[str, Prior]) -> float:
    """Log change of a cost share from an old window to the latest, as its usual drift and response to revenue make it."""
    growth = float(np.log(latest.base / old.base))
    response = priors[f"{block}_{'up' if growth > 0 else 'down'}"]
    return priors[f"{block}_drift"].mean * years + (float(np.exp(response.mean)) - 1) * growth


def _cost_now(own: Evidence, block: str, share: Array, bank: Mapping[str, Array]) -> Array:
    """Quarterly cost at the start: the cost of the latest window carried by each draw's drift and response to each draw's revenue."""
    if not own.readings[block]:
        return share * bank["revenue"]
    latest = own.readings[block][0]
    growth = np.log(4 * bank["revenue"] / latest.base)
    response = np.where(growth > 0, bank[f"{block}_up"], bank[f"{block}_down"])
    cost: Array = share * latest.base / 4 * np.exp(bank[f"{block}_drift"] * _age(own, latest) + response * growth)
    return cost


def _other_income(own: Evidence, drawn: dict[str, Array], prior: Prior) -> tuple[dict[str, Array], Array, float]:
    """Update other operating cash, and with it non-cash cost, losses and lag, by reported operating cash flow.

    Each window reads other = (flow - (revenue - loss - growth of receivables) + cost - non-cash cost) / revenue; what is not disclosed of
    it is taken from each draw, so the reading differs by draw and weighs it.
    """
    rng = _rng(own.firm, "other_income")
    if not own.cash:
        return drawn, prior.draw(rng, DRAWS), 1.0
    readings = np.stack([_other_cash(window, drawn) for _, window in own.cash], axis=-1)
    ages = [(own.start - end).days / 365.25 + 0.5 for end, _ in own.cash]
    constants = _constants()
    noise, walk = constants["other_income_noise"], constants["other_income_walk"]
    unit = [level_now(row, ages, noise, walk)[0] for row in np.eye(len(ages)).tolist()]  # the estimate is linear in the readings
    estimate, variance = readings @ np.array(unit), level_now(np.zeros(len(ages)).tolist(), ages, noise, walk)[1]
    log_weight = -0.5 * (estimate - prior.mean) ** 2 / (prior.sd**2 + variance)
    weight = np.exp(log_weight - log_weight.max())
    ladder = (np.arange(DRAWS) + rng.random()) / DRAWS * weight.sum()
    chosen = rng.permutation(np.minimum(np.searchsorted(np.cumsum(weight), ladder), DRAWS - 1))
    after = 1 / (1 / prior.sd**2 + 1 / variance)
    mean = after * (prior.mean / prior.sd**2 + estimate[chosen] / variance)
    other = mean + np.sqrt(after) * rng.standard_normal(DRAWS)
    together = {name: drawn[name][chosen] for name in ("noncash", "loss_rate", "collection_lag")}
    return {**drawn, **together}, other, float(min(other.var() / prior.sd**2, 1.0))


def _other_cash(window: Mapping[str, float], drawn: Mapping[str, Array]) -> Array:
    revenue, cost = window["revenue"], window["cost"]
    loss = window["impairment"] if "impairment" in window else drawn["loss_rate"] * revenue
    noncash = window["noncash"] if "noncash" in window else drawn["noncash"] * cost
    receivables = drawn["collection_lag"] / 4 * window["growth"]
    other: Array = (window["flow"] - (revenue - loss - receivables) + cost - noncash) / revenue
    return other


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


def _table(own: Evidence, bank: Mapping[str, Array], shares: Mapping[str, float]) -> pd.DataFrame:
    rows = []
    for name, (unit, definition) in DEFINITIONS.items():
        prior = GOVERNED.get(name, name)
        low, middle, high = np.quantile(bank[name], [0.025, 0.5, 0.975])
        share = 0.0 if name in own.points else shares[prior]
        if name == "revenue":
            share = 0.0
        rows.append((name, middle, low, high, unit, share, "" if name in own.points else prior, _origin(own, name, prior, share), definition))
    return pd.DataFrame(rows, columns=list(TABLE_COLUMNS))


def _origin(own: Evidence, name: str, prior: str, share: float) -> str:
    if name in own.points:
        return own.points[name][1]
    table = read_table("priors").set_index("parameter")
    from_prior = f"prior: {table.loc[prior, 'population']}"
    if prior in REVENUE_PRIORS:
        text = f"revenue of {own.revenue_how}; {from_prior}"
        return text + ("; one period says nothing about growth" if len(own.revenue.log_revenue) == 1 else "")
    if prior == "other_income" and own.cash:
        return f"operating cash flow of {own.cash_how}; {from_prior}"
    if own.readings.get(prior):
        return f"{', '.join(r.how for r in own.readings[prior])}; {from_prior}"
    reason = own.reasons.get(prior, "")
    peers = " and other firms" if prior in RATIOS and share < 1 else ""
    return f"{from_prior}{peers}" + (f" ({reason})" if reason else "")


def _profile(evidence: Sequence[Evidence], posteriors: Sequence[RevenuePosterior]) -> pd.DataFrame:
    frames = [
        pd.DataFrame(
            {
                "firm": one.firm,
                "half_life": np.log(2) / p.kappa,
                "log_evidence": p.log_evidence - p.log_evidence.max(),
                "log_profile": p.log_profile - p.log_profile.max(),
            }
        )
        for one, p in zip(evidence, posteriors, strict=True)
    ]
    return pd.concat(frames, ignore_index=True)
