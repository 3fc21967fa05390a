"""Figures of funding: who may still pay, what each restriction costs, how much the answer hangs on each assumption, and the replay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from finmodel.data import rows
from finmodel.figures.drawing import NothingToDrawError, Words, figure, remembered
from finmodel.figures.labels import firm_panels, label_ends, legend, panels, room, size_of
from finmodel.figures.page import Column, Table, draw_table
from finmodel.figures.style import (
    ACCENT,
    FAINT,
    GREY,
    INK,
    LABEL,
    MUTED,
    NOTE,
    colour,
    full_day,
    ink,
    number,
    pale,
    percent,
)
from finmodel.figures.survival import fitted
from finmodel.figures.words import firm_name, listed, plain, shown_firms
from finmodel.funding import class_mix, elasticity_sweep, funding_access
from finmodel.replay import replay_outcomes
from finmodel.results import Results
from finmodel.run import ScenarioResults, frozen_inputs
from finmodel.scenarios import read_scenarios, scenario_names
from finmodel.statements import Statements
from finmodel.stochastic import FirmRun, run_firm

PATHS, QUARTERS, SEED = 4096, 20, 7
COMBINED = "everything-at-once"
STEPS = ("#f4eef8", "#dcc9e8", "#b99bcb", "#8f62ad", "#4b2769")
"""Tones of a share that is lost, from none to all."""
SHADES: list[tuple[str, dict[str, Any]]] = [
    ("not open to the firm", {"facecolor": "white", "edgecolor": FAINT, "linewidth": 0.6}),
    ("whole book", {"facecolor": STEPS[0]}),
    ("under 10% kept out", {"facecolor": STEPS[1]}),
    ("10% or more", {"facecolor": STEPS[2]}),
    ("25% or more", {"facecolor": STEPS[3]}),
    ("two readings: the lower", {"facecolor": "white", "edgecolor": STEPS[4], "hatch": "/////", "linewidth": 0.3}),
]


@remembered
def scenario_runs(statements: Statements) -> tuple[FirmRun, ...]:
    """Run every shipped scenario on shared draws for the firms shown whose liquid funds are disclosed."""
    models = fitted(statements)
    chosen = tuple(read_scenarios(*scenario_names()).values())
    runs = tuple(run_firm(m, chosen, QUARTERS, PATHS, SEED) for m in models if m.liquid_funds == m.liquid_funds)
    if not runs:
        raise NothingToDrawError("no firm's cash flow and liquid funds are both disclosed: no scenario can be run with funding")
    return runs


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
    names = [scenario.name for scenario in results[0].scenarios]
    data = pd.DataFrame(
        [
            (run.model.firm, name, float(run.cash_out(24).mean(axis=0)[s]), float(run.runway().mean(axis=0)[s]))
            for run in results
            for s, name in enumerate(names)
        ],
        columns=["firm", "scenario", "cash_out_24m", "restricted_mean_runway"],
    ).round(4)
    room(ax, left=1.9, right=0.05, top=0.55, bottom=0.05)
    ax.set(xlim=(0, 2 * len(results)), ylim=(len(names), 0), xticks=[], yticks=[y + 0.5 for y in range(len(names))])
    ax.set_yticklabels([plain(name) for name in names], size=LABEL if size_of(ax)[1] > 3 else NOTE - 2)
    ax.grid(visible=False)
    ax.spines["bottom"].set_visible(False)
    size = LABEL if size_of(ax)[1] > 3 else NOTE - 2
    for place, run in enumerate(results):
        mine = data[data["firm"] == run.model.firm].set_index("scenario")
        for side, (quantity, head) in enumerate(
            (("cash_out_24m", "out of cash in 24 months"), ("restricted_mean_runway", "mean runway, months"))
        ):
            x = 2 * place + side
            head_text = f"{firm_name(run.model.firm)}\n{head}" if side == 0 else f"\n{head}"
            ax.text(x + 0.03, -0.1, head_text, size=NOTE if size > NOTE else 4, color=ink(run.model.firm), va="bottom", weight="bold")
            values = mine[quantity]
            spread = max(float((values - values["baseline"]).abs().max()), 1e-9)
            for y, name in enumerate(names):
                worse = (values[name] - values["baseline"]) * (1 if side == 0 else -1) / spread
                tone = STEPS[min(4, int(5 * max(worse, 0)))] if worse > 0.02 else "#f0f0f0"
                ax.add_patch(Rectangle((x + 0.02, y + 0.05), 0.96, 0.9, facecolor=tone))
                text = percent(values[name], 1) if side == 0 else number(values[name], 1)
                ax.text(x + 0.5, y + 0.5, text, ha="center", va="center", size=size, color="white" if tone in STEPS[3:] else INK)
    first = data[data["firm"] == results[0].model.firm].set_index("scenario")["cash_out_24m"]
    worst = str(first.idxmax())
    return Words(
        f"With funding as law and markets allow, {firm_name(results[0].model.firm)} runs out within 24 months in "
        f"{percent(float(first['baseline']))} of paths, in {percent(float(first[worst]))} under {plain(worst)}",
        "Share of paths out of cash within 24 months, and mean runway restricted to 60 months, by scenario; darker: worse than baseline",
        _funding_note(results),
        "",
        data,
    )


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
        f"Within five years, {listed(said)}",
        "Probability of having run out of cash, by quarter, with funding as law, contracts and each scenario let it arrive",
        _funding_note(results),
        "",
        pd.DataFrame(drawn, columns=["firm", "scenario", "months", "cash_out"]),
    )


@remembered
def combined(statements: Statements) -> ScenarioResults:
    """Return the firms shown with disclosed funds, ready to have the combined scenario attributed."""
    known = tuple(m for m in fitted(statements) if m.liquid_funds == m.liquid_funds)
    if not known:
        raise NothingToDrawError("no firm's cash flow and liquid funds are both disclosed: no restriction can be priced")
    chosen = tuple(read_scenarios(COMBINED).values())
    return ScenarioResults(
        pd.DataFrame(),
        title=f"What each restriction costs as of {statements.day}",
        definition="",
        assumptions=(),
        scenarios=chosen,
        inputs=frozen_inputs(statements, chosen, PATHS, SEED),
        models=known,
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
    return combined(statements).sensitivity(COMBINED, points=64)


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
    scale = 1e9 if quantity == "funding_gap" else 100.0 if quantity == "cash_out_24m" else 1.0
    factor = 1 / scale if quantity == "funding_gap" else scale
    unit = {"runway_months_lost": "months of runway lost", "cash_out_24m": "percentage points", "funding_gap": "RMB bn"}[quantity]
    order = [name for name in dict.fromkeys(table["restriction"]) if name != "total"] + ["total"]
    grid = panels(ax, 1, len(firms), left=0.1, right=0.4, top=0.3, bottom=0.42)[0]
    box = ax.get_position()
    wide = 1.9 / size_of(ax)[0]
    ax.set_position((box.x0 + wide * box.width, box.y0, box.width * (1 - wide), box.height))
    said = []
    for panel, firm in zip(grid, firms, strict=True):
        mine = table[table["firm"] == firm].set_index("restriction")
        base = 0.0
        top = 1.25 * max(
            factor * float(mine["value"].clip(lower=0).sum() - max(mine.loc["total", "value"], 0)),
            factor * mine.loc["total", "value"],
            0.05,
        )
        for y, name in enumerate(order):
            value, error = round(factor * mine.loc[name, "value"], 3), round(2 * factor * mine.loc[name, "error"], 3)
            left = 0.0 if name == "total" else base
            panel.barh(y, value, 0.66, left=left, color=INK if name == "total" else colour(firm))
            panel.plot([left + value - error, left + value + error], [y, y], color=GREY, linewidth=1)
            text = f"{number(value, 2)} ± {number(error, 2)}" if value or error else "0"
            panel.annotate(
                text, (left + value + error, y), (4, 0), textcoords="offset points", size=NOTE, va="center", annotation_clip=False
            )
            base += 0 if name == "total" else value
        panel.set(xlim=(min(0, 1.1 * factor * mine["value"].min()), top * 1.25), ylim=(len(order) - 0.4, -0.6), yticks=range(len(order)))
        panel.tick_params(labelleft=False)
        panel.grid(axis="x")
        panel.grid(axis="y", visible=False)
        panel.set_title(firm_name(firm), color=ink(firm))
        panel.set_xlabel(unit, size=NOTE)
        dearest = mine.drop(index="total")["value"].astype(float).idxmax()
        cost, total = (number(factor * mine.loc[name, "value"], 1) for name in (dearest, "total"))
        said.append(f"{plain(str(dearest))} costs {firm_name(firm)} {cost} of {total}")
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
    return plain(name.split(" on ")[0] if len(name) > 44 else name).replace("share.us persons", "US persons' share of the book")[:44]


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


def access_grid(statements: Statements) -> Results:
    """Return what share of each channel's book may come for the firms shown, on the first day of every quarter around the ban."""
    firms = shown_firms(statements.facts)
    days = [date(year, month, 1).isoformat() for year in range(2021, 2026) for month in (1, 4, 7, 10)]
    parts = []
    for firm in firms:
        for day in days:
            try:
                found = funding_access(firm=firm, on=day)
            except LookupError:
                break
            parts.append(found)
    if not parts:
        raise NothingToDrawError("none of the firms is in the register of firms")
    table = pd.concat([part.table for part in parts], ignore_index=True)
    return Results(table, "Funding access by quarter", parts[0].definition, assumptions=parts[0].assumptions, figure="access")


@figure("access", of=access_grid, tall=1.7)
def access(results: Results, ax: Axes) -> Words:
    """Draw which share of each channel's book may come, by firm, channel and quarter; where two readings differ, the lower.

    Parameters
    ----------
    results : Results
        Of :func:`finmodel.funding_access`, for one day or many.
    ax : matplotlib.axes.Axes
        One panel per firm.
    """
    table = results.table[results.table["investor_class"] == "all"].copy()
    firms, days = list(dict.fromkeys(table["firm"])), sorted(table["period"].unique())
    channels = list(dict.fromkeys(table["channel"]))
    if size_of(ax)[0] > 8:
        legend(ax, SHADES)
    columns = 2 if len(firms) > 1 else 1
    count = -(-len(firms) // columns)
    grid = [p for row in panels(ax, count, columns, left=1.35, right=0.1, top=0.28, bottom=0.22) for p in row]
    small = size_of(ax)[1] < 4
    for panel in grid[len(firms) :]:
        panel.set_axis_off()
    for panel, firm in zip(grid, firms, strict=False):
        for y, channel in enumerate(channels):
            for x, day in enumerate(days):
                mine = table[(table["firm"] == firm) & (table["channel"] == channel) & (table["period"] == day)]
                panel.add_patch(Rectangle((x + 0.04, y + 0.08), 0.92, 0.84, **_cell(mine)))
        panel.set(xlim=(0, len(days)), ylim=(len(channels), 0), yticks=[y + 0.5 for y in range(len(channels))])
        panel.set_yticklabels([plain(c) for c in channels], size=3.6 if small else NOTE - 0.5)
        years = [(x, day[:4]) for x, day in enumerate(days) if day[5:7] == "01"]
        panel.set_xticks([x for x, _ in years])
        panel.set_xticklabels([y for _, y in years], size=NOTE, ha="left")
        panel.grid(visible=False)
        panel.set_title(firm_name(firm), color=ink(firm))
    return Words(
        _kept_out(table, results.table, firms),
        "Share of the book of each channel that may come by law and contract, first day of every quarter, in the baseline",
        "Shares of investor classes in a book are assumptions with ranges unless a source is given: the central value is drawn. By law the "
        "ban closes nothing for a firm's private rounds before the outbound rule, nor for a firm whose investors hold yuan.",
        "",
        table[["firm", "period", "channel", "variant", "value", "low", "high", "status", "reason"]],
    )


def _cell(mine: pd.DataFrame) -> dict[str, Any]:
    known = mine["value"].dropna()
    if known.empty:
        return {"facecolor": "white", "edgecolor": FAINT, "linewidth": 0.5}
    lost = 1 - float(known.min())
    tone = STEPS[0] if lost < 0.001 else STEPS[1] if lost < 0.0999 else STEPS[2] if lost < 0.2499 else STEPS[3]
    if len(known) > 1 and float(known.max() - known.min()) > 0.001:
        return {"facecolor": "white", "edgecolor": tone if tone != STEPS[1] else STEPS[2], "hatch": "/////", "linewidth": 0.3}
    return {"facecolor": tone}


def _kept_out(table: pd.DataFrame, every: pd.DataFrame, firms: list[str]) -> str:
    """Say which channel loses most, for the firm and day where that is greatest."""
    known = table[table["value"].notna() & ~table["variant"].str.startswith("if ")].sort_values("value", kind="stable")
    worst = known.iloc[0]
    if worst["value"] > 0.999:
        return f"Law and contract closed no channel to {listed([firm_name(f) for f in firms], 'or')}"
    same = every[(every["firm"] == worst["firm"]) & (every["period"] == worst["period"]) & (every["channel"] == worst["channel"])]
    closed = same[(same["investor_class"] != "all") & (same["legal"] < same["share"])]["investor_class"]
    who = listed(sorted({plain(c) for c in closed})) or "some investors"
    return (
        f"Law and contract kept {percent(1 - worst['value'])} of the book away at most: {who} from {firm_name(worst['firm'])}'s "
        f"{plain(worst['channel'])}, {full_day(worst['period'])}"
    )


def elasticities(statements: Statements) -> Results:
    """Return the fall in price for the share of US persons in the books of a placing, over the range of elasticities."""
    del statements
    mix = next(row for row in class_mix("", "placing", date(2022, 1, 1)) if row["investor_class"] == "us_persons")
    parts = [elasticity_sweep(float(mix[k])).assign(lost=float(mix[k])) for k in ("low", "central", "high") if float(mix[k]) > 0]
    table = pd.concat([*parts, elasticity_sweep(0.5).assign(lost=0.5)], ignore_index=True)
    return Results(table, "Price effect of demand that stays away", "(1 - lost share)^(1 / elasticity) - 1", figure="elasticity")


@figure("elasticity", of=elasticities)
def elasticity(results: Results, ax: Axes) -> Words:
    """Draw how far the price falls when part of the demand stays away, over the range of demand elasticities.

    Parameters
    ----------
    results : Results
        Columns elasticity, price_effect, lost.
    ax : matplotlib.axes.Axes
        Elasticity on a logarithmic scale.
    """
    room(ax, left=0.55, right=1.3, top=0.1, bottom=0.5)
    table = results.table.round(4)
    ends = []
    shares = sorted(table["lost"].unique())
    for place, lost in enumerate(shares):
        mine = table[table["lost"] == lost]
        tone = STEPS[min(place + 2, 4)]
        ax.plot(mine["elasticity"], 100 * mine["price_effect"], color=tone)
        for at in (1, 5):
            value = 100 * float(np.interp(at, mine["elasticity"], mine["price_effect"]))
            ax.plot(at, value, "o", color=tone, markersize=4)
            ax.annotate(f"{number(value, 1)}%", (at, value), (4, -9), textcoords="offset points", size=NOTE, color=INK)
        last = 100 * float(mine["price_effect"].iloc[-1])
        ends.append((float(mine["elasticity"].max()), last, f"{number(last, 1)}%: {percent(lost)} lost", INK))
    ax.set_xscale("log")
    ax.set(xlim=(0.95, 42), xlabel="elasticity of demand, logarithmic scale")
    ax.set_xticks([1, 2, 5, 10, 20, 37], labels=["1", "2", "5", "10", "20", "37"])
    ax.minorticks_off()
    label_ends(ax, ends)
    low = results.table[results.table["lost"] == shares[0]]["price_effect"]
    most, least = number(-100 * low.iloc[0], 1), number(-100 * low.iloc[-1], 1)
    return Words(
        f"If {percent(shares[0])} of a book stays away, the price falls by {most}% or by {least}%: elasticity decides",
        "Fall of the issue price in percent when a share of the demand stays away, by elasticity of demand",
        f"{results.definition}. US persons' share of a placing's book is an assumption with a range; half of the book is drawn for scale. "
        "The elasticities come from other kinds of sale, and a price range can hide the effect: none is an estimate for these firms.",
        "",
        results.table,
    )


def replayed(statements: Statements) -> Results:
    """Return the model's probability of what happened; the same for all statements, as each case stands on its own day."""
    del statements
    return replay_outcomes(paths=20_000)


@figure("replay", of=replayed, tall=1.7)
def replay(results: Results, ax: Axes) -> Words:
    """Draw the model's probability of each thing that happened, computed from what was known the day before, as a table.

    Parameters
    ----------
    results : Results
        Of :func:`finmodel.replay_outcomes`.
    ax : matplotlib.axes.Axes
        Emptied.
    """
    table = results.table
    small = size_of(ax)[1] < 4
    heads = [Column("Outcome", share=1), Column("Known on"), Column("What happened", share=0.55), Column("Probability", "right")]
    body = [(r["quantity"], full_day(r["period"]), r["realised"], percent(round(r["value"], 3), 1)) for r in rows(table)]
    low = frozenset(i for i, r in enumerate(rows(table)) if r["value"] < 0.1)
    draw_table(ax, Table(heads, body, bold=low), 3.9 if small else NOTE + 0.5)
    return Words(
        f"Of {len(table)} things that happened, the model gave {len(table) - len(low)} a chance of 10% or more, and {len(low)} less",
        "Probability of each realised outcome, computed from what was known the day before and without the firm's own later events",
        f"Bold: under 10%. {results.definition}",
        "",
        table[["firm", "period", "quantity", "value", "error", "realised", "note"]],
    )
