"""Scenarios for what random days meet too seldom to be relied on.

Most are about a restart: an engine that is restored from its state must go on as the one that
was not, also where what happened before left something behind that is easily forgotten.
"""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from engine import Engine, bounds
from engine import records as r
from engine import vocabulary as v
from tests.naive.book_world import (
    ANN,
    BOB,
    BUY,
    CAT,
    COIN,
    FUND,
    QUOTED,
    BookWorld,
    order,
    told,
)

DEPTH = {"depth_events": True}


# ---------------------------------------------------------------- restarts


def two_books() -> BookWorld:
    """Ann came to the second book first."""
    world = BookWorld(gold=DEPTH, coin=DEPTH)
    world.buy(ANN, 1, 50, instrument=COIN)
    world.buy(ANN, 1, 50)
    return world


def book_left() -> BookWorld:
    """Ann has nothing in the first book any more."""
    world = two_books()
    world.cancel(ANN, 1)
    return world


def chain() -> BookWorld:
    """Each stop triggers the next one, and there are more of them than rounds."""
    links = bounds.MAX_ROUNDS + 6
    world = BookWorld(dollars=100_000, gold=DEPTH | {"position_limit_units": 1_000})
    world.trade(100)
    for link in range(links):
        world.stop(ANN, BUY, 1, 101 + link)
        world.sell(BOB, 1, 102 + link)
    world.trade(101)
    return world


def iceberg() -> BookWorld:
    """Two of what it shows are filled; another order stands behind it."""
    world = BookWorld(gold=DEPTH)
    world.sell(ANN, 20, 100, shown_units=5)
    world.sell(BOB, 5, 100)
    world.buy(CAT, 2, 100)
    return world


def stops() -> BookWorld:
    """Ann's position has a stop loss that found nobody, and a stop-limit order waits."""
    world = BookWorld(gold={"trigger": v.TRIGGER_LAST})
    world.position(ANN, 5)
    world.stops(ANN, loss=90)
    world.stop(BOB, BUY, 2, 120, price=125)
    world.trade(85)
    return world


def base_and_last_price() -> BookWorld:
    """A band around the price of an auction, and trades since."""
    world = BookWorld(gold={"band_bp": 1_000})
    world.phase(v.PHASE_AUCTION)
    world.sell(BOB, 3, 100)
    world.buy(ANN, 3, 100)
    world.phase(v.PHASE_CONTINUOUS)
    world.trade(105)
    return world


def margin_by_date() -> BookWorld:
    """The first of two rows is in force, and orders freeze by it."""
    rows = [(1_704_096_010 * 10**9, 20, 8), (1_704_096_030 * 10**9, 30, 12)]
    world = BookWorld(gold={"margins": rows})
    world.position(ANN, 5)
    world.buy(BOB, 3, 90)
    world.clock(15)
    return world


ALL_OF_ANN = r.CancelAll(login=ANN)
RESTARTS: dict[str, tuple[Callable[[], BookWorld], r.Command, int]] = {
    "cancel all, the second book first": (two_books, ALL_OF_ANN, 0),
    "cancel all, one book left": (book_left, ALL_OF_ANN, 0),
    "rounds that were left over": (chain, order(CAT, BUY, 1, 50), 0),
    "what an iceberg shows": (iceberg, order(CAT, BUY, 4, 100), 0),
    "stop that found nobody": (stops, order(CAT, BUY, 9, 85), 0),
    "stop-limit order that waits": (stops, order(CAT, v.SELL, 9, 120), 0),
    "order beyond the band": (base_and_last_price, order(CAT, BUY, 1, 111), 0),
    "order at the edge of the band": (base_and_last_price, order(CAT, BUY, 1, 110), 0),
    "stop at the last price": (
        base_and_last_price,
        order(CAT, BUY, 1, order_type=v.STOP, force=0, trigger_points=105),
        0,
    ),
    "next row of margins": (margin_by_date, r.Clock(), 20),
}


@pytest.mark.parametrize("name", RESTARTS)
def test_restored_engine_goes_on_like_the_one_that_was_not(name: str) -> None:
    scene, command, seconds = RESTARTS[name]
    world = scene()
    live = world.engine
    state = live.state_bytes()
    restored = Engine.from_state(state, live.sequence, live.time_ns)
    restored.check(everything=True)
    time_ns = live.time_ns + seconds * 10**9
    events = world.send(command, time_ns)
    assert restored.send(command, time_ns) == events, told(events)
    assert restored.state_bytes() == live.state_bytes()


def test_book_that_was_left_for_quotes_is_in_no_state() -> None:
    world = BookWorld(coin=DEPTH)
    world.buy(ANN, 1, 50, instrument=COIN)
    world.cancel(ANN, 1)
    world.phase(v.PHASE_HALTED, COIN)
    world.accepted(msgspec.structs.replace(QUOTED, instrument=COIN, symbol="COIN"))
    live = world.engine
    restored = Engine.from_state(live.state_bytes(), live.sequence, live.time_ns)
    for config in (world.coin, world.coin):
        assert restored.send(config) == world.accepted(config)
    again = order(ANN, BUY, 1, 50, instrument=COIN)
    assert restored.send(again) == world.accepted(again), "it is not halted any more"
    assert restored.state_bytes() == live.state_bytes()


# ---------------------------------------------------------------- auctions


def test_fill_in_an_auction_releases_what_was_frozen_at_the_own_limit() -> None:
    world = BookWorld()
    world.phase(v.PHASE_AUCTION, COIN)
    world.buy(ANN, 3, 110, instrument=COIN)
    world.sell(BOB, 5, 90, instrument=COIN)
    assert world.frozen(ANN) == 3 * 110
    ended, bought, *_ = world.phase(v.PHASE_CONTINUOUS, COIN)
    assert (ended.price_points, ended.volume_units) == (90, 3), "sellers are left over"
    assert bought.quote_frozen_minor == world.frozen(ANN) == 0


# ---------------------------------------------------------------- liquidation


def test_liquidation_goes_so_many_steps_at_most_and_the_next_price_goes_on() -> None:
    units = bounds.MAX_STOP_OUT_STEPS + 30
    world = BookWorld(
        gold={
            "mark": v.MARK_TICK,
            "liquidation_units": 1,
            "lot_max_units": 1_000,
            "position_limit_units": 1_000,
        },
        dollars=100_000,
    )
    world.tick(100)
    world.position(ANN, units)
    world.buy(BOB, units, 90)
    lose(world, ANN, 4 * units)
    assert stop_outs(world.tick(99)) == 0
    assert stop_outs(world.tick(96)) == bounds.MAX_STOP_OUT_STEPS
    assert stop_outs(world.tick(96)) == 30
    assert world.figures(ANN).positions == 0


def test_last_dollar_of_the_fund_is_paid() -> None:
    world = BookWorld(
        gold={"mark": v.MARK_TICK, "insurance_login": FUND}, compensation=v.COMPENSATE_NEVER
    )
    world.accepted(r.SetAccount(login=FUND, group=1))
    world.money(FUND, 1)
    world.tick(100)
    world.position(ANN, 10)
    world.buy(BOB, 10, 92)
    lose(world, ANN, 50)
    lines = told(world.tick(97))
    assert [line for line in lines if "insurance" in line] == [
        "Ann insurance +1, balance -29",
        "Fund insurance -1, balance 0",
    ]


def lose(world: BookWorld, login: int, left: int) -> None:
    """So much of the account's money stays."""
    balance = world.both.naive.world.accounts[login].balance
    world.money(login, left - balance, v.CORRECTION)


def stop_outs(events: list[Any]) -> int:
    return sum(isinstance(event, r.StopOut) for event in events)
