import io
import json
import math

import numpy as np
import pandas as pd
import pytest

import finmodel as fm
from finmodel.data import data_root
from finmodel.errors import DataError
from finmodel.run import attribution
from finmodel.scenarios import scenario_names
from tests import golden_scenarios

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
