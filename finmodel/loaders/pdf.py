"""PDF files: the text of every page, and the words with their boxes of the pages that are asked for."""

from __future__ import annotations

import ctypes
import re
import statistics
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pypdfium2 as pdfium
import pypdfium2.raw as raw

from finmodel.errors import DataError, fault
from finmodel.loaders.base import Loader, Progress, loaders
from finmodel.loaders.guard import LIMITS, check_size
from finmodel.loaders.layout import Line, Page, Word

MOST_CHARACTERS = 60_000
"""Characters of one page beyond which it is no page of a report (a normal one has 2,000 to 8,000)."""


class Pdf:
    """An open PDF: `texts` of all pages, and `page(number)` with words and boxes, each read once."""

    def __init__(self, path: Path) -> None:
        check_size(path, LIMITS.pdf_bytes, "a PDF")
        try:
            self._document = pdfium.PdfDocument(path)
        except pdfium.PdfiumError as error:
            raise DataError([_unreadable(path.name, str(error))]) from None
        self._pages: dict[int, Page] = {}
        count = len(self._document)
        if not 0 < count <= LIMITS.pages:
            raise DataError(
                [fault(path.name, f"{count:,} pages", f"1 to {LIMITS.pages:,}", "split the file and load the part with the statements")]
            )
        self.count = count

    def close(self) -> None:
        """Let go of the file."""
        self._document.close()

    def texts(self, progress: Progress | None = None) -> list[str]:
        """Return the text of every page, in the order in which the file holds it."""
        out = []
        for index in range(self.count):
            if progress:
                progress(index, self.count)
            out.append(self._text(index))
        return out

    def _text(self, index: int) -> str:
        with _opened(self._document, index) as text_page:
            return "" if text_page is None else str(text_page.get_text_range(count=min(text_page.count_chars(), MOST_CHARACTERS)))

    def page(self, number: int) -> Page:
        """Return page `number` (from 1) as lines of words with boxes."""
        if number not in self._pages:
            self._pages[number] = self._read(number)
        return self._pages[number]

    def _read(self, number: int) -> Page:
        try:
            page = self._document[number - 1]
        except pdfium.PdfiumError:
            return Page(number, [])
        try:
            characters = list(_characters(page))
            lines = lines_of(characters, number)
            set_bands(lines, _rules(page))
        finally:
            page.close()
        return Page(number, lines)


class _opened:  # noqa: N801 - used like a function
    """A page's text for the length of a with block; None where the page cannot be read."""

    def __init__(self, document: pdfium.PdfDocument, index: int) -> None:
        self._page = self._text = None
        try:
            self._page = document[index]
            self._text = self._page.get_textpage()
        except pdfium.PdfiumError:
            pass

    def __enter__(self) -> pdfium.PdfTextPage | None:
        return self._text

    def __exit__(self, *_: object) -> None:
        for part in (self._text, self._page):
            if part is not None:
                part.close()


def _unreadable(name: str, error: str) -> str:
    if "assword" in error:
        return fault(name, "an encrypted PDF", "one that opens without a password", "save a copy without the password and load that")
    return fault(name, f"a damaged PDF ({error.rstrip('.')})", "a whole PDF", "download it again")


Character = tuple[str, float, float, float, float, bool]
"""A character, its left, top, right, bottom, and whether white space stands before it."""


def _characters(page: pdfium.PdfPage) -> Iterator[Character]:
    """Yield the visible characters of a page, the page turned upright."""
    text = page.get_textpage()
    try:
        count = min(text.count_chars(), MOST_CHARACTERS)
        turn, (width, height) = _TURNS[_quarter(page, text, count)], _unrotated_size(page)
        box, handle, gap = raw.FS_RECTF(), text.raw, False
        for i in range(count):
            code = raw.FPDFText_GetUnicode(handle, i)
            if code <= 32 or code in _BLANK or 0xD800 <= code < 0xE000:
                gap = True
                continue
            raw.FPDFText_GetLooseCharBox(handle, i, box)
            yield (chr(code), *turn(box.left, box.top, box.right, box.bottom, width, height), gap)
            gap = False
    finally:
        text.close()


_BLANK = frozenset({0x7F, 0xA0, 0xAD, 0x2002, 0x2003, 0x2009, 0x200B, 0x3000, 0xFEFF, 0xFFFE, 0xFFFF, 0x2})
Box = tuple[float, float, float, float]


def quarter_turns(page: pdfium.PdfPage) -> int:
    """Return by how many quarter turns the text of a page stands askew (0: upright), from the text itself, else from the page."""
    text = page.get_textpage()
    try:
        return _quarter(page, text, min(text.count_chars(), MOST_CHARACTERS))
    finally:
        text.close()


def _quarter(page: pdfium.PdfPage, text: pdfium.PdfTextPage, count: int) -> int:
    angles = [-round(raw.FPDFText_GetCharAngle(text.raw, i) / 1.5708) % 4 for i in range(0, count, max(1, count // 60))]
    return max(set(angles), key=angles.count) if angles else int(page.get_rotation() // 90) % 4


def _unrotated_size(page: pdfium.PdfPage) -> tuple[float, float]:
    width, height = page.get_size()
    return (height, width) if page.get_rotation() in (90, 270) else (width, height)


_TURNS: dict[int, Callable[[float, float, float, float, float, float], Box]] = {
    0: lambda left, top, right, bottom, w, h: (left, h - top, right, h - bottom),
    1: lambda left, top, right, bottom, w, h: (bottom, left, top, right),
    2: lambda left, top, right, bottom, w, h: (w - right, bottom, w - left, top),
    3: lambda left, top, right, bottom, w, h: (h - top, w - right, h - bottom, w - left),
}
"""By quarter turns: the box of a character (PDF: from the bottom left) as it stands on the upright page, from the top left."""


def unturned(page: pdfium.PdfPage, turns: int, box: Box) -> Box:
    """Return a box of the upright page as left, bottom, right, top in the page's own coordinates."""
    (x0, top, x1, bottom), (w, h) = box, _unrotated_size(page)
    return {
        0: (x0, h - bottom, x1, h - top),
        1: (top, x0, bottom, x1),
        2: (w - x1, top, w - x0, bottom),
        3: (w - bottom, h - x1, w - top, h - x0),
    }[turns]


def lines_of(characters: list[Character], number: int) -> list[Line]:
    """Return the characters of a page as lines of words, from top to bottom and left to right."""
    rows: list[list[Character]] = []
    middle = 0.0
    for c in sorted(characters, key=lambda c: c[2] + c[4]):
        y, size = (c[2] + c[4]) / 2, c[4] - c[2]
        if rows and y - middle < 0.4 * max(min(size, 14.0), 4.0):
            rows[-1].append(c)
            middle += (y - middle) / len(rows[-1])
        else:
            rows.append([c])
            middle = y
    return [Line(words, number) for row in rows if (words := _words(row))]


def _words(row: list[Character]) -> list[Word]:
    row.sort(key=lambda c: c[1])
    tight = [b[1] - a[3] for a, b in pairwise(row) if not b[5]]
    usual = statistics.median(tight) if tight else 0.0
    words: list[Word] = []
    start = 0
    for i in range(1, len(row) + 1):
        if i < len(row) and not _apart(row[i - 1], row[i], usual):
            continue
        part = row[start:i]
        text = "".join(c[0] for c in part)
        words.append(Word(text, part[0][1], min(c[2] for c in part), max(c[3] for c in part), max(c[4] for c in part)))
        start = i
    return words


def _apart(left: Character, right: Character, usual: float) -> bool:
    """Return whether a word ends between two characters: white space with room for it, or a gap."""
    gap, size = right[1] - left[3], right[4] - right[2]
    if left[0].isascii() and right[0].isascii() and left[0].isalpha() and right[0].isalpha():
        return gap > 0.35 * size or (right[5] and gap - usual > 0.06 * size)  # a ligature is followed by white space that is not there
    return gap > 0.16 * size or (right[5] and gap > -0.3 * size)


def _rules(page: pdfium.PdfPage) -> list[tuple[float, float, float]]:
    """Return the horizontal rules of an upright page as (height, left, right)."""
    if page.get_rotation():
        return []
    height = page.get_height()
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    rules: list[tuple[float, float, float]] = []
    boxes: list[tuple[float, float, float]] = []
    for i in range(min(raw.FPDFPage_CountObjects(page.raw), 20_000)):
        thing = raw.FPDFPage_GetObject(page.raw, i)
        if raw.FPDFPageObj_GetType(thing) != raw.FPDF_PAGEOBJ_PATH:
            continue
        raw.FPDFPageObj_GetBounds(thing, left, bottom, right, top)
        if right.value - left.value > 8:
            thin = top.value - bottom.value <= 2
            (rules if thin else boxes).append((height - top.value, left.value, right.value))
    return rules if len(rules) > 3 else rules + boxes


def set_bands(lines: list[Line], rules: list[tuple[float, float, float]]) -> None:
    """Give lines the number of the table row that horizontal rules make, where a page is ruled row by row."""
    if len(lines) < 3 or len(rules) < 4:
        return
    left = min(w.x0 for line in lines for w in line.words)
    right = max(w.x1 for line in lines for w in line.words)
    heights = sorted(y for y, x0, x1 in rules if x0 < left + 0.35 * (right - left))
    edges = [y for i, y in enumerate(heights) if not i or y - heights[i - 1] > 4]
    for line in lines:
        middle = (line.top + line.bottom) / 2
        above = sum(1 for y in edges if y < middle)
        if 0 < above < len(edges):
            line.band = above


def _sniff(head: bytes, path: Path) -> bool:
    return b"%PDF-" in head[:1024]


def _load(path: Path, firm: str | None, progress: Progress | None) -> pd.DataFrame:
    from finmodel.loaders.document import Source, read_document

    pdf = Pdf(path)
    try:
        texts = pdf.texts(progress)
        letters = sum(len(re.sub(r"\s", "", t)) for t in texts)
        if letters < 30 * len(texts):
            found = f"{len(texts)} pages with {letters} characters of text: pictures of pages, no text layer"
            raise DataError([fault(path.name, found, "a PDF with text", "run it through OCR first, then load the result")])
        tick = (lambda: progress(pdf.count, pdf.count)) if progress else (lambda: None)
        return read_document(Source(path, texts, pdf.page, tick=tick), firm)
    finally:
        pdf.close()


loaders.add("pdf", Loader("pdf", "a PDF", _sniff, _load))
