"""Which of the statements found are the statements of the report: consolidated, whole, and each period once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from finmodel.loaders.find import KINDS
from finmodel.loaders.statement import Statement

_NEAR = 14
"""Pages between the statements of one set: equity statements and the parent's statements stand between them."""

_CORE = {
    "income": {"revenue", "profit_before_tax", "operating_profit", "gross_profit", "income_tax", "cost_of_sales"},
    "financial_position": {
        "total_assets",
        "total_current_assets",
        "total_equity",
        "net_assets",
        "total_equity_and_liabilities",
        "net_current_assets",
    }
    | {"total_assets_less_current_liabilities", "total_current_liabilities", "total_liabilities", "trade_payables"},
    "cash_flow": {"operating_cash_flow", "investing_cash_flow", "financing_cash_flow", "cash_at_end"},
}


def chosen(statements: Iterable[Statement]) -> list[Statement]:
    """Return the statements to take facts from, set by set (annual, interim), in the order of the document."""
    usable = [s for s in statements if _usable(s)]
    if any(s.found.accountants for s in usable):
        usable = [s for s in usable if s.found.accountants]
    else:
        usable = [s for s in usable if not s.found.aside] or usable
    sets = _sets(usable)
    most = max((len({s.kind for s in group}) for group in sets), default=0)
    whole = [g for g in sets if len({s.kind for s in g}) == most]
    if any(_consolidated(g) for g in whole):
        whole = [g for g in whole if _consolidated(g)]
    if usable and most < len(KINDS):
        whole = [_best_of_each(usable)]
    by_period: dict[tuple[date, int], list[Statement]] = {}
    for group in whole:
        key = _period(group)
        if key not in by_period or _size(group) > _size(by_period[key]):
            by_period[key] = group
    return sorted((s for group in by_period.values() for s in group), key=lambda s: s.found.page)


def _usable(statement: Statement) -> bool:
    core = statement.roles() & _CORE[statement.kind]
    if statement.found.kind == "comprehensive_income":
        return len(core) >= 2 and bool(core & {"revenue", "cost_of_sales", "operating_profit"})
    return len(core) >= 2 if statement.kind != "income" else bool(core)


def _sets(statements: list[Statement]) -> list[list[Statement]]:
    """Group neighbours into sets of at most one statement a kind."""
    sets: list[list[Statement]] = []
    for statement in statements:
        group = sets[-1] if sets else []
        new = not group or statement.kind in {s.kind for s in group} or statement.found.page - group[-1].found.page > _NEAR
        if not new:
            group.append(statement)
        elif group and statement.kind in {s.kind for s in group} and _replaces(statement, group):
            group[[s.kind for s in group].index(statement.kind)] = statement
        elif group and statement.kind in {s.kind for s in group} and _parent_of(statement, group):
            continue
        else:
            sets.append([statement])
    return sets


def _parent_of(statement: Statement, group: list[Statement]) -> bool:
    """Return whether a statement is the parent's beside the group's own: not consolidated where its set is."""
    return (
        not statement.found.consolidated
        and all(s.found.consolidated for s in group)
        and statement.found.page - group[-1].found.page <= _NEAR
    )


def _replaces(statement: Statement, group: list[Statement]) -> bool:
    old = next(s for s in group if s.kind == statement.kind)
    return statement.found.consolidated and not old.found.consolidated and len(group) == 1


def _consolidated(group: list[Statement]) -> bool:
    return sum(s.found.consolidated for s in group) > len(group) / 2


def _best_of_each(statements: list[Statement]) -> list[Statement]:
    best: dict[str, Statement] = {}
    for s in statements:
        old = best.get(s.kind)
        if old is None or (s.found.consolidated, s.cells()) > (old.found.consolidated, old.cells()):
            best[s.kind] = s
    return list(best.values())


def _period(group: list[Statement]) -> tuple[date, int]:
    """Return the last day and the length of the flows of a set."""
    end = max(span.end for s in group for span in s.spans)
    starts = [(span.end - span.start).days for s in group for span in s.spans if span.start and span.end == end]
    return end, round(max(starts, default=0) / 30.4)


def _size(group: list[Statement]) -> int:
    return sum(s.cells() for s in group)
