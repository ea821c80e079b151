"""Halts, auctions and price bands on the book venue, as tables and scenarios.

RULES section 9. In an auction everybody's orders rest; it ends with all that can be filled
at one price.
"""

from typing import Any

import msgspec
import pytest

from engine import records as r
from engine import reject_codes as c
from engine import vocabulary as v
from tests.naive.book_world import (
    ANN,
    BOB,
    BTC,
    BUY,
    CAT,
    COIN,
    FOK,
    GOLD,
    IOC,
    METAL,
    SECOND,
    SELL,
    START_NS,
    BookWorld,
    fills,
    order,
    replacement,
    stop_order,
    told,
    triggered,
)

POST, REDUCE = v.POST_ONLY, v.REDUCE_ONLY
CONTINUOUS, HALTED, AUCTION, EXPIRED = range(4)
OWN = v.SELF_TRADE_ALLOW


def halted(world: BookWorld) -> None:
    world.phase(HALTED)


def auction(world: BookWorld) -> None:
    world.phase(AUCTION)


def over(world: BookWorld) -> None:
    """Past the last moment of trading; it is still to be settled."""
    world.change_gold(expires_ns=START_NS)


def expired(world: BookWorld) -> None:
    over(world)
    world.accepted(r.SettleInstrument(instrument=GOLD, price_points=100, settlement=1))


# ---------------------------------------------------------------- setting a phase


@pytest.mark.parametrize(
    ("instrument", "phase", "answer"),
    [
        (99, 9, (c.UNKNOWN_INSTRUMENT, 99)),
        (METAL, 9, (c.OTHER_VENUE, v.VENUE_QUOTED)),
        (GOLD, 3, (c.BAD_PHASE, 3)),
        (GOLD, -1, (c.BAD_PHASE, -1)),
    ],
)
def test_phase_is_one_of_three_of_a_book(
    instrument: int, phase: int, answer: tuple[int, int]
) -> None:
    assert BookWorld().refused(r.SetPhase(instrument=instrument, phase=phase)) == answer


@pytest.mark.parametrize("phase", [CONTINUOUS, HALTED, AUCTION])
def test_what_is_settled_for_good_has_no_other_phase(phase: int) -> None:
    world = BookWorld()
    expired(world)
    command = r.SetPhase(instrument=GOLD, phase=phase)
    assert world.refused(command) == (c.WRONG_PHASE, EXPIRED)
    world.change_gold(expires_ns=0)
    assert world.refused(command) == (c.WRONG_PHASE, EXPIRED)


def test_same_phase_again_is_told_and_changes_nothing() -> None:
    world = BookWorld()
    for phase in (CONTINUOUS, HALTED, HALTED, AUCTION):
        assert told(world.phase(phase)) == [v.PHASE_NAMES[phase]]
    world.buy(ANN, 1, 101)
    world.sell(BOB, 1, 100)
    assert told(world.phase(AUCTION)) == ["auction"], "it goes on"
    assert told(world.phase(HALTED))[0] == "halted, 1 at 100"


# ---------------------------------------------------------------- who may do what

LIMIT = order(ANN, BUY, 1, 100)
STOP = stop_order(ANN, BUY, 1, 200)
ALLOWED = [
    # command, whether it is taken in a halt, in an auction, when the contract is over
    (LIMIT, False, True, False),
    (order(ANN, BUY, 2, 100, shown_units=1), False, True, False),
    (order(ANN, BUY, 1, 100, force=v.DAY), False, True, False),
    (order(ANN, BUY, 1), False, False, False),
    (order(ANN, BUY, 1, 100, force=IOC), False, False, False),
    (order(ANN, BUY, 1, 100, force=FOK), False, False, False),
    (order(ANN, BUY, 1, 100, flags=POST), False, False, False),
    (order(ANN, SELL, 1, 200, flags=REDUCE), False, False, False),
    (STOP, False, True, False),
    (stop_order(ANN, SELL, 1, 50, flags=REDUCE), False, True, False),
    (replacement(ANN, 5, 1, 91), False, True, False),
    (r.CancelOrder(login=ANN, order=5), True, True, True),
    (r.CancelAll(login=ANN, instrument=GOLD), True, True, True),
]


@pytest.mark.parametrize("command", [row[0] for row in ALLOWED])
@pytest.mark.parametrize(
    ("state", "column", "detail"),
    [(halted, 1, HALTED), (auction, 2, AUCTION), (over, 3, EXPIRED)],
)
def test_phase_decides_what_is_taken(
    command: r.Command, state: Any, column: int, detail: int
) -> None:
    world = BookWorld()
    world.position(ANN, 2)
    assert world.buy(ANN, 3, 90)[0].order == 5
    state(world)
    row = next(row for row in ALLOWED if row[0] is command)
    if row[column]:
        world.accepted(command)
    else:
        assert world.refused(command) == (c.WRONG_PHASE, detail)


@pytest.mark.parametrize("state", [halted, auction, expired])
def test_contract_that_is_over_says_so_whatever_its_phase(state: Any) -> None:
    world = BookWorld()
    state(world)
    over(world)
    assert world.refused(LIMIT) == (c.WRONG_PHASE, EXPIRED)


def test_contract_is_over_from_its_last_moment_on() -> None:
    world = BookWorld(gold={"expires_ns": START_NS + 10 * SECOND})
    world.clock(9)
    world.accepted(LIMIT)
    world.clock(1)
    assert world.refused(LIMIT) == (c.WRONG_PHASE, EXPIRED)
    assert world.refused(replacement(ANN, 1, 2, 100)) == (c.WRONG_PHASE, EXPIRED)
    world.change_gold(expires_ns=0)
    world.accepted(LIMIT)


def test_halt_triggers_nothing_until_trading_goes_on() -> None:
    world = BookWorld(gold={"mark": v.MARK_TICK, "trigger": v.TRIGGER_MARK})
    world.tick(100)
    ticket = world.stop(ANN, BUY, 1, 105)
    halted(world)
    assert triggered(world.tick(110)) == []
    assert triggered(world.phase(AUCTION)) == []
    assert triggered(world.phase(CONTINUOUS)) == [ticket]


def test_future_marked_by_ticks_waits_for_its_first_quote() -> None:
    world = BookWorld(gold={"mark": v.MARK_TICK})
    assert world.refused(LIMIT) == (c.NO_QUOTE, 0)
    assert world.refused(STOP) == (c.NO_QUOTE, 0)
    halted(world)
    assert world.refused(LIMIT) == (c.WRONG_PHASE, HALTED), "which comes first"
    world.phase(CONTINUOUS)
    world.tick(100)
    world.accepted(LIMIT)


def test_spot_marked_by_ticks_needs_none() -> None:
    world = BookWorld(coin={"mark": v.MARK_TICK})
    world.buy(ANN, 1, 100, instrument=COIN)
    assert world.engine.depth(COIN, BUY)[0].price_points == 100, "it rests"


# ---------------------------------------------------------------- the price of an auction

PRICES = [
    # name, last price, buying (units, price), selling, price and volume of the auction
    ("nobody meets", 100, [(5, 99)], [(5, 100)], (0, 0)),
    ("only buyers", 100, [(5, 99)], [], (0, 0)),
    ("at one price", 90, [(5, 100)], [(3, 100)], (100, 3)),
    (
        "most volume",
        100,
        [(10, 105), (5, 102), (2, 99)],
        [(5, 100), (6, 103), (20, 106)],
        (103, 10),
    ),
    ("least surplus", 105, [(10, 105)], [(10, 100), (5, 104)], (100, 10)),
    ("least surplus, of buyers", 100, [(10, 105), (5, 101)], [(10, 100)], (105, 10)),
    ("more is wanted: the highest", 100, [(15, 105)], [(10, 100)], (105, 10)),
    ("more is offered: the lowest", 105, [(10, 105)], [(15, 100)], (100, 10)),
    ("balanced: nearest to the last price, above", 104, [(10, 105)], [(10, 100)], (105, 10)),
    ("balanced: nearest to the last price, below", 102, [(10, 105)], [(10, 100)], (100, 10)),
    ("balanced, equally near: the higher", 102, [(10, 104)], [(10, 100)], (104, 10)),
    ("balanced without a last price: the lowest", 0, [(10, 104)], [(10, 100)], (100, 10)),
    (
        "pressure to both sides: nearest to the last price",
        105,
        [(10, 105), (5, 100)],
        [(10, 100), (5, 105)],
        (105, 10),
    ),
    (
        "pressure to both sides, far below",
        50,
        [(10, 105), (5, 100)],
        [(10, 100), (5, 105)],
        (100, 10),
    ),
    (
        "only prices that somebody named",
        102,
        [(4, 110), (4, 101)],
        [(4, 95), (4, 104)],
        (101, 4),
    ),
]


@pytest.mark.parametrize(
    ("last", "buying", "selling", "result"), [row[1:] for row in PRICES], ids=[r[0] for r in PRICES]
)
def test_auction_ends_at_the_price_of_most_volume_least_surplus_and_pressure(
    last: int,
    buying: list[tuple[int, int]],
    selling: list[tuple[int, int]],
    result: tuple[int, int],
) -> None:
    world = BookWorld(dollars=100_000)
    if last:
        world.trade(last)
    auction(world)
    for units, price in buying:
        assert len(world.buy(ANN, units, price)) == 1, "nothing is matched"
    for units, price in selling:
        assert len(world.sell(BOB, units, price)) == 1
    changed, *filled = world.phase(CONTINUOUS)
    assert (changed.price_points, changed.volume_units) == result
    filled = [e for e in filled if isinstance(e, r.FuturesFilled)]
    assert sum(e.volume_units for e in filled if e.login == ANN) == result[1]
    assert {e.price_points for e in filled} <= {result[0]}
    book = world.both.naive.world.book_orders.values()
    bids, asks = ([o.price for o in book if o.side == side] for side in (BUY, SELL))
    assert not bids or not asks or max(bids) < min(asks), "nobody is left to meet"


def test_auction_fills_best_bid_and_best_ask_in_order_of_time_the_buyer_first() -> None:
    world = BookWorld()
    auction(world)
    world.buy(ANN, 2, 101)
    world.buy(BOB, 3, 105)
    world.sell(CAT, 1, 100)
    world.sell(BOB, 3, 99)
    world.buy(CAT, 1, 105)
    assert told(world.phase(CONTINUOUS)) == [
        "continuous, 4 at 105",
        "Bob #2 buy 3 at 105 auction",
        "Bob #4 sell 3 at 105 auction",
        "Cat #5 buy 1 at 105 auction",
        "Cat #3 sell 1 at 105 auction",
    ]
    assert world.engine.quote(GOLD) == (105, 105)


def test_both_sides_of_an_auction_pay_the_takers_fee() -> None:
    world = BookWorld(gold={"taker_fee_per_lot_minor": 3, "maker_fee_per_lot_minor": -1})
    auction(world)
    world.buy(ANN, 2, 100)
    world.sell(BOB, 2, 100)
    _, buyer, seller = world.phase(CONTINUOUS)
    assert (buyer.role, seller.role) == (v.ROLE_AUCTION, v.ROLE_AUCTION)
    assert (buyer.fee_minor, seller.fee_minor) == (6, 6)
    assert (buyer.counter_order, seller.counter_order) == (2, 1)


def test_spot_in_an_auction_releases_what_was_frozen_at_the_own_limit() -> None:
    world = BookWorld()
    world.phase(AUCTION, COIN)
    world.buy(ANN, 4, 110, instrument=COIN)
    world.sell(BOB, 3, 100, instrument=COIN)
    assert world.frozen(ANN) == 440
    _, buyer, seller = world.phase(HALTED, COIN)
    assert told([buyer, seller]) == [
        "Ann #1 buy 3 at 110 auction, 1 left",
        "Bob #2 sell 3 at 110 auction",
    ]
    assert (buyer.quote_frozen_minor, buyer.quote_minor) == (110, 670)
    assert world.held(BOB, BTC) == 97


def test_own_orders_fill_each_other_in_an_auction() -> None:
    world = BookWorld()
    auction(world)
    world.buy(ANN, 2, 100)
    world.sell(ANN, 2, 100, self_trade=v.SELF_TRADE_CANCEL_BOTH)
    assert told(world.phase(CONTINUOUS))[1:] == [
        "Ann #1 buy 2 at 100 auction",
        "Ann #2 sell 2 at 100 auction",
    ]


def test_hidden_volume_takes_part_in_an_auction_and_loses_its_place() -> None:
    world = BookWorld()
    auction(world)
    world.buy(ANN, 4, 100, shown_units=1)
    world.buy(BOB, 2, 100)
    world.sell(CAT, 5, 100)
    assert [line for line in fills(world.phase(CONTINUOUS)) if "Cat" not in line] == [
        "Ann #1 buy 1 at 100 auction, 3 left",
        "Bob #2 buy 2 at 100 auction",
        "Ann #1 buy 1 at 100 auction, 2 left",
        "Ann #1 buy 1 at 100 auction, 1 left",
    ]


def test_beginning_of_an_auction_takes_out_what_may_only_reduce_but_not_what_waits() -> None:
    world = BookWorld()
    world.position(ANN, 5)
    world.position(BOB, 5)
    world.sell(BOB, 1, 120, flags=REDUCE)
    world.sell(ANN, 1, 110, flags=REDUCE)
    world.stop(ANN, SELL, 1, 90, flags=REDUCE)
    world.sell(ANN, 1, 115)
    assert told(world.phase(AUCTION)) == [
        "auction",
        "removed #8 1 auction, frozen 0",
        "removed #9 1 auction, frozen 0",
    ]


def test_auction_that_fills_nothing_leaves_last_and_base_price() -> None:
    world = BookWorld(gold={"band_bp": 1_000})
    world.trade(100)
    auction(world)
    world.buy(ANN, 1, 90)
    assert told(world.phase(CONTINUOUS)) == ["continuous"]
    world.buy(ANN, 1, 200)
    assert triggered(world.accepted(stop_order(BOB, SELL, 1, 99))) == []


def test_price_of_an_auction_triggers_what_waits_once_it_trades() -> None:
    world = BookWorld()
    world.trade(100)
    ticket = world.stop(CAT, BUY, 1, 110)
    world.sell(BOB, 1, 120)
    auction(world)
    world.buy(ANN, 1, 112)
    world.sell(BOB, 1, 112)
    assert triggered(world.phase(HALTED)) == [], "filled, but halted"
    assert triggered(world.phase(CONTINUOUS)) == [ticket]


def test_crossed_book_gives_no_quote() -> None:
    world = BookWorld()
    world.buy(ANN, 1, 90)
    world.sell(BOB, 1, 110)
    auction(world)
    world.buy(ANN, 1, 120)
    assert world.engine.quote(GOLD) == (90, 110)
    assert told(world.phase(CONTINUOUS))[0] == "continuous, 1 at 110"
    assert world.engine.quote(GOLD) == (110, 110)


def test_replaced_order_rests_in_an_auction_even_where_it_crosses() -> None:
    world = BookWorld()
    ticket = world.buy(ANN, 1, 90, flags=POST)[0].order
    world.sell(BOB, 1, 110)
    auction(world)
    assert len(world.replace(ANN, ticket, 2, 115)) == 1
    assert told(world.phase(CONTINUOUS))[0] == "continuous, 1 at 115"
    assert world.refused(replacement(BOB, 2, 1, 100)) == (c.UNKNOWN_ORDER, 2)


# ---------------------------------------------------------------- the band


def banded(base: int, band_bp: int = 1_000, **gold: Any) -> BookWorld:
    """The base price comes from a daily settlement."""
    world = BookWorld(gold={"band_bp": band_bp, **gold})
    world.accepted(r.SettleInstrument(instrument=GOLD, price_points=base))
    return world


EDGES = [
    # base price, band, lowest and highest limit price
    (100, 1_000, 90, 110),
    (105, 1_000, 95, 115),
    (109, 1_000, 99, 119),
    (100, 1, 100, 100),
    (100, 10_000, 1, 200),
]


@pytest.mark.parametrize(("base", "band_bp", "lowest", "highest"), EDGES)
@pytest.mark.parametrize("side", [BUY, SELL])
def test_limit_price_lies_within_the_band(
    side: int, base: int, band_bp: int, lowest: int, highest: int
) -> None:
    world = banded(base, band_bp)
    for price, wrong in ((lowest, lowest - 1), (highest, highest + 1)):
        placed = world.accepted(order(ANN, side, 1, price))[0]
        if not wrong:
            continue
        outside = (c.PRICE_OUTSIDE_BAND, wrong)
        assert world.refused(order(ANN, side, 1, wrong)) == outside
        assert world.refused(replacement(ANN, placed.order, 1, wrong)) == outside
        world.cancel(ANN, placed.order)


def test_without_base_price_or_band_every_price_is_good() -> None:
    without_base = BookWorld(gold={"band_bp": 1_000})
    without_base.trade(100)
    for world in (without_base, banded(100, 0)):
        world.buy(ANN, 1, 1)
        world.sell(BOB, 1, 1_000)
        assert world.engine.quote(GOLD) == (1, 1_000)


def test_price_of_an_auction_is_the_base_of_the_next_band_until_a_settlement() -> None:
    world = banded(100)
    auction(world)
    world.buy(ANN, 1, 200)
    world.sell(BOB, 1, 200)
    world.phase(CONTINUOUS)
    assert world.refused(order(ANN, BUY, 1, 110)) == (c.PRICE_OUTSIDE_BAND, 110)
    world.buy(ANN, 1, 220)
    world.accepted(r.SettleInstrument(instrument=GOLD, price_points=100))
    assert world.refused(order(ANN, BUY, 1, 180)) == (c.PRICE_OUTSIDE_BAND, 180)


def test_no_order_takes_beyond_the_band_and_what_rests_there_stays() -> None:
    world = BookWorld(gold={"band_bp": 1_000})
    for price in (105, 111):
        world.sell(ANN, 2, price)
    for price in (95, 89):
        world.buy(BOB, 2, price)
    world.accepted(r.SettleInstrument(instrument=GOLD, price_points=100))
    assert told(world.buy(CAT, 5))[1:] == [
        "Ann #1 sell 2 at 105 maker",
        "Cat #5 buy 2 at 105 taker, 3 left",
        "removed #5 3 remainder, frozen 0",
    ]
    assert fills(world.sell(CAT, 5))[0] == "Bob #3 buy 2 at 95 maker"
    assert told(world.buy(CAT, 1)) == ["placed #10, frozen 10", "removed #10 1 remainder, frozen 0"]
    assert world.refused(order(CAT, BUY, 1, force=FOK)) == (c.NOT_FILLABLE, 0)
    world.change_gold(band_bp=0)
    assert fills(world.buy(CAT, 1))[0] == "Ann #2 sell 1 at 111 maker, 1 left"


def test_spot_freezes_no_more_than_the_band_lets_a_market_order_take() -> None:
    """Only an auction gives spot a base price."""
    world = BookWorld(coin={"band_bp": 1_000})
    world.phase(AUCTION, COIN)
    world.buy(ANN, 1, 100, instrument=COIN)
    world.sell(BOB, 1, 100, instrument=COIN)
    world.sell(BOB, 2, 110, instrument=COIN)
    world.sell(BOB, 2, 111, instrument=COIN)
    world.phase(CONTINUOUS, COIN)
    assert world.buy(CAT, 9, instrument=COIN)[0].frozen_minor == 220


def test_stop_limit_is_held_to_the_band_when_it_is_placed_and_when_it_is_triggered() -> None:
    world = banded(100)
    command = stop_order(ANN, BUY, 1, 105, price=111)
    assert world.refused(command) == (c.PRICE_OUTSIDE_BAND, 111)
    world.stop(ANN, BUY, 1, 105, price=110)
    world.stop(ANN, BUY, 1, 105)
    world.accepted(r.SettleInstrument(instrument=GOLD, price_points=99))
    assert told(world.trade(105))[-5:] == [
        "rejected price_outside_band 110",
        "removed #1 1 refused, frozen 0",
        "pending #2 of 1 triggered at 105",
        "placed #2, frozen 10",
        "removed #2 1 remainder, frozen 0",
    ]


def test_stop_of_a_position_finds_nobody_beyond_the_band() -> None:
    world = BookWorld(gold={"band_bp": 1_000})
    world.position(ANN, 2)
    world.stops(ANN, loss=95)
    world.buy(BOB, 2, 89)
    world.accepted(r.SettleInstrument(instrument=GOLD, price_points=100))
    assert told(world.trade(95))[-1] == "refused Ann no_liquidity"
    wider = world.accepted(r.SettleInstrument(instrument=GOLD, price_points=97))
    assert fills(wider) == ["Bob #5 buy 2 at 89 maker", "Ann #8 sell 2 at 89 taker"]


def test_other_price_band_of_the_contract_forgets_quote_last_and_base_price() -> None:
    world = banded(100)
    world.trade(105)
    world.change_gold(price_max_points=999)
    world.buy(ANN, 1, 500)
    world.sell(ANN, 1, 900)
    assert world.engine.quote(GOLD) == (500, 900)
    world.accepted(stop_order(ANN, SELL, 1, 999))


def test_auction_knows_no_band() -> None:
    world = banded(100)
    auction(world)
    ticket = world.buy(ANN, 1, 500)[0].order
    world.replace(ANN, ticket, 1, 600)
    assert msgspec.structs.asdict(world.phase(CONTINUOUS)[0])["phase"] == CONTINUOUS
    assert world.refused(replacement(ANN, ticket, 1, 600)) == (c.PRICE_OUTSIDE_BAND, 600)
    assert world.figures(ANN).orders == 1, "it stays where it is"


def test_contract_that_leaves_the_book_venue_forgets_phase_last_and_base_price() -> None:
    world = banded(100)
    world.trade(105)
    expired(world)
    quoted = {"venue": v.VENUE_QUOTED, "volume_digits": 2, "maintenance_margin_minor": 0}
    on_book = world.gold
    world.change_gold(band_bp=0, expires_ns=0, **quoted)
    world.accepted(msgspec.structs.replace(on_book, expires_ns=0))
    ticket = world.buy(ANN, 1, 500)[0].order
    waiting = world.accepted(stop_order(ANN, SELL, 1, 999))[0].order
    found = [order.order for order in world.engine.book_orders(ANN)]
    assert found == [ticket, waiting], "far from the old base, and beyond the old last price"
