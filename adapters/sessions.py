"""Trading sessions as people write them, and as minutes of the week.

This file may not know what a session is for. Minutes count from Monday 00:00 UTC.
"""

import re
from typing import Final

from adapters.units import BadInput, shown

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_MINUTES: Final = 1_440
_WEEK_MINUTES: Final = 7 * _DAY_MINUTES
_DAILY = re.compile(r"([a-z]{3})(?:-([a-z]{3}))? (\d\d:\d\d)-(\d\d:\d\d)", re.ASCII)
_SPAN = re.compile(r"([a-z]{3}) (\d\d:\d\d) - ([a-z]{3}) (\d\d:\d\d)", re.ASCII)


def sessions_of(lines: list[str]) -> list[tuple[int, int]]:
    """Sessions as (open, close) minutes of the week from Monday 00:00 UTC, ascending.

    A line is `mon-fri 08:00-16:30` (that span on each of the days) or
    `sun 22:00 - fri 21:00` (one span, which may run over the end of the week). Spans that
    touch are joined. Raises `BadInput`.
    """
    spans: list[tuple[int, int]] = []
    for line in lines:
        daily, span = _DAILY.fullmatch(line), _SPAN.fullmatch(line)
        if daily:
            first, last = _day(daily[1]), _day(daily[2] or daily[1])
            start, end = _minutes(daily[3]), _minutes(daily[4])
            days = [(first + n) % 7 for n in range((last - first) % 7 + 1)]
            pieces = [(day * _DAY_MINUTES + start, day * _DAY_MINUTES + end) for day in days]
        elif span:
            start = _day(span[1]) * _DAY_MINUTES + _minutes(span[2])
            end = _day(span[3]) * _DAY_MINUTES + _minutes(span[4])
            pieces = [(start, end)] if start < end else [(start, _WEEK_MINUTES), (0, end)]
        else:
            raise BadInput(
                f"{shown(line)} is not a session such as 'mon-fri 08:00-16:30'"
                " or 'sun 22:00 - fri 21:00'"
            )
        if any(start > end for start, end in pieces) or all(s == e for s, e in pieces):
            raise BadInput(f"{shown(line)} ends before it begins")
        spans += [piece for piece in pieces if piece[0] < piece[1]]
    return _joined(sorted(spans))


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and start < joined[-1][1]:
            raise BadInput("two sessions overlap")
        if joined and start == joined[-1][1]:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _day(name: str) -> int:
    if name not in _DAYS:
        raise BadInput(f"{shown(name)} is none of {', '.join(_DAYS)}")
    return _DAYS.index(name)


def _minutes(clock: str) -> int:
    hours, minutes = int(clock[:2]), int(clock[3:])
    if minutes > 59 or hours * 60 + minutes > _DAY_MINUTES:
        raise BadInput(f"{shown(clock)} is not a time of day")
    return hours * 60 + minutes
