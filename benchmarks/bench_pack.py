"""The pack on fixed margins against the same pack laid out by matplotlib's constrained layout, drawing alone; and the whole pack, cold.

Run it from the checkout: ``python benchmarks/bench_pack.py``. Results are computed once before the drawing is timed, so that the ratio
compares layouts. Target: at most 0.6 of the time; the whole command under 20 seconds without scenarios with funding, 60 with them.

Under matplotlib 3.11 the ratio stays above the target: both layouts make the same artists, shape the same 1,280 texts for the PDF and
embed the same fonts, which is seven tenths of the solver's time; nothing of that is the layout's.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

import finmodel as fm
from finmodel import pack
from finmodel.figures.page import PAGE, Page
from finmodel.figures.style import style

ROUNDS = 3


@contextmanager
def constrained():
    """Lay pages out by matplotlib's solver: every axes in a grid, measured with all that is drawn in it."""
    blank, area, frame = Page.blank, Page.area, Page.frame

    def framed(self: Page, *given) -> None:
        frame(self, *given)
        for ax in self.figure.axes:
            ax.set_in_layout(True)

    def subplot(self: Page, left: float = 0.0, top: float = 0.0, width: float | None = None, height: float | None = None) -> Axes:
        return self.figure.add_subplot()

    Page.blank = classmethod(lambda cls: cls(Figure(figsize=PAGE, layout="constrained")))
    Page.area, Page.frame = subplot, framed
    try:
        yield
    finally:
        Page.blank, Page.area, Page.frame = blank, area, frame


def drawn(statements: fm.Statements, results: dict) -> float:
    """Return the seconds that drawing and binding take when every result is there."""
    start = time.perf_counter()
    with style():
        made = pack.Pack(statements)
        made._results = results
        for make in charts():
            make(made)
        made.bind()
    return time.perf_counter() - start


def charts() -> list:
    """Return the pages that one figure fills: those whose layout a solver could do."""
    return [make for make in pack.PAGES if make.__name__ == "make"]


def main() -> None:
    """Print the ratio and the time of the whole command."""
    statements = fm.load_statements().as_of("2023-04-30")
    results: dict = {}
    drawn(statements, results)  # computes the results, and warms the font cache
    fixed, solved = [], []
    for _ in range(ROUNDS):
        fixed.append(drawn(statements, results))
        with constrained():
            solved.append(drawn(statements, results))
    ratio = min(fixed) / min(solved)
    times = f"fixed margins {min(fixed):.2f} s, constrained layout {min(solved):.2f} s"
    print(f"{len(charts())} pages drawn and bound: {times}, ratio {ratio:.2f}")
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "finmodel", "pack", "-o", str(Path(folder) / "pack.pdf")], check=True, stdout=subprocess.DEVNULL
        )
        size = (Path(folder) / "pack.pdf").stat().st_size
        print(f"whole command, all scenarios: {time.perf_counter() - start:.1f} s, {size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
