"""The application object, its error handling and the options that every command shares."""

from __future__ import annotations

import csv
import io
import json
import sys
from enum import StrEnum
from typing import Annotated, Any

import typer

from finmodel.errors import DataError

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


def main() -> None:
    """Run the command line; bad data and bad calls end with exit code 2, one message and no traceback."""
    try:
        app()
    except (DataError, LookupError, ValueError, OSError) as error:
        print(f"finmodel: {error.args[0] if isinstance(error, KeyError) else error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("finmodel: interrupted", file=sys.stderr)
        sys.exit(130)


def show(records: list[dict[str, Any]], form: Format) -> None:
    """Print records as a table, CSV or JSON (a list; null where there is no value)."""
    if form is Format.json:
        print(json.dumps(records, ensure_ascii=False, indent=1, allow_nan=False))
    elif form is Format.csv:
        buffer = io.StringIO()
        columns = list(dict.fromkeys(k for r in records for k in r))
        writer = csv.DictWriter(buffer, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows({k: _safe(v) for k, v in r.items()} for r in records)
        print(buffer.getvalue(), end="")
    else:
        _print_table(records)


def _safe(value: Any) -> Any:
    """Return text that a spreadsheet does not take for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+@\t\r" else value


def _print_table(records: list[dict[str, Any]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    columns = list(dict.fromkeys(k for r in records for k in r if any(x.get(k) not in (None, "") for x in records)))
    table = Table(box=box.SIMPLE_HEAD)
    for name in columns:
        numeric = all(isinstance(r.get(name), (int, float)) or r.get(name) is None for r in records)
        table.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for record in records:
        table.add_row(*(_cell(record.get(name)) for name in columns))
    console = Console()
    if not console.is_terminal:
        console = Console(width=200)
    console.print(table, markup=False) if records else print("nothing to show")


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"
    return str(value)
