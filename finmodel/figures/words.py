"""Words that figures share: names of firms, lists in sentences, what the marks mean, which documents were read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

import matplotlib as mpl
import pandas as pd

from finmodel.data import data_root, read_table
from finmodel.figures.style import FIRM_COLOURS, full_day


def firm_name(firm: str) -> str:
    """Return the name of a firm as it is written on a page (in Chinese where the page's typefaces have it).

    Examples
    --------
    >>> firm_name("acme-robots")
    'Acme Robots'
    """
    english, chinese = _names()
    if len(mpl.rcParams["font.family"]) > 1 and chinese.get(firm):
        return chinese[firm]
    return english.get(firm) or firm.replace("-", " ").title()


@cache
def _names() -> tuple[dict[str, str], dict[str, str]]:
    table = read_table("firms")
    english, chinese = (dict(zip(table["firm"], table[c], strict=True)) if c in table else {} for c in ("name_en", "name_zh"))
    return english, chinese


def shown_firms(table: pd.DataFrame, most: int = 6) -> list[str]:
    """Return the firms to draw: the core four wherever they are in the table, then others that have a value."""
    present = list(dict.fromkeys(table["firm"]))
    valued = set(table.loc[table["value"].notna(), "firm"])
    core = [firm for firm in FIRM_COLOURS if firm in present]
    return [*core, *(firm for firm in present if firm not in core and firm in valued)][:most]


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
    """Return the documents behind the facts, by firm, with their days of publication."""
    if facts.empty:
        return ""
    titles = _titles()
    known = facts.drop_duplicates("document")[["firm", "document", "published_on"]]
    parts = []
    for document, day in sorted(zip(known["document"], known["published_on"], strict=True), key=lambda x: x[1]):
        parts.append(f"{titles.get(document) or document.replace('-', ' ')} ({full_day(day)})")
    return "; ".join(dict.fromkeys(parts)) + "."


@cache
def _titles() -> dict[str, str]:
    if not (data_root() / "documents.csv").is_file():
        return {}
    table = read_table("documents")
    return dict(zip(table["document"], table["title"], strict=True)) if "title" in table else {}
