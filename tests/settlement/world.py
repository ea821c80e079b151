"""Five days of a small broker, for the tests of the settlement.

This file may run commands through a node; it knows no rule. One instrument, 100,000 EUR a lot,
5 digits: 100 points are 100 USD a lot.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from adapters.node import Node
from adapters.units import parse_time
from engine import records as r
from engine import vocabulary as v

TRADER, QUIET, EUROPEAN, LATER = 10, 11, 12, 13
"""Accounts: one trades, one has money and does nothing, one has nothing, one opens on the 2nd."""
Timed = tuple[str, r.Command | r.Config]


def opening() -> list[r.Command | r.Config]:
    return [
        r.Currency(currency=1, code="USD", digits=2),
        r.Currency(currency=2, code="EUR", digits=2),
        r.Feed(feed=1, name="feed"),
        r.Instrument(
            instrument=1,
            symbol="EURUSD",
            base_currency=2,
            profit_currency=1,
            margin_currency=2,
            digits=5,
            contract_size=100_000,
            price_max_points=1_000_000,
        ),
        r.Group(group=1, name="retail", currency=1, commission_per_lot_minor=500),
        r.Group(group=2, name="europe", currency=2),
        r.SetAccount(login=TRADER, group=1),
        r.SetAccount(login=QUIET, group=1),
        r.SetAccount(login=EUROPEAN, group=2),
    ]


def money(login: int, operation: int, amount_minor: int) -> r.BalanceOperation:
    return r.BalanceOperation(login=login, operation=operation, amount_minor=amount_minor)


def tick(bid: int) -> r.Tick:
    return r.Tick(instrument=1, feed=1, bid_points=bid, ask_points=bid + 10)


def market(side: int, volume_units: int) -> r.PlaceOrder:
    return r.PlaceOrder(
        login=TRADER, instrument=1, order_type=v.MARKET, side=side, volume_units=volume_units
    )


def pending(price_points: int) -> r.PlaceOrder:
    return r.PlaceOrder(
        login=TRADER,
        instrument=1,
        order_type=v.LIMIT,
        side=v.BUY,
        volume_units=50,
        price_points=price_points,
    )


def days() -> Iterator[Timed]:
    """Monday to Friday; nothing on Wednesday; Friday is not over."""
    monday = "2024-01-01T"
    for command in opening():
        yield monday + "09:00:00Z", command
    yield monday + "09:00:01Z", money(TRADER, v.DEPOSIT, 1_000_000)
    yield monday + "09:00:02Z", money(QUIET, v.DEPOSIT, 50_000)
    yield monday + "10:00:00Z", tick(110_000)
    yield monday + "10:00:01Z", market(v.BUY, 100)  # ticket 1, 1 lot at 1.10010
    yield monday + "11:00:00Z", tick(110_110)
    yield monday + "11:00:01Z", r.ClosePosition(login=TRADER, position=1)  # +100.00
    yield monday + "12:00:00Z", market(v.SELL, 200)  # ticket 2, 2 lots at 1.10110
    yield monday + "23:59:59.999999999Z", tick(110_060)  # floating: +80.00
    tuesday = "2024-01-02T"
    yield tuesday + "00:00:00Z", money(TRADER, v.WITHDRAWAL, 20_000)
    yield monday + "08:00:00Z", tick(999)  # refused: its time goes backwards
    yield tuesday + "08:00:00Z", r.SetAccount(login=LATER, group=1)
    yield tuesday + "08:00:01Z", money(LATER, v.CREDIT_IN, 7_500)
    yield tuesday + "09:00:00Z", tick(110_000)
    yield tuesday + "09:00:01Z", r.ClosePosition(login=TRADER, position=2, volume_units=50)  # +50
    yield tuesday + "09:00:02Z", pending(109_000)  # ticket 4
    yield tuesday + "09:00:03Z", money(TRADER, v.CORRECTION, -150)
    thursday = "2024-01-04T"
    yield thursday + "12:00:00Z", tick(110_200)
    yield thursday + "12:00:01Z", money(LATER, v.CREDIT_OUT, 2_500)
    friday = "2024-01-05T"
    yield friday + "07:00:00Z", tick(110_300)
    yield friday + "07:00:01Z", r.CancelOrder(login=TRADER, order=4)


def make(
    directory: Path, commit_records: int = 4_096, timed: Iterator[Timed] | None = None
) -> Path:
    """A directory with the journal of the days."""
    with Node.open(directory, create=True, commit_records=commit_records) as node:
        run(node, days() if timed is None else timed)
        node.commit()
    return directory


def run(node: Node, timed: Iterator[Timed]) -> None:
    for when, command in timed:
        node.submit(command, parse_time(when))


Make = Callable[..., Path]
