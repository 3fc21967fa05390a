"""A document in, its facts out: the statements that count, one row per printed figure, and the checks on them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import count
from pathlib import Path

import pandas as pd

from finmodel.errors import DataError, fault
from finmodel.facts import check_facts
from finmodel.loaders.base import slug
from finmodel.loaders.checks import check_statements
from finmodel.loaders.choose import chosen
from finmodel.loaders.find import KINDS, Finder, Found, bank_page
from finmodel.loaders.labels import suggestion
from finmodel.loaders.layout import Page
from finmodel.loaders.naming import settle
from finmodel.loaders.published import publication
from finmodel.loaders.statement import Cell, Entry, Statement, hint, understand
from finmodel.loaders.words import currency_in, simplified


@dataclass(frozen=True)
class Source:
    """A document that can be read page by page.

    Attributes
    ----------
    path : pathlib.Path
        The file.
    texts : sequence of str
        Text of every page.
    page : callable
        ``page(number)``, from 1: the lines of a page.
    unit : str
        What the numbers count: ``page``, or ``table`` or ``line``, which go to the locator.
    tick : callable
        Called now and then during the work; may raise to stop it.
    """

    path: Path
    texts: Sequence[str]
    page: Callable[[int], Page]
    unit: str = "page"
    tick: Callable[[], None] = lambda: None


def read_document(source: Source, firm: str | None) -> pd.DataFrame:
    """Return the facts on the face of the consolidated statements of a document.

    Raises
    ------
    DataError
        If it holds no statements that can be read: what was found instead.
    """
    finder = Finder(source.texts, source.page, source.tick)
    found = list(finder.statements())
    statements = _understood(found, finder.traditional, _money(source.texts))
    for statement in statements:
        settle(statement)
    kept = chosen(statements)
    _refuse(source, found, kept)
    facts = check_facts(pd.DataFrame(_records(source, kept, firm)), where=source.path.name)
    facts.attrs["checks"] = check_statements(kept)
    return facts


def _understood(found: list[Found], traditional: bool, money: tuple[str, float | None]) -> list[Statement]:
    """Read what each statement says of itself, then date and scale those that leave it open by their neighbours."""
    first = [understand(f, (), traditional, money) for f in found]
    known = [s for s in first if s]
    out = []
    for f, statement in zip(found, first, strict=True):
        near = sorted(known, key=lambda s: (abs(s.found.page - f.page), s.found.page))[:3]
        tries = (understand(f, _hints(n), traditional, (n.spans[0].currency, n.spans[0].scale)) for n in near)
        if statement := statement or next((s for s in tries if s), None):
            out.append(statement)
    return out


def _hints(other: Statement) -> tuple[str, ...]:
    end = max(s.end for s in other.spans)
    span = next(s for s in other.spans if s.end == end)
    months = round((end - span.start).days / 30.4) if span.start else end.month
    return hint(other), f"{months} months"


def _money(texts: Sequence[str]) -> tuple[str, float | None]:
    """Return currency and scale for statements that do not say: what the document says of all its statements."""
    whole = "\n".join(texts)
    if match := re.search(r"(?:报表|附注)[^。\n]{0,20}单位[^。\n]{0,6}(?:为|：|:)\s*(?:人民币)?元", simplified(whole[:600_000])):
        return currency_in(match[0]) or "CNY", 1.0
    if re.search(r"securities and exchange commission|form (10-k|10-q|20-f)", whole[:200_000], re.IGNORECASE):
        return "USD", None if re.search(r"in (thousands|millions)", whole, re.IGNORECASE) else 1.0
    if re.search(r"[^A-Z]\$ ?\d", whole[:200_000]):
        return "USD", None
    return "CNY" if re.search(r"人民[币幣]|RMB|Renminbi|合并(?:资产负债|利润|现金流量)表", whole) else "", None


def _refuse(source: Source, found: list[Found], kept: list[Statement]) -> None:
    """Raise with what the document holds instead of statements that can be read."""
    where = source.path.name
    if not any("total_current_assets" in s.roles() or "net_current_assets" in s.roles() for s in kept) and (
        bank := bank_page(source.texts)
    ):
        raise DataError(
            [
                fault(
                    f"{where}, {source.unit} {bank}",
                    "a bank's or insurer's statement of financial position (deposits and loans, no current assets)",
                    "statements of an industrial or commercial firm",
                    "banks and insurers are not covered: their line items would be misread",
                )
            ]
        )
    if not kept:
        titles = "; ".join(f"{f.title[:60]!r} on page {f.page}" for f in found[:5])
        seen = (
            f"titles of statements whose columns name no period or no unit ({titles})"
            if found
            else "no title of a statement with figures below it"
        )
        raise DataError(
            [
                fault(
                    where,
                    seen,
                    "an income statement, a statement of financial position or a cash flow statement",
                    "check that the document holds financial statements",
                )
            ]
        )


def _records(source: Source, statements: Sequence[Statement], firm: str | None) -> list[dict[str, object]]:
    document = slug(source.path.name)
    latest = max(s.end for st in statements for s in st.spans)
    lengths = [(s.end - s.start).days for st in statements for s in st.spans if s.start and s.end == latest]
    day, estimated = publication(source.texts, latest, round(max(lengths, default=0) / 30.4))
    common: dict[str, object] = {
        "firm": firm or document,
        "document": document,
        "published_on": day.isoformat(),
        "date_estimated": estimated,
        "read_from": "primary",
        "source": source.path.name,
        "status": "single",
        "basis": _basis(source.texts, statements),
    }
    lines = {kind: count(1) for kind in KINDS}
    numbered = [(s, next(lines[s.kind]), entry) for s in statements for entry in s.entries]
    return [common | _record(source, s, line_no, entry, cell) for s, line_no, entry in numbered for cell in entry.cells]


def _record(source: Source, statement: Statement, line_no: int, entry: Entry, cell: Cell) -> dict[str, object]:
    scale, currency = _unit(statement, entry, cell)
    page, locator = _place(source, cell)
    start: date | None = cell.span.start
    return {
        "statement": statement.kind,
        "line_no": str(line_no),
        "line_item": entry.meaning.line_item,
        "label": entry.label,
        "period_start": start.isoformat() if start else "",
        "period_end": cell.span.end.isoformat(),
        "printed": cell.printed,
        "scale": scale,
        "currency": currency,
        "value": cell.amount * scale,
        "audit": cell.span.audit,
        "page": page,
        "locator": locator,
        "note": _note(statement, entry, cell),
    }


def _place(source: Source, cell: Cell) -> tuple[object, str]:
    """Page and box; in a web page the number of the table (from 0) and row, in plain text the line."""
    word = cell.word
    if source.unit == "table":
        return "", f"table {cell.page - 1}, row {round(word.top / 12)}"
    if source.unit == "line":
        return "", f"line {round(word.top)}"
    return cell.page, ",".join(f"{v:.1f}" for v in (word.x0, word.top, word.x1, word.bottom))


def _unit(statement: Statement, entry: Entry, cell: Cell) -> tuple[float, str]:
    """Scale and currency of a cell: figures per share are in units, numbers of shares are no money."""
    if entry.per_share:
        said = f"{cell.printed} {entry.label} {entry.under}"
        cents = re.search(r"(?<![a-z])cents?\b|仙|美分", said, re.IGNORECASE)
        return (0.01 if cents else 1.0), currency_in(said) or cell.span.currency
    if entry.shares:
        apart = re.search(
            r"except (?:for )?(?:the )?(?:number of )?(?:ordinary |common )?shares?,? (?:data|amounts|and|numbers)",
            statement.found.blocks[0].heading,
            re.IGNORECASE,
        )
        return (1.0 if apart else cell.span.scale), ""
    return cell.span.scale, cell.span.currency


def _note(statement: Statement, entry: Entry, cell: Cell) -> str:
    notes = []
    if not any(c.isdigit() for c in cell.printed):
        notes.append("dash = nil")
    if entry.per_share:
        notes.append("per share")
    if entry.shares:
        notes.append("number of shares")
    if not entry.label:
        notes.append("printed without a label")
    if entry.remark:
        notes.append(entry.remark)
    elif entry.label and not entry.meaning.role and not entry.per_share and not entry.shares:
        close = suggestion(statement.kind, entry.label)
        if close:
            notes.append(f"nearest: {close}")
    if entry.under:
        notes.append(f"under: {entry.under}")
    if entry.note:
        notes.append(f"noteref={entry.note}")
    return "; ".join(notes)


_BASES = (
    ("PRC GAAP", re.compile(r"企业会计准则|china accounting standards for business|accounting standards for business enterprises")),
    (
        "US GAAP",
        re.compile(r"u\.?s\.? gaap|(?:accounting principles )?generally accepted (?:accounting principles )?in the united states"),
    ),
    ("HKFRS", re.compile(r"hkfrss?\b|hkass?\b|hong kong financial reporting standards?|香港财务报告准则|香港会计准则")),
    ("IFRS", re.compile(r"ifrss?\b|iass? \d|international financial reporting standards?|国际财务报告(?:会计)?准则|国际会计准则")),
)
_PRC_FORM = re.compile(r"合并资产负债表|合并利润表|合并年初到报告期末利润表")


def _basis(texts: Sequence[str], statements: Sequence[Statement]) -> str:
    """Return the accounting standards that a document names most often; PRC GAAP for statements under the titles of its forms."""
    if any(_PRC_FORM.search(s.found.title) for s in statements):
        return "PRC GAAP"
    whole = simplified("\n".join(texts)).lower()
    count_of = {basis: len(pattern.findall(whole)) for basis, pattern in _BASES}
    return max(count_of, key=lambda b: count_of[b]) if any(count_of.values()) else ""
