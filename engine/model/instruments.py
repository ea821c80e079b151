"""Currencies, instruments with their quotes, groups and the terms resolved for both."""

from typing import Final

from mypy_extensions import i64, mypyc_attr

from engine import bounds
from engine import vocabulary as v
from engine.book.book import Book
from engine.rounding import round_div

MINUTE_NS: Final = 60_000_000_000
WEEK_MINUTES: Final = 10_080
_DAY_NS: Final = 1_440 * MINUTE_NS
_MONDAY_OFFSET_MINUTES: Final = 3 * 1_440
"""1970-01-01 was a Thursday: three days after Monday."""


@mypyc_attr(acyclic=True)
class Currency:
    def __init__(self, number: i64, code: str, digits: i64) -> None:
        self.number = number
        self.code = code
        self.digits = digits


@mypyc_attr(acyclic=True)
class Instrument:
    """A symbol, its quote, and the factors that turn points into money."""

    # Of the book venue (RULES section 9): terms, then state, then what is derived.
    mark: i64 = 0
    trigger: i64 = 0
    band_bp: i64 = 0
    liquidation_units: i64 = 0
    insurance_login: i64 = 0
    auto_deleveraging: bool = False
    expires_ns: i64 = 0
    phase: i64 = 0
    last_points: i64 = 0
    """Price of the last fill; 0: none yet."""
    base_points: i64 = 0
    """The price that the band is around; 0: none."""
    margin_row: i64 = -1
    """Place in `margins` of the margin in force; -1: it is that of the instrument."""
    filled_sequence: i64 = 0
    """Of the last command that made a fill in it; counts within that command only."""
    is_due: bool = False
    """It waits in the core's list of books that have a round."""
    next_due: "Instrument | None" = None
    """The one after it there."""
    watched: i64 = 0
    """Orders that wait and positions with stops: while 0, no price triggers anything."""

    def __init__(self, number: i64, symbol: str) -> None:
        self.number = number
        self.symbol = symbol
        self.configured: bool = False
        self.base_currency: i64 = 0
        self.profit_currency: i64 = 0
        self.margin_currency: i64 = 0
        self.digits: i64 = 0
        self.contract_size: i64 = 0
        self.profit_mode: i64 = 0
        self.margin_mode: i64 = 0
        self.trade_mode: i64 = 0
        self.tick_size_points: i64 = 1
        self.tick_value_minor: i64 = 0
        self.lot_min_units: i64 = 0
        self.lot_max_units: i64 = 0
        self.lot_step_units: i64 = 0
        self.position_limit_units: i64 = 0
        self.margin_percent_bp: i64 = 0
        self.initial_margin_minor: i64 = 0
        self.hedged_size: i64 = 0
        self.stops_level_points: i64 = 0
        self.freeze_level_points: i64 = 0
        self.staleness_ns: i64 = 0
        # An empty band: no quote fits an instrument that is not configured.
        self.price_min_points: i64 = 1
        self.price_max_points: i64 = 0
        self.sessions: list[tuple[int, int]] = []
        self.feeds: list[int] = []
        self.venue: i64 = 0
        self.contract: i64 = 0
        self.lot_units: i64 = 100
        self.maintenance_margin_minor: i64 = 0
        self.maker_fee_ppm: i64 = 0
        self.taker_fee_ppm: i64 = 0
        self.maker_fee_per_lot_minor: i64 = 0
        self.taker_fee_per_lot_minor: i64 = 0
        self.margins: list[tuple[int, int, int]] = []
        """Margin by date: from when, initial, maintenance per lot."""
        # Quote.
        self.bid: i64 = 0
        self.ask: i64 = 0
        self.previous_bid: i64 = 0
        self.previous_ask: i64 = 0
        self.quote_time_ns: i64 = 0
        self.quote_sequence: i64 = 0
        self.active_feed: i64 = 0
        # Derived.
        self.leg_scale: i64 = 1
        self.leg_divisor: i64 = 1
        self.initial_per_unit_minor: i64 = 0
        self.maintenance_per_unit_minor: i64 = 0
        """Futures margin of one unit."""
        self.base_per_unit_minor: i64 = 0
        """Spot: what one unit is in the base currency."""
        self.book: Book | None = None
        self.trades: i64 = 0
        self.session_from_ns: i64 = 0
        self.session_to_ns: i64 = 0
        self.session_is_open: bool = False

    def leg_minor(self, cost: i64) -> i64:
        """Value of a cost (points x units) in the profit currency (RULES section 7)."""
        return round_div(cost * self.contract_size * self.leg_scale, self.leg_divisor)

    def forget_quote(self) -> None:
        """As before the first quote; an old one means nothing in other digits or bands."""
        self.bid = 0
        self.ask = 0
        self.previous_bid = 0
        self.previous_ask = 0
        self.quote_time_ns = 0
        self.quote_sequence = 0
        self.active_feed = 0

    def trigger_price(self, side: i64) -> i64:
        """Which price triggers orders of a side on the book venue; 0: there is none yet."""
        if self.trigger == v.TRIGGER_LAST:
            return self.last_points
        return self.ask if side == v.BUY else self.bid

    def is_trading(self, time_ns: i64) -> bool:
        """A book in which orders meet now (RULES section 9)."""
        return (
            self.phase == v.PHASE_CONTINUOUS
            and (self.expires_ns == 0 or time_ns < self.expires_ns)
            and self.session_open(time_ns)
        )

    def highest_price(self) -> i64:
        """No price of a fill or a close is above it; the bound of a leg counts on that."""
        return self.price_max_points + bounds.MAX_MARKUP_POINTS

    def is_gap(self) -> bool:
        """The last quote jumped over the one before (SEMANTICS section 8)."""
        return self.previous_bid > 0 and (
            self.bid > self.previous_ask or self.ask < self.previous_bid
        )

    def session_open(self, time_ns: i64) -> bool:
        """Trading sessions hold this time. The answer is kept until it can change."""
        if self.session_from_ns <= time_ns < self.session_to_ns:
            return self.session_is_open
        if len(self.sessions) == 0:
            self.session_from_ns = 0
            self.session_to_ns = bounds.MAX_TIME_NS
            self.session_is_open = True
            return True
        total_minutes: i64 = time_ns // MINUTE_NS + _MONDAY_OFFSET_MINUTES
        minute = total_minutes % WEEK_MINUTES
        week_start_ns: i64 = (total_minutes - minute - _MONDAY_OFFSET_MINUTES) * MINUTE_NS
        last_close: i64 = 0
        self.session_is_open = False
        self.session_to_ns = week_start_ns + WEEK_MINUTES * MINUTE_NS
        for opening, closing in self.sessions:
            if minute < opening:
                self.session_to_ns = week_start_ns + opening * MINUTE_NS
                break
            if minute < closing:
                self.session_is_open = True
                last_close = opening
                self.session_to_ns = week_start_ns + closing * MINUTE_NS
                break
            last_close = closing
        self.session_from_ns = week_start_ns + last_close * MINUTE_NS
        return self.session_is_open

    def day_end_ns(self, time_ns: i64) -> i64:
        """When a day order of now expires: with the session, at midnight UTC without sessions."""
        if len(self.sessions) > 0 and self.session_open(time_ns):
            return self.session_to_ns
        return (time_ns // _DAY_NS + 1) * _DAY_NS

    def quote_is_stale(self, time_ns: i64) -> bool:
        return self.staleness_ns > 0 and time_ns - self.quote_time_ns > self.staleness_ns


@mypyc_attr(acyclic=True)
class Terms:
    """What holds for one group in one instrument: all layers resolved."""

    def __init__(self) -> None:
        self.trade_mode: i64 = 0
        self.execution_mode: i64 = 0
        self.gap_policy: i64 = 0
        self.markup_bid_points: i64 = 0
        self.markup_ask_points: i64 = 0
        self.commission_per_lot_minor: i64 = 0
        self.agent_commission_per_lot_minor: i64 = 0
        self.margin_percent_bp: i64 = 0
        self.lot_min_units: i64 = 0
        self.lot_max_units: i64 = 0
        self.lot_step_units: i64 = 0
        self.stp_pendings: bool = False
        self.stp_stops: bool = False


@mypyc_attr(acyclic=True)
class Group:
    def __init__(self, number: i64, name: str) -> None:
        self.number = number
        self.name = name
        self.currency: i64 = 0
        self.leverage: i64 = 1
        self.level_type: i64 = 0
        self.margin_call_level: i64 = 0
        self.stop_out_level: i64 = 0
        self.free_margin_mode: i64 = 0
        self.withdraw_free_margin: bool = False
        self.execution_mode: i64 = 0
        self.request_timeout_ns: i64 = 0
        self.trading_enabled: bool = True
        self.fifo: bool = False
        self.hedge_prohibited: bool = False
        self.larger_leg: bool = False
        self.strong_hedged: bool = False
        self.skip_fully_hedged: bool = False
        self.compensation: i64 = 0
        self.virtual_credit_minor: i64 = 0
        self.max_orders: i64 = 0
        self.gap_policy: i64 = 0
        self.markup_bid_points: i64 = 0
        self.markup_ask_points: i64 = 0
        self.commission_per_lot_minor: i64 = 0
        self.agent_commission_per_lot_minor: i64 = 0
        self.stp_pendings: bool = False
        self.stp_stops: bool = False
        self.stp_stop_outs: bool = False
        # Derived.
        self.accounts: i64 = 0
        self.terms: list[Terms | None] = []
