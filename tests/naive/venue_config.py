"""What an instrument must be for the venue that it trades on (RULES section 8, configuration).

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
    )
    plain = config.volume_digits == 2 and config.contract == v.CONTRACT_FUTURES
    return plain and not any(nothing_else)


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
        and not config.feeds
    )


def fits_futures(config: r.Instrument) -> bool:
    lot = 10**config.volume_digits
    return (
        config.margin_currency == config.profit_currency
        and config.initial_margin_minor > 0
        and config.initial_margin_minor % lot == 0
        and config.maintenance_margin_minor % lot == 0
    )


def fits_spot(world: World, config: r.Instrument) -> bool:
    digits = world.currencies[config.base_currency].digits - config.volume_digits
    if digits < 0 or config.base_currency == config.profit_currency:
        return False
    largest = config.contract_size * 10**digits * config.position_limit_units
    fees = (config.maker_fee_per_lot_minor, config.taker_fee_per_lot_minor)
    no_margin = config.initial_margin_minor == 0
    return no_margin and not any(fees) and largest <= bounds.MAX_POSITION_VALUE_MINOR
