"""Margin of one account in one instrument (SEMANTICS section 3; RULES section 7).

This file may compute on sums of positions; it changes nothing. All products are exact
integers of any width; each component is rounded once.
"""

from typing import Final

from mypy_extensions import i64, mypyc_attr

from engine import vocabulary as v
from engine.core import Core
from engine.model.accounts import Account, Exposure, SideSums
from engine.model.instruments import Currency, Instrument
from engine.rounding import power_of_ten, round_div_exact

_LOT_UNITS: Final = 100
_RATE_SCALE: Final = 100_000_000


@mypyc_attr(acyclic=True)
class MarginTerms:
    """What the formula needs to know besides positions, as plain numbers."""

    def __init__(
        self,
        instrument: Instrument,
        margin_currency: Currency,
        profit_currency: Currency,
        account_currency: Currency,
        leverage: i64,
        percent_bp: i64,
        larger_leg: bool,
    ) -> None:
        self.instrument = instrument
        self.margin_currency = margin_currency
        self.profit_currency = profit_currency
        self.account_currency = account_currency
        self.leverage = leverage
        self.percent_bp = percent_bp
        self.larger_leg = larger_leg


def component_minor(
    terms: MarginTerms,
    volume_units: i64,
    size: i64,
    price_cost: i64,
    price_units: i64,
    rate_numerator: int,
    rate_denominator: int,
) -> i64:
    """One margin component, rounded once, in the account's minor units.

    `volume_units` lots/100 of `size` (contract size, or an amount per lot in margin minor
    units where the instrument has an initial margin) at the average price
    `price_cost / price_units` and the average rate `numerator / denominator` (x 10**8).
    """
    if volume_units == 0 or size == 0:
        return 0
    instrument = terms.instrument
    mode = instrument.margin_mode
    top: int = int(volume_units) * int(size) * rate_numerator * int(terms.percent_bp)
    top *= int(power_of_ten(terms.account_currency.digits))
    bottom: int = _LOT_UNITS * rate_denominator * _RATE_SCALE * 10_000
    if instrument.initial_margin_minor > 0:
        bottom *= int(power_of_ten(terms.margin_currency.digits))
        if mode == v.MARGIN_FOREX or mode == v.MARGIN_CFD_LEVERAGE:
            bottom *= int(terms.leverage)
        return round_div_exact(top, bottom)
    if mode == v.MARGIN_FOREX or mode == v.MARGIN_CFD_LEVERAGE:
        bottom *= int(terms.leverage)
    if mode == v.MARGIN_CFD_INDEX:
        top *= int(price_cost) * int(instrument.tick_value_minor)
        bottom *= int(price_units) * int(instrument.tick_size_points)
        bottom *= int(power_of_ten(terms.profit_currency.digits))
    elif mode == v.MARGIN_CFD or mode == v.MARGIN_CFD_LEVERAGE:
        top *= int(price_cost)
        bottom *= int(price_units) * int(power_of_ten(instrument.digits))
    return round_div_exact(top, bottom)


def side_margin_minor(terms: MarginTerms, volume_units: i64, size: i64, side: SideSums) -> i64:
    """A volume at the average price and rate of one side's positions."""
    if side.units == 0:
        return 0
    return component_minor(
        terms, volume_units, size, side.cost, side.units, int(side.rated), int(side.units)
    )


def positions_margin_minor(terms: MarginTerms, buys: SideSums, sells: SideSums) -> i64:
    """Margin of all positions of an account in an instrument: basic or larger-leg method."""
    instrument = terms.instrument
    size = instrument.contract_size
    if instrument.initial_margin_minor > 0:
        size = instrument.initial_margin_minor
    if terms.larger_leg:
        long = side_margin_minor(terms, buys.units, size, buys)
        short = side_margin_minor(terms, sells.units, size, sells)
        return long if long > short else short
    if sells.units == 0:
        return side_margin_minor(terms, buys.units, size, buys)
    if buys.units == 0:
        return side_margin_minor(terms, sells.units, size, sells)
    larger = buys if buys.units > sells.units else sells
    smaller = sells if buys.units > sells.units else buys
    uncovered = side_margin_minor(terms, larger.units - smaller.units, size, larger)
    # Both legs of the covered volume, at the mean of the two average rates.
    rate_top = int(buys.rated) * int(sells.units) + int(sells.rated) * int(buys.units)
    rate_bottom = 2 * int(buys.units) * int(sells.units)
    covered = component_minor(
        terms,
        2 * smaller.units,
        instrument.hedged_size,
        buys.cost + sells.cost,
        buys.units + sells.units,
        rate_top,
        rate_bottom,
    )
    return uncovered + covered


def margin_terms(core: Core, account: Account, instrument: Instrument) -> MarginTerms:
    terms = core.terms(account.group, instrument)
    return MarginTerms(
        instrument,
        core.currencies[instrument.margin_currency],
        core.currencies[instrument.profit_currency],
        account.currency,
        account.leverage,
        terms.margin_percent_bp,
        account.group.larger_leg,
    )


def exposure_margin_minor(core: Core, exposure: Exposure) -> i64:
    """Margin of an exposure's positions."""
    if exposure.count == 0:
        return 0
    if exposure.instrument.venue == v.VENUE_BOOK:
        return futures_margin_minor(exposure)
    terms = margin_terms(core, exposure.account, exposure.instrument)
    return positions_margin_minor(terms, exposure.buys, exposure.sells)


def futures_margin_minor(exposure: Exposure) -> i64:
    """Maintenance margin of a position on the book venue."""
    held = exposure.net_units
    if held < 0:
        held = -held
    return held * exposure.instrument.maintenance_per_unit_minor


def margin_with_minor(
    core: Core, exposure: Exposure, side: i64, units: i64, cost: i64, rate_e8: i64
) -> i64:
    """Margin of an exposure's positions and one more (hedging accounts)."""
    terms = margin_terms(core, exposure.account, exposure.instrument)
    old = exposure.buys if side == v.BUY else exposure.sells
    sums = SideSums()
    sums.units = old.units
    sums.cost = old.cost
    sums.rated = old.rated
    sums.add(units, cost, rate_e8)
    if side == v.BUY:
        return positions_margin_minor(terms, sums, exposure.sells)
    return positions_margin_minor(terms, exposure.buys, sums)


def margin_of_one_minor(core: Core, exposure: Exposure, units: i64, cost: i64, rate_e8: i64) -> i64:
    """Margin of one position alone in an instrument (netting accounts)."""
    if units == 0:
        return 0
    only = SideSums()
    only.add(units, cost, rate_e8)
    terms = margin_terms(core, exposure.account, exposure.instrument)
    return positions_margin_minor(terms, only, SideSums())
