"""Margin, by mode, cover, leverage and conversion (RULES section 7; SEMANTICS sections 3, 15).

Quotes start at 110000/110010, leverage is 1:100. Figures are worked out by hand in the rows.
"""

from dataclasses import dataclass, field
from typing import Any

import pytest

from engine import records as r
from engine import vocabulary as v
from tests.rules.told import told
from tests.rules.world import (
    CHF,
    CLIENT,
    DAX,
    EUR,
    EURUSD,
    GBPUSD,
    JPY,
    NETTER,
    OIL,
    USD,
    USDCHF,
    USDJPY,
    Step,
    World,
    name_of,
    nothing,
    steps,
)

RICH = 10_000_000_000


@dataclass(frozen=True)
class Margin:
    """Orders, then the account's margin in minor units."""

    name: str
    given: Step
    margin: int
    login: int = CLIENT
    group: dict[str, Any] = field(default_factory=dict)


def oil(world: World, units: int = 100, **changes: Any) -> None:
    """Buys OIL at 80.10 with these settings."""
    world.instrument(OIL, **changes)
    world.tick(8_000, 8_010, instrument=OIL)
    world.buy(units, instrument=OIL)


MODES = [
    Margin("forex: 100,000 x 1.10010 / 100", lambda w: w.buy(), 110_010),
    Margin("forex: of a tenth of a lot", lambda w: w.buy(10), 11_001),
    Margin(
        "forex: to the cent, half up: 1 unit is 11.001",
        lambda w: w.buy(1),
        1_100,
    ),
    Margin(
        "forex without leverage",
        steps(
            lambda w: w.instrument(margin_mode=v.MARGIN_FOREX_NO_LEVERAGE),
            lambda w: w.buy(),
        ),
        11_001_000,
    ),
    Margin("CFD: 1,000 x 80.10", lambda w: oil(w, margin_mode=v.MARGIN_CFD), 8_010_000),
    Margin("CFD with leverage", oil, 80_100),
    Margin(
        "CFD index: 1,000 x 80.10 x 0.05 / 0.10",
        lambda w: oil(w, margin_mode=v.MARGIN_CFD_INDEX, tick_value_minor=5, tick_size_points=10),
        4_005_000,
    ),
    Margin(
        "initial margin replaces the formula: 500.00 EUR x 1.10010 / 100",
        steps(lambda w: w.instrument(initial_margin_minor=50_000), lambda w: w.buy()),
        550,
    ),
    Margin(
        "initial margin of a CFD has no leverage",
        lambda w: oil(w, margin_mode=v.MARGIN_CFD, initial_margin_minor=50_000),
        50_000,
    ),
    Margin(
        "initial margin of a CFD with leverage has",
        lambda w: oil(w, initial_margin_minor=50_000),
        500,
    ),
    Margin(
        "percentage: 25 %",
        steps(lambda w: w.instrument(margin_percent_bp=2_500), lambda w: w.buy()),
        27_503,
    ),
    Margin(
        "percentage of the group's override goes first: 200 %",
        steps(
            lambda w: w.instrument(margin_percent_bp=2_500),
            lambda w: w.terms(margin_percent_bp=20_000),
            lambda w: w.buy(),
        ),
        220_020,
    ),
    Margin(
        "the account's leverage goes before the group's",
        steps(lambda w: w.account(CLIENT, leverage=30), lambda w: w.buy()),
        366_700,
    ),
    Margin(
        "margin stays at the rate of the opening",
        steps(lambda w: w.buy(), lambda w: w.tick(120_000)),
        110_010,
    ),
    Margin(
        "a partial close leaves its share",
        steps(lambda w: w.buy(), lambda w: w.close(1, 30)),
        77_007,
    ),
    Margin("a pending order needs none", lambda w: w.buy_limit(109_000), 0),
]

COVER = [
    Margin(
        "covered volume is free where no hedged size is set",
        steps(lambda w: w.buy(), lambda w: w.sell()),
        0,
    ),
    Margin(
        "the uncovered rest is charged at its side's rate",
        steps(lambda w: w.buy(30), lambda w: w.sell(100)),
        77_000,
    ),
    Margin(
        "hedged size is charged on both legs: 2 x 50,000 x 1.10005 / 100",
        steps(lambda w: w.instrument(hedged_size=50_000), lambda w: w.buy(), lambda w: w.sell()),
        110_005,
    ),
    Margin(
        # 1 lot uncovered at 1.11943: 223.886; 2 lots covered at 1.11948, both legs: 447.792.
        "vector V1, at a rate of 1: each component is rounded before they are added",
        steps(
            lambda w: w.instrument(hedged_size=50_000),
            lambda w: w.account(CLIENT, leverage=500),
            lambda w: w.tick(111_943, 111_953),
            lambda w: w.sell(300),
            lambda w: w.buy(200),
        ),
        22_389 + 44_779,
    ),
    Margin(
        "half a cent uncovered and half a cent covered are two cents, not one",
        steps(
            lambda w: w.instrument(contract_size=1, hedged_size=1, margin_percent_bp=2_500),
            lambda w: w.account(CLIENT, leverage=1),
            lambda w: w.tick(100_000, 100_000),
            lambda w: w.buy(1),
            lambda w: w.sell(3),
        ),
        2,
    ),
    Margin(
        # Buys 1 at 1.16214 and 2 at 1.16207: 3,486.28. Sells 1 at 1.16184, 1 at 1.16189.
        "vector V2, its positions: the larger leg alone",
        steps(
            lambda w: w.tick(116_184, 116_214),
            lambda w: w.buy(100),
            lambda w: w.sell(100),
            lambda w: w.tick(116_189, 116_207),
            lambda w: w.buy(200),
            lambda w: w.sell(100),
        ),
        348_628,
        group={"larger_leg": True},
    ),
    Margin(
        "vector V3, its positions: CFD with leverage at 15.436 and twice 15.432, 5,000 a lot",
        steps(
            lambda w: w.instrument(OIL, digits=3, contract_size=5_000),
            lambda w: w.tick(15_430, 15_436, instrument=OIL),
            lambda w: w.buy(100, instrument=OIL),
            lambda w: w.tick(15_430, 15_432, instrument=OIL),
            lambda w: w.buy(200, instrument=OIL),
        ),
        231_500,
    ),
    Margin(
        "a group that charges the larger leg reprices what changes next",
        steps(lambda w: w.buy(), lambda w: w.sell(30), lambda w: w.group(larger_leg=True)),
        77_007,
    ),
    Margin(
        "as soon as it changes",
        steps(
            lambda w: w.buy(),
            lambda w: w.sell(30),
            lambda w: w.group(larger_leg=True),
            lambda w: w.close(2, 10),
        ),
        110_010,
    ),
    Margin(
        "netting: the average of both openings",
        steps(
            lambda w: w.buy(100, login=NETTER),
            lambda w: w.tick(110_090),
            lambda w: w.buy(50, login=NETTER),
        ),
        165_060,
        login=NETTER,
    ),
]


def abroad(currency: int, *orders: Step, deposit: int = 10_000_000) -> Step:
    """Account 20, in another currency, with everything quoted."""

    def run(world: World) -> None:
        world.tick(125_000, instrument=GBPUSD)
        world.tick(150_000, instrument=USDJPY)
        world.tick(90_000, instrument=USDCHF)
        world.tick(160_000, 160_010, instrument=DAX)
        world.send(r.Group(group=2, name="abroad", currency=currency, leverage=100))
        world.send(r.SetAccount(login=20, group=2))
        world.deposit(deposit, 20)
        for order in orders:
            order(world)

    return run


CONVERSIONS = [
    Margin("EURUSD in EUR needs none", abroad(EUR, lambda w: w.buy(login=20)), 100_000, 20),
    Margin(
        "the traded pair converts at the price of the opening: a sell of EURUSD at 1.10000",
        abroad(USD, lambda w: w.sell(login=20)),
        110_000,
        20,
    ),
    Margin(
        "USDJPY in USD needs none",
        abroad(USD, lambda w: w.buy(instrument=USDJPY, login=20)),
        100_000,
        20,
    ),
    Margin(
        "another pair at the middle: USDJPY in CHF at 0.90005",
        abroad(CHF, lambda w: w.buy(instrument=USDJPY, login=20)),
        90_005,
        20,
    ),
    Margin(
        # 1,000.00 EUR x 1.10005 x 150.005, no decimals.
        "two steps through USD, each at the middle, though one of them is traded: EURUSD in JPY",
        abroad(JPY, lambda w: w.buy(login=20)),
        165_013,
        20,
    ),
    Margin(
        # 1,000.00 GBP x 1.25005 / 1.10005
        "a step may divide: GBPUSD in EUR",
        abroad(EUR, lambda w: w.buy(instrument=GBPUSD, login=20)),
        113_636,
        20,
    ),
    Margin(
        # 10 x 16,001.0 EUR x 0.5 / 0.5 x 1.10005
        "an index in EUR at the middle of EURUSD",
        abroad(USD, lambda w: w.buy(10, instrument=DAX, login=20), deposit=100_000_000),
        1_760_190,
        20,
    ),
]


@pytest.mark.parametrize("row", MODES, ids=name_of)
def test_margin_modes(row: Margin) -> None:
    check(row)


@pytest.mark.parametrize("row", COVER, ids=name_of)
def test_margin_of_covered_volume(row: Margin) -> None:
    check(row)


@pytest.mark.parametrize("row", CONVERSIONS, ids=name_of)
def test_margin_is_converted(row: Margin) -> None:
    check(row)


def check(row: Margin) -> None:
    world = World(deposit=RICH, **row.group)
    row.given(world)
    assert world.figures(row.login).margin_minor == row.margin


def test_a_new_leverage_reprices_what_is_open() -> None:
    world = World()
    world.buy()
    entry = world.account(CLIENT, leverage=50)[1]
    assert (entry.entry_type, entry.margin_delta_minor) == (v.ENTRY_MARGIN_REPRICE, 110_010)
    assert (entry.order, entry.position, entry.tick_sequence) == (0, 0, 0)


# Leverage of the account, of the group; then the margin of one lot at 1.10010.
LEVERAGES = [(0, 100, 110_010), (0, 1, 11_001_000), (10_000, 100, 1_100), (30, 100, 366_700)]


@pytest.mark.parametrize(("own", "of_group", "margin"), LEVERAGES)
def test_leverage(own: int, of_group: int, margin: int) -> None:
    world = World(deposit=RICH, leverage=of_group)
    world.account(CLIENT, leverage=own)
    world.buy()
    assert world.figures().margin_minor == margin


# ------------------------------------------------------------ may the account pay?


@dataclass(frozen=True)
class Payment:
    """The account's money, what was before, the order, and the outcome's last line."""

    name: str
    deposit: int
    given: Step
    when: Step
    then: str
    group: dict[str, Any] = field(default_factory=dict)


OPENED = "opened #1 buy 100 at 110010"
PAYMENTS = [
    Payment("exactly the margin is enough", 110_010, nothing, lambda w: w.buy(), OPENED),
    Payment("a cent less is not", 110_009, nothing, lambda w: w.buy(), "rejected no_money"),
    Payment(
        "commission must be paid, too",
        110_709,
        nothing,
        lambda w: w.buy(),
        "rejected no_money",
        {"commission_per_lot_minor": 700},
    ),
    Payment(
        "and then it is",
        110_710,
        nothing,
        lambda w: w.buy(),
        OPENED,
        {"commission_per_lot_minor": 700},
    ),
    Payment(
        "credit pays",
        10_010,
        lambda w: w.balance(v.CREDIT_IN, 100_000),
        lambda w: w.buy(),
        OPENED,
    ),
    Payment(
        "virtual credit pays",
        10_010,
        nothing,
        lambda w: w.buy(),
        OPENED,
        {"virtual_credit_minor": 100_000},
    ),
    Payment(
        "an order that sets margin free is let through without money",
        120_000,
        steps(lambda w: w.buy(), lambda w: w.tick(109_400)),
        lambda w: w.sell(40),
        "opened #2 sell 40 at 109400",
    ),
    Payment(
        "an order that leaves the margin as it is, too",
        120_000,
        steps(lambda w: w.buy(), lambda w: w.tick(109_400)),
        lambda w: w.sell(30),
        "opened #2 sell 30 at 109400",
        {"larger_leg": True},
    ),
    Payment(
        "an order that needs more does not",
        120_000,
        steps(lambda w: w.buy(), lambda w: w.tick(109_400)),
        lambda w: w.buy(1),
        "rejected no_money",
    ),
    Payment(
        "not in a group with strong cover",
        120_000,
        steps(lambda w: w.buy(), lambda w: w.tick(109_400)),
        lambda w: w.sell(40),
        "rejected no_money",
        {"strong_hedged": True},
    ),
]

# Free margin mode; 1 lot of EURUSD won 100.00, 1 lot of GBPUSD lost 50.00; then F.
FREE_MARGINS = [
    (v.FREE_MARGIN_NONE, 0),
    (v.FREE_MARGIN_PROFIT_AND_LOSS, 5_000),
    (v.FREE_MARGIN_PROFIT, 10_000),
    (v.FREE_MARGIN_LOSS, -5_000),
]


@pytest.mark.parametrize("row", PAYMENTS, ids=name_of)
def test_who_may_open(row: Payment) -> None:
    world = World(deposit=row.deposit, **row.group)
    row.given(world)
    assert told(row.when(world))[-1] == row.then


def with_profit_and_loss(**group: Any) -> World:
    world = World(**group)
    world.tick(125_000, instrument=GBPUSD)
    world.buy()
    world.buy(instrument=GBPUSD)
    world.tick(110_110)
    world.tick(124_960, instrument=GBPUSD)
    return world


@pytest.mark.parametrize(("mode", "floating"), FREE_MARGINS)
def test_free_margin_counts_the_floating_result_as_the_group_says(mode: int, floating: int) -> None:
    figures = with_profit_and_loss(free_margin_mode=mode).figures()
    assert figures.floating_minor == 5_000
    assert figures.equity_minor == 1_005_000
    assert figures.free_margin_minor == 1_000_000 + floating - (110_010 + 125_010)


# Mode, and whether free margin may be withdrawn; then the most that may be.
WITHDRAWABLE = [
    (v.FREE_MARGIN_PROFIT_AND_LOSS, False, 764_980),
    (v.FREE_MARGIN_PROFIT_AND_LOSS, True, 769_980),
    (v.FREE_MARGIN_LOSS, False, 759_980),
    (v.FREE_MARGIN_PROFIT, True, 774_980),
]


@pytest.mark.parametrize(("mode", "free", "most"), WITHDRAWABLE)
def test_withdrawable_is_free_margin_without_floating_profit(
    mode: int, free: bool, most: int
) -> None:
    world = with_profit_and_loss(free_margin_mode=mode, withdraw_free_margin=free)
    assert world.figures().max_withdrawable_minor == most
    (refused,) = world.withdraw(most + 1)
    assert (told([refused]), refused.detail) == (["rejected no_money"], most)
    assert len(world.withdraw(most)) == 1


def test_virtual_credit_is_neither_free_margin_nor_withdrawable() -> None:
    figures = World(deposit=50_000, virtual_credit_minor=1_000_000).figures()
    assert (figures.free_margin_minor, figures.max_withdrawable_minor) == (50_000, 50_000)


def test_credit_is_free_margin_and_not_withdrawable() -> None:
    world = World(deposit=50_000)
    world.balance(v.CREDIT_IN, 30_000)
    assert world.figures().free_margin_minor == 80_000
    assert world.figures().max_withdrawable_minor == 50_000


def test_the_margin_of_an_instrument_not_held_is_not_touched() -> None:
    world = World(deposit=RICH)
    world.tick(125_000, instrument=GBPUSD)
    world.buy(instrument=GBPUSD)
    world.buy(instrument=EURUSD)
    world.close(2)
    assert world.figures().margin_minor == 125_010
