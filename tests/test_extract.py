"""Documents into facts: small documents made here, one for each way in which statements are printed, and the real ones where they are."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pdfs import Sheet, pdf, table
from typer.testing import CliRunner

import finmodel as fm
from finmodel.cli import application
from finmodel.facts import read_facts
from finmodel.loaders.heading import dates_in, resolve
from finmodel.loaders.labels import Reader
from finmodel.loaders.layout import figure_of
from finmodel.loaders.words import currency_in, scale_in, simplified, title_kind

Loaded = Callable[..., pd.DataFrame]


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    """Give a function that writes sheets, or a text with its ending, to a file and loads it."""

    def load(content: Sequence[Sheet] | str | bytes, name: str = "report.pdf") -> pd.DataFrame:
        path = tmp_path / name
        data = content if isinstance(content, bytes) else content.encode() if isinstance(content, str) else pdf(content)
        path.write_bytes(data)
        return fm.load(path, firm="example")

    return load


def values(facts: pd.DataFrame, item: str, statement: str | None = None) -> dict[tuple[str, int], float]:
    """Values of a line item by (last day, months)."""
    rows = facts[(facts["line_item"] == item) & (facts["currency"] != "USD" if (facts["currency"] == "CNY").any() else True)]
    rows = rows if statement is None else rows[rows["statement"] == statement]
    return {(str(e), int(m)): float(v) for e, m, v in zip(rows["period_end"], rows["months"], rows["value"], strict=True)}


def labels(facts: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys(facts["label"]))


def passed(facts: pd.DataFrame) -> bool:
    return bool(facts.attrs["checks"]) and all(c["passed"] for c in facts.attrs["checks"])


POSITION = [
    ("Non-current assets",),
    ("Property, plant and equipment", "14", "1,000", "900"),
    ("Current assets",),
    ("Inventories", "", "200", "210"),
    ("Bank balances and cash", "22(b)", "300", "310"),
    ("", "", "500", "520"),
    ("Current liabilities",),
    ("Trade payables", "", "80", "90"),
    ("Lease liabilities", "", "5", "–"),
    ("", "", "85", "90"),
    ("Net current assets", "", "415", "430"),
    ("Total assets less current liabilities", "", "1,415", "1,330"),
    ("Non-current liabilities",),
    ("Lease liabilities", "", "15", "30"),
    ("Net assets", "", "1,400", "1,300"),
    ("Capital and reserves",),
    ("Share capital", "", "400", "400"),
    ("Reserves", "", "1,000", "900"),
    ("", "", "1,400", "1,300"),
]


def position(title: str = "CONSOLIDATED STATEMENT OF FINANCIAL POSITION", unit: str = "RMB'000") -> Sheet:
    sheet = Sheet().put(160, 60, title).put(420, 76, "At 31 December 2020")
    table(sheet, 100, [("2020", "2019"), (unit, unit)], POSITION, [400, 500], note=300)
    return sheet


def test_unlabelled_totals_note_references_and_nil(loaded: Loaded) -> None:
    facts = loaded([position()])
    assert values(facts, "total_current_assets") == {("2020-12-31", 0): 500_000, ("2019-12-31", 0): 520_000}
    assert values(facts, "total_current_liabilities") == {("2020-12-31", 0): 85_000, ("2019-12-31", 0): 90_000}
    assert values(facts, "total_equity") == {("2020-12-31", 0): 1_400_000, ("2019-12-31", 0): 1_300_000}
    assert passed(facts)
    leases = facts[facts["line_item"] == "lease_liabilities"]
    assert leases["value"].tolist() == [5_000, 0, 15_000, 30_000]
    assert leases["note"].iloc[1].startswith("dash = nil")
    cash = facts[facts["label"] == "Bank balances and cash"]
    assert cash["note"].str.contains(r"noteref=22\(b\)").all()
    assert cash["printed"].tolist() == ["300", "310"]


def test_every_figure_has_its_page_and_box(loaded: Loaded) -> None:
    blank = Sheet().put(60, 60, "Contents of this report, on a page without any statement at all")
    facts = loaded([blank, position()])
    assert set(facts["page"]) == {2}
    x0, top, x1, bottom = map(float, facts["locator"].iloc[0].split(","))
    assert x1 == pytest.approx(400, abs=0.5)
    assert top < 128 + 14 < bottom + 14 and x0 < x1
    assert (facts["read_from"] == "primary").all() and (facts["status"] == "single").all()


def test_mid_page_start_parents_statement_and_notes_are_left_out(loaded: Loaded) -> None:
    first = Sheet()
    for i in range(8):
        first.put(60, 60 + 14 * i, "The directors present the statements of the group, which rose by 1,234 to 5,678 in the year.")
    first.put(200, 190, "合并利润表").put(200, 204, "2021年度").put(400, 218, "单位：元")
    profit = [
        ("一、营业总收入", "1,000.00", "900.00"),
        ("其中：营业收入", "1,000.00", "900.00"),
        ("二、营业总成本", "1,300.00", "1,100.00"),
        ("其中：营业成本", "700.00", "600.00"),
        ("研发费用", "600.00", "500.00"),
        ("三、营业利润（亏损以“－”号填列）", "-300.00", "-200.00"),
        ("四、利润总额（亏损总额以“－”号填列）", "-300.00", "-200.00"),
        ("减：所得税费用", "", "10.00"),
        ("五、净利润（净亏损以“－”号填列）", "-300.00", "-210.00"),
    ]
    y = table(first, 240, [("2021年度", "2020年度")], profit, [400, 500])
    first.put(200, y + 20, "母公司利润表").put(200, y + 34, "2021年度").put(400, y + 48, "单位：元")
    table(first, y + 62, [("2021年度", "2020年度")], [("一、营业收入", "77.00", "66.00"), ("减：营业成本", "5.00", "4.00")], [400, 500])
    facts = loaded([first])
    assert values(facts, "revenue") == {("2021-12-31", 12): 1000, ("2020-12-31", 12): 900}
    assert values(facts, "income_tax") == {("2020-12-31", 12): 10}
    assert 77 not in facts["value"].tolist() and 1234 not in facts["value"].tolist()
    assert (facts["currency"] == "CNY").all() and (facts["basis"] == "PRC GAAP").all()


def test_labels_over_two_lines_and_section_heads(loaded: Loaded) -> None:
    sheet = Sheet().put(160, 60, "CONSOLIDATED STATEMENT OF CASH FLOWS").put(160, 74, "For the six months ended 30 June 2021")
    rows = [
        ("OPERATING ACTIVITIES",),
        ("Loss before tax", "(12)", "(9)"),
        ("Depreciation of property, plant and",),
        ("  equipment", "10", "9"),
        ("NET CASH USED IN OPERATING ACTIVITIES", "(2)", "–"),
        ("INVESTING ACTIVITIES",),
        ("Purchase of property, plant and equipment", "(5)", "(4)"),
        ("NET CASH USED IN INVESTING ACTIVITIES", "(5)", "(4)"),
        ("NET CASH FROM FINANCING ACTIVITIES", "20", "10"),
        ("NET INCREASE IN CASH AND CASH EQUIVALENTS", "13", "6"),
        ("CASH AND CASH EQUIVALENTS AT 1 JANUARY", "30", "24"),
        ("CASH AND CASH EQUIVALENTS AT 30 JUNE,",),
        ("  represented by bank balances and cash", "43", "30"),
    ]
    table(sheet, 94, [("2021", "2020"), ("HK$ million", "HK$ million")], rows, [400, 500])
    facts = loaded([sheet])
    assert "Depreciation of property, plant and equipment" in labels(facts)
    assert values(facts, "cash_at_end") == {("2021-06-30", 6): 43e6, ("2020-06-30", 6): 30e6}
    assert values(facts, "capital_expenditure") == {("2021-06-30", 6): -5e6, ("2020-06-30", 6): -4e6}
    assert passed(facts) and (facts["currency"] == "HKD").all()


def test_continuation_page_without_title(loaded: Loaded) -> None:
    first = Sheet().put(160, 60, "CONSOLIDATED STATEMENT OF FINANCIAL POSITION").put(420, 74, "At 31 March 2020").put(290, 800, "– 12 –")
    table(first, 94, [("2020", "2019"), ("RMB'000",) * 2], POSITION[:12], [400, 500], note=300)
    second = Sheet().put(290, 800, "– 13 –")
    table(second, 60, [("2020", "2019"), ("RMB'000",) * 2], POSITION[12:], [410, 510], note=310)
    third = Sheet().put(60, 60, "NOTES TO THE CONSOLIDATED FINANCIAL STATEMENTS")
    table(third, 100, [("2020", "2019")], [("Property, plant and equipment", "9,999", "8,888"), ("Reserves", "77", "66")], [400, 500])
    facts = loaded([first, second, third])
    assert sorted(set(facts["page"])) == [1, 2]
    assert values(facts, "total_equity") == {("2020-03-31", 0): 1_400_000, ("2019-03-31", 0): 1_300_000}
    assert passed(facts)


def test_stub_period_beside_years(loaded: Loaded) -> None:
    sheet = Sheet().put(160, 60, "CONSOLIDATED STATEMENTS OF PROFIT OR LOSS")
    sheet.put(250, 80, "Year ended December 31,").put(440, 80, "Six months ended June 30,")
    heads = [("2018", "2019", "2020", "2020", "2021"), ("RMB'000",) * 5, ("", "", "", "(unaudited)", "")]
    rows = [
        ("Revenue", "5", "1,853,356", "3,026,576", "3,446,178", "861,200", "1,651,755"),
        ("Cost of sales", "", "(806,000)", "(1,307,000)", "(1,014,000)", "(260,000)", "(444,000)"),
        ("Gross profit", "", "1,047,356", "1,719,576", "2,432,178", "601,200", "1,207,755"),
        ("Loss for the year/period", "", "(3,433,000)", "(4,967,000)", "(12,158,000)", "(5,199,000)", "(3,713,000)"),
        ("Loss attributable to:",),
        ("Equity holders of the Company", "", "(3,428,000)", "(4,963,000)", "(12,156,000)", "(5,198,000)", "(3,712,000)"),
    ]
    table(sheet, 94, heads, rows, [300, 360, 420, 480, 540], note=200)
    facts = loaded([sheet])
    assert values(facts, "revenue") == {
        ("2018-12-31", 12): 1_853_356_000,
        ("2019-12-31", 12): 3_026_576_000,
        ("2020-12-31", 12): 3_446_178_000,
        ("2020-06-30", 6): 861_200_000,
        ("2021-06-30", 6): 1_651_755_000,
    }
    assert values(facts, "profit_attributable")["2021-06-30", 6] == -3_712_000_000
    assert set(facts.loc[facts["audit"] == "unaudited", "period_end"]) == {"2020-06-30"}


def test_percentages_and_changes_are_left_out(loaded: Loaded) -> None:
    sheet = Sheet().put(160, 60, "Consolidated Statements of Operations").put(160, 74, "(US$ in millions, except per share data)")
    sheet.put(270, 94, "Year ended December 31,")
    rows = [
        ("Revenue", "1,200", "100.0", "1,000", "100.0", "20.0"),
        ("Cost of revenues", "(700)", "(58.3)", "(650)", "(65.0)", "7.7"),
        ("Gross profit", "500", "41.7", "350", "35.0", "42.9"),
        ("Net loss", "(100)", "(8.3)", "(90)", "(9.0)", "11.1"),
        ("Net loss per share, basic and diluted", "(0.10)", "", "(0.09)", "", ""),
    ]
    table(sheet, 108, [("2020", "%", "2019", "%", "Change (%)")], rows, [300, 350, 420, 470, 540])
    facts = loaded([sheet])
    assert len(facts) == 10
    assert values(facts, "revenue") == {("2020-12-31", 12): 1.2e9, ("2019-12-31", 12): 1.0e9}
    assert facts[facts["note"].str.contains("per share")]["value"].tolist() == [-0.10, -0.09]


def test_group_beside_company(loaded: Loaded) -> None:
    sheet = Sheet().put(160, 60, "STATEMENTS OF FINANCIAL POSITION").put(230, 76, "As at 31 December 2020")
    sheet.put(300, 90, "Group").put(440, 90, "Company")
    rows = [
        ("Current assets",),
        ("Trade receivables", "200", "210", "–", "–"),
        ("Total current assets", "200", "210", "50", "60"),
        ("Current liabilities",),
        ("Trade payables", "80", "90", "10", "10"),
        ("Net current assets", "120", "120", "40", "50"),
        ("Total equity", "120", "120", "40", "50"),
    ]
    table(sheet, 104, [("2020", "2019", "2020", "2019"), ("HK$'000",) * 4], rows, [300, 350, 450, 500])
    facts = loaded([sheet])
    assert values(facts, "total_equity") == {("2020-12-31", 0): 120_000, ("2019-12-31", 0): 120_000}
    assert len(facts) == 10


def test_account_form_with_two_sides(loaded: Loaded) -> None:
    sheet = Sheet().put(250, 60, "合并资产负债表").put(250, 76, "2018年12月31日").put(420, 76, "单位：元")
    left = [("流动资产：",), ("货币资金", "1", "1,000.00", "900.00"), ("应收账款", "2", "2,000.00", "1,900.00")]
    left += [
        ("流动资产合计", "3", "3,000.00", "2,800.00"),
        ("固定资产", "4", "500.00", "400.00"),
        ("资产总计", "5", "3,500.00", "3,200.00"),
    ]
    right = [
        ("流动负债：",),
        ("应付账款", "6", "500.00", "400.00"),
        ("流动负债合计", "7", "500.00", "400.00"),
        ("负债合计", "8", "500.00", "400.00"),
    ]
    right += [("所有者权益合计", "9", "3,000.00", "2,800.00"), ("负债和所有者权益总计", "10", "3,500.00", "3,200.00")]
    for x, note, rows, columns in ((60, 130, left, [215, 275]), (300, 412, right, [485, 550])):
        sheet.put(x, 100, "项目").put(note, 100, "行次")
        table(sheet, 100, [("期末余额", "年初余额")], rows, columns, note=note, left=x)
    facts = loaded([sheet])
    assert values(facts, "total_assets") == {("2018-12-31", 0): 3500, ("2017-12-31", 0): 3200}
    assert values(facts, "trade_payables") == {("2018-12-31", 0): 500, ("2017-12-31", 0): 400}
    assert len(facts) == 20 and passed(facts)


def test_restated_columns_with_dates_over_three_lines(loaded: Loaded) -> None:
    sheet = Sheet().put(160, 60, "CONSOLIDATED STATEMENT OF FINANCIAL POSITION")
    heads = [
        ("At 31", "At 31", "At 1"),
        ("December",) * 2 + ("January",),
        ("2020", "2019", "2019"),
        ("", "(restated)", "(restated)"),
        ("RMB million",) * 3,
    ]
    rows = [
        ("Current assets",),
        ("Inventories", "200", "210", "190"),
        ("Cash and cash equivalents", "30", "31", "29"),
        ("", "230", "241", "219"),
        ("Current liabilities",),
        ("Trade payables", "80", "90", "70"),
        ("Net current assets", "150", "151", "149"),
        ("Net assets", "150", "151", "149"),
    ]
    table(sheet, 90, heads, rows, [300, 400, 500])
    facts = loaded([sheet])
    assert values(facts, "total_current_assets") == {("2020-12-31", 0): 230e6, ("2019-12-31", 0): 241e6, ("2019-01-01", 0): 219e6}


def test_bilingual_labels_on_both_sides(loaded: Loaded) -> None:
    sheet = Sheet().put(60, 60, "CONSOLIDATED BALANCE SHEET").put(420, 60, "綜合資產負債表").put(60, 76, "AT 31 DECEMBER 2012")
    rows = [
        ("Current assets",),
        ("Inventories", "", "200", "210"),
        ("Bank balances and cash", "4", "300", "310"),
        ("", "", "500", "520"),
        ("Current liabilities",),
        ("Trade payables", "", "80", "90"),
        ("Net current assets", "", "420", "430"),
        ("Total equity", "", "420", "430"),
    ]
    table(sheet, 100, [("2012", "2011"), ("RMB'000", "RMB'000")], rows, [320, 390], note=230)
    for i, text in enumerate(["流動資產", "存貨", "銀行結餘及現金", "", "流動負債", "貿易應付款項", "流動資產淨值", "總權益"]):
        if text:
            sheet.put(430, 128 + 14 * i, text)
    facts = loaded([sheet])
    assert "Inventories 存貨" in labels(facts)
    assert values(facts, "cash_and_cash_equivalents") == {("2012-12-31", 0): 300_000, ("2011-12-31", 0): 310_000}
    assert passed(facts)


def test_full_width_digits_and_ten_thousands(loaded: Loaded) -> None:
    sheet = Sheet().put(250, 60, "合并利润表").put(250, 76, "2021年1-6月").put(400, 90, "单位：人民币万元")
    rows = [
        ("一、营业收入", "１２,３４５.67", "10,000.00"),
        ("减：营业成本", "8,000.00", "7,000.00"),
        ("三、利润总额", "-1,234.56", "-500.00"),
        ("减：所得税费用", "10.00", "-"),
        ("四、净利润", "-1,244.56", "-500.00"),
    ]
    table(sheet, 108, [("本期发生额", "上期发生额")], rows, [400, 500])
    facts = loaded([sheet])
    assert values(facts, "revenue") == {("2021-06-30", 6): pytest.approx(123_456_700), ("2020-06-30", 6): 1e8}
    assert facts["printed"].iloc[0] == "１２,３４５.67"
    assert passed(facts)


@pytest.mark.parametrize("rotate", [0, 90])
def test_table_set_sideways(loaded: Loaded, rotate: int) -> None:
    sheet = (
        Sheet(sideways=True, rotate=rotate).put(180, 60, "CONSOLIDATED STATEMENT OF FINANCIAL POSITION").put(180, 74, "At 31 December 2020")
    )
    table(sheet, 94, [("2020", "2019"), ("RMB'000",) * 2], POSITION, [600, 700], note=480)
    facts = loaded([sheet])
    assert values(facts, "total_equity") == {("2020-12-31", 0): 1_400_000, ("2019-12-31", 0): 1_300_000}
    assert passed(facts)


def test_ruled_rows_with_values_between_the_lines_of_a_label(loaded: Loaded) -> None:
    sheet = Sheet().put(250, 60, "合并现金流量表").put(250, 74, "2024年1—12月").put(400, 88, "单位：元")
    sheet.put(60, 108, "项目").right(400, 108, "2024年度").right(500, 108, "2023年度")
    rows = [
        (("销售商品、提供劳务收", "到的现金"), "500.00", "400.00"),
        (("客户存款和同业存放款", "项净增加额"), "", ""),
        (("经营活动产生的现金流", "量净额"), "500.00", "400.00"),
        (("投资活动产生的现金流", "量净额"), "-100.00", ""),
        (("筹资活动产生的现金流", "量净额"), "", "-10.00"),
        (("五、现金及现金等价物", "净增加额"), "400.00", "390.00"),
        (("加：期初现金及现金等", "价物余额"), "690.00", "300.00"),
        (("六、期末现金及现金等", "价物余额"), "1,090.00", "690.00"),
    ]
    y = 114.0
    for (above, below), now, before in rows:
        sheet.rules.append((y, 55, 510))
        sheet.put(60, y + 11, above).put(60, y + 23, below)
        for x, text in ((400, now), (500, before)):
            if text:
                sheet.right(x, y + 17, text)
        y += 27
    sheet.rules.append((y, 55, 510))
    facts = loaded([sheet])
    assert labels(facts)[0] == "销售商品、提供劳务收到的现金"
    assert "客户存款和同业存放款项净增加额" not in labels(facts)
    assert values(facts, "cash_at_end") == {("2024-12-31", 12): 1090, ("2023-12-31", 12): 690}
    assert values(facts, "investing_cash_flow") == {("2024-12-31", 12): -100}


def test_another_table_below_is_not_read_into_the_statement(loaded: Loaded) -> None:
    sheet = position()
    sheet.put(330, 400, "Three Months Ended")
    table(
        sheet, 414, [("Dec 31, 2020", "Dec 31, 2019")], [("Employees", "131", "121"), ("Shares outstanding", "4,133", "4,069")], [400, 500]
    )
    facts = loaded([sheet])
    assert "Employees" not in labels(facts) and len(facts) == 2 * sum(len(r) > 1 for r in POSITION)


def test_convenience_translation_keeps_its_currency_and_shares_are_no_money(loaded: Loaded) -> None:
    sheet = Sheet().put(160, 60, "CONSOLIDATED STATEMENTS OF COMPREHENSIVE LOSS")
    sheet.put(160, 74, "(All amounts in thousands, except for share and per share data)").put(330, 94, "For the year ended December 31,")
    rows = [
        ("Net revenues", "100,000", "120,000", "18,391"),
        ("Cost of revenues", "(50,000)", "(60,000)", "(9,195)"),
        ("Gross profit", "50,000", "60,000", "9,196"),
        ("Net loss", "(9,000)", "(2,000)", "(306)"),
        ("Weighted average number of shares used in computing net loss per share",),
        ("Basic", "100,000,000", "110,000,000", "110,000,000"),
    ]
    table(sheet, 108, [("2019", "2020", "2020"), ("RMB", "RMB", "US$")], rows, [400, 470, 540])
    facts = loaded([sheet])
    revenue = facts[facts["line_item"] == "revenue"]
    assert list(zip(revenue["currency"], revenue["value"], strict=True)) == [("CNY", 1e8), ("CNY", 1.2e8), ("USD", 18_391_000.0)]
    shares = facts[facts["note"].str.contains("number of shares")]
    assert shares["value"].tolist() == [100_000_000, 110_000_000, 110_000_000] and (shares["currency"] == "").all()


def test_only_the_accountants_report_of_a_prospectus(loaded: Loaded) -> None:
    summary = position("CONSOLIDATED STATEMENT OF FINANCIAL POSITION")
    report = Sheet().put(60, 30, "APPENDIX I").put(300, 30, "ACCOUNTANTS’ REPORT")
    report.items += position().items
    appendix = Sheet().put(60, 30, "APPENDIX IA").put(260, 30, "UNAUDITED INTERIM CONDENSED FINANCIAL INFORMATION")
    appendix.items += position().items
    facts = loaded([summary, Sheet().put(60, 60, "Other matters"), report, appendix])
    assert set(facts["page"]) == {3}


def test_no_figure_without_a_unit(loaded: Loaded) -> None:
    sheet = Sheet().put(160, 60, "CONSOLIDATED STATEMENT OF FINANCIAL POSITION").put(420, 76, "At 31 December 2020")
    table(sheet, 100, [("2020", "2019")], POSITION, [400, 500], note=300)
    with pytest.raises(fm.DataError, match="no period or no unit"):
        loaded([sheet])


def test_a_wrong_total_is_reported_not_changed(loaded: Loaded) -> None:
    rows = [("Net assets", "", "1,500", "1,300") if r[0] == "Net assets" else r for r in POSITION]
    sheet = Sheet().put(160, 60, "CONSOLIDATED STATEMENT OF FINANCIAL POSITION").put(420, 76, "At 31 December 2020")
    table(sheet, 100, [("2020", "2019"), ("RMB'000",) * 2], rows, [400, 500], note=300)
    facts = loaded([sheet])
    failed = [c for c in facts.attrs["checks"] if not c["passed"]]
    assert {c["period_end"] for c in failed} == {"2020-12-31"}
    wrong = next(c for c in failed if c["check"] == "net assets = equity")
    assert (wrong["left"], wrong["right"], wrong["difference"]) == (1500, 1400, 100)
    assert wrong["cells"] == "net_assets, total_equity"
    assert facts.loc[facts["label"] == "Net assets", "value"].tolist() == [1_500_000, 1_300_000]


EDGAR = """<html><body><p>XYZ, INC.</p><p><b>B</b>ALANCE SHEETS</p><p>(in thousands)</p><table>
<tr><td></td><td colspan="3">December 31, 2021</td><td></td><td colspan="3">December 31, 2020</td></tr><tr><td>Current assets:</td></tr>
<tr><td>Cash and cash equivalents</td><td>$</td><td>1,234</td><td></td><td>&#8203;</td><td>$</td><td>2,345</td><td></td></tr>
<tr><td>Short-term investments</td><td></td><td>100</td><td></td><td></td><td></td><td>—</td><td></td></tr>
<tr><td>Total current assets</td><td></td><td>1,334</td><td></td><td></td><td></td><td>2,345</td><td></td></tr>
<tr><td>Property and equipment, net</td><td></td><td>66</td><td></td><td></td><td></td><td>55</td><td></td></tr>
<tr><td>Total assets</td><td>$</td><td>1,400</td><td></td><td></td><td>$</td><td>2,400</td><td></td></tr>
<tr style="display:none"><td>Hidden</td><td></td><td>777</td><td></td><td></td><td></td><td>888</td><td></td></tr>
<tr><td>Total liabilities</td><td></td><td>400</td><td></td><td></td><td></td><td>300</td><td></td></tr>
<tr><td>Accumulated deficit</td><td></td><td>(9,000</td><td>)</td><td></td><td></td><td>(7,900</td><td>)</td></tr>
<tr><td>Total stockholders’ equity</td><td></td><td>1,000</td><td></td><td></td><td></td><td>2,100</td><td></td></tr>
<tr><td>Total liabilities and stockholders’ equity</td><td>$</td><td>1,400</td><td></td><td></td><td>$</td><td>2,400</td><td></td></tr>
</table><div>The accompanying notes are an integral part of these financial statements.</div>
<p>STATEMENTS OF OPERATIONS</p><table><tr><td></td><td colspan="7">Three Months Ended March 31,</td></tr>
<tr><td></td><td colspan="3">2021</td><td></td><td colspan="3">2020</td></tr>
<tr><td>Collaboration revenue</td><td>$</td><td>500</td><td></td><td></td><td>$</td><td>400</td><td></td></tr>
<tr><td>Research and development</td><td></td><td>900</td><td></td><td></td><td></td><td>800</td><td></td></tr>
<tr><td>Loss from operations</td><td></td><td>(400</td><td>)</td><td></td><td></td><td>(400</td><td>)</td></tr>
<tr><td>Net loss</td><td>$</td><td>(400</td><td>)</td><td></td><td>$</td><td>(400</td><td>)</td></tr></table></body></html>"""


def test_web_page_with_signs_in_cells_of_their_own(loaded: Loaded) -> None:
    facts = loaded(EDGAR, "filing.htm")
    assert values(facts, "total_assets") == {("2021-12-31", 0): 1_400_000, ("2020-12-31", 0): 2_400_000}
    assert values(facts, "revenue") == {("2021-03-31", 3): 500_000, ("2020-03-31", 3): 400_000}
    assert facts.loc[facts["label"] == "Accumulated deficit", "value"].tolist() == [-9_000_000, -7_900_000]
    assert "Hidden" not in labels(facts) and facts["page"].isna().all()
    assert facts["locator"].str.match(r"table \d, row \d+").all()
    assert passed(facts)


def test_web_page_in_gb18030_with_nested_tables(loaded: Loaded) -> None:
    rows = "".join(
        f"<tr><td>{label}</td><td>{a}</td><td>{b}</td></tr>"
        for label, a, b in [
            ("其中：营业收入", "1,000.00", "900.00"),
            ("其中：营业成本", "500.00", "400.00"),
            ("销售费用", "", "100.00"),
            ("三、利润总额", "200.00", "200.00"),
            ("减：所得税费用", "20.00", "20.00"),
            ("四、净利润", "180.00", "180.00"),
        ]
    )
    title = "<tr><td colspan=3>合并利润表</td></tr><tr><td colspan=3>2020年1-6月 单位：元</td></tr>"
    heads = "<tr><td>项目</td><td>本期发生额</td><td>上期发生额</td></tr>"
    page = f"<html><table><tr><td><table>{title}{heads}{rows}</table></td></tr></table></html>"
    facts = loaded(page.encode("gb18030"), "report.dat")
    assert values(facts, "revenue") == {("2020-06-30", 6): 1000, ("2019-06-30", 6): 900}
    assert values(facts, "selling") == {("2019-06-30", 6): 100}


TEXT = """EXAMPLE HOLDINGS LIMITED
CONSOLIDATED STATEMENT OF PROFIT OR LOSS
For the year ended 31 December 2020
                                   Note        2020        2019
                                            RMB'000     RMB'000
Revenue                               4     1,200       1,000
Cost of sales                                (700)       (650)
Gross profit                                   500         350
Administrative expenses                       (900)       (800)
Loss before tax                               (400)       (450)
Income tax expense                               -           (5)
Loss for the year                             (400)       (455)
"""


@pytest.mark.parametrize("squeeze", [False, True])
def test_plain_text_in_columns_and_without(loaded: Loaded, squeeze: bool) -> None:
    facts = loaded("\n".join(" ".join(line.split()) for line in TEXT.splitlines()) if squeeze else TEXT, "report.txt")
    assert values(facts, "revenue") == {("2020-12-31", 12): 1_200_000, ("2019-12-31", 12): 1_000_000}
    assert values(facts, "income_tax") == {("2020-12-31", 12): 0, ("2019-12-31", 12): -5_000}
    assert facts["locator"].iloc[0] == "line 6"


def test_report_as_json_lines_of_pages(loaded: Loaded) -> None:
    import json

    def line(page: int, kind: str, inside: str) -> str:
        return json.dumps({"page": page, "allrow": 0, "type": kind, "inside": inside}, ensure_ascii=False)

    rows = [["项目", "2019年度", "2018年度"], ["一、营业收入", "1,000.00", "900.00"], ["减：营业成本", "400.00", "300.00"]]
    rows += [["二、利润总额", "-50.00", "60.00"], ["减：所得税费用", "", "10.00"], ["三、净利润", "-50.00", "50.00"]]
    lines = [line(1, "text", "2019年年度报告"), line(7, "text", "合并利润表"), line(7, "text", "单位：元")]
    facts = loaded("\n".join([*lines, *(line(7, "excel", str(row)) for row in rows)]), "report.txt")
    assert values(facts, "profit_for_period") == {("2019-12-31", 12): -50, ("2018-12-31", 12): 50}
    assert values(facts, "income_tax") == {("2018-12-31", 12): 10} and set(facts["page"]) == {7}


def test_bank_is_refused(loaded: Loaded) -> None:
    sheet = Sheet().put(160, 60, "CONSOLIDATED BALANCE SHEET").put(420, 76, "At 31 December 2020")
    rows = [
        ("Balances with central bank", "1,000", "900"),
        ("Loans and advances to customers", "9,000", "8,000"),
        ("Total assets", "10,000", "8,900"),
        ("Due to banks", "500", "400"),
        ("Deposits from customers", "8,500", "7,600"),
        ("Total liabilities", "9,000", "8,000"),
        ("Total equity", "1,000", "900"),
    ]
    table(sheet, 100, [("2020", "2019"), ("RMB million",) * 2], rows, [400, 500])
    with pytest.raises(fm.DataError, match=r"page 1: found a bank's or insurer's statement"):
        loaded([sheet])


def test_document_without_statements(loaded: Loaded) -> None:
    with pytest.raises(fm.DataError, match="no title of a statement with figures below it"):
        loaded([Sheet().put(60, 60, "Allotment results: 1,234,567 shares at HK$ 12.34 each were allotted to 5,678 applicants")])


def encrypted() -> bytes:
    import io

    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter()
    writer.append(PdfReader(io.BytesIO(pdf([position()]))))
    writer.encrypt("secret", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


HUGE = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 100000/Kids["
    + b"3 0 R " * 100_000
    + b"]>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 10 10]>>endobj\ntrailer<</Root 1 0 R>>"
)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (encrypted(), "an encrypted PDF"),
        (pdf([position()])[:700], "a damaged PDF"),
        (pdf([]), "a damaged PDF"),
        (pdf([Sheet(rules=[(100, 60, 200)])] * 3), "no text layer"),
        (HUGE, "100,000 pages"),
        (b"", "an empty file"),
    ],
    ids=["encrypted", "truncated", "no pages", "pictures only", "100,000 pages", "empty"],
)
def test_hostile_pdf_gives_one_error(loaded: Loaded, data: bytes, message: str) -> None:
    with pytest.raises(fm.DataError, match=message) as error:
        loaded(data)
    assert len(error.value.faults) == 1


@given(st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), min_size=1, max_size=40))
def test_mutated_pdf_never_crashes(changes: list[tuple[int, int]]) -> None:
    import tempfile

    data = bytearray(pdf([position()]))
    for at, byte in changes:
        data[at % len(data)] = byte
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mutant.pdf"
        path.write_bytes(bytes(data))
        try:
            facts = fm.load(path)
        except fm.DataError:
            return
        assert len(facts)


@given(st.integers(0, len(EDGAR) - 1), st.text(alphabet="<>/\"'=tdrable 0123456789(),.$%\x00é中", max_size=12), st.integers(0, 60))
def test_mutated_web_page_never_crashes(at: int, text: str, cut: int) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mutant.htm"
        path.write_text(EDGAR[:at] + text + EDGAR[at + cut :], encoding="utf-8")
        try:
            facts = fm.load(path)
        except fm.DataError:
            return
        assert len(facts)


@given(st.text(max_size=60))
def test_grammars_never_crash(text: str) -> None:
    figure_of(text)
    dates_in(text)
    resolve([text], [text], instant=False)
    scale_in(text)
    currency_in(text)
    title_kind(text)
    Reader("income", traditional=False).row(text)


@pytest.mark.parametrize(
    ("head", "context", "instant", "expected"),
    [
        (["2022年", "人民幣千元"], ["截至12月31日止年度"], False, ("2022-01-01", "2022-12-31")),
        (["Year ended 31 March", "2017"], [], False, ("2016-04-01", "2017-03-31")),
        (["2015"], ["December 31,"], True, (None, "2015-12-31")),
        (["期初余额"], ["2024年09月30日"], True, (None, "2023-12-31")),
        (["上期发生额"], ["2024年1—9月"], False, ("2023-01-01", "2023-09-30")),
        (["From January to June 2022"], [], False, ("2022-01-01", "2022-06-30")),
        (["Twelve Months Ended", "Dec 25, 2021"], [], False, ("2020-12-26", "2021-12-25")),
        (["二零二一年"], ["截至六月三十日止六個月"], False, ("2021-01-01", "2021-06-30")),
        (["2008"], ["For the year ended 31 December 2009"], False, ("2008-01-01", "2008-12-31")),
        (["Total"], ["Other remarks"], False, None),
    ],
)
def test_periods_of_column_heads(head: list[str], context: list[str], instant: bool, expected: tuple[str | None, str] | None) -> None:
    found = resolve(head, context, instant)
    assert (None if found is None else tuple(d and d.isoformat() for d in found)) == expected


@pytest.mark.parametrize(
    ("text", "currency", "scale"),
    [
        ("RMB'000", "CNY", 1e3),
        ("人民幣千元", "CNY", 1e3),
        ("(US$ in millions)", "USD", 1e6),
        ("HK$ million", "HKD", 1e6),
        ("单位：元 币种：人民币", "CNY", 1),
        ("单位：万元", None, 1e4),
        ("(In thousands, except share data)", None, 1e3),
        ("人民幣百萬元", "CNY", 1e6),
        ("(Expressed in Canadian dollars)", "CAD", None),
        ("HK Dollars '000", "HKD", 1e3),
        ("RMBm", "CNY", 1e6),
        ("HK$000", "HKD", 1e3),
    ],
)
def test_units_of_column_heads(text: str, currency: str | None, scale: float | None) -> None:
    assert (currency_in(text), scale_in(text)) == (currency, scale)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("CONSOLIDATED STATEMENTS OF CASH FLOWS (continued)", "cash_flow"),
        ("簡明綜合財務狀況表", "financial_position"),
        ("2、合并年初到报告期末利润表", "income"),
        ("母公司资产负债表", "parent"),
        ("The Company’s Income Statement", "parent"),
        ("STATEMENTS OF FINANCIAL POSITION OF THE COMPANY", "parent"),
        ("Consolidated Statements of Changes in Equity", "changes_in_equity"),
        ("STATEMENTS OF CONSOLIDATED CASH FLOWS", "cash_flow"),
        ("Consolidated Statements of Net Income", "income"),
        ("CONSOLIDATED STATEMENT OF CASH FLOWS Year ended 31 December 2020", "cash_flow"),
        ("Changes in working capital", None),
        ("Our consolidated balance sheets as of that date show", None),
        ("Other comprehensive income", None),
    ],
)
def test_titles(text: str, kind: str | None) -> None:
    assert title_kind(text) == kind


@pytest.mark.parametrize(
    ("statement", "label", "item"),
    [
        ("income", "(Loss)/profit for the year", "profit_for_period"),
        ("income", "Net impairment losses under expected credit loss (“ECL”) model", "impairment_of_financial_assets"),
        ("income", "Selling, general and administrative expenses", ""),
        ("income", "Net loss attributable to noncontrolling interests", ""),
        ("income", "Profit from continuing operations", ""),
        ("income", "Profit before tax from continuing operations", "profit_before_tax"),
        ("income", "Total revenues and other income", ""),
        ("income", "Share of losses of associates, net of tax", "share_of_results_of_associates"),
        ("income", "Equity in earnings of unconsolidated affiliates", "share_of_results_of_associates"),
        ("income", "Results from operating activities", "operating_profit"),
        ("income", "Profit after taxation", "profit_for_period"),
        ("income", "金融資產及合約資產減值虧損淨額", "impairment_of_financial_assets"),
        ("income", "研發開支", "research_and_development"),
        ("income", "除所得稅前虧損", "profit_before_tax"),
        ("financial_position", "Trade and other receivables", ""),
        ("financial_position", "Trade and bills receivables", "trade_receivables"),
        ("financial_position", "Cash at bank and on hand", "cash_and_bank_balances"),
        ("financial_position", "現金及現金等值項目", "cash_and_cash_equivalents"),
        ("financial_position", "Assets, total", "total_assets"),
        ("financial_position", "Total equity attributable to XYZ Inc. shareholders", "equity_attributable"),
        ("financial_position", "按公平值計入損益之金融資產", "financial_assets_at_fvtpl"),
        ("financial_position", "Total liabilities and shareholders’ deficit", ""),
        ("cash_flow", "Net cash (used in)/generated from operating activities", "operating_cash_flow"),
        ("cash_flow", "經營活動（所用）╱所得現金淨額", "operating_cash_flow"),
        ("cash_flow", "於九月三十日的現金及現金等值項目", "cash_at_end"),
        ("cash_flow", "Cash and cash equivalents brought forward", "cash_at_beginning"),
        ("cash_flow", "Adjustments to reconcile net loss to net cash used in operating activities", ""),
    ],
)
def test_labels(statement: str, label: str, item: str) -> None:
    assert Reader(statement, traditional=True).row(label).line_item == item


def test_scripts() -> None:
    assert simplified("綜合財務狀況表") == "综合财务状况表"


def test_command_writes_facts_and_review(tmp_path: Path) -> None:
    import pypdfium2

    source, out, review = tmp_path / "report.bin", tmp_path / "facts.csv", tmp_path / "review.pdf"
    source.write_bytes(pdf([Sheet().put(60, 60, "Contents of the report, in words only"), position()]))
    result = CliRunner().invoke(application(), ["extract", str(source), "-o", str(out), "--firm", "example", "--review", str(review)])
    assert result.exit_code == 0, result.output
    facts = read_facts(out)
    assert len(facts) == 28 and set(facts["firm"]) == {"example"}
    pages = pypdfium2.PdfDocument(review)
    text = pages[0].get_textpage()
    shown = text.get_text_range().split()
    assert len(pages) == 1 and {"1", "28"} <= set(shown)
    text.close()
    pages.close()


def test_review_needs_pages(loaded: Loaded, tmp_path: Path) -> None:
    from finmodel.loaders.review import write_review

    facts = loaded(EDGAR, "filing.htm")
    with pytest.raises(ValueError, match="has no pages to review"):
        write_review(tmp_path / "filing.htm", facts, tmp_path / "review.pdf")
    assert not (tmp_path / "review.pdf").exists()


def _scorer(shared: Path) -> object:
    spec = importlib.util.spec_from_file_location("score_extraction", shared / "tools" / "score_extraction.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MISPRINTS = {
    # At the end of 2022 the prospectus prints total liabilities of 17,933 under rows that sum to 17,973; the total is the one that
    # ties to the balance sheet's total, so one of the rows is misprinted. The check has to fail on it.
    "en_CAMP4-Therapeutics_424B4_2024-10-IPO.htm": [
        ("financial_position", "2022-12-31", "rows add up to total liabilities", 17_933.0, 17_973.0)
    ],
}
"""Checks that fail because the document itself is wrong, by file: statement, day, check, printed total, sum of the printed rows."""


@pytest.mark.slow
@pytest.mark.shared
def test_known_cells_of_real_documents(shared: Path, tmp_path: Path) -> None:
    scorer = _scorer(shared)
    gold = pd.read_csv(shared / "inputs" / "gold" / "gold.csv", dtype=str, keep_default_na=False)
    for name, cells in gold.groupby("file"):
        facts = fm.load(shared / "inputs" / "documents" / str(name))
        got = facts.astype(object).where(facts.notna(), "").astype(str).to_dict("records")
        s = scorer.compare(cells.to_dict("records"), got)  # type: ignore[attr-defined]
        assert s["hit"] >= 0.98 * s["got"] and s["hit"] >= 0.98 * s["gold"], (name, s)
        assert s["items_right"] >= 0.98 * (s["items_right"] + s["items_wrong"]) and s["items_found"] >= 0.98 * s["items"], (name, s)
        assert s["sign_ok"] == s["signed"] and s["page_ok"] == s["paged"], (name, s)
        failed = [
            tuple(c[k] for k in ("statement", "period_end", "check", "left", "right")) for c in facts.attrs["checks"] if not c["passed"]
        ]
        assert facts.attrs["checks"] and failed == MISPRINTS.get(str(name), []), (name, failed)


def income(title: str, *below: str) -> Sheet:
    sheet = Sheet().put(160, 60, title)
    for i, line in enumerate(below):
        sheet.put(160, 74 + 12 * i, line)
    return sheet


def test_figures_that_belong_to_the_label_do_not_take_the_row_with_them(loaded: Loaded) -> None:
    sheet = Sheet().put(160, 60, "CONSOLIDATED BALANCE SHEETS").put(160, 74, "(in millions)").put(60, 88, "Current assets")
    rows = [
        ("Cash and cash equivalents", "700", "600"),
        ("Total current assets", "700", "600"),
        ("Other assets, net of amortization of $729 and $580", "4,712", "3,585"),
        ("Total assets", "$5,412", "$4,185"),
        ("Current liabilities",),
        ("Accounts payable", "80", "90"),
        ("Total current liabilities", "80", "90"),
        ("Long-term debt (Note 12)", "899", "358"),
        ("Preferred stock, none issued at December 31, 2020 and 2019", "—", "—"),
        ("Total liabilities", "979", "448"),
        ("Total stockholders’ equity", "4,433", "3,737"),
        ("Total liabilities and stockholders’ equity", "$5,412", "$4,185"),
    ]
    table(sheet, 102, [("December 31,", "December 31,"), ("2020", "2019")], rows, [420, 520])
    facts = loaded([sheet, Sheet().put(60, 60, "The U.S. GAAP statements are in US$.")])
    assert "Other assets, net of amortization of $729 and $580" in labels(facts)
    assert values(facts, "borrowings_non_current") == {("2020-12-31", 0): 899e6, ("2019-12-31", 0): 358e6}
    assert facts.loc[facts["label"].str.startswith("Preferred"), "printed"].tolist() == ["—", "—"]
    assert passed(facts) and "rows add up to total assets" in [c["check"] for c in facts.attrs["checks"]]


def test_a_lost_row_between_two_totals_is_reported(loaded: Loaded) -> None:
    facts = loaded(EDGAR.replace("<td>66</td>", "<td>60</td>"), "filing.htm")
    failed = [c for c in facts.attrs["checks"] if not c["passed"]]
    assert [(c["check"], c["difference"]) for c in failed] == [("rows add up to total assets", 6.0)]


def test_the_day_of_signature_is_no_row(loaded: Loaded) -> None:
    sheet = income("合并现金流量表", "2020年度", "单位：元")
    rows = [
        ("一、经营活动产生的现金流量：",),
        ("经营活动产生的现金流量净额", "1,000.00", "900.00"),
        ("投资活动产生的现金流量净额", "-200.00", "-300.00"),
        ("筹资活动产生的现金流量净额", "100.00", "-500.00"),
        ("五、现金及现金等价物净增加额", "900.00", "100.00"),
        ("加：期初现金及现金等价物余额", "300.00", "200.00"),
        ("六、期末现金及现金等价物余额", "1,200.00", "300.00"),
    ]
    y = table(sheet, 110, [("本期发生额", "上期发生额")], rows, [400, 500])
    facts = loaded([sheet.put(380, y + 30, "2021 年 4 月 26 日")])
    assert len(facts) == 12 and 2021 not in facts["value"].tolist()
    assert passed(facts)


GEM = [
    ("Turnover", "100", "90", "300", "280"),
    ("Direct costs", "(60)", "(50)", "(170)", "(160)"),
    ("Gross profit", "40", "40", "130", "120"),
    ("Impairment losses on trade receivables, net", "(2)", "(1)", "(5)", "(3)"),
    ("Administrative expenses", "(30)", "(30)", "(90)", "(91)"),
    ("Financial expenses", "(1)", "(1)", "(3)", "(3)"),
    ("PROFIT BEFORE TAX FROM CONTINUING OPERATIONS", "7", "8", "32", "23"),
    ("Income tax", "(1)", "(2)", "(6)", "(5)"),
    ("Profit for the period from continuing operations", "6", "6", "26", "18"),
    ("Loss for the period from a discontinued operation", "(4)", "–", "(4)", "(1)"),
    ("PROFIT FOR THE PERIOD", "2", "6", "22", "17"),
    ("Earnings per share (HK cents)", "0.20", "0.60", "2.20", "1.70"),
    ("Number of shares used in computing earnings per share", "1,000", "1,000", "1,000", "1,000"),
]


def test_three_and_nine_months_side_by_side_with_a_discontinued_operation(loaded: Loaded) -> None:
    ended = "For the three months and nine months ended 30 September 2021"
    sheet = income("CONDENSED CONSOLIDATED STATEMENT OF PROFIT OR LOSS", ended)
    sheet.put(330, 100, "Three months ended").put(450, 100, "Nine months ended")
    sheet.put(340, 112, "30 September").put(460, 112, "30 September")
    table(sheet, 126, [("2021", "2020", "2021", "2020"), ("US$'000",) * 4], GEM, [370, 420, 490, 540])
    facts = loaded([sheet])
    thousands = {("2021-09-30", 3): 100e3, ("2020-09-30", 3): 90e3, ("2021-09-30", 9): 300e3, ("2020-09-30", 9): 280e3}
    named = facts[facts["line_item"] == "revenue"]
    assert {(e, int(m)): v for e, m, v in zip(named["period_end"], named["months"], named["value"], strict=True)} == thousands
    items = dict(zip(facts["label"], facts["line_item"], strict=True))
    assert items["Direct costs"] == "cost_of_sales"
    assert items["Impairment losses on trade receivables, net"] == "impairment_of_financial_assets"
    assert items["Financial expenses"] == "finance_cost"
    assert items["PROFIT BEFORE TAX FROM CONTINUING OPERATIONS"] == "profit_before_tax"
    assert items["Profit for the period from continuing operations"] == ""
    assert items["PROFIT FOR THE PERIOD"] == "profit_for_period"
    share = facts[facts["label"] == "Earnings per share (HK cents)"]
    assert set(share["currency"]) == {"HKD"} and share["value"].tolist() == pytest.approx([0.002, 0.006, 0.022, 0.017])
    shares = facts[facts["label"].str.startswith("Number of shares")]
    assert set(shares["currency"]) == {""} and set(shares["value"]) == {1e6}
    assert passed(facts)


def test_financial_expenses_of_a_prc_statement_are_net(loaded: Loaded) -> None:
    sheet = income("CONSOLIDATED INCOME STATEMENT", "For the year ended 31 December 2020", "(Expressed in RMB)")
    rows = [
        ("I. Total operating income", "1,000.00", "900.00"),
        ("Including: Operating income", "1,000.00", "900.00"),
        ("II. Total operating costs", "780.00", "720.00"),
        ("Including: Operating costs", "700.00", "600.00"),
        ("Financial expenses", "80.00", "120.00"),
        ("IV. Total profit", "220.00", "180.00"),
        ("Less: Income tax expenses", "20.00", "10.00"),
        ("V. Net profit", "200.00", "170.00"),
    ]
    table(sheet, 120, [("2020", "2019")], rows, [400, 500])
    facts = loaded([sheet])
    assert values(facts, "net_finance_cost") == {("2020-12-31", 12): 80, ("2019-12-31", 12): 120}
    assert values(facts, "finance_cost") == {}


def test_signs_set_apart_nil_and_columns_of_which_the_last_is_the_total(loaded: Loaded) -> None:
    sheet = income("CONSOLIDATED STATEMENT OF PROFIT OR LOSS", "Year ended 31 December 2020")
    sheet.put(345, 92, "2020").put(480, 92, "2019")
    rows = [
        ("Revenue", "1,000", "–", "1,000", "900", "–", "900"),
        ("Cost of sales", "- 600", "- 10", "- 610", "- 500", "5", "- 495"),
        ("Gross profit", "400", "- 10", "390", "400", "5", "405"),
        ("Other income", "Nil", "Nil", "Nil", "10", "–", "10"),
        ("Profit before tax", "400", "- 10", "390", "410", "5", "415"),
        ("Income tax expense", "(50)", "–", "(50)", "(55)", "–", "(55)"),
        ("Profit for the year", "350", "- 10", "340", "355", "5", "360"),
    ]
    heads = [("Before", "Fair value", "", "Before", "Fair value", ""), ("changes", "changes", "Total", "changes", "changes", "Total")]
    table(sheet, 106, [*heads, ("RMB'000",) * 6], rows, [300, 355, 405, 455, 505, 550])
    facts = loaded([sheet])
    assert values(facts, "cost_of_sales") == {("2020-12-31", 12): -610_000, ("2019-12-31", 12): -495_000}
    assert values(facts, "other_income") == {("2020-12-31", 12): 0, ("2019-12-31", 12): 10_000}
    assert len(facts) == 14 and passed(facts)


def test_a_figure_with_half_its_parentheses_is_reported(loaded: Loaded) -> None:
    sheet = income("CONSOLIDATED STATEMENT OF PROFIT OR LOSS", "Year ended 31 December 2020")
    rows = [
        ("Revenue", "1,000", "900"),
        ("Selling expenses", "(100", "(90)"),
        ("Profit before tax", "900", "810"),
        ("Income tax expense", "(50)", "(55)"),
        ("Profit for the year", "850", "755"),
    ]
    table(sheet, 106, [("2020", "2019"), ("RMB'000", "RMB'000")], rows, [400, 500])
    failed = [c for c in loaded([sheet]).attrs["checks"] if not c["passed"]]
    assert [(c["check"], c["cells"]) for c in failed] == [("has only figures that can be read", "p1 Selling expenses: (100")]


def test_more_phrases_above_than_columns(loaded: Loaded) -> None:
    sheet = income("合并利润表", "2024年1—3月")
    sheet.put(380, 86, "单位：元").put(430, 86, "币种:人民币").put(500, 86, "审计类型：未经审计")
    rows = [
        ("一、营业总收入", "1,000.00", "900.00"),
        ("其中：营业收入", "1,000.00", "900.00"),
        ("其中：营业成本", "700.00", "600.00"),
        ("四、利润总额", "300.00", "300.00"),
        ("减：所得税费用", "100.00", "130.00"),
        ("五、净利润", "200.00", "170.00"),
    ]
    table(sheet, 104, [("2024年第一季度", "2023年第一季度")], rows, [420, 540])
    assert values(loaded([sheet]), "revenue") == {("2024-03-31", 3): 1000, ("2023-03-31", 3): 900}
