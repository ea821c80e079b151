"""All orders of the book venue, as rows of one table; and where a ticket's row is.

This file may hold rows and find them; what a field means to matching or to money is
decided elsewhere.

A row is eight words, one cache line: what matching reads. What else is known of an order
stands in a second row of the same place, in `more`. Rows of ended orders are reused, the
last one first.

Tickets lead to rows by open addressing. Four tickets in a row share a cache line, because
orders that come together are often looked for together; where the four go is scattered,
because a straight run would pile up against orders that have been there for long.
"""

from typing import Final

from librt.vecs import vec
from mypy_extensions import i64, mypyc_attr

from engine.vectors import grown

NO_ROW: Final = -1

# Words of a row.
TICKET: Final = 0
UNITS: Final = 1
"""What can be filled now: of an iceberg the part that is shown."""
NEXT: Final = 2
PREVIOUS: Final = 3
"""Neighbours in the level, in order of time."""
LEVEL: Final = 4
FLAGS: Final = 5
OWNER: Final = 6
"""Number of the exposure (account and instrument), or 0 in a bare book."""
PRICE: Final = 7
ROW_WORDS: Final = 8

# Bits of FLAGS.
SELLS: Final = 1

_START_ROWS: Final = 64
_START_SHIFT: Final = 27
"""A product of 32 bits, to the number of blocks of the first table."""
_SHARED_BITS: Final = 2
_SHARED_MASK: Final = 3
_HASH_MASK: Final = 2**31 - 1
_MULTIPLIER: Final = 2_654_435_769
"""2**32 divided by the golden ratio: neighbours go to distant places."""


def _home(ticket: i64, shift: i64, mask: i64) -> i64:
    """Where a ticket stands in a table of `mask + 1` places if nothing is in its way."""
    block = ((ticket >> _SHARED_BITS) & _HASH_MASK) * _MULTIPLIER >> shift
    return (block << _SHARED_BITS | (ticket & _SHARED_MASK)) & mask


@mypyc_attr(acyclic=True)
class Orders:
    """Rows, and tickets to rows. A row is named by the place of its first word."""

    def __init__(self) -> None:
        self.capacity: i64 = _START_ROWS * ROW_WORDS
        self.rows: vec[i64] = vec[i64]([0] * int(self.capacity))
        self.more: vec[i64] = vec[i64]([0] * int(self.capacity))
        self.used: i64 = 0
        self.free: i64 = NO_ROW
        """First of the free rows, linked by TICKET."""
        self.count: i64 = 0
        self.table: vec[i64] = vec[i64]([-1] * (4 * _START_ROWS))
        """Pairs of ticket and row, open addressing; a ticket of -1 is an empty place."""
        self.mask: i64 = 2 * _START_ROWS - 1
        self.shift: i64 = _START_SHIFT

    def add(self, ticket: i64) -> i64:
        """A row for a ticket, or `NO_ROW` if it has one. Its words are of an ended order."""
        if 2 * self.count > self.mask:
            self._grow_table()
        table = self.table
        mask = self.mask
        at = _home(ticket, self.shift, mask)
        while table[2 * at] >= 0:
            if table[2 * at] == ticket:
                return NO_ROW
            at = (at + 1) & mask
        row = self.free
        if row >= 0:
            self.free = self.rows[row + TICKET]
        else:
            row = self.used
            if row == self.capacity:
                self.rows = grown(self.rows, row)
                self.more = grown(self.more, row)
                self.capacity = 2 * row
            self.used = row + ROW_WORDS
        self.rows[row + TICKET] = ticket
        table[2 * at] = ticket
        table[2 * at + 1] = row
        self.count += 1
        return row

    def _grow_table(self) -> None:
        old = self.table
        size = self.mask + 1
        mask = 2 * size - 1
        self.shift -= 1
        table = vec[i64]([-1] * int(4 * size))
        slot: i64 = 0
        while slot < size:
            ticket = old[2 * slot]
            if ticket >= 0:
                at = _home(ticket, self.shift, mask)
                while table[2 * at] >= 0:
                    at = (at + 1) & mask
                table[2 * at] = ticket
                table[2 * at + 1] = old[2 * slot + 1]
            slot += 1
        self.table = table
        self.mask = mask

    def find(self, ticket: i64) -> i64:
        """The row of a ticket, or `NO_ROW`."""
        table = self.table
        mask = self.mask
        at = _home(ticket, self.shift, mask)
        while True:
            there = table[2 * at]
            if there == ticket:
                return table[2 * at + 1]
            if there < 0:
                return NO_ROW
            at = (at + 1) & mask

    def end(self, ticket: i64) -> i64:
        """The order is no more. Returns its row, or `NO_ROW` if there was none.

        All words of the row but its ticket stay until `add` gives it out again.
        """
        table = self.table
        mask = self.mask
        shift = self.shift
        at = _home(ticket, shift, mask)
        while table[2 * at] != ticket:
            if table[2 * at] < 0:
                return NO_ROW
            at = (at + 1) & mask
        row = table[2 * at + 1]
        gap = at
        while True:
            at = (at + 1) & mask
            there = table[2 * at]
            if there < 0:
                break
            if ((at - _home(there, shift, mask)) & mask) >= ((at - gap) & mask):
                table[2 * gap] = there
                table[2 * gap + 1] = table[2 * at + 1]
                gap = at
        table[2 * gap] = -1
        self.count -= 1
        self.rows[row + TICKET] = self.free
        self.free = row
        return row

    def check(self) -> None:
        """Every invariant; raises AssertionError with the place."""
        free: i64 = 0
        row = self.free
        while row >= 0:
            free += 1
            row = self.rows[row + TICKET]
        assert (self.count + free) * ROW_WORDS == self.used, "each row is in use or free"
        at: i64 = 0
        count: i64 = 0
        while at <= self.mask:
            ticket = self.table[2 * at]
            if ticket >= 0:
                count += 1
                assert self.rows[self.table[2 * at + 1] + TICKET] == ticket, f"ticket {ticket}"
                assert self.find(ticket) == self.table[2 * at + 1], f"ticket {ticket} is found"
            at += 1
        assert count == self.count, "each order has one ticket"
