"""Orders that wait, and stops of positions, whose price is reached (RULES section 9).

    detect waiting orders -> stops of positions -> activate what was detected

The order is that of a tick (seed 004). This file may send orders to the book; the price that
triggers is the one at the start, whatever the orders sent do to it.
"""

from mypy_extensions import i64

from engine import vocabulary as v
from engine.book.orders import (
    FLAGS,
    LIMIT,
    OWNER_SHIFT,
    REDUCES,
    ROW_WORDS,
    SELF_TRADE_MASK,
    SELF_TRADE_SHIFT,
    SELLS,
    TICKET,
    TIME_IN_FORCE_MASK,
    TIME_IN_FORCE_SHIFT,
    UNITS,
)
from engine.command_reader import reject
from engine.core import ROW_MASK, Core
from engine.exchange.admit import admit_activation
from engine.exchange.closing import prepare_closing, send, would_fill
from engine.exchange.match import finish
from engine.exchange.pipeline import execute
from engine.exchange.resting import removed, stop_waiting
from engine.model.accounts import Exposure, Trade
from engine.model.incoming import Incoming
from engine.model.instruments import Instrument
from engine.tick.refusals import note_refusal


def run_triggers(core: Core, instrument: Instrument) -> None:
    """Everything in the instrument that its trigger price reaches."""
    sells_at = instrument.trigger_price(v.SELL)
    buys_at = instrument.trigger_price(v.BUY)
    if sells_at == 0 or not instrument.is_trading(core.time_ns):
        return
    tickets = _detect(core, instrument, sells_at, buys_at)
    _stops(core, instrument, sells_at, buys_at)
    for ticket in tickets:
        row = core.orders.find(ticket)
        if row >= 0:
            _activate(core, row, sells_at, buys_at)


def _detect(core: Core, instrument: Instrument, sells_at: i64, buys_at: i64) -> list[int]:
    """Tickets of the waiting orders that are reached, in order."""
    found: list[int] = []
    core.order_triggers.find_reached(instrument.number, sells_at, buys_at, found)
    tickets: list[int] = []
    for number in found:
        row: i64 = number * ROW_WORDS
        tickets.append(core.orders.rows[row + TICKET])
    tickets.sort()
    return tickets


def _stops(core: Core, instrument: Instrument, sells_at: i64, buys_at: i64) -> None:
    """Take profit, then stop loss, of every position that is reached, by ticket."""
    found: list[int] = []
    if not core.stops.find_reached(instrument.number, sells_at, buys_at, found):
        return
    last = -1
    for key in core.in_ticket_order(found, 2):
        if key == last:
            continue
        last = key
        trade = core.rows[key & ROW_MASK]
        if trade.ticket != key // (ROW_MASK + 1):
            continue
        price = sells_at if trade.side == v.BUY else buys_at
        if trade.reaches_profit(price) and _close(core, trade, v.STAGE_TAKE_PROFIT, price):
            continue
        if trade.reaches_loss(price):
            _close(core, trade, v.STAGE_STOP_LOSS, price)


def _close(core: Core, trade: Trade, stage: i64, price: i64) -> bool:
    """A closing order of the whole position. False leaves it for the next round."""
    exposure = trade.exposure
    if exposure.terms.trade_mode == v.TRADE_DISABLED:
        note_refusal(core, trade, stage, v.REFUSED_NOT_TRADABLE)
        return True
    incoming = prepare_closing(core, trade, trade.volume_units)
    if not would_fill(core, incoming):
        note_refusal(core, trade, stage, v.REFUSED_NO_LIQUIDITY)
        return False
    trade.refused_stage = 0
    trade.refused_reason = 0
    core.events.book_order_triggered(
        exposure.account.login,
        core.last_ticket + 1,
        trade.ticket,
        exposure.instrument.number,
        stage,
        trade.volume_units,
        price,
    )
    send(core, incoming)
    finish(core, incoming)
    return True


def _activate(core: Core, row: i64, sells_at: i64, buys_at: i64) -> None:
    """An order that waited goes to the book, or is refused like a new one."""
    exposure = core.exposures[core.orders.rows[row + FLAGS] >> OWNER_SHIFT]
    instrument = exposure.instrument
    login = exposure.account.login
    incoming = core.incoming
    _take_over(core, incoming, exposure, row)
    stop_waiting(core, exposure, row)
    core.due.add(instrument)
    core.events.book_order_triggered(
        login,
        incoming.ticket,
        0,
        instrument.number,
        v.STAGE_PENDING,
        incoming.units,
        buys_at if incoming.side == v.BUY else sells_at,
    )
    if incoming.reduces:
        opposite = exposure.sell_units if incoming.side == v.BUY else exposure.buy_units
        if incoming.units > opposite:
            incoming.units = opposite
        if incoming.units == 0:
            removed(core, exposure, incoming.ticket, incoming.side, 0, v.REMOVAL_REDUCE_ONLY)
            return
    code = admit_activation(core, incoming)
    if code != 0:
        ticket = incoming.ticket
        kind: i64 = v.PLACE_BOOK_ORDER
        reject(core, login, kind, code, ticket, instrument.number, core.detail)
        removed(core, exposure, ticket, incoming.side, incoming.units, v.REMOVAL_REFUSED)
        return
    execute(core, incoming, False)


def _take_over(core: Core, incoming: Incoming, exposure: Exposure, row: i64) -> None:
    """The waiting order as an incoming one: a market order, or a limit order."""
    rows = core.orders.rows
    flags = rows[row + FLAGS]
    limit = core.orders.more[row + LIMIT]
    incoming.begin()
    incoming.exposure = exposure
    incoming.ticket = rows[row + TICKET]
    incoming.order_type = v.LIMIT if limit > 0 else v.MARKET
    incoming.side = flags & SELLS
    incoming.units = rows[row + UNITS]
    incoming.price_points = limit
    incoming.time_in_force = flags >> TIME_IN_FORCE_SHIFT & TIME_IN_FORCE_MASK
    incoming.expiry_ns = core.orders.expiry_ns(row)
    if limit == 0:
        incoming.time_in_force = v.IMMEDIATE_OR_CANCEL
        incoming.expiry_ns = 0
    incoming.post_only = False
    incoming.reduces = flags & REDUCES != 0
    incoming.flags = v.REDUCE_ONLY if incoming.reduces else 0
    incoming.self_trade = flags >> SELF_TRADE_SHIFT & SELF_TRADE_MASK
