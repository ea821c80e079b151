"""What a price on the book venue sets off: orders that wait, and stops of positions.

RULES section 9, steps 2 to 4 of a round. The prices are those after the round took its quote;
they stay the same while it acts on them.
"""

from engine import records as r
from engine import vocabulary as v
from tests.naive import admission as a
from tests.naive import book_admission as b
from tests.naive import frozen, matching, rounds
from tests.naive.hooks import refuse
from tests.naive.world import BookOrder, Position, Refused, World

Prices = dict[int, int]
"""By side of the order that is triggered; 0: none."""


def trigger_prices(world: World, instrument: int) -> Prices:
    return {side: b.trigger_price(world, instrument, side) for side in (v.BUY, v.SELL)}


def tell_triggered(world: World, order: BookOrder, stage: int, position: int, price: int) -> None:
    world.emit(
        r.BookOrderTriggered,
        login=order.login,
        order=order.ticket,
        position=position,
        instrument=order.instrument,
        stage=stage,
        volume_units=order.left,
        price_points=price,
    )


# ---------------------------------------------------------------- stops of positions


def close_at_stops(world: World, instrument: int, prices: Prices) -> None:
    """The positions of before, by ticket, with what they are by then."""
    tickets = [t for t, p in sorted(world.positions.items()) if p.instrument == instrument]
    for ticket in tickets:
        if ticket in world.positions:
            close_at_stop(world, world.positions[ticket], prices)


def close_at_stop(world: World, position: Position, prices: Prices) -> None:
    """The take profit; the stop loss where that was not reached or found nobody."""
    side = matching.opposite(position.side)
    price, buy = prices[side], position.side == v.BUY
    if not price:
        return
    terms = world.terms(world.accounts[position.login], position.instrument)
    for stage, level in (
        (v.STAGE_TAKE_PROFIT, position.take_profit),
        (v.STAGE_STOP_LOSS, position.stop_loss),
    ):
        upwards = buy == (stage == v.STAGE_TAKE_PROFIT)
        if not level or not (price >= level if upwards else price <= level):
            continue
        if terms.trade_mode == v.TRADE_DISABLED:
            return refuse(world, position, stage, v.REFUSED_NOT_TRADABLE)
        order = matching.closing_order(position, position.volume)
        if matching.would_fill(world, order):
            return close(world, order, stage, position.ticket, price)
        refuse(world, position, stage, v.REFUSED_NO_LIQUIDITY)


def close(world: World, order: BookOrder, stage: int, position: int, price: int) -> None:
    order.ticket = world.new_ticket()
    rounds.make_due(world, order.instrument)
    tell_triggered(world, order, stage, position, price)
    matching.begin_closing(world, order)
    matching.work(world, order)


# ---------------------------------------------------------------- orders that wait


def detect(world: World, instrument: int, prices: Prices) -> list[BookOrder]:
    """Those whose price is reached, by ticket."""
    waiting = [o for _, o in sorted(world.waiting_orders.items()) if o.instrument == instrument]
    return [o for o in waiting if b.reached(o, prices[o.side])]


def activate_all(world: World, orders: list[BookOrder], prices: Prices) -> None:
    for order in orders:
        if order.ticket in world.waiting_orders:
            activate(world, order, prices[order.side])


def activate(world: World, order: BookOrder, price: int) -> None:
    """It is looked at as a new order, which it is from now on."""
    rounds.make_due(world, order.instrument)
    del world.waiting_orders[order.ticket]
    tell_triggered(world, order, v.STAGE_PENDING, 0, price)
    if order.flags & v.REDUCE_ONLY:
        most = frozen.closable(world, order.login, order.instrument, order.side)
        order.left = min(order.left, most)
        if not order.left:
            return matching.remove(world, order, v.REMOVAL_REDUCE_ONLY)
    order.trigger = 0
    if order.order_type == v.STOP_LIMIT:
        order.order_type = v.LIMIT
    else:
        order.order_type, order.time_in_force = v.MARKET, v.IMMEDIATE_OR_CANCEL
        order.expiry_ns = 0
    try:
        check(world, order)
    except Refused as refusal:
        world.emit(
            r.Rejected,
            login=order.login,
            command_type=v.PLACE_BOOK_ORDER,
            code=refusal.code,
            ticket=order.ticket,
            instrument=order.instrument,
            detail=refusal.detail,
        )
        return matching.remove(world, order, v.REMOVAL_REFUSED)
    world.book_orders[order.ticket] = order
    matching.tell_placed(world, order)
    return matching.work(world, order)


def check(world: World, order: BookOrder) -> None:
    """Symbol, account, band, volume, money; the first failure is raised."""
    account = world.accounts[order.login]
    b.check_trade_mode(world, account, order)
    a.check_account_status(world, account)
    b.check_money_bounds(world, account, world.instruments[order.instrument])
    b.check_band(world, order)
    b.check_count_of_positions(world, account, order)
    b.check_volume_limit(world, account, order)
    b.check_money(world, account, order)
