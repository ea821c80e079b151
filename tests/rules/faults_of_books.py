"""What can be wrong with the commands of the book venue, in the order of the checks.

This file may hold the lists, nothing else. RULES sections 8 and 9 have the order.
"""

from typing import Any

import msgspec

from engine import records as r
from engine import reject_codes as c
from engine import vocabulary as v
from tests.rules.faults import MONEY, TRADES, Command, Fault
from tests.rules.faults_of_orders import group, status, terms
from tests.rules.faults_of_tickets import OLD
from tests.rules.world import (
    CLIENT,
    EUR,
    EURUSD,
    GROUP,
    MAIN,
    NETTER,
    OTHER,
    START_NS,
    USD,
    World,
)

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


def banded(world: World) -> None:
    """Prices are from 19,800 to 20,200."""
    world.instrument(GOLD, band_bp=100)
    world.send(r.SettleInstrument(instrument=GOLD, price_points=20_000))


def phase(number: int) -> Any:
    return lambda world: world.send(r.SetPhase(instrument=GOLD, phase=number))


def expires(after_ns: int) -> Any:
    """The last moment of trading, from the start of the world."""
    return lambda world: world.instrument(GOLD, expires_ns=START_NS + after_ns)


def expired(world: World) -> None:
    """Time was up, and the final settlement has been."""
    expires(0)(world)
    world.send(r.SettleInstrument(instrument=GOLD, price_points=20_000, settlement=1))


def broke(world: World) -> None:
    world.withdraw(world.figures().max_withdrawable_minor)


REQUEST = [
    OLD,
    Fault(c.UNKNOWN_ACCOUNT, "login", {"login": 77}, detail=77),
    Fault(c.UNKNOWN_INSTRUMENT, "instrument", {"instrument": 99}, detail=99),
    Fault(c.OTHER_VENUE, "instrument", {"instrument": EURUSD}, detail=v.VENUE_QUOTED),
    Fault(c.BAD_ORDER_TYPE, "type", {"order_type": v.STOP_LIMIT + 1}, detail=4),
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
    Fault(c.BAD_FLAGS, "shown", {"shown_units": -2}, detail=-2),
]
MODES = [
    Fault(c.TRADE_MODE_DISABLED, "mode", world=terms(trade_mode=v.TRADE_DISABLED), detail=0),
    Fault(c.CLOSE_ONLY, "mode", world=terms(trade_mode=v.TRADE_CLOSE_ONLY), detail=1),
    Fault(c.SHORT_ONLY, "mode", world=terms(trade_mode=v.TRADE_SHORT_ONLY), detail=3),
    Fault(c.SESSION_CLOSED, "session", world=sessions, detail=0),
]
HALTED = Fault(c.WRONG_PHASE, "phase", world=phase(v.PHASE_HALTED), detail=v.PHASE_HALTED)
PHASES = [
    HALTED,
    Fault(c.WRONG_PHASE, "phase", world=expires(0), detail=v.PHASE_EXPIRED),
    Fault(c.WRONG_PHASE, "phase", world=expired, detail=v.PHASE_EXPIRED),
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
    Fault(c.PRICE_OUTSIDE_BAND, "price", {"price_points": 19_795}, banded, detail=19_795),
    Fault(c.PRICE_OUTSIDE_BAND, "price", {"price_points": 20_205}, banded, detail=20_205),
]
NO_TRIGGER = Fault(c.PRICE_NOT_ALLOWED, "trigger", {"trigger_points": 20_100}, detail=20_100)
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
        *PHASES,
        *[
            Fault(
                c.WRONG_PHASE, "phase+flags+mode", {"flags": flag}, phase(v.PHASE_AUCTION), detail=2
            )
            for flag in (v.POST_ONLY, v.REDUCE_ONLY)
        ],
        *STATUS,
        *PRICES,
        NO_TRIGGER,
        *VOLUMES,
        Fault(c.VOLUME_OFF_STEP, "shown", {"shown_units": 7}, detail=7),
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
        Fault(c.BAD_FLAGS, "shown", {"shown_units": 2}, detail=2),
        Fault(c.BAD_EXPIRY, "expiry", {"expiry_ns": START_NS + 1}, detail=START_NS + 1),
        *MODES,
        *PHASES,
        Fault(c.WRONG_PHASE, "phase", world=phase(v.PHASE_AUCTION), detail=v.PHASE_AUCTION),
        *STATUS,
        Fault(c.PRICE_NOT_ALLOWED, "price", {"price_points": 20_100}, detail=20_100),
        NO_TRIGGER,
        *VOLUMES,
        Fault(c.NOT_FILLABLE, "volume", {"volume_units": 12}, detail=10),
        Fault(c.NO_MONEY, "money", world=broke, phase=MONEY, detail=-10 * 10_000),
    ],
    book,
)
IMMEDIATE = Command(
    "book limit order at once",
    r.PlaceBookOrder(
        login=CLIENT,
        instrument=GOLD,
        order_type=v.LIMIT,
        side=v.BUY,
        volume_units=10,
        price_points=20_100,
        time_in_force=v.IMMEDIATE_OR_CANCEL,
    ),
    [
        Fault(c.BAD_FLAGS, "flags", {"flags": v.POST_ONLY}, detail=v.POST_ONLY),
        Fault(c.BAD_FLAGS, "shown", {"shown_units": 2}, detail=2),
        Fault(c.BAD_EXPIRY, "expiry", {"expiry_ns": START_NS + 1}, detail=START_NS + 1),
        Fault(c.WRONG_PHASE, "phase", world=phase(v.PHASE_AUCTION), detail=v.PHASE_AUCTION),
    ],
    book,
)


def by_ticks(world: World) -> None:
    """A future whose quote comes from outside."""
    world.instruments[GOLD] = msgspec.structs.replace(FUTURES, mark=v.MARK_TICK, feeds=[MAIN])
    world.send(world.instruments[GOLD])
    world.tick(20_000, instrument=GOLD)


def no_quote(world: World) -> None:
    """The quote of another price band is forgotten."""
    world.instrument(GOLD, price_max_points=49_995)


MARKED = Command(
    "book order by a mark price",
    msgspec.structs.replace(LIMIT.good, time_in_force=v.GOOD_TILL_CANCELLED, expiry_ns=0),
    [
        MODES[3],
        HALTED,
        Fault(c.NO_QUOTE, "quote", world=no_quote, detail=0),
        *STATUS,
        *PRICES[:4],
    ],
    by_ticks,
)


def traded(world: World) -> None:
    """The last price is 20,100; OTHER holds position 3 in it, NETTER position 4."""
    book(world)
    world.deposit(10_000_000, NETTER)
    place(world, NETTER, v.BUY, 4, 20_100)


def by_quote(world: World) -> None:
    """The quote triggers: 20,000 to 20,100."""
    world.instrument(GOLD, trigger=v.TRIGGER_MARK)
    place(world, OTHER, v.BUY, 2, 20_000)


TRIGGERS = [
    Fault(c.BAD_PRICE, "trigger", {"trigger_points": 995}, detail=995),
    Fault(c.BAD_PRICE, "trigger", {"trigger_points": 0}, detail=0),
    Fault(c.BAD_PRICE, "trigger", {"trigger_points": 50_005}, detail=50_005),
    Fault(c.PRICE_OFF_TICK_SIZE, "trigger", {"trigger_points": 20_151}, detail=20_151),
    Fault(c.WOULD_TRIGGER, "trigger", {"trigger_points": 20_100}, detail=20_100),
    Fault(c.WOULD_TRIGGER, "trigger", {"trigger_points": 20_095}, detail=20_095),
    Fault(c.WOULD_TRIGGER, "trigger", {"trigger_points": 20_100}, by_quote, TRADES, detail=20_100),
]
WAITING_REQUEST = [
    *REQUEST,
    *TIMES[:2],
    Fault(c.BAD_TIME_IN_FORCE, "force+expiry", {"time_in_force": v.FILL_OR_KILL}, detail=4),
    Fault(
        c.BAD_TIME_IN_FORCE,
        "force+expiry",
        {"time_in_force": v.IMMEDIATE_OR_CANCEL},
        detail=v.IMMEDIATE_OR_CANCEL,
    ),
    *TIMES[2:],
    Fault(c.BAD_FLAGS, "flags", {"flags": v.POST_ONLY}, detail=v.POST_ONLY),
    Fault(c.BAD_FLAGS, "shown", {"shown_units": 2}, detail=2),
    Fault(c.BAD_EXPIRY, "force+expiry", {"expiry_ns": START_NS + 1}, detail=START_NS + 1),
    *MODES,
    *PHASES,
    *STATUS,
]
CROWDED = Fault(c.TOO_MANY_ORDERS, "orders", world=crowded, phase=TRADES, detail=1)
STOP = Command(
    "book stop order",
    r.PlaceBookOrder(
        login=CLIENT,
        instrument=GOLD,
        order_type=v.STOP,
        side=v.BUY,
        volume_units=100,
        trigger_points=20_150,
    ),
    [
        *WAITING_REQUEST,
        Fault(c.PRICE_NOT_ALLOWED, "price", {"price_points": 20_150}, detail=20_150),
        *TRIGGERS,
        *VOLUMES,
        CROWDED,
    ],
    traded,
)
STOP_LIMIT = Command(
    "book stop-limit order",
    r.PlaceBookOrder(
        login=CLIENT,
        instrument=GOLD,
        order_type=v.STOP_LIMIT,
        side=v.SELL,
        volume_units=30,
        price_points=19_900,
        trigger_points=20_050,
    ),
    [
        *WAITING_REQUEST[:8],
        *MODES[:2],
        Fault(c.LONG_ONLY, "mode", world=terms(trade_mode=v.TRADE_LONG_ONLY), detail=2),
        MODES[3],
        *PHASES,
        *STATUS,
        *PRICES,
        *TRIGGERS[:4],
        Fault(c.WOULD_TRIGGER, "trigger", {"trigger_points": 20_105}, detail=20_105),
        *VOLUMES,
        CROWDED,
    ],
    traded,
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


def waiting(world: World) -> None:
    """The client's stop order is ticket 3."""
    world.send(
        r.PlaceBookOrder(
            login=CLIENT,
            instrument=GOLD,
            order_type=v.STOP,
            side=v.BUY,
            volume_units=2,
            trigger_points=20_200,
        )
    )


REPLACE = Command(
    "replace order",
    r.ReplaceOrder(login=CLIENT, order=2, volume_units=40, price_points=20_005),
    [
        *TICKET[:4],
        Fault(c.UNKNOWN_ORDER, "order+orders", {"order": 3}, waiting, TRADES, detail=3),
        TICKET[4],
        MODES[3],
        *PHASES[:2],
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


LEVELS = Command(
    "levels of a book position",
    r.ModifyPosition(login=NETTER, position=4, stop_loss_points=20_000, take_profit_points=20_200),
    [
        OLD,
        Fault(c.UNKNOWN_ACCOUNT, "login", {"login": 77}, detail=77),
        Fault(c.UNKNOWN_POSITION, "position", {"position": 99}, detail=99),
        Fault(c.NOT_YOUR_TICKET, "position", {"position": 3}, detail=3),
        MODES[0],
        MODES[3],
        *PHASES[1:2],
        Fault(
            c.ACCOUNT_IS_DISABLED,
            "status",
            world=lambda w: w.account(NETTER, mode=v.NETTING, status=v.ACCOUNT_DISABLED),
            detail=2,
        ),
        Fault(
            c.ACCOUNT_IS_READ_ONLY,
            "status",
            world=lambda w: w.account(NETTER, mode=v.NETTING, status=v.ACCOUNT_READ_ONLY),
            detail=1,
        ),
        STATUS[2],
        Fault(c.BAD_PRICE, "loss", {"stop_loss_points": -5}, detail=-5),
        Fault(c.BAD_PRICE, "profit", {"take_profit_points": 2**31}, detail=2**31),
        Fault(c.PRICE_OFF_TICK_SIZE, "loss", {"stop_loss_points": 20_001}, detail=20_001),
        Fault(c.PRICE_OFF_TICK_SIZE, "profit", {"take_profit_points": 20_201}, detail=20_201),
        Fault(c.STOPS_WRONG_SIDE, "loss", {"stop_loss_points": 20_100}, detail=20_100),
        Fault(c.STOPS_WRONG_SIDE, "profit", {"take_profit_points": 20_100}, detail=20_100),
    ],
    traded,
)
EDGES: list[tuple[Command, dict[str, Any]]] = [
    (LIMIT, {"shown_units": 2}),
    (LIMIT, {"shown_units": 40}),
    (STOP, {"trigger_points": 20_105}),
    (STOP, {"trigger_points": 50_000, "flags": v.REDUCE_ONLY}),
    (STOP_LIMIT, {"trigger_points": 20_095, "price_points": 1_000}),
]
"""The last value before a check fails: command and fields."""
COMMANDS = [
    LIMIT,
    MARKET,
    IMMEDIATE,
    MARKED,
    STOP,
    STOP_LIMIT,
    REPLACE,
    CANCEL,
    CANCEL_ALL,
    HOLD,
    TAKE_OUT,
    LEVELS,
]
