"""Who may do what with which security on which day: rules as data, decisions with citations.

Three things stay apart: the rule (``data/restrictions/*.toml``), who is designated since when (``data/designations.csv``), and what an
offering's own terms or practice closed (``data/offering_terms.csv``).
"""

from finmodel.restrictions.access import in_force, listing_gates, publicly_traded, restriction_timeline, us_person_grid, who_may_buy
from finmodel.restrictions.engine import Decision, Finding, decide, decide_cases
from finmodel.restrictions.transactions import Transaction, read_cases

__all__ = [
    "Decision",
    "Finding",
    "Transaction",
    "decide",
    "decide_cases",
    "in_force",
    "listing_gates",
    "publicly_traded",
    "read_cases",
    "restriction_timeline",
    "us_person_grid",
    "who_may_buy",
]
