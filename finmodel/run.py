"""The one door for scenarios: firms and scenarios in, results side by side out."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from finmodel.exposures import Exposure, exposure
from finmodel.projection import CashLines, Projection, project
from finmodel.results import RECORD_COLUMNS, Results
from finmodel.runway import STALE_AFTER_MONTHS, liquid_funds, yearly_flows
from finmodel.scenarios import Scenario, levers, read_scenarios
from finmodel.statements import Statements
from finmodel.units import add_months

COLUMNS = (*RECORD_COLUMNS, "scenario", "low", "high", "exposure", "share", "default")
LINES = ("revenue", "cost_of_sales", "research_and_development", "selling", "administrative")
HORIZON = 60


@dataclass(frozen=True, eq=False)
class ScenarioResults(Results):
    """Firms under scenarios.

    Attributes
    ----------
    scenarios : tuple of Scenario
        As read, with the digest of each in ``inputs``.
    inputs : pandas.DataFrame
        What went in, frozen: kind, name, digest.
    """

    scenarios: tuple[Scenario, ...] = ()
    inputs: pd.DataFrame = field(default_factory=pd.DataFrame)

    def compare(self, quantity: str | None = None) -> pd.DataFrame:
        """Return firms and quantities down, scenarios across.

        Parameters
        ----------
        quantity : str, optional
            Only this one, such as ``runway`` or ``net_burn``.
        """
        table = self.defaults()
        if quantity is not None:
            table = table[table["quantity"] == quantity]
        wide = table.pivot_table(index=["firm", "quantity", "unit"], columns="scenario", values="value", sort=False, dropna=False)
        return wide[[s.name for s in self.scenarios if s.name in wide]].dropna(how="all")


def run_scenarios(
    statements: Statements, names: Sequence[str | os.PathLike[str] | Scenario], firms: Sequence[str] | None = None, horizon: int = HORIZON
) -> ScenarioResults:
    """Run firms through scenarios, side by side with the baseline.

    Parameters
    ----------
    statements : Statements
        As known on the day that is wanted.
    names : sequence of str, path or Scenario
        Shipped scenarios by name, TOML files, or scenarios already read. The baseline is always among them.
    firms : sequence of str, optional
        Only these firms.
    horizon : int
        Months; a runway beyond it is given as more than the horizon.

    Returns
    -------
    ScenarioResults
        Records of net_burn (CNY per month, mean over the first twelve months), funds_needed_24m (CNY), runway (months), runway_lost
        (months, against the baseline) and channels_closed (a count; the names are in the note), with the scenario, the ends of the
        interval that its assumptions span, and one row per share of an exposure that nobody discloses.

    Raises
    ------
    DataError
        If a scenario file is faulty; nothing is run.
    LookupError
        If a scenario or firm is unknown.

    Examples
    --------
    >>> from finmodel.statements import load_statements
    >>> result = run_scenarios(load_statements().as_of("2023-04-30"), ["public-budget-cut"], ["sensetime"])
    >>> list(result.compare("runway").columns)
    ['baseline', 'public-budget-cut']
    """
    chosen = _read(names)
    if not 1 <= horizon <= 240:
        raise ValueError(f"horizon {horizon}: a number of months from 1 to 240")
    view = statements if firms is None else statements.select(firms)
    rows = [row for firm in view.firms for row in _firm_rows(statements, firm, chosen, horizon)]
    table = pd.DataFrame([{**dict.fromkeys(COLUMNS, ""), "default": True, **row} for row in rows], columns=list(COLUMNS))
    for column in ("value", "low", "high", "share"):
        table[column] = pd.to_numeric(table[column], errors="coerce")
    return ScenarioResults(
        table=table,
        title=f"Scenarios as of {statements.day}",
        definition="Liquid funds over net burn, month by month, with the scenario's dated changes and no new funding; lost against the "
        f"baseline; a runway beyond {horizon} months is > {horizon}",
        facts=statements.facts[statements.facts["firm"].isin(view.firms)],
        assumptions=tuple(dict.fromkeys(f"{s.name}: {c.reason} ({c.reference})" for s in chosen for c in s.changes)),
        figure="scenarios",
        scenarios=chosen,
        inputs=_inputs(statements, chosen),
    )


def _read(names: Sequence[str | os.PathLike[str] | Scenario]) -> tuple[Scenario, ...]:
    if isinstance(names, (str, os.PathLike)):
        names = [names]
    sources = [name for name in names if not isinstance(name, Scenario)]
    found = read_scenarios("baseline", *sources)
    found |= {s.name: s for s in names if isinstance(s, Scenario)}
    return tuple(found.values())


def _inputs(statements: Statements, chosen: Sequence[Scenario]) -> pd.DataFrame:
    """Return what went in with a digest each, so that a result can be told from one of other inputs."""
    facts = hashlib.sha256("\n".join(sorted(statements.facts["fact_id"])).encode()).hexdigest()[:12]
    rows = [("facts", f"as of {statements.day}", facts), *(("scenario", s.name, s.digest) for s in chosen)]
    return pd.DataFrame(rows, columns=["kind", "name", "digest"])


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
    lines |= _year_lines(statements, firm, flow.end)
    start = add_months(flow.end, -12)
    cash = CashLines(firm, lines, date.fromordinal(start.toordinal() + 1), flow.end,
                     funds[0].value if funds else math.nan, funds[0].day if funds else None,
                     notes=(f"burn over {flow.window}", *((f"{funds[0].definition} of {funds[0].day}",) if funds else ())))  # fmt: skip
    return cash, "" if funds else "missing: liquid funds dated within twelve months of the day"


def _fresh(day: date, on: date) -> bool:
    return add_months(day, STALE_AFTER_MONTHS) >= on


def _year_lines(statements: Statements, firm: str, end: date) -> dict[str, float]:
    """Return revenue and costs of the latest reported twelve months not after `end`."""
    table = statements.lines(firm)
    table = table[(table["months"] == 12) & (table["period_end"] <= end.isoformat()) & table["line_item"].isin(LINES)]
    latest = table[table["period_end"] == table["period_end"].max()] if len(table) else table
    return {str(r["line_item"]): float(r["value"]) for r in latest.sort_values("published_on").to_dict("records")}


def _firm_rows(statements: Statements, firm: str, chosen: Sequence[Scenario], horizon: int) -> Iterator[dict[str, Any]]:
    cash, reason = cash_lines(statements, firm)
    base: Projection | None = None
    for scenario in chosen:
        known = {"firm": firm, "period": statements.day.isoformat(), "scenario": scenario.name}
        yield {**known, **_channels_row(scenario, statements.day, horizon)}
        if cash is None:
            for quantity, unit in (("net_burn", "CNY per month"), ("runway", "months"), ("runway_lost", "months")):
                yield {**known, "quantity": quantity, "unit": unit, "value": np.nan, "status": "not computable", "reason": reason}
            continue
        exposures = _exposures(scenario, firm, statements.day)
        with_capex = "capital_expenditure" in cash.lines
        run = _Run(cash, statements.day, horizon, with_capex)
        if scenario.name == "baseline":
            base = run.central(scenario, exposures)
        for row in run.rows(scenario, exposures, base, reason):
            yield {**known, **row}


def _channels_row(scenario: Scenario, as_of: date, horizon: int) -> dict[str, Any]:
    last = add_months(as_of, horizon)
    shut = {c.channel: c.begins(as_of) for c in scenario.changes if c.channel and c.effect == "close" and c.begins(as_of) <= last}
    note = ", ".join(f"{name} from {max(day, as_of)}" for name, day in shut.items())
    return {"quantity": "channels_closed", "unit": "channels", "value": len(shut), "status": "assumed", "note": note}


def _exposures(scenario: Scenario, firm: str, as_of: date) -> dict[str, Exposure]:
    names = set()
    for change in scenario.changes:
        if change.family == "cash_flow" and levers().loc[change.lever, "applies_to"]:
            names.add(str(levers().loc[change.lever, "applies_to"]))
        elif change.family == "working_capital":
            names.update(change.applies_to)
    return {name: exposure(firm, name, as_of) for name in sorted(names)}


@dataclass(frozen=True)
class _Run:
    cash: CashLines
    as_of: date
    horizon: int
    with_capex: bool

    def go(self, scenario: Scenario, shares: Mapping[str, float]) -> Projection:
        return project(self.cash, scenario, self.as_of, shares, self.horizon, self.with_capex)

    def central(self, scenario: Scenario, exposures: Mapping[str, Exposure]) -> Projection:
        return self.go(scenario, {name: (e.low + e.high) / 2 if e.known else 0.0 for name, e in exposures.items()})

    def rows(self, scenario: Scenario, exposures: Mapping[str, Exposure], base: Projection | None, reason: str) -> Iterator[dict[str, Any]]:
        unknown = {name: e for name, e in exposures.items() if not e.known}
        best = self.go(scenario.at("best"), {name: e.low for name, e in exposures.items()})
        worst = self.go(scenario.at("worst"), {name: e.high for name, e in exposures.items()})
        central = self.central(scenario, exposures)
        why = "; ".join(f"{name.replace('_', ' ')} is not disclosed: see the rows by share" for name in unknown)
        yield from self._point(None if unknown else central, best, worst, base, reason or why, central.missing)
        for name, one in unknown.items():
            others = {n: (e.low + e.high) / 2 if e.known else 0.0 for n, e in exposures.items()}
            for share in one.grid():
                for row in self._point(self.go(scenario, others | {name: share}), None, None, base, reason, central.missing):
                    yield {**row, "exposure": name, "share": share, "default": False}

    def _point(
        self,
        central: Projection | None,
        best: Projection | None,
        worst: Projection | None,
        base: Projection | None,
        reason: str,
        missing: Sequence[str],
    ) -> Iterator[dict[str, Any]]:
        """Yield the quantities of one scenario; where there is no central projection, only the ends of the interval."""
        notes = [*self.cash.notes, *(f"{line} not disclosed: its change is left out" for line in missing)]
        common = {"variant": f"{'with' if self.with_capex else 'without'} capital expenditure", "note": "; ".join(notes)}
        against = math.nan if base is None else min(base.runway, self.horizon)
        for quantity, unit, measure in (
            ("net_burn", "CNY per month", lambda p: float(p.net_burn[:12].mean())),
            ("funds_needed_24m", "CNY", lambda p: float(p.net_burn[:24].sum())),
            ("runway", "months", lambda p: min(p.runway, self.horizon)),
            ("runway_lost", "months", lambda p: against - min(p.runway, self.horizon)),
        ):
            values = [math.nan if p is None else measure(p) for p in (central, best, worst)]
            known = [v for v in values if not math.isnan(v)]
            status = "not computable" if math.isnan(values[0]) else "computed"
            if quantity == "runway" and central is not None and math.isinf(central.runway):
                status, common = "censored", common | {"note": f"> {self.horizon} months; {common['note']}"}
            ends = {"low": min(known), "high": max(known)} if known and worst is not None else {}
            why = reason if status == "not computable" else ""
            yield {**common, "quantity": quantity, "unit": unit, "value": values[0], **ends, "status": status, "reason": why}
