"""Promises of what reads records and states: the codec and the engine.

This file may drive the shipped code and compare; a function here raises only where a promise
is broken. What may come out is named at each: nothing else may.
"""

from contextlib import suppress
from random import Random
from zlib import crc32

from adapters.describe import Names, describe, line
from adapters.units import format_time
from engine import Engine, records
from engine.records import CorruptRecord
from tests.determinism import golden
from tests.fuzz import good, mutations

# ---------------------------------------------------------------- the codec


def decoded(data: bytes) -> None:
    """`decode`, `decode_config`, `view`: records that encode to the same, or `CorruptRecord`."""
    found: list[records.Record] = []
    try:
        for record in records.decode_all(data):
            found.append(record)
    except CorruptRecord:
        _one_after_the_other(data, found)
        return
    again = b"".join(map(records.encode, found))
    assert len(again) == len(data), "sizes agree"
    assert list(records.decode_all(memoryview(again))) == found, "what is decoded is encoded"
    for record_class in {type(record) for record in found}:
        rows = records.view(data, record_class) if record_class is not records.Configure else ()
        wanted = [record for record in found if type(record) is record_class]
        for row, record in zip(rows, wanted, strict=record_class is not records.Configure):
            names = records.fields_of(record_class)
            assert [int(row[n]) for n in names] == [getattr(record, n) for n in names]
    for record in found:
        if isinstance(record, records.Configure):
            _configuration(record)


def _one_after_the_other(data: bytes, found: list[records.Record]) -> None:
    """What was decoded before the bad record is what stands there."""
    offset = 0
    for record in found:
        again, offset = records.decode(data, offset)
        assert again == record
    try:
        records.decode(data, offset)
    except CorruptRecord as error:
        assert str(error).startswith(f"offset {offset}"), f"the message names the place: {error}"
    else:
        raise AssertionError("decode and decode_all disagree")


def _configuration(record: records.Configure) -> None:
    try:
        config = records.decode_config(record)
    except CorruptRecord:
        return
    again, _ = records.decode(records.encode(config))
    assert isinstance(again, records.Configure)
    assert records.decode_config(again) == config


def described(data: bytes) -> None:
    """`describe` and `line`: words for any record that can be decoded; `CorruptRecord` from a
    `Configure` alone."""
    names = Names()
    for part in mutations.parts_of(data):
        try:
            record, _ = records.decode(part)
        except CorruptRecord:
            continue
        if isinstance(record, records.Configure):
            try:
                names.learn_config(records.decode_config(record))
            except CorruptRecord:
                continue
        if isinstance(record, records.Event):
            names.learn(record)
        assert "\n" not in line(describe(record, names)), "one line"
        assert format_time(record.time_ns)


# ---------------------------------------------------------------- the engine


def applied(data: bytes) -> None:
    """`Engine.apply`: every byte is a command that is done or refused, or `CorruptRecord`."""
    world = good.world()
    engine = world.engine()
    try:
        engine.apply(data)
    except CorruptRecord:
        list(records.decode_all(engine.take_events()))
        return
    events = engine.take_events()
    engine.check(everything=True)
    commands = golden.split(data)
    assert engine.sequence == world.sequence + len(commands), "as many as are decoded"
    assert _one_by_one(world, commands) == (events, engine.state_hash())
    if crc32(data) % 4:
        return  # what follows takes longer than all that was before
    loaded = Engine.from_state(engine.state_bytes(), engine.sequence, engine.time_ns)
    for login in engine.logins():
        assert loaded.account(login) == engine.account(login)
        assert loaded.positions(login) == engine.positions(login)
        assert loaded.orders(login) == engine.orders(login)


def _one_by_one(world: good.World, commands: list[bytes]) -> tuple[bytes, str]:
    """The same in blocks of one; a refused command leaves the state as it was."""
    engine = world.engine()
    state = engine.state_bytes()
    events = []
    for command in commands:
        engine.apply(command)
        events.append(engine.take_events())
        told = list(records.decode_all(events[-1]))
        before, state = state, engine.state_bytes()
        if [type(event) for event in told] == [records.Rejected]:
            assert state == before, f"refused, and it changed something: {told}"
    return b"".join(events), engine.state_hash()


def state_loaded(data: bytes) -> None:
    """`Engine.from_state`: an engine that stands there, or `CorruptRecord`."""
    world = good.world()
    try:
        engine = Engine.from_state(data, world.sequence, world.time_ns)
    except CorruptRecord:
        return
    assert engine.state_bytes() == data, "the state is the one that was given"
    with suppress(AssertionError):
        engine.check(everything=True)  # what no commands lead to is found here, if anywhere


def state_seeds() -> list[bytes]:
    """The state of the world, that of a small day, and one of configuration alone."""
    found = [good.world().state]
    for count in (100, 40, 7):
        engine = Engine()
        engine.apply(b"".join(good.small_parts()[:count]))
        found.append(engine.state_bytes())
    return found


def state_mutated(data: bytes, random: Random) -> bytes:
    """Rows and words of a state, and the configuration in it."""
    if random.randrange(6) == 0:
        return mutations.some_bytes(data, random)
    if random.randrange(3):
        return mutations.some_words(data, random)
    payloads = _payloads(data)
    if not payloads:
        return mutations.some_words(data, random)
    at, size = random.choice(payloads)
    payload = mutations.payload_changed(data[at : at + size], random)
    end = at + size + -size % 8
    length = len(payload).to_bytes(8, "little")
    return data[: at - 8] + length + payload + bytes(-len(payload) % 8) + data[end:]


def _payloads(state: bytes) -> list[tuple[int, int]]:
    """(offset, size) of the configuration payloads of a state that is good so far."""
    count = int.from_bytes(state[24:32], "little")
    found, at = [], 32
    while len(found) < min(count, 1_000) and at + 16 <= len(state):
        size = int.from_bytes(state[at + 8 : at + 16], "little")
        found.append((at + 16, size))
        at += 16 + size + -size % 8
    return [(at, size) for at, size in found if at + size <= len(state)]
