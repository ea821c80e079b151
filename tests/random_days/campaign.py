"""Random days through both engines, and a count of what happened on them.

This file may count. The counts are what keeps the comparison honest: a day on which
nothing is stopped out proves nothing about stop-outs.
"""

from collections import Counter
from random import Random

from engine import records as r
from engine import reject_codes
from engine import vocabulary as v
from tests.naive.comparison import Comparison
from tests.random_days.day import Day, kind_at_random
from tests.random_days.hook_set import hooks_of_day

CODE_NAMES = {
    value: name
    for name, value in vars(reject_codes).items()
    if name.isupper() and isinstance(value, int)
}


class DayHooks:
    """The hooks of a day as attributes."""

    def __init__(self, seed: int) -> None:
        for name, hook in hooks_of_day(Random(f"hooks {seed}")).items():
            setattr(self, name, hook)


class CountedDay:
    """One day through both engines (or the naive one alone), counted into `counts`."""

    def __init__(self, seed: int, counts: Counter[str], with_fast: bool = True) -> None:
        self.day = Day(seed)
        self.both = Comparison(DayHooks(seed), with_fast, name=f"seed {seed}")
        self.counts = counts

    def open(self) -> None:
        for command in self.day.opening():
            self.apply(command)

    def step(self, kind: str, random: Random) -> None:
        """Make and apply the next command. Raises `AssertionError` at a difference."""
        self.apply(self.day.command(kind, random, self.both.naive.world))

    def apply(self, command: r.Command) -> None:
        held = self.both.naive.world.positions.values()
        instrument = command.instrument if isinstance(command, r.Tick) else 0
        holders = [p.login for p in held if p.instrument == instrument]
        count_events(self.counts, command, self.both.apply(command), holders)

    def run(self, commands: int) -> None:
        """A whole day; the figures of all accounts are compared now and then and at the end."""
        self.open()
        random = Random(f"day {self.day.seed}")
        for number in range(commands):
            self.step(kind_at_random(random), random)
            if number % 50 == 0:
                self.both.compare_accounts()
        self.both.compare_accounts()


# ---------------------------------------------------------------- counting

RISK_EVENTS = (r.MarginCall, r.MarginCallCleared, r.StopOut)


def count_events(
    counts: Counter[str], command: r.Command, events: list[r.Event], holders: list[int]
) -> None:
    """`holders`: logins with a position in the ticked instrument before the tick."""
    moved_directly = [*holders, *(e.login for e in events if isinstance(e, r.OrderFilled))]
    counts["commands"] += 1
    counts[f"command {type(command).__name__}"] += 1
    for event in events:
        counts[f"event {type(event).__name__}"] += 1
        counts.update(names_of(event))
        if isinstance(event, RISK_EVENTS) and event.login not in moved_directly:
            counts[f"by conversion {type(event).__name__}"] += 1


def names_of(event: r.Event) -> list[str]:
    """Finer counts of an event: reason, code, entry."""
    if isinstance(event, r.Rejected):
        return [f"reject {CODE_NAMES[event.code]}"]
    if isinstance(event, r.PositionClosed):
        partly = ["closed in part"] if event.rest_position else []
        return [f"closed {v.REASON_NAMES[event.reason]}", *partly]
    if isinstance(event, r.OrderRemoved):
        return [f"removed {v.REASON_NAMES[event.reason]}"]
    if isinstance(event, r.TriggerRefused):
        return [f"refused {v.STAGE_NAMES[event.stage]} {v.REFUSED_NAMES[event.reason]}"]
    if isinstance(event, r.LedgerEntry):
        return [f"entry {v.ENTRY_TYPE_NAMES[event.entry_type]}"]
    if isinstance(event, r.PositionChanged):
        return ["changed netting" if event.order else "changed rest"]
    if isinstance(event, r.OrderFilled):
        if event.dealer:
            return ["filled by dealer"]
        return ["filled pending"] if event.tick_sequence == event.sequence else ["filled market"]
    return []
