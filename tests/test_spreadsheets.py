"""Spreadsheets and CSV files in every layout, workbooks with traps, the A-share panel and the exports of known programs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import finmodel as fm
from finmodel.data import read_table
from finmodel.facts import check_facts, line_items
from finmodel.loaders.a_share import STATEMENT_FILES, a_share_identities, read_a_share_panel
from finmodel.loaders.cells import named
from finmodel.loaders.grid import column_letters, read_csv_grid, read_workbook
from finmodel.loaders.guard import Limits
from finmodel.loaders.identities import IDENTITIES, check_identities, differences
from tests import samples


def csv(folder: Path, text: str, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def cells(facts: pd.DataFrame) -> list[list[object]]:
    pd.testing.assert_frame_equal(facts, check_facts(facts))
    return facts[["firm", "line_item", "period_start", "period_end", "value", "currency"]].to_numpy().tolist()


# a list of figures


def test_a_list_of_figures(tmp_path: Path) -> None:
    text = (
        "firm,label,value,period_start,period_end,currency,scale,published_on\n"
        'acme,Revenue,"(1,234)",2020-01-01,2020-12-31,CNY,1000,2021-03-31\n'
        "acme,total_assets,5,,2020-12-31,CNY,1000,2021-03-31\n"
    )
    facts = fm.load(csv(tmp_path, text))
    assert cells(facts) == [
        ["acme", "revenue", "2020-01-01", "2020-12-31", -1_234_000.0, "CNY"],
        ["acme", "total_assets", "", "2020-12-31", 5000.0, "CNY"],
    ]
    assert facts[["printed", "published_on", "date_estimated"]].to_numpy().tolist()[0] == ["(1,234)", "2021-03-31", False]


def test_a_list_of_concepts_leaves_out_dimensions_and_other_units(tmp_path: Path) -> None:
    text = (
        "namespace,fact,value,units,start_date,end_date,dimensions\n"
        "us-gaap,Revenues,5,USD,2020-01-01,2020-12-31,\n"
        "us-gaap,Revenues,3,USD,2020-01-01,2020-12-31,{'a': 'b'}\n"
        "us-gaap,Assets,9,USD,2020-12-31,2020-12-31,\n"
        "us-gaap,SharesOutstanding,7,shares,2020-12-31,2020-12-31,\n"
        'us-gaap,SomeTextBlock,"<p>a, b</p>\n<p>c</p>",,2020-01-01,2020-12-31,\n'
    )
    assert cells(fm.load(csv(tmp_path, text))) == [
        ["a", "revenue", "2020-01-01", "2020-12-31", 5.0, "USD"],
        ["a", "total_assets", "", "2020-12-31", 9.0, "USD"],
    ]


def test_every_fault_of_a_list_is_named(tmp_path: Path) -> None:
    text = "label,value,period,currency\nrevenue,1;2,FY 2020,CNY\nrevenue,5,the year,CNY\nrevenue,5,2020-12-31,CNY\n"
    with pytest.raises(fm.DataError) as caught:
        fm.load(csv(tmp_path, text))
    assert [line.split(":")[0] for line in caught.value.faults] == ["a.csv, row 2, revenue", "a.csv, row 3", "a.csv, row 4, revenue"]
    assert "no first day" in caught.value.faults[2]


def test_a_list_of_concepts_loses_no_row_and_keeps_its_firms(tmp_path: Path) -> None:
    rows = [("a", "GrossProfit", "100"), ("a", "OtherThing", "7"), ("b", "GrossProfit", "200")]
    text = "firm,label,value,period_start,period_end,units\n" + "".join(f"{f},{c},{v},2020-01-01,2020-12-31,USD\n" for f, c, v in rows)
    facts = fm.load(csv(tmp_path, text))
    assert sorted(facts[["firm", "line_item", "label", "value"]].to_numpy().tolist()) == [
        ["a", "", "OtherThing", 7.0],
        ["a", "gross_profit", "GrossProfit", 100.0],
        ["b", "gross_profit", "GrossProfit", 200.0],
    ]


def test_words_that_are_also_concepts_claim_no_taxonomy(tmp_path: Path) -> None:
    facts = fm.load(csv(tmp_path, "label,value,period,currency\nRevenue,1,FY 2020,CNY\nInventories,2,FY 2020,CNY\n"))
    assert facts[["line_item", "basis", "statement"]].to_numpy().tolist()[0] == ["revenue", "", "income"]


@pytest.mark.parametrize("scale", ["0", "-1000"])
def test_a_scale_that_is_not_above_zero_is_a_fault(scale: str, tmp_path: Path) -> None:
    text = f"firm,label,value,period,currency,scale\nacme,Revenue,5,FY 2020,CNY,{scale}\n"
    with pytest.raises(fm.DataError, match=f"row 2, Revenue, scale|row 2, scale: found {scale}"):
        fm.load(csv(tmp_path, text))


@pytest.mark.parametrize("currency", ["RMB", "cny", "人民币"])
def test_a_currency_in_a_list_is_understood(currency: str, tmp_path: Path) -> None:
    text = f"firm,label,value,period,currency\nacme,Revenue,5,FY 2020,{currency}\n"
    assert fm.load(csv(tmp_path, text))["currency"].tolist() == ["CNY"]


def test_an_unknown_currency_in_a_list_is_a_fault(tmp_path: Path) -> None:
    text = "firm,label,value,period,currency\nacme,Revenue,5,FY 2020,CNY\nacme,Gross profit,5,FY 2020,XXX\n"
    with pytest.raises(fm.DataError, match="row 3: found currency 'XXX'"):
        fm.load(csv(tmp_path, text))


def test_figures_without_dates_are_refused(tmp_path: Path) -> None:
    with pytest.raises(fm.DataError, match="figures without dates cannot be used"):
        fm.load(csv(tmp_path, "fact,value,units\nAssets,5,USD\n"))


# one row per firm and period


RECORDS = (
    "firm,period,currency,revenue,gross_margin,total_assets\nacme,FY 2020,CNY,10,0.5,30\nacme,H1 2021,CNY,6,,\nother,FY 2020,CNY,1,0.1,2\n"
)


def test_records(tmp_path: Path) -> None:
    assert cells(fm.load(csv(tmp_path, RECORDS))) == [
        ["acme", "revenue", "2020-01-01", "2020-12-31", 10.0, "CNY"],
        ["acme", "total_assets", "", "2020-12-31", 30.0, "CNY"],
        ["acme", "revenue", "2021-01-01", "2021-06-30", 6.0, "CNY"],
        ["other", "revenue", "2020-01-01", "2020-12-31", 1.0, "CNY"],
        ["other", "total_assets", "", "2020-12-31", 2.0, "CNY"],
    ]
    assert len(fm.load(tmp_path / "a.csv", "other")) == 2


def test_long_tables_say_how_far_they_are_and_can_be_stopped(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    path = csv(tmp_path, RECORDS.splitlines()[0] + "\n" + "".join(f"firm{i},FY 2020,CNY,1,0,2\n" for i in range(1200)))
    fm.load(path, progress=lambda done, of: seen.append((done, of)))
    assert seen == [(500, 1201), (1000, 1201)]

    def stop(done: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fm.load(path, progress=stop)


def test_records_of_years_and_in_one_firm(tmp_path: Path) -> None:
    facts = fm.load(csv(tmp_path, "year,currency,Revenue,Net assets\n2020,USD,5,1\n"), "acme")
    assert cells(facts)[0] == ["acme", "revenue", "2020-01-01", "2020-12-31", 5.0, "USD"]


def test_records_without_a_currency_are_refused(tmp_path: Path) -> None:
    with pytest.raises(fm.DataError, match="row 2: found currency ''"):
        fm.load(csv(tmp_path, "firm,year,revenue\nacme,2020,5\n"))


def test_two_columns_for_one_line_item_are_both_left_unnamed(tmp_path: Path) -> None:
    facts = fm.load(csv(tmp_path, "firm,year,currency,revenue,Revenue,gross_profit\nacme,2020,CNY,5,6,1\nacme,2021,CNY,7,7,2\n"))
    assert facts["line_item"].tolist() == ["", "", "gross_profit", "revenue", "revenue", "gross_profit"]
    assert facts["note"].tolist()[:2] == ["more than one figure for revenue"] * 2


# periods across


def test_periods_across(tmp_path: Path) -> None:
    facts = fm.load(samples.workbook(tmp_path / "balance.xlsx", {"BS": samples.WIDE}))
    assert len(facts) == 12
    assert cells(facts)[:2] == [
        ["balance", "inventories", "", "2021-12-31", 120_000.0, "CNY"],
        ["balance", "inventories", "", "2020-12-31", 100_000.0, "CNY"],
    ]
    assert facts["locator"].tolist()[:2] == ["BS!B3", "BS!C3"]
    assert all(check["passed"] for check in check_identities(facts))
    assert len(check_identities(facts)) == 4


def test_periods_across_with_lengths(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["利润表（单位：万元 人民币）", "", ""],
        ["项目", "2021年1-6月", "2020年度"],
        ["一、营业收入", "5.5", 9],
        ["减：营业成本", 2, None],
        ["其他", "见附注", ""],
    ]
    assert cells(fm.load(samples.workbook(tmp_path / "a.xlsx", {"利润表": rows}), "acme")) == [
        ["acme", "revenue", "2021-01-01", "2021-06-30", 55_000.0, "CNY"],
        ["acme", "revenue", "2020-01-01", "2020-12-31", 90_000.0, "CNY"],
        ["acme", "cost_of_sales", "2021-01-01", "2021-06-30", 20_000.0, "CNY"],
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({0: ["Sample Inc.: balance sheet"]}, "no currency above the figures"),
        ({0: ["Sample Inc.: balance sheet, RMB"]}, "no unit above the figures"),
        ({2: ["Inventories", "12O", 100]}, r"BS!B3: found '12O'"),
        ({1: ["", "this year", "last year"]}, "expected a facts table"),
        ({1: ["", "30 June", "2020-12-31"]}, "expected a facts table"),
    ],
)
def test_what_periods_across_refuse(change: dict[int, list[object]], message: str, tmp_path: Path) -> None:
    rows = [change.get(number, row) for number, row in enumerate(samples.WIDE)]
    with pytest.raises(fm.DataError, match=message):
        fm.load(samples.workbook(tmp_path / "a.xlsx", {"BS": rows}))


def test_currency_and_unit_may_stand_in_rows_of_their_own(tmp_path: Path) -> None:
    rows = [["Sample Inc."], *samples.WIDE[1:], ["currency", "CNY", "CNY"], ["scale", 1000, 1]]
    facts = fm.load(samples.workbook(tmp_path / "a.xlsx", {"BS": rows}))
    assert facts.loc[facts["line_item"] == "inventories", "value"].tolist() == [120_000.0, 100.0]


def test_a_flow_whose_length_is_not_stated_is_refused(tmp_path: Path) -> None:
    rows: list[list[object]] = [["Income (RMB'000)"], ["", "2021-06-30"], ["Revenue", 5]]
    with pytest.raises(fm.DataError, match="found no length"):
        fm.load(samples.workbook(tmp_path / "a.xlsx", {"IS": rows}))


def test_a_terminals_export_says_how_it_was_converted_and_when_it_was_published(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["甲公司[1.HK] - 利润表(单位：万元 , USD)", "2021-09-30", "2020-12-31"],
        ["报告期", "2021三季报", "2020年报"],
        ["    营业收入", 7, 8],
        ["显示币种", "USD", "USD"],
        ["原始币种", "CNY", "CNY"],
        ["转换汇率", 6.96, 6.96],
        ["公告日期", "2021-11-01", "2021-03-01"],
    ]
    facts = fm.load(samples.workbook(tmp_path / "a.xlsx", {"sheet1": rows}))
    assert cells(facts) == [
        ["a", "revenue", "2021-01-01", "2021-09-30", 70_000.0, "USD"],
        ["a", "revenue", "2020-01-01", "2020-12-31", 80_000.0, "USD"],
    ]
    assert facts[["published_on", "note", "read_from"]].to_numpy().tolist()[1] == ["2021-03-01", "converted from CNY at 6.96", "vendor"]


# workbooks and their traps


FORMULAS = [
    ('<c r="B6"><f>B4+B5</f></c>', True),
    ('<c r="B6"><f>B4+B5</f><v></v></c>', True),
    ('<c r="B6"><f>B4+B5</f><v>5000</v></c>', False),
    ('<c r="B6" t="str"><f>TEXT(B4,"0")</f><v></v></c>', False),
]


@pytest.mark.parametrize(("cell", "refused"), FORMULAS)
def test_formulas_without_a_saved_result_are_refused_with_their_address(cell: str, refused: bool, tmp_path: Path) -> None:
    path = samples.workbook(tmp_path / "a.xlsx", {"BS": samples.WIDE}, {"B6": cell})
    if refused:
        with pytest.raises(fm.DataError, match=r"a\.xlsx, BS!B6: found 1 formula without a saved result"):
            fm.load(path)
    else:
        assert len(fm.load(path)) in (11, 12)


def test_all_sheets_with_figures_are_read_and_notes_are_not(tmp_path: Path) -> None:
    income: list[list[object]] = [["Income (RMB'000)"], ["", "FY 2020"], ["Revenue", 5]]
    facts = fm.load(samples.workbook(tmp_path / "a.xlsx", {"BS": samples.WIDE, "Notes": [["Read me"]], "IS": income, "Empty": []}))
    assert len(facts) == 13


def test_a_fault_in_one_sheet_is_a_fault_of_the_workbook(tmp_path: Path) -> None:
    income: list[list[object]] = [["Income (RMB'000)"], ["", "FY 2020"], ["Revenue", "5,5"]]
    with pytest.raises(fm.DataError, match=r"IS!B3: found '5,5'"):
        fm.load(samples.workbook(tmp_path / "a.xlsx", {"BS": samples.WIDE, "IS": income}))


def test_a_facts_table_in_a_workbook_and_in_a_csv(tmp_path: Path) -> None:
    header = ["firm", "line_item", "period_start", "period_end", "value", "currency", "published_on"]
    row = ["acme", "revenue", "2020-01-01", "2020-12-31", "1,000", "CNY", "2021-03-31"]
    one = fm.load(samples.workbook(tmp_path / "a.xlsx", {"facts": [header, row]}))  # type: ignore[list-item]
    line = ",".join(row).replace("1,000", '"1,000"')
    two = fm.load(csv(tmp_path, f"{','.join(header)}\n{line}\n"))
    pd.testing.assert_frame_equal(one, two)
    pd.testing.assert_frame_equal(two, fm.read_facts(tmp_path / "a.csv"))
    with pytest.raises(fm.DataError, match=r"row 2, line_item: found 'revenu', expected a name"):
        fm.load(csv(tmp_path, f"{','.join(header)}\n{line.replace('revenue', 'revenu')}\n"))


def test_cells_become_text_without_loss(tmp_path: Path) -> None:
    rows: list[list[object]] = [["a", "b"], [0.1, 12345678901234], ["007", " x "]]
    cell = {"A2": '<c r="A2"><v>0.30000000000000004</v></c>', "B2": '<c r="B2" t="b"><v>1</v></c>'}
    assert read_workbook(samples.workbook(tmp_path / "a.xlsx", {"S": rows}, cell))[0].rows == (
        ("a", "b"),
        ("0.30000000000000004", "TRUE"),
        ("007", "x"),
    )


def test_the_shipped_facts_come_through_as_they_are(tmp_path: Path) -> None:
    facts = fm.load_statements().facts.iloc[:50].reset_index(drop=True)
    fm.write_facts(facts, tmp_path / "facts.csv")
    pd.testing.assert_frame_equal(fm.load(tmp_path / "facts.csv"), facts)


def test_addresses() -> None:
    assert [column_letters(i) for i in (0, 25, 26, 701, 702, 16_383)] == ["A", "Z", "AA", "ZZ", "AAA", "XFD"]


def test_a_csv_larger_than_the_limit_is_refused_while_it_is_read(tmp_path: Path) -> None:
    with pytest.raises(fm.DataError, match="more than 100 cells"):
        read_csv_grid(csv(tmp_path, "a,b\n" + "1,2\n" * 1000), Limits(cells=100))


# labels


@pytest.mark.parametrize(
    ("label", "item"),
    [
        ("revenue", "revenue"), ("Revenue", "revenue"), ("营业收入", "revenue"), ("營業收入", "revenue"), ("Total assets", "total_assets"),
        ("gross_profit_margin", ""), ("Revenue growth", ""), ("营业收入同比增长率(%)", ""), ("经营活动产生的现金流量净额/营业收入", ""),
        ("Something else", ""), ("", ""),
    ],
)  # fmt: skip
def test_labels_of_tables(label: str, item: str) -> None:
    assert named(label).line_item == item


def test_the_tables_of_labels_name_line_items_of_the_chart() -> None:
    labels, chart = read_table("table_labels"), line_items()
    labels = labels[labels["line_item"] != ""]
    assert set(labels["line_item"]) <= set(chart.index)
    assert (chart.loc[labels["line_item"], "statement"].to_numpy() == labels["statement"].to_numpy()).all()
    assert set(labels["layout"]) <= {*read_table("table_layouts")["layout"], "terminal"}


# identities


def test_an_identity_takes_the_reading_that_comes_closest_and_needs_all_its_figures() -> None:
    profit = next(identity for identity in IDENTITIES if identity.total == "profit_for_period")
    wide = pd.DataFrame({"profit_before_tax": [10.0, 10, 10, np.nan], "income_tax": [3.0, -3, 3, 3], "profit_for_period": [7.0, 7, 6, 7]})
    np.testing.assert_array_equal(differences(wide, profit), [0, 0, -1, np.nan])


def test_no_identity_can_be_checked_without_its_total() -> None:
    facts = fm.load_statements().facts
    assert check_identities(facts[facts["line_item"] == "revenue"]) == []


def test_a_failed_check_names_the_figures(tmp_path: Path) -> None:
    rows = [["Total assets", 5001, 4500] if row[0] == "Total assets" else row for row in samples.WIDE]
    facts = fm.load(samples.workbook(tmp_path / "a.xlsx", {"BS": rows}))
    assert [check for check in check_identities(facts) if not check["passed"]] == []  # one unit of a printed figure is rounding
    rows = [["Total assets", 5010, 4500] if row[0] == "Total assets" else row for row in samples.WIDE]
    failed = [check for check in check_identities(fm.load(samples.workbook(tmp_path / "a.xlsx", {"BS": rows}))) if not check["passed"]]
    assert [(check["check"], check["period_end"], check["difference"]) for check in failed] == [
        ("current + non-current assets = total assets", "2021-12-31", 10_000.0),
        ("liabilities + equity = total assets", "2021-12-31", 10_000.0),
    ]
    assert failed[0]["cells"] == "total_assets, total_current_assets, total_non_current_assets"


# the A-share panel


def a_share(folder: Path, spoil: dict[str, str] | None = None) -> Path:
    """The four workbooks with two firm-years of one firm: the second lacks research and development."""
    labels = read_table("table_labels")
    labels = labels[labels["layout"] == "a_share"]
    figures = {
        "营业收入": 100,
        "营业成本": 60,
        "税金及附加": 1,
        "销售费用": 10,
        "管理费用": 9,
        "研发费用": 15,
        "财务费用": 2,
        "营业总成本": 97,
    }
    for name, statement in STATEMENT_FILES.items():
        columns = labels.loc[labels["statement"] == statement, "label"].tolist()
        rows: list[list[object]] = [["报告年份", "信息来源", *columns, "年份", "证券代码", "证券简称"]]
        for year in (2019, 2020):
            found = [figures.get(column, 7) for column in columns]
            found = [-1.0 if column == "研发费用" and year == 2020 else value for column, value in zip(columns, found, strict=True)]
            rows.append(
                [
                    str(year),
                    "年度报告",
                    *[(spoil or {}).get(c, str(v)) for c, v in zip(columns, found, strict=True)],
                    str(year),
                    "000001",
                    "甲",
                ]
            )
        samples.workbook(folder / name, {"Sheet1": rows})
    reports = [["report_date", "stock_code", "report_year"], ["2020-04-01", "000001", "2019年"], ["2020-05-01", "000001", "2019年"]]
    samples.workbook(folder / "company_annual_reports.xlsx", {"Sheet1": reports})  # type: ignore[dict-item]
    return folder


def test_the_a_share_panel_reads_minus_one_as_missing(tmp_path: Path) -> None:
    panel = read_a_share_panel(a_share(tmp_path)).set_index("year")
    assert panel["firm"].tolist() == ["000001", "000001"]
    assert panel.loc[2019, ["revenue", "research_and_development", "published_on"]].tolist() == [100.0, 15.0, "2020-05-01"]
    assert np.isnan(panel.loc[2020, "research_and_development"])
    assert panel.loc[2020, "published_on"] == ""
    checks = a_share_identities(panel.reset_index()).set_index("identity")
    cost = next(name for name in checks.index if name.endswith("total operating cost"))
    assert checks.loc[cost, ["firm_years", "checked", "held", "failed"]].tolist() == [2, 1, 1, 0]


def test_the_a_share_panel_names_bad_cells(tmp_path: Path) -> None:
    with pytest.raises(fm.DataError, match=r"profit_statement\.xlsx, column 研发费用, row 2: found 'x'"):
        read_a_share_panel(a_share(tmp_path, {"研发费用": "x"}))


def test_one_workbook_of_the_panel_is_a_table_like_others(tmp_path: Path) -> None:
    facts = fm.load(a_share(tmp_path) / "profit_statement.xlsx")
    revenue = facts[facts["line_item"] == "revenue"]
    assert cells(facts)[0][0] == "000001"
    assert revenue["value"].tolist() == [100.0, 100.0]
    assert len(facts[facts["line_item"] == "research_and_development"]) == 1
    assert set(facts["read_from"]) == {"vendor"}


@pytest.mark.shared
@pytest.mark.slow
def test_the_real_a_share_panel(shared: Path) -> None:
    panel = read_a_share_panel(shared / "inputs" / "tables" / "finglm_a_share")
    assert len(panel) == 11_587
    assert not panel.duplicated(["firm", "year"]).any()
    checks = a_share_identities(panel)
    assert (checks["share_held"] > 0.97).all()
    ratio = (panel["total_cost_of_operations"] / panel["total_operating_revenue"])[panel["total_operating_revenue"] > 0].dropna()
    shipped = read_table("a_share_cost_ratio").iloc[0]
    assert round(ratio.median(), 2) == 0.92
    assert int(shipped["firm_years"]) == len(ratio)
    assert float(shipped["p50"]) == pytest.approx(ratio.median(), abs=5e-5)
    assert float(shipped["percentile_of_threshold"]) == pytest.approx(100 * (ratio <= 1.85).mean(), abs=5e-3)


@pytest.mark.shared
def test_real_exports(shared: Path) -> None:
    folder = shared / "inputs" / "tables"
    balance = fm.load(folder / "hk_export" / "2015.HK-balance-sheet.xlsx")
    named_rows = balance[balance["line_item"] != ""].set_index(["line_item", "period_end"])
    assert named_rows.loc[("total_assets", "2024-12-31"), ["value", "published_on"]].tolist() == [23_329_368_900.0, "2025-03-14"]
    assert named_rows.loc[("total_assets", "2024-12-31"), "note"] == "converted from CNY at 6.96"
    assert all(check["passed"] for check in check_identities(balance))
    pharma = fm.load(folder / "taidibei" / "income_sheet.csv", "600080")
    year = pharma[(pharma["line_item"] == "total_operating_revenue") & (pharma["period_end"] == "2022-12-31")]
    assert year["value"].tolist() == [pytest.approx(579_374_501.21)]
    third = pharma[(pharma["line_item"] == "total_operating_revenue") & (pharma["period_end"] == "2023-09-30")]
    assert third["months"].tolist() == [9]
    apple = fm.load(folder / "sec_facts" / "apple_gaap.csv")
    assert apple.set_index("line_item").loc["revenue", "value"] == 394_328_000_000
    for name in ("hk_export/2015.HK-growth-capability.xlsx", "sec_facts/carbo_ceramics_gaap.csv", "finglm_a_share/baseinfo.xlsx"):
        with pytest.raises(fm.DataError):
            fm.load(folder / name)
