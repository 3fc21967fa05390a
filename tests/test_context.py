"""The published ratio among A-share firms: hand-worked aggregates, what was known when, and the figure."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pandas as pd
import pytest

import finmodel as fm
from finmodel.figures import words_of
from tests.layout import layout_faults

ROOT = Path(__file__).resolve().parents[1]


def test_shipped_aggregates() -> None:
    table = fm.a_share_context().table
    one = table[(table["period"] == "FY 2019-2021") & (table["sample"] == "all")].set_index(["definition", "statistic"])
    total = one.loc["total operating cost / total operating revenue"]
    assert round(total.loc["p50", "value"], 2) == 0.92
    assert total["firm_years"].unique().tolist() == [10923]
    # 126 of 10,923 firm-years lie above 1.85: 1 - 126 / 10,923 = 98.85 %
    assert total.loc["percentile_of_threshold", "value"] == round(100 * (1 - 126 / 10923), 2) == 98.85
    quantiles = total.drop("percentile_of_threshold")["value"]
    assert quantiles.is_monotonic_increasing
    assert quantiles["p95"] < 1.85 < quantiles["p99"]


def test_a_year_is_known_when_its_reports_are_out() -> None:
    assert set(fm.a_share_context("2021-11-30").table["period"]) == {"FY 2019", "FY 2020", "FY 2019-2020"}
    assert fm.a_share_context("2020-03-31").table.empty
    with pytest.raises(ValueError, match="2021-13-01"):
        fm.a_share_context("2021-13-01")


def panel() -> pd.DataFrame:
    """Five firm-years: ratios 0.8, 1.0, 2.0 whose lines add up, 1.5 whose do not, and one without revenue."""
    costs = {"cost_of_sales": 50.0, "selling": 10.0, "administrative": 10.0, "research_and_development": 5.0}
    parts = pd.DataFrame([costs | {"taxes_and_surcharges": 3.0, "net_finance_cost": 2.0}] * 5)
    revenue = pd.Series([100.0, 80.0, 40.0, 100.0, 0.0])
    total = pd.Series([80.0, 80.0, 80.0, 150.0, 80.0])
    more = {"revenue": revenue, "total_operating_revenue": revenue, "total_cost_of_operations": total}
    return parts.assign(
        **more, year=[2019, 2019, 2020, 2021, 2021], published_on=["2020-04-01", "2020-05-01", "2021-04-01"] + ["2022-04-01"] * 2
    )


def test_aggregates_of_a_small_panel_by_hand() -> None:
    spec = importlib.util.spec_from_file_location("make_a_share_context", ROOT / "benchmarks" / "make_a_share_context.py")
    assert spec is not None
    assert spec.loader is not None
    making = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = making
    spec.loader.exec_module(making)
    rows = making.context(making.ratios(panel())).set_index(["definition", "sample", "years"])
    total, checked = "total operating cost / total operating revenue", "cost lines add up to the total"
    four = "(cost of sales + selling + administrative + R&D) / revenue"
    # total cost / revenue: 0.8, 1.0, 2.0, 1.5; the median is 1.25, one of four is above 1.85
    assert rows.loc[(total, "all", "2019-2021"), ["firm_years", "p50", "above_threshold", "percentile_of_threshold"]].tolist() == [
        4, "1.2500", 1, "75.00",
    ]  # fmt: skip
    assert rows.loc[(total, checked, "2019-2021"), ["firm_years", "p50"]].tolist() == [3, "1.0000"]
    # four items: 75 / 100, 75 / 80, 75 / 40, 75 / 100
    assert rows.loc[(four, "all", "2019"), "p50"] == "0.8438"
    assert rows.loc[(four, "all", "2020"), "percentile_of_threshold"] == "0.00"
    assert rows.loc[(total, "all", "2019"), "published_by"] == "2020-05-01"


def test_the_figure_says_what_it_draws(statements: fm.Statements) -> None:
    ax = fm.a_share_context().plot()
    words = words_of(ax)
    assert layout_faults(ax.figure) == []
    assert "0.92" in words.title
    assert "1.85" in words.title
    assert words.title.startswith("About 1 in 100")
    assert len(words.data) == 8
    early = fm.a_share_context("2020-03-31").plot()
    assert "No year" in words_of(early).title
