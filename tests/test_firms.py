from datetime import date

import pytest

from finmodel.firms import find_firm, firms


def test_firms_are_typed():
    sensetime = find_firm("sensetime")
    assert sensetime.listed_from == date(2021, 12, 30)
    assert sensetime.core
    assert find_firm("megvii").listing_sought == ("HKEX", "STAR (depositary receipts)")
    assert find_firm("dji").listed_from is None


@pytest.mark.parametrize("firm", firms(), ids=lambda firm: firm.firm)
def test_every_name_of_a_firm_finds_it_whatever_the_case(firm):
    for name in firm.names:
        assert find_firm(name) == firm
        assert find_firm(f"  {name.upper()} ") == firm


def test_no_name_belongs_to_two_firms():
    names = [name.casefold() for firm in firms() for name in firm.names]
    assert len({(firm.firm, name.casefold()) for firm in firms() for name in firm.names}) == len(set(names))


def test_full_width_letters_find_the_firm():
    assert find_firm("ＳｅｎｓｅＴｉｍｅ").firm == "sensetime"


@pytest.mark.parametrize(("name", "proposed"), [("sensetme", "sensetime"), ("Megvi", "megvii"), ("云从科", "cloudwalk")])
def test_a_name_that_only_resembles_is_proposed_and_never_taken(name, proposed):
    with pytest.raises(LookupError, match=f"did you mean '{proposed}'"):
        find_firm(name)


def test_a_stranger_gets_the_list():
    with pytest.raises(LookupError, match="Known: sensetime, megvii, cloudwalk, yitu"):
        find_firm("Cloudflare Incorporated of San Francisco")
