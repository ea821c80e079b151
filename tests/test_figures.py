"""Margin levels by themselves, at the limits that no ordinary account reaches."""

import pytest

from engine.figures import level_bp

LIMIT = 10**15


@pytest.mark.parametrize(
    ("equity", "margin", "level"),
    [
        (5_000, 10_000, 5_000),
        (10_001, 3, 33_336_666),
        (-10_001, 3, -33_336_667),
        (1, 10_001, 0),
        (-1, 10_001, -1),
        (7, 0, 0),
        (-7, 0, 0),
        (10**11, 1, LIMIT),
        (10**11 - 1, 1, LIMIT - 10_000),
        (10**11 + 1, 1, LIMIT),
        (2**60, 1, LIMIT),
        (-(10**11), 1, -LIMIT),
        (-(10**11) + 1, 1, -LIMIT + 10_000),
        (-(10**11) - 1, 1, -LIMIT),
        (-(2**60), 1, -LIMIT),
    ],
)
def test_a_level_is_rounded_down_and_limited(equity: int, margin: int, level: int) -> None:
    assert level_bp(equity, margin) == level
