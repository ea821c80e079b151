"""The five engineering rules of seed 002, a gold futures house, one after another.

1. Strict trade sequencing: place order, freeze margin, match, fill, release freeze, update
   position, settle profit and loss; no step is skipped.
2. Each step is atomic: "filled but margin not frozen" is never seen.
3. Available margin is balance - frozen - floating loss, in real time.
4. Crossing the warning threshold warns, the force-liquidation level closes, and everything
   is in the audit log.
5. Settlement is apart from live trading, and any past day's accounts and positions can be
   shown again.

Each is shown here as a scenario; the random days hold 1 and 2 to account on every command.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from adapters.node import Node
from adapters.units import parse_time
from engine import Engine
from engine import records as r
from engine import reject_codes as c
from engine import vocabulary as v
from tests.cli.conftest import Call, call  # noqa: F401 (a fixture)
from tests.naive.book_comparison import ComparedDay
from tests.naive.book_day import kind_at_random
from tests.naive.book_world import (
    ANN,
    BOB,
    BUY,
    CAT,
    FUTURE,
    GOLD,
    GROUP,
    METAL,
    SELL,
    USD,
    BookWorld,
    order,
    told,
)
from tests.settlement.world import Timed, make, run

OIL = 7

# ---------------------------------------------------------------- 1: strict trade sequencing


def test_rule_1_strict_trade_sequence_on_the_book_venue() -> None:
    """Ann offers 2, Bob buys 3: what the order takes from a step is there from the step before."""
    world = BookWorld(gold={"taker_fee_ppm": 10_000})
    world.sell(ANN, 2, 100)
    placed, maker, taker = world.buy(BOB, 3, 105)
    assert isinstance(placed, r.BookOrderPlaced), "the order is placed"
    assert placed.frozen_minor == 3 * 10, "and its margin is frozen before it meets another"
    assert (maker.order, taker.order) == (taker.counter_order, maker.counter_order), "match"
    assert (maker.volume_units, taker.price_points) == (2, 100), "fill"
    assert taker.frozen_minor == 30 - 2 * 10, "release of what the fill needs no longer"
    assert (taker.position_units, taker.open_cost) == (2, 200), "position"
    assert taker.margin_minor == 2 * 4 <= 30, "margined out of what was frozen"
    assert taker.balance_minor == 1_000 - 2, "settlement: here the fee"


def test_rule_1_strict_trade_sequence_on_the_quoted_venue() -> None:
    world = BookWorld()
    world.change_group(commission_per_lot_minor=3)
    world.accepted(r.Tick(instrument=METAL, feed=1, bid_points=99, ask_points=100))
    buy = r.PlaceOrder(login=ANN, instrument=METAL, order_type=v.MARKET, side=BUY, volume_units=100)
    assert told(world.accepted(buy)) == [
        "OrderPlaced",
        "Ann margin_freeze +100, margin 100",
        "OrderFilled",
        "Ann margin_release -100, margin 0",
        "PositionOpened",
        "Ann margin_reprice +100, margin 100",
        "Ann commission -3, balance 997",
    ]


def test_rule_1_no_step_is_skipped_by_orders_that_nobody_sent() -> None:
    """A stop that is triggered and a liquidation go the same way: placed, filled, told."""
    world = BookWorld(gold={"mark": v.MARK_TICK, "trigger": v.TRIGGER_MARK})
    tick(world, GOLD, 100)
    world.position(ANN, 10)
    leave(world, ANN, 50)
    world.buy(CAT, 20, 97)
    world.sell(BOB, 1, order_type=v.STOP, trigger_points=97, force=v.GOOD_TILL_CANCELLED)
    assert told(tick(world, GOLD, 97)) == [
        "pending #6 of 1 triggered at 97",
        "placed #6, frozen 10",
        "Cat #5 buy 1 at 97 maker, 19 left",
        "Bob #6 sell 1 at 97 taker",
        "margin call Ann at 20 of 40",
        "stop-out Ann at 20 of 40",
        "placed #8, frozen 0",
        "Cat #5 buy 10 at 97 maker, 9 left",
        "Ann #8 sell 10 at 97 taker",
    ]


def leave(world: BookWorld, login: int, amount: int) -> None:
    """So much of the money stays."""
    balance = world.both.naive.world.accounts[login].balance
    world.money(login, amount - balance, v.CORRECTION)


# ---------------------------------------------------------------- 2: each step is atomic


def test_rule_2_each_step_is_atomic_a_refused_order_changes_nothing() -> None:
    """`refused` compares the state hash before and after."""
    world = BookWorld(dollars=25)
    world.sell(CAT, 2, 100)
    assert world.refused(order(ANN, BUY, 3, 100)) == (c.NO_MONEY, -5)
    assert world.refused(order(ANN, BUY, 3, 100, force=v.FILL_OR_KILL)) == (c.NOT_FILLABLE, 2)
    assert world.figures(ANN).frozen_minor == 0


@pytest.mark.parametrize("seed", range(91, 95))
def test_rule_2_each_step_is_atomic_filled_but_margin_not_frozen_is_never_seen(seed: int) -> None:
    """The auditor of tests/naive/book_audit.py reads every event of a day for it."""
    day = ComparedDay(seed)
    day.open()
    random, fills = Random(seed), 0
    while fills < 20:
        events = day.apply(day.day.command(kind_at_random(random), random))
        sides = sum(isinstance(event, r.FuturesFilled | r.SpotFilled) for event in events)
        assert sides % 2 == 0, "both sides of a fill, or neither"
        fills += sides


@pytest.mark.once
def test_rule_2_each_step_is_atomic_after_a_crash_a_trade_is_there_whole_or_not_at_all(
    tmp_path: Path,
) -> None:
    """Fill, both positions and both balances are one value of the journal."""
    commands = [*opening(), order(CAT, SELL, 4, 100)]
    with Node.open(tmp_path / "node", create=True) as node:
        run(node, ((f"{MONDAY}T09:00:00Z", command) for command in commands))
        node.commit()
        before = node.engine.state_hash()
    with Node.open(tmp_path / "node") as node:
        node.submit(order(ANN, BUY, 4, 100), parse_time(f"{MONDAY}T10:00:00Z"))
        assert positions(node) == [1, 1]
        after = node.engine.state_hash()
        shutil.copytree(tmp_path / "node", tmp_path / "crashed")
        node.commit()
        shutil.copytree(tmp_path / "node", tmp_path / "committed")
    with Node.open(tmp_path / "crashed") as node:
        assert positions(node) == [0, 0]
        assert node.engine.state_hash() == before
    with Node.open(tmp_path / "committed") as node:
        assert positions(node) == [1, 1]
        assert node.engine.state_hash() == after


def positions(node: Node) -> list[int]:
    return [node.engine.account(login).positions for login in (ANN, CAT)]


# ---------------------------------------------------------------- 3: available margin

AVAILABLE = [
    # quotes of GOLD (held: 10, bought at 100) and OIL (5, sold at 50); balance - margin of 60 -
    # what an order freezes (30) - the loss of what loses, without the profit of what gains
    (100, 50, 1_000 - 60 - 30),
    (110, 50, 1_000 - 60 - 30),
    (93, 50, 1_000 - 60 - 30 - 70),
    (93, 60, 1_000 - 60 - 30 - 70 - 50),
    (93, 1, 1_000 - 60 - 30 - 70),
    (200, 51, 1_000 - 60 - 30 - 5),
]


@pytest.mark.parametrize(("gold", "oil", "available"), AVAILABLE)
def test_rule_3_available_margin_is_balance_less_frozen_less_floating_loss(
    gold: int, oil: int, available: int
) -> None:
    world = two_futures()
    world.buy(ANN, 3, 90)
    tick(world, GOLD, gold)
    tick(world, OIL, oil)
    figures = world.figures(ANN)
    loss = max(0, 100 - gold) * 10 + max(0, oil - 50) * 5
    frozen = figures.margin_minor + figures.frozen_minor
    assert figures.free_margin_minor == figures.balance_minor - frozen - loss == available


def test_rule_3_available_margin_decides_in_real_time_what_can_be_ordered() -> None:
    world = two_futures()
    tick(world, GOLD, 110)
    leave(world, ANN, 60 + 30)
    assert world.refused(order(ANN, BUY, 4, 90)) == (c.NO_MONEY, -10)
    world.buy(ANN, 3, 90)
    assert world.refused(order(ANN, BUY, 1, 90)) == (c.NO_MONEY, -10)
    world.cancel(ANN, 9)
    tick(world, OIL, 53)
    assert world.refused(order(ANN, BUY, 2, 90)) == (c.NO_MONEY, -5)
    world.buy(ANN, 1, 90)


def two_futures() -> BookWorld:
    """Ann has 10 GOLD bought at 100 and sold 5 OIL at 50, in a group that counts only losses."""
    world = BookWorld(gold={"mark": v.MARK_TICK}, free_margin_mode=v.FREE_MARGIN_LOSS)
    world.accepted(msgspec.structs.replace(world.gold, instrument=OIL, symbol="OIL"))
    tick(world, GOLD, 100)
    tick(world, OIL, 50)
    world.position(ANN, 10)
    world.buy(CAT, 5, 50, instrument=OIL)
    world.sell(ANN, 5, 50, instrument=OIL)
    return world


def tick(world: BookWorld, instrument: int, price: int) -> list[Any]:
    command = r.Tick(instrument=instrument, feed=1, bid_points=price, ask_points=price)
    return world.accepted(command)


# ---------------------------------------------------------------- 4: warning, liquidation, log


def test_rule_4_warning_then_forced_liquidation_with_a_complete_audit_log() -> None:
    """Warned once at 100 % of the margin, closed at 50 %; each step with its figures."""
    world = BookWorld(gold={"mark": v.MARK_TICK, "liquidation_units": 4})
    tick(world, GOLD, 100)
    world.position(ANN, 10)
    leave(world, ANN, 50)
    world.buy(BOB, 10, 95)
    assert tick(world, GOLD, 100) == []
    [warning] = tick(world, GOLD, 99)
    assert isinstance(warning, r.MarginCall)
    assert (warning.equity_minor, warning.margin_minor, warning.level_bp) == (40, 40, 10_000)
    assert tick(world, GOLD, 98) == [], "warned once"
    events = tick(world, GOLD, 97)
    assert told(events) == [
        "stop-out Ann at 20 of 40",
        "placed #6, frozen 0",
        "Bob #5 buy 4 at 95 maker, 6 left",
        "Ann #6 sell 4 at 95 taker",
        "stop-out Ann at 12 of 24",
        "placed #8, frozen 0",
        "Bob #5 buy 4 at 95 maker, 2 left",
        "Ann #8 sell 4 at 95 taker",
        "stop-out Ann at 4 of 8",
        "placed #9, frozen 0",
        "Bob #5 buy 2 at 95 maker",
        "Ann #9 sell 2 at 95 taker",
    ]
    stop_outs = [e for e in events if isinstance(e, r.StopOut)]
    assert [(e.level_bp, e.threshold, e.price_points) for e in stop_outs] == [
        (5_000, 5_000, 97)
    ] * 3
    assert {(e.sequence, e.time_ns) for e in events} == {
        (world.both.naive.sequence, world.both.naive.time_ns)
    }


@pytest.mark.parametrize("seed", range(101, 104))
def test_rule_4_audit_log_is_complete_every_amount_is_told_and_adds_up(seed: int) -> None:
    """Entries of an account are numbered without a gap; their sums are its balance."""
    day = ComparedDay(seed)
    day.run(300)
    engine = Engine()
    numbers: dict[int, list[int]] = {}
    balances: dict[int, int] = {}
    for command in day.both.commands:
        engine.apply(r.encode(command))
        for event in r.decode_all(engine.take_events()):
            if hasattr(event, "entry_number"):
                numbers.setdefault(event.login, []).append(event.entry_number)
                if event.login not in balances or own_balance(day, event) is not None:
                    balances[event.login] = own_balance(day, event) or 0
    for told_numbers in numbers.values():
        assert told_numbers == [*range(1, len(told_numbers) + 1)]
    assert balances == {login: engine.account(login).balance_minor for login in numbers}


def own_balance(day: ComparedDay, event: Any) -> int | None:
    """The balance that an event tells; None where it is of another currency."""
    if isinstance(event, r.HoldingEntry):
        return None
    if not isinstance(event, r.SpotFilled):
        return int(event.balance_minor)
    config, own = day.both.naive.world.instruments[event.instrument], day.audit.own(event.login)
    sides = {config.base_currency: event.base_minor, config.profit_currency: event.quote_minor}
    return sides.get(own)


# ---------------------------------------------------------------- 5: settlement apart, past days

MONDAY, TUESDAY, WEDNESDAY, THURSDAY = (f"2024-01-0{day}" for day in range(1, 5))


def opening() -> list[r.Command | r.Config]:
    gold = msgspec.structs.replace(FUTURE, mark=v.MARK_TICK, liquidation_units=4)
    commands: list[r.Command | r.Config] = [
        r.Currency(currency=USD, code="USD", digits=0),
        r.Feed(feed=1, name="exchange"),
        gold,
        GROUP,
    ]
    for login, amount in ((ANN, 60), (BOB, 1_000), (CAT, 1_000)):
        commands.append(r.SetAccount(login=login, group=1))
        commands.append(r.BalanceOperation(login=login, operation=v.DEPOSIT, amount_minor=amount))
    commands.append(price(100))
    return commands


def price(points: int) -> r.Tick:
    return r.Tick(instrument=GOLD, feed=1, bid_points=points, ask_points=points)


def daily(points: int) -> r.SettleInstrument:
    return r.SettleInstrument(instrument=GOLD, price_points=points)


def gold_days() -> Iterator[Timed]:
    """Ann buys 4 of Cat on Monday, is stopped out on Tuesday; every evening is settled."""
    for command in opening():
        yield f"{MONDAY}T09:00:00Z", command
    yield f"{MONDAY}T10:00:00Z", order(CAT, SELL, 4, 100)
    yield f"{MONDAY}T10:00:01Z", order(ANN, BUY, 4, 100)
    yield f"{MONDAY}T21:00:00Z", price(96)
    yield f"{MONDAY}T22:00:00Z", daily(96)
    yield f"{TUESDAY}T09:00:00Z", order(BOB, BUY, 4, 84)
    yield f"{TUESDAY}T10:00:00Z", price(86)
    yield f"{TUESDAY}T22:00:00Z", daily(86)
    yield f"{WEDNESDAY}T10:00:00Z", price(90)
    yield f"{WEDNESDAY}T22:00:00Z", daily(90)
    yield f"{THURSDAY}T09:00:00Z", price(91)


PAST = [
    # day, then for Ann, Bob, Cat at its end: balance, units (a short position is negative)
    (MONDAY, {ANN: (44, 4), BOB: (1_000, 0), CAT: (1_016, -4)}),
    (TUESDAY, {ANN: (0, 0), BOB: (1_008, 4), CAT: (1_056, -4)}),
    (WEDNESDAY, {ANN: (0, 0), BOB: (1_024, 4), CAT: (1_040, -4)}),
]


@pytest.mark.once
def test_rule_5_settlement_is_apart_and_any_past_day_can_be_shown_again(
    tmp_path: Path,
    call: Call,  # noqa: F811
) -> None:
    directory = make(tmp_path / "gold", timed=gold_days())
    journal = directory / "journal" / "data.mdb"
    before = journal.read_bytes()
    for day, accounts in PAST:
        assert call("settle", directory, "--day", day).code == 0
        end = f"{day}T23:59:59.999999999Z"
        for login, (balance, units) in accounts.items():
            state = call("state", directory, "--account", login, "--at", end).json()
            assert state["equity"] == balance, "nothing floats after the settlement"
            assert state["margin_used"] == 4 * abs(units)
            shown = call("positions", directory, "--account", login, "--at", end, "--json")
            held = [json.loads(line) for line in shown.out.splitlines()]
            signed = [row["volume"] * (1 if row["side"] == "buy" else -1) for row in held]
            assert sum(signed) == units, (day, login)
        statements = (directory / "settlement" / day / "statements.jsonl").read_text()
        closing = {
            row["login"]: row["money"][0]["closing"]["balance"]
            for row in map(json.loads, statements.splitlines())
        }
        assert closing == {login: balance for login, (balance, _) in accounts.items()}
    assert journal.read_bytes() == before, "nothing of this touches the journal"


@pytest.mark.once
def test_rule_5_settlement_is_apart_from_a_node_that_goes_on_trading(
    tmp_path: Path,
    call: Call,  # noqa: F811
) -> None:
    """Settled in the middle of Thursday, and again after it: Monday is the same to the byte."""
    directory = tmp_path / "live"
    with Node.open(directory, create=True) as node:
        run(node, gold_days())
        node.commit()
        early, late = tmp_path / "early", tmp_path / "late"
        assert call("settle", directory, "--day", MONDAY, "--output", early).code == 0
        node.submit(order(BOB, SELL, 4, 91), parse_time(f"{THURSDAY}T10:00:00Z"))
        node.submit(order(CAT, BUY, 4, 91), parse_time(f"{THURSDAY}T10:00:01Z"))
        node.commit()
        assert node.engine.account(CAT).positions == 0
        assert call("settle", directory, "--day", MONDAY, "--output", late).code == 0
    for name in ("statements.jsonl", "profit_and_loss.jsonl", "totals.json", "state.snapshot"):
        assert (early / MONDAY / name).read_bytes() == (late / MONDAY / name).read_bytes()
