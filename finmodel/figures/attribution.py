"""Figures of what restrictions cost: a waterfall of lost runway, one input at a time, and shares of the uncertainty."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes

from finmodel.data import rows
from finmodel.figures.drawing import NothingToDrawError, Words, figure, remembered
from finmodel.figures.labels import legend, panels, size_of
from finmodel.figures.scenarios import PATHS, QUARTERS, SEED
from finmodel.figures.style import GREY, INK, LABEL, MUTED, NOTE, colour, ink, number, pale, percent
from finmodel.figures.survival import recent
from finmodel.figures.words import firm_name, listed, plain
from finmodel.results import Results
from finmodel.run import ScenarioResults, frozen_inputs
from finmodel.scenarios import read_scenarios
from finmodel.statements import Statements

COMBINED = "everything-at-once"
UNITS = {
    "runway_months_lost": (1.0, "months of runway lost"),
    "cash_out_24m": (100.0, "percentage points"),
    "funding_gap": (1e-9, "RMB bn"),
}
"""Factor and unit in which each attributed quantity is drawn."""


@remembered
def combined(statements: Statements) -> ScenarioResults:
    """Return the firms shown with disclosed funds, ready to have the combined scenario attributed."""
    chosen = tuple(read_scenarios(COMBINED).values())
    return ScenarioResults(
        pd.DataFrame(),
        title=f"What each restriction costs as of {statements.day}",
        definition="",
        assumptions=(),
        scenarios=chosen,
        inputs=frozen_inputs(statements, chosen, PATHS, SEED),
        models=recent(statements),
        quarters=QUARTERS,
        paths=PATHS // 2,
        seed=SEED,
    )


def attributed(statements: Statements) -> Results:
    """Return what each restriction of the combined scenario costs the firms shown."""
    return combined(statements).attribution(COMBINED)


def tornadoes(statements: Statements) -> Results:
    """Return the runway lost with one input at a time, for the firms shown."""
    return combined(statements).tornado(COMBINED)


def sensitivities(statements: Statements) -> Results:
    """Return the Sobol indices of the runway lost, for the firms shown."""
    return combined(statements).sensitivity(COMBINED, points=32)


@figure("attribution", of=attributed, tall=1.7)
def attribution(results: Results, ax: Axes, quantity: str = "runway_months_lost") -> Words:
    """Draw what each restriction costs as a waterfall from nothing to the total.

    Parameters
    ----------
    results : Results
        Of :meth:`finmodel.ScenarioResults.attribution`.
    ax : matplotlib.axes.Axes
        One panel per firm.
    quantity : str
        runway_months_lost, cash_out_24m or funding_gap.
    """
    table = results.table[(results.table["quantity"] == quantity) & results.table["value"].notna()]
    firms = list(dict.fromkeys(table["firm"]))[:3]
    if not firms:
        raise NothingToDrawError("no restriction can be priced: no firm's liquid funds are disclosed")
    factor, unit = UNITS[quantity]
    order = [name for name in dict.fromkeys(table["restriction"]) if name != "total"] + ["total"]
    grid = panels(ax, 1, len(firms), left=0.1, right=0.4, top=0.3, bottom=0.42)[0]
    box = ax.get_position()
    wide = 1.9 / size_of(ax)[0]
    ax.set_position((box.x0 + wide * box.width, box.y0, box.width * (1 - wide), box.height))
    said = []
    for panel, firm in zip(grid, firms, strict=True):
        mine = factor * table[table["firm"] == firm].set_index("restriction")[["value", "error"]].astype(float)
        _waterfall(panel, mine, order, firm)
        panel.set_xlabel(unit, size=NOTE)
        dearest = str(mine.drop(index="total")["value"].idxmax())
        cost, total = (number(float(mine["value"][name]), 1) for name in (dearest, "total"))
        said.append(f"{plain(dearest)} costs {firm_name(firm)} {cost} of {total}")
    grid[0].tick_params(labelleft=True)
    grid[0].set_yticklabels([plain(name) for name in order], size=LABEL if size_of(ax)[1] > 3 else NOTE - 2)
    reasons = "; ".join(dict.fromkeys(r for r in table["reason"] if r))
    return Words(
        f"{'; '.join(said)[:1].upper()}{'; '.join(said)[1:]} {unit}",
        f"Shapley share of each restriction in what all of them cost together against none, {unit}; line: twice the Monte Carlo error",
        f"{results.definition}. Responses (state support, cost cuts) are held fixed, so that a restriction can only cost. {reasons}",
        "",
        table[["firm", "quantity", "restriction", "value", "error", "unit", "reason"]],
    )


def _waterfall(ax: Axes, values: pd.DataFrame, order: Sequence[str], firm: str) -> None:
    """Draw each restriction's share from where the last one ended, and the total from zero."""
    base, top = 0.0, 0.05
    for y, name in enumerate(order):
        value, error = round(float(values["value"][name]), 3), round(2 * float(values["error"][name]), 3)
        left = 0.0 if name == "total" else base
        ax.barh(y, value, 0.66, left=left, color=INK if name == "total" else colour(firm))
        ax.plot([left + value - error, left + value + error], [y, y], color=GREY, linewidth=1)
        text = f"{number(value, 2)} ± {number(error, 2)}" if value or error else "0"
        note = ax.annotate(text, (left + value + error, y), (4, 0), textcoords="offset points", annotation_clip=False)
        note.set(size=NOTE, va="center")
        top = max(top, left + value + error)
        base += 0.0 if name == "total" else value
    ax.set(xlim=(min(0.0, 1.1 * float(values["value"].min())), 1.55 * top), ylim=(len(order) - 0.4, -0.6), yticks=range(len(order)))
    ax.tick_params(labelleft=False)
    ax.grid(axis="x")
    ax.grid(axis="y", visible=False)
    ax.set_title(firm_name(firm), color=ink(firm))


@figure("tornado", of=tornadoes, tall=1.7)
def tornado(results: Results, ax: Axes, most: int = 12) -> Words:
    """Draw the runway lost with one input at a time at its low and its high end.

    Parameters
    ----------
    results : Results
        Of :meth:`finmodel.ScenarioResults.tornado`.
    ax : matplotlib.axes.Axes
        One panel per firm.
    most : int
        Inputs with the largest swing.
    """
    firms = list(dict.fromkeys(results.table["firm"]))[:2]
    most = most if size_of(ax)[1] > 3 else 6
    said = []
    shape = (1, len(firms)) if size_of(ax)[0] > 8 else (len(firms), 1)
    grid = [panel for row in panels(ax, *shape, left=2.35, right=0.25, bottom=0.45) for panel in row]
    for panel, firm in zip(grid, firms, strict=True):
        mine = results.table[results.table["firm"] == firm].head(most)
        middle = round(float(mine["lost"].iloc[0]), 2)
        for y, row in enumerate(rows(mine)):
            low, high = sorted((round(row["lost_at_low"], 2), round(row["lost_at_high"], 2)))
            panel.barh(y, high - low, 0.62, left=low, color=pale(colour(firm), 0.7))
            left, right = ("low", "high") if row["lost_at_low"] <= row["lost_at_high"] else ("high", "low")
            for end, at, side, offset in ((left, low, "right", -3), (right, high, "left", 3)):
                if row[end] == row[end]:
                    note = panel.annotate(f"{row[end]:g}", (at, y), (offset, 0), textcoords="offset points")
                    note.set(size=NOTE - 1, ha=side, va="center", color=MUTED)
        panel.axvline(middle, color=ink(firm), linewidth=1)
        span = mine[["lost_at_low", "lost_at_high"]].to_numpy()
        pad = 0.18 * max(float(span.max() - span.min()), 0.1)
        panel.set(xlim=(span.min() - pad, span.max() + pad), ylim=(len(mine) - 0.4, -0.6), yticks=range(len(mine)))
        panel.set_yticklabels([_short_input(str(name)) for name in mine["input"]], size=NOTE if size_of(ax)[1] > 3 else NOTE - 2)
        panel.grid(axis="x")
        panel.grid(axis="y", visible=False)
        panel.set_title(firm_name(firm), color=ink(firm))
        panel.set_xlabel("months of runway lost", size=NOTE)
        first = rows(mine)[0]
        low, high = sorted((first["lost_at_low"], first["lost_at_high"]))
        said.append(
            f"for {firm_name(firm)} {_short_input(first['input'])} moves the loss from {number(low, 1)} to {number(high, 1)} months"
        )
    return Words(
        f"What the answer hangs on: {said[0]}",
        "Runway lost to all restrictions together, months, with one input at its low and its high end and all others at their centre",
        f"{results.definition}. The numbers at the ends are the input's values; the line is the centre.",
        "",
        results.table,
    )


def _short_input(name: str) -> str:
    text = name.split(" on ")[0] if len(name) > 44 else name
    return "US persons' share of the book" if text == "share.us_persons" else plain(text.replace(".", ": "))[:44]


@figure("sensitivity", of=sensitivities)
def sensitivity(results: Results, ax: Axes) -> Words:
    """Draw first and total Sobol indices of the runway lost, by group of inputs, with their intervals.

    Parameters
    ----------
    results : Results
        Of :meth:`finmodel.ScenarioResults.sensitivity`.
    ax : matplotlib.axes.Axes
        One panel per firm.
    """
    firms = list(dict.fromkeys(results.table["firm"]))[:2]
    legend(ax, [("alone (first)", {"facecolor": pale(INK, 0.35)}), ("with interactions (total)", {"facecolor": INK})])
    said = []
    for panel, firm in zip(panels(ax, 1, len(firms), left=1.1, right=0.2, bottom=0.42)[0], firms, strict=True):
        mine = results.table[results.table["firm"] == firm]
        for y, row in enumerate(rows(mine)):
            for shift, name, tone in ((-0.17, "first", pale(colour(firm), 0.4)), (0.17, "total", colour(firm))):
                value, half = round(row[name], 2), round(row[f"{name}_interval"], 2)
                panel.barh(y + shift, value, 0.3, color=tone)
                panel.plot([value - half, value + half], [y + shift] * 2, color=GREY, linewidth=1)
        panel.set(xlim=(-0.2, 1.1), ylim=(len(mine) - 0.4, -0.6), yticks=range(len(mine)))
        panel.set_yticklabels([plain(str(g)) for g in mine["group"]], size=LABEL if size_of(ax)[1] > 3 else NOTE - 1)
        panel.grid(axis="x")
        panel.grid(axis="y", visible=False)
        panel.set_title(firm_name(firm), color=ink(firm))
        said.append(f"{plain(str(mine['group'].iloc[0]))} for {firm_name(firm)} ({percent(float(mine['total'].iloc[0]))})")
    return Words(
        f"The largest part of the uncertainty about the runway lost comes from {listed(said)}",
        "Sobol indices of the runway lost: share of its variance that a group of assumptions explains; line: 95 % interval",
        f"{results.definition}.",
        "",
        results.table,
    )
