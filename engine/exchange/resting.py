"""Orders enter and leave the book, the list of their owner, and what is counted of them.

This file may change the book, the orders that wait beside it, and the counts of an exposure.
What is frozen follows in `freeze.py`; the two are called together.
"""

from mypy_extensions import i64

from engine import vocabulary as v
from engine.book.book import Book
from engine.book.orders import (
    EXPIRES,
    EXPIRY,
    FLAGS,
    HIDDEN,
    HIDES,
    LIMIT,
    NO_ROW,
    OWN_NEXT,
    OWN_PREVIOUS,
    OWNER_SHIFT,
    POSTS,
    REDUCES,
    ROW_WORDS,
    SELF_TRADE_SHIFT,
    SELLS,
    SHOWN,
    TICKET,
    TIME_IN_FORCE_SHIFT,
    TRIGGER,
    UNITS,
    WAITS,
)
from engine.core import Core
from engine.exchange.freeze import (
    freeze_spot,
    frozen_currency,
    frozen_minor,
    refreeze_futures,
    spot_frozen_minor,
)
from engine.model.accounts import Exposure
from engine.model.incoming import Incoming
from engine.model.instruments import Instrument
from engine.price_index import ASK_UP, BID_DOWN
from engine.rounding import at_least_zero


def book_of(exposure: Exposure) -> Book:
    """The book of an exposure on the book venue."""
    book = exposure.instrument.book
    assert book is not None
    return book


def count_order(exposure: Exposure, side: i64, reduces: bool, units: i64, orders: i64) -> None:
    """Counts volume and orders in or (below 0) out."""
    if side == v.BUY:
        exposure.order_buy_units += units
        exposure.order_buys += orders
        if not reduces:
            exposure.opening_buy_units += units
    else:
        exposure.order_sell_units += units
        exposure.order_sells += orders
        if not reduces:
            exposure.opening_sell_units += units
    exposure.account.order_count += orders
    reserve_position(exposure)


def count_fill(exposure: Exposure, side: i64, reduces: bool, units: i64, left: i64) -> None:
    """Counts out what was filled, and the order itself if nothing of it is left."""
    orders: i64 = 0
    if left == 0:
        orders = -1
    count_order(exposure, side, reduces, -units, orders)


def reserve_position(exposure: Exposure) -> None:
    """Orders in futures keep a position free, so that a fill never meets the bound."""
    reserves = (
        exposure.count == 0
        and exposure.order_buys + exposure.order_sells > 0
        and exposure.instrument.contract == v.CONTRACT_FUTURES
    )
    if reserves != exposure.reserves_position:
        exposure.reserves_position = reserves
        if reserves:
            exposure.account.reserved_positions += 1
        else:
            exposure.account.reserved_positions -= 1


def enter(core: Core, exposure: Exposure, incoming: Incoming) -> None:
    """What is left of an order, counted and frozen, goes to the end of its price level."""
    shown = incoming.shown_units
    flags: i64 = 0
    if shown > 0:
        flags = HIDES
    row = _new_row(core, exposure, incoming, flags)
    if 0 < shown < incoming.units:
        core.orders.rows[row + UNITS] = shown
    book_of(exposure).rest(row, incoming.price_points)


def wait(core: Core, exposure: Exposure, incoming: Incoming) -> None:
    """A stop or stop-limit order stands beside the book until its price is reached."""
    row = _new_row(core, exposure, incoming, WAITS)
    core.orders.ensure_more()
    core.orders.more[row + TRIGGER] = incoming.trigger_points
    core.orders.more[row + LIMIT] = incoming.price_points
    exposure.account.order_count += 1
    exposure.instrument.watched += 1
    number: i64 = row // ROW_WORDS
    core.order_triggers.ensure_watches(number + 1)
    if incoming.side == v.BUY:
        instrument = exposure.instrument.number
        core.order_triggers.set(number, instrument, ASK_UP, incoming.trigger_points)
    else:
        instrument = exposure.instrument.number
        core.order_triggers.set(number, instrument, BID_DOWN, -incoming.trigger_points)


def _new_row(core: Core, exposure: Exposure, incoming: Incoming, flags: i64) -> i64:
    """A row with all that is known of the order, in the list of its owner."""
    orders = core.orders
    row = orders.add(incoming.ticket)
    flags |= exposure.number << OWNER_SHIFT | incoming.side
    flags |= incoming.time_in_force << TIME_IN_FORCE_SHIFT
    flags |= incoming.self_trade << SELF_TRADE_SHIFT
    if incoming.reduces:
        flags |= REDUCES
        if flags & WAITS == 0:
            exposure.reduce_orders += 1
    if incoming.post_only:
        flags |= POSTS
    if incoming.expiry_ns > 0:
        flags |= EXPIRES
    rows = orders.rows
    rows[row + UNITS] = incoming.units
    rows[row + FLAGS] = flags
    if flags & HIDES != 0:
        orders.ensure_more()
        orders.more[row + SHOWN] = incoming.shown_units
        orders.more[row + HIDDEN] = at_least_zero(incoming.units - incoming.shown_units)
    first = exposure.first_order
    rows[row + OWN_NEXT] = first
    rows[row + OWN_PREVIOUS] = NO_ROW
    if first >= 0:
        rows[first + OWN_PREVIOUS] = row
    exposure.first_order = row
    if incoming.expiry_ns > 0:
        orders.ensure_more()
        orders.more[row + EXPIRY] = incoming.expiry_ns
        number: i64 = row // ROW_WORDS
        core.order_timers.ensure_watches(number + 1)
        core.order_timers.set(number, 0, 0, incoming.expiry_ns)
    exposure.instrument.trades += 1
    return row


def leave(core: Core, exposure: Exposure, row: i64) -> None:
    """The order of a row, in no level any more, ends."""
    orders = core.orders
    rows = orders.rows
    flags = rows[row + FLAGS]
    before = rows[row + OWN_PREVIOUS]
    after = rows[row + OWN_NEXT]
    if before >= 0:
        rows[before + OWN_NEXT] = after
    else:
        exposure.first_order = after
    if after >= 0:
        rows[after + OWN_PREVIOUS] = before
    if flags & REDUCES != 0 and flags & WAITS == 0:
        exposure.reduce_orders -= 1
    if flags & EXPIRES != 0:
        core.order_timers.remove(row // ROW_WORDS)
    exposure.instrument.trades -= 1
    orders.end(rows[row + TICKET])


def stop_waiting(core: Core, exposure: Exposure, row: i64) -> None:
    """An order that waits ends, or goes to the book: it is no order of the account any more."""
    core.order_triggers.remove(row // ROW_WORDS)
    exposure.account.order_count -= 1
    exposure.instrument.watched -= 1
    leave(core, exposure, row)


def show_more(core: Core, book: Book, row: i64, price_points: i64) -> bool:
    """The shown part of an iceberg is used up: the next goes to the end of the level."""
    hidden = core.orders.more[row + HIDDEN]
    if hidden == 0:
        return False
    shown = core.orders.more[row + SHOWN]
    if shown > hidden:
        shown = hidden
    core.orders.more[row + HIDDEN] = hidden - shown
    core.orders.rows[row + UNITS] = shown
    book.rest(row, price_points)
    return True


def set_shown(core: Core, exposure: Exposure, row: i64, shown: i64, hidden: i64) -> None:
    """The parts of an iceberg as they were: the shown one may be used up in part."""
    more = core.orders.rows[row + UNITS] - shown
    if more > 0:
        book_of(exposure).reduce(row, more)
    core.orders.more[row + HIDDEN] = hidden


def shrink_order(core: Core, exposure: Exposure, row: i64, less: i64) -> None:
    """A resting order gets smaller and keeps its place; hidden volume goes first."""
    if core.orders.rows[row + FLAGS] & HIDES != 0:
        hidden = core.orders.more[row + HIDDEN]
        cut = less if less < hidden else hidden
        core.orders.more[row + HIDDEN] = hidden - cut
        less -= cut
    if less > 0:
        book_of(exposure).reduce(row, less)


def withdraw(core: Core, row: i64, removal: i64) -> None:
    """Removes an order that rests or waits: book, counts, frozen amount, event."""
    rows = core.orders.rows
    flags = rows[row + FLAGS]
    exposure = core.exposures[flags >> OWNER_SHIFT]
    side = flags & SELLS
    units = core.orders.left_units(row)
    ticket = rows[row + TICKET]
    if flags & WAITS != 0:
        stop_waiting(core, exposure, row)
        removed(core, exposure, ticket, side, units, removal)
        return
    price = book_of(exposure).price_of(row)
    book_of(exposure).remove(row)
    leave(core, exposure, row)
    drop(core, exposure, ticket, side, flags & REDUCES != 0, units, price, removal)


def drop(
    core: Core,
    exposure: Exposure,
    ticket: i64,
    side: i64,
    reduces: bool,
    units: i64,
    price: i64,
    removal: i64,
) -> None:
    """An order that is in no book, or no more, ends: counts, frozen amount, event."""
    count_order(exposure, side, reduces, -units, -1)
    if exposure.instrument.contract == v.CONTRACT_FUTURES:
        refreeze_futures(exposure)
    else:
        freeze_spot(exposure, side, -spot_frozen_minor(exposure.instrument, side, units, price))
    removed(core, exposure, ticket, side, units, removal)


def removed(
    core: Core, exposure: Exposure, ticket: i64, side: i64, units: i64, removal: i64
) -> None:
    """Writes that an order, or what was left of it, is no more."""
    core.events.book_order_removed(
        exposure.account.login,
        ticket,
        exposure.instrument.number,
        units,
        removal,
        frozen_currency(exposure, side),
        frozen_minor(exposure, side),
    )


def tickets_of(
    core: Core, exposure: Exposure, tickets: list[int], mask: i64 = 0, flags: i64 = 0
) -> None:
    """Appends the account's orders in the instrument whose flags under the mask are these."""
    rows = core.orders.rows
    row = exposure.first_order
    while row >= 0:
        if rows[row + FLAGS] & mask == flags:
            tickets.append(rows[row + TICKET])
        row = rows[row + OWN_NEXT]


def withdraw_tickets(core: Core, tickets: list[int], removal: i64) -> None:
    """Removes orders that rest or wait, by ticket; their books become due in that order."""
    tickets.sort()
    for ticket in tickets:
        row = core.orders.find(ticket)
        core.due.add(core.exposures[core.orders.rows[row + FLAGS] >> OWNER_SHIFT].instrument)
        withdraw(core, row, removal)


def withdraw_instrument(
    core: Core, instrument: Instrument, removal: i64, mask: i64 = 0, flags: i64 = 0
) -> None:
    """Removes the orders of an instrument whose flags under the mask are these, by ticket.

    Looks at every exposure: for settlements and auctions, not for the way of an order.
    """
    tickets: list[int] = []
    for exposure in core.exposures:
        if exposure.instrument is instrument:
            tickets_of(core, exposure, tickets, mask, flags)
    withdraw_tickets(core, tickets, removal)
