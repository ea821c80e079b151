"""Promises of what reads a data file as it lies on the disk: the check of its pages, salvage.

This file may damage the bytes of small data files, and read them through LMDB in a process of
its own: that LMDB is never handed a page that ends the process is one of the promises.
"""

import os
import shutil
import traceback
from contextlib import closing
from functools import cache
from pathlib import Path
from random import Random

from adapters.node import Node
from adapters.replay import JOURNAL_FOLDER
from journal import BlockDraft, CorruptJournal, JournalError, LmdbJournal, NoJournal, page_check
from journal.environment import DATA_FILE
from journal.pages import PAGE, PageFile
from journal.salvage import Survey
from tests.fuzz import good, mutations

_COMMITS = 90
"""Of the larger file: enough for branches in the tree of blocks."""


@cache
def _folders() -> list[Path]:
    """A journal of three blocks, and one of many."""
    found = []
    parts = good.small_parts()
    for name, sizes in (("three", [40, 20, 30]), ("many", [60] + [1] * _COMMITS)):
        folder = good.scratch() / f"pages-{name}"
        with Node.open(folder, create=True) as node:
            start = 0
            for size in sizes:
                node.submit_block(b"".join(parts[start : start + size]))
                node.commit()
                start += size
        found.append(folder / JOURNAL_FOLDER)
    return found


@cache
def seeds() -> list[bytes]:
    """The data files, without the room behind their last page."""
    found = []
    for folder in _folders():
        with closing(PageFile(str(folder / DATA_FILE))) as file:
            last = max(meta.last_page for meta in file.metas())
        found.append((folder / DATA_FILE).read_bytes()[: (last + 1) * PAGE])
    return found


@cache
def _blocks() -> list[list[bytes]]:
    """The commands of each block of each journal."""
    found = []
    for folder in _folders():
        journal = LmdbJournal.open(folder)
        found.append([block.commands for block in journal.blocks()])
        journal.close()
    return found


def mutated(data: bytes, random: Random) -> bytes:
    """Words of pages, most of them where the structure is; or whole pages."""
    if random.randrange(8) == 0 or len(data) < 2 * PAGE:
        return mutations.some_bytes(data, random)
    changed = bytearray(data)
    n_pages = len(data) // PAGE
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        page = random.choice((0, 1, random.randrange(n_pages), random.randrange(n_pages)))
        kind = random.randrange(12)
        if kind == 0:
            other = random.randrange(n_pages)
            changed[page * PAGE : (page + 1) * PAGE] = data[other * PAGE : (other + 1) * PAGE]
        elif kind == 1:
            changed[page * PAGE : (page + 1) * PAGE] = bytes(PAGE)
        elif kind == 2:
            del changed[random.randrange(len(changed)) :]
        else:
            _change_number(changed, page, random)
        if len(changed) < PAGE:
            break
    return bytes(changed)


def _change_number(data: bytearray, page: int, random: Random) -> None:
    """A number of two, four or eight bytes in a page: its head, its offsets, or its nodes."""
    size = random.choice((2, 2, 4, 8))
    within = random.choice((160, 48, PAGE, PAGE))
    at = page * PAGE + random.randrange(0, within, 2)
    if within == PAGE and random.randrange(2):
        at = (page + 1) * PAGE - 2 * random.randrange(1, 200)
    near = int.from_bytes(data[at : at + size], "little")
    new = random.choice((near + 1, near - 1, near + 2, near ^ 1 << random.randrange(8 * size), 0,
                         random.randrange(32), 2 ** (8 * size) - 1))  # fmt: skip
    data[at : at + size] = (new % 2 ** (8 * size)).to_bytes(size, "little")


def _laid_out(name: str, data: bytes) -> Path:
    """A journal folder with such a data file."""
    folder = good.scratch() / name
    folder.mkdir(exist_ok=True)
    for file in folder.iterdir():
        file.unlink()
    (folder / DATA_FILE).write_bytes(data)
    return folder


# ---------------------------------------------------------------- the check of pages


def checked(data: bytes) -> None:
    """`page_check`: `CorruptJournal`, or a file that LMDB can be trusted with."""
    folder = _laid_out("pages", data)
    file = folder / DATA_FILE
    try:
        page_check.check_files(file)
        for heads in (False, True):
            with closing(PageFile(str(file))) as pages:
                page_check.check(pages, heads=heads)
    except (CorruptJournal, NoJournal) as error:
        assert str(error).startswith(str(folder)), error
        assert data not in seeds(), "nothing is damaged"
        return
    said = _in_a_process_of_its_own(folder, data in seeds())
    assert not said, said


def _in_a_process_of_its_own(folder: Path, whole: bool) -> str:
    """What goes wrong when LMDB works with the file; empty if nothing does."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 0
        try:
            os.close(reading)
            _use(folder, whole)
        except BaseException:
            os.write(writing, traceback.format_exc()[-3_000:].encode())
            code = 1
        finally:
            os._exit(code)
    os.close(writing)
    with open(reading, "rb") as pipe:
        said = pipe.read().decode()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return f"LMDB ended the process with signal {os.WTERMSIG(status)}"
    return said


def _use(folder: Path, whole: bool) -> None:
    """Reads everything, then writes: `JournalError`, or what the blocks were from the first on."""
    try:
        journal = LmdbJournal.open(folder)
        findings = journal.verify().findings
        commands = [block.commands for block in journal.blocks()]
        journal.close()
        if not findings:
            assert any(known[: len(commands)] == commands for known in _blocks())
        journal = LmdbJournal.open(folder, writable=True)
        draft, tail = BlockDraft(), journal.tail()
        first = tail.last_sequence + 1
        command = good.small_parts()[0]
        draft.add(command[:8] + first.to_bytes(8, "little") + command[16:], first, first, 0)
        journal.append(draft, b"", tail.last_time_ns, tail.hook_identity)
        journal.close()
    except JournalError:
        assert not whole, "nothing is damaged"


# ---------------------------------------------------------------- salvage


def salvaged(data: bytes) -> None:
    """`Survey`, `copy`: `JournalError`, or a good journal of blocks that were there."""
    source = _laid_out("salvage-from", data)
    target = good.scratch() / "salvage-to"
    shutil.rmtree(target, ignore_errors=True)
    try:
        with closing(Survey(source)) as survey:
            found = survey.copy(target)
    except JournalError:
        assert data not in seeds(), "nothing is damaged"
        assert not target.exists(), "nothing is left of what failed"
        return
    assert (source / DATA_FILE).read_bytes() == data, "the damaged file stays as it is"
    commands: list[bytes] = []
    if target.exists():
        journal = LmdbJournal.open(target)
        assert journal.verify().findings == []
        commands = [block.commands for block in journal.blocks()]
        assert journal.tail() == found.last
        journal.close()
    assert any(known[: len(commands)] == commands for known in _blocks())
    if data in seeds():
        assert commands in _blocks() and not found.findings
    elif commands not in _blocks():
        assert found.findings, "what is missing is told"
