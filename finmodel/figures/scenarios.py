"""Figures of scenarios: what each one does to burn and runway, side by side with the baseline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from finmodel.data import rows
from finmodel.figures.drawing import NothingToDrawError, Words, figure, remembered
from finmodel.figures.labels import censored, firm_panels, label_ends, panels, room, size_of
from finmodel.figures.runway import LONGEST, months_text
from finmodel.figures.style import ACCENT, FAINT, HALO, INK, LABEL, MUTED, NOTE, PALE, STEPS, bn, colour, ink, number, pale, percent
from finmodel.figures.survival import recent
from finmodel.figures.words import firm_name, listed, plain, shown_firms, source_line
from finmodel.run import ScenarioResults, run_scenarios
from finmodel.scenarios import read_scenarios, scenario_names
from finmodel.statements import Statements
from finmodel.stochastic import FirmRun, run_firm

PATHS, QUARTERS, SEED = 4096, 20, 7
"""Of the runs drawn in the pack."""


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
    if results.paths:
        return _with_funding(results, ax)
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
        f"What 24 months take and how long liquid funds last by scenario{_before(table, firms, ', before capital expenditure')}; "
        "bar: the span of assumptions",
        _closing(table, results, firms),
        _sources(results.facts[results.facts["firm"].isin(firms)] if len(results.facts) else results.facts),
        table.loc[table["quantity"].isin(["net_burn", "funds_needed_24m", "runway", "runway_lost", "channels_closed"]), columns],
    )


def _with_funding(results: ScenarioResults, ax: Axes) -> Words:
    """Draw a run with paths: the chance of running out and the mean runway by scenario."""
    table = results.defaults()
    wide = table[table["quantity"].isin(["cash_out_24m", "restricted_mean_runway"]) & table["value"].notna()]
    if wide.empty:
        raise NothingToDrawError("no firm's cash flow and liquid funds are both disclosed")
    data = wide.pivot_table(index=["firm", "scenario"], columns="quantity", values="value", sort=False).reset_index()
    return matrix(data, ax, f"{results.definition}. {results.paths:,} paths.")


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
        ax.annotate(text, (at, y), (4, 0), textcoords="offset points", size=NOTE, va="center", color=MUTED, bbox=HALO)
        return
    value = row["value"] / scale
    ax.plot(min(value, ax.get_xlim()[1]), y, "o", color=colour(firm), markersize=5)
    if row["status"] == "censored":
        censored(ax, value, y, colour(firm), 0.12)
    text = f"> {value:.0f}" if row["status"] == "censored" else bn(row["value"]) if scale > 1 else number(value)
    at = max(value, high) if high == high else value
    ax.annotate(text, (at, y), (13 if row["status"] == "censored" else 5, 0), textcoords="offset points", size=NOTE, va="center", bbox=HALO)


_ASSUMED = "assumptions: the scenario files, each with its reason and reference"


def _before(table: pd.DataFrame, firms: list[str], words: str) -> str:
    """Return `words` where no run counts capital expenditure, as no firm shown gives it for the latest twelve months; else nothing."""
    mine = table[table["firm"].isin(firms) & table["quantity"].eq("funds_needed_24m") & table["default"].astype(bool)]
    return words if len(mine) and mine["variant"].str.startswith("without").all() else ""


def _sources(facts: pd.DataFrame) -> str:
    """Return where the figures and the assumptions were read."""
    read = source_line(facts) if len(facts) else ""
    return "; ".join(part for part in (_ASSUMED, read) if part)


def _worst(table: pd.DataFrame, firms: list[str]) -> str:
    """Say which scenario costs the most among those that can be computed, for each firm that can be run."""
    parts: dict[str, list[str]] = {}
    for firm in firms:
        mine = table[(table["firm"] == firm) & (table["quantity"] == "funds_needed_24m") & table["default"].astype(bool)]
        base = mine.loc[mine["scenario"] == "baseline", "value"].iloc[0]
        worst = mine[mine["value"].notna()].sort_values("value", kind="stable").iloc[-1]
        name = plain(worst["scenario"]) if worst["value"] > base else ""
        change = f"RMB {bn(worst['value'])} bn instead of {bn(base)} at {firm_name(firm)}"
        parts.setdefault(name, []).append(change if name else f"RMB {bn(base)} bn at {firm_name(firm)} in each of them")
    before = _before(table, firms, "before capex, ")
    said = [f"{name} costs most of what can be computed: {before}two years take {listed(p)}" for name, p in parts.items() if name]
    text = "; ".join(said) or "No scenario that can be computed changes what two years take"
    return text[:1].upper() + text[1:]


def _closing(table: pd.DataFrame, results: ScenarioResults, firms: list[str]) -> str:
    closed = table[(table["quantity"] == "channels_closed") & (table["value"] > 0)].drop_duplicates("scenario")
    shut = [f"{plain(row['scenario'])} ({row['note'].replace('_', ' ')})" for row in rows(closed)]
    silent = [firm_name(f) for f in dict.fromkeys(table["firm"]) if f not in firms]
    return (
        f"{results.definition}. A scenario that only closes channels does not move burn"
        + (f": {'; '.join(shut)}. " if shut else ". ")
        + "A span without a dot: the effect depends on a share of revenue that no firm discloses. "
        + (f"Not computable for {listed(silent)}." if silent else "")
    )


@remembered
def scenario_runs(statements: Statements) -> tuple[FirmRun, ...]:
    """Run every shipped scenario on shared draws for the firms shown whose liquid funds are disclosed."""
    chosen = tuple(read_scenarios(*scenario_names()).values())
    return tuple(run_firm(model, chosen, QUARTERS, PATHS, SEED) for model in recent(statements))


@figure("scenario_matrix", of=scenario_runs, tall=1.7)
def scenario_matrix(results: Sequence[FirmRun], ax: Axes) -> Words:
    """Draw the chance of running out within 24 months and the restricted mean runway, scenario by firm, as numbers on tones.

    Parameters
    ----------
    results : sequence of FirmRun
        Every scenario on shared draws, one per firm.
    ax : matplotlib.axes.Axes
        Scenarios from top to bottom.
    """
    found = [
        (run.model.firm, scenario.name, float(run.cash_out(24).mean(axis=0)[s]), float(run.runway().mean(axis=0)[s]))
        for run in results
        for s, scenario in enumerate(run.scenarios)
    ]
    data = pd.DataFrame(found, columns=["firm", "scenario", "cash_out_24m", "restricted_mean_runway"])
    return matrix(data, ax, _funding_note(results))


def matrix(data: pd.DataFrame, ax: Axes, note: str) -> Words:
    """Draw scenarios by firm: chance of running out and mean runway as numbers, darker where worse than the baseline.

    Parameters
    ----------
    data : pandas.DataFrame
        Columns firm, scenario, cash_out_24m (probability), restricted_mean_runway (months).
    ax : matplotlib.axes.Axes
        Scenarios from top to bottom.
    note : str
        How the numbers were made.
    """
    data = data.round(4)
    firms, names = list(dict.fromkeys(data["firm"])), list(dict.fromkeys(data["scenario"]))
    room(ax, left=1.9, right=0.05, top=0.55, bottom=0.05)
    wide = size_of(ax)[1] > 3
    size = LABEL if wide else NOTE - 2
    ax.set(xlim=(0, 2 * len(firms)), ylim=(len(names), 0), xticks=[], yticks=[y + 0.5 for y in range(len(names))])
    ax.set_yticklabels([plain(name) for name in names], size=size)
    ax.grid(visible=False)
    ax.spines["bottom"].set_visible(False)
    for place, firm in enumerate(firms):
        mine = data[data["firm"] == firm].set_index("scenario")
        for side, head in enumerate(("out of cash in 24 months", "mean runway, months")):
            x = 2 * place + side
            text = f"{firm_name(firm)}\n{head}" if side == 0 else f"\n{head}"
            ax.text(x + 0.03, -0.1, text, size=NOTE if wide else 4, color=ink(firm), va="bottom", weight="bold")
            _column(ax, x, mine[["cash_out_24m", "restricted_mean_runway"][side]], names, side, size)
    first = data[data["firm"] == firms[0]].set_index("scenario")["cash_out_24m"]
    worst = str(first.idxmax())
    return Words(
        f"With funding as law and markets allow, {firm_name(firms[0])} runs out within 24 months in {percent(float(first['baseline']))} "
        f"of paths, in {percent(float(first[worst]))} under {plain(worst)}",
        "Share of paths out of cash within 24 months, and mean runway restricted to the horizon, by scenario; darker: worse than baseline",
        note,
        _ASSUMED,
        data,
    )


def _column(ax: Axes, x: float, values: pd.Series, names: Sequence[str], side: int, size: float) -> None:
    """Draw one column of the matrix; the worst value against the baseline has the darkest tone."""
    spread = max(float((values - values["baseline"]).abs().max()), 1e-9)
    for y, name in enumerate(names):
        worse = float(values[name] - values["baseline"]) * (1 if side == 0 else -1) / spread
        tone = STEPS[min(4, int(5 * max(worse, 0)))] if worse > 0.02 else PALE
        ax.add_patch(Rectangle((x + 0.02, y + 0.05), 0.96, 0.9, facecolor=tone))
        text = percent(float(values[name]), 1) if side == 0 else number(float(values[name]), 1)
        ax.text(x + 0.5, y + 0.5, text, ha="center", va="center", size=size, color="white" if tone in STEPS[3:] else INK)


def _funding_note(results: Sequence[FirmRun]) -> str:
    silent = sorted({name for run in results for name, one in run.exposures.items() if not one.known})
    taken = f" Not disclosed and taken as nothing: {', '.join(plain(n) for n in silent)}." if silent else ""
    return (
        "Funding arrives by channel, with hazards, sizes and shares of each investor class that are stated assumptions with ranges; "
        f"responses (state support, cost cuts) count.{taken} {PATHS:,} paths on draws shared by all scenarios."
    )


@figure("survival_by_scenario", of=scenario_runs, tall=1.7)
def survival_by_scenario(results: Sequence[FirmRun], ax: Axes, most: int = 5) -> Words:
    """Draw the chance of having run out of cash by quarter under the scenarios that move it most.

    Parameters
    ----------
    results : sequence of FirmRun
        One panel per firm.
    ax : matplotlib.axes.Axes
        Divided into panels.
    most : int
        How many scenarios are named; the others are thin grey lines.
    """
    months = np.arange(0, 3 * results[0].quarters + 1, 3)
    drawn, said = [], []
    for panel, run in zip(firm_panels(ax, len(results), left=0.45, right=1.55, bottom=0.45), results, strict=True):
        names = [s.name for s in run.scenarios]
        gone = np.round(np.vstack([np.zeros(len(names)), *(run.cash_out(int(m)).mean(axis=0) for m in months[1:])]), 3)
        life = run.runway().mean(axis=0)
        base = names.index("baseline")
        ranked = sorted((s for s in range(len(names)) if s != base), key=lambda s: -abs(life[s] - life[base]))
        chosen = [base, *(s for s in ranked if abs(life[s] - life[base]) > 0.05)][: most + 1]
        ends = []
        for s, name in enumerate(names):
            tone = colour(run.model.firm) if s == base else ACCENT if s in chosen else FAINT
            panel.plot(
                months, gone[:, s], color=tone, linewidth=2 if s == base else 1 if s in chosen else 0.7, zorder=3 if s in chosen else 1
            )
            drawn += [(run.model.firm, name, int(m), float(g)) for m, g in zip(months, gone[:, s], strict=True)]
            if s in chosen:
                ends.append((months[-1], float(gone[-1, s]), plain(name), ink(run.model.firm) if s == base else ACCENT))
        panel.set(xlim=(0, months[-1]), ylim=(0, 1.02), xticks=range(0, int(months[-1]) + 1, 12), yticks=[0, 0.25, 0.5, 0.75, 1])
        panel.set_yticklabels(["0%", "25%", "50%", "75%", "100%"])
        panel.set_title(firm_name(run.model.firm), color=ink(run.model.firm))
        panel.set_xlabel("months", size=NOTE)
        label_ends(panel, ends, NOTE, 0.05)
        worst = min(range(len(names)), key=lambda s: life[s])
        means = f"{number(life[base], 1)} months on average, {number(life[worst], 1)} under {plain(names[worst])}"
        said.append(f"{firm_name(run.model.firm)} lives {means}")
    return Words(
        f"Within five years, {listed(said[:2])}",
        "Probability of having run out of cash, by quarter, with funding as law, contracts and each scenario let it arrive",
        _funding_note(results),
        _ASSUMED,
        pd.DataFrame(drawn, columns=["firm", "scenario", "months", "cash_out"]),
    )
