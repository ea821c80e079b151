"""A mixed day for benchmarks: quotes, and orders that live and end, a client key on each.

This file may make commands for a `World` and feed them to it; it measures nothing. Each block
holds, in random order: quotes (two of three commands), new pending orders, changes and
cancellations of those of the blocks before, market orders, and closes of their positions.
What a quote fills or the engine refuses meanwhile is part of the day: the next command to
it is refused, too.
"""

from collections import deque
from typing import Final

import numpy as np
import numpy.typing as npt

from bench.world import BLOCK, PAIRS, TICK_NS, World, rows_of
from engine import records as r
from engine import vocabulary as v

Rows = npt.NDArray[np.void]
Tickets = npt.NDArray[np.int64]

PENDING: Final = BLOCK // 11
"""New pending orders in a block; as many are changed, and as many cancelled."""
MARKET: Final = PENDING // 5
"""Market orders in a block; as many positions are closed."""
_LIFE: Final = 2
"""Blocks from placing to changing, and from there to cancelling."""


class MixedDay:
    """Makes and applies block after block. Everything comes from the seed."""

    def __init__(self, world: World, seed: int) -> None:
        self._world = world
        self._random = np.random.default_rng([seed, 11])
        self._placed: deque[tuple[Rows, Tickets]] = deque()
        self._changed: deque[tuple[Rows, Tickets]] = deque()
        self._opened: deque[tuple[Rows, Tickets]] = deque()

    def block(self) -> bytes:
        """The next block: stamped commands, to be applied before the next is asked for."""
        world = self._world
        placing, opening = self._pending(), self._market()
        parts = [placing, opening]
        if len(self._placed) == _LIFE:
            old = self._placed.popleft()
            parts.append(self._modify(*old))
            self._changed.append(old)
        if len(self._changed) == _LIFE:
            parts.append(self._end(r.CancelOrder, "order", *self._changed.popleft()))
        if len(self._opened) == _LIFE:
            parts.append(self._end(r.ClosePosition, "position", *self._opened.popleft()))
        parts.append(world.market.ticks(BLOCK - sum(map(len, parts))))
        self._made = placing, opening
        return self._shuffled(parts)

    def hear(self, events: bytes | memoryview) -> None:
        """Notes the tickets that the last block was given."""
        placing, opening = self._made
        self._placed.append(_known(placing, r.view(events, r.OrderPlaced), "order"))
        self._opened.append(_known(opening, r.view(events, r.PositionOpened), "position"))

    # ------------------------------------------------------------ the parts of a block

    def _pending(self) -> Rows:
        """Limit and stop orders, 0.2 to 2 % from the price."""
        rows = self._orders(PENDING)
        rows["order_type"] = self._random.choice([v.LIMIT, v.STOP], size=len(rows))
        below = (rows["side"] == v.BUY) == (rows["order_type"] == v.LIMIT)
        distance = self._random.uniform(0.002, 0.02, len(rows)) * np.where(below, -1, 1)
        asks = self._world.market.asks[rows["instrument"] - 1]
        rows["price_points"] = np.rint(asks * (1 + distance))
        return rows

    def _market(self) -> Rows:
        """Market orders at the current price."""
        rows = self._orders(MARKET)
        rows["order_type"] = v.MARKET
        return rows

    def _orders(self, count: int) -> Rows:
        rows = rows_of(r.PlaceOrder, count)
        rows["login"] = self._random.integers(1, self._world.accounts + 1, count)
        rows["instrument"] = self._random.integers(1, len(PAIRS) + 1, count)
        rows["side"] = self._random.integers(0, 2, count)
        rows["volume_units"] = 1
        return self._keyed(rows)

    def _modify(self, placed: Rows, tickets: Tickets) -> Rows:
        """Each order a little away from where it was."""
        rows = rows_of(r.ModifyOrder, len(placed))
        rows["login"] = placed["login"]
        rows["order"] = tickets
        shift = self._random.integers(-20, 21, len(placed))
        rows["price_points"] = placed["price_points"] + shift
        return self._keyed(rows)

    def _end(self, kind: type[r.Record], name: str, first: Rows, tickets: Tickets) -> Rows:
        """What ends the orders or positions under these tickets."""
        rows = rows_of(kind, len(first))
        rows["login"] = first["login"]
        rows[name] = tickets
        return self._keyed(rows)

    def _keyed(self, rows: Rows) -> Rows:
        rows["key_high"] = self._random.integers(1, 2**62, len(rows))
        rows["key_low"] = self._random.integers(1, 2**62, len(rows))
        return rows

    def _shuffled(self, parts: list[Rows]) -> bytes:
        """All rows stamped, in one random order that keeps the order within each part."""
        engine = self._world.engine
        which = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
        which = self._random.permutation(which)
        for number, part in enumerate(parts):
            places = np.flatnonzero(which == number)
            part["sequence"] = engine.sequence + 1 + places
            part["time_ns"] = engine.time_ns + TICK_NS * (1 + places)
        cursors = [iter(part) for part in parts]
        return b"".join(next(cursors[number]).tobytes() for number in which)


def _known(rows: Rows, events: npt.NDArray[np.void], name: str) -> tuple[Rows, Tickets]:
    """The rows that were accepted, and the tickets that the events give them."""
    given = dict(zip(events["sequence"].tolist(), events[name].tolist(), strict=True))
    tickets = np.array([given.get(n, 0) for n in rows["sequence"].tolist()], dtype=np.int64)
    return rows[tickets > 0], tickets[tickets > 0]
