"""Netting accounts have one position an instrument: adding, reducing, closing, reversing
(RULES section 6, step 5; SEMANTICS section 9).

Account 2 is the netting one. Quotes start at 110000/110010.
"""

import pytest

from engine import records as r
from engine import vocabulary as v
from tests.rules.told import told
from tests.rules.world import NETTER, Row, World, name_of, outcome, steps

FEE = {"commission_per_lot_minor": 700}


def buy(units: int = 100, **more: int):
    return lambda w: w.buy(units, login=NETTER, **more)


def sell(units: int = 100, **more: int):
    return lambda w: w.sell(units, login=NETTER, **more)


def quote(bid: int, ask: int = 0):
    return lambda w: w.tick(bid, ask)


ROWS = [
    Row(
        "the same side adds, at the average price",
        given=steps(buy(100), quote(110_030)),
        when=buy(50),
        then=[
            "placed #2 buy market 50",
            "filled #2 into #1 at 110040",
            "changed #1 buy 150 at 110020",
        ],
    ),
    Row(
        "the price shown is rounded half away from zero",
        given=steps(buy(1), quote(110_001)),
        when=buy(1),
        then=[
            "placed #2 buy market 1",
            "filled #2 into #1 at 110011",
            "changed #1 buy 2 at 110011",
        ],
    ),
    Row(
        "the profit is computed from the exact cost: 2 x 110010.5 closed at 110011",
        group={},
        given=steps(buy(100), quote(110_001), buy(100), quote(110_011)),
        when=sell(200),
        then=[
            "placed #3 sell market 200",
            "filled #3 into #1 at 110011",
            "closed #1 200 at 110011 netted +100",
        ],
    ),
    Row(
        "the opposite side reduces",
        given=steps(buy(100), quote(110_110)),
        when=sell(40),
        then=[
            "placed #2 sell market 40",
            "filled #2 into #1 at 110110",
            "closed #1 40 at 110110 netted +4000, rest #1",
            "changed #1 buy 60 at 110010",
        ],
    ),
    Row(
        "closes",
        given=steps(sell(100), quote(109_890)),
        when=buy(100),
        then=[
            "placed #2 buy market 100",
            "filled #2 into #1 at 109900",
            "closed #1 100 at 109900 netted +10000",
        ],
    ),
    Row(
        "or reverses, under the ticket of the order",
        given=steps(sell(100), quote(110_090)),
        when=buy(250),
        then=[
            "placed #2 buy market 250",
            "filled #2 at 110100",
            "closed #1 100 at 110100 netted -10000",
            "opened #2 buy 150 at 110100",
        ],
    ),
    Row(
        "closing the position by ticket is a close",
        given=steps(buy(100), quote(110_110)),
        when=lambda w: w.close(1, login=NETTER),
        then=["closed #1 100 at 110110 client +10000"],
    ),
    Row(
        "closing a part of it keeps the ticket",
        given=steps(buy(100), quote(110_110)),
        when=lambda w: w.close(1, 40, login=NETTER),
        then=["closed #1 40 at 110110 client +4000, rest #1", "changed #1 buy 60 at 110010"],
    ),
    Row(
        "a pending order nets when it activates",
        given=steps(buy(100), lambda w: w.sell_limit(110_100, 150, login=NETTER)),
        when=quote(110_100),
        then=[
            "filled #2 at 110100",
            "closed #1 100 at 110100 netted +9000",
            "opened #2 sell 50 at 110100",
        ],
    ),
    Row(
        "stop levels of an added order replace those of the position",
        given=steps(buy(100, sl=109_000, tp=112_000), buy(10, tp=113_000)),
        when=lambda w: [(p.stop_loss_points, p.take_profit_points) for p in w.engine.positions(2)],
        then=[(109_000, 113_000)],
    ),
    Row(
        "those of a reducing order do not",
        given=steps(buy(100, sl=109_000), sell(10, sl=111_000)),
        when=lambda w: [(p.stop_loss_points, p.take_profit_points) for p in w.engine.positions(2)],
        then=[(109_000, 0)],
    ),
    Row(
        "those of a reversing order are the new position's",
        given=steps(buy(100, sl=109_000), sell(110, tp=108_000)),
        when=lambda w: [(p.stop_loss_points, p.take_profit_points) for p in w.engine.positions(2)],
        then=[(0, 108_000)],
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_netting(row: Row) -> None:
    result = outcome(row)
    if result and isinstance(result[0], r.Record):
        result = told(result)
    assert result == row.then


# Orders one after the other, fee 7.00 a lot; then: what the position carries of the fees.
COMMISSIONS = [
    ("opened", [buy(50)], 350),
    ("added", [buy(50), buy(25)], 525),
    ("reduced by a third", [buy(150), sell(50)], 700),
    ("reduced by two thirds", [buy(15), sell(10)], 35),
    ("reversed: the share of the rest", [buy(100), sell(300)], 1_400),
]


@pytest.mark.parametrize("case", COMMISSIONS, ids=lambda case: case[0].replace(" ", "_"))
def test_the_position_carries_the_commission_of_what_it_opened(case: tuple) -> None:
    _, orders, expected = case
    world = World(**FEE)
    for order in orders:
        order(world)
    assert world.engine.positions(NETTER)[0].commission_minor == expected


def test_the_open_cost_of_a_reduced_position_keeps_the_remainder() -> None:
    # 2 at 110010 and 1 at 110020: cost 330,040. Of 1 the share is 110,013.33, rounded down.
    world = World()
    buy(2)(world)
    world.tick(110_010)
    buy(1)(world)
    changed = next(e for e in sell(1)(world) if isinstance(e, r.PositionChanged))
    assert (changed.open_cost, changed.volume_units) == (330_040 - 110_013, 2)
    assert changed.open_price_points == 110_014, "220,027 / 2 = 110,013.5"


def test_the_margin_rate_of_an_added_position_is_the_average_by_volume() -> None:
    world = World()
    buy(100)(world)
    world.tick(110_090)
    changed = next(e for e in buy(50)(world) if isinstance(e, r.PositionChanged))
    assert changed.margin_rate_e8 == (2 * 110_010_000 + 110_100_000) // 3
    assert world.figures(NETTER).margin_minor == 165_060, "1.5 lots at 1.10040 = 1,650.60"


def test_a_reversal_is_paid_with_the_margin_of_what_it_closes() -> None:
    # 11,200.00 carry 10 lots (11,001.00); ten lots the other way (11,000.00) still fit.
    world = World(deposit=1_120_000)
    buy(1_000)(world)
    assert told(sell(2_000)(world))[-1] == "opened #2 sell 1000 at 110000"


def test_a_position_opened_by_a_reversal_is_the_only_one() -> None:
    world = World()
    buy(100)(world)
    sell(150)(world)
    (position,) = world.engine.positions(NETTER)
    assert (position.position, position.side, position.volume_units) == (2, v.SELL, 50)
