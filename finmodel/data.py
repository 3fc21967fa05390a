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

from finmodel.errors import DataError, fault
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


def read_given(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Return a CSV table of the user's, all columns as text; a row of another length is refused, never shifted or filled.

    Raises
    ------
    FileNotFoundError, IsADirectoryError
        If there is no such file, or it is a folder.
    DataError
        If it is no CSV table in UTF-8; the message says what it is instead, and what to do.
    """
    import pandas as pd

    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder: name a CSV file in it")
    if not path.exists():
        raise FileNotFoundError(f"no file {path}: check the name and the folder")
    with path.open("rb") as file:
        start = file.read(4)
    expected = "a CSV table in UTF-8"
    if not start:
        raise DataError([fault(path.name, "an empty file", expected)])
    if start in _KINDS:
        todo = f"take the figures out first: finmodel extract {path} --firm FIRM -o facts.csv"
        raise DataError([fault(path.name, _KINDS[start], expected, todo)])
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            columns, *body = [[plain_cell(c) for c in row] for row in csv.reader(file, strict=True) if row] or [[]]
    except UnicodeDecodeError:
        raise DataError([fault(path.name, "text in another encoding, or no text", expected, "save it as CSV UTF-8")]) from None
    except csv.Error as error:
        raise DataError([fault(path.name, str(error), expected)]) from None
    faults = [
        fault(path.name, f"column {name!r} {count} times", "each column once") for name, count in Counter(columns).items() if count > 1
    ]
    faults += [
        fault(f"{path.name}, row {number}", f"{len(row)} cells", f"{len(columns)}, as in the heading")
        for number, row in enumerate(body, start=2)
        if len(row) != len(columns)
    ]
    if faults or not columns:
        raise DataError(faults or [fault(path.name, "an empty file", expected)])
    return pd.DataFrame(body, columns=columns, dtype=str)


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
