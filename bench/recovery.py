"""Recovery: seconds from opening a node to its first new command, and memory meanwhile.

`python -m bench.recovery [--json] [--smoke]`, run in a folder on the disk to measure

Workload: two journals of 1 GB over 20,000 accounts with 200,000 positions. *ticks*: quotes;
*mixed*: one of three commands is an order command with a client key (mixed.py). While they
grow, the shipped node is opened, as after a crash, at a quarter, a half and the whole: from
the start, from a snapshot at the half of it, and from one at its end. Opening checks the
index of client keys, loads the snapshot, executes the rest and compares every event. Each in
a process of its own, the journal not in the page cache.

Memory is what the process has for itself (RssAnon), looked at from another process every few
milliseconds; *peak* is the most beyond what it has at the end, when it holds the engine alone.
It may not grow with the journal. Pages of the mapped file are the page cache's.

Checks: the state hash of the live node, no snapshot refused.
"""

import multiprocessing
import os
import shutil
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from adapters.node import Node
from adapters.replay import JOURNAL_FOLDER
from bench import machine, spread
from bench.cli import command_line
from bench.mixed import MixedDay
from bench.replay import NodeFace
from bench.world import BLOCK, POSITIONS_PER_ACCOUNT, PROFILES, World, build

SEED = 2014
GB = 10**9
LOOK_S = 0.004
MEMORY = ("before", "after", "peak", "high_water")
"""Bytes: before opening and at the end (RssAnon), at most in between, all with file pages."""
STARTS = ("from the start", "snapshot at the half", "snapshot at the end")


class Size(NamedTuple):
    """Accounts, bytes of blocks in the journal when it is opened, repetitions."""

    accounts: int
    stages: tuple[int, ...]
    """Each twice the one before."""
    repetitions: int


SIZE = Size(20_000, (GB // 4, GB // 2, GB), 3)
SMOKE_SIZE = Size(20, (400_000, 800_000), 1)


def run(*, smoke: bool = False) -> dict[str, Any]:
    """Both journals; the result as plain values."""
    size = SMOKE_SIZE if smoke else SIZE
    rows = []
    for workload in ("ticks", "mixed"):
        folder = Path(tempfile.mkdtemp(prefix="bench-recovery-", dir=Path.cwd()))
        try:
            rows += _grow(workload, size, folder)
        finally:
            shutil.rmtree(folder)
    return {
        "benchmark": "recovery",
        "seed": SEED,
        "block": BLOCK,
        "machine": machine(),
        "positions": size.accounts * POSITIONS_PER_ACCOUNT,
        "rows": rows,
    }


# ---------------------------------------------------------------- the journal


class Writer:
    """The live node, and the world that it serves; closed while the journal is measured."""

    def __init__(self, workload: str, accounts: int, folder: Path) -> None:
        self.folder = folder
        self.node = Node.open(folder, create=True, commit_records=2 * BLOCK)
        face = NodeFace(self.node)
        self.world: World = build(accounts, PROFILES["realistic"], SEED, engine=face)
        self.bytes = sum(block.header.value_bytes for block in self.node.journal.blocks())
        self._face = face
        self._mixed = MixedDay(self.world, SEED) if workload == "mixed" else None

    def write(self, target: int) -> None:
        """Goes on until the blocks have so many bytes together."""
        while self.bytes < target:
            if self._mixed is None:
                block = self.world.prepared_ticks(BLOCK)[0]
            else:
                block = self._mixed.block()
            self.node.submit_block(block)
            committed = self.node.commit()
            assert committed is not None
            if self._mixed is not None:
                self._mixed.hear(committed.events)
            self.bytes += self.node.journal.tail().value_bytes

    def stop(self) -> tuple[int, str]:
        """Closes the node; its sequence and state hash."""
        found = self.node.sequence, self.node.engine.state_hash()
        self.node.close()
        return found

    def start(self, *, snapshot: bool) -> None:
        """Opens it again, and takes a snapshot."""
        self.node = self._face.node = Node.open(self.folder, commit_records=2 * BLOCK)
        if snapshot:
            self.node.snapshot()


def _grow(workload: str, size: Size, folder: Path) -> list[dict[str, Any]]:
    """Writes one journal, and measures at every stage. Snapshots lie where the next needs them."""
    writer = Writer(workload, size.accounts, folder)
    writer.write(size.stages[0] // 2)
    writer.node.snapshot()
    rows = []
    for stage in size.stages:
        writer.write(stage)
        keys = writer.node.journal.tail().key_total
        live = writer.stop()
        about = {
            "workload": workload,
            "journal_bytes": writer.bytes,
            "commands": live[0],
            "keys": keys,
        }
        for start in STARTS:
            if start == STARTS[-1]:
                writer.start(snapshot=True)
                writer.stop()
            rounds = [measure(folder, start, live) for _ in range(size.repetitions)]
            rows.append({**about, "start": start, **_row(writer.bytes, rounds)})
        writer.start(snapshot=False)
    writer.stop()
    return rows


def _row(journal_bytes: int, rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """The figures of one start."""
    first = rounds[0]
    replayed = first["executed_bytes"]
    row = {
        "executed": first["executed"],
        "executed_bytes": replayed,
        "seconds": spread([r["seconds"] for r in rounds]),
        "opening_seconds": spread([r["opening_seconds"] for r in rounds]),
        "seconds_per_gb": spread([r["seconds"] * GB / journal_bytes for r in rounds]),
        "own_share": sum(r["own_seconds"] for r in rounds) / sum(r["seconds"] for r in rounds),
        **{
            name: max(r[name] for r in rounds) for name in ("before", "after", "peak", "high_water")
        },
    }
    rates = [r["commands_per_second"] for r in rounds if r["commands_per_second"]]
    if rates:
        size = replayed / first["executed"]
        row["commands_per_second"] = spread(rates)
        row["seconds_per_gb_executed"] = spread([GB / size / rate for rate in rates])
    return row


# ---------------------------------------------------------------- one recovery


def measure(folder: Path, start: str, live: tuple[int, str]) -> dict[str, Any]:
    """One recovery in a fresh process, watched from here."""
    _leave_the_page_cache(folder / JOURNAL_FOLDER / "data.mdb")
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=spawn) as pool:
        process = pool.submit(os.getpid).result()
        recovering = pool.submit(recover, folder, start != STARTS[0], live)
        peak = 0
        while not recovering.done():
            peak = max(peak, _memory(process, "RssAnon"))
            time.sleep(LOOK_S)
        found = recovering.result()
    return {**found, "peak": max(peak, found["after"])}


def recover(folder: Path, use_snapshot: bool, live: tuple[int, str]) -> dict[str, Any]:
    """Opens the node; times, and memory before and after. Raises `AssertionError` if it is
    not the live one again."""
    seen: list[tuple[int, float]] = []
    clock = time.perf_counter

    def progress(sequence: int, total: int) -> None:
        seen[1:] = [(sequence, clock())]

    before = _memory(os.getpid(), "RssAnon")
    own, started = time.process_time(), clock()
    node = Node.open(folder, use_snapshot=use_snapshot, progress=progress)
    seconds, own_seconds = clock() - started, time.process_time() - own
    after, high_water = (_memory(os.getpid(), name) for name in ("RssAnon", "VmHWM"))
    assert node.reports == [], node.reports
    assert (node.sequence, node.engine.state_hash()) == live, "it is not the state of the live node"
    first = node.sequence - node.recovered_commands + 1
    executed = [b.header.value_bytes for b in node.journal.blocks(first)] if seen else []
    found = {
        "seconds": seconds,
        "own_seconds": own_seconds,
        "opening_seconds": seen[0][1] - started if seen else seconds,
        "commands_per_second": _rate(*seen) if len(seen) > 1 else 0.0,
        "executed": node.recovered_commands,
        "executed_bytes": sum(executed),
        "before": before,
        "after": after,
        "high_water": high_water,
    }
    node.close()
    return found


def _rate(first: tuple[int, float], last: tuple[int, float]) -> float:
    """Commands per second after the first block."""
    return (last[0] - first[0]) / (last[1] - first[1])


def _leave_the_page_cache(file: Path) -> None:
    """Asks the kernel to forget the pages of a file, so that they come from the disk."""
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


def _memory(process: int, name: str) -> int:
    """One line of /proc/PID/status, in bytes."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    return 0


def show(result: dict[str, Any]) -> None:
    """The result as a table for people."""
    print(f"{result['positions']:,} open positions")
    print(
        "journal  GB    M commands  start                 seconds (opening)   s/GB  s/GB executed"
        "  M/s   peak beyond the end, MB"
    )
    for row in result["rows"]:
        executed = row.get("seconds_per_gb_executed", {"median": 0.0})["median"]
        rate = row.get("commands_per_second", {"median": 0.0})["median"]
        print(
            f"{row['workload']:8} {row['journal_bytes'] / GB:5.3f} {row['commands'] / 1e6:7.2f}"
            f"  {row['start']:22}{row['seconds']['median']:8.2f}"
            f" ({row['opening_seconds']['median']:.2f}){row['seconds_per_gb']['median']:13.2f}"
            f"{executed:10.2f}{rate / 1e6:11.2f}{(row['peak'] - row['after']) / 1e6:10.0f}"
            f" of {row['after'] / 1e6:.0f}"
        )


if __name__ == "__main__":
    raise SystemExit(command_line(__doc__, run, show))
