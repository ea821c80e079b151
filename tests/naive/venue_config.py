"""What an instrument must be for the venue that it trades on (RULES sections 8 and 9).

This file may say yes or no, not change anything. Ranges of single numbers are in config.py.
"""

from engine import bounds
from engine import records as r
from engine import vocabulary as v
from tests.naive.world import World


def fees_and_margins_fit(config: r.Instrument) -> bool:
    """Ranges that depend on another field: a rebate is never above what the taker pays."""
    return (
        -config.taker_fee_ppm <= config.maker_fee_ppm
        and -config.taker_fee_per_lot_minor <= config.maker_fee_per_lot_minor
        and config.maintenance_margin_minor <= config.initial_margin_minor
    )


def is_month(month: int) -> bool:
    """0, or yyyymm."""
    return month == 0 or (1_900 <= month // 100 <= 9_999 and 1 <= month % 100 <= 12)


def margins_ascend(config: r.Instrument) -> bool:
    """The rows of margin by date: their number and order, the range of each number."""
    if len(config.margins) > bounds.MAX_MARGIN_ROWS:
        return False
    before_ns = 0
    for from_ns, initial, maintenance in config.margins:
        if not before_ns < from_ns <= bounds.MAX_TIME_NS:
            return False
        if not 1 <= initial <= bounds.MAX_AMOUNT_MINOR or not 0 <= maintenance <= initial:
            return False
        before_ns = from_ns
    return True


def fits_venue(world: World, config: r.Instrument) -> bool:
    if config.venue == v.VENUE_QUOTED:
        return fits_quoted(config)
    if not fits_book(world, config):
        return False
    if config.contract == v.CONTRACT_FUTURES:
        return fits_futures(config)
    return fits_spot(world, config)


def fits_quoted(config: r.Instrument) -> bool:
    nothing_else = (
        config.maintenance_margin_minor,
        config.depth_events,
        config.maker_fee_ppm,
        config.taker_fee_ppm,
        config.maker_fee_per_lot_minor,
        config.taker_fee_per_lot_minor,
        config.mark,
        config.trigger,
        config.band_bp,
        *of_futures(config),
    )
    plain = config.volume_digits == 2 and config.contract == v.CONTRACT_FUTURES
    return plain and not any(nothing_else)


def of_futures(config: r.Instrument) -> tuple[object, ...]:
    """What only futures have, beside margins and fees per lot."""
    return (
        config.liquidation_units,
        config.insurance_login,
        config.auto_deleveraging,
        config.delivery_month,
        config.expires_ns,
        config.margins,
    )


def fits_book(world: World, config: r.Instrument) -> bool:
    """Every value is a whole number of minor units, and nothing of the quoted venue is set."""
    whole = config.digits + config.volume_digits
    nothing_else = (
        config.staleness_ms,
        config.stops_level_points,
        config.freeze_level_points,
        config.hedged_size,
    )
    return (
        whole <= world.currencies[config.profit_currency].digits
        and config.profit_mode == v.PROFIT_CFD
        and not any(nothing_else)
        and (config.mark == v.MARK_TICK or not config.feeds)
    )


def fits_futures(config: r.Instrument) -> bool:
    """Margin per unit is whole, also that of later dates; a position's margin is bounded."""
    lot = 10**config.volume_digits
    own = (0, config.initial_margin_minor, config.maintenance_margin_minor)
    steps = config.liquidation_units % config.lot_step_units
    return (
        steps == 0
        and config.margin_currency == config.profit_currency
        and all(
            initial > 0
            and initial % lot == 0
            and maintenance % lot == 0
            and initial * config.position_limit_units <= bounds.MAX_POSITION_VALUE_MINOR * lot
            for _, initial, maintenance in (own, *config.margins)
        )
    )


def fits_spot(world: World, config: r.Instrument) -> bool:
    digits = world.currencies[config.base_currency].digits - config.volume_digits
    if digits < 0 or config.base_currency == config.profit_currency:
        return False
    largest = config.contract_size * 10**digits * config.position_limit_units
    fees = (config.maker_fee_per_lot_minor, config.taker_fee_per_lot_minor)
    nothing_else = (config.initial_margin_minor, *fees, *of_futures(config))
    return not any(nothing_else) and largest <= bounds.MAX_POSITION_VALUE_MINOR
