"""Numbers as printed, and the periods they belong to.

A printed cell becomes an amount by one strict grammar (pandas never guesses): thousands separators, parentheses for
negative numbers, full-width digits, a dash for nil. A blank is not a zero and is no amount at all.
"""

from __future__ import annotations

import calendar
import math
import re
from dataclasses import dataclass
from datetime import date, timedelta

DASHES = "-‐‑‒–—―−─–－"
_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+", re.ASCII)
_EXPONENT = re.compile(r"[+-]?\d+(?:\.\d+)?[eE][+-]?\d{1,3}", re.ASCII)
_FULL_WIDTH = {0xFF01 + place: 0x21 + place for place in range(94)}
"""Full-width forms of ASCII; superscripts and circled digits, which are footnote marks, are not among them."""


def parse_amount(printed: str) -> float | None:
    """Return the number that a printed cell shows, or None for a blank cell.

    A dash alone (or ``nil``) is a reported zero. Parentheses or a leading or trailing minus make it negative. Anything else, such
    as ``"1 ,"``, ``"53,2"`` or ``"n.m."``, is refused rather than guessed.

    Parameters
    ----------
    printed : str
        The cell as printed.

    Raises
    ------
    ValueError
        If the cell is not blank, not nil and not a number.

    Examples
    --------
    >>> parse_amount("(1,234.5)"), parse_amount("—"), parse_amount("１２３"), parse_amount("")
    (-1234.5, 0.0, 123.0, None)
    """
    text = printed.translate(_FULL_WIDTH).strip().strip("\u200b\ufeff").strip()
    if not text:
        return None
    if all(c in DASHES for c in text) or text.lower() == "nil":
        return 0.0
    if _EXPONENT.fullmatch(text):
        return _finite(float(text), printed)
    negative = False
    if text.startswith("(") and text.endswith(")"):
        negative, text = True, text[1:-1].strip()
    elif text[0] in DASHES:
        negative, text = True, text[1:].strip()
    elif text[-1] in DASHES:
        negative, text = True, text[:-1].strip()
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{printed!r} is not a number as printed in accounts")
    value = _finite(float(text.replace(",", "")), printed)
    return -value if negative and value else value


def _finite(value: float, printed: str) -> float:
    if math.isinf(value):
        raise ValueError(f"{printed[:20]!r}... is not a number as printed in accounts: it is too large")
    return value


def parse_date(text: str) -> date:
    """Return the day that an ISO date names.

    Raises
    ------
    ValueError
        If it is not written YYYY-MM-DD or no such day exists.
    """
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise ValueError(f"{text!r} is not a day written YYYY-MM-DD")


def months_between(start: date, end: date) -> int:
    """Whole months from `start` to `end`, both included, to the nearest month.

    Examples
    --------
    >>> months_between(date(2020, 1, 1), date(2020, 6, 30))
    6
    """
    return round(((end - start).days + 1) / (365.25 / 12))


def add_months(day: date, months: int) -> date:
    """Return the day `months` later, at the end of the month where the month is shorter.

    Examples
    --------
    >>> add_months(date(2021, 8, 31), 6)
    datetime.date(2022, 2, 28)
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


@dataclass(frozen=True, order=True)
class Period:
    """A span of time with both ends, or an instant (no start).

    Attributes
    ----------
    end : datetime.date
        Last day.
    start : datetime.date or None
        First day; None for an instant.

    Examples
    --------
    >>> Period.parse("H1 2021")
    Period(end=datetime.date(2021, 6, 30), start=datetime.date(2021, 1, 1))
    >>> print(Period(date(2019, 12, 31), date(2019, 1, 1)), Period(date(2019, 6, 30)))
    FY 2019 2019-06-30
    """

    end: date
    start: date | None = None

    def __post_init__(self) -> None:
        if self.start is not None and self.start > self.end:
            raise ValueError(f"a period cannot end ({self.end}) before it starts ({self.start})")

    @property
    def months(self) -> int:
        """Length in months; 0 for an instant."""
        return 0 if self.start is None else months_between(self.start, self.end)

    @property
    def label(self) -> str:
        """``FY 2020``, ``H1 2021``, ``9M 2020``, ``Q1 2021``, a day for an instant, else its length and its last day."""
        if self.start is None:
            return self.end.isoformat()
        year = self.end.year
        for name, (first, last) in _NAMED.items():
            if self.start == date(year, first, 1) and self.end == date(year, last, calendar.monthrange(year, last)[1]):
                return f"{name} {year}"
        return f"{self.months}M to {self.end.isoformat()}"

    @property
    def days(self) -> int:
        """Length in days, both ends included; 0 for an instant."""
        return 0 if self.start is None else (self.end - self.start).days + 1

    def year_earlier(self) -> Period:
        """Return the same period one year before; an end of month stays an end of month.

        Examples
        --------
        >>> print(Period.parse("H1 2021").year_earlier(), Period(date(2020, 2, 29)).year_earlier())
        H1 2020 2019-02-28
        """
        next_day = self.end + timedelta(days=1)
        end = add_months(next_day, -12) - timedelta(days=1) if next_day.day == 1 else add_months(self.end, -12)
        return Period(end, None if self.start is None else add_months(self.start, -12))

    def __str__(self) -> str:
        return self.label

    @classmethod
    def parse(cls, label: str) -> Period:
        """Return the period that a label names.

        Raises
        ------
        ValueError
            If the label is none of the forms that :attr:`label` gives.
        """
        text = " ".join(label.split())
        if match := re.fullmatch(r"(FY|H1|H2|9M|Q1|Q2|Q3|Q4) ?(\d{4})", text, re.IGNORECASE):
            first, last = _NAMED[match[1].upper()]
            year = int(match[2])
            return cls(date(year, last, calendar.monthrange(year, last)[1]), date(year, first, 1))
        if match := re.fullmatch(r"(\d{1,2})M to (\d{4}-\d{2}-\d{2})", text, re.IGNORECASE):
            end = parse_date(match[2])
            return cls(end, add_months(end + timedelta(days=1), -int(match[1])))
        try:
            return cls(parse_date(text))
        except ValueError:
            raise ValueError(
                f"{label!r} is not a period; write FY 2020, H1 2021, 9M 2020, Q1 2021, 12M to 2019-03-31 or a day 2020-12-31"
            ) from None


_NAMED = {
    "FY": (1, 12),
    "H1": (1, 6),
    "H2": (7, 12),
    "9M": (1, 9),
    "Q1": (1, 3),
    "Q2": (4, 6),
    "Q3": (7, 9),
    "Q4": (10, 12),
}


def millions(amount: float) -> str:
    """Write an amount in millions: whole, or three digits where it is below a hundred.

    Examples
    --------
    >>> millions(1.2e10), millions(4_321_000)
    ('12,000', '4.32')
    """
    value = amount / 1e6
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
