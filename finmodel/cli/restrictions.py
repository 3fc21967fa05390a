"""``finmodel restrictions``: what is in force, who may do what on which day, and lists as downloaded."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from finmodel.cli.app import Format, FormatOption, app, show
from finmodel.data import csv_text, rows, write_csv, written
from finmodel.restrictions.engine import CONTESTED, decide, decide_cases
from finmodel.restrictions.lists import diff_lists, load_list, read_list
from finmodel.restrictions.regimes import load_regimes
from finmodel.restrictions.transactions import DEFAULTS, Transaction
from finmodel.restrictions.words import words

if TYPE_CHECKING:
    from finmodel.results import Results

commands = typer.Typer(no_args_is_help=True, help="The law: what is in force for a firm, and who may do what on which day.")
app.add_typer(commands, name="restrictions")

Firm = Annotated[str, typer.Argument(help="Firm, by any of its names.")]
Day = Annotated[str, typer.Option("--on", help="Day (YYYY-MM-DD).")]
Contested = Annotated[str, typer.Option(help=f"How to read a listing that names another member of the group: {', '.join(CONTESTED)}.")]
Every = Annotated[bool, typer.Option("--all", help="Also entries of lists that no regime here uses.")]
Output = Annotated[Path | None, typer.Option("-o", "--output", help="CSV file to write instead of printing.")]


def _takes_transaction(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command one option per field of a transaction, gathered in its first parameter ``given``."""
    own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
    shared = [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default="",
            annotation=Annotated[str, typer.Option("--" + field.name.replace("_", "-"), help=_meaning(field.name))],
        )
        for field in fields(Transaction)
    ]

    @wraps(function)
    def command(**options: Any) -> None:
        given = {p.name: options.pop(p.name) for p in shared}
        function(given, **options)

    own = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own]
    command.__signature__ = inspect.Signature([*shared, *own])  # type: ignore[attr-defined]
    command.__annotations__ = {p.name: p.annotation for p in (*shared, *own)}
    del command.__wrapped__
    return command


def _meaning(name: str) -> str:
    if name in words():
        return f"One of: {', '.join(words()[name])}." + (f" Taken as {DEFAULTS[name]} where not given." if name in DEFAULTS else "")
    return {"issuer": "Firm or legal name.", "fund_commitment_usd": "Committed capital in USD."}.get(name, "Day (YYYY-MM-DD).")


def _show(results: Results, columns: str, form: Format) -> None:
    """Print a result: every column as CSV or JSON, the named ones as a table, with what it says of itself beneath."""
    records = results.records()
    if form is not Format.table:
        show(records, form)
        return
    print(results.title)
    show([{name: record[name] for name in columns.split()} for record in records], form)
    print("\n".join((results.definition, *results.assumptions)))


@commands.command("list")
def list_command(form: FormatOption = Format.table) -> None:
    """List the regimes: what each forbids to whom, what it does not forbid, and the day to which it was checked."""
    show(
        [
            {
                "regime": r.name,
                "title": r.title,
                "summary": r.summary,
                "does_not_forbid": "; ".join(r.does_not_forbid),
                "verified_to": r.verified_to.isoformat(),
                "url": r.url,
            }
            for r in load_regimes().values()
        ],
        form,
    )


@commands.command("show")
def show_command(firm: Firm, on: Day = "", form: FormatOption = Format.table) -> None:
    """Show what is in force for a firm on a day; without a day, on the last day to which the law was checked."""
    from finmodel.restrictions.access import in_force

    day = on or min(r.verified_to for r in load_regimes().values())
    _show(in_force(firm, day), "quantity listed_name relation listed_on effective_on divest_by window forbids citation", form)


@commands.command("timeline")
def timeline_command(firm: Firm, form: FormatOption = Format.table) -> None:
    """Show a firm's designations, the measures that touch it, and its events in order of time."""
    from finmodel.restrictions.access import restriction_timeline

    _show(restriction_timeline(firm), "period quantity note status", form)


@commands.command("decide")
@_takes_transaction
def decide_command(
    given: dict[str, str],
    regime: Annotated[list[str] | None, typer.Option("--regime", help="Only this regime; may be repeated.")] = None,
    cases: Annotated[Path | None, typer.Option("--cases", help="CSV of transactions, in place of the options above.")] = None,
    output: Output = None,
    contested: Contested = "unclear",
    form: FormatOption = Format.table,
) -> None:
    """Decide one transaction, or with --cases a file of them, each with its reason and citation."""
    if cases is not None:
        table = decide_cases(cases, regime, contested)
        if output is None:
            show(rows(table), form)
            return
        with written(output) as temporary:
            write_csv(table, temporary)
        print(f"{output}: {len(table)} transactions decided")
        return
    decision = decide(Transaction(**given), regime, contested)
    if form is Format.table:
        print(decision)
        assumed = [f"{name.replace('_', ' ')} {default}" for name, default in DEFAULTS.items() if not given[name]]
        if assumed:
            print(f"  assumed, as it was not given: {', '.join(assumed)}")
    else:
        show(decision.records(), form)


@commands.command("who-may-buy")
def who_may_buy_command(
    firm: Firm,
    on: Day,
    instrument: Annotated[list[str] | None, typer.Option("--instrument", help="Only this instrument; may be repeated.")] = None,
    contested: Contested = "unclear",
    form: FormatOption = Format.table,
) -> None:
    """Show which investors may buy a firm's securities on a day: by law, by contract, in practice."""
    from finmodel.restrictions.access import who_may_buy

    _show(who_may_buy(firm, on, instrument, contested), "investor variant answer note contractual practical citation", form)


@commands.command("gates")
def gates_command(
    firm: Firm,
    venue: Annotated[str, typer.Argument(help="HKEX, STAR, SSE, SZSE, ChiNext, NYSE, NASDAQ or LSE.")],
    on: Day,
    form: FormatOption = Format.table,
) -> None:
    """Show what a firm's own listing has to pass at a venue on a day."""
    from finmodel.restrictions.access import listing_gates

    _show(listing_gates(firm, venue, on), "quantity gate binds status citation", form)


@commands.command("grid")
def grid_command(contested: Contested = "unclear", form: FormatOption = Format.table) -> None:
    """Show what a US person could do with each firm's shares on the first of every quarter, 2019 to 2026."""
    from finmodel.restrictions.access import us_person_grid

    _show(us_person_grid(contested=contested), "firm period quantity variant answer status citation", form)


@commands.command("load")
def load_command(
    path: Annotated[Path, typer.Argument(help="OFAC cons_prim.csv or advanced XML, or trade.gov consolidated list (CSV, JSON).")],
    every: Every = False,
    output: Output = None,
    form: FormatOption = Format.table,
) -> None:
    """Turn a downloaded list into designations."""
    records = read_list(path, every)
    if output is None:
        show(records, form)
    else:
        with written(output) as temporary:
            temporary.write_text(csv_text(records), encoding="utf-8", newline="")
        print(f"{output}: {len(records)} designations")


@commands.command("diff")
def diff_command(
    old: Annotated[Path, typer.Argument(help="Earlier list file.")],
    new: Annotated[Path, typer.Argument(help="Later list file.")],
    every: Every = False,
    form: FormatOption = Format.table,
) -> None:
    """Show what changed between two downloaded lists: names added and removed, and every changed entry."""
    before, after = load_list(old, every), load_list(new, every)
    changes = diff_lists(before, after)
    if form is Format.table:
        print(f"{old}: {len(before)} designations; {new}: {len(after)}; {len(changes)} changes")
    if len(changes) or form is not Format.table:
        show(rows(changes), form)
