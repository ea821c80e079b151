"""What can be wrong with a command, one fault at a time, in the order of the checks.

This file may combine faults and send the result; which faults there are is said by the
lists of `faults_of_*.py`. A fault is put into the world, into the fields of the command, or
both. Two faults of one slot can't be there together (a volume is not too small and too
large); all others can, and then the earlier one answers.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from engine import records as r
from tests.rules.told import CODE_NAMES
from tests.rules.world import SECOND, World

# When a fault enters the world: what later phases do must not undo it.
INSTRUMENTS, TRADES, MONEY, RULES, TIME = range(5)


def nothing(_: World) -> None:
    """The fault is in the fields alone."""


@dataclass(frozen=True)
class Fault:
    """`slot` names what it spoils, `a+b` where two things; `code` is the answer."""

    code: int
    slot: str
    fields: dict[str, Any] = field(default_factory=dict)
    world: Callable[[World], Any] = nothing
    phase: int = RULES
    detail: int | None = None
    """The expected `detail`, where it is simple to say."""
    costly: bool = False
    """Takes a crowd: combined with its neighbours in the list only."""


@dataclass(frozen=True)
class Command:
    """A good command, and what can be wrong with it, in the order of the checks."""

    name: str
    good: r.Command | r.Config
    faults: list[Fault]
    prepare: Callable[[World], Any] = nothing
    settings: dict[str, Any] = field(default_factory=dict)

    def send(self, *faults: Fault) -> Any:
        """The single event of the command with these faults."""
        world = World(**self.settings)
        self.prepare(world)
        fields: dict[str, Any] = {}
        for fault in sorted(faults, key=lambda fault: fault.phase):
            fault.world(world)
            fields.update(fault.fields)
        events = world.send(msgspec.structs.replace(self.good, **fields))
        return events

    def pairs(self, first: Fault) -> list[Fault]:
        """The later faults that can be there together with this one."""
        at = self.faults.index(first)
        return [
            late
            for distance, late in enumerate(self.faults[at + 1 :], 1)
            if not set(late.slot.split("+")) & set(first.slot.split("+"))
            and not set(late.fields) & set(first.fields)
            and (distance <= 3 or not (first.costly or late.costly))
        ]


def older(world: World) -> None:
    """The command is older than the one before."""
    world.clock(5)
    world.now -= SECOND


def name_of(fault: Fault) -> str:
    return f"{CODE_NAMES[fault.code]}-{fault.slot}"
