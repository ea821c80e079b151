"""Everything is a replay: the journal run through the core again, to its end or to a point.

This file may read a journal and its snapshots and drive an engine; it writes nothing.
Recovery (`node.py`), `lockstep replay`, an analyst's "what was it at 14:03" and a
determinism test are all `restore` and `Rerun.step` below: a start (the newest valid snapshot,
or nothing), then block after block, each compared with what the journal says it caused.
No record is looked at one by one, except in the block where a replay is told to stop, and
where a difference is found.
"""

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

from adapters.hook_plugin import apply, describe, guarded, identity_digest, identity_of
from engine import Engine, Hooks, records
from engine.records import CorruptRecord, Event, HookSet
from journal import Block, CorruptJournal, Journal, JournalError, LmdbJournal, Progress, framing
from snapshots import SnapshotError, SnapshotStore

JOURNAL_FOLDER = "journal"
SNAPSHOT_FOLDER = "snapshots"


class OtherHooks(JournalError):
    """The journal was decided with other hooks than those given."""


class ReplayDiffers(JournalError):
    """Recovery gave other events than the journal holds; `difference` says where."""

    def __init__(self, name: str, difference: "Difference") -> None:
        self.difference = difference
        super().__init__(f"{name}: recovery differs from the journal: {difference}")


@dataclass(frozen=True)
class Difference:
    """The first place where the events of a replay are not those of the journal."""

    sequence: int
    """The command that caused the event."""
    index: int
    """Which of its events, from 0."""
    event: str
    """Class of the event (the journal's, or the replay's where the journal has none)."""
    field: str
    """The field, or "event" where one side has an event that the other has not."""
    journal_value: Any
    replay_value: Any

    def __str__(self) -> str:
        return (
            f"sequence {self.sequence}, event {self.index}, {self.event}.{self.field}:"
            f" the journal has {self.journal_value!r}, the replay {self.replay_value!r}"
        )


@dataclass(frozen=True)
class ReplayResult:
    """Where a replay ended and what it did."""

    sequence: int
    time_ns: int
    state_hash: str
    commands: int
    """Commands that were executed again (those before the snapshot are not)."""
    events: int
    seconds: float
    """Of the replay itself: start, reading, executing, comparing; not the state hash."""
    difference: Difference | None
    """The first difference found with `verify`; the replay stops there."""
    engine: Engine = field(repr=False, compare=False)
    """The engine at the end; after a difference, at the end of the block that differs."""
    snapshot_sequence: int = 0
    """Where it began; 0: from the start of the journal."""
    reports: tuple[str, ...] = ()
    """Snapshots that were skipped, and why."""


def replay(
    directory: str | Path,
    *,
    to_sequence: int | None = None,
    to_time_ns: int | None = None,
    use_snapshot: bool = True,
    verify: bool = False,
    hooks: Hooks | None = None,
    any_hooks: bool = False,
    progress: Progress | None = None,
) -> ReplayResult:
    """Executes the journal in `directory` again, up to a sequence or a time or its end.

    `to_time_ns`: up to the last command before the first that is later. `verify`: compare
    every event with the journal's, byte for byte. The directory may be in use by a live
    node. Raises `JournalError` (no or a damaged journal, other hooks, `to_sequence` beyond the
    end), `HookFailed`.
    """
    started = time.perf_counter()
    directory = Path(directory)
    hooks = guarded(hooks)
    journal = LmdbJournal.open(directory / JOURNAL_FOLDER)
    try:
        total = end_of(journal, to_sequence)
        reports: list[str] = []
        engine = restore(
            journal,
            directory / SNAPSHOT_FOLDER if use_snapshot else None,
            hooks,
            to_sequence=to_sequence,
            to_time_ns=to_time_ns,
            reports=reports,
        )
        rerun = Rerun(engine, journal.name, hooks, any_hooks=any_hooks, verify=verify)
        start = engine.sequence
        for block in cut_blocks(journal, start + 1, to_sequence, to_time_ns):
            rerun.step(block)
            if rerun.difference is not None:
                break
            if progress is not None:
                progress(engine.sequence, total)
        if engine.sequence == start:
            rerun.check_start(journal)
    finally:
        journal.close()
    seconds = time.perf_counter() - started
    return ReplayResult(
        sequence=engine.sequence,
        time_ns=engine.time_ns,
        state_hash=engine.state_hash(),
        commands=engine.sequence - start,
        events=rerun.events,
        seconds=seconds,
        difference=rerun.difference,
        engine=engine,
        snapshot_sequence=start,
        reports=tuple(reports),
    )


def end_of(journal: LmdbJournal, to_sequence: int | None) -> int:
    """The sequence to which a replay goes at most. Raises `JournalError` beyond the end."""
    last = journal.tail().last_sequence
    if to_sequence is None:
        return last
    if not 0 <= to_sequence <= last:
        raise JournalError(f"{journal.name}: sequence {to_sequence} is not in it, it has 1-{last}")
    return to_sequence


def restore(
    journal: Journal,
    snapshot_directory: Path | None,
    hooks: Hooks | None,
    *,
    to_sequence: int | None = None,
    to_time_ns: int | None = None,
    reports: list[str],
) -> Engine:
    """An engine at the newest valid snapshot not beyond a point, or an empty one.

    A snapshot is a cache: one that the core can't load, for whatever reason, or that gives
    another state than it was taken of, is reported and skipped.
    """
    if snapshot_directory is None or not snapshot_directory.exists():
        return Engine(hooks)
    try:
        store = SnapshotStore.open(snapshot_directory)
    except SnapshotError as error:
        reports.append(str(error))
        return Engine(hooks)
    try:
        for snapshot in store.valid(
            journal.chain_hash_at, to_sequence=to_sequence, to_time_ns=to_time_ns, reports=reports
        ):
            info = snapshot.info
            try:
                engine = Engine.from_state(snapshot.state, info.sequence, info.time_ns, hooks)
                state_hash = hashlib.blake2b(snapshot.state, digest_size=32).hexdigest()
            except Exception as error:
                fault = f"does not load: {type(error).__name__}: {error}"
            else:
                if state_hash == info.state_hash:
                    return engine
                fault = f"gives state {state_hash[:16]}, it was taken of {info.state_hash[:16]}"
            reports.append(f"{store.name}: snapshot {info.sequence}: {fault}")
    finally:
        store.close()
    return Engine(hooks)


def cut_blocks(
    journal: Journal, from_sequence: int, to_sequence: int | None, to_time_ns: int | None
) -> Iterator[Block]:
    """The blocks from a sequence (the first of a block), the last cut where the end lies in it."""
    for block in journal.blocks(from_sequence, to_sequence):
        header = block.header
        whole = to_sequence is None or header.last_sequence <= to_sequence
        if to_time_ns is not None and header.last_time_ns > to_time_ns:
            whole = False
        if whole:
            yield block
            continue
        cut = len(block.commands)
        if to_sequence is not None:
            cut = min(cut, framing.offset_after_sequence(block.commands, to_sequence))
        if to_time_ns is not None:
            cut = min(cut, framing.offset_after_time(block.commands, to_time_ns))
        if cut:
            commands = block.commands[:cut]
            last = int(framing.words_of(commands)[framing.record_starts(commands)[-1] + 1])
            events = block.events[: framing.offset_after_sequence(block.events, last)]
            yield Block(header, commands, events)
        return


class Rerun:
    """An engine that is driven by blocks of a journal."""

    def __init__(
        self, engine: Engine, name: str, hooks: Hooks | None, *, any_hooks: bool, verify: bool
    ) -> None:
        self.engine = engine
        self.events = 0
        self.difference: Difference | None = None
        self._name = name
        self._verify = verify
        self._identity = identity_of(hooks)
        self._digest = None if any_hooks else identity_digest(self._identity)

    def step(self, block: Block) -> None:
        """Executes one block. Sets `difference` where its events are not the journal's.

        Raises `CorruptJournal` for commands that the core can't read, `OtherHooks`,
        `HookFailed`.
        """
        engine = self.engine
        self._check_hooks(block)
        try:
            apply(engine, block.commands, self._identity)
        except CorruptRecord as error:
            raise CorruptJournal(
                self._name, block.header.first_sequence, engine.sequence + 1, str(error)
            ) from error
        events = engine.take_events()
        if events:
            self.events += framing.count_records(events)
        if self._verify and events != block.events:
            self.difference = first_difference(block.events, events)

    def check_start(self, journal: Journal) -> None:
        """For an end where nothing is executed: `OtherHooks` unless the hooks there are ours."""
        block = journal.block_at(self.engine.sequence) if self.engine.sequence else None
        if block is not None:
            self._check_hooks(block)

    def _check_hooks(self, block: Block) -> None:
        if self._digest is not None and block.header.hook_identity != self._digest:
            raise self._other_hooks(block)

    def _other_hooks(self, block: Block) -> OtherHooks:
        """The refusal of a block, with the hooks it was decided with."""
        first = records.decode(block.commands)[0]
        recorded: HookSet | None = None
        if isinstance(first, records.Configure) and first.kind == HookSet.KIND:
            config = records.decode_config(first)
            recorded = config if isinstance(config, HookSet) else None
        elif self.engine.hook_table():
            recorded = self.engine.hook_table()[-1]
        return OtherHooks(
            f"{self._name}: block {block.header.first_sequence} was decided with"
            f" {describe(recorded)}, given are {describe(self._identity)}"
        )


def first_difference(journal_events: bytes, replay_events: bytes) -> Difference:
    """Where two streams of events part. Raises `CorruptRecord` where one can't be read."""
    pairs = zip_longest(records.decode_all(journal_events), records.decode_all(replay_events))
    sequence, index = 0, 0
    for ours, theirs in pairs:
        shown = ours if theirs is None or (ours and ours.sequence <= theirs.sequence) else theirs
        index = index + 1 if shown.sequence == sequence else 0
        sequence = shown.sequence
        if ours == theirs:
            continue
        name = type(shown).__name__
        if ours is None or theirs is None or ours.sequence != theirs.sequence:
            only_journal = shown is ours
            return Difference(
                sequence,
                index,
                name,
                "event",
                name if only_journal else None,
                None if only_journal else name,
            )
        if type(ours) is not type(theirs):
            return Difference(sequence, index, name, "event", name, type(theirs).__name__)
        for field_name in records.fields_of(type(ours)):
            values = getattr(ours, field_name), getattr(theirs, field_name)
            if values[0] != values[1]:
                return Difference(sequence, index, name, field_name, *values)
    raise AssertionError("streams that differ in bytes differ in a record")


def event_lists(events: bytes) -> Iterator[tuple[int, list[Event]]]:
    """(sequence, its events) for every command that caused some, in order."""
    current: list[Event] = []
    for event in records.decode_all(events):
        if current and current[0].sequence != event.sequence:
            yield current[0].sequence, current
            current = []
        current.append(event)
    if current:
        yield current[0].sequence, current
