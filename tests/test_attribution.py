import itertools
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import finmodel as fm
from finmodel.arrivals import Assumptions, Calendar, known_receipts
from finmodel.attribution import QUANTITIES, Setting, attribute, inputs_of, runway_lost, sensitivity, shapley, sobol_indices, tornado
from finmodel.funding import market_terms
from finmodel.scenarios import Change, Scenario, read_scenario
from finmodel.stochastic import run_firm
from finmodel.survival import estimate, survival_results

QUARTERS, PATHS = 12, 1024


@pytest.fixture(scope="module")
def megvii(statements):
    return fm.CashModel.fit(statements.as_of("2021-12-31"), "megvii")


@pytest.fixture(scope="module")
def sensetime(statements):
    return fm.CashModel.fit(statements.as_of("2023-04-30"), "sensetime")


def brute_force(values):
    players = len(values).bit_length() - 1
    shares = np.zeros(players)
    orders = list(itertools.permutations(range(players)))
    for order in orders:
        subset = 0
        for player in order:
            shares[player] += values[subset | 1 << player] - values[subset]
            subset |= 1 << player
    return shares / len(orders)


@given(st.lists(st.floats(-100, 100), min_size=32, max_size=32))
def test_shapley_is_the_average_over_all_orders(values):
    values = np.array(values)
    found = shapley(values)
    assert np.allclose(found, brute_force(values), atol=1e-9)
    assert found.sum() == pytest.approx(values[-1] - values[0], abs=1e-9)


def test_shapley_wants_every_subset():
    with pytest.raises(ValueError, match=r"2\^n"):
        shapley(np.zeros(5))


def test_five_restrictions_on_real_figures_against_all_orders(megvii):
    names = ("us-investment-ban", "star-ipo-barrier", "public-budget-cut", "beijing-regulation")
    changes = tuple(dict.fromkeys(c for name in names for c in read_scenario(name).changes))
    scenario = Scenario("five", "t", "q", (), changes)
    assert len(scenario.restrictions) == 5
    table = attribute(megvii, scenario, QUARTERS, PATHS, 7)
    subsets = [
        replace(scenario.direct(), changes=tuple(c for c in scenario.direct().changes if c.restriction in kept))
        for index in range(32)
        for kept in [{n for i, n in enumerate(scenario.restrictions) if index >> i & 1}]
    ]
    run = run_firm(megvii, subsets, QUARTERS, PATHS, 7)
    for quantity, values in (
        ("runway_months_lost", -run.runway().mean(axis=0)),
        ("cash_out_24m", run.cash_out(24).mean(axis=0)),
        ("funding_gap", run.funding_gap().mean(axis=0)),
    ):
        mine = table[(table["quantity"] == quantity) & (table["restriction"] != "total")]
        assert mine["restriction"].tolist() == list(scenario.restrictions)
        scale = 1.0 if quantity == "funding_gap" else 1e-9
        assert np.allclose(mine["value"], brute_force(values), atol=scale)


@pytest.mark.parametrize("name", ["us-investment-ban", "star-ipo-barrier", "public-budget-cut"])
def test_shares_sum_to_the_total_and_are_not_all_zero(megvii, name):
    table = attribute(megvii, read_scenario(name), QUARTERS, 4 * PATHS, 7)  # the ban's part is small: enough paths to see it
    assert set(table["quantity"]) == set(QUANTITIES)
    for quantity, group in table.groupby("quantity"):
        parts = group[group["restriction"] != "total"]["value"]
        total = group[group["restriction"] == "total"]["value"]
        assert len(total) == 1 and abs(parts.sum() - total.iloc[0]) <= 1e-9, quantity
        assert (parts != 0).any(), quantity
        assert (group["error"] >= 0).all()


def test_with_responses_held_fixed_every_share_costs(megvii):
    table = attribute(megvii, read_scenario("everything-at-once"), 8, 512, 7)
    lost = table[(table["quantity"] == "runway_months_lost")]
    assert (lost["value"] >= 0).all()
    assert lost[lost["restriction"] == "labour-savings"]["value"].item() == 0
    silent = lost[lost["restriction"] == "us-market-ban"]
    assert silent["value"].item() == 0 and "us revenue share is not disclosed" in silent["reason"].item()
    net = attribute(megvii, read_scenario("labour-savings"), 8, 512, 7, responses=True)
    assert net[net["restriction"] == "labour-savings"]["value"].iloc[0] < 0


def test_an_assumed_exposure_costs(sensetime):
    table = attribute(sensetime, read_scenario("us-market-ban"), QUARTERS, PATHS, 7, shares={"us_revenue_share": 0.2})
    row = table[(table["restriction"] == "us-market-ban") & (table["quantity"] == "runway_months_lost")].iloc[0]
    assert row["value"] > 0.5 and row["reason"] == ""


@pytest.mark.parametrize("paths", [4096, 16_384, 20_000])
def test_the_funding_gap_is_the_root_on_the_same_draws(statements, paths):
    """Far from zero and near it, where a mean over batches cut off at zero is far too high; also beyond the paths that bracket."""
    step = 1.2e11 / paths  # a few times what one path moves it

    def gap(funds):
        model = fm.CashModel.fit(statements.as_of("2023-04-30"), "sensetime", liquid_funds=funds)
        run = run_firm(model, [read_scenario("baseline"), read_scenario("star-ipo-barrier")], 8, paths, 7)
        found, error = estimate(run.funding_gap(), run.outcome.counts)
        alone = survival_results(run.firm, run.outcome, model.start, 7).funding_gap(0.05).table.iloc[0]
        assert found[0] == pytest.approx(alone["value"], abs=step)
        assert error[0] == pytest.approx(alone["error"], rel=0.35)
        assert (found[0] > 0) == (run.cash_out(24).mean(axis=0)[0] > 0.05)
        return found[0]

    far = gap(2.2e10)
    assert far > 1e9
    assert gap(2.2e10 + far - 6e7) == pytest.approx(6e7, abs=step)
    assert gap(2.2e10 + far + 6e7) == pytest.approx(0.0, abs=step)


def test_a_restriction_never_lowers_the_funding_gap(megvii):
    everything = read_scenario("everything-at-once").direct()
    names = everything.restrictions
    run = run_firm(megvii, [everything.only(names[:k]) for k in range(len(names) + 1)], 8, 4096, 7)
    gap = estimate(run.funding_gap(), run.outcome.counts)[0]
    assert (np.diff(gap) >= -1e-3).all() and gap[-1] > gap[0] > 0


def test_months_beyond_the_horizon_are_refused(megvii):
    run = run_firm(megvii, [read_scenario("baseline")], 4, 256, 7)
    for ask in (run.cash_out, run.listed, run.funding_gap):
        with pytest.raises(ValueError, match="give horizon=24 or more"):
            ask(24)
    with pytest.raises(ValueError, match="attribution needs 24"):
        attribute(megvii, read_scenario("us-investment-ban"), 4, 256)


def test_a_listing_brings_a_sum_with_the_stated_spread(megvii):
    run = run_firm(megvii, [read_scenario("baseline")], 8, 512, 7)
    assert run.firm.scenarios.listing_sd == market_terms()["size_log_sd"].central > 0


def test_quarters_end_with_the_month():
    assert Calendar(date(2022, 12, 30), date(2022, 6, 30), 3).ahead.tolist() == [0, 1, 1]
    assert Calendar(date(2022, 12, 31), date(2022, 6, 30), 3).ahead.tolist() == [0, 0, 1]
    assert Calendar(date(2022, 3, 30), date(2021, 12, 31), 3).ahead.tolist() == [1, 1, 1]


def test_too_many_restrictions(megvii):
    changes = tuple(replace(read_scenario("us-market-ban").changes[-1], restriction=f"r{i}") for i in range(13))
    with pytest.raises(ValueError, match="13 restrictions"):
        attribute(megvii, Scenario("many", "t", "q", (), changes))


def change(lever, effect, value, **more):
    return Change(lever, effect, "direct", "r", "assumption", value, value, value, restriction="x", **{"start": "as_of", **more})


DIRECT = st.one_of(
    st.builds(lambda v: change("revenue", "multiply", v), st.floats(0.5, 1)),
    st.builds(lambda v: change("government_revenue", "multiply", v), st.floats(0, 1)),
    st.builds(lambda v: change("research_and_development", "multiply", v), st.floats(1, 2)),
    st.builds(lambda v: change("collection_lag", "add", v), st.floats(0, 12)),
    st.builds(lambda v: change("ipo_window", "multiply", v), st.floats(0, 1)),
    st.builds(lambda c, v: change(f"channel.{c}", "multiply", v),
              st.sampled_from(["star_ipo", "hong_kong_ipo", "usd_venture", "rmb_venture", "bank_debt", "placing"]), st.floats(0, 1)),
    st.builds(lambda c, v: change("chill", "add", v, applies_to=(c,)), st.sampled_from(["us_persons", "mainland_state", "strategic"]),
              st.floats(0, 1)),
    st.just(Change("law", "apply", "direct", "r", "law", restriction="x")),
)  # fmt: skip


@settings(max_examples=15, deadline=None)
@given(st.lists(DIRECT, max_size=4), DIRECT)
def test_a_restriction_never_lengthens_runway_on_any_batch(megvii, others, one):
    without = Scenario("a", "", "", (), tuple(others))
    restricted = Scenario("b", "", "", (), (*others, one))
    run = run_firm(megvii, [without, restricted], 8, 512, 3)
    assert (run.runway()[:, 1] <= run.runway()[:, 0] + 1e-12).all()
    assert (run.cash_out(24)[:, 1] >= run.cash_out(24)[:, 0] - 1e-12).all()
    proceeds = run.expected_proceeds()
    assert (proceeds[:, 1] <= proceeds[:, 0] * (1 + 1e-12)).all()


def test_removing_every_restriction_is_unrestricted_exactly(megvii):
    everything = read_scenario("everything-at-once")
    run = run_firm(megvii, [read_scenario("unrestricted"), everything.only(()), everything], 8, 512, 3)
    assert (run.outcome.counts[:, run.place[0]] == run.outcome.counts[:, run.place[1]]).all() and run.place[0] == run.place[1]
    assert run.runway()[:, 2].mean() != run.runway()[:, 0].mean()


def test_the_same_whatever_else_is_run_and_on_any_number_of_threads(megvii):
    ban, cut = read_scenario("us-investment-ban"), read_scenario("public-budget-cut")
    alone = run_firm(megvii, [ban], 8, 1024, 3)
    beside = run_firm(megvii, [cut, ban], 8, 1024, 3, threads=2)
    assert (alone.runway()[:, 0] == beside.runway()[:, 1]).all()
    assert (run_firm(megvii, [ban], 8, 1024, 4).runway() != alone.runway()).any()


def test_more_demand_elasticity_costs_less(megvii):
    low, high = runway_lost(
        megvii, [Setting(read_scenario("us-investment-ban"), {"elasticity": e}) for e in (1.0, 40.0)], QUARTERS, 4096, 7
    )[0]
    assert low > high > 0


def test_unclear_law_read_either_way(megvii):
    ban = read_scenario("us-investment-ban")
    lenient, strict = (run_firm(megvii, [ban], 8, 1024, 3, Assumptions(unclear=u)).runway().mean() for u in ("permitted", "prohibited"))
    assert lenient >= strict


def test_scenarios_of_one_run_share_the_window(megvii):
    with pytest.raises(ValueError, match="share the market window"):
        run_firm(megvii, [read_scenario("baseline")] * 2, 8, 512, 3, [Assumptions(), Assumptions({"window_opens": 0.2})])


def test_liquid_funds_must_be_known(statements):
    model = fm.CashModel.fit(statements.as_of("2021-12-31"), "cloudwalk")
    with pytest.raises(ValueError, match="not disclosed"):
        run_firm(model, [read_scenario("baseline")], 8, 512, 3)


def test_tornado_orders_inputs_and_says_what_moved(megvii):
    table = tornado(megvii, read_scenario("us-investment-ban"), 8, 1024, 7)
    assert table["swing"].is_monotonic_decreasing and table["swing"].iloc[0] > 0
    assert {"elasticity", "share.us_persons"} <= set(table["input"]) and "law" in set(table["group"])
    assert len(table) == 1 + len(inputs_of(megvii, read_scenario("us-investment-ban")))


def test_ishigami_indices_are_the_analytic_ones():
    a, b = 7.0, 0.1

    def ishigami(x):
        return np.sin(x[:, 0]) + a * np.sin(x[:, 1]) ** 2 + b * x[:, 2] ** 4 * np.sin(x[:, 0])

    table = sobol_indices(ishigami, dict.fromkeys(("x1", "x2", "x3"), (-np.pi, np.pi)), 1024, 7).set_index("group")
    variance = a**2 / 8 + b * np.pi**4 / 5 + b**2 * np.pi**8 / 18 + 0.5
    first = np.array([0.5 * (1 + b * np.pi**4 / 5) ** 2, a**2 / 8, 0.0]) / variance
    interaction = b**2 * np.pi**8 * (1 / 18 - 1 / 50) / variance
    total = first + np.array([interaction, 0.0, interaction])
    assert (np.abs(table["first"] - first) <= 1.5 * table["first_interval"] + 0.01).all()
    assert (np.abs(table["total"] - total) <= 1.5 * table["total_interval"] + 0.01).all()


def test_sobol_of_a_constant_is_nothing():
    table = sobol_indices(lambda x: np.ones(len(x)), {"x": (0, 1), "y": (0, 1)}, 16, 1)
    assert (table[["first", "total"]] == 0).all().all()


def test_sensitivity_by_group(megvii):
    found = sensitivity(megvii, read_scenario("us-investment-ban"), quarters=8, paths=256, points=16)
    assert set(found["group"]) >= {"chill", "elasticity", "arrivals", "sizes", "us share"}
    assert found["inputs"].str.len().gt(0).all() and np.isfinite(found["total"]).all()


def test_money_raised_since_the_balance_date_counts(statements):
    calendar = Calendar(date(2021, 12, 31), date(2021, 6, 30), 8)
    ((quarter, gone, amount),) = known_receipts("sensetime", calendar)
    assert quarter == 1 and 0.9 < gone < 1 and amount == pytest.approx(5775e6 * 0.82994 * 0.96)
    assert known_receipts("sensetime", Calendar(date(2021, 12, 29), date(2021, 6, 30), 8)) == ()
    assert known_receipts("cloudwalk", Calendar(date(2024, 12, 31), date(2022, 12, 31), 8)) == ()  # a plan that was given up
    before, after = (
        run_firm(fm.CashModel.fit(statements.as_of(day), "sensetime"), [read_scenario("star-ipo-barrier")], 8, 512, 3)
        for day in ("2021-12-29", "2021-12-31")
    )
    assert len(before.firm.scenarios.jumps[0]) == 0 and len(after.firm.scenarios.jumps[0]) == 1


def test_a_restriction_that_costs_nothing_says_why(sensetime):
    table = attribute(sensetime, read_scenario("everything-at-once"), QUARTERS, 256, 7)
    reasons = table[table["quantity"] == "runway_months_lost"].set_index("restriction")["reason"]
    assert reasons["labour-savings"] == "it has responses only, which are held fixed"
    assert "listed" in reasons["hk-ipo-barrier"]
    assert "is not disclosed and taken as 0" in reasons["us-market-ban"]
    assert reasons["public-budget-cut"] == ""
