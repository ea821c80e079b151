"""The way of a tick: mark, detect, stops, activate, stop-out (RULES section 4, seed 4).

Every stage looks at everything, in ticket or login order. Nothing is remembered between
ticks but the last reason for which a trade or an account was refused.
"""

from engine import bounds
from engine import records as r
from engine import vocabulary as v
from tests.naive import admission as a
from tests.naive import figures, fills, frozen
from tests.naive.clients import remove_order
from tests.naive.hooks import apply_hook, filter_hook, refuse
from tests.naive.quotes import check_quote, is_gap, takes_quote_from, tick_mark
from tests.naive.rounds import act_on_price
from tests.naive.stop_out import tick_stop_out
from tests.naive.world import Account, Order, Position, World


def tick(world: World, command: r.Tick) -> None:
    check_quote(world, command)
    if not takes_quote_from(world, command):
        return
    instrument = command.instrument
    tick_mark(world, instrument, command.bid_points, command.ask_points)
    if world.on_book(instrument):
        return act_on_price(world, instrument, marked=True)
    marked = tick_detect(world, instrument)
    tick_stops(world, instrument)
    tick_activate(world, marked)
    return tick_stop_out(world, instrument)


# ---------------------------------------------------------------- stage 3: detect


def tick_detect(world: World, instrument: int) -> list[int]:
    """Tickets of the pending orders that the new price has reached, to be acted on later."""
    marked: list[int] = []
    for _, order in sorted(world.orders.items()):
        if order.instrument != instrument or order.state != v.ORDER_PENDING:
            continue
        account = world.accounts[order.login]
        terms = world.terms(account, instrument)
        if terms.stp_pendings or not pending_reached(world, account, order):
            continue
        price = world.opening_price(account, instrument, order.side)
        kind = order.order_type
        answer = filter_hook(world, "pendings_filter", order, kind, order.price, price)
        if answer != v.RET_OK and terms.execution_mode == v.EXECUTION_MANUAL:
            refuse(world, order, v.STAGE_PENDING, v.REFUSED_LEFT_TO_DEALER)
        else:
            marked.append(order.ticket)
    return marked


def pending_reached(world: World, account: Account, order: Order) -> bool:
    """The price condition, on the side's opening price; a stop-limit by its stop price."""
    price = world.opening_price(account, order.instrument, order.side)
    waits_for_lower = (order.side == v.BUY) == (order.order_type == v.LIMIT)
    return price <= order.price if waits_for_lower else price >= order.price


# ---------------------------------------------------------------- stage 4: stops


def tick_stops(world: World, instrument: int) -> None:
    for ticket, position in sorted(world.positions.items()):
        if position.instrument != instrument or position.close_request is not None:
            continue
        account = world.accounts[position.login]
        if world.terms(account, instrument).stp_stops:
            continue
        close = world.closing_price(account, instrument, position.side)
        buy = position.side == v.BUY
        level = position.take_profit
        if level and (close >= level if buy else close <= level):
            act_on_stop(world, position, v.STAGE_TAKE_PROFIT, level)
        level = position.stop_loss
        still_open = ticket in world.positions
        if still_open and level and (close <= level if buy else close >= level):
            act_on_stop(world, position, v.STAGE_STOP_LOSS, level)


def act_on_stop(world: World, position: Position, stage: int, level: int) -> None:
    """Filter, FIFO, prepare, apply, close."""
    account = world.accounts[position.login]
    terms = world.terms(account, position.instrument)
    close = world.closing_price(account, position.instrument, position.side)
    answer = filter_hook(world, "stops_filter", position, stage, level, close)
    if answer != v.RET_OK and not a.automated(world, terms.execution_mode):
        return refuse(world, position, stage, v.REFUSED_LEFT_TO_DEALER)
    if world.group_of(account).fifo and a.older_position_open(world, position):
        return refuse(world, position, stage, v.REFUSED_FIFO)
    classic = terms.gap_policy == v.GAP_CLASSIC
    price = level if classic and stage == v.STAGE_TAKE_PROFIT else close
    code, price = apply_hook(world, "stops_apply", position, stage, level, price)
    if code != v.RET_OK:
        return refuse(world, position, stage, v.REFUSED_HOOK)
    take_profit = stage == v.STAGE_TAKE_PROFIT
    reason = v.REASON_TAKE_PROFIT if take_profit else v.REASON_STOP_LOSS
    fills.close_position(world, position, position.volume, price, reason)


# ---------------------------------------------------------------- stage 5: activate


def tick_activate(world: World, marked: list[int]) -> None:
    for ticket in marked:
        activate(world, world.orders[ticket])


def activate(world: World, order: Order) -> None:
    account = world.accounts[order.login]
    terms = world.terms(account, order.instrument)
    opening = world.opening_price(account, order.instrument, order.side)
    classic = terms.gap_policy == v.GAP_CLASSIC
    kind = order.order_type
    answer = filter_hook(world, "pendings_filter", order, kind, order.price, opening)
    if answer != v.RET_OK and not a.automated(world, terms.execution_mode):
        return refuse(world, order, v.STAGE_PENDING, v.REFUSED_LEFT_TO_DEALER)
    if classic and kind == v.STOP and gap_reached_take_profit(world, account, order):
        return remove_order(world, order, v.REASON_GAP)
    if kind == v.STOP_LIMIT:
        return become_limit(world, order)
    if not may_open(world, account, order):
        return remove_order(world, order, v.REASON_CLOSE_ONLY)
    price = order.price if classic and kind == v.LIMIT else opening
    if not can_afford(world, account, order, price):
        return remove_order(world, order, v.REASON_NO_MONEY)
    if a.bans_hedging(world, account) and opposite_open(world, order):
        return remove_order(world, order, v.REASON_HEDGE_PROHIBITED)
    if not within_bounds(world, account, order):
        return remove_order(world, order, v.REASON_BOUND)
    code, price = apply_hook(world, "pendings_apply", order, kind, order.price, price)
    if code != v.RET_OK:
        return refuse(world, order, v.STAGE_PENDING, v.REFUSED_HOOK)
    return fills.fill_order(world, order, price)


def gap_reached_take_profit(world: World, account: Account, order: Order) -> bool:
    if not order.take_profit or not is_gap(world.quotes[order.instrument]):
        return False
    closing = world.closing_price(account, order.instrument, order.side)
    if order.side == v.BUY:
        return closing >= order.take_profit
    return closing <= order.take_profit


def become_limit(world: World, order: Order) -> None:
    order.order_type = v.LIMIT
    order.price, order.limit_price = order.limit_price, 0
    order.refused = (0, 0)
    world.emit(
        r.OrderTriggered,
        login=order.login,
        tick_sequence=world.tick_sequence(order.instrument),
        order=order.ticket,
        price_points=order.price,
    )


def may_open(world: World, account: Account, order: Order) -> bool:
    """Trade mode, status of the account, and trading of the group."""
    mode = world.terms(account, order.instrument).trade_mode
    allowed = {
        v.TRADE_DISABLED: False,
        v.TRADE_CLOSE_ONLY: a.only_reduces(world, account, order, pending_may_wait=False),
        v.TRADE_LONG_ONLY: order.side == v.BUY,
        v.TRADE_SHORT_ONLY: order.side == v.SELL,
        v.TRADE_FULL: True,
    }[mode]
    trading = world.group_of(account).trading_enabled
    return allowed and account.status == v.ACCOUNT_ENABLED and trading


def can_afford(world: World, account: Account, order: Order, price: int) -> bool:
    group = world.group_of(account)
    free = figures.free_margin_after(world, account, order, price)
    if free + group.virtual_credit_minor >= 0:
        return True
    before = figures.margin(account)
    after = figures.margin_after(world, account, order, price)
    return not (group.strong_hedged or before <= after)


def opposite_open(world: World, order: Order) -> bool:
    held = world.positions_of(order.login, order.instrument)
    return any(position.side != order.side for position in held)


def within_bounds(world: World, account: Account, order: Order) -> bool:
    """Count of positions, money of the account."""
    held = world.netting_position(account, order.instrument)
    count = len(world.positions_of(account.login)) + frozen.reserved_positions(world, account)
    if held is None and count >= bounds.MAX_POSITIONS_PER_ACCOUNT:
        return False
    return fills.within_money_bounds(account)
