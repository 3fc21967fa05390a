"""Accounting identities among line items: what must add up in any set of statements, whatever it was read from."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from finmodel.data import rows


class Identity(NamedTuple):
    """A total and the parts that make it.

    Attributes
    ----------
    statement, check : str
        Where it belongs, and what it says.
    total : str
        Line item of the total.
    readings : tuple of tuple of (int, str)
        Signed parts. More than one reading where documents differ in what they print (costs as negative numbers; the change in cash
        before or after exchange differences): the identity holds if one of them does.
    """

    statement: str
    check: str
    total: str
    readings: tuple[tuple[tuple[int, str], ...], ...]


_FLOWS = ((1, "operating_cash_flow"), (1, "investing_cash_flow"), (1, "financing_cash_flow"))
_EXCHANGE = (1, "exchange_differences_on_cash")

IDENTITIES = (
    Identity(
        "income",
        "revenue - cost of sales = gross profit",
        "gross_profit",
        (((1, "revenue"), (-1, "cost_of_sales")), ((1, "revenue"), (1, "cost_of_sales"))),
    ),
    Identity(
        "income",
        "operating profit + non-operating income - non-operating expense = profit before tax",
        "profit_before_tax",
        (((1, "operating_profit"), (1, "non_operating_income"), (-1, "non_operating_expense")),),
    ),
    Identity(
        "income",
        "profit before tax - income tax = profit for the period",
        "profit_for_period",
        (
            ((1, "profit_before_tax"), (-1, "income_tax")),
            ((1, "profit_before_tax"), (1, "income_tax")),
            ((1, "profit_before_tax"), (-1, "income_tax"), (1, "share_of_results_of_associates")),
            ((1, "profit_before_tax"), (-1, "income_tax"), (1, "discontinued_operations")),
            ((1, "profit_before_tax"), (1, "income_tax"), (1, "discontinued_operations")),
        ),
    ),
    Identity(
        "income",
        "cost of sales + surcharges + selling + administrative + R&D + net finance cost = total operating cost",
        "total_cost_of_operations",
        (
            (
                (1, "cost_of_sales"),
                (1, "taxes_and_surcharges"),
                (1, "selling"),
                (1, "administrative"),
                (1, "research_and_development"),
                (1, "net_finance_cost"),
            ),
        ),
    ),
    Identity(
        "financial_position",
        "current + non-current assets = total assets",
        "total_assets",
        (((1, "total_current_assets"), (1, "total_non_current_assets")),),
    ),
    Identity(
        "financial_position",
        "current + non-current liabilities = total liabilities",
        "total_liabilities",
        (((1, "total_current_liabilities"), (1, "total_non_current_liabilities")),),
    ),
    Identity(
        "financial_position",
        "liabilities + equity = total assets",
        "total_assets",
        (((1, "total_liabilities"), (1, "total_equity")), ((1, "total_equity_and_liabilities"),)),
    ),
    Identity(
        "cash_flow",
        "operating + investing + financing cash flow (+ exchange differences) = change in cash",
        "net_change_in_cash",
        (_FLOWS, (*_FLOWS, _EXCHANGE)),
    ),
    Identity(
        "cash_flow",
        "opening cash + change in cash (+ exchange differences) = closing cash",
        "cash_at_end",
        (
            ((1, "cash_at_beginning"), (1, "net_change_in_cash")),
            ((1, "cash_at_beginning"), (1, "net_change_in_cash"), _EXCHANGE),
            ((1, "cash_at_beginning"), *_FLOWS, _EXCHANGE),
        ),
    ),
)


RECORD = ["firm", "document", "statement", "period_end", "check", "left", "right", "difference", "passed", "cells"]
"""What is said of each check."""


def differences(wide: pd.DataFrame, identity: Identity) -> pd.Series:
    """Return total less parts by row, for the reading that comes closest; NaN where no reading has all its figures.

    Parameters
    ----------
    wide : pandas.DataFrame
        One column per line item; line items that are absent count as not there.
    identity : Identity
        What to check.
    """
    frame = wide.reindex(columns=[identity.total, *sorted({item for parts in identity.readings for _, item in parts})])
    best = pd.Series(np.nan, index=wide.index)
    for parts in identity.readings:
        gap = frame[identity.total] - sum(sign * frame[item] for sign, item in parts)
        best = best.where(~(gap.abs() < best.abs()) & best.notna(), gap)
    return best


def check_identities(facts: pd.DataFrame) -> list[dict[str, object]]:
    """Return every identity that can be checked in `facts`, within each document, period, basis and currency.

    A difference of up to one printed unit per figure is rounding.

    Returns
    -------
    list of dict
        Keys firm, document, statement, period_end, check, left (the total), right (its parts), difference, passed, cells.
    """
    named = facts[(facts["line_item"] != "") & (facts["currency"] != "")]
    keys = ["firm", "document", "period_start", "period_end", "basis", "currency"]
    named = named.drop_duplicates([*keys, "line_item"])
    if named.empty:
        return []
    wide = named.set_index([*keys, "line_item"])["value"].unstack("line_item")  # noqa: PD010 - pivot is slower
    unit = _units(named, keys).reindex(wide.index)
    tables = []
    for identity in IDENTITIES:
        if identity.total in wide.columns:
            figures = 1 + max(map(len, identity.readings))
            gaps = pd.DataFrame({"left": wide[identity.total], "difference": differences(wide, identity), "unit": unit * figures}).dropna()
            cells = dict.fromkeys(item for parts in identity.readings for _, item in parts)
            words = {"statement": identity.statement, "check": identity.check, "cells": ", ".join([identity.total, *cells])}
            tables.append(gaps.reset_index().assign(**words))
    if not tables:
        return []
    table = pd.concat(tables, ignore_index=True)
    table["right"] = table["left"] - table["difference"]
    table["passed"] = table["difference"].abs() <= table["unit"] * (1 + 1e-9)
    return rows(table[RECORD])


def _units(facts: pd.DataFrame, keys: list[str]) -> pd.Series:
    """Return what one printed unit stands for in each set of statements.

    It is the scale; where values are given in full (XBRL), a thousand or a million if all of them are round by that much.
    """
    unit = facts.groupby(keys)["scale"].max().clip(lower=1.0)
    for size in (1e3, 1e6):
        is_round = (facts["value"] % size == 0).groupby([facts[key] for key in keys]).all()
        unit = unit.where(~is_round, np.maximum(unit, size))
    return unit
