"""When a document was published: the day it states, else the last day its rules allow (``data/publication.csv``)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta

from finmodel.data import read_table
from finmodel.loaders.heading import dates_in
from finmodel.loaders.words import simplified
from finmodel.units import add_months

_FIRST_PAGES = 12
_NEAR = 60
"""Characters after a phrase such as *date of approval:* within which its date stands."""


def publication(texts: Sequence[str], latest: date, months: int) -> tuple[date, bool]:
    """Return the day of publication and whether it is estimated.

    Parameters
    ----------
    texts : sequence of str
        Text of every page.
    latest : datetime.date
        Last day of the latest period reported on: a document is not older, nor more than a year younger.
    months : int
        Length of that period.
    """
    table = read_table("publication")
    whole = simplified("\n".join(texts)).replace("\r", "")
    stated = table[table["kind"] == "stated"]
    for pattern, limit, estimated in zip(stated["pattern"], stated["limit"], stated["estimated"], strict=True):
        days = [
            day
            for m in re.finditer(pattern, whole, re.IGNORECASE | re.MULTILINE)
            if (day := _day_after(whole, m.end())) and latest < day <= add_months(latest, 12)
        ]
        if days:
            return _later(max(days), limit), estimated == "true"
    front = "\n".join(whole.splitlines()[:400]) + "\n".join(simplified(t) for t in texts[:_FIRST_PAGES])
    limits = table[(table["kind"] == "limit") & table["months"].isin(["", str(months)])]
    found = next(
        limit for pattern, limit in zip(limits["pattern"], limits["limit"], strict=True) if re.search(pattern, front, re.IGNORECASE)
    )
    return _later(latest, found), True


def _day_after(text: str, start: int) -> date | None:
    near = dates_in(text[start : start + _NEAR]).days
    return near[0] if near else None


def _later(day: date, limit: str) -> date:
    number, _, unit = limit.partition(" ")
    if unit == "days":
        return day + timedelta(days=int(number))
    return add_months(day + timedelta(days=1), int(number)) - timedelta(days=1)
