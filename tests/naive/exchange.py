"""The commands of clients on the book venue: the checks in order, then what follows.

RULES sections 8 and 9. A check raises `Refused`; nothing is changed before the last of them.
What follows from a command for other orders comes with the rounds.
"""

from engine import bounds
from engine import records as r
from engine import reject_codes as c
from engine import vocabulary as v
from tests.naive import admission as a
from tests.naive import book_admission as b
from tests.naive import clients, frozen
from tests.naive.matching import orders_in, paid_and_frozen, remove, tell_placed, work
from tests.naive.rounds import make_due
from tests.naive.world import Account, BookOrder, Refused, World

# ---------------------------------------------------------------- place


def place_book_order(world: World, command: r.PlaceBookOrder) -> None:
    """Request, symbol, account, price, volume, money."""
    account = a.account_named(world, command.login)
    order = b.order_of(world, command)
    waits = order.order_type in b.WAITING

    b.check_trade_mode(world, account, order)
    b.check_session(world, order.instrument)
    b.check_phase(world, order)
    b.check_quote(world, order)

    a.check_account_status(world, account)
    b.check_currency(world, account, order)
    b.check_money_bounds(world, account, world.instruments[order.instrument])

    b.check_price(world, order)

    b.check_volume(world, account, order)
    b.check_count_of_orders(world, account)
    if not waits:
        b.check_count_of_positions(world, account, order)
        b.check_volume_limit(world, account, order)
        b.check_reduce_only(world, order)
        b.check_post_only(world, order)
        b.check_fill_or_kill(world, order)
        b.check_money(world, account, order)

    order.ticket = world.new_ticket()
    if order.time_in_force == v.DAY:
        order.expiry_ns = b.end_of_day(world, order.instrument)
    make_holdings(world, account, order.instrument)
    make_due(world, order.instrument)
    if waits:
        world.waiting_orders[order.ticket] = order
        tell_placed(world, order)
    else:
        world.book_orders[order.ticket] = order
        tell_placed(world, order)
        work(world, order)


def make_holdings(world: World, account: Account, number: int) -> None:
    """An order in spot makes the account's holdings in both currencies."""
    instrument = world.instruments[number]
    if instrument.contract == v.CONTRACT_SPOT:
        for currency in (instrument.base_currency, instrument.profit_currency):
            if currency != world.group_of(account).currency:
                account.holdings.setdefault(currency, 0)


# ---------------------------------------------------------------- replace, cancel


def replace_order(world: World, command: r.ReplaceOrder) -> None:
    account = a.account_named(world, command.login)
    order = world.book_orders.get(command.order)
    if order is None:
        raise Refused(c.UNKNOWN_ORDER, command.order)
    check_owner(order, command.login)
    b.check_session(world, order.instrument)
    b.check_phase(world, order, replaces=True)
    a.check_account_status(world, account)
    changed = BookOrder(**vars(order))
    changed.left, changed.price = command.volume_units, command.price_points
    changed.entered = changed.shown = 0
    b.check_price(world, changed)
    b.check_volume(world, account, changed)
    b.check_volume_limit(world, account, changed)
    b.check_reduce_only(world, changed)
    if world.phase_of(order.instrument) != v.PHASE_AUCTION:
        b.check_post_only(world, changed)
    b.check_money(world, account, changed)

    keeps_place = changed.price == order.price and changed.left < order.left
    if keeps_place:
        changed.entered, changed.shown = order.entered, min(order.shown, changed.left)
    make_due(world, order.instrument)
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


def check_owner(order: BookOrder, login: int) -> None:
    if order.login != login:
        raise Refused(c.NOT_YOUR_TICKET, order.ticket)


def check_not_disabled(account: Account) -> None:
    if account.status == v.ACCOUNT_DISABLED:
        raise Refused(c.ACCOUNT_IS_DISABLED, account.status)


def cancel_order(world: World, command: r.CancelOrder) -> None:
    """Serves both venues, and orders that wait."""
    order = world.book_orders.get(command.order) or world.waiting_orders.get(command.order)
    if order is None:
        return clients.cancel_order(world, command)
    account = a.account_named(world, command.login)
    check_owner(order, command.login)
    check_not_disabled(account)
    remove(world, order, v.REMOVAL_CLIENT)
    make_due(world, order.instrument)


def cancel_all(world: World, command: r.CancelAll) -> None:
    """The orders by ticket; their books become due in that order."""
    account = a.account_named(world, command.login)
    if command.instrument and command.instrument not in world.instruments:
        raise Refused(c.UNKNOWN_INSTRUMENT, command.instrument)
    check_not_disabled(account)
    meant = [command.instrument] if command.instrument else list(world.instruments)
    orders = [o for number in meant for o in orders_in(world, number, account.login)]
    for order in sorted(orders, key=lambda o: o.ticket):
        remove(world, order, v.REMOVAL_CLIENT)
        make_due(world, order.instrument)


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
