"""`python -m tests.random_days [SEED] [--count K] [--commands N] [--naive]`: a campaign.

Runs K days from SEED on through both engines (or the naive one alone) and counts what
happened. A difference is printed with a short reproduction, and the exit code is 1.
"""

import sys
from collections import Counter

from engine import records as r
from tests.naive.comparison import shown
from tests.random_days.campaign import CountedDay
from tests.random_days.shrink import shrink
from tests.soak.campaign import Campaign, arguments_of


def print_reproduction(seed: int, commands: list[r.Command]) -> None:
    """The shortest commands that show the difference; the hooks are those of the seed."""
    shortest, difference = shrink(seed, commands)
    print(f"\n{len(shortest)} commands are enough (hooks of seed {seed}):", file=sys.stderr)
    for command in shortest:
        print(f"  {shown(command)}", file=sys.stderr)
    print(f"{type(difference).__name__}: {difference}", file=sys.stderr)


def main() -> int:
    parser = arguments_of("tests.random_days", "days", 1, commands=2_000)
    parser.add_argument("--naive", action="store_true", help="the naive engine alone")
    arguments = parser.parse_args()
    campaign = Campaign.of("days", arguments)
    seed = arguments.seed
    while campaign.goes_on() and not campaign.failures:
        counts: Counter[str] = Counter()
        day = CountedDay(seed, counts, with_fast=not arguments.naive)
        try:
            day.run(arguments.commands)
        except Exception as difference:  # told and reproduced, and the campaign ends
            again = f"python -m tests.random_days {seed} --commands {arguments.commands}"
            campaign.fail(f"{again}: {type(difference).__name__}: {difference}")
            print_reproduction(seed, day.both.commands)
        campaign.count(**counts)
        seed += 1
    return campaign.finish()


if __name__ == "__main__":
    sys.exit(main())
