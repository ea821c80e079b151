"""`lockstep salvage`: what comes before the damage, as a journal that can be gone on with."""

import json
import shutil
from pathlib import Path

import pytest

from adapters.node import Node
from engine import records
from journal import LmdbJournal
from tests.cli.conftest import Call, Demo, call_outside
from tests.journal.test_corruption import block_values
from tests.journal.test_salvage import flip_everywhere
from tests.small_day import day

GONE = "good: nothing was damaged, the copy is complete"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run of a small day in blocks of 60 commands."""
    path = tmp_path / "day"
    with Node.open(path, create=True, commit_records=60) as node:
        for command, time_ns in day(9, 269):
            node.submit(command, time_ns)
        node.commit()
    return path


def damage(run: Path, index: int) -> tuple[int, int]:
    """Damages a block; the sequence before it, and the last one of the journal."""
    values = block_values(run / "journal")
    flip_everywhere(run / "journal", [*values.values()][index], 500)
    return [*values][index] - 1, 300


def test_whole_journal_is_copied_with_its_label(demo: Demo, tmp_path: Path, call: Call) -> None:
    called = call("salvage", demo.path, tmp_path / "saved")
    assert (called.code, called.err) == (0, "")
    assert GONE in called.out and "generated data" in called.out
    assert call("replay", tmp_path / "saved", "--json").json()["state_hash"] == demo.hash
    assert call("diff", demo.path, tmp_path / "saved").code == 0
    same = (tmp_path / "saved" / "origin.json").read_bytes()
    assert same == (demo.path / "origin.json").read_bytes()
    answer = call("salvage", demo.path, tmp_path / "again", "--json").json()
    assert answer["good"] is True and answer["beyond"] is None and answer["findings"] == []
    assert answer["commands"] == answer["last_sequence"]


def test_copy_ends_before_the_damage_and_can_be_gone_on_with(
    run: Path, tmp_path: Path, call: Call
) -> None:
    call("keygen", tmp_path / "key")
    point = tmp_path / "point.json"
    assert call("checkpoint", run, "--key", tmp_path / "key", "--out", point, "--at", 120).code == 0
    before, last = damage(run, 3)
    saved = tmp_path / "saved"
    called = call("salvage", run, saved)
    assert called.code == 1
    assert called.out.splitlines()[0] == (
        f"{run}/journal/data.mdb: block {before + 1}, its commands and events do not match their"
        " checksum"
    )
    assert f"saved        sequence 1 to {before}, up to 2014-" in called.out
    assert f"blocks, sequence {before + 61} to {last}, found behind the damage" in called.out
    assert call("verify", saved, "--checkpoint", point).code == 0
    assert call("replay", saved, "--verify").code == 0
    assert call("diff", run, saved, "--at", before).code == 0
    with Node.open(saved) as node:
        assert node.sequence == before
        node.submit(records.Clock(), node.engine.time_ns + 1)
        node.commit()
        assert node.durable_sequence == before + 1
    assert call("verify", saved).code == 0


def test_damaged_tree_is_no_obstacle_and_ends_no_process(
    run: Path, tmp_path: Path, call: Call
) -> None:
    """Every page that is not part of a large block is overwritten; LMDB can make nothing of it."""
    values = [*block_values(run / "journal").values()]
    file = run / "journal" / "data.mdb"
    data = bytearray(file.read_bytes())
    kept = {data.find(value) - 16: 16 + len(value) for value in values}
    for page in range(0, len(data), 4096):
        if not any(start <= page < start + size for start, size in kept.items()):
            data[page : page + 4096] = b"\xff" * 4096
    file.write_bytes(data)
    called = call_outside("salvage", run, tmp_path / "saved", "--json")
    assert called.code == 1, called.err
    answer = called.json()
    assert answer["blocks"] == len(values) and answer["last_sequence"] == 300
    assert len(answer["findings"]) == 1 and "page 0: " in answer["findings"][0]
    assert [*block_values(tmp_path / "saved" / "journal").values()] == values
    assert call("replay", tmp_path / "saved", "--verify", "--json").json()["commands"] == 300


def test_nothing_is_saved_where_the_first_block_is_damaged(
    run: Path, tmp_path: Path, call: Call
) -> None:
    damage(run, 0)
    called = call("salvage", run, tmp_path / "saved")
    assert called.code == 1
    assert "nothing; " in called.out and "sequence 61 to 300, found behind" in called.out
    assert list((tmp_path / "saved").iterdir()) == []
    assert call("salvage", run, tmp_path / "saved", "--json").json()["saved_to"] is None


def test_input_that_can_not_be_used_is_refused_in_one_sentence(
    run: Path, tmp_path: Path, call: Call
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("mine")
    (tmp_path / "file").write_text("mine")
    new = tmp_path / "new"
    table: list[tuple[tuple[object, ...], str]] = [
        ((tmp_path / "none", new), "none/journal: no such directory"),
        ((tmp_path / "full", new), "full/journal: no such directory"),
        ((run, tmp_path / "full"), "already holds files"),
        ((run, run), "already holds a journal"),
        ((run, run / "saved"), "which is not to be changed"),
        ((run, run / "journal" / "saved"), "which is not to be changed"),
        ((run, tmp_path / "file"), "is not a directory"),
        ((run, tmp_path / "file" / "new"), "can't be made"),
    ]
    for arguments, sentence in table:
        called = call("salvage", *arguments)
        assert called.code == 2, arguments
        assert sentence in called.err and called.err.count("\n") == 1, (arguments, called.err)
    assert not new.exists()
    writer = LmdbJournal.open(run / "journal", writable=True)
    called = call("salvage", run, new)
    writer.close()
    assert called.code == 2 and "a writer has it open; stop it first" in called.err
    assert not new.exists()


def test_damaged_journal_is_left_as_it_is(run: Path, tmp_path: Path, call: Call) -> None:
    shutil.rmtree(run / "snapshots", ignore_errors=True)
    for name in ("lock.mdb", "writer.lock"):
        (run / "journal" / name).unlink()
    damage(run, 2)
    (run / "origin.json").write_text(json.dumps({"data": "quotes from files", "command": "run"}))
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    assert call("salvage", run, tmp_path / "saved").code == 1
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before
    assert sorted(path.name for path in (tmp_path / "saved").iterdir()) == [
        "journal",
        "origin.json",
    ]
