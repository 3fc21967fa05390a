"""Are the intervals honest? python benchmarks/interval_coverage.py [DATA SETS] (500 by default; about a second each).

1. Truths drawn from the stated priors: how often the 95 % interval of each parameter holds the truth, with the binomial error, and whether
   the truth's rank among the posterior draws is uniform (simulation-based calibration).
2. One fixed truth: coverage printed, no threshold; an interval that leans on a prior covers a far truth less often.
3. Mean of four groups: normal, Knapp-Hartung and modified Knapp-Hartung intervals.
4. MixedLM on the same four groups, as a cross-check only: how often it fails or returns no variance between groups.
"""

from __future__ import annotations

import sys
import time
import warnings

import numpy as np
import pandas as pd
from scipy import stats

from finmodel.estimate import pool, shipped_priors
from finmodel.estimate.update import update
from tests.synthetic import SHAPES, draw_firms

BINS = 10


def calibration(sets: int, seed: int, fixed: dict[str, float] | None = None) -> pd.DataFrame:
    """Coverage and rank uniformity of every parameter over `sets` synthetic data sets of one to three firms."""
    rng = np.random.default_rng(seed)
    ranks: dict[str, list[float]] = {}
    for number in range(sets):
        shapes = [SHAPES[(number + i) % len(SHAPES)] for i in range(1 + number % 3)]
        evidence, truth = draw_firms(rng, shipped_priors(), shapes, fixed)
        bank = update(evidence, shipped_priors()).bank
        for name, true in truth.items():
            ranks.setdefault(name, []).append(float((bank[name] < true).mean() + 0.5 * (bank[name] == true).mean()))
    rows = []
    for name, values in ranks.items():
        rank = np.array(values)
        covered = float(((rank > 0.025) & (rank < 0.975)).mean())
        counts = np.histogram(rank, BINS, (0, 1))[0]
        rows.append(
            (
                name,
                covered,
                np.sqrt(covered * (1 - covered) / sets),
                stats.chisquare(counts).pvalue,
                rank.mean(),
                " ".join(map(str, counts)),
            )
        )
    return pd.DataFrame(rows, columns=["parameter", "coverage", "binomial_error", "uniform_p", "mean_rank", "ranks"])


def pooling(sets: int, groups: int = 4, tau: float = 0.3, error: float = 0.2) -> pd.DataFrame:
    """Coverage of three intervals for the mean of a few groups."""
    rng = np.random.default_rng(5)
    hits = {"normal": 0, "Knapp-Hartung": 0, "modified Knapp-Hartung": 0}
    for _ in range(sets):
        variance = (error * rng.uniform(0.5, 1.5, groups)) ** 2
        estimate = rng.normal(0, tau, groups) + rng.normal(0, np.sqrt(variance))
        plain, careful = pool(estimate, variance), pool(estimate, variance, conservative=True)
        weights = 1 / (variance + plain.tau**2)
        hits["normal"] += abs(plain.mean) < 1.96 / np.sqrt(weights.sum())
        hits["Knapp-Hartung"] += plain.low < 0 < plain.high
        hits["modified Knapp-Hartung"] += careful.low < 0 < careful.high
    return pd.DataFrame([(k, v / sets) for k, v in hits.items()], columns=["interval", "coverage"])


def mixed_model(sets: int, groups: int = 4, per_group: int = 3) -> pd.Series:
    """How often statsmodels' MixedLM fails, or returns no variance, on four groups of three (true sd 0.05 between, 0.2 within)."""
    import statsmodels.api as sm

    rng = np.random.default_rng(6)
    outcome = {"usable": 0, "not converged or singular": 0, "variance between groups below 1e-8": 0}
    label = np.repeat(np.arange(groups), per_group)
    for _ in range(sets):
        y = rng.normal(0, 0.05, groups)[label] + rng.normal(0, 0.2, len(label))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                fit = sm.MixedLM(y, np.ones((len(y), 1)), groups=label).fit(method="lbfgs")
                key = (
                    "not converged or singular"
                    if not fit.converged
                    else "variance between groups below 1e-8"
                    if fit.cov_re[0, 0] < 1e-8
                    else "usable"
                )
            except (np.linalg.LinAlgError, ValueError):
                key = "not converged or singular"
        outcome[key] += 1
    return pd.Series(outcome) / sets


if __name__ == "__main__":
    sets = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    began = time.perf_counter()
    table = calibration(sets, seed=11)
    print(f"Truths from the priors, {sets} data sets, {time.perf_counter() - began:.0f} s")
    print(table.round(3).to_string(index=False))
    outside = table[(table["coverage"] < 0.93) | (table["coverage"] > 0.97)]
    print(
        f"outside 93-97 %: {', '.join(outside['parameter']) or 'none'} "
        f"(binomial error of one: {np.sqrt(0.95 * 0.05 / sets):.3f}); least rank p {table['uniform_p'].min():.4f}"
    )
    priors = shipped_priors()
    fixed = {name: float(p.natural(np.array(p.mean + 1.5 * p.sd))) for name, p in priors.items()}
    print("\nFixed truth, every parameter 1.5 standard deviations above its prior (no threshold)")
    print(
        calibration(max(sets // 5, 20), seed=12, fixed=fixed)[["parameter", "coverage", "binomial_error", "mean_rank"]]
        .round(3)
        .to_string(index=False)
    )
    print("\nMean of four groups, 2,000 sets")
    print(pooling(2000).round(3).to_string(index=False))
    print("\nMixedLM on four groups of three, 200 sets")
    print(mixed_model(200).to_string())
