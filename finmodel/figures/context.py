"""The published ratio among A-share firms."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from finmodel.data import rows
from finmodel.figures.drawing import Words, figure
from finmodel.figures.labels import room, size_of
from finmodel.figures.style import ACCENT, FAINT, GREY, HALO, INK, LABEL, MUTED, NOTE, number
from finmodel.ratios.context import EVERY, a_share_context
from finmodel.results import Results


def known(statements: Any) -> Results:
    """Return the context as known on the day of the statements."""
    return a_share_context(statements.day)


@figure("a_share_context", of=known)
def a_share(results: Results, ax: Axes) -> Words:
    """Draw how the cost ratios of A-share firms spread, by years and definition, with the published ratio as a line.

    Parameters
    ----------
    results : Results
        From :func:`finmodel.a_share_context`.
    ax : matplotlib.axes.Axes
        Made narrower, for the labels of the rows and what is said at their ends.
    """
    table = results.table[results.table["sample"] == EVERY]
    if table.empty:
        ax.set_axis_off()
        return Words("No year of A-share reports had been published by then", "Cost to revenue of A-share firms")
    keys = ["definition", "period", "firm_years", "threshold"]
    wide = table.set_index([*keys, "statistic"])["value"].unstack("statistic").reset_index()  # noqa: PD010 - nothing to aggregate
    wide["order"] = wide["definition"].map({name: place for place, name in enumerate(table["definition"].unique())})
    wide["pooled"] = wide["period"].str.contains("-")
    wide = wide[~wide["pooled"] | (wide["period"] == wide.loc[wide["pooled"], "period"].max())]  # years together: as many as there are
    wide = wide.sort_values(["order", "pooled", "period"], kind="stable").reset_index(drop=True)
    threshold = float(wide["threshold"].iloc[0])
    _spreads(ax, wide, threshold)
    widest = wide[wide["firm_years"] == wide["firm_years"].max()].iloc[0]
    above = 100 - float(widest["percentile_of_threshold"])
    return Words(
        f"About {number(above, 0)} in 100 A-share firms a year spent more than {number(threshold, 2)} yuan per yuan of revenue; "
        f"the median is {number(widest['p50'], 2)}",
        f"Cost to revenue of firms listed in Shanghai and Shenzhen, {wide['firm_years'].max():,.0f} annual reports of {widest['period']}, "
        "by year and definition",
        "A published ratio whose definition is not stated is compared under both. The figures were read by machine and not checked one by "
        f"one. {_checked(results.table)}Firms of all trades and ages, not only such as those studied.",
        f"{results.table['source'].iloc[0]}.",
        wide.drop(columns=["order", "pooled"]),
    )


def _spreads(ax: Axes, wide: pd.DataFrame, threshold: float) -> None:
    """Draw one row per definition and period: percentiles 1 to 99 as a line, 5 to 95 and 25 to 75 as bars, the median as a stroke."""
    room(ax, left=0.95, right=0.85, top=0.3, bottom=0.3)
    y, ticks, names = 0.0, [], []
    heading = LABEL if size_of(ax)[0] > 5 else NOTE
    for definition, group in wide.groupby("definition", sort=False):
        ax.text(wide["p01"].min() - 0.05, y, str(definition), size=heading, weight="bold", va="center", color=INK, zorder=4)
        for row in rows(group):
            y += 1
            ax.plot([row["p01"], row["p99"]], [y, y], color=GREY, linewidth=0.8)
            ax.barh(y, row["p95"] - row["p05"], 0.5, row["p05"], color=FAINT)
            ax.barh(y, row["p75"] - row["p25"], 0.5, row["p25"], color=GREY)
            ax.vlines(row["p50"], y - 0.34, y + 0.34, color=INK, linewidth=1.5)
            ax.text(row["p95"] + 0.02, y, f"{number(row['p50'], 2)} median", size=NOTE, va="center", color=INK, bbox=HALO, zorder=3)
            ticks.append(y)
            names.append(row["period"])
            text = f"{row['percentile_of_threshold']:.1f}% below"
            ax.text(1.01, y, text, transform=ax.get_yaxis_transform(), size=NOTE, va="center", color=ACCENT)
        y += 1.1
    ax.axvline(threshold, color=ACCENT, linewidth=1.2, linestyle=(0, (4, 2)))
    right = max(wide["p99"].max(), threshold) + 0.05
    ax.set(ylim=(y - 0.5, -0.6), xlim=(wide["p01"].min() - 0.05, right), yticks=ticks, yticklabels=names)
    ax.text(threshold, 1.01, f"{number(threshold, 2)} as published", transform=ax.get_xaxis_transform(), size=LABEL, ha="center",
            va="bottom", color=ACCENT)  # fmt: skip
    ax.grid(visible=False, axis="y")
    ax.grid(visible=True, axis="x")
    ax.tick_params(labelsize=heading)
    ax.text(0, 1.01, "line: percentiles 1 to 99; bars: 5 to 95, 25 to 75", transform=ax.transAxes, size=NOTE, va="bottom", color=MUTED)


def _checked(table: pd.DataFrame) -> str:
    """Say where the published ratio stands among firm-years whose cost lines add up to the printed total."""
    shares = table.loc[(table["sample"] != EVERY) & (table["statistic"] == "percentile_of_threshold"), "value"]
    return f"Where the cost lines add up to the printed total, {shares.min():.1f}% to {shares.max():.1f}% lie below. "
