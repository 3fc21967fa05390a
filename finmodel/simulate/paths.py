"""The firms through the kernel: blocks of paths on threads, summed up per firm, the same bits however they are split."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from finmodel.simulate.inputs import build_inputs, firm_hash
from finmodel.simulate.specification import QUARTERS_MOST, Firm, check_firms

if TYPE_CHECKING:
    from finmodel.kernel import Inputs


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
    check_firms(firms, quarters, paths)
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
