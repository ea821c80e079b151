"""Records: what the core writes is what the classes say, and nothing else is a record."""

import struct
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import Engine, bounds
from engine import records as r
from engine import vocabulary as v
from engine.event_writer import EventWriter

I64 = st.integers(min_value=-(2**63), max_value=2**63 - 1)
FIXED = [c for c in (*r.COMMAND_CLASSES, *r.EVENT_CLASSES) if c is not r.Configure]
SEQUENCE, TIME = 1_000_001, 1_704_096_000_000_000_001


def snake(name: str) -> str:
    """OrderPlaced -> order_placed: the name of the writing method."""
    return "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_")


def own_fields(record_class: type[r.Record]) -> tuple[str, ...]:
    return r.fields_of(record_class)[2:]


def fixed_records() -> st.SearchStrategy[r.Record]:
    """Any record of fixed size, any 64-bit values."""
    return st.sampled_from(FIXED).flatmap(
        lambda c: st.builds(c, **dict.fromkeys(r.fields_of(c), I64))
    )


def configures() -> st.SearchStrategy[r.Configure]:
    return st.builds(
        r.Configure, sequence=I64, time_ns=I64, kind=I64, payload=st.binary(max_size=70)
    )


# ------------------------------------------------------------ the writer and the classes


@pytest.mark.parametrize("event_class", r.EVENT_CLASSES, ids=lambda c: c.__name__)
def test_every_event_method_writes_what_its_class_decodes(event_class: type[r.Event]) -> None:
    writer = EventWriter()
    writer.sequence, writer.time_ns = SEQUENCE, TIME
    names = own_fields(event_class)
    values = {name: (-1) ** n * (2**62 - n) for n, name in enumerate(names, 1)}
    getattr(writer, snake(event_class.__name__))(**values)
    decoded, end = r.decode(writer.view())
    assert decoded == event_class(sequence=SEQUENCE, time_ns=TIME, **values)
    assert end == len(writer.view()) == r.record_size(event_class.TYPE)
    assert bytes(writer.view()) == r.encode(decoded)


def test_every_method_of_the_writer_is_an_event() -> None:
    methods = {snake(c.__name__) for c in r.EVENT_CLASSES}
    others = {"clear", "view"}
    public = {name for name in dir(EventWriter) if not name.startswith("_")}
    fields = {"words", "used", "capacity", "sequence", "time_ns"}
    assert public - fields == methods | others


def test_the_buffer_grows_and_is_used_again() -> None:
    writer = EventWriter()
    capacity = int(writer.capacity)
    count = capacity // 6 + 1
    for n in range(count):
        writer.configured(1, n, 0)
    assert writer.capacity == 2 * capacity
    events = list(r.decode_all(writer.view()))
    assert [e.identifier for e in events] == list(range(count))
    writer.clear()
    writer.configured(1, 7, 0)
    assert [e.identifier for e in r.decode_all(writer.view())] == [7]
    assert writer.capacity == 2 * capacity


# ------------------------------------------------------------ there and back


@given(fixed_records())
def test_a_record_survives_its_bytes(record: r.Record) -> None:
    data = r.encode(record)
    assert r.decode(data) == (record, len(data))
    assert len(data) == r.record_size(record.TYPE)
    assert len(data) % 8 == 0


@given(configures())
def test_a_configuration_record_survives_its_bytes(record: r.Configure) -> None:
    data = r.encode(record)
    assert r.decode(data) == (record, len(data))
    assert len(data) % 8 == 0


@given(st.lists(fixed_records() | configures(), max_size=8))
def test_a_block_of_records_survives_its_bytes(block: list[Any]) -> None:
    assert list(r.decode_all(b"".join(map(r.encode, block)))) == block


@given(fixed_records(), st.integers(1, 2**63 - 1), st.integers(1, 2**62))
def test_a_stamp_replaces_sequence_and_time(record: r.Record, sequence: int, time_ns: int) -> None:
    stamped, _ = r.decode(r.encode(record, sequence, time_ns))
    assert stamped == msgspec.structs.replace(record, sequence=sequence, time_ns=time_ns)


CONFIGS: list[r.Config] = [
    r.Profile(profile="mt4"),
    r.Currency(currency=1, code="USD", digits=2),
    r.Feed(feed=1, name="main"),
    r.Instrument(
        instrument=1,
        symbol="EURUSD",
        base_currency=2,
        profit_currency=1,
        margin_currency=2,
        digits=5,
        contract_size=100_000,
        sessions=[(0, 60), (120, 180)],
        feeds=[1, 2],
    ),
    r.Group(group=1, name="retail", currency=1, fifo=True),
    r.Terms(group=1, instrument=1, stp_stops=False, margin_percent_bp=0),
    r.HookSet(module="rules", version="1", source_hash="0" * 31),
]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda c: type(c).__name__)
def test_a_configuration_object_survives_its_record(config: r.Config) -> None:
    command, _ = r.decode(r.encode(config, 3, 4))
    assert isinstance(command, r.Configure)
    assert (command.kind, command.sequence, command.time_ns) == (config.KIND, 3, 4)
    assert r.decode_config(command) == config


def test_every_kind_of_configuration_has_a_case() -> None:
    assert {type(c) for c in CONFIGS} == set(r.CONFIG_CLASSES)


def test_types_and_kinds_are_not_used_twice() -> None:
    types = [c.TYPE for c in (*r.COMMAND_CLASSES, *r.EVENT_CLASSES)]
    assert len(set(types)) == len(types)
    assert len({c.KIND for c in r.CONFIG_CLASSES}) == len(r.CONFIG_CLASSES)
    assert all(0 < c.TYPE <= 100 for c in r.COMMAND_CLASSES)
    assert all(c.TYPE > 100 for c in r.EVENT_CLASSES)


NOT_64_BIT = [2**63, -(2**63) - 1, 1.5, "1", None]


@pytest.mark.parametrize("value", NOT_64_BIT)
def test_a_value_that_is_no_64_bit_integer_is_named(value: Any) -> None:
    with pytest.raises(ValueError, match=r"Tick: bid_points=.* is not a 64-bit integer"):
        r.encode(r.Tick(instrument=1, feed=1, bid_points=value, ask_points=2))


def test_a_payload_that_is_too_long_is_refused() -> None:
    longest = r.Configure(kind=1, payload=bytes(bounds.MAX_PAYLOAD_BYTES))
    assert r.decode(r.encode(longest))[0] == longest
    with pytest.raises(ValueError, match="16385 bytes, at most 16384"):
        r.encode(r.Configure(kind=1, payload=bytes(bounds.MAX_PAYLOAD_BYTES + 1)))


# ------------------------------------------------------------ views


def mixed_block() -> tuple[bytes, list[r.Event]]:
    events: list[r.Event] = []
    for n in range(1, 60):
        record_class = r.EVENT_CLASSES[n * 7 % len(r.EVENT_CLASSES)]
        names = r.fields_of(record_class)
        values = {name: n * 1_000 + k for k, name in enumerate(names)}
        events.append(record_class(**values))
    return b"".join(map(r.encode, events)), events


@pytest.mark.parametrize("record_class", r.EVENT_CLASSES, ids=lambda c: c.__name__)
def test_a_view_holds_every_record_of_a_type_and_no_other(record_class: type[r.Record]) -> None:
    block, events = mixed_block()
    rows = r.view(block, record_class)
    wanted = [e for e in events if type(e) is record_class]
    assert len(rows) == len(wanted)
    for name in r.fields_of(record_class):
        assert rows[name].tolist() == [getattr(e, name) for e in wanted]


def test_a_view_of_one_type_copies_nothing() -> None:
    ticks = [
        r.Tick(instrument=1, feed=1, bid_points=n, ask_points=n + 1, sequence=n)
        for n in range(1, 9)
    ]
    block = b"".join(map(r.encode, ticks))
    rows = r.view(block, r.Tick)
    assert rows.base is not None and not rows.flags.owndata
    assert np.shares_memory(rows, np.frombuffer(block, dtype="<i8"))
    assert rows["bid_points"].tolist() == list(range(1, 9))


def test_a_view_of_a_block_whose_size_fits_by_chance_holds_only_its_own() -> None:
    tick = r.encode(r.Tick(instrument=1, feed=1, bid_points=5, ask_points=6))
    cancel = r.encode(r.CancelOrder(login=1, order=2))
    block = tick + cancel * len(tick)
    assert len(block) % len(tick) == 0
    assert r.view(block, r.Tick)["bid_points"].tolist() == [5]
    assert len(r.view(cancel * len(tick), r.Tick)) == 0


def test_a_view_skips_payloads_that_look_like_records() -> None:
    disguise = r.encode(r.Tick(instrument=9, feed=9, bid_points=9, ask_points=9))
    block = r.encode(r.Configure(kind=1, payload=disguise))
    block += r.encode(r.Tick(instrument=1, feed=1, bid_points=5, ask_points=6))
    assert r.view(block, r.Tick)["bid_points"].tolist() == [5]


def test_a_view_of_nothing_is_empty() -> None:
    assert len(r.view(b"", r.Tick)) == 0


# ------------------------------------------------------------ corruption


def good_commands() -> list[r.Command | r.Config]:
    return [
        *CONFIGS[1:3],
        r.Currency(currency=2, code="EUR", digits=2),
        msgspec.structs.replace(CONFIGS[3], sessions=[], feeds=[], price_max_points=1_000_000),
        r.Group(group=1, name="retail", currency=1),
        r.SetAccount(login=1, group=1),
        r.BalanceOperation(login=1, operation=v.DEPOSIT, amount_minor=1_000_000),
        r.Tick(instrument=1, feed=1, bid_points=110_000, ask_points=110_010),
        r.PlaceOrder(login=1, instrument=1, order_type=v.MARKET, side=v.BUY, volume_units=10),
        r.ClosePosition(login=1, position=1, volume_units=5),
        r.Clock(),
    ]


GOOD = b"".join(r.encode(c, n, TIME) for n, c in enumerate(good_commands(), 1))


def word(header_type: int, version: int, size: int) -> bytes:
    return struct.pack("<Q", header_type | version << 16 | size << 32)


TICK = r.encode(r.Tick(instrument=1, feed=1, bid_points=1, ask_points=2), 1, TIME)
CONFIGURE = r.encode(r.Feed(feed=1, name="main"), 1, TIME)
# What is wrong, the bytes, and what the message must name.
CORRUPT = [
    ("cut within the head", TICK[:23], "offset 0: 23 bytes left, a"),
    ("cut within the record", TICK[:-1], "offset 0: 55 bytes left of a"),
    ("a second record cut", TICK + TICK[:-8], "offset 56: 48 bytes left of a"),
    ("type 0", word(0, 1, 56) + TICK[8:], "offset 0: 0 is not a"),
    ("an unknown type", word(99, 1, 56) + TICK[8:], "offset 0: 99 is not a"),
    ("another version", word(1, 2, 56) + TICK[8:], "offset 0: record version 2"),
    ("no version", word(1, 0, 56) + TICK[8:], "offset 0: record version 0"),
    ("too large a size", word(1, 1, 64) + TICK[8:] + bytes(8), "offset 0"),
    ("size 0", word(1, 1, 0) + TICK[8:], "offset 0"),
    ("a negative size", word(1, 1, 2**32 - 56) + TICK[8:], "offset 0"),
    ("a configuration too short for its head", word(3, 1, 32) + CONFIGURE[8:], "offset 0"),
    ("a configuration of odd size", word(3, 1, len(CONFIGURE) - 1) + CONFIGURE[8:], "offset 0"),
    (
        "more padding than needed",
        word(3, 1, len(CONFIGURE) + 8) + CONFIGURE[8:] + bytes(8),
        "offset 0",
    ),
    (
        "a payload longer than its record",
        CONFIGURE[:32] + struct.pack("<q", 999) + CONFIGURE[40:],
        "offset 0",
    ),
    ("a negative payload", CONFIGURE[:32] + struct.pack("<q", -1) + CONFIGURE[40:], "offset 0"),
]


@pytest.mark.parametrize(("name", "data", "message"), CORRUPT, ids=lambda x: str(x)[:38])
def test_bytes_that_are_no_record_are_refused_with_their_place(
    name: str, data: bytes, message: str
) -> None:
    with pytest.raises(r.CorruptRecord, match=message):
        list(r.decode_all(data))
    if name != "a second record cut":
        with pytest.raises(r.CorruptRecord, match=message):
            Engine().apply(data)


def configure(size: int, length: int, payload: bytes) -> bytes:
    """A `Configure` of this size in its header, and this length of its payload."""
    return word(3, 1, size) + CONFIGURE[8:32] + struct.pack("<q", length) + payload


LARGEST = 40 + bounds.MAX_PAYLOAD_BYTES
# All that the codec says of a `Configure` record, whose size is not known in advance.
SIZES = [
    (configure(40, 0, b""), ""),
    (configure(48, 8, bytes(8)), ""),
    (configure(48, 1, bytes(8)), ""),
    (configure(LARGEST, LARGEST - 40, bytes(LARGEST)), ""),
    (configure(32, 0, b""), "offset 0: 32 is no size of a Configure record"),
    (
        configure(LARGEST + 8, LARGEST - 32, bytes(LARGEST)),
        f"offset 0: {LARGEST + 8} is no size of a Configure record",
    ),
    (configure(48, 0, bytes(8)), "offset 0: payload of 0 bytes in a record of 48"),
    (configure(48, 9, bytes(8)), "offset 0: payload of 9 bytes in a record of 48"),
    (configure(44, 4, bytes(8)), "offset 0: payload of 4 bytes in a record of 44"),
]


@pytest.mark.parametrize(("data", "message"), SIZES, ids=lambda x: str(x)[:50])
def test_a_configuration_has_the_size_that_its_payload_needs(data: bytes, message: str) -> None:
    if message:
        with pytest.raises(r.CorruptRecord) as error:
            r.decode(data)
        assert str(error.value) == message
    else:
        record, end = r.decode(data)
        assert r.encode(record) == data[:end]


def test_a_block_that_ends_before_the_payload_of_a_configuration_is_refused() -> None:
    with pytest.raises(r.CorruptRecord, match="offset 0: 32 is no size of command type 3"):
        Engine().apply(configure(32, 0, b"")[:32])


@pytest.mark.parametrize(
    ("left", "message"), [(10, "10 bytes left, a"), (30, "30 bytes left of a")]
)
def test_a_block_that_ends_within_a_command_names_the_place(left: int, message: str) -> None:
    second = r.encode(r.Tick(instrument=1, feed=1, bid_points=1, ask_points=2), 2, TIME)
    with pytest.raises(r.CorruptRecord, match=f"offset 56: {message}"):
        Engine().apply(TICK + second[:left])


def test_an_event_is_no_command() -> None:
    event = r.encode(r.DealerSet(dealer=1, online=1, dealers_online=1), 1, TIME)
    with pytest.raises(r.CorruptRecord, match="offset 0: 116 is not a command type"):
        Engine().apply(event)


@pytest.mark.parametrize("sequence", [0, 2, -1, 2**62])
def test_a_first_command_must_be_number_one(sequence: int) -> None:
    data = r.encode(r.Clock(sequence=sequence, time_ns=TIME))
    with pytest.raises(r.CorruptRecord, match=f"offset 0: sequence {sequence}, expected 1"):
        Engine().apply(data)


@pytest.mark.parametrize("second", [1, 3])
def test_a_repeated_or_missing_command_is_named(second: int) -> None:
    block = r.encode(r.Clock(), 1, TIME) + r.encode(r.Clock(), second, TIME)
    with pytest.raises(r.CorruptRecord, match=f"offset 24: sequence {second}, expected 2"):
        Engine().apply(block)


@pytest.mark.parametrize("time_ns", [-1, bounds.MAX_TIME_NS + 1])
def test_a_time_out_of_range_is_named(time_ns: int) -> None:
    data = r.encode(r.Clock(sequence=1, time_ns=time_ns))
    with pytest.raises(r.CorruptRecord, match=f"sequence 1: time {time_ns} is out of range"):
        Engine().apply(data)


@pytest.mark.parametrize("time_ns", [0, bounds.MAX_TIME_NS])
def test_the_first_and_the_last_time_are_times(time_ns: int) -> None:
    engine = Engine()
    engine.apply(r.encode(r.Clock(sequence=1, time_ns=time_ns)))
    assert (engine.sequence, engine.time_ns) == (1, time_ns)


def test_commands_before_a_corrupt_one_have_been_applied() -> None:
    engine = Engine()
    with pytest.raises(r.CorruptRecord):
        engine.apply(GOOD + b"torn")
    whole = Engine()
    whole.apply(GOOD)
    assert engine.take_events() == whole.take_events()


def flips(data: bytes) -> Iterator[bytes]:
    """Every block that differs in one bit."""
    for place in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[place] ^= 1 << bit
            yield bytes(changed)


def test_a_flipped_bit_is_another_command_or_a_corrupt_record_and_nothing_else() -> None:
    corrupt = 0
    for data in flips(GOOD):
        engine = Engine()
        try:
            engine.apply(data)
        except r.CorruptRecord:
            corrupt += 1
            continue
        list(r.decode_all(data))
        list(r.decode_all(engine.take_events()))
        engine.check(everything=True)
    assert 0 < corrupt < 8 * len(GOOD)


@given(st.binary(max_size=200))
def test_garbage_is_a_corrupt_record(data: bytes) -> None:
    for read in (lambda: list(r.decode_all(data)), lambda: Engine().apply(data)):
        try:
            read()
        except r.CorruptRecord:
            continue
        assert data == b"", "24 random bytes are no record"


@given(st.binary(max_size=60), st.integers(-1, 9))
def test_any_payload_is_stored_or_refused(payload: bytes, kind: int) -> None:
    engine = Engine()
    events = engine.send(r.Configure(kind=kind, payload=payload), TIME)
    assert [type(e) for e in events] in ([r.Rejected], [r.Configured])


@pytest.mark.parametrize(
    ("kind", "payload", "message"),
    [
        (0, b"", "0 is no configuration kind"),
        (8, b"\x80", "8 is no configuration kind"),
        (v.CONFIG_CURRENCY, b"", "payload is no Currency"),
        (v.CONFIG_CURRENCY, b"\x80", "payload is no Currency"),
        (v.CONFIG_CURRENCY, b"\xff", "payload is no Currency"),
        (v.CONFIG_FEED, msgspec.msgpack.encode({"feed": 1, "name": "x", "y": 1}), "unknown field"),
        (v.CONFIG_FEED, msgspec.msgpack.encode({"feed": "1", "name": "x"}), "Expected `int`"),
        (v.CONFIG_FEED, b"\x82\xa4feed\x01\xa4name\xa1\xff", "payload is no Feed"),
    ],
)
def test_a_payload_that_is_no_configuration_is_named(
    kind: int, payload: bytes, message: str
) -> None:
    with pytest.raises(r.CorruptRecord, match=message):
        r.decode_config(r.Configure(kind=kind, payload=payload, sequence=5))
    (refused,) = Engine().send(r.Configure(kind=kind, payload=payload), TIME)
    assert (refused.code, refused.detail) == (901, kind)


# ------------------------------------------------------------ the state


def small_state() -> bytes:
    engine = Engine()
    engine.apply(GOOD)
    return engine.state_bytes()


STATE = small_state()


@pytest.mark.parametrize("length", range(0, len(STATE), 8))
def test_a_state_that_was_cut_is_corrupt(length: int) -> None:
    with pytest.raises(r.CorruptRecord, match="state"):
        Engine.from_state(STATE[:length], 1, TIME)


def test_a_state_with_something_behind_it_is_corrupt() -> None:
    with pytest.raises(r.CorruptRecord, match="8 bytes too many"):
        Engine.from_state(STATE + bytes(8), 1, TIME)


def test_a_flipped_bit_of_the_state_is_another_state_or_corrupt_and_nothing_else() -> None:
    corrupt = 0
    for data in flips(STATE):
        try:
            engine = Engine.from_state(data, 1, TIME)
        except r.CorruptRecord:
            corrupt += 1
            continue
        assert engine.state_bytes() is not None
    assert 0 < corrupt < 8 * len(STATE)
