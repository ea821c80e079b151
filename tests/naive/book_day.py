"""A random day on the book venue: few accounts, few prices, little money.

This file may choose what comes next, not judge it. Everything is small, so that what is rare
on a real day happens all the time: own orders meet, money runs out, positions turn over,
reduce-only orders are trimmed. The naive engine runs along, so that commands can name living
tickets. Instruments differ from seed to seed, and so does what a day leaves out.
"""

from collections.abc import Callable
from random import Random
from typing import Any

import msgspec

from engine import records as r
from engine import vocabulary as v
from tests.naive import book_floor, book_office
from tests.naive.world import World

USD, EUR, BTC = 1, 2, 3
METAL, GOLD, OIL, COIN, MONEY = 1, 2, 3, 4, 5
"""A quoted instrument, two futures, two spot instruments."""
BOOKS = (GOLD, OIL, COIN, MONEY)
RETAIL, CAREFUL, EUROPE, TOUCHY = 1, 2, 3, 4
LOGINS = (1, 2, 3, 4, 5, 6)
GROUP_OF = {1: RETAIL, 2: RETAIL, 3: CAREFUL, 4: TOUCHY, 5: EUROPE, 6: EUROPE}
SECOND = 1_000_000_000
MINUTE = 60 * SECOND
MONDAY_NS = 1_704_067_200 * SECOND
PRICES = (10, 11, 12, 13, 14, 15, 16)
PAUSES_NS = (0, 0, 0, SECOND, 20 * SECOND, MINUTE, 5 * MINUTE)
SESSIONS: tuple[list[tuple[int, int]], ...] = (
    [],
    [
        (day * 1440 + start, day * 1440 + start + 230)
        for day in range(7)
        for start in range(0, 1440, 240)
    ],
)

Maker = Callable[["BookDay"], r.Command | r.Config | None]


class BookDay:
    """Makes stamped commands; the caller applies them to `world` and asks again."""

    def __init__(self, seed: int, world: World) -> None:
        self.seed = seed
        self.random = Random(f"book day {seed}")
        self.world = world
        self.sequence = 0
        self.time_ns = MONDAY_NS + self.random.randrange(300) * MINUTE
        self.features = [name for name in FEATURES if self.random.random() < 0.8]

    def opening(self) -> list[r.Command]:
        """Currencies, instruments, groups, accounts, money and a first quote."""
        random = self.random
        records: list[r.Command | r.Config] = [
            r.Currency(currency=USD, code="USD", digits=2),
            r.Currency(currency=EUR, code="EUR", digits=2),
            r.Currency(currency=BTC, code="BTC", digits=3),
            r.Feed(feed=1, name="main"),
            r.Feed(feed=2, name="other"),
        ]
        configs = instruments(random, self.features)
        records += [*configs, *groups(random)]
        for login in LOGINS:
            mode = random.choice((v.HEDGING, v.NETTING))
            records.append(r.SetAccount(login=login, group=GROUP_OF[login], mode=mode))
            amount = random.choice((150, 700, 2_000, 6_000))
            records.append(
                r.BalanceOperation(login=login, operation=v.DEPOSIT, amount_minor=amount)
            )
            for currency in (USD, EUR, BTC):
                if random.randrange(3) and (currency == EUR) != (login >= 5):
                    records.append(holding(login, currency, v.DEPOSIT, random.randrange(50, 4_000)))
        records.append(r.Tick(instrument=METAL, feed=1, bid_points=100, ask_points=101))
        if "office" in self.features:
            records += book_office.opening(random)
        records += book_floor.opening(random, configs)
        return [self.stamp(record) for record in records if not own_currency(record)]

    def command(self, kind: str, random: Random) -> r.Command:
        """The next command: of this kind, or the clock where the kind finds nothing to do."""
        self.random = random
        left_out = any(kind in FEATURES[name] for name in FEATURES if name not in self.features)
        made = (place if left_out else KINDS[kind][1])(self) or r.Clock()
        if random.randrange(15) == 0:
            made = spoiled(random, made)
        self.time_ns += random.choice(PAUSES_NS)
        late = random.randrange(200) == 0
        return self.stamp(made, -1 if late else 0)

    def who_trades(self, instrument: int) -> int:
        """Mostly somebody whose currency the futures are in."""
        random, config = self.random, self.world.instruments[instrument]
        if config.contract == v.CONTRACT_SPOT or random.randrange(40) == 0:
            return random.choice(LOGINS)
        in_euro = config.profit_currency == EUR
        return random.choice([login for login in LOGINS if (login >= 5) == in_euro])

    def stamp(self, command: r.Command | r.Config, shift_ns: int = 0) -> r.Command:
        self.sequence += 1
        data = r.encode(command, sequence=self.sequence, time_ns=self.time_ns + shift_ns)
        record: Any = r.decode(data)[0]
        return record  # type: ignore[no-any-return]


def own_currency(record: r.Command | r.Config) -> bool:
    """A holding operation in the account's own currency, which the day's start leaves out."""
    if not isinstance(record, r.HoldingOperation):
        return False
    return record.currency == (EUR if record.login >= 5 else USD)


# ---------------------------------------------------------------- how a day begins


def instruments(random: Random, features: list[str]) -> list[r.Instrument]:
    common = {
        "contract_size": 1,
        "lot_max_units": 12,
        "position_limit_units": random.choice((14, 20)),
        "price_max_points": 40,
        "tick_size_points": random.choice((1, 1, 1, 2)),
        "profit_mode": v.PROFIT_CFD,
        "margin_mode": v.MARGIN_CFD_LEVERAGE,
        "venue": v.VENUE_BOOK,
    }
    metal = r.Instrument(
        instrument=METAL,
        symbol="METAL",
        base_currency=USD,
        profit_currency=USD,
        margin_currency=USD,
        digits=1,
        contract_size=10,
        profit_mode=v.PROFIT_CFD,
        margin_mode=v.MARGIN_CFD_LEVERAGE,
        price_max_points=1_000,
    )
    books = [*futures(random, common), *spot(random, common)]
    return [
        metal,
        *(
            msgspec.structs.replace(book, **book_floor.price_fields(random, features))
            for book in books
        ),
    ]


def futures(random: Random, common: dict[str, Any]) -> list[r.Instrument]:
    """One whose lot has ten units, with fees of every kind; one whose lot is one unit."""
    gold = r.Instrument(
        instrument=GOLD,
        symbol="GOLD",
        base_currency=USD,
        profit_currency=USD,
        margin_currency=USD,
        digits=1,
        volume_digits=1,
        initial_margin_minor=random.choice((100, 200)),
        maintenance_margin_minor=random.choice((0, 50, 100)),
        depth_events=random.random() < 0.7,
        taker_fee_ppm=random.choice((0, 15_000, 90_000)),
        taker_fee_per_lot_minor=random.choice((0, 9, 40)),
        maker_fee_per_lot_minor=random.choice((0, 0, 13)),
        sessions=random.choice(SESSIONS),
        **common,
    )
    rebate = random.choice((0, gold.taker_fee_ppm // 2, gold.taker_fee_ppm))
    in_euro = random.randrange(3) == 0
    currency = EUR if in_euro else USD
    oil = r.Instrument(
        instrument=OIL,
        symbol="OIL",
        base_currency=BTC,
        profit_currency=currency,
        margin_currency=currency,
        digits=0,
        volume_digits=0,
        initial_margin_minor=random.choice((20, 90)),
        maker_fee_ppm=random.choice((0, 2_000)),
        **common,
    )
    both = (msgspec.structs.replace(gold, maker_fee_ppm=-rebate), oil)
    return [msgspec.structs.replace(each, **book_office.risk_fields(random)) for each in both]


def spot(random: Random, common: dict[str, Any]) -> list[r.Instrument]:
    """Coins for dollars; euros for dollars, which one of the accounts' currencies is base of."""
    taker = random.choice((0, 7_000, 60_000))
    coin = r.Instrument(
        instrument=COIN,
        symbol="COIN",
        base_currency=BTC,
        profit_currency=USD,
        margin_currency=USD,
        digits=1,
        volume_digits=1,
        contract=v.CONTRACT_SPOT,
        taker_fee_ppm=taker,
        maker_fee_ppm=random.choice((-taker, 0, 9_000)),
        sessions=random.choice(SESSIONS),
        **common,
    )
    money = r.Instrument(
        instrument=MONEY,
        symbol="MONEY",
        base_currency=EUR,
        profit_currency=USD,
        margin_currency=EUR,
        digits=1,
        volume_digits=0,
        contract=v.CONTRACT_SPOT,
        maker_fee_ppm=random.choice((0, 30_000)),
        **common,
    )
    return [coin, money]


def groups(random: Random) -> list[r.Group]:
    return [
        r.Group(
            group=RETAIL,
            name="retail",
            currency=USD,
            virtual_credit_minor=random.choice((0, 40)),
            free_margin_mode=random.randrange(4),
        ),
        r.Group(group=CAREFUL, name="careful", currency=USD, strong_hedged=True, max_orders=5),
        r.Group(
            group=EUROPE,
            name="europe",
            currency=EUR,
            withdraw_free_margin=random.random() < 0.5,
        ),
        r.Group(
            group=TOUCHY,
            name="touchy",
            currency=USD,
            margin_call_level=40_000,
            stop_out_level=30_000,
            max_orders=8,
            compensation=random.randrange(3),
            fifo=random.random() < 0.3,
        ),
    ]


def holding(login: int, currency: int, operation: int, amount: int) -> r.HoldingOperation:
    return r.HoldingOperation(
        login=login, currency=currency, operation=operation, amount_minor=amount
    )


# ---------------------------------------------------------------- commands


def place(day: BookDay) -> r.Command:
    """A few in a hundred are impossible in one way or another."""
    random = day.random
    market = random.randrange(5) == 0
    at_once = random.choice((v.IMMEDIATE_OR_CANCEL, v.IMMEDIATE_OR_CANCEL, v.FILL_OR_KILL))
    resting = random.choice((v.GOOD_TILL_CANCELLED, v.GOOD_TILL_CANCELLED, v.DAY, v.GOOD_TILL_DATE))
    force = at_once if market or random.randrange(5) == 0 else resting
    flags = random.choice((0, 0, 0, 0, v.POST_ONLY, v.REDUCE_ONLY, v.REDUCE_ONLY + v.POST_ONLY))
    if force == at_once:
        flags &= v.REDUCE_ONLY
    expiry = 0
    if force == v.GOOD_TILL_DATE:
        expiry = day.time_ns + random.choice((MINUTE, 4 * MINUTE, 30 * MINUTE, 300 * MINUTE))
    instrument, side = random.choice(BOOKS), random.randrange(2)
    login = day.who_trades(instrument)
    volume = random.choice((1, 1, 2, 2, 3, 4, 5, 8, 12))
    held = [p for p in day.world.positions_of(login, instrument) if p.side != side]
    if flags & v.REDUCE_ONLY and random.randrange(8):
        flags &= ~v.REDUCE_ONLY if not held else flags
        volume = random.randrange(1, held[0].volume + 1) if held else volume
    if market and random.randrange(15) == 0:
        expiry = day.time_ns + MINUTE
    return r.PlaceBookOrder(
        login=login,
        instrument=instrument,
        order_type=v.MARKET if market else v.LIMIT,
        side=side,
        volume_units=volume,
        price_points=0 if market and random.randrange(25) else random.choice(PRICES),
        time_in_force=force,
        flags=flags,
        self_trade=random.randrange(4),
        expiry_ns=expiry,
    )


def reduce(day: BookDay) -> r.Command | None:
    """A reduce-only order for a position that there is."""
    random = day.random
    held = [p for p in day.world.positions.values() if p.instrument in BOOKS]
    if not held:
        return None
    position = random.choice(held)
    return r.PlaceBookOrder(
        login=position.login,
        instrument=position.instrument,
        order_type=v.LIMIT,
        side=v.SELL if position.side == v.BUY else v.BUY,
        volume_units=random.randrange(1, min(12, position.volume) + 1),
        price_points=random.choice(PRICES),
        flags=v.REDUCE_ONLY,
        self_trade=random.randrange(4),
    )


def any_order(day: BookDay) -> tuple[int, int] | None:
    """Login and ticket of an order in a book; now and then of somebody else."""
    orders = list(day.world.book_orders.values())
    if not orders:
        return None
    order = day.random.choice(orders)
    login = order.login if day.random.randrange(20) else day.random.choice(LOGINS)
    return login, order.ticket


def replace(day: BookDay) -> r.Command | None:
    random, named = day.random, any_order(day)
    if named is None:
        return None
    login, ticket = named
    order = day.world.book_orders[ticket]
    same_price, smaller = random.randrange(2), random.randrange(2)
    price = order.price if same_price else random.choice(PRICES)
    volume = random.randrange(1, order.left + 1) if smaller else random.choice((1, 2, 4, 7, 12))
    return r.ReplaceOrder(login=login, order=ticket, volume_units=volume, price_points=price)


def cancel(day: BookDay) -> r.Command | None:
    named = any_order(day)
    return None if named is None else r.CancelOrder(login=named[0], order=named[1])


ODD_TICKETS = (0, -1, -2, 10**6, -(2**63), 2**63 - 1)


def odd_ticket(day: BookDay) -> r.Command:
    """Of no order: never given, or of an order that is no more."""
    random, login = day.random, day.random.choice(LOGINS)
    ticket = random.choice((*ODD_TICKETS, random.randrange(1, day.world.last_ticket + 2)))
    commands: tuple[r.Command, ...] = (
        r.CancelOrder(login=login, order=ticket),
        r.ReplaceOrder(login=login, order=ticket, volume_units=1, price_points=12),
        r.ClosePosition(login=login, position=ticket),
        r.ModifyPosition(login=login, position=ticket, stop_loss_points=1, take_profit_points=40),
    )
    return random.choice(commands)


def cancel_all(day: BookDay) -> r.Command:
    instrument = day.random.choice((0, 0, *BOOKS, METAL, 9))
    return r.CancelAll(login=day.random.choice(LOGINS), instrument=instrument)


def holding_operation(day: BookDay) -> r.Command:
    random = day.random
    operation = random.choice((v.DEPOSIT, v.WITHDRAWAL, v.WITHDRAWAL))
    amount = random.choice((1, 30, 200, 700))
    currency = random.choice((USD, EUR, BTC, BTC))
    return holding(random.choice(LOGINS), currency, operation, amount)


def balance_operation(day: BookDay) -> r.Command:
    random = day.random
    operation = random.choice((v.DEPOSIT, v.WITHDRAWAL, v.WITHDRAWAL, v.CREDIT_IN, v.CORRECTION))
    amount = random.choice((1, 50, 200, 600, 0))
    if operation == v.CORRECTION:
        amount *= random.choice((1, -1))
    login = random.choice(LOGINS)
    return r.BalanceOperation(login=login, operation=operation, amount_minor=amount)


def clock(day: BookDay) -> r.Command:
    if day.random.randrange(6) == 0:
        day.time_ns += day.random.choice((30, 300, 1_500)) * MINUTE
    return r.Clock()


def tick(day: BookDay) -> r.Command:
    bid = day.random.randrange(85, 116)
    return r.Tick(instrument=METAL, feed=1, bid_points=bid, ask_points=bid + 1)


def quoted_order(day: BookDay) -> r.Command:
    random = day.random
    if random.randrange(3) == 0:
        return r.PlaceOrder(
            login=random.choice(LOGINS),
            instrument=METAL,
            order_type=v.LIMIT,
            side=random.randrange(2),
            volume_units=random.choice((100, 300)),
            price_points=random.choice((80, 120)),
            expiry_ns=day.time_ns + random.choice((MINUTE, 5 * MINUTE, 60 * MINUTE)),
        )
    return r.PlaceOrder(
        login=random.choice(LOGINS),
        instrument=METAL,
        order_type=v.MARKET,
        side=random.randrange(2),
        volume_units=random.choice((100, 300, 900)),
    )


def position_command(day: BookDay) -> r.Command | None:
    random, positions = day.random, list(day.world.positions.values())
    if not positions:
        return None
    position = random.choice(positions)
    if random.randrange(3):
        return r.ClosePosition(login=position.login, position=position.ticket)
    login = random.choice((position.login, *LOGINS))
    return r.ModifyPosition(
        login=login, position=position.ticket, stop_loss_points=0, take_profit_points=0
    )


def wrong_venue(day: BookDay) -> r.Command | None:
    random, login = day.random, day.random.choice(LOGINS)
    wrong = random.randrange(4)
    if wrong == 0:
        book = random.choice(BOOKS)
        return r.Tick(instrument=book, feed=1, bid_points=10, ask_points=11)
    if wrong == 1:
        return r.PlaceBookOrder(
            login=login, instrument=METAL, order_type=v.LIMIT, side=v.BUY, volume_units=1
        )
    if wrong == 2:
        if random.randrange(2):
            return r.ClosePosition(login=login, position=10**6)
        book = random.choice(BOOKS)
        return r.PlaceOrder(
            login=login, instrument=book, order_type=v.MARKET, side=v.BUY, volume_units=1
        )
    named = any_order(day)
    return None if named is None else r.ModifyOrder(login=login, order=named[1], price_points=10)


# ---------------------------------------------------------------- changes


def change_account(day: BookDay) -> r.Command:
    random, login = day.random, day.random.choice(LOGINS)
    account = day.world.accounts[login]
    status = random.choice((v.ACCOUNT_ENABLED,) * 9 + (v.ACCOUNT_READ_ONLY, v.ACCOUNT_DISABLED))
    group = account.group if login >= 5 else random.choice((RETAIL, CAREFUL, TOUCHY, account.group))
    mode = account.mode if random.randrange(4) else random.randrange(2)
    return r.SetAccount(login=login, group=group, mode=mode, status=status)


def change_group(day: BookDay) -> r.Config:
    random = day.random
    group = day.world.groups[random.choice((RETAIL, CAREFUL, EUROPE, TOUCHY))]
    changes = (
        {"max_orders": random.choice((2, 5, 8, 100))},
        {"trading_enabled": random.randrange(5) > 0},
        {"strong_hedged": random.randrange(2) > 0},
        {"virtual_credit_minor": random.choice((0, 40, 200))},
        {"free_margin_mode": random.randrange(4)},
        {"markup_bid_points": random.choice((0, 1))},
    )
    return msgspec.structs.replace(group, **random.choice(changes))


def change_terms(day: BookDay) -> r.Config:
    random = day.random
    return r.Terms(
        group=random.choice((RETAIL, CAREFUL, EUROPE, TOUCHY)),
        instrument=random.choice(BOOKS),
        trade_mode=random.choice((None,) * 12 + tuple(range(5))),
        lot_min_units=random.choice((None, None, 2)),
        lot_max_units=random.choice((None, None, 6)),
        lot_step_units=random.choice((None, None, 2)),
    )


def change_instrument(day: BookDay) -> r.Config:
    """Some of it is refused while the instrument is in use, some never allowed."""
    random = day.random
    old = day.world.instruments[random.choice((METAL, *BOOKS, *BOOKS))]
    changes: tuple[dict[str, Any], ...] = (
        {"sessions": random.choice(SESSIONS)},
        {"taker_fee_ppm": random.choice((0, 9_000, 70_000))},
        {"maker_fee_ppm": random.choice((-5_000, 0, 70_000))},
        {"maker_fee_per_lot_minor": random.choice((-5, 0, 20))},
        {"trade_mode": random.choice((v.TRADE_CLOSE_ONLY, *(v.TRADE_FULL,) * 9))},
        {"maintenance_margin_minor": random.choice((0, 50))},
        {"depth_events": random.random() < 0.5},
        {"position_limit_units": random.choice((14, 20))},
        {"volume_digits": random.randrange(3)},
        {"venue": random.randrange(2)},
        {"contract": random.randrange(2)},
        {"staleness_ms": 5},
        {"feeds": [1]},
        {"price_max_points": random.choice((39, 40))},
        {"trade_mode": v.TRADE_FULL},
    )
    return msgspec.structs.replace(old, **random.choice(changes))


def spoiled(random: Random, record: r.Command | r.Config) -> r.Command | r.Config:
    """One number of it is something else."""
    if isinstance(record, r.Config | r.Configure):
        return record
    names = [n for n in r.fields_of(type(record)) if not n.startswith("key")]
    if not names:
        return record
    wrong = random.choice((-(2**63), -2, -1, 0, 1, 2, 3, 4, 5, 7, 99, 2**40, 2**63 - 1))
    return msgspec.structs.replace(record, **{random.choice(names): wrong})


# How often each kind comes, of about 1,000.
KINDS: dict[str, tuple[int, Maker]] = {
    "place": (520, place),
    "reduce": (60, reduce),
    "replace": (120, replace),
    "cancel": (50, cancel),
    "odd_ticket": (25, odd_ticket),
    "cancel_all": (12, cancel_all),
    "holding_operation": (40, holding_operation),
    "balance_operation": (45, balance_operation),
    "clock": (25, clock),
    "tick": (40, tick),
    "quoted_order": (25, quoted_order),
    "position_command": (15, position_command),
    "wrong_venue": (12, wrong_venue),
    "change_account": (15, change_account),
    "change_group": (10, change_group),
    "change_terms": (10, change_terms),
    "change_instrument": (20, change_instrument),
    **book_floor.KINDS,
    **book_office.KINDS,
}
FEATURES = {**book_floor.FEATURES, "office": tuple(book_office.KINDS)}
"""What a day may leave out: the kinds that belong to it."""


def kind_at_random(random: Random) -> str:
    weights = [weight for weight, _ in KINDS.values()]
    return random.choices(list(KINDS), weights)[0]
