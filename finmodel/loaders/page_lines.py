"""Reports as JSON lines: one object a line with page, type (text, or excel for a row of a table) and inside."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from finmodel.errors import DataError, fault
from finmodel.loaders.base import Loader, Progress, loaders
from finmodel.loaders.guard import LIMITS, check_size
from finmodel.loaders.layout import Line, Page, grid_line, text_line

_FIRST = re.compile(rb'\{"page": ?\d+, ?"allrow"')


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
    return bool(_FIRST.match(head.lstrip(b"\xef\xbb\xbf \r\n")))


def _load(path: Path, firm: str | None, progress: Progress | None) -> pd.DataFrame:
    from finmodel.loaders.document import Source, read_document
    from finmodel.loaders.html import decoded  # here, as web pages are asked later

    check_size(path, LIMITS.text_bytes, "a text")
    pages = list(_numbered(json_pages(decoded(path.read_bytes(), path.name), path.name)))
    texts = ["\n".join(line.text for line in page.lines) for page in pages]
    return read_document(Source(path, texts, lambda n: pages[n - 1]), firm)


loaders.add("page_lines", Loader("page_lines", "a report as JSON lines of pages", _sniff, _load))
