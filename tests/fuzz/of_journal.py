"""Promises of what reads stored bytes: blocks, framing, whole journals, snapshots.

This file may pack and unpack and compare; a function here raises only where a promise is
broken. What may come out is named at each: nothing else may.
"""

import shutil
from collections.abc import Callable
from functools import cache
from random import Random
from typing import Any

import blake3
import lmdb
import xxhash

from adapters.node import Node
from adapters.replay import JOURNAL_FOLDER
from engine import records
from engine.records import CorruptRecord
from journal import (
    BEFORE_FIRST,
    Block,
    BlockHeader,
    CorruptJournal,
    JournalError,
    JournalVersion,
    LmdbJournal,
    framing,
)
from journal.block import HASH_SIZE, HEADERS, MAGIC, read_block, read_header
from journal.layout import BLOCKS, SEQUENCE
from snapshots import SnapshotError
from snapshots import layout as snapshot_layout
from tests.fuzz import good, mutations

_START = 16
"""Bytes of a header before its fields: magic, version, size."""
_FIRST_SEQUENCE = _START + 8


# ---------------------------------------------------------------- blocks


@cache
def _folder_of_three() -> str:
    """A journal of three blocks."""
    folder = good.scratch() / "journal-original"
    parts = good.small_parts()
    with Node.open(folder, create=True) as node:
        for start, end in ((0, 40), (40, 60), (60, 90)):
            node.submit_block(b"".join(parts[start:end]))
            node.commit()
        node.snapshot()
    return str(folder)


@cache
def stored_blocks() -> list[bytes]:
    """The values of the three blocks, as LMDB has them."""
    environment = lmdb.open(f"{_folder_of_three()}/{JOURNAL_FOLDER}", readonly=True, max_dbs=4)
    with environment.begin() as transaction:
        database = environment.open_db(BLOCKS, transaction, create=False)
        found = [bytes(value) for _, value in transaction.cursor(database)]
    environment.close()
    return found


def block_seeds() -> list[bytes]:
    """Blocks of both formats."""
    return [*stored_blocks(), *map(of_format_1, stored_blocks())]


def of_format_1(value: bytes) -> bytes:
    """The same block as a program of format 1 would have written it."""
    _, _, size, *fields = HEADERS[2].unpack_from(value)
    del fields[BlockHeader._fields.index("key_digest")]
    header = HEADERS[1].pack(MAGIC, 1, HEADERS[1].size, *fields)
    return sealed(header + value[size:])


def sealed(value: bytes) -> bytes:
    """A block whose checksums are those of its bytes, as far as its header leads to them."""
    size = int.from_bytes(value[12:16], "little")
    if not HEADERS[1].size <= size <= len(value):
        return value
    checksum = xxhash.xxh3_128_digest(value[size:])
    head = value[: size - HASH_SIZE - 16] + checksum
    return head + blake3.blake3(head).digest() + value[size:]


def block_mutated(value: bytes, random: Random) -> bytes:
    """Header fields or records; mostly with the right sizes and checksums again."""
    size = int.from_bytes(value[12:16], "little")
    kind = random.randrange(5)
    if kind == 0 or not _START < size <= len(value):
        return mutations.some_bytes(value, random)
    if kind == 1:
        value = value[:_START] + mutations.some_words(value[_START:size], random) + value[size:]
    elif kind == 2:
        value = value[:size] + mutations.some_words(value[size:], random)
    else:
        first = int.from_bytes(value[_FIRST_SEQUENCE : _FIRST_SEQUENCE + 8], "little")
        mutate = mutations.of_records(first % 2**32, good.any_command)
        value = value[:size] + mutate(value[size:], random)
    if random.randrange(3):
        value = _resized(value)
    return sealed(value) if random.randrange(8) else value


def _resized(value: bytes) -> bytes:
    """The header says that all but the events, which keep their size, are commands."""
    size = int.from_bytes(value[12:16], "little")
    events = int.from_bytes(value[48:56], "little")
    commands = len(value) - size - events
    if commands < 0:
        events, commands = 0, len(value) - size
    sizes = commands.to_bytes(8, "little", signed=True) + events.to_bytes(8, "little")
    return value[:40] + sizes + value[56:]


def block_read(data: bytes) -> None:
    """`read_header`, `read_block`: what was sealed, or `CorruptJournal` or `JournalVersion`."""
    key = int.from_bytes(data[_FIRST_SEQUENCE : _FIRST_SEQUENCE + 8], "little")
    before = read_header(stored_blocks()[0], 1, "journal")
    for previous in (None, BEFORE_FIRST, before):
        try:
            block = read_block(data, key, "journal", previous)
        except (CorruptJournal, JournalVersion) as error:
            assert str(error).startswith("journal: "), error
            continue
        assert sealed(data) == data, "every byte is covered"
        assert read_header(memoryview(data), key, "journal") == block.header
        _check_block(data, block)


def _check_block(data: bytes, block: Block) -> None:
    header = block.header
    assert data.endswith(block.commands + block.events)
    assert (len(block.commands), len(block.events)) == (header.command_bytes, header.event_bytes)
    framed(block.commands)
    framed(block.events)


# ---------------------------------------------------------------- framing


def framed(data: bytes) -> None:
    """`journal/framing`: the same records that `decode_all` finds, or `CorruptRecord`."""
    if len(data) % records.WORD:
        return  # a block holds whole words, `read_header` and `check_block` see to that
    offsets = _starts(data, framing.record_starts)
    assert offsets == _starts(data, lambda all_of_it: framing._walk(framing.words_of(all_of_it)))
    found: list[records.Record] = []
    ends = [0]
    try:
        while ends[-1] < len(data):
            record, end = records.decode(data, ends[-1])
            found.append(record)
            ends.append(end)
    except CorruptRecord:
        found = []
    else:
        assert offsets == ends[:-1], "records begin where they are decoded"
    for ask in (
        lambda: framing.count_records(data),
        lambda: framing.keys_of(data),
        lambda: framing.records_of(data, 5),
        lambda: framing.has_configuration(data, records.HookSet.KIND),
        lambda: framing.offset_after_sequence(data, 4),
        lambda: framing.offset_after_time(data, 1_400_000_000_000_000_000),
        lambda: framing.is_uniform(data, records.Tick),
    ):
        try:
            ask()
        except CorruptRecord:
            assert not found, "records that can be decoded are framed"
    if found:
        _check_framing(data, found)


def _starts(data: bytes, walk: Callable[[bytes], Any]) -> list[int]:
    """Where records begin, in bytes; none where they can't be told."""
    try:
        return [int(start) * records.WORD for start in walk(data)]
    except CorruptRecord:
        return []


def _check_framing(data: bytes, found: list[records.Record]) -> None:
    assert framing.count_records(data) == len(found)
    keys = [
        (framing.key_bytes(record.key_high, record.key_low), record.sequence % 2**64)
        for record in found
        if hasattr(record, "key_high")
        and hasattr(record, "key_low")
        and (record.key_high or record.key_low)
    ]
    assert [(key, sequence % 2**64) for key, sequence in framing.keys_of(data)] == keys
    hooks = any(isinstance(r, records.Configure) and r.kind == records.HookSet.KIND for r in found)
    assert framing.has_configuration(data, records.HookSet.KIND) == hooks


def framing_seeds() -> list[bytes]:
    """Short blocks, and one that is long enough for the vectorised walk."""
    parts = good.small_parts()
    events = b"".join(good.event_of_each_kind())
    return [b"".join(parts[:4]), b"".join(parts[60:100]), b"".join(parts[:100]), events]


# ---------------------------------------------------------------- a journal with a foreign block


def journal_read(data: bytes) -> None:
    """A journal whose middle block is these bytes: `JournalError`, or what it holds is served."""
    folder = good.scratch() / "journal"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(f"{_folder_of_three()}/{JOURNAL_FOLDER}", folder)
    environment = lmdb.open(str(folder), max_dbs=4, sync=False, map_size=1 << 24)
    with environment.begin(write=True) as transaction:
        database = environment.open_db(BLOCKS, transaction, create=False)
        transaction.put(SEQUENCE.pack(41), data, db=database)
    environment.close()
    journal = LmdbJournal.open(folder)
    same = data == stored_blocks()[1]
    try:
        assert (journal.verify().findings == []) == same, "verify finds every foreign block"
        for sequence in (40, 41, 50, 61):
            _ask(journal, sequence, same)
        try:
            assert sum(1 for _ in journal.blocks()) == 3 and same
        except JournalError:
            assert not same
    finally:
        journal.close()


def _ask(journal: LmdbJournal, sequence: int, same: bool) -> None:
    for ask in (journal.block_at, journal.answer, journal.chain_hash_at):
        try:
            ask(sequence)
        except JournalError:
            assert not same


# ---------------------------------------------------------------- snapshots


@cache
def snapshot_seeds() -> list[bytes]:
    """A snapshot as it is and one that is packed."""
    world = good.world()
    state_hash = world.engine().state_hash()
    at = (world.sequence, world.time_ns, bytes(range(32)), state_hash)
    return [
        snapshot_layout.pack(*at, state, compress=compress)[1]
        for state in (world.state, b"", b"a state" * 9)
        for compress in (True, False)
    ]


def snapshot_mutated(value: bytes, random: Random) -> bytes:
    """Header fields or the body; mostly with the right sizes and checksums again."""
    size = snapshot_layout.HEADER_SIZE
    kind = random.randrange(4)
    if kind == 0 or len(value) < size:
        return mutations.some_bytes(value, random)
    if kind == 1:
        value = mutations.some_words(value[:size], random)[:size].ljust(size, b"\0") + value[size:]
    else:
        value = value[:size] + mutations.some_bytes(value[size:], random)
        if random.randrange(8):
            value = value[:40] + (len(value) - size).to_bytes(8, "little") + value[48:]
    return snapshot_sealed(value) if random.randrange(8) else value


def snapshot_sealed(value: bytes) -> bytes:
    """A snapshot whose checksums are those of its bytes."""
    size = snapshot_layout.HEADER_SIZE
    head = value[: size - 48] + xxhash.xxh3_128_digest(value[size:])
    return head + blake3.blake3(head).digest() + value[size:]


def snapshot_read(data: bytes) -> None:
    """`read_info`, `read`: what was packed, or `SnapshotError`."""
    key = int.from_bytes(data[16:24], "little", signed=True)
    try:
        info = snapshot_layout.read_info(data, key)
        snapshot = snapshot_layout.read(memoryview(data), key)
    except SnapshotError as error:
        assert str(error).startswith(f"snapshot {key}: "), error
        return
    assert snapshot.info == info
    assert len(snapshot.state) == info.state_bytes
    assert snapshot_sealed(data) == data, "every byte is covered"
