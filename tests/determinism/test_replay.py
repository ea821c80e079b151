"""A replay may begin at any state and come in blocks of any size: the bytes are the same."""

from random import Random

import pytest

from engine import Engine
from engine import records as r
from tests.determinism import golden
from tests.determinism.hooks import golden_hooks

DAY = golden.split(golden.commands())
CUTS = sorted(Random(4).sample(range(1, len(DAY)), 6))


def restored(engine: Engine) -> Engine:
    """Another engine that stands where this one stands."""
    return Engine.from_state(engine.state_bytes(), engine.sequence, engine.time_ns, golden_hooks())


@pytest.mark.parametrize("size", [1, 2, 97, len(DAY)])
def test_the_size_of_the_blocks_does_not_matter(size: int) -> None:
    engine = Engine(golden_hooks())
    for block in golden.blocks(DAY, size):
        engine.apply(block)
    assert bytes(engine.events_view()) == golden.expected_events()
    assert engine.state_hash() == golden.expected()["state_hash"]


@pytest.mark.parametrize("cut", CUTS)
def test_a_snapshot_and_its_tail_are_the_whole_replay(cut: int) -> None:
    engine = Engine(golden_hooks())
    engine.apply(b"".join(DAY[:cut]))
    head = engine.take_events()
    tail = restored(engine)
    tail.apply(b"".join(DAY[cut:]))
    assert head + tail.take_events() == golden.expected_events()
    assert tail.state_hash() == golden.expected()["state_hash"]


def test_a_day_of_restarts_is_a_day() -> None:
    # Every few commands the engine is thrown away and restored from its state.
    random = Random(7)
    engine, events, at = Engine(golden_hooks()), [], 0
    while at < len(DAY):
        step = random.randint(1, 60)
        engine.apply(b"".join(DAY[at : at + step]))
        at += step
        events.append(engine.take_events())
        state = engine.state_bytes()
        engine = restored(engine)
        assert engine.state_bytes() == state
        engine.check(everything=True)
    assert b"".join(events) == golden.expected_events()


def test_a_state_does_not_know_its_sequence_and_time() -> None:
    engine = Engine(golden_hooks())
    engine.apply(b"".join(DAY[:900]))
    elsewhere = Engine.from_state(engine.state_bytes(), 5, 6, golden_hooks())
    assert elsewhere.state_hash() == engine.state_hash()
    assert (elsewhere.sequence, elsewhere.time_ns) == (5, 6)


def test_questions_change_nothing() -> None:
    engine = Engine(golden_hooks())
    for block in golden.blocks(DAY, 450):
        engine.apply(block)
        for login in engine.logins():
            engine.account(login)
            engine.positions(login)
            engine.orders(login)
        engine.check(everything=True)
        engine.state_hash()
    assert engine.take_events() == golden.expected_events()


def test_a_refused_command_leaves_the_state_as_it_was() -> None:
    engine = Engine(golden_hooks())
    refused = 0
    for record in DAY[:1_500]:
        before = engine.state_bytes()
        engine.apply(record)
        events = list(r.decode_all(engine.take_events()))
        if len(events) == 1 and isinstance(events[0], r.Rejected):
            refused += 1
            assert engine.state_bytes() == before, events[0]
    assert refused > 100


def test_the_events_can_be_seen_before_they_are_taken() -> None:
    engine = Engine(golden_hooks())
    engine.apply(b"".join(DAY[:300]))
    seen = bytes(engine.events_view())
    assert engine.take_events() == seen
    assert bytes(engine.events_view()) == engine.take_events() == b""
    engine.apply(b"")
    assert engine.take_events() == b""
