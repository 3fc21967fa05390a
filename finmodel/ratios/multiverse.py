"""The article as a test: every reasonable reading of "they spent 1.85 yuan to bring in 1", and how many come near it.

The published figure does not state its definition, so every combination of definition, window, aggregate and vintage is computed.
No reading is called Caixin's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from finmodel.data import read_table
from finmodel.data import rows as as_rows
from finmodel.ratios.base import divide, ratios
from finmodel.ratios.compute import RatioResults, compute_ratios, facts_used
from finmodel.results import RECORD_COLUMNS, Results
from finmodel.statements import Statements, converted
from finmodel.units import parse_date

CORE_FIRMS = ("sensetime", "megvii", "cloudwalk", "yitu")
DEFINITIONS: dict[str, tuple[str, ...]] = {
    "four items, loss proxy where lines are missing": (
        "four items",
        "four items, selling and administrative as one line",
        "proxy: loss before preferred-share fair value",
        "proxy: result less preferred-share fair value",
        "proxy: loss before non-recurring items",
        "proxy: attributable loss",
    ),
    "four items only": ("four items", "four items, selling and administrative as one line"),
    "loss before preferred-share fair value": (
        "proxy: loss before preferred-share fair value",
        "proxy: result less preferred-share fair value",
        "proxy: loss before non-recurring items",
        "proxy: attributable loss",
    ),
    "loss before non-recurring items": ("proxy: loss before non-recurring items",),
    "adjusted loss": ("proxy: adjusted loss",),
    "with preferred-share fair value": ("with preferred-share fair value",),
    "four items with impairment of financial assets": ("with impairment of financial assets",),
    "four items without share-based payment": ("without share-based payment",),
    "four items net of government grants": ("net of government grants",),
    "cash: revenue less operating cash flow": ("cash: revenue less operating cash flow",),
}
"""Definition -> the variants of cost_to_revenue that stand for it, first one that a firm has."""
WINDOWS: dict[str, tuple[str, ...]] = {
    "FY 2018": ("FY 2018",),
    "FY 2019": ("FY 2019",),
    "FY 2020": ("FY 2020",),
    "FY 2018-20": ("FY 2018", "FY 2019", "FY 2020"),
    "FY 2019-20": ("FY 2019", "FY 2020"),
    "H1 2021": ("H1 2021",),
    "latest full year of each firm": (),
    "latest period of each firm": (),
    "whole record": ("FY 2016", "FY 2017", "FY 2018", "FY 2019", "FY 2020", "H1 2020", "9M 2020", "H1 2021"),
}
"""Window -> the periods in it; periods that lie within a longer one of the same firm are not counted twice."""
AGGREGATES = ("ratio of sums", "mean of firms", "median of firms", "mean of firm-years")


class Cell(NamedTuple):
    """Cost and revenue of one firm in one period by one definition."""

    firm: str
    period: str
    start: str
    end: str
    ratio: float
    revenue: float
    proxy: bool
    fact_ids: tuple[str, ...]


def published_ratio() -> float:
    """Return what the four core firms were reported to spend for each yuan of revenue (``data/claims.csv``)."""
    return next(float(claim["value"]) for claim in as_rows(read_table("claims")) if claim["value"])


def published_by() -> date:
    """Return the last day on which that figure can have been published: where only the month is known, its end."""
    return next(parse_date(str(claim["published_by"])) for claim in as_rows(read_table("claims")) if claim["value"])


@dataclass(frozen=True, eq=False)
class MultiverseResults(Results):
    """The readings; ``target`` is the published figure, ``tolerance`` what counts as near, ``day`` that by which the figures were out."""

    target: float = field(default_factory=published_ratio)
    tolerance: float = 0.05
    day: date = field(default_factory=published_by)

    def near(self, proxies: bool = True) -> pd.DataFrame:
        """Return the readings within the tolerance of the target, with or without those that use a loss proxy."""
        table = self.table[(self.table["value"] - self.target).abs() <= self.tolerance]
        return table if proxies else table[~table["proxy"]]

    def sentence(self) -> str:
        """Say how many readings come near, and that the definition is not identified."""
        plain = self.table[~self.table["proxy"]]
        return (
            f"{len(self.near())} of {len(self.table)} readings fall within {self.tolerance:.2f} of {self.target:.2f} "
            f"({len(self.near(False))} of the {len(plain)} that use no loss proxy); they range from {self.table['value'].min():.2f} to "
            f"{self.table['value'].max():.2f}. The definition behind the published figure is not identified."
        )

    def summary(self) -> str:
        """Return the sentence, the readings near the target and the definition as text."""
        columns = ["definition", "window", "aggregate", "vintage", "value", "firms", "proxy"]
        near = self.near()[columns].assign(value=lambda t: t["value"].round(3))
        return "\n".join([self.title, "", self.sentence(), "", near.to_string(index=False), "", self.definition])


def cost_to_revenue_multiverse(
    statements: Statements, firms: Sequence[str] = CORE_FIRMS, target: float | None = None, tolerance: float = 0.05
) -> MultiverseResults:
    """Compute every reading of the cost-to-revenue ratio of several firms.

    Formula
    -------
    cost to revenue = (cost of sales + selling + administrative + research and development) / revenue, in the definitions of
    :data:`DEFINITIONS`

    Parameters
    ----------
    statements : Statements
        As known on the day that is wanted; for the article, the end of November 2021.
    firms : sequence of str
        The firms to read together; those without figures are left out of a reading and named in it.
    target : float, optional
        The figure to come near to, yuan per yuan; by default the one that was published (:func:`published_ratio`).
    tolerance : float
        What counts as near.

    Returns
    -------
    MultiverseResults
        One row per reading: definition x window x aggregate x vintage (as filed first, then latest). A reading that is another one
        by construction is left out: the median of two firms, a window that holds the same periods as one before it, a vintage that
        changed nothing.

    Raises
    ------
    ValueError
        If none of the firms has figures.

    References
    ----------
    Steegen, Tuerlinckx, Gelman and Vanpaemel (2016), Increasing transparency through a multiverse analysis, Perspectives on
    Psychological Science 11(5).

    Examples
    --------
    >>> from finmodel.statements import load_statements
    >>> result = cost_to_revenue_multiverse(load_statements().as_of("2021-11-30"))
    >>> len(result.table) >= 70
    True
    """
    present = [firm for firm in firms if firm in statements.firms]
    if not present:
        raise ValueError(f"none of {', '.join(firms)} has facts here; firms: {', '.join(statements.firms)}")
    rows: list[dict[str, Any]] = []
    used: list[tuple[Any, ...]] = []
    for vintage, view in (("as filed", statements.as_filed()), ("latest", statements)):
        computed = compute_ratios(view.select(present), ["cost_to_revenue"])
        for definition in DEFINITIONS:
            cells = list(_cells(computed, view.select(present), definition, vintage))
            for row, ids in _readings(cells, definition, vintage, present):
                rows.append(row)
                used += [("all", row["period"], "cost_to_revenue", row["variant"], one) for one in ids]
    table = _without_repeats(pd.DataFrame(rows))
    target = published_ratio() if target is None else target
    table["near"] = (table["value"] - target).abs() <= tolerance
    return MultiverseResults(
        table=table,
        title=f"Readings of the cost-to-revenue ratio as known on {statements.day}",
        definition="definition x window x aggregate x vintage; a proxy is (revenue + underlying loss) / revenue where cost lines are "
        "missing, and readings that use one are counted apart",
        facts=facts_used(statements, used),
        figure="multiverse",
        hidden=("definition", "window", "aggregate", "near", "cells"),
        target=target,
        tolerance=tolerance,
        day=statements.day,
    )


def _cells(computed: RatioResults, view: Statements, definition: str, vintage: str) -> Iterator[Cell]:
    """Yield one cell per firm and period: the first variant of the definition that has a value, as filed or latest."""
    variants = {name: place for place, name in enumerate(DEFINITIONS[definition])}
    table = computed.table[computed.table["variant"].isin(list(variants)) & computed.table["value"].notna()]
    table = table.assign(_place=table["variant"].map(variants), _default=~table["default"])
    published = dict(zip(view.facts["document"], view.facts["published_on"], strict=True))
    table["_published"] = table["vintage"].map(lambda name: max((published.get(v, "") for v in name.split(" + ")), default=""))
    table = table.sort_values("_published", kind="stable", ascending=vintage == "as filed")
    table = table.sort_values("_place", kind="stable").drop_duplicates(["firm", "period"])
    revenue = {(r["firm"], r["period"], r["basis"]): r for r in as_rows(converted(view.lines(line_item="revenue"), "CNY"))}
    for row in as_rows(table):
        line = revenue[row["firm"], row["period"], row["basis"]]
        facts = computed.facts[(computed.facts["firm"] == row["firm"]) & (computed.facts["period"] == row["period"])]
        ids = tuple(facts.loc[facts["variant"] == row["variant"], "fact_id"])
        dates = line["period_start"], line["period_end"]
        yield Cell(row["firm"], row["period"], *dates, row["value"], line["value"], row["proxy"], ids)


def _readings(cells: Sequence[Cell], definition: str, vintage: str, firms: Sequence[str]) -> Iterator[tuple[dict[str, Any], list[str]]]:
    for window, aggregate in product(WINDOWS, AGGREGATES):
        chosen = [c for firm in firms for c in _in_window([c for c in cells if c.firm == firm], window)]
        names = list(dict.fromkeys(c.firm for c in chosen))
        if len(names) < min(2, len(firms)) or (aggregate == "mean of firm-years" and len(chosen) == len(names)):
            continue
        if aggregate == "median of firms" and len(names) == 2:
            continue  # the mean by construction
        left_out = [firm for firm in firms if firm not in names]
        proxies = [c.firm for c in chosen if c.proxy]
        yield {
            **dict.fromkeys(RECORD_COLUMNS, ""),
            "firm": "all", "period": window, "quantity": "cost_to_revenue", "variant": f"{definition}; {aggregate}",
            "vintage": vintage, "value": _aggregate(chosen, aggregate), "unit": "ratio", "status": "proxy" if proxies else "computed",
            "note": f"without {', '.join(left_out)}" if left_out else "", "definition": definition, "window": window,
            "aggregate": aggregate, "firms": ", ".join(names), "proxy": bool(proxies), "cells": len(chosen),
            "parts": ", ".join(sorted(f"{c.firm} {c.period}" for c in chosen)),
        }, [i for c in chosen for i in c.fact_ids]  # fmt: skip


def _in_window(cells: Sequence[Cell], window: str) -> list[Cell]:
    if window == "latest full year of each firm":
        return sorted((c for c in cells if c.period.startswith("FY")), key=lambda c: c.end)[-1:]
    if window == "latest period of each firm":
        return sorted(cells, key=lambda c: (c.end, c.start))[-1:]
    inside = [c for c in cells if c.period in WINDOWS[window]]
    return [c for c in inside if not any(o is not c and o.start <= c.start and c.end <= o.end for o in inside)]


def _aggregate(cells: Sequence[Cell], aggregate: str) -> float:
    ratio, revenue = np.array([c.ratio for c in cells]), np.array([c.revenue for c in cells])
    if aggregate == "ratio of sums":
        return float(divide((ratio * revenue).sum(), revenue.sum()))
    if aggregate == "mean of firm-years":
        return float(ratio.mean())
    names = np.array([c.firm for c in cells])
    per_firm = [float(divide((ratio * revenue)[names == n].sum(), revenue[names == n].sum())) for n in dict.fromkeys(names)]
    return float(np.mean(per_firm) if aggregate == "mean of firms" else np.median(per_firm))


def _without_repeats(table: pd.DataFrame) -> pd.DataFrame:
    """Drop readings that are another one by construction: the same aggregate of the same figures, in a later vintage or wider window."""
    keys = table[["definition", "aggregate", "parts"]].assign(value=table["value"].round(9))
    return table[~keys.duplicated()].drop(columns="parts").reset_index(drop=True)


assert {v for names in DEFINITIONS.values() for v in names} <= {r.variant for r in ratios.values()}
