"""A small rich journal, and what must hold when any one bit of its files is another.

This file may make the stores, damage a copy and judge what the shipped code makes of it; flips.py
runs through the bits. A flipped bit is fine if it is

    refused    when the node opens: one sentence that names the file, and the block where the bit
               lies in a block
    found      by reading the blocks or by `Journal.verify`, with such a sentence
    reported   of a snapshot: skipped, and told so with the file; the state is right all the same
    harmless   everything is as without it: every block, every client key and the answers to it,
               the state after recovery, one more commit, and a clean verification after it

Anything else is a failure, so is any other exception. A block may be given out only as it was
stored, whatever is found elsewhere.
"""

import os
import shutil
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from adapters.client_keys import key_of
from adapters.node import Node
from adapters.replay import JOURNAL_FOLDER, SNAPSHOT_FOLDER
from engine import records as r
from journal import CorruptJournal, JournalError
from journal.environment import DATA_FILE
from journal.layout import BLOCKS
from journal.page_check import free_list, names_of, newest_trees
from journal.page_trees import named
from journal.pages import BIG, HEADER, META_BYTES, NODE, PAGE, PageFile
from snapshots import SnapshotError
from tests.small_day import START_NS, opening

KEYED_ORDERS: Final = (45, 45, 1, 40, 1, 1)
"""Of each block after the opening: random client keys for more than one leaf of the index."""
SNAPSHOTS_AFTER: Final = (2, 4)
"""Of these blocks, from 1: the one is older, and after the other two small ones follow."""
FILES: Final = (f"{JOURNAL_FOLDER}/{DATA_FILE}", f"{SNAPSHOT_FOLDER}/{DATA_FILE}")

Mask = npt.NDArray[np.bool_]


class Place(NamedTuple):
    """Where a bit lies."""

    file: str
    byte: int
    bit: int
    block: int
    """First sequence of the block whose bytes it is of; 0: it lies elsewhere."""

    def __str__(self) -> str:
        where = f"byte {self.byte % PAGE} of page {self.byte // PAGE}"
        return f"{self.file}: bit {self.bit} of {where}" + f" (block {self.block})" * bool(
            self.block
        )


class Stores:
    """A journal with snapshots, closed, and everything that was read from it undamaged."""

    def __init__(self, folder: Path, seed: int = 1) -> None:
        self.folder = folder
        self.orders = list(_orders(Random(seed)))
        self._make()
        self._content = {name: self._trimmed(folder / name) for name in FILES}
        self._blocks_of_bytes = self._block_bytes()
        self.structure = np.concatenate([self._structure_of(name) for name in FILES])
        """Of each byte of all files, whether LMDB or the check before it looks at it."""
        for name, content in self._content.items():
            (folder / name).write_bytes(content)
        with Node.open(folder) as node:
            assert not node.reports and node.journal.verify().findings == []
            self.state_hash = node.engine.state_hash()
            self.replayed = node.recovered_commands
            self.blocks = [tuple(block) for block in node.journal.blocks()]
            self.sequence = node.sequence
            self.answers = {
                key: (sequence, node.journal.answer(sequence))
                for key, sequence in self._keys_of(node)
            }
        self.restore()

    @property
    def n_bits(self) -> int:
        """Of all files together."""
        return 8 * sum(map(len, self._content.values()))

    def place(self, number: int) -> Place:
        """The bit with a number from 0."""
        byte, bit = divmod(number, 8)
        for name, content in self._content.items():
            if byte < len(content):
                block = 0
                if name == FILES[0]:
                    runs = self._blocks_of_bytes
                    block = next((b for b, start, end in runs if start <= byte < end), 0)
                return Place(name, byte, bit, block)
            byte -= len(content)
        raise IndexError(number)

    def damage(self, place: Place) -> None:
        """Flips a bit in a file."""
        self.write(place.file, place.byte, self._content[place.file][place.byte] ^ 1 << place.bit)

    def write(self, name: str, byte: int, value: int) -> None:
        with open(self.folder / name, "r+b") as file:
            file.seek(byte)
            file.write(bytes([value]))

    def content(self, name: str) -> bytes:
        """A file as it was made."""
        return self._content[name]

    def restore(self) -> None:
        """All files are as they were made."""
        for name, content in self._content.items():
            with open(self.folder / name, "r+b") as file:
                if file.read() != content:
                    file.seek(0)
                    file.write(content)
                    file.truncate()

    # ------------------------------------------------------------ making

    def _make(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        orders = iter(self.orders)
        with Node.open(self.folder, create=True) as node:
            for command in opening():
                node.submit(command, START_NS)
            node.commit()
            for number, n_orders in enumerate(KEYED_ORDERS, 1):
                for _ in range(n_orders):
                    node.submit(next(orders), START_NS + node.sequence)
                node.commit()
                if number in SNAPSHOTS_AFTER:
                    node.snapshot()

    def _trimmed(self, file: Path) -> bytes:
        """A file without the space that was allocated ahead."""
        with closing(PageFile(str(file))) as pages:
            last_page = pages.metas()[1].last_page
        return file.read_bytes()[: (last_page + 1) * PAGE]

    def _structure_of(self, name: str) -> Mask:
        """The bytes of meta pages and of nodes in the trees, and the heads of all pages in use."""
        content = self._content[name]
        mask = np.zeros(len(content), np.bool_)
        with closing(PageFile(str(self.folder / name))) as pages:
            older, newer = pages.metas()
            trees = [*newest_trees(pages).values(), names_of(pages, newer)]
            trees += [free_list(pages, older), free_list(pages, newer)]
            for tree in trees:
                for leaves in tree.leaves():
                    nodes = leaves.nodes
                    for at in nodes.fields(nodes.key_sizes, 8)[nodes.flags == BIG].tolist():
                        start = int.from_bytes(at, "little") * PAGE
                        mask[start : start + HEADER] = True
        for meta in (older, newer):
            mask[meta.page * PAGE : meta.page * PAGE + META_BYTES] = True
        for page in (int(n) for tree in trees for run in tree.used for n in run.starts):
            lower, upper = struct.unpack_from("<HH", content, page * PAGE + 12)
            mask[page * PAGE : page * PAGE + lower] = True
            mask[page * PAGE + upper : (page + 1) * PAGE] = True
        return mask

    def _block_bytes(self) -> list[tuple[int, int, int]]:
        """First sequence of each block, and where its bytes begin and end in the file."""
        runs = []
        with closing(PageFile(str(self.folder / FILES[0]))) as pages:
            for leaves in newest_trees(pages)[named(BLOCKS)].leaves():
                nodes = leaves.nodes
                assert leaves.blocks is not None
                for node, block in enumerate(leaves.blocks.tolist()):
                    page, start = divmod(int(nodes.starts[node]) + NODE + 8, PAGE)
                    begin = int(leaves.numbers[page]) * PAGE + start
                    if nodes.flags[node] == BIG:
                        value = self._content[FILES[0]][begin : begin + 8]
                        begin = int.from_bytes(value, "little") * PAGE + HEADER
                    runs.append((block, begin, begin + int(nodes.values[node])))
        return runs

    def _keys_of(self, node: Node) -> Iterator[tuple[bytes, int]]:
        for command in (*opening(), *self.orders):
            key = key_of(command)
            if key:
                sequence = node.journal.lookup_key(key)
                assert sequence is not None
                yield key, sequence


def _orders(random: Random) -> Iterator[r.PlaceOrder]:
    """Orders of which most are refused, each with a random client key."""
    for number in range(sum(KEYED_ORDERS)):
        yield r.PlaceOrder(
            login=1 + number % 12,
            instrument=1 + number % 2,
            order_type=0,
            side=0,
            volume_units=1 + number,
            key_high=random.randrange(-(2**63), 2**63),
            key_low=random.randrange(1, 2**63),
        )


# ---------------------------------------------------------------- judging


class Wrong(Exception):
    """A damaged bit was neither found nor harmless."""


def judge(stores: Stores, place: Place) -> str:
    """What became of a damaged bit, in a word or two; the files are used up. Raises `Wrong`.

    Every other exception than those of journal and snapshots comes through.
    """
    try:
        node = Node.open(stores.folder)
    except JournalError as error:
        _check_named(str(error), place)
        return "refused at opening"
    try:
        return _judge_open(stores, place, node)
    finally:
        node.journal.close()


def _judge_open(stores: Stores, place: Place, node: Node) -> str:
    state_hash = node.engine.state_hash()
    if state_hash != stores.state_hash:
        raise Wrong("recovery gives another state")
    try:
        for block, stored in zip(node.journal.blocks(), stores.blocks, strict=True):
            if tuple(block) != stored:
                raise Wrong(f"block {block.header.first_sequence} is given out damaged")
    except CorruptJournal as error:
        _check_named(str(error), place)
        _check_verify(node, place)
        return "found by reading"
    except ValueError as error:
        raise Wrong("there are fewer or more blocks") from error
    for key, (sequence, _) in stores.answers.items():
        if node.journal.lookup_key(key) != sequence:
            raise Wrong(f"the client key of sequence {sequence} is lost")
    key = list(stores.answers)[place.byte % len(stores.answers)]
    sequence, answer = stores.answers[key]
    if node.journal.answer(sequence) != answer:  # one will do: it comes of the blocks
        raise Wrong(f"the answer to sequence {sequence} is another one")
    node.submit(stores.orders[place.byte % 7], START_NS + stores.sequence)  # a known key
    node.submit(r.Tick(instrument=1, feed=1, bid_points=110_000, ask_points=110_007), START_NS)
    node.commit()
    if node.durable_sequence != stores.sequence + 1:
        raise Wrong(f"after one more command the journal ends with {node.durable_sequence}")
    findings = node.journal.verify().findings
    if findings:
        _check_named(findings[0], place)
        return "found by verification"
    if place.file == FILES[1]:
        return _judge_snapshots(stores, place, node)
    if node.reports or node.recovered_commands != stores.replayed:
        raise Wrong(f"a snapshot was not used: {node.reports}")
    return "harmless"


def _check_verify(node: Node, place: Place) -> None:
    """What reading finds, verification finds, too."""
    findings = node.journal.verify().findings
    if not findings:
        raise Wrong("verification does not find what reading found")
    _check_named(findings[0], place)


def _judge_snapshots(stores: Stores, place: Place, node: Node) -> str:
    """A damaged snapshot is told, or makes no difference; the next one can be taken and used.

    The latter is tried where the damage was told, and for one bit of each byte.
    """
    for report in node.reports:
        _check_named(report, place)
    if node.recovered_commands != stores.replayed and not node.reports:
        raise Wrong("a snapshot is lost, and nobody was told")
    reported = bool(node.reports)
    if not reported and place.bit != place.byte % 8:
        return "harmless"
    try:
        node.snapshot()
    except SnapshotError as error:
        raise Wrong(f"no snapshot can be taken any more: {error}") from error
    state_hash = node.engine.state_hash()
    node.close()
    with Node.open(stores.folder) as again:
        if again.recovered_commands or again.engine.state_hash() != state_hash:
            raise Wrong(f"the new snapshot is not used: {again.reports}")
    return "reported" if reported else "harmless"


def _check_named(sentence: str, place: Place) -> None:
    """A sentence names the file; and the block, where the bit lies in one."""
    if place.file not in sentence:
        raise Wrong(f"the file is not named: {sentence}")
    if place.block and f"block {place.block}" not in sentence:
        raise Wrong(f"block {place.block} is not named: {sentence}")


def scratch() -> str | None:
    """Where files cost least: in memory, if the system has such a place."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
