"""What can be wrong with phases, settlements and the configuration of the book venue.

This file may hold the lists, nothing else. RULES section 9 has the order of the checks.
"""

from typing import Any

import msgspec

from engine import records as r
from engine import reject_codes as c
from engine import vocabulary as v
from tests.rules.faults import Command, Fault
from tests.rules.faults_of_books import (
    FUTURES,
    GOLD,
    book,
    expired,
    expires,
    no_quote,
    place,
    traded,
)
from tests.rules.faults_of_office import bad
from tests.rules.faults_of_tickets import OLD
from tests.rules.world import EUR, EURUSD, INSTRUMENTS, MAIN, OTHER, SECOND, START_NS, USD, World

COIN = 8
COINS = r.Instrument(
    instrument=COIN,
    symbol="EURX",
    base_currency=EUR,
    profit_currency=USD,
    margin_currency=USD,
    digits=1,
    contract_size=1,
    profit_mode=v.PROFIT_CFD,
    lot_max_units=1_000,
    position_limit_units=1_000,
    price_max_points=50_000,
    venue=v.VENUE_BOOK,
    contract=v.CONTRACT_SPOT,
    volume_digits=1,
)
OF_BOOK = [
    OLD,
    Fault(c.UNKNOWN_INSTRUMENT, "instrument", {"instrument": 99}, detail=99),
    Fault(c.OTHER_VENUE, "instrument", {"instrument": EURUSD}, detail=v.VENUE_QUOTED),
]
IS_EXPIRED = Fault(c.WRONG_PHASE, "expiry", world=expired, detail=v.PHASE_EXPIRED)
PHASE = Command(
    "phase",
    r.SetPhase(instrument=GOLD, phase=v.PHASE_AUCTION),
    [
        *OF_BOOK,
        Fault(c.BAD_PHASE, "phase", {"phase": v.PHASE_EXPIRED}, detail=v.PHASE_EXPIRED),
        Fault(c.BAD_PHASE, "phase", {"phase": -1}, detail=-1),
        IS_EXPIRED,
    ],
    traded,
)


def coins(world: World) -> None:
    """There is a spot instrument, too."""
    traded(world)
    world.send(COINS)


SETTLE_PRICES = [
    Fault(c.BAD_PRICE, "price", {"price_points": 0}, detail=0),
    Fault(c.BAD_PRICE, "price", {"price_points": 995}, detail=995),
    Fault(c.BAD_PRICE, "price", {"price_points": 50_005}, detail=50_005),
    Fault(c.PRICE_OFF_TICK_SIZE, "price", {"price_points": 20_001}, detail=20_001),
]
SETTLE = Command(
    "daily settlement",
    r.SettleInstrument(instrument=GOLD, price_points=20_000),
    [
        *OF_BOOK,
        Fault(c.BAD_SETTLEMENT, "instrument", {"instrument": COIN}, detail=0),
        Fault(c.BAD_SETTLEMENT, "kind", {"settlement": 2}, detail=2),
        Fault(c.BAD_SETTLEMENT, "kind", {"settlement": -1}, detail=-1),
        Fault(c.BAD_SETTLEMENT, "kind+expiry", {"settlement": 1}, detail=1),
        IS_EXPIRED,
        *SETTLE_PRICES,
    ],
    coins,
)


def time_is_up(world: World) -> None:
    coins(world)
    expires(SECOND)(world)
    world.wait(1)


FINAL = Command(
    "final settlement",
    r.SettleInstrument(instrument=GOLD, price_points=20_000, settlement=1),
    [
        *OF_BOOK[1:],
        Fault(c.BAD_SETTLEMENT, "instrument", {"instrument": COIN}, detail=1),
        Fault(c.BAD_SETTLEMENT, "expiry", world=expires(SECOND + 1), detail=1),
        IS_EXPIRED,
        *SETTLE_PRICES,
    ],
    time_is_up,
)


def quoted(world: World) -> None:
    """Bid and ask have made a quote, and are gone; there is a spot instrument, too."""
    book(world)
    place(world, OTHER, v.BUY, 10, 20_000)
    world.send(r.CancelAll(login=OTHER, instrument=GOLD))
    world.send(COINS)


FUNDING = Command(
    "funding",
    r.PayFunding(instrument=GOLD, rate_e8=10_000),
    [
        *OF_BOOK,
        Fault(c.NOT_PERPETUAL, "instrument", {"instrument": COIN}, detail=0),
        Fault(c.NOT_PERPETUAL, "expiry", world=expires(SECOND), detail=START_NS + SECOND),
        Fault(c.BAD_RATE, "rate", {"rate_e8": 0}, detail=0),
        Fault(c.BAD_RATE, "rate", {"rate_e8": 10**7 + 1}, detail=10**7 + 1),
        Fault(c.BAD_RATE, "rate", {"rate_e8": -(10**7) - 1}, detail=-(10**7) - 1),
        Fault(c.NO_QUOTE, "quote", world=no_quote, detail=0),
    ],
    quoted,
)

# ------------------------------------------------------------ configuration

LATER = START_NS + 10**15
FULL = msgspec.structs.replace(
    FUTURES,
    mark=v.MARK_TICK,
    feeds=[MAIN],
    trigger=v.TRIGGER_MARK,
    band_bp=500,
    liquidation_units=10,
    insurance_login=OTHER,
    auto_deleveraging=True,
    delivery_month=202_412,
    expires_ns=LATER,
    margins=[(START_NS + SECOND, 12_000, 6_000), (LATER, 20_000, 0)],
)
ROW = (START_NS + SECOND, 12_000, 6_000)
RANGES = [
    bad("mark", mark=-1),
    bad("mark", mark=3),
    bad("trigger", trigger=-1),
    bad("trigger", trigger=2),
    bad("distance", band_bp=-1),
    bad("distance", band_bp=10_001),
    bad("part", liquidation_units=-1),
    bad("part", liquidation_units=2**31),
    bad("fund", insurance_login=-1),
    bad("fund", insurance_login=2**63),
    *[
        bad("month", delivery_month=month)
        for month in (-1, 1, 12, 189_912, 202_400, 202_413, 1_000_001)
    ],
    bad("expiry", expires_ns=-1),
    bad("expiry", expires_ns=2**62 + 1),
]
MARGINS = [
    bad("margins", margins=[(0, 12_000, 6_000)]),
    bad("margins", margins=[(2**62 + 1, 12_000, 6_000)]),
    bad("margins", margins=[ROW, ROW]),
    bad("margins", margins=[ROW, (1, 12_000, 6_000)]),
    bad("margins", margins=[(LATER, 0, 0)]),
    bad("margins", margins=[(LATER, -1, 0)]),
    bad("margins", margins=[(LATER, 2**50 + 1, 0)]),
    bad("margins", margins=[(LATER, 100, 101)]),
    bad("margins", margins=[(LATER, 100, -1)]),
    bad("margins", margins=[(n + 1, 100, 50) for n in range(65)]),
]
OF_FUTURES = Command(
    "future",
    FULL,
    [
        *RANGES,
        *MARGINS,
        Fault(c.UNKNOWN_CURRENCY, "profit", {"profit_currency": 77}, detail=v.CONFIG_INSTRUMENT),
        Fault(c.UNKNOWN_FEED, "feeds", {"feeds": [MAIN, 3]}),
        Fault(c.NAME_TAKEN, "symbol", {"symbol": "GBPUSD"}),
        bad("feeds+mark", mark=v.MARK_BOOK),
        bad("feeds+mark", mark=v.MARK_LAST),
        bad("part", liquidation_units=11),
        bad("margins", margins=[(LATER, 2**50 // 120 + 1, 0)]),
        bad("lot", volume_digits=1, digits=1, contract_size=1, margins=[(LATER, 15, 10)]),
        bad("lot", volume_digits=1, digits=1, contract_size=1, margins=[(LATER, 20, 15)]),
    ],
)
OF_SPOT = Command(
    "spot instrument",
    COINS,
    [
        bad("part", liquidation_units=1),
        bad("fund", insurance_login=OTHER),
        bad("deleveraging", auto_deleveraging=True),
        bad("month", delivery_month=202_412),
        bad("expiry", expires_ns=LATER),
        bad("margins", margins=[ROW]),
        bad("feeds", feeds=[MAIN]),
    ],
)
OF_QUOTED = Command(
    "quoted instrument",
    INSTRUMENTS[EURUSD],
    [
        bad("mark", mark=v.MARK_TICK),
        bad("trigger", trigger=v.TRIGGER_MARK),
        bad("distance", band_bp=1),
        *OF_SPOT.faults[:6],
    ],
)


def in_use(**changes: Any) -> Fault:
    """A field that can't change; all others of the configuration are good."""
    return Fault(c.INSTRUMENT_IN_USE, "+".join(changes), changes, detail=v.CONFIG_INSTRUMENT)


FROM_NOW = (START_NS, 12_000, 6_000)
USED = Command(
    "instrument in use",
    FUTURES,
    [
        in_use(mark=v.MARK_LAST),
        in_use(mark=v.MARK_TICK),
        in_use(initial_margin_minor=10_001),
        in_use(maintenance_margin_minor=4_999),
        in_use(margins=[FROM_NOW]),
        in_use(margins=[(1, 10_000, 5_000), FROM_NOW, (LATER, 10_000, 5_000)]),
    ],
    book,
)


def dated(world: World) -> None:
    """A row is in force, with an order under it."""
    world.instruments[GOLD] = msgspec.structs.replace(FUTURES, margins=[FROM_NOW])
    world.send(world.instruments[GOLD])
    world.deposit(10_000_000, OTHER)
    place(world, OTHER, v.SELL, 10, 20_100)


DATED = Command(
    "instrument with a margin in force",
    msgspec.structs.replace(FUTURES, margins=[FROM_NOW]),
    [
        in_use(margins=[]),
        in_use(margins=[(START_NS + 1, 12_000, 6_000)]),
        in_use(margins=[(START_NS, 12_001, 6_000)]),
        in_use(margins=[(START_NS, 12_000, 5_999)]),
    ],
    dated,
)
EDGES: list[tuple[Command, dict[str, Any]]] = [
    (FUNDING, {"rate_e8": 10**7}),
    (FUNDING, {"rate_e8": -(10**7)}),
    (SETTLE, {"price_points": 1_000}),
    (SETTLE, {"price_points": 50_000}),
    (OF_FUTURES, {"band_bp": 10_000, "liquidation_units": 2**31 - 2}),
    (OF_FUTURES, {"insurance_login": 2**63 - 1, "expires_ns": 2**62}),
    (OF_FUTURES, {"delivery_month": 190_001, "expires_ns": 1}),
    (OF_FUTURES, {"delivery_month": 999_912}),
    (OF_FUTURES, {"margins": [(1, 1, 0), (2, 1, 1), (2**62, 2**50 // 120, 2**50 // 120)]}),
    (OF_FUTURES, {"margins": [(n + 1, 100, 50) for n in range(64)]}),
    (OF_SPOT, {"mark": v.MARK_TICK, "feeds": [MAIN], "trigger": v.TRIGGER_MARK, "band_bp": 1}),
    (USED, {"margins": [(1, 12_000, 6_000), (START_NS, 10_000, 5_000)]}),
    (USED, {"margins": [(START_NS + 1, 12_000, 6_000)]}),
    (USED, {"trigger": v.TRIGGER_MARK, "band_bp": 5, "expires_ns": 1, "insurance_login": 5}),
    (USED, {"auto_deleveraging": True, "liquidation_units": 2, "delivery_month": 202_412}),
    (DATED, {"initial_margin_minor": 20_000, "maintenance_margin_minor": 1}),
    (DATED, {"initial_margin_minor": 12_000, "maintenance_margin_minor": 6_000, "margins": []}),
]
"""The last value before a check fails: command and fields."""
COMMANDS = [
    PHASE,
    SETTLE,
    FINAL,
    FUNDING,
    OF_FUTURES,
    OF_SPOT,
    OF_QUOTED,
    USED,
    DATED,
]
