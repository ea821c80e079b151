"""Headers that carry the right hash over wrong fields, and headers as they are stored.

This file may write headers as no writer would, with a hash that fits.
"""

import blake3
import pytest

from journal import BEFORE_FIRST, NO_HOOKS, BlockDraft, CorruptJournal
from journal.block import (
    HASH_SIZE,
    HEADER_SIZE,
    HEADERS,
    MAGIC,
    BlockHeader,
    peek_header,
    read_block,
    read_header,
)
from journal.framing import key_bytes, key_digest
from journal.layout import STORED_SEQUENCE
from tests.journal.conftest import TIME_NS, order, rejected, tick

pytestmark = pytest.mark.once

OLD_SIZE = HEADERS[1].size
DIGEST = 7_702_586_659_592_502_839
"""Of the key (1, 2) at sequence 3."""
BODY = tick(1) + order(2) + rejected(2)


def block() -> tuple[BlockHeader, bytes]:
    """Two commands and one event, sealed."""
    draft = BlockDraft()
    draft.add(tick(1), 1, 1, TIME_NS + 1)
    draft.add(order(2), 2, 2, TIME_NS + 2)
    header, value = draft.seal(rejected(2), TIME_NS + 2, BEFORE_FIRST, NO_HOOKS)
    return header, bytes(value)


def sealed(header: BlockHeader, version: int = 2, size: int = 0, more: bytes = BODY) -> bytes:
    """A stored block with this header, its hash made anew, and `more` behind it."""
    fields = list(header)
    if version == 1:
        del fields[BlockHeader._fields.index("key_digest")]
    size = size or HEADERS[version].size
    packed = HEADERS[version].pack(MAGIC, version, size, *fields) + bytes(max(0, size - 184))
    hashed = size - HASH_SIZE
    return packed[:hashed] + blake3.blake3(packed[:hashed]).digest() + more


def test_a_header_is_stored_as_it_was_read() -> None:
    header, value = block()
    assert sealed(header) == value
    assert header.as_stored() == value[:HEADER_SIZE]
    assert (header.format_version, header.value_bytes) == (2, len(value))
    assert read_header(value, 1, "file") == header


def test_a_header_of_format_1_has_no_digest_of_keys_and_is_stored_without() -> None:
    header, _ = block()
    value = sealed(header, version=1)
    read = read_block(value, 1, "file", None)
    assert len(value) == OLD_SIZE + len(BODY) == read.header.value_bytes
    assert (read.header.format_version, read.header.key_digest) == (1, -1)
    assert not read.header.has_key_digest
    assert read.header.as_stored() == value[:OLD_SIZE]
    assert read.commands + read.events == BODY
    assert read.header._replace(key_digest=0, block_hash=b"") == header._replace(block_hash=b"")


def test_a_header_needs_nothing_behind_it_to_be_peeked_at() -> None:
    header, value = block()
    assert peek_header(value[:HEADER_SIZE], 1, "file") == header
    old = sealed(header, version=1, more=b"")
    assert peek_header(old, 1, "file").format_version == 1
    with pytest.raises(CorruptJournal, match=f"{OLD_SIZE - 1} bytes, a block has at least"):
        peek_header(old[:-1], 1, "file")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"command_bytes": -8}, f"-8 and {len(rejected(2))} bytes of records"),
        ({"event_bytes": -8}, " and -8 bytes of records"),
        ({"command_bytes": 4}, "no whole number of words"),
        ({"event_bytes": 4}, "no whole number of words"),
        ({"event_bytes": 0}, "bytes, its header says"),
        ({"first_sequence": 2}, "stored under 1, its header says 2"),
        ({"last_sequence": 0}, "last sequence 0 before the first"),
        ({"body_checksum": bytes(16)}, "do not match their checksum"),
    ],
)
def test_a_field_that_cannot_be_is_told_although_the_hash_fits(
    changes: dict[str, int], problem: str
) -> None:
    header, _ = block()
    value = sealed(header._replace(**changes))
    with pytest.raises(CorruptJournal, match=problem) as error:
        read_block(value, 1, "file", BEFORE_FIRST)
    assert str(error.value).startswith("file: block 1, ")


def test_a_block_stored_under_no_sequence_is_told() -> None:
    header, _ = block()
    with pytest.raises(CorruptJournal, match="last sequence 2 before the first"):
        read_block(sealed(header._replace(first_sequence=0)), 0, "file", None)


@pytest.mark.parametrize(
    ("size", "problem"),
    [
        (192, "header of 192 bytes, expected 184"),
        (OLD_SIZE, f"header of {OLD_SIZE} bytes, expected 184"),
        (OLD_SIZE - 8, f"header of {OLD_SIZE - 8} bytes, at least {OLD_SIZE} were expected"),
        (10_000, f"header of 10000 bytes, at least {OLD_SIZE} were expected"),
    ],
)
def test_a_header_of_another_size_is_told(size: int, problem: str) -> None:
    header, _ = block()
    with pytest.raises(CorruptJournal, match=problem):
        read_block(sealed(header, size=size)[:5_000], 1, "file", None)


def test_something_else_is_told_by_how_it_starts() -> None:
    _, value = block()
    with pytest.raises(CorruptJournal, match="starts with b'NOTHINGS', a block starts with"):
        read_block(b"NOTHINGS" + value[8:], 1, "file", None)


def test_the_digest_of_keys_is_the_sum_of_both_blocks_and_counts_each_key() -> None:
    entries = []
    draft = BlockDraft()
    for sequence in (1, 2, 3):
        draft.add(order(sequence, (7, sequence)), sequence, sequence, TIME_NS)
        draft.keys.append((key_bytes(7, sequence), sequence))
        entries.append(key_bytes(7, sequence) + STORED_SEQUENCE.pack(sequence))
        if sequence == 2:
            first, _ = draft.seal(b"", TIME_NS, BEFORE_FIRST, NO_HOOKS)
            draft.clear()
    second, _ = draft.seal(b"", TIME_NS, first, NO_HOOKS)
    assert (first.key_total, second.key_total) == (2, 3)
    assert first.key_digest == key_digest(entries[0] + entries[1])
    assert second.key_digest == key_digest(b"".join(reversed(entries)))
    assert second.key_digest != key_digest(entries[2])
    assert 0 <= second.key_digest < 2**64


def test_the_digest_of_a_key_is_the_same_for_ever() -> None:
    entries = key_bytes(1, 2) + STORED_SEQUENCE.pack(3)
    assert key_digest(b"") == 0
    assert key_digest(entries) == DIGEST
    assert key_digest(entries * 2) == 2 * DIGEST % 2**64
