"""``finmodel facts list|check|coverage`` and ``finmodel sources``: what is known, from where, and what is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from finmodel.cli.app import AllOption, Format, FormatOption, app, show, takes_statements
from finmodel.coverage import compute_coverage
from finmodel.data import rows
from finmodel.facts import read_facts
from finmodel.ratios.compute import compute_ratios
from finmodel.runway import cash_runway
from finmodel.statements import Statements, load_statements
from finmodel.units import Period

facts_app = typer.Typer(no_args_is_help=True, help="The facts: list them, check a file of your own, see what can be computed.")
app.add_typer(facts_app, name="facts")

LIST_COLUMNS = [
    "firm", "line_item", "period", "value", "currency", "basis", "mark", "vintage", "published_on", "status", "fact_id",
]  # fmt: skip


@facts_app.command("list")
@takes_statements
def list_facts(
    statements: Statements,
    line_item: Annotated[str, typer.Option("--line-item", help="Only this line item.")] = "",
    every: AllOption = False,
    form: FormatOption = Format.table,
) -> None:
    """List the facts: the version in use of each line, or with --all every version."""
    table = statements.versions if every else statements.lines(derived=False)
    if line_item:
        table = table[table["line_item"] == line_item]
    show(rows(table[LIST_COLUMNS]), form)


@facts_app.command("check")
def check_file(path: Annotated[Path, typer.Argument(help="Facts file (CSV).")]) -> None:
    """Check a facts file of your own: columns, numbers, periods, line items, duplicates, balance sheets."""
    statements = load_statements(path, shipped=False)
    checks = statements.checks()
    failed = checks[~checks["passed"]]
    print(f"{path.name}: {len(statements.facts)} facts of {', '.join(statements.firms)}; no fault")
    print(f"{len(checks)} identities tested, {len(failed)} outside rounding")
    if len(failed):
        show(rows(failed), Format.table)
    unnamed = read_facts(path)["line_item"].eq("").sum()
    if unnamed:
        print(f"{unnamed} facts have no line item and are not used in ratios; see data/line_items.csv for the names")


@facts_app.command("coverage")
@takes_statements
def show_coverage(statements: Statements, form: FormatOption = Format.table) -> None:
    """Show what is computable for each firm, period and quantity, and the missing or stale line where it is not."""
    show(compute_coverage(statements).records(), form)


@facts_app.command("restatements")
@takes_statements
def show_restatements(statements: Statements, form: FormatOption = Format.table) -> None:
    """Show the lines that later filings changed, first and latest value side by side."""
    show(rows(statements.restatements()), form)


@app.command("sources")
@takes_statements
def show_sources(
    statements: Statements,
    quantity: Annotated[str, typer.Argument(help="Quantity, such as cost_to_revenue, or liquid_funds, net_burn, runway.")],
    period: Annotated[str, typer.Option("--period", help='Period, such as "FY 2020".')] = "",
    every: AllOption = False,
    form: FormatOption = Format.table,
) -> None:
    """Show the facts behind a number: label, value, document, page, publication day, status, address."""
    cash = {"liquid_funds", "net_burn", "gross_burn", "runway", "due_within_12_months"}
    results = cash_runway(statements) if quantity in cash else compute_ratios(statements, [quantity])
    label = Period.parse(period).label if period else None
    facts = results.sources(period=label, quantity=quantity)
    if facts.empty:
        known = results.sources(quantity=quantity)
        periods = list(dict.fromkeys(known["period"])) if len(known) else []
        when = f" in {label}" if label else ""
        raise LookupError(f"no facts behind {quantity}{when}; periods that have some: {', '.join(periods) or 'none'}")
    if not every:
        shown = results.defaults()
        keys = set(zip(shown["firm"], shown["period"], shown["variant"], strict=True))
        kept = [key in keys for key in zip(facts["firm"], facts["period"], facts["variant"], strict=True)]
        facts = facts[kept]
    show(rows(facts.drop(columns=["quantity"]).drop_duplicates("fact_id")), form)
