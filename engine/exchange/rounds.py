"""What follows a command on the book venue: rounds of the books that are due (RULES section 9).

    depth -> quote -> triggered orders and stops -> stop-out

This file may change the quote of an instrument of the book venue, and calls the stages of
a tick. Whatever happens to a book makes it due (`Core.make_due`); what one round sets off
in this book or another gets a round of its own, and the number of rounds is bounded.
"""

from mypy_extensions import i64

from engine import bounds
from engine import vocabulary as v
from engine.book.keys import KEY_LIMIT
from engine.book.ladder import key_of
from engine.core import Core
from engine.exchange.triggers import run_triggers
from engine.model.instruments import Instrument
from engine.tick.mark import mark
from engine.tick.stop_out import stop_out


def run_rounds(core: Core) -> None:
    """A round of every book that is due, until none is or the bound is reached.

    A book that is left over tells its depth, and takes its first quote, so that what it filled
    has a price.
    """
    rounds: i64 = 0
    instrument = core.due.take()
    while instrument is not None:
        if rounds < bounds.MAX_ROUNDS:
            _round(core, instrument)
        else:
            _tell_depth(core, instrument)
            if instrument.quote_sequence == 0:
                _take_top(core, instrument)
        rounds += 1
        instrument = core.due.take()


def _round(core: Core, instrument: Instrument) -> None:
    _tell_depth(core, instrument)
    marked = _take_top(core, instrument)
    if instrument.watched > 0:
        run_triggers(core, instrument)
    if marked:
        stop_out(core, instrument)


def take_mark(core: Core, instrument: Instrument, bid: i64, ask: i64) -> None:
    """A quote from outside, for an instrument that takes its mark price from ticks."""
    mark(core, instrument, bid, ask)
    if instrument.watched > 0:
        run_triggers(core, instrument)
    stop_out(core, instrument)


def _tell_depth(core: Core, instrument: Instrument) -> None:
    """Writes every price level that changed since the last round."""
    book = instrument.book
    assert book is not None
    if len(book.levels_before) == 0:
        return
    for side, key, units, orders in book.changed_levels():
        core.events.depth_changed(instrument.number, side, key_of(side, key), units, orders)


def _take_top(core: Core, instrument: Instrument) -> bool:
    """The quote that the book gives now is stored; False if it gives none, or the same."""
    bid, ask = _top(core, instrument)
    if bid == 0 or (bid == instrument.bid and ask == instrument.ask):
        return False
    mark(core, instrument, bid, ask)
    return True


def _top(core: Core, instrument: Instrument) -> tuple[i64, i64]:
    """Bid and ask by the instrument's source of them; 0, 0: none."""
    if instrument.mark == v.MARK_TICK:
        return 0, 0
    if instrument.mark == v.MARK_LAST:
        return instrument.last_points, instrument.last_points
    book = instrument.book
    assert book is not None
    bid: i64 = KEY_LIMIT - 1 - book.bids.best_key
    ask = book.asks.best_key
    if bid >= 0 and ask < KEY_LIMIT and instrument.phase == v.PHASE_CONTINUOUS:
        return bid, ask
    if instrument.filled_sequence == core.sequence:
        return instrument.last_points, instrument.last_points
    return 0, 0
