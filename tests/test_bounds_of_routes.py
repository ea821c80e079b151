"""Which routes may convert, and how much: each bound of docs/RULES.md section 7, on its edge.

This file may configure small worlds that lie on one bound and clear of all others, and
compare the answer of both engines to an order of the whole position limit.
"""

import dataclasses
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine import bounds
from engine import records as r
from engine import reject_codes as c
from engine import vocabulary as v
from engine.model.instruments import Instrument
from engine.model.routes import Route
from tests.naive.comparison import Comparison
from tests.naive.money import rounded
from tests.rules.worlds_at_their_limits import TIME, Shape, opening, order, quote

PLAIN = Shape(
    currency_digits=(2, 2, 2, 2),
    digits=0,
    contract=1,
    band=(1, 2),
    profit_mode=v.PROFIT_CFD,
    margin_mode=v.MARGIN_CFD,
    tick_value=1,
    tick_size=1,
    initial=0,
    hedged=0,
    percent=10_000,
    route="multiplies",
    pair_digits=(0, 0),
    pair_bands=((99_000, 101_000), (99_000, 101_000)),
    markup=0,
    fee=0,
    leverage=1,
    level=0,
    netting=False,
    larger_leg=False,
)
BAND = (10**9, 2 * 10**9)
HIGHEST = 2 * 10**9 + bounds.MAX_MARKUP_POINTS
HIGHEST_TRADED = 2 + bounds.MAX_MARKUP_POINTS
CONTRACT, DEAR = 7_594, 1_399_932_432
"""A contract whose 1.01 lots come close to the value bound at this price of the pair."""


def digits(profit: int, own: int) -> tuple[int, int, int, int]:
    """Of USD, the profit currency, the account's, and one that nobody uses."""
    return (2, profit, own, 0)


def answer(limit: int = 100, **shape: Any) -> int:
    """The code with which both engines answer an order of the whole limit; 0: filled."""
    both = Comparison(name="routes")
    world = dataclasses.replace(PLAIN, **shape)
    for record in opening(world, limit):
        events = both.send(record, TIME)
        assert isinstance(record, r.Tick) or not isinstance(events[0], r.Rejected)
    both.send(r.BalanceOperation(login=1, operation=v.DEPOSIT, amount_minor=2**50))
    (first, *_) = both.send(order(v.BUY, limit))
    both.compare_accounts()
    return first.code if isinstance(first, r.Rejected) else 0


def test_the_largest_margin_rate_times_the_position_limit_stays_below_2_to_the_61() -> None:
    # 10**5 units of the account's currency for one of the instrument's, at price_min.
    dear = {"route": "divides", "pair_digits": (5, 0), "pair_bands": ((1, 1_000), BAND)}
    most = 2**61 // 10**13
    small = {**dear, "currency_digits": digits(0, 0), "margin_mode": v.MARGIN_FOREX}
    assert answer(most, **small) == 0
    assert answer(most + 1, **small) == c.VALUE_BOUND


@pytest.mark.parametrize(
    ("points", "own", "code"),
    [
        (5, 3, 0),
        (5, 4, c.VALUE_BOUND),
        (8, 0, 0),
        (8, 1, c.VALUE_BOUND),
    ],
)
def test_the_highest_price_of_a_single_step_times_its_power_of_ten_stays_below_2_to_the_60(
    points: int, own: int, code: int
) -> None:
    # Multiplying: 10**-(points + own) rescales a price of the pair, points and minor units.
    power = 10 ** (points + own)
    assert (HIGHEST * power <= bounds.MAX_LEG_NUMERATOR) == (code == 0)
    single = {"pair_digits": (points, 0), "pair_bands": (BAND, BAND)}
    assert answer(**single, currency_digits=digits(own, 0)) == code


@pytest.mark.parametrize(("points", "code"), [(6, 0), (7, c.VALUE_BOUND)])
def test_a_margin_that_divides_by_the_instrument_itself_may_meet_any_price_of_a_group(
    points: int, code: int
) -> None:
    # At one point the rate is 10**points whole units, whatever the price band says.
    traded = r.Instrument(
        instrument=1,
        symbol="TRADED",
        base_currency=2,
        profit_currency=1,
        margin_currency=1,
        digits=points,
        contract_size=1,
        lot_max_units=1,
        position_limit_units=1,
        price_min_points=1_000,
        price_max_points=2_000,
    )
    both = Comparison(name="own")
    for record in [
        r.Currency(currency=1, code="AAA", digits=0),
        r.Currency(currency=2, code="BBB", digits=0),
        r.Feed(feed=1, name="main"),
        traded,
        r.Group(group=1, name="limits", currency=2, virtual_credit_minor=2**50),
        r.SetAccount(login=1, group=1),
        quote(1, 1_500),
    ]:
        assert not any(isinstance(event, r.Rejected) for event in both.send(record, TIME))
    (first, *_) = both.send(order(v.BUY, 1))
    assert (first.code if isinstance(first, r.Rejected) else 0) == code


def test_the_same_holds_for_a_single_step_that_divides() -> None:
    single = {"route": "divides", "pair_bands": (BAND, BAND)}
    assert answer(**single, pair_digits=(5, 0), currency_digits=digits(0, 3)) == 0
    assert answer(**single, pair_digits=(5, 0), currency_digits=digits(0, 4)) == c.VALUE_BOUND


# Of two steps: what each route costs least with, so that only its digits matter.
TWO_STEPS = {
    "two products": {"pair_bands": ((1, 1_000), (1, 1_000)), "pair_digits": (5, 5)},
    "two divisions": {"pair_bands": (BAND, BAND), "pair_digits": (5, 5)},
}


@pytest.mark.parametrize(
    ("route", "of", "to", "code"),
    [
        ("two products", 8, 0, 0),
        ("two products", 9, 0, c.NO_CONVERSION_ROUTE),
        ("two divisions", 0, 8, 0),
        ("two divisions", 0, 9, c.NO_CONVERSION_ROUTE),
    ],
)
def test_a_route_that_rescales_by_more_than_10_to_the_18_is_none(
    route: str, of: int, to: int, code: int
) -> None:
    assert answer(route=route, **TWO_STEPS[route], currency_digits=digits(of, to)) == code


@pytest.mark.parametrize("points", [9, 10])
@pytest.mark.parametrize(
    ("route", "of", "to"), [("two products", 0, 4), ("two divisions", 4, 0)], ids=str
)
def test_two_steps_of_many_digits_give_the_exact_margin_rate(
    route: str, of: int, to: int, points: int
) -> None:
    # 10**20 does not fit 64 bits; the minor units bring the amounts back into range.
    two = {"route": route, "pair_bands": (BAND, BAND), "pair_digits": (points, points)}
    assert answer(**two, currency_digits=digits(of, to)) == 0


@pytest.mark.parametrize(("dearest", "code"), [(DEAR - 1, 0), (DEAR, c.VALUE_BOUND)])
def test_an_amount_is_rounded_up_before_it_is_converted(dearest: int, code: int) -> None:
    # At this price 1.01 lots are worth no more than the bound, were it not for the fraction.
    value = Fraction(101 * HIGHEST_TRADED * CONTRACT, 100 * 10)
    assert value * Fraction(dearest, 1_000) <= bounds.MAX_POSITION_VALUE_MINOR
    world = {"contract": CONTRACT, "digits": 1, "currency_digits": digits(0, 0)}
    pair = {"pair_digits": (3, 0), "pair_bands": ((dearest - 9, dearest), BAND)}
    assert answer(101, **world, **pair) == code


def test_a_position_that_is_worth_exactly_the_bound_is_admitted() -> None:
    # 5.12 lots of 2**20 at the highest price of 2**21, in cents that are as fine as units.
    world = {"route": "none", "band": (1, 2**20), "currency_digits": digits(2, 2)}
    assert bounds.MAX_POSITION_VALUE_MINOR == 2**9 * 2**20 * 2**21
    assert answer(2**9, contract=2**20, **world) == 0


def test_a_margin_that_is_exactly_the_bound_is_admitted_and_one_lot_step_more_is_not() -> None:
    by_ticks = {"margin_mode": v.MARGIN_CFD_INDEX, "tick_value": 2**19, "contract": 2**10}
    same = {"route": "none", "band": (1, 2**20), "currency_digits": digits(0, 0)}
    assert answer(100, **by_ticks, **same) == 0
    assert answer(101, **by_ticks, **same) == c.VALUE_BOUND
    # 512 lots of 2**40 each, at a rate of 2.
    doubled = {"pair_bands": ((1, 2), BAND), "currency_digits": digits(0, 0)}
    assert answer(51_200, initial=2**40, **doubled) == 0
    assert answer(51_201, initial=2**40, **doubled) == c.VALUE_BOUND


def test_a_margin_rate_that_is_exactly_the_bound_is_admitted_for_so_many_lots() -> None:
    # The highest prices of both steps multiply to 2**47 * 10**-8.
    world = {"route": "two products", "pair_digits": (5, 3), "currency_digits": digits(0, 0)}
    exact = ((2**23, 2**24), (2**22, 2**23))
    assert answer(2**14, pair_bands=exact, **world) == 0
    assert answer(2**14 + 1, pair_bands=exact, **world) == c.VALUE_BOUND
    above = ((2**23, 2**24), (2**22, 2**23 + 1))
    assert answer(1, pair_bands=above, **world) == c.VALUE_BOUND


def route_of(
    steps: list[tuple[bool, int, int]], zeros: int
) -> tuple[Route, list[Callable[[Fraction, bool], Fraction]]]:
    """A route of (divides, bid, ask) steps, and each step as an exact function."""
    route = Route()
    route.exists = True
    route.steps = len(steps)
    route.up, route.down = (10**zeros, 1) if zeros >= 0 else (1, 10**-zeros)
    exact = []
    for number, (divides, bid, ask) in enumerate(steps):
        pair = Instrument(number + 1, f"P{number}")
        pair.bid, pair.ask = bid, ask
        if number == 0:
            route.first, route.first_divides = pair, divides
        else:
            route.second, route.second_divides = pair, divides

        def step(amount: Fraction, at_ask: bool, d: bool = divides, p: Any = (bid, ask)) -> Any:
            price = p[1] if at_ask else p[0]
            return amount / price if d else amount * price

        exact.append(step)
    return route, exact


PRICES = st.sampled_from([1, 2, 2**16, 2**31 - 1]) | st.integers(1, 2**31 - 1)
STEPS = st.tuples(st.booleans(), PRICES, PRICES).map(lambda x: (x[0], *sorted(x[1:])))


@example([(False, 1, 2**31 - 1)], 3, 7)
@example([(True, 1, 5)], 10, 7)
@given(
    st.lists(STEPS, min_size=1, max_size=2),
    st.integers(-18, 18),
    st.sampled_from([0, 1, 2**31 - 1, 2**31]) | st.integers(0, 2**50),
)
def test_the_largest_converted_amount_is_not_below_either_side_and_hardly_above(
    steps: list[tuple[bool, int, int]], zeros: int, amount: int
) -> None:
    route, exact = route_of(steps, zeros)
    sides = []
    for at_ask in (False, True):
        value = Fraction(amount) * Fraction(route.up, route.down)
        for step in exact:
            value = step(value, at_ask)
        sides.append(value)
    # The worst side of every step.
    worst = Fraction(amount) * Fraction(route.up, route.down)
    for (divides, _, _), step in zip(steps, exact, strict=True):
        worst = step(worst, not divides)
    powers = max(p[2] for p in steps) * max(route.up, route.down)
    if worst < 2**60 and (len(steps) == 2 or powers <= bounds.MAX_LEG_NUMERATOR):
        assert max(sides) <= worst
        assert route.largest(amount) == int(worst) + 1
        for at_ask, value in zip((False, True), sides, strict=True):
            assert route.convert(amount, at_ask) == rounded(value)
            assert route.convert(-amount, at_ask) == -rounded(value)
