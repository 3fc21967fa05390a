"""Receivables, equity and leverage in the three states that preferred shares can be in."""

from __future__ import annotations

from typing import Any

from finmodel.ratios.base import divide, ratio


@ratio("receivable_days", "net of provision", unit="days", denominator="revenue")
def receivable_days(trade_receivables: Any, revenue: Any, days: Any) -> Any:
    """Days of revenue that stand in receivables at the end of the period.

    Formula
    -------
    trade receivables / revenue x days in the period

    References
    ----------
    Closing balance, not the average; firms that print turnover days use averages.

    Examples
    --------
    >>> float(receivable_days(50.0, 100.0, 365))
    182.5
    """
    return divide(trade_receivables, revenue) * days


@ratio("receivable_days", "before provision", unit="days", denominator="revenue")
def receivable_days_gross(trade_receivables_gross: Any, revenue: Any, days: Any) -> Any:
    """Days of revenue that stand in receivables before provision.

    Formula
    -------
    gross trade receivables / revenue x days in the period

    References
    ----------
    Ageing note.

    Examples
    --------
    >>> float(receivable_days_gross(50.0, 100.0, 365))
    182.5
    """
    return divide(trade_receivables_gross, revenue) * days


@ratio("receivable_days", "turnover days as printed", unit="days")
def receivable_days_printed(trade_receivable_turnover_days: Any) -> Any:
    """Turnover days as the firm states them.

    Formula
    -------
    printed days

    References
    ----------
    The document itself (average balance over revenue).

    Examples
    --------
    >>> float(receivable_days_printed(231.0))
    231.0
    """
    return trade_receivable_turnover_days


@ratio("impairment_to_receivables", "impairment over net receivables", denominator="trade_receivables")
def impairment_to_receivables(impairment_of_financial_assets: Any, trade_receivables: Any) -> Any:
    """Impairment charged in the period for each unit of receivables at its end.

    Formula
    -------
    impairment of financial assets / trade receivables

    References
    ----------
    IFRS 9 expected credit loss.

    Examples
    --------
    >>> float(impairment_to_receivables(10.0, 100.0))
    0.1
    """
    return divide(impairment_of_financial_assets, trade_receivables)


@ratio("impairment_to_receivables", "impairment over gross receivables", denominator="trade_receivables_gross")
def impairment_to_receivables_gross(impairment_of_financial_assets: Any, trade_receivables_gross: Any) -> Any:
    """Impairment charged in the period for each unit of receivables before provision.

    Formula
    -------
    impairment of financial assets / gross trade receivables

    References
    ----------
    IFRS 9 expected credit loss; ageing note.

    Examples
    --------
    >>> float(impairment_to_receivables_gross(10.0, 100.0))
    0.1
    """
    return divide(impairment_of_financial_assets, trade_receivables_gross)


@ratio("leverage", "as reported", denominator="total_assets")
def leverage(total_liabilities: Any, total_assets: Any) -> Any:
    """Liabilities for each unit of assets, preferred shares as the liability they are reported as.

    Formula
    -------
    total liabilities / total assets

    References
    ----------
    IAS 32: redeemable preferred shares are liabilities.

    Examples
    --------
    >>> float(leverage(120.0, 100.0))
    1.2
    """
    return divide(total_liabilities, total_assets)


@ratio("leverage", "as printed", default=True)
def leverage_printed(liabilities_to_assets_pct: Any) -> Any:
    """Liabilities to assets as a source states them, in percent.

    Formula
    -------
    printed percentage / 100

    References
    ----------
    The document or a source that quotes it (资产负债率).

    Examples
    --------
    >>> float(leverage_printed(45.0))
    0.45
    """
    return divide(liabilities_to_assets_pct, 100.0)


@ratio("leverage", "as if preferred shares were converted", denominator="total_assets", default=False)
def leverage_converted(total_liabilities: Any, preferred_shares: Any, total_assets: Any) -> Any:
    """Liabilities for each unit of assets if preferred shares became ordinary shares, as they do at listing.

    Formula
    -------
    (total liabilities - preferred shares) / total assets

    References
    ----------
    Conversion at listing; carrying amount.

    Examples
    --------
    >>> float(leverage_converted(120.0, 90.0, 100.0))
    0.3
    """
    return divide(total_liabilities - preferred_shares, total_assets)


@ratio("leverage", "as if preferred shares were redeemed", denominator="total_assets", default=False)
def leverage_redeemed(total_liabilities: Any, preferred_shares: Any, total_assets: Any) -> Any:
    """Liabilities for each unit of assets if preferred shares were paid back at their carrying amount.

    Formula
    -------
    (total liabilities - preferred shares) / (total assets - preferred shares)

    References
    ----------
    The redemption price is undisclosed for all four core firms; the carrying amount stands in. At or below zero: not payable.

    Examples
    --------
    >>> float(leverage_redeemed(120.0, 90.0, 100.0))
    3.0
    """
    return divide(total_liabilities - preferred_shares, total_assets - preferred_shares)


@ratio("equity", "as reported", unit="currency")
def equity(total_equity: Any) -> Any:
    """Equity with preferred shares as the liability they are reported as.

    Formula
    -------
    total equity

    References
    ----------
    IAS 32; negative for Megvii, SenseTime and Yitu before listing for this reason alone.

    Examples
    --------
    >>> float(equity(-7300.0))
    -7300.0
    """
    return total_equity


@ratio("equity", "as if preferred shares were converted", unit="currency", default=False)
def equity_converted(total_equity: Any, preferred_shares: Any) -> Any:
    """Equity if preferred shares became ordinary shares, as they do at listing.

    Formula
    -------
    total equity + preferred shares

    References
    ----------
    Conversion at listing; carrying amount.

    Examples
    --------
    >>> float(equity_converted(-20.0, 90.0))
    70.0
    """
    return total_equity + preferred_shares


@ratio("equity", "as if preferred shares were redeemed", unit="currency", default=False)
def equity_redeemed(total_equity: Any, preferred_shares: Any, preferred_shares_redemption_amount: Any) -> Any:
    """Equity if preferred shares were paid back.

    Formula
    -------
    total equity + preferred shares - redemption amount

    References
    ----------
    Redemption terms of the shareholders' agreement; not found for any core firm.

    Examples
    --------
    >>> float(equity_redeemed(-20.0, 90.0, 40.0))
    30.0
    """
    return total_equity + preferred_shares - preferred_shares_redemption_amount
