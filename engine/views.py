"""What the engine's face shows: figures, positions, orders and books, as plain records.

This file may hold the records and fill them from the state; it decides nothing.
"""

import msgspec

from engine import vocabulary as v
from engine.book.book import LEVEL_ORDERS, LEVEL_UNITS, Book
from engine.book.keys import KEY_LIMIT
from engine.book.ladder import key_of
from engine.book.orders import (
    FLAGS,
    HIDES,
    LIMIT,
    OWN_NEXT,
    POSTS,
    REDUCES,
    SELLS,
    SHOWN,
    TICKET,
    TIME_IN_FORCE_MASK,
    TIME_IN_FORCE_SHIFT,
    TRIGGER,
    WAITS,
)
from engine.core import Core
from engine.figures import current_profit_minor
from engine.model.accounts import Account, Exposure, Trade


class AccountFigures(msgspec.Struct, frozen=True):
    """An account now, in minor units of its currency (SEMANTICS section 5)."""

    login: int
    group: int
    currency: str
    currency_digits: int
    balance_minor: int
    credit_minor: int
    floating_minor: int
    equity_minor: int
    margin_minor: int
    frozen_minor: int
    """For orders in books."""
    free_margin_minor: int
    level_bp: int
    """Basis points; 0 without margin."""
    max_withdrawable_minor: int
    gross_exposure_minor: int
    """Sum of the values of all positions, converted."""
    net_exposure_minor: int
    """Sum over instruments of |value of buys - value of sells|, converted."""
    positions: int
    orders: int
    entries: int
    """Ledger entries so far."""
    stale: bool
    """A quote behind the figures is older than its instrument's threshold."""
    age_ns: int
    """Age of the oldest quote behind the figures."""


class PositionView(msgspec.Struct, frozen=True):
    """An open position with its result now."""

    position: int
    instrument: int
    side: int
    volume_units: int
    open_price_points: int
    current_price_points: int
    stop_loss_points: int
    take_profit_points: int
    profit_minor: int
    commission_minor: int
    open_time_ns: int
    request: int


class OrderView(msgspec.Struct, frozen=True):
    """A pending order, or an opening request that waits for a dealer."""

    order: int
    instrument: int
    order_type: int
    side: int
    volume_units: int
    price_points: int
    limit_price_points: int
    stop_loss_points: int
    take_profit_points: int
    expiry_ns: int
    requested: bool


class BookOrderView(msgspec.Struct, frozen=True):
    """An order that rests in a book, or waits for its trigger."""

    order: int
    instrument: int
    order_type: int
    side: int
    volume_units: int
    """What is left, shown or not."""
    price_points: int
    """Limit price; 0 for a stop order."""
    time_in_force: int
    flags: int
    expiry_ns: int
    trigger_points: int
    """What an order waits for; 0 for one that rests."""
    shown_units: int
    """Of an iceberg; 0 for all others."""


class DepthLevel(msgspec.Struct, frozen=True):
    """All orders of a book at one price."""

    price_points: int
    volume_units: int
    orders: int


class HoldingView(msgspec.Struct, frozen=True):
    """What an account owns of a currency that is not its own, in its minor units."""

    currency: int
    balance_minor: int
    frozen_minor: int


def exposures_of(account: Account) -> tuple[int, int]:
    """Gross and net exposure: values at closing prices, converted at the bid."""
    gross = 0
    net = 0
    for exposure in account.exposures:
        if exposure.count == 0 or exposure.conversion is None:
            continue
        route = exposure.conversion.profit
        leg = exposure.instrument.leg_minor
        buys = route.convert(leg(exposure.bid() * exposure.buy_units), False)
        sells = route.convert(leg(exposure.ask() * exposure.sell_units), False)
        gross += buys + sells
        net += abs(int(buys - sells))
    return gross, net


def position_view(trade: Trade) -> PositionView:
    return PositionView(
        position=trade.ticket,
        instrument=trade.exposure.instrument.number,
        side=trade.side,
        volume_units=trade.volume_units,
        open_price_points=trade.open_price_points(),
        current_price_points=trade.exposure.closing_price(trade.side),
        stop_loss_points=trade.stop_loss_points,
        take_profit_points=trade.take_profit_points,
        profit_minor=current_profit_minor(trade),
        commission_minor=trade.commission_minor,
        open_time_ns=trade.open_time_ns,
        request=trade.request,
    )


def order_view(trade: Trade) -> OrderView:
    return OrderView(
        order=trade.ticket,
        instrument=trade.exposure.instrument.number,
        order_type=trade.order_type,
        side=trade.side,
        volume_units=trade.volume_units,
        price_points=trade.price_points,
        limit_price_points=trade.limit_price_points,
        stop_loss_points=trade.stop_loss_points,
        take_profit_points=trade.take_profit_points,
        expiry_ns=trade.expiry_ns,
        requested=trade.state == v.ORDER_REQUESTED,
    )


def book_orders(core: Core, exposure: Exposure) -> list[BookOrderView]:
    """The orders of an exposure in its book, waiting ones too, the newest first."""
    rows = core.orders.rows
    more = core.orders.more
    book = exposure.instrument.book
    if book is None:
        return []
    found = []
    row = exposure.first_order
    while row >= 0:
        flags = rows[row + FLAGS]
        posts = v.POST_ONLY if flags & POSTS else 0
        reduces = v.REDUCE_ONLY if flags & REDUCES else 0
        waits = flags & WAITS != 0
        price = more[row + LIMIT] if waits else book.price_of(row)
        order_type = v.LIMIT
        if waits:
            order_type = v.STOP_LIMIT if price else v.STOP
        found.append(
            BookOrderView(
                order=rows[row + TICKET],
                instrument=exposure.instrument.number,
                order_type=order_type,
                side=flags & SELLS,
                volume_units=core.orders.left_units(row),
                price_points=price,
                time_in_force=flags >> TIME_IN_FORCE_SHIFT & TIME_IN_FORCE_MASK,
                flags=posts | reduces,
                expiry_ns=core.orders.expiry_ns(row),
                trigger_points=more[row + TRIGGER] if waits else 0,
                shown_units=more[row + SHOWN] if flags & HIDES else 0,
            )
        )
        row = rows[row + OWN_NEXT]
    return found


def depth_of(book: Book, side: int, levels: int) -> list[DepthLevel]:
    """The best levels of a side (0: all)."""
    ladder = book.side(side)
    found: list[DepthLevel] = []
    key = ladder.keys.first()
    while key < KEY_LIMIT and (levels == 0 or len(found) < levels):
        level = ladder.find(key)
        found.append(
            DepthLevel(
                price_points=key_of(side, key),  # the other way round it is the same
                volume_units=book.levels[level + LEVEL_UNITS],
                orders=book.levels[level + LEVEL_ORDERS],
            )
        )
        key = ladder.keys.after(key)
    return found
