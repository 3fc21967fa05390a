"""A transaction as the law sees it, and files of them."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finmodel.data import read_given, rows
from finmodel.errors import DataError, fault, nearest
from finmodel.restrictions.words import check_word, words
from finmodel.units import parse_amount, parse_date

if TYPE_CHECKING:
    import pandas as pd

_DAYS = ("on", "acquired_on", "completed_on", "law_as_of")
_HEADINGS = {"target": "issuer"}


@dataclass(frozen=True)
class Transaction:
    """One transaction: who does what with which security of whom, on which day.

    Days may be given as ``datetime.date`` or as text ``YYYY-MM-DD``; a blank is a fact that was not given. What each word means
    is in ``data/restrictions/words.toml``.

    Attributes
    ----------
    investor : str
        ``us_person``, ``non_us_person``, ``us_controlled_foreign_entity`` and others.
    issuer : str
        A firm's short name (``megvii``) or a legal name; for funds and derivatives the firm behind the instrument.
    instrument : str
        ``listed_share``, ``ipo_share``, ``otc_bond``, ``private_share``, ``option``, ``etf``, ``goods_or_services`` and others.
    action : str
        ``buy``, ``sell``, ``hold``, ``receive_dividend``, ``clear``, ``convert`` and others. Of goods, ``sell`` supplies the firm and
        ``buy`` takes from it.
    on : datetime.date or str
        Trade date; the securities ban goes by it. Blank: the day of completion.
    acting_for : str
        ``self``, or the side on whose behalf an intermediary or employee acts.
    purpose : str
        ``invest``, ``divest`` or ``evade``.
    acquired_on : datetime.date, str or None
        When the position now dealt with was acquired.
    completed_on : datetime.date, str or None
        Settlement; the outbound rule goes by it. Blank: the trade date.
    law_as_of : datetime.date, str or None
        Answer by the law as it stood on this day; blank: the law for the day of the trade after all later changes.
    fund_divesting : str
        ``yes`` where the fund is in the course of selling its holdings of listed names.
    target_activity, target_listed_on, rights : str
        What the target does, the list it is on, and the rights that come with the stake (outbound rule); a blank activity or list is
        looked up for the firms that ship.
    fund_commitment_usd : float, str or None
        Committed capital over all vehicles of the fund, in USD.
    assurances : str
        ``yes`` where the fund has promised by contract that the partner's capital goes into no covered transaction.
    knowledge : str
        ``no`` where the investor neither knew nor had reason to know that the target is covered.
    subject_to_ear : str
        Whether the goods or technology are subject to the US export regulations.

    Examples
    --------
    >>> Transaction("us_person", "megvii", "private_share", "buy", "2025-03-01").on
    datetime.date(2025, 3, 1)
    >>> Transaction("us_person", "megvii", "private_share", "bye", "2025-03-01")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: action: 'bye' is no action: did you mean 'buy'? Known: ...
    """

    investor: str
    issuer: str
    instrument: str
    action: str
    on: date | str | None = None
    acting_for: str = "self"
    purpose: str = "invest"
    acquired_on: date | str | None = None
    completed_on: date | str | None = None
    law_as_of: date | str | None = None
    fund_divesting: str = ""
    target_activity: str = ""
    target_listed_on: str = ""
    rights: str = "standard"
    fund_commitment_usd: float | str | None = None
    assurances: str = ""
    knowledge: str = ""
    subject_to_ear: str = ""

    def __post_init__(self) -> None:
        wrong: list[str] = []
        for name, value in self._clean(wrong).items():
            object.__setattr__(self, name, value)
        if wrong:
            raise ValueError("; ".join(wrong))

    def _clean(self, wrong: list[str]) -> dict[str, Any]:
        values: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        for name, value in values.items():
            try:
                values[name] = _typed(name, value)
            except ValueError as error:
                wrong.append(f"{name}: {error}")
        for name, default in DEFAULTS.items():
            values[name] = values[name] or default
        values["on"] = values["on"] or values["completed_on"]
        values["completed_on"] = values["completed_on"] or values["on"]
        wrong += [f"{name}: blank, {_expected(name)}" for name in ("investor", "issuer", "instrument", "action") if not values[name]]
        if not wrong and values["completed_on"] and values["completed_on"] < values["on"]:
            wrong.append(f"completed_on: {values['completed_on']} before the trade of {values['on']}")
        if not values["on"] and not any(w.startswith(("on:", "completed_on:")) for w in wrong):
            wrong.append("on: blank, and no completed_on either, expected a day written YYYY-MM-DD")
        return values

    @property
    def day(self) -> date:
        """Day of the trade."""
        assert isinstance(self.on, date)
        return self.on


DEFAULTS = {f.name: f.default for f in fields(Transaction) if isinstance(f.default, str) and f.default}
"""What a field is taken as where it is blank."""


def _expected(name: str) -> str:
    return f"expected one of {', '.join(words()[name])}" if name in words() else "expected the name of a firm or a legal name"


def _typed(name: str, value: Any) -> Any:
    if name in _DAYS:
        return value if value is None or isinstance(value, date) else parse_date(value.strip()) if value.strip() else None
    if name == "fund_commitment_usd":
        amount = parse_amount(value) if isinstance(value, str) else value
        if amount is not None and not 0 <= amount < math.inf:
            raise ValueError(f"{value!r} is no amount of committed capital")
        return amount
    text = str(value).strip()
    return check_word(name, text) if name in words() else text


def read_cases(path: str | os.PathLike[str]) -> tuple[pd.DataFrame, list[Transaction]]:
    """Return a CSV of transactions as it is, and as transactions.

    The columns are those of :class:`Transaction` (``target`` may stand for ``issuer``); any other column passes through. Names of
    lists in ``target_listed_on`` are taken as in the words table.

    Raises
    ------
    DataError
        With every row that cannot be read as a transaction.
    """
    path = Path(path)
    table = read_given(path)
    named = table.rename(columns={k: v for k, v in _HEADINGS.items() if v not in table})
    known = [f.name for f in fields(Transaction)]
    faults = [
        fault(path.name, f"no column {name!r}", "the columns of a transaction", f"there are: {', '.join(table.columns)}")
        for name in ("investor", "issuer", "instrument", "action")
        if name not in named
    ]
    for name in table.columns:
        close = nearest(name, known, most=1)
        if name not in known and name not in _HEADINGS and close and _typo(name, close[0]):
            faults.append(fault(path.name, f"column {name!r}", f"{close[0]!r}", "rename it; a column of your own passes through"))
    if faults:
        raise DataError(faults)
    cases: list[Transaction] = []
    for number, row in enumerate(rows(named), start=2):
        try:
            cases.append(Transaction(**{k: v for k, v in row.items() if k in known}))
        except ValueError as error:
            faults += [f"{path.name}, row {number}, {text}" for text in str(error).split("; ") if text]
    if faults:
        raise DataError(faults)
    return table, cases


def _typo(name: str, known: str) -> bool:
    return name.replace("_", "").lower() == known.replace("_", "").lower()
