import math
from datetime import date

import numpy as np
import pytest
from scipy.stats import lognorm

from finmodel.data import read_table
from finmodel.ipo import DRAWS, NEVER, STEPS, VENUES, Listings, Stage, ready_days, stages, standing
from finmodel.listing import listing_outlook
from finmodel.scenarios import read_scenario
from finmodel.simulate import market_window

PATHS = 40_000


def luck(seed=1, paths=PATHS):
    return np.random.default_rng(seed).random((DRAWS * STEPS, paths), dtype=np.float32)


def test_one_stage_that_never_ends_lists_log_normally():
    listed, ended = ready_days({"vetting": Stage("vetting", 100.0, 0.5, {"listed": 1.0})}, "vetting", 0, 0.0, luck())
    assert np.isinf(ended).all()
    for day in (50, 100, 200):
        exact = lognorm.cdf(day, 0.5, scale=100.0)
        assert np.mean(listed <= day) == pytest.approx(exact, abs=3 * math.sqrt(exact * (1 - exact) / PATHS))


def test_time_already_spent_counts():
    found = {"vetting": Stage("vetting", 100.0, 0.5, {"listed": 1.0})}
    listed, _ = ready_days(found, "vetting", 120, 0.0, luck())
    exact = (lognorm.cdf(170, 0.5, scale=100) - lognorm.cdf(120, 0.5, scale=100)) / lognorm.sf(120, 0.5, scale=100)
    assert np.mean(listed <= 50) == pytest.approx(exact, abs=0.01)


def test_an_application_ends_as_often_as_stated_and_on_any_day():
    stage = Stage("vetting", 100.0, 0.5, {"listed": 0.7, "ended": 0.3})
    listed, ended = ready_days({"vetting": stage}, "vetting", 0, 0.0, luck())
    assert np.mean(np.isfinite(ended)) == pytest.approx(0.3, abs=0.01)
    assert np.mean(np.isfinite(listed)) == pytest.approx(0.7, abs=0.01)
    assert np.mean(ended <= 10) == pytest.approx(1 - math.exp(-10 * stage.end_rate()), abs=0.005)


def test_without_an_application_one_comes_at_its_rate():
    listed, _ = ready_days({"vetting": Stage("vetting", 1e-6, 0.01, {"listed": 1.0})}, "none", 0, 0.1, luck())
    assert np.mean(listed <= 4 * 91.3125) == pytest.approx(1 - math.exp(-0.4), abs=0.01)
    listed, _ = ready_days({"vetting": Stage("vetting", 1.0, 0.1, {"listed": 1.0})}, "none", 0, 0.0, luck())
    assert np.isinf(listed).all()


def test_open_spells_are_kept_and_later_events_are_not():
    early = stages("star_ipo", date(2022, 2, 1), leave_out="sensetime")["registration"]
    alone = stages("star_ipo", date(2021, 8, 5), leave_out="sensetime")["registration"]
    assert alone.observed == 1 and early.observed == 2
    assert early.days > alone.days  # two spells that were still open say "longer than this"
    assert early.next == pytest.approx(alone.next)


def test_a_replay_leaves_its_own_firm_out():
    for firm in ("megvii", "cloudwalk", "yitu"):
        with_it = sum(s.observed for s in stages("star_ipo", date(2025, 1, 1)).values())
        without = sum(s.observed for s in stages("star_ipo", date(2025, 1, 1), leave_out=firm).values())
        own = len(read_table("ipo_paths").query("firm == @firm and channel == 'star_ipo'"))
        assert with_it - without == own > 0


def test_chances_add_up():
    for venue in VENUES:
        for stage in stages(venue, date(2025, 1, 1)).values():
            assert sum(stage.next.values()) == pytest.approx(1.0)
    base = read_table("ipo_stages")
    assert base.groupby(["channel", "stage"])["probability"].apply(lambda p: p.astype(float).sum()).round(9).eq(1).all()


@pytest.mark.parametrize(
    ("firm", "venue", "day", "expected"),
    [
        ("sensetime", "hong_kong_ipo", "2021-12-12", ("approved", 5)),
        ("sensetime", "hong_kong_ipo", "2021-12-19", ("suspended", 6)),
        ("sensetime", "hong_kong_ipo", "2021-12-30", ("none", 0)),
        ("megvii", "star_ipo", "2021-11-30", ("registration", 61)),
        ("yitu", "star_ipo", "2021-07-02", ("none", 0)),
        ("yitu", "hong_kong_ipo", "2021-07-02", ("none", 0)),
    ],
)
def test_where_an_application_stands(firm, venue, day, expected):
    assert standing(firm, venue, date.fromisoformat(day)) == expected


def listings(firm="megvii", paths=4000, seed=7):
    window = market_window(seed, paths, 20, 0.4, 0.15, 0.7)
    return Listings(firm, date(2021, 11, 30), date(2021, 6, 30), window, seed)


OPEN = {venue: np.ones(20) for venue in VENUES}
RATES = {"hong_kong_ipo": 0.03, "star_ipo": 0.03, "us_ipo": 0.005}


def test_no_listing_before_the_day_and_none_where_every_venue_is_shut():
    found = listings()
    quarters = found.quarters(read_scenario("unrestricted"), OPEN, RATES)
    assert quarters.min() >= 1  # the quarters to September are over by the as-of day
    assert (found.quarters(read_scenario("everything-at-once"), OPEN, RATES) == NEVER).all()
    assert (found.quarters(read_scenario("unrestricted"), {v: np.zeros(20) for v in VENUES}, RATES) == NEVER).all()


def test_a_barrier_lists_fewer_and_none_earlier():
    found = listings()
    free = found.quarters(read_scenario("unrestricted"), OPEN, RATES)
    for name in ("hk-ipo-barrier", "star-ipo-barrier", "us-ipo-barrier", "beijing-regulation"):
        assert (found.quarters(read_scenario(name), OPEN, RATES) >= free).all(), name
    assert (found.quarters(read_scenario("star-ipo-barrier"), OPEN, RATES) > free).mean() > 0.5


def test_a_listed_firm_is_listed():
    assert (Listings("cloudwalk", date(2023, 4, 30), date(2022, 12, 31), np.ones((4, 10), np.uint8), 1).quarters(
        read_scenario("baseline"), OPEN, RATES) == -1).all()  # fmt: skip


def test_listing_needs_an_open_window():
    shut = Listings("megvii", date(2021, 11, 30), date(2021, 6, 30), np.zeros((20, 500), np.uint8), 7)
    assert (shut.quarters(read_scenario("unrestricted"), OPEN, RATES) == NEVER).all()


def test_the_outlook_of_a_listing():
    outlook = listing_outlook("megvii", "2021-11-30", paths=4000).table
    chance = outlook[outlook["quantity"] == "listed_by"]
    assert len(chance) == 10 and chance["value"].is_monotonic_increasing and 0.5 < chance["value"].iloc[-1] < 1
    stage = outlook[(outlook["quantity"] == "stage") & (outlook["variant"] == "star_ipo")]["note"].item()
    assert stage == "registration for 61 days"
    assert outlook[outlook["quantity"] == "gate"]["note"].str.contains("red chip").any()
    proceeds = outlook[outlook["quantity"] == "expected_proceeds"].iloc[0]
    assert 0.5 * 6.018e9 < proceeds["value"] < 1.2 * 6.018e9
    shut = listing_outlook("megvii", "2021-11-30", "star-ipo-barrier", paths=4000).table
    assert shut[shut["quantity"] == "listed_by"]["value"].max() < chance["value"].max()
    none = listing_outlook("yitu", "2021-12-31", paths=500).table
    assert none[none["quantity"] == "expected_proceeds"]["reason"].item() == "no application pending"


def test_a_listed_firm_is_said_to_be_listed():
    stages = {day: set(listing_outlook("sensetime", day, paths=64).table.query("quantity == 'stage'")["note"]) for day in
              ("2021-12-29", "2021-12-30")}  # fmt: skip
    assert "no application pending: the firm is listed since 2021-12-30" in stages["2021-12-30"]
    assert not any("listed" in note for note in stages["2021-12-29"])
