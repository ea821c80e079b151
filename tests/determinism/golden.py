"""The golden journal: its commands, the events they must give, and the digests.

This file may read the golden files, run the engine over the commands, and (with --write)
make the files anew. A change of the rules changes the events: look at the difference, then
write. A change of the record format keeps this journal readable and adds another one.

    python -m tests.determinism.golden                    digests of this process, as JSON
    python -m tests.determinism.golden --write            new events and digests
    python -m tests.determinism.golden --write --new-day SEED [--commands N]
                                                          new commands first, of a random day
"""

import argparse
import hashlib
import json
import lzma
from pathlib import Path
from random import Random
from typing import Any

from engine import Engine, _build
from engine import records as r
from tests.determinism.hooks import golden_hooks

FOLDER = Path(__file__).resolve().parent
COMMANDS = FOLDER / "day_1.commands.xz"
EVENTS = FOLDER / "day_1.events.xz"
DIGESTS = FOLDER / "golden.json"
CHECKPOINT = 500
"""Commands from one state hash to the next."""


def commands() -> bytes:
    """The golden day as one block of stamped commands."""
    return lzma.decompress(COMMANDS.read_bytes())


def expected_events() -> bytes:
    return lzma.decompress(EVENTS.read_bytes())


def expected() -> dict[str, Any]:
    """Digests and checkpoints of the golden day."""
    found: dict[str, Any] = json.loads(DIGESTS.read_text(encoding="utf-8"))
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


def replay(block: bytes) -> tuple[Engine, bytes, dict[str, str]]:
    """The engine at the end, all events, and the state hash at every checkpoint."""
    engine = Engine(golden_hooks())
    events, hashes = [], {}
    for part in blocks(split(block), CHECKPOINT):
        engine.apply(part)
        events.append(engine.take_events())
        hashes[str(engine.sequence)] = engine.state_hash()
    return engine, b"".join(events), hashes


def digests(block: bytes) -> dict[str, Any]:
    """What two runs must agree on."""
    engine, events, hashes = replay(block)
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


def write(block: bytes) -> None:
    """The golden files, from these commands and the engine as it is."""
    found = digests(block)
    _, events, _ = replay(block)
    for path, data in ((COMMANDS, block), (EVENTS, events)):
        path.write_bytes(lzma.compress(data, preset=9 | lzma.PRESET_EXTREME))
    DIGESTS.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.determinism.golden")
    parser.add_argument("--write", action="store_true", help="make the golden files anew")
    parser.add_argument("--new-day", type=int, metavar="SEED", help="with other commands")
    parser.add_argument("--commands", type=int, default=4_500, help="of the new day")
    arguments = parser.parse_args()
    if arguments.write:
        seed = arguments.new_day
        write(commands() if seed is None else new_day(seed, arguments.commands))
    found = {"compiled": _build.compiled(), **digests(commands())}
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
