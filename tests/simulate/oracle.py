"""What must be true: an engine in memory that is fed exactly what the node acknowledged.

This file may remember, run the core beside the node, and compare; it makes no fault. Its engine
never saw a disk. Every block that the node commits is executed there, too, and the events must
be the same, byte for byte. After a crash the journal must hold the acknowledged commands, and
behind them either nothing or the whole block that was about to be committed; the events and the
state must be those of this engine; and the keys must still lead to their commands.
"""

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from adapters.client_keys import key_of
from adapters.node import Committed, Node
from adapters.replay import event_lists, first_difference
from engine import Engine, Hooks, records
from engine.records import Command, Config, Event
from journal import Block, JournalError, Verification

NOTHING: Final[list[Event]] = []


class Wrong(Exception):
    """Something is not as it must be. The world ends here."""


class Offered(NamedTuple):
    """Commands that were given to the node in one call."""

    last_sequence: int
    data: bytes
    keyed: tuple[tuple[bytes, int, Command | Config], ...]
    """(client key, sequence, command)."""


class Durable(NamedTuple):
    """A block that was acknowledged, or that recovery brought back."""

    first_sequence: int
    last_sequence: int
    commands: bytes
    events: bytes


class Oracle:
    """The account of one journal, from its creation on, through all crashes."""

    def __init__(self, hooks: Hooks | None, record: Callable[[bytes], None]) -> None:
        self.engine = Engine(hooks)
        self._record = record
        """Takes what was acknowledged into the digest of the run."""
        self.blocks: list[Durable] = []
        self.acknowledged = 0
        """The last sequence whose sender may know that it is done."""
        self.keys: dict[bytes, tuple[int, Command | Config]] = {}
        """Client key -> sequence and command; of durable and of offered commands."""
        self.hashes: dict[int, str] = {0: self.engine.state_hash()}
        """Some of the state hashes on the way, by sequence."""
        self._answers: dict[int, list[Event]] = {}
        self._cut_off: set[bytes] = set()
        """Commands of blocks that were being committed when the process died, and are gone."""
        self._offered: list[Offered] = []
        self._commit_failed = False
        """A commit began and nobody knows how it ended."""

    # ------------------------------------------------------------ before the commit

    @property
    def sequence(self) -> int:
        """Of the last command that was offered."""
        return self._offered[-1].last_sequence if self._offered else self.acknowledged

    def offer(self, record: Command | Config, time_ns: int) -> int:
        """A command is about to be given to the node; returns the sequence it must get."""
        sequence = self.sequence + 1
        data = records.encode(record, sequence, time_ns)
        key = key_of(record)
        keyed = ((key, sequence, record),) if key else ()
        self._offer(Offered(sequence, data, keyed))
        return sequence

    def offer_block(self, items: Iterable[tuple[Command | Config, int]]) -> bytes:
        """Commands (with their times) for one call; returns them encoded."""
        sequence, data, keyed = self.sequence, b"", []
        for record, time_ns in items:
            sequence += 1
            data += records.encode(record, sequence, time_ns)
            key = key_of(record)
            if key:
                keyed.append((key, sequence, record))
        self._offer(Offered(sequence, data, tuple(keyed)))
        return data

    def _offer(self, offered: Offered) -> None:
        for key, sequence, record in offered.keyed:
            self.keys[key] = sequence, record
        self._offered.append(offered)

    def withdraw(self) -> None:
        """What was offered last was refused, and must leave no trace."""
        for key, _, _ in self._offered.pop().keyed:
            del self.keys[key]

    # ------------------------------------------------------------ the commit

    def acknowledge(self, committed: Committed) -> None:
        """The node says that a block is durable: what happened must be what happens here."""
        if committed.first_sequence != self.acknowledged + 1:
            raise Wrong(
                f"block {committed.first_sequence} is acknowledged after {self.acknowledged}"
            )
        events = self._execute(committed.last_sequence)
        if committed.events != events:
            raise Wrong(f"acknowledged {first_difference_of(committed.events, events)}")

    def _execute(self, last_sequence: int) -> bytes:
        """Takes what was offered, up to a sequence, as durable; returns its events."""
        n_calls = 0
        while n_calls < len(self._offered) and (
            self._offered[n_calls].last_sequence <= last_sequence
        ):
            n_calls += 1
        done, self._offered = self._offered[:n_calls], self._offered[n_calls:]
        if not done or done[-1].last_sequence != last_sequence:
            raise Wrong(f"a block ends with {last_sequence}, where no call ended")
        commands = b"".join(offered.data for offered in done)
        self.engine.apply(commands)
        events = self.engine.take_events()
        self.blocks.append(Durable(self.acknowledged + 1, last_sequence, commands, events))
        self._answers.update(event_lists(events))
        self.acknowledged = last_sequence
        if len(self.blocks) % 16 == 0:
            self.hashes[last_sequence] = self.engine.state_hash()
        self._record(commands)
        self._record(events)
        return events

    def answer(self, sequence: int) -> list[Event]:
        """The events of a durable command."""
        return self._answers.get(sequence, NOTHING)

    # ------------------------------------------------------------ after a crash

    def died_in_commit(self) -> None:
        """The process died in a call that may have been committing."""
        self._commit_failed = True

    def recovered(self, node: Node) -> int:
        """Holds a node that was just opened against all that is known.

        Returns how many commands came back that nobody had been told about.
        """
        before, durable = self.acknowledged, node.durable_sequence
        if durable not in self._possible_ends():
            lost = "acknowledged commands are lost" if durable < before else "half a block"
            raise Wrong(
                f"recovery ends with {durable}; acknowledged were {before}, offered"
                f" {self.sequence}: {lost}"
            )
        if durable > before:
            self._execute(durable)
        self._forget()
        self.hold_blocks(node.journal.blocks())
        self.hold_state(node)
        return durable - before

    def _forget(self) -> None:
        """What did not come back never happened."""
        if self._commit_failed:
            data = [offered.data for offered in self._offered]
            self._cut_off |= {b"".join(data), b"".join(data[:-1])}
        self._commit_failed = False
        while self._offered:
            self.withdraw()

    def _possible_ends(self) -> set[int]:
        """Where the journal may end: with or without the block that was being committed."""
        ends = {self.acknowledged}
        if self._commit_failed and self._offered:
            ends.add(self._offered[-1].last_sequence)
            if len(self._offered) > 1:
                ends.add(self._offered[-2].last_sequence)
        return ends

    def hold_state(self, node: Node) -> None:
        """Where nothing waits for its commit: the node's state is this engine's."""
        if node.sequence != self.acknowledged:
            raise Wrong(f"the node stands at {node.sequence}, the journal at {self.acknowledged}")
        ours, theirs = self.engine.state_hash(), node.engine.state_hash()
        if ours != theirs:
            raise Wrong(
                f"at sequence {self.acknowledged} the state is {theirs[:16]}, an engine fed the"
                f" same commands has {ours[:16]}"
            )
        self.hashes[self.acknowledged] = ours

    def hold_blocks(self, found: Iterable[Block], *, salvaged: bool = False) -> int:
        """Blocks of a journal must be these, from the first on; returns their last sequence.

        What was `salvaged` may end earlier, or with one block that was being committed when the
        process died: where LMDB's tree is destroyed, nobody can tell that it never counted.
        """
        last = 0
        expected = iter(self.blocks)
        for block in found:
            durable = next(expected, None)
            header = block.header
            if durable is None and salvaged and block.commands in self._cut_off:
                return self.acknowledged
            if durable is None or (header.first_sequence, header.last_sequence) != durable[:2]:
                raise Wrong(
                    f"the journal has a block {header.first_sequence}-{header.last_sequence},"
                    f" committed was {durable[:2] if durable else 'no more'}"
                )
            if block.commands != durable.commands:
                raise Wrong(f"block {header.first_sequence} has other commands than were sent")
            if block.events != durable.events:
                raise Wrong(f"journalled {first_difference_of(block.events, durable.events)}")
            last = header.last_sequence
        if last != self.acknowledged and not salvaged:
            raise Wrong(f"the blocks of the journal end with {last}, not {self.acknowledged}")
        return last

    def hold_index(self, lookup: Callable[[bytes], int | None]) -> None:
        """Every key leads to its command."""
        for key, (sequence, _) in self.keys.items():
            found = lookup(key)
            if found != sequence:
                raise Wrong(f"key {key.hex()} leads to {found}, its command is {sequence}")

    def hold_verification(self, verification: Verification) -> None:
        """`Journal.verify` has nothing to say."""
        if verification.findings or verification.commands != self.acknowledged:
            raise Wrong(
                f"verify: {verification.commands} commands of {self.acknowledged};"
                f" {'; '.join(verification.findings)}"
            )


def first_difference_of(ours: bytes, expected: bytes) -> str:
    """Where two streams of events part, in words: the journal's, and those of the oracle."""
    try:
        difference = first_difference(ours, expected)
    except (ValueError, JournalError) as error:
        return f"events can't be read: {error}"
    return (
        f"events differ at sequence {difference.sequence}, event {difference.index},"
        f" {difference.event}.{difference.field}: the node has {difference.journal_value!r},"
        f" an engine fed the same commands {difference.replay_value!r}"
    )
