"""Order commands per second through the whole core, at 10,000 and 200,000 open positions.

`python -m bench.orders [--json] [--smoke]`

Workload: pending orders of random accounts are placed, then all modified, then all
cancelled, each in another random order; market orders are opened and, after each block, closed.
Blocks of 4,096 commands, all accepted, a client key on each; the events go to the engine's
buffer, which is cleared after each block, and both are in the time. *mixed* is the same of the
pending orders in one stream: each block places, modifies and cancels a third.

Checks: nothing is refused; after each repetition everything placed is gone again; a
second engine, fed the same commands, ends in the same state.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bench import Stopwatch, in_fresh_process, machine, spread
from bench.cli import command_line
from bench.world import (
    BLOCK,
    PAIRS,
    POSITIONS_PER_ACCOUNT,
    PROFILES,
    World,
    build,
    count_types,
    rows_of,
    stamp,
)
from engine import records as r
from engine import vocabulary as v

SEED = 2014

Rows = npt.NDArray[np.void]


class Size(NamedTuple):
    """Accounts, commands of each kind in a repetition, repetitions."""

    accounts: int
    commands: int
    repetitions: int


SIZES = (Size(1_000, 10 * BLOCK, 9), Size(20_000, 10 * BLOCK, 9))
SMOKE_SIZES = (Size(20, 200, 2),)


def run(*, smoke: bool = False) -> dict[str, Any]:
    """All sizes; the result as plain values."""
    rows = []
    for size in SMOKE_SIZES if smoke else SIZES:
        watches, state_hash = in_fresh_process(measure, size)
        again, hash_again = in_fresh_process(measure, size)
        assert hash_again == state_hash, "the same commands ended in another state"
        rows += [_row(size, name, found + again[name]) for name, found in watches.items()]
    return {
        "benchmark": "orders",
        "seed": SEED,
        "block": BLOCK,
        "machine": machine(),
        "rows": rows,
    }


def _row(size: Size, name: str, watches: list["Watch"]) -> dict[str, Any]:
    rates = [watch.commands / watch.seconds for watch in watches]
    return {
        "positions": size.accounts * POSITIONS_PER_ACCOUNT,
        "command": name,
        "commands": sum(watch.commands for watch in watches),
        "commands_per_second": spread(rates),
        "command_ns": spread([1e9 / rate for rate in rates]),
        "own_share": sum(w.own_seconds for w in watches) / sum(w.seconds for w in watches),
    }


class Watch(Stopwatch):
    """A stopwatch that counts commands."""

    def __init__(self) -> None:
        super().__init__()
        self.commands = 0

    def plus(self, other: "Watch") -> "Watch":
        both = Watch()
        both.commands = self.commands + other.commands
        both.seconds = self.seconds + other.seconds
        both.own_seconds = self.own_seconds + other.own_seconds
        return both


def measure(size: Size) -> tuple[dict[str, list[Watch]], str]:
    """Times of each kind of command by repetition, and the state hash at the end."""
    world = build(size.accounts, PROFILES["realistic"], SEED)
    random = np.random.default_rng([SEED, 3])
    watches: dict[str, list[Watch]] = {}
    for repetition in range(size.repetitions + 1):
        for name, watch in _repetition(world, random, size.commands).items():
            if repetition:  # the first warms up
                watches.setdefault(name, []).append(watch)
    return watches, world.engine.state_hash()


def _repetition(world: World, random: np.random.Generator, count: int) -> dict[str, Watch]:
    """The time of each kind."""
    placing = _places(world, random, count)
    place, orders = _timed(world, placing, r.OrderPlaced, "order")
    modify, _ = _timed(world, _modifies(placing, orders, random))
    cancel, _ = _timed(world, _named(r.CancelOrder, placing, orders, "order", random))
    market, close = Watch(), Watch()
    for at in range(0, count, BLOCK):
        opening = _opens(world, random, min(BLOCK, count - at))
        opened, positions = _timed(world, opening, r.PositionOpened, "position")
        closing = _named(r.ClosePosition, opening, positions, "position", random)
        closed, _ = _timed(world, closing)
        market, close = market.plus(opened), close.plus(closed)
    return {
        "place": place,
        "modify": modify,
        "cancel": cancel,
        "all three": place.plus(modify).plus(cancel),
        "mixed": _mixed(world, random, count),
        "market": market,
        "close": close,
    }


def _timed(
    world: World, rows: Rows, event_class: type[r.Event] | None = None, name: str = ""
) -> tuple[Watch, npt.NDArray[np.int64]]:
    """Applies rows block by block; the time, and one column of one type of event."""
    engine = world.engine
    watch = Watch()
    found = [np.zeros(0, dtype=np.int64)]
    for at in range(0, len(rows), BLOCK):
        part = rows[at : at + BLOCK]
        stamp(part, engine.sequence + 1, engine.time_ns)
        events = _apply(world, part.tobytes(), len(part), watch)
        if event_class is not None:
            found.append(r.view(events, event_class)[name].astype(np.int64))
    return watch, np.concatenate(found)


def _apply(world: World, block: bytes, commands: int, watch: Watch) -> bytes:
    """Applies one block, timed; its events. Raises `AssertionError` if one was refused."""
    engine = world.engine
    watch.start()
    engine.apply(block)
    watch.stop()
    watch.commands += commands
    events = bytes(engine.events_view())
    watch.start()
    engine.clear_events()
    watch.stop()
    assert v.REJECTED not in count_types(memoryview(events)), "a command was refused"
    return events


def _mixed(world: World, random: np.random.Generator, count: int) -> Watch:
    """Blocks in which a third places, a third modifies and a third cancels other orders."""
    engine = world.engine
    watch = Watch()
    third = min(BLOCK // 3, count)
    rounds = max(3, count // third)
    waves = [_places(world, random, third) for _ in range(rounds)]
    tickets: list[npt.NDArray[np.int64]] = []
    for number in range(rounds + 2):
        parts = []
        if number < rounds:
            parts.append(waves[number])
        if 1 <= number <= rounds:
            parts.append(_modifies(waves[number - 1], tickets[number - 1], random))
        if number >= 2:
            old = number - 2
            parts.append(_named(r.CancelOrder, waves[old], tickets[old], "order", random))
        block = _shuffled(parts, random, engine.sequence + 1, engine.time_ns)
        events = _apply(world, block, sum(len(part) for part in parts), watch)
        if number < rounds:
            tickets.append(r.view(events, r.OrderPlaced)["order"].astype(np.int64))
    return watch


def _shuffled(
    parts: list[Rows], random: np.random.Generator, first_sequence: int, time_ns: int
) -> bytes:
    """Rows of different records in one random order that keeps the order within each part."""
    which = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    which = random.permutation(which)
    for number, part in enumerate(parts):
        part["sequence"] = first_sequence + np.flatnonzero(which == number)
        part["time_ns"] = time_ns
    cursors = [iter(part) for part in parts]
    return b"".join(next(cursors[number]).tobytes() for number in which)


def _places(world: World, random: np.random.Generator, count: int) -> Rows:
    """Limit and stop orders, 0.2 to 2 % from the price."""
    rows = _orders(world, random, count)
    pairs = rows["instrument"] - 1
    rows["order_type"] = random.choice([v.LIMIT, v.STOP], size=count)
    below = (rows["side"] == v.BUY) == (rows["order_type"] == v.LIMIT)
    distance = random.uniform(0.002, 0.02, count) * np.where(below, -1, 1)
    rows["price_points"] = np.rint(world.market.asks[pairs] * (1 + distance))
    return rows


def _opens(world: World, random: np.random.Generator, count: int) -> Rows:
    """Market orders at the current price."""
    rows = _orders(world, random, count)
    rows["order_type"] = v.MARKET
    return rows


def _orders(world: World, random: np.random.Generator, count: int) -> Rows:
    rows = rows_of(r.PlaceOrder, count)
    rows["login"] = random.integers(1, world.accounts + 1, count)
    rows["instrument"] = random.integers(1, len(PAIRS) + 1, count)
    rows["side"] = random.integers(0, 2, count)
    rows["volume_units"] = 1
    return _keyed(rows, random)


def _modifies(placed: Rows, orders: npt.NDArray[np.int64], random: np.random.Generator) -> Rows:
    """Each order a little away from where it was."""
    rows = rows_of(r.ModifyOrder, len(placed))
    order = random.permutation(len(placed))
    rows["login"] = placed["login"][order]
    rows["order"] = orders[order]
    rows["price_points"] = placed["price_points"][order] + random.integers(-20, 21, len(placed))
    return _keyed(rows, random)


def _named(
    record_class: type[r.Record],
    placed: Rows,
    tickets: npt.NDArray[np.int64],
    name: str,
    random: np.random.Generator,
) -> Rows:
    """A command for each ticket, in a random order."""
    rows = rows_of(record_class, len(placed))
    order = random.permutation(len(placed))
    rows["login"] = placed["login"][order]
    rows[name] = tickets[order]
    return _keyed(rows, random)


def _keyed(rows: Rows, random: np.random.Generator) -> Rows:
    rows["key_high"] = random.integers(1, 2**62, len(rows))
    rows["key_low"] = random.integers(1, 2**62, len(rows))
    return rows


def show(result: dict[str, Any]) -> None:
    """The result as a table for people."""
    print("positions  command    M/s (lowest-highest)    ns each")
    for row in result["rows"]:
        rate = {name: value / 1e6 for name, value in row["commands_per_second"].items()}
        print(
            f"{row['positions']:9,}  {row['command']:9}{rate['median']:6.3f}"
            f" ({rate['lowest']:.3f}-{rate['highest']:.3f})"
            f"{row['command_ns']['median']:13.0f}"
        )


if __name__ == "__main__":
    raise SystemExit(command_line(__doc__, run, show))
