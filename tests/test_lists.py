"""Lists as downloaded: what is read from each format, what is refused, what changed between two."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import finmodel as fm
from finmodel.data import read_rows
from finmodel.errors import DataError
from finmodel.firms import firms
from finmodel.restrictions import readers
from finmodel.restrictions.designations import Names, read_designations
from finmodel.restrictions.lists import LIST_COLUMNS, read_list
from finmodel.restrictions.transactions import Transaction

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))
from bench_ofac_xml import party, synthetic  # noqa: E402

DAYS = "Effective Date (CMIC) 14 Feb 2022; Purchase/Sales For Divestment Date (CMIC) 16 Dec 2022; Listing Date (CMIC) 16 Dec 2021"
NULLS = ",-0- " * 7
PRIM = (
    f'33112,"CLOUDWALK TECHNOLOGY CO., LTD.",-0- ,"CMIC-EO13959"{NULLS},"{DAYS}; '
    "Unified Social Credit Code (USCC) 914401153314442716 (China); a.k.a. 'CLOUDWALK'.\"\r\n"
    f'99001,"EXAMPLE OPTICS LIMITED",-0- ,"CMIC-EO13959"{NULLS},"Issuer Name Example Optics Ltd; ISIN XX0000000001; {DAYS}."\r\n'
    f'9639,"HANIYA, Ismail",individual,"NS-PLC"{NULLS},-0- \r\n'
    "\x1a"
)
CSL_HEADING = (
    "_id,source,entity_number,type,programs,name,title,addresses,federal_register_notice,start_date,end_date,standard_order,"
    "license_requirement,license_policy,remarks,alt_names,ids"
)


@pytest.fixture
def prim(tmp_path):
    path = tmp_path / "cons_prim.csv"
    path.write_bytes(PRIM.encode())
    return path


def test_ofac_csv(prim):
    prim.with_name("cons_alt.csv").write_text('33112,1,"aka","YUNCONG",-0- \r\n', encoding="utf-8")
    prim.with_name("cons_add.csv").write_text('33112,1,"Nansha","Guangzhou","China",-0- \r\n', encoding="utf-8")
    table = fm.load_list(prim)
    assert tuple(table.columns) == LIST_COLUMNS
    row = table.iloc[0]
    assert (row["legal_name"], row["uid"], row["firm"], row["relation"]) == (
        "CLOUDWALK TECHNOLOGY CO., LTD.",
        "33112",
        "cloudwalk",
        "issuer",
    )
    assert (row["listed_on"], row["effective_on"], row["divest_by"]) == ("2021-12-16", "2022-02-14", "2022-12-16")
    assert row["aliases"] == "CLOUDWALK | YUNCONG"
    assert row["identifiers"] == "Unified Social Credit Code (USCC) 914401153314442716"
    assert row["addresses"] == "Nansha, Guangzhou, China"
    assert list(table["regime"]) == ["us-securities-ban"] * 2
    assert table["aliases"][1] == "Example Optics Ltd"
    assert list(fm.load_list(prim, every=True)["regime"]) == ["us-securities-ban", "us-securities-ban", ""]


def test_a_loaded_list_decides(prim):
    names = Names(read_designations(read_list(prim)), read_rows("aliases"), firms())
    trade = Transaction("us_person", "Example Optics Limited", "listed_share", "buy", "2022-02-14")
    assert fm.decide(trade, "us-securities-ban").answer == "permitted"
    assert fm.decide(trade, "us-securities-ban", names=names).answer == "prohibited"


def test_a_remark_that_runs_over_is_read_from_the_comments_file(prim):
    head, tail = f"{'x' * 900}; {DAYS}".split("Listing Date")
    prim.write_text(f'33112,"CLOUDWALK TECHNOLOGY CO., LTD.",-0- ,"CMIC-EO13959"{NULLS},"{head}Listing "\r\n', encoding="utf-8")
    with pytest.raises(DataError, match="no 'Listing Date"):
        fm.load_list(prim)
    prim.with_name("cons_comments.csv").write_text(f'33112,"Date{tail}"\r\n', encoding="utf-8")
    assert fm.load_list(prim)["listed_on"].tolist() == ["2021-12-16"]


def test_every_bad_row_is_listed_and_nothing_is_loaded(prim):
    prim.write_text(
        PRIM.replace("\x1a", "")
        + "abc,short row\r\n"
        + f'12x,"NO NUMBER",-0- ,"NS-PLC"{NULLS},-0- \r\n'
        + f'99002,"NO DATES",-0- ,"CMIC-EO13959"{NULLS},"a.k.a. \'ND\'."\r\n'
        + f'99003,"BAD DAY",-0- ,"CMIC-EO13959"{NULLS},"{DAYS.replace("14 Feb", "31 Feb")}"\r\n',
        encoding="utf-8",
    )
    with pytest.raises(DataError) as error:
        fm.load_list(prim)
    text = str(error.value)
    for part in (
        "row 4: found 2 fields",
        "row 5: found number '12x'",
        "row 6: found no 'Listing Date (CMIC)'",
        "row 7: found day '31 Feb 2022'",
    ):
        assert part in text
    assert len(error.value.faults) == 1 + 1 + 3 + 1
    prim.write_text(PRIM.replace("\x1a", ""), encoding="utf-8")
    prim.with_name("cons_alt.csv").write_text("33112,1\r\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"cons_alt.csv, row 1"):
        fm.load_list(prim)


def test_consolidated_list_csv_and_json(tmp_path):
    entry = "Entity List (EL) - Bureau of Industry and Security"
    cmic = "Non-SDN Chinese Military-Industrial Complex Companies List (CMIC) - Treasury Department"
    rows = [
        [
            "a1",
            entry,
            "",
            "",
            "",
            "CloudWalk Technology",
            "",
            "Guangzhou; Chongqing",
            "85 FR 34503",
            "2020-06-05",
            "",
            "",
            "all",
            "denial",
            "",
            "Yun Cong",
            "",
        ],
        ["a2", cmic, "33112", "", "CMIC-EO13959", "Example Optics Limited", "", "", "", "2021-12-16", "", "", "", "", "", "", ""],
        [
            "a3",
            "Denied Persons List (DPL) - Bureau of Industry and Security",
            "",
            "",
            "",
            "Someone",
            "",
            "",
            "",
            "2016-10-17",
            "2019-10-13",
            *[""] * 6,
        ],
    ]
    path = tmp_path / "consolidated.csv"
    columns = CSL_HEADING.split(",")
    pd.DataFrame(rows, columns=columns).to_csv(path, index=False)
    table = fm.load_list(path).set_index("legal_name")
    assert list(table["list"]) == ["entity-list", "ns-cmic"]
    first, second = table.loc["CloudWalk Technology"], table.loc["Example Optics Limited"]
    assert (first["firm"], first["citation"], first["listed_on"], first["addresses"]) == (
        "cloudwalk",
        "85 FR 34503",
        "2020-06-05",
        "Guangzhou | Chongqing",
    )
    assert (second["effective_on"], second["divest_by"]) == ("2022-02-14", "2022-12-16")
    as_json = tmp_path / "consolidated.json"
    objects = [dict(zip(columns, row, strict=True)) for row in rows]
    objects[0] |= {"alt_names": ["Yun Cong"], "addresses": [{"address": "", "city": "Guangzhou"}, {"city": "Chongqing"}], "end_date": None}
    as_json.write_text(json.dumps({"results": objects}), encoding="utf-8")
    pd.testing.assert_frame_equal(fm.load_list(as_json).drop(columns="source"), fm.load_list(path).drop(columns="source"))
    assert len(fm.load_list(path, every=True)) == 3


def test_bad_consolidated_lists(tmp_path):
    path = tmp_path / "consolidated.csv"
    path.write_text(
        "source,name,start_date,end_date\nEntity List,A,2020-13-01,\nEntity List,,2020-01-01,\nEntity List,B\n", encoding="utf-8"
    )
    with pytest.raises(DataError) as error:
        fm.load_list(path)
    assert [f.split(":")[0] for f in error.value.faults] == [
        "consolidated.csv, row 2, start_date", "consolidated.csv, row 3", "consolidated.csv, row 4",
    ]  # fmt: skip
    for text, message in (("[1, {}]", "entry 1"), ('{"a": 1}', "no list of results"), ("[" * 100_000, "JSON"), ('{"results": [', "JSON")):
        bad = tmp_path / "bad.json"
        bad.write_text(text, encoding="utf-8")
        with pytest.raises(DataError, match=message):
            fm.load_list(bad)


def test_advanced_xml(tmp_path):
    path = tmp_path / "cons_advanced.xml"
    count = synthetic(path, 0.2, listed=3)
    table = fm.load_list(path)
    assert len(table) == 3
    row = table.iloc[0]
    assert (row["legal_name"], row["listed_on"], row["effective_on"], row["divest_by"]) == (
        "SYNTHETIC FIRM 100000 VARIANT 0 CO., LTD.", "2021-12-16", "2022-02-14", "2022-12-16",
    )  # fmt: skip
    assert row["aliases"].count("|") == 1
    assert len(fm.load_list(path, every=True)) == count


BOMB = """<?xml version="1.0"?><!DOCTYPE Sanctions [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;"><!ENTITY x SYSTEM "file:///etc/passwd">]>
"""


@pytest.mark.parametrize("entity", ["&d;", "&x;", ""])
def test_xml_with_a_document_type_is_refused(tmp_path, entity):
    path = tmp_path / "cons_advanced.xml"
    synthetic(path, 0.1)
    body = path.read_text(encoding="utf-8").split("\n", 1)[1].replace("Location</FeatureType>", f"{entity}</FeatureType>", 1)
    path.write_text(BOMB + body, encoding="utf-8")
    with pytest.raises(DataError, match="document type"):
        fm.load_list(path)


def test_a_document_type_is_refused_where_no_feature_is_listed(tmp_path):
    path = tmp_path / "cons_advanced.xml"
    name = (
        '<Sanctions xmlns="http://www.un.org/sanctions/1.0"><DistinctParty FixedRef="1"><Alias Primary="true"/></DistinctParty></Sanctions>'
    )
    path.write_text(BOMB + name, encoding="utf-8")
    with pytest.raises(DataError, match="document type"):
        fm.load_list(path)


def test_broken_xml_is_refused(tmp_path):
    path = tmp_path / "cons_advanced.xml"
    synthetic(path, 0.1, listed=3)
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole[: len(whole) // 2], encoding="utf-8")
    with pytest.raises(DataError, match="advanced XML"):
        fm.load_list(path)
    unnamed = (
        party(100001)
        .replace('Primary="true" LowQuality', 'Primary="false" LowQuality')
        .replace("SYNTHETIC FIRM 100001 VARIANT 0 CO., LTD.", "")
    )
    path.write_text(whole.replace(party(100001), unnamed).replace("<Day>16</Day></From>", "<Day>99</Day></From>", 1), encoding="utf-8")
    with pytest.raises(DataError) as error:
        fm.load_list(path)
    assert "DistinctParty 100000" in error.value.faults[0]
    assert "DistinctParty 100001" in error.value.faults[1]
    path.write_text(whole.replace('ProfileID="100002"', 'ProfileID="7"'), encoding="utf-8")
    with pytest.raises(DataError, match="profile '7'"):
        fm.load_list(path)
    path.write_text("<html><body>moved</body></html>", encoding="utf-8")
    with pytest.raises(DataError, match="no DistinctParty"):
        fm.load_list(path)


def test_other_files_are_refused(tmp_path, monkeypatch):
    path = tmp_path / "letter.txt"
    path.write_text("Dear reader", encoding="utf-8")
    with pytest.raises(DataError, match="Dear reader"):
        fm.load_list(path)
    path.write_text('33112,1,"aka","YUNCONG",-0- \r\n', encoding="utf-8")
    with pytest.raises(DataError, match=r"load cons_prim\.csv"):
        fm.load_list(path)
    path.write_bytes(PRIM.encode() + b'1,"\xff\xfe",x\r\n')
    with pytest.raises(DataError, match="UTF-8"):
        fm.load_list(path)
    monkeypatch.setattr(readers, "LARGEST", 10)
    with pytest.raises(DataError, match="at most 10"):
        fm.load_list(path)


def test_differences(prim, tmp_path):
    newer = tmp_path / "new" / "cons_prim.csv"
    newer.parent.mkdir()
    newer.write_text(
        PRIM.replace("\x1a", "").replace("16 Dec 2022", "16 Jan 2023", 1).replace("99001", "99009").replace("OPTICS", "LENSES"),
        encoding="utf-8",
    )
    changes = fm.diff_lists(fm.load_list(prim), fm.load_list(newer))
    assert changes.drop(columns="list").to_numpy().tolist() == [
        ["added", "EXAMPLE LENSES LIMITED", "", "", ""],
        ["changed", "CLOUDWALK TECHNOLOGY CO., LTD.", "divest_by", "2022-12-16", "2023-01-16"],
        ["removed", "EXAMPLE OPTICS LIMITED", "", "", ""],
    ]
    assert fm.diff_lists(fm.load_list(prim), fm.load_list(prim)).empty


def test_the_command_reads_a_large_list_without_pandas(tmp_path):
    path, out = tmp_path / "cons_advanced.xml", tmp_path / "out.csv"
    synthetic(path, 1)
    code = (
        "import sys; from finmodel.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    print(end.code, 'pandas' in sys.modules, 'numpy' in sys.modules)"
    )
    command = [sys.executable, "-c", code, "restrictions", "load", path, "-o", out]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 False False"
    assert len(read_designations(list(csv.DictReader(out.read_text(encoding="utf-8").splitlines())))) == 68


def test_the_table_and_the_plain_rows_of_a_list_agree(prim):
    assert fm.load_list(prim).to_dict("records") == read_list(prim)


@pytest.mark.shared
def test_the_two_real_lists_hold_the_same_68_names(shared):
    old = fm.load_list(shared / "inputs/lists/ofac_cons_grab_2025-04/cons_prim.csv")
    new = fm.load_list(shared / "inputs/lists/ofac_cons_watchman_2025-12/cons_prim.csv")
    assert len(old) == len(new) == 68
    assert set(old["legal_name"]) == set(new["legal_name"])
    assert fm.diff_lists(old, new).empty
    shipped = pd.DataFrame(read_rows("designations")).query("list == 'ns-cmic'").set_index("legal_name")
    read = new.set_index("legal_name")
    for column in ("listed_on", "effective_on", "divest_by", "firm", "relation"):
        assert shipped[column].to_dict() == read[column].to_dict()


@pytest.mark.shared
def test_every_name_that_the_real_list_gives_a_firm_is_known(shared):
    listed = read_list(shared / "inputs/lists/ofac_cons_watchman_2025-12/cons_prim.csv")
    names = [name for row in listed for name in (row["legal_name"], *filter(None, row["aliases"].split(" | ")))]
    buys = [fm.decide(Transaction("us_person", name, "listed_share", "buy", "2023-06-01"), "us-securities-ban") for name in names]
    assert len(buys) > 250
    assert {d.transaction.issuer for d in buys if d.answer != "prohibited"} == set()


@pytest.mark.shared
def test_the_real_advanced_xml_of_2020(shared):
    path = shared / "inputs/lists/ofac_cons_adv_urban-fortnight_2020-03/cons_advanced.xml"
    assert fm.load_list(path).empty
    every = fm.load_list(path, every=True)
    assert every["uid"].nunique() == 375
    assert set(every["programs"]) >= {"NS-PLC", "UKRAINE-EO13662"}


@pytest.mark.shared
def test_real_consolidated_lists(shared):
    table = fm.load_list(shared / "inputs/lists/csl_watchman_2019-12/csl.csv")
    assert len(table) == 22
    assert set(table["list"]) == {"entity-list"}
    assert len(fm.load_list(shared / "inputs/lists/csl_watchman_sample_2025/consolidated.csv")) == 1
