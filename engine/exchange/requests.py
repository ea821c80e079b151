"""What clients ask of the book venue: place, replace, cancel, cancel all.

This file may decide with the checks of `admit.py` and then apply. In each function the
line "Nothing below can fail" separates the two.
"""

from mypy_extensions import i64

from engine import reject_codes as r
from engine import vocabulary as v
from engine.book.orders import (
    FLAGS,
    HIDES,
    OWNER_SHIFT,
    POSTS,
    REDUCES,
    SELF_TRADE_MASK,
    SELF_TRADE_SHIFT,
    SELLS,
    SHOWN,
    TICKET,
    TIME_IN_FORCE_MASK,
    TIME_IN_FORCE_SHIFT,
    WAITS,
)
from engine.command_reader import Words, find_exposure, reject
from engine.core import Core
from engine.exchange.admit import admit_order, admit_replacement, waits
from engine.exchange.freeze import spot_frozen_minor
from engine.exchange.pipeline import count_out, execute, shrink, write_placed
from engine.exchange.resting import (
    book_of,
    leave,
    tickets_of,
    wait,
    withdraw,
    withdraw_tickets,
)
from engine.model.accounts import Account, Exposure
from engine.model.incoming import Incoming


def place_book_order(core: Core, words: Words) -> None:
    """An order goes through all steps; what is left of it rests or ends."""
    exposure = find_exposure(core, words, v.PLACE_BOOK_ORDER, v.VENUE_BOOK)
    if exposure is None:
        return
    instrument = exposure.instrument
    incoming = core.incoming
    _read(incoming, words, exposure)
    code = admit_order(core, incoming)
    if code != 0:
        login = exposure.account.login
        reject(core, login, v.PLACE_BOOK_ORDER, code, 0, instrument.number, core.detail)
        return
    # Nothing below can fail.
    core.last_ticket += 1
    incoming.ticket = core.last_ticket
    if incoming.time_in_force == v.DAY:
        incoming.expiry_ns = instrument.day_end_ns(core.time_ns)
    if waits(incoming):
        write_placed(core, exposure, incoming)
        wait(core, exposure, incoming)
    else:
        execute(core, incoming, False)
    core.due.add(instrument)


def _read(incoming: Incoming, words: Words, exposure: Exposure) -> None:
    flags = words.at(7)
    incoming.begin()
    incoming.exposure = exposure
    incoming.order_type = words.at(2)
    incoming.side = words.at(3)
    incoming.units = words.at(4)
    incoming.price_points = words.at(5)
    incoming.time_in_force = words.at(6)
    incoming.flags = flags
    incoming.post_only = flags & v.POST_ONLY != 0
    incoming.reduces = flags & v.REDUCE_ONLY != 0
    incoming.self_trade = words.at(8)
    incoming.expiry_ns = words.at(9)
    incoming.trigger_points = words.at(10)
    incoming.shown_units = words.at(11)


def _own(core: Core, words: Words, row: i64, command_type: i64) -> Exposure | None:
    """The exposure of the order of a row if it is the client's, or None after a refusal."""
    login = words.at(0)
    exposure = core.exposures[core.orders.rows[row + FLAGS] >> OWNER_SHIFT]
    if exposure.account.login == login:
        return exposure
    ticket = words.at(1)
    if login in core.accounts:
        number = exposure.instrument.number
        reject(core, login, command_type, r.NOT_YOUR_TICKET, ticket, number, ticket)
    else:
        reject(core, login, command_type, r.UNKNOWN_ACCOUNT, ticket, 0, login)
    return None


def cancel_book_order(core: Core, words: Words, row: i64) -> None:
    """`CancelOrder` of the order of a row: one that rests in a book, or waits."""
    exposure = _own(core, words, row, v.CANCEL_ORDER)
    if exposure is None:
        return
    rows = core.orders.rows
    account = exposure.account
    if account.status == v.ACCOUNT_DISABLED:
        number = exposure.instrument.number
        ticket = rows[row + TICKET]
        code: i64 = r.ACCOUNT_IS_DISABLED
        reject(core, account.login, v.CANCEL_ORDER, code, ticket, number, v.ACCOUNT_DISABLED)
        return
    # Nothing below can fail.
    withdraw(core, row, v.REMOVAL_CLIENT)
    core.due.add(exposure.instrument)


def cancel_all(core: Core, words: Words) -> None:
    """Every order of an account in the book of one instrument, or of all, by ticket."""
    login = words.at(0)
    number = words.at(1)
    account = core.accounts.get(login)
    if account is None:
        reject(core, login, v.CANCEL_ALL, r.UNKNOWN_ACCOUNT, 0, number, login)
        return
    if number != 0 and core.instrument(number) is None:
        reject(core, login, v.CANCEL_ALL, r.UNKNOWN_INSTRUMENT, 0, number, number)
        return
    if account.status == v.ACCOUNT_DISABLED:
        code: i64 = r.ACCOUNT_IS_DISABLED
        reject(core, login, v.CANCEL_ALL, code, 0, number, v.ACCOUNT_DISABLED)
        return
    # Nothing below can fail.
    withdraw_all(core, account, number)


def withdraw_all(core: Core, account: Account, number: i64) -> None:
    """Removes the account's orders in the book of an instrument (0: of all), by ticket."""
    tickets: list[int] = []
    for exposure in account.exposures:
        if number == 0 or exposure.instrument.number == number:
            tickets_of(core, exposure, tickets)
    withdraw_tickets(core, tickets, v.REMOVAL_CLIENT)


def replace_order(core: Core, words: Words) -> None:
    """New volume and price; the place is kept only by less volume at the same price."""
    login = words.at(0)
    ticket = words.at(1)
    row = core.orders.find(ticket)
    if row < 0 or core.orders.rows[row + FLAGS] & WAITS != 0:
        known = login in core.accounts
        missing: i64 = r.UNKNOWN_ORDER if known else r.UNKNOWN_ACCOUNT
        reject(core, login, v.REPLACE_ORDER, missing, ticket, 0, ticket if known else login)
        return
    exposure = _own(core, words, row, v.REPLACE_ORDER)
    if exposure is None:
        return
    incoming = core.incoming
    _take_over(core, incoming, row, exposure, words.at(2), words.at(3))
    same_price = incoming.price_points == book_of(exposure).price_of(row)
    smaller = same_price and incoming.units < incoming.replaced_units
    code = admit_replacement(core, incoming)
    if code != 0:
        number = exposure.instrument.number
        reject(core, login, v.REPLACE_ORDER, code, incoming.ticket, number, core.detail)
        return
    # Nothing below can fail.
    if smaller:
        shrink(core, exposure, row, incoming)
    else:
        book_of(exposure).remove(row)
        leave(core, exposure, row)
        count_out(exposure, incoming)
        execute(core, incoming, True)
    core.due.add(exposure.instrument)


def _take_over(
    core: Core, incoming: Incoming, row: i64, exposure: Exposure, units: i64, price: i64
) -> None:
    """The resting order as an incoming one, with its new volume and price."""
    rows = core.orders.rows
    flags = rows[row + FLAGS]
    incoming.begin()
    incoming.exposure = exposure
    incoming.ticket = rows[row + TICKET]
    incoming.order_type = v.LIMIT
    incoming.side = flags & SELLS
    incoming.units = units
    incoming.price_points = price
    incoming.time_in_force = flags >> TIME_IN_FORCE_SHIFT & TIME_IN_FORCE_MASK
    incoming.post_only = flags & POSTS != 0
    incoming.reduces = flags & REDUCES != 0
    incoming.self_trade = flags >> SELF_TRADE_SHIFT & SELF_TRADE_MASK
    incoming.expiry_ns = core.orders.expiry_ns(row)
    if flags & HIDES != 0:
        incoming.shown_units = core.orders.more[row + SHOWN]
    incoming.replaced_units = core.orders.left_units(row)
    if exposure.instrument.contract == v.CONTRACT_SPOT:
        incoming.replaced_minor = spot_frozen_minor(
            exposure.instrument,
            incoming.side,
            incoming.replaced_units,
            book_of(exposure).price_of(row),
        )
