"""A member of the exchange, and a book as members see it.

This file may not touch the engine. A member knows its own orders and position, from its own
events; commands of its orders are made here.
"""

from dataclasses import dataclass, field

from adapters.generate.venue import Member, Quoting
from engine import records
from engine import vocabulary as v


@dataclass
class Book:
    """What the members see of a book."""

    instrument: records.Instrument
    quoting: Quoting
    mid_points: int
    last_points: int = 0

    @property
    def number(self) -> int:
        return self.instrument.instrument


@dataclass
class Hand:
    """A member, and what it knows of itself."""

    member: Member
    position: int = 0
    """Ticket of its position."""
    units: int = 0
    """Of the position; a short one is negative."""
    waiting: int = 0
    """Ticket of its stop order."""
    keys: int = 0
    quotes: dict[tuple[int, int, int], int] = field(default_factory=dict)
    """Of a maker: instrument, side and level to the ticket of the order there."""
    asked: dict[tuple[int, int, int], tuple[int, int, int]] = field(default_factory=dict)
    """Instrument, side and price of an order on its way to where it belongs in `quotes`."""

    def key(self) -> dict[str, int]:
        """The next client key: the login and a count."""
        self.keys += 1
        return {"key_high": self.member.login, "key_low": self.keys}

    def market_order(self, book: Book, side: int, units: int) -> records.Command:
        return records.PlaceBookOrder(
            login=self.member.login,
            instrument=book.number,
            order_type=v.MARKET,
            side=side,
            volume_units=units,
            time_in_force=v.IMMEDIATE_OR_CANCEL,
            self_trade=v.SELF_TRADE_CANCEL_OLDEST,
            **self.key(),
        )

    def limit_order(
        self, book: Book, side: int, price: int, units: int, shown: int = 0
    ) -> records.Command:
        return records.PlaceBookOrder(
            login=self.member.login,
            instrument=book.number,
            order_type=v.LIMIT,
            side=side,
            volume_units=units,
            price_points=price,
            time_in_force=v.DAY,
            self_trade=v.SELF_TRADE_CANCEL_OLDEST,
            shown_units=shown,
            **self.key(),
        )

    def cancel_all(self, book: Book) -> records.Command:
        return records.CancelAll(login=self.member.login, instrument=book.number, **self.key())

    # what the engine says

    def hear(self, event: records.Event) -> None:
        """Takes note of an event of the own account."""
        if isinstance(event, records.FuturesFilled | records.SpotFilled):
            if isinstance(event, records.FuturesFilled):
                self.position = event.position
                self.units = event.position_units
            if not event.left_units:
                self._ended(event.order)
        elif isinstance(event, records.BookOrderPlaced):
            if event.trigger_points:
                self.waiting = event.order
            place = self.asked.pop((event.instrument, event.side, event.price_points), None)
            if place is not None:
                self.quotes[place] = event.order
        elif isinstance(event, records.BookOrderTriggered | records.BookOrderRemoved):
            self._ended(event.order)

    def _ended(self, ticket: int) -> None:
        """An order is no more, or no longer what it was."""
        if self.waiting == ticket:
            self.waiting = 0
        for place, order in self.quotes.items():
            if order == ticket:
                del self.quotes[place]
                return
