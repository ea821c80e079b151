"""A book alone, without accounts: sixteen-byte records in, fills out.

This file may decode the records of recorded order streams, and match; nothing
else. It is what is measured beside other order books, and what their streams are replayed
through. Fields are little-endian:

    u8 op (0 limit, 1 cancel, 2 market), u8 side (0 buy, 1 sell), u16 zero,
    u32 id, i32 price, i32 quantity

A fill is four words: id of the resting order, quantity, id of the taking order, price.
What a market order can't fill is dropped, and so is a cancel of an order that does not
rest. A record that no book can hold (an id in use, a price or quantity below 1, another
op) ends the run with `BadRecord`.
"""

from typing import Final

from librt.strings import read_i64_le
from librt.vecs import vec
from mypy_extensions import i64, mypyc_attr

from engine import vocabulary as v
from engine.book.book import Book
from engine.book.keys import KEY_LIMIT
from engine.book.ladder import key_of, limit_key_of
from engine.book.orders import FLAGS, TICKET, UNITS, Orders
from engine.vectors import grown

RECORD_BYTES: Final = 16
FILL_WORDS: Final = 4
_LIMIT: Final = 0
_CANCEL: Final = 1
_MARKET: Final = 2
_START_WORDS: Final = 4_096


class BadRecord(ValueError):
    """A record that no book can hold; the message names its number and what is wrong."""


@mypyc_attr(acyclic=True)
class BareBook:
    """One book and the fills since the last `clear`."""

    def __init__(self, room: int = 64) -> None:
        """`room`: for how many resting orders there is memory from the start, at least 1."""
        self.orders = Orders(room)
        self.book = Book(self.orders)
        self.records: i64 = 0
        self.fills: vec[i64] = vec[i64]([0] * _START_WORDS)
        self.used: i64 = 0
        self.capacity: i64 = _START_WORDS

    def clear(self) -> None:
        self.used = 0

    def fill_words(self) -> memoryview:
        """The fills since `clear`, without a copy, until the next `apply`."""
        return memoryview(self.fills)[: int(self.used)]

    def apply(self, data: bytes) -> None:
        """Matches every record. Raises `BadRecord`; the records before it are done then."""
        at: i64 = 0
        end: i64 = len(data)
        if end % RECORD_BYTES != 0:
            raise BadRecord(f"{end} bytes are no whole number of records of {RECORD_BYTES} bytes")
        while at < end:
            head = read_i64_le(data, at)
            tail = read_i64_le(data, at + 8)
            at += RECORD_BYTES
            self.records += 1
            operation = head & 0xFF
            ticket = (head >> 32) & 0xFFFFFFFF
            if operation == _CANCEL:
                row = self.orders.end(ticket)
                if row >= 0:
                    self.book.remove(row)
                continue
            side = (head >> 8) & 0xFF
            units = tail >> 32
            price = tail & 0xFFFFFFFF
            if side > v.SELL or operation > _MARKET or units < 1:
                raise BadRecord(
                    f"record {self.records}: op {operation}, side {side}, quantity {units}"
                )
            if operation == _MARKET:
                self._take(side, KEY_LIMIT - 1, units, ticket)
            else:
                self._place(side, price, units, ticket)

    def _place(self, side: i64, price: i64, units: i64, ticket: i64) -> None:
        if price < 1 or price >= KEY_LIMIT:
            signed = price if price < KEY_LIMIT else price - 2 * KEY_LIMIT
            raise BadRecord(f"record {self.records}: price {signed} is out of range")
        limit_key = limit_key_of(side, price)
        if self.book.opposite(side).best_key <= limit_key:
            if self.orders.find(ticket) >= 0:
                raise self._id_in_use(ticket)
            units = self._take(side, limit_key, units, ticket)
            if units == 0:
                return
        row = self.orders.add(ticket)
        if row < 0:
            raise self._id_in_use(ticket)
        rows = self.orders.rows
        rows[row + UNITS] = units
        rows[row + FLAGS] = side
        self.book.rest(row, price)

    def _id_in_use(self, ticket: i64) -> BadRecord:
        return BadRecord(f"record {self.records}: an order with id {ticket} rests already")

    def _take(self, side: i64, limit_key: i64, units: i64, ticket: i64) -> i64:
        """Fills up to a limit; returns what is left."""
        book = self.book
        orders = self.orders
        ladder = book.opposite(side)
        while units > 0:
            row = book.first_to_take(ladder, limit_key)
            if row < 0:
                break
            if self.used + FILL_WORDS > self.capacity:
                self.fills = grown(self.fills, self.capacity)
                self.capacity = 2 * self.capacity
            rows = orders.rows
            filled = rows[row + UNITS]
            if filled > units:
                filled = units
            fills = self.fills
            at = self.used
            resting = rows[row + TICKET]
            fills[at] = resting
            fills[at + 1] = filled
            fills[at + 2] = ticket
            fills[at + 3] = key_of(v.SELL - side, ladder.best_key)
            self.used = at + FILL_WORDS
            units -= filled
            if book.take(ladder, row, filled):
                orders.end(resting)
        return units

    def check(self) -> None:
        """Every invariant; raises AssertionError with the place."""
        self.orders.check()
        self.book.check()
        crossed = self.book.bids.best_key + self.book.asks.best_key < KEY_LIMIT
        assert not crossed, "the book is not crossed"
