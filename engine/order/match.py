"""Step 3: the price at which an order of the quoted venue is filled (SEMANTICS section 8).

This file may read quotes and policies; it changes nothing. A quoted instrument always
has the other side: the broker, at the feed's price with the group's markup.
"""

from mypy_extensions import i64

from engine import vocabulary as v
from engine.model.accounts import Exposure, Trade


def market_price(exposure: Exposure, side: i64) -> i64:
    """Price of a market order: the group's current opening price."""
    return exposure.opening_price(side)


def fill_price(trade: Trade) -> i64:
    """Price of an activated pending order: classic gives limits their own price."""
    exposure = trade.exposure
    if trade.order_type == v.LIMIT and exposure.terms.gap_policy == v.GAP_CLASSIC:
        return trade.price_points
    return exposure.opening_price(trade.side)


def take_profit_price(trade: Trade) -> i64:
    """Close price of a take profit: its own under the classic policy."""
    if trade.exposure.terms.gap_policy == v.GAP_CLASSIC:
        return trade.take_profit_points
    return trade.exposure.closing_price(trade.side)


def stop_loss_price(trade: Trade) -> i64:
    """Close price of a stop loss: the first price there is."""
    return trade.exposure.closing_price(trade.side)


def falls_into_gap(trade: Trade) -> bool:
    """Classic: a stop order whose price and take profit were both jumped is cancelled."""
    exposure = trade.exposure
    if exposure.terms.gap_policy != v.GAP_CLASSIC or trade.order_type != v.STOP:
        return False
    if trade.take_profit_points == 0 or not exposure.instrument.is_gap():
        return False
    price = exposure.closing_price(trade.side)
    if trade.side == v.BUY:
        return price >= trade.take_profit_points
    return price <= trade.take_profit_points
