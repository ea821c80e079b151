"""Decimals, times and zones as people write them, and the integers of the core.

This file may not use floats, the wall clock or the machine's locale and time zone: what
is read is exact or refused.

The core counts points, minor units, volume units and nanoseconds. People write `1.38756`,
`0.10` lots and `2014-05-05T08:00:00Z`. Every reader here either returns the exact integer
or raises `BadInput` with what was found and what was expected; the caller adds the place.
"""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Context, Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

I64_MAX: Final = 2**63 - 1
NS_PER_SECOND: Final = 1_000_000_000
LOT_DIGITS: Final = 2
"""One volume unit is 0.01 lot."""
_LEAST_PLAIN: Final = -6
"""Power of ten of the first numeral: below it a `Decimal` prints itself with an exponent."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:?\d\d)?",
    re.ASCII,
)
_FIXED_ZONE = re.compile(r"UTC(?:([+-])(\d\d)(?::?(\d\d))?)?", re.ASCII)
_LONGEST_ZONE: Final = 64
"""No zone has a longer name; looking one up takes time and depth by its length."""
_DIGITS = re.compile(r"-?\d+", re.ASCII)


class BadInput(ValueError):
    """Input that can't be used; the message is one sentence that names the place."""


def scaled(text: str, digits: int) -> int:
    """A decimal number as an integer of 10**-digits: `scaled("1.38756", 5) == 138756`.

    Raises `BadInput` for anything but digits with at most one point and sign, for more
    decimals than `digits`, and beyond 64 bits.
    """
    whole, point, fraction = text.partition(".")
    if not fraction and point:
        raise BadInput(f"{shown(text)} is not a decimal number")
    if len(fraction) > digits:
        if not _DIGITS.fullmatch(fraction):
            raise BadInput(f"{shown(text)} is not a decimal number")
        raise BadInput(f"{shown(text)} has {len(fraction)} decimals, at most {digits} are allowed")
    joined = whole + fraction
    if not _DIGITS.fullmatch(joined) or whole in ("", "-") or fraction.startswith("-"):
        raise BadInput(f"{shown(text)} is not a decimal number")
    if len(joined) > 40:
        raise BadInput(f"{shown(text)} is beyond 64 bits")
    value: int = int(joined) * 10 ** (digits - len(fraction))
    if abs(value) > I64_MAX:
        raise BadInput(f"{shown(text)} is beyond 64 bits")
    return value


def scaled_decimal(value: Decimal | int, digits: int) -> int:
    """A `Decimal` as an integer of 10**-digits, exact. Raises `BadInput`."""
    value = Decimal(value)
    if not value.is_finite():
        raise BadInput(f"{value} is not a number")
    if value.adjusted() + digits > 18:
        raise BadInput(f"{_number(value)} is beyond 64 bits")
    sign, numerals, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    kept = len(numerals) + exponent + digits  # so many numerals stand before the last decimal
    if any(numerals[max(0, kept) :]):
        raise BadInput(f"{_number(value)} has more than {digits} decimals")
    whole = numerals[: max(0, kept)]
    magnitude: int = int("".join(map(str, whole)) or "0") * 10 ** (max(0, kept) - len(whole))
    if magnitude > I64_MAX:
        raise BadInput(f"{_number(value)} is beyond 64 bits")
    return -magnitude if sign else magnitude


def _number(value: Decimal) -> str:
    """A decimal for a message: a long one is cut."""
    text = str(value)
    return text if len(text) <= 40 else shown(text)


class Plain(Decimal):
    """A decimal that never prints an exponent: `0.00000001`, not `1E-8`."""

    __slots__ = ()

    def __str__(self) -> str:
        return format(self)

    def __format__(self, spec: str, context: Context | None = None, /) -> str:
        return super().__format__(spec if spec[-1:].isalpha() else f"{spec}f")


def unscaled(value: int, digits: int) -> Decimal:
    """An integer of 10**-digits as a `Decimal` that shows all its digits, however it is printed."""
    sign = 1 if value < 0 else 0
    return plain(Decimal((sign, tuple(map(int, str(abs(value)))), -digits)))


def plain(value: Decimal) -> Decimal:
    """The same number, as one that never prints an exponent for being small."""
    return Plain(value) if value.adjusted() < _LEAST_PLAIN else value


def _of_plain(value: Any) -> Any:
    if isinstance(value, Plain):
        return msgspec.Raw(str(value).encode())
    raise TypeError(f"{type(value).__name__} is nothing to print")


JSON: Final = msgspec.json.Encoder(decimal_format="number", enc_hook=_of_plain)
"""Decimals as numbers with all their digits."""


def shown(text: str) -> str:
    """A piece of input for a message: quoted, escaped, cut at 40 characters."""
    return repr(cut(text, 40))


def cut(text: str, most: int) -> str:
    """A text of at most so many characters, with dots where it was longer."""
    return text if len(text) <= most else text[: most - 3] + "..."


def parse_time(text: str) -> int:
    """ISO-8601 date, or date and time, as nanoseconds since 1970 UTC.

    Without an offset the time is UTC; up to nine decimals of a second. Raises `BadInput`.
    """
    found = _TIME.fullmatch(text)
    try:
        if found is None:
            raise ValueError
        day, clock, fraction, zone = found.groups()
        moment = datetime.combine(date.fromisoformat(day), time.fromisoformat(clock or "00:00"))
        offset = timedelta()
        if zone is not None and zone != "Z":
            hours, minutes = int(zone[1:3]), int(zone[-2:])
            if hours > 23 or minutes > 59:
                raise ValueError
            offset = timedelta(hours=hours, minutes=minutes) * (-1 if zone[0] == "-" else 1)
        since = moment.replace(tzinfo=UTC) - _EPOCH - offset
    except (ValueError, OverflowError):
        raise BadInput(
            f"{shown(text)} is not a time such as 2014-05-05T08:00:00Z"
            " (UTC unless an offset such as +02:00 follows)"
        ) from None
    nanoseconds = int((fraction or "").ljust(9, "0"))
    return (since.days * 86_400 + since.seconds) * NS_PER_SECOND + nanoseconds


def format_time(time_ns: int) -> str:
    """Nanoseconds since 1970 as ISO-8601 UTC, with 0, 3, 6 or 9 decimals as needed."""
    seconds, nanoseconds = divmod(time_ns, NS_PER_SECOND)
    text = (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    if nanoseconds:
        decimals = f"{nanoseconds:09d}"
        while decimals.endswith("000"):
            decimals = decimals[:-3]
        text += "." + decimals
    return text + "Z"


def parse_day(text: str) -> date:
    """A calendar day such as 2014-05-05. Raises `BadInput`."""
    try:
        if len(text) != 10:
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{shown(text)} is not a day such as 2014-05-05") from None


def check_zone(zone: str) -> None:
    """Raises `BadInput` unless `zone` is `UTC`, `UTC-05`, `UTC+05:30` or a known zone name."""
    midnight_ns(date(2000, 1, 3), zone)


def midnight_ns(day: date, zone: str) -> int:
    """When a day begins in a zone, as nanoseconds since 1970 UTC.

    Zones: `UTC`, a fixed offset (`UTC-05`, `UTC+05:30`) or an IANA name. A day on which
    the clock of the zone changes is refused: milliseconds since its midnight would be
    ambiguous. Raises `BadInput`.
    """
    fixed = _FIXED_ZONE.fullmatch(zone)
    if fixed:
        sign, hours, minutes = fixed.groups()
        offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
        if offset >= timedelta(hours=24):
            raise BadInput(f"{shown(zone)} is not a time zone")
        tz: timezone | ZoneInfo = timezone(-offset if sign == "-" else offset)
    else:
        try:
            if len(zone) > _LONGEST_ZONE:
                raise ValueError
            tz = ZoneInfo(zone)
        except (KeyError, ValueError, OSError):
            raise BadInput(
                f"{shown(zone)} is not a time zone; expected UTC, a fixed offset such as UTC-05,"
                " or a zone name that this machine knows"
            ) from None
    start = datetime.combine(day, time(), tzinfo=tz)
    try:
        end = datetime.combine(day + timedelta(days=1), time(), tzinfo=tz)
        changes = start.utcoffset() != end.utcoffset()
    except OverflowError:
        raise BadInput(f"{day} is beyond the calendar") from None
    if changes:
        raise BadInput(
            f"the clock of {zone} changes on {day}; name a fixed offset such as UTC-05 instead"
        )
    since = start - _EPOCH
    return (since.days * 86_400 + since.seconds) * NS_PER_SECOND
