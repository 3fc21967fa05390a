"""The versions of a line: one row per document, parts added up, our sign convention, the best first."""

from __future__ import annotations

import numpy as np
import pandas as pd

from finmodel.facts import IN_PARTS, KEY, is_detail, line_items
from finmodel.units import Period, parse_date

LINE_COLUMNS = (
    "firm", "line_item", "period", "period_start", "period_end", "months", "value", "currency", "basis", "vintage",
    "published_on", "mark", "status", "read_from", "fact_id", "label",
)  # fmt: skip


def best_first(facts: pd.DataFrame, earliest: bool = False) -> pd.DataFrame:
    """Return every version of every line, the one to use first within its slot.

    Parameters
    ----------
    facts : pandas.DataFrame
        A facts table.
    earliest : bool
        Whether the first publication of a line goes before the latest.

    Returns
    -------
    pandas.DataFrame
        Columns of :data:`LINE_COLUMNS`.
    """
    table = added_up(facts[facts["line_item"] != ""])
    signs = line_items()["sign"]
    expense = table["line_item"].map(signs).eq("expense")
    paid = expense & table["line_item"].map(line_items()["statement"]).eq("cash_flow")
    value = np.where(expense & ~paid & _printed_negative(table, expense & ~paid), -table["value"], table["value"])
    table["value"] = np.where(paid, np.abs(value), value)
    pairs = zip(table["period_start"], table["period_end"], strict=True)
    table["period"] = [Period(parse_date(e), parse_date(s) if s else None).label for s, e in pairs]
    table["vintage"] = table["document"]
    secondary = np.where(table["read_from"].eq("primary"), "", "†")
    table["mark"] = pd.Series(secondary, index=table.index) + np.where(table["status"].eq("derived"), "~", "")
    money = table.loc[table["currency"] != "", ["firm", "currency"]].value_counts().reset_index().sort_values(["count", "currency"])
    main = money.drop_duplicates("firm", keep="last").set_index("firm")["currency"]
    order = pd.DataFrame(
        {
            "vendor": table["read_from"].eq("vendor"),
            "published": pd.to_datetime(table["published_on"]).astype("int64") * (1 if earliest else -1),
            "secondary": ~table["read_from"].eq("primary"),
            "derived": table["status"].eq("derived"),
            "single": ~table["status"].eq("confirmed"),
            "currency": table["currency"] != table["firm"].map(main),  # of a filing in two currencies, the firm's main one
            "fact_id": table["fact_id"],
        },
        index=table.index,
    )
    ranked = order.sort_values(list(order.columns), kind="stable").index
    return table.loc[ranked, list(LINE_COLUMNS)].reset_index(drop=True)


MAY_BE_INCOME = frozenset(
    (
        "impairment_of_financial_assets", "impairment_of_goodwill", "provision_for_guarantees", "net_finance_cost", "income_tax",
        "administrative_and_other_net", "selling_administrative_impairment_vendor", "selling_administrative_and_finance",
    )
)  # fmt: skip
"""Expense lines that a year may turn round (a reversal, a tax credit, net interest income): their sign says nothing of the others'."""


def _printed_negative(table: pd.DataFrame, expense: pd.Series) -> pd.Series:
    """Tell which expense lines stand in a document that prints expenses as negative numbers.

    Hong Kong accounts print costs in parentheses, A-share and US accounts do not. What is never income decides (cost of sales, staff,
    interest paid); a negative tax among positive costs is a credit and keeps its sign. Where a document has none of these, several lines
    that are all negative are costs, a lone one is what it says. (Payments of a cash-flow statement are amounts whatever their sign.)
    """
    group = [table["firm"], table["document"], table["statement"]]
    plain = expense & ~table["line_item"].isin(MAY_BE_INCOME)
    signs = np.sign(table["value"])
    balance = signs.where(plain).groupby(group).transform("sum")
    others, all_of_them = (x.groupby(group).transform("sum") for x in (signs.where(expense), expense.astype(float)))
    only = (plain.groupby(group).transform("sum") == 0) & (all_of_them > 1) & (others == -all_of_them)
    balance = balance.where(~only, -1.0)
    negative: pd.Series[bool] = balance < 0
    return negative


def added_up(facts: pd.DataFrame) -> pd.DataFrame:
    """Return facts in which what one balance sheet prints of a line item on several lines is one row.

    Lease liabilities, restricted cash and others (:data:`finmodel.facts.IN_PARTS`) stand in the current and in the non-current part of
    a balance sheet; the line item is their sum, marked ``~``, whose ``fact_id`` names the parts (``a + b``). Nothing is counted twice:

    - a line that equals the sum of the others is their total and stands for them; a total stands in the same part of the balance sheet
      as its parts, or beneath them all;
    - a detail of the line above ("of which", 其中) is no part;
    - of a balance sheet that the document prints twice each line counts once.

    Other line items, vendors' copies and figures without the number of their line are never added.
    """
    stock = facts["statement"].eq("financial_position") & facts["months"].eq(0) & facts["read_from"].ne("vendor")
    sheets = facts.assign(line=pd.to_numeric(facts["line_no"], errors="coerce"))[stock].dropna(subset="line")
    sheets = sheets.sort_values("line", kind="stable")
    lines = sheets[sheets["line_item"].isin(IN_PARTS) & sheets["status"].ne("derived")]
    several = lines[lines.duplicated([*KEY, "read_from"], keep=False)]
    sums, added = [], set()
    for _, group in several.groupby([*KEY, "read_from"], sort=False):
        first = group.iloc[0]
        same = ["firm", "period_end", "basis", "document", "currency", "read_from"]
        kept = _parts(group, sheets[sheets[same].eq(first[same]).all(axis=1)])
        added |= set(group.index)
        sums.append(_sum(kept) if len(kept) > 1 else kept[list(facts.columns)])
    return pd.concat([facts.drop(index=list(added)), *sums]).reset_index(drop=True) if sums else facts.copy()


def _parts(lines: pd.DataFrame, sheet: pd.DataFrame) -> pd.DataFrame:
    """Return those of the lines of one line item that add up to it; `sheet` holds all lines of the balance sheet."""
    totals = sheet[sheet["line_item"].str.startswith("total_")].drop_duplicates(["line_item", "line"])
    counts = totals["line_item"].value_counts()
    printed = counts.get("total_assets", counts.min() if len(counts) else 1)
    again, often = lines.groupby("value").cumcount(), lines.groupby("value")["value"].transform("size")
    lines = lines[(again < np.ceil(often / printed)) & ~lines["line"].duplicated()]
    detail = lines["label"].map(is_detail)
    lines = lines[~detail] if not detail.all() else lines
    section = np.searchsorted(totals["line"].sort_values(), lines["line"])
    lines = pd.concat([_total_or_parts(part) for _, part in lines.groupby(section)])
    return _total_or_parts(lines) if lines["value"].ne(0).sum() > 2 else lines


def _total_or_parts(lines: pd.DataFrame) -> pd.DataFrame:
    """Return the one line that equals the sum of the others within rounding, else all of them."""
    largest = int(lines["value"].abs().argmax())
    rest = lines.drop(index=lines.index[largest])
    gap = abs(lines["value"].iloc[largest] - rest["value"].sum())
    rounding = sum(half_digit(p, s) for p, s in zip(lines["printed"], lines["scale"], strict=True)) if len(rest) > 1 else 0.0
    return lines.iloc[[largest]] if len(rest) and gap <= rounding else lines


def half_digit(printed: str, scale: float) -> float:
    """Return what rounding may hide: half of the last printed digit in units of currency, and half a unit."""
    digits = printed.split("e")[0].strip("()% ")
    decimals = len(digits.split(".")[1].rstrip("0")) if "." in digits else 0
    return scale * 10.0**-decimals * 0.5 + 0.5


def _sum(parts: pd.DataFrame) -> pd.DataFrame:
    names = {name: " + ".join(dict.fromkeys(parts[name])) for name in ("fact_id", "label")}
    return parts.iloc[[0]].drop(columns="line").assign(**names, value=parts["value"].sum(), printed="", line_no="", status="derived")
