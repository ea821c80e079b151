"""Steps 4 to 7: one fill. For each side in turn: release, position, settle, and its event.

This file may carry a fill out; `match.py` has decided on it. Both sides are within one
command: no state is ever seen in which one of them is done and the other is not.
"""

from mypy_extensions import i64

from engine import vocabulary as v
from engine.book.ladder import Ladder, key_of
from engine.book.orders import FLAGS, HIDES, OWNER_SHIFT, REDUCES, SELLS, TICKET, UNITS
from engine.core import Core
from engine.exchange.fees import fee_minor, largest_fee_minor
from engine.exchange.freeze import (
    freeze_spot,
    refreeze_futures,
    spot_frozen_minor,
)
from engine.exchange.position import change_position
from engine.exchange.resting import book_of, count_fill, leave, reserve_position, show_more
from engine.margin import futures_margin_minor
from engine.model.accounts import Exposure
from engine.model.incoming import Incoming
from engine.risk import keeps_bands


def fill(core: Core, incoming: Incoming, ladder: Ladder, row: i64, units: i64) -> None:
    """Fills `units` of the resting order of a row and of the incoming one, at its price."""
    taker = incoming.exposure
    assert taker is not None
    rows = core.orders.rows
    flags = rows[row + FLAGS]
    maker = core.exposures[flags >> OWNER_SHIFT]
    ticket = rows[row + TICKET]
    side = v.SELL - incoming.side
    price = key_of(side, ladder.best_key)
    reduces = flags & REDUCES != 0
    left = _take(core, maker, ladder, row, units, price)
    incoming.units -= units
    instrument = taker.instrument
    instrument.last_points = price
    instrument.filled_sequence = core.sequence
    value = instrument.leg_minor(units * price)
    if instrument.contract == v.CONTRACT_FUTURES:
        fee = fee_minor(instrument, True, units, value)
        count_fill(maker, side, reduces, units, left)
        futures_side(
            core, maker, ticket, side, v.ROLE_MAKER, units, price, incoming.ticket, left, fee
        )
        fee = fee_minor(instrument, False, units, value)
        rest = incoming.units
        count_fill(taker, incoming.side, incoming.reduces, units, rest)
        futures_side(
            core,
            taker,
            incoming.ticket,
            incoming.side,
            v.ROLE_TAKER,
            units,
            price,
            ticket,
            rest,
            fee,
        )
        return
    released = spot_frozen_minor(instrument, side, left + units, price)
    released -= spot_frozen_minor(instrument, side, left, price)
    count_fill(maker, side, reduces, units, left)
    _spot_side(
        core, maker, ticket, side, v.ROLE_MAKER, units, price, incoming.ticket, left, released
    )
    released = _incoming_release(incoming, units, price)
    rest = incoming.units
    count_fill(taker, incoming.side, incoming.reduces, units, rest)
    _spot_side(
        core,
        taker,
        incoming.ticket,
        incoming.side,
        v.ROLE_TAKER,
        units,
        price,
        ticket,
        rest,
        released,
    )


def fill_resting(
    core: Core, ladder: Ladder, row: i64, units: i64, price: i64, counter: i64
) -> None:
    """One side of a fill in an auction: a resting order, at the price of all."""
    rows = core.orders.rows
    flags = rows[row + FLAGS]
    exposure = core.exposures[flags >> OWNER_SHIFT]
    ticket = rows[row + TICKET]
    side = flags & SELLS
    limit = key_of(side, ladder.best_key)
    left = _take(core, exposure, ladder, row, units, limit)
    instrument = exposure.instrument
    count_fill(exposure, side, flags & REDUCES != 0, units, left)
    role: i64 = v.ROLE_AUCTION
    if instrument.contract == v.CONTRACT_FUTURES:
        fee = fee_minor(instrument, False, units, instrument.leg_minor(units * price))
        futures_side(core, exposure, ticket, side, role, units, price, counter, left, fee)
        return
    released = spot_frozen_minor(instrument, side, left + units, limit)
    released -= spot_frozen_minor(instrument, side, left, limit)
    _spot_side(core, exposure, ticket, side, role, units, price, counter, left, released)


def _take(core: Core, exposure: Exposure, ladder: Ladder, row: i64, units: i64, price: i64) -> i64:
    """Takes `units` of the first order of the best level. Returns what is left of it in all."""
    book = book_of(exposure)
    gone = book.take(ladder, row, units)
    if core.orders.rows[row + FLAGS] & HIDES == 0:
        left = core.orders.rows[row + UNITS]
        if gone:
            leave(core, exposure, row)
        return left
    if gone and not show_more(core, book, row, price):
        leave(core, exposure, row)
        return 0
    return core.orders.left_units(row)


def _incoming_release(incoming: Incoming, units: i64, price: i64) -> i64:
    """What a part of the incoming spot order no longer needs frozen."""
    exposure = incoming.exposure
    assert exposure is not None
    instrument = exposure.instrument
    if incoming.order_type == v.MARKET and incoming.side == v.BUY:
        incoming.taken_units -= units
        incoming.taken_cost -= units * price
        value = instrument.leg_minor(incoming.taken_cost)
        rest = value + largest_fee_minor(instrument, incoming.taken_units, value)
    else:
        limit = incoming.price_points
        rest = spot_frozen_minor(instrument, incoming.side, incoming.units, limit)
    released = incoming.frozen_minor - rest
    incoming.frozen_minor = rest
    return released


def futures_side(
    core: Core,
    exposure: Exposure,
    ticket: i64,
    side: i64,
    role: i64,
    units: i64,
    price: i64,
    counter: i64,
    left: i64,
    fee: i64,
) -> None:
    """Position, release, settle of one side of a futures fill; its order is counted out."""
    account = exposure.account
    position: i64 = 0
    before = exposure.first
    if before is not None:
        position = before.ticket
    profit = change_position(core, exposure, side, units, price)
    reserve_position(exposure)
    margin = futures_margin_minor(exposure)
    account.margin_minor += margin - exposure.margin_minor
    exposure.margin_minor = margin
    refreeze_futures(exposure)
    account.balance_minor += profit - fee
    account.entry_count += 1
    if not keeps_bands(exposure):
        account.changed_positions = True
        core.touch(account)
    after = exposure.first
    open_cost: i64 = 0
    if after is not None:
        position = after.ticket
        open_cost = after.open_cost
    core.events.futures_filled(
        account.login,
        ticket,
        exposure.instrument.number,
        side,
        role,
        units,
        price,
        counter,
        left,
        position,
        exposure.net_units,
        open_cost,
        profit,
        fee,
        account.balance_minor,
        account.margin_minor,
        account.frozen_minor,
        account.entry_count,
    )


def _spot_side(
    core: Core,
    exposure: Exposure,
    ticket: i64,
    side: i64,
    role: i64,
    units: i64,
    price: i64,
    counter: i64,
    left: i64,
    released: i64,
) -> None:
    """Release and settle of one side of a spot fill: one currency is paid with another."""
    account = exposure.account
    instrument = exposure.instrument
    freeze_spot(exposure, side, -released)
    value = instrument.leg_minor(units * price)
    fee = fee_minor(instrument, role == v.ROLE_MAKER, units, value)
    base_delta = units * instrument.base_per_unit_minor
    quote_delta = -value - fee
    if side == v.SELL:
        base_delta = -base_delta
        quote_delta = value - fee
    base = exposure.base
    quote = exposure.quote
    if base is None:
        account.balance_minor += base_delta
    else:
        base.balance_minor += base_delta
    if quote is None:
        account.balance_minor += quote_delta
    else:
        quote.balance_minor += quote_delta
    account.entry_count += 1
    if account.position_count > 0:
        account.changed_positions = True
        core.touch(account)
    core.events.spot_filled(
        account.login,
        ticket,
        instrument.number,
        side,
        role,
        units,
        price,
        counter,
        left,
        fee,
        base_delta,
        account.balance_minor if base is None else base.balance_minor,
        account.frozen_minor if base is None else base.frozen_minor,
        quote_delta,
        account.balance_minor if quote is None else quote.balance_minor,
        account.frozen_minor if quote is None else quote.frozen_minor,
        account.entry_count,
    )
