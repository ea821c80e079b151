"""The first step of a command's way: what may be submitted, and its stamped bytes."""

from engine import bounds, records
from engine.records import Command, Config, Configure, HookSet

_COMMANDS = frozenset((*records.COMMAND_CLASSES, *records.CONFIG_CLASSES))
_KEYED = frozenset(c for c in records.COMMAND_CLASSES if "key_low" in c.__struct_fields__)


def takes_key(record: Command | Config) -> bool:
    """Whether it may carry a client key. Raises for what can't be submitted."""
    kind = type(record)
    if kind in _KEYED:
        return True
    if kind is HookSet or (isinstance(record, Configure) and record.kind == HookSet.KIND):
        raise ValueError("HookSet: the identity of the hooks is recorded by Node.open")
    if kind not in _COMMANDS:
        raise TypeError(f"{kind.__name__} is no command")
    return False


def stamped(
    record: Command | Config, sequence: int, time_ns: int, last_time_ns: int
) -> tuple[bytes, int]:
    """The encoded command, and its time: `time_ns`, else its own, else that of the last one.

    Raises `TypeError` or `ValueError` for a time or a number that no record can hold.
    """
    if not time_ns:
        time_ns = getattr(record, "time_ns", 0)
        if not isinstance(time_ns, int):
            raise TypeError(f"{type(record).__name__}: time_ns {time_ns!r} is no integer")
        time_ns = time_ns or last_time_ns
    if not 0 <= time_ns <= bounds.MAX_TIME_NS:
        raise ValueError(f"time {time_ns} is not within 0-{bounds.MAX_TIME_NS}")
    try:
        return records.encode(record, sequence, time_ns), time_ns
    except OverflowError as error:
        raise ValueError(
            f"{type(record).__name__}: a number is no 64-bit integer: {error}"
        ) from error
