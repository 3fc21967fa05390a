"""The frame of a page, and what is drawn inside it besides charts: tables and text. Everything is measured in inches on one grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from finmodel.figures.drawing import Words
from finmodel.figures.style import FAINT, INK, LABEL, LINE, MUTED, NOTE, PAGE, SUBTITLE, TITLE, canvas, text_width, wrap

LEFT, RIGHT = 0.65, 0.65
TOP = 0.55
"""From the upper edge of the page to the top of the title."""
BODY_TOP, BODY_BOTTOM = 1.5, 1.28
"""From the edges of the page to the area that a figure may use."""
FOOT = 0.42
MARKS = "†~*"
"""Marks that hang to the right of a number, outside its column."""


@dataclass
class Page:
    """One page: what stands around the figure, and the area left for it.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        A figure of the page's size.
    """

    figure: Figure

    @classmethod
    def blank(cls) -> Page:
        """Return an empty page."""
        return cls(Figure(figsize=PAGE))

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the area for the figure, inches."""
        return PAGE[0] - LEFT - RIGHT, PAGE[1] - BODY_TOP - BODY_BOTTOM

    def area(self, left: float = 0.0, top: float = 0.0, width: float | None = None, height: float | None = None) -> Axes:
        """Return axes on a part of the figure's area, given in inches from its upper left corner."""
        width = self.size[0] - left if width is None else width
        height = self.size[1] - top if height is None else height
        x, y = LEFT + left, PAGE[1] - BODY_TOP - top - height
        return self.figure.add_axes((x / PAGE[0], y / PAGE[1], width / PAGE[0], height / PAGE[1]))

    def frame(self, words: Words, number: int, foot: str, of: str = "Sources: ") -> None:
        """Write title, subtitle, notes, sources, and at the foot `foot` and the page number."""
        width = PAGE[0] - LEFT - RIGHT
        y = self._lines(wrap(words.title, width, TITLE, True), PAGE[1] - TOP, TITLE, INK, bold=True)
        self._lines(wrap(words.subtitle, width, SUBTITLE), y - 0.04, SUBTITLE, MUTED)
        notes = wrap(words.notes, width, NOTE) if words.notes else []
        sources = wrap(of + words.sources, width, NOTE) if words.sources else []
        room = int((BODY_BOTTOM - FOOT - 0.2) / (NOTE * LINE / 72))
        if len(notes) + len(sources) > room:
            kept = max(1, room - len(notes))
            sources = [*sources[: kept - 1], sources[kept - 1].rstrip(" ,;") + " …"] if sources else sources
        top = FOOT + 0.16 + (len(notes) + len(sources)) * NOTE * LINE / 72
        self._lines([*notes, *sources], top, NOTE, MUTED)
        self._text(LEFT, FOOT, foot, NOTE, MUTED)
        self._text(PAGE[0] - RIGHT, FOOT, str(number), NOTE, MUTED, ha="right")
        self.figure.add_artist(_rule(LEFT / PAGE[0], 1 - RIGHT / PAGE[0], (FOOT + 0.03) / PAGE[1], FAINT))

    def _lines(self, lines: Sequence[str], y: float, size: float, colour: str, bold: bool = False) -> float:
        for line in lines:
            self._text(LEFT, y, line, size, colour, bold=bold)
            y -= size * LINE / 72
        return y

    def _text(self, x: float, y: float, text: str, size: float, colour: str, ha: str = "left", bold: bool = False) -> None:
        self.figure.text(x / PAGE[0], y / PAGE[1], text, size=size, color=colour, ha=ha, va="top", weight="bold" if bold else "normal")


def _rule(x0: float, x1: float, y: float, colour: str, width: float = 0.5) -> mpl.lines.Line2D:
    return mpl.lines.Line2D((x0, x1), (y, y), color=colour, linewidth=width)


def inches(ax: Axes) -> tuple[float, float]:
    """Empty the axes and make their units inches from the upper left corner; return width and height."""
    box, (width, height) = ax.get_position(), canvas(ax).get_size_inches()
    size = float(box.width * width), float(box.height * height)
    ax.set_axis_off()
    ax.set_xlim(0, size[0])
    ax.set_ylim(size[1], 0)
    return size


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    head : str
        What stands above it, unit included.
    align : {"left", "right"}
        Numbers right, on the decimal; text left, broken into lines.
    share : float
        Its part of the width that is left when number columns have taken theirs; 0 for as wide as its longest cell.
    decimal : bool
        Whether numbers are aligned on the decimal; not where the rows have different units.
    """

    head: str
    align: Literal["left", "right"] = "left"
    share: float = 0.0
    decimal: bool = True


@dataclass(frozen=True)
class Table:
    """A table as it is drawn: cells are text already.

    Attributes
    ----------
    columns : sequence of Column
    rows : sequence of sequence of str
        A row of one cell is the heading of a group.
    bold : frozenset of int
        Rows that matter most.
    colours : dict of int to str
        Colour of the first cell of a row.
    """

    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    bold: frozenset[int] = frozenset()
    colours: dict[int, str] | None = None


GAP = 0.18
PAD = 0.055


def draw_table(ax: Axes, table: Table, size: float = LABEL) -> int:
    """Draw a table on axes of its own; return how many rows had room (the caller continues on another page).

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Emptied and measured in inches.
    table : Table
        What to draw.
    size : float
        Type size in points.
    """
    width, height = inches(ax)
    spans = _spans(table, width, size)
    line = size * LINE / 72
    heads = [wrap(c.head, w, size - 0.5, True) for c, (_, w) in zip(table.columns, spans, strict=True)]
    y = max(map(len, heads)) * (size - 0.5) * LINE / 72
    for column, lines, (x, w) in zip(table.columns, heads, spans, strict=True):
        for i, text in enumerate(lines):
            at = x + w if column.align == "right" else x
            _put(ax, at, y - (len(lines) - i - 1) * (size - 0.5) * LINE / 72, text, size - 0.5, MUTED, column.align, True, va="bottom")
    y += PAD
    ax.add_artist(_line(ax, 0, width, y, MUTED, 0.7))
    decimals = [_fraction(table.rows, i, size) if c.align == "right" and c.decimal else 0.0 for i, c in enumerate(table.columns)]
    for drawn, row in enumerate(table.rows):
        bold = drawn in table.bold
        group = len(row) == 1
        cells = [[row[0]]] if group else [_cell_lines(c, t, w, size, bold) for c, t, (_, w) in zip(table.columns, row, spans, strict=True)]
        tall = max(map(len, cells)) * line + 2 * PAD
        if y + tall > height + 1e-6:
            return drawn
        if group:
            _put(ax, 0, y + PAD + 0.02, row[0], size, INK, "left", True)
        else:
            first = (table.colours or {}).get(drawn, INK)
            for i, (column, lines, (x, w)) in enumerate(zip(table.columns, cells, spans, strict=True)):
                for j, text in enumerate(lines):
                    ink = first if i == 0 else INK
                    if column.align == "right" and not column.decimal:
                        _put(ax, x + w, y + PAD + j * line, text, size, ink, "right", bold)
                    elif column.align == "right":
                        _put_number(ax, x + w - decimals[i], y + PAD + j * line, text, size, ink, bold)
                    else:
                        _put(ax, x, y + PAD + j * line, text, size, ink, "left", bold or (i == 0 and first != INK))
        y += tall
        ax.add_artist(_line(ax, 0, width, y, MUTED if group else FAINT, 0.5))
    return len(table.rows)


def _cell_lines(column: Column, text: str, width: float, size: float, bold: bool) -> list[str]:
    return [text] if column.align == "right" and not column.share else wrap(text, width, size, bold)


def _spans(table: Table, width: float, size: float) -> list[tuple[float, float]]:
    """Return the left edge and width of every column: number columns as wide as they must be, the rest shared."""
    need = []
    for i, column in enumerate(table.columns):
        cells = [r[i] for r in table.rows if len(r) > 1]
        words = max((text_width(w, size - 0.5, True) for w in column.head.split()), default=0.0)
        fixed = max([*(text_width(c, size, True) for c in cells), words], default=words)
        need.append(0.0 if column.share else fixed + 0.02)
    shares = sum(c.share for c in table.columns)
    left = width - sum(need) - GAP * (len(need) - 1)
    if left < 0 or (shares and left <= 0):
        raise ValueError(
            f"a table of {len(need)} columns needs {width - left:.1f} inches and has {width:.1f}; give its text columns a share"
        )
    widths = [left * c.share / shares if c.share else n for c, n in zip(table.columns, need, strict=True)]
    edges = [sum(widths[:i]) + GAP * i for i in range(len(widths))]
    return list(zip(edges, widths, strict=True))


def _split_mark(text: str) -> tuple[str, str]:
    bare = text.rstrip(MARKS)
    return bare, text[len(bare) :]


def _fraction(rows: Sequence[Sequence[str]], i: int, size: float) -> float:
    """Return the room right of the decimal point that the longest fraction and mark of a column need."""
    return max((_tail(r[i], size) for r in rows if len(r) > 1), default=0.0)


def _tail(text: str, size: float) -> float:
    if not any(c.isdigit() for c in text):
        return 0.0
    _, point, tail = text.partition(".")
    return text_width(point + tail, size) if point else text_width(_split_mark(text)[1], size)


def _put_number(ax: Axes, x: float, y: float, text: str, size: float, colour: str, bold: bool) -> None:
    _put(ax, x + _tail(text, size), y, text, size, colour, "right", bold)


def _put(ax: Axes, x: float, y: float, text: str, size: float, colour: str, ha: str, bold: bool = False, va: str = "top") -> None:
    if text:
        ax.text(x, y, text, size=size, color=colour, ha=ha, va=va, weight="bold" if bold else "normal")


def _line(ax: Axes, x0: float, x1: float, y: float, colour: str, width: float) -> mpl.lines.Line2D:
    line = _rule(x0, x1, y, colour, width)
    line.set_transform(ax.transData)
    return line


def draw_text(ax: Axes, paragraphs: Sequence[str], size: float = LABEL + 0.5, columns: int = 1, gap: float = 0.35) -> int:
    """Set paragraphs in columns; one that begins with ``#`` is a heading. Return how many had room.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Emptied and measured in inches.
    paragraphs : sequence of str
        Text; a paragraph that begins with ``- `` is set as an item of a list.
    size : float
        Type size in points.
    columns : int
        Number of columns.
    gap : float
        Inches between them.
    """
    width, height = inches(ax)
    w = (width - gap * (columns - 1)) / columns
    line = size * LINE / 72
    column, y = 0, 0.0
    for drawn, paragraph in enumerate(paragraphs):
        heading, item = paragraph.startswith("#"), paragraph.startswith("- ")
        indent = 0.14 if item else 0.0
        lines = wrap(paragraph.lstrip("# ") if heading else paragraph[2:] if item else paragraph, w - indent, size, heading)
        need = (len(lines) + (2 if heading else 0)) * line
        if y + need > height + 1e-6:
            column, y = column + 1, 0.0
            if column == columns:
                return drawn
        y += 0.5 * line if heading and y else 0.0
        x = column * (w + gap)
        if item:
            _put(ax, x, y, "•", size, MUTED, "left")
        for text in lines:
            _put(ax, x + indent, y, text, size, INK, "left", heading)
            y += line
        y += line * (0.15 if heading else 0.3 if item else 0.5)
    return len(paragraphs)


def balanced(ax: Axes, paragraphs: Sequence[str], size: float, columns: int = 2, gap: float = 0.5) -> None:
    """Set paragraphs in columns of about the same length.

    Raises
    ------
    ValueError
        If they have no room.
    """
    figure, box = canvas(ax), ax.get_position()
    for tenth in range(2, 11):
        tall = box.height * tenth / 10
        ax.set_position((box.x0, box.y1 - tall, box.width, tall))
        if draw_text(ax, paragraphs, size, columns, gap) == len(paragraphs):
            return
        for text in list(ax.texts):
            text.remove()
    raise ValueError(f"no room for {len(paragraphs)} paragraphs on a page {figure.get_size_inches()[1]:.1f} inches tall")


def fit_text(ax: Axes, paragraphs: Sequence[str], size: float, least: float = 5.0) -> None:
    """Set paragraphs in one column, in the largest type of at most `size` points in which they have room.

    Raises
    ------
    ValueError
        If even the least size is too large.
    """
    while size >= least:
        if draw_text(ax, paragraphs, size) == len(paragraphs):
            return
        for text in list(ax.texts):
            text.remove()
        size -= 0.25
    raise ValueError(f"no room for {sum(map(len, paragraphs))} characters in {inches(ax)} inches")
