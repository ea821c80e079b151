"""Output of the book venue: one class per event. Fields are words, in this order."""

from typing import ClassVar

from engine import vocabulary as v
from engine.records.base import Event


class BookOrderPlaced(Event, frozen=True):
    """An order was accepted by the book venue; its margin or funds are frozen."""

    TYPE: ClassVar[int] = v.BOOK_ORDER_PLACED
    login: int
    order: int
    instrument: int
    order_type: int
    side: int
    volume_units: int
    price_points: int
    time_in_force: int
    flags: int
    expiry_ns: int
    currency: int
    """Of what is frozen."""
    frozen_minor: int


class BookOrderReplaced(Event, frozen=True):
    """An order in the book has another volume or price."""

    TYPE: ClassVar[int] = v.BOOK_ORDER_REPLACED
    login: int
    order: int
    instrument: int
    volume_units: int
    price_points: int
    currency: int
    """Of what is frozen."""
    frozen_minor: int


class BookOrderRemoved(Event, frozen=True):
    """An order, or what was left of it, is no more, unfilled."""

    TYPE: ClassVar[int] = v.BOOK_ORDER_REMOVED
    login: int
    order: int
    instrument: int
    volume_units: int
    """What was left."""
    removal: int
    currency: int
    """Of what is frozen."""
    frozen_minor: int


class FuturesFilled(Event, frozen=True):
    """One side of a fill in futures: order, position, money. The other side is beside it."""

    TYPE: ClassVar[int] = v.FUTURES_FILLED
    login: int
    order: int
    instrument: int
    side: int
    role: int
    volume_units: int
    price_points: int
    counter_order: int
    """Ticket of the order on the other side."""
    left_units: int
    """What is left of the order."""
    position: int
    """Ticket of the position that results, or of the one that was closed."""
    position_units: int
    """The position after the fill; a short one is negative."""
    open_cost: int
    """Of the position after the fill, points x units, never negative."""
    profit_minor: int
    """Realized by what the fill closed."""
    fee_minor: int
    """Charged; a rebate is negative."""
    balance_minor: int
    margin_minor: int
    frozen_minor: int
    entry_number: int


class SpotFilled(Event, frozen=True):
    """One side of a fill in spot: what was paid and received. The other side is beside it."""

    TYPE: ClassVar[int] = v.SPOT_FILLED
    login: int
    order: int
    instrument: int
    side: int
    role: int
    volume_units: int
    price_points: int
    counter_order: int
    """Ticket of the order on the other side."""
    left_units: int
    """What is left of the order."""
    fee_minor: int
    """Charged, in the quote currency; a rebate is negative."""
    base_delta_minor: int
    """Change of the holding in the base currency, in its minor units."""
    base_minor: int
    """The holding in the base currency after the fill."""
    base_frozen_minor: int
    quote_delta_minor: int
    """Change of the holding in the quote currency, the fee included."""
    quote_minor: int
    """The holding in the quote currency after the fill."""
    quote_frozen_minor: int
    entry_number: int


class HoldingEntry(Event, frozen=True):
    """A deposit or withdrawal in a currency that is not the account's own."""

    TYPE: ClassVar[int] = v.HOLDING_ENTRY
    login: int
    currency: int
    entry_number: int
    entry_type: int
    delta_minor: int
    """Change of the holding, minor units of the currency."""
    balance_minor: int
    frozen_minor: int
    reference: int


class DepthChanged(Event, frozen=True):
    """A price level of a book is another now. Sent where the instrument asks for it."""

    TYPE: ClassVar[int] = v.DEPTH_CHANGED
    instrument: int
    side: int
    price_points: int
    volume_units: int
    """All that can be filled there; 0: the level is gone."""
    orders: int
    """How many orders rest there."""


BOOK_EVENT_CLASSES: tuple[type[Event], ...] = (
    BookOrderPlaced,
    BookOrderReplaced,
    BookOrderRemoved,
    FuturesFilled,
    SpotFilled,
    HoldingEntry,
    DepthChanged,
)
