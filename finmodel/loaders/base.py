"""The one door for files: :func:`load` chooses a loader by what the file holds, never by its suffix."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from finmodel.errors import DataError, fault
from finmodel.registry import Registry

HEAD = 65_536
"""Bytes of a file that a loader sees when asked whether the file is its own."""

Progress = Callable[[int, int], None]
"""Called with the steps done and the steps in all; may raise to stop the work."""


@dataclass(frozen=True)
class Loader:
    """One kind of file.

    Attributes
    ----------
    name : str
        Name in :data:`loaders`.
    reads : str
        What it reads, in the words of an error message.
    sniff : callable
        ``sniff(head, path) -> bool``: whether the file is of this kind, from its first :data:`HEAD` bytes. Loaders are asked in the order
        of registration; `path` is for containers that must look further (zip), not for suffixes.
    load : callable
        ``load(path, firm, progress) -> facts``: a table that has passed :func:`finmodel.facts.check_facts`. `firm` None: the loader
        takes the firm from the file, else :func:`slug` of the file name.
    """

    name: str
    reads: str
    sniff: Callable[[bytes, Path], bool]
    load: Callable[[Path, str | None, Progress | None], pd.DataFrame]


loaders: Registry[Loader] = Registry("loader")


def load(path: str | os.PathLike[str], firm: str | None = None, progress: Progress | None = None) -> pd.DataFrame:
    """Return the facts in a file: a report or prospectus, XBRL, a spreadsheet or a facts table.

    Parameters
    ----------
    path : path
        The file. What it is, is decided by its content.
    firm : str, optional
        Whose figures they are; by default what the file says, else a name made from the file name.
    progress : callable, optional
        Called with (steps done, steps in all) while a long file is read.

    Returns
    -------
    pandas.DataFrame
        Columns of :data:`finmodel.facts.FACT_COLUMNS`, one row per printed figure, in the order of the file. Where the loader makes
        arithmetic checks, ``facts.attrs["checks"]`` is a list of records: statement, period_end, check, left, right, difference,
        passed, cells.

    Raises
    ------
    DataError
        If the file is of no known kind, damaged, encrypted, or holds no statements: where, what was found, what would do.
    FileNotFoundError
        If there is no such file.
    """
    path = Path(path)
    with path.open("rb") as file:
        head = file.read(HEAD)
    if not head:
        raise DataError([fault(path.name, "an empty file", "a document, XBRL or a table")])
    for loader in loaders.values():
        if loader.sniff(head, path):
            return loader.load(path, firm, progress)
    known = ", ".join(loader.reads for loader in loaders.values())
    raise DataError([fault(path.name, f"a file that begins {head[:16]!r}", known)])


def slug(text: str) -> str:
    """Return `text` as a name for a firm or a document: lower case, words joined by hyphens, other scripts kept.

    Examples
    --------
    >>> slug("en_Block-Square-SQ_10-K FY2015.pdf")
    'en-block-square-sq-10-k-fy2015'
    """
    stem = re.sub(r"\.[A-Za-z]{2,5}$", "", unicodedata.normalize("NFKC", text))
    return re.sub(r"[\W_]+", "-", stem).strip("-").lower()
