"""The generated day: the same everywhere, and full of what a broker's day is full of."""

import hashlib
import os
import struct
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from adapters.cli.day import DayResult, run_day
from adapters.cli.sources import generated_day
from adapters.config import settings_of
from adapters.generate import catalogue, prices
from adapters.generate.dice import Dice
from adapters.generate.habits import HABITS
from adapters.units import BadInput, parse_time
from engine import records
from engine import vocabulary as v
from engine.records.book_events import BOOK_EVENT_CLASSES
from tests.generate.small_day import Recorder, run
from tests.naive.comparison import Comparison

ROOT = Path(__file__).parents[2]
QUOTES_DIGEST = "2c66afe7ca451daba9034d15d42f27035dfab9abc56d86df7d9b1ecbb8cbc29e"


@pytest.fixture(scope="module")
def day() -> tuple[Recorder, DayResult]:
    return run(seed=11, ticks=12_000, clients=120)


def test_dice_give_the_same_numbers_on_every_machine() -> None:
    dice = Dice(42)
    assert [dice.below(1_000) for _ in range(5)] == [639, 25, 275, 223, 736]
    assert [dice.between(3, 5) for _ in range(5)] == [5, 5, 3, 4, 3]
    assert dice.bell() == -1.819749938277851
    assert dice.weighted("abc", [0, 1, 0]) == "b"


def test_quotes_give_the_same_bytes_on_every_machine() -> None:
    """A change of this digest changes every demo: say so in the change log."""
    broker = settings_of(catalogue.tables(), "generated day")
    digest = hashlib.sha256()
    for row in prices.quotes(broker, 3, 5_000):
        digest.update(struct.pack("<5q", *row))
    assert digest.hexdigest() == QUOTES_DIGEST


def test_quotes_are_ordered_uncrossed_within_sessions_and_as_many_as_asked() -> None:
    broker = settings_of(catalogue.tables(), "generated day")
    rows = list(prices.quotes(broker, 5, 4_321))
    assert len(rows) == 4_321
    assert [r[0] for r in rows] == sorted(r[0] for r in rows)
    assert parse_time(catalogue.START) <= rows[0][0] <= rows[-1][0] < parse_time(catalogue.END)
    by_number = {i.instrument: i for i in broker.instruments.values()}
    for time_ns, instrument, _, bid, ask in rows:
        row = by_number[instrument]
        assert row.price_min_points <= bid < ask <= row.price_max_points
        minute = prices.minute_of_week(time_ns)
        assert not row.sessions or any(a <= minute < b for a, b in row.sessions)
    assert len({r[1] for r in rows}) == len(by_number), "every instrument is quoted"


def test_shares_open_with_a_gap_after_the_night() -> None:
    broker = settings_of(catalogue.tables(), "generated day")
    number = broker.instruments["NORDLYS.US"].instrument
    opening = parse_time("2024-03-05T14:30:00Z")
    rows = [r for r in prices.quotes(broker, 5, 20_000) if r[1] == number]
    before = [r for r in rows if r[0] < opening][-1]
    after = next(r for r in rows if r[0] >= opening)
    assert after[4] < before[3] * 95 // 100, "bad news over night: more than five percent lower"


def test_every_quote_of_the_generated_day_is_accepted(day: tuple[Recorder, DayResult]) -> None:
    refused = [
        e for e in day[0].events if isinstance(e, records.Rejected) and e.command_type == v.TICK
    ]
    assert refused == []


def test_day_is_full_of_life(day: tuple[Recorder, DayResult]) -> None:
    recorder, result = day
    tally = result.tally.as_dict()
    assert tally["stop_outs"] >= 4
    assert tally["margin_calls"] >= 5
    assert tally["closes_with_conversion"] >= 100
    assert tally["partial_closes"] >= 20
    assert tally["feed_switches"] >= 2
    assert set(tally["orders_placed"]) == {"market", "limit", "stop", "stop_limit"}
    closed = {"client", "dealer", "take_profit", "stop_loss", "stop_out", "netted"}
    assert set(tally["positions_closed"]) == closed
    assert {"client", "expired", "request_timeout"} <= set(tally["orders_removed"])
    assert set(tally["house_profit"]) == {"USD", "EUR", "GBP", "JPY"}
    sent = Counter(type(c) for c in recorder.commands)
    quoted = {c for c in records.COMMAND_CLASSES if c.TYPE < v.PLACE_BOOK_ORDER}
    assert quoted - set(sent) == {records.Clock, records.Configure}
    operations = {c.operation for c in recorder.commands if isinstance(c, records.BalanceOperation)}
    assert operations == {v.DEPOSIT, v.WITHDRAWAL, v.CREDIT_IN, v.CREDIT_OUT, v.CORRECTION}
    happened = {type(e) for e in recorder.events}
    left_out = set(records.EVENT_CLASSES) - happened
    assert left_out == set(BOOK_EVENT_CLASSES), "every kind of event of the quoted venue happens"
    assert result.commands == recorder.engine.sequence


def test_most_of_what_clients_send_is_accepted(day: tuple[Recorder, DayResult]) -> None:
    _, result = day
    refused = sum(result.tally.rejected.values())
    others = result.commands - result.quotes
    assert 0 < refused < others // 5
    assert len(result.tally.rejected) >= 8, "people err in many ways"


def test_times_never_go_back_and_every_order_and_money_command_has_its_own_key(
    day: tuple[Recorder, DayResult],
) -> None:
    recorder, _ = day
    assert recorder.times == sorted(recorder.times)
    keys = [
        (c.key_high, c.key_low)  # type: ignore[attr-defined]
        for c in recorder.commands
        if hasattr(c, "key_high")
    ]
    assert len(keys) > 1_000
    assert len(set(keys)) == len(keys) and (0, 0) not in keys


def test_clients_know_their_tickets() -> None:
    """What the crowd believes agrees with the engine, to the ticket and the cent."""
    recorder = Recorder()
    small = generated_day(3, 3_000, 40)
    run_day(small, recorder.submit)
    for login, client in small.crowd.clients.items():
        figures = recorder.engine.account(login)
        assert client.balance_minor == figures.balance_minor
        assert client.margin_minor == figures.margin_minor
        assert list(client.positions) == [p.position for p in recorder.engine.positions(login)]
        pending = [o.order for o in recorder.engine.orders(login) if not o.requested]
        assert sorted(client.orders) == sorted(pending)
        for position in recorder.engine.positions(login):
            assert client.positions[position.position].volume_units == position.volume_units


def test_every_habit_trades() -> None:
    small = generated_day(4, 4_000, 60)
    result = run_day(small, Recorder().submit)
    assert result.tally.filled > 0
    for name, habit in HABITS.items():
        traders = [c for c in small.crowd.clients.values() if c.habit is habit]
        assert any(c.keys_given > 2 for c in traders), name


def test_generated_day_is_the_same_through_the_naive_engine() -> None:
    both = Comparison(name="generated day, seed 9")
    result = run_day(generated_day(9, 1_500, 30), both.send)
    both.compare_accounts()
    assert result.tally.filled > 200


@pytest.mark.once
def test_hash_seed_time_zone_and_locale_change_nothing() -> None:
    outputs = set()
    for seed, zone, locale in (("0", "UTC", "C"), ("77", "Asia/Tokyo", "tr_TR.UTF-8")):
        environment = os.environ | {"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": locale}
        command = [sys.executable, "-m", "tests.generate.small_day", "5", "3000", "30"]
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        )
        outputs.add(done.stdout)
    assert len(outputs) == 1


def test_another_seed_gives_another_day() -> None:
    digests = {run(seed, 500, 5)[0].digest.hexdigest() for seed in (1, 2, 3)}
    assert len(digests) == 3


@pytest.mark.parametrize(("ticks", "clients"), [(0, 5), (-1, 5), (10, -1), (10, 10**9)])
def test_counts_out_of_range_are_refused(ticks: int, clients: int) -> None:
    with pytest.raises(BadInput, match="expected"):
        generated_day(1, ticks, clients)
