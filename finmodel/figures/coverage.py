"""What can be computed and what cannot: one mark per firm, period and quantity."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from finmodel.data import rows
from finmodel.figures.drawing import Words, figure
from finmodel.figures.labels import room
from finmodel.figures.style import FAINT, GREY, LABEL, MUTED, NOTE, colour, ink, percent
from finmodel.figures.words import firm_name, listed, shown_firms
from finmodel.results import Results
from finmodel.units import Period

OF_THE_DAY = "now"
"""Column of the quantities that belong to the day rather than to a period."""


@figure("coverage", of="compute_coverage", tall=1.7)
def coverage(results: Results, ax: Axes, most: int = 11) -> Words:
    """Draw which quantities can be computed for each firm and period.

    Parameters
    ----------
    results : Results
        Of :func:`finmodel.compute_coverage`.
    ax : matplotlib.axes.Axes
        Quantities from top to bottom, periods of each firm from left to right.
    most : int
        Most periods of a firm: the latest ones.
    """
    firms = shown_firms(results.table)
    table = results.table[results.table["firm"].isin(firms)].copy()
    table["column"] = [_column(row) for row in rows(table)]
    table = table[table["column"] != ""]
    quantities = list(dict.fromkeys(table["quantity"]))
    room(ax, left=1.55, right=0.02, top=0.6, bottom=0.02)
    place, x = {}, 0.0
    for firm in firms:
        columns = _ordered(table.loc[table["firm"] == firm, "column"], most)
        name = ax.annotate(firm_name(firm), (x, -0.7), (-4, 38), textcoords="offset points", annotation_clip=False)
        name.set(color=ink(firm), weight="bold", size=LABEL, va="bottom")
        for column in columns:
            place[firm, column] = x
            ax.text(x, -0.7, column, size=NOTE - 0.5, color=MUTED, rotation=90, ha="center", va="bottom")
            x += 1
        x += 0.8
    for y in range(len(quantities)):
        ax.axhline(y, color=FAINT, linewidth=0.5, zorder=0)
    for row in rows(table):
        if (row["firm"], row["column"]) in place:
            _mark(ax, place[row["firm"], row["column"]], quantities.index(row["quantity"]), row)
    ax.set(xlim=(-0.7, x - 0.8), ylim=(len(quantities) - 0.4, -0.7), xticks=[], yticks=range(len(quantities)))
    ax.set_yticklabels([q.replace("_", " ") for q in quantities])
    ax.grid(visible=False)
    ax.spines["bottom"].set_visible(False)
    return Words(
        _known(table, firms),
        "Quantities that public figures allow to be computed, by firm and period; the last column is the day itself",
        "Full: every line disclosed. Ring: a proxy or derived figure. Cross: not computable, a line is missing or stale; the reasons stand "
        f"in the table of coverage. {results.definition[:1].upper()}{results.definition[1:]}.",
        "",
        table[["firm", "period", "quantity", "variant", "value", "status", "reason"]].reset_index(drop=True),
    )


def _column(row: dict[str, Any]) -> str:
    if row["quantity"] in ("liquid_funds", "net_burn", "gross_burn", "runway", "due_within_12_months"):
        return OF_THE_DAY
    period = str(row["period"])
    return period if period[:2] in ("FY", "H1", "9M") else ""


def _ordered(columns: pd.Series, most: int) -> list[str]:
    periods = sorted({c for c in columns if c != OF_THE_DAY}, key=lambda c: (Period.parse(c).end, Period.parse(c).months))
    return [*periods[-most:], *([OF_THE_DAY] if OF_THE_DAY in set(columns) else [])]


def _mark(ax: Axes, x: float, y: float, row: dict[str, Any]) -> None:
    tone = colour(row["firm"])
    if row["value"] != row["value"] and row["status"] != "self-funding":
        ax.plot(x, y, "x", color=GREY, markersize=3.2, markeredgewidth=0.7)
    elif row["status"] in ("stale", "proxy", "derived", "vendor") or "proxy" in str(row["variant"]):
        ax.plot(x, y, "o", color=tone, markerfacecolor="white", markersize=5, markeredgewidth=1)
    else:
        ax.plot(x, y, "o", color=tone, markersize=5)


def _known(table: pd.DataFrame, firms: list[str]) -> str:
    """Say how much of the table can be computed, and whose runway."""
    share = table["value"].notna().mean()
    runways = table[(table["quantity"] == "runway") & table["value"].notna()]["firm"]
    whose = [firm_name(f) for f in firms if f in set(runways)]
    tail = f"a runway only for {listed(whose)}" if whose else "a runway for none of them"
    return f"Public figures give {percent(share)} of the quantities followed here for {listed([firm_name(f) for f in firms])}, and {tail}"
