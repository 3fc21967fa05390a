"""``finmodel figure`` and ``finmodel pack``: one chart with its numbers, or all of them bound into a PDF."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, cast

import typer

import finmodel
from finmodel.cli.app import app, progress_bar, takes_statements
from finmodel.statements import Statements

Language = Literal["en", "zh"]
LanguageOption = Annotated[str, typer.Option(help="en, or zh for names in Chinese (needs a Chinese typeface on the system).")]


@app.command("figure")
@takes_statements
def write_figure(
    statements: Statements,
    name: Annotated[str, typer.Argument(help="Name of the figure; a wrong one lists them all.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="File to write: .png, .svg or .pdf; the numbers go into a .csv beside it.")
    ],
    language: LanguageOption = "en",
) -> None:
    """Draw one chart and write the numbers in it as CSV beside it."""
    from finmodel.figures import draw, save_figure

    save_figure(draw(name, statements, language=_language(language)), output)
    print(f"wrote {output} and {output.with_suffix('.csv').name}")


@app.command("pack")
@takes_statements
def write_pack(
    statements: Statements,
    output: Annotated[Path, typer.Option("--output", "-o", help="PDF to write.")] = Path("pack.pdf"),
    language: LanguageOption = "en",
) -> None:
    """Draw every page from the facts and bind them into one PDF."""
    with progress_bar("Pages") as step:
        finmodel.build_pack(output, statements, language=_language(language), progress=step)
    print(f"wrote {output}")


def _language(given: str) -> Language:
    if given not in ("en", "zh"):
        raise ValueError(f"unknown language {given!r}: en or zh")
    return cast("Language", given)
