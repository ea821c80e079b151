"""Damage on disk: found, named, never guessed away."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

import lmdb
import pytest

from journal import CorruptJournal, JournalError, JournalVersion, LmdbJournal, NoJournal
from journal.block import GENESIS_HASH, MAGIC
from journal.layout import BLOCKS, KEYS, META, META_KEY, META_VALUE, SEQUENCE
from tests.journal.conftest import append_block

pytestmark = pytest.mark.once

Copy = Callable[[Callable[[bytearray], None]], Path]


def edit(directory: Path, change: Callable[[lmdb.Environment, lmdb.Transaction], None]) -> None:
    """Changes a closed journal through LMDB itself, as a careless tool would."""
    environment = lmdb.open(str(directory), max_dbs=8, map_size=1 << 30)
    with environment.begin(write=True) as transaction:
        change(environment, transaction)
    environment.close()


def block_values(directory: Path) -> dict[int, bytes]:
    """The stored blocks, by first sequence."""
    values: dict[int, bytes] = {}

    def read(environment: lmdb.Environment, transaction: lmdb.Transaction) -> None:
        database = environment.open_db(BLOCKS, txn=transaction)
        values.update((SEQUENCE.unpack(k)[0], v) for k, v in transaction.cursor(database))

    edit(directory, read)
    return values


def flip_in(file: bytearray, value: bytes, position: int, bit: int) -> None:
    """Flips a bit of a stored value wherever it is: LMDB leaves old copies of a page behind."""
    start = file.find(value)
    assert start >= 0
    while start >= 0:
        file[start + position] ^= 1 << bit
        start = file.find(value, start)


def test_flipped_bits_in_the_blocks_on_disk_are_found_by_reading_and_by_verify(
    stored: Path, copy_of: Copy
) -> None:
    """One bit of every byte of every block; tests/journal/test_block.py does every bit."""
    for value in block_values(stored).values():
        for position in range(len(value)):

            def flip(file: bytearray, value: bytes = value, position: int = position) -> None:
                flip_in(file, value, position, position % 8)

            directory = copy_of(flip)
            with pytest.raises(JournalError):
                journal = LmdbJournal.open(directory)
                try:
                    assert journal.verify().findings
                    list(journal.blocks())
                finally:
                    journal.close()
            shutil.rmtree(directory)


def test_writer_when_the_last_block_is_damaged_does_not_open(stored: Path, copy_of: Copy) -> None:
    value = block_values(stored)[6]

    def flip(file: bytearray) -> None:
        flip_in(file, value, len(value) - 1, 0)

    with pytest.raises(CorruptJournal, match="block 6, its commands and events do not match"):
        LmdbJournal.open(copy_of(flip), writable=True)


@pytest.mark.parametrize("size", [0, 100, 4096, 8191])
def test_data_file_cut_off_within_its_first_pages_is_refused(
    stored: Path, copy_of: Copy, size: int
) -> None:
    def cut(file: bytearray) -> None:
        del file[size:]

    with pytest.raises(CorruptJournal, match=rf"data\.mdb: cut off: {size} bytes"):
        LmdbJournal.open(copy_of(cut))


@pytest.mark.parametrize("pages", [2, 3, 5, 8])
def test_data_file_cut_off_anywhere_before_its_end_is_refused(
    stored: Path, copy_of: Copy, pages: int
) -> None:
    def cut(file: bytearray) -> None:
        del file[pages * 4096 :]

    with pytest.raises(CorruptJournal, match=r"cut off: .* bytes, its pages need"):
        LmdbJournal.open(copy_of(cut), writable=True)


def test_data_file_that_is_no_lmdb_file_is_refused(copy_of: Copy) -> None:
    def overwrite(file: bytearray) -> None:
        file[:] = b"not a journal at all" * 1_000

    with pytest.raises(CorruptJournal, match=r"data\.mdb"):
        LmdbJournal.open(copy_of(overwrite))


@pytest.mark.parametrize("page", [0, 1])
@pytest.mark.parametrize("byte", range(1, 8))
def test_damaged_transaction_number_does_not_take_back_commits(
    copy_of: Copy, page: int, byte: int
) -> None:
    def flip(file: bytearray) -> None:
        file[page * 4096 + 144 + byte] ^= 0x10

    with pytest.raises(CorruptJournal, match="one apart was expected"):
        LmdbJournal.open(copy_of(flip))


@pytest.mark.parametrize("name", [META, BLOCKS, KEYS])
def test_half_a_journal_names_the_missing_database(stored: Path, name: bytes) -> None:
    edit(stored, lambda e, t: t.drop(e.open_db(name, txn=t)))
    with pytest.raises(NoJournal, match=f"half a journal: the database {name.decode()} is missing"):
        LmdbJournal.open(stored)


def test_journal_without_its_description_is_refused(stored: Path) -> None:
    edit(stored, lambda e, t: t.delete(META_KEY, db=e.open_db(META, txn=t)))
    with pytest.raises(NoJournal, match="its description is missing"):
        LmdbJournal.open(stored)


@pytest.mark.parametrize(("version", "record_version"), [(3, 1), (1, 2), (7, 9)])
def test_journal_of_a_future_version_is_refused_with_one_sentence(
    stored: Path, version: int, record_version: int
) -> None:
    value = META_VALUE.pack(MAGIC, version, record_version, bytes(32)) + b"more"
    edit(stored, lambda e, t: t.put(META_KEY, value, db=e.open_db(META, txn=t)))
    with pytest.raises(JournalVersion) as caught:
        LmdbJournal.open(stored, writable=True)
    assert str(caught.value) == (
        f"{stored}/data.mdb: journal format {version} with records of version {record_version};"
        " this program reads formats up to 2 with records of version 1"
    )


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (b"short", "its description is no description of a journal"),
        (b"NOTHINGS" + bytes(40), "its description is no description of a journal"),
        (META_VALUE.pack(MAGIC, 1, 1, bytes(32)), "its description is damaged"),
        (META_VALUE.pack(MAGIC, 1, 1, GENESIS_HASH) + b"more", "its description is damaged"),
    ],
)
def test_journal_whose_description_is_damaged_is_refused(
    stored: Path, value: bytes, problem: str
) -> None:
    edit(stored, lambda e, t: t.put(META_KEY, value, db=e.open_db(META, txn=t)))
    with pytest.raises(CorruptJournal, match=problem):
        LmdbJournal.open(stored)


def test_left_out_block_is_found_where_it_is_missing(stored: Path) -> None:
    edit(stored, lambda e, t: t.delete(SEQUENCE.pack(3), db=e.open_db(BLOCKS, txn=t)))
    journal = LmdbJournal.open(stored)
    for first in (1, 3, 4, 6):
        with pytest.raises(CorruptJournal, match="block 6, sequence 6: sequence gap: 3 was"):
            list(journal.blocks(first))
    findings = journal.verify().findings
    assert any("sequence gap: 3 was expected" in f for f in findings)
    journal.close()


def test_missing_first_block_is_found(stored: Path) -> None:
    edit(stored, lambda e, t: t.delete(SEQUENCE.pack(1), db=e.open_db(BLOCKS, txn=t)))
    journal = LmdbJournal.open(stored)
    with pytest.raises(CorruptJournal, match="sequence gap: 1 was expected"):
        list(journal.blocks())
    journal.close()


def test_block_of_another_journal_breaks_the_chain(stored: Path, tmp_path: Path) -> None:
    other = LmdbJournal.open(tmp_path / "other", writable=True, create=True)
    for number in (1, 2, 3):
        append_block(other, number)
    other.close()
    foreign = block_values(tmp_path / "other")[3]
    edit(stored, lambda e, t: t.put(SEQUENCE.pack(3), foreign, db=e.open_db(BLOCKS, txn=t)))
    journal = LmdbJournal.open(stored)
    with pytest.raises(CorruptJournal, match="block 3, sequence 3: chain broken"):
        list(journal.blocks())
    assert sum("chain broken" in f for f in journal.verify().findings) == 2
    journal.close()


def test_verify_goes_on_after_a_finding(stored: Path) -> None:
    damaged = bytearray(block_values(stored)[3])
    damaged[-1] ^= 1
    edit(stored, lambda e, t: t.put(SEQUENCE.pack(3), bytes(damaged), db=e.open_db(BLOCKS, txn=t)))
    journal = LmdbJournal.open(stored)
    report = journal.verify()
    assert report.blocks == 3
    assert "block 3, its commands and events do not match their checksum" in report.findings[0]
    journal.close()


def test_lost_and_foreign_client_keys_are_found(stored: Path) -> None:
    def change(environment: lmdb.Environment, transaction: lmdb.Transaction) -> None:
        database = environment.open_db(KEYS, txn=transaction)
        (first, _), (second, _), _ = list(transaction.cursor(database))
        transaction.delete(first, db=database)
        transaction.put(second, (77).to_bytes(8, "little"), db=database)

    edit(stored, change)
    journal = LmdbJournal.open(stored)
    findings = "\n".join(journal.verify().findings)
    journal.close()
    assert "is missing in the index of client keys" in findings
    assert "leads to 77 in the index of client keys" in findings
    assert "2 client keys in the index, the commands have 3" in findings
    with pytest.raises(CorruptJournal, match="2 client keys are stored, 3 were expected"):
        LmdbJournal.open(stored, writable=True)


def test_client_key_that_changed_in_the_index_is_found_when_a_writer_opens(stored: Path) -> None:
    """As many keys as before, in order: only the digest tells."""

    def change(environment: lmdb.Environment, transaction: lmdb.Transaction) -> None:
        database = environment.open_db(KEYS, txn=transaction)
        key, value = next(iter(transaction.cursor(database)))
        transaction.delete(key, db=database)
        transaction.put(key[:-1] + bytes([key[-1] ^ 1]), value, db=database)

    edit(stored, change)
    with pytest.raises(CorruptJournal, match="index of client keys is not the one that its digest"):
        LmdbJournal.open(stored, writable=True)


def test_client_key_of_another_size_in_the_index_is_found_when_a_writer_opens(
    stored: Path,
) -> None:
    def change(environment: lmdb.Environment, transaction: lmdb.Transaction) -> None:
        database = environment.open_db(KEYS, txn=transaction)
        key, value = next(iter(transaction.cursor(database)))
        transaction.delete(key, db=database)
        transaction.put(key[:-1], value, db=database)

    edit(stored, change)
    with pytest.raises(CorruptJournal, match="database keys: an entry is not 16 and 8 bytes long"):
        LmdbJournal.open(stored, writable=True)


def pages_of(file: Path) -> list[bytes]:
    """The 4 KiB pages of a file."""
    data = file.read_bytes()
    return [data[i : i + 4096] for i in range(0, len(data), 4096)]


def test_commit_torn_by_a_power_cut_leaves_the_journal_as_it_was_before(
    stored: Path, tmp_path: Path
) -> None:
    """Any part of a commit's pages may be on disk; without its meta page none of it counts."""
    random = Random(3)
    before = pages_of(stored / "data.mdb")
    journal = LmdbJournal.open(stored, writable=True)
    append_block(journal, 200, key=(9, 9))
    journal.close()
    after = pages_of(stored / "data.mdb")
    before += [bytes(4096)] * (len(after) - len(before))
    changed = [n for n, (a, b) in enumerate(zip(before, after, strict=True)) if a != b]
    meta = [n for n in changed if n < 2]
    assert len(meta) == 1 and len(changed) > 4
    for attempt in range(60):
        torn = list(before)
        for number in changed:
            if number not in meta and random.randrange(3):
                cut = random.choice((4096, 4096, 512, 2048))
                torn[number] = after[number][:cut] + before[number][cut:]
        directory = tmp_path / f"torn-{attempt}"
        directory.mkdir()
        (directory / "data.mdb").write_bytes(b"".join(torn))
        recovered = LmdbJournal.open(directory, writable=True)
        assert recovered.tail().last_sequence == 9
        assert recovered.verify().findings == []
        append_block(recovered, 2, key=(9, 9))
        assert recovered.verify().findings == []
        recovered.close()


def test_unreadable_journal_is_refused_and_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(NoJournal):
        LmdbJournal.open(tmp_path / "a" / "b")
    assert os.listdir(tmp_path) == []
