"""Orders enter and leave the book, the list of their owner, and what is counted of them.

This file may change the book and the counts of an exposure. What is frozen follows in
`freeze.py`; the two are called together.
"""

from mypy_extensions import i64

from engine import vocabulary as v
from engine.book.book import Book
from engine.book.orders import (
    EXPIRES,
    EXPIRY,
    FLAGS,
    NO_ROW,
    OWN_NEXT,
    OWN_PREVIOUS,
    OWNER_SHIFT,
    POSTS,
    REDUCES,
    ROW_WORDS,
    SELF_TRADE,
    SELLS,
    TICKET,
    TIME_IN_FORCE,
    UNITS,
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


def reserve_position(exposure: Exposure) -> None:
    """Orders in futures keep a position free, so that a fill never meets the bound."""
    reserves = (
        exposure.count == 0
        and exposure.order_buys + exposure.order_sells > 0
        and exposure.instrument.contract == v.CONTRACT_FUTURES
    )
    if reserves != exposure.reserves_position:
        exposure.reserves_position = reserves
        exposure.account.reserved_positions += 1 if reserves else -1


def enter(core: Core, exposure: Exposure, incoming: Incoming) -> None:
    """What is left of an order, counted and frozen, goes to the end of its price level."""
    orders = core.orders
    row = orders.add(incoming.ticket)
    flags = exposure.number << OWNER_SHIFT | incoming.side
    if incoming.reduces:
        flags |= REDUCES
        exposure.reduce_orders += 1
    if incoming.post_only:
        flags |= POSTS
    if incoming.expiry_ns > 0:
        flags |= EXPIRES
    rows = orders.rows
    rows[row + UNITS] = incoming.units
    rows[row + FLAGS] = flags
    orders.ensure_more()
    more = orders.more
    more[row + SELF_TRADE] = incoming.self_trade
    more[row + TIME_IN_FORCE] = incoming.time_in_force
    more[row + EXPIRY] = incoming.expiry_ns
    first = exposure.first_order
    rows[row + OWN_NEXT] = first
    rows[row + OWN_PREVIOUS] = NO_ROW
    if first >= 0:
        rows[first + OWN_PREVIOUS] = row
    exposure.first_order = row
    if incoming.expiry_ns > 0:
        number: i64 = row // ROW_WORDS
        core.order_timers.ensure_watches(number + 1)
        core.order_timers.set(number, 0, 0, incoming.expiry_ns)
    exposure.instrument.trades += 1
    book_of(exposure).rest(row, incoming.price_points)


def leave(core: Core, exposure: Exposure, row: i64) -> None:
    """The order of a row is out of the book already; it ends."""
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
    if flags & REDUCES != 0:
        exposure.reduce_orders -= 1
    if flags & EXPIRES != 0:
        core.order_timers.remove(row // ROW_WORDS)
    exposure.instrument.trades -= 1
    orders.end(rows[row + TICKET])


def withdraw(core: Core, row: i64, removal: i64) -> None:
    """Removes a resting order: book, counts, frozen amount, event."""
    rows = core.orders.rows
    exposure = core.exposures[rows[row + FLAGS] >> OWNER_SHIFT]
    side = rows[row + FLAGS] & SELLS
    reduces = rows[row + FLAGS] & REDUCES != 0
    units = rows[row + UNITS]
    price = book_of(exposure).price_of(row)
    ticket = rows[row + TICKET]
    book_of(exposure).remove(row)
    leave(core, exposure, row)
    drop(core, exposure, ticket, side, reduces, units, price, removal)


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
