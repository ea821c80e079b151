"""The journal in LMDB: one group commit is one value, in one synced transaction.

This file may store and fetch blocks; what a block is, and when it is right, is in
`block.py`. Three named databases:

    meta    b"journal"               -> magic, format version, record version, genesis hash
    blocks  first sequence           -> a block (block.py); keys big-endian, so in order
    keys    client key (16 bytes)    -> sequence of its command

A block and its client keys are put in the same transaction. A commit that fails is final:
nobody can know what reached the disk, so the object refuses all further use, the process
ends, and recovery reads what is there.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import lmdb

from engine import records
from engine.records import Command, CorruptRecord, Event
from journal import framing
from journal.block import (
    BEFORE_FIRST,
    FORMAT_VERSION,
    GENESIS_HASH,
    HEADERS,
    MAGIC,
    Block,
    BlockDraft,
    BlockHeader,
    read_block,
    read_header,
)
from journal.commit_thread import CommitThread
from journal.environment import MAX_MAP_BYTES, Environment, open_environment
from journal.errors import CorruptJournal, JournalFailed, JournalVersion, NoJournal
from journal.interface import Answer, Progress, Verification
from journal.layout import (
    BLOCKS,
    KEY_SIZE,
    KEYS,
    META,
    META_KEY,
    META_VALUE,
    SEQUENCE,
    STORED_SEQUENCE,
)
from journal.verify import verify

_CHUNK_BYTES: Final = 4 << 20
"""Blocks are fetched in transactions of about this much, so that no reader holds one long."""


class LmdbJournal:
    """`Journal` in an LMDB environment. `LmdbJournal.open` makes it."""

    def __init__(self, environment: Environment, *, writable: bool) -> None:
        self._environment = environment
        self._writable = writable
        self._failure = ""
        self._closed = False
        self._thread = CommitThread()
        self._on_its_way = BEFORE_FIRST
        """The block whose commit the thread makes, if it makes one."""
        self.name = environment.file
        try:
            self._check_meta(environment.database(META))
            environment.database(BLOCKS)
            environment.database(KEYS)
        except KeyError as error:
            raise NoJournal(
                f"{self.name}: half a journal: the database {error.args[0].decode()} is missing"
            ) from error
        self._tail = self._read_tail()
        if writable:
            self.block_at(self._tail.last_sequence)
            self._check_keys()

    @classmethod
    def open(
        cls,
        directory: str | Path,
        *,
        writable: bool = False,
        create: bool = False,
        limit_bytes: int = MAX_MAP_BYTES,
    ) -> "LmdbJournal":
        """The journal in a directory; `create` makes an empty one where there is none.

        `limit_bytes`: the most its file may hold. Raises `NoJournal`, `JournalInUse`,
        `JournalVersion`, `CorruptJournal`.
        """
        environment = open_environment(
            Path(directory), writable=writable, create=create, limit_bytes=limit_bytes
        )
        try:
            if create and writable:
                _create_databases(environment)
            return cls(environment, writable=writable)
        except BaseException:
            if writable:
                environment.release_writer()
            environment.close()
            raise

    # ------------------------------------------------------------ appending

    def append(
        self,
        draft: BlockDraft,
        events: bytes | memoryview,
        last_time_ns: int,
        hook_identity: bytes,
        *,
        behind: bool = False,
    ) -> BlockHeader:
        """Stores a block durably (see `Journal.append`)."""
        self._check_usable()
        if not self._writable:
            raise ValueError(f"{self.name}: opened for reading")
        assert not self._thread.is_busy, "one block at a time is on its way"
        draft.check(self._tail.last_sequence + 1, events)
        header, value = draft.seal(events, last_time_ns, self._tail, hook_identity)
        keys = sorted((key, STORED_SEQUENCE.pack(sequence)) for key, sequence in draft.keys)
        first = SEQUENCE.pack(header.first_sequence)
        if behind:
            self._on_its_way = header
            self._thread.begin(lambda written: self._commit(first, value, keys, written))
        else:
            with self._ending(header):
                self._commit(first, value, keys)
        return header

    def finish_append(self) -> None:
        """Waits for the block that was begun, if there is one. Raises as `append` does."""
        if self._thread.is_busy:
            with self._ending(self._on_its_way):
                self._thread.finish()

    @contextmanager
    def _ending(self, header: BlockHeader) -> Iterator[None]:
        """The end of a commit: the block is the tail, or the journal is of no use any more."""
        try:
            yield
        except BaseException as error:
            self._failure = f"{self.name}: the commit of block {header.first_sequence} failed"
            if isinstance(error, lmdb.Error | JournalFailed):
                raise JournalFailed(f"{self._failure}: {error}") from error
            raise
        self._tail = header

    def _commit(
        self,
        key: bytes,
        value: memoryview,
        keys: list[tuple[bytes, bytes]],
        written: Callable[[], None] | None = None,
    ) -> None:
        """One transaction: the block and its client keys. Any exception here is final."""
        transaction = self._environment.begin_write(len(value), len(keys))
        try:
            stored = transaction.put(key, value, db=self._blocks, append=True, overwrite=False)
            assert stored, "the sequence of a new block is not in the journal"
            if keys:
                with transaction.cursor(self._keys) as cursor:
                    _, added = cursor.putmulti(keys, overwrite=False)
                assert added == len(keys), "a client key is journalled once"
        except BaseException:
            transaction.abort()
            raise
        if written is not None:
            written()
        self._environment.commit(transaction)

    def reserve(self, n_bytes: int) -> None:
        """Prepares the file for so many bytes more, in quiet hours: commits into them are quicker.

        Raises `JournalError` where there is no room; the journal is as it was.
        """
        self._check_usable()
        if not self._writable:
            raise ValueError(f"{self.name}: opened for reading")
        self._environment.reserve(n_bytes)

    # ------------------------------------------------------------ reading

    def tail(self) -> BlockHeader:
        """The header of the last block, as of now."""
        self._check_usable()
        return self._tail if self._writable else self._read_tail()

    def _read_tail(self) -> BlockHeader:
        """The header of the last block, as LMDB has it now."""
        with self._environment.reading() as transaction:
            cursor = transaction.cursor(self._blocks)
            if not cursor.last():
                return BEFORE_FIRST
            return read_header(cursor.value(), self._sequence_of(cursor.key()), self.name)

    def blocks(self, from_sequence: int = 1, to_sequence: int | None = None) -> Iterator[Block]:
        """Checked blocks in order (see `Journal.blocks`)."""
        previous: BlockHeader | None = None
        sequence = from_sequence
        while to_sequence is None or sequence <= to_sequence:
            fetched = self._fetch(sequence)
            if not fetched:
                return
            for key, value, before in fetched:
                block = read_block(value, key, self.name, previous or before)
                previous = block.header
                sequence = previous.last_sequence + 1
                yield block
                if to_sequence is not None and sequence > to_sequence:
                    return

    def _fetch(self, sequence: int) -> list[tuple[int, bytes, BlockHeader | None]]:
        """Some stored blocks from the one that holds `sequence`: key, bytes, header before.

        The header of the block before is given with the first only.
        """
        self._check_usable()
        fetched: list[tuple[int, bytes, BlockHeader | None]] = []
        with self._environment.reading() as transaction:
            cursor = transaction.cursor(self._blocks)
            if not self._seek(cursor, sequence):
                return []
            before: BlockHeader | None = self._header_before(cursor)
            size = 0
            while size < _CHUNK_BYTES:
                value = bytes(cursor.value())
                fetched.append((self._sequence_of(cursor.key()), value, before))
                size += len(value)
                before = None
                if not cursor.next():
                    break
        return fetched

    def _seek(self, cursor: lmdb.Cursor, sequence: int) -> bool:
        """Puts the cursor on the block that holds `sequence`, else on the next; False: none."""
        later = cursor.set_range(SEQUENCE.pack(sequence))
        if later and self._sequence_of(cursor.key()) == sequence:
            return True
        if cursor.prev() if later else cursor.last():
            key = self._sequence_of(cursor.key())
            if read_header(cursor.value(), key, self.name).last_sequence >= sequence:
                return True
            return bool(cursor.next())
        return bool(cursor.first())

    def _header_before(self, cursor: lmdb.Cursor) -> BlockHeader:
        """The header of the block before the cursor's, which stays where it is."""
        if not cursor.prev():
            cursor.first()
            return BEFORE_FIRST
        header = read_header(cursor.value(), self._sequence_of(cursor.key()), self.name)
        cursor.next()
        return header

    def block_at(self, sequence: int) -> Block | None:
        """The checked block that holds a sequence, or None."""
        if sequence < 1:
            return None
        for key, value, before in self._fetch(sequence)[:1]:
            return read_block(value, key, self.name, before)
        return None

    def chain_hash_at(self, sequence: int) -> bytes | None:
        """The hash of the block that ends with a sequence; None if no block ends there."""
        self._check_usable()
        if sequence == 0:
            return GENESIS_HASH
        with self._environment.reading() as transaction:
            cursor = transaction.cursor(self._blocks)
            found = cursor.set_range(SEQUENCE.pack(sequence + 1))
            if not (cursor.prev() if found else cursor.last()):
                return None
            header = read_header(cursor.value(), self._sequence_of(cursor.key()), self.name)
            return header.block_hash if header.last_sequence == sequence else None

    # ------------------------------------------------------------ client keys

    def lookup_key(self, key: bytes) -> int | None:
        """The sequence of the command with this client key (16 bytes), or None."""
        self._check_usable()
        with self._environment.reading() as transaction:
            value = transaction.get(key, db=self._keys)
            if value is None:
                return None
            if len(value) != STORED_SEQUENCE.size:
                raise CorruptJournal(self.name, 0, 0, f"key {key.hex()}: {len(value)} bytes")
            sequence: int = STORED_SEQUENCE.unpack(value)[0]
            return sequence

    def answer(self, sequence: int) -> Answer | None:
        """The command under a sequence with its events, or None."""
        block = self.block_at(sequence)
        if block is None:
            return None
        key = block.header.first_sequence
        try:
            commands = framing.records_of(block.commands, sequence)
            events = framing.records_of(block.events, sequence)
        except CorruptRecord as error:
            raise CorruptJournal(self.name, key, sequence, str(error)) from error
        if len(commands) != 1 or not isinstance(commands[0], Command):
            raise CorruptJournal(self.name, key, sequence, "one command was expected")
        return Answer(commands[0], [e for e in events if isinstance(e, Event)])

    # ------------------------------------------------------------ the whole

    def verify(self, progress: Progress | None = None) -> Verification:
        """Reads and checks everything, and goes on after a finding."""
        self._check_usable()
        return verify(self._environment, self.name, self._blocks, self._keys, progress)

    def close(self) -> None:
        """Ends the use of the journal. Nothing is written but a block that was begun."""
        if not self._closed:
            self._closed = True
            self._thread.close()
            if self._writable:
                self._environment.release_writer()
            self._environment.close()

    # ------------------------------------------------------------ checks and handles

    @property
    def _blocks(self) -> Any:
        return self._environment.database(BLOCKS)

    @property
    def _keys(self) -> Any:
        return self._environment.database(KEYS)

    def _check_usable(self) -> None:
        if self._failure:
            raise JournalFailed(f"{self._failure} before; the process must end and recover")
        if self._closed:
            raise ValueError(f"{self.name}: closed")

    def _check_meta(self, meta: Any) -> None:
        """Raises `JournalVersion` or `CorruptJournal` for a journal of another kind."""
        with self._environment.reading() as transaction:
            value = transaction.get(META_KEY, db=meta)
            if value is None:
                raise NoJournal(f"{self.name}: half a journal: its description is missing")
            value = bytes(value)
        if len(value) < META_VALUE.size or value[:8] != MAGIC:
            raise CorruptJournal(self.name, 0, 0, "its description is no description of a journal")
        _, version, record_version, genesis = META_VALUE.unpack_from(value)
        if version not in HEADERS or record_version != records.VERSION:
            raise JournalVersion(
                f"{self.name}: journal format {version} with records of version"
                f" {record_version}; this program reads formats up to {FORMAT_VERSION} with"
                f" records of version {records.VERSION}"
            )
        if len(value) != META_VALUE.size or genesis != GENESIS_HASH:
            raise CorruptJournal(self.name, 0, 0, "its description is damaged")

    def _check_keys(self) -> None:
        """The index holds the client keys of the blocks, with their sequences, and no others.

        After a block of format 1, which has no digest, the number of keys is compared, and
        the digest that the next block goes on from is worked out.
        """
        tail = self._tail
        entries = self._environment.fixed_entries(KEYS, KEY_SIZE, STORED_SEQUENCE.size)
        digest = framing.key_digest(entries.data)
        problem = ""
        if len(entries) != tail.key_total:
            problem = f"{len(entries)} client keys are stored, {tail.key_total} were expected"
        elif tail.has_key_digest and digest != tail.key_digest:
            problem = "the index of client keys is not the one that its digest was taken of"
        if problem:
            raise CorruptJournal(self.name, tail.first_sequence, 0, problem)
        self._tail = tail._replace(key_digest=digest)

    def _sequence_of(self, key: bytes | memoryview) -> int:
        if len(key) != SEQUENCE.size:
            raise CorruptJournal(self.name, 0, 0, f"a block under a key of {len(key)} bytes")
        sequence: int = SEQUENCE.unpack(key)[0]
        return sequence


def _create_databases(environment: Environment) -> None:
    """The description and empty databases, in one transaction, where there are none."""
    with environment.reading() as transaction:
        if transaction.stat()["entries"]:
            return
    value = META_VALUE.pack(MAGIC, FORMAT_VERSION, records.VERSION, GENESIS_HASH)
    try:
        environment.create_databases((META, BLOCKS, KEYS), {META_KEY: value})
    except lmdb.Error as error:
        raise JournalFailed(f"{environment.file}: can't be created: {error}") from error
