"""Strict trade sequencing, conservation, and refusals that change nothing (RULES section 8).

The engineering rule of seed 002: place order, freeze margin, match, fill, release freeze,
update position, settle; no step is skipped, and both sides of a fill happen or neither. The
auditor in tests/naive/book_audit.py reads the events for it, here and on every random day.
"""

from collections import Counter
from random import Random
from typing import Any

import msgspec
import pytest

from engine import records as r
from engine import reject_codes as c
from engine import vocabulary as v
from tests.naive.book_comparison import ComparedDay
from tests.naive.book_day import kind_at_random
from tests.naive.book_world import (
    ANN,
    BOB,
    BTC,
    BUY,
    CAT,
    COIN,
    DAY,
    FOK,
    FUTURE,
    GOLD,
    GTC,
    GTD,
    IOC,
    METAL,
    QUOTED,
    SECOND,
    SELL,
    SPOT,
    START_NS,
    USD,
    BookWorld,
    order,
    replacement,
)

# ---------------------------------------------------------------- strict trade sequencing


def test_strict_trade_sequencing_each_step_of_a_futures_fill_is_seen_in_its_order() -> None:
    world = BookWorld(gold={"taker_fee_ppm": 10_000})
    [offer] = world.sell(ANN, 2, 100)
    assert (offer.order, offer.frozen_minor) == (1, 20), "place, freeze"
    placed, maker, taker = world.buy(BOB, 3, 105)
    assert (placed.order, placed.frozen_minor) == (2, 30), "place, freeze: before any fill"
    assert (maker.frozen_minor, maker.margin_minor) == (0, 8), "release what the fill margins"
    assert (taker.frozen_minor, taker.margin_minor) == (10, 8), "the rest stays frozen"
    assert (maker.position_units, taker.position_units) == (-2, 2), "position"
    assert (maker.balance_minor, taker.balance_minor) == (1_000, 998), "settle"
    world.cancel(BOB, 2)
    assert world.buy(ANN, 2, 90)[0].frozen_minor == 0, "closing freezes nothing"
    _, maker, taker = world.sell(BOB, 2, 90, force=FOK)
    assert (maker.profit_minor, taker.profit_minor) == (20, -20)
    assert (maker.margin_minor, taker.margin_minor) == (0, 0)
    assert (maker.balance_minor, taker.balance_minor) == (1_020, 977), "taker fees of 2 and 1"


@pytest.mark.parametrize("seed", range(61, 66))
def test_strict_trade_sequencing_filled_but_not_frozen_is_never_seen(seed: int) -> None:
    """The auditor: what a fill adds to margin or takes from a holding was frozen before."""
    day = ComparedDay(seed)
    day.run(400)
    assert day.counts["event FuturesFilled"] + day.counts["event SpotFilled"] >= 20


BROKEN = [
    # the event whose figure is altered, the figure, by how much
    (r.FuturesFilled, "margin_minor", 100),
    (r.FuturesFilled, "frozen_minor", 100),
    (r.FuturesFilled, "balance_minor", 1),
    (r.FuturesFilled, "profit_minor", 1),
    (r.FuturesFilled, "left_units", 1),
    (r.FuturesFilled, "position_units", 1),
    (r.FuturesFilled, "open_cost", 1),
    (r.FuturesFilled, "fee_minor", 1),
    (r.SpotFilled, "quote_frozen_minor", 1),
    (r.SpotFilled, "base_frozen_minor", 1),
    (r.SpotFilled, "quote_delta_minor", -1),
    (r.SpotFilled, "base_delta_minor", 1),
    (r.SpotFilled, "fee_minor", 1),
    (r.BookOrderPlaced, "frozen_minor", -1),
    (r.BookOrderRemoved, "volume_units", 1),
]


@pytest.mark.parametrize(("event_type", "field", "change"), BROKEN)
def test_auditor_notices_a_figure_that_is_wrong(event_type: Any, field: str, change: int) -> None:
    day = ComparedDay(61)
    day.open()
    random = Random("auditor")
    for _ in range(2_000):
        command = day.day.command(kind_at_random(random), random)
        day.audit.before()
        events = day.both.apply(command)
        found = [n for n, event in enumerate(events) if isinstance(event, event_type)]
        follows = event_type is r.BookOrderPlaced and len(events) > 1
        if found and not follows:
            event = events[found[0]]
            altered = msgspec.structs.replace(event, **{field: getattr(event, field) + change})
            events[found[0]] = altered
            with pytest.raises(AssertionError):
                day.audit.after(events)
            return
        day.audit.after(events)
    raise AssertionError("no such event")


# ---------------------------------------------------------------- conservation


def test_futures_profits_of_all_accounts_add_up_to_nothing_at_any_price() -> None:
    """Realized and floating together, after every command of a day."""
    counts: Counter[str] = Counter()
    held = 0
    for seed in range(71, 75):
        day = ComparedDay(seed, counts)
        day.run(400)
        held += sum(1 for units in day.audit.units.values() if any(units.values()))
    assert counts["closed in part or turned over"] >= 20
    assert held >= 2


def test_holdings_and_fees_of_all_accounts_are_what_was_brought() -> None:
    """In every currency, after every command of a day."""
    counts: Counter[str] = Counter()
    fees = 0
    for seed in range(81, 86):
        day = ComparedDay(seed, counts)
        day.run(400)
        fees += sum(abs(fee) for fee in day.audit.fees.values())
        for login, account in day.both.naive.world.accounts.items():
            own = day.audit.own(login)
            assert day.engine.account(login).balance_minor == day.audit.money[login, own]
            for currency, amount in account.holdings.items():
                assert day.audit.money[login, currency] == amount
    assert counts["event SpotFilled"] >= 40
    assert fees >= 100


# ---------------------------------------------------------------- refusals

PAST, LATE = START_NS, 2**62 + 1
REFUSALS: list[tuple[Any, int, int]] = [
    # command, code, detail: in the order of the checks, and wrong in later ones, too
    (order(9, BUY, 0, -1, instrument=99), c.UNKNOWN_ACCOUNT, 9),
    (order(ANN, BUY, 0, -1, instrument=99), c.UNKNOWN_INSTRUMENT, 99),
    (order(ANN, 9, 0, -1, instrument=METAL), c.OTHER_VENUE, v.VENUE_QUOTED),
    (order(ANN, 9, 0, -1, order_type=4, force=9), c.BAD_ORDER_TYPE, 4),
    (order(ANN, 9, 0, -1, force=9), c.BAD_SIDE, 9),
    (order(ANN, BUY, 0, -1, force=9, flags=9), c.BAD_TIME_IN_FORCE, 9),
    (order(ANN, BUY, 0, 0, force=GTC, flags=9), c.BAD_TIME_IN_FORCE, GTC),
    (order(ANN, BUY, 0, 0, force=DAY), c.BAD_TIME_IN_FORCE, DAY),
    (order(ANN, BUY, 0, -1, flags=4, self_trade=9), c.BAD_FLAGS, 4),
    (order(ANN, BUY, 0, -1, flags=-1), c.BAD_FLAGS, -1),
    (order(ANN, BUY, 0, -1, flags=v.POST_ONLY, force=IOC), c.BAD_FLAGS, v.POST_ONLY),
    (order(ANN, BUY, 0, -1, flags=3, force=FOK), c.BAD_FLAGS, 3),
    (order(ANN, BUY, 0, -1, self_trade=4, expiry=5), c.BAD_FLAGS, 4),
    (order(ANN, BUY, 0, -1, self_trade=-1), c.BAD_FLAGS, -1),
    (order(ANN, BUY, 0, -1, expiry=LATE), c.BAD_EXPIRY, LATE),
    (order(ANN, BUY, 0, -1, force=DAY, expiry=LATE - 1), c.BAD_EXPIRY, LATE - 1),
    (order(ANN, BUY, 0, -1, force=GTD), c.BAD_EXPIRY, 0),
    (order(ANN, BUY, 0, -1, force=GTD, expiry=PAST), c.BAD_EXPIRY, PAST),
    (order(ANN, BUY, 0, -1, force=GTD, expiry=LATE), c.BAD_EXPIRY, LATE),
    (order(ANN, BUY, 0, 5, market=1), c.PRICE_NOT_ALLOWED, 5),
    (order(ANN, BUY, 0, 1_002), c.BAD_PRICE, 1_002),
    (order(ANN, BUY, 0, -1), c.BAD_PRICE, -1),
    (order(ANN, BUY, 0, 101), c.PRICE_OFF_TICK_SIZE, 101),
    (order(ANN, BUY, 0, 100), c.VOLUME_BELOW_MINIMUM, 0),
    (order(ANN, BUY, -5, 100), c.VOLUME_BELOW_MINIMUM, -5),
    (order(ANN, BUY, 101, 100), c.VOLUME_ABOVE_MAXIMUM, 101),
    (order(ANN, BUY, 7, 100), c.VOLUME_OFF_STEP, 7),
    (order(ANN, BUY, 96, 100, flags=v.REDUCE_ONLY), c.VOLUME_LIMIT, 102),
    (order(ANN, SELL, 14, 100, flags=v.REDUCE_ONLY), c.VOLUME_ABOVE_POSITION, 14),
    (order(ANN, BUY, 30, 110, flags=v.POST_ONLY), c.WOULD_TAKE, 110),
    (order(ANN, BUY, 30, 110, force=FOK), c.NOT_FILLABLE, 10),
    (order(ANN, BUY, 30, 110), c.NO_MONEY, -176),
    (replacement(9, 1, 0, 0), c.UNKNOWN_ACCOUNT, 9),
    (replacement(ANN, 77, 0, 0), c.UNKNOWN_ORDER, 77),
    (replacement(BOB, 2, 0, 0), c.NOT_YOUR_TICKET, 2),
    (replacement(ANN, 2, 0, 101), c.PRICE_OFF_TICK_SIZE, 101),
    (replacement(ANN, 2, 0, 100), c.VOLUME_BELOW_MINIMUM, 0),
    (replacement(ANN, 2, 98, 100), c.VOLUME_LIMIT, 102),
    (replacement(ANN, 2, 30, 100), c.NO_MONEY, -156),
    (r.CancelOrder(login=9, order=2), c.UNKNOWN_ACCOUNT, 9),
    (r.CancelOrder(login=BOB, order=2), c.NOT_YOUR_TICKET, 2),
    (r.CancelAll(login=9, instrument=99), c.UNKNOWN_ACCOUNT, 9),
    (r.CancelAll(login=ANN, instrument=99), c.UNKNOWN_INSTRUMENT, 99),
    (r.CancelAll(login=ANN, instrument=-1), c.UNKNOWN_INSTRUMENT, -1),
]


@pytest.mark.parametrize(("command", "code", "detail"), REFUSALS)
def test_refusal_names_the_first_failure_and_changes_nothing(
    command: r.Command, code: int, detail: int
) -> None:
    """Bob offers #1 (10 at 110), Ann bids #2 (2 at 90) and holds 4."""
    even = {"tick_size_points": 2, "lot_min_units": 2, "lot_step_units": 2}
    world = BookWorld(gold={**even, "position_limit_units": 100}, dollars=200)
    world.sell(BOB, 10, 110)
    world.buy(ANN, 2, 90)
    world.sell(CAT, 4, 100)
    world.buy(ANN, 4, 100)
    assert world.refused(command) == (code, detail)


STATES: list[tuple[dict[str, Any], dict[str, Any], int, int, int]] = [
    # gold, group, status of the account; code, detail of an order that is wrong in its price
    ({"trade_mode": v.TRADE_DISABLED}, {}, 0, c.TRADE_MODE_DISABLED, v.TRADE_DISABLED),
    ({"trade_mode": v.TRADE_CLOSE_ONLY}, {}, 0, c.CLOSE_ONLY, v.TRADE_CLOSE_ONLY),
    ({"trade_mode": v.TRADE_LONG_ONLY}, {}, 0, c.BAD_PRICE, -1),
    ({"trade_mode": v.TRADE_SHORT_ONLY}, {}, 0, c.SHORT_ONLY, v.TRADE_SHORT_ONLY),
    ({"sessions": [(0, 480)]}, {}, 2, c.SESSION_CLOSED, 0),
    ({"sessions": [(480, 481)]}, {}, 2, c.ACCOUNT_IS_DISABLED, v.ACCOUNT_DISABLED),
    ({}, {"trading_enabled": False}, 1, c.ACCOUNT_IS_READ_ONLY, v.ACCOUNT_READ_ONLY),
    ({}, {"trading_enabled": False}, 0, c.GROUP_TRADING_DISABLED, 1),
    ({}, {"max_orders": 0}, 0, c.BAD_PRICE, -1),
]


@pytest.mark.parametrize(("gold", "group", "status", "code", "detail"), STATES)
def test_symbol_then_account_refuse_before_the_price(
    gold: dict[str, Any], group: dict[str, Any], status: int, code: int, detail: int
) -> None:
    world = BookWorld(gold=gold, **group)
    world.accepted(r.SetAccount(login=ANN, group=1, status=status))
    assert world.refused(order(ANN, BUY, 1, -1)) == (code, detail)


def test_close_only_lets_reduce_only_orders_pass() -> None:
    world = BookWorld()
    world.position(ANN, 3)
    world.change_gold(trade_mode=v.TRADE_CLOSE_ONLY)
    assert world.refused(order(ANN, SELL, 3, 110)) == (c.CLOSE_ONLY, v.TRADE_CLOSE_ONLY)
    world.sell(ANN, 3, 110, flags=v.REDUCE_ONLY)


def test_disabled_account_can_not_cancel_but_its_orders_are_filled() -> None:
    world = BookWorld()
    world.sell(ANN, 1, 100)
    world.accepted(r.SetAccount(login=ANN, group=1, status=v.ACCOUNT_DISABLED))
    disabled = (c.ACCOUNT_IS_DISABLED, v.ACCOUNT_DISABLED)
    assert world.refused(r.CancelOrder(login=ANN, order=1)) == disabled
    assert world.refused(r.CancelAll(login=ANN)) == disabled
    assert world.refused(replacement(ANN, 1, 1, 100)) == disabled
    assert len(world.buy(BOB, 1, 100)) == 3


def test_most_orders_of_a_group_and_terms_of_a_group_hold_on_the_book() -> None:
    world = BookWorld(max_orders=2)
    world.buy(ANN, 1, 100)
    world.buy(ANN, 1, 100, instrument=COIN)
    assert world.refused(order(ANN, BUY, 1, 100)) == (c.TOO_MANY_ORDERS, 2)
    world.accepted(r.Terms(group=1, instrument=GOLD, lot_min_units=4, lot_max_units=8))
    assert world.refused(order(BOB, BUY, 3, 100)) == (c.VOLUME_BELOW_MINIMUM, 3)
    assert world.refused(order(BOB, BUY, 9, 100)) == (c.VOLUME_ABOVE_MAXIMUM, 9)
    world.accepted(r.Terms(group=1, instrument=GOLD, lot_step_units=2))
    assert world.refused(order(BOB, BUY, 3, 100)) == (c.VOLUME_OFF_STEP, 3)
    world.accepted(r.Terms(group=1, instrument=GOLD, trade_mode=v.TRADE_LONG_ONLY))
    assert world.refused(order(BOB, SELL, 2, 100)) == (c.LONG_ONLY, v.TRADE_LONG_ONLY)


def test_orders_of_both_venues_count_together_against_the_most_of_a_group() -> None:
    world = BookWorld(max_orders=2)
    world.accepted(r.Tick(instrument=METAL, feed=1, bid_points=95, ask_points=95))
    pending = r.PlaceOrder(
        login=ANN,
        instrument=METAL,
        order_type=v.LIMIT,
        side=BUY,
        volume_units=1,
        price_points=80,
    )
    world.accepted(pending)
    world.buy(ANN, 1, 100)
    assert world.refused(order(ANN, BUY, 1, 100)) == (c.TOO_MANY_ORDERS, 2)
    assert world.refused(pending) == (c.TOO_MANY_ORDERS, 2)


def test_account_with_the_most_positions_opens_no_further_one() -> None:
    world = BookWorld(dollars=1_000_000)
    world.accepted(r.Tick(instrument=METAL, feed=1, bid_points=95, ask_points=95))
    for _ in range(511):
        world.both.send(
            r.PlaceOrder(login=ANN, instrument=METAL, order_type=v.MARKET, side=BUY, volume_units=1)
        )
    world.position(ANN, 1)
    other = msgspec.structs.replace(FUTURE, instrument=7, symbol="OIL")
    world.accepted(other)
    assert world.refused(order(ANN, BUY, 1, 100, instrument=7)) == (c.TOO_MANY_POSITIONS, 512)
    world.buy(ANN, 1, 100)


# ---------------------------------------------------------------- configuration

OF_BOTH: dict[str, tuple[Any, Any]] = {
    # field: a value that is accepted, one that is not
    "taker_fee_ppm": (100_000, 100_001),
    "maker_fee_ppm": (100_000, 100_001),
    "volume_digits": (0, 9),
    "contract": (0, 2),
    "staleness_ms": (0, 1),
    "stops_level_points": (0, 1),
    "freeze_level_points": (0, 1),
    "hedged_size": (0, 1),
    "feeds": ([], [1]),
    "profit_mode": (v.PROFIT_CFD, v.PROFIT_FOREX),
    "digits": (0, 1),
    "venue": (v.VENUE_BOOK, 2),
}
CONFIGURATIONS: list[tuple[r.Instrument, dict[str, Any], int]] = [
    *((FUTURE, {name: good}, 0) for name, (good, _) in OF_BOTH.items()),
    *((FUTURE, {name: bad}, c.BAD_CONFIGURATION) for name, (_, bad) in OF_BOTH.items()),
    *((SPOT, {name: bad}, c.BAD_CONFIGURATION) for name, (_, bad) in OF_BOTH.items()),
    (FUTURE, {"feeds": [9]}, c.UNKNOWN_FEED),
    (FUTURE, {"taker_fee_ppm": -1}, c.BAD_CONFIGURATION),
    (FUTURE, {"maker_fee_ppm": -1}, c.BAD_CONFIGURATION),
    (FUTURE, {"maker_fee_ppm": -7, "taker_fee_ppm": 7}, 0),
    (FUTURE, {"maker_fee_ppm": -8, "taker_fee_ppm": 7}, c.BAD_CONFIGURATION),
    (FUTURE, {"maker_fee_per_lot_minor": -7, "taker_fee_per_lot_minor": 7}, 0),
    (FUTURE, {"maker_fee_per_lot_minor": -8, "taker_fee_per_lot_minor": 7}, c.BAD_CONFIGURATION),
    (FUTURE, {"taker_fee_per_lot_minor": 2**31}, 0),
    (FUTURE, {"taker_fee_per_lot_minor": 2**31 + 1}, c.BAD_CONFIGURATION),
    (FUTURE, {"maker_fee_per_lot_minor": 2**31 + 1}, c.BAD_CONFIGURATION),
    (FUTURE, {"initial_margin_minor": 0, "maintenance_margin_minor": 0}, c.BAD_CONFIGURATION),
    (FUTURE, {"maintenance_margin_minor": 10}, 0),
    (FUTURE, {"maintenance_margin_minor": 11}, c.BAD_CONFIGURATION),
    (FUTURE, {"maintenance_margin_minor": -1}, c.BAD_CONFIGURATION),
    (FUTURE, {"margin_currency": BTC}, c.BAD_CONFIGURATION),
    (FUTURE, {"base_currency": BTC}, 0),
    (FUTURE, {"margin_currency": 9}, c.UNKNOWN_CURRENCY),
    (FUTURE, {"contract_size": 2**50 // 200}, c.BAD_CONFIGURATION),
    (SPOT, {"initial_margin_minor": 1}, c.BAD_CONFIGURATION),
    (SPOT, {"taker_fee_per_lot_minor": 1}, c.BAD_CONFIGURATION),
    (SPOT, {"maker_fee_per_lot_minor": 1}, c.BAD_CONFIGURATION),
    (SPOT, {"base_currency": USD}, c.BAD_CONFIGURATION),
    (SPOT, {"margin_currency": BTC}, 0),
    (QUOTED, {"volume_digits": 1}, c.BAD_CONFIGURATION),
    (QUOTED, {"contract": 1}, c.BAD_CONFIGURATION),
    (QUOTED, {"taker_fee_ppm": 1}, c.BAD_CONFIGURATION),
    (QUOTED, {"taker_fee_per_lot_minor": 1}, c.BAD_CONFIGURATION),
    (QUOTED, {"maker_fee_ppm": 1}, c.BAD_CONFIGURATION),
    (QUOTED, {"maker_fee_per_lot_minor": 1}, c.BAD_CONFIGURATION),
    (
        QUOTED,
        {"initial_margin_minor": 5, "maintenance_margin_minor": 5},
        c.BAD_CONFIGURATION,
    ),
]


@pytest.mark.parametrize(("instrument", "changes", "code"), CONFIGURATIONS)
def test_instrument_of_the_book_venue_is_checked(
    instrument: r.Instrument, changes: dict[str, Any], code: int
) -> None:
    changed = msgspec.structs.replace(instrument, **changes)
    [event] = BookWorld().send(changed)
    assert (event.code if isinstance(event, r.Rejected) else 0) == code


DIGITS = [
    # digits of the profit currency, of the price, of the volume; initial, maintenance; code
    (4, 2, 2, 500, 0, 0),
    (4, 2, 3, 1_000, 0, c.BAD_CONFIGURATION),
    (4, 3, 2, 500, 0, c.BAD_CONFIGURATION),
    (4, 2, 2, 550, 0, c.BAD_CONFIGURATION),
    (4, 2, 2, 500, 400, 0),
    (4, 2, 2, 500, 450, c.BAD_CONFIGURATION),
    (10, 2, 8, 10**8, 0, 0),
    (10, 2, 8, 10**7, 0, c.BAD_CONFIGURATION),
]


@pytest.mark.parametrize(("currency", "price", "volume", "initial", "maintenance", "code"), DIGITS)
def test_values_and_margins_of_a_unit_are_whole(
    currency: int, price: int, volume: int, initial: int, maintenance: int, code: int
) -> None:
    world = BookWorld()
    world.accepted(r.Currency(currency=5, code="FIN", digits=currency))
    config = msgspec.structs.replace(
        FUTURE,
        instrument=7,
        symbol="FINE",
        base_currency=5,
        profit_currency=5,
        margin_currency=5,
        digits=price,
        volume_digits=volume,
        initial_margin_minor=initial,
        maintenance_margin_minor=maintenance,
    )
    [event] = world.send(config)
    assert (event.code if isinstance(event, r.Rejected) else 0) == code


FIXED = [
    ("venue", v.VENUE_QUOTED),
    ("contract", v.CONTRACT_SPOT),
    ("maintenance_margin_minor", 5),
    ("initial_margin_minor", 20),
    ("position_limit_units", 300),
    ("price_max_points", 999),
    ("tick_size_points", 2),
]


@pytest.mark.parametrize(("field", "value"), FIXED)
def test_instrument_with_an_order_in_its_book_keeps_what_the_order_rests_on(
    field: str, value: int
) -> None:
    world = BookWorld()
    world.buy(ANN, 1, 100)
    changes: dict[str, Any] = {field: value}
    if field == "venue":
        changes["maintenance_margin_minor"] = 0
        changes["volume_digits"] = 2
    if field == "contract":
        changes |= {"base_currency": BTC, "initial_margin_minor": 0, "maintenance_margin_minor": 0}
    changed = msgspec.structs.replace(world.gold, **changes)
    assert world.refused(changed) == (c.INSTRUMENT_IN_USE, v.CONFIG_INSTRUMENT)
    world.cancel(ANN, 1)
    world.accepted(changed)


def test_account_with_an_order_in_a_book_keeps_its_mode() -> None:
    world = BookWorld(dollars=0, coins=0, virtual_credit_minor=100)
    world.buy(ANN, 1, 100)
    changed = r.SetAccount(login=ANN, group=1, mode=v.NETTING)
    assert world.refused(changed) == (c.ACCOUNT_IN_USE, v.NETTING)
    world.cancel(ANN, 1)
    world.accepted(changed)


def test_time_going_backwards_is_refused_before_anything_expires() -> None:
    world = BookWorld()
    world.buy(ANN, 1, 100, force=GTD, expiry=START_NS + SECOND)
    late = world.both.send(order(ANN, BUY, 1, 100), START_NS - 1)
    assert [(e.code, e.detail) for e in late] == [(c.TIME_BACKWARDS, START_NS)]
