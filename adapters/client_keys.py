"""Client keys: a command that comes twice is done once.

This file may compare commands, nothing else. A key belongs to the first command that
carries it, for ever, whatever became of that command; a retry of something refused needs a
new key (SEMANTICS section 12).
"""

from typing import Any

from engine.records import Command, Config
from journal import framing


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
