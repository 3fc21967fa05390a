"""What is simulated: a firm, its parameters, its scenarios, and the check of all three."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from finmodel.errors import DataError, fault, unknown

Floats = npt.NDArray[np.float64]
BLOCKS = ("cost_of_sales", "research_and_development", "selling", "administrative")
NEVER = 32_767
"""Quarter index of a listing that never happens."""
QUARTERS_MOST = 400


class Parameter(NamedTuple):
    """One parameter: its unit, the values it may take, and what it is when nothing is known of it (None: must be given)."""

    name: str
    unit: str
    lowest: float
    highest: float
    default: float | None
    meaning: str


_INF = float("inf")
PARAMETERS: tuple[Parameter, ...] = (
    Parameter("liquid_funds", "CNY", 0.0, _INF, None, "at the start"),
    Parameter("revenue", "CNY per quarter", 0.0, _INF, None, "run-rate at the start, seasonally adjusted"),
    Parameter("growth", "log per year", -10.0, 10.0, None, "growth rate at the start"),
    Parameter("long_run_growth", "log per year", -10.0, 10.0, None, "growth rate to which growth reverts"),
    Parameter("mean_reversion", "per year", 0.0, 100.0, None, "speed; the half-life is ln 2 / speed"),
    Parameter("growth_volatility", "per year^1.5", 0.0, 100.0, None, "volatility of growth"),
    Parameter("revenue_volatility", "per year^0.5", 0.0, 10.0, None, "volatility of log revenue at the start"),
    Parameter("long_run_volatility", "per year^0.5", 0.0, 10.0, None, "volatility of log revenue in the long run"),
    Parameter("volatility_decay", "per year", 0.0, 100.0, 0.0, "speed at which the first becomes the second"),
    Parameter(
        "cash_volatility", "share of quarterly revenue", 0.0, 100.0, 0.0, "sd of a quarter's cash flow that revenue leaves unexplained"
    ),
    Parameter("market_loading", "correlation", -1.0, 1.0, 0.0, "of the revenue shock with the shock common to all firms"),
    Parameter("first_half_revenue", "share", 0.01, 0.99, 0.5, "of a year's revenue, January to June"),
    Parameter("first_half_collections", "share", 0.0, 1.0, 0.5, "of a year's collections, January to June"),
    Parameter("collection_lag", "quarters", 0.0, 40.0, None, "trade receivables after provisions at year end / average quarterly revenue"),
    Parameter("loss_rate", "share", 0.0, 1.0, 0.0, "of amounts due that never arrive"),
    Parameter("receivables", "CNY", 0.0, _INF, None, "trade receivables after provisions at the start"),
    *(Parameter(b, "CNY per quarter", 0.0, _INF, None, "cost at the start, as printed") for b in BLOCKS),
    *(Parameter(f"{b}_noncash", "share", 0.0, 1.0, 0.0, "of the cost that never touches cash") for b in BLOCKS),
    *(Parameter(f"{b}_drift", "log per year", -10.0, 10.0, 0.0, "growth of the cost at constant revenue") for b in BLOCKS),
    *(Parameter(f"{b}_up", "elasticity", -5.0, 5.0, 0.0, "of the cost to rising revenue") for b in BLOCKS),
    *(Parameter(f"{b}_down", "elasticity", -5.0, 5.0, 0.0, "of the cost to falling revenue") for b in BLOCKS),
    Parameter("cut_trigger", "quarters of runway", 0.0, 100.0, 0.0, "management decides one cut of R&D below it (0: never)"),
    Parameter("cut_lag", "quarters", 0.0, 40.0, 3.0, "from the decision to the cut, in whole quarters, one at least"),
    Parameter("cut_size", "share", 0.0, 1.0, 0.0, "of R&D cost"),
    Parameter("severance", "quarters of the saved cost", 0.0, 40.0, 0.0, "paid when the cut takes effect"),
    Parameter("capex_share", "share of revenue", 0.0, 10.0, 0.0, "capital expenditure that moves with revenue"),
    Parameter("capex_fixed", "CNY per quarter", 0.0, _INF, 0.0, "capital expenditure that does not"),
    Parameter("other_income", "CNY per quarter", -_INF, _INF, 0.0, "cash grants and interest received"),
    Parameter("debt_service", "CNY per quarter", -_INF, _INF, 0.0, "interest, lease principal and scheduled repayment"),
    Parameter("barrier", "CNY", -_INF, _INF, 0.0, "cash-out is liquid funds at or below it"),
)


@dataclass(frozen=True, eq=False)
class Scenarios:
    """What differs between scenarios, as arrays over S scenarios, C channels of funding and Q quarters (see :meth:`plain`).

    Attributes
    ----------
    names : tuple of str
        One per scenario; the first is the one that differences are taken against.
    revenue, lag, capex : ndarray (S, Q)
        Factors on revenue, on the collection lag and on capital expenditure; above zero.
    cost : ndarray (S, 4, Q)
        Factors on cash costs, in the order of :data:`BLOCKS`.
    flow : ndarray (S, Q)
        CNY received (negative: paid) evenly over the quarter.
    jumps : tuple of tuples of (int, float, float), one per scenario
        Dated receipts: quarter, fraction of it gone by (0 to below 1), CNY (negative: paid); at most four a quarter. Keep a jump of 0
        where a scenario takes one away, so that its paths stay comparable.
    cuts : ndarray (S,)
        Whether management's own cut of R&D may happen (1 or 0).
    constant_days : ndarray (S,)
        Whether receivables stay at the same days of sales, instead of being collected with a lag: the baseline to compare with.
    hazard, size : ndarray (S, C, Q)
        Expected closings per quarter, and the median of what one brings, CNY net of cost. The money arrives at the end of the quarter.
    size_sd, shut, rest, stage : ndarray (C,)
        Log sd of the size (one shock per path and quarter for all channels); factor on the hazard while the market window is shut;
        quarters over which the hazard returns after a round (0: no such clock); +1 only once listed, -1 only before, 0 always.
    window : ndarray of uint8 (Q, paths) or (Q, 1)
        Whether the market window is open; see :func:`market_window`. Columns beyond the paths simulated are not read.
    listed_at : ndarray of int16 (S, paths) or (S, 1)
        Quarter in which a listing closes: -1 before the start, :data:`NEVER` never; columns as above.
    listing_size, redemption : ndarray (S, Q)
        Median proceeds of a listing; what falls due at the quarter's end unless the firm is listed by then; CNY.
    listing_sd : float
        Log sd of the proceeds.
    """

    names: tuple[str, ...]
    revenue: Floats
    cost: Floats
    lag: Floats
    capex: Floats
    flow: Floats
    jumps: tuple[tuple[tuple[int, float, float], ...], ...]
    cuts: Floats
    constant_days: npt.NDArray[np.bool_]
    hazard: Floats
    size: Floats
    size_sd: Floats
    shut: Floats
    rest: Floats
    stage: Floats
    window: npt.NDArray[np.uint8]
    listed_at: npt.NDArray[np.int16]
    listing_size: Floats
    redemption: Floats
    listing_sd: float = 0.0

    @classmethod
    def plain(cls, names: Sequence[str], quarters: int, channels: int = 0, **changes: Any) -> Scenarios:
        """Return scenarios in which nothing happens, but for the `changes` (arrays that broadcast to the shape above).

        Examples
        --------
        >>> Scenarios.plain(["baseline", "budget cut"], 4, revenue=[[1.0], [0.9]]).revenue
        array([[1. , 1. , 1. , 1. ],
               [0.9, 0.9, 0.9, 0.9]])
        """
        s, c, q = len(names), channels, quarters
        start: dict[str, Any] = {
            **{k: np.ones((s, q)) for k in ("revenue", "lag", "capex")},
            **{k: np.zeros((s, q)) for k in ("flow", "listing_size", "redemption")},
            **{k: np.zeros((s, c, q)) for k in ("hazard", "size")},
            **{k: np.zeros(c) for k in ("size_sd", "rest", "stage")},
            "cost": np.ones((s, 4, q)),
            "shut": np.ones(c),
            "cuts": np.ones(s),
            "constant_days": np.zeros(s, dtype=bool),
            "window": np.ones((q, 1), dtype=np.uint8),
            "listed_at": np.full((s, 1), NEVER, dtype=np.int16),
        }
        for name, value in changes.items():
            if name in start and name not in ("window", "listed_at"):
                start[name] = np.broadcast_to(np.asarray(value, dtype=start[name].dtype), start[name].shape)
            else:
                start[name] = value
        return cls(names=tuple(names), **{"jumps": ((),) * s, **start})

    def repeated(
        self, scenario: int, names: Sequence[str], quarters: int, jumps: Sequence[tuple[tuple[int, float, float], ...]]
    ) -> Scenarios:
        """Return one scenario once for each name, up to a quarter, with further dated jumps for each.

        Parameters
        ----------
        scenario : int
            Its place.
        names : sequence of str
        quarters : int
            New horizon, not beyond the old one.
        jumps : sequence of tuples, one per name
            Added to the scenario's own.
        """
        own = tuple(j for j in self.jumps[scenario] if j[0] < quarters)
        copied: dict[str, Any] = {
            k: np.repeat(getattr(self, k)[scenario : scenario + 1, ..., :quarters], len(names), axis=0)
            for k in ("revenue", "cost", "lag", "capex", "flow", "hazard", "size", "listing_size", "redemption")
        }
        copied |= {
            k: np.repeat(getattr(self, k)[scenario : scenario + 1], len(names), axis=0) for k in ("cuts", "constant_days", "listed_at")
        }
        return replace(self, names=tuple(names), jumps=tuple((*own, *more) for more in jumps), window=self.window[:quarters], **copied)


@dataclass(frozen=True, eq=False)
class Firm:
    """One firm to simulate.

    Attributes
    ----------
    name : str
        Its id; its hash keys the firm's own random numbers.
    parameters : mapping of str to float or ndarray (N,)
        See :data:`PARAMETERS`; path i uses draw i modulo N, and all arrays have the same N.
    scenarios : Scenarios
    starts_in : int
        Quarter of the year, 1 to 4, of the first step.
    """

    name: str
    parameters: Mapping[str, float | Floats]
    scenarios: Scenarios
    starts_in: int = 1


def check_firms(firms: Sequence[Firm], quarters: int, paths: int) -> Sequence[Firm]:
    """Return `firms`, or raise with every fault of their parameters and scenarios for so many quarters and paths.

    Raises
    ------
    DataError
    LookupError
        If a parameter has an unknown name.
    """
    known = [p.name for p in PARAMETERS]
    for firm in firms:
        for name in firm.parameters:
            if name not in known:
                raise unknown("parameter", name, known)
    faults = [
        f
        for firm in firms
        for f in (
            *_parameter_faults(firm),
            *_lever_faults(firm, quarters),
            *_jump_faults(firm, quarters),
            *_path_faults(firm, quarters, paths),
            *_number_faults(firm),
        )
    ]
    names = [f.name for f in firms]
    faults += [fault("firms", f"{n!r} twice", "each firm once") for n in sorted(set(names)) if names.count(n) > 1]
    if faults:
        raise DataError(faults)
    return firms


_ABOVE_ZERO = {
    "liquid_funds": "without liquid funds above the barrier there is no runway",
    "revenue": "growth of zero revenue is undefined",
}


def _parameter_faults(firm: Firm) -> Iterator[str]:
    sizes = {np.size(v) for v in firm.parameters.values()} - {1}
    if len(sizes) > 1 or 0 in sizes:
        yield fault(f"{firm.name}, parameters", f"{sorted(sizes)} draws", "one number of draws for all")
    for p in PARAMETERS:
        where = f"{firm.name}, {p.name}"
        value = np.asarray(firm.parameters.get(p.name, np.nan if p.default is None else p.default), dtype=float)
        wrong = value[~np.isfinite(value) | (value < p.lowest) | (value > p.highest)] if value.ndim else value.reshape(1)
        if not value.ndim and np.isfinite(value) and p.lowest <= value <= p.highest:
            wrong = wrong[:0]
        if p.name not in firm.parameters and p.default is None:
            yield fault(where, "nothing", f"a value in {p.unit}", p.meaning)
        elif wrong.size:
            yield fault(where, f"{wrong[0]:g}", f"a number from {p.lowest:g} to {p.highest:g} {p.unit}", p.meaning)
        elif p.name in _ABOVE_ZERO and np.any(value <= 0):
            yield fault(where, f"{value.min():g}", "a number above 0", _ABOVE_ZERO[p.name])


def _lever_faults(firm: Firm, quarters: int) -> Iterator[str]:
    x = firm.scenarios
    s, c, q = len(x.names), x.size_sd.size, quarters
    shapes: dict[str, tuple[int, ...]] = {
        **dict.fromkeys(("revenue", "lag", "capex", "flow", "listing_size", "redemption"), (s, q)),
        **dict.fromkeys(("hazard", "size"), (s, c, q)),
        **dict.fromkeys(("size_sd", "shut", "rest", "stage"), (c,)),
        **dict.fromkeys(("cuts", "constant_days"), (s,)),
        "cost": (s, 4, q),
    }
    for name, shape in shapes.items():
        values = getattr(x, name)
        if values.shape != shape:
            yield fault(f"{firm.name}, scenarios.{name}", f"shape {values.shape}", f"{shape}")
        elif not np.all(np.isfinite(values)):
            yield fault(f"{firm.name}, scenarios.{name}", "a value that is not a number", "finite numbers")
        elif name in ("revenue", "lag") and np.any(values <= 0):
            yield fault(f"{firm.name}, scenarios.{name}", f"{values.min():g}", "factors above 0")
        elif name in ("cost", "capex", "hazard", "size_sd", "shut", "rest") and np.any(values < 0):
            yield fault(f"{firm.name}, scenarios.{name}", f"{values.min():g}", "nothing below 0")


def _jump_faults(firm: Firm, q: int) -> Iterator[str]:
    x = firm.scenarios
    if len(x.jumps) != len(x.names):
        yield fault(f"{firm.name}, scenarios.jumps", f"{len(x.jumps)} of them", f"{len(x.names)}, one per scenario")
    for scenario, jumps in zip(x.names, x.jumps, strict=False):
        counted = [j[0] for j in jumps]
        for quarter, fraction, cny in jumps:
            if not (0 <= quarter < q and 0 <= fraction < 1 and np.isfinite(cny)):
                found = f"({quarter}, {fraction:g}, {cny:g})"
                yield fault(
                    f"{firm.name}, {scenario}, jumps", found, f"a quarter from 0 to {q - 1}, a fraction from 0 to below 1, an amount"
                )
        for quarter in sorted(set(counted)):
            if counted.count(quarter) > 4:
                yield fault(f"{firm.name}, {scenario}, jumps", f"{counted.count(quarter)} in quarter {quarter}", "four at most")


def _path_faults(firm: Firm, quarters: int, paths: int) -> Iterator[str]:
    """Faults of what differs between paths, which the kernel reads by path without looking at the array's bounds."""
    x = firm.scenarios
    for name, rows, lowest, highest in (("window", quarters, 0, 1), ("listed_at", len(x.names), -1, NEVER)):
        values, where = np.asarray(getattr(x, name)), f"{firm.name}, scenarios.{name}"
        if values.ndim != 2 or len(values) != rows or not (values.shape[1] == 1 or values.shape[1] >= paths):
            yield fault(where, f"shape {values.shape}", f"({rows}, 1) or ({rows}, {paths})")
        elif values.dtype.kind not in "biu":
            yield fault(where, f"numbers of type {values.dtype}", "whole numbers")
        elif np.any(values < lowest) or np.any(values > highest):
            yield fault(where, f"numbers from {values.min()} to {values.max()}", f"{lowest} to {highest}")


def _number_faults(firm: Firm) -> Iterator[str]:
    if not 0 <= firm.scenarios.listing_sd < _INF:
        yield fault(f"{firm.name}, scenarios.listing_sd", f"{firm.scenarios.listing_sd:g}", "a finite number, 0 or above")
    if firm.starts_in not in (1, 2, 3, 4):
        yield fault(f"{firm.name}, starts_in", f"{firm.starts_in}", "a quarter of the year, 1 to 4")
