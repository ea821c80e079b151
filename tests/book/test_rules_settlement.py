"""Settlement as tables: daily, final, funding, and margin by date.

RULES section 9. Variation margin of one side is what the other pays; the settlement works at
a price that it is given, not at that of the moment. Prices times volumes are dollars.
"""

from typing import Any

import msgspec
import pytest

from engine import records as r
from engine import reject_codes as c
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
    SECOND,
    START_NS,
    BookWorld,
    order,
    told,
)

DAILY, FINAL = v.SETTLEMENT_DAILY, v.SETTLEMENT_FINAL
NOON = START_NS + 4 * 3_600 * SECOND
OIL = 7


def settlement(price: int, kind: int = DAILY, instrument: int = GOLD) -> r.SettleInstrument:
    return r.SettleInstrument(instrument=instrument, price_points=price, settlement=kind)


def funding(rate_e8: int, instrument: int = GOLD) -> r.PayFunding:
    return r.PayFunding(instrument=instrument, rate_e8=rate_e8)


def held(world: BookWorld, login: int, instrument: int = GOLD) -> Any:
    [position] = world.both.naive.world.positions_of(login, instrument)
    return position


def money(world: BookWorld, *logins: int) -> list[int]:
    return [world.figures(login).balance_minor for login in logins or (ANN, BOB, CAT)]


def leave(world: BookWorld, login: int, amount: int) -> None:
    """So much of the money stays."""
    balance = world.both.naive.world.accounts[login].balance
    if amount != balance:
        world.money(login, amount - balance, v.CORRECTION)


# ---------------------------------------------------------------- daily


def test_daily_settlement_pays_the_profit_and_resets_the_open_price() -> None:
    world = BookWorld()
    world.position(ANN, 10, 100)
    world.position(BOB, -4, 110, against=ANN)
    assert told(world.accepted(settlement(104))) == [
        "Ann +14 settled at 104: +16, balance 1016, margin 56",
        "Bob -4 settled at 104: +24, balance 1024, margin 16",
        "Cat -10 settled at 104: -40, balance 960, margin 40",
        "3 positions daily, 14 long, paid 40, received 40",
    ]
    position = held(world, ANN)
    assert (position.open_cost, position.open_price, position.volume) == (14 * 104, 104, 14)
    assert told(world.accepted(settlement(101))) == [
        "Ann +14 settled at 101: -42, balance 974, margin 56",
        "Bob -4 settled at 101: +12, balance 1036, margin 16",
        "Cat -10 settled at 101: +30, balance 990, margin 40",
        "3 positions daily, 14 long, paid 42, received 42",
    ]
    world.buy(BOB, 4, 101)
    *_, sold = world.sell(ANN, 4, 101)
    assert sold.profit_minor == 0, "what was settled is not paid again"


DAYS = [
    # settlement prices of the days, the price at which all is closed: the sum is the same
    ([], 130),
    ([100], 130),
    ([95, 120, 1, 1_000], 130),
    ([104, 104], 90),
]


@pytest.mark.parametrize(("prices", "end"), DAYS)
def test_settled_every_day_or_never_the_money_in_the_end_is_the_same(
    prices: list[int], end: int
) -> None:
    world = BookWorld(dollars=20_000)
    world.position(ANN, 7, 100)
    for price in prices:
        world.accepted(settlement(price))
        assert sum(money(world)) == 60_000, "one side pays, the other receives"
    world.buy(CAT, 7, end)
    world.sell(ANN, 7, end)
    assert money(world) == [20_000 + 7 * (end - 100), 20_000, 20_000 - 7 * (end - 100)]


def test_daily_settlement_leaves_orders_margin_equity_and_other_instruments_alone() -> None:
    world = BookWorld()
    world.accepted(msgspec.structs.replace(FUTURE, instrument=OIL, symbol="OIL"))
    world.sell(CAT, 2, 50, instrument=OIL)
    world.buy(ANN, 2, 50, instrument=OIL)
    world.position(ANN, 10, 100)
    world.buy(ANN, 3, 90)
    before = world.figures(ANN)
    world.accepted(settlement(120))
    after = world.figures(ANN)
    assert (after.equity_minor, after.margin_minor) == (before.equity_minor, before.margin_minor)
    assert (after.frozen_minor, after.orders) == (30, 1)
    assert after.floating_minor == -200, "the quote is still 100"
    assert held(world, ANN, OIL).open_cost == 100


def test_settlement_without_positions_is_told_and_moves_nothing() -> None:
    world = BookWorld()
    assert told(world.accepted(settlement(100))) == [
        "0 positions daily, 0 long, paid 0, received 0"
    ]


def test_events_of_a_settlement_name_the_position_and_what_is_left_of_it() -> None:
    world = BookWorld()
    world.position(ANN, 10, 100)
    ticket = held(world, ANN).ticket
    world.buy(ANN, 1, 50)
    events = world.accepted(settlement(104))
    [ann] = [e for e in events if isinstance(e, r.PositionSettled) and e.login == ANN]
    assert (ann.position, ann.position_units, ann.open_cost) == (ticket, 10, 1_040)
    assert (ann.settlement, ann.frozen_minor) == (DAILY, 10)
    assert ann.entry_number == world.both.naive.world.accounts[ANN].entries
    assert isinstance(events[-1], r.InstrumentSettled)
    assert (events[-1].rate_e8, events[-1].price_points) == (0, 104)


def test_price_of_a_daily_settlement_is_the_middle_of_the_band() -> None:
    world = BookWorld(gold={"band_bp": 1_000})
    world.buy(ANN, 1, 300)
    world.accepted(settlement(104))
    # a tenth of 104 is 10 and a bit
    for price in (93, 115):
        assert world.refused(order(ANN, BUY, 1, price)) == (c.PRICE_OUTSIDE_BAND, price)
    world.buy(ANN, 1, 94)
    world.accepted(settlement(200))
    world.buy(ANN, 1, 180)
    assert world.refused(order(ANN, BUY, 1, 94)) == (c.PRICE_OUTSIDE_BAND, 94)


def test_settlement_moves_no_equity_but_looks_at_every_account_that_it_settled() -> None:
    world = BookWorld()
    world.position(ANN, 10, 100)
    leave(world, ANN, 50)
    world.accepted(settlement(95))
    figures = world.figures(ANN)
    assert (figures.balance_minor, figures.floating_minor, figures.equity_minor) == (0, 50, 50)
    leave(world, ANN, -30)
    assert told(world.accepted(settlement(96)))[2:] == [
        "2 positions daily, 10 long, paid 10, received 10",
        "margin call Ann at 20 of 40",
        "refused Ann no_liquidity",
    ]


# ---------------------------------------------------------------- final


def expiring(**gold: Any) -> BookWorld:
    world = BookWorld(gold={"expires_ns": NOON, **gold})
    world.position(ANN, 10, 100)
    return world


def test_final_settlement_removes_the_orders_ends_the_positions_and_the_instrument() -> None:
    world = expiring()
    world.buy(BOB, 3, 80)
    world.sell(ANN, 2, 140, flags=v.REDUCE_ONLY)
    world.buy(CAT, 1, order_type=v.STOP, force=v.GOOD_TILL_CANCELLED, trigger_points=150)
    assert told(world.accepted(settlement(115, FINAL), NOON)) == [
        "removed #5 3 settled, frozen 0",
        "removed #6 2 settled, frozen 0",
        "removed #7 1 settled, frozen 0",
        "Ann +10 settled at 115: +150, balance 1150, margin 0",
        "Cat -10 settled at 115: -150, balance 850, margin 0",
        "2 positions final, 10 long, paid 150, received 150",
    ]
    assert [world.figures(login).positions for login in (ANN, BOB, CAT)] == [0, 0, 0]
    assert world.refused(order(BOB, BUY, 1, 100)) == (c.WRONG_PHASE, v.PHASE_EXPIRED)
    assert world.refused(settlement(115)) == (c.WRONG_PHASE, v.PHASE_EXPIRED)
    assert world.refused(settlement(115, FINAL)) == (c.WRONG_PHASE, v.PHASE_EXPIRED)
    phase = r.SetPhase(instrument=GOLD, phase=v.PHASE_CONTINUOUS)
    assert world.refused(phase) == (c.WRONG_PHASE, v.PHASE_EXPIRED)


def test_what_has_expired_does_not_trade_but_waits_for_its_final_settlement() -> None:
    world = expiring()
    world.buy(BOB, 3, 80)
    world.accepted(r.Clock(), NOON)
    assert world.refused(order(BOB, BUY, 1, 100)) == (c.WRONG_PHASE, v.PHASE_EXPIRED)
    world.accepted(settlement(110))
    world.cancel(BOB, 5)
    world.accepted(settlement(115, FINAL))
    assert money(world) == [1_150, 1_000, 850]


FINAL_COVER = [
    # what the fund has, compensation, what is told after Ann's position: 50 - 90 = -40
    (100, v.COMPENSATE_AFTER_STOP_OUT, ["Ann insurance +40, balance 0"]),
    (
        25,
        v.COMPENSATE_AFTER_ANY_CLOSE,
        ["Ann insurance +25, balance -15", "Ann so_compensation +15, balance 0"],
    ),
    (25, v.COMPENSATE_NEVER, ["Ann insurance +25, balance -15"]),
]


@pytest.mark.parametrize(("fund", "rule", "lines"), FINAL_COVER)
def test_account_that_owes_after_the_final_settlement_is_covered_at_once(
    fund: int, rule: int, lines: list[str]
) -> None:
    world = BookWorld(
        gold={"expires_ns": NOON, "insurance_login": FUND, "mark": v.MARK_TICK}, compensation=rule
    )
    world.accepted(r.SetAccount(login=FUND, group=1))
    world.money(FUND, fund)
    world.accepted(r.Tick(instrument=GOLD, feed=1, bid_points=100, ask_points=100))
    world.position(ANN, 10, 100)
    leave(world, ANN, 50)
    events = world.accepted(settlement(91, FINAL), NOON)
    own = [line for line in told(events) if "Ann" in line]
    assert own == ["Ann +10 settled at 91: -90, balance -40, margin 0", *lines]
    entries = [e for e in events if isinstance(e, r.LedgerEntry)]
    ticket = next(e.position for e in events if isinstance(e, r.PositionSettled))
    assert {(e.order, e.position) for e in entries} == {(0, ticket)}
    kinds = [type(e) for e in events]
    assert kinds.index(r.LedgerEntry) == kinds.index(r.PositionSettled) + 1


def test_account_with_another_position_is_stopped_out_after_the_final_settlement() -> None:
    world = expiring()
    world.accepted(msgspec.structs.replace(FUTURE, instrument=OIL, symbol="OIL"))
    world.sell(CAT, 10, 50, instrument=OIL)
    world.buy(ANN, 10, 50, instrument=OIL)
    world.buy(BOB, 10, 49, instrument=OIL)
    leave(world, ANN, 170)
    lines = told(world.accepted(settlement(85, FINAL), NOON))
    assert lines[3:5] == ["margin call Ann at 20 of 40", "stop-out Ann at 20 of 40"]
    assert lines[-1] == "Ann #10 sell 10 at 49 taker"
    assert world.figures(ANN).balance_minor == 10


# ---------------------------------------------------------------- refusals

SETTLEMENTS: list[tuple[dict[str, Any], r.SettleInstrument, int, int]] = [
    # gold, command (wrong in later checks, too), code, detail
    ({}, settlement(0, 7, 99), c.UNKNOWN_INSTRUMENT, 99),
    ({}, settlement(0, 7, -1), c.UNKNOWN_INSTRUMENT, -1),
    ({}, settlement(0, 7, METAL), c.OTHER_VENUE, v.VENUE_QUOTED),
    ({}, settlement(0, DAILY, COIN), c.BAD_SETTLEMENT, DAILY),
    ({}, settlement(0, FINAL, COIN), c.BAD_SETTLEMENT, FINAL),
    ({}, settlement(0, 2), c.BAD_SETTLEMENT, 2),
    ({}, settlement(0, -1), c.BAD_SETTLEMENT, -1),
    ({}, settlement(0, FINAL), c.BAD_SETTLEMENT, FINAL),
    ({"expires_ns": NOON}, settlement(0, FINAL), c.BAD_SETTLEMENT, FINAL),
    ({}, settlement(0), c.BAD_PRICE, 0),
    ({}, settlement(1_001), c.BAD_PRICE, 1_001),
    ({}, settlement(-(2**63)), c.BAD_PRICE, -(2**63)),
    ({"tick_size_points": 5}, settlement(1_001), c.BAD_PRICE, 1_001),
    ({"tick_size_points": 5}, settlement(101), c.PRICE_OFF_TICK_SIZE, 101),
]


@pytest.mark.parametrize(("gold", "command", "code", "detail"), SETTLEMENTS)
def test_settlement_that_is_refused_names_the_first_failure(
    gold: dict[str, Any], command: r.SettleInstrument, code: int, detail: int
) -> None:
    assert BookWorld(gold=gold).refused(command) == (code, detail)


FUNDINGS: list[tuple[dict[str, Any], r.PayFunding, int, int]] = [
    ({}, funding(0, 99), c.UNKNOWN_INSTRUMENT, 99),
    ({}, funding(0, METAL), c.OTHER_VENUE, v.VENUE_QUOTED),
    ({}, funding(0, COIN), c.NOT_PERPETUAL, 0),
    ({"expires_ns": NOON}, funding(0), c.NOT_PERPETUAL, NOON),
    ({}, funding(0), c.BAD_RATE, 0),
    ({}, funding(10**7 + 1), c.BAD_RATE, 10**7 + 1),
    ({}, funding(-(10**7) - 1), c.BAD_RATE, -(10**7) - 1),
    ({}, funding(-(2**63)), c.BAD_RATE, -(2**63)),
    ({}, funding(10**7), c.NO_QUOTE, 0),
]


@pytest.mark.parametrize(("gold", "command", "code", "detail"), FUNDINGS)
def test_funding_that_is_refused_names_the_first_failure(
    gold: dict[str, Any], command: r.PayFunding, code: int, detail: int
) -> None:
    assert BookWorld(gold=gold).refused(command) == (code, detail)


# ---------------------------------------------------------------- funding

PAYMENTS = [
    # rate in 10**-8, bid and ask, what Ann (3 long), Bob (1 short), Cat (2 short) get; the mark.
    # The payer's share is rounded up, the receiver's down: the difference stays with the broker.
    (10**6, 100, 100, -3, 1, 2, 100),
    (-(10**6), 100, 100, 3, -1, -2, 100),
    (10**6, 104, 104, -4, 1, 2, 104),
    (-(10**6), 104, 104, 3, -2, -3, 104),
    (1, 100, 100, -1, 0, 0, 100),
    (-1, 100, 100, 0, -1, -1, 100),
    (10**7, 100, 101, -30, 10, 20, 100),
    (10**7, 100, 103, -31, 10, 20, 101),
    (-(10**7), 99, 100, 29, -10, -20, 99),
]


@pytest.mark.parametrize(("rate", "bid", "ask", "ann", "bob", "cat", "mark"), PAYMENTS)
def test_funding_is_paid_rounded_up_and_received_rounded_down(
    rate: int, bid: int, ask: int, ann: int, bob: int, cat: int, mark: int
) -> None:
    world = BookWorld()
    world.position(ANN, 1, 100, against=BOB)
    world.position(ANN, 2, 100, against=CAT)
    world.accepted(r.SetAccount(login=FUND, group=1))
    world.money(FUND, 1_000)
    world.buy(FUND, 1, bid, **({"flags": v.POST_ONLY} if ask > bid else {}))
    if ask > bid:
        world.sell(FUND, 1, ask)
    else:
        world.sell(FUND, 1, bid, self_trade=v.SELF_TRADE_ALLOW)
    events = world.accepted(funding(rate))
    paid = [e for e in events if isinstance(e, r.FundingPaid)]
    assert [e.amount_minor for e in paid] == [ann, bob, cat]
    assert [e.position_units for e in paid] == [3, -1, -2]
    assert {(e.price_points, e.rate_e8) for e in paid} == {(mark, rate)}
    [sums] = [e for e in events if isinstance(e, r.InstrumentSettled)]
    lost = sum(-amount for amount in (ann, bob, cat) if amount < 0)
    got = sum(amount for amount in (ann, bob, cat) if amount > 0)
    assert (sums.paid_minor, sums.received_minor) == (lost, got)
    assert 0 <= lost - got <= 3, "never more received than paid"
    assert (sums.settlement, sums.positions, sums.long_units) == (v.SETTLEMENT_FUNDING, 3, 3)
    assert (sums.price_points, sums.rate_e8) == (mark, rate)
    assert money(world) == [1_000 + ann, 1_000 + bob, 1_000 + cat]


def test_funding_leaves_positions_and_open_prices_alone() -> None:
    world = BookWorld()
    world.position(ANN, 10, 100)
    before = vars(held(world, ANN)).copy()
    assert told(world.accepted(funding(10**6))) == [
        "Ann +10 funding -10, balance 990",
        "Cat -10 funding +10, balance 1010",
        "2 positions funding, 10 long, paid 10, received 10",
    ]
    assert vars(held(world, ANN)) == before


def test_funding_waits_while_an_account_with_a_position_is_beyond_its_money_bound() -> None:
    world = BookWorld()
    world.position(ANN, 1, 100)
    for _ in range(31):
        world.money(CAT, 2**50)
    world.money(CAT, 2**50 - 1_000)
    world.accepted(funding(10**7))
    assert world.refused(funding(-(10**7))) == (c.ACCOUNT_MONEY_BOUND, 2**55 + 10)
    world.accepted(settlement(90))


def test_funding_that_an_account_can_not_bear_liquidates_it_at_once() -> None:
    world = BookWorld()
    world.position(ANN, 10, 100)
    world.buy(BOB, 10, 99)
    leave(world, ANN, 65)
    assert told(world.accepted(funding(5 * 10**6))) == [
        "Ann +10 funding -50, balance 15",
        "Cat -10 funding +50, balance 1050",
        "2 positions funding, 10 long, paid 50, received 50",
        "margin call Ann at 15 of 40",
        "stop-out Ann at 15 of 40",
        "placed #6, frozen 0",
        "Bob #5 buy 10 at 99 maker",
        "Ann #6 sell 10 at 99 taker",
    ]


# ---------------------------------------------------------------- margin by date

LATER, LATEST = START_NS + 60 * SECOND, START_NS + 120 * SECOND


def test_margin_of_positions_and_orders_is_made_anew_when_the_date_comes() -> None:
    world = BookWorld(gold={"margins": [(LATER, 30, 12), (LATEST, 20, 0)]})
    world.position(ANN, 10, 100)
    world.buy(ANN, 2, 90)
    assert (world.figures(ANN).margin_minor, world.frozen(ANN)) == (40, 20)
    assert world.accepted(r.Clock(), LATER - 1) == []
    assert told(world.accepted(r.Clock(), LATER)) == [
        "margin a lot 30, held 12",
        "Ann margin_reprice +80, margin 120",
        "Cat margin_reprice +80, margin 120",
    ]
    figures = world.figures(ANN)
    assert (figures.margin_minor, figures.frozen_minor) == (120, 60)
    assert figures.free_margin_minor == 1_000 - 180
    # without maintenance margin a position needs the initial one
    assert told(world.accepted(r.Clock(), LATEST))[1] == "Ann margin_reprice +80, margin 200"
    assert world.frozen(ANN) == 40
    [placed] = world.buy(BOB, 1, 80)
    assert placed.frozen_minor == 20


def test_only_the_last_of_several_dates_that_came_is_told() -> None:
    world = BookWorld(gold={"margins": [(LATER, 30, 12), (LATEST, 20, 5)]})
    world.position(ANN, 10, 100)
    assert told(world.accepted(r.Clock(), LATEST + 1)) == [
        "margin a lot 20, held 5",
        "Ann margin_reprice +10, margin 50",
        "Cat margin_reprice +10, margin 50",
    ]
    assert world.accepted(r.Clock(), LATEST + SECOND) == []


def test_date_that_leaves_the_margin_of_a_position_is_told_without_an_entry() -> None:
    world = BookWorld(gold={"margins": [(LATER, 30, 4)]})
    world.position(ANN, 10, 100)
    assert told(world.accepted(r.Clock(), LATER)) == ["margin a lot 30, held 4"]


def test_account_that_the_new_margin_is_too_much_for_is_warned_then_liquidated() -> None:
    world = BookWorld(gold={"margins": [(LATER, 30, 10), (LATEST, 40, 20)]})
    world.position(ANN, 10, 100)
    world.buy(BOB, 10, 99)
    leave(world, ANN, 100)
    assert told(world.accepted(r.Clock(), LATER))[1:] == [
        "Ann margin_reprice +60, margin 100",
        "Cat margin_reprice +60, margin 100",
        "margin call Ann at 100 of 100",
    ]
    lines = told(world.accepted(r.Clock(), LATEST))
    assert lines[3:] == [
        "stop-out Ann at 100 of 200",
        "placed #6, frozen 0",
        "Bob #5 buy 10 at 99 maker",
        "Ann #6 sell 10 at 99 taker",
    ]


def test_dates_come_before_timers_and_those_before_the_command() -> None:
    world = BookWorld(gold={"margins": [(LATER, 30, 12)]})
    world.position(ANN, 1, 100)
    world.buy(BOB, 1, 90, force=v.GOOD_TILL_DATE, expiry=LATER)
    assert told(world.accepted(order(BOB, BUY, 2, 91), LATER)) == [
        "margin a lot 30, held 12",
        "Ann margin_reprice +8, margin 12",
        "Cat margin_reprice +8, margin 12",
        "removed #5 1 expired, frozen 0",
        "placed #6, frozen 60",
    ]


def test_refused_command_brings_its_date_too_but_not_one_from_the_past() -> None:
    world = BookWorld(gold={"margins": [(LATER, 30, 12)]})
    world.position(ANN, 1, 100)
    early = told(world.send(order(BOB, BUY, 0, 91), START_NS - 1))
    assert early == [f"rejected time_backwards {START_NS}"]
    lines = told(world.send(order(BOB, BUY, 0, 91), LATER))
    assert (lines[0], lines[-1]) == ("margin a lot 30, held 12", "rejected volume_below_minimum 0")


def test_instruments_come_by_number_each_with_what_follows_from_it() -> None:
    rows = [(LATER, 30, 12)]
    world = BookWorld(gold={"margins": rows})
    world.accepted(msgspec.structs.replace(FUTURE, instrument=OIL, symbol="OIL", margins=rows))
    for number in (GOLD, OIL):
        world.sell(CAT, 10, 100, instrument=number)
        world.buy(ANN, 10, 100, instrument=number)
    world.buy(BOB, 10, 100)
    leave(world, ANN, 100)
    assert [line for line in told(world.accepted(r.Clock(), LATER)) if "Cat" not in line] == [
        "margin a lot 30, held 12",
        "Ann margin_reprice +80, margin 160",
        "margin call Ann at 100 of 160",
        "margin a lot 30, held 12",
        "Ann margin_reprice +80, margin 240",
        "stop-out Ann at 100 of 240",
        "placed #10, frozen 0",
        "Bob #9 buy 10 at 100 maker",
        "Ann #10 sell 10 at 100 taker",
    ]


IN_USE: list[tuple[dict[str, Any], int]] = [
    # a change while GOLD is held and the row of the past is in force; the code
    ({"margins": [(1, 10, 4), (LATER, 50, 50)]}, 0),
    ({"margins": [(2, 10, 4)]}, 0),
    ({"margins": [(2, 9, 9), (3, 10, 4)]}, 0),
    ({"initial_margin_minor": 99, "maintenance_margin_minor": 1}, 0),
    ({"margins": [(1, 11, 4)]}, c.INSTRUMENT_IN_USE),
    ({"margins": [(1, 10, 5)]}, c.INSTRUMENT_IN_USE),
    ({"margins": [(1, 10, 4), (2, 10, 3)]}, c.INSTRUMENT_IN_USE),
    ({"margins": [(LATER, 10, 4)]}, c.INSTRUMENT_IN_USE),
    ({"margins": []}, c.INSTRUMENT_IN_USE),
    ({"margins": [], "initial_margin_minor": 10, "maintenance_margin_minor": 4}, 0),
    ({"mark": v.MARK_LAST}, c.INSTRUMENT_IN_USE),
    ({"expires_ns": 1}, 0),
]


@pytest.mark.parametrize(("change", "code"), IN_USE)
def test_margin_in_force_can_not_change_at_once_while_somebody_holds(
    change: dict[str, Any], code: int
) -> None:
    fields = {"initial_margin_minor": 20, "maintenance_margin_minor": 8}
    world = BookWorld(gold={**fields, "margins": [(1, 10, 4)]})
    world.position(ANN, 10, 100)
    assert world.figures(ANN).margin_minor == 40
    changed = msgspec.structs.replace(world.gold, **change)
    if code:
        assert world.refused(changed) == (code, v.CONFIG_INSTRUMENT)
    else:
        world.accepted(changed)
        assert world.figures(ANN).margin_minor == 40


ROWS: list[tuple[list[tuple[int, int, int]], bool]] = [
    ([(1, 1, 0)], True),
    ([(1, 10, 10)], True),
    ([(2**62, 10, 4)], True),
    ([(n, 10, 4) for n in range(1, 65)], True),
    ([(n, 10, 4) for n in range(1, 66)], False),
    ([(0, 10, 4)], False),
    ([(-1, 10, 4)], False),
    ([(2**62 + 1, 10, 4)], False),
    ([(1, 0, 0)], False),
    ([(1, 10, 11)], False),
    ([(1, 10, -1)], False),
    ([(2, 10, 4), (2, 10, 4)], False),
    ([(3, 10, 4), (2, 10, 4)], False),
    ([(1, 2**60, 4)], False),
]


@pytest.mark.parametrize(("rows", "good"), ROWS)
def test_rows_of_margin_by_date_ascend_and_are_as_good_as_the_fields(
    rows: list[tuple[int, int, int]], good: bool
) -> None:
    world = BookWorld()
    changed = msgspec.structs.replace(FUTURE, instrument=OIL, symbol="OIL", margins=rows)
    if good:
        world.accepted(changed)
    else:
        assert world.refused(changed) == (c.BAD_CONFIGURATION, v.CONFIG_INSTRUMENT)


def test_row_is_a_multiple_of_the_units_of_a_lot_and_only_futures_have_rows() -> None:
    world = BookWorld()
    world.accepted(r.Currency(currency=5, code="CHF", digits=4))
    cents = {"base_currency": 5, "profit_currency": 5, "margin_currency": 5}
    lots = {"volume_digits": 1, "initial_margin_minor": 100, "maintenance_margin_minor": 40}
    fine = msgspec.structs.replace(FUTURE, instrument=OIL, symbol="OIL", **cents, **lots)
    refusal = (c.BAD_CONFIGURATION, v.CONFIG_INSTRUMENT)
    for row, good in (((1, 110, 50), True), ((1, 105, 50), False), ((1, 110, 55), False)):
        changed = msgspec.structs.replace(fine, margins=[row])
        if good:
            world.accepted(changed)
        else:
            assert world.refused(changed) == refusal
    assert world.refused(msgspec.structs.replace(world.coin, margins=[(1, 10, 4)])) == refusal
