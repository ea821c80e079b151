"""Commands and events: the only interface of the core, and their fixed byte layout.

This file may hold the record classes and their codec, no rule of the engine. It is the
Python face; the core itself reads and writes the words directly (`commands.py`,
`event_writer.py`), and `tests/test_records.py` holds the two together.

Every record is a row of little-endian 64-bit words:

    word 0   type (bits 0-15), version (bits 16-31), size in bytes (bits 32-63)
    word 1   sequence: of the command; in an event, of the command that caused it
    word 2   time_ns: nanoseconds since 1970-01-01 UTC, of the command
    word 3.. the fields of the class, in the order of the class, one word each

`Configure` alone is followed by a payload: the msgpack encoding of a `Config` class,
padded with zeros to a whole word. FORMAT.md has every record as a table.
"""

import struct
from collections.abc import Iterator
from typing import Any, ClassVar, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from engine import bounds
from engine import vocabulary as v

WORD = 8
HEAD_WORDS = 3
VERSION = 1


class CorruptRecord(ValueError):
    """Bytes that are not a record; the message says where and what was expected."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What all commands and events share. `sequence` and `time_ns` are given by keyword."""

    TYPE: ClassVar[int] = 0

    sequence: int = msgspec.field(default=0)
    time_ns: int = msgspec.field(default=0)


class Command(Record, frozen=True):
    """Input of the core. The sequencer stamps `sequence` and `time_ns`."""


class Event(Record, frozen=True):
    """Output of the core. `sequence` names the causing command, `time_ns` its time."""


# ---------------------------------------------------------------- commands


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


# ---------------------------------------------------------------- events


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


# ---------------------------------------------------------------- configuration payloads


class Config(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Payload of `Configure`. Fields may be appended, with a default, never changed."""

    KIND: ClassVar[int] = 0


class Profile(Config, frozen=True):
    """Which stage order and rules apply. This version has `mt4`."""

    KIND: ClassVar[int] = v.CONFIG_PROFILE
    profile: str


class Currency(Config, frozen=True):
    KIND: ClassVar[int] = v.CONFIG_CURRENCY
    currency: int
    code: str
    digits: int


class Feed(Config, frozen=True):
    KIND: ClassVar[int] = v.CONFIG_FEED
    feed: int
    name: str


class Instrument(Config, frozen=True):
    """A symbol. Volumes in units of 0.01 lot, prices in points (10**-digits)."""

    KIND: ClassVar[int] = v.CONFIG_INSTRUMENT
    instrument: int
    symbol: str
    base_currency: int
    profit_currency: int
    margin_currency: int
    digits: int
    contract_size: int
    asset_class: str = "forex"
    profit_mode: int = v.PROFIT_FOREX
    margin_mode: int = v.MARGIN_FOREX
    trade_mode: int = v.TRADE_FULL
    tick_size_points: int = 1
    tick_value_minor: int = 0
    """Of one lot, in the profit currency; for margin mode cfd_index."""
    lot_min_units: int = 1
    lot_max_units: int = 10_000
    lot_step_units: int = 1
    position_limit_units: int = 100_000
    """Most volume of an account in one direction, positions and pending orders together."""
    margin_percent_bp: int = 10_000
    initial_margin_minor: int = 0
    """Per lot, in the margin currency; above 0 it replaces the formula."""
    hedged_size: int = 0
    """Contract size (or initial margin) of a covered lot, charged on both legs; 0: free."""
    stops_level_points: int = 0
    freeze_level_points: int = 0
    staleness_ms: int = 0
    """A quote older than this refuses trades and lets another feed take over; 0: never."""
    price_min_points: int = 1
    price_max_points: int = bounds.MAX_PRICE_POINTS
    sessions: list[tuple[int, int]] = []
    """Trading sessions: (open, close) minutes of the week from Monday 00:00 UTC; empty: always."""
    feeds: list[int] = []
    """Feeds in order of preference; empty: every configured feed, none preferred."""


class Group(Config, frozen=True):
    """A group with its trading profile. Fees are per lot, in the group's currency."""

    KIND: ClassVar[int] = v.CONFIG_GROUP
    group: int
    name: str
    currency: int
    leverage: int = 100
    level_type: int = v.LEVEL_PERCENT
    margin_call_level: int = 10_000
    """Basis points (10_000 = 100 %) or, for level type money, minor units of equity."""
    stop_out_level: int = 5_000
    free_margin_mode: int = v.FREE_MARGIN_PROFIT_AND_LOSS
    withdraw_free_margin: bool = False
    execution_mode: int = v.EXECUTION_AUTO
    request_timeout_ms: int = 30_000
    trading_enabled: bool = True
    fifo: bool = False
    hedge_prohibited: bool = False
    larger_leg: bool = False
    strong_hedged: bool = False
    skip_fully_hedged: bool = False
    compensation: int = v.COMPENSATE_AFTER_STOP_OUT
    virtual_credit_minor: int = 0
    max_orders: int = bounds.MAX_ORDERS_PER_ACCOUNT
    gap_policy: int = v.GAP_CLASSIC
    markup_bid_points: int = 0
    markup_ask_points: int = 0
    commission_per_lot_minor: int = 0
    agent_commission_per_lot_minor: int = 0
    stp_pendings: bool = False
    stp_stops: bool = False
    stp_stop_outs: bool = False


class Terms(Config, frozen=True):
    """A group's override for one instrument; None leaves the value of the layer below."""

    KIND: ClassVar[int] = v.CONFIG_TERMS
    group: int
    instrument: int
    trade_mode: int | None = None
    execution_mode: int | None = None
    gap_policy: int | None = None
    markup_bid_points: int | None = None
    markup_ask_points: int | None = None
    commission_per_lot_minor: int | None = None
    agent_commission_per_lot_minor: int | None = None
    margin_percent_bp: int | None = None
    lot_min_units: int | None = None
    lot_max_units: int | None = None
    lot_step_units: int | None = None
    stp_pendings: bool | None = None
    stp_stops: bool | None = None


class HookSet(Config, frozen=True):
    """Identity of the hooks that decided with the core from here on."""

    KIND: ClassVar[int] = v.CONFIG_HOOKS
    module: str
    version: str
    source_hash: str


# ---------------------------------------------------------------- tables and codec

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
)
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
)
CONFIG_CLASSES: tuple[type[Config], ...] = (
    Profile,
    Currency,
    Feed,
    Instrument,
    Group,
    Terms,
    HookSet,
)
CLASS_OF_TYPE: dict[int, type[Record]] = {c.TYPE: c for c in (*COMMAND_CLASSES, *EVENT_CLASSES)}
CLASS_OF_CONFIG: dict[int, type[Config]] = {c.KIND: c for c in CONFIG_CLASSES}
CommandOrConfig: TypeAlias = Command | Config


def fields_of(record_class: type[Record]) -> tuple[str, ...]:
    """Names of the words of a record after the header word, in layout order."""
    names = record_class.__struct_fields__
    own = tuple(n for n in names if n not in ("sequence", "time_ns", "payload"))
    return ("sequence", "time_ns", *own)


_FIELDS = {c.TYPE: fields_of(c) for c in CLASS_OF_TYPE.values()}
_PACKERS = {t: struct.Struct(f"<{1 + len(names)}q") for t, names in _FIELDS.items()}


def record_size(record_type: int) -> int:
    """Size in bytes of the fixed part of a record."""
    return _PACKERS[record_type].size


def dtype_of(record_class: type[Record]) -> np.dtype[np.void]:
    """The NumPy structured type of a record, for views without copying."""
    return np.dtype([("header", "<i8"), *((n, "<i8") for n in fields_of(record_class))])


def encode(record: Record | Config, sequence: int = 0, time_ns: int = 0) -> bytes:
    """A record as bytes. `sequence` and `time_ns` other than 0 replace the record's own.

    A `Config` is wrapped in `Configure`. Raises `ValueError` when a field is no 64-bit integer.
    """
    if isinstance(record, Config):
        record = Configure(kind=record.KIND, payload=msgspec.msgpack.encode(record))
    names = _FIELDS[record.TYPE]
    packer = _PACKERS[record.TYPE]
    payload = b""
    if isinstance(record, Configure):
        payload = len(record.payload).to_bytes(WORD, "little") + record.payload
        payload += bytes(-len(payload) % WORD)
    size = packer.size + len(payload)
    header = record.TYPE | VERSION << 16 | size << 32
    values = [getattr(record, name) for name in names]
    if sequence:
        values[0] = sequence
    if time_ns:
        values[1] = time_ns
    try:
        return packer.pack(header, *values) + payload
    except struct.error as error:
        bad = [
            f"{n}={x!r}"
            for n, x in zip(names, values, strict=True)
            if not isinstance(x, int) or not -(2**63) <= x < 2**63
        ]
        raise ValueError(
            f"{type(record).__name__}: {', '.join(bad)} is not a 64-bit integer"
        ) from error


def decode(data: bytes | memoryview, offset: int = 0) -> tuple[Record, int]:
    """The record at `offset` and the offset of the next. Raises `CorruptRecord`."""
    left = len(data) - offset
    if left < HEAD_WORDS * WORD:
        raise CorruptRecord(f"offset {offset}: {left} bytes left, a record has at least 24")
    header = int.from_bytes(data[offset : offset + WORD], "little")
    record_type, version, size = header & 0xFFFF, header >> 16 & 0xFFFF, header >> 32
    record_class = CLASS_OF_TYPE.get(record_type)
    if record_class is None:
        raise CorruptRecord(f"offset {offset}: {record_type} is not a record type")
    if version != VERSION:
        raise CorruptRecord(
            f"offset {offset}: record version {version}, this program reads version {VERSION}"
        )
    packer = _PACKERS[record_type]
    if record_class is Configure:
        if not packer.size + WORD <= size <= packer.size + 2 * WORD + bounds.MAX_PAYLOAD_BYTES:
            raise CorruptRecord(f"offset {offset}: {size} is no size of a Configure record")
    elif size != packer.size:
        raise CorruptRecord(
            f"offset {offset}: size {size}, a {record_class.__name__} record has {packer.size}"
        )
    if size > left:
        raise CorruptRecord(f"offset {offset}: {left} bytes left of a record of {size}")
    values = packer.unpack_from(data, offset)[1:]
    fields: dict[str, Any] = dict(zip(_FIELDS[record_type], values, strict=True))
    if record_class is Configure:
        start = offset + packer.size + WORD
        length = int.from_bytes(data[start - WORD : start], "little")
        if (
            length > size - packer.size - WORD
            or size != packer.size + WORD + length + -length % WORD
        ):
            raise CorruptRecord(f"offset {offset}: payload of {length} bytes in a record of {size}")
        fields["payload"] = bytes(data[start : start + length])
    return record_class(**fields), offset + size


def decode_all(data: bytes | memoryview) -> Iterator[Any]:
    """Every record of a block, in order. Raises `CorruptRecord`."""
    offset = 0
    while offset < len(data):
        record, offset = decode(data, offset)
        yield record


def decode_config(command: Configure) -> Config:
    """The configuration object inside a `Configure`. Raises `CorruptRecord`."""
    config_class = CLASS_OF_CONFIG.get(command.kind)
    if config_class is None:
        raise CorruptRecord(f"sequence {command.sequence}: {command.kind} is no configuration kind")
    try:
        return msgspec.msgpack.decode(command.payload, type=config_class)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CorruptRecord(
            f"sequence {command.sequence}: payload is no {config_class.__name__}: {error}"
        ) from error


def view(data: bytes | memoryview, record_class: type[Record]) -> npt.NDArray[np.void]:
    """All records of one type in a block, as a structured array.

    Without a copy where the block holds only that type, otherwise one copy of its rows.
    """
    dtype = dtype_of(record_class)
    words = np.frombuffer(data, dtype="<i8")
    if len(words) * WORD % dtype.itemsize == 0:
        rows = np.frombuffer(data, dtype=dtype)
        header = record_class.TYPE | VERSION << 16 | dtype.itemsize << 32
        if bool((rows["header"] == header).all()):
            return rows
    starts = []
    position = 0
    while position < len(words):
        header = int(words[position])
        if header & 0xFFFF == record_class.TYPE:
            starts.append(position)
        position += max(header >> 35, 1)
    width = dtype.itemsize // WORD
    index = np.asarray(starts, dtype=np.intp)[:, None] + np.arange(width, dtype=np.intp)
    return np.ascontiguousarray(words[index]).view(dtype)[:, 0]
