"""The price levels of one side of a book.

This file may find, insert and delete levels; the orders in them are `book.py`'s.

A level stands under a *key*, chosen so that the best price has the smallest key on both
sides: `key_of`. A hash table leads from key to level, the ordered set finds the next best
where the best level ends. The best level is kept at hand.
"""

from typing import Final

from librt.vecs import vec
from mypy_extensions import i64, mypyc_attr

from engine import vocabulary as v
from engine.book.keys import KEY_LIMIT, KeySet

NO_LEVEL: Final = -1
_START_BITS: Final = 6
_START_SLOTS: Final = 64
_MULTIPLIER: Final = 2_654_435_769
"""2**32 divided by the golden ratio: neighbouring keys go to distant places."""
_PRODUCT_BITS: Final = 32


def key_of(side: i64, price_points: i64) -> i64:
    """The key of a price on a side: the better the price, the smaller the key."""
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
        self.count: i64 = 0
        self.keys = KeySet()
        self.table: vec[i64] = vec[i64]([-1] * (2 * _START_SLOTS))
        """Pairs of key and level, open addressing; a key of -1 is an empty place."""
        self.mask: i64 = _START_SLOTS - 1
        self.shift: i64 = _PRODUCT_BITS - _START_BITS

    def find(self, key: i64) -> i64:
        """The level under a key, or `NO_LEVEL`."""
        table = self.table
        mask = self.mask
        at = (key * _MULTIPLIER >> self.shift) & mask
        while True:
            there = table[2 * at]
            if there == key:
                return table[2 * at + 1]
            if there < 0:
                return NO_LEVEL
            at = (at + 1) & mask

    def insert(self, key: i64, level: i64) -> None:
        """Puts a level under a key that has none."""
        if 2 * self.count > self.mask:
            self._grow()
        self._put(key, level)
        self.count += 1
        self.keys.add(key)
        if key < self.best_key:
            self.best_key = key
            self.best_level = level

    def _put(self, key: i64, level: i64) -> None:
        table = self.table
        mask = self.mask
        at = (key * _MULTIPLIER >> self.shift) & mask
        while table[2 * at] >= 0:
            at = (at + 1) & mask
        table[2 * at] = key
        table[2 * at + 1] = level

    def _grow(self) -> None:
        old = self.table
        size = self.mask + 1
        self.table = vec[i64]([-1] * int(4 * size))
        self.mask = 2 * size - 1
        self.shift -= 1
        at: i64 = 0
        while at < size:
            if old[2 * at] >= 0:
                self._put(old[2 * at], old[2 * at + 1])
            at += 1

    def delete(self, key: i64) -> None:
        """Takes out a key that has a level; the entries behind it close the gap."""
        table = self.table
        mask = self.mask
        at = (key * _MULTIPLIER >> self.shift) & mask
        while table[2 * at] != key:
            at = (at + 1) & mask
        gap = at
        while True:
            at = (at + 1) & mask
            there = table[2 * at]
            if there < 0:
                break
            home = (there * _MULTIPLIER >> self.shift) & mask
            if ((at - home) & mask) >= ((at - gap) & mask):
                table[2 * gap] = there
                table[2 * gap + 1] = table[2 * at + 1]
                gap = at
        table[2 * gap] = -1
        self.count -= 1
        self.keys.remove(key)
        if key == self.best_key:
            best = self.keys.first()
            self.best_key = best
            self.best_level = self.find(best) if best < KEY_LIMIT else NO_LEVEL

    def check(self) -> None:
        """Every invariant; raises AssertionError with the place."""
        self.keys.check()
        count: i64 = 0
        key = self.keys.first()
        assert self.best_key == key, "the best key is the first"
        assert self.best_level == (self.find(key) if key < KEY_LIMIT else NO_LEVEL)
        while key < KEY_LIMIT:
            assert self.find(key) >= 0, f"key {key}: each key has a level"
            count += 1
            key = self.keys.after(key)
        assert self.count == count, "each level has a key"
