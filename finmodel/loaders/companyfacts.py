"""SEC companyfacts: every figure a firm has reported in XBRL, one JSON file per firm, each with form, accession and day of filing."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pandas as pd

from finmodel.errors import DataError, fault
from finmodel.facts import CURRENCIES
from finmodel.loaders.base import Loader, Progress, loaders, slug
from finmodel.loaders.concepts import Tagged, concept_map, day, facts_of, name_line_items
from finmodel.loaders.guard import LIMITS, check_size


def read_companyfacts(path: Path, firm: str | None = None, progress: Progress | None = None) -> pd.DataFrame:
    """Return the facts of the concepts in ``data/concepts.csv`` that a companyfacts file reports, every filing's version of them.

    Parameters
    ----------
    path : path
        JSON as the SEC gives it: cik, entityName, facts by taxonomy, concept and unit.
    firm : str, optional
        Whose they are; by default made from entityName.

    Returns
    -------
    pandas.DataFrame
        A facts table; document is form and accession, published_on the day of filing. Read from the regulator's data, so secondary.

    Raises
    ------
    DataError
        If it is no companyfacts JSON, or an entry lacks its days, value or filing.
    """
    entity, tagged = _read(path)
    return facts_of(name_line_items(tagged), firm or slug(entity), "secondary", path)


MOST = 10**18
"""No amount of money is larger."""


class _Entry(msgspec.Struct):
    """A figure as one filing reports it."""

    end: str
    val: int | float
    accn: str
    form: str
    filed: str
    start: str | None = None


class _Concept(msgspec.Struct):
    """A concept: figures by unit, decoded only where the unit is a currency."""

    units: dict[str, msgspec.Raw]
    label: str | None = None


class _Company(msgspec.Struct):
    """The file: concepts by taxonomy, decoded only where the concept is known."""

    facts: dict[str, dict[str, msgspec.Raw]]
    entityName: str | None = None  # noqa: N815 - the file's own name


_COMPANY = msgspec.json.Decoder(_Company)
_CONCEPT = msgspec.json.Decoder(_Concept)
_ENTRIES = msgspec.json.Decoder(list[_Entry])


def _read(path: Path) -> tuple[str, list[Tagged]]:
    """Return the firm's name and its figures."""
    check_size(path, LIMITS.json_bytes, "a companyfacts JSON file")
    try:
        company = _COMPANY.decode(path.read_bytes())
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        expected = "SEC companyfacts (cik, entityName, facts)"
        raise DataError([fault(path.name, f"JSON of another kind, or damaged ({error})", expected, "fetch it again")]) from None
    faults: list[str] = []
    tagged: list[Tagged] = []
    for taxonomy, known in concept_map().items():
        for concept, body in company.facts.get(taxonomy, {}).items():
            if concept in known:
                tagged += _concept(taxonomy, concept, body, f"{path.name}, {taxonomy}:{concept}", faults)
    if not tagged and not faults:
        names = ", ".join(concept_map())
        faults.append(fault(path.name, f"no figure of {names}", "at least one concept of data/concepts.csv in a known currency"))
    if faults:
        raise DataError(faults[:50])
    return company.entityName or path.name, tagged


def _concept(taxonomy: str, concept: str, body: msgspec.Raw, where: str, faults: list[str]) -> list[Tagged]:
    """Return one concept's entries in every currency; entries in shares or percent are no money and left out."""
    tagged: list[Tagged] = []
    try:
        about = _CONCEPT.decode(body)
        for currency, entries in about.units.items():
            if currency in CURRENCIES:
                tagged += [_entry(taxonomy, concept, about.label or concept, currency, entry) for entry in _ENTRIES.decode(entries)]
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        faults.append(fault(where, str(error), "entries with end, val, accn, form and filed, days as YYYY-MM-DD"))
    return tagged


def _entry(taxonomy: str, concept: str, label: str, currency: str, entry: _Entry) -> Tagged:
    if entry.start and day(entry.start) > day(entry.end):
        raise ValueError(f"a period from {entry.start} to {entry.end}")
    if not abs(entry.val) <= MOST:
        raise ValueError(f"value {str(entry.val)[:40]}")
    return Tagged(
        taxonomy,
        concept,
        label,
        day(entry.start) if entry.start else "",
        day(entry.end),
        str(entry.val),
        float(entry.val),
        1.0,
        currency,
        None,
        f"{entry.form} {entry.accn}",
        day(entry.filed),
        "unaudited" if entry.form[:4] == "10-Q" else "",
        "amended" if entry.form[-2:] == "/A" else "",
        f"{taxonomy}:{concept}",
    )


def _is_json(head: bytes, _path: Path) -> bool:
    """Whether the file is one JSON value; JSON lines, an object in each, are not."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    first, _, rest = text.partition(b"\n")
    return text[:1] in (b"{", b"[") and not (first.rstrip().endswith(b"}") and rest[:1] == b"{")


loaders.add("companyfacts", Loader("companyfacts", "SEC companyfacts JSON", _is_json, read_companyfacts))
