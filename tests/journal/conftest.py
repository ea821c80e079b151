"""Journals of a few blocks, made of encoded records."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine import records
from journal import NO_HOOKS, BlockDraft, LmdbJournal, framing

TIME_NS = 1_400_000_000_000_000_000


def tick(sequence: int, time_ns: int = 0) -> bytes:
    """A quote under a sequence; by default one nanosecond later each."""
    record = records.Tick(instrument=1, feed=1, bid_points=100 + sequence, ask_points=200)
    return records.encode(record, sequence, time_ns or TIME_NS + sequence)


def order(sequence: int, key: tuple[int, int] = (0, 0)) -> bytes:
    """A market order under a sequence, with a client key."""
    record = records.PlaceOrder(
        login=7,
        instrument=1,
        order_type=0,
        side=0,
        volume_units=10,
        key_high=key[0],
        key_low=key[1],
    )
    return records.encode(record, sequence, TIME_NS + sequence)


def rejected(sequence: int) -> bytes:
    """The event of a refused order."""
    event = records.Rejected(login=7, command_type=6, code=206, ticket=0, instrument=1, detail=0)
    return records.encode(event, sequence, TIME_NS + sequence)


def append_block(journal: LmdbJournal, n_ticks: int, key: tuple[int, int] = (0, 0)) -> None:
    """A block of some ticks and one order that is refused."""
    draft = BlockDraft(64)
    sequence = journal.tail().last_sequence
    for _ in range(n_ticks):
        sequence += 1
        draft.add(tick(sequence), sequence, sequence, TIME_NS + sequence)
    sequence += 1
    draft.add(order(sequence, key), sequence, sequence, TIME_NS + sequence)
    if key != (0, 0):
        draft.keys.append((framing.key_bytes(*key), sequence))
    journal.append(draft, rejected(sequence), TIME_NS + sequence, NO_HOOKS)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[LmdbJournal]:
    """A writable journal of three blocks: sequences 1-2, 3-5 and 6-9, a key on each order."""
    opened = LmdbJournal.open(tmp_path / "journal", writable=True, create=True)
    for number in (1, 2, 3):
        append_block(opened, number, key=(number, -number))
    yield opened
    opened.close()


@pytest.fixture
def stored(journal: LmdbJournal, tmp_path: Path) -> Path:
    """The directory of the same journal, closed."""
    journal.close()
    return tmp_path / "journal"


@pytest.fixture
def copy_of(stored: Path, tmp_path: Path) -> Callable[[Callable[[bytearray], None]], Path]:
    """Copies the stored journal with its data file changed by a function."""
    numbers = iter(range(1_000_000))

    def copy(change: Callable[[bytearray], None]) -> Path:
        target = tmp_path / f"copy-{next(numbers)}"
        target.mkdir()
        data = bytearray((stored / "data.mdb").read_bytes().rstrip(b"\0"))
        data.extend(bytes(-len(data) % 4096))
        change(data)
        (target / "data.mdb").write_bytes(data)
        return target

    yield copy  # type: ignore[misc]
    for folder in tmp_path.glob("copy-*"):
        shutil.rmtree(folder)
