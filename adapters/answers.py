"""Answers of the node: what a command caused, given out once its block is durable.

This file may hold events and decode them when asked, nothing else. All commands of a block
share one object that is filled by the commit, so waiting for an answer costs nothing.
"""

from collections.abc import Iterator

from adapters.replay import event_lists
from engine import Engine, records
from engine.records import Event
from journal import framing


class NotDurable(Exception):
    """The answer is not out yet: its block is not committed."""


class Committed:
    """A block that is durable now: which commands, and what they caused."""

    __slots__ = ("events", "first_sequence", "last_sequence")

    def __init__(self, first_sequence: int, last_sequence: int, events: bytes) -> None:
        self.first_sequence = first_sequence
        self.last_sequence = last_sequence
        self.events = events
        """Encoded events of the whole block, in order."""

    def answers(self) -> Iterator[tuple[int, list[Event]]]:
        """(sequence, events) of every command that caused events, in order."""
        return event_lists(self.events)

    def events_of(self, sequence: int) -> list[Event]:
        """The events of one command."""
        return [e for e in framing.records_of(self.events, sequence) if isinstance(e, Event)]


class OpenBlock:
    """The answers of one block, shared by all its `Submitted`; empty until it is durable."""

    __slots__ = ("engine", "events", "taken")

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.events: bytes | None = None
        self.taken: bytes | None = None
        """Events that the engine has no more: the block is complete, or durable."""


class Submitted:
    """A command that was accepted into a block, and its answer once that is durable."""

    __slots__ = ("_block", "_end", "_first_answer", "_start", "repeated", "sequence")

    def __init__(self, sequence: int, block: OpenBlock | None, start: int, end: int) -> None:
        self.sequence = sequence
        self.repeated = False
        """Its client key was known: this is the first command's answer, nothing was done."""
        self._block = block
        self._start = start
        self._end = end
        self._first_answer: list[Event] = []

    @property
    def durable(self) -> bool:
        """Whether the answer may be given out."""
        return self._block is None or self._block.events is not None

    @property
    def events(self) -> list[Event]:
        """The answer: the events of the command. Raises `NotDurable` before the commit."""
        if self._block is None:
            return self._first_answer
        if self._block.events is None:
            raise NotDurable(f"sequence {self.sequence} is not committed yet")
        return list(records.decode_all(self._block.events[self._start : self._end]))

    def provisional_events(self) -> list[Event]:
        """The events before they are durable, for a simulation that plays its own clients.

        Nobody outside the process may be told these: a failed commit takes them back.
        """
        if self._start == self._end:
            return []
        if self._block is None:
            return self.events
        data = self._block.taken
        if data is None:
            data = bytes(self._block.engine.events_view()[self._start : self._end])
        else:
            data = data[self._start : self._end]
        return list(records.decode_all(data))

    @classmethod
    def from_journal(cls, sequence: int, events: list[Event]) -> "Submitted":
        """The first answer to a command that is journalled."""
        first = cls(sequence, None, 0, 0)
        first.repeated = True
        first._first_answer = events
        return first

    def repeat(self) -> "Submitted":
        """The same answer, for the same key sent again."""
        again = Submitted(self.sequence, self._block, self._start, self._end)
        again.repeated = True
        again._first_answer = self._first_answer
        return again
