"""The node: an engine, its journal and its snapshots in one directory, with one writer.

This file may sequence, commit and recover; it decides nothing about trading and reads no
clock (the caller brings the time). The way of a command:

    submit   1 stamp: next sequence, the caller's time
             2 known client key? the first answer again, or `KeyConflict`
             3 apply: the core turns it into events
             4 add it to the open block
    commit   5 one durable block of commands, events and client keys
             6 only now are the answers given out

Recovery (newest valid snapshot, then the tail of the journal, every event compared) is
the only way to start. After a failed commit memory is ahead of the journal, so the node
is dead: every further call raises, and the process should end.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from adapters.answers import Committed, NotDurable, Submitted
from adapters.client_keys import KeyConflict, check_block, compare, journalled, key_of
from adapters.hook_plugin import (
    WITHOUT_HOOKS,
    HookFailed,
    apply,
    describe,
    guarded,
    identity_digest,
    identity_of,
)
from adapters.pending_block import PendingBlock
from adapters.recovery import check_hooks, execute_tail
from adapters.replay import (
    JOURNAL_FOLDER,
    SNAPSHOT_FOLDER,
    OtherHooks,
    ReplayDiffers,
    restore,
)
from adapters.stamp import stamped, takes_key
from engine import Engine, Hooks, records
from engine.records import Command, Config, HookSet, Rejected
from journal import JournalError, LmdbJournal, Progress
from snapshots import SnapshotError, SnapshotInfo, SnapshotStore

COMMIT_RECORDS = 4_096
"""Commands after which a block is committed without being asked."""
COMMIT_BYTES = 1 << 20
"""Bytes of commands after which a block is committed without being asked."""


class NodeFailed(JournalError):
    """The node stopped at an earlier failure and can't be used; the process should end."""


class Node:
    """One writer on one directory. `Node.open` makes it; a context manager closes it."""

    def __init__(
        self, directory: Path, journal: LmdbJournal, engine: Engine, hooks: Hooks | None
    ) -> None:
        self.directory = directory
        self.engine = engine
        """For questions about the state. Commands go through `submit`, never through it."""
        self.journal = journal
        """For questions about what is durable."""
        self.reports: list[str] = []
        """What recovery had to say: snapshots that were skipped, and why."""
        self.recovered_commands = 0
        """Commands that recovery executed again, after the snapshot it began with."""
        self.commit_records = COMMIT_RECORDS
        self.commit_bytes = COMMIT_BYTES
        self.commit_behind = False
        """Full blocks are committed without waiting (see `commit`): at most one is on its way.

        No snapshot can be taken in `on_commit` then: there may be commands after its block.
        """
        self.on_commit: Callable[[Committed], None] | None = None
        """Called with every block once it is durable, also with those committed by themselves.

        It may ask and take a snapshot; `submit`, `submit_block`, `commit` and `close` raise
        `ValueError` in it. An exception that it raises takes nothing back: the block is durable
        and answered, the node lives on, and the exception reaches the caller of the call that
        committed. Whether the command of that call was taken, too, `sequence` tells.
        """
        self._telling = False
        self._sequence = engine.sequence
        self._open = PendingBlock(engine)
        self._leaving = PendingBlock(engine)
        self._on_its_way: Committed | None = None
        """What `_leaving` will have been, while a thread commits it."""
        self._event_end = 0
        self._hook_identity = identity_of(hooks)
        self._hook_digest = identity_digest(self._hook_identity)
        self._failure = ""
        self._closed = False

    # ------------------------------------------------------------ opening: recovery

    @classmethod
    def open(
        cls,
        directory: str | Path,
        *,
        create: bool = False,
        hooks: Hooks | None = None,
        any_hooks: bool = False,
        use_snapshot: bool = True,
        progress: Progress | None = None,
        commit_records: int = COMMIT_RECORDS,
        commit_bytes: int = COMMIT_BYTES,
        on_commit: Callable[[Committed], None] | None = None,
    ) -> "Node":
        """The node of a directory, recovered to the end of its journal.

        `create` makes a journal where there is none. `any_hooks` goes on with other hooks than
        the journal names (what is executed again must still give the journal's events).
        Raises `JournalError`: no journal, in use, damaged, of another version, other
        hooks (`OtherHooks`), or events that differ (`ReplayDiffers`). `HookFailed` for a hook
        that fails.
        """
        directory = Path(directory)
        hooks = guarded(hooks)
        identity = identity_of(hooks)
        journal = LmdbJournal.open(directory / JOURNAL_FOLDER, writable=True, create=create)
        try:
            check_hooks(journal, identity, any_hooks)
            reports: list[str] = []
            snapshot_folder = directory / SNAPSHOT_FOLDER if use_snapshot else None
            engine = restore(journal, snapshot_folder, hooks, reports=reports)
            start = engine.sequence
            execute_tail(journal, engine, hooks, any_hooks, progress)
            node = cls(directory, journal, engine, hooks)
            node.reports = reports
            node.recovered_commands = engine.sequence - start
            node.commit_records = commit_records
            node.commit_bytes = commit_bytes
            node.on_commit = on_commit
            node._record_hooks(identity)
            return node
        except BaseException:
            journal.close()
            raise

    def _record_hooks(self, identity: HookSet | None) -> None:
        """Journals the identity of the hooks where it is not the one in force."""
        if self.journal.tail().hook_identity == self._hook_digest:
            return
        self._add(identity or WITHOUT_HOOKS, self.engine.time_ns, b"")
        if any(isinstance(e, Rejected) for e in records.decode_all(self.engine.events_view())):
            raise JournalError(f"{self.directory}: the core refuses {describe(identity)}")
        self.commit()

    # ------------------------------------------------------------ commands

    @property
    def sequence(self) -> int:
        """Of the last submitted command; `durable_sequence` may be behind."""
        return self._sequence

    @property
    def durable_sequence(self) -> int:
        """Of the last command that survives a loss of power."""
        return self.journal.tail().last_sequence

    def submit(self, record: Command | Config, time_ns: int) -> Submitted:
        """Stamps and applies one command; its answer comes with the commit of its block.

        `time_ns`: when it arrived, nanoseconds since 1970-01-01 UTC. A command whose client
        key is known is not applied: with the same content the first answer is given again
        (`repeated`), with another `KeyConflict` is raised, once the first is durable. `ValueError`
        or `TypeError` for what is no command; nothing has changed then. `HookFailed` ends the
        node. What `on_commit` raises comes through where this call commits.
        """
        if self._failure or self._closed or self._telling:
            self._check_ready()
        if not isinstance(time_ns, int):
            raise TypeError(f"time_ns {time_ns!r} is no integer")
        if takes_key(record):
            key = key_of(record)
            if key:
                first = self._first_with_key(key, record)
                return self._add(record, time_ns, key) if first is None else first
        return self._add(record, time_ns, b"")

    def submit_block(self, commands: bytes) -> Committed | None:
        """Applies encoded commands that carry the next sequences and their times already.

        For bulk work: no record is decoded. Returns the last block that was committed on the
        way, or None. Raises `ValueError` or `CorruptRecord`, and nothing has changed, for bytes
        that don't begin with the next sequence, are no records, carry a client key that is
        known, or a `HookSet`; what only the core finds wrong, and `HookFailed`, ends the node. What
        `on_commit` raises comes through, before or after these commands were applied.
        """
        self._check_ready()
        keys = check_block(commands, self._sequence + 1, self.journal, self._is_pending)
        first = self._sequence + 1
        time_ns = int.from_bytes(commands[16:24], "little")
        committed = None
        if not self._open.is_empty and (
            self._open.draft.command_bytes + len(commands) > self.commit_bytes
        ):
            committed = self.commit(wait=not self.commit_behind)
        self._apply(commands)
        self._sequence = last = self.engine.sequence
        self._open.add_bulk(commands, first, last, time_ns, keys)
        self._event_end = len(self.engine.events_view())
        return self._commit_if_full() or committed

    def _add(self, record: Command | Config, time_ns: int, key: bytes) -> Submitted:
        """Steps 1, 3 and 4 of the way of a command."""
        engine = self.engine
        sequence = self._sequence + 1
        data, time_ns = stamped(record, sequence, time_ns, engine.time_ns)
        self._apply(data)
        self._sequence = sequence
        self._open.draft.add(data, sequence, sequence, time_ns)
        start, end = self._event_end, len(engine.events_view())
        self._event_end = end
        submitted = Submitted(sequence, self._open.answers, start, end)
        if key:
            self._open.add_key(key, record, submitted)
        self._commit_if_full()
        return submitted

    def _apply(self, commands: bytes) -> None:
        """The core does its work. Whatever it raises leaves it unusable, and the node dead."""
        try:
            apply(self.engine, commands, self._hook_identity)
        except BaseException as error:
            self._failure = f"the core stopped after sequence {self.engine.sequence}: {error}"
            raise

    # ------------------------------------------------------------ client keys

    def _first_with_key(self, key: bytes, record: Command | Config) -> Submitted | None:
        """The answer to the first command with this key, or None where it is new."""
        known = self._open.keyed.get(key) or self._leaving.keyed.get(key)
        if known is not None:
            command, first = known
            try:
                compare(key, first.sequence, command, record)
            except KeyConflict:
                self.commit()  # the refusal names the first command: a crash must not undo that
                raise
            return first.repeat()
        if self._is_pending(key):
            self.commit()
        return journalled(key, record, self.journal)

    def _is_pending(self, key: bytes) -> bool:
        """A command of a block that is not durable carries this key."""
        return self._open.holds(key) or self._leaving.holds(key)

    # ------------------------------------------------------------ commit

    def commit(self, *, wait: bool = True) -> Committed | None:
        """Makes the open block durable and gives out its answers; None if there are none.

        Without `wait` a thread makes the commit, commands may follow meanwhile, and the answers
        come with a later commit: this one gives out those of the block before. Raises
        `JournalFailed` when a commit failed; the node is dead then. What `on_commit` raises
        comes through; the block that it was called with is durable then.
        """
        self._check_ready()
        before = self._finish_commit()
        if self._open.is_empty:
            return before
        leaving, engine = self._open, self.engine
        events = engine.events_view()
        try:
            self.journal.append(
                leaving.draft, events, engine.time_ns, self._hook_digest, behind=not wait
            )
        except BaseException as error:
            self._failure = str(error)
            raise
        self._on_its_way = leaving.take_events()
        self._event_end = 0
        self._open, self._leaving = self._leaving, leaving
        return self._finish_commit() if wait else before

    def _finish_commit(self) -> Committed | None:
        """Waits for the block on its way, if there is one, and gives out its answers."""
        committed = self._on_its_way
        if committed is None:
            return None
        try:
            self.journal.finish_append()
        except BaseException as error:
            self._failure = str(error)
            raise
        self._on_its_way = None
        self._leaving.give_out()
        if self.on_commit is not None:
            self._telling = True
            try:
                self.on_commit(committed)
            finally:
                self._telling = False
        return committed

    def _commit_if_full(self) -> Committed | None:
        if self._open.is_full(self.commit_records, self.commit_bytes):
            return self.commit(wait=not self.commit_behind)
        return None

    # ------------------------------------------------------------ snapshots and the end

    def snapshot(self, *, keep: int | None = None) -> SnapshotInfo:
        """Commits, then stores a snapshot; `keep`: and removes all but so many of them.

        Raises `SnapshotError` when it can't be stored; the node lives on.
        """
        self._check_alive()
        if self._on_its_way is not None or not self._open.is_empty:
            self.commit()
        tail = self.journal.tail()
        state = self.engine.state_bytes()
        state_hash = hashlib.blake2b(state, digest_size=32).hexdigest()  # Engine.state_hash
        store = SnapshotStore.open(self.directory / SNAPSHOT_FOLDER, writable=True)
        try:
            info = store.write(
                tail.last_sequence, self.engine.time_ns, tail.block_hash, state_hash, state
            )
            if keep is not None:
                store.prune(keep)
        finally:
            store.close()
        return info

    def close(self) -> None:
        """Commits the open block and ends; a dead node just ends."""
        if self._closed:
            return
        self._check_not_telling()
        try:
            if not self._failure:
                self._finish_commit()
        finally:
            self._commit_and_end()

    def _commit_and_end(self) -> None:
        """The last part of closing, also when what was told of the block before raised."""
        try:
            if not self._failure:
                self.commit()
        finally:
            self._closed = True
            self.journal.close()

    def __enter__(self) -> "Node":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None and not self._failure:
            self._failure = f"left by {kind.__name__ if kind else 'an exception'}"
        self.close()

    def _check_ready(self) -> None:
        """Raises unless commands and commits may come now."""
        self._check_alive()
        self._check_not_telling()

    def _check_not_telling(self) -> None:
        if self._telling:
            raise ValueError("on_commit: submit, commit and close must wait until it has returned")

    def _check_alive(self) -> None:
        if self._failure:
            raise NodeFailed(f"{self.directory}: the node has stopped: {self._failure}")
        if self._closed:
            raise NodeFailed(f"{self.directory}: the node is closed")


__all__ = [
    "Committed",
    "HookFailed",
    "KeyConflict",
    "Node",
    "NodeFailed",
    "NotDurable",
    "OtherHooks",
    "ReplayDiffers",
    "SnapshotError",
    "Submitted",
]
