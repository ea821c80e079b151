"""Maker and taker fees of the book venue.

This file may compute; it changes nothing. A fee is rounded towards zero, against the venue:
so the fees of the parts of an order never exceed the fee of the whole, which is frozen.
"""

from typing import Final

from mypy_extensions import i64

from engine.model.instruments import Instrument

_MILLION: Final = 1_000_000


def fee_minor(instrument: Instrument, maker: bool, units: i64, value_minor: i64) -> i64:
    """Fee of a fill, in the profit currency; a rebate is negative."""
    if maker:
        ppm = instrument.maker_fee_ppm
        per_lot = instrument.maker_fee_per_lot_minor
    else:
        ppm = instrument.taker_fee_ppm
        per_lot = instrument.taker_fee_per_lot_minor
    fee: i64 = 0
    if ppm != 0:
        fee = _share(value_minor, ppm) if ppm > 0 else -_share(value_minor, -ppm)
    if per_lot > 0:
        fee += units * per_lot // instrument.lot_units
    elif per_lot < 0:
        fee -= units * -per_lot // instrument.lot_units
    return fee


def largest_fee_minor(instrument: Instrument, units: i64, value_minor: i64) -> i64:
    """No way of filling a volume at this value or less, in any parts, costs more."""
    ppm = instrument.taker_fee_ppm
    if instrument.maker_fee_ppm > ppm:
        ppm = instrument.maker_fee_ppm
    per_lot = instrument.taker_fee_per_lot_minor
    if instrument.maker_fee_per_lot_minor > per_lot:
        per_lot = instrument.maker_fee_per_lot_minor
    fee: i64 = 0
    if ppm > 0:
        fee = _share(value_minor, ppm)
    if per_lot > 0:
        fee += units * per_lot // instrument.lot_units
    return fee


def _share(value_minor: i64, ppm: i64) -> i64:
    """value x ppm / 10**6, rounded down; no product leaves 64 bits."""
    return value_minor // _MILLION * ppm + value_minor % _MILLION * ppm // _MILLION
