"""Client keys: at most once, for ever, and an error that names the field."""

from pathlib import Path

import msgspec
import pytest

from adapters.node import KeyConflict, Node
from engine import records
from tests.small_day import START_NS, encoded, opening

DEPOSIT = records.BalanceOperation(
    login=1, operation=1, amount_minor=500, reference=9, key_high=77, key_low=-5
)
REFUSED = records.CancelOrder(login=1, order=404, key_high=0, key_low=3)


def opened(directory: Path) -> Node:
    """A node with accounts."""
    node = Node.open(directory, create=True)
    for command in opening():
        node.submit(command, START_NS)
    node.commit()
    return node


@pytest.mark.parametrize("command", [DEPOSIT, REFUSED])
def test_same_key_and_content_gives_the_first_answer_for_ever(
    tmp_path: Path, command: records.Command
) -> None:
    node = opened(tmp_path)
    first = node.submit(command, START_NS + 1)
    in_open_block = node.submit(command, START_NS + 2)
    assert (in_open_block.sequence, in_open_block.repeated) == (first.sequence, True)
    assert not in_open_block.durable and not first.repeated
    node.commit()
    answer = first.events
    assert answer and in_open_block.events == answer
    from_journal = node.submit(command, START_NS + 3)
    assert from_journal.repeated and from_journal.durable and from_journal.events == answer
    node.close()
    for use_snapshot in (True, False):
        with Node.open(tmp_path, use_snapshot=use_snapshot) as again:
            later = again.submit(command, START_NS + 4)
            assert (later.sequence, later.events) == (first.sequence, answer)
            assert again.sequence == first.sequence
            again.snapshot()


@pytest.mark.parametrize(
    ("field", "value", "committed"),
    [
        ("login", 2, False),
        ("operation", 3, True),
        ("amount_minor", 501, False),
        ("amount_minor", 501, True),
        ("reference", 0, True),
    ],
)
def test_same_key_with_other_content_names_the_field(
    tmp_path: Path, field: str, value: int, committed: bool
) -> None:
    with opened(tmp_path) as node:
        first = node.submit(DEPOSIT, START_NS)
        if committed:
            node.commit()
        other = msgspec.structs.replace(DEPOSIT, **{field: value})
        state = node.engine.state_hash()
        with pytest.raises(KeyConflict) as caught:
            node.submit(other, START_NS)
        assert (caught.value.field, caught.value.sequence) == (field, first.sequence)
        assert str(caught.value) == (
            f"client key 000000000000004dfffffffffffffffb: {field} is {value}, the first command"
            f" with this key (sequence {first.sequence}) has {getattr(DEPOSIT, field)}"
        )
        assert node.engine.state_hash() == state
        assert node.submit(DEPOSIT, START_NS).repeated


def test_refusal_of_a_key_is_given_only_once_the_first_command_is_durable(tmp_path: Path) -> None:
    node = opened(tmp_path)
    first = node.submit(DEPOSIT, START_NS)
    with pytest.raises(KeyConflict):
        node.submit(msgspec.structs.replace(DEPOSIT, amount_minor=501), START_NS)
    assert first.durable and node.durable_sequence == first.sequence
    node.journal.close()  # the process ends here
    with Node.open(tmp_path) as again:
        assert again.submit(DEPOSIT, START_NS).repeated


def test_same_key_on_another_kind_of_command_names_the_command(tmp_path: Path) -> None:
    with opened(tmp_path) as node:
        node.submit(DEPOSIT, START_NS)
        cancel = records.CancelOrder(login=1, order=1, key_high=77, key_low=-5)
        with pytest.raises(KeyConflict, match=r"command is CancelOrder, .* has BalanceOperation"):
            node.submit(cancel, START_NS)


def test_commands_without_a_key_are_each_done(tmp_path: Path) -> None:
    with opened(tmp_path) as node:
        plain = msgspec.structs.replace(DEPOSIT, key_high=0, key_low=0)
        before = node.engine.account(1).balance_minor
        assert not any(node.submit(plain, START_NS).repeated for _ in range(3))
        assert node.engine.account(1).balance_minor == before + 3 * DEPOSIT.amount_minor


def test_key_from_a_bulk_block_is_known_to_a_single_command(tmp_path: Path) -> None:
    with opened(tmp_path) as node:
        node.submit_block(encoded([(DEPOSIT, START_NS)], node.sequence + 1))
        again = node.submit(DEPOSIT, START_NS)
        assert again.repeated and again.sequence == node.sequence
        assert [type(e) for e in again.events] == [records.LedgerEntry]
