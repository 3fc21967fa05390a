from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from finmodel.data import read_table
from finmodel.funding import (
    ClassAccess,
    class_access,
    class_mix,
    funding_access,
    law_of,
    total_access,
)
from finmodel.levers import channels, investor_classes
from finmodel.pricing import elasticity_sweep, offering, price_effect
from finmodel.scenarios import Change, Scenario, read_scenario

NONE = Scenario("unrestricted", "", "")


def share(firm, on, channel, investor_class="all", scenario="baseline", **more):
    table = funding_access(firm, on, scenario, **more).table
    return table[(table["channel"] == channel) & (table["investor_class"] == investor_class)]


def test_price_effect_of_losing_thirty_per_cent_of_demand():
    assert [round(price_effect(0.3, e), 3) for e in (1, 5, 37)] == [-0.3, -0.069, -0.01]
    with pytest.raises(ValueError, match=r"lost share 1\.2"):
        price_effect(1.2, 5)


def test_elasticity_is_swept_log_uniformly_from_1_to_40():
    table = elasticity_sweep(0.3, 5)
    assert table["elasticity"].iloc[[0, -1]].tolist() == [1.0, pytest.approx(40.0)]
    assert np.allclose(np.diff(np.log(table["elasticity"])), np.log(40) / 4)
    assert table["price_effect"].is_monotonic_increasing


@pytest.mark.parametrize(
    ("on", "legal", "contractual"),
    [("2021-12-09", 1.0, 1.0), ("2021-12-10", 1.0, 1.0), ("2021-12-13", 1.0, 0.0), ("2021-12-20", 1.0, 0.9), ("2021-12-23", 1.0, 0.9)],
)
def test_sensetimes_december_day_by_day(on, legal, contractual):
    row = share("sensetime", on, "hong_kong_ipo").iloc[0]
    assert row["legal"] == pytest.approx(legal) and row["contractual"] == pytest.approx(contractual)


def test_us_persons_were_kept_out_by_the_offering_and_not_by_law():
    row = share("sensetime", "2021-12-23", "hong_kong_ipo", "us_persons").iloc[0]
    assert (row["legal"], row["contractual"], row["value"]) == (0.1, 0.0, 0.0)
    assert "excluded US persons by its own terms" in row["reason"] and row["citation"].startswith("https://")


def test_the_first_sentence_says_whether_the_law_closes_anything():
    assert funding_access("sensetime", "2021-12-23").definition.startswith("By law nothing is closed to any investor")
    assert funding_access("cloudwalk", "2022-06-15").definition.startswith("By law closed or unclear on 2022-06-15: placing to us_persons")


def test_private_rounds_are_open_by_law_before_2025_and_shut_after():
    assert share("megvii", "2024-12-31", "usd_venture", "us_persons").iloc[0]["legal"] == pytest.approx(0.03)
    after = share("megvii", "2025-01-02", "usd_venture", "us_persons").iloc[0]
    assert after["legal"] == 0 and after["note"].startswith("us-outbound") and "31 CFR 850" in after["citation"]


def test_a_firm_whose_investors_are_all_rmb_loses_nobody_by_law():
    for channel in ("rmb_venture", "strategic"):
        for scenario in ("baseline", "us-investment-ban"):
            assert share("cloudwalk", "2022-05-20", channel, scenario=scenario)["value"].tolist() == [pytest.approx(1.0)]


def test_unclear_law_gives_two_results_and_a_setting_chooses_one():
    both = share("sensetime", "2022-03-08", "placing")
    assert both["variant"].tolist() == ["if permitted", "if prohibited"] and both["value"].tolist() == [1.0, pytest.approx(0.85)]
    assert share("sensetime", "2022-03-08", "placing", contested="listed")["value"].tolist() == [pytest.approx(0.85)]
    assert share("sensetime", "2022-03-08", "placing", contested="not-listed")["value"].tolist() == [1.0]


def test_channels_that_do_not_exist_for_the_firm_say_why():
    assert "not listed" in share("megvii", "2022-05-27", "placing").iloc[0]["reason"]
    assert "listed by the day" in share("cloudwalk", "2022-05-28", "star_ipo").iloc[0]["reason"]
    assert "yuan-only" in share("cloudwalk", "2021-12-01", "usd_venture").iloc[0]["reason"]
    closed = share("megvii", "2021-12-31", "star_ipo", scenario="star-ipo-barrier").iloc[0]
    assert closed["value"] == 0 and closed["reason"].startswith("closed by star-ipo-barrier")


def test_a_record_of_later_days_is_not_used_as_of_an_earlier_one():
    assert share("sensetime", "2024-12-31", "placing", "us_persons").iloc[0]["share"] == 0
    assert share("sensetime", "2024-12-31", "placing", "us_persons", as_of="2023-04-30").iloc[0]["share"] == 0.15


def test_the_law_of_the_as_of_day_and_the_law_as_it_became():
    day = date(2021, 11, 30)
    assert law_of(read_scenario("baseline"), day) == (("us-outbound", "2021-11-30"), ("us-securities-ban", "2021-11-30"))
    assert law_of(read_scenario("us-investment-ban"), day) == (("us-outbound", "2021-11-30"), ("us-securities-ban", ""))
    assert law_of(NONE, day) == ()
    later = date(2022, 6, 30)
    for name, legal in (("baseline", 1.0), ("us-investment-ban", 0.0)):
        found = class_access("cloudwalk", "placing", later, read_scenario(name), day)
        assert next(one for one in found if one.investor_class == "us_persons").legal == (legal, legal)


def test_without_any_restriction_everybody_comes():
    for firm in ("sensetime", "megvii", "cloudwalk", "yitu"):
        for channel in channels().index:
            for on in (date(2021, 12, 23), date(2025, 3, 1)):
                assert total_access(class_access(firm, channel, on, NONE, on)) == pytest.approx((1.0, 1.0, 1.0))


def test_shares_of_a_book_add_up_and_lie_within_their_intervals():
    table = read_table("class_mix")
    for key, book in table.groupby(["channel", "firm", "from"]):
        low, central, high = (book[c].astype(float) for c in ("low", "central", "high"))
        assert central.sum() == pytest.approx(1.0), key
        assert ((low <= central) & (central <= high)).all() and low.sum() <= 1 <= high.sum(), key
        assert set(book["investor_class"]) <= set(investor_classes().index) and (book["reference"] != "").all()
    assert all(class_mix("sensetime", channel, date(2021, 12, 31)) for channel in channels().index)


@given(st.lists(st.tuples(st.floats(0, 0.5), st.floats(0, 0.5), st.floats(0, 1)), min_size=2, max_size=6))
def test_the_ends_of_access_are_those_of_a_linear_programme(parts):
    lows, spans, factors = (np.array(x) for x in zip(*parts, strict=True))
    lows = lows / max(1.0, lows.sum() * 1.01)
    highs = lows + spans + (1 - lows.sum())
    classes = [
        ClassAccess("x", str(i), lo, lo, hi, (f, f), 1.0, (0.0, 0.0, 0.0), "", "", "")
        for i, (lo, hi, f) in enumerate(zip(lows, highs, factors, strict=True))
    ]
    least, _, most = total_access(classes)
    for found, sign in ((least, 1), (most, -1)):
        oracle = linprog(sign * factors, A_eq=[np.ones(len(factors))], b_eq=[1.0], bounds=list(zip(lows, highs, strict=True)))
        assert found == pytest.approx(sign * oracle.fun, abs=1e-7)


def test_an_offering_is_priced_within_its_range_or_fails():
    assert offering(0.8, 1.3, 10.0, (3.85, 3.99)).price == 3.99
    low = offering(0.75, 1.3, 10.0, (3.85, 3.99))
    assert 3.85 < low.price < 3.99 and not low.censored and low.done and low.cover == pytest.approx(1.0)
    failed = offering(0.5, 1.3, 10.0, (3.85, 3.99))
    assert (failed.price, failed.done, failed.censored) == (3.85, False, True)
    saved = offering(0.5, 1.3, 10.0, (3.85, 3.99), substitution=0.4)
    assert saved.done and saved.price == 3.99


def change(lever, effect, value=float("nan"), **more):
    return Change(lever, effect, "direct", "r", "assumption", value, value, value, **more)


CHANGES = st.one_of(
    st.builds(
        lambda name, value, start: change("chill", "add", value, start=start, applies_to=(name,)),
        st.sampled_from(["us_persons", "us_exposed_funds", "other_foreign", "mainland_state", "strategic"]),
        st.floats(0, 1),
        st.sampled_from(["as_of", "2021-12-10", "2023-01-01"]),
    ),
    st.builds(lambda effect: change("law", effect), st.sampled_from(["in_force", "apply"])),
    st.just(change("terms", "in_force")),
    st.builds(lambda name: change(f"channel.{name}", "close", start="as_of"), st.sampled_from(["placing", "usd_venture"])),
)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(CHANGES, max_size=4),
    CHANGES,
    st.sampled_from(["sensetime", "megvii", "cloudwalk"]),
    st.sampled_from(["2021-12-23", "2022-06-30"]),
)
def test_a_restriction_never_raises_access(others, one, firm, on):
    # the law as it became adds to the law as it stood: a scenario that takes both takes the later
    if one.lever == "law":
        others = [c for c in others if c.lever != "law"]
    before = funding_access(firm, on, Scenario("x", "", "", (), tuple(others)), as_of="2021-12-23").table
    after = funding_access(firm, on, Scenario("x", "", "", (), (*others, one)), as_of="2021-12-23").table
    for channel in channels().index:
        pair = [t[(t["channel"] == channel) & (t["investor_class"] == "all")]["value"] for t in (before, after)]
        if pair[0].notna().all() and len(pair[0]):
            assert pair[1].max() <= pair[0].max() + 1e-12 and pair[1].min() <= pair[0].min() + 1e-12


def test_bad_calls():
    with pytest.raises(LookupError, match="did you mean"):
        funding_access("sensetme", "2021-12-23")
    with pytest.raises(LookupError, match="did you mean 'baseline'"):
        funding_access("sensetime", "2021-12-23", "baselin")
    with pytest.raises(ValueError, match="YYYY-MM-DD"):
        funding_access("sensetime", "23 December")


@pytest.mark.parametrize("wrong", [{"elasticity": 0.0}, {"price_range": (4.0, 3.0)}, {"access": -0.1}, {"minimum_book": 0.0}])
def test_an_offering_of_impossible_numbers_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        offering(**{"access": 0.8, "cover": 1.3, "elasticity": 10.0, "price_range": (3.85, 3.99), **wrong})
