"""Step 5: the frozen margin is released; from here the position's own margin counts."""

from mypy_extensions import i64

from engine import vocabulary as v
from engine.core import Core
from engine.ledger import post_margin
from engine.order.plan import Plan


def release(core: Core, plan: Plan, order: i64) -> None:
    """Takes the frozen amount off the account's margin."""
    post_margin(core, plan.exposure, v.ENTRY_MARGIN_RELEASE, -plan.frozen_minor, order, 0)
