"""The node: commands in, durable answers out, and death at the first failed commit."""

import subprocess
import sys
from pathlib import Path

import pytest

from adapters.node import Committed, Node, NodeFailed, NotDurable
from engine import Engine, records
from engine.records import CorruptRecord
from journal import JournalInUse, LmdbJournal, NoJournal
from tests.small_day import START_NS, day, encoded, opening

ROOT = Path(__file__).resolve().parents[1]


def test_answers_come_only_with_the_commit_of_their_block(tmp_path: Path) -> None:
    with Node.open(tmp_path, create=True) as node:
        first = node.submit(records.Currency(currency=1, code="USD", digits=2), START_NS)
        second = node.submit(records.Clock(), START_NS)
        third = node.submit(records.SetAccount(login=1, group=9), START_NS)
        assert (first.durable, node.sequence, node.durable_sequence) == (False, 3, 0)
        with pytest.raises(NotDurable, match="sequence 1 is not committed yet"):
            _ = first.events
        assert [type(e) for e in first.provisional_events()] == [records.Configured]
        committed = node.commit()
        assert committed is not None
        assert (committed.first_sequence, committed.last_sequence) == (1, 3)
        assert first.durable and node.durable_sequence == 3
        assert [type(e) for e in first.events] == [records.Configured]
        assert second.events == []
        assert [type(e) for e in third.events] == [records.Rejected]
        assert first.provisional_events() == first.events
        assert committed.events_of(3) == third.events
        assert list(committed.answers()) == [(1, first.events), (3, third.events)]
        assert node.commit() is None


def test_block_is_committed_by_itself_when_it_has_enough_commands_or_bytes(
    tmp_path: Path,
) -> None:
    blocks: list[Committed] = []
    node = Node.open(tmp_path, create=True, commit_records=10, on_commit=blocks.append)
    for command, time_ns in day(1, 50):
        node.submit(command, time_ns)
    assert [b.first_sequence for b in blocks] == [1, 11, 21, 31, 41, 51, 61, 71]
    node.commit()
    node.commit_bytes = 1_000
    submitted = [node.submit(records.Clock(), node.engine.time_ns) for _ in range(42)]
    assert [s.durable for s in submitted] == [True] * 40 + [False] * 2
    node.close()
    assert blocks[-1].last_sequence == node.sequence


def test_events_of_the_node_are_those_of_a_bare_engine(tmp_path: Path) -> None:
    items = list(day(2, 400))
    engine = Engine()
    engine.apply(encoded(items))
    blocks: list[Committed] = []
    with Node.open(tmp_path, create=True, commit_records=64, on_commit=blocks.append) as node:
        answers = [node.submit(command, time_ns) for command, time_ns in items]
        node.commit()
        events = b"".join(b.events for b in blocks)
        assert events == engine.events_view()
        assert [e for a in answers for e in a.events] == list(records.decode_all(events))
        assert node.engine.state_hash() == engine.state_hash()


def test_bulk_blocks_give_the_same_journal_as_single_commands(tmp_path: Path) -> None:
    items = list(day(3, 300))
    with Node.open(tmp_path / "single", create=True, commit_records=100) as single:
        for command, time_ns in items:
            single.submit(command, time_ns)
    with Node.open(tmp_path / "bulk", create=True, commit_records=100) as bulk:
        for start in range(0, len(items), 100):
            bulk.submit_block(encoded(items[start : start + 100], start + 1))
    one, other = (LmdbJournal.open(tmp_path / n / "journal") for n in ("single", "bulk"))
    assert one.tail() == other.tail()
    assert one.verify().findings == other.verify().findings == []
    one.close()
    other.close()


def test_bulk_block_that_is_wrong_changes_nothing(tmp_path: Path) -> None:
    items = list(day(4, 20))
    with Node.open(tmp_path, create=True) as node:
        node.submit_block(encoded(items))
        before = node.engine.state_hash(), node.sequence
        keyed = items[len(opening()) - 1]
        for bad, message in (
            (b"", "0 bytes are no commands"),
            (b"1234", "4 bytes are no commands"),
            (encoded(items[:1], 7), f"sequence 7, {node.sequence + 1} is next"),
            (encoded([keyed], node.sequence + 1), "comes twice"),
            (
                encoded(
                    [(records.HookSet(module="m", version="1", source_hash="s"), 5)],
                    node.sequence + 1,
                ),
                "HookSet",
            ),
            (encoded(items[:1], node.sequence + 1)[:-8], "cut off"),
        ):
            with pytest.raises((ValueError, CorruptRecord), match=message):
                node.submit_block(bad)
        node.commit()
        with pytest.raises(ValueError, match="is known"):
            node.submit_block(encoded([keyed], node.sequence + 1))
        assert (node.engine.state_hash(), node.sequence) == before
        node.submit(records.Clock(), node.engine.time_ns)


def test_what_is_no_command_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    with Node.open(tmp_path, create=True) as node:
        for bad, error in (
            (records.DealerSet(dealer=1, online=1, dealers_online=1), TypeError),
            (records.HookSet(module="m", version="1", source_hash="s"), ValueError),
            (records.Configure(kind=7, payload=b""), ValueError),
            (records.Configure(kind=1, payload=bytes(20_000)), ValueError),
            (records.SetAccount(login=2**63, group=1), ValueError),
            (records.CancelOrder(login=1, order=1, key_high=2**63, key_low=1), ValueError),
        ):
            with pytest.raises(error):
                node.submit(bad, START_NS)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="time -1 is not within"):
            node.submit(records.Clock(), -1)
        assert node.sequence == 0
        assert node.submit(records.Clock(), START_NS).sequence == 1


def test_second_writer_on_a_directory_is_refused(tmp_path: Path) -> None:
    with Node.open(tmp_path, create=True):
        with pytest.raises(JournalInUse, match="another writer has it open"):
            Node.open(tmp_path)
        script = (
            "import sys\n"
            "from adapters.node import Node\n"
            "from journal import JournalInUse\n"
            "try: Node.open(sys.argv[1])\n"
            "except JournalInUse as error: print(error)\n"
        )
        other = subprocess.run(
            [sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, capture_output=True, text=True
        )
        assert "another writer has it open" in other.stdout, other.stderr
    Node.open(tmp_path).close()


def test_directory_without_a_journal_is_refused_unless_it_may_be_made(tmp_path: Path) -> None:
    with pytest.raises(NoJournal, match="journal: no such directory"):
        Node.open(tmp_path / "new")
    assert not (tmp_path / "new").exists()
    Node.open(tmp_path / "new", create=True).close()
    Node.open(tmp_path / "new", create=True).close()


def test_node_is_dead_after_a_failed_commit_and_the_journal_keeps_what_was_answered(
    tmp_path: Path,
) -> None:
    """A disk that takes no more: the limit on the file's size is the operating system's."""
    script = (
        "import resource, sys\n"
        "from adapters.node import Node\n"
        "from tests.small_day import day\n"
        "node = Node.open(sys.argv[1], create=True)\n"
        "items = list(day(5, 500))\n"
        "for command, time in items[:200]: node.submit(command, time)\n"
        "node.commit()\n"
        "for command, time in items[200:]: answer = node.submit(command, time)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))\n"
        "for use in (node.commit, node.commit, lambda: node.submit(*items[0]), node.snapshot,\n"
        "            lambda: node.submit_block(b'')):\n"
        "    try: use()\n"
        "    except Exception as error: print(type(error).__name__, answer.durable)\n"
        "node.close()\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, capture_output=True, text=True
    )
    assert result.stdout.split("\n")[:-1] == ["JournalFailed False"] + ["NodeFailed False"] * 4, (
        result.stderr
    )
    with Node.open(tmp_path) as node:
        assert node.sequence == 200


def test_node_is_dead_when_the_core_stops(tmp_path: Path) -> None:
    with Node.open(tmp_path, create=True) as node:
        node.submit(records.Clock(), START_NS)
        unknown = bytearray(records.encode(records.Clock(), 2, START_NS))
        unknown[0] = 99
        with pytest.raises(CorruptRecord):
            node.submit_block(bytes(unknown))
        with pytest.raises(NodeFailed, match="the core stopped after sequence 1"):
            node.commit()
    with Node.open(tmp_path) as node:
        assert node.sequence == 0


def test_node_left_by_an_exception_does_not_commit_and_left_in_order_does(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), Node.open(tmp_path, create=True) as node:
        node.submit(records.Clock(), START_NS)
        raise RuntimeError
    with Node.open(tmp_path) as node:
        assert node.sequence == 0
        node.submit(records.Clock(), START_NS)
    with pytest.raises(NodeFailed, match="closed"):
        node.commit()
    with Node.open(tmp_path) as node:
        assert node.sequence == 1


def test_what_is_told_of_a_commit_may_not_submit_commit_or_close(tmp_path: Path) -> None:
    refused: list[str] = []
    blocks: list[Committed] = []
    items = list(day(6, 60))

    def told(committed: Committed) -> None:
        blocks.append(committed)
        more = encoded([(records.Clock(), node.engine.time_ns)], node.sequence + 1)
        for use in (
            lambda: node.submit(records.Clock(), node.engine.time_ns),
            lambda: node.submit_block(more),
            node.commit,
            node.close,
        ):
            with pytest.raises(
                ValueError, match=r"on_commit: .* wait until it has returned"
            ) as why:
                use()
            refused.append(str(why.value))
        node.snapshot(keep=1)

    with Node.open(tmp_path, create=True, on_commit=told) as node:
        node.commit_bytes = 2_000
        for start in range(0, len(items), 7):
            node.submit_block(encoded(items[start : start + 7], start + 1))
    assert len(blocks) > 2 and len(refused) == 4 * len(blocks)
    engine = Engine()
    engine.apply(encoded(items))
    with Node.open(tmp_path) as node:
        assert (node.sequence, node.engine.state_hash()) == (len(items), engine.state_hash())


def test_exception_of_what_is_told_reaches_the_caller_and_takes_nothing_back(
    tmp_path: Path,
) -> None:
    def told(committed: Committed) -> None:
        raise RuntimeError(f"not told of {committed.first_sequence}")

    items = list(day(6, 20))
    with Node.open(tmp_path, create=True, on_commit=told, commit_records=10) as node:
        for number, (command, time_ns) in enumerate(items, 1):
            if number % 10:
                node.submit(command, time_ns)
                continue
            with pytest.raises(RuntimeError, match=f"not told of {number - 9}$"):
                node.submit(command, time_ns)
            assert node.sequence == node.durable_sequence == number
        node.on_commit = None


def test_number_that_does_not_fit_and_time_that_is_no_integer_change_nothing(
    tmp_path: Path,
) -> None:
    with Node.open(tmp_path, create=True) as node:
        node.submit(records.Clock(), START_NS)
        before = node.engine.state_hash()
        for group in (2**70, -(2**70)):
            with pytest.raises(ValueError, match="Group: a number is no 64-bit integer"):
                node.submit(records.Group(group=group, name="g", currency=1), START_NS)
        for time_ns in (None, 1.5, "now"):
            with pytest.raises(TypeError, match=r"time_ns .* is no integer"):
                node.submit(records.Clock(), time_ns)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="Clock: time_ns None is no integer"):
            node.submit(records.Clock(time_ns=None), 0)  # type: ignore[arg-type]
        assert (node.sequence, node.engine.state_hash()) == (1, before)
        assert node.submit(records.Clock(), START_NS).sequence == 2
