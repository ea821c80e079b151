"""Snapshots: checked to the bit, refused when foreign, and never needed."""

from pathlib import Path

import blake3
import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from journal import JournalError
from journal.environment import open_environment
from journal.layout import SEQUENCE
from snapshots import SnapshotError, SnapshotStore
from snapshots import layout as snapshot_layout
from snapshots.layout import HEADER_SIZE, pack, read, read_info

pytestmark = pytest.mark.once

CHAIN = {n: bytes([n]) * 32 for n in range(1, 100)}
STATE = b"the state of the core" * 20
HASH = "ab" * 32


def write(store: SnapshotStore, sequence: int, state: bytes = STATE) -> None:
    store.write(sequence, 1_000 + sequence, CHAIN[sequence], HASH, state)


@pytest.fixture
def store(tmp_path: Path):  # type: ignore[no-untyped-def]
    """A writable store with snapshots at 10, 20 and 30."""
    opened = SnapshotStore.open(tmp_path / "snapshots", writable=True)
    for sequence in (10, 20, 30):
        write(opened, sequence, STATE + bytes([sequence]))
    yield opened
    opened.close()


def newest(store: SnapshotStore, **limits: int) -> int:
    """Sequence of the newest valid snapshot within limits; 0 for none."""
    for snapshot in store.valid(CHAIN.get, **limits):  # type: ignore[arg-type]
        assert snapshot.state == STATE + bytes([snapshot.info.sequence])
        return snapshot.info.sequence
    return 0


@given(st.binary(max_size=2_000), st.booleans())
def test_packed_state_is_read_back(state: bytes, compress: bool) -> None:
    info, value = pack(5, 77, CHAIN[5], HASH, state, compress=compress)
    snapshot = read(value, 5)
    assert snapshot.state == state
    assert snapshot.info == info
    assert (info.sequence, info.time_ns, info.journal_hash, info.state_hash) == (
        5,
        77,
        CHAIN[5],
        HASH,
    )


@pytest.mark.parametrize("compress", [True, False])
def test_every_single_flipped_bit_of_a_snapshot_is_found(compress: bool) -> None:
    _, value = pack(5, 77, CHAIN[5], HASH, STATE, compress=compress)
    for position in range(len(value)):
        for bit in range(8):
            damaged = bytearray(value)
            damaged[position] ^= 1 << bit
            with pytest.raises(SnapshotError, match=r"^snapshot 5: "):
                read(bytes(damaged), 5)


@pytest.mark.parametrize("cut", [0, 10, HEADER_SIZE, -1])
def test_snapshot_that_is_cut_off_is_refused(cut: int) -> None:
    _, value = pack(5, 77, CHAIN[5], HASH, STATE)
    with pytest.raises(SnapshotError, match=r"bytes, .* expected"):
        read(value[:cut], 5)


def test_snapshot_of_a_future_format_is_refused_by_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot_layout, "FORMAT_VERSION", 2)
    _, value = pack(5, 77, CHAIN[5], HASH, STATE)
    monkeypatch.undo()
    with pytest.raises(SnapshotError, match="snapshot 5: format 2, this program reads format 1"):
        read_info(value, 5)


def sealed(body: bytes, encoding: int, state_bytes: int) -> bytes:
    """A snapshot whose checksums are right, whatever is in it."""
    head = snapshot_layout.HEADER.pack(
        snapshot_layout.MAGIC,
        snapshot_layout.FORMAT_VERSION,
        HEADER_SIZE,
        5,
        77,
        state_bytes,
        len(body),
        encoding,
        CHAIN[5],
        HASH.encode("ascii"),
        xxhash.xxh3_128_digest(body),
        bytes(32),
    )[: snapshot_layout.HASHED_SIZE]
    return head + blake3.blake3(head).digest() + body


@pytest.mark.parametrize(
    ("body", "encoding", "state_bytes", "message"),
    [
        (STATE, snapshot_layout.RAW, len(STATE), ""),
        (b"no zstd at all", snapshot_layout.ZSTD, 10, "snapshot 5: can't be unpacked: "),
        (STATE, 2, len(STATE), "snapshot 5: 2 is no known encoding"),
        (STATE, snapshot_layout.RAW, 1, f"snapshot 5: {len(STATE)} bytes of state, 1 expected"),
    ],
)
def test_snapshot_that_was_sealed_with_nonsense_in_it_is_refused(
    body: bytes, encoding: int, state_bytes: int, message: str
) -> None:
    value = sealed(body, encoding, state_bytes)
    if not message:
        assert read(value, 5).state == body
        return
    with pytest.raises(SnapshotError) as error:
        read(value, 5)
    assert str(error.value).startswith(message)


def test_state_that_is_too_large_for_the_store_is_not_packed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(snapshot_layout, "MAX_STORED_BYTES", 100)
    pack(5, 77, CHAIN[5], HASH, bytes(100), compress=False)
    with pytest.raises(SnapshotError, match="101 bytes of state, at most 100 fit"):
        pack(5, 77, CHAIN[5], HASH, bytes(101), compress=False)


def test_snapshot_under_another_sequence_is_refused() -> None:
    _, value = pack(5, 77, CHAIN[5], HASH, STATE)
    with pytest.raises(SnapshotError, match="snapshot 6: its header says 5"):
        read(value, 6)


def test_newest_snapshot_at_or_before_a_point_is_found(store: SnapshotStore) -> None:
    assert newest(store) == 30
    assert newest(store, to_sequence=30) == 30
    assert newest(store, to_sequence=29) == 20
    assert newest(store, to_sequence=9) == 0
    assert newest(store, to_time_ns=1_020) == 20
    assert newest(store, to_time_ns=1_019) == 10
    assert newest(store, to_sequence=25, to_time_ns=1_015) == 10


def test_infos_are_listed_oldest_first(store: SnapshotStore) -> None:
    infos = store.infos()
    assert [i.sequence for i in infos] == [10, 20, 30]
    assert all(i.state_bytes == len(STATE) + 1 for i in infos)
    assert all(i.stored_bytes < i.state_bytes for i in infos)


def test_snapshot_of_another_journal_is_skipped_and_reported(store: SnapshotStore) -> None:
    foreign = {**CHAIN, 30: bytes(32)}
    reports: list[str] = []
    found = next(store.valid(foreign.get, reports=reports))
    assert found.info.sequence == 20
    assert len(reports) == 1 and "snapshot 30: made from another journal" in reports[0]
    reports.clear()
    assert list(store.valid(lambda _: None, reports=reports)) == []
    assert len(reports) == 3 and "the journal has no block that ends there" in reports[0]


def test_snapshot_when_the_journal_is_damaged_there_is_skipped(store: SnapshotStore) -> None:
    def chain(sequence: int) -> bytes:
        if sequence == 30:
            raise JournalError("block 25 is damaged")
        return CHAIN[sequence]

    reports: list[str] = []
    assert next(store.valid(chain, reports=reports)).info.sequence == 20
    assert "block 25 is damaged" in reports[0]


def test_writing_again_replaces_and_pruning_keeps_the_newest(store: SnapshotStore) -> None:
    store.write(30, 5, CHAIN[30], HASH, STATE + bytes([30]), compress=False)
    assert [(i.sequence, i.time_ns) for i in store.infos()][-1] == (30, 5)
    assert store.prune(2) == 1
    assert [i.sequence for i in store.infos()] == [20, 30]
    assert store.prune(2) == 0
    assert store.prune(0) == 2
    assert store.infos() == []


def put(store: SnapshotStore, key: bytes, value: bytes) -> None:
    """Straight into the store, past its checks."""
    with store._environment.begin_write(len(value)) as transaction:
        transaction.put(key, value, db=store._database())


def test_a_snapshot_that_is_damaged_is_told_and_the_one_before_it_is_taken(
    store: SnapshotStore,
) -> None:
    put(store, SEQUENCE.pack(30), b"damaged")
    put(store, SEQUENCE.pack(40), b"damaged, too" * 100)
    put(store, b"what is this?", b"no snapshot")
    reports: list[str] = []
    assert [x.sequence for x in store.infos(reports)] == [10, 20]
    assert [x.removeprefix(f"{store.name}: ") for x in reports] == [
        f"snapshot 30: 7 bytes, at least {HEADER_SIZE} expected",
        "snapshot 40: its header does not match its hash",
    ]
    assert len(store.infos()) == 2, "also where nobody wants to hear of it"
    reports.clear()
    found = next(store.valid(CHAIN.get, reports=reports))  # type: ignore[arg-type]
    assert found.info.sequence == 20 and len(reports) == 2


def test_environment_without_snapshots_is_no_store_for_readers(tmp_path: Path) -> None:
    environment = open_environment(tmp_path, writable=True, create=True)
    environment.release_writer()
    environment.close()
    with pytest.raises(SnapshotError, match="holds no snapshots"):
        SnapshotStore.open(tmp_path)
    store = SnapshotStore.open(tmp_path, writable=True)
    assert store.infos() == []
    store.close()
    store.close()


def test_store_stays_small_when_snapshots_come_and_go(tmp_path: Path) -> None:
    store = SnapshotStore.open(tmp_path, writable=True)
    state = bytes(1 << 20)
    for sequence in range(1, 41):
        store.write(sequence, sequence, CHAIN[sequence], HASH, state, compress=False)
        store.prune(2)
    assert (tmp_path / "data.mdb").stat().st_size < 8 << 20
    store.close()


def test_store_that_is_full_says_so_and_keeps_what_it_has(tmp_path: Path) -> None:
    store = SnapshotStore.open(tmp_path, writable=True, limit_bytes=2 << 20)
    write(store, 1)
    with pytest.raises(SnapshotError, match=r"snapshot 2 not written: .* full"):
        store.write(2, 2, CHAIN[2], HASH, bytes(3 << 20), compress=False)
    assert [i.sequence for i in store.infos()] == [1]
    write(store, 3)
    assert [i.sequence for i in store.infos()] == [1, 3]
    store.close()


def test_reader_of_no_store_or_of_nonsense_is_told_and_a_writer_makes_it_anew(
    tmp_path: Path,
) -> None:
    with pytest.raises(SnapshotError, match="no such directory"):
        SnapshotStore.open(tmp_path / "none")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "data.mdb").write_bytes(b"nonsense" * 4_000)
    with pytest.raises(SnapshotError, match=r"data\.mdb"):
        SnapshotStore.open(tmp_path / "bad")
    store = SnapshotStore.open(tmp_path / "bad", writable=True)
    write(store, 4)
    store.close()
    reader = SnapshotStore.open(tmp_path / "bad")
    assert [i.sequence for i in reader.infos()] == [4]
    reader.close()


def test_store_in_the_place_of_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    with pytest.raises(SnapshotError, match="not a directory"):
        SnapshotStore.open(tmp_path / "file", writable=True)
    assert (tmp_path / "file").read_text() == "text"
