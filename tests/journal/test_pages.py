"""The structure of LMDB's file: every kind of damage is refused before LMDB touches it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from journal import CorruptJournal, LmdbJournal
from journal.layout import KEYS, META
from journal.pages import BRANCH, LEAF, PAGE, trouble_in
from tests.faults.flip_cases import FILES, Stores
from tests.journal.page_images import (
    BRANCHES,
    DEPTH,
    ENTRIES,
    FREE_RECORD,
    LAST_PAGE,
    LEAVES,
    MAIN_RECORD,
    NUMBER,
    OVERFLOWS,
    ROOT,
    Image,
    nodes_of,
)

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Stores:
    """A journal whose index has a branch, with small and big blocks and free pages."""
    return Stores(tmp_path_factory.mktemp("pages") / "stores")


@pytest.fixture
def image(stores: Stores) -> Iterator[Image]:
    yield Image(stores.folder / FILES[0])
    stores.restore()


def refused(image: Image, message: str) -> CorruptJournal:
    """Neither a reader nor a writer opens the damaged file, and both say why."""
    image.write()
    folder = image.file.parent
    for writable in (False, True):
        with pytest.raises(CorruptJournal, match=message) as caught:
            LmdbJournal.open(folder, writable=writable).close()
        assert str(caught.value).startswith(str(image.file))
    return caught.value


def newest(image: Image, at: int) -> int:
    return image.newer.page * PAGE + at


def oldest(image: Image, at: int) -> int:
    return image.older.page * PAGE + at


def swap(image: Image, one: int, other: int, size: int) -> None:
    """Two stretches of bytes change places."""
    data = image.data
    data[one : one + size], data[other : other + size] = (
        data[other : other + size],
        data[one : one + size],
    )


Damage = Callable[[Image], object]

META_PAGES: list[tuple[str, Damage, str]] = [
    ("number of page 0", lambda i: i.put(0, 2), "page 0: no meta page .number 2, flags 0x8"),
    ("flags of page 1", lambda i: i.put(PAGE + 10, 10, 2), "page 1: no meta page .number 1, fl"),
    ("magic", lambda i: i.add(16, 1, 4), "page 0: begins with 0xbeefc0df, an LMDB file with"),
    ("version", lambda i: i.put(PAGE + 20, 3, 4), "page 1: LMDB data version 3, 1 was expected"),
    ("page size", lambda i: i.put(FREE_RECORD, 8192, 4), "page 0: pages of 8192 bytes, 4096 were"),
    ("flags of the file", lambda i: i.put(44, 0x4C, 2), "page 0: the file has flags 0x4c"),
    ("flags of one page", lambda i: i.put(44, 0x8, 2), "page 1: the file has flags 0x4008, page 0"),
    ("last page beyond the map", lambda i: i.put(newest(i, LAST_PAGE), 1 << 30), "in a map of"),
    ("no last page", lambda i: i.put(newest(i, LAST_PAGE), 0), "last page 0 in a map of"),
    ("map beyond all bounds", lambda i: i.put(32, 1 << 60), "in a map of 1152921504606846976"),
    ("newest number", lambda i: i.add(newest(i, NUMBER), 2), "one apart was expected"),
    ("newest looks older", lambda i: i.add(newest(i, NUMBER), -2), "but its free list ends with"),
    ("older looks newest", lambda i: i.add(oldest(i, NUMBER), 2), "but its free list ends with"),
    (
        "numbers of each other",
        lambda i: swap(i, NUMBER, PAGE + NUMBER, 8),
        "has transaction 7 of the other meta",
    ),
]


@pytest.mark.parametrize(("what", "damage", "message"), META_PAGES, ids=[r[0] for r in META_PAGES])
def test_damaged_meta_page_is_refused(
    image: Image, what: str, damage: Damage, message: str
) -> None:
    damage(image)
    refused(image, message)


def record_of(tree: str) -> Callable[[Image], int]:
    """Where the record of a tree is, by the name that messages give it."""
    if tree == "the free list":
        return lambda image: newest(image, FREE_RECORD)
    if tree == "the database of names":
        return lambda image: newest(image, MAIN_RECORD)
    return lambda image: image.record(tree.removeprefix("database ").encode())


TREES = ["the free list", "the database of names", "database blocks", "database keys"]
COUNTS = [(BRANCHES, "branch pages"), (LEAVES, "leaves"), (OVERFLOWS, "overflow pages"),
          (ENTRIES, "entries")]  # fmt: skip


@pytest.mark.parametrize("tree", TREES)
@pytest.mark.parametrize(("field", "what"), COUNTS)
def test_record_of_a_tree_that_counts_one_too_many_is_refused(
    image: Image, tree: str, field: int, what: str
) -> None:
    image.add(record_of(tree)(image) + field, 1)
    refused(image, f"page [0-9]+: {tree}: [0-9]+ {what}, its record says [0-9]+")


@pytest.mark.parametrize("tree", TREES)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda i, r: i.put(r + ROOT, 10**6), "the record: its root is page 1000000 of"),
        (lambda i, r: i.put(r + ROOT, 1), "the record: its root is page 1 of"),
        (lambda i, r: i.put(r + ROOT, 2**64 - 1), "it has no root, but pages|and no content"),
        (
            lambda i, r: i.add(r + DEPTH, 1, 2),
            "its flags are 0x2, 0x1 .a branch. was expected|or more branch",
        ),
        (lambda i, r: i.put(r + DEPTH, 0, 2), "the record: 0 levels"),
        (lambda i, r: i.put(r + DEPTH, 2**16 - 1, 2), "the record: 65535 levels"),
        (lambda i, r: i.put(r + ENTRIES - 16, 2**40), "more pages than the"),
    ],
)
def test_record_of_a_tree_that_leads_nowhere_is_refused(
    image: Image, tree: str, change: Callable[[Image, int], None], message: str
) -> None:
    change(image, record_of(tree)(image))
    refused(image, message)


@pytest.mark.parametrize("tree", TREES[1:])
@pytest.mark.parametrize("bit", range(48))
def test_flipped_bit_in_padding_or_flags_of_a_record_is_refused(
    image: Image, tree: str, bit: int
) -> None:
    """LMDB asks some of them as it opens the file."""
    record = record_of(tree)(image)
    image.put(record, image.number(record) ^ 1 << bit)
    refused(image, f"page [0-9]+: {tree}: the record: padding [0-9]+ and flags 0x[0-9a-f]+, none")


def keys_root(image: Image, at: int) -> int:
    return image.keys.record.root * PAGE + at


def first_leaf(image: Image) -> int:
    """The first leaf of the index of client keys."""
    return image.children(image.keys.record.root)[0]


def another_offset(image: Image, page: int) -> None:
    """The last node of a page is there twice."""
    end = image.offsets(page)[-1] + 2
    image.put(end, image.number(end - 2, 2), 2)
    image.add(page * PAGE + 12, 2, 2)


PAGES_OF_TREES: list[tuple[str, Damage, str]] = [
    ("number", lambda i: i.put(keys_root(i, 0), 99), "its header says it is page 99"),
    ("leaf as branch", lambda i: i.put(first_leaf(i) * PAGE + 10, BRANCH, 2), "flags are 0x1, 0x2"),
    ("dirty", lambda i: i.put(first_leaf(i) * PAGE + 10, 0x12, 2), "its flags are 0x12, 0x2"),
    ("lower", lambda i: i.put(first_leaf(i) * PAGE + 12, 4098, 2), "its free space lies from 4098"),
    ("lower odd", lambda i: i.add(first_leaf(i) * PAGE + 12, 1, 2), "which can't be"),
    ("no nodes", lambda i: i.put(first_leaf(i) * PAGE + 12, 16, 2), "its free space lies from 16"),
    ("one child", lambda i: i.put(keys_root(i, 12), 18, 2), "its free space lies from 18 to"),
    ("upper", lambda i: i.add(first_leaf(i) * PAGE + 14, -2, 2), "a node begins at"),
    ("upper beyond", lambda i: i.put(first_leaf(i) * PAGE + 14, 4098, 2), "to 4098, which can't"),
    ("a node fewer", lambda i: i.add(first_leaf(i) * PAGE + 12, -2, 2), "a node begins|nodes end"),
    ("offset outside", lambda i: i.put(i.offsets(first_leaf(i))[0], 4092, 2), "a node lies at 40"),
    ("offset twice", lambda i: i.put(i.offsets(first_leaf(i))[0],
        i.number(i.offsets(first_leaf(i))[1], 2), 2), "a node begins at"),
    ("an offset more", lambda i: another_offset(i, first_leaf(i)), "a node begins at"),
    ("keys not in order", lambda i: swap(i, i.offsets(first_leaf(i))[3],
        i.offsets(first_leaf(i))[4], 2), "database keys: the key [0-9a-f]{32} is not in order"),
    ("key size", lambda i: i.put(next(i.nodes(first_leaf(i))) + 6, 18, 2), "node"),
    ("endless key", lambda i: i.put(next(i.nodes(first_leaf(i))) + 6, 2**15, 2), "a key of 32768"),
    ("value size", lambda i: i.put(next(i.nodes(first_leaf(i))), 2**31, 4), "beyond the page"),
    ("node flags", lambda i: i.put(next(i.nodes(first_leaf(i))) + 4, 4, 2), "has flags 0x4"),
    ("branch of branches", lambda i: i.put(next(i.nodes(i.keys.record.root)),
        i.keys.record.root, 6), "its flags are 0x1, 0x2 .a leaf. was expected"),
    ("child outside", lambda i: i.put(next(i.nodes(i.keys.record.root)), 10**6, 6),
        "leads to page 1000000 of"),
    ("children of each other", lambda i: swap(i, *list(i.nodes(i.keys.record.root))[:2], 6),
        "is not in order"),
    ("separator too high", lambda i: i.put(list(i.nodes(i.keys.record.root))[1] + 8, 255, 1),
        "is not in order"),
    ("separator too low", lambda i: i.put(list(i.nodes(i.keys.record.root))[1] + 8, 0, 1),
        "is not in order"),
    ("one leaf twice", lambda i: i.put(list(i.nodes(i.keys.record.root))[1], first_leaf(i), 6),
        "is not in order"),
    ("no record", lambda i: i.put(next(i.nodes(i.names_leaf)) + 4, 0, 2), "blocks has no record"),
    ("flags of a record", lambda i: i.put(i.record(KEYS) + 4, 4, 2), "and flags 0x4, none were"),
    ("padding of a record", lambda i: i.put(i.record(META), 16, 4), "padding 16 and flags"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("what", "damage", "message"), PAGES_OF_TREES, ids=[r[0] for r in PAGES_OF_TREES]
)
def test_damaged_page_of_a_tree_is_refused(
    image: Image, what: str, damage: Damage, message: str
) -> None:
    damage(image)
    refused(image, f"page [0-9]+: .*{message}")


def value_page(image: Image, nth: int) -> int:
    """Where the page number of a big block's value is in its node."""
    return image.big_nodes()[nth] + 16


def first_page(image: Image, nth: int) -> int:
    return image.number(value_page(image, nth)) * PAGE


BIG_VALUES: list[tuple[str, Damage, str]] = [
    ("page of another", lambda i: i.put(value_page(i, 2), i.number(value_page(i, 1))),
        "its header|belongs to database blocks and to database blocks"),
    ("one page on", lambda i: i.add(value_page(i, 2), 1), "its header|belongs to"),
    ("outside", lambda i: i.put(value_page(i, 2), 2**63), "pages from page 9223372036854775808"),
    ("size", lambda i: i.add(i.big_nodes()[2], 4096, 4), "its header|belongs to"),
    ("endless", lambda i: i.put(i.big_nodes()[2], 2**32 - 1, 4), "a value of 1048577 pages"),
    ("number", lambda i: i.add(first_page(i, 2), 1), "its header says page"),
    ("flags", lambda i: i.put(first_page(i, 2) + 10, LEAF, 2), "flags 0x2"),
    ("pages", lambda i: i.add(first_page(i, 2) + 12, 1, 4), "4 pages, 0x4 and 3 were expected"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "damage", "message"), BIG_VALUES, ids=[r[0] for r in BIG_VALUES])
def test_damaged_place_of_a_big_block_is_refused_and_the_block_named(
    image: Image, what: str, damage: Damage, message: str
) -> None:
    damage(image)
    image.write()
    with pytest.raises(CorruptJournal, match=f"block 77, page [0-9]+: .*{message}") as caught:
        LmdbJournal.open(image.file.parent, writable=True).close()
    assert caught.value.block == 77


def free_at(image: Image, nth: int) -> int:
    """Where the nth page number of the last list of free pages is."""
    return image.free_list()[0] + 8 * (nth + 1)


def page_in_use(image: Image) -> tuple[int, int]:
    """Where a free page is listed, and the number of one in use that keeps the list in order."""
    pages = image.free_list()[1]
    used = image.used_pages()
    for nth, page in enumerate(pages):
        if page + 1 in used and (not nth or pages[nth - 1] > page + 1):
            return free_at(image, nth), page + 1
    raise LookupError("each page after a free one is free")


def longer_key(image: Image, node: int) -> None:
    """The first word of a list becomes part of its key."""
    image.put(node + 6, 16, 2)
    image.add(node, -8, 4)


FREE_PAGES: list[tuple[str, Damage, str]] = [
    ("a page in use", lambda i: i.put(*page_in_use(i)), "belongs to .* and to the free pages"),
    ("outside", lambda i: i.put(free_at(i, 0), 10**6), "is not in order"),
    ("a meta page", lambda i: i.put(free_at(i, len(i.free_list()[1]) - 1), 1), "is not in order"),
    ("twice", lambda i: i.put(free_at(i, 1), i.number(free_at(i, 0))), "is not in order"),
    ("ascending", lambda i: swap(i, free_at(i, 0), free_at(i, 1), 8), "is not in order"),
    ("one fewer", lambda i: i.add(i.free_list()[0], -1), "belongs to nothing and is not free"),
    ("endless", lambda i: i.put(i.free_list()[0], 2**63), "is cut off"),
    ("a longer key", lambda i: longer_key(i, [*i.nodes(i.free_leaf)][-1]), "no transaction number"),
    ("transaction", lambda i: i.add(list(i.nodes(i.free_leaf))[-1] + 8, 1), "free list ends with"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "damage", "message"), FREE_PAGES, ids=[r[0] for r in FREE_PAGES])
def test_damaged_free_list_is_refused(
    image: Image, what: str, damage: Damage, message: str
) -> None:
    damage(image)
    refused(image, f"page [0-9]+: .*{message}")


def test_both_checks_of_a_page_agree_on_every_flipped_bit(image: Image, tmp_path: Path) -> None:
    """The quick one says which page is bad, the plain one why; each bit of two pages."""
    root = image.keys.record.root
    for number, kind in ((root, BRANCH), (image.names_leaf, LEAF), (first_leaf(image), LEAF)):
        page = bytearray(image.page(number))
        assert trouble_in(bytes(page), number, kind, 1) == ""
        nodes_of(bytes(page), number, kind, tmp_path)
        lower = int.from_bytes(page[12:14], "little")
        upper = int.from_bytes(page[14:16], "little")
        looked_at = [*range(lower), *range(upper, min(upper + 400, PAGE))]
        for byte in looked_at:
            bit = Random(byte).randrange(8)
            page[byte] ^= 1 << bit
            trouble = trouble_in(bytes(page), number, kind, 1)
            if trouble:
                with pytest.raises(CorruptJournal, match=f"page {number}: ") as caught:
                    nodes_of(bytes(page), number, kind, tmp_path)
                assert caught.value.problem == f"page {number}: {trouble}"
            else:
                nodes_of(bytes(page), number, kind, tmp_path)
            page[byte] ^= 1 << bit
