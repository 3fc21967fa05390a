"""The command line as a person uses it: right and wrong inputs, three formats, exit codes, nothing half-written."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path

import pytest
from making import cash, facts, flow

import finmodel as fm
from finmodel.cli import main
from finmodel.results import RECORD_COLUMNS


class Run:
    """One run of the command: its exit code and what it printed."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def records(self) -> list[dict[str, object]]:
        return json.loads(self.out)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    def call(*words: str) -> Run:
        monkeypatch.setattr(sys, "argv", ["finmodel", *words])
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return Run(code, out, err)

    return call


def test_ratios_as_json_are_records(run) -> None:  # type: ignore[no-untyped-def]
    done = run("ratios", "--firm", "sensetime", "--quantity", "cost_to_revenue", "--format", "json")
    assert done.code == 0
    assert all(list(r) == list(RECORD_COLUMNS) for r in done.records)
    values = {r["period"]: r["value"] for r in done.records}
    assert [round(values[f"FY {y}"], 2) for y in (2018, 2019, 2020)] == [1.25, 1.47, 1.62]
    keys = [(r["firm"], r["period"], r["quantity"]) for r in done.records]
    assert len(keys) == len(set(keys))
    every = run("ratios", "--firm", "sensetime", "--quantity", "cost_to_revenue", "--format", "json", "--all")
    assert len(every.records) > len(done.records)


def test_the_three_formats_say_the_same(run) -> None:  # type: ignore[no-untyped-def]
    words = ("runway", "--firm", "sensetime", "--as-of", "2023-04-30")
    records = run(*words, "--format", "json").records
    rows = list(csv.DictReader(io.StringIO(run(*words, "--format", "csv").out)))
    assert [r["quantity"] for r in rows] == [r["quantity"] for r in records]
    assert [float(r["value"]) if r["value"] else None for r in rows] == [r["value"] for r in records]
    table = run(*words).out
    assert "24" in table
    assert "Reported after the day" in table


@pytest.mark.parametrize("name", ["sensetime", "SenseTime", "商汤科技"])
def test_firms_by_any_name(run, name: str) -> None:  # type: ignore[no-untyped-def]
    done = run("brief", name, "--as-of", "2021-11-30")
    assert done.code == 0
    assert "SenseTime spent 1.62 yuan to bring in 1 yuan of revenue in FY 2020." in done.out
    assert "published 27 Aug 2021" in done.out
    assert "How sure" in done.out


def test_a_brief_holds_nothing_published_later(run) -> None:  # type: ignore[no-untyped-def]
    out = run("brief", "megvii", "--as-of", "2021-12-31").out
    assert not any(year in out.split("Source:")[0] for year in ("2022", "2023", "2024"))
    assert "resumed" not in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["ratios", "--firm", "sensetme"], "unknown firm 'sensetme': did you mean 'sensetime'"),
        (["ratios", "--quantity", "cost_to_revenu"], "did you mean 'cost_to_revenue'"),
        (["brief", "nobody"], "unknown firm 'nobody'"),
        (["runway", "--as-of", "yesterday"], "not a day written YYYY-MM-DD"),
        (["sources", "cost_to_revenue", "--period", "2020"], "write FY 2020, H1 2021"),
        (["figure", "cost", "-o", "x.png"], "unknown figure 'cost': did you mean"),
        (["figure", "cost_to_revenue", "-o", "x.jpg"], "ends in none of"),
        (["pack", "-o", "nowhere/pack.pdf"], "no folder"),
        (["ratios", "--no-shipped"], "nothing to load"),
        (["ratios", "--facts", "missing.csv"], "missing.csv"),
        (["pack", "--language", "fr"], "unknown language 'fr'"),
    ],
)
def test_wrong_calls_end_with_one_message_and_write_nothing(run, words: list[str], message: str, tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    done = run(*words)
    assert done.code == 2
    assert message in done.err
    assert done.out == ""
    assert list(tmp_path.iterdir()) == []


def test_own_facts_to_a_brief_and_a_figure(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    table = facts(
        flow("revenue", 100), flow("cost_of_sales", 60), flow("selling", 20), flow("administrative", 30),
        flow("research_and_development", 40), flow("operating_cash_flow", -24), flow("capital_expenditure", 0), cash(48),
    )  # fmt: skip
    fm.write_facts(table, tmp_path / "acme.csv")
    given = ("--facts", str(tmp_path / "acme.csv"))
    check = run("facts", "check", str(tmp_path / "acme.csv"))
    assert "8 facts of acme; no fault" in check.out
    out = run("brief", "acme", *given, "--as-of", "2021-06-30").out
    assert "acme spent 1.50 yuan to bring in 1 yuan of revenue in FY 2020." in out
    assert "last 24 months" in out
    assert run("figure", "cost_to_revenue", *given, "--firm", "acme", "-o", str(tmp_path / "c.svg")).code == 0
    assert (tmp_path / "c.svg").stat().st_size > 1000
    assert (tmp_path / "c.csv").read_text(encoding="utf-8-sig").count("acme") >= 1


def test_a_bad_facts_file_lists_every_fault(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "bad.csv").write_text(
        "firm,line_item,period_start,period_end,value,published_on\n"
        "acme,revenu,2020-01-01,2020-12-31,12x,2021-03-31\n"
        "acme,revenue,2020-12-31,2020-01-01,5,2021-03-31\n"
    )
    done = run("facts", "check", str(tmp_path / "bad.csv"))
    assert done.code == 2
    assert "3 faults" in done.err
    assert "row 2" in done.err
    assert "row 3" in done.err


def test_coverage_gives_a_value_or_a_reason(run) -> None:  # type: ignore[no-untyped-def]
    records = run("facts", "coverage", "--as-of", "2021-12-31", "--firm", "megvii", "--format", "json").records
    assert all((r["value"] is None) == bool(r["reason"]) for r in records)


def test_multiverse_and_restatements_and_list(run) -> None:  # type: ignore[no-untyped-def]
    assert "not identified" in run("multiverse", "--as-of", "2021-11-30").out
    assert len(run("multiverse", "--as-of", "2021-11-30", "--format", "json").records) >= 70
    changed = run("facts", "restatements", "--as-of", "2022-12-31", "--format", "json").records
    row = next(r for r in changed if (r["firm"], r["line_item"], r["period"]) == ("cloudwalk", "profit_attributable", "FY 2019"))
    assert (row["first"], row["latest"]) == (-1708e6, -640e6)
    listed = run("facts", "list", "--firm", "yitu", "--line-item", "revenue", "--format", "json").records
    assert {r["period"] for r in listed} >= {"FY 2017", "FY 2018", "FY 2019", "H1 2020"}


def test_sources_of_a_number(run) -> None:  # type: ignore[no-untyped-def]
    rows = run("sources", "cost_to_revenue", "--firm", "sensetime", "--period", "FY 2020", "--format", "json").records
    assert {r["line_item"] for r in rows} == {"revenue", "cost_of_sales", "selling", "administrative", "research_and_development"}
    assert all(r["document"] and r["published_on"] and r["source"] for r in rows)


def test_help_names_every_command(run) -> None:  # type: ignore[no-untyped-def]
    out = run("--help").out
    for name in ("brief", "facts", "figure", "multiverse", "pack", "ratios", "runway", "scenarios", "sources"):
        assert name in out


def test_csv_cannot_become_a_formula() -> None:
    from finmodel.data import safe_cell

    assert safe_cell("=1+1") == "'=1+1"
    assert safe_cell("") == ""
    assert safe_cell(-1.5) == -1.5


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("brief", "sensetime", "--facts", "no.csv"), "no file no.csv: check the name and the folder"),
        (("brief", "sensetime", "--facts", "folder"), "folder is a folder: name a CSV file in it"),
        (("facts", "check", "empty.csv"), "empty.csv: found an empty file"),
        (
            ("facts", "check", "document.pdf"),
            "found a PDF document, expected a CSV table in UTF-8; take the figures out first: finmodel",
        ),
        (("facts", "check", "renamed.csv"), "found a PDF document"),
        (("facts", "check", "utf16.csv"), "save it as CSV UTF-8"),
        (("facts", "check", "ragged.csv"), "ragged.csv, row 2: found 4 cells, expected 2, as in the heading"),
        (("extract", "no.pdf", "-o", "out.csv"), "no file no.pdf"),
        (("extract", "folder", "-o", "out.csv"), "folder is a folder"),
        (("verify", "no.pdf"), "no file no.pdf"),
        (("brief", "sensetime", "-o", "folder"), "folder is a folder: name the file to write in it"),
        (("restrictions", "decide", "--cases", "no.csv"), "no file no.csv"),
        (("restrictions", "decide", "--cases", "document.pdf"), "found a PDF document"),
        (("restrictions", "decide", "--issuer", "cloudwalk"), "investor: blank, expected one of"),
        (("sources", "cost_to_revenue", "--firm", "sensetime", "--period", "FY 1990"), "periods that have some: FY 2018"),
        (("ratios", "--as-of", "1990-01-01"), "no figure had been published by 1990-01-01; the first was on"),
    ],
)
def test_a_wrong_input_gets_a_message_that_says_what_to_do(run, tmp_path, monkeypatch, words, said) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty.csv").touch()
    (tmp_path / "utf16.csv").write_text("firm,value", encoding="utf-16")
    (tmp_path / "ragged.csv").write_text("a,b\n1,2,3,4\n1,2\n1,2,3,4,5\n")
    for name in ("document.pdf", "renamed.csv"):
        (tmp_path / name).write_bytes(b"%PDF-1.7\n\xe2\xe3\xcf\xd3")
    done = run(*words)
    assert done.code == 2
    assert said in done.err
    assert "Errno" not in done.err
    assert "codec" not in done.err


def test_decide_says_which_purpose_it_assumed(run) -> None:  # type: ignore[no-untyped-def]
    asked = ("restrictions", "decide", "--investor", "us_person", "--issuer", "cloudwalk", "--instrument", "listed_share")
    asked += ("--action", "sell", "--on", "2022-07-01")
    assert "assumed, as it was not given: acting for self, purpose invest, rights standard" in run(*asked).out
    given = run(*asked, "--purpose", "divest").out
    assert "purpose invest" not in given
    assert given.splitlines()[0] != run(*asked).out.splitlines()[0]


def test_a_figure_does_not_take_the_place_of_the_facts(run, tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    costs = ("cost_of_sales", "selling", "administrative", "research_and_development")
    facts(flow("revenue", 100.0), *(flow(item, 30.0) for item in costs)).to_csv("acme.csv", index=False)
    before = Path("acme.csv").read_bytes()
    done = run("figure", "cost_to_revenue", "--facts", "acme.csv", "--no-shipped", "-o", "acme.svg")
    assert done.code == 2
    assert "acme.csv holds facts" in done.err
    assert Path("acme.csv").read_bytes() == before
    assert not Path("acme.svg").exists()
