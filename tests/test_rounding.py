"""Rounding: half away from zero, to the last bit (SEMANTICS section 1)."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.rounding import (
    power_of_ten,
    round_div,
    round_div_exact,
    round_mul_div,
    wide_power_of_ten,
)

I64 = st.integers(min_value=-(2**63) + 1, max_value=2**63 - 1)
DIVISORS = st.integers(min_value=1, max_value=2**62)


def rounded(value: Fraction) -> int:
    """The rule, spelled out."""
    whole, rest = divmod(abs(value.numerator), value.denominator)
    if 2 * rest >= value.denominator:
        whole += 1
    return whole if value >= 0 else -whole


# numerator, denominator, result
HALVES = [
    (0, 5, 0),
    (1, 2, 1),
    (-1, 2, -1),
    (3, 2, 2),
    (-3, 2, -2),
    (1, 3, 0),
    (2, 3, 1),
    (-2, 3, -1),
    (4, 10, 0),
    (5, 10, 1),
    (-5, 10, -1),
    (-4, 10, 0),
    (2**62, 1, 2**62),
    (-(2**62), 1, -(2**62)),
]


@pytest.mark.parametrize(("numerator", "denominator", "result"), HALVES)
def test_halves_go_away_from_zero(numerator: int, denominator: int, result: int) -> None:
    assert round_div(numerator, denominator) == result
    assert round_div_exact(numerator, denominator) == result
    assert round_mul_div(numerator, 1, denominator) == result


@given(st.integers(-(2**62), 2**62), st.integers(1, 2**61))
def test_a_quotient_is_rounded_exactly(numerator: int, denominator: int) -> None:
    assert round_div(numerator, denominator) == rounded(Fraction(numerator, denominator))


@given(st.integers(-(2**200), 2**200), st.integers(1, 2**190))
def test_a_wide_quotient_is_rounded_exactly(numerator: int, denominator: int) -> None:
    expected = rounded(Fraction(numerator, denominator))
    if abs(expected) < 2**63:
        assert round_div_exact(numerator, denominator) == expected


# Around 2**31 the product changes from one 64-bit word to wide integers.
EDGES = st.sampled_from([2**31 - 1, 2**31, 2**31 + 1, 2**62 - 1, 2**62, 2**62 + 1, 1, 2, 3])


@given(I64 | EDGES | EDGES.map(lambda x: -x), st.integers(0, 2**63 - 1) | EDGES, DIVISORS | EDGES)
def test_a_product_is_divided_exactly(value: int, factor: int, divisor: int) -> None:
    expected = rounded(Fraction(value * factor, divisor))
    if abs(expected) < 2**63:
        assert round_mul_div(value, factor, divisor) == expected


@given(I64.filter(lambda x: abs(x) < 2**62), st.integers(1, 2**61))
def test_rounding_is_symmetric(numerator: int, denominator: int) -> None:
    assert round_div(-numerator, denominator) == -round_div(numerator, denominator)


@pytest.mark.parametrize("exponent", range(19))
def test_powers_of_ten(exponent: int) -> None:
    assert power_of_ten(exponent) == 10**exponent


@pytest.mark.parametrize("exponent", [0, 1, 18, 19, 20, 40])
def test_wide_powers_of_ten(exponent: int) -> None:
    assert wide_power_of_ten(exponent) == 10**exponent
