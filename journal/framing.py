"""Where each record of a block begins: walking, cutting and finding without decoding.

This file may look at the header words of records (type, version, size, sequence, time);
what the fields mean is the business of `engine.records`. Decoding a record costs
microseconds, so bulk work asks here for offsets and touches only what it needs.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from engine import records
from engine.records import WORD, CorruptRecord, Record

Words = npt.NDArray[np.int64]
Starts = npt.NDArray[np.intp]

_KEYED: Final = np.zeros(2**16, dtype=bool)
"""By type of record: whether it can carry a client key."""
_KEY_ENTRY: Final = np.dtype([("key_high", ">u8"), ("key_low", ">u8"), ("sequence", "<u8")])
"""A key and its value in the index of client keys (journal/layout.py)."""
_SMALLEST: Final = records.HEAD_WORDS * WORD
_FEW_WORDS: Final = 512
"""Below this many words a plain walk is faster than the vectorised one."""

for _class in records.COMMAND_CLASSES:
    if "key_low" in _class.__struct_fields__:
        _KEYED[_class.TYPE] = True
        assert records.fields_of(_class)[-2:] == ("key_high", "key_low"), "keys are the last words"


def words_of(data: bytes | memoryview) -> Words:
    """The 64-bit words of a stretch of records, without a copy."""
    return np.frombuffer(data, dtype="<i8")


def record_starts(data: bytes | memoryview) -> Starts:
    """Word offset of every record. Raises `CorruptRecord` where the sizes do not add up.

    Vectorised: the words that look like a header are taken, and if each ends where the
    next begins they are exactly the records. A field that happens to look like a header
    breaks that, and then the records are walked one by one.
    """
    words = words_of(data)
    if len(words) > _FEW_WORDS:
        plausible = np.flatnonzero(words & 0x7_FFFF_0000 == records.VERSION << 16)
        words_each = words[plausible] >> 35
        large = words_each >= records.HEAD_WORDS
        starts = plausible[large]
        ends = starts + words_each[large]
        whole = len(starts) > 0 and starts[0] == 0 and ends[-1] == len(words)
        if whole and bool((ends[:-1] == starts[1:]).all()):
            return starts
    return _walk(words)


def _walk(words: Words) -> Starts:
    """`record_starts`, record by record."""
    starts: list[int] = []
    view: Any = words.data
    position, end = 0, len(words)
    while position < end:
        header = view[position]
        size = header >> 32
        if size < _SMALLEST or size % WORD or header >> 16 & 0xFFFF != records.VERSION:
            raise CorruptRecord(f"offset {position * WORD}: {header:#x} is no record header")
        starts.append(position)
        position += size // WORD
    if position != end:
        raise CorruptRecord(f"offset {starts[-1] * WORD}: the record is cut off")
    return np.asarray(starts, dtype=np.intp)


def count_records(data: bytes | memoryview) -> int:
    """How many records there are. Raises `CorruptRecord`."""
    return len(record_starts(data)) if len(data) else 0


def offset_after_sequence(data: bytes | memoryview, sequence: int) -> int:
    """Byte offset after the last record of a sequence up to `sequence` (they ascend)."""
    return _offset_where_above(data, 1, sequence)


def offset_after_time(data: bytes | memoryview, time_ns: int) -> int:
    """Byte offset of the first record later than `time_ns`, or the end."""
    return _offset_where_above(data, 2, time_ns)


def _offset_where_above(data: bytes | memoryview, column: int, bound: int) -> int:
    """Byte offset of the first record whose word `column` is above `bound`, or the end."""
    if not len(data):
        return 0
    starts = record_starts(data)
    above = np.flatnonzero(words_of(data)[starts + column] > bound)
    return int(starts[above[0]]) * WORD if len(above) else len(data)


def records_of(data: bytes | memoryview, sequence: int) -> list[Record]:
    """The records that carry one sequence, decoded. Raises `CorruptRecord`."""
    start = offset_after_sequence(data, sequence - 1)
    end = start + offset_after_sequence(data[start:], sequence)
    return list(records.decode_all(data[start:end]))


def keys_of(commands: bytes | memoryview, starts: Starts | None = None) -> list[tuple[bytes, int]]:
    """(client key of 16 bytes, sequence) of every command that has a key, in order.

    `starts`: where the records begin, if that is known.
    """
    if not len(commands) or is_uniform(commands, records.Tick):
        return []
    words = words_of(commands)
    if starts is None:
        starts = record_starts(commands)
    starts = starts[_KEYED[words[starts] & 0xFFFF]]
    last = starts + (words[starts] >> 35) - 1
    high, low = words[last - 1], words[last]
    keyed = np.flatnonzero((high != 0) | (low != 0))
    pairs = np.stack([high[keyed], low[keyed]], axis=1).astype(">i8").tobytes()
    sequences = words[starts[keyed] + 1].tolist()
    return [(pairs[16 * i : 16 * i + 16], s) for i, s in enumerate(sequences)]


def key_digest(entries: bytes | memoryview) -> int:
    """The digest of entries of the index of client keys: their mixed sum, mod 2**64.

    `entries`: 24 bytes each, the key and its sequence as stored. A sum does not depend on the
    order, so it grows with the journal and can be compared with the index as it stands. Each
    entry is mixed word by word (the finalizer of SplitMix64 is a bijection, so no single word
    can change without changing the term).
    """
    rows = np.frombuffer(entries, dtype=_KEY_ENTRY)
    mixed = _mix(rows["key_high"].astype(np.uint64))
    mixed = _mix(mixed + rows["key_low"].astype(np.uint64))
    mixed = _mix(mixed + rows["sequence"].astype(np.uint64))
    return int(mixed.sum(dtype=np.uint64))


def _mix(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The finalizer of SplitMix64, after adding its odd constant."""
    words = words + np.uint64(0x9E3779B97F4A7C15)
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


def has_configuration(
    commands: bytes | memoryview, kind: int, starts: Starts | None = None
) -> bool:
    """Whether a `Configure` of one kind is among the commands; `starts` as in `keys_of`."""
    if not len(commands) or is_uniform(commands, records.Tick):
        return False
    words = words_of(commands)
    if starts is None:
        starts = record_starts(commands)
    starts = starts[words[starts] & 0xFFFF == records.Configure.TYPE]
    if len(starts) and starts[-1] + records.HEAD_WORDS >= len(words):
        raise CorruptRecord(f"offset {starts[-1] * WORD}: a Configure record without a kind")
    return bool((words[starts + records.HEAD_WORDS] == kind).any())


def is_uniform(data: bytes | memoryview, record_class: type[Record]) -> bool:
    """Whether every record is of one class of fixed size."""
    size = records.record_size(record_class.TYPE)
    if len(data) % size:
        return False
    header = record_class.TYPE | records.VERSION << 16 | size << 32
    return bool((words_of(data)[:: size // WORD] == header).all())


def key_bytes(key_high: int, key_low: int) -> bytes:
    """A client key as it is stored: both words big-endian. Two zeros are no key."""
    return key_high.to_bytes(8, "big", signed=True) + key_low.to_bytes(8, "big", signed=True)
