"""The band around the base price: no order is entered or takes beyond it.

This file may compute; it changes nothing (RULES section 9). The base price is that of the
last auction or daily settlement; in an auction there is no band.
"""

from mypy_extensions import i64

from engine import vocabulary as v
from engine.book.ladder import limit_key_of
from engine.model.instruments import Instrument

_WHOLE_BP = 10_000


def has_band(instrument: Instrument) -> bool:
    """A band holds now."""
    return (
        instrument.band_bp > 0
        and instrument.base_points > 0
        and instrument.phase != v.PHASE_AUCTION
    )


def band_edge(instrument: Instrument, side: i64) -> i64:
    """The upper edge for a buying order, the lower one for a selling one. There is a band."""
    width = instrument.base_points * instrument.band_bp // _WHOLE_BP
    if side == v.BUY:
        return instrument.base_points + width
    return instrument.base_points - width


def is_outside(instrument: Instrument, price_points: i64) -> bool:
    """The price of an order is beyond one of the edges."""
    return has_band(instrument) and (
        price_points > band_edge(instrument, v.BUY) or price_points < band_edge(instrument, v.SELL)
    )


def within_band(instrument: Instrument, side: i64, limit_key: i64) -> i64:
    """The last key that an order of this side may take: its own, or that of the edge."""
    if has_band(instrument):
        edge = limit_key_of(side, band_edge(instrument, side))
        if edge < limit_key:
            return edge
    return limit_key
