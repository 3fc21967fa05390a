"""Who may do what with which security on which day: rules as data, decisions with citations."""

from finmodel.restrictions.engine import Decision, Finding, decide, decide_cases
from finmodel.restrictions.transactions import Transaction, read_cases

__all__ = ["Decision", "Finding", "Transaction", "decide", "decide_cases", "read_cases"]
