"""Rows that come in the order of time and are wanted account by account.

This file may keep rows, in memory and in nameless temporary files, and give them back. A day
can have more of them than memory holds: what is beyond `most_bytes` is sorted and put aside, and
the parts are merged when they are read. Rows of an account keep their order.
"""

import heapq
import struct
import tempfile
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import IO, Final

_HEAD: Final = struct.Struct("<qI")
MOST_BYTES: Final = 32 << 20
Row = tuple[int, bytes]
"""Login and content."""

_login = itemgetter(0)


class RowsByAccount:
    """Rows by login. `add` them all, then read `groups` once; close it after use."""

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        """`folder`: where the temporary files are; they have no name and leave nothing."""
        self._folder = folder
        self._most = most_bytes
        self._rows: list[Row] = []
        self._bytes = 0
        self.parts: list[IO[bytes]] = []

    def add(self, login: int, row: bytes) -> None:
        self._rows.append((login, row))
        self._bytes += len(row)
        if self._bytes > self._most:
            self._put_aside()

    def groups(self) -> Iterator[tuple[int, list[bytes]]]:
        """(login, its rows) for every login that has some, ascending."""
        self._rows.sort(key=_login)
        sources = [*map(_read, self.parts), iter(self._rows)]
        for login, rows in groupby(heapq.merge(*sources, key=_login), key=_login):
            yield login, [row for _, row in rows]

    def close(self) -> None:
        for part in self.parts:
            part.close()

    def _put_aside(self) -> None:
        self._rows.sort(key=_login)
        part = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 (closed by `close`)
        self.parts.append(part)
        for login, row in self._rows:
            part.write(_HEAD.pack(login, len(row)) + row)
        self._rows = []
        self._bytes = 0


def _read(part: IO[bytes]) -> Iterator[Row]:
    part.seek(0)
    while head := part.read(_HEAD.size):
        login, length = _HEAD.unpack(head)
        yield login, part.read(length)
