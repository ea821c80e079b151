"""Where the data of a directory came from: generated or real, and out of what.

This file may read and write `origin.json` only. It lies beside the journal and says to
every later look what the data is, so that generated data is labelled as such wherever it
shows. The journal does not need it.
"""

from pathlib import Path

import msgspec

from adapters.units import BadInput

NAME = "origin.json"
GENERATED = "generated data"
REAL = "quotes from files"
REAL_WITH_CLIENTS = "quotes from files, generated clients"


class Origin(msgspec.Struct, frozen=True, omit_defaults=True):
    """What made the journal beside it."""

    data: str
    """One of `GENERATED`, `REAL`, `REAL_WITH_CLIENTS`."""
    command: str
    """`demo` or `run`."""
    seed: int = 0
    clients: int = 0
    ticks: int = 0
    files: list[str] = []


def write(directory: Path, origin: Origin) -> None:
    """Puts the label into a directory. Raises `BadInput`."""
    data = msgspec.json.format(msgspec.json.encode(origin), indent=2)
    try:
        (directory / NAME).write_bytes(data + b"\n")
    except OSError as error:
        raise BadInput(f"{directory / NAME}: can't be written: {error.strerror}") from None


def read(directory: Path) -> Origin | None:
    """The label of a directory; None if there is none that can be read."""
    try:
        return msgspec.json.decode((directory / NAME).read_bytes(), type=Origin)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def label(directory: Path) -> str | None:
    """What to write beside everything that shows data of this directory."""
    origin = read(directory)
    return origin.data if origin is not None and origin.data != REAL else None
