"""Which pairs convert one currency into another, and whether the result stays in bounds.

This file may resolve routes from configuration; quotes are read later, by `Route`.

Only Forex-mode instruments convert. Between two currencies: the alphabetically first pair
of the two, else two steps through USD (SEMANTICS section 3; RULES section 7).
"""

from typing import Final

from mypy_extensions import i64

from engine import bounds
from engine import vocabulary as v
from engine.model.instruments import Currency, Instrument
from engine.model.routes import Conversion, Route
from engine.rounding import power_of_ten, wide_power_of_ten

_BRIDGE: Final = "USD"
_RATE_SCALE: Final = 100_000_000
_RATE_SUM_LIMIT: Final = 2**61
"""Largest margin rate times the units of a position limit: sums of a side stay 64-bit."""


def _pair(instruments: list[Instrument], source: i64, target: i64) -> Instrument | None:
    """The alphabetically first Forex pair of two currencies, in either order."""
    best: Instrument | None = None
    for instrument in instruments:
        if not instrument.configured or instrument.profit_mode != v.PROFIT_FOREX:
            continue
        base = instrument.base_currency
        profit = instrument.profit_currency
        joins = (base == source and profit == target) or (base == target and profit == source)
        if joins and (best is None or instrument.symbol < best.symbol):
            best = instrument
    return best


def _exponent(pair: Instrument, divides: bool) -> i64:
    """Power of ten of a step between whole units: a price in points stands for 10**-digits."""
    return pair.digits if divides else -pair.digits


def make_route(
    instruments: list[Instrument],
    currencies: dict[int, Currency],
    source: Currency,
    target: Currency,
) -> Route:
    """The route between two currencies; `exists` is False where there is none."""
    route = Route()
    if source.number == target.number:
        route.exists = True
        return route
    exponent: i64 = 0
    first = _pair(instruments, source.number, target.number)
    if first is not None:
        route.first = first
        route.first_divides = first.base_currency == target.number
        route.steps = 1
        exponent = _exponent(first, route.first_divides)
    else:
        bridge: i64 = 0
        for currency in currencies.values():
            if currency.code == _BRIDGE:
                bridge = currency.number
        if bridge == 0 or bridge == source.number or bridge == target.number:
            return route
        first = _pair(instruments, source.number, bridge)
        second = _pair(instruments, bridge, target.number)
        if first is None or second is None:
            return route
        route.first = first
        route.first_divides = first.base_currency == bridge
        route.second = second
        route.second_divides = second.base_currency == target.number
        route.steps = 2
        exponent = _exponent(first, route.first_divides)
        exponent += _exponent(second, route.second_divides)
    route.exists = True
    route.major_exponent = exponent
    minor_exponent = exponent + target.digits - source.digits
    zeros = wide_power_of_ten(minor_exponent if minor_exponent >= 0 else -minor_exponent)
    if zeros > bounds.MAX_LEG_NUMERATOR:
        route.exists = False
        return route
    if minor_exponent >= 0:
        route.up = zeros
    else:
        route.down = zeros
    return route


def _extreme_ratio(route: Route, traded: Instrument | None) -> tuple[int, int]:
    """Largest ratio of the prices of a route, as (numerator, denominator).

    Converting by the traded instrument itself uses a group's price, at most its highest
    and at least one point.
    """
    numerator: int = 1
    denominator: int = 1
    for pair, divides in (
        (route.first, route.first_divides),
        (route.second, route.second_divides),
    ):
        if pair is None:
            continue
        if divides:
            denominator *= 1 if pair is traded else int(pair.price_min_points)
        else:
            numerator *= int(pair.highest_price() if pair is traded else pair.price_max_points)
    return numerator, denominator


def _largest_volume(instrument: Instrument) -> int:
    return max(int(instrument.position_limit_units), int(instrument.lot_max_units))


def _fits(route: Route, traded: Instrument | None, value_minor: int) -> bool:
    """A value in the source currency stays within the value bound after conversion."""
    numerator, denominator = _extreme_ratio(route, traded)
    value = value_minor * numerator * int(route.up)
    if value > bounds.MAX_POSITION_VALUE_MINOR * denominator * int(route.down):
        return False
    step = route.first
    if step is not None and route.steps == 1:
        largest = int(step.highest_price()) * max(int(route.up), int(route.down))
        return largest <= bounds.MAX_LEG_NUMERATOR
    return True


def _rate_fits(instrument: Instrument, route: Route) -> bool:
    """The largest margin rate, and its sum over a position limit, stay within bounds."""
    numerator, denominator = _extreme_ratio(route, instrument)
    numerator *= _RATE_SCALE
    if route.major_exponent >= 0:
        numerator *= wide_power_of_ten(route.major_exponent)
    else:
        denominator *= wide_power_of_ten(-route.major_exponent)
    rate = _ceiling(numerator, denominator)
    if rate > bounds.MAX_RATE_E8:
        return False
    return rate * _largest_volume(instrument) <= _RATE_SUM_LIMIT


def _ceiling(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)


def make_conversion(
    instruments: list[Instrument],
    currencies: dict[int, Currency],
    instrument: Instrument,
    account_currency: Currency,
) -> Conversion:
    """Profit and margin routes of an instrument into an account currency, with bounds."""
    profit_currency = currencies[instrument.profit_currency]
    margin_currency = currencies[instrument.margin_currency]
    profit = make_route(instruments, currencies, profit_currency, account_currency)
    margin = make_route(instruments, currencies, margin_currency, account_currency)
    conversion = Conversion(profit, margin, False)
    if not conversion.exists:
        return conversion
    cost = int(instrument.highest_price()) * _largest_volume(instrument)
    value = _ceiling(
        cost * int(instrument.contract_size) * int(instrument.leg_scale),
        int(instrument.leg_divisor),
    )
    charged = _largest_margin_minor(instrument, profit_currency, margin_currency, value)
    conversion.within_bounds = (
        _fits(profit, None, value)
        and _fits(margin, instrument, charged)
        and _rate_fits(instrument, margin)
    )
    return conversion


def _largest_margin_minor(
    instrument: Instrument, profit_currency: Currency, margin_currency: Currency, value_minor: int
) -> int:
    """Largest unleveraged margin of the position limit, in the margin currency's minor units."""
    volume = _largest_volume(instrument)
    margin_minor_units = int(power_of_ten(margin_currency.digits))
    profit_minor_units = int(power_of_ten(profit_currency.digits))
    if instrument.initial_margin_minor > 0:
        per_lot = max(int(instrument.initial_margin_minor), int(instrument.hedged_size))
        return _ceiling(per_lot * volume, 100)
    if instrument.margin_mode in (v.MARGIN_FOREX, v.MARGIN_FOREX_NO_LEVERAGE):
        return _ceiling(int(instrument.contract_size) * volume * margin_minor_units, 100)
    if instrument.margin_mode == v.MARGIN_CFD_INDEX:
        cost = int(instrument.highest_price()) * int(instrument.contract_size) * volume
        value_minor = _ceiling(
            cost * int(instrument.tick_value_minor), 100 * int(instrument.tick_size_points)
        )
    return _ceiling(value_minor * margin_minor_units, profit_minor_units)
