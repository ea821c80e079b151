"""The promise of `Node.submit_block`: taken whole, refused without a trace, or the node is dead.

This file may drive a node on a journal in a scratch folder, and open it again.
"""

import shutil
from functools import cache
from typing import NamedTuple

from adapters.node import Node, NodeFailed
from adapters.replay import JOURNAL_FOLDER
from engine import Engine, records
from journal import LmdbJournal
from tests.fuzz import good

_DURABLE = 60
_OPEN = 20
FIRST = _DURABLE + _OPEN + 1
"""The sequence that the node waits for."""


class _Shown(NamedTuple):
    """Everything of a node that a refused block must leave as it was."""

    sequence: int
    core_sequence: int
    core_time_ns: int
    state_hash: str
    events: bytes
    durable_sequence: int
    draft: bytes
    draft_keys: list[tuple[bytes, int]]
    bulk_keys: set[bytes]

    @classmethod
    def of(cls, node: Node) -> "_Shown":
        engine, draft = node.engine, node._open.draft
        return cls(
            node.sequence,
            engine.sequence,
            engine.time_ns,
            engine.state_hash(),
            bytes(engine.events_view()),
            node.durable_sequence,
            bytes(draft.commands()),
            list(draft.keys),
            set(node._open.bulk_keys),
        )


class _House:
    """A node with a block that is open, made anew when it took something or stopped."""

    def __init__(self) -> None:
        self.node: Node | None = None

    def ready(self) -> Node:
        folder, original = good.scratch() / "node", good.scratch() / "node-original"
        if self.node is None:
            shutil.rmtree(folder, ignore_errors=True)
            if not original.exists():
                with Node.open(original, create=True) as node:
                    node.submit_block(b"".join(good.small_parts()[:_DURABLE]))
            shutil.copytree(original, folder)
            self.node = Node.open(folder)
            self.node.submit_block(b"".join(good.small_parts()[_DURABLE : FIRST - 1]))
        return self.node

    def leave(self) -> Node:
        """Ends the node; the one that its folder recovers to."""
        assert self.node is not None
        folder = self.node.directory
        self.node.close()
        self.node = None
        return Node.open(folder)


_HOUSE = _House()


def seeds() -> list[bytes]:
    """Blocks that may come next, with client keys that are known among them."""
    parts = good.small_parts()
    deposits = [p for p in parts if p[:2] == records.BalanceOperation.TYPE.to_bytes(2, "little")]
    blocks = [parts[FIRST - 1 : FIRST + 3], parts[FIRST - 1 : FIRST + 20], deposits[:2]]
    blocks += [[part] for part in good.command_of_each_kind()[::3]]
    time_ns = parts[FIRST - 1][16:24]
    return [
        b"".join(
            p[:8] + (FIRST + i).to_bytes(8, "little") + time_ns + p[24:]
            for i, p in enumerate(block)
        )
        for block in blocks
    ]


def ready() -> Node:
    """The node that inputs are submitted to."""
    return _HOUSE.ready()


def submitted(data: bytes) -> None:
    """`ValueError` and nothing has changed; or the node is dead and the journal untouched; or
    the commands are durable."""
    node = ready()
    before = _Shown.of(node)
    try:
        node.submit_block(data)
    except ValueError:
        if not node._failure:
            assert _Shown.of(node) == before, "refused, and something has changed"
            return
        _check_dead(node, before)
        return
    node.commit()
    sequence, state_hash = node.sequence, node.engine.state_hash()
    assert sequence - before.sequence == len(list(records.decode_all(data)))
    with _HOUSE.leave() as again:
        assert (again.sequence, again.engine.state_hash()) == (sequence, state_hash)
        journal = LmdbJournal.open(again.directory / JOURNAL_FOLDER)
        assert journal.verify().findings == []
        journal.close()


def _check_dead(node: Node, before: _Shown) -> None:
    """Nothing goes on, and what is recovered is what was durable."""
    for use in (node.commit, lambda: node.submit(records.Clock(), 0), node.snapshot):
        try:
            use()
        except NodeFailed:
            continue
        raise AssertionError(f"a dead node takes {use}")
    with _HOUSE.leave() as again:
        assert again.sequence == before.durable_sequence == _DURABLE
        assert again.engine.state_hash() == _durable_state_hash()


@cache
def _durable_state_hash() -> str:
    engine = Engine()
    engine.apply(b"".join(good.small_parts()[:_DURABLE]))
    return engine.state_hash()
