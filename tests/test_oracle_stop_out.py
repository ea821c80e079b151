"""Margin call and stop-out, in scenarios with the numbers worked out by hand.

One lot of EURUSD is 100,000 EUR; a point is 1 USD for a lot. At 1:100 a lot bought at
1.10010 needs 1,100.10 USD. Every scenario runs through both engines.
"""

import pytest

from engine import records as r
from engine import vocabulary as v
from tests.naive.small_world import GOLD, JPY, USDJPY, SmallWorld, of_type


def buys_at_1_10010(deposit: int, *volumes: int, **group: int | bool) -> SmallWorld:
    """One buy of each volume at 1.10010."""
    world = SmallWorld(deposit=deposit, **group)
    world.tick(110_000, 110_010)
    for volume in volumes:
        world.buy(volume)
    return world


@pytest.mark.parametrize(
    ("level_bp", "bid", "called"),
    [
        # deposit 2,000.00, margin 1,100.10: call at equity <= 1,100.10, a loss of 899.90
        (10_000, 109_111, False),
        (10_000, 109_110, True),
        # 150 %: call at equity <= 1,650.15 (floor 1,650.15), a loss of 349.85
        (15_000, 109_661, False),
        (15_000, 109_660, True),
    ],
)
def test_margin_call_when_equity_is_at_or_below_the_level(
    level_bp: int, bid: int, called: bool
) -> None:
    world = buys_at_1_10010(200_000, 100, margin_call_level=level_bp, stop_out_level=0)
    assert bool(of_type(world.tick(bid), r.MarginCall)) is called


def test_margin_call_is_sent_once_until_equity_is_above_105_percent_of_the_level() -> None:
    world = buys_at_1_10010(200_000, 100, stop_out_level=0)
    assert of_type(world.tick(109_100), r.MarginCall)
    assert not world.tick(109_050), "still under call: nothing is said"
    # re-arm at floor(1,100.10 x 1.05) = 1,155.10: equity must be above it
    assert not world.tick(109_165), "equity 1,155.00"
    [cleared] = world.tick(109_166)
    assert isinstance(cleared, r.MarginCallCleared)
    assert cleared.equity_minor == 115_600
    assert of_type(world.tick(109_100), r.MarginCall)


def test_margin_call_state_ends_silently_with_the_last_position() -> None:
    world = buys_at_1_10010(200_000, 100, stop_out_level=0)
    world.tick(109_100)
    world.close(1)
    world.money(100_000)
    world.tick(110_000, 110_010)
    world.buy(100)
    assert not world.tick(110_000), "not under call any more, so nothing to clear"


@pytest.mark.parametrize(
    ("bid", "stopped"),
    [(108_561, False), (108_560, True)],  # stop-out at equity <= floor(550.05): loss 1,449.95
)
def test_stop_out_when_level_is_reached(bid: int, stopped: bool) -> None:
    world = buys_at_1_10010(200_000, 100)
    assert bool(of_type(world.tick(bid), r.StopOut)) is stopped


def test_stop_out_when_level_reached_then_closes_largest_loss_first_and_checks_again() -> None:
    world = buys_at_1_10010(250_000, 50)
    world.tick(110_100, 110_110)
    world.buy(100)
    events = world.tick(108_400, 108_410)
    # losses: 805.00 (0.5 lot) and 1,710.00 (1 lot); equity -15.00
    [stop_out, second] = of_type(events, r.StopOut)
    assert (stop_out.position, stop_out.profit_minor) == (2, -171_000)
    assert (stop_out.equity_minor, stop_out.level_bp) == (-1_500, -91)
    assert stop_out.threshold == 5_000
    assert second.position == 1
    assert [e.reason for e in of_type(events, r.PositionClosed)] == [v.REASON_STOP_OUT] * 2


def test_stop_out_stops_when_the_account_is_above_the_level_again() -> None:
    world = buys_at_1_10010(250_000, 100, 20, 20)
    events = world.tick(108_761, 108_771)
    # margin 1,540.14 needs 770.07; equity 2,500 - 1.4 x 1,249 = 751.40
    assert [e.position for e in of_type(events, r.StopOut)] == [1]
    assert world.figures.positions == 2


def test_stop_out_of_equal_losses_takes_the_lowest_ticket() -> None:
    world = buys_at_1_10010(160_000, 50, 50)
    events = world.tick(108_900, 108_910)
    assert [e.position for e in of_type(events, r.StopOut)] == [1]


def test_stop_out_with_all_positions_in_profit_takes_the_smallest_profit() -> None:
    world = SmallWorld(deposit=0, hooks=None)
    world.tick(110_000, 110_010)
    world.money(300_000)
    world.buy(50)
    world.tick(110_100, 110_110)
    world.buy(40)
    world.money(-300_000, v.CORRECTION)
    events = world.tick(110_200, 110_210)
    # profits 95.00 and 36.00, equity 131.00, margin 990.49
    assert [e.position for e in of_type(events, r.StopOut)] == [2, 1]


def test_stop_out_with_fifo_takes_the_oldest_losing_position_of_each_instrument() -> None:
    world = SmallWorld(deposit=400_000, fifo=True)
    world.tick(109_000, 109_010)
    world.buy(10)
    world.tick(110_000, 110_010)
    world.buy(20)
    world.tick(111_000, 111_010)
    world.buy(100)
    world.tick(200_000, 200_010, instrument=GOLD)
    world.buy(1, instrument=GOLD)
    world.money(-390_000, v.CORRECTION)
    events = world.tick(109_500, 109_510)
    # position 1 gains 49.00; 2 loses 102.00; 3 loses 1,510.00; gold loses 0.10
    assert [e.position for e in of_type(events, r.StopOut)] == [2, 3, 4, 1]


def test_stop_out_for_level_type_money_compares_equity_with_an_amount() -> None:
    world = buys_at_1_10010(
        200_000, 100, level_type=v.LEVEL_MONEY, margin_call_level=150_000, stop_out_level=100_000
    )
    assert [type(e) for e in world.tick(109_510)] == [r.MarginCall]
    assert not of_type(world.tick(109_011), r.StopOut), "equity 1,001.00"
    [stop_out] = of_type(world.tick(109_010), r.StopOut)
    assert stop_out.equity_minor == 100_000
    assert stop_out.threshold == 100_000


@pytest.mark.parametrize(("skip", "stopped"), [(False, True), (True, False)])
def test_fully_hedged_account_without_margin_is_stopped_out_below_zero_unless_skipped(
    skip: bool, stopped: bool
) -> None:
    world = SmallWorld(deposit=200_000, skip_fully_hedged=skip)
    world.tick(110_000, 110_010)
    world.buy(100)
    world.sell(100)
    assert world.figures.margin_minor == 0, "hedged size 0: covered volume is free"
    world.money(-200_000, v.CORRECTION)
    assert world.figures.equity_minor == -2_000
    assert bool(of_type(world.tick(110_000, 110_010), r.StopOut)) is stopped


def test_stop_out_leaves_out_symbols_that_cannot_trade_now() -> None:
    world = buys_at_1_10010(300_000, 100)
    world.tick(200_000, 200_010, instrument=GOLD)
    world.buy(10, instrument=GOLD)
    world.change_pair(trade_mode=v.TRADE_DISABLED)
    events = world.tick(107_000)
    assert [e.position for e in of_type(events, r.StopOut)] == [2]
    [refused] = of_type(events, r.TriggerRefused)
    assert (refused.ticket, refused.reason) == (0, v.REFUSED_NOT_TRADABLE)
    assert not world.tick(106_900), "the same refusal is told once"


@pytest.mark.parametrize(
    ("compensation", "by_stop_out", "compensated"),
    [
        (v.COMPENSATE_NEVER, True, False),
        (v.COMPENSATE_AFTER_STOP_OUT, True, True),
        (v.COMPENSATE_AFTER_STOP_OUT, False, False),
        (v.COMPENSATE_AFTER_ANY_CLOSE, True, True),
        (v.COMPENSATE_AFTER_ANY_CLOSE, False, True),
    ],
)
def test_negative_balance_is_compensated_after_the_last_close_where_the_group_says_so(
    compensation: int, by_stop_out: bool, compensated: bool
) -> None:
    world = SmallWorld(deposit=120_000, compensation=compensation)
    world.tick(110_000, 110_010)
    world.buy(100, stop_loss_points=0 if by_stop_out else 109_900)
    events = world.tick(107_000)
    entries = [e.entry_type for e in of_type(events, r.LedgerEntry)]
    assert (v.ENTRY_STOP_OUT_COMPENSATION in entries) is compensated
    assert world.figures.balance_minor == (0 if compensated else 120_000 - 301_000)


def test_account_is_stopped_out_by_its_conversion_pair_alone() -> None:
    world = SmallWorld(deposit=0)
    world.tick(150_000, 150_000, instrument=USDJPY)
    world.tick(110_000, 110_000)
    world.send(r.Group(group=2, name="yen", currency=JPY, leverage=100))
    world.accepted(r.SetAccount(login=3, group=2))
    world.money(400_000, login=3)
    world.buy(100, login=3)
    world.tick(108_000, 108_000)
    # equity 400,000 - 2,000 USD x 150 = 100,000 JPY; stop-out at 82,500
    events = world.tick(160_000, 160_000, instrument=USDJPY)
    [stop_out] = of_type(events, r.StopOut)
    assert (stop_out.login, stop_out.equity_minor, stop_out.margin_minor) == (3, 80_000, 165_000)


def test_account_in_yen_falls_and_recovers_by_conversion_alone() -> None:
    world = SmallWorld(deposit=0)
    world.tick(150_000, 150_000, instrument=USDJPY)
    world.tick(110_000, 110_000)
    world.send(r.Group(group=2, name="yen", currency=JPY, leverage=100, stop_out_level=0))
    world.accepted(r.SetAccount(login=3, group=2))
    world.money(500_000, login=3)
    world.buy(100, login=3)
    # margin 100,000 EUR x 1.1 x 150 / 100 = 165,000 JPY
    assert world.both.naive.account(3).margin_minor == 165_000
    world.tick(108_000, 108_000)
    # 2,000 USD lost = 300,000 JPY at 150: equity 200,000
    assert world.both.naive.account(3).equity_minor == 200_000
    [call] = world.tick(167_500, 167_500, instrument=USDJPY)
    assert isinstance(call, r.MarginCall)
    assert call.equity_minor == 165_000
    assert not world.tick(163_375, 163_375, instrument=USDJPY), "equity 173,250 = the re-arm level"
    [cleared] = world.tick(163_374, 163_374, instrument=USDJPY)
    assert isinstance(cleared, r.MarginCallCleared)
