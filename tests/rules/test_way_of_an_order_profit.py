"""Profit and its conversion into the account's currency (RULES section 7; SEMANTICS section 4).

Account 20 is in the currency of the row. Quotes start at EURUSD 1.10000/10, GBPUSD
1.25000/10, USDJPY 150.000/010, USDCHF 0.90000/10, DAX 16000.0/16001.0.
"""

from dataclasses import dataclass

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
    GBP,
    GBPUSD,
    JPY,
    USD,
    USDCHF,
    USDJPY,
    World,
)

START = {
    EURUSD: (110_000, 110_010),
    GBPUSD: (125_000, 125_010),
    USDJPY: (150_000, 150_010),
    USDCHF: (90_000, 90_010),
    DAX: (160_000, 160_010),
}


@dataclass(frozen=True)
class Profit:
    """One lot of an instrument, opened at the start and closed at another quote."""

    name: str
    currency: int
    instrument: int
    side: int
    quote: tuple[int, int]
    profit: int
    """Minor units of the account's currency."""


PROFITS = [
    # ---- no conversion
    Profit("a buy of EURUSD", USD, EURUSD, v.BUY, (110_110, 110_120), 10_000),
    Profit("a sell of EURUSD", USD, EURUSD, v.SELL, (110_100, 110_110), -11_000),
    # ---- the traded pair converts
    Profit("50,000 JPY at the bid of 150.510", USD, USDJPY, v.BUY, (150_510, 150_520), 33_220),
    Profit("-50,000 JPY at the ask of 150.500", USD, USDJPY, v.SELL, (150_490, 150_500), -33_223),
    Profit("50,000 JPY at the ask of 149.500", USD, USDJPY, v.SELL, (149_490, 149_500), 33_445),
    Profit("500.00 CHF at the bid of 0.90510", USD, USDCHF, v.BUY, (90_510, 90_520), 55_243),
    # ---- another pair
    Profit(
        "100.00 USD in JPY at the bid of 150.000", JPY, EURUSD, v.BUY, (110_110, 110_120), 15_000
    ),
    Profit(
        "-110.00 USD in JPY at the ask of 150.010", JPY, EURUSD, v.SELL, (110_100, 110_110), -16_501
    ),
    Profit(
        "100.00 USD in CHF at the bid of 0.90000", CHF, EURUSD, v.BUY, (110_110, 110_120), 9_000
    ),
    Profit(
        "100.00 USD in GBP, divided by the bid of 1.25000",
        GBP,
        EURUSD,
        v.BUY,
        (110_110, 110_120),
        8_000,
    ),
    # ---- two steps through USD
    Profit("500.00 CHF in EUR: / 0.90510 / 1.10000", EUR, USDCHF, v.BUY, (90_510, 90_520), 50_220),
    Profit(
        "-500.00 CHF in EUR: / 0.90500 / 1.10010", EUR, USDCHF, v.SELL, (90_490, 90_500), -50_221
    ),
    Profit(
        "50,000 JPY in EUR: / 150.510 / 1.10000", EUR, USDJPY, v.BUY, (150_510, 150_520), 30_200
    ),
    Profit("500.00 CHF in JPY: / 0.90510 x 150.000", JPY, USDCHF, v.BUY, (90_510, 90_520), 82_864),
    # ---- CFD: always the bid
    Profit("990.00 EUR in USD at the bid", USD, DAX, v.BUY, (161_000, 161_010), 108_900),
    Profit("-510.00 EUR in USD at the bid, a sell", USD, DAX, v.SELL, (160_500, 160_510), -56_100),
    Profit("an index in its own currency", EUR, DAX, v.BUY, (161_000, 161_010), 99_000),
    Profit("990.00 EUR in JPY: x 1.10000 x 150.000", JPY, DAX, v.BUY, (161_000, 161_010), 163_350),
]


def opened(row: Profit) -> World:
    world = World()
    world.send(r.Group(group=2, name="abroad", currency=row.currency, leverage=1_000))
    world.send(r.SetAccount(login=20, group=2))
    world.deposit(1_000_000_000, 20)
    for instrument, (bid, ask) in START.items():
        world.tick(bid, ask, instrument=instrument)
    world.order(v.MARKET, row.side, 100, 0, instrument=row.instrument, login=20)
    return world


@pytest.mark.parametrize("row", PROFITS, ids=lambda row: row.name.replace(" ", "_"))
def test_profit_in_the_accounts_currency(row: Profit) -> None:
    world = opened(row)
    world.tick(*row.quote, instrument=row.instrument)
    assert world.figures(20).floating_minor == row.profit, "floating"
    closed = world.close(1, login=20)[0]
    assert closed.profit_minor == row.profit, "realized"


def test_each_leg_of_a_forex_profit_is_rounded_by_itself() -> None:
    # 0.01 lots of 37: the opening leg of 0.407037 is 0.41, as is 0.40737; 0.415140 is 0.42.
    world = World()
    world.instrument(contract_size=37)
    world.buy(1)
    world.tick(110_100)
    assert world.figures().floating_minor == 0
    world.tick(112_200)
    assert world.figures().floating_minor == 1


def test_a_cfd_profit_is_rounded_once() -> None:
    world = World()
    world.instrument(contract_size=37, profit_mode=v.PROFIT_CFD, margin_currency=USD)
    world.buy(1)
    world.tick(110_100)
    assert world.figures().floating_minor == 0, "0.00090 x 0.37 = 0.0003"
    world.tick(112_200)
    assert world.figures().floating_minor == 1, "0.02190 x 0.37 = 0.0081"


def test_the_alphabetically_first_pair_converts() -> None:
    world = World()
    for number, symbol, price in ((11, "EURUSD.b", 130_000), (12, "EUR.USD", 120_000)):
        world.send(
            r.Instrument(
                instrument=number,
                symbol=symbol,
                base_currency=EUR,
                profit_currency=USD,
                margin_currency=EUR,
                digits=5,
                contract_size=100_000,
                price_min_points=50_000,
                price_max_points=200_000,
            )
        )
        world.tick(price, instrument=number)
    world.instrument(DAX, margin_percent_bp=10)
    world.tick(160_000, 160_000, instrument=DAX)
    world.buy(instrument=DAX)
    world.tick(160_100, instrument=DAX)
    assert world.figures().floating_minor == 12_000, "100.00 EUR at 1.20000, EUR.USD"


def test_a_pair_quoted_the_other_way_round_divides() -> None:
    world = World()
    world.send(
        r.Instrument(
            instrument=11,
            symbol="AUSDEUR",
            base_currency=USD,
            profit_currency=EUR,
            margin_currency=USD,
            digits=5,
            contract_size=100_000,
            price_min_points=50_000,
            price_max_points=200_000,
        )
    )
    world.tick(80_000, 81_000, instrument=11)
    world.instrument(DAX, margin_percent_bp=10)
    world.tick(160_000, 160_000, instrument=DAX)
    world.buy(instrument=DAX)
    world.tick(160_100, instrument=DAX)
    assert world.figures().floating_minor == 12_500, "100.00 EUR / 0.80000"


# Currency 8 has no pair. Account currency, instrument: one of the two steps is missing.
HALF_ROUTES = [(8, DAX), (EUR, 20)]


@pytest.mark.parametrize(("currency", "instrument"), HALF_ROUTES)
def test_a_route_of_two_steps_needs_both(currency: int, instrument: int) -> None:
    world = World()
    world.send(r.Currency(currency=8, code="LOST", digits=2))
    world.send(
        r.Instrument(
            instrument=20,
            symbol="LOST",
            base_currency=8,
            profit_currency=8,
            margin_currency=8,
            digits=2,
            contract_size=1,
            profit_mode=v.PROFIT_CFD,
            price_max_points=1_000_000,
        )
    )
    world.tick(160_000, instrument=instrument)
    world.send(r.Group(group=2, name="abroad", currency=currency))
    world.send(r.SetAccount(login=20, group=2))
    world.deposit(1_000_000_000, 20)
    assert told(world.buy(1, instrument=instrument, login=20)) == ["rejected no_conversion_route"]


def test_exposure_is_the_value_of_the_positions() -> None:
    world = World(deposit=10_000_000)
    world.buy(100)
    world.sell(30)
    figures = world.figures()
    assert figures.gross_exposure_minor == 11_000_000 + 3_300_300
    assert figures.net_exposure_minor == 11_000_000 - 3_300_300


def test_floating_results_and_levels_follow_from_the_quote() -> None:
    world = World()
    world.buy()
    world.tick(110_510)
    figures = world.figures()
    assert figures.floating_minor == 50_000
    assert figures.equity_minor == 1_050_000
    assert figures.level_bp == 1_050_000 * 10_000 // 110_010
    assert told(world.tick(110_510)) == []
    assert world.figures(CLIENT).level_bp == figures.level_bp
