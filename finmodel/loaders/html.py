"""Web pages (filings in HTML): every table with the text before it is read as a page, its rows as lines."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pandas as pd

from finmodel.errors import DataError, fault
from finmodel.loaders.base import Loader, Progress, loaders
from finmodel.loaders.guard import LIMITS, check_size
from finmodel.loaders.layout import Line, Page, grid_line, text_line

_TAG = re.compile(rb"<(?:html|!doctype html|body|table|t[rd]|p|h\d?|div|document)\b", re.IGNORECASE)
_BLOCK = frozenset(re.findall(r"\w+", "p div h h1 h2 h3 h4 h5 h6 li br hr body html section article center blockquote title dt dd"))
_SKIP = frozenset(("script", "style", "head", "noscript"))
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_BLANK = re.compile(r"[\s\u200b\u00a0\ufeff\u2002-\u200a]+")
_HAN_GAP = re.compile(r"(?<=[⺀-鿿，。、（）：；“”]) (?=[⺀-鿿，。、（）：；“”])")
_MOST_SPAN = 100


def decoded(data: bytes, name: str) -> str:
    """Return text in the encoding that its byte order mark or its bytes show: UTF-8, UTF-16, GB18030, else Windows-1252.

    Raises
    ------
    DataError
        If the bytes are none of these.
    """
    for mark, encoding in ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    declared = re.search(rb"charset=[\"']?([\w-]+)", data[:4096], re.IGNORECASE)
    named = [declared[1].decode("ascii")] if declared else []
    for encoding in ("utf-8", *named, "gb18030", "big5", "cp1252"):
        try:
            return data.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    for encoding in ("utf-8", "gb18030"):  # a stray byte or two: what it spoils is no figure any more
        text = data.decode(encoding, errors="replace")
        if text.count("\ufffd") <= len(text) / 1000:
            return text
    raise DataError([fault(name, "bytes in no known encoding", "UTF-8, UTF-16, GB18030, Big5 or Windows-1252", "save it as UTF-8")])


def read_pages(text: str) -> list[Page]:
    """Return the tables of a web page, each with the text before it; numbered from 1 in the order of all ``<table>``."""
    from lxml import etree
    from lxml import html as parser

    try:
        root = parser.fromstring(text.encode("utf-8"), parser=parser.HTMLParser(encoding="utf-8", no_network=True, recover=True))
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return []
    return list(_Walk().pages(root))


class _Walk:
    """Goes through a document once, in order, without recursion."""

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._text: list[str] = []
        self._number = 0
        self._tables: list[list[tuple[str, int, int]] | None] = []
        self._taken: list[dict[int, int]] = []
        self._index: list[int] = []
        self._counter = count(1)

    def pages(self, root: object) -> Iterator[Page]:
        from lxml import etree

        hidden = 0
        for event, element in etree.iterwalk(root, events=("start", "end", "comment")):
            tag = element.tag if isinstance(element.tag, str) else ""
            if (
                event == "start"
                and tag
                and (hidden or tag in _SKIP or _HIDDEN.search(element.get("style") or "") or element.get("hidden") is not None)
            ):
                hidden += 1
                continue
            if hidden:
                if event == "end":
                    hidden -= 1
                    if not hidden:
                        self._text.append(element.tail or "")
                continue
            if event == "start":
                self._start(tag)
                self._text.append(element.text or "")
            else:
                yield from self._end(tag, element)
                self._text.append(element.tail or "")
        self._flush()
        if self._lines:
            yield Page(next(self._counter), self._lines, cells=True)

    def _start(self, tag: str) -> None:
        if tag == "table":
            self._flush()
            self._tables.append(None)
            self._taken.append({})
            self._index.append(next(self._counter))
        elif tag == "tr" and self._tables:
            self._flush()
            self._tables[-1] = []
        elif tag in ("td", "th") and self._tables:
            self._text = []
        elif tag in _BLOCK:
            self._break()

    def _break(self) -> None:
        if self._in_row():
            self._text.append(" ")
        else:
            self._flush()

    def _in_row(self) -> bool:
        return bool(self._tables) and self._tables[-1] is not None

    def _end(self, tag: str, element: object) -> Iterator[Page]:
        if tag in ("td", "th") and self._in_row():
            self._cell(element)
        elif tag == "tr" and self._in_row():
            self._row()
        elif tag == "table" and self._tables:
            self._flush()
            self._tables.pop()
            self._taken.pop()
            yield from self._page(self._index.pop())
        elif tag in _BLOCK:
            self._break()

    def _cell(self, element: object) -> None:
        cells = self._tables[-1]
        taken = self._taken[-1]
        if cells is None:
            return
        column = cells[-1][1] + cells[-1][2] if cells else 0
        while taken.get(column, 0):
            column += 1
        span, rows = _span(element, "colspan"), _span(element, "rowspan")
        cells.append((_clean("".join(self._text)), column, span))
        self._text = []
        if rows > 1:
            taken.update(dict.fromkeys(range(column, column + span), rows))

    def _row(self) -> None:
        cells = self._tables[-1] or []
        self._tables[-1] = None
        self._text = []
        line = grid_line(cells, self._number, 0)
        self._taken[-1] = {c: n - 1 for c, n in self._taken[-1].items() if n > 1}
        if line:
            self._add(line)

    def _page(self, index: int) -> Iterator[Page]:
        """Close a table: what came before it and its rows are one page; of nested tables the inner one takes the text."""
        lines, self._lines, self._number = self._lines, [], 0
        for line in lines:
            line.page = index
        yield Page(index, lines, cells=True)

    def _flush(self) -> None:
        text, self._text = _clean("".join(self._text)), []
        if text:
            self._add(text_line(text, self._number, 0))

    def _add(self, line: Line) -> None:
        self._lines.append(line)
        self._number += 1


def _span(element: object, name: str) -> int:
    text = str(getattr(element, "get")(name) or "1")  # noqa: B009
    return min(int(text), _MOST_SPAN) if text.isdigit() and int(text) > 0 else 1


def _clean(text: str) -> str:
    return _HAN_GAP.sub("", _BLANK.sub(" ", text)).strip()


def _sniff(head: bytes, path: Path) -> bool:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        head = head.decode("utf-16", errors="ignore").encode()
    return not head.startswith(b"%PDF") and b"\x00" not in head[:200] and bool(_TAG.search(head[:8192]))


def _load(path: Path, firm: str | None, progress: Progress | None) -> pd.DataFrame:
    from finmodel.loaders.document import Source, read_document

    check_size(path, LIMITS.text_bytes, "a web page")
    pages = {page.number: page for page in read_pages(decoded(path.read_bytes(), path.name))}
    last = max(pages, default=0)
    texts = ["\n".join(line.text for line in pages[n].lines) if n in pages else "" for n in range(1, last + 1)]
    return read_document(Source(path, texts, lambda n: pages.get(n) or Page(n, [], cells=True), unit="table"), firm)


loaders.add("html", Loader("html", "a web page (HTML)", _sniff, _load))
