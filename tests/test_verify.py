"""Held facts against the document: confirmed, contradicted, not found; at the printed precision and without guessing."""

from __future__ import annotations

import csv as csv_module
import hashlib
import io
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import finmodel as fm
from finmodel.cli import application
from finmodel.facts import check_facts
from finmodel.verify import CONFIRMED, CONTRADICTED, NOT_FOUND, printed_unit
from tests import samples

APP = application()


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "report.xhtml"
    path.write_bytes(samples.inline())
    return path


def held(report: Path) -> pd.DataFrame:
    """The facts of the report as someone else reported them."""
    facts = fm.load(report, "acme").assign(read_from="secondary", locator="", source="newspaper", document="acme-2021", note="")
    return facts[facts["line_item"] != ""].reset_index(drop=True)


def outcome(table: pd.DataFrame, item: str, period: str) -> pd.Series:
    row = table[(table["line_item"] == item) & (table["period"] == period)]
    assert len(row) == 1
    return row.iloc[0]


def test_exactly_the_altered_figure_is_contradicted(report: Path) -> None:
    facts = held(report)
    place = facts.index[facts["line_item"] == "cost_of_sales"][0]
    facts.loc[place, "value"] += 1000
    result = fm.verify_facts(report, facts=facts)
    wrong = result.table[result.table["outcome"] != CONFIRMED]
    assert wrong[["outcome", "line_item", "period", "held", "printed"]].to_numpy().tolist() == [
        [CONTRADICTED, "cost_of_sales", "FY 2020", 1_014_000.0, 1_013_000.0]
    ]
    assert result.summary() == "acme-2021: 12 confirmed, 1 contradicted, 0 not found"


def test_confirmed_facts_become_primary_and_say_where(report: Path) -> None:
    facts = held(report)
    facts.loc[0, "value"] += 1000
    facts.loc[0, "printed"] = ""
    result = fm.verify_facts(report, facts=facts)
    digest = hashlib.sha256(report.read_bytes()).hexdigest()
    assert result.sha256 == digest
    pd.testing.assert_frame_equal(result.facts, check_facts(result.facts))
    first, second = result.facts.iloc[0], result.facts.iloc[1]
    assert (first["read_from"], first["value"], first["source"]) == ("secondary", facts.loc[0, "value"], "newspaper")
    assert first["note"] == f"the document prints 3446000 in report.xhtml (sha256 {digest})"
    assert (second["read_from"], second["locator"], second["source"]) == ("primary", "D2020", "report.xhtml | newspaper")
    assert second["note"] == f"read in report.xhtml (sha256 {digest})"
    assert facts.loc[1, "read_from"] == "secondary", "the facts given are not changed"


@pytest.mark.parametrize(
    ("printed", "scale", "value", "expected"),
    [
        ("3.4", 1e6, 3.4e6, CONFIRMED),
        ("3.45", 1e6, 3.45e6, CONFIRMED),
        ("3.5", 1e6, 3.5e6, CONTRADICTED),
        ("3.44", 1e6, 3.44e6, CONTRADICTED),
        ("3", 1e6, 3e6, CONFIRMED),
        ("3,446", 1e3, 3.446e6, CONFIRMED),
        ("3,447", 1e3, 3.447e6, CONTRADICTED),
        ("(3,446)", 1e3, -3.446e6, CONTRADICTED),
    ],
)
def test_values_are_compared_at_the_coarser_precision(printed: str, scale: float, value: float, expected: str, report: Path) -> None:
    facts = held(report).iloc[[0]].assign(printed=printed, scale=scale, value=value)
    assert fm.verify_facts(report, facts=facts).table["outcome"].tolist() == [expected]


def test_costs_are_compared_without_their_sign(report: Path) -> None:
    facts = held(report)
    facts = facts[facts["line_item"] == "cost_of_sales"].assign(value=lambda table: -table["value"])
    assert set(fm.verify_facts(report, facts=facts).table["outcome"]) == {CONFIRMED}


def test_what_the_document_does_not_have_is_not_found(report: Path) -> None:
    facts = held(report).iloc[[0, 0, 0, 0]].reset_index(drop=True)
    facts.loc[1, ["period_start", "period_end"]] = ["2019-01-01", "2019-12-31"]
    facts.loc[2, ["period_end", "months"]] = ["2020-06-30", 6]
    facts.loc[3, "currency"] = "CNY"
    assert fm.verify_facts(report, facts=facts).table["outcome"].tolist() == [CONFIRMED, NOT_FOUND, NOT_FOUND, NOT_FOUND]


def test_parts_of_a_line_confirm_their_sum(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["Balance sheet (RMB'000)"],
        ["", "2020-12-31"],
        ["Lease liabilities", 10],
        ["Lease liabilities", 25],
        ["Total assets", 90],
    ]
    path = samples.workbook(tmp_path / "a.xlsx", {"BS": rows})
    facts = fm.load(path, "acme").iloc[[0]].assign(line_item="lease_liabilities", value=35_000.0, printed="35")
    result = fm.verify_facts(path, facts=facts)
    assert result.table[["outcome", "note"]].to_numpy().tolist() == [[CONFIRMED, "sum of 2 lines"]]


def test_a_document_is_known_by_its_checksum(report: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = hashlib.sha256(report.read_bytes()).hexdigest()
    monkeypatch.setattr("finmodel.verify.read_table", lambda name: pd.DataFrame({"document": ["acme-2021"], "sha256": [digest]}))
    facts = pd.concat([held(report), held(report).assign(document="other")], ignore_index=True)
    result = fm.verify_facts(report, facts=facts)
    assert result.document == "acme-2021"
    assert set(result.table["document"]) == {"acme-2021"}
    assert result.facts["read_from"].value_counts().to_dict() == {"secondary": 13, "primary": 13}


def test_where_the_document_stays_open_nothing_is_changed(report: Path) -> None:
    facts = pd.concat([held(report), held(report).assign(document="other")], ignore_index=True)
    result = fm.verify_facts(report, "acme", facts)
    assert result.document == ""
    assert set(result.table["outcome"]) == {CONFIRMED}
    assert set(result.facts["read_from"]) == {"secondary"}
    assert "document not settled" in result.summary()


def test_unknown_names_get_the_nearest(report: Path) -> None:
    with pytest.raises(LookupError, match="did you mean 'acme-2021'"):
        fm.verify_facts(report, facts=held(report), document="acme-2012")
    with pytest.raises(LookupError, match="did you mean 'acme'"):
        fm.verify_facts(report, "acne", held(report))
    with pytest.raises(LookupError, match="name the firm"):
        fm.verify_facts(report)


def test_a_printed_unit() -> None:
    assert printed_unit({"printed": "—", "scale": 1000.0}) == 1000.0
    assert printed_unit({"printed": "1.250", "scale": 1e6}) == 1000.0


def test_the_command(report: Path, tmp_path: Path) -> None:
    fm.write_facts(held(report), tmp_path / "facts.csv")
    out = tmp_path / "updated.csv"
    done = CliRunner().invoke(
        application(), ["verify", str(report), "--facts", str(tmp_path / "facts.csv"), "-o", str(out), "--format", "csv"]
    )
    assert done.exit_code == 0, done.output
    assert {row["outcome"] for row in csv_module.DictReader(io.StringIO(done.stdout))} == {CONFIRMED}
    assert set(fm.read_facts(out)["read_from"]) == {"primary"}
    shown = CliRunner().invoke(APP, ["verify", str(report), "--facts", str(tmp_path / "facts.csv")])
    assert "13 confirmed, 0 contradicted, 0 not found" in shown.stdout
    as_json = CliRunner().invoke(APP, ["verify", str(report), "--facts", str(tmp_path / "facts.csv"), "--format", "json"])
    assert '"page": null' in as_json.stdout


@pytest.mark.shared
@pytest.mark.parametrize(
    "name",
    [
        "en_HK-Johnson-Holdings-1955-HK_hkex_prospectus_2019-09-IPO.pdf",
        "zh-Hant_Fortior-Technology-1304-HK_hkex_prospectus_2025-06-IPO.pdf",
    ],
)
def test_hand_verified_figures_of_a_prospectus(name: str, shared: Path) -> None:
    gold = pd.read_csv(shared / "inputs" / "gold" / "gold.csv", dtype=str, keep_default_na=False)
    gold = gold[(gold["file"] == name) & (gold["line_item"] != "") & gold["printed"].str.contains(r"\d")]
    gold = gold[~gold.duplicated(["line_item", "period_end", "months"], keep=False)]
    pages = gold["page"].astype(int).tolist()
    facts = check_facts(gold.drop(columns=["file", "page"]).assign(firm="acme", document="prospectus", published_on="2025-12-31", note=""))
    altered = facts.index[facts["line_item"] == "gross_profit"][0]
    facts.loc[altered, "value"] += facts.loc[altered, "scale"]
    result = fm.verify_facts(shared / "inputs" / "documents" / name, facts=facts)
    assert result.table.index[result.table["outcome"] == CONTRADICTED].tolist() == [altered]
    assert set(result.table["outcome"]) == {CONFIRMED, CONTRADICTED}
    assert result.table["page"].tolist() == pages
    assert (result.facts.drop(index=altered)["read_from"] == "primary").all()
    assert result.facts.loc[altered, "read_from"] == "secondary"
