"""The steps of an order in their order, and what each writes to the ledger
(seed 002; RULES section 6).

    admit -> freeze -> match -> fill -> release -> position -> settle
"""

from dataclasses import dataclass, field
from typing import Any

import pytest

from engine import records as r
from engine import vocabulary as v
from tests.rules.told import booked, sequence_of, told
from tests.rules.world import (
    AGENT,
    CLIENT,
    EURUSD,
    NETTER,
    Row,
    Step,
    World,
    name_of,
    nothing,
    outcome,
    steps,
)

FEES = {"commission_per_lot_minor": 700, "agent_commission_per_lot_minor": 200}
OPENING = ["margin_freeze", "OrderFilled", "margin_release", "PositionOpened", "margin_reprice"]


@dataclass(frozen=True)
class Order:
    """One case: what was before, the command, the steps that it takes."""

    name: str
    given: Step
    when: Step
    then: list[str]
    group: dict[str, Any] = field(default_factory=lambda: FEES)


ORDERS = [
    Order(
        "a market order",
        given=nothing,
        when=lambda w: w.buy(),
        then=["OrderPlaced", *OPENING, "commission"],
    ),
    Order(
        "a pending order waits",
        given=nothing,
        when=lambda w: w.buy_stop(110_100),
        then=["OrderPlaced"],
    ),
    Order(
        "and goes the rest of the way when it activates",
        given=lambda w: w.buy_stop(110_100),
        when=lambda w: w.tick(110_100),
        then=[*OPENING, "commission"],
    ),
    Order(
        "an order for a dealer waits",
        given=lambda w: w.group(execution_mode=v.EXECUTION_MANUAL),
        when=lambda w: w.buy(),
        then=["OrderPlaced", "DealerRequested"],
    ),
    Order(
        "and goes the rest of the way when confirmed",
        given=steps(
            lambda w: w.group(execution_mode=v.EXECUTION_MANUAL),
            lambda w: w.dealer(),
            lambda w: w.buy(),
        ),
        when=lambda w: w.confirm(1),
        then=[*OPENING, "commission"],
    ),
    Order(
        "a close",
        given=lambda w: w.buy(),
        when=lambda w: w.close(1),
        then=["PositionClosed", "margin_reprice", "trade_pnl", "agent_commission"],
    ),
    Order(
        "a partial close",
        given=lambda w: w.buy(),
        when=lambda w: w.close(1, 40),
        then=[
            "PositionClosed",
            "PositionChanged",
            "margin_reprice",
            "trade_pnl",
            "agent_commission",
        ],
    ),
    Order(
        "a close without profit writes none",
        given=steps(lambda w: w.buy(), lambda w: w.tick(110_010)),
        when=lambda w: w.close(1),
        then=["PositionClosed", "margin_reprice", "agent_commission"],
    ),
    Order(
        "a stop-out below zero, with compensation",
        given=lambda w: w.buy(500),
        when=lambda w: w.tick(107_000),
        then=[
            "MarginCall",
            "StopOut",
            "PositionClosed",
            "margin_reprice",
            "trade_pnl",
            "agent_commission",
            "so_compensation",
        ],
    ),
    Order(
        "netting: adding",
        given=lambda w: w.buy(login=NETTER),
        when=lambda w: w.buy(login=NETTER),
        then=[
            "OrderPlaced",
            "margin_freeze",
            "OrderFilled",
            "margin_release",
            "PositionChanged",
            "margin_reprice",
            "commission",
        ],
    ),
    Order(
        "netting: reducing needs no margin",
        given=lambda w: w.buy(login=NETTER),
        when=lambda w: w.sell(40, login=NETTER),
        then=[
            "OrderPlaced",
            "OrderFilled",
            "PositionClosed",
            "PositionChanged",
            "margin_reprice",
            "trade_pnl",
            "commission",
        ],
    ),
    Order(
        "netting: closing",
        given=lambda w: w.buy(login=NETTER),
        when=lambda w: w.sell(login=NETTER),
        then=[
            "OrderPlaced",
            "OrderFilled",
            "PositionClosed",
            "margin_reprice",
            "trade_pnl",
            "commission",
        ],
    ),
    Order(
        "netting: reversing into more",
        given=lambda w: w.buy(login=NETTER),
        when=lambda w: w.sell(300, login=NETTER),
        then=[
            "OrderPlaced",
            "margin_freeze",
            "OrderFilled",
            "margin_release",
            "PositionClosed",
            "PositionOpened",
            "margin_reprice",
            "trade_pnl",
            "commission",
        ],
    ),
    Order(
        "a cover that sets margin free freezes none",
        given=lambda w: w.buy(),
        when=lambda w: w.sell(),
        then=["OrderPlaced", "OrderFilled", "PositionOpened", "margin_reprice", "commission"],
    ),
    Order(
        "an instrument without margin leaves no trace of it",
        given=lambda w: w.terms(margin_percent_bp=0),
        when=lambda w: w.buy(),
        then=["OrderPlaced", "OrderFilled", "PositionOpened", "commission"],
    ),
    Order(
        "without fees none are written",
        group={},
        given=nothing,
        when=lambda w: w.buy(),
        then=["OrderPlaced", *OPENING],
    ),
]


@pytest.mark.parametrize("case", ORDERS, ids=name_of)
def test_the_steps_of_an_order(case: Order) -> None:
    row = Row(case.name, case.given, case.when, case.then, group=case.group)
    events = outcome(row)
    assert sequence_of(events) == case.then
    assert len({e.sequence for e in events}) == 1, "one command"


def test_every_word_of_the_way_of_a_market_order() -> None:
    world = World(**FEES)
    tick = world.engine.sequence
    events = world.buy(sl=109_000, tp=112_000)
    stamp = {"sequence": tick + 1, "time_ns": world.now}
    cause = {"login": CLIENT, "tick_sequence": tick, "order": 1, **stamp}

    def entry(number: int, kind: int, position: int, **figures: int) -> r.LedgerEntry:
        money = {
            "balance_delta_minor": 0,
            "credit_delta_minor": 0,
            "margin_delta_minor": 0,
            "balance_minor": 1_000_000,
            "credit_minor": 0,
            "margin_minor": 0,
            **figures,
        }
        return r.LedgerEntry(
            entry_number=number, entry_type=kind, position=position, reference=0, **cause, **money
        )

    assert events == [
        r.OrderPlaced(
            instrument=EURUSD,
            order_type=v.MARKET,
            side=v.BUY,
            volume_units=100,
            price_points=0,
            limit_price_points=0,
            stop_loss_points=109_000,
            take_profit_points=112_000,
            expiry_ns=0,
            **cause,
        ),
        entry(2, v.ENTRY_MARGIN_FREEZE, 0, margin_delta_minor=110_010, margin_minor=110_010),
        r.OrderFilled(
            position=1,
            instrument=EURUSD,
            side=v.BUY,
            volume_units=100,
            price_points=110_010,
            dealer=0,
            **cause,
        ),
        entry(3, v.ENTRY_MARGIN_RELEASE, 0, margin_delta_minor=-110_010),
        r.PositionOpened(
            position=1,
            instrument=EURUSD,
            side=v.BUY,
            volume_units=100,
            open_price_points=110_010,
            stop_loss_points=109_000,
            take_profit_points=112_000,
            margin_rate_e8=110_010_000,
            commission_minor=700,
            **cause,
        ),
        entry(4, v.ENTRY_MARGIN_REPRICE, 1, margin_delta_minor=110_010, margin_minor=110_010),
        entry(
            5,
            v.ENTRY_COMMISSION,
            1,
            balance_delta_minor=-700,
            balance_minor=999_300,
            margin_minor=110_010,
        ),
    ]


def test_every_word_of_a_close_and_of_what_the_agent_gets() -> None:
    world = World(**FEES)
    world.buy()
    tick = world.tick(110_110) or world.engine.sequence
    closed, reprice, profit, agent = world.close(1, 30)[0:1] + world.log[-3:]
    assert tick == world.engine.sequence - 1
    assert (closed.order, closed.position, closed.rest_position) == (0, 1, 2)
    assert (closed.volume_units, closed.profit_minor, closed.commission_minor) == (30, 3_000, 210)
    assert (reprice.order, reprice.position) == (0, 1)
    assert (profit.order, profit.position, profit.balance_delta_minor) == (0, 1, 3_000)
    assert (agent.login, agent.position, agent.reference) == (AGENT, 1, CLIENT)
    assert (agent.balance_delta_minor, agent.margin_delta_minor) == (60, 0)


AMOUNTS = [
    Row(
        "the freeze is what the margin grows by",
        given=lambda w: w.buy(),
        when=lambda w: booked(w.buy(50)),
        then=["margin_freeze +55005", "margin_release -55005", "margin_reprice +55005"],
    ),
    Row(
        "a reversal freezes the difference of the margins",
        given=lambda w: w.buy(login=NETTER),
        when=lambda w: booked(w.sell(300, login=NETTER), NETTER),
        then=[
            "margin_freeze +109990",
            "margin_release -109990",
            "margin_reprice +109990",
            "trade_pnl -1000",
        ],
    ),
    Row(
        "commission is rounded half away from zero: 0.15 lots x 0.10",
        group={"commission_per_lot_minor": 10},
        given=lambda w: w.terms(margin_percent_bp=0),
        when=lambda w: booked(w.buy(15)),
        then=["commission -2"],
    ),
    Row(
        "and 0.14 lots x 0.10",
        group={"commission_per_lot_minor": 10},
        given=lambda w: w.terms(margin_percent_bp=0),
        when=lambda w: booked(w.buy(14)),
        then=["commission -1"],
    ),
    Row(
        "an override's commission goes before the group's",
        group={"commission_per_lot_minor": 10},
        given=lambda w: w.terms(margin_percent_bp=0, commission_per_lot_minor=900),
        when=lambda w: booked(w.buy()),
        then=["commission -900"],
    ),
    Row(
        "the agent is paid for the closed volume, by the broker",
        group={"agent_commission_per_lot_minor": 250},
        given=steps(lambda w: w.terms(margin_percent_bp=0), lambda w: w.buy()),
        when=lambda w: booked(w.close(1, 50)),
        then=["trade_pnl -500", "9: agent_commission +125"],
    ),
    Row(
        "an account without an agent pays none",
        group={"agent_commission_per_lot_minor": 250},
        given=steps(lambda w: w.terms(margin_percent_bp=0), lambda w: w.buy(login=NETTER)),
        when=lambda w: booked(w.close(1, login=NETTER), NETTER),
        then=["trade_pnl -1000"],
    ),
    Row(
        "a netting close pays the agent, too",
        group={"agent_commission_per_lot_minor": 250, "commission_per_lot_minor": 100},
        given=steps(
            lambda w: w.terms(margin_percent_bp=0),
            lambda w: w.account(NETTER, mode=v.NETTING, agent_login=AGENT),
            lambda w: w.buy(login=NETTER),
        ),
        when=lambda w: booked(w.sell(300, login=NETTER), NETTER),
        then=["trade_pnl -1000", "commission -300", "9: agent_commission +250"],
    ),
]


@pytest.mark.parametrize("row", AMOUNTS, ids=name_of)
def test_what_the_ledger_says(row: Row) -> None:
    assert outcome(row) == row.then


def test_a_refused_order_takes_no_ticket() -> None:
    world = World()
    world.buy(0)
    world.buy(10**9)
    assert told(world.buy())[0] == "placed #1 buy market 100"


def test_tickets_come_from_one_counter() -> None:
    world = World()
    world.buy()
    world.buy_limit(109_000)
    world.close(1, 50)
    assert told(world.sell(10))[0] == "placed #4 sell market 10"


def test_the_latest_quote_of_the_instrument_is_named() -> None:
    world = World()
    first = world.engine.sequence
    world.tick(125_000, instrument=2)
    placed = world.buy()[0]
    assert placed.tick_sequence == first
