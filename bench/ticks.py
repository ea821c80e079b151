"""Ticks per second through the whole core, at several numbers of open positions.

`python -m bench.ticks [--json] [--smoke]`

Workload: blocks of 4,096 quotes of 28 pairs, a walk from the seed, applied to an engine
with ten positions an account; 30 % of the positions have stop loss and take profit, and
there is a pending order to every twenty positions. Events go to the engine's buffer, which
is cleared after each block; both are in the time. Two fundings: *realistic*, median margin
level above 400 %, and *tight*, where margin calls are frequent.

A *quiet* tick moves the price by one point, back and forth, and triggers nothing: what it costs
must not depend on the number of positions. Blocks in which an account had to be evaluated,
because it stands within a point of its margin call, are counted and left out.

Checks: at the smallest size the same blocks are applied to a second engine and the state hashes
compared; and a small world goes through the naive engine of the tests, tick by tick:
the same stop-outs, margin calls and closes.
"""

import time
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
    TICK_NS,
    World,
    blocks_of,
    build,
    count_types,
    rows_of,
    stamp,
)
from engine import Engine
from engine import records as r
from engine import vocabulary as v

SEED = 2014


class Size(NamedTuple):
    """One row: accounts, funding, blocks a repetition, repetitions."""

    accounts: int
    profile: str
    blocks: int
    repetitions: int


SIZES = (
    Size(1_000, "realistic", 40, 7),
    Size(20_000, "realistic", 40, 7),
    Size(100_000, "realistic", 40, 7),
    Size(1_000, "tight", 40, 7),
    Size(20_000, "tight", 40, 7),
    Size(100_000, "tight", 20, 5),
)
SMOKE_SIZES = (Size(20, "realistic", 1, 2), Size(40, "tight", 1, 2))
QUIET_BLOCKS = 30


def run(*, smoke: bool = False) -> dict[str, Any]:
    """All sizes, each in a process of its own; the result as plain values."""
    if smoke:
        rows = [measure(size) for size in SMOKE_SIZES]
    else:
        rows = [in_fresh_process(measure, size) for size in SIZES]
    result: dict[str, Any] = {
        "benchmark": "ticks",
        "seed": SEED,
        "block": BLOCK,
        "machine": machine(),
        "rows": rows,
        "same_state_again": ends_the_same(SMOKE_SIZES[1] if smoke else SIZES[3], rows),
        "naive": compare_with_naive(accounts=10 if smoke else 80, ticks=300 if smoke else 1_200),
    }
    realistic = [row for row in rows if row["profile"] == "realistic"]
    first, last = realistic[0], realistic[-1]
    result["quiet_ratio"] = {
        "positions": [first["positions"], last["positions"]],
        "ratio": last["quiet_ns"]["median"] / first["quiet_ns"]["median"],
    }
    return result


def measure(size: Size) -> dict[str, Any]:
    """One engine: warm up, repetitions of the walk, quiet ticks, final state."""
    world = build(size.accounts, PROFILES[size.profile], SEED)
    median_level = _median_level_percent(world)
    world.event_counts.clear()
    _walk(world, max(1, size.blocks // 4))
    before = world.engine.counters()
    watches = [_walk(world, size.blocks) for _ in range(size.repetitions)]
    seconds = [watch.seconds for watch in watches]
    ticks = size.blocks * BLOCK
    work = _difference(before, world.engine.counters())
    counts = world.event_counts
    return {
        "positions": size.accounts * POSITIONS_PER_ACCOUNT,
        "accounts": size.accounts,
        "profile": size.profile,
        "ticks": ticks * size.repetitions,
        "ticks_per_second": spread([ticks / s for s in seconds]),
        "tick_ns": spread([1e9 * s / ticks for s in seconds]),
        "own_share": sum(watch.own_seconds for watch in watches) / sum(seconds),
        "evaluations_per_tick": work["evaluations"] / (ticks * size.repetitions),
        "quiet_ns": _quiet(world),
        "median_level_percent": median_level,
        "events": {
            "margin_calls": counts.get(v.MARGIN_CALL, 0),
            "stop_outs": counts.get(v.STOP_OUT, 0),
            "closed": counts.get(v.POSITION_CLOSED, 0),
            "opened": counts.get(v.POSITION_OPENED, 0),
        },
        "state_hash": world.engine.state_hash(),
    }


def _walk(world: World, blocks: int) -> Stopwatch:
    """Applies the next quotes; the time of apply and clear alone."""
    engine = world.engine
    watch = Stopwatch()
    for block in world.prepared_ticks(blocks * BLOCK):
        watch.start()
        engine.apply(block)
        watch.stop()
        for kind, count in count_types(engine.events_view()).items():
            world.event_counts[kind] = world.event_counts.get(kind, 0) + count
        watch.start()
        engine.clear_events()
        watch.stop()
    return watch


def _quiet(world: World) -> dict[str, float]:
    """Nanoseconds of a tick that triggers nothing."""
    engine = world.engine
    order = np.random.default_rng([SEED, 2]).permutation(len(PAIRS))
    pairs: npt.NDArray[np.intp] = np.resize(order, BLOCK)
    visits = np.arange(BLOCK) // len(PAIRS)
    rows = rows_of(r.Tick, BLOCK)
    rows["instrument"] = pairs + 1
    rows["feed"] = 1
    rows["bid_points"] = world.market.bids[pairs] + visits % 2
    rows["ask_points"] = world.market.asks[pairs] + visits % 2
    times = []
    left_out = 0
    for number in range(2 * QUIET_BLOCKS):
        stamp(rows, engine.sequence + 1, engine.time_ns, TICK_NS)
        block = rows.tobytes()
        evaluations = engine.counters()["evaluations"]
        start = time.perf_counter()
        engine.apply(block)
        seconds = time.perf_counter() - start
        busy = engine.counters()["evaluations"] != evaluations or len(engine.events_view()) > 0
        engine.clear_events()
        if number < 3:
            continue
        if busy:
            left_out += 1
        else:
            times.append(1e9 * seconds / BLOCK)
        if len(times) == QUIET_BLOCKS:
            break
    if not times:
        return {"median": float("nan"), "blocks": 0, "left_out": left_out}
    return {**spread(times), "blocks": len(times), "left_out": left_out}


def _median_level_percent(world: World) -> float:
    """Median margin level of a thousand accounts."""
    logins = np.linspace(1, world.accounts, min(1_000, world.accounts), dtype=int)
    levels = [world.engine.account(int(login)).level_bp / 100 for login in logins]
    return float(np.median(levels))


def _difference(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    return {name: after[name] - before[name] for name in after}


def ends_the_same(size: Size, rows: list[dict[str, Any]]) -> bool:
    """A second engine, fed the same, ends in the same state. Raises `AssertionError` if not."""
    again = measure(size)
    same = [
        row
        for row in rows
        if (row["accounts"], row["profile"]) == (size.accounts, size.profile)
        and row["state_hash"] == again["state_hash"]
    ]
    assert same, "the same commands ended in another state"
    return True


def compare_with_naive(accounts: int, ticks: int) -> dict[str, int]:
    """The same small, wild day through both engines; every event must be the same.

    Raises `AssertionError` at the first difference, or if nothing was stopped out.
    """
    from tests.naive import NaiveEngine

    world = build(accounts, PROFILES["tight"], SEED, speed=300.0, keep=True, stops_share=0.1)
    rows = world.market.ticks(ticks)
    stamp(rows, world.engine.sequence + 1, world.engine.time_ns, TICK_NS)
    naive = NaiveEngine()
    counts: dict[int, int] = {}
    fast = Engine()
    for block in (*world.journal, *blocks_of(rows, 256)):
        fast.apply(block)
        expected = fast.take_events()
        told = b"".join(
            r.encode(event) for command in r.decode_all(block) for event in naive.apply(command)
        )
        assert told == expected, "the naive engine's events differ"
        for kind, count in count_types(memoryview(expected)).items():
            counts[kind] = counts.get(kind, 0) + count
    assert counts.get(v.STOP_OUT, 0) > 0, "no account was stopped out"
    return {
        "positions": accounts * POSITIONS_PER_ACCOUNT,
        "ticks": ticks,
        "same_events": sum(counts.values()),
        "same_stop_outs": counts[v.STOP_OUT],
        "same_margin_calls": counts[v.MARGIN_CALL],
    }


def show(result: dict[str, Any]) -> None:
    """The result as a table for people."""
    print("positions  funding    M ticks/s (lowest-highest)  evaluations/tick  quiet ns  stop-outs")
    for row in result["rows"]:
        rate = {name: value / 1e6 for name, value in row["ticks_per_second"].items()}
        print(
            f"{row['positions']:9,}  {row['profile']:10}"
            f"{rate['median']:9.3f} ({rate['lowest']:.3f}-{rate['highest']:.3f})"
            f"{row['evaluations_per_tick']:18.4f}{row['quiet_ns']['median']:10.1f}"
            f"{row['events']['stop_outs']:11,}"
        )
    ratio = result["quiet_ratio"]
    print(f"a quiet tick at {ratio['positions'][1]:,} positions costs {ratio['ratio']:.2f} times")
    print(f"what it costs at {ratio['positions'][0]:,}; same as the naive engine: ", end="")
    print(", ".join(f"{name} {count:,}" for name, count in result["naive"].items()))


if __name__ == "__main__":
    raise SystemExit(command_line(__doc__, run, show))
