"""Step 7: profit, commission, the agent's share and compensation go to the ledger."""

from mypy_extensions import i64

from engine import vocabulary as v
from engine.core import Core
from engine.ledger import post_agent_commission, post_balance
from engine.model.accounts import Exposure
from engine.order.plan import agent_commission_minor


def settle(
    core: Core,
    exposure: Exposure,
    profit: i64,
    commission: i64,
    closed_units: i64,
    reason: i64,
    order: i64,
    position: i64,
) -> None:
    """Posts what a fill or a close costs and brings; nothing is posted for 0."""
    post_balance(core, exposure, v.ENTRY_TRADE_PNL, profit, order, position)
    post_balance(core, exposure, v.ENTRY_COMMISSION, -commission, order, position)
    if closed_units > 0:
        fee = agent_commission_minor(exposure, closed_units)
        post_agent_commission(core, exposure, fee, order, position)
        _compensate(core, exposure, reason, order, position)


def _compensate(core: Core, exposure: Exposure, reason: i64, order: i64, position: i64) -> None:
    """A negative balance without positions is made good (SEMANTICS section 10)."""
    account = exposure.account
    if account.balance_minor >= 0 or account.position_count > 0:
        return
    rule = account.group.compensation
    if rule == v.COMPENSATE_AFTER_ANY_CLOSE or (
        rule == v.COMPENSATE_AFTER_STOP_OUT and reason == v.REASON_STOP_OUT
    ):
        delta = -account.balance_minor
        post_balance(core, exposure, v.ENTRY_STOP_OUT_COMPENSATION, delta, order, position)
