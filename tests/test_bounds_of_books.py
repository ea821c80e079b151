"""Nothing that the book venue settles, pays or charges by date leaves 64 bits.

A table bounds the sums and products with exact integers, as tests/test_bounds.py does for the
rest of the core. A future at the value bound is settled at its extremes by the engine
(compiled, where it is) and by the naive one, which has integers without an end.
"""

from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Engine, bounds
from engine import records as r
from engine import reject_codes as c
from engine import vocabulary as v
from engine.exchange.settlement import _limited, _share
from tests.naive.comparison import Comparison
from tests.test_bounds import BALANCE, I64_MAX, MONEY, POSITIONS, UNITS, VALUE, code_of, quote

MOST_RATE = 10**7
MOST_SUM = 2**62
FUNDING = VALUE * MOST_RATE // 10**8 + 1
TRADES = 2 * bounds.MAX_TRADES
"""Positions there can be: a resting order that is filled in part has one beside it."""

# Where it is computed, and the largest absolute value it can have.
SUMS_AND_PRODUCTS = [
    ("price x units at settlement, less open cost", bounds.MAX_LEG_NUMERATOR),
    ("profit of a settlement", VALUE),
    ("funding: whole part of the value x rate", VALUE // 10**8 * MOST_RATE),
    ("funding: rest of the value x rate", (10**8 - 1) * MOST_RATE),
    ("funding: a share, rounded up", FUNDING),
    ("balance at its bound, and a funding payment in each instrument", MONEY + POSITIONS * FUNDING),
    ("balance at its worst, settled once more and funded", BALANCE + POSITIONS * (VALUE + FUNDING)),
    ("sum over an instrument before it is limited", MOST_SUM + VALUE),
    ("long volume of an instrument", TRADES * UNITS),
    ("bid and ask of the mark price", 2 * bounds.MAX_PRICE_POINTS),
    ("margin by date: units x margin per unit", VALUE),
    ("frozen: orders x initial margin, less a position x both", 3 * VALUE),
    ("a band's width: base price x basis points", bounds.MAX_PRICE_POINTS * 10_000),
]


@pytest.mark.parametrize(("name", "largest"), SUMS_AND_PRODUCTS, ids=lambda x: str(x)[:40])
def test_no_sum_or_product_of_the_book_venue_leaves_64_bits(name: str, largest: int) -> None:
    assert largest <= I64_MAX, name


@given(
    st.sampled_from([0, 1, 10**8 - 1, 10**8, VALUE]) | st.integers(0, VALUE),
    st.sampled_from([1, MOST_RATE]) | st.integers(1, MOST_RATE),
)
def test_funding_share_is_exact_and_its_fraction_stays_with_the_venue(
    value: int, rate: int
) -> None:
    share = Fraction(value * rate, 10**8)
    down, up = int(_share(value, rate, False)), int(_share(value, rate, True))
    assert down <= share <= up
    assert up - down == (share.denominator != 1)


def test_sums_over_an_instrument_stop_at_2_to_the_62() -> None:
    assert _limited(MOST_SUM - 1) == MOST_SUM - 1
    assert _limited(MOST_SUM) == _limited(MOST_SUM + VALUE) == MOST_SUM


# ------------------------------------------------------------ a future at the value bound

TIME = 1_704_096_000 * 10**9
MONEY_NUMBER, FUTURE = 1, 1
LONG, SHORT = 1, 2
LIMIT = 2**9
HIGHEST = 2**20
CONTRACT = 2**20
PER_UNIT = VALUE // LIMIT
LARGEST = r.Instrument(
    instrument=FUTURE,
    symbol="LARGEST",
    base_currency=MONEY_NUMBER,
    profit_currency=MONEY_NUMBER,
    margin_currency=MONEY_NUMBER,
    digits=0,
    contract_size=CONTRACT,
    profit_mode=v.PROFIT_CFD,
    lot_max_units=LIMIT,
    position_limit_units=LIMIT,
    price_max_points=HIGHEST,
    initial_margin_minor=1,
    venue=v.VENUE_BOOK,
    volume_digits=0,
)
"""One lot more, or one more point, would be beyond the value bound (with the largest markup)."""


def largest(money: int = MONEY, **changes: Any) -> Comparison:
    """Both engines, two accounts with so much money, and as many lots at 1 point."""
    both = Comparison(name="largest future")
    records: list[Any] = [
        r.Currency(currency=MONEY_NUMBER, code="BIG", digits=0),
        r.Feed(feed=1, name="main"),
        msgspec.structs.replace(LARGEST, mark=v.MARK_TICK, **changes),
        r.Group(group=1, name="rich", currency=MONEY_NUMBER, stp_stop_outs=True),
        quote(FUTURE, 1),
    ]
    for login in (LONG, SHORT):
        records.append(r.SetAccount(login=login, group=1))
        deposit = r.BalanceOperation(login=login, operation=v.DEPOSIT, amount_minor=2**50)
        records += [deposit] * (money // 2**50)
    for login, side in ((SHORT, v.SELL), (LONG, v.BUY)):
        records.append(order(login, side, LIMIT, 1))
    for record in records:
        assert code_of(both.send(record, TIME)) == 0, record
    return both


def order(login: int, side: int, units: int, price: int) -> r.PlaceBookOrder:
    return r.PlaceBookOrder(
        login=login,
        instrument=FUTURE,
        order_type=v.LIMIT,
        side=side,
        volume_units=units,
        price_points=price,
    )


def settle(price: int, settlement: int = v.SETTLEMENT_DAILY) -> r.SettleInstrument:
    return r.SettleInstrument(instrument=FUTURE, price_points=price, settlement=settlement)


def test_largest_position_there_can_be_is_settled_at_both_ends_of_its_prices() -> None:
    assert (HIGHEST + bounds.MAX_MARKUP_POINTS) * CONTRACT * LIMIT == VALUE
    both = largest()
    most = (HIGHEST - 1) * CONTRACT * LIMIT
    for price, profit in ((HIGHEST, most), (1, -most), (HIGHEST, most)):
        *settled, total = both.send(settle(price))
        assert [event.profit_minor for event in settled] == [profit, -profit]
        assert (total.paid_minor, total.received_minor) == (most, most)
        both.compare_accounts()
    both.send(msgspec.structs.replace(LARGEST, mark=v.MARK_TICK, expires_ns=TIME))
    *ended, total = both.send(settle(1, v.SETTLEMENT_FINAL))
    assert [event.balance_minor for event in ended] == [MONEY, MONEY], "all is as it was"
    both.compare_accounts()


def test_largest_position_pays_the_largest_funding_and_is_charged_the_largest_margin() -> None:
    later = TIME + 1
    both = largest(MONEY // 2, margins=[(later, PER_UNIT, PER_UNIT)])
    both.send(quote(FUTURE, HIGHEST))
    tenth, rest = divmod(HIGHEST * CONTRACT * LIMIT, 10)
    assert rest > 0, "the payer pays it whole"
    for rate, amounts in ((MOST_RATE, [-tenth - 1, tenth]), (-MOST_RATE, [tenth, -tenth - 1])):
        *paid, total = both.send(r.PayFunding(instrument=FUTURE, rate_e8=rate))
        assert [event.amount_minor for event in paid] == amounts
        assert (total.paid_minor, total.received_minor) == (tenth + 1, tenth)
    events = both.send(r.Clock(), later)
    margins = [e.margin_minor for e in events if isinstance(e, r.LedgerEntry)]
    assert margins == [VALUE, VALUE]
    both.compare_accounts()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 100), min_size=1, max_size=8), st.integers(1, 100))
def test_settlements_of_a_position_add_up_to_the_profit_of_one_close(
    prices: list[int], last: int
) -> None:
    both = largest()
    paid = [0, 0]
    for price in (*prices, last):
        *settled, _ = both.send(settle(price))
        for number, event in enumerate(settled):
            paid[number] += event.profit_minor
    assert paid == [(last - 1) * CONTRACT * LIMIT, -(last - 1) * CONTRACT * LIMIT]


def test_funding_is_refused_while_a_balance_is_beyond_its_bound() -> None:
    both = largest()
    assert isinstance(both.fast, Engine)
    both.send(settle(2))
    beyond = MONEY + CONTRACT * LIMIT
    engine = both.fast
    (refused,) = engine.send(r.PayFunding(instrument=FUTURE, rate_e8=1), TIME)
    assert (refused.code, refused.detail) == (c.ACCOUNT_MONEY_BOUND, beyond)
    engine.send(
        r.BalanceOperation(login=LONG, operation=v.WITHDRAWAL, amount_minor=CONTRACT * LIMIT), TIME
    )
    assert not isinstance(
        engine.send(r.PayFunding(instrument=FUTURE, rate_e8=1), TIME)[0], r.Rejected
    )
