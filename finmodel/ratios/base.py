"""What a ratio is, and the registry that holds them all.

A ratio is a pure function of line items: its parameters name what it needs. ``x_previous`` is line item ``x`` one year earlier; ``days``
is the length of the period. The same function takes numbers, arrays or Series.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from finmodel.registry import Registry

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Ratio:
    """One way of computing one quantity.

    Attributes
    ----------
    quantity : str
        What is computed, such as ``"cost_to_revenue"``.
    variant : str
        Which definition of it.
    unit : str
        ratio, percent, days, or ``currency`` for an amount.
    function : callable
        The arithmetic.
    denominator : str
        Line item whose sign decides whether the level means anything; blank if none.
    proxy : bool
        Whether it stands in for lines that are not disclosed.
    default : bool
        Whether it may be the value shown first, in the order of definition.
    """

    quantity: str
    variant: str
    unit: str
    function: Callable[..., Any]
    denominator: str = ""
    proxy: bool = False
    default: bool = True

    @cached_property
    def operands(self) -> tuple[str, ...]:
        """The line items it needs."""
        return tuple(inspect.signature(self.function).parameters)

    @property
    def formula(self) -> str:
        """The formula as its docstring states it."""
        lines = inspect.cleandoc(self.function.__doc__ or "").splitlines()
        return lines[lines.index("Formula") + 2].strip() if "Formula" in lines else ""


ratios: Registry[Ratio] = Registry("ratio")
"""Every ratio by ``quantity`` or ``quantity: variant``."""


def ratio(
    quantity: str, variant: str = "", *, unit: str = "ratio", denominator: str = "", proxy: bool = False, default: bool = True
) -> Callable[[F], F]:
    """Return a decorator that adds a function of line items to :data:`ratios`."""

    def add(function: F) -> F:
        name = f"{quantity}: {variant}" if variant else quantity
        ratios.add(name, Ratio(quantity, variant, unit, function, denominator, proxy, default))
        return function

    return add


def divide(numerator: Any, denominator: Any) -> Any:
    """Return numerator / denominator, NaN where the denominator is zero.

    Examples
    --------
    >>> float(divide(3.0, 2.0)), float(divide(1.0, 0.0))
    (1.5, nan)
    """
    denominator = np.asarray(denominator, dtype=float)
    return np.asarray(numerator, dtype=float) / np.where(denominator == 0, np.nan, denominator)
