"""The published ratio among A-share firms: how unusual 1.85 is. Aggregates only ship; the panel they were made from does not."""

from __future__ import annotations

from datetime import date

import pandas as pd

from finmodel.data import read_table
from finmodel.results import RECORD_COLUMNS, Results
from finmodel.units import parse_date

FIRM = "a-share firms"
EVERY = "all"
"""The sample of all firm-years that have both figures, as against those whose cost lines add up to the printed total."""


def a_share_context(as_of: str | date | None = None) -> Results:
    """Return where the published cost-to-revenue ratio stands among the annual reports of firms listed in Shanghai and Shenzhen.

    Parameters
    ----------
    as_of : str or date, optional
        Only years whose reports had been published by this day, YYYY-MM-DD: nineteen of twenty of them.

    Returns
    -------
    Results
        Default rows: the median by years and definition. Other rows (``records(every=True)``): percentiles 1 to 99 (``statistic`` p01 to
        p99) and the percentile of the published ratio, for all firm-years and for those whose cost lines add up to the printed total.
        The table is empty where no year had been reported.

    Notes
    -----
    Formula: total operating cost / total operating revenue, and (cost of sales + selling + administrative + R&D) / revenue.

    References
    ----------
    Sources are in the ``source`` column of ``data/a_share_cost_ratio.csv``.

    Examples
    --------
    >>> table = a_share_context().table
    >>> table.loc[table["default"] & (table["period"] == "FY 2019-2021"), "value"].round(2).tolist()
    [0.92, 0.9]
    """
    wide = read_table("a_share_cost_ratio")
    if as_of is not None:
        wide = wide[wide["published_by"] <= parse_date(str(as_of)).isoformat()]
    quantiles = [name for name in wide.columns if name[:1] == "p" and name[1:].isdigit()]
    keys = ["definition", "sample", "years", "firm_years", "threshold", "published_by", "source"]
    table = wide.melt(keys, [*quantiles, "percentile_of_threshold"], "statistic", "value")
    share = table["statistic"] == "percentile_of_threshold"
    table = table.assign(
        firm=FIRM,
        period="FY " + table["years"],
        quantity="cost_to_revenue",
        variant=table["definition"] + "; " + table["sample"] + "; " + table["statistic"],
        basis="PRC GAAP",
        vintage="",
        value=table["value"].astype(float),
        unit=share.map({True: "percent", False: "ratio"}),
        status="computed",
        reason="",
        note="",
        default=(table["sample"] == EVERY) & (table["statistic"] == "p50"),
    )
    table[["firm_years", "threshold"]] = table[["firm_years", "threshold"]].apply(pd.to_numeric)
    columns = [*RECORD_COLUMNS, *keys, "statistic", "default"]
    return Results(
        table=table[columns].reset_index(drop=True),
        title="Cost to revenue of A-share firms",
        definition="one firm-year, one value: firm-years with revenue above zero and every figure of the ratio; read by machine from "
        "the annual reports",
        assumptions=("the panel's figures were extracted by machine and not checked one by one; where cost lines add up to the printed "
                     "total, the published ratio stands a little higher",),
        figure="a_share_context",
        hidden=("definition", "sample", "years", "default"),
    )  # fmt: skip
