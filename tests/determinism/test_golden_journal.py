"""The golden journals are reproduced byte for byte, and they cover what there is to cover."""

from collections import Counter
from typing import Any

import pytest

from engine import Engine
from engine import records as r
from engine import vocabulary as v
from engine.records.book_events import BOOK_EVENT_CLASSES
from tests.determinism import golden
from tests.determinism.coverage import missing
from tests.determinism.golden import BOOK, DAYS
from tests.determinism.hooks import golden_hooks

HOW_TO = "if the rules changed on purpose: python -m tests.determinism.golden --write"
NEW_DAY = "python -m tests.determinism.golden --write --day book_1 --new-day"

Replayed = tuple[golden.Day, Engine, bytes, dict[str, str]]


@pytest.fixture(scope="module", params=list(DAYS))
def day(request: Any) -> Replayed:
    """A golden day, the engine at its end, its events, and the state hashes on the way."""
    chosen = DAYS[request.param]
    return chosen, *golden.replay(golden.commands(chosen), chosen)


def first_difference(actual: bytes, wanted: bytes) -> str:
    """The first event that differs, in words."""
    ours, theirs = list(r.decode_all(actual)), list(r.decode_all(wanted))
    for number, (one, other) in enumerate(zip(ours, theirs, strict=False)):
        if one != other:
            return f"event {number}:\n  engine {one}\n  golden {other}\n{HOW_TO}"
    return f"{len(ours)} events where {len(theirs)} are golden\n{HOW_TO}"


def test_the_engine_gives_the_golden_events_byte_for_byte(day: Replayed) -> None:
    chosen, _, events, _ = day
    wanted = golden.expected_events(chosen)
    assert events == wanted, first_difference(events, wanted)


def test_the_engine_leaves_the_golden_state_at_every_checkpoint(day: Replayed) -> None:
    chosen, engine, events, hashes = day
    wanted = golden.expected(chosen)
    assert hashes == wanted["state_hash_at"], HOW_TO
    assert engine.state_hash() == wanted["state_hash"]
    assert golden.digest(events) == wanted["event_bytes"]
    engine.check(everything=True)


@pytest.mark.parametrize("name", DAYS)
def test_the_golden_files_belong_together(name: str) -> None:
    chosen = DAYS[name]
    wanted = golden.expected(chosen)
    assert golden.digest(golden.commands(chosen)) == wanted["command_bytes"]
    assert golden.digest(golden.expected_events(chosen)) == wanted["event_bytes"]
    assert len(golden.split(golden.commands(chosen))) == wanted["commands"]
    assert len(golden.split(golden.expected_events(chosen))) == wanted["events"]
    total = sum(p.stat().st_size for p in (chosen.commands, chosen.events))
    assert total < 200_000


def test_the_golden_day_has_every_kind_of_command_and_event_of_the_quoted_venue() -> None:
    commands = Counter(type(c) for c in r.decode_all(golden.commands()))
    events = Counter(type(e) for e in r.decode_all(golden.expected_events()))
    assert set(commands) == {c for c in r.COMMAND_CLASSES if c.TYPE < v.PLACE_BOOK_ORDER}
    assert set(events) == set(r.EVENT_CLASSES) - set(BOOK_EVENT_CLASSES)
    assert events[r.StopOut] >= 10
    assert events[r.MarginCall] >= 10
    assert events[r.TriggerRefused] >= 10
    codes = {e.code for e in r.decode_all(golden.expected_events()) if isinstance(e, r.Rejected)}
    assert len(codes) >= 40


def test_the_golden_day_closes_and_removes_for_every_reason() -> None:
    reasons = {
        e.reason
        for e in r.decode_all(golden.expected_events())
        if isinstance(e, r.PositionClosed | r.OrderRemoved)
    }
    assert reasons >= set(range(len(v.REASON_NAMES))) - {v.REASON_BOUND}


def test_everything_happens_on_the_golden_day_of_the_book_venue() -> None:
    commands = {type(c) for c in r.decode_all(golden.commands(BOOK))}
    assert commands >= {c for c in r.COMMAND_CLASSES if c.TYPE >= v.PLACE_BOOK_ORDER}
    assert missing(golden.expected_events(BOOK)) == [], NEW_DAY


def test_the_golden_day_needs_its_hooks() -> None:
    plain = Engine()
    plain.apply(golden.commands())
    assert plain.take_events() != golden.expected_events()


@pytest.mark.parametrize("name", DAYS)
def test_every_record_of_the_golden_day_encodes_to_its_bytes(name: str) -> None:
    for block in (golden.commands(DAYS[name]), golden.expected_events(DAYS[name])):
        assert b"".join(map(r.encode, r.decode_all(block))) == block


def test_two_engines_side_by_side_do_not_know_of_each_other() -> None:
    one, other = Engine(golden_hooks()), Engine(golden_hooks())
    records = golden.split(golden.commands())[:1_500]
    for record in records:
        one.apply(record)
        other.apply(record)
        assert one.take_events() == other.take_events()
    assert one.state_hash() == other.state_hash()
    assert one.state_hash() == golden.expected()["state_hash_at"]["1500"]
