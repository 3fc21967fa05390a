"""Deterministic runway: liquid funds over net burn, where both are known and recent; otherwise why not.

Nothing is assumed: a first half is never annualised, a missing line is named, stale figures are refused, and where liquid funds alone are
missing the answer is a line (how much would last how long), never a point.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from finmodel.data import rows as as_rows
from finmodel.firms import find_firm
from finmodel.liquidity import (
    CAPITAL_EXPENDITURE,
    LIQUID_FUNDS,
    STALE_AFTER_MONTHS,
    Flow,
    Fund,
    age_in_months,
    each_mark,
    in_main_currency,
    is_stale,
    last_with_capital,
    liquid_funds,
    main_currency,
    yearly_flows,
)
from finmodel.ratios.compute import compute_ratios, facts_used
from finmodel.results import RECORD_COLUMNS, Results
from finmodel.statements import Statements
from finmodel.units import add_months, parse_date

HORIZONS = (12, 24, 36)


@dataclass(frozen=True, eq=False)
class RunwayResults(Results):
    """Runway of several firms; ``realised`` holds liquid funds reported after the day, for hindsight only."""

    hidden: tuple[str, ...] = ("default", "mark", "until")
    realised: pd.DataFrame = field(default_factory=pd.DataFrame)

    def both_ways(self) -> list[str]:
        """Say each firm's runway with and without capital expenditure, where both can be computed over the same twelve months."""
        table = self.table[self.table["quantity"].eq("runway") & self.table["value"].notna()]
        without = table.set_index(["firm", "variant"])["value"]
        said = []
        for row in as_rows(table[table["default"]]):
            other = (row["firm"], row["variant"].replace(", with ", ", without "))
            if other in without.index and other[1] != row["variant"]:
                funds = row["variant"].split(", with")[0]
                months = f"{row['value']:.1f} months with capital expenditure, {float(without[other]):.1f} without"
                said.append(f"{row['firm']}, {funds}: {months}")
        return said


def cash_runway(statements: Statements, firms: Sequence[str] | None = None) -> RunwayResults:
    """Compute the deterministic runway of each firm as of the day of `statements`.

    Formula
    -------
    runway (months) = liquid funds / net burn per month; net burn = -(operating cash flow - capital expenditure) over twelve months / 12

    Parameters
    ----------
    statements : Statements
        As known on the day that is wanted.
    firms : sequence of str, optional
        Only these firms.

    Returns
    -------
    RunwayResults
        Records of the quantities liquid_funds, net_burn and gross_burn (currency per month), runway (months, with and without
        capital expenditure; the hidden column ``until`` is the month in which it ends), interim_burn (currency, over the months
        reported since the last full year and never annualised), due_within_12_months, preferred_share_redemption, and
        funds_needed_12m, _24m, _36m where liquid funds are not known. A runway is a point only where liquid funds and twelve months
        of cash flow are both dated within twelve months of the day. Where the latest twelve months do not give capital expenditure,
        a further net_burn and runway stand on the last twelve months that do, of status "stale" if these are old: a runway without
        capital expenditure never stands alone where one with it can be had. Where two accounting bases give a year, the latest
        filing is taken and the note says so.

    Raises
    ------
    LookupError
        If a firm has no figures by the day; the nearest names are proposed.

    References
    ----------
    ASC 205-40 and HKAS 1.25-26 ask for cash against outflows over the twelve months from the accounts.

    Examples
    --------
    >>> from finmodel.statements import load_statements
    >>> result = cash_runway(load_statements().as_of("2023-04-30"), ["sensetime"])
    >>> shown = result.table.set_index(["quantity", "variant"])["value"]
    >>> round(float(shown["runway", "total cash reserve, with capital expenditure"]))
    24
    >>> round(float(shown["runway", "total cash reserve, without capital expenditure"]))
    65
    """
    chosen = statements.firms if firms is None else statements.select(firms).firms
    rows: list[dict[str, Any]] = []
    used: list[tuple[Any, ...]] = []
    for firm in chosen:
        for row, ids in _firm_rows(statements, firm):
            rows.append({**dict.fromkeys(RECORD_COLUMNS, ""), "firm": firm, "mark": "", "default": False, "until": "", **row})
            used += [(firm, row["period"], row["quantity"], row["variant"], one) for one in ids]
    table = pd.DataFrame(rows, columns=[*RECORD_COLUMNS, "mark", "default", "until"])
    table["value"] = table["value"].astype(float)
    return RunwayResults(
        table=table,
        title=f"Cash runway as known on {statements.day}",
        definition="runway = liquid funds / net burn per month; net burn = -(operating cash flow) + capital expenditure over twelve months "
        f"/ 12; computed only where liquid funds and cash flow are dated within {STALE_AFTER_MONTHS} months of the day",
        facts=facts_used(statements, used),
        assumptions=(
            "Burn stays what it was over the last twelve reported months; no new funding, no redemption.",
            "Liquid funds are taken as printed; restricted cash is not separable in any of the sources unless a note says so.",
        ),
        figure="runway",
        realised=_realised(statements, chosen),
    )


def beside(table: pd.DataFrame, row: Mapping[str, Any]) -> pd.DataFrame:
    """Return the runway with capital expenditure that stands beside `row`, one without; empty where the latest burn has both, or none.

    Parameters
    ----------
    table : DataFrame
        Of :func:`cash_runway`.
    row : mapping
        A row of it, of the quantity runway.
    """
    start = f"{str(row['variant']).split(', with')[0]}, {_with(True)} over "
    same = table["firm"].eq(row["firm"]) & table["quantity"].eq("runway")
    return table[same & table["variant"].map(lambda v: str(v).startswith(start))]


def _firm_rows(statements: Statements, firm: str) -> Iterator[tuple[dict[str, Any], tuple[str, ...]]]:
    on = statements.day
    funds, flows = liquid_funds(statements, firm), yearly_flows(statements, firm)
    currency = main_currency(statements, firm)
    newest = list({f.definition: f for f in reversed(funds)}.values())
    newest.sort(key=lambda f: (-f.day.toordinal(), list(LIQUID_FUNDS).index(f.definition)))
    fresh = [f for f in newest if not is_stale(f.day, on)]
    flow = flows[0] if flows else None
    whole = last_with_capital(flows)
    yield from _fund_rows(newest, fresh, on, currency)
    yield from _burn_rows(statements, firm, flow, on, currency)
    if flow is not None and whole is not None and whole is not flow:
        row, ids = _burn_row(whole, True, on, currency, default=False)
        yield {**row, "variant": _beside(whole, flow)}, ids
    yield from _interim_rows(statements, firm, currency)
    yield from _runway_rows(newest, fresh, flow, on, whole)
    if not fresh and flow is not None and not is_stale(flow.end, on):
        yield from _needed_rows(flow, currency)
    yield from _due_rows(statements, firm, currency)


def _fund_rows(newest: Sequence[Fund], fresh: Sequence[Fund], on: date, currency: str) -> Iterator[tuple[dict[str, Any], tuple[str, ...]]]:
    if not newest:
        yield _missing("liquid_funds", on.isoformat(), "any definition", f"missing: {_any_of(LIQUID_FUNDS)}"), ()
    for place, fund in enumerate(newest):
        age = age_in_months(fund.day, on)
        yield {
            "period": fund.day.isoformat(), "quantity": "liquid_funds", "variant": fund.definition, "vintage": fund.vintage,
            "value": fund.value, "unit": currency, "status": "stale" if is_stale(fund.day, on) else "reported",
            "note": _joined(f"{age} months old on {on}", fund.choice, fund.marks), "mark": fund.marks, "basis": fund.basis,
            "default": fund is (fresh[0] if fresh else newest[0]) or (place == 0 and not fresh),
        }, fund.fact_ids  # fmt: skip


def _burn_rows(
    statements: Statements, firm: str, flow: Flow | None, on: date, currency: str
) -> Iterator[tuple[dict[str, Any], tuple[str, ...]]]:
    for with_capital in (True, False):
        variant = _with(with_capital)
        if flow is None:
            reason = "missing: operating cash flow over twelve months"
            yield {**_missing("net_burn", on.isoformat(), variant, reason), "default": with_capital}, ()
            continue
        yield _burn_row(flow, with_capital, on, currency, default=with_capital)
    yield from _gross_rows(statements, firm, currency)


def _burn_row(flow: Flow, with_capital: bool, on: date, currency: str, default: bool) -> tuple[dict[str, Any], tuple[str, ...]]:
    value = flow.burn(with_capital)
    note = f"12 months: {flow.window}; {age_in_months(flow.end, on)} months old on {on}"
    if with_capital and flow.capital_item.endswith("_ppe"):
        note += "; property, plant and equipment only"
    return {
        "period": flow.window, "quantity": "net_burn", "variant": _with(with_capital), "value": value, "unit": f"{currency} per month",
        "status": _flow_status(value, flow, on), "note": _noted(_joined(note, flow.choice), flow.marks), "mark": flow.marks,
        "reason": _joined(f"missing: capital expenditure over {flow.window}", flow.choice) if np.isnan(value) else "",
        "basis": flow.basis, "default": default,
    }, flow.fact_ids  # fmt: skip


def _interim_rows(statements: Statements, firm: str, currency: str) -> Iterator[tuple[dict[str, Any], tuple[str, ...]]]:
    """Yield what the months reported since the last full year burned, as they were reported: a part of a year is never annualised."""
    lines = in_main_currency(statements, firm)
    flows = lines[lines["line_item"].eq("operating_cash_flow") & (lines["months"] > 0)]
    years = flows[flows["months"].eq(12)]
    years = years[years["period"].str.startswith("FY")] if years["period"].str.startswith("FY").any() else years  # not trailing months
    last_year = years["period_end"].max() if len(years) else ""
    parts = flows[(flows["months"] < 12) & (flows["period_end"] > last_year)].sort_values(["period_end", "months", "published_on"])
    if parts.empty:
        return
    row = as_rows(parts)[-1]
    capital = lines[lines["line_item"].isin(CAPITAL_EXPENDITURE) & lines["period"].eq(row["period"]) & lines["basis"].eq(row["basis"])]
    capital = capital.sort_values("line_item").head(1)  # capital_expenditure before capex_ppe
    stale = is_stale(parse_date(row["period_end"]), statements.day)
    for with_capital in (True, False):
        if with_capital and capital.empty:
            continue
        used = [row, *(as_rows(capital) if with_capital else [])]
        marks = "".join(m for m in "†~" if any(m in each["mark"] for each in used))
        yield {
            "period": row["period"], "quantity": "interim_burn", "variant": _with(with_capital), "basis": row["basis"],
            "vintage": row["vintage"], "value": -row["value"] + sum(each["value"] for each in used[1:]), "unit": currency,
            "status": "stale" if stale else "derived" if "~" in marks else "reported", "mark": marks,
            "note": _noted(f"over {row['months']} months, not annualised", marks), "default": with_capital or capital.empty,
        }, tuple(each["fact_id"] for each in used)  # fmt: skip


def _flow_status(value: float, flow: Flow, on: date) -> str:
    if np.isnan(value):
        return "not computable"
    if is_stale(flow.end, on):
        return "stale"
    return "self-funding" if value <= 0 else "derived" if "~" in flow.marks or "+" in flow.window else "reported"


def _gross_rows(statements: Statements, firm: str, currency: str) -> Iterator[tuple[dict[str, Any], tuple[str, ...]]]:
    """Gross burn without a direct cash-flow statement is a cost proxy: four-item cost less what costs no cash, where that is disclosed."""
    costs = compute_ratios(statements.select([firm]), ["total_operating_cost"]).defaults()
    years = costs[(costs["months"] == 12) & costs["value"].notna()]
    if years.empty:
        yield _missing("gross_burn", statements.day.isoformat(), "cost proxy", "missing: the four cost lines over twelve months"), ()
        return
    row = years.sort_values("period_end").iloc[-1]
    yield {
        "period": row["period"], "quantity": "gross_burn", "variant": "cost proxy", "basis": row["basis"], "vintage": row["vintage"],
        "value": row["value"] / 12, "unit": f"{currency} per month", "status": "proxy", "mark": row["mark"], "default": True,
        "note": "no direct cash-flow statement: four-item cost / 12, non-cash cost included" + (f"; {row['mark']}" if row["mark"] else ""),
    }, ()  # fmt: skip


def _runway_rows(
    newest: Sequence[Fund], fresh: Sequence[Fund], flow: Flow | None, on: date, whole: Flow | None
) -> Iterator[tuple[dict[str, Any], tuple[str, ...]]]:
    """Yield the runway of each definition of liquid funds; `whole` is the newest twelve months that give capital expenditure."""
    day = on.isoformat()
    reasons = _why_not(newest, fresh, flow, on)
    if reasons or flow is None:
        yield {**_missing("runway", day, _with(True), "; ".join(reasons)), "default": True}, ()
        yield {**_missing("runway", day, _with(False), "; ".join(reasons)), "default": False}, ()
        return
    for fund in fresh:
        if not np.isnan(flow.capital):
            yield _runway_row(fund, flow, True, on, default=fund is fresh[0])
            yield _runway_row(fund, flow, False, on, default=False)
            continue
        reason = _joined(f"missing: capital expenditure over {flow.window}", flow.choice)
        yield {**_missing("runway", day, f"{fund.definition}, {_with(True)}", reason), "default": False}, fund.fact_ids + flow.fact_ids
        row, ids = _runway_row(fund, flow, False, on, default=fund is fresh[0])
        if whole is None:
            yield {**row, "note": _joined(row["note"], "no twelve months give capital expenditure: an upper bound")}, ids
            continue
        beside, its_ids = _runway_row(fund, whole, True, on, default=False)
        said = "self-funding" if np.isnan(beside["value"]) else f"{beside['value']:.0f} months"
        yield {**row, "note": _joined(row["note"], f"{_beside(whole, flow)}: {said}")}, ids
        yield {**beside, "variant": f"{fund.definition}, {_beside(whole, flow)}"}, its_ids


def _runway_row(fund: Fund, flow: Flow, with_capital: bool, on: date, default: bool) -> tuple[dict[str, Any], tuple[str, ...]]:
    burn, marks = flow.burn(with_capital), each_mark(fund.marks + flow.marks)
    months = fund.value / burn if burn > 0 else float("nan")
    out = add_months(fund.day, int(months)) if burn > 0 and months < 1200 else None
    note = f"from {fund.day} at the burn over {flow.window}" + (f", lasts to {out:%b %Y}" if out else "")
    old = is_stale(flow.end, on)
    if old:
        note += f"; burn {age_in_months(flow.end, on)} months old on {on}"
    return {
        "period": on.isoformat(), "quantity": "runway", "variant": f"{fund.definition}, {_with(with_capital)}", "vintage": fund.vintage,
        "value": months, "unit": "months", "status": "self-funding" if burn <= 0 else "stale" if old else "computed",
        "note": _noted(_joined(note, *_bases(fund, flow)), marks), "mark": marks, "default": default,
        "reason": "" if burn > 0 else "self-funding: operating cash flow covers spending over the window",
        "until": f"{out:%Y-%m}" if out else "",
    }, fund.fact_ids + flow.fact_ids  # fmt: skip


def _why_not(newest: Sequence[Fund], fresh: Sequence[Fund], flow: Flow | None, on: date) -> list[str]:
    reasons = []
    if not newest:
        reasons.append(f"missing: liquid funds in the currency of the accounts ({_any_of(LIQUID_FUNDS)})")
    elif not fresh:
        last = max(newest, key=lambda f: f.day)
        reasons.append(f"stale: {last.definition} of {last.day} is {age_in_months(last.day, on)} months old")
    if flow is None:
        reasons.append("missing: operating cash flow over twelve months")
    elif is_stale(flow.end, on):
        reasons.append(f"stale: operating cash flow over {flow.window} is {age_in_months(flow.end, on)} months old")
    return reasons


def _needed_rows(flow: Flow, currency: str) -> Iterator[tuple[dict[str, Any], tuple[str, ...]]]:
    """Where liquid funds are not known: what they would have to be to last 12, 24 and 36 months."""
    for with_capital in (True, False):
        burn = flow.burn(with_capital)
        if np.isnan(burn) or burn <= 0:
            continue
        for months in HORIZONS:
            yield {
                "period": flow.window, "quantity": f"funds_needed_{months}m", "variant": _with(with_capital), "value": burn * months,
                "unit": currency, "status": "computed", "mark": flow.marks, "default": with_capital,
                "note": _noted(f"break-even: liquid funds that last {months} months at the burn over {flow.window}", flow.marks),
            }, flow.fact_ids  # fmt: skip


def _due_rows(statements: Statements, firm: str, currency: str) -> Iterator[tuple[dict[str, Any], tuple[str, ...]]]:
    lines = in_main_currency(statements, firm)
    due = lines[lines["line_item"].eq("borrowings_current")].sort_values("period_end")
    if due.empty:
        yield _missing("due_within_12_months", statements.day.isoformat(), "current borrowings", "missing: borrowings current"), ()
    else:
        row = due.iloc[-1]
        end = parse_date(row["period_end"])
        old = f"{age_in_months(end, statements.day)} months old on {statements.day}" if is_stale(end, statements.day) else ""
        yield {
            "period": row["period"], "quantity": "due_within_12_months", "variant": "current borrowings", "basis": row["basis"],
            "vintage": row["vintage"], "value": abs(row["value"]), "unit": currency, "status": "stale" if old else row["status"],
            "mark": row["mark"], "note": _noted(old, row["mark"]), "default": True,
        }, (row["fact_id"],)  # fmt: skip
    shares = lines[lines["line_item"].eq("preferred_shares_redemption_amount")].sort_values("period_end")
    listed = _listed_from(firm)
    if listed is not None and listed <= statements.day:
        reason = f"not applicable: listed since {listed}, when preferred shares convert"
        yield _missing("preferred_share_redemption", statements.day.isoformat(), "before listing", reason), ()
    elif shares.empty:
        reason = "missing: redemption terms of the preferred shares (date, price, trigger)"
        yield _missing("preferred_share_redemption", statements.day.isoformat(), "before listing", reason), ()
    else:
        row = shares.iloc[-1]
        yield {
            "period": row["period"], "quantity": "preferred_share_redemption", "variant": "before listing", "vintage": row["vintage"],
            "value": row["value"], "unit": currency, "status": row["status"], "mark": row["mark"], "default": True,
        }, (row["fact_id"],)  # fmt: skip


def _realised(statements: Statements, firms: Sequence[str]) -> pd.DataFrame:
    """Return the liquid funds that were reported after the day: firm, definition, day, value, published_on, vintage."""
    columns = ["firm", "definition", "day", "value", "published_on", "vintage", "mark"]
    if statements.later is None or statements.later.empty:
        return pd.DataFrame(columns=columns)
    known = Statements(pd.concat([statements.facts, statements.later], ignore_index=True))
    rows = [
        (firm, fund.definition, fund.day.isoformat(), fund.value, "", fund.vintage, fund.marks)
        for firm in firms
        for fund in liquid_funds(known, firm)
        if fund.day > statements.day
    ]
    table = pd.DataFrame(rows, columns=columns).sort_values(["firm", "definition", "day"], kind="stable").reset_index(drop=True)
    published = dict(zip(known.facts["document"], known.facts["published_on"], strict=True))
    table["published_on"] = table["vintage"].map(lambda v: max(published.get(x, "") for x in v.split(" + ")))
    return table


def _listed_from(firm: str) -> date | None:
    try:
        return find_firm(firm).listed_from
    except LookupError:
        return None


def _missing(quantity: str, period: str, variant: str, reason: str) -> dict[str, Any]:
    return {"period": period, "quantity": quantity, "variant": variant, "value": np.nan, "status": "not computable", "reason": reason,
            "default": True}  # fmt: skip


def _bases(fund: Fund, flow: Flow) -> tuple[str, ...]:
    """Say which accounts funds and burn were read in, where that was a choice."""
    differ = f"funds in {fund.basis} accounts, burn in {flow.basis} accounts" if fund.basis != flow.basis else ""
    return tuple(dict.fromkeys((flow.choice, fund.choice, differ)))


def _joined(*notes: str) -> str:
    return "; ".join(note for note in notes if note)


def _with(with_capital: bool) -> str:
    return "with capital expenditure" if with_capital else "without capital expenditure"


def _beside(whole: Flow, flow: Flow) -> str:
    """Name the burn with capital expenditure that stands beside a newer one without."""
    return f"{_with(True)} over {whole.window}" + (f" in {whole.basis} accounts" if whole.window == flow.window else "")


def _noted(note: str, marks: str) -> str:
    words = {"†": "† not read in the document itself", "~": "~ derived"}
    return _joined(note, *(words[m] for m in marks))


def _any_of(names: Mapping[str, object]) -> str:
    return ", ".join(list(names)[:-1]) + f" or {list(names)[-1]}"
