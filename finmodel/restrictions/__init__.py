"""Who may do what with which security on which day: rules as data, decisions with citations.

Three things stay apart: the rule (``data/restrictions/*.toml``), who is designated since when (``data/designations.csv``), and what an
offering's own terms or practice closed (``data/offering_terms.csv``).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from finmodel.restrictions.access import in_force, listing_gates, publicly_traded, restriction_timeline, us_person_grid, who_may_buy
    from finmodel.restrictions.engine import Decision, Finding, decide, decide_cases
    from finmodel.restrictions.lists import diff_lists, load_list
    from finmodel.restrictions.transactions import Transaction, read_cases

_WHERE = {
    "access": ("in_force", "listing_gates", "publicly_traded", "restriction_timeline", "us_person_grid", "who_may_buy"),
    "engine": ("Decision", "Finding", "decide", "decide_cases"),
    "lists": ("diff_lists", "load_list"),
    "transactions": ("Transaction", "read_cases"),
}

__all__ = [
    "Decision",
    "Finding",
    "Transaction",
    "decide",
    "decide_cases",
    "diff_lists",
    "in_force",
    "listing_gates",
    "load_list",
    "publicly_traded",
    "read_cases",
    "restriction_timeline",
    "us_person_grid",
    "who_may_buy",
]


def __getattr__(name: str) -> Any:
    for module, names in _WHERE.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
