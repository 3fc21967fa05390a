"""Read every hostile file of tests/test_hostile.py, each in a process of its own, and print what came of it: a table in Markdown.

usage: PYTHONPATH=. python benchmarks/hostile_files.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.test_hostile import CASES, fuzzing


def main() -> None:
    """Print the table."""
    Worker = fuzzing().Worker
    print("| file | size | outcome | s | peak MB | message |\n| --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        for name, (make, _) in CASES.items():
            path = Path(folder) / name
            make(path)
            worker = Worker(seconds=300)
            answer = worker.load(path)
            worker.close()
            first = str(answer["text"]).splitlines()[0].replace("|", "\\|")
            size = f"{path.stat().st_size / 1e6:.1f} MB"
            print(
                f"| {name} | {size} | {answer['outcome']} | {answer['seconds']:.1f} | {answer['memory']:.0f} | {first[:160]} |", flush=True
            )
            path.unlink()


if __name__ == "__main__":
    main()
