"""Financial-health modelling of firms under investment restrictions.

>>> import finmodel as fm
>>> fm.Period.parse("FY 2020").months
12
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
    "a_share_context": "ratios.context",
    "build_brief": "brief",
    "build_pack": "pack",
    "cash_runway": "runway",
    "CashModel": "cashflow",
    "check_facts": "facts",
    "cite": "sources",
    "compute_coverage": "coverage",
    "compute_ratios": "ratios",
    "cost_to_revenue_multiverse": "ratios.multiverse",
    "DataError": "errors",
    "decide": "restrictions",
    "Decision": "restrictions",
    "diff_lists": "restrictions",
    "documents": "sources",
    "elasticity_sweep": "pricing",
    "estimate_parameters": "estimate",
    "find_document": "sources",
    "find_firm": "firms",
    "funding_access": "funding",
    "listing_gates": "restrictions",
    "listing_outlook": "listing",
    "load": "loaders",
    "load_list": "restrictions",
    "load_statements": "statements",
    "offering": "pricing",
    "Period": "units",
    "RatioResults": "ratios",
    "read_facts": "facts",
    "read_scenario": "scenarios",
    "read_scenarios": "scenarios",
    "replay_outcomes": "replay",
    "restriction_timeline": "restrictions",
    "Results": "results",
    "run_scenarios": "run",
    "save_figure": "figures",
    "ScenarioResults": "run",
    "Statements": "statements",
    "SurvivalResults": "survival",
    "Transaction": "restrictions",
    "us_person_grid": "restrictions",
    "verify_facts": "verify",
    "who_may_buy": "restrictions",
    "write_facts": "facts",
}
"""Public name -> module that defines it; loaded when first used, so that ``import finmodel`` stays cheap."""

__all__ = ["__version__", *sorted(_PUBLIC)]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'finmodel' has no attribute {name!r}; public names: {', '.join(sorted(_PUBLIC))}")
    return getattr(importlib.import_module(f"finmodel.{_PUBLIC[name]}"), name)


def __dir__() -> list[str]:
    return __all__
