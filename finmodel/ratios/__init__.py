"""Ratios: pure functions of line items, a module per theme; :func:`compute_ratios` applies them to statements.

To add one, write a decorated function in its theme's module; its parameters name the line items it needs.
"""

from finmodel.ratios import cost, dependence, liquidity, profit
from finmodel.ratios.base import Ratio, ratio, ratios
from finmodel.ratios.compute import RatioResults, compute_ratios

__all__ = ["Ratio", "RatioResults", "compute_ratios", "cost", "dependence", "liquidity", "profit", "ratio", "ratios"]
