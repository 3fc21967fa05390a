"""The model's probability of what happened, asked the day before and leaving the firm's own later events out of every estimate.

A low probability is said plainly: it is a finding about the model. The listing path gives the dates; for an offering, shares of the
book, reluctance, cover and elasticity are drawn over their stated ranges, since none of them was known the day before.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from finmodel.data import read_table, rows
from finmodel.funding import channel_terms, class_access, market_terms
from finmodel.ipo import DRAWS, STEPS, ready_days, stages, standing
from finmodel.results import RECORD_COLUMNS, Results
from finmodel.scenarios import read_scenario
from finmodel.units import parse_date

Floats = npt.NDArray[np.float64]
LOW = 0.1
"""Below it a probability is called low."""
SCENARIO = "us-investment-ban"
"""Where the law as it came and the reluctance are taken from."""


def replay_outcomes(paths: int = 100_000, seed: int = 7) -> Results:
    """Return the probability of each realised outcome beside what happened (``data/replay.csv``).

    Parameters
    ----------
    paths, seed : int
        Number of paths and the seed of their random numbers.

    Returns
    -------
    Results
        Records with the question (quantity), the probability (value) and its Monte Carlo error, what happened (realised), the day
        asked (period), a verdict (low, or blank) in the reason, and what the answer rests on in the note.

    Examples
    --------
    >>> table = replay_outcomes(paths=2000).table
    >>> bool(table["value"].between(0, 1).all())
    True
    """
    out = []
    for place, case in enumerate(rows(read_table("replay"))):
        rng = np.random.default_rng([seed, place])
        found, rests_on = _KINDS[case["kind"]](case, rng, paths)
        value = float(np.mean(found))
        reason = f"low: the model gave what happened {value:.2g}" if value < LOW else ""
        out.append(
            {
                **dict.fromkeys(RECORD_COLUMNS, ""), "firm": case["firm"], "period": case["as_of"], "quantity": case["case"],
                "variant": case["channel"], "value": value, "unit": "probability", "status": "simulated", "reason": reason,
                "note": "; ".join(t for t in (rests_on, case["note"]) if t), "realised": case["realised"],
                "error": math.sqrt(value * (1 - value) / paths), "reference": case["reference"],
            }
        )  # fmt: skip
    return Results(
        table=pd.DataFrame(out),
        title="What the model gave to what happened",
        definition="Probability of the realised outcome from what was known on the day asked; the firm's own path is left out of the "
        f"stage estimates; below {LOW:.0%} it is called low",
        assumptions=(
            "Offerings: shares of the book, reluctance, cover and elasticity are drawn over their stated ranges; cornerstones replace a "
            "share of what is lost between nothing and all of it.",
            "Sums raised: log-normal about the sum sought with the stated spread.",
        ),
        figure="replay",
    )


def _path(case: dict[str, Any], rng: np.random.Generator, paths: int) -> tuple[Floats, Floats, str]:
    """Return the days until listing and until the first end, and what they rest on."""
    as_of = parse_date(case["as_of"])
    found = stages(case["channel"], as_of, leave_out=case["firm"])
    stage, age = standing(case["firm"], case["channel"], as_of)
    luck = rng.random((DRAWS * STEPS, paths), dtype=np.float32)
    listed, ended = ready_days(found, stage, age, 0.0, luck)
    closed = rng.random(paths) > market_terms()["window_open_at_start"].central
    spells = sum(s.observed for s in found.values())
    text = f"stage {stage} for {age} days; base rates of {case['channel']} and {spells} spells of other firms"
    return np.where(closed, np.inf, listed) if case["kind"] == "listed_by" else listed, ended, text


def _days(case: dict[str, Any]) -> int:
    return (parse_date(case["by"]) - parse_date(case["as_of"])).days


def _listed_by(case: dict[str, Any], rng: np.random.Generator, paths: int) -> tuple[Floats, str]:
    listed, _, text = _path(case, rng, paths)
    return (listed <= _days(case)).astype(float), f"{text}; window open with {market_terms()['window_open_at_start'].central:.0%}"


def _ended_by(case: dict[str, Any], rng: np.random.Generator, paths: int) -> tuple[Floats, str]:
    listed, ended, text = _path(case, rng, paths)
    return ((ended <= _days(case)) & (ended < listed)).astype(float), text


def _ends(case: dict[str, Any], rng: np.random.Generator, paths: int) -> tuple[Floats, str]:
    listed, ended, text = _path(case, rng, paths)
    return (ended < listed).astype(float), text


def _ended_after(case: dict[str, Any], rng: np.random.Generator, paths: int) -> tuple[Floats, str]:
    listed, ended, text = _path(case, rng, paths)
    return ((ended < listed) & (ended >= _days(case)) & np.isfinite(ended)).astype(float), text


def _book(case: dict[str, Any], rng: np.random.Generator, paths: int) -> dict[str, Floats]:
    """Draw the share of the book that is lost and what replaces it, the cover before, and the elasticity.

    The offering's own terms become known with the relaunch; the day before, US persons stay away by reluctance over its whole range.
    """
    as_of = parse_date(case["as_of"])
    classes = class_access(case["firm"], case["channel"], as_of, read_scenario(SCENARIO), as_of)
    shares = np.array([rng.uniform(one.low, one.high, paths) for one in classes])
    shares /= shares.sum(axis=0)
    away = np.array([rng.uniform(one.chill[0], one.chill[2], paths) for one in classes])
    lost: Floats = (shares * away).sum(axis=0)
    cover, (wanted, elasticity) = channel_terms(case["channel"], "")["cover"], (market_terms()[n] for n in ("book_wanted", "elasticity"))
    return {
        "lost": lost,
        "replaced": rng.uniform(0.0, 1.0, paths) * lost,
        "cover": np.exp(rng.uniform(math.log(cover.low), math.log(cover.high), paths)),
        "wanted": np.exp(rng.uniform(math.log(wanted.low), math.log(wanted.high), paths)),
        "elasticity": np.exp(rng.uniform(math.log(elasticity.low), math.log(elasticity.high), paths)),
    }


_RANGES = "ranges of shares, reluctance, cover and elasticity; none was known the day before"


def _cornerstones(case: dict[str, Any], rng: np.random.Generator, paths: int) -> tuple[Floats, str]:
    book = _book(case, rng, paths)
    return (float(case["start_amount"]) + book["replaced"] >= float(case["amount"])).astype(float), _RANGES


def _price_at_bottom(case: dict[str, Any], rng: np.random.Generator, paths: int) -> tuple[Floats, str]:
    book = _book(case, rng, paths)
    left = (1 - book["lost"] + book["replaced"]) * book["cover"] / book["wanted"]
    clearing = float(case["start_amount"]) * left ** (1 / book["elasticity"])
    return (clearing <= float(case["amount"])).astype(
        float
    ), f"{_RANGES}; the price falls from the top where the book is below the cover that sellers want"


def _cover_at_most(case: dict[str, Any], rng: np.random.Generator, paths: int) -> tuple[Floats, str]:
    book = _book(case, rng, paths)
    return ((1 - book["lost"] + book["replaced"]) * book["cover"] <= float(case["amount"])).astype(float), _RANGES


def _retail_cover(case: dict[str, Any], rng: np.random.Generator, paths: int) -> tuple[Floats, str]:
    return (_book(case, rng, paths)["cover"] >= float(case["amount"])).astype(float), "the general range of cover alone: no law bars retail"


def _raised(case: dict[str, Any], rng: np.random.Generator, paths: int, cost: float = 0.0) -> tuple[Floats, str]:
    spread = market_terms()["size_log_sd"].central
    raised = float(case["start_amount"]) * np.exp(spread * rng.standard_normal(paths)) * (1 - cost)
    text = f"log-normal about the sum sought, spread {spread:g} (assumption); no law or term shut out any class of weight"
    return (raised <= float(case["amount"])).astype(float), text


def _raised_net(case: dict[str, Any], rng: np.random.Generator, paths: int) -> tuple[Floats, str]:
    return _raised(case, rng, paths, cost=channel_terms("us_ipo", "")["cost"].central)


_KINDS: dict[str, Callable[[dict[str, Any], np.random.Generator, int], tuple[Floats, str]]] = {
    "listed_by": _listed_by,
    "ended_by": _ended_by,
    "ends": _ends,
    "ended_after": _ended_after,
    "cornerstones_at_least": _cornerstones,
    "price_at_bottom": _price_at_bottom,
    "cover_at_most": _cover_at_most,
    "retail_cover_at_least": _retail_cover,
    "raised_at_most": _raised,
    "raised_net_at_most": _raised_net,
}
