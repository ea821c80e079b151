"""`python -m tests.planted.book_days [SEED] [--count K] [--commands N]`: random book days.

Runs K days from SEED on through both engines, with the auditor and all invariants after every
command, and the accounts compared now and then. The fast engine is restored from its state
again and again, in the middle of orders that rest and wait. The first difference ends it.
"""

import sys
from collections import Counter
from random import Random
from typing import Final

from tests.naive.book_comparison import ComparedDay
from tests.naive.book_day import kind_at_random
from tests.soak.campaign import Campaign, arguments_of

COMMANDS: Final = 500
COMPARED_EVERY: Final = 25
RESTORED_EVERY: Final = 70


def run(seed: int, commands: int, counts: Counter[str]) -> None:
    """One day. Raises `AssertionError` (a `Difference` is one), or whatever a bug leads to."""
    day = ComparedDay(seed, counts)
    day.open()
    random = Random(f"commands {seed}")
    for number in range(commands):
        day.step(kind_at_random(random), random)
        if number % COMPARED_EVERY == 0:
            day.both.compare_accounts()
        if number % RESTORED_EVERY == RESTORED_EVERY - 1:
            day.restore()
    day.both.compare_accounts()


def main() -> int:
    parser = arguments_of("tests.planted.book_days", "days", 1, commands=COMMANDS)
    arguments = parser.parse_args()
    campaign = Campaign.of("book days", arguments)
    seed = arguments.seed
    while campaign.goes_on() and not campaign.failures:
        counts: Counter[str] = Counter()
        try:
            run(seed, arguments.commands, counts)
        except Exception as difference:  # whatever a bug leads to: it is told
            again = f"python -m tests.planted.book_days {seed} --commands {arguments.commands}"
            campaign.fail(f"{again}: {type(difference).__name__}: {difference}")
        campaign.count(**counts)
        seed += 1
    return campaign.finish()


if __name__ == "__main__":
    sys.exit(main())
