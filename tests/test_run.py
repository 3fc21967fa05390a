import io
import json
import math
from datetime import date

import numpy as np
import pandas as pd
import pytest

import finmodel as fm
from finmodel.data import data_root
from finmodel.errors import DataError
from finmodel.run import attribution
from finmodel.scenarios import scenario_names
from finmodel.statements import Statements
from tests import golden_scenarios
from tests.making import cash, facts, flow

TEXTS = ["form", "as_of", "firm", "quantity", "variant", "exposure"]
NUMBERS = ["share", "value", "low", "high", "error", "direct", "response"]


@pytest.fixture(scope="module")
def april(statements):
    return statements.as_of("2023-04-30")


@pytest.fixture(scope="module")
def simulated(april):
    return fm.run_scenarios(
        april, ["us-investment-ban", "public-budget-cut", "us-market-ban"], ["sensetime", "cloudwalk"], paths=1024, seed=7
    )


def row(result, firm, scenario, quantity, **more):
    table = result.table[(result.table["firm"] == firm) & (result.table["scenario"] == scenario) & (result.table["quantity"] == quantity)]
    for column, value in more.items():
        table = table[table[column] == value]
    return table


def test_the_baseline_is_the_runway(april):
    base = fm.run_scenarios(april, ["baseline"], ["sensetime"])
    shown = fm.cash_runway(april, ["sensetime"]).table
    expected = shown[(shown["quantity"] == "runway") & shown["default"]]["value"].iloc[0]
    assert row(base, "sensetime", "baseline", "runway", default=True)["value"].item() == pytest.approx(expected, rel=0.005)
    without = row(base, "sensetime", "baseline", "runway", variant="without capital expenditure").iloc[0]
    assert without["status"] == "censored" and without["value"] == 60 and without["note"].startswith("> 60 months")


def test_side_by_side_with_the_baseline_first(april):
    table = fm.run_scenarios(april, ["us-investment-ban", "public-budget-cut"]).compare("runway")
    assert list(table.columns) == ["baseline", "us-investment-ban", "public-budget-cut"]
    assert table.loc[("sensetime", "runway", "months"), "public-budget-cut"] < table.loc[("sensetime", "runway", "months"), "baseline"]
    with pytest.raises(LookupError, match="did you mean 'runway'"):
        fm.run_scenarios(april, ["baseline"]).compare("runwy")


def test_an_undisclosed_exposure_gives_a_function_and_no_stand_in(april):
    result = fm.run_scenarios(april, ["us-market-ban"], ["sensetime"])
    point = row(result, "sensetime", "us-market-ban", "runway", default=True).iloc[0]
    assert math.isnan(point["value"]) and "us revenue share is not disclosed" in point["reason"]
    assert point["low"] < point["high"]
    rows = row(result, "sensetime", "us-market-ban", "runway", exposure="us_revenue_share", variant="with capital expenditure")
    assert rows["share"].tolist() == [0, 0.05525, 0.1105, 0.16575, 0.221] and rows["value"].is_monotonic_decreasing


def test_closed_channels_are_named(april):
    result = fm.run_scenarios(april, ["everything-at-once"], ["megvii"])
    closed = row(result, "megvii", "everything-at-once", "channels_closed").iloc[0]
    assert closed["value"] == 3 and "star_ipo from 2023-04-30" in closed["note"]


def test_a_firm_that_cannot_be_computed_says_why(april):
    result = fm.run_scenarios(april, ["baseline"], ["megvii"])
    assert "operating cash flow" in row(result, "megvii", "baseline", "runway")["reason"].item()


def test_every_interval_holds_its_value(april):
    table = fm.run_scenarios(april, scenario_names()).table.dropna(subset=["value", "low"])
    assert len(table) > 50 and (table["low"] <= table["value"] + 1e-9).all() and (table["value"] <= table["high"] + 1e-9).all()


def test_stochastic_rows_have_errors_and_a_direct_part_and_a_response(simulated):
    table = simulated.differences()
    assert set(table["quantity"]) >= {"cash_out_12m", "cash_out_24m", "cash_out_36m", "restricted_mean_runway", "funding_gap"}
    mine = table[(table["firm"] == "sensetime")]
    assert np.allclose(mine["difference"], mine["direct"] + mine["response"], atol=1e-6)
    ban = mine[(mine["scenario"] == "us-investment-ban") & (mine["quantity"] == "restricted_mean_runway")].iloc[0]
    assert ban["direct"] < 0 < ban["response"] and ban["error"] > ban["difference_error"] > 0


def test_without_liquid_funds_the_answer_is_a_function_of_them(simulated):
    point = row(simulated, "cloudwalk", "baseline", "restricted_mean_runway", default=True).iloc[0]
    assert math.isnan(point["value"]) and "liquid funds are not disclosed" in point["reason"]
    rows = row(simulated, "cloudwalk", "baseline", "restricted_mean_runway", default=False, exposure="")
    assert len(rows) == 4 and rows["liquid_funds"].is_monotonic_increasing and rows["value"].is_monotonic_increasing


def test_the_same_seed_gives_the_same_and_another_another(april):
    first, again, other = (
        fm.run_scenarios(april, ["us-investment-ban"], ["sensetime"], paths=512, seed=s).table["value"] for s in (7, 7, 8)
    )
    assert first.equals(again) and not first.equals(other)


def test_inputs_are_frozen_with_digests(simulated, april):
    inputs = simulated.inputs.set_index(["kind", "name"])["digest"]
    assert {"facts", "scenario", "table", "regime", "draws"} == set(simulated.inputs["kind"])
    assert inputs["draws", "1024 paths"] == "seed 7"
    for name in simulated.inputs.query("kind == 'table'")["name"]:
        assert (data_root() / name).is_file()
    assert fm.run_scenarios(april, ["baseline"]).inputs.equals(fm.run_scenarios(april, ["baseline"]).inputs)


def test_attribution_from_results_and_alone_are_one(simulated, april):
    here = simulated.attribution("us-investment-ban").table
    alone = attribution(april, "us-investment-ban", ["sensetime", "cloudwalk"], paths=1024, seed=7).table
    pd.testing.assert_frame_equal(here, alone)
    nothing = here[here["firm"] == "cloudwalk"]
    assert nothing["restriction"].tolist() == ["total"] * 3 and nothing["value"].isna().all()
    assert nothing["reason"].str.contains("liquid funds").all()


def test_tornado_and_sensitivity_from_results(simulated):
    assert set(simulated.tornado("us-investment-ban").table["firm"]) == {"sensetime"}
    assert simulated.sensitivity("us-investment-ban", points=8).title.endswith("us-investment-ban")
    with pytest.raises(LookupError, match="did you mean 'us-investment-ban'"):
        simulated.tornado("us-investment-bn")


def test_a_deterministic_run_has_no_paths_to_attribute(april):
    result = fm.run_scenarios(april, ["baseline"], ["sensetime"])
    for ask in (result.differences, result.attribution, result.tornado, result.sensitivity):
        with pytest.raises(ValueError, match="give paths"):
            ask()


def test_a_quantity_is_never_that_of_a_shorter_horizon(april):
    result = fm.run_scenarios(april, ["public-budget-cut"], ["sensetime"], horizon=12, paths=256)
    table = result.table[result.table["default"]]
    for quantity in ("cash_out_24m", "cash_out_36m", "funding_gap", "listed_24m"):
        mine = table[table["quantity"] == quantity]
        assert len(mine) == 2 and mine["value"].isna().all() and set(mine["status"]) == {"not computable"}
        assert mine["reason"].str.contains("horizon of 12 months is shorter").all()
    assert table[table["quantity"] == "cash_out_12m"]["value"].notna().all()
    with pytest.raises(ValueError, match="attribution needs 24 or more"):
        result.attribution()


def test_assumed_shares_reach_tornado_and_sensitivity(april):
    result = fm.run_scenarios(april, ["us-market-ban"], ["sensetime"], horizon=24, paths=1024, shares={"us_revenue_share": 0.5})
    attributed = result.attribution().table.query("quantity == 'runway_months_lost' and restriction == 'total'")["value"].item()
    found = result.tornado().table
    assert found["lost"].iloc[0] == pytest.approx(attributed, abs=1e-9) and attributed > 0.1
    assert "us_revenue_share" not in set(found["input"])
    assert "exposures" not in set(result.sensitivity(points=2).table["group"])
    without = fm.run_scenarios(april, ["us-market-ban"], ["sensetime"], horizon=24, paths=1024).tornado().table
    assert without["lost"].iloc[0] < attributed and "us_revenue_share" in set(without["input"])


def test_stale_funds_and_paths_that_end_before_the_day_are_said(statements):
    result = fm.run_scenarios(statements.as_of("2021-12-31"), ["baseline"], ["megvii"], paths=1024)
    table = result.table[result.table["default"]]
    assert set(table["status"]) == {"stale"} and table["reason"].str.contains("liquid funds are those of 2020-09-30").all()
    early = result.models[0].simulate(20, paths=1024).survival
    early = early[(early["scenario"] == "no new money") & (early["day"] == date(2021, 12, 31))]
    assert early["cash_out"].item() > 0.005
    assert table["reason"].str.contains(r"% of paths had run out before 2021-12-31, though").all()


def test_day_zero_is_named(april, simulated):
    assert "sensetime 2022-12-31" in simulated.definition
    notes = row(simulated, "sensetime", "baseline", "cash_out_24m", default=True)["note"]
    assert notes.item() == "24 months from 2022-12-31"
    assert row(simulated, "sensetime", "baseline", "funding_gap", default=True)["note"].item().endswith("the money there on 2022-12-31")
    assumed = row(simulated, "cloudwalk", "baseline", "cash_out_24m", default=False, exposure="")["note"]
    start = next(m.start for m in fm.run_scenarios(april, ["baseline"], ["cloudwalk"], paths=128, liquid_funds=2e9).models)
    assert len(assumed) == 4 and assumed.str.contains(f"are held on {start}").all()


@pytest.mark.parametrize("currency", ["CNY", "USD"])
def test_a_firm_of_ones_own_is_unlisted_with_the_general_terms(currency):
    rows = []
    for number, revenue in ((2018, 100e6), (2019, 150e6), (2020, 180e6)):
        of = {"start": f"{number}-01-01", "end": f"{number}-12-31", "document": f"acme-{number}"}
        parts = {"revenue": 1.0, "cost_of_sales": 0.4, "operating_cash_flow": -0.5, "research_and_development": 0.7, "selling": 0.2,
                 "administrative": 0.3, "capital_expenditure": 0.1}  # fmt: skip
        rows += [flow(item, part * revenue, currency=currency, **of) for item, part in parts.items()]
    own = Statements(facts(*rows, cash(400e6, currency=currency))).as_of("2021-04-30")
    result = fm.run_scenarios(own, ["us-market-ban"], ["acme"], horizon=24, paths=512, shares={"us_revenue_share": 0.3})
    lost = row(result, "acme", "us-market-ban", "restricted_mean_runway")["difference"].item()
    assert lost < 0 < row(result, "acme", "baseline", "expected_proceeds")["value"].item()
    attributed = result.attribution().table
    units = {"months", "probability", currency}
    assert set(result.table["unit"]) == units and attributed["value"].notna().all()
    assert set(attributed["unit"]) == {"months", "added probability", currency}
    assert (result.tornado().table["swing"] > 0).any()


def test_every_simulated_value_has_an_error(statements):
    result = fm.run_scenarios(statements.as_of("2021-12-31"), ["hk-ipo-barrier"], ["megvii"], horizon=24, paths=8192)
    table = result.table[result.table["default"] & result.table["value"].notna()]
    assert table["error"].notna().all()
    listed = row(result, "megvii", "baseline", "listed_24m").iloc[0]
    assert listed["error"] == pytest.approx(math.sqrt(listed["value"] * (1 - listed["value"]) / 8192), rel=0.3)
    one, two = result.attribution(), result.attribution(threads=2)
    pd.testing.assert_frame_equal(one.table, two.table)


def test_liquid_funds_are_those_of_one_firm(april):
    with pytest.raises(ValueError, match="given for 2 firms"):
        fm.run_scenarios(april, ["baseline"], ["sensetime", "megvii"], paths=256, liquid_funds=1e9)
    with pytest.raises(LookupError, match="did you mean 'cloudwalk'"):
        fm.run_scenarios(april, ["baseline"], ["cloudwalk"], paths=256, liquid_funds={"cloudwlk": 1e9})
    both = fm.run_scenarios(april, ["baseline"], ["sensetime", "cloudwalk"], paths=256, liquid_funds={"cloudwalk": 2e9})
    assert both.inputs.query("kind == 'assumed'")[["name", "digest"]].to_numpy().tolist() == [["liquid_funds of cloudwalk", "2000000000"]]
    plain = fm.run_scenarios(april, ["baseline"], ["sensetime"], paths=256)
    for firm, other in (
        ("sensetime", plain),
        ("cloudwalk", fm.run_scenarios(april, ["baseline"], ["cloudwalk"], paths=256, liquid_funds=2e9)),
    ):
        assert row(both, firm, "baseline", "cash_out_24m")["value"].item() == row(other, firm, "baseline", "cash_out_24m")["value"].item()


@pytest.mark.parametrize(
    ("more", "error", "message"),
    [
        ({"horizon": 0}, ValueError, "horizon is 0"),
        ({"paths": 0}, ValueError, "paths is 0"),
        ({"paths": 512, "shares": {"us_revenue": 0.1}}, LookupError, "did you mean 'us_revenue_share'"),
        ({"paths": 512, "shares": {"us_revenue_share": 2.0}}, ValueError, "from 0 to 1"),
        ({"firms": ["sensetme"]}, LookupError, "did you mean 'sensetime'"),
    ],
)
def test_bad_calls(april, more, error, message):
    with pytest.raises(error, match=message):
        fm.run_scenarios(april, ["baseline"], **more)


def test_a_bad_scenario_runs_nothing(april, tmp_path):
    path = tmp_path / "bad.toml"
    path.write_text('title = "t"\nquestion = "q"\n[[change]]\nlever = "revenu"\n', encoding="utf-8")
    with pytest.raises(DataError, match="did you mean 'revenue'"):
        fm.run_scenarios(april, [path])


def test_records_are_plain_json(simulated):
    assert json.dumps(simulated.records(), allow_nan=False) and json.dumps(
        simulated.attribution("us-market-ban").records(), allow_nan=False
    )


@pytest.mark.parametrize("name", scenario_names())
def test_nothing_changed_that_was_not_meant(statements, name):
    path = golden_scenarios.FOLDER / f"{name}.csv"
    assert path.is_file(), f"no golden file of {name}: write them with python -m tests.golden_scenarios"
    expected, found = (
        pd.read_csv(source, dtype=dict.fromkeys(TEXTS, str), keep_default_na=False, na_values={c: [""] for c in NUMBERS})
        for source in (path, io.StringIO(golden_scenarios.outcome(statements, name).to_csv(index=False, float_format="%.10g")))
    )
    pd.testing.assert_frame_equal(found[TEXTS], expected[TEXTS])
    for column in NUMBERS:
        loose = np.where(found["form"] == "stochastic", 2e-3, 1e-8)
        allowed = loose * np.maximum(expected[column].abs(), 1e-3)
        wrong = found[((found[column] - expected[column]).abs() > allowed) | (found[column].isna() != expected[column].isna())]
        assert wrong.empty, f"{name}, {column}: say why in the commit and write the golden files again\n{wrong.to_string()}"


def test_every_golden_file_belongs_to_a_scenario():
    assert {path.stem for path in golden_scenarios.FOLDER.glob("*.csv")} == set(scenario_names())


def test_compare_shows_differences_with_errors_and_drops_no_firm(statements):
    wide = fm.run_scenarios(statements.as_of("2023-04-30"), ["us-investment-ban"], ["sensetime", "cloudwalk"], paths=512).compare()
    assert set(wide.columns.get_level_values(0)) == {"baseline", "us-investment-ban"}
    ban, base = wide["us-investment-ban"], wide["baseline"]
    known = wide.loc[["sensetime"]].index
    assert np.allclose(ban.loc[known, "value"] - base.loc[known, "value"], ban.loc[known, "difference"])
    assert np.allclose(ban.loc[known, "direct"] + ban.loc[known, "response"], ban.loc[known, "difference"], equal_nan=True)
    assert (base.loc[known, "difference_error"] == 0).all()
    assert wide.loc["cloudwalk"].isna().all(axis=None)  # no liquid funds are disclosed: shown, not dropped
