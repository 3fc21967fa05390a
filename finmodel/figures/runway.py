"""Figures of the deterministic runway: liquid funds and burn, and how long they last, or why that cannot be said."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from finmodel.data import rows as plain_rows
from finmodel.figures.drawing import Words, figure
from finmodel.figures.labels import ESTIMATE_HATCH, censored, panels, room, size_of
from finmodel.figures.style import LABEL, LINE, MUTED, NOTE, bn, colour, full_day, ink, number, pale, text_width, wrap
from finmodel.figures.words import firm_name, listed, marks_note, shown_firms, source_line, tag
from finmodel.results import Results
from finmodel.runway import beside

LONGEST = 60.0
"""Months up to which runways are drawn; longer ones end in an arrow."""


def default_row(table: pd.DataFrame, firm: str, quantity: str) -> dict[str, Any]:
    """Return the row of a firm and quantity to show first; it may have a reason in place of a value."""
    mine = table[(table["firm"] == firm) & (table["quantity"] == quantity)]
    mine = mine.sort_values("default", ascending=False, kind="stable")
    return plain_rows(mine)[0]


def why_not(row: dict[str, Any]) -> str:
    """Return the reason of a missing value in few words: without the list of definitions that would have done."""
    parts = [part.split(" (")[0] for part in str(row["reason"]).split("; ")]
    return "; ".join("liquid funds not disclosed" if "total cash reserve" in p or p == "missing: liquid funds" else p for p in parts)


def _lanes(ax: Axes, firms: list[str], top: float, title: str = "") -> float:
    """Prepare axes with one lane per firm, its name above, and amounts from zero; return the width of the axes in inches."""
    ax.set(xlim=(0, top), ylim=(len(firms) - 0.45, -0.55), yticks=[])
    ax.grid(axis="y", visible=False)
    ax.grid(axis="x")
    ax.set_title(title)
    for y, firm in enumerate(firms):
        ax.text(0, y - 0.34, firm_name(firm), color=ink(firm), weight="bold", size=LABEL, va="bottom")
    return float(ax.get_window_extent().width) / ax.get_figure(root=True).dpi  # type: ignore[union-attr]


def _bar(ax: Axes, y: float, value: float, text: str, tone: str, first: bool, hatched: bool, height: float, size: float = NOTE) -> None:
    """Draw one bar with its label right of it; bars after the first of a lane are paler."""
    hatch = ESTIMATE_HATCH if hatched else None
    ax.barh(y, value, height, color=tone if first else pale(tone), hatch=hatch, edgecolor="white", linewidth=0)
    ax.annotate(text, (value, y), (4, 0), textcoords="offset points", size=size, va="center", annotation_clip=False)


def _reason(ax: Axes, y: float, text: str, width: float) -> None:
    """Write in a lane why it has no value."""
    ax.text(0, y, "\n".join(wrap(text, width, NOTE)[:3]), size=NOTE, color=MUTED, va="top", linespacing=LINE)


@figure("liquidity", of="cash_runway", tall=1.7)
def liquidity(results: Results, ax: Axes) -> Words:
    """Draw the latest liquid funds of each firm by each definition printed, and what twelve months burn, or what is missing.

    Parameters
    ----------
    results : RunwayResults
        Records of liquid_funds, net_burn and gross_burn.
    ax : matplotlib.axes.Axes
        Divided into a panel for funds and one for burn.
    """
    firms = shown_firms(results.table)
    table = results.table[results.table["firm"].isin(firms)]
    funds = table[table["quantity"] == "liquid_funds"]
    burns = table[table["quantity"].isin(["net_burn", "gross_burn"])].assign(value=lambda t: 12 * t["value"])
    size = NOTE if size_of(ax)[0] > 8 else NOTE - 1.7
    left, right = panels(ax, 1, 2, left=0.02, right=0.12)[0]
    for panel, values, title in ((left, funds, "Liquid funds, RMB bn"), (right, burns, "Cash burned in twelve months, RMB bn")):
        width = size_of(ax)[0] / 2 - 0.14
        texts = {place: _text(row, table) for place, row in enumerate(plain_rows(values)) if row["value"] == row["value"]}
        largest = {place: max(row["value"], 0) / 1e9 for place, row in enumerate(plain_rows(values)) if place in texts}
        top = max([v * width / (width - text_width(texts[p], size) - 0.1) for p, v in largest.items()], default=1.0) or 1.0
        _lanes(panel, firms, top, title)
        panel.set_xticks([x for x in panel.get_xticks() if x <= max(largest.values(), default=1.0)])
        for y, firm in enumerate(firms):
            mine = values[values["firm"] == firm].sort_values(["quantity", "default"], ascending=False, kind="stable")
            kept = (mine["status"] != "stale") | mine["variant"].str.contains(
                " over "
            )  # with capital expenditure, beside a newer one without
            fresh = mine[mine["value"].notna() & kept]
            known = plain_rows(fresh if len(fresh) else mine[mine["value"].notna()])[:3]
            if not known:
                _reason(panel, y - 0.28, why_not(plain_rows(mine)[0]), width)
            for place, row in enumerate(known):
                hatched = row["status"] == "stale" or row["quantity"] == "gross_burn"
                length, text = max(row["value"], 0) / 1e9, _text(row, table)
                _bar(panel, y - 0.2 + 0.24 * place, length, text, colour(firm), place == 0, hatched, 0.19, size)
    data = pd.concat([funds, burns])
    columns = ["firm", "period", "quantity", "variant", "vintage", "value", "unit", "status", "reason", "mark"]
    used = results.facts[results.facts["quantity"].isin(["liquid_funds", "net_burn"]) & results.facts["firm"].isin(firms)]
    return Words(
        _fresh(table, firms),
        "Latest liquid funds by the definitions printed, and cash burned over the latest twelve months, RMB bn",
        "Definitions of liquid funds overlap: they are never added up. Hatched: stale (more than twelve months old) or a proxy: gross burn "
        "without a direct cash-flow statement is four-item cost, with cost that is not cash. "
        + marks_note(data.loc[data["value"].notna(), "mark"]),
        source_line(used),
        data[columns].reset_index(drop=True),
    )


def _text(row: dict[str, Any], table: pd.DataFrame) -> str:
    return f"{bn(row['value'])}{tag(table.loc[table['value'].notna(), 'mark'], row['mark'])}  {_what(row)}"


def _what(row: dict[str, Any]) -> str:
    if row["quantity"] == "liquid_funds":
        return f"{row['variant']}, {full_day(row['period'])}{', stale' if row['status'] == 'stale' else ''}"
    kind = (
        f"net, {row['variant'].split(' over ')[0].replace('capital expenditure', 'capex')}"
        if row["quantity"] == "net_burn"
        else "gross, cost proxy"
    )
    return f"{kind}, {row['period']}{', stale' if row['status'] == 'stale' else ''}"


def _fresh(table: pd.DataFrame, firms: list[str]) -> str:
    """Say which firms have published both liquid funds and cash flow that are not stale."""
    recent = table[table["value"].notna() & (table["status"] != "stale")]
    have = [f for f in firms if {"liquid_funds", "net_burn"} <= set(recent.loc[recent["firm"] == f, "quantity"])]
    names, rest = listed([firm_name(f) for f in have]), listed([firm_name(f) for f in firms if f not in have])
    what = "recent liquid funds and twelve months of cash flow"
    if not have:
        return f"None of {rest} has published {what}"
    verb = "has" if len(have) == 1 else "have"
    return f"{names} {verb} published {what}" + (f"; {rest} {'has' if len(firms) - len(have) == 1 else 'have'} not" if rest else "")


@figure("runway", of="cash_runway", tall=1.7)
def runway(results: Results, ax: Axes) -> Words:
    """Draw the runway of each firm in months, with and without capital expenditure, or the reason why there is none.

    Parameters
    ----------
    results : RunwayResults
        Records of runway, and of funds_needed where liquid funds are not known.
    ax : matplotlib.axes.Axes
        One lane per firm.
    """
    firms = shown_firms(results.table)
    table = results.table[results.table["firm"].isin(firms)]
    rows = table[table["quantity"] == "runway"]
    labels = max([text_width(_label(row, rows), NOTE) for row in plain_rows(rows[rows["value"].notna()])], default=1.0) + 0.35
    room(ax, left=0.02, right=labels, top=0.05, bottom=0.42)
    width = _lanes(ax, firms, LONGEST)
    ax.set_xticks([0, 12, 24, 36, 48, 60])
    ax.set_xlabel("months from the date of the liquid funds")
    for y, firm in enumerate(firms):
        mine = rows[rows["firm"] == firm].sort_values("default", ascending=False, kind="stable")
        known = plain_rows(mine[mine["value"].notna()])[:4]
        if not known:
            _reason(ax, y - 0.28, f"Not computable: {why_not(default_row(table, firm, 'runway'))}", width + labels)
            _needed(ax, y + 0.1, table[table["firm"] == firm])
        for place, row in enumerate(known):
            _months(ax, y - 0.22 + 0.18 * place, row, colour(firm), place == 0, _label(row, rows))
    data = rows[["firm", "period", "variant", "vintage", "value", "unit", "status", "reason", "note", "mark"]].reset_index(drop=True)
    return Words(
        lasts(table, firms),
        "Months: liquid funds / net burn of the latest twelve months; where those lack capital expenditure, also of the last that have it",
        f"{' '.join(results.assumptions)} Capex: capital expenditure. {marks_note(rows.loc[rows['value'].notna(), 'mark'])}",
        source_line(results.facts[results.facts["quantity"].eq("runway") & results.facts["firm"].isin(firms)]),
        data,
    )


def _months(ax: Axes, y: float, row: dict[str, Any], tone: str, first: bool, text: str) -> None:
    beyond = row["value"] > LONGEST
    _bar(ax, y, min(row["value"], LONGEST), f"{'      ' if beyond else ''}{text}", tone, first, False, 0.13)
    if beyond:
        censored(ax, LONGEST, y, tone)


def _label(row: dict[str, Any], rows: pd.DataFrame) -> str:
    mark = tag(rows.loc[rows["value"].notna(), "mark"], row["mark"])
    return f"{months_text(row['value'])}{mark}  {row['variant'].replace('capital expenditure', 'capex')}"


def months_text(months: float) -> str:
    """Write a runway in months, one at or beyond the longest drawn as a bound.

    Examples
    --------
    >>> months_text(24.3), months_text(150.0)
    ('24', '> 60')
    """
    return f"> {LONGEST:.0f}" if months >= LONGEST else number(months)


def _needed(ax: Axes, y: float, table: pd.DataFrame) -> None:
    """Write what liquid funds would have to be to last 12, 24 and 36 months, where the burn is known."""
    rows = table[table["quantity"].str.startswith("funds_needed") & table["default"]]
    if len(rows):
        months = rows["quantity"].str.extract(r"(\d+)")[0]
        parts = [f"{m} months take RMB {bn(v)} bn" for m, v in zip(months, rows["value"], strict=True)]
        ax.text(0, y, f"At the burn of {rows['period'].iloc[0]}, {listed(parts)}", size=NOTE, va="top")


def lasts(table: pd.DataFrame, firms: list[str]) -> str:
    """Say how long each firm's liquid funds last at the present burn, and for whom that cannot be said.

    A runway without capital expenditure is named with the one on the last twelve months that give it, or as an upper bound.
    """
    said: dict[str, list[str]] = {}
    with_capital: dict[str, list[str]] = {}
    for firm in firms:
        row = default_row(table, firm, "runway")
        if row["status"] == "self-funding":
            clause = "self-funding: {}"
        elif pd.isna(row["value"]):
            clause = "no public answer for {}"
        else:
            clause = f"liquid funds of {{}} last {_bound(row)} months"
            if "without" in row["variant"]:
                clause += " before capital expenditure"
                found = plain_rows(beside(table, row))
                clause += f", [] with it ({found[0]['variant'].split(' over ')[1]})" if found else " at most"
                with_capital.setdefault(clause, []).extend(_bound(each) for each in found[:1])
        said.setdefault(clause, []).append(firm_name(firm))
    clauses = sorted(said.items(), key=lambda item: item[0].startswith("no"))
    text = "; ".join(clause.format(listed(names)).replace("[]", listed(with_capital.get(clause, []))) for clause, names in clauses)
    return text[:1].upper() + text[1:]


def _bound(row: dict[str, Any]) -> str:
    return "endless" if pd.isna(row["value"]) else months_text(row["value"]).replace("> ", "over ")
