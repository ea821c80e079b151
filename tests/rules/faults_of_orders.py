"""What can be wrong with a new order, in the order of RULES section 5.

The good market order buys one lot of EURUSD at 110010 with stop levels; the good pending
order is a buy limit at 109000.
"""

from typing import Any

from engine import bounds
from engine import records as r
from engine import reject_codes as c
from engine import vocabulary as v
from tests.rules.faults import INSTRUMENTS, MONEY, RULES, TIME, TRADES, Command, Fault, older
from tests.rules.world import CLIENT, EURUSD, GBPUSD, NETTER, START_NS, USD, World

NO_ROUTE, NO_PRICE, TOO_BIG = 20, 21, 22
LOST, NEW_USD = 8, 9
"""Currencies that no pair converts, and one with ten decimals."""


def exotic(world: World) -> None:
    """Instruments whose money can't become the account's."""
    world.send(r.Currency(currency=LOST, code="LOST", digits=2))
    world.send(r.Currency(currency=NEW_USD, code="FINE", digits=10))
    for number, symbol, currency in (
        (NO_ROUTE, "NOROUTE", LOST),
        (NO_PRICE, "NOPRICE", 3),
        (TOO_BIG, "TOOBIG", NEW_USD),
    ):
        world.instruments[number] = r.Instrument(
            instrument=number,
            symbol=symbol,
            base_currency=currency,
            profit_currency=currency,
            margin_currency=currency,
            digits=5,
            contract_size=10,
            profit_mode=v.PROFIT_CFD,
            position_limit_units=10_000,
            price_min_points=50_000,
            price_max_points=200_000,
        )
        world.instrument(number)
        world.tick(110_000, instrument=number)
    world.send(
        r.Instrument(
            instrument=23,
            symbol="FINEUSD",
            base_currency=NEW_USD,
            profit_currency=USD,
            margin_currency=USD,
            digits=0,
            contract_size=1,
            position_limit_units=100,
            lot_max_units=100,
            price_min_points=1,
            price_max_points=bounds.MAX_PRICE_POINTS,
        )
    )
    world.tick(2_000_000_000, instrument=23)


def at_the_bound(world: World) -> None:
    """Brings the balance above its bound, by a profit."""
    while bounds.MAX_ACCOUNT_MONEY_MINOR - world.figures().balance_minor > 0:
        room = bounds.MAX_ACCOUNT_MONEY_MINOR - world.figures().balance_minor
        world.deposit(min(room, bounds.MAX_AMOUNT_MINOR))
    world.buy(10)
    ticket = world.engine.positions(CLIENT)[-1].position
    world.tick(110_100)
    world.close(ticket)
    world.tick(110_000)


def broke(world: World) -> None:
    """Everything that may be withdrawn is."""
    most = world.figures().max_withdrawable_minor
    while most > 0:
        world.withdraw(min(most, bounds.MAX_AMOUNT_MINOR))
        most = world.figures().max_withdrawable_minor


def nearly_full(world: World) -> None:
    """Orders for 5.5 lots wait, of the 6 lots that the limit allows."""
    world.instrument(EURUSD, position_limit_units=600, lot_max_units=600)
    world.buy_limit(109_000, 550)


def opposite(world: World) -> None:
    world.sell(1)
    world.group(hedge_prohibited=True)


def crowded(world: World) -> None:
    """As many positions as an account may have."""
    one = r.PlaceOrder(
        login=CLIENT, instrument=EURUSD, order_type=v.MARKET, side=v.SELL, volume_units=1
    )
    world.send_crowd([one] * bounds.MAX_POSITIONS_PER_ACCOUNT)


def session(world: World) -> None:
    for number in world.instruments:
        world.instrument(number, sessions=[(0, 480)])


def stale(world: World) -> None:
    for number in world.instruments:
        world.instrument(number, staleness_ms=1_000)
    world.wait(2)


def terms(**changes: Any) -> Any:
    """The group's override in every instrument."""

    def change(world: World) -> None:
        for number in world.instruments:
            world.terms(number, **changes)

    return change


def status(value: int) -> Any:
    return lambda world: world.account(CLIENT, status=value)


def group(**changes: Any) -> Any:
    return lambda world: world.group(**changes)


def instrument(**changes: Any) -> Any:
    return lambda world: world.instrument(EURUSD, **changes)


REQUEST = [
    Fault(c.TIME_BACKWARDS, "time", world=older, phase=TIME, detail=START_NS + 5 * 10**9),
    Fault(c.UNKNOWN_ACCOUNT, "login", {"login": 999}, detail=999),
    Fault(c.UNKNOWN_INSTRUMENT, "instrument", {"instrument": 99}, detail=99),
    Fault(c.UNKNOWN_INSTRUMENT, "instrument", {"instrument": -1}, detail=-1),
    Fault(c.BAD_ORDER_TYPE, "type", {"order_type": 4}, detail=4),
    Fault(c.BAD_ORDER_TYPE, "type", {"order_type": -1}, detail=-1),
    Fault(c.BAD_SIDE, "side", {"side": 2}, detail=2),
    Fault(c.BAD_DEVIATION, "deviation", {"deviation_points": -1}, detail=-1),
]
SYMBOL = [
    Fault(c.TRADE_MODE_DISABLED, "mode", world=terms(trade_mode=0), detail=0),
    Fault(c.CLOSE_ONLY, "mode", world=terms(trade_mode=v.TRADE_CLOSE_ONLY), detail=1),
    Fault(c.SHORT_ONLY, "mode", world=terms(trade_mode=v.TRADE_SHORT_ONLY), detail=3),
    Fault(c.SESSION_CLOSED, "session", world=session, phase=RULES),
    Fault(c.NO_QUOTE, "instrument", {"instrument": GBPUSD}),
    Fault(c.QUOTE_STALE, "quote", world=stale, detail=2 * 10**9),
]
ACCOUNT = [
    Fault(c.ACCOUNT_IS_DISABLED, "status", world=status(v.ACCOUNT_DISABLED), detail=2),
    Fault(c.ACCOUNT_IS_READ_ONLY, "status", world=status(v.ACCOUNT_READ_ONLY), detail=1),
    Fault(c.GROUP_TRADING_DISABLED, "group", world=group(trading_enabled=False), detail=1),
    Fault(c.NO_CONVERSION_ROUTE, "instrument", {"instrument": NO_ROUTE}, exotic, INSTRUMENTS),
    Fault(c.NO_CONVERSION_PRICE, "instrument", {"instrument": NO_PRICE}, exotic, INSTRUMENTS),
    Fault(c.VALUE_BOUND, "instrument", {"instrument": TOO_BIG}, exotic, INSTRUMENTS),
    Fault(c.ACCOUNT_MONEY_BOUND, "money", world=at_the_bound, phase=TRADES),
]
VOLUME = [
    Fault(c.VOLUME_BELOW_MINIMUM, "volume", {"volume_units": 0}, detail=0),
    Fault(c.VOLUME_BELOW_MINIMUM, "volume", {"volume_units": -(2**63)}, detail=-(2**63)),
    Fault(
        c.VOLUME_BELOW_MINIMUM,
        "volume",
        {"volume_units": 10},
        terms(lot_min_units=20, lot_max_units=140, lot_step_units=20),
    ),
    Fault(c.VOLUME_ABOVE_MAXIMUM, "volume", {"volume_units": 10_001}, detail=10_001),
    Fault(c.VOLUME_ABOVE_MAXIMUM, "volume", {"volume_units": 2**63 - 1}, detail=2**63 - 1),
    Fault(c.VOLUME_OFF_STEP, "volume", {"volume_units": 101}, terms(lot_step_units=10)),
]
LEVELS = [
    Fault(c.BAD_PRICE, "stop loss", {"stop_loss_points": -1}, detail=-1),
    Fault(c.BAD_PRICE, "take profit", {"take_profit_points": 2**31}, detail=2**31),
    Fault(
        c.PRICE_OFF_TICK_SIZE,
        "stop loss",
        {"stop_loss_points": 108_001},
        instrument(tick_size_points=10),
        INSTRUMENTS,
        108_001,
    ),
    Fault(
        c.PRICE_OFF_TICK_SIZE,
        "take profit",
        {"take_profit_points": 112_001},
        instrument(tick_size_points=10),
        INSTRUMENTS,
        112_001,
    ),
]


def stops(price: int, level: int, step: int = 1) -> list[Fault]:
    """Stop levels against a reference price, and a stops level that the good ones keep."""
    far = instrument(stops_level_points=level)
    near_loss, near_profit = price - level + step, price + level - step
    loss, profit = "stop_loss_points", "take_profit_points"
    return [
        Fault(c.STOPS_WRONG_SIDE, "stop loss", {loss: price}, detail=price),
        Fault(c.STOPS_TOO_CLOSE, "stop loss+level", {loss: near_loss}, far, detail=near_loss),
        Fault(c.STOPS_WRONG_SIDE, "take profit", {profit: price}, detail=price),
        Fault(
            c.STOPS_TOO_CLOSE, "take profit+level", {profit: near_profit}, far, detail=near_profit
        ),
    ]


MARKET = Command(
    "market order",
    r.PlaceOrder(
        login=CLIENT,
        instrument=EURUSD,
        order_type=v.MARKET,
        side=v.BUY,
        volume_units=100,
        price_points=110_010,
        stop_loss_points=108_000,
        take_profit_points=112_000,
    ),
    [
        *REQUEST,
        Fault(c.BAD_DEVIATION, "deviation", {"deviation_points": 1, "price_points": 0}, detail=1),
        Fault(c.BAD_EXPIRY, "expiry", {"expiry_ns": START_NS + 10**12}, detail=START_NS + 10**12),
        *SYMBOL,
        *ACCOUNT,
        Fault(c.PRICE_OFF, "price", {"price_points": -1}, detail=-1),
        Fault(c.PRICE_OFF, "price", {"price_points": 2**31}, detail=2**31),
        Fault(c.REQUOTE, "price", {"price_points": 110_000}, detail=110_010),
        Fault(c.REQUOTE, "price", {"price_points": 110_016, "deviation_points": 5}),
        Fault(c.PRICE_NOT_ALLOWED, "limit", {"limit_price_points": 5}, detail=5),
        *VOLUME,
        *LEVELS,
        *stops(110_000, 1_050),
        Fault(c.TOO_MANY_POSITIONS, "crowd", world=crowded, phase=TRADES, detail=512, costly=True),
        Fault(
            c.VOLUME_LIMIT,
            "limit",
            world=nearly_full,
            phase=INSTRUMENTS,
            detail=650,
        ),
        Fault(c.NO_MONEY, "money", world=broke, phase=MONEY),
        Fault(c.HEDGE_PROHIBITED, "hedge", world=opposite, phase=TRADES),
    ],
)

PENDING = Command(
    "pending order",
    r.PlaceOrder(
        login=CLIENT,
        instrument=EURUSD,
        order_type=v.LIMIT,
        side=v.BUY,
        volume_units=100,
        price_points=109_000,
        stop_loss_points=107_000,
        take_profit_points=112_000,
    ),
    [
        *REQUEST,
        Fault(c.BAD_DEVIATION, "deviation", {"deviation_points": 1}, detail=1),
        Fault(c.BAD_EXPIRY, "expiry", {"expiry_ns": -1}, detail=-1),
        Fault(c.BAD_EXPIRY, "expiry", {"expiry_ns": START_NS}, detail=START_NS),
        Fault(c.BAD_EXPIRY, "expiry", {"expiry_ns": bounds.MAX_TIME_NS + 1}),
        *SYMBOL,
        *ACCOUNT,
        Fault(c.PRICE_NOT_ALLOWED, "limit", {"limit_price_points": 5}, detail=5),
        *VOLUME,
        Fault(c.BAD_PRICE, "price", {"price_points": 0}, detail=0),
        Fault(c.BAD_PRICE, "price", {"price_points": 440_001}, detail=440_001),
        *LEVELS,
        Fault(
            c.PRICE_OFF_TICK_SIZE,
            "price",
            {"price_points": 109_001},
            instrument(tick_size_points=10),
            INSTRUMENTS,
            109_001,
        ),
        Fault(c.PENDING_TOO_CLOSE, "price", {"price_points": 110_010}, detail=110_010),
        Fault(
            c.PENDING_TOO_CLOSE,
            "level",
            {},
            instrument(stops_level_points=1_011),
            detail=109_000,
        ),
        *stops(109_000, 1_000),
        Fault(c.TOO_MANY_ORDERS, "orders", world=group(max_orders=0), detail=0),
        Fault(
            c.VOLUME_LIMIT,
            "limit",
            world=nearly_full,
            phase=INSTRUMENTS,
            detail=650,
        ),
        Fault(c.HEDGE_PROHIBITED, "hedge", world=opposite, phase=TRADES),
    ],
)

STOP_LIMIT = Command(
    "stop-limit order",
    r.PlaceOrder(
        login=CLIENT,
        instrument=EURUSD,
        order_type=v.STOP_LIMIT,
        side=v.BUY,
        volume_units=100,
        price_points=110_100,
        limit_price_points=110_050,
        stop_loss_points=110_000,
    ),
    [
        Fault(c.BAD_PRICE, "limit", {"limit_price_points": 0}, detail=0),
        Fault(
            c.PRICE_OFF_TICK_SIZE,
            "limit",
            {"limit_price_points": 110_051},
            instrument(tick_size_points=10),
            INSTRUMENTS,
            110_051,
        ),
        Fault(c.PENDING_TOO_CLOSE, "price", {"price_points": 110_010}, detail=110_010),
        Fault(c.STOP_LIMIT_WRONG_SIDE, "limit", {"limit_price_points": 110_100}, detail=110_100),
        Fault(c.STOPS_WRONG_SIDE, "stop loss", {"stop_loss_points": 110_050}, detail=110_050),
    ],
)

SELL = Command(
    "sell order",
    r.PlaceOrder(
        login=NETTER, instrument=EURUSD, order_type=v.MARKET, side=v.SELL, volume_units=100
    ),
    [
        Fault(c.LONG_ONLY, "mode", world=terms(trade_mode=v.TRADE_LONG_ONLY), detail=2),
        Fault(
            c.CLOSE_ONLY,
            "mode",
            world=lambda w: (w.buy(99, login=NETTER), w.terms(trade_mode=v.TRADE_CLOSE_ONLY)),
        ),
        Fault(
            c.VOLUME_LIMIT,
            "limit",
            world=lambda w: (
                w.instrument(position_limit_units=150, lot_max_units=150),
                w.sell_limit(111_000, 100, login=NETTER),
            ),
            phase=INSTRUMENTS,
            detail=200,
        ),
    ],
)
COMMANDS = [MARKET, PENDING, STOP_LIMIT, SELL]
