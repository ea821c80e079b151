"""Payloads of `Configure`: one class per kind of configuration object."""

from typing import ClassVar

import msgspec

from engine import bounds
from engine import vocabulary as v


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
    venue: int = v.VENUE_QUOTED
    volume_digits: int = 2
    """One lot is 10**volume_digits units; other than 2 on the book venue only."""
    contract: int = v.CONTRACT_FUTURES
    """What is traded, on the book venue."""
    maintenance_margin_minor: int = 0
    """Per lot of an open futures position; 0: as the initial margin."""
    depth_events: bool = False
    """Tells every change of a price level, on the book venue."""
    maker_fee_ppm: int = 0
    """Of the value of a fill, millionths; negative: a rebate."""
    taker_fee_ppm: int = 0
    maker_fee_per_lot_minor: int = 0
    """Beside the share of the value; futures only; negative: a rebate."""
    taker_fee_per_lot_minor: int = 0
    mark: int = v.MARK_BOOK
    """Where the quote comes from, on the book venue; it values positions."""
    trigger: int = v.TRIGGER_LAST
    """What triggers stop orders and stops of positions, on the book venue."""
    band_bp: int = 0
    """How far from the base price orders may be, basis points of it; 0: no such band."""
    liquidation_units: int = 0
    """Most volume of one order of a liquidation; 0: the whole position."""
    insurance_login: int = 0
    """The account that takes losses beyond zero; 0: none."""
    auto_deleveraging: bool = False
    """Closes the other side's best positions where nobody else can take a liquidation."""
    delivery_month: int = 0
    """Of a future, yyyymm; 0: none. A name."""
    expires_ns: int = 0
    """Last moment of trading of a future; 0: never, a perpetual."""
    margins: list[tuple[int, int, int]] = []
    """Margin by date: (from_ns, initial, maintenance) per lot, in place of the two above."""


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


CONFIG_CLASSES: tuple[type[Config], ...] = (
    Profile,
    Currency,
    Feed,
    Instrument,
    Group,
    Terms,
    HookSet,
)
CLASS_OF_CONFIG: dict[int, type[Config]] = {c.KIND: c for c in CONFIG_CLASSES}
