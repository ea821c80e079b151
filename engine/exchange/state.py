"""The part of the logical state that the book venue adds: holdings and books.

This file may write it out and read it back. The layout depends on what it means: holdings
by login and currency; orders by instrument, bids before asks, the best price first, in
order of time. It is there only where an instrument of the book venue is configured. Frozen
amounts and counts follow from the orders and are built anew.
"""

from typing import Final

from mypy_extensions import i64

from engine import vocabulary as v
from engine.book.keys import KEY_LIMIT
from engine.book.ladder import key_of
from engine.book.orders import (
    FLAGS,
    HIDDEN,
    HIDES,
    LIMIT,
    NEXT,
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
    TRIGGER,
    UNITS,
    WAITS,
)
from engine.core import Core
from engine.exchange.freeze import freeze_spot, refreeze_futures, spot_frozen_minor
from engine.exchange.margins import take_row, watch_margins
from engine.exchange.resting import count_order, enter, set_shown, tickets_of, wait
from engine.model.instruments import Instrument
from engine.records import CorruptRecord
from engine.state_words import WordReader, WordWriter

_BOOK_WORDS: Final = 5
_ORDER_WORDS: Final = 12
_HOLDING_WORDS: Final = 3


def has_books(core: Core) -> bool:
    """An instrument of the book venue is configured."""
    return any(instrument.book is not None for instrument in core.instruments)


def dump_books(core: Core, out: WordWriter) -> None:
    """Books, holdings that are not 0, then all orders: those at rest, then those that wait."""
    books = [i for i in core.instruments if i.book is not None]
    out.put(len(books))
    for instrument in books:
        out.put(instrument.number)
        out.put(instrument.phase)
        out.put(instrument.last_points)
        out.put(instrument.base_points)
        out.put(instrument.margin_row)
    holdings: list[tuple[int, int, int]] = []
    for login in sorted(core.accounts):
        for holding in core.accounts[login].holdings:
            if holding.balance_minor != 0:
                holdings.append((login, int(holding.currency), int(holding.balance_minor)))
    holdings.sort()
    out.put(len(holdings))
    for login, currency, balance in holdings:
        out.put(login)
        out.put(currency)
        out.put(balance)
    out.put(core.orders.count())
    for instrument in books:
        _dump_side(core, out, instrument, v.BUY)
        _dump_side(core, out, instrument, v.SELL)
    waiting: list[int] = []
    for exposure in core.exposures:
        tickets_of(core, exposure, waiting, WAITS, WAITS)
    for ticket in sorted(waiting):
        row = core.orders.find(ticket)
        _dump_order(core, out, row, core.orders.more[row + LIMIT])


def _dump_side(core: Core, out: WordWriter, instrument: Instrument, side: i64) -> None:
    book = instrument.book
    assert book is not None
    ladder = book.side(side)
    key = ladder.keys.first()
    while key < KEY_LIMIT:
        row = book.first_of(ladder, key)
        while row >= 0:
            _dump_order(core, out, row, key_of(side, key))
            row = core.orders.rows[row + NEXT]
        key = ladder.keys.after(key)


def _dump_order(core: Core, out: WordWriter, row: i64, price_points: i64) -> None:
    rows = core.orders.rows
    more = core.orders.more
    flags = rows[row + FLAGS]
    exposure = core.exposures[flags >> OWNER_SHIFT]
    out.put(rows[row + TICKET])
    out.put(exposure.account.login)
    out.put(exposure.instrument.number)
    out.put(flags & (SELLS | REDUCES | POSTS | HIDES | WAITS))
    out.put(rows[row + UNITS])
    out.put(price_points)
    out.put(flags >> SELF_TRADE_SHIFT & SELF_TRADE_MASK)
    out.put(flags >> TIME_IN_FORCE_SHIFT & TIME_IN_FORCE_MASK)
    out.put(core.orders.expiry_ns(row))
    out.put(more[row + SHOWN] if flags & HIDES != 0 else 0)
    out.put(more[row + HIDDEN] if flags & HIDES != 0 else 0)
    out.put(more[row + TRIGGER] if flags & WAITS != 0 else 0)


def load_books(core: Core, reader: WordReader) -> None:
    """Reads what `dump_books` wrote. Raises `CorruptRecord`; positions are in place already."""
    for _ in range(reader.get_count(_BOOK_WORDS)):
        _load_book(core, reader)
    for trade in core.trades():
        if trade.state == v.POSITION_OPEN and trade.exposure.instrument.book is not None:
            trade.exposure.instrument.watched += trade.has_stops()
    for _ in range(reader.get_count(_HOLDING_WORDS)):
        account = core.accounts[reader.get()]
        currency = reader.get()
        balance = reader.get()
        holding = account.make_holding(currency)
        if holding is None or currency not in core.currencies:
            raise CorruptRecord(f"state: account {account.login} can't hold currency {currency}")
        holding.balance_minor = balance
    for _ in range(reader.get_count(_ORDER_WORDS)):
        _load_order(core, reader)
    for instrument in core.instruments:
        if instrument.book is not None:
            instrument.book.levels_before.clear()


def _load_book(core: Core, reader: WordReader) -> None:
    instrument = core.instrument(reader.get())
    if instrument is None or instrument.book is None:
        raise CorruptRecord("state: a book of an instrument that has none")
    instrument.phase = reader.get()
    instrument.last_points = reader.get()
    instrument.base_points = reader.get()
    row = reader.get()
    if not (
        v.PHASE_CONTINUOUS <= instrument.phase <= v.PHASE_EXPIRED
        and 0 <= instrument.last_points < KEY_LIMIT
        and 0 <= instrument.base_points < KEY_LIMIT
        and -1 <= row < i64(len(instrument.margins))
    ):
        raise CorruptRecord(f"state: the book of instrument {instrument.number} is out of range")
    take_row(core, instrument, row)
    watch_margins(core, instrument)


def _load_order(core: Core, reader: WordReader) -> None:
    incoming = core.incoming
    incoming.ticket = reader.get()
    account = core.accounts[reader.get()]
    instrument = core.instrument(reader.get())
    flags = reader.get()
    incoming.side = flags & SELLS
    incoming.reduces = flags & REDUCES != 0
    incoming.post_only = flags & POSTS != 0
    units = reader.get()
    incoming.price_points = reader.get()
    incoming.self_trade = reader.get()
    incoming.time_in_force = reader.get()
    incoming.expiry_ns = reader.get()
    incoming.shown_units = reader.get()
    hidden = reader.get()
    incoming.trigger_points = reader.get()
    incoming.units = units + hidden
    if instrument is None or instrument.book is None or core.orders.find(incoming.ticket) >= 0:
        raise CorruptRecord(f"state: order {incoming.ticket} can't rest in a book")
    if not (units > 0 and hidden >= 0 and incoming.shown_units >= 0 and incoming.ticket > 0):
        raise CorruptRecord(f"state: order {incoming.ticket} has no volume")
    if not (
        v.SELF_TRADE_ALLOW <= incoming.self_trade <= v.SELF_TRADE_CANCEL_BOTH
        and v.GOOD_TILL_CANCELLED <= incoming.time_in_force <= v.FILL_OR_KILL
    ):
        raise CorruptRecord(f"state: order {incoming.ticket} has a mode that there is not")
    exposure = core.exposure(account, instrument)
    if flags & WAITS != 0:
        if not (0 < incoming.trigger_points < KEY_LIMIT and 0 <= incoming.price_points < KEY_LIMIT):
            raise CorruptRecord(f"state: order {incoming.ticket} has no trigger price")
        wait(core, exposure, incoming)
        return
    if not 0 < incoming.price_points < KEY_LIMIT:
        raise CorruptRecord(f"state: order {incoming.ticket} has no price")
    side = incoming.side
    count_order(exposure, side, incoming.reduces, incoming.units, 1)
    if instrument.contract == v.CONTRACT_FUTURES:
        refreeze_futures(exposure)
    else:
        frozen = spot_frozen_minor(instrument, side, incoming.units, incoming.price_points)
        freeze_spot(exposure, side, frozen)
    enter(core, exposure, incoming)
    if flags & HIDES != 0:
        set_shown(core, exposure, core.orders.find(incoming.ticket), units, hidden)
