"""The first page: what public figures allow to be said as of the day, what the law closed, and what the answer hangs on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from finmodel.data import read_table, rows
from finmodel.figures.drawing import Words
from finmodel.figures.page import Column, Page, Table, draw_table, fit_text
from finmodel.figures.restrictions import amount_of, short
from finmodel.figures.runway import default_row, lasts, months_text, why_not
from finmodel.figures.style import NOTE, bn, full_day, ink, number
from finmodel.figures.survival import disclosed, runs_out, stale
from finmodel.figures.words import firm_name, marks_note, shown_firms, source_line
from finmodel.firms import firms as register
from finmodel.ratios.compute import RatioResults
from finmodel.ratios.multiverse import MultiverseResults
from finmodel.restrictions import restriction_timeline, who_may_buy
from finmodel.restrictions.regimes import load_regimes
from finmodel.run import ScenarioResults
from finmodel.runway import RunwayResults, beside
from finmodel.survival import SurvivalResults

SIZE = NOTE + 0.5


def front(
    page: Page,
    day: date,
    ratios: RatioResults,
    cash: RunwayResults,
    readings: MultiverseResults | None,
    runs: ScenarioResults,
    paths: Sequence[SurvivalResults] = (),
) -> Words:
    """Draw the first page and return its words.

    Parameters
    ----------
    page : Page
        Empty.
    day : datetime.date
        The day of the figures.
    ratios, cash, readings, runs
        Results of :func:`finmodel.compute_ratios`, :func:`finmodel.cash_runway`, :func:`finmodel.cost_to_revenue_multiverse` and
        :func:`finmodel.run_scenarios`.
    paths : sequence of SurvivalResults
        Of the cash model, which lets costs and revenue move.
    """
    firms = shown_firms(cash.table)
    colours = {i: ink(firm) for i, firm in enumerate(firms)}
    figures = [_figures(firm, ratios, cash) for firm in firms]
    heads = [
        Column("Firm"),
        Column("Cost to revenue", share=1.1),
        Column("Last accounts", share=1.3),
        Column("Liquid funds, RMB bn", share=1.7),
        Column("Net burn of twelve months, RMB bn", share=2.3),
        Column("Runway, months", share=2.4),
    ]
    height = page.size[1]
    _whole(page.area(height=0.405 * height), Table(heads, figures, colours=colours))
    law = [(firm_name(f), *_law_and_events(f, day)) for f in firms if f in {known.firm for known in register()}]
    heads = [Column("Firm"), Column("What the law closed to US persons who would buy shares", share=1), Column("What happened", share=1)]
    _whole(page.area(top=0.42 * height, height=0.345 * height), Table(heads, law, colours=colours))
    boxes = ((0.27, _published(readings)), (0.42, _assumption(cash, runs, firms, paths)), (0.31, _dates(day)))
    left, gap = 0.0, 0.3
    for share, text in boxes:
        width = share * (page.size[0] - gap * (len(boxes) - 1))
        fit_text(page.area(left=left, top=0.775 * height, width=width, height=0.225 * height), text, SIZE)
        left += width + gap
    said = lasts(cash.table[cash.table["firm"].isin(firms)], firms)
    shown = cash.table[cash.table["firm"].isin(firms) & cash.table["value"].notna()]
    return Words(
        said,
        f"As of {full_day(day)}: what public figures allow to be said about how long each firm can live, and what the ban closed",
        marks_note(shown["mark"]) + " Reasons in full and every definition stand on the pages that follow.",
        source_line(cash.facts[cash.facts["firm"].isin(firms) & cash.facts["quantity"].isin(["runway", "net_burn", "liquid_funds"])]),
        pd.DataFrame(figures, columns=["firm", "cost_to_revenue", "last_accounts", "liquid_funds", "net_burn", "runway"]),
    )


def _whole(ax: Axes, table: Table) -> None:
    """Draw every row of a table, in smaller type where it would not fit."""
    for less in (0.0, 0.5, 1.0, 1.5, 2.0):
        if draw_table(ax, table, SIZE - less) == len(table.rows):
            return
        ax.clear()
    raise ValueError(f"the first page has no room for a table of {len(table.rows)} firms: choose fewer with --firm")


def _figures(firm: str, ratios: RatioResults, cash: RunwayResults) -> list[str]:
    """Return the row of a firm in the table of figures."""
    table = ratios.defaults()
    mine = table[(table["firm"] == firm)].sort_values("period_end", kind="stable")
    cost = mine[(mine["quantity"] == "cost_to_revenue") & mine["value"].notna() & (mine["months"] == 12)]
    last = mine[mine["quantity"].eq("net_loss") & mine["value"].notna() & mine["months"].isin([6, 9, 12])]
    return [
        firm_name(firm),
        _cost(rows(cost)[-1]) if len(cost) else "not disclosed",
        _accounts(rows(last)[-1], ratios) if len(last) else "none",
        _funds(default_row(cash.table, firm, "liquid_funds")),
        _burn(cash.table, firm),
        _months(default_row(cash.table, firm, "runway"), cash.table),
    ]


def _cost(row: dict[str, Any]) -> str:
    return f"{'about ' if row['proxy'] else ''}{number(row['value'], 2)}, {row['period']}"


def _accounts(row: dict[str, Any], ratios: RatioResults) -> str:
    facts = ratios.facts
    mine = facts[(facts["firm"] == row["firm"]) & (facts["period"] == row["period"]) & (facts["quantity"] == "net_loss")]
    return f"{row['period']}, published {full_day(mine['published_on'].min())}" if len(mine) else str(row["period"])


def _funds(row: dict[str, Any]) -> str:
    if row["value"] != row["value"]:
        return "not disclosed"
    return f"{bn(row['value'])} {row['variant']}, {full_day(row['period'])}{_stale(row)}"


def _burn(table: pd.DataFrame, firm: str) -> str:
    """Return the burn of twelve months, the one with capital expenditure beside a newer one without, and that of a newer part of a year."""
    mine = table[(table["firm"] == firm) & (table["quantity"] == "net_burn") & table["value"].notna()]
    if mine.empty:
        return "not disclosed"
    default = mine[mine["default"]]
    said = [f"{bn(12 * row['value'])}, {row['period']}, {_capex(row)}{_stale(row)}" for row in rows(default if len(default) else mine)]
    interim = table[(table["firm"] == firm) & (table["quantity"] == "interim_burn") & table["default"] & table["status"].ne("stale")]
    for row in rows(interim):
        verb = "burned" if row["value"] > 0 else "took in"
        said.append(f"{row['period']} alone {verb} {number(abs(row['value']) / 1e9, 1 if abs(row['value']) >= 5e7 else 2)}, {_capex(row)}")
    return "; ".join(said)


def _capex(row: dict[str, Any]) -> str:
    return "before capex" if row["variant"].startswith("without") else "with capex"


def _stale(row: dict[str, Any]) -> str:
    return " (stale)" if row["status"] == "stale" else ""


def _months(row: dict[str, Any], table: pd.DataFrame) -> str:
    if row["status"] == "self-funding":
        return "self-funding"
    if row["value"] != row["value"]:
        return f"not computable: {why_not(row)}"
    definition, kind = str(row["variant"]).rsplit(", ", 1)
    if kind.startswith("with "):
        return f"{months_text(row['value'])} with capex ({definition})"
    found = rows(beside(table, row))
    burn = (
        f"{months_text(found[0]['value'])} with capex at the burn of {found[0]['variant'].split(' over ')[1]}" if found else "capex unknown"
    )
    return f"{months_text(row['value'])} before capex, {burn} ({definition})"


def _law_and_events(firm: str, day: date) -> tuple[str, str]:
    """Return what the law closed to US persons and what happened to the firm's listing, for one firm."""
    table = restriction_timeline(firm).table
    named = table[(table["quantity"] == "designation") & (table["variant"] == "listed_on") & table["note"].str.contains("ns-cmic")]
    start = f"{named['listed_name'].iloc[0]} listed {full_day(named['period'].iloc[0])}. " if len(named) else "Never listed. "
    steps = _answers(firm, sorted(set(table.loc[table["quantity"].isin(["designation", "measure", "trading"]), "period"])))
    changes = [f"{answer} from {full_day(since)} ({kind} shares)" for since, answer, kind in steps[1:]]
    closed = f"Buying: {'; '.join(changes)}; open before that." if changes else "Buying its shares was never closed by law."
    terms = read_table("offering_terms")
    for row in rows(terms[(terms["firm"] == firm) & (terms["kind"] == "contractual") & terms["term"].str.contains("US persons")]):
        closed += f" By contract: {row['term'].removeprefix('closed: ')}."
    told = table[table["quantity"].isin(["listing", "listing_lapsed", "listing_withdrawn", "listing_terminated"]) | _postponed(table)]
    events = [_event(row, day) for row in rows(told)]
    return start + closed, "; ".join(events) + "." if events else "No attempt at a listing in the record."


def _postponed(table: pd.DataFrame) -> pd.Series:
    return table["note"].str.contains("postponed") & (table["quantity"] == "listing_step")


def _event(row: dict[str, Any], day: date) -> str:
    money = f", {amount_of(row['note'])}" if row["quantity"] == "listing" and amount_of(row["note"]) else ""
    later = " (later)" if row["period"] > day.isoformat() else ""
    return f"{short(row)} {full_day(row['period'])}{money}{later}"


def _answers(firm: str, days: list[str]) -> list[tuple[str, str, str]]:
    """Return the days on which the law's answer to a US person who would buy the firm's shares changed: day, answer, kind of share."""
    found: list[tuple[str, str, str]] = []
    for each in days:
        table = who_may_buy(firm, each).table
        mine = table[(table["investor"] == "us_person") & table["variant"].isin(["listed_share", "private_share"])]
        for row in rows(mine)[:1]:
            if not found or found[-1][1] != row["answer"]:
                found.append((each, row["answer"], row["variant"].removesuffix("_share")))
    return found


def _published(readings: MultiverseResults | None) -> list[str]:
    if readings is None:
        return ["# The published ratio", "None of the four firms of the article is among the firms shown."]
    return [f"# The published {number(readings.target, 2)}", f"From figures out by {full_day(readings.day)}: {readings.sentence()}"]


def _assumption(cash: RunwayResults, runs: ScenarioResults, firms: list[str], paths: Sequence[SurvivalResults]) -> list[str]:
    """Say which choice moves the runway most, and how far the scenarios move what two years take."""
    table = cash.table[(cash.table["quantity"] == "runway") & cash.table["value"].notna() & cash.table["firm"].isin(firms)]
    said = []
    for firm in dict.fromkeys(table["firm"]):
        mine = table[table["firm"] == firm].sort_values("value")
        low, high = rows(mine)[0], rows(mine)[-1]
        if len(mine) > 1:
            ends = [f"{months_text(row['value'])} on {row['variant']}" for row in (low, high)]
            months = {months_text(row["value"]) for row in rows(mine)}
            said.append(f"{firm_name(firm)}, months: {' or '.join(ends) if len(months) > 1 else f'{months.pop()} by every definition'}.")
    spans = runs.table[(runs.table["quantity"] == "funds_needed_24m") & runs.table["firm"].isin(firms)].groupby("firm", sort=False)
    for firm, mine in spans:
        if mine["low"].notna().any():
            low, high = mine["low"].min(), mine["high"].max()
            without = " before capital expenditure" if mine["variant"].str.startswith("without").all() else ""
            said.append(f"Over all scenarios two years take {firm_name(str(firm))} RMB {bn(low)} to {bn(high)} bn{without}.")
    chances = runs_out([path for path in paths if disclosed(path) and not stale(path)])
    if chances:
        said.append(f"A burn that stays what it was is the gentler view; {chances[:1].lower()}{chances[1:]}.")
    text = " ".join(said) or "No runway is computed, so that no assumption moves one: the missing lines decide."
    return ["# The largest assumption: what counts as money and as spending", text]


def _dates(day: date) -> list[str]:
    checked = min(regime.verified_to for regime in load_regimes().values())
    outbound = min(measure.start for measure in load_regimes()["us-outbound"].measures)
    return [
        "# Dates",
        f"Figures: published by {full_day(day)}. Law: checked to {full_day(checked)}; any later day is unverified. The ban binds US "
        f"persons and publicly traded securities; for private shares only the outbound rule does, from {full_day(outbound)}.",
    ]
