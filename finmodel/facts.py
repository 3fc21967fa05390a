"""The facts table: one row per printed figure, with where it was printed and when it was published.

Everything that loads figures returns this table, everything that uses them takes it. :func:`check_facts` is its definition.
"""

from __future__ import annotations

import hashlib
import math
import os
import re
from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path

import pandas as pd

from finmodel.data import MOST_FAULTS, data_root, read_given, read_table, rows, write_csv, written
from finmodel.errors import DataError, fault, nearest, shown
from finmodel.units import months_between, parse_amount, parse_date

FACT_COLUMNS: dict[str, str] = {
    "fact_id": "short stable name of the fact; made from the rest where it is blank",
    "firm": "firm, as in firms.csv or a new one",
    "statement": "income, financial_position, cash_flow, or other (segments, staff, customers, measures of the firm's own)",
    "line_no": "line within the statement as printed, blank where not known",
    "line_item": "name from line_items.csv, blank where the label fits none",
    "label": "label as printed",
    "period_start": "first day, blank for an instant",
    "period_end": "last day, or the day of an instant",
    "months": "length of the period in months, 0 for an instant",
    "printed": "the figure as printed",
    "scale": "what one printed unit stands for (1000 for RMB'000)",
    "currency": "ISO code for money, blank otherwise",
    "value": "the figure in units of currency (or persons, shares, percent), with the sign as printed",
    "basis": "IFRS, HKFRS, PRC GAAP, US GAAP or blank",
    "audit": "audited, reviewed, unaudited or blank",
    "document": "document, as in documents.csv or a new one",
    "page": "1-based page, blank until someone has seen it",
    "locator": "box on the page (x0,y0,x1,y1 in points from the top left), cell or XBRL context",
    "published_on": "day on which the document was published",
    "date_estimated": "true where that day is the latest one consistent with what is known",
    "read_from": "primary (read in the document itself), secondary (reported from it elsewhere) or vendor (a data vendor's copy)",
    "source": "address or file in which the figure was read",
    "status": "confirmed (two independent sources), single or derived",
    "note": "remarks",
}
"""Columns of the facts table and what each means."""

REQUIRED = ("firm", "line_item", "period_end", "value", "published_on")
STATEMENTS = ("income", "financial_position", "cash_flow", "other")
READ_FROM = ("primary", "secondary", "vendor")
STATUSES = ("confirmed", "single", "derived")
CURRENCIES = (
    "CNY", "HKD", "USD", "EUR", "GBP", "JPY", "ZAR", "TWD", "SGD", "KRW", "CHF", "CAD", "AUD", "INR", "AED", "ARS", "BRL", "CLP", "COP",
    "CZK", "DKK", "EGP", "HUF", "IDR", "ILS", "KES", "KZT", "MOP", "MXN", "MYR", "NGN", "NOK", "NZD", "PEN", "PHP", "PKR", "PLN", "RUB",
    "SAR", "SEK", "THB", "TRY", "UAH", "VND",
)  # fmt: skip
KEY = ("firm", "line_item", "period_start", "period_end", "basis", "document", "currency")
"""A fact with a line item is unique on these columns and its line of the statement (current and non-current parts are two lines)."""

IN_PARTS = (
    "lease_liabilities", "borrowings", "debt_including_leases", "preferred_shares", "contract_liabilities", "contract_assets",
    "restricted_cash", "term_deposits", "financial_assets_at_fvtpl",
)  # fmt: skip
"""Line items that a balance sheet may print on several lines (current and non-current)."""

CASH = (
    "cash_and_cash_equivalents", "cash_and_bank_balances", "cash_and_short_term_investments", "restricted_cash", "term_deposits",
    "short_term_investments", "total_cash_reserve",
)  # fmt: skip
"""Line items of cash and liquid funds in the statement of financial position: an amount below zero is a misreading."""

EXPECTATIONS = ("revenue_forecast",)
"""Line items that may be published before their period ends; any other figure would be known before it can be."""


def line_items() -> pd.DataFrame:
    """Return the chart of line items, indexed by name (see ``data/line_items.csv``)."""
    return read_table("line_items").set_index("line_item")


def is_detail(label: str) -> bool:
    """Tell whether a label says that its line is contained in the line above.

    Examples
    --------
    >>> is_detail("其中：银行借款"), is_detail("of which: bank loans"), is_detail("Bank loans")
    (True, True, False)
    """
    return label.lstrip().lower().startswith(("其中", "including", "of which"))


def check_facts(facts: pd.DataFrame, where: str = "facts", first_row: int = 2) -> pd.DataFrame:
    """Return `facts` as a typed facts table, or raise with everything that is wrong with it.

    Parameters
    ----------
    facts : pandas.DataFrame
        At least the required columns, all text or already typed. Optional columns that are absent are filled with blanks.
    where : str
        What to call the table in messages (the file name).
    first_row : int
        Number of the first row in messages (2 in a CSV with a header).

    Returns
    -------
    pandas.DataFrame
        Columns of :data:`FACT_COLUMNS` in that order; value and scale float, months int, page nullable Int64, dates ISO text,
        date_estimated bool, everything else text.

    Raises
    ------
    DataError
        With one line per fault: row, column, what was found, what was expected. It stops looking after a thousand.
    """
    faults = _column_faults(facts, where)
    if faults:
        raise DataError(faults)
    table = pd.DataFrame({name: _text(facts, name) for name in FACT_COLUMNS})
    clean: list[dict[str, object]] = []
    sound: list[int] = []
    known = set(line_items().index)
    for offset, row in enumerate(rows(table)):
        typed, wrong = _check_row(row, known)
        clean.append(typed)
        sound += [] if wrong else [offset]
        faults += [fault(f"{where}, row {first_row + offset}, {column}", *rest) for column, *rest in wrong]
        if len(faults) >= MOST_FAULTS:
            faults.append(fault(f"{where}, below row {first_row + offset}", "rows not looked at", "fewer faults above", "mend those first"))
            break
    out = pd.DataFrame(clean, columns=list(FACT_COLUMNS))
    faults += _duplicate_faults(out.loc[sound], where, first_row)
    if faults:
        raise DataError(faults)
    return out.astype({"value": float, "scale": float, "months": int, "page": "Int64", "date_estimated": bool})


def read_facts(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Return the checked facts table in a CSV file.

    Parameters
    ----------
    path : path
        A CSV file in UTF-8 with at least the columns firm, line_item, period_end, value and published_on.

    Returns
    -------
    pandas.DataFrame
        Columns of :data:`FACT_COLUMNS`, typed as by :func:`check_facts`; values in units of currency.

    Raises
    ------
    DataError
        If the file is no facts table: every fault with its row.
    FileNotFoundError
        If there is no such file.
    """
    path = Path(path)
    return check_facts(read_given(path), where=path.name)


@cache
def _shipped() -> pd.DataFrame:
    parts = [read_facts(path) for path in sorted((data_root() / "facts").glob("*.csv"))]
    return pd.concat(parts, ignore_index=True)


def shipped_facts() -> pd.DataFrame:
    """Return the facts that ship with finmodel, one table from ``data/facts/*.csv``."""
    return _shipped().copy()


def write_facts(facts: pd.DataFrame, path: str | os.PathLike[str]) -> None:
    """Write a facts table as CSV that :func:`read_facts` reads back; the file appears whole or not at all.

    Labels and notes come from strangers: text that a spreadsheet would take for a formula is written with an apostrophe before it, which
    reading takes off again.

    Parameters
    ----------
    facts : pandas.DataFrame
        Columns of :data:`FACT_COLUMNS`.
    path : path
        Where to write.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist.
    """
    with written(path) as temporary:
        write_csv(facts, temporary)


def _column_faults(facts: pd.DataFrame, where: str) -> list[str]:
    faults = [
        fault(where, f"no column {name!r}", FACT_COLUMNS[name], f"columns there: {', '.join(str(c)[:60] for c in facts.columns[:40])}")
        for name in REQUIRED
        if name not in facts.columns
    ]
    for name in facts.columns:
        if name not in FACT_COLUMNS:
            close = nearest(str(name)[:60], FACT_COLUMNS, most=1)
            remedy = f"did you mean {close[0]!r}?" if close else "remove it"
            faults.append(fault(where, f"column {shown(str(name))}", "only columns of the facts table", remedy))
    return faults


def _text(facts: pd.DataFrame, name: str) -> Sequence[str]:
    if name not in facts.columns:
        return [""] * len(facts)
    return ["" if pd.isna(v) else str(v).strip() for v in facts[name]]


def _check_row(row: dict[str, str], known: set[str]) -> tuple[dict[str, object], list[tuple[str, ...]]]:
    typed: dict[str, object] = dict(row)
    wrong: list[tuple[str, ...]] = []
    dates: dict[str, date | None] = {}
    for column in ("period_start", "period_end", "published_on"):
        dates[column] = None
        if row[column] or column != "period_start":
            try:
                dates[column] = parse_date(row[column])
            except ValueError:
                wrong.append((column, shown(row[column]), "a day written YYYY-MM-DD"))
    start, end, published = dates["period_start"], dates["period_end"], dates["published_on"]
    if start and end and start > end:
        wrong.append(("period_end", repr(row["period_end"]), f"a day not before the period's start {row['period_start']}"))
    if published and end and published < end and row["line_item"] not in EXPECTATIONS:
        expected = f"a day not before the period's end {row['period_end']}"
        wrong.append(("published_on", repr(row["published_on"]), expected, "only a forecast is published sooner"))
    months = months_between(start, end) if start and end and start <= end else 0
    if row["months"] and row["months"] not in (str(months), f"{months}.0") and end:
        wrong.append(
            (
                "months",
                shown(row["months"]),
                f"{months}, as the two dates say",
                "correct the dates or leave months blank",
            )
        )
    typed["months"] = months
    wrong += _number_faults(row, typed)
    typed["date_estimated"] = row["date_estimated"].lower() in ("true", "1", "yes")
    wrong += _word_faults(row, typed, known)
    if not row["firm"]:
        wrong.append(("firm", "a blank", "a firm"))
    typed["fact_id"] = row["fact_id"] or fact_id(row)
    return typed, wrong


def _number_faults(row: dict[str, str], typed: dict[str, object]) -> list[tuple[str, ...]]:
    wrong: list[tuple[str, ...]] = []
    numbers: dict[str, float] = {}
    for column in ("value", "scale"):
        try:
            numbers[column] = _number(row[column] or ("1" if column == "scale" else ""))
        except ValueError:
            wrong.append((column, shown(row[column]), "a number"))
    typed |= numbers
    typed["page"] = _page(row["page"]) if row["page"] else None
    if row["page"] and typed["page"] is None:
        wrong.append(("page", shown(row["page"]), "a page number, whole and counted from 1"))
    if len(numbers) == 2:
        wrong += _amount_faults(row, **numbers)
    return wrong


def _amount_faults(row: dict[str, str], value: float, scale: float) -> list[tuple[str, ...]]:
    wrong: list[tuple[str, ...]] = []
    if value < 0 and row["line_item"] in CASH:
        wrong.append(("value", shown(row["value"]), f"an amount of {row['line_item']} that is not negative", "check the sign"))
    try:
        printed = parse_amount(row["printed"])
    except ValueError:  # printed in words or in another notation: there is nothing to compare
        printed = None
    if printed is None or row["status"] == "derived":
        return wrong
    amount = printed * scale
    if math.isinf(amount) or abs(amount - value) > _half_digit(row["printed"], scale, value):
        expected = f"{amount:.15g}, as printed {shown(row['printed'])} times scale {scale:.15g} gives"
        wrong.append(("value", shown(row["value"]), expected, "correct value, printed or scale"))
    return wrong


def _half_digit(printed: str, scale: float, value: float) -> float:
    """Return half of the last printed digit in units of currency, and what a number in a computer cannot hold."""
    decimals = re.search(r"\.(\d+)", printed)
    exponent = re.search(r"[eE]([+-]?\d+)", printed)
    places = (len(decimals[1]) if decimals else 0) - (int(exponent[1]) if exponent else 0)
    return 0.5 * abs(scale) * float(f"1e{-places}") + 1e-9 * abs(value)


def _page(text: str) -> int | None:
    """Return the page that a cell names, None if it names none; spreadsheets write a page 7 as 7.0."""
    match = re.fullmatch(r"0*([1-9]\d{0,5})(?:\.0*)?", text, re.ASCII)
    return int(match[1]) if match else None


def _word_faults(row: dict[str, str], typed: dict[str, object], known: set[str]) -> list[tuple[str, ...]]:
    wrong: list[tuple[str, ...]] = []
    if row["line_item"] and row["line_item"] not in known:
        close = nearest(row["line_item"][:60], known)
        remedy = f"did you mean {' or '.join(map(repr, close))}?" if close else "leave it blank and keep the label"
        wrong.append(("line_item", shown(row["line_item"]), "a name from line_items.csv", remedy))
    if row["read_from"] and row["read_from"] not in READ_FROM:  # an address says: secondary, and where
        typed["read_from"], typed["source"] = "secondary", row["source"] or row["read_from"]
    typed["read_from"] = typed["read_from"] or "secondary"
    for column, allowed in (("statement", STATEMENTS), ("status", STATUSES)):
        if row[column] and row[column] not in allowed:
            wrong.append((column, shown(row[column]), f"one of {', '.join(allowed)}"))
    if row["currency"] and row["currency"] not in CURRENCIES:
        wrong.append(("currency", shown(row["currency"]), f"one of {', '.join(CURRENCIES)}, or blank where it is not money"))
    typed["status"] = row["status"] or "single"
    typed["statement"] = row["statement"] or _statements().get(row["line_item"], "")
    return wrong


@cache
def _statements() -> dict[str, str]:
    return dict(line_items()["statement"])


def _number(text: str) -> float:
    value = parse_amount(text)
    if value is None:
        raise ValueError("blank")
    return value


def fact_id(row: dict[str, str]) -> str:
    """Return a short name for a fact, the same for the same fact on every machine."""
    text = "|".join(str(row.get(name, "")) for name in (*KEY, "label", "page", "line_no"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _duplicate_faults(facts: pd.DataFrame, where: str, first_row: int) -> list[str]:
    named = facts[facts["line_item"] != ""]
    faults = []
    for key, group in named.groupby([*KEY, "statement", "line_no"], sort=False):
        if len(group) > 1 and (group["value"] != group["value"].iloc[0]).any():
            at = ", ".join(str(first_row + int(i)) for i in group.index)
            what = f"{key[0]} {key[1]} at {key[3]}"
            faults.append(
                fault(
                    f"{where}, rows {at}",
                    f"{len(group)} values for {what}",
                    "one",
                    "keep one, or name their documents apart",
                )
            )
    return faults
