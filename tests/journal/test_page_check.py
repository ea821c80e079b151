"""The check of LMDB's file on what LMDB writes: never a false alarm, and nothing in its way."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import lmdb
import numpy as np
import pytest

from journal import CorruptJournal, JournalFailed, LmdbJournal
from journal.environment import Environment, open_environment
from journal.layout import BLOCKS, KEYS
from journal.meta_pages import MetaPages
from journal.page_check import check, entries
from journal.pages import BIG, BRANCH, LEAF, META_BYTES, PAGE, PageFile, trouble_in
from tests.journal.conftest import append_block
from tests.journal.page_images import FREE_RECORD, LAST_PAGE, NUMBER, ROOT, Image, nodes_of

ROOT_FOLDER = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.once


def found_right(folder: Path) -> None:
    """The check finds nothing wrong."""
    with contextlib.closing(PageFile(str(folder / "data.mdb"))) as file:
        assert check(file, heads=True)


# ---------------------------------------------------------------- what LMDB writes


class Workload:
    """Random puts, deletes and readers on three databases, as hard for LMDB as they come."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.random = Random(seed)
        self.environment = lmdb.open(str(folder), map_size=1 << 28, max_dbs=4, sync=False)
        self.databases = [self.environment.open_db(name) for name in (BLOCKS, KEYS, b"other")]
        self.sequence = 0
        self.readers: list[lmdb.Transaction] = []

    def step(self) -> None:
        """One transaction."""
        random = self.random
        with self.environment.begin(write=True) as transaction:
            for _ in range(random.choice((1, 2, 5, 5, 60, 400))):
                (self.put, self.put, self.delete)[random.randrange(3)](transaction)
            if random.randrange(20) == 0:
                transaction.abort()
        if random.randrange(40) == 0:
            with self.environment.begin(write=True) as transaction:
                transaction.drop(random.choice(self.databases), delete=False)
        if random.randrange(8) == 0:
            self.readers.append(self.environment.begin())
        if self.readers and random.randrange(8) == 0:
            self.readers.pop(random.randrange(len(self.readers))).abort()

    def put(self, transaction: lmdb.Transaction) -> None:
        random = self.random
        blocks, keys, other = self.databases
        self.sequence += random.randrange(1, 9)
        match random.randrange(3):
            case 0:
                size = random.choice((10, 200, 2020, 2022, 2023, 2030, 4080, 4081, 30_000))
                key = self.sequence.to_bytes(8, "big")
                transaction.put(key, random.randbytes(size), db=blocks)
            case 1:
                transaction.put(random.randbytes(16), random.randbytes(8), db=keys)
            case _:
                key = random.randbytes(random.choice((1, 2, 7, 100, 510))) + b"."
                transaction.put(key, random.randbytes(random.randrange(900)), db=other)

    def delete(self, transaction: lmdb.Transaction) -> None:
        random = self.random
        database = random.choice(self.databases)
        cursor = transaction.cursor(database)
        start = random.randrange(self.sequence + 1).to_bytes(8, "big")
        if cursor.set_range(start if database is self.databases[0] else random.randbytes(4)):
            for _ in range(random.choice((1, 1, 4, 300))):
                if not cursor.delete():
                    break


@pytest.mark.parametrize("seed", range(4))
def test_file_is_right_after_whatever_lmdb_did_to_it(tmp_path: Path, seed: int) -> None:
    workload = Workload(tmp_path / "store", seed)
    for _ in range(120):
        workload.step()
        found_right(tmp_path / "store")


def test_files_made_by_lmdb_itself_are_right(tmp_path: Path) -> None:
    """An empty one, one with an empty database, a copy, a compacted copy, one gone on with."""
    folder = tmp_path / "store"
    environment = lmdb.open(str(folder), map_size=1 << 24, max_dbs=4)
    found_right(folder)
    database = environment.open_db(BLOCKS)
    found_right(folder)
    for number in range(300):
        with environment.begin(write=True) as transaction:
            transaction.put(number.to_bytes(8, "big"), bytes(number * 20), db=database)
    for compact in (False, True):
        copy = tmp_path / f"copy-{compact}"
        copy.mkdir()
        environment.copy(str(copy), compact=compact)
        found_right(copy)
        again = lmdb.open(str(copy), map_size=1 << 24, max_dbs=4)
        with again.begin(write=True) as transaction:
            transaction.put(b"12345678", b"", db=again.open_db(BLOCKS, txn=transaction))
        again.close()
        found_right(copy)
    environment.close()


@pytest.mark.parametrize("transactions", [0, 1, 2])
def test_damaged_number_of_a_young_file_is_refused(tmp_path: Path, transactions: int) -> None:
    """The first transaction frees no page, so there is no list to hold it against."""
    folder = tmp_path / "store"
    environment = lmdb.open(str(folder), map_size=1 << 20, max_dbs=4)
    for _ in range(transactions):
        with environment.begin(write=True) as transaction:
            database = environment.open_db(BLOCKS, txn=transaction)
            transaction.put(b"12345678", bytes(8), db=database)
    environment.close()
    found_right(folder)
    content = (folder / "data.mdb").read_bytes()
    for page in (0, 1):
        for bit in range(64):
            damaged = bytearray(content)
            damaged[page * PAGE + NUMBER + bit // 8] ^= 1 << bit % 8
            (folder / "data.mdb").write_bytes(damaged)
            with pytest.raises(CorruptJournal, match="transaction"):
                found_right(folder)


def test_both_checks_of_a_page_agree_on_nonsense(stored: Path, tmp_path: Path) -> None:
    """Pages with a few random bytes changed: refused by both, or by none."""
    image = Image(stored / "data.mdb")
    random = Random(5)
    agreed = 0
    for number, kind in ((image.names_leaf, LEAF), (image.keys.record.root, LEAF)):
        page = bytearray(image.page(number))
        upper = int.from_bytes(page[14:16], "little")
        for _ in range(600):
            changed = bytearray(page)
            for _ in range(random.randrange(1, 4)):
                changed[
                    random.choice((random.randrange(10, 24), random.randrange(upper, PAGE)))
                ] = random.randrange(256)
            least = random.choice((LEAF, BRANCH)) if changed[10] == BRANCH else kind
            trouble = trouble_in(bytes(changed), number, least, 1)
            try:
                nodes_of(bytes(changed), number, least, tmp_path)
                assert not trouble
                agreed += 1
            except CorruptJournal as error:
                assert error.problem == f"page {number}: {trouble}" and trouble
    assert 50 < agreed < 1_150


# ---------------------------------------------------------------- readers and writers at once

COMMITTING = """
import sys
from journal import LmdbJournal
from tests.journal.conftest import append_block
journal = LmdbJournal.open(sys.argv[1], writable=True)
print("ready", flush=True)
for number in range(1, 1_000_000):
    append_block(journal, number % 40, key=(number * 0x9E3779B97F4A7C15 % 2**63, 1))
"""


def test_reader_may_open_at_any_moment_of_a_writer_at_work(stored: Path) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", COMMITTING, str(stored)], cwd=ROOT_FOLDER, stdout=subprocess.PIPE
    )
    try:
        assert writer.stdout is not None and writer.stdout.readline() == b"ready\n"
        tails: list[int] = []
        while len(set(tails)) < 40:
            journal = LmdbJournal.open(stored)
            tails.append(journal.tail().last_sequence)
            journal.close()
            assert writer.poll() is None
        assert tails == sorted(tails)
    finally:
        writer.kill()
        writer.wait()
        writer.stdout.close()
    journal = LmdbJournal.open(stored, writable=True)
    assert journal.verify().findings == []
    journal.close()


# ---------------------------------------------------------------- a commit that failed


def as_lmdb_leaves_it(image: Image) -> None:
    """The older meta page as after a failed write of a newest one: its roots, not its number."""
    older, newer = image.older.page * PAGE, image.newer.page * PAGE
    newest = bytes(image.data[newer : newer + META_BYTES])
    number, last_page = image.number(newer + NUMBER), image.number(older + LAST_PAGE)
    image.data[older : older + META_BYTES] = newest
    image.put(older, image.older.page)
    image.put(older + NUMBER, number - 1)
    image.put(older + LAST_PAGE, last_page)


def test_meta_page_that_a_failed_commit_left_is_known_by_its_last_page(stored: Path) -> None:
    image = Image(stored / "data.mdb")
    as_lmdb_leaves_it(image)
    older = image.older.page * PAGE
    image.put(older + LAST_PAGE, image.number(older + FREE_RECORD + ROOT) - 1)
    image.write()
    journal = LmdbJournal.open(stored, writable=True)
    append_block(journal, 1)
    assert journal.verify().findings == []
    journal.close()


def test_meta_page_that_may_be_a_damaged_newest_one_is_refused(stored: Path) -> None:
    image = Image(stored / "data.mdb")
    as_lmdb_leaves_it(image)
    image.put(image.older.page * PAGE + LAST_PAGE, image.newer.last_page)
    image.write()
    with pytest.raises(CorruptJournal, match="but its free list ends with"):
        LmdbJournal.open(stored, writable=True)


def test_meta_page_is_put_back_after_a_failed_commit_and_only_then(stored: Path) -> None:
    file = stored / "data.mdb"
    before = file.read_bytes()
    descriptor = os.open(file, os.O_RDWR)
    metas = MetaPages()
    metas.note(descriptor)
    image = Image(file)
    as_lmdb_leaves_it(image)
    image.write()
    metas.put_back(descriptor)
    assert file.read_bytes() == before
    metas.note(descriptor)
    image = Image(file)
    image.add(image.older.page * PAGE + NUMBER, 2)
    image.write()
    metas.put_back(descriptor)
    assert file.read_bytes() == bytes(image.data), "that commit did not fail"
    os.close(descriptor)
    with pytest.raises(JournalFailed, match="the meta pages can't be read"):
        metas.note(descriptor)


# ---------------------------------------------------------------- entries of fixed size


@pytest.fixture
def environment(stored: Path) -> Iterator[Environment]:
    opened = open_environment(stored, writable=True, create=False)
    yield opened
    opened.close()


def test_entries_of_a_database_are_those_that_lmdb_has(environment: Environment) -> None:
    random = Random(6)
    keys = environment.database(KEYS)
    for count in (0, 1, 200, 5_000):
        with environment.begin_write(100 * count) as transaction:
            for _ in range(count):
                transaction.put(random.randbytes(16), random.randbytes(8), db=keys)
        with environment.reading() as transaction:
            expected = b"".join(bytes(k) + bytes(v) for k, v in transaction.cursor(keys))
        rows = environment.fixed_entries(KEYS, 16, 8)
        assert rows.dtype == np.uint8 and rows.shape == (len(expected) // 24, 24)
        assert rows.tobytes() == expected
    with environment.begin_write(0) as transaction:
        transaction.drop(keys, delete=False)
    assert environment.fixed_entries(KEYS, 16, 8).shape == (0, 24)


def test_entries_of_other_sizes_are_refused(environment: Environment) -> None:
    with pytest.raises(KeyError):
        environment.fixed_entries(b"none", 16, 8)
    for key_bytes, value_bytes in ((15, 8), (16, 9), (16, 0)):
        with pytest.raises(
            CorruptJournal, match=f"is not {key_bytes} and {value_bytes} bytes long"
        ):
            environment.fixed_entries(KEYS, key_bytes, value_bytes)


def test_entry_that_is_not_in_its_node_is_refused(stored: Path) -> None:
    image = Image(stored / "data.mdb")
    image.put(next(image.nodes(image.keys.record.root)) + 4, BIG, 2)
    image.write()
    with contextlib.closing(PageFile(str(image.file))) as file:
        with pytest.raises(CorruptJournal, match="database keys: an entry is not 16 and 8 bytes"):
            entries(file, image.newer.number, KEYS, 16, 8)
        assert entries(file, image.newer.number + 1, KEYS, 16, 8) is None


def test_environment_that_is_refused_can_be_opened_once_it_is_right(stored: Path) -> None:
    shutil.copy(stored / "data.mdb", stored / "kept")
    with (stored / "data.mdb").open("r+b") as file:
        file.seek(2 * PAGE)
        file.write(bytes(100 * PAGE))
    for writable in (False, True):
        with pytest.raises(CorruptJournal):
            LmdbJournal.open(stored, writable=writable)
    shutil.copy(stored / "kept", stored / "data.mdb")
    LmdbJournal.open(stored, writable=True).close()
