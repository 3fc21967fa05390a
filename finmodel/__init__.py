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
    "DataError": "errors",
    "Period": "units",
    "Results": "results",
    "build_brief": "brief",
    "build_pack": "pack",
    "check_facts": "facts",
    "RatioResults": "ratios",
    "Statements": "statements",
    "cite": "sources",
    "cash_runway": "runway",
    "ScenarioResults": "run",
    "compute_coverage": "coverage",
    "compute_ratios": "ratios",
    "cost_to_revenue_multiverse": "ratios.multiverse",
    "documents": "sources",
    "find_document": "sources",
    "find_firm": "firms",
    "load": "loaders",
    "load_statements": "statements",
    "read_scenario": "scenarios",
    "run_scenarios": "run",
    "read_scenarios": "scenarios",
    "read_facts": "facts",
    "save_figure": "figures",
    "verify_facts": "verify",
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
