"""Spreadsheets and CSV files: a facts table, a list of figures, one row per firm and period, or statements with periods across.

What the columns are called is data: ``data/table_columns.csv`` (roles), ``table_layouts.csv`` and ``table_labels.csv`` (exports of known
programs), ``table_periods.csv`` (their codes for periods).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pandas as pd

from finmodel.data import read_table
from finmodel.errors import DataError, fault
from finmodel.facts import CURRENCIES, REQUIRED, check_facts
from finmodel.loaders.base import Loader, Progress, loaders, slug
from finmodel.loaders.cells import Cell, UnfitError, amount, facts_of_cells, named
from finmodel.loaders.concepts import Named, Tagged, concept_map, day, facts_of, name_line_items
from finmodel.loaders.grid import Grid, read_csv_grid, read_workbook
from finmodel.loaders.wide import periods_across, read_wide
from finmodel.loaders.words import currency_in
from finmodel.units import Period

Layout = dict[str, str]
Getter = Callable[[tuple[str, ...], str], str]
"""Gives the cell of a row that has a role, blank where no column has it."""


def read_workbook_facts(path: Path, firm: str | None = None, progress: Progress | None = None) -> pd.DataFrame:
    """Return the facts in an Excel workbook: those of every sheet that holds some.

    Raises
    ------
    DataError
        If no sheet holds figures that can be read: why, sheet by sheet.
    """
    parts: list[pd.DataFrame] = []
    unfit: list[str] = []
    for grid in read_workbook(path):
        if any(any(row) for row in grid.rows):
            try:
                parts.append(read_grid(grid, path, firm, progress))
            except UnfitError as error:
                unfit += error.faults
    if not parts:
        raise DataError(unfit or [fault(path.name, "empty sheets", "a table")])
    return parts[0] if len(parts) == 1 else check_facts(pd.concat(parts, ignore_index=True), where=path.name)


def read_csv_facts(path: Path, firm: str | None = None, progress: Progress | None = None) -> pd.DataFrame:
    """Return the facts in a CSV or tab-separated file.

    Raises
    ------
    DataError
        If the table cannot be read: every cell or row at fault, or the layouts that would do.
    """
    return read_grid(read_csv_grid(path), path, firm, progress)


def read_grid(grid: Grid, path: Path, firm: str | None = None, progress: Progress | None = None) -> pd.DataFrame:
    """Return the facts in a grid, whatever its layout.

    Parameters
    ----------
    grid : Grid
        A sheet.
    path : path
        Its file.
    firm : str, optional
        Whose figures they are; where the table has a column of firms, only this one's rows.
    progress : callable, optional
        Called with (rows read, rows in all) now and then.

    Raises
    ------
    DataError
        If the layout is none of the known ones, or a cell is no number.
    """
    header = grid.rows[0] if grid.rows else ()
    if set(REQUIRED) <= set(header):
        return check_facts(grid.frame(), where=path.name)
    columns = _roles(header)
    if "label" in columns and "value" in columns:
        return _read_list(grid, columns, path, firm, progress)
    layout = _layout(header)
    free = [place for place in range(len(header)) if place not in columns.values()]
    items = {place: header[place] for place in free if named(header[place], layout=layout.get("layout", "")).line_item}
    if items and {"code", "period_end", "period", "year"} & set(columns) and (layout or "firm" in columns or firm):
        return _read_records(grid, columns, items, layout, path, firm, progress)
    if periods_across(grid) is not None:
        return read_wide(grid, path, firm)
    raise UnfitError([fault(f"{path.name}, {grid.name}", f"columns {', '.join(filter(None, header[:8]))}", _LAYOUTS)])


_LAYOUTS = (
    "a facts table; or columns label, value and period_end; or a column of firms, one of periods and line items; "
    "or labels down the side and periods across the top"
)


@cache
def _names() -> dict[str, str]:
    table = read_table("table_columns")
    return {name: role for name, role in zip(table["name"], table["role"], strict=True) if not role.startswith("row_")}


def _roles(header: tuple[str, ...]) -> dict[str, int]:
    """Return the place of each column that has a role; the first one where several have the same."""
    found: dict[str, int] = {}
    for place, name in enumerate(header):
        if role := _names().get(name.strip().lower()):
            found.setdefault(role, place)
    return found


def _layout(header: tuple[str, ...]) -> Layout:
    """Return the known layout that a header shows, empty if none."""
    for row in read_table("table_layouts").to_dict("records"):
        if set(str(row["columns"]).split(";")) <= set(header):
            return {str(key): str(value) for key, value in row.items()}
    return {}


def _reader(columns: dict[str, int]) -> Getter:
    return lambda row, role: row[columns[role]] if role in columns else ""


def _rows(grid: Grid, progress: Progress | None) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield the rows below the header with their numbers, and say now and then how far it is."""
    for number, row in enumerate(grid.rows[1:], start=2):
        if progress is not None and number % 500 == 0:
            progress(number, len(grid.rows))
        yield number, row


def _read_list(grid: Grid, columns: dict[str, int], path: Path, firm: str | None, progress: Progress | None) -> pd.DataFrame:
    """Read one figure per row: label or concept, value, period and, for money, its currency."""
    if not {"period_end", "period"} & set(columns):
        what = f"columns {', '.join(grid.rows[0])}"
        raise DataError([fault(path.name, what, "a column period_end (or period)", "figures without dates cannot be used")])
    get = _reader(columns)
    known = _concepts(columns, [get(row, "label") for row in grid.rows[1:]])
    cells: list[Cell] = []
    figures: dict[str, list[Tagged]] = {}
    faults: list[str] = []
    for number, row in _rows(grid, progress):
        if get(row, "dimensions") or (firm and get(row, "firm") not in ("", firm)):
            continue
        if "currency" in columns and (currency := _currency(get(row, "currency"))) != get(row, "currency"):
            if not currency and get(row, "currency") and grid.rows[0][columns["currency"]].lower() not in ("units", "unit", "uom"):
                faults.append(fault(f"{path.name}, row {number}", f"currency {get(row, 'currency')[:40]!r}", "a known currency"))
            row = (*row[: columns["currency"]], currency, *row[columns["currency"] + 1 :])
        if "currency" in columns and not get(row, "currency"):
            continue
        cell = _list_cell(row, get, f"{path.name}, row {number}", firm or get(row, "firm") or slug(path.name), faults)
        if cell is not None and known is not None:
            taxonomy = get(row, "taxonomy") or known.get(cell.label, "")
            figures.setdefault(cell.firm, []).append(_tagged(cell, taxonomy, get(row, "document") or slug(path.name)))
        elif cell is not None:
            cells.append(cell)
            if cell.statement in ("income", "cash_flow") and not cell.start:
                faults.append(fault(f"{path.name}, row {number}, {cell.label[:40]}", "no first day", "period_start, or a period: FY 2020"))
    if faults:
        raise DataError(faults[:50])
    return _facts_of_concepts(figures, path) if figures else facts_of_cells(cells, path, "secondary")


def _currency(text: str) -> str:
    """Return the currency that a cell names (``RMB``: CNY), blank if none; a price per share or a converted pair is none."""
    if text.upper() in CURRENCIES:
        return text.upper()
    return "" if re.search(r"[/%]|\bper\b|shares?", text, re.IGNORECASE) else currency_in(text) or ""


def _concepts(columns: dict[str, int], labels: list[str]) -> dict[str, str] | None:
    """Return the taxonomy of each concept if the labels are concepts, None if they are words.

    They are where the table names taxonomies or a concept's name is no word, as in ``GrossProfit``; ``Revenue`` alone may be either.
    """
    known = _taxonomies()
    return known if "taxonomy" in columns or any(label in known and re.search("[a-z][A-Z]", label) for label in labels) else None


@cache
def _taxonomies() -> dict[str, str]:
    """Return the taxonomy of each concept, US GAAP where both taxonomies have one of that name."""
    return {concept: taxonomy for taxonomy in ("ifrs-full", "us-gaap") for concept in concept_map()[taxonomy]}


def _facts_of_concepts(figures: dict[str, list[Tagged]], path: Path) -> pd.DataFrame:
    """Return the facts of figures tagged with concepts, by firm; a concept that is on no map keeps its name and has no line item."""
    tables = []
    for firm, tagged in figures.items():
        mapped = [figure for figure in tagged if figure.concept in concept_map().get(figure.taxonomy, {})]
        others = [Named(figure, "", "other") for figure in tagged if figure.concept not in concept_map().get(figure.taxonomy, {})]
        tables.append(facts_of([*name_line_items(mapped), *others], firm, "secondary", path))
    facts = pd.concat(tables, ignore_index=True)
    if not facts["line_item"].ne("").any():
        some = ", ".join(list(dict.fromkeys(facts["label"]))[:5])
        raise UnfitError([fault(path.name, f"no line item among {some}", "concepts of data/concepts.csv")])
    return facts


def _list_cell(row: tuple[str, ...], get: Getter, where: str, firm: str, faults: list[str]) -> Cell | None:
    """Return the figure in a row of a list, None where there is none or it is at fault."""
    label, printed = get(row, "label"), get(row, "value")
    try:
        start, end = _span(row, get)
        published = day(get(row, "published_on")) if get(row, "published_on") else ""
    except ValueError as error:
        faults.append(fault(where, str(error), "days as YYYY-MM-DD, or a period such as FY 2020"))
        return None
    value = amount(printed, f"{where}, {label[:40]}", faults)
    scale = amount(get(row, "scale") or "1", f"{where}, scale", faults)
    if scale is not None and scale <= 0:
        faults.append(fault(f"{where}, scale", get(row, "scale"), "a number above 0"))
        return None
    if value is None or scale is None:
        return None
    item, statement = named(label)
    return Cell(
        firm, label, item, statement or "other", start, end, printed, value * scale, scale, get(row, "currency"), get(row, "basis"),
        published, where.rpartition(", ")[2], "",
    )  # fmt: skip


def _tagged(cell: Cell, taxonomy: str, document: str) -> Tagged:
    return Tagged(
        taxonomy, cell.label, cell.label, cell.start, cell.end, cell.printed, cell.value, cell.scale, cell.currency, None, document,
        cell.published_on, "", "", cell.locator,
    )  # fmt: skip


def _span(row: tuple[str, ...], get: Getter) -> tuple[str, str]:
    """Return first and last day of a row's period; the first is blank for an instant."""
    if get(row, "period_end")[:2].isdigit():
        end, start = day(get(row, "period_end")), get(row, "period_start")
        return (day(start) if start and start != end else "", end)
    period = Period.parse(get(row, "period") or get(row, "period_end"))
    return (period.start.isoformat() if period.start else "", period.end.isoformat())


def _read_records(
    grid: Grid,
    columns: dict[str, int],
    items: dict[int, str],
    layout: Layout,
    path: Path,
    firm: str | None,
    progress: Progress | None,
) -> pd.DataFrame:
    """Read one row per firm and period, one column per line item; columns that name none are left out."""
    get = _reader(columns)
    names = {place: named(label, layout=layout.get("layout", "")) for place, label in items.items()}
    cells: list[Cell] = []
    faults: list[str] = []
    for number, row in _rows(grid, progress):
        owner = get(row, "firm") or firm or ""
        if firm and owner != firm:
            continue
        try:
            start, end = _record_span(row, get, layout)
        except ValueError as error:
            faults.append(fault(f"{path.name}, row {number}", str(error), "a period such as FY 2020, 2020-12-31 or a year"))
            continue
        currency = layout.get("currency", get(row, "currency"))
        if currency not in CURRENCIES:
            faults.append(fault(f"{path.name}, row {number}", f"currency {currency!r}", f"one of {', '.join(CURRENCIES)}"))
            continue
        scale = amount(layout.get("scale", get(row, "scale") or "1"), f"{path.name}, row {number}, scale", faults)
        if scale is None or scale <= 0:
            faults.append(fault(f"{path.name}, row {number}, scale", get(row, "scale"), "a number above 0"))
            continue
        for place, (item, statement) in names.items():
            printed = row[place]
            if layout.get("missing") and printed in (layout["missing"], f"{layout['missing']}.0"):
                continue
            value = amount(printed, f"{path.name}, {grid.address(number - 1, place)}", faults)
            if value is not None:
                first = "" if statement == "financial_position" else start
                cells.append(
                    Cell(owner, items[place], item, statement, first, end, printed, value * scale, scale, currency,
                         layout.get("basis", get(row, "basis")), "", grid.address(number - 1, place), "")
                )  # fmt: skip
    if faults:
        raise DataError(faults[:50])
    return facts_of_cells(cells, path, layout.get("read_from", "secondary"))


def _record_span(row: tuple[str, ...], get: Getter, layout: Layout) -> tuple[str, str]:
    """Return first and last day of the period of a record."""
    if code := get(row, "code"):
        table = read_table("table_periods")
        months = dict(zip(table.loc[table["layout"] == layout.get("layout"), "code"], table["months"], strict=False))
        if code[4:] in months and code[:4].isdigit():
            return _months_of(code[:4], int(months[code[4:]]))
        raise ValueError(f"period {code!r}")
    if get(row, "period_end") or get(row, "period"):
        start, end = _span(row, get)
        if not start:
            raise ValueError(f"no start of the period to {end}")
        return start, end
    return _months_of(get(row, "year"), 12)


def _months_of(year: str, months: int) -> tuple[str, str]:
    names = {3: "Q1", 6: "H1", 9: "9M", 12: "FY"}
    period = Period.parse(f"{names[months]} {year}")
    return str(period.start), period.end.isoformat()


BINARY = (b"PK", b"%PDF", b"PAR1", b"\xd0\xcf\x11\xe0")
"""How files begin that are no text, whatever their name."""


def _is_csv(head: bytes, path: Path) -> bool:
    """Whether text is a table: its first rows have as many cells as its header, which holds no figures."""
    if head.startswith(BINARY):
        return False
    if b"\0" in head and head[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        return path.suffix.lower() in (".csv", ".tsv")
    encoding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    lines = head[: len(head) // 2 * 2].decode(encoding, errors="replace").splitlines()[:20]
    if len(lines) < 2 or lines[0].lstrip()[:1] in ("<", "{", "%") or re.search(r"\d,\d{3}\b", lines[0]):
        return False
    mark = max(",\t;", key=lines[0].count)
    widths = [len(row) for row in csv.reader(lines, delimiter=mark)]
    return len(widths) > 1 and (widths[0] == widths[1] >= 3 or (len(set(widths)) == 1 and widths[0] == 2))


loaders.add("csv", Loader("csv", "CSV and tab-separated tables", _is_csv, read_csv_facts))
