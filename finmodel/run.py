"""The one door for scenarios: firms and scenarios in, results side by side out."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from finmodel.attribution import QUANTITIES, attribute, sensitivity, tornado
from finmodel.cashflow import CashModel
from finmodel.data import data_root
from finmodel.deterministic import firm_rows
from finmodel.errors import DataError, unknown
from finmodel.levers import levers
from finmodel.results import RECORD_COLUMNS, Results
from finmodel.scenarios import Scenario, read_scenario, read_scenarios
from finmodel.simulated import NO_FUNDS, not_computable, stochastic_rows
from finmodel.statements import Statements
from finmodel.stochastic import FirmRun, Progress, run_firm

Floats = np.ndarray[Any, np.dtype[np.float64]]
COLUMNS = (*RECORD_COLUMNS, "scenario", "low", "high", "exposure", "share", "default")
STOCHASTIC_COLUMNS = (
    *RECORD_COLUMNS, "scenario", "error", "difference", "difference_error", "direct", "response", "liquid_funds", "exposure", "share",
    "default",
)  # fmt: skip
TABLES = (
    "channels", "channel_terms", "investor_classes", "class_mix", "offering_terms", "market", "ipo_stages", "ipo_paths", "exposures",
    "levers", "designations", "events", "priors", "fx", "firms", "line_items",
)  # fmt: skip
HORIZON = 60
_SHARES = ("firm", "quantity", "restriction", "value", "error", "unit", "reason")
_FUNDING = (
    "Funding: hazards, sizes, costs and lead times of channels and the shares of investor classes are stated with ranges ("
    "channel_terms.csv, class_mix.csv, market.csv), moved by the dated rounds of other firms; no effect of a restriction on them is "
    "estimated: none is identified.",
    "Funding: where the law is unclear it is read as prohibiting; the tornado shows the other reading.",
    "Funding: money known to have been raised between the balance date and the day is counted; a deal under way is not known.",
    "Funding: after a simulated round the next may come at once: the stated hazards are long-run averages; only a dated round makes "
    "investors rest. A clock in the paths could let a restriction lengthen the runway.",
    "Scenario: what it does to the cash flow is a fixed amount in yuan, from the lines at the start; it does not grow with the path.",
    "Funding: redemption of preferred shares if no listing comes is left out: its terms are not disclosed for any of the firms.",
)
_ATTRIBUTION = (
    "Shapley share of each restriction in what all of them cost against none, over all subsets on shared draws: restricted mean runway "
    "lost (months), added probability of cash-out within 24 months, added funding gap (CNY); the shares sum to the total; error: one Monte "
    "Carlo standard error"
)
_TORNADO = (
    "restricted mean runway lost against no restriction (months) with one input at its low and high end and all others at their centre"
)
_SOBOL = "share of the variance of the runway lost that a group of inputs explains alone (first) and with all its interactions (total)"


@dataclass(frozen=True, eq=False)
class ScenarioResults(Results):
    """Firms under scenarios.

    Attributes
    ----------
    scenarios : tuple of Scenario
        As read; the baseline first.
    inputs : pandas.DataFrame
        What went in, frozen: kind, name, digest.
    models : tuple of CashModel
        Fitted models, for a stochastic run.
    without_model : mapping of str to str
        Firms that have none, each with the reason.
    shares : mapping of str to float
        Exposures assumed by the caller.
    quarters, paths, seed : int
        Of a stochastic run; 0 paths for a deterministic one.
    """

    scenarios: tuple[Scenario, ...] = ()
    inputs: pd.DataFrame = field(default_factory=pd.DataFrame)
    models: tuple[CashModel, ...] = ()
    without_model: Mapping[str, str] = field(default_factory=dict)
    shares: Mapping[str, float] = field(default_factory=dict)
    quarters: int = 0
    paths: int = 0
    seed: int = 0

    def compare(self, quantity: str | None = None) -> pd.DataFrame:
        """Return firms and quantities down, scenarios across; of a stochastic run with errors, and differences to the baseline.

        Parameters
        ----------
        quantity : str, optional
            Only this one, such as ``runway``, ``net_burn`` or ``cash_out_24m``.

        Returns
        -------
        pandas.DataFrame
            One row per firm and quantity, blank where nothing can be computed (the table says why). One column per scenario; of a
            stochastic run six for each: value, error, difference, difference_error (Monte Carlo standard errors), and the parts of the
            difference that are the restrictions' own (direct) and the responses' to them (state support, cost cuts, substitution).

        Raises
        ------
        LookupError
            If there is no such quantity; the nearest are proposed.
        """
        table = self.defaults()
        if quantity is not None:
            if quantity not in set(table["quantity"]):
                raise unknown("quantity", quantity, set(table["quantity"]))
            table = table[table["quantity"] == quantity]
        rows = ["firm", "quantity", "unit"]
        fields = ["value", "error", "difference", "difference_error", "direct", "response"] if self.paths else ["value"]
        wide = table.pivot_table(index=rows, columns="scenario", values=fields, sort=False, dropna=False, aggfunc="first")
        wide = wide.reindex(pd.MultiIndex.from_frame(table[rows].drop_duplicates()))
        names = [s.name for s in self.scenarios if s.name in set(table["scenario"])]
        if not self.paths:
            return wide.droplevel(0, axis=1)[names]
        return wide.swaplevel(axis=1)[[(name, field) for name in names for field in fields]]

    def differences(self) -> pd.DataFrame:
        """Return each quantity against the baseline: difference with its Monte Carlo error, and its direct part and response.

        Raises
        ------
        ValueError
            If the run was deterministic.
        """
        self._need_paths()
        columns = ["firm", "quantity", "scenario", "value", "error", "difference", "difference_error", "direct", "response", "unit"]
        return self.defaults()[columns].reset_index(drop=True)

    def attribution(
        self, scenario: str | None = None, responses: bool = False, threads: int = 1, progress: Progress | None = None
    ) -> Results:
        """Return what each restriction of a scenario costs each firm; see :func:`finmodel.attribution.attribute`.

        Parameters
        ----------
        scenario : str, optional
            By default the last one that was run.
        responses : bool
            Whether responses count; by default they are held fixed.
        threads : int
        progress : callable, optional
            Called with the tasks done and their number.
        """
        find = partial(
            attribute, paths=self.paths, seed=self.seed, quarters=self.quarters, responses=responses, shares=self.shares,
            threads=threads, progress=progress,
        )  # fmt: skip
        found = self._each("What each restriction costs", _ATTRIBUTION, "attribution", scenario, find)
        missing = [(f, q, "total", np.nan, np.nan, u, why) for f, why in self.without_model.items() for q, u in QUANTITIES.items()]
        parts = [part for part in (found.table, pd.DataFrame(missing, columns=_SHARES)) if len(part)]
        table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=_SHARES)
        return replace(found, table=table[list(_SHARES)])

    def tornado(self, scenario: str | None = None, responses: bool = False) -> Results:
        """Return the runway lost with one input at a time at its ends; see :func:`finmodel.attribution.tornado`.

        Parameters
        ----------
        scenario, responses
            As for :meth:`attribution`.
        """
        given: dict[str, Any] = {"seed": self.seed, "quarters": self.quarters, "responses": responses, "shares": self.shares}
        find = partial(tornado, paths=min(self.paths, 16_384), **given)
        return self._each("Runway lost, one input at a time", _TORNADO, "tornado", scenario, find)

    def sensitivity(self, scenario: str | None = None, responses: bool = False, points: int = 128) -> Results:
        """Return Sobol indices of the runway lost by group of inputs; see :func:`finmodel.attribution.sensitivity`.

        Parameters
        ----------
        scenario, responses
            As for :meth:`attribution`.
        points : int
            Base sample of the design, a power of two.
        """
        given: dict[str, Any] = {"seed": self.seed, "quarters": self.quarters, "responses": responses, "shares": self.shares}
        find = partial(sensitivity, points=points, **given)
        return self._each("Sobol indices of the runway lost", _SOBOL, "sensitivity", scenario, find)

    def _need_paths(self) -> None:
        if not self.paths:
            raise ValueError("this run was deterministic; give paths: run_scenarios(..., paths=100_000, seed=7)")

    def _each(
        self, title: str, definition: str, figure: str, scenario: str | None, find: Callable[[CashModel, Scenario], pd.DataFrame]
    ) -> Results:
        self._need_paths()
        known = {s.name: s for s in self.scenarios}
        name = scenario or self.scenarios[-1].name
        if name not in known:
            raise unknown("scenario of this run", name, known)
        tables = [find(model, known[name]) for model in self.models]
        return Results(
            table=pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=["firm"]),
            title=f"{title}: {name}",
            definition=definition,
            assumptions=self.assumptions,
            figure=figure,
        )


def run_scenarios(
    statements: Statements,
    names: Sequence[str | os.PathLike[str] | Scenario],
    firms: Sequence[str] | None = None,
    horizon: int = HORIZON,
    paths: int | None = None,
    seed: int = 7,
    liquid_funds: float | Mapping[str, float] | None = None,
    shares: Mapping[str, float] | None = None,
    threads: int = 1,
    progress: Progress | None = None,
) -> ScenarioResults:
    """Run firms through scenarios, side by side with the baseline.

    Formula
    -------
    runway lost = runway under the baseline - runway under the scenario; with paths, the restricted mean runway is the mean over paths of
    the months to cash-out (the middle of its quarter), at most the horizon, and a difference is taken on the same draws

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
    paths : int, optional
        Number of paths of the cash model; none for the deterministic form, in which no money is raised.
    seed : int
        Of the paths.
    liquid_funds : float or mapping of str to float, optional
        CNY on the first day of the paths, in place of what is disclosed or where nothing is (paths only): a number for a single firm,
        else one for each firm by name; firms without one keep what they disclose.
    shares : mapping of str to float, optional
        Exposures, such as ``us_revenue_share``, in place of what is disclosed or where nothing is (paths only).
    threads : int
    progress : callable, optional
        Called with the tasks done and their number.

    Returns
    -------
    ScenarioResults
        Deterministic: net_burn (CNY per month, mean over the first twelve months), funds_needed_24m (CNY), runway and runway_lost
        (months, against the baseline), channels_closed (a count; the names are in the note), with the ends of the interval that the
        scenario's assumptions span, and one row per share of an exposure that nobody discloses. Stochastic: cash_out_12m, _24m and
        _36m, restricted_mean_runway, funding_gap (CNY that must be there at the start to hold cash-out within 24 months to 5 %),
        listed_24m and expected_proceeds, each with its Monte Carlo error and its difference to the baseline, direct plus response.

    Raises
    ------
    DataError
        If a scenario file is faulty; nothing is run.
    LookupError
        If a scenario or firm is unknown.
    ValueError
        If a count is out of range, or one amount of liquid funds is given for several firms.

    References
    ----------
    Schwartz and Moon (2000), Financial Analysts Journal 56(3), for the cash model; see :mod:`finmodel.simulate`.

    Examples
    --------
    >>> from finmodel.statements import load_statements
    >>> result = run_scenarios(load_statements().as_of("2023-04-30"), ["public-budget-cut"], ["sensetime"])
    >>> list(result.compare("runway").columns)
    ['baseline', 'public-budget-cut']
    """
    chosen = _read(names)
    if not 3 <= horizon <= 240:
        raise ValueError(f"horizon is {horizon}; it must be from 3 to 240 months")
    if paths is not None and paths < 128:
        raise ValueError(f"paths is {paths}; it must be 128 or more, so that errors can be stated")
    view = statements if firms is None else statements.select(firms)
    common: dict[str, Any] = {
        "title": f"Scenarios as of {statements.day}",
        "facts": statements.facts[statements.facts["firm"].isin(view.firms)],
        "assumptions": tuple(dict.fromkeys(f"{s.name}: {c.reason} ({c.reference})" for s in chosen for c in s.changes)),
        "figure": "scenarios",
        "scenarios": chosen,
    }
    if paths is None:
        return _without_funding(statements, view.firms, chosen, horizon, common)
    quarters = -(-horizon // 3)
    sampled: dict[str, Any] = {"shares": _shares(shares), "quarters": quarters, "paths": paths, "seed": seed}
    run = partial(run_firm, **sampled, threads=threads, progress=progress)
    common["assumptions"] += _FUNDING
    funds = _funds(view.firms, liquid_funds)
    assumed = {"liquid_funds" if len(view.firms) == 1 else f"liquid_funds of {firm}": amount for firm, amount in funds.items()}
    common["inputs"] = frozen_inputs(statements, chosen, paths, seed, {**assumed, **(shares or {})})
    return _with_funding(statements.day, fit_models(statements, view.firms, funds), chosen, run, {**common, **sampled})


def _without_funding(
    statements: Statements, firms: Sequence[str], chosen: Sequence[Scenario], horizon: int, common: Mapping[str, Any]
) -> ScenarioResults:
    rows = [row for firm in firms for row in firm_rows(statements, firm, chosen, horizon)]
    definition = (
        "Liquid funds over net burn, month by month, with the scenario's dated changes and no new funding; lost against the "
        f"baseline; a runway beyond {horizon} months is > {horizon}"
    )
    return ScenarioResults(_table(rows, COLUMNS), definition=definition, inputs=frozen_inputs(statements, chosen), **common)


def _with_funding(
    day: date,
    fitted: tuple[list[CashModel], dict[str, str]],
    chosen: Sequence[Scenario],
    run: partial[FirmRun],
    common: Mapping[str, Any],
) -> ScenarioResults:
    models, without = fitted
    rows = [row for model in models for row in stochastic_rows(model, chosen, run)]
    rows += [row for firm, why in without.items() for row in not_computable(firm, day, chosen, why)]
    open_funds = {m.firm: NO_FUNDS for m in models if np.isnan(m.liquid_funds)}
    return ScenarioResults(
        _table(rows, STOCHASTIC_COLUMNS),
        definition=f"Share of paths out of cash and restricted mean runway over {3 * common['quarters']} months of the cash model, "
        f"with funding as the channels, the law and the scenario let it arrive; {_day_zero(models)}; "
        "error: one Monte Carlo standard error; difference: against the baseline on the same draws, its direct part with responses held "
        "fixed, and what responses add",
        models=tuple(m for m in models if m.firm not in open_funds),
        without_model={**without, **open_funds},
        **common,
    )


def _day_zero(models: Sequence[CashModel]) -> str:
    """Say from which day months are counted."""
    return f"months are counted from day zero, the end of the last accounts: {', '.join(f'{m.firm} {m.start}' for m in models) or 'none'}"


def attribution(
    statements: Statements,
    scenario: str | os.PathLike[str] | Scenario,
    firms: Sequence[str] | None = None,
    horizon: int = HORIZON,
    paths: int = 100_000,
    seed: int = 7,
    liquid_funds: float | Mapping[str, float] | None = None,
    shares: Mapping[str, float] | None = None,
    responses: bool = False,
    threads: int = 1,
    progress: Progress | None = None,
) -> Results:
    """Share what a scenario costs among its restrictions, without running other scenarios; see :meth:`ScenarioResults.attribution`.

    Parameters
    ----------
    statements, firms, horizon, paths, seed, liquid_funds, shares, threads, progress
        As for :func:`run_scenarios`.
    scenario : str, path or Scenario
    responses : bool
        Whether responses count; by default they are held fixed.
    """
    chosen = scenario if isinstance(scenario, Scenario) else read_scenario(scenario)
    view = statements if firms is None else statements.select(firms)
    models, without = fit_models(statements, view.firms, _funds(view.firms, liquid_funds))
    open_funds = {m.firm: NO_FUNDS for m in models if np.isnan(m.liquid_funds)}
    results = ScenarioResults(
        pd.DataFrame(), title="", definition="", scenarios=(chosen,), models=tuple(m for m in models if m.firm not in open_funds),
        without_model={**without, **open_funds}, shares=_shares(shares), quarters=-(-horizon // 3), paths=paths, seed=seed,
        assumptions=tuple(dict.fromkeys(f"{c.restriction}: {c.reason} ({c.reference})" for c in chosen.changes)),
    )  # fmt: skip
    return results.attribution(responses=responses, threads=threads, progress=progress)


def fit_models(
    statements: Statements, firms: Sequence[str], liquid_funds: Mapping[str, float] | None = None
) -> tuple[list[CashModel], dict[str, str]]:
    """Return the fitted cash model of each firm, and the firms whose statements carry none, each with the reason."""
    models, without = [], {}
    for firm in firms:
        assumed = {"liquid_funds": liquid_funds[firm]} if liquid_funds and firm in liquid_funds else {}
        try:
            models.append(CashModel.fit(statements, firm, **assumed))
        except DataError as error:
            without[firm] = "; ".join(error.faults)
    return models, without


def _funds(firms: Sequence[str], given: float | Mapping[str, float] | None) -> dict[str, float]:
    """Return the assumed liquid funds by firm."""
    if given is None:
        return {}
    if isinstance(given, Mapping):
        for name in given:
            if name not in firms:
                raise unknown("firm of this run", name, firms)
        return dict(given)
    if len(firms) != 1:
        raise ValueError(
            f"liquid funds of CNY {given:,.0f} are given for {len(firms)} firms: name one firm, or give an amount for each: "
            f"{{{firms[0] if firms else 'firm'!r}: amount}}"
        )
    return {firms[0]: float(given)}


def _shares(given: Mapping[str, float] | None) -> dict[str, float]:
    known = sorted({str(name) for name in levers()["applies_to"]} - {"", "investor_classes", "regimes"})
    for name, share in (given or {}).items():
        if name not in known:
            raise unknown("exposure", name, known)
        if not 0 <= share <= 1:
            raise ValueError(f"{name} is {share}; a share of revenue is from 0 to 1")
    return dict(given or {})


def _read(names: Sequence[str | os.PathLike[str] | Scenario]) -> tuple[Scenario, ...]:
    if isinstance(names, (str, os.PathLike)):
        names = [names]
    sources = [name for name in names if not isinstance(name, Scenario)]
    found = read_scenarios("baseline", *sources)
    found |= {s.name: s for s in names if isinstance(s, Scenario)}
    return tuple(found.values())


def _table(rows: list[dict[str, Any]], columns: Sequence[str]) -> pd.DataFrame:
    table = pd.DataFrame([{**dict.fromkeys(columns, ""), "default": True, **row} for row in rows], columns=list(columns))
    numbers = ("value", "low", "high", "share", "error", "difference", "difference_error", "direct", "response", "liquid_funds")
    for column in (c for c in numbers if c in table):
        table[column] = pd.to_numeric(table[column], errors="coerce")
    return table


def frozen_inputs(
    statements: Statements,
    chosen: Sequence[Scenario],
    paths: int = 0,
    seed: int = 0,
    given: Mapping[str, float | None] | None = None,
) -> pd.DataFrame:
    """Return what goes into a run, with a digest each, so that a result can be told from one of other inputs.

    `given` holds what the caller assumed: liquid funds and shares by name.
    """
    read = statements.facts[["fact_id", "value", "currency", "published_on", "read_from", "status"]].sort_values(["fact_id", "value"])
    facts = hashlib.sha256(read.to_csv(index=False, float_format="%.15g").encode()).hexdigest()[:12]
    rows = [("facts", f"as of {statements.day}", facts), *(("scenario", s.name, s.digest) for s in chosen)]
    rows += [("table", f"{name}.csv", _digest(f"{name}.csv")) for name in TABLES]
    rows += [("regime", path.stem, _digest(f"restrictions/{path.name}")) for path in sorted((data_root() / "restrictions").glob("*.toml"))]
    if paths:
        rows.append(("draws", f"{paths} paths", f"seed {seed}"))
    rows += [("assumed", name, f"{value:.15g}") for name, value in (given or {}).items() if value is not None]
    return pd.DataFrame(rows, columns=["kind", "name", "digest"])


def _digest(name: str) -> str:
    return hashlib.sha256((data_root() / name).read_bytes()).hexdigest()[:12]
