"""Both engines side by side: the same commands in, the same events out, or a clear sentence.

This file may compare, not decide. A `Difference` names the
command, the event and the first field that differs. Where the engine under test is not
importable (a tree without it), the naive engine runs alone and says so in `with_fast`.
"""

import importlib
from typing import Any, Protocol

import msgspec

from engine import records as r
from tests.naive.oracle import NaiveEngine

HOOK_NAMES = (
    "pendings_filter",
    "stops_filter",
    "stop_outs_filter",
    "pendings_apply",
    "stops_apply",
    "stop_outs_apply",
)
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
    "frozen_minor",
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


def fast_engine(hooks: Any = None) -> FastEngine:
    """The engine under test, with the same hooks by name."""
    if hooks is None:
        made: FastEngine = importlib.import_module("engine").Engine()
        return made
    named = {name: getattr(hooks, name, None) for name in HOOK_NAMES}
    hooks_class = importlib.import_module("engine.hooks").Hooks
    made = importlib.import_module("engine").Engine(hooks=hooks_class(**named))
    return made


class Difference(AssertionError):
    """The engines differ; `where` says at which command, event and field, without values."""

    def __init__(self, text: str, where: tuple[str, ...]) -> None:
        super().__init__(text)
        self.where = where


class Comparison:
    """Feeds one command after another to both engines."""

    def __init__(self, hooks: Any = None, with_fast: bool = True, name: str = "") -> None:
        self.name = name
        self.naive = NaiveEngine(hooks)
        self.fast = fast_engine(hooks) if with_fast else None
        self.commands: list[r.Command] = []

    def send(self, command: r.Command | r.Config, time_ns: int = 0) -> list[Any]:
        """Stamp and apply: the next sequence number, and the time or that of the last command."""
        data = r.encode(command, self.naive.sequence + 1, time_ns or self.naive.time_ns)
        record: Any = r.decode(data)[0]
        return self.apply(record)

    def apply(self, command: r.Command) -> list[Any]:
        """A stamped command through both. Raises `Difference` at the first one."""
        self.commands.append(command)
        expected = self.naive.apply(command)
        if self.fast is not None:
            self.fast.apply(r.encode(command))
            actual = list(r.decode_all(self.fast.take_events()))
            if actual != expected:
                raise self.difference(command, expected, actual)
        return expected

    def difference(
        self, command: r.Command, expected: list[r.Event], actual: list[Any]
    ) -> Difference:
        """Where the two event streams part."""
        lines = [f"{self.name} {shown(command)}:"]
        where: tuple[str, ...] = ()
        for number in range(max(len(expected), len(actual))):
            rule = expected[number] if number < len(expected) else None
            fast = actual[number] if number < len(actual) else None
            if rule != fast:
                field = first_field(rule, fast)
                lines.append(f"event {number}, field {field}")
                where = (*(type(x).__name__ for x in (command, rule, fast)), field)
                lines += [f"  naive  {rule}", f"  engine {fast}"]
                break
        lines.append(f"naive events:  {[type(event).__name__ for event in expected]}")
        lines.append(f"engine events: {[type(event).__name__ for event in actual]}")
        return Difference("\n".join(lines), where)

    def compare_accounts(self) -> None:
        """The figures of every account. Raises `Difference` at the first one."""
        if self.fast is None:
            return
        for login in self.naive.logins():
            rule, fast = self.naive.account(login), self.fast.account(login)
            for name in FIGURES:
                ours, theirs = getattr(rule, name), getattr(fast, name)
                if ours != theirs:
                    place = f"{self.name} after sequence {self.naive.sequence}, account {login}"
                    text = f"{place}, {name}: naive {ours}, engine {theirs}"
                    raise Difference(text, ("account", name))


def first_field(rule: r.Event | None, fast: r.Event | None) -> str:
    if rule is None or fast is None or type(rule) is not type(fast):
        return "type"
    names = r.fields_of(type(rule))
    return next((n for n in names if getattr(rule, n) != getattr(fast, n)), "none")


def shown(command: r.Command) -> str:
    """A command for people: a configuration with its object."""
    if not isinstance(command, r.Configure):
        return str(command)
    try:
        inside: Any = r.decode_config(command)
    except r.CorruptRecord:
        inside = command.payload
    return f"Configure(sequence={command.sequence}, {inside})"


def resequenced(commands: list[r.Command]) -> list[r.Command]:
    """The same commands with sequence numbers from 1."""
    return [msgspec.structs.replace(c, sequence=n) for n, c in enumerate(commands, 1)]
