"""Where a figure was published and how it was read: documents and one-line citations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

from finmodel.data import read_rows, read_table
from finmodel.errors import unknown
from finmodel.units import parse_date

if TYPE_CHECKING:
    import pandas as pd

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Document:
    """Something published that figures were read from.

    Attributes
    ----------
    document, firm : str
        Short names, as in the facts.
    title, kind, basis, language : str
        What it is, its accounting basis, and the languages of its editions.
    published_on : datetime.date
        Day of publication; where `date_estimated` the latest day consistent with what is known.
    date_estimated : bool
        Whether that day is estimated.
    date_note, source, status : str
        How the day was settled, where it was found, and whether two sources confirm it.
    sha256 : str
        Checksum of the file, blank where none is known.
    pages : int or None
        Number of pages, where known.
    """

    document: str
    firm: str
    title: str
    kind: str
    basis: str
    language: str
    published_on: date
    date_estimated: bool
    date_note: str = ""
    source: str = ""
    status: str = ""
    sha256: str = ""
    pages: int | None = None

    @property
    def published(self) -> str:
        """The day as it is quoted: ``27 Aug 2021``, or ``by 31 Aug 2023`` where it is the latest day possible."""
        return ("by " if self.date_estimated else "") + quoted_day(self.published_on)


def documents() -> pd.DataFrame:
    """Return the register of documents (``data/documents.csv``).

    Returns
    -------
    pandas.DataFrame
        One row per document, all columns as text.

    Examples
    --------
    >>> documents().set_index("document").loc["sensetime-prospectus-2021", "published_on"]
    '2021-12-07'
    """
    return read_table("documents")


def find_document(name: str) -> Document:
    """Return the document with a short name.

    Parameters
    ----------
    name : str
        As in the column ``document`` of a facts table.

    Raises
    ------
    LookupError
        If there is none; the nearest names are proposed.

    Examples
    --------
    >>> find_document("sensetime-interim-results-2023").published
    'by 31 Aug 2023'
    """
    register = _register()
    if name not in register:
        raise unknown("document", name, register)
    return register[name]


def cite(fact: Mapping[str, Any] | pd.Series) -> str:
    """Return a fact's source as one line: document, day, page, how it was read, mark.

    † stands for a figure that was not read in the document itself, ~ for a derived one.

    Parameters
    ----------
    fact : mapping or pandas.Series
        A row of a facts table. Its document may be one that is not in the register, as in a facts file of one's own.

    Examples
    --------
    >>> from finmodel.facts import shipped_facts
    >>> facts = shipped_facts()
    >>> first = facts[(facts.firm == "sensetime") & (facts.line_item == "revenue") & (facts.period_end == "2020-12-31")].iloc[0]
    >>> print(cite(first))
    SenseTime Group Inc.: application proof (Hong Kong), published 27 Aug 2021, page n/a, secondary †
    """
    import pandas as pd

    name = str(fact["document"])
    document = _register().get(name)
    title = document.title if document else name or "document not named"
    estimated = str(fact.get("date_estimated", "")).lower() == "true"
    day = ("by " if estimated else "") + quoted_day(parse_date(str(fact["published_on"])))
    page = fact.get("page")
    page = "n/a" if page is None or pd.isna(page) or page == "" else str(int(page))
    read_from = str(fact.get("read_from") or "secondary")
    mark = ("" if read_from == "primary" else "†") + ("~" if fact.get("status") == "derived" else "")
    return f"{title}, published {day}, page {page}, {read_from} {mark}".rstrip()


def quoted_day(day: date) -> str:
    """Return a day as it is quoted in text, the same on every machine.

    Examples
    --------
    >>> quoted_day(date(2021, 8, 27))
    '27 Aug 2021'
    """
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


@cache
def _register() -> dict[str, Document]:
    return {row["document"]: _document(row) for row in read_rows("documents")}


def _document(row: dict[str, str]) -> Document:
    typed: dict[str, Any] = dict(row)
    typed["published_on"] = parse_date(row["published_on"])
    typed["date_estimated"] = row["date_estimated"] == "true"
    typed["pages"] = int(row["pages"]) if row["pages"] else None
    return Document(**typed)
