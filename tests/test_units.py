"""Numbers and periods as printed: the grammar, its laws, and what it refuses."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from finmodel.units import DASHES, Period, add_months, months_between, parse_amount, parse_date

FULL_WIDTH = str.maketrans("0123456789,.()-", "０１２３４５６７８９，．（）－")


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        ("1,234", 1234),
        ("1234", 1234),
        ("(1,234)", -1234),
        ("（1,234）", -1234),
        ("( 200 )", -200),
        ("-1,234.5", -1234.5),
        ("−1,234", -1234),
        ("1,234-", -1234),
        ("１，２３４．５", 1234.5),
        ("\u00a01,234\u00a0", 1234),
        (".5", 0.5),
        ("0", 0),
        ("(0)", 0),
        ("-", 0),
        ("—", 0),
        ("–", 0),
        ("--", 0),
        ("nil", 0),
        ("Nil", 0),
        ("\ufeff7", 7),
        ("1.5e9", 1.5e9),
        ("-1E+3", -1000),
    ],
)
def test_numbers_as_printed(printed: str, value: float) -> None:
    assert parse_amount(printed) == value


@pytest.mark.parametrize("printed", ["", " ", "\u3000", "\u200b", "\ufeff"])
def test_a_blank_is_no_zero(printed: str) -> None:
    assert parse_amount(printed) is None


@pytest.mark.parametrize(
    "printed",
    [
        "1 ,",
        "53,2",
        "1,23",
        "1,2345",
        "12,34,567",
        ",123",
        "1,,234",
        "1.2.3",
        "1 234",
        "1'234",
        "(200",
        "200)",
        "((200))",
        "(-200)",
        "--5",
        "1-2",
        "1,234*",
        "1,234(1)",
        "1,234 ¹",
        "1,234¹",
        "5%",
        "RMB5",
        "$5",
        "5 million",
        "n.m.",
        "N/A",
        "na",
        "nan",
        "inf",
        "-inf",
        "Infinity",
        "1e999x",
        "1_000",
        "0x10",
        "²",
        "½",
        "一百",
        "１２３円",
        "()",
        "( )",
        ".",
        "+5",
        "5.",
        "1e5000",
    ],
)
def test_what_is_no_number_is_refused(printed: str) -> None:
    with pytest.raises(ValueError, match="not a number as printed"):
        parse_amount(printed)


AMOUNTS = st.decimals(min_value=-(10**13), max_value=10**13, places=2, allow_nan=False, allow_infinity=False)


def shown(value: object, style: str, wide: bool) -> str:
    """Print a number as accounts do."""
    text = f"{abs(value):,}"  # type: ignore[arg-type]
    if value < 0:  # type: ignore[operator]
        text = {"brackets": f"({text})", "minus": f"-{text}", "trailing": f"{text}-", "long dash": f"—{text}"}[style]
    return text.translate(FULL_WIDTH) if wide else text


@given(
    AMOUNTS, st.sampled_from(["brackets", "minus", "trailing", "long dash"]), st.booleans(), st.sampled_from(["", " ", "\u00a0", "\u3000"])
)
def test_a_printed_number_is_read_back(value: object, style: str, wide: bool, space: str) -> None:
    assert parse_amount(f"{space}{shown(value, style, wide)}{space}") == float(value)  # type: ignore[arg-type]


@given(st.text(alphabet="0123456789,.()-−—e+ '%*¹０１，（）\u00a0\t", max_size=12))
@example("9" * 400)
def test_any_text_is_a_finite_number_a_blank_or_refused(text: str) -> None:
    try:
        value = parse_amount(text)
    except ValueError:
        return
    assert value is None or abs(value) < float("inf")


@given(st.text(max_size=20))
def test_text_without_digits_is_a_number_only_as_nil(text: str) -> None:
    assume(not any(c.isdigit() or c.isnumeric() for c in text))
    try:
        value = parse_amount(text)
    except ValueError:
        return
    assert value is None or value == 0


@given(st.integers(min_value=1, max_value=10**12))
def test_brackets_turn_the_sign_and_nothing_else(value: int) -> None:
    assert parse_amount(f"({value:,})") == -parse_amount(f"{value:,}")  # type: ignore[operator]


@given(st.sampled_from(DASHES), st.integers(min_value=1, max_value=3))
def test_every_dash_is_a_reported_zero(dash: str, count: int) -> None:
    assert parse_amount(dash * count) == 0.0


DAYS = st.dates(min_value=date(1950, 1, 1), max_value=date(2099, 12, 31))


@given(DAYS)
def test_a_day_is_read_back(day: date) -> None:
    assert parse_date(day.isoformat()) == day
    assert Period.parse(day.isoformat()) == Period(day)
    assert Period(day).months == 0


@pytest.mark.parametrize(
    "text", ["", "2021-02-29", "2021-13-01", "2021-1-1", "20210101", "2021-01-01T00:00", "2021-01-01 ", "０2021-01-01", "0000-01-01"]
)
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a day written"):
        parse_date(text)


@given(st.sampled_from(["FY", "H1", "H2", "9M", "Q1", "Q2", "Q3", "Q4"]), st.integers(min_value=1950, max_value=2099))
def test_a_named_period_is_read_back(name: str, year: int) -> None:
    period = Period.parse(f"{name} {year}")
    assert period.label == f"{name} {year}"
    assert period.months == {"FY": 12, "H1": 6, "H2": 6, "9M": 9}.get(name, 3)
    assert Period.parse(f"  {name.lower()}{year} ") == period


@given(DAYS, st.integers(min_value=1, max_value=36))
def test_a_period_of_whole_months_is_read_back(first: date, months: int) -> None:
    first = first.replace(day=1)
    period = Period(add_months(first, months) - timedelta(days=1), first)
    assert period.months == months
    assert Period.parse(period.label) == period


@given(DAYS, st.integers(min_value=-60, max_value=60))
def test_months_are_added_and_taken_away(day: date, months: int) -> None:
    moved = add_months(day, months)
    assert (moved.year * 12 + moved.month) - (day.year * 12 + day.month) == months
    assert moved.day == day.day or (moved + timedelta(days=1)).day == 1


def test_months_between_hand_worked() -> None:
    assert months_between(date(2020, 1, 1), date(2020, 12, 31)) == 12
    assert months_between(date(2021, 2, 1), date(2021, 2, 28)) == 1
    assert months_between(date(2021, 9, 26), date(2022, 9, 24)) == 12  # a year of 52 weeks


@given(st.text(max_size=25))
@example("FY 0000")
@example("99M to 2020-01-01")
@example("0M to 2020-01-01")
def test_any_text_is_a_period_or_refused(text: str) -> None:
    try:
        period = Period.parse(text)
    except ValueError:
        return
    assert period.start is None or period.start <= period.end


def test_a_period_cannot_end_before_it_starts() -> None:
    with pytest.raises(ValueError, match="cannot end"):
        Period(date(2020, 1, 1), date(2020, 1, 2))
