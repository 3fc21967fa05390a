"""From figures tagged with taxonomy concepts to facts with line items: what every XBRL format has in common.

``data/concepts.csv`` holds the map. Where several concepts mean one line item, the one listed first is taken; where one concept can
stand for two line items (equity with and without minorities), the first that no better concept claims.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from finmodel.data import read_table
from finmodel.facts import FACT_COLUMNS, KEY
from finmodel.loaders.published import publication
from finmodel.units import months_between, parse_date

BASES = {"us-gaap": "US GAAP", "ifrs-full": "IFRS", "jpigp": "IFRS", "jppfs": "JP GAAP"}
"""Basis of accounting of each taxonomy."""


class Tagged(NamedTuple):
    """A figure and its tag.

    Attributes
    ----------
    taxonomy, concept, label : str
        Such as ``us-gaap``, ``Assets`` and what the file calls it.
    start, end : str
        First day (blank for an instant) and last day, ISO text.
    printed : str
        The figure as the file has it.
    value, scale : float
        In currency units; what one printed unit stands for.
    currency : str
        ISO code.
    decimals : int or None
        Places after the point to which the value is exact (-6: to the million); None for exact or unknown.
    document, published_on, audit, note, locator : str
        Of the filing in which it was reported.
    """

    taxonomy: str
    concept: str
    label: str
    start: str
    end: str
    printed: str
    value: float
    scale: float
    currency: str
    decimals: int | None
    document: str
    published_on: str
    audit: str
    note: str
    locator: str


class Named(NamedTuple):
    """A tagged figure with the line item that it stands for (blank where it lost to a better concept)."""

    tagged: Tagged
    line_item: str
    statement: str


@cache
def concept_map() -> dict[str, dict[str, tuple[tuple[str, str, int], ...]]]:
    """Return line items by taxonomy and concept: (line item, statement, rank), the lowest rank being the best concept."""
    table = read_table("concepts")
    ranks = table.groupby(["taxonomy", "line_item"]).cumcount()
    out: dict[str, dict[str, tuple[tuple[str, str, int], ...]]] = {}
    for taxonomy, concept, item, statement, rank in zip(
        table["taxonomy"], table["concept"], table["line_item"], table["statement"], ranks, strict=True
    ):
        concepts = out.setdefault(taxonomy, {})
        concepts[concept] = (*concepts.get(concept, ()), (item, statement, int(rank)))
    return out


@cache
def day(text: str) -> str:
    """Return `text` if it names a day written YYYY-MM-DD.

    Raises
    ------
    ValueError
        If it does not.
    """
    return parse_date(text).isoformat()


@cache
def day_before(text: str) -> str:
    """Return the day before an ISO day."""
    return (parse_date(text) - timedelta(days=1)).isoformat()


@cache
def months(start: str, end: str) -> int:
    """Return the length in months of a period given by ISO days; 0 for an instant (no start)."""
    return months_between(parse_date(start), parse_date(end)) if start else 0


def name_line_items(tagged: Iterable[Tagged]) -> list[Named]:
    """Return the tagged figures with their line items, duplicates merged, opening and closing cash set beside the flows.

    Duplicates are compared at the coarser precision and the finer is kept; where they disagree even so, both are kept without a
    line item and say so.
    """
    groups: dict[tuple[str, ...], list[Tagged]] = {}
    for figure in tagged:
        groups.setdefault((figure.document, figure.start, figure.end, figure.currency), []).append(figure)
    named: list[Named] = []
    for figures in groups.values():
        named += _name_group(figures)
    return named + _cash_of_flows(named, groups)


def _name_group(figures: list[Tagged]) -> list[Named]:
    """Name the figures of one document, period and currency."""
    by_concept: dict[tuple[str, str], list[Tagged]] = {}
    for figure in figures:
        by_concept.setdefault((figure.taxonomy, figure.concept), []).append(figure)
    maps = concept_map()
    instant = not figures[0].start
    best: dict[str, tuple[int, tuple[str, str]]] = {}
    for key in by_concept:
        for item, statement, rank in maps[key[0]][key[1]]:
            if instant == (statement == "financial_position") and (item not in best or rank < best[item][0]):
                best[item] = (rank, key)
    out: list[Named] = []
    for key, same in by_concept.items():
        kept = same if len(same) == 1 else merged(same)
        entries = maps[key[0]][key[1]]
        won = next(((item, statement) for item, statement, _ in entries if item in best and best[item][1] == key), None)
        item, statement = won or ("", entries[0][1])
        if won is None and entries[0][0] == "cash_at_end":
            continue  # set beside the flows below
        if len(kept) > 1:
            text = "reported with different values: " + ", ".join(figure.printed for figure in kept)
            kept, item = [figure._replace(note="; ".join(filter(None, (figure.note, text)))) for figure in kept], ""
        out += [Named(figure, item, statement) for figure in kept]
    return out


def merged(same: list[Tagged]) -> list[Tagged]:
    """Return the most exact of several reports of one figure, or all that differ where they disagree beyond rounding."""
    finest = max(same, key=lambda figure: 99 if figure.decimals is None else figure.decimals)
    differing = [figure for figure in same if not agree(figure, finest)]
    return [finest] if not differing else list({figure.value: figure for figure in [finest, *differing]}.values())


def agree(one: Tagged, other: Tagged) -> bool:
    """Whether two reports of a figure are equal at the coarser of their precisions."""
    if one.decimals == other.decimals:
        return one.value == other.value
    coarser = min(figure.decimals for figure in (one, other) if figure.decimals is not None)
    return abs(one.value - other.value) <= 0.5 * 10.0**-coarser * (1 + 1e-9)


def _cash_of_flows(named: list[Named], groups: dict[tuple[str, ...], list[Tagged]]) -> list[Named]:
    """Return opening and closing cash for every period whose operating cash flow is there, from the instants at its ends."""
    out = []
    for flow, item, statement in named:
        if item == "operating_cash_flow":
            for name, when in (("cash_at_beginning", day_before(flow.start)), ("cash_at_end", flow.end)):
                if found := _cash(groups.get((flow.document, "", when, flow.currency), [])):
                    out.append(Named(found._replace(start=flow.start, end=flow.end), name, statement))
    return out


def _cash(instants: list[Tagged]) -> Tagged | None:
    """Return the figure of an instant that the cash-flow statement would show as closing cash."""
    maps = concept_map()
    ranked = [
        (rank, -(99 if figure.decimals is None else figure.decimals), place, figure)
        for place, figure in enumerate(instants)
        for item, _, rank in maps[figure.taxonomy][figure.concept]
        if item == "cash_at_end"
    ]
    return min(ranked)[-1] if ranked else None


def facts_of(named: list[Named], firm: str | Mapping[str, str], read_from: str, path: Path) -> pd.DataFrame:
    """Return the facts table of named figures read in the file at `path`; `firm` is one for all, or given by document."""
    figures = [row.tagged for row in named]
    taxonomy, _, label, start, end, printed, value, scale, currency, _, document, published, audit, note, locator = (
        zip(*figures, strict=True) if figures else [()] * 15
    )
    columns: dict[str, Any] = {
        "firm": [firm] * len(named) if isinstance(firm, str) else [firm[name] for name in document],
        "statement": [row.statement for row in named],
        "line_item": [row.line_item for row in named],
        "label": label,
        "period_start": start,
        "period_end": end,
        "printed": printed,
        "scale": np.array(scale, dtype=float),
        "currency": currency,
        "value": np.array(value, dtype=float),
        "basis": [BASES.get(name, "") for name in taxonomy],
        "audit": audit,
        "document": document,
        "locator": locator,
        "published_on": published,
        "read_from": read_from,
        "note": note,
    }
    return facts_frame(columns, len(named), path)


def facts_frame(columns: dict[str, Any], rows: int, path: Path) -> pd.DataFrame:
    """Return a facts table from columns (or one value for all rows) whose content is already known to be good.

    What :func:`finmodel.facts.check_facts` would add is added, and it would change nothing in the result; that check goes row by row,
    and filings come by the thousand. A blank published_on becomes the latest day on which the file can have been published.
    """
    ends, published = columns["period_end"], columns["published_on"]
    blank = np.array([not day for day in published], dtype=bool)
    lengths = np.array([months(*span) for span in zip(columns["period_start"], ends, strict=True)], dtype=int)
    if blank.any():
        last = max(ends)
        length = max(int(span) for span, end in zip(lengths, ends, strict=True) if end == last)
        document = columns["document"] if isinstance(columns["document"], str) else columns["document"][0]
        latest = latest_publication(path, last, length, document)
        published = [day or latest for day in published]
    made: dict[str, Any] = dict.fromkeys(FACT_COLUMNS, "")
    made |= {"page": pd.array(np.full(rows, np.nan), dtype="Int64"), "status": "single", "source": path.name}
    made |= columns | {"published_on": published, "date_estimated": blank}
    made["months"] = lengths
    keys = [[column] * rows if isinstance(column, str) else column for column in (made[name] for name in (*KEY, "label"))]
    made["fact_id"] = [_fact_id(*parts) for parts in zip(*keys, strict=True)]
    return pd.DataFrame(made, columns=list(FACT_COLUMNS), index=range(rows))


def _fact_id(*parts: str) -> str:
    """Return the name that :func:`finmodel.facts.fact_id` gives a fact without page and line number."""
    return hashlib.sha256("|".join((*parts, "", "")).encode()).hexdigest()[:12]


def latest_publication(path: Path, last: str, length: int, document: str) -> str:
    """Return the latest day on which a file that does not say so can have been published.

    It is the day on which the file was last changed or, if sooner, the last day that the rules allow for what it reports on.
    """
    changed = datetime.fromtimestamp(path.stat().st_mtime, tz=UTC).date().isoformat()
    allowed, _ = publication([f"Form {document}"], parse_date(last), length)
    return max(last, min(changed, allowed.isoformat()))
