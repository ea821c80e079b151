"""The order book of one instrument: price-time priority.

This file may move orders in and out of levels; it knows nothing of accounts or money.

An order rests at the end of its price level. The order that is taken next is the first of
the best level; `first_to_take` finds it, `take` fills it. A level knows the volume that
can be filled in it, so depth, and what an order would cost, follow from levels alone.
"""

from typing import Final

from librt.vecs import vec
from mypy_extensions import i64, mypyc_attr

from engine import vocabulary as v
from engine.book.keys import KEY_LIMIT
from engine.book.ladder import NO_LEVEL, Ladder, key_of
from engine.book.orders import (
    FLAGS,
    LEVEL,
    NEXT,
    NO_ROW,
    PREVIOUS,
    SELLS,
    UNITS,
    Orders,
)
from engine.vectors import grown

# Words of a level.
LEVEL_KEY: Final = 0
FIRST: Final = 1
LAST: Final = 2
LEVEL_UNITS: Final = 3
LEVEL_ORDERS: Final = 4
LEVEL_WORDS: Final = 8

_START_LEVELS: Final = 16
_KEY_BITS: Final = 31


@mypyc_attr(acyclic=True)
class Book:
    """Two ladders over orders of a common table."""

    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        self.bids = Ladder()
        self.asks = Ladder()
        self.capacity: i64 = _START_LEVELS * LEVEL_WORDS
        self.levels: vec[i64] = vec[i64]([0] * int(self.capacity))
        self.used: i64 = 0
        self.free: i64 = NO_LEVEL
        """First of the free levels, linked by FIRST."""
        self.tells_depth: bool = False
        self.levels_before: dict[int, tuple[int, int]] = {}
        """Volume and orders of levels before they changed, by side and key (`_note`)."""

    def side(self, side: i64) -> Ladder:
        """The orders of a side."""
        return self.bids if side == v.BUY else self.asks

    def opposite(self, side: i64) -> Ladder:
        """The orders that an order of this side takes."""
        return self.asks if side == v.BUY else self.bids

    def first_to_take(self, ladder: Ladder, limit_key: i64) -> i64:
        """The row that is filled next up to a limit, or `NO_ROW`."""
        if ladder.best_key > limit_key:
            return NO_ROW
        return self.levels[ladder.best_level + FIRST]

    def first_of(self, ladder: Ladder, key: i64) -> i64:
        """The first row of the level of a key, which has one."""
        return self.levels[ladder.find(key) + FIRST]

    def price_of(self, row: i64) -> i64:
        """The price of a resting order."""
        rows = self.orders.rows
        return key_of(rows[row + FLAGS] & SELLS, self.levels[rows[row + LEVEL] + LEVEL_KEY])

    def rest(self, row: i64, price_points: i64) -> None:
        """Puts an order, its fields filled, at the end of the level of a price."""
        rows = self.orders.rows
        sells = rows[row + FLAGS] & SELLS
        units = rows[row + UNITS]
        ladder = self.bids if sells == 0 else self.asks
        key = key_of(sells, price_points)
        level = ladder.find(key)
        if self.tells_depth:
            self._note(sells, key, level)
        rows[row + NEXT] = NO_ROW
        if level < 0:
            level = self._new_level()
            levels = self.levels
            levels[level + LEVEL_KEY] = key
            levels[level + FIRST] = row
            levels[level + LEVEL_UNITS] = units
            levels[level + LEVEL_ORDERS] = 1
            rows[row + PREVIOUS] = NO_ROW
            ladder.insert(key, level)
        else:
            levels = self.levels
            last = levels[level + LAST]
            rows[last + NEXT] = row
            rows[row + PREVIOUS] = last
            levels[level + LEVEL_UNITS] = levels[level + LEVEL_UNITS] + units
            levels[level + LEVEL_ORDERS] = levels[level + LEVEL_ORDERS] + 1
        levels[level + LAST] = row
        rows[row + LEVEL] = level

    def _new_level(self) -> i64:
        level = self.free
        if level >= 0:
            self.free = self.levels[level + FIRST]
            return level
        level = self.used
        if level == self.capacity:
            self.levels = grown(self.levels, level)
            self.capacity = 2 * level
        self.used = level + LEVEL_WORDS
        return level

    def take(self, ladder: Ladder, row: i64, units: i64) -> bool:
        """Fills `units` of the first order of the best level; True if nothing of it is left.

        An order of which nothing is left is out of the book; its row is the caller's to end.
        """
        rows = self.orders.rows
        levels = self.levels
        level = ladder.best_level
        if self.tells_depth:
            self._note(rows[row + FLAGS] & SELLS, ladder.best_key, level)
        left = rows[row + UNITS] - units
        rows[row + UNITS] = left
        if left > 0:
            levels[level + LEVEL_UNITS] = levels[level + LEVEL_UNITS] - units
            return False
        after = rows[row + NEXT]
        if after < 0:
            ladder.delete(ladder.best_key)
            levels[level + FIRST] = self.free
            self.free = level
            return True
        rows[after + PREVIOUS] = NO_ROW
        levels[level + FIRST] = after
        levels[level + LEVEL_UNITS] = levels[level + LEVEL_UNITS] - units
        levels[level + LEVEL_ORDERS] = levels[level + LEVEL_ORDERS] - 1
        return True

    def remove(self, row: i64) -> None:
        """Takes a resting order out, wherever it stands; its row is the caller's to end."""
        rows = self.orders.rows
        levels = self.levels
        level = rows[row + LEVEL]
        if self.tells_depth:
            self._note(rows[row + FLAGS] & SELLS, levels[level + LEVEL_KEY], level)
        before = rows[row + PREVIOUS]
        after = rows[row + NEXT]
        if before < 0 and after < 0:
            ladder = self.bids if rows[row + FLAGS] & SELLS == 0 else self.asks
            ladder.delete(levels[level + LEVEL_KEY])
            levels[level + FIRST] = self.free
            self.free = level
            return
        if before >= 0:
            rows[before + NEXT] = after
        else:
            levels[level + FIRST] = after
        if after >= 0:
            rows[after + PREVIOUS] = before
        else:
            levels[level + LAST] = before
        levels[level + LEVEL_UNITS] = levels[level + LEVEL_UNITS] - rows[row + UNITS]
        levels[level + LEVEL_ORDERS] = levels[level + LEVEL_ORDERS] - 1

    def reduce(self, row: i64, units: i64) -> None:
        """Makes a resting order smaller by `units` (less than it has); it keeps its place."""
        rows = self.orders.rows
        levels = self.levels
        level = rows[row + LEVEL]
        if self.tells_depth:
            self._note(rows[row + FLAGS] & SELLS, levels[level + LEVEL_KEY], level)
        rows[row + UNITS] = rows[row + UNITS] - units
        levels[level + LEVEL_UNITS] = levels[level + LEVEL_UNITS] - units

    def _note(self, side: i64, key: i64, level: i64) -> None:
        """Keeps what a level is before its first change since `levels_before` was cleared."""
        place: int = int(side << _KEY_BITS | key)
        if place not in self.levels_before:
            if level < 0:
                self.levels_before[place] = (0, 0)
            else:
                units: int = int(self.levels[level + LEVEL_UNITS])
                self.levels_before[place] = (units, int(self.levels[level + LEVEL_ORDERS]))

    def changed_levels(self) -> list[tuple[int, int, int, int]]:
        """Side, key, volume, orders of what changed since the last call: bids first, best first."""
        found: list[tuple[int, int, int, int]] = []
        for place in sorted(self.levels_before):
            side: i64 = place >> _KEY_BITS
            key: i64 = place & (KEY_LIMIT - 1)
            level = self.side(side).find(key)
            now = (0, 0)
            if level >= 0:
                units: int = int(self.levels[level + LEVEL_UNITS])
                now = (units, int(self.levels[level + LEVEL_ORDERS]))
            if now != self.levels_before[place]:
                found.append((int(side), int(key), now[0], now[1]))
        self.levels_before.clear()
        return found

    def check(self) -> None:
        """Every invariant; raises AssertionError with the place."""
        self.bids.check()
        self.asks.check()
        free: i64 = 0
        level = self.free
        while level >= 0:
            free += 1
            level = self.levels[level + FIRST]
        used = self.bids.count() + self.asks.count()
        assert (used + free) * LEVEL_WORDS == self.used, "each level is in use or free"
        self._check_side(v.BUY)
        self._check_side(v.SELL)

    def _check_side(self, side: i64) -> None:
        ladder = self.side(side)
        rows = self.orders.rows
        levels = self.levels
        key = ladder.keys.first()
        while key < KEY_LIMIT:
            level = ladder.find(key)
            units: i64 = 0
            count: i64 = 0
            before: i64 = NO_ROW
            row = levels[level + FIRST]
            while row >= 0:
                assert rows[row + LEVEL] == level, f"row {row} knows its level"
                assert rows[row + PREVIOUS] == before, f"row {row} knows the row before it"
                assert rows[row + FLAGS] & SELLS == side, f"row {row} is on its side"
                assert self.price_of(row) == key_of(side, key), f"row {row} is at its price"
                assert rows[row + UNITS] > 0, f"row {row} has volume"
                units += rows[row + UNITS]
                count += 1
                before = row
                row = rows[row + NEXT]
            assert levels[level + LAST] == before, f"level {key} knows its last order"
            assert levels[level + LEVEL_KEY] == key, f"level {key} knows its key"
            assert levels[level + LEVEL_UNITS] == units, f"level {key} counts its volume"
            assert levels[level + LEVEL_ORDERS] == count, f"level {key} counts its orders"
            key = ladder.keys.after(key)
