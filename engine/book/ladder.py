"""The price levels of one side of a book.

This file may find, insert and delete levels; the orders in them are `book.py`'s.

A level stands under a *key*, chosen so that the best price has the smallest key on both
sides: `key_of`. A table leads from key to level, the ordered set finds the next best
where the best level ends. The best level is kept at hand.
"""

from typing import Final

from mypy_extensions import i64, mypyc_attr

from engine import vocabulary as v
from engine.book.keys import KEY_LIMIT, KeySet
from engine.number_table import NumberTable

NO_LEVEL: Final = -1


def key_of(side: i64, price_points: i64) -> i64:
    """The key of a price on a side: the better the price, the smaller the key.

    It is its own reverse: of a key it gives the price.
    """
    return KEY_LIMIT - 1 - price_points if side == v.BUY else price_points


def limit_key_of(side: i64, price_points: i64) -> i64:
    """The last key, on the other side, that an order of this side and limit may take."""
    return price_points if side == v.BUY else KEY_LIMIT - 1 - price_points


@mypyc_attr(acyclic=True)
class Ladder:
    """Levels by key, the best first."""

    def __init__(self) -> None:
        self.best_key: i64 = KEY_LIMIT
        self.best_level: i64 = NO_LEVEL
        self.keys = KeySet()
        self.table = NumberTable()
        """Key to level."""

    def count(self) -> i64:
        """Number of levels."""
        return self.table.count

    def find(self, key: i64) -> i64:
        """The level under a key, or `NO_LEVEL`."""
        return self.table.find(key)

    def insert(self, key: i64, level: i64) -> None:
        """Puts a level under a key that has none."""
        self.table.add(key, level)
        self.keys.add(key)
        if key < self.best_key:
            self.best_key = key
            self.best_level = level

    def delete(self, key: i64) -> None:
        """Takes out a key that has a level."""
        self.table.take(key)
        self.keys.remove(key)
        if key == self.best_key:
            best = self.keys.first()
            self.best_key = best
            self.best_level = self.find(best)

    def check(self) -> None:
        """Every invariant; raises AssertionError with the place."""
        self.keys.check()
        self.table.check()
        count: i64 = 0
        key = self.keys.first()
        assert self.best_key == key, "the best key is the first"
        assert self.best_level == self.find(key), "the best level is that of the best key"
        while key < KEY_LIMIT:
            assert self.find(key) >= 0, f"key {key}: each key has a level"
            count += 1
            key = self.keys.after(key)
        assert self.table.count == count, "each level has a key"
