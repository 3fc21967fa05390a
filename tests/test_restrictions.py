"""The law: cases decided by OFAC and by 31 CFR 850, the laws that every decision obeys, names, timelines, gates and the command line."""

from __future__ import annotations

import csv
import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import finmodel as fm
from finmodel.arrivals import Calendar, known_receipts
from finmodel.cli import main
from finmodel.data import data_root, read_rows
from finmodel.errors import DataError
from finmodel.figures.restrictions import _closed, short
from finmodel.firms import firms
from finmodel.restrictions.access import in_force, publicly_traded, restriction_timeline, us_person_grid, who_may_buy
from finmodel.restrictions.designations import Designation, Names, normalise, read_designations, shipped_names
from finmodel.restrictions.engine import decide_cases
from finmodel.restrictions.regimes import load_regimes, read_regime
from finmodel.restrictions.transactions import Transaction
from finmodel.restrictions.words import REFUSALS, STRICTNESS, words

CASES = Path(__file__).parent / "data"
BAN = "us-securities-ban"
DAY = timedelta(days=1)
HIKVISION = "Hangzhou Hikvision Digital Technology Co., Ltd."


def ban(issuer, instrument="listed_share", action="buy", on="2022-03-01", investor="us_person", **more):
    decision = fm.decide(Transaction(investor, issuer, instrument, action, on, **more), BAN)
    return decision.answer


def outbound(**given_fields):
    fields = {"investor": "us_person", "issuer": "unlisted AI firm", "instrument": "private_share", "action": "buy", "on": "2025-06-01"}
    return fm.decide(Transaction(**{**fields, "target_listed_on": "none", **given_fields}), "us-outbound").answer


@pytest.mark.parametrize(
    ("file", "regime", "count"),
    [
        ("ofac_faq_cases.csv", BAN, 36),
        ("ofac_more_cases.csv", BAN, 66),
        ("outbound_cases.csv", "us-outbound", 10),
        ("outbound_more_cases.csv", "us-outbound", 50),
    ],
)
def test_the_decided_cases_are_answered_right(file, regime, count):
    table = decide_cases(CASES / file, [regime])
    wrong = table[table["answer"] != table["expected"]]
    assert wrong[["case", "expected", "answer", "why"]].to_dict("records") == []
    assert len(table) == count
    assert (table["citation"] != "").all()


def test_the_table_of_the_ban_by_window():
    """Section by section what a US person may do before day 60, to day 365 and after, with Dawning (listed 2021-12-16)."""
    windows = ("2022-02-13", "2022-02-14", "2022-12-15", "2022-12-16")
    expected = {
        ("buy", "invest"): ["permitted", "prohibited", "prohibited", "prohibited"],
        ("sell", "invest"): ["permitted", "prohibited", "prohibited", "prohibited"],
        ("sell", "divest"): ["permitted", "permitted-divestment", "permitted-divestment", "needs-authorisation"],
        ("buy", "divest"): ["permitted", "permitted-divestment", "permitted-divestment", "needs-authorisation"],
        ("hold", "invest"): ["permitted"] * 4,
        ("receive_dividend", "invest"): ["permitted"] * 4,
        ("receive_split", "invest"): ["permitted"] * 4,
        ("receive_gift", "invest"): ["permitted"] * 4,
        ("custody", "invest"): ["permitted"] * 4,
        ("reinvest_dividend", "invest"): ["permitted", "prohibited", "prohibited", "prohibited"],
        ("buy", "evade"): ["prohibited"] * 4,
    }
    for (action, purpose), answers in expected.items():
        assert [ban("dawning", action=action, purpose=purpose, on=day) for day in windows] == answers, (action, purpose)


@pytest.mark.parametrize("instrument", ["listed_share", "otc_bond", "option", "warrant", "depositary_receipt"])
def test_every_public_instrument_is_covered(instrument):
    assert ban(HIKVISION, instrument, on="2021-08-01") == "permitted"
    assert ban(HIKVISION, instrument, on="2021-08-02") == "prohibited"


def test_funds_go_by_whether_they_divest():
    for fund in ("etf", "index_fund"):
        assert ban(HIKVISION, fund, on="2021-12-01", fund_divesting="no") == "prohibited"
        assert ban(HIKVISION, fund, on="2021-12-01", fund_divesting="yes") == "permitted-divestment"
        assert ban(HIKVISION, fund, on="2022-06-03", fund_divesting="yes") == "prohibited"
    open_fact = fm.decide(Transaction("us_person", HIKVISION, "etf", "buy", "2021-12-01"), BAN)
    assert open_fact.answer == "unclear"
    assert open_fact.facts_needed == ("fund_divesting",)


@pytest.mark.parametrize("action", ["buy", "sell", "clear", "custody", "advise", "reinvest_dividend", "convert"])
def test_us_persons_may_serve_non_us_persons(action):
    assert ban(HIKVISION, action=action, acting_for="non_us_person") == "permitted"
    assert ban(HIKVISION, action=action, acting_for="non_us_person", purpose="evade") == "prohibited"


def test_a_service_to_a_us_person_follows_the_trade():
    assert ban(HIKVISION, action="clear", acting_for="us_person", purpose="divest") == "permitted-divestment"
    assert ban(HIKVISION, action="clear", acting_for="us_person", purpose="invest") == "prohibited"
    assert ban(HIKVISION, action="advise", acting_for="us_person", purpose="invest") == "prohibited"
    assert ban(HIKVISION, action="buy", investor="non_us_person", acting_for="us_person") == "prohibited"


def test_private_shares_and_goods_are_outside_the_ban():
    for instrument in ("private_share", "private_fund", "goods_or_services"):
        for action in ("buy", "sell", "hold"):
            assert ban("megvii", instrument, action, "2023-01-01") == "permitted"


def test_what_no_one_has_decided_is_unclear_with_both_readings():
    for instrument, action in (("ipo_share", "buy"), ("private_share", "convert"), ("depositary_receipt", "convert")):
        before = fm.decide(Transaction("us_person", "cloudwalk", instrument, action, "2022-02-13"), BAN)
        after = fm.decide(Transaction("us_person", "cloudwalk", instrument, action, "2022-02-14"), BAN)
        assert before.answer == "permitted"
        assert after.answer == "unclear"
        assert set(after.findings[0].readings) == {"permitted", "prohibited"}
        assert after.facts_needed


def test_dawning_was_under_the_ban_free_and_under_it_again():
    days = ("2021-01-10", "2021-01-11", "2021-06-02", "2021-06-03", "2022-02-13", "2022-02-14", "2026-08-31")
    answers = [ban("Dawning Information Industry Co., Ltd.", on=day) for day in days]
    assert answers == ["permitted", "prohibited", "prohibited", "permitted", "permitted", "prohibited", "prohibited"]


def test_the_first_order_by_the_law_of_its_time():
    """EO 13959 as issued banned purchases; EO 13974 added sales the next day, and possession after a day it did not reach."""
    early = {"law_as_of": "2021-01-12", "on": "2021-01-12"}
    later = {"law_as_of": "2021-03-01", "on": "2021-03-01"}
    held, fresh = "2020-06-01", "2021-01-20"
    assert ban(HIKVISION, **early) == "prohibited"
    assert ban(HIKVISION, action="sell", acquired_on=held, **early) == "permitted"
    assert ban(HIKVISION, action="sell", purpose="divest", acquired_on=held, **early) == "permitted-divestment"
    assert ban(HIKVISION, action="buy", purpose="divest", acquired_on=held, **early) == "permitted-divestment"
    assert ban(HIKVISION, action="receive_gift", **later) == "permitted"
    assert ban(HIKVISION, action="sell", acquired_on=held, **later) == "prohibited"
    assert ban(HIKVISION, action="sell", purpose="divest", acquired_on=held, **later) == "permitted-divestment"
    assert ban(HIKVISION, action="sell", purpose="divest", acquired_on=fresh, **later) == "prohibited"
    assert ban(HIKVISION, action="sell", purpose="divest", **later) == "unclear"
    for day, answer in (("2021-11-11", "permitted"), ("2021-11-12", "prohibited")):
        assert ban(HIKVISION, action="hold", on=day, law_as_of="2021-03-01") == answer
        assert ban(HIKVISION, action="hold", on=day) == "permitted"
    assert (
        ban(HIKVISION, action="sell", purpose="divest", acquired_on=held, on="2021-11-12", law_as_of="2021-03-01") == "needs-authorisation"
    )


def test_names_listed_later_and_names_that_only_match_closely():
    smic, mobile = "SMIC", "China Mobile Limited"
    assert [ban(smic, on=day) for day in ("2021-01-31", "2021-02-01")] == ["permitted", "prohibited"]
    assert [ban(mobile, on=day, law_as_of=day) for day in ("2021-03-08", "2021-03-09")] == ["permitted", "prohibited"]
    assert ban(mobile, on="2021-01-12", law_as_of="2021-01-07") == "prohibited"
    assert ban("Hikvision Digital Systems Limited", on="2021-05-01", law_as_of="2021-05-01") == "permitted"
    assert ban("Xiaomi Corporation", on="2021-03-16") == "permitted"


def test_trade_date_counts_for_the_ban_and_completion_for_the_outbound_rule():
    assert ban("cloudwalk", on="2022-02-13", completed_on="2022-02-15") == "permitted"
    dated = {"on": "2024-12-30", "issuer": "megvii", "target_listed_on": "", "target_activity": "ai_image_recognition"}
    assert outbound(**dated, completed_on="2024-12-31") == "permitted"
    assert outbound(**dated, completed_on="2025-01-02") == "prohibited"


def test_ownership_does_not_list_a_name():
    decision = fm.decide(Transaction("us_person", "Shenzhen SenseTime Technology Co., Ltd.", "listed_share", "buy", "2022-03-01"), BAN)
    assert decision.answer == "permitted"
    assert "not on the list" in decision.why[0].because
    assert ban("Beijing Megvii Technology Co., Ltd.") == "permitted"


def test_an_unknown_issuer_is_permitted_and_the_nearest_names_are_proposed():
    decision = fm.decide(Transaction("us_person", "Cloudwalk Tecnology", "listed_share", "buy", "2022-03-01"))
    assert decision.answer == "permitted"
    assert "not on the list" in decision.why[0].because
    assert "CLOUDWALK TECHNOLOGY CO., LTD." in decision.proposed
    assert "CLOUDWALK TECHNOLOGY CO., LTD." in str(decision)


def test_sensetime_is_contested_and_can_be_settled():
    t = Transaction("us_person", "sensetime", "listed_share", "buy", "2022-03-01")
    decision = fm.decide(t, BAN)
    assert decision.answer == "unclear"
    assert set(decision.findings[0].readings) == {"permitted", "prohibited"}
    assert "SenseTime Group Inc." in decision.facts_needed[0]
    assert fm.decide(t, BAN, contested="listed").answer == "prohibited"
    assert fm.decide(t, BAN, contested="not-listed").answer == "permitted"
    assert ban("SenseTime Group Inc.") == "unclear"
    assert ban("SENSETIME GROUP LIMITED") == "prohibited"
    assert ban("sensetime", on="2022-02-07") == "permitted"
    with pytest.raises(ValueError, match="contested"):
        fm.decide(t, BAN, contested="both")


def test_law_contract_and_practice_of_the_offering_of_december_2021():
    us = fm.decide(Transaction("us_person", "sensetime", "ipo_share", "buy", "2021-12-23"))
    other = fm.decide(Transaction("non_us_person", "sensetime", "ipo_share", "buy", "2021-12-23"))
    assert us.answers[BAN] == "permitted"
    assert us.answer == "permitted"
    assert us.contractual.startswith("closed")
    assert us.practical
    assert other.answer == "permitted"
    assert other.contractual == ""
    assert fm.decide(Transaction("us_person", "sensetime", "listed_share", "buy", "2021-12-30")).contractual == ""


def test_the_entity_list_is_about_goods_to_the_firm_never_about_shares():
    def answer(instrument, action, investor="us_person", issuer="cloudwalk", on="2021-01-01", **more):
        return fm.decide(Transaction(investor, issuer, instrument, action, on, **more), "us-entity-list").answer

    assert answer("listed_share", "buy") == "permitted"
    assert answer("goods_or_services", "buy") == "permitted"
    assert answer("goods_or_services", "sell") == "needs-authorisation"
    assert answer("goods_or_services", "sell", on="2020-06-04") == "permitted"
    assert answer("goods_or_services", "sell", subject_to_ear="no") == "permitted"
    assert answer("goods_or_services", "sell", "non_us_person") == "unclear"
    assert answer("goods_or_services", "sell", "non_us_person", subject_to_ear="yes") == "needs-authorisation"
    assert answer("goods_or_services", "sell", issuer="Acme Robotics") == "unclear"
    affiliate = "Shenzhen SenseTime Technology Co., Ltd."
    assert answer("goods_or_services", "sell", issuer=affiliate, on="2025-09-28") == "permitted"
    assert answer("goods_or_services", "sell", issuer=affiliate, on="2025-09-29") == "unclear"
    assert answer("goods_or_services", "sell", issuer=affiliate, on="2025-11-10") == "permitted"


def test_procurement_lists_bind_buyers_not_investors():
    def answer(regime, investor, instrument="goods_or_services", on="2026-07-01", issuer="dji"):
        return fm.decide(Transaction(investor, issuer, instrument, "buy", on), regime).answer

    assert answer("us-1260h", "us_defense_department") == "prohibited"
    assert answer("us-1260h", "us_defense_department", on="2026-06-29") == "permitted"
    assert answer("us-1260h", "us_person") == "permitted"
    assert answer("us-1260h", "us_defense_department", issuer="megvii") == "permitted"
    assert answer("us-section-889", "us_federal_agency") == "permitted"
    assert answer("us-section-889", "us_federal_agency", issuer="ZTE Corporation") == "prohibited"
    assert answer("uk-procurement", "uk_government_department") == "unclear"
    for regime in ("us-1260h", "us-section-889", "uk-procurement", "us-fcc-covered-list", "us-entity-list"):
        assert answer(regime, "us_person", "listed_share") == "permitted"


def test_the_outbound_rule_by_activity():
    expected = {
        "ai_intended_for_mass_surveillance": "prohibited",
        "ai_designed_exclusively_for_mass_surveillance": "prohibited",
        "ai_designed_for_mass_surveillance_not_exclusively_not_intended": "notifiable",
        "ai_intended_for_military": "prohibited",
        "ai_robot_control": "notifiable",
        "ai_cybersecurity": "notifiable",
        "ai_digital_forensics": "notifiable",
        "ai_trained_1e23": "permitted",
        "ai_trained_1.1e23": "notifiable",
        "ai_trained_1e25": "notifiable",
        "ai_trained_2e25": "prohibited",
        "ai_trained_biological_2e24": "prohibited",
        "ai_trained_biological_5e23": "notifiable",
        "ai_image_recognition": "unclear",
        "ai_other": "permitted",
        "none": "permitted",
    }
    assert {activity: outbound(target_activity=activity) for activity in expected} == expected


@pytest.mark.parametrize("target_list", ["NS-CMIC", "Entity List", "MEU", "MIEU", "SDN", "FTO"])
def test_a_listed_target_turns_notifiable_into_prohibited(target_list):
    assert outbound(target_activity="ai_robot_control", target_listed_on=target_list) == "prohibited"
    assert outbound(target_activity="ai_trained_5e23", target_listed_on=target_list) == "prohibited"
    assert outbound(target_activity="ai_other", target_listed_on=target_list) == "permitted"


def test_the_exceptions_of_the_outbound_rule():
    bad = {"target_activity": "ai_intended_for_mass_surveillance"}
    assert outbound(**bad, target_listed_on="1260H") == "prohibited"
    assert outbound(**bad, instrument="listed_share") == "excepted"
    assert outbound(**bad, instrument="listed_share", rights="board_seat") == "prohibited"
    assert outbound(**bad, instrument="lp_interest", fund_commitment_usd="2,000,000") == "excepted"
    assert outbound(**bad, instrument="lp_interest", fund_commitment_usd="2000001") == "prohibited"
    assert outbound(**bad, instrument="lp_interest", fund_commitment_usd="2000001", assurances="yes") == "excepted"
    assert outbound(**bad, instrument="lp_interest", fund_commitment_usd="1000000", rights="control") == "prohibited"
    assert outbound(**bad, instrument="lp_interest") == "unclear"
    assert outbound(**bad, instrument="capital_call") == "excepted"
    assert outbound(**bad, instrument="capital_call", acquired_on="2024-06-01") == "excepted"
    late = {"instrument": "capital_call", "acquired_on": "2025-01-02"}
    assert outbound(**bad, **late, fund_commitment_usd=3e6) == "prohibited"
    assert outbound(**bad, **late, fund_commitment_usd=1e6) == "excepted"
    assert outbound(**bad, action="buy_out_all_prc_holders", rights="control") == "excepted"
    assert outbound(**bad, instrument="otc_bond") == "permitted"
    assert outbound(**bad, instrument="convertible_note", action="convert", acquired_on="2025-01-01") == "permitted"
    assert outbound(**bad, instrument="convertible_note", action="convert", acquired_on="2025-01-02") == "prohibited"
    assert outbound(**bad, knowledge="no") == "permitted"
    for action in ("sell", "hold", "receive_dividend"):
        assert outbound(**bad, action=action) == "permitted"


def test_who_is_bound_by_the_outbound_rule():
    bad, notice = {"target_activity": "ai_intended_for_mass_surveillance"}, {"target_activity": "ai_robot_control"}
    assert outbound(**bad, investor="non_us_person") == "permitted"
    assert outbound(**bad, investor="us_controlled_foreign_entity") == "us_parent_must_prevent"
    assert outbound(**notice, investor="us_controlled_foreign_entity") == "notifiable"
    assert outbound(**bad, investor="controlled_foreign_entity", instrument="listed_share") == "excepted"
    assert outbound(**bad, investor="us_person", action="direct") == "prohibited"
    assert outbound(**notice, investor="us_person", action="direct") == "permitted"
    assert outbound(**bad, investor="us_person_officer_of_non_us_firm", action="direct") == "prohibited"
    assert outbound(**bad, investor="us_person_officer_of_non_us_firm_recused", action="direct") == "permitted"


def test_private_shares_of_megvii_in_2025():
    decision = fm.decide(Transaction("us_person", "megvii", "private_share", "buy", "2025-03-01"))
    assert decision.answers[BAN] == "permitted"
    assert decision.answers["us-outbound"] == "prohibited"
    assert decision.answer == "prohibited"
    assert decision.refused


def test_a_day_after_the_law_was_checked_is_unverified():
    t = Transaction("us_person", "cloudwalk", "listed_share", "buy", "2026-08-31")
    assert fm.decide(t, BAN).answer == "prohibited"
    assert fm.decide(t, BAN).verified
    later = fm.decide(replace(t, on="2026-09-01", completed_on="2026-09-01"), BAN)
    assert later.answer == "unclear"
    assert not later.verified
    assert later.findings[0].confidence == "unverified"
    assert "prohibited" in later.findings[0].readings
    assert later.law_verified_to == date(2026, 8, 31)
    assert fm.decide(replace(t, on="2027-01-01", completed_on="2027-01-01", law_as_of="2026-08-31"), BAN).answer == "prohibited"


# Laws that every decision obeys.

NAMED = [d.legal_name for d in shipped_names().designations]
transactions = st.builds(
    Transaction,
    investor=st.sampled_from(list(words()["investor"])),
    issuer=st.sampled_from([*NAMED, *(f.firm for f in firms()), "Acme Robotics"]),
    instrument=st.sampled_from(list(words()["instrument"])),
    action=st.sampled_from(list(words()["action"])),
    on=st.dates(date(2019, 1, 1), date(2026, 8, 31)),
    acting_for=st.sampled_from(list(words()["acting_for"])),
    purpose=st.sampled_from(list(words()["purpose"])),
    acquired_on=st.none() | st.dates(date(2018, 1, 1), date(2026, 8, 31)),
    law_as_of=st.none() | st.dates(date(2019, 1, 1), date(2026, 8, 31)),
    fund_divesting=st.sampled_from(["", "yes", "no"]),
    target_activity=st.sampled_from(["", *words()["target_activity"], "ai_trained_5e23", "ai_trained_2e25"]),
    target_listed_on=st.sampled_from(["", *words()["target_listed_on"]]),
    rights=st.sampled_from(list(words()["rights"])),
    fund_commitment_usd=st.none() | st.sampled_from([1e6, 2e6, 3e6]),
)


@given(transactions)
def test_every_answer_is_known_reasoned_and_cited(t):
    decision = fm.decide(t)
    for finding in decision.findings:
        assert finding.answer in STRICTNESS
        assert finding.because
        assert finding.citation
        assert (finding.answer == "unclear") == bool(finding.readings)
        if finding.answer == "unclear":
            assert finding.facts_needed
    assert decision.answer == max(decision.answers.values(), key=STRICTNESS.index)
    assert json.loads(json.dumps(decision.records()))


@given(transactions)
def test_a_non_us_person_for_itself_is_never_refused_by_the_ban(t):
    t = replace(t, investor="non_us_person", acting_for="self")
    assert fm.decide(t, BAN).answer not in REFUSALS


@given(transactions, st.sampled_from([d for d in shipped_names().designations if d.list in ("ns-cmic", "ns-ccmc", "entity-list", "1260h")]))
def test_another_designation_never_turns_a_refusal_into_a_permission(t, like):
    names = shipped_names()
    before = fm.decide(t, names=names)
    issuer = names.identify(t.issuer)
    added = replace(like, legal_name=issuer.legal_name, firm=issuer.firm, relation="issuer")
    after = fm.decide(t, names=Names((*names.designations, added), read_rows("aliases"), firms()))
    for regime, answer in before.answers.items():
        if answer in REFUSALS:
            assert after.answers[regime] in REFUSALS


@given(transactions)
def test_the_law_before_a_regime_was_made_ignores_it(t):
    born = {r.name: min(m.made for m in r.measures if m.rules) for r in load_regimes().values() if r.decides}
    for regime, made in born.items():
        decision = fm.decide(replace(t, law_as_of=made - DAY), regime)
        assert decision.answer == "permitted"
        assert "no measure of it is in force" in decision.findings[0].because


@given(st.sampled_from([d for d in shipped_names().designations if d.list == "ns-cmic"]), st.sampled_from(["buy", "sell"]))
def test_windows_are_half_open(d, action):
    assume(d.relation != "subsidiary")

    def answer(day, purpose):
        return ban(d.legal_name, action=action, on=day, purpose=purpose, acquired_on="2018-01-01")

    assert answer(d.effective_on - DAY, "invest") == "permitted"
    assert answer(d.effective_on, "invest") == "prohibited"
    assert answer(d.effective_on, "divest") == "permitted-divestment"
    assert answer(d.divest_by - DAY, "divest") == "permitted-divestment"
    assert answer(d.divest_by, "divest") == "needs-authorisation"


# Data.


def test_the_list_of_the_ban_is_the_one_published():
    names = [d for d in shipped_names().designations if d.list == "ns-cmic"]
    assert len(names) == 68
    assert sum(d.listed_on == date(2021, 6, 3) for d in names) == 59
    assert {d.firm for d in names} - {""} == {f.firm for f in firms()}
    for d in names:
        assert d.effective_on == d.listed_on + 60 * DAY
        assert d.divest_by == d.listed_on + 365 * DAY


def test_the_first_list_has_the_names_known():
    listed = [d for d in shipped_names().designations if d.list == "ns-ccmc" and d.relation != "close-match"]
    assert len(listed) == 31 + 4 + 9 + 4 + 1  # one of the nine was misspelt and named again
    assert all(d.ended_on for d in listed)


def test_the_ban_never_bit_on_the_two_firms_that_courts_freed():
    for name in ("Luokung Technology Corp.", "Luokong Technology Corporation", "Xiaomi Corporation"):
        assert {ban(name, on=f"2021-{month:02}-10") for month in range(1, 13)} == {"permitted"}


def test_an_answer_that_rests_on_one_source_says_so():
    supply = Transaction("us_person", "Beijing SenseTime Technology Development Co., Ltd.", "goods_or_services", "sell", "2022-03-01")
    decision = fm.decide(supply, "us-entity-list")
    assert (decision.answer, decision.why[0].confidence) == ("needs-authorisation", "single")
    assert "listing from one source" in str(decision) and "85-FR-44159" in str(decision)
    assert decision.records()[0]["doubt"]
    weak = [d for d in shipped_names().designations if d.status != "confirmed"]
    assert weak and all(d.note for d in weak)


def test_no_refusal_rests_on_a_listing_that_is_unverified():
    names = shipped_names()
    listed = [replace(d, status="unverified") if d.firm == "cloudwalk" else d for d in names.designations]
    doubted = Names(listed, read_rows("aliases"), firms())
    decision = fm.decide(Transaction("us_person", "cloudwalk", "listed_share", "buy", "2022-06-15"), BAN, names=doubted)
    assert decision.answer == "unclear"
    assert set(decision.why[0].readings) == {"permitted", "prohibited"}
    assert decision.why[0].confidence == "unverified"


def test_every_regime_says_what_it_does_not_forbid_and_ends_in_a_rule_that_always_holds():
    assert {"us-securities-ban", "us-outbound", "us-entity-list", "us-hfcaa", "cn-star-standards", "hk-chapter-18c"} <= set(load_regimes())
    lists = {d.list for d in shipped_names().designations}
    used = {name for regime in load_regimes().values() for m in regime.measures for name in m.lists}
    assert lists == used
    for regime in load_regimes().values():
        assert regime.summary
        assert regime.does_not_forbid
        assert regime.verified_to == date(2026, 8, 31)
        for measure in regime.measures:
            assert measure.citation
            assert measure.made <= measure.start
            assert not measure.rules or not measure.rules[-1].when


def test_a_name_is_matched_exactly_whatever_its_case_and_punctuation():
    assert normalise("CLOUDWALK TECHNOLOGY CO., LTD.") == normalise("CloudWalk Technology Co Ltd")
    names = shipped_names()
    assert names.identify("云从科技").firm == "cloudwalk"
    assert names.identify("Sugon").firm == "dawning"
    assert not names.identify("Cloudflare").known
    for d in names.designations:
        assert (d, "listed") in names.matches(names.identify(d.legal_name))


def test_bad_designations_are_refused_with_every_row():
    bad = read_rows("designations")[:3]
    bad[0]["listed_on"] = "16 Dec 2021"
    bad[1]["relation"] = "cousin"
    bad[2] |= {"effective_on": "2022-03-01", "divest_by": "2022-02-01"}
    with pytest.raises(DataError) as error:
        read_designations(bad, "mine.csv")
    text = str(error.value)
    assert all(part in text for part in ("mine.csv, row 2, listed_on", "'cousin'", "divest_by 2022-02-01 before effective_on"))
    with pytest.raises(DataError, match="no column 'firm'"):
        read_designations([{name: cell for name, cell in row.items() if name != "firm"} for row in bad])


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (('answer = "permitted"', 'answer = "allowed"'), "answer 'allowed'"),
        (("listed = false", "lisstd = false"), "condition 'lisstd'"),
        (('purpose = "evade"', 'purpose = "evading"'), "purpose 'evading'"),
        (('"$not_public"', '"$private"'), r"group '\$private'"),
        (("made = 2020-11-12", ""), "no 'made'"),
        (("end = 2021-01-13", "end = 2020-01-13"), "end 2020-01-13"),
        (('confidence = "single"', 'confidence = "sure"'), "confidence 'sure'"),
        (('title = "', 'titel = "'), "key 'titel'"),
        (("[[measure]]", "[[measure"), "TOML"),
    ],
)
def test_a_regime_file_with_a_mistake_is_refused(tmp_path, edit, message):
    text = (data_root() / "restrictions" / "us-securities-ban.toml").read_text(encoding="utf-8")
    assert edit[0] in text
    path = tmp_path / "mine.toml"
    path.write_text(text.replace(*edit, 1), encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read_regime(path)


# Access.


def test_who_may_buy_cloudwalk_on_its_first_day():
    table = fm.who_may_buy("cloudwalk", "2022-05-27").table
    shares = table[table["variant"] == "listed_share"].set_index("investor")["answer"].to_dict()
    assert shares == {"us_person": "prohibited", "us_controlled_foreign_entity": "permitted", "non_us_person": "permitted"}
    private = fm.who_may_buy("megvii", "2023-01-01").table
    assert private[private["variant"] == "private_share"]["answer"].eq("permitted").all()
    with pytest.raises(LookupError, match="sensetime"):
        fm.who_may_buy("sensetme", "2022-01-01")


def test_the_quarterly_grid_of_the_nine():
    results = fm.us_person_grid()
    table = results.table
    assert len(table) == 9 * 32 * 3
    answer = table.set_index(["firm", "quantity", "period"])["answer"]
    assert answer["dawning", "buy", "2021-01-01"] == "permitted"
    assert answer["dawning", "buy", "2021-04-01"] == "prohibited"
    assert answer["dawning", "buy", "2021-07-01"] == "permitted"
    assert answer["dawning", "buy", "2022-04-01"] == "prohibited"
    assert answer["cloudwalk", "sell_to_divest", "2022-10-01"] == "permitted-divestment"
    assert answer["cloudwalk", "sell_to_divest", "2023-01-01"] == "needs-authorisation"
    assert answer["megvii", "buy", "2024-10-01"] == "permitted"
    assert answer["megvii", "buy", "2025-04-01"] == "prohibited"
    assert answer["sensetime", "buy", "2022-04-01"] == "unclear"
    assert answer["netposa", "buy", "2022-07-01"] == "unclear"
    assert table[table["quantity"] == "hold"].query("period < '2026-09'")["answer"].eq("permitted").all()
    assert table.query("period > '2026-08-31'")["status"].eq("unverified").all()
    assert results.records()[0]["value"] is None


def test_what_is_in_force_and_the_timeline():
    assert set(in_force("dawning", "2020-01-01").table["quantity"]) == {"us-entity-list"}
    assert set(in_force("dawning", "2023-01-01").table["quantity"]) == {"us-entity-list", BAN, "us-1260h"}
    assert in_force("dawning", "2023-01-01", law_as_of="2019-01-01").table.empty
    timeline = fm.restriction_timeline("sensetime").table
    assert timeline["period"].is_monotonic_increasing
    told = timeline.set_index("period")["note"]
    assert "ban takes effect" in told["2022-02-08"]
    assert {"designation", "trading", "funding_round"} <= set(timeline["quantity"])


def test_shares_are_traded_from_the_first_day_to_the_last():
    assert [publicly_traded("netposa", day) for day in ("2019-01-01", "2022-06-29", "2022-06-30")] == [True, True, False]
    assert not publicly_traded("dji", "2024-01-01")


def test_gates_of_a_listing():
    star = fm.listing_gates("megvii", "STAR", "2024-05-01").table
    assert {"cn-star-standards", "cn-star-2023-tightening", BAN} == set(star["quantity"])
    assert "sci-tech-attributes-2024" in set(star["variant"])
    assert "sci-tech-attributes-2021" not in set(star["variant"])
    assert "cn-overseas-filing" not in set(fm.listing_gates("megvii", "HKEX", "2023-03-30").table["quantity"])
    assert "cn-overseas-filing" in set(fm.listing_gates("megvii", "HKEX", "2023-03-31").table["quantity"])
    with pytest.raises(LookupError, match="HKEX"):
        fm.listing_gates("megvii", "HKX", "2023-03-31")


# Bad input and the command line.


def test_a_transaction_with_several_mistakes_names_them_all():
    with pytest.raises(ValueError, match="did you mean 'us_person'") as error:
        Transaction("us_persn", "megvii", "share", "", "1 March 2022")
    text = str(error.value)
    assert all(part in text for part in ("'share' is no instrument", "action: blank", "'1 March 2022'"))


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


def run(*arguments):
    """Run a command in this process, as the shell would."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with redirect_stdout(out), redirect_stderr(err), patch.object(sys, "argv", ["finmodel", "restrictions", *map(str, arguments)]):
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
    return Done(code, out.getvalue(), err.getvalue())


def test_cases_pass_through_the_command_line(tmp_path):
    out = tmp_path / "answers.csv"
    done = run("decide", "--regime", BAN, "--cases", CASES / "ofac_faq_cases.csv", "-o", out)
    assert done.returncode == 0, done.stderr
    before, after = pd.read_csv(CASES / "ofac_faq_cases.csv", dtype=str), pd.read_csv(out, dtype=str)
    assert list(after.columns[: len(before.columns)]) == list(before.columns)
    assert {"answer", "why", "citation"} <= set(after.columns)
    pd.testing.assert_frame_equal(after[before.columns], before)
    assert (after["answer"] == after["expected"]).all()


def test_bad_cases_are_named_row_by_row_and_nothing_is_written(tmp_path):
    cases = tmp_path / "cases.csv"
    cases.write_text(
        "investor,issuer,instrument,action,on\nus_person,megvii,private_share,buy,2022-01-01\n"
        "martian,megvii,private_share,buy,2022-01-01\nus_person,,private_share,buy,01/02/2022\n",
        encoding="utf-8",
    )
    done = run("decide", "--cases", cases, "-o", tmp_path / "out.csv")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert all(text in done.stderr for text in ("row 3, investor: 'martian'", "row 4, issuer: blank", "row 4, on: '01/02/2022'"))
    assert not (tmp_path / "out.csv").exists()
    cases.write_text("investor,issuer,Instrument\n", encoding="utf-8")
    done = run("decide", "--cases", cases)
    assert done.returncode == 2
    assert "no column 'action'" in done.stderr
    assert "column 'Instrument'" in done.stderr
    cases.write_bytes(b"investor,issuer\xff\n")
    assert "UTF-8" in run("decide", "--cases", cases).stderr


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("us_person,megvii,private_share,buy,2022-01-01,more\nus_person,megvii\n", ("row 2: found 6 cells", "row 3: found 2 cells")),
        ('us_person,"megvii\n', ("unexpected end of data",)),
        ("us_person,megvii,private_share,buy,2022-13-01\n", ("row 2, on: '2022-13-01'",)),
    ],
)
def test_a_row_of_another_length_is_refused_and_never_shifted(tmp_path, text, found):
    cases = tmp_path / "cases.csv"
    cases.write_text("investor,issuer,instrument,action,on\n" + text, encoding="utf-8")
    with pytest.raises(DataError) as error:
        decide_cases(cases)
    assert all(part in str(error.value) for part in found)
    cases.write_text("investor,issuer,issuer,instrument,action,on\n", encoding="utf-8")
    with pytest.raises(DataError, match="column 'issuer' 2 times"):
        decide_cases(cases)


def test_a_commitment_of_nothing_is_a_fact_that_was_given():
    assert outbound(instrument="lp_interest", action="buy", fund_commitment_usd=0.0, target_activity="quantum") == "excepted"


def test_impossible_transactions_are_refused():
    with pytest.raises(ValueError, match="completed_on: 2024-01-01 before the trade"):
        Transaction("us_person", "megvii", "private_share", "buy", "2025-03-01", completed_on="2024-01-01")
    for amount in ("-5", -5.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="committed capital"):
            Transaction("us_person", "fund", "lp_interest", "buy", "2025-03-01", fund_commitment_usd=amount)


def test_of_the_same_answer_the_regime_with_a_listing_or_on_securities_comes_first():
    assert fm.decide(Transaction("us_person", "Acme Robotics", "listed_share", "buy", "2022-03-01")).why[0].regime == BAN
    assert fm.decide(Transaction("us_person", "cloudwalk", "listed_share", "hold", "2022-03-01")).why[0].matched


def test_commands_print():
    decided = run(
        "decide", "--investor", "us_person", "--issuer", "megvii", "--instrument", "private_share", "--action", "buy", "--on", "2025-03-01"
    )
    assert decided.stdout.startswith("prohibited\n")
    assert "us-securities-ban: permitted" in decided.stdout
    records = json.loads(run("show", "cloudwalk", "--on", "2023-01-01", "--format", "json").stdout)
    assert {r["quantity"] for r in records} == {"us-entity-list", BAN, "us-1260h"}
    rows = list(csv.DictReader(io.StringIO(run("who-may-buy", "cloudwalk", "--on", "2022-05-27", "--format", "csv").stdout)))
    assert rows[0]["answer"] == "prohibited"
    assert run("show", "sensetme").returncode == 2
    assert (
        run(
            "decide",
            "--regime",
            "us-ban",
            "--investor",
            "us_person",
            "--issuer",
            "x",
            "--instrument",
            "etf",
            "--action",
            "buy",
            "--on",
            "2022-01-01",
        ).returncode
        == 2
    )
    assert "ban takes effect: CLOUDWALK" in run("timeline", "cloudwalk").stdout
    assert "sci-tech" not in run("gates", "megvii", "HKEX", "--on", "2019-08-25").stdout
    grid = json.loads(run("grid", "--format", "json").stdout)
    assert len(grid) == 9 * 32 * 3
    listed = json.loads(run("list", "--format", "json").stdout)
    assert len(listed) == len(load_regimes())


def test_lists_on_the_command_line(tmp_path):
    days = "Effective Date (CMIC) 14 Feb 2022; Purchase/Sales For Divestment Date (CMIC) 16 Dec 2022; Listing Date (CMIC) 16 Dec 2021"
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    row = '{},"EXAMPLE {} LIMITED",-0- ,"CMIC-EO13959",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,"{}."\r\n'
    old.write_text(row.format(1, "OPTICS", days), encoding="utf-8")
    new.write_text(row.format(1, "OPTICS", days) + row.format(2, "LENSES", days), encoding="utf-8")
    assert "1 designations" in run("load", old, "-o", tmp_path / "out.csv").stdout
    assert len(read_designations(list(csv.DictReader((tmp_path / "out.csv").read_text(encoding="utf-8").splitlines())))) == 1
    assert json.loads(run("load", new, "--format", "json").stdout)[1]["legal_name"] == "EXAMPLE LENSES LIMITED"
    changes = json.loads(run("diff", old, new, "--format", "json").stdout)
    assert [(c["change"], c["legal_name"]) for c in changes] == [("added", "EXAMPLE LENSES LIMITED")]
    assert "0 changes" in run("diff", old, old).stdout
    new.write_text("1,2,3\r\n", encoding="utf-8")
    assert run("load", new, "-o", tmp_path / "none.csv").returncode == 2
    assert not (tmp_path / "none.csv").exists()


def test_a_designation_knows_its_windows():
    d = next(d for d in shipped_names().designations if d.firm == "cloudwalk" and d.list == "ns-cmic")
    assert isinstance(d, Designation)
    assert [d.window(day) for day in (d.listed_on, d.effective_on, d.divest_by - DAY, d.divest_by)] == [
        "before",
        "divest",
        "divest",
        "after",
    ]
    assert not d.in_force(d.listed_on - DAY)
    assert not d.in_force(d.listed_on, law_as_of=d.announced_on - DAY)


def test_an_entry_that_was_narrowed_is_never_off_the_list() -> None:
    steps = restriction_timeline("sensetime").table
    entity = steps[(steps["quantity"] == "designation") & steps["note"].str.contains("entity-list")]
    assert not entity["note"].str.contains("off the list").any()
    narrowed = entity[entity["note"].str.startswith("narrowed to: Beijing SenseTime")].iloc[0]
    assert "stays listed" in narrowed["note"]
    assert "day unverified" in narrowed["note"]
    assert "Beijing SenseTime" not in "".join(entity.loc[entity["variant"] == "listed_on", "note"])
    assert short(narrowed) == "Entity List entry narrowed (2020, day unverified)"
    assert any("narrowed to Beijing SenseTime" in text for text in in_force("sensetime", "2021-11-30").assumptions)
    assert not any("narrowed" in text for text in in_force("sensetime", "2020-01-01").assumptions)
    off = restriction_timeline("megvii").table
    assert off["note"].str.contains("off the list").any()  # an end that is one


def test_the_grid_knows_the_exact_day_of_every_answer() -> None:
    table = us_person_grid(2021, 2026).table
    buy = table[table["quantity"] == "buy"].set_index(["firm", "period"])
    for firm, period, since in (
        ("cloudwalk", "2022-07-01", "2022-05-27"),
        ("megvii", "2025-04-01", "2025-01-02"),
        ("sensetime", "2022-04-01", "2022-02-08"),
        ("meiya-pico", "2022-04-01", "2022-02-14"),
    ):
        assert buy.loc[(firm, period), "since"] == since
        before = (date.fromisoformat(since) - timedelta(days=1)).isoformat()
        shares = ["listed_share", "private_share"]
        asked = [who_may_buy(firm, day, shares).table for day in (before, since)]
        kinds = buy.loc[(firm, period), "variant"]
        answers = [t[(t["investor"] == "us_person") & (t["variant"] == kinds)]["answer"].iloc[0] for t in asked]
        assert answers[1] == buy.loc[(firm, period), "answer"]
        assert answers[0] != answers[1] or firm == "cloudwalk"  # whose listing, not the law, is what changed
    title = _closed(table, list(dict.fromkeys(table["firm"])))
    assert "CloudWalk from 27 May 2022 (EO 14032)" in title
    assert "Megvii and Yitu from 2 Jan 2025 (31 CFR 850)" in title
    assert "unclear for SenseTime from 8 Feb 2022" in title


def test_a_placing_that_was_given_up_is_said_to_be_so() -> None:
    steps = restriction_timeline("cloudwalk").table
    planned = steps[steps["quantity"] == "placing_planned"].iloc[0]
    assert short(planned) == "A-share placing RMB 3.6 bn planned, never raised"
    assert not (steps["quantity"] == "placing").any()
    for day in ("2023-06-30", "2024-06-30", "2025-06-30"):
        start = date.fromisoformat(day).replace(year=int(day[:4]) - 1)
        assert known_receipts("cloudwalk", Calendar(date.fromisoformat(day), start, 8)) == ()
