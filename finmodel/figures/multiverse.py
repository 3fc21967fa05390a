"""The specification curve: every reading of the cost-to-revenue ratio beside the published figure."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from finmodel.data import rows
from finmodel.figures.drawing import Words, figure
from finmodel.figures.labels import size_of
from finmodel.figures.page import inches
from finmodel.figures.style import ACCENT, FAINT, GREY, HALO, INK, LABEL, LINE, MUTED, NOTE, full_day, number, wrap
from finmodel.figures.words import firm_name, listed, source_line
from finmodel.ratios.multiverse import CORE_FIRMS, MultiverseResults, cost_to_revenue_multiverse, published_by
from finmodel.statements import Statements

CHOICES = ("definition", "window", "aggregate", "vintage")


def readings(statements: Statements) -> MultiverseResults | None:
    """Return every reading of the published ratio that could be made when it was published; None where no figure was out by then.

    A later day than that of the claim is set back to it: figures published since could not have been read.
    """
    then = statements.as_of(min(statements.day, published_by()))
    return cost_to_revenue_multiverse(then) if set(CORE_FIRMS) & set(then.firms) else None


@figure("multiverse", of=readings)
def multiverse(results: MultiverseResults, ax: Axes) -> Words:
    """Draw every reading in order of size, and beneath it which definition, window, aggregate and vintage each one takes.

    Parameters
    ----------
    results : MultiverseResults
        One row per reading.
    ax : matplotlib.axes.Axes
        The choices beneath the curve are left out where it is less than four inches tall.
    """
    table = results.table.sort_values("value", kind="stable").reset_index(drop=True)
    tall = min(size_of(ax)[0] - 4, size_of(ax)[1]) >= 4
    ax.set_axis_off()
    left = 0.27 if tall else 0.08
    curve = ax.inset_axes((left, 0.62, 1 - left, 0.36) if tall else (left, 0.1, 1 - left, 0.88))
    _curve(curve, table, results.target, results.tolerance)
    if tall:
        _near(ax.inset_axes((0, 0.62, left - 0.04, 0.36)), results)
        _choices(ax.inset_axes((left, 0.0, 1 - left, 0.6), sharex=curve), table)
    near, plain = results.near(), results.table[~results.table["proxy"]]
    rest = f"{len(results.near(False))} of the {len(plain)} that need no proxy" if len(plain) else "every reading needs a proxy"
    target = number(results.target, 2)
    return Words(
        f"{len(near)} of {len(table)} readings of the ratio come within {number(results.tolerance, 2)} of {target}; {rest}",
        f"{_whose(table)}, each dot one reading of figures out by {full_day(results.day)}",
        f"The published figure of {target} does not state its definition, and no reading is called its own: it is not identified. "
        "Hollow: the reading uses the underlying loss in place of cost lines that are not disclosed, for at least one firm.",
        source_line(results.facts),
        table[["definition", "window", "aggregate", "vintage", "firms", "value", "proxy"]],
    )


def _whose(table: pd.DataFrame) -> str:
    """Name the firms that are read together, and how many of them a reading holds at least."""
    names = list(dict.fromkeys(name for firms in table["firms"] for name in firms.split(", ")))
    names = [name for name in CORE_FIRMS if name in names] + [name for name in names if name not in CORE_FIRMS]
    least = int(table["firms"].str.count(", ").min()) + 1
    count = f" ({least} to {len(names)} a reading)" if least < len(names) else ""
    return f"Cost to revenue of {listed([firm_name(name) for name in names])}{count}"


def _curve(ax: Axes, table: pd.DataFrame, target: float, tolerance: float) -> None:
    ax.axhspan(target - tolerance, target + tolerance, color=ACCENT, alpha=0.15, linewidth=0)
    ax.axhline(target, color=ACCENT, linewidth=1)
    near = (table["value"] - target).abs() <= tolerance
    for proxy, face in ((True, "white"), (False, None)):
        for close, tone in ((False, GREY), (True, ACCENT)):
            some = table[(table["proxy"] == proxy) & (near == close)]
            ax.plot(some.index, some["value"], "o", markersize=3.6, color=tone, markerfacecolor=face or tone, markeredgewidth=0.8)
    ax.set(xlim=(-1.5, len(table) + 0.5), xticks=[], ylabel="")
    ax.set_ylim(0.9 * min(table["value"].min(), target), 1.05 * table["value"].max())
    ax.spines["bottom"].set_visible(False)
    text = f"{number(target, 2)} as published, ± {number(tolerance, 2)}"
    ax.text(len(table) - 0.5, target + 1.6 * tolerance, text, color=ACCENT, size=LABEL, ha="right", va="bottom", bbox=HALO)


def _near(ax: Axes, results: MultiverseResults) -> None:
    """Write the readings near the target beside the curve: those that need no proxy first."""
    near = results.near().assign(gap=lambda t: (t["value"] - results.target).abs()).sort_values(["proxy", "gap"], kind="stable")
    width, height = inches(ax)
    line = NOTE * LINE / 72
    lines: list[tuple[str, bool]] = []
    for (definition, proxy), readings in near.groupby(["definition", "proxy"], sort=False):
        lines += [(part, True) for part in wrap(f"{definition}{', with proxies' if proxy else ''}", width, NOTE, True)]
        lines += [(f"{number(r['value'], 2)}  {r['aggregate']}, {r['window']}", False) for r in rows(readings)]
    room = int(height / line)
    if len(lines) > room:
        lines = [*lines[: room - 1], (f"and {sum(not bold for _, bold in lines[room - 1 :])} more", False)]
    for place, (text, bold) in enumerate(lines):
        ax.text(0, (place + 0.5) * line, text, size=NOTE, weight="bold" if bold else "normal", va="center", color=INK if bold else MUTED)


def _choices(ax: Axes, table: pd.DataFrame) -> None:
    """Draw one row per choice and a stroke in it for each reading that takes it; strokes of readings near the target are coloured."""
    y, ticks, names = 0.0, [], []
    for choice in CHOICES:
        ax.text(-0.015, y, choice, transform=ax.get_yaxis_transform(), size=NOTE, weight="bold", ha="right", va="center", color=INK)
        y += 1
        for name in dict.fromkeys(table.sort_values("value")[choice].tolist()):
            taken = table[table[choice] == name]
            ax.axhline(y, color=FAINT, linewidth=0.4)
            for close, tone in ((False, GREY), (True, ACCENT)):
                x = taken.index[taken["near"] == close]
                ax.vlines(x, y - 0.34, y + 0.34, color=tone, linewidth=1.3)
            ticks.append(y)
            names.append(name)
            y += 1
        y += 0.4
    ax.set(ylim=(y - 0.4, -0.7), yticks=ticks)
    ax.set_yticklabels(names, size=NOTE, color=MUTED)
    ax.grid(visible=False)
    ax.spines["bottom"].set_visible(False)
    ax.tick_params(bottom=False, labelbottom=False)
