"""The commands about scenarios and funding, as a person uses them."""

from __future__ import annotations

import json
import sys

import pytest

from finmodel.cli import main
from finmodel.scenarios import scenario_names


@pytest.fixture
def run(monkeypatch, capsys):
    def call(*words):
        monkeypatch.setattr(sys, "argv", ["finmodel", *words])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return code, out, err

    return call


def records(done):
    code, out, err = done
    assert code == 0, err
    return json.loads(out)


def test_list_show_and_diff(run):
    listed = records(run("scenarios", "list", "--format", "json"))
    assert [r["scenario"] for r in listed] == list(scenario_names())
    shown = records(run("scenarios", "show", "us-investment-ban", "--format", "json"))
    assert all(r["reason"] and r["reference"] for r in shown) and {r["restriction"] for r in shown} == {"baseline", "us-investment-ban"}
    assert records(run("scenarios", "diff", "baseline", "baseline", "--format", "json")) == []
    assert "us_revenue" in run("scenarios", "diff", "baseline", "us-market-ban")[1]


def test_run_in_both_forms(run):
    words = ("scenarios", "run", "public-budget-cut", "--firm", "sensetime", "--as-of", "2023-04-30", "--format", "json")
    assert {r["scenario"] for r in records(run(*words))} == {"baseline", "public-budget-cut"}
    simulated = records(run(*words, "--paths", "256", "--horizon", "24"))
    assert {"cash_out_12m", "cash_out_24m", "restricted_mean_runway", "funding_gap"} <= {r["quantity"] for r in simulated}
    assert "runway" in run(*words[:-2])[1]


def test_attribute_prints_records_that_sum_to_the_total(run):
    words = ("--firm", "sensetime", "--as-of", "2023-04-30", "--seed", "7", "--paths", "512", "--format", "json")
    found = records(run("scenarios", "attribute", "us-investment-ban", *words))
    for quantity in ("runway_months_lost", "cash_out_24m", "funding_gap"):
        mine = [r for r in found if r["quantity"] == quantity]
        assert {"firm", "quantity", "restriction", "value", "error"} <= set(mine[0])
        (total,) = [r["value"] for r in mine if r["restriction"] == "total"]
        assert abs(sum(r["value"] for r in mine if r["restriction"] != "total") - total) <= 1e-9
    assert found == records(run("scenarios", "attribute", "us-investment-ban", *words))
    assert found != records(run("scenarios", "attribute", "us-investment-ban", *words[:5], "8", *words[6:]))


def test_tornado_and_sensitivity(run):
    words = ("us-investment-ban", "--firm", "sensetime", "--as-of", "2023-04-30", "--horizon", "24", "--format", "json")
    assert records(run("scenarios", "tornado", *words, "--paths", "256"))[0]["swing"] >= 0
    assert {"group", "first", "total"} <= set(records(run("scenarios", "sensitivity", *words, "--points", "4"))[0])


def test_access_and_replay(run):
    found = records(run("access", "--firm", "sensetime", "--on", "2021-12-23", "--format", "json"))
    (row,) = [r for r in found if r["channel"] == "hong_kong_ipo" and r["investor_class"] == "us_persons"]
    assert (row["legal"], row["contractual"]) == (0.1, 0.0)
    assert run("access", "--firm", "sensetime", "--on", "2021-12-23")[1].startswith("By law nothing is closed")
    assert all(0 <= r["value"] <= 1 for r in records(run("replay", "--paths", "512", "--format", "json")))
    assert "called low" in run("replay", "--paths", "512")[1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("scenarios", "run", "us-investment-bn"), "did you mean 'us-investment-ban'"),
        (("scenarios", "attribute", "us-market-ban", "--share", "us_revenue_share"), "is not written name=share"),
        (
            ("scenarios", "run", "baseline", "--paths", "256", "--liquid-funds", "1e9", "--firm", "yitu", "--firm", "megvii"),
            "name one firm",
        ),
        (("scenarios", "tornado", "us-market-ban", "--share", "us_revenue=0.1"), "did you mean 'us_revenue_share'"),
        (("scenarios", "sensitivity", "us-market-ban", "--share", "us_revenue=0.1"), "did you mean 'us_revenue_share'"),
        (("scenarios", "attribute", "us-investment-ban", "--firm", "sensetime", "--horizon", "12"), "attribution needs 24 or more"),
        (("access", "--firm", "sensetme", "--on", "2021-12-23"), "did you mean"),
        (("access", "--firm", "sensetime", "--on", "23.12.2021"), "YYYY-MM-DD"),
    ],
)
def test_wrong_input_ends_with_one_message_and_code_2(run, words, message):
    code, out, err = run(*words)
    assert code == 2 and message in err and out == ""


def test_a_bad_scenario_file_lists_every_fault(run, tmp_path):
    path = tmp_path / "bad.toml"
    path.write_text('title = "t"\nquestion = "q"\ninherits = "bad"\n[[change]]\nlever = "revenu"\nkind = "direct"\n', encoding="utf-8")
    code, out, err = run("scenarios", "run", str(path))
    assert code == 2 and out == "" and "a circle bad -> bad" in err and "did you mean 'revenue'" in err and "change 1, effect" in err
