"""Margin call and stop-out: at which equity, of which position, how often
(RULES section 4, stage 6; SEMANTICS section 10).

The account of most rows has 10,000.00 and buys 5 lots at 110010: margin 5,500.50, and one
point moves 5.00. Call level 100 %: equity 5,500.50; stop-out level 50 %: 2,750.25.
"""

import pytest

from engine import Hooks
from engine import records as r
from engine import vocabulary as v
from tests.rules.told import booked, told
from tests.rules.world import (
    CLIENT,
    DAX,
    EUR,
    EURUSD,
    GBPUSD,
    NETTER,
    OTHER,
    Row,
    World,
    name_of,
    outcome,
    steps,
)

MONEY = {"level_type": v.LEVEL_MONEY, "margin_call_level": 500_000, "stop_out_level": 200_000}
MANUAL = {"execution_mode": v.EXECUTION_MANUAL}


def five_lots(world: World) -> None:
    world.buy(500)


CALLS = [
    Row(
        "above the call level nothing is said",
        given=five_lots,
        when=lambda w: w.tick(109_111),
        then=[],
    ),
    Row(
        "at or below it the margin call is made",
        given=five_lots,
        when=lambda w: w.tick(109_110),
        then=["margin call 1 at 550000 of 550050"],
    ),
    Row(
        "once",
        given=steps(five_lots, lambda w: w.tick(109_110)),
        when=lambda w: w.tick(109_000),
        then=[],
    ),
    Row(
        "it is not cleared at the call level x 1.05",
        given=steps(five_lots, lambda w: w.tick(109_110)),
        when=lambda w: w.tick(109_165),
        then=[],
    ),
    Row(
        "above that it is",
        given=steps(five_lots, lambda w: w.tick(109_110)),
        when=lambda w: w.tick(109_166),
        then=["margin call cleared 1 at 578000"],
    ),
    Row(
        "and made again when the level is reached again",
        given=steps(five_lots, lambda w: w.tick(109_110), lambda w: w.tick(109_166)),
        when=lambda w: w.tick(109_110),
        then=["margin call 1 at 550000 of 550050"],
    ),
    Row(
        "between the level and its 1.05 fold it is not made again",
        given=steps(five_lots, lambda w: w.tick(109_110), lambda w: w.tick(109_165)),
        when=lambda w: w.tick(109_110),
        then=[],
    ),
    Row(
        "a deposit clears it on the next quote, not at once",
        given=steps(five_lots, lambda w: w.tick(109_110), lambda w: w.deposit(100_000)),
        when=lambda w: w.tick(109_110),
        then=["margin call cleared 1 at 650000"],
    ),
    Row(
        "a withdrawal that brings the level is seen by the next quote",
        given=steps(five_lots, lambda w: w.withdraw(444_950)),
        when=lambda w: w.tick(110_000),
        then=["margin call 1 at 550050 of 550050"],
    ),
    Row(
        "credit counts as equity",
        given=steps(five_lots, lambda w: w.balance(v.CREDIT_IN, 100_000)),
        when=lambda w: w.tick(109_110),
        then=[],
    ),
    Row(
        "virtual credit does not",
        group={"virtual_credit_minor": 100_000},
        given=five_lots,
        when=lambda w: w.tick(109_110),
        then=["margin call 1 at 550000 of 550050"],
    ),
    Row(
        "money: equity of exactly the level is a call",
        group=MONEY,
        given=five_lots,
        when=lambda w: w.tick(109_010),
        then=["margin call 1 at 500000 of 550050"],
    ),
    Row(
        "money: one point above is none",
        group=MONEY,
        given=five_lots,
        when=lambda w: w.tick(109_011),
        then=[],
    ),
    Row(
        "money: cleared above 5,250.00, not at it",
        group=MONEY,
        given=steps(five_lots, lambda w: w.tick(109_010)),
        when=lambda w: w.tick(109_060),
        then=[],
    ),
    Row(
        "money: at 5,255.00 it is",
        group=MONEY,
        given=steps(five_lots, lambda w: w.tick(109_010)),
        when=lambda w: w.tick(109_061),
        then=["margin call cleared 1 at 525500"],
    ),
    Row(
        "money: the call needs no margin: a covered account with 5,000.00 is called",
        group=MONEY,
        deposit=500_200,
        given=steps(lambda w: w.buy(10), lambda w: w.sell(10)),
        when=lambda w: w.tick(110_000),
        then=["margin call 1 at 500000 of 0"],
    ),
    Row(
        "percent: without margin there is no level and no call",
        deposit=10_000,
        given=steps(lambda w: w.buy(10), lambda w: w.sell(10)),
        when=lambda w: w.tick(109_500, 110_490),
        then=[],
    ),
    Row(
        "percent: cover that takes the margin away clears the call",
        deposit=21_000,
        given=steps(lambda w: w.buy(10), lambda w: w.tick(109_010), lambda w: w.sell(10)),
        when=lambda w: w.tick(109_010),
        then=["margin call cleared 1 at 10900"],
    ),
    Row(
        "closing everything ends the call without a word",
        given=steps(five_lots, lambda w: w.tick(109_110), lambda w: w.close(1), five_lots),
        when=lambda w: w.tick(109_110),
        then=["margin call 1 at 545000 of 545600"],
    ),
    Row(
        "a new level of the group counts from the next quote on",
        given=steps(five_lots, lambda w: w.group(margin_call_level=20_000)),
        when=lambda w: w.tick(110_000),
        then=["margin call 1 at 995000 of 550050"],
    ),
]

STOP_OUTS = [
    Row(
        "above the stop-out level nothing is closed",
        given=steps(five_lots, lambda w: w.tick(109_000)),
        when=lambda w: w.tick(108_561),
        then=[],
    ),
    Row(
        "at or below it the position is closed",
        given=steps(five_lots, lambda w: w.tick(109_000)),
        when=lambda w: w.tick(108_560),
        then=["stop out #1 at 275000 of 550050", "closed #1 500 at 108560 stop_out -725000"],
    ),
    Row(
        "money: at 2,000.00",
        group=MONEY,
        given=steps(five_lots, lambda w: w.tick(109_000)),
        when=lambda w: w.tick(108_410),
        then=["stop out #1 at 200000 of 550050", "closed #1 500 at 108410 stop_out -800000"],
    ),
    Row(
        "money: not at 2,005.00",
        group=MONEY,
        given=steps(five_lots, lambda w: w.tick(109_000)),
        when=lambda w: w.tick(108_411),
        then=[],
    ),
    Row(
        "the largest loss goes first, and no more is closed than needed",
        given=steps(lambda w: w.buy(200), lambda w: w.buy(300), lambda w: w.tick(109_000)),
        when=lambda w: w.tick(108_560),
        then=["stop out #2 at 275000 of 550050", "closed #2 300 at 108560 stop_out -435000"],
    ),
    Row(
        "one after the other while the level is not recovered",
        given=steps(lambda w: w.buy(200), lambda w: w.buy(300), lambda w: w.tick(109_000)),
        when=lambda w: w.tick(108_000),
        then=[
            "stop out #2 at -5000 of 550050",
            "closed #2 300 at 108000 stop_out -603000",
            "stop out #1 at -5000 of 220020",
            "closed #1 200 at 108000 stop_out -402000",
        ],
    ),
    Row(
        "equal losses: the lowest ticket",
        given=steps(lambda w: w.buy(250), lambda w: w.buy(250), lambda w: w.tick(109_000)),
        when=lambda w: w.tick(108_560),
        then=["stop out #1 at 275000 of 550050", "closed #1 250 at 108560 stop_out -362500"],
    ),
    Row(
        "all in profit: the smallest profit",
        given=steps(
            lambda w: w.buy(200),
            lambda w: w.tick(110_100),
            lambda w: w.buy(300),
            lambda w: w.tick(110_200),
            lambda w: w.balance(v.CORRECTION, -800_000),
        ),
        when=lambda w: w.tick(110_210),
        then=[
            "margin call 1 at 270000 of 550350",
            "stop out #2 at 270000 of 550350",
            "closed #2 300 at 110210 stop_out +30000",
        ],
    ),
    Row(
        "commission does not choose: the smaller loss with the larger fee stays",
        group={"commission_per_lot_minor": 50_000},
        deposit=1_250_000,
        given=steps(
            lambda w: w.buy(250),
            lambda w: w.terms(commission_per_lot_minor=0),
            lambda w: w.tick(110_010),
            lambda w: w.buy(250),
            lambda w: w.tick(109_000),
        ),
        when=lambda w: w.tick(108_300),
        then=[
            "margin call 1 at 267500 of 550075",
            "stop out #2 at 267500 of 550075",
            "closed #2 250 at 108300 stop_out -430000",
        ],
    ),
    Row(
        "FIFO: the oldest losing position, though a younger loses more",
        group={"fifo": True},
        given=steps(lambda w: w.buy(200), lambda w: w.buy(300), lambda w: w.tick(109_000)),
        when=lambda w: w.tick(108_560),
        then=["stop out #1 at 275000 of 550050", "closed #1 200 at 108560 stop_out -290000"],
    ),
    Row(
        "FIFO: an older position in profit is passed over",
        group={"fifo": True},
        given=steps(
            lambda w: w.tick(108_000),
            lambda w: w.buy(10),
            lambda w: w.tick(110_000),
            lambda w: w.buy(490),
            lambda w: w.tick(109_000),
        ),
        when=lambda w: w.tick(108_480),
        then=["stop out #2 at 255000 of 549850", "closed #2 490 at 108480 stop_out -749700"],
    ),
    Row(
        "FIFO: of the oldest of each instrument the larger loss",
        group={"fifo": True},
        given=steps(
            lambda w: w.tick(125_000, instrument=GBPUSD),
            lambda w: w.buy(100, instrument=GBPUSD),
            lambda w: w.buy(100),
            lambda w: w.buy(300),
            lambda w: w.tick(124_000, instrument=GBPUSD),
            lambda w: w.tick(109_000),
        ),
        when=lambda w: w.tick(108_430),
        then=["stop out #2 at 267000 of 565050", "closed #2 100 at 108430 stop_out -158000"],
    ),
    Row(
        "a position that can't be traded now is passed over",
        given=steps(
            lambda w: w.tick(125_000, instrument=GBPUSD),
            lambda w: w.buy(100, instrument=GBPUSD),
            lambda w: w.buy(400),
            lambda w: w.tick(109_000),
            lambda w: w.terms(trade_mode=v.TRADE_DISABLED),
        ),
        when=lambda w: w.tick(108_100),
        then=[
            "margin call 1 at 235000 of 565050",
            "stop out #1 at 235000 of 565050",
            "closed #1 100 at 125000 stop_out -1000",
        ],
    ),
    Row(
        "nor one whose session is closed",
        given=steps(
            lambda w: w.tick(125_000, instrument=GBPUSD),
            lambda w: w.buy(400, instrument=GBPUSD),
            lambda w: w.buy(100),
            lambda w: w.tick(123_400, instrument=GBPUSD),
            lambda w: w.instrument(GBPUSD, sessions=[(0, 480)]),
        ),
        when=lambda w: w.tick(109_000),
        then=["stop out #2 at 255000 of 610050", "closed #2 100 at 109000 stop_out -101000"],
    ),
    Row(
        "where none can be traded that is said once",
        given=steps(
            lambda w: w.buy(500),
            lambda w: w.tick(109_000),
            lambda w: w.terms(trade_mode=v.TRADE_DISABLED),
        ),
        when=lambda w: w.tick(108_000),
        then=["refused #0 stop_out not_tradable"],
    ),
    Row(
        "and not again",
        given=steps(
            lambda w: w.buy(500),
            lambda w: w.tick(109_000),
            lambda w: w.terms(trade_mode=v.TRADE_DISABLED),
            lambda w: w.tick(108_000),
        ),
        when=lambda w: w.tick(107_900),
        then=[],
    ),
    Row(
        "when trading is allowed again the next quote closes",
        given=steps(
            lambda w: w.buy(500),
            lambda w: w.tick(109_000),
            lambda w: w.terms(trade_mode=v.TRADE_DISABLED),
            lambda w: w.tick(108_000),
            lambda w: w.terms(trade_mode=v.TRADE_CLOSE_ONLY),
        ),
        when=lambda w: w.tick(108_000),
        then=["stop out #1 at -5000 of 550050", "closed #1 500 at 108000 stop_out -1005000"],
    ),
    Row(
        "a position whose close waits for a dealer is passed over",
        group={"execution_mode": v.EXECUTION_AUTO_IF_NO_DEALER},
        hooks=Hooks(stop_outs_filter=lambda *_: v.RET_OK),
        given=steps(
            lambda w: w.buy(200),
            lambda w: w.buy(300),
            lambda w: w.dealer(),
            lambda w: w.close(2),
            lambda w: w.tick(109_000),
        ),
        when=lambda w: w.tick(108_560),
        then=["stop out #1 at 275000 of 550050", "closed #1 200 at 108560 stop_out -290000"],
    ),
    Row(
        "STP: stop-outs belong to the gateway, margin calls do not",
        group={"stp_stop_outs": True},
        given=five_lots,
        when=lambda w: w.tick(108_000),
        then=["margin call 1 at -5000 of 550050"],
    ),
    Row(
        "left to a dealer, the account is left alone until something changes",
        given=steps(five_lots, lambda w: w.group(**MANUAL), lambda w: w.tick(109_000)),
        when=lambda w: w.tick(108_000),
        then=["refused #1 stop_out left_to_dealer"],
    ),
    Row(
        "a refused first choice does not pass to the second",
        given=steps(
            lambda w: w.buy(200),
            lambda w: w.buy(300),
            lambda w: w.group(**MANUAL),
            lambda w: w.tick(108_000),
        ),
        when=lambda w: w.tick(107_900),
        then=[],
    ),
    Row(
        "a fully covered account is stopped out below zero",
        deposit=120_000,
        given=steps(lambda w: w.buy(), lambda w: w.sell(), lambda w: w.withdraw(100_000)),
        when=lambda w: w.tick(109_900, 110_100),
        then=[
            "stop out #1 at -1000 of 0",
            "closed #1 100 at 109900 stop_out -11000",
            "stop out #2 at -1000 of 110000",
            "closed #2 100 at 110100 stop_out -10000",
        ],
    ),
    Row(
        "not at zero",
        deposit=120_000,
        given=steps(lambda w: w.buy(), lambda w: w.sell(), lambda w: w.withdraw(100_000)),
        when=lambda w: w.tick(109_900, 110_090),
        then=[],
    ),
    Row(
        "and not at all where fully covered accounts are passed over",
        group={"skip_fully_hedged": True},
        deposit=120_000,
        given=steps(lambda w: w.buy(), lambda w: w.sell(), lambda w: w.withdraw(100_000)),
        when=lambda w: w.tick(109_000, 111_000),
        then=[],
    ),
    Row(
        "a netting account is stopped out like any other",
        given=lambda w: w.buy(500, login=NETTER),
        when=lambda w: w.tick(108_560),
        then=[
            "margin call 2 at 275000 of 550050",
            "stop out #1 at 275000 of 550050",
            "closed #1 500 at 108560 stop_out -725000",
        ],
    ),
    Row(
        "pending orders stay",
        given=steps(five_lots, lambda w: w.sell_limit(120_000), lambda w: w.tick(108_000)),
        when=lambda w: w.tick(119_990, 119_999),
        then=[],
    ),
]


@pytest.mark.parametrize("row", CALLS, ids=name_of)
def test_margin_calls(row: Row) -> None:
    assert told(outcome(row)) == row.then


@pytest.mark.parametrize("row", STOP_OUTS, ids=name_of)
def test_stop_outs(row: Row) -> None:
    assert told(outcome(row)) == row.then


def test_a_stop_out_tells_the_figures_before_the_close() -> None:
    world = World()
    five_lots(world)
    world.tick(109_000)
    stopped = world.tick(108_560)[0]
    assert stopped == r.StopOut(
        login=CLIENT,
        tick_sequence=world.engine.sequence,
        position=1,
        instrument=EURUSD,
        equity_minor=275_000,
        margin_minor=550_050,
        level_bp=4_999,
        threshold=5_000,
        profit_minor=-725_000,
        price_points=108_560,
        sequence=world.engine.sequence,
        time_ns=world.now,
    )


# Compensation rule; then the entries after a close below zero by stop-out, by stop loss.
COMPENSATIONS = [
    (v.COMPENSATE_NEVER, ["trade_pnl -1505000"], ["trade_pnl -1505000"]),
    (
        v.COMPENSATE_AFTER_STOP_OUT,
        ["trade_pnl -1505000", "so_compensation +505000"],
        ["trade_pnl -1505000"],
    ),
    (
        v.COMPENSATE_AFTER_ANY_CLOSE,
        ["trade_pnl -1505000", "so_compensation +505000"],
        ["trade_pnl -1505000", "so_compensation +505000"],
    ),
]


@pytest.mark.parametrize(("rule", "by_stop_out", "by_stop_loss"), COMPENSATIONS)
def test_a_negative_balance_is_compensated_as_the_group_says(
    rule: int, by_stop_out: list[str], by_stop_loss: list[str]
) -> None:
    for stop_loss, expected in ((0, by_stop_out), (107_000, by_stop_loss)):
        world = World(compensation=rule)
        world.buy(500, sl=stop_loss)
        entries = booked(world.tick(107_000))
        assert entries == ["margin_reprice -550050", *expected]


def test_compensation_waits_for_the_last_position() -> None:
    world = World()
    world.buy(300)
    world.buy(200)
    entries = booked(world.tick(107_000))
    assert entries == [
        "margin_reprice -330030",
        "trade_pnl -903000",
        "margin_reprice -220020",
        "trade_pnl -602000",
        "so_compensation +505000",
    ]
    assert world.figures().balance_minor == 0


def test_credit_does_not_keep_a_negative_balance_from_compensation() -> None:
    world = World()
    world.balance(v.CREDIT_IN, 100_000)
    world.buy(500)
    assert booked(world.tick(107_000))[-1] == "so_compensation +505000"
    assert (world.figures().balance_minor, world.figures().credit_minor) == (0, 100_000)


def test_a_converting_pair_alone_can_bring_the_margin_call() -> None:
    # 1 lot DAX at 16001.0, margin 1 %: 1,600.10 EUR. The loss of 5,010.00 EUR weighs more in
    # USD as EURUSD rises; the margin stays at the rate of the opening, 1.10005.
    world = World()
    world.instrument(DAX, margin_percent_bp=100)
    world.tick(160_000, 160_010, instrument=DAX)
    world.buy(100, instrument=DAX)
    assert told(world.tick(155_000, 155_010, instrument=DAX)) == []
    assert world.figures().floating_minor == -551_100
    assert told(world.tick(170_000)) == ["margin call 1 at 148300 of 176019"]


def test_an_account_in_another_currency_is_stopped_out_by_the_pair_that_converts() -> None:
    world = World()
    world.send(r.Group(group=2, name="europe", currency=EUR, leverage=100))
    world.send(r.SetAccount(login=20, group=2))
    world.deposit(120_000, 20)
    world.tick(125_000, instrument=GBPUSD)
    world.buy(100, instrument=GBPUSD, login=20)
    # Margin: 100,000 GBP / 100 in EUR by way of USD: 1.25005 / 1.10005 = 1,136.36 EUR.
    assert world.figures(20).margin_minor == 113_636
    assert told(world.tick(124_500, instrument=GBPUSD)) == ["margin call 20 at 73636 of 113636"]
    # The loss of 510.00 USD is 463.64 EUR at 1.10000 and 1,020.00 EUR at 0.50000.
    assert world.figures(20).equity_minor == 120_000 - 46_364
    assert told(world.tick(50_000)) == [
        "stop out #1 at 18000 of 113636",
        "closed #1 100 at 124500 stop_out -102000",
    ]


def test_only_accounts_that_hold_the_instrument_are_looked_at() -> None:
    # The withdrawal brings OTHER below its level, but the quote is of GBPUSD.
    world = World()
    world.buy(500, login=OTHER)
    world.withdraw(444_950, OTHER)
    assert told(world.tick(125_000, instrument=GBPUSD)) == []
    assert told(world.tick(110_000)) == ["margin call 3 at 550050 of 550050"]
