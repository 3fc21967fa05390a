"""Labels to line items, by the patterns of ``data/labels.csv``, the section they stand in and their neighbours; never guessed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache

from finmodel.facts import line_items
from finmodel.loaders.words import Pattern, label_patterns, plain, simplified

_REMARK = re.compile(r"[(（][^()（）]*(填列|for (?:the )?(?:net )?loss|presented|represented|note|注)[^()（）]*[)）]", re.IGNORECASE)
_NUMBER = re.compile(
    r"^\s*(?:[(（]?[一二三四五六七八九十]{1,3}[)）]\s*|[一二三四五六七八九十]{1,3}[、.．:：]\s*|[(（]\d{1,2}[)）]\s*|\d{1,2}[、.．](?!\d)\s*|[ivxIVX]{1,4}[.、]\s+|[-–—－•·*#△]+\s*)"
)
_PREFIX = re.compile(r"^(?:其中|加|减|including|of which|add|less|plus) ?(?=\S)")
_FOOTNOTE = re.compile(r"(?:\s*[(（](?:\d{1,2}|[a-z]|[ivx]+)[)）]|[*#†‡^]+)+\s*$", re.IGNORECASE)
_HAN = re.compile(r"[⺀-鿿豈-﫿]")


@dataclass(frozen=True)
class Meaning:
    """What a row is: its line item (blank where none), its role in the arithmetic, and its section."""

    line_item: str = ""
    role: str = ""
    section: str = ""


@cache
def forms(label: str) -> tuple[str, ...]:
    """Return a printed label in the forms that patterns are tried on: whole, without prefix, and by script where it is bilingual.

    Examples
    --------
    >>> forms("加：其他收益")
    ('加其他收益', '其他收益')
    """
    bare = _FOOTNOTE.sub("", _REMARK.sub("", simplified(label)))
    for _ in range(2):
        bare = _NUMBER.sub("", bare)
    whole = [plain(bare)]
    if _HAN.search(bare) and re.search(r"[A-Za-z]{3}", bare):
        whole += [plain(_HAN.sub(" ", bare)), plain(re.sub(r"[A-Za-z][A-Za-z'’,.&()/\- ]*", " ", bare))]
    out = [*whole, *(_PREFIX.sub("", w) for w in whole)]
    return tuple(dict.fromkeys(w for w in out if w))


@dataclass
class Reader:
    """Reads the labels of one statement from top to bottom and remembers the section."""

    statement: str
    traditional: bool
    section: str = field(init=False)
    seen: set[str] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        self.section = "operating" if self.statement == "cash_flow" else ""

    def heading(self, label: str) -> bool:
        """Take note of a label without figures; whether it is known as the heading of a section."""
        if any(self._matches(p, label) for p in self._patterns("role")):
            return False
        for pattern in self._patterns("section"):
            if pattern.name == "supplemental" and "operating_cash_flow" not in self.seen:
                continue
            if self._matches(pattern, label):
                plain_attribution = pattern.name == "attribution_profit" and "total_comprehensive_income" in self.seen
                self.section = "attribution_tci" if plain_attribution else pattern.name
                return True
        return False

    def row(self, label: str) -> Meaning:
        """Return what a row with figures is, and move on to the section that it opens."""
        meaning = Meaning(section=self.section)
        for pattern in self._patterns("item role"):
            if pattern.section in ("", self.section) and self._matches(pattern, label):
                item = pattern.name if pattern.kind == "item" and self.section not in _UNNAMED else ""
                meaning = Meaning(item, pattern.name, self.section)
                break
        self.seen.add(meaning.role)
        self._open(label)
        return meaning

    def _open(self, label: str) -> None:
        for pattern in self._patterns("opens"):
            if self._matches(pattern, label):
                self.section = pattern.name
                return

    def means(self, label: str) -> str:
        """Return the line item that a label names by itself, whatever the section; a blank for none."""
        return next((p.name for p in self._patterns("item") if not p.section and self._matches(p, label)), "")

    def known(self, label: str) -> bool:
        """Return whether any pattern of the statement knows the label."""
        return any(self._matches(p, label) for p in label_patterns(self.statement))

    def is_heading(self, label: str) -> bool:
        """Return whether the label is known as the heading of a section."""
        return any(self._matches(p, label) for p in self._patterns("section"))

    def _patterns(self, kind: str) -> tuple[Pattern, ...]:
        return _of_kind(self.statement, kind)

    def _matches(self, pattern: Pattern, label: str) -> bool:
        if pattern.language == ("zh-Hans" if self.traditional else "zh-Hant"):
            return False
        return any(pattern.regex.fullmatch(form) for form in forms(label))


_UNNAMED = frozenset({"attribution_tci", "per_share", "shares", "supplemental", "oci"})
"""Sections whose rows bear no line item, whatever their label."""


@cache
def _of_kind(statement: str, kind: str) -> tuple[Pattern, ...]:
    return tuple(p for p in label_patterns(statement) if p.kind in kind.split())


@cache
def _names(statement: str) -> dict[str, str]:
    chart = line_items()
    chart = chart[chart["statement"] == statement]
    return {plain(name): str(item) for column in ("name_en", "name_zh") for item, name in chart[column].items() if name}


@cache
def suggestion(statement: str, label: str) -> str:
    """Return the line item whose name comes nearest to an unknown label, or a blank; a suggestion, never an answer."""
    from rapidfuzz import fuzz, process

    names = _names(statement)
    best = process.extractOne(forms(label)[-1] if forms(label) else "", list(names), scorer=fuzz.token_sort_ratio, score_cutoff=70)
    return names[best[0]] if best else ""
