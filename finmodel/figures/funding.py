"""Figures of funding: who may still pay, what a lost book does to the price, and the model against what happened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from finmodel.data import rows
from finmodel.figures.drawing import NothingToDrawError, Words, figure
from finmodel.figures.labels import cells, label_ends, legend, panels, room, size_of
from finmodel.figures.page import Column, Table, draw_table
from finmodel.figures.style import (
    FAINT,
    INK,
    NOTE,
    STEPS,
    full_day,
    ink,
    number,
    percent,
)
from finmodel.figures.words import firm_name, listed, plain, shown_firms
from finmodel.funding import class_mix, funding_access
from finmodel.pricing import elasticity_sweep
from finmodel.replay import replay_outcomes
from finmodel.results import Results
from finmodel.statements import Statements

SHADES: list[tuple[str, dict[str, Any]]] = [
    ("not open to the firm", {"facecolor": "white", "edgecolor": FAINT, "linewidth": 0.6}),
    ("whole book", {"facecolor": STEPS[0]}),
    ("under 10% kept out", {"facecolor": STEPS[1]}),
    ("10% or more", {"facecolor": STEPS[2]}),
    ("25% or more", {"facecolor": STEPS[3]}),
    ("two readings: the lower", {"facecolor": "white", "edgecolor": STEPS[4], "hatch": "/////", "linewidth": 0.3}),
]


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
    values: dict[tuple[str, str, str], list[float]] = {}
    for row in rows(table[table["value"].notna()]):
        values.setdefault((row["firm"], row["channel"], row["period"]), []).append(float(row["value"]))
    if size_of(ax)[0] > 8:
        legend(ax, SHADES)
    columns = 2 if len(firms) > 1 else 1
    count = -(-len(firms) // columns)
    grid = [p for row in panels(ax, count, columns, left=1.35, right=0.1, top=0.28, bottom=0.22) for p in row]
    small = size_of(ax)[1] < 4
    for panel in grid[len(firms) :]:
        panel.set_axis_off()
    for panel, firm in zip(grid, firms, strict=False):
        looks: dict[str, tuple[dict[str, Any], list[tuple[float, float, float, float]]]] = {}
        for y, channel in enumerate(channels):
            for x, day in enumerate(days):
                look = _cell(values.get((firm, channel, day), []))
                looks.setdefault(str(look), (look, []))[1].append((x + 0.04, y + 0.08, 0.92, 0.84))
        for look, boxes in looks.values():
            cells(panel, boxes, **look)
        panel.set(xlim=(0, len(days)), ylim=(len(channels), 0), yticks=[y + 0.5 for y in range(len(channels))])
        panel.set_yticklabels([plain(c) for c in channels], size=3.6 if small else NOTE - 0.5)
        years = [(x, day[:4]) for x, day in enumerate(days) if day[5:7] == "01"]
        panel.set_xticks([x for x, _ in years])
        panel.set_xticklabels([y for _, y in years], size=NOTE, ha="left")
        panel.grid(visible=False)
        panel.set_title(firm_name(firm), color=ink(firm))
    title, where = _kept_out(table, firms)
    return Words(
        title,
        "Share of the book of each channel that may come by law and contract, first day of every quarter, in the baseline",
        f"Shares of investor classes in a book are assumptions with ranges unless a source is given: the central value is drawn. {where} "
        "By law the "
        "ban closes nothing for a firm's private rounds before the outbound rule, nor for a firm whose investors hold yuan.",
        "shares: class_mix.csv; terms of offerings: offering_terms.csv; the law: regimes and designations; each row with its source",
        table[["firm", "period", "channel", "variant", "value", "low", "high", "status", "reason"]],
    )


def _cell(known: Sequence[float]) -> dict[str, Any]:
    if not known:
        return {"facecolor": "white", "edgecolor": FAINT, "linewidth": 0.5}
    lost = 1 - min(known)
    tone = STEPS[0] if lost < 0.001 else STEPS[1] if lost < 0.0999 else STEPS[2] if lost < 0.2499 else STEPS[3]
    if max(known) - min(known) > 0.001:
        return {"facecolor": "white", "edgecolor": tone if tone != STEPS[1] else STEPS[2], "hatch": "/////", "linewidth": 0.3}
    return {"facecolor": tone}


def _kept_out(table: pd.DataFrame, firms: list[str]) -> tuple[str, str]:
    """Say how much of a book is kept away at most, where the law is clear and by the stricter reading where it is not; and of what."""
    known = table[table["value"].notna()].sort_values(["value", "period"], kind="stable")
    clear = known[~known["variant"].str.startswith("if ")]
    strict = known[known["variant"].eq("if prohibited")]
    found = [(name, rows(part)[0]) for name, part in (("clear", clear), ("strict", strict)) if len(part) and part["value"].iloc[0] < 0.999]
    if not found:
        return f"On assumed shares, law and contract closed no channel to {listed([firm_name(f) for f in firms], 'or')}", ""
    lost = {name: percent(1 - row["value"]) for name, row in found}
    title = f"On assumed shares of a book, clear law and contract kept away {lost.get('clear', 'none')} of it at most"
    title += f"; the stricter reading of unclear law {lost['strict']}" if "strict" in lost else ""
    words = {"clear": "At most, where the law is clear", "strict": "By the stricter reading"}
    where = [
        f"{words[name]}: {firm_name(row['firm'])}'s {plain(row['channel'])} on {full_day(row['period'])} loses {lost[name]} of its book "
        f"(interval {percent(1 - row['high'])} to {percent(1 - row['low'])})."
        for name, row in found
    ]
    return title, " ".join(where)


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
        "share of US persons: class_mix.csv, each row with its source",
        results.table,
    )


def replayed(statements: Statements) -> Results:
    """Return the model's probability of what happened; the same for all statements, as each case stands on its own day."""
    del statements
    return replay_outcomes(paths=20_000)


def _chance(probability: float) -> str:
    return "< 0.1%" if probability < 0.0005 else percent(round(probability, 3), 1)


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
    body = [(r["quantity"], full_day(r["period"]), r["realised"], _chance(r["value"])) for r in rows(table)]
    low = frozenset(i for i, r in enumerate(rows(table)) if r["value"] < 0.1)
    draw_table(ax, Table(heads, body, bold=low), 3.9 if small else NOTE + 0.5)
    return Words(
        f"Of {len(table)} things that happened, the model gave {len(table) - len(low)} a chance of 10% or more, and {len(low)} less",
        "Probability of each realised outcome, computed from what was known the day before and without the firm's own later events",
        f"Bold: under 10%. {results.definition}",
        "cases: replay.csv, from events.csv, each with its source",
        table[["firm", "period", "quantity", "value", "error", "realised", "note"]],
    )
