"""A replay may begin at any state and come in blocks of any size: the bytes are the same."""

from random import Random

import pytest

from engine import Engine
from engine import records as r
from tests.determinism import golden
from tests.determinism.golden import BOOK, DAYS, QUOTED, Day

RECORDS = {day: golden.split(golden.commands(day)) for day in DAYS.values()}
SIZES = [(day, size) for day in DAYS.values() for size in (1, 2, 97, len(RECORDS[day]))]
CUTS = [
    (day, cut)
    for day, seed, count in ((QUOTED, 4, 6), (BOOK, 5, 8))
    for cut in sorted(Random(seed).sample(range(1, len(RECORDS[day])), count))
]
EACH_DAY = pytest.mark.parametrize("day", DAYS.values(), ids=list(DAYS))


def restored(engine: Engine, day: Day) -> Engine:
    """Another engine that stands where this one stands."""
    return Engine.from_state(engine.state_bytes(), engine.sequence, engine.time_ns, day.hooks())


def named(value: Day | int) -> str:
    return value.name if isinstance(value, Day) else str(value)


@pytest.mark.parametrize(("day", "size"), SIZES, ids=named)
def test_the_size_of_the_blocks_does_not_matter(day: Day, size: int) -> None:
    engine = Engine(day.hooks())
    for block in golden.blocks(RECORDS[day], size):
        engine.apply(block)
    assert bytes(engine.events_view()) == golden.expected_events(day)
    assert engine.state_hash() == golden.expected(day)["state_hash"]


@pytest.mark.parametrize(("day", "cut"), CUTS, ids=named)
def test_a_snapshot_and_its_tail_are_the_whole_replay(day: Day, cut: int) -> None:
    engine = Engine(day.hooks())
    engine.apply(b"".join(RECORDS[day][:cut]))
    head = engine.take_events()
    tail = restored(engine, day)
    tail.apply(b"".join(RECORDS[day][cut:]))
    assert head + tail.take_events() == golden.expected_events(day)
    assert tail.state_hash() == golden.expected(day)["state_hash"]


@EACH_DAY
def test_a_day_of_restarts_is_a_day(day: Day) -> None:
    # Every few commands the engine is thrown away and restored from its state.
    random, records = Random(7), RECORDS[day]
    engine, events, at = Engine(day.hooks()), [], 0
    while at < len(records):
        step = random.randint(1, 60)
        engine.apply(b"".join(records[at : at + step]))
        at += step
        events.append(engine.take_events())
        state = engine.state_bytes()
        engine = restored(engine, day)
        assert engine.state_bytes() == state
        engine.check(everything=True)
    assert b"".join(events) == golden.expected_events(day)


@EACH_DAY
def test_a_state_does_not_know_its_sequence_and_time(day: Day) -> None:
    engine = Engine(day.hooks())
    engine.apply(b"".join(RECORDS[day][:900]))
    elsewhere = Engine.from_state(engine.state_bytes(), 5, 6, day.hooks())
    assert elsewhere.state_hash() == engine.state_hash()
    assert (elsewhere.sequence, elsewhere.time_ns) == (5, 6)


@EACH_DAY
def test_questions_change_nothing(day: Day) -> None:
    engine = Engine(day.hooks())
    for block in golden.blocks(RECORDS[day], 450):
        engine.apply(block)
        for login in engine.logins():
            engine.account(login)
            engine.positions(login)
            engine.orders(login)
            engine.book_orders(login)
        engine.check(everything=True)
        engine.state_hash()
    assert engine.take_events() == golden.expected_events(day)


@EACH_DAY
def test_a_refused_command_leaves_the_state_as_it_was(day: Day) -> None:
    engine = Engine(day.hooks())
    refused = 0
    for record in RECORDS[day][:1_500]:
        before = engine.state_bytes()
        engine.apply(record)
        events = list(r.decode_all(engine.take_events()))
        if len(events) == 1 and isinstance(events[0], r.Rejected):
            refused += 1
            assert engine.state_bytes() == before, events[0]
    assert refused > 100


def test_the_events_can_be_seen_before_they_are_taken() -> None:
    engine = Engine(QUOTED.hooks())
    engine.apply(b"".join(RECORDS[QUOTED][:300]))
    seen = bytes(engine.events_view())
    assert engine.take_events() == seen
    assert bytes(engine.events_view()) == engine.take_events() == b""
    engine.apply(b"")
    assert engine.take_events() == b""
