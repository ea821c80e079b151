"""A generated client: an account, what it holds, and the habit that drives it.

This file may not touch the engine. A client knows only what a client could know: the
quotes, and the events of its own account. It answers with commands.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from adapters.generate.dice import Dice
from adapters.generate.market import Market
from engine import records
from engine import vocabulary as v


@dataclass
class Position:
    """An open position as its client knows it."""

    ticket: int
    instrument: int
    side: int
    volume_units: int
    open_points: int
    stop_loss_points: int
    take_profit_points: int
    opened_ns: int
    closing: bool = False
    """A close waits for a dealer."""


@dataclass
class Order:
    """A pending order as its client knows it."""

    ticket: int
    instrument: int
    order_type: int
    side: int
    price_points: int
    limit_price_points: int
    stop_loss_points: int
    take_profit_points: int
    expiry_ns: int


@dataclass
class Client:
    """One account and its owner."""

    login: int
    group: records.Group
    leverage: int
    mode: int
    habit: "Habit"
    instruments: list[int]
    """Favourites, out of which the next trade is chosen."""
    deposit_minor: int
    currency_digits: int
    balance_minor: int = 0
    credit_minor: int = 0
    margin_minor: int = 0
    positions: dict[int, Position] = field(default_factory=dict)
    orders: dict[int, Order] = field(default_factory=dict)
    losses: int = 0
    """Losing trades in a row."""
    agent_login: int = 0
    keys_given: int = 0
    entries: int = 0
    stopped_out: bool = False

    def key(self) -> dict[str, int]:
        """The next client key: the login and a count."""
        self.keys_given += 1
        return {"key_high": self.login, "key_low": self.keys_given}

    def money(self) -> float:
        """Balance and credit less used margin, in whole units of the currency."""
        free = self.balance_minor + self.credit_minor - self.margin_minor
        return free / float(10**self.currency_digits)

    def volume(self, market: Market, instrument: records.Instrument, share: float) -> int:
        """Volume units whose margin is about this share of the free money; 0 if too few."""
        per_lot = market.margin_per_lot(instrument, self.group.currency, self.leverage)
        if per_lot <= 0.0:
            return 0
        step = instrument.lot_step_units
        units = int(min(self.money() * share / per_lot * 100.0, 1e9)) // step * step
        if units < instrument.lot_min_units:
            return 0
        return min(units, instrument.lot_max_units)

    # what the engine says

    def hear(self, event: records.Event, now_ns: int) -> None:
        """Takes note of an event of the own account."""
        note = _NOTES.get(type(event))
        if note is not None:
            note(self, event, now_ns)


Habit = Callable[[Client, Market, Dice, int], tuple[list[records.Command], int]]
"""What a client does when it looks at the market: commands, and seconds until the next look."""


def _placed(client: Client, event: records.OrderPlaced, now_ns: int) -> None:
    if event.order_type != v.MARKET:
        client.orders[event.order] = Order(
            event.order,
            event.instrument,
            event.order_type,
            event.side,
            event.price_points,
            event.limit_price_points,
            event.stop_loss_points,
            event.take_profit_points,
            event.expiry_ns,
        )


def _modified(client: Client, event: records.OrderModified, now_ns: int) -> None:
    order = client.orders.get(event.order)
    if order is not None:
        order.price_points = event.price_points
        order.limit_price_points = event.limit_price_points
        order.stop_loss_points = event.stop_loss_points
        order.take_profit_points = event.take_profit_points
        order.expiry_ns = event.expiry_ns


def _triggered(client: Client, event: records.OrderTriggered, now_ns: int) -> None:
    order = client.orders.get(event.order)
    if order is not None:
        order.order_type = v.LIMIT
        order.price_points = event.price_points
        order.limit_price_points = 0


def _order_ended(
    client: Client, event: records.OrderRemoved | records.OrderFilled, now_ns: int
) -> None:
    client.orders.pop(event.order, None)


def _opened(client: Client, event: records.PositionOpened, now_ns: int) -> None:
    client.positions[event.position] = Position(
        event.position,
        event.instrument,
        event.side,
        event.volume_units,
        event.open_price_points,
        event.stop_loss_points,
        event.take_profit_points,
        now_ns,
    )


def _changed(client: Client, event: records.PositionChanged, now_ns: int) -> None:
    before = client.positions.pop(event.previous_position, None)
    client.positions[event.position] = Position(
        event.position,
        event.instrument,
        event.side,
        event.volume_units,
        event.open_price_points,
        event.stop_loss_points,
        event.take_profit_points,
        before.opened_ns if before is not None else now_ns,
    )


def _position_modified(client: Client, event: records.PositionModified, now_ns: int) -> None:
    position = client.positions.get(event.position)
    if position is not None:
        position.stop_loss_points = event.stop_loss_points
        position.take_profit_points = event.take_profit_points


def _closed(client: Client, event: records.PositionClosed, now_ns: int) -> None:
    if event.rest_position == 0:
        client.positions.pop(event.position, None)
    client.losses = client.losses + 1 if event.profit_minor < 0 else 0
    if event.reason == v.REASON_STOP_OUT:
        client.stopped_out = True


def _entry(client: Client, event: records.LedgerEntry, now_ns: int) -> None:
    client.balance_minor = event.balance_minor
    client.credit_minor = event.credit_minor
    client.margin_minor = event.margin_minor
    client.entries = event.entry_number


def _requested(client: Client, event: records.DealerRequested, now_ns: int) -> None:
    position = client.positions.get(event.ticket)
    if position is not None:
        position.closing = True


def _requoted(client: Client, event: records.Requoted, now_ns: int) -> None:
    position = client.positions.get(event.ticket)
    if position is not None:
        position.closing = False


_NOTES: dict[type[records.Event], Callable[..., None]] = {
    records.OrderPlaced: _placed,
    records.OrderModified: _modified,
    records.OrderTriggered: _triggered,
    records.OrderRemoved: _order_ended,
    records.OrderFilled: _order_ended,
    records.PositionOpened: _opened,
    records.PositionChanged: _changed,
    records.PositionModified: _position_modified,
    records.PositionClosed: _closed,
    records.LedgerEntry: _entry,
    records.DealerRequested: _requested,
    records.Requoted: _requoted,
}
