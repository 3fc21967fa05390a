"""Columns of figures: where they stand on the page, and their heads."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from finmodel.loaders.layout import Word, is_year, phrases
from finmodel.loaders.parts import NOTE, PROPER, Part

_NOTE_HEAD = re.compile(r"^\(?(notes?|附[註注][一二三四五六七八九十]*|附注|note\(s\)|行次|附\s*[註注])\)?$", re.IGNORECASE)
_PERCENT = re.compile(r"%|％|百分|\bchanges?\b|\bvariance\b|增减|增減|变动|變動|同比|increase|decrease", re.IGNORECASE)


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


def find_columns(parts: Sequence[Part], above: Sequence[Part]) -> list[Column]:
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


def _has_period(column: Column, above: Sequence[Part]) -> bool:
    """Return whether a year or a unit stands above the column, in a line with more than one: amounts, however small."""
    lines = [[w for w in part.line.words if is_year(w.text) or _UNIT.fullmatch(w.text) or _yearly(w.text)] for part in above]
    return any(w.x1 > column.x0 and w.x0 < column.x1 for words in lines if len(words) > 1 for w in words)


def _is_note_column(group: Sequence[Word], headed: bool, follows: bool) -> bool:
    bare = [w.text for w in group if any(c.isdigit() for c in w.text)]
    if not bare:
        return False
    like = sum(1 for t in bare if NOTE.fullmatch(t) and t[0] not in "(（" and "," not in t.replace("、", "") and not re.search(r"\d{3}", t))
    return like >= 0.8 * len(bare) and (headed or (not follows and like == len(group)))


def set_heads(columns: list[Column], above: Sequence[Part]) -> None:
    """Give each column what stands above it, line by line; a phrase over several columns belongs to each of them."""
    values = [c for c in columns if not c.note]
    if not values:
        return
    left = values[0].x0
    for part in above:
        words = part.line.words
        spans = [p for p in _head_phrases(words) if p.x1 > left - 3 or (p.x1 > left - 60 and is_year(p.text))]
        spans = [p for p in spans if not _NOTE_HEAD.match(p.text) and (dated(p.text) or not _crosses_label(p, left))]
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


def same_table(parts: list[Part], columns: Sequence[Column]) -> list[Part]:
    """Return the parts up to where other heads begin another table; heads that repeat those above are left out."""
    values = [c for c in columns if not c.note]
    edge = min(c.x0 for c in values) - 20
    own = [y for c in values for h in reversed(c.heads) if (y := _YEARS.findall(h))]
    out: list[Part] = []
    for part in parts:
        heads = [p.text for p in _head_phrases(part.line.words) if p.x1 > edge and _YEARS.search(p.text) and len(p.text) < 40]
        amounts = any(PROPER.search(w.text) and not is_year(w.text) for w in part.figures)
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


def dated(head: str) -> bool:
    """Return whether the heads of a column say a year or a period."""
    return bool(re.search(r"(?:19|20)\d\d|二[零〇○]|期[末初]|年[末初]|本[期年]|上[期年]", head))


def like_before(columns: list[Column], before: list[Column]) -> list[Column]:
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
