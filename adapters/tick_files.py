"""Files of quotes, read whole and checked before anything is written.

This file may not guess: a line that can't be read exactly refuses the file, with its
name, its line and what was expected.

Two formats:

1. *Day zip*: a zip with one CSV without header, a line being
   `milliseconds since midnight (fractions allowed), bid, ask`. The day and the time zone
   of the midnight are given from outside.
2. *Plain CSV with a header*: columns `bid`, `ask` and one of `time` (ISO-8601, UTC unless
   an offset follows), `time_ms` or `time_ns` (since 1970 UTC), in any order; other
   columns are ignored.

Prices become points exactly; times become nanoseconds. Lines must not go back in time.
A crossed quote (bid above ask) is refused, unless the feed is known to send them: then
it is kept, for the core to refuse with an event, and counted.
"""

import csv
import io
import zipfile
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from adapters.units import I64_MAX, BadInput, parse_time, scaled, shown
from engine.bounds import MAX_TIME_NS

MAX_UNPACKED_BYTES = 1 << 30
"""Of the file in a zip: some 30 million quotes."""
_NS_PER_MS_DIGITS = 6
_DAY_NS = 86_400 * 10**9


@dataclass(frozen=True)
class TickSource:
    """One file and what is known about it from outside."""

    path: Path
    instrument: int
    feed: int
    digits: int
    midnight_ns: int | None
    """Start of the day for the zip format; None if no day was given."""
    keep_crossed: bool = False


@dataclass
class TickSeries:
    """The quotes of one file, column by column."""

    source: TickSource
    times_ns: "array[int]" = field(default_factory=lambda: array("q"))
    bids_points: "array[int]" = field(default_factory=lambda: array("q"))
    asks_points: "array[int]" = field(default_factory=lambda: array("q"))
    crossed: int = 0


@dataclass(frozen=True)
class Quotes:
    """Quotes of all files in the order of time; rows of equal time keep the files' order."""

    times_ns: npt.NDArray[np.int64]
    instruments: npt.NDArray[np.int64]
    feeds: npt.NDArray[np.int64]
    bids_points: npt.NDArray[np.int64]
    asks_points: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.times_ns)

    def rows(self, chunk: int = 65_536) -> Iterator[tuple[int, int, int, int, int]]:
        """(time_ns, instrument, feed, bid_points, ask_points), one quote after the other."""
        columns = (
            self.times_ns, self.instruments, self.feeds, self.bids_points, self.asks_points
        )  # fmt: skip
        for start in range(0, len(self), chunk):
            yield from zip(*(c[start : start + chunk].tolist() for c in columns), strict=True)

    def head(self, count: int) -> "Quotes":
        """The first `count` quotes."""
        return Quotes(
            self.times_ns[:count],
            self.instruments[:count],
            self.feeds[:count],
            self.bids_points[:count],
            self.asks_points[:count],
        )


def read_ticks(source: TickSource) -> TickSeries:
    """Reads a file of quotes. Raises `BadInput` with file and line."""
    try:
        data = source.path.read_bytes()
    except OSError as error:
        raise BadInput(f"{source.path}: can't be read: {error.strerror}") from None
    if data[:2] == b"PK":
        if source.midnight_ns is None:
            raise BadInput(
                f"{source.path}: its times count from midnight, so the day is needed (--day DATE)"
            )
        return _read_day_zip(source, data)
    return _read_plain_csv(source, data)


def merge(series: Sequence[TickSeries]) -> Quotes:
    """All quotes by time. Equal times: by the order of `series`, then of the lines."""
    counts = [len(s.times_ns) for s in series]
    if not sum(counts):
        empty = np.zeros(0, dtype=np.int64)
        return Quotes(empty, empty, empty, empty, empty)
    times = np.concatenate([_column(s.times_ns) for s in series])
    order = np.argsort(times, kind="stable")
    return Quotes(
        times[order],
        np.repeat([s.source.instrument for s in series], counts)[order],
        np.repeat([s.source.feed for s in series], counts)[order],
        np.concatenate([_column(s.bids_points) for s in series])[order],
        np.concatenate([_column(s.asks_points) for s in series])[order],
    )


def _column(values: "array[int]") -> npt.NDArray[np.int64]:
    return np.frombuffer(values, dtype=np.int64) if values else np.zeros(0, dtype=np.int64)


# ---------------------------------------------------------------- the two formats


def _read_day_zip(source: TickSource, data: bytes) -> TickSeries:
    lines = _text_lines(source.path, _only_member(source.path, data))
    midnight = source.midnight_ns
    assert midnight is not None

    def time_of(text: str) -> int:
        since = scaled(text, _NS_PER_MS_DIGITS)
        if not 0 <= since <= _DAY_NS + 3_600 * 10**9:
            raise BadInput(f"{shown(text)} is not a number of milliseconds within a day")
        return midnight + since

    return _read_rows(source, csv.reader(lines), 1, (0, 1, 2), 3, time_of)


def _only_member(path: Path, data: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [n for n in archive.namelist() if not n.endswith("/")]
            if len(names) != 1:
                raise BadInput(f"{path}: holds {len(names)} files, expected one CSV of quotes")
            size = archive.getinfo(names[0]).file_size
            if size > MAX_UNPACKED_BYTES:
                raise BadInput(
                    f"{path}: unpacks to {size} bytes, at most {MAX_UNPACKED_BYTES} are allowed"
                )
            return archive.read(names[0])
    except BadInput:
        raise
    except Exception as error:  # zipfile and its codecs have a dozen ways to say it
        raise BadInput(f"{path}: is a damaged or unreadable zip: {error}") from None


def _read_plain_csv(source: TickSource, data: bytes) -> TickSeries:
    reader = csv.reader(_text_lines(source.path, data))
    header = [name.strip() for name in _next_row(source.path, reader) or []]
    time_columns = [n for n in header if n in _TIME_READERS]
    if len(time_columns) != 1 or header.count("bid") != 1 or header.count("ask") != 1:
        raise BadInput(
            f"{source.path}, line 1: expected a header with the columns bid, ask and one of time,"
            f" time_ms, time_ns, found {shown(','.join(header))}"
        )
    columns = (header.index(time_columns[0]), header.index("bid"), header.index("ask"))
    return _read_rows(source, reader, 2, columns, len(header), _TIME_READERS[time_columns[0]])


_TIME_READERS: dict[str, Callable[[str], int]] = {
    "time": parse_time,
    "time_ms": lambda text: scaled(text, _NS_PER_MS_DIGITS),
    "time_ns": lambda text: scaled(text, 0),
}


def _text_lines(path: Path, data: bytes) -> list[str]:
    try:
        return data.decode("ascii").splitlines()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadInput(
            f"{path}, line {line}: is not text of numbers (byte {error.start})"
        ) from None


def _next_row(path: Path, rows: Iterator[list[str]]) -> list[str] | None:
    try:
        return next(rows, None)
    except csv.Error as error:
        raise BadInput(f"{path}, line 1: {error}") from None


# ---------------------------------------------------------------- the rows


def _read_rows(
    source: TickSource,
    rows: Iterator[list[str]],
    line: int,
    columns: tuple[int, int, int],
    width: int,
    time_of: Callable[[str], int],
) -> TickSeries:
    """Checks and keeps every row; `line` is the number of the first."""
    series = TickSeries(source)
    time_column, bid_column, ask_column = columns
    known: dict[str, int] = {}
    last = 0
    try:
        for row in rows:
            if len(row) != width:
                raise BadInput(f"has {len(row)} values, expected {width}")
            time_ns = time_of(row[time_column])
            if not 0 < time_ns <= MAX_TIME_NS:
                raise BadInput(f"time {shown(row[time_column])} is not between 1970 and 2116")
            if time_ns < last:
                raise BadInput(
                    f"time {shown(row[time_column])} goes back: the line before is later"
                )
            last = time_ns
            bid = known.get(row[bid_column]) or _price(row[bid_column], "bid", source, known)
            ask = known.get(row[ask_column]) or _price(row[ask_column], "ask", source, known)
            if bid > ask:
                if not source.keep_crossed:
                    raise BadInput(
                        f"crossed quote: bid {row[bid_column]} is above ask {row[ask_column]}"
                    )
                series.crossed += 1
            series.times_ns.append(time_ns)
            series.bids_points.append(bid)
            series.asks_points.append(ask)
            line += 1
    except (BadInput, csv.Error) as error:
        raise BadInput(f"{source.path}, line {line}: {error}") from None
    if not series.times_ns:
        raise BadInput(f"{source.path}: holds no quotes")
    return series


def _price(text: str, name: str, source: TickSource, known: dict[str, int]) -> int:
    try:
        points = scaled(text, source.digits)
    except BadInput as error:
        raise BadInput(f"{name} {error}") from None
    if not 0 < points <= I64_MAX:
        raise BadInput(f"{name} {shown(text)} is not above 0")
    known[text] = points
    return points
