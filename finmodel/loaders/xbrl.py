"""XBRL documents: an instance (.xml), an inline report (.htm, .xhtml) or an archive of inline reports (EDINET, ESEF).

Only figures of the whole firm are taken: a context with a dimension (segment, class of stock, parent company alone) is not.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pandas as pd

from finmodel.errors import DataError, fault
from finmodel.facts import CURRENCIES
from finmodel.loaders.base import Loader, Progress, loaders, slug
from finmodel.loaders.concepts import Tagged, concept_map, day, day_before, facts_of, name_line_items
from finmodel.loaders.guard import LIMITS, check_size, xml_events

if TYPE_CHECKING:
    from lxml import etree

XBRLI = "{http://www.xbrl.org/2003/instance}"
XBRLDI_PARTS = (f"{XBRLI}segment", f"{XBRLI}scenario")
INLINE = ("http://www.xbrl.org/2013/inlineXBRL", "http://www.xbrl.org/2008/inlineXBRL")
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
NAMES = ("EntityRegistrantName", "FilerNameInEnglishDEI", "NameOfReportingEntityOrOtherMeansOfIdentification")
"""Concepts that give the firm's name."""
FORM, AMENDED = "DocumentType", "AmendmentFlag"


@dataclass
class _Figure:
    """A tagged figure before its context and unit are known (they may come later in the file, or in another file)."""

    taxonomy: str
    concept: str
    context: str
    unit: str
    printed: str
    text: str
    scale: int
    negative: bool
    decimals: int | None
    where: str


@dataclass
class _Report:
    """What has been read of a report."""

    contexts: dict[str, tuple[str, str] | None] = field(default_factory=dict)
    entities: dict[str, str] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    figures: list[_Figure] = field(default_factory=list)
    about: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def read_instance(path: Path, firm: str | None = None, progress: Progress | None = None) -> pd.DataFrame:
    """Return the facts of an XBRL instance (.xml, .xbrl).

    Raises
    ------
    DataError
        If it is damaged, declares entities, refers to contexts it lacks, or has none of the concepts in ``data/concepts.csv``.
    """
    check_size(path, LIMITS.xml_bytes, "an XBRL instance")
    report = _Report()
    with path.open("rb") as stream:
        _read_instance(stream, path.name, report)
    return _facts(report, path, firm, [])


def read_inline(path: Path, firm: str | None = None, progress: Progress | None = None) -> pd.DataFrame:
    """Return the facts of an inline XBRL report (.htm, .xhtml).

    Raises
    ------
    DataError
        As for :func:`read_instance`.
    """
    check_size(path, LIMITS.xml_bytes, "an inline XBRL report")
    report = _Report()
    with path.open("rb") as stream:
        _read_inline(stream, path.name, report)
    return _facts(report, path, firm, [])


def read_report_archive(archive: zipfile.ZipFile, path: Path, firm: str | None) -> pd.DataFrame:
    """Return the facts of all inline reports in an archive, read as one report: contexts of one hold for the others.

    Raises
    ------
    DataError
        As for :func:`read_instance`.
    """
    report = _Report()
    names = [name for name in sorted(archive.namelist()) if name.lower().endswith((".htm", ".html", ".xhtml"))]
    for name in names:
        with archive.open(name) as stream:
            head = stream.read(1 << 14)
        if is_inline(head, path):
            with archive.open(name) as stream:
                _read_inline(stream, f"{path.name}, {name.rpartition('/')[2]}", report)
    return _facts(report, path, firm, names)


def is_inline(head: bytes, _path: Path) -> bool:
    """Whether a file is inline XBRL, from its beginning; an archive that stores one unpacked is not."""
    return not head.startswith(b"PK") and any(namespace.encode() in head for namespace in INLINE)


def _is_instance(head: bytes, path: Path) -> bool:
    return (
        not head.startswith(b"PK") and not is_inline(head, path) and b"http://www.xbrl.org/2003/instance" in head and b"<html" not in head
    )


def _read_instance(stream: IO[bytes], where: str, report: _Report) -> None:
    tags = [f"{XBRLI}context", f"{XBRLI}unit"] + [f"{{*}}{name}" for name in (*NAMES, FORM, AMENDED)]
    tags += sorted({f"{{*}}{concept}" for concepts in concept_map().values() for concept in concepts})
    for element in xml_events(stream, where, tuple(tags)):
        namespace, _, local = element.tag[1:].partition("}")
        if _read_frame(element, where, report):
            continue
        if local in (*NAMES, FORM, AMENDED):
            report.about.setdefault(local, _text(element))
        elif (taxonomy := _taxonomy(namespace)) and element.get(NIL) not in ("true", "1"):
            text = _text(element)
            report.figures.append(_figure(element, taxonomy, local, text, text, 0, where))


def _read_inline(stream: IO[bytes], where: str, report: _Report) -> None:
    tags = [f"{{{ns}}}{name}" for ns in INLINE for name in ("nonFraction", "nonNumeric")]
    for element in xml_events(stream, where, (f"{XBRLI}context", f"{XBRLI}unit", *tags), nested=True):
        if _read_frame(element, where, report):
            continue
        prefix, _, local = (element.get("name") or "").partition(":")
        printed = " ".join(_text(element).split())
        if element.tag.endswith("nonNumeric"):
            if local in (*NAMES, FORM, AMENDED):
                fixed = {"fixed-true": "true", "fixed-false": "false"}.get((element.get("format") or "").partition(":")[2])
                report.about.setdefault(local, fixed or printed)
            continue
        taxonomy = _taxonomy(element.nsmap.get(prefix, ""))
        if taxonomy and local in concept_map()[taxonomy] and element.get(NIL) not in ("true", "1"):
            try:
                text = _lexical(printed, (element.get("format") or "").partition(":")[2])
                scale = _scale(element.get("scale") or "0")
            except ValueError as error:
                expected = "a number in a format of the transformation registry, and a whole number as scale"
                report.faults.append(fault(f"{where}, {prefix}:{local}", str(error), expected))
                continue
            report.figures.append(_figure(element, taxonomy, local, printed, text, scale, where))


def _text(element: etree._Element) -> str:
    """Return all text in an element; a reference to an entity stays as written and so is never part of a number."""
    return "".join(map(str, element.itertext())).strip()


def _scale(text: str) -> int:
    """Return the power of ten that an inline figure states."""
    if not re.fullmatch(r"[+-]?0*[0-9]{1,2}", text.strip()):
        raise ValueError(f"scale {text[:40]!r}")
    return int(text.strip())


def _taxonomy(namespace: str) -> str:
    """Return the taxonomy in ``concepts.csv`` that a namespace belongs to, whatever its year; blank if none."""
    return next((name for name in concept_map() if re.search(rf"/{re.escape(name)}(/|_cor$|$)", namespace)), "")


def _figure(element: etree._Element, taxonomy: str, local: str, printed: str, text: str, scale: int, where: str) -> _Figure:
    decimals = (element.get("decimals") or "").strip()
    return _Figure(
        taxonomy,
        local,
        element.get("contextRef") or "",
        element.get("unitRef") or "",
        printed,
        text,
        scale,
        element.get("sign") == "-",
        int(decimals) if re.fullmatch(r"-?\d{1,2}", decimals) else None,
        where,
    )


def _read_frame(element: etree._Element, where: str, report: _Report) -> bool:
    """Take in a context or unit; False if the element is neither. One id must not stand for two of them."""
    name = element.get("id") or ""
    if element.tag == f"{XBRLI}context":
        try:
            period = _period(element)
        except ValueError as error:
            report.faults.append(fault(f"{where}, context {name}", str(error), "a period with ISO days"))
            return True
        entity = " ".join(_text(part) for part in element.iter(f"{XBRLI}identifier"))
        if (report.contexts.setdefault(name, period), report.entities.setdefault(name, entity)) != (period, entity):
            report.faults.append(fault(f"{where}, context {name}", *_TWO_REPORTS))
        return True
    if element.tag == f"{XBRLI}unit":
        measures = [_text(measure) for measure in element.iter(f"{XBRLI}measure")]
        measure = measures[0].rpartition(":")[2] if len(measures) == 1 else ""
        if report.units.setdefault(name, measure) != measure:
            report.faults.append(fault(f"{where}, unit {name}", *_TWO_REPORTS))
        return True
    return False


_TWO_REPORTS = ("one id with two meanings", "one report", "two reports in one archive: load them apart")


def _period(context: etree._Element) -> tuple[str, str] | None:
    """Return first and last day of a context (first blank for an instant), or None for one with dimensions or without end."""
    if any(len(part) for tag in XBRLDI_PARTS for part in context.iter(tag)):
        return None
    days = {name: "".join(_text(part) for part in context.iter(f"{XBRLI}{name}")) for name in ("instant", "startDate", "endDate")}
    if days["instant"]:
        return "", _last_day(days["instant"])
    if days["startDate"] and days["endDate"]:
        start, end = day(days["startDate"][:10]), _last_day(days["endDate"])
        if start > end:
            raise ValueError(f"a period from {start} to {end}")
        return start, end
    return None


def _last_day(text: str) -> str:
    """Return the last day of a period; midnight at its end belongs to the day before."""
    whole = day(text[:10])
    if len(text) == 10:
        return whole
    return day_before(whole) if datetime.fromisoformat(text).time().isoformat() == "00:00:00" else whole


def _lexical(text: str, form: str) -> str:
    """Return the plain number that an inline figure shows in its transformation format."""
    name = form.replace("-", "").lower()
    if name in ("fixedzero", "zerodash", "numdash"):
        return "0"
    if name in ("", "numdotdecimal"):
        plain = re.sub(r"[,\s\u00a0]", "", text) if name else text
    elif name == "numcommadecimal":
        plain = re.sub(r"[.\s\u00a0]", "", text).replace(",", ".")
    else:
        raise ValueError(f"{text[:40]!r} in format {form!r}")
    if not re.fullmatch(r"\d+(\.\d+)?|\.\d+", plain):
        raise ValueError(f"{text[:40]!r}")
    return plain


def _facts(report: _Report, path: Path, firm: str | None, members: list[str]) -> pd.DataFrame:
    form = report.about.get(FORM, "")
    amended = report.about.get(AMENDED, "").lower() == "true"
    published = _submitted(members)
    document = f"{form} {slug(path.name)}".strip()
    audit, note = "unaudited" if form.startswith("10-Q") else "", "amended" if amended else ""
    tagged = [
        Tagged(
            figure.taxonomy, figure.concept, figure.concept, start, end, printed, value, 10.0**figure.scale, currency, figure.decimals,
            document, published, audit, note, figure.context,
        )
        for figure, start, end, currency, printed, value in _resolved(report)
    ]  # fmt: skip
    if report.faults:
        raise DataError(report.faults[:50])
    if not tagged:
        what = f"{len(report.figures)} figures of {', '.join(concept_map())}, none of the whole firm in money"
        raise DataError([fault(path.name, what, "at least one concept of data/concepts.csv", "is it the report with the statements?")])
    name = firm or slug(next((report.about[key] for key in NAMES if report.about.get(key)), path.name))
    return facts_of(name_line_items(tagged), name, "primary", path)


def _submitted(members: list[str]) -> str:
    """Return the day of submission that EDINET writes into its file names, blank for other archives."""
    days = [match[1] for name in members if (match := re.search(r"_\d{4}-\d{2}-\d{2}_\d{2}_(\d{4}-\d{2}-\d{2})_ixbrl\.htm$", name))]
    try:
        return day(max(days)) if days else ""
    except ValueError:
        return ""


def _resolved(report: _Report) -> Iterator[tuple[_Figure, str, str, str, str, float]]:
    """Yield figures of the whole firm in money, with period, currency, text as printed and value."""
    for figure in report.figures:
        where = f"{figure.where}, {figure.taxonomy}:{figure.concept}"
        if figure.context not in report.contexts:
            report.faults.append(fault(where, f"context {figure.context!r}", "a context that the file defines"))
            continue
        period, currency = report.contexts[figure.context], report.units.get(figure.unit, "")
        if period is None or currency not in CURRENCIES:
            continue
        try:
            amount = Decimal(figure.text).scaleb(figure.scale)
        except InvalidOperation:
            report.faults.append(fault(where, repr(figure.text[:40]), "a number"))
            continue
        if not amount.is_finite() or abs(amount) > Decimal(10) ** 18:
            report.faults.append(fault(where, figure.text[:40], "an amount of money"))
            continue
        sign = "-" if figure.negative else ""
        yield figure, *period, currency, sign + figure.printed, float(-amount if figure.negative else amount)


loaders.add("inline_xbrl", Loader("inline_xbrl", "inline XBRL (.htm, .xhtml)", is_inline, read_inline))
loaders.add("xbrl", Loader("xbrl", "an XBRL instance (.xml)", _is_instance, read_instance))
