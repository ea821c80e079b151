"""The commands of clients and the balance operations (RULES sections 3 and 5).

Each command is one function: its checks in order, then what it changes. A check raises
`Refused`; nothing is changed before the last of them.
"""

from engine import bounds
from engine import records as r
from engine import reject_codes as c
from engine import vocabulary as v
from tests.naive import admission as a
from tests.naive import book_admission as b
from tests.naive import figures, fills, money
from tests.naive.matching import opposite
from tests.naive.rounds import make_due
from tests.naive.world import Account, CloseRequest, Order, Position, Refused, World

ENTRY_OF_OPERATION = {
    v.DEPOSIT: v.ENTRY_DEPOSIT,
    v.WITHDRAWAL: v.ENTRY_WITHDRAWAL,
    v.CREDIT_IN: v.ENTRY_CREDIT_IN,
    v.CREDIT_OUT: v.ENTRY_CREDIT_OUT,
    v.CORRECTION: v.ENTRY_CORRECTION,
}


def balance_operation(world: World, command: r.BalanceOperation) -> None:
    account = a.account_named(world, command.login)
    operation, amount = command.operation, command.amount_minor
    if operation not in ENTRY_OF_OPERATION:
        raise Refused(c.BAD_OPERATION, operation)
    bad = amount == 0 if operation == v.CORRECTION else amount <= 0
    if bad or abs(amount) > bounds.MAX_AMOUNT_MINOR:
        raise Refused(c.BAD_AMOUNT, amount)
    balance = {v.DEPOSIT: amount, v.WITHDRAWAL: -amount, v.CORRECTION: amount}.get(operation, 0)
    credit = {v.CREDIT_IN: amount, v.CREDIT_OUT: -amount}.get(operation, 0)
    limit = bounds.MAX_ACCOUNT_MONEY_MINOR
    if operation in (v.DEPOSIT, v.CORRECTION) and abs(account.balance + balance) > limit:
        raise Refused(c.ACCOUNT_MONEY_BOUND, account.balance + balance)
    if credit and account.credit + credit > limit:
        raise Refused(c.ACCOUNT_MONEY_BOUND, account.credit + credit)
    if operation == v.CORRECTION and not 0 <= command.reference <= account.entries:
        raise Refused(c.BAD_REFERENCE, command.reference)
    if operation == v.WITHDRAWAL:
        most = figures.max_withdrawable(world, account)
        if amount > most:
            raise Refused(c.NO_MONEY, most)
    if operation == v.CREDIT_OUT and amount > account.credit:
        raise Refused(c.NO_CREDIT, account.credit)
    entry = ENTRY_OF_OPERATION[operation]
    fills.post(world, account, entry, balance=balance, credit=credit, reference=command.reference)


# ---------------------------------------------------------------- orders


def place_order(world: World, command: r.PlaceOrder) -> None:
    """Request, symbol, account, price, volume and levels, margin, rules, routing."""
    account = a.account_named(world, command.login)
    order = order_of(world, command)
    pending = order.order_type != v.MARKET

    a.check_trade_mode(world, account, order)
    a.check_session_and_quote(world, order.instrument)

    a.check_account_status(world, account)
    a.check_conversion(world, account, order.instrument)
    if not money.within_value_bound(world, account, order.instrument):
        raise Refused(c.VALUE_BOUND)
    a.check_money_bounds(world, account)

    current = world.opening_price(account, order.instrument, order.side)
    if not pending:
        a.check_requested_price(order.price, order.deviation, current)
    if order.limit_price and order.order_type != v.STOP_LIMIT:
        raise Refused(c.PRICE_NOT_ALLOWED, order.limit_price)

    a.check_volume(world, account, order)
    check_levels(world, account, order)
    a.check_counts(world, account, order)
    a.check_volume_limit(world, account, order)

    if not pending:
        a.check_margin(world, account, order, current)
    a.check_hedge_ban(world, account, order)

    order.ticket = world.new_ticket()
    emit_placed(world, order)
    if pending:
        world.orders[order.ticket] = order
    elif a.automated(world, world.terms(account, order.instrument).execution_mode):
        fills.fill_order(world, order, current)
    elif goes_to_dealer(world, account, order.instrument):
        order.state = v.ORDER_REQUESTED
        order.timeout_ns = timeout_ns(world, account)
        world.orders[order.ticket] = order
        emit_requested(world, account, order, v.REQUEST_OPEN, order.volume, current)


def order_of(world: World, command: r.PlaceOrder) -> Order:
    """The first step of admission: the request is well-formed."""
    if command.instrument not in world.instruments:
        raise Refused(c.UNKNOWN_INSTRUMENT, command.instrument)
    if world.on_book(command.instrument):
        raise Refused(c.OTHER_VENUE, v.VENUE_BOOK)
    if command.order_type not in (v.MARKET, v.LIMIT, v.STOP, v.STOP_LIMIT):
        raise Refused(c.BAD_ORDER_TYPE, command.order_type)
    if command.side not in (v.BUY, v.SELL):
        raise Refused(c.BAD_SIDE, command.side)
    market = command.order_type == v.MARKET
    a.check_deviation(command.deviation_points, market and command.price_points != 0)
    a.check_expiry(world, command.expiry_ns, may_expire=not market)
    return Order(
        ticket=0,
        login=command.login,
        instrument=command.instrument,
        order_type=command.order_type,
        side=command.side,
        volume=command.volume_units,
        price=command.price_points,
        limit_price=command.limit_price_points,
        stop_loss=command.stop_loss_points,
        take_profit=command.take_profit_points,
        expiry_ns=command.expiry_ns,
        deviation=command.deviation_points,
    )


def check_levels(world: World, account: Account, order: Order) -> None:
    """Prices, distance of a pending price, stop loss and take profit."""
    a.check_price_shapes(world, order)
    a.check_pending_distance(world, account, order)
    reference = a.stops_reference(world, account, order)
    a.check_stops(
        world, order.instrument, order.side, reference, order.stop_loss, order.take_profit
    )


def goes_to_dealer(world: World, account: Account, instrument: int) -> bool:
    return not a.automated(world, world.terms(account, instrument).execution_mode)


def timeout_ns(world: World, account: Account) -> int:
    return world.time_ns + world.group_of(account).request_timeout_ms * 1_000_000


def emit_placed(world: World, order: Order) -> None:
    world.emit(
        r.OrderPlaced,
        login=order.login,
        tick_sequence=world.tick_sequence(order.instrument),
        order=order.ticket,
        instrument=order.instrument,
        order_type=order.order_type,
        side=order.side,
        volume_units=order.volume,
        price_points=order.price,
        limit_price_points=order.limit_price,
        stop_loss_points=order.stop_loss,
        take_profit_points=order.take_profit,
        expiry_ns=order.expiry_ns,
    )


def emit_requested(
    world: World,
    account: Account,
    trade: Order | Position,
    request: int,
    volume: int,
    price: int,
    deviation: int = 0,
) -> None:
    world.emit(
        r.DealerRequested,
        login=account.login,
        tick_sequence=world.tick_sequence(trade.instrument),
        ticket=trade.ticket,
        request=request,
        instrument=trade.instrument,
        side=trade.side,
        volume_units=volume,
        price_points=price,
        deviation_points=trade.deviation if isinstance(trade, Order) else deviation,
        timeout_ns=timeout_ns(world, account),
    )


def own_order(world: World, login: int, ticket: int, states: tuple[int, ...]) -> Order:
    order = world.orders.get(ticket)
    if order is None or order.state not in states:
        raise Refused(c.UNKNOWN_ORDER, ticket)
    if order.login != login:
        raise Refused(c.NOT_YOUR_TICKET, ticket)
    return order


def check_order_not_frozen(world: World, account: Account, order: Order) -> None:
    freeze = world.instruments[order.instrument].freeze_level_points
    opening = world.opening_price(account, order.instrument, order.side)
    if freeze > 0 and abs(opening - order.price) <= freeze:
        raise Refused(c.FROZEN, order.price)


def modify_order(world: World, command: r.ModifyOrder) -> None:
    account = a.account_named(world, command.login)
    order = own_order(world, command.login, command.order, (v.ORDER_PENDING,))
    a.check_expiry(world, command.expiry_ns)
    a.check_account_status(world, account)
    a.check_session_and_quote(world, order.instrument)
    check_order_not_frozen(world, account, order)
    if command.limit_price_points and order.order_type != v.STOP_LIMIT:
        raise Refused(c.PRICE_NOT_ALLOWED, command.limit_price_points)
    changed = Order(
        ticket=order.ticket,
        login=order.login,
        instrument=order.instrument,
        order_type=order.order_type,
        side=order.side,
        volume=order.volume,
        price=command.price_points,
        limit_price=command.limit_price_points,
        stop_loss=command.stop_loss_points,
        take_profit=command.take_profit_points,
        expiry_ns=command.expiry_ns,
        deviation=order.deviation,
    )
    check_levels(world, account, changed)
    world.orders[order.ticket] = changed
    world.emit(
        r.OrderModified,
        login=account.login,
        tick_sequence=world.tick_sequence(changed.instrument),
        order=changed.ticket,
        price_points=changed.price,
        limit_price_points=changed.limit_price,
        stop_loss_points=changed.stop_loss,
        take_profit_points=changed.take_profit,
        expiry_ns=changed.expiry_ns,
    )


def cancel_order(world: World, command: r.CancelOrder) -> None:
    account = a.account_named(world, command.login)
    states = (v.ORDER_PENDING, v.ORDER_REQUESTED)
    order = own_order(world, command.login, command.order, states)
    if account.status == v.ACCOUNT_DISABLED:
        raise Refused(c.ACCOUNT_IS_DISABLED, account.status)
    if order.state == v.ORDER_PENDING and order.instrument in world.quotes:
        check_order_not_frozen(world, account, order)
    remove_order(world, order, v.REASON_CLIENT)


def remove_order(world: World, order: Order, reason: int, dealer: int = 0) -> None:
    """An order or opening request ends without a fill."""
    del world.orders[order.ticket]
    world.emit(
        r.OrderRemoved,
        login=order.login,
        tick_sequence=world.tick_sequence(order.instrument),
        order=order.ticket,
        instrument=order.instrument,
        reason=reason,
        dealer=dealer,
    )


# ---------------------------------------------------------------- positions


def own_position(world: World, login: int, ticket: int) -> Position:
    position = world.positions.get(ticket)
    if position is None:
        raise Refused(c.UNKNOWN_POSITION, ticket)
    if position.login != login:
        raise Refused(c.NOT_YOUR_TICKET, ticket)
    return position


def check_no_request_waits(position: Position) -> None:
    if position.close_request is not None:
        raise Refused(c.REQUEST_PENDING, position.ticket)


def check_position_not_frozen(world: World, account: Account, position: Position) -> None:
    freeze = world.instruments[position.instrument].freeze_level_points
    closing = world.closing_price(account, position.instrument, position.side)
    for price in (position.stop_loss, position.take_profit):
        if freeze > 0 and price and abs(closing - price) <= freeze:
            raise Refused(c.FROZEN, price)


def check_position_symbol(world: World, account: Account, position: Position) -> None:
    a.check_trading_allowed_in_symbol(world, account, position.instrument)
    a.check_session_and_quote(world, position.instrument)
    a.check_account_status(world, account)


def check_book_position(world: World, account: Account, position: Position) -> None:
    """Futures: symbol, phase, account."""
    a.check_trading_allowed_in_symbol(world, account, position.instrument)
    b.check_session(world, position.instrument)
    if world.expired(position.instrument):
        raise Refused(c.WRONG_PHASE, v.PHASE_EXPIRED)
    a.check_account_status(world, account)


def close_position(world: World, command: r.ClosePosition) -> None:
    account = a.account_named(world, command.login)
    position = own_position(world, command.login, command.position)
    if world.on_book(position.instrument):
        raise Refused(c.OTHER_VENUE, v.VENUE_BOOK)
    a.check_deviation(command.deviation_points, command.price_points != 0)
    check_no_request_waits(position)
    check_position_symbol(world, account, position)
    closing = world.closing_price(account, position.instrument, position.side)
    a.check_requested_price(command.price_points, command.deviation_points, closing)
    volume = closed_volume(world, account, position, command.volume_units)
    check_position_not_frozen(world, account, position)
    check_fifo(world, account, position)
    if goes_to_dealer(world, account, position.instrument):
        position.close_request = CloseRequest(volume, timeout_ns(world, account))
        emit_requested(
            world,
            account,
            position,
            v.REQUEST_CLOSE,
            volume,
            closing,
            command.deviation_points,
        )
        return
    fills.close_position(world, position, volume, closing, v.REASON_CLIENT)


def closed_volume(world: World, account: Account, position: Position, asked: int) -> int:
    """The volume to close; 0 asks for all. The minimum is not applied."""
    if asked < 0:
        raise Refused(c.VOLUME_BELOW_MINIMUM, asked)
    if asked > position.volume:
        raise Refused(c.VOLUME_ABOVE_POSITION, asked)
    partly = 0 < asked < position.volume
    if partly and asked % world.terms(account, position.instrument).lot_step:
        raise Refused(c.VOLUME_OFF_STEP, asked)
    return asked or position.volume


def check_fifo(world: World, account: Account, position: Position) -> None:
    fifo = world.group_of(account).fifo and account.mode == v.HEDGING
    if fifo and a.older_position_open(world, position):
        raise Refused(c.FIFO_RULE, position.ticket)


def modify_position(world: World, command: r.ModifyPosition) -> None:
    account = a.account_named(world, command.login)
    position = own_position(world, command.login, command.position)
    number, on_book = position.instrument, world.on_book(position.instrument)
    if on_book:
        check_book_position(world, account, position)
    else:
        check_no_request_waits(position)
        check_position_symbol(world, account, position)
        check_position_not_frozen(world, account, position)
    stop_loss, take_profit = command.stop_loss_points, command.take_profit_points
    a.check_stop_prices(stop_loss, take_profit)
    a.check_tick_size(world, number, [stop_loss, take_profit])
    if on_book:
        closing = b.trigger_price(world, number, opposite(position.side))
    else:
        closing = world.closing_price(account, number, position.side)
    if closing:
        a.check_stops(world, number, position.side, closing, stop_loss, take_profit)
    if on_book:
        make_due(world, number)
    position.stop_loss, position.take_profit = stop_loss, take_profit
    position.refused = (0, 0)
    world.emit(
        r.PositionModified,
        login=account.login,
        tick_sequence=world.tick_sequence(position.instrument),
        position=position.ticket,
        stop_loss_points=stop_loss,
        take_profit_points=take_profit,
    )
