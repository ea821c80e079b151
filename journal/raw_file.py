"""The bytes of a data file as they lie on the disk, and the block headers among them.

This file may read one file, whatever is in it, and trusts nothing there: not LMDB, which may
end the process at a damaged page, and not a map of the file, which ends it where the disk can't
be read. A stretch that can't be read is noted and counts as zeros.

A block lies in one piece: a large one from 16 bytes after the start of an overflow page, a small
one within a page of the tree. LMDB copies a page when it changes it, so a block may be found
several times, and parts of old pages stay behind until they are used again.
"""

import os
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from journal.block import HEADERS, MAGIC, BlockHeader, peek_header
from journal.errors import CorruptJournal, NoJournal
from journal.interface import Progress

PAGE: Final = 4096
_CHUNK: Final = 1 << 23
_LONGEST_HEADER: Final = 1 << 10
"""Later formats may have longer headers than this program's; they must be known as such."""
_MOST_DAMAGED: Final = 1_000
_SIZE_FIELD: Final = slice(12, 16)
_FIRST_SEQUENCE: Final = slice(24, 32)

Column = npt.NDArray[np.int64]


class RawFile:
    """A file that is read as it is. `close` it after use."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        try:
            self._descriptor = os.open(path, os.O_RDONLY)
            self.size = os.fstat(self._descriptor).st_size
        except OSError as error:
            raise NoJournal(f"{path}: can't be read: {error.strerror}") from error
        self.unreadable: set[int] = set()
        """Where pages begin that the disk does not give out."""

    def read(self, offset: int, size: int) -> bytes:
        """The bytes at an offset; fewer at the end of the file."""
        size = max(min(size, self.size - offset), 0)
        try:
            data = os.pread(self._descriptor, size, offset)
        except OSError:
            data = b""
        if len(data) == size:
            return data
        pieces = []
        end = offset + size
        while offset < end:
            stop = min(offset - offset % PAGE + PAGE, end)
            pieces.append(self._read_piece(offset, stop - offset))
            offset = stop
        return b"".join(pieces)

    def _read_piece(self, offset: int, size: int) -> bytes:
        """A piece of one page, or zeros."""
        try:
            data = os.pread(self._descriptor, size, offset)
        except OSError:
            data = b""
        if len(data) < size:
            self.unreadable.add(offset - offset % PAGE)
        return data.ljust(size, b"\0")

    def close(self) -> None:
        os.close(self._descriptor)


class Copy(NamedTuple):
    """One place where a block header was found that is right by itself."""

    offset: int
    first_sequence: int
    last_sequence: int
    block_number: int
    own_hash: int
    """The first 8 bytes of its `block_hash`, as a number."""
    previous_hash: int
    """The same of `previous_hash`."""


class Found:
    """Everything in a file that begins like a block: an index of some 50 bytes each."""

    def __init__(self) -> None:
        self._columns = [array("q") for _ in Copy._fields]
        self._sorted: list[Column] = []
        self.damaged: dict[int, int] = {}
        """Offsets of headers that do not match their hash, by the first sequence they claim."""

    def add(self, offset: int, header: BlockHeader) -> None:
        """A header that is right by itself."""
        values = (
            offset,
            header.first_sequence,
            header.last_sequence,
            header.block_number,
            short(header.block_hash),
            short(header.previous_hash),
        )
        for column, value in zip(self._columns, values, strict=True):
            column.append(value)

    def sort(self) -> None:
        """To be called when all were added: in the order of sequences, then of offsets."""
        columns = [np.frombuffer(c, dtype=np.int64) for c in self._columns]
        order = np.lexsort((columns[0], columns[1]))
        self._sorted = [column[order] for column in columns]
        self._columns = []

    def last_sequence(self) -> int:
        """The highest sequence of any block; 0 without one."""
        return int(self._sorted[2].max(initial=0))

    def starting_with(self, first_sequence: int) -> list[Copy]:
        """All places of blocks that begin with a sequence."""
        firsts = self._sorted[1]
        begin = int(np.searchsorted(firsts, first_sequence))
        end = int(np.searchsorted(firsts, first_sequence, side="right"))
        return [self._copy(index) for index in range(begin, end)]

    def after(self, sequence: int) -> Iterator[Copy]:
        """All places of blocks that begin after a sequence, in order."""
        begin = int(np.searchsorted(self._sorted[1], sequence, side="right"))
        return (self._copy(index) for index in range(begin, len(self._sorted[1])))

    def _copy(self, index: int) -> Copy:
        return Copy(*(int(column[index]) for column in self._sorted))


def short(block_hash: bytes) -> int:
    """A hash as the index keeps it."""
    return int.from_bytes(block_hash[:8], "little", signed=True)


def scan(file: RawFile, progress: Progress | None = None) -> Found:
    """Every block header in a file. Raises `JournalVersion` for one of a later program."""
    found = Found()
    offset = 0
    while offset < file.size:
        data = file.read(offset, _CHUNK + len(MAGIC) - 1)
        at = data.find(MAGIC)
        while at >= 0:
            _look_at(file, offset + at, found)
            at = data.find(MAGIC, at + 1)
        offset += _CHUNK
        if progress is not None:
            progress(min(offset, file.size), file.size)
    found.sort()
    return found


def _look_at(file: RawFile, offset: int, found: Found) -> None:
    """Notes what begins with the magic of a block at an offset."""
    start = file.read(offset, _LONGEST_HEADER)
    claimed = int.from_bytes(start[_FIRST_SEQUENCE], "little", signed=True)
    try:
        header = peek_header(start, claimed, file.name)
    except CorruptJournal:
        sizes = {layout.size for layout in HEADERS.values()}
        whole = int.from_bytes(start[_SIZE_FIELD], "little") in sizes
        if whole and claimed > 0 and len(found.damaged) < _MOST_DAMAGED:
            found.damaged.setdefault(claimed, offset)
        return
    if 0 < header.first_sequence <= header.last_sequence:
        found.add(offset, header)
