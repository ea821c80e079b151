"""What is always true of books and frozen amounts. Each function states its truth.

This file may read the state and assert; `engine/invariants.py` lists the functions.
"""

from mypy_extensions import i64

from engine import vocabulary as v
from engine.book.book import Book
from engine.book.keys import KEY_LIMIT
from engine.book.orders import FLAGS, NEXT, OWN_NEXT, REDUCES, SELLS, TICKET, WAITS
from engine.core import Core
from engine.exchange.freeze import frozen_currency, futures_frozen_minor, spot_frozen_minor
from engine.exchange.resting import book_of, tickets_of
from engine.figures import call_threshold_minor, profit_minor, stop_out_threshold_minor
from engine.margin import futures_margin_minor
from engine.model.accounts import Exposure
from engine.price_index import ASK_UP, BID_DOWN, DIRECTIONS


def orders_of(core: Core, book: Book) -> list[tuple[int, int]]:
    """Ticket and row of every order in a book."""
    found: list[tuple[int, int]] = []
    for ladder in (book.bids, book.asks):
        key = ladder.keys.first()
        while key < KEY_LIMIT:
            row = book.first_of(ladder, key)
            while row >= 0:
                found.append((int(core.orders.rows[row + TICKET]), int(row)))
                row = core.orders.rows[row + NEXT]
            key = ladder.keys.after(key)
    return found


def books_are_sound_and_not_crossed(core: Core) -> None:
    core.orders.check()
    count = 0
    for instrument in core.instruments:
        book = instrument.book
        if book is not None:
            book.check()
            count += len(orders_of(core, book))
            crossed = book.bids.best_key + book.asks.best_key < KEY_LIMIT
            assert not crossed or instrument.phase == v.PHASE_AUCTION, instrument.symbol
    for exposure in core.exposures:
        count += len(_waiting(core, exposure))
    assert count == int(core.orders.count()), "each order rests in one book, or waits"


def _waiting(core: Core, exposure: Exposure) -> list[int]:
    tickets: list[int] = []
    tickets_of(core, exposure, tickets, WAITS, WAITS)
    return tickets


def what_a_price_may_trigger_is_counted(core: Core) -> None:
    core.order_triggers.check()
    watched: dict[int, int] = {}
    for exposure in core.exposures:
        number = int(exposure.instrument.number)
        watched[number] = watched.get(number, 0) + len(_waiting(core, exposure))
        trade = exposure.first
        if trade is not None and exposure.instrument.book is not None:
            watched[number] += int(trade.has_stops())
    for instrument in core.instruments:
        if instrument.book is not None:
            found = watched.get(int(instrument.number), 0)
            assert int(instrument.watched) == found, instrument.symbol


def frozen_amounts_follow_from_orders_and_positions(core: Core) -> None:
    own: dict[int, int] = {}
    other: dict[tuple[int, int], int] = {}
    for exposure in core.exposures:
        if exposure.instrument.venue != v.VENUE_BOOK:
            continue
        login = int(exposure.account.login)
        if exposure.instrument.contract == v.CONTRACT_FUTURES:
            frozen = futures_frozen_minor(exposure, 0, 0)
            assert frozen == exposure.frozen_minor, f"account {login}"
            assert exposure.margin_minor == futures_margin_minor(exposure), f"account {login}"
            own[login] = own.get(login, 0) + int(frozen)
            continue
        row = exposure.first_order
        while row >= 0:
            rows = core.orders.rows
            if rows[row + FLAGS] & WAITS != 0:
                row = rows[row + OWN_NEXT]
                continue
            side = rows[row + FLAGS] & SELLS
            frozen = spot_frozen_minor(
                exposure.instrument,
                side,
                core.orders.left_units(row),
                book_of(exposure).price_of(row),
            )
            key = (login, int(frozen_currency(exposure, side)))
            other[key] = other.get(key, 0) + int(frozen)
            row = core.orders.rows[row + OWN_NEXT]
    for account in core.accounts.values():
        login = int(account.login)
        of_own = own.get(login, 0) + other.get((login, int(account.currency.number)), 0)
        assert int(account.frozen_minor) == of_own, f"account {login}"
        for holding in account.holdings:
            frozen_there = other.get((login, int(holding.currency)), 0)
            assert int(holding.frozen_minor) == frozen_there, f"account {login}"
            assert frozen_there <= int(holding.balance_minor), f"account {login}"


def reduce_only_orders_fit_into_their_position(core: Core) -> None:
    for exposure in core.exposures:
        reducing = [0, 0]
        row = exposure.first_order
        while row >= 0:
            flags = core.orders.rows[row + FLAGS]
            if flags & (REDUCES | WAITS) == REDUCES:
                reducing[int(flags & SELLS)] += int(core.orders.left_units(row))
            row = core.orders.rows[row + OWN_NEXT]
        assert reducing[0] <= int(exposure.sell_units), f"exposure {exposure.number}"
        assert reducing[1] <= int(exposure.buy_units), f"exposure {exposure.number}"


def accounts_are_safe_within_the_bands_that_fills_keep(core: Core) -> None:
    """The bands are in their index; a single position reaches no threshold inside of them."""
    for exposure in core.exposures:
        low = exposure.band_low_points
        high = exposure.band_high_points
        if low == 0 and high == 0:
            continue
        account = exposure.account
        name = f"account {account.login} in {exposure.instrument.symbol}"
        watch: i64 = exposure.number * DIRECTIONS
        assert core.bands.key_of(watch + BID_DOWN) == -low, name
        assert core.bands.key_of(watch + ASK_UP) == high, name
        position = exposure.first
        if position is None or account.position_count > 1:
            continue
        worst = low + 1 if position.side == v.BUY else high - 1
        equity = account.balance_minor + account.credit_minor + profit_minor(position, worst)
        assert not account.under_call, name
        assert equity > call_threshold_minor(account), name
        assert equity > stop_out_threshold_minor(account), name
