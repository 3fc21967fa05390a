"""``finmodel scenarios``: list, show, run and compare scenarios."""

from __future__ import annotations

from typing import Annotated

import typer

from finmodel.cli.app import AllOption, Format, FormatOption, app, progress_bar, show, takes_statements
from finmodel.data import rows
from finmodel.scenarios import diff, read_scenario, read_scenarios
from finmodel.statements import Statements

commands = typer.Typer(no_args_is_help=True, help="Named, dated, argued assumptions: what they suppose and what they lead to.")
app.add_typer(commands, name="scenarios")

Name = Annotated[str, typer.Argument(help="Name of a shipped scenario, or a TOML file.")]
HorizonOption = Annotated[int, typer.Option(help="Months.")]
PathsOption = Annotated[int, typer.Option(min=128, help="Paths of the cash model.")]
SeedOption = Annotated[int, typer.Option(help="Seed of the paths.")]
FundsOption = Annotated[float | None, typer.Option(help="Liquid funds in CNY, in place of what is disclosed or where nothing is.")]
SharesOption = Annotated[
    list[str], typer.Option("--share", help="Exposure assumed, such as us_revenue_share=0.1; may be repeated.", show_default=False)
]
ResponsesOption = Annotated[
    bool, typer.Option("--responses", help="Let responses count (state support, cost cuts); else they are held fixed.")
]

_PROJECTED = ("firm", "scenario", "quantity", "variant", "exposure", "share", "value", "low", "high", "unit", "reason")
_SIMULATED = (
    "firm", "scenario", "quantity", "liquid_funds", "exposure", "share", "value", "error", "difference", "direct", "response",
    "difference_error", "unit", "reason", "note",
)  # fmt: skip


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
    table = read_scenario(name).table.astype(object)
    show(rows(table.where(table.notna(), None)), form)


@commands.command("diff")
def diff_command(first: Name, second: Name, form: FormatOption = Format.table) -> None:
    """Show which assumptions differ between two scenarios."""
    show(rows(diff(read_scenario(first), read_scenario(second))), form)


@commands.command("run")
@takes_statements
def run_command(
    statements: Statements,
    names: Annotated[list[str], typer.Argument(help="Scenarios to run beside the baseline: names or TOML files.")],
    horizon: HorizonOption = 60,
    paths: Annotated[int, typer.Option(help="Paths of the cash model; 0 for the deterministic form.")] = 0,
    seed: SeedOption = 7,
    liquid_funds: FundsOption = None,
    share: SharesOption = [],  # noqa: B006
    every: AllOption = False,
    form: FormatOption = Format.table,
) -> None:
    """Run firms through scenarios: burn, runway, months lost, channels closed; with paths, cash-out, funding gap and proceeds."""
    from finmodel.run import run_scenarios

    with progress_bar("Paths") as step:
        result = run_scenarios(statements, names, None, horizon, paths or None, seed, liquid_funds, _shares(share), progress=step)
    records = result.records(every)
    if form is Format.table:
        columns = _SIMULATED if paths else _PROJECTED
        records = [{c: r[c] for c in columns} for r in records]
    show(records, form)


@commands.command("attribute")
@takes_statements
def attribute_command(
    statements: Statements,
    name: Name,
    horizon: HorizonOption = 60,
    paths: PathsOption = 100_000,
    seed: SeedOption = 7,
    liquid_funds: FundsOption = None,
    share: SharesOption = [],  # noqa: B006
    responses: ResponsesOption = False,
    form: FormatOption = Format.table,
) -> None:
    """Share what a scenario costs among its restrictions: runway lost, cash-out within 24 months, funding gap."""
    from finmodel.run import attribution

    with progress_bar("Subsets") as step:
        found = attribution(statements, name, None, horizon, paths, seed, liquid_funds, _shares(share), responses, progress=step)
    show(found.records(), form)


@commands.command("tornado")
@takes_statements
def tornado_command(
    statements: Statements,
    name: Name,
    horizon: HorizonOption = 60,
    paths: PathsOption = 16_384,
    seed: SeedOption = 7,
    liquid_funds: FundsOption = None,
    share: SharesOption = [],  # noqa: B006
    form: FormatOption = Format.table,
) -> None:
    """Show how far the runway lost moves with each assumption, one at a time."""
    from finmodel.run import run_scenarios

    result = run_scenarios(statements, [name], None, horizon, paths, seed, liquid_funds, _shares(share))
    show(result.tornado(read_scenario(name).name).records(), form)


@commands.command("sensitivity")
@takes_statements
def sensitivity_command(
    statements: Statements,
    name: Name,
    horizon: HorizonOption = 60,
    seed: SeedOption = 7,
    points: Annotated[int, typer.Option(help="Base sample, a power of two.")] = 128,
    liquid_funds: FundsOption = None,
    share: SharesOption = [],  # noqa: B006
    form: FormatOption = Format.table,
) -> None:
    """Show first and total Sobol indices of the runway lost, by group of assumptions."""
    from finmodel.run import run_scenarios

    result = run_scenarios(statements, [name], None, horizon, 2048, seed, liquid_funds, _shares(share))
    show(result.sensitivity(read_scenario(name).name, points=points).records(), form)


def _shares(given: list[str]) -> dict[str, float]:
    out = {}
    for text in given:
        name, _, share = text.partition("=")
        try:
            out[name] = float(share)
        except ValueError:
            raise ValueError(f"--share {text!r} is not written name=share, such as us_revenue_share=0.1") from None
    return out
