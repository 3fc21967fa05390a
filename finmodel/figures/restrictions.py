"""Figures of the law: what a US person could do with the shares, and each firm's restrictions, listing attempts and rounds in time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from finmodel.data import rows
from finmodel.figures.drawing import Words, figure
from finmodel.figures.labels import cells, legend, panels, room, size_of
from finmodel.figures.style import ACCENT, FAINT, FIRM_COLOURS, GREY, INK, LABEL, MUTED, NOTE, canvas, colour, full_day, ink, text_width
from finmodel.figures.words import firm_name, latin, listed, shown_firms
from finmodel.firms import firms as register
from finmodel.restrictions import restriction_timeline, us_person_grid
from finmodel.results import Results
from finmodel.statements import Statements

ANSWERS: dict[str, tuple[str, dict[str, Any]]] = {
    "permitted": ("permitted", {"facecolor": "#e3e3e3"}),
    "permitted-divestment": ("only to divest", {"facecolor": "#b99bcb"}),
    "needs-authorisation": ("needs authorisation", {"facecolor": "#8f62ad"}),
    "prohibited": ("prohibited", {"facecolor": "#4b2769"}),
    "unclear": ("unclear: two readings", {"facecolor": "white", "edgecolor": "#4b2769", "hatch": "/////", "linewidth": 0.4}),
}
"""Answers of the law from free to forbidden, with the look of each."""
ACTIONS = {"buy": "buy", "sell_to_divest": "sell to divest", "hold": "hold"}


def grid(statements: Statements) -> Results | None:
    """Return the grid of all firms in the register; None where none of them is among the firms of `statements`."""
    return us_person_grid() if {known.firm for known in register()} & set(statements.firms) else None


@figure("us_person_grid", of=grid, tall=1.7)
def us_persons(results: Results, ax: Axes) -> Words:
    """Draw what a US person could buy, sell and hold of each firm on the first day of every quarter.

    Parameters
    ----------
    results : Results
        Of :func:`finmodel.us_person_grid`.
    ax : matplotlib.axes.Axes
        Three lanes per firm, quarters from left to right.
    """
    table = results.table
    firms, days = list(dict.fromkeys(table["firm"])), sorted(table["period"].unique())
    place = {day: x for x, day in enumerate(days)}
    scale = LABEL if size_of(ax)[1] > 3 else 4.5
    room(ax, left=1.95, right=0.05, top=0.0, bottom=0.3)
    legend(ax, list(ANSWERS.values()))
    step = len(ACTIONS) + 0.6
    boxes: dict[str, list[tuple[float, float, float, float]]] = {answer: [] for answer in ANSWERS}
    for number, firm in enumerate(firms):
        name = ax.annotate(firm_name(firm), (0, number * step + 1.5), (-138, 0), textcoords="offset points", annotation_clip=False)
        name.set(color=ink(firm), weight="bold", size=scale, va="center")
        for lane, action in enumerate(ACTIONS):
            mine = table[(table["firm"] == firm) & (table["quantity"] == action)]
            for row in rows(mine):
                boxes[row["answer"]].append((place[row["period"]] + 0.03, number * step + lane + 0.06, 0.94, 0.86))
        traded = [place[r["period"]] for r in rows(table[(table["firm"] == firm) & table["traded"].astype(bool)])]
        if traded:
            ax.plot(
                [min(traded), max(traded) + 1], [number * step + len(ACTIONS) + 0.15] * 2, color=INK, linewidth=1, solid_capstyle="butt"
            )
    for answer, where in boxes.items():
        cells(ax, where, **ANSWERS[answer][1])
    ticks = [(i * step + lane + 0.5, text) for i in range(len(firms)) for lane, text in enumerate(ACTIONS.values())]
    ax.set(xlim=(0, len(days)), ylim=(len(firms) * step, -0.2), yticks=[y for y, _ in ticks])
    ax.set_yticklabels([text for _, text in ticks], size=min(scale, NOTE), color=MUTED)
    years = [(x, day[:4]) for day, x in place.items() if day[5:7] == "01"]
    ax.set_xticks([x for x, _ in years])
    ax.set_xticklabels([year for _, year in years], ha="left")
    ax.grid(visible=False)
    verified = results.assumptions[0] if results.assumptions else ""
    return Words(
        _closed(table, firms),
        "What a US person could do with each firm's shares by law: drawn on the first day of each quarter; line: publicly traded",
        f"{results.definition} {verified[:1].upper()}{verified[1:]}; a later day is shown as unclear. No legal advice.",
        latin("; ".join(dict.fromkeys(c for c in table["citation"] if c))[:600]),
        table[["firm", "period", "quantity", "answer", "since", "traded", "measure", "note", "citation"]].reset_index(drop=True),
    )


def _closed(table: pd.DataFrame, firms: list[str]) -> str:
    """Say from which day on, and by which rule, US persons could not buy shares of the core firms, and where that is unclear."""
    barred: dict[tuple[str, str], list[str]] = {}
    unclear: dict[str, list[str]] = {}
    for firm in [f for f in firms if f in FIRM_COLOURS] or firms[:4]:
        buy = table[(table["firm"] == firm) & (table["quantity"] == "buy")].sort_values("period")
        no = rows(buy[buy["answer"] == "prohibited"])
        if no:
            barred.setdefault((no[0]["since"], no[0]["measure"]), []).append(firm_name(firm))
            continue
        since = buy.loc[(buy["answer"] == "unclear") & (buy["status"] != "unverified"), "since"].min()
        unclear.setdefault(since if isinstance(since, str) else "", []).append(firm_name(firm))
    parts = [f"{listed(names)} from {full_day(day)} ({rule(measure)})" for (day, measure), names in sorted(barred.items())]
    said = [f"US persons could not buy shares of {listed(parts, 'or')}"] if parts else []
    said += [f"unclear for {listed(names)} from {full_day(day)}" for day, names in sorted(unclear.items()) if day]
    said += [f"never closed for {listed(names)}" for day, names in unclear.items() if not day]
    return "; ".join(said)


def rule(measure: str) -> str:
    """Write the short name of a measure as it is cited.

    Examples
    --------
    >>> rule("eo-14032"), rule("31-cfr-850")
    ('EO 14032', '31 CFR 850')
    """
    return measure.replace("-", " ").upper()


@dataclass(frozen=True)
class Mark:
    """One thing that happened, as drawn on a timeline."""

    day: date
    text: str
    lane: int
    later: bool
    rank: int = 1


LANES = ("restrictions", "listing attempts", "rounds, placings")


def timelines(statements: Statements) -> Results | None:
    """Return what happened to each firm in order of time, and whether after the day of `statements`; None for firms not in the register."""
    known = [f for f in shown_firms(statements.facts) if f in {each.firm for each in register()}]
    parts = [restriction_timeline(firm) for firm in known]
    if not parts:
        return None
    table = pd.concat([part.table for part in parts], ignore_index=True)
    return replace(parts[0], table=table.assign(later=table["period"] > statements.day.isoformat()), title="Restrictions and events")


@figure("restriction_timeline", of=timelines, tall=1.7)
def timeline(results: Results, ax: Axes, first: int = 2017) -> Words:
    """Draw each firm's restrictions, listing attempts and money raised in time; what came after the day of the figures is grey.

    Parameters
    ----------
    results : Results
        Of :func:`finmodel.restriction_timeline`, for one or more firms.
    ax : matplotlib.axes.Axes
        One strip of three lanes per firm.
    first : int
        First year.
    """
    table = results.table.assign(later=results.table.get("later", False))
    firms = list(dict.fromkeys(table["firm"]))
    strips = panels(ax, len(firms), 1, left=1.95, right=0.1, top=0.02, bottom=0.14)
    last = max(date.fromisoformat(d) for d in table["period"])
    drawn: list[dict[str, Any]] = []
    for [strip], firm in zip(strips, firms, strict=True):
        mine = [row for row in rows(table[table["firm"] == firm]) if row["period"] >= f"{first}-01-01"]
        drawn += [row for row in mine if _lane(row) is not None]
        strip.set(xlim=(date(first, 1, 1).toordinal(), last.toordinal() + 200), ylim=(3, 0), yticks=[0.5, 1.5, 2.5])
        strip.set_yticklabels(LANES, size=NOTE, color=MUTED)
        years = range(first, last.year + 1)
        strip.set_xticks([date(y, 1, 1).toordinal() for y in years])
        strip.set_xticklabels([str(y) for y in years], size=NOTE, ha="left")
        strip.tick_params(labelbottom=firm == firms[-1])
        strip.grid(visible=False)
        for lane in (1, 2):
            strip.axhline(lane, color=FAINT, linewidth=0.5)
        name = strip.annotate(firm_name(firm), (0, 1), (-138, -5), xycoords="axes fraction", textcoords="offset points")
        name.set(color=ink(firm), weight="bold", size=LABEL, va="top")
        _place(strip, [mark for row in mine if (mark := _mark(row)) is not None], firm)
    columns = ["firm", "period", "quantity", "note", "status", "citation", "later"]
    return Words(
        _happened(table, firms),
        "Designations and bans, steps towards a listing, rounds and placings, by day; grey: after the day of the figures, for hindsight",
        "Where only a month or year is known, the last day it may have been. A stroke without a label had no room for one; every event "
        "stands in the table beside the figure.",
        "designations and events, each with its citation in the table; " + (results.assumptions[0] if results.assumptions else ""),
        pd.DataFrame(drawn)[columns],
    )


def _mark(row: dict[str, Any]) -> Mark | None:
    lane = _lane(row)
    if lane is None:
        return None
    first = row["quantity"] in ("listing", "listing_application", *_STEPS) or row["variant"] in ("listed_on", "effective_on")
    return Mark(date.fromisoformat(row["period"]), short(row), lane, bool(row["later"]) or row["quantity"] in _PLANS, 0 if first else 1)


def _lane(row: dict[str, Any]) -> int | None:
    kind = row["quantity"]
    if kind in ("designation", "measure"):
        return 0
    if kind.startswith("listing") or kind in ("trading", "delisting"):
        return 1 if kind != "trading" else None
    return 2 if kind in ("funding_round", "placing", *_PLANS) else None


_LISTS = {"entity-list": "Entity List", "ns-cmic": "NS-CMIC list", "1260h": "1260H list"}
_CHANGES = ("suspended", "resumed", "approved", "postponed")
_PLANS = {"placing_planned": "planned, never raised", "placing_ended": "plan ended"}
_UNSURE = {"lined up": "reported", "reported only": "reported", "announced": "announced"}
_STEPS = {"listing_lapsed": "lapsed", "listing_withdrawn": "withdrawn", "listing_terminated": "terminated"}


def short(row: dict[str, Any]) -> str:
    """Return an event in two or three words, for a label."""
    kind, note = row["quantity"], latin(str(row["note"]))
    if kind == "designation":
        named = next((text for key, text in _LISTS.items() if f"({key})" in note), note.rpartition("(")[2].rstrip(")"))
        if note.startswith("narrowed to"):
            return f"{named} entry narrowed" + (f" ({row['period'][:4]}, day unverified)" if "day unverified" in note else "")
        return {"listed_on": named, "effective_on": "ban in effect", "divest_by": "divestment ends", "ended_on": f"off {named}"}.get(
            row["variant"], ""
        )
    if kind == "measure":
        return note.split(":")[0].replace("31 CFR part 850", "outbound rule")
    head = note.split(";")[0]
    if kind in _STEPS:
        return f"{head.split(':')[0].split(' ')[0]} {_STEPS[kind]}"
    if kind == "listing_application":
        return f"{head.split(':')[0].split(' ')[0]} applied"
    if kind == "listing":
        return f"listed, {head.split(' ')[0]}"
    if kind == "listing_step":
        step = head.partition(":")[2].split("(")[0].split(",")[0].strip() or head
        change = next((word for word in _CHANGES if word in note.partition(";")[2]), "")
        if step in ("CSRC registration", "first offer", "second offer"):
            return f"{step.removeprefix('CSRC ')} {change}" if change else ""
        return step.replace("filed with the ", "at ").replace("submitted to the CSRC", "filed")
    name = head.split("(")[0].split(",")[0].removeprefix("HKEX ").removesuffix(" mandate").strip()
    text = " ".join(x for x in (name.replace("private placement", "placing").replace("general", "placing"), amount_of(note)) if x)
    if kind in _PLANS:
        return f"{text} {_PLANS[kind]}"
    unsure = next((word for key, word in _UNSURE.items() if key in note.partition(";")[2]), "")
    return f"{text} ({unsure})" if unsure else text


def amount_of(note: str) -> str:
    """Return the first amount of money in an event's note, as it is written on a page; nothing where there is none.

    Examples
    --------
    >>> amount_of("HKEX main board 0020; HKD 5,775,000,000; listed")
    'HKD 5.8 bn'
    """
    text = next((part.strip() for part in note.split(";") if part.strip()[:4] in ("USD ", "CNY ", "HKD ")), "")
    if not text:
        return ""
    money, value = text[:3].replace("CNY", "RMB"), float(text[4:].replace(",", ""))
    return f"{money} {value / 1e9:,.1f} bn" if value >= 1e9 else f"{money} {value / 1e6:,.0f} m"


def _place(ax: Axes, marks: list[Mark], firm: str) -> None:
    """Draw each mark as a dot with its label on the first free level of its lane; where none is free, as a stroke at the lane's foot."""
    width, height = (float(x) / canvas(ax).dpi for x in (ax.get_window_extent().width, ax.get_window_extent().height))
    start, end = ax.get_xlim()
    inch, size = (end - start) / width, NOTE - 1
    levels = max(1, min(5, int(height / len(LANES) / (size * 1.1 / 72))))
    taken: list[tuple[int, int, float, float]] = []
    for mark in sorted(marks, key=lambda m: (m.rank, m.day)):
        x = mark.day.toordinal()
        tone, words = (GREY, MUTED) if mark.later else ((ACCENT, ACCENT), (INK, INK), (colour(firm), ink(firm)))[mark.lane]
        to = x + (text_width(mark.text, size) + 0.16) * inch
        level = next((n for n in range(levels) if not any(t[:2] == (mark.lane, n) and x < t[3] and t[2] < to for t in taken)), None)
        if level is None or not mark.text or to > end + 0.15 * inch:
            ax.plot([x, x], [mark.lane + 0.86, mark.lane + 1], color=tone, linewidth=0.9)
            continue
        y = mark.lane + 0.06 + 0.88 * (level + 0.5) / levels
        ax.plot(x, y, "o", markersize=2.6, color=tone)
        ax.text(x + 0.045 * inch, y, mark.text, size=size, va="center_baseline", color=words)
        taken.append((mark.lane, level, x, to))


def _happened(table: pd.DataFrame, firms: list[str]) -> str:
    """Say who reached a listing and who did not, as of the day and after."""
    parts = []
    for firm in firms:
        mine = table[(table["firm"] == firm)]
        listings = mine[mine["quantity"] == "listing"]
        tries = int((mine["quantity"] == "listing_application").sum())
        if len(listings):
            when = listings["period"].iloc[0]
            parts.append(f"{firm_name(firm)} listed on {full_day(when)}")
        elif tries:
            parts.append(
                f"{firm_name(firm)} applied {'once' if tries == 1 else 'twice' if tries == 2 else f'{tries} times'} and never listed"
            )
    return "; ".join(parts)
