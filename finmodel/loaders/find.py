"""Where the statements are: the pages worth a look, the titles on them, and how far each statement reaches."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, zip_longest

from finmodel.facts import IN_PARTS
from finmodel.loaders.heading import dates_in
from finmodel.loaders.labels import Reader
from finmodel.loaders.layout import Line, Page, Word, figure_of, phrases
from finmodel.loaders.table import Block, read_block, sides
from finmodel.loaders.words import bank_words, is_traditional, page_words, scale_in, simplified, title_kind, title_words

KINDS = ("income", "financial_position", "cash_flow")
_AMOUNT = re.compile(r"\d{1,3}(?:,\d{3})+|\d+\.\d\d(?!\d)|\(\d{1,3}\)")
_FIGURE = re.compile(r"(?<![\w.,])\(?\d[\d,.]*\)?(?![\w])")
_PAGE_NUMBER = re.compile(
    r"[-–—\s]*(?:page\s*)?(?:[A-Z]{1,4}\s*[-–]\s*)?\d{1,4}(?:\s*(?:/|of)\s*\d{1,4})?[-–—\s]*|第\s*\d+\s*页.*|[-–—\s]*[ivxlc]{1,7}[-–—\s]*",
    re.IGNORECASE,
)
_HEAD_WORDS = re.compile(r"ended|as at|as of|截至|止年度|附[註注]|\bnotes?\b|人民[币幣]|rmb|hk\$", re.IGNORECASE)
_SCOPE = re.compile(r"consolidated|combined|group|合并|综合|本集团")
_MOST_PAGES_OF_ONE = 12


@dataclass
class Found:
    """One statement as it stands in the document: its title, the blocks of its pages, and what was said around it."""

    kind: str
    title: str
    consolidated: bool
    page: int
    blocks: list[Block] = field(default_factory=list)
    accountants: bool = False
    aside: bool = False
    """Whether it stands in a part that is no part of the report: pro forma figures, unaudited appendices."""


@dataclass(frozen=True)
class _Mark:
    start: int
    stop: int
    kind: str
    text: str


def worth_reading(texts: Sequence[str]) -> list[int]:
    """Return the numbers (from 1) of the pages that may hold the title of a statement, judged by their text alone."""
    keyword, anchors = page_words()
    tight = [re.sub(r"\s+", "", simplified(t)).lower() for t in texts]
    amounts = [len(_FIGURE.findall(t)) for t in texts]
    out = []
    for i, text in enumerate(tight):
        following = tight[i + 1] if i + 1 < len(tight) else ""
        enough = amounts[i] >= 8 or (i + 1 < len(tight) and amounts[i + 1] >= 16)
        if enough and keyword.search(text):
            both = text + following
            held = max(sum(1 for p in ps if p.search(both)) for ps in anchors.values())
            if held >= 3 or (held == 2 and any(title_kind(line) in KINDS for line in texts[i].splitlines())):
                out.append(i + 1)
    return out


def bank_page(texts: Sequence[str]) -> int | None:
    """Return the page of a bank's or insurer's statement of financial position: deposits and loans, and no current assets."""
    for number, (text, following) in enumerate(zip_longest(texts, texts[1:], fillvalue=""), 1):
        tight = re.sub(r"\s+", "", simplified(text + following)).lower()
        if sum(bool(p.search(tight)) for p in bank_words()) < 3 or re.search("流动资产|currentassets", tight):
            continue
        if any(title_kind(line) == "financial_position" for line in text.splitlines()):
            return number
    return None


def furniture(texts: Sequence[str]) -> frozenset[str]:
    """Return the running heads and feet: first and last lines that come back on several pages, figures aside."""
    count: Counter[str] = Counter()
    for text in texts:
        lines = [line for line in text.splitlines() if line.strip()]
        count.update({_bare(line) for line in (*lines[:3], *lines[-3:])})
    return frozenset(line for line, n in count.items() if n >= 3 and len(line) > 1)


def _bare(text: str) -> str:
    return re.sub(r"[\W\d_]+", "", simplified(text)).lower()


class Finder:
    """Finds the statements in the pages of one document."""

    def __init__(self, texts: Sequence[str], page: Callable[[int], Page], tick: Callable[[], None]) -> None:
        self._texts, self._page, self._tick = texts, page, tick
        self._furniture = furniture(texts) if len(texts) > 3 else frozenset()
        self._clean: dict[int, list[Line]] = {}
        self.traditional = is_traditional("".join(texts[:30])) and not re.search("合并资产负债表|单位[:：]", "".join(texts))

    def statements(self) -> Iterator[Found]:
        """Yield every statement that has figures, in the order of the document."""
        done: tuple[int, int] = (0, 0)
        for number in worth_reading(self._texts):
            self._tick()
            lines = self._lines(number)
            marks = self._marks(number)
            for mark, after in zip_longest(marks, marks[1:]):
                if mark.kind not in (*KINDS, "comprehensive_income") or (number, mark.start) < done:
                    continue
                stop = after.start if after else len(lines)
                found, done = self._read(mark, number, stop, after)
                if found.blocks:
                    yield found

    def _lines(self, number: int) -> list[Line]:
        if number not in self._clean:
            page = self._page(number)
            lines = page.lines
            kept = [line for i, line in enumerate(lines) if page.cells or not self._is_furniture(line, i, len(lines))]
            self._clean[number] = kept
        return self._clean[number]

    def _is_furniture(self, line: Line, index: int, count: int) -> bool:
        if 3 < index < count - 3:
            return False
        if _PAGE_NUMBER.fullmatch(line.text.strip()):
            return True
        if _bare(line.text) not in self._furniture or title_kind(line.text) or len(_AMOUNT.findall(line.text)) > 1:
            return False
        said = dates_in(line.text)
        return not (_HEAD_WORDS.search(line.text) or scale_in(line.text) or said.days or said.month_days) or index >= count - 2

    def _marks(self, number: int) -> list[_Mark]:
        """Return the titles on a page; a title may run over three lines."""
        lines = self._lines(number)
        marks: list[_Mark] = []
        i = 0
        while i < len(lines):
            tried = [m for n in (1, 2, 3) if (m := _title(lines, i, n)) and (n == 1 or m.kind in _WRAPPED)]
            if tried:  # the one that says most, in the fewest lines
                found = max(tried, key=lambda m: (len(title_words(m.text)), -m.stop))
                marks.append(found)
                i = found.stop
            else:
                i += 1
        return marks

    def _read(self, mark: _Mark, number: int, stop: int, after: _Mark | None) -> tuple[Found, tuple[int, int]]:
        """Read a statement from its title on, over the pages to where it ends; with where reading may go on."""
        head = " ".join(line.text for line in self._page(number).lines[:2])
        kinds = {k for line in self._page(number).lines[:4] if (k := title_kind(line.text))} | {k for k in (title_kind(head),) if k}
        found = Found(mark.kind, mark.text, bool(_SCOPE.search(simplified(mark.text).lower())), number)
        found.accountants, found.aside = "accountants_report" in kinds, "not_of_report" in kinds
        kind = "income" if mark.kind == "comprehensive_income" else mark.kind
        self._add(found, kind, self._lines(number)[mark.stop : stop], number)
        done = (number, stop)
        while (after is None or after.kind == "remark") and number < len(self._texts) and len(found.blocks) < _MOST_PAGES_OF_ONE:
            number += 1
            lines, marks = self._lines(number), [m for m in self._marks(number) if m.kind not in ("accountants_report", "not_of_report")]
            start = 0
            if (
                marks
                and self._same_statement(found, marks[0], mark.kind)
                and not _has_rows(lines[: marks[0].start])
                and not self._complete(found, kind)
            ):
                start, marks = marks[0].stop, marks[1:]
            after = marks[0] if marks else None
            stop = after.start if after else len(lines)
            if not self._add(found, kind, lines[start:stop], number, untitled=start == 0):
                break
            done = (number, stop)
        return found, done

    @staticmethod
    def _same_statement(found: Found, mark: _Mark, kind: str) -> bool:
        """Return whether a title overleaf repeats that of the statement (and is not the parent's, which has no *consolidated*)."""
        scoped = bool(_SCOPE.search(simplified(mark.text).lower()))
        return mark.kind == kind and (
            scoped or not found.consolidated or bool(re.search(r"continued|cont.d|[续續]", mark.text, re.IGNORECASE))
        )

    def _add(self, found: Found, kind: str, lines: list[Line], number: int, untitled: bool = False) -> bool:
        """Add what a page holds of the statement; whether it held anything."""
        halves = sides(lines)
        held = [self._add_half(found, kind, half, number, untitled) for half in halves if half]
        return any(held)

    def _add_half(self, found: Found, kind: str, lines: list[Line], number: int, untitled: bool) -> bool:
        reader = Reader(kind, self.traditional)
        before = found.blocks[-1] if found.blocks else None
        block = read_block(lines, reader.known, reader.is_heading, before, self._page(number).cells)
        if block is None:
            return False
        if before is not None:
            if len(self._roles([block], kind) & self._roles(found.blocks, kind)) > 3:  # it begins anew: the parent's, or another period
                return False
            if untitled and not self._goes_on(found, block, kind):
                return False
        found.blocks.append(block)
        return True

    def _goes_on(self, found: Found, block: Block, kind: str) -> bool:
        """Return whether a page without a title holds the rest of a statement: known rows under as many columns."""
        reader = Reader(kind, self.traditional)
        known = any(row.cells and reader.known(row.label) for row in block.rows)
        columns, before = ([c for c in b.columns if not c.note] for b in (block, found.blocks[-1]))
        return known and not self._complete(found, kind) and len(columns) == len(before)

    def _complete(self, found: Found, kind: str) -> bool:
        return any(roles <= self._roles(found.blocks, kind) for roles in _LAST[kind])

    def _roles(self, blocks: Sequence[Block], kind: str) -> set[str]:
        reader = Reader(kind, self.traditional)
        for block in blocks:
            for row in block.rows:
                if row.cells and row.label:
                    reader.row(row.label)
                else:
                    reader.heading(row.label)
        return reader.seen.difference(IN_PARTS, {""})


_WRAPPED = frozenset((*KINDS, "comprehensive_income", "changes_in_equity", "parent", "notes"))
"""Kinds of titles that may run over several lines."""

_LAST: dict[str, tuple[set[str], ...]] = {
    "income": (),
    "financial_position": ({"total_equity_and_liabilities"}, {"net_assets", "total_equity"}),
    "cash_flow": ({"cash_at_end"},),
}
"""The rows that close a statement; an income statement has none that all have."""


def _title(lines: Sequence[Line], i: int, count: int) -> _Mark | None:
    part = lines[i : i + count]
    if len(part) < count or any(b.top - a.bottom > 1.2 * a.size for a, b in pairwise(part)):
        return None
    text = " ".join(line.text for line in part)
    if _AMOUNT.search(text):
        return None
    if kind := title_kind(text):
        return _Mark(i, i + count, kind, text)
    if count == 1 and not any(figure_of(w.text) for w in part[0].words[1:]):
        return next((_Mark(i, i + 1, kind, p.text) for p in _wide(part[0].words) if (kind := title_kind(p.text)) in KINDS), None)
    return None


def _wide(words: list[Word]) -> list[Word]:
    parts = phrases(words, 1.5)
    return parts if len(parts) > 1 else []


def _has_rows(lines: Sequence[Line]) -> bool:
    return any(len(_AMOUNT.findall(line.text)) > 1 for line in lines)
