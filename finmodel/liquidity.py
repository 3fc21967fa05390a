"""Liquid funds and burn as they are read from a firm's accounts: by definition and day, and over twelve months.

Nothing is annualised and nothing is mixed: a first half never stands for a year, and definitions, accounting bases and currencies stay
apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from finmodel.data import rows as as_rows
from finmodel.ratios.compute import Line
from finmodel.statements import Statements
from finmodel.units import Period, add_months, parse_date

LIQUID_FUNDS: dict[str, tuple[str, ...]] = {
    "total cash reserve": ("total_cash_reserve",),
    "cash and short-term investments": ("cash_and_short_term_investments",),
    "cash and term deposits": ("cash_and_cash_equivalents", "term_deposits"),
    "cash and bank balances": ("cash_and_bank_balances",),
    "cash and cash equivalents": ("cash_and_cash_equivalents",),
}
"""Definitions of liquid funds, the widest first: each is a sum of line items as printed, and they are never mixed in one series."""
CAPITAL_EXPENDITURE = ("capital_expenditure", "capex_ppe")
STALE_AFTER_MONTHS = 12


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a figure was read from: its marks and facts, its accounts, and why these where two accounting bases meet."""

    marks: str
    fact_ids: tuple[str, ...]
    basis: str
    published_on: str
    choice: str = ""


@dataclass(frozen=True)
class Flow(Reading):
    """Cash burned over twelve months: the window, the parts it was added up from, and the monthly amount."""

    window: str
    end: date
    months: int
    operating: float
    capital: float
    capital_item: str

    def burn(self, with_capital: bool) -> float:
        """Net burn per month: -(operating cash flow) plus, if wanted, capital expenditure; NaN where a part is not known."""
        return (-self.operating + (self.capital if with_capital else 0.0)) / self.months


@dataclass(frozen=True)
class Fund(Reading):
    """Liquid funds on a day by one definition."""

    definition: str
    day: date
    value: float
    vintage: str


def liquid_funds(statements: Statements, firm: str) -> list[Fund]:
    """Return every reading of a firm's liquid funds in its main currency, per definition and balance date, the newest date first.

    Where two accounting bases give the same funds, the latest filing comes first.
    """
    lines = in_main_currency(statements, firm)
    instants = lines[lines["months"] == 0]
    found = []
    for name, items in LIQUID_FUNDS.items():
        for (day, basis), group in instants[instants["line_item"].isin(items)].groupby(["period_end", "basis"]):
            if len(group) == len(items):
                fund = Fund(
                    name,
                    parse_date(str(day)),
                    float(group["value"].sum()),
                    " + ".join(dict.fromkeys(group["vintage"])),
                    marks=each_mark("".join(group["mark"])),
                    fact_ids=tuple(group["fact_id"]),
                    basis=str(basis),
                    published_on=str(group["published_on"].max()),
                )
                found.append(fund)
    found.sort(key=lambda f: f.published_on, reverse=True)
    order = list(LIQUID_FUNDS)
    found.sort(key=lambda f: (-f.day.toordinal(), order.index(f.definition)))
    return [replace(f, choice=_choice(f, [o for o in found if (o.day, o.definition) == (f.day, f.definition)])) for f in found]


def yearly_flows(statements: Statements, firm: str) -> list[Flow]:
    """Return the twelve-month windows over which operating cash flow is known in the firm's main currency, the newest first.

    A window is a reported year or twelve months, two consecutive halves, or a year plus a half less the same half a year earlier. Where
    two accounting bases have windows that end on the same day, the latest filing comes first; of two published on the same day, the one
    that gives capital expenditure.
    """
    lines = in_main_currency(statements, firm)
    flows = lines[(lines["months"] > 0) & lines["line_item"].isin(["operating_cash_flow", *CAPITAL_EXPENDITURE])]
    found = []
    for basis, mine in flows.groupby("basis"):
        book = amounts(mine)
        ends = sorted({p.end for p, item in book if item == "operating_cash_flow"}, reverse=True)
        found += [flow for end in ends if (flow := _yearly_flow(book, end, str(basis))) is not None]
    found.sort(key=lambda f: (f.end, f.published_on, not np.isnan(f.capital)), reverse=True)
    return [replace(f, choice=_choice(f, [o for o in found if o.end == f.end])) for f in found]


def last_with_capital(flows: Sequence[Flow]) -> Flow | None:
    """Return the newest twelve months that give capital expenditure; None where none does."""
    return next((flow for flow in flows if not np.isnan(flow.capital)), None)


def _yearly_flow(book: Mapping[tuple[Period, str], Line], end: date, basis: str) -> Flow | None:
    operating = twelve_months(book, end, "operating_cash_flow")
    if operating is None:
        return None
    window, value, marks, ids = operating
    published = max(line.published_on for line in book.values() if line.fact_id in ids)
    capital, item = None, ""
    for item in CAPITAL_EXPENDITURE:
        capital = twelve_months(book, end, item)
        if capital is not None:
            break
    if capital is not None:
        marks, ids = marks + capital[2], ids + capital[3]
    amount, item = (capital[1], item) if capital else (float("nan"), "")
    return Flow(window, end, 12, value, amount, item, marks=each_mark(marks), fact_ids=ids, basis=basis, published_on=published)


def each_mark(of: str) -> str:
    """Return each mark once."""
    return "".join(m for m in "†~" if m in of)


def _choice(taken: Flow | Fund, of: Sequence[Flow | Fund]) -> str:
    """Say which accounts were taken where two bases meet; nothing where there is one."""
    others = [f"{o.basis or 'unnamed'} (published {o.published_on})" for o in of if o.basis != taken.basis]
    if not others:
        return ""
    return f"basis: {taken.basis or 'unnamed'} (published {taken.published_on}) before {' and '.join(others)}, the latest filing first"


def amounts(lines: pd.DataFrame) -> dict[tuple[Period, str], Line]:
    """Return flows by period and line item."""
    out = {}
    for row in as_rows(lines):
        period = Period(parse_date(row["period_end"]), parse_date(row["period_start"]))
        out[period, row["line_item"]] = Line(*(row[c] for c in Line._fields))
    return out


def twelve_months(book: Mapping[tuple[Period, str], Line], end: date, item: str) -> tuple[str, float, str, tuple[str, ...]] | None:
    """Return the sum of `item` over the twelve months to `end` as (how, value, marks, fact ids), or None where it cannot be added up."""
    mine = {p: line for (p, name), line in book.items() if name == item and p.start is not None}
    start = add_months(end + pd.Timedelta(days=1).to_pytimedelta(), -12)
    if Period(end, start) in mine:
        line = mine[Period(end, start)]
        return Period(end, start).label, line.value, line.mark, (line.fact_id,)
    for last in (p for p in mine if p.end == end and p.start and p.start > start):
        first = [p for p in mine if p.start == start and last.start and (last.start - p.end).days == 1]
        if first:
            parts = (mine[first[0]], mine[last])
            return f"{first[0]} + {last}", sum(x.value for x in parts), parts[0].mark + parts[1].mark, tuple(x.fact_id for x in parts)
        before = last.year_earlier()
        full = [p for p in mine if p.months == 12 and last.start and (last.start - p.end).days == 1]
        if full and before in mine:
            a, b, c = mine[full[0]], mine[last], mine[before]
            return (
                f"{full[0]} + {last} - {before}",
                a.value + b.value - c.value,
                a.mark + b.mark + c.mark,
                (a.fact_id, b.fact_id, c.fact_id),
            )
    return None


def age_in_months(day: date, on: date) -> int:
    """Return the full months from `day` to `on`."""
    months = (on.year - day.year) * 12 + on.month - day.month
    return months - (1 if add_months(day, months) > on else 0)


def is_stale(day: date, on: date) -> bool:
    """Tell whether figures of `day` are more than twelve months old on `on`."""
    return add_months(day, STALE_AFTER_MONTHS) < on


def in_main_currency(statements: Statements, firm: str) -> pd.DataFrame:
    """Return the firm's lines in the currency of most of its facts: amounts in another one are never put beside them."""
    lines = statements.lines(firm)
    return lines[lines["currency"].eq(main_currency(statements, firm))]


def main_currency(statements: Statements, firm: str) -> str:
    """Return the currency of most of a firm's facts; blank where none has one."""
    used = statements.facts.loc[statements.facts["firm"].eq(firm) & statements.facts["currency"].ne(""), "currency"]
    return str(used.mode().iloc[0]) if len(used) else ""
