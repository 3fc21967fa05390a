"""Readers of lists as downloaded: OFAC's CSV and advanced XML, trade.gov's consolidated list in CSV and JSON.

Files from strangers are hostile: XML is streamed, without entities, document types or network, and no file may be larger than any list
ever was. This module loads no pandas, so that a process that only streams stays small.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any

from finmodel.errors import DataError, fault
from finmodel.units import parse_date

LARGEST = 600_000_000
"""Bytes beyond which a file is refused; the largest list published is a quarter of it."""

_NULL = "-0-"
_REMARK_DAYS = {
    "listed_on": "Listing Date (CMIC)",
    "effective_on": "Effective Date (CMIC)",
    "divest_by": "Purchase/Sales For Divestment Date (CMIC)",
}
_CMIC_COLUMNS = {label: column for column, label in _REMARK_DAYS.items()}
_REMARK_DAY = re.compile(r"(Listing Date|Effective Date|Purchase/Sales For Divestment Date) \(CMIC\) (\d{1,2} \w{3} \d{4})")
_REMARK_ID = re.compile(
    r"(?:alt\. )?(ISIN|Equity Ticker|Unified Social Credit Code \(USCC\)|C\.R\. No\.) ([^;(]+?)\s*(?:\([^;]*\))?\.?(?:;|$)"
)
_REMARK_NAME = re.compile(r"(?:alt\. )?(?:Issuer Name ([^;]+?)|(?:a\.k\.a\.|f\.k\.a\.) '([^']+)')\.?(?:;|$)")


def read_entries(path: Path, faults: list[str], wanted: Callable[[str], object] = lambda program: True) -> Iterator[dict[str, str]]:
    """Yield the entries of a list file, whichever of the known formats it has.

    Parameters
    ----------
    path : path
    faults : list of str
        Receives every bad row; whoever reads must look at it at the end and then use nothing.
    wanted : callable
        Takes a programme and says whether its entries are wanted; default all.

    Yields
    ------
    dict of str to str
        Some of the columns of a loaded list, at least legal_name and programs.

    Raises
    ------
    DataError
        If the file has none of the known formats or is too large.
    """
    if path.stat().st_size > LARGEST:
        raise DataError([fault(path.name, f"{path.stat().st_size:,} bytes", f"at most {LARGEST:,}")])
    with path.open("rb") as file:
        start = file.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n")
    if start[:1] == b"<":
        return read_advanced_xml(path, faults, wanted)
    if start[:1] in (b"{", b"["):
        return (e for e in _read_json(path, faults) if wanted(e["programs"]))
    head = start.split(b"\n", 1)[0].decode("utf-8", "replace")
    columns = next(csv.reader([head]), [])
    if {"source", "name", "start_date"} <= set(columns):
        return (e for e in _read_consolidated_csv(path, faults) if wanted(e["programs"]))
    if columns and columns[0].strip().isdigit() and len(columns) in (5, 6):
        raise DataError(
            [fault(path.name, "a file of alternate names or addresses", "the main file, which reads those beside it", "load cons_prim.csv")]
        )
    if columns and columns[0].strip().isdigit():
        return (e for e in _read_ofac_csv(path, faults) if wanted(e["programs"]))
    expected = "OFAC's cons_prim.csv or advanced XML, or trade.gov's consolidated list (CSV or JSON)"
    raise DataError([fault(path.name, f"a file that begins {head[:60]!r}", expected)])


def _text_rows(path: Path, faults: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a CSV with their numbers; what cannot be read becomes a fault."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from enumerate(csv.reader(_clean(file)), start=1)
    except (csv.Error, UnicodeDecodeError) as error:
        faults.append(fault(path.name, str(error), "CSV in UTF-8"))


def _clean(file: IO[str]) -> Iterator[str]:
    for line in file:
        yield line.replace("\x1a", "")


def _cells(row: list[str]) -> list[str]:
    """Return the cells of a row with OFAC's sign for nothing as a blank."""
    return ["" if cell.strip() == _NULL else cell.strip() for cell in row]


def _read_ofac_csv(path: Path, faults: list[str]) -> Iterator[dict[str, str]]:
    beside = {kind: _beside(path, kind, faults) for kind in ("alt", "add", "comments")}
    for number, row in _text_rows(path, faults):
        if not row or row == [""]:
            continue
        spot = f"{path.name}, row {number}"
        cells = [*_cells(row[:-1]), "" if row[-1].strip() == _NULL else row[-1]]
        if len(cells) != 12:
            faults.append(fault(spot, f"{len(cells)} fields", "12"))
        elif not cells[0].isdigit() or not cells[1]:
            faults.append(fault(spot, f"number {cells[0]!r}, name {cells[1]!r}", "a number and a name"))
        else:
            yield from _ofac_entries(cells, spot, beside, faults)


def _ofac_entries(cells: list[str], spot: str, beside: dict[str, dict[str, list[str]]], faults: list[str]) -> Iterator[dict[str, str]]:
    uid, name, _, programs, *_, remarks = cells
    remarks += "".join(beside["comments"].get(uid, []))
    days = {f"{label} (CMIC)": _remark_day(text, spot, faults) for label, text in _REMARK_DAY.findall(remarks)}
    found = {column: days.get(label, "") for column, label in _REMARK_DAYS.items()}
    if "CMIC-EO13959" in programs:
        missing = [label for label in _REMARK_DAYS.values() if label not in days]
        faults += [fault(spot, f"no {label!r} in the remarks of {name}", "'dd Mon yyyy' after it") for label in missing]
    names = [a or b for a, b in _REMARK_NAME.findall(remarks)] + beside["alt"].get(uid, [])
    numbers = [f"{kind} {value}" for kind, value in _REMARK_ID.findall(remarks)]
    for program in re.findall(r"[^\[\]; ]+", programs) or [""]:
        yield {
            "uid": uid,
            "legal_name": name,
            "programs": program,
            **found,
            "aliases": _joined(names),
            "identifiers": _joined(numbers),
            "addresses": _joined(beside["add"].get(uid, [])),
        }


def _beside(path: Path, kind: str, faults: list[str]) -> dict[str, list[str]]:
    """Return what a file of alternate names, addresses or longer remarks beside the main file says of each number."""
    other = file_beside(path, kind)
    found: dict[str, list[str]] = {}
    if other is None:
        return found
    for number, row in _text_rows(other, faults):
        if not row or row == [""]:
            continue
        cells = _cells(row)
        width = {"alt": 5, "add": 6, "comments": 2}[kind]
        if len(cells) != width or not cells[0].isdigit():
            faults.append(
                fault(f"{other.name}, row {number}", f"{len(cells)} fields beginning {cells[0]!r}", f"{width} beginning with a number")
            )
            continue
        value = {"alt": cells[3:4], "add": [", ".join(filter(None, cells[2:5]))], "comments": row[1:2]}[kind]
        found.setdefault(cells[0], []).extend(filter(None, value))
    return found


def file_beside(path: Path, kind: str) -> Path | None:
    """Return the file of one kind beside OFAC's main file, if there is one."""
    names = {"sdn.csv": f"{kind}.csv" if kind != "comments" else "sdn_comments.csv"}
    other = path.with_name(names.get(path.name.lower(), path.name.replace("_prim", f"_{kind}")))
    return other if other != path and other.is_file() else None


def _remark_day(text: str, spot: str, faults: list[str]) -> str:
    try:
        return datetime.strptime(text, "%d %b %Y").date().isoformat()
    except ValueError:
        faults.append(fault(spot, f"day {text!r}", "a day written 16 Dec 2021"))
        return ""


def _read_consolidated_csv(path: Path, faults: list[str]) -> Iterator[dict[str, str]]:
    columns: list[str] = []
    for number, row in _text_rows(path, faults):
        if number == 1:
            columns = row
        elif row and len(row) != len(columns):
            faults.append(fault(f"{path.name}, row {number}", f"{len(row)} fields", f"{len(columns)}, as in the heading"))
        elif row:
            yield from _consolidated(dict(zip(columns, row, strict=True)), f"{path.name}, row {number}", faults)


def _read_json(path: Path, faults: list[str]) -> Iterator[dict[str, str]]:
    try:
        loaded = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise DataError([fault(path.name, str(error), "JSON")]) from None
    entries = loaded.get("results") if isinstance(loaded, dict) else loaded
    if not isinstance(entries, list):
        raise DataError([fault(path.name, "no list of results", "trade.gov's consolidated list")])
    for number, entry in enumerate(entries, start=1):
        spot = f"{path.name}, entry {number}"
        if not isinstance(entry, dict):
            faults.append(fault(spot, type(entry).__name__, "an object"))
            continue
        yield from _consolidated({key: _flat(value) for key, value in entry.items()}, spot, faults)


def _flat(value: Any) -> str:
    """Return a JSON value as the CSV prints it: lists joined by semicolons, objects by commas."""
    if isinstance(value, list):
        return "; ".join(map(_flat, value))
    if isinstance(value, dict):
        return ", ".join(_flat(v) for v in value.values() if v)
    return "" if value is None else str(value)


def _consolidated(entry: dict[str, str], spot: str, faults: list[str]) -> Iterator[dict[str, str]]:
    days = {}
    for column in ("start_date", "end_date"):
        text = entry.get(column, "").strip()
        try:
            days[column] = parse_date(text).isoformat() if text else ""
        except ValueError:
            faults.append(fault(f"{spot}, {column}", repr(text), "a day written YYYY-MM-DD, or a blank"))
    if not entry.get("name", "").strip() or not entry.get("source", "").strip():
        faults.append(fault(spot, "no name or no source", "both"))
    if len(days) < 2 or not entry.get("name", "").strip():
        return
    yield {
        "uid": (entry.get("entity_number") or entry.get("_id") or entry.get("id") or "").strip(),
        "legal_name": entry["name"].strip(),
        "programs": entry.get("source", "").strip(),
        "listed_on": days["start_date"],
        "ended_on": days["end_date"],
        "citation": entry.get("federal_register_notice", "").strip(),
        "aliases": _joined(entry.get("alt_names", "").split(";")),
        "identifiers": _joined(entry.get("ids", "").split(";")),
        "addresses": _joined(entry.get("addresses", "").split(";")),
        "note": " ".join(filter(None, (entry.get("license_policy", "").strip(), entry.get("remarks", "").strip()))),
        **_cmic_days(entry.get("remarks", ""), spot, faults),
    }


def _cmic_days(remarks: str, spot: str, faults: list[str]) -> dict[str, str]:
    days = {f"{label} (CMIC)": _remark_day(text, spot, faults) for label, text in _REMARK_DAY.findall(remarks)}
    return {column: days[label] for column, label in _REMARK_DAYS.items() if label in days}


def read_advanced_xml(path: Path, faults: list[str], wanted: Callable[[str], object] = lambda program: True) -> Iterator[dict[str, str]]:
    """Yield the entries of an OFAC advanced XML file, streaming; the file need not fit in memory.

    Parameters
    ----------
    path : path
    faults : list of str
        Receives what is wrong with the file.
    wanted : callable
        Takes a programme and says whether its entries are wanted; default all.
    """
    from lxml import etree

    kinds: dict[str | None, str] = {}
    parties: dict[str | None, tuple[str, str, dict[str, str]]] = {}
    try:
        with path.open("rb") as file:
            safe = {
                "resolve_entities": False,
                "no_network": True,
                "load_dtd": False,
                "remove_comments": True,
                "remove_pis": True,
                "remove_blank_text": True,
            }
            for _, element in etree.iterparse(file, tag=(_XML["FeatureType"], _XML["DistinctParty"], _XML["SanctionsEntry"]), **safe):
                _refuse_dtd(element, path)
                if element.tag == _XML["DistinctParty"]:
                    parties[element.get("FixedRef")] = _party(element, kinds, path.name, faults)
                elif element.tag == _XML["SanctionsEntry"]:
                    yield from _sanctions_entry(element, parties, wanted, path.name, faults)
                else:
                    kinds[element.get("ID")] = _CMIC_COLUMNS.get((element.text or "").strip(), "")
                _forget(element)
    except etree.XMLSyntaxError as error:
        faults.append(fault(path.name, str(error), "OFAC's advanced XML"))
    if not parties and not faults:
        faults.append(fault(path.name, "no DistinctParty", "OFAC's advanced XML (namespace http://www.un.org/sanctions/1.0)"))


_XML = {
    name: f"{{http://www.un.org/sanctions/1.0}}{name}"
    for name in (
        *("FeatureType", "DistinctParty", "Alias", "NamePartValue", "Feature", "From"),
        *("SanctionsEntry", "SanctionsMeasure", "Comment", "Date", "Year", "Month", "Day"),
    )
}
"""Elements that are read, with their namespace."""


def _refuse_dtd(element: Any, path: Path) -> None:
    if element.getroottree().docinfo.internalDTD is not None:
        raise DataError([fault(path.name, "a document type definition", "none, as in OFAC's files", "get the file from OFAC again")])


def _forget(element: Any) -> None:
    """Free an element and those before it, so that memory stays flat."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _party(element: Any, kinds: dict[str | None, str], file: str, faults: list[str]) -> tuple[str, str, dict[str, str]]:
    """Return the name, the other names and the dates of a party."""
    spoken: list[str] = []
    primary = 0
    days = {}
    for node in element.iter(_XML["Alias"], _XML["NamePartValue"], _XML["Feature"]):
        tag = node.tag
        if tag == _XML["NamePartValue"] and spoken:
            spoken[-1] = f"{spoken[-1]}, {node.text or ''}".strip(", ")
        elif tag == _XML["Alias"]:
            primary = len(spoken) if node.get("Primary") == "true" else primary
            spoken.append("")
        elif tag == _XML["Feature"] and (column := kinds.get(node.get("FeatureTypeID"))):
            days[column] = _xml_day(next(node.iter(_XML["From"]), None))
    name = spoken.pop(primary) if spoken else ""
    if not name or "" in days.values():
        spot = f"{file}, line {element.sourceline}, DistinctParty {element.get('FixedRef')}"
        faults.append(fault(spot, f"name {name!r}, days {days}", "a primary name, and year, month and day of every date"))
    return name, _joined(spoken), days


def _sanctions_entry(
    element: Any,
    parties: dict[str | None, tuple[str, str, dict[str, str]]],
    wanted: Callable[[str], object],
    file: str,
    faults: list[str],
) -> Iterator[dict[str, str]]:
    uid = element.get("ProfileID")
    if uid not in parties:
        spot = f"{file}, line {element.sourceline}, SanctionsEntry"
        faults.append(fault(spot, f"profile {uid!r}", "one of the parties before it"))
        return
    for comment in element.iter(_XML["Comment"]):
        program = (comment.text or "").strip()
        if program and wanted(program) and comment.getparent().tag == _XML["SanctionsMeasure"]:
            name, others, days = parties[uid]
            entered = _xml_day(next(element.iter(_XML["Date"]), None))
            yield {"uid": uid, "legal_name": name, "programs": program, "listed_on": entered, "aliases": others, **days}


def _xml_day(element: Any) -> str:
    """Return the day in Year, Month and Day elements; blank where one is missing or it is no day."""
    parts = {part.tag: part.text for part in element} if element is not None else {}
    try:
        return date(*(int(parts.get(_XML[unit]) or "") for unit in ("Year", "Month", "Day"))).isoformat()
    except ValueError:
        return ""


def _joined(texts: Iterable[str]) -> str:
    return " | ".join(dict.fromkeys(text.strip() for text in texts if text.strip()))
