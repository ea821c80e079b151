"""Step 1: may this order be placed? The checks, in order; the first that fails answers.

This file may read the state; it changes nothing. Every function returns a reject code,
or 0 for "admitted", and leaves the value that failed in `core.detail`. The order of the
checks is that of SEMANTICS section 6 and RULES section 5, and so is that of the code bands.
"""

from mypy_extensions import i64

from engine import bounds
from engine import reject_codes as r
from engine import vocabulary as v
from engine.core import Core
from engine.figures import is_priced
from engine.model.accounts import Account, Exposure, Trade
from engine.order.match import market_price
from engine.order.plan import (
    Plan,
    free_margin_after_minor,
    is_affordable,
    make_plan,
    opens_position,
)
from engine.rounding import at_least_zero


def refuse(core: Core, code: i64, detail: i64) -> i64:
    """Notes the value that failed and returns the code."""
    core.detail = detail
    return code


# ------------------------------------------------------------ 1xx request


def check_expiry(core: Core, order_type: i64, expiry_ns: i64) -> i64:
    if expiry_ns == 0:
        return 0
    if order_type == v.MARKET or expiry_ns <= core.time_ns or expiry_ns > bounds.MAX_TIME_NS:
        return refuse(core, r.BAD_EXPIRY, expiry_ns)
    return 0


def check_deviation(core: Core, price: i64, deviation: i64) -> i64:
    if deviation < 0 or (deviation > 0 and price == 0):
        return refuse(core, r.BAD_DEVIATION, deviation)
    return 0


# ------------------------------------------------------------ 2xx symbol


def trade_mode_code(trade_mode: i64, side: i64, reduces: bool) -> i64:
    """Reject code of the trade mode for an opening on this side, or 0."""
    if trade_mode == v.TRADE_FULL:
        return 0
    if trade_mode == v.TRADE_DISABLED:
        return r.TRADE_MODE_DISABLED
    if trade_mode == v.TRADE_CLOSE_ONLY:
        return 0 if reduces else r.CLOSE_ONLY
    if trade_mode == v.TRADE_LONG_ONLY:
        return 0 if side == v.BUY else r.LONG_ONLY
    return 0 if side == v.SELL else r.SHORT_ONLY


def reduces_position(exposure: Exposure, side: i64, units: i64, pending: bool) -> bool:
    """Close only: a netting account may trade against its position, not beyond it."""
    if exposure.account.mode != v.NETTING:
        return False
    opposite = exposure.sell_units if side == v.BUY else exposure.buy_units
    return opposite > 0 and (pending or units <= opposite)


def check_market_is_open(core: Core, exposure: Exposure) -> i64:
    """Session, quote, freshness."""
    instrument = exposure.instrument
    if not instrument.session_open(core.time_ns):
        return refuse(core, r.SESSION_CLOSED, 0)
    if instrument.quote_sequence == 0:
        return refuse(core, r.NO_QUOTE, 0)
    if instrument.quote_is_stale(core.time_ns):
        return refuse(core, r.QUOTE_STALE, core.time_ns - instrument.quote_time_ns)
    return 0


def check_closing_is_open(core: Core, exposure: Exposure) -> i64:
    """As for opening, but only a disabled instrument refuses."""
    if exposure.terms.trade_mode == v.TRADE_DISABLED:
        return refuse(core, r.TRADE_MODE_DISABLED, 0)
    return check_market_is_open(core, exposure)


# ------------------------------------------------------------ 3xx account


def check_account(core: Core, account: Account) -> i64:
    if account.status == v.ACCOUNT_DISABLED:
        return refuse(core, r.ACCOUNT_IS_DISABLED, account.status)
    if account.status == v.ACCOUNT_READ_ONLY:
        return refuse(core, r.ACCOUNT_IS_READ_ONLY, account.status)
    if not account.group.trading_enabled:
        return refuse(core, r.GROUP_TRADING_DISABLED, account.group.number)
    return 0


def check_conversion(core: Core, exposure: Exposure) -> i64:
    conversion = exposure.conversion
    assert conversion is not None
    if not conversion.exists:
        return refuse(core, r.NO_CONVERSION_ROUTE, 0)
    if not is_priced(conversion):
        return refuse(core, r.NO_CONVERSION_PRICE, 0)
    if not conversion.within_bounds:
        return refuse(core, r.VALUE_BOUND, 0)
    if not exposure.account.money_is_bounded():
        return refuse(core, r.ACCOUNT_MONEY_BOUND, exposure.account.balance_minor)
    return 0


# ------------------------------------------------------------ 4xx price


def check_requested_price(core: Core, current: i64, requested: i64, deviation: i64) -> i64:
    if requested < 0 or requested > bounds.MAX_PRICE_POINTS:
        return refuse(core, r.PRICE_OFF, requested)
    if requested > 0:
        distance = current - requested
        if distance > deviation or -distance > deviation:
            return refuse(core, r.REQUOTE, current)
    return 0


# ------------------------------------------------------------ 5xx volume, levels, counts


def check_volume(core: Core, exposure: Exposure, units: i64) -> i64:
    terms = exposure.terms
    if units < terms.lot_min_units or units <= 0:
        return refuse(core, r.VOLUME_BELOW_MINIMUM, units)
    if units > terms.lot_max_units:
        return refuse(core, r.VOLUME_ABOVE_MAXIMUM, units)
    if units % terms.lot_step_units != 0:
        return refuse(core, r.VOLUME_OFF_STEP, units)
    return 0


def check_prices(
    core: Core, exposure: Exposure, order_type: i64, price: i64, limit: i64, loss: i64, profit: i64
) -> i64:
    """Ranges, then tick size: order price, limit price, stop loss, take profit."""
    instrument = exposure.instrument
    if order_type != v.MARKET:
        if price < instrument.price_min_points or price > instrument.price_max_points:
            return refuse(core, r.BAD_PRICE, price)
        if order_type == v.STOP_LIMIT and (
            limit < instrument.price_min_points or limit > instrument.price_max_points
        ):
            return refuse(core, r.BAD_PRICE, limit)
    if loss < 0 or loss > bounds.MAX_PRICE_POINTS:
        return refuse(core, r.BAD_PRICE, loss)
    if profit < 0 or profit > bounds.MAX_PRICE_POINTS:
        return refuse(core, r.BAD_PRICE, profit)
    step = instrument.tick_size_points
    if step > 1:
        if order_type != v.MARKET and price % step != 0:
            return refuse(core, r.PRICE_OFF_TICK_SIZE, price)
        if limit % step != 0:
            return refuse(core, r.PRICE_OFF_TICK_SIZE, limit)
        if loss % step != 0:
            return refuse(core, r.PRICE_OFF_TICK_SIZE, loss)
        if profit % step != 0:
            return refuse(core, r.PRICE_OFF_TICK_SIZE, profit)
    return 0


def check_pending_distance(
    core: Core, exposure: Exposure, order_type: i64, side: i64, price: i64, limit: i64
) -> i64:
    """The order price is on its side of the market, at least the stops level away."""
    least = exposure.instrument.stops_level_points
    if least < 1:
        least = 1
    distance = price - exposure.opening_price(side)
    if (side == v.BUY) == (order_type == v.LIMIT):
        distance = -distance
    if distance < least:
        return refuse(core, r.PENDING_TOO_CLOSE, price)
    if order_type == v.STOP_LIMIT:
        beyond = price - limit if side == v.BUY else limit - price
        if beyond <= 0:
            return refuse(core, r.STOP_LIMIT_WRONG_SIDE, limit)
    return 0


def check_stops(
    core: Core, exposure: Exposure, side: i64, reference: i64, loss: i64, profit: i64
) -> i64:
    """Stop loss and take profit against a reference price: side, then stops level."""
    level = exposure.instrument.stops_level_points
    if loss != 0:
        distance = reference - loss if side == v.BUY else loss - reference
        if distance <= 0:
            return refuse(core, r.STOPS_WRONG_SIDE, loss)
        if distance < level:
            return refuse(core, r.STOPS_TOO_CLOSE, loss)
    if profit != 0:
        distance = profit - reference if side == v.BUY else reference - profit
        if distance <= 0:
            return refuse(core, r.STOPS_WRONG_SIDE, profit)
        if distance < level:
            return refuse(core, r.STOPS_TOO_CLOSE, profit)
    return 0


def positions_and_claims(account: Account) -> i64:
    """Positions, opening requests, and futures whose orders may still open a position."""
    return account.position_count + account.request_count + account.reserved_positions


def check_counts(core: Core, exposure: Exposure, pending: bool, opens: bool) -> i64:
    """Number of orders (pending) or of positions and opening requests (market)."""
    account = exposure.account
    count = core.trade_rows.count
    if count >= bounds.MAX_TRADES or core.last_ticket >= bounds.MAX_TICKET:
        return refuse(core, r.TOO_MANY_ORDERS, count)
    if pending:
        if account.order_count >= account.group.max_orders:
            return refuse(core, r.TOO_MANY_ORDERS, account.order_count)
    elif opens and positions_and_claims(account) >= bounds.MAX_POSITIONS_PER_ACCOUNT:
        return refuse(core, r.TOO_MANY_POSITIONS, positions_and_claims(account))
    return 0


def check_volume_limit(core: Core, exposure: Exposure, side: i64, units: i64, pending: bool) -> i64:
    """All volume of an account in one direction of an instrument."""
    buy = side == v.BUY
    total = units + (exposure.order_buy_units if buy else exposure.order_sell_units)
    total += exposure.buy_units if buy else exposure.sell_units
    if not pending and exposure.account.mode == v.NETTING:
        opposite = exposure.sell_units if buy else exposure.buy_units
        total = at_least_zero(total - opposite)
    if total > exposure.instrument.position_limit_units:
        return refuse(core, r.VOLUME_LIMIT, total)
    return 0


# ------------------------------------------------------------ 6xx margin, 7xx rules


def check_margin(core: Core, plan: Plan) -> i64:
    free_after = free_margin_after_minor(plan)
    if not is_affordable(plan, free_after):
        return refuse(core, r.NO_MONEY, free_after)
    return 0


def check_hedge(core: Core, exposure: Exposure, side: i64, with_orders: bool) -> i64:
    """Groups without hedging: no opposite position (or order) in the instrument."""
    account = exposure.account
    if not account.group.hedge_prohibited or account.mode != v.HEDGING:
        return 0
    units = exposure.sell_units if side == v.BUY else exposure.buy_units
    orders = exposure.order_sells if side == v.BUY else exposure.order_buys
    if units > 0 or (with_orders and orders > 0):
        return refuse(core, r.HEDGE_PROHIBITED, 0)
    return 0


def check_fifo(core: Core, trade: Trade) -> i64:
    """Groups with FIFO: only the oldest position of an instrument may be closed.

    A netting account has one position an instrument, so the rule never stops it.
    """
    if trade.exposure.account.group.fifo and trade.exposure.first is not trade:
        return refuse(core, r.FIFO_RULE, trade.ticket)
    return 0


def goes_to_dealer(core: Core, exposure: Exposure) -> bool:
    """Routing by execution mode: a dealer decides instead of the core."""
    mode = exposure.terms.execution_mode
    return mode == v.EXECUTION_MANUAL or (
        mode == v.EXECUTION_AUTO_IF_NO_DEALER and core.dealers_online > 0
    )


# ------------------------------------------------------------ whole commands


def admit_order(
    core: Core,
    exposure: Exposure,
    order_type: i64,
    side: i64,
    units: i64,
    price: i64,
    limit: i64,
    loss: i64,
    profit: i64,
    expiry_ns: i64,
    deviation: i64,
) -> i64:
    """Everything up to the margin check. The account and instrument are known."""
    pending = order_type != v.MARKET
    if order_type < v.MARKET or order_type > v.STOP_LIMIT:
        return refuse(core, r.BAD_ORDER_TYPE, order_type)
    if side != v.BUY and side != v.SELL:
        return refuse(core, r.BAD_SIDE, side)
    if deviation < 0 or (deviation > 0 and (pending or price == 0)):
        return refuse(core, r.BAD_DEVIATION, deviation)
    code = check_expiry(core, order_type, expiry_ns)
    if code != 0:
        return code
    mode = exposure.terms.trade_mode
    code = trade_mode_code(mode, side, reduces_position(exposure, side, units, pending))
    if code != 0:
        return refuse(core, code, mode)
    code = check_market_is_open(core, exposure)
    if code != 0:
        return code
    code = check_account(core, exposure.account)
    if code != 0:
        return code
    code = check_conversion(core, exposure)
    if code != 0:
        return code
    if not pending:
        current = exposure.opening_price(side)
        code = check_requested_price(core, current, price, deviation)
        if code != 0:
            return code
    if limit != 0 and order_type != v.STOP_LIMIT:
        return refuse(core, r.PRICE_NOT_ALLOWED, limit)
    code = check_volume(core, exposure, units)
    if code != 0:
        return code
    code = check_order_levels(core, exposure, order_type, side, price, limit, loss, profit)
    if code != 0:
        return code
    opens = exposure.account.mode == v.HEDGING or exposure.count == 0
    code = check_counts(core, exposure, pending, opens)
    if code != 0:
        return code
    return check_volume_limit(core, exposure, side, units, pending)


def check_order_levels(
    core: Core,
    exposure: Exposure,
    order_type: i64,
    side: i64,
    price: i64,
    limit: i64,
    loss: i64,
    profit: i64,
) -> i64:
    """All prices of an order, new or modified."""
    code = check_prices(core, exposure, order_type, price, limit, loss, profit)
    if code != 0:
        return code
    reference = price
    if order_type == v.MARKET:
        reference = exposure.closing_price(side)
    else:
        code = check_pending_distance(core, exposure, order_type, side, price, limit)
        if code != 0:
            return code
        if order_type == v.STOP_LIMIT:
            reference = limit
    return check_stops(core, exposure, side, reference, loss, profit)


def check_frozen_order(core: Core, order: Trade) -> i64:
    """The market is within the freeze level of a pending order."""
    exposure = order.exposure
    level = exposure.instrument.freeze_level_points
    if level == 0 or exposure.instrument.quote_sequence == 0:
        return 0
    distance = exposure.opening_price(order.side) - order.price_points
    if -level <= distance <= level:
        return refuse(core, r.FROZEN, order.price_points)
    return 0


def check_frozen_position(core: Core, trade: Trade) -> i64:
    """The market is within the freeze level of a stop loss or take profit."""
    level = trade.exposure.instrument.freeze_level_points
    if level == 0:
        return 0
    price = trade.exposure.closing_price(trade.side)
    for stop in (trade.stop_loss_points, trade.take_profit_points):
        if stop != 0 and -level <= price - stop <= level:
            return refuse(core, r.FROZEN, stop)
    return 0


def admit_confirmed(core: Core, plan: Plan) -> i64:
    """What must still hold when a dealer confirms an opening request."""
    exposure = plan.exposure
    account = exposure.account
    held = account.position_count + account.reserved_positions
    if opens_position(plan) and held >= bounds.MAX_POSITIONS_PER_ACCOUNT:
        return refuse(core, r.TOO_MANY_POSITIONS, account.position_count)
    code = check_volume_limit(core, exposure, plan.side, 0, False)
    if code != 0:
        return code
    code = check_margin(core, plan)
    if code != 0:
        return code
    return check_hedge(core, exposure, plan.side, True)


def plan_market_order(core: Core, exposure: Exposure, side: i64, units: i64) -> Plan:
    """What a market order would do at the price that match gives."""
    return make_plan(core, exposure, side, units, market_price(exposure, side))
