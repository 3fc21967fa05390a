"""From lines of words to rows of a statement: columns with their heads, labels joined, cells under their column."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from finmodel.loaders.columns import Column, dated, find_columns, like_before, same_table, set_heads
from finmodel.loaders.layout import Line, figure_of, joined_marks, without_leaders
from finmodel.loaders.parts import cut_line, is_row, note_like
from finmodel.loaders.rows import Row, join_rows, place_figures


@dataclass
class Block:
    """What one page holds of a statement."""

    page: int
    columns: list[Column]
    rows: list[Row]
    heading: str
    """The text between the title and the first row."""


def read_block(
    lines: Sequence[Line], knows: Callable[[str], bool], heads: Callable[[str], bool], before: Block | None = None, tagged: bool = False
) -> Block | None:
    """Return the table in `lines` (from the title, or the top of a page, to where the statement stops on that page), or None.

    Parameters
    ----------
    lines : sequence of Line
        All of one page.
    knows, heads : callable
        Whether a label, a heading of a section, is known: settles doubtful joins.
    before : Block, optional
        The page before, whose columns serve where this page has none of its own above the figures.
    tagged : bool
        Whether each line is a whole row already.
    """
    parts = [cut_line(line) for line in lines]
    first = next((i for i, part in enumerate(parts) if is_row(part)), None)
    if first is None:
        return None
    columns = find_columns(parts[first:], parts[:first])
    if not [c for c in columns if not c.note]:
        return None
    heading = "\n".join(part.line.text for part in parts[:first])
    edge = min(c.x0 for c in columns if not c.note)
    end = max(c.x1 for c in columns if not c.note)
    over = [any(w.x1 > edge and w.x0 < end for w in part.line.words) for part in parts[:first]]
    first = next((i + 1 for i in reversed(range(first)) if over[i]), 0 if before is not None else first)
    set_heads(columns, parts[:first])
    if before is not None and not any(dated(c.head) for c in columns):
        if len(columns) == sum(not c.note for c in before.columns):
            for column in columns:
                column.note = False
        columns = like_before(columns, before.columns)
    body = same_table(parts[first:], columns)
    for part in body:
        place_figures(part, columns)
    rows = join_rows(body, knows, heads, tagged)
    return Block(lines[0].page, columns, rows, heading)


def sides(lines: Sequence[Line]) -> list[list[Line]]:
    """Return a page in account form (assets to the left, liabilities and equity to the right) as its two halves, any other as it is."""
    starts: list[float] = []
    figured = 0
    for line in lines:
        words = joined_marks(without_leaders(line.words))
        figure = [figure_of(w.text) is not None or note_like([w], 0) for w in words]
        figured += any(figure)
        turns = [i for i in range(2, len(words) - 1) if figure[i - 1] and not figure[i] and not figure[0] and any(figure[i:])]
        starts += [words[turns[0]].x0] if turns and words[turns[0]].x0 - words[turns[0] - 1].x1 > words[0].bottom - words[0].top else []
    if len(starts) < 4 or len(starts) < 0.3 * figured or max(starts) - min(starts) > 60:
        return [list(lines)]
    edge = min(starts) - 2
    halves = ([[w for w in line.words if w.x0 < edge] for line in lines], [[w for w in line.words if w.x0 >= edge] for line in lines])
    return [[Line(words, line.page, line.band) for words, line in zip(half, lines, strict=True) if words] for half in halves]
