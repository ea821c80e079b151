"""Configure and SetAccount (RULES section 2): checks in order, then the object is stored.

A table of ranges per class says what every field may hold; everything else that can be
wrong with an object has a function of its own.
"""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from engine import bounds
from engine import records as r
from engine import reject_codes as c
from engine import vocabulary as v
from tests.naive import fills, money, venue_config
from tests.naive.frozen import in_force
from tests.naive.world import Account, Order, Position, Refused, World, resolve_terms

MARKUP = (-bounds.MAX_MARKUP_POINTS, bounds.MAX_MARKUP_POINTS)
POINTS_FROM_0 = (0, bounds.MAX_PRICE_POINTS)
PRICE = (1, bounds.MAX_PRICE_POINTS)
MONEY = (0, bounds.MAX_AMOUNT_MINOR)
LOTS = (1, bounds.MAX_VOLUME_UNITS)
PERCENT = (0, bounds.MAX_MARGIN_PERCENT_BP)
FEE = (0, 2**31)
MILLISECONDS = (0, 10**12)
LEVEL = (0, bounds.MAX_AMOUNT_MINOR)
MAX_LEVEL_BP = 10**9
MAX_HASH_LENGTH = 128
CURRENCY = (1, bounds.MAX_CURRENCIES)
INSTRUMENT = (1, bounds.MAX_INSTRUMENTS)
GROUP = (1, bounds.MAX_GROUPS)
DIGITS = (0, bounds.MAX_DIGITS)


def one_of(names: tuple[str, ...]) -> tuple[int, int]:
    return (0, len(names) - 1)


RANGES: dict[type[r.Config], dict[str, tuple[int, int]]] = {
    r.Currency: {"currency": CURRENCY, "digits": DIGITS},
    r.Feed: {"feed": (1, bounds.MAX_FEEDS)},
    r.Instrument: {
        "instrument": INSTRUMENT,
        "digits": DIGITS,
        "contract_size": (1, bounds.MAX_CONTRACT_SIZE),
        "profit_mode": one_of(v.PROFIT_MODE_NAMES),
        "margin_mode": one_of(v.MARGIN_MODE_NAMES),
        "trade_mode": one_of(v.TRADE_MODE_NAMES),
        "tick_size_points": PRICE,
        "tick_value_minor": FEE,
        "lot_min_units": LOTS,
        "lot_max_units": LOTS,
        "lot_step_units": LOTS,
        "position_limit_units": LOTS,
        "margin_percent_bp": PERCENT,
        "initial_margin_minor": MONEY,
        "hedged_size": (0, bounds.MAX_AMOUNT_MINOR),
        "stops_level_points": POINTS_FROM_0,
        "freeze_level_points": POINTS_FROM_0,
        "staleness_ms": MILLISECONDS,
        "price_min_points": PRICE,
        "price_max_points": PRICE,
        "venue": one_of(v.VENUE_NAMES),
        "volume_digits": (0, 8),
        "contract": one_of(v.CONTRACT_NAMES),
        "maintenance_margin_minor": MONEY,
        "maker_fee_ppm": (-100_000, 100_000),
        "taker_fee_ppm": (0, 100_000),
        "maker_fee_per_lot_minor": (-(2**31), 2**31),
        "taker_fee_per_lot_minor": FEE,
        "mark": one_of(v.MARK_NAMES),
        "trigger": one_of(v.TRIGGER_NAMES),
        "band_bp": (0, 10_000),
        "liquidation_units": (0, bounds.MAX_VOLUME_UNITS),
        "insurance_login": (0, 2**63 - 1),
        "delivery_month": (0, 999_912),
        "expires_ns": (0, bounds.MAX_TIME_NS),
    },
    r.Group: {
        "group": GROUP,
        "leverage": (1, bounds.MAX_LEVERAGE),
        "level_type": one_of(v.LEVEL_TYPE_NAMES),
        "margin_call_level": LEVEL,
        "stop_out_level": LEVEL,
        "free_margin_mode": one_of(v.FREE_MARGIN_MODE_NAMES),
        "execution_mode": one_of(v.EXECUTION_MODE_NAMES),
        "request_timeout_ms": MILLISECONDS,
        "compensation": one_of(v.COMPENSATION_NAMES),
        "virtual_credit_minor": MONEY,
        "max_orders": (0, bounds.MAX_ORDERS_PER_ACCOUNT),
        "gap_policy": one_of(v.GAP_POLICY_NAMES),
        "markup_bid_points": MARKUP,
        "markup_ask_points": MARKUP,
        "commission_per_lot_minor": FEE,
        "agent_commission_per_lot_minor": FEE,
    },
    r.Terms: {
        "trade_mode": one_of(v.TRADE_MODE_NAMES),
        "execution_mode": one_of(v.EXECUTION_MODE_NAMES),
        "gap_policy": one_of(v.GAP_POLICY_NAMES),
        "markup_bid_points": MARKUP,
        "markup_ask_points": MARKUP,
        "commission_per_lot_minor": FEE,
        "agent_commission_per_lot_minor": FEE,
        "margin_percent_bp": PERCENT,
        "lot_min_units": LOTS,
        "lot_max_units": LOTS,
        "lot_step_units": LOTS,
    },
    r.Profile: {},
    r.HookSet: {},
}

FIXED_WHILE_IN_USE = (
    "digits",
    "contract_size",
    "base_currency",
    "profit_currency",
    "margin_currency",
    "profit_mode",
    "margin_mode",
    "tick_size_points",
    "price_min_points",
    "price_max_points",
    "position_limit_units",
    "hedged_size",
    "margin_percent_bp",
    "tick_value_minor",
    "venue",
    "contract",
    "volume_digits",
    "mark",
    "maker_fee_ppm",
    "taker_fee_ppm",
    "maker_fee_per_lot_minor",
    "taker_fee_per_lot_minor",
)


def configure(world: World, command: r.Configure) -> None:
    """Decode, check, store. Every refusal has the kind as its detail."""
    try:
        config = r.decode_config(command)
    except r.CorruptRecord:
        raise Refused(c.BAD_CONFIGURATION, command.kind) from None
    try:
        check_fields(config)
        identifier, instrument = STORE[type(config)](world, config)
    except Refused as refusal:
        raise Refused(refusal.code, command.kind) from None
    world.emit(r.Configured, kind=command.kind, identifier=identifier, instrument=instrument)


def check_fields(config: r.Config) -> None:
    """Ranges of numbers, lengths and letters of strings."""
    for name, (low, high) in RANGES[type(config)].items():
        value = getattr(config, name)
        if value is not None and not low <= value <= high:
            raise Refused(c.BAD_CONFIGURATION)
    for name in config.__struct_fields__:
        value = getattr(config, name)
        if name == "source_hash":
            demand(is_name(value, MAX_HASH_LENGTH))
        elif isinstance(value, str):
            demand(is_name(value))


def is_name(text: str, most: int = 31) -> bool:
    return 1 <= len(text) <= most and all(" " <= letter <= "~" for letter in text)


def require(known: Iterable[int], numbers: Iterable[int], code: int) -> None:
    known = list(known)
    if any(number not in known for number in numbers):
        raise Refused(code)


def require_free_name(taken: Iterable[tuple[int, str]], number: int, name: str) -> None:
    if any(other != number and used == name for other, used in taken):
        raise Refused(c.NAME_TAKEN)


def demand(condition: bool) -> None:
    if not condition:
        raise Refused(c.BAD_CONFIGURATION)


# ---------------------------------------------------------------- one function per kind


def store_profile(world: World, config: r.Profile) -> tuple[int, int]:
    if config.profile != "mt4":
        raise Refused(c.PROFILE_NOT_SUPPORTED)
    return 1, 0


def store_hooks(world: World, config: r.HookSet) -> tuple[int, int]:
    return 0, 0


def store_currency(world: World, config: r.Currency) -> tuple[int, int]:
    taken = [(n, x.code) for n, x in world.currencies.items()]
    require_free_name(taken, config.currency, config.code)
    old = world.currencies.get(config.currency)
    if old is not None and (old.digits, old.code) != (config.digits, config.code):
        raise Refused(c.CURRENCY_IN_USE)
    world.currencies[config.currency] = config
    return config.currency, 0


def store_feed(world: World, config: r.Feed) -> tuple[int, int]:
    require_free_name([(n, x.name) for n, x in world.feeds.items()], config.feed, config.name)
    world.feeds[config.feed] = config
    return config.feed, 0


def store_instrument(world: World, config: r.Instrument) -> tuple[int, int]:
    check_instrument_shape(config)
    currencies = (config.base_currency, config.profit_currency, config.margin_currency)
    require(world.currencies, currencies, c.UNKNOWN_CURRENCY)
    require(world.feeds, config.feeds, c.UNKNOWN_FEED)
    taken = [(n, x.symbol) for n, x in world.instruments.items()]
    require_free_name(taken, config.instrument, config.symbol)
    check_instrument_bounds(world, config)
    demand(venue_config.fits_venue(world, config))
    check_markups(world, world.groups.values(), [config], world.overrides)
    check_instrument_in_use(world, config)
    old = world.instruments.get(config.instrument)
    world.instruments[config.instrument] = config
    world.margins_as_of[config.instrument] = world.time_ns
    if old is not None and requoted(old) != requoted(config):
        forgotten = (world.quotes, world.feed_states, world.last_prices, world.base_prices)
        for by_instrument in forgotten:
            by_instrument.pop(config.instrument, None)
    if old is not None and old.venue == v.VENUE_BOOK != config.venue:
        for by_book in (world.phases, world.last_prices, world.base_prices):
            by_book.pop(config.instrument, None)
    state = world.feed_states.get(config.instrument)
    if state is not None and config.feeds and state.active not in config.feeds:
        del world.feed_states[config.instrument]
    return config.instrument, 0


def requoted(instrument: r.Instrument) -> tuple[int, int, int]:
    """What the quote depends on: where it changes, the quote is forgotten."""
    return instrument.digits, instrument.price_min_points, instrument.price_max_points


def check_instrument_in_use(world: World, config: r.Instrument) -> None:
    """What trades or their conversions rest on may not change under them."""
    before = routes_in_use(world)
    placed = (world.orders, world.book_orders, world.waiting_orders, world.positions)
    used = [trade.instrument for trades in placed for trade in trades.values()]
    used += [step.instrument for route in before for step in route]
    if config.instrument in used:
        old = world.instruments[config.instrument]
        if any(getattr(old, name) != getattr(config, name) for name in FIXED_WHILE_IN_USE):
            raise Refused(c.INSTRUMENT_IN_USE)
        if in_force(old, world.time_ns) != in_force(config, world.time_ns):
            raise Refused(c.INSTRUMENT_IN_USE)
    kept = dict(world.instruments)
    world.instruments[config.instrument] = config
    after = routes_in_use(world)
    world.instruments = kept
    if after != before:
        raise Refused(c.INSTRUMENT_IN_USE)


def routes_in_use(world: World) -> list[list[money.Step]]:
    """The profit route and the margin route of every order and position."""
    routes = []
    trades: list[Order | Position] = [*world.orders.values(), *world.positions.values()]
    for trade in trades:
        instrument = world.instruments[trade.instrument]
        to = world.group_of(world.accounts[trade.login]).currency
        for of in (instrument.profit_currency, instrument.margin_currency):
            routes.append(money.conversion_route(world, of, to) or [])
    return routes


def check_markups(
    world: World,
    groups: Iterable[r.Group],
    instruments: Iterable[r.Instrument],
    overrides: dict[tuple[int, int], r.Terms],
) -> None:
    """No price of a group may fall below one point."""
    instruments = list(instruments)
    for group in groups:
        for instrument in instruments:
            override = overrides.get((group.group, instrument.instrument))
            terms = resolve_terms(instrument, group, override)
            lowest = instrument.price_min_points + min(terms.markup_bid, terms.markup_ask)
            demand(lowest >= 1)


def check_instrument_shape(config: r.Instrument) -> None:
    """What can be said of an instrument without its currencies."""
    demand(len(config.feeds) <= bounds.MAX_FEEDS_PER_INSTRUMENT)
    demand(len(config.sessions) <= bounds.MAX_SESSIONS_PER_INSTRUMENT)
    end_of_last = 0
    for opens, closes in config.sessions:
        demand(end_of_last <= opens < closes <= 10_080)
        end_of_last = closes
    demand(config.price_min_points < config.price_max_points)
    check_lots(config.lot_min_units, config.lot_max_units, config.lot_step_units)
    demand(config.lot_max_units <= config.position_limit_units)
    if config.margin_mode == v.MARGIN_CFD_INDEX:
        demand(config.tick_value_minor >= 1)
    demand(venue_config.fees_and_margins_fit(config))
    demand(venue_config.is_month(config.delivery_month))
    demand(venue_config.margins_ascend(config))


def check_lots(lot_min: int, lot_max: int, lot_step: int) -> None:
    demand(lot_min <= lot_max)
    demand(lot_min % lot_step == 0 and lot_max % lot_step == 0)


def check_instrument_bounds(world: World, config: r.Instrument) -> None:
    """The exact leg and the value of the largest position, in the profit currency."""
    power = world.currencies[config.profit_currency].digits - config.digits - config.volume_digits
    scale = 10**power if power > 0 else 1
    units = max(config.position_limit_units, config.lot_max_units)
    price = config.price_max_points + bounds.MAX_MARKUP_POINTS
    product = price * config.contract_size * units
    demand(product * scale <= bounds.MAX_LEG_NUMERATOR)
    largest = bounds.MAX_POSITION_VALUE_MINOR
    demand(Fraction(product) * Fraction(10) ** power <= largest)
    lots = Fraction(config.position_limit_units, 10**config.volume_digits)
    demand(config.initial_margin_minor * lots <= largest)
    if config.initial_margin_minor > 0:
        demand(config.hedged_size * lots <= largest)
    else:
        demand(config.hedged_size <= config.contract_size)


def store_group(world: World, config: r.Group) -> tuple[int, int]:
    if config.level_type == v.LEVEL_PERCENT:
        demand(config.stop_out_level <= config.margin_call_level <= MAX_LEVEL_BP)
    require(world.currencies, [config.currency], c.UNKNOWN_CURRENCY)
    require_free_name([(n, x.name) for n, x in world.groups.items()], config.group, config.name)
    check_markups(world, [config], world.instruments.values(), world.overrides)
    old = world.groups.get(config.group)
    members = [x for x in world.accounts.values() if x.group == config.group]
    if members and old is not None and old.currency != config.currency:
        raise Refused(c.ACCOUNT_IN_USE)
    world.groups[config.group] = config
    return config.group, 0


def store_terms(world: World, config: r.Terms) -> tuple[int, int]:
    require(world.groups, [config.group], c.UNKNOWN_GROUP)
    require(world.instruments, [config.instrument], c.UNKNOWN_INSTRUMENT)
    instrument = world.instruments[config.instrument]
    result = resolve_terms(instrument, world.groups[config.group], config)
    demand(result.lot_max <= instrument.position_limit_units)
    changed = {**world.overrides, (config.group, config.instrument): config}
    check_markups(world, [world.groups[config.group]], [instrument], changed)
    world.overrides = changed
    return config.group, config.instrument


STORE: dict[type[r.Config], Any] = {
    r.Profile: store_profile,
    r.Currency: store_currency,
    r.Feed: store_feed,
    r.Instrument: store_instrument,
    r.Group: store_group,
    r.Terms: store_terms,
    r.HookSet: store_hooks,
}


# ---------------------------------------------------------------- accounts


def set_account(world: World, command: r.SetAccount) -> None:
    """Open or change an account; its margin is made anew."""
    check_account(world, command)
    account = world.accounts.get(command.login)
    if account is None:
        account = Account(command.login, 0, 0, 0, 0, 0)
        world.accounts[command.login] = account
    account.group = command.group
    account.leverage = command.leverage
    account.mode = command.mode
    account.status = command.status
    account.agent = command.agent_login
    world.emit(
        r.AccountSet,
        login=account.login,
        group=account.group,
        currency=world.group_of(account).currency,
        leverage=world.leverage_of(account),
        mode=account.mode,
        status=account.status,
        agent_login=account.agent,
    )
    fills.reprice(world, account, sorted(account.margins))


def check_account(world: World, command: r.SetAccount) -> None:
    if command.login < 1:
        raise Refused(c.BAD_ACCOUNT_FIELD, command.login)
    if command.mode not in (v.HEDGING, v.NETTING):
        raise Refused(c.BAD_ACCOUNT_FIELD, command.mode)
    if command.status not in range(len(v.ACCOUNT_STATUS_NAMES)):
        raise Refused(c.BAD_ACCOUNT_FIELD, command.status)
    if command.group not in world.groups:
        raise Refused(c.UNKNOWN_GROUP, command.group)
    if not 0 <= command.leverage <= bounds.MAX_LEVERAGE:
        raise Refused(c.BAD_LEVERAGE, command.leverage)
    currency = world.groups[command.group].currency
    if command.agent_login:
        agent = world.accounts.get(command.agent_login)
        itself = command.agent_login == command.login
        if agent is None or itself or world.group_of(agent).currency != currency:
            raise Refused(c.UNKNOWN_AGENT, command.agent_login)
    account = world.accounts.get(command.login)
    if account is None:
        return
    if world.group_of(account).currency != currency:
        raise Refused(c.ACCOUNT_IN_USE, currency)
    login = account.login
    trades = world.orders_counted(login) + len(world.positions_of(login))
    if account.mode != command.mode and (account.entries or trades):
        raise Refused(c.ACCOUNT_IN_USE, command.mode)
