"""What filling an order would do, computed before anything is changed.

This file may read the state and fill in a `Plan`; it changes nothing. Admission asks the
plan whether the order is affordable, and the steps from freeze to settle carry it out, so
both see the same numbers.
"""

from mypy_extensions import i64, mypyc_attr

from engine import vocabulary as v
from engine.core import Core
from engine.figures import free_margin_floating_minor
from engine.margin import margin_of_one_minor, margin_with_minor
from engine.model.accounts import Exposure, Trade
from engine.rounding import at_least_zero, round_div, round_mul_div


@mypyc_attr(acyclic=True)
class Plan:
    """A fill of `units` at `price` and the position that results."""

    def __init__(self, exposure: Exposure) -> None:
        self.exposure = exposure
        self.side: i64 = 0
        self.units: i64 = 0
        self.price: i64 = 0
        self.commission_minor: i64 = 0
        self.rate_e8: i64 = 0
        self.net: Trade | None = None
        """The position that a netting order meets."""
        self.closing_units: i64 = 0
        """Volume of `net` that is closed."""
        self.opening_units: i64 = 0
        """Volume that opens a position or is added to `net`."""
        self.result_side: i64 = 0
        self.result_units: i64 = 0
        self.result_cost: i64 = 0
        self.result_rate_e8: i64 = 0
        self.exposure_margin_minor: i64 = 0
        """Of the instrument, after the fill."""
        self.margin_before_minor: i64 = 0
        self.margin_after_minor: i64 = 0
        self.frozen_minor: i64 = 0


def commission_minor(exposure: Exposure, units: i64) -> i64:
    """Commission of a volume, in the account's minor units."""
    return round_mul_div(units, exposure.terms.commission_per_lot_minor, 100)


def cost_share(trade: Trade, units: i64) -> i64:
    """Open cost of a part of a position; the rest keeps the remainder."""
    if units == trade.volume_units:
        return trade.open_cost
    return round_mul_div(trade.open_cost, units, trade.volume_units)


def commission_share_minor(trade: Trade, units: i64) -> i64:
    """Commission of a part of a position; the rest keeps the remainder."""
    if units == trade.volume_units:
        return trade.commission_minor
    return round_mul_div(trade.commission_minor, units, trade.volume_units)


def make_plan(core: Core, exposure: Exposure, side: i64, units: i64, price: i64) -> Plan:
    """The plan of filling `units` at `price` now. All routes must be priced."""
    account = exposure.account
    plan = Plan(exposure)
    plan.side = side
    plan.units = units
    plan.price = price
    plan.commission_minor = commission_minor(exposure, units)
    conversion = exposure.conversion
    assert conversion is not None
    plan.rate_e8 = conversion.margin.margin_rate_e8(exposure.instrument, price)
    plan.opening_units = units
    plan.result_side = side
    plan.result_units = units
    plan.result_cost = units * price
    plan.result_rate_e8 = plan.rate_e8
    if account.mode == v.NETTING:
        plan.net = exposure.first
        net = plan.net
        if net is not None:
            _net_result(plan, net)
        exposure_margin = margin_of_one_minor(
            core, exposure, plan.result_units, plan.result_cost, plan.result_rate_e8
        )
    else:
        exposure_margin = margin_with_minor(
            core, exposure, side, units, plan.result_cost, plan.rate_e8
        )
    plan.exposure_margin_minor = exposure_margin
    plan.margin_before_minor = account.margin_minor
    plan.margin_after_minor = account.margin_minor - exposure.margin_minor + exposure_margin
    plan.frozen_minor = at_least_zero(plan.margin_after_minor - plan.margin_before_minor)
    return plan


def _net_result(plan: Plan, net: Trade) -> None:
    """What is left of a netting position after the order (RULES section 6)."""
    if net.side == plan.side:
        total = net.volume_units + plan.units
        rated: int = int(net.volume_units) * int(net.margin_rate_e8)
        rated += int(plan.units) * int(plan.rate_e8)
        plan.result_rate_e8 = i64((2 * rated + int(total)) // (2 * int(total)))
        plan.result_units = total
        plan.result_cost = net.open_cost + plan.units * plan.price
        return
    if plan.units < net.volume_units:
        plan.closing_units = plan.units
        plan.opening_units = 0
        plan.result_side = net.side
        plan.result_units = net.volume_units - plan.units
        plan.result_cost = net.open_cost - cost_share(net, plan.units)
        plan.result_rate_e8 = net.margin_rate_e8
        return
    plan.closing_units = net.volume_units
    plan.opening_units = plan.units - net.volume_units
    plan.result_units = plan.opening_units
    plan.result_cost = plan.opening_units * plan.price


def free_margin_after_minor(plan: Plan) -> i64:
    """Balance less commission, credit and floating now, less the margin after."""
    account = plan.exposure.account
    own = account.balance_minor - plan.commission_minor + account.credit_minor
    used = plan.margin_after_minor + account.frozen_minor
    return own + free_margin_floating_minor(account) - used


def is_affordable(plan: Plan, free_after: i64) -> bool:
    """The check rule of new orders (SEMANTICS section 3)."""
    group = plan.exposure.account.group
    if free_after + group.virtual_credit_minor >= 0:
        return True
    return not group.strong_hedged and plan.margin_after_minor <= plan.margin_before_minor


def is_affordable_at_activation(plan: Plan, free_after: i64) -> bool:
    """The check rule of pending orders that activate (SEMANTICS section 3)."""
    group = plan.exposure.account.group
    if free_after + group.virtual_credit_minor >= 0:
        return True
    return not group.strong_hedged and plan.margin_before_minor > plan.margin_after_minor


def position_ticket(plan: Plan, order: i64) -> i64:
    """The position that a fill results in: the one it meets, or the order's own."""
    net = plan.net
    if net is not None and (net.side == plan.side or plan.opening_units == 0):
        return net.ticket
    return order


def opens_position(plan: Plan) -> bool:
    """The account will have one position more."""
    return plan.net is None


def agent_commission_minor(exposure: Exposure, units: i64) -> i64:
    """What the agent gets for a closed volume, in the account's minor units."""
    return round_div(units * exposure.terms.agent_commission_per_lot_minor, 100)
