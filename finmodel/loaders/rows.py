"""Figures under their columns, and lines joined into rows."""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from finmodel.loaders.columns import Column
from finmodel.loaders.layout import Word, figure_of, is_han, is_year
from finmodel.loaders.parts import NOTE, PROPER, Part, note_like


@dataclass
class Row:
    """One row: label, figures by column number, reference to a note, and where it stands."""

    label: str
    cells: dict[int, Word]
    page: int
    top: float
    x0: float
    note: str = ""
    full: bool = False
    """Whether the last line of the label reaches the edge of its column, so that it may go on."""
    unread: str = ""
    """What stands under a column and has but half its parentheses."""


def place_figures(part: Part, columns: list[Column]) -> None:
    """Put each figure under its column; references to notes go to the note, what fits nowhere back to the label."""
    values = [(i, c) for i, c in enumerate(columns) if not c.note]
    for word in part.figures:
        hit = [(i, c) for i, c in values if word.x0 <= c.x1 + 2 and word.x1 >= c.x0 - 2]
        if hit and figure_of(word.text) is not None:
            part.cells.setdefault(min(hit, key=lambda h: abs(h[1].x1 - word.x1))[0], word)
        elif hit and word.text.count("(") != word.text.count(")"):
            part.unread = f"{part.unread} {word.text}".strip()
        elif not hit and _is_reference(word, part, columns):
            part.note = f"{part.note} {word.text}".strip()
        elif not hit:
            part.label.append(word)
    while part.label and (place := _under(part.label[-1], values, part.cells)) is not None:
        part.cells[place] = part.label.pop()
    notes = [c for c in columns if c.note]
    for word in [w for w in part.label if any(w.x0 >= c.x0 - 3 and w.x1 <= c.x1 + 3 for c in notes) and note_like([w], 0)]:
        part.label.remove(word)
        part.note = f"{part.note} {word.text}".strip()
    part.label.sort(key=lambda w: w.x0)


def _under(word: Word, values: Sequence[tuple[int, Column]], cells: dict[int, Word]) -> int | None:
    """Return the empty column that a figure at the end of a long label stands under, to the right edge, or None."""
    if not PROPER.search(word.text) or is_year(word.text) or figure_of(word.text) is None:
        return None
    return next(
        (i for i, c in values if i not in cells and cells and i < min(cells) and abs(word.x1 - c.x1) < 0.5 * (word.bottom - word.top)), None
    )


def _is_reference(word: Word, part: Part, columns: Sequence[Column]) -> bool:
    """Return whether a figure outside the columns refers to a note: in the note column, or well apart from the label."""
    if any(c.note and word.x0 <= c.x1 + 3 and word.x1 >= c.x0 - 3 for c in columns):
        return True
    apart = bool(part.label) and word.x0 - part.label[-1].x1 > 1.2 * (word.bottom - word.top)
    return apart and bool(NOTE.fullmatch(word.text))


def join_rows(parts: list[Part], knows: Callable[[str], bool], heads: Callable[[str], bool], tagged: bool) -> list[Row]:
    """Return the rows that the lines make up, each with the lines that go on below it."""
    limit = _label_limit(parts)
    groups: list[list[Part]] = []
    ruled = _ruled(parts)
    pitch = _pitch(parts)
    for i, part in enumerate(parts):
        after = parts[i + 1] if i + 1 < len(parts) else None
        if (
            groups
            and not tagged
            and (
                (ruled and part.line.band is not None and part.line.band == groups[-1][-1].line.band)
                or (not ruled and _goes_on(groups[-1], part, after, limit, pitch, knows, heads))
            )
        ):
            groups[-1].append(part)
        else:
            groups.append([part])
    return [_row(group, limit) for group in groups]


def _row(group: list[Part], limit: float) -> Row:
    words: list[Word] = []
    label = ""
    cells: dict[int, Word] = {}
    for part in group:
        text = part.text
        glue = (
            not label
            or not text
            or (is_han(label[-1]) and is_han(text[0]))
            or label[-1] in "(（/╱"
            or (label[-1] == "-" and text[0].islower())
        )
        label += text if glue else f" {text}"
        cells = part.cells | cells
        words += part.label
    last = next((p for p in reversed(group) if p.label), group[-1])
    full = bool(last.label) and last.x1 + 1.1 * last.line.size > limit
    note = " ".join(p.note for p in group if p.note)
    unread = " ".join(p.unread for p in group if p.unread)
    return Row(label.strip(), cells, group[0].line.page, group[0].line.top, min(p.x0 for p in group), note, full, unread)


def _label_limit(parts: Sequence[Part]) -> float:
    ends = [p.x1 for p in parts if p.label and p.cells] or [p.x1 for p in parts if p.label]
    return max(ends, default=0.0)


def _ruled(parts: Sequence[Part]) -> bool:
    """Return whether the ruled rows hold one row of figures each."""
    bands = [p.line.band for p in parts if p.cells]
    held = [b for b in bands if b is not None]
    return len(held) > 0.7 * len(bands) and len(set(held)) > 0.9 * len(held)


def _pitch(parts: Sequence[Part]) -> float:
    steps = [b.line.top - a.line.top for a, b in pairwise(parts) if b.line.top > a.line.top]
    return statistics.median(steps) if steps else 12.0


_OPEN_END = re.compile(
    r"(?:\b(?:and|of|or|the|in|for|to|from|by|at|with|on|an?|other|including|net|through|under|as|not)|[,/╱&、－-]|(?<=[⺀-鿿])[之及的或和])$",
    re.IGNORECASE,
)


def _goes_on(
    group: list[Part],
    part: Part,
    after: Part | None,
    limit: float,
    pitch: float,
    knows: Callable[[str], bool],
    heads: Callable[[str], bool],
) -> bool:
    """Return whether `part` is a further line of the row in `group`: by punctuation, case, indent and the room left on the line."""
    last = group[-1]
    step = part.line.top - last.line.top
    above = "".join(p.text for p in group)
    if any(p.cells for p in group) and part.cells:
        return False
    if not part.label or not last.label:
        return step < 0.75 * pitch and bool(part.label or last.label)
    first = part.text[0]
    if step > 1.8 * max(pitch, last.line.size) or last.text.endswith((":", "：") if first.isdigit() else (":", "：", "；", ";")):
        return False
    if above.count("(") + above.count("（") > above.count(")") + above.count("）"):
        return True
    if first.islower() or first in ")）,，、/╱":
        return True
    if last.cells:
        return False
    if heads(above) or heads(last.text):
        return False
    if first in "(（" and part.cells:
        return True
    if _OPEN_END.search(last.text):
        return True
    if (
        first.isdigit()
        and not re.match(r"\d{1,2}[.)、]", part.text)
        and not is_han(last.text[-1])
        and last.x1 + _first_width(part) > 0.8 * limit
    ):
        return True
    hangs = part.x0 - group[0].x0 > 0.5 * part.line.size
    fits = last.x1 + _first_width(part) + 0.3 * part.line.size < limit
    if is_han(first):
        alone = after is None or after.x0 < part.x0 - 2 or not part.cells or knows(above + part.text)
        return not knows(last.text) and ((not fits and (hangs or bool(part.cells))) or (hangs and alone))
    both_capitals = last.text.isupper() and part.text.isupper()
    return both_capitals and (hangs or not fits)


def _first_width(part: Part) -> float:
    word = part.label[0]
    return word.bottom - word.top if is_han(word.text[0]) else word.x1 - word.x0
