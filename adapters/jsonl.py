"""Files of commands: one JSON object a line, in human units.

This file may not decide what the core accepts: a line that is a readable command is
sent, and the core's answer is in the events. A line that is none refuses the whole file,
with its number and what was expected.

Keys are the fields of the command without their unit, as `lockstep events` prints them:

    {"time": "2014-05-05T08:00:00Z", "command": "place_order", "name": "first", "login": 10007,
     "symbol": "EURUSD", "type": "market", "side": "buy", "volume": 0.10, "stop_loss": 1.38500}
    {"time": "2014-05-05T09:00:00Z", "command": "close_position", "login": 10007,
     "position": "first", "volume": 0.05}

`time` is ISO-8601 or nanoseconds since 1970, and must not go back. Symbols, groups and
feeds are names or numbers. An order may be given a `name`; later lines may use it in place
of the ticket of the order or of its position (after a partial close: of the rest). Prices
need the digits of an instrument: a line that names a ticket by number and gives a price
also gives the `symbol`; null is no price. Money needs a currency: a `balance_operation` for
an account that neither the configuration nor an earlier line opens gives the `currency`.
`examples/commands.jsonl` shows every command.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec

from adapters.config import Settings
from adapters.describe import COMMAND_NAMES, WORDS, flags_of
from adapters.jsonl_values import (
    client_key_of,
    decimal_of,
    integer_of,
    number_of,
    time_of,
    word_of,
)
from adapters.units import (
    LOT_DIGITS,
    BadInput,
    cut,
    shown,
)
from engine import bounds, records
from engine import vocabulary as v

_KEY_OF_FIELD: Final = {
    "instrument": "symbol",
    "order_type": "type",
    "agent_login": "agent",
    "deviation_points": "deviation_points",
    "volume_units": "volume",
    "shown_units": "shown",
    "rate_e8": "rate",
}
_SUFFIXES: Final = ("_points", "_minor", "_ns")
_RATE_DIGITS: Final = 8
_TICKET_FIELDS: Final = ("order", "position", "ticket")


@dataclass(frozen=True)
class FileCommand:
    """A command of a file. `names` are the fields that wait for a ticket."""

    line: int
    time_ns: int
    command: type[records.Command]
    fields: dict[str, Any]
    names: dict[str, str]
    name: str | None
    """What later lines call the ticket that this order gets."""
    repeated: bool = False
    """An earlier line sent the same: the core won't see it, the first answer comes again."""

    def record(
        self, tickets: Mapping[str, int], positions: Mapping[str, int] | None = None
    ) -> records.Command:
        """The command with its tickets; a name whose order was refused gives ticket 0.

        `positions`: of orders whose position has a ticket of its own beside theirs.
        """
        resolved = {key: tickets.get(name, 0) for key, name in self.names.items()}
        if positions and "position" in self.names:
            name = self.names["position"]
            resolved["position"] = positions.get(name, resolved["position"])
        return self.command(**self.fields, **resolved)


@dataclass
class _Reader:
    """What lines need to know: the configuration and what earlier lines said."""

    settings: Settings
    groups: dict[int, records.Group]
    digits_of_login: dict[int, int]
    named: dict[str, int] = field(default_factory=dict)
    """Name of an order -> instrument."""
    keyed: dict[tuple[int, int], FileCommand] = field(default_factory=dict)
    """Client key -> the line that gave it first."""

    def currency_digits(self, group: int) -> int | None:
        found = self.groups.get(group)
        if found is None:
            return None
        codes = self.settings.currencies.values()
        return next(c.digits for c in codes if c.currency == found.currency)


def read_commands(path: Path, settings: Settings) -> list[FileCommand]:
    """Reads a file of commands. Raises `BadInput` with file and line."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{path}: can't be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: is not UTF-8 text (byte {error.start})") from None
    groups = {g.group: g for g in settings.groups.values()}
    reader = _Reader(settings, groups, {})
    for account in settings.accounts:
        digits = reader.currency_digits(account.account.group)
        if digits is not None:
            reader.digits_of_login[account.account.login] = digits
    commands: list[FileCommand] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            command = _once(_command(line, number, reader), reader)
            if commands and command.time_ns < commands[-1].time_ns:
                raise BadInput("time goes back: the line before is later")
        except BadInput as error:
            raise BadInput(f"{path}, line {number}: {error}") from None
        commands.append(command)
    return commands


def _command(text: str, line: int, reader: _Reader) -> FileCommand:
    given = _object(text)
    time_ns = time_of(_take(given, "time"))
    word = _take(given, "command")
    if not isinstance(word, str) or word not in COMMAND_NAMES:
        raise BadInput(f"command: {shown(str(word))} is none of {', '.join(COMMAND_NAMES)}")
    command = COMMAND_NAMES[word]
    if command is records.Configure:
        return FileCommand(line, time_ns, command, _configure(given), {}, None)
    name = _name(given, command, reader)
    fields, names = _fields(command, given, reader)
    if given:
        raise BadInput(f"{word} has no key {shown(next(iter(given)))}")
    if name is not None:
        reader.named[name] = fields["instrument"]
    if command is records.SetAccount:
        digits = reader.currency_digits(fields["group"])
        if digits is not None:
            reader.digits_of_login[fields["login"]] = digits
    return FileCommand(line, time_ns, command, fields, names, name)


def _once(command: FileCommand, reader: _Reader) -> FileCommand:
    """A client key stands for one command: the same again is a repetition, another an error."""
    key = (command.fields.get("key_high", 0), command.fields.get("key_low", 0))
    if key == (0, 0):
        return command
    first = reader.keyed.setdefault(key, command)
    if first is command:
        return command
    same = (first.command, first.fields, first.names)
    if same != (command.command, command.fields, command.names):
        raise BadInput(f"key: line {first.line} gives it to another command")
    return replace(command, repeated=True)


def _object(text: str) -> dict[str, Any]:
    try:
        given = json.loads(text, parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"is not JSON: {error}") from None
    if not isinstance(given, dict):
        raise BadInput("is not a JSON object")
    return given


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is not a number")


def _take(given: dict[str, Any], key: str) -> Any:
    if key not in given:
        raise BadInput(f"the key {key!r} is missing")
    return given.pop(key)


def _name(given: dict[str, Any], command: type[records.Command], reader: _Reader) -> str | None:
    if command not in (records.PlaceOrder, records.PlaceBookOrder):
        return None
    name = given.pop("name", None)
    if name is not None and (not isinstance(name, str) or not name or name in reader.named):
        raise BadInput("name: expected a new, not empty string")
    return name


def _configure(given: dict[str, Any]) -> dict[str, Any]:
    """`kind` and `configuration`: a configuration record in the core's own numbers."""
    kind = word_of(_take(given, "kind"), v.CONFIG_NAMES[: v.CONFIG_HOOKS])
    raw = _take(given, "configuration")
    if given:
        raise BadInput(f"configure has no key {shown(next(iter(given)))}")
    try:
        config = msgspec.convert(raw, records.CLASS_OF_CONFIG[kind], strict=True)
        payload = msgspec.msgpack.encode(config)
    except msgspec.ValidationError as error:
        raise BadInput(f"configuration: {cut(str(error), 200)}") from None
    except OverflowError:
        raise BadInput("configuration: a number is no 64-bit integer") from None
    except UnicodeEncodeError:
        raise BadInput("configuration: a text holds half a character") from None
    if len(payload) > bounds.MAX_PAYLOAD_BYTES:
        raise BadInput(f"configuration: is larger than {bounds.MAX_PAYLOAD_BYTES} bytes")
    return {"kind": kind, "payload": payload}


# ---------------------------------------------------------------- the fields of a command


def _fields(
    command: type[records.Command], given: dict[str, Any], reader: _Reader
) -> tuple[dict[str, Any], dict[str, str]]:
    """The fields of a command taken out of `given`, and those that wait for a ticket."""
    fields: dict[str, Any] = {}
    names: dict[str, str] = {}
    digits = _money_digits(command, given, reader)
    instrument = 0
    own = [f for f in msgspec.structs.fields(command) if f.name not in ("sequence", "time_ns")]
    for f in own:
        key = _key(f.name)
        if f.name in ("key_high", "key_low"):
            continue
        if given.get(key) is None:
            nothing = key in given and f.name.endswith(("_points", "_ns"))
            if f.required and not nothing:
                raise BadInput(f"the key {key!r} is missing")
            if f.required:
                fields[f.name] = 0
            given.pop(key, None)
            continue
        value = given.pop(key)
        try:
            if f.name in _TICKET_FIELDS and isinstance(value, str):
                instrument = _named(value, reader)
                names[f.name] = value
                continue
            needs_symbol = f.name == "volume_units" and command is records.ReplaceOrder
            if needs_symbol or (f.name.endswith("_points") and f.name != "deviation_points"):
                instrument = instrument or fields.get("instrument", 0) or _symbol(given, reader)
            fields[f.name] = _value(f.name, value, instrument, digits, reader)
            instrument = fields.get("instrument", instrument)
        except BadInput as error:
            raise BadInput(f"{key}: {error}") from None
    given.pop("symbol", None)
    if any(f.name == "key_high" for f in own):
        fields["key_high"], fields["key_low"] = client_key_of(given.pop("key", None))
    return fields, names


def _key(field_name: str) -> str:
    if field_name in _KEY_OF_FIELD:
        return _KEY_OF_FIELD[field_name]
    for suffix in _SUFFIXES:
        field_name = field_name.removesuffix(suffix)
    return field_name


def _money_digits(
    command: type[records.Command], given: dict[str, Any], reader: _Reader
) -> int | None:
    """Decimals of the amount's currency, for an operation on money."""
    if command is records.HoldingOperation:
        code = given.get("currency")
    elif command is records.BalanceOperation:
        code = given.pop("currency", None)
    else:
        return None
    if code is not None:
        if not isinstance(code, str) or code not in reader.settings.currencies:
            raise BadInput(f"currency: there is no currency {shown(str(code))}")
        return reader.settings.currencies[code].digits
    login = given.get("login")
    digits = reader.digits_of_login.get(login) if isinstance(login, int) else None
    if digits is None:
        raise BadInput(
            f"neither the configuration nor an earlier line opens account {cut(str(login), 40)};"
            " give the currency of the amount"
        )
    return digits


def _value(name: str, value: Any, instrument: int, digits: int | None, reader: _Reader) -> int:
    """One field as the integer of the core."""
    if name in WORDS:
        return word_of(value, WORDS[name][1])
    if name == "instrument":
        return number_of(value, {s: i.instrument for s, i in _symbols(reader)}, "instrument")
    if name == "group":
        groups = {n: g.group for n, g in reader.settings.groups.items()}
        return number_of(value, groups, "group")
    if name == "feed":
        feeds = {n: f.number for n, f in reader.settings.feeds.items()}
        return number_of(value, feeds, "feed")
    if name.endswith("_units"):
        return decimal_of(value, _volume_digits_of(instrument, reader))
    if name == "rate_e8":
        return decimal_of(value, _RATE_DIGITS)
    if name == "currency":
        codes = {code: c.currency for code, c in reader.settings.currencies.items()}
        return number_of(value, codes, "currency")
    if name == "flags":
        return flags_of(value) if isinstance(value, str) else integer_of(value)
    if name == "amount_minor":
        assert digits is not None
        return decimal_of(value, digits)
    if name.endswith("_points") and name != "deviation_points":
        return decimal_of(value, _digits_of(instrument, reader))
    if name == "expiry_ns":
        return time_of(value)
    if name == "online" and isinstance(value, bool):
        return int(value)
    return integer_of(value)


def _symbols(reader: _Reader) -> list[tuple[str, records.Instrument]]:
    return list(reader.settings.instruments.items())


def _digits_of(instrument: int, reader: _Reader) -> int:
    for _, found in _symbols(reader):
        if found.instrument == instrument:
            return found.digits
    raise BadInput(f"there is no instrument number {instrument}")


def _volume_digits_of(instrument: int, reader: _Reader) -> int:
    """Decimals of a volume in lots; of the quoted venue for an unknown instrument."""
    found = [i.volume_digits for _, i in _symbols(reader) if i.instrument == instrument]
    return found[0] if found else LOT_DIGITS


def _symbol(given: dict[str, Any], reader: _Reader) -> int:
    if given.get("symbol") is None:
        raise BadInput("a price with a ticket number needs the symbol")
    return _value("instrument", given["symbol"], 0, None, reader)


def _named(name: str, reader: _Reader) -> int:
    if name not in reader.named:
        raise BadInput(f"no earlier line places an order named {shown(name)}")
    return reader.named[name]
