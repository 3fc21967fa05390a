"""The ``finmodel`` command: one file per stage, each adding its commands to :data:`app`."""

from finmodel.cli import brief, facts, funding, ratios, scenarios
from finmodel.cli.app import app, main

__all__ = ["app", "brief", "facts", "funding", "main", "ratios", "scenarios"]
