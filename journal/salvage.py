"""What can be saved of a damaged journal: all that comes before the first damage.

This file may read a data file, never through LMDB, and write a new journal; the old one it never
changes. The file is searched for blocks (`raw_file.py`), whatever the state of LMDB's tree. Then
the chain is followed from its beginning (`chain.py`), every block is checked as `verify` checks
it, and the good ones are stored in the new journal as they are: same bytes, same hashes, with
their client keys. A block that is missing or damaged ends the copy.
"""

import fcntl
import os
import shutil
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Final, NamedTuple

import lmdb

from engine import records
from journal.block import GENESIS_HASH, HEADERS, MAGIC, BlockHeader
from journal.chain import Beyond, Chain, Taken
from journal.environment import DATA_FILE, WRITER_LOCK, open_environment, sync_directory
from journal.errors import (
    CorruptJournal,
    JournalFailed,
    JournalInUse,
    JournalVersion,
    NoJournal,
)
from journal.interface import Progress
from journal.layout import BLOCKS, KEYS, META_VALUE, SEQUENCE, STORED_SEQUENCE
from journal.lmdb_journal import LmdbJournal
from journal.places import Places, read_places
from journal.raw_file import RawFile, scan

_BATCH_BYTES: Final = 4 << 20
"""Blocks are stored in transactions of about this much."""
UNFINISHED: Final = ".part"
"""Ends the name of the new journal's folder until it is complete."""


class Salvaged(NamedTuple):
    """What came of it."""

    last: BlockHeader
    """Of the last block that was copied; `BEFORE_FIRST`: none was, and nothing was made."""
    commands: int
    events: int
    keys: int
    findings: list[str]
    """One sentence for each damage; the first says why the copy ends where it does, if damage
    ended it. Empty: the journal is whole, and so is the copy."""
    beyond: Beyond | None


class Survey:
    """A damaged journal that was looked through. Makes one copy; `close` it after use."""

    def __init__(self, source: Path, progress: Progress | None = None) -> None:
        """Searches the data file. Raises `NoJournal`, `JournalInUse`, `JournalVersion`."""
        with ExitStack() as stack:
            stack.callback(os.close, _keep_writers_out(source))
            self._file = stack.enter_context(closing(RawFile(source / DATA_FILE)))
            self._findings: list[str] = []
            self._found = scan(self._file, progress)
            self._places = self._read_places()
            self._held = stack.pop_all()

    def close(self) -> None:
        """Lets writers in again."""
        self._held.close()

    def _read_places(self) -> Places | None:
        """Where the tree says that things are; None, with a finding, where it is damaged."""
        try:
            places = read_places(self._file.name)
        except CorruptJournal as error:
            self._findings.append(str(error))
            return None
        if places.description not in (
            META_VALUE.pack(MAGIC, version, records.VERSION, GENESIS_HASH) for version in HEADERS
        ):
            if len(places.description) >= META_VALUE.size and places.description[:8] == MAGIC:
                _, _, record_version, _ = META_VALUE.unpack_from(places.description)
                if record_version > records.VERSION:
                    raise JournalVersion(
                        f"{self._file.name}: records of version {record_version}; this program"
                        f" reads records of version {records.VERSION}"
                    )
            self._findings.append(f"{self._file.name}: its description is damaged")
        return places

    def copy(self, target: Path, progress: Progress | None = None) -> Salvaged:
        """Stores what is good in a new journal folder, which is made if there is anything.

        Raises `JournalError` where it can't be written; what was written is removed then.
        """
        part = target.with_name(target.name + UNFINISHED)
        try:
            with closing(_Target(part)) as new:
                chain = Chain(self._file, self._found, self._places, new.has_key)
                new.store(chain, progress)
            if chain.tail.last_sequence or not (chain.ended or self._findings):
                LmdbJournal.open(part, writable=True).close()
                os.rename(part, target)
                sync_directory(target.parent)
            else:
                shutil.rmtree(part)
        except BaseException as error:
            shutil.rmtree(part, ignore_errors=True)
            if isinstance(error, OSError):
                raise JournalFailed(f"{target}: can't be written: {error.strerror}") from error
            raise
        findings = [chain.ended] if chain.ended else []
        findings += chain.findings + self._findings
        if self._file.unreadable:
            findings.append(
                f"{self._file.name}: {len(self._file.unreadable)} pages of the file can't be read,"
                f" the first at byte {min(self._file.unreadable)}"
            )
        return Salvaged(
            chain.tail, chain.commands, chain.events, chain.keys, findings, chain.beyond()
        )


def _keep_writers_out(source: Path) -> int:
    """A descriptor that holds the lock of the writer, without a change to the folder.

    Raises `NoJournal`, `JournalInUse`.
    """
    if not source.is_dir():
        raise NoJournal(f"{source}: no such directory")
    if not (source / DATA_FILE).is_file():
        raise NoJournal(f"{source}: {DATA_FILE} is missing")
    lock = source / WRITER_LOCK
    try:
        descriptor = os.open(lock if lock.exists() else source, os.O_RDONLY)
    except OSError as error:
        raise NoJournal(f"{source}: can't be read: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise JournalInUse(f"{source}: a writer has it open; stop it first") from error
    return descriptor


class _Target:
    """The new journal, which takes blocks as they are. `close` it after use."""

    def __init__(self, folder: Path) -> None:
        LmdbJournal.open(folder, writable=True, create=True).close()
        self._environment = open_environment(folder, writable=True, create=False)
        self._blocks: Any = self._environment.database(BLOCKS)
        self._keys: Any = self._environment.database(KEYS)
        self._batch: list[Taken] = []
        self._batch_keys: set[bytes] = set()

    def close(self) -> None:
        self._environment.release_writer()
        self._environment.close()

    def has_key(self, key: bytes) -> bool:
        """Whether a client key was stored."""
        if key in self._batch_keys:
            return True
        with self._environment.reading() as transaction:
            return transaction.get(key, db=self._keys) is not None

    def store(self, chain: Chain, progress: Progress | None) -> None:
        """Stores every block of a chain, some in one transaction. Raises `JournalFailed`."""
        total = chain.found.last_sequence()
        size = 0
        for taken in chain:
            self._batch.append(taken)
            self._batch_keys.update(key for key, _ in taken.keys)
            size += len(taken.value)
            if size >= _BATCH_BYTES:
                self._commit(size)
                size = 0
            if progress is not None:
                progress(taken.block.header.last_sequence, total)
        self._commit(size)

    def _commit(self, size: int) -> None:
        """One transaction with all blocks of the batch."""
        environment = self._environment
        keys = [(key, STORED_SEQUENCE.pack(n)) for taken in self._batch for key, n in taken.keys]
        try:
            with environment.begin_write(size, len(keys) + len(self._batch)) as transaction:
                for taken in self._batch:
                    at = SEQUENCE.pack(taken.block.header.first_sequence)
                    transaction.put(at, taken.value, db=self._blocks, append=True)
                with transaction.cursor(self._keys) as cursor:
                    cursor.putmulti(sorted(keys), overwrite=False)
        except lmdb.Error as error:
            raise JournalFailed(f"{environment.file}: can't be written: {error}") from error
        self._batch = []
        self._batch_keys = set()
