"""``finmodel survival``: when the money runs out, with the Monte Carlo error."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import numpy as np
import typer

from finmodel.cli.app import AllOption, Format, FormatOption, app, firm_names, show, takes_statements
from finmodel.errors import DataError
from finmodel.statements import Statements
from finmodel.survival import COLUMNS


@app.command("survival")
@takes_statements
def show_survival(
    statements: Statements,
    firm: Annotated[list[str], typer.Option("--firm", help="Only this firm; may be repeated. The others still inform it.")] = [],  # noqa: B006
    horizon: Annotated[int, typer.Option(help="Quarters from the date of the last accounts.")] = 20,
    paths: Annotated[int, typer.Option(help="Simulated paths.")] = 100_000,
    seed: Annotated[int, typer.Option(help="Same seed, same answer.")] = 7,
    threads: Annotated[int, typer.Option(help="Worker threads; they change nothing but the time.")] = 1,
    by: Annotated[str, typer.Option(help="Also: what must arrive, and by when, to live to this day (YYYY-MM-DD).")] = "",
    probability: Annotated[float, typer.Option(help="Probability of cash-out by that day that is accepted.")] = 0.05,
    every: AllOption = False,
    form: FormatOption = Format.table,
) -> None:
    """Simulate when a firm's liquid funds run out."""
    from finmodel.cashflow import CashModel

    records: list[dict[str, Any]] = []
    assumed: dict[str, None] = {}
    held: dict[str, None] = {}
    for name in firm_names(firm, statements) or statements.firms:
        try:
            model = CashModel.fit(statements, name)
        except DataError as error:
            if firm:
                raise
            records.append(_not_computable(name, str(error)))
            continue
        with _Progress(name) as progress:
            result = model.simulate(horizon, paths, seed, threads=threads, progress=progress.report)
        records += result.records(every)
        amounts = result.outcome.names if np.isnan(model.liquid_funds) else (None,)
        for scenario in amounts if by else ():
            records += result.funding_gap(probability, by, scenario).records(every)
        assumed |= dict.fromkeys(result.assumptions)
        held |= dict.fromkeys(filter(None, [result.hindsight()]))
    show(records, form)
    if form is Format.table:
        print("\n".join([*(f"Assumed: {text}" for text in assumed), *held]))


def _not_computable(firm: str, reason: str) -> dict[str, Any]:
    blank = {**dict.fromkeys(COLUMNS[:-1], ""), "value": None, "quarter": None, "error": None}
    return {**blank, "firm": firm, "quantity": "cash_out", "status": "not computable", "reason": reason}


class _Progress:
    """A bar on the error stream, where that is a terminal."""

    def __init__(self, firm: str) -> None:
        from rich.console import Console
        from rich.progress import Progress

        self.bar = Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())
        self.task = self.bar.add_task(firm, total=None)

    def report(self, done: int, total: int) -> None:
        self.bar.update(self.task, completed=done, total=total)

    def __enter__(self) -> _Progress:
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()
