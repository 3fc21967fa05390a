"""``finmodel verify``: the facts held against the document itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from finmodel.cli.app import Format, FormatOption, app, progress_bar, show


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="The document: PDF, HTML, XBRL, a spreadsheet.")],
    firm: Annotated[str | None, typer.Option(help="Whose facts to compare.")] = None,
    facts: Annotated[Path | None, typer.Option(help="Facts file of your own; by default the shipped facts.")] = None,
    document: Annotated[str | None, typer.Option(help="Which document it is, where its checksum is not known.")] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Write the facts with what was learned.")] = None,
    form: FormatOption = Format.table,
) -> None:
    """Compare the facts held with the document: confirmed on which page, contradicted, or not found."""
    from finmodel.data import rows
    from finmodel.facts import read_facts, write_facts
    from finmodel.verify import verify_facts

    with progress_bar(f"reading {file.name}") as step:
        result = verify_facts(file, firm, read_facts(facts) if facts else None, document, step)
    if out:
        write_facts(result.facts, out)
    show(rows(result.table.astype(object).where(result.table.notna(), None)), form)
    if form is Format.table:
        print(result.summary())
        if out:
            changed = "" if result.document else " unchanged: say which document it is with --document"
            print(f"{len(result.facts)} facts written to {out}{changed}")
