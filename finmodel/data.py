"""Where the shipped data are: in the installed package, else in the checkout."""

from __future__ import annotations

import csv
import io
import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finmodel.errors import DataError, fault, shown
from finmodel.units import parse_amount

if TYPE_CHECKING:
    import pandas as pd


@cache
def data_root() -> Path:
    """Return the folder of the shipped data.

    A wheel carries it as ``finmodel/_data``; an editable install and a checkout have it as ``data/`` beside the package.

    Raises
    ------
    FileNotFoundError
        If neither is there: the installation is broken.
    """
    package = Path(__file__).resolve().parent
    for folder in (package / "_data", package.parent / "data"):
        if (folder / "datapackage.json").is_file():
            return folder
    raise FileNotFoundError(f"no data beside {package}: neither _data/ nor ../data/datapackage.json; install finmodel again")


@cache
def _read(path: Path) -> pd.DataFrame:
    import pandas as pd

    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")


def read_table(name: str) -> pd.DataFrame:
    """Return one shipped table, all columns as text (a blank cell is an empty string).

    Parameters
    ----------
    name : str
        Path below the data folder without its ending, such as ``"firms"`` or ``"facts/sensetime-prospectus"``.
    """
    return _read(data_root() / f"{name}.csv").copy()


@cache
def _read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_rows(name: str) -> list[dict[str, str]]:
    """Return the rows of one shipped table as :func:`read_table` reads them, without loading pandas."""
    return [dict(row) for row in _read_rows(data_root() / f"{name}.csv")]


_KINDS = {b"%PDF": "a PDF document", b"PK\x03\x04": "a workbook or archive", b"\xd0\xcf\x11\xe0": "an old Excel workbook"}
MOST_BYTES = 50_000_000
MOST_COLUMNS = 1_000
MOST_CELLS = 5_000_000
MOST_FAULTS = 1_000
"""What a table of the user's may hold, and how many faults of it are kept: no file fills the memory."""


def read_given(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Return a CSV table of the user's, all columns as text; a row of another length is refused, never shifted or filled.

    Raises
    ------
    FileNotFoundError, IsADirectoryError
        If there is no such file, or it is a folder.
    DataError
        If it is no CSV table in UTF-8 of at most 50 MB; the message says what it is instead, and what to do.
    """
    import pandas as pd

    path = Path(path)
    text = _text_of(path)
    try:
        columns, body = _cells(csv.reader(io.StringIO(text, newline=""), strict=True), path.name)
    except csv.Error as error:
        raise DataError([fault(path.name, str(error), _EXPECTED)]) from None
    faults = [
        fault(path.name, f"column {shown(name)} {count} times", "each column once") for name, count in Counter(columns).items() if count > 1
    ]
    ragged = [(number, len(row)) for number, row in enumerate(body, start=2) if len(row) != len(columns)]
    expected = f"{len(columns)}, as in the heading"
    faults += [fault(f"{path.name}, row {number}", f"{cells} cells", expected) for number, cells in ragged[:MOST_FAULTS]]
    if len(ragged) > MOST_FAULTS:
        faults.append(fault(path.name, f"{len(ragged) - MOST_FAULTS} more rows of another length", expected))
    if faults:
        raise DataError(faults)
    return pd.DataFrame(body, columns=columns, dtype=str)


_EXPECTED = "a CSV table in UTF-8"


def _text_of(path: Path) -> str:
    """Return the text of a file that may be a CSV table, without a byte order mark."""
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder: name a CSV file in it")
    if not path.exists():
        raise FileNotFoundError(f"no file {path}: check the name and the folder")
    with path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if not content:
        raise DataError([fault(path.name, "an empty file", _EXPECTED)])
    if content[:4] in _KINDS:
        todo = f"take the figures out first: finmodel extract {path} --firm FIRM -o facts.csv"
        raise DataError([fault(path.name, _KINDS[content[:4]], _EXPECTED, todo)])
    if len(content) > MOST_BYTES:
        raise DataError([fault(path.name, f"more than {MOST_BYTES // 1_000_000} MB", "a smaller table", "split it by firm or year")])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError([fault(path.name, "text in another encoding, or no text", _EXPECTED, "save it as CSV UTF-8")]) from None


def _cells(lines: Iterator[list[str]], name: str) -> tuple[list[str], list[list[str]]]:
    """Return the heading and the rows below it that are not blank."""
    kept: list[list[str]] = []
    left = MOST_CELLS
    for row in filter(None, lines):
        left -= len(row)
        if left < 0:
            raise DataError([fault(name, f"more than {MOST_CELLS:,} cells", "a smaller table", "split it by firm or year")])
        if len(row) > MOST_COLUMNS and not kept:
            raise DataError([fault(name, f"{len(row)} columns", f"at most {MOST_COLUMNS:,}")])
        kept.append([plain_cell(cell) for cell in row])
    if not kept:
        raise DataError([fault(name, "an empty file", _EXPECTED)])
    return kept[0], kept[1:]


def rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as plain dictionaries."""
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


@contextmanager
def written(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path beside `path`; it takes its place only if the block ends without an error.

    Raises
    ------
    FileNotFoundError, IsADirectoryError
        If the folder of `path` does not exist, or `path` is a folder itself.
    """
    target = Path(path)
    if target.is_dir():
        raise IsADirectoryError(f"{target} is a folder: name the file to write in it")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"no folder {target.parent} to write {target.name} into; make it first")
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.stem}-", suffix=target.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def write_csv(table: pd.DataFrame, path: str | os.PathLike[str]) -> None:
    """Write a table as CSV that a spreadsheet opens without taking text for a formula; the same bytes on every machine."""
    import pandas as pd

    safe = table.copy()
    for column in safe.columns[[not pd.api.types.is_numeric_dtype(t) for t in safe.dtypes]]:
        safe[column] = [safe_cell(v) for v in safe[column]]
    safe.columns = pd.Index([safe_cell(name) for name in safe.columns])
    safe.to_csv(path, index=False, lineterminator="\n", float_format="%.15g")


def csv_text(records: Iterable[Mapping[str, Any]]) -> str:
    """Return records as CSV that a spreadsheet opens without taking text for a formula."""
    records = list(records)
    buffer = io.StringIO()
    names = list(dict.fromkeys(k for r in records for k in r))
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerows([[safe_cell(name) for name in names], *([safe_cell(r.get(name, "")) for name in names] for r in records)])
    return buffer.getvalue()


_FORMULA = re.compile(r"'*[=+\-@＝＋－＠\t\r\n]")


def safe_cell(value: Any) -> Any:
    """Return text that a spreadsheet does not take for a formula: such text gets an apostrophe; amounts and all else stay as they are.

    Examples
    --------
    >>> safe_cell("=1+1"), safe_cell("-100"), safe_cell("(1,234)"), plain_cell(safe_cell("=1+1"))
    ("'=1+1", '-100', '(1,234)', '=1+1')
    """
    return f"'{value}" if isinstance(value, str) and _is_formula(value) else value


def plain_cell(text: str) -> str:
    """Return text without the apostrophe that :func:`safe_cell` put before it, the same text where it put none."""
    return text[1:] if text.startswith("'") and _is_formula(text[1:]) else text


def _is_formula(text: str) -> bool:
    """Tell whether a spreadsheet may compute a text (apostrophes before it count with it, so that the guard can be taken off)."""
    if not _FORMULA.match(text):
        return False
    try:
        parse_amount(text)
    except ValueError:
        return True
    return False
