"""How finmodel says that something is wrong: every fault at once, where it is, and what would do.

Bad data raise :class:`DataError`; bad calls raise ``ValueError`` or ``LookupError``.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

MOST_SHOWN = 50
"""Faults that a message prints; the rest are counted, and all are in ``DataError.faults``."""


class DataError(ValueError):
    """Data that cannot be used, with every fault found in it.

    Parameters
    ----------
    faults : sequence of str
        One line per fault, as made by :func:`fault`; the message prints the first :data:`MOST_SHOWN`.

    Examples
    --------
    >>> raise DataError([fault("facts.csv, row 3, value", "'1,2x'", "a number", "write the figure as printed")])
    Traceback (most recent call last):
    finmodel.errors.DataError: facts.csv, row 3, value: found '1,2x', expected a number; write the figure as printed
    """

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        head = "" if len(self.faults) == 1 else f"{len(self.faults)} faults:\n"
        more = len(self.faults) - MOST_SHOWN
        tail = [f"and {more} more"] if more > 0 else []
        super().__init__(head + "\n".join([*self.faults[:MOST_SHOWN], *tail]))


def fault(where: str, found: str, expected: str, remedy: str = "") -> str:
    """One line that says where a fault is, what was found, what was expected and what to do."""
    return f"{where}: found {found}, expected {expected}" + (f"; {remedy}" if remedy else "")


def shown(text: str, most: int = 60) -> str:
    """Return text as messages quote it, cut where it is long.

    Examples
    --------
    >>> print(shown("1,2x"), shown("1" + "0" * 400, most=8))
    '1,2x' '10000000'... (401 characters)
    """
    return repr(text) if len(text) <= most else f"{text[:most]!r}... ({len(text)} characters)"


def nearest(name: str, known: Iterable[str], most: int = 3) -> list[str]:
    """Return the known names closest to `name`, best first: those spelled like it, then those that contain it.

    Examples
    --------
    >>> nearest("sensetme", ["sensetime", "megvii", "yitu"]), nearest("cost", ["yitu", "cost_to_revenue"])
    (['sensetime'], ['cost_to_revenue'])
    """
    names = list(known)
    within = [one for one in names if name and name.lower() in one.lower()]
    return list(dict.fromkeys(difflib.get_close_matches(name, names, n=most, cutoff=0.5) + within))[:most]


def unknown(kind: str, name: str, known: Iterable[str]) -> LookupError:
    """Return the error for a name that is not among the known ones (the caller raises it).

    Examples
    --------
    >>> print(unknown("firm", "sensetme", ["sensetime", "megvii", "yitu"]))
    unknown firm 'sensetme': did you mean 'sensetime'? Known: megvii, sensetime, yitu
    """
    names = sorted(known)
    close = nearest(name, names)
    hint = f"did you mean {' or '.join(map(repr, close))}? " if close else ""
    return LookupError(f"unknown {kind} {name!r}: {hint}Known: {', '.join(names)}")
