"""Firms and the names they go by, in English and Chinese."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from finmodel.data import read_rows
from finmodel.errors import nearest
from finmodel.units import parse_date


@dataclass(frozen=True)
class Firm:
    """A firm.

    Attributes
    ----------
    firm : str
        Short name, used in every table.
    name_en, name_zh : str
        Names in English and Chinese.
    legal_name, legal_name_zh : str
        Legal names; `note` says where one is not verified. Restrictions reach legal entities, not brands.
    aliases : tuple of str
        Other names that :func:`find_firm` knows.
    core : bool
        Whether it is one of the four firms whose accounts the package is about.
    listed_on, stock_code : str
        Exchange and code, blank for a firm that was never listed.
    listed_from : datetime.date or None
        First day of trading, where known.
    listing_sought : tuple of str
        Exchanges on which a listing was sought.
    fiscal_year_end : str
        Last month and day of the financial year, ``MM-DD``.
    note, source : str
        Remarks, and addresses.
    """

    firm: str
    name_en: str
    name_zh: str
    legal_name: str
    legal_name_zh: str
    aliases: tuple[str, ...]
    core: bool
    listed_on: str
    stock_code: str
    listed_from: date | None
    listing_sought: tuple[str, ...]
    fiscal_year_end: str
    note: str = ""
    source: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Every name of the firm, the short one first, each once."""
        every = (self.firm, self.name_en, self.name_zh, self.legal_name, self.legal_name_zh, *self.aliases)
        return tuple(dict.fromkeys(name for name in every if name))


@cache
def firms() -> tuple[Firm, ...]:
    """Return the firms in the order of ``data/firms.csv``: the four core ones first.

    Examples
    --------
    >>> [firm.firm for firm in firms() if firm.core]
    ['sensetime', 'megvii', 'cloudwalk', 'yitu']
    """
    return tuple(_firm(row) for row in read_rows("firms"))


def find_firm(name: str) -> Firm:
    """Return the firm that goes by a name.

    Short name, English or Chinese name, legal name or alias; upper and lower case, full and half width, and spaces do not matter.
    A name that only resembles one of these finds nothing: it is proposed, never taken.

    Parameters
    ----------
    name : str
        For example ``"sensetime"``, ``"SenseTime Group Inc."``, ``"商汤"``.

    Raises
    ------
    LookupError
        If no firm has this name; the nearest names are proposed.

    Examples
    --------
    >>> find_firm("商汤科技").firm, find_firm("face++").firm
    ('sensetime', 'megvii')
    """
    index = _index()
    key = _key(name)
    if key in index:
        return index[key]
    close = [f"{index[known].firm!r}" for known in nearest(key, index)]
    hint = f"did you mean {' or '.join(dict.fromkeys(close))}? " if close else ""
    raise LookupError(f"unknown firm {name!r}: {hint}Known: {', '.join(firm.firm for firm in firms())}")


@cache
def _index() -> dict[str, Firm]:
    return {_key(name): firm for firm in firms() for name in firm.names}


def _key(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _firm(row: dict[str, str]) -> Firm:
    typed: dict[str, Any] = dict(row)
    typed["aliases"] = _parts(row["aliases"])
    typed["listing_sought"] = _parts(row["listing_sought"])
    typed["core"] = row["core"] == "true"
    typed["listed_from"] = parse_date(row["listed_from"]) if row["listed_from"] else None
    return Firm(**typed)


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(" | ") if part)
