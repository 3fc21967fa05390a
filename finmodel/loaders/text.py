"""Plain text: reports kept as text, in columns or with one space between all."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from itertools import count
from pathlib import Path

import pandas as pd

from finmodel.loaders.base import Loader, Progress, loaders
from finmodel.loaders.guard import LIMITS, check_size
from finmodel.loaders.html import decoded
from finmodel.loaders.layout import Line, Page, Word, figure_of

_CHUNK = 80
"""Lines of plain text read as one page where the text has no form feeds."""
_SIZE = 1.7
"""Height of a character in widths of one: a single space is no gap between phrases, two are."""


def text_pages(text: str) -> list[Page]:
    """Return plain text as pages of words; each character is one wide, a Chinese one two."""
    parts = text.split("\f") if "\f" in text else _chunks(text.splitlines())
    number = count(1)
    pages = []
    for index, part in enumerate(parts, 1):
        lines = [line for row in part.splitlines() for n in [next(number)] if (line := _line(row, n, index))]
        pages.append(Page(index, _in_columns(lines)))
    return pages


def _chunks(lines: list[str]) -> list[str]:
    return ["\n".join(lines[i : i + _CHUNK]) for i in range(0, len(lines), _CHUNK)]


def _line(row: str, number: int, page: int) -> Line | None:
    words: list[Word] = []
    x = 0.0
    for piece in re.findall(r"\s+|\S+", row.expandtabs(8)):
        width = float(sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in piece))
        if not piece.isspace():
            words.append(Word(piece, x, float(number), x + width, number + _SIZE))
        x += width
    return Line(words, page) if words else None


def _in_columns(lines: list[Line]) -> list[Line]:
    """Return lines whose figures stand in columns; where they do not (one space between all), set them in columns by their order.

    One figure more than columns is a reference to a note. A row with fewer figures than columns says not which column it fills: its
    figures are left in the label.
    """
    runs = [(line, _trailing(line)) for line in lines]
    if any(b.x0 - a.x1 > 1.5 for line, n in runs if n for a, b in zip(line.words[-n - 1 :], line.words[-n:], strict=False)):
        return lines
    usual = Counter(n for _, n in runs if n > 1).most_common(1)
    columns = usual[0][0] if usual else 0
    return [_spread(line, columns) if columns and n in (columns, columns + 1) else line for line, n in runs]


def _trailing(line: Line) -> int:
    words = line.words
    n = 0
    while n < len(words) and figure_of(words[len(words) - 1 - n].text) is not None:
        n += 1
    return n


def _spread(line: Line, figures: int) -> Line:
    start = len(line.words) - figures
    moved = [
        Word(w.text, 1_000.0 + 40 * (i + 1) - len(w.text), w.top, 1_000.0 + 40 * (i + 1), w.bottom)
        for i, w in enumerate(line.words[start:])
    ]
    return Line([*line.words[:start], *moved], line.page)


def _sniff(head: bytes, path: Path) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    return b"\x00" not in head and head.lstrip()[:1] not in (b"{", b"[", b"<") and not _is_table(head)


def _is_table(head: bytes) -> bool:
    """Return whether the first line has the separators of a table, as many as the second."""
    first, _, rest = head.partition(b"\n")
    second = rest.partition(b"\n")[0]
    return any(first.count(mark) > 1 and first.count(mark) == second.count(mark) for mark in (b",", b";", b"\t", b"|"))


def _load(path: Path, firm: str | None, progress: Progress | None) -> pd.DataFrame:
    from finmodel.loaders.document import Source, read_document

    check_size(path, LIMITS.text_bytes, "a text")
    pages = text_pages(decoded(path.read_bytes(), path.name))
    texts = ["\n".join(line.text for line in page.lines) for page in pages]
    return read_document(Source(path, texts, lambda n: pages[n - 1], unit="line"), firm)


loaders.add("text", Loader("text", "plain text", _sniff, _load))
