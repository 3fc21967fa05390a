"""``finmodel brief FIRM``: one firm in quotable sentences."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from finmodel.brief import build_brief
from finmodel.cli.app import Format, FormatOption, app, show, takes_statements
from finmodel.statements import Statements


@app.command("brief")
@takes_statements
def show_brief(
    statements: Statements,
    name: Annotated[str, typer.Argument(metavar="FIRM", help="Short name, name or alias of the firm.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write the text to this file instead.")] = None,
    form: FormatOption = Format.table,
) -> None:
    """Write the brief of one firm: the number, its definition, the document, how sure, the restrictions."""
    result = build_brief(statements, name)
    if output is not None:
        from finmodel.data import written

        with written(output) as temporary:
            temporary.write_text(result.summary() + "\n", encoding="utf-8")
    elif form is Format.table:
        print(result.summary())
    else:
        show(result.records(), form)
