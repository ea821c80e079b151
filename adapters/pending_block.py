"""A block that is not durable: its commands, their answers, and the client keys in it.

This file may hold them and say which keys are among them. A node has one that is open, and, if
it commits behind, one more that is on its way to the disk.
"""

from adapters.answers import Committed, OpenBlock, Submitted
from engine import Engine
from engine.records import Command, Config
from journal import BlockDraft


class PendingBlock:
    """Commands that are applied and not durable yet. `clear` makes it ready for the next."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.draft = BlockDraft()
        self.clear()

    def clear(self) -> None:
        """Forgets the block, and keeps the memory of its commands."""
        self.draft.clear()
        self.answers = OpenBlock(self.engine)
        """Shared by the `Submitted` of the block."""
        self.keyed: dict[bytes, tuple[Command | Config, Submitted]] = {}
        """By client key: commands that came one by one."""
        self.bulk_keys: set[bytes] = set()
        """Client keys of commands that came in blocks."""

    @property
    def is_empty(self) -> bool:
        """Whether there is no command in it."""
        return not self.draft.first_sequence

    def is_full(self, most_commands: int, most_bytes: int) -> bool:
        """Whether it has so many commands or bytes of them, or more."""
        count = self.draft.last_sequence - self.draft.first_sequence + 1
        return count >= most_commands or self.draft.command_bytes >= most_bytes

    def add_bulk(
        self, commands: bytes, first: int, last: int, time_ns: int, keys: list[tuple[bytes, int]]
    ) -> None:
        """Commands that came in one block, with the client keys among them."""
        self.draft.add(commands, first, last, time_ns)
        self.draft.keys += keys
        self.bulk_keys.update(key for key, _ in keys)

    def add_key(self, key: bytes, record: Command | Config, submitted: Submitted) -> None:
        """The last command has this client key."""
        self.draft.keys.append((key, submitted.sequence))
        self.keyed[key] = (record, submitted)

    def holds(self, key: bytes) -> bool:
        """Whether a command in it carries this client key."""
        return key in self.keyed or key in self.bulk_keys

    def take_events(self) -> Committed:
        """What the block will have been once it is durable; the engine's events are taken out."""
        self.answers.taken = self.engine.take_events()
        return Committed(self.draft.first_sequence, self.draft.last_sequence, self.answers.taken)

    def give_out(self) -> None:
        """The block is durable: so are its answers."""
        self.answers.events = self.answers.taken
        self.clear()
