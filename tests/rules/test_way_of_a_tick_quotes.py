"""Which quotes count: feeds, fail-over, sessions, freshness (RULES section 4).

Feed 1 is the main one, feed 2 the backup. Every world starts on Monday at 08:00 UTC with
EURUSD at 110000/110010 from feed 1.
"""

import pytest

from engine import records as r
from engine import vocabulary as v
from tests.rules.told import told
from tests.rules.world import (
    BACKUP,
    EURUSD,
    GBPUSD,
    MAIN,
    SECOND,
    Row,
    World,
    name_of,
    nothing,
    outcome,
    steps,
)

PREFER_BACKUP = {"feeds": [BACKUP, MAIN]}
PREFER_MAIN = {"feeds": [MAIN, BACKUP]}
FIVE_SECONDS = {"staleness_ms": 5_000}

ROWS = [
    Row(
        "a second feed does not move the price while the first is active",
        given=lambda w: w.buy(sl=109_900),
        when=lambda w: w.tick(109_000, feed=BACKUP),
        then=[],
    ),
    Row(
        "a preferred feed takes over with its first quote",
        given=lambda w: w.instrument(**PREFER_BACKUP),
        when=lambda w: w.tick(110_100, feed=BACKUP),
        then=["feed 1 to 2"],
    ),
    Row(
        "and its quote goes through all stages",
        given=steps(lambda w: w.instrument(**PREFER_BACKUP), lambda w: w.buy(sl=109_900)),
        when=lambda w: w.tick(109_900, feed=BACKUP),
        then=["feed 1 to 2", "closed #1 100 at 109900 stop_loss -11000"],
    ),
    Row(
        "a feed that is not preferred waits while the active one is fresh",
        given=steps(lambda w: w.instrument(**PREFER_MAIN, **FIVE_SECONDS), lambda w: w.wait(5)),
        when=lambda w: w.tick(110_100, feed=BACKUP),
        then=[],
    ),
    Row(
        "it takes over when the active one has been silent for longer",
        given=steps(lambda w: w.instrument(**PREFER_MAIN, **FIVE_SECONDS), lambda w: w.wait(5.001)),
        when=lambda w: w.tick(110_100, feed=BACKUP),
        then=["feed 1 to 2"],
    ),
    Row(
        "the preferred feed comes back with its next quote",
        given=steps(
            lambda w: w.instrument(**PREFER_MAIN, **FIVE_SECONDS),
            lambda w: w.wait(6),
            lambda w: w.tick(110_100, feed=BACKUP),
        ),
        when=lambda w: w.tick(110_200, feed=MAIN),
        then=["feed 2 to 1"],
    ),
    Row(
        "without a list no feed is preferred, but silence counts",
        given=steps(lambda w: w.instrument(**FIVE_SECONDS), lambda w: w.wait(6)),
        when=lambda w: w.tick(110_100, feed=BACKUP),
        then=["feed 1 to 2"],
    ),
    Row(
        "without a staleness threshold nothing but preference takes over",
        given=steps(lambda w: w.instrument(**PREFER_MAIN), lambda w: w.wait(100_000)),
        when=lambda w: w.tick(110_100, feed=BACKUP),
        then=[],
    ),
    Row(
        "a refused quote does not count as a sign of life",
        given=steps(
            lambda w: w.instrument(**PREFER_MAIN, **FIVE_SECONDS),
            lambda w: w.wait(4),
            lambda w: w.tick(110_200, 110_100),
            lambda w: w.wait(2),
        ),
        when=lambda w: w.tick(110_100, feed=BACKUP),
        then=["feed 1 to 2"],
    ),
    Row(
        "a feed that the instrument does not list is refused",
        given=lambda w: w.instrument(feeds=[MAIN]),
        when=lambda w: w.tick(110_100, feed=BACKUP),
        then=["rejected unknown_feed"],
    ),
    Row(
        "an active feed that is no longer listed hands over without a word",
        given=lambda w: w.instrument(feeds=[BACKUP]),
        when=lambda w: w.tick(110_100, feed=BACKUP),
        then=[],
    ),
    Row(
        "the first quote must come from a known feed, too",
        given=nothing,
        when=lambda w: w.tick(125_000, instrument=GBPUSD, feed=0),
        then=["rejected unknown_feed"],
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_which_feed_counts(row: Row) -> None:
    assert told(outcome(row)) == row.then


def test_the_silence_of_the_old_feed_is_told() -> None:
    world = World()
    world.instrument(**FIVE_SECONDS)
    world.wait(6.5)
    (switched,) = world.tick(110_100, feed=BACKUP)
    assert switched == r.FeedSwitched(
        instrument=EURUSD,
        previous_feed=MAIN,
        feed=BACKUP,
        silence_ns=6_500_000_000,
        sequence=switched.sequence,
        time_ns=world.now,
    )
    assert world.engine.quote(EURUSD) == (110_100, 110_110)


def test_a_quote_that_does_not_count_leaves_the_price() -> None:
    world = World()
    world.tick(109_000, feed=BACKUP)
    assert world.engine.quote(EURUSD) == (110_000, 110_010)


# Monday 08:00-09:00 and 10:00-11:00; minutes after the start of the world, then: open?
HOURS = [(480, 540), (600, 660)]
MINUTES = [
    (0, True),
    (59.99, True),
    (60, False),
    (119.99, False),
    (120, True),
    (179.99, True),
    (180, False),
    (1_440, False),
    (10_079.99, False),
    (10_080, True),
    (10_140, False),
    (10_200, True),
]


@pytest.mark.parametrize(("minutes", "is_open"), MINUTES)
def test_quotes_and_orders_count_within_the_session_from_open_to_before_close(
    minutes: float, is_open: bool
) -> None:
    world = World()
    world.instrument(sessions=HOURS)
    world.wait(60 * minutes)
    quote = told(world.tick(110_100))
    order = told(world.buy())
    close = told(world.close(1))
    if is_open:
        assert quote == []
        assert order[0] == "placed #1 buy market 100"
        assert close == ["closed #1 100 at 110100 client -1000"]
    else:
        assert quote == ["rejected quote_outside_session"]
        assert order == ["rejected session_closed"]


def test_a_session_opens_and_closes_for_an_engine_that_goes_through_the_week() -> None:
    world = World()
    world.instrument(sessions=HOURS)
    start = world.now
    for week in range(3):
        for minutes, is_open in MINUTES[:9]:
            world.now = start + int((minutes + week * 10_080) * 60 * SECOND)
            expected = [] if is_open else ["rejected quote_outside_session"]
            assert told(world.tick(110_100)) == expected, f"week {week}, minute {minutes}"


def test_a_session_that_changes_is_open_at_once() -> None:
    world = World()
    world.instrument(sessions=[(0, 480)])
    assert told(world.tick(110_100)) == ["rejected quote_outside_session"]
    world.instrument(sessions=[(0, 481)])
    assert told(world.tick(110_100)) == []


def test_a_tick_of_another_instrument_is_not_held_by_this_ones_session() -> None:
    world = World()
    world.instrument(sessions=[(0, 60)])
    assert told(world.tick(125_000, instrument=GBPUSD)) == []


# A quote is stale when it is older than the threshold: seconds of age, then the outcome.
@pytest.mark.parametrize(
    ("age", "outcome_of_order"),
    [
        (0, "placed #1 buy market 100"),
        (5, "placed #1 buy market 100"),
        (5.000_001, "rejected quote_stale"),
    ],
)
def test_a_stale_quote_refuses_trades(age: float, outcome_of_order: str) -> None:
    world = World()
    world.instrument(**FIVE_SECONDS)
    world.wait(age)
    assert told(world.buy())[0] == outcome_of_order


def test_the_age_of_a_quote_is_shown_with_the_account() -> None:
    world = World()
    world.instrument(**FIVE_SECONDS)
    world.buy()
    world.clock(5)
    assert (world.figures().stale, world.figures().age_ns) == (False, 5_000_000_000)
    world.clock(1)
    assert (world.figures().stale, world.figures().age_ns) == (True, 6_000_000_000)


def test_the_execution_mode_is_that_of_the_override_for_the_instrument() -> None:
    world = World()
    world.terms(execution_mode=v.EXECUTION_MANUAL)
    assert told(world.buy())[1] == "dealer asked to open #1 at 110010"
    world.tick(125_000, instrument=GBPUSD)
    assert told(world.buy(10, instrument=GBPUSD))[1] == "filled #2 at 125010"
