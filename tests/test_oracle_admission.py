"""Admission of orders and their margin: tables of cases, through both engines.

The market of a row is EURUSD 1.10000 / 1.10010 unless it says otherwise.
"""

from typing import Any

import pytest

from engine import bounds
from engine import records as r
from engine import reject_codes as c
from engine import vocabulary as v
from tests.naive.small_world import EURUSD, GOLD, JPY, SECOND, USD, USDJPY, SmallWorld

BUY, SELL = v.BUY, v.SELL
MARKET, LIMIT, STOP, STOP_LIMIT = v.MARKET, v.LIMIT, v.STOP, v.STOP_LIMIT


def open_market(deposit: int = 1_000_000, **fields: Any) -> SmallWorld:
    """The market of a row: EURUSD 1.10000 / 1.10010."""
    world = SmallWorld(deposit=deposit, **fields)
    world.tick(110_000, 110_010)
    return world


# ---------------------------------------------------------------- admission


def test_first_failing_check_of_a_market_order_wins() -> None:
    """An order with everything wrong; each row mends what the row before was refused for."""
    world = SmallWorld(deposit=0, trading_enabled=False, pair={"trade_mode": v.TRADE_DISABLED})
    wrong = {
        "login": 77,
        "instrument": 99,
        "order_type": 9,
        "side": 5,
        "volume_units": 0,
        "price_points": -1,
        "limit_price_points": 7,
        "stop_loss_points": -4,
        "deviation_points": -1,
        "expiry_ns": 1,
    }
    mended: list[tuple[dict[str, int], int]] = [
        ({}, c.UNKNOWN_ACCOUNT),
        ({"login": 1}, c.UNKNOWN_INSTRUMENT),
        ({"instrument": EURUSD}, c.BAD_ORDER_TYPE),
        ({"order_type": MARKET}, c.BAD_SIDE),
        ({"side": BUY}, c.BAD_DEVIATION),
        ({"deviation_points": 0}, c.BAD_EXPIRY),
        ({"expiry_ns": 0}, c.TRADE_MODE_DISABLED),
    ]
    for change, code in mended:
        wrong.update(change)
        assert world.refused(r.PlaceOrder(**wrong)) == code
    order = r.PlaceOrder(**wrong)
    world.change_pair(trade_mode=v.TRADE_FULL, sessions=[(0, 1)])
    assert world.refused(order) == c.SESSION_CLOSED
    world.change_pair(sessions=[])
    assert world.refused(order) == c.NO_QUOTE
    world.change_pair(staleness_ms=1_000)
    world.tick(110_000)
    late = world.both.naive.time_ns + 2 * SECOND
    assert world.refused(order, late) == c.QUOTE_STALE
    world.tick(110_000)
    assert world.refused(order) == c.GROUP_TRADING_DISABLED
    world.change_group(trading_enabled=True)
    assert world.refused(order) == c.PRICE_OFF
    wrong["price_points"] = 110_100
    assert world.refused(r.PlaceOrder(**wrong)) == c.REQUOTE
    wrong["price_points"] = 110_010
    assert world.refused(r.PlaceOrder(**wrong)) == c.PRICE_NOT_ALLOWED
    wrong["limit_price_points"] = 0
    assert world.refused(r.PlaceOrder(**wrong)) == c.VOLUME_BELOW_MINIMUM
    wrong["volume_units"] = 100
    assert world.refused(r.PlaceOrder(**wrong)) == c.BAD_PRICE
    wrong["stop_loss_points"] = 110_001
    assert world.refused(r.PlaceOrder(**wrong)) == c.STOPS_WRONG_SIDE
    wrong["stop_loss_points"] = 0
    assert world.refused(r.PlaceOrder(**wrong)) == c.NO_MONEY
    world.money(200_000)
    world.accepted(r.PlaceOrder(**wrong))


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (v.ACCOUNT_DISABLED, c.ACCOUNT_IS_DISABLED),
        (v.ACCOUNT_READ_ONLY, c.ACCOUNT_IS_READ_ONLY),
    ],
)
def test_account_that_may_not_trade_is_refused(status: int, code: int) -> None:
    world = open_market()
    ticket = world.buy(100)
    world.accepted(r.SetAccount(login=1, group=1, status=status))
    assert world.refused(world.order(BUY, 100)) == code
    assert world.refused(r.ClosePosition(login=1, position=ticket)) == code
    changed = r.ModifyPosition(login=1, position=ticket, stop_loss_points=0, take_profit_points=0)
    assert world.refused(changed) == code


PENDING_LEVELS = [
    # type, side, price, limit price, code at stops level 10 (0: accepted)
    (LIMIT, BUY, 110_000, 0, 0),
    (LIMIT, BUY, 110_001, 0, c.PENDING_TOO_CLOSE),
    (LIMIT, SELL, 110_010, 0, 0),
    (LIMIT, SELL, 110_009, 0, c.PENDING_TOO_CLOSE),
    (STOP, BUY, 110_020, 0, 0),
    (STOP, BUY, 110_019, 0, c.PENDING_TOO_CLOSE),
    (STOP, SELL, 109_990, 0, 0),
    (STOP, SELL, 109_991, 0, c.PENDING_TOO_CLOSE),
    (STOP_LIMIT, BUY, 110_020, 110_019, 0),
    (STOP_LIMIT, BUY, 110_020, 110_020, c.STOP_LIMIT_WRONG_SIDE),
    (STOP_LIMIT, BUY, 110_019, 110_018, c.PENDING_TOO_CLOSE),
    (STOP_LIMIT, SELL, 109_990, 109_991, 0),
    (STOP_LIMIT, SELL, 109_990, 109_990, c.STOP_LIMIT_WRONG_SIDE),
    (STOP_LIMIT, SELL, 109_990, 0, c.BAD_PRICE),
    (LIMIT, BUY, 0, 0, c.BAD_PRICE),
    (LIMIT, BUY, 49_999, 0, c.BAD_PRICE),
    (STOP, BUY, 300_001, 0, c.BAD_PRICE),
    (LIMIT, BUY, 109_000, 108_000, c.PRICE_NOT_ALLOWED),
]


@pytest.mark.parametrize(("order_type", "side", "price", "limit", "code"), PENDING_LEVELS)
def test_pending_price_keeps_its_distance_and_side(
    order_type: int, side: int, price: int, limit: int, code: int
) -> None:
    world = open_market(pair={"stops_level_points": 10})
    fields = {"price_points": price, "limit_price_points": limit}
    order = world.order(side, 100, order_type, **fields)
    [event, *_] = world.send(order)
    assert (event.code if isinstance(event, r.Rejected) else 0) == code


STOP_LEVELS = [
    # type, side, price, stop loss, take profit, code at stops level 10
    (MARKET, BUY, 0, 109_990, 110_010, 0),
    (MARKET, BUY, 0, 109_991, 0, c.STOPS_TOO_CLOSE),
    (MARKET, BUY, 0, 110_000, 0, c.STOPS_WRONG_SIDE),
    (MARKET, BUY, 0, 0, 110_009, c.STOPS_TOO_CLOSE),
    (MARKET, BUY, 0, 0, 110_000, c.STOPS_WRONG_SIDE),
    (MARKET, SELL, 0, 110_020, 110_000, 0),
    (MARKET, SELL, 0, 110_019, 0, c.STOPS_TOO_CLOSE),
    (MARKET, SELL, 0, 0, 110_001, c.STOPS_TOO_CLOSE),
    (MARKET, SELL, 0, 110_010, 109_000, c.STOPS_WRONG_SIDE),
    (LIMIT, BUY, 109_000, 108_990, 109_010, 0),
    (LIMIT, BUY, 109_000, 108_991, 0, c.STOPS_TOO_CLOSE),
    (LIMIT, SELL, 111_000, 111_010, 110_990, 0),
    (LIMIT, SELL, 111_000, 110_999, 0, c.STOPS_WRONG_SIDE),
]


@pytest.mark.parametrize(("order_type", "side", "price", "loss", "profit", "code"), STOP_LEVELS)
def test_stop_loss_and_take_profit_keep_their_distance_and_side(
    order_type: int, side: int, price: int, loss: int, profit: int, code: int
) -> None:
    world = open_market(pair={"stops_level_points": 10})
    order = world.order(
        side,
        100,
        order_type,
        price_points=price,
        stop_loss_points=loss,
        take_profit_points=profit,
    )
    [event, *_] = world.send(order)
    assert (event.code if isinstance(event, r.Rejected) else 0) == code


VOLUMES = [
    (4, c.VOLUME_BELOW_MINIMUM),
    (-5, c.VOLUME_BELOW_MINIMUM),
    (5, 0),
    (7, c.VOLUME_OFF_STEP),
    (105, c.VOLUME_ABOVE_MAXIMUM),
    (100, 0),
]


@pytest.mark.parametrize(("volume", "code"), VOLUMES)
def test_volume_lies_between_minimum_and_maximum_on_a_step(volume: int, code: int) -> None:
    lots = {"lot_min_units": 5, "lot_max_units": 100, "lot_step_units": 5}
    world = open_market(pair=lots)
    [event, *_] = world.send(world.order(BUY, volume))
    assert (event.code if isinstance(event, r.Rejected) else 0) == code


def test_price_off_the_tick_size_is_refused() -> None:
    world = open_market()
    world.tick(200_000, 200_010, instrument=GOLD)
    order = world.order(BUY, 1, LIMIT, instrument=GOLD, price_points=199_903)
    assert world.refused(order) == c.PRICE_OFF_TICK_SIZE


def test_volume_limit_counts_positions_pendings_and_netting_reversals() -> None:
    limited = {"position_limit_units": 250, "lot_max_units": 250}
    world = open_market(10**8, pair=limited)
    world.buy(100)
    world.place(BUY, 100, LIMIT, price_points=109_000)
    assert world.refused(world.order(BUY, 51)) == c.VOLUME_LIMIT
    world.buy(50)
    world.sell(250)
    netting = open_market(10**8, mode=v.NETTING, pair=limited)
    netting.buy(200)
    netting.sell(250)
    assert netting.refused(netting.order(SELL, 201)) == c.VOLUME_LIMIT
    netting.sell(200)


def test_account_with_the_most_positions_may_open_no_more() -> None:
    world = open_market(10**8)
    for _ in range(bounds.MAX_POSITIONS_PER_ACCOUNT):
        world.buy(1)
    assert world.refused(world.order(BUY, 1)) == c.TOO_MANY_POSITIONS
    world.place(SELL, 1, STOP, price_points=109_900)
    [removed] = world.tick(109_900, 109_910)
    assert isinstance(removed, r.OrderRemoved)
    assert removed.reason == v.REASON_BOUND


def test_account_beyond_its_money_bound_may_not_receive_nor_open() -> None:
    world = open_market(bounds.MAX_AMOUNT_MINOR)
    for _ in range(bounds.MAX_ACCOUNT_MONEY_MINOR // bounds.MAX_AMOUNT_MINOR - 1):
        world.money(bounds.MAX_AMOUNT_MINOR)
    deposit = r.BalanceOperation(login=1, operation=v.DEPOSIT, amount_minor=1)
    assert world.refused(deposit) == c.ACCOUNT_MONEY_BOUND
    ticket = world.buy(100)
    world.tick(111_000)
    world.close(ticket)
    assert world.refused(world.order(BUY, 1)) == c.ACCOUNT_MONEY_BOUND


def test_position_that_could_exceed_the_value_bound_is_refused() -> None:
    world = SmallWorld()
    world.accepted(
        r.Instrument(
            instrument=USDJPY,
            symbol="USDJPY",
            base_currency=USD,
            profit_currency=JPY,
            margin_currency=USD,
            digits=3,
            contract_size=100_000,
            price_min_points=1,
            price_max_points=400_000,
        )
    )
    world.tick(150_000, 150_010, instrument=USDJPY)
    order = world.order(BUY, 1, instrument=USDJPY)
    assert world.refused(order) == c.VALUE_BOUND, "a yen may be worth 1,000 dollars at 0.001"


def test_without_a_route_or_a_quote_of_the_converting_pair_an_order_is_refused() -> None:
    world = SmallWorld()
    world.accepted(r.Group(group=2, name="yen", currency=JPY))
    world.accepted(r.SetAccount(login=2, group=2))
    world.money(10**7, login=2)
    world.tick(110_000, 110_010)
    order = world.order(BUY, 1, login=2)
    assert world.refused(order) == c.NO_CONVERSION_PRICE
    world.tick(150_000, 150_010, instrument=USDJPY)
    world.accepted(order)
    world.accepted(r.Currency(currency=7, code="ZAR", digits=2))
    world.accepted(r.Group(group=3, name="rand", currency=7))
    world.accepted(r.SetAccount(login=3, group=3))
    assert world.refused(world.order(BUY, 1, login=3)) == c.NO_CONVERSION_ROUTE


# ---------------------------------------------------------------- margin of orders


def test_closing_and_reversing_is_affordable_without_free_margin() -> None:
    world = open_market(200_000, mode=v.NETTING)
    world.buy(150)
    world.money(-100_000, v.CORRECTION)
    assert world.figures.free_margin_minor < 0
    assert world.refused(world.order(BUY, 10)) == c.NO_MONEY
    assert world.refused(world.order(SELL, 310)) == c.NO_MONEY
    world.sell(300)


def test_strong_hedged_mode_needs_free_margin_even_where_margin_falls() -> None:
    world = open_market(200_000, mode=v.NETTING, strong_hedged=True)
    world.buy(150)
    world.money(-100_000, v.CORRECTION)
    assert world.refused(world.order(SELL, 10)) == c.NO_MONEY
    world.change_group(strong_hedged=False)
    world.sell(10)


def test_virtual_credit_counts_for_opening_and_not_for_withdrawing() -> None:
    world = open_market(100_000, virtual_credit_minor=20_000)
    world.buy(100)
    assert world.figures.free_margin_minor == 100_000 - 110_010 - 1_000
    assert world.figures.max_withdrawable_minor == 0


@pytest.mark.parametrize(
    ("mode", "free", "withdrawable"),
    [
        # balance 10,000.00; margin 2,200.00 (two covered lots are free, two lots bought at 1.1)
        # floating: buys +300.00 and +300.00, a sell -320.00 in gold
        (v.FREE_MARGIN_NONE, 1_000_000 - 240_000, 760_000),
        (v.FREE_MARGIN_PROFIT_AND_LOSS, 1_000_000 - 240_000 + 28_000, 760_000),
        (v.FREE_MARGIN_PROFIT, 1_000_000 - 240_000 + 60_000, 760_000),
        (v.FREE_MARGIN_LOSS, 1_000_000 - 240_000 - 32_000, 728_000),
    ],
)
def test_free_margin_counts_floating_as_the_group_says(
    mode: int, free: int, withdrawable: int
) -> None:
    world = SmallWorld(free_margin_mode=mode)
    world.tick(110_000, 110_000)
    world.tick(200_000, 200_000, instrument=GOLD)
    world.buy(100)
    world.buy(100)
    world.sell(10, instrument=GOLD)
    world.tick(110_300, 110_300)
    world.tick(203_200, 203_200, instrument=GOLD)
    assert world.figures.margin_minor == 240_000
    assert world.figures.free_margin_minor == free
    assert world.figures.max_withdrawable_minor == withdrawable
