"""Step 6: a futures position is opened, added to, reduced, closed or reversed by a fill.

This file may change positions, and list those of an instrument. Every account has at most
one an instrument on the book venue, whatever its mode. Values are exact there: no profit is
rounded, so what one side of a contract gains the other loses.
"""

from mypy_extensions import i64

from engine import vocabulary as v
from engine.core import Core
from engine.model.accounts import Exposure, Trade
from engine.model.instruments import Instrument
from engine.order.plan import cost_share


def change_position(core: Core, exposure: Exposure, side: i64, units: i64, price: i64) -> i64:
    """Carries a fill into the position. Returns the profit it realized, minor units."""
    trade = exposure.first
    if trade is None:
        _open(core, exposure, side, units, price)
        return 0
    if trade.side == side:
        exposure.count_out(trade)
        trade.volume_units += units
        trade.open_cost += units * price
        exposure.count_in(trade)
        trade.open_leg_minor = exposure.instrument.leg_minor(trade.open_cost)
        trade.refused_stage = 0
        trade.refused_reason = 0
        return 0
    closing = units if units < trade.volume_units else trade.volume_units
    opened = cost_share(trade, closing)
    profit = exposure.instrument.leg_minor(closing * price - opened)
    if trade.side == v.SELL:
        profit = -profit
    if closing < trade.volume_units:
        exposure.count_out(trade)
        trade.volume_units -= closing
        trade.open_cost -= opened
        exposure.count_in(trade)
        trade.open_leg_minor = exposure.instrument.leg_minor(trade.open_cost)
        trade.refused_stage = 0
        trade.refused_reason = 0
        return profit
    close_position(core, exposure, trade)
    if units > closing:
        _open(core, exposure, side, units - closing, price)
    return profit


def _open(core: Core, exposure: Exposure, side: i64, units: i64, price: i64) -> None:
    """A new position takes the next ticket."""
    trade = core.new_trade(exposure)
    trade.state = v.POSITION_OPEN
    trade.order_type = v.MARKET
    trade.side = side
    trade.volume_units = units
    trade.price_points = price
    trade.stop_loss_points = 0
    trade.take_profit_points = 0
    trade.open_cost = units * price
    trade.margin_rate_e8 = 100_000_000
    trade.open_leg_minor = exposure.instrument.leg_minor(trade.open_cost)
    trade.open_time_ns = core.time_ns
    core.last_opening_number += 1
    trade.opening_number = core.last_opening_number
    exposure.append_position(trade)
    exposure.account.position_count += 1


def close_position(core: Core, exposure: Exposure, trade: Trade) -> None:
    """The position's ticket ends; its profit has been taken."""
    exposure.instrument.watched -= trade.has_stops()
    exposure.remove_position(trade)
    account = exposure.account
    account.position_count -= 1
    if account.position_count == 0:
        account.under_call = False
    core.end_trade(trade)


def positions_in(core: Core, instrument: Instrument) -> list[Exposure]:
    """The exposures with a position in the instrument, by login.

    Looks at every exposure: for settlements and margins by date, not for the way of an order.
    """
    found: list[tuple[int, int]] = []
    for exposure in core.exposures:
        if exposure.instrument is instrument and exposure.count > 0:
            found.append((int(exposure.account.login), int(exposure.number)))
    found.sort()
    return [core.exposures[number] for _, number in found]
