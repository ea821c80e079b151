"""Files cut off, pages and blocks that changed places, files of two journals mixed: all found."""

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import lmdb
import pytest

from adapters.node import Node
from adapters.replay import JOURNAL_FOLDER, SNAPSHOT_FOLDER
from journal import CorruptJournal, JournalError, LmdbJournal
from journal.environment import DATA_FILE
from journal.layout import BLOCKS, SEQUENCE
from journal.page_check import check
from journal.page_trees import Tree
from journal.pages import PAGE, PageFile
from tests.faults.flip_cases import FILES, Place, Stores, judge
from tests.journal.page_images import Image

pytestmark = pytest.mark.once
ANYWHERE = Place(FILES[0], 0, 0, 0)
"""The journal's file; no block need be named."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Stores:
    return Stores(tmp_path_factory.mktemp("mixed") / "stores")


@pytest.fixture
def stores(made: Stores) -> Iterator[Stores]:
    yield made
    made.restore()


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Stores:
    """A journal of the same shape with other client keys."""
    return Stores(tmp_path_factory.mktemp("mixed") / "other", seed=2)


def verdict(stores: Stores, content: bytes, place: Place = ANYWHERE) -> str:
    """What the shipped code makes of the journal's file with another content."""
    (stores.folder / FILES[0]).write_bytes(content)
    try:
        return judge(stores, place)
    finally:
        stores.restore()


def refused_when_cut(stores: Stores, size: int) -> bool:
    """Whether a reader refuses the file, cut off at a size; nothing may differ if it does not.

    The sizes of a test must descend: nothing is written.
    """
    file = stores.folder / FILES[0]
    os.truncate(file, size)
    try:
        journal = LmdbJournal.open(file.parent)
    except CorruptJournal as error:
        assert str(error).startswith(f"{file}: cut off: {size} bytes, "), error
        return True
    assert journal.verify().findings == []
    assert [tuple(block) for block in journal.blocks()] == stores.blocks
    journal.close()
    return False


# ---------------------------------------------------------------- cut off


def test_file_cut_off_within_its_first_two_pages_is_refused_at_every_length(
    stores: Stores,
) -> None:
    assert all(refused_when_cut(stores, size) for size in reversed(range(2 * PAGE)))


def test_file_cut_off_after_any_page_is_refused_unless_only_free_pages_are_gone(
    stores: Stores,
) -> None:
    image = Image(stores.folder / FILES[0])
    last = max(image.used_pages())
    for page in range(len(image.data) // PAGE, 1, -1):
        assert refused_when_cut(stores, page * PAGE) == (page <= last), page


def test_file_cut_off_within_its_last_page_in_use_is_refused_at_every_length(
    stores: Stores,
) -> None:
    """By the check that comes before LMDB; now and then by a reader."""
    file = stores.folder / FILES[0]
    start = max(Image(file).used_pages()) * PAGE
    for size in reversed(range(start, start + PAGE)):
        os.truncate(file, size)
        with closing(PageFile(str(file))) as pages, pytest.raises(CorruptJournal, match="cut off"):
            check(pages, heads=True)
        assert size % 128 or refused_when_cut(stores, size)


def test_file_cut_off_anywhere_is_refused(stores: Stores) -> None:
    start = max(Image(stores.folder / FILES[0]).used_pages()) * PAGE
    assert all(refused_when_cut(stores, size) for size in reversed(range(2 * PAGE, start, 97)))


# ---------------------------------------------------------------- changed places


def test_any_two_pages_that_changed_places_are_found(stores: Stores) -> None:
    """A page of a tree or a meta page at opening; pages within a block by its checksum."""
    content = stores.content(FILES[0])
    pages = [content[start : start + PAGE] for start in range(0, len(content), PAGE)]
    used = Image(stores.folder / FILES[0]).used_pages()
    found = 0
    for first in range(len(pages)):
        for second in range(first + 1, len(pages), 1 if first < 2 else 3):
            if pages[first] == pages[second]:
                continue
            changed = list(pages)
            changed[first], changed[second] = pages[second], pages[first]
            what = verdict(stores, b"".join(changed))
            assert (what == "harmless") <= used.isdisjoint((first, second)), (first, second)
            found += what != "harmless"
    assert found > 50


def test_blocks_that_changed_places_are_found_and_named(stores: Stores) -> None:
    """Each under the key of the other, in a file whose pages are all right."""
    folder = stores.folder / JOURNAL_FOLDER
    firsts = [block[0].first_sequence for block in stores.blocks]
    for one, two in pairwise(firsts):
        environment = lmdb.open(str(folder), max_dbs=8, map_size=1 << 24)
        with environment.begin(write=True) as transaction:
            blocks = environment.open_db(BLOCKS, txn=transaction)
            values = [bytes(transaction.get(SEQUENCE.pack(n), db=blocks)) for n in (one, two)]
            for sequence, value in zip((two, one), values, strict=True):
                transaction.put(SEQUENCE.pack(sequence), value, db=blocks)
        environment.close()
        problem = rf"data\.mdb: block {one}, stored under {one}, its header says {two}"
        try:
            journal = LmdbJournal.open(folder)
            with pytest.raises(CorruptJournal, match=problem):
                list(journal.blocks(one))
            findings = "\n".join(journal.verify().findings)
            assert f"block {two}, stored under {two}, its header says {one}" in findings
            journal.close()
        except CorruptJournal as error:  # the last block is looked at when the journal is opened
            assert two == firsts[-1] and f"block {two}, stored under {two}" in str(error)
        stores.restore()


# ---------------------------------------------------------------- two journals


def test_any_page_of_another_journal_in_its_place_is_found_or_is_the_same(
    stores: Stores, other: Stores
) -> None:
    """The two differ in client keys only; what else differs in their files means nothing."""
    ours, theirs = stores.content(FILES[0]), other.content(FILES[0])
    assert len(ours) == len(theirs)
    found = set()
    for page in range(len(ours) // PAGE):
        start, end = page * PAGE, (page + 1) * PAGE
        if verdict(stores, ours[:start] + theirs[start:end] + ours[end:]) != "harmless":
            found.add(page)
    image = Image(stores.folder / FILES[0])
    blocks_and_keys = {page for tree in (image.blocks, image.keys) for page in pages_of(tree)}
    assert found == {
        page
        for page in blocks_and_keys
        if ours[page * PAGE : (page + 1) * PAGE] != theirs[page * PAGE : (page + 1) * PAGE]
    }
    assert len(found) > 8


def pages_of(tree: Tree) -> Iterator[int]:
    """The pages of a tree and of its values."""
    for run in tree.used:
        for start, count in zip(run.starts.tolist(), run.counts.tolist(), strict=True):
            yield from range(start, start + count)


def test_half_of_the_pages_of_another_journal_are_found(stores: Stores, other: Stores) -> None:
    ours, theirs = stores.content(FILES[0]), other.content(FILES[0])
    for cut in range(2 * PAGE, len(ours) - PAGE, PAGE):
        for mixed in (ours[:cut] + theirs[cut:], theirs[:cut] + ours[cut:]):
            (stores.folder / FILES[0]).write_bytes(mixed)
            try:
                node = Node.open(stores.folder)
            except JournalError as error:
                assert FILES[0] in str(error)
                continue
            findings = node.journal.verify().findings
            assert mixed in (ours, theirs) or findings or _is_whole(node, stores, other), cut
            node.journal.close()
    stores.restore()


def _is_whole(node: Node, *journals: Stores) -> bool:
    """Whether a journal is one or the other, all of it."""
    blocks = [tuple(block) for block in node.journal.blocks()]
    return any(blocks == stores.blocks for stores in journals)


def test_data_file_of_another_journal_is_told_by_the_snapshots(
    stores: Stores, other: Stores
) -> None:
    """It is a whole journal. That it is not this one, snapshots say, and a checkpoint proves."""
    shutil.copy(other.folder / FILES[0], stores.folder / FILES[0])
    with Node.open(stores.folder) as node:
        assert len(node.reports) == 2
        for report in node.reports:
            assert FILES[1] in report and "made from another journal" in report
        assert node.engine.state_hash() == other.state_hash
        assert node.recovered_commands == other.sequence


# ---------------------------------------------------------------- snapshots and journals


def test_old_snapshot_beside_a_newer_journal_is_just_older(stores: Stores, tmp_path: Path) -> None:
    shutil.copytree(stores.folder / SNAPSHOT_FOLDER, tmp_path / "old")
    with Node.open(stores.folder) as node:
        for order in stores.orders[:50]:
            node.submit(order, 0)
        node.snapshot(keep=1)
        newest, state_hash = node.sequence, node.engine.state_hash()
    shutil.rmtree(stores.folder / SNAPSHOT_FOLDER)
    shutil.copytree(tmp_path / "old", stores.folder / SNAPSHOT_FOLDER)
    with Node.open(stores.folder) as node:
        assert node.reports == []
        assert node.recovered_commands == newest - stores.sequence + stores.replayed
        assert node.engine.state_hash() == state_hash


def test_newer_snapshot_beside_an_older_journal_is_told_and_not_used(
    stores: Stores, tmp_path: Path
) -> None:
    older = stores.content(FILES[0])
    with Node.open(stores.folder) as node:
        node.submit(stores.orders[0], 0)
        for n_orders in range(3):
            node.submit(stores.orders[n_orders], 0)
            node.submit(_new_order(stores, n_orders), 0)
            node.commit()
        node.snapshot()
        newer = node.sequence
    (stores.folder / FILES[0]).write_bytes(older)
    with Node.open(stores.folder) as node:
        (report,) = node.reports
        assert FILES[1] in report
        assert f"snapshot {newer}: the journal has no block that ends there" in report
        assert node.engine.state_hash() == stores.state_hash
        assert node.sequence == stores.sequence


def _new_order(stores: Stores, number: int) -> object:
    order = stores.orders[number]
    return type(order)(
        **{name: getattr(order, name) for name in order.__struct_fields__ if name != "key_low"},
        key_low=order.key_low ^ 1,
    )


def test_snapshots_of_another_journal_are_told_and_not_used(stores: Stores, other: Stores) -> None:
    shutil.copy(other.folder / FILES[1], stores.folder / FILES[1])
    with Node.open(stores.folder) as node:
        assert len(node.reports) == 2
        assert all("made from another journal" in report for report in node.reports)
        assert node.engine.state_hash() == stores.state_hash
        assert node.recovered_commands == stores.sequence


@pytest.mark.parametrize("content", [b"", b"nonsense" * 3_000, bytes(9 * PAGE)])
def test_snapshot_file_that_is_none_is_told_and_made_anew(stores: Stores, content: bytes) -> None:
    (stores.folder / SNAPSHOT_FOLDER / DATA_FILE).write_bytes(content)
    with Node.open(stores.folder) as node:
        assert len(node.reports) == 1 and FILES[1] in node.reports[0]
        assert node.engine.state_hash() == stores.state_hash
        node.snapshot()
    with Node.open(stores.folder) as node:
        assert node.reports == [] and node.recovered_commands == 0
