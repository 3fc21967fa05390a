"""Loaded lists: a downloaded file as designations, and what changed between two."""

from __future__ import annotations

import os
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finmodel.data import read_rows, rows
from finmodel.errors import DataError
from finmodel.restrictions.designations import DESIGNATION_COLUMNS, normalise, shipped_names
from finmodel.restrictions.readers import file_beside, read_entries
from finmodel.restrictions.regimes import load_regimes
from finmodel.units import parse_date

if TYPE_CHECKING:
    import pandas as pd

LIST_COLUMNS = (*DESIGNATION_COLUMNS, "uid", "programs", "aliases", "identifiers", "addresses")
"""Columns of a loaded list: those of designations, then the list's own number, programmes, other names, identifiers and addresses."""


def load_list(path: str | os.PathLike[str], every: bool = False) -> pd.DataFrame:
    """Return the designations in a list file, whichever of the known formats it has.

    Parameters
    ----------
    path : str or path
        OFAC ``cons_prim.csv`` or ``sdn.csv`` (its alt, add and comments files are read too where they stand beside it), OFAC advanced
        XML, or trade.gov's consolidated screening list as CSV or JSON.
    every : bool
        Also the entries of lists that no regime here uses; their regime is blank.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`LIST_COLUMNS`, all text, one row per name and programme; days as ISO text.

    Raises
    ------
    DataError
        If the file is none of these, or with every bad row.
    """
    import pandas as pd

    table = pd.DataFrame(read_list(path, every), columns=list(LIST_COLUMNS), dtype=str)
    table.attrs["beside"] = [kind for kind in ("alt", "add") if file_beside(Path(path), kind) is not None]
    return table


def read_list(path: str | os.PathLike[str], every: bool = False) -> list[dict[str, str]]:
    """Return the rows of :func:`load_list` as plain dictionaries: pandas is not loaded, so that a large file is read in little memory.

    Raises
    ------
    DataError
        If the file is none of these, or with every bad row.
    """
    path = Path(path)
    faults: list[str] = []
    wanted = (lambda program: True) if every else _known
    entries = [_designation(entry, path.name) for entry in read_entries(path, faults, wanted)]
    if faults:
        raise DataError(faults)
    return _once(entries)


def _once(entries: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return one row per programme of a numbered name, from its first day; names without a number are only freed of exact copies."""
    first: dict[tuple[str, ...], dict[str, str]] = {}
    for entry in sorted(entries, key=lambda e: e["listed_on"]):
        first.setdefault(_number(entry), entry)
    kept = [e for e in entries if not e["uid"] or first[_number(e)] is e]
    return [dict(cells) for cells in dict.fromkeys(tuple(e.items()) for e in kept)]


def _number(entry: dict[str, str]) -> tuple[str, ...]:
    return entry["programs"], entry["uid"], entry["legal_name"]


def diff_lists(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """Return what changed between two loaded lists.

    Parameters
    ----------
    old, new : pandas.DataFrame
        As returned by :func:`load_list`. Other names and addresses are compared only where both were read with the same files beside.

    Returns
    -------
    pandas.DataFrame
        One row per name added or removed and per column changed: change, list, legal_name, column, old, new.
    """
    import pandas as pd

    before, after = _keyed(old), _keyed(new)
    found = [("removed", before[k], "", "", "") for k in before if k not in after]
    found += [("added", after[k], "", "", "") for k in after if k not in before]
    apart = set(old.attrs.get("beside", [])) ^ set(new.attrs.get("beside", []))
    skipped = {"source", "regime", "list", "firm", "relation"} | {{"alt": "aliases", "add": "addresses"}[kind] for kind in apart}
    compared = [c for c in LIST_COLUMNS if c not in skipped]
    for key in (k for k in before if k in after):
        for column in compared:
            was, now = _unordered(column, before[key][column]), _unordered(column, after[key][column])
            if was != now:
                found.append(("changed", after[key], column, was, now))
    changes = [{"change": c, "list": e["list"], "legal_name": e["legal_name"], "column": k, "old": a, "new": b} for c, e, k, a, b in found]
    table = pd.DataFrame(changes, columns=["change", "list", "legal_name", "column", "old", "new"])
    return table.sort_values(["change", "list", "legal_name", "column"], ignore_index=True)


def _keyed(table: pd.DataFrame) -> dict[tuple[str, str, int], dict[str, Any]]:
    """Return the rows by list, number (else name) and how many of that name came before."""
    keyed: dict[tuple[str, str, int], dict[str, Any]] = {}
    seen: dict[tuple[str, str], int] = {}
    for row in rows(table):
        key = (row["list"] or row["programs"], row["uid"] or normalise(row["legal_name"]))
        seen[key] = seen.get(key, -1) + 1
        keyed[(*key, seen[key])] = row
    return keyed


def _unordered(column: str, text: str) -> str:
    return " | ".join(sorted(text.split(" | "))) if column in ("aliases", "identifiers", "addresses", "programs") else text


@cache
def _programs() -> list[dict[str, str]]:
    return read_rows("list_programs")


@cache
def _known(program: str) -> dict[str, str] | None:
    """Return the row of the data that says to which regime's list a programme belongs."""
    return next((row for row in _programs() if program.startswith(row["marker"])), None)


def _designation(entry: dict[str, str], file: str) -> dict[str, str]:
    """Return an entry with regime, list, firm and relation filled in from the data."""
    known = _known(entry["programs"])
    windows = _windows(known["list"], entry.get("listed_on", "")) if known else {}
    identity = shipped_names().identify(entry["legal_name"]) if known else None
    firm = identity.firm if identity else ""
    return {
        **dict.fromkeys(LIST_COLUMNS, ""),
        "status": "single",
        "source": file,
        "announced_on": entry.get("listed_on", ""),
        "regime": known["regime"] if known else "",
        "list": known["list"] if known else "",
        "firm": firm,
        "relation": ("subsidiary" if identity.affiliate else "issuer") if identity and firm else "",
        **windows,
        **entry,
        "citation": entry.get("citation") or (known["citation"] if known else ""),
    }


def _windows(name: str, listed_on: str) -> dict[str, str]:
    """Return the days that follow from the day of listing, for a list whose file does not give them."""
    for measure in (m for regime in load_regimes().values() for m in regime.measures if name in m.lists and m.effective_days):
        listed = parse_date(listed_on) if listed_on else None
        if listed and measure.end is None:
            days = {"effective_on": measure.effective_days, "divest_by": measure.divest_days}
            return {column: (listed + timedelta(days=count)).isoformat() for column, count in days.items()}
    return {}
