"""Lines of words cut into label, note and figures."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from finmodel.loaders.layout import Line, Word, figure_of, is_han, is_year, join_words, joined_marks, without_leaders

NOTE = re.compile(
    r"(?:附?注?[一二三四五六七八九十]{1,3}[、.．,(（]?|[IVX]{1,4}[、.,]?|附注|note|[A-Z]\.?)?\d{0,2}(?:\(?[a-z0-9]{1,3}\)?)?(?:\([a-z0-9ivx]{1,4}\))*(?:\s*[,、&/.;和及-]+\s*\d{1,2}(?:\([a-z0-9ivx]{1,4}\))*)*[)）]?",
    re.IGNORECASE,
)
_SIGNED_ON = re.compile(r"(?:19|20)\d\d\s*年\s*\d{1,2}\s*月\s*\d{1,2}\s*日")
"""A line that is a day: it stands below the statement, by the signatures."""
PROPER = re.compile(r"[\d.][,.]\d|\(\d|^[-–—−]|\d{3}")


@dataclass
class Part:
    """A line cut into label, note and figures."""

    line: Line
    label: list[Word]
    figures: list[Word]
    note: str = ""
    cells: dict[int, Word] = field(default_factory=dict)
    unread: str = ""

    @property
    def text(self) -> str:
        """The label without its leaders."""
        return re.sub(r"[\s.·…]+$", "", join_words(self.label)) if self.label else ""

    @property
    def x0(self) -> float:
        """Where the label begins."""
        return self.label[0].x0 if self.label else 1e9

    @property
    def x1(self) -> float:
        """Where the label ends."""
        return self.label[-1].x1 if self.label else 0.0


def cut_line(line: Line) -> Part:
    """Split a line where the run of figures begins; what follows the run (a second label to the right) joins the label."""
    words = joined_marks(without_leaders(line.words))
    if _SIGNED_ON.fullmatch(line.text.strip()):
        return Part(line, words, [])
    figure = [figure_of(w.text) is not None or ("%" in w.text and any(c.isdigit() for c in w.text)) for w in words]
    runs: list[tuple[int, int]] = []
    start = None
    for i in range(len(words) + 1):
        inside = i < len(words) and (
            figure[i]
            or (note_like(words, i) and (i > 0 or figure[1:2] in ([], [True])))
            or words[i].text in ("N/A", "n/a", "不适用", "不適用")
        )
        if inside and start is None:
            start = i
        if not inside and start is not None:
            runs.append((start, i))
            start = None
    runs = [(start, b) for a, b in runs if (start := _apart(words, a, b)) < b]
    runs = [(a, b) for a, b in runs if a > 0 or b == len(words) or is_han(words[b].text[0])]  # (1), (2) before a label count the labels
    if not runs:
        return Part(line, words, [])
    a, b = max(runs, key=lambda r: (sum(figure[r[0] : r[1]]), r[0]))
    return Part(line, [*words[:a], *words[b:]], list(words[a:b]))


def _apart(words: Sequence[Word], start: int, stop: int) -> int:
    """Return where the figures of a run begin: what stands as close as a next word (a year, a par value) still belongs to the label."""
    apart = (i for i in range(start, stop) if i == 0 or words[i].x0 - words[i - 1].x1 > 0.55 * (words[i].bottom - words[i].top))
    return next(apart, stop)


def note_like(words: Sequence[Word], i: int) -> bool:
    """Return whether a word may refer to a note."""
    return bool(words[i].text) and any(c.isdigit() for c in words[i].text) and bool(NOTE.fullmatch(words[i].text))


def is_row(part: Part) -> bool:
    """Return whether a line holds amounts and not only years, days and references."""
    figures = [w for w in part.figures if figure_of(w.text) is not None and not is_year(w.text)]
    proper = [w for w in figures if PROPER.search(w.text)]
    if not proper:
        return len(figures) > 1 and bool(part.label) and len(figures) == len(part.figures)
    dashes = [w for w in proper if not any(c.isdigit() for c in w.text)]
    return len(proper) > len(dashes) or (len(dashes) > 1 and bool(part.label))
