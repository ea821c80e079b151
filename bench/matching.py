"""The order book: commands matched a second, and what they end with.

`python -m bench.matching [--stream FILE] [--accounts N] [--json] [--smoke]`

A stream is a file of sixteen-byte records (`engine/book/bare.py` has the format), plain or
compressed with xz. Without `--stream` the workloads are generated from a seed: *narrow*, limit
orders around a walking mid, so that about 200 price levels hold them; and *wide*, prices
spread evenly over ten million ticks, so that nearly every order is a level of its own. The
*common* stream, on which other engines were measured, is added where it lies beside the project.

Timed is, for every stream:

- the *book alone*: records decoded, matched, fills written out; no accounts, no journal. There is
  memory for 65,536 resting orders from the start, more is made while the time runs;
- the *whole core*: the same as commands of 10,000 accounts (or N; a stream that is not
  generated also with 1,000, which the caches hold) for a futures contract, with frozen margin,
  positions, fees, ledger and events (`bench/exchange.py`);
- *durable*: the same through a node, 4,096 commands a commit, which is made while the next
  are applied (`commit_behind`); the time ends when all is durable;
- the *latency* of single commands through the core, from their planned time, at a steady
  200,000 commands a second.

Checks: invariants of the book at the end; the same figures from the whole core, and the same
state hash from every repetition of it; the tests compare them with those of a naive book. They
are what every correct price-time book ends with: fills, filled quantity, resting orders,
levels, and a hash over the fills in order,
h = (h ^ (resting id * 31 + quantity)) * 1099511628211 mod 2**64.
"""

import argparse
import json
import lzma
import random
import struct
import sys
from pathlib import Path
from typing import Any, NamedTuple

from bench import ROOT, Stopwatch, exchange, machine, spread
from engine.book.bare import FILL_WORDS, RECORD_BYTES, BadRecord, BareBook

COMMON_STREAM = ROOT.parent / "shared" / "data" / "matching" / "stream_1m.bin.xz"
SEED = 7
COMMANDS = 1_000_000
SMOKE_COMMANDS = 2_000
SMOKE_ACCOUNTS = 50
FEW_ACCOUNTS = 1_000
MOST_ACCOUNTS = 100_000
ROOM = 65_536
REPETITIONS = 7
LATENCY_PER_SECOND = 200_000
CHUNK_RECORDS = 4_096
WIDE_TICKS = 10_000_000
_LIMIT, _CANCEL, _MARKET = 0, 1, 2
_XZ_MAGIC = b"\xfd7zXZ\x00"


class Figures(NamedTuple):
    """What a stream ends with."""

    commands: int
    fills: int
    volume: int
    resting: int
    bid_levels: int
    ask_levels: int
    fill_hash: str


def run(
    smoke: bool = False, stream: Path | None = None, accounts: int | None = None
) -> dict[str, Any]:
    """Measures a stream, or the generated ones.

    `accounts` share the orders in the core; by default the generated streams have
    `exchange.ACCOUNTS`, and every other is measured with these and with `FEW_ACCOUNTS`.
    """
    count = SMOKE_COMMANDS if smoke else COMMANDS
    if stream is not None:
        workloads = {stream.name: read_stream(stream)}
    else:
        workloads = {"narrow": narrow(count, SEED), "wide": wide(count, SEED)}
        if COMMON_STREAM.exists() and not smoke:
            workloads["common"] = read_stream(COMMON_STREAM)
    return {
        "benchmark": "matching",
        "seed": SEED,
        "machine": machine(),
        "block": exchange.BLOCK,
        "latency_per_second": LATENCY_PER_SECOND,
        "rows": [
            measure(name, data, smoke, number)
            for name, data in workloads.items()
            for number in _sizes(name, smoke, accounts)
        ],
    }


def _sizes(name: str, smoke: bool, accounts: int | None) -> list[int]:
    """Numbers of accounts that a workload is measured with."""
    if smoke:
        return [SMOKE_ACCOUNTS]
    if accounts is not None:
        return [accounts]
    generated = name in ("narrow", "wide")
    return [exchange.ACCOUNTS] if generated else [FEW_ACCOUNTS, exchange.ACCOUNTS]


def measure(name: str, data: bytes, smoke: bool, accounts: int) -> dict[str, Any]:
    """All that is timed on a stream. Raises `AssertionError` where two ways differ."""
    repetitions = 2 if smoke else REPETITIONS
    row = measure_alone(name, data, repetitions)
    day = exchange.prepare(data, accounts)
    expected = tuple(row[key] for key in Figures._fields[1:])
    assert day[1:7] == expected, f"{name}: the core ends with {day[1:7]}, the book with {expected}"
    core = [exchange.through_core(day, accounts) for _ in range(repetitions)]
    journal = [exchange.durable(day, accounts) for _ in range(repetitions)]
    count = len(day.commands)
    return row | {
        "accounts": accounts,
        "core_per_second": spread([count / watch.seconds for watch, _ in core]),
        "core_own_share": min(watch.own_seconds / watch.seconds for watch, _ in core),
        "event_bytes_per_command": core[0][1] / count,
        "durable_per_second": spread([count / watch.seconds for watch, _ in journal]),
        "latency_us": exchange.latencies(day, LATENCY_PER_SECOND, accounts),
    }


def measure_alone(name: str, data: bytes, repetitions: int) -> dict[str, Any]:
    """The book alone on a stream. Raises `AssertionError` where two repetitions differ."""
    rates = []
    shares = []
    figures = []
    for repetition in range(repetitions + 1):
        result, watch = match(data)
        figures.append(result)
        if repetition > 0:  # the first one warms up
            rates.append(result.commands / watch.seconds)
            shares.append(watch.own_seconds / watch.seconds)
    assert len(set(figures)) == 1, f"{name}: {set(figures)}"
    return {
        "workload": name,
        **figures[0]._asdict(),
        "commands_per_second": spread(rates),
        "own_share": min(shares),
    }


def match(data: bytes) -> tuple[Figures, Stopwatch]:
    """One run of the book alone; only matching is timed."""
    book = BareBook(ROOM)
    watch = Stopwatch()
    taken: list[bytes] = []
    step = CHUNK_RECORDS * RECORD_BYTES
    for start in range(0, len(data), step):
        chunk = data[start : start + step]
        watch.start()
        book.apply(chunk)
        watch.stop()
        taken.append(book.fill_words().tobytes())
        book.clear()
    book.check()
    # Hashed when all is done: in between it would drive the book out of the caches.
    fill_hash = 1_469_598_103_934_665_603
    fills = volume = 0
    for part in taken:
        words = memoryview(part).cast("q").tolist()
        for resting, quantity in zip(words[::FILL_WORDS], words[1::FILL_WORDS], strict=True):
            fill_hash = ((fill_hash ^ (resting * 31 + quantity)) * 1_099_511_628_211) % 2**64
            volume += quantity
        fills += len(words) // FILL_WORDS
    figures = Figures(
        commands=len(data) // RECORD_BYTES,
        fills=fills,
        volume=volume,
        resting=int(book.orders.count()),
        bid_levels=int(book.book.bids.count()),
        ask_levels=int(book.book.asks.count()),
        fill_hash=f"{fill_hash:016x}",
    )
    return figures, watch


def read_stream(path: Path) -> bytes:
    """The records of a file. Raises `ValueError` with one sentence."""
    try:
        data = path.read_bytes()
        if data.startswith(_XZ_MAGIC):
            data = lzma.decompress(data)
    except (OSError, lzma.LZMAError, EOFError) as error:
        raise ValueError(f"{path}: can't be read: {error}") from error
    if not data or len(data) % RECORD_BYTES:
        raise ValueError(f"{path}: {len(data)} bytes, expected records of {RECORD_BYTES} bytes")
    return data


def narrow(count: int, seed: int) -> bytes:
    """Limit orders within 100 ticks of a mid that walks; a third cancelled, a tenth market."""
    return _generate(count, seed, spread_ticks=100, mid=10_000, walks=True)


def wide(count: int, seed: int) -> bytes:
    """Limit orders anywhere in ten million ticks, bids below and asks above the middle."""
    return _generate(count, seed, spread_ticks=WIDE_TICKS // 2, mid=WIDE_TICKS // 2, walks=False)


def _generate(count: int, seed: int, spread_ticks: int, mid: int, walks: bool) -> bytes:
    dice = random.Random(seed)
    packed = bytearray()
    placed: list[int] = []
    for ticket in range(1, count + 1):
        if walks and dice.random() < 0.01:
            mid += dice.choice((-1, 1))
        choice = dice.random()
        side = dice.getrandbits(1)
        quantity = dice.randint(1, 99)
        if choice < 0.55 or not placed:
            # Now and then beyond the middle, so that it matches.
            away = dice.randint(-5, spread_ticks - 1)
            price = mid - away if side == 0 else mid + away
            packed += struct.pack("<BBHIii", _LIMIT, side, 0, ticket, price, quantity)
            placed.append(ticket)
        elif choice < 0.90:
            place = dice.randrange(len(placed))
            placed[place], placed[-1] = placed[-1], placed[place]
            packed += struct.pack("<BBHIii", _CANCEL, 0, 0, placed.pop(), 0, 0)
        else:
            packed += struct.pack("<BBHIii", _MARKET, side, 0, ticket, 0, quantity)
    return bytes(packed)


def show(result: dict[str, Any]) -> None:
    """The result for people."""
    for row in result["rows"]:
        print(
            f"{row['workload']}: {row['commands']:,} commands, {row['fills']:,} fills, "
            f"volume {row['volume']:,}, {row['resting']:,} resting orders, "
            f"{row['bid_levels']:,} bid and {row['ask_levels']:,} ask levels, "
            f"fill hash {row['fill_hash']}"
        )
        print(f"  book alone: {_rate(row['commands_per_second'])}")
        print(
            f"  whole core, {row['accounts']:,} accounts: {_rate(row['core_per_second'])}, "
            f"{row['event_bytes_per_command']:.0f} bytes of events a command"
        )
        print(f"  durable, {result['block']:,} a commit: {_rate(row['durable_per_second'])}")
        points = ", ".join(f"{name} {value:.1f}" for name, value in row["latency_us"].items())
        print(f"  latency at {result['latency_per_second']:,} commands/s, microseconds: {points}")


def _rate(rate: dict[str, float]) -> str:
    median, lowest, highest = (rate[name] / 1e6 for name in ("median", "lowest", "highest"))
    return f"{median:.2f} M commands/s ({lowest:.2f}-{highest:.2f})"


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--stream", type=Path, metavar="FILE", help="records to match")
    parser.add_argument(
        "--accounts", type=int, help="that share the orders (default 10,000; of a FILE also 1,000)"
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("--smoke", action="store_true", help="tiny sizes: does it run")
    arguments = parser.parse_args()
    if arguments.accounts is not None and not 1 <= arguments.accounts <= MOST_ACCOUNTS:
        parser.error(f"--accounts {arguments.accounts}: expected 1 to {MOST_ACCOUNTS:,}")
    try:
        result = run(arguments.smoke, arguments.stream, arguments.accounts)
    except (BadRecord, ValueError) as error:
        print(f"bench.matching: {error}", file=sys.stderr)
        return 2
    if arguments.json:
        json.dump(result, sys.stdout, indent=1)
        print()
        return 0
    print(", ".join(f"{name} {value}" for name, value in result["machine"].items()))
    show(result)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
