"""Replay of a journal, with every event compared byte for byte.

`python -m bench.replay [--json] [--smoke]`

Workload: a node writes a journal: 20,000 accounts with 200,000 positions, funded
realistically, then a snapshot, then ticks of 28 pairs, 4,096 a commit. Replayed are the ticks
from the snapshot, with and without comparing, and the whole journal from nothing. The time
is that of `adapters.replay.replay` between its first and its last block, so it holds
reading, checksums, the chain, executing and comparing. *Live* is the same work when it was
first done: checks of the bulk input, executing, the synced commits.

Checks: no difference, and the state hash of the live engine, in every repetition.
"""

import shutil
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from adapters.node import Node
from adapters.replay import replay
from bench import machine, spread
from bench.cli import command_line
from bench.world import BLOCK, POSITIONS_PER_ACCOUNT, PROFILES, World, build
from engine import Engine

SEED = 2014


class Size(NamedTuple):
    """Accounts, tick blocks in the journal, repetitions."""

    accounts: int
    blocks: int
    repetitions: int


SIZE = Size(20_000, 500, 5)
SMOKE_SIZE = Size(20, 3, 2)


class NodeFace:
    """A node where an engine is expected: what is applied goes into the journal, too."""

    def __init__(self, node: Node) -> None:
        self.node = node

    def apply(self, block: bytes) -> None:
        self.node.submit_block(block)

    def clear_events(self) -> None:
        """The commit clears the events."""
        self.node.commit()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.node.engine, name)


class Timer:
    """Notes when a replay had executed its first block and its last."""

    def __init__(self) -> None:
        self.first: tuple[int, float] | None = None
        self.last = (0, 0.0)

    def __call__(self, sequence: int, total: int) -> None:
        now = time.perf_counter()
        if self.first is None:
            self.first = (sequence, now)
        self.last = (sequence, now)

    def rate(self) -> float:
        """Commands per second after the first block."""
        assert self.first is not None
        return (self.last[0] - self.first[0]) / (self.last[1] - self.first[1])


def run(*, smoke: bool = False) -> dict[str, Any]:
    """Writes the journal, replays it; the result as plain values."""
    size = SMOKE_SIZE if smoke else SIZE
    folder = Path(tempfile.mkdtemp(prefix="bench-replay-", dir=Path.cwd()))
    try:
        live, state_hash = _write(size, folder)
        rows = {"live": [live]}
        for _ in range(size.repetitions):
            for name, verify, use_snapshot in (
                ("ticks, verified", True, True),
                ("ticks", False, True),
                ("all, verified", True, False),
            ):
                timer = Timer()
                result = replay(folder, verify=verify, use_snapshot=use_snapshot, progress=timer)
                assert result.difference is None, str(result.difference)
                assert result.state_hash == state_hash, "the replay ended in another state"
                rows.setdefault(name, []).append(timer.rate())
    finally:
        shutil.rmtree(folder)
    return {
        "benchmark": "replay",
        "seed": SEED,
        "block": BLOCK,
        "machine": machine(),
        "positions": size.accounts * POSITIONS_PER_ACCOUNT,
        "ticks": size.blocks * BLOCK,
        "rows": [
            {"run": name, "commands_per_second": spread(values)} for name, values in rows.items()
        ],
        "state_hash": state_hash,
    }


def _write(size: Size, folder: Path) -> tuple[float, str]:
    """The journal, with a snapshot before the ticks; ticks per second and the state hash."""
    with Node.open(folder, create=True, commit_records=2 * BLOCK) as node:
        world: World = build(size.accounts, PROFILES["realistic"], SEED, engine=NodeFace(node))
        node.snapshot()
        blocks = world.prepared_ticks(size.blocks * BLOCK)
        start = time.perf_counter()
        for block in blocks:
            node.submit_block(block)
            node.commit()
        seconds = time.perf_counter() - start
        engine: Engine = node.engine
        return size.blocks * BLOCK / seconds, engine.state_hash()


def show(result: dict[str, Any]) -> None:
    """The result as a table for people."""
    print(f"{result['ticks']:,} ticks, {result['positions']:,} open positions")
    print("run                M/s (lowest-highest)    10 million in")
    for row in result["rows"]:
        rate = row["commands_per_second"]
        print(
            f"{row['run']:16}{rate['median'] / 1e6:8.3f}"
            f" ({rate['lowest'] / 1e6:.3f}-{rate['highest'] / 1e6:.3f})"
            f"{1e7 / rate['median']:14.1f} s"
        )


if __name__ == "__main__":
    raise SystemExit(command_line(__doc__, run, show))
