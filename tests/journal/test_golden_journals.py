"""What a node of an earlier format left is read, checked, executed again and continued."""

import hashlib
import shutil
from pathlib import Path

import blake3
import lmdb
import pytest

from adapters.node import KeyConflict, Node
from adapters.replay import replay
from engine import records as r
from journal import JournalVersion, LmdbJournal
from journal.block import FORMAT_VERSION, HASH_SIZE, HEADERS
from journal.layout import BLOCKS, SEQUENCE
from snapshots.layout import HASHED_SIZE, HEADER_SIZE
from snapshots.store import SNAPSHOTS
from tests.journal import golden
from tests.journal.golden.__main__ import RECORDED, describe, make

NEWEST = golden.VERSIONS[-1]


@pytest.fixture(scope="module", params=golden.VERSIONS, ids=lambda v: f"format-{v}")
def version(request: pytest.FixtureRequest) -> int:
    found: int = request.param
    return found


@pytest.fixture(scope="module")
def unpacked(version: int, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The golden journal of a version, to read."""
    return golden.unpack(version, tmp_path_factory.mktemp("golden"))


@pytest.fixture
def copy(unpacked: Path, tmp_path: Path) -> Path:
    """The same, to change."""
    return Path(shutil.copytree(unpacked, tmp_path / "copy"))


def digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=32).hexdigest()


def stored_blocks(directory: Path) -> list[bytes]:
    """The blocks as they are stored, in order."""
    with lmdb.open(str(directory / "journal"), max_dbs=8, map_size=1 << 30) as environment:
        database = environment.open_db(BLOCKS)
        with environment.begin(db=database) as transaction:
            return [value for _, value in transaction.cursor()]


def formats(directory: Path) -> list[int]:
    """The format version of every stored block."""
    return [int.from_bytes(value[8:12], "little") for value in stored_blocks(directory)]


def test_a_golden_journal_of_every_format_that_is_read_is_kept() -> None:
    assert list(HEADERS) == golden.VERSIONS
    assert NEWEST == FORMAT_VERSION
    for version in golden.VERSIONS:
        assert golden.archive(version).stat().st_size < 100_000


def test_golden_journal_has_its_format_and_small_and_large_blocks(
    version: int, unpacked: Path
) -> None:
    assert set(formats(unpacked)) == {version}
    sizes = [len(value) for value in stored_blocks(unpacked)]
    assert min(sizes) < 300 and max(sizes) > 50_000


def test_golden_journal_is_clean_and_holds_the_bytes_it_held(version: int, unpacked: Path) -> None:
    wanted = golden.expected(version)
    journal = LmdbJournal.open(unpacked / "journal")
    report = journal.verify()
    blocks = list(journal.blocks())
    tail = journal.tail()
    journal.close()
    assert report.findings == []
    assert (
        report._asdict().items()
        >= {name: wanted[name] for name in ("blocks", "commands", "events", "keys")}.items()
    )
    assert digest(b"".join(b.commands for b in blocks)) == wanted["command_bytes"]
    assert digest(b"".join(b.events for b in blocks)) == wanted["event_bytes"]
    assert (tail.block_hash.hex(), tail.last_time_ns) == (wanted["block_hash"], wanted["time_ns"])
    assert {b.header.hook_identity.hex() for b in blocks} == {wanted["hook_identity"]}
    commands = b"".join(b.commands for b in blocks)
    assert {type(c) for c in r.decode_all(commands)} == set(RECORDED)


def test_golden_journal_gives_the_same_events_and_state_when_executed_again(
    version: int, unpacked: Path
) -> None:
    wanted = golden.expected(version)
    points = [
        *((s["sequence"], s["state_hash"]) for s in wanted["snapshots"]),
        (wanted["commands"], wanted["state_hash"]),
    ]
    for sequence, state_hash in points:
        for use_snapshot in (False, True):
            done = replay(
                unpacked,
                to_sequence=sequence,
                use_snapshot=use_snapshot,
                verify=True,
                hooks=golden.hooks(),
            )
            assert (done.difference, done.reports) == (None, ())
            assert (done.sequence, done.state_hash) == (sequence, state_hash)
            assert bool(done.snapshot_sequence) == use_snapshot
    assert done.snapshot_sequence == wanted["snapshots"][-1]["sequence"]


@pytest.mark.once
def test_golden_journal_answers_every_client_key(version: int, copy: Path) -> None:
    journal = LmdbJournal.open(copy / "journal")
    commands = [c for b in journal.blocks() for c in r.decode_all(b.commands)]
    events = [e for b in journal.blocks() for e in r.decode_all(b.events)]
    journal.close()
    keyed = [c for c in commands if getattr(c, "key_high", 0) or getattr(c, "key_low", 0)]
    assert len(keyed) == golden.expected(version)["keys"] > 300
    with Node.open(copy, hooks=golden.hooks()) as node:
        end = node.sequence
        for command in keyed:
            assert isinstance(command, r.Command)
            again = node.submit(command, 0)
            assert (again.repeated, again.sequence) == (True, command.sequence)
            assert again.events == [e for e in events if e.sequence == command.sequence]
        money = next(c for c in keyed if isinstance(c, r.BalanceOperation))
        other = {f: getattr(money, f) for f in money.__struct_fields__} | {"amount_minor": 1}
        with pytest.raises(KeyConflict, match="amount_minor is 1, the first command"):
            node.submit(r.BalanceOperation(**other), 0)
        assert node.sequence == end


@pytest.mark.once
@pytest.mark.parametrize("use_snapshot", [True, False])
def test_node_continues_a_golden_journal_in_the_newest_format(
    version: int, copy: Path, use_snapshot: bool
) -> None:
    wanted = golden.expected(version)
    deposit = r.BalanceOperation(login=1, operation=1, amount_minor=5, key_high=-7, key_low=1 << 62)
    with Node.open(copy, hooks=golden.hooks(), use_snapshot=use_snapshot) as node:
        assert (node.sequence, node.reports) == (wanted["commands"], [])
        node.submit(deposit, wanted["time_ns"] + 1)
        node.commit()
        for number in range(3):
            node.submit(r.Clock(), wanted["time_ns"] + 2 + number)
        state_hash = node.engine.state_hash()
    assert formats(copy) == [version] * wanted["blocks"] + [FORMAT_VERSION] * 2
    for again in (True, False):
        with Node.open(copy, hooks=golden.hooks(), use_snapshot=again) as node:
            assert node.engine.state_hash() == state_hash
            assert node.journal.verify().findings == []
            assert node.submit(deposit, 0).sequence == wanted["commands"] + 1
            if again:
                node.snapshot()


@pytest.mark.once
def test_block_of_a_later_format_in_a_golden_journal_is_refused_with_one_sentence(
    version: int, copy: Path
) -> None:
    """As a later program leaves it: it continued the journal in its own format."""
    with lmdb.open(str(copy / "journal"), max_dbs=8, map_size=1 << 30) as environment:
        database = environment.open_db(BLOCKS)
        with environment.begin(write=True, db=database) as transaction:
            cursor = transaction.cursor()
            cursor.last()
            key, value = cursor.item()
            later = bytearray(value)
            later[8:12] = (FORMAT_VERSION + 1).to_bytes(4, "little")
            size = HEADERS[version].size
            hashed = bytes(later[: size - HASH_SIZE])
            later[size - HASH_SIZE : size] = blake3.blake3(hashed).digest()
            transaction.put(key, bytes(later))
    number = SEQUENCE.unpack(key)[0]
    for start in (lambda: Node.open(copy, hooks=golden.hooks()), lambda: replay(copy)):
        with pytest.raises(JournalVersion) as caught:
            start()
        assert str(caught.value) == (
            f"{copy}/journal/data.mdb: block {number} has format {FORMAT_VERSION + 1}, this"
            f" program reads formats up to {FORMAT_VERSION}"
        )


@pytest.mark.once
def test_snapshot_of_a_later_format_is_reported_and_the_one_before_serves(
    version: int, copy: Path
) -> None:
    wanted = golden.expected(version)
    before, newest = (s["sequence"] for s in wanted["snapshots"])
    with lmdb.open(str(copy / "snapshots"), max_dbs=8, map_size=1 << 30) as environment:
        database = environment.open_db(SNAPSHOTS)
        with environment.begin(write=True, db=database) as transaction:
            later = bytearray(transaction.get(SEQUENCE.pack(newest)) or b"")
            later[8:12] = (2).to_bytes(4, "little")
            later[HASHED_SIZE:HEADER_SIZE] = blake3.blake3(bytes(later[:HASHED_SIZE])).digest()
            transaction.put(SEQUENCE.pack(newest), bytes(later))
    with Node.open(copy, hooks=golden.hooks()) as node:
        assert node.reports == [
            f"{copy}/snapshots/data.mdb: snapshot {newest}: format 2, this program reads format 1"
        ]
        assert node.recovered_commands == wanted["commands"] - before
        assert node.engine.state_hash() == wanted["state_hash"]


@pytest.mark.once
def test_newest_format_is_written_today_as_it_was(tmp_path: Path) -> None:
    """Else `python -m tests.journal.golden --write`, if the format or the rules changed."""
    assert describe(tmp_path, make(tmp_path)) == golden.expected(NEWEST)
