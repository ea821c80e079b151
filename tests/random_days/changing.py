"""Reconfiguration in the middle of a random day.

Each function makes one configuration command from what is stored now; what trades and
their conversions rest on is changed too, and mostly refused.
"""

from random import Random

import msgspec

from engine import records as r
from engine import vocabulary as v
from tests.naive.world import World
from tests.random_days.quoting import Prices
from tests.random_days.start_of_day import (
    EXTRA,
    GROUP_CURRENCY,
    MARKETS,
    daily_sessions,
    extra_pair,
)
from tests.random_days.trading import clients

GROUP_CHANGES: dict[str, tuple[object, ...]] = {
    "leverage": (100, 300, 500),
    "margin_call_level": (9_000, 12_000, 20_000),
    "stop_out_level": (1_000, 4_000, 9_000),
    "execution_mode": (v.EXECUTION_MANUAL, v.EXECUTION_AUTO, v.EXECUTION_AUTO_IF_NO_DEALER),
    "free_margin_mode": (0, 1, 2, 3),
    "fifo": (False, True),
    "hedge_prohibited": (False, True, True),
    "larger_leg": (False, True),
    "strong_hedged": (False, True),
    "skip_fully_hedged": (False, True),
    "compensation": (0, 1, 2),
    "gap_policy": (0, 1),
    "markup_bid_points": (0, -3),
    "markup_ask_points": (0, 4),
    "commission_per_lot_minor": (0, 350),
    "agent_commission_per_lot_minor": (0, 120),
    "trading_enabled": (True, False, False),
    "withdraw_free_margin": (False, True),
    "max_orders": (3, 512),
    "stp_pendings": (False, False, True),
    "stp_stops": (False, False, True),
    "stp_stop_outs": (False, False, True),
}
INSTRUMENT_CHANGES: dict[str, tuple[object, ...]] = {
    "trade_mode": (0, 1, 2, 3, 4, 4, 4, 4, 4, 4, 4, 4, 4),
    "stops_level_points": (0, 10),
    "freeze_level_points": (0, 8),
    "staleness_ms": (0, 3_000, 30_000),
    "feeds": ([], [1, 2], [2, 1], [3, 1, 2]),
    "sessions": ([], [], daily_sessions(60, 1_380)),
}
REFUSED_CHANGES: dict[str, object] = {
    "digits": 4,
    "contract_size": 1_234,
    "price_max_points": 700_000,
    "margin_percent_bp": 9_999,
    "hedged_size": 1,
    "position_limit_units": 10_001,
    "tick_value_minor": 77,
}


def change_group(random: Random, world: World, prices: Prices) -> r.Group:
    group = world.groups[random.choice(list(GROUP_CURRENCY))]
    if not group.trading_enabled:
        return msgspec.structs.replace(group, trading_enabled=True)
    changes: dict[str, object] = {}
    for _ in range(random.randrange(1, 4)):
        name = random.choice(list(GROUP_CHANGES))
        changes[name] = random.choice(GROUP_CHANGES[name])
    if random.randrange(12) == 0:
        changes["currency"] = random.choice((1, 2, 3))
    return msgspec.structs.replace(group, **changes)


def change_instrument(random: Random, world: World, prices: Prices) -> r.Instrument:
    closed = [n for n, x in world.instruments.items() if x.trade_mode != v.TRADE_FULL]
    instrument = world.instruments[random.choice(closed or list(world.instruments))]
    trades = [order.instrument for order in world.orders.values()]
    trades += [position.instrument for position in world.positions.values()]
    if instrument.instrument in trades and random.randrange(4) == 0:
        name = random.choice(list(REFUSED_CHANGES))
        return msgspec.structs.replace(instrument, **{name: REFUSED_CHANGES[name]})
    name = random.choice(list(INSTRUMENT_CHANGES))
    return msgspec.structs.replace(instrument, **{name: random.choice(INSTRUMENT_CHANGES[name])})


def change_structure(random: Random, world: World, prices: Prices) -> r.Instrument:
    """A new pair, or other units of an old one: refused while trades rest on it."""
    new = [number for number in EXTRA if number not in world.instruments]
    if new and random.randrange(2):
        return extra_pair(random, random.choice(new))
    instrument = world.instruments[random.choice(list(world.instruments))]
    price = MARKETS[instrument.instrument].price
    changes: dict[str, tuple[object, ...]] = {
        "digits": (instrument.digits, 3, 4),
        "contract_size": (500, 100_000),
        "price_min_points": (price // 2, price // 2 + 1, price * 6 // 10),
        "price_max_points": (price * 2, price * 2 - 1, price * 3 // 2),
        "profit_mode": (v.PROFIT_FOREX, v.PROFIT_CFD),
        "symbol": (f"A{instrument.instrument}", f"Z{instrument.instrument}", instrument.symbol),
        "base_currency": (1, 2, 3, 4),
        "margin_currency": (instrument.base_currency, instrument.profit_currency),
    }
    name = random.choice(list(changes))
    changed = msgspec.structs.replace(instrument, **{name: random.choice(changes[name])})
    return msgspec.structs.replace(
        changed, hedged_size=min(changed.hedged_size, changed.contract_size)
    )


def change_terms(random: Random, world: World, prices: Prices) -> r.Terms:
    def maybe(*values: int) -> int | None:
        return random.choice(values) if random.randrange(4) == 0 else None

    return r.Terms(
        group=random.choice(list(GROUP_CURRENCY)),
        instrument=random.choice(list(world.instruments)),
        trade_mode=maybe(0, 1, 2, 3, 4, 4, 4, 4, 4, 4),
        execution_mode=maybe(0, 1, 2),
        gap_policy=maybe(0, 1),
        markup_bid_points=maybe(-6, 0),
        markup_ask_points=maybe(6, 0),
        margin_percent_bp=maybe(9_000, 15_000),
        commission_per_lot_minor=maybe(0, 90),
        agent_commission_per_lot_minor=maybe(0, 33),
    )


def change_account(random: Random, world: World, prices: Prices) -> r.SetAccount:
    logins = clients(world)
    closed = [n for n in logins if world.accounts[n].status != v.ACCOUNT_ENABLED]
    account = world.accounts[random.choice(closed or logins)]
    status = v.ACCOUNT_ENABLED
    if random.randrange(6) == 0:
        status = random.choice((v.ACCOUNT_READ_ONLY, v.ACCOUNT_DISABLED))
    currency = world.group_of(account).currency
    groups = [n for n, group in world.groups.items() if group.currency == currency]
    mode = account.mode if random.randrange(12) else random.randrange(3)
    return r.SetAccount(
        login=account.login,
        group=random.choice(groups) if random.randrange(15) else random.randrange(1, 7),
        leverage=random.choice((0, 0, 250, 600)),
        mode=mode,
        status=status,
        agent_login=account.agent if random.randrange(8) else random.choice((901, 902, 777)),
    )


def change_name(random: Random, world: World, prices: Prices) -> r.Config:
    """Currencies, feeds, profile and hooks: names that are free, taken or malformed."""
    name = random.choice(("USD", "ZAR", "", "x" * 32, "caf\u00e9", "feed 1", "group 2"))
    number = random.choice((1, 3, 9, 0, 5_000))
    digits = random.choice((0, 2, 11))
    return random.choice(
        (
            r.Currency(currency=number, code=name, digits=digits),
            r.Feed(feed=number, name=name),
            r.Profile(profile=random.choice(("mt4", "mt5", ""))),
            r.HookSet(module="hooks", version=name, source_hash="00"),
            r.Group(group=number, name=name, currency=random.choice((1, 8))),
        )
    )
