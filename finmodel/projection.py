"""Deterministic cash under a scenario: a year's cash-flow lines, changed by dated assumptions, month by month.

Formula
-------
The cash flow of a month is a twelfth of (operating cash flow - capital expenditure) of the last twelve months, less gross profit on lost
revenue, less what dearer costs cost, less one-off payments; the runway is the time until liquid funds are used up, with nothing raised.
A change that happened (a calendar day, not ``as_of``) before the twelve months ended is in the figures for the share s of them that it
covered already: a factor m then acts as m / (1 - s + s m), and not at all where s = 1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt

from finmodel.levers import AS_OF, levers
from finmodel.scenarios import Change, Scenario
from finmodel.units import add_months

COSTS = ("cost_of_sales", "research_and_development", "selling", "administrative", "capital_expenditure")
SEGMENTS = ("government_revenue", "foreign_government_revenue", "us_revenue", "commercial_revenue")


@dataclass(frozen=True)
class CashLines:
    """A firm's last twelve months of cash flow and its liquid funds.

    Attributes
    ----------
    firm : str
        The firm.
    lines : mapping of str to float
        operating_cash_flow (signed), capital_expenditure, revenue and costs (positive) of twelve months, in CNY; absent where not
        disclosed.
    start, end : datetime.date
        First and last day of the twelve months.
    liquid : float
        Liquid funds in CNY; NaN where not disclosed.
    liquid_on : datetime.date or None
        Their date: the runway is counted from it.
    """

    firm: str
    lines: Mapping[str, float]
    start: date
    end: date
    liquid: float = math.nan
    liquid_on: date | None = None
    notes: tuple[str, ...] = field(default=())

    def burn(self, with_capex: bool = True) -> float:
        """Return net burn per month, positive when cash is used."""
        capex = self.lines.get("capital_expenditure", 0.0) if with_capex else 0.0
        return (capex - self.lines["operating_cash_flow"]) / 12


@dataclass(frozen=True)
class Projection:
    """Cash flow by month under one scenario.

    Attributes
    ----------
    net_burn : ndarray, shape (months,)
        Cash used in each month, CNY.
    runway : float
        Months from the date of the liquid funds until they are used up; NaN where they are not known, infinite where they outlast the
        horizon.
    missing : tuple of str
        Lines that the scenario changes and the firm does not disclose.
    """

    net_burn: npt.NDArray[np.float64]
    runway: float
    missing: tuple[str, ...]


def project(
    cash: CashLines, scenario: Scenario, as_of: date, shares: Mapping[str, float], months: int = 60, with_capex: bool = True
) -> Projection:
    """Return the monthly burn and the runway of a firm under a scenario.

    Parameters
    ----------
    cash : CashLines
        Its last twelve months.
    scenario : Scenario
        Whose changes of cash-flow and working-capital levers are applied; the others are about funding and do nothing here.
    as_of : datetime.date
        The day on which changes marked ``as_of`` begin.
    shares : mapping of str to float
        Share of revenue by exposure (``government_revenue_share`` ...).
    months : int
        Horizon.
    with_capex : bool
        Whether capital expenditure counts as burn.

    Examples
    --------
    >>> from finmodel.scenarios import read_scenario
    >>> lines = {"operating_cash_flow": -120.0, "capital_expenditure": 0.0, "revenue": 240.0, "cost_of_sales": 120.0}
    >>> cash = CashLines("a", lines, date(2022, 1, 1), date(2022, 12, 31), liquid=100.0, liquid_on=date(2022, 12, 31))
    >>> project(cash, read_scenario("baseline"), date(2022, 12, 31), {}).runway
    10.0
    >>> project(cash, read_scenario("us-market-ban"), date(2022, 12, 31), {"us_revenue_share": 0.5}).runway
    6.666666666666667
    """
    start = cash.liquid_on or cash.end
    middles = [add_months(start, month).toordinal() + 15 for month in range(months)]
    burn = np.full(months, cash.burn(with_capex))
    missing: list[str] = []
    changes = [c for c in scenario.changes if c.family in ("cash_flow", "working_capital")]
    lost, costs = _factors(cash, changes, as_of, shares, middles)
    revenue = _line(cash, "revenue", missing) / 12 if lost.any() else 0.0
    margin = _gross_margin(cash)
    burn += revenue * lost * margin
    for name, factor in costs.items():
        if (factor != 1).any() and (with_capex or name != "capital_expenditure"):
            burn += _line(cash, name, missing) / 12 * (factor - 1)
    burn += _one_offs(cash, changes, as_of, shares, middles, missing)
    return Projection(burn, _runway(cash.liquid, burn), tuple(dict.fromkeys(missing)))


def in_figures(change: Change, cash: CashLines, as_of: date) -> float:
    """Return the share of the twelve months that a change had already touched; 0 for one that is only supposed."""
    if change.start in (AS_OF, ""):
        return 0.0
    begin = max(change.begins(as_of), cash.start)
    end = min(date.fromisoformat(change.end), cash.end) if change.end else cash.end
    return max(0.0, (end - begin).days + 1) / ((cash.end - cash.start).days + 1)


def _factor(change: Change, cash: CashLines, as_of: date, middles: list[int]) -> npt.NDArray[np.float64]:
    """Return the factor by month, relative to the figures."""
    covered, amount = in_figures(change, cash, as_of), change.amount
    held = np.array([change.holds(date.fromordinal(day), as_of) for day in middles])
    if covered >= 1:
        return np.ones(len(middles))
    base = 1 - covered + covered * amount
    return np.where(held, amount / base, 1.0)


def _factors(
    cash: CashLines, changes: list[Change], as_of: date, shares: Mapping[str, float], middles: list[int]
) -> tuple[npt.NDArray[np.float64], dict[str, npt.NDArray[np.float64]]]:
    """Return the share of revenue lost by month (at most all of it), and the factor of each cost line."""
    kept = {name: np.ones(len(middles)) for name in ("revenue", *SEGMENTS)}
    costs = {name: np.ones(len(middles)) for name in COSTS}
    for change in changes:
        if change.lever in kept:
            kept[change.lever] *= _factor(change, cash, as_of, middles)
        elif change.lever in costs:
            costs[change.lever] *= _factor(change, cash, as_of, middles)
    segment_loss = np.zeros(len(middles))
    for name in SEGMENTS:
        if (kept[name] != 1).any():
            segment_loss += shares[str(levers().loc[name, "applies_to"])] * (1 - kept[name])
    return 1 - kept["revenue"] * (1 - np.minimum(segment_loss, 1.0)), costs


def _one_offs(
    cash: CashLines, changes: list[Change], as_of: date, shares: Mapping[str, float], middles: list[int], missing: list[str]
) -> npt.NDArray[np.float64]:
    """Return one-off payments in the month in which they fall: revenue collected later, severance."""
    paid = np.zeros(len(middles))
    for change in changes:
        if change.family != "working_capital":
            continue
        begins = change.begins(as_of).toordinal()
        month = next((k for k, day in enumerate(middles) if day >= begins), None)
        if month is None:
            continue
        if change.lever == "collection_lag":
            covered = in_figures(change, cash, as_of)
            share = shares[change.applies_to[0]] if change.applies_to else 1.0
            paid[month] += change.amount * (1 - covered) * share * _line(cash, "revenue", missing) / 12
        else:
            paid[month] += change.amount * _saved(cash, changes, change.restriction)
    return paid


def _saved(cash: CashLines, changes: list[Change], restriction: str) -> float:
    """Return the monthly cost that one scenario's own cuts save."""
    cuts = [c for c in changes if c.restriction == restriction and c.lever in COSTS[1:4] and c.amount < 1]
    return sum(cash.lines.get(c.lever, 0.0) / 12 * (1 - c.amount) for c in cuts)


def _line(cash: CashLines, name: str, missing: list[str]) -> float:
    if name not in cash.lines:
        missing.append(name)
    return cash.lines.get(name, 0.0)


def _gross_margin(cash: CashLines) -> float:
    """Return gross margin, never below 0 (losing revenue frees no cash), and 1 where cost of sales is not disclosed."""
    if "cost_of_sales" not in cash.lines or not cash.lines.get("revenue"):
        return 1.0
    return max(0.0, 1 - cash.lines["cost_of_sales"] / cash.lines["revenue"])


def _runway(liquid: float, burn: npt.NDArray[np.float64]) -> float:
    if math.isnan(liquid):
        return math.nan
    left = liquid - np.cumsum(burn)
    gone = np.flatnonzero(left <= 0)
    if not len(gone):
        return math.inf
    month = int(gone[0])
    before = left[month - 1] if month else liquid
    return month + float(before / burn[month])
