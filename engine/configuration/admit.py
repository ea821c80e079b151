"""May this configuration object be stored? The checks of RULES section 2.

This file may read the state; it changes nothing. Functions return a reject code, or 0.
Instruments have a file of their own, `admit_instrument.py`.
"""

from typing import Final

from engine import bounds, records
from engine import reject_codes as r
from engine import vocabulary as v
from engine.configuration.admit_instrument import admit_instrument
from engine.configuration.ranges import (
    MAX_FEE_MINOR,
    MAX_MILLISECONDS,
    is_markup,
    is_name,
    markups_fit,
    optional_within,
    within,
)
from engine.core import Core

_MAX_HASH: Final = 128
_MAX_LEVEL_BP: Final = 10**9


def admit_config(core: Core, config: records.Config) -> int:
    """Reject code, or 0."""
    if isinstance(config, records.Profile):
        if not is_name(config.profile):
            return r.BAD_CONFIGURATION
        return 0 if config.profile == "mt4" else r.PROFILE_NOT_SUPPORTED
    if isinstance(config, records.Currency):
        return _admit_currency(core, config)
    if isinstance(config, records.Feed):
        return _admit_feed(core, config)
    if isinstance(config, records.Instrument):
        return admit_instrument(core, config)
    if isinstance(config, records.Group):
        return _admit_group(core, config)
    if isinstance(config, records.Terms):
        return _admit_terms(core, config)
    assert isinstance(config, records.HookSet), "the last of the kinds"
    named = is_name(config.module) and is_name(config.version)
    return 0 if named and is_name(config.source_hash, _MAX_HASH) else r.BAD_CONFIGURATION


def _admit_currency(core: Core, config: records.Currency) -> int:
    if not (
        within(config.currency, 1, bounds.MAX_CURRENCIES)
        and within(config.digits, 0, bounds.MAX_DIGITS)
        and is_name(config.code)
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
    if not within(config.feed, 1, bounds.MAX_FEEDS) or not is_name(config.name):
        return r.BAD_CONFIGURATION
    for number, name in core.feeds.items():
        if name == config.name and number != config.feed:
            return r.NAME_TAKEN
    return 0


def _admit_group(core: Core, config: records.Group) -> int:
    money = config.level_type == v.LEVEL_MONEY
    highest = bounds.MAX_AMOUNT_MINOR if money else _MAX_LEVEL_BP
    if not (
        within(config.group, 1, bounds.MAX_GROUPS)
        and is_name(config.name)
        and within(config.leverage, 1, bounds.MAX_LEVERAGE)
        and within(config.level_type, v.LEVEL_PERCENT, v.LEVEL_MONEY)
        and within(config.margin_call_level, 0, highest)
        and within(config.stop_out_level, 0, highest)
        and (money or config.stop_out_level <= config.margin_call_level)
        and within(config.free_margin_mode, v.FREE_MARGIN_NONE, v.FREE_MARGIN_LOSS)
        and within(config.execution_mode, v.EXECUTION_MANUAL, v.EXECUTION_AUTO_IF_NO_DEALER)
        and within(config.request_timeout_ms, 0, MAX_MILLISECONDS)
        and within(config.compensation, v.COMPENSATE_NEVER, v.COMPENSATE_AFTER_ANY_CLOSE)
        and within(config.virtual_credit_minor, 0, bounds.MAX_AMOUNT_MINOR)
        and within(config.max_orders, 0, bounds.MAX_ORDERS_PER_ACCOUNT)
        and within(config.gap_policy, v.GAP_CLASSIC, v.GAP_TICK)
        and is_markup(config.markup_bid_points)
        and is_markup(config.markup_ask_points)
        and within(config.commission_per_lot_minor, 0, MAX_FEE_MINOR)
        and within(config.agent_commission_per_lot_minor, 0, MAX_FEE_MINOR)
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
        if instrument.configured and not markups_fit(
            price_min, override, config.markup_bid_points, config.markup_ask_points
        ):
            return r.BAD_CONFIGURATION
    existing = core.groups.get(config.group)
    if existing is not None and existing.accounts > 0 and existing.currency != config.currency:
        return r.ACCOUNT_IN_USE
    return 0


def _admit_terms(core: Core, config: records.Terms) -> int:
    volume = bounds.MAX_VOLUME_UNITS
    markup = bounds.MAX_MARKUP_POINTS
    if not (
        optional_within(config.trade_mode, v.TRADE_DISABLED, v.TRADE_FULL)
        and optional_within(
            config.execution_mode, v.EXECUTION_MANUAL, v.EXECUTION_AUTO_IF_NO_DEALER
        )
        and optional_within(config.gap_policy, v.GAP_CLASSIC, v.GAP_TICK)
        and optional_within(config.markup_bid_points, -markup, markup)
        and optional_within(config.markup_ask_points, -markup, markup)
        and optional_within(config.commission_per_lot_minor, 0, MAX_FEE_MINOR)
        and optional_within(config.agent_commission_per_lot_minor, 0, MAX_FEE_MINOR)
        and optional_within(config.margin_percent_bp, 0, bounds.MAX_MARGIN_PERCENT_BP)
        and optional_within(config.lot_min_units, 1, volume)
        and optional_within(config.lot_max_units, 1, volume)
        and optional_within(config.lot_step_units, 1, volume)
    ):
        return r.BAD_CONFIGURATION
    if config.group not in core.groups:
        return r.UNKNOWN_GROUP
    if not within(config.instrument, 1, bounds.MAX_INSTRUMENTS):
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
    if not markups_fit(price_min, config, group_bid, group_ask):
        return r.BAD_CONFIGURATION
    return 0
