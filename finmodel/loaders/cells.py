"""Cells of tables that people and programs made: which line item a label is, and what happens when two claim one place."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from finmodel.data import read_table
from finmodel.errors import DataError, fault
from finmodel.facts import line_items
from finmodel.loaders.base import slug
from finmodel.loaders.concepts import facts_frame
from finmodel.loaders.labels import Reader
from finmodel.units import parse_amount

PRINTED = ("income", "financial_position", "cash_flow")
"""Statements whose labels have patterns."""

_NO_MONEY = re.compile(r"margin|ratio|growth|\byoy\b|\bqoq\b|per share|\brate\b|turnover days|%|率|增长|同比|每股|天数|/")
"""Labels of ratios, which the patterns of printed labels would take for the amounts they are made of."""


class UnfitError(DataError):
    """A table of no known layout, or without a line item: not a fault in a table that could be read."""


class Cell(NamedTuple):
    """A figure in a table.

    Attributes
    ----------
    firm, label, line_item, statement, start, end, printed, currency, basis, published_on, locator, note : str
        As in the facts table; start is blank for an instant, published_on where the table does not say.
    value, scale : float
        In currency units; what one printed unit stands for.
    """

    firm: str
    label: str
    line_item: str
    statement: str
    start: str
    end: str
    printed: str
    value: float
    scale: float
    currency: str
    basis: str
    published_on: str
    locator: str
    note: str


class Match(NamedTuple):
    """A line item and its statement; the line item is blank where a label fits none, or more than one."""

    line_item: str
    statement: str


@cache
def named(label: str, statement: str = "", layout: str = "") -> Match:
    """Return the line item that a label names, by exact name first and then by the patterns of printed labels.

    Parameters
    ----------
    label : str
        As written.
    statement : str
        Where it stands, if known: a label of another statement is then no match.
    layout : str
        A known layout: only its own labels (``data/table_labels.csv``) count then.
    """
    exact = read_table("table_labels")
    exact = exact[exact["layout"].isin([layout or "terminal"]) & (exact["label"] == label)]
    if len(exact):
        return Match(exact["line_item"].iloc[0], exact["statement"].iloc[0])
    if layout or _NO_MONEY.search(label.lower().replace("_", " ")):
        return Match("", statement)
    chart = line_items()
    if label in chart.index:
        return Match(label, str(chart.loc[label, "statement"]))
    found = {where: Reader(where, traditional=False).row(label).line_item for where in PRINTED if statement in ("", where)}
    found = {where: item for where, item in found.items() if item}
    return Match(next(iter(found.values())), next(iter(found))) if len(set(found.values())) == 1 else Match("", statement)


def amount(text: str, where: str, faults: list[str]) -> float | None:
    """Return the amount in a cell, None for a blank; what is neither becomes a fault."""
    try:
        return parse_amount(text)
    except ValueError:
        faults.append(fault(where, repr(text[:40]), "a number or a blank"))
        return None


def facts_of_cells(cells: list[Cell], path: Path, read_from: str) -> pd.DataFrame:
    """Return the facts table of cells; two that claim one line item with different values both lose it and say so.

    Raises
    ------
    UnfitError
        If no cell has a line item.
    """
    cells = _without_rivals(cells)
    if not any(cell.line_item for cell in cells):
        labels = list(dict.fromkeys(cell.label for cell in cells))
        found = f"no line item among {', '.join(labels[:5])}" if labels else "no figure"
        raise UnfitError([fault(path.name, found, "labels of the statements, names of line_items.csv or taxonomy concepts")])
    firm, label, item, statement, start, end, printed, value, scale, currency, basis, published, locator, note = zip(*cells, strict=True)
    columns = {
        "firm": firm, "label": label, "line_item": item, "statement": statement, "period_start": start, "period_end": end,
        "printed": printed, "value": np.array(value, dtype=float), "scale": np.array(scale, dtype=float), "currency": currency,
        "basis": basis, "document": slug(path.name), "published_on": published, "locator": locator, "read_from": read_from, "note": note,
    }  # fmt: skip
    return facts_frame(columns, len(cells), path)


def _without_rivals(cells: list[Cell]) -> list[Cell]:
    values: dict[tuple[str, ...], set[float]] = {}
    for cell in cells:
        if cell.line_item:
            values.setdefault(_slot(cell), set()).add(cell.value)
    rivals = {slot for slot, found in values.items() if len(found) > 1}
    return [_unnamed(cell) if cell.line_item and _slot(cell) in rivals else cell for cell in cells] if rivals else cells


def _slot(cell: Cell) -> tuple[str, ...]:
    return (cell.firm, cell.line_item, cell.start, cell.end, cell.basis, cell.currency)


def _unnamed(cell: Cell) -> Cell:
    text = f"more than one figure for {cell.line_item}"
    return cell._replace(line_item="", note=f"{cell.note}; {text}" if cell.note else text)
