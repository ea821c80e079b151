"""The market: a walk per instrument, with gaps, crossed and foreign quotes, from two feeds.

This file may make ticks and clock commands. Nobody sends a tick twice on purpose; those that
are lost are gone, and what arrives late is a price of yesterday.
"""

from random import Random
from typing import Final, NamedTuple

from engine import records as r
from tests.simulate.office import EURUSD, FEEDS, INDEX, USDJPY


class Habit(NamedTuple):
    """How an instrument moves, in points."""

    price: int
    spread: int
    step: int


HABITS: Final = {
    EURUSD: Habit(110_000, 9, 40),
    USDJPY: Habit(150_000, 12, 60),
    INDEX: Habit(180_000, 20, 90),
}
TICK_SIZE: Final = {EURUSD: 1, USDJPY: 1, INDEX: 5}


class Market:
    """The prices of the day."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self.bids = {number: habit.price for number, habit in HABITS.items()}
        self._instruments = tuple(HABITS)
        self._silent = 0
        """For so many quotes the first feed says nothing, and the second speaks."""

    def next(self) -> r.Command:
        """The next quote; now and then a clock command instead."""
        chance = self._random.random()
        if chance < 0.03:
            return r.Clock()
        number = self._instruments[int(self._random.random() * len(self._instruments))]
        habit = HABITS[number]
        bid = self.bids[number]
        move = int((self._random.random() * 2 - 1) * habit.step)
        if chance > 0.95:
            move *= 12
        bid += move
        if not habit.price * 3 // 4 < bid < habit.price * 4 // 3:
            bid = habit.price
        self.bids[number] = bid
        self._silent -= 1
        feed = 2 if self._silent > 0 else 1
        if 0.90 < chance < 0.93:
            feed = self._random.choice((*FEEDS, 3))
        elif 0.93 < chance < 0.935:
            self._silent = 60
        ask = bid + int(self._random.random() * habit.spread)
        if 0.88 < chance < 0.90:
            bid, ask = ask + 1, bid
        elif 0.87 < chance < 0.88:
            bid = ask = 1
        return r.Tick(instrument=number, feed=feed, bid_points=bid, ask_points=ask)

    def price(self, instrument: int) -> int:
        """What the screens show, in whole steps."""
        size = TICK_SIZE[instrument]
        return self.bids[instrument] // size * size
