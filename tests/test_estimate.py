"""Estimation: hand-worked values, outside oracles, laws, degenerate accounts, and intervals judged on firms drawn from the priors."""

from __future__ import annotations

import importlib.util
import itertools
import sys
from datetime import date
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

import finmodel as fm
from finmodel.data import read_table
from finmodel.estimate import Parameters, Prior, estimate_parameters, pool, shipped_priors
from finmodel.estimate.evidence import BLOCKS, RATIOS, CashWindow, Evidence
from finmodel.estimate.parameters import DEFINITIONS, GOVERNED
from finmodel.estimate.pooling import level_now, shrunken
from finmodel.estimate.priors import movements
from finmodel.estimate.revenue import DT, REVENUE_PRIORS, RevenueData, _LinearModel, _log_linear, revenue_posterior
from finmodel.estimate.update import PRIOR_ONLY, update
from finmodel.simulate import PARAMETERS
from finmodel.statements import Statements
from tests.making import cash, facts, flow
from tests.synthetic import SHAPES, draw_firms

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
UNIT = Prior("x", "identity", 0.0, 1.0)


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def sensetime(statements: Statements) -> Parameters:
    return estimate_parameters(statements.as_of("2023-04-30"), "sensetime")


# ------------------------------------------------------------------ pooling
def test_pool_of_equal_variances_by_hand() -> None:
    # equal variances: the mean, and Knapp-Hartung's error is the standard deviation over the root of the number
    values = [0.1, 0.2, 0.6, 0.7]
    pooled = pool(values, [0.01] * 4)
    assert pooled.mean == pytest.approx(0.4)
    assert pooled.standard_error == pytest.approx(np.std(values, ddof=1) / 2, rel=1e-4)
    assert pooled.tau**2 == pytest.approx(np.var(values, ddof=1) - 0.01, rel=1e-3)
    assert pooled.high - pooled.mean == pytest.approx(3.182446 * pooled.standard_error, rel=1e-5)


def test_pool_agrees_with_statsmodels_summary_and_modified_form_is_never_narrower() -> None:
    from statsmodels.stats.meta_analysis import combine_effects
    from statsmodels.tools.sm_exceptions import InvalidTestWarning

    for values, variances in (([0.1, 0.3, 0.2, 0.5], [0.01, 0.01, 0.02, 0.03]), ([1.0, 1.01, 0.99], [0.5, 0.4, 0.6])):
        fit = combine_effects(np.array(values), np.array(variances), method_re="iterated")
        with pytest.warns(InvalidTestWarning, match="nobs"):  # about the single groups' intervals, which are not used
            row = fit.summary_frame(use_t=True).loc["random effect wls"]
        plain, careful = pool(values, variances), pool(values, variances, conservative=True)
        assert (plain.mean, plain.low, plain.high) == pytest.approx((row["eff"], row["ci_low"], row["ci_upp"]))
        assert careful.high - careful.low >= plain.high - plain.low - 1e-12
    assert careful.high - careful.low > 2 * (plain.high - plain.low)  # groups closer than their errors: the plain form is too sure
    with pytest.raises(ValueError, match="two groups"):
        pool([1.0], [0.1])


def test_pooled_intervals_cover_with_four_groups() -> None:
    shown = script("interval_coverage").pooling(600).set_index("interval")["coverage"]
    assert shown["normal"] < 0.90 < 0.91 < shown["Knapp-Hartung"] < shown["modified Knapp-Hartung"]
    assert shown["modified Knapp-Hartung"] > 0.94


# ------------------------------------------------------------------ levels
def test_level_now_by_hand() -> None:
    assert level_now([2.0], [0.5], noise=0.3, walk=0.4) == pytest.approx((2.0, 0.3**2 + 0.5 * 0.4**2))
    # no noise: only the latest reading counts; no walk: the mean
    assert level_now([1.0, 5.0], [0.0, 1.0], noise=1e-6, walk=1.0)[0] == pytest.approx(1.0)
    assert level_now([1.0, 5.0], [0.0, 1.0], noise=0.2, walk=0.0) == pytest.approx((3.0, 0.02))


def test_level_now_is_the_local_level_model_of_statsmodels() -> None:
    import statsmodels.api as sm

    values = [0.4, 0.1, -0.3, 0.2]  # the latest first
    model = sm.tsa.UnobservedComponents(values[::-1], "local level")
    model.ssm.initialize_approximate_diffuse(1e8)
    filtered = model.filter([0.15**2, 0.3**2])
    estimate, variance = level_now(values, [0.0, 1.0, 2.0, 3.0], noise=0.15, walk=0.3)
    assert estimate == pytest.approx(filtered.filtered_state[0, -1], abs=1e-6)
    assert variance == pytest.approx(filtered.filtered_state_cov[0, 0, -1], abs=1e-6)


@given(
    st.lists(st.floats(-3, 3), min_size=2, max_size=6), st.floats(0.02, 1.0), st.floats(0.0, 1.0)
)  # fmt: skip
def test_more_readings_never_widen(values: list[float], noise: float, walk: float) -> None:
    ages = [float(i) for i in range(len(values))]
    variances = [level_now(values[:n], ages[:n], noise, walk)[1] for n in range(1, len(values) + 1)]
    assert all(b <= a * (1 + 1e-9) for a, b in itertools.pairwise(variances))


def test_shrunken_against_direct_integration() -> None:
    own, peers = (1.2, 0.3**2), [(0.2, 0.2**2), (-0.4, 0.5**2)]
    half = UNIT.sd / np.sqrt(2)

    def weight(tau: float, power: int) -> float:
        """Integral over the common mean of the likelihood, times the moment of the firm's level given both."""
        grid = np.linspace(-5, 5, 2001)
        density = stats.norm.pdf(grid, 0, half) * stats.halfnorm.pdf(tau, scale=half)
        for value, variance in [*peers, own]:
            density = density * stats.norm.pdf(value, grid, np.sqrt(tau**2 + variance))
        level = (grid * own[1] + own[0] * tau**2) / (own[1] + tau**2)
        moment = [np.ones_like(grid), level, level**2 + own[1] * tau**2 / (own[1] + tau**2)][power]
        return float(integrate.trapezoid(density * moment, grid))

    total, first, second = (integrate.quad(weight, 0, 5, args=(p,))[0] for p in range(3))
    found = shrunken(own, peers, UNIT, nodes=512)
    assert found.weights @ found.means == pytest.approx(first / total, abs=2e-3)
    assert found.variance == pytest.approx(second / total - (first / total) ** 2, rel=1e-2)


def test_shrunken_without_anything_is_the_prior() -> None:
    alone = shrunken(None, [], Prior("x", "identity", 2.0, 0.8), nodes=512)
    assert alone.weights @ alone.means == pytest.approx(2.0)
    assert alone.variance == pytest.approx(0.8**2, rel=0.01)


@given(st.floats(-3, 3), st.floats(0.05, 1.0), st.lists(st.tuples(st.floats(-3, 3), st.floats(0.01, 1.0)), max_size=4))
def test_a_vague_prior_gives_the_firms_own_estimate_and_a_firm_one_its_mean(
    value: float, error: float, peers: list[tuple[float, float]]
) -> None:
    vague = shrunken((value, error**2), [], UNIT.scaled(1e4))
    assert vague.weights @ vague.means == pytest.approx(value, abs=1e-3)
    assert vague.variance == pytest.approx(error**2, rel=1e-3)
    firm = shrunken((value, error**2), peers, UNIT.scaled(1e-5))
    assert firm.weights @ firm.means == pytest.approx(0.0, abs=1e-5)
    shown = shrunken((value, error**2), peers, UNIT)
    assert shown.variance < error**2 * 1.5 + 1e-9


# ------------------------------------------------------------------ revenue
HALVES = RevenueData((0.1, 0.9, 0.3, 1.1), (0, 4, 6, 8), (3, 5, 7, 9), tuple(bool(q % 4 > 1) for q in range(11)))


def test_likelihood_is_that_of_a_state_space_model_with_a_cumulator() -> None:
    """The same linear model written for statsmodels: level, growth, long-run growth, and a sum that restarts with each period."""
    from statsmodels.tsa.statespace.kalman_filter import KalmanFilter

    priors, kappa, eta, sigma, share = shipped_priors(), 0.9, 0.2, 0.3, 0.4
    path = np.linspace(-1.3, -0.6, 11)
    weights, offset, _ = _log_linear(HALVES, path, np.array([share]), share)
    observed = np.array(HALVES.log_revenue) - offset[0]
    model = _LinearModel(HALVES, weights, priors, kappa)
    ours, mean, covariance = model.posterior(observed[None], np.array([[eta, sigma]]), np.zeros((1, 4, 4)))

    quarters, decay = 11, np.exp(-kappa * DT)
    spread = eta**2 * (1 - decay**2) / (2 * kappa)
    series = np.full((1, quarters), np.nan)
    transition = np.zeros((4, 4, quarters))
    load = np.zeros(quarters)
    restart = np.ones(quarters)
    for row, (first, last) in enumerate(zip(HALVES.first, HALVES.last, strict=True)):
        load[first : last + 1] = weights[row, first : last + 1]
        restart[first] = 0.0
        # a log of a sum of log-normals keeps the sum's expectation; the drift -sigma^2/2 of the steps is put into the data
        series[0, last] = observed[row] - model.drag[row] * sigma**2 - model.base
    for q in range(quarters):  # the state after quarter q+1 from the state after quarter q
        ahead = q + 1 if q + 1 < quarters else q
        step = np.array([[1, DT, 0, 0], [0, decay, 1 - decay, 0], [0, 0, 1, 0], [0, 0, 0, 0]], float)
        step[3] = load[ahead] * step[0]
        step[3, 3] = restart[ahead]
        transition[:, :, q] = step
    selection = np.zeros((4, 2, quarters))
    for q in range(quarters):
        ahead = q + 1 if q + 1 < quarters else q
        selection[:, :, q] = [[1, 0], [0, 1], [0, 0], [load[ahead], 0]]
    oracle = KalmanFilter(k_endog=1, k_states=4, k_posdef=2)
    oracle.bind(series)
    oracle["design"] = np.array([[0, 0, 0, 1.0]])
    oracle["transition"], oracle["selection"] = transition, selection
    oracle["state_cov"] = np.diag([sigma**2 * DT, spread])
    start, long_run = priors["growth"], priors["long_run_growth"]
    to_state = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [load[0], 0, 0]], float)
    oracle.initialize_known(
        to_state @ np.array([0.0, start.mean, long_run.mean]), to_state @ np.diag([100.0, start.sd**2, long_run.sd**2]) @ to_state.T
    )
    result = oracle.filter()
    assert ours[0] == pytest.approx(result.llf, abs=1e-8)
    state = result.filtered_state[:3, -1] + np.array([model.drag[-3] * sigma**2 + model.base, 0, 0])
    assert mean[0] == pytest.approx(state, abs=1e-8)
    assert covariance[0] == pytest.approx(result.filtered_state_cov[:3, :3, -1], abs=1e-8)


def test_log_of_a_sum_is_exact_on_the_path_and_its_weights_are_the_shares_of_the_quarters() -> None:
    path = np.array([0.0, 0.1, 0.2, 0.4])
    data = RevenueData((0.0,), (0,), (3,), (False, False, True, True))
    weights, offset, drift = _log_linear(data, path, np.array([0.3]), 0.3)
    assert drift == pytest.approx(0)  # the latest year's season is the one that is estimated
    terms = np.exp(path) * np.array([0.6, 0.6, 1.4, 1.4])
    assert weights[0] == pytest.approx(terms / terms.sum())
    assert weights[0] @ path + offset[0, 0] == pytest.approx(np.log(terms.sum()))


def test_drift_of_the_season_is_that_of_years_drawn_one_by_one() -> None:
    """Covariance of log sums over halves of three years when the logit of the first half's share walks, against 200,000 histories."""
    data = RevenueData((0.0,) * 5, (0, 2, 4, 6, 8), (1, 3, 5, 7, 11), tuple(bool(q % 4 > 1) for q in range(12)))
    share, rng = 0.35, np.random.default_rng(3)
    covariance = _log_linear(data, np.zeros(12), np.array([share]), share)[2][0]
    away = 0.1 * np.cumsum(rng.standard_normal((200_000, 2)), axis=1)  # small, so that the log is linear: a tenth of a year's step
    shares = 1 / (1 + np.exp(-(np.log(share / (1 - share)) + away)))
    first, second = np.log(shares), np.log(1 - shares)
    sums = np.column_stack([first[:, 1], second[:, 1], first[:, 0], second[:, 0], np.zeros(len(away))])
    assert covariance * (0.1 / movements()["first_half_revenue"][1]) ** 2 == pytest.approx(np.cov(sums.T), rel=0.03, abs=1e-5)


def test_one_period_says_nothing_about_growth_and_fixes_the_level() -> None:
    priors = shipped_priors()
    data = RevenueData((float(np.log(8.0)),), (0,), (3,), (False, False, True, True))
    posterior = revenue_posterior(data, priors)
    draws = posterior.draw(np.random.default_rng(1), 20_000, posterior.log_evidence)
    for name in ("mean_reversion", "revenue_volatility", "growth_volatility", "long_run_growth"):
        prior, z = priors[name], priors[name].transformed(draws[name])
        assert (z.mean() - prior.mean) / prior.sd == pytest.approx(0, abs=0.05)
        assert z.std() / prior.sd == pytest.approx(1, abs=0.05)
    assert np.median(draws["revenue"]) == pytest.approx(2.0, rel=0.1)


def test_evidence_on_reversion_does_not_depend_on_the_set_of_points() -> None:
    priors = shipped_priors()
    ours, other = (revenue_posterior(HALVES, priors, common).log_evidence for common in (True, False))
    assert np.std(ours - other) < 0.15


# ------------------------------------------------------------------ priors
def test_every_prior_says_where_it_comes_from_and_its_interval_is_its_own() -> None:
    table = read_table("priors")
    assert not table["parameter"].duplicated().any()
    assert (table[["population", "how", "source", "unit"]] != "").all(axis=None)
    for row in table[table["distribution"] == "normal"].to_dict("records"):
        mean, sd = float(row["mean"]), float(row["sd"])
        prior = Prior(row["parameter"], row["transform"], mean, sd)
        assert sd > 0
        interval = prior.natural(np.array([mean - 1.96 * sd, mean + 1.96 * sd]))
        assert [float(row["low"]), float(row["high"])] == pytest.approx(interval, rel=5e-3, abs=1e-3)
    assert {*REVENUE_PRIORS, *RATIOS, *PRIOR_ONLY, "other_income", "cash_volatility"} == set(shipped_priors())
    assert {*RATIOS, "first_half_revenue"} == set(movements())


@pytest.mark.shared
@pytest.mark.slow
def test_priors_are_what_the_panels_give(shared: Path, tmp_path: Path) -> None:
    for folder in ("tables/finglm_a_share", "panels/us_bankruptcy", "tables/taidibei"):
        if not (shared / "inputs" / folder).is_dir():
            pytest.skip(f"no panel {folder}")
    made = script("make_priors")
    made.main(shared / "inputs", tmp_path / "priors.csv")
    fresh, shipped = (pd.read_csv(p) for p in (tmp_path / "priors.csv", BENCHMARKS.parent / "data/priors.csv"))
    pd.testing.assert_frame_equal(fresh, shipped, rtol=2e-3)


# ------------------------------------------------------------------ from statements to parameters
def half(item: str, value: float, year: int, **more: object) -> dict[str, object]:
    return flow(item, value, f"{year}-01-01", f"{year}-06-30", document=f"acme-h1-{year}", **more)


def year(item: str, value: float, number: int, **more: object) -> dict[str, object]:
    return flow(item, value, f"{number}-01-01", f"{number}-12-31", document=f"acme-{number}", **more)


def acme(scale: float = 1.0, *more: dict[str, object]) -> Statements:
    rows = []
    for number, revenue in ((2018, 100.0), (2019, 150.0), (2020, 180.0)):
        revenue *= scale
        rows += [
            year("revenue", revenue, number),
            year("cost_of_sales", 0.4 * revenue, number),
            year("operating_cash_flow", -0.5 * revenue, number),
        ]
        rows += [year("research_and_development", 0.7 * revenue, number), year("selling", 0.2 * revenue, number)]
        rows += [year("administrative", 0.3 * revenue, number), year("capital_expenditure", 0.1 * revenue, number)]
    return Statements(facts(*rows, half("revenue", 60.0 * scale, 2020), cash(400.0 * scale), *more))


def test_a_made_firm_by_hand() -> None:
    made = estimate_parameters(acme(), "acme")
    assert (made.start.isoformat(), made.liquid_funds_on, made.value("liquid_funds")) == ("2020-12-31", made.start, 400.0)
    shares = made.table.set_index("parameter")["prior_share"]
    # known costs hardly move towards the panel; carried half a year by drift, and to the revenue of today by the usual response
    for block, share in zip(BLOCKS, (0.4, 0.7, 0.2, 0.3), strict=True):
        assert made.value(block) == pytest.approx(share * 180 / 4, rel=0.12)
        assert shares[block] < 0.05
    assert shares["loss_rate"] == shares["cost_of_sales_noncash"] == shares["market_loading"] == 1.0
    assert 0.3 < made.value("first_half_revenue") < 0.42  # the one half known: 60 of 180
    # cash: flow = revenue collected - cash cost + other; at the priors of loss and non-cash cost other income is what is left
    loss, noncash = made.value("loss_rate"), made.value("selling_noncash")
    left = -0.5 - (1 - loss) + 1.6 * (1 - noncash)
    assert made.value("other_income") / made.value("revenue") == pytest.approx(left, abs=0.12)
    used = made.sources("research_and_development")
    assert set(used["line_item"]) == {"research_and_development", "revenue"}
    assert used["published_on"].eq("2021-03-31").all()


def test_the_table_names_the_models_parameters_and_the_draws_are_theirs(sensetime: Parameters) -> None:
    known = {p.name for p in PARAMETERS}
    assert set(sensetime.table["parameter"]) == set(DEFINITIONS) == set(sensetime.bank) <= known
    assert known - set(DEFINITIONS) == {"cut_trigger", "cut_lag", "cut_size", "severance", "barrier"}
    drawn = sensetime.draw(np.random.default_rng(3), 50_000)
    for row in sensetime.table.to_dict("records"):
        if row["high"] > row["low"]:
            assert np.quantile(drawn[row["parameter"]], 0.5) == pytest.approx(row["value"], rel=0.06, abs=0.02 * (row["high"] - row["low"]))
    positive = [n for n in DEFINITIONS if n not in ("growth", "long_run_growth", "other_income") and not n.endswith("_drift")]
    assert all((drawn[n] >= 0).all() for n in positive)
    assert all(((drawn[n] > 0) & (drawn[n] < 1)).all() for n in ("loss_rate", "selling_noncash", "first_half_revenue"))
    assert sensetime.table["prior_share"].between(0, 1).all()


def test_draws_depend_on_the_generator_alone_and_estimates_repeat(statements: Statements, sensetime: Parameters) -> None:
    again = estimate_parameters(statements.as_of("2023-04-30"), "sensetime")
    pd.testing.assert_frame_equal(again.table, sensetime.table)
    a, b, c = (p.draw(np.random.default_rng(s), 100) for p, s in ((sensetime, 5), (again, 5), (again, 6)))
    assert all((a[n] == b[n]).all() for n in a)
    assert (a["growth"] != c["growth"]).any()


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_the_unit_of_money_is_of_no_consequence(scale: float) -> None:
    one, other = estimate_parameters(acme(), "acme").table, estimate_parameters(acme(scale), "acme").table
    money = one["unit"].str.startswith("currency")
    assert other.loc[~money, "value"].to_numpy() == pytest.approx(one.loc[~money, "value"].to_numpy(), rel=1e-6)
    assert other.loc[money, "value"].to_numpy() == pytest.approx(scale * one.loc[money, "value"].to_numpy(), rel=1e-6)


def test_prior_sensitivity_moves_what_it_should(sensetime: Parameters) -> None:
    same = sensetime.with_prior("selling", 1.0)
    pd.testing.assert_frame_equal(same.table, sensetime.table)
    values = sensetime.table.set_index("parameter")
    for name, prior in (
        ("market_loading", "market_loading"),
        ("selling_up", "selling_up"),
        ("first_half_collections", "first_half_collections"),
    ):
        wide = sensetime.with_prior(name, 2.0).table.set_index("parameter")
        assert wide.loc[name, "high"] - wide.loc[name, "low"] > 1.3 * (values.loc[name, "high"] - values.loc[name, "low"])
        untouched = [n for n in values.index if GOVERNED.get(n, n) != prior and n not in BLOCKS]
        assert wide.loc[untouched, "value"].to_numpy() == pytest.approx(values.loc[untouched, "value"].to_numpy())
    tight = sensetime.with_prior("research_and_development", 0.5).table.set_index("parameter")
    assert tight.loc["research_and_development", "prior_share"] > values.loc["research_and_development", "prior_share"]
    assert sensetime.with_prior("capex_share", 2.0).priors["capital_expenditure"].sd == 2 * shipped_priors()["capital_expenditure"].sd
    with pytest.raises(LookupError, match=r"unknown prior 'seling'.*selling"):
        sensetime.with_prior("seling", 2.0)
    with pytest.raises(ValueError, match="not a positive number"):
        sensetime.with_prior("selling", 0.0)


def test_more_facts_shrink_the_priors_share(statements: Statements) -> None:
    early, late = (
        estimate_parameters(statements.as_of(day), "sensetime").table.set_index("parameter") for day in ("2021-11-30", "2025-04-30")
    )
    for name in ("first_half_revenue", "revenue_volatility", "mean_reversion", "collection_lag"):
        assert late.loc[name, "prior_share"] < early.loc[name, "prior_share"]


def test_half_life_is_shared_and_its_profile_shown(statements: Statements) -> None:
    view = statements.as_of("2021-11-30")
    made = {firm: estimate_parameters(view, firm) for firm in ("sensetime", "yitu")}
    shown = [p.table.set_index("parameter").loc["mean_reversion", ["value", "low", "high"]].to_numpy(float) for p in made.values()]
    assert shown[0] == pytest.approx(shown[1], rel=0.02)  # the same posterior, whichever firm asks
    profile = made["sensetime"].profile
    assert set(profile["firm"]) >= {"sensetime", "megvii", "cloudwalk", "yitu"}
    best = profile.groupby("firm")[["log_evidence", "log_profile"]].max()
    assert best.to_numpy() == pytest.approx(0.0)
    alone = estimate_parameters(view.select(["sensetime"]), "sensetime").table.set_index("parameter")
    assert (
        alone.loc["mean_reversion", "prior_share"]
        > 0.5
        > made["sensetime"].table.set_index("parameter").loc["mean_reversion", "prior_share"]
    )


# ------------------------------------------------------------------ degenerate accounts
def test_one_observation_is_the_prior_with_the_reason() -> None:
    made = estimate_parameters(Statements(facts(year("revenue", 120.0, 2020))), "acme")
    table = made.table.set_index("parameter")
    assert table.loc["revenue_volatility", "prior_share"] == pytest.approx(1.0, abs=0.02)
    assert "one period says nothing about growth" in table.loc["growth", "origin"]
    assert "no twelve months of it are disclosed" in table.loc["selling", "origin"]
    assert "operating cash flow" in table.loc["other_income", "origin"]
    assert np.isnan(made.value("liquid_funds"))
    assert made.liquid_funds_on is None
    assert made.stale_months is None
    assert "no definition of liquid funds is disclosed" in table.loc["liquid_funds", "origin"]
    assert made.value("debt_service") == 0.0
    assert "not disclosed" in table.loc["debt_service", "origin"]
    assert table.loc["revenue", "value"] == pytest.approx(30.0, rel=0.1)


def test_missing_operating_cash_flow_leaves_other_cash_at_its_prior() -> None:
    rows = [r for r in acme().facts.to_dict("records") if r["line_item"] != "operating_cash_flow"]
    table = estimate_parameters(Statements(pd.DataFrame(rows)), "acme").table.set_index("parameter")
    assert table.loc["other_income", "prior_share"] == 1.0
    assert "operating cash flow" in table.loc["other_income", "origin"]


def test_cash_flows_teach_the_level_of_other_cash_and_how_much_it_varies() -> None:
    """Against the posterior on a grid, where everything but other cash is disclosed."""
    readings, revenue, priors = (0.5, -0.4, 0.2), 100.0, shipped_priors()
    windows = tuple(CashWindow(date(2020 - i, 12, 31), r * revenue, revenue, 0.0, revenue, (), 0.0, 0.0) for i, r in enumerate(readings))
    empty = RevenueData((), (), (), (False, False, True, True))
    own = Evidence("made", date(2020, 12, 31), empty, dict.fromkeys(RATIOS, ()), windows)
    bank = update((own,), priors).bank
    level, varies = priors["other_income"], priors["cash_volatility"]
    x, v = np.meshgrid(level.mean + level.sd * np.linspace(-6, 6, 801), varies.mean + varies.sd * np.linspace(-6, 6, 801))
    weight = stats.norm.pdf(x, level.mean, level.sd) * stats.norm.pdf(v, varies.mean, varies.sd)
    for reading in readings:
        weight = weight * stats.norm.pdf(reading, x, np.exp(v) / 2)
    weight /= weight.sum()
    other, noise = bank["other_income"] / bank["revenue"], np.log(bank["cash_volatility"])
    assert other.mean() == pytest.approx((weight * x).sum(), abs=4 * other.std() / 100)
    assert other.std() == pytest.approx(np.sqrt((weight * x**2).sum() - (weight * x).sum() ** 2), rel=0.03)
    assert noise.mean() == pytest.approx((weight * v).sum(), abs=4 * noise.std() / 100)
    assert noise.mean() > varies.mean + varies.sd  # flows as uneven as these


def test_a_cost_that_a_window_does_not_disclose_is_taken_from_the_other_years() -> None:
    rows = [r for r in acme().facts.to_dict("records") if (r["line_item"], r["period_end"][:4]) != ("selling", "2020")]
    made = estimate_parameters(Statements(pd.DataFrame(rows)), "acme")
    assert [w.missing for w in made.evidence[0].cash] == [("selling",), ()]
    assert "FY 2020, FY 2019" in made.table.set_index("parameter").loc["other_income", "origin"]
    assert made.value("other_income") == pytest.approx(estimate_parameters(acme(), "acme").value("other_income"), abs=0.06 * 45)


def test_receivables_are_those_expected_to_be_paid() -> None:
    def owed(**items: float) -> tuple[float, str]:
        rows = [flow(item, value, "", "2020-12-31", statement="financial_position") for item, value in items.items()]
        row = estimate_parameters(acme(1.0, *rows), "acme").table.set_index("parameter").loc["receivables"]
        return row["value"], row["origin"]

    assert owed(trade_receivables_gross=90.0, trade_receivables=60.0) == (60.0, "trade receivables at 2020-12-31")
    assert owed(trade_receivables_gross=90.0) == (90.0, "trade receivables gross (before provisions: an upper bound) at 2020-12-31")


def test_what_is_printed_as_nil_is_nil_and_a_reversal_is_not_called_undisclosed() -> None:
    rows = [{**r, "value": 0.0} if r["line_item"] == "research_and_development" else r for r in acme().facts.to_dict("records")]
    extra = [year("impairment_of_financial_assets", -4.0, 2020)]
    table = estimate_parameters(Statements(facts(*(r for r in _bare(rows)), *extra)), "acme").table.set_index("parameter")
    assert (table.loc["research_and_development", ["value", "low", "high"]] == 0).all()
    assert "printed as nil: FY 2020" in table.loc["research_and_development", "origin"]
    assert "out of the range of the ratio" in table.loc["loss_rate", "origin"]
    assert "disclosed" not in table.loc["loss_rate", "origin"]


def _bare(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    return [{k: v for k, v in r.items() if k in ("line_item", "value", "period_start", "period_end", "document")} for r in rows]


def test_liquid_funds_of_another_day_are_brought_to_the_start() -> None:
    """Between the day of the funds and the start the firm burns; a start is a quarter's end."""
    at_end = estimate_parameters(acme(), "acme")
    rows = [r for r in acme().facts.to_dict("records") if r["line_item"] != "cash_and_cash_equivalents"]
    older, later = (estimate_parameters(Statements(facts(*_bare(rows), cash(400.0, end))), "acme") for end in ("2020-06-30", "2021-02-15"))
    assert {p.start.isoformat() for p in (at_end, older, later)} == {"2020-12-31"}
    burn = 0.5 * 180 + 0.1 * 180  # a year, as reported: operating cash flow of -90 and capital expenditure of 18
    assert older.value("liquid_funds") == pytest.approx(400 - burn / 2, abs=0.35 * burn)
    assert later.value("liquid_funds") == pytest.approx(400 + burn * 46 / 365, abs=0.1 * burn)
    assert "brought to 2020-12-31 at the model's burn" in older.table.set_index("parameter").loc["liquid_funds", "origin"]
    assert (older.bank["liquid_funds"] > 0).all()


def test_receivables_of_a_year_end_are_read_before_those_of_june() -> None:
    rows = [flow("trade_receivables", value, "", end) for value, end in ((80.0, "2019-12-31"), (20.0, "2020-06-30"))]
    rows += [half("revenue", 60.0, 2019)]
    made = estimate_parameters(acme(1.0, *rows), "acme")
    assert [r.end.isoformat() for r in made.evidence[0].readings["collection_lag"]] == ["2019-12-31"]


def test_costs_at_the_start_are_those_of_a_firm_that_moves_as_the_simulation_does() -> None:
    """Quarterly revenue grows by 30 % a year, R&D answers the year's growth at 0.6: its last quarter, from yearly sums alone."""
    steps = np.full(24, 0.3 * DT)
    revenue = 100 * np.exp(np.cumsum(steps))
    cost = 80 * np.exp(0.6 * np.cumsum(steps))
    rows = []
    for n, number in enumerate(range(2015, 2021)):
        part = slice(4 * n, 4 * n + 4)
        rows += [year("revenue", revenue[part].sum(), number), year("research_and_development", cost[part].sum(), number)]
    known = {"research_and_development_up": np.log(0.6), "research_and_development_drift": 0.0, "revenue_volatility": -6.0}
    priors = shipped_priors() | {name: Prior(name, shipped_priors()[name].transform, mean, 1e-4) for name, mean in known.items()}
    evidence = estimate_parameters(Statements(facts(*rows)), "acme").evidence
    found = np.median(update(evidence, priors).bank["research_and_development"])
    assert found == pytest.approx(cost[-1], rel=0.02)


def test_costs_answer_the_last_twelve_months_and_capital_expenditure_its_own_window() -> None:
    made = estimate_parameters(acme(), "acme")
    assert made.evidence[0].trailing == pytest.approx(180.0)
    one = made.bank
    total = one["capex_share"] * one["revenue"] + one["capex_fixed"]
    assert np.median(total) == pytest.approx(0.1 * 180 / 4, rel=0.15)  # not 10 % of a run-rate that has grown since
    fixed = one["capex_fixed"] / total
    assert np.corrcoef(fixed, one["revenue"])[0, 1] == pytest.approx(0, abs=0.05)  # the share that does not move with revenue


def test_zero_or_negative_revenue_is_refused_with_the_fact() -> None:
    for value in (0.0, -5.0):
        with pytest.raises(fm.DataError, match=r"revenue of acme, FY 2019 .*a positive amount.*leave the period out"):
            estimate_parameters(Statements(facts(year("revenue", value, 2019), year("revenue", 100.0, 2020))), "acme")
    with pytest.raises(fm.DataError, match="no revenue of a half or a full year"):
        estimate_parameters(Statements(facts(year("selling", 1.0, 2020))), "acme")
    with pytest.raises(fm.DataError, match="no revenue of a half or a full year that begins with a quarter"):
        estimate_parameters(Statements(facts(flow("revenue", 9.0, "2020-02-15", "2020-08-14"))), "acme")
    with pytest.raises(LookupError, match=r"unknown firm 'acne'.*acme"):
        estimate_parameters(acme(), "acne")


def test_bases_are_not_mixed_and_the_reader_is_told(statements: Statements) -> None:
    origin = estimate_parameters(statements.as_of("2021-11-30"), "megvii").table.set_index("parameter").loc["growth", "origin"]
    assert "FY 2018" in origin
    assert "not comparable and left out" in origin


def test_stale_funds_say_how_stale() -> None:
    view = acme(1.0).as_of("2022-03-15")
    made = estimate_parameters(view, "acme")
    assert made.stale_months == 14
    assert "14 months before 2022-03-15" in made.table.set_index("parameter").loc["liquid_funds", "origin"]


def test_an_inferred_cost_says_so(statements: Statements) -> None:
    table = estimate_parameters(statements.as_of("2021-11-30"), "megvii").table.set_index("parameter")
    assert "less known cost" in table.loc["selling", "origin"]
    assert "parted as in the A-share panel" in table.loc["selling", "origin"]


# ------------------------------------------------------------------ the real firm
def test_sensetime_after_its_first_accounts_is_plausible(statements: Statements, sensetime: Parameters) -> None:
    """What an analyst would work out from the 2022 accounts, in CNY million: known figures stay near what was printed."""
    million = sensetime.table.set_index("parameter")[["value", "low", "high"]] / 1e6
    printed = {"cost_of_sales": 1266, "research_and_development": 4014, "selling": 901, "administrative": 1568}
    for block, cost in printed.items():
        assert million.loc[block, "value"] == pytest.approx(cost / 4, rel=0.06)
    assert 4 * million.loc["revenue", "value"] == pytest.approx(3809, rel=0.12)
    assert million.loc["liquid_funds", "value"] == pytest.approx(16602.7)
    # the year's reported operating cash flow was -3,084: the run-rate implied by the parameters is near it
    median = {n: sensetime.value(n) for n in DEFINITIONS}
    paid = sum(median[b] * (1 - median[f"{b}_noncash"]) for b in BLOCKS)
    implied = 4 * (median["revenue"] * (1 - median["loss_rate"]) - paid + median["other_income"]) / 1e6
    assert implied == pytest.approx(-3084, rel=0.2)
    # what was printed a year later lies inside
    later = statements.as_of("2024-04-30")
    rows = sensetime.table.set_index("parameter")
    for block in ("research_and_development", "selling"):
        assert rows.loc[block, "low"] < later.value("sensetime", block, "FY 2023") / 4 < rows.loc[block, "high"]


# ------------------------------------------------------------------ are the intervals honest?
def test_intervals_cover_truths_drawn_from_the_priors() -> None:
    sets = 24
    table = script("interval_coverage").calibration(sets, seed=3)
    assert set(table["parameter"]) == set(DEFINITIONS) - {"liquid_funds", "debt_service"}
    floor = stats.binom.ppf(1e-4, sets, 0.93) / sets
    assert (table["coverage"] >= floor).all(), table[table["coverage"] < floor]
    learnt = table[~table["parameter"].isin(PRIOR_ONLY)]
    assert 0.92 < learnt["coverage"].mean() < 0.985
    assert (table["uniform_p"] > 1e-4).all()


@pytest.mark.slow
def test_intervals_cover_500_truths() -> None:
    sets = 500
    table = script("interval_coverage").calibration(sets, seed=11)
    low, high = stats.binom.ppf(0.001, sets, 0.93) / sets, stats.binom.ppf(0.999, sets, 0.97) / sets
    outside = table[~table["coverage"].between(low, high)]
    assert outside.empty, outside
    assert (table["uniform_p"] > 0.05 / len(table)).all(), table[["parameter", "uniform_p", "ranks"]]


def test_other_firms_change_only_what_is_shared() -> None:
    rng = np.random.default_rng(4)
    evidence, _ = draw_firms(rng, shipped_priors(), [SHAPES[1], SHAPES[0], SHAPES[0]])
    alone, together = update(evidence[:1], shipped_priors()), update(evidence, shipped_priors())
    for name in PRIOR_ONLY:
        if name != "capex_variable":
            assert (alone.bank[name] == together.bank[name]).all()
    assert together.prior_shares["mean_reversion"] <= alone.prior_shares["mean_reversion"] + 0.05
