"""Stop and stop-limit orders on the book venue: how they wait, what triggers them, what follows.

RULES section 9. `BookWorld.trade` moves the last price of GOLD: Cat trades with herself.
"""

from typing import Any

import msgspec
import pytest

from engine import _build, bounds
from engine import records as r
from engine import reject_codes as c
from engine import vocabulary as v
from tests.naive.book_world import (
    ANN,
    BOB,
    BUY,
    CAT,
    COIN,
    DAY,
    FOK,
    GOLD,
    GTD,
    IOC,
    SECOND,
    SELL,
    START_NS,
    BookWorld,
    fills,
    order,
    replacement,
    stop_order,
    told,
    triggered,
)

REDUCE = v.REDUCE_ONLY
MARK = {"mark": v.MARK_TICK, "trigger": v.TRIGGER_MARK}


# ---------------------------------------------------------------- what triggers

REACHED = [
    # side, trigger, last price, whether it is triggered
    (BUY, 105, 104, False),
    (BUY, 105, 105, True),
    (BUY, 105, 107, True),
    (SELL, 95, 96, False),
    (SELL, 95, 95, True),
    (SELL, 95, 93, True),
]


@pytest.mark.parametrize(("side", "trigger", "last", "reached"), REACHED)
def test_stop_order_waits_for_the_last_price(
    side: int, trigger: int, last: int, reached: bool
) -> None:
    world = BookWorld()
    world.trade(100)
    ticket = world.stop(ANN, side, 1, trigger)
    assert triggered(world.trade(last)) == ([ticket] if reached else [])


QUOTED = [
    # side, trigger, bid and ask, whether it is triggered
    (BUY, 105, (103, 104), False),
    (BUY, 105, (104, 105), True),
    (SELL, 95, (96, 97), False),
    (SELL, 95, (95, 96), True),
    (SELL, 95, (96, 110), False),
    (BUY, 105, (90, 104), False),
]


@pytest.mark.parametrize(("side", "trigger", "quote", "reached"), QUOTED)
def test_with_trigger_mark_the_ask_triggers_what_buys_and_the_bid_what_sells(
    side: int, trigger: int, quote: tuple[int, int], reached: bool
) -> None:
    world = BookWorld(gold=MARK)
    world.tick(99, 101)
    ticket = world.stop(ANN, side, 1, trigger)
    assert triggered(world.tick(*quote)) == ([ticket] if reached else [])


def test_with_trigger_mark_a_quote_of_the_book_is_enough_and_a_trade_is_not_needed() -> None:
    world = BookWorld(gold={"trigger": v.TRIGGER_MARK})
    ticket = world.stop(ANN, BUY, 1, 105)
    world.buy(BOB, 1, 100)
    assert told(world.sell(BOB, 1, 106)) == [
        "placed #3, frozen 10",
        f"pending #{ticket} of 1 triggered at 106",
        "placed #1, frozen 10",
        "Bob #3 sell 1 at 106 maker",
        "Ann #1 buy 1 at 106 taker",
    ]


def test_trades_of_others_do_not_matter_with_trigger_mark() -> None:
    world = BookWorld(gold=MARK)
    world.tick(100)
    world.stop(ANN, BUY, 1, 105)
    assert triggered(world.trade(110)) == []


@pytest.mark.parametrize(
    ("command", "code", "detail"),
    [
        (stop_order(ANN, BUY, 1, 100), c.WOULD_TRIGGER, 100),
        (stop_order(ANN, SELL, 1, 100), c.WOULD_TRIGGER, 100),
        (stop_order(ANN, SELL, 1, 101, price=90), c.WOULD_TRIGGER, 101),
        (stop_order(ANN, BUY, 1, 1_001), c.BAD_PRICE, 1_001),
        (stop_order(ANN, BUY, 1, 0), c.BAD_PRICE, 0),
        (stop_order(ANN, BUY, 1, 105, price=1_001), c.BAD_PRICE, 1_001),
        (stop_order(ANN, BUY, 1, 105, price=90, order_type=v.STOP), c.PRICE_NOT_ALLOWED, 90),
        (order(ANN, BUY, 1, 90, trigger_points=105), c.PRICE_NOT_ALLOWED, 105),
        (order(ANN, BUY, 1, trigger_points=-1), c.PRICE_NOT_ALLOWED, -1),
        (stop_order(ANN, BUY, 1, 105, force=IOC), c.BAD_TIME_IN_FORCE, IOC),
        (stop_order(ANN, BUY, 1, 105, force=FOK), c.BAD_TIME_IN_FORCE, FOK),
        (stop_order(ANN, BUY, 1, 105, flags=v.POST_ONLY), c.BAD_FLAGS, v.POST_ONLY),
        (stop_order(ANN, BUY, 1, 105, price=105, shown_units=1), c.BAD_FLAGS, 1),
        (stop_order(ANN, BUY, 101, 105), c.VOLUME_ABOVE_MAXIMUM, 101),
    ],
)
def test_stop_order_that_can_not_wait_is_refused(
    command: r.Command, code: int, detail: int
) -> None:
    world = BookWorld()
    world.trade(100)
    assert world.refused(command) == (code, detail)


def test_without_a_trigger_price_any_trigger_waits() -> None:
    world = BookWorld()
    world.stop(ANN, BUY, 1, 1)
    assert triggered(world.trade(50)) == [1]


# ---------------------------------------------------------------- while it waits


def test_what_waits_freezes_nothing_and_is_no_volume() -> None:
    world = BookWorld(gold={"position_limit_units": 100}, dollars=50)
    world.trade(100)
    [placed] = world.accepted(stop_order(ANN, BUY, 100, 110))
    assert placed.frozen_minor == 0
    world.stop(ANN, BUY, 100, 120)
    assert world.figures(ANN).frozen_minor == 0
    assert world.figures(ANN).orders == 2
    assert world.engine.quote(GOLD) == (100, 100), "it is not in the book"
    world.buy(ANN, 5, 90)


def test_what_waits_counts_as_an_order_of_the_account() -> None:
    world = BookWorld(max_orders=2)
    ticket = world.stop(ANN, BUY, 1, 110)
    world.buy(ANN, 1, 90)
    assert world.refused(order(ANN, BUY, 1, 80)) == (c.TOO_MANY_ORDERS, 2)
    assert world.refused(stop_order(ANN, BUY, 1, 120)) == (c.TOO_MANY_ORDERS, 2)
    world.cancel(ANN, ticket)
    world.buy(ANN, 1, 80)


def test_what_waits_keeps_the_instrument_in_use() -> None:
    world = BookWorld()
    world.stop(ANN, BUY, 1, 110)
    changed = msgspec.structs.replace(world.gold, initial_margin_minor=20)
    assert world.refused(changed) == (c.INSTRUMENT_IN_USE, v.CONFIG_INSTRUMENT)
    assert world.refused(msgspec.structs.replace(world.gold, mark=v.MARK_LAST)) == (
        c.INSTRUMENT_IN_USE,
        v.CONFIG_INSTRUMENT,
    )
    world.change_gold(trigger=v.TRIGGER_MARK)


def test_what_waits_is_cancelled_like_others_but_can_not_be_replaced() -> None:
    world = BookWorld()
    ticket = world.stop(ANN, BUY, 3, 110)
    assert world.refused(replacement(ANN, ticket, 1, 100)) == (c.UNKNOWN_ORDER, ticket)
    assert world.refused(r.CancelOrder(login=BOB, order=ticket)) == (c.NOT_YOUR_TICKET, ticket)
    assert told(world.cancel(ANN, ticket)) == ["removed #1 3 client, frozen 0"]


def test_cancel_all_takes_what_rests_and_what_waits_by_ticket() -> None:
    world = BookWorld()
    world.stop(ANN, BUY, 1, 110)
    world.buy(ANN, 2, 90)
    world.stop(ANN, BUY, 3, 120)
    world.stop(ANN, BUY, 4, 120, instrument=COIN)
    events = world.accepted(r.CancelAll(login=ANN, instrument=GOLD))
    assert told(events) == [
        "removed #1 1 client, frozen 20",
        "removed #2 2 client, frozen 0",
        "removed #3 3 client, frozen 0",
    ]
    assert world.figures(ANN).orders == 1


def test_what_waits_expires_like_others() -> None:
    world = BookWorld()
    world.stop(ANN, BUY, 1, 110, force=GTD, expiry=START_NS + SECOND)
    [placed] = world.accepted(stop_order(BOB, BUY, 1, 110, force=DAY))
    assert placed.expiry_ns == START_NS + 16 * 3_600 * SECOND, "midnight"
    assert told(world.clock(1)) == ["removed #1 1 expired, frozen 0"]
    assert told(world.clock(16 * 3_600)) == ["removed #2 1 expired, frozen 0"]


# ---------------------------------------------------------------- activation


def test_triggered_stop_takes_as_a_market_order_and_its_rest_ends() -> None:
    world = BookWorld()
    world.trade(100)
    ticket = world.stop(ANN, BUY, 3, 105, force=GTD, expiry=START_NS + SECOND)
    world.sell(BOB, 2, 120)
    events = world.trade(105)
    assert told(events[-5:]) == [
        f"pending #{ticket} of 3 triggered at 105",
        f"placed #{ticket}, frozen 30",
        "Bob #5 sell 2 at 120 maker",
        f"Ann #{ticket} buy 2 at 120 taker, 1 left",
        f"removed #{ticket} 1 remainder, frozen 0",
    ]
    placed = events[-4]
    assert (placed.order_type, placed.time_in_force, placed.expiry_ns) == (v.MARKET, IOC, 0)
    assert (placed.trigger_points, placed.price_points) == (0, 0)


def test_triggered_stop_limit_rests_at_its_limit_like_any_other() -> None:
    world = BookWorld()
    world.trade(100)
    expiry = START_NS + SECOND
    ticket = world.stop(ANN, BUY, 3, 105, price=106, force=GTD, expiry=expiry)
    world.sell(BOB, 2, 106)
    events = world.trade(105)
    assert told(events[-4:]) == [
        f"pending #{ticket} of 3 triggered at 105",
        f"placed #{ticket}, frozen 30",
        "Bob #5 sell 2 at 106 maker",
        f"Ann #{ticket} buy 2 at 106 taker, 1 left",
    ]
    assert (events[-3].order_type, events[-3].price_points) == (v.LIMIT, 106)
    assert events[-3].expiry_ns == expiry
    world.replace(ANN, ticket, 1, 104)
    assert told(world.clock(1)) == [f"removed #{ticket} 1 expired, frozen 0"]


def test_stop_in_spot_freezes_what_it_would_take_when_it_is_triggered() -> None:
    world = BookWorld()
    world.sell(BOB, 1, 100, instrument=COIN)
    world.buy(CAT, 1, 100, instrument=COIN)
    ticket = world.stop(ANN, BUY, 20, 105, instrument=COIN)
    world.sell(BOB, 2, 105, instrument=COIN)
    world.sell(BOB, 2, 106, instrument=COIN)
    assert told(world.buy(CAT, 1, 105, instrument=COIN))[-7:] == [
        f"pending #{ticket} of 20 triggered at 105",
        f"placed #{ticket}, frozen 317",
        "Bob #4 sell 1 at 105 maker",
        f"Ann #{ticket} buy 1 at 105 taker, 19 left",
        "Bob #5 sell 2 at 106 maker",
        f"Ann #{ticket} buy 2 at 106 taker, 17 left",
        f"removed #{ticket} 17 remainder, frozen 0",
    ]


def test_reduce_only_stop_shrinks_to_the_position() -> None:
    world = BookWorld()
    world.position(ANN, 2)
    ticket = world.stop(ANN, SELL, 5, 95, flags=REDUCE)
    world.buy(BOB, 10, 90)
    events = world.trade(95)
    assert told(events[-4:]) == [
        f"pending #{ticket} of 5 triggered at 95",
        f"placed #{ticket}, frozen 0",
        "Bob #6 buy 2 at 90 maker, 8 left",
        f"Ann #{ticket} sell 2 at 90 taker",
    ]
    assert events[-3].volume_units == 2


@pytest.mark.parametrize("position", [0, -2])
def test_reduce_only_stop_without_a_position_to_reduce_is_removed(position: int) -> None:
    world = BookWorld()
    if position:
        world.position(ANN, position)
    ticket = world.stop(ANN, SELL, 5, 95, flags=REDUCE)
    assert told(world.trade(95)[-2:]) == [
        f"pending #{ticket} of 5 triggered at 95",
        f"removed #{ticket} 0 reduce_only, frozen 0",
    ]


def poor(world: BookWorld) -> None:
    world.money(ANN, 950, v.WITHDRAWAL)


def rich(world: BookWorld) -> None:
    """As much as an account may have, and 2 dollars of profit."""
    world.position(ANN, 1, 100)
    for amount in (2**50 - 1_000, *[2**50] * 31):
        world.money(ANN, amount)
    world.buy(BOB, 1, 102)
    world.sell(ANN, 1, 102)


def crowd(world: BookWorld) -> None:
    world.buy(ANN, 50, 80)
    world.buy(ANN, 48, 79)


def settled(world: BookWorld) -> None:
    world.change_gold(band_bp=500)
    world.accepted(r.SettleInstrument(instrument=GOLD, price_points=100))


REFUSED = [
    # what happened while it waited, why it is refused now
    (lambda world: world.trade_mode(v.TRADE_SHORT_ONLY), "short_only 3"),
    (lambda world: world.trade_mode(v.TRADE_CLOSE_ONLY), "close_only 1"),
    (lambda world: world.trade_mode(v.TRADE_DISABLED), "trade_mode_disabled 0"),
    (lambda world: world.status(ANN, v.ACCOUNT_READ_ONLY), "account_is_read_only 1"),
    (lambda world: world.status(ANN, v.ACCOUNT_DISABLED), "account_is_disabled 2"),
    (lambda world: world.change_group(trading_enabled=False), "group_trading_disabled 1"),
    (rich, f"account_money_bound {2**55 + 2}"),
    (settled, "price_outside_band 106"),
    (crowd, "volume_limit 108"),
    (poor, "no_money -50"),
]


@pytest.mark.parametrize(("before", "why"), REFUSED)
def test_what_is_triggered_is_checked_like_a_new_order_and_refused_with_its_code(
    before: Any, why: str
) -> None:
    world = BookWorld(gold={"position_limit_units": 100})
    world.position(BOB, 3)
    ticket = world.stop(ANN, BUY, 10, 105, price=106)
    before(world)
    world.part(CAT)
    events = world.trade(105)
    assert told(events[-3:-2]) == [f"pending #{ticket} of 10 triggered at 105"]
    rejected, removed = events[-2:]
    assert told([rejected]) == [f"rejected {why}"]
    assert rejected.command_type == v.PLACE_BOOK_ORDER
    assert (rejected.login, rejected.ticket, rejected.instrument) == (ANN, ticket, GOLD)
    assert (removed.order, removed.volume_units, removed.removal) == (ticket, 10, v.REMOVAL_REFUSED)
    assert world.figures(ANN).orders == (2 if before is crowd else 0)


def test_own_order_in_the_way_of_a_triggered_one_is_met_by_its_mode() -> None:
    world = BookWorld()
    world.trade(100)
    ticket = world.stop(ANN, BUY, 2, 105, self_trade=v.SELF_TRADE_CANCEL_OLDEST)
    world.sell(ANN, 1, 106)
    world.sell(BOB, 1, 107)
    assert told(world.trade(105)[-4:]) == [
        "removed #5 1 self_trade, frozen 20",
        "Bob #6 sell 1 at 107 maker",
        f"Ann #{ticket} buy 1 at 107 taker, 1 left",
        f"removed #{ticket} 1 remainder, frozen 0",
    ]


# ---------------------------------------------------------------- one after another


def test_what_one_price_reaches_is_triggered_by_ticket_and_told_that_price() -> None:
    world = BookWorld()
    world.trade(100)
    tickets = [world.stop(ANN, BUY, 1, trigger) for trigger in (107, 103, 105)]
    world.stop(ANN, BUY, 1, 108)
    for price in (110, 120, 130):
        world.sell(BOB, 1, price)
    events = world.trade(107)
    assert triggered(events)[:3] == tickets
    assert [e.price_points for e in events if isinstance(e, r.BookOrderTriggered)][:3] == [107] * 3
    assert [line for line in fills(events) if "Bob" in line] == [
        "Bob #8 sell 1 at 110 maker",
        "Bob #9 sell 1 at 120 maker",
        "Bob #10 sell 1 at 130 maker",
    ]


def test_triggered_order_moves_the_price_and_triggers_the_next_in_one_command() -> None:
    world = BookWorld()
    world.trade(100)
    first = world.stop(ANN, BUY, 1, 101)
    last = world.stop(ANN, SELL, 1, 99)
    second = world.stop(ANN, BUY, 1, 110)
    third = world.stop(ANN, BUY, 1, 120)
    for price in (110, 120, 130):
        world.sell(BOB, 1, price)
    events = world.trade(101)
    assert triggered(events) == [first, second, third]
    assert world.engine.quote(GOLD) == (130, 130)
    world.buy(BOB, 1, 50)
    assert triggered(world.trade(99)) == [last]


def test_rising_price_triggers_falling_ones_too_where_the_book_is_thin() -> None:
    """A stop that buys at the last offer, then one that sells to the only bid."""
    world = BookWorld()
    world.trade(100)
    buys = world.stop(ANN, BUY, 1, 101)
    sells = world.stop(BOB, SELL, 1, 99)
    world.sell(CAT, 1, 103)
    world.buy(CAT, 1, 90)
    assert triggered(world.trade(101)) == [buys]
    assert triggered(world.sell(ANN, 1)) == [sells]


CHAIN = 70


def chain(links: int) -> BookWorld:
    """Each stop of Ann's buys from Bob at the price that triggers the next one."""
    world = BookWorld(dollars=100_000, gold={"position_limit_units": 1_000})
    world.trade(100)
    for link in range(links):
        world.stop(ANN, BUY, 1, 101 + link)
        world.sell(BOB, 1, 102 + link)
    return world


def test_rounds_after_a_command_are_bounded_and_the_next_command_goes_on() -> None:
    world = chain(CHAIN)
    assert len(triggered(world.trade(101))) == bounds.MAX_ROUNDS, "one a round"
    assert world.figures(ANN).orders == CHAIN - bounds.MAX_ROUNDS
    assert triggered(world.clock(1)) == [], "nothing happened to the book"
    assert len(triggered(world.buy(CAT, 1, 50))) == CHAIN - bounds.MAX_ROUNDS


@pytest.mark.skipif(_build.compiled(), reason="compiled constants stand")
@pytest.mark.parametrize("most", [1, 2, 3])
def test_fewer_rounds_go_as_far_as_they_reach(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    world = chain(5)
    monkeypatch.setattr(bounds, "MAX_ROUNDS", most)
    assert len(triggered(world.trade(101))) == most
    assert len(triggered(world.buy(CAT, 1, 50))) == min(most, 5 - most)


def test_book_that_does_not_trade_triggers_nothing_until_something_happens_to_it() -> None:
    morning = [(day * 1_440, day * 1_440 + 600) for day in range(7)]
    world = BookWorld()
    world.trade(100)
    world.sell(BOB, 1, 110)
    ticket = world.stop(ANN, BUY, 1, 105)
    world.phase(v.PHASE_AUCTION)
    world.buy(CAT, 1, 110)
    world.change_gold(sessions=morning)
    world.clock(3 * 3_600)
    assert triggered(world.phase(v.PHASE_CONTINUOUS)) == [], "the auction is over, at 110"
    world.change_gold(sessions=[])
    assert triggered(world.clock(1)) == []
    assert triggered(world.buy(CAT, 1, 50)) == [ticket]


@pytest.mark.skipif(_build.compiled(), reason="compiled constants stand")
def test_triggered_order_that_would_open_one_position_too_many_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What waits is no claim to a position; what rests or is held is."""
    world = BookWorld()
    oil = msgspec.structs.replace(world.gold, instrument=4, symbol="OIL")
    world.accepted(oil)
    monkeypatch.setattr(bounds, "MAX_POSITIONS_PER_ACCOUNT", 1)
    world.trade(100)
    ticket = world.stop(ANN, BUY, 1, 105)
    world.buy(ANN, 1, 50, instrument=4)
    assert told(world.trade(105)[-2:]) == [
        "rejected too_many_positions 1",
        f"removed #{ticket} 1 refused, frozen 10",
    ]
    ticket = world.stop(ANN, BUY, 1, 110)
    world.accepted(r.CancelAll(login=ANN, instrument=4))
    assert told(world.trade(110)[-2:-1]) == [f"placed #{ticket}, frozen 10"]
