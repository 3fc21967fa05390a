"""XBRL in its five shapes: concepts named, instants and durations right, dimensions left out, restatements kept by filing date."""

from __future__ import annotations

from pathlib import Path

import pytest
import samples

import finmodel as fm
from finmodel.loaders.identities import check_identities


def read(tmp_path: Path, name: str, raw: bytes, **options: str):  # type: ignore[no-untyped-def]
    path = tmp_path / name
    path.write_bytes(raw)
    return fm.load(path, **options)


def revenue(facts):  # type: ignore[no-untyped-def]
    return facts[facts["line_item"] == "revenue"].set_index("period_end")


def test_companyfacts_keep_restatements_by_filing_date(tmp_path: Path) -> None:
    facts = read(tmp_path, "facts.json", samples.companyfacts())
    years = facts[(facts["line_item"] == "revenue") & (facts["period_end"] == "2020-12-31")]
    assert dict(zip(years["published_on"], years["value"], strict=True)) == {"2021-03-01": 3446000, "2021-09-01": 3456000}
    assert years["document"].str.contains("10-K/A").sum() == 1
    assert (facts["currency"] == "USD").all()
    assert set(facts.loc[facts["line_item"] == "total_assets", "months"]) == {0}
    assert set(facts.loc[facts["line_item"] == "revenue", "months"]) == {12}


def test_the_choice_is_by_content_not_by_suffix(tmp_path: Path) -> None:
    assert len(read(tmp_path, "facts.pdf", samples.companyfacts())) == 18


def test_instance_and_inline_give_the_same_figures(tmp_path: Path) -> None:
    plain = read(tmp_path, "a.xml", samples.instance())
    inline = read(tmp_path, "a.xhtml", samples.inline())
    assert revenue(plain)["value"].to_dict() == revenue(inline)["value"].to_dict() == {"2020-12-31": 3446000, "2021-12-31": 4700000}
    assert (inline["scale"] == 1000).all()
    assert inline.loc[inline["line_item"] == "profit_for_period", "value"].item() == -1234000


def test_a_segments_figure_is_not_the_firms(tmp_path: Path) -> None:
    segment = '<us-gaap:Revenues contextRef="S2020" unitRef="usd" decimals="0">888000</us-gaap:Revenues>'
    facts = read(tmp_path, "a.xml", samples.instance(segment))
    assert not {888000, 999000} & set(facts["value"])
    assert revenue(facts)["value"].to_dict() == {"2020-12-31": 3446000, "2021-12-31": 4700000}


def test_data_set_of_several_firms(tmp_path: Path) -> None:
    path = samples.data_set(tmp_path / "2021q1.zip")
    facts = fm.load(path)
    assert set(facts["firm"]) == {"sample-inc", "other-corp"}
    assert 999000 not in set(facts["value"])
    assert 10 not in set(facts["value"])
    assert facts.loc[facts["firm"] == "other-corp", "months"].tolist() == [3]
    assert set(fm.load(path, firm="other-corp")["firm"]) == {"other-corp"}


def test_identities_are_reported(tmp_path: Path) -> None:
    checks = check_identities(read(tmp_path, "facts.json", samples.companyfacts()))
    failed = [check for check in checks if not check["passed"]]
    assert len(checks) == 6  # gross profit and balance sheet in each of three filings
    # the revenue restated in the 10-K/A, 3,456, does not fit the gross profit 2,433 and cost of sales 1,013 that it repeats
    assert [(c["document"], c["left"], c["right"], c["difference"]) for c in failed] == [("10-K/A 0001-21-9", 2433000, 2443000, -10000)]


def test_no_identity_can_be_checked_without_its_total(tmp_path: Path) -> None:
    facts = read(tmp_path, "facts.json", samples.companyfacts())
    assert check_identities(facts[facts["line_item"] == "revenue"]) == []
    assert check_identities(facts[facts["line_item"] == ""]) == []


@pytest.mark.shared
def test_real_files(shared: Path) -> None:
    folder = shared / "inputs" / "xbrl"
    netflix = fm.load(folder / "Netflix_nflx-20091231.xml")
    assert netflix.loc[(netflix["line_item"] == "revenue") & (netflix["period_end"] == "2009-12-31"), "value"].max() == 1670269000
    with pytest.raises(fm.DataError, match="none of the whole firm"):  # cover and schedules only
        fm.load(folder / "IBM_ibm-20241231.htm")
    snowflake = fm.load(folder / "Snowflake_snow_facts.json")
    years = snowflake[(snowflake["line_item"] == "revenue") & (snowflake["months"] == 12)]
    assert years.loc[years["period_end"] == "2021-01-31", "value"].iloc[0] == 592049000
