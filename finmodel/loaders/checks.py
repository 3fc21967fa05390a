"""Arithmetic that must hold in a statement just read; a failed check is reported with its cells, nothing is changed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import pandas as pd

from finmodel.facts import is_detail
from finmodel.loaders.identities import IDENTITIES, Identity, differences
from finmodel.loaders.naming import NO_PART, TOTAL_OF, sums_to
from finmodel.loaders.statement import Entry, Statement

_NET = (
    Identity(
        "financial_position",
        "current assets - current liabilities = net current assets",
        "net_current_assets",
        (
            ((1, "total_current_assets"), (-1, "total_current_liabilities")),
            ((1, "total_current_assets"), (1, "total_current_liabilities")),
        ),
    ),
    Identity(
        "financial_position",
        "non-current assets + net current assets = total assets less current liabilities",
        "total_assets_less_current_liabilities",
        (((1, "total_non_current_assets"), (1, "net_current_assets")),),
    ),
    Identity(
        "financial_position",
        "total assets less current liabilities - non-current liabilities = net assets",
        "net_assets",
        (
            ((1, "total_assets_less_current_liabilities"), (-1, "total_non_current_liabilities")),
            ((1, "total_assets_less_current_liabilities"), (1, "total_non_current_liabilities")),
        ),
    ),
    Identity(
        "financial_position",
        "assets less current liabilities = equity + non-current liabilities",
        "total_assets_less_current_liabilities",
        (
            ((1, "total_equity"), (1, "total_non_current_liabilities")),
            ((1, "total_equity"), (-1, "total_non_current_liabilities")),
        ),
    ),
    Identity("financial_position", "net assets = equity", "net_assets", (((1, "total_equity"),),)),
)
"""The format of Hong Kong statements; liabilities are printed positive or in parentheses."""

_RUN = ("inflows", "outflows")
"""Roles of subtotals of PRC cash flow statements: each sums the rows since the one before."""


_CARRIED = {"total_current_assets": "total_assets", "total_current_liabilities": "total_liabilities"}
"""Subtotal -> the total that it goes into with the rows between, where the statement does not sum up what is not current."""


def check_statements(statements: Sequence[Statement]) -> list[dict[str, object]]:
    """Return one record per check that the statements allow, in their order.

    Returns
    -------
    list of dict
        Keys statement, page, period_end, check, left (the total), right (its parts), difference (in printed units), passed, cells.
    """
    records: list[dict[str, object]] = []
    for statement in statements:
        records += _unfinished(statement)
        records += _identities(statement)
        records += [r for total, parts, what in _sections(statement) for r in _sum(statement, total, parts, what)]
    return records


_LAST_LINE = {"income": "profit_for_period", "financial_position": "total_equity", "cash_flow": "cash_at_end"}


def _unfinished(statement: Statement) -> Iterator[dict[str, object]]:
    """Report a statement without the line that every one has (part of it was not read, or is not there), or with a period twice."""
    last = max(str(span.end) for span in statement.spans)
    for check, found in statement.faults:
        yield _record(statement, last, check, 0.0, math.inf, 0.0, found)
    line = _LAST_LINE[statement.kind]
    if line not in statement.roles() and not (line == "profit_for_period" and "profit_attributable" in statement.roles()):
        for end in sorted({span.end for span in statement.spans}, reverse=True):
            yield _record(
                statement, str(end), f"has a line for {line.replace('_', ' ')}", 0.0, float("inf"), 0.0, f"no line read as {line}"
            )


def _identities(statement: Statement) -> Iterator[dict[str, object]]:
    """Check totals against each other: gross profit, assets = liabilities + equity, opening + change = closing cash."""
    table = _by_role(statement)
    for identity in (*IDENTITIES, *_NET):
        if identity.statement != statement.kind or identity.total not in table.columns:
            continue
        parts = {item for reading in identity.readings for _, item in reading}
        slack = 1.0 + max(map(len, identity.readings)) if _whole(statement) else 0.02
        gaps = differences(table, identity)
        for end, gap, total in zip(table.index, gaps, table[identity.total], strict=True):
            if pd.isna(gap):
                continue
            cells = ", ".join(dict.fromkeys([identity.total, *sorted(parts & set(table.columns))]))
            yield _record(statement, str(end), identity.check, total, gap, slack, cells)


def _by_role(statement: Statement) -> pd.DataFrame:
    """Amounts in printed units by last day (rows) and role (columns); of rows with one role the first."""
    amounts: dict[str, dict[str, float]] = {}
    for entry in statement.entries:
        if entry.meaning.role:
            for cell in entry.cells:
                key = f"{cell.span.end}" if cell.span.start is None else f"{cell.span.start}/{cell.span.end}"
                amounts.setdefault(key, {}).setdefault(entry.meaning.role, cell.amount)
    return pd.DataFrame.from_dict(amounts, orient="index")


def _sections(statement: Statement) -> Iterator[tuple[Entry, list[Entry], str]]:
    """Yield each subtotal with the rows that make it up."""
    since: list[Entry] = []
    inside = False
    carried = {
        current: total for current, total in _CARRIED.items() if current.replace("_current", "_non_current") not in statement.roles()
    }
    for entry in statement.entries:
        role = entry.meaning.role
        inside = is_detail(entry.label) or (inside and role == "further_part")
        if statement.kind == "cash_flow" and role in _RUN:
            yield entry, since, f"rows add up to {entry.label}"
            since = []
        elif role in TOTAL_OF.values():
            parts = [e for e in since if TOTAL_OF.get(e.meaning.section) == role]
            if parts:
                yield entry, parts, f"rows add up to {role.replace('_', ' ')}"
            since = [entry] if role in carried else []
        elif since and carried.get(since[0].meaning.role) == role:
            yield entry, since, f"rows add up to {role.replace('_', ' ')}"
            since = []
        elif statement.kind == "cash_flow" and role in ("operating_cash_flow", "investing_cash_flow", "financing_cash_flow"):
            since = []
        elif role not in NO_PART and not inside:
            since.append(entry)


def _without_nested(total: Entry, parts: list[Entry]) -> list[Entry]:
    """Leave out rows that a row below sums up (raw materials, then inventories)."""
    if sums_to(total, parts):
        return parts
    for i, row in enumerate(parts):
        for start in range(i - 1):
            if sums_to(row, parts[start:i]):
                return _without_nested(total, parts[:start] + parts[i:])
    return parts


def _sum(statement: Statement, total: Entry, parts: list[Entry], what: str) -> Iterator[dict[str, object]]:
    parts = _without_nested(total, parts)
    for cell in total.cells:
        found = sum(part.value(cell.span) or 0.0 for part in parts)
        slack = 1.0 + 0.5 * len(parts) if _whole(statement) else 0.02
        cells = "; ".join(
            f"p{c.page} {e.label or '(no label)'}: {c.printed}" for e in (total, *parts) for c in e.cells if c.span == cell.span
        )
        yield _record(statement, str(cell.span.end), what, cell.amount, cell.amount - found, slack, cells)


def _whole(statement: Statement) -> bool:
    """Return whether amounts are printed without decimals, so that sums may be off by roundings."""
    amounts = [c.amount for e in statement.entries if not e.per_share for c in e.cells]
    return all(float(a).is_integer() for a in amounts)


def _record(statement: Statement, end: str, what: str, total: float, gap: float, slack: float, cells: str) -> dict[str, object]:
    return {
        "statement": statement.kind,
        "page": statement.found.page,
        "period_end": end.rpartition("/")[2],
        "check": what,
        "left": total,
        "right": total - gap if math.isfinite(gap) else 0.0,
        "difference": gap if math.isfinite(gap) else 0.0,
        "passed": abs(gap) <= slack,
        "cells": cells,
    }
