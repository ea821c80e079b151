"""The way of an order (seed 002): the steps after admission, as one list of calls.

    admit -> freeze -> match -> fill -> release -> position -> settle

This file may call the steps, in this order, and nothing else. All of it happens within
one command. Admission has decided on a plan, and match has given the plan its price, before
anything changes; nothing below can fail.
"""

from mypy_extensions import i64

from engine import vocabulary as v
from engine.core import Core
from engine.model.accounts import Trade
from engine.order.fill import fill
from engine.order.freeze import freeze
from engine.order.plan import Plan, position_ticket
from engine.order.position import reprice, take_off, update_position, write_changed
from engine.order.release import release
from engine.order.settle import settle


def execute(core: Core, plan: Plan, order: Trade, dealer: i64) -> None:
    """Fills an admitted order at the plan's (matched) price."""
    ticket = order.ticket
    position = position_ticket(plan, ticket)
    freeze(core, plan, ticket)
    fill(core, plan, order, dealer)
    release(core, plan, ticket)
    profit = update_position(core, plan, order)
    settle(
        core,
        plan.exposure,
        profit,
        plan.commission_minor,
        plan.closing_units,
        v.REASON_NETTED,
        ticket,
        position,
    )


def close(core: Core, trade: Trade, units: i64, price: i64, reason: i64, dealer: i64) -> None:
    """Closes `units` of a position at a price: position, then settle.

    The rest of a hedging position gets a new ticket (SEMANTICS section 9, mt4).
    """
    exposure = trade.exposure
    ticket = trade.ticket
    rest: i64 = 0
    if units < trade.volume_units:
        hedging = exposure.account.mode == v.HEDGING
        rest = core.last_ticket + 1 if hedging else ticket
    profit = take_off(core, trade, units, price, reason, dealer, 0, rest)
    if rest != 0:
        write_changed(core, trade, 0, ticket)
    reprice(core, exposure, 0, ticket)
    settle(core, exposure, profit, 0, units, reason, 0, ticket)
