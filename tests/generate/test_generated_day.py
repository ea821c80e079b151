"""The generated day: the same everywhere, and full of what a broker's day is full of."""

import hashlib
import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.cli.day import DayResult, run_day
from adapters.cli.sources import generated_day
from adapters.config import settings_of
from adapters.generate import catalogue, prices, venue
from adapters.generate.dice import Dice
from adapters.generate.habits import HABITS
from adapters.units import BadInput, parse_time, unscaled
from engine import records
from engine import vocabulary as v
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
    by_number = {i.instrument: i for i in broker.instruments.values() if i.venue == v.VENUE_QUOTED}
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
    sent = {type(c) for c in recorder.commands}
    assert set(records.COMMAND_CLASSES) - sent == {records.Configure}
    operations = {c.operation for c in recorder.commands if isinstance(c, records.BalanceOperation)}
    assert operations == {v.DEPOSIT, v.WITHDRAWAL, v.CREDIT_IN, v.CREDIT_OUT, v.CORRECTION}
    happened = {type(e) for e in recorder.events}
    assert happened == set(records.EVENT_CLASSES), "every kind of event happens"
    assert result.commands == recorder.engine.sequence


def test_exchange_has_its_auctions_stops_icebergs_liquidations_and_settlements(
    day: tuple[Recorder, DayResult],
) -> None:
    recorder, result = day
    events, exchange = recorder.events, result.tally.exchange
    settled = [e for e in events if isinstance(e, records.InstrumentSettled)]
    assert [e.settlement for e in settled] == [v.SETTLEMENT_FUNDING, v.SETTLEMENT_DAILY]
    opened = [e for e in events if isinstance(e, records.PhaseChanged) and e.volume_units]
    assert len(opened) == 2, "gold and spot open with an auction"
    counts = exchange.counts()
    assert counts["icebergs"] == 1
    assert min(counts["stop_orders"], counts["triggered"]) >= 2
    stages = {e.stage for e in events if isinstance(e, records.BookOrderTriggered)}
    assert v.STAGE_PENDING in stages and stages & {v.STAGE_STOP_LOSS, v.STAGE_TAKE_PROFIT}
    refused = [e for e in events if isinstance(e, records.Rejected) and e.login > 900_000]
    assert len(refused) < 10, "members know what they do"


@pytest.mark.parametrize("seed", range(20, 25))
def test_who_has_too_much_leverage_is_warned_and_closed_in_steps_on_any_day(seed: int) -> None:
    _, result = run(seed=seed, ticks=2_000, clients=0)
    stretched, short = result.tally.exchange.liquidations.values()
    assert (stretched.login, len(stretched.steps) >= 2) == (venue.STRETCHED_LOGIN, True)
    assert stretched.warning is not None
    assert stretched.warning.time_ns < stretched.steps[0].told.time_ns, "the warning comes first"
    assert {step.units for step in stretched.steps} == {1}, "a lot at a time"
    assert stretched.insurance_minor == 0
    assert short.login == venue.SHORT_LOGIN
    assert short.steps[0].units == venue.SHORT_UNITS
    assert short.insurance_minor > 1_000_000, "the price jumped beyond its money: the fund pays"


def test_exchange_makes_no_money_and_loses_none() -> None:
    """Members trade with each other: what they have changes by fees and rounded funding alone."""
    recorder, result = run(seed=30, ticks=1_500, clients=0)
    engine = recorder.engine
    fees = funding = 0
    for event in recorder.events:
        if isinstance(event, records.FuturesFilled | records.SpotFilled):
            fees += event.fee_minor
        elif isinstance(event, records.FundingPaid):
            funding += event.amount_minor
    logins = [m.login for m in venue.MEMBERS]
    equity = sum(engine.account(login).equity_minor for login in logins)
    spread = 0
    for position in (p for login in logins for p in engine.positions(login)):
        if position.side == v.BUY:  # longs are valued at the bid, shorts at the ask
            bid, ask = engine.quote(position.instrument)
            row = next(i for i in engine._configured(v.CONFIG_INSTRUMENT)
                       if i.instrument == position.instrument)  # fmt: skip
            scale = 100 * row.contract_size // 10 ** (row.digits + row.volume_digits)
            spread += (ask - bid) * position.volume_units * scale
    paid = sum(m.deposit for m in venue.MEMBERS) * 100
    assert -10 < funding <= 0, "what is not whole stays with the house"
    assert equity + spread == paid - fees + funding
    bitcoin = sum(h.balance_minor for login in logins for h in engine.holdings(login))
    assert bitcoin == sum(m.bitcoin for m in venue.MEMBERS) * 10**8
    assert result.tally.house_profit() == {"USD": unscaled(fees, 2)}


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
    engine = recorder.engine
    each = {login: engine.orders(login) for login in engine.logins()}
    assert engine.all_orders() == {login: orders for login, orders in each.items() if orders}


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
