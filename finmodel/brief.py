"""One firm in sentences that can be quoted: the number, its definition, the page it came from, how sure we are, the restrictions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from finmodel.data import read_table, rows
from finmodel.firms import find_firm, firms
from finmodel.ratios.compute import RatioResults, compute_ratios
from finmodel.ratios.dependence import latest_dependence
from finmodel.restrictions.designations import Designation, shipped_names
from finmodel.restrictions.regimes import load_regimes
from finmodel.results import RECORD_COLUMNS, Results
from finmodel.runway import RunwayResults, beside, cash_runway
from finmodel.sources import cite, quoted_day
from finmodel.statements import Statements
from finmodel.units import parse_date

UNITS = {"CNY": "yuan", "HKD": "Hong Kong dollars", "USD": "dollars", "EUR": "euros", "GBP": "pounds"}
SURE = {
    "confirmed": "two independent sources",
    "single": "one source",
    "derived": "derived from printed figures",
    "vendor": "in part from a data vendor's copy",
    "proxy": "a proxy for lines that are not disclosed",
    "stale": "out of date",
    "reported": "as reported",
    "computed": "computed from reported figures",
}


@dataclass(frozen=True, eq=False)
class Brief(Results):
    """A brief: one row per sentence, with the records' columns and sentence, definition, sources, sure."""

    firm: str = ""
    hidden: tuple[str, ...] = ("default",)

    def summary(self) -> str:
        """Return the brief as text."""
        lines = [self.title, "=" * len(self.title), ""]
        for row in rows(self.table):
            lines.append(row["sentence"])
            lines += [f"    {word}: {row[key]}" for word, key in (("Defined", "definition"), ("How sure", "sure")) if row[key]]
            lines += [f"    Source: {one}" for one in row["sources"].split("\n") if one]
            lines.append("")
        return "\n".join([*lines, self.definition])

    def _repr_html_(self) -> str:
        import html

        return f"<pre>{html.escape(self.summary())}</pre>"


def build_brief(statements: Statements, firm: str) -> Brief:
    """Write the brief of one firm as of the day of `statements`.

    Parameters
    ----------
    statements : Statements
        As known on the day that is wanted.
    firm : str
        Short name, name or alias of the firm.

    Returns
    -------
    Brief
        One row per sentence with its numbers; ``print`` gives the whole.

    Raises
    ------
    LookupError
        If there are no facts of such a firm; the nearest names are proposed.

    Examples
    --------
    >>> from finmodel.statements import load_statements
    >>> print(build_brief(load_statements().as_of("2021-11-30"), "sensetime").table["sentence"].iloc[0])
    SenseTime spent 1.62 yuan to bring in 1 yuan of revenue in FY 2020.
    """
    name, title = _names(statements, firm)
    chosen = statements.select([name])
    ratios, cash = compute_ratios(chosen), cash_runway(chosen)
    parts = [*_cost(ratios, title), *_loss(ratios, title), *_cash(cash, title), *_dependence(ratios, title)]
    parts += [*_restrictions(name, title, statements.day), *_listings(name, title, statements.day)]
    columns = [*RECORD_COLUMNS, "sentence", "definition", "sure", "sources"]
    table = pd.DataFrame([{**dict.fromkeys(columns, ""), "firm": name, **part} for part in parts], columns=columns)
    table["value"] = pd.to_numeric(table["value"], errors="coerce")
    return Brief(
        table=table,
        title=f"{title} as known on {quoted_day(statements.day)}",
        definition="† not read in the document itself; ~ derived. Documents: finmodel sources QUANTITY --firm " + name,
        facts=pd.concat([ratios.facts, cash.facts], ignore_index=True),
        firm=name,
    )


def _names(statements: Statements, firm: str) -> tuple[str, str]:
    try:
        found = find_firm(firm)
    except LookupError:
        statements.select([firm])
        return firm, firm
    return (found.firm, found.name_en) if found.firm in statements.firms else (firm, firm)


def _cost(ratios: RatioResults, title: str) -> Iterator[dict[str, Any]]:
    known = _known(ratios, "cost_to_revenue")
    years = known[known["months"] == 12]
    for kind in (years, known[known["months"] < 12]):
        if kind.empty:
            continue
        row = kind.sort_values("period_end").iloc[-1]
        if kind is not years and len(years) and row["period_end"] <= years["period_end"].max():
            continue
        unit = UNITS.get(_currency(ratios), _currency(ratios) or "unit of currency")
        about = "about " if row["proxy"] else ""
        sentence = f"{title} spent {about}{row['value']:.2f} {unit} to bring in 1 {_singular(unit)} of revenue in {row['period']}."
        yield {
            **_record(ratios, row),
            "sentence": sentence,
            "definition": f"{row['variant']}: {_formula('cost_to_revenue', row['variant'])}",
        }
    if known.empty:
        reason = _reason(ratios, "cost_to_revenue")
        yield {"quantity": "cost_to_revenue", "reason": reason, "status": "not computable",
               "sentence": f"What {title} spends for each unit of revenue cannot be computed: {reason}."}  # fmt: skip


def _loss(ratios: RatioResults, title: str) -> Iterator[dict[str, Any]]:
    for quantity, words in (
        ("net_loss", "as reported"),
        ("net_loss_before_fair_value", "without the fair-value change of preferred shares"),
    ):
        known = _known(ratios, quantity)
        known = known[known["months"] == 12]
        if known.empty:
            continue
        row = known.sort_values("period_end").iloc[-1]
        verb = "lost" if row["value"] < 0 else "earned"
        said = "before non-recurring items" if row["variant"] == "loss before non-recurring items" else words
        sentence = f"It {verb} {money(abs(row['value']), row['unit'])} in {row['period']}, {said}."
        yield {**_record(ratios, row), "sentence": sentence, "definition": _formula(quantity, row["variant"])}


def _cash(cash: RunwayResults, title: str) -> Iterator[dict[str, Any]]:
    shown = {row["quantity"]: row for row in rows(cash.defaults())}
    funds, runway = shown["liquid_funds"], shown["runway"]
    if pd.notna(funds["value"]):
        sentence = f"It held {money(funds['value'], funds['unit'])} ({funds['variant']}) on {quoted_day(parse_date(funds['period']))}."
        yield {**_record(cash, funds), "sentence": sentence, "definition": f"liquid funds: {funds['variant']} as printed"}
    yield from _burns(cash)
    if pd.notna(runway["value"]):
        sentence = f"Its liquid funds ({runway['variant'].split(', with')[0]}) last {_lasting(cash, runway)}."
        yield {**_record(cash, runway), "sentence": sentence, "definition": "runway: liquid funds / net burn per month"}
    elif runway["status"] == "self-funding":
        yield {**_record(cash, runway), "sentence": f"{title} funds itself: {runway['reason'].removeprefix('self-funding: ')}."}
    else:
        sentence = f"Its runway cannot be computed from public figures: {runway['reason']}."
        yield {**_record(cash, runway), "sentence": sentence, "definition": "runway: liquid funds / net burn per month"}
    needed = shown.get("funds_needed_24m")
    if needed is not None:
        sentence = f"To last 24 months at the burn over {needed['period']} it would need {money(needed['value'], needed['unit'])}."
        yield {**_record(cash, needed), "sentence": sentence, "definition": "24 x net burn per month"}


def _burns(cash: RunwayResults) -> Iterator[dict[str, Any]]:
    """Say what twelve months burned, with capital expenditure where it is known, and what the months since the last full year did."""
    burns = cash.table[cash.table["quantity"].eq("net_burn") & cash.table["value"].notna()].sort_values("default", ascending=False)
    default = burns[burns["default"]]
    for row in rows(default if len(default) else burns):
        said = f"{_burned(row, 'a month ')} over {row['period']}, {row['variant'].split(' over ')[0]}."
        yield {**_record(cash, row), "sentence": said, "definition": f"net burn: {_spent(row)}, / 12"}
    interim = cash.table[cash.table["quantity"].eq("interim_burn") & cash.table["default"] & cash.table["status"].ne("stale")]
    for row in rows(interim):
        said = f"{_burned(row)} in {spelled(row['period'])}, {row['variant']} (not annualised)."
        yield {**_record(cash, row), "sentence": said, "definition": f"interim burn: {_spent(row)}"}


def _spent(row: dict[str, Any]) -> str:
    return "-(operating cash flow)" + ("" if row["variant"].startswith("without ") else " + capital expenditure")


def _burned(row: dict[str, Any], each: str = "") -> str:
    verb = "burned" if row["value"] > 0 else "took in"
    return f"It {verb} {money(abs(row['value']), row['unit'].removesuffix(' per month'))} {each}".rstrip()


def _lasting(cash: RunwayResults, runway: dict[str, Any]) -> str:
    """Say how long funds last; without capital expenditure never without the figure with it, or the reason why there is none."""
    burn = runway["note"].split("at the burn over ")[1].split(",")[0].split(";")[0]
    said = f"{_months(runway)} at the burn over {burn}, {_kind(runway)}"
    if _kind(runway).startswith("with "):
        other = cash.table[cash.table["variant"] == runway["variant"].replace(", with ", ", without ")]
        other = other[other["quantity"].eq("runway") & other["value"].notna()]
        return f"{said}, and {_months(rows(other)[0])} without it" if len(other) else said
    found = rows(beside(cash.table, runway))
    if not found:
        return f"{said}; capital expenditure is not disclosed for any twelve months, so that this is an upper bound"
    age = found[0]["note"].split("; burn ")[1].split(" on ")[0] if "; burn " in found[0]["note"] else ""
    period = found[0]["variant"].split(" over ")[1] + (f", {age}," if age else ",")
    return f"{said}, and {_months(found[0])} at the burn over {period} with it"


def _kind(runway: dict[str, Any]) -> str:
    return str(runway["variant"]).rsplit(", ", 1)[1]


def _months(row: dict[str, Any]) -> str:
    if pd.isna(row["value"]):
        return "without end (self-funding)"
    return f"{'more than 60' if row['value'] > 60 else format(row['value'], '.0f')} months"


def spelled(period: str) -> str:
    """Return a part of a year in words.

    Examples
    --------
    >>> spelled("H1 2025"), spelled("9M 2025"), spelled("FY 2024")
    ('the first half of 2025', 'the first nine months of 2025', 'FY 2024')
    """
    words = {"H1": "the first half of", "H2": "the second half of", "9M": "the first nine months of", "Q1": "the first quarter of"}
    part, _, year = period.partition(" ")
    return f"{words[part]} {year}" if part in words else period


def _dependence(ratios: RatioResults, title: str) -> Iterator[dict[str, Any]]:
    known = _known(ratios, "government_dependence")
    if known.empty:
        return
    row, low, high = latest_dependence(known)
    span = f"{low:.0%} to {high:.0%}" if high - low > 0.005 else f"{row['value']:.0%}"
    sentence = f"Public-sector demand stood for {span} of its revenue in {row['period']} ({row['variant']})."
    if row["proxy"]:
        name = row["variant"].removesuffix(", share as printed")
        over = f" ({span} over its two latest periods)" if high - low > 0.005 else ""
        sentence = (
            f"What the public sector buys is not disclosed; a proxy for it, the {name}, was {row['value']:.0%} of revenue in "
            f"{row['period']}{over}."
        )
    yield {**_record(ratios, row), "sentence": sentence, "definition": _formula("government_dependence", row["variant"])}


def _restrictions(firm: str, title: str, day: date) -> Iterator[dict[str, Any]]:
    regimes = load_regimes()
    mine = [d for d in shipped_names().designations if d.firm == firm]
    for one in mine:
        if not one.in_force(day, day):
            continue
        sure = "; ".join(filter(None, (SURE.get(one.status, one.status), one.note)))
        sentence = _restriction_sentence(one, regimes[one.regime].title, day)
        yield {"period": day.isoformat(), "quantity": "restriction", "variant": one.regime, "status": one.status,
               "sentence": sentence, "sure": sure, "sources": f"{one.citation}; {one.source}"}  # fmt: skip
    checked = min(regime.verified_to for regime in regimes.values())
    if day > checked:
        sentence = f"The law was checked to {quoted_day(checked)}: what changed after it is not known here."
        yield {"period": day.isoformat(), "quantity": "restriction", "variant": "law", "status": "unverified", "sentence": sentence}
    if not any(d.in_force(day, day) for d in mine):
        sentence = f"{title} is on none of the lists held here on {quoted_day(day)}."
        yield {"period": day.isoformat(), "quantity": "restriction", "status": "none", "sentence": sentence}


def _restriction_sentence(one: Designation, title: str, day: date) -> str:
    name = one.legal_name if one.relation == "issuer" else f"{one.legal_name} ({one.relation})"
    started = f"listed {quoted_day(one.listed_on)}"
    narrowed = shipped_names().narrowing(one)
    if narrowed:
        return f"{title}: {narrowed}."
    if one.effective_on > day:
        return f"{title}: {name} is {started}; it takes effect on {quoted_day(one.effective_on)}."
    open_still = one.divest_by is not None and day < one.divest_by
    divest = f"; trades to divest {'are' if open_still else 'were'} open until {quoted_day(one.divest_by)}" if one.divest_by else ""
    return f"{title}: {name} is {started}, in effect since {quoted_day(one.effective_on)}{divest}."


def _listings(firm: str, title: str, day: date) -> Iterator[dict[str, Any]]:
    events = read_table("events")
    mine = events[(events["firm"] == firm) & (events["date"] <= day.isoformat()) & events["event_type"].str.startswith("listing")]
    first_day = find_firm(firm).listed_from if any(one.firm == firm for one in firms()) else None
    listed = first_day is not None and first_day <= day
    mine = mine[mine["date"] == first_day.isoformat()] if listed and first_day else mine
    for row in rows(mine.sort_values("date").tail(1)):
        where = f" ({row['channel']})" if row["channel"] else ""
        when = quoted_day(parse_date(row["date"]))
        if row["date_precision"] in ("month", "year"):
            when = f"{when[when.index(' ') + 1 :]} (the day is not known)"
        later = any(int(year) > int(row["date"][:4]) for year in re.findall(r"\b20\d\d\b", row["outcome"]))  # told with hindsight
        outcome = f"; {row['outcome']}" if row["outcome"] and not later else ""
        sentence = f"Last step towards a listing, {when}: {row['event_type'].replace('_', ' ')}{where}{outcome}."
        if listed:
            sentence = f"{title} has been listed since {when}{where}."
        yield {"period": row["date"], "quantity": "listing_step", "status": row["status"], "sentence": sentence,
               "sure": SURE.get(row["status"], row["status"]), "sources": row["source"]}  # fmt: skip


def money(value: float, currency: str) -> str:
    """Return an amount as it is quoted.

    Examples
    --------
    >>> money(16602.7e6, "CNY"), money(203.25e6, "CNY"), money(5e5, "USD")
    ('RMB 16.6 bn', 'RMB 203 m', 'USD 0.5 m')
    """
    unit = "RMB" if currency == "CNY" else currency
    if abs(value) >= 1e9:
        return f"{unit} {value / 1e9:,.1f} bn"
    return f"{unit} {value / 1e6:,.0f} m" if abs(value) >= 1e7 else f"{unit} {value / 1e6:,.1f} m"


def _record(results: Results, row: Any) -> dict[str, Any]:
    record = {name: row[name] for name in RECORD_COLUMNS}
    found = results.sources(row["firm"], row["period"], row["quantity"])
    found = found[found["variant"] == row["variant"]]
    record["sources"] = "\n".join(dict.fromkeys(cite(one) for one in rows(found)))
    record["sure"] = "; ".join(x for x in (SURE.get(row["status"], row["status"]), row["note"]) if x)
    return record


def _known(ratios: RatioResults, quantity: str) -> pd.DataFrame:
    table = ratios.defaults()
    return table[(table["quantity"] == quantity) & table["value"].notna()]


def _reason(ratios: RatioResults, quantity: str) -> str:
    table = ratios.defaults()
    mine = table[table["quantity"] == quantity].sort_values("period_end")
    return str(mine["reason"].iloc[-1]) if len(mine) else "no period reports revenue or a result"


def _formula(quantity: str, variant: str) -> str:
    from finmodel.ratios import ratios as registry

    return registry[f"{quantity}: {variant}" if variant != "default" else quantity].formula


def _currency(ratios: RatioResults) -> str:
    used = ratios.facts["currency"]
    used = used[used.fillna("") != ""]
    return str(used.mode().iloc[0]) if len(used) else ""


def _singular(unit: str) -> str:
    return unit if unit == "yuan" else unit.removesuffix("s")
