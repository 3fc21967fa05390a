"""As-of views, versions, signs, derived periods, currency, identities."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from making import facts, flow, instant

import finmodel as fm
from finmodel.ratios.compute import facts_used
from finmodel.statements import Statements, exchange_rate, unbalanced


def test_as_of_is_a_door_in_both_directions(statements: Statements) -> None:
    early = statements.as_of("2021-08-26")
    assert early.facts["published_on"].max() < "2021-08-27"
    assert early.as_of("2021-11-30").lines().equals(statements.as_of("2021-11-30").lines())
    assert statements.as_of(date(2021, 11, 30)).day == date(2021, 11, 30)
    with pytest.raises(ValueError, match="not a day"):
        statements.as_of("30.11.2021")


def test_nothing_seen_was_published_later(statements: Statements) -> None:
    view = statements.as_of("2021-11-30")
    ids = set(view.facts["fact_id"])
    for one in view.lines()["fact_id"]:
        assert set(re.split(" [-+] ", one)) <= ids


def test_all_four_core_firms_have_figures_at_the_end_of_november_2021(statements: Statements) -> None:
    view = statements.as_of("2021-11-30")
    for firm in ("sensetime", "megvii", "cloudwalk", "yitu"):
        assert not view.lines(firm, "revenue").empty


def test_restated_values_stand_beside_the_first_ones(statements: Statements) -> None:
    def loss(day: str) -> float:
        return statements.as_of(day).value("cloudwalk", "profit_attributable", "FY 2019")

    assert loss("2021-11-30") == -1708e6
    assert loss("2022-12-31") == -640e6
    report = statements.as_of("2022-12-31").restatements().set_index(["firm", "line_item", "period"])
    row = report.loc[("cloudwalk", "profit_attributable", "FY 2019")]
    assert (row["first"], row["latest"]) == (-1708e6, -640e6)
    assert row["first_published"] < row["latest_published"]
    as_filed = statements.as_of("2022-12-31").as_filed()
    assert as_filed.value("cloudwalk", "profit_attributable", "FY 2019") == -1708e6


def test_bases_are_kept_apart(statements: Statements) -> None:
    revenue = statements.lines("megvii", "revenue")
    both = revenue[revenue["period"] == "FY 2018"].set_index("basis")["value"]
    assert both["IFRS"] == 1426.9e6
    assert both["PRC GAAP"] == 854e6


def test_expenses_become_positive_however_they_are_printed() -> None:
    hong_kong = Statements(facts(flow("revenue", 100), flow("cost_of_sales", -60), flow("selling", -10), flow("administrative", 2)))
    mainland = Statements(facts(flow("revenue", 100), flow("cost_of_sales", 60), flow("selling", 10), flow("administrative", -2)))
    for made in (hong_kong, mainland):
        values = made.lines("acme").set_index("line_item")["value"]
        assert values.to_dict() == {"revenue": 100, "cost_of_sales": 60, "selling": 10, "administrative": -2}


def test_second_half_is_derived_and_marked_and_never_across_different_starts() -> None:
    made = Statements(
        facts(
            flow("revenue", 100),
            flow("revenue", 40, end="2020-06-30", document="acme-h1", published_on="2020-08-31"),
            flow("selling", 30, start="2019-04-01", end="2020-03-31"),
            flow("selling", 10, start="2020-01-01", end="2020-06-30"),
        )
    )
    lines = made.lines("acme").set_index(["line_item", "period"])
    assert lines.loc[("revenue", "H2 2020"), "value"] == 60
    assert lines.loc[("revenue", "H2 2020"), "mark"] == "~"
    assert lines.loc[("revenue", "H2 2020"), "published_on"] == "2021-03-31"
    assert {p for item, p in lines.index if item == "selling"} == {"12M to 2020-03-31", "H1 2020"}
    assert "H2 2020" not in set(made.lines("acme", derived=False)["period"])


def test_a_vendor_row_is_used_only_where_no_filing_row_exists() -> None:
    made = Statements(
        facts(
            flow("revenue", 101, read_from="vendor", document="copy", published_on="2022-01-01"),
            flow("revenue", 100),
            flow("selling", 7, read_from="vendor", document="copy", published_on="2022-01-01"),
        )
    )
    lines = made.lines("acme").set_index("line_item")
    assert lines.loc["revenue", "value"] == 100
    assert (lines.loc["selling", "value"], lines.loc["selling", "mark"]) == (7, "†")


def test_conversion_shows_the_rate_and_keeps_the_sign(statements: Statements) -> None:
    made = Statements(facts(flow("revenue", 100, currency="USD"), flow("profit_for_period", -10, currency="USD")))
    rate = exchange_rate("USD", "CNY", "2020-01-01", "2020-12-31")
    assert rate is not None
    assert 6 < rate[0] < 8
    lines = made.lines("acme", currency="CNY").set_index("line_item")
    assert lines.loc["profit_for_period", "value"] == pytest.approx(-10 * rate[0])
    assert lines.loc["revenue", "rate_source"] == rate[1]
    inverse = exchange_rate("CNY", "USD", "2020-01-01", "2020-12-31")
    assert inverse is not None
    assert inverse[0] == pytest.approx(1 / rate[0])
    odd = Statements(facts(flow("revenue", 1, currency="ZAR")))
    with pytest.raises(fm.DataError, match="no ZAR/CNY rate"):
        odd.lines("acme", currency="CNY")


def test_a_balance_sheet_that_does_not_balance_is_refused(tmp_path: Path) -> None:
    sheet = facts(
        instant("total_assets", 1000, printed="1,000"),
        instant("total_liabilities", 700, printed="700"),
        instant("total_equity", 200, printed="200"),
    )
    fm.write_facts(sheet, tmp_path / "mine.csv")
    with pytest.raises(fm.DataError, match=r"mine\.csv, balance sheet of acme at 2020-12-31: found total assets 1,000 against"):
        fm.load_statements(tmp_path / "mine.csv", shipped=False)
    right = facts(instant("total_assets", 1000), instant("total_liabilities", 1700), instant("total_equity", -700))
    assert unbalanced(right, "x") == []


def test_shipped_balance_sheets_balance(statements: Statements) -> None:
    assert unbalanced(statements.facts, "shipped") == []


def test_own_facts_beside_or_instead(tmp_path: Path, statements: Statements) -> None:
    fm.write_facts(facts(flow("revenue", 100)), tmp_path / "mine.csv")
    assert fm.load_statements(tmp_path / "mine.csv", shipped=False).firms == ("acme",)
    beside = fm.load_statements(tmp_path / "mine.csv")
    assert set(beside.firms) == {*statements.firms, "acme"}
    assert beside.select(["acme"]).firms == ("acme",)
    with pytest.raises(LookupError, match="did you mean 'sensetime'"):
        beside.select(["sensetme"])
    with pytest.raises(ValueError, match="nothing to load"):
        fm.load_statements(shipped=False)


@given(st.permutations(range(6)))
def test_the_order_of_facts_does_not_matter(order: list[int]) -> None:
    table = facts(
        flow("revenue", 100),
        flow("revenue", 90, document="later", published_on="2022-03-31"),
        flow("revenue", 40, end="2020-06-30"),
        flow("selling", 5),
        flow("cost_of_sales", 50),
        flow("profit_for_period", -3, document="later", published_on="2022-03-31"),
    )
    keys = ["line_item", "period", "basis"]
    plain = Statements(table).lines().sort_values(keys).reset_index(drop=True)
    mixed = Statements(table.iloc[order].reset_index(drop=True)).lines().sort_values(keys).reset_index(drop=True)
    pd.testing.assert_frame_equal(plain, mixed)


def test_a_verified_fact_takes_the_place_of_the_shipped_one(tmp_path: Path, statements: Statements) -> None:
    one = statements.facts[(statements.facts["firm"] == "sensetime") & (statements.facts["line_item"] == "revenue")].head(1)
    fm.write_facts(one.assign(read_from="primary", page=pd.array([7], dtype="Int64")), tmp_path / "mine.csv")
    both = fm.load_statements(tmp_path / "mine.csv")
    assert len(both.facts) == len(statements.facts)
    line = both.lines("sensetime", "revenue").set_index("fact_id").loc[one["fact_id"].iloc[0]]
    assert "†" not in line["mark"]


def test_a_firm_without_figures_by_the_day_is_not_there(statements: Statements) -> None:
    early = statements.as_of("2018-01-01")
    assert "yitu" not in early.firms
    with pytest.raises(LookupError, match="no figures of 'yitu' had been published by 2018-01-01"):
        early.select(["yitu"])


def sheet(*lines: tuple[int, str, float] | tuple[int, str, float, str]) -> pd.DataFrame:
    """One balance sheet: line number, line item, value and, where it matters, the label."""
    rows = ({"line_no": no, "label": label[0] if label else item} | instant(item, value) for no, item, value, *label in lines)
    return facts(*rows)


def test_current_and_non_current_parts_are_added_and_both_are_sources(tmp_path: Path) -> None:
    path = tmp_path / "acme.csv"
    path.write_text(
        "firm,statement,line_no,line_item,label,period_end,value,currency,basis,document,published_on,read_from\n"
        "acme,financial_position,1,cash_and_bank_balances,Bank balances,2020-12-31,1000,CNY,IFRS,ar,2021-03-31,primary\n"
        "acme,financial_position,2,borrowings,Borrowings,2020-12-31,60,CNY,IFRS,ar,2021-03-31,primary\n"
        "acme,financial_position,3,total_current_liabilities,Current liabilities,2020-12-31,60,CNY,IFRS,ar,2021-03-31,primary\n"
        "acme,financial_position,4,borrowings,Borrowings,2020-12-31,60,CNY,IFRS,ar,2021-03-31,primary\n",
        encoding="utf-8",
    )
    view = fm.load_statements(path, shipped=False)
    row = view.lines("acme", "borrowings").iloc[0]
    assert (row["value"], row["mark"], row["label"]) == (120, "~", "Borrowings")
    assert len(view.facts) == 4
    used = facts_used(view, [("acme", "2020-12-31", "borrowings", "", row["fact_id"])])
    assert used[["line_item", "value"]].to_numpy().tolist() == [["borrowings", 60.0], ["borrowings", 60.0]]


@pytest.mark.parametrize(
    ("lines", "value"),
    [
        ([(1, "borrowings", 60), (2, "borrowings", 40)], 100),
        ([(1, "borrowings", 60), (2, "borrowings", 40), (3, "borrowings", 100)], 100),  # the total beneath its parts
        ([(1, "borrowings", 60), (2, "borrowings", 61)], 121),
        ([(1, "borrowings", 100), (2, "borrowings", 100)], 100),  # a total and its only part
        ([(1, "borrowings", 60), (2, "total_current_liabilities", 60), (3, "borrowings", 40), (9, "borrowings", 100)], 100),
        ([(1, "borrowings", 35), (2, "borrowings", 25), (3, "borrowings", 60), (4, "total_current_liabilities", 60),
          (5, "borrowings", 40)], 100),
        ([(1, "borrowings", 60, "Loans"), (2, "borrowings", 20, "of which: bank loans"), (3, "total_current_liabilities", 60),
          (4, "borrowings", 40, "Loans")], 100),
        ([(1, "borrowings", 60), (2, "total_assets", 99), (11, "borrowings", 60), (12, "total_assets", 99)], 60),  # printed twice
    ],
)  # fmt: skip
def test_nothing_is_counted_twice(lines: list[tuple[int, str, float]], value: float) -> None:
    assert Statements(sheet(*lines)).value("acme", "borrowings", "2020-12-31") == value


def test_totals_flows_and_copies_of_vendors_are_never_added() -> None:
    assert Statements(sheet((1, "total_equity", 70), (9, "total_equity", 50))).value("acme", "total_equity", "2020-12-31") in (70, 50)
    twice = [flow("operating_cash_flow", value, line_no=no) for no, value in ((1, 30), (2, 20))]
    assert Statements(facts(*twice)).value("acme", "operating_cash_flow", "FY 2020") in (30, 20)
    copies = [instant("borrowings", value, line_no=no, read_from="vendor") for no, value in ((1, 30), (2, 20))]
    assert Statements(facts(*copies)).value("acme", "borrowings", "2020-12-31") in (30, 20)


@pytest.mark.parametrize(
    ("name", "item", "day", "parts"),
    [
        ("zh-Hant_Fortior-Technology-1304-HK_hkex_prospectus_2025-06-IPO.pdf", "lease_liabilities", "2024-12-31", (3_640, 12_434)),
        ("en_CAMP4-Therapeutics_424B4_2024-10-IPO.htm", "lease_liabilities", "2023-12-31", (2_704, 354, 8_487, 148)),
        ("en_CAMP4-Therapeutics_424B4_2024-10-IPO.htm", "preferred_shares", "2023-12-31", (162_147,)),
        ("en_CAMP4-Therapeutics_424B4_2024-10-IPO.htm", "total_assets", "2023-12-31", (54_946,)),
        ("en_Block-Square-SQ_10-K_FY2015.pdf", "restricted_cash", "2015-12-31", (13_537, 14_686)),
    ],
)
def test_parts_in_real_documents_are_added_once(shared: Path, name: str, item: str, day: str, parts: tuple[int, ...]) -> None:
    """Thousands, as read by eye in the document; CAMP4's sheet of December 2023 stands in its prospectus twice."""
    lines = Statements(fm.load(shared / "inputs" / "documents" / name)).lines(line_item=item)
    assert lines.set_index("period_end").loc[day, "value"] == 1000 * sum(parts)


@pytest.mark.parametrize(
    ("printed", "read"),
    [
        ({"cost_of_sales": 50, "income_tax": -2, "net_finance_cost": -3}, {"cost_of_sales": 50, "income_tax": -2, "net_finance_cost": -3}),
        ({"cost_of_sales": -50, "income_tax": 2, "net_finance_cost": 3}, {"cost_of_sales": 50, "income_tax": -2, "net_finance_cost": -3}),
        ({"cost_of_sales": -50, "selling": -5, "income_tax": -2}, {"cost_of_sales": 50, "selling": 5, "income_tax": 2}),
        ({"income_tax": -2}, {"income_tax": -2}),
        ({"impairment_of_goodwill": -3, "provision_for_guarantees": -4}, {"impairment_of_goodwill": 3, "provision_for_guarantees": 4}),
    ],
)
def test_what_is_never_income_tells_how_a_document_prints_its_costs(printed, read):
    statements = Statements(facts(flow("revenue", 100), *(flow(item, value) for item, value in printed.items())))
    lines = statements.lines("acme").set_index("line_item")["value"]
    assert {item: lines[item] for item in read} == read


def test_a_filing_in_two_currencies_is_read_in_the_firms_main_one():
    rows = []
    for number in range(2010, 2020):
        of = {"start": f"{number}-01-01", "end": f"{number}-12-31", "document": f"acme-{number}"}
        rows += [flow("revenue", 100 + number, **of), flow("revenue", 15 + number, currency="USD", **of), flow("cost_of_sales", 50, **of)]
    lines = Statements(facts(*rows)).lines("acme", "revenue")
    assert set(lines["currency"]) == {"CNY"} and len(lines) == 10


def test_a_moment_is_a_day(statements):
    from datetime import datetime

    assert statements.as_of(datetime(2021, 11, 30, 18, 5)).as_of_date == statements.as_of("2021-11-30").as_of_date


@pytest.mark.parametrize(("change", "holds"), [(250, True), (230, True), (210, False)])
def test_the_change_of_cash_may_include_exchange_differences(change, holds):
    rows = {"operating_cash_flow": -100, "investing_cash_flow": -50, "financing_cash_flow": 400, "exchange_differences_on_cash": -20}
    checks = Statements(facts(*(flow(item, value) for item, value in {**rows, "net_change_in_cash": change}.items()))).checks()
    assert checks.loc[checks["identity"].str.startswith("change in cash"), "passed"].tolist() == [holds]
