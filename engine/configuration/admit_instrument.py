"""May this instrument be stored? The checks of RULES sections 2, 8 and 9, in their order.

This file may read the state; it changes nothing. Functions of several checks return a reject
code, or 0; the others say whether all is well.
"""

from typing import Final

from engine import bounds, records
from engine import reject_codes as r
from engine import vocabulary as v
from engine.configuration.apply import leg_factors
from engine.configuration.in_use import converts_for_trades, would_reroute
from engine.configuration.ranges import (
    MAX_FEE_MINOR,
    MAX_MILLISECONDS,
    is_name,
    markups_fit,
    within,
)
from engine.core import Core
from engine.exchange.margins import margin_in_force
from engine.model.instruments import Instrument
from engine.rounding import power_of_ten

_MAX_FEE_PPM: Final = 100_000
_MAX_VOLUME_DIGITS: Final = 8
_MAX_BAND_BP: Final = 10_000
_MAX_LOGIN: Final = 2**63 - 1
_MAX_FEEDS: Final = bounds.MAX_FEEDS_PER_INSTRUMENT


def admit_instrument(core: Core, config: records.Instrument) -> int:
    if not _instrument_in_range(config):
        return r.BAD_CONFIGURATION
    for currency in (config.base_currency, config.profit_currency, config.margin_currency):
        if currency not in core.currencies:
            return r.UNKNOWN_CURRENCY
    for feed in config.feeds:
        if feed not in core.feeds:
            return r.UNKNOWN_FEED
    for other in core.instruments:
        if other.symbol == config.symbol and other.number != config.instrument:
            return r.NAME_TAKEN
    if not (_instrument_values_fit(core, config) and _venue_fits(core, config)):
        return r.BAD_CONFIGURATION
    for group in core.groups.values():
        override = core.overrides.get((int(group.number), config.instrument))
        bid: int = int(group.markup_bid_points)
        ask: int = int(group.markup_ask_points)
        if not markups_fit(config.price_min_points, override, bid, ask):
            return r.BAD_CONFIGURATION
    existing = core.instrument(config.instrument)
    if (
        existing is not None
        and (_structure_differs(existing, config) or _margin_differs(core, existing, config))
        and (existing.trades > 0 or converts_for_trades(core, existing))
    ):
        return r.INSTRUMENT_IN_USE
    return r.INSTRUMENT_IN_USE if would_reroute(core, config) else 0


def _instrument_in_range(config: records.Instrument) -> bool:
    return (
        within(config.instrument, 1, bounds.MAX_INSTRUMENTS)
        and is_name(config.symbol)
        and is_name(config.asset_class)
        and within(config.digits, 0, bounds.MAX_DIGITS)
        and within(config.contract_size, 1, bounds.MAX_CONTRACT_SIZE)
        and within(config.profit_mode, v.PROFIT_FOREX, v.PROFIT_CFD)
        and within(config.margin_mode, v.MARGIN_FOREX, v.MARGIN_CFD_INDEX)
        and within(config.trade_mode, v.TRADE_DISABLED, v.TRADE_FULL)
        and within(config.tick_size_points, 1, bounds.MAX_PRICE_POINTS)
        and within(config.tick_value_minor, 0, MAX_FEE_MINOR)
        and (config.tick_value_minor > 0 or config.margin_mode != v.MARGIN_CFD_INDEX)
        and within(config.lot_step_units, 1, bounds.MAX_VOLUME_UNITS)
        and within(config.lot_min_units, 1, config.lot_max_units)
        and within(config.lot_max_units, 1, config.position_limit_units)
        and within(config.position_limit_units, 1, bounds.MAX_VOLUME_UNITS)
        and config.lot_min_units % config.lot_step_units == 0
        and config.lot_max_units % config.lot_step_units == 0
        and within(config.margin_percent_bp, 0, bounds.MAX_MARGIN_PERCENT_BP)
        and within(config.initial_margin_minor, 0, bounds.MAX_POSITION_VALUE_MINOR)
        and within(config.hedged_size, 0, bounds.MAX_POSITION_VALUE_MINOR)
        and within(config.stops_level_points, 0, bounds.MAX_PRICE_POINTS)
        and within(config.freeze_level_points, 0, bounds.MAX_PRICE_POINTS)
        and within(config.staleness_ms, 0, MAX_MILLISECONDS)
        and within(config.price_min_points, 1, config.price_max_points - 1)
        and within(config.price_max_points, 2, bounds.MAX_PRICE_POINTS)
        and len(config.feeds) <= _MAX_FEEDS
        and _book_terms_in_range(config)
        and _sessions_in_order(config.sessions)
    )


def _sessions_in_order(sessions: list[tuple[int, int]]) -> bool:
    """Ascending, not overlapping, within a week."""
    last = 0
    for opening, closing in sessions:
        if not last <= opening < closing <= 10_080:
            return False
        last = closing
    return len(sessions) <= bounds.MAX_SESSIONS_PER_INSTRUMENT


def _instrument_values_fit(core: Core, config: records.Instrument) -> bool:
    """The largest position's value and margin stay within bounds (bounds.py)."""
    scale, divisor = leg_factors(core, config.digits, config.profit_currency, config.volume_digits)
    price = config.price_max_points + bounds.MAX_MARKUP_POINTS
    units = config.position_limit_units
    numerator = price * config.contract_size * units * scale
    if numerator > bounds.MAX_LEG_NUMERATOR:
        return False
    if numerator // divisor > bounds.MAX_POSITION_VALUE_MINOR:
        return False
    if config.initial_margin_minor > 0:
        per_lot = max(config.initial_margin_minor, config.hedged_size)
        return (
            per_lot * units // int(power_of_ten(config.volume_digits))
            <= bounds.MAX_POSITION_VALUE_MINOR
        )
    return config.hedged_size <= config.contract_size


def _book_terms_in_range(config: records.Instrument) -> bool:
    fee = MAX_FEE_MINOR
    return (
        within(config.venue, v.VENUE_QUOTED, v.VENUE_BOOK)
        and within(config.contract, v.CONTRACT_FUTURES, v.CONTRACT_SPOT)
        and within(config.volume_digits, 0, _MAX_VOLUME_DIGITS)
        and within(config.maintenance_margin_minor, 0, config.initial_margin_minor)
        and within(config.taker_fee_ppm, 0, _MAX_FEE_PPM)
        and within(config.maker_fee_ppm, -config.taker_fee_ppm, _MAX_FEE_PPM)
        and within(config.taker_fee_per_lot_minor, 0, fee)
        and within(config.maker_fee_per_lot_minor, -config.taker_fee_per_lot_minor, fee)
        and within(config.mark, v.MARK_BOOK, v.MARK_TICK)
        and within(config.trigger, v.TRIGGER_LAST, v.TRIGGER_MARK)
        and within(config.band_bp, 0, _MAX_BAND_BP)
        and within(config.liquidation_units, 0, bounds.MAX_VOLUME_UNITS)
        and within(config.insurance_login, 0, _MAX_LOGIN)
        and _is_month(config.delivery_month)
        and within(config.expires_ns, 0, bounds.MAX_TIME_NS)
        and _margins_in_order(config.margins)
    )


def _is_month(delivery_month: int) -> bool:
    """None, or yyyymm."""
    year, month = divmod(delivery_month, 100)
    return delivery_month == 0 or (within(year, 1_900, 9_999) and within(month, 1, 12))


def _margins_in_order(margins: list[tuple[int, int, int]]) -> bool:
    """Ascending in time, amounts in range."""
    last = 0
    for from_ns, initial, maintenance in margins:
        if not (
            within(from_ns, last + 1, bounds.MAX_TIME_NS)
            and within(initial, 1, bounds.MAX_POSITION_VALUE_MINOR)
            and within(maintenance, 0, initial)
        ):
            return False
        last = from_ns
    return len(margins) <= bounds.MAX_MARGIN_ROWS


def _venue_fits(core: Core, config: records.Instrument) -> bool:
    """On the book venue every value is exact; elsewhere its terms are left alone."""
    if config.venue == v.VENUE_QUOTED:
        return (
            config.volume_digits == 2
            and config.contract == v.CONTRACT_FUTURES
            and not config.depth_events
            and config.maintenance_margin_minor == 0
            and config.maker_fee_ppm == config.taker_fee_ppm == 0
            and config.maker_fee_per_lot_minor == config.taker_fee_per_lot_minor == 0
            and config.mark + config.trigger + config.band_bp == 0
            and _has_no_futures_terms(config)
        )
    quote_digits: int = int(core.currencies[config.profit_currency].digits)
    if (
        config.digits + config.volume_digits > quote_digits
        or config.profit_mode != v.PROFIT_CFD
        or config.staleness_ms + config.stops_level_points + config.freeze_level_points > 0
        or (config.feeds and config.mark != v.MARK_TICK)
        or config.hedged_size > 0
    ):
        return False
    if config.contract == v.CONTRACT_FUTURES:
        return (
            config.margin_currency == config.profit_currency
            and config.liquidation_units % config.lot_step_units == 0
            and _margins_fit(config)
        )
    base_digits: int = int(core.currencies[config.base_currency].digits)
    if base_digits < config.volume_digits or config.base_currency == config.profit_currency:
        return False
    base_per_unit = config.contract_size * int(power_of_ten(base_digits - config.volume_digits))
    return (
        base_per_unit * config.position_limit_units <= bounds.MAX_POSITION_VALUE_MINOR
        and config.initial_margin_minor == 0
        and config.maker_fee_per_lot_minor == config.taker_fee_per_lot_minor == 0
        and _has_no_futures_terms(config)
    )


def _has_no_futures_terms(config: records.Instrument) -> bool:
    """What only futures have: liquidation, delivery, expiry, margin by date."""
    return (
        config.liquidation_units == config.insurance_login == 0
        and not config.auto_deleveraging
        and config.delivery_month == config.expires_ns == 0
        and not config.margins
    )


def _margins_fit(config: records.Instrument) -> bool:
    """The margin of one unit is whole, and that of the largest position within bounds."""
    lot_units = int(power_of_ten(config.volume_digits))
    rows = [(0, config.initial_margin_minor, config.maintenance_margin_minor), *config.margins]
    for _, initial, maintenance in rows:
        if (
            initial == 0
            or initial % lot_units != 0
            or maintenance % lot_units != 0
            or initial // lot_units * config.position_limit_units > bounds.MAX_POSITION_VALUE_MINOR
        ):
            return False
    return True


def _structure_differs(existing: Instrument, config: records.Instrument) -> bool:
    """What can't change while orders or positions exist."""
    return (
        existing.digits != config.digits
        or existing.contract_size != config.contract_size
        or existing.base_currency != config.base_currency
        or existing.profit_currency != config.profit_currency
        or existing.margin_currency != config.margin_currency
        or existing.profit_mode != config.profit_mode
        or existing.margin_mode != config.margin_mode
        or existing.tick_size_points != config.tick_size_points
        or existing.price_min_points != config.price_min_points
        or existing.price_max_points != config.price_max_points
        or existing.position_limit_units != config.position_limit_units
        or existing.hedged_size != config.hedged_size
        or existing.margin_percent_bp != config.margin_percent_bp
        or existing.tick_value_minor != config.tick_value_minor
        or existing.venue != config.venue
        or existing.contract != config.contract
        or existing.lot_units != int(power_of_ten(config.volume_digits))
        or existing.mark != config.mark
        or existing.maker_fee_ppm != config.maker_fee_ppm
        or existing.taker_fee_ppm != config.taker_fee_ppm
        or existing.maker_fee_per_lot_minor != config.maker_fee_per_lot_minor
        or existing.taker_fee_per_lot_minor != config.taker_fee_per_lot_minor
    )


def _margin_differs(core: Core, existing: Instrument, config: records.Instrument) -> bool:
    """The margin in force would be another at once."""
    of_old = (existing.initial_margin_minor, existing.maintenance_margin_minor)
    of_new = (config.initial_margin_minor, config.maintenance_margin_minor)
    old = margin_in_force(existing.margins, of_old, core.time_ns)
    return old != margin_in_force(config.margins, of_new, core.time_ns)
