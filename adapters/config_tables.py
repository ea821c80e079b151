"""The tables of a configuration file, key by key, in human units.

This file may hold the shapes only; `config.py` turns them into records. A field of a
table is a key of the file with the same name: names instead of numbers, prices, lots,
money and percentages as decimals. What a key means to the core is told at the field of
the same name in `engine/records/`.
"""

from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec

from engine import bounds

Integer = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=31)]


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file: the keys are the fields."""


class CurrencyTable(Table, frozen=True, kw_only=True):
    code: Word
    digits: Integer = 2


class FeedTable(Table, frozen=True, kw_only=True):
    name: Word
    time_zone: str = "UTC"
    """Of the midnight from which a day zip of this feed counts."""
    crossed_quotes: Literal["error", "reject"] = "error"
    """`error`: a file with bid above ask is refused. `reject`: the core refuses each such quote."""


class MarginTable(Table, frozen=True, kw_only=True):
    """Margin of a future from a day on, per lot."""

    since: str = msgspec.field(name="from")
    initial: Decimal
    maintenance: Decimal = Decimal(0)


class InstrumentTable(Table, frozen=True, kw_only=True):
    symbol: Word
    base: str
    profit: str
    margin: str | None = None
    """Default: the base currency for the forex margin modes, otherwise the profit currency."""
    digits: Integer
    contract_size: Integer
    asset_class: str = "forex"
    profit_mode: str = "forex"
    margin_mode: str = "forex"
    trade_mode: str = "full"
    tick_size: Decimal | None = None
    tick_value: Decimal = Decimal(0)
    lot_min: Decimal = Decimal("0.01")
    lot_max: Decimal = Decimal(100)
    lot_step: Decimal = Decimal("0.01")
    position_limit: Decimal = Decimal(1000)
    margin_percent: Decimal = Decimal(100)
    initial_margin: Decimal = Decimal(0)
    hedged_size: Decimal = Decimal(0)
    stops_level_points: Integer = 0
    freeze_level_points: Integer = 0
    staleness_ms: Integer = 0
    price_min: Decimal
    price_max: Decimal
    sessions: list[str] = []
    feeds: list[str] = []
    venue: str = "quoted"
    volume_digits: Integer = 2
    contract: str = "futures"
    maintenance_margin: Decimal = Decimal(0)
    depth_events: bool = False
    maker_fee_ppm: Integer = 0
    taker_fee_ppm: Integer = 0
    maker_fee_per_lot: Decimal = Decimal(0)
    taker_fee_per_lot: Decimal = Decimal(0)
    mark: str = "book"
    trigger: str = "last"
    band_percent: Decimal = Decimal(0)
    liquidation_lots: Decimal = Decimal(0)
    insurance_login: Integer = 0
    auto_deleveraging: bool = False
    delivery_month: str | None = None
    """Such as `2014-12`."""
    expires: str | None = None
    """A time such as `2014-12-29T18:30:00Z`."""
    margins: list[MarginTable] = []


class GroupTable(Table, frozen=True, kw_only=True):
    name: Word
    currency: str
    leverage: Integer = 100
    level_type: str = "percent"
    margin_call: Decimal = Decimal(100)
    """Percent, or equity in the group's currency for level type money."""
    stop_out: Decimal = Decimal(50)
    free_margin_mode: str = "profit_and_loss"
    withdraw_free_margin: bool = False
    execution_mode: str = "auto"
    request_timeout_ms: Integer = 30_000
    trading_enabled: bool = True
    fifo: bool = False
    hedge_prohibited: bool = False
    larger_leg: bool = False
    strong_hedged: bool = False
    skip_fully_hedged: bool = False
    compensation: str = "after_stop_out"
    virtual_credit: Decimal = Decimal(0)
    max_orders: Integer = bounds.MAX_ORDERS_PER_ACCOUNT
    gap_policy: str = "classic"
    markup_bid_points: Integer = 0
    markup_ask_points: Integer = 0
    commission_per_lot: Decimal = Decimal(0)
    agent_commission_per_lot: Decimal = Decimal(0)
    stp_pendings: bool = False
    stp_stops: bool = False
    stp_stop_outs: bool = False


class TermsTable(Table, frozen=True, kw_only=True):
    group: str
    symbol: str | None = None
    asset_class: str | None = None
    """In place of `symbol`: every instrument of the class."""
    trade_mode: str | None = None
    execution_mode: str | None = None
    gap_policy: str | None = None
    markup_bid_points: Integer | None = None
    markup_ask_points: Integer | None = None
    commission_per_lot: Decimal | None = None
    agent_commission_per_lot: Decimal | None = None
    margin_percent: Decimal | None = None
    lot_min: Decimal | None = None
    lot_max: Decimal | None = None
    lot_step: Decimal | None = None
    stp_pendings: bool | None = None
    stp_stops: bool | None = None


class AccountTable(Table, frozen=True, kw_only=True):
    login: Integer
    group: str
    mode: str = "hedging"
    leverage: Integer = 0
    status: str = "enabled"
    agent: Integer = 0
    deposit: Decimal = Decimal(0)
    credit: Decimal = Decimal(0)


class ClientsTable(Table, frozen=True, kw_only=True):
    """A share of the generated clients."""

    group: str
    weight: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1
    mode: str = "hedging"
    habits: dict[str, Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]] = {}
    """Habit names with weights; empty: all habits alike."""
    deposit: tuple[Decimal, Decimal] = (Decimal(1_000), Decimal(20_000))
    """Smallest and largest opening deposit, in the group's currency."""
    leverage: list[Integer] = []
    """Leverages to choose from; empty: the group's."""
    symbols: list[str] = []
    """What they trade; empty: every instrument."""


class File(Table, frozen=True, kw_only=True):
    """The whole file, its tables still raw so that an error can name the object."""

    profile: str = "mt4"
    currency: list[dict[str, Any]]
    feed: list[dict[str, Any]] = []
    instrument: list[dict[str, Any]]
    group: list[dict[str, Any]]
    terms: list[dict[str, Any]] = []
    account: list[dict[str, Any]] = []
    clients: list[dict[str, Any]] = []
