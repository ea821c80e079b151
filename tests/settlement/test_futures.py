"""Futures over several days: variation margin, funding, insurance, and the last day of all.

Two futures on gold, one with an end and one without; one lot is 100 ounces, 10 cents of the price
are 10 dollars. BULL and BEAR trade with each other, SMALL has too little, FUND pays for it.
"""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters.settlement import work
from adapters.units import parse_time
from engine import records as r
from engine import vocabulary as v
from tests.cli.conftest import Call, call  # noqa: F401 (a fixture)
from tests.settlement.world import Timed, make, money

pytestmark = pytest.mark.once

BULL, BEAR, SMALL, FUND = 20, 21, 22, 90
FUTURE, PERPETUAL = 1, 2
MONDAY, TUESDAY, WEDNESDAY = "2024-01-01", "2024-01-02", "2024-01-03"


def instrument(number: int, symbol: str, **others: Any) -> r.Instrument:
    return r.Instrument(
        instrument=number, symbol=symbol, base_currency=1, profit_currency=1, margin_currency=1,
        digits=1, contract_size=100, profit_mode=v.PROFIT_CFD, margin_mode=v.MARGIN_CFD,
        venue=v.VENUE_BOOK, volume_digits=0, price_max_points=100_000, lot_max_units=100,
        position_limit_units=1_000, initial_margin_minor=660_000,
        maintenance_margin_minor=600_000, taker_fee_per_lot_minor=150, mark=v.MARK_LAST,
        insurance_login=FUND, **others,
    )  # fmt: skip


def order(login: int, number: int, side: int, units: int, price: int, **more: Any) -> Timed:
    kind = v.STOP if "trigger_points" in more else v.LIMIT
    placed = r.PlaceBookOrder(
        login=login, instrument=number, order_type=kind, side=side, volume_units=units,
        price_points=price, **more,
    )  # fmt: skip
    return "", placed


def at(day: str, *steps: Timed | r.Command | r.Config) -> Iterator[Timed]:
    """One step a second, from nine o'clock on."""
    for second, step in enumerate(steps):
        command = step[1] if isinstance(step, tuple) else step
        yield f"{day}T09:{second // 60:02}:{second % 60:02}Z", command


def days() -> Iterator[Timed]:
    yield from at(
        MONDAY,
        r.Currency(currency=1, code="USD", digits=2),
        r.Group(group=1, name="floor", currency=1, leverage=1, stop_out_level=10_000),
        instrument(FUTURE, "GCF4", expires_ns=parse_time(f"{WEDNESDAY}T08:00:00Z")),
        instrument(PERPETUAL, "GC-PERP"),
        *(r.SetAccount(login=login, group=1) for login in (BULL, BEAR, SMALL, FUND)),
        money(BULL, v.DEPOSIT, 30_000_000),
        money(BEAR, v.DEPOSIT, 30_000_000),
        money(SMALL, v.DEPOSIT, 700_000),
        money(FUND, v.DEPOSIT, 5_000_000),
        order(BEAR, FUTURE, v.SELL, 5, 20_000),
        order(BULL, FUTURE, v.BUY, 5, 20_000),
        order(BULL, FUTURE, v.SELL, 2, 0, trigger_points=19_500, flags=v.REDUCE_ONLY),
        order(BEAR, FUTURE, v.SELL, 8, 21_500, shown_units=3),
        order(BEAR, PERPETUAL, v.BUY, 3, 20_100),
        order(BULL, PERPETUAL, v.SELL, 3, 20_100),
        r.SettleInstrument(instrument=FUTURE, price_points=20_150),
        r.PayFunding(instrument=PERPETUAL, rate_e8=10_001),
    )
    yield from at(
        TUESDAY,
        order(BEAR, FUTURE, v.BUY, 2, 20_200),
        order(BULL, FUTURE, v.SELL, 2, 20_200),
        order(BULL, PERPETUAL, v.BUY, 1, 20_100),
        order(SMALL, PERPETUAL, v.SELL, 1, 20_100),
        order(BEAR, PERPETUAL, v.SELL, 2, 20_900),
        order(BULL, PERPETUAL, v.BUY, 1, 20_900),
        r.SettleInstrument(instrument=FUTURE, price_points=20_050),
    )
    yield from at(
        WEDNESDAY,
        r.SettleInstrument(instrument=FUTURE, price_points=20_300, settlement=v.SETTLEMENT_FINAL),
    )
    yield "2024-01-04T00:00:00Z", r.Clock()


@pytest.fixture
def floor(tmp_path: Path) -> Path:
    return make(tmp_path / "floor", timed=days())


def settled(floor: Path, day: str, call: Call) -> dict[int, Any]:  # noqa: F811
    """The statements of a day, by login."""
    called = call("settle", floor, "--day", day)
    assert called.code == 0, called.out
    lines = (floor / "settlement" / day / "statements.jsonl").read_text().splitlines()
    return {one["login"]: one for one in (json.loads(t, parse_float=Decimal) for t in lines)}


# day, account: opening, realized, variation margin, funding, insurance, commission, closing
TABLE: list[tuple[str, int, Any, Any, Any, Any, Any, Any, Any]] = [
    (MONDAY, BULL, 0, 0, 7_500, "60.30", 0, "-12.00", "307548.30"),
    (MONDAY, BEAR, 0, 0, -7_500, "-60.31", 0, 0, "292439.69"),
    (TUESDAY, BULL, "307548.30", -7_000, -3_000, 0, 0, "-4.50", "297543.80"),
    (TUESDAY, BEAR, "292439.69", 15_000, 3_000, 0, 0, 0, "310439.69"),
    (TUESDAY, SMALL, 7_000, -8_000, 0, 0, 1_003, "-3.00", 0),
    (TUESDAY, FUND, 50_000, 0, 0, 0, -1_003, 0, 48_997),
    (WEDNESDAY, BULL, "297543.80", 0, 7_500, 0, 0, 0, "305043.80"),
    (WEDNESDAY, BEAR, "310439.69", 0, -7_500, 0, 0, 0, "302939.69"),
]


def test_statements_tell_variation_margin_funding_and_insurance(
    floor: Path,
    call: Call,  # noqa: F811
) -> None:
    statements = {day: settled(floor, day, call) for day in (MONDAY, TUESDAY, WEDNESDAY)}
    found = []
    for day, login, *_ in TABLE:
        (one,) = statements[day][login]["money"]
        insurance = one["entries"].get("insurance", {"balance": 0})["balance"]
        figures = (one["realized_profit"], one["variation_margin"], one["funding"], insurance)
        ends = (one["opening"]["balance"], *figures, one["commission"], one["closing"]["balance"])
        found.append((day, login, *ends))
    assert found == [(day, login, *map(Decimal, row)) for day, login, *row in TABLE]


def test_open_price_after_a_daily_settlement_is_its_price_and_the_last_one_closes(
    floor: Path,
    call: Call,  # noqa: F811
) -> None:
    monday, tuesday, wednesday = (
        settled(floor, day, call)[BULL] for day in (MONDAY, TUESDAY, WEDNESDAY)
    )
    standing = {p["symbol"]: p for p in monday["positions"]}
    future = standing["GCF4"]
    assert (future["open_price"], future["price"]) == (Decimal("2015.0"), Decimal("2000.0"))
    assert future["floating"] == -7_500, "against the settlement price"
    assert monday["at_day_end"]["equity"] == Decimal("300048.30")
    (future,) = [p for p in tuesday["positions"] if p["symbol"] == "GCF4"]
    assert (future["volume"], future["open_price"]) == (3, Decimal("2005.0"))
    assert [p["symbol"] for p in wednesday["positions"]] == ["GC-PERP"]
    (order,) = monday["orders"]
    told = (order["type"], order["trigger"], order["price"], order["volume"])
    assert told == ("stop", Decimal("1950.0"), None, 2)
    (iceberg,) = settled(floor, MONDAY, call)[BEAR]["orders"]
    assert (iceberg["type"], iceberg["volume"], iceberg["shown"]) == ("limit", 8, 3)
    assert wednesday["orders"] == [], "the last settlement ends the orders, too"


def test_lists_and_totals_name_every_settlement(floor: Path, call: Call) -> None:  # noqa: F811
    monday = settled(floor, MONDAY, call)[BULL]
    told = [(s["settlement"], s["symbol"], s["amount"], s["rate"]) for s in monday["settlements"]]
    assert told == [
        ("daily", "GCF4", 7_500, None),
        ("funding", "GC-PERP", Decimal("60.30"), Decimal("0.00010001")),
    ]
    (opened, _) = monday["fills"]
    assert opened["position"] == monday["settlements"][0]["position"], "a ticket, not a volume"
    text = (floor / "settlement" / MONDAY / "statements.txt").read_text()
    assert "variation margin and funding of futures" in text
    called = call("settle", floor, "--day", MONDAY)
    assert "settlements and funding of futures" in called.out
    totals = call("settle", floor, "--day", MONDAY, "--json").json()["totals"]
    daily, funding = totals["settlements"]
    assert (daily["price"], daily["positions"], daily["long_volume"]) == (2_015.0, 2, 5)
    assert (daily["paid"], daily["received"], daily["rate"]) == (7_500.0, 7_500.0, None)
    assert (funding["paid"], funding["received"]) == (60.31, 60.30)
    by_type = totals["currencies"][0]["profit_and_loss"]["by_type"]
    assert by_type == {"funding": -0.01, "commission": -12.0}, "variation margin adds up to 0"


@pytest.mark.parametrize("day", [MONDAY, TUESDAY, WEDNESDAY])
def test_result_is_the_change_of_equity_without_money_from_outside(
    floor: Path,
    call: Call,  # noqa: F811
    day: str,
) -> None:
    equity: dict[int, Decimal] = {}
    for one in (MONDAY, TUESDAY, WEDNESDAY):
        before, statements = equity, settled(floor, one, call)
        equity = {login: s["at_day_end"]["equity"] for login, s in statements.items()}
        if one == day:
            break
    rows = (floor / "settlement" / day / "profit_and_loss.jsonl").read_text().splitlines()
    for row in (json.loads(text, parse_float=Decimal) for text in rows):
        movements = statements[row["login"]]["movements"]
        outside = sum(m["balance_delta"] for m in movements)
        now, then = equity[row["login"]], before.get(row["login"], Decimal())
        assert row["result"] == now - then - outside, row


def test_sums_of_an_instrument_that_are_not_those_of_its_positions_are_found(
    floor: Path,
    call: Call,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    take = work.FuturesSettled.take

    def wrong(self: work.FuturesSettled, event: r.Event, names: Any) -> None:
        if isinstance(event, r.InstrumentSettled) and event.settlement == v.SETTLEMENT_DAILY:
            event = msgspec.structs.replace(
                event, received_minor=event.received_minor + 1, positions=3
            )
        take(self, event, names)

    monkeypatch.setattr(work.FuturesSettled, "take", wrong)
    called = call("settle", floor, "--day", MONDAY)
    assert called.code == 1
    assert called.out.splitlines() == [
        "GCF4: sequence 19, daily settlement, positions: expected 2, found 3",
        "GCF4: sequence 19, daily settlement, received_minor: expected 750000, found 750001",
        "2 differences; nothing was written",
    ]
