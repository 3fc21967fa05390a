"""Whom the firm lives on: governments, a few customers, foreign markets, grants.

Disclosures differ, so a quantity with several variants keeps them as an interval (columns low and high).
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from finmodel.data import rows
from finmodel.ratios.base import divide, ratio


def latest_dependence(known: pd.DataFrame) -> tuple[dict[str, Any], float, float]:
    """Return the latest known share of public-sector demand and its interval.

    A disclosed share has the span of its disclosures. A proxy, such as the share of a smart-city segment, moves with how a firm cuts its
    segments: its interval is the span of the two latest periods, as in the cash model, and the true share may lie outside.

    Parameters
    ----------
    known : DataFrame
        Rows of the quantity government_dependence of one firm that have a value.

    Returns
    -------
    tuple of (dict, float, float)
        The latest row, low and high.
    """
    latest = known.sort_values("period_end", kind="stable").tail(2)
    row = rows(latest)[-1]
    span = latest if row["proxy"] else latest.tail(1)
    return row, float(span["low"].min()), float(span["high"].max())


@ratio("government_dependence", "disclosed share of public-sector customers")
def government_dependence(government_revenue_share_pct: Any) -> Any:
    """Share of revenue from public-sector customers, as disclosed.

    Formula
    -------
    disclosed percentage / 100

    References
    ----------
    Customer section of the prospectus.

    Examples
    --------
    >>> round(float(government_dependence(89.54)), 3)
    0.895
    """
    return divide(government_revenue_share_pct, 100.0)


@ratio("government_dependence", "smart-city segment", denominator="revenue", proxy=True)
def government_dependence_smart_city(segment_smart_city: Any, revenue: Any) -> Any:
    """Share of the smart-city segment in revenue: its customers are mostly, not only, public.

    Formula
    -------
    smart-city segment revenue / revenue

    References
    ----------
    IFRS 8 segment note.

    Examples
    --------
    >>> float(government_dependence_smart_city(40.0, 100.0))
    0.4
    """
    return divide(segment_smart_city, revenue)


@ratio("government_dependence", "city internet-of-things segment", denominator="revenue", proxy=True)
def government_dependence_city_iot(segment_city_iot: Any, revenue: Any) -> Any:
    """Share of the city internet-of-things segment in revenue: its customers are mostly, not only, public.

    Formula
    -------
    city internet-of-things segment revenue / revenue

    References
    ----------
    Segment note.

    Examples
    --------
    >>> float(government_dependence_city_iot(695.0, 948.9)) > 0.7
    True
    """
    return divide(segment_city_iot, revenue)


@ratio("government_dependence", "smart-city segment, share as printed", proxy=True)
def government_dependence_smart_city_printed(smart_city_revenue_share_pct: Any) -> Any:
    """Share of the smart-city segment in revenue as printed: its customers are mostly, not only, public.

    Formula
    -------
    printed percentage / 100

    References
    ----------
    Segment note or customer section.

    Examples
    --------
    >>> round(float(government_dependence_smart_city_printed(64.0)), 2)
    0.64
    """
    return divide(smart_city_revenue_share_pct, 100.0)


@ratio("government_dependence", "city internet-of-things segment, share as printed", proxy=True)
def government_dependence_city_iot_printed(city_iot_revenue_share_pct: Any) -> Any:
    """Share of the city internet-of-things segment in revenue as printed: its customers are mostly, not only, public.

    Formula
    -------
    printed percentage / 100

    References
    ----------
    Segment note or customer section.

    Examples
    --------
    >>> round(float(government_dependence_city_iot_printed(64.0)), 2)
    0.64
    """
    return divide(city_iot_revenue_share_pct, 100.0)


@ratio("government_dependence", "city-management segment", denominator="revenue", proxy=True)
def government_dependence_city_management(segment_city_management: Any, revenue: Any) -> Any:
    """Share of the city-management segment in revenue: its customers are mostly, not only, public.

    Formula
    -------
    city-management segment revenue / revenue

    References
    ----------
    Segment note.

    Examples
    --------
    >>> float(government_dependence_city_management(636.0, 716.8)) > 0.8
    True
    """
    return divide(segment_city_management, revenue)


@ratio("top_five_customers")
def top_five_customers(top5_customer_share_pct: Any) -> Any:
    """Share of revenue from the five largest customers, as disclosed.

    Formula
    -------
    disclosed percentage / 100

    References
    ----------
    Customer section of the prospectus.

    Examples
    --------
    >>> float(top_five_customers(25.0))
    0.25
    """
    return divide(top5_customer_share_pct, 100.0)


@ratio("overseas_share", "disclosed share")
def overseas_share(overseas_revenue_share_pct: Any) -> Any:
    """Share of revenue from outside mainland China, as disclosed.

    Formula
    -------
    disclosed percentage / 100

    References
    ----------
    Geographical information (IFRS 8).

    Examples
    --------
    >>> float(overseas_share(20.0))
    0.2
    """
    return divide(overseas_revenue_share_pct, 100.0)


@ratio("overseas_share", "one less domestic share")
def overseas_share_from_domestic(domestic_revenue_share_pct: Any) -> Any:
    """Share of revenue from outside mainland China, from the domestic share.

    Formula
    -------
    1 - domestic percentage / 100

    References
    ----------
    Geographical information.

    Examples
    --------
    >>> round(float(overseas_share_from_domestic(60.16)), 3)
    0.398
    """
    return 1 - divide(domestic_revenue_share_pct, 100.0)


@ratio("overseas_share", "one less mainland revenue", denominator="revenue")
def overseas_share_from_mainland(revenue_mainland_china: Any, revenue: Any) -> Any:
    """Share of revenue from outside mainland China, from the revenue inside it.

    Formula
    -------
    1 - mainland China revenue / revenue

    References
    ----------
    Geographical information (IFRS 8).

    Examples
    --------
    >>> float(overseas_share_from_mainland(80.0, 100.0))
    0.19999999999999996
    """
    return 1 - divide(revenue_mainland_china, revenue)


@ratio("grants_to_loss", denominator="loss")
def grants_to_loss(government_grants: Any, profit_for_period: Any) -> Any:
    """Government grants for each unit of loss (positive while the firm loses money).

    Formula
    -------
    government grants / -(result for the period)

    References
    ----------
    IAS 20; PRC 其他收益.

    Examples
    --------
    >>> float(grants_to_loss(10.0, -100.0))
    0.1
    """
    return divide(government_grants, -profit_for_period)


@ratio("grants_to_income", denominator="revenue")
def grants_to_income(government_grants: Any, revenue: Any, other_income: Any) -> Any:
    """Government grants for each unit of revenue and other income.

    Formula
    -------
    government grants / (revenue + other income)

    References
    ----------
    IAS 20.

    Examples
    --------
    >>> float(grants_to_income(11.0, 100.0, 10.0))
    0.1
    """
    return divide(government_grants, revenue + other_income)
