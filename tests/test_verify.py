"""Held facts against the document: exactly the altered figure is contradicted, the rest confirmed or honestly not found."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd
import pytest
import samples

import finmodel as fm
from finmodel.cli import main
from finmodel.verify import verify_facts


@pytest.fixture
def held(tmp_path: Path) -> tuple[Path, pd.DataFrame]:
    """A document and facts as somebody copied them from it, not read in the document itself."""
    path = tmp_path / "report.xhtml"
    path.write_bytes(samples.inline())
    facts = fm.load(path, firm="acme").assign(read_from="secondary", page=pd.array([pd.NA] * 13, dtype="Int64"), locator="", fact_id="")
    return path, fm.check_facts(facts.assign(page=""))


def test_all_confirmed_become_primary(held: tuple[Path, pd.DataFrame]) -> None:
    path, facts = held
    result = verify_facts(path, facts=facts, document=facts["document"].iloc[0])
    assert set(result.table["outcome"]) == {"confirmed"}
    assert set(result.facts["read_from"]) == {"primary"}
    assert result.facts["locator"].ne("").all()


def test_exactly_the_altered_figure_is_contradicted(held: tuple[Path, pd.DataFrame]) -> None:
    path, facts = held
    which = facts.index[(facts["line_item"] == "revenue") & (facts["period_end"] == "2021-12-31")][0]
    facts.loc[which, ["value", "printed"]] = [4_770_000.0, "4,770"]
    result = verify_facts(path, facts=facts, document=facts["document"].iloc[0])
    wrong = result.table[result.table["outcome"] == "contradicted"]
    assert wrong[["line_item", "held", "printed"]].to_numpy().tolist() == [["revenue", 4_770_000.0, 4_700_000.0]]
    assert (result.table["outcome"] == "confirmed").sum() == len(facts) - 1
    assert result.facts.loc[which, "value"] == 4_770_000.0  # a contradiction is reported, never silently changed


def test_what_the_document_does_not_hold_is_not_found(held: tuple[Path, pd.DataFrame]) -> None:
    path, facts = held
    more = pd.concat([facts, facts.head(1).assign(line_item="headcount", label="Staff", fact_id="zz")], ignore_index=True)
    result = verify_facts(path, facts=more, document=facts["document"].iloc[0])
    assert result.table.set_index("line_item")["outcome"]["headcount"] == "not found"


def test_rounded_facts_are_compared_at_their_own_precision(held: tuple[Path, pd.DataFrame]) -> None:
    path, facts = held
    one = facts[(facts["line_item"] == "revenue") & (facts["period_end"] == "2021-12-31")].assign(value=4.7e6, printed="4.7", scale=1e6)
    assert set(verify_facts(path, facts=one, document=one["document"].iloc[0]).table["outcome"]) == {"confirmed"}


def test_the_command(held: tuple[Path, pd.DataFrame], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:  # type: ignore[no-untyped-def]
    path, facts = held
    fm.write_facts(facts, tmp_path / "mine.csv")
    words = ["finmodel", "verify", str(path), "--facts", str(tmp_path / "mine.csv"), "-o", str(tmp_path / "new.csv"), "--format", "json"]
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    records = json.loads(capsys.readouterr().out)
    assert {r["outcome"] for r in records} == {"confirmed"}
    assert set(fm.read_facts(tmp_path / "new.csv")["read_from"]) == {"primary"}
    with pytest.raises(LookupError):
        verify_facts(path, facts=facts, document="another")


@pytest.mark.shared
def test_on_a_real_document_exactly_one_altered_figure(shared: Path, tmp_path: Path) -> None:
    gold = pd.read_csv(shared / "inputs" / "gold" / "gold.csv", dtype=str, keep_default_na=False)
    name = "en_Hainan-Drinda-New-Energy-2865-HK_interim_results_announcement_1H2025.pdf"
    gold = gold[(gold["file"] == name) & (gold["line_item"] != "") & (gold["value"] != "0")]
    facts = pd.DataFrame(
        {
            "firm": "drinda", "statement": gold["statement"], "line_item": gold["line_item"], "label": gold["label"],
            "period_start": [s if m != "0" else "" for s, m in zip(gold["period_start"], gold["months"], strict=True)],
            "period_end": gold["period_end"], "printed": gold["printed"], "scale": gold["scale"], "currency": gold["currency"],
            "value": gold["value"], "document": "drinda-1h2025", "published_on": "2025-08-31", "basis": "HKFRS",
        }
    ).drop_duplicates(["line_item", "period_end", "period_start"])  # fmt: skip
    facts = fm.check_facts(facts)
    which = facts.index[facts["line_item"] == "revenue"][0]
    facts.loc[which, "value"] *= 1.1
    result = verify_facts(shared / "inputs" / "documents" / name, facts=facts, document="drinda-1h2025")
    wrong = result.table[result.table["outcome"] == "contradicted"]
    assert wrong["line_item"].tolist() == ["revenue"]
    confirmed = result.table[result.table["outcome"] == "confirmed"]
    assert len(confirmed) >= 0.9 * len(facts)
    assert confirmed["page"].notna().all()
