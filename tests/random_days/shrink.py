"""The shortest part of a day that still shows a difference.

This file may drop commands, nothing else: what is left keeps its fields and time and gets
new sequence numbers. Dropping goes in halving steps, from the end to the start, until no
single command can go.
"""

from engine import records as r
from tests.naive.comparison import Comparison, resequenced
from tests.random_days.campaign import DayHooks


def differs(seed: int, commands: list[r.Command]) -> str:
    """What differs when both engines get these commands; empty if nothing does."""
    comparison = Comparison(DayHooks(seed), name=f"seed {seed}")
    try:
        for command in resequenced(commands):
            comparison.apply(command)
        comparison.compare_accounts()
    except Exception as error:  # a crash of either engine is a difference too
        return f"{type(error).__name__}: {error}"
    return ""


def shrink(seed: int, commands: list[r.Command]) -> tuple[list[r.Command], str]:
    """A shorter list of commands that still differs, and what differs then."""
    size = max(1, len(commands) // 2)
    while True:
        dropped = False
        start = len(commands) - size
        while start > -size:
            begin, end = max(0, start), start + size
            shorter = commands[:begin] + commands[end:]
            if differs(seed, shorter):
                commands, dropped = shorter, True
            start -= size
        if size == 1 and not dropped:
            return resequenced(commands), differs(seed, commands)
        size = max(1, size // 2)
