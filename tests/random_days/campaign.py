"""Both engines on the same day, event for event, and a count of what happened.

This file may compare and count. A difference is an `AssertionError` that names seed,
command, event and the first field that differs.
"""

from collections import Counter
from collections.abc import Iterable
from random import Random
from typing import Any, Protocol

from engine import records as r
from engine import reject_codes
from engine import vocabulary as v
from tests.naive import NaiveEngine
from tests.random_days.day import Day, kind_at_random
from tests.random_days.hook_set import hooks_of_day

CODE_NAMES = {
    value: name
    for name, value in vars(reject_codes).items()
    if name.isupper() and isinstance(value, int)
}
HOOK_NAMES = (
    "pendings_filter",
    "stops_filter",
    "stop_outs_filter",
    "pendings_apply",
    "stops_apply",
    "stop_outs_apply",
)
RISK_EVENTS = (r.MarginCall, r.MarginCallCleared, r.StopOut)
FIGURES = (
    "login",
    "group",
    "currency",
    "currency_digits",
    "balance_minor",
    "credit_minor",
    "floating_minor",
    "equity_minor",
    "margin_minor",
    "free_margin_minor",
    "level_bp",
    "max_withdrawable_minor",
    "positions",
    "orders",
)


class FastEngine(Protocol):
    """What the comparison needs of the engine under test."""

    def apply(self, commands: bytes) -> None: ...
    def take_events(self) -> bytes: ...
    def account(self, login: int) -> Any: ...


class DayHooks:
    """The hooks of a day as attributes, for the naive engine."""

    def __init__(self, seed: int) -> None:
        for name, hook in hooks_of_day(Random(f"hooks {seed}")).items():
            setattr(self, name, hook)


def fast_engine(hooks: DayHooks) -> FastEngine:
    """The engine under test with the same hooks."""
    from engine import Engine
    from engine.hooks import Hooks

    return Engine(hooks=Hooks(**{name: getattr(hooks, name) for name in HOOK_NAMES}))


class Comparison:
    """Feeds one command after another to both engines; `fast` may be None (naive alone)."""

    def __init__(self, seed: int, counts: Counter[str], with_fast: bool = True) -> None:
        hooks = DayHooks(seed)
        self.seed = seed
        self.counts = counts
        self.naive = NaiveEngine(hooks)
        self.fast = fast_engine(hooks) if with_fast else None
        self.commands: list[r.Command] = []

    def apply(self, command: r.Command) -> None:
        """One command through both. Raises `AssertionError` at the first difference."""
        self.commands.append(command)
        holders = self.holders(command)
        expected = self.naive.apply(command)
        if self.fast is not None:
            self.fast.apply(r.encode(command))
            actual = list(r.decode_all(self.fast.take_events()))
            if actual != expected:
                raise AssertionError(self.difference(command, expected, actual))
        count_events(self.counts, command, expected, holders)

    def holders(self, command: r.Command) -> list[int]:
        """Logins with a position in the ticked instrument, before the tick."""
        if not isinstance(command, r.Tick):
            return []
        held = self.naive.world.positions.values()
        return [p.login for p in held if p.instrument == command.instrument]

    def difference(self, command: r.Command, expected: list[r.Event], actual: list[Any]) -> str:
        """Where the two event streams part."""
        lines = [f"seed {self.seed}, {command}:"]
        for number in range(max(len(expected), len(actual))):
            rule = expected[number] if number < len(expected) else None
            fast = actual[number] if number < len(actual) else None
            if rule != fast:
                field = first_field(rule, fast)
                lines.append(f"event {number}, field {field}")
                lines += [f"  naive  {rule}", f"  engine {fast}"]
                break
        lines.append(f"naive events:  {[type(event).__name__ for event in expected]}")
        lines.append(f"engine events: {[type(event).__name__ for event in actual]}")
        return "\n".join(lines)

    def compare_accounts(self) -> None:
        """The figures of every account. Raises `AssertionError` at the first difference."""
        if self.fast is None:
            return
        for login in self.naive.logins():
            rule, fast = self.naive.account(login), self.fast.account(login)
            for name in FIGURES:
                ours, theirs = getattr(rule, name), getattr(fast, name)
                assert ours == theirs, (
                    f"seed {self.seed}, after sequence {self.naive.sequence}, account {login}, "
                    f"{name}: naive {ours}, engine {theirs}"
                )


def first_field(rule: r.Event | None, fast: r.Event | None) -> str:
    if rule is None or fast is None or type(rule) is not type(fast):
        return "type"
    names = r.fields_of(type(rule))
    return next((n for n in names if getattr(rule, n) != getattr(fast, n)), "none")


# ---------------------------------------------------------------- counting


def count_events(
    counts: Counter[str], command: r.Command, events: Iterable[r.Event], holders: list[int]
) -> None:
    events = list(events)
    holders = holders + [e.login for e in events if isinstance(e, r.OrderFilled)]
    counts["commands"] += 1
    counts[f"command {type(command).__name__}"] += 1
    for event in events:
        counts[f"event {type(event).__name__}"] += 1
        counts.update(names_of(event))
        if isinstance(event, RISK_EVENTS) and event.login not in holders:
            counts["by conversion"] += 1
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


# ---------------------------------------------------------------- whole days


def run_day(
    seed: int,
    commands: int,
    counts: Counter[str],
    with_fast: bool = True,
    log: list[r.Command] | None = None,
) -> Comparison:
    """One day of a seed through both engines, figures compared now and then and at the end.

    `log` receives the commands, also when a difference is raised.
    """
    day = Day(seed)
    comparison = Comparison(seed, counts, with_fast)
    if log is not None:
        comparison.commands = log
    for command in day.opening():
        comparison.apply(command)
    random = Random(f"day {seed}")
    for number in range(commands):
        kind = kind_at_random(random)
        comparison.apply(day.command(kind, random, comparison.naive.world))
        if number % 50 == 0:
            comparison.compare_accounts()
    comparison.compare_accounts()
    return comparison
