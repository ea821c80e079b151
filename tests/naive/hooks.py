"""How the stages of a tick ask the hooks, and tell that a trigger was not acted on.

A missing filter has no opinion, a missing apply hook agrees. A refusal is told once per
stage and reason.
"""

from engine import bounds
from engine import records as r
from engine import vocabulary as v
from tests.naive.world import Order, Position, World


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
