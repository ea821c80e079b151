"""A price-time order book that is obviously right: a sorted map of prices to queues.

This file may use nothing of `engine/`. It is the oracle of the fast book.
"""

from collections import deque
from dataclasses import dataclass

from sortedcontainers import SortedDict

BUY = 0
SELL = 1


@dataclass
class Resting:
    """An order in the book."""

    ticket: int
    side: int
    price: int
    quantity: int


@dataclass(frozen=True)
class Fill:
    """A match; the price is the resting order's."""

    resting: int
    quantity: int
    taking: int
    price: int


class NaiveBook:
    """Orders by side and price, in order of time."""

    def __init__(self) -> None:
        self.sides: tuple[SortedDict, SortedDict] = (SortedDict(), SortedDict())
        self.orders: dict[int, Resting] = {}

    def limit(self, ticket: int, side: int, price: int, quantity: int) -> list[Fill]:
        """Takes what it crosses; the rest of the order rests."""
        fills, left = self._take(ticket, side, price, quantity)
        if left > 0:
            order = Resting(ticket, side, price, left)
            self.orders[ticket] = order
            self.sides[side].setdefault(price, deque()).append(order)
        return fills

    def market(self, ticket: int, side: int, quantity: int) -> list[Fill]:
        """Takes what there is; the rest is dropped."""
        return self._take(ticket, side, None, quantity)[0]

    def cancel(self, ticket: int) -> None:
        """Takes an order out; nothing happens if it does not rest."""
        order = self.orders.pop(ticket, None)
        if order is None:
            return
        queue = self.sides[order.side][order.price]
        queue.remove(order)
        if not queue:
            del self.sides[order.side][order.price]

    def _take(
        self, ticket: int, side: int, limit: int | None, quantity: int
    ) -> tuple[list[Fill], int]:
        levels = self.sides[1 - side]
        fills: list[Fill] = []
        while quantity > 0 and levels:
            price, queue = levels.peekitem(0 if side == BUY else -1)
            if limit is not None and (price > limit if side == BUY else price < limit):
                break
            first = queue[0]
            filled = min(quantity, first.quantity)
            fills.append(Fill(first.ticket, filled, ticket, price))
            quantity -= filled
            first.quantity -= filled
            if first.quantity == 0:
                queue.popleft()
                del self.orders[first.ticket]
                if not queue:
                    del levels[price]
        return fills, quantity

    def depth(self, side: int) -> list[tuple[int, int, int]]:
        """Price, quantity and number of orders of each level, the best first."""
        levels = self.sides[side]
        prices = reversed(levels) if side == BUY else iter(levels)
        return [(p, sum(o.quantity for o in levels[p]), len(levels[p])) for p in prices]
