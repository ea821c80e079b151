"""Published margin figures, run through both engines as orders at the published prices.

The rows are numbered as in SEMANTICS section 15 (V1-V3), the others carry the names of
`margin_vectors.json`, whose file is not part of the project: they are skipped where it is
missing. What this profile does not have is left out: swaps (V4), futures (V5), liquidation
prices and partial stop-outs.
"""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine import records as r
from engine import vocabulary as v
from tests.naive import money
from tests.naive.small_world import EUR, GOLD, USD, USDJPY, SmallWorld, of_type

VECTORS = Path(__file__).resolve().parents[2] / "shared/data/vectors/margin_vectors.json"
OWN = 10
BUY, SELL = v.BUY, v.SELL


def priced_world(digits: int, contract: int, leverage: int, **fields: Any) -> SmallWorld:
    """A rich account and an instrument of its own, in USD unless told otherwise."""
    larger_leg = fields.pop("larger_leg", False)
    world = SmallWorld(deposit=10**9, leverage=leverage, larger_leg=larger_leg)
    currencies = {"base_currency": USD, "profit_currency": USD, "margin_currency": USD}
    own = {**currencies, "profit_mode": v.PROFIT_CFD, **fields}
    world.accepted(
        r.Instrument(
            instrument=OWN,
            symbol="OWN",
            digits=digits,
            contract_size=contract,
            price_max_points=5_000_000,
            **own,
        )
    )
    return world


def open_at(world: SmallWorld, side: int, volume: int, price: int) -> None:
    world.tick(price, price, instrument=OWN)
    world.place(side, volume, instrument=OWN)


# ---------------------------------------------------------------- SEMANTICS section 15


def test_v1_hedged_basic_rounds_covered_and_uncovered_apart() -> None:
    """Rates 2 (buys) and 4 (sells) come from the margin currency's conversion.

    mt4 charges the hedged value on both legs, so the vector's 100,000 is 50,000 here.
    """
    fields = {"margin_mode": v.MARGIN_CFD_LEVERAGE, "margin_currency": EUR, "hedged_size": 50_000}
    world = priced_world(5, 100_000, 500, **fields)
    world.change_pair(price_max_points=500_000)
    world.tick(200_000, 200_000)
    open_at(world, BUY, 200, 111_953)
    world.tick(400_000, 400_000)
    open_at(world, SELL, 300, 111_943)
    assert world.figures.margin_minor == 134_336 + 89_554 == 223_890


def test_v2_larger_leg_takes_the_side_that_needs_more() -> None:
    """The vector's pending orders are positions here: mt4 charges no margin for pendings."""
    fields = {"margin_mode": v.MARGIN_CFD_LEVERAGE, "larger_leg": True}
    world = priced_world(5, 100_000, 100, **fields)
    for volume, price in ((100, 116_184), (100, 116_189), (100, 115_808), (100, 116_067)):
        open_at(world, SELL, volume, price)
    assert world.figures.margin_minor == 464_248
    for volume, price in ((100, 116_214), (200, 116_207), (100, 116_053)):
        open_at(world, BUY, volume, price)
    assert world.figures.margin_minor == 464_681


def test_v3_cfd_leverage_uses_the_open_prices() -> None:
    world = priced_world(3, 5_000, 100, margin_mode=v.MARGIN_CFD_LEVERAGE)
    for volume, price in ((100, 15_436), (200, 15_432), (100, 15_412)):
        open_at(world, BUY, volume, price)
    assert world.figures.margin_minor == 308_560


@pytest.mark.parametrize(
    ("margin_mode", "initial", "expected"),
    [
        # 2 lots at 1.25 of contract size 100,000, leverage 100, percentage 100 %
        (v.MARGIN_FOREX, 0, 200_000),
        (v.MARGIN_FOREX_NO_LEVERAGE, 0, 20_000_000),
        (v.MARGIN_CFD, 0, 25_000_000),
        (v.MARGIN_CFD_LEVERAGE, 0, 250_000),
        # tick value 5.00 on a tick size of 0.10
        (v.MARGIN_CFD_INDEX, 0, 1_250_000_000),
        # initial margin 1,000.00 a lot replaces the formula
        (v.MARGIN_FOREX, 100_000, 2_000),
        (v.MARGIN_CFD, 100_000, 200_000),
        (v.MARGIN_CFD_LEVERAGE, 100_000, 2_000),
        (v.MARGIN_CFD_INDEX, 100_000, 200_000),
    ],
)
def test_basic_amount_of_every_margin_mode(margin_mode: int, initial: int, expected: int) -> None:
    world = priced_world(
        5,
        100_000,
        100,
        margin_mode=margin_mode,
        initial_margin_minor=initial,
        tick_value_minor=500,
        tick_size_points=10_000,
    )
    world.money(10**10)
    open_at(world, BUY, 200, 125_000)
    assert world.figures.margin_minor == expected


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"),
    [
        (5, 2, 3),
        (-5, 2, -3),
        (7, 3, 2),
        (8, 3, 3),
        (-7, 3, -2),
        (-8, 3, -3),
        (0, 7, 0),
        (-1, 2, -1),
    ],
)
def test_rounding_is_half_away_from_zero(numerator: int, denominator: int, expected: int) -> None:
    assert money.rounded(money.Fraction(numerator, denominator)) == expected


@pytest.mark.parametrize(("profit_mode", "profit"), [(v.PROFIT_FOREX, 1 - 1), (v.PROFIT_CFD, 1)])
def test_profit_of_forex_rounds_each_leg_and_of_cfd_once(profit_mode: int, profit: int) -> None:
    """0.01 lot of one unit: bought at 0.5000 (0.5 cents), valued at 1.4900 (1.49 cents)."""
    fields = {"profit_mode": profit_mode, "margin_mode": v.MARGIN_CFD_LEVERAGE}
    world = priced_world(4, 1, 100, **fields)
    open_at(world, BUY, 1, 5_000)
    world.tick(14_900, 14_900, instrument=OWN)
    assert world.figures.floating_minor == profit


# ---------------------------------------------------------------- published examples


def vector(name: str) -> dict[str, Any]:
    if not VECTORS.exists():
        pytest.skip(f"{VECTORS} is missing: the published vectors are not part of the project")
    [found] = [entry for entry in json.loads(VECTORS.read_text()) if entry["id"] == name]
    entry: dict[str, Any] = found
    return entry


def minor(amount: str) -> int:
    return int(Decimal(amount) * 100)


def points(price: str, digits: int) -> int:
    return int(Decimal(price) * 10**digits)


@pytest.mark.parametrize("name", ["adm-fx-retail", "adm-fx-tier"])
def test_published_margin_of_a_forex_pair(name: str) -> None:
    entry = vector(name)
    given = entry["inputs"]
    leverage = int(given.get("leverage") or given["tiers"][0][1])
    world = SmallWorld(deposit=10**9, leverage=leverage)
    price = points(given["price"], 5)
    world.tick(price, price)
    world.buy(int(given["lots"]) * 100)
    assert world.figures.margin_minor == minor(entry["expected"]["margin_usd"])


def test_published_margin_of_an_index_in_another_currency() -> None:
    entry = vector("adm-index-retail")
    given = entry["inputs"]
    rate = points(given["EURUSD"], 5)
    fields = {"profit_currency": EUR, "margin_currency": EUR, "base_currency": EUR}
    world = priced_world(
        2,
        int(given["contract"]),
        int(given["leverage"]),
        margin_mode=v.MARGIN_CFD_LEVERAGE,
        **fields,
    )
    world.tick(rate, rate)
    open_at(world, BUY, int(given["lots"]) * 100, points(given["price"], 2))
    assert world.figures.margin_minor == minor(entry["expected"]["margin_usd"])


def test_published_margin_with_a_percentage() -> None:
    entry = vector("naut-lev-init")
    given = entry["inputs"]
    world = priced_world(
        5,
        100_000,
        int(given["leverage"]),
        margin_mode=v.MARGIN_CFD_LEVERAGE,
        margin_percent_bp=int(Decimal(given["margin_init"]) * 10_000),
    )
    lots = Decimal(given["qty"]) / 100_000
    open_at(world, BUY, int(lots * 100), points(given["price"], 5))
    assert world.figures.margin_minor == minor(entry["expected"]["margin_usd"])


def test_published_hedged_half_charges_a_locked_pair_as_one_lot() -> None:
    entry = vector("mt-hedged-50")
    given = entry["inputs"]
    contract = int(given["contract"])
    single = SmallWorld(deposit=10**9)
    locked = SmallWorld(deposit=10**9, pair={"hedged_size": contract // 2})
    for world in (single, locked):
        world.tick(110_000, 110_000)
        world.buy(int(given["buy_lots"]) * 100)
    locked.sell(int(given["sell_lots"]) * 100)
    lots = int(entry["expected"]["margin_as_lots"])
    assert locked.figures.margin_minor == lots * single.figures.margin_minor


def test_published_stop_out_threshold_of_forty_percent() -> None:
    entry = vector("tw-so-40")
    given = entry["inputs"]
    stop_out = int(given["stop_out_pct"]) * 100
    world = SmallWorld(deposit=60_000, leverage=int(given["leverage"]), stop_out_level=stop_out)
    world.tick(100_000, 100_000, instrument=USDJPY)
    world.buy(int(given["lots"]) * 100, instrument=USDJPY)
    assert world.figures.margin_minor == minor(given["margin"])
    threshold = minor(entry["expected"]["stop_out_equity_below"])
    world.money(threshold + 1 - world.figures.equity_minor, v.CORRECTION)
    assert not of_type(world.tick(100_000, 100_000, instrument=USDJPY), r.StopOut)
    world.money(-1, v.CORRECTION)
    [stopped] = of_type(world.tick(100_000, 100_000, instrument=USDJPY), r.StopOut)
    assert stopped.equity_minor == threshold


def test_metal_profit_in_the_account_currency_needs_no_conversion() -> None:
    """0.5 lot of 100 ounces bought at 2000.10, valued at 2003.40: 165.00 USD."""
    world = SmallWorld(deposit=10**7)
    world.tick(200_000, 200_010, instrument=GOLD)
    world.buy(50, instrument=GOLD)
    world.tick(200_340, 200_350, instrument=GOLD)
    assert world.figures.floating_minor == 16_500
