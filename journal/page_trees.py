"""The trees of an LMDB file, walked level by level: each page by itself, and all keys in order.

This file may follow the pointers of the file's pages (`pages.py`); it writes nothing, and lets no
pointer lead it outside the file or in a circle. A tree gives its leaves, some hundred at a time,
and notes every page that it met, for `page_check.py`, which compares the trees with each other.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from journal.layout import BLOCKS, SEQUENCE
from journal.pages import (
    BIG,
    BRANCH,
    HEADER,
    LEAF,
    NO_PAGE,
    NUMBER_BYTES,
    OVERFLOW,
    PAGE,
    Database,
    Ints,
    Keys,
    Nodes,
    PageFile,
)

_MOST_LEVELS: Final = 32
_CHUNK: Final = 256
"""Leaves that are looked at together: what they take then stays in the processor's cache."""
FREE_LIST: Final = "the free list"


class Leaves(NamedTuple):
    """Some leaves of a tree, in order."""

    numbers: Ints
    nodes: Nodes
    keys: Keys
    blocks: Ints | None
    """For messages: the first sequence of each node, in the database of the blocks."""


class Used(NamedTuple):
    """Pages that belong to something: runs of pages."""

    owner: str
    starts: Ints
    counts: Ints
    blocks: Ints | None


class Tree:
    """One tree of one state."""

    def __init__(
        self, file: PageFile, owner: str, record: Database, at: int, last_page: int
    ) -> None:
        """`at`: the page that the record of the tree lies in."""
        self._file = file
        self.owner = owner
        self.record = record
        self._at = at
        self.last_page = last_page
        self._free = owner == FREE_LIST
        self._blocks = owner == named(BLOCKS)
        self.used: list[Used] = []
        """The pages that were met so far."""
        self._check_record()

    def _check_record(self) -> None:
        record = self.record
        problem = ""
        if not self._free and (record.padding or record.flags):
            problem = f"padding {record.padding} and flags {record.flags:#x}, none were expected"
        elif record.root == NO_PAGE:
            if any(record[2:-1]):
                problem = "it has no root, but pages, levels or entries"
        elif not 2 <= record.root <= self.last_page:
            problem = f"its root is page {record.root} of {self.last_page}"
        elif not 1 <= record.depth <= _MOST_LEVELS:
            problem = f"{record.depth} levels, 1 to {_MOST_LEVELS} were expected"
        elif max(record[3:6]) > self.last_page:
            problem = f"more pages than the {self.last_page} there are"
        if problem:
            raise self._damage(self._at, f"the record: {problem}")

    def _damage(self, page: int, problem: str, block: int = 0) -> Exception:
        return self._file.damage(page, f"{self.owner}: {problem}", block)

    # ------------------------------------------------------------ from the root to the leaves

    def leaves(self) -> Iterator[Leaves]:
        """All leaves in order, checked, some at a time; then the numbers of the record."""
        record = self.record
        if record.root == NO_PAGE:
            return
        numbers = np.array([record.root], np.int64)
        lows: Keys = np.array([b""], "S1")
        branch_pages = 0
        for _ in range(record.depth - 1):
            branch_pages += len(numbers)
            self.check_count("branch pages", branch_pages, record.branch_pages, at_most=True)
            numbers, lows = self._children(numbers, lows)
        self.check_count("branch pages", branch_pages, record.branch_pages)
        self.check_count("leaves", len(numbers), record.leaf_pages)
        entries = 0
        last: Keys = lows[:1]
        for start in range(0, len(numbers), _CHUNK):
            part = slice(start, start + _CHUNK)
            found = self._leaves(numbers[part], lows[part], last)
            last = found.keys[-1:]
            entries += len(found.keys)
            yield found
        self.check_count("entries", entries, record.entries)

    def _children(self, numbers: Ints, lows: Keys) -> tuple[Ints, Keys]:
        """The pages below some branches of one level, each with the key that it begins at."""
        nodes = self._file.nodes(
            numbers, BRANCH, least=1 if self._free else 2, blocks=self._sequences(lows)
        )
        self._use(numbers)
        keys = nodes.keys(reverse=self._free)
        keys = keys.astype(f"S{max(keys.itemsize, lows.itemsize)}")
        keys[nodes.firsts()] = lows  # the first key of a branch counts as that of the branch
        bad = np.flatnonzero(keys[1:] <= keys[:-1])
        if len(bad):
            self._refuse_order(numbers, nodes, int(bad[0]) + 1, keys)
        children = nodes.values
        bad = np.flatnonzero((children < 2) | (children > self.last_page))
        if len(bad):
            node = int(bad[0])
            raise self._damage(
                int(numbers[nodes.page_of(node)]),
                f"leads to page {children[node]} of {self.last_page}",
            )
        return children, keys

    def _leaves(self, numbers: Ints, lows: Keys, last: Keys) -> Leaves:
        """Some leaves; `lows`: where each begins, `last`: the last key before them."""
        nodes = self._file.nodes(numbers, LEAF, blocks=self._sequences(lows))
        self._use(numbers)
        keys = nodes.keys(reverse=self._free)
        bad = np.flatnonzero(keys[1:] <= keys[:-1])
        if len(bad):
            self._refuse_order(numbers, nodes, int(bad[0]) + 1, keys)
        firsts = nodes.firsts()
        before = np.concatenate([last, keys[firsts[1:] - 1]])
        bad_page = (keys[firsts] < lows) | ((before >= lows) & (lows != b""))
        if bad_page.any():
            self._refuse_order(numbers, nodes, int(firsts[bad_page.argmax()]), keys)
        return Leaves(numbers, nodes, keys, self._sequences(keys))

    def _refuse_order(self, numbers: Ints, nodes: Nodes, node: int, keys: Keys) -> None:
        page = int(numbers[nodes.page_of(node)])
        blocks = self._sequences(keys[node : node + 1])
        block = 0 if blocks is None else int(blocks[0])
        raise self._damage(page, f"the key {keys[node].hex()} is not in order", block)

    def check_count(self, what: str, found: int, stated: int, *, at_most: bool = False) -> None:
        """Raises `CorruptJournal` where the record of the tree states another number."""
        if found > stated or (found != stated and not at_most):
            more = " or more" if at_most else ""
            raise self._damage(self._at, f"{found}{more} {what}, its record says {stated}")

    def _use(self, starts: Ints, counts: Ints | None = None, blocks: Ints | None = None) -> None:
        if counts is None:
            counts = np.ones(len(starts), np.int64)
        self.used.append(Used(self.owner, starts, counts, blocks))

    def _sequences(self, keys: Keys) -> Ints | None:
        """The first sequences that keys of the database of the blocks are."""
        if not self._blocks or keys.itemsize > SEQUENCE.size:
            return None
        return keys.astype(f"S{SEQUENCE.size}").view(">i8").astype(np.int64)

    # ------------------------------------------------------------ what the leaves hold

    def check_values(self, *, heads: bool) -> None:
        """The leaves, and where their values lie; `heads`: also what their first pages say."""
        overflow_pages = 0
        for leaves in self.leaves():
            overflow_pages += int(self._big_values(leaves, heads=heads).sum())
        self.check_count("overflow pages", overflow_pages, self.record.overflow_pages)

    def _big_values(self, leaves: Leaves, *, heads: bool) -> Ints:
        """How many pages each value takes that has pages of its own."""
        nodes = leaves.nodes
        if int(nodes.flags.max()) > BIG:
            node = int((nodes.flags > BIG).argmax())
            raise self._damage(
                int(leaves.numbers[nodes.page_of(node)]),
                f"the node of the key {leaves.keys[node].hex()} has flags {nodes.flags[node]:#x}",
                0 if leaves.blocks is None else int(leaves.blocks[node]),
            )
        big = np.flatnonzero(nodes.flags == BIG)
        if not len(big):
            return big
        blocks = None if leaves.blocks is None else leaves.blocks[big]
        starts = nodes.fields(nodes.key_sizes, 8)[big].astype("S8").view("<u8")
        counts = (nodes.values[big] + HEADER - 1) // PAGE + 1
        ends = starts + counts.astype(np.uint64)
        bad = (starts < 2) | (starts > self.last_page) | (ends > self.last_page + 1)
        if bad.any():
            at = int(bad.argmax())
            raise self._damage(
                int(leaves.numbers[nodes.page_of(int(big[at]))]),
                f"a value of {counts[at]} pages from page {starts[at]} of {self.last_page}",
                0 if blocks is None else int(blocks[at]),
            )
        runs = starts.astype(np.int64)
        if heads:
            counts = self._check_heads(runs, counts, blocks)
        self._use(runs, counts, blocks)
        return counts

    def _check_heads(self, starts: Ints, counts: Ints, blocks: Ints | None) -> Ints:
        """What the first page of each value says; in the free list a value may have spare pages."""
        words = self._file.heads(starts)
        numbers, flags, stated = words[:, 0], words[:, 1] >> 16 & 0xFFFF, words[:, 1] >> 32
        pages = counts.astype(np.uint64)
        bad = (numbers != starts) | (flags != OVERFLOW)
        bad |= (stated < pages) | (stated > self.last_page) if self._free else stated != pages
        if bad.any():
            at = int(bad.argmax())
            raise self._damage(
                int(starts[at]),
                f"its header says page {numbers[at]}, flags {flags[at]:#x}, {stated[at]} pages,"
                f" {OVERFLOW:#x} and {counts[at]} were expected",
                0 if blocks is None else int(blocks[at]),
            )
        return stated.astype(np.int64)

    def check_free(self) -> int:
        """The free list: its pages are noted as used; returns its last transaction, 0 if none."""
        number = overflow_pages = 0
        for leaves in self.leaves():
            runs = iter(self._big_values(leaves, heads=True).tolist())
            nodes = leaves.nodes
            if (nodes.key_sizes != NUMBER_BYTES).any():
                raise self._damage(int(leaves.numbers[0]), "a key is no transaction number")
            for node, key in enumerate(leaves.keys.tolist()):
                number = int.from_bytes(key.ljust(NUMBER_BYTES, b"\0"), "big")
                size = int(nodes.values[node])
                start = int(nodes.starts[node]) + HEADER
                if nodes.flags[node] == BIG:
                    overflow_pages += next(runs)
                    first = nodes.data[start : start + NUMBER_BYTES].tobytes()
                    data = self._file.read_value(int.from_bytes(first, "little"), size)
                else:
                    data = nodes.data[start : start + size].tobytes()
                self._check_list(int(leaves.numbers[nodes.page_of(node)]), number, data)
        self.check_count("overflow pages", overflow_pages, self.record.overflow_pages)
        return number

    def _check_list(self, page: int, number: int, data: bytes) -> None:
        """What one transaction freed: the number of pages, then theirs, descending."""
        words = np.frombuffer(data[: len(data) // 8 * 8], "<u8")
        if not len(words) or len(data) % 8 or words[0] > len(words) - 1:
            raise self._damage(page, f"the list of transaction {number} is cut off")
        pages = words[1 : int(words[0]) + 1]
        if not len(pages):
            return
        if pages[0] > self.last_page or pages[-1] < 2 or (pages[1:] >= pages[:-1]).any():
            raise self._damage(page, f"the list of transaction {number} is not in order")
        self.used.append(
            Used("the free pages", pages.astype(np.int64), np.ones(len(pages), np.int64), None)
        )

    def last_number(self) -> int:
        """The last transaction in the free list, 0 if there is none; looks at one path only."""
        if self.record.root == NO_PAGE:
            return 0
        number = np.array([self.record.root], np.int64)
        for _ in range(self.record.depth - 1):
            children, _ = self._children(number, np.array([b""], "S1"))
            number = children[-1:]
        key: bytes = self._leaves(number, np.array([b""], "S1"), np.array([b""], "S1")).keys[-1]
        return int.from_bytes(key.ljust(NUMBER_BYTES, b"\0"), "big")


def named(name: bytes) -> str:
    return f"database {name.decode('utf-8', 'replace')}"
