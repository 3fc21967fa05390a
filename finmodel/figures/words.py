"""Words that figures share: names of firms, lists in sentences, what the marks mean, which documents were read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache

import matplotlib as mpl
import pandas as pd

from finmodel.figures.style import FIRM_COLOURS, full_day
from finmodel.firms import Firm, firms
from finmodel.sources import documents, find_document


def firm_name(firm: str) -> str:
    """Return the name of a firm as it is written on a page (in Chinese where the page's typefaces have it).

    Examples
    --------
    >>> firm_name("cloudwalk"), firm_name("acme-robots")
    ('CloudWalk', 'Acme Robots')
    """
    known = _firms().get(firm)
    if known is None:
        return firm.replace("-", " ").title()
    return known.name_zh if len(mpl.rcParams["font.family"]) > 1 else known.name_en


@cache
def _firms() -> dict[str, Firm]:
    return {known.firm: known for known in firms()}


def shown_firms(table: pd.DataFrame, most: int = 6) -> list[str]:
    """Return the firms to draw: all where they are few, else the core ones among them, else the first that have a value."""
    present = list(dict.fromkeys(table["firm"]))
    core = [firm for firm in FIRM_COLOURS if firm in present]
    if len(present) <= most:
        return [*core, *(firm for firm in present if firm not in core)]
    return core or list(dict.fromkeys(table.loc[table["value"].notna(), "firm"]))[:most] or present[:most]


def plain(name: str) -> str:
    """Write the name of a scenario, restriction, channel or class as words.

    Examples
    --------
    >>> plain("hk-ipo-barrier"), plain("us_persons")
    ('Hong Kong IPO barrier', 'US persons')
    """
    return " ".join(_CASE.get(word, word) for word in name.replace("-", " ").replace("_", " ").split(" "))


_CASE = {
    "us": "US",
    "hk": "Hong Kong",
    "hong": "Hong",
    "kong": "Kong",
    "ipo": "IPO",
    "star": "STAR",
    "usd": "USD",
    "rmb": "RMB",
    "beijing": "Beijing",
}


def listed(parts: Sequence[str], last: str = "and") -> str:
    """Join parts of a sentence.

    Examples
    --------
    >>> listed(["one", "two", "three"])
    'one, two and three'
    """
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}" if len(parts) > 1 else "".join(parts)


def marks_note(marks: Iterable[str]) -> str:
    """Say what the marks of the values shown mean, and whether all of them carry one."""
    seen = list(marks)
    text = []
    for mark, meaning in (("†", "not read in the document itself"), ("~", "derived from other figures")):
        with_mark = sum(mark in m for m in seen)
        if with_mark:
            text.append(f"{'All values ' if with_mark == len(seen) else ''}{mark} {meaning}.")
    return " ".join(text)


def tag(marks: Iterable[str], mark: str) -> str:
    """Return the mark to print beside a value: none where every value shown carries it, as the note then says."""
    seen = list(marks)
    return "".join(m for m in mark if not all(m in other for other in seen))


def source_line(facts: pd.DataFrame) -> str:
    """Return the documents behind the facts with their days of publication, the oldest first."""
    if facts.empty:
        return ""
    register = documents().set_index("document")["title"]
    known = facts.drop_duplicates("document").sort_values("published_on", kind="stable")
    parts = []
    for name in known["document"]:
        if name in register:
            document = find_document(name)
            parts.append(f"{latin(document.title)} ({document.published})")
        elif name:
            day = known.loc[known["document"] == name, "published_on"].iloc[0]
            parts.append(f"{name} ({full_day(day)})")
    return "; ".join(dict.fromkeys(parts)) + "."


def latin(text: str) -> str:
    """Leave out of a text, with the brackets around them, the Chinese words that Latin typefaces cannot draw.

    Examples
    --------
    >>> latin("STAR: offering document (招股意向书)")
    'STAR: offering document'
    """
    if len(mpl.rcParams["font.family"]) > 1:
        return text
    return " ".join(_CHINESE.sub(" ", text).split())


_CHINESE = re.compile(r"[(\[（]?[\u2e80-\uffef][\u2e80-\uffef〔〕0-9]*[)\]）]?")
