"""Zip archives: what is inside decides (a workbook, an SEC data set, inline XBRL reports); nothing is unpacked to disk."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from finmodel.errors import DataError, fault
from finmodel.loaders.base import Loader, Progress, loaders
from finmodel.loaders.datasets import read_data_set
from finmodel.loaders.guard import opened_zip
from finmodel.loaders.tables import read_workbook_facts
from finmodel.loaders.xbrl import read_report_archive


def read_archive(path: Path, firm: str | None = None, progress: Progress | None = None) -> pd.DataFrame:
    """Return the facts in a zip archive.

    Raises
    ------
    DataError
        If it is damaged, encrypted, too large, or holds none of the known kinds.
    """
    with opened_zip(path) as archive:
        names = set(archive.namelist())
        if "xl/workbook.xml" in names:
            return read_workbook_facts(path, firm, progress)
        if {"num.txt", "sub.txt"} <= names:
            return read_data_set(archive, path, firm, progress)
        if any(name.lower().endswith((".htm", ".html", ".xhtml")) for name in names):
            return read_report_archive(archive, path, firm)
    found = ", ".join(sorted(names)[:5]) or "nothing"
    raise DataError([fault(path.name, f"an archive of {found}", "a workbook, an SEC data set (num.txt, sub.txt) or inline XBRL")])


def refuse_old(path: Path, firm: str | None = None, progress: Progress | None = None) -> pd.DataFrame:
    """Refuse an Office file of the kind before 2007, which is also what a password makes of a newer one.

    Raises
    ------
    DataError
        Always.
    """
    found = "an Excel 97 file, or a workbook with a password"
    raise DataError([fault(path.name, found, "an .xlsx workbook without a password", "save a copy as .xlsx and load that")])


def _is_old(head: bytes, _path: Path) -> bool:
    return head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")


def _is_zip(head: bytes, _path: Path) -> bool:
    return head.startswith((b"PK\x03\x04", b"PK\x05\x06"))


loaders.add("old_office", Loader("old_office", "no Office files from before 2007", _is_old, refuse_old))
loaders.add("archive", Loader("archive", "Excel workbooks and zip archives of XBRL", _is_zip, read_archive))
