"""A statement understood: periods and units of its columns, meaning of its rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise

from finmodel.loaders.columns import Column
from finmodel.loaders.find import Found
from finmodel.loaders.heading import dates_in, resolve
from finmodel.loaders.labels import Meaning, Reader
from finmodel.loaders.layout import Word, figure_of, is_han
from finmodel.loaders.rows import Row
from finmodel.loaders.table import Block
from finmodel.loaders.words import currency_in, scale_in, simplified
from finmodel.units import parse_amount


@dataclass(frozen=True)
class Span:
    """Period, unit and standing of one column."""

    start: date | None
    end: date
    currency: str
    scale: float
    audit: str


@dataclass(frozen=True)
class Cell:
    """One printed figure with where it stands."""

    word: Word
    page: int
    span: Span
    printed: str
    amount: float


@dataclass
class Entry:
    """One row of a statement with its meaning."""

    label: str
    under: str
    note: str
    cells: list[Cell]
    meaning: Meaning
    top: float
    per_share: bool = False
    shares: bool = False
    remark: str = ""

    def value(self, span: Span) -> float | None:
        """Amount in printed units in one column."""
        return next((c.amount for c in self.cells if c.span == span), None)


@dataclass
class Statement:
    """A statement of one kind."""

    kind: str
    found: Found
    spans: list[Span]
    traditional: bool = False
    entries: list[Entry] = field(default_factory=list)
    faults: list[tuple[str, str]] = field(default_factory=list)
    """What was found amiss in reading it: the check that fails, and what was found."""

    @property
    def instant(self) -> bool:
        """Whether its columns are days."""
        return self.kind == "financial_position"

    def cells(self) -> int:
        """Return the number of figures."""
        return sum(len(e.cells) for e in self.entries)

    def roles(self) -> set[str]:
        """Roles that its rows play."""
        return {e.meaning.role for e in self.entries if e.meaning.role}


_COMPANY = re.compile(r"\bcompany\b|公司")
_GROUP = re.compile(r"\bgroup\b|consolidated|合并|综合|集团")
_TOTAL = re.compile(r"\btotal\b|[合总]计", re.IGNORECASE)
_AUDIT = (("unaudited", re.compile(r"unaudited|未经审")), ("audited", re.compile(r"audited|经审")))


_SHARES = re.compile(r"(?:weighted[- ]average|number of)\b.*\bshares\b|\bshares (?:used|outstanding)|加权平均.*股(?:数|份)")
"""Labels of numbers of shares, also where they go on to say what the shares serve to compute."""

_CLOSING = frozenset({"gross_profit", "operating_profit", "profit_before_tax", "profit_for_period", "total_operating_expenses", "revenue"})
"""Roles of rows after which a heading above holds no longer."""


def understand(found: Found, hints: Sequence[str], traditional: bool, money: tuple[str, float | None]) -> Statement | None:
    """Return a statement with its periods, units and rows named, or None if its columns have no period or no unit.

    Parameters
    ----------
    found : Found
        As it stands in the document.
    hints : sequence of str
        Dates said elsewhere in the document, for heads that leave something open.
    traditional : bool
        Whether the document is in traditional Chinese.
    money : tuple of str and (float or None)
        Currency and scale where the statement does not say; None where nothing does.
    """
    kind = "income" if found.kind == "comprehensive_income" else found.kind
    first = found.blocks[0]
    context = [found.title, *first.heading.splitlines(), *hints]
    dated = {i: span for i, c in _kept(first.columns).items() if (span := _span(c, context, kind, first, money))}
    kept = _once(dated, first.columns)
    if not kept:
        return None
    statement = Statement(kind, found, list(kept.values()), traditional)
    totals = any(_TOTAL.search(simplified(first.columns[i].head)) for i in kept)
    left_out = [] if totals else sorted(dated.keys() - kept.keys())
    statement.faults = [("has one column a period", f"a second column for {dated[i].end}: {first.columns[i].head}") for i in left_out]
    reader = Reader(kind, traditional)
    under, carried = "", None
    for block, rows in zip(found.blocks, _over_pages(found.blocks), strict=True):
        where = _matched(block, first, kept)
        for row in rows:
            if row.unread:
                statement.faults.append(("has only figures that can be read", f"p{row.page} {row.label}: {row.unread}"))
            cells = _cells(row, where)
            if not cells:
                carried = row
                if row.label and (reader.heading(row.label) or row.label.endswith((":", "：")) or _names(row.label, reader)):
                    under = row.label
                continue
            label = _carry(carried, row, reader)
            carried = None
            section = reader.section
            statement.entries.append(Entry(label, under, row.note, cells, Meaning(), row.top))
            _mean(statement, reader)
            closes = statement.entries[-1].meaning.role in _CLOSING
            under = under if reader.section == section and not closes else ""
    return statement


def _names(label: str, reader: Reader) -> bool:
    """Return whether a label without figures is the name of the total below it (PRC forms print every line, filled or not)."""
    return not is_han(label[-1]) and bool(reader.means(label))


def _over_pages(blocks: Sequence[Block]) -> list[list[Row]]:
    """Return the rows of each page; a label that a page end cuts within parentheses takes its end from the next page."""
    pages = [list(block.rows) for block in blocks]
    for before, after in pairwise(pages):
        if before and after and before[-1].cells and not after[0].cells and _opened(before[-1].label):
            before[-1] = replace(before[-1], label=before[-1].label + after[0].label)
            del after[0]
    return pages


def _opened(label: str) -> bool:
    return label.count("(") + label.count("（") > label.count(")") + label.count("）")


def _once(spans: dict[int, Span], columns: Sequence[Column]) -> dict[int, Span]:
    """Return one column of each period and currency: of several the total, else the first (the others are before some adjustment)."""
    chosen: dict[tuple[date | None, date, str], int] = {}
    for i, span in spans.items():
        key = (span.start, span.end, span.currency)
        if key not in chosen or (_TOTAL.search(simplified(columns[i].head)) and not _TOTAL.search(simplified(columns[chosen[key]].head))):
            chosen[key] = i
    return {i: spans[i] for i in sorted(chosen.values())}


def _kept(columns: Sequence[Column]) -> dict[int, Column]:
    """Columns of figures of the group: without notes, percentages, changes, and those of the company alone."""
    kept = {i: c for i, c in enumerate(columns) if not c.note and not c.dropped}
    heads = {i: simplified(c.head).lower() for i, c in kept.items()}
    if any(_GROUP.search(h) for h in heads.values()):
        kept = {i: c for i, c in kept.items() if not _COMPANY.search(heads[i]) or _GROUP.search(heads[i])}
    return kept


def _span(column: Column, context: list[str], kind: str, block: Block, money: tuple[str, float | None]) -> Span | None:
    period = resolve(column.heads, context, kind == "financial_position")
    if period is None:
        return None
    head, title = simplified(column.head).lower(), context[0]
    around = simplified(f"{title}\n{block.heading}")
    currency = currency_in(head) or currency_in(around) or money[0]
    scale = scale_in(head) or scale_in(around) or (1.0 if currency_in(head) or currency_in(around) or _in_full(block) else money[1])
    if scale is None or not currency:
        return None
    audit = next((name for name, pattern in _AUDIT if pattern.search(head)), "")
    return Span(period[0], period[1], currency, scale, audit)


def _in_full(block: Block) -> bool:
    """Return whether most figures have two decimals: nobody prints thousands so."""
    words = [w.text for row in block.rows for w in row.cells.values()]
    return sum(bool(re.search(r"\.\d\d\)?$", w)) for w in words) > 0.6 * len(words)


def _matched(block: Block, first: Block, kept: dict[int, Span]) -> dict[int, Span]:
    """Return by column number of this block which column of the first block it is."""
    if block is first:
        return kept
    mine = [i for i, c in enumerate(block.columns) if not c.note]
    theirs = [i for i, c in enumerate(first.columns) if not c.note]
    if len(mine) == len(theirs):
        return {a: kept[b] for a, b in zip(mine, theirs, strict=True) if b in kept}
    out = {}
    for a in mine:
        column = block.columns[a]
        nearest = min(theirs, key=lambda b: abs(first.columns[b].x1 - column.x1))
        if nearest in kept:
            out[a] = kept[nearest]
    return out


def _cells(row: Row, where: dict[int, Span]) -> list[Cell]:
    cells = []
    for index, word in sorted(row.cells.items()):
        bare = figure_of(word.text)
        if index in where and bare is not None:
            amount = parse_amount(bare)
            cells.append(Cell(word, row.page, where[index], word.text, amount if amount is not None else 0.0))
    return cells


def _carry(above: Row | None, row: Row, reader: Reader) -> str:
    """Join a label that was broken by the end of a page."""
    if above is not None and above.page != row.page and above.full and not reader.known(row.label):
        joined = above.label + row.label if row.label else above.label
        if reader.known(joined):
            return joined
    return row.label


def _mean(statement: Statement, reader: Reader) -> None:
    entry = statement.entries[-1]
    section = reader.section
    entry.meaning = reader.row(entry.label) if entry.label else Meaning(section=section)
    text = simplified(entry.label).lower()
    if statement.kind == "income":
        counted = bool(_SHARES.search(text))
        entry.per_share = not counted and ("per share" in text or "每股" in text or (section == "per_share" and not _grown(entry)))
        entry.shares = not entry.per_share and (counted or section == "shares" or "weighted" in text or "加权平均" in text)


def _grown(entry: Entry) -> bool:
    return max(abs(c.amount) for c in entry.cells) >= 1000


def hint(statement: Statement) -> str:
    """Return the latest day of a statement as text, to date others by."""
    end = max(s.end for s in statement.spans)
    return f"{end.year}年{end.month}月{end.day}日"


def dated(text: str) -> bool:
    """Return whether a text names a day."""
    return bool(dates_in(text).days)
