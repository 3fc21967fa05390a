"""Documents into facts: ``extract``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from finmodel.cli.app import app, progress_bar

MOST_SHOWN = 100
"""Failed checks that are printed one by one."""


@app.command()
def extract(
    file: Annotated[Path, typer.Argument(help="A report, prospectus, XBRL file or table; chosen by content, not by suffix.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The facts as CSV.")],
    firm: Annotated[str | None, typer.Option(help="Whose figures they are; by default a name made from the file name.")] = None,
    review: Annotated[Path | None, typer.Option(help="PDF of the pages read, every figure boxed and numbered.")] = None,
) -> None:
    """Read the figures of a document into a facts table, check their arithmetic, and show where each was read."""
    from finmodel.facts import write_facts
    from finmodel.loaders import load
    from finmodel.loaders.identities import check_identities

    with progress_bar(f"reading {file.name}") as step:
        facts = load(file, firm, step)
    if review:
        from finmodel.loaders.review import write_review

        write_review(file, facts, review)
    write_facts(facts, out)
    _report(facts.attrs["checks"] if "checks" in facts.attrs else check_identities(facts))
    print(f"{len(facts)} figures written to {out}")


def _report(checks: list[dict[str, Any]]) -> None:
    """Print what the arithmetic checks found to standard error; a failed check shows the figures involved."""
    failed = [c for c in checks if not c["passed"]]
    if checks:
        print(f"{len(checks) - len(failed)} of {len(checks)} arithmetic checks hold", file=sys.stderr)
    for check in failed[:MOST_SHOWN]:
        print(
            f"FAILED {check['statement']} {check['period_end']}: {check['check']}: {check['left']:,.15g} against {check['right']:,.15g}"
            f" (difference {check['difference']:,.15g}); figures as printed: {check['cells']}",
            file=sys.stderr,
        )
    if len(failed) > MOST_SHOWN:
        print(f"and {len(failed) - MOST_SHOWN} more", file=sys.stderr)
