"""The hooks of the golden journals. This file may never change, not by a byte: the journals
name it by the hash of its source."""

from engine import vocabulary as v

__version__ = "1.0"


def stops_apply(*values: int) -> tuple[int, int]:
    """Closes one point worse than offered."""
    return v.RET_OK, values[-1] - 1


def pendings_apply(*values: int) -> tuple[int, int]:
    """Refuses tickets that end in 7."""
    return (v.RET_OK_NONE if values[2] % 10 == 7 else v.RET_OK), values[-1]
