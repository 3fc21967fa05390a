"""The words a transaction is described with; their meanings are data (``data/restrictions/words.toml``)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache

from finmodel.data import data_root
from finmodel.errors import nearest

STRICTNESS = (
    "excepted",
    "permitted",
    "permitted-divestment",
    "notifiable",
    "unclear",
    "needs-authorisation",
    "us_parent_must_prevent",
    "prohibited",
)
"""Answers from the most lenient to the strictest."""

REFUSALS = ("needs-authorisation", "us_parent_must_prevent", "prohibited")
"""Answers under which the transaction may not go ahead as it stands."""

_TRAINED = re.compile(r"(ai_trained(?:_biological)?)_(\d+(?:\.\d+)?e\d+)")


@cache
def words() -> Mapping[str, Mapping[str, str]]:
    """Return, for each field of a transaction that takes words, the words and what they mean."""
    table = tomllib.loads((data_root() / "restrictions" / "words.toml").read_text(encoding="utf-8"))
    return {field: dict(meanings) for field, meanings in table.items()}


def strictest(answers: list[str]) -> str:
    """Return the strictest of some answers.

    Examples
    --------
    >>> strictest(["permitted", "unclear", "notifiable"])
    'unclear'
    """
    return max(answers, key=STRICTNESS.index)


def split_activity(text: str) -> tuple[str, float | None]:
    """Return the activity and, for a trained AI system, how many operations it took.

    Examples
    --------
    >>> split_activity("ai_trained_5e23"), split_activity("ai_robot_control")
    (('ai_trained', 5e+23), ('ai_robot_control', None))
    """
    match = _TRAINED.fullmatch(text)
    return (match[1], float(match[2])) if match else (text, None)


def check_word(field: str, word: str) -> str:
    """Return the word in its one spelling.

    Raises
    ------
    ValueError
        If the field does not take it, with the nearest words it does take.
    """
    known = words()[field]
    synonyms = words()["synonyms"]
    word = synonyms.get(word, word)
    if not word or word in known or (field == "target_activity" and split_activity(word)[1] is not None):
        return word
    close = nearest(word, known)
    hint = f"did you mean {' or '.join(map(repr, close))}? " if close else ""
    raise ValueError(f"{word!r} is no {field}: {hint}Known: {', '.join(known)}")
