"""What can be computed for each firm, period and quantity, and which line is missing or stale where it cannot."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from finmodel.ratios.compute import compute_ratios
from finmodel.results import RECORD_COLUMNS, Results
from finmodel.runway import cash_runway
from finmodel.statements import Statements

QUANTITIES = (
    "cost_to_revenue", "gross_margin", "rd_intensity", "labour_intensity", "revenue_growth", "net_loss", "net_loss_before_fair_value",
    "receivable_days", "government_dependence", "top_five_customers", "overseas_share", "grants_to_loss", "leverage", "equity",
)  # fmt: skip
"""Ratios that the coverage table follows; liquid funds, burn and runway come with them."""


def compute_coverage(statements: Statements, firms: Sequence[str] | None = None) -> Results:
    """Return what is computable as of the day of `statements`: one row per firm, period and quantity with the reason where not.

    Parameters
    ----------
    statements : Statements
        As known on the day that is wanted.
    firms : sequence of str, optional
        Only these firms.

    Returns
    -------
    Results
        Records with columns of :data:`finmodel.results.RECORD_COLUMNS`; ``value`` is NaN where ``reason`` says what is missing or stale.

    Raises
    ------
    LookupError
        If a firm has no figures by the day; the nearest names are proposed.

    Examples
    --------
    >>> from finmodel.statements import load_statements
    >>> table = compute_coverage(load_statements().as_of("2021-12-31"), ["megvii"]).table
    >>> "stale" in table.set_index("quantity").loc["runway", "reason"]
    True
    """
    chosen = statements if firms is None else statements.select(firms)
    ratios = compute_ratios(chosen, QUANTITIES).defaults()
    ratios = ratios[ratios["months"].isin([0, 6, 9, 12])]
    cash = cash_runway(chosen)
    kept = cash.defaults()[cash.defaults()["quantity"].isin(["liquid_funds", "net_burn", "gross_burn", "runway", "due_within_12_months"])]
    table = pd.concat([ratios[list(RECORD_COLUMNS)], kept[list(RECORD_COLUMNS)]], ignore_index=True)
    order = {firm: place for place, firm in enumerate(chosen.firms)}
    table = table.assign(_firm=table["firm"].map(order)).sort_values("_firm", kind="stable").drop(columns="_firm")
    return Results(
        table=table.reset_index(drop=True),
        title=f"What is computable as known on {statements.day}",
        definition="computable: every line that the formula needs is disclosed for the period on one basis; a runway also needs figures "
        "dated within twelve months of the day",
        figure="coverage",
    )
