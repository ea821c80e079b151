"""The book venue in a configuration file: what an instrument there has beside the others.

This file may turn the keys of a table into fields of the record; the core checks them.
"""

import re
from typing import Any, Final

from adapters.config_tables import InstrumentTable, MarginTable
from adapters.config_values import amount_of, at_key, word_number
from adapters.units import BadInput, parse_time, shown
from engine import bounds, records
from engine import vocabulary as v

_MONTH: Final = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)


def book_terms(
    place: str, t: InstrumentTable, profit: records.Currency, margin: records.Currency
) -> dict[str, Any]:
    """The fields by name; amounts of margin and fees are decimals of their currencies."""
    fees = (("maker_fee_per_lot", t.maker_fee_per_lot), ("taker_fee_per_lot", t.taker_fee_per_lot))
    return {
        "venue": word_number(place, "venue", t.venue, v.VENUE_NAMES),
        "volume_digits": t.volume_digits,
        "contract": word_number(place, "contract", t.contract, v.CONTRACT_NAMES),
        "maintenance_margin_minor": amount_of(
            place, "maintenance_margin", t.maintenance_margin, margin.digits
        ),
        "maker_fee_ppm": t.maker_fee_ppm,
        "taker_fee_ppm": t.taker_fee_ppm,
        **{f"{key}_minor": amount_of(place, key, fee, profit.digits) for key, fee in fees},
        "mark": word_number(place, "mark", t.mark, v.MARK_NAMES),
        "trigger": word_number(place, "trigger", t.trigger, v.TRIGGER_NAMES),
        "band_bp": amount_of(place, "band_percent", t.band_percent, 2),
        "liquidation_units": amount_of(
            place, "liquidation_lots", t.liquidation_lots, t.volume_digits
        ),
        "insurance_login": t.insurance_login,
        "auto_deleveraging": t.auto_deleveraging,
        "delivery_month": _month(place, t.delivery_month),
        "expires_ns": 0 if t.expires is None else _time(place, "expires", t.expires),
        "margins": [_margins(f"{place}, margins", row, margin) for row in t.margins],
    }


def _margins(place: str, row: MarginTable, margin: records.Currency) -> tuple[int, int, int]:
    return (
        _time(place, "from", row.since),
        amount_of(place, "initial", row.initial, margin.digits),
        amount_of(place, "maintenance", row.maintenance, margin.digits),
    )


def _month(place: str, text: str | None) -> int:
    """Year and month as one number, 201412; 0 for none."""
    if text is None:
        return 0
    found = _MONTH.fullmatch(text)
    if found is None:
        raise BadInput(f"{place}, delivery_month: {shown(text)} is not a month such as 2014-12")
    return int(found[1]) * 100 + int(found[2])


def _time(place: str, key: str, text: str) -> int:
    time_ns = at_key(place, key, lambda: parse_time(text))
    if not 0 < time_ns <= bounds.MAX_TIME_NS:
        raise BadInput(f"{place}, {key}: {shown(text)} is not between 1970 and 2116")
    return time_ns
