"""Files of quotes: exact points, and a sentence with file and line for what is wrong."""

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.tick_files import TickSource, merge, read_ticks
from adapters.units import BadInput, midnight_ns, parse_day

pytestmark = pytest.mark.once

MIDNIGHT = midnight_ns(parse_day("2014-05-05"), "UTC")
MS = 1_000_000
REAL = Path(__file__).parents[2].parent / "shared" / "data" / "ticks"


def day_zip(path: Path, text: str, name: str = "quotes.csv") -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, text)
    return path


def source(path: Path, *, digits: int = 5, keep_crossed: bool = False) -> TickSource:
    return TickSource(path, 1, 1, digits, MIDNIGHT, keep_crossed)


def test_day_zip_counts_milliseconds_with_fractions_from_midnight(tmp_path: Path) -> None:
    path = day_zip(tmp_path / "a.zip", "40.1868,1.38756,1.3876\n1000,1.38760,1.38770\n")
    series = read_ticks(source(path))
    assert list(series.times_ns) == [MIDNIGHT + 40_186_800, MIDNIGHT + 1_000 * MS]
    assert list(series.bids_points) == [138_756, 138_760]
    assert list(series.asks_points) == [138_760, 138_770]


@pytest.mark.parametrize(
    ("header", "first"),
    [
        ("time,bid,ask", "2014-05-05T00:00:01Z,1.1,1.2"),
        ("ask,time_ms,bid", f"1.2,{MIDNIGHT // MS + 1_000},1.1"),
        ("volume,bid,ask,time_ns", f"7,1.1,1.2,{MIDNIGHT + 10**9}"),
        ('"time","bid","ask"', '"2014-05-05 02:00:01+02:00","1.1","1.2"'),
    ],
)
def test_plain_csv_finds_its_columns_by_the_header(tmp_path: Path, header: str, first: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"{header}\n{first}\n")
    series = read_ticks(source(path))
    assert list(series.times_ns) == [MIDNIGHT + 10**9]
    assert (series.bids_points[0], series.asks_points[0]) == (110_000, 120_000)


BAD_LINES = [
    # second line of a day zip, what the sentence says
    ("2000,1.1", "line 2: has 2 values, expected 3"),
    ("2000,1.1,1.2,1.3", "line 2: has 4 values, expected 3"),
    ("", "line 2: has 0 values, expected 3"),
    ("two,1.1,1.2", "line 2: 'two' is not a decimal number"),
    ("-1,1.1,1.2", "line 2: '-1' is not a number of milliseconds within a day"),
    ("999999999,1.1,1.2", "line 2: '999999999' is not a number of milliseconds within a day"),
    ("1.1234567,1.1,1.2", "line 2: '1.1234567' has 7 decimals"),
    ("999,1.1,1.2", "line 2: time '999' goes back"),
    ("2000,1.123456,1.2", "line 2: bid '1.123456' has 6 decimals, at most 5"),
    ("2000,1.1,1,2", "line 2: has 4 values"),
    ("2000,1.1,abc", "line 2: ask 'abc' is not a decimal number"),
    ("2000,0,1.2", "line 2: bid '0' is not above 0"),
    ("2000,-1.1,1.2", "line 2: bid '-1.1' is not above 0"),
    ("2000,1.3,1.2", "line 2: crossed quote: bid 1.3 is above ask 1.2"),
    ('2000,"1.1,1.2', "line 2: has 2 values"),
    ("2000,1.1,1\u00e9", "line 2: is not text of numbers"),
]


@pytest.mark.parametrize(("line", "sentence"), BAD_LINES)
def test_broken_line_refuses_the_file_with_its_number(
    tmp_path: Path, line: str, sentence: str
) -> None:
    path = day_zip(tmp_path / "a.zip", f"1000,1.1,1.2\n{line}\n3000,1.1,1.2\n")
    with pytest.raises(BadInput) as caught:
        read_ticks(source(path))
    assert f"a.zip, {sentence}" in str(caught.value)


def test_plain_csv_counts_the_header_as_line_1(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("time_ns,bid,ask\n5,1.1,1.2\n4,1.1,1.2\n")
    with pytest.raises(BadInput, match=r"a\.csv, line 3: time '4' goes back"):
        read_ticks(source(path))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "expected a header"),
        (b"1000,1.1,1.2\n", "expected a header"),
        (b"time,time_ns,bid,ask\n", "expected a header"),
        (b"time,bid,bid,ask\n", "expected a header"),
        (b"time,bid,ask\n", "holds no quotes"),
        (b"PK\x03\x04garbage", "damaged or unreadable zip"),
        (b"\xff\xfe\x00", "is not text of numbers"),
    ],
)
def test_file_of_another_kind_is_refused(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=sentence):
        read_ticks(source(path))


def test_missing_file_and_directory_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.zip", tmp_path):
        with pytest.raises(BadInput, match="can't be read"):
            read_ticks(source(path))


def test_zip_with_two_files_is_refused(tmp_path: Path) -> None:
    path = day_zip(tmp_path / "a.zip", "1,1.1,1.2\n")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("more.csv", "")
    with pytest.raises(BadInput, match="holds 2 files"):
        read_ticks(source(path))


def test_zip_needs_the_day(tmp_path: Path) -> None:
    path = day_zip(tmp_path / "a.zip", "1,1.1,1.2\n")
    with pytest.raises(BadInput, match="the day is needed"):
        read_ticks(TickSource(path, 1, 1, 5, None))


def test_crossed_quotes_are_kept_and_counted_where_the_feed_is_known_for_them(
    tmp_path: Path,
) -> None:
    path = day_zip(tmp_path / "a.zip", "1,1.1,1.2\n2,1.3,1.2\n3,1.2,1.2\n")
    series = read_ticks(source(path, keep_crossed=True))
    assert (len(series.times_ns), series.crossed) == (3, 1)


def test_merge_orders_by_time_and_keeps_the_order_of_the_files_at_equal_times(
    tmp_path: Path,
) -> None:
    first = day_zip(tmp_path / "1.zip", "5,1,1\n5,2,2\n9,3,3\n")
    second = day_zip(tmp_path / "2.zip", "4,4,4\n5,5,5\n9,6,6\n")
    series = [read_ticks(TickSource(p, n, n, 0, 0)) for n, p in ((1, first), (2, second))]
    rows = list(merge(series).rows(chunk=2))
    assert [row[3] for row in rows] == [4, 1, 2, 5, 3, 6]
    assert rows[0] == (4 * MS, 2, 2, 4, 4)
    assert len(merge([])) == 0
    assert len(merge(series).head(2)) == 2


@settings(max_examples=150)
@given(st.binary(max_size=60) | st.text('0123456789.,-\n"eE ', max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused_with_one_sentence(tmp_path_factory, data: bytes) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a", data)
    for name, content in (
        ("a.zip", buffer.getvalue()),
        ("b.csv", data),
        ("c.csv", b"time_ns,bid,ask\n" + data),
        ("d.zip", buffer.getvalue()[: len(data)] + data),
    ):
        path = folder / name
        path.write_bytes(content)
        try:
            series = read_ticks(source(path))
        except BadInput as error:
            assert str(path) in str(error)
            assert "\n" not in str(error)
        else:
            assert sorted(series.times_ns) == list(series.times_ns)


@pytest.mark.skipif(not REAL.is_dir(), reason=f"the real quotes are not in {REAL}")
@pytest.mark.parametrize(
    ("folder", "digits", "count", "crossed"),
    [
        ("oanda_xauusd", 3, 186_204, 0),
        ("oanda_eurusd", 5, 25_177, 0),
        ("fxcm_eurusd", 5, 58_143, 4_987),
        ("fxcm_nzdusd", 5, 68_867, 1_641),
    ],
)
def test_real_series_are_read_whole(folder: str, digits: int, count: int, crossed: int) -> None:
    path = REAL / folder / "20140505_quote.zip"
    series = read_ticks(source(path, digits=digits, keep_crossed=True))
    assert (len(series.times_ns), series.crossed) == (count, crossed)
    if crossed:
        with pytest.raises(BadInput, match="crossed quote"):
            read_ticks(source(path, digits=digits))
    with pytest.raises(BadInput, match="decimals, at most"):
        read_ticks(source(path, digits=digits - 1, keep_crossed=True))
