"""``finmodel access``: who may fund a firm on a day."""

from __future__ import annotations

from typing import Annotated

import typer

from finmodel.cli.app import AllOption, Format, FormatOption, app, show
from finmodel.funding import funding_access


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
