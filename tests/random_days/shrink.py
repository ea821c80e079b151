"""The shortest part of a day that still shows a difference.

This file may drop commands, nothing else: what is left keeps its fields and time and gets
new sequence numbers. Dropping goes in halving steps, from the end to the start, until no
single command can go.
"""

from engine import records as r
from tests.naive.comparison import Comparison, Difference, resequenced
from tests.random_days.campaign import DayHooks


def differs(seed: int, commands: list[r.Command]) -> Exception | None:
    """What differs when both engines get these commands, or None."""
    comparison = Comparison(DayHooks(seed), name=f"seed {seed}")
    try:
        for command in resequenced(commands):
            comparison.apply(command)
        comparison.compare_accounts()
    except Exception as error:  # a crash of either engine is a difference too
        return error
    return None


def place(error: Exception | None) -> tuple[str, ...]:
    """The kind of a difference: shrinking must not slide from one into another."""
    if error is None:
        return ()
    return error.where if isinstance(error, Difference) else (type(error).__name__,)


def shrink(seed: int, commands: list[r.Command]) -> tuple[list[r.Command], Exception | None]:
    """A shorter list of commands that still differs, and what differs then."""
    wanted = place(differs(seed, commands))
    size = max(1, len(commands) // 2)
    while True:
        dropped = False
        start = len(commands) - size
        while start > -size:
            begin, end = max(0, start), start + size
            shorter = commands[:begin] + commands[end:]
            if place(differs(seed, shorter)) == wanted:
                commands, dropped = shorter, True
            start -= size
        if size == 1 and not dropped:
            return resequenced(commands), differs(seed, commands)
        size = max(1, size // 2)
