"""What it costs to bring in one unit of revenue, and what the cost is made of.

Costs are positive amounts (the sign convention of :class:`finmodel.Statements`).
"""

from __future__ import annotations

from typing import Any

from finmodel.ratios.base import divide, ratio


@ratio("cost_to_revenue", "four items", denominator="revenue")
def cost_to_revenue(cost_of_sales: Any, selling: Any, administrative: Any, research_and_development: Any, revenue: Any) -> Any:
    """Total operating cost for one unit of revenue.

    Formula
    -------
    (cost of sales + selling + administrative + research and development) / revenue

    References
    ----------
    Lines as printed on the face of the income statement (IAS 1, expenses by function; PRC CAS 30).

    Examples
    --------
    >>> round(float(cost_to_revenue(1014.081, 536.52, 1589.5, 2454.0, 3446.165)), 2)
    1.62
    """
    return divide(cost_of_sales + selling + administrative + research_and_development, revenue)


@ratio("cost_to_revenue", "four items, selling and administrative as one line", denominator="revenue")
def cost_to_revenue_combined(cost_of_sales: Any, selling_and_administrative: Any, research_and_development: Any, revenue: Any) -> Any:
    """Total operating cost for one unit of revenue where selling and administrative cost is reported as one line.

    Formula
    -------
    (cost of sales + selling and administrative + research and development) / revenue

    References
    ----------
    As the four-item ratio; data vendors print the two lines together.

    Examples
    --------
    >>> round(float(cost_to_revenue_combined(677.4, 606.02, 534.17, 1075.5)), 2)
    1.69
    """
    return divide(cost_of_sales + selling_and_administrative + research_and_development, revenue)


@ratio("cost_to_revenue", "proxy: loss before preferred-share fair value", denominator="revenue", proxy=True)
def cost_to_revenue_before_fair_value(revenue: Any, net_loss_before_preferred_fair_value: Any) -> Any:
    """Cost implied by the loss before the fair-value change of preferred shares, where cost lines are missing.

    Formula
    -------
    (revenue - result before fair-value change of preferred shares) / revenue

    References
    ----------
    IFRS 9: preferred shares at fair value through profit or loss; the change is no cost of operating.

    Examples
    --------
    >>> round(float(cost_to_revenue_before_fair_value(716.8, -1028.1)), 2)
    2.43
    """
    return divide(revenue - net_loss_before_preferred_fair_value, revenue)


@ratio("cost_to_revenue", "proxy: result less preferred-share fair value", denominator="revenue", proxy=True)
def cost_to_revenue_less_fair_value(revenue: Any, profit_for_period: Any, fair_value_change_of_preferred_shares: Any) -> Any:
    """Cost implied by the result with the fair-value change of preferred shares taken out, where cost lines are missing.

    Formula
    -------
    (revenue - (result for the period - fair-value change of preferred shares)) / revenue

    References
    ----------
    IFRS 9: preferred shares at fair value through profit or loss; the change is no cost of operating.

    Examples
    --------
    >>> round(float(cost_to_revenue_less_fair_value(1426.9, -3351.6, -3045.3)), 2)
    1.21
    """
    return divide(revenue - (profit_for_period - fair_value_change_of_preferred_shares), revenue)


@ratio("cost_to_revenue", "proxy: loss before non-recurring items", denominator="revenue", proxy=True)
def cost_to_revenue_nonrecurring(revenue: Any, profit_excluding_nonrecurring: Any) -> Any:
    """Cost implied by the loss before non-recurring items, where cost lines are missing.

    Formula
    -------
    (revenue - profit excluding non-recurring items) / revenue

    References
    ----------
    CSRC, non-recurring profit and loss (扣除非经常性损益): leaves preferred-share fair value out, keeps finance cost and tax in.

    Examples
    --------
    >>> round(float(cost_to_revenue_nonrecurring(670.0, -939.0)), 2)
    2.4
    """
    return divide(revenue - profit_excluding_nonrecurring, revenue)


@ratio("cost_to_revenue", "proxy: adjusted loss", denominator="revenue", proxy=True)
def cost_to_revenue_adjusted(revenue: Any, adjusted_profit: Any) -> Any:
    """Cost implied by the firm's own adjusted loss, where cost lines are missing.

    Formula
    -------
    (revenue - adjusted profit) / revenue

    References
    ----------
    The firm's non-GAAP reconciliation; usually without share-based payment as well.

    Examples
    --------
    >>> float(cost_to_revenue_adjusted(100.0, -50.0))
    1.5
    """
    return divide(revenue - adjusted_profit, revenue)


@ratio("cost_to_revenue", "proxy: attributable loss", denominator="revenue", proxy=True)
def cost_to_revenue_attributable(revenue: Any, profit_attributable: Any) -> Any:
    """Cost implied by the loss attributable to equity holders, for firms without preferred shares, where cost lines are missing.

    Formula
    -------
    (revenue - result attributable to equity holders) / revenue

    References
    ----------
    Headline result of A-share issuers (归母净利润); holds non-recurring items, finance cost and tax.

    Examples
    --------
    >>> round(float(cost_to_revenue_attributable(484.0, -181.0)), 2)
    1.37
    """
    return divide(revenue - profit_attributable, revenue)


@ratio("cost_to_revenue", "with preferred-share fair value", denominator="revenue", proxy=True, default=False)
def cost_to_revenue_whole_loss(revenue: Any, profit_for_period: Any) -> Any:
    """Everything that stands between revenue and the result, fair-value losses on preferred shares included.

    Formula
    -------
    (revenue - result for the period) / revenue

    References
    ----------
    The headline loss; mostly not a cost of operating while preferred shares are outstanding.

    Examples
    --------
    >>> round(float(cost_to_revenue_whole_loss(3446.165, -12158.0)), 2)
    4.53
    """
    return divide(revenue - profit_for_period, revenue)


@ratio("cost_to_revenue", "without share-based payment", denominator="revenue", default=False)
def cost_to_revenue_without_sbp(
    cost_of_sales: Any, selling: Any, administrative: Any, research_and_development: Any, share_based_payment: Any, revenue: Any
) -> Any:
    """Four-item cost without share-based payment, which costs no cash.

    Formula
    -------
    (four items - share-based payment) / revenue

    References
    ----------
    IFRS 2; the amount is the cash-flow statement's add-back or the note.

    Examples
    --------
    >>> float(cost_to_revenue_without_sbp(30.0, 20.0, 30.0, 40.0, 20.0, 100.0))
    1.0
    """
    return divide(cost_of_sales + selling + administrative + research_and_development - share_based_payment, revenue)


@ratio("cost_to_revenue", "with impairment of financial assets", denominator="revenue", default=False)
def cost_to_revenue_with_impairment(
    cost_of_sales: Any, selling: Any, administrative: Any, research_and_development: Any, impairment_of_financial_assets: Any, revenue: Any
) -> Any:
    """Four-item cost with the impairment of receivables and contract assets.

    Formula
    -------
    (four items + impairment of financial assets) / revenue

    References
    ----------
    IFRS 9 expected credit loss; PRC 信用减值损失.

    Examples
    --------
    >>> float(cost_to_revenue_with_impairment(30.0, 20.0, 30.0, 40.0, 10.0, 100.0))
    1.3
    """
    return divide(cost_of_sales + selling + administrative + research_and_development + impairment_of_financial_assets, revenue)


@ratio("cost_to_revenue", "with finance cost", denominator="revenue", default=False)
def cost_to_revenue_with_finance(
    cost_of_sales: Any, selling: Any, administrative: Any, research_and_development: Any, finance_cost: Any, revenue: Any
) -> Any:
    """Four-item cost with finance cost.

    Formula
    -------
    (four items + finance cost) / revenue

    References
    ----------
    PRC total operating cost (营业总成本) contains finance cost; the four items do not.

    Examples
    --------
    >>> float(cost_to_revenue_with_finance(30.0, 20.0, 30.0, 40.0, 5.0, 100.0))
    1.25
    """
    return divide(cost_of_sales + selling + administrative + research_and_development + finance_cost, revenue)


@ratio("cost_to_revenue", "net of government grants", denominator="revenue", default=False)
def cost_to_revenue_net_of_grants(
    cost_of_sales: Any, selling: Any, administrative: Any, research_and_development: Any, government_grants: Any, revenue: Any
) -> Any:
    """Four-item cost less government grants.

    Formula
    -------
    (four items - government grants) / revenue

    References
    ----------
    IAS 20; PRC 其他收益.

    Examples
    --------
    >>> float(cost_to_revenue_net_of_grants(30.0, 20.0, 30.0, 40.0, 10.0, 100.0))
    1.1
    """
    return divide(cost_of_sales + selling + administrative + research_and_development - government_grants, revenue)


@ratio("cost_to_revenue", "cash: revenue less operating cash flow", denominator="revenue", proxy=True, default=False)
def cost_to_revenue_cash(revenue: Any, operating_cash_flow: Any) -> Any:
    """Cash spent on operations for one unit of revenue, as far as an indirect cash-flow statement shows it.

    Formula
    -------
    (revenue - operating cash flow) / revenue

    References
    ----------
    IAS 7; revenue stands in for cash received, so a growing receivable counts as spending.

    Examples
    --------
    >>> float(cost_to_revenue_cash(100.0, -50.0))
    1.5
    """
    return divide(revenue - operating_cash_flow, revenue)


@ratio("total_operating_cost", unit="currency")
def total_operating_cost(cost_of_sales: Any, selling: Any, administrative: Any, research_and_development: Any) -> Any:
    """Cost of operating by function.

    Formula
    -------
    cost of sales + selling + administrative + research and development

    References
    ----------
    Lines as printed; without taxes and surcharges, finance cost and impairment, unlike the PRC total (营业总成本).

    Examples
    --------
    >>> float(total_operating_cost(30.0, 20.0, 30.0, 40.0))
    120.0
    """
    return cost_of_sales + selling + administrative + research_and_development


@ratio("cost_of_sales_to_revenue", denominator="revenue")
def cost_of_sales_to_revenue(cost_of_sales: Any, revenue: Any) -> Any:
    """Cost of sales for one unit of revenue.

    Formula
    -------
    cost of sales / revenue

    References
    ----------
    Component of the four-item ratio.

    Examples
    --------
    >>> float(cost_of_sales_to_revenue(30.0, 100.0))
    0.3
    """
    return divide(cost_of_sales, revenue)


@ratio("selling_to_revenue", denominator="revenue")
def selling_to_revenue(selling: Any, revenue: Any) -> Any:
    """Selling cost for one unit of revenue.

    Formula
    -------
    selling / revenue

    References
    ----------
    Component of the four-item ratio.

    Examples
    --------
    >>> float(selling_to_revenue(20.0, 100.0))
    0.2
    """
    return divide(selling, revenue)


@ratio("administrative_to_revenue", denominator="revenue")
def administrative_to_revenue(administrative: Any, revenue: Any) -> Any:
    """Administrative cost for one unit of revenue.

    Formula
    -------
    administrative / revenue

    References
    ----------
    Component of the four-item ratio.

    Examples
    --------
    >>> float(administrative_to_revenue(30.0, 100.0))
    0.3
    """
    return divide(administrative, revenue)


@ratio("rd_intensity", denominator="revenue")
def rd_intensity(research_and_development: Any, revenue: Any) -> Any:
    """Research and development cost for one unit of revenue.

    Formula
    -------
    research and development / revenue

    References
    ----------
    OECD Frascati Manual (R&D intensity), at firm level and on expensed cost.

    Examples
    --------
    >>> float(rd_intensity(40.0, 100.0))
    0.4
    """
    return divide(research_and_development, revenue)


@ratio("labour_intensity", "all employee cost", denominator="revenue")
def labour_intensity(employee_cost: Any, revenue: Any) -> Any:
    """Employee cost for one unit of revenue.

    Formula
    -------
    employee cost / revenue

    References
    ----------
    IAS 19 employee benefits by nature; most prospectuses disclose only parts of it.

    Examples
    --------
    >>> float(labour_intensity(75.0, 100.0))
    0.75
    """
    return divide(employee_cost, revenue)


@ratio("labour_intensity", "R&D staff cost only: a lower bound", denominator="revenue", proxy=True)
def labour_intensity_rd(employee_benefits_rd: Any, revenue: Any) -> Any:
    """Cost of research staff for one unit of revenue: a lower bound of labour intensity.

    Formula
    -------
    employee benefits within research and development / revenue

    References
    ----------
    Note on research and development cost.

    Examples
    --------
    >>> round(float(labour_intensity_rd(309.0, 948.9)), 2)
    0.33
    """
    return divide(employee_benefits_rd, revenue)
