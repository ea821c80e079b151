"""Step 2: freeze the margin that the order needs, before anything is filled (seed 002)."""

from mypy_extensions import i64

from engine import vocabulary as v
from engine.core import Core
from engine.ledger import post_margin
from engine.order.plan import Plan


def freeze(core: Core, plan: Plan, order: i64) -> None:
    """Adds the frozen amount to the account's margin."""
    post_margin(core, plan.exposure, v.ENTRY_MARGIN_FREEZE, plan.frozen_minor, order, 0)
