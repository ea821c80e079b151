"""The checks before an order, a close or a change: first failure wins (RULES section 5).

This file may raise `Refused` and change nothing. Each function is one step of the list in
the rules; several commands share them.
"""

from engine import bounds
from engine import reject_codes as c
from engine import vocabulary as v
from tests.naive import figures, fills, frozen, money
from tests.naive.world import Account, BookOrder, Order, Position, Refused, World


def account_named(world: World, login: int) -> Account:
    if login not in world.accounts:
        raise Refused(c.UNKNOWN_ACCOUNT, login)
    return world.accounts[login]


# ---------------------------------------------------------------- symbol and account


def check_trade_mode(world: World, account: Account, order: Order) -> None:
    """Whether the instrument's trade mode allows this order of this side."""
    mode = world.terms(account, order.instrument).trade_mode
    if mode == v.TRADE_DISABLED:
        raise Refused(c.TRADE_MODE_DISABLED, mode)
    if mode == v.TRADE_CLOSE_ONLY and not only_reduces(world, account, order):
        raise Refused(c.CLOSE_ONLY, mode)
    if mode == v.TRADE_LONG_ONLY and order.side == v.SELL:
        raise Refused(c.LONG_ONLY, mode)
    if mode == v.TRADE_SHORT_ONLY and order.side == v.BUY:
        raise Refused(c.SHORT_ONLY, mode)


def only_reduces(
    world: World, account: Account, order: Order, pending_may_wait: bool = True
) -> bool:
    """Close only: a netting account may place what opposes its position.

    A market order (and a pending one when it is activated) by no more than its volume.
    """
    held = world.netting_position(account, order.instrument)
    if held is None or held.side == order.side:
        return False
    if order.order_type != v.MARKET and pending_may_wait:
        return True
    return order.volume <= held.volume


def check_trading_allowed_in_symbol(world: World, account: Account, instrument: int) -> None:
    """For closing and changing: everything but a disabled symbol is allowed."""
    if world.terms(account, instrument).trade_mode == v.TRADE_DISABLED:
        raise Refused(c.TRADE_MODE_DISABLED)


def check_session_and_quote(world: World, instrument: int) -> None:
    if not world.session_open(instrument):
        raise Refused(c.SESSION_CLOSED)
    if instrument not in world.quotes:
        raise Refused(c.NO_QUOTE)
    limit_ns = world.instruments[instrument].staleness_ms * 1_000_000
    age_ns = world.time_ns - world.quotes[instrument].time_ns
    if limit_ns > 0 and age_ns > limit_ns:
        raise Refused(c.QUOTE_STALE, age_ns)


def check_account_status(world: World, account: Account) -> None:
    if account.status == v.ACCOUNT_DISABLED:
        raise Refused(c.ACCOUNT_IS_DISABLED, account.status)
    if account.status == v.ACCOUNT_READ_ONLY:
        raise Refused(c.ACCOUNT_IS_READ_ONLY, account.status)
    if not world.group_of(account).trading_enabled:
        raise Refused(c.GROUP_TRADING_DISABLED, account.group)


def check_conversion(world: World, account: Account, instrument_id: int) -> None:
    """Profit and margin currency convert to the account's currency, now."""
    instrument = world.instruments[instrument_id]
    to = world.group_of(account).currency
    currencies = (instrument.profit_currency, instrument.margin_currency)
    routes = [money.conversion_route(world, of, to) for of in currencies]
    if None in routes:
        raise Refused(c.NO_CONVERSION_ROUTE)
    for route in routes:
        if money.priced(world, route, "mid") is None:
            raise Refused(c.NO_CONVERSION_PRICE)


def check_money_bounds(world: World, account: Account) -> None:
    if not fills.within_money_bounds(account):
        raise Refused(c.ACCOUNT_MONEY_BOUND, account.balance)


# ---------------------------------------------------------------- price


def check_requested_price(price: int, deviation: int, current: int) -> None:
    """A market order's or a close's requested price; 0 asks for none."""
    if price < 0 or price > bounds.MAX_PRICE_POINTS:
        raise Refused(c.PRICE_OFF, price)
    if price and abs(current - price) > deviation:
        raise Refused(c.REQUOTE, current)


def check_deviation(deviation: int, priced_market: bool) -> None:
    if deviation < 0 or (deviation > 0 and not priced_market):
        raise Refused(c.BAD_DEVIATION, deviation)


def check_expiry(world: World, expiry_ns: int, may_expire: bool = True) -> None:
    if expiry_ns == 0:
        return
    if not may_expire or expiry_ns <= world.time_ns or expiry_ns > bounds.MAX_TIME_NS:
        raise Refused(c.BAD_EXPIRY, expiry_ns)


# ---------------------------------------------------------------- volume, prices, levels


def check_volume(world: World, account: Account, order: Order | BookOrder) -> None:
    terms = world.terms(account, order.instrument)
    if order.volume < terms.lot_min:
        raise Refused(c.VOLUME_BELOW_MINIMUM, order.volume)
    if order.volume > terms.lot_max:
        raise Refused(c.VOLUME_ABOVE_MAXIMUM, order.volume)
    if order.volume % terms.lot_step:
        raise Refused(c.VOLUME_OFF_STEP, order.volume)


def check_price_shapes(world: World, order: Order) -> None:
    """Bands first, for price, limit price, stop loss, take profit; then tick sizes."""
    instrument = world.instruments[order.instrument]

    def in_band(price: int) -> bool:
        return instrument.price_min_points <= price <= instrument.price_max_points

    if order.order_type != v.MARKET and not in_band(order.price):
        raise Refused(c.BAD_PRICE, order.price)
    if order.order_type == v.STOP_LIMIT and not in_band(order.limit_price):
        raise Refused(c.BAD_PRICE, order.limit_price)
    check_stop_prices(order.stop_loss, order.take_profit)
    shown = [] if order.order_type == v.MARKET else [order.price, order.limit_price]
    check_tick_size(world, order.instrument, [*shown, order.stop_loss, order.take_profit])


def check_stop_prices(stop_loss: int, take_profit: int) -> None:
    for price in (stop_loss, take_profit):
        if price < 0 or price > bounds.MAX_PRICE_POINTS:
            raise Refused(c.BAD_PRICE, price)


def check_tick_size(world: World, instrument: int, prices: list[int]) -> None:
    for price in prices:
        if price % world.instruments[instrument].tick_size_points:
            raise Refused(c.PRICE_OFF_TICK_SIZE, price)


def check_pending_distance(world: World, account: Account, order: Order) -> None:
    """A pending price on its own side of the market, at least the stops level away."""
    if order.order_type == v.MARKET:
        return
    bid = world.group_bid(account, order.instrument)
    ask = world.group_ask(account, order.instrument)
    needed = max(world.instruments[order.instrument].stops_level_points, 1)
    if order.order_type == v.LIMIT:
        distance = ask - order.price if order.side == v.BUY else order.price - bid
    else:
        distance = order.price - ask if order.side == v.BUY else bid - order.price
    if distance < needed:
        raise Refused(c.PENDING_TOO_CLOSE, order.price)
    if order.order_type == v.STOP_LIMIT:
        below = order.limit_price < order.price
        above = order.limit_price > order.price
        if not (below if order.side == v.BUY else above):
            raise Refused(c.STOP_LIMIT_WRONG_SIDE, order.limit_price)


def stops_reference(world: World, account: Account, order: Order) -> int:
    """The price that an order's stop loss and take profit are measured from."""
    if order.order_type == v.MARKET:
        return world.closing_price(account, order.instrument, order.side)
    return order.limit_price if order.order_type == v.STOP_LIMIT else order.price


def check_stops(
    world: World, instrument: int, side: int, reference: int, stop_loss: int, take_profit: int
) -> None:
    """Stop loss, then take profit: side, then distance."""
    level = world.instruments[instrument].stops_level_points
    loss_distance = reference - stop_loss if side == v.BUY else stop_loss - reference
    profit_distance = take_profit - reference if side == v.BUY else reference - take_profit
    for price, distance in ((stop_loss, loss_distance), (take_profit, profit_distance)):
        if price == 0:
            continue
        if distance <= 0:
            raise Refused(c.STOPS_WRONG_SIDE, price)
        if distance < level:
            raise Refused(c.STOPS_TOO_CLOSE, price)


# ---------------------------------------------------------------- counts


def check_counts(world: World, account: Account, order: Order) -> None:
    trades = len(world.orders) + len(world.positions)
    full = trades >= bounds.MAX_TRADES or world.last_ticket >= bounds.MAX_TICKET
    if full and order.ticket == 0:
        raise Refused(c.TOO_MANY_ORDERS, trades)
    if order.order_type != v.MARKET:
        most = min(world.group_of(account).max_orders, bounds.MAX_ORDERS_PER_ACCOUNT)
        count = world.orders_counted(account.login) - (order.ticket in world.orders)
        if count >= most:
            raise Refused(c.TOO_MANY_ORDERS, count)
        return
    count = positions_and_claims(world, account)
    opens_one = world.netting_position(account, order.instrument) is None
    if opens_one and count >= bounds.MAX_POSITIONS_PER_ACCOUNT:
        raise Refused(c.TOO_MANY_POSITIONS, count)


def positions_and_claims(world: World, account: Account) -> int:
    """Positions, opening requests, and futures whose orders may still open a position."""
    waiting = world.orders_of(account.login)
    requests = sum(o.state == v.ORDER_REQUESTED for o in waiting)
    reserved = frozen.reserved_positions(world, account)
    return len(world.positions_of(account.login)) + requests + reserved


def check_volume_limit(world: World, account: Account, order: Order) -> None:
    """Everything of one direction in the instrument, with this order."""
    total = order.volume
    for position in world.positions_of(account.login, order.instrument):
        if position.side == order.side:
            total += position.volume
        elif account.mode == v.NETTING and order.order_type == v.MARKET:
            total -= position.volume
    for other in world.orders_of(account.login):
        same = other.instrument == order.instrument and other.side == order.side
        if same and other.ticket != order.ticket:
            total += other.volume
    if max(0, total) > world.instruments[order.instrument].position_limit_units:
        raise Refused(c.VOLUME_LIMIT, total)


# ---------------------------------------------------------------- margin and rules


def check_margin(world: World, account: Account, order: Order, price: int) -> None:
    """Opening at market: enough is free, or the margin does not grow."""
    group = world.group_of(account)
    free = figures.free_margin_after(world, account, order, price)
    if free + group.virtual_credit_minor >= 0:
        return
    after = figures.margin_after(world, account, order, price)
    if group.strong_hedged or after > figures.margin(account):
        raise Refused(c.NO_MONEY, free)


def check_hedge_ban(world: World, account: Account, order: Order) -> None:
    """No opposite position, pending order or opening request where hedging is prohibited."""
    if not bans_hedging(world, account):
        return
    opposite = v.SELL if order.side == v.BUY else v.BUY
    held = world.positions_of(account.login, order.instrument)
    waiting = [o for o in world.orders_of(account.login) if o.instrument == order.instrument]
    others: list[Order | Position] = [*held, *waiting]
    for other in others:
        if other.side == opposite and other.ticket != order.ticket:
            raise Refused(c.HEDGE_PROHIBITED)


def bans_hedging(world: World, account: Account) -> bool:
    group = world.group_of(account)
    return account.mode == v.HEDGING and (group.hedge_prohibited or group.fifo)


def older_position_open(world: World, position: Position) -> bool:
    """FIFO: whether the account opened another position in the instrument before this one."""
    others = world.positions_of(position.login, position.instrument)
    return any(other.opened < position.opened for other in others)


def automated(world: World, execution_mode: int) -> bool:
    """Whether the server may act without a dealer."""
    if execution_mode == v.EXECUTION_AUTO_IF_NO_DEALER:
        return world.dealers_online() == 0
    return execution_mode == v.EXECUTION_AUTO
