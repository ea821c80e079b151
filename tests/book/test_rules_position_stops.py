"""Stop loss and take profit of futures positions: what reaches them, and how they close.

RULES section 9. `BookWorld.trade` moves the last price of GOLD: Cat trades with herself.
"""

from typing import Any

import pytest

from engine import records as r
from engine import reject_codes as c
from engine import vocabulary as v
from tests.naive.book_world import (
    ANN,
    BOB,
    CAT,
    IOC,
    SELL,
    START_NS,
    BookWorld,
    fills,
    stops_of,
    told,
    triggered,
)

REDUCE = v.REDUCE_ONLY
MARK = {"mark": v.MARK_TICK, "trigger": v.TRIGGER_MARK}

LEVELS = [
    # position, stop loss, take profit, last price, what is triggered
    (5, 95, 0, 96, ""),
    (5, 95, 0, 95, "stop_loss"),
    (5, 95, 0, 90, "stop_loss"),
    (5, 0, 105, 104, ""),
    (5, 0, 105, 105, "take_profit"),
    (5, 95, 105, 110, "take_profit"),
    (-5, 105, 0, 104, ""),
    (-5, 105, 0, 105, "stop_loss"),
    (-5, 0, 95, 96, ""),
    (-5, 0, 95, 95, "take_profit"),
    (-5, 105, 95, 90, "take_profit"),
]


@pytest.mark.parametrize(("units", "loss", "profit", "last", "stage"), LEVELS)
def test_stop_of_a_position_closes_it_at_market(
    units: int, loss: int, profit: int, last: int, stage: str
) -> None:
    world = BookWorld()
    world.position(ANN, units, against=BOB)
    world.stops(ANN, loss, profit)
    ticket = world.ticket_of(ANN)
    world.buy(BOB, 5, 80)
    world.sell(BOB, 5, 120)
    events = world.trade(last)
    closing = [e for e in events if isinstance(e, r.BookOrderTriggered)]
    if not stage:
        assert not closing
        assert world.figures(ANN).positions == 1
        return
    [event] = closing
    assert v.STAGE_NAMES[event.stage] == stage
    assert (event.position, event.volume_units, event.price_points) == (ticket, 5, last)
    placed = next(e for e in events if isinstance(e, r.BookOrderPlaced) and e.login == ANN)
    assert (placed.order, placed.order_type, placed.flags) == (event.order, v.MARKET, REDUCE)
    assert (placed.time_in_force, placed.volume_units) == (IOC, 5)
    assert world.figures(ANN).positions == 0
    assert events[-1].order == event.order, "the taker's fill"
    assert events[-1].price_points == (80 if units > 0 else 120)


def test_with_trigger_mark_the_bid_closes_what_is_long_and_the_ask_what_is_short() -> None:
    world = BookWorld(gold=MARK)
    world.tick(100)
    world.position(ANN, 2, against=BOB)
    world.stops(ANN, loss=95)
    world.stops(BOB, loss=105)
    world.buy(CAT, 5, 80)
    world.sell(CAT, 5, 120)
    assert triggered(world.tick(96, 104)) == []
    assert [told([e])[0] for e in world.tick(95, 104) if isinstance(e, r.BookOrderTriggered)] == [
        "stop_loss #7 of 2 triggered at 95"
    ]
    assert [told([e])[0] for e in world.tick(96, 105) if isinstance(e, r.BookOrderTriggered)] == [
        "stop_loss #9 of 2 triggered at 105"
    ]


def test_stop_that_finds_nobody_is_told_once_and_waits_for_somebody() -> None:
    world = BookWorld()
    world.position(ANN, 3)
    world.stops(ANN, loss=95)
    refused = world.trade(95)[-1]
    assert isinstance(refused, r.TriggerRefused)
    assert (refused.login, refused.ticket) == (ANN, world.ticket_of(ANN))
    assert (refused.stage, refused.reason) == (v.STAGE_STOP_LOSS, v.REFUSED_NO_LIQUIDITY)
    assert not any(isinstance(e, r.TriggerRefused) for e in world.trade(94)), "told already"
    assert told(world.buy(BOB, 2, 90)) == [
        "placed #9, frozen 20",
        "stop_loss #10 of 3 triggered at 94",
        "placed #10, frozen 0",
        "Bob #9 buy 2 at 90 maker",
        "Ann #10 sell 2 at 90 taker, 1 left",
        "removed #10 1 remainder, frozen 0",
        "refused Ann no_liquidity",
    ]
    assert fills(world.buy(BOB, 2, 91))[-1] == "Ann #13 sell 1 at 91 taker"


def test_what_others_show_is_not_taken_from_oneself() -> None:
    """Only own orders are in the book: nobody is there; with somebody, the own ones give way."""
    world = BookWorld()
    world.position(ANN, 3)
    world.stops(ANN, loss=95)
    own = world.buy(ANN, 1, 92)[0].order
    assert told(world.trade(95))[-1] == "refused Ann no_liquidity"
    assert told(world.buy(BOB, 3, 91))[3:] == [
        f"removed #{own} 1 self_trade, frozen 0",
        "Bob #8 buy 3 at 91 maker",
        "Ann #9 sell 3 at 91 taker",
    ]


def test_reduce_only_orders_of_the_account_end_with_the_position() -> None:
    world = BookWorld()
    world.position(ANN, 3)
    world.stops(ANN, loss=95)
    reducing = world.sell(ANN, 2, 120, flags=REDUCE)[0].order
    world.buy(BOB, 3, 90)
    assert told(world.trade(95))[-1] == f"removed #{reducing} 2 reduce_only, frozen 0"


def test_positions_are_closed_by_ticket_as_far_as_the_book_reaches() -> None:
    world = BookWorld()
    world.position(ANN, 2)
    world.position(BOB, 2)
    world.stops(BOB, loss=96)
    world.stops(ANN, loss=95)
    world.buy(CAT, 3, 90)
    assert [line for line in fills(world.trade(95)) if "Cat #" not in line] == [
        "Ann #11 sell 2 at 90 taker",
        "Bob #12 sell 1 at 90 taker, 1 left",
    ]
    assert world.figures(BOB).positions == 1


def test_stop_that_closes_a_position_triggers_the_next_in_one_command() -> None:
    world = BookWorld()
    world.position(ANN, 2)
    world.position(BOB, 2)
    world.stops(ANN, loss=95)
    world.stops(BOB, loss=90)
    waiting = world.stop(CAT, SELL, 1, 80, flags=REDUCE)
    world.buy(CAT, 2, 90)
    world.buy(CAT, 2, 80)
    stages = [(e.login, e.price_points) for e in world.trade(95) if hasattr(e, "stage")]
    assert stages == [(ANN, 95), (BOB, 90), (CAT, 80)]
    assert waiting not in world.both.naive.world.waiting_orders


def test_disabled_instrument_closes_nothing_and_says_so_once() -> None:
    world = BookWorld()
    world.position(ANN, 2)
    world.stops(ANN, loss=95, profit=105)
    world.buy(BOB, 2, 90)
    world.part(CAT)
    world.trade_mode(v.TRADE_DISABLED)
    assert told(world.trade(95))[-1] == "refused Ann not_tradable"
    assert not any(isinstance(e, r.TriggerRefused) for e in world.trade(94))
    world.trade_mode(v.TRADE_CLOSE_ONLY)
    assert fills(world.buy(CAT, 1, 50))[-1] == "Ann #11 sell 2 at 90 taker"


@pytest.mark.parametrize("state", [v.ACCOUNT_READ_ONLY, v.ACCOUNT_DISABLED])
def test_closing_order_needs_no_admission(state: int) -> None:
    world = BookWorld()
    world.position(ANN, 2)
    world.stops(ANN, loss=95)
    world.status(ANN, state)
    world.buy(BOB, 2, 90)
    assert fills(world.trade(95))[-1] == "Ann #8 sell 2 at 90 taker"


def test_stops_stay_when_the_position_grows_or_shrinks_and_go_with_it() -> None:
    world = BookWorld()
    world.position(ANN, 2)
    world.stops(ANN, loss=95)
    world.position(ANN, 3)
    world.position(ANN, -4)
    world.buy(BOB, 1, 90)
    assert fills(world.trade(95))[-1] == "Ann #12 sell 1 at 90 taker"
    world.position(ANN, 4)
    world.buy(BOB, 9, 90)
    assert triggered(world.trade(94)) == []


def test_turned_over_position_has_no_stops() -> None:
    world = BookWorld()
    world.position(ANN, 2)
    world.stops(ANN, loss=95)
    world.position(ANN, -5, price=99)
    world.buy(BOB, 9, 80)
    world.sell(BOB, 9, 120)
    assert triggered(world.trade(90)) == triggered(world.trade(110)) == []


def test_stop_out_of_the_price_comes_after_the_stops_that_it_reaches() -> None:
    """What its own stop closes in time is not liquidated."""
    world = BookWorld(gold={"mark": v.MARK_LAST}, margin_call_level=20_000, stop_out_level=10_000)
    world.position(ANN, 10)
    world.money(ANN, 940, v.WITHDRAWAL)
    world.stops(ANN, loss=97)
    world.buy(BOB, 10, 96)
    events = world.trade(97)
    assert fills(events)[-1] == "Ann #8 sell 10 at 96 taker"
    assert not any(isinstance(e, r.StopOut) for e in events)


MODIFIED = [
    # position, last price, stop loss, take profit, code and detail
    (2, 100, 100, 0, (c.STOPS_WRONG_SIDE, 100)),
    (2, 100, 101, 99, (c.STOPS_WRONG_SIDE, 101)),
    (2, 100, 99, 100, (c.STOPS_WRONG_SIDE, 100)),
    (2, 100, 99, 101, (0, 0)),
    (-2, 100, 100, 0, (c.STOPS_WRONG_SIDE, 100)),
    (-2, 100, 101, 100, (c.STOPS_WRONG_SIDE, 100)),
    (-2, 100, 101, 99, (0, 0)),
    (2, 104, 103, 0, (0, 0)),
    (2, 100, -1, 0, (c.BAD_PRICE, -1)),
    (2, 100, 0, -1, (c.BAD_PRICE, -1)),
    (2, 100, 1, 2**31, (c.BAD_PRICE, 2**31)),
    (2, 100, 0, 0, (0, 0)),
    (2, 100, 0, 2**31 - 1, (0, 0)),
]


@pytest.mark.parametrize(("units", "last", "loss", "profit", "answer"), MODIFIED)
def test_stops_of_a_position_lie_around_the_trigger_price(
    units: int, last: int, loss: int, profit: int, answer: tuple[int, int]
) -> None:
    world = BookWorld()
    world.position(ANN, units, against=BOB)
    world.trade(last)
    command = stops_of(ANN, world.ticket_of(ANN), loss, profit)
    if answer[0]:
        assert world.refused(command) == answer
    else:
        [modified] = world.accepted(command)
        assert (modified.stop_loss_points, modified.take_profit_points) == (loss, profit)


def test_stops_are_checked_against_the_side_of_the_quote_that_closes() -> None:
    world = BookWorld(gold=MARK)
    world.tick(100)
    world.position(ANN, 2, against=BOB)
    world.tick(98, 102)
    assert world.refused(stops_of(ANN, world.ticket_of(ANN), loss=98))[0] == c.STOPS_WRONG_SIDE
    assert world.refused(stops_of(BOB, world.ticket_of(BOB), loss=102))[0] == c.STOPS_WRONG_SIDE
    world.stops(ANN, loss=97, profit=99)
    world.stops(BOB, loss=103, profit=101)


STATES = [
    # what is set, code and detail of what is refused
    (lambda world: world.trade_mode(v.TRADE_DISABLED), (c.TRADE_MODE_DISABLED, 0)),
    (lambda world: world.change_gold(sessions=[(0, 1)]), (c.SESSION_CLOSED, 0)),
    (lambda world: world.change_gold(expires_ns=START_NS), (c.WRONG_PHASE, v.PHASE_EXPIRED)),
    (lambda world: world.status(ANN, v.ACCOUNT_READ_ONLY), (c.ACCOUNT_IS_READ_ONLY, 1)),
    (lambda world: world.phase(v.PHASE_HALTED), (0, 0)),
    (lambda world: world.trade_mode(v.TRADE_CLOSE_ONLY), (0, 0)),
]


@pytest.mark.parametrize(("state", "answer"), STATES)
def test_stops_may_be_set_as_long_as_the_contract_lives(
    state: Any, answer: tuple[int, int]
) -> None:
    world = BookWorld()
    world.position(ANN, 2)
    command = stops_of(ANN, world.ticket_of(ANN), loss=95)
    state(world)
    if answer[0]:
        assert world.refused(command) == answer
    else:
        world.accepted(command)


def test_only_the_owner_sets_the_stops_of_a_position() -> None:
    world = BookWorld()
    world.position(ANN, 2)
    ticket = world.ticket_of(ANN)
    assert world.refused(stops_of(BOB, ticket, loss=95)) == (c.NOT_YOUR_TICKET, ticket)
    assert world.refused(stops_of(BOB, 77, loss=95)) == (c.UNKNOWN_POSITION, 77)
    assert world.refused(stops_of(7, ticket, loss=95)) == (c.UNKNOWN_ACCOUNT, 7)
