"""Step 1: may this order enter the book venue? The checks, in order; the first that fails answers.

This file may read the state; it changes nothing but `core.detail` and `core.incoming`, which
mean nothing until an order is accepted. Every function returns a reject code, or 0. The order
of the checks is that of the quoted venue: request, symbol, account, price, volume, margin.
"""

from mypy_extensions import i64

from engine import bounds
from engine import reject_codes as r
from engine import vocabulary as v
from engine.book.keys import KEY_LIMIT
from engine.book.ladder import limit_key_of
from engine.core import Core
from engine.exchange.band import is_outside, within_band
from engine.exchange.funds import check_funds, fillable_units
from engine.exchange.resting import book_of
from engine.model.accounts import Exposure, Holding
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
    code = check_money_bounds(core, exposure)
    if code != 0:
        return code
    code = _check_prices(core, incoming, exposure.instrument)
    if code != 0:
        return code
    code = _check_volume(core, incoming, exposure)
    if code != 0:
        return code
    code = _check_orders(core, exposure)
    if code != 0 or waits(incoming):
        return code
    code = _check_positions(core, exposure)
    if code != 0:
        return code
    return _check_limits_and_funds(core, incoming, exposure)


def admit_replacement(core: Core, incoming: Incoming) -> i64:
    """The checks of a resting order that gets another volume or price."""
    exposure = incoming.exposure
    assert exposure is not None
    instrument = exposure.instrument
    if not instrument.session_open(core.time_ns):
        return refuse(core, r.SESSION_CLOSED, 0)
    phase = phase_now(core, instrument)
    if phase == v.PHASE_HALTED or phase == v.PHASE_EXPIRED:
        return refuse(core, r.WRONG_PHASE, phase)
    code = check_account(core, exposure.account)
    if code != 0:
        return code
    code = _check_price(core, incoming, instrument)
    if code != 0:
        return code
    code = _check_volume(core, incoming, exposure)
    if code != 0:
        return code
    return _check_limits_and_funds(core, incoming, exposure)


def admit_activation(core: Core, incoming: Incoming) -> i64:
    """The checks of an order that waited, now that it goes to the book (RULES section 9)."""
    exposure = incoming.exposure
    assert exposure is not None
    mode = exposure.terms.trade_mode
    code = trade_mode_code(mode, incoming.side, incoming.reduces)
    if code != 0:
        return refuse(core, code, mode)
    code = check_account(core, exposure.account)
    if code != 0:
        return code
    code = check_money_bounds(core, exposure)
    if code != 0:
        return code
    price = incoming.price_points
    if incoming.order_type == v.LIMIT and is_outside(exposure.instrument, price):
        return refuse(core, r.PRICE_OUTSIDE_BAND, price)
    code = _check_positions(core, exposure)
    if code != 0:
        return code
    code = _check_volume_limit(core, incoming, exposure)
    if code != 0:
        return code
    set_limit(incoming, exposure.instrument)
    return check_funds(core, incoming, exposure)


def waits(incoming: Incoming) -> bool:
    """A stop or stop-limit order: it stands beside the book first."""
    return incoming.order_type == v.STOP or incoming.order_type == v.STOP_LIMIT


def phase_now(core: Core, instrument: Instrument) -> i64:
    """The phase; an instrument whose time is up counts as expired."""
    if 0 < instrument.expires_ns <= core.time_ns:
        return v.PHASE_EXPIRED
    return instrument.phase


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
    if order_type < v.MARKET or order_type > v.STOP_LIMIT:
        return refuse(core, r.BAD_ORDER_TYPE, order_type)
    if incoming.side != v.BUY and incoming.side != v.SELL:
        return refuse(core, r.BAD_SIDE, incoming.side)
    time_in_force = incoming.time_in_force
    if time_in_force < v.GOOD_TILL_CANCELLED or time_in_force > v.FILL_OR_KILL:
        return refuse(core, r.BAD_TIME_IN_FORCE, time_in_force)
    at_once = time_in_force >= v.IMMEDIATE_OR_CANCEL
    if (order_type == v.MARKET and not at_once) or (at_once and waits(incoming)):
        return refuse(core, r.BAD_TIME_IN_FORCE, time_in_force)
    if incoming.flags < 0 or incoming.flags > v.POST_ONLY | v.REDUCE_ONLY:
        return refuse(core, r.BAD_FLAGS, incoming.flags)
    if incoming.post_only and (at_once or waits(incoming)):
        return refuse(core, r.BAD_FLAGS, incoming.flags)
    if incoming.self_trade < 0 or incoming.self_trade > v.SELF_TRADE_CANCEL_BOTH:
        return refuse(core, r.BAD_FLAGS, incoming.self_trade)
    shown = incoming.shown_units
    if shown != 0 and (shown < 0 or at_once or order_type != v.LIMIT):
        return refuse(core, r.BAD_FLAGS, shown)
    expiry_ns = incoming.expiry_ns
    if time_in_force == v.GOOD_TILL_DATE:
        if expiry_ns <= core.time_ns or expiry_ns > bounds.MAX_TIME_NS:
            return refuse(core, r.BAD_EXPIRY, expiry_ns)
    elif expiry_ns != 0:
        return refuse(core, r.BAD_EXPIRY, expiry_ns)
    return 0


def _check_symbol(core: Core, incoming: Incoming, exposure: Exposure) -> i64:
    """Trade mode, session, phase, and a mark price where futures have it from outside."""
    mode = exposure.terms.trade_mode
    code = trade_mode_code(mode, incoming.side, incoming.reduces)
    if code != 0:
        return refuse(core, code, mode)
    instrument = exposure.instrument
    if not instrument.session_open(core.time_ns):
        return refuse(core, r.SESSION_CLOSED, 0)
    phase = phase_now(core, instrument)
    if phase != v.PHASE_CONTINUOUS and (phase != v.PHASE_AUCTION or not _fits_auction(incoming)):
        return refuse(core, r.WRONG_PHASE, phase)
    if (
        instrument.mark == v.MARK_TICK
        and instrument.quote_sequence == 0
        and instrument.contract == v.CONTRACT_FUTURES
    ):
        return refuse(core, r.NO_QUOTE, 0)
    return 0


def _fits_auction(incoming: Incoming) -> bool:
    """Orders that rest, or wait; a reduce-only order could be cut while all is filled at once."""
    if waits(incoming):
        return True
    return (
        incoming.order_type == v.LIMIT
        and incoming.time_in_force <= v.GOOD_TILL_DATE
        and not incoming.post_only
        and not incoming.reduces
    )


def check_money_bounds(core: Core, exposure: Exposure) -> i64:
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
    full: Holding | None = None
    for holding in account.holdings:
        if holding.balance_minor > bounds.MAX_ACCOUNT_MONEY_MINOR and (
            full is None or holding.currency < full.currency
        ):
            full = holding
    if full is None:
        return 0
    return refuse(core, r.ACCOUNT_MONEY_BOUND, full.balance_minor)


def _check_prices(core: Core, incoming: Incoming, instrument: Instrument) -> i64:
    """Limit price, then trigger price."""
    price = incoming.price_points
    if incoming.order_type == v.LIMIT or incoming.order_type == v.STOP_LIMIT:
        code = _check_price(core, incoming, instrument)
        if code != 0:
            return code
    elif price != 0:
        return refuse(core, r.PRICE_NOT_ALLOWED, price)
    trigger = incoming.trigger_points
    if not waits(incoming):
        if trigger != 0:
            return refuse(core, r.PRICE_NOT_ALLOWED, trigger)
        return 0
    if trigger < instrument.price_min_points or trigger > instrument.price_max_points:
        return refuse(core, r.BAD_PRICE, trigger)
    if instrument.tick_size_points > 1 and trigger % instrument.tick_size_points != 0:
        return refuse(core, r.PRICE_OFF_TICK_SIZE, trigger)
    if is_reached(instrument, incoming.side, trigger):
        return refuse(core, r.WOULD_TRIGGER, trigger)
    return 0


def _check_price(core: Core, incoming: Incoming, instrument: Instrument) -> i64:
    price = incoming.price_points
    if price < instrument.price_min_points or price > instrument.price_max_points:
        return refuse(core, r.BAD_PRICE, price)
    if instrument.tick_size_points > 1 and price % instrument.tick_size_points != 0:
        return refuse(core, r.PRICE_OFF_TICK_SIZE, price)
    if instrument.band_bp > 0 and is_outside(instrument, price):
        return refuse(core, r.PRICE_OUTSIDE_BAND, price)
    return 0


def is_reached(instrument: Instrument, side: i64, trigger: i64) -> bool:
    """The price that triggers orders of this side exists and is there."""
    price = instrument.trigger_price(side)
    if price == 0:
        return False
    return price >= trigger if side == v.BUY else price <= trigger


def _check_volume(core: Core, incoming: Incoming, exposure: Exposure) -> i64:
    code = check_volume(core, exposure, incoming.units)
    if code != 0:
        return code
    shown = incoming.shown_units
    if shown == 0:
        return 0
    if shown % exposure.terms.lot_step_units != 0:
        return refuse(core, r.VOLUME_OFF_STEP, shown)
    parts: i64 = bounds.MAX_ICEBERG_PARTS
    if shown < (incoming.units + parts - 1) // parts:
        return refuse(core, r.VOLUME_BELOW_MINIMUM, shown)
    return 0


def _check_orders(core: Core, exposure: Exposure) -> i64:
    account = exposure.account
    working = core.orders.count()
    count = working + core.trade_rows.count
    if count >= bounds.MAX_TRADES or core.last_ticket >= bounds.MAX_TICKET:
        return refuse(core, r.TOO_MANY_ORDERS, working)
    if account.order_count >= account.group.max_orders:
        return refuse(core, r.TOO_MANY_ORDERS, account.order_count)
    return 0


def _check_positions(core: Core, exposure: Exposure) -> i64:
    """A fill may open a position."""
    account = exposure.account
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
        total = exposure.buy_units + exposure.order_buy_units + units
    else:
        total = exposure.sell_units + exposure.order_sell_units + units
    if total > exposure.instrument.position_limit_units:
        return refuse(core, r.VOLUME_LIMIT, total)
    return 0


def set_limit(incoming: Incoming, instrument: Instrument) -> None:
    """How far the order may take: its limit, and the band."""
    incoming.limit_key = KEY_LIMIT - 1
    if incoming.order_type == v.LIMIT:
        incoming.limit_key = limit_key_of(incoming.side, incoming.price_points)
    if instrument.band_bp > 0:
        incoming.limit_key = within_band(instrument, incoming.side, incoming.limit_key)


def _check_conditions(core: Core, incoming: Incoming, exposure: Exposure) -> i64:
    """Reduce-only, post-only, fill-or-kill."""
    book = book_of(exposure)
    side = incoming.side
    set_limit(incoming, exposure.instrument)
    if incoming.reduces:
        opposite = exposure.sell_units if side == v.BUY else exposure.buy_units
        if incoming.units > opposite:
            return refuse(core, r.VOLUME_ABOVE_POSITION, incoming.units)
    if (
        incoming.post_only
        and book.opposite(side).best_key <= incoming.limit_key
        and exposure.instrument.phase != v.PHASE_AUCTION
    ):
        return refuse(core, r.WOULD_TAKE, incoming.price_points)
    if incoming.time_in_force == v.FILL_OR_KILL:
        fillable = fillable_units(core, incoming, exposure, book)
        if fillable < incoming.units:
            return refuse(core, r.NOT_FILLABLE, fillable)
    return 0
