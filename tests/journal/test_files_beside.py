"""What lies beside the data file: the locks of LMDB and of the writer, whatever they hold."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from journal import JournalError, JournalFailed, LmdbJournal
from journal.environment import LOCK_FILE, WRITER_LOCK, open_environment
from tests.journal.conftest import append_block
from tests.journal.page_images import Image

ROOT_FOLDER = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.once

READING = """
import sys
from journal import LmdbJournal
journal = LmdbJournal.open(sys.argv[1])
print(journal.tail().last_sequence, flush=True)
sys.stdin.readline()
print(len(list(journal.blocks())), flush=True)
"""


@contextlib.contextmanager
def reader_elsewhere(folder: Path) -> Iterator[Callable[[], str]]:
    """A process that has the journal open; calling it makes it read all and end."""
    process = subprocess.Popen(
        [sys.executable, "-c", READING, str(folder)],
        cwd=ROOT_FOLDER,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None
    process.stdout.readline()
    with process:
        yield lambda: process.communicate("\n", timeout=60)[0].strip()


LOCK_FILES: list[tuple[str, bytes]] = [
    ("empty", b""),
    ("one byte", b"\xff"),
    ("zeros", bytes(40_000)),
    ("ones", b"\xff" * 40_000),
    ("nonsense", Random(1).randbytes(40_000)),
    ("short nonsense", Random(2).randbytes(700)),
    ("long nonsense", Random(3).randbytes(400_000)),
]


@pytest.mark.parametrize("writable", [False, True])
@pytest.mark.parametrize(("what", "content"), LOCK_FILES, ids=[row[0] for row in LOCK_FILES])
def test_lock_file_that_nobody_uses_may_hold_anything(
    stored: Path, what: str, content: bytes, writable: bool
) -> None:
    (stored / LOCK_FILE).write_bytes(content)
    (stored / WRITER_LOCK).write_bytes(content)
    for _ in range(2):
        journal = LmdbJournal.open(stored, writable=writable)
        assert journal.verify().findings == []
        if writable:
            append_block(journal, 1)
        journal.close()


def test_lock_file_that_lost_a_bit_while_nobody_used_it_makes_no_difference(stored: Path) -> None:
    lock = (stored / LOCK_FILE).read_bytes()
    random = Random(4)
    for byte in [*range(0, 300, 3), *random.sample(range(len(lock)), 50)]:
        damaged = bytearray(lock)
        damaged[byte] ^= 1 << random.randrange(8)
        (stored / LOCK_FILE).write_bytes(damaged)
        journal = LmdbJournal.open(stored, writable=True)
        assert journal.tail().last_sequence == 9
        journal.close()


@pytest.mark.parametrize("writable", [False, True])
def test_lock_file_damaged_while_another_process_uses_it_is_named(
    stored: Path, writable: bool
) -> None:
    with reader_elsewhere(stored) as finish:
        with (stored / LOCK_FILE).open("r+b") as file:
            file.write(b"nonsense")
        with pytest.raises(
            JournalError, match=r"lock\.mdb: damaged, and in use by another process"
        ):
            LmdbJournal.open(stored, writable=writable).close()
        assert finish() == "3"
    LmdbJournal.open(stored, writable=writable).close()


def test_lock_file_that_names_another_transaction_stops_readers_and_writer(stored: Path) -> None:
    """LMDB would go on from an older state, or from none at all."""
    with reader_elsewhere(stored) as finish:
        newest = Image(stored / "data.mdb").newer.number
        lock = (stored / LOCK_FILE).read_bytes()
        at = lock.index(newest.to_bytes(8, "little"))
        for wrong in (newest - 2, newest + 2, newest + 64):
            with (stored / LOCK_FILE).open("r+b") as file:
                file.seek(at)
                file.write(wrong.to_bytes(8, "little"))
            with pytest.raises(JournalError, match=r"lock\.mdb: names transaction"):
                LmdbJournal.open(stored).close()
            with pytest.raises(JournalError, match=r"lock\.mdb: "):
                journal = LmdbJournal.open(stored, writable=True)
                try:
                    append_block(journal, 1)
                finally:
                    journal.close()
        assert finish() == "3"
    journal = LmdbJournal.open(stored, writable=True)
    assert journal.tail().last_sequence == 9 and journal.verify().findings == []
    journal.close()


def test_writer_never_commits_on_another_state_than_the_newest(stored: Path) -> None:
    """The lock file, which is shared memory, changes under an open environment."""
    environment = open_environment(stored, writable=True, create=False)
    newest = Image(stored / "data.mdb").newer.number
    lock = (stored / LOCK_FILE).read_bytes()
    for number in (newest - 1, newest + 1, newest):
        with (stored / LOCK_FILE).open("r+b") as file:
            file.seek(lock.index(newest.to_bytes(8, "little")))
            file.write(number.to_bytes(8, "little"))
        if number == newest:
            environment.begin_write(0).abort()
            continue
        with pytest.raises(JournalFailed, match=r"lock\.mdb: the last transaction there is"):
            environment.begin_write(0)
    environment.close()


def test_files_beside_that_are_folders_are_told(stored: Path) -> None:
    os.unlink(stored / WRITER_LOCK)
    (stored / WRITER_LOCK).mkdir()
    with pytest.raises(JournalError, match=r"writer\.lock: can't be opened: Is a directory"):
        LmdbJournal.open(stored, writable=True)
    (stored / WRITER_LOCK).rmdir()
    os.unlink(stored / LOCK_FILE)
    (stored / LOCK_FILE).mkdir()
    for writable in (False, True):
        with pytest.raises(JournalError, match=r"journal/(data|lock)\.mdb: .*Is a directory"):
            LmdbJournal.open(stored, writable=writable)
