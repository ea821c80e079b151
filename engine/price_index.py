"""Price-ordered indexes: which watches does a new price reach?

This file may hold the index and nothing about what is watched.

A *watch* asks to be found once a price reaches its key. There are four directions,
bid up, bid down, ask up and ask down; every instrument has one binary heap for each, so a
tick compares four prices with four heap tops and, when none is reached, is done. Falling
prices are stored negated, so every heap is a min-heap and a watch is reached when
`signed price >= key`.

Watches that were reached stay until their owner removes or moves them, because a refused
action waits for the next trigger; `collect` walks only the reached part of a heap.

A watch is a small integer chosen by the owner, dense from 0. It is in at most one heap.
"""

from typing import Final

from librt.vecs import append, vec
from mypy_extensions import i64, mypyc_attr

BID_UP: Final = 0
BID_DOWN: Final = 1
ASK_UP: Final = 2
ASK_DOWN: Final = 3
DIRECTIONS: Final = 4

NEVER: Final = 2**62 + 2**61
"""Larger than any signed price and any time: the top of an empty heap."""
ALWAYS: Final = -(2**62)
"""Smaller than any signed price: a watch that every tick reaches."""


@mypyc_attr(acyclic=True)
class PriceHeap:
    """One binary min-heap of (key, watch)."""

    def __init__(self) -> None:
        self.keys: vec[i64] = vec[i64]()
        self.watches: vec[i64] = vec[i64]()
        self.size: i64 = 0


class PriceIndex:
    """The four heaps of every instrument, for one family of watches.

    `set` and `remove` take O(log n) of the heap, `find_reached` O(reached).
    """

    def __init__(self) -> None:
        self.heaps: list[PriceHeap] = []
        self.tops: vec[i64] = vec[i64]()
        self.heap_of: vec[i64] = vec[i64]()
        self.slot_of: vec[i64] = vec[i64]()
        self.watch_count: i64 = 0

    def ensure_instruments(self, count: i64) -> None:
        """Makes heaps for instruments 0..count-1."""
        while i64(len(self.heaps)) < count * DIRECTIONS:
            self.heaps.append(PriceHeap())
            self.tops = append(self.tops, NEVER)

    def ensure_watches(self, count: i64) -> None:
        """Makes room for watches 0..count-1."""
        while self.watch_count < count:
            self.heap_of = append(self.heap_of, -1)
            self.slot_of = append(self.slot_of, -1)
            self.watch_count += 1

    def set(self, watch: i64, instrument: i64, direction: i64, key: i64) -> None:
        """Puts a watch at a key, wherever it was before."""
        index = instrument * DIRECTIONS + direction
        if self.heap_of[watch] == index:
            heap = self.heaps[index]
            slot = self.slot_of[watch]
            old = heap.keys[slot]
            if key < old:
                self._sift_up(heap, slot, key, watch)
            elif key > old:
                self._sift_down(heap, slot, key, watch)
            else:
                return
            self.tops[index] = heap.keys[0]
            return
        if self.heap_of[watch] >= 0:
            self.remove(watch)
        heap = self.heaps[index]
        slot = heap.size
        if slot == i64(len(heap.keys)):
            heap.keys = append(heap.keys, 0)
            heap.watches = append(heap.watches, 0)
        heap.size = slot + 1
        self.heap_of[watch] = index
        self._sift_up(heap, slot, key, watch)
        self.tops[index] = heap.keys[0]

    def remove(self, watch: i64) -> None:
        """Takes a watch out; nothing happens if it is in no heap."""
        index = self.heap_of[watch]
        if index < 0:
            return
        self.heap_of[watch] = -1
        heap = self.heaps[index]
        slot = self.slot_of[watch]
        last = heap.size - 1
        heap.size = last
        if slot != last:
            key = heap.keys[last]
            moved = heap.watches[last]
            if key < heap.keys[slot]:
                self._sift_up(heap, slot, key, moved)
            else:
                self._sift_down(heap, slot, key, moved)
        if last > 0:
            self.tops[index] = heap.keys[0]
        else:
            self.tops[index] = NEVER

    def key_of(self, watch: i64) -> i64:
        """The key of a watch; `NEVER` if it is in no heap."""
        index = self.heap_of[watch]
        if index < 0:
            return NEVER
        return self.heaps[index].keys[self.slot_of[watch]]

    def find_reached(self, instrument: i64, bid: i64, ask: i64, found: list[int]) -> bool:
        """Fills `found` with the watches that a quote reaches; False where there is none.

        The answer for a quote that reaches nothing takes four comparisons.
        """
        at = instrument * DIRECTIONS
        tops = self.tops
        if (
            tops[at + BID_UP] > bid
            and tops[at + BID_DOWN] > -bid
            and tops[at + ASK_UP] > ask
            and tops[at + ASK_DOWN] > -ask
        ):
            return False
        found.clear()
        self.collect(instrument, BID_UP, bid, found)
        self.collect(instrument, BID_DOWN, -bid, found)
        self.collect(instrument, ASK_UP, ask, found)
        self.collect(instrument, ASK_DOWN, -ask, found)
        return True

    def collect(self, instrument: i64, direction: i64, price: i64, found: list[int]) -> None:
        """Appends every watch whose key is reached by the signed price, in no order."""
        index = instrument * DIRECTIONS + direction
        if self.tops[index] > price:
            return
        heap = self.heaps[index]
        keys = heap.keys
        watches = heap.watches
        size = heap.size
        start = i64(len(found))
        found.append(0)
        at = start
        while at < i64(len(found)):
            slot: i64 = found[at]
            found[at] = watches[slot]
            child = 2 * slot + 1
            if child < size and keys[child] <= price:
                found.append(child)
            child += 1
            if child < size and keys[child] <= price:
                found.append(child)
            at += 1

    def _sift_up(self, heap: PriceHeap, slot: i64, key: i64, watch: i64) -> None:
        keys = heap.keys
        watches = heap.watches
        slots = self.slot_of
        while slot > 0:
            parent = (slot - 1) >> 1
            parent_key = keys[parent]
            if parent_key <= key:
                break
            moved = watches[parent]
            keys[slot] = parent_key
            watches[slot] = moved
            slots[moved] = slot
            slot = parent
        keys[slot] = key
        watches[slot] = watch
        slots[watch] = slot

    def _sift_down(self, heap: PriceHeap, slot: i64, key: i64, watch: i64) -> None:
        keys = heap.keys
        watches = heap.watches
        slots = self.slot_of
        size = heap.size
        child = 2 * slot + 1
        while child < size:
            child_key = keys[child]
            if child + 1 < size and keys[child + 1] < child_key:
                child += 1
                child_key = keys[child]
            if key <= child_key:
                break
            moved = watches[child]
            keys[slot] = child_key
            watches[slot] = moved
            slots[moved] = slot
            slot = child
            child = 2 * slot + 1
        keys[slot] = key
        watches[slot] = watch
        slots[watch] = slot

    def check(self) -> None:
        """Every invariant of the index; raises AssertionError with the place."""
        for index, heap in enumerate(self.heaps):
            top = heap.keys[0] if heap.size > 0 else NEVER
            assert self.tops[index] == top, f"heap {index}: the cached top is the smallest key"
            slot: i64 = 0
            while slot < heap.size:
                parent = (slot - 1) >> 1
                assert slot == 0 or heap.keys[parent] <= heap.keys[slot], (
                    f"heap {index}, slot {slot}: no key is smaller than its parent's"
                )
                watch = heap.watches[slot]
                assert self.heap_of[watch] == index and self.slot_of[watch] == slot, (
                    f"heap {index}, slot {slot}: the watch knows its place"
                )
                slot += 1
