"""The naive engine: the rules of docs/RULES.md written down once more, slowly and plainly.

This package may use nothing of `engine/` but its vocabulary, records, codes and bounds. It
keeps dictionaries and lists, computes every figure with exact fractions whenever it is
asked, and looks at every account, position and order on every tick. It is the oracle that
the engine is compared with; where the two differ, docs/RULES.md decides.

    world.py     what is kept: configuration, accounts, orders, positions, events
    money.py     rounding, legs, conversion, margin
    figures.py   equity, margin, free margin and limits of an account
    config.py    Configure and SetAccount
    admission.py the checks of an order, first failure wins
    fills.py     the way of an order, from freeze to settle, and closing
    venue_config.py what an instrument must be for its venue
    clients.py   the commands of clients and the balance operations
    frozen.py    the book venue: values, fees, and what is frozen
    exchange.py  its commands
    book_admission.py the checks of its orders, first failure wins
    matching.py  the way of an order through the book, from match to rest
    rounds.py    what follows a command, book by book
    triggers.py  stop orders and stops of positions
    phases.py    halts and auctions
    liquidation.py closing the futures of an account in need
    settlement.py, margin_dates.py  settlements, funding, margin by date
    book.py      a book alone, without accounts
    dealers.py   the commands of dealers and the timers
    tick.py      the way of a tick
    quotes.py    its first stages: checks, feeds, the quote
    hooks.py     how its stages ask the hooks and tell a refusal
    stop_out.py  its last stage: margin call and stop-out
    oracle.py    NaiveEngine: one record in, its events out
    comparison.py both engines side by side
    small_world.py, book_world.py  small worlds for scenarios
    book_day.py, book_floor.py, book_office.py, book_comparison.py, book_audit.py
        random days on the book venue
"""

from tests.naive.figures import Figures
from tests.naive.oracle import NaiveEngine

__all__ = ["Figures", "NaiveEngine"]
