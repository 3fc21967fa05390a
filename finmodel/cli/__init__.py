"""The ``finmodel`` command: one file per stage, each adding its commands to :data:`app`."""

from finmodel.cli import brief, documents, facts, pack, ratios, verify
from finmodel.cli.app import app, main

__all__ = ["app", "brief", "documents", "facts", "main", "pack", "ratios", "verify"]
