"""Step 6: the position is opened, added to, reduced, reversed or closed.

This file may change positions and the margin of their exposure. Profit is computed here,
where the position still is what it was, and settled by `settle.py`.
"""

from mypy_extensions import i64

from engine import vocabulary as v
from engine.core import Core
from engine.figures import split_profit_minor
from engine.ledger import post_margin
from engine.margin import exposure_margin_minor
from engine.model.accounts import Exposure, Trade
from engine.order.plan import Plan, commission_share_minor, cost_share
from engine.rounding import round_mul_div


def update_position(core: Core, plan: Plan, order: Trade) -> i64:
    """Carries the plan out. Returns the realized profit (minor units) of what it closed."""
    net = plan.net
    profit: i64 = 0
    if net is None:
        ticket = order.ticket
        open_position(core, plan, order, plan.commission_minor)
        set_margin(core, plan.exposure, plan.exposure_margin_minor, ticket, ticket)
        return 0
    ticket = order.ticket
    position = net.ticket
    if net.side == plan.side:
        _add(core, plan, order, net)
        core.end_trade(order)
    else:
        reversal = plan.opening_units > 0
        rest: i64 = 0
        if plan.closing_units < net.volume_units:
            rest = position
        profit = take_off(
            core, net, plan.closing_units, plan.price, v.REASON_NETTED, 0, ticket, rest
        )
        if rest != 0:
            write_changed(core, net, ticket, position)
        if reversal:
            share = round_mul_div(plan.commission_minor, plan.opening_units, plan.units)
            open_position(core, plan, order, share)
            position = ticket
        else:
            core.end_trade(order)
    set_margin(core, plan.exposure, plan.exposure_margin_minor, ticket, position)
    return profit


def open_position(core: Core, plan: Plan, order: Trade, commission: i64) -> None:
    """The order's ticket becomes a position of the plan's opening volume."""
    exposure = plan.exposure
    account = exposure.account
    order.state = v.POSITION_OPEN
    order.side = plan.side
    order.volume_units = plan.opening_units
    order.open_cost = plan.opening_units * plan.price
    order.margin_rate_e8 = plan.rate_e8
    order.commission_minor = commission
    order.expiry_ns = 0
    order.open_time_ns = core.time_ns
    order.open_leg_minor = exposure.instrument.leg_minor(order.open_cost)
    order.refused_stage = 0
    order.refused_reason = 0
    core.last_opening_number += 1
    order.opening_number = core.last_opening_number
    exposure.append_position(order)
    account.position_count += 1
    core.pendings.remove(order.row)
    core.watch(order)
    core.touch(account)
    account.changed_positions = True
    core.events.position_opened(
        account.login,
        exposure.instrument.quote_sequence,
        order.ticket,
        order.ticket,
        exposure.instrument.number,
        order.side,
        order.volume_units,
        plan.price,
        order.stop_loss_points,
        order.take_profit_points,
        order.margin_rate_e8,
        commission,
    )


def _add(core: Core, plan: Plan, order: Trade, net: Trade) -> None:
    """Netting, same side: volume, cost, rate and commission are added up."""
    exposure = plan.exposure
    exposure.count_out(net)
    net.volume_units = plan.result_units
    net.open_cost = plan.result_cost
    net.margin_rate_e8 = plan.result_rate_e8
    exposure.count_in(net)
    net.commission_minor += plan.commission_minor
    net.open_leg_minor = exposure.instrument.leg_minor(net.open_cost)
    if order.stop_loss_points != 0:
        net.stop_loss_points = order.stop_loss_points
    if order.take_profit_points != 0:
        net.take_profit_points = order.take_profit_points
    net.refused_stage = 0
    net.refused_reason = 0
    core.watch(net)
    core.touch(exposure.account)
    exposure.account.changed_positions = True
    write_changed(core, net, order.ticket, net.ticket)


def take_off(
    core: Core,
    trade: Trade,
    units: i64,
    price: i64,
    reason: i64,
    dealer: i64,
    order: i64,
    rest_position: i64,
) -> i64:
    """Closes `units` of a position at a price. Returns the profit in minor units.

    The whole position ends its ticket; of a part the record goes on as the rest.
    """
    exposure = trade.exposure
    account = exposure.account
    ticket = trade.ticket
    open_cost = cost_share(trade, units)
    commission = commission_share_minor(trade, units)
    profit = split_profit_minor(exposure, trade.side, units, open_cost, price)
    core.events.position_closed(
        account.login,
        exposure.instrument.quote_sequence,
        order,
        ticket,
        rest_position,
        exposure.instrument.number,
        trade.side,
        units,
        trade.open_price_points(),
        price,
        profit,
        commission,
        reason,
        dealer,
    )
    core.touch(account)
    account.changed_positions = True
    trade.request = v.REQUEST_NONE
    if units == trade.volume_units:
        exposure.remove_position(trade)
        account.position_count -= 1
        if account.position_count == 0:
            account.under_call = False
        core.end_trade(trade)
        return profit
    exposure.count_out(trade)
    trade.volume_units -= units
    trade.open_cost -= open_cost
    exposure.count_in(trade)
    trade.commission_minor -= commission
    trade.open_leg_minor = exposure.instrument.leg_minor(trade.open_cost)
    trade.refused_stage = 0
    trade.refused_reason = 0
    if rest_position != ticket:
        core.renumber(trade)
    core.watch(trade)
    return profit


def write_changed(core: Core, trade: Trade, order: i64, previous_position: i64) -> None:
    """Writes what a position is now."""
    exposure = trade.exposure
    core.events.position_changed(
        exposure.account.login,
        exposure.instrument.quote_sequence,
        order,
        trade.ticket,
        previous_position,
        exposure.instrument.number,
        trade.side,
        trade.volume_units,
        trade.open_price_points(),
        trade.open_cost,
        trade.stop_loss_points,
        trade.take_profit_points,
        trade.margin_rate_e8,
        trade.commission_minor,
    )


def reprice(core: Core, exposure: Exposure, order: i64, position: i64) -> None:
    """The exposure's margin is computed anew, and the account's with it."""
    set_margin(core, exposure, exposure_margin_minor(core, exposure), order, position)


def set_margin(core: Core, exposure: Exposure, margin: i64, order: i64, position: i64) -> None:
    """The exposure has this margin now; the difference goes to the ledger."""
    delta = margin - exposure.margin_minor
    exposure.margin_minor = margin
    post_margin(core, exposure, v.ENTRY_MARGIN_REPRICE, delta, order, position)
