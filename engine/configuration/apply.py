"""Stores configuration that was admitted, and makes anew what follows from it.

This file may change configuration and the indexes over the state. A payload is kept in
its canonical encoding: it is the logical state of the configuration, and a snapshot
restores it by applying it again.
"""

from typing import Final

import msgspec
from mypy_extensions import i64

from engine import records
from engine import vocabulary as v
from engine.book.book import Book
from engine.core import Core
from engine.exchange.margins import row_in_force, take_row, watch_margins
from engine.model.instruments import Currency, Group, Instrument
from engine.money import group_changed
from engine.rounding import power_of_ten

_MILLISECOND_NS: Final = 1_000_000


def key_of(config: records.Config) -> tuple[int, int, int]:
    """Kind and numbers: the canonical order of configuration objects."""
    if isinstance(config, records.Currency):
        return (config.KIND, config.currency, 0)
    if isinstance(config, records.Feed):
        return (config.KIND, config.feed, 0)
    if isinstance(config, records.Instrument):
        return (config.KIND, config.instrument, 0)
    if isinstance(config, records.Group):
        return (config.KIND, config.group, 0)
    if isinstance(config, records.Terms):
        return (config.KIND, config.group, config.instrument)
    return (config.KIND, 0, 0)


def apply_config(core: Core, config: records.Config) -> tuple[i64, i64]:
    """Stores an admitted object. Returns the numbers for the `Configured` event."""
    core.config_payloads[key_of(config)] = msgspec.msgpack.encode(config)
    identifier: i64 = 0
    instrument: i64 = 0
    if isinstance(config, records.Profile):
        identifier = 1
    elif isinstance(config, records.Currency):
        identifier = config.currency
        core.currencies[identifier] = Currency(identifier, config.code, config.digits)
    elif isinstance(config, records.Feed):
        identifier = config.feed
        core.feeds[identifier] = config.name
    elif isinstance(config, records.Instrument):
        identifier = config.instrument
        _apply_instrument(core, config)
    elif isinstance(config, records.Group):
        identifier = config.group
        _apply_group(core, config)
    elif isinstance(config, records.Terms):
        identifier = config.group
        instrument = config.instrument
        core.overrides[(config.group, config.instrument)] = config
    return identifier, instrument


def _apply_instrument(core: Core, config: records.Instrument) -> None:
    while len(core.instruments) <= config.instrument:
        core.instruments.append(Instrument(len(core.instruments), ""))
    instrument = core.instruments[config.instrument]
    if instrument.configured and (
        instrument.digits != config.digits
        or instrument.price_min_points != config.price_min_points
        or instrument.price_max_points != config.price_max_points
    ):
        instrument.forget_quote()
        instrument.last_points = 0
        instrument.base_points = 0
    fill_instrument(core, instrument, config)
    take_row(core, instrument, row_in_force(instrument.margins, core.time_ns))
    watch_margins(core, instrument)
    instrument.session_from_ns = 0
    instrument.session_to_ns = 0
    if len(config.feeds) > 0 and instrument.active_feed not in config.feeds:
        instrument.active_feed = 0
    count = i64(len(core.instruments))
    core.pendings.ensure_instruments(count)
    core.stops.ensure_instruments(count)
    core.bands.ensure_instruments(count)
    core.order_triggers.ensure_instruments(count)


def fill_instrument(core: Core, instrument: Instrument, config: records.Instrument) -> None:
    """Copies a configuration into an instrument, with the factors that follow from it."""
    instrument.configured = True
    instrument.symbol = config.symbol
    instrument.base_currency = config.base_currency
    instrument.profit_currency = config.profit_currency
    instrument.margin_currency = config.margin_currency
    instrument.digits = config.digits
    instrument.contract_size = config.contract_size
    instrument.profit_mode = config.profit_mode
    instrument.margin_mode = config.margin_mode
    instrument.trade_mode = config.trade_mode
    instrument.tick_size_points = config.tick_size_points
    instrument.tick_value_minor = config.tick_value_minor
    instrument.lot_min_units = config.lot_min_units
    instrument.lot_max_units = config.lot_max_units
    instrument.lot_step_units = config.lot_step_units
    instrument.position_limit_units = config.position_limit_units
    instrument.margin_percent_bp = config.margin_percent_bp
    instrument.initial_margin_minor = config.initial_margin_minor
    instrument.hedged_size = config.hedged_size
    instrument.stops_level_points = config.stops_level_points
    instrument.freeze_level_points = config.freeze_level_points
    instrument.staleness_ns = config.staleness_ms * _MILLISECOND_NS
    instrument.price_min_points = config.price_min_points
    instrument.price_max_points = config.price_max_points
    instrument.sessions = config.sessions
    _fill_book_terms(core, instrument, config)
    instrument.feeds = config.feeds
    scale, divisor = leg_factors(core, config.digits, config.profit_currency, config.volume_digits)
    instrument.leg_scale = scale
    instrument.leg_divisor = divisor


def _fill_book_terms(core: Core, instrument: Instrument, config: records.Instrument) -> None:
    """What the book venue needs; `base_per_unit_minor` is exact by admission."""
    lot_units: int = 10**config.volume_digits
    instrument.venue = config.venue
    instrument.contract = config.contract
    instrument.lot_units = lot_units
    instrument.maker_fee_ppm = config.maker_fee_ppm
    instrument.taker_fee_ppm = config.taker_fee_ppm
    instrument.maker_fee_per_lot_minor = config.maker_fee_per_lot_minor
    instrument.taker_fee_per_lot_minor = config.taker_fee_per_lot_minor
    instrument.maintenance_margin_minor = config.maintenance_margin_minor
    instrument.margins = config.margins
    instrument.mark = config.mark
    instrument.trigger = config.trigger
    instrument.band_bp = config.band_bp
    instrument.liquidation_units = config.liquidation_units
    instrument.insurance_login = config.insurance_login
    instrument.auto_deleveraging = config.auto_deleveraging
    instrument.expires_ns = config.expires_ns
    digits = int(core.currencies[config.base_currency].digits) - config.volume_digits
    instrument.base_per_unit_minor = config.contract_size * 10 ** max(digits, 0)
    if config.venue != v.VENUE_BOOK:
        _forget_book(instrument)
    elif instrument.book is None:
        instrument.book = Book(core.orders)
    if instrument.book is not None:
        instrument.book.tells_depth = config.depth_events


def _forget_book(instrument: Instrument) -> None:
    """The instrument is of the book venue no more. Nothing rested there, or it could not be so."""
    instrument.book = None
    instrument.phase = v.PHASE_CONTINUOUS
    instrument.last_points = 0
    instrument.base_points = 0


def leg_factors(
    core: Core, digits: int, profit_currency: int, volume_digits: int
) -> tuple[int, int]:
    """Scale and divisor of a leg: points x units to minor units of the profit currency."""
    exponent = int(core.currencies[profit_currency].digits) - digits - volume_digits
    if exponent >= 0:
        return int(power_of_ten(exponent)), 1
    return 1, int(power_of_ten(-exponent))


def _apply_group(core: Core, config: records.Group) -> None:
    group = core.groups.get(config.group)
    if group is None:
        group = Group(config.group, config.name)
        core.groups[config.group] = group
    group.name = config.name
    group.currency = config.currency
    group.leverage = config.leverage
    group.level_type = config.level_type
    group.margin_call_level = config.margin_call_level
    group.stop_out_level = config.stop_out_level
    group.free_margin_mode = config.free_margin_mode
    group.withdraw_free_margin = config.withdraw_free_margin
    group.execution_mode = config.execution_mode
    group.request_timeout_ns = config.request_timeout_ms * _MILLISECOND_NS
    group.trading_enabled = config.trading_enabled
    group.fifo = config.fifo
    group.hedge_prohibited = config.hedge_prohibited or config.fifo
    group.larger_leg = config.larger_leg
    group.strong_hedged = config.strong_hedged
    group.skip_fully_hedged = config.skip_fully_hedged
    group.compensation = config.compensation
    group.virtual_credit_minor = config.virtual_credit_minor
    group.max_orders = config.max_orders
    group.gap_policy = config.gap_policy
    group.markup_bid_points = config.markup_bid_points
    group.markup_ask_points = config.markup_ask_points
    group.commission_per_lot_minor = config.commission_per_lot_minor
    group.agent_commission_per_lot_minor = config.agent_commission_per_lot_minor
    group.stp_pendings = config.stp_pendings
    group.stp_stops = config.stp_stops
    group.stp_stop_outs = config.stp_stop_outs
    group_changed(core, group)


def rebuild_indexes(core: Core) -> None:
    """Terms, routes, trigger prices and bands of everything, anew."""
    core.conversions.clear()
    for group in core.groups.values():
        group.terms = []
    for account in core.accounts.values():
        for exposure in list(account.exposures):
            core.refresh_exposure(exposure)
    for trade in core.trades():
        core.watch(trade)
    core.parked.clear()
    for account in core.accounts.values():
        if account.position_count > 0:
            core.touch(account)
