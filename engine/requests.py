"""What clients ask for: place, modify and cancel orders, close and modify positions.

This file may decide with the checks of `order/admit.py` and then apply. In each function
the line "Nothing below can fail" separates the two.
"""

from mypy_extensions import i64

from engine import reject_codes as r
from engine import vocabulary as v
from engine.command_reader import Words, find_exposure, reject
from engine.core import Core
from engine.exchange.position_stops import admit_stops
from engine.model.accounts import Exposure, Trade
from engine.order.admit import (
    admit_order,
    check_account,
    check_closing_is_open,
    check_deviation,
    check_expiry,
    check_fifo,
    check_frozen_order,
    check_frozen_position,
    check_hedge,
    check_margin,
    check_market_is_open,
    check_order_levels,
    check_prices,
    check_requested_price,
    check_stops,
    goes_to_dealer,
    plan_market_order,
    refuse,
)
from engine.order.pipeline import close, execute


def place_order(core: Core, words: Words) -> None:
    """Market orders go all the way; pending orders and requests wait."""
    login = words.at(0)
    number = words.at(1)
    order_type = words.at(2)
    side = words.at(3)
    units = words.at(4)
    price = words.at(5)
    exposure = find_exposure(core, words, v.PLACE_ORDER, v.VENUE_QUOTED)
    if exposure is None:
        return
    code = admit_order(
        core,
        exposure,
        order_type,
        side,
        units,
        price,
        words.at(6),
        words.at(7),
        words.at(8),
        words.at(9),
        words.at(10),
    )
    if code != 0:
        reject(core, login, v.PLACE_ORDER, code, 0, number, core.detail)
        return
    if order_type != v.MARKET:
        code = check_hedge(core, exposure, side, True)
        if code != 0:
            reject(core, login, v.PLACE_ORDER, code, 0, number, core.detail)
            return
        # Nothing below can fail.
        order = _accept(core, words, exposure, order_type, side, units, price)
        order.state = v.ORDER_PENDING
        exposure.add_order(side, units, 1)
        core.watch(order)
        return
    plan = plan_market_order(core, exposure, side, units)
    code = check_margin(core, plan)
    if code == 0:
        code = check_hedge(core, exposure, side, True)
    if code != 0:
        reject(core, login, v.PLACE_ORDER, code, 0, number, core.detail)
        return
    # Nothing below can fail.
    order = _accept(core, words, exposure, order_type, side, units, price)
    if goes_to_dealer(core, exposure):
        order.state = v.ORDER_REQUESTED
        exposure.add_order(side, units, 1)
        exposure.account.request_count += 1
        _ask_dealer(core, order, v.REQUEST_OPEN, units, plan.price, words.at(10))
    else:
        execute(core, plan, order, 0)


def _accept(
    core: Core, words: Words, exposure: Exposure, order_type: i64, side: i64, units: i64, price: i64
) -> Trade:
    order = core.new_trade(exposure)
    order.order_type = order_type
    order.side = side
    order.volume_units = units
    order.price_points = price
    order.limit_price_points = words.at(6)
    order.stop_loss_points = words.at(7)
    order.take_profit_points = words.at(8)
    order.expiry_ns = words.at(9)
    core.events.order_placed(
        exposure.account.login,
        exposure.instrument.quote_sequence,
        order.ticket,
        exposure.instrument.number,
        order_type,
        side,
        units,
        price,
        order.limit_price_points,
        order.stop_loss_points,
        order.take_profit_points,
        order.expiry_ns,
    )
    return order


def _ask_dealer(
    core: Core, trade: Trade, request: i64, units: i64, price: i64, deviation: i64
) -> None:
    exposure = trade.exposure
    trade.request = request
    trade.request_volume_units = units
    trade.request_price_points = price
    trade.request_deviation_points = deviation
    trade.request_timeout_ns = core.time_ns + exposure.account.group.request_timeout_ns
    core.watch(trade)
    core.events.dealer_requested(
        exposure.account.login,
        exposure.instrument.quote_sequence,
        trade.ticket,
        request,
        exposure.instrument.number,
        trade.side,
        units,
        price,
        deviation,
        trade.request_timeout_ns,
    )


def _find_trade(core: Core, words: Words, command_type: i64, unknown: i64) -> Trade | None:
    """The client's own ticket, or None after a refusal. Cancelling also finds requests."""
    login = words.at(0)
    ticket = words.at(1)
    trade = core.find_trade(ticket)
    own = trade is not None and trade.exposure.account.login == login
    if not own and login not in core.accounts:
        reject(core, login, command_type, r.UNKNOWN_ACCOUNT, ticket, 0, login)
        return None
    state = v.POSITION_OPEN if unknown == r.UNKNOWN_POSITION else v.ORDER_PENDING
    if trade is None or (
        trade.state != state
        and not (command_type == v.CANCEL_ORDER and trade.state == v.ORDER_REQUESTED)
    ):
        reject(core, login, command_type, unknown, ticket, 0, ticket)
        return None
    if not own:
        number = trade.exposure.instrument.number
        reject(core, login, command_type, r.NOT_YOUR_TICKET, ticket, number, ticket)
        return None
    instrument = trade.exposure.instrument
    if instrument.venue != v.VENUE_QUOTED and command_type != v.MODIFY_POSITION:
        venue = instrument.venue
        reject(core, login, command_type, r.OTHER_VENUE, ticket, instrument.number, venue)
        return None
    return trade


def _refuse_trade(core: Core, trade: Trade, command_type: i64, code: i64) -> None:
    exposure = trade.exposure
    login = exposure.account.login
    reject(core, login, command_type, code, trade.ticket, exposure.instrument.number, core.detail)


def modify_order(core: Core, words: Words) -> None:
    """New prices and expiry of a pending order."""
    order = _find_trade(core, words, v.MODIFY_ORDER, r.UNKNOWN_ORDER)
    if order is None:
        return
    code = _admit_modification(core, words, order)
    if code != 0:
        _refuse_trade(core, order, v.MODIFY_ORDER, code)
        return
    # Nothing below can fail.
    order.price_points = words.at(2)
    order.limit_price_points = words.at(3)
    order.stop_loss_points = words.at(4)
    order.take_profit_points = words.at(5)
    order.expiry_ns = words.at(6)
    order.refused_stage = 0
    order.refused_reason = 0
    core.watch(order)
    core.events.order_modified(
        order.exposure.account.login,
        order.exposure.instrument.quote_sequence,
        order.ticket,
        order.price_points,
        order.limit_price_points,
        order.stop_loss_points,
        order.take_profit_points,
        order.expiry_ns,
    )


def _admit_modification(core: Core, words: Words, order: Trade) -> i64:
    exposure = order.exposure
    code = check_expiry(core, order.order_type, words.at(6))
    if code != 0:
        return code
    code = check_account(core, exposure.account)
    if code != 0:
        return code
    code = check_market_is_open(core, exposure)
    if code != 0:
        return code
    code = check_frozen_order(core, order)
    if code != 0:
        return code
    limit = words.at(3)
    if limit != 0 and order.order_type != v.STOP_LIMIT:
        return refuse(core, r.PRICE_NOT_ALLOWED, limit)
    return check_order_levels(
        core,
        exposure,
        order.order_type,
        order.side,
        words.at(2),
        limit,
        words.at(4),
        words.at(5),
    )


def cancel_order(core: Core, words: Words) -> None:
    """Ends a pending order or an opening request."""
    order = _find_trade(core, words, v.CANCEL_ORDER, r.UNKNOWN_ORDER)
    if order is None:
        return
    code: i64 = 0
    if order.exposure.account.status == v.ACCOUNT_DISABLED:
        code = refuse(core, r.ACCOUNT_IS_DISABLED, v.ACCOUNT_DISABLED)
    elif order.state == v.ORDER_PENDING:
        code = check_frozen_order(core, order)
    if code != 0:
        _refuse_trade(core, order, v.CANCEL_ORDER, code)
        return
    # Nothing below can fail.
    remove_order(core, order, v.REASON_CLIENT, 0)


def remove_order(core: Core, order: Trade, reason: i64, dealer: i64) -> None:
    """Ends an order or opening request without a fill."""
    exposure = order.exposure
    withdraw_order(order)
    core.events.order_removed(
        exposure.account.login,
        exposure.instrument.quote_sequence,
        order.ticket,
        exposure.instrument.number,
        reason,
        dealer,
    )
    core.end_trade(order)


def withdraw_order(order: Trade) -> None:
    """The order or opening request no longer counts as one."""
    order.exposure.add_order(order.side, order.volume_units, -1)
    if order.state == v.ORDER_REQUESTED:
        order.exposure.account.request_count -= 1
        order.request = v.REQUEST_NONE


def close_position(core: Core, words: Words) -> None:
    """Closes a position, whole or in part, at market or by a dealer."""
    trade = _find_trade(core, words, v.CLOSE_POSITION, r.UNKNOWN_POSITION)
    if trade is None:
        return
    code = _admit_close(core, words, trade)
    if code != 0:
        _refuse_trade(core, trade, v.CLOSE_POSITION, code)
        return
    # Nothing below can fail.
    units = words.at(2)
    if units == 0:
        units = trade.volume_units
    price = trade.exposure.closing_price(trade.side)
    if goes_to_dealer(core, trade.exposure):
        _ask_dealer(core, trade, v.REQUEST_CLOSE, units, price, words.at(4))
    else:
        close(core, trade, units, price, v.REASON_CLIENT, 0)


def _admit_close(core: Core, words: Words, trade: Trade) -> i64:
    exposure = trade.exposure
    code = check_deviation(core, words.at(3), words.at(4))
    if code != 0:
        return code
    if trade.request != v.REQUEST_NONE:
        return refuse(core, r.REQUEST_PENDING, trade.ticket)
    code = check_closing_is_open(core, exposure)
    if code != 0:
        return code
    code = check_account(core, exposure.account)
    if code != 0:
        return code
    current = exposure.closing_price(trade.side)
    code = check_requested_price(core, current, words.at(3), words.at(4))
    if code != 0:
        return code
    units = words.at(2)
    if units < 0:
        return refuse(core, r.VOLUME_BELOW_MINIMUM, units)
    if units > trade.volume_units:
        return refuse(core, r.VOLUME_ABOVE_POSITION, units)
    if 0 < units < trade.volume_units and units % exposure.terms.lot_step_units != 0:
        return refuse(core, r.VOLUME_OFF_STEP, units)
    code = check_frozen_position(core, trade)
    if code != 0:
        return code
    return check_fifo(core, trade)


def modify_position(core: Core, words: Words) -> None:
    """New stop loss and take profit of a position."""
    trade = _find_trade(core, words, v.MODIFY_POSITION, r.UNKNOWN_POSITION)
    if trade is None:
        return
    code = _admit_levels(core, trade, words.at(2), words.at(3))
    if code != 0:
        _refuse_trade(core, trade, v.MODIFY_POSITION, code)
        return
    # Nothing below can fail.
    had_stops = trade.has_stops()
    trade.stop_loss_points = words.at(2)
    trade.take_profit_points = words.at(3)
    if trade.exposure.instrument.venue == v.VENUE_BOOK:
        trade.exposure.instrument.watched += trade.has_stops() - had_stops
        core.due.add(trade.exposure.instrument)
    trade.refused_stage = 0
    trade.refused_reason = 0
    core.watch(trade)
    core.events.position_modified(
        trade.exposure.account.login,
        trade.exposure.instrument.quote_sequence,
        trade.ticket,
        trade.stop_loss_points,
        trade.take_profit_points,
    )


def _admit_levels(core: Core, trade: Trade, loss: i64, profit: i64) -> i64:
    exposure = trade.exposure
    if exposure.instrument.venue == v.VENUE_BOOK:
        return admit_stops(core, trade, loss, profit)
    if trade.request != v.REQUEST_NONE:
        return refuse(core, r.REQUEST_PENDING, trade.ticket)
    code = check_closing_is_open(core, exposure)
    if code != 0:
        return code
    code = check_account(core, exposure.account)
    if code != 0:
        return code
    code = check_frozen_position(core, trade)
    if code != 0:
        return code
    code = check_prices(core, exposure, v.MARKET, 0, 0, loss, profit)
    if code != 0:
        return code
    return check_stops(core, exposure, trade.side, exposure.closing_price(trade.side), loss, profit)
