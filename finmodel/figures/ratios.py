"""Figures of ratios: cost to revenue by firm and year."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from finmodel.figures.drawing import Words, figure
from finmodel.figures.labels import ESTIMATE_HATCH, missing, panels
from finmodel.figures.style import ACCENT, HALO, LABEL, NOTE, colour, ink, number
from finmodel.results import Results


@figure("cost_to_revenue", of="compute_ratios")
def cost_to_revenue(results: Results, ax: Axes, line: float | None = None) -> Words:
    """Draw cost to revenue of each firm and year as bars from zero, with the published average as a line.

    Parameters
    ----------
    results : Results
        With rows of quantity ``cost_to_revenue``.
    ax : matplotlib.axes.Axes
        Divided into one panel per firm.
    line : float, optional
        A published figure to compare with.
    """
    table = results.defaults()
    table = table[(table["quantity"] == "cost_to_revenue") & table["period"].str.startswith("FY")]
    firms = list(dict.fromkeys(table["firm"]))
    years = sorted(table["period"].unique())
    grid = panels(ax, 1, len(firms), left=0.3, right=0.05)[0]
    top = 1.15 * max(table["value"].max(), line or 0)
    for panel, firm in zip(grid, firms, strict=True):
        rows = table[table["firm"] == firm].set_index("period")["value"].reindex(years)
        notes = table[table["firm"] == firm].set_index("period")["status"].reindex(years)
        for x, (value, status) in enumerate(zip(rows, notes, strict=True)):
            if np.isnan(value):
                missing(panel, x, 0.03 * top, rotation=90)
                continue
            hatch = ESTIMATE_HATCH if status == "estimated" else None
            panel.bar(x, value, 0.7, color=colour(firm), hatch=hatch, edgecolor="white")
            panel.text(x, value + 0.015 * top, number(value, 2), ha="center", va="bottom", size=LABEL, color=ink(firm), bbox=HALO, zorder=4)
        panel.set(xlim=(-0.6, len(years) - 0.4), ylim=(0, top), xticks=range(len(years)), xticklabels=[y[-4:] for y in years])
        panel.set_title(firm, color=ink(firm))
        if line:
            panel.axhline(line, color=ACCENT, linewidth=1.2, linestyle=(0, (4, 2)))
    if line:
        grid[0].text(-0.55, line + 0.01 * top, f"Caixin {number(line, 2)}", color=ACCENT, size=NOTE, va="bottom")
    best = table.sort_values("value").dropna(subset="value").iloc[-1]
    return Words(
        f"{best.firm} spent {number(best.value, 2)} yuan for each yuan of {best.period[-4:]} revenue",
        "Total operating cost divided by revenue",
        results.definition,
        data=pd.DataFrame(table[["firm", "period", "value", "status"]]),
    )
