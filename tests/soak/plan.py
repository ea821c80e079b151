"""Which campaigns the long run consists of, what each is to reach, and its share of the time.

This file may hold the table only.
"""

from typing import Final, NamedTuple


class Planned(NamedTuple):
    """One campaign of the long run."""

    name: str
    """What it tries, for the table in docs/reliability.md."""
    module: str
    """Run as `python -m MODULE SEED --count N`."""
    count: int
    """Cases to reach: then the campaign is over."""
    weight: float
    """Its share of the time that is left, beside the campaigns after it."""
    options: tuple[str, ...] = ()


PLAN: Final = (
    Planned("power cuts of a traced session", "tests.faults.power_cuts", 10_000, 1),
    Planned("the Nth operation fails", "tests.faults.nth_fault", 10_000, 1),
    Planned("kills of a running process", "tests.faults.kills", 1_000, 1),
    Planned("flipped bits", "tests.faults.flips", 100_000, 2),
    Planned("planted bugs", "tests.planted", 108, 1),
    Planned("inputs to parsers", "tests.fuzz", 10_000_000, 3),
    Planned("random days beside the naive engine", "tests.random_days", 1_000, 3),
    Planned("days on the book venue beside the naive engine", "tests.planted.book_days", 1_000, 2),
    Planned(
        "simulated worlds of 1,000 commands",
        "tests.simulate",
        20_000,
        8,
        ("--commands", "1000"),
    ),
)
