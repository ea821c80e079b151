"""Ticks of a random day: a walk per instrument with gaps, several feeds, and the clock.

This file may make `Tick` and `Clock` commands only.
"""

from random import Random

from engine import records as r
from tests.naive.world import World
from tests.random_days.start_of_day import EURUSD, FEEDS, GBPUSD, MARKETS, USDJPY

CONVERTERS = (EURUSD, USDJPY, GBPUSD)


class Prices:
    """The walking bid of every instrument, kept within a third of where it started.

    `converting`: a day on which the pairs that convert are quoted wildly and hardly traded,
    so that accounts fall and recover by conversion alone.
    """

    def __init__(self, converting: bool) -> None:
        self.converting = converting
        self.bids = {number: market.price for number, market in MARKETS.items()}

    def next_quote(self, random: Random, instrument: int) -> tuple[int, int]:
        """A small move, now and then a jump of one to four percent."""
        market = MARKETS[instrument]
        bid = self.bids[instrument]
        wild = self.converting and instrument in CONVERTERS
        if random.randrange(3 if wild else 25) == 0:
            bid += random.choice((-1, 1)) * market.price * random.randrange(1, 5) // 100
        else:
            bid += random.randrange(-market.step, market.step + 1)
        low, high = market.price * 2 // 3, market.price * 4 // 3
        bid = max(low, min(high, bid))
        self.bids[instrument] = bid
        return bid, bid + random.randrange(market.spread + 1)


def tick(random: Random, world: World, prices: Prices) -> r.Tick:
    """A quote, mostly of an instrument that is traded and of the feed in use."""
    traded = [position.instrument for position in world.positions.values()]
    instrument = random.choice(list(world.instruments))
    converters = [number for number in CONVERTERS if number in world.instruments]
    if prices.converting and converters and random.randrange(4):
        instrument = random.choice(converters)
    elif traded and random.randrange(2):
        instrument = random.choice(traded)
    listed = world.instruments[instrument].feeds or list(FEEDS)
    feed = random.choice(listed)
    state = world.feed_states.get(instrument)
    if state is not None and state.active in listed and random.randrange(6):
        feed = state.active
    bid, ask = prices.next_quote(random, instrument)
    return r.Tick(instrument=instrument, feed=feed, bid_points=bid, ask_points=ask)


def clock(random: Random, world: World, prices: Prices) -> r.Clock:
    return r.Clock()
