"""Plain text: reports kept as text with columns, and JSON lines of pages (one object a line: page, type, inside)."""

from __future__ import annotations

import ast
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pandas as pd

from finmodel.errors import DataError, fault
from finmodel.loaders.base import Loader, Progress, loaders
from finmodel.loaders.guard import LIMITS, check_size
from finmodel.loaders.html import decoded
from finmodel.loaders.layout import Line, Page, Word, figure_of, grid_line, text_line

_CHUNK = 80
"""Lines of plain text read as one page where the text has no form feeds."""
_SIZE = 1.7
"""Height of a character in widths of one: a single space is no gap between phrases, two are."""
_PAGE_LINE = re.compile(rb'\{"page": ?\d+, ?"allrow"')


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
        Word(w.text, 1_000.0 + 40 * (i + 1) - len(w.text), w.top, 1_000.0 + 40 * (i + 1), w.bottom) for i, w in enumerate(line.words[start:])
    ]
    return Line([*line.words[:start], *moved], line.page)


def json_pages(text: str, name: str) -> list[Page]:
    """Return JSON lines of pages as pages: running text, and table rows kept as lists.

    Raises
    ------
    DataError
        If a line is no such object.
    """
    pages: dict[int, list[Line]] = {}
    for number, row in enumerate(text.splitlines(), 1):
        if not row.strip():
            continue
        try:
            item = json.loads(row)
            page, inside = int(item["page"]), str(item["inside"])
            line = _json_line(inside, str(item["type"]), len(pages.get(page, ())), page)
        except (ValueError, KeyError, TypeError, SyntaxError, RecursionError, MemoryError):
            raise DataError([fault(f"{name}, line {number}", repr(row[:40]), "an object with page, type and inside")]) from None
        if line:
            pages.setdefault(page, []).append(line)
    return [Page(n, lines, cells=True) for n, lines in sorted(pages.items())]


def _json_line(inside: str, kind: str, number: int, page: int) -> Line | None:
    if kind == "excel":
        cells = [str(c) for c in ast.literal_eval(inside)]
        return grid_line([(c.strip(), i, 1) for i, c in enumerate(cells)], number, page)
    return text_line(inside.strip(), number, page) if inside.strip() and kind == "text" else None


def _numbered(pages: list[Page]) -> Iterator[Page]:
    known = {page.number: page for page in pages}
    for n in range(1, max(known, default=0) + 1):
        yield known.get(n) or Page(n, [], cells=True)


def _sniff(head: bytes, path: Path) -> bool:
    if _PAGE_LINE.match(head.lstrip()):
        return True
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
    data = path.read_bytes()
    text = decoded(data, path.name)
    tagged = bool(_PAGE_LINE.match(data.lstrip()))
    pages = list(_numbered(json_pages(text, path.name) if tagged else text_pages(text)))
    texts = ["\n".join(line.text for line in page.lines) for page in pages]
    return read_document(Source(path, texts, lambda n: pages[n - 1], unit="page" if tagged else "line"), firm)


loaders.add("text", Loader("text", "plain text", _sniff, _load))
