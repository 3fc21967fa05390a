"""Time to attribute a five-restriction scenario: four firms, all 32 subsets, 100,000 paths, 20 quarters, on one core.

The baseline is the same answer with each subset run by itself (its own kernel call, its own inputs); the ratio of the two is what shared
draws in one call save. Run: ``python benchmarks/bench_attribution.py``.
"""

from __future__ import annotations

import time

import numpy as np

import finmodel as fm
from finmodel.attribution import attribute
from finmodel.scenarios import Scenario, read_scenario
from finmodel.stochastic import run_firm

FIRMS = ("sensetime", "megvii", "cloudwalk", "yitu")
PARTS = ("us-investment-ban", "star-ipo-barrier", "public-budget-cut", "beijing-regulation")
PATHS, QUARTERS, SEED = 100_000, 20, 7


def main() -> None:
    statements = fm.load_statements().as_of("2021-12-31")
    changes = tuple(dict.fromkeys(c for name in PARTS for c in read_scenario(name).changes))
    scenario = Scenario("five restrictions", "t", "q", (), changes)
    models = []
    for firm in FIRMS:
        model = fm.CashModel.fit(statements, firm)
        models.append(model if not np.isnan(model.liquid_funds) else fm.CashModel.fit(statements, firm, liquid_funds=2e9))
    attribute(models[0], scenario, QUARTERS, 256, SEED)  # compile
    started, used = time.perf_counter(), time.process_time()
    for model in models:
        attribute(model, scenario, QUARTERS, PATHS, SEED)
    together, used = time.perf_counter() - started, time.process_time() - used
    started = time.perf_counter()
    for index in range(4):
        kept = {name for i, name in enumerate(scenario.restrictions) if index * 9 >> i & 1}
        subset = Scenario(str(index), "t", "q", (), tuple(c for c in scenario.direct().changes if c.restriction in kept))
        run_firm(models[1], [subset], QUARTERS, PATHS, SEED).funding_gap()
    alone = (time.perf_counter() - started) / 4 * 32 * len(FIRMS)
    cells = len(FIRMS) * 32 * PATHS * QUARTERS
    print(
        f"{len(FIRMS)} firms x 32 subsets x {PATHS:,} paths x {QUARTERS} quarters: {together:.2f} s "
        f"({used:.2f} s of one core), {used / cells * 1e9:.2f} ns each"
    )
    print(f"each subset by itself (measured on 4, scaled): {alone:.1f} s; ratio {together / alone:.3f}")


if __name__ == "__main__":
    main()
