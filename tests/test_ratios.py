"""Ratios: every one documented and scale-free, hand-worked values, reasons, averages, defaults."""

from __future__ import annotations

import inspect
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from making import facts, flow

import finmodel as fm
from finmodel.facts import line_items
from finmodel.ratios import compute_ratios, ratios
from finmodel.statements import Statements

ALL = list(ratios.items())


@pytest.mark.parametrize(("name", "one"), ALL, ids=[n for n, _ in ALL])
def test_every_ratio_is_documented(name: str, one: object) -> None:
    doc = inspect.getdoc(ratios[name].function) or ""
    assert all(word in doc for word in ("Formula", "References", "Examples")), name
    assert ratios[name].formula
    known = set(line_items().index) | {"days"}
    assert {o.removesuffix("_previous") for o in ratios[name].operands} <= known, name


@given(st.floats(1e-3, 1e9), st.integers(0, len(ALL) - 1), st.lists(st.floats(1, 1e6), min_size=6, max_size=6))
def test_ratios_of_money_are_scale_free(factor: float, which: int, values: list[float]) -> None:
    one = ALL[which][1]
    money = line_items()["unit"].eq("money")
    given_ = dict(zip(one.operands, values, strict=False))
    scaled = {k: v * factor if k != "days" and money.get(k.removesuffix("_previous"), False) else v for k, v in given_.items()}
    before, after = float(one.function(**given_)), float(one.function(**scaled))
    expected = before * factor if one.unit == "currency" else before
    assert math.isclose(after, expected, rel_tol=1e-6, abs_tol=1e-6) or (math.isnan(after) and math.isnan(before))


def test_functions_take_arrays() -> None:
    out = ratios["cost_to_revenue: four items"].function(*(np.array([1.0, 2.0]) for _ in range(4)), np.array([4.0, 0.0]))
    assert out[0] == 1.0
    assert np.isnan(out[1])


@pytest.fixture(scope="module")
def shipped(statements: Statements) -> pd.DataFrame:
    return compute_ratios(statements).defaults().set_index(["firm", "period", "quantity"])


def test_hand_worked_values(shipped: pd.DataFrame) -> None:
    cost = {p: shipped.loc[("sensetime", p, "cost_to_revenue"), "value"] for p in ("FY 2018", "FY 2019", "FY 2020", "H1 2021")}
    assert [round(v, 2) for v in cost.values()] == [1.25, 1.47, 1.62, 2.39]
    assert round(shipped.loc[("cloudwalk", "FY 2021", "cost_to_revenue"), "value"], 2) == 1.69
    megvii = shipped.loc[("megvii", "H1 2021", "cost_to_revenue")]
    assert round(megvii["value"], 2) == 2.40
    assert megvii["status"] == "proxy"
    growth = shipped.loc[("sensetime", "FY 2020", "revenue_growth"), "value"]
    assert growth == pytest.approx(3446.165 / 3026.6 - 1, abs=1e-6)


def test_a_value_or_a_reason_always(statements: Statements) -> None:
    table = compute_ratios(statements).table
    assert (table["value"].notna() ^ (table["reason"] != "")).all()
    keys = table[table["default"]].groupby(["firm", "period", "quantity"]).size()
    assert (keys == 1).all()


def test_missing_lines_are_named_and_zero_revenue_is_not_meaningful() -> None:
    made = Statements(facts(flow("revenue", 100), flow("cost_of_sales", 50), flow("selling", 10)))
    row = compute_ratios(made, ["cost_to_revenue"]).defaults().iloc[0]
    assert np.isnan(row["value"])
    assert row["reason"] == "missing: administrative, research and development"
    zero = Statements(facts(flow("revenue", 0), flow("cost_of_sales", 50)))
    row = compute_ratios(zero, ["gross_margin"]).defaults().iloc[0]
    assert "revenue is zero" in row["reason"]


def test_operands_share_basis_and_currency() -> None:
    mixed = Statements(facts(flow("revenue", 100), flow("cost_of_sales", 50, basis="PRC GAAP")))
    assert compute_ratios(mixed, ["gross_margin"]).table["value"].isna().all()
    currencies = Statements(facts(flow("revenue", 100), flow("cost_of_sales", 50, currency="USD")))
    row = compute_ratios(currencies, ["gross_margin"]).defaults().iloc[0]
    assert "lines in CNY and USD" in row["reason"]
    blocks = ("cost_of_sales", "research_and_development", "selling", "administrative")
    lines = [flow(one, 10, currency=c) for one, c in zip(("revenue", *blocks), ("CNY", "CNY", "USD", "HKD", "CNY"), strict=True)]
    amount = compute_ratios(Statements(facts(*lines)), ["total_operating_cost"]).defaults().iloc[0]
    assert (amount["reason"], amount["unit"]) == ("lines in CNY and HKD and USD: convert first", "")


def test_lines_reclassified_between_documents_are_not_mixed_where_one_document_has_all() -> None:
    later = {"document": "later", "published_on": "2022-03-31"}
    made = Statements(
        facts(
            flow("revenue", 100), flow("cost_of_sales", 30), flow("selling", 20), flow("administrative", 30),
            flow("research_and_development", 40), flow("research_and_development", 60, **later),
        )
    )  # fmt: skip
    row = compute_ratios(made, ["cost_to_revenue"]).defaults().iloc[0]
    assert row["value"] == pytest.approx(1.2)
    assert row["vintage"] == "acme-2020"


def test_average_is_the_callers_choice(statements: Statements) -> None:
    results = compute_ratios(statements.as_of("2021-11-30").select(["sensetime", "megvii"]))
    one = {w: results.average("cost_to_revenue", w, "H1 2021")["value"].iloc[0] for w in ("firms", "median", "revenue")}
    sense, meg = 2.392002, 2.401493
    assert one["firms"] == pytest.approx((sense + meg) / 2, abs=1e-5)
    assert one["median"] == one["firms"]
    assert one["revenue"] == pytest.approx((sense * 1651.809 + meg * 670) / (1651.809 + 670), abs=1e-5)
    with pytest.raises(LookupError, match="unknown quantity"):
        results.average("cost_to_revenu")
    with pytest.raises(LookupError, match="unknown weights"):
        results.average("cost_to_revenue", "headcounts")


def test_a_trailing_ratio_is_never_a_sum_of_ratios(shipped: pd.DataFrame) -> None:
    halves = [shipped.loc[("sensetime", p, "cost_to_revenue"), "value"] for p in ("H1 2021", "H2 2021")]
    year = shipped.loc[("sensetime", "FY 2021", "cost_to_revenue"), "value"]
    assert min(halves) < year < max(halves)


def test_sources_lead_to_documents(statements: Statements) -> None:
    results = compute_ratios(statements, ["cost_to_revenue"])
    found = results.sources("sensetime", "FY 2020", "cost_to_revenue")
    four = found[found["variant"] == "four items"]
    assert set(four["line_item"]) == {"revenue", "cost_of_sales", "selling", "administrative", "research_and_development"}
    assert four["document"].str.len().gt(0).all()
    assert four["source"].str.startswith("http").all()


def test_unknown_ratio_and_one_firm(statements: Statements) -> None:
    with pytest.raises(LookupError, match="did you mean 'cost_to_revenue'"):
        compute_ratios(statements, ["cost_to_revenu"])
    assert set(compute_ratios(statements.select(["dji"])).table["firm"]) <= {"dji"}


def test_records_are_plain(statements: Statements) -> None:
    records = compute_ratios(statements.select(["yitu"]), ["cost_to_revenue"]).records()
    assert list(records[0])[:11] == list(fm.results.RECORD_COLUMNS)
    assert all(r["value"] is None or isinstance(r["value"], float) for r in records)
    assert "Ratios as known on" in compute_ratios(statements.select(["yitu"])).summary()


def test_a_ratio_says_which_accounts_it_was_read_in_where_two_bases_meet() -> None:
    old = {"basis": "IFRS", "published_on": "2021-03-31", "document": "hk"}
    new = {"basis": "PRC GAAP", "published_on": "2021-04-30", "document": "star"}
    both = [flow("revenue", 100, **old), flow("cost_of_sales", 60, **old), flow("revenue", 90, **new), flow("cost_of_sales", 45, **new)]
    alone = flow("research_and_development", 20, **old)
    table = compute_ratios(Statements(facts(*both, alone))).defaults().set_index("quantity")
    margin, intensity = table.loc["gross_margin"], table.loc["rd_intensity"]
    assert (margin["basis"], margin["value"], margin["note"]) == ("PRC GAAP", 0.5, "PRC GAAP accounts, the latest filing")
    assert (intensity["basis"], intensity["value"]) == ("IFRS", 0.2)
    assert intensity["note"] == "IFRS accounts; the latest filing is PRC GAAP and gives it by proxy or not at all"
