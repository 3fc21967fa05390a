"""The cash model's speed as ratios to plain numpy in the same run.

Run from the checkout: ``python benchmarks/bench_simulate.py``. The baseline is the whole model as an analyst would first write it (numpy,
float64, every quantity a table, scenarios drawn anew), kept in tests/numpy_twin.py, where it is also the second opinion.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)

from finmodel.simulate import Firm, Scenarios, market_window, simulate  # noqa: E402
from tests import numpy_twin  # noqa: E402
from tests.numpy_twin import FULL  # noqa: E402


def full(scenarios: int, quarters: int, paths: int, name: str = "firm", funded: bool = True) -> Firm:
    """Everything on: three funding channels, a market window, a listing, a dated jump, scenarios that differ in revenue and collection."""
    lower = np.linspace(1, 0.8, scenarios)[:, None]
    funding = {
        "hazard": 0.1 * lower[:, :, None],
        "size": 5e8,
        "size_sd": [0.5, 0.2, 0.0],
        "shut": [0.2, 1.0, 0.5],
        "rest": [4, 0, 2],
        "stage": [0, 1, -1],
        "window": market_window(7, paths, quarters, 0.3, 0.1, 0.8),
        "listed_at": np.tile((np.arange(paths) % 80).astype(np.int16), (scenarios, 1)),
        "listing_size": 2e9,
        "listing_sd": 0.4,
    }
    x = Scenarios.plain(
        [f"s{k}" for k in range(scenarios)],
        quarters,
        channels=3 if funded else 0,
        revenue=lower ** np.linspace(0, 1, quarters),
        lag=1 / lower,
        jumps=(((min(3, quarters - 1), 0.4, 1e9),),) * scenarios,
        **(funding if funded else {}),
    )
    return Firm(name, FULL, x, starts_in=1)


def best(work: Callable[[], object], times: int = 3) -> float:
    """Seconds of one core of the fastest of some runs (processor time, so that a busy machine does not count)."""
    seconds = []
    for _ in range(times):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return min(seconds)


def line(what: str, found: str, target: str = "") -> None:
    print(f"{what:<66} {found:>24}   {target}", flush=True)


def kernel_against_numpy() -> None:
    scenarios, quarters, few, many = 12, 40, 20_000, 100_000
    cells = scenarios * quarters
    for name, funded in (("full model", True), ("full model without funding", False)):
        small, large = full(scenarios, quarters, few, funded=funded), full(scenarios, quarters, many, funded=funded)
        plain = best(lambda firm=small: numpy_twin.simulate(firm, quarters, few, 1), 1) / (cells * few) * 1e9
        ours = best(lambda firm=large: simulate([firm], quarters, many, 7)) / (cells * many) * 1e9
        line(f"{name}, 12 scenarios: numpy, ns per path-quarter-scenario", f"{plain:.0f}")
        line(f"{name}, 12 scenarios: kernel, ns", f"{ours:.2f}")
        line(f"{name}: kernel / numpy", f"1/{plain / ours:.0f}", "target <= 1/20")
    generator = np.random.Generator(np.random.SFC64(1))
    normal = best(lambda: generator.standard_normal(5_000_000, dtype=np.float32)) / 5e6 * 1e9
    line("numpy SFC64, one float32 normal, ns", f"{normal:.2f}")
    one = full(scenarios, quarters, many)
    ours = best(lambda: simulate([one], quarters, many, 7)) / (cells * many) * 1e9
    line("kernel, path-quarter-scenario / one SFC64 normal", f"{ours / normal:.2f}")


NINE = """
import sys, time
from pathlib import Path
sys.path[0] = {root!r}
from benchmarks.bench_simulate import full
from finmodel.simulate import simulate
def peak():
    # most memory resident so far, MB (Linux; getrusage would count the parent's)
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(text.split()[1]) for text in lines if text.startswith("VmHWM")) / 1024
simulate([full(12, 40, 1024)], 40, 1024)
before = peak()
first = full(12, 40, 100_000)
firms = [type(first)(str(k), first.parameters, first.scenarios) for k in range(9)]
times, memory = [], []
for threads in (1, 1, 2, 2):
    start, used = time.perf_counter(), time.process_time()
    simulate(firms, 40, 100_000, 7, threads=threads)
    times.append((time.perf_counter() - start, time.process_time() - used))
    memory.append(peak())
core = min(t[1] for t in times[:2])
speed_up = min(t[0] for t in times[:2]) / min(t[0] for t in times[2:])
print(core, speed_up, memory[1], memory[3], before)
"""
FIRST = """
import sys, time
sys.path[0] = {root!r}
from benchmarks.bench_simulate import full
from finmodel.simulate import simulate
start = time.perf_counter()
simulate([full(2, 8, 256)], 8, 256)
print(time.perf_counter() - start)
"""


def in_new_process(code: str, **environment: str) -> list[float]:
    command = [sys.executable, "-c", code.format(root=str(ROOT))]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, env={**os.environ, **environment})
    return [float(x) for x in done.stdout.split()]


def nine_firms() -> None:
    core, speed_up, one, two, before = in_new_process(NINE)
    line("9 firms x 12 scenarios x 100,000 paths x 40 quarters, core seconds", f"{core:.2f}", "target < 3")
    line("the same, two threads: speed-up (elapsed)", f"{speed_up:.2f}")
    line("the same, most memory resident, MB (before it: numba loaded)", f"{one:.0f} ({before:.0f})", "target < 300")
    line("the same after two threads too, MB", f"{two:.0f}")


def variance_cut() -> None:
    x = Scenarios.plain(["baseline", "fewer orders"], 20, revenue=[[1.0], [0.95]])
    lives = []
    for seed in (1, 2):
        counts = simulate([Firm("firm", FULL, x)], 20, 64 * 4096, seed)[0].counts
        lives.append((counts * np.arange(21)).sum(axis=-1) / counts[:, :1].sum(axis=-1))
    shared, apart = np.var(lives[0][:, 1] - lives[0][:, 0]), np.var(lives[1][:, 1] - lives[0][:, 0])
    line("variance of a scenario difference, independent / shared draws", f"{apart / shared:.1f}", "target >= 3")


def notebook_refresh() -> None:
    paths, quarters = 262_144, 8
    large, small = full(2, quarters, paths, funded=False), full(2, quarters, 32_768, funded=False)
    ours = best(lambda: simulate([large], quarters, paths, 7), 5)
    plain = best(lambda: numpy_twin.simulate(small, quarters, 32_768, 1), 2) * paths / 32_768
    line("notebook refresh (2 x 8 quarters x 262,144), ms", f"{1000 * ours:.0f}", "target < 100")
    line("notebook refresh: kernel / numpy at equal error", f"1/{plain / ours:.0f}", "target <= 1/5")


def first_call() -> None:
    with tempfile.TemporaryDirectory() as folder:
        cold, cached = (in_new_process(FIRST, NUMBA_CACHE_DIR=folder)[0] for _ in range(2))
    line("first call in a new process, compiling, seconds", f"{cold:.1f}")
    line("first call in a new process, from the cache, seconds", f"{cached:.2f}")


def main() -> None:
    simulate([full(2, 4, 256)], 4, 256)
    kernel_against_numpy()
    nine_firms()
    variance_cut()
    notebook_refresh()
    first_call()


if __name__ == "__main__":
    main()
