"""Stage 5: the pending orders marked in stage 3 become positions, or are deleted.

This file may fill and remove orders and note refusals (seed 004, step 5): filter, gap,
trade mode, margin, hedge ban, build, apply.
"""

from mypy_extensions import i64

from engine import bounds
from engine import vocabulary as v
from engine.core import ROW_BITS, ROW_MASK, Core
from engine.figures import is_priced
from engine.hooks import ask_apply, ask_filter
from engine.model.accounts import Trade
from engine.order.admit import check_account, check_hedge, reduces_position, trade_mode_code
from engine.order.match import falls_into_gap, fill_price
from engine.order.pipeline import execute
from engine.order.plan import (
    Plan,
    free_margin_after_minor,
    is_affordable_at_activation,
    make_plan,
    opens_position,
)
from engine.requests import remove_order, withdraw_order
from engine.tick.refusals import leave_to_dealer, may_automate, note_refusal


def activate(core: Core) -> None:
    """Activates the marked orders, in ticket order."""
    if len(core.marked) == 0:
        return
    for key in core.marked:
        order = core.rows[key & ROW_MASK]
        assert order.state == v.ORDER_PENDING and order.ticket == key >> ROW_BITS, (
            "a marked order waits: no stage before this one ends or changes it"
        )
        _activate_order(core, order)
    core.marked.clear()


def _activate_order(core: Core, order: Trade) -> None:
    exposure = order.exposure
    if not _ask_filter(core, order) and not may_automate(core, exposure):
        leave_to_dealer(core, order, v.STAGE_PENDING)
        return
    if falls_into_gap(order):
        remove_order(core, order, v.REASON_GAP, 0)
        return
    if order.order_type == v.STOP_LIMIT:
        _become_limit(core, order)
        return
    if not _may_open(core, order):
        remove_order(core, order, v.REASON_CLOSE_ONLY, 0)
        return
    conversion = exposure.conversion
    assert conversion is not None and is_priced(conversion), "routes in use keep their quotes"
    plan = make_plan(core, exposure, order.side, order.volume_units, fill_price(order))
    if not is_affordable_at_activation(plan, free_margin_after_minor(plan)):
        remove_order(core, order, v.REASON_NO_MONEY, 0)
        return
    if check_hedge(core, exposure, order.side, False) != 0:
        remove_order(core, order, v.REASON_HEDGE_PROHIBITED, 0)
        return
    if not _is_bounded(plan):
        remove_order(core, order, v.REASON_BOUND, 0)
        return
    price = _ask_apply(core, order, plan.price)
    if price == 0:
        note_refusal(core, order, v.STAGE_PENDING, v.REFUSED_HOOK)
        return
    if price != plan.price:
        plan = make_plan(core, exposure, order.side, order.volume_units, price)
    withdraw_order(order)
    execute(core, plan, order, 0)


def _become_limit(core: Core, order: Trade) -> None:
    """A stop-limit order whose stop was reached; the limit is looked at on the next tick."""
    order.order_type = v.LIMIT
    order.price_points = order.limit_price_points
    order.limit_price_points = 0
    order.refused_stage = 0
    order.refused_reason = 0
    core.watch(order)
    core.events.order_triggered(
        order.exposure.account.login,
        order.exposure.instrument.quote_sequence,
        order.ticket,
        order.price_points,
    )


def _may_open(core: Core, order: Trade) -> bool:
    exposure = order.exposure
    reduces = reduces_position(exposure, order.side, order.volume_units, False)
    if trade_mode_code(exposure.terms.trade_mode, order.side, reduces) != 0:
        return False
    return check_account(core, exposure.account) == 0


def _is_bounded(plan: Plan) -> bool:
    exposure = plan.exposure
    account = exposure.account
    held = account.position_count + account.reserved_positions
    if opens_position(plan) and held >= bounds.MAX_POSITIONS_PER_ACCOUNT:
        return False
    assert plan.result_units <= exposure.instrument.position_limit_units, (
        "the order's volume was counted when it was admitted, and has been since"
    )
    return account.money_is_bounded()


def _ask_filter(core: Core, order: Trade) -> bool:
    exposure = order.exposure
    return ask_filter(
        core.hooks.pendings_filter,
        exposure.account.login,
        exposure.instrument.number,
        order.ticket,
        order.order_type,
        order.side,
        order.volume_units,
        order.price_points,
        exposure.opening_price(order.side),
    )


def _ask_apply(core: Core, order: Trade, price: i64) -> i64:
    exposure = order.exposure
    return ask_apply(
        core.hooks.pendings_apply,
        exposure.account.login,
        exposure.instrument.number,
        order.ticket,
        order.order_type,
        order.side,
        order.volume_units,
        order.price_points,
        price,
        exposure.instrument.highest_price(),
    )
