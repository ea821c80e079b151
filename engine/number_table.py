"""Numbers to numbers: where is what stands under this ticket, login or price?

This file may hold the table; what keys and values mean is the caller's.

Open addressing in one vector of (key, value) pairs. Four keys in a row share a cache line,
because what comes together is often looked for together; where the four go is scattered,
because a straight run would pile up against keys that have been there for long. Taking a key
out closes the gap behind it, so nothing is left to clean up later.
"""

from typing import Final

from librt.vecs import vec
from mypy_extensions import i64, mypyc_attr

NOT_FOUND: Final = -1
_EMPTY: Final = -1
_START_PLACES: Final = 64
_START_BITS: Final = 6
_SHARED_BITS: Final = 2
_SHARED_MASK: Final = 3
_HASH_MASK: Final = 2**31 - 1
_PRODUCT_BITS: Final = 32
_MULTIPLIER: Final = 2_654_435_769
"""2**32 divided by the golden ratio: neighbours go to distant places."""


def _home(key: i64, shift: i64, mask: i64) -> i64:
    """Where a key stands in a table of `mask + 1` places if nothing is in its way."""
    block = ((key >> _SHARED_BITS) & _HASH_MASK) * _MULTIPLIER >> shift
    return (block << _SHARED_BITS | (key & _SHARED_MASK)) & mask


@mypyc_attr(acyclic=True)
class NumberTable:
    """Keys of 0 and above, each with a value of 0 and above."""

    def __init__(self, room: i64 = 0) -> None:
        """`room`: how many keys it holds before it grows for the first time, at least."""
        self.count: i64 = 0
        self.mask: i64 = _START_PLACES - 1
        self.shift: i64 = _PRODUCT_BITS + _SHARED_BITS - _START_BITS
        while self.mask < 2 * room:
            self.mask = 2 * self.mask + 1
            self.shift -= 1
        self.pairs: vec[i64] = vec[i64]([_EMPTY] * int(2 * self.mask + 2))

    def find(self, key: i64) -> i64:
        """The value under a key (also one below 0, which is never there), or `NOT_FOUND`."""
        pairs = self.pairs
        mask = self.mask
        at = _home(key, self.shift, mask)
        while True:
            there = pairs[2 * at]
            if there < 0:
                return NOT_FOUND
            if there == key:
                return pairs[2 * at + 1]
            at = (at + 1) & mask

    def add(self, key: i64, value: i64) -> bool:
        """Puts a value under a key; False, and nothing happens, if the key has one."""
        if 2 * self.count > self.mask:
            self._grow()
        pairs = self.pairs
        mask = self.mask
        at = _home(key, self.shift, mask)
        while pairs[2 * at] >= 0:
            if pairs[2 * at] == key:
                return False
            at = (at + 1) & mask
        pairs[2 * at] = key
        pairs[2 * at + 1] = value
        self.count += 1
        return True

    def _grow(self) -> None:
        old = self.pairs
        size = self.mask + 1
        mask = 2 * size - 1
        shift = self.shift - 1
        pairs = vec[i64]([_EMPTY] * int(4 * size))
        slot: i64 = 0
        while slot < size:
            key = old[2 * slot]
            if key >= 0:
                at = _home(key, shift, mask)
                while pairs[2 * at] >= 0:
                    at = (at + 1) & mask
                pairs[2 * at] = key
                pairs[2 * at + 1] = old[2 * slot + 1]
            slot += 1
        self.pairs = pairs
        self.mask = mask
        self.shift = shift

    def take(self, key: i64) -> i64:
        """Takes a key out and returns its value, or `NOT_FOUND`."""
        pairs = self.pairs
        mask = self.mask
        shift = self.shift
        at = _home(key, shift, mask)
        while True:
            there = pairs[2 * at]
            if there < 0:
                return NOT_FOUND
            if there == key:
                break
            at = (at + 1) & mask
        value = pairs[2 * at + 1]
        gap = at
        while True:
            at = (at + 1) & mask
            there = pairs[2 * at]
            if there < 0:
                break
            if ((at - _home(there, shift, mask)) & mask) >= ((at - gap) & mask):
                pairs[2 * gap] = there
                pairs[2 * gap + 1] = pairs[2 * at + 1]
                gap = at
        pairs[2 * gap] = _EMPTY
        self.count -= 1
        return value

    def check(self) -> None:
        """Every invariant; raises AssertionError with the place."""
        assert 2 * self.count <= self.mask + 1, "at least half of the places are empty"
        count: i64 = 0
        at: i64 = 0
        while at <= self.mask:
            key = self.pairs[2 * at]
            if key >= 0:
                count += 1
                assert self.find(key) == self.pairs[2 * at + 1], f"key {key} is found"
            at += 1
        assert count == self.count, "the keys are counted"
