"""Step 2, and its reverse, step 5: what the orders of an account freeze (seed 002).

This file may change what is frozen, nothing else. An order is counted before it can be
filled and counted out as it is filled or removed, so nothing is ever filled that was not
frozen.

*Futures* freeze in the account's currency. Let P be the position, B and S the volume of buying
and selling orders that are not reduce-only, i and m the initial and maintenance margin of
one unit. The position is charged |P| m. Orders of its own side freeze i for each unit.
Orders of the other side close it first: their volume beyond |P| opens, and freezes i for each
unit, less the |P| m that the closing sets free. The larger of the two sides counts. So no fill,
in whatever order, ever needs more than there was before it.

*Spot* freezes what the order could take: a buying order its volume at its price and the
largest fee, in the quote currency; a selling order its volume, in the base currency.
"""

from mypy_extensions import i64

from engine import vocabulary as v
from engine.exchange.fees import largest_fee_minor
from engine.model.accounts import Exposure, Holding
from engine.model.instruments import Instrument
from engine.rounding import at_least_zero


def futures_frozen_minor(exposure: Exposure, extra_buys: i64, extra_sells: i64) -> i64:
    """What the orders freeze, with so much more volume on either side."""
    position = exposure.net_units
    instrument = exposure.instrument
    initial = instrument.initial_per_unit_minor
    buying = (exposure.opening_buy_units + extra_buys) * initial
    selling = (exposure.opening_sell_units + extra_sells) * initial
    if position > 0:
        selling -= position * (initial + instrument.maintenance_per_unit_minor)
    else:
        buying += position * (initial + instrument.maintenance_per_unit_minor)
    most = buying if buying > selling else selling
    return at_least_zero(most)


def refreeze_futures(exposure: Exposure) -> None:
    """What is frozen follows from position and orders as they are now."""
    frozen = futures_frozen_minor(exposure, 0, 0)
    exposure.account.frozen_minor += frozen - exposure.frozen_minor
    exposure.frozen_minor = frozen


def spot_frozen_minor(instrument: Instrument, side: i64, units: i64, price: i64) -> i64:
    """What a spot order of this volume and price freezes, in the currency that it pays."""
    if side == v.SELL:
        return units * instrument.base_per_unit_minor
    value = instrument.leg_minor(units * price)
    return value + largest_fee_minor(instrument, units, value)


def freeze_spot(exposure: Exposure, side: i64, delta_minor: i64) -> None:
    """Freezes or (below 0) releases funds that an order of this side pays with."""
    holding = exposure.base if side == v.SELL else exposure.quote
    if holding is None:
        exposure.account.frozen_minor += delta_minor
    else:
        holding.frozen_minor += delta_minor


def frozen_currency(exposure: Exposure, side: i64) -> i64:
    """The currency in which an order of this side freezes."""
    instrument = exposure.instrument
    if instrument.contract == v.CONTRACT_SPOT and side == v.SELL:
        return instrument.base_currency
    return instrument.profit_currency


def frozen_minor(exposure: Exposure, side: i64) -> i64:
    """All that the account has frozen in that currency."""
    holding: Holding | None = None
    if exposure.instrument.contract == v.CONTRACT_SPOT:
        holding = exposure.base if side == v.SELL else exposure.quote
    return exposure.account.frozen_minor if holding is None else holding.frozen_minor
