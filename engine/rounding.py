"""Rounding, and exact products of numbers too wide for 64 bits.

This file may hold pure functions on integers, nothing else. Everything in the engine
that rounds does it through one of these, half away from zero (SEMANTICS section 1).
"""

from typing import Final

from mypy_extensions import i64

_SMALL: Final = 2**31


def round_div(numerator: i64, denominator: i64) -> i64:
    """numerator / denominator (> 0), rounded half away from zero."""
    if numerator >= 0:
        return (numerator + denominator // 2) // denominator
    return -((-numerator + denominator // 2) // denominator)


def round_div_exact(numerator: int, denominator: int) -> i64:
    """As `round_div`, for integers of any width; the result must fit."""
    if numerator >= 0:
        return i64((2 * numerator + denominator) // (2 * denominator))
    return i64(-((-2 * numerator + denominator) // (2 * denominator)))


def round_mul_div(value: i64, factor: i64, divisor: i64) -> i64:
    """value * factor / divisor, exact product, rounded half away from zero.

    `factor` >= 0, `divisor` > 0. Narrow operands take one 64-bit product; wide ones
    go through integers without a limit.
    """
    if -_SMALL < value < _SMALL and factor < _SMALL and divisor < _SMALL * _SMALL:
        return round_div(value * factor, divisor)
    wide: int = int(value) * int(factor)
    return round_div_exact(wide, int(divisor))


def at_least_zero(value: i64) -> i64:
    """The value, or 0 in place of one below."""
    if value < 0:
        return 0
    return value


def power_of_ten(exponent: i64) -> i64:
    """10**exponent for 0 <= exponent <= 18."""
    result: i64 = 1
    while exponent > 0:
        result *= 10
        exponent -= 1
    return result


def wide_power_of_ten(exponent: i64) -> int:
    """10**exponent for any exponent >= 0."""
    result: int = 1
    while exponent > 0:
        result *= 10
        exponent -= 1
    return result
