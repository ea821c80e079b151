"""Two corners: an agent that a commission lifts out of its margin call, and what hooks answer."""

from typing import Any

import pytest

from engine import Hooks
from engine import vocabulary as v
from engine.hooks import BrokenHook
from engine.records import MarginCallCleared
from tests.rules.world import AGENT, CLIENT, World


def test_agent_under_margin_call_recovers_on_the_tick_whose_close_pays_it() -> None:
    world = World(margin_call_level=10_000, stop_out_level=0, agent_commission_per_lot_minor=2**20)
    world.deposit(200_000, AGENT)
    world.tick(110_000, 110_010)
    world.buy(100, login=AGENT)
    world.buy(100)
    world.tick(109_100, 109_110)
    (position,) = world.engine.positions(CLIENT)
    world.levels(position.position, tp=109_121)
    events = world.tick(109_121, 109_131)
    assert [e.login for e in events if isinstance(e, MarginCallCleared)] == [AGENT]


ODD_FILTER_ANSWERS = [None, 0.0, "0", (0, 1)]
ODD_APPLY_ANSWERS: list[Any] = [
    None,
    0,
    [v.RET_OK, 109_000],
    (v.RET_OK,),
    (v.RET_OK, 109_000.0),
    (v.RET_OK, None),
    (None, 109_000),
    (v.RET_OK, 0),
    (v.RET_OK, 2**70),
]


def stopped_out_position(hooks: Hooks) -> None:
    world = World(hooks)
    world.naive = None
    world.buy(100, sl=109_500)
    world.tick(109_000, 109_010)


@pytest.mark.parametrize("answer", ODD_FILTER_ANSWERS, ids=repr)
def test_filter_hook_that_answers_no_integer_is_broken(answer: Any) -> None:
    with pytest.raises(BrokenHook, match="ticket 1"):
        stopped_out_position(Hooks(stops_filter=lambda *seen: answer))


@pytest.mark.parametrize("answer", ODD_APPLY_ANSWERS, ids=repr)
def test_apply_hook_that_answers_no_pair_of_integers_is_broken(answer: Any) -> None:
    with pytest.raises(BrokenHook, match="ticket 1"):
        stopped_out_position(Hooks(stops_apply=lambda *seen: answer))
