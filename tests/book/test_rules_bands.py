"""Accounts that fill while their margin call is far away are still called on the right quote.

A fill leaves the bands of its account where they are as long as these hold (engine/risk.py).
Each scenario makes bands wide, then brings the call nearer by a fill. GOLD is marked by ticks and
needs 4 of margin a lot; the naive engine beside looks at every account on every tick.
"""

import pytest

from engine import records as r
from engine import vocabulary as v
from tests.naive.book_world import ANN, BUY, CAT, METAL, SELL, BookWorld, told


def scene(money: int) -> BookWorld:
    world = BookWorld(gold={"mark": v.MARK_TICK}, dollars=0)
    world.money(ANN, money)
    world.money(CAT, 1_000)
    world.tick(100)
    world.tick(100, instrument=METAL)
    return world


def called_at(world: BookWorld, prices: list[int]) -> int:
    """The first of these prices of GOLD that calls Ann; 0: none of them does."""
    for price in prices:
        if any(line.startswith("margin call Ann") for line in told(world.tick(price))):
            return price
    return 0


FALLING = [98, 97, 96, 95, 94, 93]
RISING = [102, 103, 104, 105, 106, 107]


@pytest.mark.parametrize(
    ("money", "first", "then", "prices", "call"),
    [
        # 10 lots and 200 dollars bear 16 points. 20 lots need 80: they bear 6.
        (200, 10, 10, FALLING, 94),
        (200, -10, -10, RISING, 106),
        # From 10 bought to 20 sold, and back: the other edge counts.
        (200, 10, -30, RISING, 106),
        (200, -10, 30, FALLING, 94),
        # Half of it is sold again: 16 points more than these prices.
        (200, 20, -10, FALLING, 0),
        # Nothing is left.
        (200, 10, -10, FALLING, 0),
        # 25 lots need 100: 210 dollars bear 4.4 points.
        (210, 10, 15, FALLING, 95),
    ],
)
def test_call_comes_at_the_price_that_the_new_position_has(
    money: int, first: int, then: int, prices: list[int], call: int
) -> None:
    world = scene(money)
    world.position(ANN, first)
    world.tick(101)
    world.tick(100)
    world.position(ANN, then)
    assert called_at(world, prices) == call


def test_losses_of_another_instrument_count_after_a_fill() -> None:
    """700 of equity, 580 of margin; five lots more need 600, and 25 lots bear four points."""
    world = scene(1_000)
    market = r.PlaceOrder(
        login=ANN, instrument=METAL, order_type=v.MARKET, side=BUY, volume_units=500
    )
    world.accepted(market)
    world.position(ANN, 20)
    world.tick(40, instrument=METAL)
    world.position(ANN, 5)
    assert called_at(world, FALLING) == 96


def test_account_under_call_is_cleared_although_fills_keep_bands() -> None:
    """Called at 94 with 20 lots; ten are sold at the call, and the level is above it again."""
    world = scene(200)
    world.position(ANN, 20)
    assert called_at(world, [94]) == 94
    world.position(ANN, -10, 94)
    assert told(world.tick(95)) == ["MarginCallCleared"]


def test_bands_of_an_account_that_was_flat_hold_for_its_next_position() -> None:
    world = scene(200)
    world.position(ANN, 10)
    world.position(ANN, -10)
    world.position(ANN, -20)
    assert called_at(world, RISING) == 106
    assert world.both.naive.world.positions_of(ANN, 1)[0].side == SELL
