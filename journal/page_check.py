"""What LMDB will rely on in its file, checked before: nothing newer hidden, every page used once.

This file may read the file (`pages.py`, `page_trees.py`); it writes nothing. `check` looks at
the state after one transaction, all of it but the values that have pages of their own:

- The numbers of both meta pages. LMDB goes on from the higher one, so a flipped bit in a number
  can take back the last commit. Each transaction but the first frees pages, and lists them under
  its number: so the last entry of a state's free list gives the number once more. Both states
  can be asked, because LMDB overwrites no page of the last two.
- Each tree (the free list, the database of names, the named ones): every page by itself, the keys
  in order within the pages, across them, and within the bounds that the branches set; pages
  and entries as many as its record says.
- All pages together: each one up to the last is part of one tree, or of one value, or in the free
  list, once. LMDB keeps it so (its own source says so, and audits it in debug builds), and a
  pointer that changed breaks it.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from journal.errors import CorruptJournal, NoJournal
from journal.page_trees import FREE_LIST, Tree, Used, named
from journal.pages import (
    IN_PLACE,
    NO_PAGE,
    NODE,
    PAGE,
    RECORD,
    RECORD_BYTES,
    Bytes,
    Database,
    Meta,
    PageFile,
)

NAMES: Final = "the database of names"


def check_files(data: Path) -> int:
    """Size of a data file; raises `NoJournal` or `CorruptJournal` for what is no LMDB file."""
    path = data.parent
    if not path.exists():
        raise NoJournal(f"{path}: no such directory")
    if not path.is_dir():
        raise NoJournal(f"{path}: not a directory")
    if not data.exists():
        raise NoJournal(f"{path}: {data.name} is missing")
    try:
        with contextlib.closing(PageFile(str(data))) as file:
            size = file.size
            if size < 2 * PAGE:
                raise CorruptJournal(
                    file.name, 0, 0, f"cut off: {size} bytes, at least {2 * PAGE} are needed"
                )
            _, newest = file.metas()
            free_list(file, newest)  # LMDB asks the records of both as it opens
            names_of(file, newest)
            return size
    except OSError as error:
        raise NoJournal(f"{data}: can't be read: {error.strerror}") from error


def check(file: PageFile, number: int | None = None, *, heads: bool) -> bool | None:
    """Checks the state after a transaction (None: the newest), all that LMDB will rely on.

    The state must not be overwritten meanwhile: nobody writes, or a read transaction holds it.
    `heads`: also the headers of values, which LMDB reads only to remove the value. Raises
    `CorruptJournal`. None: there is no such state any more.
    """
    older, newer = file.metas()
    meta = {older.number: older, newer.number: newer}.get(
        newer.number if number is None else number
    )
    if meta is None:
        return None
    free = free_list(file, meta)
    _check_number(file, meta, free.check_free())
    other = older if meta is newer else newer
    if other is newer or not _is_left_over(other):
        _check_number(file, other, free_list(file, other).last_number())
    used = free.used
    names = names_of(file, meta)
    for tree in _databases(file, names):
        tree.check_values(heads=heads)
        used += tree.used
    _check_pages(file, meta.last_page, used + names.used)
    return True


def entries(
    file: PageFile, number: int, name: bytes, key_bytes: int, value_bytes: int
) -> Bytes | None:
    """The entries of a named database whose keys and values have fixed sizes, a row each.

    Of the state after a transaction, which must be held as for `check`; None: there is no such
    state any more. Raises `KeyError` where there is no such database, `CorruptJournal`.
    """
    meta = {m.number: m for m in file.metas()}.get(number)
    if meta is None:
        return None
    names = names_of(file, meta)
    for tree in _databases(file, names):
        if tree.owner == named(name):
            row = key_bytes + value_bytes
            rows = np.empty(tree.record.entries, f"S{row}")
            done = 0
            for leaves in tree.leaves():
                nodes = leaves.nodes
                bad = (nodes.key_sizes != key_bytes) | (nodes.values != value_bytes)
                bad |= nodes.flags != IN_PLACE
                if bad.any() or done + len(bad) > len(rows):
                    raise file.damage(
                        int(leaves.numbers[nodes.page_of(int(bad.argmax()))]),
                        f"{tree.owner}: an entry is not {key_bytes} and {value_bytes} bytes long",
                    )
                rows[done : done + len(bad)] = nodes.fields(0, row)
                done += len(bad)
            return rows.view(np.uint8).reshape(-1, row)
    raise KeyError(name)


def newest_trees(file: PageFile) -> dict[str, Tree]:
    """The named databases of the newest state, by what `named` calls them; held as for `check`."""
    meta = file.metas()[1]
    names = names_of(file, meta)
    return {tree.owner: tree for tree in _databases(file, names)}


def free_list(file: PageFile, meta: Meta) -> Tree:
    """The free list of a state; its record is right in itself."""
    return Tree(file, FREE_LIST, meta.free, meta.page, meta.last_page)


def names_of(file: PageFile, meta: Meta) -> Tree:
    """The database of names of a state; its record is right in itself."""
    return Tree(file, NAMES, meta.main, meta.page, meta.last_page)


def _check_number(file: PageFile, meta: Meta, last: int) -> None:
    """The number of a state is that of the last transaction in its own free list."""
    number = meta.number
    if number <= 1:
        empty = meta.main.root == NO_PAGE
        if empty != (number == 0):
            found = "no content" if empty else "content"
            raise file.damage(meta.page, f"has transaction {number}, and {found}")
    if last != number and not (number == 1 and last == 0):
        raise file.damage(
            meta.page, f"has transaction {number}, but its free list ends with {last}"
        )


def _is_left_over(older: Meta) -> bool:
    """Whether the older meta page is what LMDB leaves of a commit that failed at its last write.

    It puts back number and last page then, but not the roots. `meta_pages.py` puts back
    the rest; if the process ended before, roots beyond the last page tell. (Where they are not,
    the page can't be told from one whose number was damaged, and is refused.)
    """
    roots = (older.free.root, older.main.root)
    return any(older.last_page < root != NO_PAGE for root in roots)


def _databases(file: PageFile, names: Tree) -> Iterator[Tree]:
    """The named databases. Their records lie in the leaves."""
    names.check_count("overflow pages", 0, names.record.overflow_pages)
    for leaves in names.leaves():
        nodes = leaves.nodes
        for node, name in enumerate(leaves.keys.tolist()):
            page = int(leaves.numbers[nodes.page_of(node)])
            if nodes.flags[node] != RECORD or nodes.values[node] != RECORD_BYTES:
                raise file.damage(page, f"{named(name)} has no record")
            start = int(nodes.starts[node]) + NODE + int(nodes.key_sizes[node])
            record = Database.unpack(nodes.data[start : start + RECORD_BYTES].tobytes())
            yield Tree(file, named(name), record, page, names.last_page)


def _check_pages(file: PageFile, last_page: int, used: list[Used]) -> None:
    """Each page after the meta pages belongs to one thing, once."""
    starts = np.concatenate([np.empty(0, np.int64), *(u.starts for u in used)])
    counts = np.concatenate([np.empty(0, np.int64), *(u.counts for u in used)])
    order = np.argsort(starts, kind="stable")
    starts, ends = starts[order], (starts + counts)[order]
    expected = np.concatenate([[2], ends])
    found = np.concatenate([starts, [last_page + 1]])
    twice, bad = np.flatnonzero(found < expected), np.flatnonzero(found != expected)
    if not len(bad):
        return
    page = int(found[twice[0]]) if len(twice) else int(expected[bad[0]])
    owners, block = [], 0
    for run in used:
        for at in np.flatnonzero((run.starts <= page) & (page < run.starts + run.counts)).tolist():
            owners.append(run.owner)
            if run.blocks is not None:
                block = int(run.blocks[at])
    if not owners:
        raise file.damage(page, "belongs to nothing and is not free")
    raise file.damage(page, f"belongs to {' and to '.join(owners)}", block)
