"""``finmodel access``: who may fund a firm on a day."""

from __future__ import annotations

from typing import Annotated

import typer

from finmodel.cli.app import AllOption, Format, FormatOption, app, show
from finmodel.funding import funding_access
from finmodel.listing import listing_outlook
from finmodel.replay import replay_outcomes


@app.command("access")
def show_access(
    firm: Annotated[str, typer.Option(help="The firm.")],
    on: Annotated[str, typer.Option(help="The day, YYYY-MM-DD.")],
    scenario: Annotated[str, typer.Option(help="Scenario, by name or TOML file: chill and law are taken from it.")] = "baseline",
    every: AllOption = False,
    form: FormatOption = Format.table,
) -> None:
    """Show who may fund a firm on a day: by law, by contract and in practice, per channel and investor class."""
    result = funding_access(firm, on, scenario)
    records = result.records(every)
    if form is Format.table:
        print(result.definition, "\n")
        columns = (
            "channel",
            "investor_class",
            "variant",
            "share",
            "legal",
            "contractual",
            "chill",
            "value",
            "low",
            "high",
            "note",
            "reason",
        )
        records = [{c: r[c] for c in columns} for r in records]
    show(records, form)


@app.command("listing")
def show_listing(
    firm: Annotated[str, typer.Option(help="The firm.")],
    on: Annotated[str, typer.Option(help="The day, YYYY-MM-DD.")],
    scenario: Annotated[str, typer.Option(help="Scenario, by name or TOML file.")] = "baseline",
    paths: Annotated[int, typer.Option(help="Paths.")] = 20_000,
    seed: Annotated[int, typer.Option(help="Seed.")] = 7,
    form: FormatOption = Format.table,
) -> None:
    """Show where a firm's application to list stands, the gates it has to pass, when it may list and for how much."""
    records = listing_outlook(firm, on, scenario, paths=paths, seed=seed).records()
    if form is Format.table:
        records = [{c: r[c] for c in ("quantity", "variant", "value", "error", "unit", "reason", "note")} for r in records]
    show(records, form)


@app.command("replay")
def show_replay(
    paths: Annotated[int, typer.Option(help="Paths.")] = 100_000,
    seed: Annotated[int, typer.Option(help="Seed.")] = 7,
    form: FormatOption = Format.table,
) -> None:
    """Show the model's probability of what happened, asked the day before and without the firm's own later events."""
    result = replay_outcomes(paths, seed)
    records = result.records()
    if form is Format.table:
        print(result.definition, "\n")
        records = [{c: r[c] for c in ("quantity", "period", "value", "error", "realised", "reason", "note")} for r in records]
    show(records, form)
