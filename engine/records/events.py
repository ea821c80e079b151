"""Output of the core: one class per event. Fields are words, in this order."""

from typing import ClassVar

from engine import vocabulary as v
from engine.records.base import Event
from engine.records.book_events import BOOK_EVENT_CLASSES


class Rejected(Event, frozen=True):
    """The command was refused and changed nothing; `code` says why (reject_codes)."""

    TYPE: ClassVar[int] = v.REJECTED
    login: int
    command_type: int
    code: int
    ticket: int
    instrument: int
    detail: int
    """The value that failed the check, or for `REQUOTE` the current price."""


class Configured(Event, frozen=True):
    """A configuration object was stored."""

    TYPE: ClassVar[int] = v.CONFIGURED
    kind: int
    identifier: int
    instrument: int
    """Of `Terms`; otherwise 0."""


class AccountSet(Event, frozen=True):
    """An account was opened or changed."""

    TYPE: ClassVar[int] = v.ACCOUNT_SET
    login: int
    group: int
    currency: int
    leverage: int
    mode: int
    status: int
    agent_login: int


class LedgerEntry(Event, frozen=True):
    """One entry of an account's ledger; `entry_number` is dense from 1 per account."""

    TYPE: ClassVar[int] = v.LEDGER_ENTRY
    login: int
    tick_sequence: int
    order: int
    position: int
    entry_number: int
    entry_type: int
    balance_delta_minor: int
    credit_delta_minor: int
    margin_delta_minor: int
    balance_minor: int
    credit_minor: int
    margin_minor: int
    reference: int


class OrderPlaced(Event, frozen=True):
    """An order was accepted."""

    TYPE: ClassVar[int] = v.ORDER_PLACED
    login: int
    tick_sequence: int
    order: int
    instrument: int
    order_type: int
    side: int
    volume_units: int
    price_points: int
    limit_price_points: int
    stop_loss_points: int
    take_profit_points: int
    expiry_ns: int


class OrderModified(Event, frozen=True):
    """A pending order has new prices or expiry."""

    TYPE: ClassVar[int] = v.ORDER_MODIFIED
    login: int
    tick_sequence: int
    order: int
    price_points: int
    limit_price_points: int
    stop_loss_points: int
    take_profit_points: int
    expiry_ns: int


class OrderRemoved(Event, frozen=True):
    """An order or opening request ended without a fill."""

    TYPE: ClassVar[int] = v.ORDER_REMOVED
    login: int
    tick_sequence: int
    order: int
    instrument: int
    reason: int
    dealer: int


class OrderTriggered(Event, frozen=True):
    """A stop-limit order became a limit order."""

    TYPE: ClassVar[int] = v.ORDER_TRIGGERED
    login: int
    tick_sequence: int
    order: int
    price_points: int


class OrderFilled(Event, frozen=True):
    """An order was filled, whole, into a position."""

    TYPE: ClassVar[int] = v.ORDER_FILLED
    login: int
    tick_sequence: int
    order: int
    position: int
    instrument: int
    side: int
    volume_units: int
    price_points: int
    dealer: int


class PositionOpened(Event, frozen=True):
    """A position came to be."""

    TYPE: ClassVar[int] = v.POSITION_OPENED
    login: int
    tick_sequence: int
    order: int
    position: int
    instrument: int
    side: int
    volume_units: int
    open_price_points: int
    stop_loss_points: int
    take_profit_points: int
    margin_rate_e8: int
    commission_minor: int


class PositionChanged(Event, frozen=True):
    """A position has another volume: netting added to it, or part of it was closed."""

    TYPE: ClassVar[int] = v.POSITION_CHANGED
    login: int
    tick_sequence: int
    order: int
    position: int
    previous_position: int
    """Its ticket before; differs after a partial close (mt4: the rest has a new ticket)."""
    instrument: int
    side: int
    volume_units: int
    open_price_points: int
    open_cost: int
    """Sum of price x volume (points x units), exact; the price is this divided, rounded."""
    stop_loss_points: int
    take_profit_points: int
    margin_rate_e8: int
    commission_minor: int


class PositionModified(Event, frozen=True):
    """A position has new stop loss and take profit."""

    TYPE: ClassVar[int] = v.POSITION_MODIFIED
    login: int
    tick_sequence: int
    position: int
    stop_loss_points: int
    take_profit_points: int


class PositionClosed(Event, frozen=True):
    """A position, or the part of it under this ticket, was closed."""

    TYPE: ClassVar[int] = v.POSITION_CLOSED
    login: int
    tick_sequence: int
    order: int
    """The netting order that closed it, or 0."""
    position: int
    rest_position: int
    """Ticket of what stays open after a partial close, or 0."""
    instrument: int
    side: int
    volume_units: int
    open_price_points: int
    close_price_points: int
    profit_minor: int
    commission_minor: int
    """Share of the commission charged at opening that belongs to this part."""
    reason: int
    dealer: int


class DealerRequested(Event, frozen=True):
    """A market order or a close waits for a dealer."""

    TYPE: ClassVar[int] = v.DEALER_REQUESTED
    login: int
    tick_sequence: int
    ticket: int
    request: int
    instrument: int
    side: int
    volume_units: int
    price_points: int
    deviation_points: int
    timeout_ns: int


class Requoted(Event, frozen=True):
    """A dealer's request ended: refused (price 0), timed out or answered with a price."""

    TYPE: ClassVar[int] = v.REQUOTED
    login: int
    ticket: int
    request: int
    price_points: int
    reason: int
    dealer: int


class DealerSet(Event, frozen=True):
    """A dealer came online or went offline."""

    TYPE: ClassVar[int] = v.DEALER_SET
    dealer: int
    online: int
    dealers_online: int


class MarginCall(Event, frozen=True):
    """An account reached its margin call level. Sent once until it recovers."""

    TYPE: ClassVar[int] = v.MARGIN_CALL
    login: int
    tick_sequence: int
    equity_minor: int
    margin_minor: int
    level_bp: int
    threshold: int
    """The group's level: basis points, or minor units for a level in money."""


class MarginCallCleared(Event, frozen=True):
    """An account under margin call recovered above call level x 1.05."""

    TYPE: ClassVar[int] = v.MARGIN_CALL_CLEARED
    login: int
    tick_sequence: int
    equity_minor: int
    margin_minor: int
    level_bp: int


class StopOut(Event, frozen=True):
    """An account reached its stop-out level; the position named is closed next."""

    TYPE: ClassVar[int] = v.STOP_OUT
    login: int
    tick_sequence: int
    position: int
    instrument: int
    equity_minor: int
    margin_minor: int
    level_bp: int
    threshold: int
    profit_minor: int
    price_points: int


class TriggerRefused(Event, frozen=True):
    """A trigger was reached but not acted on; it waits for the next. Sent once per reason."""

    TYPE: ClassVar[int] = v.TRIGGER_REFUSED
    login: int
    tick_sequence: int
    ticket: int
    instrument: int
    stage: int
    reason: int


class FeedSwitched(Event, frozen=True):
    """An instrument takes its quotes from another feed."""

    TYPE: ClassVar[int] = v.FEED_SWITCHED
    instrument: int
    previous_feed: int
    feed: int
    silence_ns: int
    """How long the previous feed had been silent."""


EVENT_CLASSES: tuple[type[Event], ...] = (
    Rejected,
    Configured,
    AccountSet,
    LedgerEntry,
    OrderPlaced,
    OrderModified,
    OrderRemoved,
    OrderTriggered,
    OrderFilled,
    PositionOpened,
    PositionChanged,
    PositionModified,
    PositionClosed,
    DealerRequested,
    Requoted,
    DealerSet,
    MarginCall,
    MarginCallCleared,
    StopOut,
    TriggerRefused,
    FeedSwitched,
    *BOOK_EVENT_CLASSES,
)
