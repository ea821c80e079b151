"""The six hooks, the three execution modes, and dealers online or not, as tables
(seed 004; RULES section 4).

A filter that returns RET_OK acts whatever the execution mode; anything else leaves the
decision to the mode. An apply hook may refuse, or change the price.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from engine import Engine, Hooks, bounds
from engine import records as r
from engine import vocabulary as v
from engine.hooks import BrokenHook
from tests.rules.told import told
from tests.rules.world import CLIENT, EURUSD, World

MANUAL, AUTO, MIXED = (
    v.EXECUTION_MANUAL,
    v.EXECUTION_AUTO,
    v.EXECUTION_AUTO_IF_NO_DEALER,
)

# Execution mode, a dealer online, the filter says RET_OK: does the engine act?
ACTS = [
    (MANUAL, False, False, False),
    (MANUAL, False, True, True),
    (MANUAL, True, False, False),
    (MANUAL, True, True, True),
    (AUTO, False, False, True),
    (AUTO, False, True, True),
    (AUTO, True, False, True),
    (AUTO, True, True, True),
    (MIXED, False, False, True),
    (MIXED, False, True, True),
    (MIXED, True, False, False),
    (MIXED, True, True, True),
]
NOT_OK = [None, v.RET_OK_NONE, 2, -1, 133]
"""No hook at all, and every code but RET_OK."""


@dataclass(frozen=True)
class Stage:
    """One trigger: how it is set up, what reaches it, what is told."""

    name: str
    given: Callable[[World], Any]
    when: Callable[[World], Any]
    filter_hook: str
    apply_hook: str
    acted: list[str]
    """Told when the engine acts; {price} stands for the price."""
    price: int
    refused: str
    deposit: int = 1_000_000
    before: tuple[str, ...] = ()


STAGES = [
    Stage(
        "pending",
        lambda w: w.buy_stop(110_100),
        lambda w: w.tick(110_090, 110_100),
        "pendings_filter",
        "pendings_apply",
        ["filled #1 at {price}", "opened #1 buy 100 at {price}"],
        110_100,
        "refused #1 pending",
    ),
    Stage(
        "take_profit",
        lambda w: w.buy(tp=110_110),
        lambda w: w.tick(110_110),
        "stops_filter",
        "stops_apply",
        ["closed #1 100 at {price} take_profit {profit}"],
        110_110,
        "refused #1 take_profit",
    ),
    Stage(
        "stop_loss",
        lambda w: w.sell(sl=110_100),
        lambda w: w.tick(110_090, 110_100),
        "stops_filter",
        "stops_apply",
        ["closed #1 100 at {price} stop_loss {profit}"],
        110_100,
        "refused #1 stop_loss",
    ),
    Stage(
        "stop_out",
        lambda w: w.buy(),
        lambda w: w.tick(109_000),
        "stop_outs_filter",
        "stop_outs_apply",
        ["stop out #1 at 11000 of 110010", "closed #1 100 at {price} stop_out {profit}"],
        109_000,
        "refused #1 stop_out",
        deposit=112_000,
        before=("margin call 1 at 11000 of 110010",),
    ),
]


def profit_at(stage: Stage, price: int) -> int:
    """One lot: 100 minor units a point."""
    points = 110_000 - price if stage.name == "stop_loss" else price - 110_010
    return 100 * points


def expected(stage: Stage, price: int) -> list[str]:
    filled = [
        line.format(price=price, profit=f"{profit_at(stage, price):+}") for line in stage.acted
    ]
    return [*stage.before, *filled]


def prepared(stage: Stage, mode: int, online: bool, hooks: Hooks | None) -> World:
    """The trigger is set while the group is automatic; then mode and dealer change."""
    world = World(hooks, stage.deposit)
    stage.given(world)
    world.group(execution_mode=mode)
    if online:
        world.dealer()
    return world


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
@pytest.mark.parametrize(("mode", "online", "filter_is_ok", "acts"), ACTS)
def test_filter_execution_mode_and_dealers_decide_who_acts(
    stage: Stage, mode: int, online: bool, filter_is_ok: bool, acts: bool
) -> None:
    for code in [v.RET_OK] if filter_is_ok else NOT_OK:
        hook = None if code is None else (lambda *_, code=code: code)
        world = prepared(stage, mode, online, Hooks(**{stage.filter_hook: hook}))
        if acts:
            assert told(stage.when(world)) == expected(stage, stage.price), f"code {code}"
        else:
            refusal = [*stage.before, f"{stage.refused} left_to_dealer"]
            assert told(stage.when(world)) == refusal, f"code {code}"
            assert told(stage.when(world)) == [], "the refusal is told once"


def test_the_pendings_filter_is_asked_when_detecting_and_again_when_activating() -> None:
    # Manual execution without RET_OK ends at the first question.
    for mode, questions in ((MANUAL, 1), (AUTO, 2), (MIXED, 2)):
        asked: list[int] = []

        def hook(*arguments: int, asked: list[int] = asked) -> int:
            asked.append(arguments[2])
            return v.RET_OK_NONE

        world = prepared(STAGES[0], mode, True, Hooks(pendings_filter=hook))
        STAGES[0].when(world)
        assert asked == [1] * questions * 2, "the engine and the naive one"


# What the apply hook answers, given the price offered; then: does the engine act, at which
# distance from that price?
APPLY_ANSWERS = [
    ("as offered", lambda price: (v.RET_OK, price), 0),
    ("one point better", lambda price: (v.RET_OK, price + 1), 1),
    ("twenty points worse", lambda price: (v.RET_OK, price - 20), -20),
    ("RET_OK_NONE refuses", lambda price: (v.RET_OK_NONE, price), None),
    ("any other code refuses", lambda price: (7, price), None),
    ("a refusal's price is not looked at", lambda price: (-1, 0), None),
]


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
@pytest.mark.parametrize("answer", APPLY_ANSWERS, ids=lambda row: row[0].replace(" ", "_"))
def test_apply_hooks_may_refuse_or_change_the_price(stage: Stage, answer: tuple) -> None:
    _, reply, shift = answer
    hook = Hooks(**{stage.apply_hook: lambda *a: reply(a[-1])})
    world = prepared(stage, AUTO, False, hook)
    events = told(stage.when(world))
    if shift is None:
        assert events == [*stage.before, f"{stage.refused} hook"]
        assert told(stage.when(world)) == [], "the refusal is told once"
    else:
        assert events == expected(stage, stage.price + shift)


def test_a_changed_price_of_a_pending_order_changes_rate_margin_and_profit() -> None:
    world = World(Hooks(pendings_apply=lambda *a: (v.RET_OK, 111_000)))
    world.buy_stop(110_100)
    events = world.tick(110_090, 110_100)
    opened = next(e for e in events if type(e).__name__ == "PositionOpened")
    assert opened.margin_rate_e8 == 111_000_000, "1.11000 USD for 1 EUR"
    figures = world.figures()
    assert figures.margin_minor == 111_000, "1 lot at 1.11000, leverage 100"
    assert figures.floating_minor == (110_090 - 111_000) * 100


def test_a_changed_price_of_a_stop_changes_the_profit_and_its_conversion() -> None:
    # 1 lot USDJPY bought at 150.010 and closed at 151.010: 100,000 JPY.
    hooks = Hooks(stops_apply=lambda *a: (v.RET_OK, 151_010))
    world = World(hooks)
    world.tick(150_000, instrument=3)
    world.buy(instrument=3, sl=149_000)
    closed = told(world.tick(149_000, instrument=3))
    assert closed == ["closed #1 100 at 151010 stop_loss +67114"], "100,000 JPY at 149.000"


# login, instrument, ticket, kind, side, volume, trigger price, price
ARGUMENTS = [
    ("pendings_filter", STAGES[0], (CLIENT, EURUSD, 1, v.STOP, v.BUY, 100, 110_100, 110_100)),
    ("pendings_apply", STAGES[0], (CLIENT, EURUSD, 1, v.STOP, v.BUY, 100, 110_100, 110_100)),
    (
        "stops_filter",
        STAGES[1],
        (CLIENT, EURUSD, 1, v.STAGE_TAKE_PROFIT, v.BUY, 100, 110_110, 110_110),
    ),
    (
        "stops_apply",
        STAGES[2],
        (CLIENT, EURUSD, 1, v.STAGE_STOP_LOSS, v.SELL, 100, 110_100, 110_100),
    ),
    (
        "stop_outs_filter",
        STAGES[3],
        (CLIENT, EURUSD, 1, v.STAGE_STOP_OUT, v.BUY, 100, 0, 109_000),
    ),
    (
        "stop_outs_apply",
        STAGES[3],
        (CLIENT, EURUSD, 1, v.STAGE_STOP_OUT, v.BUY, 100, 0, 109_000),
    ),
]


@pytest.mark.parametrize(("name", "stage", "arguments"), ARGUMENTS, ids=lambda x: str(x)[:16])
def test_hooks_get_eight_numbers(name: str, stage: Stage, arguments: tuple[int, ...]) -> None:
    asked: list[tuple[int, ...]] = []

    def hook(*given: int) -> Any:
        asked.append(given)
        return (v.RET_OK, given[-1]) if name.endswith("apply") else v.RET_OK

    world = prepared(stage, AUTO, False, Hooks(**{name: hook}))
    stage.when(world)
    assert asked[0] == arguments


@pytest.mark.parametrize("price", [0, -1, 2**31, bounds.MAX_PRICE_POINTS + 1])
def test_a_hook_that_answers_an_impossible_price_stops_the_engine(price: int) -> None:
    world = World(Hooks(pendings_apply=lambda *a: (v.RET_OK, price)))
    world.buy_stop(110_100)
    with pytest.raises(BrokenHook, match=f"ticket 1: a hook answered price {price}"):
        world.engine.send(r.Tick(instrument=EURUSD, feed=1, bid_points=110_090, ask_points=110_100))


def test_an_engine_without_hooks_and_one_with_empty_hooks_are_the_same() -> None:
    assert Engine().state_hash() == Engine(Hooks()).state_hash()
