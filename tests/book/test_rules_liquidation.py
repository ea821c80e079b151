"""Liquidation as scenarios: warning, steps, own orders, insurance fund, deleveraging.

RULES section 9. GOLD is marked by ticks here, so that a price moves when a scenario says so.
Ann holds 10 bought at 100: 40 of margin. Below 40 of equity she is called, at 20 she is
stopped out; with 50 of money that is at a price of 99 and of 97.
"""

from typing import Any

import msgspec
import pytest

from engine import records as r
from engine import vocabulary as v
from tests.naive.book_world import (
    ANN,
    BOB,
    BUY,
    CAT,
    COIN,
    FUND,
    FUTURE,
    GOLD,
    METAL,
    BookWorld,
    told,
)

REDUCE = v.REDUCE_ONLY


def tick(world: BookWorld, bid: int, ask: int = 0, instrument: int = GOLD) -> list[str]:
    """What a quote from outside brings about."""
    command = r.Tick(instrument=instrument, feed=1, bid_points=bid, ask_points=ask or bid)
    return told(world.accepted(command))


def leave(world: BookWorld, login: int, money: int) -> None:
    """So much of the 1,000 dollars stays; profits have not been taken yet."""
    balance = world.both.naive.world.accounts[login].balance
    if money != balance:
        world.money(login, money - balance, v.CORRECTION)


def scene(
    money: int = 50, units: int = 10, fund: int = 0, group: Any = None, **gold: Any
) -> BookWorld:
    """Ann holds the units, bought from Cat at 100; the fund has its money."""
    if fund:
        gold["insurance_login"] = FUND
    world = BookWorld(gold={"mark": v.MARK_TICK, **gold}, **(group or {}))
    world.accepted(r.SetAccount(login=FUND, group=1))
    if fund:
        world.money(FUND, fund)
    tick(world, 100)
    world.position(ANN, units)
    leave(world, ANN, money)
    return world


def bids(world: BookWorld, *levels: tuple[int, int], login: int = BOB) -> None:
    for units, price in levels:
        world.buy(login, units, price)


def units_held(world: BookWorld, login: int) -> int:
    held = world.both.naive.world.positions_of(login, GOLD)
    return sum(p.volume if p.side == BUY else -p.volume for p in held)


# ---------------------------------------------------------------- the warning, then the close


def test_warning_comes_first_then_the_position_is_closed_with_whoever_bids() -> None:
    world = scene()
    bids(world, (6, 97), (9, 96))
    assert tick(world, 100) == []
    assert tick(world, 99) == ["margin call Ann at 40 of 40"]
    assert tick(world, 98) == []
    assert tick(world, 97) == [
        "stop-out Ann at 20 of 40",
        "placed #7, frozen 0",
        "Bob #5 buy 6 at 97 maker",
        "Ann #7 sell 6 at 97 taker, 4 left",
        "Bob #6 buy 4 at 96 maker, 5 left",
        "Ann #7 sell 4 at 96 taker",
    ]
    assert world.figures(ANN).balance_minor == 50 - 6 * 3 - 4 * 4
    assert world.figures(ANN).positions == 0


def test_short_position_is_bought_back_at_the_offers() -> None:
    world = scene(units=-10)
    world.sell(BOB, 10, 104)
    assert tick(world, 99, 103)[:4] == [
        "margin call Ann at 20 of 40",
        "stop-out Ann at 20 of 40",
        "placed #6, frozen 0",
        "Bob #5 sell 10 at 104 maker",
    ]
    assert world.figures(ANN).balance_minor == 50 - 40


STEPS = [
    # money, most of a step, bids (units, price), units left, balance after, number of steps.
    # At 97 the equity is 30 below the money; it has to be above 2 for every unit that is left.
    (50, 0, [(10, 97)], 0, 20, 1),
    (50, 1, [(10, 97)], 9, 47, 1),
    (50, 2, [(10, 97)], 8, 44, 1),
    (46, 2, [(10, 97)], 6, 34, 2),
    (46, 2, [(2, 97), (8, 96)], 6, 32, 2),
    (50, 2, [(10, 95)], 0, 0, 5),
    (30, 3, [(10, 97)], 0, 0, 4),
    (50, 4, [(10, 92)], 0, -30, 3),
]


@pytest.mark.parametrize(("money", "most", "levels", "left", "balance", "steps"), STEPS)
def test_liquidation_goes_step_by_step_until_the_rest_is_margined(
    money: int, most: int, levels: list[tuple[int, int]], left: int, balance: int, steps: int
) -> None:
    world = scene(money, liquidation_units=most, group={"compensation": v.COMPENSATE_NEVER})
    bids(world, *levels)
    lines = tick(world, 97)
    assert units_held(world, ANN) == left
    assert world.figures(ANN).balance_minor == balance
    assert sum(line.startswith("stop-out") for line in lines) == steps


def test_what_the_book_can_not_take_of_a_step_ends_and_the_next_price_goes_on() -> None:
    world = scene()
    bids(world, (3, 95))
    lines = tick(world, 97)
    # 3 sold at 95, two below the quote: equity 14 of 28
    assert lines[1:] == [
        "stop-out Ann at 20 of 40",
        "placed #6, frozen 0",
        "Bob #5 buy 3 at 95 maker",
        "Ann #6 sell 3 at 95 taker, 7 left",
        "removed #6 7 remainder, frozen 0",
        "refused Ann no_liquidity",
    ]
    bids(world, (7, 96))
    assert tick(world, 97)[0] == "stop-out Ann at 14 of 28"
    assert units_held(world, ANN) == 0


def test_largest_loss_goes_first_and_what_is_margined_again_stays() -> None:
    world = scene(money=90)
    world.accepted(msgspec.structs.replace(FUTURE, instrument=7, symbol="OIL", mark=v.MARK_TICK))
    tick(world, 100, instrument=7)
    world.sell(CAT, 5, 100, instrument=7)
    world.buy(ANN, 5, 100, instrument=7)
    for number in (GOLD, 7):
        world.buy(BOB, 20, 95, instrument=number)
    assert tick(world, 95, instrument=7) == []
    # 90 - 25 - 40 = 25 of 60; selling GOLD leaves 15 of 20
    lines = tick(world, 96)
    assert [line for line in lines if "Ann" in line] == [
        "margin call Ann at 25 of 60",
        "stop-out Ann at 25 of 60",
        "Ann #11 sell 10 at 95 taker",
    ]
    [left] = world.both.naive.world.positions_of(ANN)
    assert left.instrument == 7


def test_liquidation_moves_the_price_and_takes_the_next_account_with_it_in_one_command() -> None:
    """The quote comes from the book: what is sold for Ann leaves Cat below her level, too."""
    world = BookWorld()
    world.position(ANN, 10, against=BOB)
    world.position(CAT, 10, against=BOB)
    leave(world, ANN, 50)
    leave(world, CAT, 60)
    world.accepted(r.SetAccount(login=FUND, group=1))
    world.money(FUND, 1_000)
    bids(world, (1, 97), (10, 96), (10, 90))
    lines = told(world.sell(FUND, 1, 97))
    assert [line for line in lines if "Ann" in line or "Cat" in line] == [
        "margin call Ann at 20 of 40",
        "stop-out Ann at 20 of 40",
        "Ann #13 sell 10 at 96 taker",
        "margin call Cat at 30 of 40",
        "stop-out Cat at 20 of 40",
        "Cat #14 sell 10 at 90 taker",
        "Cat so_compensation +40, balance 0",
    ]


def test_stage_has_a_most_of_steps_and_the_next_price_goes_on() -> None:
    """512 of 600 one-lot steps; the lots are bought at 100, 1 dollar each is there."""
    world = BookWorld(
        gold={
            "mark": v.MARK_TICK,
            "liquidation_units": 1,
            "lot_max_units": 600,
            "position_limit_units": 600,
        },
        dollars=20_000,
        compensation=v.COMPENSATE_NEVER,
    )
    tick(world, 100)
    world.position(ANN, 600)
    leave(world, ANN, 600)
    bids(world, (600, 98))
    assert sum(line.startswith("stop-out") for line in tick(world, 98)) == 512
    assert units_held(world, ANN) == 88
    assert sum(line.startswith("stop-out") for line in tick(world, 98)) == 88


class Refusing:
    """Hooks that let nothing pass."""

    pendings_filter = stops_filter = pendings_apply = stops_apply = None

    @staticmethod
    def stop_outs_filter(*_: int) -> int:
        return v.RET_OK_NONE

    @staticmethod
    def stop_outs_apply(*arguments: int) -> tuple[int, int]:
        return v.RET_OK_NONE, arguments[-1]


def test_hooks_have_no_part_in_a_liquidation() -> None:
    world = BookWorld(gold={"mark": v.MARK_TICK}, hooks=Refusing, execution_mode=v.EXECUTION_MANUAL)
    tick(world, 100)
    world.position(ANN, 10)
    leave(world, ANN, 50)
    bids(world, (10, 97))
    assert tick(world, 97)[-1] == "Ann #6 sell 10 at 97 taker"


# ---------------------------------------------------------------- own orders go first


def test_own_orders_in_that_book_are_removed_before_the_position_is_closed() -> None:
    world = scene(money=160)
    bids(world, (10, 89))
    world.buy(ANN, 2, 90)
    world.sell(ANN, 3, 120, flags=REDUCE)
    world.buy(ANN, 1, 150, order_type=v.STOP_LIMIT, trigger_points=140)
    world.buy(ANN, 1, 50, instrument=COIN)
    lines = tick(world, 86)
    assert lines[:6] == [
        "margin call Ann at 20 of 40",
        "removed #6 2 liquidation, frozen 50",
        "removed #7 3 liquidation, frozen 50",
        "removed #8 1 liquidation, frozen 50",
        "stop-out Ann at 20 of 40",
        "placed #10, frozen 50",
    ]
    assert "Bob #5 buy 10 at 89 maker" in lines
    assert [o.ticket for o in world.both.naive.world.book_orders_of(ANN)] == [9], "the coins"


def test_orders_are_gone_even_if_nobody_takes_the_position() -> None:
    world = scene(money=160)
    world.buy(ANN, 2, 90)
    assert tick(world, 86) == [
        "margin call Ann at 20 of 40",
        "removed #5 2 liquidation, frozen 0",
        "refused Ann no_liquidity",
    ]


# ---------------------------------------------------------------- nobody takes it


def test_no_liquidity_is_told_once_and_anew_after_a_step() -> None:
    world = scene()
    assert tick(world, 97) == ["margin call Ann at 20 of 40", "refused Ann no_liquidity"]
    assert tick(world, 96) == []
    bids(world, (4, 96))
    assert tick(world, 96)[-2:] == ["removed #6 6 remainder, frozen 0", "refused Ann no_liquidity"]
    assert tick(world, 95) == []


NOT_TRADABLE: list[tuple[dict[str, Any], r.Command | None]] = [
    ({"trade_mode": v.TRADE_DISABLED}, None),
    ({"sessions": [(0, 480)]}, None),
    ({"expires_ns": 1}, None),
    ({}, r.SetPhase(instrument=GOLD, phase=v.PHASE_HALTED)),
    ({}, r.SetPhase(instrument=GOLD, phase=v.PHASE_AUCTION)),
]


@pytest.mark.parametrize(("change", "command"), NOT_TRADABLE)
def test_position_in_a_book_that_does_not_trade_stays_and_so_do_the_orders(
    change: dict[str, Any], command: r.Command | None
) -> None:
    """A new margin is the occasion; nobody is asked for a price that nobody may trade at."""
    world = scene(money=70)
    bids(world, (10, 90))
    world.buy(ANN, 1, 80)
    if command is not None:
        world.accepted(command)
    leave(world, ANN, 15)
    if change:
        world.change_gold(**change)
    change_of_margin = [(world.both.naive.time_ns + 1, 10, 5)]
    world.change_gold(margins=change_of_margin)
    events = told(world.accepted(r.Clock(), world.both.naive.time_ns + 1))
    assert events == [
        "margin a lot 10, held 5",
        "Ann margin_reprice +10, margin 50",
        "Cat margin_reprice +10, margin 50",
        "margin call Ann at 15 of 50",
        "refused Ann not_tradable",
    ]
    assert units_held(world, ANN) == 10


def test_stop_outs_switched_off_for_a_group_leave_its_accounts_alone() -> None:
    world = scene(group={"stp_stop_outs": True})
    bids(world, (10, 97))
    assert tick(world, 90) == ["margin call Ann at -50 of 40"]


def test_liquidation_goes_its_own_way_whatever_order_brought_the_price() -> None:
    """The order is fill or kill and passes over reduce-only bids in excess; the closing is not."""
    world = BookWorld(gold={"mark": v.MARK_LAST, "band_bp": 1_000})
    world.position(ANN, 10)
    world.buy(CAT, 4, 50)
    world.accepted(r.SettleInstrument(instrument=GOLD, price_points=100))
    leave(world, ANN, 40)
    world.buy(CAT, 9, 97, flags=REDUCE)
    world.buy(BOB, 1, 98)
    world.accepted(r.SetAccount(login=FUND, group=1))
    world.money(FUND, 1_000)
    assert told(world.sell(FUND, 1, force=v.FILL_OR_KILL))[3:] == [
        "margin call Ann at 20 of 40",
        "stop-out Ann at 20 of 40",
        "placed #11, frozen 0",
        "Cat #6 buy 9 at 97 maker",
        "Ann #11 sell 9 at 97 taker, 1 left",
        "removed #11 1 remainder, frozen 0",
        "MarginCallCleared",
    ]


# ---------------------------------------------------------------- the insurance fund


COVER = [
    # what the fund has, compensation, Ann's balance after, the fund's, what else is told.
    # All 10 are sold at 92: 50 - 80 = -30.
    (100, v.COMPENSATE_AFTER_STOP_OUT, 0, 70, ["Ann insurance +30, balance 0"]),
    (30, v.COMPENSATE_AFTER_STOP_OUT, 0, 0, ["Ann insurance +30, balance 0"]),
    (
        12,
        v.COMPENSATE_AFTER_STOP_OUT,
        0,
        0,
        ["Ann insurance +12, balance -18", "Ann so_compensation +18, balance 0"],
    ),
    (12, v.COMPENSATE_NEVER, -18, 0, ["Ann insurance +12, balance -18"]),
    (0, v.COMPENSATE_AFTER_STOP_OUT, 0, 0, ["Ann so_compensation +30, balance 0"]),
    (0, v.COMPENSATE_AFTER_ANY_CLOSE, 0, 0, ["Ann so_compensation +30, balance 0"]),
    (0, v.COMPENSATE_NEVER, -30, 0, []),
]


@pytest.mark.parametrize(("fund", "rule", "balance", "fund_after", "lines"), COVER)
def test_fund_pays_what_a_closed_account_owes_before_the_broker_does(
    fund: int, rule: int, balance: int, fund_after: int, lines: list[str]
) -> None:
    world = scene(fund=fund, group={"compensation": rule})
    bids(world, (10, 92))
    told_of = tick(world, 97)
    assert [line for line in told_of if "Ann insurance" in line or "Ann so_" in line] == lines
    assert world.figures(ANN).balance_minor == balance
    assert world.figures(FUND).balance_minor == fund_after


def test_entries_of_the_fund_name_the_other_account_the_order_and_the_position() -> None:
    world = scene(fund=100)
    bids(world, (10, 92))
    [held] = world.both.naive.world.positions_of(ANN)
    events = world.accepted(r.Tick(instrument=GOLD, feed=1, bid_points=97, ask_points=97))
    got, gave = (e for e in events if isinstance(e, r.LedgerEntry))
    assert [e.entry_type for e in (got, gave)] == [v.ENTRY_INSURANCE] * 2
    assert (got.login, got.balance_delta_minor, got.reference) == (ANN, 30, FUND)
    assert (gave.login, gave.balance_delta_minor, gave.reference) == (FUND, -30, ANN)
    for entry in (got, gave):
        assert (entry.order, entry.position) == (6, held.ticket)
        assert entry.tick_sequence == world.both.naive.sequence


def test_fund_pays_no_more_than_it_can_take_out_itself() -> None:
    """It holds a position and has an order: 100 less 4 of margin, 10 frozen and 60 of loss."""
    world = scene(fund=100)
    world.sell(CAT, 1, 157)
    world.buy(FUND, 1, 157)
    world.buy(FUND, 1, 50)
    bids(world, (10, 92))
    assert "Ann insurance +26, balance -4" in tick(world, 97)


def test_fund_that_paid_is_looked_at_itself() -> None:
    """It pays all but the margin of its own position in another future, and is called."""
    world = scene(fund=30)
    world.accepted(msgspec.structs.replace(FUTURE, instrument=7, symbol="OIL"))
    world.sell(CAT, 2, 100, instrument=7)
    world.buy(FUND, 2, 100, instrument=7)
    bids(world, (10, 92))
    assert tick(world, 97)[-4:] == [
        "Ann insurance +22, balance -8",
        "Fund insurance -22, balance 8",
        "Ann so_compensation +8, balance 0",
        "margin call Fund at 8 of 8",
    ]


@pytest.mark.parametrize("fund", [0, ANN, 77, 8])
def test_fund_that_is_nobody_the_account_itself_or_of_another_currency_pays_nothing(
    fund: int,
) -> None:
    world = scene(insurance_login=fund)
    world.accepted(msgspec.structs.replace(world.group, group=2, name="coins", currency=2))
    world.accepted(r.SetAccount(login=8, group=2))
    world.money(8, 500)
    bids(world, (10, 92))
    assert tick(world, 97)[-1] == "Ann so_compensation +30, balance 0"


def test_account_that_still_holds_something_is_not_covered_yet() -> None:
    world = scene(fund=100)
    bids(world, (9, 90))
    assert not any("insurance" in line for line in tick(world, 97))
    assert world.figures(ANN).balance_minor == -40
    bids(world, (1, 97))
    assert "Ann insurance +43, balance 0" in tick(world, 97)


# ---------------------------------------------------------------- deleveraging: the limit

LIMITS = [
    # money, fund, the lowest price at which bids are taken for Ann's 10 at a quote of 97:
    # what she has there (money - 30) and what the fund has, spread over 10
    (50, 0, 95),
    (49, 0, 96),
    (50, 9, 95),
    (50, 10, 94),
    (50, 70, 88),
    (30, 0, 97),
    (29, 0, 98),
    (10, 0, 99),
    (20, 10, 97),
    (50, 10_000, 1),
]


@pytest.mark.parametrize(("money", "fund", "lowest"), LIMITS)
def test_with_deleveraging_the_book_is_used_as_far_as_account_and_fund_can_pay(
    money: int, fund: int, lowest: int
) -> None:
    world = scene(money=money, fund=fund, auto_deleveraging=True, price_max_points=200)
    bids(world, (1, lowest))
    if lowest > 1:
        bids(world, (9, lowest - 1))
    lines = tick(world, 97)
    [first] = [n for n, line in enumerate(lines) if line == f"Bob #5 buy 1 at {lowest} maker"]
    assert lines[first + 1].endswith(f"sell 1 at {lowest} taker, 9 left")
    assert not lines[first + 2].startswith("Bob"), "the next bid is beyond the limit"


def test_limit_allows_for_the_fee_and_stays_within_the_price_band() -> None:
    """Fees of 1 % and a dollar a lot: 9 + 10 at 97. 20 - 19 = 1 leaves the quote itself."""
    fees = {"taker_fee_ppm": 10_000, "taker_fee_per_lot_minor": 1}
    world = scene(auto_deleveraging=True, **fees)
    leave(world, ANN, 50)
    bids(world, (10, 96))
    assert not any(line.startswith("Bob") for line in tick(world, 97))
    world = scene(auto_deleveraging=True)
    leave(world, ANN, -30_000)
    bids(world, (1, 1_000))
    lines = tick(world, 97)
    assert any(line.startswith("Bob #5 buy 1 at 1000 maker") for line in lines)
    assert any(line.endswith("sell 9 at 1000 deleveraged") for line in lines)


def test_without_deleveraging_there_is_no_limit() -> None:
    world = scene()
    bids(world, (10, 1))
    assert "Bob #5 buy 10 at 1 maker" in tick(world, 97)


# ---------------------------------------------------------------- deleveraging: who, at what


def others_short(world: BookWorld, *sold: tuple[int, int, int]) -> None:
    """Somebody (a new account) sells so many at this price; Bob takes them."""
    for login, units, price in sold:
        world.accepted(r.SetAccount(login=login, group=1))
        world.money(login, 1_000)
        world.sell(login, units, price)
        world.buy(BOB, units, price)


def test_best_positions_of_the_other_side_are_closed_at_the_price_that_leaves_nothing() -> None:
    """Ann has 20 and loses 30 at 97: closed at 98. Account 12 sold at 120, 13 at 110, 14 at 90."""
    world = scene(money=20, auto_deleveraging=True)
    others_short(world, (14, 5, 90), (13, 2, 110), (12, 3, 120))
    lines = tick(world, 97)
    ticket = world.both.naive.world.last_ticket
    assert lines == [
        "margin call Ann at -10 of 40",
        "stop-out Ann at -10 of 40",
        f"placed #{ticket}, frozen 0",
        "account 12 #0 buy 3 at 98 deleveraged",
        f"Ann #{ticket} sell 3 at 98 deleveraged, 7 left",
        "account 13 #0 buy 2 at 98 deleveraged",
        f"Ann #{ticket} sell 2 at 98 deleveraged, 5 left",
        "Cat #0 buy 5 at 98 deleveraged",
        f"Ann #{ticket} sell 5 at 98 deleveraged",
    ]
    assert world.figures(ANN).balance_minor == 0, "nothing is left, and nothing is owed"
    assert units_held(world, CAT) == -5
    assert units_held(world, 12) == units_held(world, 13) == 0
    assert world.figures(12).balance_minor == 1_000 + 3 * 22
    assert units_held(world, 14) == -5, "who loses is left alone"


def test_short_position_is_closed_against_long_ones() -> None:
    world = scene(money=20, units=-10, auto_deleveraging=True)
    assert tick(world, 103)[-2:] == [
        "Cat #0 sell 10 at 102 deleveraged",
        "Ann #5 buy 10 at 102 deleveraged",
    ]
    assert world.figures(CAT).balance_minor == 1_020
    assert world.figures(ANN).balance_minor == 0


def test_account_that_can_bear_its_loss_waits_for_somebody_who_bids() -> None:
    """Nobody is deleveraged while there is money left: hers, or that of the fund."""
    world = scene(money=50, auto_deleveraging=True)
    assert tick(world, 97)[-1] == "refused Ann no_liquidity"
    assert tick(world, 96) == []
    assert tick(world, 95)[-1] == "Ann #5 sell 10 at 95 deleveraged"
    assert world.figures(ANN).balance_minor == 0


def test_fund_takes_the_loss_before_anybody_is_deleveraged() -> None:
    world = scene(money=50, fund=100, auto_deleveraging=True)
    assert tick(world, 90)[-1] == "refused Ann no_liquidity"
    assert tick(world, 86) == []
    # 50 + 100 are gone at 85, where the other side closes
    assert tick(world, 84)[2:] == [
        "Cat #0 buy 10 at 85 deleveraged",
        "Ann #5 sell 10 at 85 deleveraged",
        "Ann insurance +100, balance 0",
        "Fund insurance -100, balance 0",
    ]


def test_what_the_book_takes_better_than_the_limit_spares_fund_and_other_side() -> None:
    """Ann and the fund have 0 at 97: bids of 98 and 97 are taken, the rest is deleveraged."""
    world = scene(money=20, fund=10, auto_deleveraging=True)
    bids(world, (3, 98), (2, 97), (9, 96))
    lines = tick(world, 97)
    assert [line for line in lines if "Ann" in line][2:] == [
        "Ann #8 sell 3 at 98 taker, 7 left",
        "Ann #8 sell 2 at 97 taker, 5 left",
        "Ann #8 sell 5 at 97 deleveraged",
        "Ann insurance +7, balance 0",
    ]
    assert world.figures(FUND).balance_minor == 3


def test_empty_fund_leaves_all_to_deleveraging() -> None:
    world = scene(money=0, fund=4, auto_deleveraging=True)
    world.money(FUND, -4, v.CORRECTION)
    # 30 short at the quote: closed at 100, three above it, so that nothing is owed
    assert tick(world, 97)[-2:] == [
        "Cat #0 buy 10 at 100 deleveraged",
        "Ann #5 sell 10 at 100 deleveraged",
    ]
    assert world.figures(ANN).balance_minor == 0


def test_equal_shares_go_by_ticket_and_the_fund_is_passed_over() -> None:
    world = scene(money=20, fund=2_000, auto_deleveraging=True)
    world.sell(FUND, 4, 100)
    world.buy(BOB, 4, 100)
    others_short(world, (13, 4, 100), (12, 4, 100))
    leave(world, FUND, 0)
    lines = tick(world, 97)
    assert [line for line in lines if "#0" in line] == ["Cat #0 buy 10 at 98 deleveraged"]
    assert units_held(world, FUND) == -4
    world = scene(money=40, units=20, fund=2_000, auto_deleveraging=True)
    world.position(CAT, 20, against=FUND)
    others_short(world, (13, 4, 100), (12, 4, 100))
    leave(world, FUND, 0)
    lines = tick(world, 97)
    assert [line for line in lines if "#0" in line] == [
        "account 13 #0 buy 4 at 98 deleveraged",
        "account 12 #0 buy 4 at 98 deleveraged",
    ]
    assert "refused Ann no_liquidity" in lines, "nobody else is in profit but the fund"
    assert units_held(world, ANN) == 12


def test_deleveraging_costs_no_fee_and_trims_the_reduce_only_orders_of_the_other_side() -> None:
    """Ann has 30, loses 30 at 97, and fees of 10 count in what she has: closed at 98."""
    world = scene(money=30, auto_deleveraging=True, liquidation_units=4, taker_fee_per_lot_minor=1)
    leave(world, ANN, 30)
    world.buy(CAT, 5, 80, flags=REDUCE)
    world.buy(CAT, 5, 81, flags=REDUCE)
    before = world.figures(CAT).balance_minor
    events = world.accepted(r.Tick(instrument=GOLD, feed=1, bid_points=97, ask_points=97))
    assert told(events) == [
        "margin call Ann at 0 of 40",
        "stop-out Ann at 0 of 40",
        "placed #7, frozen 0",
        "Cat #0 buy 4 at 98 deleveraged",
        "Ann #7 sell 4 at 98 deleveraged",
        "removed #6 5 reduce_only, frozen 0",
        "stop-out Ann at 4 of 24",
        "placed #8, frozen 0",
        "Cat #0 buy 4 at 98 deleveraged",
        "Ann #8 sell 4 at 98 deleveraged",
        "removed #5 5 reduce_only, frozen 0",
    ]
    assert world.figures(CAT).balance_minor == before + 8 * 2
    assert world.figures(ANN).balance_minor == 30 - 8 * 2


def test_deleveraging_needs_somebody_in_profit() -> None:
    """Cat is flat; Bob sold at 90 and loses."""
    world = scene(money=20, auto_deleveraging=True)
    world.position(CAT, 10, against=BOB, price=90)
    assert tick(world, 97)[-1] == "refused Ann no_liquidity"


def test_deleveraging_is_no_trade_and_leaves_the_last_price() -> None:
    world = scene(money=20, auto_deleveraging=True)
    before = world.both.naive.world.last_prices[GOLD]
    tick(world, 97)
    assert units_held(world, ANN) == 0
    assert world.both.naive.world.last_prices[GOLD] == before


def test_profits_and_losses_of_a_liquidation_add_up_to_nothing() -> None:
    world = scene(money=20, fund=15, auto_deleveraging=True)
    bids(world, (2, 98), (3, 97))
    logins = (ANN, BOB, CAT, FUND)
    before = sum(world.figures(login).balance_minor for login in logins)
    tick(world, 96)
    assert sum(units_held(world, login) for login in logins) == 0
    after = sum(world.figures(login).equity_minor for login in logins)
    assert after == before, "all the profit of one is the loss of another"


# ---------------------------------------------------------------- both venues, and the margin call


def test_account_with_positions_on_both_venues_closes_the_largest_loss_of_either() -> None:
    """METAL needs all of its price as margin: 100 for a lot, beside 40 for GOLD."""
    world = scene(money=300)
    tick(world, 100, instrument=METAL)
    quoted = r.PlaceOrder(
        login=ANN, instrument=METAL, order_type=v.MARKET, side=BUY, volume_units=100
    )
    world.accepted(quoted)
    leave(world, ANN, 110)
    bids(world, (10, 97))
    assert tick(world, 90, instrument=METAL) == ["margin call Ann at 100 of 140"]
    lines = tick(world, 97)
    assert lines[0] == "stop-out Ann at 70 of 140"
    assert lines[-1] == "Ann #7 sell 10 at 97 taker"
    assert tick(world, 65, instrument=METAL)[:2] == ["stop-out Ann at 45 of 100", "PositionClosed"]
    assert world.figures(ANN).positions == 0
