"""What one firm's accounts say about the cash model, as numbers: disjoint revenues, twelve-month ratios, twelve-month cash flows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from finmodel.data import rows
from finmodel.errors import DataError, fault
from finmodel.estimate.priors import shipped_priors
from finmodel.estimate.revenue import RevenueData
from finmodel.liquidity import amounts, twelve_months
from finmodel.statements import Statements
from finmodel.units import Period, add_months, millions, parse_date

BLOCKS = ("cost_of_sales", "research_and_development", "selling", "administrative")
RATIOS = (*BLOCKS, "capital_expenditure", "noncash", "collection_lag", "loss_rate")
"""Levels read from twelve-month ratios; each is the name of its prior."""
STANDS_FOR = {
    "capital_expenditure": ("capex_share", "capex_fixed"),
    "noncash": tuple(f"{block}_noncash" for block in BLOCKS),
    "collection_lag": ("collection_lag", "receivables"),
}
"""Parameters that a ratio gives, where they have other names."""
QUARTER_STARTS = ("01-01", "04-01", "07-01", "10-01")
UNDERLYING = ("profit_excluding_nonrecurring", "net_loss_before_preferred_fair_value")
"""Results from which selling and administrative cost is inferred where the lines are not disclosed (revenue - result - known lines)."""


@dataclass(frozen=True, eq=False)
class Reading:
    """One twelve-month ratio: its value, its denominator, the end of the window, how it was made, and the facts."""

    end: date
    value: float
    base: float
    how: str
    fact_ids: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class CashWindow:
    """Operating cash flow of twelve months, with what is disclosed of its making; None where a line is not.

    Attributes
    ----------
    end : datetime.date
    flow, revenue, growth : float
        Operating cash flow, revenue, and its increase over the twelve months before.
    cost : float
        Sum of the cost blocks that are disclosed.
    missing : tuple of str
        Cost blocks that are not.
    impairment, noncash : float or None
    """

    end: date
    flow: float
    revenue: float
    growth: float
    cost: float
    missing: tuple[str, ...] = ()
    impairment: float | None = None
    noncash: float | None = None


@dataclass(frozen=True, eq=False)
class Evidence:
    """What one firm's accounts say, as numbers: input of the update.

    `burns` says what was burnt over twelve months and `burnt` is the latest amount with capital expenditure. `nil` names the ratios
    whose latest twelve months are printed as nothing; `funds_age` is the time from the day of the liquid funds to the start, in years
    (negative where the funds are of a later day within the quarter).
    """

    firm: str
    start: date
    revenue: RevenueData
    readings: Mapping[str, tuple[Reading, ...]]
    cash: tuple[CashWindow, ...] = ()
    points: Mapping[str, tuple[float, str, tuple[str, ...]]] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    revenue_facts: tuple[str, ...] = ()
    revenue_how: str = ""
    cash_facts: tuple[str, ...] = ()
    cash_how: str = ""
    burns: tuple[str, ...] = ()
    burnt: float = float("nan")
    nil: frozenset[str] = frozenset()
    funds_age: float = 0.0

    @property
    def trailing(self) -> float | None:
        """Revenue of the four quarters up to the start; None where the printed periods do not make them up."""
        data = self.revenue
        first = len(data.second_half) - 4
        inside = [(a, b, v) for a, b, v in zip(data.first, data.last, data.log_revenue, strict=True) if a >= first]
        return float(np.exp([v for *_, v in inside]).sum()) if sum(b - a + 1 for a, b, _ in inside) == 4 else None


class Book:
    """One firm's flows of one accounting basis, by period and line item."""

    def __init__(self, statements: Statements, firm: str) -> None:
        lines = statements.lines(firm)
        revenue = lines[
            (lines["line_item"] == "revenue") & lines["months"].isin([6, 12]) & lines["period_start"].str[5:].isin(QUARTER_STARTS)
        ]
        if revenue.empty:
            what = "no revenue of a half or a full year that begins with a quarter"
            raise DataError([fault(f"statements of {firm}", what, "at least one", "add the fact or leave the firm out")])
        bad = revenue[~(revenue["value"] > 0)]
        if len(bad):
            raise DataError(
                [
                    fault(
                        f"revenue of {firm}, {r['period']} ({r['fact_id']})",
                        f"{r['value']:,.0f}",
                        "a positive amount",
                        "growth of nothing is not defined: leave the period out",
                    )
                    for r in rows(bad)
                ]
            )
        order = revenue.groupby("basis")["period_end"].agg(["max", "count"]).sort_values(["max", "count"])
        self.firm, self.basis = firm, str(order.index[-1])
        self.currency = currency = str(revenue.loc[revenue["basis"] == self.basis, "currency"].mode()[0])
        mine = lines[(lines["basis"] == self.basis) & (lines["currency"] == currency)]
        self.flows = amounts(mine[mine["months"] > 0])
        chosen = revenue[(revenue["basis"] == self.basis) & (revenue["currency"] == currency)]
        self.revenue = {period: line for (period, _), line in amounts(chosen).items()}
        self.instants = {(parse_date(r["period_end"]), r["line_item"]): r for r in rows(mine[mine["months"] == 0])}
        self.left_out = [b or "no named basis" for b in sorted(set(revenue["basis"]) - {self.basis})]

    @property
    def last_end(self) -> date:
        """Last day of the latest half or year of revenue."""
        return max(period.end for period in self.revenue)

    def year(self, item: str, end: date) -> tuple[str, float, str, tuple[str, ...]] | None:
        """Return twelve months of an item up to a day: how added up, value, marks, facts; None where they are not known."""
        found = twelve_months(self.flows, end, item)
        return found and (found[0], found[1], "".join(dict.fromkeys(found[2])), found[3])


def evidence_of(book: Book, start: date) -> Evidence:
    """Return what a firm's accounts say, for a model that starts on `start`."""
    revenue, how, ids = _revenue_data(book, start)
    disclosed = {name: list(_disclosed(book, name)) for name in RATIOS}
    readings = {name: _not_overlapping(_usable(name, found)) for name, found in disclosed.items()}
    reasons = {name: _unused(disclosed[name]) for name, found in readings.items() if not found}
    nil = {name: found[0] for name, found in disclosed.items() if found and found[0].value == 0}
    cash, cash_how, cash_ids = _cash_flows(book)
    if not cash:
        reasons["other_income"] = "operating cash flow and the revenue of two years are not known for any twelve months"
    points: dict[str, tuple[float, str, tuple[str, ...]]] = {}
    if (owed := _receivables(book, start)) is not None:
        points["receivables"] = (owed[0], f"{owed[1].strip()} at {start}", owed[2])
    interest = next((x for end in _ends(book, "finance_cost") if (x := book.year("finance_cost", end))), None)
    for name, reading in nil.items():
        points |= dict.fromkeys(STANDS_FOR.get(name, (name,)), (0.0, f"printed as nil: {reading.how}", reading.fact_ids))
    points["debt_service"] = (
        (interest[1] / 4, f"finance cost of {interest[0]}{interest[2]}; repayments belong to a scenario", interest[3])
        if interest
        else (0.0, "finance cost is not disclosed: none assumed", ())
    )
    burns, burnt = _burns(book)
    return Evidence(book.firm, start, revenue, readings, cash, points, reasons, ids, how, cash_ids, cash_how, burns, burnt, frozenset(nil))


def _revenue_data(book: Book, start: date) -> tuple[RevenueData, str, tuple[str, ...]]:
    """Disjoint halves and years of revenue on a line of quarters that ends at `start`."""
    chosen: list[Period] = []
    for period in sorted(book.revenue, key=lambda p: (p.months, p.end)):  # halves first (statements derive the second ones), then years
        if not any(p.start <= period.end and period.start <= p.end for p in chosen if p.start and period.start):
            chosen.append(period)
    chosen.sort()
    first = min(p.start for p in chosen if p.start)
    count = _quarter(start) - _quarter(first) + 1
    months = [add_months(first, 3 * q).month for q in range(count)]
    data = RevenueData(
        tuple(float(np.log(book.revenue[p].value)) for p in chosen),
        tuple(_quarter(p.start) - _quarter(first) for p in chosen if p.start),
        tuple(_quarter(p.end) - _quarter(first) for p in chosen),
        tuple(m > 6 for m in months),
    )
    how = ", ".join(f"{p}{book.revenue[p].mark}" for p in chosen)
    if book.left_out:
        how += f" ({book.basis or 'no basis named'}; figures by {', '.join(book.left_out)} are not comparable and left out)"
    return data, how, tuple(book.revenue[p].fact_id for p in chosen)


def _quarter(day: date) -> int:
    return day.year * 4 + (day.month - 1) // 3


def _ends(book: Book, item: str) -> list[date]:
    """Return the ends of the periods for which an item is known, the newest first."""
    return sorted({p.end for p, name in book.flows if name == item}, reverse=True)


def _not_overlapping(readings: Sequence[Reading]) -> tuple[Reading, ...]:
    kept: list[Reading] = []
    for reading in sorted(readings, key=lambda r: r.end, reverse=True):
        if not kept or reading.end <= _year_before(kept[-1].end):
            kept.append(reading)
    return tuple(kept)


def _disclosed(book: Book, name: str) -> Iterator[Reading]:
    """Yield every twelve-month ratio that can be made for one level, the newest first."""
    for end in _ends(book, "revenue"):
        revenue = book.year("revenue", end)
        top = _numerator(book, name, end)
        if revenue is None or top is None:
            continue
        bottom = top[3] if name == "noncash" else revenue[1]
        value = top[0] / bottom * (4 if name == "collection_lag" else 1)
        yield Reading(end, value, revenue[1], f"{revenue[0]}{top[1]}", (*top[2], *revenue[3]))


def _usable(name: str, found: Sequence[Reading]) -> list[Reading]:
    """Return the readings within the range of the ratio; receivables of a year's end where there are any, for they swing within it."""
    inside = [r for r in found if r.value > 0 and (r.value < 1 or name not in ("noncash", "loss_rate"))]
    year_ends = [r for r in inside if r.end.month == 12]
    return year_ends if name == "collection_lag" and year_ends else inside


def _unused(found: Sequence[Reading]) -> str:
    """Say why no twelve months of a ratio are used."""
    if not found:
        return "no twelve months of it are disclosed"
    return f"{found[0].how} gives {found[0].value:.3g}, out of the range of the ratio"


def _numerator(book: Book, name: str, end: date) -> tuple[float, str, tuple[str, ...], float] | None:
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
        owed = _receivables(book, end)
        return None if owed is None else (*owed, float("nan"))
    cost, noncash = _total_cost(book, end), _noncash(book, end)
    return None if cost is None or noncash is None else (noncash[0], noncash[1], (*noncash[2], *cost[2]), cost[0])


def _receivables(book: Book, day: date) -> tuple[float, str, tuple[str, ...]] | None:
    """Trade receivables that are expected to be paid: net of provisions; gross ones (an upper bound) where only they are disclosed."""
    for item, remark in (("trade_receivables", ""), ("trade_receivables_gross", " (before provisions: an upper bound)")):
        if (fact := book.instants.get((day, item))) is not None:
            return fact["value"], f" {item.replace('_', ' ')}{fact['mark']}{remark}", (fact["fact_id"],)
    return None


def _noncash(book: Book, end: date) -> tuple[float, str, tuple[str, ...]] | None:
    parts = {item: book.year(item, end) for item in ("depreciation_and_amortisation", "share_based_payment")}
    if (depreciation := parts["depreciation_and_amortisation"]) is None:
        return None
    if (payment := parts["share_based_payment"]) is None:
        return depreciation[1], f"{depreciation[2]} (depreciation only: share-based payment is not disclosed)", depreciation[3]
    return depreciation[1] + payment[1], depreciation[2] + payment[2], depreciation[3] + payment[3]


def _block(book: Book, name: str, end: date) -> tuple[float, str, tuple[str, ...]] | None:
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


def _selling_and_administrative(book: Book, end: date) -> tuple[float, str, tuple[str, ...]] | None:
    if (line := book.year("selling_and_administrative", end)) is not None:
        return line[1], line[2], line[3]
    known = [book.year(item, end) for item in ("revenue", "cost_of_sales", "research_and_development")]
    impairment = book.year("impairment_of_financial_assets", end)
    for item in UNDERLYING:
        result = book.year(item, end)
        if result is not None and all(known):
            revenue, cost, research = (x for x in known if x is not None)
            value = revenue[1] - result[1] - cost[1] - research[1] - (impairment[1] if impairment else 0.0)
            less = "known cost and impairment" if impairment else "known cost"
            ids = (*result[3], *revenue[3], *cost[3], *research[3], *(impairment[3] if impairment else ()))
            return (value, f"† (revenue less {item.replace('_', ' ')} less {less}: an upper bound)", ids) if value > 0 else None
    return None


def _total_cost(book: Book, end: date) -> tuple[float, str, tuple[str, ...]] | None:
    parts = [_block(book, "cost_of_sales", end), _block(book, "research_and_development", end)]
    apart = [_block(book, "selling", end), _block(book, "administrative", end)]
    parts += apart
    if any(part is None for part in parts):
        return None
    found = [part for part in parts if part is not None]
    return sum(p[0] for p in found), "", tuple(i for p in found for i in p[2])


def _cash_flows(book: Book) -> tuple[tuple[CashWindow, ...], str, tuple[str, ...]]:
    """Disjoint windows of twelve months with operating cash flow and the revenue of two years, the newest first."""
    windows: list[CashWindow] = []
    labels, ids = [], []
    for end in _ends(book, "operating_cash_flow"):
        if windows and end > _year_before(windows[-1].end):
            continue
        flow, revenue, previous = (book.year(*x) for x in (("operating_cash_flow", end), ("revenue", end), ("revenue", _year_before(end))))
        if flow is None or revenue is None or previous is None:
            continue
        blocks = {name: found for name in BLOCKS if (found := _block(book, name, end)) is not None}
        impairment, noncash = book.year("impairment_of_financial_assets", end), _noncash(book, end)
        windows.append(
            CashWindow(
                end, flow[1], revenue[1], revenue[1] - previous[1], sum(b[0] for b in blocks.values()),
                tuple(name for name in BLOCKS if name not in blocks),
                None if impairment is None else float(impairment[1]), None if noncash is None else float(noncash[0]),
            )
        )  # fmt: skip
        labels.append(f"{flow[0]}{flow[2]}")
        ids += [*flow[3], *revenue[3], *(i for b in blocks.values() for i in b[2])]
    return tuple(windows), ", ".join(labels), tuple(dict.fromkeys(ids))


def _burns(book: Book) -> tuple[tuple[str, ...], float]:
    """Say what was burnt over the latest twelve months, and over the latest for which capital expenditure is known too; that amount."""
    said: list[str] = []
    for end in _ends(book, "operating_cash_flow"):
        flow, capex = book.year("operating_cash_flow", end), book.year("capital_expenditure", end)
        if flow is not None and capex is not None:
            return (*said, f"{millions(capex[1] - flow[1])} m with capital expenditure over {flow[0]}{flow[2]}"), capex[1] - flow[1]
        if flow is not None and not said:
            said.append(f"{millions(-flow[1])} m before capital expenditure over {flow[0]}{flow[2]}")
    return tuple(said), float("nan")


def _year_before(day: date) -> date:
    return add_months(day + timedelta(days=1), -12) - timedelta(days=1)


def facts_of(evidence: Evidence) -> list[tuple[str, str, tuple[str, ...]]]:
    """Name of the prior or parameter, how it was read, and the facts."""
    process = ("growth", "long_run_growth", "mean_reversion", "growth_volatility", "revenue_volatility", "first_half_revenue")
    out = [(name, evidence.revenue_how, evidence.revenue_facts) for name in process]
    out += [(name, r.how, r.fact_ids) for name, found in evidence.readings.items() for r in found]
    out += [(name, how, ids) for name, (_, how, ids) in evidence.points.items()]
    return [*out, *((name, evidence.cash_how, evidence.cash_facts) for name in ("other_income", "cash_volatility"))]
