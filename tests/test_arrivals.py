from datetime import date

import numpy as np
import pytest

from finmodel.arrivals import (
    PRIVATE,
    Assumptions,
    Books,
    Calendar,
    base_hazard,
    funding_arrivals,
    round_evidence,
    used_channels,
)
from finmodel.data import read_table
from finmodel.funding import channel_terms, market_terms
from finmodel.ipo import VENUES
from finmodel.levers import channels
from finmodel.scenarios import read_scenario

DAY = Calendar(date(2021, 12, 31), date(2021, 6, 30), 12)
NAMES = ("unrestricted", "baseline", "us-investment-ban", "star-ipo-barrier")


@pytest.fixture(scope="module")
def megvii():
    return funding_arrivals("megvii", DAY, [read_scenario(n) for n in NAMES], 512, 7, 1e9)


def test_every_channel_and_market_quantity_has_an_interval_and_a_reference():
    table = read_table("channel_terms")
    low, central, high = (table[c].astype(float) for c in ("low", "central", "high"))
    assert ((low <= central) & (central <= high)).all() and (table["reference"] != "").all()
    assert all(t.low <= t.central <= t.high and t.reference for t in market_terms().values())
    for channel in channels().index:
        wanted = {"application", "size", "cost", "cover"} if channel in VENUES else {"hazard", "size", "cost", "lead_time"}
        assert wanted <= set(channel_terms(channel, "megvii")), channel


def test_listed_and_unlisted_firms_have_different_channels():
    assert set(PRIVATE) <= set(used_channels("megvii", date(2021, 12, 31)))
    assert not set(PRIVATE) & set(used_channels("sensetime", date(2021, 12, 31)))
    assert "placing" in used_channels("megvii", date(2021, 12, 31))  # it may come to be listed


def test_nothing_arrives_in_quarters_that_are_over(megvii):
    assert (megvii.hazard[:, :, :1] == 0).all() and (megvii.hazard[0, 0, 2:] > 0).all()


def test_hazards_of_private_rounds_fall_with_access_and_prices_of_public_deals_with_the_elasticity(megvii):
    usd, placing = megvii.channels.index("usd_venture"), megvii.channels.index("placing")
    ratio = megvii.hazard[2, usd, 4:] / megvii.hazard[0, usd, 4:]
    assert np.allclose(ratio, megvii.access[2, usd, 4:]) and (ratio < 1).all()
    price = megvii.size[2, placing, 4:] / megvii.size[0, placing, 4:]
    assert np.allclose(price, megvii.access[2, placing, 4:] ** (1 / market_terms()["elasticity"].central))


def test_a_deal_whose_book_does_not_cover_the_offer_fails():
    book = Books("megvii", DAY, Assumptions({"placing.cover": 1.05}))
    access = book.access("placing", read_scenario("us-investment-ban"))
    assert (book.filled("placing", access)[4:] == 0).all()
    assert (book.filled("placing", np.ones(12)) == 1).all() and (book.filled("bank_debt", np.zeros(12)) == 1).all()


def test_a_closed_venue_changes_listings_and_nothing_else(megvii):
    assert (megvii.listed_at[3] >= megvii.listed_at[1]).all() and (megvii.listed_at[3] > megvii.listed_at[1]).any()
    assert (megvii.hazard[3] == megvii.hazard[1]).all() and (megvii.listing_size[3] == megvii.listing_size[1]).all()


def test_hazard_grows_back_after_a_round():
    soon = Calendar(date(2020, 6, 30), date(2020, 6, 30), 8)  # half a quarter after a round of May 2020
    hazard = base_hazard("cloudwalk", "rmb_venture", soon, Assumptions())
    assert (np.diff(hazard) >= 0).all() and hazard[0] < 0.5 * hazard[-1] and hazard[-1] == hazard[-2]
    level = base_hazard("megvii", "rmb_venture", DAY, Assumptions())
    assert np.ptp(level) == 0  # the last dated round was long before


def test_dated_rounds_of_other_firms_move_the_stated_hazards():
    stated = sum(channel_terms(c, "")["hazard"].central for c in PRIVATE)
    heavy = round_evidence(date(2021, 11, 30), "sensetime", Assumptions({"rounds_prior": 1e9}))
    assert heavy == pytest.approx(1.0, abs=1e-6)
    light = round_evidence(date(2021, 11, 30), "sensetime", Assumptions({"rounds_prior": 1e-9}))
    later = round_evidence(date(2024, 11, 30), "sensetime", Assumptions({"rounds_prior": 1e-9}))
    assert light * stated < 1 and later < light  # three more years without a round: the open spells count
    known = read_table("events").query("event_type == 'funding_round' and date <= '2021-11-30' and firm != 'sensetime'")
    assert len(known) >= 8


def test_the_share_of_us_persons_can_be_moved_within_its_interval():
    ban = read_scenario("us-investment-ban")
    least, most = (Books("sensetime", Calendar(date(2023, 4, 30), date(2022, 12, 31), 8), Assumptions({"share.us_persons": u})).access(
        "placing", ban) for u in (0.0, 1.0))  # fmt: skip
    assert (least > most).all()


def test_state_support_is_a_response_on_state_channels_only():
    whole, direct = read_scenario("us-investment-ban"), read_scenario("us-investment-ban").direct()
    book = Books("megvii", DAY, Assumptions())
    for channel in ("rmb_venture", "bank_debt", "grants"):
        assert book.factor(channel, whole)[-1] == pytest.approx(1.1) and book.factor(channel, direct)[-1] == 1
    assert book.factor("usd_venture", whole)[-1] == 1
