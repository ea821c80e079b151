"""Promises of what reads files and texts of people: commands, configuration, quotes, units.

This file may write a file into a scratch folder and have it read; a function here raises only
where a promise is broken. All of them may answer with `BadInput`, one sentence that names the
file, and with nothing else.
"""

import io
import zipfile
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from adapters import checkpoint, config, jsonl, jsonl_values, signing, units
from adapters.cli import arguments, origin
from adapters.cli.day import check_settings, opening_commands
from adapters.generate.crowd import Crowd
from adapters.generate.market import Market
from adapters.sessions import sessions_of
from adapters.tick_files import TickSource, merge, read_ticks
from adapters.units import BadInput
from engine import Engine, bounds, records
from tests.fuzz import good, mutations
from tests.fuzz.mutations import Mutation


def _file(name: str, data: bytes) -> Path:
    path = good.scratch() / name
    path.write_bytes(data)
    return path


def _refused(error: BadInput, place: Path) -> None:
    """The refusal is a sentence for a person and says where."""
    text = str(error)
    assert text.startswith(str(place)), f"names the file: {text[:200]}"
    assert len(text) < 2_000, f"a sentence of {len(text)} characters"


# ---------------------------------------------------------------- commands


@cache
def _opened() -> good.World:
    """An engine with the configuration and the accounts of the example."""
    engine = Engine()
    for command in opening_commands(good.settings()):
        engine.send(command, time_ns=good.MIDNIGHT_NS)
    return good.World(engine.state_bytes(), engine.sequence, engine.time_ns, b"")


def commands_read(data: bytes) -> None:
    """`read_commands`: commands that the core takes or refuses."""
    path = _file("commands.jsonl", data)
    try:
        found = jsonl.read_commands(path, good.settings())
    except BadInput as error:
        _refused(error, path)
        return
    engine = _opened().engine()
    for command in found:
        record = command.record({})
        encoded = records.encode(record, engine.sequence + 1, command.time_ns)
        engine.apply(encoded)
        list(records.decode_all(engine.take_events()))
    engine.check(everything=True)


COMMAND_WORDS = (
    "place_order", "configure", "balance_operation", "dealer_requote", "set_dealer", '"EURUSD"',
    '"XAUUSD"', '"10007"', "10007", '"long"', '"market"', '"key":', '"symbol":', '"name":',
    '"currency":', '"configuration":{"group":1,"name":"\\ud800","currency":1}', '"kind":"group"',
    "00000000000000010000000000000002", '"\\ud83d\\udcb6"',
)  # fmt: skip


def command_seeds() -> list[bytes]:
    """The example, and lines of every kind of command."""
    at = b'{"time": 1399248001000000000, "command": '
    group = b'{"group": 1, "name": "retail-usd", "currency": 1, "leverage": 50}'
    lines = (
        b'"configure", "kind": "group", "configuration": ' + group + b"}",
        b'"tick", "symbol": "EURUSD", "feed": "oanda", "bid": 1.38756, "ask": "1.38760"}',
        b'"clock"}',
        b'"set_account", "login": 7, "group": "pro-usd", "leverage": 100, "mode": "netting"}',
        b'"balance_operation", "login": 7, "operation": "deposit", "amount": 1, "currency": "EUR"}',
        b'"set_dealer", "dealer": 1, "online": true}',
        b'"dealer_confirm", "dealer": 1, "ticket": 3, "symbol": "EURUSD", "price": 1.4}',
        b'"dealer_reject", "dealer": 1, "ticket": 3}',
    )
    return [good.COMMANDS.read_bytes(), *(at + line for line in lines), b"\n".join(
        at + line for line in lines
    )]  # fmt: skip


# ---------------------------------------------------------------- configuration


def configuration_read(data: bytes) -> None:
    """`load`, `check_settings`: a configuration that the core takes whole."""
    path = _file("configuration.toml", data)
    try:
        settings = config.load(path)
        check_settings(settings)
    except BadInput as error:
        _refused(error, path)
        return
    for record in settings.configs:
        records.encode(record, 1, 1)
    quoted = sorted(i.instrument for i in settings.instruments.values())
    start, end = good.MIDNIGHT_NS, good.MIDNIGHT_NS + 10**9
    try:
        crowd = Crowd(settings, Market(settings), 1, 2, quoted, start, end)
        list(crowd.opening())
    except BadInput as error:
        assert len(str(error)) < 2_000


CONFIGURATION_WORDS = (
    "[[currency]]", "[[instrument]]", "[[group]]", "[[terms]]", "[[account]]", "[[clients]]",
    '"USD"', '"EURUSD"', '"retail-usd"', '"mon-fri 08:00-16:30"', '"sun 22:00 - fri 21:00"',
    "login", "digits", "symbol", "name", "sessions", "habits", '"1e5"', "1979-05-27T07:32:00Z",
    "inf", "nan", "0x" + "f" * 16, "[1, 2]", "{ swing = 3 }", '"cfd_index"', '"money"', '"manual"',
)  # fmt: skip


def configuration_seeds() -> list[bytes]:
    """The example without its comments, and a small one of each table."""
    lines = good.CONFIGURATION.read_text(encoding="utf-8").split("\n")
    bare = "\n".join(line for line in lines if line.strip() and not line.startswith("#"))
    small = bare.split("[[instrument]]")[0] + (
        '[[instrument]]\nsymbol = "EURUSD"\nbase = "EUR"\nprofit = "USD"\ndigits = 5\n'
        "contract_size = 100_000\nprice_min = 0.5\nprice_max = 3\n"
        'sessions = ["mon-fri 08:00-16:30"]\nfeeds = ["oanda"]\n'
        '[[group]]\nname = "g"\ncurrency = "USD"\nlevel_type = "money"\nmargin_call = 10.50\n'
        '[[terms]]\ngroup = "g"\nsymbol = "EURUSD"\nlot_max = 1.5\n'
        '[[account]]\nlogin = 7\ngroup = "g"\ndeposit = 100\n'
        '[[clients]]\ngroup = "g"\nsymbols = ["EURUSD"]\nhabits = { swing = 3 }\n'
    )
    return [bare.encode(), small.encode()]


# ---------------------------------------------------------------- quotes


def ticks_read(data: bytes) -> None:
    """`read_ticks`: rising times and exact prices, in one of its two formats."""
    keep_crossed = len(data) % 2 == 1
    path = _file("quotes", data)
    try:
        series = read_ticks(TickSource(path, 1, 1, 5, good.MIDNIGHT_NS, keep_crossed))
    except BadInput as error:
        _refused(error, path)
        return
    times = list(series.times_ns)
    assert times == sorted(times) and 0 < times[0] <= times[-1] <= bounds.MAX_TIME_NS
    quotes = list(merge([series, series]).rows())
    assert len(quotes) == 2 * len(times)
    crossed = 0
    for time_ns, instrument, feed, bid, ask in quotes:
        tick = records.Tick(instrument=instrument, feed=feed, bid_points=bid, ask_points=ask)
        records.encode(tick, 1, time_ns)
        assert bid > 0 and ask > 0
        crossed += bid > ask
    assert crossed == 2 * series.crossed and (keep_crossed or not crossed)


TICK_WORDS = (
    "time", "time_ms", "time_ns", "bid", "ask", "1.38756", "86400000", "90000001", "1399248001000",
    "1399248001000000000", '"1.1\n1.2"', '"' * 3, "2014-05-05T00:00:01+23:59",
)  # fmt: skip


def tick_seeds() -> list[bytes]:
    """Every form of CSV, and zips packed in every way."""
    methods = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
    return [*good.CSV, *(good.day_zip(method=method) for method in methods)]


_CSV: Mutation = mutations.text(",\n ", TICK_WORDS)


def ticks_mutated(data: bytes, random: Random) -> bytes:
    """Lines and values; of a zip its bytes, or what is packed in it, or how."""
    if data[:2] != b"PK":
        return _CSV(data, random)
    if random.randrange(2):
        return mutations.some_bytes(data, random)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            content = archive.read(archive.namelist()[0])[:100_000]
    except Exception:  # whatever a damaged zip makes of itself: here it is only a start
        content = good.DAY_CSV
    methods = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
    packed = good.day_zip(_CSV(content, random), random.choice(methods))
    return mutations.some_bytes(packed, random) if random.randrange(3) == 0 else packed


# ---------------------------------------------------------------- texts


def text_read(data: bytes) -> None:
    """`units`, `sessions`, `point`, client keys: an exact integer, or `BadInput`."""
    text = data.decode("utf-8", "surrogateescape")
    for digits in (0, 2, 5, 10):
        _scaled(lambda digits=digits: units.scaled(text, digits), digits)
        for number in _decimals(text):
            _scaled(lambda n=number, digits=digits: units.scaled_decimal(n, digits), digits)
    found = _answer(lambda: units.parse_time(text))
    if found is not None and 0 <= found <= bounds.MAX_TIME_NS:
        assert units.parse_time(units.format_time(found)) == found
    day = _answer(lambda: units.parse_day(text))
    if day is not None:
        for zone in ("UTC", "UTC-05", "UTC+23:59", "Europe/Berlin"):
            _answer(lambda zone=zone: units.midnight_ns(day, zone))
    _answer(lambda: units.check_zone(text))
    spans = _answer(lambda: sessions_of(text.split(";")))
    if spans is not None:
        minutes = [minute for span in spans for minute in span]
        assert minutes == sorted(set(minutes)) and all(0 <= m <= 10_080 for m in minutes)
    _answer(lambda: arguments.point("--to", text))
    keys = _answer(lambda: jsonl_values.client_key_of(text))
    if keys is not None:
        assert all(-(2**63) <= half < 2**63 for half in keys)


def _answer(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except BadInput as error:
        assert len(str(error)) < 500, f"a sentence of {len(str(error))} characters"
        return None


def _scaled(ask: Callable[[], int], digits: int) -> None:
    value = _answer(ask)
    if value is not None:
        assert abs(value) <= units.I64_MAX
        shown = units.unscaled(value, digits)
        assert units.scaled(f"{shown:f}", digits) == value == units.scaled_decimal(shown, digits)


def _decimals(text: str) -> list[Decimal]:
    try:
        return [Decimal(text)]
    except (InvalidOperation, ValueError):
        return []


TEXT_WORDS = (
    "1.38756", "-0.01", "2014-05-05", "T08:00:00", ".123456789", "Z", "+02:00", "UTC-05",
    "UTC+05:30", "America/New_York", "mon-fri 08:00-16:30", "sun 22:00 - fri 21:00", "24:00",
    "00:00", "mon", "Infinity", "sNaN", "1e18", "1e-18",
    "5f1d7a52-1d3f-4a0e-9a53-0c4b1d6f0001", "2014-W01-1",
)  # fmt: skip


def text_seeds() -> list[bytes]:
    return [word.encode() for word in TEXT_WORDS]


# ---------------------------------------------------------------- the label of a directory


def origin_read(data: bytes) -> None:
    """`origin.read`: a label, or None for what is none; never an exception."""
    folder = _file("origin.json", data).parent
    found = origin.read(folder)
    assert found is None or isinstance(found, origin.Origin)
    assert origin.label(folder) == (
        None if found is None or found.data == origin.REAL else found.data
    )


def origin_seeds() -> list[bytes]:
    return [
        b'{"data": "quotes from files", "command": "run", "seed": 1, "files": ["a.toml", "b"]}',
        b'{"data": "generated data", "command": "demo", "clients": 3, "ticks": 40}',
    ]


# ---------------------------------------------------------------- checkpoints and keys


@cache
def _signing_key() -> Any:
    """The same key on every run; None where the library for signatures is not installed."""
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    except ImportError:
        return None
    return Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@cache
def _signed() -> checkpoint.Checkpoint:
    """A checkpoint; its signature is zeros where the library is not installed."""
    held = checkpoint.Held(3, 9_000, 90, good.MIDNIGHT_NS, bytes(range(32)), bytes(range(32, 64)))
    key = _signing_key()
    if key is None:
        return checkpoint.Checkpoint(held, bytes(signing.KEY_SIZE), bytes(signing.SIGNATURE_SIZE))
    public_key = key.public_key().public_bytes_raw()
    signature = key.sign(checkpoint.message_of(held, public_key))
    return checkpoint.Checkpoint(held, public_key, signature)


def checkpoint_seeds() -> list[bytes]:
    path = good.scratch() / "a-checkpoint"
    path.unlink(missing_ok=True)
    checkpoint.write(path, _signed())
    return [path.read_bytes()]


def checkpoint_read(data: bytes) -> None:
    """`checkpoint.read`: what was written, or `BadInput`; no other statement has the signature."""
    path = _file("checkpoint.json", data)
    try:
        found = checkpoint.read(path)
    except BadInput as error:
        _refused(error, path)
        return
    again = good.scratch() / "checkpoint-again"
    again.unlink(missing_ok=True)
    checkpoint.write(again, found)
    assert checkpoint.read(again) == found
    if _signing_key() is not None:
        is_signed = not checkpoint.signature_findings(path, found, None, None)
        assert is_signed == (found == _signed())


def key_seeds() -> list[bytes]:
    """A private and a public key of the right kind, and keys of other kinds."""
    if _signing_key() is None:
        return [b"-----BEGIN PUBLIC KEY-----\n"]
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import ec, x25519

    pem, private, public = form.Encoding.PEM, form.PrivateFormat.PKCS8, form.PublicFormat
    keys: tuple[Any, ...] = (
        _signing_key(),
        x25519.X25519PrivateKey.from_private_bytes(bytes(range(32))),
        ec.derive_private_key(7, ec.SECP256R1()),
    )
    found = [key.private_bytes(pem, private, form.NoEncryption()) for key in keys]
    found += [key.public_key().public_bytes(pem, public.SubjectPublicKeyInfo) for key in keys]
    locked = form.BestAvailableEncryption(b"word")
    return [*found, keys[0].private_bytes(pem, private, locked)]


def key_read(data: bytes) -> None:
    """`read_private_key`, `read_public_key`: an Ed25519 key, or `BadInput`."""
    path = _file("key.pem", data)
    try:
        assert len(signing.read_public_key(path)) == signing.KEY_SIZE
    except BadInput as error:
        assert _signing_key() is None or str(error).startswith(str(path))
    try:
        key = signing.read_private_key(path)
    except BadInput as error:
        assert _signing_key() is None or str(error).startswith(str(path))
        return
    public_key = key.public_key().public_bytes_raw()
    assert signing.is_signed(b"text", key.sign(b"text"), public_key)
