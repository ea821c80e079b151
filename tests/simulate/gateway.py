"""The gateway: messages go into the node, answers go out once they are durable.

This file may speak with the node as a gateway does. Before every call the oracle says what must
come of it: a new command gets the next sequence; one whose key is known gets the first answer
again, or `KeyConflict` where it says something else; what is no command is refused with
`ValueError` or `TypeError` and leaves no trace. No answer leaves before its block is durable.
"""

from collections import Counter
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any

from adapters.client_keys import key_of
from adapters.node import KeyConflict, Node, Submitted
from engine import records
from engine.records import Command, Config
from tests.simulate.clients import Answer, Reply
from tests.simulate.machine import Machine
from tests.simulate.network import Network
from tests.simulate.nonsense import no_block, no_command, poison
from tests.simulate.oracle import NOTHING, Wrong
from tests.simulate.swarm import Swarm

Item = tuple[Command | Config, int]
"""A command and its time."""
POISON = 0.04
"""Share of the nonsense that ends the node."""
ASKED_AGAIN = 5
"""Old commands that are sent again after a recovery."""


class Gateway:
    """Stands before the machine; where no node lives, messages go nowhere."""

    def __init__(
        self,
        machine: Machine,
        network: Network,
        random: Random,
        swarm: Swarm,
        notes: Counter[str],
    ) -> None:
        self.commands = 0
        """Taken by a node, also those that were lost again."""
        self._machine = machine
        self._oracle = machine.oracle
        self._network = network
        self._random = random
        self._commit_chance = 1 / swarm.commands_per_commit
        self._notes = notes
        self._waiting: list[tuple[Submitted, Reply | None]] = []
        """Answers that are not out yet."""
        machine.on_end.append(self._waiting.clear)
        machine.on_start.append(self._ask_again)

    # ------------------------------------------------------------ one command

    def submit(
        self, record: Command | Config, reply: Reply | None = None, *, undated: bool = False
    ) -> None:
        """A command arrives. `undated`: the node takes its own last time for it."""
        node = self._machine.node
        if node is None:
            self._notes["messages to a dead machine"] += 1
            return
        time_ns = 0 if undated else self._machine.clock.read()
        key = key_of(record)
        known = self._oracle.keys.get(key) if key else None
        if known is None:
            self._new(node, record, time_ns, reply)
        else:
            self._repeated(node, record, time_ns, known, reply)
        if self._random.random() < self._commit_chance:
            self.commit()

    def _new(self, node: Node, record: Command | Config, time_ns: int, reply: Reply | None) -> None:
        sequence = self._oracle.offer(record, time_ns or node.engine.time_ns)
        submitted = self._machine.call(node.submit, record, time_ns)
        if submitted is None:
            return
        if submitted.repeated or submitted.sequence != sequence:
            raise Wrong(f"a new command is given {submitted.sequence}, {sequence} was next")
        self.commands += 1
        if reply is not None:
            self._waiting.append((submitted, reply))
        if submitted.durable:
            self.give_answers()

    def _repeated(
        self,
        node: Node,
        record: Command | Config,
        time_ns: int,
        known: tuple[int, Command | Config],
        reply: Reply | None,
    ) -> None:
        """The key is known: the first answer again, or a refusal that changes nothing."""
        sequence, first = known
        before = node.sequence
        try:
            again = self._machine.call(node.submit, record, time_ns)
        except KeyConflict as conflict:
            self._check_conflict(conflict, sequence, first, record)
            if node.sequence != before:
                raise Wrong(f"executed, though refused: {conflict}") from conflict
            self._notes["key conflicts"] += 1
            if reply is not None:
                self._network.send(reply, Answer(sequence, NOTHING, conflict=True))
            return
        if again is None:
            return
        if first != record:
            raise Wrong(f"{record} was taken for {first}, sequence {sequence}, which has its key")
        if not again.repeated or again.sequence != sequence or node.sequence != before:
            raise Wrong(f"{first}, sequence {sequence}, was executed again as {again.sequence}")
        self._notes["answers repeated"] += 1
        self._waiting.append((again, reply))
        self.give_answers()

    def _check_conflict(
        self,
        conflict: KeyConflict,
        sequence: int,
        first: Command | Config,
        record: Command | Config,
    ) -> None:
        """A conflict names the first command with the key, and a field in which they differ."""
        if first == record or conflict.sequence != sequence:
            raise Wrong(f"sequence {sequence} has this key: {first}; but {conflict}") from conflict
        name = conflict.field
        if name == "command":
            differs = type(first) is not type(record)
        else:
            differs = getattr(first, name) != getattr(record, name)
        if not differs:
            raise Wrong(f"{name} is no field that differs: {conflict}") from conflict

    def _ask_again(self) -> None:
        """After a recovery some old commands are sent again, whoever sent them."""
        keyed = [record for _, record in self._oracle.keys.values()]
        for record in self._random.sample(keyed, min(ASKED_AGAIN, len(keyed))):
            if self._machine.node is not None:
                self.submit(record)

    # ------------------------------------------------------------ many commands

    def submit_block(self, items: list[Item]) -> None:
        """Commands that carry their times arrive together, encoded."""
        node = self._machine.node
        if node is None:
            return
        if any(key_of(record) in self._oracle.keys for record, _ in items):
            data = encoded(items, node.sequence + 1)
            self._refused("a bulk with a known key", node, partial(node.submit_block, data))
            return
        data = self._oracle.offer_block(items)
        self._machine.call(node.submit_block, data)
        if self._machine.node is node:
            self.commands += len(items)
            self._notes["commands in bulk"] += len(items)
            self.give_answers()

    # ------------------------------------------------------------ answers

    def commit(self) -> None:
        self._machine.commit()
        self.give_answers()

    def give_answers(self) -> None:
        """Sends what is durable now; an answer must say what the command led to."""
        still = []
        for submitted, reply in self._waiting:
            if not submitted.durable:
                still.append((submitted, reply))
                continue
            events = submitted.events
            expected = self._oracle.answer(submitted.sequence)
            if events != expected:
                raise Wrong(
                    f"sequence {submitted.sequence} is answered {events}, it led to {expected}"
                )
            if reply is not None:
                self._network.send(reply, Answer(submitted.sequence, events))
        self._waiting[:] = still

    # ------------------------------------------------------------ nonsense

    def nonsense(self) -> None:
        """Somebody sends what is no command."""
        node, random = self._machine.node, self._random
        if node is None:
            return
        sequence, time_ns = node.sequence + 1, node.engine.time_ns
        if random.random() < POISON:
            self._poison(node, poison(random, sequence, time_ns))
        elif random.randrange(2):
            newest = next(reversed(self._oracle.keys.values()), None)
            data = no_block(random, sequence, time_ns, newest[1] if newest else None)
            told = f"a block that begins with {data[:16].hex()}"
            self._refused(told, node, partial(node.submit_block, data))
        else:
            told, record, stamp = no_command(random)
            self._refused(told, node, partial(node.submit, record, stamp))

    def _refused(self, told: str, node: Node, call: Callable[[], Any]) -> None:
        """A call that must raise `ValueError` or `TypeError` and leave everything as it is."""
        closely = self._random.randrange(4) == 0
        before = self._traces(node, closely)
        try:
            self._machine.call(call)
        except (ValueError, TypeError):
            if self._traces(node, closely) != before:
                raise Wrong(f"{told} was refused, and has changed something") from None
            self._notes["nonsense refused"] += 1
        else:
            raise Wrong(f"{told} was taken")

    def _traces(self, node: Node, closely: bool) -> tuple[int, int, bytes, str]:
        """What must be as before after a refusal."""
        state_hash = node.engine.state_hash() if closely else ""
        return node.sequence, node.durable_sequence, bytes(node.engine.events_view()), state_hash

    def _poison(self, node: Node, data: bytes) -> None:
        """Bytes that only the core finds wrong end the node; nothing of them is journalled."""
        try:
            self._machine.call(node.submit_block, data)
        except ValueError as error:
            self._notes["nodes ended by poison"] += 1
            self._machine.check_dead(node, error)
            self._machine.crash(power=self._random.randrange(2) == 0, why="poison")
        else:
            if self._machine.node is node:
                raise Wrong("bytes that are no commands were taken")


def encoded(items: list[Item], sequence: int) -> bytes:
    """Commands with their times as one block."""
    return b"".join(
        records.encode(r, sequence + k, time_ns) for k, (r, time_ns) in enumerate(items)
    )
