"""What is saved of a damaged journal: everything before the damage, unchanged, and nothing else."""

import errno
import os
import shutil
import struct
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from random import Random

import blake3
import lmdb
import pytest
import xxhash

from engine import records
from journal import (
    NO_HOOKS,
    BlockDraft,
    CorruptJournal,
    JournalFailed,
    JournalInUse,
    JournalVersion,
    LmdbJournal,
    NoJournal,
    framing,
    raw_file,
)
from journal.block import HEADERS, MAGIC, read_header
from journal.environment import Environment
from journal.layout import BLOCKS, KEYS, META, META_KEY, META_VALUE, SEQUENCE
from journal.page_check import check
from journal.pages import PageFile
from journal.places import read_places
from journal.raw_file import RawFile, scan
from journal.salvage import UNFINISHED, Salvaged, Survey
from tests.journal import golden
from tests.journal.conftest import TIME_NS, append_block, order, rejected, tick
from tests.journal.test_corruption import block_values, edit

pytestmark = pytest.mark.once

PAGE = 4096


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal of eight blocks, small ones and large ones. Tests must not write into it."""
    path = tmp_path_factory.mktemp("salvage") / "journal"
    journal = LmdbJournal.open(path, writable=True, create=True)
    for number, n_ticks in enumerate((1, 200, 2, 3, 500, 90, 1, 120), 1):
        append_block(journal, n_ticks, key=(number, -number))
    journal.close()
    return path


@pytest.fixture
def copied(kept: Path, tmp_path: Path) -> Path:
    """A copy of its data file alone."""
    folder = tmp_path / "damaged"
    folder.mkdir()
    data = (kept / "data.mdb").read_bytes().rstrip(b"\0")
    (folder / "data.mdb").write_bytes(data + bytes(-len(data) % PAGE))
    return folder


def salvaged(source: Path, target: Path | None = None) -> tuple[Salvaged, list[bytes]]:
    """What is saved of a folder, and the stored blocks of the copy, after a look at both."""
    before = contents(source)
    target = source.with_name("saved") if target is None else target
    if target.exists():
        shutil.rmtree(target)
    with closing(Survey(source)) as survey:
        found = survey.copy(target)
    assert contents(source) == before, "the damaged journal is as it was"
    if not target.exists():
        assert found.last.last_sequence == 0
        return found, []
    journal = LmdbJournal.open(target, writable=True)
    report = journal.verify()
    assert report.findings == []
    counts = (found.last.block_number, found.commands, found.events, found.keys)
    assert report[:4] == counts
    tail = journal.tail()
    assert (tail.last_sequence, tail.block_hash) == (
        found.last.last_sequence,
        found.last.block_hash,
    )
    go_on(journal)
    assert journal.verify().findings == [], "it can be gone on with"
    journal.close()
    values = block_values(target)
    del values[tail.last_sequence + 1]
    return found, [*values.values()]


def go_on(journal: LmdbJournal) -> None:
    """One block more, with a new client key."""
    tail = journal.tail()
    sequence, time_ns = tail.last_sequence + 1, tail.last_time_ns
    draft = BlockDraft()
    command = records.CancelOrder(login=1, order=1, key_high=77, key_low=77)
    draft.add(records.encode(command, sequence, time_ns), sequence, sequence, time_ns)
    draft.keys = [(framing.key_bytes(77, 77), sequence)]
    journal.append(draft, b"", time_ns, tail.hook_identity)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def change(folder: Path, by: Callable[[bytearray], None]) -> None:
    """Changes the data file of a folder."""
    data = bytearray((folder / "data.mdb").read_bytes())
    by(data)
    (folder / "data.mdb").write_bytes(data)


def places_of(data: bytes | bytearray, value: bytes) -> list[int]:
    """Everywhere a stored block lies in a file."""
    found = []
    at = data.find(value)
    while at >= 0:
        found.append(at)
        at = data.find(value, at + 1)
    return found


def flip_everywhere(folder: Path, value: bytes, position: int, bit: int = 0) -> None:
    """Flips a bit of a block wherever it lies: old copies would be as good."""

    def flip(data: bytearray) -> None:
        for place in places_of(data, value):
            data[place + position] ^= 1 << bit

    change(folder, flip)


# ---------------------------------------------------------------- a whole journal


def test_whole_journal_is_copied_as_it_is(kept: Path, copied: Path) -> None:
    found, values = salvaged(copied)
    assert (found.findings, found.beyond) == ([], None)
    assert values == [*block_values(kept).values()]
    target = copied.with_name("saved")
    journal = LmdbJournal.open(target)
    for number in range(1, 9):
        sequence = journal.lookup_key(framing.key_bytes(number, -number))
        assert sequence is not None and journal.answer(sequence) is not None
    journal.close()
    assert sorted(os.listdir(target.parent)) == ["damaged", "saved"], "nothing else is left"


def test_empty_journal_is_copied_as_an_empty_one(tmp_path: Path) -> None:
    LmdbJournal.open(tmp_path / "empty", writable=True, create=True).close()
    found, values = salvaged(tmp_path / "empty")
    assert found.findings == [] and values == []
    assert (tmp_path / "saved").exists()


@pytest.mark.parametrize("version", golden.VERSIONS)
def test_journal_of_every_format_is_saved_with_its_blocks_as_they_are(
    tmp_path: Path, version: int
) -> None:
    source = golden.unpack(version, tmp_path) / "journal"
    values = [*block_values(source).values()]
    found, saved = salvaged(source, tmp_path / "whole")
    assert found.findings == [] and saved == values
    flip_everywhere(source, values[-2], len(values[-2]) - 1)
    found, saved = salvaged(source, tmp_path / "part")
    assert len(found.findings) == 1 and saved == values[:-2]


# ---------------------------------------------------------------- damage to blocks


def test_damaged_block_ends_the_copy_and_what_lies_behind_is_named(
    kept: Path, copied: Path
) -> None:
    stored = block_values(kept)
    firsts, values = [*stored], [*stored.values()]
    last = read_header(values[-1], firsts[-1], "").last_sequence
    for index in range(8):
        folder = copied.with_name(f"damaged-{index}")
        shutil.copytree(copied, folder)
        flip_everywhere(folder, values[index], len(values[index]) - 3)
        found, saved = salvaged(folder)
        assert saved == values[:index]
        assert found.findings == [
            f"{folder}/data.mdb: block {firsts[index]}, its commands and events do not match their"
            " checksum"
        ]
        if index < 7:
            assert found.beyond == (7 - index, firsts[index + 1], last)
        else:
            assert found.beyond is None


def test_bit_flipped_in_any_byte_of_a_block_is_never_copied(kept: Path, copied: Path) -> None:
    """Every byte of the headers, some of the rest; all copies of the block are hit."""
    stored = block_values(kept)
    firsts, values = [*stored], [*stored.values()]
    original = (copied / "data.mdb").read_bytes()
    for index in (2, 4):
        size = len(values[index])
        for position in (*range(0, 184, 11), *range(184, size, size // 3)):
            (copied / "data.mdb").write_bytes(original)
            flip_everywhere(copied, values[index], position, position % 8)
            found, saved = salvaged(copied)
            assert saved == values[:index], position
            assert found.findings[0].startswith(f"{copied}/data.mdb: block {firsts[index]}")


def test_damaged_header_is_named_with_its_byte_in_the_file(kept: Path, copied: Path) -> None:
    """Whether the tree can be read, and whether it still looks like a header, or not."""
    value = block_values(kept)[3]
    (place,) = places_of((copied / "data.mdb").read_bytes(), value)
    original = (copied / "data.mdb").read_bytes()
    where = f"{copied}/data.mdb: block 3, "
    for position, destroyed, sentence in (
        (60, False, f"the header does not match its hash (byte {place})"),
        (60, True, f"the header does not match its hash (byte {place})"),
        (2, False, f"no block begins at byte {place}, where the journal keeps it"),
        (2, True, "no block begins here, but later ones were found"),
    ):
        (copied / "data.mdb").write_bytes(original)
        flip_everywhere(copied, value, position)
        if destroyed:
            destroy_meta_pages(copied)
        found, saved = salvaged(copied)
        assert len(saved) == 1 and found.findings[0] == where + sentence
        assert len(found.findings) == 1 + destroyed


def test_page_that_the_tree_is_not_whole_without_is_a_finding(kept: Path, copied: Path) -> None:
    """Every page whose damage a writer would refuse, the free list's among them."""
    original = (copied / "data.mdb").read_bytes()
    refused = 0
    for page in range(2, len(original) // PAGE):
        data = bytearray(original)
        data[page * PAGE] ^= 1  # its own number
        (copied / "data.mdb").write_bytes(data)
        try:
            with closing(PageFile(str(copied / "data.mdb"))) as file:
                check(file, heads=True)
        except CorruptJournal as error:
            found, saved = salvaged(copied)
            assert str(error) in found.findings
            assert saved == [*block_values(kept).values()]
            refused += 1
    assert refused > 5


def test_headers_are_found_wherever_the_file_is_cut_for_reading(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(RawFile(kept / "data.mdb")) as file:
        whole = [*scan(file).after(0)]
        for size in (4_099, 50_001, 65_530):
            monkeypatch.setattr(raw_file, "_CHUNK", size)
            assert [*scan(file).after(0)] == whole
        for place in (copy.offset for copy in whole):
            monkeypatch.setattr(raw_file, "_CHUNK", place + 3)
            assert [*scan(file).after(0)] == whole


def test_any_damage_anywhere_leaves_a_true_beginning_of_the_journal(
    kept: Path, copied: Path
) -> None:
    """Flipped bits, zeroed and swapped pages, cut ends: whatever is saved is as it was."""
    random = Random(7)
    values = [*block_values(kept).values()]
    original = (copied / "data.mdb").read_bytes()
    pages = len(original) // PAGE
    complete = 0
    for _ in range(60):
        data = bytearray(original)
        kind = random.randrange(4)
        if kind == 0:
            for _ in range(random.randrange(1, 4)):
                data[random.randrange(len(data))] ^= 1 << random.randrange(8)
        elif kind == 1:
            for _ in range(random.randrange(1, 4)):
                at = random.randrange(pages) * PAGE
                data[at : at + PAGE] = bytes(PAGE)
        elif kind == 2:
            a, b = (random.randrange(pages) * PAGE for _ in range(2))
            data[a : a + PAGE], data[b : b + PAGE] = data[b : b + PAGE], data[a : a + PAGE]
        else:
            del data[random.randrange(len(data)) :]
        (copied / "data.mdb").write_bytes(data)
        found, saved = salvaged(copied)
        assert saved == values[: len(saved)]
        assert bytes(data) == original or found.findings or len(saved) == len(values)
        complete += len(saved) == len(values)
    assert 5 < complete < 55, "some damage costs nothing, some does"


def test_destroyed_tree_costs_no_block_that_has_pages_of_its_own(
    kept: Path, tmp_path: Path
) -> None:
    """Everything of LMDB's is zeroed: meta pages, branches and leaves."""
    path = tmp_path / "large"
    journal = LmdbJournal.open(path, writable=True, create=True)
    for number in range(1, 6):
        append_block(journal, 100 * number, key=(number, 1))
    journal.close()
    values = [*block_values(path).values()]

    def destroy(data: bytearray) -> None:
        keep = {
            page
            for value in values
            for place in places_of(data, value)
            for page in range(place // PAGE, (place + len(value) - 1) // PAGE + 1)
        }
        for page in range(len(data) // PAGE):
            if page not in keep:
                data[page * PAGE : (page + 1) * PAGE] = bytes(PAGE)

    change(path, destroy)
    found, saved = salvaged(path)
    assert saved == values
    assert len(found.findings) == 1 and "no meta page" in found.findings[0]


def test_nothing_is_made_where_nothing_can_be_saved(kept: Path, copied: Path) -> None:
    flip_everywhere(copied, block_values(kept)[1], 300)
    found, saved = salvaged(copied)
    assert saved == [] and found.last.last_sequence == 0
    assert not copied.with_name("saved").exists()
    (copied / "data.mdb").write_bytes(b"no journal at all " * 5_000)
    found, saved = salvaged(copied)
    assert saved == [] and "page 0" in found.findings[0]
    assert not copied.with_name("saved").exists()


def test_block_that_is_damaged_in_its_place_is_taken_from_an_older_copy(
    tmp_path: Path,
) -> None:
    """Small blocks lie in a leaf that LMDB copies with every commit; the hashes say it is it."""
    path = tmp_path / "small"
    journal = LmdbJournal.open(path, writable=True, create=True)
    for number in range(1, 8):
        append_block(journal, 1, key=(number, 1))
    journal.close()
    values = [*block_values(path).values()]
    newest = read_places(str(path / "data.mdb")).offset_of(5)
    assert newest is not None

    def flip(data: bytearray) -> None:
        assert len(places_of(data, values[2])) > 1
        data[newest + 250] ^= 8

    change(path, flip)
    found, saved = salvaged(path)
    assert saved == values
    assert f"damaged at byte {newest}, where the journal keeps it" in found.findings[0]


# ---------------------------------------------------------------- which block counts


def with_dead_block(path: Path, n_ticks: int, after: int) -> tuple[bytes, bytes]:
    """A journal of three blocks and `after` more, and a dead block that also follows the third.

    The dead one is of a commit that was cut off before its meta page: it lies whole on pages that
    LMDB knows nothing of. Returns the dead block and the one that was committed in its place.
    """
    journal = LmdbJournal.open(path, writable=True, create=True)
    for number in (1, 2, 3):
        append_block(journal, 150, key=(number, 1))
    journal.close()
    other = path.with_name(f"{path.name}-other")
    shutil.copytree(path, other)
    cut_off = LmdbJournal.open(other, writable=True)
    append_block(cut_off, n_ticks, key=(99, 99))
    cut_off.close()
    journal = LmdbJournal.open(path, writable=True)
    for number in range(after):
        append_block(journal, 170, key=(number, 2))
    journal.close()
    dead = [*block_values(other).values()][3]

    def plant(data: bytearray) -> None:
        del data[len(data.rstrip(b"\0")) + PAGE :]
        data.extend(bytes(-len(data) % PAGE))
        data.extend(bytes(16) + dead)
        data.extend(bytes(-len(data) % PAGE))

    values = [*block_values(path).values()]
    change(path, plant)
    return dead, values[3] if after else b""


def destroy_meta_pages(folder: Path) -> None:
    def destroy(data: bytearray) -> None:
        data[: 2 * PAGE] = bytes(2 * PAGE)

    change(folder, destroy)


def test_block_of_a_commit_that_was_cut_off_is_left_out_while_the_tree_can_be_read(
    tmp_path: Path,
) -> None:
    path = tmp_path / "journal"
    dead, _ = with_dead_block(path, 130, after=0)
    found, saved = salvaged(path)
    assert len(saved) == 3 and found.findings == [] and found.beyond is None
    destroy_meta_pages(path)
    found, saved = salvaged(path)
    assert saved[3:] == [dead], "without the tree nothing tells that it was not acknowledged"
    assert len(found.findings) == 1


@pytest.mark.parametrize("after", [1, 2])
def test_block_that_was_committed_counts_and_not_the_one_that_was_cut_off(
    tmp_path: Path, after: int
) -> None:
    path = tmp_path / "journal"
    _, committed = with_dead_block(path, 140, after)
    found, saved = salvaged(path)
    assert saved[3] == committed and len(saved) == 3 + after and found.findings == []
    destroy_meta_pages(path)
    found, saved = salvaged(path)
    if after == 1:
        assert len(saved) == 3
        assert "and nothing tells which one counts" in found.findings[0]
        assert found.findings[0].startswith(f"{path}/data.mdb: block 454, different blocks at")
    else:
        assert saved[3] == committed and len(saved) == 5


def test_block_that_later_ones_contradict_is_no_stand_in_for_a_damaged_one(
    tmp_path: Path,
) -> None:
    path = tmp_path / "journal"
    dead, committed = with_dead_block(path, 140, after=3)
    flip_everywhere(path, committed, 60)
    for destroyed in (False, True):
        if destroyed:
            destroy_meta_pages(path)
        found, saved = salvaged(path)
        assert len(saved) == 3 and dead not in saved
        assert found.findings[0].startswith(f"{path}/data.mdb: block 454, ")
        assert found.beyond is not None and found.beyond.blocks == 2


def test_block_of_another_journal_is_not_taken(kept: Path, tmp_path: Path) -> None:
    path = tmp_path / "journal"
    shutil.copytree(kept, path)
    other = LmdbJournal.open(tmp_path / "other", writable=True, create=True)
    append_block(other, 1, key=(5, 5))
    append_block(other, 200, key=(6, 6))
    other.close()
    foreign = block_values(tmp_path / "other")[3]
    stored = block_values(path)[3]
    edit(path, lambda e, t: t.put(SEQUENCE.pack(3), foreign, db=e.open_db(BLOCKS, txn=t)))
    flip_everywhere(path, stored, 30)
    found, saved = salvaged(path)
    assert len(saved) == 1
    assert "block 3, chain broken: the block at byte " in found.findings[0]
    shutil.copytree(kept, tmp_path / "swapped")
    values = block_values(tmp_path / "swapped")
    a, b = (SEQUENCE.pack([*values][n]) for n in (3, 4))

    def swap(environment: lmdb.Environment, transaction: lmdb.Transaction) -> None:
        database = environment.open_db(BLOCKS, txn=transaction)
        for key, source in ((a, b), (b, a)):
            transaction.put(key, values[SEQUENCE.unpack(source)[0]], db=database)

    edit(tmp_path / "swapped", swap)
    found, saved = salvaged(tmp_path / "swapped", tmp_path / "unswapped")
    assert saved == [*values.values()], "the chain says where each belongs"
    assert "damaged at byte " in found.findings[0]


# ---------------------------------------------------------------- damage elsewhere


def test_damaged_index_of_client_keys_is_made_anew(kept: Path, tmp_path: Path) -> None:
    path = tmp_path / "journal"
    shutil.copytree(kept, path)

    def lose(environment: lmdb.Environment, transaction: lmdb.Transaction) -> None:
        database = environment.open_db(KEYS, txn=transaction)
        transaction.put(framing.key_bytes(1, -1), (77).to_bytes(8, "little"), db=database)

    edit(path, lose)
    found, saved = salvaged(path)
    assert saved == [*block_values(kept).values()]
    (finding,) = found.findings
    assert "the index of client keys is not that of the commands" in finding


def test_damaged_description_and_missing_database_cost_nothing(kept: Path, tmp_path: Path) -> None:
    values = [*block_values(kept).values()]
    damages: dict[str, tuple[Callable[[lmdb.Environment, lmdb.Transaction], object], str]] = {
        "other": (
            lambda e, t: t.put(META_KEY, b"LOCKSTEP!", db=e.open_db(META, txn=t)),
            "its description is damaged",
        ),
        "none": (lambda e, t: t.drop(e.open_db(META, txn=t)), "the database meta is missing"),
        "keys": (lambda e, t: t.drop(e.open_db(KEYS, txn=t)), "the database keys is missing"),
    }
    for name, (by, sentence) in damages.items():
        path = tmp_path / name
        shutil.copytree(kept, path)
        edit(path, by)
        found, saved = salvaged(path)
        assert saved == values
        assert any(sentence in text for text in found.findings), (name, found.findings)


def test_page_that_the_disk_does_not_give_out_is_damage_and_ends_no_process(
    kept: Path, copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = [*block_values(kept).values()]
    data = (copied / "data.mdb").read_bytes()
    (place,) = places_of(data, values[4])
    bad = place // PAGE + 2
    real, realv = os.pread, os.preadv

    def broken(offset: int, size: int) -> None:
        if offset < (bad + 1) * PAGE and offset + size > bad * PAGE:
            raise OSError(errno.EIO, "Input/output error")

    def pread(descriptor: int, size: int, offset: int) -> bytes:
        broken(offset, size)
        return real(descriptor, size, offset)

    def preadv(descriptor: int, buffers: list[memoryview], offset: int) -> int:
        broken(offset, sum(map(len, buffers)))
        return realv(descriptor, buffers, offset)

    with monkeypatch.context() as patch:
        patch.setattr(os, "pread", pread)
        patch.setattr(os, "preadv", preadv)
        with closing(Survey(copied)) as survey:
            found = survey.copy(copied.with_name("saved"))
    assert found.last.block_number == 4
    assert any(
        text == f"{copied}/data.mdb: 1 pages of the file can't be read, the first at byte"
        f" {bad * PAGE}"
        for text in found.findings
    )


Keys = list[tuple[bytes, int]]


def forged(path: Path, drafts: list[tuple[list[bytes], bytes, Keys]]) -> None:
    """A journal of blocks with these commands, events and client keys, without any check."""
    journal = LmdbJournal.open(path, writable=True, create=True)
    for commands, events, keys in drafts:
        draft = BlockDraft()
        first = journal.tail().last_sequence + 1
        last = first + len(commands) - 1
        draft.add(b"".join(commands), first, last, TIME_NS + first)
        draft.keys = keys
        key = SEQUENCE.pack(first)
        header, value = draft.seal(events, TIME_NS + last, journal.tail(), NO_HOOKS)
        environment = journal._environment
        with environment.begin_write(len(value)) as transaction:
            transaction.put(key, bytes(value), db=environment.database(BLOCKS))
            for own, sequence in draft.keys:
                stored = sequence.to_bytes(8, "little")
                transaction.put(own, stored, db=environment.database(KEYS))
        journal._tail = header
    journal.close()


@pytest.mark.parametrize(
    ("commands", "events", "sentence"),
    [
        ([tick(2)], tick(2), "1 is no type of event"),
        ([rejected(2)], b"", "101 is no type of command"),
        ([tick(3)], b"", "1 commands, 1 were expected"),
        ([tick(2)], rejected(3), "its events name commands of other blocks"),
        ([order(2, (1, 1))], b"", "a client key in it is not new"),
        ([order(2, (4, 4)), order(3, (4, 4))], b"", "a client key in it is not new"),
        ([tick(2)[:16] + tick(2)], b"", "is no record header"),
        ([order(2, (5, 5))], b"", "its client keys are not those its header counts"),
    ],
)
def test_block_with_records_that_can_not_be_ends_the_copy(
    tmp_path: Path, commands: list[bytes], events: bytes, sentence: str
) -> None:
    """Right in all its checksums: only a faulty or a forging program writes such a block."""
    path = tmp_path / "journal"
    keys: Keys = []
    if sentence != "its client keys are not those its header counts":
        with suppress(records.CorruptRecord):
            keys = framing.keys_of(b"".join(commands))
    opening = [order(1, (1, 1))]
    forged(path, [(opening, rejected(1), framing.keys_of(opening[0])), (commands, events, keys)])
    journal = LmdbJournal.open(path)
    assert journal.verify().findings
    journal.close()
    found, saved = salvaged(path)
    assert len(saved) == 1
    assert found.findings[0].startswith(f"{path}/data.mdb: block 2, ")
    assert sentence in found.findings[0]


def test_block_without_commands_is_found_by_verify_and_ends_the_copy(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    forged(path, [([tick(1)], b"", [])])
    value = bytearray(block_values(path)[1])
    value[40:56] = struct.pack("<qq", 0, 0)
    del value[184:]
    value[136:152] = xxhash.xxh3_128_digest(b"")
    value[152:184] = blake3.blake3(bytes(value[:152])).digest()
    edit(path, lambda e, t: t.put(SEQUENCE.pack(1), bytes(value), db=e.open_db(BLOCKS, txn=t)))
    flip_everywhere(path, block_values(path)[1][:0] + tick(1), 3)
    journal = LmdbJournal.open(path)
    assert any("it has no commands" in text for text in journal.verify().findings)
    journal.close()
    found, saved = salvaged(path)
    assert saved == [] and "it has no commands" in found.findings[0]


# ---------------------------------------------------------------- what is refused


def test_journal_of_a_later_program_is_refused_and_nothing_is_made(
    kept: Path, tmp_path: Path
) -> None:
    shutil.copytree(kept, tmp_path / "block")
    value = bytearray(block_values(kept)[3])
    later = max(HEADERS) + 1
    head = value[:8] + struct.pack("<II", later, 240) + value[16:152] + bytes(56)
    head += blake3.blake3(bytes(head)).digest()
    new = bytes(head + value[184:])
    edit(tmp_path / "block", lambda e, t: t.put(SEQUENCE.pack(3), new, db=e.open_db(BLOCKS, txn=t)))
    with pytest.raises(JournalVersion, match=f"block 3 has format {later}, this program reads"):
        Survey(tmp_path / "block")
    shutil.copytree(kept, tmp_path / "records")
    description = META_VALUE.pack(MAGIC, 2, records.VERSION + 1, bytes(32))
    edit(tmp_path / "records", lambda e, t: t.put(META_KEY, description, db=e.open_db(META, txn=t)))
    with pytest.raises(JournalVersion, match="records of version 2; this program reads records of"):
        Survey(tmp_path / "records")
    assert not (tmp_path / "saved").exists()


def test_journal_that_is_being_written_is_refused(kept: Path, tmp_path: Path) -> None:
    path = tmp_path / "journal"
    shutil.copytree(kept, path)
    writer = LmdbJournal.open(path, writable=True)
    with pytest.raises(JournalInUse, match="a writer has it open; stop it first"):
        Survey(path)
    writer.close()
    with closing(Survey(path)), pytest.raises(JournalInUse):
        LmdbJournal.open(path, writable=True)
    LmdbJournal.open(path, writable=True).close()


def test_folder_without_a_journal_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoJournal, match="none: no such directory"):
        Survey(tmp_path / "none")
    with pytest.raises(NoJournal, match=r"data\.mdb is missing"):
        Survey(tmp_path)
    (tmp_path / "data.mdb").mkdir()
    with pytest.raises(NoJournal, match=r"data\.mdb is missing"):
        Survey(tmp_path)


def test_copy_that_can_not_be_written_leaves_nothing(
    kept: Path, copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> lmdb.Transaction:
        raise JournalFailed("no room")

    rename = os.rename

    def refused(old: Path, new: Path) -> None:
        if str(old).endswith(UNFINISHED):
            raise OSError(errno.EIO, "Input/output error")
        rename(old, new)

    with closing(Survey(copied)) as survey:
        for owner, name, by, sentence in (
            (Environment, "begin_write", full, "no room"),
            (os, "rename", refused, "saved: can't be written: Input/output error"),
        ):
            with monkeypatch.context() as patch:
                patch.setattr(owner, name, by)
                with pytest.raises(JournalFailed, match=sentence):
                    survey.copy(copied.with_name("saved"))
            assert os.listdir(copied.parent) == ["damaged"]
        assert survey.copy(copied.with_name("saved")).findings == []
