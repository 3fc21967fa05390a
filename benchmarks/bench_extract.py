"""Reading a report: time as a multiple of what pypdfium2 takes to extract its text, and peak memory, each file in a process of its own.

Run from the checkout: ``python benchmarks/bench_extract.py FILE ...`` (PDF files; by default those of ../shared/inputs/documents).
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

DOCUMENTS = Path(__file__).resolve().parents[2] / "shared" / "inputs" / "documents"
ALLOWED = 6.0


def text_seconds(path: Path) -> tuple[float, int]:
    """Return the seconds that pypdfium2 takes for the text of all pages, and their number."""
    import pypdfium2

    start = time.perf_counter()
    document = pypdfium2.PdfDocument(path)
    for index in range(len(document)):
        page = document[index]
        text = page.get_textpage()
        text.get_text_range()
        text.close()
        page.close()
    return time.perf_counter() - start, len(document)


def measure(path: Path) -> dict[str, object]:
    """Measure one file in this process; the best of three runs each, taken in turn."""
    import finmodel as fm

    baseline, ours, figures, found = [], [], 0, ""
    for _ in range(3):
        seconds, pages = text_seconds(path)
        baseline.append(seconds)
        start = time.perf_counter()
        try:
            figures = len(fm.load(path))
        except fm.DataError as error:
            found = str(error)[:60]
        ours.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"pages": pages, "figures": figures, "text_s": min(baseline), "load_s": min(ours), "peak_mb": peak, "found": found}


def main() -> None:
    """Print a line per file, and whether the bound holds for the long ones."""
    if len(sys.argv) == 3 and sys.argv[1] == "--one":
        print(json.dumps(measure(Path(sys.argv[2]))))
        return
    paths = [Path(a) for a in sys.argv[1:]] or sorted(DOCUMENTS.glob("*.pdf"))
    print(f"{'file':60} {'pages':>5} {'figures':>7} {'text s':>7} {'load s':>7} {'ratio':>6} {'peak MB':>8}")
    for path in paths:
        done = subprocess.run([sys.executable, __file__, "--one", str(path)], capture_output=True, text=True, check=True)
        r = json.loads(done.stdout)
        ratio = r["load_s"] / r["text_s"]
        late = " over the bound" if r["pages"] >= 400 and (ratio > ALLOWED or r["peak_mb"] > 500) else ""
        print(
            f"{path.name[:60]:60} {r['pages']:5d} {r['figures']:7d} {r['text_s']:7.2f} {r['load_s']:7.2f} {ratio:6.2f} {r['peak_mb']:8.0f}"
            f" {r['found']}{late}"
        )


if __name__ == "__main__":
    main()
