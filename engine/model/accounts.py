"""Accounts, their exposures in instruments, and trades: orders, requests and positions."""

from librt.vecs import append, vec
from mypy_extensions import i64, mypyc_attr

from engine import bounds
from engine import vocabulary as v
from engine.book.orders import NO_ROW
from engine.model.instruments import Currency, Group, Instrument, Terms
from engine.model.routes import Conversion
from engine.rounding import round_div


@mypyc_attr(acyclic=True)
class Account:
    def __init__(self, login: i64, group: Group, currency: Currency) -> None:
        # What orders and fills touch stands together: few memory accesses instead of many.
        self.login = login
        self.group = group
        self.status: i64 = 0
        self.position_count: i64 = 0
        """Derived."""
        self.balance_minor: i64 = 0
        self.credit_minor: i64 = 0
        self.margin_minor: i64 = 0
        self.frozen_minor: i64 = 0
        """Derived: of the account's own currency, for orders in books."""
        self.entry_count: i64 = 0
        self.order_count: i64 = 0
        """Derived: pending orders, opening requests and orders in books."""
        self.reserved_positions: i64 = 0
        """Derived: exposures that reserve one for their orders in books."""
        # Scratch of the command at work.
        self.touched: bool = False
        self.changed_positions: bool = False
        self.candidate: bool = False
        self.has_new_bands: bool = False
        """It was touched, and has been evaluated since."""
        self.under_call: bool = False
        self.is_agent: bool = False
        """Derived: some account names or named it as its agent."""
        self.mode: i64 = 0
        self.exposures: list[Exposure] = []
        self.exposed_instruments: vec[i64] = vec[i64]()
        """Derived: instrument numbers of `exposures`, side by side, for the look-up."""
        self.request_count: i64 = 0
        """Derived: opening requests alone."""
        self.holdings: list[Holding] = []
        """Other currencies, in order of first use."""
        self.leverage: i64 = 1
        self.leverage_setting: i64 = 0
        self.agent_login: i64 = 0
        self.currency = currency
        self.refused_stage: i64 = 0
        self.refused_reason: i64 = 0

    def money_is_bounded(self) -> bool:
        """Balance and credit are small enough for another position or payment (bounds.py)."""
        limit: i64 = bounds.MAX_ACCOUNT_MONEY_MINOR
        return -limit <= self.balance_minor <= limit and self.credit_minor <= limit

    def holding(self, currency: i64) -> "Holding | None":
        """What the account has of another currency than its own, if it ever had any."""
        for holding in self.holdings:
            if holding.currency == currency:
                return holding
        return None

    def make_holding(self, currency: i64) -> "Holding | None":
        """The holding of a currency, made on first use; None for the account's own."""
        if currency == self.currency.number:
            return None
        holding = self.holding(currency)
        if holding is None:
            holding = Holding(currency)
            self.holdings.append(holding)
        return holding

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
class Holding:
    """What an account owns of a currency that is not its own."""

    def __init__(self, currency: i64) -> None:
        self.currency = currency
        self.balance_minor: i64 = 0
        self.frozen_minor: i64 = 0
        """Derived: for orders in books."""


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
        self.buy_units: i64 = 0
        self.sell_units: i64 = 0
        """Volume of the positions of a side."""
        self.net_units: i64 = 0
        """Volume of buys less that of sells."""
        self.net_cost: i64 = 0
        """Open cost of buys less that of sells."""
        self.band_low_points: i64 = 0
        self.band_high_points: i64 = 0
        """Of the quote, where `risk.py` keeps both for a book; 0, 0: it does not."""
        self.order_buy_units: i64 = 0
        self.order_sell_units: i64 = 0
        self.order_buys: i64 = 0
        self.order_sells: i64 = 0
        # Of the book venue. All derived.
        self.opening_buy_units: i64 = 0
        self.opening_sell_units: i64 = 0
        """Volume of orders that are not reduce-only."""
        self.frozen_minor: i64 = 0
        """Futures: for orders, beyond what the position has."""
        self.first_order: i64 = NO_ROW
        """The account's orders in the book, the newest first."""
        self.reduce_orders: i64 = 0
        self.reserves_position: bool = False
        """Futures: there are orders and no position yet; one is kept free for them."""
        self.margin_minor: i64 = 0
        self.first: Trade | None = None
        self.count: i64 = 0
        self.conversion: Conversion | None = None
        self.first_step: Exposure | None = None
        self.second_step: Exposure | None = None
        self.last: Trade | None = None
        self.buys = SideSums()
        self.sells = SideSums()
        """For the margin of quoted instruments; that of a book follows from `net_units`."""
        self.base: Holding | None = None
        self.quote: Holding | None = None
        """Spot: the holdings that are traded; None is the account's own currency."""
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
        self._count(trade.side, trade.volume_units, trade.open_cost, trade.margin_rate_e8)

    def count_out(self, trade: "Trade") -> None:
        """Takes a position off the sums of its side; what changes one does both around it."""
        self._count(trade.side, -trade.volume_units, -trade.open_cost, trade.margin_rate_e8)

    def _count(self, side: i64, volume_units: i64, cost: i64, rate_e8: i64) -> None:
        if side == v.BUY:
            self.buy_units += volume_units
            self.net_units += volume_units
            self.net_cost += cost
        else:
            self.sell_units += volume_units
            self.net_units -= volume_units
            self.net_cost -= cost
        if self.instrument.venue == v.VENUE_QUOTED:
            sums = self.buys if side == v.BUY else self.sells
            sums.add(volume_units, cost, rate_e8)

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
        self.refused_stage: i64 = 0
        self.refused_reason: i64 = 0
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
        self.request: i64 = v.REQUEST_NONE
        self.request_volume_units: i64 = 0
        self.request_price_points: i64 = 0
        self.request_deviation_points: i64 = 0
        self.request_timeout_ns: i64 = 0
        self.previous: Trade | None = None

    def open_price_points(self) -> i64:
        """The price shown: cost by volume, rounded where netting averaged."""
        return round_div(self.open_cost, self.volume_units)

    def reaches_profit(self, price_points: i64) -> bool:
        """The take profit is set, and closing at this price is at it or beyond."""
        if self.take_profit_points == 0:
            return False
        if self.side == v.BUY:
            return price_points >= self.take_profit_points
        return price_points <= self.take_profit_points

    def reaches_loss(self, price_points: i64) -> bool:
        """The stop loss is set, and closing at this price is at it or beyond."""
        if self.stop_loss_points == 0:
            return False
        if self.side == v.BUY:
            return price_points <= self.stop_loss_points
        return price_points >= self.stop_loss_points

    def has_stops(self) -> i64:
        """1 with a stop loss or take profit, else 0."""
        if self.stop_loss_points > 0 or self.take_profit_points > 0:
            return 1
        return 0

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
