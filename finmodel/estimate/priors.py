"""What is believed of a parameter before a firm's facts are read: the shipped priors and how much ratios move from year to year."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import special

from finmodel.data import read_table, rows

Array = NDArray[np.float64]

_FORWARD: dict[str, Callable[[Array], Array]] = {"identity": lambda z: z, "log": np.exp, "logit": special.expit}
_BACK: dict[str, Callable[[Array], Array]] = {"identity": lambda x: x, "log": np.log, "logit": special.logit}


@dataclass(frozen=True)
class Prior:
    """A normal distribution on a transformed scale.

    Attributes
    ----------
    name : str
        What it is a prior of.
    transform : str
        identity, log (positive quantities) or logit (shares).
    mean, sd : float
        On the transformed scale.

    Examples
    --------
    >>> Prior("loss_rate", "log", -3.0, 1.0).natural(np.array([-3.0])).round(4)
    array([0.0498])
    """

    name: str
    transform: str
    mean: float
    sd: float

    def natural(self, z: Array) -> Array:
        """Return values on the natural scale."""
        return _FORWARD[self.transform](z)

    def transformed(self, x: Array) -> Array:
        """Return values on the scale on which the prior is normal."""
        return _BACK[self.transform](x)

    def scaled(self, factor: float) -> Prior:
        """Return the prior with its standard deviation multiplied by `factor`."""
        return replace(self, sd=self.sd * factor)

    def draw(self, rng: np.random.Generator, n: int) -> Array:
        """Return `n` draws on the natural scale."""
        return self.natural(rng.normal(self.mean, self.sd, n))


@cache
def shipped_priors() -> dict[str, Prior]:
    """Return the priors of ``data/priors.csv`` (made by ``benchmarks/make_priors.py``), by name."""
    table = [r for r in rows(read_table("priors")) if r["distribution"] == "normal"]
    return {r["parameter"]: Prior(r["parameter"], r["transform"], float(r["mean"]), float(r["sd"])) for r in table}


@cache
def movements() -> dict[str, tuple[float, float]]:
    """Return how much each yearly ratio moves, on its prior's scale: noise of one year, and random walk per square root of a year."""
    constant = {r["parameter"]: float(r["mean"]) for r in rows(read_table("priors")) if r["distribution"] == "constant"}
    names = [name.removesuffix("_walk") for name in constant if name.endswith("_walk")]
    return {name: (constant.get(f"{name}_noise", 0.0), constant[f"{name}_walk"]) for name in names}


@cache
def populations() -> dict[str, str]:
    """Return the population behind each prior."""
    return {r["parameter"]: r["population"] for r in rows(read_table("priors"))}
