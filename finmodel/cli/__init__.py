"""The ``finmodel`` command: one file per stage, each adding its commands to the one application."""

from __future__ import annotations

import sys
from importlib import import_module

import typer

STAGES = ("brief", "documents", "facts", "funding", "pack", "ratios", "restrictions", "scenarios", "survival", "verify")


def application(*stages: str) -> typer.Typer:
    """Return the application with the commands of the named stages, or of all."""
    for stage in stages or STAGES:
        import_module(f"finmodel.cli.{stage}")
    from finmodel.cli.app import app

    return app


def main() -> None:
    """Run the command line; ``restrictions`` is loaded alone, so that a list of any size is read without the memory that pandas takes."""
    application(*(arg for arg in sys.argv[1:2] if arg == "restrictions"))
    from finmodel.cli.app import run

    run()


__all__ = ["application", "main"]
