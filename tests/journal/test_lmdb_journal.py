"""The journal on disk: what is stored comes back, from this process or another."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine import records
from journal import (
    BEFORE_FIRST,
    GENESIS_HASH,
    NO_HOOKS,
    BlockDraft,
    JournalError,
    JournalFailed,
    JournalInUse,
    LmdbJournal,
    NoJournal,
    framing,
)
from tests.journal.conftest import TIME_NS, append_block, order, rejected, tick

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.once


def run_python(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Runs a script in another process, in the project's root."""
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_blocks_when_read_back_are_those_that_were_appended(journal: LmdbJournal) -> None:
    blocks = list(journal.blocks())
    assert [(b.header.first_sequence, b.header.last_sequence) for b in blocks] == [
        (1, 2),
        (3, 5),
        (6, 9),
    ]
    assert blocks[1].commands == tick(3) + tick(4) + order(5, (2, -2))
    assert blocks[1].events == rejected(5)
    assert journal.tail() == blocks[2].header
    assert blocks[0].header.previous_hash == GENESIS_HASH


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [(1, None, [1, 3, 6]), (2, 2, [1]), (3, 5, [3]), (4, 6, [3, 6]), (9, None, [6]), (10, 99, [])],
)
def test_blocks_from_and_to_a_sequence_are_those_that_hold_them(
    journal: LmdbJournal, first: int, last: int | None, expected: list[int]
) -> None:
    assert [b.header.first_sequence for b in journal.blocks(first, last)] == expected


def test_block_at_and_chain_hash_at_every_sequence(journal: LmdbJournal) -> None:
    ends = {b.header.last_sequence: b.header.block_hash for b in journal.blocks()}
    for sequence in range(1, 10):
        block = journal.block_at(sequence)
        assert block is not None
        assert block.header.first_sequence <= sequence <= block.header.last_sequence
        assert journal.chain_hash_at(sequence) == ends.get(sequence)
    assert journal.block_at(0) is None
    assert journal.block_at(10) is None
    assert journal.chain_hash_at(0) == GENESIS_HASH
    assert journal.chain_hash_at(10) is None


def test_empty_journal_has_no_blocks_and_a_tail_before_the_first(tmp_path: Path) -> None:
    journal = LmdbJournal.open(tmp_path / "journal", writable=True, create=True)
    assert list(journal.blocks()) == []
    assert journal.tail() == BEFORE_FIRST
    assert journal.block_at(1) is None
    assert journal.verify().findings == []
    journal.close()


def test_blocks_larger_than_one_fetch_are_all_read(tmp_path: Path) -> None:
    journal = LmdbJournal.open(tmp_path / "journal", writable=True, create=True)
    draft = BlockDraft()
    sequence = 0
    for _ in range(9):
        first = sequence + 1
        data = b"".join(tick(first + i) for i in range(20_000))
        sequence += 20_000
        draft.add(data, first, sequence, TIME_NS + first)
        journal.append(draft, b"", TIME_NS + sequence, NO_HOOKS)
        draft.clear()
    read = list(journal.blocks(15_000))
    assert read[0].header.first_sequence == 1
    assert read[-1].header.last_sequence == sequence
    assert len(read) == 9
    assert journal.verify().commands == sequence
    journal.close()


def test_client_key_leads_to_the_first_answer_also_after_a_restart(stored: Path) -> None:
    journal = LmdbJournal.open(stored)
    sequence = journal.lookup_key(framing.key_bytes(2, -2))
    assert sequence == 5
    answer = journal.answer(sequence)
    assert answer is not None
    assert isinstance(answer.command, records.PlaceOrder)
    assert (answer.command.sequence, answer.command.key_high) == (5, 2)
    assert [type(e) for e in answer.events] == [records.Rejected]
    assert journal.lookup_key(framing.key_bytes(2, 2)) is None
    assert journal.answer(4) is not None
    assert journal.answer(10) is None
    journal.close()


def test_journal_when_opened_again_continues_the_chain(stored: Path) -> None:
    journal = LmdbJournal.open(stored, writable=True)
    append_block(journal, 5)
    assert journal.tail().first_sequence == 10
    assert journal.tail().block_number == 4
    report = journal.verify()
    assert (report.blocks, report.commands, report.events, report.keys) == (4, 15, 4, 3)
    assert report.findings == []
    journal.close()


def test_append_when_the_draft_does_not_continue_the_journal_stores_nothing(
    journal: LmdbJournal,
) -> None:
    draft = BlockDraft()
    draft.add(tick(11), 11, 11, TIME_NS)
    with pytest.raises(ValueError, match="10 is next"):
        journal.append(draft, b"", TIME_NS, NO_HOOKS)
    draft.clear()
    draft.add(tick(11), 10, 10, TIME_NS)
    with pytest.raises(ValueError, match="its first command has sequence 11"):
        journal.append(draft, b"", TIME_NS, NO_HOOKS)
    draft.clear()
    with pytest.raises(ValueError, match="10 is next"):
        journal.append(draft, b"", TIME_NS, NO_HOOKS)
    draft.add(tick(10), 10, 10, TIME_NS + 10)
    with pytest.raises(ValueError, match="whole number of words"):
        journal.append(draft, b"1234", TIME_NS, NO_HOOKS)
    journal.append(draft, b"", TIME_NS + 10, NO_HOOKS)
    assert journal.tail().last_sequence == 10


def test_reserved_space_changes_nothing_but_the_size_of_the_file(stored: Path) -> None:
    journal = LmdbJournal.open(stored, writable=True)
    before = list(journal.blocks())
    journal.reserve(5 << 20)
    assert (stored / "data.mdb").stat().st_size > 5 << 20
    for _ in range(40):
        append_block(journal, 3_000)
    assert list(journal.blocks())[:3] == before
    assert journal.verify().findings == []
    journal.reserve(1)
    journal.close()
    again = LmdbJournal.open(stored, writable=True)
    append_block(again, 1)
    assert again.verify().findings == []
    again.close()
    reader = LmdbJournal.open(stored)
    with pytest.raises(ValueError, match="opened for reading"):
        reader.reserve(1)
    reader.close()


def test_reserving_more_than_the_limit_is_refused_and_harmless(tmp_path: Path) -> None:
    journal = LmdbJournal.open(
        tmp_path / "journal", writable=True, create=True, limit_bytes=8 << 20
    )
    with pytest.raises(JournalError, match="can't reserve 9000000 bytes"):
        journal.reserve(9_000_000)
    append_block(journal, 10)
    assert journal.verify().findings == []
    journal.close()


def test_second_writer_is_refused_in_this_process_and_in_another(
    journal: LmdbJournal, tmp_path: Path
) -> None:
    with pytest.raises(JournalInUse, match="another writer has it open"):
        LmdbJournal.open(tmp_path / "journal", writable=True)
    result = run_python(
        "import sys, journal\n"
        "try: journal.LmdbJournal.open(sys.argv[1], writable=True)\n"
        "except journal.JournalInUse as error: print(error)\n",
        tmp_path / "journal",
    )
    assert "another writer has it open" in result.stdout, result.stderr
    journal.close()
    LmdbJournal.open(tmp_path / "journal", writable=True).close()


def test_reader_cant_append(stored: Path) -> None:
    reader = LmdbJournal.open(stored)
    with pytest.raises(ValueError, match="opened for reading"):
        append_block(reader, 1)
    reader.close()


def test_reader_opened_before_the_writer_in_one_process_sees_new_blocks(stored: Path) -> None:
    reader = LmdbJournal.open(stored)
    assert reader.tail().last_sequence == 9
    writer = LmdbJournal.open(stored, writable=True)
    append_block(writer, 1)
    assert reader.tail().last_sequence == 11
    writer.close()
    assert [b.header.first_sequence for b in reader.blocks(10)] == [10]
    reader.close()


def test_reader_in_another_process_follows_while_blocks_are_written(
    journal: LmdbJournal, tmp_path: Path
) -> None:
    script = (
        "import sys, time, journal\n"
        "reader = journal.LmdbJournal.open(sys.argv[1])\n"
        "print('ready', flush=True)\n"
        "seen = 0\n"
        "deadline = time.monotonic() + 30\n"
        "while seen < int(sys.argv[2]) and time.monotonic() < deadline:\n"
        "    for block in reader.blocks(seen + 1):\n"
        "        assert block.header.first_sequence == seen + 1\n"
        "        seen = block.header.last_sequence\n"
        "print(seen, reader.tail().block_hash.hex())\n"
    )
    target = 9 + 200 * 4
    reader = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "journal"), str(target)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert reader.stdout is not None
    assert reader.stdout.readline() == "ready\n"
    for _ in range(200):
        append_block(journal, 3)
    output, _ = reader.communicate(timeout=60)
    assert output.split() == [str(target), journal.tail().block_hash.hex()]


def test_map_when_the_journal_outgrows_it_grows_and_open_readers_follow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("journal.environment.FIRST_MAP_BYTES", 4 << 20)
    directory = tmp_path / "journal"
    journal = LmdbJournal.open(directory, writable=True, create=True)
    script = (
        "import sys, journal, journal.environment\n"
        "journal.environment.FIRST_MAP_BYTES = 4 << 20\n"
        "reader = journal.LmdbJournal.open(sys.argv[1])\n"
        "print(reader.tail().last_sequence, flush=True)\n"
        "sys.stdin.readline()\n"
        "print(sum(1 for _ in reader.blocks()), reader.tail().last_sequence)\n"
    )
    reader = subprocess.Popen(
        [sys.executable, "-c", script, str(directory)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert reader.stdout is not None
    assert reader.stdout.readline() == "0\n"
    draft = BlockDraft()
    for number in range(20):
        first = 1 + number * 20_000
        data = b"".join(tick(first + i) for i in range(20_000))
        draft.add(data, first, first + 19_999, TIME_NS + first)
        journal.append(draft, b"", TIME_NS + first + 19_999, NO_HOOKS)
        draft.clear()
    output, _ = reader.communicate("go\n", timeout=60)
    assert output.split() == ["20", "400000"]
    assert journal.verify().findings == []
    journal.close()


def test_journal_at_its_limit_fails_for_good_and_keeps_what_is_there(tmp_path: Path) -> None:
    directory = tmp_path / "journal"
    journal = LmdbJournal.open(directory, writable=True, create=True, limit_bytes=4 << 20)
    with pytest.raises(JournalFailed, match=r"full: .* bytes are needed, the limit is 4194304"):
        for _ in range(10_000):
            append_block(journal, 2_000)
    with pytest.raises(JournalFailed, match="must end and recover"):
        journal.tail()
    with pytest.raises(JournalFailed, match="must end and recover"):
        append_block(journal, 1)
    journal.close()
    again = LmdbJournal.open(directory)
    assert again.tail().last_sequence % 2_001 == 0
    assert again.verify().findings == []
    again.close()


FAILING_COMMIT = """
import os, resource, sys
import journal
from tests.journal.conftest import append_block

def no_room_to_grow():
    limit = os.stat(opened.name).st_size + 500_000
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

def writing_fails():
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))

def syncing_fails():
    null = os.open("/dev/null", os.O_RDWR)  # takes every write, and can't be synced
    for name in os.listdir("/proc/self/fd"):
        if os.path.realpath(f"/proc/self/fd/{name}") == opened.name:
            os.dup2(null, int(name))

opened = journal.LmdbJournal.open(sys.argv[1], writable=True)
append_block(opened, 1)
durable = opened.tail().last_sequence
globals()[sys.argv[2]]()
try:
    while True:
        append_block(opened, 3_000)
        durable = opened.tail().last_sequence
except journal.JournalFailed as error:
    print("failed:", error)
for use in (opened.tail, lambda: list(opened.blocks()), lambda: append_block(opened, 1)):
    try:
        use()
    except journal.JournalFailed as error:
        print("again:", error)
print(durable)
"""


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("no_room_to_grow", "can't grow: File too large"),
        ("writing_fails", "mdb_txn_commit: File too large"),
        ("syncing_fails", "mdb_txn_commit: Invalid argument"),
    ],
)
def test_failed_commit_is_final_and_earlier_blocks_stay(
    stored: Path, how: str, message: str
) -> None:
    """The operating system refuses: to give disk blocks, to write, to sync."""
    result = run_python(FAILING_COMMIT, stored, how)
    failed, *again, durable = result.stdout.splitlines() or [result.stderr]
    assert message in failed, result
    assert len(again) == 3 and all("must end and recover" in line for line in again)
    journal = LmdbJournal.open(stored, writable=True)
    assert journal.tail().last_sequence == int(durable)
    assert journal.verify().findings == []
    append_block(journal, 1)
    journal.close()


def test_process_killed_while_committing_loses_nothing_that_was_acknowledged(
    tmp_path: Path,
) -> None:
    script = (
        "import sys, journal\n"
        "from tests.journal.conftest import append_block\n"
        "opened = journal.LmdbJournal.open(sys.argv[1], writable=True, create=True)\n"
        "while True:\n"
        "    append_block(opened, 50)\n"
        "    print(opened.tail().last_sequence, flush=True)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "journal")],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    acknowledged = [process.stdout.readline() for _ in range(40)]
    process.kill()
    acknowledged += process.stdout.readlines()
    process.wait()
    last = max(int(line) for line in acknowledged if line.endswith("\n"))
    journal = LmdbJournal.open(tmp_path / "journal", writable=True)
    assert journal.tail().last_sequence in (last, last + 51)
    assert journal.verify().findings == []
    journal.close()


def test_opening_what_is_no_journal_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(NoJournal, match="no such directory"):
        LmdbJournal.open(tmp_path / "nothing")
    (tmp_path / "file").write_text("text")
    with pytest.raises(NoJournal, match="not a directory"):
        LmdbJournal.open(tmp_path / "file")
    with pytest.raises(NoJournal, match="not a directory"):
        LmdbJournal.open(tmp_path / "file", writable=True, create=True)
    (tmp_path / "empty").mkdir()
    with pytest.raises(NoJournal, match=r"data\.mdb is missing"):
        LmdbJournal.open(tmp_path / "empty", writable=True)
    assert os.listdir(tmp_path / "empty") == []


def test_closed_journal_refuses_use(journal: LmdbJournal) -> None:
    journal.close()
    journal.close()
    with pytest.raises((ValueError, JournalError), match="closed"):
        journal.tail()
