"""Column heads: which day or period, which unit, audited or not."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from finmodel.loaders.words import simplified
from finmodel.units import add_months

_MONTHS = {name.lower(): i for i, name in enumerate(calendar.month_name) if name} | {
    name.lower(): i for i, name in enumerate(calendar.month_abbr) if name
}
_MONTHS["sept"] = 9
_NAME = rf"({'|'.join(sorted(_MONTHS, key=len, reverse=True))})\b\.?"
_DAY = r"(\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"((?:19|20)\d\d)"
_DMY = re.compile(rf"\b{_DAY} ?{_NAME},? ?{_YEAR}\b")
_MDY = re.compile(rf"\b{_NAME} ?{_DAY},? ?{_YEAR}\b")
_MY = re.compile(rf"\b{_NAME},? ?{_YEAR}\b")
_DM = re.compile(rf"\b{_DAY} ?{_NAME}(?!\w)")
_MD = re.compile(rf"\b{_NAME} ?{_DAY}\b(?!,? ?\d{{4}})")
_ISO = re.compile(rf"\b{_YEAR}[-./](\d{{1,2}})[-./](\d{{1,2}})\b")
_SLASH = re.compile(rf"\b(\d{{1,2}})[/.](\d{{1,2}})[/.]{_YEAR}\b")
_ZH_YMD = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日")
_ZH_MD = re.compile(r"(\d{1,2})月(\d{1,2})日")
_ZH_SPAN = re.compile(r"(?<!\d)(\d{1,2})月?[-—–―~至到](\d{1,2})月")
_ANY_YEAR = re.compile(rf"(?<![\d,.]){_YEAR}(?![\d,.]\d|\d)")
_COUNT = {w: i for i, w in enumerate(re.findall(r"\w+", "zero one two three four five six seven eight nine ten eleven twelve"))}
_EN_MONTHS = re.compile(rf"\b({'|'.join(_COUNT)}|\d{{1,2}})[ -]months?\b")
_EN_SPAN = re.compile(rf"\b{_NAME} (?:to|through|[-–—]) {_NAME}")
_WORDS_EN = (
    (12, re.compile(r"\b(years?|fiscal|fy|5[23] weeks|annual)\b")),
    (6, re.compile(r"\b(half[- ]?years?|26 weeks|1h|h1)\b")),
    (9, re.compile(r"\b39 weeks\b")),
    (3, re.compile(r"\b(quarters?|13 weeks)\b")),
)
_WORDS_ZH = (
    (6, re.compile(r"半年|上半年|6个月|六个月")),
    (9, re.compile(r"9个月|九个月|前三季|三季度末")),
    (3, re.compile(r"3个月|三个月|[一1]季度|第[一二三四]季度")),
    (12, re.compile(r"年度|全年|12个月|十二个月|止年")),
)
_DIGITS = str.maketrans("〇零○Ｏ一二三四五六七八九", "0000123456789")
_ZH_YEAR = re.compile(r"[一二][〇零○九十一二三四五六七八]{3}(?=年|\b|$|\s)")
_ZH_NUMBER = re.compile(r"([一二三]?十[一二三四五六七八九]?|[一二三四五六七八九])(?=月|日|个月)")
OPENING = re.compile(r"期初|年初|上年末|上年年末|上年度末")
CLOSING = re.compile(r"期末|年末|本期末|本年末")
THIS = re.compile(r"本期|本年|本报告期|年初至(?:本?报告)?期末")
LAST = re.compile(r"上期|上年|去年同期|上年同期")


RELATIVE = re.compile("|".join(p.pattern for p in (OPENING, CLOSING, THIS, LAST)))


def digits(text: str) -> str:
    """Return a heading in lower case with Chinese numerals as digits.

    Examples
    --------
    >>> digits("二零二二年十二月三十一日")
    '2022年12月31日'
    """
    text = simplified(text).lower()
    text = re.sub(r"(?<=[\d⺀-鿿]) +(?=[⺀-鿿])|(?<=[⺀-鿿]) +(?=\d)", "", text)
    text = re.sub(r"(?<=[\d月]) *([—–~-]) *(?=\d{1,2}月)", r"\1", text)
    text = _ZH_YEAR.sub(lambda m: m[0].translate(_DIGITS).replace("十", "1"), text)
    return _ZH_NUMBER.sub(lambda m: str(_chinese(m[0])), text)


def _chinese(text: str) -> int:
    if "十" not in text:
        return int(text.translate(_DIGITS))
    tens, _, ones = text.partition("十")
    return 10 * (int(tens.translate(_DIGITS)) if tens else 1) + (int(ones.translate(_DIGITS)) if ones else 0)


@dataclass
class Dates:
    """What a heading says of time: whole dates, days without a year, years, and a length in months."""

    days: list[date] = field(default_factory=list)
    month_days: list[tuple[int, int]] = field(default_factory=list)
    years: list[int] = field(default_factory=list)
    months: int | None = None
    text: str = ""


def dates_in(text: str) -> Dates:
    """Return the dates and lengths in a heading.

    Examples
    --------
    >>> dates_in("Six months ended 30 June 2021").days, dates_in("Six months ended 30 June").months
    ([datetime.date(2021, 6, 30)], 6)
    """
    text = digits(text)
    out = Dates(text=text, months=_length(text))
    rest = text
    for pattern, order in ((_DMY, "dmy"), (_MDY, "mdy"), (_ISO, "ymd"), (_ZH_YMD, "ymd"), (_SLASH, "dmy")):
        for match in pattern.finditer(rest):
            day = _date(dict(zip(order, match.groups(), strict=True)))
            if day:
                out.days.append(day)
        rest = pattern.sub(" ", rest)
    if span := _ZH_SPAN.search(rest):
        out.month_days.append(_month_end(int(span[2])))
    if span := _EN_SPAN.search(rest):
        out.month_days.append(_month_end(_MONTHS[span[2]]))
    for match in _MY.finditer(rest):
        month = _MONTHS[match[1]]
        out.days.append(date(int(match[2]), *_month_end(month, int(match[2]))))
    rest = _MY.sub(" ", rest)
    for pattern, order in ((_DM, "dm"), (_MD, "md"), (_ZH_MD, "md")):
        for match in pattern.finditer(rest):
            parts = dict(zip(order, match.groups(), strict=True))
            month, day_no = _month(parts["m"]), int(parts["d"])
            if 1 <= month <= 12 and 1 <= day_no <= 31:
                out.month_days.append((month, day_no))
    out.years = [int(m[1]) for m in _ANY_YEAR.finditer(rest)]
    return out


def _month(text: str) -> int:
    return _MONTHS[text] if text in _MONTHS else int(text)


def _date(parts: dict[str, str]) -> date | None:
    month, day_no = _month(parts["m"]), int(parts["d"])
    if month > 12 >= day_no:
        month, day_no = day_no, month
    try:
        return date(int(parts["y"]), month, day_no)
    except ValueError:
        return None


def _month_end(month: int, year: int = 2023) -> tuple[int, int]:
    month = min(max(month, 1), 12)
    return month, calendar.monthrange(year, month)[1]


def _length(text: str) -> int | None:
    if span := _ZH_SPAN.search(text):
        return int(span[2]) - int(span[1]) + 1
    if span := _EN_SPAN.search(text):
        return (_MONTHS[span[2]] - _MONTHS[span[1]]) % 12 + 1
    if match := _EN_MONTHS.search(text):
        return _COUNT.get(match[1]) or int(match[1]) if match[1] not in ("zero", "0") else None
    words = _WORDS_ZH if re.search(r"[⺀-鿿]", text) else ()
    return next((n for n, pattern in (*words, *_WORDS_EN) if pattern.search(text)), None)


def resolve(heads: Sequence[str], context: Iterable[str], instant: bool) -> tuple[date | None, date] | None:
    """Return (start, end) of a column from its head, else from the lines around it; None where they do not say.

    Parameters
    ----------
    heads : sequence of str
        What stands above the column, from top to bottom; the lowest that names a year or a day is the column's own.
    context : iterable of str
        Title and remarks of the statement, then of its neighbours: asked in this order for what the head leaves open.
    instant : bool
        Whether the column is a day (financial position) and not a period.
    """
    own = dates_in(" ".join(heads))
    lines = [dates_in(head) for head in heads]
    lowest = next((d for d in reversed(lines) if d.days or d.years), own)
    if lowest.years and not lowest.days:
        own.days, own.years = [d for d in own.days if d.year == lowest.years[-1]], lowest.years
    elif lowest.days and len(own.days) != 2:
        own.days = lowest.days
    around = [*reversed(lines), *(dates_in(text) for text in context if text)]
    bottom = lines[-1] if lines else own
    if RELATIVE.search(bottom.text) and not bottom.days and not bottom.years:
        own = Dates(text=bottom.text, months=own.months)
    end = _end(own, around, instant)
    if end is None:
        return None
    if instant:
        return None, end
    if len(own.days) == 2 and own.days[0] < own.days[1] and own.months is None:
        return own.days[0], own.days[1]
    lengths = [d.months for d in reversed(lines) if d.months]
    months = next((m for m in (*lengths, own.months, *(d.months for d in around)) if m), None)
    if months is None and CHINESE_YEAR.search(own.text):
        months = 12
    if months is None:
        return None
    return add_months(end + timedelta(days=1), -months), end


CHINESE_YEAR = re.compile(r"本年|上年|(?<!半)年度")


def _end(own: Dates, around: list[Dates], instant: bool) -> date | None:
    if own.days:
        return own.days[-1]
    if own.years:
        return _with_year(own, around, instant)
    known = [d.days[-1] for d in around if d.days] or [d for d in (_with_year(x, around, instant) for x in around if x.years) if d]
    if not known:
        return None
    base = known[0]
    if OPENING.search(own.text) or (instant and LAST.search(own.text)):
        return date(base.year - 1, 12, 31)
    if LAST.search(own.text):
        return add_months(base, -12)
    if CLOSING.search(own.text) or THIS.search(own.text):
        return base
    if own.month_days:
        return date(base.year, *own.month_days[-1])
    return None


def _with_year(own: Dates, around: list[Dates], instant: bool) -> date | None:
    year = own.years[-1]
    month_day = own.month_days[-1] if own.month_days else None
    if month_day is None and "年度" in own.text and own.months == 12:
        month_day = (12, 31)
    if month_day is None and own.months in (3, 6, 9) and re.search(r"[⺀-鿿]", own.text):
        month_day = _month_end(own.months, year)
    for other in around:
        if month_day is None and other.month_days:
            month_day = other.month_days[-1]
        if month_day is None and other.days:
            month_day = (other.days[-1].month, other.days[-1].day)
    if month_day is None:
        return None
    month, day_no = month_day
    return date(year, month, min(day_no, calendar.monthrange(year, month)[1]))
