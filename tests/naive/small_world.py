"""A small world for scenarios that a risk officer can read: two pairs, one account, both engines.

This file may set up and abbreviate, not decide. Account 1 (USD) trades EURUSD at 1:100;
every command goes through both engines and must give the same events.
"""

from typing import Any, TypeVar

import msgspec

from engine import records as r
from engine import vocabulary as v
from tests.naive.comparison import Comparison

USD, EUR, JPY = 1, 2, 3
EURUSD, USDJPY, GOLD = 1, 2, 3
SECOND = 1_000_000_000
START_NS = 1_704_096_000 * SECOND
"""Monday 1 January 2024, 08:00 UTC."""

AnyEvent = TypeVar("AnyEvent", bound=r.Event)

PAIR = r.Instrument(
    instrument=EURUSD,
    symbol="EURUSD",
    base_currency=EUR,
    profit_currency=USD,
    margin_currency=EUR,
    digits=5,
    contract_size=100_000,
    price_min_points=50_000,
    price_max_points=300_000,
)
YEN = r.Instrument(
    instrument=USDJPY,
    symbol="USDJPY",
    base_currency=USD,
    profit_currency=JPY,
    margin_currency=USD,
    digits=3,
    contract_size=100_000,
    price_min_points=50_000,
    price_max_points=400_000,
)
METAL = r.Instrument(
    instrument=GOLD,
    symbol="XAUUSD",
    base_currency=USD,
    profit_currency=USD,
    margin_currency=USD,
    digits=2,
    contract_size=100,
    profit_mode=v.PROFIT_CFD,
    margin_mode=v.MARGIN_CFD_LEVERAGE,
    tick_size_points=5,
    price_max_points=1_000_000,
)
GROUP = r.Group(group=1, name="standard", currency=USD)


def of_type(events: list[Any], event_type: type[AnyEvent]) -> list[AnyEvent]:
    return [event for event in events if isinstance(event, event_type)]


class SmallWorld:
    """Both engines with the same three instruments, one group and one account."""

    def __init__(
        self,
        deposit: int = 1_000_000,
        mode: int = v.HEDGING,
        hooks: Any = None,
        pair: dict[str, Any] | None = None,
        **group: Any,
    ) -> None:
        self.both = Comparison(hooks)
        self.send(r.Currency(currency=USD, code="USD", digits=2), time_ns=START_NS)
        self.send(r.Currency(currency=EUR, code="EUR", digits=2))
        self.send(r.Currency(currency=JPY, code="JPY", digits=0))
        self.send(r.Feed(feed=1, name="main"))
        self.pair = msgspec.structs.replace(PAIR, **(pair or {}))
        for instrument in (self.pair, YEN, METAL):
            self.accepted(instrument)
        self.group = msgspec.structs.replace(GROUP, **group)
        self.accepted(self.group)
        self.accepted(r.SetAccount(login=1, group=1, mode=mode))
        if deposit:
            self.money(deposit)

    def send(self, command: r.Command | r.Config, time_ns: int = 0) -> list[Any]:
        """Events of one command, the same from both engines."""
        return self.both.send(command, time_ns)

    def accepted(self, command: r.Command | r.Config, time_ns: int = 0) -> list[Any]:
        events = self.send(command, time_ns)
        refused = of_type(events, r.Rejected)
        assert not refused, f"{command} was refused: {refused}"
        return events

    def refused(self, command: r.Command | r.Config, time_ns: int = 0) -> int:
        """The code of the one `Rejected` event."""
        [event] = self.send(command, time_ns)
        assert isinstance(event, r.Rejected), event
        return event.code

    def change_group(self, **changes: Any) -> None:
        self.group = msgspec.structs.replace(self.group, **changes)
        self.accepted(self.group)

    def change_pair(self, **changes: Any) -> None:
        self.pair = msgspec.structs.replace(self.pair, **changes)
        self.accepted(self.pair)

    def money(self, amount: int, operation: int = v.DEPOSIT, login: int = 1) -> list[Any]:
        command = r.BalanceOperation(login=login, operation=operation, amount_minor=amount)
        return self.accepted(command)

    def tick(
        self, bid: int, ask: int = 0, instrument: int = EURUSD, after_ns: int = 0
    ) -> list[Any]:
        """A quote of feed 1; without an ask 10 points of spread."""
        tick = r.Tick(instrument=instrument, feed=1, bid_points=bid, ask_points=ask or bid + 10)
        return self.accepted(tick, self.both.naive.time_ns + after_ns)

    def order(
        self, side: int, volume: int, order_type: int = v.MARKET, **fields: int
    ) -> r.PlaceOrder:
        fields = {"login": 1, "instrument": EURUSD, **fields}
        return r.PlaceOrder(order_type=order_type, side=side, volume_units=volume, **fields)

    def buy(self, volume: int, **fields: int) -> int:
        """Ticket of a market buy."""
        return self.place(v.BUY, volume, **fields)

    def sell(self, volume: int, **fields: int) -> int:
        return self.place(v.SELL, volume, **fields)

    def place(self, side: int, volume: int, order_type: int = v.MARKET, **fields: int) -> int:
        """Ticket of an accepted order."""
        events = self.accepted(self.order(side, volume, order_type, **fields))
        return of_type(events, r.OrderPlaced)[0].order

    def close(self, position: int, volume: int = 0, login: int = 1) -> list[Any]:
        command = r.ClosePosition(login=login, position=position, volume_units=volume)
        return self.accepted(command)

    @property
    def figures(self) -> Any:
        """Figures of account 1, after comparing those of both engines."""
        self.both.compare_accounts()
        return self.both.naive.account(1)
