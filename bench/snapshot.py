"""Snapshot and recovery: seconds per million positions, bytes and memory per position.

`python -m bench.snapshot [--json] [--smoke]`

Workload: the world of `world.py`, ten positions an account and some pending orders. *Write*
is what a node does between two commits: the state as bytes, its hash, compressed and synced
into the snapshot store. *Recover* is what a start does before the tail: read the newest
snapshot, check it, build the engine. Each size in a process of its own, so that memory
is that of the engine alone.

Checks: the recovered engine has the same state hash, and so have both after more ticks.
"""

import shutil
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from bench import in_fresh_process, machine, resident_bytes, spread
from bench.cli import command_line
from bench.world import POSITIONS_PER_ACCOUNT, PROFILES, World, build
from engine import Engine
from snapshots import SnapshotStore

SEED = 2014
CHAIN_HASH = bytes(range(32))
"""Stands for the journal's hash at the snapshot; there is no journal here."""


class Size(NamedTuple):
    """One row: accounts and repetitions."""

    accounts: int
    repetitions: int


SIZES = (Size(1_000, 7), Size(20_000, 7), Size(100_000, 5))
SMOKE_SIZES = (Size(20, 2),)


def run(*, smoke: bool = False) -> dict[str, Any]:
    """All sizes; the result as plain values."""
    if smoke:
        rows = [measure(size) for size in SMOKE_SIZES]
    else:
        rows = [in_fresh_process(measure, size) for size in SIZES]
    return {"benchmark": "snapshot", "seed": SEED, "machine": machine(), "rows": rows}


def measure(size: Size) -> dict[str, Any]:
    """One size: memory, then writes and recoveries in turn."""
    before = resident_bytes()
    world = build(size.accounts, PROFILES["realistic"], SEED)
    used = resident_bytes() - before
    positions = size.accounts * POSITIONS_PER_ACCOUNT
    folder = Path(tempfile.mkdtemp(prefix="bench-snapshot-", dir=Path.cwd()))
    try:
        rounds = [_round(world, folder) for _ in range(size.repetitions + 1)][1:]
    finally:
        shutil.rmtree(folder)
    return {
        "positions": positions,
        "accounts": size.accounts,
        "memory_bytes_per_position": used / positions,
        "state_bytes_per_position": rounds[-1]["state_bytes"] / positions,
        "stored_bytes_per_position": rounds[-1]["stored_bytes"] / positions,
        **{
            f"{name}_seconds_per_million": spread([1e6 * r[name] / positions for r in rounds])
            for name in ("state", "hash", "store", "write", "read", "load", "recover")
        },
        "state_hash": rounds[-1]["state_hash"],
    }


def _round(world: World, folder: Path) -> dict[str, Any]:
    """Writes and recovers once; seconds of each part."""
    engine = world.engine
    clock = time.perf_counter
    start = clock()
    state = engine.state_bytes()
    dumped = clock()
    state_hash = engine.state_hash()
    hashed = clock()
    store = SnapshotStore.open(folder, writable=True)
    info = store.write(engine.sequence, engine.time_ns, CHAIN_HASH, state_hash, state)
    written = clock()
    store.close()
    reading = clock()
    store = SnapshotStore.open(folder)
    snapshot = next(store.valid(lambda sequence: CHAIN_HASH))
    read = clock()
    again = Engine.from_state(snapshot.state, snapshot.info.sequence, snapshot.info.time_ns)
    loaded = clock()
    store.close()
    assert again.state_hash() == state_hash, "the recovered state is another"
    _go_on(world, again)
    return {
        "state": dumped - start,
        "hash": hashed - dumped,
        "store": written - hashed,
        "write": written - start,
        "read": read - reading,
        "load": loaded - read,
        "recover": loaded - reading,
        "state_bytes": len(state),
        "stored_bytes": info.stored_bytes,
        "state_hash": state_hash,
    }


def _go_on(world: World, again: Engine) -> None:
    """More ticks through both. Raises `AssertionError` if they part."""
    for block in world.prepared_ticks(4_096):
        world.engine.apply(block)
        again.apply(block)
        assert world.engine.take_events() == again.take_events()
    assert world.engine.state_hash() == again.state_hash()


def show(result: dict[str, Any]) -> None:
    """The result as a table for people."""
    print("positions  write s/M (state, hash, store)   recover s/M (read, load)   bytes a position")
    for row in result["rows"]:
        each = {
            name.removesuffix("_seconds_per_million"): value["median"]
            for name, value in row.items()
            if name.endswith("_seconds_per_million")
        }
        print(
            f"{row['positions']:9,}{each['write']:10.2f} ({each['state']:.2f}, {each['hash']:.2f},"
            f" {each['store']:.2f}){each['recover']:15.2f} ({each['read']:.2f}, {each['load']:.2f})"
            f"   memory {row['memory_bytes_per_position']:.0f}, state"
            f" {row['state_bytes_per_position']:.0f}, stored {row['stored_bytes_per_position']:.0f}"
        )


if __name__ == "__main__":
    raise SystemExit(command_line(__doc__, run, show))
