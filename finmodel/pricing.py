"""What a book that falls short does to the price of an offering: elasticity, the price range, the minimum book, cornerstones.

Losing a share f of the book moves the price by (1 - f)^(1/elasticity) - 1.

References
----------
Kandel, Sarig and Wohl (1999), "The demand for stocks: an analysis of IPO auctions", Review of Financial Studies 12(2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from finmodel.funding import market_terms


def price_effect(lost: float, elasticity: float) -> float:
    """Return the relative change of price when a share of demand is lost.

    Formula
    -------
    (1 - lost)^(1 / elasticity) - 1

    Examples
    --------
    >>> [round(price_effect(0.3, e), 3) for e in (1, 5, 37)]
    [-0.3, -0.069, -0.01]
    """
    if not 0 <= lost <= 1 or not elasticity > 0:
        raise ValueError(f"lost share {lost} from 0 to 1 and elasticity {elasticity} above 0 are wanted")
    return float((1 - lost) ** (1 / elasticity) - 1)


def elasticity_sweep(lost: float, points: int = 41) -> pd.DataFrame:
    """Return the price effect of losing a share of demand over the range of elasticities in ``data/market.csv``, log-uniformly spaced.

    Formula
    -------
    price effect = (1 - lost)^(1 / elasticity) - 1

    Parameters
    ----------
    lost : float
        Share of demand lost, 0 to 1.
    points : int
        Number of elasticities.

    Returns
    -------
    pandas.DataFrame
        Columns elasticity and price_effect (relative change of price), one row per point.

    Raises
    ------
    ValueError
        If `lost` is no share.

    References
    ----------
    Kandel, Sarig and Wohl (1999), https://doi.org/10.1093/rfs/12.2.225, for the elasticity of demand in offerings.

    Examples
    --------
    >>> elasticity_sweep(0.3, points=2).round(3)["price_effect"].tolist()
    [-0.3, -0.009]
    """
    span = market_terms()["elasticity"]
    values = np.geomspace(span.low, span.high, points)
    return pd.DataFrame({"elasticity": values, "price_effect": [price_effect(lost, float(e)) for e in values]})


@dataclass(frozen=True)
class Deal:
    """What becomes of an offering: its price, whether the range hides how far demand fell, the cover, and whether it goes through."""

    price: float
    censored: bool
    cover: float
    done: bool


def offering(
    access: float, cover: float, elasticity: float, price_range: tuple[float, float], substitution: float = 0.0, minimum_book: float = 1.0
) -> Deal:
    """Return the outcome of an offering of fixed size when only part of the book may come.

    The book at the top price was `cover` times the offer; `access` of it is left, and `substitution` (in units of the offer) steps in.
    Demand falls with price at `elasticity`; the price is where demand meets `minimum_book`, within the range.

    Formula
    -------
    book = access x cover + substitution; clearing price = top x (book / minimum_book)^(1 / elasticity), held within the range;
    cover = book x (top / price)^elasticity; the deal is done where the clearing price is not below the bottom

    Parameters
    ----------
    access : float
        Share of the book that comes, 0 to 1.
    cover : float
        Book over offer at the top of the range before any restriction.
    elasticity : float
        Price elasticity of demand.
    price_range : tuple of float
        Bottom and top.
    substitution : float
        Further demand, such as of state-backed cornerstones, in units of the offer.
    minimum_book : float
        Cover below which the deal fails.

    Returns
    -------
    Deal
        The price in the units of `price_range`, whether the range hides how far demand fell (censored), the cover in times the offer,
        and whether it goes through (done).

    Raises
    ------
    ValueError
        If elasticity, minimum_book or the range is not above 0, or the other numbers are below it.

    References
    ----------
    Kandel, Sarig and Wohl (1999), https://doi.org/10.1093/rfs/12.2.225, for the elasticity of demand in offerings.

    Examples
    --------
    >>> offering(0.8, 1.3, 10.0, (3.85, 3.99))
    Deal(price=3.99, censored=True, cover=1.04, done=True)
    >>> offering(0.5, 1.3, 10.0, (3.85, 3.99)).done
    False
    """
    bottom, top = price_range
    if not (elasticity > 0 and minimum_book > 0 and 0 < bottom <= top and min(access, cover, substitution) >= 0):
        raise ValueError(
            f"elasticity {elasticity}, minimum_book {minimum_book} and price_range {price_range} (bottom, top) are to be above 0, and "
            f"access {access}, cover {cover} and substitution {substitution} not below 0"
        )
    book = access * cover + substitution
    clearing = top * (book / minimum_book) ** (1 / elasticity) if book > 0 else 0.0
    price = min(max(clearing, bottom), top)
    return Deal(price, not bottom < clearing < top, book * (top / price) ** elasticity, clearing >= bottom)
