"""What the campaigns do with a node, and what must hold when it is opened again.

This file may drive a node and compare; it makes no fault. A `Script` is a small day whose
results are known: the state hash after every command and the events of every keyed one, from
an engine in memory that never saw a disk. A `Session` takes it through a node in commits of
random size, with snapshots, and keeps account of what was acknowledged. `recovered` opens
what a fault left, and says what is wrong with it.
"""

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

from adapters.client_keys import key_of
from adapters.node import Committed, Node, Submitted
from engine import Engine, records
from engine.records import Event
from journal import JournalError, environment
from snapshots import SnapshotError
from tests.small_day import Item, day

SMALL_MAP: Final = 1 << 17
SMALL_STEP: Final = 1 << 15
MOST_RETRIES: Final = 100
"""Of the client keys in a longer journal so many are tried again, chosen by chance."""
NEWEST_RETRIES: Final = 10
"""And of these all."""


def make_stores_small() -> None:
    """Makes map and file grow every few commits, so that growth is met in a short session.

    The figures are those of the shipped code, only smaller; what it does with them is the same.
    """
    for name, value in (
        ("FIRST_MAP_BYTES", SMALL_MAP),
        ("_SMALLEST_STEP", SMALL_STEP),
        ("_SPARE", SMALL_STEP),
    ):
        assert hasattr(environment, name), f"journal/environment.py has no {name}"
        setattr(environment, name, value)


class Script:
    """The commands of a seed, and what they lead to."""

    def __init__(self, seed: int, n_commands: int) -> None:
        self.seed = seed
        self.items: list[Item] = list(day(seed, n_commands))
        engine = Engine()
        self.hashes = [engine.state_hash()]
        """State hash by sequence."""
        self.answers: dict[int, list[Event]] = {}
        """Sequence of a command with a client key -> its events."""
        for sequence, (command, time_ns) in enumerate(self.items, 1):
            engine.apply(records.encode(command, sequence, time_ns))
            events = list(records.decode_all(engine.take_events()))
            if key_of(command):
                self.answers[sequence] = [e for e in events if isinstance(e, Event)]
            self.hashes.append(engine.state_hash())

    @property
    def length(self) -> int:
        return len(self.items)


class Session:
    """A node at work on a script, from wherever its journal ends."""

    def __init__(self, script: Script, folder: Path, random: Random, *, waits: bool = True) -> None:
        """`waits`: for every commit; else for some, and the others are made behind."""
        self.waits = waits
        self.script = script
        self.folder = folder
        self.random = random
        self.node: Node | None = None
        self.submitted = 0
        """Sequence of the last command given to a node, ever."""
        self._acknowledged = 0
        self._last: Submitted | None = None
        self.snapshot_failures: list[str] = []

    @property
    def acknowledged(self) -> int:
        """The last sequence whose sender could know that it is done, in whatever way."""
        if self._last is not None and self._last.durable:
            self._acknowledged = max(self._acknowledged, self._last.sequence)
        return self._acknowledged

    def open(self) -> Node:
        """Opens the node, which makes the journal where nothing was acknowledged yet."""
        create = not self.acknowledged
        self.node = Node.open(self.folder, create=create, on_commit=self._told)
        self._told_up_to(self.node.durable_sequence)
        return self.node

    def _told(self, committed: Committed) -> None:
        self._told_up_to(committed.last_sequence)

    def _told_up_to(self, sequence: int) -> None:
        self._acknowledged = max(self._acknowledged, sequence)

    def steps(self, n_commits: int, snapshot_every: int = 4) -> Iterator[None]:
        """So many commits of random size, now and then a snapshot; yields after each."""
        assert self.node is not None
        for number in range(1, n_commits + 1):
            for _ in range(self.random.randrange(1, 12)):
                if self.node.sequence < self.script.length:
                    command, time_ns = self.script.items[self.node.sequence]
                    self.submitted = max(self.submitted, self.node.sequence + 1)
                    self._last = self.node.submit(command, time_ns)
            self.node.commit(wait=self.waits or self.random.randrange(2) == 0)
            yield
            if number % snapshot_every == 0:
                try:
                    self.node.snapshot(keep=2)
                except SnapshotError as error:
                    self.snapshot_failures.append(str(error))
                yield

    def close(self) -> None:
        if self.node is not None:
            self.node.close()
            self.node = None

    def abandon(self) -> None:
        """Ends the use of the files as the end of the process does: nothing is written."""
        if self.node is not None:
            self.node.journal.close()
            self.node = None
        assert not environment._open_environments, "the next opening must be a new one"


class Outcome(NamedTuple):
    """What came of opening a folder again."""

    wrong: str
    """What is not as it must be; "" if nothing."""
    durable: int = 0
    """The last sequence that was there."""


def recovered(
    script: Script, folder: Path, at_least: int, at_most: int, *, to_the_end: bool = False
) -> Outcome:
    """Opens what was left with the shipped node, and says what is wrong with it.

    `at_least`: the last sequence that was acknowledged; `at_most`: the last that was submitted.
    `to_the_end`: goes through the whole rest of the script, not only one command more.
    """
    try:
        node = Node.open(folder, create=not at_least)
    except JournalError as error:
        return Outcome(f"it does not open: {type(error).__name__}: {error}")
    try:
        durable = node.durable_sequence
        wrong = _wrong_with(script, node, at_least, at_most)
        return Outcome(wrong or _goes_on(script, node, to_the_end), durable)
    except JournalError as error:
        return Outcome(f"{type(error).__name__}: {error}")
    finally:
        node.journal.close()


def _wrong_with(script: Script, node: Node, at_least: int, at_most: int) -> str:
    """What recovery brought back, held against the script."""
    durable = node.durable_sequence
    if not at_least <= durable <= at_most:
        lost = "acknowledged commands are lost" if durable < at_least else "more than was sent"
        return f"it ends with {durable}, expected were {at_least} to {at_most}: {lost}"
    if node.sequence != durable or node.engine.state_hash() != script.hashes[durable]:
        return f"its state at {durable} is not that of an engine fed the same commands"
    found = node.journal.verify()
    if found.findings or found.commands != durable:
        return f"verify: {found.commands} commands of {durable}, {'; '.join(found.findings)}"
    keyed = [s for s in script.answers if s <= durable]
    if len(keyed) > MOST_RETRIES:
        keyed = Random(durable).sample(keyed, MOST_RETRIES) + keyed[-NEWEST_RETRIES:]
    return same_answers(script, node, keyed)


def same_answers(script: Script, node: Node, sequences: list[int]) -> str:
    """Retries of commands that are journalled: the first answers, and nothing is done."""
    before = node.sequence
    for sequence in sequences:
        command, time_ns = script.items[sequence - 1]
        again = node.submit(command, time_ns + 1)
        if not again.repeated or again.sequence != sequence:
            return f"the retry of sequence {sequence} was taken as {again.sequence}"
        if again.events != script.answers[sequence]:
            return f"the retry of sequence {sequence} was answered differently"
    return "" if node.sequence == before else "a retry was executed"


def _goes_on(script: Script, node: Node, to_the_end: bool) -> str:
    """The node takes what comes next: what was sent and lost is sent again and done once."""
    first = node.sequence
    last = script.length if to_the_end else min(first + 1, script.length)
    for command, time_ns in script.items[first:last]:
        if node.submit(command, time_ns).repeated:
            return f"sequence {node.sequence + 1}: a new command is answered as a repeated one"
    node.commit()
    if node.durable_sequence != last or node.engine.state_hash() != script.hashes[last]:
        return f"after going on from {first} to {node.durable_sequence} the state is another"
    return ""
