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
    EXPIRY,
    FLAGS,
    NEXT,
    OWNER_SHIFT,
    POSTS,
    REDUCES,
    SELF_TRADE,
    SELLS,
    TICKET,
    TIME_IN_FORCE,
    UNITS,
)
from engine.core import Core
from engine.exchange.freeze import freeze_spot, refreeze_futures, spot_frozen_minor
from engine.exchange.resting import count_order, enter
from engine.model.instruments import Instrument
from engine.records import CorruptRecord
from engine.state_words import WordReader, WordWriter

_ORDER_WORDS: Final = 9
_HOLDING_WORDS: Final = 3


def has_books(core: Core) -> bool:
    """An instrument of the book venue is configured."""
    return any(instrument.book is not None for instrument in core.instruments)


def dump_books(core: Core, out: WordWriter) -> None:
    """Holdings that are not 0, then all resting orders."""
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
    for instrument in core.instruments:
        if instrument.book is not None:
            _dump_side(core, out, instrument, v.BUY)
            _dump_side(core, out, instrument, v.SELL)


def _dump_side(core: Core, out: WordWriter, instrument: Instrument, side: i64) -> None:
    book = instrument.book
    assert book is not None
    ladder = book.side(side)
    rows = core.orders.rows
    more = core.orders.more
    key = ladder.keys.first()
    while key < KEY_LIMIT:
        row = book.first_of(ladder, key)
        while row >= 0:
            out.put(rows[row + TICKET])
            out.put(core.exposures[rows[row + FLAGS] >> OWNER_SHIFT].account.login)
            out.put(instrument.number)
            out.put(rows[row + FLAGS] & (SELLS | REDUCES | POSTS))
            out.put(rows[row + UNITS])
            out.put(key_of(side, key))
            out.put(more[row + SELF_TRADE])
            out.put(more[row + TIME_IN_FORCE])
            out.put(more[row + EXPIRY])
            row = rows[row + NEXT]
        key = ladder.keys.after(key)


def load_books(core: Core, reader: WordReader) -> None:
    """Reads what `dump_books` wrote. Raises `CorruptRecord`; positions are in place already."""
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


def _load_order(core: Core, reader: WordReader) -> None:
    incoming = core.incoming
    incoming.ticket = reader.get()
    account = core.accounts[reader.get()]
    instrument = core.instrument(reader.get())
    flags = reader.get()
    incoming.side = flags & SELLS
    incoming.reduces = flags & REDUCES != 0
    incoming.post_only = flags & POSTS != 0
    incoming.units = reader.get()
    incoming.price_points = reader.get()
    incoming.self_trade = reader.get()
    incoming.time_in_force = reader.get()
    incoming.expiry_ns = reader.get()
    if instrument is None or instrument.book is None or core.orders.find(incoming.ticket) >= 0:
        raise CorruptRecord(f"state: order {incoming.ticket} can't rest in a book")
    if not (incoming.units > 0 and 0 < incoming.price_points < KEY_LIMIT and incoming.ticket > 0):
        raise CorruptRecord(f"state: order {incoming.ticket} has no volume or price")
    exposure = core.exposure(account, instrument)
    incoming.exposure = exposure
    side = incoming.side
    count_order(exposure, side, incoming.reduces, incoming.units, 1)
    if instrument.contract == v.CONTRACT_FUTURES:
        refreeze_futures(exposure)
    else:
        frozen = spot_frozen_minor(instrument, side, incoming.units, incoming.price_points)
        freeze_spot(exposure, side, frozen)
    enter(core, exposure, incoming)
