"""What the passing of time does, before the command that brought the time (RULES section 1).

Every world starts with EURUSD at 110000/110010.
"""

import pytest

from engine import bounds
from engine import records as r
from engine import vocabulary as v
from tests.rules.told import told
from tests.rules.world import SECOND, START_NS, Row, World, name_of, outcome, steps

MANUAL = {"execution_mode": v.EXECUTION_MANUAL}


def at(seconds: float) -> int:
    return START_NS + int(seconds * SECOND)


ROWS = [
    Row(
        "an order does not expire a nanosecond early",
        given=lambda w: w.buy_limit(109_900, expiry=at(10)),
        when=lambda w: w.clock(9.999_999_999),
        then=[],
    ),
    Row(
        "it expires at its time",
        given=lambda w: w.buy_limit(109_900, expiry=at(10)),
        when=lambda w: w.clock(10),
        then=["removed #1 expired"],
    ),
    Row(
        "before the quote that would have filled it",
        given=steps(lambda w: w.buy_limit(109_900, expiry=at(10)), lambda w: w.wait(10)),
        when=lambda w: w.tick(109_800),
        then=["removed #1 expired"],
    ),
    Row(
        "one quote earlier it is filled, and the position does not expire",
        given=steps(
            lambda w: w.buy_limit(109_900, expiry=at(10)),
            lambda w: w.wait(9),
            lambda w: w.tick(109_890),
        ),
        when=lambda w: w.clock(10),
        then=[],
    ),
    Row(
        "a refused command brings the time, too",
        given=steps(lambda w: w.buy_limit(109_900, expiry=at(10)), lambda w: w.wait(11)),
        when=lambda w: w.cancel(1),
        then=["removed #1 expired", "rejected unknown_order"],
    ),
    Row(
        "orders expire in order of time, not of tickets",
        given=steps(
            lambda w: w.buy_limit(109_900, expiry=at(30)),
            lambda w: w.buy_limit(109_800, expiry=at(10)),
            lambda w: w.buy_limit(109_700, expiry=at(20)),
        ),
        when=lambda w: w.clock(60),
        then=["removed #2 expired", "removed #3 expired", "removed #1 expired"],
    ),
    Row(
        "at the same time in order of tickets",
        given=steps(
            lambda w: w.buy_limit(109_900, expiry=at(10)),
            lambda w: w.sell_limit(110_100, expiry=at(10)),
        ),
        when=lambda w: w.clock(60),
        then=["removed #1 expired", "removed #2 expired"],
    ),
    Row(
        "a modified expiry counts",
        given=steps(
            lambda w: w.buy_limit(109_900, expiry=at(10)),
            lambda w: w.modify_order(1, 109_900, expiry=at(20)),
        ),
        when=lambda w: w.clock(15),
        then=[],
    ),
    Row(
        "an expiry that was taken off counts no more",
        given=steps(
            lambda w: w.buy_limit(109_900, expiry=at(10)),
            lambda w: w.modify_order(1, 109_900, expiry=0),
        ),
        when=lambda w: w.clock(1_000_000),
        then=[],
    ),
    Row(
        "a stop-limit keeps its expiry when it becomes a limit order",
        given=steps(
            lambda w: w.buy_stop_limit(110_100, limit=110_050, expiry=at(10)),
            lambda w: w.tick(110_100),
        ),
        when=lambda w: w.clock(10),
        then=["removed #1 expired"],
    ),
    Row(
        "an order waits for no dealer: a market order does, for the group's time",
        group=MANUAL,
        given=lambda w: w.buy(),
        when=lambda w: w.clock(29.999),
        then=[],
    ),
    Row(
        "then its request is over and the order removed",
        group=MANUAL,
        given=lambda w: w.buy(),
        when=lambda w: w.clock(30),
        then=["requoted #1 request_timeout", "removed #1 request_timeout"],
    ),
    Row(
        "a close that waited too long leaves the position",
        given=steps(lambda w: w.buy(), lambda w: w.group(**MANUAL), lambda w: w.close(1)),
        when=lambda w: w.clock(30),
        then=["requoted #1 request_timeout"],
    ),
    Row(
        "a confirmation comes too late at the moment of the timeout",
        group=MANUAL,
        given=steps(lambda w: w.dealer(), lambda w: w.buy(), lambda w: w.wait(30)),
        when=lambda w: w.confirm(1),
        then=[
            "requoted #1 request_timeout",
            "removed #1 request_timeout",
            "rejected no_request",
        ],
    ),
    Row(
        "orders and requests end in one order of time",
        group=MANUAL,
        given=steps(
            lambda w: w.buy_limit(109_900, expiry=at(30)),
            lambda w: w.buy(),
            lambda w: w.buy_limit(109_800, expiry=at(29)),
        ),
        when=lambda w: w.clock(60),
        then=[
            "removed #3 expired",
            "removed #1 expired",
            "requoted #2 request_timeout",
            "removed #2 request_timeout",
        ],
    ),
    Row(
        "a request with no time at all is over with the next command",
        group={**MANUAL, "request_timeout_ms": 0},
        given=lambda w: w.buy(),
        when=lambda w: w.clock(),
        then=["requoted #1 request_timeout", "removed #1 request_timeout"],
    ),
    Row(
        "a cancelled order's time passes without a word",
        given=steps(lambda w: w.buy_limit(109_900, expiry=at(10)), lambda w: w.cancel(1)),
        when=lambda w: w.clock(10),
        then=[],
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_what_time_does(row: Row) -> None:
    assert told(outcome(row)) == row.then


def test_events_of_a_timer_carry_the_time_and_sequence_of_the_command_that_brought_it() -> None:
    world = World()
    world.buy_limit(109_900, expiry=at(10))
    (removed,) = world.clock(60)
    assert (removed.time_ns, removed.sequence) == (at(60), world.engine.sequence)


def test_an_older_command_is_refused_and_fires_no_timer() -> None:
    world = World()
    world.buy_limit(109_900, expiry=at(10))
    world.clock(5)
    world.now = at(4)
    (refused,) = world.tick(109_800)
    assert told([refused]) == ["rejected time_backwards"]
    assert refused.detail == at(5)
    assert refused.time_ns == at(4)
    assert world.engine.time_ns == at(5)


def test_the_same_time_twice_is_not_backwards() -> None:
    world = World()
    world.clock(5)
    assert world.clock() == []


def test_the_last_time_there_is_can_be_reached() -> None:
    world = World()
    world.buy_limit(109_900, expiry=bounds.MAX_TIME_NS)
    world.buy_limit(109_800, expiry=at(10))
    world.cancel(2)
    world.now = bounds.MAX_TIME_NS
    assert told(world.send(r.Clock())) == ["removed #1 expired"]
    assert told(world.send(r.Clock())) == []
