"""The engine gives the same events as the naive engine, on every random day.

The naive engine is written from docs/RULES.md alone. Days are made from seeds, so a
failure names its seed; `python -m tests.random_days SEED` prints a short reproduction.
The counts at the end of each campaign keep the comparison from becoming empty.
"""

from collections import Counter
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import Engine, Hooks
from engine import records as r
from tests.naive.comparison import HOOK_NAMES
from tests.random_days.campaign import CountedDay
from tests.random_days.day import KINDS, kind_at_random

DAYS_IN_A_CAMPAIGN = 30
COMMANDS_IN_A_DAY = 1_500

# What must have happened, at least, in a campaign.
AT_LEAST = {
    "event MarginCall": 400,
    "event MarginCallCleared": 150,
    "event StopOut": 150,
    "by conversion MarginCall": 50,
    "by conversion MarginCallCleared": 15,
    "by conversion StopOut": 12,
    "closed take_profit": 80,
    "closed stop_loss": 80,
    "closed netted": 40,
    "closed dealer": 40,
    "closed in part": 80,
    "changed netting": 50,
    "filled pending": 200,
    "filled market": 400,
    "filled by dealer": 60,
    "event OrderTriggered": 150,
    "event FeedSwitched": 100,
    "removed gap": 10,
    "removed no_money": 60,
    "removed close_only": 5,
    "removed expired": 200,
    "removed request_timeout": 100,
    "removed dealer": 20,
    "entry so_compensation": 40,
    "entry agent_commission": 100,
    "refused pending left_to_dealer": 100,
    "refused pending hook": 5,
    "refused take_profit left_to_dealer": 20,
    "refused take_profit hook": 2,
    "refused stop_loss left_to_dealer": 30,
    "refused stop_loss hook": 4,
    "refused stop_out left_to_dealer": 30,
    "refused stop_out hook": 5,
    "refused stop_out not_tradable": 5,
}

# Reject codes that every campaign reaches.
REJECTS = """
    UNKNOWN_ACCOUNT UNKNOWN_INSTRUMENT UNKNOWN_ORDER UNKNOWN_POSITION NOT_YOUR_TICKET
    BAD_ORDER_TYPE BAD_SIDE BAD_EXPIRY BAD_DEVIATION BAD_AMOUNT BAD_OPERATION TIME_BACKWARDS
    REQUEST_PENDING TRADE_MODE_DISABLED CLOSE_ONLY LONG_ONLY SHORT_ONLY SESSION_CLOSED
    NO_QUOTE QUOTE_STALE QUOTE_CROSSED QUOTE_OUT_OF_BAND UNKNOWN_FEED QUOTE_OUTSIDE_SESSION
    ACCOUNT_IS_DISABLED ACCOUNT_IS_READ_ONLY GROUP_TRADING_DISABLED NO_CONVERSION_ROUTE
    REQUOTE PRICE_NOT_ALLOWED BAD_PRICE PRICE_OFF_TICK_SIZE VOLUME_BELOW_MINIMUM
    VOLUME_OFF_STEP STOPS_TOO_CLOSE STOPS_WRONG_SIDE PENDING_TOO_CLOSE FROZEN
    TOO_MANY_ORDERS NO_MONEY NO_CREDIT FIFO_RULE HEDGE_PROHIBITED UNKNOWN_DEALER
    DEALER_OFFLINE NO_REQUEST BAD_CONFIGURATION UNKNOWN_CURRENCY UNKNOWN_GROUP
    INSTRUMENT_IN_USE ACCOUNT_IN_USE PROFILE_NOT_SUPPORTED UNKNOWN_AGENT BAD_ACCOUNT_FIELD
    BAD_REFERENCE CURRENCY_IN_USE NAME_TAKEN NO_CONVERSION_PRICE PRICE_OFF
    VOLUME_ABOVE_MAXIMUM VOLUME_LIMIT
""".split()  # noqa: SIM905


@pytest.mark.parametrize("first_seed", [1, 101, 201])
def test_random_days_give_the_same_events_and_enough_happens(first_seed: int) -> None:
    counts: Counter[str] = Counter()
    for seed in range(first_seed, first_seed + DAYS_IN_A_CAMPAIGN):
        CountedDay(seed, counts).run(COMMANDS_IN_A_DAY)
    wanted = {**AT_LEAST, **{f"reject {code}": 1 for code in REJECTS}}
    too_few = {name: counts[name] for name, least in wanted.items() if counts[name] < least}
    assert not too_few, f"the days no longer reach what they are made for: {too_few}"


@pytest.mark.parametrize("seed", [11, 12])
def test_long_random_day_gives_the_same_events(seed: int) -> None:
    counts: Counter[str] = Counter()
    CountedDay(seed, counts).run(15_000)
    assert counts["event StopOut"] >= 20


WEIGHTED_KINDS = [kind for kind, (weight, _) in KINDS.items() for _ in range(1 + weight // 12)]
STEPS = st.lists(
    st.tuples(st.sampled_from(WEIGHTED_KINDS), st.integers(0, 2**32)), min_size=30, max_size=250
)


@settings(
    max_examples=400,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(seed=st.integers(0, 2**32), steps=STEPS)
def test_any_sequence_of_steps_gives_the_same_events(
    seed: int, steps: list[tuple[str, int]]
) -> None:
    day = CountedDay(seed, Counter())
    day.open()
    for kind, details in steps:
        day.step(kind, Random(details))
    day.both.compare_accounts()


def hooks_of(day: CountedDay) -> Hooks:
    return Hooks(**{name: getattr(day.both.naive.world.hooks, name) for name in HOOK_NAMES})


@pytest.mark.parametrize("seed", range(21, 27))
def test_day_applied_as_one_block_gives_the_same_bytes_and_state(seed: int) -> None:
    day = CountedDay(seed, Counter(), with_fast=False)
    day.run(1_000)
    one_by_one, at_once = Engine(hooks=hooks_of(day)), Engine(hooks=hooks_of(day))
    events = []
    for command in day.both.commands:
        one_by_one.apply(r.encode(command))
        events.append(one_by_one.take_events())
    at_once.apply(b"".join(r.encode(command) for command in day.both.commands))
    assert at_once.take_events() == b"".join(events)
    assert at_once.state_bytes() == one_by_one.state_bytes()


@pytest.mark.parametrize("seed", range(31, 37))
def test_engine_restored_in_the_middle_of_a_day_goes_on_with_the_same_events(seed: int) -> None:
    day = CountedDay(seed, Counter())
    day.open()
    random = Random(seed)
    for _ in range(1_000):
        day.step(kind_at_random(random), random)
        if random.randrange(40) == 0:
            fast = day.both.fast
            assert isinstance(fast, Engine)
            day.both.fast = Engine.from_state(
                fast.state_bytes(), fast.sequence, fast.time_ns, hooks=hooks_of(day)
            )
            assert day.both.fast.state_bytes() == fast.state_bytes()
    day.both.compare_accounts()


@pytest.mark.parametrize("seed", range(41, 45))
def test_rejected_command_of_a_random_day_leaves_the_state_hash_unchanged(seed: int) -> None:
    day = CountedDay(seed, Counter(), with_fast=False)
    day.run(500)
    engine = Engine(hooks=hooks_of(day))
    before = engine.state_hash()
    for command in day.both.commands:
        engine.apply(r.encode(command))
        events = list(r.decode_all(engine.take_events()))
        after = engine.state_hash()
        only_rejected = len(events) == 1 and isinstance(events[0], r.Rejected)
        assert not only_rejected or after == before, f"seed {seed}: {command} changed the state"
        before = after
