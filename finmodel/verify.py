"""Held facts against the document itself: confirmed on which page, contradicted, or not found.

This is how a figure known from elsewhere becomes one read in the document: the user brings the file, and every held fact of it is looked
up among the figures that the loaders read there.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from finmodel.data import read_table, rows
from finmodel.errors import DataError, fault, unknown
from finmodel.facts import line_items, shipped_facts
from finmodel.loaders import load
from finmodel.loaders.base import Progress
from finmodel.units import Period, parse_date

CONFIRMED, CONTRADICTED, NOT_FOUND = "confirmed", "contradicted", "not found"
OUTCOME_COLUMNS = [
    "outcome",
    "firm",
    "line_item",
    "period",
    "held",
    "printed",
    "currency",
    "page",
    "locator",
    "document",
    "fact_id",
    "note",
]


@dataclass(frozen=True, eq=False)
class Verification:
    """What a document says of the facts held.

    Attributes
    ----------
    table : pandas.DataFrame
        One row per held fact: outcome (confirmed, contradicted, not found), firm, line_item, period, held (value in currency units),
        printed (value in the document, NaN where not found), currency, page, locator, document, fact_id, note.
    facts : pandas.DataFrame
        The facts with what was learned: confirmed ones are primary and have page and locator.
    document, sha256 : str
        Which document it is (blank where it could not be settled), and the checksum of the file.
    """

    table: pd.DataFrame
    facts: pd.DataFrame
    document: str
    sha256: str

    def summary(self) -> str:
        """Return the outcome in one line.

        Examples
        --------
        >>> from finmodel.verify import Verification
        >>> Verification(pd.DataFrame({"outcome": ["confirmed", "not found"]}), pd.DataFrame(), "prospectus", "ab12").summary()
        'prospectus: 1 confirmed, 0 contradicted, 1 not found'
        """
        count = Counter(self.table["outcome"])
        what = ", ".join(f"{count[outcome]} {outcome}" for outcome in (CONFIRMED, CONTRADICTED, NOT_FOUND))
        return f"{self.document or 'document not settled'}: {what}"


def verify_facts(
    path: str | os.PathLike[str],
    firm: str | None = None,
    facts: pd.DataFrame | None = None,
    document: str | None = None,
    progress: Progress | None = None,
) -> Verification:
    """Compare held facts with the document in which they were published.

    Parameters
    ----------
    path : path
        The document: anything that :func:`finmodel.load` reads.
    firm : str, optional
        Whose facts to compare; by default the firm of the document.
    facts : pandas.DataFrame, optional
        A facts table; by default the shipped facts.
    document : str, optional
        Which document it is; by default the one in ``documents.csv`` with the checksum of the file, else the only one that the facts
        name. Where it stays open, facts of all the firm's documents are compared, and none is changed.
    progress : callable, optional
        As for :func:`finmodel.load`.

    Returns
    -------
    Verification
        A fact is confirmed where the document has a figure for its line item and period that is equal at the coarser of the two printed
        precisions (costs are compared without their sign), contradicted where it has only others, and not found where it has none.

    Raises
    ------
    DataError
        If the file cannot be read.
    LookupError
        If `document` or `firm` has no facts.
    """
    path = Path(path)
    sha256 = _checksum(path)
    held = shipped_facts() if facts is None else facts
    document = document or _document_of(sha256)
    chosen = _chosen(held, firm, document)
    documents = set(chosen["document"])
    document = document or (next(iter(documents)) if len(documents) == 1 else "")
    seen = load(path, firm or str(chosen["firm"].iloc[0]), progress)
    outcomes = [_look_up(fact, group) for fact, group in _with_candidates(chosen, seen)]
    table = pd.DataFrame(outcomes, columns=OUTCOME_COLUMNS, index=chosen.index).astype({"page": "Int64", "held": float, "printed": float})
    kept = chosen if facts is None else held
    updated = _updated(kept.copy(), table, path, sha256) if document else kept.copy()
    return Verification(table.reset_index(drop=True), updated.reset_index(drop=True), document, sha256)


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _document_of(sha256: str) -> str:
    table = read_table("documents")
    known = table.loc[table["sha256"] == sha256, "document"]
    return str(known.iloc[0]) if len(known) else ""


def _chosen(held: pd.DataFrame, firm: str | None, document: str) -> pd.DataFrame:
    """Return the facts to compare: of the document where it is settled, else of the firm."""
    if document and document not in set(held["document"]):
        raise unknown("document", document, sorted(set(held["document"])))
    if firm and firm not in set(held["firm"]):
        raise unknown("firm", firm, sorted(set(held["firm"])))
    if document:
        held = held[held["document"] == document]
    if firm:
        held = held[held["firm"] == firm]
    if held.empty:
        raise DataError([fault("facts", f"none of {firm} in {document}", "facts of the document")])
    firms = sorted(set(held["firm"]))
    if not document and len(firms) > 1:
        raise LookupError(f"no document in documents.csv has the checksum of this file: name the firm ({', '.join(firms)}) or the document")
    return held


def _with_candidates(chosen: pd.DataFrame, seen: pd.DataFrame) -> list[tuple[dict[str, object], list[dict[str, object]]]]:
    """Return each held fact with the figures of the document that could be it: same line item or, unnamed, same label; same period."""
    places: dict[tuple[object, ...], list[dict[str, object]]] = {}
    for row in rows(seen):
        name = row["line_item"] or _words(row["label"])
        places.setdefault((name, row["period_end"], row["months"], row["currency"]), []).append(row)
    out = []
    for fact in rows(chosen):
        spot = (fact["period_end"], fact["months"], fact["currency"])
        out.append((fact, places.get((fact["line_item"], *spot), []) or places.get((_words(fact["label"]), *spot), [])))
    return out


def _words(label: object) -> str:
    return re.sub(r"\W+", " ", str(label)).strip().lower()


def _look_up(fact: dict[str, object], candidates: list[dict[str, object]]) -> dict[str, object]:
    """Return the outcome for one fact."""
    expense = str(fact["line_item"]) in _expenses()
    note = ""
    equal = next((row for row in candidates if _equal(fact, row, expense)), None)
    if equal is None and len(candidates) > 1:
        total = dict(candidates[0], value=sum(float(str(row["value"])) for row in candidates))
        if _equal(fact, total, expense):
            equal, note = total, f"sum of {len(candidates)} lines"
    best = equal or (candidates[0] if candidates else {})
    return {
        "outcome": CONFIRMED if equal else CONTRADICTED if candidates else NOT_FOUND,
        "firm": fact["firm"],
        "line_item": fact["line_item"] or fact["label"],
        "period": _period(fact),
        "held": fact["value"],
        "printed": best.get("value", np.nan),
        "currency": fact["currency"],
        "page": best.get("page"),
        "locator": best.get("locator", ""),
        "document": fact["document"],
        "fact_id": fact["fact_id"],
        "note": note,
    }


def _expenses() -> set[str]:
    chart = line_items()
    return set(chart.index[chart["sign"] == "expense"])


def _equal(fact: dict[str, object], row: dict[str, object], expense: bool) -> bool:
    """Whether two figures are equal at the coarser of their printed precisions."""
    one, other = (abs(float(str(x["value"]))) if expense else float(str(x["value"])) for x in (fact, row))
    return abs(one - other) <= max(printed_unit(fact), printed_unit(row)) / 2 * (1 + 1e-9)


def printed_unit(fact: dict[str, object]) -> float:
    """Return what one unit of the last printed digit stands for.

    Examples
    --------
    >>> printed_unit({"printed": "3.45", "scale": 1e9}), printed_unit({"printed": "(3,446)", "scale": 1000.0})
    (10000000.0, 1000.0)
    """
    match = re.search(r"\.(\d+)", str(fact["printed"]))
    return float(str(fact["scale"])) * 10.0 ** -(len(match[1]) if match else 0)


def _period(fact: dict[str, object]) -> str:
    start = str(fact["period_start"])
    return Period(parse_date(str(fact["period_end"])), parse_date(start) if start else None).label


def _updated(facts: pd.DataFrame, table: pd.DataFrame, path: Path, sha256: str) -> pd.DataFrame:
    """Return the facts with what the document says of them; `table` has the index of the facts compared."""
    confirmed = table.index[table["outcome"] == CONFIRMED]
    facts.loc[confirmed, "read_from"] = "primary"
    facts.loc[confirmed, "page"] = table.loc[confirmed, "page"]
    facts.loc[confirmed, "locator"] = table.loc[confirmed, "locator"]
    facts.loc[confirmed, "source"] = [f"{path.name} | {source}".removesuffix(" | ") for source in facts.loc[confirmed, "source"]]
    looked_up = table.index[table["outcome"] != NOT_FOUND]
    learned = [_learned(row, path.name, sha256) for row in rows(table.loc[looked_up])]
    facts.loc[looked_up, "note"] = ["; ".join(filter(None, pair)) for pair in zip(facts.loc[looked_up, "note"], learned, strict=True)]
    return facts


def _learned(outcome: dict[str, object], name: str, sha256: str) -> str:
    place = "" if pd.isna(outcome["page"]) else f" on page {outcome['page']}"  # type: ignore[call-overload]
    what = f"read{place}" if outcome["outcome"] == CONFIRMED else f"the document prints {outcome['printed']:.15g}{place}"
    return f"{what} in {name} (sha256 {sha256})"
