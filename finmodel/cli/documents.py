"""Documents into facts: ``extract``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from finmodel.cli.app import app


@app.command()
def extract(
    file: Annotated[Path, typer.Argument(help="A report, prospectus, XBRL file or table.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The facts as CSV.")],
    firm: Annotated[str | None, typer.Option(help="Whose figures they are.")] = None,
) -> None:
    """Read the figures of a document into a facts table."""
    from finmodel.facts import write_facts
    from finmodel.loaders import load

    facts = load(file, firm)
    write_facts(facts, out)
    print(f"{len(facts)} figures written to {out}")
