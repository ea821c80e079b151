"""Step 4: the order is filled, whole, at the matched price."""

from mypy_extensions import i64

from engine.core import Core
from engine.model.accounts import Trade
from engine.order.plan import Plan, position_ticket


def fill(core: Core, plan: Plan, order: Trade, dealer: i64) -> None:
    """Writes the fill; the position it goes to is the order's own or the one it meets."""
    exposure = plan.exposure
    core.events.order_filled(
        exposure.account.login,
        exposure.instrument.quote_sequence,
        order.ticket,
        position_ticket(plan, order.ticket),
        exposure.instrument.number,
        plan.side,
        plan.units,
        plan.price,
        dealer,
    )
