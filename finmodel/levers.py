"""What a scenario may change: levers, channels of funding and investor classes, closed vocabularies of ``data/``."""

from __future__ import annotations

from functools import cache

import pandas as pd

from finmodel.data import read_table

AS_OF = "as_of"
"""Start of a change that is supposed to begin on the as-of day; a calendar day says that it happened then."""
KINDS = ("direct", "response")


@cache
def levers() -> pd.DataFrame:
    """Return the closed vocabulary of levers, indexed by name (``data/levers.csv``)."""
    return read_table("levers").set_index("lever")


@cache
def lever(name: str) -> dict[str, str]:
    """Return one lever's name, family, unit, effects, harm and what it applies to."""
    return {str(k): str(v) for k, v in levers().loc[name].items()}


@cache
def channel(name: str) -> dict[str, str]:
    """Return one channel's name, stage, instrument, currency, state_support and meaning."""
    return {str(k): str(v) for k, v in channels().loc[name].items()}


@cache
def channels() -> pd.DataFrame:
    """Return the channels of funding, indexed by name (``data/channels.csv``)."""
    return read_table("channels").set_index("channel")


@cache
def investor_classes() -> pd.DataFrame:
    """Return the investor classes, indexed by name (``data/investor_classes.csv``)."""
    return read_table("investor_classes").set_index("investor_class")
