"""The way of a tick: mark, detect, stops, activate, stop-out (RULES section 4, seed 4).

Every stage looks at everything, in ticket or login order. Nothing is remembered between
ticks but the last reason for which a trade or an account was refused.
"""

from fractions import Fraction

from engine import bounds
from engine import records as r
from engine import reject_codes as c
from engine import vocabulary as v
from tests.naive import admission as a
from tests.naive import figures, fills, money
from tests.naive.clients import remove_order
from tests.naive.world import Account, FeedState, Order, Position, Quote, Refused, World


def tick(world: World, command: r.Tick) -> None:
    check_quote(world, command)
    if not takes_quote_from(world, command):
        return
    tick_mark(world, command)
    marked = tick_detect(world, command.instrument)
    tick_stops(world, command.instrument)
    tick_activate(world, marked)
    tick_stop_out(world, command.instrument)


# ---------------------------------------------------------------- the quote


def check_quote(world: World, command: r.Tick) -> None:
    instrument = world.instruments.get(command.instrument)
    if instrument is None:
        raise Refused(c.UNKNOWN_INSTRUMENT, command.instrument)
    listed = not instrument.feeds or command.feed in instrument.feeds
    if command.feed not in world.feeds or not listed:
        raise Refused(c.UNKNOWN_FEED, command.feed)
    for price in (command.bid_points, command.ask_points):
        if not instrument.price_min_points <= price <= instrument.price_max_points:
            raise Refused(c.QUOTE_OUT_OF_BAND, price)
    if command.bid_points > command.ask_points:
        raise Refused(c.QUOTE_CROSSED, command.bid_points)
    if not world.session_open(command.instrument):
        raise Refused(c.QUOTE_OUTSIDE_SESSION)


def takes_quote_from(world: World, command: r.Tick) -> bool:
    """Whether the tick's feed is, or becomes, the active one of the instrument."""
    instrument = world.instruments[command.instrument]
    state = world.feed_states.get(command.instrument)
    if state is None:
        world.feed_states[command.instrument] = FeedState(
            command.feed, {command.feed: world.time_ns}
        )
        return True
    state.last_ns[command.feed] = world.time_ns
    if command.feed == state.active:
        return True
    silence_ns = world.time_ns - state.last_ns[state.active]
    limit_ns = instrument.staleness_ms * 1_000_000
    silent = limit_ns > 0 and silence_ns > limit_ns
    if not silent and not preferred(instrument.feeds, command.feed, state.active):
        return False
    world.emit(
        r.FeedSwitched,
        instrument=command.instrument,
        previous_feed=state.active,
        feed=command.feed,
        silence_ns=silence_ns,
    )
    state.active = command.feed
    return True


def preferred(feeds: list[int], feed: int, active: int) -> bool:
    """Earlier in the list of the instrument; without a list none is."""
    return active in feeds and feeds.index(feed) < feeds.index(active)


# ---------------------------------------------------------------- stages 1-2: mark


def tick_mark(world: World, command: r.Tick) -> None:
    old = world.quotes.get(command.instrument)
    world.quotes[command.instrument] = Quote(
        bid=command.bid_points,
        ask=command.ask_points,
        previous_bid=old.bid if old is not None else 0,
        previous_ask=old.ask if old is not None else 0,
        time_ns=world.time_ns,
        sequence=world.sequence,
    )


def is_gap(quote: Quote) -> bool:
    if quote.previous_ask == 0:
        return False
    return quote.bid > quote.previous_ask or quote.ask < quote.previous_bid


# ---------------------------------------------------------------- hooks and refusals


def filter_hook(
    world: World, name: str, trade: Order | Position, kind: int, trigger: int, price: int
) -> int:
    hook = getattr(world.hooks, name)
    if hook is None:
        return v.RET_OK_NONE
    arguments = (trade.login, trade.instrument, trade.ticket, kind, trade.side, trade.volume)
    return int(hook(*arguments, trigger, price))


def apply_hook(
    world: World, name: str, trade: Order | Position, kind: int, trigger: int, price: int
) -> tuple[int, int]:
    """The code, and the price to act at."""
    hook = getattr(world.hooks, name)
    if hook is None:
        return v.RET_OK, price
    arguments = (trade.login, trade.instrument, trade.ticket, kind, trade.side, trade.volume)
    code, answer = hook(*arguments, trigger, price)
    if code == v.RET_OK:
        highest = world.instruments[trade.instrument].price_max_points + bounds.MAX_MARKUP_POINTS
        assert 1 <= answer <= highest, "a hook gave an impossible price"
    return code, answer


def refuse(world: World, trade: Order | Position, stage: int, reason: int) -> None:
    """Tell that a trigger was not acted on, unless it was told before."""
    if trade.refused == (stage, reason):
        return
    trade.refused = (stage, reason)
    world.emit(
        r.TriggerRefused,
        login=trade.login,
        tick_sequence=world.tick_sequence(trade.instrument),
        ticket=trade.ticket,
        instrument=trade.instrument,
        stage=stage,
        reason=reason,
    )


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
        if ticket in world.orders:
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
    try:
        a.check_conversion(world, account, order.instrument)
    except Refused:
        return False
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
    """Count of positions, money of the account, volume of a netting position."""
    held = world.netting_position(account, order.instrument)
    count = len(world.positions_of(account.login))
    if held is None and count >= bounds.MAX_POSITIONS_PER_ACCOUNT:
        return False
    if not fills.within_money_bounds(account):
        return False
    if held is None:
        return True
    signed = order.volume if held.side == order.side else -order.volume
    result = abs(held.volume + signed)
    return result <= world.instruments[order.instrument].position_limit_units


# ---------------------------------------------------------------- stage 6: stop-out


def tick_stop_out(world: World, instrument: int) -> None:
    for _, account in sorted(world.accounts.items()):
        if not concerned(world, account, instrument):
            continue
        margin_call(world, account, instrument)
        if not world.group_of(account).stp_stop_outs:
            stop_out(world, account, instrument)


def concerned(world: World, account: Account, instrument: int) -> bool:
    """Holds a position in the instrument, or one converted through it, or was touched."""
    held = world.positions_of(account.login)
    if held and account.login in world.touched:
        return True
    to = world.group_of(account).currency
    for position in held:
        if position.instrument == instrument:
            return True
        of = world.instruments[position.instrument].profit_currency
        route = money.conversion_route(world, of, to) or []
        if any(step.instrument == instrument for step in route):
            return True
    return False


def share_floor(amount: int, numerator: int, denominator: int) -> int:
    return int(Fraction(amount * numerator, denominator).__floor__())


def margin_call(world: World, account: Account, instrument: int) -> None:
    """Alert once at or below the call level; re-arm above 1.05 times the level."""
    group = world.group_of(account)
    equity, margin = figures.equity(world, account), figures.margin(account)
    percent = group.level_type == v.LEVEL_PERCENT
    call = group.margin_call_level
    names = {
        "login": account.login,
        "tick_sequence": world.tick_sequence(instrument),
        "equity_minor": equity,
        "margin_minor": margin,
        "level_bp": figures.level_bp(equity, margin),
    }
    armed = not (percent and margin == 0)
    threshold = share_floor(margin, call, 10_000) if percent else call
    rearm = share_floor(margin * call, 105, 1_000_000) if percent else share_floor(call, 105, 100)
    if armed and equity <= threshold and not account.under_call:
        account.under_call = True
        world.emit(r.MarginCall, threshold=call, **names)
    elif account.under_call and (not armed or equity > rearm):
        account.under_call = False
        world.emit(r.MarginCallCleared, **names)


def stop_out_reached(world: World, account: Account) -> bool:
    group = world.group_of(account)
    equity, margin = figures.equity(world, account), figures.margin(account)
    if group.level_type == v.LEVEL_MONEY:
        return equity <= group.stop_out_level
    if margin == 0:
        return equity < 0 and not group.skip_fully_hedged
    return equity <= share_floor(margin, group.stop_out_level, 10_000)


def stop_out(world: World, account: Account, instrument: int) -> None:
    """Close one position after another until the account is above the level."""
    for _ in range(bounds.MAX_STOP_OUT_STEPS):
        if not world.positions_of(account.login) or not stop_out_reached(world, account):
            return
        position = choose_for_stop_out(world, account)
        if position is None:
            return refuse_stop_out(world, account, instrument)
        if not stop_out_one(world, account, position):
            return
        account.refused = (0, 0)


def refuse_stop_out(world: World, account: Account, instrument: int) -> None:
    """No position can be closed now; told once."""
    refusal = (v.STAGE_STOP_OUT, v.REFUSED_NOT_TRADABLE)
    if account.refused == refusal:
        return
    account.refused = refusal
    world.emit(
        r.TriggerRefused,
        login=account.login,
        tick_sequence=world.tick_sequence(instrument),
        ticket=0,
        instrument=0,
        stage=v.STAGE_STOP_OUT,
        reason=v.REFUSED_NOT_TRADABLE,
    )


def choose_for_stop_out(world: World, account: Account) -> Position | None:
    """The largest loss; with FIFO the worst of the oldest losing positions per instrument."""

    def tradable(position: Position) -> bool:
        terms = world.terms(account, position.instrument)
        quoted = position.instrument in world.quotes
        enabled = terms.trade_mode != v.TRADE_DISABLED
        return quoted and enabled and world.session_open(position.instrument)

    eligible = [
        (figures.position_profit(world, p), p)
        for p in world.positions_of(account.login)
        if tradable(p) and p.close_request is None
    ]
    if world.group_of(account).fifo:
        eligible = oldest_per_instrument([e for e in eligible if e[0] < 0] or eligible)
    if not eligible:
        return None
    return min(eligible, key=lambda entry: (entry[0], entry[1].ticket))[1]


def oldest_per_instrument(
    entries: list[tuple[int, Position]],
) -> list[tuple[int, Position]]:
    oldest: dict[int, tuple[int, Position]] = {}
    for entry in sorted(entries, key=lambda e: e[1].opened):
        oldest.setdefault(entry[1].instrument, entry)
    return list(oldest.values())


def stop_out_one(world: World, account: Account, position: Position) -> bool:
    """Filter, prepare, apply, close; False when the account must be left."""
    stage, instrument = v.STAGE_STOP_OUT, position.instrument
    close = world.closing_price(account, instrument, position.side)
    answer = filter_hook(world, "stop_outs_filter", position, stage, 0, close)
    execution = world.terms(account, instrument).execution_mode
    if answer != v.RET_OK and not a.automated(world, execution):
        refuse(world, position, stage, v.REFUSED_LEFT_TO_DEALER)
        return False
    code, price = apply_hook(world, "stop_outs_apply", position, stage, 0, close)
    if code != v.RET_OK:
        refuse(world, position, stage, v.REFUSED_HOOK)
        return False
    equity, margin = figures.equity(world, account), figures.margin(account)
    world.emit(
        r.StopOut,
        login=account.login,
        tick_sequence=world.sequence,
        position=position.ticket,
        instrument=instrument,
        equity_minor=equity,
        margin_minor=margin,
        level_bp=figures.level_bp(equity, margin),
        threshold=world.group_of(account).stop_out_level,
        profit_minor=figures.position_profit(world, position),
        price_points=price,
    )
    fills.close_position(world, position, position.volume, price, v.REASON_STOP_OUT)
    return True
