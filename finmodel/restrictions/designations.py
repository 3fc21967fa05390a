"""Who is named on which list since when, and which name is which firm."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, replace
from datetime import date
from functools import cache, cached_property
from itertools import pairwise
from typing import Any

from finmodel.data import read_rows
from finmodel.errors import DataError, fault
from finmodel.firms import Firm, firms
from finmodel.sources import quoted_day
from finmodel.units import parse_date

RELATIONS = ("issuer", "parent", "subsidiary", "close-match", "")
STATUSES = ("confirmed", "derived", "single", "unverified")
"""How sure a row is, surest first."""
_DAYS = ("announced_on", "listed_on", "effective_on", "divest_by", "ended_on")


@dataclass(frozen=True)
class Designation:
    """One name on one list, with every date apart.

    Attributes
    ----------
    regime, list : str
        The regime and the list within it.
    legal_name : str
        Exactly as listed.
    firm : str
        The firm it belongs to, blank for others.
    relation : str
        What the listed name is to the firm's issuer of securities: ``issuer`` itself, its ``parent``, a ``subsidiary``; or a name that
        was covered as a ``close-match``.
    announced_on, listed_on, effective_on, divest_by, ended_on : datetime.date or None
        Announced; on the list from; ban in effect from; first day on which trades to divest are no longer free; first day off the list.
    citation, source, status, note : str
        Where published, where we read it, how sure (confirmed, single, derived, unverified), remarks.
    date_precision : str
        ``year`` where no more than the year of `listed_on` was read, and the day is the likely one; blank where the day was.
    """

    regime: str
    list: str
    legal_name: str
    firm: str
    relation: str
    announced_on: date
    listed_on: date
    effective_on: date
    divest_by: date | None
    ended_on: date | None
    citation: str
    source: str
    status: str
    note: str
    date_precision: str = ""

    def in_force(self, day: date, law_as_of: date | None = None) -> bool:
        """Whether the name is listed on a day, as known on `law_as_of` (None: as known now)."""
        if day < self.listed_on or (law_as_of is not None and law_as_of < self.announced_on):
            return False
        end_known = law_as_of is None or (self.ended_on is not None and self.ended_on <= law_as_of)
        return self.ended_on is None or day < self.ended_on or not end_known

    def window(self, day: date) -> str:
        """Return where a day lies: ``before`` the ban bites, ``divest`` or ``after``; half-open."""
        if day < self.effective_on:
            return "before"
        return "divest" if self.divest_by is None or day < self.divest_by else "after"


DESIGNATION_COLUMNS = tuple(f.name for f in fields(Designation) if f.default is MISSING)


_WRITTEN_OUT = {"co": "company", "corp": "corporation", "inc": "incorporated", "ltd": "limited"}


def normalise(name: str) -> str:
    """Return a name without case, punctuation and width and with its legal form written out, for exact comparison.

    Examples
    --------
    >>> normalise("CLOUDWALK TECHNOLOGY CO., LTD."), normalise("SenseTime Group Inc.") == normalise("SenseTime Group Limited")
    ('cloudwalk technology company limited', False)
    """
    text = unicodedata.normalize("NFKC", name).casefold()
    words = re.sub(r"[^\w]+", " ", text.replace("'", "")).split()
    return " ".join(_WRITTEN_OUT.get(word, word) for word in words)


def read_designations(rows: Sequence[Mapping[str, str]], where: str = "designations") -> tuple[Designation, ...]:
    """Return the designations in rows of text cells.

    Raises
    ------
    DataError
        With every row whose dates, relation or status do not fit.
    """
    missing = [c for c in DESIGNATION_COLUMNS if rows and c not in rows[0]]
    if missing:
        raise DataError([fault(where, f"no column {c!r}", "the columns of designations") for c in missing])
    faults: list[str] = []
    made = []
    for number, row in enumerate(rows, start=2):
        typed: dict[str, Any] = {name: row[name] for name in DESIGNATION_COLUMNS}
        typed["date_precision"] = row.get("date_precision", "")
        spot = f"{where}, row {number}"
        for name in _DAYS:
            try:
                typed[name] = parse_date(typed[name]) if typed[name] else None
            except ValueError:
                faults.append(fault(f"{spot}, {name}", repr(typed[name]), "a day written YYYY-MM-DD, or a blank"))
                typed[name] = None
        typed["announced_on"] = typed["announced_on"] or typed["listed_on"]
        typed["effective_on"] = typed["effective_on"] or typed["listed_on"]
        faults += _faults(typed, spot)
        made.append(Designation(**typed))
    if faults:
        raise DataError(faults)
    return tuple(made)


def _faults(row: dict[str, object], spot: str) -> list[str]:
    faults = []
    if not row["legal_name"]:
        faults.append(fault(spot, "a blank legal_name", "the name as listed"))
    if row["listed_on"] is None:
        faults.append(fault(f"{spot}, listed_on", "a blank", "the day from which the name is listed"))
    for column, allowed in (("relation", RELATIONS), ("status", STATUSES)):
        if row[column] not in allowed:
            faults.append(fault(f"{spot}, {column}", repr(row[column]), f"one of {', '.join(allowed)}"))
    days = [(name, row[name]) for name in ("listed_on", "effective_on", "divest_by") if isinstance(row[name], date)]
    for (first, a), (second, b) in pairwise(days):
        if a > b:  # type: ignore[operator]
            faults.append(fault(spot, f"{second} {b} before {first} {a}", "dates in order"))
    return faults


@dataclass(frozen=True)
class Identity:
    """What a name stands for.

    Attributes
    ----------
    given, legal_name, firm : str
        The name as given; the legal name it is; the firm, blank where it is none of ours.
    affiliate : bool
        Whether it is another member of the firm's group, which counts as listed only under its own name.
    known : bool
        Whether the name was found at all.
    """

    given: str
    legal_name: str
    firm: str = ""
    affiliate: bool = False
    known: bool = True


class Names:
    """Designations and the names of their firms, looked up by exact name.

    Parameters
    ----------
    designations : iterable of Designation
    aliases : iterable of mapping
        With alias, legal_name, firm, kind, source. Kind ``affiliate`` is another member of the firm's group; any other kind (name,
        aka, short, renamed) is another name of the same legal person.
    known : iterable of Firm
        Firms, all of whose names mean their issuer of securities.
    """

    def __init__(self, designations: Iterable[Designation], aliases: Iterable[Mapping[str, str]], known: Iterable[Firm]) -> None:
        self.designations = tuple(designations)
        self._identity: dict[str, Identity] = {}
        for row in aliases:
            self._add(row["alias"], row["legal_name"], row["firm"], row["kind"] == "affiliate")
        for firm in known:
            for name in firm.names:
                self._add(name, firm.legal_name, firm.firm, False)
        for d in self.designations:
            self._add(d.legal_name, d.legal_name, d.firm, d.relation == "subsidiary")

    def _add(self, name: str, legal_name: str, firm: str, affiliate: bool) -> None:
        if normalise(name):
            self._identity.setdefault(normalise(name), Identity(name.strip(), legal_name, firm, affiliate))

    def identify(self, name: str) -> Identity:
        """Return what a name stands for; an unknown name stands for itself."""
        found = self._identity.get(normalise(name))
        return replace(found, given=name) if found else Identity(name, name, known=False)

    def match(self, identity: Identity, designation: Designation) -> str:
        """Return ``listed``, ``contested`` (another member of the firm's group is listed) or blank."""
        if self._keys(designation.legal_name) & {normalise(identity.given), normalise(identity.legal_name)}:
            return "listed"
        if not identity.firm or identity.affiliate or designation.firm != identity.firm:
            return ""
        return "listed" if designation.relation == "issuer" else "contested"

    def _keys(self, listed: str) -> set[str]:
        """Return the names under which a listed name is met: itself and the legal name it is."""
        return {normalise(listed), normalise(self.identify(listed).legal_name)}

    def narrowed_to(self, designation: Designation) -> Designation | None:
        """Return the entry that a designation was narrowed to: another name of the firm on the list from the day on which it ended."""
        if designation.ended_on is None or not designation.firm:
            return None
        same = (designation.firm, designation.list, designation.ended_on)
        return next((d for d in self.designations if (d.firm, d.list, d.listed_on) == same and d is not designation), None)

    def narrowed_from(self, designation: Designation) -> Designation | None:
        """Return the entry that was narrowed to a designation."""
        return next((d for d in self.designations if self.narrowed_to(d) is designation), None)

    def narrowing(self, designation: Designation) -> str:
        """Say which entry was narrowed to a designation, and when; blank where none was.

        Examples
        --------
        >>> names = shipped_names()
        >>> print(*filter(None, (names.narrowing(d) for d in names.designations if d.firm == "sensetime")))
        Sense Time was listed 9 Oct 2019; in 2020 (day unverified) the entry was narrowed to Beijing SenseTime Technology Development Co., \
Ltd. (subsidiary), which stays listed
        """
        before = self.narrowed_from(designation)
        if before is None:
            return ""
        when = (
            f"in {designation.listed_on.year} (day unverified)" if designation.date_precision else f"on {quoted_day(designation.listed_on)}"
        )
        name = f"{designation.legal_name} ({designation.relation})" if designation.relation != "issuer" else designation.legal_name
        listed = f"{before.legal_name} was listed {quoted_day(before.listed_on)}"
        return f"{listed}; {when} the entry was narrowed to {name}, which stays listed"

    def matches(self, identity: Identity) -> list[tuple[Designation, str]]:
        """Return every designation that a name meets, with how."""
        return [(d, how) for d in self._candidates(identity) if (how := self.match(identity, d))]

    def _candidates(self, identity: Identity) -> list[Designation]:
        keys = {normalise(identity.given), normalise(identity.legal_name), identity.firm} - {""}
        found = {id(d): d for key in keys for d in self._index.get(key, ())}
        return list(found.values())

    @cached_property
    def _index(self) -> Mapping[str, list[Designation]]:
        index: dict[str, list[Designation]] = defaultdict(list)
        for d in self.designations:
            for key in self._keys(d.legal_name):
                index[key].append(d)
            if d.firm:
                index[d.firm].append(d)
        return index

    def propose(self, name: str, most: int = 3) -> tuple[str, ...]:
        """Return the listed names most like an unknown one; they are proposals and decide nothing."""
        from rapidfuzz import fuzz, process

        known = {normalise(d.legal_name): d.legal_name for d in self.designations}
        found = process.extract(normalise(name), list(known), scorer=fuzz.WRatio, limit=most)
        return tuple(known[key] for key, _, _ in found)


@cache
def shipped_names() -> Names:
    """Return the designations and aliases that ship."""
    return Names(read_designations(read_rows("designations"), "designations.csv"), read_rows("aliases"), firms())
