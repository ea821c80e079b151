"""Snapshots on disk, in an LMDB environment of their own: written, listed, found, pruned.

This file may store and fetch snapshots, never decide what a state means. Snapshots are a
cache of the journal. One that is damaged, of another journal or of another format is
skipped and reported, never served; a store that can't be opened is thrown away by the
next writer; and without any snapshot everything still works, by a longer replay.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import lmdb

from journal.environment import MAX_MAP_BYTES, Environment, open_environment
from journal.errors import CorruptJournal, JournalError, NoJournal
from journal.layout import SEQUENCE
from snapshots.layout import Snapshot, SnapshotError, SnapshotInfo, pack, read, read_info

SNAPSHOTS: Final = b"snapshots"
ChainHashAt = Callable[[int], bytes | None]


class SnapshotStore:
    """The snapshots of one journal. `SnapshotStore.open` makes it; close it after use."""

    def __init__(self, environment: Environment, *, writable: bool) -> None:
        self._environment = environment
        self._writable = writable
        self._closed = False
        self.name = environment.file

    @classmethod
    def open(
        cls, directory: str | Path, *, writable: bool = False, limit_bytes: int = MAX_MAP_BYTES
    ) -> "SnapshotStore":
        """The store in a directory; a writer makes it, and makes a damaged one anew.

        Raises `SnapshotError`; for a reader also where there is no store.
        """
        path = Path(directory)
        try:
            try:
                return cls._open(path, writable, limit_bytes)
            except (CorruptJournal, NoJournal):
                if not writable or not path.is_dir():
                    raise
                for file in ("data.mdb", "lock.mdb"):
                    (path / file).unlink(missing_ok=True)
                return cls._open(path, writable, limit_bytes)
        except (JournalError, OSError) as error:
            raise SnapshotError(str(error)) from error

    @classmethod
    def _open(cls, path: Path, writable: bool, limit_bytes: int) -> "SnapshotStore":
        environment = open_environment(
            path, writable=writable, create=writable, limit_bytes=limit_bytes
        )
        store = cls(environment, writable=writable)
        try:
            if writable:
                try:
                    environment.database(SNAPSHOTS)
                except KeyError:
                    environment.create_databases((SNAPSHOTS,), {})
            store._database()
        except BaseException as error:
            store.close()
            if isinstance(error, lmdb.Error):
                raise JournalError(f"{environment.file}: LMDB: {error}") from error
            raise
        return store

    def _database(self) -> Any:
        try:
            return self._environment.database(SNAPSHOTS)
        except KeyError as error:
            raise NoJournal(f"{self.name}: holds no snapshots") from error

    def write(
        self,
        sequence: int,
        time_ns: int,
        journal_hash: bytes,
        state_hash: str,
        state: bytes,
        *,
        compress: bool = True,
    ) -> SnapshotInfo:
        """Stores a snapshot durably, in place of one with the same sequence.

        Raises `SnapshotError`; then nothing was stored.
        """
        info, value = pack(sequence, time_ns, journal_hash, state_hash, state, compress=compress)
        try:
            with self._environment.begin_write(len(value)) as transaction:
                transaction.put(SEQUENCE.pack(sequence), value, db=self._database())
        except (lmdb.Error, JournalError) as error:
            raise SnapshotError(f"{self.name}: snapshot {sequence} not written: {error}") from error
        return info

    def infos(self, reports: list[str] | None = None) -> list[SnapshotInfo]:
        """The headers of all snapshots, oldest first; unreadable ones go to `reports`."""
        found = []
        for sequence in self._sequences():
            try:
                with self._environment.reading() as transaction:
                    value = transaction.get(SEQUENCE.pack(sequence), db=self._database())
                    if value is not None:
                        found.append(read_info(value, sequence))
            except (SnapshotError, JournalError) as error:
                _report(reports, self.name, error)
        return found

    def valid(
        self,
        chain_hash_at: ChainHashAt,
        *,
        to_sequence: int | None = None,
        to_time_ns: int | None = None,
        reports: list[str] | None = None,
    ) -> Iterator[Snapshot]:
        """Valid snapshots that are not beyond a sequence or a time, the newest first.

        `chain_hash_at` gives the journal's hash at a sequence (`Journal.chain_hash_at`); a
        snapshot with another belongs to another journal and is refused. What is skipped
        as invalid is told in `reports`.
        """
        for sequence in reversed(self._sequences(reports)):
            if to_sequence is not None and sequence > to_sequence:
                continue
            try:
                snapshot = self._read(sequence, chain_hash_at, to_time_ns)
            except (SnapshotError, JournalError) as error:
                _report(reports, self.name, error)
                continue
            if snapshot is not None:
                yield snapshot

    def _read(
        self, sequence: int, chain_hash_at: ChainHashAt, to_time_ns: int | None
    ) -> Snapshot | None:
        """One snapshot, checked against the journal; None if it is later than a time."""
        with self._environment.reading() as transaction:
            value = transaction.get(SEQUENCE.pack(sequence), db=self._database())
            if value is None:
                return None
            info = read_info(value, sequence)
            if to_time_ns is not None and info.time_ns > to_time_ns:
                return None
            snapshot = read(value, sequence)
        expected = chain_hash_at(sequence)
        if expected is None:
            raise SnapshotError(f"snapshot {sequence}: the journal has no block that ends there")
        if expected != info.journal_hash:
            raise SnapshotError(
                f"snapshot {sequence}: made from another journal (hash"
                f" {info.journal_hash.hex()[:16]}, this journal has {expected.hex()[:16]})"
            )
        return snapshot

    def prune(self, keep: int) -> int:
        """Removes all but the newest `keep` snapshots (at least 0); returns how many."""
        sequences = self._sequences()
        doomed = sequences[: max(0, len(sequences) - keep)]
        try:
            with self._environment.begin_write(0) as transaction:
                for sequence in doomed:
                    transaction.delete(SEQUENCE.pack(sequence), db=self._database())
        except (lmdb.Error, JournalError) as error:
            raise SnapshotError(f"{self.name}: not pruned: {error}") from error
        return len(doomed)

    def close(self) -> None:
        """Ends the use of the store."""
        if not self._closed:
            self._closed = True
            if self._writable:
                self._environment.release_writer()
            self._environment.close()

    def _sequences(self, reports: list[str] | None = None) -> list[int]:
        """The sequences of the stored snapshots, ascending; none if they can't be read."""
        found = []
        try:
            with self._environment.reading() as transaction:
                cursor = transaction.cursor(self._database())
                for key in cursor.iternext(values=False):
                    if len(key) == SEQUENCE.size:
                        found.append(SEQUENCE.unpack(key)[0])
        except JournalError as error:
            _report(reports, self.name, error)
        return found


def _report(reports: list[str] | None, file: str, error: Exception) -> None:
    if reports is not None:
        text = str(error)
        reports.append(text if text.startswith(file) else f"{file}: {text}")
