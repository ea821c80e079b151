"""Finding records in a block without decoding them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import records
from engine.records import CorruptRecord
from journal import framing
from tests.journal.conftest import TIME_NS, order, rejected, tick

pytestmark = pytest.mark.once

WORDS = st.integers(-(2**63), 2**63 - 1)
CLASSES = [c for c in (*records.COMMAND_CLASSES, *records.EVENT_CLASSES) if c.TYPE != 3]


@st.composite
def _record(draw: st.DrawFn) -> bytes:
    """A record of any fixed class with any words, even such as look like a header."""
    record_class = draw(st.sampled_from(CLASSES))
    tricky = records.record_size(1) << 32 | records.VERSION << 16 | 1
    values = st.one_of(WORDS, st.just(tricky), st.integers(0, 100))
    names = records.fields_of(record_class)
    return records.encode(record_class(**{n: draw(values) for n in names}))


@given(st.lists(_record(), max_size=30), st.integers(0, 200))
def test_record_starts_are_the_offsets_at_which_records_were_written(
    written: list[bytes], n_ticks: int
) -> None:
    written = written + [tick(1)] * n_ticks
    offsets = np.cumsum([0, *map(len, written)])[:-1]
    assert (framing.record_starts(b"".join(written)) * 8).tolist() == offsets.tolist()


@pytest.mark.parametrize("n_ticks", [3, 300])
@pytest.mark.parametrize("cut", [8, 16, 48])
def test_record_starts_when_the_last_record_is_cut_off_raises(n_ticks: int, cut: int) -> None:
    with pytest.raises(CorruptRecord):
        framing.record_starts((tick(1) * n_ticks)[:-cut])


@pytest.mark.parametrize(
    "header", [0, 7 << 32 | 1 << 16 | 1, 28 << 32 | 1 << 16 | 1, 24 << 32 | 2 << 16 | 2]
)
def test_record_starts_when_a_header_is_impossible_names_the_offset(header: int) -> None:
    with pytest.raises(CorruptRecord, match=r"^offset 56: "):
        framing.record_starts(tick(1) + header.to_bytes(8, "little") + tick(2)[8:])


def test_a_large_block_of_plain_records_is_not_walked_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    few = framing._FEW_WORDS // len(framing.words_of(tick(1)))
    walked: list[int] = []
    monkeypatch.setattr(framing, "_walk", lambda words: walked.append(len(words)))
    assert framing.record_starts(tick(1) * (few + 1)).tolist() == list(range(0, 7 * few + 7, 7))
    assert walked == []
    framing.record_starts(tick(1) * few)
    assert walked == [7 * few]
    # Not even the smallest ones.
    clock = records.encode(records.Clock(), 1, TIME_NS)
    assert framing.record_starts(clock * 200).tolist() == list(range(0, 600, 3))
    assert len(walked) == 1


def test_offsets_cut_a_block_at_a_sequence_and_at_a_time() -> None:
    data = tick(5) + order(6) + tick(7) + tick(8)
    assert framing.offset_after_sequence(data, 4) == 0
    assert framing.offset_after_sequence(data, 6) == len(tick(5) + order(6))
    assert framing.offset_after_sequence(data, 8) == len(data)
    assert framing.offset_after_time(data, TIME_NS + 4) == 0
    assert framing.offset_after_time(data, TIME_NS + 7) == len(data) - len(tick(8))
    assert framing.offset_after_time(b"", TIME_NS) == 0


def test_records_of_a_sequence_are_all_its_events_and_no_others() -> None:
    data = rejected(1) + rejected(2) + rejected(2) + rejected(4)
    assert [e.sequence for e in framing.records_of(data, 2)] == [2, 2]
    assert framing.records_of(data, 3) == []


def test_keys_are_read_from_all_keyed_commands_in_order() -> None:
    deposit = records.BalanceOperation(
        login=1, operation=1, amount_minor=5, key_high=-1, key_low=2**63 - 1
    )
    data = b"".join(
        (tick(1), order(2, (3, 4)), order(3), records.encode(deposit, 4), order(5, (0, 9)))
    )
    assert framing.keys_of(data) == [
        (framing.key_bytes(3, 4), 2),
        (b"\xff" * 8 + b"\x7f" + b"\xff" * 7, 4),
        (framing.key_bytes(0, 9), 5),
    ]
    assert framing.keys_of(tick(1) * 5) == []


def test_a_configuration_is_found_among_commands_by_its_kind() -> None:
    feed = records.encode(records.Feed(feed=1, name="a feed"), 2, TIME_NS)
    account = records.encode(records.HookSet(module="m", version="1", source_hash="s"), 4, TIME_NS)
    data = tick(1) + feed + order(3)
    assert framing.has_configuration(data, records.Feed.KIND)
    assert not framing.has_configuration(data, records.HookSet.KIND)
    assert framing.has_configuration(data + account, records.HookSet.KIND)
    assert not framing.has_configuration(tick(1) + order(2), records.Feed.KIND)
    assert not framing.has_configuration(tick(1) * 3, records.Feed.KIND)
    assert not framing.has_configuration(b"", records.Feed.KIND)


def test_a_configuration_without_a_kind_is_no_record() -> None:
    size = records.HEAD_WORDS * records.WORD
    header = records.Configure.TYPE | records.VERSION << 16 | size << 32
    bare = header.to_bytes(8, "little") + bytes(size - 8)
    with pytest.raises(CorruptRecord, match="offset 56: a Configure record without a kind"):
        framing.has_configuration(tick(1) + bare, records.Feed.KIND)


@pytest.mark.parametrize("words", [1, framing._FEW_WORDS, framing._FEW_WORDS + 1])
def test_many_words_that_are_no_record_are_told_like_few(words: int) -> None:
    with pytest.raises(CorruptRecord, match="offset 0: 0x0 is no record header"):
        framing.record_starts(bytes(8 * words))
    with pytest.raises(CorruptRecord, match="offset 56: 0x0 is no record header"):
        framing.record_starts(tick(1) + bytes(8 * words))
    with pytest.raises(CorruptRecord, match="offset 0: 0x0 is no record header"):
        framing.record_starts(bytes(8 * words) + tick(1))


def test_records_are_uniform_where_all_are_of_one_class() -> None:
    assert framing.is_uniform(tick(1) * 3, records.Tick)
    assert not framing.is_uniform(tick(1) + order(2) * 7, records.Tick)
    assert not framing.is_uniform(order(2) * 7, records.Tick)
    assert not framing.is_uniform(tick(1)[:-8], records.Tick)
