"""``finmodel figure`` and ``finmodel pack``: one chart with its numbers, and the whole PDF."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from finmodel.cli.app import app, takes_statements
from finmodel.statements import Statements

LanguageOption = Annotated[str, typer.Option("--language", help="en, or zh (needs a Chinese typeface on the system).")]


@app.command("figure")
@takes_statements
def write_figure(
    statements: Statements,
    name: Annotated[str, typer.Argument(help="The figure; 'finmodel figure list' lists them.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where to write: .png, .svg or .pdf; a CSV of the numbers beside it.")] = None,
    language: LanguageOption = "en",
) -> None:
    """Write one figure as PNG, SVG or PDF, and the numbers in it as CSV beside it."""
    from finmodel.figures import draw, plots, save_figure

    if name == "list":
        for each, drawing in plots.items():
            print(f"{each:24} {(drawing.__doc__ or '').splitlines()[0]}")
        return
    path = output or Path(f"{name}.svg")
    save_figure(draw(name, statements, language=language), path)
    print(f"{path} and {path.with_suffix('.csv')}")


@app.command("pack")
@takes_statements
def write_pack(
    statements: Statements,
    output: Annotated[Path, typer.Option("--output", "-o", help="Where to write the PDF.")] = Path("pack.pdf"),
    language: LanguageOption = "en",
) -> None:
    """Write the PDF pack: every figure on its page, with words, sources and an outline."""
    from rich.console import Console
    from rich.progress import Progress

    from finmodel.pack import build_pack

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("pages", total=None)
        build_pack(output, statements, language, lambda done, of: bar.update(task, completed=done, total=of))
    print(output)
