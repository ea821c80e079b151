"""Profit, floating result, equity, free margin and levels of an account.

This file may read the state and compute; it changes nothing (SEMANTICS sections 4, 5, 10).
"""

from typing import Final

from mypy_extensions import i64

from engine import vocabulary as v
from engine.model.accounts import Account, Exposure, Trade
from engine.model.routes import Conversion
from engine.rounding import at_least_zero

NO_THRESHOLD: Final = -(2**61)
"""Below every equity: the level can't be reached."""
_LEVEL_LIMIT_BP: Final = 10**15
_WIDE: Final = 2**31


def profit_in_profit_currency(trade: Trade, close_price: i64) -> i64:
    """Result of closing the whole trade at a price, minor units of the profit currency."""
    instrument = trade.exposure.instrument
    cost = close_price * trade.volume_units
    if instrument.profit_mode == v.PROFIT_FOREX:
        profit = instrument.leg_minor(cost) - trade.open_leg_minor
    else:
        profit = instrument.leg_minor(cost - trade.open_cost)
    return profit if trade.side == v.BUY else -profit


def convert_profit(exposure: Exposure, side: i64, profit: i64) -> i64:
    """Profit currency to account currency: Forex bid for buys, ask for sells; CFD bid."""
    conversion = exposure.conversion
    assert conversion is not None
    at_ask = side == v.SELL and exposure.instrument.profit_mode == v.PROFIT_FOREX
    return conversion.profit.convert(profit, at_ask)


def profit_minor(trade: Trade, close_price: i64) -> i64:
    """Result of closing the whole trade at a price, in the account's minor units."""
    profit = profit_in_profit_currency(trade, close_price)
    return convert_profit(trade.exposure, trade.side, profit)


def current_profit_minor(trade: Trade) -> i64:
    """Result of closing the whole trade now."""
    return profit_minor(trade, trade.exposure.closing_price(trade.side))


def split_profit_minor(
    exposure: Exposure, side: i64, volume_units: i64, open_cost: i64, close_price: i64
) -> i64:
    """Result of closing a part whose open cost is given, in the account's minor units."""
    instrument = exposure.instrument
    cost = close_price * volume_units
    if instrument.profit_mode == v.PROFIT_FOREX:
        profit = instrument.leg_minor(cost) - instrument.leg_minor(open_cost)
    else:
        profit = instrument.leg_minor(cost - open_cost)
    return convert_profit(exposure, side, profit if side == v.BUY else -profit)


def floating_minor(account: Account) -> i64:
    """Sum of the profits of all positions at current prices."""
    total: i64 = 0
    for exposure in account.exposures:
        trade = exposure.first
        while trade is not None:
            total += current_profit_minor(trade)
            trade = trade.next
    return total


def free_margin_floating_minor(account: Account) -> i64:
    """The part of the floating result that the group counts into free margin."""
    mode = account.group.free_margin_mode
    if mode == v.FREE_MARGIN_NONE:
        return 0
    total: i64 = 0
    for exposure in account.exposures:
        trade = exposure.first
        while trade is not None:
            total += counted_profit_minor(mode, current_profit_minor(trade))
            trade = trade.next
    return total


def counted_profit_minor(mode: i64, profit: i64) -> i64:
    """What counts of one position's floating result into free margin."""
    if mode == v.FREE_MARGIN_PROFIT_AND_LOSS:
        return profit
    if mode == v.FREE_MARGIN_NONE:
        return 0
    if (profit > 0) != (mode == v.FREE_MARGIN_PROFIT):
        return 0
    return profit


def free_margin_minor(account: Account) -> i64:
    own = account.balance_minor + account.credit_minor
    used = account.margin_minor + account.frozen_minor
    return own + free_margin_floating_minor(account) - used


def equity_minor(account: Account) -> i64:
    return account.balance_minor + account.credit_minor + floating_minor(account)


def spendable_minor(account: Account) -> i64:
    """The balance, less losses, margin and what is frozen: no credit, no open profit."""
    floating = floating_minor(account)
    if floating > 0:
        floating = 0
    return account.balance_minor + floating - account.margin_minor - account.frozen_minor


def max_withdrawable_minor(account: Account) -> i64:
    """RULES section 3."""
    free = free_margin_minor(account)
    if not account.group.withdraw_free_margin:
        own = spendable_minor(account)
        if own < free:
            free = own
    return at_least_zero(free)


def level_bp(equity: i64, margin: i64) -> i64:
    """Margin level in basis points, floored, limited; 0 without margin."""
    if margin == 0:
        return 0
    level: int = int(equity) * 10_000 // int(margin)
    if level > _LEVEL_LIMIT_BP:
        return _LEVEL_LIMIT_BP
    if level < -_LEVEL_LIMIT_BP:
        return -_LEVEL_LIMIT_BP
    return i64(level)


def _share_of_margin(account: Account, level: i64, divisor: i64) -> i64:
    """floor(margin x level / divisor); above every equity where it would not fit."""
    if account.margin_minor < _WIDE and level < _WIDE:
        return account.margin_minor * level // divisor
    share: int = int(account.margin_minor) * int(level) // int(divisor)
    return -NO_THRESHOLD if share > -NO_THRESHOLD else i64(share)


def call_threshold_minor(account: Account) -> i64:
    """Margin call at this equity or below it."""
    group = account.group
    if group.level_type == v.LEVEL_MONEY:
        return group.margin_call_level
    if account.margin_minor == 0:
        return NO_THRESHOLD
    return _share_of_margin(account, group.margin_call_level, 10_000)


def rearm_threshold_minor(account: Account) -> i64:
    """An account under margin call recovers above this equity."""
    group = account.group
    if group.level_type == v.LEVEL_MONEY:
        return group.margin_call_level * 105 // 100
    if account.margin_minor == 0:
        return NO_THRESHOLD
    return _share_of_margin(account, group.margin_call_level * 105, 1_000_000)


def stop_out_threshold_minor(account: Account) -> i64:
    """Stop-out at this equity or below it."""
    group = account.group
    if group.stp_stop_outs:
        return NO_THRESHOLD
    if group.level_type == v.LEVEL_MONEY:
        return group.stop_out_level
    if account.margin_minor == 0:
        return NO_THRESHOLD if group.skip_fully_hedged else -1
    return _share_of_margin(account, group.stop_out_level, 10_000)


def is_priced(conversion: Conversion) -> bool:
    """Both routes have quotes at every step."""
    return conversion.profit.is_priced() and conversion.margin.is_priced()
