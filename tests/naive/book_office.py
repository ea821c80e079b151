"""The back office of a random day on the book venue: what settles, squeezes and liquidates.

This file may choose what comes next, not judge it. Accounts are squeezed until they hold no
more than their margin, prices are pushed against them, and margins rise by date: so that
liquidations, an empty fund and deleveraging are common. One contract after another is listed,
expires and is settled.
"""

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Any

import msgspec

from engine import records as r
from engine import vocabulary as v
from tests.naive import figures, frozen, matching
from tests.naive.world import Position, World

if TYPE_CHECKING:
    from tests.naive.book_day import BookDay

FUND = 7
"""The insurance fund, in dollars; it trades now and then."""
HOUSE = 8
"""Somebody with money enough to push prices."""
DOLLAR_LOGINS = (1, 2, 3, 4, FUND)
USD, RETAIL = 1, 1
FIRST_CONTRACT, LAST_CONTRACT = 10, 30
SECOND = 1_000_000_000
MINUTE = 60 * SECOND
LOWEST, HIGHEST = 10, 16
SOON_NS = (SECOND, 20 * SECOND, MINUTE, 5 * MINUTE, 30 * MINUTE)

Maker = Callable[["BookDay"], r.Command | r.Config | None]


# ---------------------------------------------------------------- how a day begins


def risk_fields(random: Random) -> dict[str, Any]:
    """Of a future, as it is first configured."""
    return {
        "liquidation_units": random.choice((0, 1, 2, 5)),
        "insurance_login": random.choice((0, FUND, FUND, 3, 99)),
        "auto_deleveraging": random.random() < 0.6,
    }


def opening(random: Random) -> list[r.Command | r.Config]:
    """The fund, now and then without money, the house, and the first contract."""
    records: list[r.Command | r.Config] = [
        r.SetAccount(login=FUND, group=RETAIL),
        r.SetAccount(login=HOUSE, group=RETAIL),
        r.BalanceOperation(login=HOUSE, operation=v.DEPOSIT, amount_minor=30_000),
    ]
    amount = random.choice((0, 60, 400, 3_000))
    if amount:
        records.append(r.BalanceOperation(login=FUND, operation=v.DEPOSIT, amount_minor=amount))
    return [*records, contract(random, FIRST_CONTRACT, 0)]


def contract(random: Random, number: int, expires_ns: int) -> r.Instrument:
    """Little margin for what a point is worth: one or ten cents; a lot is one unit."""
    initial = random.choice((10, 20, 40))
    return r.Instrument(
        instrument=number,
        symbol=f"MONTH{number}",
        base_currency=USD,
        profit_currency=USD,
        margin_currency=USD,
        digits=1,
        volume_digits=0,
        contract_size=random.choice((1, 10)),
        profit_mode=v.PROFIT_CFD,
        margin_mode=v.MARGIN_CFD_LEVERAGE,
        venue=v.VENUE_BOOK,
        lot_max_units=12,
        position_limit_units=20,
        price_max_points=40,
        initial_margin_minor=initial,
        maintenance_margin_minor=random.choice((0, initial // 2, initial)),
        taker_fee_ppm=random.choice((0, 20_000)),
        taker_fee_per_lot_minor=random.choice((0, 3)),
        delivery_month=202_401 + number - FIRST_CONTRACT,
        expires_ns=expires_ns,
        **risk_fields(random),
    )


# ---------------------------------------------------------------- what there is


def futures(world: World) -> list[r.Instrument]:
    return [
        config
        for _, config in sorted(world.instruments.items())
        if config.venue == v.VENUE_BOOK and config.contract == v.CONTRACT_FUTURES
    ]


def any_future(day: "BookDay") -> r.Instrument | None:
    """Mostly one that is not settled for good."""
    found = futures(day.world)
    living = [c for c in found if day.world.phase_of(c.instrument) != v.PHASE_EXPIRED]
    if living and day.random.randrange(15):
        return day.random.choice(living)
    return day.random.choice(found) if found else None


def any_position(day: "BookDay") -> Position | None:
    held = [p for p in day.world.positions.values() if day.world.on_book(p.instrument)]
    return day.random.choice(held) if held else None


def level_of(world: World, position: Position) -> int:
    """In percent of the margin."""
    account = world.accounts[position.login]
    return figures.equity(world, account) * 100 // max(1, figures.margin(account))


def price_near(day: "BookDay", config: r.Instrument) -> int:
    """Mostly on the tick size."""
    price = day.random.randrange(LOWEST, HIGHEST + 1)
    return price - price % config.tick_size_points if day.random.randrange(10) else price


def taker_price(day: "BookDay", config: r.Instrument, side: int) -> int:
    """Mostly that of the other side, so that something is filled."""
    others = matching.side_of_book(day.world, config.instrument, matching.opposite(side))
    if others and day.random.randrange(3):
        return others[0].price
    return price_near(day, config)


# ---------------------------------------------------------------- settlement and funding


def settle(day: "BookDay") -> r.Command | None:
    """Whatever is past its end mostly finally, if it is one of the contracts."""
    config = any_future(day)
    if config is None:
        return None
    over = 0 < config.expires_ns <= day.time_ns and config.instrument >= FIRST_CONTRACT
    final = over if day.random.randrange(12) else not over
    return r.SettleInstrument(
        instrument=config.instrument,
        price_points=price_near(day, config),
        settlement=v.SETTLEMENT_FINAL if final else v.SETTLEMENT_DAILY,
    )


def fund(day: "BookDay") -> r.Command | None:
    config = any_future(day)
    if config is None:
        return None
    rate = day.random.choice((1, 10_000, 777_777, 10**6, 10**7, 10**7, 0, 10**7 + 1))
    sign = day.random.choice((1, -1))
    return r.PayFunding(instrument=config.instrument, rate_e8=rate * sign)


# ---------------------------------------------------------------- contracts


def contract_order(day: "BookDay") -> r.Command | r.Config | None:
    """In one of the contracts, mostly the youngest: a limit that others will meet."""
    found = contracts(day)
    if not found:
        return None
    random, config = day.random, found[-1] if day.random.randrange(10) else found[0]
    if day.world.expired(config.instrument) and random.randrange(5):
        return roll_contract(day)
    side = random.randrange(2)
    return r.PlaceBookOrder(
        login=random.choice((*DOLLAR_LOGINS, *(HOUSE,) * 3)),
        instrument=config.instrument,
        order_type=v.LIMIT,
        side=side,
        volume_units=random.choice((1, 2, 3, 6)),
        price_points=taker_price(day, config, side),
        time_in_force=random.choice((*(v.GOOD_TILL_CANCELLED,) * 4, v.IMMEDIATE_OR_CANCEL)),
        self_trade=random.randrange(4),
    )


def contracts(day: "BookDay") -> list[r.Instrument]:
    return [c for c in futures(day.world) if c.instrument >= FIRST_CONTRACT]


def roll_contract(day: "BookDay") -> r.Command | r.Config | None:
    """The youngest gets its end; when it is past that it is settled, then comes the next."""
    found = contracts(day)
    if not found:
        return None
    youngest = found[-1]
    if day.world.phase_of(youngest.instrument) == v.PHASE_EXPIRED:
        next_one = min(youngest.instrument + 1, LAST_CONTRACT)
        return contract(day.random, next_one, 0)
    if 0 < youngest.expires_ns <= day.time_ns:
        return r.SettleInstrument(
            instrument=youngest.instrument,
            price_points=price_near(day, youngest),
            settlement=v.SETTLEMENT_FINAL,
        )
    end = day.time_ns + day.random.choice((5, 60, 240)) * MINUTE
    return msgspec.structs.replace(youngest, expires_ns=end)


# ---------------------------------------------------------------- tight money


def squeeze(day: "BookDay") -> r.Command | None:
    """Somebody who holds a position takes out all he may, or loses a little more."""
    position = any_position(day)
    if position is None:
        return None
    account = day.world.accounts[position.login]
    free = figures.max_withdrawable(day.world, account)
    operation, amount = v.WITHDRAWAL, free
    if free <= 0:
        operation, amount = v.CORRECTION, -day.random.choice((1, 20, 90))
    return r.BalanceOperation(
        login=position.login, operation=operation, amount_minor=amount, reference=0
    )


def rescue(day: "BookDay") -> r.Command | None:
    """Somebody who has next to nothing free brings money, so that the day goes on."""
    poor = [
        account.login
        for _, account in sorted(day.world.accounts.items())
        if figures.free_margin(day.world, account) < 100 and account.login != FUND
    ]
    if not poor:
        return None
    amount = day.random.choice((60, 300, 900, 2_500))
    login = day.random.choice(poor)
    return r.BalanceOperation(login=login, operation=v.DEPOSIT, amount_minor=amount)


def push(day: "BookDay") -> r.Command | None:
    """An order at an outer price, against the position of somebody who can bear little."""
    some = [position for position in (any_position(day) for _ in range(4)) if position is not None]
    if not some:
        return None
    position = min(some, key=lambda p: level_of(day.world, p))
    random, config = day.random, day.world.instruments[position.instrument]
    falling = position.side == v.BUY
    outer = LOWEST if falling else HIGHEST
    return r.PlaceBookOrder(
        login=HOUSE if config.profit_currency == USD else random.choice((5, 6)),
        instrument=position.instrument,
        order_type=v.LIMIT,
        side=v.SELL if falling else v.BUY,
        volume_units=random.choice((2, 5, 12)),
        price_points=outer - outer % config.tick_size_points,
        time_in_force=random.choice((v.GOOD_TILL_CANCELLED, v.IMMEDIATE_OR_CANCEL)),
        self_trade=random.randrange(4),
    )


def fund_money(day: "BookDay") -> r.Command:
    operation = day.random.choice((v.DEPOSIT, v.WITHDRAWAL, v.CORRECTION))
    amount = day.random.choice((20, 100, 500, 2_000))
    if operation == v.CORRECTION:
        amount = -amount
    return r.BalanceOperation(login=FUND, operation=operation, amount_minor=amount)


# ---------------------------------------------------------------- configuration


def change_risk(day: "BookDay") -> r.Config | None:
    config = any_future(day)
    if config is None:
        return None
    random = day.random
    if 0 < config.expires_ns <= day.time_ns and config.instrument < FIRST_CONTRACT:
        return msgspec.structs.replace(config, expires_ns=0)
    end = day.time_ns + random.choice((0, *SOON_NS)) if random.randrange(5) == 0 else 0
    changes: tuple[dict[str, Any], ...] = (
        {"liquidation_units": random.choice((0, 1, 3, -1))},
        {"insurance_login": random.choice((0, 1, 3, 5, FUND, FUND, FUND, -1))},
        {"auto_deleveraging": random.random() < 0.6},
        {"auto_deleveraging": random.random() < 0.6},
        {"delivery_month": random.choice((0, 202_412, 202_413, 189_912))},
        {"expires_ns": end},
        {"trade_mode": random.choice((v.TRADE_CLOSE_ONLY, v.TRADE_FULL, v.TRADE_FULL))},
    )
    return msgspec.structs.replace(config, **random.choice(changes))


def change_margins(day: "BookDay") -> r.Config | None:
    """Rows that come soon; those that have come stay, but now and then."""
    config = any_future(day)
    if config is None:
        return None
    random, lot = day.random, 10**config.volume_digits
    rows = config.margins[: frozen.rows_come(config, day.time_ns)][-3:]
    if random.randrange(10) == 0:
        rows = rows[1:]
    when = day.time_ns - SECOND if random.randrange(10) == 0 else day.time_ns
    for _ in range(random.randrange(1, 4)):
        when += random.choice(SOON_NS)
        initial = max(1, config.initial_margin_minor * random.choice((1, 2, 3, 6)) // 2)
        initial -= initial % lot if initial > lot else 0
        maintenance = random.choice((0, initial, initial // 2))
        maintenance -= maintenance % lot
        if random.randrange(25) == 0:
            maintenance += random.choice((1, initial))
        rows.append((when, initial, maintenance))
    if random.randrange(25) == 0:
        rows.reverse()
    return msgspec.structs.replace(config, margins=rows)


# How often each kind comes, beside about 1,000 of the day's own.
KINDS: dict[str, tuple[int, Maker]] = {
    "settle": (25, settle),
    "fund": (20, fund),
    "contract_order": (140, contract_order),
    "roll_contract": (10, roll_contract),
    "squeeze": (60, squeeze),
    "rescue": (45, rescue),
    "push": (100, push),
    "fund_money": (12, fund_money),
    "change_risk": (25, change_risk),
    "change_margins": (20, change_margins),
}
