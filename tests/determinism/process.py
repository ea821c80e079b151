"""What one process makes of a golden day, through a real journal: `python -m` this file [DAY].

This file may run the engine over the golden commands, keep them in a journal and reopen it as
a node does; it prints JSON and compares nothing. Three runs, which must all agree:

- *live*: block after block is executed and committed, with a snapshot in the middle;
- *from the snapshot*: the node is opened again, from the snapshot and the tail;
- *from the start*: it is opened again without any snapshot.

A golden day holds some commands that a node answers by itself (a client key that comes
twice) or refuses (a `HookSet`); so the blocks are appended to the journal as the node does it,
and all else is the node: snapshot, recovery, comparison of every event.
"""

import json
import locale
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from adapters.hook_plugin import guarded, identity_digest, identity_of
from adapters.node import Node
from adapters.replay import JOURNAL_FOLDER
from engine import Engine, _build
from journal import BlockDraft, LmdbJournal, framing
from tests.determinism import golden

BLOCK = 100
"""Commands in a block."""
SNAPSHOT_AT = 2_300
"""Where the snapshot is taken: at a commit, at no checkpoint."""


def live(directory: Path, day: golden.Day) -> tuple[dict[str, str], str]:
    """Executes and commits the day; the state hash at every checkpoint and at the end."""
    hooks = guarded(day.hooks())
    digest = identity_digest(identity_of(hooks))
    journal = LmdbJournal.open(directory / JOURNAL_FOLDER, writable=True, create=True)
    node = Node(directory, journal, Engine(hooks), hooks)
    engine, draft = node.engine, BlockDraft()
    known: set[bytes] = set()
    hashes = {}
    for commands in golden.blocks(golden.split(golden.commands(day)), BLOCK):
        first = engine.sequence + 1
        engine.apply(commands)
        draft.add(commands, first, engine.sequence, int.from_bytes(commands[16:24], "little"))
        for key, sequence in framing.keys_of(commands):
            if key not in known:
                known.add(key)
                draft.keys.append((key, sequence))
        journal.append(draft, engine.events_view(), engine.time_ns, digest)
        draft.clear()
        engine.take_events()
        if engine.sequence % golden.CHECKPOINT == 0:
            hashes[str(engine.sequence)] = engine.state_hash()
        if engine.sequence == SNAPSHOT_AT:
            node.snapshot()
    node.close()
    return hashes, engine.state_hash()


def reopened(directory: Path, day: golden.Day, use_snapshot: bool) -> dict[str, Any]:
    """The node recovered; recovery has compared every event that it executed again."""
    with Node.open(directory, hooks=day.hooks(), use_snapshot=use_snapshot) as node:
        blocks = list(node.journal.blocks())
        return {
            "command_bytes": golden.digest(b"".join(b.commands for b in blocks)),
            "event_bytes": golden.digest(b"".join(b.events for b in blocks)),
            "state_hash": node.engine.state_hash(),
            "executed": node.recovered_commands,
            "reports": node.reports,
        }


def surroundings() -> dict[str, Any]:
    """What is different about this process; the locale is taken from the environment."""
    try:
        locale.setlocale(locale.LC_ALL, "")
        point = locale.localeconv()["decimal_point"]
    except locale.Error:
        point = ""
    return {
        "compiled": _build.compiled(),
        "hash_seed": os.environ.get("PYTHONHASHSEED"),
        "random_hashes": sys.flags.hash_randomization,
        "zone": time.strftime("%Z", time.localtime(1_700_000_000)),
        "decimal_point": point,
    }


def main() -> None:
    day = golden.DAYS[sys.argv[1]] if len(sys.argv) > 1 else golden.QUOTED
    found: dict[str, Any] = {"process": surroundings()}
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        hashes, state_hash = live(directory, day)
        found["live"] = {"state_hash": state_hash, "state_hash_at": hashes}
        found["from the snapshot"] = reopened(directory, day, True)
        found["from the start"] = reopened(directory, day, False)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
