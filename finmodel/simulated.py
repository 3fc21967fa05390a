"""The stochastic rows of a scenario run: each quantity with its error, its difference to the baseline, and what stands against it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

import numpy as np

from finmodel.cashflow import CashModel
from finmodel.exposures import Exposure, exposures_of
from finmodel.scenarios import Scenario
from finmodel.simulate import BLOCKS
from finmodel.stochastic import GAP_MONTHS, FirmRun
from finmodel.survival import EARLY, estimate

Floats = np.ndarray[Any, np.dtype[np.float64]]
NO_FUNDS = "liquid funds are not disclosed: see the rows by liquid funds, or assume an amount"
YEARS_OF_COST = (0.5, 1.0, 2.0, 4.0)
"""Assumed liquid funds where none are disclosed, in years of the firm's cash cost."""


def not_computable(firm: str, day: date, chosen: Sequence[Scenario], reason: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a firm for which nothing can be computed."""
    for scenario in chosen:
        for quantity, unit in (("cash_out_24m", "probability"), ("restricted_mean_runway", "months"), ("funding_gap", "CNY")):
            yield {
                "firm": firm, "period": day.isoformat(), "quantity": quantity, "unit": unit, "scenario": scenario.name,
                "value": np.nan, "status": "not computable", "reason": reason,
            }  # fmt: skip


def stochastic_rows(model: CashModel, chosen: Sequence[Scenario], run: partial[FirmRun]) -> Iterator[dict[str, Any]]:
    """Yield the rows of one firm; where liquid funds are not disclosed, one set per assumed amount, and none to show first."""
    if not np.isnan(model.liquid_funds):
        yield from _run_rows(model, chosen, run)
        return
    yield from not_computable(model.firm, model.as_of, chosen, NO_FUNDS)
    yearly = 4 * sum(model.parameters.value(b) * (1 - model.parameters.value(f"{b}_noncash")) for b in BLOCKS)
    for years in YEARS_OF_COST:
        amount = float(f"{years * yearly:.2g}")
        for row in _run_rows(replace(model, assumed={**model.assumed, "liquid_funds": amount}), chosen, run, by_share=False):
            yield {**row, "liquid_funds": amount, "default": False}


def _run_rows(model: CashModel, chosen: Sequence[Scenario], run: partial[FirmRun], by_share: bool = True) -> Iterator[dict[str, Any]]:
    """Yield each quantity under each scenario, then, if wanted, under each share of an exposure that nobody discloses."""
    plain = run(model, [*chosen, *(s.direct() for s in chosen)])
    yield from _quantities(plain, chosen, run.keywords["shares"], {"default": True})
    for name, one in plain.exposures.items() if by_share else ():
        if not one.known and name not in run.keywords["shares"]:
            touched = [chosen[0], *(s for s in chosen if name in _touches(s, model))]
            for share in one.grid():
                moved = run(model, [*touched, *(s.direct() for s in touched)], shares={**run.keywords["shares"], name: share})
                yield from _quantities(moved, touched, {}, {"exposure": name, "share": share, "default": False})


def _touches(scenario: Scenario, model: CashModel) -> dict[str, Exposure]:
    return exposures_of([scenario], model.firm, model.as_of)


def _quantities(run: FirmRun, chosen: Sequence[Scenario], given: Mapping[str, float], more: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the rows of a run whose second half holds the same scenarios with responses held fixed."""
    half, model = len(chosen), run.model
    silent = [name for name, one in run.exposures.items() if not one.known and name not in given]
    for quantity, unit, months, measure in _MEASURES:
        unit = model.parameters.currency if unit == "CNY" else unit
        common = {"firm": model.firm, "period": model.as_of.isoformat(), "quantity": quantity, "unit": unit, **more}
        if months > 3 * run.quarters:
            reason = f"the horizon of {3 * run.quarters} months is shorter: give a horizon of {months} or more"
            yield from ({**common, "scenario": s.name, "value": np.nan, "status": "not computable", "reason": reason} for s in chosen)
            continue
        values = measure(run)
        level, error = estimate(values, run.outcome.counts)
        gap, gap_error = level - level[0], estimate(values - values[:, :1], run.outcome.counts)[1]
        for s, scenario in enumerate(chosen):
            direct = float(level[half + s] - level[half])
            status, reason = _caveat(run, s)
            yield {
                **common, "scenario": scenario.name, "value": level[s], "error": error[s], "difference": gap[s],
                "difference_error": gap_error[s], "direct": direct, "response": _difference(gap[s], direct), "status": status,
                "reason": reason,
                "note": _joined(_counted(run, quantity, months), "" if more.get("exposure") else _silent(silent, scenario, model)),
            }  # fmt: skip


_MEASURES: tuple[tuple[str, str, int, Callable[[FirmRun], Floats]], ...] = (
    *((f"cash_out_{m}m", "probability", m, partial(FirmRun.cash_out, months=m)) for m in (12, 24, 36)),
    ("restricted_mean_runway", "months", 0, FirmRun.runway),
    ("funding_gap", "CNY", GAP_MONTHS, FirmRun.funding_gap),
    ("listed_24m", "probability", 24, partial(FirmRun.listed, months=24)),
    ("expected_proceeds", "CNY", 0, FirmRun.expected_proceeds),
)
"""Each quantity, its unit, the months that it needs (0: the horizon, whatever it is) and how it is read off a run."""


def _counted(run: FirmRun, quantity: str, months: int) -> str:
    """Say from which day months are counted, and where liquid funds are assumed, on which day they are supposed to be held."""
    start, funds = run.model.start, run.model.assumed.get("liquid_funds")
    held = (
        f"; the assumed liquid funds of {run.model.parameters.currency} {funds / 1e6:,.6g} m are held on {start}"
        if funds is not None
        else ""
    )
    there = f", the money there on {start}" if quantity == "funding_gap" else ""
    return f"{months or 3 * run.quarters} months from {start}{there}{held}"


def _caveat(run: FirmRun, scenario: int) -> tuple[str, str]:
    """Return status and reason of a value: what is wrong with the liquid funds, and how many paths end before the as-of day."""
    status, reason = run.model.caveat()
    early = float(run.gone_before_the_day()[scenario])
    text = f"{early:.1%} of paths had run out before {run.model.as_of}, though the firm was not known to have" if early > EARLY else ""
    return status, _joined(reason, text)


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def _difference(whole: float, part: float) -> float:
    """Return whole - part, nothing where that is only rounding."""
    rest = float(whole - part)
    return rest if abs(rest) > 1e-12 * max(abs(whole), abs(part)) else 0.0


def _silent(names: Sequence[str], scenario: Scenario, model: CashModel) -> str:
    """Say which exposures of a scenario are taken as nothing because nobody discloses them."""
    touched = _touches(scenario, model)
    return "; ".join(
        f"{name.replace('_', ' ')} is not disclosed and taken as 0: see the rows by share" for name in names if name in touched
    )
