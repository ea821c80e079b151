"""The way of a tick: admission of the quote, then the stages as one list of calls.

    receive -> mark -> detect -> stops -> activate -> stop out

This file may admit or refuse a quote and call the stages in the order of seed 004 (profile
`mt4`). Another profile is another list here; the stages know nothing of their order.

An instrument of the book venue that takes its mark price from ticks goes another way, to
`exchange/rounds.py`.

Each stage first asks its price index whether this quote reaches anything. A quote that
reaches nothing costs these questions and no more, however many positions there are.
"""

from mypy_extensions import i64

from engine import reject_codes as r
from engine import vocabulary as v
from engine.command_reader import Words, reject
from engine.core import Core
from engine.exchange.rounds import take_mark
from engine.model.instruments import Instrument
from engine.tick.activate import activate
from engine.tick.detect import detect
from engine.tick.mark import mark
from engine.tick.stop_out import stop_out
from engine.tick.stops import stops


def receive(core: Core, words: Words) -> None:
    """One quote, all stages."""
    core.count_ticks += 1
    number = words.at(0)
    feed = words.at(1)
    bid = words.at(2)
    ask = words.at(3)
    if number <= 0 or number >= i64(len(core.instruments)):
        reject(core, 0, v.TICK, r.UNKNOWN_INSTRUMENT, 0, number, number)
        return
    instrument = core.instruments[number]
    on_book = instrument.venue == v.VENUE_BOOK
    if (
        feed != instrument.active_feed
        or feed == 0
        or bid > ask
        or (on_book and instrument.mark != v.MARK_TICK)
    ):
        if not _admit_unusual(core, instrument, feed, bid, ask):
            return
    elif (
        bid < instrument.price_min_points
        or ask > instrument.price_max_points
        or not instrument.session_open(core.time_ns)
    ):
        _refuse_quote(core, instrument, feed, bid, ask)
        return
    if on_book:
        take_mark(core, instrument, bid, ask)
        return
    mark(core, instrument, bid, ask)
    detect(core, instrument)
    stops(core, instrument)
    activate(core)
    stop_out(core, instrument)


def _refuse_quote(core: Core, instrument: Instrument, feed: i64, bid: i64, ask: i64) -> bool:
    """Writes the refusal of a bad quote, first failing check; False if the quote is good."""
    number = instrument.number
    code: i64 = 0
    detail: i64 = 0
    low = instrument.price_min_points
    high = instrument.price_max_points
    if not instrument.configured:
        code = r.UNKNOWN_INSTRUMENT
        detail = number
    elif instrument.venue != v.VENUE_QUOTED and instrument.mark != v.MARK_TICK:
        code = r.OTHER_VENUE
        detail = instrument.venue
    elif feed not in core.feeds or (len(instrument.feeds) > 0 and feed not in instrument.feeds):
        code = r.UNKNOWN_FEED
        detail = feed
    elif bid < low or bid > high:
        code = r.QUOTE_OUT_OF_BAND
        detail = bid
    elif ask < low or ask > high:
        code = r.QUOTE_OUT_OF_BAND
        detail = ask
    elif bid > ask:
        code = r.QUOTE_CROSSED
        detail = bid
    elif not instrument.session_open(core.time_ns):
        code = r.QUOTE_OUTSIDE_SESSION
    if code != 0:
        reject(core, 0, v.TICK, code, 0, number, detail)
    return code != 0


def _admit_unusual(core: Core, instrument: Instrument, feed: i64, bid: i64, ask: i64) -> bool:
    """A quote of a feed that is not the active one, or a bad one: does it count?"""
    if _refuse_quote(core, instrument, feed, bid, ask):
        return False
    assert feed != instrument.active_feed, "a good quote of the active feed is not unusual"
    if instrument.active_feed != 0:
        silence = core.time_ns - instrument.quote_time_ns
        if not _is_preferred(instrument, feed) and not (
            instrument.staleness_ns > 0 and silence > instrument.staleness_ns
        ):
            return False
        core.events.feed_switched(instrument.number, instrument.active_feed, feed, silence)
    instrument.active_feed = feed
    return True


def _is_preferred(instrument: Instrument, feed: i64) -> bool:
    """The feed stands before the active one in the instrument's list."""
    for listed in instrument.feeds:
        if listed == instrument.active_feed:
            return False
        if listed == feed:
            return True
    return False
