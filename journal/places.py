"""Where LMDB's tree says that blocks and client keys are, read past LMDB.

This file may follow the trees of a whole file (`page_check.py`); it decides nothing.
"""

from bisect import bisect_left
from contextlib import closing
from typing import Final, NamedTuple

import numpy as np

from journal.errors import CorruptJournal
from journal.framing import key_digest
from journal.layout import BLOCKS, KEY_SIZE, KEYS, META, META_KEY, SEQUENCE, STORED_SEQUENCE
from journal.page_check import check, newest_trees
from journal.page_trees import Tree, named
from journal.pages import BIG, HEADER, NODE, PAGE, Ints, PageFile

_POINTER: Final = 8
"""Bytes of a page number in a node."""


class Places(NamedTuple):
    """What the trees of a whole file name."""

    description: bytes
    """The value under `journal` in the database `meta`."""
    firsts: list[int]
    """First sequences of the blocks, ascending."""
    offsets: list[int]
    """Where each of them begins in the file."""
    keys: int
    """Client keys in their index."""
    key_digest: int
    """`framing.key_digest` of the whole index."""

    def offset_of(self, first_sequence: int) -> int | None:
        """Where the block is that begins with a sequence; None: there is none."""
        index = bisect_left(self.firsts, first_sequence)
        there = index < len(self.firsts) and self.firsts[index] == first_sequence
        return self.offsets[index] if there else None


def read_places(name: str) -> Places:
    """What the trees of a data file name. Raises `CorruptJournal` where any is damaged.

    Nobody may write the file meanwhile.
    """
    try:
        with closing(PageFile(name)) as file:
            check(file, heads=True)
            trees = newest_trees(file)
            for each in (META, BLOCKS, KEYS):
                if named(each) not in trees:
                    raise CorruptJournal(name, 0, 0, f"the {named(each)} is missing")
            firsts, offsets = _block_places(name, trees[named(BLOCKS)])
            count, digest = _digest_of(name, trees[named(KEYS)])
            return Places(_description(trees[named(META)]), firsts, offsets, count, digest)
    except OSError as error:
        raise CorruptJournal(name, 0, 0, f"can't be read: {error.strerror}") from error


def _description(tree: Tree) -> bytes:
    """The description of the journal; b"": there is none."""
    for leaves in tree.leaves():
        for index, key in enumerate(leaves.keys.tolist()):
            if key == META_KEY:
                start = int(leaves.nodes.starts[index]) + NODE + len(META_KEY)
                size = int(leaves.nodes.values[index])
                return leaves.nodes.data[start : start + size].tobytes()
    return b""


def _block_places(name: str, tree: Tree) -> tuple[list[int], list[int]]:
    """First sequences and offsets of all blocks."""
    firsts: list[int] = []
    offsets: list[int] = []
    for leaves in tree.leaves():
        nodes = leaves.nodes
        if leaves.blocks is None or (nodes.key_sizes != SEQUENCE.size).any():
            raise CorruptJournal(name, 0, 0, f"a block is not under a key of {SEQUENCE.size} bytes")
        pages = np.repeat(leaves.numbers, nodes.counts)
        within = nodes.starts % PAGE + NODE + SEQUENCE.size
        found: Ints = pages * PAGE + within
        big = nodes.flags == BIG
        pointers = nodes.fields(SEQUENCE.size, _POINTER).astype(f"S{_POINTER}").view("<i8")
        found[big] = pointers[big] * PAGE + HEADER
        firsts += leaves.blocks.tolist()
        offsets += found.tolist()
    return firsts, offsets


def _digest_of(name: str, tree: Tree) -> tuple[int, int]:
    """How many client keys there are, and the digest of the index."""
    count = digest = 0
    for leaves in tree.leaves():
        nodes = leaves.nodes
        right = (nodes.key_sizes == KEY_SIZE) & (nodes.values == STORED_SEQUENCE.size)
        if not right.all():
            raise CorruptJournal(name, 0, 0, "a client key has another size than it must have")
        rows = nodes.fields(0, KEY_SIZE + STORED_SEQUENCE.size)
        count += len(rows)
        digest = (digest + key_digest(rows.tobytes())) % 2**64
    return count, digest
