"""Deterministic runway: liquid funds over net burn, where both are known and recent; otherwise why not.

Nothing is assumed: a first half is never annualised, a missing line is named, stale figures are refused, and where liquid funds alone are
missing the answer is a line (how much would last how long), never a point.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from finmodel.data import rows as as_rows
from finmodel.firms import find_firm
from finmodel.ratios.compute import Line, compute_ratios, facts_used
from finmodel.results import RECORD_COLUMNS, Results
from finmodel.statements import Statements
from finmodel.units import Period, add_months, parse_date

LIQUID_FUNDS: dict[str, tuple[str, ...]] = {
    "total cash reserve": ("total_cash_reserve",),
    "cash and short-term investments": ("cash_and_short_term_investments",),
    "cash and term deposits": ("cash_and_cash_equivalents", "term_deposits"),
    "cash and bank balances": ("cash_and_bank_balances",),
    "cash and cash equivalents": ("cash_and_cash_equivalents",),
}
"""Definitions of liquid funds, the widest first: each is a sum of line items as printed, and they are never mixed in one series."""
CAPITAL_EXPENDITURE = ("capital_expenditure", "capex_ppe")
HORIZONS = (12, 24, 36)
STALE_AFTER_MONTHS = 12


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a figure was read from: its marks and facts, its accounts, and why these where two accounting bases meet."""

    marks: str
    fact_ids: tuple[str, ...]
    basis: str
    published_on: str
    choice: str = ""


@dataclass(frozen=True)
class Flow(Reading):
    """Cash burned over twelve months: the window, the parts it was added up from, and the monthly amount."""

    window: str
    end: date
    months: int
    operating: float
    capital: float
    capital_item: str

    def burn(self, with_capital: bool) -> float:
        """Net burn per month: -(operating cash flow) plus, if wanted, capital expenditure; NaN where a part is not known."""
        return (-self.operating + (self.capital if with_capital else 0.0)) / self.months


@dataclass(frozen=True)
class Fund(Reading):
    """Liquid funds on a day by one definition."""

    definition: str
    day: date
    value: float
    vintage: str


@dataclass(frozen=True, eq=False)
class RunwayResults(Results):
    """Runway of several firms; ``realised`` holds liquid funds reported after the day, for hindsight only."""

    hidden: tuple[str, ...] = ("default", "mark", "until")
    realised: pd.DataFrame = field(default_factory=pd.DataFrame)


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


def liquid_funds(statements: Statements, firm: str) -> list[Fund]:
    """Return every reading of a firm's liquid funds in its main currency, per definition and balance date, the newest date first.

    Where two accounting bases give the same funds, the latest filing comes first.
    """
    lines = _in_main_currency(statements, firm)
    instants = lines[lines["months"] == 0]
    found = []
    for name, items in LIQUID_FUNDS.items():
        for (day, basis), group in instants[instants["line_item"].isin(items)].groupby(["period_end", "basis"]):
            if len(group) == len(items):
                fund = Fund(
                    name,
                    parse_date(str(day)),
                    float(group["value"].sum()),
                    " + ".join(dict.fromkeys(group["vintage"])),
                    marks=_marks("".join(group["mark"])),
                    fact_ids=tuple(group["fact_id"]),
                    basis=str(basis),
                    published_on=str(group["published_on"].max()),
                )
                found.append(fund)
    found.sort(key=lambda f: f.published_on, reverse=True)
    order = list(LIQUID_FUNDS)
    found.sort(key=lambda f: (-f.day.toordinal(), order.index(f.definition)))
    return [replace(f, choice=_choice(f, [o for o in found if (o.day, o.definition) == (f.day, f.definition)])) for f in found]


def yearly_flows(statements: Statements, firm: str) -> list[Flow]:
    """Return the twelve-month windows over which operating cash flow is known in the firm's main currency, the newest first.

    A window is a reported year or twelve months, two consecutive halves, or a year plus a half less the same half a year earlier. Where
    two accounting bases have windows that end on the same day, the latest filing comes first; of two published on the same day, the one
    that gives capital expenditure.
    """
    lines = _in_main_currency(statements, firm)
    flows = lines[(lines["months"] > 0) & lines["line_item"].isin(["operating_cash_flow", *CAPITAL_EXPENDITURE])]
    found = []
    for basis, mine in flows.groupby("basis"):
        book = amounts(mine)
        ends = sorted({p.end for p, item in book if item == "operating_cash_flow"}, reverse=True)
        found += [flow for end in ends if (flow := _yearly_flow(book, end, str(basis))) is not None]
    found.sort(key=lambda f: (f.end, f.published_on, not np.isnan(f.capital)), reverse=True)
    return [replace(f, choice=_choice(f, [o for o in found if o.end == f.end])) for f in found]


def _yearly_flow(book: Mapping[tuple[Period, str], Line], end: date, basis: str) -> Flow | None:
    operating = twelve_months(book, end, "operating_cash_flow")
    if operating is None:
        return None
    window, value, marks, ids = operating
    published = max(line.published_on for line in book.values() if line.fact_id in ids)
    capital, item = None, ""
    for item in CAPITAL_EXPENDITURE:
        capital = twelve_months(book, end, item)
        if capital is not None:
            break
    if capital is not None:
        marks, ids = marks + capital[2], ids + capital[3]
    amount, item = (capital[1], item) if capital else (float("nan"), "")
    return Flow(window, end, 12, value, amount, item, marks=_marks(marks), fact_ids=ids, basis=basis, published_on=published)


def _marks(of: str) -> str:
    """Return each mark once."""
    return "".join(m for m in "†~" if m in of)


def _choice(taken: Flow | Fund, of: Sequence[Flow | Fund]) -> str:
    """Say which accounts were taken where two bases meet; nothing where there is one."""
    others = [f"{o.basis or 'unnamed'} (published {o.published_on})" for o in of if o.basis != taken.basis]
    if not others:
        return ""
    return f"basis: {taken.basis or 'unnamed'} (published {taken.published_on}) before {' and '.join(others)}, the latest filing first"


def amounts(lines: pd.DataFrame) -> dict[tuple[Period, str], Line]:
    """Return flows by period and line item."""
    out = {}
    for row in as_rows(lines):
        period = Period(parse_date(row["period_end"]), parse_date(row["period_start"]))
        out[period, row["line_item"]] = Line(*(row[c] for c in Line._fields))
    return out


def twelve_months(book: Mapping[tuple[Period, str], Line], end: date, item: str) -> tuple[str, float, str, tuple[str, ...]] | None:
    """Return the sum of `item` over the twelve months to `end` as (how, value, marks, fact ids), or None where it cannot be added up."""
    mine = {p: line for (p, name), line in book.items() if name == item and p.start is not None}
    start = add_months(end + pd.Timedelta(days=1).to_pytimedelta(), -12)
    if Period(end, start) in mine:
        line = mine[Period(end, start)]
        return Period(end, start).label, line.value, line.mark, (line.fact_id,)
    for last in (p for p in mine if p.end == end and p.start and p.start > start):
        first = [p for p in mine if p.start == start and last.start and (last.start - p.end).days == 1]
        if first:
            parts = (mine[first[0]], mine[last])
            return f"{first[0]} + {last}", sum(x.value for x in parts), parts[0].mark + parts[1].mark, tuple(x.fact_id for x in parts)
        before = last.year_earlier()
        full = [p for p in mine if p.months == 12 and last.start and (last.start - p.end).days == 1]
        if full and before in mine:
            a, b, c = mine[full[0]], mine[last], mine[before]
            return (
                f"{full[0]} + {last} - {before}",
                a.value + b.value - c.value,
                a.mark + b.mark + c.mark,
                (a.fact_id, b.fact_id, c.fact_id),
            )
    return None


def age_in_months(day: date, on: date) -> int:
    """Return the full months from `day` to `on`."""
    months = (on.year - day.year) * 12 + on.month - day.month
    return months - (1 if add_months(day, months) > on else 0)


def is_stale(day: date, on: date) -> bool:
    """Tell whether figures of `day` are more than twelve months old on `on`."""
    return add_months(day, STALE_AFTER_MONTHS) < on


def _firm_rows(statements: Statements, firm: str) -> Iterator[tuple[dict[str, Any], tuple[str, ...]]]:
    on = statements.day
    funds, flows = liquid_funds(statements, firm), yearly_flows(statements, firm)
    currency = _currency(statements, firm)
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


def last_with_capital(flows: Sequence[Flow]) -> Flow | None:
    """Return the newest twelve months that give capital expenditure; None where none does."""
    return next((flow for flow in flows if not np.isnan(flow.capital)), None)


def _interim_rows(statements: Statements, firm: str, currency: str) -> Iterator[tuple[dict[str, Any], tuple[str, ...]]]:
    """Yield what the months reported since the last full year burned, as they were reported: a part of a year is never annualised."""
    lines = _in_main_currency(statements, firm)
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
    burn, marks = flow.burn(with_capital), _marks(fund.marks + flow.marks)
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
    lines = _in_main_currency(statements, firm)
    due = lines[lines["line_item"].eq("borrowings_current")].sort_values("period_end")
    if due.empty:
        yield _missing("due_within_12_months", statements.day.isoformat(), "current borrowings", "missing: borrowings current"), ()
    else:
        row = due.iloc[-1]
        yield {
            "period": row["period"], "quantity": "due_within_12_months", "variant": "current borrowings", "basis": row["basis"],
            "vintage": row["vintage"], "value": abs(row["value"]), "unit": currency, "status": row["status"], "mark": row["mark"],
            "note": _noted("", row["mark"]), "default": True,
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


def _in_main_currency(statements: Statements, firm: str) -> pd.DataFrame:
    """Return the firm's lines in the currency of most of its facts: amounts in another one are never put beside them."""
    lines = statements.lines(firm)
    return lines[lines["currency"].eq(_currency(statements, firm))]


def _currency(statements: Statements, firm: str) -> str:
    used = statements.facts.loc[statements.facts["firm"].eq(firm) & statements.facts["currency"].ne(""), "currency"]
    return str(used.mode().iloc[0]) if len(used) else ""


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
