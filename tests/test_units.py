"""Numbers as printed and periods: laws, and what is refused."""

from __future__ import annotations

import math
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finmodel.units import Period, add_months, months_between, parse_amount, parse_date


@given(st.integers(-(10**15), 10**15), st.integers(0, 4))
def test_print_and_parse_come_back(number: int, decimals: int) -> None:
    value = number / 10**decimals
    printed = f"{abs(value):,.{decimals}f}"
    expected = float(printed.replace(",", ""))
    assert parse_amount(printed) == expected
    for negative in (f"({printed})", f"-{printed}", f"−{printed}", f"{printed}-", f"（{printed}）"):
        assert parse_amount(negative) == (-expected if expected else 0.0)
    wide = printed.translate({ord(str(d)): ord("０") + d for d in range(10)})
    assert parse_amount(wide) == expected


@pytest.mark.parametrize("cell", ["", " ", "\u00a0", "\u3000", "\u200b"])
def test_a_blank_is_no_number(cell: str) -> None:
    assert parse_amount(cell) is None


@pytest.mark.parametrize("cell", ["-", "—", "–", "－", "nil", "Nil", "--"])
def test_a_dash_is_a_reported_zero(cell: str) -> None:
    assert parse_amount(cell) == 0.0


@pytest.mark.parametrize(
    "cell", ["1 ,", "53,2", "1,23,456", "12x", "n.m.", "N/A", "1.2.3", "(5", "5)", "5*", "1,234 (a)", "$5", "5%", "NaN", "inf", "１,２"]
)
def test_anything_else_is_refused_rather_than_guessed(cell: str) -> None:
    with pytest.raises(ValueError, match="not a number"):
        parse_amount(cell)


@given(st.text(max_size=30))
def test_no_text_crashes_the_number_parser(text: str) -> None:
    try:
        value = parse_amount(text)
    except ValueError:
        return
    assert value is None or math.isfinite(value)


@given(st.text(max_size=30))
def test_no_text_crashes_the_period_parser(text: str) -> None:
    try:
        assert isinstance(Period.parse(text), Period)
    except ValueError:
        return


@given(st.sampled_from(["FY", "H1", "H2", "9M", "Q1", "Q2", "Q3", "Q4"]), st.integers(1990, 2040))
def test_labels_come_back(name: str, year: int) -> None:
    label = f"{name} {year}"
    assert Period.parse(label).label == label
    assert Period.parse(label).year_earlier().label == f"{name} {year - 1}"


@given(st.dates(date(1990, 1, 1), date(2040, 1, 1)), st.integers(1, 24))
def test_odd_periods_come_back(end: date, months: int) -> None:
    start = add_months(end, -months)
    period = Period(end, start)
    assert months_between(start, end) in (months, months + 1)
    assert Period.parse(Period(end).label) == Period(end)
    assert period.months >= 0


def test_days() -> None:
    assert parse_date("2020-02-29") == date(2020, 2, 29)
    for wrong in ("2021-02-29", "29.02.2020", "2020-2-9", "20200229", ""):
        with pytest.raises(ValueError, match="not a day"):
            parse_date(wrong)
    with pytest.raises(ValueError, match="cannot end"):
        Period(date(2020, 1, 1), date(2020, 12, 31))
