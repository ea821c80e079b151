"""Quotes: the checks of a tick, the choice of the feed, and the mark (RULES section 4).

A tick of a feed that is not in use changes only that feed's time.
"""

from engine import records as r
from engine import reject_codes as c
from engine import vocabulary as v
from tests.naive.world import FeedState, Quote, Refused, World


def check_quote(world: World, command: r.Tick) -> None:
    instrument = world.instruments.get(command.instrument)
    if instrument is None:
        raise Refused(c.UNKNOWN_INSTRUMENT, command.instrument)
    if instrument.venue != v.VENUE_QUOTED and instrument.mark != v.MARK_TICK:
        raise Refused(c.OTHER_VENUE, instrument.venue)
    listed = not instrument.feeds or command.feed in instrument.feeds
    if command.feed not in world.feeds or not listed:
        raise Refused(c.UNKNOWN_FEED, command.feed)
    for price in (command.bid_points, command.ask_points):
        if not instrument.price_min_points <= price <= instrument.price_max_points:
            raise Refused(c.QUOTE_OUT_OF_BAND, price)
    if command.bid_points > command.ask_points:
        raise Refused(c.QUOTE_CROSSED, command.bid_points)
    if not world.session_open(command.instrument):
        raise Refused(c.QUOTE_OUTSIDE_SESSION)


def takes_quote_from(world: World, command: r.Tick) -> bool:
    """Whether the tick's feed is, or becomes, the active one of the instrument."""
    instrument = world.instruments[command.instrument]
    state = world.feed_states.get(command.instrument)
    if state is None:
        world.feed_states[command.instrument] = FeedState(
            command.feed, {command.feed: world.time_ns}
        )
        return True
    state.last_ns[command.feed] = world.time_ns
    if command.feed == state.active:
        return True
    silence_ns = world.time_ns - state.last_ns[state.active]
    limit_ns = instrument.staleness_ms * 1_000_000
    silent = limit_ns > 0 and silence_ns > limit_ns
    if not silent and not preferred(instrument.feeds, command.feed, state.active):
        return False
    world.emit(
        r.FeedSwitched,
        instrument=command.instrument,
        previous_feed=state.active,
        feed=command.feed,
        silence_ns=silence_ns,
    )
    state.active = command.feed
    return True


def preferred(feeds: list[int], feed: int, active: int) -> bool:
    """Earlier in the list of the instrument; without a list none is."""
    return active in feeds and feeds.index(feed) < feeds.index(active)


# ---------------------------------------------------------------- stages 1-2: mark


def tick_mark(world: World, instrument: int, bid: int, ask: int) -> None:
    old = world.quotes.get(instrument)
    world.quotes[instrument] = Quote(
        bid=bid,
        ask=ask,
        previous_bid=old.bid if old is not None else 0,
        previous_ask=old.ask if old is not None else 0,
        time_ns=world.time_ns,
        sequence=world.sequence,
    )


def is_gap(quote: Quote) -> bool:
    if quote.previous_ask == 0:
        return False
    return quote.bid > quote.previous_ask or quote.ask < quote.previous_bid
