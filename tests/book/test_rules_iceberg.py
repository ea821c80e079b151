"""Orders that show a part of what they have, as tables and scenarios (RULES section 9)."""

import pytest

from engine import records as r
from engine import reject_codes as c
from engine import vocabulary as v
from tests.naive.book_world import (
    ANN,
    BOB,
    BUY,
    CAT,
    COIN,
    FOK,
    GOLD,
    IOC,
    SELL,
    BookWorld,
    fills,
    order,
    replacement,
    told,
)

OLDEST, NEWEST = v.SELF_TRADE_CANCEL_OLDEST, v.SELF_TRADE_CANCEL_NEWEST
DEPTH = {"depth_events": True}


def depth(events: list[r.Event]) -> list[tuple[int, int, int]]:
    """Price, volume and orders of the levels that changed."""
    found = [e for e in events if isinstance(e, r.DepthChanged)]
    return [(e.price_points, e.volume_units, e.orders) for e in found]


# ---------------------------------------------------------------- what may hide

REFUSED = [
    (order(ANN, BUY, 10, 100, shown_units=-1), c.BAD_FLAGS, -1),
    (order(ANN, BUY, 10, 100, shown_units=2, force=IOC), c.BAD_FLAGS, 2),
    (order(ANN, BUY, 10, 100, shown_units=2, force=FOK), c.BAD_FLAGS, 2),
    (order(ANN, BUY, 10, shown_units=2), c.BAD_FLAGS, 2),
    (order(ANN, BUY, 10, 100, shown_units=2, self_trade=4), c.BAD_FLAGS, 4),
    (order(ANN, BUY, 10, 100, shown_units=2, force=IOC, expiry=1), c.BAD_FLAGS, 2),
    (order(ANN, BUY, 10, 100, shown_units=3), c.VOLUME_OFF_STEP, 3),
    (order(ANN, BUY, 9, 100, shown_units=3), c.VOLUME_OFF_STEP, 9),
    (order(ANN, BUY, 202, 100, shown_units=2), c.VOLUME_BELOW_MINIMUM, 2),
]


@pytest.mark.parametrize(("command", "code", "detail"), REFUSED)
def test_only_limit_orders_that_rest_hide_and_only_by_the_step(
    command: r.Command, code: int, detail: int
) -> None:
    lots = {"lot_min_units": 2, "lot_step_units": 2, "lot_max_units": 300}
    world = BookWorld(gold={**lots, "position_limit_units": 300})
    assert world.refused(command) == (code, detail)


@pytest.mark.parametrize("shown", [2, 10, 300])
def test_any_part_may_be_shown_from_a_hundredth_on(shown: int) -> None:
    lots = {"lot_min_units": 2, "lot_step_units": 2, "lot_max_units": 300}
    world = BookWorld(gold={**lots, "position_limit_units": 300}, dollars=10_000)
    [placed] = world.buy(ANN, 200, 100, shown_units=shown)
    assert (placed.shown_units, placed.volume_units, placed.frozen_minor) == (shown, 200, 2_000)


def test_post_only_and_reduce_only_orders_may_hide() -> None:
    world = BookWorld()
    world.position(ANN, 5)
    world.sell(ANN, 5, 110, shown_units=1, flags=v.POST_ONLY + v.REDUCE_ONLY)
    assert world.refused(order(ANN, SELL, 6, 110, shown_units=1, flags=v.REDUCE_ONLY)) == (
        c.VOLUME_ABOVE_POSITION,
        6,
    )


# ---------------------------------------------------------------- how it fills


def test_what_is_used_up_comes_again_behind_the_others_of_its_price() -> None:
    world = BookWorld()
    world.sell(ANN, 5, 100, shown_units=2)
    world.sell(BOB, 3, 100)
    assert [line for line in fills(world.buy(CAT, 7)) if "Cat" not in line] == [
        "Ann #1 sell 2 at 100 maker, 3 left",
        "Bob #2 sell 3 at 100 maker",
        "Ann #1 sell 2 at 100 maker, 1 left",
    ]


def test_what_is_left_of_the_shown_part_keeps_its_place() -> None:
    world = BookWorld()
    world.sell(ANN, 5, 100, shown_units=3)
    world.sell(BOB, 1, 100)
    assert fills(world.buy(CAT, 2))[0] == "Ann #1 sell 2 at 100 maker, 3 left"
    assert [line for line in fills(world.buy(CAT, 3)) if "Cat" not in line] == [
        "Ann #1 sell 1 at 100 maker, 2 left",
        "Bob #2 sell 1 at 100 maker",
        "Ann #1 sell 1 at 100 maker, 1 left",
    ]


def test_it_takes_with_all_it_has_and_hides_only_at_rest() -> None:
    world = BookWorld(gold=DEPTH)
    world.sell(ANN, 4, 100)
    events = world.buy(BOB, 9, 100, shown_units=2)
    assert fills(events)[-1] == "Bob #2 buy 4 at 100 taker, 5 left"
    assert depth(events) == [(100, 2, 1), (100, 0, 0)]


def test_better_price_goes_before_what_is_hidden_at_a_worse_one() -> None:
    world = BookWorld()
    world.sell(ANN, 5, 100, shown_units=1)
    world.sell(BOB, 1, 99)
    assert fills(world.buy(CAT, 2))[::2] == [
        "Bob #2 sell 1 at 99 maker",
        "Ann #1 sell 1 at 100 maker, 4 left",
    ]


# ---------------------------------------------------------------- what is told and counted


def test_depth_tells_only_what_is_shown() -> None:
    world = BookWorld(gold=DEPTH)
    assert depth(world.sell(ANN, 10, 100, shown_units=3)) == [(100, 3, 1)]
    assert depth(world.sell(BOB, 1, 100)) == [(100, 4, 2)]
    assert depth(world.buy(CAT, 2)) == [(100, 2, 2)]
    assert depth(world.buy(CAT, 1)) == [(100, 4, 2)], "the next 3, behind Bob"
    assert depth(world.buy(CAT, 7)) == [(100, 1, 1)]


def test_fill_that_is_made_up_for_at_once_is_no_change_of_depth() -> None:
    world = BookWorld(gold=DEPTH)
    world.sell(ANN, 6, 100, shown_units=2)
    assert depth(world.buy(CAT, 2)) == []
    assert depth(world.buy(CAT, 2)) == []
    assert depth(world.buy(CAT, 2)) == [(100, 0, 0)]


def test_whole_volume_is_frozen_limited_and_fillable() -> None:
    world = BookWorld(gold={"position_limit_units": 100})
    world.sell(ANN, 60, 100, shown_units=1)
    assert world.frozen(ANN) == 600
    assert world.refused(order(ANN, SELL, 41, 110)) == (c.VOLUME_LIMIT, 101)
    assert world.refused(order(BOB, BUY, 61, 100, force=FOK)) == (c.NOT_FILLABLE, 60)
    assert len(fills(world.buy(BOB, 60, 100, force=FOK))) == 120
    assert world.frozen(ANN) == 0


def test_spot_order_at_market_freezes_what_is_hidden_too() -> None:
    world = BookWorld()
    world.sell(ANN, 5, 100, shown_units=1, instrument=COIN)
    world.sell(BOB, 5, 101, instrument=COIN)
    assert world.buy(CAT, 6, instrument=COIN)[0].frozen_minor == 601


FILLABLE = [
    # how own orders are met, what fill_or_kill may have at most
    (NEWEST, 3),
    (v.SELF_TRADE_CANCEL_BOTH, 3),
    (OLDEST, 7),
    (v.SELF_TRADE_ALLOW, 9),
]


@pytest.mark.parametrize(("mode", "most"), FILLABLE)
def test_own_order_ends_what_can_be_filled_before_what_others_hide_behind_it(
    mode: int, most: int
) -> None:
    """Bob shows 3 of 7, Cat's own 2 come next; the rest of Bob's comes after these."""
    world = BookWorld()
    world.sell(BOB, 7, 100, shown_units=3)
    world.sell(CAT, 2, 100)
    too_much = order(CAT, BUY, most + 1, 100, force=FOK, self_trade=mode)
    assert world.refused(too_much) == (c.NOT_FILLABLE, most)
    events = world.buy(CAT, most, 100, force=FOK, self_trade=mode)
    filled = [e for e in events if isinstance(e, r.FuturesFilled) and e.role == v.ROLE_TAKER]
    assert sum(e.volume_units for e in filled) == most


# ---------------------------------------------------------------- replacing

REPLACED = [
    # volume and price, what is shown then, whether it keeps its place
    (6, 100, 3, True),
    (3, 100, 3, True),
    (2, 100, 2, True),
    (1, 100, 1, True),
    (7, 100, 4, False),
    (9, 100, 4, False),
    (3, 101, 3, False),
]


@pytest.mark.parametrize(("units", "price", "shown", "keeps"), REPLACED)
def test_replacing_takes_from_what_is_hidden_first_or_enters_anew(
    units: int, price: int, shown: int, keeps: bool
) -> None:
    """8 of which 4 are shown, and 1 of these is filled; Bob is behind."""
    world = BookWorld(gold=DEPTH)
    world.sell(ANN, 8, 100, shown_units=4)
    world.sell(BOB, 1, 100)
    world.buy(CAT, 1)
    events = world.replace(ANN, 1, units, price)
    world.buy(CAT, 50, 99)
    [ours] = [o for o in world.both.naive.world.book_orders.values() if o.login == ANN]
    assert (ours.left, ours.shown) == (units, shown)
    told_at = {p: (volume, orders) for p, volume, orders in depth(events)}
    if price == 101:
        assert told_at == {100: (1, 1), 101: (3, 1)}
    elif shown == 3:
        assert told_at == {}, "nobody sees that"
    else:
        assert told_at == {100: (shown + 1, 2)}
    first = fills(world.buy(CAT, 1))[0]
    assert first.startswith("Ann" if keeps else "Bob")


def test_replaced_iceberg_is_held_to_step_and_number_of_parts() -> None:
    world = BookWorld(gold={"lot_max_units": 1_000, "position_limit_units": 1_000}, dollars=50_000)
    world.buy(ANN, 100, 90, shown_units=1)
    assert world.refused(replacement(ANN, 1, 101, 90)) == (c.VOLUME_BELOW_MINIMUM, 1)
    assert told(world.replace(ANN, 1, 99, 91)) == ["replaced #1 99 at 91, frozen 990"]
    world.change_gold(lot_step_units=3, lot_min_units=3, lot_max_units=999)
    assert world.refused(replacement(ANN, 1, 90, 91)) == (c.VOLUME_OFF_STEP, 1)


# ---------------------------------------------------------------- with reduce-only


def test_reduce_only_counts_what_is_hidden() -> None:
    world = BookWorld()
    world.position(ANN, 5)
    world.sell(ANN, 4, 110, shown_units=1, flags=v.REDUCE_ONLY)
    assert told(world.sell(ANN, 2, 120, flags=v.REDUCE_ONLY)) == [
        "placed #6, frozen 0",
        "removed #6 2 reduce_only, frozen 0",
    ]
    world.buy(BOB, 2, 100)
    assert told(world.sell(ANN, 2, 100))[-1] == "removed #5 4 reduce_only, frozen 0"
    assert world.engine.quote(GOLD) == (100, 100)
