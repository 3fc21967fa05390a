"""Figures of the cash model: when the money runs out, the fan of cash, what must arrive, and how much of it is prior."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from finmodel.cashflow import CashModel
from finmodel.data import read_table, rows
from finmodel.figures.drawing import NothingToDrawError, Words, figure, remembered
from finmodel.figures.labels import firm_panels, label_ends, room, size_of
from finmodel.figures.style import FAINT, GREY, INK, LABEL, MUTED, NOTE, bn, colour, full_day, ink, month, pale, percent
from finmodel.figures.words import firm_name, listed, shown_firms, source_line
from finmodel.results import Results
from finmodel.run import fit_models
from finmodel.statements import Statements
from finmodel.survival import SurvivalResults

PATHS, QUARTERS, SEED = 20_000, 20, 7
"""Of the runs drawn in the pack; figures are rounded well above their Monte Carlo error."""
STALE_AFTER_DAYS = 366


@remembered
def fitted(statements: Statements) -> tuple[CashModel, ...]:
    """Fit the cash model of every firm shown whose statements carry one.

    Raises
    ------
    NothingToDrawError
        If no firm's statements do.
    """
    models, without = fit_models(statements, shown_firms(statements.facts))
    if not models:
        raise NothingToDrawError(f"no cash model: {'; '.join(without.values())}")
    return tuple(models)


@remembered
def survivals(statements: Statements) -> tuple[SurvivalResults, ...]:
    """Return the run of every firm shown."""
    return tuple(model.simulate(QUARTERS, PATHS, SEED) for model in fitted(statements))


def _each(results: SurvivalResults | Sequence[SurvivalResults]) -> tuple[SurvivalResults, ...]:
    return (results,) if isinstance(results, SurvivalResults) else tuple(results)


def funds_day(run: SurvivalResults | CashModel) -> date:
    """Return the day of the liquid funds from which the paths run, as the assumptions state it."""
    assumptions = run.assumptions() if isinstance(run, CashModel) else run.assumptions
    stated = re.search(r"those of (\d{4}-\d\d-\d\d)", " ".join(assumptions))
    return date.fromisoformat(stated[1]) if stated else run.start


def stale(run: SurvivalResults | CashModel) -> bool:
    """Whether the liquid funds from which the paths run are more than a year older than the day of the statements."""
    return (run.as_of - funds_day(run)).days > STALE_AFTER_DAYS


def recent(statements: Statements) -> tuple[CashModel, ...]:
    """Return the models of the firms shown whose liquid funds are disclosed and not stale.

    Raises
    ------
    NothingToDrawError
        If there is none.
    """
    known = tuple(m for m in fitted(statements) if m.liquid_funds == m.liquid_funds and not stale(m))
    if not known:
        raise NothingToDrawError("no firm's cash flow and recent liquid funds are both disclosed")
    return known


def disclosed(run: SurvivalResults) -> bool:
    """Whether liquid funds are disclosed, so that the answer is no function of assumed ones."""
    return not (run.table["status"] == "conditional").any()


def _grid(ax: Axes, count: int) -> list[Axes]:
    return firm_panels(ax, count, left=0.42, right=0.42, bottom=0.5, top=0.42)


@figure("survival", of=survivals, tall=1.7)
def survival(results: SurvivalResults | Sequence[SurvivalResults], ax: Axes) -> Words:
    """Draw the probability that each firm has run out of cash, by quarter, if no new money comes.

    Parameters
    ----------
    results : SurvivalResults or sequence of them
        One panel per firm.
    ax : matplotlib.axes.Axes
        Divided into panels.
    """
    runs = _each(results)
    drawn = []
    for panel, run in zip(_grid(ax, len(runs)), runs, strict=True):
        table = run.survival.assign(firm=run.firm.name)
        drawn.append(table)
        names = list(run.outcome.names)
        panel.set(xlim=(0, 3 * run.quarters), ylim=(0, 1.02), xticks=range(0, 3 * run.quarters + 1, 12), yticks=[0, 0.25, 0.5, 0.75, 1])
        panel.set_yticklabels(
            ["0%", "25%", "50%", "75%", "100%"] if panel in (ax.child_axes[0], *(ax.child_axes[2:] if size_of(ax)[0] < 8 else [])) else []
        )
        note = "assumed funds" if not disclosed(run) else f"funds of {month(funds_day(run))}{', stale' if stale(run) else ''}"
        panel.set_title(f"{firm_name(run.firm.name)}\n{note}", color=ink(run.firm.name))
        ends = []
        for place, name in enumerate(names):
            mine = table[table["scenario"] == name]
            months, gone = np.append(0, 3 * mine["quarter"]), np.round(np.append(0, mine["cash_out"]), 3)
            error = np.round(2 * np.append(0, mine["error"]), 3)
            tone, text = _look(run, place, name)
            panel.fill_between(months, np.clip(gone - error, 0, 1), np.clip(gone + error, 0, 1), color=pale(tone, 0.35), linewidth=0)
            panel.plot(months, gone, color=tone, linewidth=1.8 if place == 0 or not disclosed(run) else 1.2, clip_on=False)
            ends.append((3 * run.quarters, float(gone[-1]), text, ink(run.firm.name)))
        if disclosed(run):
            for mark in (12, 24):
                value = float(table.loc[(table["scenario"] == names[0]) & (table["quarter"] == mark // 3), "cash_out"].iloc[0])
                panel.plot(mark, value, "o", color=colour(run.firm.name), markersize=4)
                panel.text(mark - 1, value + 0.02, percent(value), size=NOTE, ha="right", va="bottom", color=ink(run.firm.name))
        label_ends(panel, [e for e in ends if e[2]], NOTE - 0.5, 0.04)
        panel.set_xlabel(f"months from {month(run.start)}", size=NOTE)
    return Words(
        runs_out(runs),
        "Probability that liquid funds have run out, by quarter, with no new money; band: twice the Monte Carlo error",
        "Thick: the cash model; thin grey: the same with receivables at constant days of sales. Where liquid funds are not disclosed, one "
        "line for each assumed amount, RMB bn. Cash-out never happened to these firms: the paths hold out new money by construction. "
        f"Most parameters rest on priors from other listed firms. {spends(runs)}",
        _read(runs),
        pd.concat(drawn, ignore_index=True)[["firm", "scenario", "quarter", "day", "cash_out", "error"]],
    )


def _look(run: SurvivalResults, place: int, name: str) -> tuple[str, str]:
    """Return colour and label of a line."""
    if disclosed(run):
        return (colour(run.firm.name), "") if place == 0 else (GREY, "")
    share = 1 - 0.75 * place / max(len(run.outcome.names) - 1, 1)
    amount = float(name.split("CNY ")[-1].split(" ")[0].replace(",", "")) * 1e6 if "CNY" in name else float("nan")
    return pale(colour(run.firm.name), max(share, 0.25)), bn(amount)


def _read(runs: Sequence[SurvivalResults]) -> str:
    return source_line(pd.concat([run.facts for run in runs], ignore_index=True))


def runs_out(runs: Sequence[SurvivalResults]) -> str:
    """Say with what probability each firm with recent liquid funds runs out of cash within 24 months, and who has none."""
    said, silent = [], []
    for run in runs:
        if not disclosed(run) or stale(run):
            silent.append(firm_name(run.firm.name))
            continue
        table = run.survival
        gone = table.loc[(table["scenario"] == run.outcome.names[0]) & (table["quarter"] == 8), "cash_out"].iloc[0]
        said.append(f"{percent(float(gone))} for {firm_name(run.firm.name)}")
    rest = f"no recent liquid funds from {listed(silent)}" if silent else ""
    text = f"Model, no new money: chance of running out within 24 months {listed(said)}" if said else ""
    found = "; ".join(part for part in (text, rest) if part)
    return found[:1].upper() + found[1:]


def spends(runs: Sequence[SurvivalResults]) -> str:
    """Say what each firm spends in the model's first year, beside what was reported."""
    told = (run for run in runs if run.first_year and disclosed(run) and not stale(run))
    return " ".join(run.first_year.replace(run.firm.name, firm_name(run.firm.name), 1) for run in told)


@figure("cash_fan", of=survivals, tall=1.7)
def cash_fan(results: SurvivalResults | Sequence[SurvivalResults], ax: Axes) -> Words:
    """Draw liquid funds by quarter as bands of 50, 80 and 90 percent, with what was reported later.

    Parameters
    ----------
    results : SurvivalResults or sequence of them
        Firms whose liquid funds are disclosed get a panel.
    ax : matplotlib.axes.Axes
        Divided into panels.
    """
    runs = [run for run in _each(results) if disclosed(run)]
    if not runs:
        raise NothingToDrawError("no firm's liquid funds are disclosed")
    for panel, run in zip(firm_panels(ax, len(runs), left=0.5, right=0.55, bottom=0.5, top=0.42), runs, strict=True):
        _fan(panel, run)
    hits, held = sum(int(run.realised["inside"].sum()) for run in runs), sum(len(run.realised) for run in runs)
    finding = (
        f"{hits} of {held} later reported amounts lie inside the 80% band, which leaves out money raised since" if held else _left(runs)
    )
    return Words(
        finding,
        "Liquid funds by quarter had every bill been paid and no new money come, RMB bn: bands of 50, 80 and 90 percent, and the median",
        "Below zero: what is short. Rings: liquid funds reported later by the same definition, for hindsight; they include money raised. "
        f"Firms without disclosed liquid funds have no fan. {spends(runs)}",
        _read(runs),
        pd.concat([_quantiles(run).assign(firm=run.firm.name) for run in runs], ignore_index=True),
    )


def _quantiles(run: SurvivalResults) -> pd.DataFrame:
    """Return liquid funds by quarter under the first scenario."""
    return run.cash_quantiles[run.cash_quantiles["scenario"] == run.outcome.names[0]]


def _fan(panel: Axes, run: SurvivalResults) -> None:
    """Draw one firm's bands, its middle path and what it reported later."""
    fan, later, name = _quantiles(run), run.realised, run.firm.name
    start = float(np.mean(run.firm.parameters["liquid_funds"])) / 1e9
    months = np.append(0, 3 * fan["quarter"])
    levels = {level: np.round(np.append(start, fan[level] / 1e9), 3) for level in ("5%", "10%", "25%", "50%", "75%", "90%", "95%")}
    for low, high, share in (("5%", "95%", 0.16), ("10%", "90%", 0.3), ("25%", "75%", 0.5)):
        panel.fill_between(months, levels[low], levels[high], color=pale(colour(name), share), linewidth=0)
    panel.plot(months, levels["50%"], color=colour(name))
    rings: dict[str, Any] = {"color": "white", "markeredgecolor": INK, "markersize": 6, "markeredgewidth": 1.4, "zorder": 5}
    panel.plot(3 * later["quarter"], later["realised"] / 1e9, "o", **rings)
    panel.axhline(0, color=MUTED, linewidth=0.8)
    tallest = max(levels["95%"].max(), (later["realised"] / 1e9).max() if len(later) else 0)
    panel.set(xlim=(0, 3 * run.quarters), ylim=(-0.6 * tallest, 1.1 * tallest), xticks=range(0, 3 * run.quarters + 1, 12))
    since = f"funds of {full_day(funds_day(run))}{', stale' if stale(run) else ''}"
    panel.set_title(f"{firm_name(name)}, RMB bn\n{since}", color=ink(name))
    panel.set_xlabel("months", size=NOTE)
    ends = {level: float(levels[level][-1]) for level in ("5%", "25%", "50%", "75%", "95%")}
    shown = [(3.0 * run.quarters, end, level, ink(name)) for level, end in ends.items() if end > -0.6 * tallest]
    if shown:
        label_ends(panel, shown, NOTE - 0.5, 0.04)


def _left(runs: Sequence[SurvivalResults]) -> str:
    """Say what half of the paths have left after a year, for firms with recent liquid funds."""
    said = []
    for run in (r for r in runs if not stale(r)):
        fan = run.cash_quantiles
        row = fan[(fan["scenario"] == run.outcome.names[0]) & (fan["quarter"] == 4)].iloc[0]
        said.append(f"RMB {bn(row['50%'])} bn for {firm_name(run.firm.name)} by {month(row['day'])}")
    return f"With no new money, liquid funds come to {listed(said)} in the middle path" if said else "No firm has recent liquid funds"


def gaps(statements: Statements) -> tuple[Results, ...]:
    """Return what must arrive for every firm shown whose liquid funds are disclosed."""
    runs = [run for run in survivals(statements) if disclosed(run) and not stale(run)]
    found = tuple(gap for run in runs if len((gap := run.funding_gap()).table))
    if not found:
        raise NothingToDrawError("no firm's liquid funds are disclosed and recent enough for a funding gap")
    return found


@figure("funding_gap", of=gaps)
def funding_gap(results: Results | Sequence[Results], ax: Axes) -> Words:
    """Draw what must arrive to keep cash-out improbable, against the day on which it arrives.

    Parameters
    ----------
    results : Results or sequence of Results
        Of :meth:`finmodel.SurvivalResults.funding_gap`; one panel per firm.
    ax : matplotlib.axes.Axes
        Divided into panels.
    """
    each = (results,) if isinstance(results, Results) else tuple(results)
    said, drawn = [], []
    for panel, one in zip(firm_panels(ax, len(each), left=0.5, right=0.3, bottom=0.5, top=0.45), each, strict=True):
        table, firm = one.table, str(one.table["firm"].iloc[0])
        drawn.append(table)
        known = table[table["value"].notna()]
        panel.set_title(f"{firm_name(firm)}, RMB bn\n{table['variant'].iloc[0]}", color=ink(firm))
        top = 1.25 * max(known["value"].max() / 1e9 if len(known) else 0, 0.1)
        panel.set(xlim=(-0.6, len(table) - 0.4), ylim=(0, top), xticks=range(len(table)))
        panel.set_xticklabels(
            [month(day) for day in table["period"]], size=NOTE, rotation=0 if size_of(panel)[0] > 0.62 * len(table) else 90
        )
        for x, row in enumerate(rows(table)):
            if row["value"] != row["value"]:
                panel.text(x, 0.02 * top, "no amount suffices", rotation=90, size=NOTE, color=MUTED, ha="center", va="bottom")
                continue
            value, error = round(row["value"] / 1e9, 2), round(2 * row["error"] / 1e9, 2)
            panel.bar(x, value, 0.6, color=colour(firm))
            panel.errorbar(x, value, error, color=INK, linewidth=1, capsize=2)
            panel.text(x, value + error + 0.01 * top, bn(row["value"]), size=LABEL, ha="center", va="bottom", color=ink(firm))
        if len(known):
            first = rows(known)[0]
            said.append(f"{firm_name(firm)} needs RMB {bn(first['value'])} bn by {month(first['period'])}")
        else:
            said.append(f"no amount that comes after the day keeps {firm_name(firm)} safe")
    target = each[0].table["variant"].iloc[0].partition("with probability ")[2].partition(" ")[0]
    return Words(
        f"To keep the chance of running out within two years at {target}, {listed(said)}",
        "The smallest amount that, arriving by the day, holds the probability, RMB bn; line: twice the Monte Carlo error",
        "No amount suffices where too many paths end before the money comes. Two years are counted from the date of the liquid funds. "
        + each[0].definition
        + ".",
        source_line(pd.concat([one.facts for one in each], ignore_index=True)),
        pd.concat(drawn, ignore_index=True)[["firm", "period", "variant", "value", "error", "unmet", "status", "reason"]],
    )


@figure("priors", of=fitted, tall=1.7)
def priors(results: CashModel | Sequence[CashModel], ax: Axes) -> Words:
    """Draw each parameter's prior and, for each firm, where its figures moved it, in standard deviations of the prior.

    Parameters
    ----------
    results : CashModel or sequence of them
        At most four firms.
    ax : matplotlib.axes.Axes
        Parameters from top to bottom.
    """
    models = (results,) if isinstance(results, CashModel) else tuple(results)[:4]
    table = pd.concat([_standardised(model) for model in models], ignore_index=True)
    names = list(dict.fromkeys(table["parameter"]))
    small = size_of(ax)[1] < 4
    room(ax, left=2.1, right=0.1, top=0.3, bottom=0.4)
    ax.set(xlim=(-4, 4), ylim=(len(names) - 0.5, -0.5), yticks=range(len(names)))
    ax.set_yticklabels([name.replace("_", " ") for name in names], size=3.4 if small else NOTE - 0.5)
    ax.grid(visible=False)
    ax.axvspan(-1.96, 1.96, color=FAINT, alpha=0.5, linewidth=0)
    ax.axvline(0, color=GREY, linewidth=0.8)
    ax.set_xlabel("standard deviations of the prior from its mean; grey: the prior's 95 % interval", size=NOTE)
    for place, model in enumerate(models):
        shift = (place - (len(models) - 1) / 2) * 0.8 / len(models)
        mine, tone = table[table["firm"] == model.firm], colour(model.firm)
        y = mine["parameter"].map(names.index) + shift
        own = mine["prior_share"] < 0.5
        for kept, look in ((own, tone), (~own, pale(tone))):
            ax.hlines(y[kept], mine["low"][kept].clip(-4, 4), mine["high"][kept].clip(-4, 4), color=look, linewidth=1.1)
        near = mine["value"].abs() <= 4
        ax.plot(mine["value"][near], y[near], "o", color=tone, markersize=2.2)
        ax.text(0.25 * place, 1.012, firm_name(model.firm), transform=ax.transAxes, color=ink(model.firm), weight="bold", size=LABEL)
    first = models[0]
    shares = first.params["prior_share"].dropna()
    heavy = int((shares > 0.5).sum())
    return Words(
        f"{heavy} of the {len(shares)} parameters of {firm_name(first.firm)} owe more than half of their precision to the prior",
        "Where each firm's own figures moved the prior, with 95 % intervals; pale: more than half of the precision is the prior's",
        "Priors come from panels of listed firms, of which only estimates ship (data/priors.csv); the firms' few observations update them. "
        "Parameters read directly from statements (liquid funds, receivables, revenue) have no prior and are left out.",
        source_line(pd.concat([model.sources() for model in models], ignore_index=True)),
        table,
    )


def _standardised(model: CashModel) -> pd.DataFrame:
    """Return value and interval of each parameter that has a prior, in standard deviations from the prior's mean."""
    prior = read_table("priors").set_index("parameter")
    transforms: dict[str, Callable[[float], Any]] = {"log": np.log, "identity": float, "logit": lambda x: np.log(x / (1 - x))}
    out = []
    for row in rows(model.params):
        if row["parameter"] not in prior.index or row["prior_share"] != row["prior_share"]:
            continue
        known = prior.loc[row["parameter"]]
        mean, sd = float(known["mean"]), float(known["sd"])
        if sd == 0 or (known["unit"] != row["unit"] and row["prior"] == row["parameter"] and row["unit"].startswith("currency")):
            continue
        move = transforms[known["transform"]]
        with np.errstate(divide="ignore", invalid="ignore"):
            value, low, high = ((float(move(row[k])) - mean) / sd for k in ("value", "low", "high"))
        out.append((model.firm, row["parameter"], value, low, high, row["prior_share"]))
    return pd.DataFrame(out, columns=["firm", "parameter", "value", "low", "high", "prior_share"]).round(3)
