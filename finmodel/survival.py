"""When a firm runs out of cash: probabilities with their Monte Carlo error, runway, liquid funds by quarter, and what must arrive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from finmodel.data import rows as as_rows
from finmodel.errors import unknown
from finmodel.results import RECORD_COLUMNS, Results
from finmodel.simulate import LEVELS, Firm, Paths, simulate
from finmodel.units import add_months, millions, parse_date

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
COLUMNS = (*RECORD_COLUMNS, "scenario", "quarter", "error", "default")
HORIZONS = (6, 12, 24, 36)
"""Months at which the probability of cash-out is quoted."""
SOUND = ("simulated", "")
QUOTED = (0.1, 0.5, 0.9)
"""Quantiles of the runway that are quoted."""


def estimate(values: Floats, counts: Counts) -> tuple[Floats, Floats]:
    """Return mean and Monte Carlo error of per-batch means.

    Parameters
    ----------
    values : ndarray, shape (B, ...)
        One mean per batch.
    counts : ndarray, shape (B, S, Q + 1)
        Whose batches they are.

    Notes
    -----
    The error is the spread of the batches over the root of their number, so it holds for any statistic, shared draws included.
    """
    mean: Floats = np.average(values, weights=_sizes(counts), axis=0)
    error: Floats = np.std(values, axis=0, ddof=1) / np.sqrt(len(values))
    return mean, error


def _sizes(counts: Counts) -> Counts:
    sizes: Counts = counts[:, 0].sum(axis=-1)
    return sizes


def gone_by(counts: Counts) -> Floats:
    """Return each batch's share of paths out of cash by the end of each quarter, shape (B, S, Q)."""
    share: Floats = np.cumsum(counts, axis=2)[:, :, :-1] / _sizes(counts)[:, None, None]
    return share


def mean_life(counts: Counts) -> Floats:
    """Return each batch's restricted mean runway in months, shape (B, S): a cash-out counts at the middle of its quarter."""
    quarters = counts.shape[2] - 1
    months = np.append(3 * (np.arange(quarters) + 0.5), 3.0 * quarters)
    life: Floats = counts @ months / _sizes(counts)[:, None]
    return life


@dataclass(frozen=True, eq=False)
class Runway:
    """The distribution of the time until cash-out, in months, right-censored at the horizon.

    Attributes
    ----------
    gone : ndarray, shape (Q + 1,)
        Probability of cash-out by the end of quarter 0 (none), 1, ..., Q.
    restricted_mean, error : float
        E[min(tau, horizon)] in months, and its Monte Carlo error.
    """

    gone: Floats
    restricted_mean: float
    error: float

    def __str__(self) -> str:
        low, middle, high = self.quantile([0.1, 0.5, 0.9])
        mean = f"mean {self.restricted_mean:.1f} within {self.horizon} months (Monte Carlo error {self.error:.2g})"
        return f"median {middle} months, 10 % {low}, 90 % {high}; {mean}"

    @property
    def horizon(self) -> int:
        """Months."""
        return 3 * (len(self.gone) - 1)

    def quantile(self, levels: float | Sequence[float]) -> pd.Series[str]:
        """Return quantiles in months as text: one decimal, or ``> horizon`` where censored.

        Examples
        --------
        >>> Runway(np.array([0.0, 0.2, 0.6]), 4.2, 0.0).quantile([0.1, 0.5, 0.9]).tolist()
        ['1.5', '5.2', '> 6']
        """
        wanted = [levels] if isinstance(levels, float) else list(levels)
        return pd.Series([self.text(level) for level in wanted], index=pd.Index(wanted, name="level"), name="months")

    def text(self, level: float) -> str:
        """Return one quantile as text."""
        months = self.months(level)
        return f"> {self.horizon}" if np.isnan(months) else f"{months:.1f}"

    def months(self, level: float) -> float:
        """Return one quantile in months, interpolated within its quarter; NaN where it lies beyond the horizon."""
        if not 0 < level < 1:
            raise ValueError(f"level is {level}; it must be between 0 and 1")
        after = int(np.searchsorted(self.gone, level))
        if after == len(self.gone):
            return float("nan")
        before = self.gone[after - 1]
        return float(3 * (after - 1 + (level - before) / (self.gone[after] - before)))


@dataclass(frozen=True, eq=False)
class SurvivalResults(Results):
    """When a firm runs out of cash, under one scenario or several on shared draws.

    Attributes
    ----------
    start : datetime.date
        Day from which the paths run.
    as_of : datetime.date
        Day of the statements.
    firm : finmodel.simulate.Firm
        As simulated.
    outcome : finmodel.simulate.Paths
    seed : int
    later : pandas.DataFrame
        Liquid funds by the same definition that were reported after the day, for hindsight only: columns day, value, vintage, mark.
    currency : str
        Of every amount.
    first_year : str
        What the model spends in its first year, beside what was reported; blank where nobody asked.
    """

    start: date = field(kw_only=True)
    as_of: date = field(kw_only=True)
    firm: Firm = field(kw_only=True, repr=False)
    outcome: Paths = field(kw_only=True, repr=False)
    seed: int = field(kw_only=True)
    later: pd.DataFrame = field(kw_only=True, repr=False, default_factory=pd.DataFrame)
    currency: str = field(kw_only=True, default="CNY")
    first_year: str = field(kw_only=True, default="")

    @property
    def quarters(self) -> int:
        """Horizon."""
        return int(self.outcome.counts.shape[2]) - 1

    def day(self, quarter: int) -> date:
        """Return the last day of a quarter, 1 the first; 0 is the start."""
        return quarter_end(self.start, quarter)

    def _scenario(self, name: str | None) -> int:
        if name is None and self.table["status"].eq("conditional").any():
            known = ", ".join(repr(n) for n in self.outcome.names)
            raise ValueError(f"liquid funds of {self.firm.name} are not disclosed: name the amount that is assumed, one of {known}")
        names = self.outcome.names
        if name is not None and name not in names:
            raise unknown("scenario", name, names)
        return 0 if name is None else names.index(name)

    @property
    def survival(self) -> pd.DataFrame:
        """Probability of cash-out by the end of each quarter, with its Monte Carlo error (one standard error, never below one path).

        Returns
        -------
        pandas.DataFrame
            Columns scenario, quarter, day, cash_out, survival, error.
        """
        gone, error = estimate(gone_by(self.outcome.counts), self.outcome.counts)
        error = np.maximum(error, 1 / self.outcome.paths)
        rows = [
            (name, q + 1, self.day(q + 1), gone[s, q], 1 - gone[s, q], error[s, q])
            for s, name in enumerate(self.outcome.names)
            for q in range(self.quarters)
        ]
        return pd.DataFrame(rows, columns=["scenario", "quarter", "day", "cash_out", "survival", "error"])

    @property
    def runway(self) -> Runway:
        """The distribution of the runway under the first scenario."""
        return self.runway_of()

    def runway_of(self, scenario: str | None = None) -> Runway:
        """Return the distribution of the runway under one scenario, by default the first."""
        s = self._scenario(scenario)
        counts = self.outcome.counts
        gone = np.append(0.0, np.cumsum(counts[:, s].sum(axis=0))[:-1] / self.outcome.paths)
        mean, error = estimate(mean_life(counts)[:, s], counts)
        return Runway(gone, float(mean), float(error))

    @property
    def cash_quantiles(self) -> pd.DataFrame:
        """Liquid funds at the end of each quarter had every bill been paid (below the barrier: what is short), CNY.

        Returns
        -------
        pandas.DataFrame
            Columns scenario, quarter, day, one per level (``5%`` to ``95%``), expected_shortfall (mean of the worst 5 %), mean.
        """
        columns = ["scenario", "quarter", "day", *(f"{level:.0%}" for level in LEVELS), "expected_shortfall", "mean"]
        rows = [
            (name, q + 1, self.day(q + 1), *self.outcome.cash[s, q].astype(float))
            for s, name in enumerate(self.outcome.names)
            for q in range(self.quarters)
        ]
        return pd.DataFrame(rows, columns=columns)

    @property
    def realised(self) -> pd.DataFrame:
        """Liquid funds reported after the day beside the first scenario's: what came of it, raised money included.

        Returns
        -------
        pandas.DataFrame
            Columns day, quarter, realised, low (10 %), median, high (90 %), inside, vintage, mark; CNY. Empty where nothing by the same
            definition was reported at the end of a quarter within the horizon.
        """
        fan = self.cash_quantiles
        fan = fan[fan["scenario"] == self.outcome.names[0]].rename(columns={"10%": "low", "50%": "median", "90%": "high"})
        table = fan[["day", "quarter", "low", "median", "high"]]
        if self.later.empty:
            return table.iloc[:0].assign(realised=[], inside=[], vintage=[], mark=[])
        table = table.merge(self.later.rename(columns={"value": "realised"}), on="day")
        table["inside"] = table["realised"].between(table["low"], table["high"])
        return table[["day", "quarter", "realised", "low", "median", "high", "inside", "vintage", "mark"]]

    def hindsight(self) -> str:
        """Say how liquid funds reported after the day compare with the model's 80 % band; empty where none were."""
        held = self.realised
        if held.empty:
            return ""
        words = [
            f"{millions(r['realised'])} m on {r['day']} ({'inside' if r['inside'] else 'above' if r['realised'] > r['high'] else 'below'})"
            for r in as_rows(held)
        ]
        return (
            f"Held against later reports, money raised included: {int(held['inside'].sum())} of {len(held)} of {self.firm.name}'s liquid "
            f"funds lie inside the 80 % band: {self.currency} {'; '.join(words)}."
        )

    def compare(self) -> pd.DataFrame:
        """Return scenarios side by side: each quantity, and its difference to the first scenario, with errors.

        Returns
        -------
        pandas.DataFrame
            Columns scenario, quantity (cash_out_12m, ..., restricted_mean_runway), value, error, difference, difference_error.
        """
        counts = self.outcome.counts
        gone = gone_by(counts)
        batches = {f"cash_out_{m}m": gone[:, :, m // 3 - 1] for m in HORIZONS if m // 3 <= self.quarters}
        batches["restricted_mean_runway"] = mean_life(counts)
        rows = []
        for quantity, values in batches.items():
            level, error = estimate(values, counts)
            gap, gap_error = estimate(values - values[:, :1], counts)
            rows += [(n, quantity, level[s], error[s], gap[s], gap_error[s]) for s, n in enumerate(self.outcome.names)]
        return pd.DataFrame(rows, columns=["scenario", "quantity", "value", "error", "difference", "difference_error"])

    def funding_gap(self, probability: float = 0.05, by: str | date | None = None, scenario: str | None = None) -> Results:
        """Return what must arrive, and by when, to keep cash-out by a day improbable: the smallest amount for each day of arrival.

        The amount is found by bracketing on the same draws, so that it has no noise of its own; more money never raises the probability.

        Parameters
        ----------
        probability : float
            Accepted probability of cash-out by `by`.
        by : str or datetime.date, optional
            Day up to which the firm shall live, by default 24 months from the start; rounded up to the end of a quarter.
        scenario : str, optional
            By default the first.

        Returns
        -------
        Results
            Records of funding_gap (CNY), one for each quarter's end (period) at which the money may arrive that is not before the day of
            the statements: 0 where nothing is needed, NaN where no amount suffices. The column unmet is the probability that is left by
            cash-outs before the money comes.

        Raises
        ------
        ValueError
            If the probability is not between 0 and 1, or the day not within the horizon.
        """
        if not 0 < probability < 1:
            raise ValueError(f"probability is {probability}; it must be between 0 and 1")
        last, wanted = self._quarter_of(by), self._scenario(scenario)
        target = f"cash-out by {self.day(last)} with probability {probability:.0%} at most"
        rows = []
        for arrival in range(last):
            if self.day(arrival) >= self.as_of:
                amount, error, unmet = self._gap(wanted, arrival, last, probability)
                found = {"value": amount, "error": error, "unmet": unmet, "period": self.day(arrival).isoformat(), "quarter": arrival}
                reason = "no amount suffices: too many paths end before the money comes" if np.isnan(amount) else ""
                rows.append({**found, "reason": reason, "status": "not computable" if reason else "simulated"})
        blank = {
            **dict.fromkeys(RECORD_COLUMNS, ""),
            "firm": self.firm.name,
            "quantity": "funding_gap",
            "unit": self.currency,
            "default": True,
        }
        blank |= {"variant": target, "scenario": self.outcome.names[wanted]}
        table = pd.DataFrame([{**blank, **row} for row in rows], columns=[*COLUMNS[:-1], "unmet", "default"])
        return Results(
            table=table,
            title=f"Funding gap of {self.firm.name} as of {self.as_of}: {target}",
            definition="The smallest amount that, arriving on the day, holds the probability on the same draws; error: one standard error",
            facts=self.facts,
            assumptions=self.assumptions,
            figure="funding_gap",
        )

    def _quarter_of(self, by: str | date | None) -> int:
        """Return the first quarter that ends on or after a day."""
        day = add_months(self.start, 24) if by is None else parse_date(by) if isinstance(by, str) else by
        for quarter in range(1, self.quarters + 1):
            if self.day(quarter) >= day > self.start:
                return quarter
        raise ValueError(f"by is {day}; it must be after the start, {self.start}, and within the horizon, {self.day(self.quarters)}")

    def _gap(self, scenario: int, arrival: int, last: int, probability: float) -> tuple[float, float, float]:
        """Bracket the amount, twelvefold each time, to a thousandth; the slope of P turns its error into one of money."""
        low, high = 0.0, _ample(self.outcome.cash[scenario, :last])
        unmet = spread = float("nan")
        while high - low > 1e-3 * high:
            amounts = np.linspace(low, high, 12)
            gone, error = self._gone_with(scenario, arrival, last, amounts)
            if np.isnan(unmet):
                unmet = float(gone[-1])
                if gone[0] <= probability:
                    return 0.0, 0.0, unmet
                if unmet > probability:
                    return float("nan"), float("nan"), unmet
            at = int(np.argmax(gone <= probability))
            fall = gone[at - 1] - gone[at]
            if np.isnan(spread) or fall > 2 * error[at]:
                spread = float(error[at] * (amounts[at] - amounts[at - 1]) / fall)
            low, high = float(amounts[at - 1]), float(amounts[at])
        return high, spread, unmet

    def _gone_with(self, scenario: int, arrival: int, last: int, amounts: Floats) -> tuple[Floats, Floats]:
        """Return the probability of cash-out by quarter `last` with each amount arriving at the end of quarter `arrival`, and its error."""
        names = [f"{amount:.0f}" for amount in amounts]
        scenarios = self.firm.scenarios.repeated(scenario, names, last, [((arrival, 0.0, float(amount)),) for amount in amounts])
        outcome = simulate([replace(self.firm, scenarios=scenarios)], last, self.outcome.paths, self.seed)[0]
        return estimate(gone_by(outcome.counts)[:, :, -1], outcome.counts)


def _ample(cash: npt.NDArray[np.float32]) -> float:
    """Return an amount far beyond what the worst twentieth of the paths lacks, from the fan up to the day."""
    return 10 * float(max(-cash[:, 0].min(), np.abs(cash[:, LEVELS.index(0.5)]).max()))


EARLY = 0.005
"""Share of paths out of cash before the day of the statements above which it is said."""


def gone_before(outcome: Paths, start: date, day: date) -> Floats:
    """Return the share of paths out of cash in quarters already over on a day, (scenarios,)."""
    over = sum(quarter_end(start, q) <= day for q in range(1, outcome.counts.shape[2]))
    gone = estimate(gone_by(outcome.counts), outcome.counts)[0]
    return np.asarray(gone[:, over - 1] if over else np.zeros(outcome.counts.shape[1]))


def quarter_end(start: date, quarter: int) -> date:
    """Return the last day of the month `quarter` quarters after `start`, which ends a month.

    Examples
    --------
    >>> quarter_end(date(2022, 6, 30), 2)
    datetime.date(2022, 12, 31)
    """
    return add_months(start + timedelta(days=1), 3 * quarter) - timedelta(days=1)


def survival_results(
    firm: Firm, outcome: Paths, start: date, seed: int, as_of: date | None = None, caveat: tuple[str, str] = SOUND, **context: Any
) -> SurvivalResults:
    """Return what the paths say, as records.

    Parameters
    ----------
    firm, outcome, start, seed
        As simulated.
    as_of : datetime.date, optional
        The day of the statements, by default the start.
    caveat : (str, str)
        Status and reason of every value: :data:`SOUND`, or what is wrong with the liquid funds.
    **context
        facts, assumptions and later of the results.
    """
    results = SurvivalResults(
        table=pd.DataFrame(columns=list(COLUMNS)),
        title=f"Survival of {firm.name} as of {as_of or start}",
        definition=_DEFINITION,
        figure="survival",
        start=start,
        as_of=as_of or start,
        firm=firm,
        outcome=outcome,
        seed=seed,
        **context,
    )
    blank = {**dict.fromkeys(RECORD_COLUMNS, ""), "firm": firm.name, "quarter": pd.NA, "error": np.nan, "default": True}
    blank |= {"status": caveat[0], "reason": caveat[1]}
    table = pd.DataFrame([{**blank, **row} for row in _rows(results, caveat[0] == "conditional")], columns=list(COLUMNS))
    return replace(results, table=table.astype({"quarter": "Int64", "value": float, "error": float}))


_DEFINITION = (
    "cash_out: probability that liquid funds touch the barrier by the end of the quarter; restricted_mean_runway: E[min(time to cash-out, "
    "horizon)] in months, a cash-out counted at the middle of its quarter; runway: quantile in months; liquid_funds: at the quarter's end "
    "had every bill been paid; error: one Monte Carlo standard error"
)


def _rows(results: SurvivalResults, conditional: bool) -> Iterator[dict[str, Any]]:
    first = results.outcome.names[0]
    quoted = {m // 3 for m in HORIZONS}
    for row in as_rows(results.survival):
        shown = row["scenario"] == first or row["quarter"] in quoted
        yield {**row, "period": row["day"].isoformat(), "quantity": "cash_out", "variant": row["scenario"], "value": row["cash_out"],
               "unit": "probability", "default": shown}  # fmt: skip
    horizon = results.day(results.quarters).isoformat()
    for name in results.outcome.names:
        runway = results.runway_of(name)
        common = {"period": horizon, "unit": "months", "quarter": results.quarters, "scenario": name, "variant": name}
        yield {**common, "quantity": "restricted_mean_runway", "value": runway.restricted_mean, "error": runway.error}
        for level in QUOTED:
            censored = {"note": f"{runway.text(level)}: beyond the horizon"} if np.isnan(runway.months(level)) else {}
            quantity = f"runway_p{100 * level:.0f}"
            yield {**common, "quantity": quantity, "value": runway.months(level), "default": name == first or conditional, **censored}
    for cash in as_rows(results.cash_quantiles):
        common = {
            "period": cash["day"].isoformat(),
            "quantity": "liquid_funds",
            "unit": results.currency,
            "quarter": cash["quarter"],
            "default": False,
        }
        for column in (*(f"{level:.0%}" for level in LEVELS), "expected_shortfall", "mean"):
            yield {**common, "variant": f"{cash['scenario']}, {column}", "scenario": cash["scenario"], "value": cash[column]}
