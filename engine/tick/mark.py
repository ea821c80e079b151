"""Stages 1 and 2: the quote becomes the instrument's current price (seed 004).

This file may change an instrument's quote. Profits need no pass over the positions here:
they follow from the quote whenever they are read.
"""

from mypy_extensions import i64

from engine.core import Core
from engine.model.instruments import Instrument


def mark(core: Core, instrument: Instrument, bid: i64, ask: i64) -> None:
    """Stores the quote; the one before is kept, for gaps."""
    instrument.previous_bid = instrument.bid
    instrument.previous_ask = instrument.ask
    instrument.bid = bid
    instrument.ask = ask
    instrument.quote_time_ns = core.time_ns
    instrument.quote_sequence = core.sequence
