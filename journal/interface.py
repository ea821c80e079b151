"""What the rest of Lockstep may ask of a journal; a second backend implements this.

This file may hold the interface only. A journal is a list of blocks and an index of
client keys. One process appends; any number of processes read, also meanwhile.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

from engine.records import Command, Event
from journal.block import Block, BlockDraft, BlockHeader

Progress = Callable[[int, int], None]
"""Called with (sequences done, sequences in all) now and then during long work."""


class Answer(NamedTuple):
    """A journalled command and the events it caused: what its sender was told."""

    command: Command
    events: list[Event]


class Verification(NamedTuple):
    """What `Journal.verify` found: nothing wrong if `findings` is empty."""

    blocks: int
    commands: int
    events: int
    keys: int
    findings: list[str]
    """One sentence each: file, block, sequence, what was expected."""


class Journal(Protocol):
    """An append-only, checked list of blocks.

    Every method may raise `CorruptJournal`. Sequences count commands from 1.
    """

    @property
    def name(self) -> str:
        """Where it is, for messages."""

    def tail(self) -> BlockHeader:
        """The header of the last block (`BEFORE_FIRST` when there is none), as of now."""

    def append(
        self,
        draft: BlockDraft,
        events: bytes | memoryview,
        last_time_ns: int,
        hook_identity: bytes,
        *,
        behind: bool = False,
    ) -> BlockHeader:
        """Stores a block durably, with its client keys, and returns its header.

        When it returns, the block survives a loss of power. Raises `JournalFailed` if the
        commit failed; the journal object then refuses all further use. `ValueError`, and
        nothing stored, if the draft does not continue the journal.

        `behind`: a thread makes the commit, and `finish_append` tells how it ended. Until then
        the journal answers as if the block were not there and takes no other, and the draft may
        not change.
        """

    def finish_append(self) -> None:
        """Waits for the block that was begun, if there is one. Raises as `append` does."""

    def blocks(self, from_sequence: int = 1, to_sequence: int | None = None) -> Iterator[Block]:
        """Checked blocks in order, from the one that holds `from_sequence`, up to that with
        `to_sequence` (default: the last one there is when it is reached)."""

    def block_at(self, sequence: int) -> Block | None:
        """The checked block that holds a sequence, or None."""

    def chain_hash_at(self, sequence: int) -> bytes | None:
        """The hash of the block that ends with a sequence; None if no block ends there."""

    def lookup_key(self, key: bytes) -> int | None:
        """The sequence of the command with this client key (16 bytes), or None."""

    def answer(self, sequence: int) -> Answer | None:
        """The command under a sequence with its events, or None."""

    def verify(self, progress: Progress | None = None) -> Verification:
        """Reads and checks everything, and goes on after a finding."""

    def close(self) -> None:
        """Ends the use of the journal. Nothing is written."""
