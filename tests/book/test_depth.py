"""Market depth: as a question, and as one event for each level that a command changed."""

import msgspec
import pytest

from engine import records as r
from engine import vocabulary as v
from tests.rules import faults_of_books as books
from tests.rules.faults_of_books import GOLD, place
from tests.rules.told import told
from tests.rules.world import CLIENT, OTHER, World


@pytest.fixture
def world() -> World:
    """The book tells its depth; an offer of 10 at 20,100 rests."""
    world = World()
    books.book(world)
    world.instruments[GOLD] = msgspec.structs.replace(books.FUTURES, depth_events=True)
    world.send(world.instruments[GOLD])
    return world


def depth(events: list[r.Event]) -> list[str]:
    return told([event for event in events if isinstance(event, r.DepthChanged)])


def test_every_level_that_changed_is_told_once_bids_first_and_the_best_first(world: World) -> None:
    assert depth(place(world, OTHER, v.SELL, 4, 20_100)) == ["depth sell 20100: 14 in 2"]
    assert depth(place(world, OTHER, v.SELL, 6, 20_200)) == ["depth sell 20200: 6 in 1"]
    assert depth(place(world, CLIENT, v.BUY, 22, 20_150)) == [
        "depth buy 20150: 8 in 1",
        "depth sell 20100: 0 in 0",
    ]
    replaced = world.send(
        r.ReplaceOrder(login=CLIENT, order=4, volume_units=8, price_points=20_145)
    )
    assert depth(replaced) == ["depth buy 20150: 0 in 0", "depth buy 20145: 8 in 1"]
    smaller = world.send(r.ReplaceOrder(login=CLIENT, order=4, volume_units=2, price_points=20_145))
    assert depth(smaller) == ["depth buy 20145: 2 in 1"]
    assert depth(world.send(r.CancelAll(login=CLIENT))) == ["depth buy 20145: 0 in 0"]


def test_what_is_as_before_is_not_told(world: World) -> None:
    assert depth(world.cancel(99)) == []
    taken_at_once = place(world, CLIENT, v.BUY, 2, 20_000, time_in_force=v.IMMEDIATE_OR_CANCEL)
    assert depth(taken_at_once) == []


def test_depth_can_be_asked_for_level_by_level(world: World) -> None:
    place(world, OTHER, v.SELL, 6, 20_200)
    levels = world.engine.depth(GOLD, v.SELL)
    assert [(level.price_points, level.volume_units, level.orders) for level in levels] == [
        (20_100, 10, 1),
        (20_200, 6, 1),
    ]
    assert world.engine.depth(GOLD, v.SELL, levels=1) == levels[:1]
    assert world.engine.depth(GOLD, v.BUY) == []
    with pytest.raises(KeyError):
        world.engine.depth(1, v.BUY)


def test_what_is_known_of_an_order_stays_with_it_while_the_table_of_orders_grows() -> None:
    world = World()
    world.instruments[GOLD] = msgspec.structs.replace(books.FUTURES, position_limit_units=1_000)
    world.send(world.instruments[GOLD])
    world.deposit(10_000_000)
    forces = (v.GOOD_TILL_CANCELLED, v.DAY)
    for step in range(150):
        place(world, CLIENT, v.BUY, 2, 15_000 + 5 * (step % 7), time_in_force=forces[step % 2])
    orders = world.engine.book_orders(CLIENT)
    assert [order.order for order in orders] == list(range(1, 151))
    assert [order.time_in_force for order in orders] == 75 * list(forces)
    assert [order.expiry_ns > 0 for order in orders] == 75 * [False, True]
