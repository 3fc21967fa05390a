"""What only the whole statement tells: the sole line of revenue, totals printed without a label, one line item named twice."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from finmodel.facts import IN_PARTS
from finmodel.loaders.labels import Meaning, Reader, forms
from finmodel.loaders.statement import Entry, Statement

TOTAL_OF = {
    "non_current_assets": "total_non_current_assets",
    "current_assets": "total_current_assets",
    "current_liabilities": "total_current_liabilities",
    "non_current_liabilities": "total_non_current_liabilities",
}
"""Section of the statement of financial position -> the total that closes it."""

NO_PART = frozenset(
    {*TOTAL_OF.values(), "total_assets", "total_liabilities", "total_equity", "equity_attributable", "total_equity_and_liabilities"}
    | {"net_current_assets", "total_assets_less_current_liabilities", "net_assets", "part"}
)
"""Roles of rows that are not themselves summed: totals, and parts of the row above."""


def settle(statement: Statement) -> None:
    """Finish the names of a statement's rows in place."""
    for step in _STEPS:
        step(statement)


def _operating_income(statement: Statement) -> None:
    """*Operating income* is revenue in PRC statements (under *total operating income*), operating profit elsewhere."""
    chinese = "total_operating_income" in statement.roles()
    for entry in statement.entries:
        if entry.meaning.role == "operating_income_or_revenue":
            name(entry, "revenue" if chinese else "operating_profit")


def _financial_expenses(statement: Statement) -> None:
    """*Financial expenses* are net of interest income in PRC statements, which print both below; finance costs elsewhere."""
    net = bool({"total_operating_income", "total_cost_of_operations"} & statement.roles()) or bool(_of(statement, "finance_cost"))
    for entry in statement.entries:
        if entry.meaning.role == "financial_expenses":
            name(entry, "net_finance_cost" if net else "finance_cost")


def _sole_revenue(statement: Statement) -> None:
    """Name the one line that ends in revenue, before the first cost, where no line is called revenue."""
    if statement.kind != "income" or _of(statement, "revenue"):
        return
    first = statement.entries[:2]
    called = [e for e in first if any(f.endswith((" revenue", " revenues", "收入")) for f in forms(e.label)[:1]) and not e.meaning.role]
    later = statement.entries[2:6]
    if len(called) == 1 and called[0] is first[0] and not any("total" in f and "revenue" in f for e in later for f in forms(e.label)):
        name(called[0], "revenue")


def _named_once(statement: Statement) -> None:
    """Keep one row a line item: the total where one is so called; rows repeated over a page break are the same row."""
    names = {e.meaning.line_item for e in statement.entries}.difference(IN_PARTS, {""})
    for item in sorted(names):
        rows = _of(statement, item)
        if len(rows) < 2 or all(_same(rows[0], r) for r in rows[1:]):
            continue
        totals = [r for r in rows if any(f.startswith("total") for f in forms(r.label))]
        if item == "total_equity" and len(rows) == 2 and "holder" in rows[0].label.lower():
            name(rows[0], "" if _of(statement, "equity_attributable") else "equity_attributable")
            continue
        keep = totals[:1] if item in ("revenue", "cost_of_sales") else totals[:1] or rows[:1]
        for r in rows:
            if not any(r is k or _same(r, k) for k in keep):
                name(r, "")
                r.remark = f"candidate: {item} (printed in more than one line)"


def _sole_impairment(statement: Statement) -> None:
    """Name the one line of impairment of receivables; where there are several, none is the impairment of financial assets."""
    rows = [e for e in statement.entries if e.meaning.role == "impairment_of_receivables"]
    if len(rows) == 1 and not _of(statement, "impairment_of_financial_assets"):
        name(rows[0], "impairment_of_financial_assets")


def _misprinted_total(statement: Statement) -> None:
    """Name a total of financing that closes the investing section, with another that closes financing, as that of investing."""
    totals = _of(statement, "financing_cash_flow")
    inside = [e for e in totals if e.meaning.section == "investing"]
    if len(inside) == 1 and len(totals) == 2 and not _of(statement, "investing_cash_flow"):
        name(inside[0], "investing_cash_flow")
        inside[0].remark = "the label says financing; the line closes the investing activities"


def _profit_on_top(statement: Statement) -> None:
    """In the cash flow statement only the line that it starts from is the profit."""
    if statement.kind == "cash_flow":
        for entry in statement.entries[2:]:
            if entry.meaning.line_item in ("profit_before_tax", "profit_for_period"):
                name(entry, "")


def _total_of_heading(statement: Statement) -> None:
    """Name a total printed without a label after the heading above its parts (*Inventories:* raw materials, ..., total)."""
    reader = Reader(statement.kind, statement.traditional)
    for i, entry in enumerate(statement.entries):
        if entry.label or entry.meaning.role or not entry.under:
            continue
        item = reader.means(entry.under.rstrip(":： "))
        parts = [e for e in statement.entries[:i] if e.under == entry.under]
        if item and not _of(statement, item) and len(parts) > 1 and sums_to(entry, parts):
            name(entry, item)


def _total_assets(statement: Statement) -> None:
    """Of two equal totals without labels or with one, the first is total assets, if it stands above the liabilities."""
    if statement.kind != "financial_position" or _of(statement, "total_assets"):
        return
    entries = statement.entries
    for i, entry in enumerate(entries):
        if "liabilities" in entry.meaning.section or entry.meaning.section == "equity":
            return
        if (
            not entry.label
            and not entry.meaning.role
            and any(_same(entry, e) for e in entries[i + 1 :] if not e.label or e.meaning.role == "total_equity_and_liabilities")
        ):
            name(entry, "total_assets")
            return


def _lines_between(statement: Statement) -> None:
    """Name the one line that makes a total of the total above it, whatever it is called: *Direct costs*, *Deferred tax recovery*."""
    if statement.kind == "income":
        _sole_between(statement, "revenue", "gross_profit", "cost_of_sales", "")
        _sole_between(statement, "profit_before_tax", "profit_for_period", "income_tax", "tax|税")


def _sole_between(statement: Statement, above: str, below: str, item: str, called: str) -> None:
    roles = [e.meaning.role for e in statement.entries]
    if item in roles or above not in roles or below not in roles:
        return
    first, last = statement.entries[roles.index(above)], statement.entries[roles.index(below)]
    between = statement.entries[roles.index(above) + 1 : roles.index(below)]
    if len(between) == 1 and re.search(called, " ".join(forms(between[0].label))):
        gaps = [abs((first.value(c.span) or 0.0) - (last.value(c.span) or 0.0)) for c in between[0].cells]
        if all(abs(abs(c.amount) - gap) <= 1e-6 * max(gap, 1.0) for c, gap in zip(between[0].cells, gaps, strict=True)):
            name(between[0], item)


def _parts_of_cost(statement: Statement) -> None:
    """Leave a cost of services beside a cost of products without a name: the cost of sales is not printed in one line."""
    costs = [e for e in statement.entries if any(f.startswith(("cost of ", "costs of ")) for f in forms(e.label))]
    named = [e for e in costs if e.meaning.line_item == "cost_of_sales"]
    if (
        statement.kind == "income"
        and len(costs) > 1
        and len(named) == 1
        and not any(c in f for c in ("sales", "revenue", "total") for f in forms(named[0].label))
    ):
        name(named[0], "")
        named[0].remark = "candidate: cost_of_sales (printed in more than one line)"


def _unlabelled_totals(statement: Statement) -> None:
    """Name a total printed without a label after the section whose rows it sums up, in every column."""
    if statement.kind != "financial_position":
        return
    entries = statement.entries
    for i, entry in enumerate(entries):
        if entry.label or not entry.meaning.section:
            continue
        section = entry.meaning.section
        parts: list[Entry] = []
        for before in reversed(entries[:i]):
            if before.meaning.section != section or (not before.label and before.meaning.role):
                break
            if before.meaning.role not in NO_PART:
                parts.append(before)
        if parts and sums_to(entry, parts):
            minority = any(e.meaning.role == "non_controlling" for e in entries[i + 1 : i + 4])
            total = TOTAL_OF.get(section) or ("equity_attributable" if minority else "total_equity")
            if section in TOTAL_OF or section == "equity":
                name(entry, total)


def sums_to(total: Entry, parts: list[Entry], slack: float = 2.0) -> bool:
    """Return whether the parts add up to the total in every column (a blank adds nothing)."""
    return all(abs(c.amount - sum(p.value(c.span) or 0.0 for p in parts)) <= slack for c in total.cells)


def name(entry: Entry, item: str) -> None:
    """Give an entry a line item (blank: none); its role follows."""
    entry.meaning = (
        replace(entry.meaning, line_item=item, role=item or entry.meaning.role) if item else Meaning("", "", entry.meaning.section)
    )


def _of(statement: Statement, item: str) -> list[Entry]:
    return [e for e in statement.entries if e.meaning.line_item == item]


def _same(a: Entry, b: Entry) -> bool:
    return [(c.span, c.amount) for c in a.cells] == [(c.span, c.amount) for c in b.cells]


_STEPS: tuple[Callable[[Statement], None], ...] = (
    _operating_income,
    _financial_expenses,
    _sole_revenue,
    _sole_impairment,
    _misprinted_total,
    _profit_on_top,
    _parts_of_cost,
    _lines_between,
    _total_of_heading,
    _unlabelled_totals,
    _total_assets,
    _named_once,
)
