"""A block by itself: sealed, read back, chained, and every bit of it guarded."""

import pytest

from journal import BEFORE_FIRST, NO_HOOKS, BlockDraft, CorruptJournal, JournalVersion
from journal.block import (
    FORMAT_VERSION,
    HASH_SIZE,
    HEADER,
    HEADER_SIZE,
    BlockHeader,
    check_follows,
    read_block,
)
from tests.journal.conftest import TIME_NS, order, rejected, tick

pytestmark = pytest.mark.once


def seal(
    previous: BlockHeader = BEFORE_FIRST, n_ticks: int = 2, hooks: bytes = NO_HOOKS
) -> tuple[BlockHeader, bytes]:
    """A block of ticks and an order that follows `previous`."""
    draft = BlockDraft(64)
    first = previous.last_sequence + 1
    last = first + n_ticks
    for sequence in range(first, last):
        draft.add(tick(sequence), sequence, sequence, TIME_NS + sequence)
    draft.add(order(last), last, last, TIME_NS + last)
    header, value = draft.seal(rejected(last), TIME_NS + last, previous, hooks)
    return header, bytes(value)


def test_sealed_block_when_read_gives_back_header_commands_and_events() -> None:
    header, value = seal(hooks=b"h" * 16)
    block = read_block(value, 1, "file", BEFORE_FIRST)
    assert block.header == header
    assert block.commands == tick(1) + tick(2) + order(3)
    assert block.events == rejected(3)
    assert (header.block_number, header.first_sequence, header.last_sequence) == (1, 1, 3)
    assert header.first_time_ns == TIME_NS + 1
    assert header.hook_identity == b"h" * 16


def test_same_commands_when_sealed_twice_give_the_same_chain() -> None:
    assert seal() == seal()


def test_draft_when_cleared_and_used_again_keeps_nothing_of_the_block_before() -> None:
    draft = BlockDraft(64)
    for sequence in (1, 2, 3):
        draft.add(tick(sequence), sequence, sequence, TIME_NS)
    draft.seal(rejected(3) * 20, TIME_NS, BEFORE_FIRST, NO_HOOKS)
    draft.clear()
    draft.add(tick(1), 1, 1, TIME_NS + 1)
    _, value = draft.seal(b"", TIME_NS + 1, BEFORE_FIRST, NO_HOOKS)
    fresh = BlockDraft()
    fresh.add(tick(1), 1, 1, TIME_NS + 1)
    assert bytes(value) == fresh.seal(b"", TIME_NS + 1, BEFORE_FIRST, NO_HOOKS)[1]


def test_every_single_flipped_bit_of_a_block_is_found() -> None:
    _, value = seal()
    flips = 0
    for position in range(len(value)):
        for bit in range(8):
            damaged = bytearray(value)
            damaged[position] ^= 1 << bit
            with pytest.raises((CorruptJournal, JournalVersion)):
                read_block(bytes(damaged), 1, "file", BEFORE_FIRST)
            flips += 1
    assert flips == 8 * len(value)


@pytest.mark.parametrize("cut", [0, 8, HEADER_SIZE - 1, HEADER_SIZE, HEADER_SIZE + 8, -8, -1])
def test_block_when_cut_off_names_the_block(cut: int) -> None:
    _, value = seal()
    with pytest.raises(CorruptJournal, match=r"^file: block 1, "):
        read_block(value[:cut], 1, "file", BEFORE_FIRST)


def test_block_when_stored_under_another_sequence_is_refused() -> None:
    _, value = seal()
    with pytest.raises(CorruptJournal, match="stored under 2, its header says 1"):
        read_block(value, 2, "file", BEFORE_FIRST)


def test_block_of_a_future_format_is_refused_by_version() -> None:
    _, value = seal()
    future = _with_version(value, FORMAT_VERSION + 1)
    with pytest.raises(
        JournalVersion, match="block 1 has format 3, this program reads formats up to 2"
    ):
        read_block(future, 1, "file", BEFORE_FIRST)


def _with_version(value: bytes, version: int) -> bytes:
    """The block as a later program might write it: another version, hash made anew."""
    import blake3

    changed = bytearray(value)
    changed[8:12] = version.to_bytes(4, "little")
    hashed = HEADER_SIZE - HASH_SIZE
    changed[hashed:HEADER_SIZE] = blake3.blake3(bytes(changed[:hashed])).digest()
    return bytes(changed)


def test_chain_when_a_block_is_left_out_names_the_expected_sequence() -> None:
    first, _ = seal()
    second, _ = seal(first)
    third, value = seal(second)
    with pytest.raises(CorruptJournal, match="sequence gap: 4 was expected") as caught:
        read_block(value, third.first_sequence, "file", first)
    assert (caught.value.block, caught.value.sequence) == (7, 7)


def test_chain_when_a_block_of_another_journal_is_put_in_is_broken() -> None:
    ours, _ = seal()
    theirs, _ = seal(n_ticks=2, hooks=b"x" * 16)
    after_theirs, value = seal(theirs)
    assert after_theirs.first_sequence == ours.last_sequence + 1
    with pytest.raises(CorruptJournal, match="chain broken"):
        read_block(value, after_theirs.first_sequence, "file", ours)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("block_number", 3, "block number 3, 2 was expected"),
        ("last_time_ns", 5, "time 5 before"),
        ("key_total", -1, "-1 client keys, 0 before it"),
    ],
)
def test_chain_when_a_running_figure_goes_wrong_says_which(
    field: str, value: int, message: str
) -> None:
    first, _ = seal()
    second, _ = seal(first)
    with pytest.raises(CorruptJournal, match=message):
        check_follows(second._replace(**{field: value}), first, "file")


def test_header_has_the_size_that_the_format_says() -> None:
    assert HEADER.size == HEADER_SIZE == 184
    assert HEADER_SIZE % 8 == 0
