"""What can be wrong with a command that names a ticket, in the order of RULES section 5.

The account holds position 1 (a lot of EURUSD bought at 110010, stop loss 108000, take profit
112000) and order 2 (a buy limit at 109000). The dealers' request waits under ticket 3.
"""

from typing import Any

from engine import records as r
from engine import reject_codes as c
from engine import vocabulary as v
from tests.rules.faults import MONEY, TIME, TRADES, Command, Fault, older
from tests.rules.faults_of_orders import (
    at_the_bound,
    broke,
    group,
    instrument,
    session,
    stale,
    status,
    stops,
    terms,
)
from tests.rules.world import CLIENT, OTHER, START_NS, World


def holdings(world: World) -> None:
    world.buy(sl=108_000, tp=112_000)
    world.buy_limit(109_000)


def asked_to_close(world: World) -> None:
    """A dealer is asked to close position 1."""
    world.group(execution_mode=v.EXECUTION_MANUAL)
    world.close(1)
    world.group(execution_mode=v.EXECUTION_AUTO)


def frozen(level: int) -> Any:
    return instrument(freeze_level_points=level)


OLD = Fault(c.TIME_BACKWARDS, "time", world=older, phase=TIME, detail=START_NS + 5 * 10**9)
STATUS = [
    Fault(c.ACCOUNT_IS_DISABLED, "status", world=status(v.ACCOUNT_DISABLED), detail=2),
    Fault(c.ACCOUNT_IS_READ_ONLY, "status", world=status(v.ACCOUNT_READ_ONLY), detail=1),
    Fault(c.GROUP_TRADING_DISABLED, "group", world=group(trading_enabled=False), detail=1),
]
OPEN = [
    Fault(c.SESSION_CLOSED, "session", world=session),
    Fault(c.QUOTE_STALE, "quote", world=stale, detail=2 * 10**9),
]
MODE = Fault(c.TRADE_MODE_DISABLED, "mode", world=terms(trade_mode=v.TRADE_DISABLED))


def ticket(name: str, unknown: int, wrong_kind: int) -> list[Fault]:
    """The account, the ticket, and whose it is."""
    return [
        OLD,
        Fault(c.UNKNOWN_ACCOUNT, "login", {"login": 999}, detail=999),
        Fault(unknown, name, {name: 77}, detail=77),
        Fault(unknown, name, {name: wrong_kind}, detail=wrong_kind),
        Fault(unknown, name, {name: -1}, detail=-1),
        Fault(c.NOT_YOUR_TICKET, "login", {"login": OTHER}),
    ]


def coarse(world: World) -> None:
    """A tick size of 10 from the start; then what is held."""
    world.instrument(tick_size_points=10)
    holdings(world)


MODIFY_ORDER = Command(
    "modify order",
    r.ModifyOrder(
        login=CLIENT,
        order=2,
        price_points=109_000,
        stop_loss_points=107_000,
        take_profit_points=112_000,
    ),
    [
        *ticket("order", c.UNKNOWN_ORDER, 1),
        Fault(c.BAD_EXPIRY, "expiry", {"expiry_ns": START_NS}, detail=START_NS),
        *STATUS,
        *OPEN,
        Fault(c.FROZEN, "freeze", world=frozen(1_010), detail=109_000),
        Fault(c.PRICE_NOT_ALLOWED, "limit", {"limit_price_points": 5}, detail=5),
        Fault(c.BAD_PRICE, "price", {"price_points": 1}, detail=1),
        Fault(c.BAD_PRICE, "stop loss", {"stop_loss_points": -1}, detail=-1),
        Fault(c.PRICE_OFF_TICK_SIZE, "price", {"price_points": 109_001}, detail=109_001),
        Fault(c.PRICE_OFF_TICK_SIZE, "take profit", {"take_profit_points": 111_111}),
        Fault(c.PENDING_TOO_CLOSE, "price", {"price_points": 110_010}, detail=110_010),
        *stops(109_000, 1_000, 10),
    ],
    coarse,
)

CANCEL = Command(
    "cancel order",
    r.CancelOrder(login=CLIENT, order=2),
    [
        *ticket("order", c.UNKNOWN_ORDER, 1),
        STATUS[0],
        Fault(c.FROZEN, "freeze", world=frozen(1_010), detail=109_000),
    ],
    holdings,
)

CLOSE = Command(
    "close position",
    r.ClosePosition(login=CLIENT, position=1, volume_units=50, price_points=110_000),
    [
        *ticket("position", c.UNKNOWN_POSITION, 2),
        Fault(c.BAD_DEVIATION, "deviation", {"deviation_points": -1}, detail=-1),
        Fault(c.BAD_DEVIATION, "deviation", {"deviation_points": 1, "price_points": 0}, detail=1),
        Fault(c.REQUEST_PENDING, "request", world=asked_to_close, phase=TRADES, detail=1),
        MODE,
        *OPEN,
        *STATUS,
        Fault(c.PRICE_OFF, "price", {"price_points": -1}, detail=-1),
        Fault(c.REQUOTE, "price", {"price_points": 110_001}, detail=110_000),
        Fault(c.VOLUME_BELOW_MINIMUM, "volume", {"volume_units": -1}, detail=-1),
        Fault(c.VOLUME_ABOVE_POSITION, "volume", {"volume_units": 101}, detail=101),
        Fault(c.VOLUME_OFF_STEP, "volume", {"volume_units": 55}, terms(lot_step_units=10)),
        Fault(c.FROZEN, "freeze", world=frozen(2_000), detail=108_000),
        Fault(
            c.FIFO_RULE,
            "fifo+position+request",
            {"position": 3},
            lambda w: (w.buy(sl=108_000), w.group(fifo=True)),
            TRADES,
            3,
        ),
    ],
    holdings,
)

LEVELS = Command(
    "modify position",
    r.ModifyPosition(
        login=CLIENT, position=1, stop_loss_points=108_000, take_profit_points=112_000
    ),
    [
        *ticket("position", c.UNKNOWN_POSITION, 2),
        Fault(c.REQUEST_PENDING, "request", world=asked_to_close, phase=TRADES, detail=1),
        MODE,
        *OPEN,
        *STATUS,
        Fault(c.FROZEN, "freeze", world=frozen(2_000), detail=108_000),
        Fault(c.BAD_PRICE, "stop loss", {"stop_loss_points": -1}, detail=-1),
        Fault(c.BAD_PRICE, "take profit", {"take_profit_points": 2**31}, detail=2**31),
        Fault(c.PRICE_OFF_TICK_SIZE, "stop loss", {"stop_loss_points": 108_001}),
        Fault(c.PRICE_OFF_TICK_SIZE, "take profit", {"take_profit_points": 112_001}),
        *stops(110_000, 1_000, 10),
    ],
    coarse,
)


# ------------------------------------------------------------ dealers


def request(world: World) -> None:
    """Dealers 1 (online) and 2 (offline); an order for a lot waits under ticket 3."""
    world.dealer(dealer=1)
    world.dealer(dealer=2)
    world.dealer(online=False, dealer=2)
    holdings(world)
    world.group(execution_mode=v.EXECUTION_MANUAL)
    world.buy(100)


def at_the_bound_again(world: World) -> None:
    world.group(execution_mode=v.EXECUTION_AUTO)
    at_the_bound(world)


def opposite(world: World) -> None:
    world.group(execution_mode=v.EXECUTION_AUTO)
    world.sell(1)
    world.group(hedge_prohibited=True)


ANSWER = [
    OLD,
    Fault(c.UNKNOWN_DEALER, "dealer", {"dealer": 3}, detail=3),
    Fault(c.UNKNOWN_DEALER, "dealer", {"dealer": -1}, detail=-1),
    Fault(c.DEALER_OFFLINE, "dealer", {"dealer": 2}, detail=2),
    Fault(c.NO_REQUEST, "ticket", {"ticket": 1}, detail=1),
    Fault(c.NO_REQUEST, "ticket", {"ticket": 2}, detail=2),
    Fault(c.NO_REQUEST, "ticket", {"ticket": 44}, detail=44),
]

CONFIRM = Command(
    "dealer confirms",
    r.DealerConfirm(dealer=1, ticket=3, price_points=110_010),
    [
        *ANSWER,
        Fault(c.BAD_PRICE, "price", {"price_points": 1}, detail=1),
        Fault(c.BAD_PRICE, "price", {"price_points": 440_001}, detail=440_001),
        Fault(c.TRADE_MODE_DISABLED, "mode", world=terms(trade_mode=0), detail=0),
        Fault(c.CLOSE_ONLY, "mode", world=terms(trade_mode=1), detail=1),
        Fault(c.SHORT_ONLY, "mode", world=terms(trade_mode=3), detail=3),
        *OPEN,
        *STATUS,
        Fault(c.ACCOUNT_MONEY_BOUND, "money", world=at_the_bound_again, phase=TRADES),
        Fault(c.NO_MONEY, "money", world=broke, phase=MONEY),
        Fault(c.HEDGE_PROHIBITED, "hedge", world=opposite, phase=TRADES),
    ],
    request,
)
REJECT = Command("dealer rejects", r.DealerReject(dealer=1, ticket=3), ANSWER, request)
REQUOTE = Command(
    "dealer requotes",
    r.DealerRequote(dealer=1, ticket=3, price_points=110_010),
    [
        *ANSWER,
        Fault(c.BAD_PRICE, "price", {"price_points": 0}, detail=0),
        Fault(c.BAD_PRICE, "price", {"price_points": 440_001}, detail=440_001),
    ],
    request,
)
DEALER = Command(
    "dealer set",
    r.SetDealer(dealer=5, online=1),
    [
        OLD,
        Fault(c.UNKNOWN_DEALER, "dealer", {"dealer": 0}, detail=0),
        Fault(c.UNKNOWN_DEALER, "dealer", {"dealer": 2**31}, detail=2**31),
        Fault(c.UNKNOWN_DEALER, "online", {"online": 2}, detail=5),
    ],
)
COMMANDS = [MODIFY_ORDER, CANCEL, CLOSE, LEVELS, CONFIRM, REJECT, REQUOTE, DEALER]
