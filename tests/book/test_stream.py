"""Recorded streams through the fast book: the figures that every correct book ends with."""

import struct
from pathlib import Path

import pytest

from bench import matching
from tests.conftest import RunPython
from tests.naive.book import NaiveBook

COMMON = "matching/stream_1m.bin.xz"


def test_common_stream_ends_as_in_every_correct_engine(shared_data: Path) -> None:
    figures, _ = matching.match(matching.read_stream(shared_data / COMMON))
    assert figures == matching.Figures(
        commands=1_000_000,
        fills=246_720,
        volume=6_300_644,
        resting=49_886,
        bid_levels=99,
        ask_levels=103,
        fill_hash="ed5c59f5d2e8bbea",
    )


@pytest.mark.parametrize("make", [matching.narrow, matching.wide])
def test_generated_streams_end_as_in_the_naive_book(make) -> None:
    data = make(8_000, 11)
    figures, _ = matching.match(data)
    naive = NaiveBook()
    fills = []
    for operation, side, _, ticket, price, quantity in struct.iter_unpack("<BBHIii", data):
        if operation == 0:
            fills += naive.limit(ticket, side, price, quantity)
        elif operation == 1:
            naive.cancel(ticket)
        else:
            fills += naive.market(ticket, side, quantity)
    fill_hash = 1469598103934665603
    for fill in fills:
        fill_hash = (fill_hash ^ (fill.resting * 31 + fill.quantity)) * 1099511628211 % 2**64
    assert figures == matching.Figures(
        commands=8_000,
        fills=len(fills),
        volume=sum(fill.quantity for fill in fills),
        resting=len(naive.orders),
        bid_levels=len(naive.sides[0]),
        ask_levels=len(naive.sides[1]),
        fill_hash=f"{fill_hash:016x}",
    )
    assert figures.fills > 1_000


@pytest.mark.once
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "0 bytes, expected records of 16 bytes"),
        (bytes(17), "17 bytes, expected records of 16 bytes"),
        (b"\xfd7zXZ\x00broken", "can't be read:"),
        (bytes([7]) + bytes(15), "record 1: op 7, side 0, quantity 0"),
    ],
)
def test_a_file_that_is_no_stream_is_refused_in_one_sentence(
    fresh_python: RunPython, tmp_path: Path, content: bytes, sentence: str
) -> None:
    path = tmp_path / "stream.bin"
    path.write_bytes(content)
    result = fresh_python(arguments=["-m", "bench.matching", "--stream", str(path)])
    assert result.returncode == 2
    assert sentence in result.stderr and result.stderr.count("\n") == 1
