"""The cash model from statements to answers: against hand-made firms with known answers, and on the shipped statements."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from typer.testing import CliRunner

import finmodel as fm
from finmodel.cashflow import CashModel
from finmodel.cli import application
from finmodel.errors import DataError
from finmodel.estimate import Parameters, Prior
from finmodel.estimate.update import DRAWS
from finmodel.results import RECORD_COLUMNS
from finmodel.simulate import PARAMETERS, Scenarios
from finmodel.statements import Statements
from finmodel.survival import Runway, SurvivalResults
from tests.making import cash, facts, flow

START = date(2022, 12, 31)


def made(spread: dict[str, np.ndarray] | None = None, shares: dict[str, float] | None = None, **values: float) -> CashModel:
    """A firm in which nothing moves but what is named: revenue of 1 that is never collected, no cost, funds of 1."""
    still = {p.name: 0.0 if p.default is None else p.default for p in PARAMETERS}
    still |= {"revenue": 1.0, "liquid_funds": 1.0, "loss_rate": 1.0, **values}
    bank = {name: np.full(DRAWS, value) for name, value in still.items()} | (spread or {})
    rows = [(n, np.median(v), *np.quantile(v, [0.025, 0.975]), "", (shares or {}).get(n, 0.0), n, "made", "") for n, v in bank.items()]
    columns = ["parameter", "value", "low", "high", "unit", "prior_share", "prior", "origin", "definition"]
    parameters = Parameters(
        firm="made",
        start=START,
        table=pd.DataFrame(rows, columns=columns),
        facts=pd.DataFrame({"quantity": ["revenue"], "document": ["d"]}),
        assumptions=("Made by hand.",),
        profile=pd.DataFrame(),
        liquid_funds_on=START,
        stale_months=4,
        currency="CNY",
        priors={"growth": Prior("growth", "identity", 0.0, 1.0)},
        evidence=(),
        bank=bank,
    )
    return CashModel("made", parameters, date(2023, 4, 30))


def brownian(drift: float = -0.3) -> CashModel:
    """Funds 1, volatility 0.5 a year: cash-out is inverse Gaussian."""
    return made(other_income=drift / 4, cash_volatility=0.25)


@pytest.fixture(scope="module")
def sensetime() -> CashModel:
    return CashModel.fit(fm.load_statements().as_of("2023-04-30"), "sensetime")


# --- answers that are known


def test_survival_of_brownian_cash() -> None:
    result = brownian().simulate(12, paths=200_000, seed=3)
    table = result.survival[result.survival["scenario"] == "no new money"]
    exact = stats.invgauss.cdf(table["quarter"] / 4, mu=(1 / 0.3) / 4, scale=4)
    assert np.all(np.abs(table["cash_out"] - exact) < 3.5 * np.sqrt(exact * (1 - exact) / 200_000))
    ratio = table["error"] / np.sqrt(exact * (1 - exact) / 200_000)
    assert ratio.iloc[2:].between(0.6, 1.5).all()  # the spread of 64 batches is the binomial error, give or take
    assert np.allclose(table["cash_out"] + table["survival"], 1)
    assert table["day"].tolist()[:2] == [date(2023, 3, 31), date(2023, 6, 30)]
    years = np.linspace(0, 3, 3001)
    mean = 12 * np.trapezoid(1 - stats.invgauss.cdf(years, mu=(1 / 0.3) / 4, scale=4), years)
    assert result.runway.restricted_mean == pytest.approx(mean, abs=4 * result.runway.error)
    median = 12 * stats.invgauss.ppf(0.5, mu=(1 / 0.3) / 4, scale=4)
    assert result.runway.months(0.5) == pytest.approx(median, abs=0.4)


def test_runway_is_censored_never_invented() -> None:
    runway = brownian(0.3).simulate(8, paths=20_000).runway
    assert runway.quantile([0.01, 0.5, 0.9]).tolist()[1:] == ["> 24", "> 24"]
    assert math.isnan(runway.months(0.9))
    assert runway.quantile(0.5).tolist() == ["> 24"]
    with pytest.raises(ValueError, match="level is 1"):
        runway.months(1.0)
    flat = Runway(np.array([0.0, 0.0, 0.5, 0.5, 1.0]), 0.0, 0.0)
    assert flat.quantile([0.25, 0.5, 0.75]).tolist() == ["4.5", "6.0", "10.5"]


def test_deterministic_fan_and_expected_shortfall() -> None:
    result = made(debt_service=0.3).simulate(6, paths=256)
    fan = result.cash_quantiles.query("scenario == 'no new money'")
    for column in ("5%", "50%", "95%", "expected_shortfall", "mean"):
        assert fan[column].to_numpy() == pytest.approx(1 - 0.3 * np.arange(1, 7), rel=1e-5, abs=1e-6)
    assert result.runway.quantile([0.1, 0.9]).tolist() == ["9.3", "11.7"]  # in the fourth quarter


def test_funding_gap_of_brownian_cash() -> None:
    """The amount that, arriving at once, holds the probability: from the inverse Gaussian; later money must be more, then never enough."""
    model = dataclasses.replace(brownian(), as_of=START)
    result = model.simulate(8, paths=100_000, seed=5)
    gap = result.funding_gap(probability=0.05, by="2024-12-31").table

    def gone(extra: float) -> float:
        funds = 1 + extra
        return float(stats.invgauss.cdf(2.0, mu=(funds / 0.3) / (funds**2 * 4), scale=funds**2 * 4))

    low, high = 0.0, 5.0
    for _ in range(60):
        low, high = ((low + high) / 2, high) if gone((low + high) / 2) > 0.05 else (low, (low + high) / 2)
    assert gap["value"].iloc[0] == pytest.approx(high, abs=4 * gap["error"].iloc[0])
    assert gap["error"].iloc[0] < 0.03
    known = gap["value"].dropna()
    assert len(known) >= 2
    assert known.is_monotonic_increasing
    assert gap.loc[len(known) :, "reason"].str.startswith("no amount suffices").all()
    assert gap["unmet"].is_monotonic_increasing
    held = result.firm.scenarios.repeated(0, ["x"], 8, [((0, 0.0, float(known.iloc[0])),)])
    check = dataclasses.replace(result.firm, scenarios=held)
    again = fm.simulate.simulate([check], 8, 100_000, 5)[0].counts[:, 0].sum(axis=0)
    assert again[:-1].sum() / 100_000 <= 0.05


def test_no_gap_where_nothing_is_needed_and_nothing_before_the_day() -> None:
    gap = brownian(3.0).simulate(8, paths=2_000).funding_gap(by="2024-12-31")
    assert gap.table["value"].eq(0).all()
    assert gap.table["period"].tolist()[0] == "2023-06-30"  # the first quarter's end after 2023-04-30
    assert set(RECORD_COLUMNS) <= set(gap.records()[0])


def test_bad_gap() -> None:
    result = brownian().simulate(8, paths=256)
    with pytest.raises(ValueError, match="probability is 1"):
        result.funding_gap(1.5)
    with pytest.raises(ValueError, match="by is 2030-01-01; it must be after the start, 2022-12-31, and within the horizon, 2024-12-31"):
        result.funding_gap(by="2030-01-01")
    with pytest.raises(LookupError, match="unknown scenario 'base'"):
        result.runway_of("base")


def test_compare_has_the_error_of_the_difference() -> None:
    scenarios = Scenarios.plain(["baseline", "grant"], 8, flow=[[0.0], [0.05]])
    result = brownian().simulate(8, paths=100_000, scenarios=scenarios)
    row = result.compare().set_index(["scenario", "quantity"]).loc[("grant", "cash_out_24m")]
    exact = [stats.invgauss.cdf(2.0, mu=1 / (m * 4), scale=4) for m in (0.3, 0.1)]
    assert row["difference"] == pytest.approx(exact[1] - exact[0], abs=4 * row["difference_error"])
    assert row["difference_error"] < row["error"]


def test_variance_split_of_known_parts() -> None:
    """Burn known only as 0.1 or 0.2 a quarter: the runway is 30 or 15 months, all of the variance between parameters, none in process."""
    burn = np.where(np.arange(DRAWS) % 2 == 0, 0.1001, 0.2001)
    split = made({"debt_service": burn}, {"debt_service": 0.25}).variance_split(20).set_index("part")
    assert split.loc["process", "share"] == pytest.approx(0, abs=1e-12)
    assert split.loc["prior", "share"] == pytest.approx(0.25)
    halves = split["variance"].sum()
    assert halves == pytest.approx(((28.5 - 13.5) / 2) ** 2, rel=0.02)
    process = brownian().variance_split(8).set_index("part")
    assert process.loc["process", "share"] == pytest.approx(1, abs=0.02)
    assert process["share"].sum() == pytest.approx(1)


def test_without_liquid_funds_survival_is_a_function_of_them() -> None:
    model = made(administrative=1.0, liquid_funds=math.nan)
    result = model.simulate(20, paths=256)
    assert set(result.table["status"]) == {"conditional"}
    assert result.table["reason"].str.contains("missing: liquid funds").all()
    found = {name: result.runway_of(name).months(0.5) for name in result.outcome.names}
    amounts = np.array([0.5, 1.0, 1.5, 2.0, 3.0]) * 4  # of a year's cost of 4
    assert list(found.values())[:5] == pytest.approx(list(3 * amounts), abs=1.6)
    assert math.isnan(list(found.values())[5])
    given = dataclasses.replace(model, assumed={"liquid_funds": 8.0}).simulate(20, paths=256)
    assert set(given.table["status"]) == {"simulated"}


def test_stale_liquid_funds_say_so() -> None:
    model = brownian()
    old = dataclasses.replace(model.parameters, stale_months=30, liquid_funds_on=date(2020, 10, 31))
    result = dataclasses.replace(model, parameters=old).simulate(4, paths=256)
    assert set(result.table["status"]) == {"stale"}
    assert "2020-10-31, 30 months before 2023-04-30" in result.table["reason"].iloc[0]
    assert "2020-10-31" in result.summary()


def test_same_seed_same_records_whatever_the_threads() -> None:
    model = brownian()
    one = model.simulate(8, paths=40_000, seed=7)
    assert one.table.equals(model.simulate(8, paths=40_000, seed=7, threads=2).table)
    assert not one.table.equals(model.simulate(8, paths=40_000, seed=8).table)


@pytest.mark.parametrize(
    ("call", "message"), [({"paths": 0}, "paths is 0"), ({"horizon_quarters": 0}, "horizon_quarters is 0"), ({"seed": -1}, "seed is -1")]
)
def test_bad_counts(call: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        brownian().simulate(**call)


def test_bad_parameters() -> None:
    with pytest.raises(DataError, match="liquid_funds: found -1"):
        made(liquid_funds=-1.0).simulate(4, paths=256)
    with pytest.raises(DataError, match="growth: found nan"):
        made(growth=math.nan).simulate(4, paths=256)


# --- on the shipped statements


def test_fit_reads_as_of_and_other_firms(sensetime: CashModel) -> None:
    assert sensetime.start == START
    assert sensetime.parameters.liquid_funds_on == START
    assert set(sensetime.params["parameter"]) <= {p.name for p in PARAMETERS}
    assert {p.name for p in PARAMETERS if p.default is None} <= set(sensetime.params["parameter"])
    assert (sensetime.sources()["published_on"] <= "2023-04-30").all()
    text = sensetime.summary()
    assert "Cash-out never happened to the four core firms" in text
    assert "prior_share" in text
    assert "<table" in sensetime._repr_html_()


def test_sensetime_after_its_first_accounts(sensetime: CashModel) -> None:
    """The simulated median lies near the deterministic runway with capital expenditure; half a year's season is in the fan."""
    result = sensetime.simulate(20, paths=20_000, seed=7)
    assert isinstance(result, SurvivalResults)
    deterministic = fm.cash_runway(fm.load_statements().as_of("2023-04-30"), ["sensetime"]).table
    row = deterministic[(deterministic["quantity"] == "runway") & deterministic["variant"].str.contains("reserve, with capital")]
    assert result.runway.months(0.5) == pytest.approx(float(row["value"].iloc[0]), rel=0.35)
    table = result.table
    assert set(RECORD_COLUMNS) <= set(table)
    assert table.loc[table["quantity"] == "cash_out", "value"].between(0, 1).all()
    beside = table[(table["quantity"] == "cash_out") & (table["scenario"] == "constant days outstanding") & table["default"]]
    assert beside["quarter"].tolist() == [2, 4, 8, 12]
    assert not table.astype(str).apply(lambda c: c.str.contains("0000:00|perf_counter")).any().any()
    later = result.realised
    assert later["day"].gt(date(2023, 4, 30)).all()
    assert later["vintage"].ne("").all()


def test_assumed_parameters_are_named(sensetime: CashModel) -> None:
    statements = fm.load_statements().as_of("2023-04-30")
    cutting = CashModel.fit(statements, "sensetime", cut_trigger=8.0, cut_size=0.3, severance=1.0)
    shown = cutting.params.set_index("parameter").loc["cut_size"]
    assert shown["value"] == 0.3
    assert shown["origin"] == "assumed by the caller"
    assert "cut_size is set to 0.3." in cutting.simulate(4, paths=256).assumptions
    plain, cut = (m.simulate(12, paths=20_000).runway for m in (sensetime, cutting))
    assert cut.restricted_mean > plain.restricted_mean
    with pytest.raises(LookupError, match="did you mean 'cut_size'"):
        CashModel.fit(statements, "sensetime", cut_sise=0.3)


def test_prior_sensitivity(sensetime: CashModel) -> None:
    few = dataclasses.replace(sensetime.parameters, table=sensetime.parameters.table.head(3))
    table = dataclasses.replace(sensetime, parameters=few).prior_sensitivity(8, paths=4096)
    assert table.loc[0, "prior"] == "(as estimated)"
    assert table["difference"].abs().iloc[1:].is_monotonic_decreasing
    assert set(zip(table["prior"].iloc[1:], table["scale"].iloc[1:], strict=True)) == {
        (p, s) for p in ("growth", "long_run_growth") for s in (0.5, 2.0)
    }
    assert table["difference"].iloc[1] != 0


def test_undisclosed_and_unknown_firms() -> None:
    statements = fm.load_statements().as_of("2023-04-30")
    result = CashModel.fit(statements, "cloudwalk").simulate(8, paths=1000)
    assert len(result.outcome.names) == 6
    assert result.outcome.names[0].startswith("liquid funds of CNY ")
    with pytest.raises(LookupError, match="sensetime"):
        CashModel.fit(statements, "sensetme")
    with pytest.raises(DataError, match="no revenue"):
        CashModel.fit(statements, "dji")


def test_command_prints_records() -> None:
    arguments = ["survival", "--firm", "sensetime", "--as-of", "2023-04-30", "--paths", "5000", "--seed", "7", "--horizon", "8"]
    done = CliRunner().invoke(application(), [*arguments, "--by", "2024-06-30", "--format", "json"])
    assert done.exit_code == 0, done.output
    records = json.loads(done.output)
    assert list(records[0])[: len(RECORD_COLUMNS)] == list(RECORD_COLUMNS)
    assert {"quarter", "error"} <= set(records[0])
    runways = {"restricted_mean_runway", "runway_p10", "runway_p50", "runway_p90"}
    assert {r["quantity"] for r in records} == {"cash_out", "funding_gap", *runways}
    again = CliRunner().invoke(application(), [*arguments, "--by", "2024-06-30", "--format", "json", "--threads", "2"])
    assert again.output == done.output
    model = CashModel.fit(fm.load_statements().as_of("2023-04-30"), "sensetime")  # the command leaves the other firms to inform
    assert records[0]["value"] == model.simulate(8, 5000, 7).records()[0]["value"]
    assert "Assumed: " in CliRunner().invoke(application(), arguments).output


def test_the_first_year_is_held_against_what_was_reported() -> None:
    steady = made(debt_service=0.3e6)
    assert "made spends CNY 1.2 m more than it takes in" in steady.first_year()
    assert "made takes in CNY 1.2 m more than it spends" in made(debt_service=-0.3e6).first_year()
    assert "no twelve months of operating cash flow" in steady.first_year()


def test_an_unknown_amount_of_funds_has_no_runway_of_its_own(statements: Statements) -> None:
    result = CashModel.fit(statements.as_of("2021-12-31"), "cloudwalk").simulate(8, 256)
    with pytest.raises(ValueError, match=r"liquid funds of cloudwalk are not disclosed: name the amount"):
        _ = result.runway
    assert result.runway_of(result.outcome.names[-1]).restricted_mean > result.runway_of(result.outcome.names[0]).restricted_mean


def test_hindsight_counts_what_lies_inside_the_band(statements: Statements) -> None:
    said = CashModel.fit(statements.as_of("2022-03-31"), "sensetime").simulate(20, 4096).hindsight()
    assert re.search(r"[0-4] of 4 of sensetime's liquid funds lie inside the 80 % band: CNY 19,\d\d\d m on 2022-06-30 \(", said)
    assert made(debt_service=0.3).simulate(6, 256).hindsight() == ""


def test_amounts_are_in_the_currency_of_the_accounts() -> None:
    rows = [
        flow("revenue", 120e6, currency="USD"), flow("operating_cash_flow", -50e6, currency="USD"), cash(90e6, currency="USD"),
    ]  # fmt: skip
    result = CashModel.fit(Statements(facts(*rows)), "acme").simulate(4, 256)
    assert set(result.table.loc[result.table["quantity"] == "liquid_funds", "unit"]) == {"USD"}
    assert "USD" in result.assumptions[-1]
