"""The engine as a library: events kept or cleared, questions, counters, states of any size.

This file may ask the face of the engine; what the core decides is tested elsewhere.
"""

import msgspec
import pytest

from engine import Engine
from engine import records as r
from tests.rules.world import World
from tests.small_day import day, encoded

TIME = 1_704_096_000 * 10**9


def started() -> Engine:
    engine = Engine()
    engine.apply(encoded(list(day(1, 50))))
    return engine


def test_cleared_events_are_gone_and_the_state_stays() -> None:
    engine = started()
    state = engine.state_bytes()
    assert len(engine.events_view()) > 0
    engine.clear_events()
    assert len(engine.events_view()) == 0
    assert engine.take_events() == b""
    assert engine.state_bytes() == state


def test_a_question_for_what_is_not_there_is_a_key_error() -> None:
    engine = started()
    with pytest.raises(KeyError):
        engine.quote(4_000)
    with pytest.raises(KeyError):
        engine.account(4_000)


def test_work_is_counted() -> None:
    world = World()
    world.buy(100)
    before = world.engine.counters()
    work = []
    # Within the band; out of it by one point (the next band is for less money); far out.
    for bid in (110_001, 103_124, 103_123):
        world.tick(bid)
        now = world.engine.counters()
        work.append(tuple(now[name] - before[name] for name in before))
        before = now
    assert list(before) == ["ticks", "evaluations", "band_exits"]
    assert work == [(1, 0, 0), (1, 1, 1), (1, 0, 0)]


def test_every_invariant_can_be_checked_cheaply_or_in_full() -> None:
    engine = started()
    engine.check()
    engine.check(everything=True)


def test_a_state_of_many_configurations_is_written_and_read_whole() -> None:
    # More words than the writer makes room for in advance.
    engine = Engine()
    records: list[r.Config] = [r.Currency(currency=1, code="USD", digits=2)]
    plain = r.Instrument(
        instrument=1,
        symbol="S",
        base_currency=1,
        profit_currency=1,
        margin_currency=1,
        digits=2,
        contract_size=1,
        sessions=[(n, n + 5) for n in range(0, 600, 10)],
    )
    records += [msgspec.structs.replace(plain, instrument=n, symbol=f"S{n}") for n in range(1, 800)]
    engine.apply(b"".join(r.encode(x, n, TIME) for n, x in enumerate(records, 1)))
    state = engine.state_bytes()
    assert len(state) > 8 * 16_384
    again = Engine.from_state(state, engine.sequence, engine.time_ns)
    assert again.state_bytes() == state
    assert again.state_hash() == engine.state_hash()
