"""`python -m tests.random_days SEED [--commands N] [--count K] [--naive]`: a campaign.

Runs K days from SEED on through both engines (or the naive one alone) and prints what
happened. Exit code 1 at the first difference, which is printed with a short reproduction.
"""

import argparse
import sys
import time
from collections import Counter

from engine import records as r
from tests.naive.comparison import shown
from tests.random_days.campaign import CountedDay
from tests.random_days.shrink import shrink


def print_reproduction(seed: int, commands: list[r.Command]) -> None:
    """The shortest commands that show the difference; the hooks are those of the seed."""
    shortest, difference = shrink(seed, commands)
    print(f"\n{len(shortest)} commands are enough (hooks of seed {seed}):")
    for command in shortest:
        print(f"  {shown(command)}")
    print(f"{type(difference).__name__}: {difference}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.random_days")
    parser.add_argument("seed", type=int)
    parser.add_argument("--commands", type=int, default=2_000, help="per day")
    parser.add_argument("--count", type=int, default=1, help="days, from the seed on")
    parser.add_argument("--naive", action="store_true", help="the naive engine alone")
    arguments = parser.parse_args()
    counts: Counter[str] = Counter()
    started = time.monotonic()
    for seed in range(arguments.seed, arguments.seed + arguments.count):
        day = CountedDay(seed, counts, with_fast=not arguments.naive)
        try:
            day.run(arguments.commands)
        except Exception as difference:  # told, reproduced, and the campaign ends
            print(f"{type(difference).__name__}: {difference}")
            print_reproduction(seed, day.both.commands)
            return 1
    for name, count in sorted(counts.items()):
        print(f"{count:9}  {name}")
    print(f"{arguments.count} days in {time.monotonic() - started:.1f} s, no difference")
    return 0


if __name__ == "__main__":
    sys.exit(main())
