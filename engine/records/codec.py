"""Records to bytes and back, and views of many records at once."""

import struct
from collections.abc import Iterator
from typing import Any, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from engine import bounds
from engine.records.base import HEAD_WORDS, VERSION, WORD, Command, CorruptRecord, Record
from engine.records.commands import COMMAND_CLASSES, Configure
from engine.records.configs import CLASS_OF_CONFIG, Config
from engine.records.events import EVENT_CLASSES

CLASS_OF_TYPE: dict[int, type[Record]] = {c.TYPE: c for c in (*COMMAND_CLASSES, *EVENT_CLASSES)}
CommandOrConfig: TypeAlias = Command | Config


def fields_of(record_class: type[Record]) -> tuple[str, ...]:
    """Names of the words of a record after the header word, in layout order."""
    names = record_class.__struct_fields__
    own = tuple(n for n in names if n not in ("sequence", "time_ns", "payload"))
    return ("sequence", "time_ns", *own)


_FIELDS = {c.TYPE: fields_of(c) for c in CLASS_OF_TYPE.values()}
_PACKERS = {t: struct.Struct(f"<{1 + len(names)}q") for t, names in _FIELDS.items()}


def record_size(record_type: int) -> int:
    """Size in bytes of the fixed part of a record."""
    return _PACKERS[record_type].size


def dtype_of(record_class: type[Record]) -> np.dtype[np.void]:
    """The NumPy structured type of a record, for views without copying."""
    return np.dtype([("header", "<i8"), *((n, "<i8") for n in fields_of(record_class))])


def encode(record: Record | Config, sequence: int = 0, time_ns: int = 0) -> bytes:
    """A record as bytes. `sequence` and `time_ns` other than 0 replace the record's own.

    A `Config` is wrapped in `Configure`. Raises `ValueError` when a field is no 64-bit integer.
    """
    if isinstance(record, Config):
        record = Configure(kind=record.KIND, payload=msgspec.msgpack.encode(record))
    names = _FIELDS[record.TYPE]
    packer = _PACKERS[record.TYPE]
    payload = b""
    if isinstance(record, Configure):
        if len(record.payload) > bounds.MAX_PAYLOAD_BYTES:
            raise ValueError(
                f"Configure: a payload of {len(record.payload)} bytes, "
                f"at most {bounds.MAX_PAYLOAD_BYTES} are allowed"
            )
        payload = len(record.payload).to_bytes(WORD, "little") + record.payload
        payload += bytes(-len(payload) % WORD)
    size = packer.size + len(payload)
    header = record.TYPE | VERSION << 16 | size << 32
    values = [getattr(record, name) for name in names]
    if sequence:
        values[0] = sequence
    if time_ns:
        values[1] = time_ns
    try:
        return packer.pack(header, *values) + payload
    except struct.error as error:
        bad = [
            f"{n}={x!r}"
            for n, x in zip(names, values, strict=True)
            if not isinstance(x, int) or not -(2**63) <= x < 2**63
        ]
        raise ValueError(
            f"{type(record).__name__}: {', '.join(bad)} is not a 64-bit integer"
        ) from error


def decode(data: bytes | memoryview, offset: int = 0) -> tuple[Record, int]:
    """The record at `offset` and the offset of the next. Raises `CorruptRecord`."""
    left = len(data) - offset
    if left < HEAD_WORDS * WORD:
        raise CorruptRecord(f"offset {offset}: {left} bytes left, a record has at least 24")
    header = int.from_bytes(data[offset : offset + WORD], "little")
    record_type, version, size = header & 0xFFFF, header >> 16 & 0xFFFF, header >> 32
    record_class = CLASS_OF_TYPE.get(record_type)
    if record_class is None:
        raise CorruptRecord(f"offset {offset}: {record_type} is not a record type")
    if version != VERSION:
        raise CorruptRecord(
            f"offset {offset}: record version {version}, this program reads version {VERSION}"
        )
    packer = _PACKERS[record_type]
    if record_class is Configure:
        if not packer.size + WORD <= size <= packer.size + WORD + bounds.MAX_PAYLOAD_BYTES:
            raise CorruptRecord(f"offset {offset}: {size} is no size of a Configure record")
    elif size != packer.size:
        raise CorruptRecord(
            f"offset {offset}: size {size}, a {record_class.__name__} record has {packer.size}"
        )
    if size > left:
        raise CorruptRecord(f"offset {offset}: {left} bytes left of a record of {size}")
    values = packer.unpack_from(data, offset)[1:]
    fields: dict[str, Any] = dict(zip(_FIELDS[record_type], values, strict=True))
    if record_class is Configure:
        start = offset + packer.size + WORD
        length = int.from_bytes(data[start - WORD : start], "little")
        if size != packer.size + WORD + length + -length % WORD:
            raise CorruptRecord(f"offset {offset}: payload of {length} bytes in a record of {size}")
        fields["payload"] = bytes(data[start : start + length])
    return record_class(**fields), offset + size


def decode_all(data: bytes | memoryview) -> Iterator[Any]:
    """Every record of a block, in order. Raises `CorruptRecord`."""
    offset = 0
    while offset < len(data):
        record, offset = decode(data, offset)
        yield record


def decode_config(command: Configure) -> Config:
    """The configuration object inside a `Configure`. Raises `CorruptRecord`."""
    config_class = CLASS_OF_CONFIG.get(command.kind)
    if config_class is None:
        raise CorruptRecord(f"sequence {command.sequence}: {command.kind} is no configuration kind")
    try:
        return msgspec.msgpack.decode(command.payload, type=config_class)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CorruptRecord(
            f"sequence {command.sequence}: payload is no {config_class.__name__}: {error}"
        ) from error


def view(data: bytes | memoryview, record_class: type[Record]) -> npt.NDArray[np.void]:
    """All records of one type in a block, as a structured array.

    Without a copy where the block holds only that type, otherwise one copy of its rows.
    """
    dtype = dtype_of(record_class)
    words = np.frombuffer(data, dtype="<i8")
    if len(words) * WORD % dtype.itemsize == 0:
        rows = np.frombuffer(data, dtype=dtype)
        header = record_class.TYPE | VERSION << 16 | dtype.itemsize << 32
        if bool((rows["header"] == header).all()):
            return rows
    starts = []
    position = 0
    while position < len(words):
        header = int(words[position])
        if header & 0xFFFF == record_class.TYPE:
            starts.append(position)
        position += max(header >> 35, 1)
    width = dtype.itemsize // WORD
    index = np.asarray(starts, dtype=np.intp)[:, None] + np.arange(width, dtype=np.intp)
    return np.ascontiguousarray(words[index]).view(dtype)[:, 0]
