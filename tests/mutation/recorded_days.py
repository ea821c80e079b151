"""Random days that the naive engine has gone through, to hold a changed engine against.

This file may record days and compare. The naive engine is slow, and its answers don't
change: recorded once, they cost a mutant only the time of the engine itself.

    python -m tests.mutation.recorded_days FILE [--record SEED ...] [--book]

Exit code 1 at the first difference. `--book` records days of the book venue; there the engine is
restored from its state now and then, too.
"""

import argparse
import pickle
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from random import Random

from engine import Engine, Hooks
from engine import records as r
from tests.naive import NaiveEngine, book_day
from tests.naive.comparison import FIGURES, HOOK_NAMES
from tests.random_days.campaign import CountedDay, DayHooks
from tests.random_days.day import kind_at_random

COMMANDS = 1_500
BOOK_COMMANDS = 500
CHECKED_EVERY = 250
BOOK_CHECKED_EVERY = 50


@dataclass
class RecordedDay:
    """Commands, the events of each, and the figures of all accounts now and then."""

    seed: int
    commands: list[bytes]
    events: list[bytes]
    figures: dict[int, dict[int, tuple[int, ...]]]
    on_book: bool = False


def record_day(seed: int) -> RecordedDay:
    """The day of the tests with the same seed, through the naive engine alone."""
    day = CountedDay(seed, Counter(), with_fast=False)
    made = RecordedDay(seed, [], [], {})
    random = Random(f"day {seed}")
    for command in day.day.opening():
        apply(made, day.both.naive, command)
    for _ in range(COMMANDS):
        kind = kind_at_random(random)
        apply(made, day.both.naive, day.day.command(kind, random, day.both.naive.world))
    return made


def record_book_day(seed: int) -> RecordedDay:
    """A random day on the book venue, through the naive engine alone."""
    naive = NaiveEngine()
    day = book_day.BookDay(seed, naive.world)
    made = RecordedDay(seed, [], [], {}, on_book=True)
    random = Random(f"commands {seed}")
    for command in day.opening():
        apply(made, naive, command)
    for _ in range(BOOK_COMMANDS):
        apply(made, naive, day.command(book_day.kind_at_random(random), random))
    return made


def apply(made: RecordedDay, naive: NaiveEngine, command: r.Command) -> None:
    made.commands.append(r.encode(command))
    made.events.append(b"".join(map(r.encode, naive.apply(command))))
    if len(made.commands) % checked_every(made) == 0:
        made.figures[len(made.commands)] = {
            login: tuple(getattr(naive.account(login), name) for name in FIGURES)
            for login in naive.logins()
        }


def checked_every(made: RecordedDay) -> int:
    return BOOK_CHECKED_EVERY if made.on_book else CHECKED_EVERY


def compare(made: RecordedDay) -> None:
    """The engine gives the same. Raises `AssertionError` at the first difference."""
    hooks = None if made.on_book else DayHooks(made.seed)
    engine = Engine(Hooks(**{name: getattr(hooks, name, None) for name in HOOK_NAMES}))
    for number, (command, expected) in enumerate(zip(made.commands, made.events, strict=True), 1):
        engine.apply(command)
        assert engine.take_events() == expected, f"seed {made.seed}, command {number}"
        for login, figures in made.figures.get(number, {}).items():
            account = engine.account(login)
            assert tuple(getattr(account, name) for name in FIGURES) == figures, login
        if number % checked_every(made) == 0:
            engine.check(everything=True)
            if made.on_book:
                state = engine.state_bytes()
                engine = Engine.from_state(state, engine.sequence, engine.time_ns)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation.recorded_days")
    parser.add_argument("file", type=Path)
    parser.add_argument("--record", type=int, nargs="*", default=[], metavar="SEED")
    parser.add_argument("--book", action="store_true", help="days of the book venue")
    arguments = parser.parse_args()
    if arguments.record:
        record = record_book_day if arguments.book else record_day
        made = [record(seed) for seed in arguments.record]
        arguments.file.write_bytes(pickle.dumps(made))
        return 0
    for day in pickle.loads(arguments.file.read_bytes()):
        try:
            compare(day)
        except Exception as difference:  # whatever a changed engine does: it is noticed
            print(f"{type(difference).__name__}: {difference}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
