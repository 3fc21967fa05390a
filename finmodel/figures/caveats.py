"""The last pages: how to read the pack, what the article said and what is made of it, and the documents read."""

from __future__ import annotations

from datetime import date

import pandas as pd

from finmodel.data import read_table, rows
from finmodel.figures.drawing import Words
from finmodel.figures.page import Column, Page, Table, balanced, draw_table
from finmodel.figures.style import LABEL, NOTE, full_day, percent
from finmodel.figures.words import firm_name, latin, plain, shown_firms
from finmodel.restrictions.designations import shipped_names
from finmodel.restrictions.regimes import load_regimes
from finmodel.sources import documents, find_document
from finmodel.statements import Statements


def caveats(page: Page, statements: Statements) -> Words:
    """Draw the page of caveats in two columns and return its words."""
    checked = min(regime.verified_to for regime in load_regimes().values())
    paragraphs = _paragraphs(statements, read_table("claims"), checked)
    balanced(page.area(), paragraphs, LABEL + 0.5)
    facts = statements.facts
    secondary = float((facts["read_from"] != "primary").mean()) if len(facts) else 0.0
    return Words(
        f"{percent(secondary)} of the figures were not read in the documents themselves: how far to trust these pages",
        "What is corrected, what the marks mean, how days were set, what was left out",
        "",
        "",
        pd.DataFrame({"text": paragraphs}),
    )


def claims(page: Page) -> Words:
    """Draw the table of the article's claims and what is made of each, and return its words."""
    table = read_table("claims")
    body = [(row["claim"], plain(row["scenario"]) or "none", row["note"] or "taken as a scenario") for row in rows(table)]
    wrong = frozenset(i for i, row in enumerate(rows(table)) if row["scenario"] == "us-market-ban")
    heads = [Column("Claim", share=1.2), Column("Scenario"), Column("What is made of it", share=1)]
    if draw_table(page.area(), Table(heads, body, bold=wrong), NOTE) < len(body):
        raise ValueError(f"no room for {len(body)} claims on one page")
    without = sum(not row["scenario"] for row in rows(table))
    return Words(
        f"Of {len(body)} claims of the articles {len(body) - without} have a scenario, {without} have none, and one is corrected",
        "Claims of the articles of November and December 2021 on the ban and the four firms, and what this analysis makes of each",
        "Bold: taken at its word as a scenario, but no such ban was in force. Articles: biometricupdate.com, citing Caixin.",
        "",
        table,
    )


def _paragraphs(statements: Statements, claims: pd.DataFrame, checked: date) -> list[str]:
    facts = statements.facts
    wrong = claims[claims["scenario"] == "us-market-ban"]
    corrected = "".join(f'The article says: "{r["claim"]}". {r["note"][:1].upper()}{r["note"][1:]}. ' for r in rows(wrong))
    does = load_regimes()["us-entity-list"]
    terms = read_table("terms")
    missing = [f"{firm_name(r['firm'])}: {r['instrument']}, {r['term']}" for r in rows(terms[terms["status"] == "missing"])]
    restated = statements.restatements()
    names = ", ".join(firm_name(f) for f in dict.fromkeys(restated["firm"]))
    return [
        "# The Entity List",
        f"{corrected}{does.summary[:1].upper()}{does.summary[1:]}{_narrowed(statements)}",
        "# Marks",
        "† A figure quoted by the press, an aggregator or a data vendor, not read in the document itself. ~ Derived by arithmetic from "
        "printed figures.",
        "# Two clocks",
        f"Every page shows what had been published by {full_day(statements.day)}, in the latest version then known. "
        + (
            f"Lines that filings printed with different values: {len(restated)} ({names}); both versions are kept." if len(restated) else ""
        ),
        "# Dates of publication",
        f"Where the day of a document is not known ({percent(float(facts['date_estimated'].mean()))} of the figures), the latest day "
        "consistent with what is known stands for it, never an earlier one.",
        "# Not disclosed",
        "A line that is not disclosed is never a zero, and nothing is filled in: a quantity that needs it is not computable, or a proxy "
        "stands in and says so.",
        "# Looked for and not found",
        f"{'; '.join(missing)}. Revenue from the United States, of any firm.",
        "# Found and left out",
        f"{len(read_table('left_out'))} figures are kept apart, each with the reason: rounded repeats, contradicted figures, unknown days.",
        "# What a runway is not",
        "Liquid funds over the burn of the last twelve months, with no new money and no change of plan: a measure of present spending, no "
        "forecast.",
        "# The law",
        f"Checked to {full_day(checked)}. Where two readings are possible the answer is unclear, with both. No legal advice.",
    ]


def _narrowed(statements: Statements) -> str:
    """Say which entries of the firms shown were narrowed to another name: they are not off their list."""
    names, shown = shipped_names(), shown_firms(statements.facts)
    told = [names.narrowing(d) for d in names.designations if d.firm in shown and d.in_force(statements.day, statements.day)]
    return "".join(f" {text}." for text in told if text)


def sources(page: Page, statements: Statements, start: int = 0) -> tuple[Words, int]:
    """Draw the table of documents read, from row `start`; return its words and the next row (0 when all are drawn)."""
    facts = statements.facts
    firms = shown_firms(facts)
    used = (
        facts[facts["firm"].isin(firms)]
        .groupby("document")
        .agg(firm=("firm", "first"), published_on=("published_on", "min"), facts=("fact_id", "size"), read=("read_from", "first"))
    )
    register = set(documents()["document"])
    used = used.assign(_place=used["firm"].map({f: i for i, f in enumerate(firms)})).sort_values(["_place", "published_on"], kind="stable")
    body: list[tuple[str, ...]] = []
    for row in rows(used.reset_index()):
        known = find_document(row["document"]) if row["document"] in register else None
        title = latin(known.title) if known else str(row["document"]) or "not named"
        day = known.published if known else full_day(row["published_on"])
        body.append(
            (firm_name(row["firm"]), title, day, str(row["facts"]), "read itself" if row["read"] == "primary" else f"{row['read']} †")
        )
    heads = [Column("Firm"), Column("Document", share=1), Column("Published"), Column("Figures", "right"), Column("How read")]
    drawn = draw_table(page.area(), Table(heads, body[start:]), NOTE)
    words = Words(
        f"{len(body)} documents stand behind the figures of these pages",
        "Documents, day of publication (by: the latest day it may have been), figures taken from each, and how they were read",
        "",
        "",
        pd.DataFrame(body, columns=["firm", "document", "published", "figures", "read"]),
    )
    return words, start + drawn if start + drawn < len(body) else 0
