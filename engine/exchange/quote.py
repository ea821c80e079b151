"""The top of the book, as a quote that the rest of the engine sees like any tick.

This file may change the quote of an instrument of the book venue, and calls the stages of
a tick. Best bid and best ask count once both sides have orders; while one is empty, the price
of the last fill does.
"""

from mypy_extensions import i64

from engine.book.keys import KEY_LIMIT
from engine.core import Core
from engine.model.instruments import Instrument
from engine.tick.receive import take_quote


def publish(core: Core, instrument: Instrument) -> None:
    """After a command: if the quote is another now, the stages of a tick see it."""
    book = instrument.book
    assert book is not None
    bid: i64 = KEY_LIMIT - 1 - book.bids.best_key
    ask = book.asks.best_key
    if bid < 0 or ask == KEY_LIMIT:
        bid = core.traded_price_points
        ask = bid
    core.traded_price_points = 0
    if bid == 0 or (bid == instrument.bid and ask == instrument.ask):
        return
    take_quote(core, instrument, bid, ask)
