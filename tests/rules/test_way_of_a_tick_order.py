"""The stages of a tick come in the order of seed 004 (RULES section 4).

    mark -> detect pending orders -> take profit and stop loss -> activate -> stop-out

Quotes are EURUSD in points; every world starts at 110000/110010.
"""

from typing import Any

import pytest

from engine import Hooks
from engine import vocabulary as v
from tests.rules.told import told
from tests.rules.world import CLIENT, GBPUSD, OTHER, Row, World, name_of, nothing, outcome, steps

ROWS = [
    Row(
        "a quote that reaches nothing says nothing",
        given=steps(lambda w: w.buy(sl=109_000, tp=111_000), lambda w: w.buy_limit(109_500)),
        when=lambda w: w.tick(110_500),
        then=[],
    ),
    Row(
        "a take profit closes before an older order is filled",
        given=steps(lambda w: w.buy_stop(110_100), lambda w: w.buy(tp=110_100)),
        when=lambda w: w.tick(110_100),
        then=[
            "closed #2 100 at 110100 take_profit +9000",
            "filled #1 at 110110",
            "opened #1 buy 100 at 110110",
        ],
    ),
    Row(
        "a position opened by this quote is not tested for its take profit",
        group={"gap_policy": v.GAP_TICK},
        given=lambda w: w.buy_stop(110_100, tp=110_150),
        when=lambda w: w.tick(110_200),
        then=["filled #1 at 110210", "opened #1 buy 100 at 110210"],
    ),
    Row(
        "but by the next quote it is",
        group={"gap_policy": v.GAP_TICK},
        given=steps(lambda w: w.buy_stop(110_100, tp=110_150), lambda w: w.tick(110_200)),
        when=lambda w: w.tick(110_200),
        then=["closed #1 100 at 110200 take_profit -1000"],
    ),
    Row(
        "a position opened by this quote is not tested for its stop loss",
        given=lambda w: w.sell_stop(109_900, sl=109_950),
        when=lambda w: w.tick(109_890, 109_990),
        then=["filled #1 at 109890", "opened #1 sell 100 at 109890"],
    ),
    Row(
        "margin that a take profit sets free pays for the order that activates",
        deposit=120_000,
        given=steps(lambda w: w.buy(tp=110_100), lambda w: w.buy_stop(110_100)),
        when=lambda w: w.tick(110_100),
        then=[
            "closed #1 100 at 110100 take_profit +9000",
            "filled #2 at 110110",
            "opened #2 buy 100 at 110110",
        ],
    ),
    Row(
        "without the take profit the same order has no money",
        deposit=120_000,
        given=steps(lambda w: w.buy(), lambda w: w.buy_stop(110_100)),
        when=lambda w: w.tick(110_100),
        then=["removed #2 no_money"],
    ),
    Row(
        "a stop-out is looked at last, with what this quote has opened",
        deposit=112_000,
        given=lambda w: w.buy_stop(110_100),
        when=lambda w: w.tick(104_000, 110_100),
        then=[
            "filled #1 at 110100",
            "opened #1 buy 100 at 110100",
            "margin call 1 at -498000 of 110100",
            "stop out #1 at -498000 of 110100",
            "closed #1 100 at 104000 stop_out -610000",
        ],
    ),
    Row(
        "a stop loss that comes first spares the account the stop-out",
        deposit=112_000,
        given=lambda w: w.buy(sl=109_900),
        when=lambda w: w.tick(109_000),
        then=["closed #1 100 at 109000 stop_loss -101000"],
    ),
    Row(
        "stops come in ticket order, not in that of their prices",
        given=steps(
            lambda w: w.buy(10, sl=109_500),
            lambda w: w.buy(10, sl=109_900, login=OTHER),
            lambda w: w.buy(10, sl=109_700),
        ),
        when=lambda w: w.tick(109_000),
        then=[
            "closed #1 10 at 109000 stop_loss -10100",
            "closed #2 10 at 109000 stop_loss -10100",
            "closed #3 10 at 109000 stop_loss -10100",
        ],
    ),
    Row(
        "the rest of a partial close stands at its new ticket",
        given=steps(
            lambda w: w.buy(20, sl=109_500),
            lambda w: w.buy(10, sl=109_500),
            lambda w: w.close(1, 10),
        ),
        when=lambda w: w.tick(109_000),
        then=[
            "closed #2 10 at 109000 stop_loss -10100",
            "closed #3 10 at 109000 stop_loss -10100",
        ],
    ),
    Row(
        "orders activate in ticket order, and the first takes the money",
        deposit=120_000,
        given=steps(lambda w: w.buy_stop(110_200), lambda w: w.buy_stop(110_100)),
        when=lambda w: w.tick(110_300),
        then=["filled #1 at 110310", "opened #1 buy 100 at 110310", "removed #2 no_money"],
    ),
    Row(
        "accounts come to the stop-out in login order, not in that of their tickets",
        deposit=112_000,
        given=steps(lambda w: w.buy(login=OTHER), lambda w: w.buy(login=CLIENT)),
        when=lambda w: w.tick(109_000),
        then=[
            "margin call 1 at 11000 of 110010",
            "stop out #2 at 11000 of 110010",
            "closed #2 100 at 109000 stop_out -101000",
            "margin call 3 at 11000 of 110010",
            "stop out #1 at 11000 of 110010",
            "closed #1 100 at 109000 stop_out -101000",
        ],
    ),
    Row(
        "a quote of another instrument reaches nothing here",
        given=steps(lambda w: w.buy(sl=109_000), lambda w: w.buy_stop(110_100)),
        when=lambda w: w.tick(130_000, instrument=GBPUSD),
        then=[],
    ),
    Row(
        "the first quote of an instrument needs no quote before it",
        given=nothing,
        when=lambda w: w.tick(125_000, instrument=GBPUSD),
        then=[],
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_stages_come_in_the_order_of_seed_004(row: Row) -> None:
    assert told(outcome(row)) == row.then


def recording_hooks(calls: list[str]) -> Hooks:
    """All six hooks; each writes its name and ticket, and lets everything happen."""

    def filter_named(name: str) -> Any:
        def hook(login: int, instrument: int, ticket: int, *_: int) -> int:
            calls.append(f"{name} #{ticket}")
            return v.RET_OK

        return hook

    def apply_named(name: str) -> Any:
        def hook(login: int, instrument: int, ticket: int, *rest: int) -> tuple[int, int]:
            calls.append(f"{name} #{ticket}")
            return v.RET_OK, rest[-1]

        return hook

    return Hooks(
        pendings_filter=filter_named("pendings filter"),
        pendings_apply=apply_named("pendings apply"),
        stops_filter=filter_named("stops filter"),
        stops_apply=apply_named("stops apply"),
        stop_outs_filter=filter_named("stop-outs filter"),
        stop_outs_apply=apply_named("stop-outs apply"),
    )


def test_hooks_are_asked_in_the_order_of_the_stages() -> None:
    calls: list[str] = []
    world = World(recording_hooks(calls), deposit=260_000, free_margin_mode=v.FREE_MARGIN_NONE)
    world.buy_limit(109_000, 10)
    world.buy(tp=111_000, sl=109_100)
    world.buy(tp=112_000)
    world.tick(108_990, 109_000)
    one_engine = [
        "pendings filter #1",
        "stops filter #2",
        "stops apply #2",
        "pendings filter #1",
        "pendings apply #1",
        "stop-outs filter #3",
        "stop-outs apply #3",
    ]
    assert calls == one_engine + one_engine, "the engine, then the naive one"


def test_hooks_are_not_asked_where_the_price_is_not_reached() -> None:
    calls: list[str] = []
    world = World(recording_hooks(calls))
    world.buy_limit(109_000)
    world.buy(tp=111_000, sl=109_100)
    world.tick(110_500)
    assert calls == []
