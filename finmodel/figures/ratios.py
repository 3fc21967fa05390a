"""Figures of ratios: cost to revenue, what the cost is made of, losses with and without fair value, dependence."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from finmodel.data import rows
from finmodel.figures.drawing import NothingToDrawError, Words, figure
from finmodel.figures.labels import ESTIMATE_HATCH, label_ends, legend, missing, panels, room, size_of
from finmodel.figures.style import ACCENT, FAINT, FIRM_COLOURS, HALO, INK, LABEL, MUTED, NOTE, bn, colour, ink, number, pale, percent
from finmodel.figures.words import firm_name, listed, marks_note, shown_firms, source_line, tag
from finmodel.ratios.dependence import latest_dependence
from finmodel.ratios.multiverse import published_ratio
from finmodel.results import Results

YEARS = 5
"""Most years in a panel: the latest ones."""
SLOT = 0.35
"""Least inches for a year."""
PARTS = {
    "rd_intensity": ("research and development", "#2f3b57"),
    "administrative_to_revenue": ("administrative", "#76839f"),
    "selling_to_revenue": ("selling", "#aab3c5"),
    "cost_of_sales_to_revenue": ("cost of sales", "#d5dae3"),
}
"""Parts of the four-item cost from the bottom of the bar, with their tones."""


def by_year(results: Results, quantity: str, ax: Axes) -> tuple[pd.DataFrame, list[str], list[str]]:
    """Return the yearly default rows of a quantity, the firms to draw and as many of the latest years as have room, oldest first."""
    table = results.defaults()
    table = table[(table["quantity"] == quantity) & table["period"].str.startswith("FY")]
    firms = shown_firms(results.defaults())
    years = sorted(table.loc[table["value"].notna() & table["firm"].isin(firms), "period"].unique())[-_room_for_years(ax, len(firms)) :]
    if not years:
        raise NothingToDrawError(f"no yearly value of {quantity.replace('_', ' ')} for {', '.join(firms)}")
    return table[table["period"].isin(years)], firms, years


Row = dict[str, Any]


def keyed(table: pd.DataFrame) -> dict[tuple[str, str], Row]:
    """Return the rows that have a value by firm and period, the first of each."""
    found: dict[tuple[str, str], Row] = {}
    for row in rows(table[table["value"].notna()]):
        found.setdefault((row["firm"], row["period"]), row)
    return found


def _room_for_years(ax: Axes, firms: int) -> int:
    return max(1, min(YEARS, int((size_of(ax)[0] / max(firms, 1) - 0.36) / SLOT)))


def scale(ax: Axes) -> float:
    """Return the size of labels: smaller where the figure is."""
    return LABEL if size_of(ax)[0] > 8 else NOTE - 0.5


def read(results: Results, firms: list[str], quantities: list[str], periods: list[str]) -> pd.DataFrame:
    """Return the facts behind the values drawn."""
    facts = results.facts
    return facts[facts["firm"].isin(firms) & facts["quantity"].isin(quantities) & facts["period"].isin(periods)]


def year_panels(ax: Axes, firms: list[str], years: list[str], low: float, top: float) -> list[Axes]:
    """Return one panel per firm over the same years and values; only the first carries the scale."""
    grid = panels(ax, 1, len(firms), left=0.34, right=0.02)[0]
    for panel, firm in zip(grid, firms, strict=True):
        panel.set(xlim=(-0.6, len(years) - 0.4), ylim=(low, top), xticks=range(len(years)), xticklabels=[y[-4:] for y in years])
        panel.set_title(firm_name(firm), color=ink(firm))
        panel.tick_params(labelleft=panel is grid[0], labelsize=scale(ax))
    return grid


@figure("cost_to_revenue", of="compute_ratios")
def cost_to_revenue(results: Results, ax: Axes, line: float | None = None) -> Words:
    """Draw cost to revenue of each firm and year as bars from zero, with a published figure as a line.

    Parameters
    ----------
    results : RatioResults
        With rows of quantity ``cost_to_revenue``.
    ax : matplotlib.axes.Axes
        Divided into one panel per firm.
    line : float, optional
        A published figure to compare with; by default the one that Caixin reported for the four core firms.
    """
    line = (line or published_ratio()) if set(shown_firms(results.defaults())) & set(FIRM_COLOURS) else None
    if line:
        room(ax, left=0, right=0.75, top=0, bottom=0)
    table, firms, years = by_year(results, "cost_to_revenue", ax)
    top = 1.12 * max(table.loc[table["firm"].isin(firms), "value"].max(), line or 0)
    grid = year_panels(ax, firms, years, 0, top)
    marks = table.loc[table["value"].notna(), "mark"]
    known = keyed(table)
    for panel, firm in zip(grid, firms, strict=True):
        for x, year in enumerate(years):
            row = known.get((firm, year))
            if row is None:
                missing(panel, x, 0.02 * top, rotation=90)
                continue
            panel.bar(x, row["value"], 0.72, color=colour(firm), hatch=ESTIMATE_HATCH if row["proxy"] else None, edgecolor="white")
            text = number(row["value"], 2) + tag(marks, row["mark"])
            panel.text(x, row["value"] + 0.015 * top, text, ha="center", va="bottom", size=scale(ax), color=ink(firm), bbox=HALO, zorder=4)
        if line:
            panel.axhline(line, color=ACCENT, linewidth=1.2, linestyle=(0, (4, 2)))
    if line:
        label_ends(grid[-1], [(len(years) - 0.4, line, f"{number(line, 2)}\nreported\nfor the four", ACCENT)], NOTE)
    shown = table[table["firm"].isin(firms)]
    hatched = "Hatched: cost implied by the underlying loss, as cost lines are not disclosed. " if shown["proxy"].any() else ""
    return Words(
        _spent(shown, firms, years[-1]),
        "Total operating cost (cost of sales, selling, administrative, research and development as printed) per yuan of revenue, by year",
        hatched + marks_note(marks),
        source_line(read(results, firms, ["cost_to_revenue"], years)),
        shown[["firm", "period", "variant", "basis", "vintage", "value", "mark", "reason"]].reset_index(drop=True),
    )


def _spent(table: pd.DataFrame, firms: list[str], year: str) -> str:
    """Say what each firm spent for one yuan of revenue in a year, proxies as "about", and who has no figure."""
    known = keyed(table)
    parts, absent = [], []
    for firm in firms:
        row = known.get((firm, year))
        if row is None:
            absent.append(firm_name(firm))
        else:
            parts.append(f"{firm_name(firm)} {'about ' if row['proxy'] else ''}{number(row['value'], 2)}")
    none = f"; {listed(absent)} published no figure" if absent else ""
    return f"Yuan spent for each yuan of {year[-4:]} revenue: {listed(parts)}{none}"


@figure("cost_structure", of="compute_ratios")
def cost_structure(results: Results, ax: Axes) -> Words:
    """Draw the four parts of the cost per yuan of revenue, stacked, by firm and year.

    Parameters
    ----------
    results : RatioResults
        With the component ratios.
    ax : matplotlib.axes.Axes
        Divided into one panel per firm.
    """
    whole, firms, years = by_year(results, "cost_to_revenue", ax)
    table = results.defaults()
    totals, parts = keyed(whole), {name: keyed(table[table["quantity"].eq(name) & table["period"].isin(years)]) for name in PARTS}
    top = 1.1 * whole.loc[whole["firm"].isin(firms), "value"].max()
    legend(
        ax,
        [(text, {"facecolor": tone}) for text, tone in PARTS.values()]
        + [("not itemised: total less the parts disclosed", {"facecolor": "white", "edgecolor": MUTED, "hatch": ESTIMATE_HATCH})],
    )
    grid = year_panels(ax, firms, years, 0, top)
    drawn = []
    for panel, firm in zip(grid, firms, strict=True):
        for x, year in enumerate(years):
            total = totals.get((firm, year))
            known = _same_filing(results, firm, year, total, {name: found.get((firm, year)) for name, found in parts.items()})
            base = 0.0
            for name, row in known.items():
                if row is not None:
                    base = _part(panel, x, base, float(row["value"]), PARTS[name][1])
                    drawn.append((firm, year, PARTS[name][0], float(row["value"]), row["mark"]))
            if total is None:
                missing(panel, x, base + 0.02 * top, "total not disclosed" if base else "not disclosed", rotation=90)
                continue
            rest = float(total["value"]) - base
            if rest > 0.005:
                panel.bar(x, rest, 0.72, base, facecolor="white", edgecolor=MUTED, hatch=ESTIMATE_HATCH, linewidth=0.6)
                drawn.append((firm, year, "not itemised", rest, total["mark"]))
            panel.text(
                x, max(base, float(total["value"])) + 0.01 * top, number(total["value"], 2), ha="center", va="bottom", size=scale(ax)
            )
    data = pd.DataFrame(drawn, columns=["firm", "period", "part", "value", "mark"])
    return Words(
        _largest(data, years[-1]),
        "Operating cost per yuan of revenue by function, by year; the number above a bar is the total",
        "A part is drawn only where it is disclosed. " + marks_note(data["mark"]),
        source_line(read(results, firms, [*PARTS, "cost_to_revenue"], years)),
        data,
    )


def _same_filing(results: Results, firm: str, year: str, total: Row | None, known: dict[str, Row | None]) -> dict[str, Row | None]:
    """Return the parts, from the filing of the total where the parts shown first come from another and do not fit it."""
    if total is None or sum(float(row["value"]) for row in known.values() if row is not None) <= float(total["value"]) + 0.005:
        return known
    table = results.table[results.table["vintage"].eq(total["vintage"]) & results.table["basis"].eq(total["basis"])]
    return {name: keyed(table[table["quantity"] == name]).get((firm, year)) for name in known}


def _part(panel: Axes, x: float, base: float, value: float, tone: str) -> float:
    panel.bar(x, value, 0.72, base, color=tone, edgecolor="white", linewidth=0.4)
    dark = tone < "#8"
    if value > 0.09 * panel.get_ylim()[1] / 2:
        panel.text(x, base + value / 2, number(value, 2), ha="center", va="center", size=NOTE, color="white" if dark else INK)
    return base + value


def _largest(data: pd.DataFrame, year: str) -> str:
    """Say how much of each yuan of revenue went into research, for the firms that disclose it in the last year."""
    research = data[(data["period"] == year) & (data["part"] == "research and development")]
    if research.empty:
        return f"No firm disclosed its research cost for {year[-4:]}"
    parts = [f"{firm_name(r['firm'])} {number(r['value'], 2)}" for r in rows(research)]
    named = data[(data["period"] == year) & data["firm"].isin(research["firm"]) & (data["part"] != "not itemised")]
    most = named.loc[named.groupby("firm")["value"].idxmax(), "part"].eq("research and development").all()
    return f"Research {'took the largest part' if most else 'cost'}: {listed(parts)} yuan for each yuan of {year[-4:]} revenue"


@figure("losses", of="compute_ratios")
def losses(results: Results, ax: Axes) -> Words:
    """Draw each year's result as reported and before the fair-value change of preferred shares.

    Parameters
    ----------
    results : RatioResults
        With rows of ``net_loss`` and ``net_loss_before_fair_value``.
    ax : matplotlib.axes.Axes
        Divided into one panel per firm.
    """
    reported, firms, years = by_year(results, "net_loss", ax)
    before = results.defaults()
    before = before[before["quantity"].eq("net_loss_before_fair_value") & before["period"].isin(years)]
    values = pd.concat([reported, before])
    values = values[values["firm"].isin(firms) & values["value"].notna()]
    low, high = 1.13 * values["value"].min() / 1e9, max(0.0, 1.13 * values["value"].max() / 1e9)
    legend(
        ax,
        [
            ("as reported", {"facecolor": FAINT}),
            ("before fair-value change of preferred shares (in the firm's colour)", {"facecolor": INK}),
        ],
    )
    grid = year_panels(ax, firms, years, low, max(high, -0.02 * low))
    wides, narrows = keyed(reported), keyed(before)
    for panel, firm in zip(grid, firms, strict=True):
        panel.spines["bottom"].set_visible(False)
        panel.axhline(0, color=MUTED, linewidth=0.6)
        for x, year in enumerate(years):
            wide, narrow = wides.get((firm, year)), narrows.get((firm, year))
            if wide is None and narrow is None:
                missing(panel, x, low * 0.02, rotation=90, va="top")
            if wide is not None:
                panel.bar(x, wide["value"] / 1e9, 0.78, color=FAINT)
                panel.text(x, wide["value"] / 1e9 + 0.015 * low, bn(wide["value"]), ha="center", va="top", size=scale(ax), color=MUTED)
            if narrow is not None:
                hatch = ESTIMATE_HATCH if narrow["proxy"] else None
                panel.bar(x, narrow["value"] / 1e9, 0.4, color=colour(firm), hatch=hatch, edgecolor="white")
                if wide is None or abs(wide["value"] - narrow["value"]) > 0.09 * abs(low * 1e9):
                    at = narrow["value"] / 1e9 + 0.015 * low
                    panel.text(x, at, bn(narrow["value"]), ha="center", va="top", size=scale(ax), color=ink(firm), bbox=HALO, zorder=4)
    data = values[["firm", "period", "quantity", "variant", "basis", "vintage", "value", "unit", "mark"]].reset_index(drop=True)
    hatched = "Hatched: before non-recurring items, which leaves out grants and disposals too. " if before["proxy"].any() else ""
    return Words(
        _swollen(reported, before, firms),
        "Result for the year, RMB bn, as reported and before the fair-value change of preferred shares",
        "Preferred shares that investors may redeem are liabilities at fair value: when the firm is valued higher, the change is a loss "
        f"that costs no cash; it ends at listing. Grey alone: no figure before fair value, or no such shares. {hatched}"
        + marks_note(data["mark"]),
        source_line(read(results, firms, ["net_loss", "net_loss_before_fair_value"], years)),
        data,
    )


def _swollen(reported: pd.DataFrame, before: pd.DataFrame, firms: list[str]) -> str:
    """Say how much of the reported losses of the firms that have both figures was fair value."""
    keys = ["firm", "period"]
    both = reported.merge(before[~before["proxy"].astype(bool)], on=keys, suffixes=("", "_before")).dropna(subset=["value", "value_before"])
    both = both[both["firm"].isin(firms) & (both["value"] < 0) & (both["value"] != both["value_before"])]
    if both.empty:
        last = reported[reported["value"].notna() & reported["firm"].isin(firms)]
        last = last[last["period"] == last["period"].max()]
        parts = [f"{firm_name(r['firm'])} {'lost' if r['value'] < 0 else 'earned'} RMB {bn(abs(r['value']))} bn" for r in rows(last)]
        return f"In {last['period'].iloc[0][-4:]} {listed(parts)}" if parts else "No result for a year is disclosed"
    years = sorted(both["period"].str[-4:].unique())
    share = 1 - both["value_before"].sum() / both["value"].sum()
    names = listed([firm_name(f) for f in dict.fromkeys(both["firm"])])
    total = bn(-both["value"].sum())
    span = years[0] if len(years) == 1 else f"{years[0]} to {years[-1]}"
    return f"{percent(share)} of the RMB {total} bn that {names} lost in {span} was preferred shares rising in value, not spending"


@figure("dependence", of="compute_ratios", tall=1.7)
def dependence(results: Results, ax: Axes) -> Words:
    """Draw the latest disclosed dependence of each firm on governments, five largest customers and foreign markets, as intervals.

    Parameters
    ----------
    results : RatioResults
        With rows of ``government_dependence``, ``top_five_customers``, ``overseas_share`` and ``grants_to_loss``.
    ax : matplotlib.axes.Axes
        Divided into one panel per quantity.
    """
    quantities = {
        "government_dependence": "Public-sector demand,\nshare of revenue",
        "top_five_customers": "Five largest customers,\nshare of revenue",
        "overseas_share": "Outside mainland China,\nshare of revenue",
        "grants_to_loss": "Government grants\nper unit of loss",
    }
    table = results.defaults()
    firms = shown_firms(table)
    if not firms:
        raise NothingToDrawError("no firm reports revenue or a result")
    wide = size_of(ax)[0] > 8
    grid = [panel for row in panels(ax, *((1, 4) if wide else (2, 2)), left=0.12, right=0.2, top=0.55 if wide else 0.3) for panel in row]
    drawn: list[dict[str, Any]] = []
    for panel, (quantity, title) in zip(grid, quantities.items(), strict=True):
        panel.set(xlim=(0, 1), ylim=(len(firms) - 0.5, -0.5), xticks=[0, 0.5, 1], xticklabels=["0%", "50%", "100%"], yticks=[])
        panel.grid(axis="x")
        panel.set_title(title if wide else title.replace("\n", " "), size=scale(ax))
        panel.tick_params(labelsize=scale(ax))
        for y, firm in enumerate(firms):
            mine = table[(table["firm"] == firm) & (table["quantity"] == quantity) & table["value"].notna()].sort_values("period_end")
            drawn += _interval(panel, y, firm, mine, scale(ax))
    if not drawn:
        raise NothingToDrawError(f"no dependence on governments, customers or markets is disclosed for {', '.join(firms)}")
    data = pd.DataFrame(drawn)[["firm", "quantity", "period", "variant", "value", "low", "high", "vintage", "mark", "proxy"]].reset_index(
        drop=True
    )
    return Words(
        _dependent(data),
        "Latest disclosed share of each firm, percent; a bar spans different disclosures, or the two latest periods of a proxy",
        "Proxy: the smart-city or city internet-of-things segment stands for public-sector demand, which is not disclosed; it serves "
        "mostly, not only, public customers, and other segments sell to them too. No firm discloses its revenue from the "
        f"United States. {marks_note(data['mark'])}",
        source_line(results.facts.merge(data[["firm", "quantity", "period"]], on=["firm", "quantity", "period"])),
        data,
    )


def _interval(panel: Axes, y: int, firm: str, mine: pd.DataFrame, size: float) -> list[dict[str, Any]]:
    """Draw the latest value of one quantity of a firm with its interval, or say that there is none; return the row drawn."""
    panel.axhline(y + 0.2, color=FAINT, linewidth=0.5)
    if mine.empty:
        panel.text(0, y, f"{firm_name(firm)}: not disclosed", color=MUTED, size=size, va="bottom")
        return []
    last = mine.iloc[-1]
    low, high = (last["low"], last["high"]) if last["low"] == last["low"] else (last["value"],) * 2
    public = last["quantity"] == "government_dependence"
    if public:
        _, low, high = latest_dependence(mine)
    panel.plot([low, high], [y + 0.2] * 2, color=pale(colour(firm)), linewidth=5, solid_capstyle="butt", clip_on=False)
    panel.plot(last["value"], y + 0.2, "o", color=colour(firm), markersize=6, clip_on=False)
    span = " to ".join(dict.fromkeys((percent(low), percent(high))))
    words = f"{firm_name(firm)} {span}, {'proxy, ' if public and last['proxy'] else ''}{last['period']}"
    panel.text(0, y, words, color=ink(firm), size=size, va="bottom")
    return [{**last, "low": low, "high": high}]


def _dependent(data: pd.DataFrame) -> str:
    public = data[data["quantity"] == "government_dependence"].sort_values("value", ascending=False)
    if public.empty:
        return "No firm discloses what part of its revenue comes from public-sector customers"
    said = []
    for proxy, words in ((False, "Public-sector customers gave"), (True, "by proxy (city segments)")):
        parts = [
            f"{firm_name(r['firm'])} {' to '.join(dict.fromkeys((percent(r['low']), percent(r['high']))))}"
            for r in rows(public[public["proxy"].astype(bool) == proxy])
        ]
        said += [f"{words} {listed(parts)}"] if parts else []
    text = "; ".join(said) + " of revenue"
    return text[:1].upper() + text[1:]
