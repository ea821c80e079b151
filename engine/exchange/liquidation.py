"""Forced closing of a futures position through the book, one bounded step at a time.

    own orders away -> order within what account and fund can bear -> book -> other side -> cover

This file may remove orders, send one closing order, and deleverage (RULES section 9,
liquidation). Whether an account is at stop-out, and which position is next, stage 6 decides.
"""

from mypy_extensions import i64

from engine import vocabulary as v
from engine.book.ladder import limit_key_of
from engine.core import Core
from engine.exchange.closing import prepare_closing, send, would_fill
from engine.exchange.cover import cover_loss, fund_minor
from engine.exchange.deleverage import counterparties, deleverage
from engine.exchange.fees import largest_fee_minor
from engine.exchange.match import finish
from engine.exchange.resting import tickets_of, withdraw_tickets
from engine.figures import floating_minor
from engine.model.accounts import Trade
from engine.tick.refusals import note_refusal


def prepare_liquidation(core: Core, trade: Trade) -> bool:
    """Own orders are removed and the order is ready. False: nobody would take any of it."""
    exposure = trade.exposure
    instrument = exposure.instrument
    tickets: list[int] = []
    tickets_of(core, exposure, tickets)
    withdraw_tickets(core, tickets, v.REMOVAL_LIQUIDATION)
    units = trade.volume_units
    if 0 < instrument.liquidation_units < units:
        units = instrument.liquidation_units
    incoming = prepare_closing(core, trade, units)
    if instrument.auto_deleveraging:
        limit = _price_that_costs(trade, _bearable_minor(core, trade))
        key = limit_key_of(incoming.side, limit)
        if key < incoming.limit_key:
            incoming.limit_key = key
    if would_fill(core, incoming):
        return True
    if _needs_others(core, trade) and len(counterparties(core, exposure)) > 0:
        return True
    note_refusal(core, trade, v.STAGE_STOP_OUT, v.REFUSED_NO_LIQUIDITY)
    return False


def liquidate(core: Core, trade: Trade) -> None:
    """Sends the prepared order; what nobody can bear or take, the other side's best do."""
    incoming = core.incoming
    exposure = trade.exposure
    account = exposure.account
    position = trade.ticket
    account.refused_stage = 0
    account.refused_reason = 0
    needs_others = _needs_others(core, trade)
    limit = _price_that_costs(trade, _bearable_minor(core, trade))
    send(core, incoming)
    if needs_others and incoming.units > 0:
        deleverage(core, exposure, incoming, limit)
    finish(core, incoming)
    cover_loss(core, exposure, incoming.ticket, position)


def _needs_others(core: Core, trade: Trade) -> bool:
    """The account and its fund can't bear more: the other side is asked, where it may be."""
    return trade.exposure.instrument.auto_deleveraging and _bearable_minor(core, trade) <= 0


def _bearable_minor(core: Core, trade: Trade) -> i64:
    """What account and fund have beyond zero, if the position were closed at the quote."""
    exposure = trade.exposure
    instrument = exposure.instrument
    account = exposure.account
    value = instrument.leg_minor(exposure.closing_price(trade.side) * trade.volume_units)
    own = account.balance_minor + floating_minor(account)
    own -= largest_fee_minor(instrument, trade.volume_units, value)
    return own + fund_minor(core, exposure)


def _price_that_costs(trade: Trade, money: i64) -> i64:
    """The price, worse than the quote, at which closing the position costs this much more.

    Rounded in favour of the money; within the prices that the instrument can have.
    """
    exposure = trade.exposure
    instrument = exposure.instrument
    shift: i64 = money // instrument.leg_minor(trade.volume_units)
    price = exposure.closing_price(trade.side)
    price = price - shift if trade.side == v.BUY else price + shift
    if price < instrument.price_min_points:
        return instrument.price_min_points
    if price > instrument.price_max_points:
        return instrument.price_max_points
    return price
