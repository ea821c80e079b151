"""The golden journals: their commands, the events they must give, and the digests.

This file may read the golden files, run the engine over the commands, and (with --write)
make the files anew. A change of the rules changes the events: look at the difference, then
write. A change of the record format keeps a journal readable and adds another one.

    python -m tests.determinism.golden                    digests of this process, as JSON
    python -m tests.determinism.golden --write            new events and digests
    python -m tests.determinism.golden --write --day NAME --new-day [SEED] [--commands N]
                                                          new commands first, of a random day

There are two days: `day_1` on the quoted venue, with hooks, and `book_1` on the book venue. A
new day of the latter is the first one from SEED on in which everything wanted happens
(coverage.py), so `--write --day book_1 --new-day` is all that a change of the rules asks for.
"""

import argparse
import hashlib
import json
import lzma
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from engine import Engine, Hooks, _build
from engine import records as r
from tests.determinism.hooks import golden_hooks

FOLDER = Path(__file__).resolve().parent
CHECKPOINT = 500
"""Commands from one state hash to the next."""
MOST_TRIED = 60
"""Random days that are tried for a golden one."""


class Day(NamedTuple):
    """One golden journal."""

    name: str
    digests: Path
    hooks: Callable[[], Hooks]
    length: int
    """Commands of a new day, unless another number is asked for."""

    @property
    def commands(self) -> Path:
        return FOLDER / f"{self.name}.commands.xz"

    @property
    def events(self) -> Path:
        return FOLDER / f"{self.name}.events.xz"


QUOTED = Day("day_1", FOLDER / "golden.json", golden_hooks, 4_500)
BOOK = Day("book_1", FOLDER / "book_1.json", Hooks, 5_000)
DAYS = {day.name: day for day in (QUOTED, BOOK)}


def commands(day: Day = QUOTED) -> bytes:
    """A golden day as one block of stamped commands."""
    return lzma.decompress(day.commands.read_bytes())


def expected_events(day: Day = QUOTED) -> bytes:
    return lzma.decompress(day.events.read_bytes())


def expected(day: Day = QUOTED) -> dict[str, Any]:
    """Digests and checkpoints of a golden day."""
    found: dict[str, Any] = json.loads(day.digests.read_text(encoding="utf-8"))
    return found


def split(block: bytes) -> list[bytes]:
    """The records of a block, one by one."""
    records, offset = [], 0
    while offset < len(block):
        _, end = r.decode(block, offset)
        records.append(block[offset:end])
        offset = end
    return records


def blocks(records: list[bytes], size: int) -> list[bytes]:
    """The same records in blocks of `size`."""
    return [b"".join(records[at : at + size]) for at in range(0, len(records), size)]


def digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=32).hexdigest()


def replay(block: bytes, day: Day = QUOTED) -> tuple[Engine, bytes, dict[str, str]]:
    """The engine at the end, all events, and the state hash at every checkpoint."""
    engine = Engine(day.hooks())
    events, hashes = [], {}
    for part in blocks(split(block), CHECKPOINT):
        engine.apply(part)
        events.append(engine.take_events())
        hashes[str(engine.sequence)] = engine.state_hash()
    return engine, b"".join(events), hashes


def digests(block: bytes, day: Day = QUOTED) -> dict[str, Any]:
    """What two runs must agree on."""
    engine, events, hashes = replay(block, day)
    return {
        "commands": len(split(block)),
        "events": len(split(events)),
        "command_bytes": digest(block),
        "event_bytes": digest(events),
        "state_hash": engine.state_hash(),
        "state_hash_at": hashes,
    }


def new_day(seed: int, count: int) -> bytes:
    """Commands of a random day, made with the naive engine beside it."""
    from tests.naive import NaiveEngine
    from tests.random_days.day import Day, kind_at_random

    day, naive = Day(seed), NaiveEngine(golden_hooks())
    made = day.opening()
    for command in made:
        naive.apply(command)
    random = Random(f"golden {seed}")
    while len(made) < count:
        made.append(day.command(kind_at_random(random), random, naive.world))
        naive.apply(made[-1])
    return b"".join(map(r.encode, made))


def new_book_day(seed: int, count: int) -> bytes:
    """The first random day on the book venue, from this one on, that lacks nothing."""
    from tests.determinism.coverage import missing

    for tried in range(seed, seed + MOST_TRIED):
        block = one_book_day(tried, count)
        lacks = missing(replay(block, BOOK)[1])
        print(f"book day {tried}: {'; '.join(lacks) or 'nothing'} missing", file=sys.stderr)
        if not lacks:
            return block
    raise SystemExit(f"no day of {count} commands from {seed} on has everything")


def one_book_day(seed: int, count: int) -> bytes:
    """Commands of a random day on the book venue that leaves no kind of them out."""
    from tests.naive import NaiveEngine
    from tests.naive.book_day import FEATURES, BookDay, kind_at_random

    naive = NaiveEngine()
    day = BookDay(seed, naive.world)
    day.features = list(FEATURES)
    made = day.opening()
    for command in made:
        naive.apply(command)
    random = Random(f"golden {seed}")
    while len(made) < count:
        made.append(day.command(kind_at_random(random), random))
        naive.apply(made[-1])
    return b"".join(map(r.encode, made))


def write(block: bytes, day: Day = QUOTED) -> None:
    """The golden files, from these commands and the engine as it is."""
    found = digests(block, day)
    _, events, _ = replay(block, day)
    for path, data in ((day.commands, block), (day.events, events)):
        path.write_bytes(lzma.compress(data, preset=9 | lzma.PRESET_EXTREME))
    day.digests.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.determinism.golden")
    parser.add_argument("--write", action="store_true", help="make the golden files anew")
    parser.add_argument("--day", choices=DAYS, help="of this day only")
    parser.add_argument(
        "--new-day", type=int, nargs="?", const=1, metavar="SEED", help="with other commands"
    )
    parser.add_argument("--commands", type=int, default=0, help="of the new day")
    arguments = parser.parse_args()
    chosen = list(DAYS.values()) if arguments.day is None else [DAYS[arguments.day]]
    if arguments.new_day is not None and (arguments.day is None or not arguments.write):
        parser.error("--new-day needs --write and --day")
    if arguments.new_day is not None:
        make = new_day if chosen[0] is QUOTED else new_book_day
        write(make(arguments.new_day, arguments.commands or chosen[0].length), chosen[0])
    elif arguments.write:
        for day in chosen:
            write(commands(day), day)
    found = {day.name: digests(commands(day), day) for day in chosen}
    print(json.dumps({"compiled": _build.compiled(), **found}, indent=2))


if __name__ == "__main__":
    main()
