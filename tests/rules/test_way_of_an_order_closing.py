"""Closing whole or in part: tickets, shares, prices (RULES section 6; SEMANTICS section 9)."""

import pytest

from engine import records as r
from engine import vocabulary as v
from tests.rules.told import told
from tests.rules.world import CLIENT, Row, World, name_of, outcome, steps

ROWS = [
    Row(
        "a position closes whole when no volume is given",
        given=steps(lambda w: w.buy(), lambda w: w.tick(110_110)),
        when=lambda w: w.close(1),
        then=["closed #1 100 at 110110 client +10000"],
    ),
    Row(
        "or all of it",
        given=steps(lambda w: w.buy(), lambda w: w.tick(110_110)),
        when=lambda w: w.close(1, 100),
        then=["closed #1 100 at 110110 client +10000"],
    ),
    Row(
        "a sell closes at the ask",
        given=steps(lambda w: w.sell(), lambda w: w.tick(109_890)),
        when=lambda w: w.close(1),
        then=["closed #1 100 at 109900 client +10000"],
    ),
    Row(
        "of a partial close the closed part keeps the ticket, the rest takes the next",
        given=steps(lambda w: w.buy(), lambda w: w.buy(10), lambda w: w.tick(110_110)),
        when=lambda w: w.close(1, 30),
        then=[
            "closed #1 30 at 110110 client +3000, rest #3",
            "changed #3 (was #1) buy 70 at 110010",
        ],
    ),
    Row(
        "the rest is closed under its new ticket",
        given=steps(lambda w: w.buy(), lambda w: w.close(1, 30), lambda w: w.tick(110_110)),
        when=lambda w: w.close(2),
        then=["closed #2 70 at 110110 client +7000"],
    ),
    Row(
        "the old ticket is no more",
        given=steps(lambda w: w.buy(), lambda w: w.close(1, 30)),
        when=lambda w: w.close(1),
        then=["rejected unknown_position"],
    ),
    Row(
        "the rest keeps its stop loss and take profit",
        given=steps(lambda w: w.buy(sl=109_000, tp=111_000), lambda w: w.close(1, 30)),
        when=lambda w: w.tick(108_900),
        then=["closed #2 70 at 108900 stop_loss -77700"],
    ),
    Row(
        "a volume below the minimum may be closed",
        given=steps(
            lambda w: w.terms(lot_min_units=50, lot_step_units=10),
            lambda w: w.buy(50),
            lambda w: w.tick(110_110),
        ),
        when=lambda w: w.close(1, 10),
        then=[
            "closed #1 10 at 110110 client +1000, rest #2",
            "changed #2 (was #1) buy 40 at 110010",
        ],
    ),
    Row(
        "a requested price that holds closes",
        given=lambda w: w.buy(),
        when=lambda w: w.close(1, price=110_005, deviation=5),
        then=["closed #1 100 at 110000 client -1000"],
    ),
    Row(
        "one that is off by more does not",
        given=lambda w: w.buy(),
        when=lambda w: w.close(1, price=110_006, deviation=5),
        then=["rejected requote"],
    ),
    Row(
        "close only lets everyone close",
        given=steps(lambda w: w.buy(), lambda w: w.terms(trade_mode=v.TRADE_CLOSE_ONLY)),
        when=lambda w: w.close(1),
        then=["closed #1 100 at 110000 client -1000"],
    ),
    Row(
        "FIFO: the oldest may be closed in part, and stays the oldest",
        group={"fifo": True},
        given=steps(lambda w: w.buy(), lambda w: w.buy(), lambda w: w.close(1, 30)),
        when=lambda w: w.close(3),
        then=["closed #3 70 at 110000 client -700"],
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_closing(row: Row) -> None:
    assert told(outcome(row)) == row.then


# Volume closed of one lot with a commission of 7.01: the part's share, what the rest keeps.
SPLITS = [(50, 351, 350), (33, 231, 470), (99, 694, 7), (1, 7, 694)]


@pytest.mark.parametrize(("units", "part", "rest"), SPLITS)
def test_commission_splits_by_volume_and_the_rest_keeps_the_remainder(
    units: int, part: int, rest: int
) -> None:
    world = World(commission_per_lot_minor=701)
    world.buy()
    events = world.close(1, units)
    closed = next(e for e in events if isinstance(e, r.PositionClosed))
    changed = next(e for e in events if isinstance(e, r.PositionChanged))
    assert (closed.commission_minor, changed.commission_minor) == (part, rest)


def test_the_rest_of_a_partial_close_keeps_price_and_time_of_opening() -> None:
    world = World()
    world.buy()
    opened = world.now
    world.wait(60)
    world.tick(110_500)
    world.close(1, 30)
    (rest,) = world.engine.positions(CLIENT)
    assert (rest.position, rest.open_price_points, rest.open_time_ns) == (2, 110_010, opened)


def test_profits_of_the_parts_add_up_to_that_of_the_whole() -> None:
    # USDJPY: each part converts and rounds for itself; the difference is at most half a cent each.
    world = World()
    world.tick(150_000, instrument=3)
    world.buy(99, instrument=3)
    world.tick(150_777, instrument=3)
    whole = world.engine.positions(CLIENT)[0].profit_minor
    ticket, parts = 1, 0
    for units in (33, 33, 33):
        parts += world.close(ticket, units)[0].profit_minor
        ticket += 1
    assert abs(parts - whole) <= 2
