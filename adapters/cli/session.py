"""A day through the node into a durable journal, and what to tell about it.

This file may run and report; `demo.py` and `run.py` say what is run.
"""

import time
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from adapters.cli import console, directory, origin
from adapters.cli.day import Day, DayResult, run_day
from adapters.config import Settings
from adapters.node import Node
from adapters.units import unscaled
from engine import Engine, Hooks
from engine import vocabulary as v


@dataclass
class Live:
    """What came of the live run."""

    result: DayResult
    sequence: int
    time_ns: int
    state_hash: str
    seconds: float
    """With the commits, without opening and closing the journal."""
    journal_bytes: int
    open_house: dict[str, Decimal]
    """The house's side of the positions that are still open, per currency code."""


def run_into(path: Path, day: Day, label: origin.Origin, hooks: Hooks | None = None) -> Live:
    """Makes the journal and sends the day through it; every block is durable at the end."""
    directory.make(path)
    origin.write(path, label)
    with Node.open(path, create=True, hooks=hooks) as node, console.progress("running") as report:
        node.commit_behind = True
        started = time.perf_counter()
        result = run_day(
            day, lambda record, time_ns: node.submit(record, time_ns).provisional_events(), report
        )
        node.commit()
        seconds = time.perf_counter() - started
        engine = node.engine
        return Live(
            result=result,
            sequence=node.sequence,
            time_ns=engine.time_ns,
            state_hash=engine.state_hash(),
            seconds=seconds,
            journal_bytes=_stored_bytes(path),
            open_house=_open_house(engine, day.settings),
        )


def summary(live: Live) -> dict[str, Any]:
    """What happened, as names and values."""
    return {
        "commands": live.sequence,
        "quotes": live.result.quotes,
        **live.result.tally.as_dict(),
        "house_profit_open": live.open_house,
        "last_sequence": live.sequence,
        "last_time": console.moment(live.time_ns),
        "state_hash": live.state_hash,
    }


def print_summary(live: Live) -> None:
    """What happened, for a person."""
    shown = summary(live)
    rejected = shown.pop("rejected")
    shown.pop("commands")
    shown["last_sequence"] = str(live.sequence)
    shown["house_profit"] = _amounts(shown["house_profit"])
    shown["house_profit_open"] = _amounts(shown["house_profit_open"])
    console.table({key.replace("_", " "): value for key, value in shown.items()})
    if rejected:
        console.say(f"  refused: {sum(rejected.values()):,} commands, each with its code")
        for code, count in rejected.items():
            console.say(f"    {count:>9,}  {code}")
    console.say(f"  {console.rate(live.sequence, live.seconds, 'commands, durable,')}")
    console.say(f"  journal on disk: {live.journal_bytes / 1e6:.1f} MB")


def print_exchange(live: Live, label: str) -> None:
    """What happened on the book venue, if anything did."""
    lines = live.result.tally.exchange.lines()
    if lines:
        console.say()
        console.say(f"the exchange ({label})")
        for text in lines:
            console.say(f"  {text}")


def _amounts(amounts: dict[str, Decimal]) -> str:
    return ", ".join(f"{amount:,} {code}" for code, amount in amounts.items())


def _open_house(engine: Engine, settings: Settings) -> dict[str, Decimal]:
    """Of positions on quotes; those in books are between the clients."""
    books = {i.instrument for i in settings.instruments.values() if i.venue == v.VENUE_BOOK}
    digits = {c.code: c.digits for c in settings.currencies.values()}
    sums: Counter[str] = Counter()
    for login in engine.logins():
        currency = engine.account(login).currency
        sums[currency] -= sum(
            p.profit_minor for p in engine.positions(login) if p.instrument not in books
        )
    return {code: unscaled(sums[code], digits[code]) for code in digits if code in sums}


def _stored_bytes(path: Path) -> int:
    return sum(f.stat().st_blocks * 512 for f in path.rglob("*") if f.is_file())
