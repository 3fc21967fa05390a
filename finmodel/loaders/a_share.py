"""The panel of A-share annual reports: firm-years of all firms listed in Shanghai and Shenzhen, FY 2019-2021.

The four workbooks were extracted by machine from the text of the reports; -1 stands for a figure that was not found. The
panel is for context and for priors, not for citing a single firm.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd

from finmodel.data import read_table
from finmodel.errors import DataError, fault
from finmodel.loaders.grid import read_workbook
from finmodel.loaders.identities import IDENTITIES, differences
from finmodel.units import parse_amount

STATEMENT_FILES = {
    "profit_statement.xlsx": "income",
    "balance_static.xlsx": "financial_position",
    "cash_flow_statement.xlsx": "cash_flow",
}
REPORTS_FILE = "company_annual_reports.xlsx"
MISSING = -1.0
"""What the panel writes for a figure that was not found in the report."""


def read_a_share_panel(folder: str | os.PathLike[str]) -> pd.DataFrame:
    """Return the A-share panel as one row per firm and year.

    Parameters
    ----------
    folder : path
        Holds ``profit_statement.xlsx``, ``balance_static.xlsx``, ``cash_flow_statement.xlsx`` and, for publication days,
        ``company_annual_reports.xlsx``.

    Returns
    -------
    pandas.DataFrame
        Columns firm (six-digit stock code), name, year (int), period_start, period_end, published_on (ISO text, blank where the
        index has no report), then line items in yuan, NaN where not found. Costs are positive, cash flows signed as printed.

    Raises
    ------
    DataError
        If a workbook is missing a column, a cell is no number, or the workbooks do not describe the same firm-years.
    FileNotFoundError
        If a workbook is missing.
    """
    folder = Path(folder)
    tables = [_firm_years(folder / name) for name in STATEMENT_FILES]
    panel = tables[0]
    first, *others = STATEMENT_FILES
    for name, table in zip(others, tables[1:], strict=True):
        if not panel.index.equals(table.index):
            odd = panel.index.symmetric_difference(table.index)
            raise DataError([fault(name, f"other firm-years than {first}: {list(odd[:5])}", "the same ones")])
        panel = panel.join(table.drop(columns="name"))
    panel = panel.join(_publication_days(folder / REPORTS_FILE)).fillna({"published_on": ""}).reset_index()
    year = panel["year"].astype(str)
    dates = pd.DataFrame({"period_start": year + "-01-01", "period_end": year + "-12-31"})
    keys = ["firm", "name", "year", "period_start", "period_end", "published_on"]
    panel = pd.concat([panel, dates], axis=1)
    return panel[keys + [c for c in panel.columns if c not in keys]]


def _firm_years(path: Path) -> pd.DataFrame:
    """Return one workbook's line items, indexed by firm and year in the order of firm and year."""
    table = read_workbook(path)[0].frame()
    labels = read_table("table_labels")
    labels = labels[(labels["layout"] == "a_share") & labels["statement"].eq(STATEMENT_FILES[path.name])]
    wanted = {"证券代码", "年份", "证券简称", *labels["label"]}
    if missing := wanted - set(table.columns):
        raise DataError([fault(path.name, f"no column {', '.join(sorted(missing))}", "the columns of the A-share panel")])
    faults: list[str] = []
    out = {"firm": table["证券代码"], "year": table["年份"].astype(int), "name": table["证券简称"]}
    for label, line_item in zip(labels["label"], labels["line_item"], strict=True):
        out[line_item] = _amounts(table[label], f"{path.name}, column {label}", faults)
    if faults:
        raise DataError(faults[:50])
    frame = pd.DataFrame(out).set_index(["firm", "year"]).sort_index()
    if frame.index.has_duplicates:
        raise DataError([fault(path.name, f"{frame.index[frame.index.duplicated()][0]} twice", "one row per firm and year")])
    return frame


def _amounts(cells: pd.Series, where: str, faults: list[str]) -> pd.Series:
    values = []
    for row, cell in enumerate(cells, start=2):
        try:
            amount = parse_amount(cell)
        except ValueError:
            faults.append(fault(f"{where}, row {row}", repr(cell), "a number"))
            amount = None
        values.append(np.nan if amount is None or amount == MISSING else amount)
    return pd.Series(values, index=cells.index, dtype=float)


def _publication_days(path: Path) -> pd.Series:
    """Return the day of the latest annual report by firm and year."""
    table = read_workbook(path)[0].frame()
    year = table["report_year"].str.removesuffix("年").astype(int)
    days = pd.DataFrame({"firm": table["stock_code"], "year": year, "published_on": table["report_date"]})
    return days.groupby(["firm", "year"])["published_on"].max()


def a_share_identities(panel: pd.DataFrame, tolerance: float = 1.0) -> pd.DataFrame:
    """Return how often each accounting identity holds in the panel.

    Parameters
    ----------
    panel : pandas.DataFrame
        From :func:`read_a_share_panel`.
    tolerance : float
        Difference in yuan up to which an identity holds.

    Returns
    -------
    pandas.DataFrame
        Columns identity, firm_years, checked (all figures there), held, failed, share_held.
    """
    rows = []
    for identity in IDENTITIES:
        checked = differences(panel, identity).dropna()
        if checked.empty:
            continue
        held = int((checked.abs() <= tolerance).sum())
        rows.append((identity.check, len(panel), len(checked), held, len(checked) - held, held / len(checked)))
    return pd.DataFrame(rows, columns=["identity", "firm_years", "checked", "held", "failed", "share_held"])
