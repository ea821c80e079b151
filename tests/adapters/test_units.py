"""Decimals, times and zones: exact, or refused with a sentence."""

import contextlib
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.units import (
    JSON,
    BadInput,
    format_time,
    midnight_ns,
    parse_day,
    parse_time,
    scaled,
    scaled_decimal,
    unscaled,
)

pytestmark = pytest.mark.once

SCALED = [
    # text, digits, expected
    ("1.38756", 5, 138_756),
    ("1.38", 5, 138_000),
    ("0", 0, 0),
    ("-0.5", 2, -50),
    ("0.01", 2, 1),
    ("007", 1, 70),
    ("9223372036854775807", 0, 2**63 - 1),
    # refused
    ("", 2, "not a decimal number"),
    (".5", 2, "not a decimal number"),
    ("5.", 2, "not a decimal number"),
    ("1.2.3", 5, "not a decimal number"),
    ("+1", 2, "not a decimal number"),
    ("1e5", 2, "not a decimal number"),
    ("1_000", 2, "not a decimal number"),
    (" 1", 2, "not a decimal number"),
    ("0x10", 2, "not a decimal number"),
    ("nan", 2, "not a decimal number"),
    ("\uff11\uff12", 2, "not a decimal number"),
    ("1.387561", 5, "has 6 decimals, at most 5 are allowed"),
    ("1.0", 0, "has 1 decimals, at most 0 are allowed"),
    ("9223372036854775808", 0, "beyond 64 bits"),
    ("9" * 4_000, 0, "beyond 64 bits"),
]


@pytest.mark.parametrize(("text", "digits", "expected"), SCALED)
def test_decimal_text_becomes_its_exact_integer_or_is_refused(
    text: str, digits: int, expected: int | str
) -> None:
    if isinstance(expected, int):
        assert scaled(text, digits) == expected
        return
    with pytest.raises(BadInput, match=expected):
        scaled(text, digits)


@given(st.integers(-(2**62), 2**62), st.integers(0, 10))
def test_any_integer_survives_being_shown_and_read_again(value: int, digits: int) -> None:
    shown = unscaled(value, digits)
    for text in (str(shown), f"{shown}", JSON.encode(shown).decode(), f"{shown:f}"):
        assert scaled(text, digits) == value and len(text.partition(".")[2]) == digits
    assert scaled_decimal(shown, digits) == value


@given(st.text(max_size=30), st.integers(0, 10))
def test_any_text_is_read_or_refused_without_a_crash(text: str, digits: int) -> None:
    try:
        value = scaled(text, digits)
    except BadInput as error:
        assert "\n" not in str(error)
    else:
        assert unscaled(value, digits) == Decimal(text)


@given(st.decimals() | st.integers(), st.integers(0, 10))
def test_any_decimal_is_exact_or_refused(value: Decimal | int, digits: int) -> None:
    with contextlib.suppress(BadInput):
        assert unscaled(scaled_decimal(value, digits), digits) == value


@pytest.mark.parametrize("text", ["1E+999999999", "1E-999999999", "-1E+30", "Infinity", "NaN"])
def test_extreme_decimals_are_refused_at_once(text: str) -> None:
    with pytest.raises(BadInput):
        scaled_decimal(Decimal(text), 2)


TIMES = [
    ("1970-01-01T00:00:00Z", 0),
    ("2014-05-05T08:00:00Z", 1_399_276_800 * 10**9),
    ("2014-05-05 08:00", 1_399_276_800 * 10**9),
    ("2014-05-05", 1_399_248_000 * 10**9),
    ("2014-05-05T10:00:00+02:00", 1_399_276_800 * 10**9),
    ("2014-05-05T03:30:00-0430", 1_399_276_800 * 10**9),
    ("2014-05-05T08:00:00.000000001Z", 1_399_276_800 * 10**9 + 1),
    ("2014-05-05T08:00:00.5Z", 1_399_276_800 * 10**9 + 500_000_000),
    ("", None),
    ("14:03", None),
    ("2014-02-30", None),
    ("2014-05-05T24:00:00Z", None),
    ("2014-05-05T08:00:00.1234567891Z", None),
    ("2014-05-05T08:00:00 UTC", None),
    ("2014-05-05T08:00:00+99:00", None),
    ("0000-00-00", None),
]


@pytest.mark.parametrize(("text", "expected"), TIMES)
def test_time_is_utc_unless_an_offset_follows(text: str, expected: int | None) -> None:
    if expected is not None:
        assert parse_time(text) == expected
        return
    with pytest.raises(BadInput, match="is not a time such as"):
        parse_time(text)


@given(st.integers(0, 2**62))
def test_any_time_survives_being_shown_and_read_again(time_ns: int) -> None:
    assert parse_time(format_time(time_ns)) == time_ns


ZONES = [
    # zone, hour (UTC) at which 5 May 2014 begins there
    ("UTC", 0),
    ("UTC-05", 5),
    ("UTC+02:00", -2),
    ("UTC-0330", 3.5),
]


@pytest.mark.parametrize(("zone", "hours"), ZONES)
def test_midnight_of_a_fixed_zone(zone: str, hours: float) -> None:
    utc = 1_399_248_000 * 10**9
    assert midnight_ns(date(2014, 5, 5), zone) - utc == int(hours * 3_600) * 10**9


@pytest.mark.parametrize("zone", ["", "EST5", "UTC-5", "UTC+25", "../etc/passwd", "Mars/Base"])
def test_unknown_zone_is_refused(zone: str) -> None:
    with pytest.raises(BadInput, match="is not a time zone"):
        midnight_ns(date(2014, 5, 5), zone)


def test_day_on_which_the_clock_changes_is_refused() -> None:
    try:
        midnight_ns(date(2014, 5, 5), "America/New_York")
    except BadInput:
        pytest.skip("this machine has no time zone database")
    with pytest.raises(BadInput, match="clock of America/New_York changes on 2014-03-09"):
        midnight_ns(date(2014, 3, 9), "America/New_York")


@pytest.mark.parametrize("text", ["", "2014-5-5", "20140505", "2014-05-05T00:00", "yesterday"])
def test_day_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="is not a day such as"):
        parse_day(text)
