"""`python -m tests.random_days SEED [--commands N] [--count K] [--naive]`: a campaign.

Runs K days from SEED on through both engines (or the naive one alone) and prints what
happened. Exit code 1 at the first difference, which is printed with a short reproduction.
"""

import argparse
import sys
import time
from collections import Counter

import msgspec

from engine import records as r
from tests.random_days.campaign import run_day
from tests.random_days.shrink import shrink


def print_reproduction(seed: int, commands: list[r.Command]) -> None:
    """The shortest commands that show the difference; the hooks are those of the seed."""
    shortest, difference = shrink(seed, commands)
    print(f"\n{len(shortest)} commands are enough:")
    for command in shortest:
        config = ""
        if isinstance(command, r.Configure):
            config = f" = {msgspec.msgpack.decode(command.payload)}"
        print(f"  {command}{config}")
    print(difference)


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
        commands: list[r.Command] = []
        try:
            run_day(seed, arguments.commands, counts, not arguments.naive, commands)
        except Exception as difference:
            print(f"{type(difference).__name__}: {difference}")
            print_reproduction(seed, commands)
            return 1
    for name, count in sorted(counts.items()):
        print(f"{count:9}  {name}")
    print(f"{arguments.count} days in {time.monotonic() - started:.1f} s, no difference")
    return 0


if __name__ == "__main__":
    sys.exit(main())
