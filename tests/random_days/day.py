"""A random day as a list of stamped commands, made one at a time.

This file may choose what comes next and when; how a command looks is told by the files of
its kind. The naive engine runs along, so that the commands can name living tickets.
"""

from collections.abc import Callable
from random import Random
from typing import Any

import msgspec

from engine import records as r
from tests.naive.world import World
from tests.random_days import changing, mistakes, quoting, trading
from tests.random_days.start_of_day import start_of_day

Maker = Callable[[Random, World, quoting.Prices], r.Command | r.Config | None]

# How often each kind comes, of about 1,000.
KINDS: dict[str, tuple[int, Maker]] = {
    "tick": (560, quoting.tick),
    "place_order": (190, trading.place_order),
    "close_position": (40, trading.close_position),
    "modify_position": (35, trading.modify_position),
    "modify_order": (20, trading.modify_order),
    "cancel_order": (12, trading.cancel_order),
    "balance_operation": (40, trading.balance_operation),
    "nudge": (35, trading.nudge),
    "set_dealer": (12, trading.set_dealer),
    "dealer_answer": (30, trading.dealer_answer),
    "clock": (15, quoting.clock),
    "change_group": (10, changing.change_group),
    "change_instrument": (10, changing.change_instrument),
    "change_structure": (8, changing.change_structure),
    "change_terms": (6, changing.change_terms),
    "change_account": (12, changing.change_account),
    "change_name": (6, changing.change_name),
    "wrong_object": (5, mistakes.wrong_object),
}
MONDAY_NS = 1_704_067_200 * 1_000_000_000
SPOILED_PERCENT = 5
PAUSES_MS = (0, 0, 1, 10, 40, 90, 250, 900)
LONG_PAUSES_MS = (6_000, 6_000, 12_000, 25_000, 70_000, 400_000, 5 * 3_600_000)


class Day:
    """Makes the commands of one day; the caller applies them to `world` and asks again."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        minutes = Random(f"start {seed}").randrange(7 * 1_440)
        self.time_ns = MONDAY_NS + minutes * 60_000_000_000
        self.sequence = 0
        self.prices = quoting.Prices(converting=Random(f"style {seed}").randrange(3) == 0)

    def opening(self) -> list[r.Command]:
        """Configuration, accounts and first quotes, stamped."""
        return [self.stamp(command) for command in start_of_day(Random(self.seed))]

    def command(self, kind: str, random: Random, world: World) -> r.Command:
        """The next command: of this kind, or the clock where the kind finds nothing to do."""
        made = KINDS[kind][1](random, world, self.prices) or r.Clock()
        if isinstance(made, r.Config):
            made = r.Configure(kind=made.KIND, payload=msgspec.msgpack.encode(made))
        if random.randrange(100) < SPOILED_PERCENT:
            made = mistakes.spoil(random, made)
        pause = random.choice(PAUSES_MS)
        if random.randrange(80) == 0:
            pause = random.choice(LONG_PAUSES_MS)
        self.time_ns += pause * 1_000_000
        late = random.randrange(300) == 0
        return self.stamp(made, -random.choice((1, 5_000_000_000)) if late else 0)

    def stamp(self, command: r.Command | r.Config, shift_ns: int = 0) -> r.Command:
        """Sequence and time, by way of the bytes that the engines are fed with."""
        self.sequence += 1
        data = r.encode(command, sequence=self.sequence, time_ns=self.time_ns + shift_ns)
        record: Any = r.decode(data)[0]
        assert isinstance(record, r.Command)
        return record


def kind_at_random(random: Random) -> str:
    weights = [weight for weight, _ in KINDS.values()]
    return random.choices(list(KINDS), weights)[0]
