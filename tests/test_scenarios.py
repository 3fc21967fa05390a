import math
from datetime import date

import pytest

from finmodel.data import read_table
from finmodel.errors import DataError
from finmodel.levers import channels, levers
from finmodel.scenarios import diff, read_scenario, read_scenarios, scenario_names

ASKED = {
    "baseline", "unrestricted", "us-investment-ban", "entity-list", "hk-ipo-barrier", "star-ipo-barrier", "us-ipo-barrier",
    "us-market-ban", "foreign-government-contracts", "public-budget-cut", "beijing-regulation", "labour-savings", "everything-at-once",
}  # fmt: skip
GOOD = """
title = "t"
question = "q"
inherits = "baseline"
[[change]]
lever = "revenue"
effect = "multiply"
start = 2022-01-01
value = 0.9
interval = [0.8, 1.0]
kind = "direct"
reason = "r"
reference = "assumption"
"""


def write(folder, name, text):
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_scenarios_are_there_and_sound():
    found = read_scenarios()
    assert set(found) == ASKED
    for scenario in found.values():
        assert scenario.title and scenario.question
        for change in scenario.changes:
            assert change.reason and change.reference
            assert change.low <= change.value <= change.high or math.isnan(change.value)


def test_baseline_takes_the_law_and_unrestricted_nothing():
    assert [c.lever for c in read_scenario("baseline").changes] == ["law", "terms"]
    assert read_scenario("unrestricted").changes == ()


def test_a_scenario_inherits_and_names_only_what_changes(tmp_path):
    path = write(tmp_path, "mine", GOOD)
    child = write(tmp_path, "child", GOOD.replace('"baseline"', '["mine", "us-market-ban"]').replace("0.9", "0.85"))
    mine, combined = read_scenarios(path, child).values()
    assert mine.restrictions == ("baseline", "mine")
    assert combined.restrictions == ("baseline", "us-market-ban", "child")
    assert [c.value for c in combined.changes if c.lever == "revenue"] == [0.85]


def test_changes_that_two_parents_share_count_once():
    found = read_scenario("everything-at-once")
    assert len([c for c in found.changes if c.lever == "terms"]) == 1
    assert len(found.changes) == len(set(found.changes))


def test_only_keeps_the_changes_of_the_restrictions_named():
    scenario = read_scenario("everything-at-once")
    assert scenario.only(()).changes == read_scenario("unrestricted").changes
    assert scenario.only(scenario.restrictions).changes == scenario.changes
    assert {c.restriction for c in scenario.only(["entity-list"]).changes} == {"entity-list"}
    with pytest.raises(LookupError, match="did you mean 'entity-list'"):
        scenario.only(["entity-lst"])


def test_the_same_assumptions_give_the_same_digest():
    assert read_scenario("baseline").digest == read_scenario("baseline").digest
    assert read_scenario("baseline").digest != read_scenario("us-market-ban").digest


def test_diff_names_what_differs(tmp_path):
    first = read_scenario(write(tmp_path, "one", GOOD))
    folder = tmp_path / "other"
    folder.mkdir()
    second = read_scenario(write(folder, "one", GOOD.replace("value = 0.9", "value = 0.95")))
    table = diff(first, second)
    assert table[["lever", "term"]].to_numpy().tolist() == [["revenue", "value"]]
    assert diff(first, first).empty


def test_every_fault_of_every_file_at_once(tmp_path):
    bad = GOOD.replace('"direct"', '"dirct"').replace("value = 0.9", "value = 0.95").replace("interval", "intervall")
    bad = bad.replace("start = 2022-01-01", 'start = "2022"\nend = 2021-01-01\ndelay = 1.5')
    path = write(tmp_path, "bad", bad + '[[change]]\nlever = "channel.hong_kong_ip"\neffect = "close"\n')
    parent = write(tmp_path, "worse", GOOD.replace('"baseline"', '["bad", "basline"]').replace('title = "t"', "titel = 1"))
    with pytest.raises(DataError) as caught:
        read_scenarios(parent)
    text = str(caught.value)
    for part in (
        "worse.toml, titel", "did you mean 'title'", "worse.toml, title", "unknown scenario 'basline'", "did you mean 'baseline'",
        "bad.toml, change 1, intervall", "did you mean 'interval'",
        "bad.toml, change 1, kind: unknown kind 'dirct': did you mean 'direct'?",
        "bad.toml, change 1, start: found '2022'", "bad.toml, change 1, delay: found 1.5", "unknown channel 'hong_kong_ip'",
        "did you mean 'hong_kong_ipo'", "bad.toml, change 2, reason", "bad.toml, change 2, start: found nothing",
    ):  # fmt: skip
        assert part in text, part
    assert path.name in text


def test_an_unknown_lever_hides_no_other_fault(tmp_path):
    bad = GOOD.replace('"revenue"', '"revenu"').replace('"multiply"', '"ad"').replace("start = 2022-01-01", 'start = "soon"')
    bad = bad.replace("value = 0.9", "value = -7").replace("[0.8, 1.0]", "[2, 1]").replace('"direct"', '"dirct"')
    with pytest.raises(DataError) as caught:
        read_scenario(write(tmp_path, "bad", bad))
    found = "\n".join(caught.value.faults)
    for said in ("did you mean 'revenue'", "unknown effect 'ad': did you mean 'add'", "start: found 'soon'", "value: found -7",
                 "interval: found [2, 1]", "did you mean 'direct'"):  # fmt: skip
        assert said in found


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("value = 0.9", "value = 1.2", "two ends with the value"),
        ("[0.8, 1.0]", "[0.8, 1.2]", "a direct change that restricts"),
        ("[0.8, 1.0]", "[-1, 1.0]", "numbers not below zero"),
        ("value = 0.9", "value = inf", "a number not below zero"),
        ("value = 0.9", "value = true", "a number not below zero"),
        ("value = 0.9\n", "", "change 1, value: found nothing"),
        ('"revenue"\neffect = "multiply"', '"us_revenue"\neffect = "close"', "value: found 0.9, expected none with effect close"),
        ('"multiply"', '"multipy"', "effect of revenue: unknown effect 'multipy': did you mean 'multiply'"),
        ('"revenue"', '"revenu"', "did you mean 'revenue'"),
        ('"revenue"', '"channel"', "unknown lever 'channel'"),
        ('"revenue"', '"state_support"', "a direct change that restricts"),
        ('kind = "direct"', 'kind = "direct"\napplies_to = "x"', "a list of names"),
        ('kind = "direct"', 'kind = "direct"\napplies_to = ["x"]', "unknown target 'x'"),
        ("[[change]]", "[change]", r"tables headed \[\[change\]\]"),
        ('"baseline"', "7", "the name of a scenario or a list of names"),
        ('title = "t"', "title = ", "a TOML file"),
    ],
)
def test_faults(tmp_path, old, new, message):
    with pytest.raises(DataError, match=message):
        read_scenario(write(tmp_path, "bad", GOOD.replace(old, new)))


def test_a_chill_above_one_and_an_unknown_class(tmp_path):
    text = GOOD.replace('"revenue"', '"chill"').replace('"multiply"', '"add"').replace("[0.8, 1.0]", "[0.8, 1.1]")
    with pytest.raises(DataError, match="a share between 0 and 1"):
        read_scenario(write(tmp_path, "bad", text))
    with pytest.raises(DataError, match="did you mean 'us_persons'"):
        read_scenario(write(tmp_path, "bad", text.replace("1.1]", '1.0]\napplies_to = ["us_person"]')))


def test_a_circle_is_named(tmp_path):
    for name, parent in (("a", "b"), ("b", "c"), ("c", "a")):
        write(tmp_path, name, GOOD.replace('"baseline"', f'"{parent}"'))
    with pytest.raises(DataError, match="a circle a -> b -> c -> a") as caught:
        read_scenarios(tmp_path / "a.toml")
    assert len(caught.value.faults) == 1


def test_unknown_names_and_files(tmp_path):
    with pytest.raises(LookupError, match="did you mean 'baseline'"):
        read_scenario("baselin")
    with pytest.raises(FileNotFoundError, match=r"no scenario file"):
        read_scenario(tmp_path / "none.toml")


def test_two_files_of_one_name_are_refused(tmp_path):
    (tmp_path / "x").mkdir()
    first, second = write(tmp_path, "mine", GOOD), write(tmp_path / "x", "mine", GOOD)
    with pytest.raises(DataError, match="a second scenario 'mine'"):
        read_scenarios(first, second)


def test_dates_relative_to_the_day():
    cut = next(c for c in read_scenario("labour-savings").changes if c.lever == "selling")
    assert cut.begins(date(2023, 4, 30)) == date(2023, 10, 30)
    assert not cut.holds(date(2023, 10, 29), date(2023, 4, 30)) and cut.holds(date(2023, 10, 30), date(2023, 4, 30))


def test_the_ends_of_an_interval_go_by_harm():
    budget = read_scenario("public-budget-cut")
    worst, best = ({c.lever: c.value for c in budget.at(end).changes} for end in ("worst", "best"))
    assert worst["government_revenue"] < best["government_revenue"]
    assert worst["collection_lag"] > best["collection_lag"]


def test_every_claim_of_the_article_has_its_lever_or_says_why_none():
    claims = read_table("claims")
    assert set(claims["scenario"]) - {""} == ASKED - {"baseline", "unrestricted", "everything-at-once"}
    assert (claims.loc[claims["scenario"] == "", "note"] != "").all()


def test_vocabulary_and_names_are_ordered():
    assert scenario_names()[:2] == ("baseline", "unrestricted") and scenario_names()[-1] == "everything-at-once"
    assert set(levers()["harm"]) <= {"below", "above", "any"}
    assert channels()["stage"].isin(["private", "ipo", "listed", "any"]).all()
