"""Finds what a picky editor would circle: text outside the page, and text over other text."""

from __future__ import annotations

from itertools import combinations

from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.figure import Figure
from matplotlib.text import Text


class _Recorder(RendererAgg):
    """A renderer that remembers which texts were really drawn."""

    def __init__(self, *size):
        super().__init__(*size)
        self.texts: list[Text] = []

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None):
        if mtext is not None and mtext not in self.texts:
            self.texts.append(mtext)


def layout_faults(figure: Figure, slack: float = 1.0) -> list[str]:
    """Return one line per text that leaves the page and per pair of texts that overlap by more than `slack` points."""
    width, height = figure.get_size_inches() * figure.dpi
    recorder = _Recorder(width, height, figure.dpi)
    figure.draw(recorder)
    tolerance = slack * figure.dpi / 72
    boxes = [(t.get_text(), t.get_window_extent(recorder)) for t in recorder.texts]
    faults = [
        f"outside the page: {text!r}"
        for text, b in boxes
        if b.x0 < -tolerance or b.y0 < -tolerance or b.x1 > width + tolerance or b.y1 > height + tolerance
    ]
    for (one, a), (two, b) in combinations(boxes, 2):
        across = min(a.x1, b.x1) - max(a.x0, b.x0)
        along = min(a.y1, b.y1) - max(a.y0, b.y0)
        if across > tolerance and along > 2 * tolerance:
            faults.append(f"overlap: {one!r} and {two!r}")
    return faults
