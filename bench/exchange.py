"""A stream of book records as commands of the engine: accounts, orders, durable blocks.

This file may make commands and run them through the core or a node, timed; `matching.py`
says what is measured and shows it.

Every record becomes a command of one of `ACCOUNTS` well-funded accounts, by its id, for a
futures contract with initial margin, maintenance margin, maker and taker fees; self-trades are
allowed, so that the fills are those of the stream.
"""

import shutil
import struct
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from adapters.node import Node
from bench import Stopwatch
from engine import Engine
from engine import records as r
from engine import vocabulary as v

ACCOUNTS = 10_000
BLOCK = 4_096
TIME_NS = 1_700_000_000 * 10**9
_LIMIT, _CANCEL = 0, 1
_DEPOSIT_MINOR = 10**12
_PLACE = struct.Struct("<17q")
_PLACE_HEADER = v.PLACE_BOOK_ORDER | r.VERSION << 16 | r.record_size(v.PLACE_BOOK_ORDER) << 32
_CANCEL_ORDER = struct.Struct("<7q")
_CANCEL_HEADER = v.CANCEL_ORDER | r.VERSION << 16 | r.record_size(v.CANCEL_ORDER) << 32
assert _PLACE.size == r.record_size(v.PLACE_BOOK_ORDER)
assert _CANCEL_ORDER.size == r.record_size(v.CANCEL_ORDER)


class Day(NamedTuple):
    """Commands, and what they end with."""

    commands: list[bytes]
    fills: int
    volume: int
    resting: int
    bid_levels: int
    ask_levels: int
    fill_hash: str
    state_hash: str

    def blocks(self) -> list[bytes]:
        """The commands, `BLOCK` of them together."""
        starts = range(0, len(self.commands), BLOCK)
        return [b"".join(self.commands[at : at + BLOCK]) for at in starts]


def setup(accounts: int) -> list[bytes]:
    """Configuration and funded accounts, as one block of commands each."""
    configs: list[r.Config] = [
        r.Currency(currency=1, code="USD", digits=2),
        r.Currency(currency=2, code="XAU", digits=2),
        r.Instrument(
            instrument=1,
            symbol="GC",
            base_currency=2,
            profit_currency=1,
            margin_currency=1,
            digits=2,
            contract_size=1,
            asset_class="futures",
            profit_mode=v.PROFIT_CFD,
            margin_mode=v.MARGIN_CFD,
            lot_max_units=10_000,
            position_limit_units=500_000,
            initial_margin_minor=1_000,
            venue=v.VENUE_BOOK,
            volume_digits=0,
            maintenance_margin_minor=500,
            maker_fee_per_lot_minor=1,
            taker_fee_per_lot_minor=2,
        ),
        r.Group(group=1, name="futures", currency=1),
    ]
    records: list[r.Record | r.Config] = list(configs)
    for login in range(1, accounts + 1):
        records.append(r.SetAccount(login=login, group=1, mode=v.NETTING))
        records.append(
            r.BalanceOperation(login=login, operation=v.DEPOSIT, amount_minor=_DEPOSIT_MINOR)
        )
    encoded = [r.encode(record, n, TIME_NS) for n, record in enumerate(records, 1)]
    return [b"".join(encoded[at : at + BLOCK]) for at in range(0, len(encoded), BLOCK)]


def started(accounts: int) -> Engine:
    """An engine with the accounts. Raises `AssertionError` if anything was refused."""
    engine = Engine()
    for block in setup(accounts):
        engine.apply(block)
        assert not len(r.view(engine.events_view(), r.Rejected)), "the set-up was refused"
        engine.clear_events()
    return engine


def prepare(data: bytes, accounts: int = ACCOUNTS) -> Day:
    """The commands of a stream, made in a dry run, because a cancel needs a ticket."""
    engine = started(accounts)
    sequence = engine.sequence
    ticket_of: dict[int, int] = {}
    id_of: dict[int, int] = {}
    commands: list[bytes] = []
    fill_hash = 1_469_598_103_934_665_603
    fills = volume = 0
    for operation, side, _, name, price, quantity in struct.iter_unpack("<BBHIii", data):
        sequence += 1
        login = name % accounts + 1
        if operation == _CANCEL:
            ticket = ticket_of.get(name, 0)
            command = _CANCEL_ORDER.pack(_CANCEL_HEADER, sequence, TIME_NS, login, ticket, 0, 0)
            engine.apply(command)
        else:
            limit = operation == _LIMIT
            fields = (
                (v.LIMIT, side, quantity, price, v.GOOD_TILL_CANCELLED)
                if limit
                else (v.MARKET, side, quantity, 0, v.IMMEDIATE_OR_CANCEL)
            )
            command = _PLACE.pack(
                _PLACE_HEADER, sequence, TIME_NS, login, 1, *fields, 0, v.SELF_TRADE_ALLOW, *[0] * 5
            )
            engine.apply(command)
            words = engine.events_view().cast("q")
            assert words[0] & 0xFFFF == v.BOOK_ORDER_PLACED, f"command {sequence} was refused"
            ticket_of[name] = words[4]
            id_of[words[4]] = name
            if len(words) > _PLACED_WORDS:
                for row in r.view(engine.events_view(), r.FuturesFilled):
                    if row["role"] == v.ROLE_MAKER:
                        filled = int(row["volume_units"])
                        resting = id_of[int(row["order"])]
                        fill_hash = (fill_hash ^ (resting * 31 + filled)) * 1_099_511_628_211
                        fill_hash %= 2**64
                        fills += 1
                        volume += filled
        engine.clear_events()
        commands.append(command)
    engine.check(everything=accounts <= 100)
    bids, asks = engine.depth(1, v.BUY), engine.depth(1, v.SELL)
    return Day(
        commands,
        fills,
        volume,
        sum(level.orders for level in (*bids, *asks)),
        len(bids),
        len(asks),
        f"{fill_hash:016x}",
        engine.state_hash(),
    )


_PLACED_WORDS = r.record_size(v.BOOK_ORDER_PLACED) // r.WORD


def through_core(day: Day, accounts: int = ACCOUNTS) -> tuple[Stopwatch, int]:
    """All blocks through a fresh engine, events written; time and bytes of events."""
    engine = started(accounts)
    watch = Stopwatch()
    written = 0
    for block in day.blocks():
        watch.start()
        engine.apply(block)
        watch.stop()
        written += len(engine.events_view())
        engine.clear_events()
    assert engine.state_hash() == day.state_hash, "the core ended in another state"
    return watch, written


def durable(day: Day, accounts: int = ACCOUNTS) -> tuple[Stopwatch, int]:
    """All blocks through a node, a commit each, made while the next is applied.

    The time ends when all is durable. Also returns the bytes of the journal.
    """
    folder = Path(tempfile.mkdtemp(prefix="bench-matching-", dir=Path.cwd()))
    try:
        with Node.open(folder, create=True, commit_records=BLOCK) as node:
            node.commit_bytes = 1 << 30
            for block in setup(accounts):
                node.submit_block(block)
            node.commit()
            node.commit_behind = True
            watch = Stopwatch()
            for block in day.blocks():
                watch.start()
                node.submit_block(block)
                watch.stop()
            watch.start()
            node.commit()
            watch.stop()
            assert node.durable_sequence == node.sequence
            assert node.engine.state_hash() == day.state_hash, "the node ended in another state"
        size = sum(path.stat().st_size for path in folder.rglob("*.mdb"))
        return watch, size
    finally:
        shutil.rmtree(folder)


def latencies(day: Day, per_second: int, accounts: int = ACCOUNTS) -> dict[str, float]:
    """Microseconds from the planned time of a command to its events, one command at a time.

    Commands are planned at equal distances; one that waits for those before it counts
    its waiting.
    """
    engine = started(accounts)
    distance_ns = 10**9 // per_second
    clock = time.perf_counter_ns
    taken = np.empty(len(day.commands), dtype=np.int64)
    start = clock() + 1_000_000
    for number, command in enumerate(day.commands):
        planned = start + number * distance_ns
        while clock() < planned:
            pass
        engine.apply(command)
        engine.clear_events()
        taken[number] = clock() - planned
    points = {"p50": 50, "p99": 99, "p99_9": 99.9, "max": 100}
    return {name: float(np.percentile(taken, at)) / 1e3 for name, at in points.items()}
