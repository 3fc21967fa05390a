"""The article as a test: which readings come near 1.85, and that none is called the published one."""

from __future__ import annotations

import pytest

from finmodel.ratios.multiverse import cost_to_revenue_multiverse
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


def test_other_firms_and_targets(statements: Statements) -> None:
    two = cost_to_revenue_multiverse(statements, ["sensetime", "cloudwalk"], target=2.0, tolerance=0.5)
    assert two.table["firms"].str.contains("megvii").sum() == 0
    with pytest.raises(ValueError, match="none of nobody"):
        cost_to_revenue_multiverse(statements, ["nobody"])
