"""Run every file of a folder through fm.load and say what came of each: a table in Markdown.

usage: python benchmarks/run_inputs.py FOLDER [FOLDER ...]

Each file is read in a process of its own. Prints file, statements found, facts (and how many have a line item), identity checks passed
and failed, seconds and peak memory; then the message of every refusal.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

TIMEOUT = 300
"""Seconds after which a file counts as hung."""
HEADER = ["file", "statements found", "facts", "named", "passed", "failed", "s", "MB"]

READ = """
import json, resource, sys, time
import finmodel as fm
from finmodel.loaders.identities import check_identities
start = time.perf_counter()
out = {}
try:
    facts = fm.load(sys.argv[1])
except fm.DataError as error:
    out["refused"] = str(error)
out["seconds"] = time.perf_counter() - start
out["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
if "refused" not in out:
    checks = facts.attrs.get("checks") or check_identities(facts)
    sets = facts[facts["line_item"] != ""][["firm", "document", "statement", "period_end", "months"]].drop_duplicates()
    out["statements"] = {str(name): int(count) for name, count in sets["statement"].value_counts().items()}
    out["facts"], out["named"] = len(facts), int((facts["line_item"] != "").sum())
    out["passed"], out["failed"] = (sum(bool(check["passed"]) == wanted for check in checks) for wanted in (True, False))
print(json.dumps(out))
"""


def outcome(path: Path) -> dict[str, object]:
    """Return what loading the file gave, read in a process of its own."""
    try:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", READ, str(path)], capture_output=True, text=True, timeout=TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        return {"refused": f"HUNG: more than {TIMEOUT} s"}
    if done.returncode:
        return {"refused": f"CRASHED: exit {done.returncode}: {done.stderr.strip().splitlines()[-1:]}"}
    return dict(json.loads(done.stdout))


def line(name: str, found: dict[str, object]) -> str:
    """Return the table row of a file."""
    spent = [f"{found[key]:.1f}" if key in found else "" for key in ("seconds", "memory")]
    if "refused" in found:
        return _row([name, "refused, see below", "", "", "", "", *spent])
    statements = ", ".join(f"{count} {kind}" for kind, count in dict(found["statements"]).items())  # type: ignore[call-overload]
    return _row([name, statements, *(str(found[key]) for key in ("facts", "named", "passed", "failed")), *spent])


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> int:
    """Print the tables; the exit status is 1 if a file crashed or hung."""
    bad = False
    for folder in map(Path, sys.argv[1:]):
        refusals: list[tuple[str, str]] = []
        print(f"\n## {folder.name}\n\n{_row(HEADER)}\n{_row(['---'] * len(HEADER))}", flush=True)
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            name = str(path.relative_to(folder))
            found = outcome(path)
            print(line(name, found), flush=True)
            if "refused" in found:
                refusals.append((name, str(found["refused"])))
        if refusals:
            print("\nRefused:\n")
        for name, text in refusals:
            first, *rest = text.splitlines()
            print(f"- {name}: {first}{f' (and {len(rest)} more)' if rest else ''}", flush=True)
            bad = bad or text.startswith(("HUNG", "CRASHED"))
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
