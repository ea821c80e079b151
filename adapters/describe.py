"""Records for people: names for numbers, decimals for integers.

This file may not change or filter anything. `Names` learns the configuration and the
tickets from the records of a journal, in order, and `describe` turns any command or event
into a flat dictionary. The names of commands and their keys are the ones that command
files use (`jsonl.py`), so what is printed can be fed in again.

How a field is shown follows from its name: `price_points` of an instrument with 5 digits
becomes `price: 1.38756`, `profit_minor` of a USD account `profit: -12.30`, `volume_units`
`volume: 0.10` (lots), `time_ns` `time: 2014-05-05T08:00:00Z`. A price or time that is not
set (0) is null. Where the digits aren't known (an unknown instrument or account), the
field keeps its own name and its integer.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

import msgspec

from adapters.comments import comment_of
from adapters.units import LOT_DIGITS, BadInput, format_time, shown, unscaled
from engine import records, reject_codes
from engine import vocabulary as v

_HUMP = re.compile(r"(?<!^)(?=[A-Z])")

COMMAND_NAMES: Final = {
    _HUMP.sub("_", c.__name__).lower(): c for c in records.COMMAND_CLASSES
}  # tick, place_order, ...
EVENT_NAMES: Final = {_HUMP.sub("_", c.__name__).lower(): c for c in records.EVENT_CLASSES}
NAME_OF_TYPE: Final = {c.TYPE: name for name, c in (COMMAND_NAMES | EVENT_NAMES).items()}

WORDS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "side": ("side", v.SIDE_NAMES),
    "order_type": ("type", v.ORDER_TYPE_NAMES),
    "mode": ("mode", v.ACCOUNT_MODE_NAMES),
    "status": ("status", v.ACCOUNT_STATUS_NAMES),
    "operation": ("operation", v.BALANCE_OPERATION_NAMES),
    "entry_type": ("entry_type", v.ENTRY_TYPE_NAMES),
    "reason": ("reason", v.REASON_NAMES),
    "request": ("request", v.REQUEST_NAMES),
    "stage": ("stage", v.STAGE_NAMES),
    "kind": ("kind", v.CONFIG_NAMES),
    "time_in_force": ("time_in_force", v.TIME_IN_FORCE_NAMES),
    "self_trade": ("self_trade", v.SELF_TRADE_NAMES),
    "removal": ("removal", v.REMOVAL_NAMES),
    "role": ("role", v.ROLE_NAMES),
    "phase": ("phase", v.PHASE_NAMES),
    "settlement": ("settlement", v.SETTLEMENT_NAMES),
}
"""Fields that stand for a word: the key shown and the words."""


_IN_ANY_CURRENCY: Final = (
    records.HoldingOperation,
    records.HoldingEntry,
    records.BookOrderPlaced,
    records.BookOrderReplaced,
    records.BookOrderRemoved,
)
_IN_PROFIT_CURRENCY: Final = (
    records.SpotFilled,
    records.InstrumentSettled,
    records.MarginChanged,
)
"""Amounts of the instrument; the margin of a future is in its profit currency, too."""
_PLACES: Final = (records.OrderPlaced, records.BookOrderPlaced, records.BookOrderTriggered)
_POSITIONS: Final = (records.PositionOpened, records.PositionChanged, records.FuturesFilled)


class Names:
    """What the numbers in records stand for, learned from the journal in order."""

    def __init__(self) -> None:
        self.currencies: dict[int, records.Currency] = {}
        self.feeds: dict[int, str] = {}
        self.instruments: dict[int, records.Instrument] = {}
        self.groups: dict[int, records.Group] = {}
        self.account_group: dict[int, int] = {}
        self.ticket_instrument: dict[int, int] = {}
        self.last_stop_out: records.StopOut | None = None

    def learn_config(self, config: records.Config) -> None:
        """A configuration object that the core accepted."""
        if isinstance(config, records.Currency):
            self.currencies[config.currency] = config
        elif isinstance(config, records.Feed):
            self.feeds[config.feed] = config.name
        elif isinstance(config, records.Instrument):
            self.instruments[config.instrument] = config
        elif isinstance(config, records.Group):
            self.groups[config.group] = config

    def learn(self, event: records.Event) -> None:
        """An event: which group an account has, which instrument a ticket."""
        if isinstance(event, records.AccountSet):
            self.account_group[event.login] = event.group
        elif isinstance(event, _PLACES):
            self.ticket_instrument[event.order] = event.instrument
        elif isinstance(event, _POSITIONS):
            self.ticket_instrument[event.position] = event.instrument
        elif isinstance(event, records.StopOut):
            self.last_stop_out = event

    def of_config(self, kind: int, number: int) -> str | None:
        """The name of a configuration object; None where it has none or is not known."""
        if kind == v.CONFIG_CURRENCY and number in self.currencies:
            return self.currencies[number].code
        if kind == v.CONFIG_FEED:
            return self.feeds.get(number)
        if kind == v.CONFIG_INSTRUMENT and number in self.instruments:
            return self.instruments[number].symbol
        if kind in (v.CONFIG_GROUP, v.CONFIG_TERMS) and number in self.groups:
            return self.groups[number].name
        return None

    def group_of(self, login: int) -> records.Group | None:
        return self.groups.get(self.account_group.get(login, 0))

    def money_digits(self, login: int) -> int | None:
        """Decimals of the account's currency; None where the account is not known."""
        group = self.group_of(login)
        currency = self.currencies.get(group.currency) if group else None
        return currency.digits if currency else None

    def amount_digits(self, field: str, record: records.Record) -> int | None:
        """Decimals of an amount: of its own currency where it has one, else of the account's."""
        number = getattr(record, "currency", 0) if isinstance(record, _IN_ANY_CURRENCY) else 0
        if isinstance(record, _IN_PROFIT_CURRENCY) and record.instrument in self.instruments:
            instrument = self.instruments[record.instrument]
            in_base = field.startswith("base_")
            number = instrument.base_currency if in_base else instrument.profit_currency
        if number in self.currencies:
            return self.currencies[number].digits
        return self.money_digits(getattr(record, "login", 0))

    def instrument_of(self, record: records.Record) -> int:
        """The instrument that a record speaks of, itself or by its ticket; 0 if none."""
        number = getattr(record, "instrument", 0)
        if isinstance(record, records.Configured) and record.kind == v.CONFIG_INSTRUMENT:
            number = record.identifier
        for name in ("position", "order", "ticket"):
            number = number or self.ticket_instrument.get(getattr(record, name, 0), 0)
        return int(number)

    def volume_digits(self, instrument: int) -> int:
        """Decimals of a volume in lots; those of the quoted venue where it is not known."""
        found = self.instruments.get(instrument)
        return found.volume_digits if found else LOT_DIGITS

    def price_digits(self, record: records.Record) -> int | None:
        instrument = self.instruments.get(self.instrument_of(record))
        return instrument.digits if instrument else None


def describe(record: records.Record, names: Names) -> dict[str, Any]:
    """A record as a flat dictionary of words, decimals and times."""
    what = "command" if isinstance(record, records.Command) else "event"
    shown: dict[str, Any] = {
        "sequence": record.sequence,
        "time": format_time(record.time_ns),
        what: NAME_OF_TYPE[record.TYPE],
    }
    for field in records.fields_of(type(record))[2:]:
        key, value = _field(field, getattr(record, field), record, names)
        if key:
            shown[key] = value
    if isinstance(record, records.Configure):
        config = records.decode_config(record)
        shown |= {"configuration": msgspec.to_builtins(config)}
    if isinstance(record, records.Configured):
        shown["name"] = names.of_config(record.kind, record.identifier)
    if isinstance(record, records.Rejected):
        shown["message"] = reject_codes.SENTENCES.get(record.code, "")
    comment = comment_of(
        record, names.last_stop_out, names.money_digits(getattr(record, "login", 0))
    )
    if comment:
        shown["comment"] = comment
    if hasattr(record, "key_high"):
        shown["key"] = key_text(record.key_high, getattr(record, "key_low", 0))
    return shown


def key_text(high: int, low: int) -> str | None:
    """A client key as 32 hexadecimal digits; None where there is none."""
    if not high and not low:
        return None
    return f"{high % 2**64:016x}{low % 2**64:016x}"


def line(shown: dict[str, Any]) -> str:
    """A described record as one readable line; empty fields are left out."""
    what = "event" if "event" in shown else "command"
    head = [str(shown["sequence"]).rjust(9), shown["time"].ljust(30), shown[what].ljust(19)]
    rest = [
        f"{key}={str(value).lower() if isinstance(value, bool) else value}"
        for key, value in shown.items()
        if key not in ("sequence", "time", what) and value is not None and value != 0
    ]
    return " ".join(head + rest)


# ---------------------------------------------------------------- one field

_Show = Callable[[str, int, records.Record, Names], tuple[str, Any]]


def _field(field: str, value: int, record: records.Record, names: Names) -> tuple[str, Any]:
    special = _SPECIAL.get(field)
    if special is not None:
        return special(field, value, record, names)
    if field in WORDS:
        key, words = WORDS[field]
        if field == "reason" and isinstance(record, records.TriggerRefused):
            words = v.REFUSED_NAMES
        return key, words[value] if 0 <= value < len(words) else value
    for suffix, show in _BY_SUFFIX.items():
        if field.endswith(suffix):
            return show(field, value, record, names)
    return field, value


def _price(field: str, value: int, record: records.Record, names: Names) -> tuple[str, Any]:
    digits = names.price_digits(record)
    if digits is None:
        return field, value
    return field.removesuffix("_points"), unscaled(value, digits) if value else None


def _money(field: str, value: int, record: records.Record, names: Names) -> tuple[str, Any]:
    digits = names.amount_digits(field, record)
    return (field, value) if digits is None else (_money_key(field), unscaled(value, digits))


def _money_key(field: str) -> str:
    return field.removesuffix("_minor")


def _time(field: str, value: int, record: records.Record, names: Names) -> tuple[str, Any]:
    return field.removesuffix("_ns"), format_time(value) if value else None


def _threshold(field: str, value: int, record: records.Record, names: Names) -> tuple[str, Any]:
    login = getattr(record, "login", 0)
    group, digits = names.group_of(login), names.money_digits(login)
    if group is None or digits is None:
        return field, value
    if group.level_type == v.LEVEL_PERCENT:
        return "threshold_percent", unscaled(value, 2)
    return "threshold", unscaled(value, digits)


def _open_cost(field: str, value: int, record: records.Record, names: Names) -> tuple[str, Any]:
    digits = names.price_digits(record)
    if digits is None:
        return field, value
    return field, unscaled(value, digits + names.volume_digits(names.instrument_of(record)))


def _instrument(field: str, value: int, record: records.Record, names: Names) -> tuple[str, Any]:
    instrument = names.instruments.get(value)
    return ("symbol", instrument.symbol) if instrument else ("instrument", value or None)


def _group(field: str, value: int, record: records.Record, names: Names) -> tuple[str, Any]:
    group = names.groups.get(value)
    return "group", group.name if group else value


def _currency(field: str, value: int, record: records.Record, names: Names) -> tuple[str, Any]:
    currency = names.currencies.get(value)
    return "currency", currency.code if currency else value


def _volume(field: str, value: int, record: records.Record, names: Names) -> tuple[str, Any]:
    digits = names.volume_digits(names.instrument_of(record))
    key = _VOLUME_KEYS.get(field, field.removesuffix("_units"))
    return key, unscaled(value, digits) if value else Decimal()


def _flags(value: int) -> str | None:
    words = [word for bit, word in v.ORDER_FLAGS.items() if value & bit]
    return ",".join(words) or None


def flags_of(text: str) -> int:
    """Words with commas between them, as they are printed. Raises `BadInput`."""
    bits = {word: bit for bit, word in v.ORDER_FLAGS.items()}
    words = [word.strip() for word in text.split(",") if word.strip()]
    for word in words:
        if word not in bits:
            raise BadInput(f"{shown(word)} is none of {', '.join(bits)}")
    return sum(bits[word] for word in dict.fromkeys(words))


def _decimal(key: str, digits: int) -> _Show:
    return lambda field, value, record, names: (
        key,
        unscaled(value, digits) if value else Decimal(),
    )


_SPECIAL: Final[dict[str, _Show]] = {
    "instrument": _instrument,
    "feed": lambda field, value, record, names: (field, names.feeds.get(value, value)),
    "previous_feed": lambda field, value, record, names: (field, names.feeds.get(value, value)),
    "group": _group,
    "currency": _currency,
    "volume_units": _volume,
    "left_units": _volume,
    "shown_units": _volume,
    "position_units": _volume,
    "long_units": _volume,
    "flags": lambda field, value, record, names: (field, _flags(value)),
    "level_bp": _decimal("level_percent", 2),
    "margin_rate_e8": _decimal("margin_rate", 8),
    "rate_e8": _decimal("rate", 8),
    "silence_ns": _decimal("silence_s", 9),
    "deviation_points": lambda field, value, record, names: (field, value),
    "agent_login": lambda field, value, record, names: ("agent", value),
    "threshold": _threshold,
    "open_cost": _open_cost,
    "command_type": lambda field, value, record, names: (
        "command",
        NAME_OF_TYPE.get(value, value),
    ),
    "online": lambda field, value, record, names: (field, bool(value)),
    "key_high": lambda field, value, record, names: ("", None),
    "key_low": lambda field, value, record, names: ("", None),
}
_VOLUME_KEYS: Final = {"position_units": "position_volume", "long_units": "long_volume"}
_BY_SUFFIX: Final[dict[str, _Show]] = {"_points": _price, "_minor": _money, "_ns": _time}
