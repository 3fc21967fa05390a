"""Workbooks and CSV tables: long and wide, units, formulas without values, exports, and what a person gets wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
import samples

import finmodel as fm

LONG = 'label,value,period_end,period_start,currency\nRevenue,100,2020-12-31,2020-01-01,CNY\nTotal assets,"(5)",2020-12-31,,CNY\n'


def values(facts) -> dict[tuple[str, str], float]:  # type: ignore[no-untyped-def]
    return {(i, e): v for i, e, v in zip(facts["line_item"], facts["period_end"], facts["value"], strict=True)}


def test_wide_workbook_with_its_unit(tmp_path: Path) -> None:
    facts = fm.load(samples.workbook(tmp_path / "w.xlsx", {"BS": samples.WIDE}), firm="acme")
    assert values(facts)["total_assets", "2021-12-31"] == 5_000_000
    assert values(facts)["total_assets", "2020-12-31"] == 4_500_000
    assert set(facts["firm"]) == {"acme"}
    assert set(facts["read_from"]) <= {"secondary", "vendor"}  # a spreadsheet is somebody's copy, not the document


def test_a_formula_without_its_value_is_refused_with_the_cell(tmp_path: Path) -> None:
    path = samples.workbook(tmp_path / "w.xlsx", {"BS": samples.WIDE}, {"B3": '<c r="B3"><f>SUM(B1:B2)</f></c>'})
    with pytest.raises(fm.DataError, match="BS!B3"):
        fm.load(path)


def test_long_csv_and_signs(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text(LONG)
    facts = fm.load(path, firm="acme")
    assert values(facts) == {("revenue", "2020-12-31"): 100, ("total_assets", "2020-12-31"): -5}
    assert dict(zip(facts["line_item"], facts["months"], strict=True)) == {"revenue": 12, "total_assets": 0}


def test_a_list_of_concepts_loses_no_row_and_keeps_its_firms(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text(
        "firm,concept,value,start_date,end_date,unit\n"
        "acme,Revenues,100,2020-01-01,2020-12-31,USD\n"
        "acme,GrossProfit,40,2020-01-01,2020-12-31,USD\n"
        "acme,CustomWidgets,7,,2020-12-31,USD\n"
        "other,GrossProfit,9,2020-01-01,2020-12-31,USD\n"
    )
    facts = fm.load(path)
    found = {(f, label): (item, value) for f, label, item, value in facts[["firm", "label", "line_item", "value"]].to_numpy().tolist()}
    assert found == {
        ("acme", "Revenues"): ("revenue", 100),
        ("acme", "GrossProfit"): ("gross_profit", 40),
        ("acme", "CustomWidgets"): ("", 7),
        ("other", "GrossProfit"): ("gross_profit", 9),
    }
    assert fm.load(path, firm="other")["value"].tolist() == [9]


def test_words_that_are_also_concepts_claim_no_taxonomy(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text(LONG)
    assert set(fm.load(path, firm="acme")["basis"]) == {""}


@pytest.mark.parametrize("cell", ["53,2", "1 ,", "12x", "n.m."])
def test_a_number_that_is_none_is_never_guessed(tmp_path: Path, cell: str) -> None:
    path = tmp_path / "long.csv"
    path.write_text(LONG.replace("100", f'"{cell}"'))
    with pytest.raises(fm.DataError, match="row 2"):
        fm.load(path)


def test_a_facts_table_comes_through_as_it_is(tmp_path: Path, statements: fm.Statements) -> None:
    held = statements.facts.head(20)
    fm.write_facts(held, tmp_path / "facts.csv")
    assert fm.load(tmp_path / "facts.csv")["fact_id"].tolist() == held["fact_id"].tolist()


@pytest.mark.shared
def test_real_exports(shared: Path) -> None:
    folder = shared / "inputs" / "tables"
    sheet = fm.load(folder / "hk_export" / "2015.HK-balance-sheet.xlsx")
    assert len(sheet) > 20
    assert sheet["period_end"].str.fullmatch(r"\d{4}-\d\d-\d\d").all()
    nike = fm.load(folder / "sec_facts" / "nike_10Q_facts.csv")
    assert "revenue" in set(nike["line_item"])


@pytest.mark.shared
@pytest.mark.slow
def test_the_a_share_panel_whole(shared: Path) -> None:
    from finmodel.loaders.a_share import read_a_share_panel

    panel = read_a_share_panel(shared / "inputs" / "tables" / "finglm_a_share")
    assert len(panel) == 11_587
    assert not (panel.select_dtypes("number") == -1).any(axis=None)
