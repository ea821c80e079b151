"""Input of the core: one class per command. Fields are words, in this order."""

from typing import ClassVar

from engine import vocabulary as v
from engine.records.base import Command


class Tick(Command, frozen=True):
    """A quote of one instrument from one feed."""

    TYPE: ClassVar[int] = v.TICK
    instrument: int
    feed: int
    bid_points: int
    ask_points: int


class Clock(Command, frozen=True):
    """Time passes; timers that are due fire. Sent when nothing else comes."""

    TYPE: ClassVar[int] = v.CLOCK


class Configure(Command, frozen=True):
    """A configuration object as msgpack; `encode` makes it from a `Config` class."""

    TYPE: ClassVar[int] = v.CONFIGURE
    kind: int
    payload: bytes


class SetAccount(Command, frozen=True):
    """Opens an account or changes it. The currency is that of the group."""

    TYPE: ClassVar[int] = v.SET_ACCOUNT
    login: int
    group: int
    leverage: int = 0
    """0 takes the group's leverage."""
    mode: int = v.HEDGING
    status: int = v.ACCOUNT_ENABLED
    agent_login: int = 0


class BalanceOperation(Command, frozen=True):
    """Deposit, withdrawal, credit in, credit out (amounts above 0) or a signed correction."""

    TYPE: ClassVar[int] = v.BALANCE_OPERATION
    login: int
    operation: int
    amount_minor: int
    reference: int = 0
    """Free for deposits and so on; for a correction the entry number that is corrected, or 0."""
    key_high: int = 0
    key_low: int = 0


class PlaceOrder(Command, frozen=True):
    """A market order, or a pending order.

    `price_points`: limit or stop price; for a market order the requested price or 0.
    `limit_price_points`: of a stop-limit order. `deviation_points`: how far a market
    order with a requested price may be filled from it.
    """

    TYPE: ClassVar[int] = v.PLACE_ORDER
    login: int
    instrument: int
    order_type: int
    side: int
    volume_units: int
    price_points: int = 0
    limit_price_points: int = 0
    stop_loss_points: int = 0
    take_profit_points: int = 0
    expiry_ns: int = 0
    deviation_points: int = 0
    key_high: int = 0
    key_low: int = 0


class ModifyOrder(Command, frozen=True):
    """New prices and expiry of a pending order; all fields are the new values."""

    TYPE: ClassVar[int] = v.MODIFY_ORDER
    login: int
    order: int
    price_points: int
    limit_price_points: int = 0
    stop_loss_points: int = 0
    take_profit_points: int = 0
    expiry_ns: int = 0
    key_high: int = 0
    key_low: int = 0


class CancelOrder(Command, frozen=True):
    """Cancels a pending order or an opening request that waits for a dealer."""

    TYPE: ClassVar[int] = v.CANCEL_ORDER
    login: int
    order: int
    key_high: int = 0
    key_low: int = 0


class ClosePosition(Command, frozen=True):
    """Closes a position, whole (`volume_units` 0) or in part, at market."""

    TYPE: ClassVar[int] = v.CLOSE_POSITION
    login: int
    position: int
    volume_units: int = 0
    price_points: int = 0
    deviation_points: int = 0
    key_high: int = 0
    key_low: int = 0


class ModifyPosition(Command, frozen=True):
    """New stop loss and take profit of a position; 0 removes."""

    TYPE: ClassVar[int] = v.MODIFY_POSITION
    login: int
    position: int
    stop_loss_points: int
    take_profit_points: int
    key_high: int = 0
    key_low: int = 0


class SetDealer(Command, frozen=True):
    """A dealer comes online (1) or goes offline (0)."""

    TYPE: ClassVar[int] = v.SET_DEALER
    dealer: int
    online: int


class DealerConfirm(Command, frozen=True):
    """A dealer fills the request under a ticket, at a price or (0) at the current one."""

    TYPE: ClassVar[int] = v.DEALER_CONFIRM
    dealer: int
    ticket: int
    price_points: int = 0


class DealerReject(Command, frozen=True):
    """A dealer refuses the request under a ticket."""

    TYPE: ClassVar[int] = v.DEALER_REJECT
    dealer: int
    ticket: int


class DealerRequote(Command, frozen=True):
    """A dealer answers the request under a ticket with another price; the request ends."""

    TYPE: ClassVar[int] = v.DEALER_REQUOTE
    dealer: int
    ticket: int
    price_points: int


class PlaceBookOrder(Command, frozen=True):
    """An order for an instrument of the book venue."""

    TYPE: ClassVar[int] = v.PLACE_BOOK_ORDER
    login: int
    instrument: int
    order_type: int
    """0 market, 1 limit, 2 stop, 3 stop-limit."""
    side: int
    volume_units: int
    price_points: int = 0
    """Limit price; 0 for a market or stop order."""
    time_in_force: int = v.GOOD_TILL_CANCELLED
    flags: int = 0
    self_trade: int = v.SELF_TRADE_CANCEL_NEWEST
    expiry_ns: int = 0
    """Of a good_till_date order; 0 for all others."""
    trigger_points: int = 0
    """A stop or stop-limit order waits for this price; 0 for all others."""
    shown_units: int = 0
    """Iceberg: most of it that the book shows at a time; 0: all of it."""
    key_high: int = 0
    key_low: int = 0


class ReplaceOrder(Command, frozen=True):
    """New volume and price of an order that rests in the book.

    It keeps its place only where the volume goes down at the same price.
    """

    TYPE: ClassVar[int] = v.REPLACE_ORDER
    login: int
    order: int
    volume_units: int
    """What is left to fill from now on."""
    price_points: int
    key_high: int = 0
    key_low: int = 0


class CancelAll(Command, frozen=True):
    """Cancels every order of an account that rests in the book of an instrument, or in any."""

    TYPE: ClassVar[int] = v.CANCEL_ALL
    login: int
    instrument: int = 0
    """0: all instruments."""
    key_high: int = 0
    key_low: int = 0


class HoldingOperation(Command, frozen=True):
    """Deposit or withdrawal in a currency that is not the account's own."""

    TYPE: ClassVar[int] = v.HOLDING_OPERATION
    login: int
    currency: int
    operation: int
    """1 deposit, 2 withdrawal."""
    amount_minor: int
    """Minor units of that currency."""
    reference: int = 0
    key_high: int = 0
    key_low: int = 0


class SetPhase(Command, frozen=True):
    """A book instrument trades on, halts, or begins an auction. Leaving an auction fills it."""

    TYPE: ClassVar[int] = v.SET_PHASE
    instrument: int
    phase: int
    """0 continuous, 1 halted, 2 auction."""
    key_high: int = 0
    key_low: int = 0


class SettleInstrument(Command, frozen=True):
    """Settles all positions in a future at a price; the final settlement closes them."""

    TYPE: ClassVar[int] = v.SETTLE_INSTRUMENT
    instrument: int
    price_points: int
    settlement: int = v.SETTLEMENT_DAILY
    """0 daily, 1 final."""
    key_high: int = 0
    key_low: int = 0


class PayFunding(Command, frozen=True):
    """One side of a perpetual pays the other a share of the value at the mark price."""

    TYPE: ClassVar[int] = v.PAY_FUNDING
    instrument: int
    rate_e8: int
    """Share of the value, times 10**8; above 0 the long side pays."""
    key_high: int = 0
    key_low: int = 0


COMMAND_CLASSES: tuple[type[Command], ...] = (
    Tick,
    Clock,
    Configure,
    SetAccount,
    BalanceOperation,
    PlaceOrder,
    ModifyOrder,
    CancelOrder,
    ClosePosition,
    ModifyPosition,
    SetDealer,
    DealerConfirm,
    DealerReject,
    DealerRequote,
    PlaceBookOrder,
    ReplaceOrder,
    CancelAll,
    HoldingOperation,
    SetPhase,
    SettleInstrument,
    PayFunding,
)
