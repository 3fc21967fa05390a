"""Spreadsheets and CSV files as grids of text; what a cell means is decided elsewhere.

Numbers are never guessed: a cell is text as stored, and becomes an amount by :func:`finmodel.units.parse_amount` or not at all.
"""

from __future__ import annotations

import csv
import io
import posixpath
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from finmodel.data import plain_cell
from finmodel.errors import DataError, fault
from finmodel.loaders.guard import LIMITS, Limits, check_size, opened_zip, xml_events

if TYPE_CHECKING:
    from lxml import etree

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATIONS = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_CELL = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7})")


@dataclass(frozen=True)
class Grid:
    """A sheet of text cells.

    Attributes
    ----------
    name : str
        Sheet name, or the file's name for a CSV.
    rows : tuple of tuple of str
        Cells by row, all rows of the same length; row 0 is row 1 of the sheet. A blank cell is an empty string.
    """

    name: str
    rows: tuple[tuple[str, ...], ...]

    def address(self, row: int, column: int) -> str:
        """Return the address of a cell as a spreadsheet shows it, such as ``"Sheet1!B7"``."""
        return f"{self.name}!{column_letters(column)}{row + 1}"

    def frame(self) -> pd.DataFrame:
        """Return the grid as a table of text, its first row as the header (a repeated or blank header is an error).

        Raises
        ------
        DataError
            If there is no header, or a column's name is blank or repeated.
        """
        if not self.rows:
            raise DataError([fault(self.name, "no rows", "a header and rows")])
        header = list(self.rows[0])
        faults = [
            fault(self.address(0, i), f"column name {name!r}", "a name of its own for each column")
            for i, name in enumerate(header)
            if not name or name in header[:i]
        ]
        if faults:
            raise DataError(faults[:20])
        return pd.DataFrame(self.rows[1:], columns=header, dtype=str)


def column_letters(index: int) -> str:
    """Return the letters of a column counted from 0.

    Examples
    --------
    >>> column_letters(0), column_letters(27)
    ('A', 'AB')
    """
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


@cache
def _column_index(letters: str) -> int:
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - 64
    return index - 1


def read_workbook(path: Path, limits: Limits = LIMITS) -> list[Grid]:
    """Return the visible content of every sheet of an Excel workbook (.xlsx, .xlsm).

    Raises
    ------
    DataError
        If it is no workbook, is too large, or has formulas whose results were not saved (each cell's address is given).
    """
    from python_calamine import CalamineError, load_workbook

    with opened_zip(path, limits) as archive:
        _check_sheets(archive, path.name, limits)
    try:
        book = load_workbook(path)
        grids = [_grid(name, book.get_sheet_by_name(name).to_python(skip_empty_area=False)) for name in book.sheet_names]
    except (CalamineError, OSError, ValueError) as error:
        raise DataError([fault(path.name, f"a damaged workbook ({error})", "a workbook that Excel opens")]) from None
    return grids


def _grid(name: str, rows: Sequence[Sequence[object]]) -> Grid:
    return Grid(name, tuple(tuple(_text(cell) for cell in row) for row in rows))


def _text(cell: object) -> str:
    """Return the text of a stored cell; a number in full, a day as YYYY-MM-DD."""
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ")
    return cell.isoformat() if isinstance(cell, date) else str(cell) if isinstance(cell, (int, time, timedelta)) else ""


def _check_sheets(archive: zipfile.ZipFile, name: str, limits: Limits) -> None:
    """Look over the XML of every sheet before the workbook is read: its used rectangle, and formulas without results."""
    unsaved: list[str] = []
    held = archive.namelist()
    titles = _sheet_titles(archive, name) if "xl/workbook.xml" in held else {}
    members = [m for m in held if m in titles or (m.startswith("xl/worksheets/") and m.endswith(".xml"))]
    if not titles or not members:
        raise DataError([fault(name, "a zip archive without sheets", "an Excel workbook (.xlsx)")])
    lengths, characters = _shared_lengths(archive, name), 0
    for member in members:
        title = titles.get(member, member.rpartition("/")[2])
        with archive.open(member) as stream:
            last_row = last_column = 0
            for count, cell in enumerate(xml_events(stream, f"{name}, {title}", (f"{_MAIN}c",)), start=1):
                address = cell.get("r") or ""
                if match := _CELL.fullmatch(address):
                    last_row, last_column = max(last_row, int(match[2])), max(last_column, _column_index(match[1]) + 1)
                if last_row * last_column > limits.cells or last_column > limits.columns or count > limits.cells:
                    found = f"{count:,} cells and more, in {last_row:,} rows by {last_column:,} columns"
                    allowed = f"at most {limits.cells:,} cells in all and {limits.columns:,} columns"
                    raise DataError([fault(f"{name}, {title}", found, allowed, "delete stray cells far from the table and save again")])
                characters += _shared_length(cell, lengths)
                if characters > limits.text_bytes:
                    found = f"cells that repeat shared texts to more than {limits.text_bytes:,} characters"
                    raise DataError([fault(f"{name}, {title}", found, "a table of figures", "save the sheet as CSV")])
                if _unsaved(cell):
                    unsaved.append(f"{title}!{address}")
    if unsaved:
        where = f"{name}, {', '.join(unsaved[:12])}{' and others' if len(unsaved) > 12 else ''}"
        what = f"{len(unsaved)} formula{'s' if len(unsaved) > 1 else ''} without a saved result"
        raise DataError([fault(where, what, "values", "open the workbook in a spreadsheet program and save it")])


def _shared_lengths(archive: zipfile.ZipFile, name: str) -> list[int]:
    """Return the length of each text that cells refer to by number."""
    if "xl/sharedStrings.xml" not in archive.namelist():
        return []
    with archive.open("xl/sharedStrings.xml") as stream:
        return [sum(map(len, text.itertext())) for text in xml_events(stream, name, (f"{_MAIN}si",))]


def _shared_length(cell: etree._Element, lengths: Sequence[int]) -> int:
    """Return the length of the shared text that a cell shows, 0 for a cell of its own."""
    number = cell.findtext(f"{_MAIN}v") if cell.get("t") == "s" else None
    return lengths[int(number)] if number and number.isdecimal() and int(number) < len(lengths) else 0


def _unsaved(cell: etree._Element) -> bool:
    """Whether a cell holds a formula whose result was not stored with it."""
    parts = {part.tag: part.text for part in cell}
    return f"{_MAIN}f" in parts and not parts.get(f"{_MAIN}v") and not (f"{_MAIN}v" in parts and cell.get("t") == "str")


def _sheet_titles(archive: zipfile.ZipFile, name: str) -> dict[str, str]:
    """Return the title of each sheet by the member it is stored in."""
    targets: dict[str, str] = {}
    if "xl/_rels/workbook.xml.rels" in archive.namelist():
        with archive.open("xl/_rels/workbook.xml.rels") as stream:
            tag = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
            for relation in xml_events(stream, name, (tag,)):
                target = relation.get("Target") or ""
                targets[relation.get("Id") or ""] = posixpath.normpath(posixpath.join("/xl", target)).removeprefix("/")
    titles = {}
    with archive.open("xl/workbook.xml") as stream:
        for sheet in xml_events(stream, name, (f"{_MAIN}sheet",)):
            titles[targets.get(sheet.get(f"{_RELATIONS}id") or "", "")] = sheet.get("name") or ""
    return titles


def read_csv_grid(path: Path, limits: Limits = LIMITS) -> Grid:
    """Return a CSV (or tab-separated) file as a grid.

    UTF-8 with or without a byte-order mark, UTF-16 with one, and GB18030 are read; anything else is refused, as are NUL bytes and
    rows of unequal length.

    Raises
    ------
    DataError
        If the encoding is not one of these or the rows are ragged: every row with its number.
    """
    check_size(path, limits.csv_bytes, "a CSV file")
    rows = _split(decoded(path.read_bytes(), path.name), path.name, limits)
    _check_rows(rows, path.name, limits)
    return Grid(path.name, tuple(rows))


def _split(text: str, name: str, limits: Limits) -> list[tuple[str, ...]]:
    """Return the rows of a delimited text; the mark most frequent in its first line is the delimiter."""
    first = text.partition("\n")[0]
    delimiter = max(",\t;", key=first.count)
    before = csv.field_size_limit(limits.field)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        rows: list[tuple[str, ...]] = []
        cells = 0
        for row in reader:
            cells += len(row)
            if cells > limits.cells:
                raise DataError([fault(name, f"more than {limits.cells:,} cells", "a smaller table", "split it")])
            if row:
                rows.append(tuple(plain_cell(cell.strip()) for cell in row))
        return rows
    except csv.Error as error:
        raise DataError([fault(name, f"a broken CSV table ({error})", "quotes that close, cells of moderate length")]) from None
    finally:
        csv.field_size_limit(before)


def _check_rows(rows: list[tuple[str, ...]], name: str, limits: Limits) -> None:
    if not rows:
        raise DataError([fault(name, "no rows", "a header and rows")])
    width = len(rows[0])
    if width > limits.columns:
        raise DataError([fault(name, f"{width:,} columns", f"at most {limits.columns:,}")])
    ragged = [i for i, row in enumerate(rows, start=1) if len(row) != width]
    if ragged:
        faults = [fault(f"{name}, row {i}", f"{len(rows[i - 1])} cells", f"{width}, as in the header") for i in ragged[:20]]
        raise DataError(faults)


def decoded(raw: bytes, name: str) -> str:
    """Return the text of a file in UTF-8, UTF-16 with a byte-order mark, or GB18030.

    Raises
    ------
    DataError
        If it is in none of these, or holds NUL bytes.
    """
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings = ["utf-16"]
    elif b"\0" in raw:
        row = raw[: raw.index(b"\0")].count(b"\n") + 1
        raise DataError(
            [fault(f"{name}, row {row}", "a NUL byte", "text", "it is a binary file, or UTF-16 without its mark; save as UTF-8")]
        )
    else:
        encodings = ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "gb18030" and not _chinese(text):
            continue
        if "\0" in text:
            break
        return text
    raise DataError([fault(name, "text in no known encoding", "UTF-8, UTF-16 with its mark, or GB18030", "save it as UTF-8")])


def _chinese(text: str) -> bool:
    """Whether text decoded as GB18030 is Chinese and not another encoding misread: nearly all its characters are of the common set."""
    letters = [c for c in text[:20_000] if ord(c) > 127]
    common = sum(bool(c.encode("gb2312", errors="ignore")) for c in letters)
    return bool(letters) and common > 0.9 * len(letters)
