"""Two journals side by side: the first command where they part, field by field.

This file may read journals and execute them again; it writes nothing.

Where two journals have a block with the same hash, everything up to its end is the same, so
the last such block is found by halving and nothing before it is read. From there the bytes of
commands and of events are compared, in pieces that end where a block of either side ends: how
the records were cut into blocks makes no difference. Nothing is decoded before a difference.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from adapters.hook_plugin import apply, identity_of
from adapters.replay import JOURNAL_FOLDER, cut_blocks, end_of
from adapters.replay import replay as run_replay
from engine import Hooks, records
from engine.records import WORD, Command, Event, Record
from journal import Answer, LmdbJournal, Progress, framing

COMMAND: Final = "command"
EVENTS: Final = "events"
END: Final = "end"

Row = tuple[str, Any, Any]
"""A field with its value on either side; None where one side has no such record or field."""


@dataclass(frozen=True)
class Parting:
    """The first command at which two journals differ."""

    sequence: int
    what: str
    """`COMMAND`: it differs itself; `EVENTS`: what it caused does; `END`: one side ends before."""
    answers: tuple[Answer | None, Answer | None]
    """The command with its events on either side; None on a side that ends before."""


class Side:
    """One of the journals, up to a point. `Side.open` makes it; close it after use."""

    def __init__(self, directory: Path, journal: LmdbJournal, end: int) -> None:
        self.directory = directory
        self.journal = journal
        self.end = end
        """The last sequence that counts."""

    @classmethod
    def open(cls, directory: Path, to_sequence: int | None, to_time_ns: int | None) -> "Side":
        """The journal of a directory. Raises `JournalError`, also for a sequence beyond its end."""
        journal = LmdbJournal.open(directory / JOURNAL_FOLDER)
        try:
            return cls(directory, journal, _last(journal, to_sequence, to_time_ns))
        except BaseException:
            journal.close()
            raise

    def time_ns(self) -> int:
        """Of the last command that counts; 0 without any."""
        answer = self.answer(self.end)
        return 0 if answer is None else answer.command.time_ns

    def answer(self, sequence: int) -> Answer | None:
        """The command under a sequence with its events; None beyond the end."""
        return self.journal.answer(sequence) if sequence <= self.end else None

    def close(self) -> None:
        self.journal.close()


def _last(journal: LmdbJournal, to_sequence: int | None, to_time_ns: int | None) -> int:
    """The last sequence up to a point."""
    if to_time_ns is None:
        return end_of(journal, to_sequence)
    low, high = 0, journal.tail().last_sequence
    later = None
    while low < high:
        block = journal.block_at((low + high + 1) // 2)
        assert block is not None, "no sequence up to the last is missing"
        if block.header.last_time_ns <= to_time_ns:
            low = block.header.last_sequence
        else:
            later = block
            high = block.header.first_sequence - 1
    if later is None:
        return low
    return low + framing.count_records(
        later.commands[: framing.offset_after_time(later.commands, to_time_ns)]
    )


# ---------------------------------------------------------------- where they part


def parting(a: Side, b: Side, progress: Progress | None = None) -> Parting | None:
    """The first command at which two journals differ; None: they are alike up to their ends.

    Raises `CorruptJournal` for damage that is met; what is equal by its hashes is not read.
    """
    both = min(a.end, b.end)
    found = _first_difference(a, b, _equal_by_hash(a.journal, b.journal, both), both, progress)
    if found is None and a.end == b.end:
        return None
    sequence, what = found or (both + 1, END)
    return Parting(sequence, what, (a.answer(sequence), b.answer(sequence)))


def _equal_by_hash(a: LmdbJournal, b: LmdbJournal, both: int) -> int:
    """The end of the last block that both journals have, at most where the shorter ends.

    A hash binds all blocks before, so blocks are equal up to some one and differ from then on.
    """
    low, high = 0, both
    while low < high:
        block = a.block_at((low + high + 1) // 2)
        assert block is not None, "no sequence up to the last is missing"
        header = block.header
        if b.chain_hash_at(header.last_sequence) == header.block_hash:
            low = header.last_sequence
        else:
            high = header.first_sequence - 1
    return low


def _first_difference(
    a: Side, b: Side, start: int, both: int, progress: Progress | None
) -> tuple[int, str] | None:
    """The first sequence in `start + 1` to `both` that differs, and what of it does."""
    if start >= both:
        return None
    ours, theirs = _Stream(a.journal, start + 1, both), _Stream(b.journal, start + 1, both)
    done = start
    while done < both:
        done = min(ours.fill(done), theirs.fill(done))
        (our_commands, our_events), (commands, events) = ours.take(done), theirs.take(done)
        command = _first_other(our_commands, commands)
        event = _first_other(our_events, events)
        if command is not None and (event is None or command <= event):
            return command, COMMAND
        if event is not None:
            return event, EVENTS
        if progress is not None:
            progress(min(done, both), both)
    return None


class _Stream:
    """The records of a journal, a stretch of sequences at a time."""

    def __init__(self, journal: LmdbJournal, first: int, last: int) -> None:
        self._blocks = cut_blocks(journal, first, last, None)
        self._last = first - 1
        self._parts: list[_Part] = []

    def fill(self, done: int) -> int:
        """The last sequence that can be taken at once when all up to `done` are taken.

        It may lie beyond the last that counts; the block is cut there.
        """
        if done == self._last:
            block = next(self._blocks)
            self._last = block.header.last_sequence
            self._parts = [_Part(block.commands), _Part(block.events)]
        return self._last

    def take(self, sequence: int) -> tuple[bytes, bytes]:
        """The commands and events up to a sequence that were not taken yet."""
        commands, events = (part.take(sequence, sequence == self._last) for part in self._parts)
        return commands, events


class _Part:
    """The commands or the events of a block; it is walked only where a part of it is asked for."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._taken = 0
        self._starts: framing.Starts | None = None
        self._sequences = framing.words_of(b"")

    def take(self, sequence: int, rest: bool) -> bytes:
        """The records up to a sequence that were not taken yet; `rest`: all that are left."""
        begin = self._taken
        self._taken = len(self._data) if rest else self._offset_after(sequence)
        return self._data[begin : self._taken]

    def _offset_after(self, sequence: int) -> int:
        if self._starts is None:
            self._starts = framing.record_starts(self._data)
            self._sequences = framing.words_of(self._data)[self._starts + 1]
        index = int(np.searchsorted(self._sequences, sequence, side="right"))
        return int(self._starts[index]) * WORD if index < len(self._starts) else len(self._data)


def _first_other(ours: bytes, theirs: bytes) -> int | None:
    """The sequence of the first record in which two stretches differ; None: they are equal.

    Up to the first differing word both have the same records, so the record it lies in begins at
    the same place on both sides; where one side has ended, the other has one more.
    """
    if ours == theirs:
        return None
    words = framing.words_of(ours), framing.words_of(theirs)
    shared = min(len(words[0]), len(words[1]))
    unequal = np.flatnonzero(words[0][:shared] != words[1][:shared])
    at = int(unequal[0]) if len(unequal) else shared
    sequences = []
    for data, own in zip((ours, theirs), words, strict=True):
        if at < len(own):
            starts = framing.record_starts(data)
            start = starts[int(np.searchsorted(starts, at, side="right")) - 1]
            sequences.append(int(own[start + 1]))
    return min(sequences)


# ---------------------------------------------------------------- field by field


def fields_of(record: Record | None) -> dict[str, Any]:
    """A record as names and values, its class first; a configuration as what it configures."""
    if record is None:
        return {}
    kind = "command" if isinstance(record, Command) else "event"
    shown: dict[str, Any] = {kind: type(record).__name__}
    shown |= {name: getattr(record, name) for name in records.fields_of(type(record))}
    if isinstance(record, records.Configure):
        try:
            config = records.decode_config(record)
        except records.CorruptRecord:
            return shown | {"payload": record.payload.hex()}
        shown |= {name: getattr(config, name) for name in config.__struct_fields__}
    return shown


def side_by_side(a: Record | None, b: Record | None) -> list[Row]:
    """All fields of two records, with the value on either side."""
    ours, theirs = fields_of(a), fields_of(b)
    return [(name, ours.get(name), theirs.get(name)) for name in {**ours, **theirs}]


def executed_again(
    directory: Path,
    command: Command,
    hooks: Hooks | None,
    *,
    use_snapshot: bool = True,
    any_hooks: bool = False,
) -> list[Event]:
    """What a command causes when the journal before it is replayed and then the command.

    Raises as `replay` does; `OtherHooks` not with `any_hooks`.
    """
    before = run_replay(
        directory,
        to_sequence=command.sequence - 1,
        use_snapshot=use_snapshot,
        hooks=hooks,
        any_hooks=any_hooks,
    ).engine
    apply(before, records.encode(command), identity_of(hooks))
    return list(records.decode_all(before.take_events()))
