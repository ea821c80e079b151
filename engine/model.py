"""What the core remembers: instruments, groups, accounts, trades and how they hang together.

This file may hold state and what follows from it by definition; rules live elsewhere.

- `Instrument`: configuration of a symbol and its current quote.
- `Group`, `Terms`: a group's profile, and the profile resolved for one instrument.
- `Route`, `Conversion`: how a currency converts, by which pairs.
- `Account`: money, and a list of exposures.
- `Exposure`: one account in one instrument: its positions in order of opening, its margin.
- `Trade`: one ticket, first a pending order or a request, later a position (as in MT4,
  the record is the same). Records of ended tickets are reused.

The records are not tracked by Python's cycle collector (`acyclic`), which would otherwise
walk millions of them again and again; `Core.release` unties the cycles between accounts,
exposures and trades when an engine goes.

Fields marked *derived* follow from the others and are not part of the logical state.
"""

from typing import Final

from librt.vecs import append, vec
from mypy_extensions import i64, mypyc_attr

from engine import bounds
from engine import vocabulary as v
from engine.rounding import power_of_ten, round_div, round_div_exact, round_mul_div

MINUTE_NS: Final = 60_000_000_000
WEEK_MINUTES: Final = 10_080
_MONDAY_OFFSET_MINUTES: Final = 3 * 1_440
"""1970-01-01 was a Thursday: three days after Monday."""
_WIDE: Final = 2**31


@mypyc_attr(acyclic=True)
class Currency:
    def __init__(self, number: i64, code: str, digits: i64) -> None:
        self.number = number
        self.code = code
        self.digits = digits


@mypyc_attr(acyclic=True)
class Instrument:
    """A symbol, its quote, and the factors that turn points into money."""

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


@mypyc_attr(acyclic=True)
class Route:
    """How amounts of one currency become amounts of another: no, one or two pairs.

    A step multiplies by its pair's price or divides by it. The ratio is exact; an amount
    is rounded once, at the end (SEMANTICS sections 3 and 4).
    """

    def __init__(self) -> None:
        self.exists: bool = False
        self.steps: i64 = 0
        self.first: Instrument | None = None
        self.first_divides: bool = False
        self.second: Instrument | None = None
        self.second_divides: bool = False
        self.up: i64 = 1
        self.down: i64 = 1
        self.major_exponent: i64 = 0
        """The ratio of whole units is prices x 10**major_exponent (<= 0 when multiplying)."""

    def is_priced(self) -> bool:
        """Every step has a quote."""
        first = self.first
        second = self.second
        if first is not None and first.quote_sequence == 0:
            return False
        return not (second is not None and second.quote_sequence == 0)

    def convert(self, amount_minor: i64, at_ask: bool) -> i64:
        """An amount in minor units of the source, in minor units of the target."""
        first = self.first
        if first is None:
            return amount_minor
        price = first.ask if at_ask else first.bid
        second = self.second
        if second is None:
            if self.first_divides:
                divisor: i64 = self.down * price
                return round_mul_div(amount_minor, self.up, divisor)
            return round_mul_div(amount_minor, price * self.up, self.down)
        wide_up: int = int(amount_minor) * int(self.up)
        wide_down: int = int(self.down)
        second_price = second.ask if at_ask else second.bid
        if self.first_divides:
            wide_down *= int(price)
        else:
            wide_up *= int(price)
        if self.second_divides:
            wide_down *= int(second_price)
        else:
            wide_up *= int(second_price)
        return round_div_exact(wide_up, wide_down)

    def largest(self, amount_minor: i64) -> i64:
        """An upper bound of `convert(amount, ...)` for either side; amount >= 0."""
        first = self.first
        if first is None:
            return amount_minor
        if self.second is None and amount_minor < _WIDE:
            if self.first_divides and self.up < _WIDE:
                return (amount_minor * self.up) // (self.down * first.bid) + 1
            if not self.first_divides and first.ask * self.up < _WIDE:
                return (amount_minor * first.ask * self.up) // self.down + 1
        numerator: int = int(amount_minor) * int(self.up)
        denominator: int = int(self.down)
        if self.first_divides:
            denominator *= int(first.bid)
        else:
            numerator *= int(first.ask)
        second = self.second
        if second is not None:
            if self.second_divides:
                denominator *= int(second.bid)
            else:
                numerator *= int(second.ask)
        return i64(numerator // denominator + 1)

    def margin_rate_e8(self, traded: Instrument, open_price: i64) -> i64:
        """Whole target units per whole source unit, times 10**8, at mid prices.

        One step through the traded instrument itself uses the open price.
        """
        first = self.first
        if first is None:
            return 100_000_000
        numerator: int = 100_000_000
        denominator: int = 1
        second = self.second
        doubled: int = int(first.bid) + int(first.ask)
        if second is None and first is traded:
            doubled = 2 * int(open_price)
        if self.first_divides:
            numerator *= 2
            denominator *= doubled
        else:
            numerator *= doubled
            denominator *= 2
        if second is not None:
            doubled = int(second.bid) + int(second.ask)
            if self.second_divides:
                numerator *= 2
                denominator *= doubled
            else:
                numerator *= doubled
                denominator *= 2
        if self.major_exponent >= 0:
            numerator *= int(power_of_ten(self.major_exponent))
        else:
            denominator *= int(power_of_ten(-self.major_exponent))
        return round_div_exact(numerator, denominator)


@mypyc_attr(acyclic=True)
class Conversion:
    """An instrument's profit and margin routes into one account currency."""

    def __init__(self, profit: Route, margin: Route, within_bounds: bool) -> None:
        self.profit = profit
        self.margin = margin
        self.exists: bool = profit.exists and margin.exists
        self.within_bounds = within_bounds


@mypyc_attr(acyclic=True)
class Account:
    def __init__(self, login: i64, group: Group, currency: Currency) -> None:
        self.login = login
        self.group = group
        self.currency = currency
        self.leverage: i64 = 1
        self.leverage_setting: i64 = 0
        self.mode: i64 = 0
        self.status: i64 = 0
        self.agent_login: i64 = 0
        self.balance_minor: i64 = 0
        self.credit_minor: i64 = 0
        self.margin_minor: i64 = 0
        self.entry_count: i64 = 0
        self.under_call: bool = False
        self.refused_stage: i64 = 0
        self.refused_reason: i64 = 0
        # Derived.
        self.exposures: list[Exposure] = []
        self.exposed_instruments: vec[i64] = vec[i64]()
        """Instrument numbers of `exposures`, side by side, for the look-up."""
        self.position_count: i64 = 0
        self.order_count: i64 = 0
        """Pending orders and opening requests."""
        self.request_count: i64 = 0
        """Opening requests alone."""
        self.touched: bool = False
        self.traded: bool = False
        self.candidate: bool = False

    def money_is_bounded(self) -> bool:
        """Balance and credit are small enough for another position or payment (bounds.py)."""
        limit: i64 = bounds.MAX_ACCOUNT_MONEY_MINOR
        return -limit <= self.balance_minor <= limit and self.credit_minor <= limit

    def add_exposure(self, exposure: "Exposure") -> None:
        self.exposures.append(exposure)
        self.exposed_instruments = append(self.exposed_instruments, exposure.instrument.number)

    def find_exposure(self, instrument_number: i64) -> "Exposure | None":
        """The account's exposure in an instrument, if it has one."""
        numbers = self.exposed_instruments
        at: i64 = 0
        while at < i64(len(numbers)):
            if numbers[at] == instrument_number:
                return self.exposures[at]
            at += 1
        return None


@mypyc_attr(acyclic=True)
class SideSums:
    """Sums over the positions of one side: units, cost (points x units), units x rate."""

    def __init__(self) -> None:
        self.units: i64 = 0
        self.cost: i64 = 0
        self.rated: i64 = 0

    def add(self, volume_units: i64, cost: i64, rate_e8: i64) -> None:
        self.units += volume_units
        self.cost += cost
        self.rated += volume_units * rate_e8


@mypyc_attr(acyclic=True)
class Exposure:
    """One account in one instrument."""

    def __init__(self, account: Account, instrument: Instrument, terms: Terms, number: i64) -> None:
        self.account = account
        self.instrument = instrument
        self.number = number
        """Dense; the exposure's four band watches are 4 x number + direction."""
        self.terms = terms
        self.first: Trade | None = None
        self.count: i64 = 0
        self.conversion: Conversion | None = None
        self.first_step: Exposure | None = None
        self.second_step: Exposure | None = None
        self.last: Trade | None = None
        self.buys = SideSums()
        self.sells = SideSums()
        self.order_buy_units: i64 = 0
        self.order_sell_units: i64 = 0
        self.order_buys: i64 = 0
        self.order_sells: i64 = 0
        self.margin_minor: i64 = 0
        # Scratch of risk.py, valid within one evaluation.
        self.converts_at_bid: bool = False
        self.converts_at_ask: bool = False

    def append_position(self, trade: "Trade") -> None:
        """Adds a newly opened position at the end of the order of opening."""
        last = self.last
        trade.previous = last
        trade.next = None
        if last is None:
            self.first = trade
        else:
            last.next = trade
        self.last = trade
        self.count += 1
        self.count_in(trade)

    def remove_position(self, trade: "Trade") -> None:
        before = trade.previous
        after = trade.next
        if before is None:
            self.first = after
        else:
            before.next = after
        if after is None:
            self.last = before
        else:
            after.previous = before
        trade.previous = None
        trade.next = None
        self.count -= 1
        self.count_out(trade)

    def count_in(self, trade: "Trade") -> None:
        """Adds a position to the sums of its side."""
        sums = self.buys if trade.side == v.BUY else self.sells
        sums.add(trade.volume_units, trade.open_cost, trade.margin_rate_e8)

    def count_out(self, trade: "Trade") -> None:
        """Takes a position off the sums of its side; what changes one does both around it."""
        sums = self.buys if trade.side == v.BUY else self.sells
        sums.add(-trade.volume_units, -trade.open_cost, trade.margin_rate_e8)

    def add_order(self, side: i64, volume_units: i64, count: i64) -> None:
        """Counts a pending order or opening request in (1) or out (-1)."""
        if side == v.BUY:
            self.order_buy_units += count * volume_units
            self.order_buys += count
        else:
            self.order_sell_units += count * volume_units
            self.order_sells += count
        self.account.order_count += count

    def bid(self) -> i64:
        return self.instrument.bid + self.terms.markup_bid_points

    def ask(self) -> i64:
        return self.instrument.ask + self.terms.markup_ask_points

    def opening_price(self, side: i64) -> i64:
        return self.ask() if side == v.BUY else self.bid()

    def closing_price(self, side: i64) -> i64:
        return self.bid() if side == v.BUY else self.ask()


@mypyc_attr(acyclic=True)
class Trade:
    """One ticket: a pending order, a request for a dealer, or a position."""

    def __init__(self, exposure: Exposure, row: i64) -> None:
        # What an evaluation reads stands together: it is one memory access then.
        self.exposure = exposure
        self.next: Trade | None = None
        self.side: i64 = 0
        self.volume_units: i64 = 0
        self.open_leg_minor: i64 = 0
        """Derived: the leg at opening, in the profit currency."""
        self.open_cost: i64 = 0
        """Sum of price x volume; exact where netting averages."""
        self.row = row
        """Dense; watches: pending `row`, take profit 2 x row, stop loss 2 x row + 1."""
        self.ticket: i64 = 0
        self.state: i64 = 0
        self.order_type: i64 = 0
        self.price_points: i64 = 0
        self.limit_price_points: i64 = 0
        self.stop_loss_points: i64 = 0
        self.take_profit_points: i64 = 0
        self.expiry_ns: i64 = 0
        self.margin_rate_e8: i64 = 0
        self.commission_minor: i64 = 0
        self.opening_number: i64 = 0
        """Order of opening among all positions."""
        self.open_time_ns: i64 = 0
        self.refused_stage: i64 = 0
        self.refused_reason: i64 = 0
        self.request: i64 = v.REQUEST_NONE
        self.request_volume_units: i64 = 0
        self.request_price_points: i64 = 0
        self.request_deviation_points: i64 = 0
        self.request_timeout_ns: i64 = 0
        self.previous: Trade | None = None

    def open_price_points(self) -> i64:
        """The price shown: cost by volume, rounded where netting averaged."""
        return round_div(self.open_cost, self.volume_units)

    def clear(self) -> None:
        """Makes the record ready for another ticket."""
        self.ticket = 0
        self.state = 0
        self.limit_price_points = 0
        self.expiry_ns = 0
        self.open_cost = 0
        self.margin_rate_e8 = 0
        self.commission_minor = 0
        self.opening_number = 0
        self.open_time_ns = 0
        self.open_leg_minor = 0
        self.refused_stage = 0
        self.refused_reason = 0
        self.request = v.REQUEST_NONE
        self.request_volume_units = 0
        self.request_price_points = 0
        self.request_deviation_points = 0
        self.request_timeout_ns = 0
        self.previous = None
        self.next = None
