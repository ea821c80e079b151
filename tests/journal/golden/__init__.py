"""A journal as each format version wrote it, kept for ever: what a later program must read.

    format_N.tar.xz   journal and snapshots as a node of format N left them
    format_N.json     what they hold: counts, digests, the state at the end, the snapshots
    plugin.py         the hooks that decided

`python -m tests.journal.golden --write` makes the files of the newest version. Those of
older versions are never written again: no program that could is left.
"""

import json
import tarfile
from pathlib import Path
from typing import Any

from adapters.hook_plugin import load_hooks
from engine import Hooks

FOLDER = Path(__file__).resolve().parent
VERSIONS = sorted(int(p.stem.removeprefix("format_")) for p in FOLDER.glob("format_*.json"))
"""The format versions of which a golden journal is kept."""


def archive(version: int) -> Path:
    """The file with the journal and its snapshots."""
    return FOLDER / f"format_{version}.tar.xz"


def description(version: int) -> Path:
    """The file that says what they hold."""
    return FOLDER / f"format_{version}.json"


def expected(version: int) -> dict[str, Any]:
    """What the golden journal of a version holds."""
    found: dict[str, Any] = json.loads(description(version).read_text(encoding="utf-8"))
    return found


def unpack(version: int, directory: Path) -> Path:
    """Puts the journal and the snapshots of a version into a directory, and returns it."""
    with tarfile.open(archive(version)) as packed:
        packed.extractall(directory, filter="data")
    return directory


def hooks() -> Hooks:
    """The hooks that decided in the golden journals."""
    return load_hooks("tests.journal.golden.plugin")
