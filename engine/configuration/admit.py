"""May this configuration object be stored? The checks of RULES section 2.

This file may read the state; it changes nothing. Functions return a reject code, or 0.
"""

from typing import Final

from engine import bounds, records
from engine import reject_codes as r
from engine import vocabulary as v
from engine.configuration.apply import leg_factors
from engine.configuration.in_use import converts_for_trades, would_reroute
from engine.core import Core
from engine.model.instruments import Instrument
from engine.rounding import power_of_ten

_MAX_NAME: Final = 31
_MAX_HASH: Final = 128
_MAX_FEE_MINOR: Final = 2**31
_MAX_MILLISECONDS: Final = 10**12
_MAX_FEE_PPM: Final = 100_000
_MAX_VOLUME_DIGITS: Final = 8
_MAX_LEVEL_BP: Final = 10**9


def admit_config(core: Core, config: records.Config) -> int:
    """Reject code, or 0."""
    if isinstance(config, records.Profile):
        if not _is_name(config.profile):
            return r.BAD_CONFIGURATION
        return 0 if config.profile == "mt4" else r.PROFILE_NOT_SUPPORTED
    if isinstance(config, records.Currency):
        return _admit_currency(core, config)
    if isinstance(config, records.Feed):
        return _admit_feed(core, config)
    if isinstance(config, records.Instrument):
        return _admit_instrument(core, config)
    if isinstance(config, records.Group):
        return _admit_group(core, config)
    if isinstance(config, records.Terms):
        return _admit_terms(core, config)
    assert isinstance(config, records.HookSet), "the last of the kinds"
    named = _is_name(config.module) and _is_name(config.version)
    return 0 if named and _is_name(config.source_hash, _MAX_HASH) else r.BAD_CONFIGURATION


def _within(value: int, low: int, high: int) -> bool:
    return low <= value <= high


def _is_name(name: str, most: int = _MAX_NAME) -> bool:
    return 1 <= len(name) <= most and name.isascii() and name.isprintable()


def _admit_currency(core: Core, config: records.Currency) -> int:
    if not (
        _within(config.currency, 1, bounds.MAX_CURRENCIES)
        and _within(config.digits, 0, bounds.MAX_DIGITS)
        and _is_name(config.code)
    ):
        return r.BAD_CONFIGURATION
    for currency in core.currencies.values():
        if currency.code == config.code and currency.number != config.currency:
            return r.NAME_TAKEN
    existing = core.currencies.get(config.currency)
    if existing is not None and (existing.digits != config.digits or existing.code != config.code):
        return r.CURRENCY_IN_USE
    return 0


def _admit_feed(core: Core, config: records.Feed) -> int:
    if not _within(config.feed, 1, bounds.MAX_FEEDS) or not _is_name(config.name):
        return r.BAD_CONFIGURATION
    for number, name in core.feeds.items():
        if name == config.name and number != config.feed:
            return r.NAME_TAKEN
    return 0


def _admit_instrument(core: Core, config: records.Instrument) -> int:
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
        if not _markups_fit(config.price_min_points, override, bid, ask):
            return r.BAD_CONFIGURATION
    existing = core.instrument(config.instrument)
    if (
        existing is not None
        and _structure_differs(existing, config)
        and (existing.trades > 0 or converts_for_trades(core, existing))
    ):
        return r.INSTRUMENT_IN_USE
    return r.INSTRUMENT_IN_USE if would_reroute(core, config) else 0


def _markups_fit(price_min: int, override: records.Terms | None, bid: int, ask: int) -> bool:
    """No price of a group falls below one point in an instrument."""
    if override is not None and override.markup_bid_points is not None:
        bid = override.markup_bid_points
    if override is not None and override.markup_ask_points is not None:
        ask = override.markup_ask_points
    return price_min + min(bid, ask) >= 1


def _instrument_in_range(config: records.Instrument) -> bool:
    return (
        _within(config.instrument, 1, bounds.MAX_INSTRUMENTS)
        and _is_name(config.symbol)
        and _is_name(config.asset_class)
        and _within(config.digits, 0, bounds.MAX_DIGITS)
        and _within(config.contract_size, 1, bounds.MAX_CONTRACT_SIZE)
        and _within(config.profit_mode, v.PROFIT_FOREX, v.PROFIT_CFD)
        and _within(config.margin_mode, v.MARGIN_FOREX, v.MARGIN_CFD_INDEX)
        and _within(config.trade_mode, v.TRADE_DISABLED, v.TRADE_FULL)
        and _within(config.tick_size_points, 1, bounds.MAX_PRICE_POINTS)
        and _within(config.tick_value_minor, 0, _MAX_FEE_MINOR)
        and (config.tick_value_minor > 0 or config.margin_mode != v.MARGIN_CFD_INDEX)
        and _within(config.lot_step_units, 1, bounds.MAX_VOLUME_UNITS)
        and _within(config.lot_min_units, 1, config.lot_max_units)
        and _within(config.lot_max_units, 1, config.position_limit_units)
        and _within(config.position_limit_units, 1, bounds.MAX_VOLUME_UNITS)
        and config.lot_min_units % config.lot_step_units == 0
        and config.lot_max_units % config.lot_step_units == 0
        and _within(config.margin_percent_bp, 0, bounds.MAX_MARGIN_PERCENT_BP)
        and _within(config.initial_margin_minor, 0, bounds.MAX_POSITION_VALUE_MINOR)
        and _within(config.hedged_size, 0, bounds.MAX_POSITION_VALUE_MINOR)
        and _within(config.stops_level_points, 0, bounds.MAX_PRICE_POINTS)
        and _within(config.freeze_level_points, 0, bounds.MAX_PRICE_POINTS)
        and _within(config.staleness_ms, 0, _MAX_MILLISECONDS)
        and _within(config.price_min_points, 1, config.price_max_points - 1)
        and _within(config.price_max_points, 2, bounds.MAX_PRICE_POINTS)
        and len(config.feeds) <= bounds.MAX_FEEDS_PER_INSTRUMENT
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
    fee = _MAX_FEE_MINOR
    return (
        _within(config.venue, v.VENUE_QUOTED, v.VENUE_BOOK)
        and _within(config.contract, v.CONTRACT_FUTURES, v.CONTRACT_SPOT)
        and _within(config.volume_digits, 0, _MAX_VOLUME_DIGITS)
        and _within(config.maintenance_margin_minor, 0, config.initial_margin_minor)
        and _within(config.taker_fee_ppm, 0, _MAX_FEE_PPM)
        and _within(config.maker_fee_ppm, -config.taker_fee_ppm, _MAX_FEE_PPM)
        and _within(config.taker_fee_per_lot_minor, 0, fee)
        and _within(config.maker_fee_per_lot_minor, -config.taker_fee_per_lot_minor, fee)
    )


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
        )
    lot_units = int(power_of_ten(config.volume_digits))
    quote_digits: int = int(core.currencies[config.profit_currency].digits)
    if (
        config.digits + config.volume_digits > quote_digits
        or config.profit_mode != v.PROFIT_CFD
        or config.staleness_ms + config.stops_level_points + config.freeze_level_points > 0
        or config.feeds
        or config.hedged_size > 0
    ):
        return False
    if config.contract == v.CONTRACT_FUTURES:
        return (
            config.margin_currency == config.profit_currency
            and config.initial_margin_minor > 0
            and config.initial_margin_minor % lot_units == 0
            and config.maintenance_margin_minor % lot_units == 0
        )
    base_digits: int = int(core.currencies[config.base_currency].digits)
    if base_digits < config.volume_digits or config.base_currency == config.profit_currency:
        return False
    base_per_unit = config.contract_size * int(power_of_ten(base_digits - config.volume_digits))
    return (
        base_per_unit * config.position_limit_units <= bounds.MAX_POSITION_VALUE_MINOR
        and config.initial_margin_minor == 0
        and config.maker_fee_per_lot_minor == config.taker_fee_per_lot_minor == 0
    )


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
        or existing.initial_margin_minor != config.initial_margin_minor
        or existing.margin_percent_bp != config.margin_percent_bp
        or existing.tick_value_minor != config.tick_value_minor
        or existing.venue != config.venue
        or existing.contract != config.contract
        or existing.lot_units != int(power_of_ten(config.volume_digits))
        or existing.maintenance_margin_minor != config.maintenance_margin_minor
        or existing.maker_fee_ppm != config.maker_fee_ppm
        or existing.taker_fee_ppm != config.taker_fee_ppm
        or existing.maker_fee_per_lot_minor != config.maker_fee_per_lot_minor
        or existing.taker_fee_per_lot_minor != config.taker_fee_per_lot_minor
    )


def _admit_group(core: Core, config: records.Group) -> int:
    money = config.level_type == v.LEVEL_MONEY
    highest = bounds.MAX_AMOUNT_MINOR if money else _MAX_LEVEL_BP
    if not (
        _within(config.group, 1, bounds.MAX_GROUPS)
        and _is_name(config.name)
        and _within(config.leverage, 1, bounds.MAX_LEVERAGE)
        and _within(config.level_type, v.LEVEL_PERCENT, v.LEVEL_MONEY)
        and _within(config.margin_call_level, 0, highest)
        and _within(config.stop_out_level, 0, highest)
        and (money or config.stop_out_level <= config.margin_call_level)
        and _within(config.free_margin_mode, v.FREE_MARGIN_NONE, v.FREE_MARGIN_LOSS)
        and _within(config.execution_mode, v.EXECUTION_MANUAL, v.EXECUTION_AUTO_IF_NO_DEALER)
        and _within(config.request_timeout_ms, 0, _MAX_MILLISECONDS)
        and _within(config.compensation, v.COMPENSATE_NEVER, v.COMPENSATE_AFTER_ANY_CLOSE)
        and _within(config.virtual_credit_minor, 0, bounds.MAX_AMOUNT_MINOR)
        and _within(config.max_orders, 0, bounds.MAX_ORDERS_PER_ACCOUNT)
        and _within(config.gap_policy, v.GAP_CLASSIC, v.GAP_TICK)
        and _markup_in_range(config.markup_bid_points)
        and _markup_in_range(config.markup_ask_points)
        and _within(config.commission_per_lot_minor, 0, _MAX_FEE_MINOR)
        and _within(config.agent_commission_per_lot_minor, 0, _MAX_FEE_MINOR)
    ):
        return r.BAD_CONFIGURATION
    if config.currency not in core.currencies:
        return r.UNKNOWN_CURRENCY
    for group in core.groups.values():
        if group.name == config.name and group.number != config.group:
            return r.NAME_TAKEN
    for instrument in core.instruments:
        override = core.overrides.get((config.group, int(instrument.number)))
        price_min: int = int(instrument.price_min_points)
        if instrument.configured and not _markups_fit(
            price_min, override, config.markup_bid_points, config.markup_ask_points
        ):
            return r.BAD_CONFIGURATION
    existing = core.groups.get(config.group)
    if existing is not None and existing.accounts > 0 and existing.currency != config.currency:
        return r.ACCOUNT_IN_USE
    return 0


def _markup_in_range(points: int) -> bool:
    return _within(points, -bounds.MAX_MARKUP_POINTS, bounds.MAX_MARKUP_POINTS)


def _optional_within(value: int | None, low: int, high: int) -> bool:
    return value is None or low <= value <= high


def _admit_terms(core: Core, config: records.Terms) -> int:
    volume = bounds.MAX_VOLUME_UNITS
    markup = bounds.MAX_MARKUP_POINTS
    if not (
        _optional_within(config.trade_mode, v.TRADE_DISABLED, v.TRADE_FULL)
        and _optional_within(
            config.execution_mode, v.EXECUTION_MANUAL, v.EXECUTION_AUTO_IF_NO_DEALER
        )
        and _optional_within(config.gap_policy, v.GAP_CLASSIC, v.GAP_TICK)
        and _optional_within(config.markup_bid_points, -markup, markup)
        and _optional_within(config.markup_ask_points, -markup, markup)
        and _optional_within(config.commission_per_lot_minor, 0, _MAX_FEE_MINOR)
        and _optional_within(config.agent_commission_per_lot_minor, 0, _MAX_FEE_MINOR)
        and _optional_within(config.margin_percent_bp, 0, bounds.MAX_MARGIN_PERCENT_BP)
        and _optional_within(config.lot_min_units, 1, volume)
        and _optional_within(config.lot_max_units, 1, volume)
        and _optional_within(config.lot_step_units, 1, volume)
    ):
        return r.BAD_CONFIGURATION
    if config.group not in core.groups:
        return r.UNKNOWN_GROUP
    if not _within(config.instrument, 1, bounds.MAX_INSTRUMENTS):
        return r.UNKNOWN_INSTRUMENT
    instrument = core.instrument(config.instrument)
    if instrument is None:
        return r.UNKNOWN_INSTRUMENT
    if config.lot_max_units is not None and (
        config.lot_max_units > int(instrument.position_limit_units)
    ):
        return r.BAD_CONFIGURATION
    group = core.groups[config.group]
    price_min: int = int(instrument.price_min_points)
    group_bid: int = int(group.markup_bid_points)
    group_ask: int = int(group.markup_ask_points)
    if not _markups_fit(price_min, config, group_bid, group_ask):
        return r.BAD_CONFIGURATION
    return 0
