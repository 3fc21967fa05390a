"""Parameters of the cash model for one firm, each with its interval, its origin and the share of its precision that is prior."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd

from finmodel.errors import DataError, unknown
from finmodel.estimate.evidence import BLOCKS, RATIOS, Book, Evidence, evidence_of, facts_of
from finmodel.estimate.priors import Array, Prior, populations, shipped_priors
from finmodel.estimate.revenue import REVENUE_PRIORS
from finmodel.estimate.update import DRAWS, Posterior, update
from finmodel.liquidity import Fund, age_in_months, liquid_funds
from finmodel.ratios.compute import facts_used
from finmodel.statements import Statements

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
    "cash_volatility": ("share of quarterly revenue", "sd of a quarter's operating cash flow that revenue does not explain"),
    "market_loading": ("correlation", "loading of revenue shocks on the factor common to all firms"),
    "first_half_revenue": ("share", "revenue falling in January to June of the latest year"),
    "first_half_collections": ("share", "collections falling in January to June"),
    "collection_lag": ("quarters", "trade receivables after provisions over average quarterly revenue"),
    "loss_rate": ("share", "revenue that is never collected (impairment of receivables over revenue)"),
    "receivables": ("currency", "trade receivables after provisions at the start, as printed, else collection lag x revenue"),
    **{block: ("currency per quarter", f"{block.replace('_', ' ')} of the latest twelve months, carried to the start") for block in BLOCKS},
    **{f"{block}_noncash": ("share", "never paid: depreciation and share-based payment over total cost, one for all blocks")
       for block in BLOCKS},
    **{f"{block}_drift": ("log per year", "growth of the cost at unchanged revenue") for block in BLOCKS},
    **{f"{block}_up": ("elasticity", "response of the cost to rising revenue") for block in BLOCKS},
    **{f"{block}_down": ("elasticity", "response of the cost to falling revenue") for block in BLOCKS},
    "capex_share": ("share of revenue", "capital expenditure that moves with revenue"),
    "capex_fixed": ("currency per quarter", "capital expenditure that does not"),
    "other_income": ("currency per quarter", "other operating cash (grants, interest received, payables, taxes), signed: reported "
                     "operating cash flow less revenue collected plus cash cost"),
    "debt_service": ("currency per quarter", "finance cost of the last twelve months / 4"),
    "liquid_funds": ("currency", "liquid funds as printed, brought to the start at the model's burn where they are of another day"),
}  # fmt: skip
"""Unit and definition of every parameter, in the order of the table."""
GOVERNED = {
    "revenue": "growth", "receivables": "collection_lag", "capex_share": "capital_expenditure", "capex_fixed": "capital_expenditure",
    **{f"{block}_noncash": "noncash" for block in BLOCKS},
}  # fmt: skip
"""Prior behind a parameter where it has another name."""


@dataclass(frozen=True, eq=False)
class Parameters:
    """Parameters of the cash model for one firm, with what each rests on.

    Attributes
    ----------
    firm : str
    start : datetime.date
        Time zero of the model, a quarter's end: the end of the last reported period, or the last quarter's end by the day of the liquid
        funds where that is later. Liquid funds of another day are brought to it at the model's own burn.
    table : pandas.DataFrame
        Columns parameter, value (posterior median), low, high (95 % interval), unit, prior_share (of the posterior's precision on the
        scale on which the prior is normal; 1 where the firm's accounts say nothing), prior (its name in ``priors.csv``), origin,
        definition.
    facts : pandas.DataFrame
        Facts read; the column quantity names the parameter.
    assumptions : tuple of str
    profile : pandas.DataFrame
        Columns firm, half_life (years), log_evidence (all else integrated out), log_profile (all else at its best), each less
        its maximum.
    liquid_funds_on : datetime.date or None
        Day of the liquid funds; None where none are disclosed.
    stale_months : int or None
        Full months from that day to the day of the statements.
    currency : str
        Of the accounts, and of every amount here.
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
    currency: str
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
        chosen = rng.permutation(DRAWS)[:n] if n <= DRAWS else rng.integers(0, DRAWS, n)
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
        priors = {**self.priors, name: self.priors[name].scaled(scale)}
        posterior = update(self.evidence, priors)
        table, profile = _table(self.evidence[0], posterior), _profile(self.evidence, posterior)
        return replace(self, table=table, profile=profile, bank=posterior.bank, priors=priors)

    def sources(self, parameter: str | None = None) -> pd.DataFrame:
        """Return the facts read, with document, page and publication day; only those of one parameter if it is named."""
        facts = self.facts if parameter is None else self.facts[self.facts["quantity"] == GOVERNED.get(parameter, parameter)]
        return facts.reset_index(drop=True)


def estimate_parameters(statements: Statements, firm: str) -> Parameters:
    """Estimate the cash model's parameters for one firm from what had been published by the day of `statements`.

    Parameters
    ----------
    statements : Statements
        The other firms in it share the speed of mean reversion and inform the level of ratios.
    firm : str

    Returns
    -------
    estimated : Parameters
        Joint draws, and a table of values with their origin and the prior's share.

    Raises
    ------
    DataError
        If no half or year of revenue is known, or one is zero or negative.
    LookupError
        If the firm has no facts.

    Notes
    -----
    See :func:`finmodel.estimate.revenue.revenue_posterior`, :func:`finmodel.estimate.pooling.level_now` and
    :func:`finmodel.estimate.pooling.shrunken` for the three models. The panels behind the priors
    are listed firms, larger and mostly profitable: another population.

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
    book = Book(statements, firm)
    fund = funds[0] if funds else None
    start = max(book.last_end, _quarter_end(fund.day)) if fund else book.last_end
    evidence = [evidence_of(book, start)]
    for peer in statements.firms:
        if peer != firm:
            try:
                other = Book(statements, peer)
                evidence.append(evidence_of(other, other.last_end))
            except (DataError, LookupError):
                continue  # a firm without usable revenue tells nothing about the others
    stale = age_in_months(fund.day, statements.day) if fund else None
    evidence[0] = _with_funds(evidence[0], fund, statements.day)
    posterior = update(evidence, shipped_priors())
    used = [(firm, how, name, "", one) for name, how, ids in facts_of(evidence[0]) for one in ids]
    return Parameters(
        firm=firm,
        start=start,
        table=_table(evidence[0], posterior),
        facts=facts_used(statements, used),
        assumptions=(
            f"Parameters as known on {statements.day}, for a model that starts at {start}; other firms read: "
            f"{', '.join(e.firm for e in evidence[1:]) or 'none'}.",
            "Priors come from panels of listed A-share and US firms and two papers (priors.csv):"
            " another population, larger and mostly profitable.",
            "Cost of sales follows the half-years of revenue, other cost is even through the year;"
            " only levels of cost are learnt from the firm.",
            "Volatility of revenue was constant over the observed past;"
            " depreciation and share-based payment fall evenly on the blocks of cost.",
        ),
        profile=_profile(evidence, posterior),
        liquid_funds_on=fund.day if fund else None,
        stale_months=stale,
        currency=book.currency,
        priors=shipped_priors(),
        evidence=tuple(evidence),
        bank=posterior.bank,
    )


def _quarter_end(day: date) -> date:
    """Return the last quarter's end that is not after a day."""
    following = day + timedelta(days=1)
    return date(following.year, following.month - (following.month - 1) % 3, 1) - timedelta(days=1)


def _with_funds(own: Evidence, fund: Fund | None, day: date) -> Evidence:
    """Return the evidence with liquid funds, and how far from the start they were reported."""
    if fund is None:
        point: tuple[float, str, tuple[str, ...]] = (float("nan"), "no definition of liquid funds is disclosed", ())
        return replace(own, points={**own.points, "liquid_funds": point})
    moved = "" if fund.day == own.start else f"; brought to {own.start} at the model's burn"
    origin = f"{fund.definition}{fund.marks} at {fund.day}, {age_in_months(fund.day, day)} months before {day}{moved}"
    points = {**own.points, "liquid_funds": (fund.value, origin, fund.fact_ids)}
    return replace(own, points=points, funds_age=(own.start - fund.day).days / 365.25)


def _table(own: Evidence, posterior: Posterior) -> pd.DataFrame:
    rows = []
    for name, (unit, definition) in DEFINITIONS.items():
        prior = "" if name in own.points else GOVERNED.get(name, name)
        low, middle, high = np.quantile(posterior.bank[name], [0.025, 0.5, 0.975])
        share = posterior.prior_shares[prior] if prior and name != "revenue" else 0.0  # the prior of the level of revenue is flat
        rows.append((name, middle, low, high, unit, share, prior, _origin(own, name, prior, share), definition))
    return pd.DataFrame(rows, columns=list(TABLE_COLUMNS))


def _origin(own: Evidence, name: str, prior: str, share: float) -> str:
    if name in own.points:
        return own.points[name][1]
    from_prior = f"prior: {populations()[prior]}"
    if prior in REVENUE_PRIORS:
        text = f"revenue of {own.revenue_how}; {from_prior}"
        return text + ("; one period says nothing about growth" if len(own.revenue.log_revenue) == 1 else "")
    if prior in ("other_income", "cash_volatility") and own.cash:
        return f"operating cash flow of {own.cash_how}; {from_prior}"
    if own.readings.get(prior):
        return f"{', '.join(r.how for r in own.readings[prior])}; {from_prior}"
    reason = own.reasons.get(prior, "")
    peers = " and other firms" if prior in RATIOS and share < 1 else ""
    return f"{from_prior}{peers}" + (f" ({reason})" if reason else "")


def _profile(evidence: Sequence[Evidence], posterior: Posterior) -> pd.DataFrame:
    frames = [
        pd.DataFrame(
            {
                "firm": one.firm,
                "half_life": np.log(2) / p.kappa,
                "log_evidence": p.log_evidence - p.log_evidence.max(),
                "log_profile": p.log_profile - p.log_profile.max(),
            }
        )
        for one, p in zip(evidence, posterior.on_kappa, strict=True)
    ]
    return pd.concat(frames, ignore_index=True)
