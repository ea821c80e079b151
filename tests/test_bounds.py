"""Nothing that is admitted leaves 64 bits: the argument of engine/bounds.py once more.

Three ways. A table bounds every sum and product of the core with exact integers. Worlds at
their very limits, found by asking the engine what it still admits, run through the engine
(compiled, where it is) and the naive one, which computes with fractions. And what lies one
beyond a bound is refused.
"""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from engine import Engine, bounds
from engine import records as r
from engine import reject_codes as c
from engine import vocabulary as v
from engine.price_index import ALWAYS, NEVER
from tests.naive.comparison import Comparison
from tests.rules.worlds_at_their_limits import (
    AGENT,
    LOGIN,
    OWN,
    PAIR,
    PROFIT,
    SHAPES,
    THIRD,
    TIME,
    TRADED,
    USD,
    Shape,
    day,
    is_admitted,
    largest_limit,
    opening,
    order,
    quote,
)

I64_MAX = 2**63 - 1

# ------------------------------------------------------------ the table

PRICE = bounds.MAX_PRICE_POINTS + bounds.MAX_MARKUP_POINTS
UNITS = bounds.MAX_VOLUME_UNITS
FEE = 2**31
VALUE = bounds.MAX_POSITION_VALUE_MINOR
POSITIONS = bounds.MAX_POSITIONS_PER_ACCOUNT
MONEY = bounds.MAX_ACCOUNT_MONEY_MINOR
COMMISSION = UNITS * FEE // 100 + 1
BALANCE = MONEY + COMMISSION + POSITIONS * VALUE
"""|balance|: at its bound, one more fee, and all positions closed at their worst."""
MARGIN = POSITIONS * VALUE * bounds.MAX_MARGIN_PERCENT_BP // 10_000
"""A covered lot is charged on both legs, which are two positions."""
EQUITY = BALANCE + MONEY + POSITIONS * VALUE
NARROW = 2**31
"""Below it two factors are multiplied as 64-bit words (rounding.py, model/routes.py)."""
LEVEL = 10**9

# Where it is computed, and the largest absolute value it can have.
SUMS_AND_PRODUCTS = [
    ("price x units: open cost, closing cost", PRICE * UNITS),
    ("cost x contract x scale: a leg, with half a divisor", bounds.MAX_LEG_NUMERATOR + 10**12),
    ("two legs", 2 * VALUE),
    ("sum of the costs of a side", bounds.MAX_LEG_NUMERATOR),
    ("sum of units x rate of a side", 2**61),
    ("narrow product of round_mul_div, with half its divisor", NARROW**2 + 2**61),
    ("units x agent's fee", UNITS * FEE + 50),
    ("balance", BALANCE),
    ("balance of an agent, at its bound and paid once more", MONEY + UNITS * FEE // 100 + 1),
    ("credit and a credit in", MONEY + bounds.MAX_AMOUNT_MINOR),
    ("balance and a deposit", BALANCE + bounds.MAX_AMOUNT_MINOR),
    ("margin of all positions, before and after an order", 2 * MARGIN),
    ("equity", EQUITY),
    ("free margin", EQUITY + MARGIN),
    ("free margin after an order, with virtual credit", EQUITY + 2 * MARGIN + 2**50 + COMMISSION),
    ("narrow product of a level", NARROW**2),
    ("level x 105", LEVEL * 105),
    ("slack to a threshold", EQUITY + 2**62),
    ("sensitivity of the bands", 3 * POSITIONS * VALUE + 1),
    ("slop of the bands", POSITIONS * (2 * VALUE + 4)),
    ("fraction, shifted", (2**32 >> 4) << 30),
    ("price x fraction", PRICE * 2**26),
    ("price x zeros of a route of one step", bounds.MAX_LEG_NUMERATOR),
    ("narrow product of an upper bound", NARROW * NARROW),
    ("a request's end", bounds.MAX_TIME_NS + 10**12 * 10**6),
    ("ticket and row", (bounds.MAX_TICKET << 24) + bounds.MAX_TRADES),
    ("a band's edge", bounds.MAX_PRICE_POINTS + PRICE + 1),
    ("total volume of a direction", 3 * UNITS),
]


@pytest.mark.parametrize(("name", "largest"), SUMS_AND_PRODUCTS, ids=lambda x: str(x)[:40])
def test_no_sum_or_product_of_admitted_values_leaves_64_bits(name: str, largest: int) -> None:
    assert largest <= I64_MAX, name


def test_the_ends_of_the_price_index_lie_beyond_every_price_and_time() -> None:
    assert NEVER > bounds.MAX_TIME_NS + 10**18
    assert NEVER > PRICE
    assert ALWAYS < -2 * PRICE
    assert bounds.MAX_STOP_OUT_STEPS >= bounds.MAX_POSITIONS_PER_ACCOUNT


# ------------------------------------------------------------ worlds at their limits


def run(shape: Shape, limit: int) -> int:
    """All commands through both engines. Returns how many orders were filled."""
    both = Comparison(name="limits")
    filled = 0
    for record in [*opening(shape, limit), *day(shape, limit)]:
        events = both.send(record, TIME)
        filled += sum(isinstance(event, r.OrderFilled) for event in events)
        for event in events:
            check_event(event)
        both.compare_accounts()
    return filled


def check_event(event: r.Event) -> None:
    """What the table says of money holds for what is written."""
    if isinstance(event, r.PositionClosed):
        assert abs(event.profit_minor) <= 2 * VALUE
    if isinstance(event, r.LedgerEntry):
        assert abs(event.balance_minor) <= BALANCE
        assert 0 <= event.margin_minor <= MARGIN
    if isinstance(event, r.PositionOpened):
        assert 0 <= event.margin_rate_e8 <= bounds.MAX_RATE_E8
        assert event.margin_rate_e8 * event.volume_units <= 2**61


def test_worlds_at_their_limits_agree_with_exact_arithmetic() -> None:
    filled: list[int] = []

    @settings(max_examples=150)
    @given(SHAPES)
    def trade(shape: Shape) -> None:
        limit = largest_limit(shape)
        if limit > 0:
            assert not is_admitted(shape, limit + 1)
            filled.append(run(shape, limit))
            run(shape, limit + 1)

    trade()
    assert len(filled) >= 60, "worlds whose instrument is admitted at all"
    assert sum(filled) >= 100, "orders filled in them"


# ------------------------------------------------------------ as many positions as there may be

PRICEY = r.Instrument(
    instrument=1,
    symbol="P0001",
    base_currency=1,
    profit_currency=1,
    margin_currency=1,
    digits=0,
    contract_size=524_000,
    profit_mode=v.PROFIT_CFD,
    lot_max_units=100,
    position_limit_units=100,
)
"""One lot at the highest price is worth 99.94 % of the largest position value."""


def apply(engine: Engine, records: list[Any]) -> list[Any]:
    first = engine.sequence + 1
    engine.apply(b"".join(r.encode(x, n, TIME) for n, x in enumerate(records, first)))
    return list(r.decode_all(engine.take_events()))


def test_the_worst_account_there_can_be_is_computed_exactly() -> None:
    # 256 instruments with a buy and a sell each, every one of them opened at its worst price.
    count, highest = POSITIONS // 2, bounds.MAX_PRICE_POINTS
    group = r.Group(
        group=1,
        name="limits",
        currency=1,
        leverage=10_000,
        free_margin_mode=v.FREE_MARGIN_NONE,
        compensation=v.COMPENSATE_NEVER,
        stp_stop_outs=True,
    )
    engine = Engine()
    records: list[Any] = [r.Currency(currency=1, code="BIG", digits=0), r.Feed(feed=1, name="main")]
    records += [
        msgspec.structs.replace(PRICEY, instrument=n, symbol=f"P{n:04}")
        for n in range(1, count + 1)
    ]
    records += [group, r.SetAccount(login=LOGIN, group=1)]
    deposit = r.BalanceOperation(
        login=LOGIN, operation=v.DEPOSIT, amount_minor=bounds.MAX_AMOUNT_MINOR
    )
    records += [deposit] * (MONEY // bounds.MAX_AMOUNT_MINOR)
    for n in range(1, count + 1):
        records.append(quote(n, 1, highest))
        for side in (v.BUY, v.SELL):
            records.append(msgspec.structs.replace(order(side, 100), instrument=n))
    assert not any(isinstance(e, r.Rejected) for e in apply(engine, records))
    loss = (highest - 1) * 524_000
    figures = engine.account(LOGIN)
    assert figures.positions == POSITIONS
    assert figures.equity_minor == MONEY - POSITIONS * loss
    assert figures.floating_minor == -POSITIONS * loss
    assert figures.gross_exposure_minor == count * (highest + 1) * 524_000
    assert figures.level_bp == 0, "everything is covered"
    engine.check(everything=True)

    events = apply(
        engine, [msgspec.structs.replace(group, stp_stop_outs=False), quote(1, 1, highest)]
    )
    closed = [e for e in events if isinstance(e, r.PositionClosed)]
    assert [e.profit_minor for e in closed] == [-loss] * POSITIONS
    assert [e.position for e in closed] == list(range(1, POSITIONS + 1)), "ties: lowest ticket"
    assert engine.account(LOGIN).balance_minor == MONEY - POSITIONS * loss
    engine.check(everything=True)


# ------------------------------------------------------------ ways out of the bounds, closed


def small(**changes: Any) -> r.Instrument:
    """A CFD in USD that can be stretched in one direction or another."""
    plain = r.Instrument(
        instrument=TRADED,
        symbol="TRADED",
        base_currency=USD,
        profit_currency=USD,
        margin_currency=USD,
        digits=2,
        contract_size=1,
        profit_mode=v.PROFIT_CFD,
        lot_max_units=100,
        position_limit_units=100,
    )
    return msgspec.structs.replace(plain, **changes)


def started(*more: r.Command | r.Config, **group: Any) -> Comparison:
    """Both engines with a rich account in USD."""
    both = Comparison(name="bounds")
    records: list[Any] = [
        r.Currency(currency=USD, code="USD", digits=2),
        r.Currency(currency=PROFIT, code="YEN", digits=0),
        r.Currency(currency=OWN, code="FINE", digits=8),
        r.Feed(feed=1, name="main"),
        r.Group(group=1, name="rich", currency=USD, virtual_credit_minor=2**50, **group),
        r.SetAccount(login=AGENT, group=1),
        r.SetAccount(login=LOGIN, group=1, agent_login=AGENT, leverage=10_000),
        r.BalanceOperation(login=LOGIN, operation=v.DEPOSIT, amount_minor=2**50),
    ]
    for record in [*records, *more]:
        both.send(record, TIME)
    return both


def code_of(events: list[Any]) -> int:
    return events[0].code if events and isinstance(events[0], r.Rejected) else 0


def test_a_quote_of_another_band_is_forgotten_before_a_leg_could_wrap() -> None:
    both = started(small(), quote(TRADED, 2**31 - 1))
    wide = {"contract_size": 10**6, "position_limit_units": 10**5, "lot_max_units": 10**5}
    assert code_of(both.send(small(price_max_points=1_000, **wide))) == 0
    assert code_of(both.send(order(v.BUY, 10**5))) == c.NO_QUOTE


def test_a_level_that_times_the_margin_leaves_64_bits_is_above_every_equity() -> None:
    both = started(
        small(
            margin_mode=v.MARGIN_CFD,
            initial_margin_minor=2**40 - 1,
            lot_max_units=102_400,
            position_limit_units=102_400,
            price_max_points=1_000,
        ),
        quote(TRADED, 100),
        margin_call_level=10**9,
        stop_out_level=0,
    )
    assert code_of(both.send(order(v.BUY, 102_400))) == 0
    (call,) = both.send(quote(TRADED, 100))
    assert isinstance(call, r.MarginCall)
    assert call.margin_minor == 1_024 * (2**40 - 1)


def test_the_value_bound_counts_the_markup() -> None:
    pair = small(
        instrument=PAIR,
        symbol="PAIR",
        base_currency=PROFIT,
        digits=0,
        profit_mode=v.PROFIT_FOREX,
        price_max_points=2**20,
    )
    cfd = small(
        base_currency=PROFIT,
        profit_currency=PROFIT,
        margin_mode=v.MARGIN_FOREX,
        contract_size=1_000,
        digits=0,
        price_max_points=10,
        position_limit_units=10**5,
        lot_max_units=10**5,
    )
    both = started(pair, quote(PAIR, 2**20), cfd, quote(TRADED, 2), markup_ask_points=2**20)
    assert code_of(both.send(order(v.BUY, 10**5))) == c.VALUE_BOUND


def test_the_value_bound_of_the_margin_counts_in_the_margin_currency() -> None:
    pair = small(
        instrument=PAIR,
        symbol="PAIR",
        base_currency=OWN,
        profit_currency=PROFIT,
        margin_currency=OWN,
        digits=0,
        profit_mode=v.PROFIT_FOREX,
        price_min_points=10**9,
        price_max_points=2 * 10**9,
    )
    cfd = small(
        base_currency=PROFIT,
        profit_currency=PROFIT,
        margin_currency=OWN,
        margin_mode=v.MARGIN_CFD,
        contract_size=10**4,
        digits=0,
        price_max_points=10**5,
        position_limit_units=10**5,
        lot_max_units=10**5,
    )
    both = started(pair, quote(PAIR, 10**9), cfd, quote(TRADED, 10**5))
    both.send(r.Group(group=2, name="fine", currency=OWN, virtual_credit_minor=2**50))
    both.send(r.SetAccount(login=9, group=2, leverage=1))
    assert (
        code_of(both.send(msgspec.structs.replace(order(v.BUY, 10**5), login=9))) == c.VALUE_BOUND
    )


def test_a_pair_that_converts_for_an_order_keeps_its_band_and_route() -> None:
    pair = small(
        instrument=PAIR,
        symbol="PAIR",
        profit_currency=PROFIT,
        digits=3,
        profit_mode=v.PROFIT_FOREX,
        price_min_points=75_000,
        price_max_points=300_000,
    )
    cfd = small(
        base_currency=PROFIT, profit_currency=PROFIT, margin_currency=PROFIT, price_max_points=10**6
    )
    both = started(pair, quote(PAIR, 150_000), cfd, quote(TRADED, 40_000))
    pending = msgspec.structs.replace(order(v.BUY, 100), order_type=v.STOP, price_points=50_000)
    assert code_of(both.send(pending)) == 0
    for change in ({"price_min_points": 1}, {"digits": 10}, {"profit_mode": v.PROFIT_CFD}):
        changed = msgspec.structs.replace(pair, **change)
        assert code_of(both.send(changed)) == c.INSTRUMENT_IN_USE
    rival = msgspec.structs.replace(pair, instrument=THIRD, symbol="A-PAIR")
    assert code_of(both.send(rival)) == c.INSTRUMENT_IN_USE
    assert code_of(both.send(msgspec.structs.replace(rival, symbol="Z-PAIR"))) == 0
    both.send(r.CancelOrder(login=LOGIN, order=1))
    assert code_of(both.send(msgspec.structs.replace(pair, digits=2))) == 0, "no longer needed"


def test_an_agent_is_paid_up_to_the_bound_and_no_further() -> None:
    most = bounds.MAX_VOLUME_UNITS
    both = started(
        small(lot_max_units=most, position_limit_units=most, price_max_points=1_000),
        quote(TRADED, 100),
        agent_commission_per_lot_minor=2**31,
    )
    for position in (1, 2, 3):
        assert code_of(both.send(order(v.BUY, most))) == 0
        both.send(r.ClosePosition(login=LOGIN, position=position))
    assert both.naive.account(AGENT).balance_minor == COMMISSION
    both.compare_accounts()


def test_no_group_price_falls_below_one_point() -> None:
    both = started(small(price_min_points=500))
    low = r.Group(group=1, name="rich", currency=USD, markup_bid_points=-500)
    assert code_of(both.send(low)) == c.BAD_CONFIGURATION
    assert code_of(both.send(msgspec.structs.replace(low, markup_bid_points=-499))) == 0
    assert code_of(both.send(small(price_min_points=499))) == c.BAD_CONFIGURATION
    terms = r.Terms(group=1, instrument=TRADED, markup_bid_points=-500)
    assert code_of(both.send(terms)) == c.BAD_CONFIGURATION
