"""Orders that the engine itself sends to a book, to close a position (RULES section 9).

This file may prepare the order at work and send it through its way. A closing order takes
what it finds at once, only ever reduces the position, and gives way to no order of its own.
"""

from mypy_extensions import i64

from engine import vocabulary as v
from engine.core import Core
from engine.exchange.admit import set_limit
from engine.exchange.funds import taken_cost
from engine.exchange.match import match
from engine.exchange.pipeline import freeze, write_placed
from engine.model.accounts import Trade
from engine.model.incoming import Incoming


def prepare_closing(core: Core, trade: Trade, units: i64) -> Incoming:
    """A market order against a position, not sent yet; a caller may narrow its limit."""
    incoming = core.incoming
    incoming.begin()
    incoming.exposure = trade.exposure
    incoming.order_type = v.MARKET
    incoming.side = v.SELL - trade.side
    incoming.units = units
    incoming.price_points = 0
    incoming.time_in_force = v.IMMEDIATE_OR_CANCEL
    incoming.flags = v.REDUCE_ONLY
    incoming.post_only = False
    incoming.reduces = True
    incoming.self_trade = v.SELF_TRADE_CANCEL_OLDEST
    incoming.expiry_ns = 0
    set_limit(incoming, trade.exposure.instrument)
    return incoming


def would_fill(core: Core, incoming: Incoming) -> bool:
    """The book has something for the order."""
    exposure = incoming.exposure
    assert exposure is not None
    units, _ = taken_cost(core, incoming, exposure)
    return units > 0


def send(core: Core, incoming: Incoming) -> None:
    """Ticket, freeze, event, match. What is left is the caller's to finish."""
    exposure = incoming.exposure
    assert exposure is not None
    core.last_ticket += 1
    incoming.ticket = core.last_ticket
    core.due.add(exposure.instrument)
    freeze(exposure, incoming)
    write_placed(core, exposure, incoming)
    match(core, incoming)
