"""The commands of dealers, and the timers (RULES sections 1 and 5).

A dealer's confirmation is checked anew, since the market has moved; what fails leaves the
request where it is. Timers fire before the command that brings their time.
"""

from engine import bounds
from engine import records as r
from engine import reject_codes as c
from engine import vocabulary as v
from tests.naive import admission as a
from tests.naive import clients, fills, matching
from tests.naive.rounds import make_due
from tests.naive.world import BookOrder, Order, Position, Refused, World


def set_dealer(world: World, command: r.SetDealer) -> None:
    if not 1 <= command.dealer <= 2**31 - 1:
        raise Refused(c.UNKNOWN_DEALER, command.dealer)
    if command.online not in (0, 1):
        raise Refused(c.UNKNOWN_DEALER, command.dealer)
    if command.dealer not in world.dealers and len(world.dealers) >= bounds.MAX_DEALERS:
        raise Refused(c.UNKNOWN_DEALER, command.dealer)
    world.dealers[command.dealer] = command.online == 1
    world.emit(
        r.DealerSet,
        dealer=command.dealer,
        online=command.online,
        dealers_online=world.dealers_online(),
    )


def waiting_request(world: World, dealer: int, ticket: int) -> Order | Position:
    """The opening request or the position with a close request under this ticket."""
    if dealer not in world.dealers:
        raise Refused(c.UNKNOWN_DEALER, dealer)
    if not world.dealers[dealer]:
        raise Refused(c.DEALER_OFFLINE, dealer)
    order = world.orders.get(ticket)
    if order is not None and order.state == v.ORDER_REQUESTED:
        return order
    position = world.positions.get(ticket)
    if position is not None and position.close_request is not None:
        return position
    raise Refused(c.NO_REQUEST, ticket)


def check_dealer_price(world: World, instrument_id: int, price: int, on_tick: bool) -> None:
    instrument = world.instruments[instrument_id]
    in_band = instrument.price_min_points <= price <= instrument.price_max_points
    if not 1 <= price <= bounds.MAX_PRICE_POINTS or not in_band:
        raise Refused(c.BAD_PRICE, price)
    if on_tick and price % instrument.tick_size_points:
        raise Refused(c.BAD_PRICE, price)


def confirm(world: World, command: r.DealerConfirm) -> None:
    trade = waiting_request(world, command.dealer, command.ticket)
    if command.price_points != 0:
        check_dealer_price(world, trade.instrument, command.price_points, on_tick=False)
    if isinstance(trade, Order):
        confirm_opening(world, trade, command.price_points, command.dealer)
    else:
        confirm_close(world, trade, command.price_points, command.dealer)


def confirm_opening(world: World, order: Order, price: int, dealer: int) -> None:
    account = world.accounts[order.login]
    a.check_trade_mode(world, account, order)
    a.check_session_and_quote(world, order.instrument)
    a.check_account_status(world, account)
    a.check_conversion(world, account, order.instrument)
    a.check_money_bounds(world, account)
    a.check_counts(world, account, order)
    a.check_volume_limit(world, account, order)
    price = price or world.opening_price(account, order.instrument, order.side)
    a.check_margin(world, account, order, price)
    a.check_hedge_ban(world, account, order)
    fills.fill_order(world, order, price, dealer)


def confirm_close(world: World, position: Position, price: int, dealer: int) -> None:
    account = world.accounts[position.login]
    request = position.close_request
    assert request is not None, "the ticket waits for a dealer"
    a.check_trading_allowed_in_symbol(world, account, position.instrument)
    a.check_session_and_quote(world, position.instrument)
    clients.check_fifo(world, account, position)
    price = price or world.closing_price(account, position.instrument, position.side)
    fills.close_position(world, position, request.volume, price, v.REASON_DEALER, dealer)


def reject(world: World, command: r.DealerReject) -> None:
    trade = waiting_request(world, command.dealer, command.ticket)
    end_request(world, trade, 0, v.REASON_DEALER, command.dealer)


def requote(world: World, command: r.DealerRequote) -> None:
    trade = waiting_request(world, command.dealer, command.ticket)
    check_dealer_price(world, trade.instrument, command.price_points, on_tick=True)
    end_request(world, trade, command.price_points, v.REASON_DEALER, command.dealer)


def end_request(
    world: World, trade: Order | Position, price: int, reason: int, dealer: int
) -> None:
    """A request ends without a fill; an opening one takes its order with it."""
    opening = isinstance(trade, Order)
    world.emit(
        r.Requoted,
        login=trade.login,
        ticket=trade.ticket,
        request=v.REQUEST_OPEN if opening else v.REQUEST_CLOSE,
        price_points=price,
        reason=reason,
        dealer=dealer,
    )
    if isinstance(trade, Order):
        clients.remove_order(world, trade, reason, dealer)
    else:
        trade.close_request = None


def fire_timers(world: World) -> None:
    """Everything that is due at the current time, by due time, then ticket."""
    due: list[tuple[int, int, Order | Position | BookOrder]] = []
    for order in world.orders.values():
        when = order.timeout_ns if order.state == v.ORDER_REQUESTED else order.expiry_ns
        if when:
            due.append((when, order.ticket, order))
    for position in world.positions.values():
        if position.close_request is not None:
            due.append((position.close_request.timeout_ns, position.ticket, position))
    for book_order in (*world.book_orders.values(), *world.waiting_orders.values()):
        if book_order.expiry_ns:
            due.append((book_order.expiry_ns, book_order.ticket, book_order))
    for when, _, trade in sorted(due, key=lambda entry: entry[:2]):
        if when > world.time_ns:
            continue
        if isinstance(trade, BookOrder):
            matching.remove(world, trade, v.REMOVAL_EXPIRED)
            make_due(world, trade.instrument)
        elif isinstance(trade, Order) and trade.state == v.ORDER_PENDING:
            clients.remove_order(world, trade, v.REASON_EXPIRED)
        else:
            end_request(world, trade, 0, v.REASON_REQUEST_TIMEOUT, 0)
