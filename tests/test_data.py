"""The shipped data: every table against its own description, every fact against the rules, every figure found against what is shipped."""

import csv
import json
import re
from datetime import date

import pandas as pd
import pytest

from finmodel.data import data_root, read_table
from finmodel.facts import check_facts, fact_id, line_items, read_facts, shipped_facts
from finmodel.units import Period, parse_amount, parse_date

ROOT = data_root()
PACKAGE = json.loads((ROOT / "datapackage.json").read_text(encoding="utf-8"))
RESOURCES = {resource["name"]: resource for resource in PACKAGE["resources"]}


def rows_of(resource):
    paths = resource["path"] if isinstance(resource["path"], list) else [resource["path"]]
    out = []
    for path in paths:
        with (ROOT / path).open(encoding="utf-8", newline="") as handle:
            reader = csv.DictReader(handle)
            assert list(reader.fieldnames) == [field["name"] for field in resource["schema"]["fields"]], path
            out += [dict(row, _where=f"{path}, row {number}") for number, row in enumerate(reader, start=2)]
    return out


TABLES = {name: rows_of(resource) for name, resource in RESOURCES.items()}

TYPES = {
    "string": lambda text, field: text == text.strip(),
    "number": lambda text, field: re.fullmatch(r"-?\d+(\.\d+)?(e[+-]?\d+)?", text) is not None,
    "integer": lambda text, field: re.fullmatch(r"-?\d+", text) is not None,
    "date": lambda text, field: bool(parse_date(text)),
    "boolean": lambda text, field: text in field["trueValues"] + field["falseValues"],
}


def faults(resource, table):
    """Everything in which a table is not as its schema says."""
    found = []
    for field in resource["schema"]["fields"]:
        rules = field.get("constraints", {})
        cells = [(row["_where"], row[field["name"]]) for row in table]
        for where, text in cells:
            if text == "":
                if rules.get("required"):
                    found.append(f"{where}: {field['name']} is blank")
                continue
            if not TYPES[field["type"]](text, field):
                found.append(f"{where}: {field['name']} {text!r} is no {field['type']}")
            elif "enum" in rules and text not in rules["enum"]:
                found.append(f"{where}: {field['name']} {text!r} is not one of {rules['enum']}")
            elif "pattern" in rules and not re.fullmatch(rules["pattern"], text):
                found.append(f"{where}: {field['name']} {text!r} does not match {rules['pattern']}")
            elif "minimum" in rules and float(text) < rules["minimum"]:
                found.append(f"{where}: {field['name']} {text} is below {rules['minimum']}")
        if rules.get("unique"):
            found += repeated(cells)
    keys = resource["schema"]["primaryKey"]
    return found + repeated([(row["_where"], tuple(row[key] for key in keys)) for row in table])


def repeated(cells):
    seen, found = {}, []
    for where, key in cells:
        if key in seen:
            found.append(f"{where}: {key!r} stands already at {seen[key]}")
        seen.setdefault(key, where)
    return found


@pytest.mark.parametrize("name", RESOURCES)
def test_a_table_is_as_its_schema_says(name):
    assert faults(RESOURCES[name], TABLES[name]) == []


@pytest.mark.parametrize("name", RESOURCES)
def test_foreign_keys_point_at_something(name):
    for link in RESOURCES[name]["schema"].get("foreignKeys", []):
        target = {row[link["reference"]["fields"]] for row in TABLES[link["reference"]["resource"] or name]}
        lost = [
            f"{row['_where']}: {row[link['fields']]!r}" for row in TABLES[name] if row[link["fields"]] and row[link["fields"]] not in target
        ]
        assert lost == []


def test_the_schema_check_finds_what_is_wrong():
    resource = {
        "schema": {
            "primaryKey": ["a"],
            "fields": [
                {"name": "a", "type": "string", "constraints": {"required": True, "enum": ["x", "y"]}},
                {"name": "b", "type": "number"},
            ],
        }
    }
    good = [{"a": "x", "b": "1.5", "_where": "1"}, {"a": "y", "b": "", "_where": "2"}]
    assert faults(resource, good) == []
    bad = [
        {"a": "x", "b": "1,5", "_where": "1"},
        {"a": "x", "b": "2", "_where": "2"},
        {"a": "", "b": "2", "_where": "3"},
        {"a": "z", "b": "", "_where": "4"},
    ]
    assert len(faults(resource, bad)) == 4


def test_every_file_of_facts_is_in_the_package():
    assert RESOURCES["facts"]["path"] == [f"facts/{path.name}" for path in sorted((ROOT / "facts").glob("*.csv"))]


FACTS = shipped_facts()


@pytest.mark.parametrize("path", sorted((ROOT / "facts").glob("*.csv")), ids=lambda path: path.stem)
def test_a_file_of_facts_is_a_checked_facts_table_of_one_document(path):
    facts = read_facts(path)
    assert set(facts["document"]) == {path.stem}
    raw = pd.read_csv(path, dtype=str, keep_default_na=False)
    pd.testing.assert_frame_equal(check_facts(raw, path.name), facts)
    assert [fact_id(row) for row in raw.to_dict("records")] == raw["fact_id"].tolist(), "ids are made from the fact itself"


def test_a_value_is_its_printed_cell_times_its_scale():
    computed = [parse_amount(row.printed) * row.scale for row in FACTS.itertuples()]
    pd.testing.assert_series_equal(pd.Series(computed), FACTS["value"], check_names=False, rtol=1e-12)


def test_units_are_those_of_the_chart():
    units = FACTS["line_item"].map(line_items()["unit"])
    assert (FACTS["currency"].ne("") == units.eq("money")).all()
    assert (FACTS["statement"] == FACTS["line_item"].map(line_items()["statement"])).all()
    shares = FACTS[FACTS["line_item"].str.endswith("_share_pct")]
    assert shares["value"].between(0, 100).all()


def test_a_fact_is_published_when_its_document_is():
    documents = read_table("documents").set_index("document")
    assert (FACTS["published_on"] == FACTS["document"].map(documents["published_on"])).all()
    assert (FACTS["date_estimated"] == FACTS["document"].map(documents["date_estimated"]).eq("true")).all()
    assert (FACTS["firm"] == FACTS["document"].map(documents["firm"])).all()


def test_nothing_is_published_before_its_period_ends_but_expectations():
    early = FACTS[FACTS["published_on"] < FACTS["period_end"]]
    assert set(early["line_item"]) <= {"revenue_forecast"}


def test_an_estimated_day_says_why_and_a_known_one_has_a_source():
    documents = read_table("documents")
    estimated = documents["date_estimated"] == "true"
    assert (documents.loc[estimated, "date_note"] != "").all()
    assert (documents.loc[~estimated, ["source", "status"]] != "").all(axis=None)


def test_periods_are_what_firms_with_calendar_years_report():
    flows = FACTS[FACTS["months"] > 0]
    labels = {
        str(Period(parse_date(end), parse_date(start))) for start, end in zip(flows["period_start"], flows["period_end"], strict=True)
    }
    odd = {
        label
        for label in labels
        if not re.fullmatch(r"(FY|H1|H2|9M|Q1) \d{4}|12M to \d{4}-(06|09)-30|36M to 2019-12-31|65M to 2020-09-30", label)
    }
    assert odd == set()
    instants = FACTS[FACTS["months"] == 0]
    month_ends = {"03-31", "06-30", "09-30", "12-31"}
    assert set(instants.loc[~instants["period_end"].str[5:].isin(month_ends), "line_item"]) == {
        "ipo_amount_sought", "post_money_valuation", "shares_outstanding",
    }  # fmt: skip


def test_no_figure_rests_on_memory_and_none_claims_to_be_read_in_the_document():
    for name in ("facts", "documents", "firms", "fx", "events", "terms"):
        assert not [row["_where"] for row in TABLES[name] if re.search(r"\bmemory\b", " ".join(row.values()))], name
    assert "primary" not in set(FACTS["read_from"]), "a primary fact needs a page"
    assert FACTS["page"].isna().all()
    assert FACTS["source"].str.contains("http").all()
    derived = FACTS["status"] == "derived"
    assert FACTS.loc[derived, "note"].str.contains("derived").all(), "a derived figure says from what"


def test_one_value_per_line_period_and_document():
    key = ["firm", "line_item", "period_start", "period_end", "basis", "document"]
    assert not FACTS.duplicated(key).any()
    assert FACTS["fact_id"].is_unique


def test_neighbouring_periods_of_a_line_differ_by_less_than_fifty_times():
    """A jump of more than fifty times is a scale error; free cash flow is a difference that may come near nothing."""
    jumps = []
    money = FACTS[FACTS["currency"].ne("") & FACTS["line_item"].ne("free_cash_flow")]
    for key, group in money.groupby(["firm", "line_item", "months", "currency", "basis"]):
        values = group.sort_values("period_end")["value"].abs()
        ratio = (values / values.shift()).dropna()
        if ((ratio > 50) | (ratio < 1 / 50)).any():
            jumps.append(key)
    assert jumps == []


@pytest.mark.parametrize(
    ("firm", "period", "document", "expected"),
    [
        ("sensetime", "FY 2018", "sensetime-application-proof-2021", 1.25),
        ("sensetime", "FY 2019", "sensetime-application-proof-2021", 1.47),
        ("sensetime", "FY 2020", "sensetime-application-proof-2021", 1.62),
        ("cloudwalk", "FY 2020", "cloudwalk-star-committee-draft-2021", 2.00),
        ("cloudwalk", "FY 2020", "cloudwalk-prospectus-2022", 2.16),
    ],
)
def test_four_items_of_cost_to_revenue_in_one_document(firm, period, document, expected):
    """Worked by hand from the printed lines: SenseTime FY 2018 (806.61 + 204.68 + 452.48 + 848.84) / 1,853.4 = 1.2478."""
    end = Period.parse(period).end.isoformat()
    lines = FACTS[(FACTS["document"] == document) & (FACTS["period_end"] == end) & (FACTS["months"] == 12)].set_index("line_item")["value"]
    cost = lines[["cost_of_sales", "selling", "administrative", "research_and_development"]].sum()
    assert round(cost / lines["revenue"], 2) == expected


def test_cloudwalk_2021_with_selling_and_administrative_as_one_line():
    end, document = "2021-12-31", "cloudwalk-prospectus-2022"
    lines = FACTS[(FACTS["document"] == document) & (FACTS["period_end"] == end) & (FACTS["months"] == 12)].set_index("line_item")["value"]
    cost = lines[["cost_of_sales", "selling_and_administrative", "research_and_development"]].sum()
    assert round(cost / lines["revenue"], 2) == 1.69  # (677.4 + 606.02 + 534.17) / 1,075.5


def test_as_filed_and_restated_loss_of_cloudwalk_are_two_documents():
    loss = FACTS[(FACTS["firm"] == "cloudwalk") & (FACTS["line_item"] == "profit_attributable") & (FACTS["period_end"] == "2019-12-31")]
    values = loss.set_index("document")["value"].to_dict()
    assert values == {"cloudwalk-star-committee-draft-2021": -1_708e6, "cloudwalk-prospectus-2022": -640e6}
    seen = loss[loss["published_on"] <= "2021-11-30"]["value"].tolist()
    assert seen == [-1_708e6]


def test_the_four_firms_can_be_seen_before_the_ban():
    seen = FACTS[FACTS["published_on"] <= "2021-11-30"]
    for firm in ("sensetime", "cloudwalk", "yitu"):
        lines = set(seen.loc[seen["firm"] == firm, "line_item"])
        assert {"revenue", "cost_of_sales", "selling", "research_and_development"} <= lines, firm
    assert {"revenue", "profit_excluding_nonrecurring", "fair_value_change_of_preferred_shares"} <= set(
        seen.loc[seen["firm"] == "megvii", "line_item"]
    )


def test_liquidity_of_sensetime_at_the_end_of_2022():
    known = FACTS[(FACTS["firm"] == "sensetime") & (FACTS["period_end"] == "2022-12-31") & (FACTS["published_on"] <= "2023-04-30")]
    value = known[known["currency"] == "CNY"].set_index("line_item")["value"]
    reserve, burn = value["total_cash_reserve"], -value["operating_cash_flow"]
    assert (reserve, burn) == (16_602.7e6, 3_084e6)
    assert value["capital_expenditure"] == value["capex_ppe"] + value["capex_intangibles"]
    assert round(reserve / ((burn + value["capital_expenditure"]) / 12)) == 24
    assert round(reserve / (burn / 12)) == 65


def test_core_firms_are_the_four_and_all_nine_are_there():
    firms = read_table("firms")
    assert firms.loc[firms["core"] == "true", "firm"].tolist() == ["sensetime", "megvii", "cloudwalk", "yitu"]
    assert len(firms) == 9


def test_exchange_rates_are_in_the_range_of_the_decade():
    fx = read_table("fx")
    rates = fx["rate"].astype(float)
    assert rates[fx["base"] == "USD"].between(6.2, 7.4).all()
    assert rates[fx["base"] == "HKD"].between(0.80, 0.95).all()
    averages = fx[fx["type"] == "average"]
    assert (averages["period_start"] != "").all()
    assert (fx.loc[fx["type"] == "closing", "period_start"] == "").all()


def test_events_have_one_row_each_and_no_designation():
    events = read_table("events")
    assert not events.duplicated(["firm", "date", "event_type", "channel"]).any()
    assert not events["channel"].str.contains("Entity List|NS-CMIC List").any()
    exact = events["date_precision"] == "day"
    assert events.loc[exact, "date"].ge("2013-01-01").all()
    for row in events[events["date_precision"].isin(["month", "year"])].itertuples():
        assert row.date.startswith(row.date_text[:4])
        assert row.date == Period.parse(f"FY {row.date_text[:4]}").end.isoformat() or date.fromisoformat(row.date).day >= 28


@pytest.mark.shared
def test_every_researched_figure_is_shipped_or_left_out_with_a_reason(shared):
    """Each figure found is among the facts (same firm, period and value) or in left_out.csv."""
    figures = pd.read_csv(shared / "data" / "figures.csv", dtype=str, keep_default_na=False)
    assert "memory" not in set(figures["status"])
    shipped = {(f.firm, f.period_start, f.period_end, round(abs(f.value), 2)) for f in FACTS.itertuples()}
    left = {(r.firm, r.period_start, r.period_end, r.line_item, round(float(r.value), 4)) for r in read_table("left_out").itertuples()}
    lost = [
        f"row {r.Index + 2}: {r.firm} {r.line_item} {r.period_end} {r.value}"
        for r in figures.itertuples()
        if (r.firm, r.period_start, r.period_end, round(abs(float(r.value) * float(r.scale)), 2)) not in shipped
        and (r.firm, r.period_start, r.period_end, r.line_item, round(float(r.value), 4)) not in left
    ]
    assert lost == []


def test_every_table_is_described():
    described = {path for resource in PACKAGE["resources"] for path in ([resource["path"]] if isinstance(resource["path"], str) else [])}
    assert {path.name for path in ROOT.glob("*.csv")} == described


def test_the_readme_counts_what_is_there():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    read_from = FACTS["read_from"].value_counts()
    assert f"{len(FACTS)} facts on nine firms from {FACTS['document'].nunique()} documents" in text
    assert f"{read_from['secondary']} come from reports that quote a filing, {read_from['vendor']} from data vendors' copies" in text
    assert f"| figures | {len(read_table('left_out'))} |" in text


def test_listings_of_firms_are_those_of_the_trading_table():
    firms = read_table("firms").set_index("firm")
    for row in read_table("trading").itertuples():
        assert firms.loc[row.firm, ["listed_on", "stock_code", "listed_from"]].tolist() == [row.venue, row.code, row.first_day]
