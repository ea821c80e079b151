"""The commands of the book venue: the checks in order, then what follows (RULES section 8).

A check raises `Refused`; nothing is changed before the last of them. An order that is only
being looked at is no order of the world: what it would freeze is what the account's orders
freeze together with it, less what they freeze without it.
"""

from engine import bounds
from engine import records as r
from engine import reject_codes as c
from engine import vocabulary as v
from tests.naive import admission as a
from tests.naive import clients, figures, frozen
from tests.naive.matching import (
    cost_of_taking,
    opposite,
    paid_and_frozen,
    remove,
    requote,
    side_of_book,
    within_limit,
    work,
    worth_of_taking,
    would_take,
)
from tests.naive.world import Account, BookOrder, Refused, World

MINUTE_NS = 60_000_000_000
DAY_NS = 1_440 * MINUTE_NS


# ---------------------------------------------------------------- place


def place_book_order(world: World, command: r.PlaceBookOrder) -> None:
    """Request, symbol, account, price, volume, money."""
    account = a.account_named(world, command.login)
    order = order_of(world, command)

    check_trade_mode(world, account, order)
    check_session(world, order.instrument)

    a.check_account_status(world, account)
    check_currency(world, account, order)
    check_money_bounds(world, account, world.instruments[order.instrument])

    check_price(world, order)

    a.check_volume(world, account, order)
    check_counts(world, account, order)
    check_volume_limit(world, account, order)
    check_reduce_only(world, order)
    check_post_only(world, order)
    check_fill_or_kill(world, order)

    check_money(world, account, order)

    order.ticket = world.new_ticket()
    if order.time_in_force == v.DAY:
        order.expiry_ns = end_of_day(world, order.instrument)
    use_instrument(world, account, order.instrument)
    world.book_orders[order.ticket] = order
    world.emit(
        r.BookOrderPlaced,
        login=account.login,
        order=order.ticket,
        instrument=order.instrument,
        order_type=order.order_type,
        side=order.side,
        volume_units=order.left,
        price_points=order.price,
        time_in_force=order.time_in_force,
        flags=order.flags,
        expiry_ns=order.expiry_ns,
        **paid_and_frozen(world, order),
    )
    work(world, order)


def order_of(world: World, command: r.PlaceBookOrder) -> BookOrder:
    """The first step: the request is well-formed."""
    if command.instrument not in world.instruments:
        raise Refused(c.UNKNOWN_INSTRUMENT, command.instrument)
    if not world.on_book(command.instrument):
        raise Refused(c.OTHER_VENUE, v.VENUE_QUOTED)
    if command.order_type not in (v.MARKET, v.LIMIT):
        raise Refused(c.BAD_ORDER_TYPE, command.order_type)
    if command.side not in (v.BUY, v.SELL):
        raise Refused(c.BAD_SIDE, command.side)
    at_once = (v.IMMEDIATE_OR_CANCEL, v.FILL_OR_KILL)
    resting = (v.GOOD_TILL_CANCELLED, v.DAY, v.GOOD_TILL_DATE)
    allowed = at_once if command.order_type == v.MARKET else (*at_once, *resting)
    if command.time_in_force not in allowed:
        raise Refused(c.BAD_TIME_IN_FORCE, command.time_in_force)
    if command.flags not in (0, v.POST_ONLY, v.REDUCE_ONLY, v.POST_ONLY + v.REDUCE_ONLY):
        raise Refused(c.BAD_FLAGS, command.flags)
    if command.flags & v.POST_ONLY and command.time_in_force in at_once:
        raise Refused(c.BAD_FLAGS, command.flags)
    if command.self_trade not in range(len(v.SELF_TRADE_NAMES)):
        raise Refused(c.BAD_FLAGS, command.self_trade)
    if command.time_in_force == v.GOOD_TILL_DATE:
        good = world.time_ns < command.expiry_ns <= bounds.MAX_TIME_NS
    else:
        good = command.expiry_ns == 0
    if not good:
        raise Refused(c.BAD_EXPIRY, command.expiry_ns)
    order = BookOrder(
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
    )
    return order


def end_of_day(world: World, instrument: int) -> int:
    """The end of the open session; without sessions the next midnight UTC."""
    sessions = world.instruments[instrument].sessions
    if not sessions:
        return (world.time_ns // DAY_NS + 1) * DAY_NS
    minutes = world.time_ns // MINUTE_NS
    minute_of_week = (minutes + 3 * 1440) % 10_080  # 1970-01-01 was a Thursday
    [closes] = [close for opens, close in sessions if opens <= minute_of_week < close]
    return (minutes + closes - minute_of_week) * MINUTE_NS


def use_instrument(world: World, account: Account, number: int) -> None:
    """The account's first order in an instrument: spot makes its holdings."""
    if number not in account.traded:
        account.traded.append(number)
    instrument = world.instruments[number]
    if instrument.contract == v.CONTRACT_SPOT:
        for currency in (instrument.base_currency, instrument.profit_currency):
            if currency != world.group_of(account).currency:
                account.holdings.setdefault(currency, 0)


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
    for holding in account.holdings.values():
        if holding > bounds.MAX_ACCOUNT_MONEY_MINOR:
            raise Refused(c.ACCOUNT_MONEY_BOUND, holding)


def check_price(world: World, order: BookOrder) -> None:
    instrument = world.instruments[order.instrument]
    if order.order_type == v.MARKET:
        if order.price != 0:
            raise Refused(c.PRICE_NOT_ALLOWED, order.price)
        return
    if not instrument.price_min_points <= order.price <= instrument.price_max_points:
        raise Refused(c.BAD_PRICE, order.price)
    if order.price % instrument.tick_size_points:
        raise Refused(c.PRICE_OFF_TICK_SIZE, order.price)


# ---------------------------------------------------------------- volume


def check_counts(world: World, account: Account, order: BookOrder) -> None:
    trades = len(world.orders) + len(world.positions) + len(world.book_orders)
    if trades >= bounds.MAX_TRADES or world.last_ticket >= bounds.MAX_TICKET:
        raise Refused(c.TOO_MANY_ORDERS, len(world.book_orders))
    own = len(world.book_orders_of(account.login)) + len(world.orders_of(account.login))
    if own >= world.group_of(account).max_orders:
        raise Refused(c.TOO_MANY_ORDERS, own)
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
    if order.flags & v.POST_ONLY and any(within_limit(order, resting) for resting in others):
        raise Refused(c.WOULD_TAKE, order.price)


def check_fill_or_kill(world: World, order: BookOrder) -> None:
    if order.time_in_force == v.FILL_OR_KILL:
        filled = sum(units for _, units in would_take(world, order))
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


# ---------------------------------------------------------------- replace, cancel


def replace_order(world: World, command: r.ReplaceOrder) -> None:
    account = a.account_named(world, command.login)
    order = world.book_orders.get(command.order)
    if order is None:
        raise Refused(c.UNKNOWN_ORDER, command.order)
    check_owner(order, command.login)
    check_session(world, order.instrument)
    a.check_account_status(world, account)
    changed = BookOrder(**{**vars(order), "left": command.volume_units, "entered": 0})
    changed.price = command.price_points
    check_price(world, changed)
    a.check_volume(world, account, changed)
    check_volume_limit(world, account, changed)
    check_reduce_only(world, changed)
    check_post_only(world, changed)
    check_money(world, account, changed)

    keeps_place = changed.price == order.price and changed.left < order.left
    if keeps_place:
        changed.entered = order.entered
    world.book_orders[order.ticket] = changed
    world.emit(
        r.BookOrderReplaced,
        login=account.login,
        order=changed.ticket,
        instrument=changed.instrument,
        volume_units=changed.left,
        price_points=changed.price,
        **paid_and_frozen(world, changed),
    )
    if not keeps_place:
        work(world, changed)
    else:
        requote(world, order.instrument, 0)


def check_owner(order: BookOrder, login: int) -> None:
    if order.login != login:
        raise Refused(c.NOT_YOUR_TICKET, order.ticket)


def check_not_disabled(account: Account) -> None:
    if account.status == v.ACCOUNT_DISABLED:
        raise Refused(c.ACCOUNT_IS_DISABLED, account.status)


def cancel_order(world: World, command: r.CancelOrder) -> None:
    """Serves both venues."""
    order = world.book_orders.get(command.order)
    if order is None:
        return clients.cancel_order(world, command)
    account = a.account_named(world, command.login)
    check_owner(order, command.login)
    check_not_disabled(account)
    remove(world, order, v.REMOVAL_CLIENT)
    requote(world, order.instrument, 0)


def cancel_all(world: World, command: r.CancelAll) -> None:
    """The orders by ticket, then the quotes."""
    account = a.account_named(world, command.login)
    if command.instrument and command.instrument not in world.instruments:
        raise Refused(c.UNKNOWN_INSTRUMENT, command.instrument)
    check_not_disabled(account)
    gone = set()
    for order in world.book_orders_of(account.login, command.instrument or None):
        remove(world, order, v.REMOVAL_CLIENT)
        gone.add(order.instrument)
    for instrument in account.traded:
        if instrument in gone:
            requote(world, instrument, 0)


# ---------------------------------------------------------------- holdings


def holding_operation(world: World, command: r.HoldingOperation) -> None:
    """Deposit or withdrawal in another currency than the account's own."""
    account = a.account_named(world, command.login)
    currency, amount = command.currency, command.amount_minor
    if currency not in world.currencies or currency == world.group_of(account).currency:
        raise Refused(c.UNKNOWN_CURRENCY, currency)
    if command.operation not in (v.DEPOSIT, v.WITHDRAWAL):
        raise Refused(c.BAD_OPERATION, command.operation)
    if not 1 <= amount <= bounds.MAX_AMOUNT_MINOR:
        raise Refused(c.BAD_AMOUNT, amount)
    held = account.holdings.get(currency, 0)
    deposit = command.operation == v.DEPOSIT
    if deposit and held + amount > bounds.MAX_ACCOUNT_MONEY_MINOR:
        raise Refused(c.ACCOUNT_MONEY_BOUND, held + amount)
    free = held - frozen.frozen(world, account, currency)
    if not deposit and amount > free:
        raise Refused(c.NO_MONEY, free)
    delta = amount if deposit else -amount
    account.holdings[currency] = held + delta
    account.entries += 1
    world.emit(
        r.HoldingEntry,
        login=account.login,
        currency=currency,
        entry_number=account.entries,
        entry_type=v.ENTRY_DEPOSIT if deposit else v.ENTRY_WITHDRAWAL,
        delta_minor=delta,
        balance_minor=account.holdings[currency],
        frozen_minor=frozen.frozen(world, account, currency),
        reference=command.reference,
    )
