"""Statements in a sheet with labels down the side and periods across the top, as terminals export them and analysts type them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pandas as pd

from finmodel.data import read_table
from finmodel.errors import DataError, fault
from finmodel.facts import CURRENCIES
from finmodel.loaders.base import slug
from finmodel.loaders.cells import Cell, UnfitError, amount, facts_of_cells, named
from finmodel.loaders.concepts import day
from finmodel.loaders.grid import Grid
from finmodel.loaders.heading import dates_in, resolve
from finmodel.loaders.words import currency_in, scale_in
from finmodel.units import Period, add_months, parse_date

SEARCHED = 30
"""Rows from the top in which the periods are looked for."""


@dataclass
class _Column:
    """What is known of a column of figures."""

    head: str
    start: str = ""
    end: str = ""
    currency: str = ""
    scale: float = 0.0
    published_on: str = ""
    note: str = ""


def periods_across(grid: Grid) -> int | None:
    """Return the row in which the periods stand, or None: the first whose cells right of the label are all periods.

    A row of figures above it, which might look like years, means that there is none.
    """
    for number, row in enumerate(grid.rows[:SEARCHED]):
        heads = [cell for cell in row[1:] if cell]
        if heads and all(_is_period(cell) for cell in heads):
            return number
        if row[0] and any(re.fullmatch(r"[(]?[\d,.]+[)]?", cell) for cell in heads):
            return None
    return None


def _is_period(text: str) -> bool:
    try:
        Period.parse(text)
    except ValueError:
        found = dates_in(text)
        return len(text) < 60 and bool(found.days or found.years)
    return True


@dataclass
class _Sheet:
    """A sheet of one statement with periods across."""

    grid: Grid
    where: str
    firm: str
    statement: str
    title: str
    columns: dict[int, _Column]
    body: dict[int, tuple[str, ...]]
    faults: list[str] = field(default_factory=list)


def read_wide(grid: Grid, path: Path, firm: str | None) -> pd.DataFrame:
    """Return the facts of a sheet with periods across.

    Raises
    ------
    DataError
        If currency, unit or a period's length is not stated, or a cell of a known line is no number.
    """
    sheet = _sheet(grid, path, firm)
    _read_attributes(sheet)
    _read_unit(sheet)
    if sheet.faults:
        raise DataError(sheet.faults)
    for column in sheet.columns.values():
        _date(column, sheet.title, sheet.statement)
    cells = [cell for number, row in sheet.body.items() for cell in _row_cells(sheet, number, row)]
    if sheet.faults:
        raise DataError(list(dict.fromkeys(sheet.faults))[:50])
    return facts_of_cells(cells, path, "vendor" if any(column.published_on for column in sheet.columns.values()) else "secondary")


def _sheet(grid: Grid, path: Path, firm: str | None) -> _Sheet:
    """Take a grid apart: what stands above the periods, the columns, the lines, and which statement they make."""
    top, where = periods_across(grid), f"{path.name}, {grid.name}"
    if top is None:
        raise UnfitError([fault(where, "no row of periods", "periods across the top")])
    title = " ".join(cell for row in (*grid.rows[:top], grid.rows[top][:1]) for cell in row if cell)
    columns = {place: _Column(cell) for place, cell in enumerate(grid.rows[top]) if place and cell}
    body = {number: row for number, row in enumerate(grid.rows) if number > top and row[0]}
    kinds = Counter(named(row[0]).statement for row in body.values() if named(row[0]).line_item)
    if not kinds:
        found = f"no line item among {', '.join(row[0] for row in list(body.values())[:5])}"
        raise UnfitError([fault(where, found, "labels of the statements or names of line_items.csv")])
    return _Sheet(grid, where, firm or slug(path.name), kinds.most_common(1)[0][0], f"{title} {grid.name}", columns, body)


def _row_cells(sheet: _Sheet, number: int, row: tuple[str, ...]) -> list[Cell]:
    """Return the figures of one line; a line without a name is left out unless all its cells are numbers."""
    item, found = named(row[0], sheet.statement)
    statement = found or sheet.statement
    instant = statement == "financial_position"
    trouble: list[str] = []
    cells = []
    for place, column in sheet.columns.items():
        address = sheet.grid.address(number, place)
        value = amount(row[place], f"{sheet.where.partition(', ')[0]}, {address}", trouble)
        if value is None:
            continue
        if not column.end or not (instant or column.start):
            trouble.append(fault(f"{sheet.where}, column {column.head!r}", "no length", "a period such as FY 2020 or H1 2021"))
            continue
        start = "" if instant else column.start
        cells.append(
            Cell(sheet.firm, row[0], item, statement, start, column.end, row[place], value * column.scale, column.scale, column.currency,
                 "", column.published_on, address, column.note)
        )  # fmt: skip
    if item:
        sheet.faults += trouble
    return cells if item or not trouble else []


@cache
def _attribute_rows() -> dict[str, str]:
    table = read_table("table_columns")
    table = table[table["role"].str.startswith("row_")]
    return dict(zip(table["name"], table["role"].str.removeprefix("row_"), strict=True))


def _read_attributes(sheet: _Sheet) -> None:
    """Take the rows that describe columns (code of the period, currency, unit, day of publication) out of the body."""
    for number, row in list(sheet.body.items()):
        role = _attribute_rows().get(row[0].strip().lower())
        if role is None:
            continue
        del sheet.body[number]
        for place, column in sheet.columns.items():
            _describe(column, role, row[place])
            if role == "currency" and row[place] and not column.currency:
                sheet.faults.append(fault(f"{sheet.where}, {sheet.grid.address(number, place)}", repr(row[place][:40]), "a currency"))
    for column in sheet.columns.values():
        if f"converted from {column.currency}" in column.note:
            column.note = ""


def _describe(column: _Column, role: str, text: str) -> None:
    """Take in what one cell says of its column."""
    if role in ("published_on", "start", "end"):
        setattr(column, role, _day(text))
    elif role == "currency":
        column.currency = text if text in CURRENCIES else currency_in(text) or ""
    elif role == "scale" and re.fullmatch(r"10*", text.replace(",", "")):
        column.scale = float(text.replace(",", ""))
    elif role == "unit":
        column.currency, column.scale = column.currency or currency_in(text) or "", column.scale or scale_in(text) or 0.0
    elif role == "code":
        column.start = column.start or _code(text)
    elif role in ("original_currency", "rate") and text:
        name = "converted from" if role == "original_currency" else "at"
        column.note = f"{column.note} {name} {text}".strip()


def _read_unit(sheet: _Sheet) -> None:
    """Give every column its currency and unit: its own, else what stands above the periods; a unit not stated is not guessed."""
    currency, scale = currency_in(sheet.title) or "", scale_in(sheet.title) or 0.0
    for column in sheet.columns.values():
        column.currency, column.scale = column.currency or currency, column.scale or scale
    expected = "both stated there, such as RMB'000 or 单位：万元 人民币, or in rows called currency and scale"
    for name, missing in (("currency", "currency"), ("unit", "scale")):
        if not all(getattr(column, missing) for column in sheet.columns.values()):
            sheet.faults.append(fault(sheet.where, f"no {name} above the figures", expected))


def _day(text: str) -> str:
    try:
        return day(text[:10])
    except ValueError:
        return ""


def _code(text: str) -> str:
    """Return the months that a terminal's name for a report stands for, as text; blank if unknown."""
    table = read_table("table_periods")
    codes = table[table["layout"] == "terminal"]
    return next((months for code, months in zip(codes["code"], codes["months"], strict=True) if text.endswith(code)), "")


def _date(column: _Column, title: str, statement: str) -> None:
    """Find first and last day of a column: as stated, by its code, by its name, or from name and title together."""
    if column.end and column.start and not column.start.isdigit():
        return
    months = column.start if column.start.isdigit() else ""
    column.start = ""
    try:
        period = Period.parse(column.head)
        column.end = period.end.isoformat()
        column.start = period.start.isoformat() if period.start else ""
    except ValueError:
        found = resolve([column.head], [title], statement == "financial_position")
        if found:
            column.start, column.end = found[0].isoformat() if found[0] else "", found[1].isoformat()
    if months and column.end and not column.start:
        after = parse_date(column.end).toordinal() + 1
        column.start = add_months(parse_date(column.end).fromordinal(after), -int(months)).isoformat()
