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


class _File(msgspec.Struct, gc=False):
    """A companyfacts file; what is not needed is left unparsed."""

    facts: dict[str, msgspec.Raw]
    entityName: str | None = None  # noqa: N815 - named by the file


class _Concept(msgspec.Struct, gc=False):
    units: dict[str, msgspec.Raw]
    label: str | None = None


class _Entry(msgspec.Struct, gc=False):
    end: str
    val: int | float
    accn: str
    form: str
    filed: str
    start: str | None = None


def _read(path: Path) -> tuple[str, list[Tagged]]:
    """Return the firm's name and its figures."""
    check_size(path, LIMITS.json_bytes, "a companyfacts JSON file")
    file = _decoded(path.read_bytes(), path.name)
    faults: list[str] = []
    tagged: list[Tagged] = []
    for taxonomy in concept_map():
        for concept, body in _concepts(file.facts.get(taxonomy), f"{path.name}, {taxonomy}", faults).items():
            if concept in concept_map()[taxonomy]:
                tagged += _figures(taxonomy, concept, body, f"{path.name}, {taxonomy}:{concept}", faults)
    if not tagged and not faults:
        known = ", ".join(concept_map())
        faults.append(fault(path.name, f"no figure of {known}", "at least one concept of data/concepts.csv in a known currency"))
    if faults:
        raise DataError(faults[:50])
    return file.entityName or path.name, tagged


def _decoded(raw: bytes, name: str) -> _File:
    try:
        return msgspec.json.decode(raw, type=_File)
    except msgspec.ValidationError:
        raise DataError([fault(name, "JSON of another kind", "SEC companyfacts (cik, entityName, facts)")]) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DataError([fault(name, f"no JSON ({error})", "a whole companyfacts file", "fetch it again")]) from None


def _concepts(taxonomy: msgspec.Raw | None, where: str, faults: list[str]) -> dict[str, msgspec.Raw]:
    try:
        return msgspec.json.decode(taxonomy, type=dict[str, msgspec.Raw]) if taxonomy is not None else {}
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        faults.append(fault(where, str(error), "an object of concepts"))
        return {}


def _figures(taxonomy: str, concept: str, body: msgspec.Raw, where: str, faults: list[str]) -> list[Tagged]:
    """Return one concept's entries in every currency; entries in shares or percent are no money and left out."""
    tagged: list[Tagged] = []
    try:
        described = msgspec.json.decode(body, type=_Concept)
        for currency, entries in described.units.items():
            if currency in CURRENCIES:
                label = described.label or concept
                tagged += [_tagged(taxonomy, concept, label, currency, entry) for entry in _ENTRIES.decode(entries)]
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, OverflowError) as error:
        faults.append(fault(where, f"an entry that is no figure ({error})", "end, val, accn, form and filed in every entry"))
    return tagged


_ENTRIES = msgspec.json.Decoder(list[_Entry])


def _tagged(taxonomy: str, concept: str, label: str, currency: str, entry: _Entry) -> Tagged:
    form = entry.form
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
        f"{form} {entry.accn}",
        day(entry.filed),
        "unaudited" if form[:4] == "10-Q" else "",
        "amended" if form[-2:] == "/A" else "",
        f"{taxonomy}:{concept}",
    )


def _is_json(head: bytes, _path: Path) -> bool:
    return head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")


loaders.add("companyfacts", Loader("companyfacts", "SEC companyfacts JSON", _is_json, read_companyfacts))
