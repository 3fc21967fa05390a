"""From lines of words to rows of a statement: columns with their heads, labels joined, cells under their column."""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from finmodel.loaders.layout import Line, Word, figure_of, is_han, is_year, join_words, joined_marks, phrases, without_leaders

_NOTE = re.compile(
    r"(?:附?注?[一二三四五六七八九十]{1,3}[、.．,(（]?|[IVX]{1,4}[、.,]?|附注|note|[A-Z]\.?)?\d{0,2}(?:\(?[a-z0-9]{1,3}\)?)?(?:\([a-z0-9ivx]{1,4}\))*(?:\s*[,、&/.;和及-]+\s*\d{1,2}(?:\([a-z0-9ivx]{1,4}\))*)*[)）]?",
    re.IGNORECASE,
)
_NOTE_HEAD = re.compile(r"^\(?(notes?|附[註注][一二三四五六七八九十]*|附注|note\(s\)|行次|附\s*[註注])\)?$", re.IGNORECASE)
_PERCENT = re.compile(r"%|％|百分|\bchanges?\b|\bvariance\b|增减|增減|变动|變動|同比|increase|decrease", re.IGNORECASE)
_SIGNED_ON = re.compile(r"(?:19|20)\d\d\s*年\s*\d{1,2}\s*月\s*\d{1,2}\s*日")
"""A line that is a day: it stands below the statement, by the signatures."""
_PROPER = re.compile(r"[\d.][,.]\d|\(\d|^[-–—−]|\d{3}")


@dataclass
class Column:
    """A column of figures: its extent and what stands above it."""

    x0: float
    x1: float
    heads: list[str] = field(default_factory=list)
    note: bool = False
    dropped: str = ""

    @property
    def head(self) -> str:
        """The heads from top to bottom."""
        return " ".join(self.heads)

    @property
    def centre(self) -> float:
        """Middle of the column."""
        return (self.x0 + self.x1) / 2


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


@dataclass
class Block:
    """What one page holds of a statement."""

    page: int
    columns: list[Column]
    rows: list[Row]
    heading: str
    """The text between the title and the first row."""


@dataclass
class _Part:
    """A line cut into label, note and figures."""

    line: Line
    label: list[Word]
    figures: list[Word]
    note: str = ""
    cells: dict[int, Word] = field(default_factory=dict)
    unread: str = ""

    @property
    def text(self) -> str:
        return re.sub(r"[\s.·…]+$", "", join_words(self.label)) if self.label else ""

    @property
    def x0(self) -> float:
        return self.label[0].x0 if self.label else 1e9

    @property
    def x1(self) -> float:
        return self.label[-1].x1 if self.label else 0.0


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
    parts = [_cut(line) for line in lines]
    first = next((i for i, part in enumerate(parts) if _is_row(part)), None)
    if first is None:
        return None
    columns = _columns(parts[first:], parts[:first])
    if not [c for c in columns if not c.note]:
        return None
    heading = "\n".join(part.line.text for part in parts[:first])
    edge = min(c.x0 for c in columns if not c.note)
    end = max(c.x1 for c in columns if not c.note)
    over = [any(w.x1 > edge and w.x0 < end for w in part.line.words) for part in parts[:first]]
    first = next((i + 1 for i in reversed(range(first)) if over[i]), 0 if before is not None else first)
    _set_heads(columns, parts[:first])
    if before is not None and not any(_dated(c.head) for c in columns):
        if len(columns) == sum(not c.note for c in before.columns):
            for column in columns:
                column.note = False
        columns = _like_before(columns, before.columns)
    body = _same_table(parts[first:], columns)
    for part in body:
        _place(part, columns)
    rows = _rows(body, knows, heads, tagged)
    return Block(lines[0].page, columns, rows, heading)


def sides(lines: Sequence[Line]) -> list[list[Line]]:
    """Return a page in account form (assets to the left, liabilities and equity to the right) as its two halves, any other as it is."""
    starts: list[float] = []
    figured = 0
    for line in lines:
        words = joined_marks(without_leaders(line.words))
        figure = [figure_of(w.text) is not None or _note_like([w], 0) for w in words]
        figured += any(figure)
        turns = [i for i in range(2, len(words) - 1) if figure[i - 1] and not figure[i] and not figure[0] and any(figure[i:])]
        starts += [words[turns[0]].x0] if turns and words[turns[0]].x0 - words[turns[0] - 1].x1 > words[0].bottom - words[0].top else []
    if len(starts) < 4 or len(starts) < 0.3 * figured or max(starts) - min(starts) > 60:
        return [list(lines)]
    edge = min(starts) - 2
    halves = ([[w for w in line.words if w.x0 < edge] for line in lines], [[w for w in line.words if w.x0 >= edge] for line in lines])
    return [[Line(words, line.page, line.band) for words, line in zip(half, lines, strict=True) if words] for half in halves]


def _cut(line: Line) -> _Part:
    """Split a line where the run of figures begins; what follows the run (a second label to the right) joins the label."""
    words = joined_marks(without_leaders(line.words))
    if _SIGNED_ON.fullmatch(line.text.strip()):
        return _Part(line, words, [])
    figure = [figure_of(w.text) is not None or ("%" in w.text and any(c.isdigit() for c in w.text)) for w in words]
    runs: list[tuple[int, int]] = []
    start = None
    for i in range(len(words) + 1):
        inside = i < len(words) and (
            figure[i]
            or (_note_like(words, i) and (i > 0 or figure[1:2] in ([], [True])))
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
        return _Part(line, words, [])
    a, b = max(runs, key=lambda r: (sum(figure[r[0] : r[1]]), r[0]))
    return _Part(line, [*words[:a], *words[b:]], list(words[a:b]))


def _apart(words: Sequence[Word], start: int, stop: int) -> int:
    """Return where the figures of a run begin: what stands as close as a next word (a year, a par value) still belongs to the label."""
    apart = (i for i in range(start, stop) if i == 0 or words[i].x0 - words[i - 1].x1 > 0.55 * (words[i].bottom - words[i].top))
    return next(apart, stop)


def _note_like(words: Sequence[Word], i: int) -> bool:
    return bool(words[i].text) and any(c.isdigit() for c in words[i].text) and bool(_NOTE.fullmatch(words[i].text))


def _is_row(part: _Part) -> bool:
    """Return whether a line holds amounts and not only years, days and references."""
    figures = [w for w in part.figures if figure_of(w.text) is not None and not is_year(w.text)]
    proper = [w for w in figures if _PROPER.search(w.text)]
    if not proper:
        return len(figures) > 1 and bool(part.label) and len(figures) == len(part.figures)
    dashes = [w for w in proper if not any(c.isdigit() for c in w.text)]
    return len(proper) > len(dashes) or (len(dashes) > 1 and bool(part.label))


def _columns(parts: Sequence[_Part], above: Sequence[_Part]) -> list[Column]:
    """Find the columns as the stretches that figures cover, without those that hold hardly any."""
    words = sorted((w for part in parts for w in part.figures), key=lambda w: w.x0)
    groups: list[list[Word]] = []
    edge = -1e9
    for word in words:
        if groups and word.x0 < edge + 1:
            groups[-1].append(word)
            edge = max(edge, word.x1)
        else:
            groups.append([word])
            edge = word.x1
    most = max((len(g) for g in groups), default=0)
    notes = [w for part in above for w in part.line.words if _NOTE_HEAD.match(w.text)]
    out: list[Column] = []
    for group in groups:
        column = Column(min(w.x0 for w in group), max(w.x1 for w in group))
        headed = any(w.x1 > column.x0 - 6 and w.x0 < column.x1 + 6 for w in notes)
        column.note = (headed or not _has_period(column, above)) and _is_note_column(group, headed, bool(out))
        percent = sum("%" in w.text or "％" in w.text for w in group)
        if percent > len(group) / 2:
            column.dropped = "percentages"
        if column.note or len(group) >= max(1 if most < 5 else 2, 0.08 * most):
            out.append(column)
    return out


def _has_period(column: Column, above: Sequence[_Part]) -> bool:
    """Return whether a year or a unit stands above the column, in a line with more than one: amounts, however small."""
    lines = [[w for w in part.line.words if is_year(w.text) or _UNIT.fullmatch(w.text) or _yearly(w.text)] for part in above]
    return any(w.x1 > column.x0 and w.x0 < column.x1 for words in lines if len(words) > 1 for w in words)


def _is_note_column(group: Sequence[Word], headed: bool, follows: bool) -> bool:
    bare = [w.text for w in group if any(c.isdigit() for c in w.text)]
    if not bare:
        return False
    like = sum(
        1 for t in bare if _NOTE.fullmatch(t) and t[0] not in "(（" and "," not in t.replace("、", "") and not re.search(r"\d{3}", t)
    )
    return like >= 0.8 * len(bare) and (headed or (not follows and like == len(group)))


def _set_heads(columns: list[Column], above: Sequence[_Part]) -> None:
    """Give each column what stands above it, line by line; a phrase over several columns belongs to each of them."""
    values = [c for c in columns if not c.note]
    if not values:
        return
    left = values[0].x0
    for part in above:
        words = part.line.words
        spans = [p for p in _head_phrases(words) if p.x1 > left - 3 or (p.x1 > left - 60 and is_year(p.text))]
        spans = [p for p in spans if not _NOTE_HEAD.match(p.text) and (_dated(p.text) or not _crosses_label(p, left))]
        if not spans:
            continue
        if over := _evenly(spans, values):
            for column, span in zip(values, over, strict=True):
                column.heads.append(span.text)
            continue
        for column in values:
            touching = [p for p in spans if p.x0 <= column.x1 and p.x1 >= column.x0]
            best = touching or [p for p in spans if _spreads(p.text)]
            if best:
                nearest = min(best, key=lambda p: (max(p.x0 - column.centre, column.centre - p.x1, 0), abs(p.centre - column.centre)))
                column.heads.append(nearest.text)
    for column in values:
        if _PERCENT.search(column.head) and not re.search(r"net|净", column.head):
            column.dropped = "changes"


def _evenly(spans: list[Word], columns: Sequence[Column]) -> list[Word]:
    """Return the phrase over each column where each stands over as many (one, or years over groups of columns), else nothing."""
    size, rest = divmod(len(columns), len(spans))
    if rest or not size:
        return []
    groups = [columns[i : i + size] for i in range(0, len(columns), size)]
    inside = all(g[0].x0 - 5 < p.centre < g[-1].x1 + 5 for p, g in zip(spans, groups, strict=True))
    if size > 1 and not (len(spans) > 1 and inside and all(_yearly(p.text) for p in spans)):
        return []
    return [span for span in spans for _ in range(size)]


_YEARS = re.compile(r"(?:19|20)\d\d")


def _same_table(parts: list[_Part], columns: Sequence[Column]) -> list[_Part]:
    """Return the parts up to where other heads begin another table; heads that repeat those above are left out."""
    values = [c for c in columns if not c.note]
    edge = min(c.x0 for c in values) - 20
    own = [y for c in values for h in reversed(c.heads) if (y := _YEARS.findall(h))]
    out: list[_Part] = []
    for part in parts:
        heads = [p.text for p in _head_phrases(part.line.words) if p.x1 > edge and _YEARS.search(p.text) and len(p.text) < 40]
        amounts = any(_PROPER.search(w.text) and not is_year(w.text) for w in part.figures)
        if len(heads) < 2 or amounts:
            out.append(part)
        elif (own and [_YEARS.findall(h) for h in heads] != own[: len(heads)]) or len(heads) < len(values):
            return out
    return out


def _crosses_label(phrase: Word, left: float) -> bool:
    return phrase.x1 - phrase.x0 > 40 and phrase.x1 - left < 0.25 * (phrase.x1 - phrase.x0) and not _spreads(phrase.text)


_SPREAD = re.compile(
    r"ended|ending|months|years?\b|\bgroup\b|\bcompany\b|集[团團]|公司|合[并併]"
    r"|as (?:at|of)|\bat\b|截至|[於于]|止|rmb|hk\$|us\$|人民[币幣]|千元|百[萬万]元"
    r"|january|february|march|april|may\b|june|july|august|september|october|november|december",
    re.IGNORECASE,
)


def _spreads(text: str) -> bool:
    """Return whether a phrase may stand for all columns near it: a period or unit said once."""
    return (bool(_SPREAD.search(text)) and not re.fullmatch(r"\D*(?:19|20)\d\d\D*", text)) or bool(
        re.match(r"(?:years?|months).*(?:19|20)\d\d", text, re.I)
    )


_UNIT = re.compile(
    r"(?:RMB|HK\$|US\$)?['’‘]000|(?:人民[币幣]|港[币幣]|美元)?[千百]?[萬万]?元|\((?:un)?audited\)|（?未?[经經][审審][计計核]）?|(?:RMB|HK\$|US\$|\$)",
    re.IGNORECASE,
)


def _head_phrases(words: Sequence[Word]) -> list[Word]:
    """Phrases of a line above the figures: a second year, unit or remark starts a new one, however close it stands."""
    out: list[list[Word]] = []
    for word in words:
        repeated = bool(out) and (
            (_yearly(word.text) and any(_yearly(w.text) for w in out[-1]))
            or (bool(_UNIT.fullmatch(word.text)) and any(w.text == word.text for w in out[-1]))
        )
        if out and not repeated and word.x0 - out[-1][-1].x1 < 0.8 * (word.bottom - word.top):
            out[-1].append(word)
        else:
            out.append([word])
    return [w for part in out for w in phrases(part, 99)]


def _yearly(text: str) -> bool:
    return bool(re.match(r"(?:19|20)\d\d(?:年|$|\D)", text) or re.match(r"二[零〇○]", text))


def _dated(head: str) -> bool:
    return bool(re.search(r"(?:19|20)\d\d|二[零〇○]|期[末初]|年[末初]|本[期年]|上[期年]", head))


def _like_before(columns: list[Column], before: list[Column]) -> list[Column]:
    """Return the columns of the page before, moved to where the figures of this page stand."""
    own = [c for c in columns if not c.note]
    old = [c for c in before if not c.note]
    if len(own) == len(old) and own:
        moved = [Column(c.x0, c.x1, list(o.heads), dropped=o.dropped) for c, o in zip(own, old, strict=True)]
        return [*(c for c in columns if c.note), *moved]
    out = [Column(c.x0, c.x1, list(c.heads), c.note, c.dropped) for c in before]
    for column in out:
        for mine in columns:
            if mine.x0 <= column.x1 and mine.x1 >= column.x0 and mine.note == column.note:
                column.x0, column.x1 = min(column.x0, mine.x0), max(column.x1, mine.x1)
    return out


def _place(part: _Part, columns: list[Column]) -> None:
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
    for word in [w for w in part.label if any(w.x0 >= c.x0 - 3 and w.x1 <= c.x1 + 3 for c in notes) and _note_like([w], 0)]:
        part.label.remove(word)
        part.note = f"{part.note} {word.text}".strip()
    part.label.sort(key=lambda w: w.x0)


def _under(word: Word, values: Sequence[tuple[int, Column]], cells: dict[int, Word]) -> int | None:
    """Return the empty column that a figure at the end of a long label stands under, to the right edge, or None."""
    if not _PROPER.search(word.text) or is_year(word.text) or figure_of(word.text) is None:
        return None
    return next(
        (i for i, c in values if i not in cells and cells and i < min(cells) and abs(word.x1 - c.x1) < 0.5 * (word.bottom - word.top)), None
    )


def _is_reference(word: Word, part: _Part, columns: Sequence[Column]) -> bool:
    """Return whether a figure outside the columns refers to a note: in the note column, or well apart from the label."""
    if any(c.note and word.x0 <= c.x1 + 3 and word.x1 >= c.x0 - 3 for c in columns):
        return True
    apart = bool(part.label) and word.x0 - part.label[-1].x1 > 1.2 * (word.bottom - word.top)
    return apart and bool(_NOTE.fullmatch(word.text))


def _rows(parts: list[_Part], knows: Callable[[str], bool], heads: Callable[[str], bool], tagged: bool) -> list[Row]:
    limit = _label_limit(parts)
    groups: list[list[_Part]] = []
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


def _row(group: list[_Part], limit: float) -> Row:
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


def _label_limit(parts: Sequence[_Part]) -> float:
    ends = [p.x1 for p in parts if p.label and p.cells] or [p.x1 for p in parts if p.label]
    return max(ends, default=0.0)


def _ruled(parts: Sequence[_Part]) -> bool:
    """Return whether the ruled rows hold one row of figures each."""
    bands = [p.line.band for p in parts if p.cells]
    held = [b for b in bands if b is not None]
    return len(held) > 0.7 * len(bands) and len(set(held)) > 0.9 * len(held)


def _pitch(parts: Sequence[_Part]) -> float:
    steps = [b.line.top - a.line.top for a, b in pairwise(parts) if b.line.top > a.line.top]
    return statistics.median(steps) if steps else 12.0


_OPEN_END = re.compile(
    r"(?:\b(?:and|of|or|the|in|for|to|from|by|at|with|on|an?|other|including|net|through|under|as|not)|[,/╱&、－-]|(?<=[⺀-鿿])[之及的或和])$",
    re.IGNORECASE,
)


def _goes_on(
    group: list[_Part],
    part: _Part,
    after: _Part | None,
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


def _first_width(part: _Part) -> float:
    word = part.label[0]
    return word.bottom - word.top if is_han(word.text[0]) else word.x1 - word.x0
