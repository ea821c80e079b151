"""Snapshot plus tail is the whole journal: at every point, by every way to start."""

import subprocess
import sys
from pathlib import Path
from random import Random

import lmdb
import pytest

from adapters.node import Node
from adapters.replay import Difference, ReplayDiffers, first_difference, replay
from engine import Engine, records
from journal import BlockDraft, CorruptJournal, JournalError, LmdbJournal
from journal.block import BEFORE_FIRST
from journal.layout import BLOCKS, SEQUENCE
from snapshots import SnapshotStore
from tests.small_day import START_NS, day, encoded

ROOT = Path(__file__).resolve().parents[1]
N_COMMANDS = 600


def run_day(directory: Path, seed: int = 1, *, snapshot_every: int = 0) -> list[str]:
    """A day through a node; the state hash after each command, from sequence 0."""
    hashes = [Engine().state_hash()]
    with Node.open(directory, create=True, commit_records=37) as node:
        for command, time_ns in day(seed, N_COMMANDS):
            node.submit(command, time_ns)
            hashes.append(node.engine.state_hash())
            if snapshot_every and node.sequence % snapshot_every == 0:
                node.snapshot()
    return hashes


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A day with snapshots at 150, 300, 450 and 600, and its state hashes."""
    path = tmp_path_factory.mktemp("day")
    return path, run_day(path, snapshot_every=150)


@pytest.fixture(scope="module")
def directory(made: tuple[Path, list[str]]) -> Path:
    return made[0]


@pytest.fixture(scope="module")
def hashes(made: tuple[Path, list[str]]) -> list[str]:
    return made[1]


def test_day_has_stop_outs_closes_and_rejects(hashes: list[str], directory: Path) -> None:
    """The fixture is worth testing with."""
    journal = LmdbJournal.open(directory / "journal")
    kinds = [type(e).__name__ for b in journal.blocks() for e in records.decode_all(b.events)]
    journal.close()
    for name in ("PositionOpened", "PositionClosed", "StopOut", "Rejected", "OrderFilled"):
        assert kinds.count(name) >= 3, name


def test_replay_at_random_points_gives_the_state_of_that_point_with_and_without_snapshot(
    directory: Path, hashes: list[str]
) -> None:
    random = Random(5)
    for sequence in [
        0,
        1,
        150,
        len(hashes) - 1,
        *(random.randrange(len(hashes)) for _ in range(25)),
    ]:
        with_snapshot = replay(directory, to_sequence=sequence, verify=True)
        without = replay(directory, to_sequence=sequence, use_snapshot=False, verify=True)
        assert with_snapshot.state_hash == without.state_hash == hashes[sequence]
        assert with_snapshot.sequence == without.sequence == sequence
        assert with_snapshot.difference is None and without.difference is None
        assert with_snapshot.snapshot_sequence == sequence // 150 * 150
        assert without.commands == sequence


def test_replay_to_a_time_stops_before_the_first_later_command(
    directory: Path, hashes: list[str]
) -> None:
    times = [time_ns for _, time_ns in day(1, N_COMMANDS)]
    for sequence in (40, 151, 333, 600):
        for time_ns in (times[sequence - 1], times[sequence] - 1):
            result = replay(directory, to_time_ns=time_ns, verify=True)
            assert (result.sequence, result.state_hash) == (sequence, hashes[sequence])
            assert result.time_ns == times[sequence - 1]
    assert replay(directory, to_time_ns=START_NS - 1).sequence == 0
    assert replay(directory, to_time_ns=times[-1] + 10**12).sequence == len(times)
    both = replay(directory, to_sequence=100, to_time_ns=times[49])
    assert both.sequence == 50


def test_replay_counts_commands_and_events_and_tells_progress(directory: Path) -> None:
    seen: list[tuple[int, int]] = []
    result = replay(
        directory,
        use_snapshot=False,
        verify=True,
        progress=lambda done, total: seen.append((done, total)),
    )
    journal = LmdbJournal.open(directory / "journal")
    report = journal.verify()
    journal.close()
    assert (result.commands, result.events) == (report.commands, report.events)
    assert seen[-1] == (result.sequence, result.sequence)
    assert result.engine.sequence == result.sequence


@pytest.mark.parametrize("sequence", [-1, 10**9])
def test_replay_to_a_sequence_that_is_not_there_is_refused(directory: Path, sequence: int) -> None:
    with pytest.raises(JournalError, match=f"sequence {sequence} is not in it, it has 1-"):
        replay(directory, to_sequence=sequence)


def test_node_recovers_by_snapshot_and_tail_or_by_the_whole_journal(tmp_path: Path) -> None:
    hashes = run_day(tmp_path, 2, snapshot_every=250)
    for use_snapshot, executed in ((True, len(hashes) - 1 - 500), (False, len(hashes) - 1)):
        with Node.open(tmp_path, use_snapshot=use_snapshot) as node:
            assert node.recovered_commands == executed
            assert node.engine.state_hash() == hashes[-1]
            assert node.reports == []


def test_node_goes_on_after_recovery_as_if_it_had_never_stopped(tmp_path: Path) -> None:
    items = list(day(3, N_COMMANDS))
    engine = Engine()
    engine.apply(encoded(items))
    random = Random(1)
    position = 0
    while position < len(items):
        with Node.open(tmp_path, create=True) as node:
            assert node.sequence == position
            for command, time_ns in items[position : position + random.randrange(1, 150)]:
                node.submit(command, time_ns)
                position += 1
            if random.randrange(2):
                node.snapshot(keep=2)
    result = replay(tmp_path, use_snapshot=False, verify=True)
    assert result.state_hash == engine.state_hash()
    assert result.difference is None
    journal = LmdbJournal.open(tmp_path / "journal")
    events = b"".join(b.events for b in journal.blocks())
    journal.close()
    assert events == engine.events_view()


def test_snapshot_carries_the_state_hash_of_the_engine_and_the_chain_hash(tmp_path: Path) -> None:
    with Node.open(tmp_path, create=True) as node:
        for command, time_ns in day(10, 200):
            node.submit(command, time_ns)
        info = node.snapshot()
        assert info.state_hash == node.engine.state_hash()
        assert info.journal_hash == node.journal.chain_hash_at(node.sequence)
        assert (info.sequence, info.time_ns) == (node.durable_sequence, node.engine.time_ns)


def test_damaged_snapshot_is_reported_and_an_older_one_serves(tmp_path: Path) -> None:
    hashes = run_day(tmp_path, 4, snapshot_every=200)
    environment = lmdb.open(str(tmp_path / "snapshots"), max_dbs=8, map_size=1 << 30)
    database = environment.open_db(b"snapshots")
    with environment.begin(write=True, db=database) as transaction:
        value = bytearray(transaction.get(SEQUENCE.pack(600)) or b"")
        value[len(value) // 2] ^= 4
        transaction.put(SEQUENCE.pack(600), bytes(value))
    environment.close()
    with Node.open(tmp_path) as node:
        assert node.recovered_commands == len(hashes) - 1 - 400
        assert node.engine.state_hash() == hashes[-1]
        assert len(node.reports) == 1
        assert "snapshot 600: its state does not match its checksum" in node.reports[0]


def test_snapshot_that_does_not_load_or_gives_another_state_is_reported_and_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashes = run_day(tmp_path, 4, snapshot_every=200)
    journal = LmdbJournal.open(tmp_path / "journal")
    chain = {sequence: journal.chain_hash_at(sequence) or b"" for sequence in (400, 600)}
    journal.close()
    other = Engine()
    other.apply(encoded(list(day(4, N_COMMANDS))[:30]))
    store = SnapshotStore.open(tmp_path / "snapshots", writable=True)
    store.write(600, 1, chain[600], hashes[600], other.state_bytes())
    store.write(400, 1, chain[400], hashes[400], b"no state at all")
    store.close()
    with Node.open(tmp_path) as node:
        assert node.recovered_commands == len(hashes) - 1 - 200
        assert node.engine.state_hash() == hashes[-1]
        reports = node.reports
    assert len(reports) == 2
    assert f"snapshot 600: gives state {other.state_hash()[:16]}, it was taken of" in reports[0]
    assert "snapshot 400: does not load: CorruptRecord: " in reports[1]

    def broken(*arguments: object) -> Engine:
        raise IndexError("list index out of range")

    monkeypatch.setattr(Engine, "from_state", broken)
    result = replay(tmp_path)
    assert (result.snapshot_sequence, result.state_hash) == (0, hashes[-1])
    assert "snapshot 200: does not load: IndexError: list index out of range" in result.reports[2]


def test_snapshots_of_another_journal_are_refused(tmp_path: Path) -> None:
    run_day(tmp_path / "one", 5, snapshot_every=200)
    hashes = run_day(tmp_path / "other", 6)
    (tmp_path / "one" / "snapshots").rename(tmp_path / "other" / "snapshots")
    result = replay(tmp_path / "other", verify=True)
    assert (result.snapshot_sequence, result.state_hash) == (0, hashes[-1])
    assert len(result.reports) == 3
    assert all("another journal" in r or "no block that ends" in r for r in result.reports)


def test_store_of_snapshots_that_is_no_store_is_reported_and_made_anew(tmp_path: Path) -> None:
    hashes = run_day(tmp_path, 7, snapshot_every=300)
    (tmp_path / "snapshots" / "data.mdb").write_bytes(b"nonsense" * 4_000)
    with Node.open(tmp_path) as node:
        assert node.engine.state_hash() == hashes[-1]
        assert len(node.reports) == 1
        node.snapshot()
    with Node.open(tmp_path) as node:
        assert (node.recovered_commands, node.reports) == (0, [])


def test_damaged_journal_stops_recovery_and_names_the_block(tmp_path: Path) -> None:
    run_day(tmp_path, 8)
    environment = lmdb.open(str(tmp_path / "journal"), max_dbs=8, map_size=1 << 30)
    database = environment.open_db(BLOCKS)
    with environment.begin(write=True, db=database) as transaction:
        key = SEQUENCE.pack(1 + 37 * 3)
        value = bytearray(transaction.get(key) or b"")
        value[400] ^= 1
        transaction.put(key, bytes(value))
    environment.close()
    for start in (lambda: Node.open(tmp_path), lambda: replay(tmp_path)):
        with pytest.raises(CorruptJournal, match=r"data\.mdb: block 112, its commands and events"):
            start()
    assert replay(tmp_path, to_sequence=111).sequence == 111


def _forge(directory: Path, events: list[records.Event]) -> None:
    """A journal of one deposit-free block that claims other events than the core gives."""
    draft = BlockDraft()
    commands = [
        (records.Currency(currency=1, code="USD", digits=2), START_NS),
        (records.Feed(feed=1, name="feed"), START_NS),
    ]
    draft.add(encoded(commands), 1, 2, START_NS)
    journal = LmdbJournal.open(directory / "journal", writable=True, create=True)
    data = b"".join(records.encode(e) for e in events)
    journal.append(draft, data, START_NS, BEFORE_FIRST.hook_identity)
    journal.close()


def _configured(sequence: int, kind: int, identifier: int) -> records.Configured:
    return records.Configured(
        kind=kind, identifier=identifier, instrument=0, sequence=sequence, time_ns=START_NS
    )


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        (
            [_configured(1, 2, 1), _configured(2, 3, 5)],
            Difference(2, 0, "Configured", "identifier", 5, 1),
        ),
        (
            [_configured(1, 2, 1)],
            Difference(2, 0, "Configured", "event", None, "Configured"),
        ),
        (
            [_configured(1, 2, 1), _configured(1, 2, 2), _configured(2, 3, 1)],
            Difference(1, 1, "Configured", "event", "Configured", None),
        ),
        (
            [
                _configured(1, 2, 1),
                records.DealerSet(
                    dealer=1, online=1, dealers_online=1, sequence=2, time_ns=START_NS
                ),
            ],
            Difference(2, 0, "DealerSet", "event", "DealerSet", "Configured"),
        ),
    ],
)
def test_first_difference_is_told_field_by_field(
    tmp_path: Path, events: list[records.Event], expected: Difference
) -> None:
    _forge(tmp_path, events)
    result = replay(tmp_path, verify=True)
    assert result.difference == expected
    assert replay(tmp_path).difference is None
    with pytest.raises(ReplayDiffers) as caught:
        Node.open(tmp_path)
    assert caught.value.difference == expected
    assert str(expected) in str(caught.value)


def test_difference_counts_the_events_of_its_command() -> None:
    same = [_configured(1, 2, 1), _configured(2, 2, 1), _configured(2, 2, 2)]
    ours = b"".join(records.encode(e) for e in [*same, _configured(2, 2, 3)])
    theirs = b"".join(records.encode(e) for e in [*same, _configured(2, 2, 4)])
    assert first_difference(ours, theirs) == Difference(2, 2, "Configured", "identifier", 3, 4)


def test_replay_reads_the_directory_of_a_live_node(tmp_path: Path) -> None:
    items = list(day(9, N_COMMANDS))
    script = (
        "import sys\n"
        "from adapters.replay import replay\n"
        "result = replay(sys.argv[1], verify=True)\n"
        "print(result.sequence, result.state_hash, result.difference)\n"
    )
    with Node.open(tmp_path, create=True) as node:
        for command, time_ns in items[:300]:
            node.submit(command, time_ns)
        node.snapshot()
        for command, time_ns in items[300:400]:
            node.submit(command, time_ns)
        node.commit()
        durable_hash = node.engine.state_hash()
        node.submit(*items[400])
        expected = f"400 {durable_hash} None"
        here = replay(tmp_path, verify=True)
        assert f"{here.sequence} {here.state_hash} {here.difference}" == expected
        there = subprocess.run(
            [sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, capture_output=True, text=True
        )
        assert there.stdout.strip() == expected, there.stderr
        assert node.submit(*items[401]).sequence == 402
