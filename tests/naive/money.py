"""Rounding, legs, conversion and margin, as exact fractions (docs/RULES.md section 7).

This file may compute, not change anything. Every function rounds at most once, half away
from zero, at the point that the rule names.
"""

from collections.abc import Iterable
from fractions import Fraction
from math import ceil
from typing import NamedTuple

from engine import bounds
from engine import records as r
from engine import vocabulary as v
from tests.naive.world import Account, World

MOST_RATED_UNITS = 2**61
"""Largest sum of volume units times margin rate (x 10**8)."""


def rounded(value: Fraction | int) -> int:
    """Half away from zero."""
    value = Fraction(value)
    whole = abs(value.numerator) * 2 + value.denominator
    magnitude = whole // (2 * value.denominator)
    return magnitude if value >= 0 else -magnitude


# ---------------------------------------------------------------- profit


def value_minor(world: World, instrument: r.Instrument, cost: int) -> int:
    """`cost` (points x units) as money: minor units of the profit currency, rounded."""
    lots_times_price = Fraction(cost, 10 ** (instrument.volume_digits + instrument.digits))
    digits = world.currencies[instrument.profit_currency].digits
    return rounded(lots_times_price * instrument.contract_size * 10**digits)


def profit_in_profit_currency(
    world: World, instrument: r.Instrument, side: int, units: int, open_cost: int, close: int
) -> int:
    """Minor units of the profit currency."""
    sign = 1 if side == v.BUY else -1
    if instrument.profit_mode == v.PROFIT_FOREX:
        close_leg = value_minor(world, instrument, close * units)
        return sign * (close_leg - value_minor(world, instrument, open_cost))
    return sign * value_minor(world, instrument, close * units - open_cost)


def profit_minor(
    world: World, account: Account, instrument_id: int, side: int, units: int, cost: int, close: int
) -> int:
    """Profit in minor units of the account's currency, at a closing price in points."""
    instrument = world.instruments[instrument_id]
    amount = profit_in_profit_currency(world, instrument, side, units, cost, close)
    of, to = instrument.profit_currency, world.group_of(account).currency
    if of == to:
        return amount
    use_ask = instrument.profit_mode == v.PROFIT_FOREX and side == v.SELL
    rate = priced(world, conversion_route(world, of, to), "ask" if use_ask else "bid")
    assert rate is not None, "an open position's profit converts"
    return rounded(amount * rate * minor_unit_ratio(world, of, to))


def minor_unit_ratio(world: World, of: int, to: int) -> Fraction:
    return Fraction(10 ** world.currencies[to].digits, 10 ** world.currencies[of].digits)


# ---------------------------------------------------------------- conversion


class Step(NamedTuple):
    """One conversion through an instrument: multiply by its price, or divide."""

    instrument: int
    multiply: bool


def find_step(world: World, of: int, to: int) -> Step | None:
    """The pair with the alphabetically first symbol that converts directly."""
    found: list[tuple[str, Step]] = []
    for number, pair in world.instruments.items():
        if pair.profit_mode != v.PROFIT_FOREX:
            continue
        if (pair.base_currency, pair.profit_currency) == (of, to):
            found.append((pair.symbol, Step(number, True)))
        elif (pair.base_currency, pair.profit_currency) == (to, of):
            found.append((pair.symbol, Step(number, False)))
    return min(found)[1] if found else None


def conversion_route(world: World, of: int, to: int) -> list[Step] | None:
    """No step for the same currency, one directly, two through USD, or None."""
    if of == to:
        return []
    steps = direct_route(world, of, to) or bridged_route(world, of, to)
    if steps is None or power_of_route(world, steps, of, to) > bounds.MAX_LEG_NUMERATOR:
        return None
    return steps


def direct_route(world: World, of: int, to: int) -> list[Step] | None:
    step = find_step(world, of, to)
    return None if step is None else [step]


def bridged_route(world: World, of: int, to: int) -> list[Step] | None:
    for usd, currency in world.currencies.items():
        if currency.code == "USD" and usd not in (of, to):
            first, second = find_step(world, of, usd), find_step(world, usd, to)
            if first is not None and second is not None:
                return [first, second]
    return None


def power_of_route(world: World, steps: list[Step], of: int, to: int) -> int:
    """The power of ten by which points and minor units are rescaled, or its inverse."""
    power = minor_unit_ratio(world, of, to)
    for step in steps:
        points = 10 ** world.instruments[step.instrument].digits
        power = power / points if step.multiply else power * points
    return max(power.numerator, power.denominator)


def priced(world: World, steps: list[Step] | None, which: str) -> Fraction | None:
    """The rate of a route in whole units, at "bid", "ask" or "mid"; None without a quote."""
    if steps is None:
        return None
    rate = Fraction(1)
    for step in steps:
        quote = world.quotes.get(step.instrument)
        if quote is None:
            return None
        points = {
            "bid": Fraction(quote.bid),
            "ask": Fraction(quote.ask),
            "mid": Fraction(quote.bid + quote.ask, 2),
        }[which]
        price: Fraction = points / 10 ** world.instruments[step.instrument].digits
        rate = rate * price if step.multiply else rate / price
    return rate


def margin_rate_e8(world: World, account: Account, instrument_id: int, price: int) -> int | None:
    """Margin currency to account currency, at opening at `price`; None without a price."""
    instrument = world.instruments[instrument_id]
    steps = conversion_route(world, instrument.margin_currency, world.group_of(account).currency)
    if steps is not None and len(steps) == 1 and steps[0].instrument == instrument_id:
        own = Fraction(price, 10**instrument.digits)
        return rounded((own if steps[0].multiply else 1 / own) * 10**8)
    rate = priced(world, steps, "mid")
    return None if rate is None else rounded(rate * 10**8)


# ---------------------------------------------------------------- margin


class Leg(NamedTuple):
    """What margin needs to know of a position."""

    side: int
    units: int
    open_cost: int
    rate_e8: int


class MarginTerms(NamedTuple):
    """What margin needs to know of an instrument, an account and its group."""

    mode: int
    digits: int
    contract_size: int
    initial_minor: int
    hedged_size: int
    tick_value_minor: int
    tick_size_points: int
    margin_currency_digits: int
    profit_currency_digits: int
    account_currency_digits: int
    percent_bp: int
    leverage: int
    larger_leg: bool


def margin_terms(world: World, account: Account, instrument_id: int) -> MarginTerms:
    instrument = world.instruments[instrument_id]
    return MarginTerms(
        mode=instrument.margin_mode,
        digits=instrument.digits,
        contract_size=instrument.contract_size,
        initial_minor=instrument.initial_margin_minor,
        hedged_size=instrument.hedged_size,
        tick_value_minor=instrument.tick_value_minor,
        tick_size_points=instrument.tick_size_points,
        margin_currency_digits=world.currencies[instrument.margin_currency].digits,
        profit_currency_digits=world.currencies[instrument.profit_currency].digits,
        account_currency_digits=world.currency_of(account).digits,
        percent_bp=world.terms(account, instrument_id).margin_percent_bp,
        leverage=world.leverage_of(account),
        larger_leg=world.group_of(account).larger_leg,
    )


def average_price(terms: MarginTerms, legs: Iterable[Leg]) -> Fraction:
    """Weighted open price, in price units."""
    legs = list(legs)
    units = sum(x.units for x in legs)
    return Fraction(sum(x.open_cost for x in legs), units * 10**terms.digits)


def average_rate(legs: Iterable[Leg]) -> Fraction:
    """Weighted rate, in whole units."""
    legs = list(legs)
    weighted = sum(x.units * x.rate_e8 for x in legs)
    return Fraction(weighted, sum(x.units for x in legs)) / 10**8


def component_minor(
    terms: MarginTerms, units: int, size: int, price: Fraction, rate: Fraction
) -> int:
    """One margin component, rounded. `size`: contract size, or minor units per lot if initial."""
    lots = Fraction(units, 100)
    by_leverage = terms.mode in (v.MARGIN_FOREX, v.MARGIN_CFD_LEVERAGE)
    if terms.initial_minor > 0:
        amount = lots * Fraction(size, 10**terms.margin_currency_digits) * rate
    else:
        amount = lots * size * rate
        if terms.mode in (v.MARGIN_CFD, v.MARGIN_CFD_LEVERAGE, v.MARGIN_CFD_INDEX):
            amount *= price
        if terms.mode == v.MARGIN_CFD_INDEX:
            tick_value = Fraction(terms.tick_value_minor, 10**terms.profit_currency_digits)
            amount *= tick_value / Fraction(terms.tick_size_points, 10**terms.digits)
    if by_leverage:
        amount /= terms.leverage
    amount *= Fraction(terms.percent_bp, 10_000)
    return rounded(amount * 10**terms.account_currency_digits)


def margin_of_legs(terms: MarginTerms, legs: list[Leg]) -> int:
    """Margin of all positions of an account in an instrument, minor units of its currency."""
    sides = {s: [x for x in legs if x.side == s] for s in (v.BUY, v.SELL)}
    units = {s: sum(x.units for x in sides[s]) for s in sides}
    size = terms.initial_minor or terms.contract_size

    def whole_side(side: int) -> int:
        held = sides[side]
        if not held:
            return 0
        price, rate = average_price(terms, held), average_rate(held)
        return component_minor(terms, units[side], size, price, rate)

    if terms.larger_leg:
        return max(whole_side(v.BUY), whole_side(v.SELL))
    total = 0
    uncovered = abs(units[v.BUY] - units[v.SELL])
    if uncovered:
        larger = sides[v.BUY if units[v.BUY] > units[v.SELL] else v.SELL]
        price, rate = average_price(terms, larger), average_rate(larger)
        total += component_minor(terms, uncovered, size, price, rate)
    covered = min(units[v.BUY], units[v.SELL])
    if covered:
        rate = (average_rate(sides[v.BUY]) + average_rate(sides[v.SELL])) / 2
        price = average_price(terms, legs)
        total += component_minor(terms, 2 * covered, terms.hedged_size, price, rate)
    return total


# ---------------------------------------------------------------- value bound


def largest_rate(world: World, steps: list[Step], traded: int = 0) -> Fraction:
    """The most that a route can multiply by, given the price bands of its pairs.

    The traded instrument itself may be passed at any price of any group.
    """
    rate = Fraction(1)
    for step in steps:
        pair = world.instruments[step.instrument]
        highest, lowest = pair.price_max_points, pair.price_min_points
        if step.instrument == traded:
            highest, lowest = highest + bounds.MAX_MARKUP_POINTS, 1
        if step.multiply:
            rate *= Fraction(highest, 10**pair.digits)
        else:
            rate /= Fraction(lowest, 10**pair.digits)
    return rate


def scales_within_bound(world: World, steps: list[Step], of: int, to: int) -> bool:
    """Of a route of one step: its highest price times its power of ten."""
    if len(steps) != 1:
        return True
    highest = world.instruments[steps[0].instrument].price_max_points + bounds.MAX_MARKUP_POINTS
    return highest * power_of_route(world, steps, of, to) <= bounds.MAX_LEG_NUMERATOR


def within_value_bound(world: World, account: Account, instrument_id: int) -> bool:
    """Whether the largest position of the instrument fits the bounds in the account's currency."""
    instrument = world.instruments[instrument_id]
    to = world.group_of(account).currency
    profit_route = conversion_route(world, instrument.profit_currency, to)
    margin_route = conversion_route(world, instrument.margin_currency, to)
    assert profit_route is not None and margin_route is not None
    volume = max(instrument.position_limit_units, instrument.lot_max_units)
    margin_rate = largest_rate(world, margin_route, traded=instrument_id)
    rate_e8 = ceil(margin_rate * 10**8)
    if rate_e8 > bounds.MAX_RATE_E8 or rate_e8 * volume > MOST_RATED_UNITS:
        return False
    value, charged = largest_amounts(world, instrument, Fraction(volume, 100))
    profit_rate = largest_rate(world, profit_route)
    for of, steps, rate, amount in (
        (instrument.profit_currency, profit_route, profit_rate, value),
        (instrument.margin_currency, margin_route, margin_rate, charged),
    ):
        converted = amount * rate * minor_unit_ratio(world, of, to)
        if converted > bounds.MAX_POSITION_VALUE_MINOR:
            return False
        if not scales_within_bound(world, steps, of, to):
            return False
    return True


def largest_amounts(world: World, instrument: r.Instrument, lots: Fraction) -> tuple[int, int]:
    """Value in the profit currency and margin in the margin currency, each rounded up.

    Margin modes that go by the value take it as rounded in the profit currency.
    """
    profit_minor_unit = 10 ** world.currencies[instrument.profit_currency].digits
    margin_minor_unit = 10 ** world.currencies[instrument.margin_currency].digits
    highest = instrument.price_max_points + bounds.MAX_MARKUP_POINTS
    price = Fraction(highest, 10**instrument.digits)
    value = ceil(lots * instrument.contract_size * price * profit_minor_unit)
    if instrument.initial_margin_minor > 0:
        return value, ceil(lots * max(instrument.initial_margin_minor, instrument.hedged_size))
    if instrument.margin_mode in (v.MARGIN_FOREX, v.MARGIN_FOREX_NO_LEVERAGE):
        return value, ceil(lots * instrument.contract_size * margin_minor_unit)
    by_value = value
    if instrument.margin_mode == v.MARGIN_CFD_INDEX:
        ticks = Fraction(highest, instrument.tick_size_points)
        by_value = ceil(lots * instrument.contract_size * ticks * instrument.tick_value_minor)
    return value, ceil(Fraction(by_value * margin_minor_unit, profit_minor_unit))
