"""The article as a test: which readings come near 1.85, and that none is called the published one."""

from __future__ import annotations

import pandas as pd
import pytest

from finmodel.brief import build_brief
from finmodel.figures.multiverse import readings
from finmodel.ratios.dependence import latest_dependence
from finmodel.ratios.multiverse import cost_to_revenue_multiverse, published_by
from finmodel.statements import Statements


@pytest.fixture(scope="module")
def result(statements: Statements):  # type: ignore[no-untyped-def]
    return cost_to_revenue_multiverse(statements.as_of("2021-11-30"))


def test_enough_readings_and_a_count_with_and_without_proxies(result) -> None:  # type: ignore[no-untyped-def]
    assert len(result.table) >= 70
    assert 0 < len(result.near(False)) < len(result.near()) < len(result.table)
    assert f"{len(result.near())} of {len(result.table)} readings" in result.sentence()
    assert "not identified" in result.sentence()


def test_known_regions(result) -> None:  # type: ignore[no-untyped-def]
    table = result.table.set_index(["definition", "window", "aggregate", "vintage"])["value"]
    pooled = "four items, loss proxy where lines are missing"
    for window in ("FY 2020", "FY 2018-20", "whole record"):
        assert 1.6 < table[pooled, window, "ratio of sums", "as filed"] < 1.95
    assert table[pooled, "H1 2021", "ratio of sums", "as filed"] == pytest.approx(2.39, abs=0.02)
    assert table["with preferred-share fair value", "FY 2018-20", "ratio of sums", "as filed"] > 3


def test_halves_inside_years_are_not_counted_twice(result) -> None:  # type: ignore[no-untyped-def]
    row = result.table[(result.table["window"] == "whole record") & (result.table["definition"] == "four items only")].iloc[0]
    assert row["cells"] == 5  # SenseTime FY 2018, 2019, 2020 and H1 2021; CloudWalk FY 2020


def test_pooled_reading_by_hand(result, statements: Statements) -> None:  # type: ignore[no-untyped-def]
    table = result.table.set_index(["definition", "window", "aggregate", "vintage"])["value"]
    view = statements.as_of("2021-11-30")
    costs = sum(
        view.value(firm, item, "FY 2020")
        for firm in ("sensetime", "cloudwalk")
        for item in ("cost_of_sales", "selling", "administrative", "research_and_development")
    )
    revenue = sum(view.value(firm, "revenue", "FY 2020") for firm in ("sensetime", "cloudwalk"))
    assert table["four items only", "FY 2020", "ratio of sums", "as filed"] == pytest.approx(costs / revenue)


def test_no_reading_is_called_the_published_one(result) -> None:  # type: ignore[no-untyped-def]
    assert not result.table.astype(str).apply(lambda c: c.str.contains("Caixin")).to_numpy().any()


def test_a_reading_that_is_another_by_construction_is_left_out(result) -> None:  # type: ignore[no-untyped-def]
    table = result.table
    two = table["firms"].str.count(", ") == 1
    assert two.any()
    assert not (table.loc[two, "aggregate"] == "median of firms").any()
    plain = table[table["definition"] == "four items only"]
    assert "FY 2020" in set(plain["window"])
    assert "latest full year of each firm" not in set(plain["window"])  # of both firms FY 2020
    pooled = table[table["definition"] == "four items, loss proxy where lines are missing"]
    assert "latest full year of each firm" in set(pooled["window"])  # Yitu's is FY 2019


def test_the_page_is_frozen_at_the_day_of_the_claim(result, statements: Statements) -> None:  # type: ignore[no-untyped-def]
    assert published_by().isoformat() == "2021-11-30"
    page = readings(statements)
    assert page is not None
    assert page.day == published_by() < statements.day
    assert page.sentence() == result.sentence()
    assert cost_to_revenue_multiverse(statements).day == statements.day
    earlier = readings(statements.as_of("2021-06-30"))
    assert earlier is not None
    assert earlier.day.isoformat() == "2021-06-30"


def test_other_firms_and_targets(statements: Statements) -> None:
    two = cost_to_revenue_multiverse(statements, ["sensetime", "cloudwalk"], target=2.0, tolerance=0.5)
    assert two.table["firms"].str.contains("megvii").sum() == 0
    with pytest.raises(ValueError, match="none of nobody"):
        cost_to_revenue_multiverse(statements, ["nobody"])


def test_a_proxy_for_public_demand_is_called_one_with_its_interval(statements: Statements) -> None:
    known = pd.DataFrame(
        {
            "period_end": ["2020-12-31", "2021-12-31", "2022-12-31"],
            "value": [0.9, 0.4, 0.3],
            "low": [0.9, 0.4, 0.3],
            "high": [0.9, 0.45, 0.3],
            "proxy": True,
        }
    )
    row, low, high = latest_dependence(known)
    assert (row["value"], low, high) == (0.3, 0.3, 0.45)
    assert latest_dependence(known.assign(proxy=False))[1:] == (0.3, 0.3)
    text = build_brief(statements.as_of("2022-06-30"), "sensetime").summary()
    assert "is not disclosed; a proxy for it, the smart-city segment, was" in text
    assert "over its two latest periods" in text
    assert "Public-sector demand stood for" not in text
