"""What a firm's listing looks like on a day: where its application stands, what gates it has to pass, when it may list and for how much."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from finmodel.arrivals import Assumptions, Books, Calendar
from finmodel.data import read_table, rows
from finmodel.firms import find_firm
from finmodel.funding import channel_terms, listed_on, market_terms
from finmodel.ipo import VENUES, Listings, standing
from finmodel.restrictions import listing_gates
from finmodel.results import RECORD_COLUMNS, Results
from finmodel.scenarios import Scenario, read_scenario
from finmodel.units import add_months, parse_date

EXCHANGES = {"hong_kong_ipo": "HKEX", "star_ipo": "STAR", "us_ipo": "NASDAQ"}
"""The venue, as the law names it."""


def listing_outlook(
    firm: str, on: str | date, scenario: str | Scenario = "baseline", years: int = 5, paths: int = 20_000, seed: int = 7
) -> Results:
    """Return when a firm may list, and what a listing may bring, as known on a day.

    A semi-Markov model of the stages of an application: base rates and times in ``data/ipo_stages.csv``, updated by other firms' paths.

    Parameters
    ----------
    firm : str
        Any name of the firm.
    on : str or date
        The day; the firm's own earlier path says where it stands, later events are not used.
    scenario : str or Scenario
        Closed venues, the window and the book are taken from it.
    years : int
        Horizon.
    paths, seed : int
        Number of paths and the seed of their random numbers.

    Returns
    -------
    Results
        listed_by: probability by the end of each half year, with its Monte Carlo error; expected_proceeds: CNY within the horizon, for an
        application that named a sum in CNY; stage and gates: in words, with the citation.

    Raises
    ------
    LookupError
        If the firm or scenario is unknown.

    Examples
    --------
    >>> outlook = listing_outlook("megvii", "2021-11-30", paths=2000).table
    >>> outlook[outlook["quantity"] == "listed_by"]["value"].is_monotonic_increasing
    True
    """
    on = parse_date(on) if isinstance(on, str) else on
    firm = find_firm(firm).firm
    scenario = read_scenario(scenario) if isinstance(scenario, str) else scenario
    calendar = Calendar(on, on, 4 * years)
    quarters = _quarters(firm, calendar, scenario, paths, seed)
    found: list[dict[str, Any]] = [
        {"quantity": "stage", "variant": venue, "status": "reported", "note": _stands(firm, venue, on)} for venue in VENUES
    ]
    found += _gates(firm, on)
    for half in range(2, 4 * years + 1, 2):
        chance = float(np.mean(quarters < half))
        found.append(
            {"quantity": "listed_by", "variant": add_months(on, 3 * half).isoformat(), "value": chance, "unit": "probability",
             "status": "simulated", "error": math.sqrt(chance * (1 - chance) / paths)}
        )  # fmt: skip
    found += _proceeds(firm, calendar, scenario, quarters)
    blank = {**dict.fromkeys(RECORD_COLUMNS, ""), "firm": firm, "period": on.isoformat(), "value": np.nan, "error": np.nan}
    return Results(
        table=pd.DataFrame([{**blank, **row} for row in found]),
        title=f"Listing of {firm} as known on {on}, scenario {scenario.name}",
        definition="Semi-Markov path through the stages of each venue: base rates moved by the other firms' applications; a listing closes "
        "in the first quarter in which the application is ready, the market window open and the book covers the offer",
        assumptions=(
            "No stage estimate uses the firm's own path.",
            "Failure triggers no redemption: its terms are not disclosed for any of the firms.",
        ),
    )


def _quarters(firm: str, calendar: Calendar, scenario: Scenario, paths: int, seed: int) -> np.ndarray[Any, np.dtype[np.int16]]:
    from finmodel.simulate import market_window

    terms = market_terms()
    chances = (terms[n].central for n in ("window_opens", "window_shuts", "window_open_at_start"))
    window = market_window(seed, paths, calendar.quarters, *chances)
    book = Books(firm, calendar, Assumptions())
    filled = {venue: book.filled(venue, book.access(venue, scenario)) for venue in VENUES}
    rates = {venue: channel_terms(venue, firm)["application"].central for venue in VENUES}
    return Listings(firm, calendar.as_of, calendar.start, window, seed).quarters(scenario, filled, rates)


def _stands(firm: str, venue: str, on: date) -> str:
    stage, days = standing(firm, venue, on)
    if stage != "none":
        return f"{stage.replace('_', ' ')} for {days} days"
    first_day = listed_on(firm)
    if first_day is None or on < first_day:
        return "no application pending"
    return "no application pending: the firm is listed" + (f" since {first_day}" if first_day > date.min else "")


def _gates(firm: str, on: date) -> list[dict[str, Any]]:
    return [
        {"quantity": "gate", "variant": venue, "status": row["status"], "note": f"{row['gate']} ({row['citation']})"}
        for venue, exchange in EXCHANGES.items()
        for row in rows(listing_gates(firm, exchange, on).table)
    ]


def _proceeds(firm: str, calendar: Calendar, scenario: Scenario, quarters: Any) -> list[dict[str, Any]]:
    """Return the expected proceeds of a pending application: the sum sought, at the price that the book makes, less cost."""
    pending = [venue for venue in VENUES if standing(firm, venue, calendar.as_of)[0] != "none"]
    events = read_table("events")
    known = events[(events["firm"] == firm) & events["event_type"].eq("listing_application") & events["currency"].eq("CNY")]
    known = known[known["date"] <= calendar.as_of.isoformat()]
    if not pending or known.empty:
        reason = "no application pending" if not pending else "the application names no sum in CNY"
        return [{"quantity": "expected_proceeds", "unit": "CNY", "status": "not computable", "reason": reason}]
    book = Books(firm, calendar, Assumptions())
    price = book.access(pending[0], scenario) ** (1 / book.elasticity(scenario))
    sought = float(known["amount"].iloc[-1]) * (1 - channel_terms(pending[0], "")["cost"].central)
    raised = np.where(quarters < calendar.quarters, price[np.clip(quarters, 0, calendar.quarters - 1)], 0.0) * sought
    return [
        {"quantity": "expected_proceeds", "variant": pending[0], "value": float(raised.mean()), "unit": "CNY", "status": "simulated",
         "error": float(raised.std(ddof=1) / math.sqrt(len(raised))),
         "note": "the sum sought at the price that the book makes, less cost; 0 where it never lists"}
    ]  # fmt: skip
