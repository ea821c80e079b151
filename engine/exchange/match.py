"""Step 3: the incoming order meets the book; what is left rests or ends.

This file may decide which resting order is filled next and with how much; `fill.py`
carries it out. The loop ends: each turn fills the incoming order, or takes a resting one
out of the book.
"""

from mypy_extensions import i64

from engine import vocabulary as v
from engine.book.orders import (
    FLAGS,
    NO_ROW,
    OWN_NEXT,
    OWNER_SHIFT,
    REDUCES,
    SELLS,
    UNITS,
    WAITS,
)
from engine.core import Core
from engine.exchange.fill import fill
from engine.exchange.freeze import freeze_spot
from engine.exchange.resting import (
    book_of,
    count_order,
    drop,
    enter,
    removed,
    tickets_of,
    withdraw,
)
from engine.model.accounts import Exposure
from engine.model.incoming import Incoming
from engine.rounding import at_least_zero


def match(core: Core, incoming: Incoming) -> None:
    """Fills the incoming order as far as it goes."""
    exposure = incoming.exposure
    assert exposure is not None
    book = book_of(exposure)
    ladder = book.opposite(incoming.side)
    while incoming.units > 0:
        row = book.first_to_take(ladder, incoming.limit_key)
        if row < 0:
            return
        rows = core.orders.rows
        owner = rows[row + FLAGS] >> OWNER_SHIFT
        if owner == exposure.number and incoming.self_trade != v.SELF_TRADE_ALLOW:
            if incoming.self_trade != v.SELF_TRADE_CANCEL_NEWEST:
                withdraw(core, row, v.REMOVAL_SELF_TRADE)
            if incoming.self_trade != v.SELF_TRADE_CANCEL_OLDEST:
                incoming.removal = v.REMOVAL_SELF_TRADE
                return
            continue
        units = rows[row + UNITS]
        if units > incoming.units:
            units = incoming.units
        maker = core.exposures[owner]
        fill(core, incoming, ladder, row, units)
        if maker.reduce_orders > 0:
            trim_reducing(core, maker)
        if exposure.reduce_orders > 0:
            trim_reducing(core, exposure)


def finish(core: Core, incoming: Incoming) -> None:
    """What is left of the incoming order rests, or ends."""
    exposure = incoming.exposure
    assert exposure is not None
    if incoming.units == 0:
        return
    if incoming.removal == 0 and incoming.time_in_force <= v.GOOD_TILL_DATE:
        enter(core, exposure, incoming)
        if incoming.reduces:
            trim_reducing(core, exposure)
        return
    removal = incoming.removal
    if removal == 0:
        removal = v.REMOVAL_REMAINDER
    if exposure.instrument.contract == v.CONTRACT_FUTURES:
        drop(
            core,
            exposure,
            incoming.ticket,
            incoming.side,
            incoming.reduces,
            incoming.units,
            0,
            removal,
        )
        return
    count_order(exposure, incoming.side, incoming.reduces, -incoming.units, -1)
    freeze_spot(exposure, incoming.side, -incoming.frozen_minor)
    removed(core, exposure, incoming.ticket, incoming.side, incoming.units, removal)


def trim_reducing(core: Core, exposure: Exposure) -> None:
    """Reduce-only orders never hold more than the position; the highest tickets give way."""
    position = exposure.net_units
    _trim_side(core, exposure, v.SELL, at_least_zero(position))
    _trim_side(core, exposure, v.BUY, at_least_zero(-position))


def _trim_side(core: Core, exposure: Exposure, side: i64, most: i64) -> None:
    excess = _reducing_units(core, exposure, side) - most
    if excess <= 0:
        return
    tickets: list[int] = []
    tickets_of(core, exposure, tickets, REDUCES | WAITS | SELLS, REDUCES | side)
    tickets.sort(reverse=True)
    for ticket in tickets:
        if excess > 0:
            row = core.orders.find(ticket)
            excess -= core.orders.left_units(row)
            withdraw(core, row, v.REMOVAL_REDUCE_ONLY)


def _reducing_units(core: Core, exposure: Exposure, side: i64) -> i64:
    """Volume of the account's resting reduce-only orders of a side."""
    units: i64 = 0
    row = exposure.first_order
    while row != NO_ROW:
        flags = core.orders.rows[row + FLAGS]
        if flags & (REDUCES | WAITS) == REDUCES and flags & SELLS == side:
            units += core.orders.left_units(row)
        row = core.orders.rows[row + OWN_NEXT]
    return units
