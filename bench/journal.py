"""The journal beside a raw file: records per second, durable, at several commit sizes.

`python -m bench.journal [--json] [--smoke]`, run in a folder on the disk to measure

Workload: records of 128 bytes, half of a commit commands (`PlaceOrder`) and half the
events they cause (`LedgerEntry`). The raw file gets the very same bytes by `write` and
`fdatasync`; the journal gets them through `BlockDraft.add` and `append`, so its figure
holds the copying, checksum, chain, LMDB transaction and both of its syncs. Rounds of the
two alternate, and which goes first alternates too, because the disk's mood changes by the
second; a ratio is taken within each round. The row with client keys has a random key on
every command. The rows with reserved space show what `LmdbJournal.reserve` is worth. At the
end the journal is verified, block by block.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bench import machine, spread
from bench.cli import command_line
from engine import records
from journal import NO_HOOKS, BlockDraft, LmdbJournal, framing

RECORD_BYTES = 128
SEED = 7
ZEROS = bytes(1 << 20)
TIME_NS = 1_400_000_000_000_000_000


class Size(NamedTuple):
    """One row: records a commit, commits a round, whether the commands carry keys, and
    whether space is reserved before (in the journal, and in a second raw file)."""

    records: int
    commits: int
    keys: bool = False
    reserved: bool = False


SIZES = (
    Size(1, 600),
    Size(256, 300),
    Size(4096, 60),
    Size(16384, 20),
    Size(256, 100, keys=True),
    Size(4096, 30, keys=True),
)
RESERVED_SIZES = (Size(256, 300, reserved=True), Size(4096, 60, reserved=True))
ROUNDS = 15
SMOKE_SIZES = (Size(1, 3), Size(64, 2), Size(64, 2, keys=True))
SMOKE_RESERVED_SIZES = (Size(64, 2, reserved=True),)
SMOKE_ROUNDS = 2


class Commit(NamedTuple):
    """The input of one commit."""

    commands: bytes
    events: bytes
    first_sequence: int
    last_sequence: int
    keys: list[tuple[bytes, int]]


class Workload:
    """Commits one after the other, with right sequences and, where asked for, random keys."""

    def __init__(self, size: Size) -> None:
        self._size = size
        self._next = 1
        self._random = np.random.default_rng(SEED)
        self._n_commands = max(1, size.records // 2)
        self._n_events = size.records - self._n_commands
        order = records.PlaceOrder(
            login=1, instrument=1, order_type=1, side=0, volume_units=10, price_points=112_345
        )
        entry = records.LedgerEntry(
            login=1,
            tick_sequence=1,
            order=1,
            position=1,
            entry_number=1,
            entry_type=7,
            balance_delta_minor=-350,
            credit_delta_minor=0,
            margin_delta_minor=0,
            balance_minor=1_000_000,
            credit_minor=0,
            margin_minor=20_000,
            reference=0,
        )
        self._orders = _rows(order, self._n_commands)
        self._entries = _rows(entry, self._n_events)

    def commits(self, count: int) -> Iterator[Commit]:
        """The next commits."""
        for _ in range(count):
            first, last = self._next, self._next + self._n_commands - 1
            self._orders[:, 1] = np.arange(first, last + 1)
            self._entries[:, 1] = np.linspace(first, last, self._n_events, dtype=np.int64)
            if self._size.keys:
                self._orders[:, -2:] = self._random.integers(
                    1, 2**62, (self._n_commands, 2), dtype=np.int64
                )
            commands = self._orders.tobytes()
            keys = framing.keys_of(commands) if self._size.keys else []
            self._next = last + 1
            yield Commit(commands, self._entries.tobytes(), first, last, keys)


def _rows(record: records.Record, count: int) -> npt.NDArray[np.int64]:
    """`count` copies of a record as rows of words."""
    data = records.encode(record, 1, TIME_NS)
    assert len(data) == RECORD_BYTES
    return np.tile(np.frombuffer(data, dtype="<i8"), (count, 1))


def raw_round(descriptor: int, commits: list[Commit]) -> list[float]:
    """Seconds of each write and fdatasync; the bytes are put together before."""
    seconds = []
    for data in [c.commands + c.events for c in commits]:
        start = time.perf_counter()
        os.write(descriptor, data)
        os.fdatasync(descriptor)
        seconds.append(time.perf_counter() - start)
    return seconds


def journal_round(journal: LmdbJournal, draft: BlockDraft, commits: list[Commit]) -> list[float]:
    """Seconds of each commit, from records in memory to durable."""
    seconds = []
    for commit in commits:
        start = time.perf_counter()
        draft.add(commit.commands, commit.first_sequence, commit.last_sequence, TIME_NS)
        draft.keys = commit.keys
        journal.append(draft, commit.events, TIME_NS, NO_HOOKS)
        draft.clear()
        seconds.append(time.perf_counter() - start)
    return seconds


def run_size(size: Size, rounds: int, directory: Path) -> dict[str, Any]:
    """Interleaved rounds of journal and raw file at one commit size."""
    workload = Workload(size)
    journal = LmdbJournal.open(directory / "journal", writable=True, create=True)
    draft = BlockDraft()
    files = {"raw": _raw_file(directory / "raw", 0)}
    if size.reserved:
        n_bytes = (rounds + 2) * size.commits * (size.records * RECORD_BYTES + 32_768)
        files["raw_reserved"] = _raw_file(directory / "raw_reserved", n_bytes)
        journal.reserve(n_bytes)
    runs: dict[str, Callable[[list[Commit]], list[float]]] = {
        "journal": lambda commits: journal_round(journal, draft, commits)
    }
    for name, descriptor in files.items():
        runs[name] = lambda commits, to=descriptor: raw_round(to, commits)  # type: ignore[misc]
    seconds: dict[str, list[list[float]]] = {name: [] for name in runs}
    for number in range(rounds + 1):
        commits = list(workload.commits(size.commits))
        for name in list(runs)[:: 1 if number % 2 else -1]:
            measured = runs[name](commits)
            if number:  # the first round warms up
                seconds[name].append(measured)
    for descriptor in files.values():
        os.close(descriptor)
    findings = journal.verify().findings
    assert not findings, findings
    journal.close()
    return _row(size, seconds)


def _row(size: Size, seconds: dict[str, list[list[float]]]) -> dict[str, Any]:
    """The figures of one commit size. A ratio is taken within each round."""
    n_records = size.records * size.commits
    rates = {name: [n_records / sum(r) for r in rounds] for name, rounds in seconds.items()}
    row: dict[str, Any] = {
        "records_per_commit": size.records,
        "client_keys": size.keys,
        "reserved": size.reserved,
        "commits": len(rates["journal"]) * size.commits,
    }
    for name, rounds in seconds.items():
        row[f"{name}_records_per_second"] = spread(rates[name])
        row[f"{name}_commit_us"] = spread([1e6 * s for r in rounds for s in r])
        if name != "journal":
            ratios = [a / b for a, b in zip(rates["journal"], rates[name], strict=True)]
            row["ratio" if name == "raw" else f"ratio_to_{name}"] = spread(ratios)
    return row


def _raw_file(path: Path, n_zeros: int) -> int:
    """A file to write to, with so many zeros written ahead."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for _ in range(0, n_zeros, len(ZEROS)):
        os.write(descriptor, ZEROS)
    os.fsync(descriptor)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def run(*, smoke: bool = False) -> dict[str, Any]:
    """All sizes; the result as plain values. Files are made in the current folder and removed."""
    rows: list[dict[str, Any]] = []
    reserved_rows: list[dict[str, Any]] = []
    for size in (*SMOKE_SIZES, *SMOKE_RESERVED_SIZES) if smoke else (*SIZES, *RESERVED_SIZES):
        folder = Path(tempfile.mkdtemp(prefix="bench-journal-", dir=Path.cwd()))
        try:
            row = run_size(size, SMOKE_ROUNDS if smoke else ROUNDS, folder)
        finally:
            shutil.rmtree(folder)
        (reserved_rows if size.reserved else rows).append(row)
    return {
        "benchmark": "journal",
        "record_bytes": RECORD_BYTES,
        "seed": SEED,
        "machine": machine(),
        "rows": rows,
        "reserved_rows": reserved_rows,
    }


def show(result: dict[str, Any]) -> None:
    """The result as a table for people."""
    print(f"records of {result['record_bytes']} bytes, durable; raw file: write and fdatasync")
    print("reserved: space written ahead, raw file not; to reserved: raw file too")
    print("records/commit  keys   raw M/s  journal M/s  ratio (lowest-highest)  commit us  raw us")
    for row in (*result["rows"], *result["reserved_rows"]):
        ratio = row["ratio"]
        to_reserved = row.get("ratio_to_raw_reserved")
        print(
            f"{row['records_per_commit']:14}  {'yes' if row['client_keys'] else 'no ':4}"
            f"{row['raw_records_per_second']['median'] / 1e6:9.3f}"
            f"{row['journal_records_per_second']['median'] / 1e6:13.3f}"
            f"   {ratio['median']:.2f} ({ratio['lowest']:.2f}-{ratio['highest']:.2f})"
            f"{row['journal_commit_us']['median']:19.0f}{row['raw_commit_us']['median']:8.0f}"
            + (f"  reserved; to reserved: {to_reserved['median']:.2f}" if to_reserved else "")
        )


if __name__ == "__main__":
    raise SystemExit(command_line(__doc__, run, show))
