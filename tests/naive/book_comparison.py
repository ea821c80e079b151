"""A day on the book venue through both engines, with the auditor, and a count of what happened.

This file may compare and count. The counts keep the comparison honest: a day on which no
order meets one of its own account proves nothing about that.
"""

from collections import Counter
from random import Random
from typing import Any

from engine import Engine
from engine import records as r
from engine import vocabulary as v
from tests.naive.book_audit import Audit
from tests.naive.book_day import BookDay, kind_at_random
from tests.naive.comparison import Comparison
from tests.random_days.campaign import CODE_NAMES


class ComparedDay:
    """One day through both engines, with the auditor."""

    def __init__(self, seed: int, counts: Counter[str] | None = None) -> None:
        self.both = Comparison(name=f"book day {seed}")
        self.day = BookDay(seed, self.both.naive.world)
        self.audit = Audit(self.both.naive.world)
        self.counts: Counter[str] = Counter() if counts is None else counts

    @property
    def engine(self) -> Engine:
        assert isinstance(self.both.fast, Engine)
        return self.both.fast

    def open(self) -> None:
        for command in self.day.opening():
            events = self.apply(command)
            assert not any(isinstance(event, r.Rejected) for event in events)

    def step(self, kind: str, random: Random) -> None:
        self.apply(self.day.command(kind, random))

    def apply(self, command: r.Command) -> list[Any]:
        self.audit.before()
        events = self.both.apply(command)
        self.engine.check(everything=True)
        self.audit.after(events)
        for event in events:
            self.counts.update([f"event {type(event).__name__}", *finer(event, events)])
        return events

    def run(self, commands: int) -> None:
        self.open()
        random = Random(f"commands {self.day.seed}")
        for number in range(commands):
            self.step(kind_at_random(random), random)
            if number % 20 == 0:
                self.both.compare_accounts()
        self.both.compare_accounts()

    def restore(self) -> None:
        """From here on, an engine that was restored from the state."""
        state, engine = self.engine.state_bytes(), self.engine
        self.both.fast = Engine.from_state(state, engine.sequence, engine.time_ns)
        assert self.engine.state_bytes() == state
        self.engine.check(everything=True)


def finer(event: Any, events: list[Any]) -> list[str]:
    """More than the class of an event."""
    if isinstance(event, r.Rejected):
        activated = any(isinstance(e, r.BookOrderTriggered) for e in events)
        when = " at activation" if activated else ""
        return [f"reject {CODE_NAMES[event.code]}{when}"]
    if isinstance(event, r.BookOrderRemoved):
        return [f"removed {v.REMOVAL_NAMES[event.removal]}"]
    if isinstance(event, r.TriggerRefused):
        return [f"refused {v.STAGE_NAMES[event.stage]} {v.REFUSED_NAMES[event.reason]}"]
    if isinstance(event, r.BookOrderTriggered):
        return [f"triggered {v.STAGE_NAMES[event.stage]}"]
    if isinstance(event, r.BookOrderPlaced):
        names = ["waits"] if event.trigger_points else []
        return [*names, "iceberg"] if event.shown_units else names
    if isinstance(event, r.PhaseChanged):
        return ["auction fills"] if event.volume_units else []
    if isinstance(event, r.InstrumentSettled):
        return [f"settled {v.SETTLEMENT_NAMES[event.settlement]}"]
    if isinstance(event, r.LedgerEntry):
        return [f"entry {v.ENTRY_TYPE_NAMES[event.entry_type]}"]
    if isinstance(event, r.BookOrderReplaced):
        return ["replaced and filled" if len(events) > 1 else "replaced alone"]
    if isinstance(event, r.FuturesFilled | r.SpotFilled):
        return finer_fill(event, events)
    return []


def finer_fill(event: Any, events: list[Any]) -> list[str]:
    names = ["rebate"] if event.fee_minor < 0 else []
    names.append(f"filled {v.ROLE_NAMES[event.role]}")
    sides = [e for e in events if getattr(e, "counter_order", 0) == event.order and event.order]
    names += ["filled against itself"] if any(e.login == event.login for e in sides) else []
    market = [e for e in events if isinstance(e, r.BookOrderPlaced) and e.order_type == v.MARKET]
    names += [f"{type(event).__name__} market order"] if market else []
    if isinstance(event, r.FuturesFilled) and event.profit_minor and event.position_units:
        names.append("closed in part or turned over")
    return names
