"""The world of a random day: small, tight and full of conversions.

This file may make configuration only. Leverage is high and deposits are small, so that a
few ticks bring margin calls and stop-outs; three account currencies over seven instruments
need direct, inverse and two-step conversions, and an eighth has none.
"""

from random import Random
from typing import NamedTuple

import msgspec

from engine import records as r
from engine import vocabulary as v

USD, EUR, JPY, GBP, XAU, ZAR = 1, 2, 3, 4, 5, 6
CURRENCIES = (
    r.Currency(currency=USD, code="USD", digits=2),
    r.Currency(currency=EUR, code="EUR", digits=2),
    r.Currency(currency=JPY, code="JPY", digits=0),
    r.Currency(currency=GBP, code="GBP", digits=2),
    r.Currency(currency=XAU, code="XAU", digits=4),
    r.Currency(currency=ZAR, code="ZAR", digits=2),
)
FEEDS = (1, 2, 3)
AGENT_OF_CURRENCY = {USD: 901, EUR: 902, JPY: 903}
FIRST_CLIENT = 101
CROWD_SIZES = (3, 14, 14, 14, 60)


class Market(NamedTuple):
    """How an instrument is quoted: points."""

    price: int
    spread: int
    step: int
    """Usual move from tick to tick."""


EURUSD, USDJPY, EURJPY, EURGBP, GBPUSD, INDEX, GOLD, NO_ROUTE = 1, 2, 3, 4, 5, 6, 7, 8
MARKETS = {
    EURUSD: Market(110_000, 12, 60),
    USDJPY: Market(150_000, 14, 90),
    EURJPY: Market(165_000, 20, 110),
    EURGBP: Market(86_000, 14, 50),
    GBPUSD: Market(128_000, 18, 70),
    INDEX: Market(180_000, 20, 140),
    GOLD: Market(200_000, 35, 150),
    NO_ROUTE: Market(70_000, 9, 40),
    9: Market(120_000, 10, 50),
    10: Market(90_000, 10, 50),
}
EXTRA = (9, 10)


def forex(number: int, symbol: str, base: int, profit: int, digits: int) -> r.Instrument:
    return r.Instrument(
        instrument=number,
        symbol=symbol,
        base_currency=base,
        profit_currency=profit,
        margin_currency=base,
        digits=digits,
        contract_size=100_000,
        hedged_size=50_000,
        price_min_points=MARKETS[number].price // 2,
        price_max_points=MARKETS[number].price * 2,
    )


PLAIN = {
    EURUSD: forex(EURUSD, "EURUSD", EUR, USD, 5),
    USDJPY: forex(USDJPY, "USDJPY", USD, JPY, 3),
    EURJPY: forex(EURJPY, "EURJPY", EUR, JPY, 3),
    EURGBP: forex(EURGBP, "EURGBP", EUR, GBP, 5),
    GBPUSD: forex(GBPUSD, "GBPUSD", GBP, USD, 5),
    INDEX: r.Instrument(
        instrument=INDEX,
        symbol="GER40",
        asset_class="index",
        base_currency=EUR,
        profit_currency=EUR,
        margin_currency=EUR,
        digits=1,
        contract_size=10,
        profit_mode=v.PROFIT_CFD,
        margin_mode=v.MARGIN_CFD_INDEX,
        tick_size_points=5,
        tick_value_minor=2,
        lot_min_units=5,
        lot_step_units=5,
        hedged_size=5,
        price_min_points=90_000,
        price_max_points=360_000,
    ),
    GOLD: r.Instrument(
        instrument=GOLD,
        symbol="XAUUSD",
        asset_class="metal",
        base_currency=XAU,
        profit_currency=USD,
        margin_currency=USD,
        digits=2,
        contract_size=100,
        profit_mode=v.PROFIT_CFD,
        margin_mode=v.MARGIN_CFD_LEVERAGE,
        tick_size_points=5,
        price_min_points=100_000,
        price_max_points=400_000,
    ),
    NO_ROUTE: r.Instrument(
        instrument=NO_ROUTE,
        symbol="ZAF40",
        asset_class="index",
        base_currency=ZAR,
        profit_currency=ZAR,
        margin_currency=ZAR,
        digits=0,
        contract_size=1,
        profit_mode=v.PROFIT_CFD,
        margin_mode=v.MARGIN_CFD,
        price_min_points=30_000,
        price_max_points=150_000,
    ),
}


def instrument_of_day(random: Random, number: int) -> r.Instrument:
    """The plain instrument with the day's levels, feeds, sessions and margin."""
    plain = PLAIN[number]
    changes: dict[str, object] = {
        "stops_level_points": random.choice((0, 0, 0, 5, 20)),
        "freeze_level_points": random.choice((0, 0, 0, 4, 10)),
        "staleness_ms": random.choice((0, 0, 0, 6_000, 30_000)),
        "feeds": random.choice(([], [], [1], [1, 2], [2, 1, 3])),
        "position_limit_units": random.choice((10_000, 10_000, 500)),
        "lot_max_units": random.choice((10_000, 300)),
        "margin_percent_bp": random.choice((10_000, 10_000, 5_000, 20_000)),
    }
    if changes["position_limit_units"] == 500:
        changes["lot_max_units"] = 300
    if number in (INDEX, GOLD):
        changes["sessions"] = random.choice(([], daily_sessions(60, 1_300)))
    if number in (INDEX, GOLD) and random.randrange(3) == 0:
        changes["margin_mode"] = random.choice((v.MARGIN_CFD, v.MARGIN_CFD_LEVERAGE))
        changes["margin_percent_bp"] = 500
    if number in (EURGBP, GOLD) and random.randrange(3) == 0:
        changes["initial_margin_minor"] = 25_000
        changes["hedged_size"] = 10_000
    if number == GBPUSD and random.randrange(3) == 0:
        changes["margin_mode"] = v.MARGIN_FOREX_NO_LEVERAGE
        changes["margin_percent_bp"] = 50
    return msgspec.structs.replace(plain, **changes)


def odd_instrument(random: Random, plain: r.Instrument) -> r.Instrument:
    """The same market in other units: digits, contract size, margin mode and amounts.

    Where a point of a position is worth less than the smallest unit of money, or a thousand
    of them, rounding decides; the prices in points stay as they are.
    """
    contract_size = random.choice((1, 7, 100, 1_000, 33_333, 100_000))
    initial = random.choice((0, 0, 0, 1, 999, 250_000))
    hedged = random.randrange(contract_size + 1) if initial == 0 else random.randrange(50_000)
    return msgspec.structs.replace(
        plain,
        digits=max(0, plain.digits - random.randrange(3)),
        contract_size=contract_size,
        margin_mode=random.randrange(5),
        tick_value_minor=random.choice((1, 3, 700)),
        initial_margin_minor=initial,
        hedged_size=random.choice((0, hedged)),
        lot_max_units=300,
        position_limit_units=500,
    )


def odd_currencies(random: Random) -> list[r.Currency]:
    """The currencies with other digits."""
    return [
        msgspec.structs.replace(currency, digits=random.choice((0, 1, 2, 2, 3, 5)))
        for currency in CURRENCIES
    ]


def extra_pair(random: Random, number: int) -> r.Instrument:
    """A pair that converts beside the others, with a symbol before or after theirs."""
    base, profit = random.sample((USD, EUR, JPY, GBP), 2)
    symbol = random.choice(("AAA", "EURUSD.b", "EURJPY.a", "ZZZ"))
    instrument = forex(number, f"{symbol}{number}", base, profit, random.choice((2, 3, 5)))
    return msgspec.structs.replace(instrument, contract_size=1_000, lot_max_units=300)


def daily_sessions(opens: int, closes: int) -> list[tuple[int, int]]:
    """The same minutes of Monday to Friday."""
    return [(day * 1440 + opens, day * 1440 + closes) for day in range(5)]


def group_of_day(random: Random, number: int, currency: int) -> r.Group:
    """A trading profile drawn from everything that a group may say."""
    percent = random.randrange(4) != 0
    unit = 100 if currency == JPY else 1
    common = random.choice((v.EXECUTION_AUTO, v.EXECUTION_AUTO, v.EXECUTION_AUTO_IF_NO_DEALER))
    return r.Group(
        group=number,
        name=f"group {number}",
        currency=currency,
        leverage=random.choice((200, 500, 1_000)),
        level_type=v.LEVEL_PERCENT if percent else v.LEVEL_MONEY,
        margin_call_level=random.choice((8_000, 10_000, 15_000)) if percent else 20_000 // unit,
        stop_out_level=random.choice((2_000, 5_000, 8_000)) if percent else 8_000 // unit,
        free_margin_mode=random.randrange(4),
        withdraw_free_margin=random.randrange(3) == 0,
        execution_mode=v.EXECUTION_MANUAL if random.randrange(6) == 0 else common,
        request_timeout_ms=random.choice((1_000, 8_000, 30_000)),
        fifo=random.randrange(3) == 0,
        hedge_prohibited=random.randrange(4) == 0,
        larger_leg=random.randrange(3) == 0,
        strong_hedged=random.randrange(4) == 0,
        skip_fully_hedged=random.randrange(3) == 0,
        compensation=random.randrange(3),
        virtual_credit_minor=random.choice((0, 0, 5_000 // unit)),
        max_orders=random.choice((512, 512, 4)),
        gap_policy=random.randrange(2),
        markup_bid_points=random.choice((0, -2, -5)),
        markup_ask_points=random.choice((0, 3, 5)),
        commission_per_lot_minor=random.choice((0, 700 // unit)),
        agent_commission_per_lot_minor=random.choice((0, 300 // unit + 1, 30_000 // unit + 1)),
        stp_pendings=random.randrange(12) == 0,
        stp_stops=random.randrange(12) == 0,
        stp_stop_outs=random.randrange(12) == 0,
    )


def terms_of_day(random: Random, group: int, instrument: int) -> r.Terms:
    """An override of a few fields."""

    def maybe(*values: int) -> int | None:
        return random.choice(values) if random.randrange(3) == 0 else None

    return r.Terms(
        group=group,
        instrument=instrument,
        trade_mode=maybe(*range(5), v.TRADE_FULL, v.TRADE_FULL),
        execution_mode=maybe(v.EXECUTION_MANUAL, v.EXECUTION_AUTO),
        gap_policy=maybe(v.GAP_CLASSIC, v.GAP_TICK),
        markup_bid_points=maybe(-8, 0, 2),
        markup_ask_points=maybe(8, 0, -1),
        commission_per_lot_minor=maybe(0, 15),
        margin_percent_bp=maybe(8_000, 12_500),
        stp_pendings=random.choice((None, None, None, False, True)),
        stp_stops=random.choice((None, None, None, False, True)),
    )


GROUP_CURRENCY = {1: USD, 2: EUR, 3: JPY, 4: USD, 5: EUR}


def configuration(random: Random) -> list[r.Config]:
    """All configuration objects, in an order that refers backwards only."""
    odd = random.randrange(3) == 0
    objects: list[r.Config] = [r.Profile(profile="mt4")]
    objects += odd_currencies(random) if odd else CURRENCIES
    objects += [r.Feed(feed=feed, name=f"feed {feed}") for feed in FEEDS]
    instruments = [instrument_of_day(random, number) for number in PLAIN]
    if odd:
        instruments = [odd_instrument(random, plain) for plain in instruments]
    objects += instruments
    objects += [extra_pair(random, number) for number in EXTRA if random.randrange(3) == 0]
    objects += [group_of_day(random, n, currency) for n, currency in GROUP_CURRENCY.items()]
    for _ in range(random.randrange(5)):
        group, instrument = random.choice(list(GROUP_CURRENCY)), random.choice(list(PLAIN))
        objects.append(terms_of_day(random, group, instrument))
    return objects


def accounts(random: Random) -> list[r.Command]:
    """Agents and clients, each client with a small deposit, some with a large one."""
    commands: list[r.Command] = []
    for currency, login in AGENT_OF_CURRENCY.items():
        group = {USD: 1, EUR: 2, JPY: 3}[currency]
        commands.append(r.SetAccount(login=login, group=group))
        amount = random.randrange(15_000, 60_000)
        commands.append(r.BalanceOperation(login=login, operation=v.DEPOSIT, amount_minor=amount))
    for login in range(FIRST_CLIENT, FIRST_CLIENT + random.choice(CROWD_SIZES)):
        group = random.choice(list(GROUP_CURRENCY))
        currency = GROUP_CURRENCY[group]
        commands.append(
            r.SetAccount(
                login=login,
                group=group,
                leverage=random.choice((0, 0, 400)),
                mode=random.choice((v.HEDGING, v.HEDGING, v.NETTING, v.NETTING, v.HEDGING)),
                agent_login=random.choice((0, AGENT_OF_CURRENCY[currency])),
            )
        )
        amount = random.randrange(15_000, 150_000)
        if currency == JPY:
            amount = amount * 3 // 2
        if random.randrange(8) == 0:
            amount *= 10_000
        commands.append(r.BalanceOperation(login=login, operation=v.DEPOSIT, amount_minor=amount))
    return commands


def start_of_day(random: Random) -> list[r.Command | r.Config]:
    """Everything before the first trade; some days an instrument gets its first quote late."""
    objects = configuration(random)
    commands: list[r.Command | r.Config] = [*objects, *accounts(random)]
    late = random.choice((0, 0, GBPUSD, USDJPY, INDEX))
    for instrument in objects:
        if not isinstance(instrument, r.Instrument) or instrument.instrument == late:
            continue
        number, feed = instrument.instrument, (instrument.feeds or FEEDS)[0]
        bid, ask = MARKETS[number].price, MARKETS[number].price + MARKETS[number].spread
        commands.append(r.Tick(instrument=number, feed=feed, bid_points=bid, ask_points=ask))
    return commands
