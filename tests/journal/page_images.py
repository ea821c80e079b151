"""A data file in memory whose pages can be looked at and damaged field by field, for tests.

This file may know LMDB's page format; it asks the shipped code only where the trees lie.
"""

import contextlib
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from journal.layout import BLOCKS, KEYS
from journal.page_check import newest_trees
from journal.page_trees import Tree, named
from journal.pages import BIG, HEADER, NODE, PAGE, PageFile

FREE_RECORD = 40
MAIN_RECORD = 88
LAST_PAGE = 136
NUMBER = 144
"""Offsets in a meta page."""
DEPTH, BRANCHES, LEAVES, OVERFLOWS, ENTRIES, ROOT = 6, 8, 16, 24, 32, 40
"""Offsets in the record of a tree."""


class Image:
    """The bytes of a data file; `write` puts them back."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.data = bytearray(file.read_bytes())
        with contextlib.closing(PageFile(str(file))) as pages:
            self.older, self.newer = pages.metas()
            self.trees = newest_trees(pages)
            for tree in self.trees.values():
                tree.check_values(heads=True)

    def write(self) -> None:
        self.file.write_bytes(self.data)

    def number(self, at: int, size: int = 8) -> int:
        return int.from_bytes(self.data[at : at + size], "little")

    def put(self, at: int, value: int, size: int = 8) -> None:
        self.data[at : at + size] = value.to_bytes(size, "little")

    def add(self, at: int, difference: int, size: int = 8) -> None:
        self.put(at, self.number(at, size) + difference, size)

    def page(self, number: int) -> bytes:
        return bytes(self.data[number * PAGE : (number + 1) * PAGE])

    # ------------------------------------------------------------ where things are

    @property
    def free_leaf(self) -> int:
        """The one page of the newest free list."""
        assert self.newer.free.depth == 1
        return self.newer.free.root

    @property
    def names_leaf(self) -> int:
        """The page with the records of the named databases."""
        assert self.newer.main.depth == 1
        return self.newer.main.root

    @property
    def blocks(self) -> Tree:
        return self.trees[named(BLOCKS)]

    @property
    def keys(self) -> Tree:
        return self.trees[named(KEYS)]

    def record(self, name: bytes) -> int:
        """Where the record of a named database is."""
        for node in self.nodes(self.names_leaf):
            size = self.number(node + 6, 2)
            if self.data[node + NODE : node + NODE + size] == name:
                return node + NODE + size
        raise KeyError(name)

    def offsets(self, page: int) -> range:
        """Where the offsets of a page's nodes are, in the order of keys."""
        start = page * PAGE
        return range(start + HEADER, start + self.number(start + 12, 2), 2)

    def nodes(self, page: int) -> Iterator[int]:
        """Where the nodes of a page are, in the order of keys."""
        for at in self.offsets(page):
            yield page * PAGE + self.number(at, 2)

    def children(self, page: int) -> list[int]:
        """The pages below a branch."""
        return [self.number(node, 6) for node in self.nodes(page)]

    def big_nodes(self) -> list[int]:
        """The nodes of blocks that have pages of their own."""
        return [n for n in self.nodes(self.blocks.record.root) if self.number(n + 4, 2) == BIG]

    def free_list(self) -> tuple[int, list[int]]:
        """Where the last list of free pages is, and its pages."""
        *_, node = self.nodes(self.free_leaf)
        at = node + NODE + 8
        return at, list(struct.unpack_from(f"<{self.number(at)}Q", self.data, at + 8))

    def used_pages(self) -> set[int]:
        """Every page of the newest state that LMDB or a reader looks at."""
        used = {0, 1, self.free_leaf, self.names_leaf}
        for tree in self.trees.values():
            for run in tree.used:
                for start, count in zip(run.starts.tolist(), run.counts.tolist(), strict=True):
                    used.update(range(start, start + count))
        return used


def nodes_of(page: bytes, number: int, kind: int, folder: Path) -> None:
    """What the shipped code does with one page of a file: nothing, or it raises."""
    file = folder / "one-page"
    with file.open("wb") as out:
        out.seek(number * PAGE)
        out.write(page)
    with contextlib.closing(PageFile(str(file))) as pages:
        pages.nodes(np.array([number], np.int64), kind)
