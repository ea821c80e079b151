"""An ordered set of keys: which prices have orders, and which of them comes first?

This file may hold the set; what a key means is the caller's.

A trie of 32-way nodes over 31-bit keys. A node is 33 words: a summary, one bit for each
child that is not empty, and the children. The children of a lowest node are words
of 32 bits, one for each key. Nodes are made on demand and reused, so memory follows the number of
keys, not their spread, and no range has to be fixed before.

`add`, `remove`, `first` and `after` take at most seven steps, whatever the number of keys.
"""

from typing import Final

from librt.vecs import vec
from mypy_extensions import i64, mypyc_attr

from engine.vectors import grown

KEY_LIMIT: Final = 2**31
"""Above every key; what `first` and `after` return where there is none."""
_BITS: Final = 5
_MASK: Final = 31
_NODE_WORDS: Final = 33
_TOP_SHIFT: Final = 30
_START_NODES: Final = 32
_MOST_STEPS: Final = 8
# The place of the only bit of a 32-bit word, by the top bits of its product with a
# de Bruijn number, in which every pattern of five bits occurs once.
_DE_BRUIJN: Final = 0x077CB531
_DE_BRUIJN_SHIFT: Final = 27


def _places() -> vec[i64]:
    places = [0] * 32
    for place in range(32):
        places[(_DE_BRUIJN << place >> _DE_BRUIJN_SHIFT) & _MASK] = place
    return vec[i64](places)


@mypyc_attr(acyclic=True)
class KeySet:
    """Keys in 0 .. 2**31 - 1, smallest first."""

    def __init__(self) -> None:
        self.capacity: i64 = _START_NODES * _NODE_WORDS
        self.nodes: vec[i64] = vec[i64]([0] * int(self.capacity))
        self.used: i64 = _NODE_WORDS
        self.free: i64 = 0
        """First of the free nodes, linked by their first child; 0 (the root) ends the list."""
        self.places = _places()
        self.path: vec[i64] = vec[i64]([0] * _MOST_STEPS)

    def add(self, key: i64) -> None:
        """Puts a key in; nothing happens if it is there."""
        nodes = self.nodes
        at: i64 = 0
        shift: i64 = _TOP_SHIFT
        while shift > _BITS:
            child = at + 1 + ((key >> shift) & _MASK)
            below = nodes[child]
            if below == 0:
                below = self._new_node()
                nodes = self.nodes
                nodes[child] = below
                nodes[at] = nodes[at] | 1 << ((key >> shift) & _MASK)
            at = below
            shift -= _BITS
        place = (key >> _BITS) & _MASK
        nodes[at] = nodes[at] | 1 << place
        at += 1 + place
        nodes[at] = nodes[at] | 1 << (key & _MASK)

    def _new_node(self) -> i64:
        at = self.free
        if at != 0:
            self.free = self.nodes[at + 1]
            self.nodes[at + 1] = 0
            return at
        at = self.used
        if at + _NODE_WORDS > self.capacity:
            self.nodes = grown(self.nodes, self.capacity)
            self.capacity = 2 * self.capacity
        self.used = at + _NODE_WORDS
        return at

    def remove(self, key: i64) -> None:
        """Takes out a key that is in the set; nodes that end up empty are free again."""
        nodes = self.nodes
        path = self.path
        at: i64 = 0
        depth: i64 = 0
        shift: i64 = _TOP_SHIFT
        while shift > _BITS:
            path[depth] = at
            depth += 1
            at = nodes[at + 1 + ((key >> shift) & _MASK)]
            shift -= _BITS
        place = (key >> _BITS) & _MASK
        word = nodes[at + 1 + place] ^ 1 << (key & _MASK)
        nodes[at + 1 + place] = word
        if word != 0:
            return
        nodes[at] = nodes[at] ^ 1 << place
        while nodes[at] == 0 and depth > 0:
            nodes[at + 1] = self.free
            self.free = at
            depth -= 1
            shift += _BITS
            at = path[depth]
            place = (key >> shift) & _MASK
            nodes[at + 1 + place] = 0
            nodes[at] = nodes[at] ^ 1 << place

    def first(self) -> i64:
        """The smallest key, or `KEY_LIMIT`."""
        if self.nodes[0] == 0:
            return KEY_LIMIT
        return self._first_below(0, 0, _TOP_SHIFT)

    def _first_below(self, at: i64, prefix: i64, shift: i64) -> i64:
        """The smallest key under a node that is not empty."""
        nodes = self.nodes
        places = self.places
        while True:
            word = nodes[at]
            place = places[((word & -word) * _DE_BRUIJN >> _DE_BRUIJN_SHIFT) & _MASK]
            prefix = prefix << _BITS | place
            at = nodes[at + 1 + place]
            if shift == _BITS:
                place = places[((at & -at) * _DE_BRUIJN >> _DE_BRUIJN_SHIFT) & _MASK]
                return prefix << _BITS | place
            shift -= _BITS

    def after(self, key: i64) -> i64:
        """The smallest key above `key` (in the set or not), or `KEY_LIMIT`."""
        nodes = self.nodes
        places = self.places
        path = self.path
        at: i64 = 0
        depth: i64 = 0
        shift: i64 = _TOP_SHIFT
        while shift > _BITS:
            path[depth] = at
            depth += 1
            at = nodes[at + 1 + ((key >> shift) & _MASK)]
            if at == 0:
                break
            shift -= _BITS
        if at != 0:
            word = _above(nodes[at + 1 + ((key >> _BITS) & _MASK)], key & _MASK)
            if word != 0:
                place = places[((word & -word) * _DE_BRUIJN >> _DE_BRUIJN_SHIFT) & _MASK]
                return key >> _BITS << _BITS | place
            path[depth] = at
            depth += 1
        while depth > 0:
            depth -= 1
            at = path[depth]
            word = _above(nodes[at], (key >> shift) & _MASK)
            if word != 0:
                place = places[((word & -word) * _DE_BRUIJN >> _DE_BRUIJN_SHIFT) & _MASK]
                prefix = key >> shift >> _BITS << _BITS | place
                below = nodes[at + 1 + place]
                if shift == _BITS:
                    place = places[((below & -below) * _DE_BRUIJN >> _DE_BRUIJN_SHIFT) & _MASK]
                    return prefix << _BITS | place
                return self._first_below(below, prefix, shift - _BITS)
            shift += _BITS
        return KEY_LIMIT

    def check(self) -> None:
        """Every invariant; raises AssertionError with the place."""
        found = self._check_node(0, _TOP_SHIFT)
        free = 0
        at = self.free
        while at != 0:
            free += 1
            at = self.nodes[at + 1]
        assert (found + free) * _NODE_WORDS == int(self.used), "each node is in use or free"

    def _check_node(self, at: i64, shift: i64) -> int:
        """Number of nodes from here down."""
        nodes = 1
        for place in range(32):
            child = self.nodes[at + 1 + place]
            assert (self.nodes[at] >> place & 1 == 1) == (child != 0), (
                f"node {at}: a child is not empty where the summary has its bit"
            )
            if child != 0 and shift > _BITS:
                nodes += self._check_node(child, shift - _BITS)
        return nodes


def _above(word: i64, place: i64) -> i64:
    """The bits of a word above a place."""
    return word & ~((2 << place) - 1)
