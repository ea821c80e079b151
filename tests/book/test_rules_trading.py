"""Orders on the book venue as tables: priority, time in force, own orders, replacing.

RULES section 8. Numbers of orders are tickets; positions take tickets, too, one for each
account that opens one.
"""

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
    DAY,
    FOK,
    GOLD,
    GTC,
    GTD,
    IOC,
    NAMES,
    SECOND,
    SELL,
    START_NS,
    BookWorld,
    fills,
    order,
    replacement,
    told,
)

POST, REDUCE = v.POST_ONLY, v.REDUCE_ONLY

# ---------------------------------------------------------------- price, then time

PRIORITY = [
    # name, what rests (login, side, units, price), who comes, what is filled
    (
        "the best price first",
        [(ANN, SELL, 1, 102), (BOB, SELL, 1, 101), (BOB, SELL, 1, 103)],
        (CAT, BUY, 3, 102),
        ["Bob #2 sell 1 at 101 maker", "Ann #1 sell 1 at 102 maker"],
    ),
    (
        "within a price the oldest first",
        [(BOB, SELL, 1, 101), (ANN, SELL, 1, 101)],
        (CAT, BUY, 2, 101),
        ["Bob #1 sell 1 at 101 maker", "Ann #2 sell 1 at 101 maker"],
    ),
    (
        "what is left of the first waits for the next",
        [(BOB, BUY, 3, 101), (ANN, BUY, 1, 101)],
        (CAT, SELL, 2, 100),
        ["Bob #1 buy 2 at 101 maker, 1 left"],
    ),
    (
        "a buyer takes up to his limit",
        [(ANN, SELL, 1, 101), (BOB, SELL, 1, 102)],
        (CAT, BUY, 5, 101),
        ["Ann #1 sell 1 at 101 maker"],
    ),
    (
        "a market order takes what there is",
        [(ANN, SELL, 1, 101), (BOB, SELL, 1, 900)],
        (CAT, BUY, 5, 0),
        ["Ann #1 sell 1 at 101 maker", "Bob #2 sell 1 at 900 maker"],
    ),
    (
        "at the price of who was there first, to the advantage of who comes",
        [(ANN, BUY, 2, 105)],
        (CAT, SELL, 2, 95),
        ["Ann #1 buy 2 at 105 maker"],
    ),
]


@pytest.mark.parametrize(
    ("resting", "comes", "makers"), [row[1:] for row in PRIORITY], ids=[row[0] for row in PRIORITY]
)
def test_price_then_time_decides_who_is_filled(
    resting: list[tuple[int, int, int, int]], comes: tuple[int, int, int, int], makers: list[str]
) -> None:
    world = BookWorld(dollars=10_000)
    for one in resting:
        world.accepted(order(*one))
    lines = fills(world.accepted(order(*comes)))
    assert [line for line in lines if "maker" in line] == makers
    assert [line.split(" ")[0] for line in lines if "taker" in line] == [NAMES[CAT]] * len(makers)


def test_maker_is_told_first_and_each_side_names_the_other() -> None:
    world = BookWorld()
    world.sell(ANN, 2, 100)
    placed, maker, taker = world.buy(BOB, 2, 100)
    assert isinstance(placed, r.BookOrderPlaced)
    assert (maker.login, maker.role, maker.order, maker.counter_order) == (ANN, 0, 1, 2)
    assert (taker.login, taker.role, taker.order, taker.counter_order) == (BOB, 1, 2, 1)
    assert (maker.position, maker.position_units, maker.open_cost) == (3, -2, 200)
    assert (taker.position, taker.position_units, taker.open_cost) == (4, 2, 200)


# ---------------------------------------------------------------- how long an order works

FORCES = [
    # name, what the order is, what it leaves behind after meeting 2 offered at 100
    (
        "good till cancelled: the rest waits",
        order(BOB, BUY, 3, 100),
        ["placed #2, frozen 30", "Ann #1 sell 2 at 100 maker", "Bob #2 buy 2 at 100 taker, 1 left"],
    ),
    (
        "immediate or cancel: the rest ends",
        order(BOB, BUY, 3, 100, force=IOC),
        [
            "placed #2, frozen 30",
            "Ann #1 sell 2 at 100 maker",
            "Bob #2 buy 2 at 100 taker, 1 left",
            "removed #2 1 remainder, frozen 0",
        ],
    ),
    (
        "immediate or cancel that meets nothing ends whole",
        order(BOB, BUY, 3, 99, force=IOC),
        ["placed #2, frozen 30", "removed #2 3 remainder, frozen 0"],
    ),
    (
        "fill or kill: all of it at once",
        order(BOB, BUY, 2, 100, force=FOK),
        ["placed #2, frozen 20", "Ann #1 sell 2 at 100 maker", "Bob #2 buy 2 at 100 taker"],
    ),
    (
        "fill or kill that can't be filled whole is refused",
        order(BOB, BUY, 3, 100, force=FOK),
        ["rejected not_fillable 2"],
    ),
    (
        "post only that would take is refused",
        order(BOB, BUY, 3, 100, flags=POST),
        ["rejected would_take 100"],
    ),
    (
        "post only below the offers rests",
        order(BOB, BUY, 3, 99, flags=POST),
        ["placed #2, frozen 30"],
    ),
    (
        "a market order takes, and its rest ends",
        order(BOB, BUY, 3),
        [
            "placed #2, frozen 30",
            "Ann #1 sell 2 at 100 maker",
            "Bob #2 buy 2 at 100 taker, 1 left",
            "removed #2 1 remainder, frozen 0",
        ],
    ),
    (
        "reduce only needs a position",
        order(BOB, BUY, 1, 100, flags=REDUCE),
        ["rejected volume_above_position 1"],
    ),
]


@pytest.mark.parametrize(
    ("comes", "lines"), [row[1:] for row in FORCES], ids=[row[0] for row in FORCES]
)
def test_what_is_left_of_an_order_goes_by_its_time_in_force(
    comes: r.PlaceBookOrder, lines: list[str]
) -> None:
    world = BookWorld()
    world.sell(ANN, 2, 100)
    assert told(world.send(comes)) == lines


DAYS = [
    # sessions (minutes of the week), seconds from Monday 08:00 to the end of a day order
    ([], 16 * 3_600),
    ([(0, 10_080)], (7 * 24 - 8) * 3_600),
    ([(400, 481), (481, 600)], 60),
    ([(480, 600), (700, 800)], 2 * 3_600),
]


@pytest.mark.parametrize(("sessions", "seconds"), DAYS)
def test_day_order_ends_with_the_session_or_at_midnight(
    sessions: list[tuple[int, int]], seconds: int
) -> None:
    world = BookWorld(gold={"sessions": sessions})
    [placed] = world.buy(ANN, 1, 100, force=DAY)
    assert placed.expiry_ns == START_NS + seconds * SECOND
    assert world.clock(seconds - 1) == []
    assert told(world.clock(1)) == ["removed #1 1 expired, frozen 0"]


def test_order_good_till_a_date_ends_at_that_date_before_what_would_fill_it() -> None:
    world = BookWorld()
    end = START_NS + 60 * SECOND
    world.buy(ANN, 1, 100, force=GTD, expiry=end)
    world.buy(ANN, 1, 100)
    lines = told(world.accepted(order(BOB, SELL, 1, 100), end))
    assert lines[0] == "removed #1 1 expired, frozen 10"
    assert lines[2] == "Ann #2 buy 1 at 100 maker"


# ---------------------------------------------------------------- reduce only


def test_reduce_only_orders_are_trimmed_from_the_newest_when_the_position_shrinks() -> None:
    world = BookWorld()
    world.position(ANN, 5)
    for price in (110, 111, 112):
        world.sell(ANN, 1, price, flags=REDUCE)
    lines = told(world.sell(ANN, 3, 0, force=IOC))
    assert lines == ["placed #8, frozen 0", "removed #8 3 remainder, frozen 0"]
    world.buy(BOB, 3, 100)
    lines = told(world.sell(ANN, 3, 100))
    assert lines[-1] == "removed #7 1 reduce_only, frozen 0"
    world.buy(BOB, 2, 100)
    lines = told(world.sell(ANN, 2, 100))
    assert [line for line in lines if "reduce_only" in line] == [
        "removed #6 1 reduce_only, frozen 0",
        "removed #5 1 reduce_only, frozen 0",
    ]


def test_reduce_only_order_that_comes_to_rest_beside_others_is_trimmed_itself() -> None:
    world = BookWorld()
    world.position(ANN, 5)
    world.sell(ANN, 4, 110, flags=REDUCE)
    lines = told(world.sell(ANN, 2, 111, flags=REDUCE))
    assert lines == ["placed #6, frozen 0", "removed #6 2 reduce_only, frozen 0"]


def test_fill_or_kill_does_not_count_on_reduce_only_orders_that_may_be_trimmed() -> None:
    world = BookWorld()
    world.position(ANN, 3)
    world.sell(ANN, 2, 100)
    world.sell(ANN, 2, 101, flags=REDUCE)
    assert world.refused(order(BOB, BUY, 4, 101, force=FOK)) == (c.NOT_FILLABLE, 2)
    world.buy(BOB, 2, 101, force=FOK)


# ---------------------------------------------------------------- own orders

ALLOW, NEWEST = v.SELF_TRADE_ALLOW, v.SELF_TRADE_CANCEL_NEWEST
OLDEST, BOTH = v.SELF_TRADE_CANCEL_OLDEST, v.SELF_TRADE_CANCEL_BOTH
SELF_TRADES = [
    # mode, time in force, what happens when Ann buys 3 at 101 with, in the way, her own
    # offer #1 of 1 at 100 and Bob's #2 of 1 at 101
    (ALLOW, GTC, ["Ann #1 sell 1 at 100 maker", "Ann #3 buy 1 at 100 taker, 2 left"], True),
    (NEWEST, GTC, ["removed #3 3 self_trade, frozen 10"], False),
    (OLDEST, GTC, ["removed #1 1 self_trade, frozen 30"], True),
    (BOTH, GTC, ["removed #1 1 self_trade, frozen 30", "removed #3 3 self_trade, frozen 0"], False),
    (NEWEST, IOC, ["removed #3 3 self_trade, frozen 10"], False),
]


@pytest.mark.parametrize(("mode", "force", "lines", "goes_on"), SELF_TRADES)
def test_order_that_meets_one_of_its_own_account_goes_by_its_mode(
    mode: int, force: int, lines: list[str], goes_on: bool
) -> None:
    world = BookWorld()
    world.sell(ANN, 1, 100)
    world.sell(BOB, 1, 101)
    events = told(world.buy(ANN, 3, 101, self_trade=mode, force=force))
    assert events[1 : 1 + len(lines)] == lines
    assert any("Bob #2 sell 1 at 101 maker" in line for line in events) is goes_on


WOULD_TAKE = [
    # mode, units, detail of the refusal of a fill-or-kill buy at 101 (None: accepted)
    (ALLOW, 2, None),
    (ALLOW, 3, 2),
    (NEWEST, 1, 0),
    (OLDEST, 1, None),
    (OLDEST, 2, 1),
    (BOTH, 1, 0),
]


@pytest.mark.parametrize(("mode", "units", "detail"), WOULD_TAKE)
def test_fill_or_kill_counts_own_orders_in_the_way_by_its_mode(
    mode: int, units: int, detail: int | None
) -> None:
    world = BookWorld()
    world.sell(ANN, 1, 100)
    world.sell(BOB, 1, 101)
    command = order(ANN, BUY, units, 101, force=FOK, self_trade=mode)
    if detail is None:
        world.accepted(command)
    else:
        assert world.refused(command) == (c.NOT_FILLABLE, detail)


@pytest.mark.parametrize("mode", [ALLOW, NEWEST, OLDEST, BOTH])
def test_post_only_order_that_meets_its_own_account_is_refused_in_every_mode(mode: int) -> None:
    world = BookWorld()
    world.sell(ANN, 1, 100)
    command = order(ANN, BUY, 1, 100, flags=POST, self_trade=mode)
    assert world.refused(command) == (c.WOULD_TAKE, 100)


# ---------------------------------------------------------------- replacing

REPLACES = [
    # name, new units and price of Ann's #1 (3 at 100, Bob's #2 behind it), who is filled first
    ("smaller at the same price keeps its place", 2, 100, "Ann"),
    ("the same again goes to the end", 3, 100, "Bob"),
    ("larger goes to the end", 4, 100, "Bob"),
    ("smaller at another price and back goes to the end", 2, 99, "Bob"),
    ("a better price comes first", 4, 101, "Ann"),
]


@pytest.mark.parametrize(
    ("units", "price", "first"), [row[1:] for row in REPLACES], ids=[row[0] for row in REPLACES]
)
def test_replaced_order_keeps_its_place_only_when_it_gets_smaller(
    units: int, price: int, first: str
) -> None:
    world = BookWorld()
    world.buy(ANN, 3, 100)
    world.buy(BOB, 3, 100)
    frozen = units * 10
    lines = told(world.replace(ANN, 1, units, price))
    assert lines == [f"replaced #1 {units} at {price}, frozen {frozen}"]
    [maker, _] = fills(world.sell(CAT, 1))
    assert maker.startswith(first)


def test_replaced_order_may_take_at_its_new_price_under_its_ticket() -> None:
    world = BookWorld()
    world.buy(ANN, 3, 100)
    world.sell(BOB, 1, 105)
    assert told(world.replace(ANN, 1, 2, 106)) == [
        "replaced #1 2 at 106, frozen 20",
        "Bob #2 sell 1 at 105 maker",
        "Ann #1 buy 1 at 105 taker, 1 left",
    ]


def test_replaced_order_counts_the_money_that_it_had_frozen() -> None:
    world = BookWorld(dollars=100)
    world.buy(ANN, 10, 100)
    world.replace(ANN, 1, 10, 101)
    assert world.refused(replacement(ANN, 1, 11, 101)) == (c.NO_MONEY, -10)
    assert world.frozen(ANN) == 100


def test_order_can_be_made_smaller_when_there_is_no_money_left() -> None:
    world = BookWorld(dollars=100)
    world.buy(ANN, 10, 100)
    world.money(ANN, -50, v.CORRECTION)
    world.replace(ANN, 1, 9, 100)
    world.replace(ANN, 1, 9, 99)
    assert world.refused(replacement(ANN, 1, 10, 99)) == (c.NO_MONEY, -50)


# ---------------------------------------------------------------- cancelling


def test_cancel_all_takes_the_orders_of_one_instrument_or_of_all_by_ticket() -> None:
    world = BookWorld()
    world.buy(ANN, 1, 100)
    world.sell(ANN, 1, 105, instrument=COIN)
    world.buy(BOB, 1, 100)
    world.buy(ANN, 1, 99)
    assert told(world.accepted(r.CancelAll(login=ANN, instrument=COIN))) == [
        "removed #2 1 client, frozen 0"
    ]
    assert told(world.accepted(r.CancelAll(login=ANN))) == [
        "removed #1 1 client, frozen 10",
        "removed #4 1 client, frozen 0",
    ]
    assert world.accepted(r.CancelAll(login=ANN)) == []


@pytest.mark.parametrize("ticket", [0, -1, -2, 99, 1, -(2**63), 2**63 - 1])
def test_ticket_of_no_order_is_unknown_however_many_there_were(ticket: int) -> None:
    """Also where a table that looks tickets up has been filled and emptied."""
    world = BookWorld()
    for _ in range(80):
        [placed] = world.buy(ANN, 1, 100)
        world.cancel(ANN, placed.order)
    assert world.refused(r.CancelOrder(login=ANN, order=ticket)) == (c.UNKNOWN_ORDER, ticket)
    assert world.refused(replacement(ANN, ticket, 1, 100)) == (c.UNKNOWN_ORDER, ticket)


# ---------------------------------------------------------------- the quote

QUOTES = [
    # orders (login, side, units, price), quote after the last of them
    ([(ANN, BUY, 1, 100)], (0, 0)),
    ([(ANN, BUY, 1, 100), (BOB, SELL, 1, 105)], (100, 105)),
    ([(ANN, BUY, 1, 100), (BOB, SELL, 1, 100)], (100, 100)),
    ([(ANN, BUY, 1, 100), (BOB, SELL, 1, 105), (CAT, BUY, 1, 101)], (101, 105)),
    ([(ANN, BUY, 1, 100), (BOB, SELL, 1, 105), (CAT, SELL, 1, 100)], (100, 100)),
    ([(ANN, BUY, 2, 100), (BOB, SELL, 1, 105), (CAT, SELL, 1, 100)], (100, 105)),
]


@pytest.mark.parametrize(("orders", "quote"), QUOTES)
def test_quote_is_the_top_of_the_book_or_the_last_fill(
    orders: list[tuple[int, int, int, int]], quote: tuple[int, int]
) -> None:
    world = BookWorld()
    for one in orders:
        world.accepted(order(*one))
    assert world.engine.quote(GOLD) == quote


# ---------------------------------------------------------------- the two venues


def order_of_quoted_venue(kind: str, position: int) -> r.Command:
    """Wrong in everything else, too: the venue is what is told."""
    commands: dict[str, r.Command] = {
        "tick": r.Tick(instrument=GOLD, feed=99, bid_points=-1, ask_points=-1),
        "order": r.PlaceOrder(login=ANN, instrument=GOLD, order_type=9, side=9, volume_units=0),
        "close": r.ClosePosition(login=ANN, position=position, deviation_points=-1),
    }
    return commands[kind]


@pytest.mark.parametrize("kind", ["tick", "order", "close"])
def test_commands_of_the_quoted_venue_are_refused_on_the_book(kind: str) -> None:
    world = BookWorld()
    world.position(ANN, 1)
    [position] = world.both.naive.world.positions_of(ANN)
    command = order_of_quoted_venue(kind, position.ticket)
    assert world.refused(command) == (c.OTHER_VENUE, v.VENUE_BOOK)


def test_book_order_in_a_quoted_instrument_is_refused() -> None:
    world = BookWorld()
    assert world.refused(order(ANN, BUY, 1, 100, instrument=3)) == (c.OTHER_VENUE, 0)
