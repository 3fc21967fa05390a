"""The facts table: what is refused, with which words, and what comes back."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from making import facts, flow

import finmodel as fm
from finmodel.data import csv_text, plain_cell, read_given, safe_cell, write_csv
from finmodel.facts import CASH, EXPECTATIONS, FACT_COLUMNS, check_facts, line_items


def one(**changes: str) -> pd.DataFrame:
    row = {
        "firm": "acme", "line_item": "revenue", "period_start": "2020-01-01", "period_end": "2020-12-31", "value": "1,000",
        "currency": "CNY", "published_on": "2021-03-31", "basis": "IFRS", "document": "acme-2020",
    }  # fmt: skip
    return pd.DataFrame([{**row, **changes}])


def test_a_minimal_fact_is_completed() -> None:
    facts = check_facts(one())
    assert list(facts.columns) == list(FACT_COLUMNS)
    row = facts.iloc[0]
    assert (row["value"], row["scale"], row["months"], row["status"], row["read_from"]) == (1000.0, 1.0, 12, "single", "secondary")
    assert row["fact_id"] and pd.isna(row["page"])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"value": "1,2x"}, "value: found '1,2x', expected a number"),
        ({"value": ""}, "value: found '', expected a number"),
        ({"period_end": "2019-12-31"}, "expected a day not before the period's start 2020-01-01"),
        ({"period_end": "31/12/2020"}, "expected a day written YYYY-MM-DD"),
        ({"line_item": "revenu"}, "did you mean 'revenue'"),
        ({"months": "6"}, "months: found '6', expected 12"),
        ({"currency": "RMB"}, "currency: found 'RMB', expected one of CNY"),
        ({"status": "sure"}, "status: found 'sure', expected one of confirmed, single, derived"),
        ({"firm": ""}, "firm: found a blank, expected a firm"),
        ({"page": "iv"}, "page: found 'iv', expected a page number"),
        *[({"page": page}, f"page: found '{page}', expected a page number") for page in ("inf", "1e300", "-3", "2.7", "0", "nan")],
        ({"page": "1" + "0" * 400}, "... (401 characters), expected a page number"),
        ({"value": "1" + "0" * 400}, "... (401 characters), expected a number"),
        ({"value": "inf"}, "value: found 'inf', expected a number"),
        ({"scale": "1" + "0" * 400}, "scale: found '1000"),
        ({"published_on": "2020-12-30"}, "published_on: found '2020-12-30', expected a day not before the period's end 2020-12-31"),
        ({"printed": "2,000"}, "value: found '1,000', expected 2000, as printed '2,000' times scale 1"),
        ({"printed": "(1,000)"}, "expected -1000, as printed"),
        ({"printed": "1.5", "scale": "1000"}, "expected 1500, as printed '1.5' times scale 1000"),
        ({"printed": "1e308", "scale": "1e308"}, "expected inf, as printed"),
        ({"line_item": "cash_and_cash_equivalents", "period_start": "", "value": "-1"}, "value: found '-1', expected an amount of cash"),
    ],
)
def test_each_fault_names_row_column_and_what_would_do(changes: dict[str, str], words: str) -> None:
    with pytest.raises(fm.DataError) as error:
        check_facts(one(**changes), where="mine.csv")
    assert "mine.csv, row 2, " in str(error.value)
    assert words in str(error.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"page": "7.0"},
        {"published_on": "2020-12-31"},
        {"published_on": "2020-06-30", "line_item": "revenue_forecast"},
        {"value": "1,049,999", "printed": "1.0", "scale": "1e6"},
        {"value": "120,000", "printed": "1.2e5"},
        {"value": "1,000", "printed": "2,000", "status": "derived"},
        {"value": "1,000", "printed": "about a thousand"},
        {"value": "-1,000", "line_item": "net_cash", "period_start": ""},
        {"value": "-1,000", "line_item": "cash_at_end"},
    ],
)
def test_what_is_no_fault(changes: dict[str, str]) -> None:
    assert len(check_facts(one(**changes))) == 1


def test_cash_is_in_the_chart() -> None:
    chart = line_items()
    assert set(chart.loc[list(CASH), "statement"]) == {"financial_position"}
    assert set(EXPECTATIONS) <= set(chart.index)


def test_faults_of_one_row_come_together() -> None:
    with pytest.raises(fm.DataError) as error:
        check_facts(one(page="-3", published_on="2019-01-01", printed="5", line_item="restricted_cash", period_start="", value="-1"))
    assert [line.split(": ")[0].split(", ")[2] for line in error.value.faults] == ["published_on", "page", "value", "value"]


def test_all_faults_come_at_once() -> None:
    table = pd.concat([one(value="x"), one(line_item="foo"), one(currency="??")], ignore_index=True)
    with pytest.raises(fm.DataError) as error:
        check_facts(table, where="mine.csv")
    assert len(error.value.faults) == 3
    assert [f"row {n}" in f for n, f in zip((2, 3, 4), error.value.faults, strict=True)] == [True] * 3


def test_wrong_columns() -> None:
    with pytest.raises(fm.DataError) as error:
        check_facts(one().rename(columns={"value": "valeu"}), where="mine.csv")
    assert "no column 'value'" in str(error.value)
    assert "did you mean 'value'" in str(error.value)


def test_two_values_for_one_slot_are_refused_and_one_value_twice_is_not() -> None:
    with pytest.raises(fm.DataError, match=r"rows 2, 3: found 2 values"):
        check_facts(pd.concat([one(), one(value="2,000")], ignore_index=True))
    check_facts(pd.concat([one(), one()], ignore_index=True))


def test_an_address_in_read_from_means_secondary() -> None:
    row = check_facts(one(read_from="https://example.org/page")).iloc[0]
    assert (row["read_from"], row["source"]) == ("secondary", "https://example.org/page")


def test_round_trip(tmp_path: Path) -> None:
    facts = check_facts(one(note="a, b", label="收入"))
    fm.write_facts(facts, tmp_path / "facts.csv")
    pd.testing.assert_frame_equal(fm.read_facts(tmp_path / "facts.csv"), facts)


TEXTS = ['=HYPERLINK("http://x","ok")', "'=1+1", "''@x", "-100", "'-100", "-", "－基本", "+1e5", "-a", "'", "O'Neil", "'quoted'"]


def test_text_that_looks_like_a_formula_is_written_as_text_and_read_back_as_it_was(tmp_path: Path) -> None:
    facts = check_facts(pd.concat([one(label=text, note=text, source=text) for text in TEXTS], ignore_index=True))
    fm.write_facts(facts, tmp_path / "facts.csv")
    pd.testing.assert_frame_equal(fm.read_facts(tmp_path / "facts.csv"), facts)
    written = pd.read_csv(tmp_path / "facts.csv", dtype=str, keep_default_na=False)
    live = [cell for cell in written["label"] if cell[0] in "=+-@"]
    assert live == ["-100", "-", "+1e5"], "amounts only"


@given(st.text(st.sampled_from("'=+-@＝\t\r\n1,.a()")))
def test_the_guard_comes_off_as_it_went_on(text: str) -> None:
    assert plain_cell(safe_cell(text)) == text


def test_headings_are_guarded_and_numbers_keep_their_digits(tmp_path: Path) -> None:
    table = pd.DataFrame({"=1+1": [12345678901.23, 437891234567.0], "note": ["-100", "@x"]})
    write_csv(table, tmp_path / "table.csv")
    text = "'=1+1,note\n12345678901.23,-100\n437891234567,'@x\n"
    assert (tmp_path / "table.csv").read_text(encoding="utf-8") == text
    assert csv_text([{"=1+1": 12345678901.23, "note": "-100"}, {"note": "@x"}]) == "'=1+1,note\n12345678901.23,-100\n,'@x\n"
    assert list(read_given(tmp_path / "table.csv").columns) == ["=1+1", "note"]


def test_a_file_that_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(fm.DataError, match=r"empty\.csv"):
        fm.read_facts(tmp_path / "empty.csv")
    (tmp_path / "latin.csv").write_bytes(b"firm,line_item\n\xff\xfe\x00")
    with pytest.raises(fm.DataError, match="UTF-8"):
        fm.read_facts(tmp_path / "latin.csv")


def test_a_message_of_many_faults_is_cut(tmp_path: Path) -> None:
    (tmp_path / "ragged.csv").write_text("a,b\n" + "1\n" * 100_000)
    with pytest.raises(fm.DataError) as error:
        read_given(tmp_path / "ragged.csv")
    lines = str(error.value).splitlines()
    assert (lines[0], lines[1], lines[-1]) == (
        "1001 faults:", "ragged.csv, row 2: found 1 cells, expected 2, as in the heading", "and 951 more",
    )  # fmt: skip
    assert len(lines) == 52
    assert error.value.faults[-1] == "ragged.csv: found 99000 more rows of another length, expected 2, as in the heading"


def test_looking_for_faults_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("finmodel.facts.MOST_FAULTS", 2)
    with pytest.raises(fm.DataError) as error:
        check_facts(pd.concat([one(value="x")] * 4, ignore_index=True))
    assert [line.split(":")[0] for line in error.value.faults] == ["facts, row 2, value", "facts, row 3, value", "facts, below row 3"]


@pytest.mark.parametrize(
    ("limit", "most", "words"),
    [("MOST_BYTES", 7, "more than 0 MB"), ("MOST_CELLS", 3, "more than 3 cells"), ("MOST_COLUMNS", 1, "2 columns, expected at most 1")],
)
def test_a_table_has_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, most: int, words: str) -> None:
    (tmp_path / "big.csv").write_bytes(b"a,b\n1,2\n")
    assert len(read_given(tmp_path / "big.csv")) == 1
    monkeypatch.setattr(f"finmodel.data.{limit}", most)
    with pytest.raises(fm.DataError, match=words):
        read_given(tmp_path / "big.csv")


def test_nothing_is_half_written(tmp_path: Path) -> None:
    target = tmp_path / "facts.csv"
    target.write_text("before")
    with pytest.raises(AttributeError):
        fm.write_facts(None, target)  # type: ignore[arg-type]
    assert target.read_text() == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["facts.csv"]
    with pytest.raises(FileNotFoundError, match="no folder"):
        fm.write_facts(check_facts(one()), tmp_path / "nowhere" / "facts.csv")


def test_a_wrong_row_does_not_hide_two_values_of_another_fact():
    rows = [flow("revnue", 1.0), flow("revenue", 2.0), flow("revenue", 3.0)]
    with pytest.raises(fm.DataError) as caught:
        facts(*rows)
    assert len(caught.value.faults) == 2
    assert "row 2, line_item" in caught.value.faults[0] and "rows 3, 4" in caught.value.faults[1]
