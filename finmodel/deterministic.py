"""The deterministic rows of a scenario run: burn, funds needed, runway and months lost, with the interval that assumptions span."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from finmodel.exposures import Exposure, exposures_of
from finmodel.liquidity import STALE_AFTER_MONTHS, Flow, liquid_funds, yearly_flows
from finmodel.projection import CashLines, Projection, project
from finmodel.scenarios import Scenario
from finmodel.statements import Statements
from finmodel.units import add_months

LINES = ("revenue", "cost_of_sales", "research_and_development", "selling", "administrative")


def cash_lines(statements: Statements, firm: str) -> tuple[CashLines | None, str]:
    """Return a firm's last twelve months and liquid funds in CNY, or None and the reason; the reason also says why funds lack."""
    on = statements.day
    flows = [f for f in yearly_flows(statements, firm) if _fresh(f.end, on)]
    if not flows:
        return None, "missing: operating cash flow over twelve months dated within twelve months of the day"
    flow = flows[0]
    funds = [f for f in liquid_funds(statements, firm) if _fresh(f.day, on)]
    lines = {"operating_cash_flow": flow.operating}
    if not math.isnan(flow.capital):
        lines["capital_expenditure"] = flow.capital
    lines |= _year_lines(statements, firm, flow)
    start = add_months(flow.end, -12)
    notes = [f"burn over {flow.window}", *(f"{f.definition} of {f.day}" for f in funds[:1]), flow.choice, *(f.choice for f in funds[:1])]
    cash = CashLines(firm, lines, date.fromordinal(start.toordinal() + 1), flow.end,
                     funds[0].value if funds else math.nan, funds[0].day if funds else None,
                     notes=tuple(note for note in notes if note))  # fmt: skip
    return cash, "" if funds else "missing: liquid funds dated within twelve months of the day"


def _fresh(day: date, on: date) -> bool:
    return add_months(day, STALE_AFTER_MONTHS) >= on


def _year_lines(statements: Statements, firm: str, flow: Flow) -> dict[str, float]:
    """Return revenue and costs of the latest reported twelve months not after the flow's, in its accounts or else the latest filing's."""
    table = statements.lines(firm)
    table = table[(table["months"] == 12) & (table["period_end"] <= flow.end.isoformat()) & table["line_item"].isin(LINES)]
    latest = table[table["period_end"] == table["period_end"].max()].sort_values("published_on")
    bases = list(latest["basis"])
    latest = latest[latest["basis"] == (flow.basis if flow.basis in bases else bases[-1])] if bases else latest
    return {str(r["line_item"]): float(r["value"]) for r in latest.to_dict("records")}


def firm_rows(statements: Statements, firm: str, chosen: Sequence[Scenario], horizon: int) -> Iterator[dict[str, Any]]:
    """Yield the rows of one firm under each scenario; the baseline comes first."""
    cash, reason = cash_lines(statements, firm)
    for scenario in chosen:
        known = {"firm": firm, "period": statements.day.isoformat(), "scenario": scenario.name}
        yield {**known, **_channels_row(scenario, statements.day, horizon)}
        if cash is None:
            for quantity, unit in (("net_burn", "CNY per month"), ("runway", "months"), ("runway_lost", "months")):
                yield {**known, "quantity": quantity, "unit": unit, "value": np.nan, "status": "not computable", "reason": reason}
            continue
        for with_capex in (True, False) if "capital_expenditure" in cash.lines else (False,):
            run = _Run(cash, statements.day, horizon, with_capex, reason)
            against = run.go(chosen[0], exposures_of(chosen[:1], firm, statements.day)).runway
            for row in run.rows(scenario, exposures_of([scenario], firm, statements.day), min(against, horizon)):
                default = row.get("default", True) and with_capex == ("capital_expenditure" in cash.lines)
                yield {**known, **row, "default": default}


def _channels_row(scenario: Scenario, as_of: date, horizon: int) -> dict[str, Any]:
    last = add_months(as_of, horizon)
    shut = {c.channel: c.begins(as_of) for c in scenario.changes if c.channel and c.effect == "close" and c.begins(as_of) <= last}
    note = ", ".join(f"{name} from {max(day, as_of)}" for name, day in shut.items())
    return {"quantity": "channels_closed", "unit": "channels", "value": len(shut), "status": "assumed", "note": note}


@dataclass(frozen=True)
class _Run:
    cash: CashLines
    as_of: date
    horizon: int
    with_capex: bool
    reason: str

    def go(
        self, scenario: Scenario, exposures: Mapping[str, Exposure], end: str = "central", given: Mapping[str, float] | None = None
    ) -> Projection:
        """Project with each exposure at its middle, its low or its high end, or as given."""
        shares = {name: float(getattr(one, end)) for name, one in exposures.items()} | dict(given or {})
        return project(self.cash, scenario, self.as_of, shares, self.horizon, self.with_capex)

    def rows(self, scenario: Scenario, exposures: Mapping[str, Exposure], against: float) -> Iterator[dict[str, Any]]:
        """Yield the central rows with their interval, then the rows by share of each exposure that nobody discloses."""
        unknown = {name: one for name, one in exposures.items() if not one.known}
        central = self.go(scenario, exposures)
        ends = (self.go(scenario.at("best"), exposures, "low"), self.go(scenario.at("worst"), exposures, "high"))
        why = "; ".join(f"{name.replace('_', ' ')} is not disclosed: see the rows by share" for name in unknown)
        yield from self._quantities(None if unknown else central, ends, against, self.reason or why, central.missing)
        for name, one in unknown.items():
            for share in one.grid():
                moved = self.go(scenario, exposures, given={name: share})
                for row in self._quantities(moved, (), against, self.reason, central.missing):
                    yield {**row, "exposure": name, "share": share, "default": False}

    def _quantities(
        self, central: Projection | None, ends: Sequence[Projection], against: float, reason: str, missing: Sequence[str]
    ) -> Iterator[dict[str, Any]]:
        """Yield each quantity; where there is no central projection, only the ends of its interval."""
        notes = [*self.cash.notes, *(f"{line} not disclosed: its change is left out" for line in missing)]
        measures: tuple[tuple[str, str, Callable[[Projection], float]], ...] = (
            ("net_burn", "CNY per month", lambda p: float(p.net_burn[:12].mean())),
            ("funds_needed_24m", "CNY", lambda p: float(p.net_burn[:24].sum())),
            ("runway", "months", lambda p: min(p.runway, self.horizon)),
            ("runway_lost", "months", lambda p: against - min(p.runway, self.horizon)),
        )
        for quantity, unit, measure in measures:
            value = math.nan if central is None else measure(central)
            known = [v for v in (value, *map(measure, ends)) if not math.isnan(v)]
            beyond = quantity == "runway" and central is not None and math.isinf(central.runway)
            status = "censored" if beyond else "not computable" if math.isnan(value) else "computed"
            yield {
                "variant": f"{'with' if self.with_capex else 'without'} capital expenditure", "quantity": quantity, "unit": unit,
                "value": value, **({"low": min(known), "high": max(known)} if known and ends else {}), "status": status,
                "reason": reason if status == "not computable" else "",
                "note": "; ".join([*([f"> {self.horizon} months"] if beyond else []), *notes]),
            }  # fmt: skip
