"""Tests of the simulated disk with real calls. Run by test_disk.py in a process under the shim."""

import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

import lmdb
import lmdb.cpython
import pytest

from adapters.node import Node
from journal import JournalError, JournalFailed
from tests.faults import shim
from tests.faults.disk import LOSE, MISDIRECT, PASS, POWER_OFF, Disk, Operation
from tests.faults.platter import PAGE
from tests.faults.session import Script, Session, recovered

pytestmark = pytest.mark.once

A, B = b"A" * PAGE, b"B" * PAGE
SCRIPT = Script(1, 30)


@pytest.fixture
def scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=shim.memory_folder()) as folder:
        yield Path(folder)


@pytest.fixture
def disk(scratch: Path) -> Iterator[Disk]:
    """A disk that is in use, with a file of one durable page of A."""
    folder = scratch / "disk"
    folder.mkdir()
    (folder / "file").write_bytes(A)
    with Disk(folder, Random(1)) as made:
        yield made
        shim.watch_memory(None)


@pytest.fixture
def file(disk: Disk) -> Iterator[int]:
    descriptor = os.open(disk.folder / "file", os.O_RDWR)
    yield descriptor
    os.close(descriptor)


def left(disk: Disk, scratch: Path, name: str = "file", tries: int = 60) -> set[bytes]:
    """What `name` may hold after the power went."""
    found = set()
    for seed in range(tries):
        image = disk.power_cut(Random(seed), scratch / str(seed))
        if name in image.files:
            found.add((scratch / str(seed) / name).read_bytes())
    return found


def on(disk: Disk, kind: int, verdict: int) -> None:
    """From now on operations of a kind meet a verdict."""
    disk.on_operation = lambda operation: verdict if operation.kind == kind else PASS


def test_write_is_read_back_at_once_and_durable_after_the_sync(
    disk: Disk, file: int, scratch: Path
) -> None:
    os.pwrite(file, B, 0)
    assert os.pread(file, PAGE, 0) == B
    assert {A, B} <= left(disk, scratch)
    os.fsync(file)
    assert left(disk, scratch) == {B}
    assert (disk.counters.writes, disk.counters.syncs) == (1, 1)


def test_all_ways_to_write_are_seen_with_their_places(disk: Disk, file: int) -> None:
    disk.trace = []
    os.lseek(file, 10, os.SEEK_SET)
    os.write(file, b"12")
    os.writev(file, [b"3", b"45"])
    os.pwritev(file, [b"6", b"7"], 20)
    os.ftruncate(file, 5_000)
    os.posix_fallocate(file, 4_000, 2_000)
    appending = os.open(disk.folder / "file", os.O_WRONLY | os.O_APPEND | os.O_DSYNC)
    os.write(appending, b"8")
    os.close(appending)
    writes = [(o.offset, o.data, o.synced) for o in disk.trace if o.kind == shim.WRITE]
    assert writes == [
        (10, b"12", False),
        (12, b"345", False),
        (20, b"67", False),
        (6_000, b"8", True),
    ]
    assert os.fstat(file).st_size == 6_001 == disk.used_bytes
    assert os.pread(file, 12, 10) == b"12345" + b"A" * 5 + b"67"


def test_refused_operation_does_nothing_and_says_why(disk: Disk, file: int) -> None:
    for kind, call in (
        (shim.WRITE, lambda: os.pwrite(file, B, 0)),
        (shim.WRITE, lambda: os.writev(file, [B])),
        (shim.ALLOCATE, lambda: os.posix_fallocate(file, 0, 2 * PAGE)),
        (shim.TRUNCATE, lambda: os.ftruncate(file, 1)),
        (shim.SYNC, lambda: os.fdatasync(file)),
    ):
        on(disk, kind, -errno.ENOSPC)
        with pytest.raises(OSError) as caught:
            call()
        assert caught.value.errno == errno.ENOSPC
    assert os.pread(file, 2 * PAGE, 0) == A
    assert disk.counters.refused == 5


def test_short_write_writes_its_first_bytes(disk: Disk, file: int) -> None:
    on(disk, shim.WRITE, 3)
    assert os.pwrite(file, B, 0) == 3
    assert os.pread(file, 4, 0) == b"BBBA"


def test_disk_when_full_takes_no_growth_until_there_is_space(disk: Disk, file: int) -> None:
    disk.capacity_bytes = 2 * PAGE
    assert os.pwrite(file, B + B, 0) == 2 * PAGE
    for call in (
        lambda: os.pwrite(file, b"x", 2 * PAGE),
        lambda: os.posix_fallocate(file, 0, 3 * PAGE),
        lambda: (disk.folder / "other").write_bytes(b"x"),
    ):
        with pytest.raises(OSError) as caught:
            call()
        assert caught.value.errno == errno.ENOSPC
    assert os.pwrite(file, A, PAGE) == PAGE
    disk.capacity_bytes = 3 * PAGE
    assert os.pwrite(file, b"x", 2 * PAGE) == 1


def test_failed_sync_loses_for_good_what_was_unsynced(disk: Disk, file: int, scratch: Path) -> None:
    ends = set()
    for seed in range(20):
        os.pwrite(file, A + A, 0)
        os.fsync(file)
        os.pwrite(file, B + B, 0)
        disk.random = Random(seed)
        on(disk, shim.SYNC, -errno.EIO)
        with pytest.raises(OSError):
            os.fsync(file)
        disk.on_operation = None
        os.fsync(file)
        assert os.pread(file, 2 * PAGE, 0) == B + B
        (end,) = left(disk, scratch / f"after-{seed}", tries=5)
        ends.add(end)
    assert {A + A, A + B, B + A, B + B} <= ends


def test_lying_disk_says_yes_and_keeps_nothing(disk: Disk, file: int, scratch: Path) -> None:
    on(disk, shim.WRITE, LOSE)
    os.pwrite(file, B, 0)
    os.fsync(file)
    assert left(disk, scratch, tries=5) == {A}
    on(disk, shim.SYNC, LOSE)
    os.pwrite(file, B, 0)
    os.fsync(file)
    assert {A, B} <= left(disk, scratch)


def test_misdirected_write_is_right_in_memory_and_elsewhere_on_the_disk(
    disk: Disk, file: int, scratch: Path
) -> None:
    os.pwrite(file, A * 3, 0)
    os.fsync(file)
    on(disk, shim.WRITE, MISDIRECT)
    os.pwrite(file, B, PAGE)
    os.fsync(file)
    assert os.pread(file, 3 * PAGE, 0) == A + B + A
    (content,) = left(disk, scratch, tries=5)
    assert content in (B + A + A, A + B + A, A + A + B)


def test_power_that_goes_during_a_write_may_tear_it_and_ends_everything(
    disk: Disk, file: int, scratch: Path
) -> None:
    on(disk, shim.WRITE, POWER_OFF)
    with pytest.raises(OSError):
        os.pwrite(file, B, 0)
    disk.on_operation = None
    for call in (lambda: os.pwrite(file, B, 0), lambda: os.fsync(file)):
        with pytest.raises(OSError) as caught:
            call()
        assert caught.value.errno == errno.EIO
    assert {A, B} < left(disk, scratch)


def test_disk_goes_on_where_the_power_cut_left_it(disk: Disk, file: int, scratch: Path) -> None:
    os.pwrite(file, B, 0)
    os.fsync(file)
    os.pwrite(file, A, 0)
    disk.move_to(scratch / "next", disk.power_cut(Random(1), scratch / "next", [0]))
    assert (disk.folder / "file").read_bytes() == B
    with open(disk.folder / "file", "r+b", buffering=0) as next_file:
        next_file.write(b"C")
        assert {b"B", b"C"} == {content[:1] for content in left(disk, scratch)}
        os.pwrite(file, b"D", 0)
        assert b"D" not in {content[:1] for content in left(disk, scratch)}, "another folder"


def test_what_a_killed_process_left_unsynced_is_so_still(
    disk: Disk, file: int, scratch: Path
) -> None:
    os.pwrite(file, B, 0)
    disk.process_crash(scratch / "next")
    disk.move_to(scratch / "next")
    assert (disk.folder / "file").read_bytes() == B
    assert {A, B} <= left(disk, scratch)
    with open(disk.folder / "file", "rb") as next_file:
        os.fsync(next_file.fileno())
    assert left(disk, scratch) == {B}


def test_file_that_is_written_anew_and_renamed_is_followed(disk: Disk, scratch: Path) -> None:
    with open(disk.folder / "fresh", "wb") as fresh:
        fresh.write(B)
        fresh.flush()
        os.fsync(fresh.fileno())
    (disk.folder / "fresh").rename(disk.folder / "file")
    assert left(disk, scratch) == {A, B}
    folder = os.open(disk.folder, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)
    assert left(disk, scratch) == {B}


def test_fault_in_the_test_itself_is_not_swallowed(scratch: Path) -> None:
    def broken(operation: Operation) -> int:
        raise ValueError("the decision itself is wrong")

    with pytest.raises(ValueError, match="the decision itself"), Disk(scratch) as made:
        made.on_operation = broken
        with pytest.raises(OSError):
            (scratch / "file").write_bytes(A)


def test_memory_is_refused_to_lmdb_alone(disk: Disk) -> None:
    shim.watch_memory(lmdb.cpython.__file__)
    on(disk, shim.MALLOC, -errno.ENOMEM)
    with pytest.raises(lmdb.MemoryError):
        lmdb.open(str(disk.folder / "environment"))
    assert len(bytearray(1 << 24)) == 1 << 24


# ---------------------------------------------------------------- a node on it


def session_that_dies_of_its_meta_page(disk: Disk) -> Session:
    """A session in whose second commit the write of the meta page fails, and all after it."""
    session = Session(SCRIPT, disk.folder, Random(2))
    session.open()
    for _ in session.steps(1):
        pass
    failed: list[Operation] = []

    def decide(operation: Operation) -> int:
        if operation.kind == shim.WRITE and (operation.synced or failed):
            failed.append(operation)
            return -errno.EIO
        return PASS

    disk.on_operation = decide
    with pytest.raises(JournalFailed):
        for _ in session.steps(1):
            pass
    disk.on_operation = None
    assert len(failed) >= 2, "LMDB tried to write the old meta page back"
    session.abandon()
    return session


@pytest.mark.parametrize("seed", range(12))
def test_meta_page_that_never_reached_the_disk_is_written_again_before_it_is_relied_on(
    disk: Disk, scratch: Path, seed: int
) -> None:
    """The meta page is in the page cache, not on the disk; LMDB can't write the old one back."""
    disk.random = Random(seed)
    session = session_that_dies_of_its_meta_page(disk)
    disk.process_crash(scratch / "again")
    disk.move_to(scratch / "again")
    session.folder = scratch / "again"
    session.open()
    session.abandon()
    disk.power_cut(Random(seed), scratch / "cut")
    outcome = recovered(SCRIPT, scratch / "cut", session.acknowledged, session.submitted)
    assert not outcome.wrong


@pytest.mark.parametrize("length", [60, 104, 112])
def test_journal_can_be_made_again_where_its_first_meta_page_was_cut_short(
    disk: Disk, scratch: Path, length: int
) -> None:
    cut = iter([length])

    def decide(operation: Operation) -> int:
        return next(cut, PASS) if operation.synced else PASS

    disk.on_operation = decide
    with pytest.raises(JournalError, match="can't be created"):
        Node.open(disk.folder / "node", create=True)
    disk.on_operation = None
    disk.process_crash(scratch / "crash")
    for seed in range(5):
        disk.power_cut(Random(seed), scratch / f"cut-{seed}")
    for name in ("crash", *(f"cut-{seed}" for seed in range(5))):
        Node.open(scratch / name / "node", create=True).close()


def test_lying_disk_is_beyond_what_is_promised_and_found_or_harmless(scratch: Path) -> None:
    """A lost write of a page that a commit refers to is named as damage, never served."""
    found = 0
    for seed in range(30):
        random = Random(seed)
        folder = scratch / str(seed)
        folder.mkdir()
        with Disk(folder, random) as disk:
            session = Session(SCRIPT, folder, random)
            session.open()
            for _ in session.steps(3):
                pass
            disk.on_operation = lambda o, r=random: LOSE if r.randrange(6) == 0 else PASS
            for _ in session.steps(3):
                pass
            disk.on_operation = None
            session.abandon()
            disk.power_cut(random, scratch / f"cut-{seed}")
        outcome = recovered(SCRIPT, scratch / f"cut-{seed}", 0, session.submitted)
        found += bool(outcome.wrong)
        assert not outcome.wrong or "corrupt" in outcome.wrong.lower(), outcome.wrong
    assert found
