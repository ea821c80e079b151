"""Ranges and shapes of single fields, for the checks of all kinds of configuration.

This file may look at values; it knows nothing of the state.
"""

from typing import Final

from engine import bounds, records

MAX_NAME: Final = 31
MAX_FEE_MINOR: Final = 2**31
MAX_MILLISECONDS: Final = 10**12


def within(value: int, low: int, high: int) -> bool:
    return low <= value <= high


def optional_within(value: int | None, low: int, high: int) -> bool:
    return value is None or low <= value <= high


def is_name(name: str, most: int = MAX_NAME) -> bool:
    """Printable ASCII, not empty, not too long."""
    return 1 <= len(name) <= most and name.isascii() and name.isprintable()


def is_markup(points: int) -> bool:
    return within(points, -bounds.MAX_MARKUP_POINTS, bounds.MAX_MARKUP_POINTS)


def markups_fit(price_min: int, override: records.Terms | None, bid: int, ask: int) -> bool:
    """No price of a group falls below one point in an instrument."""
    if override is not None and override.markup_bid_points is not None:
        bid = override.markup_bid_points
    if override is not None and override.markup_ask_points is not None:
        ask = override.markup_ask_points
    return price_min + min(bid, ask) >= 1
