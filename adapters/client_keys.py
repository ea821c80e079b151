"""Client keys: a command that comes twice is done once.

This file may compare commands and look keys up, nothing else. A key belongs to the first
command that carries it, for ever, whatever became of that command; a retry of something
refused needs a new key (SEMANTICS section 12).
"""

from collections.abc import Set
from typing import Any

from engine import records
from engine.records import Command, Config
from journal import LmdbJournal, framing


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


def check_block(
    commands: bytes, expected: int, journal: LmdbJournal, open_keys: Set[bytes]
) -> list[tuple[bytes, int]]:
    """The client keys of encoded commands; raises `ValueError` for those that can't be taken.

    `expected`: the sequence they must begin with. `open_keys`: keys not journalled yet.
    """
    if len(commands) % records.WORD or not commands:
        raise ValueError(f"{len(commands)} bytes are no commands")
    first = int.from_bytes(commands[8:16], "little")
    if first != expected:
        raise ValueError(f"the first command has sequence {first}, {expected} is next")
    keys = framing.keys_of(commands)
    seen: set[bytes] = set()
    for key, sequence in keys:
        if key in seen or key in open_keys:
            raise ValueError(f"sequence {sequence}: client key {key.hex()} comes twice")
        if journal.lookup_key(key) is not None:
            raise ValueError(
                f"sequence {sequence}: client key {key.hex()} is known; submit it by itself"
            )
        seen.add(key)
    if framing.has_configuration(commands, records.HookSet.KIND):
        raise ValueError("HookSet: the identity of the hooks is recorded by Node.open")
    return keys
