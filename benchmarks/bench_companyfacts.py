"""Time fm.load of companyfacts JSON against json.load of the same file, in one run.

usage: python benchmarks/bench_companyfacts.py [FILE ...]

The files named, then a synthetic one of 50 MB that is made here. Each file is read several times, the two readers by turns; the ratio is of
the least processor seconds (both use one thread, and other work on the machine does not count). The target is at most 1.5.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import finmodel as fm
from finmodel.loaders.concepts import concept_map

ROUNDS = 7


def synthetic(path: Path, size: int = 50_000_000) -> Path:
    """Write a companyfacts file of about `size` bytes shaped like the real ones: many concepts and quarters, few of them mapped."""
    mapped = list(concept_map()["us-gaap"])
    names = mapped[:60] + [f"SomethingElse{number}" for number in range(440)]
    quarters = [(f"{year}-{a}", f"{year}-{b}") for year in range(2009, 2025) for a, b in (("01-01", "03-31"), ("04-01", "06-30"))]
    facts: dict[str, object] = {}
    sample = json.dumps(_entry(quarters[0], 0, 1))
    filings = max(1, size // (len(names) * len(quarters) * (len(sample) + 2)))
    for place, name in enumerate(names):
        entries = [_entry(quarter, filing, place) for quarter in quarters for filing in range(filings)]
        facts[name] = {"label": name, "description": "As a filer describes it, in a sentence or two. " * 3, "units": {"USD": entries}}
    with path.open("w", encoding="utf-8") as file:
        json.dump({"cik": 1, "entityName": "Synthetic Inc.", "facts": {"us-gaap": facts}}, file)
    return path


def _entry(quarter: tuple[str, str], filing: int, value: int) -> dict[str, object]:
    year = int(quarter[1][:4])
    start, end = quarter
    return {
        "start": start, "end": end, "val": 1_000_000 + 7919 * value + filing, "accn": f"0001640147-{year % 100:02d}-{filing:06d}",
        "fy": year, "fp": "Q1", "form": "10-Q", "filed": f"{year + filing // 4}-11-{1 + filing % 28:02d}", "frame": f"CY{year}Q1",
    }  # fmt: skip


def parsed(path: Path) -> object:
    """Return what json.load makes of the file."""
    with path.open(encoding="utf-8") as file:
        return json.load(file)


def seconds(read: Callable[[Path], object], path: Path) -> float:
    """Return the processor seconds that one reading takes."""
    start = time.process_time()
    read(path)
    return time.process_time() - start


def report(path: Path) -> None:
    """Print the row of a file."""
    facts = len(fm.load(path))  # warms the tables that are read once in a process
    times = [(seconds(parsed, path), seconds(fm.load, path)) for _ in range(ROUNDS)]
    plain, ours = (min(column) for column in zip(*times, strict=True))
    print(f"{path.name:28}{path.stat().st_size / 1e6:>8.1f}{facts:>9,}{plain:>14.3f}{ours:>12.3f}{ours / plain:>8.2f}", flush=True)


def main() -> None:
    """Print the table."""
    print(f"{'file':28}{'MB':>8}{'facts':>9}{'json.load s':>14}{'fm.load s':>12}{'ratio':>8}")
    for name in sys.argv[1:]:
        report(Path(name))
    with tempfile.TemporaryDirectory() as folder:
        report(synthetic(Path(folder) / "synthetic.json"))


if __name__ == "__main__":
    main()
