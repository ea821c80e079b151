"""The pages of an LMDB file as they lie on the disk: meta pages, and the nodes of a tree's pages.

This file may know the file format of LMDB 0.9 (data version 1, 64 bits, little-endian, pages of
4096 bytes) and read the file; it writes nothing. LMDB trusts its pages: they have no checksum,
and a flipped bit in one can end the process or hide data. So the whole structure is checked
before LMDB touches it. Here are the checks that need one page alone; `page_trees.py` follows the
pointers and has those that need more than one.

Each page is checked twice over: `PageFile.nodes` looks at hundreds of pages at once, in a few
microseconds each, and says which is bad; `trouble_in` then says what is wrong with that one, node
by node. It is also the readable statement of the rules, and the tests hold both together.

A page that LMDB wrote has its own number in its header, then an array of offsets (in the order of
keys), then free space from `lower` to `upper`, then the nodes, in any order but without gaps
up to the end of the page. A node of a leaf is a key with its value, or with the number of the
first overflow page that holds the value; a node of a branch is a key with the number of a page
below, whose keys are all from that key on.
"""

import os
import struct
import time
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from journal.errors import CorruptJournal

PAGE: Final = 4096
HEADER: Final = 16
NODE: Final = 8
"""Bytes of a node before its key."""
NO_PAGE: Final = 2**64 - 1
"""The root of an empty tree."""
BRANCH, LEAF, OVERFLOW, META = 0x01, 0x02, 0x04, 0x08
"""Flags of a page; no other, and no two together, occur in a file of ours."""
IN_PLACE, BIG, RECORD = 0x00, 0x01, 0x02
"""Flags of a node: the value follows the key, lies on overflow pages, is a record of a tree."""
LONGEST_KEY: Final = 511
RECORD_BYTES: Final = 48
_MAGIC: Final = 0xBEEFC0DE
_DATA_VERSION: Final = 1
_INTEGER_KEYS: Final = 0x08
_NO_SUBDIRECTORY: Final = 0x4000
"""LMDB keeps this of the options that a file was made with, and never reads it."""
_LARGEST_MAP: Final = 1 << 42
"""No store asks for more (environment.py); a damaged size is not handed to the system."""
_HEAD: Final = struct.Struct("<QHHHH")
"""Page number, padding, flags, then lower and upper, or the number of overflow pages."""
_DATABASE: Final = struct.Struct("<IHHQQQQQ")
_META: Final = struct.Struct("<IIQQ48s48sQQ")
META_BYTES: Final = HEADER + _META.size
NUMBER_BYTES: Final = 8
"""Of the number of a transaction, at the end of a meta page, or of a page."""
_NODE: Final = struct.Struct("<IHH")
_TAIL: Final = LONGEST_KEY + 1
"""Spare bytes behind the pages in memory, so that a key can be fetched at full width."""
_SETTLE_S: Final = 0.001
_READS: Final = 4

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
Keys = npt.NDArray[Any]
"""Byte strings of one width, which compare as LMDB compares keys."""


class Database(NamedTuple):
    """LMDB's record of a tree."""

    padding: int
    flags: int
    depth: int
    branch_pages: int
    leaf_pages: int
    overflow_pages: int
    entries: int
    root: int

    @classmethod
    def unpack(cls, data: bytes) -> "Database":
        return cls(*_DATABASE.unpack(data))


class Meta(NamedTuple):
    """What a meta page says: the state after one transaction."""

    page: int
    map_bytes: int
    free: Database
    """The free list. Its padding holds the page size, its flags those of the file."""
    main: Database
    """The named databases."""
    last_page: int
    number: int
    """Of the transaction; it is written to page `number % 2`."""


class Nodes(NamedTuple):
    """The nodes of some pages of one level, page by page, in the order of their keys."""

    data: Bytes
    """The pages one after the other, and spare bytes."""
    counts: Ints
    """Nodes of each page."""
    starts: Ints
    """Where each node begins in `data`."""
    flags: Ints
    key_sizes: Ints
    values: Ints
    """Size of the value (leaf), number of the page below (branch)."""

    def keys(self, *, reverse: bool = False) -> Keys:
        """The key of each node, as wide as the longest; `reverse`: they are little-endian."""
        width = max(1, int(self.key_sizes.max()))
        keys = self.fields(0, width)
        if int(self.key_sizes.min()) != width or reverse:
            octets = keys.view(np.uint8).reshape(-1, width).copy()
            octets[np.arange(width) >= self.key_sizes[:, None]] = 0
            if reverse:
                octets = np.ascontiguousarray(octets[:, ::-1])
            keys = octets.view(f"S{width}")[:, 0]
        return keys

    def fields(self, offset: int | Ints, width: int) -> Keys:
        """So many bytes of each node, from an offset behind the head of the node."""
        windows: Keys = np.ndarray(
            (len(self.data) - width + 1,), f"S{width}", buffer=self.data.data, strides=(1,)
        )
        found: Keys = windows[self.starts + NODE + offset]
        return found

    def firsts(self) -> Ints:
        """The index of the first node of each page."""
        return np.cumsum(self.counts) - self.counts

    def page_of(self, node: int) -> int:
        """The index of the page that a node lies in."""
        return int(self.starts[node]) // PAGE


class PageFile:
    """The data file of an environment, read past LMDB. `close` it after use."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._descriptor = os.open(name, os.O_RDONLY | os.O_CLOEXEC)

    def close(self) -> None:
        os.close(self._descriptor)

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return os.fstat(self._descriptor).st_size

    def damage(self, page: int, problem: str, block: int = 0) -> CorruptJournal:
        """What to raise for damage to a page; `block`: the first sequence of the one concerned."""
        return CorruptJournal(self.name, block, 0, f"page {page}: {problem}")

    # ------------------------------------------------------------ reading

    def read(self, numbers: Ints) -> Bytes:
        """Whole pages, one after the other, and spare bytes."""
        data = np.zeros(len(numbers) * PAGE + _TAIL, np.uint8)
        view = data.data
        for place, number in enumerate(numbers.tolist()):
            start = place * PAGE
            self._read_into(view[start : start + PAGE], number)
        return data

    def read_value(self, page: int, size: int) -> bytes:
        """A value of so many bytes on overflow pages, the first of which is `page`."""
        data = bytearray(HEADER + size)
        self._read_into(memoryview(data), page)
        return bytes(data[HEADER:])

    def heads(self, numbers: Ints) -> npt.NDArray[np.uint64]:
        """Number, and then padding, flags and overflow pages, of some pages: two words each."""
        data = bytearray(len(numbers) * HEADER)
        view = memoryview(data)
        for place, number in enumerate(numbers.tolist()):
            self._read_into(view[place * HEADER : place * HEADER + HEADER], number)
        return np.frombuffer(data, "<u8").reshape(-1, 2)

    def _read_into(self, target: memoryview, page: int) -> None:
        try:
            got = os.preadv(self._descriptor, [target], page * PAGE)
        except OSError as error:
            raise self.damage(page, f"can't be read: {error.strerror}") from error
        if got != len(target):
            raise CorruptJournal(
                self.name, 0, 0, f"cut off: {self.size} bytes, its pages need {(page + 1) * PAGE}"
            )

    # ------------------------------------------------------------ meta pages

    def metas(self) -> tuple[Meta, Meta]:
        """The older and the newer meta page, each right in itself and both right together.

        Reads again where they don't look right, because a writer may be at work.
        """
        before = None
        for _ in range(_READS):
            pages = bytes(self.read(np.arange(2)))
            try:
                return self._pair(pages)
            except CorruptJournal as error:
                if pages == before:
                    raise
                before, found = pages, error
                time.sleep(_SETTLE_S)
        raise found

    def _pair(self, pages: bytes) -> tuple[Meta, Meta]:
        first, second = (self._meta(number, pages[number * PAGE :]) for number in (0, 1))
        numbers = [first.number, second.number]
        if abs(numbers[0] - numbers[1]) != 1 and numbers != [0, 0]:
            problem = f"the meta pages have transactions {numbers}, one apart was expected"
            raise CorruptJournal(self.name, 0, 0, problem)
        for meta in (first, second):
            if meta.number % 2 != meta.page and meta.number:
                raise self.damage(
                    meta.page, f"has transaction {meta.number} of the other meta page"
                )
        if first.free.flags != second.free.flags:
            raise self.damage(
                1, f"the file has flags {second.free.flags:#x}, page 0 has {first.free.flags:#x}"
            )
        return (second, first) if first.number >= second.number else (first, second)

    def _meta(self, page: int, data: bytes) -> Meta:
        """One meta page, right in itself."""
        if len(data) < META_BYTES:
            raise self.damage(page, f"cut off, {PAGE} bytes were expected")
        number, _, flags, _, _ = _HEAD.unpack_from(data)
        if number != page or flags != META:
            raise self.damage(page, f"no meta page (number {number}, flags {flags:#x})")
        magic, version, _, map_bytes, free, main, last_page, number = _META.unpack_from(
            data, HEADER
        )
        meta = Meta(
            page, map_bytes, Database.unpack(free), Database.unpack(main), last_page, number
        )
        if magic != _MAGIC:
            raise self.damage(page, f"begins with {magic:#x}, an LMDB file with {_MAGIC:#x}")
        if version != _DATA_VERSION:
            raise self.damage(page, f"LMDB data version {version}, {_DATA_VERSION} was expected")
        if meta.free.padding != PAGE:
            raise self.damage(page, f"pages of {meta.free.padding} bytes, {PAGE} were expected")
        if meta.free.flags not in (_INTEGER_KEYS, _INTEGER_KEYS | _NO_SUBDIRECTORY):
            raise self.damage(page, f"the file has flags {meta.free.flags:#x}")
        if meta.last_page < 1 or not (meta.last_page + 1) * PAGE <= map_bytes <= _LARGEST_MAP:
            raise self.damage(page, f"last page {meta.last_page} in a map of {map_bytes} bytes")
        return meta

    # ------------------------------------------------------------ pages of trees

    def nodes(
        self, numbers: Ints, kind: int, *, least: int = 1, blocks: Ints | None = None
    ) -> Nodes:
        """The nodes of some pages of a tree, each page checked by itself.

        `kind`: `BRANCH` or `LEAF`; `least`: nodes that a page must have; `blocks`: for messages.
        """
        data = self.read(numbers)

        def refuse(index: int) -> None:
            page = data[index * PAGE : (index + 1) * PAGE].tobytes()
            problem = trouble_in(page, int(numbers[index]), kind, least)
            assert problem, "both checks of a page agree"
            block = 0 if blocks is None else int(blocks[index])
            raise self.damage(int(numbers[index]), problem, block)

        pages = data[: len(numbers) * PAGE].view("<u2").reshape(-1, PAGE // 2)
        own = data[: len(numbers) * PAGE].view("<i8").reshape(-1, PAGE // 8)[:, 0]
        lower, upper = pages[:, 6].astype(np.int64), pages[:, 7].astype(np.int64)
        bad = (own != numbers) | (pages[:, 5] != kind) | (lower < HEADER + 2 * least)
        bad |= (lower > upper) | (upper > PAGE) | ((lower | upper) & 1 != 0)
        if bad.any():
            refuse(int(bad.argmax()))
        counts = (lower - HEADER) // 2
        page_of = np.repeat(np.arange(len(numbers)), counts)
        slots = np.arange(len(page_of)) - np.repeat(np.cumsum(counts) - counts, counts)
        offsets = pages.ravel()[page_of * (PAGE // 2) + slots + HEADER // 2].astype(np.int64)
        bad = (offsets < upper[page_of]) | (offsets > PAGE - NODE) | (offsets & 1 != 0)
        if bad.any():
            refuse(int(page_of[bad.argmax()]))
        starts = page_of * PAGE + offsets
        heads = np.ndarray((len(data) // 2 - 3,), "<u8", buffer=data.data, strides=(2,))[
            starts >> 1
        ].view(np.int64)
        key_sizes = heads >> 48 & 0xFFFF
        if kind == BRANCH:
            flags = np.zeros_like(heads)
            values = heads & 0xFFFF_FFFF_FFFF
            sizes = key_sizes
            bad = key_sizes > LONGEST_KEY
        else:
            flags = heads >> 32 & 0xFFFF
            values = heads & 0xFFFF_FFFF
            sizes = key_sizes + np.where(flags & BIG, 8, values)
            bad = (key_sizes > LONGEST_KEY) | (key_sizes == 0)
        ends = offsets + (NODE + 1 + sizes & -2)
        bad |= ends > PAGE
        if bad.any():
            refuse(int(page_of[bad.argmax()]))
        gap = _first_gap(starts, page_of * PAGE + ends, upper)
        if gap >= 0:
            refuse(gap)
        return Nodes(data, counts, starts, flags, key_sizes, values)


def _first_gap(starts: Ints, ends: Ints, upper: Ints) -> int:
    """The first page whose nodes don't fill it from `upper` to its end without overlap; -1: none.

    They do if each begins where another ends, or at `upper`, and no two at the same place.
    """
    n_pages = len(upper)
    begun = np.zeros(n_pages * (PAGE // 2) + 1, np.bool_)
    ended = begun.copy()
    page_starts = np.arange(n_pages) * (PAGE // 2)
    begun[starts >> 1] = True
    begun[page_starts + PAGE // 2] = True
    ended[ends >> 1] = True
    ended[page_starts + (upper >> 1)] = True
    if np.count_nonzero(begun) == len(starts) + n_pages and bool((begun == ended).all()):
        return -1
    for page in range(n_pages):
        part = slice(page * (PAGE // 2) + 1, (page + 1) * (PAGE // 2) + 1)
        own = (starts // PAGE) == page
        if np.count_nonzero(begun[part]) != np.count_nonzero(own) + 1 or bool(
            (begun[part] != ended[part]).any()
        ):
            return page
    raise AssertionError("one page has the gap")


def trouble_in(page: bytes, number: int, kind: int, least: int) -> str:
    """What is wrong with a page of a tree by itself, in words; "" if nothing is."""
    own, _, flags, lower, upper = _HEAD.unpack_from(page)
    if own != number:
        return f"its header says it is page {own}"
    if flags != kind:
        expected = "a branch" if kind == BRANCH else "a leaf"
        return f"its flags are {flags:#x}, {kind:#x} ({expected}) was expected"
    if lower < HEADER + 2 * least or lower > upper or upper > PAGE or (lower | upper) & 1:
        return f"its free space lies from {lower} to {upper}, which can't be"
    taken = []
    for (offset,) in struct.iter_unpack("<H", page[HEADER:lower]):
        if not upper <= offset <= PAGE - NODE or offset & 1:
            return f"a node lies at {offset}, outside {upper} to {PAGE}"
        value, node_flags, key_size = _NODE.unpack_from(page, offset)
        size = NODE + key_size
        if key_size > LONGEST_KEY or (kind == LEAF and not key_size):
            return f"the node at {offset} has a key of {key_size} bytes"
        if kind == LEAF:
            size += 8 if node_flags & BIG else value
        end = offset + (size + 1 & -2)
        if end > PAGE:
            return f"the node at {offset} ends at {end}, beyond the page"
        taken.append((offset, end))
    place = upper
    for offset, end in sorted(taken):
        if offset != place:
            return f"a node begins at {offset}, {place} was expected"
        place = end
    return "" if place == PAGE else f"its nodes end at {place}, {PAGE} was expected"
