"""Auto-deleveraging: the other side's best positions take what nobody else does.

This file may close parts of two positions against each other at a price, without a fee
(RULES section 9, liquidation). The largest profit for the value at opening comes first.
"""

from mypy_extensions import i64

from engine import vocabulary as v
from engine.core import Core
from engine.exchange.cover import fund_of
from engine.exchange.fill import futures_side
from engine.exchange.match import trim_reducing
from engine.exchange.resting import count_fill
from engine.figures import current_profit_minor
from engine.model.accounts import Exposure
from engine.model.incoming import Incoming

_MILLION = 1_000_000


def counterparties(core: Core, exposure: Exposure) -> list[Exposure]:
    """Who can be deleveraged against the exposure's position, in order.

    Looks at every exposure: nothing but a liquidation without takers asks.
    """
    position = exposure.first
    assert position is not None
    fund = fund_of(core, exposure)
    ranked: list[tuple[int, int, int]] = []
    for other in core.exposures:
        trade = other.first
        if (
            other.instrument is not exposure.instrument
            or trade is None
            or trade.side == position.side
            or other.account is fund
        ):
            continue
        profit = current_profit_minor(trade)
        if profit > 0:
            value = exposure.instrument.leg_minor(trade.open_cost)
            rank: int = int(profit) * _MILLION // int(value)
            ranked.append((-rank, int(trade.ticket), int(other.number)))
    ranked.sort()
    found: list[Exposure] = []
    for _, _, number in ranked:
        found.append(core.exposures[number])
    return found


def deleverage(core: Core, exposure: Exposure, incoming: Incoming, price: i64) -> None:
    """Fills what is left of a liquidation with positions of the other side."""
    for other in counterparties(core, exposure):
        trade = other.first
        if incoming.units == 0 or trade is None:
            return
        units = trade.volume_units
        if units > incoming.units:
            units = incoming.units
        incoming.units -= units
        left = incoming.units
        role: i64 = v.ROLE_DELEVERAGED
        side = v.SELL - incoming.side
        futures_side(core, other, 0, side, role, units, price, incoming.ticket, 0, 0)
        count_fill(exposure, incoming.side, True, units, left)
        ticket = incoming.ticket
        futures_side(core, exposure, ticket, incoming.side, role, units, price, 0, left, 0)
        if other.reduce_orders > 0:
            trim_reducing(core, other)
