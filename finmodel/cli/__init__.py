"""The ``finmodel`` command: one file per stage, each adding its commands to :data:`app`."""

from finmodel.cli import documents as documents
from finmodel.cli.app import app, main

__all__ = ["app", "main"]
