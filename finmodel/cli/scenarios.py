"""``finmodel scenarios``: list, show, run and compare scenarios."""

from __future__ import annotations

from typing import Annotated

import typer

from finmodel.cli.app import AllOption, Format, FormatOption, app, show, takes_statements
from finmodel.data import rows
from finmodel.run import run_scenarios
from finmodel.scenarios import diff, read_scenario, read_scenarios
from finmodel.statements import Statements

commands = typer.Typer(no_args_is_help=True, help="Named, dated, argued assumptions: what they suppose and what they lead to.")
app.add_typer(commands, name="scenarios")

Name = Annotated[str, typer.Argument(help="Name of a shipped scenario, or a TOML file.")]


@commands.command("list")
def list_command(form: FormatOption = Format.table) -> None:
    """List the shipped scenarios and the claim that each stands for."""
    show(
        [
            {"scenario": s.name, "title": s.title, "question": s.question, "inherits": " ".join(s.inherits), "changes": len(s.changes)}
            for s in read_scenarios().values()
        ],
        form,
    )


@commands.command("show")
def show_command(name: Name, form: FormatOption = Format.table) -> None:
    """Show every assumption of a scenario with its reason and reference."""
    show(rows(read_scenario(name).table), form)


@commands.command("diff")
def diff_command(first: Name, second: Name, form: FormatOption = Format.table) -> None:
    """Show which assumptions differ between two scenarios."""
    show(rows(diff(read_scenario(first), read_scenario(second))), form)


@commands.command("run")
@takes_statements
def run_command(
    statements: Statements,
    names: Annotated[list[str], typer.Argument(help="Scenarios to run beside the baseline: names or TOML files.")],
    horizon: Annotated[int, typer.Option(help="Months.")] = 60,
    every: AllOption = False,
    form: FormatOption = Format.table,
) -> None:
    """Run firms through scenarios: burn, runway, months lost, channels closed."""
    records = run_scenarios(statements, names, horizon=horizon).records(every)
    if form is Format.table:
        columns = ("firm", "scenario", "quantity", "exposure", "share", "value", "low", "high", "unit", "reason")
        records = [{c: r[c] for c in columns} for r in records]
    show(records, form)
