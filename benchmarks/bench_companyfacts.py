"""Time of companyfacts into a facts table, against json.load of the same file in the same run.

usage: python benchmarks/bench_companyfacts.py [FILE]

FILE is a companyfacts JSON of the SEC. A second row repeats every concept under nine further names, the size of a large filer's file.
"""

from __future__ import annotations

import gc
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from finmodel.loaders.companyfacts import read_companyfacts

REAL = Path(__file__).resolve().parents[2] / "shared" / "inputs" / "xbrl" / "Snowflake_snow_facts.json"
ROUNDS = 31


def parsed(path: Path) -> None:
    with path.open(encoding="utf-8") as file:
        json.load(file)


def medians(path: Path) -> tuple[float, float, int]:
    """Return median seconds of json.load and of the loader, taken in turns, and the facts read."""
    times: dict[Callable[[Path], object], list[float]] = {parsed: [], read_companyfacts: []}
    for _ in range(ROUNDS):
        for read, taken in times.items():
            gc.collect()
            started = time.process_time()
            read(path)
            taken.append(time.process_time() - started)
    base, loader = (statistics.median(taken) for taken in times.values())
    return base, loader, len(read_companyfacts(path))


def main() -> None:
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else REAL
    with tempfile.TemporaryDirectory() as folder:
        large = Path(folder) / "large.json"
        data = json.loads(path.read_bytes())
        for facts in data["facts"].values():
            facts.update({f"{name}Part{number}": body for name, body in list(facts.items()) for number in range(9)})
        large.write_text(json.dumps(data), encoding="utf-8")
        print(f"{'file':32}{'MB':>8}{'facts':>8}{'json.load ms':>14}{'loader ms':>11}{'ratio':>8}")
        for name, file in ((path.name, path), ("with ten times the concepts", large)):
            base, loader, count = medians(file)
            print(f"{name:32}{file.stat().st_size / 1e6:8.1f}{count:8}{base * 1e3:14.1f}{loader * 1e3:11.1f}{loader / base:8.2f}")


if __name__ == "__main__":
    main()
