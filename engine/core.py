"""The state as one object: the tables, the indexes over them, and the counters.

This file may look up, create and index what `model/` defines; it decides nothing.
"""

from typing import Final

from mypy_extensions import i64

from engine import vocabulary as v
from engine.book.orders import Orders
from engine.conversion import make_conversion
from engine.event_writer import EventWriter
from engine.hooks import Hooks
from engine.model.accounts import Account, Exposure, Trade
from engine.model.due import DueBooks
from engine.model.evaluation import Evaluation
from engine.model.incoming import Incoming
from engine.model.instruments import Currency, Group, Instrument, Terms
from engine.model.routes import Conversion
from engine.number_table import NumberTable
from engine.price_index import ASK_DOWN, ASK_UP, BID_DOWN, BID_UP, DIRECTIONS, PriceIndex
from engine.records import Terms as TermsConfig

ROW_BITS: Final = 24
ROW_MASK: Final = 2**ROW_BITS - 1
_INSTRUMENT_BITS: Final = 13
_QUICK_INSTRUMENTS: Final = 2**_INSTRUMENT_BITS
_QUICK_LOGINS: Final = 2**48
"""A trade as one sortable number: ticket << ROW_BITS | row."""


def exposure_key(login: i64, instrument_number: i64) -> i64:
    """Login and instrument as one number; -1 for a login or instrument beyond its bits."""
    if 0 <= login < _QUICK_LOGINS and 0 <= instrument_number < _QUICK_INSTRUMENTS:
        return login << _INSTRUMENT_BITS | instrument_number
    return -1


class Core:
    """Everything that commands change. Only `dispatch.py` and what it calls may do so."""

    def __init__(self, hooks: Hooks) -> None:
        self.hooks = hooks
        self.events = EventWriter()
        self.sequence: i64 = 0
        self.time_ns: i64 = 0
        # Configuration.
        self.config_payloads: dict[tuple[int, int, int], bytes] = {}
        self.currencies: dict[int, Currency] = {}
        self.feeds: dict[int, str] = {}
        self.instruments: list[Instrument] = [Instrument(0, "")]
        self.groups: dict[int, Group] = {}
        self.overrides: dict[tuple[int, int], TermsConfig] = {}
        self.conversions: dict[int, Conversion] = {}
        # Accounts, trades, dealers.
        self.accounts: dict[int, Account] = {}
        self.trade_rows = NumberTable()
        """Ticket to row in `rows`."""
        self.dealers: dict[int, bool] = {}
        self.dealers_online: i64 = 0
        self.last_ticket: i64 = 0
        self.last_opening_number: i64 = 0
        # Rows and indexes (derived).
        self.rows: list[Trade] = []
        self.free_rows: list[Trade] = []
        self.exposures: list[Exposure] = []
        self.exposure_numbers = NumberTable()
        """Login and instrument (`exposure_key`) to number in `exposures`: the quick way."""
        self.pendings = PriceIndex()
        self.stops = PriceIndex()
        self.bands = PriceIndex()
        self.parked: dict[int, Trade] = {}
        """By row: trades with a trigger that is out of its index until a dealer could matter."""
        self.timers = PriceIndex()
        """By time instead of price: one heap, that of instrument 0, direction 0."""
        self.timers.ensure_instruments(1)
        self.orders = Orders()
        """Orders of the book venue."""
        self.order_timers = PriceIndex()
        """By time: book orders that expire, by number of their row."""
        self.order_timers.ensure_instruments(1)
        self.order_triggers = PriceIndex()
        """Book orders that wait, by number of their row."""
        self.margin_timers = PriceIndex()
        """By time: instruments whose margin changes by date, by number."""
        self.margin_timers.ensure_instruments(1)
        self.due = DueBooks()
        self.incoming = Incoming()
        self.evaluation = Evaluation()
        # Scratch of the command at work.
        self.detail: i64 = 0
        """The value that failed the last refused check."""
        self.touched: list[Account] = []
        self.found: list[int] = []
        self.marked: list[int] = []
        self.candidates: list[Account] = []
        # Counters for benchmarks; not part of the state.
        self.count_ticks: i64 = 0
        self.count_evaluations: i64 = 0
        self.count_band_exits: i64 = 0

    # ------------------------------------------------------------ look-ups

    def instrument(self, number: i64) -> Instrument | None:
        """A configured instrument, or None."""
        if number <= 0 or number >= i64(len(self.instruments)):
            return None
        instrument = self.instruments[number]
        return instrument if instrument.configured else None

    def terms(self, group: Group, instrument: Instrument) -> Terms:
        """The layers of a group in an instrument, resolved; kept until configuration changes."""
        while i64(len(group.terms)) <= instrument.number:
            group.terms.append(None)
        terms = group.terms[instrument.number]
        if terms is None:
            terms = self.resolve_terms(group, instrument)
            group.terms[instrument.number] = terms
        return terms

    def resolve_terms(self, group: Group, instrument: Instrument) -> Terms:
        """Instrument, then group, then override (SEMANTICS section 2)."""
        terms = Terms()
        terms.trade_mode = instrument.trade_mode
        terms.execution_mode = group.execution_mode
        terms.gap_policy = group.gap_policy
        terms.markup_bid_points = group.markup_bid_points
        terms.markup_ask_points = group.markup_ask_points
        terms.commission_per_lot_minor = group.commission_per_lot_minor
        terms.agent_commission_per_lot_minor = group.agent_commission_per_lot_minor
        terms.margin_percent_bp = instrument.margin_percent_bp
        terms.lot_min_units = instrument.lot_min_units
        terms.lot_max_units = instrument.lot_max_units
        terms.lot_step_units = instrument.lot_step_units
        terms.stp_pendings = group.stp_pendings
        terms.stp_stops = group.stp_stops
        override = self.overrides.get((int(group.number), int(instrument.number)))
        if override is not None:
            _apply_override(override, terms)
        if instrument.venue == v.VENUE_BOOK:
            terms.markup_bid_points = 0
            terms.markup_ask_points = 0
            terms.stp_stops = False
        return terms

    def find_exposure(self, login: i64, instrument_number: i64) -> Exposure | None:
        """The exposure of a login in an instrument, if the quick way leads to one."""
        number = self.exposure_numbers.find(exposure_key(login, instrument_number))
        return None if number < 0 else self.exposures[number]

    def conversion(self, instrument: Instrument, currency: Currency) -> Conversion:
        """How the instrument's money becomes the account's; kept until configuration changes."""
        key = int(instrument.number << 16 | currency.number)
        conversion = self.conversions.get(key)
        if conversion is None:
            conversion = make_conversion(self.instruments, self.currencies, instrument, currency)
            self.conversions[key] = conversion
        return conversion

    def exposure(self, account: Account, instrument: Instrument) -> Exposure:
        """The account's exposure in the instrument, made on first use."""
        found = account.find_exposure(instrument.number)
        if found is not None:
            return found
        terms = self.terms(account.group, instrument)
        exposure = Exposure(account, instrument, terms, len(self.exposures))
        key = exposure_key(account.login, instrument.number)
        if key >= 0:
            self.exposure_numbers.add(key, exposure.number)
        self.exposures.append(exposure)
        account.add_exposure(exposure)
        self.bands.ensure_watches(i64(len(self.exposures)) * DIRECTIONS)
        self.refresh_exposure(exposure)
        return exposure

    def refresh_exposure(self, exposure: Exposure) -> None:
        """Resolves terms and routes anew."""
        account = exposure.account
        exposure.terms = self.terms(account.group, exposure.instrument)
        conversion = self.conversion(exposure.instrument, account.currency)
        exposure.conversion = conversion
        exposure.first_step = self._step(account, conversion.profit.first)
        exposure.second_step = self._step(account, conversion.profit.second)
        instrument = exposure.instrument
        if instrument.venue == v.VENUE_BOOK and instrument.contract == v.CONTRACT_SPOT:
            exposure.base = account.make_holding(instrument.base_currency)
            exposure.quote = account.make_holding(instrument.profit_currency)

    def _step(self, account: Account, instrument: Instrument | None) -> Exposure | None:
        return None if instrument is None else self.exposure(account, instrument)

    # ------------------------------------------------------------ trades

    def find_trade(self, ticket: i64) -> Trade | None:
        """The order, request or position of a ticket."""
        row = self.trade_rows.find(ticket)
        return None if row < 0 else self.rows[row]

    def trades(self) -> list[Trade]:
        """Every order, request and position, in no order. Looks at every row."""
        return [trade for trade in self.rows if trade.ticket > 0]

    def trades_by_ticket(self) -> list[Trade]:
        """The same, by ticket."""
        keys: list[int] = []
        for trade in self.rows:
            if trade.ticket > 0:
                keys.append(trade.ticket << ROW_BITS | trade.row)
        keys.sort()
        return [self.rows[key & ROW_MASK] for key in keys]

    def new_trade(self, exposure: Exposure) -> Trade:
        """A record with the next ticket, in no list and no index."""
        self.last_ticket += 1
        return self.enter_trade(exposure, self.last_ticket)

    def enter_trade(self, exposure: Exposure, ticket: i64) -> Trade:
        """A record under a ticket, in no list and no index."""
        if len(self.free_rows) > 0:
            trade = self.free_rows.pop()
            trade.exposure = exposure
        else:
            trade = Trade(exposure, len(self.rows))
            self.rows.append(trade)
            count = i64(len(self.rows))
            self.pendings.ensure_watches(count)
            self.stops.ensure_watches(2 * count)
            self.timers.ensure_watches(count)
        trade.ticket = ticket
        self.trade_rows.add(ticket, trade.row)
        exposure.instrument.trades += 1
        return trade

    def end_trade(self, trade: Trade) -> None:
        """The ticket is no more; its record can be used again."""
        self.unwatch(trade)
        if len(self.parked) > 0:
            self.parked.pop(int(trade.row), None)
        self.trade_rows.take(trade.ticket)
        trade.exposure.instrument.trades -= 1
        trade.clear()
        self.free_rows.append(trade)

    def renumber(self, trade: Trade) -> None:
        """Gives an open position the next ticket (the rest of an mt4 partial close)."""
        self.trade_rows.take(trade.ticket)
        self.last_ticket += 1
        trade.ticket = self.last_ticket
        self.trade_rows.add(trade.ticket, trade.row)

    def in_ticket_order(self, watches: list[int], watches_per_row: i64) -> list[int]:
        """Trades of the watches as `ticket << ROW_BITS | row`, sorted."""
        keys: list[int] = []
        for watch in watches:
            row: i64 = watch // watches_per_row
            ticket = self.rows[row].ticket
            keys.append(ticket << ROW_BITS | row)
        keys.sort()
        return keys

    # ------------------------------------------------------------ watches

    def watch(self, trade: Trade) -> None:
        """Puts the trade's trigger prices and timers into the indexes, or moves them."""
        exposure = trade.exposure
        instrument = exposure.instrument.number
        terms = exposure.terms
        if trade.state == v.ORDER_PENDING:
            if terms.stp_pendings:
                self.pendings.remove(trade.row)
            else:
                rising = (trade.side == v.BUY) != (trade.order_type == v.LIMIT)
                if trade.side == v.BUY:
                    key = trade.price_points - terms.markup_ask_points
                    self._set(self.pendings, trade.row, instrument, key, rising, True)
                else:
                    key = trade.price_points - terms.markup_bid_points
                    self._set(self.pendings, trade.row, instrument, key, rising, False)
            if trade.expiry_ns > 0:
                self.timers.set(trade.row, 0, 0, trade.expiry_ns)
            else:
                self.timers.remove(trade.row)
            return
        if trade.request != v.REQUEST_NONE:
            self.timers.set(trade.row, 0, 0, trade.request_timeout_ns)
        else:
            self.timers.remove(trade.row)
        if trade.state != v.POSITION_OPEN or terms.stp_stops:
            self.stops.remove(2 * trade.row)
            self.stops.remove(2 * trade.row + 1)
            return
        buy = trade.side == v.BUY
        markup = terms.markup_bid_points if buy else terms.markup_ask_points
        if trade.take_profit_points > 0:
            key = trade.take_profit_points - markup
            self._set(self.stops, 2 * trade.row, instrument, key, buy, not buy)
        else:
            self.stops.remove(2 * trade.row)
        if trade.stop_loss_points > 0:
            key = trade.stop_loss_points - markup
            self._set(self.stops, 2 * trade.row + 1, instrument, key, not buy, not buy)
        else:
            self.stops.remove(2 * trade.row + 1)

    def _set(
        self, index: PriceIndex, watch: i64, instrument: i64, key: i64, rising: bool, at_ask: bool
    ) -> None:
        if rising:
            index.set(watch, instrument, ASK_UP if at_ask else BID_UP, key)
        else:
            index.set(watch, instrument, ASK_DOWN if at_ask else BID_DOWN, -key)

    def unwatch(self, trade: Trade) -> None:
        """Takes the trade out of every index."""
        self.pendings.remove(trade.row)
        self.stops.remove(2 * trade.row)
        self.stops.remove(2 * trade.row + 1)
        self.timers.remove(trade.row)

    def park(self, trade: Trade, index: PriceIndex, watch: i64) -> None:
        """Takes a reached trigger that is left to the dealers out of its index.

        Nothing but a dealer, a configuration or a modification can change the answer, so
        looking at it on every tick would be in vain. `watch` and `unpark` bring it back.
        """
        index.remove(watch)
        self.parked[trade.row] = trade

    def unpark(self) -> None:
        """Everything that is parked is looked at again on the next tick."""
        for trade in self.parked.values():
            self.watch(trade)
        self.parked.clear()

    def release(self) -> None:
        """Unties the cycles between the records, so that they are freed; nothing works after."""
        for exposure in self.exposures:
            exposure.first = None
            exposure.last = None
            exposure.first_step = None
            exposure.second_step = None
            exposure.account.exposures = []
        for trade in self.rows:
            trade.previous = None
            trade.next = None

    def touch(self, account: Account) -> None:
        """The account's money or positions change: it gets new bands after the command."""
        account.has_new_bands = False
        if not account.touched:
            account.touched = True
            self.touched.append(account)


def _apply_override(override: TermsConfig, terms: Terms) -> None:
    if override.trade_mode is not None:
        terms.trade_mode = override.trade_mode
    if override.execution_mode is not None:
        terms.execution_mode = override.execution_mode
    if override.gap_policy is not None:
        terms.gap_policy = override.gap_policy
    if override.markup_bid_points is not None:
        terms.markup_bid_points = override.markup_bid_points
    if override.markup_ask_points is not None:
        terms.markup_ask_points = override.markup_ask_points
    if override.commission_per_lot_minor is not None:
        terms.commission_per_lot_minor = override.commission_per_lot_minor
    if override.agent_commission_per_lot_minor is not None:
        terms.agent_commission_per_lot_minor = override.agent_commission_per_lot_minor
    if override.margin_percent_bp is not None:
        terms.margin_percent_bp = override.margin_percent_bp
    if override.lot_min_units is not None:
        terms.lot_min_units = override.lot_min_units
    if override.lot_max_units is not None:
        terms.lot_max_units = override.lot_max_units
    if override.lot_step_units is not None:
        terms.lot_step_units = override.lot_step_units
    if override.stp_pendings is not None:
        terms.stp_pendings = override.stp_pendings
    if override.stp_stops is not None:
        terms.stp_stops = override.stp_stops
