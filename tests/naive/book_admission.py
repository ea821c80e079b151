"""The checks of an order on the book venue: first failure wins (RULES sections 8 and 9).

This file may raise `Refused` and change nothing but the order that is being looked at. Such
an order is no order of the world: what it would freeze is what the account's orders freeze
together with it, less what they freeze without it.
"""

from engine import bounds
from engine import records as r
from engine import reject_codes as c
from engine import vocabulary as v
from tests.naive import admission as a
from tests.naive import figures, frozen
from tests.naive.matching import (
    RESTING,
    band,
    cost_of_taking,
    opposite,
    side_of_book,
    within_limit,
    worth_of_taking,
    would_fill,
)
from tests.naive.world import Account, BookOrder, Refused, World

MINUTE_NS = 60_000_000_000
DAY_NS = 1_440 * MINUTE_NS
AT_ONCE = (v.IMMEDIATE_OR_CANCEL, v.FILL_OR_KILL)
WAITING = (v.STOP, v.STOP_LIMIT)


def trigger_price(world: World, instrument: int, side: int) -> int:
    """What triggers orders of this side now; 0: nothing does."""
    if world.instruments[instrument].trigger == v.TRIGGER_LAST:
        return world.last_prices.get(instrument, 0)
    quote = world.quotes.get(instrument)
    if quote is None:
        return 0
    return quote.ask if side == v.BUY else quote.bid


def reached(order: BookOrder, price: int) -> bool:
    """Whether an order that waits waits no longer at this price."""
    if not price:
        return False
    return price >= order.trigger if order.side == v.BUY else price <= order.trigger


# ---------------------------------------------------------------- the request


def order_of(world: World, command: r.PlaceBookOrder) -> BookOrder:
    """The first step: the request is well-formed."""
    if command.instrument not in world.instruments:
        raise Refused(c.UNKNOWN_INSTRUMENT, command.instrument)
    if not world.on_book(command.instrument):
        raise Refused(c.OTHER_VENUE, v.VENUE_QUOTED)
    if command.order_type not in range(len(v.ORDER_TYPE_NAMES)):
        raise Refused(c.BAD_ORDER_TYPE, command.order_type)
    if command.side not in (v.BUY, v.SELL):
        raise Refused(c.BAD_SIDE, command.side)
    check_kind(command)
    if command.time_in_force == v.GOOD_TILL_DATE:
        good = world.time_ns < command.expiry_ns <= bounds.MAX_TIME_NS
    else:
        good = command.expiry_ns == 0
    if not good:
        raise Refused(c.BAD_EXPIRY, command.expiry_ns)
    return BookOrder(
        ticket=0,
        login=command.login,
        instrument=command.instrument,
        order_type=command.order_type,
        side=command.side,
        left=command.volume_units,
        price=command.price_points,
        time_in_force=command.time_in_force,
        flags=command.flags,
        self_trade=command.self_trade,
        expiry_ns=command.expiry_ns,
        trigger=command.trigger_points,
        shown_units=command.shown_units,
    )


def check_kind(command: r.PlaceBookOrder) -> None:
    """Time in force, flags, self-trade mode and shown volume fit the type of the order."""
    allowed = {
        v.MARKET: AT_ONCE,
        v.LIMIT: (*AT_ONCE, *RESTING),
        v.STOP: RESTING,
        v.STOP_LIMIT: RESTING,
    }[command.order_type]
    if command.time_in_force not in allowed:
        raise Refused(c.BAD_TIME_IN_FORCE, command.time_in_force)
    if command.flags not in (0, v.POST_ONLY, v.REDUCE_ONLY, v.POST_ONLY + v.REDUCE_ONLY):
        raise Refused(c.BAD_FLAGS, command.flags)
    may_post = command.order_type == v.LIMIT and command.time_in_force in RESTING
    if command.flags & v.POST_ONLY and not may_post:
        raise Refused(c.BAD_FLAGS, command.flags)
    if command.self_trade not in range(len(v.SELF_TRADE_NAMES)):
        raise Refused(c.BAD_FLAGS, command.self_trade)
    if command.shown_units and (command.shown_units < 0 or not may_post):
        raise Refused(c.BAD_FLAGS, command.shown_units)


def end_of_day(world: World, instrument: int) -> int:
    """The end of the open session; without sessions the next midnight UTC."""
    sessions = world.instruments[instrument].sessions
    if not sessions:
        return (world.time_ns // DAY_NS + 1) * DAY_NS
    minutes = world.time_ns // MINUTE_NS
    minute_of_week = (minutes + 3 * 1440) % 10_080  # 1970-01-01 was a Thursday
    [closes] = [close for opens, close in sessions if opens <= minute_of_week < close]
    return (minutes + closes - minute_of_week) * MINUTE_NS


# ---------------------------------------------------------------- symbol, account, price


def check_trade_mode(world: World, account: Account, order: BookOrder) -> None:
    mode = world.terms(account, order.instrument).trade_mode
    if mode == v.TRADE_DISABLED:
        raise Refused(c.TRADE_MODE_DISABLED, mode)
    if mode == v.TRADE_CLOSE_ONLY and not order.flags & v.REDUCE_ONLY:
        raise Refused(c.CLOSE_ONLY, mode)
    if mode == v.TRADE_LONG_ONLY and order.side == v.SELL:
        raise Refused(c.LONG_ONLY, mode)
    if mode == v.TRADE_SHORT_ONLY and order.side == v.BUY:
        raise Refused(c.SHORT_ONLY, mode)


def check_session(world: World, instrument: int) -> None:
    if not world.session_open(instrument):
        raise Refused(c.SESSION_CLOSED)


def check_phase(world: World, order: BookOrder, replaces: bool = False) -> None:
    """What the phase lets in: nothing, what rests or waits, or everything."""
    phase = world.phase_of(order.instrument)
    if world.expired(order.instrument):
        raise Refused(c.WRONG_PHASE, v.PHASE_EXPIRED)
    if phase == v.PHASE_HALTED:
        raise Refused(c.WRONG_PHASE, phase)
    plain = order.order_type == v.LIMIT and order.time_in_force in RESTING and not order.flags
    taken = plain or order.order_type in WAITING or replaces
    if phase == v.PHASE_AUCTION and not taken:
        raise Refused(c.WRONG_PHASE, phase)


def check_quote(world: World, order: BookOrder) -> None:
    """Futures that are valued by ticks need one."""
    instrument = world.instruments[order.instrument]
    by_tick = instrument.contract == v.CONTRACT_FUTURES and instrument.mark == v.MARK_TICK
    if by_tick and order.instrument not in world.quotes:
        raise Refused(c.NO_QUOTE)


def check_currency(world: World, account: Account, order: BookOrder) -> None:
    instrument = world.instruments[order.instrument]
    currency = world.group_of(account).currency
    futures = instrument.contract == v.CONTRACT_FUTURES
    if futures and currency != instrument.profit_currency:
        raise Refused(c.NO_CONVERSION_ROUTE, currency)


def check_money_bounds(world: World, account: Account, instrument: r.Instrument) -> None:
    a.check_money_bounds(world, account)
    if instrument.contract == v.CONTRACT_FUTURES:
        return
    for _, holding in sorted(account.holdings.items()):
        if holding > bounds.MAX_ACCOUNT_MONEY_MINOR:
            raise Refused(c.ACCOUNT_MONEY_BOUND, holding)


def check_price(world: World, order: BookOrder) -> None:
    """The limit price, where there is one; then the price that the order waits for."""
    if order.order_type in (v.MARKET, v.STOP):
        if order.price != 0:
            raise Refused(c.PRICE_NOT_ALLOWED, order.price)
    else:
        check_one_price(world, order.instrument, order.price)
        check_band(world, order)
    if order.order_type in WAITING:
        check_one_price(world, order.instrument, order.trigger)
        if reached(order, trigger_price(world, order.instrument, order.side)):
            raise Refused(c.WOULD_TRIGGER, order.trigger)
    elif order.trigger:
        raise Refused(c.PRICE_NOT_ALLOWED, order.trigger)


def check_one_price(world: World, number: int, price: int) -> None:
    instrument = world.instruments[number]
    if not instrument.price_min_points <= price <= instrument.price_max_points:
        raise Refused(c.BAD_PRICE, price)
    if price % instrument.tick_size_points:
        raise Refused(c.PRICE_OFF_TICK_SIZE, price)


def check_band(world: World, order: BookOrder) -> None:
    """A limit price lies within the band around the base price."""
    edges = band(world, order.instrument)
    limited = order.order_type in (v.LIMIT, v.STOP_LIMIT)
    if limited and edges is not None and not edges[0] <= order.price <= edges[1]:
        raise Refused(c.PRICE_OUTSIDE_BAND, order.price)


# ---------------------------------------------------------------- volume


def check_volume(world: World, account: Account, order: BookOrder) -> None:
    """The volume, and the part of it that an iceberg shows."""
    a.check_volume(world, account, order)
    if order.shown_units % world.terms(account, order.instrument).lot_step:
        raise Refused(c.VOLUME_OFF_STEP, order.shown_units)
    if order.shown_units and order.shown_units * bounds.MAX_ICEBERG_PARTS < order.left:
        raise Refused(c.VOLUME_BELOW_MINIMUM, order.shown_units)


def check_count_of_orders(world: World, account: Account) -> None:
    on_book = len(world.book_orders) + len(world.waiting_orders)
    trades = len(world.orders) + len(world.positions) + on_book
    if trades >= bounds.MAX_TRADES or world.last_ticket >= bounds.MAX_TICKET:
        raise Refused(c.TOO_MANY_ORDERS, on_book)
    own = world.orders_counted(account.login)
    if own >= world.group_of(account).max_orders:
        raise Refused(c.TOO_MANY_ORDERS, own)


def check_count_of_positions(world: World, account: Account, order: BookOrder) -> None:
    """Orders that wait are no claim to a position."""
    futures = world.instruments[order.instrument].contract == v.CONTRACT_FUTURES
    opens_one = frozen.position_of(world, account.login, order.instrument) is None
    others = {o.instrument for o in world.book_orders_of(account.login)}
    count = a.positions_and_claims(world, account)
    opens_one = opens_one and order.instrument not in others
    if futures and opens_one and count >= bounds.MAX_POSITIONS_PER_ACCOUNT:
        raise Refused(c.TOO_MANY_POSITIONS, count)


def others_of(world: World, order: BookOrder) -> list[BookOrder]:
    """The account's orders in all books but this one, which may be about to replace itself."""
    return [o for o in world.book_orders_of(order.login) if o.ticket != order.ticket]


def check_volume_limit(world: World, account: Account, order: BookOrder) -> None:
    units = frozen.position_units(world, account.login, order.instrument)
    total = order.left + max(0, units if order.side == v.BUY else -units)
    for other in others_of(world, order):
        if (other.instrument, other.side) == (order.instrument, order.side):
            total += other.left
    if total > world.instruments[order.instrument].position_limit_units:
        raise Refused(c.VOLUME_LIMIT, total)


def check_reduce_only(world: World, order: BookOrder) -> None:
    most = frozen.closable(world, order.login, order.instrument, order.side)
    if order.flags & v.REDUCE_ONLY and order.left > most:
        raise Refused(c.VOLUME_ABOVE_POSITION, order.left)


def check_post_only(world: World, order: BookOrder) -> None:
    others = side_of_book(world, order.instrument, opposite(order.side))
    if order.flags & v.POST_ONLY and any(within_limit(world, order, o) for o in others):
        raise Refused(c.WOULD_TAKE, order.price)


def check_fill_or_kill(world: World, order: BookOrder) -> None:
    if order.time_in_force == v.FILL_OR_KILL:
        filled = would_fill(world, order)
        if filled < order.left:
            raise Refused(c.NOT_FILLABLE, filled)


# ---------------------------------------------------------------- money


def check_money(world: World, account: Account, order: BookOrder) -> None:
    if world.instruments[order.instrument].contract == v.CONTRACT_SPOT:
        check_money_for_spot(world, account, order)
    else:
        check_money_for_futures(world, account, order)


def worth_of(world: World, order: BookOrder) -> tuple[int, int]:
    """Value and units at the order's price; of a market order what it would take."""
    if order.order_type == v.MARKET:
        return worth_of_taking(world, order)
    cost = order.price * order.left
    return frozen.value(world, world.instruments[order.instrument], cost), order.left


def check_money_for_futures(world: World, account: Account, order: BookOrder) -> None:
    """The freeze and the largest fee are free; or nothing more is frozen than before."""
    group = world.group_of(account)
    before = figures.frozen_minor(world, account)
    after = frozen.frozen(world, account, group.currency, [*others_of(world, order), order])
    fee = frozen.largest_fee(world.instruments[order.instrument], *worth_of(world, order))
    owned = account.balance + account.credit + figures.counted_floating(world, account)
    free = owned - figures.margin(account) - after - fee
    nothing_more = after <= before and not group.strong_hedged
    if free + group.virtual_credit_minor < 0 and not nothing_more:
        raise Refused(c.NO_MONEY, free)


def check_money_for_spot(world: World, account: Account, order: BookOrder) -> None:
    """Buying and selling only with what the account owns."""
    instrument = world.instruments[order.instrument]
    if order.order_type == v.MARKET and order.side == v.BUY:
        order.budget = cost_of_taking(world, order)
    currency = frozen.paid_currency(instrument, order.side)
    there = frozen.owned(world, account, currency)
    if currency == world.group_of(account).currency:
        there += min(0, sum(figures.profits(world, account))) - figures.margin(account)
    there -= frozen.frozen(world, account, currency, others_of(world, order))
    if frozen.frozen_by_spot(world, instrument, order) > there:
        raise Refused(c.NO_MONEY, there)
