"""Where two journals part: found at the right command, however the blocks were cut."""

from collections.abc import Callable
from itertools import pairwise, zip_longest
from pathlib import Path
from random import Random

import pytest

from adapters import compare
from adapters.compare import COMMAND, END, EVENTS, Parting, Side, fields_of, side_by_side
from adapters.compare_accounts import accounts_of
from adapters.node import Node
from engine import Engine, records
from journal import NO_HOOKS, BlockDraft, JournalError, LmdbJournal, framing
from tests.small_day import START_NS, day, opening

pytestmark = pytest.mark.once

Encoded = list[bytes]


@pytest.fixture(scope="module")
def streams(tmp_path_factory: pytest.TempPathFactory) -> tuple[Encoded, Encoded]:
    """Commands and events of a small day, record by record."""
    path = tmp_path_factory.mktemp("compare") / "day"
    with Node.open(path, create=True) as node:
        for command, time_ns in day(3, 260):
            node.submit(command, time_ns)
        node.commit()
        (block,) = node.journal.blocks()
    return split(block.commands), split(block.events)


def split(data: bytes) -> Encoded:
    """Records one by one."""
    starts = [*(framing.record_starts(data) * 8).tolist(), len(data)]
    return [data[a:b] for a, b in pairwise(starts)]


def sequence_of(record: bytes) -> int:
    return int.from_bytes(record[8:16], "little")


def time_of(record: bytes) -> int:
    return int.from_bytes(record[16:24], "little")


def store(path: Path, commands: Encoded, events: Encoded, sizes: Callable[[], int]) -> Path:
    """A run with these records, in blocks of as many commands as `sizes` says."""
    journal = LmdbJournal.open(path / "journal", writable=True, create=True)
    done, event, latest = 0, 0, 0
    while done < len(commands):
        part = commands[done : done + sizes()]
        done += len(part)
        last = sequence_of(part[-1])
        latest = max(latest, *map(time_of, part))
        start = event
        while event < len(events) and sequence_of(events[event]) <= last:
            event += 1
        draft = BlockDraft()
        joined = b"".join(part)
        draft.add(joined, sequence_of(part[0]), last, time_of(part[0]))
        draft.keys = framing.keys_of(joined)
        journal.append(draft, b"".join(events[start:event]), latest, NO_HOOKS)
    journal.close()
    return path


def parting_of(
    a: Path, b: Path, to_sequence: int | None = None, to_time_ns: int | None = None
) -> Parting | None:
    sides = [Side.open(path, to_sequence, to_time_ns) for path in (a, b)]
    try:
        return compare.parting(*sides)
    finally:
        for side in sides:
            side.close()


def changed(record: bytes, word: int = -1) -> bytes:
    """The same record with another value in one of its words."""
    at = len(record) + 8 * word if word < 0 else 8 * word
    return record[:at] + bytes([record[at] ^ 1]) + record[at + 1 :]


def naive(a: tuple[Encoded, Encoded], b: tuple[Encoded, Encoded]) -> tuple[int, str] | None:
    """The first difference, by looking at every command with its events."""
    by_sequence: list[dict[int, Encoded]] = []
    for _, events in (a, b):
        grouped: dict[int, Encoded] = {}
        for event in events:
            grouped.setdefault(sequence_of(event), []).append(event)
        by_sequence.append(grouped)
    for number, (ours, theirs) in enumerate(zip_longest(a[0], b[0]), 1):
        if ours is None or theirs is None:
            return number, END
        if ours != theirs:
            return number, COMMAND
        if by_sequence[0].get(number) != by_sequence[1].get(number):
            return number, EVENTS
    return None


# ---------------------------------------------------------------- finding the place


def test_same_records_in_other_blocks_are_no_difference(
    streams: tuple[Encoded, Encoded], tmp_path: Path
) -> None:
    random = Random(1)
    whole = store(tmp_path / "whole", *streams, lambda: 10_000)
    for name, sizes in (
        ("single", lambda: 1),
        ("seven", lambda: 7),
        ("random", lambda: random.randrange(1, 60)),
    ):
        other = store(tmp_path / name, *streams, sizes)
        assert parting_of(whole, other) is None
        assert parting_of(other, whole) is None
    assert parting_of(whole, whole) is None


def test_every_kind_of_change_is_found_where_it_is(
    streams: tuple[Encoded, Encoded], tmp_path: Path
) -> None:
    """Random changes of commands and events, random blocks; a plain look at all is the oracle."""
    random = Random(2)
    found: dict[str, int] = {}
    originals = [store(tmp_path / f"{n}", *streams, lambda n=n: n) for n in (4, 40, 400)]
    for attempt in range(48):
        commands, events = [*streams[0]], [*streams[1]]
        kind = attempt % 6
        if kind == 0:
            at = random.randrange(len(commands))
            commands[at] = changed(commands[at], 3)
        elif kind == 1:
            at = random.randrange(len(events))
            events[at] = changed(events[at])
        elif kind == 2:
            del events[random.randrange(len(events))]
        elif kind == 3:
            at = random.randrange(len(events))
            events.insert(at, events[at])
        elif kind == 4:
            cut = random.randrange(1, len(commands))
            commands = commands[:cut]
            events = [e for e in events if sequence_of(e) <= cut]
        else:
            at = random.randrange(len(events))
            (own,) = records.decode_all(events[at])
            clock = records.encode(records.Configured(1, 1, 1), own.sequence, own.time_ns)
            events[at] = clock
        a = random.choice(originals)
        most = random.choice((50, 150))
        b = store(tmp_path / f"b{attempt}", commands, events, lambda m=most: random.randrange(1, m))
        expected = naive(streams, (commands, events))
        for first, second in ((a, b), (b, a)):
            parting = parting_of(first, second)
            got = None if parting is None else (parting.sequence, parting.what)
            assert got == expected, (attempt, kind)
        if expected is not None:
            found[expected[1]] = found.get(expected[1], 0) + 1
    assert min(found[what] for what in (COMMAND, EVENTS, END)) >= 5, found


def test_earlier_of_two_differences_is_the_one_that_is_found(
    streams: tuple[Encoded, Encoded], tmp_path: Path
) -> None:
    """Also where the later one is of a command and the earlier of an event, in one block."""
    commands, events = streams
    at = next(i for i, event in enumerate(events) if sequence_of(event) > 70)
    other_events = [*events[:at], changed(events[at]), *events[at + 1 :]]
    other = [*commands[:199], changed(commands[199], 3), *commands[200:]]
    a = store(tmp_path / "a", commands, events, lambda: 10_000)
    b = store(tmp_path / "b", other, other_events, lambda: 10_000)
    parting = parting_of(a, b)
    assert parting is not None
    assert (parting.sequence, parting.what) == (sequence_of(events[at]), EVENTS)


def test_answers_of_a_difference_are_the_commands_with_their_events(
    streams: tuple[Encoded, Encoded], tmp_path: Path
) -> None:
    commands, events = streams
    at = next(i for i, e in enumerate(events) if sequence_of(e) == 100 or i > 120)
    sequence = sequence_of(events[at])
    a = store(tmp_path / "a", commands, events, lambda: 30)
    b = store(tmp_path / "b", commands, [*events[:at], *events[at + 1 :]], lambda: 30)
    parting = parting_of(a, b)
    assert parting is not None and parting.sequence == sequence
    ours, theirs = parting.answers
    assert ours is not None and theirs is not None
    assert ours.command == theirs.command == next(records.decode_all(commands[sequence - 1]))
    assert len(ours.events) == len(theirs.events) + 1


def test_blocks_that_are_equal_by_their_hash_are_not_read(
    streams: tuple[Encoded, Encoded], tmp_path: Path
) -> None:
    """What makes it quick: only the block that parts is looked into. Checking is for verify."""
    commands, events = streams
    a = store(tmp_path / "a", commands, events, lambda: 20)
    b = store(tmp_path / "b", [*commands[:-1], changed(commands[-1])], events, lambda: 20)
    journal = LmdbJournal.open(a / "journal")
    second = journal.block_at(21)
    journal.close()
    assert second is not None
    file = a / "journal" / "data.mdb"
    file.write_bytes(file.read_bytes().replace(second.commands, changed(second.commands)))
    parting = parting_of(a, b)
    assert parting is not None and parting.sequence == len(commands)


def test_prefix_differs_at_the_first_command_that_it_has_not(
    streams: tuple[Encoded, Encoded], tmp_path: Path
) -> None:
    commands, events = streams
    a = store(tmp_path / "a", commands, events, lambda: 20)
    b = store(tmp_path / "b", commands[:50], [e for e in events if sequence_of(e) <= 50], lambda: 9)
    parting = parting_of(a, b)
    assert parting is not None and (parting.sequence, parting.what) == (51, END)
    assert parting.answers[0] is not None and parting.answers[1] is None
    assert parting_of(a, b, to_sequence=50) is None
    with pytest.raises(JournalError, match="sequence 51 is not in it, it has 1-50"):
        parting_of(a, b, to_sequence=51)


def test_difference_behind_the_point_does_not_count(
    streams: tuple[Encoded, Encoded], tmp_path: Path
) -> None:
    commands, events = streams
    a = store(tmp_path / "a", commands, events, lambda: 64)
    b = store(
        tmp_path / "b",
        [*commands[:99], changed(commands[99]), *commands[100:]],
        events[:0],
        lambda: 64,
    )
    c = store(
        tmp_path / "c", [*commands[:99], changed(commands[99]), *commands[100:]], events, lambda: 64
    )
    assert parting_of(a, c, to_sequence=99) is None
    for last in (100, 101, None):
        parting = parting_of(a, c, to_sequence=last)
        assert parting is not None and parting.sequence == 100
    parting = parting_of(a, b, to_sequence=10)
    assert parting is not None and parting.what == EVENTS


def test_time_as_a_point_is_the_last_command_up_to_it_on_either_side(
    streams: tuple[Encoded, Encoded], tmp_path: Path
) -> None:
    commands, events = streams
    for sizes in (1, 17, 1_000):
        path = store(tmp_path / f"{sizes}", commands, events, lambda n=sizes: n)
        for number in (1, 29, 40, 41, 150, len(commands)):
            time_ns = time_of(commands[number - 1])
            end = max(i for i, c in enumerate(commands, 1) if time_of(c) <= time_ns)
            for moment, expected in ((time_ns, end), (START_NS - 1, 0), (2**62, len(commands))):
                side = Side.open(path, None, moment)
                assert side.end == expected
                side.close()


# ---------------------------------------------------------------- fields and accounts


def test_configuration_is_compared_by_what_it_configures() -> None:
    a = records.decode(records.encode(records.Currency(1, "USD", 2), 4, 5))[0]
    b = records.decode(records.encode(records.Currency(1, "USD", 3), 4, 5))[0]
    assert [row for row in side_by_side(a, b) if row[1] != row[2]] == [("digits", 2, 3)]
    assert fields_of(records.Configure(kind=99, payload=b"\1"))["payload"] == "01"
    assert side_by_side(None, None) == []


def engine_after(*commands: records.Command | records.Config) -> Engine:
    """An engine with the opening of the small day, then some commands."""
    engine = Engine()
    for command in (*opening(), *commands):
        engine.send(command, START_NS)
    return engine


TICK = records.Tick(instrument=1, feed=1, bid_points=110_000, ask_points=110_010)


def deposit(login: int, amount_minor: int) -> records.BalanceOperation:
    return records.BalanceOperation(login=login, operation=1, amount_minor=amount_minor)


def buy(login: int, volume_units: int = 10, stop_loss_points: int = 0) -> records.PlaceOrder:
    return records.PlaceOrder(
        login=login,
        instrument=1,
        order_type=0,
        side=0,
        volume_units=volume_units,
        stop_loss_points=stop_loss_points,
    )


def test_accounts_with_the_largest_difference_in_equity_come_first() -> None:
    a = engine_after(deposit(2, 100), deposit(3, 900), deposit(5, 7))
    b = engine_after(deposit(3, 100), deposit(5, 7), deposit(4, 500))
    found = accounts_of(a, b)
    assert found.in_both == 12 and not found.alike
    assert [each.login for each in found.differ] == [3, 4, 2]
    assert {k: str(y - x) for k, (x, y) in found.differ[0].amounts().items()} == {
        "balance": "-8.00", "equity": "-8.00",
    }  # fmt: skip
    assert found.differ[0].counts() == {} and not found.differ[0].other_positions


def test_positions_that_differ_are_found_also_where_the_figures_do_not() -> None:
    a = engine_after(TICK, buy(1, stop_loss_points=100_000), buy(2))
    b = engine_after(TICK, buy(1, stop_loss_points=100_001), buy(2))
    (found,) = accounts_of(a, b).differ
    assert (found.login, found.other_positions) == (1, True)
    assert found.amounts() == {} and found.counts() == {}


def test_position_whose_quote_moved_is_the_same_position_with_another_profit() -> None:
    moved = records.Tick(instrument=1, feed=1, bid_points=110_020, ask_points=110_030)
    a, b = engine_after(TICK, buy(1), TICK), engine_after(TICK, buy(1), moved)
    (found,) = accounts_of(a, b).differ
    assert not found.other_positions and set(found.amounts()) == {"profit", "equity"}


def test_account_of_one_side_and_of_another_currency_are_told_apart() -> None:
    euro = records.Group(group=2, name="euro", currency=2)
    new = records.SetAccount(login=77, group=2)
    also = records.SetAccount(login=78, group=1)
    a = engine_after(euro, new, also, deposit(5, 10**9))
    b = engine_after(euro, records.SetAccount(login=77, group=1))
    found = accounts_of(a, b)
    assert [figures.login for figures in found.only_a] == [78] and found.only_b == []
    other, five = found.differ
    assert (other.login, other.same_money, five.login) == (77, False, 5)
    assert set(other.amounts()) == {"balance", "credit", "profit", "equity", "margin"}


def test_states_that_differ_elsewhere_have_accounts_that_are_alike() -> None:
    found = accounts_of(engine_after(TICK), engine_after())
    assert found.alike and found.state_hashes[0] != found.state_hashes[1]
    same = accounts_of(engine_after(), engine_after())
    assert same.alike and same.state_hashes[0] == same.state_hashes[1]
