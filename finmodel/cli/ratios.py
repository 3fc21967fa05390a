"""``finmodel ratios``, ``multiverse`` and ``runway``: the numbers."""

from __future__ import annotations

from typing import Annotated

import typer

from finmodel.cli.app import AllOption, Format, FormatOption, app, show, takes_statements
from finmodel.data import rows
from finmodel.ratios.compute import compute_ratios
from finmodel.ratios.multiverse import cost_to_revenue_multiverse
from finmodel.runway import cash_runway
from finmodel.statements import Statements


@app.command("ratios")
@takes_statements
def show_ratios(
    statements: Statements,
    quantity: Annotated[list[str] | None, typer.Option("--quantity", help="Only this ratio; may be repeated.")] = None,
    every: AllOption = False,
    form: FormatOption = Format.table,
) -> None:
    """Compute the ratios: cost to revenue and its parts, margins, growth, receivables, dependence, leverage."""
    show(compute_ratios(statements, quantity or None).records(every), form)


@app.command("multiverse")
@takes_statements
def show_multiverse(
    statements: Statements,
    target: Annotated[float | None, typer.Option(help="The figure to come near to; by default the published one.")] = None,
    tolerance: Annotated[float, typer.Option(help="How far from it counts as near.")] = 0.05,
    every: AllOption = False,
    form: FormatOption = Format.table,
) -> None:
    """Compute every reading of cost to revenue and count those near the published figure."""
    result = cost_to_revenue_multiverse(statements, target=target, tolerance=tolerance)
    if form is Format.table:
        print(result.sentence(), "\n")
        table = result.table if every else result.near()
        columns = ["definition", "window", "aggregate", "vintage", "value", "proxy", "firms", "note"]
        show(rows(table[columns]), form)
    else:
        show(result.records(True), form)


@app.command("runway")
@takes_statements
def show_runway(statements: Statements, every: AllOption = False, form: FormatOption = Format.table) -> None:
    """Compute liquid funds, burn and runway, or say why there is none."""
    result = cash_runway(statements)
    show(result.records(every), form)
    if form is Format.table:
        print(result.definition)
        for sentence in result.both_ways():
            print(sentence)
        if len(result.realised):
            print("\nReported after the day, for hindsight only:")
            show(rows(result.realised), form)
