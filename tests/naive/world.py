"""What the naive engine keeps: plain dictionaries of plain objects, and the list of events.

This file may hold data and look-ups, no rule. Money is in minor units, volume in units of
0.01 lot, prices in points, time in nanoseconds; a margin rate is times 10**8.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from engine import records as r
from engine import vocabulary as v


class Refused(Exception):
    """A check failed: the code, the value that failed, and the instrument if known."""

    def __init__(self, code: int, detail: int = 0) -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail


@dataclass
class Quote:
    bid: int
    ask: int
    previous_bid: int
    previous_ask: int
    """0 when this is the first quote."""
    time_ns: int
    sequence: int


@dataclass
class FeedState:
    active: int
    last_ns: dict[int, int]


@dataclass
class Order:
    """A pending order, or a market order that waits for a dealer."""

    ticket: int
    login: int
    instrument: int
    order_type: int
    side: int
    volume: int
    price: int
    limit_price: int
    stop_loss: int
    take_profit: int
    expiry_ns: int
    deviation: int
    state: int = v.ORDER_PENDING
    timeout_ns: int = 0
    refused: tuple[int, int] = (0, 0)


@dataclass
class CloseRequest:
    volume: int
    timeout_ns: int


@dataclass
class Position:
    ticket: int
    login: int
    instrument: int
    side: int
    volume: int
    open_cost: int
    open_price: int
    stop_loss: int
    take_profit: int
    margin_rate_e8: int
    commission: int
    opened: int
    """Place in the order of opening."""
    close_request: CloseRequest | None = None
    refused: tuple[int, int] = (0, 0)


@dataclass
class BookOrder:
    """An order of the book venue: on its way through the book, at rest in it, or waiting."""

    ticket: int
    login: int
    instrument: int
    order_type: int
    side: int
    left: int
    price: int
    """0 for a market or stop order."""
    time_in_force: int
    flags: int
    self_trade: int
    expiry_ns: int
    trigger: int = 0
    """The price that it waits for; 0 where it waits for none."""
    shown_units: int = 0
    """Iceberg: the most that it shows; 0: all of it."""
    entered: int = 0
    """Place in its price level, given anew when an iceberg shows more; 0: it does not rest."""
    shown: int = 0
    """What of it the book shows, while it rests."""
    budget: int = 0
    """What a market order that buys spot still has frozen."""
    worst: int | None = None
    """Of a liquidation: it takes nothing at a price worse than this."""

    @property
    def volume(self) -> int:
        return self.left


@dataclass
class Account:
    login: int
    group: int
    leverage: int
    """As set; 0 takes the group's."""
    mode: int
    status: int
    agent: int
    balance: int = 0
    credit: int = 0
    ledger_margin: int = 0
    """Running total of the margin entries."""
    entries: int = 0
    margins: dict[int, int] = field(default_factory=dict)
    """Margin by instrument, as of the last change of the positions in it."""
    under_call: bool = False
    refused: tuple[int, int] = (0, 0)
    holdings: dict[int, int] = field(default_factory=dict)
    """Money in other currencies than its own."""


class Terms(NamedTuple):
    """Terms over group over instrument, for one group and instrument."""

    trade_mode: int
    execution_mode: int
    gap_policy: int
    markup_bid: int
    markup_ask: int
    commission_per_lot: int
    agent_commission_per_lot: int
    margin_percent_bp: int
    lot_min: int
    lot_max: int
    lot_step: int
    stp_pendings: bool
    stp_stops: bool


class NoHooks:
    """Every hook absent."""

    pendings_filter: Any = None
    stops_filter: Any = None
    stop_outs_filter: Any = None
    pendings_apply: Any = None
    stops_apply: Any = None
    stop_outs_apply: Any = None


class World:
    """The whole state of the naive engine."""

    def __init__(self, hooks: Any = None) -> None:
        self.hooks: Any = hooks if hooks is not None else NoHooks()
        self.sequence = 0
        self.time_ns = 0
        self.command_time_ns = 0
        self.last_ticket = 0
        self.last_opened = 0
        self.currencies: dict[int, r.Currency] = {}
        self.feeds: dict[int, r.Feed] = {}
        self.instruments: dict[int, r.Instrument] = {}
        self.groups: dict[int, r.Group] = {}
        self.overrides: dict[tuple[int, int], r.Terms] = {}
        self.quotes: dict[int, Quote] = {}
        self.feed_states: dict[int, FeedState] = {}
        self.accounts: dict[int, Account] = {}
        self.orders: dict[int, Order] = {}
        self.positions: dict[int, Position] = {}
        self.book_orders: dict[int, BookOrder] = {}
        self.depths: dict[int, dict[tuple[int, int], tuple[int, int]]] = {}
        """By instrument: side and price to volume and orders, when it was last looked at."""
        self.last_entered = 0
        self.waiting_orders: dict[int, BookOrder] = {}
        """Stop and stop-limit orders of the book venue that are not triggered yet."""
        self.phases: dict[int, int] = {}
        """By book instrument; none: continuous."""
        self.base_prices: dict[int, int] = {}
        """By book instrument: of its last auction or daily settlement."""
        self.last_prices: dict[int, int] = {}
        """By book instrument: of its last fill."""
        self.margins_as_of: dict[int, int] = {}
        """By instrument: when it last looked at its margin by date."""
        self.dealers: dict[int, bool] = {}
        self.touched: list[int] = []
        """Logins with a fill or a close in this command."""
        self.filled: list[int] = []
        """Book instruments with a fill in this command."""
        self.due: list[int] = []
        """Book instruments that something happened to, the first one first."""
        self.events: list[r.Event] = []

    def emit(self, event: type[r.Event], **fields: int) -> None:
        """Append an event of the current command."""
        stamped = {"sequence": self.sequence, "time_ns": self.command_time_ns, **fields}
        self.events.append(event(**stamped))

    def new_ticket(self) -> int:
        self.last_ticket += 1
        return self.last_ticket

    def tick_sequence(self, instrument: int) -> int:
        quote = self.quotes.get(instrument)
        return quote.sequence if quote is not None else 0

    # Look-ups by scanning.

    def orders_of(self, login: int) -> list[Order]:
        return [o for _, o in sorted(self.orders.items()) if o.login == login]

    def book_orders_of(self, login: int, instrument: int | None = None) -> list[BookOrder]:
        """Orders of the book venue in ticket order, of one instrument or all."""
        found = [o for _, o in sorted(self.book_orders.items()) if o.login == login]
        return [o for o in found if instrument is None or o.instrument == instrument]

    def waiting_orders_of(self, login: int, instrument: int | None = None) -> list[BookOrder]:
        """Orders that wait for a trigger, in ticket order, of one instrument or all."""
        found = [o for _, o in sorted(self.waiting_orders.items()) if o.login == login]
        return [o for o in found if instrument is None or o.instrument == instrument]

    def orders_counted(self, login: int) -> int:
        """What the most orders of an account are held against."""
        on_book = len(self.book_orders_of(login)) + len(self.waiting_orders_of(login))
        return len(self.orders_of(login)) + on_book

    def positions_of(self, login: int, instrument: int | None = None) -> list[Position]:
        """Open positions in ticket order, of one instrument or all."""
        found = [p for _, p in sorted(self.positions.items()) if p.login == login]
        return [p for p in found if instrument is None or p.instrument == instrument]

    def netting_position(self, account: Account, instrument: int) -> Position | None:
        """The one position of a netting account in an instrument."""
        if account.mode != v.NETTING:
            return None
        held = self.positions_of(account.login, instrument)
        assert len(held) <= 1, "a netting account has one position per instrument"
        return held[0] if held else None

    def on_book(self, instrument: int) -> bool:
        """Whether the instrument trades on the book venue."""
        return self.instruments[instrument].venue == v.VENUE_BOOK

    def phase_of(self, instrument: int) -> int:
        return self.phases.get(instrument, v.PHASE_CONTINUOUS)

    def expired(self, instrument: int) -> bool:
        """Settled for good, or past its last moment of trading."""
        expires_ns = self.instruments[instrument].expires_ns
        past = 0 < expires_ns <= self.time_ns
        return past or self.phase_of(instrument) == v.PHASE_EXPIRED

    def group_of(self, account: Account) -> r.Group:
        return self.groups[account.group]

    def currency_of(self, account: Account) -> r.Currency:
        return self.currencies[self.group_of(account).currency]

    def leverage_of(self, account: Account) -> int:
        return account.leverage or self.group_of(account).leverage

    def dealers_online(self) -> int:
        return sum(1 for online in self.dealers.values() if online)

    def terms(self, account: Account, instrument: int) -> Terms:
        """The terms that hold for an account in an instrument now."""
        return resolve_terms(
            self.instruments[instrument],
            self.group_of(account),
            self.overrides.get((account.group, instrument)),
        )

    # Prices of a group.

    def group_bid(self, account: Account, instrument: int) -> int:
        if self.on_book(instrument):
            return self.quotes[instrument].bid
        return self.quotes[instrument].bid + self.terms(account, instrument).markup_bid

    def group_ask(self, account: Account, instrument: int) -> int:
        if self.on_book(instrument):
            return self.quotes[instrument].ask
        return self.quotes[instrument].ask + self.terms(account, instrument).markup_ask

    def opening_price(self, account: Account, instrument: int, side: int) -> int:
        if side == v.BUY:
            return self.group_ask(account, instrument)
        return self.group_bid(account, instrument)

    def closing_price(self, account: Account, instrument: int, side: int) -> int:
        """Price at which a position of this side closes."""
        return self.opening_price(account, instrument, v.SELL if side == v.BUY else v.BUY)

    def session_open(self, instrument: int) -> bool:
        """Whether the current time lies in a session; no sessions: always."""
        sessions = self.instruments[instrument].sessions
        minutes = self.time_ns // 60_000_000_000
        minute_of_week = (minutes + 3 * 1440) % 10_080  # 1970-01-01 was a Thursday
        return not sessions or any(o <= minute_of_week < c for o, c in sessions)


def resolve_terms(instrument: r.Instrument, group: r.Group, override: r.Terms | None) -> Terms:
    """Layer by layer: a value of None leaves the layer below."""

    def layer(name: str, below: Any) -> Any:
        value = getattr(override, name) if override is not None else None
        return below if value is None else value

    return Terms(
        trade_mode=layer("trade_mode", instrument.trade_mode),
        execution_mode=layer("execution_mode", group.execution_mode),
        gap_policy=layer("gap_policy", group.gap_policy),
        markup_bid=layer("markup_bid_points", group.markup_bid_points),
        markup_ask=layer("markup_ask_points", group.markup_ask_points),
        commission_per_lot=layer("commission_per_lot_minor", group.commission_per_lot_minor),
        agent_commission_per_lot=layer(
            "agent_commission_per_lot_minor", group.agent_commission_per_lot_minor
        ),
        margin_percent_bp=layer("margin_percent_bp", instrument.margin_percent_bp),
        lot_min=layer("lot_min_units", instrument.lot_min_units),
        lot_max=layer("lot_max_units", instrument.lot_max_units),
        lot_step=layer("lot_step_units", instrument.lot_step_units),
        stp_pendings=layer("stp_pendings", group.stp_pendings),
        stp_stops=layer("stp_stops", group.stp_stops),
    )
