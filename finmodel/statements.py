"""Facts made comparable: what was known on a day, one version per line, one sign convention, periods that add up.

:func:`load_statements` reads facts; :meth:`Statements.as_of` is the only door to the second clock (what had been published by a day);
everything downstream takes what it is given.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property

import numpy as np
import pandas as pd

from finmodel.data import read_table
from finmodel.errors import DataError, fault, unknown
from finmodel.facts import line_items, read_facts, shipped_facts
from finmodel.units import Period, parse_date
from finmodel.versions import LINE_COLUMNS, best_first, half_digit

SLOT = ["firm", "line_item", "period_start", "period_end", "basis"]
"""What has one value in a view of the statements; everything else about a fact tells its versions apart."""


def load_statements(*paths: str | os.PathLike[str], shipped: bool = True) -> Statements:
    """Return the statements made from the shipped facts, from facts files of one's own, or from both.

    Parameters
    ----------
    *paths : path
        Facts files (CSV with the columns of :data:`finmodel.facts.FACT_COLUMNS`). A fact in them takes the place of the shipped fact of
        the same ``fact_id``, so that what :func:`finmodel.verify_facts` wrote counts.
    shipped : bool
        Whether to take the shipped facts too.

    Raises
    ------
    DataError
        If a file is no facts table, or a balance sheet in it does not balance: every fault with its file and row.
    ValueError
        If there is nothing to load.

    Examples
    --------
    >>> statements = load_statements().as_of("2021-11-30")
    >>> "sensetime" in statements.firms
    True
    """
    if not paths and not shipped:
        raise ValueError("nothing to load: give a facts file, or take the shipped facts (shipped=True, no --no-shipped)")
    faults: list[str] = []
    parts = [shipped_facts()] if shipped else []
    for path in paths:
        try:
            part = read_facts(path)
            faults += unbalanced(part, os.path.basename(path))  # noqa: PTH119
            parts.append(part)
        except DataError as error:
            faults += error.faults
    if faults:
        raise DataError(faults)
    given = {one for part in parts[1:] for one in part["fact_id"]}
    parts[0] = parts[0][~parts[0]["fact_id"].isin(given)] if shipped else parts[0]
    return Statements(pd.concat(parts, ignore_index=True))


@dataclass(frozen=True, eq=False)
class Statements:
    """Statements of one or more firms, as known on a day.

    Attributes
    ----------
    facts : pandas.DataFrame
        Every version of every fact that may be seen, with the columns of :data:`finmodel.facts.FACT_COLUMNS`.
    as_of_date : datetime.date or None
        The day of the view; None where all facts are seen.
    earliest : bool
        Whether the first published version of a line is taken rather than the latest.
    later : pandas.DataFrame or None
        Facts published after the day: for hindsight only, never for a computation as of the day.
    """

    facts: pd.DataFrame
    as_of_date: date | None = None
    earliest: bool = False
    later: pd.DataFrame | None = None

    def as_of(self, day: str | date) -> Statements:
        """Return what had been published by the end of `day`.

        Parameters
        ----------
        day : str or datetime.date
            The day, as YYYY-MM-DD.

        Raises
        ------
        ValueError
            If `day` is no day.
        """
        day = parse_date(day) if isinstance(day, str) else day.date() if isinstance(day, datetime) else day
        known = self.facts if self.later is None else pd.concat([self.facts, self.later], ignore_index=True)
        seen = known["published_on"] <= day.isoformat()
        return replace(self, facts=known[seen].reset_index(drop=True), as_of_date=day, later=known[~seen].reset_index(drop=True))

    def select(self, firms: Sequence[str]) -> Statements:
        """Return the statements of some of the firms, as of the same day.

        Parameters
        ----------
        firms : sequence of str
            Short names of firms with facts here.

        Raises
        ------
        LookupError
            If a firm has no facts here (by the day); the nearest names are proposed.
        """
        later_firms = set() if self.later is None else set(self.later["firm"])
        for firm in firms:
            if firm not in self.firms and firm in later_firms:
                raise LookupError(f"no figures of {firm!r} had been published by {self.day}")
            if firm not in self.firms:
                raise unknown("firm", firm, self.firms)
        later = None if self.later is None else self.later[self.later["firm"].isin(list(firms))]
        mine = self.facts[self.facts["firm"].isin(list(firms))].reset_index(drop=True)
        return replace(self, facts=mine, as_of_date=self.day, later=later)

    def as_filed(self) -> Statements:
        """Return the view that takes the first published version of each line instead of the latest."""
        return replace(self, earliest=True)

    @property
    def day(self) -> date:
        """The day of the view; where none was chosen, the day of the latest publication."""
        return self.as_of_date or parse_date(self.facts["published_on"].max())

    @cached_property
    def firms(self) -> tuple[str, ...]:
        """Firms with facts, in the order of ``firms.csv``, then others by name."""
        order = {name: place for place, name in enumerate(read_table("firms")["firm"])}
        return tuple(sorted(set(self.facts["firm"]), key=lambda name: (order.get(name, len(order)), name)))

    @cached_property
    def versions(self) -> pd.DataFrame:
        """Every version of every line, best first within its slot, with our sign convention and labelled periods.

        Filings come before vendors' copies; then the latest (in an as-filed view the first) publication; then what was read in the
        document before what was not, printed before derived figures, confirmed before single ones. What one balance sheet prints on
        several lines is added up (:func:`finmodel.versions.added_up`).
        """
        return best_first(self.facts, self.earliest)

    def lines(
        self, firm: str | None = None, line_item: str | None = None, currency: str | None = None, derived: bool = True
    ) -> pd.DataFrame:
        """Return one row per firm, line item, period and basis: the version to use.

        Parameters
        ----------
        firm, line_item : str, optional
            Only this firm or this line item.
        currency : str, optional
            Convert money into this currency (average rate for flows, closing rate for instants); as reported by default.
        derived : bool
            Whether to add second halves and fourth quarters as differences (FY - H1, FY - 9M), marked ``~``.

        Returns
        -------
        pandas.DataFrame
            Columns of :data:`LINE_COLUMNS`; with `currency` also rate and rate_source. ``value`` is in currency units with costs
            positive, losses negative and cash flows signed; ``mark`` is † where it was not read in the document, ~ where derived.
        """
        table = self._lines if derived else self._printed_lines
        if firm is not None:
            self.select([firm])
            table = table[table["firm"] == firm]
        if line_item is not None:
            table = table[table["line_item"] == line_item]
        table = table.reset_index(drop=True)
        return table if currency is None else converted(table, currency)

    def value(self, firm: str, line_item: str, period: str, basis: str | None = None) -> float:
        """Return one value, NaN where it is not disclosed.

        Parameters
        ----------
        firm, line_item, period : str
            For example ``"sensetime", "revenue", "FY 2020"``; an instant is its day.
        basis : str, optional
            The accounting basis; by default the one of the latest filing.
        """
        table = self.lines(firm, line_item)
        table = table[table["period"] == Period.parse(period).label]
        if basis is not None:
            table = table[table["basis"] == basis]
        return float(table.sort_values("published_on")["value"].iloc[-1]) if len(table) else float("nan")

    @cached_property
    def _printed_lines(self) -> pd.DataFrame:
        return self.versions.drop_duplicates(SLOT).reset_index(drop=True)

    @cached_property
    def _lines(self) -> pd.DataFrame:
        printed = self._printed_lines
        return pd.concat([printed, _differences(printed)], ignore_index=True).drop_duplicates(SLOT).reset_index(drop=True)

    def restatements(self) -> pd.DataFrame:
        """Return the lines of which filings published different values, first and latest side by side.

        Returns
        -------
        pandas.DataFrame
            firm, line_item, period, basis, first, first_document, first_published, latest, latest_document, latest_published,
            change (latest / first - 1). A line that changed basis between filings (IFRS, PRC GAAP) has one row per pair of bases.
        """
        return _restatements(self.versions)

    def checks(self) -> pd.DataFrame:
        """Return the accounting identities that can be tested within one document, each with its difference and the result."""
        return identity_checks(self.facts)


_DIFFERENCES = (("FY", "H1", 12, 6), ("FY", "9M", 12, 9), ("9M", "H1", 9, 6))


def _differences(lines: pd.DataFrame) -> pd.DataFrame:
    """Return flows as differences of cumulative ones that start on the same day (FY - H1 = H2, FY - 9M = Q4, 9M - H1 = Q3)."""
    money = line_items()["unit"].eq("money")
    flows = lines[(lines["months"] > 0) & lines["line_item"].map(money).fillna(False).astype(bool)]
    keys = ["firm", "line_item", "basis", "currency", "period_start"]
    parts = []
    for _, _, longer, shorter in _DIFFERENCES:
        pairs = flows[flows["months"] == longer].merge(flows[flows["months"] == shorter], on=keys, suffixes=("", "_part"))
        if pairs.empty:
            continue
        pairs["value"] = pairs["value"] - pairs["value_part"]
        pairs["period_start"] = (pd.to_datetime(pairs["period_end_part"]) + pd.Timedelta(days=1)).dt.strftime("%Y-%m-%d")
        pairs["months"] = longer - shorter
        pairs["mark"] = np.where(pairs["mark"].str.contains("†") | pairs["mark_part"].str.contains("†"), "†~", "~")
        pairs["status"] = "derived"
        pairs["published_on"] = pairs[["published_on", "published_on_part"]].max(axis=1)
        pairs["fact_id"] = pairs["fact_id"] + " - " + pairs["fact_id_part"]
        starts = pairs["period_start"]
        pairs["period"] = [Period(parse_date(e), parse_date(s)).label for s, e in zip(starts, pairs["period_end"], strict=True)]
        parts.append(pairs[list(LINE_COLUMNS)])
    return pd.concat(parts, ignore_index=True) if parts else lines.iloc[:0]


def _restatements(versions: pd.DataFrame) -> pd.DataFrame:
    filed = versions[(versions["read_from"] != "vendor")].sort_values("published_on", kind="stable")
    rows = []
    for key, group in filed.groupby(["firm", "line_item", "period", "currency"], sort=False):
        first, latest = group.iloc[0], group.iloc[-1]
        scale = max(abs(first["value"]), abs(latest["value"]))
        if first["vintage"] == latest["vintage"] or scale == 0 or abs(first["value"] - latest["value"]) <= 0.005 * scale:
            continue
        rows.append(
            {
                "firm": key[0], "line_item": key[1], "period": key[2],
                "basis": first["basis"] if first["basis"] == latest["basis"] else f"{first['basis']} -> {latest['basis']}",
                "first": first["value"], "first_document": first["vintage"], "first_published": first["published_on"],
                "latest": latest["value"], "latest_document": latest["vintage"], "latest_published": latest["published_on"],
                "change": latest["value"] / first["value"] - 1 if first["value"] else np.nan,
            }
        )  # fmt: skip
    columns = [
        "firm", "line_item", "period", "basis", "first", "first_document", "first_published",
        "latest", "latest_document", "latest_published", "change",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


_IDENTITIES = (
    ("assets = liabilities + equity", "total_assets", (("total_liabilities", 1), ("total_equity", 1))),
    ("assets = current + non-current", "total_assets", (("total_current_assets", 1), ("total_non_current_assets", 1))),
    ("gross profit = revenue - cost of sales", "gross_profit", (("revenue", 1), ("cost_of_sales", -1))),
    (
        "change in cash = operating + investing + financing",
        "net_change_in_cash",
        (("operating_cash_flow", 1), ("investing_cash_flow", 1), ("financing_cash_flow", 1)),
    ),
)


EXCHANGE = "exchange_differences_on_cash"


def identity_checks(facts: pd.DataFrame) -> pd.DataFrame:
    """Return the identities that hold or fail within one document, period, basis and currency.

    Returns
    -------
    pandas.DataFrame
        firm, document, period_end, months, identity, total, parts, difference, tolerance, passed. The tolerance is the rounding that
        the printed digits allow (half a printed unit a line), or half a per cent where a line is derived or comes from a vendor.
    """
    named = facts[facts["line_item"] != ""]
    wanted = {name for _, total, parts in _IDENTITIES for name in (total, *(p for p, _ in parts))} | {EXCHANGE}
    named = named[named["line_item"].isin(wanted)]
    rows = []
    for key, group in named.groupby(["firm", "document", "period_start", "period_end", "basis", "currency"], sort=False):
        first = group.drop_duplicates("line_item").set_index("line_item")
        for name, total, parts in _IDENTITIES:
            used = [total, *(p for p, _ in parts)]
            if not set(used) <= set(first.index):
                continue
            values = first["value"]
            summed = sum(abs(values[p]) * s if p == "cost_of_sales" else values[p] * s for p, s in parts)
            rough = first.loc[used, "status"].eq("derived").any() or first.loc[used, "read_from"].eq("vendor").any()
            currency = values.get(EXCHANGE, 0.0) if total == "net_change_in_cash" else 0.0
            if abs(values[total] - summed - currency) < abs(values[total] - summed):  # the change of A-share statements includes it
                summed, used = summed + currency, [*used, EXCHANGE]
            exact = sum(half_digit(str(p), float(s)) for p, s in first.loc[used, ["printed", "scale"]].to_numpy())
            tolerance = max(exact, 0.005 * abs(values[total]) if rough else 0.0)
            gap = float(values[total] - summed)
            rows.append((key[0], key[1], key[3], int(first["months"].iloc[0]), name, values[total], summed, gap, tolerance,
                         abs(gap) <= tolerance))  # fmt: skip
    columns = ["firm", "document", "period_end", "months", "identity", "total", "parts", "difference", "tolerance", "passed"]
    return pd.DataFrame(rows, columns=columns)


def unbalanced(facts: pd.DataFrame, where: str) -> list[str]:
    """Return one fault for each balance sheet in which assets are not liabilities plus equity."""
    checks = identity_checks(facts)
    wrong = checks[(checks["identity"] == "assets = liabilities + equity") & ~checks["passed"]]
    return [
        fault(
            f"{where}, balance sheet of {row.firm} at {row.period_end}",
            f"total assets {row.total:,.0f} against liabilities + equity {row.parts:,.0f} (difference {row.difference:,.0f})",
            f"equal within rounding ({row.tolerance:,.0f})",
            "correct the three figures or leave out the one that is not sure",
        )
        for row in wrong.itertuples()
    ]


def converted(lines: pd.DataFrame, currency: str) -> pd.DataFrame:
    """Return `lines` with money in one currency: average rate for flows, closing rate for instants, with the rate and its source.

    Raises
    ------
    DataError
        If ``fx.csv`` has no rate for a currency and period; every missing one is named.
    """
    money = lines["currency"].ne("") & lines["currency"].ne(currency)
    rates: dict[tuple[str, str, str], tuple[float, str]] = {}
    missing = []
    for base, start, end in sorted(set(zip(*(lines.loc[money, c] for c in ("currency", "period_start", "period_end")), strict=True))):
        found = exchange_rate(base, currency, start, end)
        if found is None:
            missing.append(
                fault("fx.csv", f"no {base}/{currency} rate for {start or 'closing'} to {end}", "one", "add it or drop the fact")
            )
        else:
            rates[base, start, end] = found
    if missing:
        raise DataError(missing)
    out = lines.copy()
    keys = list(zip(out["currency"], out["period_start"], out["period_end"], strict=True))
    out["rate"] = [rates.get(key, (1.0, ""))[0] for key in keys]
    out["rate_source"] = [rates.get(key, (1.0, ""))[1] for key in keys]
    out["value"] = out["value"] * out["rate"]
    out["currency"] = np.where(out["currency"].ne(""), currency, "")
    return out


def exchange_rate(base: str, quote: str, start: str, end: str) -> tuple[float, str] | None:
    """Return the rate and its source: the average over a period (start given) or the closing rate; None where there is none."""
    table = read_table("fx")
    kind = "average" if start else "closing"
    match = table[(table["type"] == kind) & (table["period_end"] == end) & (table["period_start"] == start)]
    for row in match.to_dict("records"):
        if (row["base"], row["quote"]) == (base, quote):
            return float(row["rate"]), row["source"]
        if (row["base"], row["quote"]) == (quote, base):
            return 1 / float(row["rate"]), f"inverse; {row['source']}"
    return None
