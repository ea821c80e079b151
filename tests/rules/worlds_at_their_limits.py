"""Worlds at their very limits: the largest position limit that the engine still admits.

This file may draw worlds, ask the engine what it admits, and list the commands of a day in
which positions are as large as they may be and quotes jump from one end of their bands to
the other. `tests/test_bounds.py` runs them.
"""

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from engine import Engine, bounds
from engine import records as r
from engine import reject_codes as c
from engine import vocabulary as v

TIME = 1_704_096_000 * 10**9
USD, PROFIT, OWN, MARGINS = 1, 2, 3, 4
TRADED, PAIR, SECOND, THIRD = 1, 2, 3, 4
LOGIN, AGENT = 1, 2

BANDS = [(1, 2), (1, 1_000), (99_000, 101_000), (2**31 - 1_000, 2**31 - 1), (1, 2**31 - 1)]

TWO_STEPS = ("there and back", "two products", "two divisions")


@dataclass(frozen=True)
class Shape:
    """What is drawn of a world; the position limit is then the largest that is admitted."""

    currency_digits: tuple[int, int, int, int]
    digits: int
    contract: int
    band: tuple[int, int]
    profit_mode: int
    margin_mode: int
    tick_value: int
    tick_size: int
    initial: int
    hedged: int
    percent: int
    route: str
    pair_digits: tuple[int, int]
    pair_bands: tuple[tuple[int, int], tuple[int, int]]
    markup: int
    fee: int
    leverage: int
    level: int
    netting: bool
    larger_leg: bool


def one_of(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


SHAPES = st.builds(
    Shape,
    currency_digits=st.tuples(*[one_of(0, 2, 5, 10)] * 4),
    digits=one_of(0, 2, 5, 10),
    contract=one_of(1, 37, 100_000, 10**9),
    band=st.sampled_from(BANDS),
    profit_mode=one_of(v.PROFIT_FOREX, v.PROFIT_CFD),
    margin_mode=one_of(*range(5)),
    tick_value=one_of(1, 500, 2**31),
    tick_size=one_of(1, 10),
    initial=one_of(0, 0, 1, 2**30),
    hedged=one_of(0, 1, 2),
    percent=one_of(0, 3_333, 10_000, 40_000),
    route=one_of("none", "multiplies", "divides", "own", *TWO_STEPS),
    pair_digits=st.tuples(*[one_of(0, 3, 5, 10)] * 2),
    pair_bands=st.tuples(st.sampled_from(BANDS), st.sampled_from(BANDS)),
    markup=one_of(-(2**20), 0, 2**20),
    fee=one_of(0, 1, 2**31),
    leverage=one_of(1, 33, 10_000),
    level=one_of(0, 5_000, 10**9),
    netting=st.booleans(),
    larger_leg=st.booleans(),
)


def currencies_of(shape: Shape) -> tuple[int, int, int]:
    """Profit, margin and account currency."""
    if shape.route == "none":
        return PROFIT, PROFIT, PROFIT
    if shape.route == "own":
        return OWN, PROFIT, OWN
    return PROFIT, PROFIT, OWN


def pairs_of(shape: Shape) -> list[r.Instrument]:
    """The pairs that convert the profit currency into the account's."""
    ends = {
        "none": [],
        "own": [],
        "multiplies": [(PROFIT, OWN)],
        "divides": [(OWN, PROFIT)],
        "there and back": [(PROFIT, USD), (OWN, USD)],
        "two products": [(PROFIT, USD), (USD, OWN)],
        "two divisions": [(USD, PROFIT), (OWN, USD)],
    }[shape.route]
    return [
        r.Instrument(
            instrument=number,
            symbol=f"PAIR{number}",
            base_currency=base,
            profit_currency=profit,
            margin_currency=base,
            digits=digits,
            contract_size=1,
            lot_max_units=1,
            position_limit_units=1,
            price_min_points=band[0],
            price_max_points=band[1],
        )
        for number, (base, profit), digits, band in zip(
            (PAIR, SECOND), ends, shape.pair_digits, shape.pair_bands, strict=False
        )
    ]


def traded(shape: Shape, limit: int) -> r.Instrument:
    profit, margin, _ = currencies_of(shape)
    size = shape.initial or shape.contract
    own = shape.route == "own"
    return r.Instrument(
        instrument=TRADED,
        symbol="TRADED",
        base_currency=margin if own else PROFIT,
        profit_currency=profit,
        margin_currency=margin,
        digits=shape.digits,
        contract_size=shape.contract,
        profit_mode=v.PROFIT_FOREX if own else shape.profit_mode,
        margin_mode=shape.margin_mode,
        tick_size_points=shape.tick_size,
        tick_value_minor=shape.tick_value,
        lot_max_units=limit,
        position_limit_units=limit,
        margin_percent_bp=shape.percent,
        initial_margin_minor=shape.initial,
        hedged_size=(0, size // 2, size)[shape.hedged],
        price_min_points=shape.band[0],
        price_max_points=shape.band[1],
    )


def group_of(shape: Shape) -> r.Group:
    lowest = 1 - min(band[0] for band in (shape.band, *shape.pair_bands))
    return r.Group(
        group=1,
        name="limits",
        currency=currencies_of(shape)[2],
        leverage=shape.leverage,
        margin_call_level=max(shape.level, 5_000),
        stop_out_level=min(shape.level, 10**9),
        virtual_credit_minor=2**50,
        larger_leg=shape.larger_leg,
        markup_bid_points=max(shape.markup, lowest),
        markup_ask_points=max(shape.markup, lowest),
        commission_per_lot_minor=shape.fee,
        agent_commission_per_lot_minor=shape.fee,
    )


def opening(shape: Shape, limit: int) -> list[r.Command | r.Config]:
    """Configuration, accounts, quotes in the middle of their bands."""
    names = ("USD", "PROFIT", "OWN", "MARGIN")
    start: list[r.Command | r.Config] = [
        r.Currency(currency=n, code=code, digits=digits)
        for n, (code, digits) in enumerate(zip(names, shape.currency_digits, strict=True), 1)
    ]
    start += [r.Feed(feed=1, name="main"), *pairs_of(shape), traded(shape, limit)]
    start += [group_of(shape), r.SetAccount(login=AGENT, group=1)]
    mode = v.NETTING if shape.netting else v.HEDGING
    start.append(r.SetAccount(login=LOGIN, group=1, mode=mode, agent_login=AGENT))
    for number, band in [(TRADED, shape.band), *zip((PAIR, SECOND), shape.pair_bands, strict=True)]:
        start.append(quote(number, (band[0] + band[1]) // 2))
    return start


def quote(instrument: int, bid: int, ask: int = 0) -> r.Tick:
    return r.Tick(instrument=instrument, feed=1, bid_points=bid, ask_points=ask or bid)


def order(side: int, units: int) -> r.PlaceOrder:
    return r.PlaceOrder(
        login=LOGIN, instrument=TRADED, order_type=v.MARKET, side=side, volume_units=units
    )


def is_admitted(shape: Shape, limit: int) -> bool:
    """The engine stores the instrument and lets an order of this size pass the value bound."""
    engine = Engine()
    for record in opening(shape, limit):
        (event, *_) = engine.send(record, TIME) or [None]
        if isinstance(event, r.Rejected) and isinstance(record, r.Instrument | r.Group):
            return False
    first = engine.send(order(v.BUY, limit))[0]
    bad = (c.VALUE_BOUND, c.NO_CONVERSION_ROUTE)
    return not (isinstance(first, r.Rejected) and first.code in bad)


def largest_limit(shape: Shape) -> int:
    """The largest position limit that is admitted; 0 where none is."""
    low, high = 0, bounds.MAX_VOLUME_UNITS
    while low < high:
        middle = (low + high + 1) // 2
        if is_admitted(shape, middle):
            low = middle
        else:
            high = middle - 1
    return low


def day(shape: Shape, limit: int) -> list[r.Command]:
    """Positions as large as they may be, and quotes from one end of the bands to the other."""
    low, high = shape.band
    pairs = [
        quote(number, price)
        for n in (0, 1)
        for number, band in zip((PAIR, SECOND), shape.pair_bands, strict=True)
        for price in (band[n],)
    ]
    half = max(limit // 2, 1)
    most = bounds.MAX_AMOUNT_MINOR
    return [
        r.BalanceOperation(login=LOGIN, operation=v.DEPOSIT, amount_minor=most),
        r.BalanceOperation(login=LOGIN, operation=v.CREDIT_IN, amount_minor=most),
        quote(TRADED, high),
        order(v.BUY, half),
        order(v.SELL, half if shape.netting else limit),
        quote(TRADED, low),
        order(v.SELL, half),
        order(v.BUY, limit - half or 1),
        *pairs,
        quote(TRADED, low, high),
        r.ClosePosition(login=LOGIN, position=1, volume_units=half // 2),
        quote(TRADED, high),
        *reversed(pairs),
        r.BalanceOperation(login=LOGIN, operation=v.CREDIT_OUT, amount_minor=most),
        quote(TRADED, low),
        order(v.SELL, 1),
        r.Clock(),
    ]
