"""What orders and positions need of the configuration, and so can't change under them.

This file may read the state; it changes nothing.
"""

from mypy_extensions import i64

from engine import records
from engine.configuration.apply import fill_instrument
from engine.conversion import make_conversion
from engine.core import Core
from engine.model.accounts import Exposure
from engine.model.instruments import Instrument
from engine.model.routes import Route


def _exposures_in_use(core: Core) -> list[Exposure]:
    """One exposure for every (instrument, account currency) that has trades."""
    found: dict[int, Exposure] = {}
    for exposure in core.exposures:
        if exposure.count + exposure.order_buys + exposure.order_sells > 0:
            key = exposure.instrument.number << 16 | exposure.account.currency.number
            found[int(key)] = exposure
    return list(found.values())


def converts_for_trades(core: Core, instrument: Instrument) -> bool:
    """The instrument is a step of a route that an order or position needs."""
    for exposure in _exposures_in_use(core):
        conversion = exposure.conversion
        assert conversion is not None
        for route in (conversion.profit, conversion.margin):
            if route.first is instrument or route.second is instrument:
                return True
    return False


def would_reroute(core: Core, config: records.Instrument) -> bool:
    """With this configuration an order or position would convert through other pairs."""
    candidate = Instrument(config.instrument, config.symbol)
    fill_instrument(core, candidate, config)
    instruments = list(core.instruments)
    if config.instrument < len(instruments):
        instruments[config.instrument] = candidate
    else:
        instruments.append(candidate)
    for exposure in _exposures_in_use(core):
        old = exposure.conversion
        assert old is not None
        new = make_conversion(
            instruments, core.currencies, exposure.instrument, exposure.account.currency
        )
        if not (_same_route(old.profit, new.profit) and _same_route(old.margin, new.margin)):
            return True
    return False


def _same_route(old: Route, new: Route) -> bool:
    return _number(old.first) == _number(new.first) and _number(old.second) == _number(new.second)


def _number(instrument: Instrument | None) -> i64:
    return 0 if instrument is None else instrument.number
