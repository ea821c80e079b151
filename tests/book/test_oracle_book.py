"""The book venue gives the same events as the naive engine, on every random day.

Days are made from seeds by tests/naive/book_day.py; everything in them is small. After every
command all invariants of the engine are checked, and the auditor follows the events.
"""

from collections import Counter
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import Engine, _build, bounds
from engine import records as r
from tests.naive.book_comparison import ComparedDay
from tests.naive.book_day import KINDS, kind_at_random

# What must have happened, at least, in the sample of days.
AT_LEAST = {
    "event BookOrderPlaced": 2_000,
    "event BookOrderReplaced": 300,
    "event FuturesFilled": 1_000,
    "event SpotFilled": 250,
    "event HoldingEntry": 150,
    "event MarginCall": 60,
    "event StopOut": 60,
    "event MarginChanged": 40,
    "event FundingPaid": 40,
    "event PositionSettled": 120,
    "event PositionModified": 150,
    "event FeedSwitched": 4,
    "waits": 200,
    "iceberg": 70,
    "triggered pending": 50,
    "triggered take_profit": 10,
    "triggered stop_loss": 6,
    "auction fills": 12,
    "refused stop_out no_liquidity": 40,
    "refused stop_out not_tradable": 1,
    "refused take_profit no_liquidity": 15,
    "refused stop_loss no_liquidity": 15,
    "removed client": 200,
    "removed remainder": 300,
    "removed self_trade": 120,
    "removed reduce_only": 20,
    "removed expired": 120,
    "removed refused": 12,
    "removed auction": 2,
    "removed liquidation": 40,
    "removed settled": 30,
    "entry insurance": 2,
    "settled daily": 50,
    "settled final": 15,
    "settled funding": 15,
    "filled auction": 60,
    "filled deleveraged": 30,
    "replaced alone": 200,
    "replaced and filled": 30,
    "closed in part or turned over": 150,
    "filled against itself": 80,
    "rebate": 15,
    "FuturesFilled market order": 300,
    "SpotFilled market order": 80,
}
REJECTS = """
    UNKNOWN_ACCOUNT UNKNOWN_INSTRUMENT UNKNOWN_ORDER UNKNOWN_POSITION NOT_YOUR_TICKET
    BAD_ORDER_TYPE BAD_SIDE BAD_EXPIRY BAD_AMOUNT BAD_OPERATION TIME_BACKWARDS OTHER_VENUE
    BAD_TIME_IN_FORCE BAD_FLAGS TRADE_MODE_DISABLED CLOSE_ONLY LONG_ONLY SHORT_ONLY
    SESSION_CLOSED ACCOUNT_IS_DISABLED ACCOUNT_IS_READ_ONLY GROUP_TRADING_DISABLED
    NO_CONVERSION_ROUTE PRICE_NOT_ALLOWED BAD_PRICE PRICE_OFF_TICK_SIZE VOLUME_BELOW_MINIMUM
    VOLUME_ABOVE_MAXIMUM VOLUME_OFF_STEP TOO_MANY_ORDERS VOLUME_LIMIT VOLUME_ABOVE_POSITION
    WOULD_TAKE NOT_FILLABLE NO_MONEY BAD_CONFIGURATION UNKNOWN_CURRENCY INSTRUMENT_IN_USE
    ACCOUNT_IN_USE BAD_PHASE WRONG_PHASE PRICE_OUTSIDE_BAND WOULD_TRIGGER STOPS_WRONG_SIDE
    NO_QUOTE QUOTE_CROSSED QUOTE_OUT_OF_BAND UNKNOWN_FEED BAD_SETTLEMENT BAD_RATE NOT_PERPETUAL
""".split()  # noqa: SIM905


def days(first: int, number: int) -> range:
    return range(first, first + number)


def test_random_book_days_give_the_same_events_and_enough_happens() -> None:
    counts: Counter[str] = Counter()
    for seed in days(1, 24):
        ComparedDay(seed, counts).run(550)
    wanted = {**AT_LEAST, **{f"reject {code}": 1 for code in REJECTS}}
    too_few = {name: counts[name] for name, least in wanted.items() if counts[name] < least}
    assert not too_few, f"the days no longer reach what they are made for: {too_few}"


@pytest.mark.skipif(_build.compiled(), reason="compiled constants stand")
@pytest.mark.parametrize("most_rounds", [1, 2, 3])
def test_book_days_with_small_bounds_give_the_same_events(
    most_rounds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "MAX_ROUNDS", most_rounds)
    monkeypatch.setattr(bounds, "MAX_ICEBERG_PARTS", 3)
    monkeypatch.setattr(bounds, "MAX_POSITIONS_PER_ACCOUNT", 2)
    counts: Counter[str] = Counter()
    for seed in days(60 + 3 * most_rounds, 3):
        ComparedDay(seed, counts).run(450)
    assert counts["reject TOO_MANY_POSITIONS"]


WEIGHTED_KINDS = [kind for kind, (weight, _) in KINDS.items() for _ in range(1 + weight // 12)]
STEPS = st.lists(
    st.tuples(st.sampled_from(WEIGHTED_KINDS), st.integers(0, 2**32)), min_size=20, max_size=120
)


@settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(seed=st.integers(0, 2**32), steps=STEPS)
def test_any_sequence_of_book_commands_gives_the_same_events(
    seed: int, steps: list[tuple[str, int]]
) -> None:
    day = ComparedDay(seed)
    day.open()
    for kind, details in steps:
        day.step(kind, Random(details))
    day.both.compare_accounts()


@pytest.mark.parametrize("seed", days(31, 4))
def test_engine_restored_in_the_middle_of_a_book_day_goes_on_with_the_same_events(
    seed: int,
) -> None:
    day = ComparedDay(seed)
    day.open()
    random = Random(seed)
    for number in range(400):
        day.step(kind_at_random(random), random)
        if random.randrange(15) == 0 or number == 20:
            day.restore()
    day.both.compare_accounts()


@pytest.mark.parametrize("seed", days(41, 3))
def test_book_day_applied_as_one_block_gives_the_same_bytes_and_state(seed: int) -> None:
    day = ComparedDay(seed)
    day.run(400)
    one_by_one, at_once = Engine(), Engine()
    events = []
    for command in day.both.commands:
        one_by_one.apply(r.encode(command))
        events.append(one_by_one.take_events())
    at_once.apply(b"".join(r.encode(command) for command in day.both.commands))
    assert at_once.take_events() == b"".join(events)
    assert at_once.state_bytes() == one_by_one.state_bytes() == day.engine.state_bytes()


@pytest.mark.parametrize("seed", days(51, 3))
def test_rejected_command_of_a_book_day_leaves_the_state_hash_unchanged(seed: int) -> None:
    day = ComparedDay(seed)
    day.open()
    random = Random(seed)
    before = day.engine.state_hash()
    for _ in range(300):
        events = day.apply(day.day.command(kind_at_random(random), random))
        after = day.engine.state_hash()
        only_rejected = len(events) == 1 and isinstance(events[0], r.Rejected)
        assert not only_rejected or after == before, f"{day.both.commands[-1]} changed the state"
        before = after
