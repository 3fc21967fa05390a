"""Room for labels, panels on one grid, labels that keep out of each other's way, and marks for what is missing or censored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from finmodel.figures.style import LABEL, LINE, MUTED, NOTE, canvas, text_width

ESTIMATE_HATCH = "////"
"""Fill of bars that are estimated or derived rather than reported."""


def room(ax: Axes, left: float = 0.5, right: float = 0.1, top: float = 0.1, bottom: float = 0.35) -> Axes:
    """Move the axes inwards by so many inches, for tick labels and direct labels; return them."""
    box, (width, height) = ax.get_position(), canvas(ax).get_size_inches()
    w, h = box.width - (left + right) / width, box.height - (top + bottom) / height
    ax.set_position((box.x0 + left / width, box.y0 + bottom / height, max(w, 0.05), max(h, 0.05)))
    return ax


def panels(
    ax: Axes, rows: int, columns: int, left: float = 0.5, right: float = 0.1, top: float = 0.28, bottom: float = 0.35
) -> list[list[Axes]]:
    """Divide the axes into a grid of small multiples, each with so many inches of room around it; return them by row."""
    box, (width, height) = ax.get_position(), canvas(ax).get_size_inches()
    w, h = float(box.width * width) / columns, float(box.height * height) / rows
    ax.set_axis_off()
    return [
        [
            ax.inset_axes(
                (
                    (c * w + left) / (w * columns),
                    ((rows - 1 - r) * h + bottom) / (h * rows),
                    (w - left - right) / (w * columns),
                    (h - top - bottom) / (h * rows),
                )
            )
            for c in range(columns)
        ]
        for r in range(rows)
    ]


def firm_panels(ax: Axes, count: int, left: float = 0.5, right: float = 0.1, top: float = 0.28, bottom: float = 0.35) -> list[Axes]:
    """Return one panel per firm: side by side where there is room, else two in a row."""
    rows = 1 if size_of(ax)[0] > 2.2 * count or count == 1 else -(-count // 2)
    grid = [panel for row in panels(ax, rows, -(-count // rows), left, right, top, bottom) for panel in row]
    for panel in grid[count:]:
        panel.set_axis_off()
    return grid[:count]


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Return positions at least `gap` apart within [low, high], in the same order and as near as can be to those wanted.

    Examples
    --------
    >>> spread([1.0, 1.1, 3.0], 0.5, 0.0, 4.0)
    [0.8, 1.3, 3.0]
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    groups: list[list[float]] = []  # [centre sum, count]: neighbours that touch move as one block
    for i in order:
        groups.append([wanted[i], 1])
        while len(groups) > 1 and _start(groups[-1], gap, low, high) < _start(groups[-2], gap, low, high) + groups[-2][1] * gap:
            total, count = groups.pop()
            previous = groups[-1]
            mean = (previous[0] * previous[1] + total * count) / (previous[1] + count)
            groups[-1] = [mean, previous[1] + count]
    placed = [_start(g, gap, low, high) + k * gap for g in groups for k in range(int(g[1]))]
    out = [0.0] * len(wanted)
    for i, position in zip(order, placed, strict=True):
        out[i] = round(position, 10)
    return out


def _start(group: list[float], gap: float, low: float, high: float) -> float:
    centre, count = group
    span = (count - 1) * gap
    return max(low, min(centre - span / 2, high - span))


def label_ends(ax: Axes, labels: Sequence[tuple[float, float, str, str]], size: float = LABEL, offset: float = 0.08) -> None:
    """Write labels right of the ends of lines, moved apart where they would touch.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Limits must be final.
    labels : sequence of (x, y, text, colour)
        Where each line ends, in data units.
    size : float
        Type size in points.
    offset : float
        Inches between the line's end and its label.
    """
    dpi = canvas(ax).dpi
    points = [ax.transData.transform((x, y)) for x, y, *_ in labels]
    lines = [text.count("\n") + 1 for _, _, text, _ in labels]
    gap = max(lines, default=1) * size * LINE / 72 * dpi
    box = ax.get_window_extent()
    ys = spread([float(p[1]) for p in points], gap, box.y0, box.y1)
    for (_, _, text, colour), point, y in zip(labels, points, ys, strict=True):
        at = ax.transAxes.inverted().transform((point[0] + offset * dpi, y))
        ax.text(at[0], at[1], text, transform=ax.transAxes, size=size, color=colour, va="center", ha="left", clip_on=False)


def missing(ax: Axes, x: float, y: float, text: str = "not disclosed", rotation: float = 0, va: str = "bottom") -> None:
    """Write where a value would stand that it is missing."""
    ax.text(x, y, text, size=NOTE, color=MUTED, ha="center", va=va, rotation=rotation, style="italic")


def legend(ax: Axes, keys: Sequence[tuple[str, dict[str, Any]]], height: float = 0.3) -> None:
    """Write a row of keys at the top of the axes, each a swatch and its meaning, and take that room away from the axes.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Shrunk from above.
    keys : sequence of (str, dict)
        Meaning, and the properties of the patch that stands for it.
    height : float
        Inches of a row.
    """
    inner, swatch, line = size_of(ax)[0], 0.14, 0.2
    placed, x, row = [], 0.0, 0
    for text, look in keys:
        need = swatch + 0.06 + text_width(text, LABEL)
        if x and x + need > inner:
            x, row = 0.0, row + 1
        placed.append((x, row, text, look))
        x += need + 0.25
    room(ax, left=0, right=0, bottom=0, top=row * line + height)
    wide, tall = size_of(ax)
    for x, row_of, text, look in placed:
        y = 1 + (height + (row - row_of) * line - 0.11) / tall
        box = Rectangle((x / wide, y), swatch / wide, 0.11 / tall, transform=ax.transAxes, clip_on=False, **look)
        ax.add_artist(box)
        ax.text((x + swatch + 0.06) / wide, y + 0.055 / tall, text, transform=ax.transAxes, size=LABEL, va="center_baseline")


def censored(ax: Axes, x: float, y: float, colour: str, length: float = 0.18) -> None:
    """Draw an arrow to the right from a value of which only a lower bound is known."""
    start = ax.transData.transform((x, y))
    tip = ax.transData.inverted().transform((start[0] + length * canvas(ax).dpi, start[1]))
    arrow = {"arrowstyle": "-|>", "color": colour, "linewidth": 1.5, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", xy=(tip[0], tip[1]), xytext=(x, y), arrowprops=arrow, annotation_clip=False)


def size_of(ax: Axes) -> tuple[float, float]:
    """Return width and height of the axes in inches."""
    box = ax.get_window_extent()
    return float(box.width) / canvas(ax).dpi, float(box.height) / canvas(ax).dpi
