"""Steps 4 to 7: one fill. For each side in turn: release, position, settle, and its event.

This file may carry a fill out; `match.py` has decided on it. Both sides are within one
command: no state is ever seen in which one of them is done and the other is not.
"""

from mypy_extensions import i64

from engine import vocabulary as v
from engine.book.ladder import Ladder, key_of
from engine.book.orders import FLAGS, OWNER_SHIFT, REDUCES, TICKET, UNITS
from engine.core import Core
from engine.exchange.fees import fee_minor, largest_fee_minor
from engine.exchange.freeze import (
    freeze_spot,
    refreeze_futures,
    spot_frozen_minor,
)
from engine.exchange.position import change_position
from engine.exchange.resting import book_of, count_order, leave, reserve_position
from engine.margin import futures_margin_minor
from engine.model.accounts import Exposure
from engine.model.incoming import Incoming


def fill(core: Core, incoming: Incoming, ladder: Ladder, row: i64, units: i64) -> None:
    """Fills `units` of the resting order of a row and of the incoming one, at its price."""
    taker = incoming.exposure
    assert taker is not None
    rows = core.orders.rows
    maker = core.exposures[rows[row + FLAGS] >> OWNER_SHIFT]
    ticket = rows[row + TICKET]
    price = key_of(v.SELL - incoming.side, ladder.best_key)
    reduces = rows[row + FLAGS] & REDUCES != 0
    left = rows[row + UNITS] - units
    if book_of(taker).take(ladder, row, units):
        leave(core, maker, row)
    incoming.units -= units
    core.traded_price_points = price
    side = v.SELL - incoming.side
    instrument = taker.instrument
    if instrument.contract == v.CONTRACT_FUTURES:
        value = instrument.leg_minor(units * price)
        _futures_side(
            core, maker, ticket, side, reduces, True, units, price, value, left, incoming.ticket
        )
        _futures_side(
            core,
            taker,
            incoming.ticket,
            incoming.side,
            incoming.reduces,
            False,
            units,
            price,
            value,
            incoming.units,
            ticket,
        )
        return
    released = spot_frozen_minor(instrument, side, left + units, price)
    released -= spot_frozen_minor(instrument, side, left, price)
    _spot_side(
        core, maker, ticket, side, reduces, True, units, price, left, incoming.ticket, released
    )
    released = _incoming_release(incoming, units, price)
    _spot_side(
        core,
        taker,
        incoming.ticket,
        incoming.side,
        incoming.reduces,
        False,
        units,
        price,
        incoming.units,
        ticket,
        released,
    )


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


def _futures_side(
    core: Core,
    exposure: Exposure,
    ticket: i64,
    side: i64,
    reduces: bool,
    maker: bool,
    units: i64,
    price: i64,
    value: i64,
    left: i64,
    counter: i64,
) -> None:
    """Release, position, settle of one side of a futures fill."""
    account = exposure.account
    before = exposure.first
    position = 0 if before is None else before.ticket
    count_order(exposure, side, reduces, -units, 0 if left > 0 else -1)
    profit = change_position(core, exposure, side, units, price)
    reserve_position(exposure)
    margin = futures_margin_minor(exposure)
    account.margin_minor += margin - exposure.margin_minor
    exposure.margin_minor = margin
    refreeze_futures(exposure)
    fee = fee_minor(exposure.instrument, maker, units, value)
    account.balance_minor += profit - fee
    account.entry_count += 1
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
        v.ROLE_MAKER if maker else v.ROLE_TAKER,
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
    reduces: bool,
    maker: bool,
    units: i64,
    price: i64,
    left: i64,
    counter: i64,
    released: i64,
) -> None:
    """Release and settle of one side of a spot fill: one currency is paid with another."""
    account = exposure.account
    instrument = exposure.instrument
    count_order(exposure, side, reduces, -units, 0 if left > 0 else -1)
    freeze_spot(exposure, side, -released)
    value = instrument.leg_minor(units * price)
    fee = fee_minor(instrument, maker, units, value)
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
    account.changed_positions = True
    core.touch(account)
    core.events.spot_filled(
        account.login,
        ticket,
        instrument.number,
        side,
        v.ROLE_MAKER if maker else v.ROLE_TAKER,
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
