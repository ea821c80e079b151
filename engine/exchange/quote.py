"""What a book shows: its depth, and its top as a quote that the rest sees like any tick.

This file may change the quote of an instrument of the book venue, and calls the stages of
a tick. Best bid and best ask count once both sides have orders; while one is empty, the price
of the last fill does.
"""

from mypy_extensions import i64

from engine.book.book import Book
from engine.book.keys import KEY_LIMIT
from engine.book.ladder import key_of
from engine.core import Core
from engine.model.instruments import Instrument
from engine.tick.receive import take_quote


def tell_depth(core: Core, instrument: Instrument, book: Book) -> None:
    """Writes every price level that the command changed."""
    for side, key, units, orders in book.changed_levels():
        core.events.depth_changed(instrument.number, side, key_of(side, key), units, orders)


def publish(core: Core, instrument: Instrument) -> None:
    """After a command: if the quote is another now, the stages of a tick see it."""
    book = instrument.book
    assert book is not None
    if len(book.levels_before) > 0:
        tell_depth(core, instrument, book)
    bid: i64 = KEY_LIMIT - 1 - book.bids.best_key
    ask = book.asks.best_key
    if bid < 0 or ask == KEY_LIMIT:
        bid = core.traded_price_points
        ask = bid
    core.traded_price_points = 0
    if bid == 0 or (bid == instrument.bid and ask == instrument.ask):
        return
    take_quote(core, instrument, bid, ask)
