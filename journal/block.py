"""One block: the bytes of one group commit, and how every bit of them is checked.

This file may turn records and a header into one value and back; it may not do I/O.

A block is a header, the bytes of its commands, the bytes of the events they caused. It
is the unit of durability: the journal holds all of it or none of it. LMDB has no
checksums, so a block brings its own: `body_checksum` (xxh3, 128 bits) covers commands and
events, `block_hash` (blake3) covers the whole header and with it the checksum and the hash
of the block before. So every bit of every block is covered, and a block can't be left
out, put in, moved or taken from another journal without a break in the chain.

Why two digests: over a block of 512 KiB xxh3 takes 9 microseconds where blake3 takes 70,
and writing the block takes 200 to 300. The fast one reads the bytes, the strong one binds
152 bytes of header. What this does not give is proof against a forger (FORMAT.md).

Blocks of format 1 have no `key_digest`. They are read for ever; new blocks are of format 2,
also after blocks of format 1 in the same journal.
"""

import struct
from typing import Final, NamedTuple

import blake3
import xxhash

from engine.records import WORD
from journal.errors import CorruptJournal, JournalVersion
from journal.framing import key_digest
from journal.layout import STORED_SEQUENCE

MAGIC: Final = b"LOCKSTEP"
FORMAT_VERSION: Final = 2
"""Of the blocks that this program writes."""
HEADERS: Final = {
    1: struct.Struct("<8sIIqqqqqqqq16s32s16s32s"),
    2: struct.Struct("<8sIIqqqqqqqqQ16s32s16s32s"),
}
"""How a header is laid out, by format version; `BlockHeader` names the fields."""
HEADER: Final = HEADERS[FORMAT_VERSION]
HEADER_SIZE: Final = HEADER.size
HASH_SIZE: Final = 32
"""`block_hash`, the last field of a header in every format, covers all bytes before it."""
_START: Final = struct.Struct("<8sII")
"""Magic, format version, header size: in every format."""
_KEY_MASK: Final = 2**64 - 1
GENESIS_HASH: Final = blake3.blake3(b"lockstep journal, format 1").digest()
"""`previous_hash` of the first block; the same for all journals, so equal runs chain equally."""
NO_HOOKS: Final = bytes(16)


class BlockHeader(NamedTuple):
    """The header of a block. Byte offsets are in FORMAT.md."""

    block_number: int
    """1 for the first block of a journal, then dense."""
    first_sequence: int
    """Of its first command; the block is stored under it."""
    last_sequence: int
    """A block holds every sequence from first to last, so commands = last - first + 1."""
    command_bytes: int
    """Size of the commands, which follow the header."""
    event_bytes: int
    """Size of the events, which follow the commands."""
    first_time_ns: int
    """Time of the first command, nanoseconds since 1970-01-01 UTC."""
    last_time_ns: int
    """The core's time after the last command: the latest time of any command so far."""
    key_total: int
    """Commands with a client key from the start of the journal to the end of this block."""
    key_digest: int
    """Sum (mod 2**64) of the mixed entries of these keys in the index; -1 in format 1."""
    hook_identity: bytes
    """16 bytes: digest of the `HookSet` in force for every command of the block; 0: no hooks."""
    previous_hash: bytes
    """`block_hash` of the block before; of the first block the genesis hash."""
    body_checksum: bytes
    """xxh3, 128 bits, of commands and events."""
    block_hash: bytes
    """blake3 of all bytes of the header before this field."""

    @property
    def has_key_digest(self) -> bool:
        """Whether the block says what the index of client keys must hold (since format 2)."""
        return self.key_digest >= 0

    @property
    def format_version(self) -> int:
        """Of the stored block that this header was read from."""
        return FORMAT_VERSION if self.has_key_digest else 1

    @property
    def value_bytes(self) -> int:
        """Size of the stored block: header, commands and events."""
        return HEADERS[self.format_version].size + self.command_bytes + self.event_bytes

    def as_stored(self) -> bytes:
        """The bytes of the header in its block."""
        layout = HEADERS[self.format_version]
        fields = [*self]
        if not self.has_key_digest:
            del fields[_KEY_DIGEST]
        return layout.pack(MAGIC, self.format_version, layout.size, *fields)


_KEY_DIGEST: Final = BlockHeader._fields.index("key_digest")
BEFORE_FIRST: Final = BlockHeader(
    block_number=0,
    first_sequence=0,
    last_sequence=0,
    command_bytes=0,
    event_bytes=0,
    first_time_ns=0,
    last_time_ns=0,
    key_total=0,
    key_digest=0,
    hook_identity=NO_HOOKS,
    previous_hash=GENESIS_HASH,
    body_checksum=bytes(16),
    block_hash=GENESIS_HASH,
)
"""What the first block follows."""


class Block(NamedTuple):
    """A block that was read and checked. The bytes are copies and stay valid."""

    header: BlockHeader
    commands: bytes
    events: bytes


class BlockDraft:
    """The open block: commands as they come, in one buffer that is allocated once.

    Space for the header lies in front, so that sealing copies nothing but the events and
    the sealed block is one stretch of memory. `clear` makes the draft ready for the next.
    """

    __slots__ = ("_buffer", "_end", "_view", "first_sequence", "first_time_ns", "keys",
                 "last_sequence")  # fmt: skip

    def __init__(self, capacity: int = 1 << 20) -> None:
        self._buffer = bytearray(HEADER_SIZE + capacity)
        self._view = memoryview(self._buffer)
        self.keys: list[tuple[bytes, int]] = []
        """(client key of 16 bytes, sequence of its command) of this block."""
        self.clear()

    def clear(self) -> None:
        """Empties the draft and keeps its memory."""
        self._end = HEADER_SIZE
        self.first_sequence = 0
        self.last_sequence = 0
        self.first_time_ns = 0
        self.keys = []

    @property
    def command_bytes(self) -> int:
        """Bytes of the commands so far."""
        return self._end - HEADER_SIZE

    def add(
        self, commands: bytes | memoryview, first_sequence: int, last_sequence: int, time_ns: int
    ) -> None:
        """Adds encoded commands `first_sequence..last_sequence`; `time_ns`: of the first."""
        start = self._end
        end = start + len(commands)
        if end > len(self._buffer):
            self._grow(end)
        self._view[start:end] = commands
        self._end = end
        if not self.first_sequence:
            self.first_sequence = first_sequence
            self.first_time_ns = time_ns
        self.last_sequence = last_sequence

    def commands(self) -> memoryview:
        """The commands so far, without a copy; valid until the next call that changes it."""
        return self._view[HEADER_SIZE : self._end]

    def check(self, expected: int, events: bytes | memoryview) -> None:
        """Raises `ValueError` unless it begins with the sequence and is whole records."""
        commands = self.commands()
        if not len(commands) or self.first_sequence != expected:
            raise ValueError(
                f"block {self.first_sequence} of {len(commands)} bytes: {expected} is next"
            )
        if len(commands) % WORD or len(events) % WORD:
            raise ValueError(f"block {expected}: commands or events are no whole number of words")
        first = int.from_bytes(commands[WORD : 2 * WORD], "little")
        if first != expected or self.last_sequence < expected:
            raise ValueError(f"block {expected}: its first command has sequence {first}")

    def seal(
        self,
        events: bytes | memoryview,
        last_time_ns: int,
        previous: BlockHeader,
        hook_identity: bytes,
    ) -> tuple[BlockHeader, memoryview]:
        """The header and the whole value, to be stored before the draft changes again.

        `previous` must have a key digest (the journal works it out after a block of format 1).
        """
        assert previous.has_key_digest, "the digest of the keys so far is known"
        entries = b"".join(key + STORED_SEQUENCE.pack(sequence) for key, sequence in self.keys)
        event_start = self._end
        end = event_start + len(events)
        if end > len(self._buffer):
            self._grow(end)
        self._view[event_start:end] = events
        header = BlockHeader(
            block_number=previous.block_number + 1,
            first_sequence=self.first_sequence,
            last_sequence=self.last_sequence,
            command_bytes=event_start - HEADER_SIZE,
            event_bytes=end - event_start,
            first_time_ns=self.first_time_ns,
            last_time_ns=last_time_ns,
            key_total=previous.key_total + len(self.keys),
            key_digest=(previous.key_digest + key_digest(entries)) & _KEY_MASK,
            hook_identity=hook_identity,
            previous_hash=previous.block_hash,
            body_checksum=xxhash.xxh3_128_digest(self._view[HEADER_SIZE:end]),
            block_hash=bytes(HASH_SIZE),
        )
        HEADER.pack_into(self._buffer, 0, MAGIC, FORMAT_VERSION, HEADER_SIZE, *header)
        hashed = HEADER_SIZE - HASH_SIZE
        block_hash = blake3.blake3(self._view[:hashed]).digest()
        self._view[hashed:HEADER_SIZE] = block_hash
        return header._replace(block_hash=block_hash), self._view[:end]

    def _grow(self, needed: int) -> None:
        """A larger buffer with the same content; happens a few times in the life of a draft."""
        larger = bytearray(max(needed, 2 * len(self._buffer)))
        larger[: self._end] = self._view[: self._end]
        self._buffer = larger
        self._view = memoryview(larger)


def read_header(value: bytes | memoryview, key: int, file: str) -> BlockHeader:
    """The header of a stored block, checked by itself. `key`: the sequence it is stored under.

    Raises `CorruptJournal`, or `JournalVersion` for the format of a later program.
    """

    def corrupt(problem: str) -> CorruptJournal:
        return CorruptJournal(file, key, 0, problem)

    header = peek_header(value, key, file)
    if len(value) != header.value_bytes:
        raise corrupt(f"{len(value)} bytes, its header says {header.value_bytes}")
    if header.first_sequence != key:
        raise corrupt(f"stored under {key}, its header says {header.first_sequence}")
    if not 0 < header.first_sequence <= header.last_sequence:
        raise corrupt(f"last sequence {header.last_sequence} before the first")
    return header


def peek_header(start: bytes | memoryview, key: int, file: str) -> BlockHeader:
    """The header that some bytes begin with, whatever follows it; `key`: for messages.

    Its magic, its hash and its sizes are checked. Raises as `read_header` does.
    """

    def corrupt(problem: str) -> CorruptJournal:
        return CorruptJournal(file, key, 0, problem)

    smallest = HEADERS[1].size
    if len(start) < smallest:
        raise corrupt(f"{len(start)} bytes, a block has at least {smallest}")
    magic, version, header_size = _START.unpack_from(start)
    if magic != MAGIC:
        raise corrupt(f"starts with {magic!r}, a block starts with {MAGIC!r}")
    if not smallest <= header_size <= len(start):
        raise corrupt(f"header of {header_size} bytes, at least {smallest} were expected")
    hashed = header_size - HASH_SIZE
    if blake3.blake3(start[:hashed]).digest() != start[hashed:header_size]:
        raise corrupt("the header does not match its hash")
    if version not in HEADERS:
        raise JournalVersion(
            f"{file}: block {key} has format {version}, this program reads formats up to"
            f" {FORMAT_VERSION}"
        )
    if header_size != HEADERS[version].size:
        raise corrupt(f"header of {header_size} bytes, expected {HEADERS[version].size}")
    header = _unpack(start, version)
    if header.command_bytes < 0 or header.event_bytes < 0:
        raise corrupt(f"{header.command_bytes} and {header.event_bytes} bytes of records")
    if header.command_bytes % WORD or header.event_bytes % WORD:
        raise corrupt("its commands or events are no whole number of words")
    return header


def _unpack(value: bytes | memoryview, version: int) -> BlockHeader:
    """The fields of a header in a known format."""
    _, _, _, *fields = HEADERS[version].unpack_from(value)
    if version == 1:
        fields.insert(_KEY_DIGEST, -1)
    return BlockHeader(*fields)


def read_block(
    value: bytes | memoryview, key: int, file: str, previous: BlockHeader | None
) -> Block:
    """A stored block with all its checks; `previous` None: the block before is not known.

    Raises `CorruptJournal` or `JournalVersion`. The framing of the records inside is not
    walked here: bytes that pass the checksum are the bytes that were written, and whoever
    decodes or applies them checks each record (`Journal.verify` does so for all).
    """
    header = read_header(value, key, file)
    body = value[len(value) - header.command_bytes - header.event_bytes :]
    if xxhash.xxh3_128_digest(body) != header.body_checksum:
        raise CorruptJournal(file, key, 0, "its commands and events do not match their checksum")
    if previous is not None:
        check_follows(header, previous, file)
    return Block(header, bytes(body[: header.command_bytes]), bytes(body[header.command_bytes :]))


def check_follows(header: BlockHeader, previous: BlockHeader, file: str) -> None:
    """Raises `CorruptJournal` unless `header` is the block right after `previous`."""
    key = header.first_sequence
    if header.first_sequence != previous.last_sequence + 1:
        raise CorruptJournal(
            file,
            key,
            header.first_sequence,
            f"sequence gap: {previous.last_sequence + 1} was expected",
        )
    if header.previous_hash != previous.block_hash:
        raise CorruptJournal(
            file,
            key,
            header.first_sequence,
            f"chain broken: it follows a block with hash {header.previous_hash.hex()[:16]}, the"
            f" block before has {previous.block_hash.hex()[:16]}",
        )
    if header.block_number != previous.block_number + 1:
        raise CorruptJournal(
            file,
            key,
            0,
            f"block number {header.block_number}, {previous.block_number + 1} was expected",
        )
    if header.last_time_ns < previous.last_time_ns:
        raise CorruptJournal(
            file,
            key,
            header.last_sequence,
            f"time {header.last_time_ns} before {previous.last_time_ns} of the block before",
        )
    if header.key_total < previous.key_total:
        raise CorruptJournal(
            file, key, 0, f"{header.key_total} client keys, {previous.key_total} before it"
        )
