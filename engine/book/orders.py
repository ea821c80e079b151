"""All orders of the book venue, as rows of one table.

This file may hold rows and find them; what a field means to matching or to money is
decided elsewhere.

Orders that rest in books and orders that wait for their trigger are rows alike; WAITS tells.
A row is eight words, one cache line: what matching reads. What only some orders have (an
expiry, a hidden part, a trigger) stands in a second row of the same place, in `more`. A row is
named by the place of its first word. Rows of ended orders are reused, the last one first.
"""

from typing import Final

from librt.vecs import vec
from mypy_extensions import i64, mypyc_attr

from engine.number_table import NumberTable
from engine.vectors import grown

NO_ROW: Final = -1
"""As `NOT_FOUND` of a table; a number here, because a name would be read as an object."""

# Words of a row.
TICKET: Final = 0
UNITS: Final = 1
"""What can be filled now: of an iceberg the part that is shown; of an order that waits, all."""
NEXT: Final = 2
PREVIOUS: Final = 3
"""Neighbours in the level, in order of time."""
LEVEL: Final = 4
FLAGS: Final = 5
"""Bits, and above them the number of the owner: of an account in an instrument."""
OWN_NEXT: Final = 6
OWN_PREVIOUS: Final = 7
"""Neighbours among the orders of the same owner."""
ROW_WORDS: Final = 8

# Words of the second row. Each means something only with its bit in FLAGS.
EXPIRY: Final = 0
"""With EXPIRES: the time."""
HIDDEN: Final = 1
"""With HIDES: what is left beside the shown part."""
SHOWN: Final = 2
"""With HIDES: most that is shown at a time."""
TRIGGER: Final = 3
"""With WAITS: the trigger price."""
LIMIT: Final = 4
"""With WAITS: the limit price of a stop-limit, 0 of a stop."""

# Bits of FLAGS.
SELLS: Final = 1
REDUCES: Final = 2
POSTS: Final = 4
EXPIRES: Final = 8
HIDES: Final = 16
"""An iceberg."""
WAITS: Final = 32
"""It is in no level yet: a stop or stop-limit order before its trigger."""
SELF_TRADE_SHIFT: Final = 6
SELF_TRADE_MASK: Final = 3
"""How the order meets its owner's others: two bits."""
TIME_IN_FORCE_SHIFT: Final = 8
TIME_IN_FORCE_MASK: Final = 7
"""Three bits."""
OWNER_SHIFT: Final = 16

_START_ROWS: Final = 64


@mypyc_attr(acyclic=True)
class Orders:
    """Rows, and where a ticket's row is."""

    def __init__(self, room: i64 = _START_ROWS) -> None:
        """`room`: for how many orders there is memory from the start."""
        self.capacity: i64 = room * ROW_WORDS
        self.rows: vec[i64] = vec[i64]([0] * int(self.capacity))
        self.more: vec[i64] = vec[i64]()
        """Grows when it is used (`ensure_more`): most orders do without."""
        self.used: i64 = 0
        self.free: i64 = NO_ROW
        """First of the free rows, linked by TICKET."""
        self.table = NumberTable(room)
        """Ticket to row."""

    def count(self) -> i64:
        """Number of orders."""
        return self.table.count

    def add(self, ticket: i64) -> i64:
        """A row for a ticket, or `NO_ROW` if it has one. Its words are of an ended order."""
        row = self.free
        if row < 0:
            row = self._new_row()
        rows = self.rows
        after = rows[row + TICKET]
        if not self.table.add(ticket, row):
            return NO_ROW
        self.free = after
        rows[row + TICKET] = ticket
        return row

    def _new_row(self) -> i64:
        """A row that was never used, as the only free one."""
        row = self.used
        if row == self.capacity:
            self.rows = grown(self.rows, row)
            self.capacity = 2 * row
        self.used = row + ROW_WORDS
        self.rows[row + TICKET] = NO_ROW
        self.free = row
        return row

    def ensure_more(self) -> None:
        """Makes room in `more` for every row there is room for; whoever writes there asks."""
        if i64(len(self.more)) < self.capacity:
            more = vec[i64]([0] * int(self.capacity))
            at: i64 = 0
            while at < i64(len(self.more)):
                more[at] = self.more[at]
                at += 1
            self.more = more

    def find(self, ticket: i64) -> i64:
        """The row of a ticket, or `NO_ROW`."""
        return self.table.find(ticket)

    def hidden_units(self, row: i64) -> i64:
        """What an iceberg has beside the part that is shown; 0 for other orders."""
        if self.rows[row + FLAGS] & HIDES == 0:
            return 0
        return self.more[row + HIDDEN]

    def expiry_ns(self, row: i64) -> i64:
        """When the order ends; 0: not by time."""
        if self.rows[row + FLAGS] & EXPIRES == 0:
            return 0
        return self.more[row + EXPIRY]

    def left_units(self, row: i64) -> i64:
        """All that is left of an order, shown or not."""
        return self.rows[row + UNITS] + self.hidden_units(row)

    def end(self, ticket: i64) -> i64:
        """The order is no more. Returns its row, or `NO_ROW` if there was none.

        All words of the row but its ticket stay until `add` gives it out again.
        """
        row = self.table.take(ticket)
        if row >= 0:
            self.rows[row + TICKET] = self.free
            self.free = row
        return row

    def check(self) -> None:
        """Every invariant; raises AssertionError with the place."""
        self.table.check()
        free: i64 = 0
        row = self.free
        while row >= 0:
            free += 1
            row = self.rows[row + TICKET]
        assert (self.table.count + free) * ROW_WORDS == self.used, "each row is in use or free"
