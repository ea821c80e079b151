"""Halts and auctions: the phases of a book instrument (RULES section 9).

This file may change a phase, and fill an auction at its one equilibrium price.
"""

from mypy_extensions import i64

from engine import reject_codes as r
from engine import vocabulary as v
from engine.book.book import Book
from engine.book.keys import KEY_LIMIT
from engine.book.ladder import Ladder, key_of
from engine.book.orders import NEXT, REDUCES, TICKET, UNITS, WAITS
from engine.command_reader import Words, reject
from engine.core import Core
from engine.exchange.fill import fill_resting
from engine.exchange.resting import withdraw_instrument
from engine.model.instruments import Instrument


def set_phase(core: Core, words: Words) -> None:
    """Halts an instrument, lets it trade, or begins an auction; leaving an auction fills it."""
    number = words.at(0)
    phase = words.at(1)
    instrument = core.instrument(number)
    if instrument is None:
        reject(core, 0, v.SET_PHASE, r.UNKNOWN_INSTRUMENT, 0, number, number)
        return
    book = instrument.book
    if instrument.venue != v.VENUE_BOOK or book is None:
        reject(core, 0, v.SET_PHASE, r.OTHER_VENUE, 0, number, instrument.venue)
        return
    if phase < v.PHASE_CONTINUOUS or phase > v.PHASE_AUCTION:
        reject(core, 0, v.SET_PHASE, r.BAD_PHASE, 0, number, phase)
        return
    if instrument.phase == v.PHASE_EXPIRED:
        reject(core, 0, v.SET_PHASE, r.WRONG_PHASE, 0, number, v.PHASE_EXPIRED)
        return
    # Nothing below can fail.
    before = instrument.phase
    instrument.phase = phase
    core.due.add(instrument)
    if before == v.PHASE_AUCTION and phase != v.PHASE_AUCTION:
        price, units = equilibrium(instrument, book)
        core.events.phase_changed(number, phase, price, units)
        if units > 0:
            _fill_auction(core, instrument, book, price, units)
        return
    core.events.phase_changed(number, phase, 0, 0)
    if phase == v.PHASE_AUCTION:
        kinds: i64 = REDUCES | WAITS
        withdraw_instrument(core, instrument, v.REMOVAL_AUCTION, kinds, REDUCES)


def equilibrium(instrument: Instrument, book: Book) -> tuple[i64, i64]:
    """The one price of an auction, and the volume it fills; 0, 0 where nothing meets.

    The most volume; then the least left over; then, if buyers alone are left everywhere, the
    highest price, if sellers alone the lowest, otherwise the one nearest to the last price,
    the higher of two.
    """
    best_bid: i64 = KEY_LIMIT - 1 - book.bids.best_key
    best_ask = book.asks.best_key
    if best_bid < best_ask:
        return 0, 0
    bids = _levels(book, book.bids, v.BUY, KEY_LIMIT - 1 - best_ask)
    asks = _levels(book, book.asks, v.SELL, best_bid)
    most = 0
    least = 0
    tied: list[tuple[int, int]] = []
    demand = sum(bids.values())
    supply = 0
    for price in sorted(bids | asks):
        supply += asks.get(price, 0)
        volume = min(demand, supply)
        surplus = demand - supply
        if volume > most or (volume == most and abs(surplus) < least):
            most = volume
            least = abs(surplus)
            tied = []
        if volume == most and abs(surplus) == least:
            tied.append((price, surplus))
        demand -= bids.get(price, 0)
    return _choose(tied, int(instrument.last_points)), most


def _choose(tied: list[tuple[int, int]], last: int) -> int:
    """One of the prices, ascending, that fill as much and leave as much."""
    surpluses = [surplus for _, surplus in tied]
    if min(surpluses) > 0:
        return tied[-1][0]
    if max(surpluses) < 0:
        return tied[0][0]
    chosen = tied[0][0]
    for price, _ in tied:
        if abs(price - last) <= abs(chosen - last):
            chosen = price
    return chosen


def _levels(book: Book, ladder: Ladder, side: i64, last_key: i64) -> dict[int, int]:
    """Whole volume by price of the levels up to a key, hidden parts too."""
    found: dict[int, int] = {}
    key = ladder.best_key
    while key <= last_key:
        units: i64 = 0
        row = book.first_of(ladder, key)
        while row >= 0:
            units += book.orders.left_units(row)
            row = book.orders.rows[row + NEXT]
        found[int(key_of(side, key))] = int(units)
        key = ladder.keys.after(key)
    return found


def _fill_auction(core: Core, instrument: Instrument, book: Book, price: i64, volume: i64) -> None:
    """The first of the best bid and of the best ask, until the volume is filled."""
    instrument.last_points = price
    instrument.base_points = price
    instrument.filled_sequence = core.sequence
    rows = core.orders.rows
    while volume > 0:
        bid = book.first_of(book.bids, book.bids.best_key)
        ask = book.first_of(book.asks, book.asks.best_key)
        units = volume
        if rows[bid + UNITS] < units:
            units = rows[bid + UNITS]
        if rows[ask + UNITS] < units:
            units = rows[ask + UNITS]
        bid_ticket = rows[bid + TICKET]
        ask_ticket = rows[ask + TICKET]
        fill_resting(core, book.bids, bid, units, price, ask_ticket)
        fill_resting(core, book.asks, ask, units, price, bid_ticket)
        volume -= units
