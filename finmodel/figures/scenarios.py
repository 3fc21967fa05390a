"""Figures of scenarios: what each one does to burn and runway, side by side with the baseline."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from finmodel.data import rows
from finmodel.figures.drawing import Words, figure
from finmodel.figures.labels import censored, panels, size_of
from finmodel.figures.runway import LONGEST, months_text
from finmodel.figures.style import FAINT, HALO, LABEL, MUTED, NOTE, bn, colour, number, pale
from finmodel.figures.words import firm_name, listed, plain, shown_firms
from finmodel.run import ScenarioResults, run_scenarios
from finmodel.scenarios import scenario_names
from finmodel.statements import Statements


def every_scenario(statements: Statements) -> ScenarioResults:
    """Run the firms shown through every shipped scenario."""
    return run_scenarios(statements, scenario_names(), shown_firms(statements.facts.assign(value=1.0)))


@figure("scenarios", of=every_scenario, tall=1.7)
def scenarios(results: ScenarioResults, ax: Axes) -> Words:
    """Draw, for each firm whose cash flow is known, what two years take and how long the money lasts under each scenario.

    Parameters
    ----------
    results : ScenarioResults
        Of :func:`finmodel.run_scenarios`.
    ax : matplotlib.axes.Axes
        Scenarios from top to bottom; two panels per firm.
    """
    names = [scenario.name for scenario in results.scenarios]
    table = results.table[results.table["scenario"].isin(names)]
    known = table[table["quantity"].eq("funds_needed_24m") & table["value"].notna() & table["scenario"].eq("baseline")]
    firms = list(dict.fromkeys(known["firm"]))[:2]
    shown = [(f, q) for f in firms for q in ("funds_needed_24m", "runway") if _values(table, f, q)]
    if shown:
        grid = panels(ax, 1, len(shown), left=0.1, right=0.22, top=0.45, bottom=0.3)[0]
        _shift(ax)
        for panel, (firm, quantity) in zip(grid, shown, strict=True):
            _panel(panel, table[(table["firm"] == firm) & (table["quantity"] == quantity)], names, firm, quantity)
        grid[0].tick_params(labelleft=True)
        grid[0].set_yticklabels([plain(name) for name in names], size=LABEL if size_of(ax)[1] > 4 else NOTE - 1)
    else:
        ax.set_axis_off()
        ax.text(0, 1, "No firm's cash flow of the last twelve months is known: no scenario can be run.", size=LABEL, va="top", color=MUTED)
    columns = ["firm", "scenario", "quantity", "variant", "value", "low", "high", "unit", "status", "reason", "exposure", "share", "note"]
    return Words(
        _worst(table, firms),
        "What 24 months take (RMB bn) and how long liquid funds last (months) in each scenario; bar: the span of its assumptions",
        _closing(table, results, firms),
        "",
        table.loc[table["quantity"].isin(["net_burn", "funds_needed_24m", "runway", "runway_lost", "channels_closed"]), columns],
    )


def _shift(ax: Axes) -> None:
    """Make room for the scenarios' names left of the panels."""
    box = ax.get_position()
    wide = 1.75 / size_of(ax)[0]
    ax.set_position((box.x0 + wide * box.width, box.y0, box.width * (1 - wide), box.height))


def _values(table: pd.DataFrame, firm: str, quantity: str) -> bool:
    return bool(table.loc[(table["firm"] == firm) & (table["quantity"] == quantity), "value"].notna().any())


def _panel(ax: Axes, table: pd.DataFrame, names: list[str], firm: str, quantity: str) -> None:
    scale = 1e9 if quantity == "funds_needed_24m" else 1.0
    shown = table[table["default"].astype(bool)]
    spans = table.groupby("scenario")[["value", "low", "high"]].agg({"value": ["min", "max"], "low": "min", "high": "max"})
    top = LONGEST if quantity == "runway" else 1.35 * max(spans["value"]["max"].max(), spans["high"]["max"].max()) / scale
    ax.set(xlim=(0, top * (1.55 if quantity == "runway" else 1)), ylim=(len(names) - 0.5, -0.5), yticks=range(len(names)))
    if quantity == "runway":
        ax.set_xticks([0, 24, 48])
    ax.tick_params(labelleft=False)
    ax.grid(axis="x")
    ax.set_title(f"{firm_name(firm)}:\n{'24 months take, RMB bn' if scale > 1 else 'runway, months'}", color=colour(firm))
    base = shown.loc[shown["scenario"] == "baseline", "value"]
    if (len(base) and base.iloc[0] < LONGEST) or quantity != "runway":
        ax.axvline(base.iloc[0] / scale, color=FAINT, linewidth=1.2, zorder=0)
    for row in rows(shown):
        y = names.index(row["scenario"])
        _interval(ax, y, row, scale, firm)


def _interval(ax: Axes, y: int, row: dict[str, Any], scale: float, firm: str) -> None:
    """Draw the span of a scenario's assumptions and its central value; where an exposure is undisclosed, the span alone."""
    low, high = row["low"] / scale, row["high"] / scale
    if low == low and high > low:
        ax.plot([low, min(high, ax.get_xlim()[1])], [y, y], color=pale(colour(firm)), linewidth=5, solid_capstyle="butt")
    if row["value"] != row["value"]:
        write = bn if scale > 1 else months_text
        text = " to ".join(dict.fromkeys((write(low * scale), write(high * scale)))) if low == low else "not computable"
        at = min(high, LONGEST if scale == 1 else high) if high == high else 0
        ax.annotate(text, (at, y), (4, 0), textcoords="offset points", size=NOTE, va="center", color=MUTED, style="italic", bbox=HALO)
        return
    value = row["value"] / scale
    ax.plot(min(value, ax.get_xlim()[1]), y, "o", color=colour(firm), markersize=5)
    if row["status"] == "censored":
        censored(ax, value, y, colour(firm), 0.12)
    text = f"> {value:.0f}" if row["status"] == "censored" else bn(row["value"]) if scale > 1 else number(value)
    at = max(value, high) if high == high else value
    ax.annotate(text, (at, y), (13 if row["status"] == "censored" else 5, 0), textcoords="offset points", size=NOTE, va="center", bbox=HALO)


def _worst(table: pd.DataFrame, firms: list[str]) -> str:
    """Say which scenario costs the most among those that can be computed, for each firm that can be run."""
    parts: dict[str, list[str]] = {}
    for firm in firms:
        mine = table[(table["firm"] == firm) & (table["quantity"] == "funds_needed_24m") & table["default"].astype(bool)]
        base = mine.loc[mine["scenario"] == "baseline", "value"].iloc[0]
        worst = mine[mine["value"].notna()].sort_values("value", kind="stable").iloc[-1]
        name = plain(worst["scenario"]) if worst["value"] > base else ""
        change = f"RMB {bn(worst['value'])} bn instead of {bn(base)} bn at {firm_name(firm)}"
        parts.setdefault(name, []).append(change if name else f"RMB {bn(base)} bn at {firm_name(firm)} in each of them")
    said = [f"{name} costs most of those that can be computed: two years take {listed(p)}" for name, p in parts.items() if name]
    text = "; ".join(said) or "No scenario that can be computed changes what two years take"
    return text[:1].upper() + text[1:]


def _closing(table: pd.DataFrame, results: ScenarioResults, firms: list[str]) -> str:
    closed = table[(table["quantity"] == "channels_closed") & (table["value"] > 0)].drop_duplicates("scenario")
    shut = [f"{plain(row['scenario'])} ({plain(row['note'])})" for row in rows(closed)]
    silent = [firm_name(f) for f in dict.fromkeys(table["firm"]) if f not in firms]
    return (
        f"{results.definition}. A scenario that only closes channels does not move burn"
        + (f": {'; '.join(shut)}. " if shut else ". ")
        + "A span without a dot: the effect depends on a share of revenue that no firm discloses. "
        + (f"Not computable for {listed(silent)}." if silent else "")
    )
