"""The application object, its error handling and the options that every command shares."""

from __future__ import annotations

import inspect
import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from finmodel.data import csv_text
from finmodel.errors import DataError

if TYPE_CHECKING:
    from finmodel.statements import Statements

app = typer.Typer(
    name="finmodel",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
    help="Financial health of firms under investment restrictions: the number, its definition, the page, how sure, the chart.",
)


class Format(StrEnum):
    """How a command prints its table."""

    table = "table"
    csv = "csv"
    json = "json"


FormatOption = Annotated[Format, typer.Option("--format", help="How to print: table, csv or json.")]
AllOption = Annotated[bool, typer.Option("--all", help="Every variant, basis and vintage, not only the one shown first.")]

_STATEMENTS: dict[str, tuple[Any, Any]] = {
    "facts": (
        Annotated[list[Path], typer.Option("--facts", help="Facts file of your own (CSV); may be repeated.", show_default=False)],
        [],
    ),
    "no_shipped": (Annotated[bool, typer.Option("--no-shipped", help="Leave the shipped facts out.")], False),
    "as_of": (Annotated[str, typer.Option("--as-of", help="Day (YYYY-MM-DD): only what had been published by then.")], ""),
    "firm": (Annotated[list[str], typer.Option("--firm", help="Only this firm; may be repeated.", show_default=False)], []),
}
"""The options that choose the statements: the same four for every command."""


def takes_statements(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options ``--facts``, ``--no-shipped``, ``--as-of`` and ``--firm``, and the statements that they choose.

    The command's first parameter, ``statements``, is filled; the rest are its own arguments and options.
    """
    own = inspect.signature(function, eval_str=True)
    rest = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for name, p in own.parameters.items() if name != "statements"]
    shared = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for name, (kind, default) in _STATEMENTS.items()
        if name not in own.parameters
    ]

    @wraps(function)
    def command(**given: Any) -> None:
        from finmodel.statements import load_statements

        chosen = {p.name: given.pop(p.name) for p in shared}
        statements = load_statements(*chosen["facts"], shipped=not chosen["no_shipped"])
        if chosen["as_of"]:
            first = statements.facts["published_on"].min()
            statements = statements.as_of(chosen["as_of"])
            if statements.facts.empty:
                raise ValueError(f"no figure had been published by {chosen['as_of']}; the first was on {first}")
        if chosen.get("firm"):
            statements = statements.select(firm_names(chosen["firm"], statements))
        function(statements, **given)

    command.__signature__ = inspect.Signature([*rest, *shared])  # type: ignore[attr-defined]
    command.__annotations__ = {p.name: p.annotation for p in (*rest, *shared)}
    del command.__wrapped__
    return command


def firm_names(given: list[str], statements: Statements) -> list[str]:
    """Return the short names of firms that are given by short name, name or alias."""
    from finmodel.firms import find_firm

    names = []
    for name in given:
        try:
            names.append(name if name in statements.firms else find_firm(name).firm)
        except LookupError:
            names.append(name)
    return names


def run() -> None:
    """Run the command line; bad data and bad calls end with exit code 2, one message and no traceback."""
    try:
        app()
    except (DataError, LookupError, ValueError, OSError) as error:
        print(f"finmodel: {_plainly(error)}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("finmodel: interrupted", file=sys.stderr)
        sys.exit(130)


def _plainly(error: Exception) -> str:
    """Return the message of an error; of the system's own, what it is about and what to do."""
    if isinstance(error, OSError) and error.filename is not None:
        said = {
            FileNotFoundError: "no file {}: check the name and the folder",
            IsADirectoryError: "{} is a folder: name a file in it",
            NotADirectoryError: "{} lies in something that is no folder",
            PermissionError: "no permission to read or write {}",
        }
        if type(error) in said:
            return said[type(error)].format(error.filename)
    return str(error.args[0] if isinstance(error, KeyError) else error)


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """Give a callback ``(done, of)`` that draws a progress bar on standard error once a second has passed."""
    from rich.console import Console
    from rich.progress import Progress

    started = time.monotonic()
    bar = Progress(console=Console(stderr=True), transient=True)
    task = bar.add_task(what, total=None)

    def step(done: int, of: int) -> None:
        if not bar.live.is_started and time.monotonic() - started > 1:
            bar.start()
        bar.update(task, completed=done, total=of)

    try:
        yield step
    finally:
        if bar.live.is_started:
            bar.stop()


def show(records: list[dict[str, Any]], form: Format) -> None:
    """Print records as a table, CSV or JSON (a list; null where there is no value)."""
    if form is Format.json:
        print(json.dumps(records, ensure_ascii=False, indent=1, allow_nan=False))
    elif form is Format.csv:
        print(csv_text(records), end="")
    else:
        _print_table(records)


def _print_table(records: list[dict[str, Any]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    columns = list(dict.fromkeys(k for r in records for k in r if any(x.get(k) not in (None, "") for x in records)))
    same = [k for k in columns if k != "value" and len(records) > 2 and len({r.get(k) for r in records}) == 1]
    columns = [k for k in columns if k not in same]
    table = Table(box=box.SIMPLE_HEAD)
    for name in columns:
        numeric = all(isinstance(r.get(name), (int, float)) or r.get(name) is None for r in records)
        table.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for record in records:
        table.add_row(*(_cell(record.get(name)) for name in columns))
    console = Console()
    if not console.is_terminal:
        console = Console(width=200)
    for name in same:  # said once, above
        console.print(f"{name}: {_cell(records[0][name])}", markup=False, highlight=False)
    console.print(table, markup=False) if records else print("nothing to show")


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"
    return _short_addresses(str(value))


def _short_addresses(text: str) -> str:
    """Return web addresses as their hosts, so that a table stays readable; CSV and JSON hold them whole."""
    found = re.findall(r"https?://\S+", text)
    if not found:
        return text
    hosts = dict.fromkeys(re.sub(r"https?://(www\.)?([^/\s]+).*", r"\2", one) for one in found)
    rest = re.sub(r"\s*[|;]?\s*https?://\S+", "", text).strip(" |;")
    return "; ".join(x for x in (rest, ", ".join(hosts)) if x)
