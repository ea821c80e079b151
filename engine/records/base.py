"""What all records share."""

from typing import ClassVar

import msgspec

WORD = 8
HEAD_WORDS = 3
VERSION = 1


class CorruptRecord(ValueError):
    """Bytes that are not a record; the message says where and what was expected."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What all commands and events share. `sequence` and `time_ns` are given by keyword."""

    TYPE: ClassVar[int] = 0

    sequence: int = msgspec.field(default=0)
    time_ns: int = msgspec.field(default=0)


class Command(Record, frozen=True):
    """Input of the core. The sequencer stamps `sequence` and `time_ns`."""


class Event(Record, frozen=True):
    """Output of the core. `sequence` names the causing command, `time_ns` its time."""
