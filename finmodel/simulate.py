"""The cash model's paths: from a firm's parameters and scenarios to the quarter in which its liquid funds run out.

After Schwartz and Moon (2000, 2001): growth reverts to its mean, revenue follows with a decaying volatility, costs answer stickily,
money is collected with a lag and a loss, and the firm runs out of cash when its liquid funds touch the barrier. One step is a
quarter; inside it liquid funds are a Brownian bridge, so that a fall below the barrier between two quarter ends is not missed.

With g growth, x log revenue before the season, and dt a quarter::

    x' = x + (g - sigma^2 / 2) dt + sigma sqrt(dt) e,   e = rho Z_market + sqrt(1 - rho^2) Z_firm
    g' = m + (g - m) e^(-kappa dt) + eta sqrt((1 - e^(-2 kappa dt)) / (2 kappa)) Z,   sigma' = long + (sigma - long) e^(-decay dt)
    log C' = log C + drift dt + up max(d, 0) + down min(d, 0),   d = x' - x for cost of sales, (x' - x four quarters ago) / 4 for the others

Elasticities are measured on annual changes: answering to quarterly noise, sticky blocks would ratchet up twice as fast.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from finmodel.errors import DataError, fault, unknown

if TYPE_CHECKING:
    from finmodel.kernel import Inputs

Floats = npt.NDArray[np.float64]
BLOCKS = ("cost_of_sales", "research_and_development", "selling", "administrative")
NEVER = 32_767
"""Quarter index of a listing that never happens."""
QUARTERS_MOST = 400
QUARTER = 0.25
"""Years."""


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
        Whether the market window is open; see :func:`market_window`.
    listed_at : ndarray of int16 (S, paths) or (S, 1)
        Quarter in which a listing closes: -1 before the start, :data:`NEVER` never.
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


@dataclass(frozen=True, eq=False)
class Paths:
    """What the paths of one firm came to.

    Attributes
    ----------
    firm : str
    names : tuple of str
        The scenarios.
    counts : ndarray of int64 (B, S, Q + 1)
        Paths by quarter of cash-out (0 the first; Q not within the horizon), in B batches of equal size: path i is in batch i modulo B.
        The spread over batches gives the Monte Carlo error of any statistic, differences between scenarios included.
    cash : ndarray of float32 (S, Q, L + 2)
        Liquid funds at each quarter's end had every bill been paid: quantiles at `levels`, the mean of the worst 5 %, and the mean.
    levels : tuple of float
    sampled : int
        Paths behind `cash`.
    """

    firm: str
    names: tuple[str, ...]
    counts: npt.NDArray[np.int64]
    cash: npt.NDArray[np.float32]
    levels: tuple[float, ...]
    sampled: int

    @property
    def paths(self) -> int:
        """Number of paths."""
        return int(self.counts[:, 0].sum())


LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)


def simulate(
    firms: Sequence[Firm],
    quarters: int,
    paths: int = 100_000,
    seed: int = 0,
    threads: int = 1,
    sampled: int = 16_384,
    batches: int = 64,
    block: int = 16_384,
    progress: Callable[[int, int], None] | None = None,
) -> list[Paths]:
    """Simulate every firm under its scenarios.

    The answer depends on nothing but a firm's own inputs, `quarters`, `paths`, `seed`, `sampled` and `batches`: not on the other firms,
    the other scenarios, `threads` or `block`, to the last bit.

    Parameters
    ----------
    firms : sequence of Firm
    quarters : int
        Horizon, 1 to 400.
    paths : int
        Number of paths, 1 or more.
    seed : int
        0 to 2**64 - 1.
    threads : int
        Worker threads.
    sampled : int
        Paths that the quantiles of liquid funds are taken from.
    batches : int
        Batches that the counts are kept in.
    block : int
        Paths that one task runs; a multiple of 256.
    progress : callable, optional
        Called with the tasks done and their number after each task.

    Returns
    -------
    list of Paths
        One per firm, in order.

    Raises
    ------
    DataError
        If a parameter or a scenario cannot be used; every fault is listed.
    ValueError
        If a count is out of range.
    """
    check_ranges(
        quarters=(quarters, 1, QUARTERS_MOST),
        paths=(paths, 1, 2**31),
        seed=(seed, 0, 2**64 - 1),
        threads=(threads, 1, 1024),
        sampled=(sampled, 1, 2**31),
        batches=(batches, 1, 2**20),
        block=(block, 256, 2**31),
    )
    if block % 256:
        raise ValueError(f"block is {block}; it must be a multiple of 256")
    check_firms(firms, quarters)
    spare: list[npt.NDArray[np.float32]] = []
    runs = [_Run(firm, quarters, paths, seed, min(sampled, paths), batches, block, spare) for firm in firms]
    tasks = [(run, first) for run in runs for first in range(0, paths, block)]
    _work(tasks, threads, progress)
    return [run.result for run in runs]


def check_ranges(**given: tuple[int, int, int]) -> None:
    """Raise if a count (value, lowest, highest) is out of its range.

    Raises
    ------
    ValueError
    """
    for name, (value, lowest, highest) in given.items():
        if not lowest <= value <= highest:
            raise ValueError(f"{name} is {value}; it must be from {lowest} to {highest}")


def _work(tasks: Sequence[tuple[_Run, int]], threads: int, progress: Callable[[int, int], None] | None) -> None:
    def report(done: int) -> None:
        if progress is not None:
            progress(done, len(tasks))

    if threads == 1:
        for done, (run, first) in enumerate(tasks, 1):
            run.block(first)
            report(done)
        return
    pool = ThreadPoolExecutor(threads)
    try:
        for done, future in enumerate(as_completed([pool.submit(run.block, first) for run, first in tasks]), 1):
            future.result()
            report(done)
    finally:
        pool.shutdown(cancel_futures=True)


class _Run:
    """One firm on its way through the kernel: prepared by the first task, summed up by the last; `spare` passes samples on."""

    result: Paths

    def __init__(
        self, firm: Firm, quarters: int, paths: int, seed: int, sampled: int, batches: int, size: int, spare: list[npt.NDArray[np.float32]]
    ) -> None:
        self.firm, self.paths, self.seed, self.size = firm, paths, seed, size
        self.shape = (len(firm.scenarios.names), quarters)
        self.batches, self.sampled, self.spare = batches, sampled, spare
        self.left = -(-paths // size)
        self.lock = Lock()
        self.inputs: Inputs | None = None

    def block(self, first: int) -> None:
        from finmodel.kernel import run

        with self.lock:
            if self.inputs is None:
                self._prepare()
        counts = np.zeros_like(self.counts)
        last = min(first + self.size, self.paths)
        run(self.inputs, np.uint64(self.seed), firm_hash(self.firm.name), first, last, counts, self.sample)
        with self.lock:
            self.counts += counts
            self.left -= 1
            if self.left == 0:
                self._finish()

    def _prepare(self) -> None:
        self.inputs = build_inputs(self.firm, self.shape[1])
        self.counts = np.zeros((self.batches, self.shape[0], self.shape[1] + 1), np.int64)
        wanted = (*self.shape, self.sampled)
        try:
            kept = self.spare.pop()
        except IndexError:
            kept = np.empty(wanted, np.float32)
        self.sample = kept if kept.shape == wanted else np.empty(wanted, np.float32)

    def _finish(self) -> None:
        self.inputs = None
        self.result = Paths(self.firm.name, self.firm.scenarios.names, self.counts, summarise(self.sample), LEVELS, self.sampled)
        self.spare.append(self.sample)
        del self.sample


def summarise(sample: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return quantiles at :data:`LEVELS`, the mean of the worst 5 % and the mean along the last axis of `sample`, which it sorts."""
    sample.sort(axis=-1)
    count = sample.shape[-1]
    at = np.array(LEVELS) * (count - 1)
    low = at.astype(int)
    quantiles = sample[..., low] + (at - low) * (sample[..., np.minimum(low + 1, count - 1)] - sample[..., low])
    worst = sample[..., : max(1, round(0.05 * count))].mean(axis=-1, dtype=float)
    mean = sample.mean(axis=-1, dtype=float)
    return np.concatenate([quantiles, worst[..., None], mean[..., None]], axis=-1).astype(np.float32)


def firm_hash(name: str) -> np.uint64:
    """Return the 64 bits that key a firm's random numbers."""
    return np.uint64(int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little"))


def uniforms(seed: int, stream: int, firm: str | None, paths: int, quarters: int) -> npt.NDArray[np.float32]:
    """Return uniform numbers in (0, 1] of the kernel's generator, (quarters, paths), for what is drawn outside it.

    Parameters
    ----------
    seed : int
    stream : int
        64 to 65,535; the lower ones belong to the kernel.
    firm : str or None
        None for what all firms share.
    paths, quarters : int
    """
    from finmodel.generator import fill_uniforms

    if not 64 <= stream <= 65_535:
        raise ValueError(f"stream is {stream}; it must be from 64 to 65535")
    out = np.empty((quarters, paths), np.float32)
    fill_uniforms(out, np.uint64(seed), np.uint64(0) if firm is None else firm_hash(firm), stream)
    return out


def market_window(seed: int, paths: int, quarters: int, opening: float, shutting: float, start: float) -> npt.NDArray[np.uint8]:
    """Return whether the market window is open, (quarters, paths): a two-state chain that all firms share.

    Parameters
    ----------
    seed, paths, quarters : int
    opening, shutting : float
        Probability per quarter that a shut window opens, an open one shuts.
    start : float
        Probability that it is open in the first quarter.
    """
    from finmodel.generator import fill_uniforms
    from finmodel.kernel import WINDOW

    luck = np.empty((quarters, paths), np.float32)
    fill_uniforms(luck, np.uint64(seed), np.uint64(0), WINDOW)
    window = np.empty((quarters, paths), np.uint8)
    window[0] = luck[0] <= start
    for q in range(1, quarters):
        window[q] = np.where(window[q - 1] == 1, luck[q] > shutting, luck[q] <= opening)
    return window


def derive(parameters: Mapping[str, float | Floats]) -> npt.NDArray[np.float32]:
    """Return the kernel's parameters per quarter, one row each, one column per draw."""
    from finmodel.kernel import DERIVED

    p = {d.name: np.atleast_1d(np.asarray(parameters.get(d.name, d.default), dtype=float)) for d in PARAMETERS}
    draws = max(v.size for v in p.values())
    speed, paid = p["mean_reversion"], 1 - p["loss_rate"]
    before = 1 / np.where(paid > 0, paid, 1)  # the kernel's receivables are before provisions: a loss leaves them when the rest is paid
    lag = p["collection_lag"] * before
    keep = np.exp(-speed * QUARTER)
    spread = np.sqrt(np.where(speed > 0, -np.expm1(-2 * speed * QUARTER) / np.where(speed > 0, 2 * speed, 1), QUARTER))
    first, second = collection_rates(lag, p["first_half_revenue"], p["first_half_collections"])
    rows = {
        "liquid": p["liquid_funds"] - p["barrier"],
        "revenue_start": p["revenue"],
        "growth_start": p["growth"] * QUARTER,
        "growth_mean": p["long_run_growth"] * QUARTER,
        "growth_keep": keep,
        "growth_sd": p["growth_volatility"] * spread * QUARTER,
        "sigma_long": p["long_run_volatility"] * np.sqrt(QUARTER),
        "sigma_gap": (p["revenue_volatility"] - p["long_run_volatility"]) * np.sqrt(QUARTER),
        "sigma_keep": np.exp(-p["volatility_decay"] * QUARTER),
        "cash_sd": p["cash_volatility"],
        "market": p["market_loading"],
        "own": np.sqrt(1 - p["market_loading"] ** 2),
        "billed_first": 2 * p["first_half_revenue"],
        "billed_second": 2 - 2 * p["first_half_revenue"],
        "collected_first": first,
        "collected_second": second,
        "lag": lag,
        "paid": paid,
        "due": p["receivables"] * before,
        **{f"cost_{k}": p[b] * (1 - p[f"{b}_noncash"]) for k, b in enumerate(BLOCKS)},
        **{f"drift_{k}": p[f"{b}_drift"] * QUARTER for k, b in enumerate(BLOCKS)},
        **{f"up_{k}": p[f"{b}_up"] for k, b in enumerate(BLOCKS)},
        **{f"down_{k}": p[f"{b}_down"] for k, b in enumerate(BLOCKS)},
        "cut_trigger": p["cut_trigger"],
        "cut_lag": np.maximum(np.rint(p["cut_lag"]), 1),
        "cut_size": p["cut_size"],
        "severance": p["severance"],
        "capex_share": p["capex_share"],
        "capex_fixed": p["capex_fixed"],
        "steady": p["other_income"] - p["debt_service"],
        "barrier": p["barrier"],
    }
    out = np.empty((len(DERIVED), draws), np.float32)
    for k, name in enumerate(DERIVED):
        out[k] = rows[name]
    return out


def collection_rates(lag: Floats, revenue: Floats, collections: Floats) -> tuple[Floats, Floats]:
    """Return the share of what is due that is collected in a quarter of the first and of the second half.

    In a steady year they give receivables of `lag` quarters of revenue at the year's end, and `collections` as the first half's share.
    With annual revenue 1, receivables S at the year's end and a share q = 1 - rate left after a quarter of revenue r, two quarters
    turn S into ((S + r) q + r) q; the rates solve this for both halves.

    Examples
    --------
    >>> collection_rates(np.array([1.0]), np.array([0.5]), np.array([0.5]))
    (array([0.5]), array([0.5]))
    """
    end = lag / 4
    middle = np.maximum(end + revenue - collections, 0.0)

    def left(start: Floats, quarter: Floats, finish: Floats) -> Floats:
        share: Floats = (np.sqrt(quarter**2 + 4 * (start + quarter) * finish) - quarter) / (2 * (start + quarter))
        return share

    return 1 - left(end, revenue / 2, middle), 1 - left(middle, (1 - revenue) / 2, end)


def build_inputs(firm: Firm, quarters: int) -> Inputs:
    """Return what the kernel reads for one firm."""
    from finmodel.kernel import JUMPS, Inputs, Levers

    x = firm.scenarios
    count = np.zeros((len(x.names), quarters), np.int64)
    at, amount = np.zeros((2, len(x.names), quarters, JUMPS), np.float32)
    for s, jumps in enumerate(x.jumps):
        for q, fraction, cny in sorted(jumps):
            at[s, q, count[s, q]], amount[s, q, count[s, q]] = fraction, cny
            count[s, q] += 1
    log_revenue = np.log(np.concatenate([np.ones((len(x.names), 4)), x.revenue], axis=1))
    columns = {
        **{k: getattr(x, k) for k in ("revenue", "lag", "capex", "flow", "listing_size", "redemption")},
        **{f"cost_{k}": x.cost[:, k] for k in range(4)},
        "revenue_step": np.diff(log_revenue, axis=1)[:, 3:],
        "revenue_year": (log_revenue[:, 4:] - log_revenue[:, :-4]) / 4,
        "cuts": x.cuts[:, None],
        "constant_days": x.constant_days[:, None],
        "listing_sd": x.listing_sd,
    }
    levers = np.empty((len(x.names), quarters, len(Levers._fields)), np.float32)
    for k, name in enumerate(Levers._fields):
        levers[:, :, k] = columns[name]
    return Inputs(
        derived=derive(firm.parameters),
        first_half=np.array([(firm.starts_in - 1 + q) % 4 < 2 for q in range(quarters)]),
        levers=levers,
        jumps=count,
        jump_at=at,
        jump_amount=amount,
        hazard=np.ascontiguousarray(x.hazard, np.float32),
        size=np.ascontiguousarray(x.size, np.float32),
        channel=np.ascontiguousarray(np.stack([x.size_sd, x.shut, x.rest, x.stage], axis=1), np.float32),
        window=np.ascontiguousarray(x.window),
        listed_at=np.ascontiguousarray(x.listed_at),
    )


def check_firms(firms: Sequence[Firm], quarters: int) -> Sequence[Firm]:
    """Return `firms`, or raise with every fault of their parameters and scenarios.

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
    faults = [f for firm in firms for f in (*_parameter_faults(firm), *_scenario_faults(firm, quarters))]
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


def _scenario_faults(firm: Firm, quarters: int) -> Iterator[str]:
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
    for scenario, jumps in zip(x.names, x.jumps, strict=True):
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
