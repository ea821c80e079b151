"""Step 1: may this order enter the book venue? The checks, in order; the first that fails answers.

This file may read the state; it changes nothing but `core.detail` and `core.incoming`, which
mean nothing until an order is accepted. Every function returns a reject code, or 0. The order
of the checks is that of the quoted venue: request, symbol, account, price, volume, margin.
"""

from mypy_extensions import i64

from engine import bounds
from engine import reject_codes as r
from engine import vocabulary as v
from engine.book.book import Book
from engine.book.keys import KEY_LIMIT
from engine.book.ladder import key_of, limit_key_of
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
from engine.model.instruments import Instrument
from engine.order.admit import (
    check_account,
    check_volume,
    positions_and_claims,
    refuse,
    trade_mode_code,
)


def admit_order(core: Core, incoming: Incoming) -> i64:
    """All checks of an order whose fields are those of the request."""
    exposure = incoming.exposure
    assert exposure is not None
    code = _check_request(core, incoming)
    if code != 0:
        return code
    code = _check_symbol(core, incoming, exposure)
    if code != 0:
        return code
    code = check_account(core, exposure.account)
    if code != 0:
        return code
    code = _check_money_bounds(core, exposure)
    if code != 0:
        return code
    code = _check_price_and_volume(core, incoming, exposure)
    if code != 0:
        return code
    code = _check_counts(core, incoming, exposure)
    if code != 0:
        return code
    return _check_limits_and_funds(core, incoming, exposure)


def admit_replacement(core: Core, incoming: Incoming) -> i64:
    """The checks of a resting order that gets another volume or price."""
    exposure = incoming.exposure
    assert exposure is not None
    if not exposure.instrument.session_open(core.time_ns):
        return refuse(core, r.SESSION_CLOSED, 0)
    code = check_account(core, exposure.account)
    if code != 0:
        return code
    code = _check_price_and_volume(core, incoming, exposure)
    if code != 0:
        return code
    return _check_limits_and_funds(core, incoming, exposure)


def _check_price_and_volume(core: Core, incoming: Incoming, exposure: Exposure) -> i64:
    code = _check_price(core, incoming, exposure.instrument)
    if code != 0:
        return code
    return check_volume(core, exposure, incoming.units)


def _check_limits_and_funds(core: Core, incoming: Incoming, exposure: Exposure) -> i64:
    code = _check_volume_limit(core, incoming, exposure)
    if code != 0:
        return code
    code = _check_conditions(core, incoming, exposure)
    if code != 0:
        return code
    return check_funds(core, incoming, exposure)


def _check_request(core: Core, incoming: Incoming) -> i64:
    order_type = incoming.order_type
    if order_type != v.MARKET and order_type != v.LIMIT:
        return refuse(core, r.BAD_ORDER_TYPE, order_type)
    if incoming.side != v.BUY and incoming.side != v.SELL:
        return refuse(core, r.BAD_SIDE, incoming.side)
    time_in_force = incoming.time_in_force
    if time_in_force < v.GOOD_TILL_CANCELLED or time_in_force > v.FILL_OR_KILL:
        return refuse(core, r.BAD_TIME_IN_FORCE, time_in_force)
    at_once = time_in_force >= v.IMMEDIATE_OR_CANCEL
    if order_type == v.MARKET and not at_once:
        return refuse(core, r.BAD_TIME_IN_FORCE, time_in_force)
    if incoming.flags < 0 or incoming.flags > v.POST_ONLY | v.REDUCE_ONLY:
        return refuse(core, r.BAD_FLAGS, incoming.flags)
    if incoming.post_only and at_once:
        return refuse(core, r.BAD_FLAGS, incoming.flags)
    if incoming.self_trade < 0 or incoming.self_trade > v.SELF_TRADE_CANCEL_BOTH:
        return refuse(core, r.BAD_FLAGS, incoming.self_trade)
    expiry_ns = incoming.expiry_ns
    if time_in_force == v.GOOD_TILL_DATE:
        if expiry_ns <= core.time_ns or expiry_ns > bounds.MAX_TIME_NS:
            return refuse(core, r.BAD_EXPIRY, expiry_ns)
    elif expiry_ns != 0:
        return refuse(core, r.BAD_EXPIRY, expiry_ns)
    return 0


def _check_symbol(core: Core, incoming: Incoming, exposure: Exposure) -> i64:
    mode = exposure.terms.trade_mode
    code = trade_mode_code(mode, incoming.side, incoming.reduces)
    if code != 0:
        return refuse(core, code, mode)
    if not exposure.instrument.session_open(core.time_ns):
        return refuse(core, r.SESSION_CLOSED, 0)
    return 0


def _check_money_bounds(core: Core, exposure: Exposure) -> i64:
    """Currencies fit, and no balance is near the end of its range."""
    account = exposure.account
    instrument = exposure.instrument
    if (
        instrument.contract == v.CONTRACT_FUTURES
        and account.currency.number != instrument.profit_currency
    ):
        return refuse(core, r.NO_CONVERSION_ROUTE, account.currency.number)
    if not account.money_is_bounded():
        return refuse(core, r.ACCOUNT_MONEY_BOUND, account.balance_minor)
    if instrument.contract == v.CONTRACT_FUTURES:
        return 0
    for holding in account.holdings:
        if holding.balance_minor > bounds.MAX_ACCOUNT_MONEY_MINOR:
            return refuse(core, r.ACCOUNT_MONEY_BOUND, holding.balance_minor)
    return 0


def _check_price(core: Core, incoming: Incoming, instrument: Instrument) -> i64:
    price = incoming.price_points
    if incoming.order_type == v.MARKET:
        return refuse(core, r.PRICE_NOT_ALLOWED, price) if price != 0 else 0
    if price < instrument.price_min_points or price > instrument.price_max_points:
        return refuse(core, r.BAD_PRICE, price)
    if instrument.tick_size_points > 1 and price % instrument.tick_size_points != 0:
        return refuse(core, r.PRICE_OFF_TICK_SIZE, price)
    return 0


def _check_counts(core: Core, incoming: Incoming, exposure: Exposure) -> i64:
    account = exposure.account
    working = core.orders.count()
    if working + i64(len(core.trades)) >= bounds.MAX_TRADES or core.last_ticket >= (
        bounds.MAX_TICKET
    ):
        return refuse(core, r.TOO_MANY_ORDERS, working)
    if account.order_count >= account.group.max_orders:
        return refuse(core, r.TOO_MANY_ORDERS, account.order_count)
    if (
        exposure.instrument.contract == v.CONTRACT_FUTURES
        and exposure.count == 0
        and not exposure.reserves_position
        and positions_and_claims(account) >= bounds.MAX_POSITIONS_PER_ACCOUNT
    ):
        return refuse(core, r.TOO_MANY_POSITIONS, positions_and_claims(account))
    return 0


def _check_volume_limit(core: Core, incoming: Incoming, exposure: Exposure) -> i64:
    """Position and orders of one side together."""
    units = incoming.units - incoming.replaced_units
    if incoming.side == v.BUY:
        total = exposure.buys.units + exposure.order_buy_units + units
    else:
        total = exposure.sells.units + exposure.order_sell_units + units
    if total > exposure.instrument.position_limit_units:
        return refuse(core, r.VOLUME_LIMIT, total)
    return 0


def _check_conditions(core: Core, incoming: Incoming, exposure: Exposure) -> i64:
    """Reduce-only, post-only, fill-or-kill."""
    book = book_of(exposure)
    side = incoming.side
    incoming.limit_key = KEY_LIMIT - 1
    if incoming.order_type == v.LIMIT:
        incoming.limit_key = limit_key_of(side, incoming.price_points)
    if incoming.reduces:
        opposite = exposure.sells.units if side == v.BUY else exposure.buys.units
        if incoming.units > opposite:
            return refuse(core, r.VOLUME_ABOVE_POSITION, incoming.units)
    if incoming.post_only and book.opposite(side).best_key <= incoming.limit_key:
        return refuse(core, r.WOULD_TAKE, incoming.price_points)
    if incoming.time_in_force == v.FILL_OR_KILL:
        fillable = fillable_units(core, incoming, exposure, book)
        if fillable < incoming.units:
            return refuse(core, r.NOT_FILLABLE, fillable)
    return 0


def fillable_units(core: Core, incoming: Incoming, exposure: Exposure, book: Book) -> i64:
    """How much of the incoming order would be filled, at most its volume.

    A resting reduce-only order counts only where the matching could not cut it: its owner's
    orders of that side do not exceed the position they close.
    """
    ladder = book.opposite(incoming.side)
    rows = core.orders.rows
    units: i64 = 0
    key = ladder.best_key
    while key <= incoming.limit_key:
        row = book.first_of(ladder, key)
        while row >= 0:
            owner = rows[row + FLAGS] >> OWNER_SHIFT
            if owner == exposure.number and incoming.self_trade != v.SELF_TRADE_ALLOW:
                if incoming.self_trade != v.SELF_TRADE_CANCEL_OLDEST:
                    return units
            elif rows[row + FLAGS] & REDUCES == 0 or _is_sure(core.exposures[owner], incoming.side):
                units += rows[row + UNITS]
                if units >= incoming.units:
                    return incoming.units
            row = rows[row + NEXT]
        key = ladder.keys.after(key)
    return units


def _is_sure(exposure: Exposure, taker_side: i64) -> bool:
    """All orders that the taker could meet fit into the position together."""
    if taker_side == v.BUY:
        return exposure.order_sell_units <= exposure.buys.units
    return exposure.order_buy_units <= exposure.sells.units


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
    while key <= incoming.limit_key:
        row = book.first_of(ladder, key)
        while row >= 0:
            if rows[row + FLAGS] >> OWNER_SHIFT == exposure.number and (
                incoming.self_trade != v.SELF_TRADE_ALLOW
            ):
                if incoming.self_trade != v.SELF_TRADE_CANCEL_OLDEST:
                    return units, cost
            else:
                taken = rows[row + UNITS]
                if units + taken > incoming.units:
                    taken = incoming.units - units
                units += taken
                cost += taken * key_of(v.SELL - incoming.side, key)
                if units == incoming.units:
                    return units, cost
            row = rows[row + NEXT]
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
