"""`lockstep replay`, `verify`, `snapshot`: agreement, differences, damage."""

import shutil
from pathlib import Path

import lmdb
import pytest

from engine import records
from journal import BlockDraft, LmdbJournal, framing, layout
from tests.cli.conftest import Call, Demo


@pytest.fixture
def copy(demo: Demo, tmp_path: Path) -> Path:
    """A copy of the demo that a test may damage."""
    path = tmp_path / "copy"
    shutil.copytree(demo.path, path)
    return path


def test_replay_ends_where_the_demo_ended(demo: Demo, call: Call) -> None:
    called = call("replay", demo.path, "--verify", "--no-snapshot")
    assert called.code == 0
    assert demo.hash in called.out
    assert "agree, byte for byte" in called.out
    answer = call("replay", demo.path, "--json").json()
    assert answer["state_hash"] == demo.hash
    assert answer["difference"] is None and answer["verified"] is False


def test_replay_to_a_point_is_the_state_then(demo: Demo, call: Call) -> None:
    first = call("replay", demo.path, "--to", 700, "--json").json()
    assert first["sequence"] == first["commands"] == 700
    by_time = call("replay", demo.path, "--to", first["time"], "--json").json()
    assert by_time["sequence"] >= 700
    assert by_time["time"] == first["time"]
    nothing = call("replay", demo.path, "--to", 0, "--json").json()
    assert (nothing["sequence"], nothing["time"]) == (0, None)


def test_snapshot_changes_no_answer_and_shortens_the_replay(copy: Path, call: Call) -> None:
    before = call("replay", copy, "--json").json()
    taken = call("snapshot", copy, "--json").json()
    assert taken["sequence"] == before["sequence"]
    assert taken["state_hash"] == before["state_hash"]
    after = call("replay", copy, "--json").json()
    assert (after["began_at"], after["commands"]) == (before["sequence"], 0)
    assert after["state_hash"] == before["state_hash"]
    compared = call("replay", copy, "--verify")
    assert compared.code == 0 and "--no-snapshot compares everything" in compared.out
    whole = call("replay", copy, "--no-snapshot", "--verify", "--json").json()
    assert (whole["began_at"], whole["verified"]) == (0, True)
    assert call("snapshot", copy, "--keep", 1).code == 0
    assert call("snapshot", copy, "--keep", 0).code == 2


def test_verify_counts_and_finds_nothing(demo: Demo, call: Call) -> None:
    called = call("verify", demo.path)
    assert called.code == 0
    assert "good: nothing is wrong" in called.out
    answer = call("verify", demo.path, "--json").json()
    assert answer["good"] is True and answer["findings"] == []
    assert answer["client_keys"] > 100


def other_events(source: Path, target: Path, sequence: int) -> records.PositionOpened:
    """Copies a journal, with valid checksums, and changes one event; returns it as it was."""
    target.mkdir()
    old = LmdbJournal.open(source / "journal")
    new = LmdbJournal.open(target / "journal", writable=True, create=True)
    changed = None
    for block in old.blocks():
        out = []
        for event in records.decode_all(block.events):
            wanted = isinstance(event, records.PositionOpened) and event.sequence >= sequence
            if changed is None and wanted:
                changed = event
                fields = {n: getattr(event, n) for n in records.fields_of(type(event))}
                event = records.PositionOpened(**fields | {"margin_rate_e8": 7})
            out.append(records.encode(event))
        draft = BlockDraft()
        header = block.header
        draft.add(block.commands, header.first_sequence, header.last_sequence, header.first_time_ns)
        draft.keys = framing.keys_of(block.commands)
        new.append(draft, b"".join(out), header.last_time_ns, header.hook_identity)
    old.close()
    new.close()
    assert changed is not None
    return changed


def test_replay_shows_the_first_difference_field_by_field_and_exits_with_1(
    demo: Demo, tmp_path: Path, call: Call
) -> None:
    bad = tmp_path / "bad"
    event = other_events(demo.path, bad, sequence=300)
    called = call("replay", bad, "--verify")
    assert called.code == 1
    assert f"DIFFERENCE at sequence {event.sequence}, event " in called.out
    assert "PositionOpened.margin_rate_e8" in called.out
    marked = [text for text in called.out.splitlines() if text.startswith("* ")]
    assert len(marked) == 1
    assert marked[0].split() == [
        "*", "margin_rate_e8", "journal", "7", "replay", str(event.margin_rate_e8)
    ]  # fmt: skip
    assert f"journal {event.position}  replay {event.position}" in called.out
    difference = call("replay", bad, "--verify", "--json").json()["difference"]
    assert difference["field"] == "margin_rate_e8"
    assert len(difference["fields"]) == 1 + len(records.fields_of(records.PositionOpened))
    assert call("replay", bad).code == 0, "without --verify nothing is compared"
    assert call("verify", bad).code == 0, "checksums and chain are right"
    recovery = call("snapshot", bad)
    assert recovery.code == 2 and "recovery differs from the journal" in recovery.err


def test_flipped_byte_is_found_with_file_block_and_sequence(copy: Path, call: Call) -> None:
    file = copy / "journal" / "data.mdb"
    data = bytearray(file.read_bytes())
    place = data.index(b"LOCKSTEP") + 5_000
    data[place] ^= 1
    file.write_bytes(data)
    found = call("verify", copy)
    assert found.code == 1
    assert "data.mdb: block " in found.out
    assert call("verify", copy, "--json").json()["good"] is False
    for command in (("replay", copy), ("state", copy, "--account", 100_001), ("events", copy)):
        called = call(*command)
        assert called.code == 2
        assert "data.mdb: block " in called.err.splitlines()[-1]


def test_half_a_journal_is_refused(copy: Path, call: Call) -> None:
    file = copy / "journal" / "data.mdb"
    whole = file.read_bytes()
    for rest in (b"", whole[:100], whole[:8_192], b"\x00" * 8_192, b"no journal at all" * 900):
        file.write_bytes(rest)
        for command in ("replay", "events", "snapshot"):
            called = call(command, copy)
            assert called.code == 2, (command, len(rest))
            assert str(file) in called.err.splitlines()[-1]
        assert call("verify", copy).code in (1, 2)
        assert file.read_bytes()[: len(rest)] == rest, "nothing was repaired"


def test_journal_of_another_version_is_refused(copy: Path, call: Call) -> None:
    with lmdb.open(str(copy / "journal"), max_dbs=8) as environment:
        meta = environment.open_db(layout.META)
        with environment.begin(write=True) as transaction:
            values = list(layout.META_VALUE.unpack(transaction.get(layout.META_KEY, db=meta)))
            values[1] += 1
            transaction.put(layout.META_KEY, layout.META_VALUE.pack(*values), db=meta)
    for command in (("replay",), ("events",), ("snapshot",), ("verify",)):
        called = call(*command, copy)
        assert called.code == 2
        assert f"format {values[1]}" in called.err or f"version {values[1]}" in called.err


def test_missing_directory_is_refused_and_not_made(tmp_path: Path, call: Call) -> None:
    for command in ("replay", "verify", "snapshot", "events"):
        called = call(command, tmp_path / "none")
        assert called.code == 2
        assert "none" in called.err and called.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_empty_directory_is_refused_and_stays_empty(tmp_path: Path, call: Call) -> None:
    for command in ("replay", "verify", "snapshot", "events"):
        assert call(command, tmp_path).code == 2
    assert list(tmp_path.iterdir()) == []
