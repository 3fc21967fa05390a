from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finmodel.exposures import exposure
from finmodel.projection import CashLines, in_figures, project
from finmodel.scenarios import Change, Scenario, read_scenario

DAY = date(2022, 12, 31)
LINES = {
    "operating_cash_flow": -240.0, "capital_expenditure": 60.0, "revenue": 600.0, "cost_of_sales": 240.0,
    "research_and_development": 360.0, "selling": 120.0, "administrative": 120.0,
}  # fmt: skip
CASH = CashLines("a", LINES, date(2022, 1, 1), DAY, liquid=500.0, liquid_on=DAY)
SHARES = {
    "government_revenue_share": 0.5, "us_revenue_share": 0.1, "foreign_government_revenue_share": 0.1, "commercial_revenue_share": 0.5,
}  # fmt: skip


def change(lever, value, effect="multiply", start="as_of", **more):
    return Change(lever, effect, more.pop("kind", "direct"), "r", "assumption", value, value, value, start=start, restriction="x", **more)


def scenario(*changes):
    return Scenario("x", "t", "q", (), changes)


def test_without_changes_the_runway_is_liquid_funds_over_net_burn():
    assert project(CASH, scenario(), DAY, {}).runway == pytest.approx(500 / 25)
    assert project(CASH, scenario(), DAY, {}, with_capex=False).runway == pytest.approx(500 / 20)


def test_lost_revenue_takes_its_gross_profit():
    found = project(CASH, scenario(change("government_revenue", 0.8)), DAY, SHARES)
    assert found.net_burn[0] == pytest.approx(25 + 50 * 0.5 * 0.2 * 0.6)


def test_lost_revenue_and_dearer_cost_of_sales_add_up():
    found = project(CASH, scenario(change("revenue", 0.5), change("cost_of_sales", 1.1)), DAY, SHARES)
    assert found.net_burn[0] == pytest.approx(25 + 25 * 0.6 + 20 * 0.1)


def test_losses_of_segments_never_exceed_all_revenue():
    found = project(CASH, scenario(change("government_revenue", 0, "close"), change("commercial_revenue", 0, "close"),
                                   change("us_revenue", 0, "close")), DAY, SHARES)  # fmt: skip
    assert found.net_burn[0] == pytest.approx(25 + 50 * 0.6)


def test_later_collection_costs_once():
    lag = change("collection_lag", 3, "add", applies_to=("government_revenue_share",))
    found = project(CASH, scenario(lag), DAY, SHARES)
    assert found.net_burn[0] == pytest.approx(25 + 3 * 0.5 * 50)
    assert found.net_burn[1] == pytest.approx(25)


def test_a_cut_saves_after_its_delay_and_pays_severance_once():
    cut = [change("selling", 0.5, kind="response", delay=6), change("severance", 4, "add", kind="response", delay=6)]
    burn = project(CASH, scenario(*cut), DAY, SHARES).net_burn
    assert burn[5] == pytest.approx(25) and burn[6] == pytest.approx(25 - 5 + 4 * 5) and burn[7] == pytest.approx(20)


def test_a_real_change_before_the_year_is_in_the_figures_already():
    assert project(CASH, scenario(change("revenue", 0.5, start="2019-10-09")), DAY, SHARES).runway == pytest.approx(20)
    half = change("revenue", 0.5, start="2022-07-02")
    assert in_figures(half, CASH, DAY) == pytest.approx(183 / 365)
    share = 183 / 365
    assert project(CASH, scenario(half), DAY, SHARES).net_burn[0] == pytest.approx(25 + 30 * (1 - 0.5 / (1 - share * 0.5)))


def test_a_line_that_is_not_disclosed_is_named_and_left_out():
    cash = CashLines("a", {"operating_cash_flow": -240.0}, CASH.start, CASH.end)
    found = project(cash, scenario(change("selling", 1.5)), DAY, {})
    assert found.missing == ("selling",) and found.net_burn[0] == pytest.approx(20)


def test_funds_that_outlast_the_horizon_and_funds_unknown():
    assert project(CashLines("a", LINES, CASH.start, DAY, 1e6, DAY), scenario(), DAY, {}).runway == float("inf")
    assert project(CashLines("a", LINES, CASH.start, DAY), scenario(), DAY, {}).runway != project(CASH, scenario(), DAY, {}).runway


DIRECT = st.one_of(
    st.builds(change, st.sampled_from(["revenue", "government_revenue", "us_revenue", "commercial_revenue"]), st.floats(0, 1)),
    st.builds(change, st.sampled_from(["cost_of_sales", "research_and_development", "selling", "administrative", "capital_expenditure"]),
              st.floats(1, 3), start=st.sampled_from(["as_of", "2021-01-01", "2022-06-01", "2023-06-01"])),
    st.builds(change, st.just("collection_lag"), st.floats(0, 12), st.just("add")),
)  # fmt: skip


@given(st.lists(DIRECT, max_size=6), DIRECT, st.floats(0.01, 5000), st.floats(-500, 500))
def test_a_restriction_never_lengthens_the_runway(others, one, liquid, operating):
    cash = CashLines("a", LINES | {"operating_cash_flow": operating}, CASH.start, DAY, liquid, DAY)
    without = project(cash, scenario(*others), DAY, SHARES)
    restricted = project(cash, scenario(*others, one), DAY, SHARES)
    assert (restricted.net_burn >= without.net_burn - 1e-9).all()
    assert restricted.runway <= without.runway + 1e-9


def test_shipped_scenarios_shorten_only_through_direct_changes():
    base = project(CASH, read_scenario("baseline"), DAY, SHARES).runway
    for name in ("public-budget-cut", "us-market-ban", "everything-at-once"):
        assert project(CASH, read_scenario(name).direct(), DAY, SHARES).runway < base
    assert project(CASH, read_scenario("labour-savings"), DAY, SHARES).runway > base


def test_exposures_as_known_on_the_day():
    early = exposure("sensetime", "government_revenue_share", date(2021, 11, 30))
    assert (early.low, early.high, early.nature) == (0.397, 0.476, "proxy")
    late = exposure("sensetime", "government_revenue_share", date(2023, 4, 30))
    assert (late.low, late.high) == (0.288, 0.307)
    rest = exposure("sensetime", "commercial_revenue_share", date(2023, 4, 30))
    assert rest.low == pytest.approx(1 - 0.307) and rest.high == pytest.approx(1 - 0.288)
    assert exposure("sensetime", "us_revenue_share", date(2021, 8, 26)).nature == "undisclosed"
    assert exposure("sensetime", "us_revenue_share", date(2021, 8, 27)).grid() == (0, 0.05525, 0.1105, 0.16575, 0.221)
