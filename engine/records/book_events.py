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
    trigger_points: int
    """Of an order that waits; 0 for all others."""
    shown_units: int
    """Of an iceberg; 0 for all others."""
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


class BookOrderTriggered(Event, frozen=True):
    """A price was reached: an order that waited, or that closes a position, goes to the book."""

    TYPE: ClassVar[int] = v.BOOK_ORDER_TRIGGERED
    login: int
    order: int
    position: int
    """Of a take profit or stop loss; 0 for an order that waited."""
    instrument: int
    stage: int
    volume_units: int
    price_points: int
    """The price that triggered."""


class PhaseChanged(Event, frozen=True):
    """A book instrument has another phase; at the end of an auction with its one price."""

    TYPE: ClassVar[int] = v.PHASE_CHANGED
    instrument: int
    phase: int
    price_points: int
    """The equilibrium of the auction that ends; 0 where nothing is filled."""
    volume_units: int
    """What is filled at it."""


class PositionSettled(Event, frozen=True):
    """A futures position was settled at a price: variation margin, open price reset, or the end."""

    TYPE: ClassVar[int] = v.POSITION_SETTLED
    login: int
    position: int
    instrument: int
    settlement: int
    position_units: int
    """The position before; a short one is negative."""
    price_points: int
    open_cost: int
    """Of the position after, points x units, never negative; 0: it has ended."""
    profit_minor: int
    """Variation margin: posted to the balance."""
    balance_minor: int
    margin_minor: int
    frozen_minor: int
    entry_number: int


class FundingPaid(Event, frozen=True):
    """The funding payment of one position."""

    TYPE: ClassVar[int] = v.FUNDING_PAID
    login: int
    position: int
    instrument: int
    position_units: int
    """A short position is negative."""
    price_points: int
    """The mark price."""
    rate_e8: int
    amount_minor: int
    """Posted to the balance; below 0: paid."""
    balance_minor: int
    entry_number: int


class InstrumentSettled(Event, frozen=True):
    """The sums of a settlement or funding payment over all positions of an instrument."""

    TYPE: ClassVar[int] = v.INSTRUMENT_SETTLED
    instrument: int
    settlement: int
    price_points: int
    rate_e8: int
    """Of funding; 0 otherwise."""
    positions: int
    long_units: int
    """Volume of the long positions, which is that of the short ones."""
    paid_minor: int
    received_minor: int


class MarginChanged(Event, frozen=True):
    """From now on a future needs other margin; amounts per lot."""

    TYPE: ClassVar[int] = v.MARGIN_CHANGED
    instrument: int
    initial_margin_minor: int
    maintenance_margin_minor: int


BOOK_EVENT_CLASSES: tuple[type[Event], ...] = (
    BookOrderPlaced,
    BookOrderReplaced,
    BookOrderRemoved,
    FuturesFilled,
    SpotFilled,
    HoldingEntry,
    DepthChanged,
    BookOrderTriggered,
    PhaseChanged,
    PositionSettled,
    FundingPaid,
    InstrumentSettled,
    MarginChanged,
)
