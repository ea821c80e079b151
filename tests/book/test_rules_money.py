"""Money on the book venue as tables: what is frozen, what fills cost, what the risk is.

RULES section 8. In the futures of these tables a lot has 10 of initial and 4 of maintenance
margin; a price times a volume is a value in dollars.
"""

from typing import Any

import pytest

from engine import records as r
from engine import reject_codes as c
from engine import vocabulary as v
from tests.naive.book_world import (
    ANN,
    BOB,
    BTC,
    BUY,
    CAT,
    COIN,
    IOC,
    METAL,
    SELL,
    USD,
    BookWorld,
    order,
    told,
)

REDUCE = v.REDUCE_ONLY

# ---------------------------------------------------------------- futures: what is frozen

FREEZES = [
    # position, orders (side, units, flags) out of reach of each other, frozen. A unit needs 10
    # to be opened and 4 while it is held; closing the position sets its 4 free.
    (0, [(BUY, 2, 0)], 20),
    (0, [(SELL, 2, 0)], 20),
    (0, [(BUY, 2, 0), (BUY, 3, 0)], 50),
    (0, [(BUY, 2, 0), (SELL, 2, 0)], 20),
    (0, [(BUY, 2, 0), (SELL, 3, 0)], 30),
    (1, [], 0),
    (1, [(SELL, 1, 0)], 0),
    (1, [(SELL, 2, 0)], 6),
    (1, [(SELL, 3, 0)], 16),
    (1, [(BUY, 1, 0)], 10),
    (1, [(BUY, 1, 0), (SELL, 1, 0)], 10),
    (1, [(BUY, 1, 0), (SELL, 4, 0)], 26),
    (-1, [(BUY, 1, 0)], 0),
    (-1, [(BUY, 2, 0)], 6),
    (-1, [(BUY, 3, 0)], 16),
    (-2, [(SELL, 1, 0), (BUY, 5, 0)], 22),
    (3, [(SELL, 3, REDUCE)], 0),
    (3, [(SELL, 3, REDUCE), (SELL, 7, 0)], 28),
    (-3, [(BUY, 2, REDUCE), (SELL, 1, 0)], 10),
]


@pytest.mark.parametrize(("position", "orders", "frozen"), FREEZES)
def test_orders_in_futures_freeze_so_much_that_no_fill_needs_more(
    position: int, orders: list[tuple[int, int, int]], frozen: int
) -> None:
    world = BookWorld()
    if position:
        world.position(ANN, position)
    for side, units, flags in orders:
        world.accepted(order(ANN, side, units, 90 if side == BUY else 110, flags=flags))
    assert world.frozen(ANN) == frozen
    figures = world.figures(ANN)
    assert figures.margin_minor == 4 * abs(position)
    assert figures.free_margin_minor == figures.equity_minor - 4 * abs(position) - frozen


@pytest.mark.parametrize(("maintenance", "margin"), [(4, 12), (10, 30), (0, 30)])
def test_position_is_margined_at_maintenance_or_where_there_is_none_at_initial(
    maintenance: int, margin: int
) -> None:
    world = BookWorld(gold={"maintenance_margin_minor": maintenance})
    world.position(ANN, 3)
    assert world.figures(ANN).margin_minor == margin


MONEY = [
    # dollars, virtual credit, strong hedged, orders before (side, units), order, detail of NO_MONEY
    (30, 0, False, [], (BUY, 3), None),
    (29, 0, False, [], (BUY, 3), -1),
    (29, 1, False, [], (BUY, 3), None),
    (30, 0, False, [(BUY, 3)], (SELL, 3), None),
    (30, 0, False, [(BUY, 3)], (SELL, 4), -10),
    (30, 0, False, [(BUY, 2)], (BUY, 2), -10),
]


@pytest.mark.parametrize(("dollars", "credit", "strong", "before", "comes", "detail"), MONEY)
def test_order_in_futures_needs_what_it_freezes_more(
    dollars: int,
    credit: int,
    strong: bool,
    before: list[tuple[int, int]],
    comes: tuple[int, int],
    detail: int | None,
) -> None:
    world = BookWorld(dollars=dollars, virtual_credit_minor=credit, strong_hedged=strong)
    for side, units in before:
        world.accepted(order(ANN, side, units, 90 if side == BUY else 110))
    command = order(ANN, comes[0], comes[1], 91 if comes[0] == BUY else 109)
    if detail is None:
        world.accepted(command)
    else:
        assert world.refused(command) == (c.NO_MONEY, detail)


@pytest.mark.parametrize("strong", [False, True])
def test_order_that_freezes_nothing_more_needs_no_money_unless_strongly_hedged(
    strong: bool,
) -> None:
    world = BookWorld(dollars=100, strong_hedged=strong)
    world.position(ANN, 3)
    world.money(ANN, -200, v.CORRECTION)
    command = order(ANN, SELL, 3, 110)
    if strong:
        assert world.refused(command) == (c.NO_MONEY, -112)
    else:
        world.accepted(command)
    assert world.refused(order(ANN, BUY, 1, 90)) == (c.NO_MONEY, -122)


def test_fee_of_an_order_in_futures_must_be_there_too() -> None:
    world = BookWorld(gold={"taker_fee_ppm": 10_000, "taker_fee_per_lot_minor": 2}, dollars=36)
    assert world.refused(order(ANN, BUY, 2, 701)) == (c.NO_MONEY, -2)
    world.buy(ANN, 2, 649)
    assert world.frozen(ANN) == 20


def test_frozen_money_can_neither_be_withdrawn_nor_traded_with_on_the_other_venue() -> None:
    world = BookWorld()
    world.accepted(r.Tick(instrument=METAL, feed=1, bid_points=95, ask_points=95))
    world.buy(ANN, 10, 100)
    figures = world.figures(ANN)
    assert (figures.free_margin_minor, figures.max_withdrawable_minor) == (900, 900)
    withdrawal = r.BalanceOperation(login=ANN, operation=v.WITHDRAWAL, amount_minor=901)
    assert world.refused(withdrawal) == (c.NO_MONEY, 900)
    quoted = r.PlaceOrder(
        login=ANN, instrument=METAL, order_type=v.MARKET, side=BUY, volume_units=1_000
    )
    assert world.refused(quoted) == (c.NO_MONEY, -50)
    world.cancel(ANN, 1)
    world.accepted(quoted)


# ---------------------------------------------------------------- spot: what is frozen

SPOT_FREEZES = [
    # fees (maker, taker) in millionths, order (side, units, price), currency, frozen
    ((0, 0), (BUY, 5, 100), USD, 500),
    ((0, 100_000), (BUY, 5, 100), USD, 550),
    ((50_000, 20_000), (BUY, 5, 100), USD, 525),
    ((-100_000, 100_000), (BUY, 5, 100), USD, 550),
    ((0, 10_000), (BUY, 1, 99), USD, 99),
    ((0, 10_000), (BUY, 2, 99), USD, 199),
    ((0, 100_000), (SELL, 5, 100), BTC, 5),
    ((0, 100_000), (SELL, 5, 900), BTC, 5),
]


@pytest.mark.parametrize(("fees", "comes", "currency", "frozen"), SPOT_FREEZES)
def test_order_in_spot_freezes_exactly_what_it_could_take_with_its_fee(
    fees: tuple[int, int], comes: tuple[int, int, int], currency: int, frozen: int
) -> None:
    world = BookWorld(coin={"maker_fee_ppm": fees[0], "taker_fee_ppm": fees[1]})
    [placed] = world.accepted(order(ANN, *comes, instrument=COIN))
    assert (placed.currency, placed.frozen_minor) == (currency, frozen)
    assert world.frozen(ANN, USD + BTC - currency) == 0
    world.cancel(ANN, 1)
    assert world.frozen(ANN, currency) == 0


@pytest.mark.parametrize(("dollars", "detail"), [(550, None), (549, 549), (0, 0)])
def test_buying_spot_needs_the_whole_of_it_in_hand(dollars: int, detail: int | None) -> None:
    world = BookWorld(coin={"taker_fee_ppm": 100_000}, dollars=dollars, virtual_credit_minor=999)
    command = order(ANN, BUY, 5, 100, instrument=COIN)
    if detail is None:
        world.accepted(command)
        assert world.refused(order(ANN, BUY, 1, 1, instrument=COIN)) == (c.NO_MONEY, 0)
    else:
        assert world.refused(command) == (c.NO_MONEY, detail)


def test_selling_spot_needs_the_coins_in_hand_and_not_in_another_order() -> None:
    world = BookWorld(coins=10)
    world.sell(ANN, 6, 100, instrument=COIN)
    assert world.refused(order(ANN, SELL, 5, 100, instrument=COIN)) == (c.NO_MONEY, 4)
    withdrawal = r.HoldingOperation(login=ANN, currency=BTC, operation=v.WITHDRAWAL, amount_minor=5)
    assert world.refused(withdrawal) == (c.NO_MONEY, 4)
    world.coins(ANN, 4, v.WITHDRAWAL)
    assert (world.held(ANN), world.frozen(ANN, BTC)) == (6, 6)


def test_fill_of_spot_releases_what_its_part_had_frozen_and_the_rest_stays_frozen() -> None:
    world = BookWorld(coin={"maker_fee_ppm": 10_000, "taker_fee_ppm": 100_000})
    world.buy(ANN, 5, 100, instrument=COIN)
    assert world.frozen(ANN) == 550
    _, maker, taker = world.sell(BOB, 2, 100, instrument=COIN)
    assert (maker.quote_delta_minor, maker.fee_minor, maker.quote_minor) == (-202, 2, 798)
    assert (maker.quote_frozen_minor, maker.base_delta_minor, maker.base_minor) == (330, 2, 102)
    assert (taker.quote_delta_minor, taker.fee_minor, taker.quote_minor) == (180, 20, 1_180)
    assert (taker.base_delta_minor, taker.base_minor, taker.base_frozen_minor) == (-2, 98, 0)


def test_better_price_than_the_limit_leaves_the_difference_free() -> None:
    world = BookWorld(coin={"taker_fee_ppm": 100_000})
    world.sell(BOB, 5, 80, instrument=COIN)
    placed, _, taker = world.buy(ANN, 5, 100, instrument=COIN)
    assert placed.frozen_minor == 550
    assert (taker.quote_delta_minor, taker.quote_frozen_minor) == (-440, 0)
    assert world.figures(ANN).max_withdrawable_minor == 560


@pytest.mark.parametrize(("dollars", "detail"), [(462, None), (461, 461)])
def test_market_order_that_buys_spot_freezes_what_it_will_take(
    dollars: int, detail: int | None
) -> None:
    world = BookWorld(coin={"taker_fee_ppm": 100_000}, dollars=dollars)
    world.sell(BOB, 2, 100, instrument=COIN)
    world.sell(BOB, 3, 110, instrument=COIN)
    command = order(ANN, BUY, 4, instrument=COIN)
    if detail is not None:
        assert world.refused(command) == (c.NO_MONEY, detail)
        return
    events = world.accepted(command)
    frozen = [e.frozen_minor for e in events if isinstance(e, r.BookOrderPlaced)]
    frozen += [
        e.quote_frozen_minor for e in events if isinstance(e, r.SpotFilled) and e.login == ANN
    ]
    assert frozen == [462, 242, 0]
    assert world.figures(ANN).balance_minor == 0


def test_market_order_that_takes_all_there_is_has_nothing_frozen_after_its_last_fill() -> None:
    world = BookWorld(coin={"maker_fee_ppm": 100_000})
    world.sell(BOB, 2, 100, instrument=COIN)
    placed, _, taker, removed = world.buy(ANN, 5, instrument=COIN)
    assert placed.frozen_minor == 220
    assert (taker.quote_delta_minor, taker.quote_frozen_minor) == (-200, 0)
    assert (removed.removal, removed.frozen_minor) == (v.REMOVAL_REMAINDER, 0)


def test_futures_that_lose_money_leave_less_for_buying_spot() -> None:
    world = BookWorld()
    world.position(ANN, 10)
    world.sell(BOB, 1, 90)
    world.buy(CAT, 1, 90)
    # floating 10 x -10, margin 40, and 10 frozen by an order
    world.buy(ANN, 1, 80)
    assert world.refused(order(ANN, BUY, 9, 100, instrument=COIN)) == (c.NO_MONEY, 850)


# ---------------------------------------------------------------- fees and profit

FEES = [
    # maker and taker: millionths; maker and taker: per lot; fill (units, price); fees
    ((0, 0), (0, 0), (3, 100), (0, 0)),
    ((0, 10_000), (0, 0), (1, 199), (0, 1)),
    ((0, 10_000), (0, 0), (2, 100), (0, 2)),
    ((-10_000, 10_000), (0, 0), (1, 199), (-1, 1)),
    ((-10_000, 10_000), (0, 0), (1, 99), (0, 0)),
    ((0, 0), (1, 3), (4, 100), (4, 12)),
    ((-5_000, 10_000), (2, 3), (4, 100), (6, 16)),
    ((5_000, 10_000), (-3, 3), (4, 100), (-10, 16)),
]


@pytest.mark.parametrize(("ppm", "per_lot", "fill", "fees"), FEES)
def test_fee_is_a_share_of_the_value_and_so_much_a_lot_each_rounded_toward_zero(
    ppm: tuple[int, int], per_lot: tuple[int, int], fill: tuple[int, int], fees: tuple[int, int]
) -> None:
    world = BookWorld(
        gold={
            "maker_fee_ppm": ppm[0],
            "taker_fee_ppm": ppm[1],
            "maker_fee_per_lot_minor": per_lot[0],
            "taker_fee_per_lot_minor": per_lot[1],
        }
    )
    world.sell(ANN, *fill)
    _, maker, taker = world.buy(BOB, *fill)
    assert (maker.fee_minor, taker.fee_minor) == fees
    assert (maker.balance_minor, taker.balance_minor) == (1_000 - fees[0], 1_000 - fees[1])


PROFITS = [
    # fills of Ann (units, price), then her position, its cost, and the profit of the last fill
    ([(2, 100)], 2, 200, 0),
    ([(2, 100), (1, 103)], 3, 303, 0),
    ([(3, 100), (-1, 110)], 2, 200, 10),
    ([(3, 100), (-3, 90)], 0, 0, -30),
    ([(-3, 100), (3, 90)], 0, 0, 30),
    ([(2, 100), (-5, 110)], -3, 330, 20),
    ([(-2, 100), (5, 110)], 3, 330, -20),
    ([(1, 100), (2, 101), (-1, 101)], 2, 201, 0),  # cost of one of three for 302: 100.67
    ([(1, 100), (1, 101), (-1, 101)], 1, 100, 0),  # cost of one of two for 201: 100.5
]


@pytest.mark.parametrize(("trades", "units", "cost", "profit"), PROFITS)
def test_futures_position_adds_reduces_closes_and_turns_over(
    trades: list[tuple[int, int]], units: int, cost: int, profit: int
) -> None:
    world = BookWorld()
    for traded, price in trades:
        side = BUY if traded > 0 else SELL
        world.accepted(order(BOB, 1 - side, abs(traded), price))
        *_, taker = world.accepted(order(ANN, side, abs(traded), price))
    assert (taker.position_units, taker.open_cost, taker.profit_minor) == (units, cost, profit)
    assert taker.margin_minor == 4 * abs(units)


def test_position_that_turns_over_ends_and_another_opens_under_the_next_ticket() -> None:
    world = BookWorld()
    world.position(ANN, 2)
    [first] = world.both.naive.world.positions_of(ANN)
    world.buy(BOB, 2, 100)
    *_, closing = world.sell(ANN, 2, 100)
    assert (closing.position, closing.position_units) == (first.ticket, 0)
    world.position(ANN, 2)
    world.buy(BOB, 5, 100)
    *_, taker = world.sell(ANN, 5, 100)
    assert taker.position == taker.order + 1
    assert (taker.position_units, taker.profit_minor) == (-3, 0)


# ---------------------------------------------------------------- risk


def test_trades_of_others_move_the_quote_and_call_the_margin_of_who_holds() -> None:
    world = BookWorld(dollars=210, margin_call_level=20_000, stop_out_level=10_000)
    world.position(ANN, 20)
    world.sell(BOB, 1, 93)
    events = told(world.buy(CAT, 1, 93))
    # equity 210 - 140 of a margin of 80: below the call level of 200 % and the stop-out level
    assert events[-2:] == ["margin call Ann at 70 of 80", "refused Ann no_liquidity"]
    assert world.figures(ANN).positions == 1
    world.sell(BOB, 1, 93)
    assert told(world.buy(CAT, 1, 93))[-1].endswith("taker")


def test_position_in_futures_counts_in_equity_and_free_margin() -> None:
    world = BookWorld()
    world.position(ANN, 10)
    world.buy(BOB, 1, 103)
    world.sell(CAT, 1, 105)
    ann, cat = world.figures(ANN), world.figures(CAT)
    assert (ann.floating_minor, ann.equity_minor, ann.free_margin_minor) == (30, 1_030, 990)
    assert (cat.floating_minor, cat.equity_minor) == (-50, 950)
    assert ann.level_bp == 1_030 * 10_000 // 40


# ---------------------------------------------------------------- holdings

HOLDINGS = [
    # login, currency, operation, amount, code, detail
    (9, BTC, v.DEPOSIT, 1, c.UNKNOWN_ACCOUNT, 9),
    (ANN, USD, v.DEPOSIT, 1, c.UNKNOWN_CURRENCY, USD),
    (ANN, 7, 9, 1, c.UNKNOWN_CURRENCY, 7),
    (ANN, BTC, v.CREDIT_IN, 0, c.BAD_OPERATION, v.CREDIT_IN),
    (ANN, BTC, v.DEPOSIT, 0, c.BAD_AMOUNT, 0),
    (ANN, BTC, v.WITHDRAWAL, -1, c.BAD_AMOUNT, -1),
    (ANN, BTC, v.DEPOSIT, 2**50 + 1, c.BAD_AMOUNT, 2**50 + 1),
    (ANN, BTC, v.WITHDRAWAL, 101, c.NO_MONEY, 100),
]


@pytest.mark.parametrize(("login", "currency", "operation", "amount", "code", "detail"), HOLDINGS)
def test_operation_on_holdings_is_checked_in_order(
    login: int, currency: int, operation: int, amount: int, code: int, detail: int
) -> None:
    command = r.HoldingOperation(
        login=login, currency=currency, operation=operation, amount_minor=amount
    )
    assert BookWorld().refused(command) == (code, detail)


def test_holding_beyond_the_bound_takes_no_deposit_and_opens_nothing() -> None:
    world = BookWorld(coins=0)
    for _ in range(32):
        world.coins(ANN, 2**50)
    deposit = r.HoldingOperation(login=ANN, currency=BTC, operation=v.DEPOSIT, amount_minor=1)
    assert world.refused(deposit) == (c.ACCOUNT_MONEY_BOUND, 2**55 + 1)
    world.coins(BOB, 5)
    world.sell(BOB, 5, 100, instrument=COIN)
    world.buy(ANN, 3, 100, instrument=COIN)
    too_rich = (c.ACCOUNT_MONEY_BOUND, 2**55 + 3)
    assert world.refused(order(ANN, SELL, 1, 100, instrument=COIN)) == too_rich
    assert world.accepted(order(ANN, BUY, 1, 100)), "futures do not touch the holding"


def test_holdings_are_numbered_with_the_other_entries_and_carry_a_reference() -> None:
    world = BookWorld()
    command = r.HoldingOperation(
        login=ANN, currency=BTC, operation=v.WITHDRAWAL, amount_minor=30, reference=77
    )
    [entry] = world.accepted(command)
    assert (entry.entry_number, entry.entry_type) == (3, v.ENTRY_WITHDRAWAL)
    assert (entry.delta_minor, entry.balance_minor, entry.reference) == (-30, 70, 77)
    [deposit] = world.money(ANN, 1)
    assert deposit.entry_number == 4


# ---------------------------------------------------------------- accounts in other currencies


def test_account_whose_currency_is_the_base_sells_from_its_balance() -> None:
    world = BookWorld()
    world.accepted(r.Group(group=2, name="coins", currency=BTC))
    world.accepted(r.SetAccount(login=8, group=2))
    world.money(8, 50)
    futures: Any = order(8, BUY, 1, 100)
    assert world.refused(futures) == (c.NO_CONVERSION_ROUTE, BTC)
    world.accepted(order(8, SELL, 30, 10, instrument=COIN))
    figures = world.figures(8)
    assert (figures.balance_minor, figures.free_margin_minor) == (50, 20)
    assert world.refused(order(8, SELL, 21, 10, instrument=COIN)) == (c.NO_MONEY, 20)
    _, maker, _ = world.accepted(order(ANN, BUY, 30, 10, instrument=COIN, force=IOC))
    assert (maker.base_minor, maker.quote_minor) == (20, 300)
    assert world.held(8, USD) == 300
    assert world.figures(8).balance_minor == 20
    assert world.held(CAT) == 100
