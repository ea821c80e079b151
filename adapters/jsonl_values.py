"""Values of a file of commands: JSON as integers of the core, or refused with what was expected.

This file may turn one value into another; it knows no command.
"""

import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from adapters.units import I64_MAX, BadInput, parse_time, scaled, scaled_decimal, shown
from engine import bounds


def word_of(value: Any, words: tuple[str, ...]) -> int:
    if not isinstance(value, str) or not value or value not in words:
        have = ", ".join(w for w in words if w)
        raise BadInput(f"{shown(str(value))} is none of {have}")
    return words.index(value)


def number_of(value: Any, known: Mapping[str, int], kind: str) -> int:
    if isinstance(value, str):
        if value not in known:
            have = ", ".join(known) or "none"
            raise BadInput(f"there is no {kind} {shown(value)}; known: {have}")
        return known[value]
    return integer_of(value)


def integer_of(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > I64_MAX:
        raise BadInput(f"expected an integer, found {shown(str(value))}")
    return value


def decimal_of(value: Any, digits: int) -> int:
    if isinstance(value, str):
        return scaled(value, digits)
    if isinstance(value, Decimal | int) and not isinstance(value, bool):
        return scaled_decimal(value, digits)
    raise BadInput(f"expected a number, found {shown(str(value))}")


def time_of(value: Any) -> int:
    time_ns = parse_time(value) if isinstance(value, str) else integer_of(value)
    if not 0 < time_ns <= bounds.MAX_TIME_NS:
        raise BadInput(f"time {shown(str(value))} is not between 1970 and 2116")
    return time_ns


def client_key_of(value: Any) -> tuple[int, int]:
    """A key of 128 bits as two signed words; absent means none."""
    if value is None:
        return 0, 0
    try:
        bits = uuid.UUID(value).int
    except (ValueError, AttributeError, TypeError):
        raise BadInput("key: expected 32 hexadecimal digits or a UUID") from None
    high, low = bits >> 64, bits & 2**64 - 1
    return high - (high >> 63 << 64), low - (low >> 63 << 64)
