"""Runway: points only where the data carry them, reasons elsewhere."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from making import cash, facts, flow

from finmodel.brief import build_brief
from finmodel.figures.runway import lasts
from finmodel.liquidity import age_in_months, is_stale, liquid_funds, yearly_flows
from finmodel.runway import cash_runway
from finmodel.statements import Statements, load_statements


def shown(statements: Statements, day: str, firm: str) -> pd.DataFrame:
    return cash_runway(statements.as_of(day), [firm]).table.set_index(["quantity", "variant"])


def test_sensetime_after_its_2022_accounts(statements: Statements) -> None:
    table = shown(statements, "2023-04-30", "sensetime")
    burn = table.loc[("net_burn", "with capital expenditure"), "value"]
    spent = 3084e6 + statements.as_of("2023-04-30").value("sensetime", "capital_expenditure", "FY 2022")
    assert burn == pytest.approx(spent / 12)
    assert 5090e6 <= spent - 3084e6 < 5400e6  # property, plant and equipment alone, and with intangible assets
    months = table.loc[("runway", "total cash reserve, with capital expenditure")]
    assert months["value"] == pytest.approx(16602.7e6 / burn)
    assert round(months["value"]) == 24
    assert round(table.loc[("runway", "total cash reserve, without capital expenditure"), "value"]) == 65
    assert bool(months["default"])
    assert "lasts to Nov 2024" in months["note"]
    later = cash_runway(statements.as_of("2023-04-30"), ["sensetime"]).realised
    reserve = later[later["definition"] == "total cash reserve"].set_index("day")["value"]
    assert reserve["2024-12-31"] == 12752e6
    assert (later["published_on"] > "2023-04-30").all()


def test_stale_or_missing_lines_are_named(statements: Statements) -> None:
    megvii = shown(statements, "2021-12-31", "megvii").loc["runway"].iloc[0]
    assert np.isnan(megvii["value"])
    assert "stale" in megvii["reason"]
    june = shown(statements, "2021-12-31", "megvii").loc[("liquid_funds", "cash and term deposits")]
    assert june["period"] == "2019-06-30"
    assert june["status"] == "stale"
    yitu = shown(statements, "2021-12-31", "yitu").loc["runway"].iloc[0]
    assert "missing: liquid funds" in yitu["reason"]
    assert "operating cash flow" in yitu["reason"]


def test_without_liquid_funds_there_is_a_line_not_a_point(statements: Statements) -> None:
    table = shown(statements, "2023-04-30", "cloudwalk")
    assert table.loc["runway", "value"].isna().all()
    needed = [table.loc[(f"funds_needed_{m}m", "with capital expenditure"), "value"] for m in (12, 24, 36)]
    assert needed[1] == pytest.approx(2 * needed[0])
    assert needed[2] == pytest.approx(3 * needed[0])
    assert needed[0] == pytest.approx(12 * table.loc[("net_burn", "with capital expenditure"), "value"])


def test_two_halves_are_summed_and_one_half_is_never_annualised() -> None:
    first = flow("operating_cash_flow", -30, start="2020-01-01", end="2020-06-30")
    alone = Statements(facts(cash(100), first)).as_of("2021-06-30")
    assert yearly_flows(alone, "acme") == []
    assert "operating cash flow over twelve months" in cash_runway(alone).table.set_index("quantity").loc["net_burn"].iloc[0]["reason"]
    both = Statements(facts(cash(100), first, flow("operating_cash_flow", -10, start="2020-07-01", end="2020-12-31")))
    flows = yearly_flows(both.as_of("2021-06-30"), "acme")
    assert (flows[0].window, flows[0].operating) == ("H1 2020 + H2 2020", -40)


def test_trailing_twelve_months_across_years() -> None:
    made = Statements(
        facts(
            cash(100, "2021-06-30"),
            flow("operating_cash_flow", -40),
            flow("operating_cash_flow", -30, start="2020-01-01", end="2020-06-30"),
            flow("operating_cash_flow", -50, start="2021-01-01", end="2021-06-30"),
        )
    )
    flows = yearly_flows(made, "acme")
    assert flows[0].operating == -60  # -40 - 50 + 30
    assert flows[0].end == date(2021, 6, 30)


def test_self_funding_is_a_word_never_a_number() -> None:
    made = Statements(facts(cash(100), flow("operating_cash_flow", 12), flow("capital_expenditure", -2))).as_of("2021-06-30")
    table = cash_runway(made).table.set_index(["quantity", "variant"])
    row = table.loc[("runway", "cash and cash equivalents, with capital expenditure")]
    assert np.isnan(row["value"])
    assert row["status"] == "self-funding"
    assert table.loc[("net_burn", "with capital expenditure"), "value"] == pytest.approx((-12 + 2) / 12)


def test_definitions_of_liquid_funds_are_kept_apart() -> None:
    made = Statements(facts(cash(70), cash(30, item="term_deposits"), cash(150, item="total_cash_reserve")))
    assert {f.definition: f.value for f in liquid_funds(made, "acme")} == {
        "total cash reserve": 150,
        "cash and term deposits": 100,
        "cash and cash equivalents": 70,
    }


def test_ages() -> None:
    assert age_in_months(date(2020, 12, 31), date(2021, 12, 31)) == 12
    assert age_in_months(date(2020, 12, 31), date(2021, 12, 30)) == 11
    assert not is_stale(date(2020, 12, 31), date(2021, 12, 31))
    assert is_stale(date(2020, 12, 31), date(2022, 1, 1))


def test_more_cash_never_shortens_runway() -> None:
    values = []
    for amount in (10, 20, 40):
        made = Statements(facts(cash(amount), flow("operating_cash_flow", -12), flow("capital_expenditure", -12))).as_of("2021-06-30")
        row = (
            cash_runway(made)
            .table.set_index(["quantity", "variant"])
            .loc[("runway", "cash and cash equivalents, with capital expenditure")]
        )
        values.append(row["value"])
    assert values == [5, 10, 20]


def test_a_file_with_the_columns_of_the_readme_and_mixed_signs(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text(
        "firm,line_item,period_start,period_end,value,currency,basis,document,published_on\n"
        "acme,revenue,2020-01-01,2020-12-31,100,CNY,IFRS,ar,2021-03-31\n"
        "acme,cost_of_sales,2020-01-01,2020-12-31,50,CNY,IFRS,ar,2021-03-31\n"
        "acme,selling,2020-01-01,2020-12-31,50,CNY,IFRS,ar,2021-03-31\n"
        "acme,operating_cash_flow,2020-01-01,2020-12-31,-60,CNY,IFRS,ar,2021-03-31\n"
        "acme,capital_expenditure,2020-01-01,2020-12-31,-24,CNY,IFRS,ar,2021-03-31\n"
        "acme,cash_and_cash_equivalents,,2020-12-31,120,CNY,IFRS,ar,2021-03-31\n"
    )
    table = cash_runway(load_statements(tmp_path / "mine.csv", shipped=False)).table.set_index(["quantity", "variant"])
    assert table.loc[("net_burn", "with capital expenditure"), "value"] == pytest.approx(7)
    assert table.loc[("net_burn", "without capital expenditure"), "value"] == pytest.approx(5)
    assert table.loc[("runway", "cash and cash equivalents, with capital expenditure"), "value"] == pytest.approx(120 / 7)


def test_amounts_in_another_currency_are_never_divided() -> None:
    made = Statements(facts(cash(120, currency="USD"), flow("revenue", 9), flow("operating_cash_flow", -60))).as_of("2021-06-30")
    row = cash_runway(made).defaults().set_index("quantity").loc["runway"]
    assert np.isnan(row["value"])
    assert "liquid funds in the currency of the accounts" in row["reason"]


def test_where_two_bases_meet_the_latest_filing_is_taken_and_said() -> None:
    old = {"basis": "IFRS", "published_on": "2021-03-31", "document": "hk"}
    new = {"basis": "PRC GAAP", "published_on": "2021-04-30", "document": "star"}
    rows = (cash(100, **old), cash(80, **new), flow("operating_cash_flow", -40, **old), flow("capital_expenditure", -10, **old))
    made = Statements(facts(*rows, flow("operating_cash_flow", -48, **new))).as_of("2021-06-30")
    flows, funds = yearly_flows(made, "acme"), liquid_funds(made, "acme")
    assert [(f.basis, f.operating) for f in flows] == [("PRC GAAP", -48), ("IFRS", -40)]
    assert [(f.basis, f.value) for f in funds] == [("PRC GAAP", 80), ("IFRS", 100)]
    said = "basis: PRC GAAP (published 2021-04-30) before IFRS (published 2021-03-31), the latest filing first"
    table = cash_runway(made).table.set_index(["quantity", "variant"])
    without = table.loc[("runway", "cash and cash equivalents, without capital expenditure")]
    assert without["value"] == 20
    assert said in without["note"]
    burn = table.loc[("net_burn", "with capital expenditure")]
    assert (burn["basis"], burn["reason"]) == ("PRC GAAP", f"missing: capital expenditure over FY 2020; {said}")
    earlier = cash_runway(made.as_of("2021-04-01")).table.set_index(["quantity", "variant"])
    assert earlier.loc[("runway", "cash and cash equivalents, with capital expenditure"), "value"] == 24
    assert not earlier["note"].str.contains("basis").any()


def test_of_two_bases_published_on_one_day_the_one_with_capital_expenditure_is_taken() -> None:
    rows = [flow("operating_cash_flow", value, basis=basis) for basis, value in (("IFRS", -40), ("PRC GAAP", -48))]
    made = Statements(facts(*rows, flow("capital_expenditure", -10, basis="IFRS")))
    assert yearly_flows(made, "acme")[0].basis == "IFRS"


def test_a_runway_without_capital_expenditure_never_stands_alone() -> None:
    halves = [flow("operating_cash_flow", v, start=a, end=b) for v, a, b in (
        (-30, "2020-01-01", "2020-06-30"), (-6, "2021-01-01", "2021-06-30"))]  # fmt: skip
    year = (flow("operating_cash_flow", -48), flow("capital_expenditure", -12))
    made = Statements(facts(cash(240, "2021-06-30"), *year, *halves)).as_of("2021-09-30")
    table = cash_runway(made).table
    shown = table.set_index(["quantity", "variant"])
    latest = shown.loc[("runway", "cash and cash equivalents, without capital expenditure")]
    assert latest["value"] == pytest.approx(240 / ((48 + 6 - 30) / 12))
    assert bool(latest["default"])
    assert "with capital expenditure over FY 2020: 48 months" in latest["note"]
    whole = shown.loc[("runway", "cash and cash equivalents, with capital expenditure over FY 2020")]
    assert whole["value"] == pytest.approx(240 / ((48 + 12) / 12))
    assert whole["status"] == "computed"
    assert shown.loc[("net_burn", "with capital expenditure over FY 2020"), "value"] == pytest.approx(5)
    half = table[table["quantity"] == "interim_burn"].iloc[0]
    assert (half["period"], half["value"], half["unit"]) == ("H1 2021", 6, "CNY")
    assert "not annualised" in half["note"]
    assert lasts(table, ["acme"]).endswith("last over 60 months before capital expenditure, 48 with it (FY 2020)")
    old = cash_runway(made.as_of("2022-03-31")).table.set_index(["quantity", "variant"])
    assert old.loc[("runway", "cash and cash equivalents, with capital expenditure over FY 2020"), "status"] == "stale"


def test_where_no_year_gives_capital_expenditure_the_runway_is_an_upper_bound() -> None:
    made = Statements(facts(cash(100), flow("operating_cash_flow", -40))).as_of("2021-06-30")
    table = cash_runway(made).table
    row = table[(table["quantity"] == "runway") & table["value"].notna()].iloc[0]
    assert "upper bound" in row["note"]
    assert lasts(table, ["acme"]).endswith("30 months before capital expenditure at most")
    assert "upper bound" in build_brief(made, "acme").summary()


def test_the_brief_names_both_runways_and_the_half_year(statements: Statements) -> None:
    text = build_brief(statements, "sensetime").summary()
    burned = (3924e6 + 1370e6) / 12
    months = round(statements.value("sensetime", "total_cash_reserve", "2025-06-30") / burned)
    assert f"without capital expenditure, and {months} months at the burn over FY 2024, 14 months old, with it" in text
    assert "burned RMB 640 m in the first half of 2025, without capital expenditure (not annualised)" in text
    assert months == 30


def test_both_runways_are_said_beside_each_other(statements):
    cash = cash_runway(statements.as_of("2023-04-30"), ["sensetime"])
    assert cash.both_ways() == ["sensetime, total cash reserve: 23.6 months with capital expenditure, 64.6 without"]


def test_a_selection_keeps_the_day(statements):
    assert statements.select(["megvii"]).day == statements.day
    assert set(cash_runway(statements, ["megvii"]).defaults().query("quantity == 'liquid_funds'")["status"]) == {"stale"}


def test_the_last_listing_step_says_its_outcome_and_how_exact_its_day_is(statements):
    said = build_brief(statements.as_of("2023-04-30"), "megvii").table["sentence"].iloc[-1]
    assert "Mar 2023 (the day is not known)" in said and "suspended again" in said
    assert "has been listed since 30 Dec 2021" in build_brief(statements.as_of("2023-04-30"), "sensetime").table["sentence"].iloc[-1]
