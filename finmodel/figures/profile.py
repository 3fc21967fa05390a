"""One page per firm: its figures over the years, what can be quoted, and what happened to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from finmodel.brief import Brief
from finmodel.data import rows
from finmodel.figures.drawing import Words
from finmodel.figures.page import Column, Page, Table, draw_table, fit_text
from finmodel.figures.restrictions import timeline
from finmodel.figures.style import LABEL, bn, number, percent
from finmodel.figures.words import firm_name, latin, marks_note, source_line
from finmodel.ratios.compute import RatioResults
from finmodel.results import Results
from finmodel.statements import Statements, converted
from finmodel.units import Period


def _two(value: float) -> str:
    return number(value, 2)


LINES = {"revenue": "Revenue, RMB bn", "operating_cash_flow": "Operating cash flow, RMB bn"}
QUANTITIES: dict[str, tuple[str, Callable[[float], str]]] = {
    "revenue_growth": ("Growth of revenue", percent),
    "cost_to_revenue": ("Cost per yuan of revenue", _two),
    "gross_margin": ("Gross margin", percent),
    "rd_intensity": ("R&D, share of revenue", percent),
    "net_loss": ("Result, RMB bn", bn),
    "net_loss_before_fair_value": ("Result before fair value of preferred shares, RMB bn", bn),
    "receivable_days": ("Receivables, days of revenue", number),
    "government_dependence": ("Public-sector customers, share of revenue", percent),
    "overseas_share": ("Outside mainland China, share of revenue", percent),
    "grants_to_loss": ("Government grants per unit of loss", percent),
}
PERIODS = 5


def profile(page: Page, firm: str, statements: Statements, ratios: RatioResults, brief: Brief, events: Results) -> Words:
    """Draw the page of a firm and return its words.

    Parameters
    ----------
    page : Page
        Empty.
    firm : str
        Short name.
    statements : Statements
        What its lines are read from.
    ratios, brief, events
        Results of :func:`finmodel.compute_ratios`, :func:`finmodel.build_brief` and :func:`finmodel.restriction_timeline`.
    """
    width, height = page.size
    data = _data(firm, statements, ratios)
    periods = sorted(data["period"].unique(), key=lambda p: (Period.parse(p).end, Period.parse(p).months))[-PERIODS:]
    head = [Column("", share=1), *(Column(p, "right", decimal=False) for p in periods)]
    names = list(dict.fromkeys(data["name"]))
    silent = [name for name in names if data.loc[data["name"].eq(name) & data["period"].isin(periods), "value"].isna().all()]
    body = [[name, *(_cell(data, name, period) for period in periods)] for name in names if name not in silent]
    draw_table(page.area(width=0.6 * width, height=0.66 * height), Table(head, body, frozenset([_row_of(body, "Cost per")])), LABEL - 0.5)
    sentences = [latin(row["sentence"]) for row in rows(brief.table)][1:]
    quotes = page.area(left=0.64 * width, width=0.36 * width, height=0.66 * height)
    fit_text(quotes, ["# In sentences", *(f"- {s}" for s in sentences)], LABEL - 0.5)
    strip = page.area(top=0.68 * height, height=0.29 * height)  # the years stand beneath it
    later = events.table["period"] > statements.day.isoformat()
    timeline(Results(events.table.assign(later=later), events.title, events.definition), strip)
    strip.set_title("")
    return Words(
        latin(rows(brief.table)[0]["sentence"]).rstrip("."),
        f"Key figures of {firm_name(firm)} by year, what can be quoted, and what happened; as known on the day of the figures",
        "–: not disclosed, or not computable from what is. "
        + (f"In no period: {'; '.join(name[:1].lower() + name[1:] for name in silent)}. " if silent else "")
        + marks_note(data.loc[data["value"].notna() & data["period"].isin(periods), "mark"]),
        source_line(ratios.facts[(ratios.facts["firm"] == firm) & ratios.facts["period"].isin(periods)]),
        data[data["period"].isin(periods)],
    )


def _data(firm: str, statements: Statements, ratios: RatioResults) -> pd.DataFrame:
    """Return the values of the table: name, period, value, text, mark."""
    lines = statements.lines(firm, derived=False)
    lines = converted(lines[lines["line_item"].isin(list(LINES)) & lines["months"].isin([6, 12])], "CNY")
    lines = lines.sort_values("published_on", kind="stable").drop_duplicates(["line_item", "period"], keep="last")
    table = ratios.defaults()
    table = table[(table["firm"] == firm) & table["months"].isin([6, 12]) & ~table["period"].str.startswith("H2")]
    table = table[~(table["quantity"].eq("net_loss_before_fair_value") & table["proxy"].astype(bool))]
    parts: list[tuple[str, Callable[[float], str], pd.DataFrame]]
    parts = [(LINES[item], bn, lines[lines["line_item"] == item]) for item in LINES]
    parts += [(_named(name, q, table), write, table[table["quantity"] == q]) for q, (name, write) in QUANTITIES.items()]
    out = [(name, r["period"], r["value"], _about(r) + write(r["value"]), r["mark"]) for name, write, part in parts for r in rows(part)]
    data = pd.DataFrame(out, columns=["name", "period", "value", "text", "mark"])
    with_revenue = set(data.loc[data["name"].eq(LINES["revenue"]) & data["value"].notna(), "period"])
    years = {p for p in with_revenue if p.startswith("FY")}
    last = max(with_revenue, key=lambda p: Period.parse(p).end, default="")
    return data[data["period"].isin(years | {last})]


def _named(name: str, quantity: str, table: pd.DataFrame) -> str:
    """Name a row of the table; public-sector demand that only a proxy stands for is named as such."""
    mine = table[table["quantity"].eq(quantity) & table["value"].notna()]
    only = quantity == "government_dependence" and len(mine) and mine["proxy"].astype(bool).all()
    return "City segment (a proxy for public-sector demand), share of revenue" if only else name


def _about(row: dict[str, Any]) -> str:
    return "about " if row.get("proxy") and row["quantity"] == "cost_to_revenue" else ""


def _cell(data: pd.DataFrame, name: str, period: str) -> str:
    mine = data[(data["name"] == name) & (data["period"] == period) & data["value"].notna()]
    return str(mine["text"].iloc[0]) if len(mine) else "–"


def _row_of(body: list[list[str]], start: str) -> int:
    return next((i for i, row in enumerate(body) if row[0].startswith(start)), -1)
