"""Figures of the deterministic runway: liquid funds and burn, and how long they last, or why that cannot be said."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from finmodel.figures.drawing import Words, figure
from finmodel.figures.labels import ESTIMATE_HATCH, censored, panels
from finmodel.figures.style import FAINT, LABEL, LINE, MUTED, NOTE, bn, colour, full_day, ink, number, wrap
from finmodel.figures.words import firm_name, listed, marks_note, source_line
from finmodel.results import Results

LONGEST = 60.0
"""Months up to which runways are drawn; longer ones are an arrow."""


def firms_of(results: Results) -> list[str]:
    """Return the core firms of a result, or all of its firms where none is a core firm."""
    from finmodel.figures.words import shown_firms

    return shown_firms(results.table)


def one(table: pd.DataFrame, firm: str, quantity: str, default: bool = True) -> pd.Series | None:
    """Return the default row of a firm and quantity, with or without a value; None where there is none."""
    rows = table[(table["firm"] == firm) & (table["quantity"] == quantity) & (table["default"] | (not default))]
    return rows.iloc[0] if len(rows) else None


def _rows(ax: Axes, firms: list[str], title: str, top: float) -> None:
    """Prepare a panel with one row per firm and amounts from zero."""
    ax.set(xlim=(0, top), ylim=(len(firms) - 0.45, -0.55), yticks=[])
    ax.grid(axis="y", visible=False)
    ax.grid(axis="x")
    ax.set_title(title)


def _reason(ax: Axes, y: float, text: str, inches: float) -> None:
    """Write in a row why it has no value, broken into at most three lines."""
    lines = wrap(text, inches, NOTE)
    lines = lines if len(lines) <= 3 else [*lines[:2], lines[2].rstrip(" ,;") + " …"]
    ax.text(0, y, "\n".join(lines), size=NOTE, color=MUTED, style="italic", va="top", linespacing=LINE)


@figure("liquidity", of="cash_runway")
def liquidity(results: Results, ax: Axes) -> Words:
    """Draw the latest liquid funds of each firm, and what a year burns, or what is missing.

    Parameters
    ----------
    results : RunwayResults
        Records of liquid_funds, net_burn and gross_burn.
    ax : matplotlib.axes.Axes
        Divided into a panel for funds and one for burn.
    """
    table, firms = results.table, firms_of(results)
    funds = table[(table["quantity"] == "liquid_funds") & table["firm"].isin(firms)]
    burns = table[table["quantity"].isin(["net_burn", "gross_burn"]) & table["firm"].isin(firms)]
    left, right = panels(ax, 1, 2, left=0.02, right=0.35)[0]
    width = float(ax.get_position().width * ax.get_figure(root=True).get_size_inches()[0]) / 2 - 0.5  # type: ignore[union-attr]
    _rows(left, firms, "Liquid funds, RMB bn", 1.3 * max(funds["value"].max() / 1e9, 0.1))
    _rows(right, firms, "Burn over twelve months, RMB bn", 1.3 * max(12 * burns["value"].max() / 1e9, 0.1))
    for y, firm in enumerate(firms):
        newest = funds[(funds["firm"] == firm)].sort_values("default", ascending=False, kind="stable")
        left.text(0, y - 0.36, firm_name(firm), color=ink(firm), weight="bold", size=LABEL, va="bottom")
        if newest["value"].isna().all():
            _reason(left, y - 0.3, "not disclosed: " + newest.iloc[0]["reason"].removeprefix("missing: "), width)
        for place, row in enumerate(newest[newest["value"].notna()].head(2).itertuples()):
            old = row.status == "stale"
            _bar(left, y - 0.2 + 0.36 * place, row.value / 1e9, colour(firm), place == 1, old)
            text = f"{bn(row.value)}  {row.variant}, {full_day(row.period)}{' (stale)' if old else ''}"
            _beside(left, row.value / 1e9, y - 0.2 + 0.36 * place, text, 3)
        mine = burns[(burns["firm"] == firm)]
        right.text(0, y - 0.36, firm_name(firm), color=ink(firm), weight="bold", size=LABEL, va="bottom")
        known = mine[mine["value"].notna()]
        if known.empty:
            _reason(right, y - 0.3, "not disclosed: " + mine.iloc[0]["reason"].removeprefix("missing: "), width)
        for place, row in enumerate(known.itertuples()):
            kind = "net, " + row.variant if row.quantity == "net_burn" else f"gross ({row.variant})"
            at = y - 0.22 + 0.27 * place
            _bar(right, at, max(12 * row.value / 1e9, 0), colour(firm), place > 0, row.quantity == "gross_burn", 0.2)
            _beside(right, max(12 * row.value / 1e9, 0), at, f"{bn(12 * row.value)}  {kind}, {row.period}", 3)
    data = pd.concat([funds, burns])[["firm", "period", "quantity", "variant", "vintage", "value", "unit", "status", "reason", "mark"]]
    return Words(
        _fresh(funds, burns, firms),
        "Latest liquid funds by the definition printed, and cash burned over the latest twelve months, RMB bn",
        "Definitions of liquid funds differ and are never added to one another. Hatched: stale (more than twelve months old) or a proxy: gross "
        f"burn without a direct cash-flow statement is four-item cost, non-cash cost included. {marks_note(data.loc[data['value'].notna(), 'mark'])}",
        source_line(results.facts[results.facts["quantity"].isin(["liquid_funds", "net_burn"]) & results.facts["firm"].isin(firms)]),
        data.reset_index(drop=True),
    )


def _bar(ax: Axes, y: float, value: float, tone: str, pale: bool, hatched: bool, height: float = 0.26) -> None:
    hatch = ESTIMATE_HATCH if hatched else None
    ax.barh(y, value, height, color=tone, alpha=0.55 if pale else 1, hatch=hatch, edgecolor="white", linewidth=0)


def _beside(ax: Axes, x: float, y: float, text: str, points: float) -> None:
    """Write right of a bar, or within the panel's right edge where that would leave it."""
    from finmodel.figures.style import HALO, text_width
    from finmodel.figures.labels import size_of

    limit = ax.get_xlim()[1]
    per_inch = limit / (float(ax.bbox.width) / ax.get_figure(root=True).dpi)  # type: ignore[union-attr]
    need = text_width(text, NOTE) * per_inch
    at = min(x + points / 72 * per_inch, limit * 1.03 - need)
    ax.text(max(at, 0), y, text, size=NOTE, va="center", bbox=HALO if at < x else None)
    _ = size_of


def _fresh(funds: pd.DataFrame, burns: pd.DataFrame, firms: list[str]) -> str:
    """Say which firms have both liquid funds and burn that are recent, and which have not."""
    have = [
        f
        for f in firms
        if len(funds[(funds["firm"] == f) & (funds["status"] == "reported")])
        and len(burns[(burns["firm"] == f) & (burns["quantity"] == "net_burn") & burns["value"].notna() & (burns["status"] != "stale")])
    ]
    names = listed([firm_name(f) for f in have])
    rest = listed([firm_name(f) for f in firms if f not in have])
    if not have:
        return "No firm has published recent cash and twelve months of cash flow"
    if not rest:
        return f"{names} have published recent cash and twelve months of cash flow"
    return f"Only {names} {'has' if len(have) == 1 else 'have'} published recent cash and twelve months of cash flow; {rest} not"


@figure("runway", of="cash_runway")
def runway(results: Results, ax: Axes) -> Words:
    """Draw the runway of each firm in months, with and without capital expenditure, or the reason why there is none.

    Parameters
    ----------
    results : RunwayResults
        Records of runway, and of funds_needed where liquid funds are not known.
    ax : matplotlib.axes.Axes
        One row per firm.
    """
    table, firms = results.table, firms_of(results)
    rows = table[(table["quantity"] == "runway") & table["firm"].isin(firms)]
    from finmodel.figures.labels import room

    room(ax, left=0.02, right=1.0, top=0.25)
    width = float(ax.bbox.width) / ax.get_figure(root=True).dpi  # type: ignore[union-attr]
    ax.set(xlim=(0, LONGEST), ylim=(len(firms) - 0.45, -0.55), yticks=[], xticks=[0, 12, 24, 36, 48, 60])
    ax.grid(axis="y", visible=False)
    ax.grid(axis="x")
    ax.set_xlabel("months from the date of the liquid funds")
    for y, firm in enumerate(firms):
        ax.text(0, y - 0.36, firm_name(firm), color=ink(firm), weight="bold", size=LABEL, va="bottom")
        mine = rows[rows["firm"] == firm]
        known = mine[mine["value"].notna()].sort_values("default", ascending=False, kind="stable")
        if known.empty:
            _reason(ax, y - 0.3, f"not computable: {mine.iloc[0]['reason']}", width)
            _needed(ax, y + 0.12, table[(table["firm"] == firm)])
            continue
        for place, row in enumerate(known.head(4).itertuples()):
            _months(ax, y - 0.22 + 0.19 * place, row, colour(firm), place)
    data = rows[["firm", "period", "variant", "vintage", "value", "unit", "status", "reason", "note", "mark"]].reset_index(drop=True)
    return Words(
        _lasts(rows, firms),
        "Liquid funds divided by net burn of the latest twelve months, in months; the burn stays what it was, no new money comes",
        f"{results.definition}. {' '.join(results.assumptions)} {marks_note(rows.loc[rows['value'].notna(), 'mark'])}",
        source_line(results.facts[results.facts["quantity"].eq("runway") & results.facts["firm"].isin(firms)]),
        data,
    )


def _months(ax: Axes, y: float, row: object, tone: str, place: int) -> None:
    value, variant, mark = float(row.value), str(row.variant), str(row.mark)  # type: ignore[attr-defined]
    ax.barh(y, min(value, LONGEST), 0.13, color=tone, alpha=1 if place == 0 else 0.5)
    shown = f"> {LONGEST:.0f}" if value > LONGEST else number(value)
    if value > LONGEST:
        censored(ax, LONGEST, y, tone)
    text = f"{shown}{mark}  {variant}"
    if value < 0.5 * LONGEST:
        ax.text(value + 0.5, y, text, size=NOTE, va="center")
    else:
        ax.text(
            min(value, LONGEST) - 0.5,
            y,
            text,
            size=NOTE,
            va="center",
            ha="right",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
        )


def _needed(ax: Axes, y: float, table: pd.DataFrame) -> None:
    """Write what liquid funds would have to be to last 12, 24 and 36 months, where the burn is known."""
    rows = table[table["quantity"].str.startswith("funds_needed") & table["default"]]
    if len(rows):
        parts = [
            f"{q.removeprefix('funds_needed_').removesuffix('m')} months: RMB {bn(v)} bn"
            for q, v in zip(rows["quantity"], rows["value"], strict=True)
        ]
        ax.text(0, y, "Liquid funds that would last " + ", ".join(parts), size=NOTE, va="top")


def _lasts(rows: pd.DataFrame, firms: list[str]) -> str:
    """Say how long each firm's money lasts, and for whom it cannot be said."""
    parts, silent = [], []
    for firm in firms:
        row = one(rows, firm, "runway")
        if row is None or pd.isna(row["value"]):
            silent.append(firm_name(firm))
        else:
            shown = f"more than {LONGEST:.0f}" if row["value"] > LONGEST else f"about {number(row['value'])}"
            parts.append(f"{firm_name(firm)}'s money would last {shown} months")
    rest = f"public figures do not say for {listed(silent, 'or')}" if silent else ""
    return "; ".join(p for p in (listed(parts), rest) if p)


_ = FAINT
