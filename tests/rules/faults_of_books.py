"""What can be wrong with the commands of the book venue, in the order of the checks.

This file may hold the lists, nothing else. RULES section 8 has the order.
"""

from typing import Any

from engine import records as r
from engine import reject_codes as c
from engine import vocabulary as v
from tests.rules.faults import MONEY, TRADES, Command, Fault
from tests.rules.faults_of_orders import group, status, terms
from tests.rules.faults_of_tickets import OLD
from tests.rules.world import CLIENT, EUR, EURUSD, GROUP, OTHER, START_NS, USD, World

GOLD = 7
FUTURES = r.Instrument(
    instrument=GOLD,
    symbol="GCZ4",
    base_currency=USD,
    profit_currency=USD,
    margin_currency=USD,
    digits=1,
    contract_size=100,
    asset_class="futures",
    profit_mode=v.PROFIT_CFD,
    margin_mode=v.MARGIN_CFD,
    tick_size_points=5,
    lot_min_units=2,
    lot_max_units=100,
    lot_step_units=2,
    position_limit_units=120,
    initial_margin_minor=10_000,
    price_min_points=1_000,
    price_max_points=50_000,
    venue=v.VENUE_BOOK,
    volume_digits=0,
    maintenance_margin_minor=5_000,
)


def book(world: World) -> None:
    """The book, with an offer of 10 at 20,100 by another, and a bid of the client."""
    world.instruments[GOLD] = FUTURES
    world.send(FUTURES)
    world.deposit(10_000_000, OTHER)
    place(world, OTHER, v.SELL, 10, 20_100)


def place(world: World, login: int, side: int, units: int, price: int, **more: Any) -> Any:
    """A limit order in the book."""
    return world.send(
        r.PlaceBookOrder(
            login=login,
            instrument=GOLD,
            order_type=v.LIMIT,
            side=side,
            volume_units=units,
            price_points=price,
            **more,
        )
    )


def sessions(world: World) -> None:
    """Trading was over at midnight."""
    world.instrument(GOLD, sessions=[(1, 2)])


def full(world: World) -> None:
    """The client's buying orders leave room for 20 units."""
    place(world, CLIENT, v.BUY, 100, 20_000)


def crowded(world: World) -> None:
    """The client has all the orders it may have."""
    place(world, CLIENT, v.BUY, 2, 19_000)
    world.group(max_orders=1)


def broke(world: World) -> None:
    world.withdraw(world.figures().max_withdrawable_minor)


REQUEST = [
    OLD,
    Fault(c.UNKNOWN_ACCOUNT, "login", {"login": 77}, detail=77),
    Fault(c.UNKNOWN_INSTRUMENT, "instrument", {"instrument": 99}, detail=99),
    Fault(c.OTHER_VENUE, "instrument", {"instrument": EURUSD}, detail=v.VENUE_QUOTED),
    Fault(c.BAD_ORDER_TYPE, "type", {"order_type": v.STOP}, detail=v.STOP),
    Fault(c.BAD_ORDER_TYPE, "type", {"order_type": -1}, detail=-1),
    Fault(c.BAD_SIDE, "side", {"side": 2}, detail=2),
    Fault(c.BAD_SIDE, "side", {"side": -1}, detail=-1),
]
TIMES = [
    Fault(c.BAD_TIME_IN_FORCE, "force+expiry", {"time_in_force": 5}, detail=5),
    Fault(c.BAD_TIME_IN_FORCE, "force+expiry", {"time_in_force": -1}, detail=-1),
    Fault(c.BAD_FLAGS, "flags", {"flags": 4}, detail=4),
    Fault(c.BAD_FLAGS, "flags", {"flags": -1}, detail=-1),
    Fault(c.BAD_FLAGS, "self_trade", {"self_trade": 4}, detail=4),
    Fault(c.BAD_FLAGS, "self_trade", {"self_trade": -1}, detail=-1),
]
MODES = [
    Fault(c.TRADE_MODE_DISABLED, "mode", world=terms(trade_mode=v.TRADE_DISABLED), detail=0),
    Fault(c.CLOSE_ONLY, "mode", world=terms(trade_mode=v.TRADE_CLOSE_ONLY), detail=1),
    Fault(c.SHORT_ONLY, "mode", world=terms(trade_mode=v.TRADE_SHORT_ONLY), detail=3),
    Fault(c.SESSION_CLOSED, "session", world=sessions, detail=0),
]
STATUS = [
    Fault(c.ACCOUNT_IS_DISABLED, "status", world=status(v.ACCOUNT_DISABLED), detail=2),
    Fault(c.ACCOUNT_IS_READ_ONLY, "status", world=status(v.ACCOUNT_READ_ONLY), detail=1),
    Fault(c.GROUP_TRADING_DISABLED, "group", world=group(trading_enabled=False), detail=GROUP),
]
PRICES = [
    Fault(c.BAD_PRICE, "price", {"price_points": 995}, detail=995),
    Fault(c.BAD_PRICE, "price", {"price_points": 0}, detail=0),
    Fault(c.BAD_PRICE, "price", {"price_points": 50_005}, detail=50_005),
    Fault(c.PRICE_OFF_TICK_SIZE, "price", {"price_points": 20_001}, detail=20_001),
]
VOLUMES = [
    Fault(c.VOLUME_BELOW_MINIMUM, "volume", {"volume_units": 0}, detail=0),
    Fault(c.VOLUME_BELOW_MINIMUM, "volume", {"volume_units": -2}, detail=-2),
    Fault(c.VOLUME_ABOVE_MAXIMUM, "volume", {"volume_units": 102}, detail=102),
    Fault(c.VOLUME_OFF_STEP, "volume", {"volume_units": 7}, detail=7),
]
LIMIT = Command(
    "book limit order",
    r.PlaceBookOrder(
        login=CLIENT,
        instrument=GOLD,
        order_type=v.LIMIT,
        side=v.BUY,
        volume_units=30,
        price_points=20_000,
        time_in_force=v.GOOD_TILL_DATE,
        expiry_ns=START_NS + 10**12,
    ),
    [
        *REQUEST,
        *TIMES,
        Fault(c.BAD_EXPIRY, "force+expiry", {"expiry_ns": 0}, detail=0),
        Fault(c.BAD_EXPIRY, "force+expiry", {"expiry_ns": START_NS}, detail=START_NS),
        Fault(c.BAD_EXPIRY, "force+expiry", {"expiry_ns": 2**62 + 1}, detail=2**62 + 1),
        Fault(
            c.BAD_EXPIRY,
            "force+expiry",
            {"time_in_force": v.DAY, "expiry_ns": START_NS + 1},
            detail=START_NS + 1,
        ),
        *MODES,
        *STATUS,
        *PRICES,
        *VOLUMES,
        Fault(c.TOO_MANY_ORDERS, "orders+crowd", world=crowded, phase=TRADES, detail=1),
        Fault(c.VOLUME_LIMIT, "orders+volume+price", world=full, phase=TRADES, detail=130),
        Fault(c.VOLUME_ABOVE_POSITION, "flags+volume+mode", {"flags": v.REDUCE_ONLY}, detail=30),
        Fault(
            c.WOULD_TAKE,
            "flags+price",
            {"flags": v.POST_ONLY, "price_points": 20_100},
            detail=20_100,
        ),
        Fault(c.NO_MONEY, "money", world=broke, phase=MONEY, detail=-30 * 10_000),
    ],
    book,
)
MARKET = Command(
    "book market order",
    r.PlaceBookOrder(
        login=CLIENT,
        instrument=GOLD,
        order_type=v.MARKET,
        side=v.BUY,
        volume_units=10,
        time_in_force=v.FILL_OR_KILL,
    ),
    [
        *REQUEST,
        *TIMES[:2],
        Fault(
            c.BAD_TIME_IN_FORCE,
            "force+expiry",
            {"time_in_force": v.GOOD_TILL_CANCELLED},
            detail=0,
        ),
        Fault(c.BAD_FLAGS, "flags", {"flags": v.POST_ONLY}, detail=v.POST_ONLY),
        *TIMES[2:],
        Fault(c.BAD_EXPIRY, "expiry", {"expiry_ns": START_NS + 1}, detail=START_NS + 1),
        *MODES,
        *STATUS,
        Fault(c.PRICE_NOT_ALLOWED, "price", {"price_points": 20_100}, detail=20_100),
        *VOLUMES,
        Fault(c.NOT_FILLABLE, "volume", {"volume_units": 12}, detail=10),
        Fault(c.NO_MONEY, "money", world=broke, phase=MONEY, detail=-10 * 10_000),
    ],
    book,
)


def resting(world: World) -> None:
    """The client's order is ticket 2."""
    book(world)
    place(world, CLIENT, v.BUY, 30, 20_000, time_in_force=v.DAY, flags=v.POST_ONLY)


def others_again(world: World) -> None:
    """The client's next buying orders would reach the limit with 90 units."""
    place(world, CLIENT, v.BUY, 40, 19_000)


TICKET = [
    OLD,
    Fault(c.UNKNOWN_ACCOUNT, "login", {"login": 77}, detail=77),
    Fault(c.UNKNOWN_ORDER, "order", {"order": 99}, detail=99),
    Fault(c.UNKNOWN_ORDER, "order", {"order": -1}, detail=-1),
    Fault(c.NOT_YOUR_TICKET, "order", {"order": 1}, detail=1),
]
REPLACE = Command(
    "replace order",
    r.ReplaceOrder(login=CLIENT, order=2, volume_units=40, price_points=20_005),
    [
        *TICKET,
        MODES[3],
        *STATUS,
        *PRICES,
        *VOLUMES,
        Fault(
            c.VOLUME_LIMIT,
            "orders+volume",
            {"volume_units": 90},
            world=others_again,
            phase=TRADES,
            detail=130,
        ),
        Fault(c.WOULD_TAKE, "price", {"price_points": 20_100}, detail=20_100),
        Fault(c.NO_MONEY, "money", world=broke, phase=MONEY, detail=-10 * 10_000),
    ],
    resting,
)
CANCEL = Command(
    "cancel book order", r.CancelOrder(login=CLIENT, order=2), [*TICKET, STATUS[0]], resting
)
CANCEL_ALL = Command(
    "cancel all",
    r.CancelAll(login=CLIENT, instrument=GOLD),
    [
        OLD,
        Fault(c.UNKNOWN_ACCOUNT, "login", {"login": 77}, detail=77),
        Fault(c.UNKNOWN_INSTRUMENT, "instrument", {"instrument": 99}, detail=99),
        STATUS[0],
    ],
    resting,
)


def holding(world: World) -> None:
    world.send(r.HoldingOperation(login=CLIENT, currency=EUR, operation=1, amount_minor=500))


def rich(world: World) -> None:
    """The holding is at its bound."""
    for _ in range(2**5):
        world.send(r.HoldingOperation(login=CLIENT, currency=EUR, operation=1, amount_minor=2**50))


MONEY_IN = [
    OLD,
    Fault(c.UNKNOWN_ACCOUNT, "login", {"login": 77}, detail=77),
    Fault(c.UNKNOWN_CURRENCY, "currency", {"currency": 99}, detail=99),
    Fault(c.UNKNOWN_CURRENCY, "currency", {"currency": USD}, detail=USD),
    Fault(c.BAD_OPERATION, "operation", {"operation": 3}, detail=3),
    Fault(c.BAD_OPERATION, "operation", {"operation": 0}, detail=0),
    Fault(c.BAD_AMOUNT, "amount", {"amount_minor": 0}, detail=0),
    Fault(c.BAD_AMOUNT, "amount", {"amount_minor": 2**50 + 1}, detail=2**50 + 1),
]
HOLD = Command(
    "deposit of another currency",
    r.HoldingOperation(login=CLIENT, currency=EUR, operation=v.DEPOSIT, amount_minor=100),
    [*MONEY_IN, Fault(c.ACCOUNT_MONEY_BOUND, "holding", world=rich, detail=2**55 + 100)],
)
TAKE_OUT = Command(
    "withdrawal of another currency",
    r.HoldingOperation(login=CLIENT, currency=EUR, operation=v.WITHDRAWAL, amount_minor=500),
    [*MONEY_IN, Fault(c.NO_MONEY, "amount", {"amount_minor": 501}, detail=500)],
    holding,
)
COMMANDS = [LIMIT, MARKET, REPLACE, CANCEL, CANCEL_ALL, HOLD, TAKE_OUT]
