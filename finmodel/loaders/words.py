"""The vocabulary of printed statements, read from ``data/``: scripts made one, titles, units and labels as patterns."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from finmodel.data import read_table

_CONTINUED = re.compile(r"[\[(]?\b(continued|cont'?d)\b\.?[\])]?|[(\[]?(续)[)\]]?$", re.IGNORECASE)
_ASIDE = re.compile(r"\((unaudited|audited|未经审[计核]|经审[计核]|restated|经重列|continued|parenthetical)\)", re.IGNORECASE)
_NUMBERING = re.compile(
    r"^(?:[（(]?[一二三四五六七八九十]+[)）]?[、.．:：]?(?=\D)|第[一二三四五六七八九十]+节|[（(]?\d{1,2}[)）、.．](?!\d)|\(?[ivx]{1,5}[.)、]|\(?[a-h][.)])\s*",
    re.IGNORECASE,
)
_DATES_ZH = re.compile(r"\d{4}年(\d{1,2}月(\d{1,2}日)?|度|半年度|\d{1,2}[-—–至]\d{1,2}月)?|(截至|于).*?(止|日)(年度|.{1,3}个月)?")
_DATES_EN = re.compile(
    r"[,.–—-]?\s*(for|as (of|at)|at|from) (the )?(((fiscal )?(year|period|quarter)s?|(three|six|nine|twelve|\d+) months|half[- ]year"
    r"|\d+ weeks)\b.*|.*\b(19|20)\d\d\b.*|\d.*|january.*|december.*|june.*)$|\s+(?:financial |fiscal )?(?:years?|periods?) ended\b.*$"
)
_UNIT_TAIL = re.compile(
    r"\s*[(（]?\b(?:(?:all )?amounts?|dollars|expressed|stated|figures|rmb|renminbi|hk\$|us\$|\$)?[^()]{0,20}"
    r"\bin (?:thousands|millions|rmb|us|hk)\b.*$|[\s,–—-]+\(?unaudited\)?$"
)
_YEAR_LEAD = re.compile(r"^\d{4}\s+(?=[a-z])")


@cache
def _variants() -> dict[int, str]:
    table = read_table("han_variants")
    return {ord(t): s for t, s in zip(table["traditional"], table["simplified"], strict=True)}


def simplified(text: str) -> str:
    """Return text in NFKC with traditional Chinese characters made simplified, so that one pattern serves both.

    Examples
    --------
    >>> simplified("綜合財務狀況表")
    '综合财务状况表'
    """
    return unicodedata.normalize("NFKC", text).translate(_variants())


def is_traditional(text: str) -> bool:
    """Return whether text holds characters that only traditional Chinese uses."""
    return any(ord(c) in _variants() for c in text)


def plain(text: str) -> str:
    """Return a label or title as bare words: lower case, no punctuation, no spaces between Han characters.

    Examples
    --------
    >>> plain("Net cash (used in)/from operating activities:")
    'net cash used in from operating activities'
    >>> plain("所得稅（開支）╱抵免")
    '所得税开支抵免'
    """
    text = simplified(text).lower().replace("’", "'").replace("‘", "'").replace("'s ", "s ").replace("s' ", "s ")
    text = re.sub(r"[^\w&%$*#]+|_", " ", text.replace("'", ""))
    text = re.sub(r"(?<=[⺀-鿿豈-﫿]) | (?=[⺀-鿿豈-﫿])", "", text)
    return " ".join(text.split())


def title_words(text: str) -> str:
    """Return a line as :func:`plain` words without numbering, dates, "(unaudited)" and "(continued)", to compare with titles."""
    text = simplified(text)
    text = _ASIDE.sub("", _CONTINUED.sub("", text))
    if re.search(r"[⺀-鿿]", text):
        text = _DATES_ZH.sub("", re.sub(r"\s+", "", text))
        text = _NUMBERING.sub("", _NUMBERING.sub("", text))
        return plain(text)
    text = _NUMBERING.sub("", _UNIT_TAIL.sub("", text.lower().strip()))
    return plain(_YEAR_LEAD.sub("", _DATES_EN.sub("", text)))


@cache
def titles() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return (kind, pattern) of every title, most telling kinds first."""
    table = read_table("statement_titles")
    macros = dict(p.split("=", 1) for p in table.loc[table["kind"] == "macro", "pattern"])
    rows = table[~table["kind"].str.match("macro|keyword|anchor|bank")]
    order = {"parent": 0, "notes": 1, "accountants_report": 1, "not_of_report": 1, "changes_in_equity": 5, "remark": 6}
    found = [(kind, re.compile(expanded(p, macros))) for kind, p in zip(rows["kind"], rows["pattern"], strict=True)]
    return tuple(sorted(found, key=lambda t: order.get(t[0], 3)))


@cache
def page_words() -> tuple[re.Pattern[str], dict[str, tuple[re.Pattern[str], ...]]]:
    """Return what a page must hold to be looked at, and by statement the anchors of which it must hold two; on text without spaces."""
    table = read_table("statement_titles")
    anchors = table[table["kind"].str.startswith("anchor_")]
    kinds = {str(kind).removeprefix("anchor_"): tuple(map(re.compile, group["pattern"])) for kind, group in anchors.groupby("kind")}
    return re.compile("|".join(table.loc[table["kind"] == "keyword", "pattern"])), kinds


@cache
def bank_words() -> tuple[re.Pattern[str], ...]:
    """Return the patterns of a bank's or insurer's balance sheet, on text without spaces."""
    table = read_table("statement_titles")
    return tuple(map(re.compile, table.loc[table["kind"] == "bank", "pattern"]))


def expanded(pattern: str, macros: dict[str, str]) -> str:
    """Return a pattern with its ``{names}`` replaced by what the macros stand for."""
    for _ in range(3):
        pattern = re.sub(r"\{([^\W\d]\w*)\}", lambda m: f"(?:{macros[m[1]]})", pattern)
    return pattern


@cache
def title_kind(text: str) -> str | None:
    """Return the kind of statement that a line is the title of, or None.

    Examples
    --------
    >>> title_kind("CONSOLIDATED STATEMENTS OF CASH FLOWS (continued)"), title_kind("合并资产负债表"), title_kind("母公司利润表")
    ('cash_flow', 'financial_position', 'parent')
    >>> title_kind("Our consolidated balance sheets show")
    """
    if not 2 < len(text) < 160 or text.rstrip().endswith((",", "、", "，", "。", ";", "；")):
        return None
    words = title_words(text)
    return next((kind for kind, pattern in titles() if pattern.fullmatch(words)), None)


@cache
def _units() -> tuple[tuple[str, str, re.Pattern[str]], ...]:
    table = read_table("printed_units")
    return tuple((m, v, re.compile(p, re.IGNORECASE)) for m, v, p in zip(table["measure"], table["value"], table["pattern"], strict=True))


def currency_in(text: str) -> str | None:
    """Return the currency that a heading names (``RMB'000``: CNY), or None; a bare ``$`` names none."""
    text = simplified(text)
    found = [(match.start(), value) for measure, value, p in _units() if measure == "currency" and (match := p.search(text))]
    return min(found)[1] if found else None


def scale_in(text: str) -> float | None:
    """Return what one printed unit stands for (``人民幣千元``: 1000), or None if the heading does not say."""
    text = re.sub(r"(?<=[⺀-鿿]) +(?=[⺀-鿿])", "", simplified(text))
    return next((float(value) for measure, value, p in _units() if measure == "scale" and p.search(text)), None)


@dataclass(frozen=True)
class Pattern:
    """One row of ``data/labels.csv``: what a label means (`kind` item or role), or which section it opens (section, opens)."""

    kind: str
    statement: str
    section: str
    name: str
    language: str
    regex: re.Pattern[str]


@cache
def label_patterns(statement: str) -> tuple[Pattern, ...]:
    """Return the label patterns of one statement in the order of the file."""
    table = read_table("labels")
    macros = dict(p.split("=", 1) for p in table.loc[table["kind"] == "macro", "pattern"])
    rows = table[table["statement"] == statement].to_dict("records")
    return tuple(
        Pattern(r["kind"], statement, r["section"], r["name"], r["language"], re.compile(expanded(r["pattern"], macros))) for r in rows
    )
