"""What every shipped scenario gives on shipped figures, kept as CSV files: ``python -m tests.golden_scenarios`` writes them again.

A change in them must be meant: say in the commit what changed and why.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

import finmodel as fm
from finmodel.scenarios import scenario_names

FOLDER = Path(__file__).parent / "golden"
DAYS = ("2022-05-31", "2023-04-30")
CORE = ["sensetime", "megvii", "cloudwalk", "yitu"]
COLUMNS = ["form", "as_of", "firm", "quantity", "variant", "exposure", "share", "value", "low", "high", "error", "direct", "response"]
FIRM, PATHS, SEED = "sensetime", 1024, 7


def outcome(statements: fm.Statements, name: str) -> pd.DataFrame:
    """Return what a scenario gives: the deterministic form for the core firms, and the stochastic one for one of them."""
    parts = []
    for day in DAYS:
        found = fm.run_scenarios(statements.as_of(day), [name], CORE).table
        parts.append(found[found["scenario"] == name].assign(form="deterministic", as_of=day))
    simulated = fm.run_scenarios(statements.as_of(DAYS[-1]), [name], [FIRM], paths=PATHS, seed=SEED).table
    simulated = simulated[(simulated["scenario"] == name) & (simulated["exposure"] == "")]
    parts.append(simulated.assign(form="stochastic", as_of=DAYS[-1]))
    table = pd.concat([p.reindex(columns=COLUMNS) for p in parts if len(p)], ignore_index=True)
    return table[table["value"].notna() | table["low"].notna()].reset_index(drop=True)


def write() -> None:
    """Write the golden file of every shipped scenario, and drop those of scenarios that are gone."""
    statements = fm.load_statements()
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.csv"):
        path.unlink()
    for name in scenario_names():
        outcome(statements, name).to_csv(FOLDER / f"{name}.csv", index=False, float_format="%.10g", lineterminator="\n")


if __name__ == "__main__":
    write()
