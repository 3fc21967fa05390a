"""Pages as lines of words with boxes: what a PDF, a web page and a plain text have in common."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from finmodel.units import DASHES, parse_amount

_MONEY = re.compile(r"(?:RMB|HK\$|US\$|NT\$|S\$|A\$|C\$|R\$|HKD|USD|CNY|人民币|人民幣|港币|港幣|美元|[$€£¥￥])")
_UNIT_AFTER = re.compile(r"(?:cents?|仙|分|元|港元|港仙|美元)$", re.IGNORECASE)
_LEADER = re.compile(r"[.．·…‥_\s]+")
_MARK = re.compile(r"(?<=[\d)])\((?:\d|[a-e]|i{1,3})\)$")
_YEAR = re.compile(r"(?:19|20)\d\d")


@dataclass(frozen=True, slots=True)
class Word:
    """Text without a gap in it, and its box in points from the top left of the page."""

    text: str
    x0: float
    top: float
    x1: float
    bottom: float

    @property
    def centre(self) -> float:
        """Middle between left and right."""
        return (self.x0 + self.x1) / 2


@dataclass(slots=True)
class Line:
    """Words on one height of a page, from left to right; `band` numbers the ruled or tagged table row that holds them."""

    words: list[Word]
    page: int
    band: int | None = None
    text: str = field(init=False)

    def __post_init__(self) -> None:
        self.text = join_words(self.words)

    @property
    def top(self) -> float:
        """Top of the highest word."""
        return min(w.top for w in self.words)

    @property
    def bottom(self) -> float:
        """Bottom of the lowest word."""
        return max(w.bottom for w in self.words)

    @property
    def size(self) -> float:
        """Height of the first word: the size of the type."""
        return self.words[0].bottom - self.words[0].top


@dataclass(slots=True)
class Page:
    """One page (or one table of a web page with the text before it)."""

    number: int
    lines: list[Line]
    cells: bool = False
    """Whether the lines are the rows of a tagged table, so that no label runs over two of them."""


_CELL = 100.0
_WIDE = 5.0


def text_line(text: str, number: int, page: int) -> Line:
    """Return a line of running text, the `number`-th of its page, as one word at the left."""
    return Line([Word(text, 0.0, 12.0 * number, _WIDE * len(text), 12.0 * number + 10.0)], page)


def grid_line(cells: Sequence[tuple[str, int, int]], number: int, page: int) -> Line | None:
    """Return a row of a tagged table (text, first column, columns spanned) as a line: text as wide as its cell, figures to the right.

    Signs in a cell of their own join the figure they belong to. None if the row is empty.
    """
    words: list[Word] = []
    ahead, start = "", 0.0
    top = 12.0 * number
    for text, column, span in cells:
        left, right = _CELL * column + 5, _CELL * (column + span) - 5
        if not text:
            continue
        if words and (_closes(words[-1].text, text)):
            space = " " if text.isalpha() and text.isascii() else ""
            words[-1] = replace(words[-1], text=words[-1].text + space + text)
        elif _opens(text):
            ahead, start = text, left
        else:
            whole, left = ahead + text, start if ahead else left
            figure = figure_of(whole) is not None or is_year(whole)
            if figure and not ahead:
                left = right - min(_WIDE * len(whole), right - left)
            words.append(Word(whole, left, top, right, top + 10.0))
            ahead = ""
    return Line(words, page, band=number) if words else None


def join_words(words: Sequence[Word]) -> str:
    """Return the words as text: a space between them unless both are Han characters set close."""
    out = ""
    for i, word in enumerate(words):
        before = words[i - 1] if i else None
        close = before is not None and word.x0 - before.x1 < 0.6 * (word.bottom - word.top)
        glue = not out or (close and is_han(out[-1]) and is_han(word.text[0]))
        out += word.text if glue else f" {word.text}"
    return out


def is_han(character: str) -> bool:
    """Return whether a character is written without spaces around it (Han, kana, full-width punctuation)."""
    return (
        "⺀" <= character <= "鿿"
        or "豈" <= character <= "﫿"
        or "！" <= character <= "｠"
        or "　" <= character <= "〿"
        or character in "“”‘’"
    )


def without_leaders(words: Iterable[Word]) -> list[Word]:
    """Drop the dots that lead from a label to its figures."""
    return [w for w in words if not _LEADER.fullmatch(w.text)]


def joined_marks(words: Sequence[Word]) -> list[Word]:
    """Join signs that stand apart from their figure: ``$``, ``(`` and a close ``-`` to the right, ``)`` and ``%`` to the left."""
    out: list[Word] = []
    for word in words:
        if out and (((_opens(out[-1].text) or _closes(out[-1].text, word.text)) and word.x0 - out[-1].x1 < 80) or _negates(out[-1], word)):
            left = out.pop()
            space = " " if word.text.isalpha() and word.text.isascii() else ""
            word = Word(left.text + space + word.text, left.x0, min(left.top, word.top), word.x1, max(left.bottom, word.bottom))
        out.append(word)
    return out


def _negates(dash: Word, word: Word) -> bool:
    """Return whether a dash is the sign of the figure after it and not a nil of its own: no more than a space stands between."""
    close = word.x0 - dash.x1 < 0.4 * (word.bottom - word.top)
    return close and dash.text in DASHES and word.text[0].isdigit() and figure_of(word.text) is not None


def _opens(text: str) -> bool:
    return text in ("(", "（", "$(", "$ (", "-$") or bool(_MONEY.fullmatch(text))


def _closes(figure: str, mark: str) -> bool:
    if mark in (")", "）", ")%", "）%"):
        return figure.count("(") + figure.count("（") > figure.count(")") + figure.count("）")
    if mark in ("%", "％", "cents", "cent", "仙", "元"):
        return figure_of(figure) is not None
    return False


def figure_of(text: str) -> str | None:
    """Return the bare number in a printed cell, as :func:`finmodel.units.parse_amount` reads it, or None if it is no figure.

    Currency signs and units of the cell (``$``, ``人民幣``, ``cents``, ``元``) are set aside; a percentage is no figure here.

    Examples
    --------
    >>> figure_of("$(1,234)"), figure_of("人民幣1.68元"), figure_of("—"), figure_of("n.m.")
    ('(1,234)', '1.68', '—', None)
    """
    text = unicodedata.normalize("NFKC", text).strip().replace("\u00ad", "")
    bare = _UNIT_AFTER.sub("", _MONEY.sub("", text)).replace(" ", "").rstrip("*#^†‡")
    bare = _MARK.sub("", bare)
    if bare.lower() == "nil":
        return "-"
    if not any(c.isdigit() for c in bare):
        return bare if bare and len(bare) <= 3 and all(c in DASHES for c in bare) else None
    try:
        parse_amount(bare)
    except ValueError:
        return None
    return bare


def is_year(text: str) -> bool:
    """Return whether a word is a bare year: a heading, not an amount."""
    return bool(_YEAR.fullmatch(text))


def phrases(words: Sequence[Word], gap: float = 0.8) -> list[Word]:
    """Join words that stand closer than `gap` times the size of the type into phrases with their common box."""
    out: list[list[Word]] = []
    for word in words:
        near = out and word.x0 - out[-1][-1].x1 < gap * (word.bottom - word.top)
        if near:
            out[-1].append(word)
        else:
            out.append([word])
    return [Word(join_words(ws), ws[0].x0, min(w.top for w in ws), ws[-1].x1, max(w.bottom for w in ws)) for ws in out]
