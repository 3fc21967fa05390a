"""``finmodel scenarios``: list, show, run and compare scenarios."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from finmodel.cli.app import Format, FormatOption, app, show

commands = typer.Typer(no_args_is_help=True, help="Named, dated, argued assumptions: what they suppose and what they lead to.")
app.add_typer(commands, name="scenarios")

Name = Annotated[str, typer.Argument(help="Name of a shipped scenario, or a TOML file.")]
FactsOption = Annotated[list[Path] | None, typer.Option("--facts", help="A facts file, beside the shipped data; may be repeated.")]
ShippedOption = Annotated[bool, typer.Option("--shipped/--no-shipped", help="Whether to take the shipped facts.")]
AsOfOption = Annotated[str | None, typer.Option("--as-of", help="Use only what had been published by this day, YYYY-MM-DD.")]
FirmOption = Annotated[list[str] | None, typer.Option("--firm", help="Only this firm; may be repeated.")]


@commands.command("list")
def list_command(form: FormatOption = Format.table) -> None:
    """List the shipped scenarios and the claim that each stands for."""
    from finmodel.scenarios import scenarios

    show(
        [
            {"scenario": s.name, "title": s.title, "question": s.question, "inherits": " ".join(s.inherits), "changes": len(s.changes)}
            for s in scenarios().values()
        ],
        form,
    )


@commands.command("show")
def show_command(name: Name, form: FormatOption = Format.table) -> None:
    """Show every assumption of a scenario with its reason and reference."""
    from finmodel.scenarios import read_scenario

    table = read_scenario(name).table.astype(object)
    show(table.where(table.notna(), None).to_dict("records"), form)


@commands.command("diff")
def diff_command(first: Name, second: Name, form: FormatOption = Format.table) -> None:
    """Show which assumptions differ between two scenarios."""
    from finmodel.scenarios import diff, scenarios

    show(diff(*scenarios(first, second).values()).to_dict("records"), form)


@commands.command("run")
def run_command(
    names: Annotated[list[str], typer.Argument(help="Scenarios to run beside the baseline: names or TOML files.")],
    facts: FactsOption = None,
    shipped: ShippedOption = True,
    as_of: AsOfOption = None,
    firm: FirmOption = None,
    horizon: Annotated[int, typer.Option(help="Months.")] = 60,
    every: Annotated[bool, typer.Option("--all", help="Every row, also those by share of an undisclosed exposure.")] = False,
    form: FormatOption = Format.table,
) -> None:
    """Run firms through scenarios: burn, runway, months lost, channels closed."""
    from finmodel.run import run_scenarios
    from finmodel.statements import load_statements

    statements = load_statements(*(facts or ()), shipped=shipped)
    statements = statements.as_of(as_of) if as_of else statements
    show(run_scenarios(statements, names, firm, horizon).records(every=every), form)
