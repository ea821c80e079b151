"""Client keys: a command that comes twice is done once.

This file may compare commands and look keys up, nothing else. A key belongs to the first
command that carries it, for ever, whatever became of that command; a retry of something
refused needs a new key (SEMANTICS section 12).
"""

from collections.abc import Callable
from typing import Any

from adapters.answers import Submitted
from engine import records
from engine.records import Command, Config
from journal import CorruptJournal, LmdbJournal, framing


class KeyConflict(Exception):
    """A client key was used before, for another command. `field` is the first that differs."""

    def __init__(self, key: bytes, sequence: int, field: str, first: Any, now: Any) -> None:
        self.key = key
        self.sequence = sequence
        self.field = field
        super().__init__(
            f"client key {key.hex()}: {field} is {now}, the first command with this key"
            f" (sequence {sequence}) has {first}"
        )


def key_of(record: Command | Config) -> bytes:
    """The client key of a command; b"" for none. `ValueError` for no pair of 64-bit integers."""
    high, low = getattr(record, "key_high", 0), getattr(record, "key_low", 0)
    if not high and not low:
        return b""
    try:
        return framing.key_bytes(high, low)
    except (OverflowError, AttributeError) as error:
        raise ValueError(f"client key {high!r}, {low!r}: no 64-bit integers") from error


def compare(key: bytes, sequence: int, first: Command | Config, now: Command | Config) -> None:
    """Raises `KeyConflict` naming the first field that differs; sequence and time don't count."""
    if type(first) is not type(now):
        raise KeyConflict(key, sequence, "command", type(first).__name__, type(now).__name__)
    for name in first.__struct_fields__:
        if name not in ("sequence", "time_ns"):
            before, after = getattr(first, name), getattr(now, name)
            if before != after:
                raise KeyConflict(key, sequence, name, before, after)


def journalled(key: bytes, record: Command | Config, journal: LmdbJournal) -> Submitted | None:
    """The first answer to a key that the journal knows; None where it is new.

    Raises `KeyConflict`, or `CorruptJournal` for a key that leads elsewhere.
    """
    sequence = journal.lookup_key(key)
    if sequence is None:
        return None
    answer = journal.answer(sequence)
    if answer is None or key_of(answer.command) != key:
        raise CorruptJournal(
            journal.name, 0, sequence, f"client key {key.hex()} leads to another command"
        )
    compare(key, sequence, answer.command, record)
    return Submitted.from_journal(sequence, answer.events)


def check_block(
    commands: bytes, expected: int, journal: LmdbJournal, is_pending: Callable[[bytes], bool]
) -> list[tuple[bytes, int]]:
    """The client keys of encoded commands; raises `ValueError` for those that can't be taken.

    `expected`: the sequence they must begin with. `is_pending`: is a key in a block that is
    not durable yet?
    """
    if len(commands) % records.WORD or not commands:
        raise ValueError(f"{len(commands)} bytes are no commands")
    first = int.from_bytes(commands[8:16], "little")
    if first != expected:
        raise ValueError(f"the first command has sequence {first}, {expected} is next")
    starts = framing.record_starts(commands)
    keys = framing.keys_of(commands, starts)
    seen: set[bytes] = set()
    for key, sequence in keys:
        if key in seen or is_pending(key):
            raise ValueError(f"sequence {sequence}: client key {key.hex()} comes twice")
        if journal.lookup_key(key) is not None:
            raise ValueError(
                f"sequence {sequence}: client key {key.hex()} is known; submit it by itself"
            )
        seen.add(key)
    if framing.has_configuration(commands, records.HookSet.KIND, starts):
        raise ValueError("HookSet: the identity of the hooks is recorded by Node.open")
    return keys
