"""The cash model of one firm: from its statements to the quarter in which the money runs out, with honest uncertainty.

:meth:`CashModel.fit` estimates, :meth:`CashModel.simulate` draws paths and returns :class:`finmodel.survival.SurvivalResults`;
:meth:`CashModel.variance_split` and :meth:`CashModel.prior_sensitivity` say what the answer rests on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from finmodel.errors import unknown
from finmodel.estimate import Parameters, estimate_parameters
from finmodel.liquidity import STALE_AFTER_MONTHS, liquid_funds
from finmodel.runway import cash_runway
from finmodel.simulate import BLOCKS, PARAMETERS, QUARTERS_MOST, Firm, Paths, Scenarios, check_ranges, firm_hash, simulate
from finmodel.statements import Statements
from finmodel.survival import EARLY, SOUND, SurvivalResults, gone_before, survival_results
from finmodel.units import millions, parse_date

Floats = npt.NDArray[np.float64]
DRAWS = 2**15
"""Parameter draws, used in turn by the paths."""
NO_NEW_MONEY, CONSTANT_DAYS = "no new money", "constant days outstanding"


@dataclass(frozen=True, eq=False)
class CashModel:
    """A fitted cash model.

    Attributes
    ----------
    firm : str
    parameters : finmodel.estimate.Parameters
        What was estimated, and how much of each is prior.
    assumed : mapping of str to float
        Parameters set by the caller in place of estimates.
    as_of : datetime.date
        The day of the statements.
    later : pandas.DataFrame
        Liquid funds by the same definition that were reported after the day, for hindsight only: columns day, value, vintage, mark.
    """

    firm: str
    parameters: Parameters
    as_of: date
    assumed: Mapping[str, float] = field(default_factory=dict)
    later: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)

    @classmethod
    def fit(cls, statements: Statements, firm: str, **assumed: float) -> CashModel:
        """Estimate the model of one firm.

        Parameters
        ----------
        statements : Statements
            As known on the day that is wanted.
        firm : str
        **assumed : float
            Parameters (:data:`finmodel.simulate.PARAMETERS`) to set instead of estimating them; for example ``liquid_funds``, or
            ``cut_trigger``, ``cut_size`` and ``severance`` for a management that cuts R&D.

        Raises
        ------
        LookupError
            If the firm or an assumed parameter is unknown.
        DataError
            If the statements do not carry an estimate; every reason is given.

        Examples
        --------
        >>> from finmodel.statements import load_statements
        >>> model = CashModel.fit(load_statements().as_of("2023-04-30"), "sensetime")
        >>> model.simulate(horizon_quarters=20, paths=20_000, seed=7).start.isoformat()
        '2022-12-31'
        """
        known = [p.name for p in PARAMETERS]
        for name in assumed:
            if name not in known:
                raise unknown("parameter", name, known)
        return cls(firm, estimate_parameters(statements, firm), statements.day, dict(assumed), _reported_later(statements, firm))

    @property
    def start(self) -> date:
        """Time zero: the quarter's end from which the paths run."""
        return self.parameters.start

    @property
    def params(self) -> pd.DataFrame:
        """Value, 95 % interval, unit, origin and the prior's share of the precision of every parameter; one row each."""
        table = self.parameters.table.copy()
        for name, value in self.assumed.items():
            row = {"parameter": name, "value": value, "low": value, "high": value, "prior_share": np.nan, "origin": "assumed by the caller"}
            table = pd.concat([table[table["parameter"] != name], pd.DataFrame([row])], ignore_index=True)
        return table

    def summary(self) -> str:
        """Return the parameters as text, with the assumptions beneath."""
        shown = self.params[["parameter", "value", "low", "high", "unit", "prior_share", "origin"]]
        lines = [f"Cash model of {self.firm} as of {self.as_of}, from {self.start}", "", shown.to_string(index=False)]
        return "\n".join([*lines, "", *(f"Assumed: {text}" for text in self.assumptions())])

    def __str__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        return f"<h4>Cash model of {self.firm} as of {self.as_of}</h4>{self.params.to_html(index=False)}"

    def sources(self, parameter: str | None = None) -> pd.DataFrame:
        """Return the facts that the parameters rest on, each with document, page and publication day."""
        return self.parameters.sources(parameter)

    def assumptions(self) -> tuple[str, ...]:
        """Return what the model assumes, one sentence each."""
        return (*_age_of_funds(self), *self.parameters.assumptions, *(f"{k} is set to {v:g}." for k, v in self.assumed.items()), *_MODEL)

    def inputs(self, scenarios: Scenarios, seed: int, draws: int = DRAWS) -> Firm:
        """Return the firm as the kernel takes it: joint draws of the parameters, the assumed ones fixed.

        Parameters
        ----------
        scenarios : Scenarios
        seed : int
            Seeds the parameter draws, with the firm's id.
        draws : int
        """
        rng = np.random.default_rng([seed, int(firm_hash(self.firm))])
        drawn: dict[str, float | Floats] = {**_within_bounds(self.parameters.draw(rng, draws)), **self.assumed}
        return Firm(self.firm, drawn, scenarios, starts_in=(self.start.month % 12) // 3 + 1)

    @property
    def liquid_funds(self) -> float:
        """Liquid funds at the start; NaN where they are not disclosed."""
        return self.assumed.get("liquid_funds", self.parameters.value("liquid_funds"))

    def simulate(
        self,
        horizon_quarters: int = 20,
        paths: int = 100_000,
        seed: int = 7,
        scenarios: Scenarios | None = None,
        threads: int = 1,
        progress: Callable[[int, int], None] | None = None,
    ) -> SurvivalResults:
        """Draw paths and return when the money runs out.

        Parameters
        ----------
        horizon_quarters : int
            Quarters from :attr:`start`.
        paths : int
            At least 128, so that errors can be stated.
        seed : int
        scenarios : Scenarios, optional
            By default nothing is raised, and beside it the same with receivables at constant days of sales.
        threads : int
        progress : callable, optional
            Called with the tasks done and their number.

        Returns
        -------
        finmodel.survival.SurvivalResults
            Where liquid funds are not disclosed, one scenario per assumed amount of them: the answer is a function of liquid funds.

        Raises
        ------
        ValueError
            If a count is out of range.
        """
        check_ranges(horizon_quarters=(horizon_quarters, 1, QUARTERS_MOST), paths=(paths, 128, 2**31), seed=(seed, 0, 2**64 - 1))
        model = self
        if np.isnan(self.liquid_funds):
            model = replace(self, assumed={**self.assumed, "liquid_funds": 1.0})
            scenarios = _amounts_of_funds(self, horizon_quarters) if scenarios is None else scenarios
        elif scenarios is None:
            scenarios = Scenarios.plain([NO_NEW_MONEY, CONSTANT_DAYS], horizon_quarters, constant_days=[False, True])
        firm = model.inputs(scenarios, seed)
        return self.results(firm, simulate([firm], horizon_quarters, paths, seed, threads=threads, progress=progress)[0], seed)

    def results(self, firm: Firm, outcome: Paths, seed: int) -> SurvivalResults:
        """Return what simulated paths say of the firm, with its facts and assumptions; for several firms in one call of the kernel.

        Parameters
        ----------
        firm : finmodel.simulate.Firm
            Made by :meth:`inputs`.
        outcome : finmodel.simulate.Paths
            What :func:`finmodel.simulate.simulate` returned for it.
        seed : int
        """
        first_year = self.first_year(seed)
        assumptions = (*self.assumptions(), *self._gone_by_the_day(outcome), first_year)
        context = {"facts": self.parameters.facts, "assumptions": assumptions, "later": self.later}
        context |= {"currency": self.parameters.currency, "first_year": first_year}
        return survival_results(firm, outcome, self.start, seed, as_of=self.as_of, caveat=self.caveat(), **context)

    def _gone_by_the_day(self, outcome: Paths) -> Iterator[str]:
        """Say how many paths had run out by the day of the statements, if the firm was not known to have."""
        share = float(gone_before(outcome, self.start, self.as_of)[0])
        if share > EARLY and not np.isnan(self.liquid_funds):
            yield (
                f"{share:.0%} of the paths had run out by {self.as_of}, though the firm was not known to have: "
                "the funds were larger, money came in, or it spent less."
            )

    def first_year(self, seed: int = 7, paths: int = 2**14) -> str:
        """Say what the model spends in its first year with no new money, beside what was reported: the first thing to doubt.

        Parameters
        ----------
        seed, paths : int
        """
        model = replace(self, assumed={**self.assumed, "liquid_funds": 1.0, "barrier": 0.0})  # CNY 1: the paths run on below it
        year = simulate([model.inputs(Scenarios.plain([NO_NEW_MONEY], 4), seed)], 4, paths, seed)[0]
        most, middle, least = (1.0 - float(year.cash[0, -1, year.levels.index(level)]) for level in (0.1, 0.5, 0.9))
        own, currency = self.parameters.evidence[:1], self.parameters.currency
        reported = " and ".join(burn for one in own for burn in one.burns) or "no twelve months of operating cash flow"
        more = ("spends", "takes in") if middle > 0 else ("takes in", "spends")
        odd = [one.burnt for one in own if not np.isnan(one.burnt) and not least <= one.burnt <= most]
        return (
            f"In the first year, with no new money, {self.firm} {more[0]} {currency} {millions(abs(middle))} m more than it "
            f"{more[1]} (80 % of paths: a burn of {millions(least)} to {millions(most)} m); reported: {reported}"
            + (f", which lies {'below' if odd[0] < least else 'above'} what the model expects." if odd else ".")
        )

    def caveat(self) -> tuple[str, str]:
        """Return status and reason of what is simulated: sound, conditional on an amount of liquid funds, or stale."""
        stale = self.parameters.stale_months or 0
        if np.isnan(self.liquid_funds):
            return "conditional", "missing: liquid funds; each value holds for the amount named"
        if "liquid_funds" not in self.assumed and stale > STALE_AFTER_MONTHS:
            return "stale", f"liquid funds are those of {self.parameters.liquid_funds_on}, {stale} months before {self.as_of}"
        return SOUND

    def variance_split(self, horizon_quarters: int = 20, seed: int = 7, draws: int = 2048, each: int = 64) -> pd.DataFrame:
        """Return how the variance of the runway (months, restricted to the horizon) splits into process, parameters and prior.

        Process is what would be left if the parameters were known. The rest is the parameters' (one-way analysis of variance over
        `draws` parameter draws with `each` paths apiece); it is the prior's in so far as the parameters that move the runway owe their
        precision to the prior: mean prior share, weighted by squared standardised regression coefficients.

        Parameters
        ----------
        horizon_quarters, seed : int
        draws, each : int
            Parameter draws, and paths for each of them.

        Returns
        -------
        pandas.DataFrame
            Columns part (process, parameters, prior), variance (months squared), share.
        """
        firm = self.inputs(Scenarios.plain([NO_NEW_MONEY], horizon_quarters), seed, draws)
        counts = simulate([firm], horizon_quarters, draws * each, seed, batches=draws)[0].counts[:, 0]
        months = 3 * (np.arange(horizon_quarters + 1) + 0.5)
        months[-1] = 3 * horizon_quarters
        mean = counts @ months / each
        within = float(np.mean(counts @ months**2 / each - mean**2)) * each / (each - 1)
        between = max(float(mean.var(ddof=1)) - within / each, 0.0)
        prior = between * self._prior_weight(firm.parameters, mean)
        parts = {"process": within, "parameters": between - prior, "prior": prior}
        table = pd.DataFrame({"part": list(parts), "variance": list(parts.values())})
        table["share"] = table["variance"] / (within + between) if within + between else np.nan
        return table

    def _prior_weight(self, drawn: Mapping[str, float | Floats], outcome: Floats) -> float:
        """Return the mean prior share of the parameters, weighted by how much they move `outcome`."""
        share = self.parameters.table.set_index("parameter")["prior_share"]
        names = [n for n, v in drawn.items() if n in share.index and np.size(v) > 1 and np.std(v) > 0]
        if not names or not outcome.std():
            return 0.0
        design = np.stack([_ranks(np.asarray(drawn[n])) for n in names], axis=1)
        coefficient = np.linalg.lstsq(design, outcome - outcome.mean(), rcond=None)[0]
        weight = coefficient**2
        return float(weight @ share[names].to_numpy(dtype=float) / weight.sum())

    def prior_sensitivity(
        self, horizon_quarters: int = 20, paths: int = 32_768, seed: int = 7, scales: Sequence[float] = (0.5, 2.0)
    ) -> pd.DataFrame:
        """Return what the answer would be with each prior's standard deviation halved and doubled, one at a time.

        Parameters
        ----------
        horizon_quarters, paths, seed : int
        scales : sequence of float
            Factors on the standard deviation.

        Returns
        -------
        pandas.DataFrame
            Columns prior, scale, restricted_mean_runway (months), difference and cash_out_24m, difference_24m, the largest absolute
            difference of the runway first; the first row is the model as it is.
        """
        base = self._answer(horizon_quarters, paths, seed)
        rows = [("(as estimated)", 1.0, *base)]
        priors = [p for p in dict.fromkeys(self.parameters.table["prior"]) if p]
        for prior in priors:
            for scale in scales:
                moved = replace(self, parameters=self.parameters.with_prior(prior, scale))
                rows.append((prior, scale, *moved._answer(horizon_quarters, paths, seed)))
        table = pd.DataFrame(rows, columns=["prior", "scale", "restricted_mean_runway", "cash_out_24m"])
        table.insert(3, "difference", table["restricted_mean_runway"] - base[0])
        table["difference_24m"] = table["cash_out_24m"] - base[1]
        order = table["difference"].abs().iloc[1:].sort_values(ascending=False, kind="stable").index
        return table.loc[[0, *order]].reset_index(drop=True)

    def _answer(self, quarters: int, paths: int, seed: int) -> tuple[float, float]:
        firm = self.inputs(Scenarios.plain([NO_NEW_MONEY], quarters), seed)
        runway = survival_results(firm, simulate([firm], quarters, paths, seed)[0], self.start, seed).runway
        return runway.restricted_mean, float(runway.gone[min(8, quarters)])


_MODEL = (
    "Paths follow Schwartz and Moon (2000, 2001): mean-reverting growth, log-normal revenue, sticky costs, collection with a lag and a "
    "loss; nothing is raised unless a scenario says so.",
    "Cash-out is the first time that liquid funds touch the barrier; inside a quarter they are a Brownian bridge.",
    "Cash-out never happened to the four core firms: what calibrates the model is another population.",
    "The error is that of the Monte Carlo alone (one standard error); parameters and priors are uncertain beyond it.",
)


def _ranks(values: Floats) -> Floats:
    """Return ranks, centred and with unit variance."""
    ranks = np.argsort(np.argsort(values)).astype(float)
    scaled: Floats = (ranks - ranks.mean()) / ranks.std()
    return scaled


def _age_of_funds(model: CashModel) -> Iterator[str]:
    parameters = model.parameters
    if "liquid_funds" in model.assumed:
        return
    if parameters.liquid_funds_on is None:
        yield "Liquid funds are not disclosed: every answer holds for an assumed amount of them."
    else:
        stale = f", {parameters.stale_months} months before {model.as_of}" if parameters.stale_months else ""
        moved = "" if parameters.liquid_funds_on == parameters.start else ", to which they are brought at the model's own burn"
        yield f"Liquid funds are those of {parameters.liquid_funds_on}{stale}; paths start on {parameters.start}{moved}."


def _reported_later(statements: Statements, firm: str) -> pd.DataFrame:
    columns = ["day", "value", "vintage", "mark"]
    funds = liquid_funds(statements, firm)
    if not funds:
        return pd.DataFrame(columns=columns)
    table = cash_runway(statements, [firm]).realised
    table = table[table["definition"] == funds[0].definition]
    return table.assign(day=[parse_date(d) for d in table["day"]])[columns].reset_index(drop=True)


def _within_bounds(drawn: Mapping[str, Floats]) -> dict[str, Floats]:
    """Keep draws inside the values that a parameter may take (the far tail of a posterior may lie beyond them); points stay as they are."""
    bounds = {p.name: (p.lowest, p.highest) for p in PARAMETERS}
    return {name: np.clip(values, *bounds[name]) if np.ptp(values) > 0 else values for name, values in drawn.items()}


def _amounts_of_funds(model: CashModel, quarters: int) -> Scenarios:
    """Return scenarios that give the firm 0.5 to 5 years of its cash cost at the start."""
    yearly = 4 * sum(model.parameters.value(b) * (1 - model.parameters.value(f"{b}_noncash")) for b in BLOCKS)
    amounts = [float(f"{share * yearly:.2g}") for share in (0.5, 1.0, 1.5, 2.0, 3.0, 5.0)]
    names = [f"liquid funds of {model.parameters.currency} {a / 1e6:,.6g} m" for a in amounts]
    return Scenarios.plain(names, quarters, jumps=tuple(((0, 0.0, a),) for a in amounts))
