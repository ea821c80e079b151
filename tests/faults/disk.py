"""A simulated disk under real files: every write and sync of this process below one folder.

This file may watch and refuse what the process does to its files (shim.py), keep what a disk
would hold (platter.py), and make faults. The real file is the page cache: what was written
is read back from it at once, by read or by mmap. What survives a loss of power is another
thing, and `power_cut` shows one of the possible outcomes.

    with Disk(folder, random) as disk:
        ...                                   the shipped code at work below `folder`
        disk.on_operation = decide            from here on faults, if `decide` wants them
        told = disk.power_cut(random, target) what a machine would start with
    disk.move_to(target)                      and from there it goes on, with the same counters

Close what the program had open below the old folder before it goes on in the new one. The
folder should lie in memory (/dev/shm): nothing is really synced.
"""

import errno
import os
import shutil
from collections.abc import Callable
from ctypes import string_at
from dataclasses import dataclass
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Final, NamedTuple

from tests.faults import shim
from tests.faults.platter import PAGE, VOLATILE, Image, Platter, Stored, random_masks

PASS: Final = 0
POWER_OFF: Final = -1_000_001
"""The power goes now: this operation may be done in part, everything after it fails (EIO)."""
LOSE: Final = -1_000_002
"""The disk says it did it, and did not. A write is in the page cache, and never on the disk."""
MISDIRECT: Final = -1_000_003
"""A write lands at another page's place on the disk; the page cache is right."""

KINDS: Final = {
    shim.WRITE: "write",
    shim.SYNC: "sync",
    shim.ALLOCATE: "allocation",
    shim.TRUNCATE: "change of size",
    shim.MALLOC: "malloc",
}


class Operation(NamedTuple):
    """A call that is about to be made."""

    number: int
    """Of all operations of this disk, from 1."""
    kind: int
    """`shim.WRITE`, `SYNC` (file or folder), `ALLOCATE`, `TRUNCATE` or `MALLOC`."""
    file: str
    """Relative to the folder; "" is the folder itself, and memory."""
    offset: int
    length: int
    """Of a write; of an allocation or in memory; the new size for `TRUNCATE`."""
    data: bytes
    synced: bool
    """The write is made durable by itself (`O_DSYNC`)."""
    size: int
    """Of the file before."""
    inode: int = 0
    entries: tuple[tuple[str, int], ...] | None = None
    """For the sync of a folder: the names in it, each with its inode; 0 for a folder."""

    def __str__(self) -> str:
        what = f"operation {self.number}, {KINDS[self.kind]}"
        if self.kind == shim.WRITE:
            what += f" of {self.length} bytes at {self.offset}{', synced' * self.synced}"
        elif self.kind in (shim.ALLOCATE, shim.TRUNCATE, shim.MALLOC):
            what += f" of {self.length} bytes"
        return f"{what} in {self.file or '.'}"


Decision = Callable[[Operation], int]
"""0 goes on; a negative errno fails (and nothing is done; a failed sync loses what was unsynced);
n > 0 writes the first n bytes only; or POWER_OFF, LOSE (writes and syncs), MISDIRECT (writes).
It is asked about malloc, too, where `shim.watch_memory` was called."""


@dataclass
class Counters:
    """What the program did to the disk."""

    writes: int = 0
    written_bytes: int = 0
    syncs: int = 0
    allocations: int = 0
    refused: int = 0
    """Operations that failed, for whatever reason."""


class Disk:
    """The disk under one folder. One at a time in a process, and it runs under the shim."""

    def __init__(self, folder: Path, random: Random | None = None) -> None:
        self.folder = folder
        self.random = random or Random(0)
        """Decides what a failed sync loses, and where a misdirected write lands."""
        self.on_operation: Decision | None = None
        self.capacity_bytes: int | None = None
        """Beyond this, writes and allocations that make a file grow fail with ENOSPC."""
        self.off = False
        """The power is off: every operation fails with EIO, until `move_to`."""
        self.counters = Counters()
        self.trace: list[Operation] | None = None
        """Set it to a list, and every operation that is done is added to it."""
        self.platter = Platter()
        self._operations = 0
        self._busy = False
        self._fault: BaseException | None = None
        self._root = os.path.realpath(folder)
        self._take_in()

    def __enter__(self) -> "Disk":
        shim.arm(self._decide)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        shim.disarm()
        if self._fault is not None:
            raise self._fault

    # ------------------------------------------------------------ what is left of it

    def power_cut(self, random: Random, target: Path, masks: list[int] | None = None) -> Image:
        """Writes to `target` what the disk may hold when the power goes now, and returns it.

        Nothing changes here: any number of outcomes can be tried. `image.told` says what was
        kept. `image.flip` and then `image.write(target)` again damage it at rest.
        """
        self._notice()
        image = self.platter.power_cut(random, masks)
        self._write(image, target)
        return image

    def process_crash(self, target: Path) -> None:
        """Writes to `target` what the next process finds after a kill: the page cache."""
        self._notice()
        self._busy = True
        try:
            for folder in ("", *sorted(self.platter.folders)):
                (target / folder).mkdir(parents=True, exist_ok=True)
            for name, stored in self.platter.files.items():
                if os.path.basename(name) != VOLATILE:
                    shutil.copyfile(self.folder / name, target / name)
                    assert os.path.getsize(target / name) == stored.now
        finally:
            self._busy = False

    def move_to(self, target: Path, image: Image | None = None) -> None:
        """Goes on in `target`, with the power on.

        With the image that `power_cut` gave, that is all there is. Without one (after
        `process_crash`) what was unsynced before is so still.
        """
        self.folder = target
        self._root = os.path.realpath(target)
        self.off = False
        if image is not None:
            self.platter = Platter.of(image)
        else:
            self.platter.inodes.clear()
            for name in [n for n in self.platter.files if os.path.basename(n) == VOLATILE]:
                del self.platter.files[name]

    def _write(self, image: Image, target: Path) -> None:
        self._busy = True
        try:
            image.write(target)
        finally:
            self._busy = False

    @property
    def used_bytes(self) -> int:
        """What the files take, as the running process sees them."""
        return sum(stored.now for stored in set(self.platter.files.values()))

    # ------------------------------------------------------------ which files there are

    def _take_in(self) -> None:
        """What the folder holds at the start counts as durable."""
        self._notice()
        for stored in self.platter.inodes.values():
            stored.sync()
        for folder in ("", *self.platter.folders):
            self.platter.sync_folder(folder)

    def _notice(self, folder: str = "") -> None:
        """Takes notice of files and folders that came and went without a word to the disk."""
        if self._fault is not None:
            raise self._fault
        entries = self._entries(folder)
        self.platter.take_over(folder, entries)
        for entry, inode in entries:
            name = f"{folder}/{entry}" if folder else entry
            if inode:
                self._stored(name, inode, os.path.getsize(self.folder / name))
            else:
                self._notice(name)

    def _entries(self, folder: str) -> tuple[tuple[str, int], ...]:
        """The names in a folder with their inodes; 0 for a folder."""
        with os.scandir(self.folder / folder) as found:
            return tuple(sorted((e.name, 0 if e.is_dir() else e.inode()) for e in found))

    def _stored(self, name: str, inode: int, size: int) -> Stored:
        """The file under a name. If it has another size than it had, somebody else wrote it."""
        stored = self.platter.file(name, inode)
        if stored.now != size:
            stored.resize(0)
            content = (self.folder / name).read_bytes()[:size]
            if os.path.basename(name) != VOLATILE and content.count(0) != size:
                stored.write(0, content)
            stored.resize(size)
        return stored

    # ------------------------------------------------------------ operations

    def _decide(
        self,
        kind: int,
        descriptor: int,
        inode: int,
        size: int,
        flags: int,
        offset: int,
        address: int | None,
        length: int,
    ) -> int:
        """Called by the shim before every operation; what it returns is in disk_shim.c."""
        if self._busy or self._fault is not None:
            return 0
        try:
            name = "" if kind == shim.MALLOC else self._name(descriptor)
            if name is None:
                return 0
            self._operations += 1
            data = string_at(address, length) if address and kind == shim.WRITE else b""
            synced = kind == shim.WRITE and bool(flags & os.O_DSYNC)
            entries = None
            if kind == shim.SYNC and (self.folder / name).is_dir():
                entries = self._entries(name)
            operation = Operation(
                self._operations, kind, name, offset, length, data, synced, size, inode, entries
            )
            answer = self._act(operation)
            if answer < 0:
                self.counters.refused += 1
            return answer
        except BaseException as error:
            self._fault = error
            return -errno.EIO

    def _name(self, descriptor: int) -> str | None:
        """The file of a descriptor relative to the folder; None if it is not below it."""
        path = os.readlink(f"/proc/self/fd/{descriptor}")
        if path == self._root:
            return ""
        if not path.startswith(self._root + "/") or path.endswith(" (deleted)"):
            return None
        return path[len(self._root) + 1 :]

    def _act(self, operation: Operation) -> int:
        """Decides, keeps what the disk would hold, and answers the shim."""
        if self.off:
            return PASS if operation.kind == shim.MALLOC else -errno.EIO
        verdict = self.on_operation(operation) if self.on_operation is not None else PASS
        if operation.kind == shim.MALLOC:
            return verdict
        if verdict == PASS and self._grows_beyond(operation):
            verdict = -errno.ENOSPC
        if verdict == POWER_OFF:
            self.off = True
            if operation.kind == shim.SYNC:
                return -errno.EIO
            self._done(operation._replace(synced=False))
            return -errno.EIO + shim.DO_THEN_FAIL
        if verdict == LOSE:
            assert operation.kind in (shim.WRITE, shim.SYNC), f"{operation}: can't be lost"
            return self._lose(operation)
        if verdict == MISDIRECT:
            assert operation.kind == shim.WRITE, f"{operation}: can't be misdirected"
            return self._misdirect(operation)
        if verdict < 0:
            return self._fail(operation, verdict)
        if 0 < verdict < operation.length and operation.kind == shim.WRITE:
            operation = operation._replace(length=verdict, data=operation.data[:verdict])
            self._done(operation)
            return verdict
        self._done(operation)
        return 1 if operation.kind == shim.SYNC else PASS

    def _done(self, operation: Operation) -> None:
        """The operation takes place."""
        if self.trace is not None:
            self.trace.append(operation)
        if operation.entries is None:
            self._stored_of(operation)
        perform(operation, self.platter)
        counters = self.counters
        if operation.kind == shim.WRITE:
            counters.writes += 1
            counters.written_bytes += len(operation.data)
        elif operation.kind == shim.SYNC:
            counters.syncs += 1
        else:
            counters.allocations += 1

    def _stored_of(self, operation: Operation) -> Stored:
        return self._stored(operation.file, operation.inode, operation.size)

    def _lose(self, operation: Operation) -> int:
        """The disk lies: what was to be written or synced is not there after a loss of power."""
        if operation.kind == shim.SYNC:
            return 1
        stored = self._stored_of(operation)
        stored.now = max(stored.now, operation.offset + operation.length)
        return PASS

    def _misdirect(self, operation: Operation) -> int:
        stored = self._stored_of(operation)
        pages = max(2, len(stored.durable) // PAGE)
        place = self.random.randrange(pages) * PAGE + operation.offset % PAGE
        if operation.synced:
            stored.put(place, operation.data)
        else:
            stored.write(operation.offset, operation.data, lands_at=place)
        return PASS

    def _fail(self, operation: Operation, verdict: int) -> int:
        """A failed sync loses what was unsynced. A write that is to be synced may fail late."""
        if operation.kind == shim.SYNC and operation.entries is None:
            stored = self._stored_of(operation)
            masks = random_masks(self.random, len(stored.pieces()))
            stored.fail_sync(masks, self.random.choice(stored.sizes()))
        elif operation.synced and verdict == -errno.EIO and self.random.randrange(2):
            stored = self._stored_of(operation)
            if self.random.randrange(2):
                stored.put(operation.offset, operation.data)
            stored.now = max(stored.now, operation.offset + operation.length)
            return verdict + shim.DO_THEN_FAIL
        return verdict

    def _grows_beyond(self, operation: Operation) -> bool:
        """Whether the disk is too full for it."""
        if self.capacity_bytes is None or operation.kind in (shim.SYNC, shim.MALLOC):
            return False
        end = operation.length
        if operation.kind != shim.TRUNCATE:
            end += operation.offset
        growth = end - operation.size
        return growth > 0 and self.used_bytes + growth > self.capacity_bytes


def perform(operation: Operation, platter: Platter) -> None:
    """Does to a platter what an operation does to a disk. Also for traces."""
    if operation.entries is not None:
        platter.take_over(operation.file, operation.entries)
        platter.sync_folder(operation.file)
        return
    stored = platter.file(operation.file, operation.inode)
    if operation.kind == shim.SYNC:
        stored.sync()
    elif operation.kind == shim.TRUNCATE:
        stored.resize(operation.length)
    elif operation.kind == shim.ALLOCATE:
        stored.resize(max(stored.now, operation.offset + operation.length))
    elif operation.synced:
        stored.put(operation.offset, operation.data)
    else:
        stored.write(operation.offset, operation.data)
