"""SEC financial-statement data sets: the tagged figures of all filings of a quarter, ``sub`` (filings) and ``num`` (figures).

Read from the zip archive as published, or from two parquet files side by side whose names differ in ``num`` and ``sub`` alone.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import pandas as pd

from finmodel.errors import DataError, fault
from finmodel.facts import CURRENCIES
from finmodel.loaders.base import Loader, Progress, loaders, slug
from finmodel.loaders.concepts import Tagged, concept_map, facts_of, name_line_items
from finmodel.loaders.guard import LIMITS, check_size, megabytes
from finmodel.units import add_months, parse_amount, parse_date

SUB = ["adsh", "cik", "name", "form", "filed"]
NUM = ["adsh", "tag", "version", "ddate", "qtrs", "uom", "coreg", "segments", "value"]
NUM_OPTIONAL = "segments"
"""Older data sets have no segments column: all their figures are of the whole firm unless coreg says otherwise."""
TAXONOMIES = {"us-gaap": "us-gaap", "ifrs": "ifrs-full", "ifrs-full": "ifrs-full"}


def read_data_set(archive: zipfile.ZipFile, path: Path, firm: str | None, progress: Progress | None = None) -> pd.DataFrame:
    """Return the facts of all filings in a data set, or of one firm's.

    Parameters
    ----------
    archive : zipfile.ZipFile
        Holds ``sub.txt`` and ``num.txt``.
    path : path
        Of the archive.
    firm : str, optional
        Only this firm: its name as made from the data set, or its CIK.
    progress : callable, optional
        Called after each table with (tables read, tables in all).

    Raises
    ------
    DataError
        If columns are missing, or a row has no good day or value.
    """
    sub, num = _text_table(archive, "sub.txt", SUB, path.name), _text_table(archive, "num.txt", NUM, path.name)
    if progress is not None:
        progress(2, 3)
    return _facts(sub, num, path, firm)


def _text_table(archive: zipfile.ZipFile, name: str, columns: list[str], where: str) -> pd.DataFrame:
    with archive.open(name) as stream:
        try:
            table = pd.read_csv(
                stream, sep="\t", dtype=str, keep_default_na=False, quoting=3, encoding="utf-8", usecols=columns.__contains__
            )
        except (ValueError, pd.errors.ParserError) as error:
            raise DataError([fault(f"{where}, {name}", str(error).splitlines()[0], "a tab-separated table in UTF-8")]) from None
    return _complete(table, columns, f"{where}, {name}")


def read_parquet(path: Path, firm: str | None = None, progress: Progress | None = None) -> pd.DataFrame:
    """Return the facts of a data set kept as parquet; `path` is either of its two files.

    Raises
    ------
    DataError
        If pyarrow is not installed, the other file is not beside it, or as for :func:`read_data_set`.
    """
    stem = path.name.replace("sub", "num")
    num, sub = path.with_name(stem), path.with_name(stem.replace("num", "sub"))
    if "num" not in stem:
        raise DataError([fault(path.name, "a parquet file of unknown content", "num and sub of an SEC data set, so named")])
    if not num.is_file() or not sub.is_file():
        other = sub.name if num.is_file() else num.name
        raise DataError([fault(path.name, "one half of a data set", f"{other} beside it", "sub has the filings, num their figures")])
    return _facts(_parquet(sub, SUB), _parquet(num, NUM), path, firm)


def _parquet(path: Path, columns: list[str]) -> pd.DataFrame:
    """Return some columns of a parquet file as text, only rows with known concepts where it has tags."""
    try:
        arrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError:
        raise DataError([fault(path.name, "a parquet file", "pyarrow to read it", "pip install 'finmodel[parquet]'")]) from None
    check_size(path, LIMITS.zip_bytes, "a parquet file")
    damaged = (arrow.ArrowException, OSError, ValueError, KeyError)
    try:
        with parquet.ParquetFile(path) as file:
            size = sum(file.metadata.row_group(i).total_byte_size for i in range(file.metadata.num_row_groups))
            there = [name for name in columns if name in file.schema_arrow.names]
        if size <= LIMITS.total_bytes:
            filters = [("tag", "in", sorted(_concepts()))] if "tag" in there else None
            table = parquet.read_table(path, columns=there, filters=filters)
            frame: pd.DataFrame = table.replace_schema_metadata().to_pandas()
    except damaged as error:
        raise DataError([fault(path.name, f"a damaged parquet file ({str(error)[:80]})", "a whole one")]) from None
    if size > LIMITS.total_bytes:
        raise DataError([fault(path.name, f"{megabytes(size)} unpacked", f"at most {megabytes(LIMITS.total_bytes)}")])
    return _complete(frame.map(lambda value: "" if pd.isna(value) else str(value)), columns, path.name)


def _concepts() -> set[str]:
    return {concept for taxonomy in TAXONOMIES.values() for concept in concept_map()[taxonomy]}


def _complete(table: pd.DataFrame, columns: list[str], where: str) -> pd.DataFrame:
    if NUM_OPTIONAL in columns and NUM_OPTIONAL not in table.columns:
        table = table.assign(**{NUM_OPTIONAL: ""})
    if missing := [name for name in columns if name not in table.columns]:
        raise DataError([fault(where, f"no column {', '.join(missing)}", f"columns {', '.join(columns)}", "is it an SEC data set?")])
    return table


def _facts(sub: pd.DataFrame, num: pd.DataFrame, path: Path, firm: str | None) -> pd.DataFrame:
    sub = sub.assign(firm=sub["name"].map(slug))
    if firm is not None:
        sub = sub[(sub["firm"] == firm) | (sub["cik"] == firm)]
        if sub.empty:
            raise DataError([fault(path.name, f"no filing of {firm!r}", "a firm of this data set, by name or CIK")])
    num = num[(num["segments"] == "") & (num["coreg"] == "") & num["uom"].isin(CURRENCIES) & (num["value"] != "")]
    if num.empty:
        raise DataError([fault(path.name, "no figure in money", "at least one concept of data/concepts.csv")])
    num = num.assign(taxonomy=num["version"].str.partition("/")[0].map(TAXONOMIES).fillna(""))
    known = pd.MultiIndex.from_tuples([(name, tag) for name, tags in concept_map().items() for tag in tags])
    rows = num[pd.MultiIndex.from_frame(num[["taxonomy", "tag"]]).isin(known)].merge(sub, on="adsh")
    if rows.empty:
        raise DataError([fault(path.name, "no figure of a known concept", "at least one concept of data/concepts.csv")])
    faults: list[str] = []
    tagged = list(_tagged(rows, path.name, faults))
    if faults:
        raise DataError(faults[:50])
    firms = {figure.document: name for figure, name in zip(tagged, rows["firm"], strict=True)}
    return facts_of(name_line_items(tagged), firms, "secondary", path)


def _tagged(rows: pd.DataFrame, name: str, faults: list[str]) -> Iterator[Tagged]:
    columns = ("taxonomy", "tag", "ddate", "qtrs", "uom", "value", "adsh", "form", "filed")
    for taxonomy, tag, ddate, quarters, currency, printed, adsh, form, filed in zip(*(rows[c] for c in columns), strict=True):
        try:
            start, end = _span(ddate, quarters)
            value = parse_amount(printed)
            published = _iso(filed)
        except ValueError as error:
            faults.append(fault(f"{name}, {adsh}, {tag}", str(error), "a day as YYYYMMDD, a number of quarters and a value"))
            continue
        audit, note = "unaudited" if form.startswith("10-Q") else "", "amended" if form.endswith("/A") else ""
        document, locator = f"{form} {adsh}", f"{taxonomy}:{tag}"
        yield Tagged(
            taxonomy, tag, tag, start, end, printed, float(value or 0), 1.0, currency, None, document, published, audit, note, locator
        )


@cache
def _iso(day: str) -> str:
    """Return the ISO form of a day written YYYYMMDD."""
    day = day.removesuffix(".0")
    return parse_date(f"{day[:4]}-{day[4:6]}-{day[6:]}").isoformat()


@cache
def _span(day: str, quarters: str) -> tuple[str, str]:
    """Return first and last day of so many quarters up to a day; no first day for none."""
    end = _iso(day)
    count = int(quarters.removesuffix(".0"))
    if not 0 <= count <= 400:
        raise ValueError(f"{quarters} quarters")
    after = parse_date(end).toordinal() + 1
    return (add_months(parse_date(end).fromordinal(after), -3 * count).isoformat() if count else "", end)


def _is_parquet(head: bytes, _path: Path) -> bool:
    return head.startswith(b"PAR1")


loaders.add("parquet", Loader("parquet", "SEC data sets in parquet", _is_parquet, read_parquet))
