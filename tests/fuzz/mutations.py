"""Bad input out of good: bytes, words, text, and records whose framing is made right again.

This file may turn bytes into other bytes, by a `Random` alone. Every mutation here is blind to
what the parser promises. Those that know a layout exist because a blind one is stopped by the
first size or checksum: they change what lies behind it and make sizes, sequences and checksums
right again, mostly.
"""

from collections.abc import Callable
from random import Random
from typing import Any

import msgspec

from engine import records

Mutation = Callable[[bytes, Random], bytes]

I64_EXTREMES = (
    0, 1, -1, 2, 7, 8, 255, 2**31 - 1, 2**31, -(2**31), 2**32, 2**38, 2**50, 2**53, 2**55, 2**60,
    2**62, 2**62 + 1, 2**63 - 1, -(2**63), -(2**63) + 1,
)  # fmt: skip
"""Where sizes, bounds and 64-bit arithmetic change their behaviour."""


def word(random: Random, near: int = 0) -> int:
    """A 64-bit integer: an extreme, a neighbour of `near`, or any."""
    kind = random.randrange(4)
    if kind == 0:
        return random.choice(I64_EXTREMES)
    if kind == 1:
        return _as_i64(near + random.choice((-1, 1, 2, -8, 8, 100, -100)))
    if kind == 2:
        return random.randrange(0, 20)
    return _as_i64(near ^ 1 << random.randrange(64))


def _as_i64(value: int) -> int:
    return (value + 2**63) % 2**64 - 2**63


# ---------------------------------------------------------------- bytes


def some_bytes(data: bytes, random: Random) -> bytes:
    """One to four blind changes."""
    for _ in range(random.randrange(1, 5)):
        data = _one_change(data, random)
    return data


def _one_change(data: bytes, random: Random) -> bytes:
    kind = random.randrange(7)
    at = random.randrange(len(data) + 1)
    end = min(len(data), at + random.choice((1, 2, 4, 8, 16, 64, 256)))
    if kind == 0:
        return data[:at]
    if kind == 1:
        return data[:at] + data[end:]
    if kind == 2:
        return data[:at] + data[at:end] + data[at:]
    if kind == 3:
        return data[:at] + random.randbytes(random.randrange(1, 9)) + data[at:]
    changed = bytearray(data)
    if kind == 4 and at < len(data):
        changed[at] ^= 1 << random.randrange(8)
    elif kind == 5 and at < len(data):
        changed[at] = random.choice((0, 1, 0x7F, 0x80, 0xFF, 10, 34, 44, 48))
    else:
        changed[at:end] = bytes(end - at)
    return bytes(changed)


def some_words(data: bytes, random: Random) -> bytes:
    """One to three 64-bit words are set, taken out, doubled or exchanged."""
    words = [int.from_bytes(data[i : i + 8], "little", signed=True) for i in range(0, len(data), 8)]
    for _ in range(random.randrange(1, 4)):
        if not words:
            break
        at = random.randrange(len(words))
        kind = random.randrange(8)
        if kind == 0:
            del words[at]
        elif kind == 1:
            words.insert(at, words[at])
        elif kind == 2:
            other = random.randrange(len(words))
            words[at], words[other] = words[other], words[at]
        else:
            words[at] = word(random, words[at])
    return b"".join(w.to_bytes(8, "little", signed=True) for w in words)


# ---------------------------------------------------------------- text

TOKENS = (
    "", "0", "-1", "1", "-0", "00", "1e400", "1e-400", "1E+999999999", "0.1", ".5", "5.", "1_000",
    "NaN", "-Infinity", "null", "true", "{}", "[]", '""', '"\\ud800"', '"\\u0000"', "\x00",
    "\ufeff", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
    "4611686018427387904", "1970-01-01", "9999-12-31T23:59:59.999999999Z", "0001-01-01",
    "2014-02-30", "+24:00", "UTC+99", "../..", "Europe/Berlin", "\u00e9", "\U0001f4b6", "\u0663",
    "''", '"', "'", "\\", ",", ";", "=",
    "[[", "]]", "#", "\r", "\n", "\x1c", "\u2028",
)  # fmt: skip
LONG_TOKENS = (
    "1" + "0" * 4_400, "0." + "0" * 4_400 + "1", "1." + "0" * 4_400, "0x" + "f" * 4_000,
    "9" * 200, "a" * 5_000, "[" * 3_000, '{"a":' * 900, "[" * 900 + "]" * 900,
    "{a=" * 900 + "1" + "}" * 900, "a." * 900 + "a=1",
)  # fmt: skip
"""Beyond what Python turns into an integer at once, and deeper than it recurses."""


def text(separators: str, words: tuple[str, ...] = ()) -> Mutation:
    """A mutation of lines and of the tokens in them; `words` are put in now and then."""
    tokens = TOKENS + words * 2

    def mutate(data: bytes, random: Random) -> bytes:
        if random.randrange(8) == 0:
            return some_bytes(data, random)
        lines = data.decode("utf-8", "surrogateescape").split("\n")
        for _ in range(random.randrange(1, 4)):
            _change_lines(lines, random, separators, tokens)
        return "\n".join(lines).encode("utf-8", "surrogateescape")

    return mutate


def _change_lines(
    lines: list[str], random: Random, separators: str, tokens: tuple[str, ...]
) -> None:
    at = random.randrange(len(lines))
    kind = random.randrange(10)
    if kind == 0 and len(lines) > 1:
        del lines[at]
    elif kind == 1:
        lines.insert(at, lines[random.randrange(len(lines))])
    elif kind == 2:
        other = random.randrange(len(lines))
        lines[at], lines[other] = lines[other], lines[at]
    else:
        lines[at] = _change_tokens(lines[at], random, separators, tokens)


def _change_tokens(line: str, random: Random, separators: str, tokens: tuple[str, ...]) -> str:
    """One token is replaced, taken out, doubled, moved, cut or lengthened."""
    parts = [""]
    for character in line:
        if character in separators:
            parts += [character, ""]
        else:
            parts[-1] += character
    places = [i for i, part in enumerate(parts) if part and part not in separators] or [0]
    at = random.choice(places)
    kind = random.randrange(8)
    if kind <= 2:
        parts[at] = random.choice(LONG_TOKENS if random.randrange(12) == 0 else tokens)
    elif kind == 3:
        parts[at] = parts[random.choice(places)]
    elif kind == 4:
        del parts[at]
    elif kind == 5:
        parts.insert(at, parts[random.randrange(len(parts))])
    elif kind == 6:
        parts[at] = parts[at][: random.randrange(len(parts[at]) + 1)]
    else:
        parts[at] += random.choice(("0", "9", "-", ".", "e9", " ", "Z", "_", random.choice(tokens)))
    return "".join(parts)


# ---------------------------------------------------------------- records


def parts_of(data: bytes) -> list[bytes]:
    """The records of a block by the sizes in their heads, as far as these lead."""
    parts, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        if size < 24:
            size = len(data) - at
        parts.append(data[at : at + size])
        at += size
    return parts


def stamped(parts: list[bytes], first: int) -> bytes:
    """The records with dense sequences from `first` on."""
    return b"".join(
        part[:8] + (first + i).to_bytes(8, "little") + part[16:] for i, part in enumerate(parts)
    )


def of_records(first: int, random_record: Callable[[Random], bytes] | None = None) -> Mutation:
    """Fields, order and number of records; the sequences mostly right, from `first` on."""

    def mutate(data: bytes, random: Random) -> bytes:
        kind = random.randrange(10)
        if kind == 0:
            return some_bytes(data, random)
        if kind == 1:
            return some_words(data, random)
        parts = parts_of(data)
        for _ in range(random.randrange(1, 4)):
            at = random.randrange(len(parts) + 1)
            kind = random.randrange(10)
            if at == len(parts) or kind == 0:
                if random_record is not None:
                    parts.insert(at, random_record(random))
            elif kind == 1:
                del parts[at]
            elif kind == 2:
                parts.insert(at, parts[random.randrange(len(parts))])
            elif kind == 3:
                other = random.randrange(len(parts))
                parts[at], parts[other] = parts[other], parts[at]
            else:
                parts[at] = _change_record(parts[at], random)
        return stamped(parts, first) if random.randrange(8) else b"".join(parts)

    return mutate


def _change_record(part: bytes, random: Random) -> bytes:
    """A field, the time, or what is inside the payload of a `Configure`."""
    if part[:2] == records.Configure.TYPE.to_bytes(2, "little") and random.randrange(8):
        try:
            record, _ = records.decode(part)
        except records.CorruptRecord:
            return some_words(part, random)
        assert isinstance(record, records.Configure)
        payload = payload_changed(record.payload, random)[:16_384]
        changed = records.Configure(kind=record.kind, payload=payload)
        return records.encode(changed, record.sequence, record.time_ns)
    if random.randrange(12) == 0:
        return some_words(part, random)
    if random.randrange(12) == 0:
        size = max(24, len(part) + 8 * random.choice((-20, -2, -1, 1, 2)))
        return part[:4] + size.to_bytes(4, "little") + part[8:size].ljust(size - 8, b"\0")
    if len(part) < 32 or random.randrange(6) == 0:
        return _set_word(part, 2, random)
    return _set_word(part, random.randrange(3, len(part) // 8), random)


def _set_word(part: bytes, index: int, random: Random) -> bytes:
    near = int.from_bytes(part[8 * index : 8 * index + 8], "little", signed=True)
    new = word(random, near).to_bytes(8, "little", signed=True)
    return part[: 8 * index] + new + part[8 * index + 8 :]


# ---------------------------------------------------------------- configuration inside


def payload_changed(payload: bytes, random: Random) -> bytes:
    """A msgpack object with a key changed, added or taken out; or its bytes changed."""
    if random.randrange(6) == 0:
        return some_bytes(payload, random)
    try:
        value = msgspec.msgpack.decode(payload)
    except ValueError:
        return some_bytes(payload, random)
    return msgspec.msgpack.encode(value_changed(value, random))


def value_changed(value: Any, random: Random) -> Any:
    """A value of JSON or msgpack with one thing in it changed."""
    if isinstance(value, dict) and value and random.randrange(6):
        key = random.choice(sorted(value, key=repr))
        kind = random.randrange(10)
        if kind == 0:
            return {k: v for k, v in value.items() if k != key}
        if kind == 1:
            return {**value, random.choice(("x", "", "digits", "sessions", "type")): word(random)}
        return {**value, key: value_changed(value[key], random)}
    if isinstance(value, list) and random.randrange(6):
        kind = random.randrange(4)
        if not value or kind == 0:
            return [*value, random.choice((0, 1, [0, 10_080], [5, 5], "x"))]
        at = random.randrange(len(value))
        if kind == 1:
            return value[:at] + value[at + 1 :]
        return [*value[:at], value_changed(value[at], random), *value[at + 1 :]]
    if isinstance(value, int) and not isinstance(value, bool) and random.randrange(6):
        return word(random, value)
    return random.choice(
        (None, True, False, 0, -1, 2**63 - 1, 2**64 - 1, 1.5, "", "x" * 32, "USD", "\u00e9", [], {})
    )
