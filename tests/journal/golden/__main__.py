"""`python -m tests.journal.golden [--write]`: the golden journal of the newest format.

This file may drive a node over the commands of the golden day and pack what it leaves. Most
commands get a client key; blocks are of 1 to 40 commands, and one of 600 (`submit_block`);
snapshots lie at a third and at two thirds. Without `--write` it says what it would write.
"""

import argparse
import hashlib
import io
import json
import lzma
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lmdb

from adapters.node import Node
from engine import records as r
from engine import vocabulary as v
from journal.block import FORMAT_VERSION
from tests.determinism import golden as day
from tests.journal.golden import archive, description, hooks

COMMANDS = 1_500
"""Commands of the golden day that are taken, before those are left out that no node takes."""
BULK = (500, 1_100)
"""Of these, the ones that are submitted as one block."""
SNAPSHOTS = (450, 1_250)
SIZES = (1, 1, 2, 3, 7, 40, 25)
"""Commands in each block, again and again."""
PAGE = 4096


def commands() -> list[r.Command]:
    """The golden day as far as it is taken, with client keys; two of three of those that may."""
    made: list[r.Command] = []
    for number, command in enumerate(r.decode_all(day.commands())):
        if number == COMMANDS:
            break
        assert isinstance(command, r.Command)
        if isinstance(command, r.Configure) and command.kind == r.HookSet.KIND:
            continue
        if "key_low" in command.__struct_fields__:
            keys = (0, 0) if number % 3 == 0 else ((-1) ** number * number // 9, number)
            command = type(command)(**_fields(command) | dict(zip(_KEY, keys, strict=True)))
        made.append(command)
    return made


_KEY = ("key_high", "key_low")


def _fields(command: r.Command) -> dict[str, Any]:
    return {name: getattr(command, name) for name in command.__struct_fields__}


def make(directory: Path) -> list[dict[str, Any]]:
    """The journal and its snapshots in a directory; what the snapshots are."""
    given = commands()
    node = Node.open(directory, create=True, hooks=hooks())
    snapshots = []
    sizes = _sizes()
    left, number = next(sizes), 0
    while number < len(given):
        if number == BULK[0]:
            node.commit()
            bulk = given[BULK[0] : BULK[1]]
            first = node.sequence + 1
            encoded = [r.encode(c, first + i, c.time_ns) for i, c in enumerate(bulk)]
            node.submit_block(b"".join(encoded))
            node.commit()
            number = BULK[1]
            continue
        if number in SNAPSHOTS:
            info = node.snapshot()
            snapshots.append({"sequence": info.sequence, "state_hash": info.state_hash})
        node.submit(given[number], given[number].time_ns)
        number, left = number + 1, left - 1
        if not left:
            node.commit()
            left = next(sizes)
    node.close()
    return snapshots


def _sizes() -> Iterator[int]:
    while True:
        yield from SIZES


RECORDED = tuple(c for c in r.COMMAND_CLASSES if c.TYPE < v.PLACE_BOOK_ORDER)
"""The commands of the recorded day: all that there were when the formats were new."""


def describe(directory: Path, snapshots: list[dict[str, Any]]) -> dict[str, Any]:
    """What a later program must find again."""
    with Node.open(directory, hooks=hooks(), use_snapshot=False) as node:
        report = node.journal.verify()
        assert not report.findings, report.findings
        blocks = list(node.journal.blocks())
        tail = node.journal.tail()
        all_commands = b"".join(b.commands for b in blocks)
        events = b"".join(b.events for b in blocks)
        kinds = Counter(type(c).__name__ for c in r.decode_all(all_commands))
        assert set(kinds) == {c.__name__ for c in RECORDED}, kinds
        return {
            "format": FORMAT_VERSION,
            "blocks": report.blocks,
            "commands": report.commands,
            "events": report.events,
            "keys": report.keys,
            "time_ns": tail.last_time_ns,
            "command_bytes": _digest(all_commands),
            "event_bytes": _digest(events),
            "state_hash": node.engine.state_hash(),
            "block_hash": tail.block_hash.hex(),
            "hook_identity": tail.hook_identity.hex(),
            "snapshots": snapshots,
        }


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=32).hexdigest()


def pack(directory: Path) -> bytes:
    """The two data files, without the zeros at their ends, as an archive that never varies."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name in ("journal/data.mdb", "snapshots/data.mdb"):
            path = directory / name
            environment = lmdb.open(str(path.parent), readonly=True, lock=False)
            size = (environment.info()["last_pgno"] + 1) * PAGE
            environment.close()
            entry = tarfile.TarInfo(name)
            entry.size = size
            tar.addfile(entry, io.BytesIO(path.read_bytes()[:size].ljust(size, b"\0")))
    return lzma.compress(packed.getvalue(), preset=9 | lzma.PRESET_EXTREME)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.journal.golden")
    parser.add_argument("--write", action="store_true", help="write the files")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        text = json.dumps(describe(directory, make(directory)), indent=2)
        packed = pack(directory)
    print(text)
    print(f"{len(packed)} bytes", file=sys.stderr)
    if arguments.write:
        archive(FORMAT_VERSION).write_bytes(packed)
        description(FORMAT_VERSION).write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
