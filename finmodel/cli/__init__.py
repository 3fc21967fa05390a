"""The ``finmodel`` command: one file per stage, each adding its commands to :data:`app`."""

import finmodel.cli.brief
import finmodel.cli.documents
import finmodel.cli.facts
import finmodel.cli.funding
import finmodel.cli.pack
import finmodel.cli.ratios
import finmodel.cli.restrictions
import finmodel.cli.scenarios
import finmodel.cli.survival
import finmodel.cli.verify
from finmodel.cli.app import app, main

__all__ = ["app", "main"]
