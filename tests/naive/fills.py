"""The way of an order from freeze to settle, and the closing of positions (RULES section 6).

Nothing in this file may refuse: everything was decided before. Each step is one function,
called in the order of the rules, and emits its own events.
"""

from fractions import Fraction

from engine import bounds
from engine import records as r
from engine import vocabulary as v
from tests.naive import figures
from tests.naive.money import margin_rate_e8, profit_minor, rounded
from tests.naive.world import Account, Order, Position, World


def post(
    world: World,
    account: Account,
    entry_type: int,
    *,
    balance: int = 0,
    credit: int = 0,
    margin: int = 0,
    instrument: int = 0,
    order: int = 0,
    position: int = 0,
    reference: int = 0,
) -> None:
    """One ledger entry with its deltas and running totals."""
    account.balance += balance
    account.credit += credit
    account.ledger_margin += margin
    account.entries += 1
    world.emit(
        r.LedgerEntry,
        login=account.login,
        tick_sequence=world.tick_sequence(instrument),
        order=order,
        position=position,
        entry_number=account.entries,
        entry_type=entry_type,
        balance_delta_minor=balance,
        credit_delta_minor=credit,
        margin_delta_minor=margin,
        balance_minor=account.balance,
        credit_minor=account.credit,
        margin_minor=account.ledger_margin,
        reference=reference,
    )


def reprice(
    world: World, account: Account, instruments: list[int], order: int = 0, position: int = 0
) -> None:
    """Recompute the margin of these instruments; an entry if the account's total changed."""
    before = figures.margin(account)
    for instrument in instruments:
        changed = figures.instrument_margin(world, account, instrument)
        account.margins[instrument] = changed
    delta = figures.margin(account) - before
    if delta:
        one = instruments[0] if order or position else 0
        post(
            world,
            account,
            v.ENTRY_MARGIN_REPRICE,
            margin=delta,
            instrument=one,
            order=order,
            position=position,
        )


# ---------------------------------------------------------------- an order is filled


def fill_order(world: World, order: Order, price: int, dealer: int = 0) -> None:
    """Freeze, match, fill, release, position, settle."""
    account = world.accounts[order.login]
    held = world.netting_position(account, order.instrument)
    target = target_position(held, order)
    commission = figures.order_commission(world, account, order)
    after = figures.margin_after(world, account, order, price)
    frozen = max(0, after - figures.margin(account))
    before = {"instrument": order.instrument, "order": order.ticket, "position": 0}
    names = {**before, "position": target}
    world.orders.pop(order.ticket, None)
    world.touched.append(account.login)

    if frozen:
        post(world, account, v.ENTRY_MARGIN_FREEZE, margin=frozen, **before)
    world.emit(
        r.OrderFilled,
        login=account.login,
        tick_sequence=world.tick_sequence(order.instrument),
        order=order.ticket,
        position=target,
        instrument=order.instrument,
        side=order.side,
        volume_units=order.volume,
        price_points=price,
        dealer=dealer,
    )
    if frozen:
        post(world, account, v.ENTRY_MARGIN_RELEASE, margin=-frozen, **before)

    profit, closed_volume = 0, 0
    if held is None:
        open_position(world, account, order, order.volume, price, commission)
    elif held.side == order.side:
        add_to_position(world, held, order, price, commission)
    else:
        closed_volume = min(held.volume, order.volume)
        profit = reduce_position(
            world, held, closed_volume, price, v.REASON_NETTED, 0, order.ticket
        )
        rest = order.volume - closed_volume
        if rest:
            share = rounded(Fraction(commission * rest, order.volume))
            open_position(world, account, order, rest, price, share)
    reprice(world, account, [order.instrument], order.ticket, target)
    settle(world, account, names, profit, commission, closed_volume, v.REASON_NETTED)


def target_position(held: Position | None, order: Order) -> int:
    """Ticket of the position that results from the fill, or of the one that it closes."""
    if held is None or (held.side != order.side and order.volume > held.volume):
        return order.ticket
    return held.ticket


def open_position(
    world: World, account: Account, order: Order, volume: int, price: int, commission: int
) -> Position:
    """A new position under the order's ticket."""
    rate = margin_rate_e8(world, account, order.instrument, price)
    assert rate is not None, "admission saw to a conversion price"
    world.last_opened += 1
    position = Position(
        ticket=order.ticket,
        login=account.login,
        instrument=order.instrument,
        side=order.side,
        volume=volume,
        open_cost=price * volume,
        open_price=price,
        stop_loss=order.stop_loss,
        take_profit=order.take_profit,
        margin_rate_e8=rate,
        commission=commission,
        opened=world.last_opened,
    )
    world.positions[position.ticket] = position
    world.emit(
        r.PositionOpened,
        login=account.login,
        tick_sequence=world.tick_sequence(order.instrument),
        order=order.ticket,
        position=position.ticket,
        instrument=position.instrument,
        side=position.side,
        volume_units=volume,
        open_price_points=price,
        stop_loss_points=position.stop_loss,
        take_profit_points=position.take_profit,
        margin_rate_e8=rate,
        commission_minor=commission,
    )
    return position


def add_to_position(
    world: World, held: Position, order: Order, price: int, commission: int
) -> None:
    """Netting, same side: volumes and costs add, the margin rate is weighted by volume."""
    account = world.accounts[held.login]
    rate = margin_rate_e8(world, account, order.instrument, price)
    assert rate is not None, "admission saw to a conversion price"
    weighted = held.margin_rate_e8 * held.volume + rate * order.volume
    held.volume += order.volume
    held.open_cost += price * order.volume
    held.open_price = rounded(Fraction(held.open_cost, held.volume))
    held.margin_rate_e8 = rounded(Fraction(weighted, held.volume))
    held.stop_loss = order.stop_loss or held.stop_loss
    held.take_profit = order.take_profit or held.take_profit
    held.commission += commission
    held.refused = (0, 0)
    emit_changed(world, held, held.ticket, order.ticket)


def emit_changed(world: World, position: Position, previous: int, order: int) -> None:
    world.emit(
        r.PositionChanged,
        login=position.login,
        tick_sequence=world.tick_sequence(position.instrument),
        order=order,
        position=position.ticket,
        previous_position=previous,
        instrument=position.instrument,
        side=position.side,
        volume_units=position.volume,
        open_price_points=position.open_price,
        open_cost=position.open_cost,
        stop_loss_points=position.stop_loss,
        take_profit_points=position.take_profit,
        margin_rate_e8=position.margin_rate_e8,
        commission_minor=position.commission,
    )


# ---------------------------------------------------------------- a position is closed


def close_position(
    world: World, position: Position, volume: int, price: int, reason: int, dealer: int = 0
) -> None:
    """Close a position or part of it: position, margin, profit, agent, compensation."""
    account = world.accounts[position.login]
    world.touched.append(account.login)
    closed_ticket = position.ticket
    profit = reduce_position(world, position, volume, price, reason, dealer, order=0)
    reprice(world, account, [position.instrument], 0, closed_ticket)
    names = {"instrument": position.instrument, "order": 0, "position": closed_ticket}
    settle(world, account, names, profit, 0, volume, reason)


def reduce_position(
    world: World,
    position: Position,
    volume: int,
    price: int,
    reason: int,
    dealer: int,
    order: int,
) -> int:
    """Take `volume` off a position, emit it, and return the profit in minor units."""
    account = world.accounts[position.login]
    cost = rounded(Fraction(position.open_cost * volume, position.volume))
    commission = rounded(Fraction(position.commission * volume, position.volume))
    profit = profit_minor(world, account, position.instrument, position.side, volume, cost, price)
    rest = position.volume - volume
    closed_ticket, open_price = position.ticket, position.open_price
    del world.positions[closed_ticket]
    if rest:
        if account.mode == v.HEDGING:
            position.ticket = world.new_ticket()
        else:
            position.open_price = rounded(Fraction(position.open_cost - cost, rest))
        position.volume = rest
        position.open_cost -= cost
        position.commission -= commission
        position.close_request = None
        position.refused = (0, 0)
        world.positions[position.ticket] = position
    world.emit(
        r.PositionClosed,
        login=account.login,
        tick_sequence=world.tick_sequence(position.instrument),
        order=order,
        position=closed_ticket,
        rest_position=position.ticket if rest else 0,
        instrument=position.instrument,
        side=position.side,
        volume_units=volume,
        open_price_points=open_price,
        close_price_points=price,
        profit_minor=profit,
        commission_minor=commission,
        reason=reason,
        dealer=dealer,
    )
    if rest:
        emit_changed(world, position, closed_ticket, order)
    if not world.positions_of(account.login):
        account.under_call = False
    return profit


def settle(
    world: World,
    account: Account,
    names: dict[str, int],
    profit: int,
    commission: int,
    closed_volume: int,
    reason: int,
) -> None:
    """Profit, compensation, commission, the agent's share; each entry only if not 0."""
    if profit:
        post(world, account, v.ENTRY_TRADE_PNL, balance=profit, **names)
    if commission:
        post(world, account, v.ENTRY_COMMISSION, balance=-commission, **names)
    pay_agent(world, account, names, closed_volume)
    if closed_volume:
        compensate(world, account, names, reason)


def pay_agent(world: World, account: Account, names: dict[str, int], closed_volume: int) -> None:
    """The agent's commission for closed volume, on the agent's account."""
    if not account.agent or not closed_volume:
        return
    per_lot = world.terms(account, names["instrument"]).agent_commission_per_lot
    amount = rounded(Fraction(closed_volume * per_lot, 100))
    agent = world.accounts[account.agent]
    if amount and within_money_bounds(agent):
        entry = v.ENTRY_AGENT_COMMISSION
        post(world, agent, entry, balance=amount, reference=account.login, **names)


def within_money_bounds(account: Account) -> bool:
    """Whether the account may receive money and open."""
    limit = bounds.MAX_ACCOUNT_MONEY_MINOR
    return abs(account.balance) <= limit and account.credit <= limit


def compensate(world: World, account: Account, names: dict[str, int], reason: int) -> None:
    """A negative balance without any position left is made good, where the group says so."""
    rule = world.group_of(account).compensation
    wanted = rule == v.COMPENSATE_AFTER_ANY_CLOSE or (
        rule == v.COMPENSATE_AFTER_STOP_OUT and reason == v.REASON_STOP_OUT
    )
    if wanted and account.balance < 0 and not world.positions_of(account.login):
        entry = v.ENTRY_STOP_OUT_COMPENSATION
        post(world, account, entry, balance=-account.balance, **names)
