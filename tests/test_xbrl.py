"""XBRL: companyfacts, instances, inline reports, EDINET archives and SEC data sets, against figures written by hand and real files."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

import finmodel as fm
from finmodel.data import read_table
from finmodel.facts import check_facts, line_items
from finmodel.loaders import loaders, xbrl
from finmodel.loaders.concepts import Tagged, concept_map, merged
from finmodel.loaders.identities import check_identities
from tests import samples


def written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def values(facts: pd.DataFrame) -> dict[tuple[str, str], float]:
    """Values of a document by line item and period end; a line item twice is a mistake."""
    named = facts[facts["line_item"] != ""]
    assert not named.duplicated(["line_item", "period_start", "period_end", "document"]).any()
    return dict(zip(zip(named["line_item"], named["period_end"], strict=True), named["value"], strict=True))


EXPECTED = {
    ("revenue", "2020-12-31"): 3_446_000, ("cost_of_sales", "2020-12-31"): 1_013_000, ("gross_profit", "2020-12-31"): 2_433_000,
    ("revenue", "2021-12-31"): 4_700_000, ("cost_of_sales", "2021-12-31"): 1_424_000, ("gross_profit", "2021-12-31"): 3_276_000,
    ("total_assets", "2020-12-31"): 9_000_000, ("total_liabilities", "2020-12-31"): 4_000_000, ("total_equity", "2020-12-31"): 5_000_000,
    ("total_assets", "2021-12-31"): 9_500_000, ("total_liabilities", "2021-12-31"): 4_100_000, ("total_equity", "2021-12-31"): 5_400_000,
}  # fmt: skip


@pytest.mark.parametrize("name", ["instance.xml", "inline.xhtml", "inline.htm"])
def test_an_instance_and_an_inline_report_say_the_same(name: str, tmp_path: Path) -> None:
    facts = fm.load(written(tmp_path, name, samples.instance() if name == "instance.xml" else samples.inline()))
    found = values(facts)
    assert found.pop(("profit_for_period", "2020-12-31"), -1_234_000) == -1_234_000
    assert found == EXPECTED
    pd.testing.assert_frame_equal(facts, check_facts(facts))
    assert set(facts["read_from"]) == {"primary"}
    assert set(facts["basis"]) == {"US GAAP"}
    assert all(check["passed"] for check in check_identities(facts))


def test_instants_have_no_start_and_durations_have_both_ends(tmp_path: Path) -> None:
    facts = fm.load(written(tmp_path, "a.xml", samples.instance()))
    instants = facts["statement"] == "financial_position"
    assert (facts.loc[instants, "period_start"] == "").all()
    assert (facts.loc[instants, "months"] == 0).all()
    assert (facts.loc[~instants, "months"] == 12).all()


def test_an_inline_figure_is_kept_as_printed(tmp_path: Path) -> None:
    facts = fm.load(written(tmp_path, "a.xhtml", samples.inline())).set_index(["line_item", "period_end"])
    assert facts.loc[("revenue", "2020-12-31"), ["printed", "scale", "locator"]].tolist() == ["3,446", 1000.0, "D2020"]
    assert facts.loc[("profit_for_period", "2020-12-31"), ["printed", "value"]].tolist() == ["-1,234", -1_234_000.0]


def inventory(form: str, text: str) -> str:
    """An inline figure in a transformation format."""
    stated = f' format="{form}"' if form else ""
    about = 'name="us-gaap:InventoryNet" contextRef="I2020" unitRef="usd" scale="3" decimals="0"'
    return f"<ix:nonFraction {about}{stated}>{text}</ix:nonFraction>"


FORMATS = [
    ("ixt:num-dot-decimal", "1,234.5", 1_234_500), ("ixt:numdotdecimal", "1 234", 1_234_000),
    ("ixt:num-comma-decimal", "1.234,5", 1_234_500),
    ("ixt:fixed-zero", "—", 0), ("ixt:zerodash", "-", 0), ("", "1234", 1_234_000),
]  # fmt: skip


@pytest.mark.parametrize(("form", "text", "value"), FORMATS)
def test_formats_of_inline_figures(form: str, text: str, value: float, tmp_path: Path) -> None:
    facts = fm.load(written(tmp_path, "a.xhtml", samples.inline(inventory(form, text))))
    assert values(facts)["inventories", "2020-12-31"] == value


@pytest.mark.parametrize(
    ("form", "text"), [("ixt:num-word-en", "five"), ("ixt:num-dot-decimal", "1,2x"), ("", "1,234"), ("ixt:num-dot-decimal", "")]
)
def test_a_figure_in_another_format_is_refused_by_name(form: str, text: str, tmp_path: Path) -> None:
    with pytest.raises(fm.DataError, match="us-gaap:InventoryNet"):
        fm.load(written(tmp_path, "a.xhtml", samples.inline(inventory(form, text))))


@pytest.mark.parametrize(("scale", "value"), [(" 3", 1_234_000), ("+3", 1_234_000), ("003", 1_234_000), ("-2", 12.34)])
def test_a_scale_is_a_whole_number_however_written(scale: str, value: float, tmp_path: Path) -> None:
    body = inventory("", "1234").replace('scale="3"', f'scale="{scale}"')
    assert values(fm.load(written(tmp_path, "a.xhtml", samples.inline(body))))["inventories", "2020-12-31"] == value


@pytest.mark.parametrize("scale", ["3.0", "million", "300", "1_0"])
def test_a_scale_that_is_no_power_of_ten_is_a_fault(scale: str, tmp_path: Path) -> None:
    body = inventory("", "1234").replace('scale="3"', f'scale="{scale}"')
    with pytest.raises(fm.DataError, match=f"us-gaap:InventoryNet: found scale '{scale}'"):
        fm.load(written(tmp_path, "a.xhtml", samples.inline(body)))


@pytest.mark.parametrize("printed", ["1<!-- c -->234", "1<?p c?>234", "<!-- c -->1234"])
def test_comments_do_not_cut_a_figure(printed: str, tmp_path: Path) -> None:
    body = f'<us-gaap:InventoryNet contextRef="I2020" unitRef="usd">{printed}</us-gaap:InventoryNet>'
    assert values(fm.load(written(tmp_path, "a.xml", samples.instance(body))))["inventories", "2020-12-31"] == 1234


def test_an_entity_in_a_figure_is_a_fault(tmp_path: Path) -> None:
    body = '<us-gaap:InventoryNet contextRef="I2020" unitRef="usd">1&x;234</us-gaap:InventoryNet>'
    raw = samples.instance(body, '<!DOCTYPE xbrl SYSTEM "none.dtd">')
    with pytest.raises(fm.DataError, match=r"InventoryNet: found '1&x;234'"):
        fm.load(written(tmp_path, "a.xml", raw))


def test_a_document_type_after_a_long_comment_is_refused(tmp_path: Path) -> None:
    prolog = f"<!--{'x' * 70_000}-->" + '<!DOCTYPE xbrl [<!ENTITY x "9">]>'
    with pytest.raises(fm.DataError, match="no XML element in the first"):
        xbrl.read_instance(written(tmp_path, "a.xml", samples.instance("", prolog)))


def test_two_reports_in_one_archive_are_refused(tmp_path: Path) -> None:
    later = samples.inline().replace(b"2020-12-31", b"2019-12-31").replace(b"2020-01-01", b"2019-01-01")
    path = tmp_path / "two.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.htm", samples.inline())
        archive.writestr("b.htm", samples.inline())
    assert values(fm.load(path))["revenue", "2020-12-31"] == 3_446_000
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("c.htm", later)
    with pytest.raises(fm.DataError, match="two reports in one archive: load them apart"):
        fm.load(path)


def test_nil_figures_and_other_units_are_left_out(tmp_path: Path) -> None:
    body = '<us-gaap:InventoryNet xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" contextRef="I2020" unitRef="usd" xsi:nil="true"/>'
    body += '<unit id="each"><divide><unitNumerator><measure>iso4217:USD</measure></unitNumerator><unitDenominator>'
    body += "<measure>shares</measure></unitDenominator></divide></unit>"
    body += '<us-gaap:AssetsCurrent contextRef="I2020" unitRef="each">7</us-gaap:AssetsCurrent>'
    assert values(fm.load(written(tmp_path, "a.xml", samples.instance(body)))) == EXPECTED


def test_a_missing_context_is_a_fault(tmp_path: Path) -> None:
    body = '<us-gaap:InventoryNet contextRef="gone" unitRef="usd">7</us-gaap:InventoryNet>'
    with pytest.raises(fm.DataError, match=r"us-gaap:InventoryNet: found context 'gone'"):
        fm.load(written(tmp_path, "a.xml", samples.instance(body)))


def test_midnight_at_the_end_belongs_to_the_day_before(tmp_path: Path) -> None:
    raw = samples.instance().replace(b"<endDate>2020-12-31</endDate>", b"<endDate>2021-01-01T00:00:00</endDate>")
    assert values(fm.load(written(tmp_path, "a.xml", raw)))["revenue", "2020-12-31"] == 3_446_000


def tagged(value: float, decimals: int | None) -> Tagged:
    return Tagged("us-gaap", "Revenues", "", "2020-01-01", "2020-12-31", f"{value:.0f}", value, 1.0, "USD", decimals, "d", "", "", "", "")


def test_duplicates_are_compared_at_the_coarser_precision() -> None:
    fine, coarse, other = tagged(3_446_000, -3), tagged(3_000_000, -6), tagged(3_447_000, -3)
    assert merged([coarse, fine]) == [fine]
    assert merged([tagged(3_446_123, None), fine]) == [tagged(3_446_123, None)]
    assert merged([fine, other]) == [fine, other]
    assert merged([fine, tagged(4_000_000, -6)]) == [fine, tagged(4_000_000, -6)]


def test_duplicates_that_disagree_are_both_kept_and_neither_named(tmp_path: Path) -> None:
    body = '<us-gaap:Revenues contextRef="D2020" unitRef="usd" decimals="-3">3500000</us-gaap:Revenues>'
    facts = fm.load(written(tmp_path, "a.xml", samples.instance(body)))
    assert ("revenue", "2020-12-31") not in values(facts)
    double = facts[(facts["label"] == "Revenues") & (facts["period_end"] == "2020-12-31")]
    assert sorted(double["value"]) == [3_446_000, 3_500_000]
    assert double["note"].str.contains("reported with different values: 3446000, 3500000").all()


def test_equity_with_and_without_minorities(tmp_path: Path) -> None:
    body = (
        '<us-gaap:StockholdersEquityIncludingPortionAttributableToNoncontrollingInterest contextRef="I2020" unitRef="usd">5100000</us-gaap:'
    )
    body += "StockholdersEquityIncludingPortionAttributableToNoncontrollingInterest>"
    found = values(fm.load(written(tmp_path, "a.xml", samples.instance(body))))
    assert found["total_equity", "2020-12-31"] == 5_100_000
    assert found["equity_attributable", "2020-12-31"] == 5_000_000
    assert found["total_equity", "2021-12-31"] == 5_400_000
    assert ("equity_attributable", "2021-12-31") not in found


def test_opening_and_closing_cash_stand_beside_the_flows(tmp_path: Path) -> None:
    cash = "CashCashEquivalentsRestrictedCashAndRestrictedCashEquivalents"
    body = "".join(
        f'<us-gaap:{cash} contextRef="I{year}" unitRef="usd">{value}</us-gaap:{cash}>' for year, value in (("2020", 70), ("2021", 90))
    )
    flow = "us-gaap:NetCashProvidedByUsedInOperatingActivities"
    body += f'<{flow} contextRef="D2021" unitRef="usd">20</{flow}>'
    facts = fm.load(written(tmp_path, "a.xml", samples.instance(body)))
    flows = facts[facts["statement"] == "cash_flow"].set_index("line_item")
    assert flows["value"].to_dict() == {"operating_cash_flow": 20, "cash_at_beginning": 70, "cash_at_end": 90}
    assert set(flows["period_start"]) == {"2021-01-01"}


# companyfacts


def test_companyfacts_keep_every_filing_with_its_day(tmp_path: Path) -> None:
    facts = fm.load(written(tmp_path, "facts.json", samples.companyfacts()))
    revenue = facts[(facts["line_item"] == "revenue") & (facts["period_end"] == "2020-12-31")]
    assert revenue[["document", "published_on", "value", "note"]].to_numpy().tolist() == [
        ["10-K 0001-21-1", "2021-03-01", 3_446_000.0, ""],
        ["10-K/A 0001-21-9", "2021-09-01", 3_456_000.0, "amended"],
    ]
    assert set(facts["firm"]) == {"sample-inc"}
    assert set(facts["read_from"]) == {"secondary"}
    assert not facts["date_estimated"].any()
    pd.testing.assert_frame_equal(facts, check_facts(facts))


@pytest.mark.parametrize(("old", "new", "found"), [
    (b'"start": "2020-01-01"', b'"start": "2021-01-02"', "a period from 2021-01-02 to 2020-12-31"),
    (b'"val": 3446000', b'"val": 1' + b"0" * 400, "value 1000"),
])  # fmt: skip
def test_companyfacts_with_a_backward_period_or_an_endless_value_are_refused(old: bytes, new: bytes, found: str, tmp_path: Path) -> None:
    with pytest.raises(fm.DataError, match=found):
        fm.load(written(tmp_path, "a.json", samples.companyfacts().replace(old, new)))


def test_what_goes_wrong_outside_an_archive_is_not_its_damage(tmp_path: Path) -> None:
    from finmodel.loaders.guard import opened_zip

    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "a")
    with pytest.raises(KeyError, match="mine"), opened_zip(path):
        raise KeyError("mine")


def test_companyfacts_as_of_a_day_give_the_version_of_that_day(tmp_path: Path) -> None:
    fm.write_facts(fm.load(written(tmp_path, "facts.json", samples.companyfacts())), tmp_path / "facts.csv")
    statements = fm.load_statements(tmp_path / "facts.csv", shipped=False)
    assert statements.as_of("2021-06-30").value("sample-inc", "revenue", "FY 2020") == 3_446_000
    assert statements.as_of("2021-12-31").value("sample-inc", "revenue", "FY 2020") == 3_456_000


def test_companyfacts_of_an_ifrs_filer(tmp_path: Path) -> None:
    entry = {"start": "2020-01-01", "end": "2020-12-31", "val": 5, "accn": "1", "form": "20-F", "filed": "2021-04-01"}
    data = {"facts": {"ifrs-full": {"Revenue": {"label": "Revenue", "units": {"CNY": [entry]}}}}}
    facts = fm.load(written(tmp_path, "a.json", json.dumps(data).encode()), firm="acme")
    assert facts[["firm", "line_item", "currency", "basis", "value"]].to_numpy().tolist() == [["acme", "revenue", "CNY", "IFRS", 5.0]]


@pytest.mark.parametrize("key", ["end", "val", "accn", "form", "filed"])
def test_an_entry_without_a_part_is_named(key: str, tmp_path: Path) -> None:
    data = json.loads(samples.companyfacts())
    del data["facts"]["us-gaap"]["Assets"]["units"]["USD"][1][key]
    with pytest.raises(fm.DataError, match=rf"us-gaap:Assets: found Object missing required field `{key}` - at `\$\[1\]`"):
        fm.load(written(tmp_path, "a.json", json.dumps(data).encode()))


# SEC data sets


def test_a_data_set_leaves_out_segments_subsidiaries_own_tags_and_shares(tmp_path: Path) -> None:
    facts = fm.load(samples.data_set(tmp_path / "2021q1.zip"))
    assert facts[
        ["firm", "line_item", "period_start", "period_end", "value", "document", "published_on", "audit", "note"]
    ].to_numpy().tolist() == [
        ["sample-inc", "revenue", "2020-01-01", "2020-12-31", 3_446_000.0, "10-K 1-21-1", "2021-03-01", "", ""],
        ["sample-inc", "total_assets", "", "2020-12-31", 9_000_000.0, "10-K 1-21-1", "2021-03-01", "", ""],
        ["sample-inc", "revenue", "2020-01-01", "2020-12-31", 3_456_000.0, "10-K/A 1-21-9", "2021-09-01", "", "amended"],
        ["other-corp", "revenue", "2021-01-01", "2021-03-31", 500.0, "10-Q 2-21-1", "2021-05-01", "unaudited", ""],
    ]
    pd.testing.assert_frame_equal(facts, check_facts(facts))


@pytest.mark.parametrize("firm", ["other-corp", "2"])
def test_one_firm_of_a_data_set(firm: str, tmp_path: Path) -> None:
    assert fm.load(samples.data_set(tmp_path / "a.zip"), firm)["document"].tolist() == ["10-Q 2-21-1"]
    with pytest.raises(fm.DataError, match="no filing of 'nobody'"):
        fm.load(tmp_path / "a.zip", "nobody")


def test_a_data_set_in_parquet_is_the_same(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    with zipfile.ZipFile(samples.data_set(tmp_path / "a.zip")) as archive:
        for name in ("num", "sub"):
            with archive.open(f"{name}.txt") as stream:
                table = pd.read_csv(stream, sep="\t", dtype={"adsh": str, "value": float, "segments": str, "coreg": str})
            table.to_parquet(tmp_path / f"a_{name}.parquet")
    whole = fm.load(tmp_path / "a.zip")
    for name in ("num", "sub"):
        facts = fm.load(tmp_path / f"a_{name}.parquet")
        kept = [column for column in whole.columns if column not in ("source", "printed")]
        pd.testing.assert_frame_equal(facts[kept], whole[kept])
    (tmp_path / "a_sub.parquet").unlink()
    with pytest.raises(fm.DataError, match=r"expected a_sub\.parquet beside it"):
        fm.load(tmp_path / "a_num.parquet")


def test_parquet_without_pyarrow_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a_num.parquet", "a_sub.parquet"):
        (tmp_path / name).write_bytes(b"PAR1")
    monkeypatch.setattr("finmodel.loaders.datasets.import_module", lambda name: (_ for _ in ()).throw(ImportError(name)))
    with pytest.raises(fm.DataError, match=r"finmodel\[parquet\]"):
        fm.load(tmp_path / "a_num.parquet")


def test_what_pandas_wrote_beside_a_parquet_table_is_not_read(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    with zipfile.ZipFile(samples.data_set(tmp_path / "a.zip")) as archive:
        for name in ("num", "sub"):
            with archive.open(f"{name}.txt") as stream:
                pd.read_csv(stream, sep="\t", dtype=str).to_parquet(tmp_path / f"a_{name}.parquet")
            table = parquet.read_table(tmp_path / f"a_{name}.parquet").replace_schema_metadata({b"pandas": b"{damaged"})
            parquet.write_table(table, tmp_path / f"a_{name}.parquet")
    assert len(fm.load(tmp_path / "a_num.parquet")) == 4


def test_a_damaged_parquet_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    for name in ("a_num.parquet", "a_sub.parquet"):
        (tmp_path / name).write_bytes(b"PAR1" + bytes(200))
    with pytest.raises(fm.DataError, match="damaged parquet"):
        fm.load(tmp_path / "a_num.parquet")


def test_a_file_that_does_not_say_when_it_was_published_is_dated_late(tmp_path: Path) -> None:
    facts = fm.load(written(tmp_path, "a.xml", samples.instance()))
    assert facts["date_estimated"].all()
    assert set(facts["published_on"]) == {"2022-03-31"}  # 90 days after the last day reported, as Form 10-K allows


# the concept map


def test_the_concept_map_names_line_items_of_the_chart() -> None:
    table, chart = read_table("concepts"), line_items()
    assert set(table["line_item"]) <= set(chart.index)
    assert (chart.loc[table["line_item"], "statement"].to_numpy() == table["statement"].to_numpy()).all()
    assert set(table["taxonomy"]) == set(concept_map()) == set(xbrl.concept_map())


def test_specific_kinds_are_asked_before_general_ones() -> None:
    order = list(loaders)
    assert order.index("inline_xbrl") < order.index("html") < order.index("text")
    assert order.index("page_lines") < order.index("companyfacts")
    assert order.index("csv") < order.index("html")


def test_a_file_is_known_by_its_content_and_not_by_its_name(tmp_path: Path) -> None:
    samples.data_set(tmp_path / "a.zip").rename(tmp_path / "a.csv")
    samples.workbook(tmp_path / "b.zip", {"BS": samples.WIDE})
    written(tmp_path, "c.pdf", samples.inline())
    written(tmp_path, "d.txt", samples.companyfacts())
    assert [len(fm.load(tmp_path / name)) for name in ("a.csv", "b.zip", "c.pdf", "d.txt")] == [4, 12, 13, 18]


# real files


@pytest.mark.shared
def test_snowflake(shared: Path) -> None:
    facts = fm.load(shared / "inputs" / "xbrl" / "Snowflake_snow_facts.json")
    fy2021 = facts[(facts["period_end"] == "2021-01-31") & (facts["months"] == 12) & (facts["document"] == "10-K 0001640147-21-000073")]
    found = fy2021.set_index("line_item")["value"]
    # 10-K for the fiscal year ended January 31, 2021: revenue 592,049, net loss 539,102, operating cash flow -45,417 (thousands)
    assert found[["revenue", "profit_for_period", "operating_cash_flow"]].tolist() == [592_049_000, -539_102_000, -45_417_000]
    checks = check_identities(facts)
    assert len(checks) > 200
    assert all(check["passed"] for check in checks)
    pd.testing.assert_frame_equal(facts, check_facts(facts))


@pytest.mark.shared
def test_netflix_instance(shared: Path) -> None:
    facts = fm.load(shared / "inputs" / "xbrl" / "Netflix_nflx-20091231.xml")
    found = values(facts)
    assert found["revenue", "2009-12-31"] == 1_670_269_000
    assert found["total_assets", "2009-12-31"] == 679_734_000
    assert set(facts["firm"]) == {"netflix-inc"}
    assert Counter(check["passed"] for check in check_identities(facts)) == {True: 14}


@pytest.mark.shared
def test_an_edinet_archive_is_read_as_one_report(shared: Path) -> None:
    facts = fm.load(shared / "inputs" / "xbrl" / "EDINET-sample_valid03.zip")
    found = facts.set_index(["line_item", "period_end"])
    assert found.loc[("revenue", "2026-03-31"), ["value", "printed", "currency", "basis"]].tolist() == [323_609e6, "323,609", "JPY", "IFRS"]
    assert set(facts["published_on"]) == {"2026-06-12"}
    assert not facts["date_estimated"].any()
    failed = [check["check"] for check in check_identities(facts) if not check["passed"]]
    assert set(failed) == {"profit before tax - income tax = profit for the period"}  # discontinued operations stand between


@pytest.mark.shared
def test_inline_reports(shared: Path) -> None:
    facts = fm.load(shared / "inputs" / "xbrl" / "Avikro-Industries-ZA_valid_-_1982-008520-07_-_2019.xhtml")
    assert values(facts)["total_assets", "2018-06-30"] == 2_450_238_000
    assert all(check["passed"] for check in check_identities(facts))
    with pytest.raises(fm.DataError, match="is it the report with the statements"):  # its statements are in an exhibit
        fm.load(shared / "inputs" / "xbrl" / "IBM_ibm-20241231.htm")


@pytest.mark.shared
def test_sec_data_sets(shared: Path) -> None:
    folder = shared / "inputs" / "xbrl" / "sec_fsds"
    packed, loose = fm.load(folder / "2010q2.zip"), fm.load(folder / "2010q2_num.parquet")
    columns = ["firm", "line_item", "period_start", "period_end", "value", "document", "published_on"]
    pd.testing.assert_frame_equal(
        packed[columns].sort_values(columns, ignore_index=True), loose[columns].sort_values(columns, ignore_index=True)
    )
    checks = pd.DataFrame(check_identities(packed))
    share = checks.groupby("check")["passed"].mean()
    assert share["liabilities + equity = total assets"] > 0.98
    pd.testing.assert_frame_equal(packed.iloc[:2000], check_facts(packed.iloc[:2000]))
