"""SEC companyfacts: every figure a firm has reported in XBRL, one JSON file per firm, each with form, accession and day of filing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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


def _read(path: Path) -> tuple[str, list[Tagged]]:
    """Return the firm's name and its figures; the parsed JSON, much larger, is let go on return."""
    import orjson

    check_size(path, LIMITS.json_bytes, "a companyfacts JSON file")
    try:
        data = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise DataError([fault(path.name, f"no JSON ({error})", "a whole companyfacts file", "fetch it again")]) from None
    if not isinstance(data, dict) or not isinstance(data.get("facts"), dict):
        raise DataError([fault(path.name, "JSON of another kind", "SEC companyfacts (cik, entityName, facts)")])
    faults: list[str] = []
    tagged: list[Tagged] = []
    for taxonomy in concept_map():
        for concept, body in _items(data["facts"].get(taxonomy), f"{path.name}, {taxonomy}", faults):
            tagged += _concept(taxonomy, concept, body, f"{path.name}, {taxonomy}:{concept}", faults)
    if not tagged and not faults:
        known = ", ".join(concept_map())
        faults.append(fault(path.name, f"no figure of {known}", "at least one concept of data/concepts.csv in a known currency"))
    if faults:
        raise DataError(faults[:50])
    return str(data.get("entityName") or path.name), tagged


def _items(value: Any, where: str, faults: list[str]) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return list(value.items())
    if value is not None:
        faults.append(fault(where, type(value).__name__, "an object of concepts"))
    return []


def _concept(taxonomy: str, concept: str, body: Any, where: str, faults: list[str]) -> list[Tagged]:
    """Return one concept's entries in every currency; entries in shares or percent are no money and left out."""
    if concept not in concept_map()[taxonomy]:
        return []
    tagged: list[Tagged] = []
    try:
        label = str(body.get("label") or concept)
        for currency, entries in body["units"].items():
            if currency in CURRENCIES:
                tagged += [_entry(taxonomy, concept, label, currency, entry) for entry in entries]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        faults.append(fault(where, f"an entry with no good {error}", "end, val, accn, form and filed in every entry"))
    return tagged


def _entry(taxonomy: str, concept: str, label: str, currency: str, entry: dict[str, Any]) -> Tagged:
    start, form, value = entry.get("start"), entry["form"], entry["val"]
    if type(value) not in (int, float):
        raise ValueError(f"val: {value!r}")
    return Tagged(
        taxonomy,
        concept,
        label,
        day(start) if start else "",
        day(entry["end"]),
        str(value),
        float(value),
        1.0,
        currency,
        None,
        f"{form} {entry['accn']}",
        day(entry["filed"]),
        "unaudited" if form[:4] == "10-Q" else "",
        "amended" if form[-2:] == "/A" else "",
        f"{taxonomy}:{concept}",
    )


def _is_json(head: bytes, _path: Path) -> bool:
    return head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")


loaders.add("companyfacts", Loader("companyfacts", "SEC companyfacts JSON", _is_json, read_companyfacts))
