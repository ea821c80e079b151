"""The shortest part of a day that still shows a difference.

This file may drop commands, nothing else: what is left keeps its fields and time and gets
new sequence numbers. Dropping goes in halving steps, from the end to the start, until no
single command can go.
"""

from collections import Counter

import msgspec

from engine import records as r
from tests.random_days.campaign import Comparison


def differs(seed: int, commands: list[r.Command]) -> str:
    """What differs when both engines get these commands; empty if nothing does."""
    comparison = Comparison(seed, Counter())
    try:
        for number, command in enumerate(commands, 1):
            comparison.apply(msgspec.structs.replace(command, sequence=number))
        comparison.compare_accounts()
    except AssertionError as difference:
        return str(difference) or "an assertion without a text"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def shrink(seed: int, commands: list[r.Command]) -> tuple[list[r.Command], str]:
    """A shorter list of commands that still differs, and what differs then."""
    size = max(1, len(commands) // 2)
    while True:
        dropped = False
        start = len(commands) - size
        while start > -size:
            begin = max(0, start)
            shorter = commands[:begin] + commands[begin + size :]
            if len(shorter) < len(commands) and differs(seed, shorter):
                commands, dropped = shorter, True
            start -= size
        if size == 1 and not dropped:
            return commands, differs(seed, commands)
        if not dropped or size > 1:
            size = max(1, size // 2)
