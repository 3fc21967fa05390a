"""Margins, losses with and without what is not a cost of operating, and growth."""

from __future__ import annotations

from typing import Any

from finmodel.ratios.base import divide, ratio


@ratio("gross_margin", "revenue less cost of sales", denominator="revenue")
def gross_margin(revenue: Any, cost_of_sales: Any) -> Any:
    """Share of revenue left after cost of sales.

    Formula
    -------
    (revenue - cost of sales) / revenue

    References
    ----------
    IAS 1, expenses by function.

    Examples
    --------
    >>> float(gross_margin(100.0, 30.0))
    0.7
    """
    return divide(revenue - cost_of_sales, revenue)


@ratio("gross_margin", "as printed")
def gross_margin_printed(gross_margin_pct: Any) -> Any:
    """Gross margin as the document states it, in percent.

    Formula
    -------
    printed percentage / 100

    References
    ----------
    The document itself.

    Examples
    --------
    >>> float(gross_margin_printed(70.0))
    0.7
    """
    return divide(gross_margin_pct, 100.0)


@ratio("net_loss", "with preferred-share fair value", unit="currency")
def net_loss(profit_for_period: Any) -> Any:
    """Return the result for the period as reported (a loss is negative).

    Formula
    -------
    result for the period

    References
    ----------
    Face of the income statement.

    Examples
    --------
    >>> float(net_loss(-12158.0))
    -12158.0
    """
    return profit_for_period


@ratio("net_loss", "attributable to equity holders", unit="currency")
def net_loss_attributable(profit_attributable: Any) -> Any:
    """Return the result attributable to equity holders of the parent (a loss is negative).

    Formula
    -------
    result attributable to equity holders

    References
    ----------
    Face of the income statement; the headline figure of A-share issuers (归母净利润).

    Examples
    --------
    >>> float(net_loss_attributable(-632.13))
    -632.13
    """
    return profit_attributable


@ratio("net_loss_before_fair_value", "result less preferred-share fair value", unit="currency")
def net_loss_before_fair_value(profit_for_period: Any, fair_value_change_of_preferred_shares: Any) -> Any:
    """Return the result without the fair-value change of preferred shares.

    Formula
    -------
    result for the period - fair-value change of preferred shares

    References
    ----------
    IFRS 9; the change (a loss when the firm is worth more) ends with conversion at listing.

    Examples
    --------
    >>> float(net_loss_before_fair_value(-3351.0, -3045.0))
    -306.0
    """
    return profit_for_period - fair_value_change_of_preferred_shares


@ratio("net_loss_before_fair_value", "loss before preferred-share fair value as reported", unit="currency")
def net_loss_before_fair_value_reported(net_loss_before_preferred_fair_value: Any) -> Any:
    """Return the result before the fair-value change of preferred shares, as a source reports it.

    Formula
    -------
    result before fair-value change of preferred shares

    References
    ----------
    The document or a source that quotes it.

    Examples
    --------
    >>> float(net_loss_before_fair_value_reported(-1028.1))
    -1028.1
    """
    return net_loss_before_preferred_fair_value


@ratio("net_loss_before_fair_value", "loss before non-recurring items", unit="currency", proxy=True)
def net_loss_before_nonrecurring(profit_excluding_nonrecurring: Any) -> Any:
    """Return the result before non-recurring items: leaves preferred-share fair value out, and grants and disposals too.

    Formula
    -------
    profit excluding non-recurring items

    References
    ----------
    CSRC, non-recurring profit and loss (扣除非经常性损益).

    Examples
    --------
    >>> float(net_loss_before_nonrecurring(-939.0))
    -939.0
    """
    return profit_excluding_nonrecurring


@ratio("revenue_growth", denominator="revenue_previous")
def revenue_growth(revenue: Any, revenue_previous: Any) -> Any:
    """Growth of revenue over the same period a year earlier.

    Formula
    -------
    revenue / revenue a year earlier - 1

    References
    ----------
    Both periods have the same length; years are compared with years, halves with halves.

    Examples
    --------
    >>> round(float(revenue_growth(3446.165, 3026.6)), 3)
    0.139
    """
    return divide(revenue, revenue_previous) - 1


@ratio("rule_of_40", "growth + free cash flow margin", unit="percent", denominator="revenue")
def rule_of_40(revenue: Any, revenue_previous: Any, operating_cash_flow: Any, capital_expenditure: Any) -> Any:
    """Growth and cash margin in one number, in percentage points.

    Formula
    -------
    100 x (revenue growth + (operating cash flow - capital expenditure) / revenue)

    References
    ----------
    Feld, B. (2015), The rule of 40 % for a healthy SaaS company; free cash flow in place of EBITDA.

    Examples
    --------
    >>> float(rule_of_40(150.0, 100.0, -10.0, 5.0))
    40.0
    """
    return 100 * (divide(revenue, revenue_previous) - 1 + divide(operating_cash_flow - capital_expenditure, revenue))


@ratio("burn_per_new_revenue", "operating cash flow and capital expenditure")
def burn_per_new_revenue(operating_cash_flow: Any, capital_expenditure: Any, revenue: Any, revenue_previous: Any) -> Any:
    """Cash burned for each unit of additional yearly revenue; not meaningful where revenue fell.

    Formula
    -------
    -(operating cash flow - capital expenditure) / (revenue - revenue a year earlier)

    References
    ----------
    Sacks, D. (2020), The burn multiple, with revenue in place of recurring revenue.

    Examples
    --------
    >>> float(burn_per_new_revenue(-50.0, 10.0, 130.0, 100.0))
    2.0
    """
    return divide(capital_expenditure - operating_cash_flow, revenue - revenue_previous)
