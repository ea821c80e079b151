"""Commits that are made while the commands that follow are applied: the same, only later."""

from pathlib import Path

import lmdb
import pytest

from adapters.node import Committed, KeyConflict, Node, NodeFailed, NotDurable
from engine import records
from journal import JournalFailed, LmdbJournal
from journal.environment import Environment
from tests.small_day import START_NS, day, encoded

KEYED = records.CancelOrder(login=1, order=404, key_high=0, key_low=3)
OTHER = records.CancelOrder(login=1, order=405, key_high=0, key_low=3)


def test_answers_come_with_a_later_commit_and_not_before(tmp_path: Path) -> None:
    told: list[Committed] = []
    with Node.open(tmp_path, create=True, on_commit=told.append) as node:
        first = node.submit(records.Currency(currency=1, code="USD", digits=2), START_NS)
        assert node.commit(wait=False) is None
        second = node.submit(records.SetAccount(login=1, group=9), START_NS)
        assert (first.durable, second.durable, told) == (False, False, [])
        with pytest.raises(NotDurable, match="sequence 1 is not committed yet"):
            _ = first.events
        assert [type(e) for e in first.provisional_events()] == [records.Configured]
        assert [type(e) for e in second.provisional_events()] == [records.Rejected]
        before = node.commit(wait=False)
        assert before is not None and told == [before]
        assert (before.first_sequence, before.last_sequence, node.durable_sequence) == (1, 1, 1)
        assert (first.durable, second.durable) == (True, False)
        last = node.commit()
        assert last is not None and told == [before, last]
        assert second.durable and node.durable_sequence == 2
        assert node.commit() is None and node.commit(wait=False) is None


@pytest.mark.parametrize("bulk", [False, True])
def test_journal_is_the_one_that_waiting_gives(tmp_path: Path, bulk: bool) -> None:
    items = list(day(3, 400))
    chains = []
    for behind in (False, True):
        told: list[int] = []
        folder = tmp_path / str(behind)
        node = Node.open(folder, create=True, commit_records=16)
        node.on_commit = lambda committed, told=told: told.append(committed.last_sequence)
        node.commit_behind = behind
        while node.sequence < len(items):
            some = items[node.sequence : node.sequence + 16]
            if bulk:
                node.submit_block(encoded(some, node.sequence + 1))
            else:
                for command, time_ns in some:
                    node.submit(command, time_ns)
        node.close()
        journal = LmdbJournal.open(folder / "journal")
        chains.append((journal.tail(), told))
        assert journal.verify().findings == []
        journal.close()
    assert chains[0] == chains[1]


def test_close_waits_for_the_block_on_its_way(tmp_path: Path) -> None:
    node = Node.open(tmp_path, create=True)
    submitted = node.submit(records.Currency(currency=1, code="USD", digits=2), START_NS)
    node.commit(wait=False)
    node.close()
    assert submitted.durable
    with Node.open(tmp_path) as again:
        assert again.sequence == 1


def test_close_commits_what_is_open_although_the_block_before_is_not_liked(
    tmp_path: Path,
) -> None:
    """What is told of a commit may raise: it takes nothing back, and keeps nothing away."""
    told: list[int] = []

    def dislike(committed: Committed) -> None:
        told.append(committed.last_sequence)
        if committed.last_sequence == 1:
            raise OSError("nobody listens")

    node = Node.open(tmp_path, create=True, on_commit=dislike)
    node.submit(records.Currency(currency=1, code="USD", digits=2), START_NS)
    node.commit(wait=False)
    node.submit(records.Clock(), START_NS)
    with pytest.raises(OSError, match="nobody listens"):
        node.close()
    with Node.open(tmp_path) as again:
        assert (again.sequence, told) == (2, [1, 2])


def test_client_key_of_a_block_on_its_way_is_known(tmp_path: Path) -> None:
    with Node.open(tmp_path, create=True) as node:
        first = node.submit(KEYED, START_NS)
        node.commit(wait=False)
        again = node.submit(KEYED, START_NS)
        assert (again.sequence, again.repeated, again.durable) == (1, True, False)
        with pytest.raises(KeyConflict, match="sequence 1"):
            node.submit(OTHER, START_NS)
        assert first.durable and again.events == first.events


def test_client_key_of_a_bulk_block_on_its_way_is_known(tmp_path: Path) -> None:
    with Node.open(tmp_path, create=True) as node:
        node.submit_block(encoded([(KEYED, START_NS)]))
        node.commit(wait=False)
        with pytest.raises(ValueError, match="comes twice"):
            node.submit_block(encoded([(KEYED, START_NS)], 2))
        again = node.submit(KEYED, START_NS)
        assert (again.sequence, again.repeated, again.durable) == (1, True, True)


def test_snapshot_holds_what_is_durable_only(tmp_path: Path) -> None:
    with Node.open(tmp_path, create=True) as node:
        node.submit(records.Currency(currency=1, code="USD", digits=2), START_NS)
        node.commit(wait=False)
        assert node.snapshot().sequence == 1
        node.submit(records.Clock(), START_NS)
        node.commit(wait=False)
        node.submit(records.Clock(), START_NS)
        assert node.snapshot().sequence == node.durable_sequence == 3


def test_node_is_dead_when_the_block_on_its_way_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The failure is met by the next commit; what came after the block is gone with it."""
    node = Node.open(tmp_path, create=True)
    kept = node.submit(records.Currency(currency=1, code="USD", digits=2), START_NS)
    node.commit()

    def failing(environment: Environment, transaction: lmdb.Transaction) -> None:
        transaction.abort()
        raise lmdb.DiskError("no power")

    monkeypatch.setattr(Environment, "commit", failing)
    lost = node.submit(records.Clock(), START_NS)
    node.commit(wait=False)
    monkeypatch.undo()
    after = node.submit(records.Clock(), START_NS)
    with pytest.raises(JournalFailed, match="the commit of block 2 failed: no power"):
        node.commit()
    with pytest.raises(NodeFailed):
        node.submit(records.Clock(), START_NS)
    assert (kept.durable, lost.durable, after.durable) == (True, False, False)
    node.close()
    with Node.open(tmp_path) as again:
        assert again.sequence == 1


def test_failure_before_anything_is_written_is_met_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = Node.open(tmp_path, create=True)

    def failing(environment: Environment, value_bytes: int, small_items: int = 0) -> None:
        raise JournalFailed("full")

    monkeypatch.setattr(Environment, "begin_write", failing)
    node.submit(records.Clock(), START_NS)
    node.commit(wait=False)
    with pytest.raises(JournalFailed, match="full"):
        node.close()
    monkeypatch.undo()
    with Node.open(tmp_path) as again:
        assert again.sequence == 0
