"""One LMDB environment on disk: opening, sharing within a process, room to grow, errors.

This file may know LMDB and files, nothing of blocks or snapshots; both stores are built
on it. What it takes care of:

- LMDB may be open once per process, so everybody who opens the same directory shares one
  environment; it closes with its last user.
- One writer per directory, by a lock on the file `writer.lock`. Readers need no lock and
  never wait, in any process.
- The map (the most the file may hold) grows by doubling, between transactions, never
  beyond `MAX_MAP_BYTES`. Readers in other processes follow when they meet it.
- The file grows ahead of its content (`os.posix_fallocate`), because a commit that finds
  its disk blocks allocated is quicker, and a full disk shows before a block is written.
- Every commit is synced, data and meta page; no option here makes it less.
- LMDB trusts the structure of its file, so that is checked before (`page_check.py`): by a
  writer once it has the lock, by a reader in the state that it holds.
"""

import contextlib
import errno
import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

import lmdb

from journal import page_check
from journal.errors import JournalError, JournalFailed, JournalInUse, NoJournal
from journal.lmdb_errors import explained, not_opened
from journal.meta_pages import MetaPages
from journal.pages import PAGE as _PAGE
from journal.pages import Bytes, PageFile

DATA_FILE: Final = "data.mdb"
LOCK_FILE: Final = "lock.mdb"
"""Of LMDB: who reads which state. It means nothing once no process has the store open."""
WRITER_LOCK: Final = "writer.lock"
NEW_FILE: Final = "new.mdb"
"""A data file that is being made; it gets its name when it is whole and on the disk."""
FIRST_MAP_BYTES: Final = 1 << 30
MAX_MAP_BYTES: Final = 1 << 42
"""4 TiB: a store that reaches it refuses the next commit."""
MAX_READERS: Final = 512
_SPARE: Final = 1 << 18
"""Bytes of room beyond the values themselves: tree pages and LMDB's list of free pages."""
_ZEROS: Final = bytes(1 << 20)
_TRIES: Final = 100
_SMALLEST_STEP: Final = 1 << 20
_LARGEST_STEP: Final = 64 << 20
_NO_PREALLOCATION: Final = (errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)
"""A file system that can't allocate ahead; then the file grows as it is written."""
_DATABASES: Final = 8

_Read = TypeVar("_Read")

_open_environments: dict[str, "Environment"] = {}
_registry_lock = threading.RLock()


class Environment:
    """A shared LMDB environment. Made by `open_environment`, given back by `close`."""

    def __init__(self, path: Path, map_bytes: int, limit_bytes: int, *, check: bool) -> None:
        """`check`: that of a reader; a writer's comes with its lock."""
        self.path = path
        self.file = str(path / DATA_FILE)
        self._lock_file = str(path / LOCK_FILE)
        self._limit = limit_bytes
        self._users = 0
        self._writer_lock: int | None = None
        self._data_file = -1
        self._metas = MetaPages()
        self._databases: dict[bytes, Any] = {}
        self._lock = threading.RLock()
        self._allocated = 0
        self._writable = False
        self._open(map_bytes, writable=False)
        if check:
            try:
                self._with_pages(lambda file, number: page_check.check(file, number, heads=False))
            except BaseException:
                self._environment.close()
                raise

    # ------------------------------------------------------------ reading

    @contextlib.contextmanager
    def reading(self) -> Iterator[lmdb.Transaction]:
        """A short read transaction; what it gives are buffers that end with it.

        Raises `CorruptJournal` for what LMDB itself finds wrong.
        """
        with self._lock:
            try:
                with self._begin_read() as transaction:
                    yield transaction
            except lmdb.Error as error:
                raise explained(self.file, error) from error

    def database(self, name: bytes) -> Any:
        """The handle of a named database. Raises `KeyError` when it does not exist."""
        with self._lock:
            handle = self._databases.get(name)
            if handle is None:
                try:
                    handle = self._environment.open_db(name, create=False)
                except (lmdb.NotFoundError, lmdb.ReadonlyError) as error:
                    raise KeyError(name) from error
                except lmdb.Error as error:
                    raise explained(self.file, error) from error
                self._databases[name] = handle
            return handle

    def fixed_entries(self, name: bytes, key_bytes: int, value_bytes: int) -> Bytes:
        """All entries of a named database in the order of keys: a row each, key and then value.

        Read past LMDB, a hundred nanoseconds an entry. Raises `KeyError` where there is no such
        database, `CorruptJournal` where it is damaged or an entry has other sizes.
        """
        return self._with_pages(
            lambda file, number: page_check.entries(file, number, name, key_bytes, value_bytes)
        )

    def _with_pages(self, read: Callable[[PageFile, int], _Read | None]) -> _Read:
        """What `read` finds in the file, given the number of a state that LMDB holds meanwhile.

        It gives None where that state is none of the last two any more.
        """
        with contextlib.closing(PageFile(self.file)) as file:
            for _ in range(_TRIES):
                with self.reading() as transaction:
                    found = read(file, transaction.id())
                    number = transaction.id()
                if found is not None:
                    return found
        raise JournalError(f"{self._lock_file}: names transaction {number}, {self.file} has others")

    def _begin_read(self) -> lmdb.Transaction:
        """A read transaction, after taking over a map that another process has grown."""
        try:
            return self._environment.begin(buffers=True)
        except lmdb.MapResizedError:
            self._environment.set_mapsize(0)
            return self._environment.begin(buffers=True)

    # ------------------------------------------------------------ writing

    def begin_write(self, value_bytes: int, small_items: int = 0) -> lmdb.Transaction:
        """A write transaction with room for a value and some small items.

        Raises `JournalFailed` when the map is at its limit or the disk is full.
        """
        needed = value_bytes + small_items * 2 * _PAGE + _SPARE
        info = self._environment.info()
        used = (info["last_pgno"] + 1) * _PAGE
        if used + needed > min(self._allocated, info["map_size"]):
            self._make_room(used, needed, info["map_size"])
        self._metas.note(self._data_file)
        transaction = self._environment.begin(write=True)
        if transaction.id() != info["last_txnid"] + 1:
            transaction.abort()
            raise JournalFailed(f"{self._lock_file}: the last transaction there is another one")
        return transaction

    def commit(self, transaction: lmdb.Transaction) -> None:
        """Commits a transaction of `begin_write`. Raises `lmdb.Error`; all is over then."""
        try:
            transaction.commit()
        except BaseException:
            self._metas.put_back(self._data_file)
            raise

    def _make_room(self, used: int, needed: int, map_bytes: int) -> None:
        """Grows the map and the file, between transactions, so that `needed` bytes fit."""
        if used + needed > self._limit:
            raise JournalFailed(
                f"{self.file}: full: {used + needed} bytes are needed, the limit is {self._limit}"
            )
        larger = map_bytes
        while used + needed > larger:
            larger = min(2 * larger, self._limit)
        if larger != map_bytes:
            with self._lock:
                self._environment.set_mapsize(larger)
        step = max(_SMALLEST_STEP, min(used // 2, _LARGEST_STEP))
        wanted = min(used + needed + step, larger)
        size = os.fstat(self._data_file).st_size
        if wanted > size:
            try:
                os.posix_fallocate(self._data_file, size, wanted - size)
            except OSError as error:
                if error.errno not in _NO_PREALLOCATION:
                    raise JournalFailed(f"{self.file}: can't grow: {error.strerror}") from error
        self._allocated = max(self._allocated, wanted)

    def reserve(self, n_bytes: int) -> None:
        """Writes zeros ahead, so that the next `n_bytes` go to disk blocks that exist.

        A commit into such space is quicker, because the file system has nothing to note down.
        Costs one write of as many bytes now. Raises `JournalError`; nothing is lost then.
        """
        info = self._environment.info()
        used = (info["last_pgno"] + 1) * _PAGE
        end = used + n_bytes
        if end > self._limit:
            raise JournalError(f"{self.file}: can't reserve {n_bytes} bytes beyond its limit")
        try:
            while used < end:
                used += os.pwrite(self._data_file, _ZEROS[: min(len(_ZEROS), end - used)], used)
            os.fsync(self._data_file)
        except OSError as error:
            raise JournalError(
                f"{self.file}: can't reserve {n_bytes} bytes: {error.strerror}"
            ) from error
        self._allocated = max(self._allocated, end)

    def create_databases(self, names: tuple[bytes, ...], meta: dict[bytes, bytes]) -> None:
        """Named databases, the first of them with content, in one transaction."""
        self._metas.note(self._data_file)  # put back when the writer is released
        with self._environment.begin(write=True) as transaction:
            for name in names:
                self._databases[name] = self._environment.open_db(name, txn=transaction)
            for key, value in meta.items():
                transaction.put(key, value, db=self._databases[names[0]])

    # ------------------------------------------------------------ opening and closing

    def acquire_writer(self) -> None:
        """Makes this process the writer. Raises `JournalInUse`, or `JournalError`."""
        descriptor = _lock_writer(self.path)
        with self._lock:
            self._writer_lock = descriptor
            try:
                with contextlib.closing(PageFile(self.file)) as file:
                    page_check.check(file, heads=True)
                if not self._writable:
                    map_bytes = self._environment.info()["map_size"]
                    self._environment.close()
                    self._databases.clear()
                    self._open(map_bytes, writable=True)
                    self._environment.reader_check()
                self._data_file = os.open(self.file, os.O_RDWR)
                self._settle()
            except BaseException as error:
                self.release_writer()
                if isinstance(error, lmdb.Error):
                    raise explained(self.file, error) from error
                if isinstance(error, OSError):
                    raise JournalError(f"{self.file}: can't be written: {error}") from error
                raise

    def _settle(self) -> None:
        """Puts on the disk what is read from the file, before anybody relies on it.

        A writer before this one may have died of a write that failed: the system then shows
        what was to be written, counts it as clean, and a sync alone would leave it at that.
        Only meta pages can be concerned, because LMDB writes them after all others are synced.
        """
        pages = os.pread(self._data_file, 2 * _PAGE, 0)
        if os.pwrite(self._data_file, pages, 0) != len(pages):
            raise OSError(errno.EIO, "the meta pages were written in part only")
        os.fsync(self._data_file)

    def release_writer(self) -> None:
        """Another writer may come now."""
        if self._writer_lock is not None:
            if self._data_file >= 0:
                self._metas.put_back(self._data_file)
                os.close(self._data_file)
            self._data_file = -1
            os.close(self._writer_lock)
            self._writer_lock = None
            self._allocated = 0

    def close(self) -> None:
        """Gives the environment back; the last user closes it."""
        with _registry_lock:
            self._users -= 1
            if self._users == 0:
                del _open_environments[str(self.path)]
                self.release_writer()
                self._environment.close()

    def _open(self, map_bytes: int, *, writable: bool) -> None:
        try:
            self._environment = lmdb.open(
                str(self.path),
                map_size=map_bytes,
                max_dbs=_DATABASES,
                max_readers=MAX_READERS,
                readonly=not writable,
                create=writable,
                sync=True,
                metasync=True,
                writemap=False,
            )
        except lmdb.Error as error:
            raise not_opened(self.file, self._lock_file, error) from error
        self._writable = writable


def open_environment(
    path: Path, *, writable: bool, create: bool, limit_bytes: int = MAX_MAP_BYTES
) -> Environment:
    """The environment in a directory; `create` makes both when they are not there.

    Raises `NoJournal`, `JournalInUse`, `CorruptJournal` (what LMDB would rely on is damaged).
    """
    path = Path(os.path.realpath(path))
    with _registry_lock:
        if create and writable:
            _create(path)
        environment = _open_environments.get(str(path))
        if environment is None:
            size = page_check.check_files(path / DATA_FILE)
            map_bytes = FIRST_MAP_BYTES
            while map_bytes < 2 * size:
                map_bytes *= 2
            environment = Environment(
                path, min(map_bytes, max(limit_bytes, size)), limit_bytes, check=not writable
            )
            _open_environments[str(path)] = environment
        environment._users += 1
        if writable:
            try:
                environment.acquire_writer()
            except BaseException:
                environment.close()
                raise
        return environment


def _create(path: Path) -> None:
    """The directory and an empty LMDB file, both made to last (parents synced).

    After a loss of power at any moment the file is whole or not there. Where a process was
    killed on the way, the next one syncs what that one had made.
    """
    if path.exists() and not path.is_dir():
        raise NoJournal(f"{path}: not a directory")
    data = path / DATA_FILE
    try:
        if not data.exists() or data.stat().st_size == 0:
            missing = [p for p in (path, *path.parents) if not p.exists()]
            path.mkdir(parents=True, exist_ok=True)
            known = [p for p in path.parents[:2] if os.access(p, os.R_OK)]
            for parent in dict.fromkeys((*known, *(p.parent for p in missing))):
                sync_directory(parent)
            _create_data_file(path)
        sync_directory(path)
    except (OSError, lmdb.Error) as error:
        raise JournalError(f"{path}: can't be created: {error}") from error


def _create_data_file(path: Path) -> None:
    """An empty LMDB file that is synced before it gets its name."""
    fresh = path / NEW_FILE
    lock = _lock_writer(path)
    try:
        fresh.unlink(missing_ok=True)
        lmdb.open(
            str(fresh), map_size=1 << 20, max_dbs=_DATABASES, subdir=False, lock=False
        ).close()
        with fresh.open("rb") as file:
            os.fsync(file.fileno())
        fresh.rename(path / DATA_FILE)
    finally:
        os.close(lock)


def _lock_writer(path: Path) -> int:
    """The descriptor that holds the lock of the one writer. Raises `JournalInUse`."""
    try:
        descriptor = os.open(path / WRITER_LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise JournalError(f"{path / WRITER_LOCK}: can't be opened: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise JournalInUse(f"{path}: another writer has it open") from error
    return descriptor


def sync_directory(path: Path) -> None:
    """Makes the entries of a directory durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
