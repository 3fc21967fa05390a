"""Apply the ratios to statements: one basis, one period, one currency for all operands, and a reason where there is no value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from finmodel.data import rows as as_rows
from finmodel.errors import unknown
from finmodel.facts import line_items
from finmodel.ratios.base import Ratio, ratios
from finmodel.results import RECORD_COLUMNS, Results
from finmodel.statements import Statements, converted
from finmodel.units import Period, parse_date

SOURCE_COLUMNS = (
    "firm", "period", "quantity", "variant", "line_item", "label", "value", "currency", "mark", "document", "page",
    "published_on", "read_from", "status", "source", "note", "fact_id",
)  # fmt: skip


class Line(NamedTuple):
    """One operand: a value with what is needed to judge it."""

    value: float
    currency: str
    vintage: str
    published_on: str
    mark: str
    status: str
    read_from: str
    fact_id: str


Book = Mapping[tuple[str, str, str], Line]
"""Lines of one firm and basis by (period start, period end, line item)."""


@dataclass(frozen=True, eq=False)
class RatioResults(Results):
    """Ratios of several firms; see :class:`finmodel.Results`.

    Attributes
    ----------
    table : pandas.DataFrame
        As in :class:`finmodel.Results`; ``low`` and ``high`` span the variants where disclosures differ, ``period_end`` and ``months``
        date the period.
    statements : Statements
        What the ratios were computed from.
    """

    hidden: tuple[str, ...] = ("default", "low", "high", "mark", "period_end", "months", "proxy", "order")
    statements: Statements | None = field(default=None, repr=False)

    def average(self, quantity: str, weights: str = "firms", period: str | None = None) -> pd.DataFrame:
        """Return the average of a ratio over firms, per period; the caller says which average.

        Parameters
        ----------
        quantity : str
            The ratio, such as ``"cost_to_revenue"``.
        weights : str
            ``"firms"``: plain mean over firms; ``"median"``: median over firms; else a line item: mean weighted by its amount, in
            one currency (weights ``"revenue"`` give the ratio of sums for a ratio to revenue).
        period : str, optional
            Only this period.

        Returns
        -------
        pandas.DataFrame
            period, value, firms (how many), names, weights.

        Raises
        ------
        LookupError
            If the quantity is not among the results.

        Examples
        --------
        >>> from finmodel.statements import load_statements
        >>> ratios = compute_ratios(load_statements().as_of("2021-11-30").select(["sensetime", "megvii"]))
        >>> ratios.average("cost_to_revenue", weights="revenue", period="H1 2021").round(2)["value"].tolist()
        [2.39]
        """
        table = self.defaults()
        if quantity not in set(table["quantity"]):
            raise unknown("quantity", quantity, set(table["quantity"]))
        table = table[(table["quantity"] == quantity) & table["value"].notna()]
        if period is not None:
            table = table[table["period"] == Period.parse(period).label]
        rows = [self._average(name, group, weights) for name, group in table.groupby("period", sort=False)]
        return pd.DataFrame(rows, columns=["period", "value", "firms", "names", "weights"])

    def _average(self, period: object, group: pd.DataFrame, weights: str) -> tuple[Any, ...]:
        kept = group
        if weights == "firms":
            value = group["value"].mean()
        elif weights == "median":
            value = group["value"].median()
        else:
            assert self.statements is not None
            lines = self.statements.lines(line_item=weights)
            if lines.empty:
                raise unknown("weights", weights, {"firms", "median", *line_items().index})
            lines = converted(lines[lines["period"].eq(str(period)) & lines["firm"].isin(group["firm"])], "CNY")
            kept = group.merge(lines[["firm", "period", "basis", "value"]], on=["firm", "period", "basis"], suffixes=("", "_weight"))
            value = np.average(kept["value"], weights=kept["value_weight"]) if len(kept) else np.nan
        return period, float(value), len(kept), ", ".join(kept["firm"]), weights


def compute_ratios(statements: Statements, names: Iterable[str] | None = None) -> RatioResults:
    """Compute every ratio for every firm and period that reports revenue or a result.

    Parameters
    ----------
    statements : Statements
        As known on the day that is wanted.
    names : iterable of str, optional
        Quantities to compute; all by default.

    Returns
    -------
    RatioResults
        One row per firm, period, quantity, variant, basis and vintage that has a value, and one row with the reason where no variant
        has. The default row takes the first variant that has a value, on the basis of the latest filing, from one document
        where one has all the lines.

    Raises
    ------
    LookupError
        If a name is no ratio; the nearest are proposed.

    Examples
    --------
    >>> from finmodel.statements import load_statements
    >>> table = compute_ratios(load_statements().select(["sensetime"]), ["cost_to_revenue"]).defaults().set_index("period")
    >>> [round(float(table.loc[year, "value"]), 2) for year in ("FY 2018", "FY 2019", "FY 2020")]
    [1.25, 1.47, 1.62]
    """
    chosen = _chosen(names)
    rows: list[dict[str, Any]] = []
    used: list[tuple[Any, ...]] = []
    versions, lines = statements.versions, statements.lines()
    for firm in statements.firms:
        mine, all_mine = lines[lines["firm"] == firm], versions[versions["firm"] == firm]
        for basis in mine["basis"].unique():
            shelf = Shelf.of(mine[mine["basis"] == basis], all_mine[all_mine["basis"] == basis], statements.earliest)
            for one in chosen:
                rows += [{"firm": firm, "basis": basis, **row} for row in _evaluate(one, shelf)]
    table = pd.DataFrame(rows, columns=["firm", "basis", *_EVALUATED])
    table = _with_intervals(_with_defaults(table, statements))
    for row in as_rows(table):
        used += [(row["firm"], row["period"], row["quantity"], row["variant"], one) for one in row["fact_ids"]]
    extra = ["default", "low", "high", "mark", "period_end", "months", "proxy", "order"]
    return RatioResults(
        table=table[[*RECORD_COLUMNS, *extra]].reset_index(drop=True),
        title=f"Ratios as known on {statements.day}",
        definition="; ".join(f"{q}: {f}" for q, f in _formulas(chosen)),
        facts=facts_used(statements, used),
        figure="cost_to_revenue",
        statements=statements,
    )


def _chosen(names: Iterable[str] | None) -> list[Ratio]:
    quantities = {r.quantity for r in ratios.values()}
    wanted = list(quantities if names is None else names)
    for name in wanted:
        if name not in quantities:
            raise unknown("ratio", name, quantities)
    return [r for r in ratios.values() if r.quantity in wanted]


def _formulas(chosen: Sequence[Ratio]) -> Iterator[tuple[str, str]]:
    seen = set()
    for one in chosen:
        if one.quantity not in seen:
            seen.add(one.quantity)
            yield one.quantity, one.formula


@dataclass(frozen=True)
class Shelf:
    """The lines of one firm on one basis: the combined view, and each document alone."""

    combined: Book
    documents: Mapping[str, Book]
    flows: tuple[Period, ...]
    instants: tuple[Period, ...]
    derived: frozenset[Period]

    @classmethod
    def of(cls, lines: pd.DataFrame, versions: pd.DataFrame, earliest: bool = False) -> Shelf:
        """Return the shelf made from the combined lines and from every version, the newest (as filed: the first) document first."""
        books = {
            str(name): _book(group.drop_duplicates(["line_item", "period"])) for name, group in versions.groupby("vintage", sort=False)
        }
        spine = lines[lines["line_item"].isin(["revenue", "profit_for_period", "profit_attributable", "total_assets"])]
        periods = {
            Period(parse_date(e), parse_date(s) if s else None): status
            for s, e, status in zip(spine["period_start"], spine["period_end"], spine["status"], strict=True)
        }
        printed = set(versions["period"])
        instants = {Period(parse_date(e)) for e in lines.loc[lines["months"] == 0, "period_end"]}
        return cls(
            combined=_book(lines),
            documents=books,
            flows=tuple(sorted(p for p in periods if p.start and p.months <= 12)),
            instants=tuple(sorted(instants)),
            derived=frozenset(p for p in periods if p.label not in printed),
        )


def _book(lines: pd.DataFrame) -> Book:
    keys = zip(lines["period_start"], lines["period_end"], lines["line_item"], strict=True)
    columns = (lines[c] for c in Line._fields)
    return dict(zip(keys, (Line(*values) for values in zip(*columns, strict=True)), strict=True))


def find_line(book: Book, period: Period, name: str) -> Line | None:
    """Return an operand: over the period, else at its end; ``x_previous`` is ``x`` a year earlier, ``days`` the period's length."""
    if name == "days":
        return Line(float(period.days), "", "", "", "", "confirmed", "primary", "") if period.start else None
    if name.endswith("_previous"):
        return find_line(book, period.year_earlier(), name.removesuffix("_previous"))
    end = period.end.isoformat()
    start = period.start.isoformat() if period.start else ""
    return book.get((start, end, name)) or book.get(("", end, name))


_EVALUATED = (
    "period", "quantity", "variant", "vintage", "value", "unit", "status", "reason", "note", "mark", "period_end", "months",
    "proxy", "order", "fact_ids", "_rank",
)  # fmt: skip


def _evaluate(one: Ratio, shelf: Shelf) -> Iterator[dict[str, Any]]:
    """Yield a row per document that has all operands; where none has, one from the combined view, with a value or a reason."""
    at_instant = all(line_items()["statement"].get(name, "") == "financial_position" for name in one.operands)
    for period in shelf.instants if at_instant else shelf.flows:
        complete = 0
        for place, (name, book) in enumerate(shelf.documents.items()):
            operands = {o: find_line(book, period, o) or (find_line(shelf.combined, period, o) if "_previous" in o else None)
                        for o in one.operands}  # fmt: skip
            if all(operands.values()):
                yield _row(one, period, name, operands, rank=(0, place))
                complete += 1
        operands = {o: find_line(shelf.combined, period, o) for o in one.operands}
        known = {line.vintage for line in operands.values() if line and line.vintage}
        if all(operands.values()):
            if len(known) > 1 or not complete:
                yield _row(one, period, " + ".join(sorted(known)), operands, rank=(1, 0))
        elif period not in shelf.derived and not complete and (not at_instant or any(operands.values())):
            yield _row(one, period, "", operands, rank=(3, 0))


def _row(one: Ratio, period: Period, vintage: str, operands: Mapping[str, Line | None], rank: tuple[int, int]) -> dict[str, Any]:
    lines = {name: line for name, line in operands.items() if line is not None}
    missing = [name for name in one.operands if name not in lines]
    currencies = sorted({line.currency for line in lines.values() if line.currency})
    value, reason = np.nan, ""
    if missing:
        reason = f"missing: {', '.join(_words(name) for name in missing)}"
    elif len(currencies) > 1:
        reason = f"lines in {' and '.join(currencies)}: convert first"
    else:
        value = float(one.function(**{name: line.value for name, line in lines.items()}))
        if np.isnan(value):
            reason = f"not meaningful: {_words(one.denominator) or 'the denominator'} is zero"
    return {
        "period": period.label, "quantity": one.quantity, "variant": one.variant or "default", "vintage": vintage, "value": value,
        "unit": (currencies[0] if len(currencies) == 1 else "") if one.unit == "currency" else one.unit,
        "status": _status(one, lines.values()) if not np.isnan(value) else "not computable", "reason": reason,
        "note": _note(one, lines, value), "mark": "".join(m for m in "†~" if any(m in line.mark for line in lines.values())),
        "period_end": period.end.isoformat(), "months": period.months, "proxy": one.proxy, "order": _ORDER[one],
        "fact_ids": [line.fact_id for line in lines.values() if line.fact_id], "_rank": rank,
    }  # fmt: skip


class _Order(dict[Ratio, int]):
    """Place of each ratio in the registry."""

    def __missing__(self, one: Ratio) -> int:
        self.update({r: i for i, r in enumerate(ratios.values())})
        return self[one] if one in self else len(self)


_ORDER = _Order()


def _status(one: Ratio, lines: Iterable[Line]) -> str:
    kinds = {line.status for line in lines}
    if one.proxy:
        return "proxy"
    if any(line.read_from == "vendor" for line in lines):
        return "vendor"
    return "derived" if "derived" in kinds else "single" if "single" in kinds else "confirmed"


def _note(one: Ratio, lines: Mapping[str, Line], value: float) -> str:
    notes = []
    documents = {line.vintage for line in lines.values() if line.vintage}
    if one.denominator in lines and lines[one.denominator].value < 0 and not np.isnan(value):
        notes.append(f"{_words(one.denominator)} is negative: sign kept, level not meaningful")
    if one.quantity == "burn_per_new_revenue" and not np.isnan(value) and lines["revenue"].value < lines["revenue_previous"].value:
        notes.append("revenue fell: sign kept, not meaningful")
    vendor = [_words(name) for name, line in lines.items() if line.read_from == "vendor"]
    derived = [_words(name) for name, line in lines.items() if line.status == "derived"]
    if any("†" in line.mark for line in lines.values()):
        notes.append("† not read in the document itself")
    if vendor:
        notes.append(f"from a data vendor: {', '.join(vendor)}")
    if derived:
        notes.append(f"~ derived: {', '.join(derived)}")
    if len(documents) > 1 and not any("_previous" in name for name in lines):
        notes.append("lines from several documents")
    return "; ".join(notes)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _with_defaults(table: pd.DataFrame, statements: Statements) -> pd.DataFrame:
    """Mark one row per firm, period and quantity, and put the rows in order.

    Disclosed lines come before proxies, then the basis of the latest filing, then the variants in order of definition, then one
    document (the latest) before a mix of several, since lines are reclassified between documents. Variants that are never
    shown first do not count.
    """
    if table.empty:
        return table.assign(default=pd.Series(dtype=bool))
    extra = ~table["order"].map({i: r.default for i, r in enumerate(ratios.values())}).astype(bool)
    latest = _latest_basis(statements)
    keys = zip(table["firm"], table["period"], table["basis"], strict=True)
    order = pd.DataFrame(
        {
            "extra": extra,
            "empty": table["value"].isna(),
            "proxy": table["proxy"] & table["value"].notna(),
            "basis": [0 if latest.get((firm, period), basis) == basis else 1 for firm, period, basis in keys],
            "variant": table["order"],
            "rank": table["_rank"],
        }
    )
    best_first = table.loc[order.sort_values(list(order.columns), kind="stable").index]
    default = ~best_first.duplicated(["firm", "period", "quantity"]) & ~extra.loc[best_first.index]
    table = table.assign(
        default=default,
        note=_with_basis(table, latest, default),
        _firm=table["firm"].map({firm: i for i, firm in enumerate(statements.firms)}),
    )
    ordered = table.sort_values(["_firm", "quantity", "period_end", "months", "order", "_rank"], kind="stable")
    return ordered.drop(columns="_firm")


def _with_basis(table: pd.DataFrame, latest: Mapping[tuple[str, str], str], default: pd.Series[bool]) -> pd.Series[str]:
    """Add to the note on which basis a value stands where two could give it: the latest filing goes first."""
    known = table["basis"].where(table["value"].notna())
    choice = known.groupby([table[c] for c in ("firm", "period", "quantity")]).transform("nunique") > 1
    filed = [latest.get((f, p), b) for f, p, b in zip(table["firm"], table["period"], table["basis"], strict=True)]
    other = known.notna() & (table["basis"] != filed)
    note = np.where(other, table["basis"] + " accounts; the latest filing is " + pd.Series(filed, index=table.index), "")
    note = np.where(other & default, note + " and gives it by proxy or not at all", note)
    note = np.where(choice & known.notna() & ~other, table["basis"] + " accounts, the latest filing", note)
    return table["note"].where(note == "", table["note"].where(table["note"] == "", table["note"] + "; ") + note)


def _latest_basis(statements: Statements) -> dict[tuple[str, str], str]:
    """Return the basis of the latest filing on each firm and period."""
    filed = statements.versions[statements.versions["read_from"] != "vendor"].sort_values("published_on", kind="stable")
    last = filed.drop_duplicates(["firm", "period"], keep="last")
    return {(firm, period): basis for firm, period, basis in zip(last["firm"], last["period"], last["basis"], strict=True)}


_INTERVALS = ("government_dependence", "overseas_share", "top_five_customers", "labour_intensity")


def _with_intervals(table: pd.DataFrame) -> pd.DataFrame:
    """Add low and high: the span of the variants where disclosures differ, the value itself elsewhere."""
    spans = table[table["quantity"].isin(_INTERVALS)].groupby(["firm", "period", "quantity"])["value"].agg(["min", "max"])
    keys = pd.MultiIndex.from_frame(table[["firm", "period", "quantity"]])
    low = spans["min"].reindex(keys).to_numpy() if len(spans) else np.full(len(table), np.nan)
    high = spans["max"].reindex(keys).to_numpy() if len(spans) else np.full(len(table), np.nan)
    out = table.assign(low=np.where(np.isnan(low), table["value"], low), high=np.where(np.isnan(high), table["value"], high))
    differ = (out["high"] - out["low"] > 0.005) & out["quantity"].isin(_INTERVALS) & out["value"].notna()
    span = "disclosures differ: " + out["low"].map("{:.2f}".format) + " to " + out["high"].map("{:.2f}".format)
    out["note"] = np.where(differ, out["note"].where(out["note"] == "", out["note"] + "; ") + span, out["note"])
    return out


def facts_used(statements: Statements, used: Iterable[tuple[Any, ...]]) -> pd.DataFrame:
    """Return the facts behind values.

    Parameters
    ----------
    statements : Statements
        Where the facts stand.
    used : iterable of (firm, period, quantity, variant, fact_id)
        What was computed from which fact; ``"a - b"`` and ``"a + b"`` name two.

    Returns
    -------
    pandas.DataFrame
        Columns of :data:`SOURCE_COLUMNS`.
    """
    rows = [(f, p, q, v, one) for f, p, q, v, ids in used for one in re.split(" [-+] ", str(ids))]
    keys = pd.DataFrame(rows, columns=["firm", "period", "quantity", "variant", "fact_id"]).drop_duplicates()
    facts = statements.facts.drop(columns=["firm"])
    secondary = np.where(facts["read_from"].eq("primary"), "", "†")
    marked = facts.assign(mark=pd.Series(secondary, index=facts.index) + np.where(facts["status"].eq("derived"), "~", ""))
    return keys.merge(marked, on="fact_id", how="left")[list(SOURCE_COLUMNS)]
