"""What an order would take, and whether its account can pay for it.

This file may read the state; it changes nothing but `core.detail` and `core.incoming`, which
mean nothing until an order is accepted.
"""

from mypy_extensions import i64

from engine import reject_codes as r
from engine import vocabulary as v
from engine.book.book import Book
from engine.book.ladder import key_of
from engine.book.orders import FLAGS, NEXT, OWNER_SHIFT, REDUCES, UNITS
from engine.core import Core
from engine.exchange.fees import largest_fee_minor
from engine.exchange.freeze import futures_frozen_minor, spot_frozen_minor
from engine.exchange.resting import book_of
from engine.figures import (
    counted_profit_minor,
    free_margin_floating_minor,
    spendable_minor,
)
from engine.model.accounts import Exposure
from engine.model.incoming import Incoming
from engine.order.admit import refuse


def fillable_units(core: Core, incoming: Incoming, exposure: Exposure, book: Book) -> i64:
    """How much of the incoming order would be filled, at most its volume.

    A resting reduce-only order counts only where the matching could not cut it: its owner's
    orders of that side do not exceed the position they close. What a level hides comes after
    all that it shows.
    """
    ladder = book.opposite(incoming.side)
    rows = core.orders.rows
    units: i64 = 0
    key = ladder.best_key
    while key <= incoming.limit_key:
        hidden: i64 = 0
        row = book.first_of(ladder, key)
        while row >= 0:
            owner = rows[row + FLAGS] >> OWNER_SHIFT
            if owner == exposure.number and incoming.self_trade != v.SELF_TRADE_ALLOW:
                if incoming.self_trade != v.SELF_TRADE_CANCEL_OLDEST:
                    return units
            elif rows[row + FLAGS] & REDUCES == 0 or _is_sure(core.exposures[owner], incoming.side):
                units += rows[row + UNITS]
                hidden += core.orders.hidden_units(row)
                if units >= incoming.units:
                    return incoming.units
            row = rows[row + NEXT]
        units += hidden
        if units >= incoming.units:
            return incoming.units
        key = ladder.keys.after(key)
    return units


def _is_sure(exposure: Exposure, taker_side: i64) -> bool:
    """All orders that the taker could meet fit into the position together."""
    if taker_side == v.BUY:
        return exposure.order_sell_units <= exposure.buy_units
    return exposure.order_buy_units <= exposure.sell_units


def check_funds(core: Core, incoming: Incoming, exposure: Exposure) -> i64:
    """Margin of futures, funds of spot; `incoming.frozen_minor` is what spot freezes."""
    if exposure.instrument.contract == v.CONTRACT_FUTURES:
        return _check_futures_margin(core, incoming, exposure)
    frozen = _spot_need_minor(core, incoming, exposure)
    incoming.frozen_minor = frozen
    holding = exposure.base if incoming.side == v.SELL else exposure.quote
    if holding is None:
        available = spendable_minor(exposure.account)
    else:
        available = holding.balance_minor - holding.frozen_minor
    available += incoming.replaced_minor
    if frozen > available:
        return refuse(core, r.NO_MONEY, available)
    return 0


def _spot_need_minor(core: Core, incoming: Incoming, exposure: Exposure) -> i64:
    instrument = exposure.instrument
    if incoming.order_type == v.MARKET and incoming.side == v.BUY:
        units, cost = taken_cost(core, incoming, exposure)
        incoming.taken_units = units
        incoming.taken_cost = cost
        value = instrument.leg_minor(cost)
        return value + largest_fee_minor(instrument, units, value)
    return spot_frozen_minor(instrument, incoming.side, incoming.units, incoming.price_points)


def taken_cost(core: Core, incoming: Incoming, exposure: Exposure) -> tuple[i64, i64]:
    """Volume and cost (points x units) of what the incoming order would take now."""
    book = book_of(exposure)
    ladder = book.opposite(incoming.side)
    rows = core.orders.rows
    units: i64 = 0
    cost: i64 = 0
    key = ladder.best_key
    while units < incoming.units and key <= incoming.limit_key:
        price = key_of(v.SELL - incoming.side, key)
        hidden: i64 = 0
        row = book.first_of(ladder, key)
        while row >= 0:
            if rows[row + FLAGS] >> OWNER_SHIFT == exposure.number and (
                incoming.self_trade != v.SELF_TRADE_ALLOW
            ):
                if incoming.self_trade != v.SELF_TRADE_CANCEL_OLDEST:
                    return units, cost
            elif (
                incoming.time_in_force != v.FILL_OR_KILL
                or rows[row + FLAGS] & REDUCES == 0
                or _is_sure(core.exposures[rows[row + FLAGS] >> OWNER_SHIFT], incoming.side)
            ):
                taken = rows[row + UNITS]
                hidden += core.orders.hidden_units(row)
                if units + taken > incoming.units:
                    taken = incoming.units - units
                units += taken
                cost += taken * price
                if units == incoming.units:
                    return units, cost
            row = rows[row + NEXT]
        if units + hidden > incoming.units:
            hidden = incoming.units - units
        units += hidden
        cost += hidden * price
        key = ladder.keys.after(key)
    return units, cost


def _floating_minor(exposure: Exposure) -> i64:
    """What the group counts of the floating result; quick where there is one position, here."""
    account = exposure.account
    units = exposure.net_units
    if account.position_count == 0:
        return 0
    if units == 0 or account.position_count > 1:
        return free_margin_floating_minor(account)
    instrument = exposure.instrument
    price = instrument.bid if units > 0 else instrument.ask
    profit = instrument.leg_minor(price * units - exposure.net_cost)
    return counted_profit_minor(account.group.free_margin_mode, profit)


def _check_futures_margin(core: Core, incoming: Incoming, exposure: Exposure) -> i64:
    """The check rule of SEMANTICS section 3; an order that freezes nothing more passes."""
    account = exposure.account
    units = incoming.units
    added = units - incoming.replaced_units
    if incoming.reduces:
        frozen = exposure.frozen_minor
    elif incoming.side == v.BUY:
        frozen = futures_frozen_minor(exposure, added, 0)
    else:
        frozen = futures_frozen_minor(exposure, 0, added)
    instrument = exposure.instrument
    if incoming.order_type == v.MARKET:
        units, cost = taken_cost(core, incoming, exposure)
    else:
        cost = units * incoming.price_points
    fee = largest_fee_minor(instrument, units, instrument.leg_minor(cost))
    more = frozen - exposure.frozen_minor
    free = account.balance_minor + account.credit_minor + _floating_minor(exposure)
    free -= account.margin_minor + account.frozen_minor + more + fee
    if free + account.group.virtual_credit_minor >= 0:
        return 0
    if more <= 0 and not account.group.strong_hedged:
        return 0
    return refuse(core, r.NO_MONEY, free)
