"""Blocks whose checksums are right and whose records are not: verify goes by the records.

This file may seal what no writer would write.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import blake3
import lmdb
import pytest
import xxhash

from engine import records
from engine.records import CorruptRecord
from journal import LmdbJournal
from journal.block import BEFORE_FIRST, HASH_SIZE, HEADER_SIZE, Block, BlockHeader, read_block
from journal.layout import BLOCKS, SEQUENCE
from journal.verify import check_records
from tests.journal.conftest import TIME_NS, order, rejected, tick
from tests.journal.test_corruption import block_values, edit

pytestmark = pytest.mark.once

CONFIGURE = records.encode(records.Feed(feed=1, name="a feed"), 2, TIME_NS)
EVENT = records.Rejected.TYPE


def block_of(commands: bytes, events: bytes, **changes: Any) -> Block:
    """A block that says it holds sequences 1 to 3."""
    header = BEFORE_FIRST._replace(
        block_number=1,
        first_sequence=1,
        last_sequence=3,
        command_bytes=len(commands),
        event_bytes=len(events),
        first_time_ns=TIME_NS + 1,
    )
    return Block(header._replace(**changes), commands, events)


def resized(record: bytes, more: int) -> bytes:
    """A record that is longer than its type, and says so."""
    header = int.from_bytes(record[:8], "little") + (more << 32)
    return header.to_bytes(8, "little") + record[8:] + bytes(more)


THREE = tick(1) + order(2) + tick(3)
WRONG = [
    (b"", b"", {}, "it has no commands"),
    (tick(1) + rejected(2) + tick(3), b"", {}, f"{EVENT} is no type of command"),
    (THREE, tick(1), {}, "1 is no type of event"),
    (tick(1) + resized(tick(2), 8) + tick(3), b"", {}, "command of 64 bytes, 56 were expected"),
    (THREE, resized(rejected(1), 16), {}, f"event of {len(rejected(1)) + 16} bytes, "),
    (tick(1) + tick(2), b"", {}, "2 commands, 3 were expected"),
    (THREE + tick(4), b"", {}, "4 commands, 3 were expected"),
    (tick(2) + tick(3) + tick(4), b"", {}, "3 commands, 3 were expected"),
    (tick(1) + tick(3) + tick(3), b"", {}, "the sequences of its commands have a gap"),
    (tick(1) + tick(2) + tick(4), b"", {}, "the sequences of its commands have a gap"),
    (tick(1) + tick(1) + tick(2), b"", {}, "the sequences of its commands have a gap"),
    (THREE, b"", {"first_time_ns": TIME_NS}, f"another time than {TIME_NS}"),
    (THREE, rejected(2) + rejected(1), {}, "the sequences of its events go backwards"),
    (THREE, rejected(0) + rejected(1), {}, "its events name commands of other blocks"),
    (THREE, rejected(3) + rejected(4), {}, "its events name commands of other blocks"),
    (THREE[:-8], b"", {}, "the record is cut off"),
]


@pytest.mark.parametrize(("commands", "events", "header", "message"), WRONG, ids=lambda x: str(x))
def test_records_that_no_engine_wrote_are_told(
    commands: bytes, events: bytes, header: dict[str, Any], message: str
) -> None:
    with pytest.raises(CorruptRecord, match=message):
        check_records(block_of(commands, events, **header))


@pytest.mark.parametrize(
    ("commands", "events", "counts"),
    [
        (THREE, b"", (3, 0)),
        (THREE, rejected(1), (3, 1)),
        (THREE, rejected(1) + rejected(3) + rejected(3), (3, 3)),
        (tick(1) + CONFIGURE + tick(3), b"", (3, 0)),
    ],
    ids=["no event", "of the first", "of some", "a record of its own size"],
)
def test_records_that_an_engine_may_write_are_counted(
    commands: bytes, events: bytes, counts: tuple[int, int]
) -> None:
    assert check_records(block_of(commands, events)) == counts


# ------------------------------------------------------------ in a journal


def sealed(header: BlockHeader, commands: bytes, events: bytes) -> bytes:
    """A stored block with all checksums made anew."""
    header = header._replace(
        command_bytes=len(commands),
        event_bytes=len(events),
        body_checksum=xxhash.xxh3_128_digest(commands + events),
    )
    head = header.as_stored()[: HEADER_SIZE - HASH_SIZE]
    return head + blake3.blake3(head).digest() + commands + events


def findings(directory: Path, change: Callable[[Block], bytes]) -> list[str]:
    """What verify says after the last block (of sequences 6 to 9) was changed."""
    value = change(read_block(block_values(directory)[6], 6, "file", None))

    def put(environment: lmdb.Environment, transaction: lmdb.Transaction) -> None:
        database = environment.open_db(BLOCKS, txn=transaction)
        transaction.put(SEQUENCE.pack(6), value, db=database)

    edit(directory, put)
    journal = LmdbJournal.open(directory)
    steps: list[tuple[int, int]] = []
    found = journal.verify(lambda done, of: steps.append((done, of))).findings
    name = journal.name
    journal.close()
    assert [done for done, _ in steps] == [2, 5, 9]
    return [text.removeprefix(f"{name}: ") for text in found]


def test_a_journal_whose_blocks_are_sealed_as_they_are_is_clean(stored: Path) -> None:
    assert findings(stored, lambda block: sealed(*block)) == []


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        ({"key_total": 4}, "block 6, 3 client keys so far, its header says 4"),
        ({"key_digest": 5}, "block 6, the digest of the client keys so far is 0x"),
        ({"first_time_ns": TIME_NS}, "block 6, its first command has another time than"),
        ({"block_number": 4}, "block 6, block number 4, 3 was expected"),
        ({"last_time_ns": 1}, "block 6, sequence 9: time 1 before"),
    ],
    ids=lambda x: str(x)[:30],
)
def test_a_figure_in_a_header_that_the_records_do_not_bear_out_is_told(
    stored: Path, changes: dict[str, Any], finding: str
) -> None:
    found = findings(stored, lambda b: sealed(b.header._replace(**changes), b.commands, b.events))
    assert len(found) >= 1 and found[0].startswith(finding), found


def test_a_command_that_was_exchanged_under_its_key_is_told(stored: Path) -> None:
    def change(block: Block) -> bytes:
        return sealed(block.header, block.commands[:-16] + bytes(16), block.events)

    first, count = findings(stored, change)
    assert first == "block 6, 2 client keys so far, its header says 3"
    assert count == "3 client keys in the index, the commands have 2"


def test_a_block_under_a_key_of_another_size_is_told_and_the_others_are_checked(
    stored: Path,
) -> None:
    def put(environment: lmdb.Environment, transaction: lmdb.Transaction) -> None:
        database = environment.open_db(BLOCKS, txn=transaction)
        transaction.put(SEQUENCE.pack(4)[:7] + b"\x04\x00", b"what?", db=database)

    edit(stored, put)
    journal = LmdbJournal.open(stored)
    report = journal.verify()
    journal.close()
    assert any("a block under a key of 9 bytes" in text for text in report.findings)
    assert report.blocks == 4 and report.commands == 9
