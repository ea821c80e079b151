"""A settlement on disk: a folder that is there whole or not at all, and never changes.

This file may make, compare and rename folders within the one of all settlements, and remove what
it made itself. The files are written into a folder without a name of a day, synced, and then
the folder gets its name. A folder that has its name is held against what is computed now: equal
to the byte, or the first difference is named and the folder stays as it is. Only a provisional
settlement is replaced.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

import blake3
import msgspec

from adapters.settlement.statement import READ
from adapters.units import BadInput, cut
from journal.environment import sync_directory

MANIFEST: Final = "manifest.json"
UNFINISHED: Final = ".settling-"
_CHUNK: Final = 1 << 20


class Written(NamedTuple):
    """A finished file."""

    bytes: int
    blake3: str


class NewFile:
    """A file that is being written; `done` makes it last."""

    def __init__(self, path: Path) -> None:
        self._file: IO[bytes] = path.open("xb")
        self._digest = blake3.blake3()
        self._bytes = 0

    def write(self, data: bytes) -> None:
        self._file.write(data)
        self._digest.update(data)
        self._bytes += len(data)

    def line(self, text: str) -> None:
        self.write(text.encode() + b"\n")

    def done(self) -> Written:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return Written(self._bytes, self._digest.hexdigest())

    def close(self) -> None:
        self._file.close()


class Folders:
    """The folder of all settlements, used by one process at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def final(self, day: str) -> Path:
        return self.path / day

    def provisional(self, day: str) -> Path:
        return self.path / f"{day}.provisional"

    @contextlib.contextmanager
    def unfinished(self) -> Iterator[Path]:
        """A new folder to write into; what is left in it at the end is removed."""
        made = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=self.path))
        try:
            made.chmod(0o755)
            yield made
        finally:
            shutil.rmtree(made, ignore_errors=True)

    def keep(self, made: Path, name: Path) -> None:
        """Gives a finished folder its name; a provisional one there goes."""
        sync_directory(made)
        if name.exists():
            self._drop(name)
        os.rename(made, name)
        sync_directory(self.path)

    def drop_provisional(self, day: str) -> None:
        """Once a day is settled for good, what was provisional goes."""
        if self.provisional(day).exists():
            self._drop(self.provisional(day))

    def _drop(self, name: Path) -> None:
        """Takes a folder's name first, so that half of it is never seen under it."""
        assert name.name.endswith(".provisional"), "a final settlement is never removed"
        away = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=self.path))
        os.rename(name, away / name.name)
        shutil.rmtree(away)


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Folders]:
    """The folder of all settlements, made if need be, while no other process settles there.

    What a process left unfinished that was killed is removed. Raises `BadInput`.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise BadInput(f"{path}: can't be used: {error.strerror}") from None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BadInput(f"{path}: another process settles there; wait for its end") from None
        for left in path.glob(f"{UNFINISHED}*"):
            shutil.rmtree(left, ignore_errors=True)
        yield Folders(path)
    except OSError as error:
        raise BadInput(f"{path}: can't be written: {error.strerror}") from error
    finally:
        os.close(lock)


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a settlement; None where there is none that can be read."""
    try:
        found = msgspec.json.decode((folder / MANIFEST).read_bytes())
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def foreign_entry(path: Path, data: str) -> Path | None:
    """The first entry in a folder of settlements that no settlement of such data wrote."""
    for day in sorted(path.iterdir()):
        if day.name.startswith(UNFINISHED):
            continue
        manifest = read_manifest(day) if day.is_dir() else None
        if manifest is None or manifest.get("data") != data:
            return day
        known = {MANIFEST, *manifest.get("files", ())}
        for entry in sorted(day.iterdir()):
            if entry.name not in known or not entry.is_file():
                return entry
    return None


# ---------------------------------------------------------------- holding two against each other


def first_difference(there: Path, computed: Path) -> str | None:
    """The first place where a settlement on disk is not what is computed; None if it is."""
    names = sorted(path.name for path in computed.iterdir())
    names.sort(key=lambda name: name == MANIFEST)  # the last: it only repeats what the others say
    for name in names:
        if not (there / name).is_file():
            return f"{name}: is missing"
        found = _difference_of_files(there / name, computed / name)
        if found is not None:
            return f"{name}{found}"
    foreign = sorted({path.name for path in there.iterdir()} - set(names))
    return f"{foreign[0]}: no settlement wrote this" if foreign else None


def _difference_of_files(there: Path, computed: Path) -> str | None:
    if there.suffix not in (".json", ".jsonl", ".txt"):
        return _difference_of_bytes(there, computed)
    with there.open("rb") as old, computed.open("rb") as new:
        for number, (ours, theirs) in enumerate(zip_longest(old, new), 1):
            if ours != theirs:
                return f", line {number}{_difference_of_lines(ours, theirs)}"
    return None


def _difference_of_bytes(there: Path, computed: Path) -> str | None:
    at = 0
    with there.open("rb") as old, computed.open("rb") as new:
        while True:
            ours, theirs = old.read(_CHUNK), new.read(_CHUNK)
            if ours != theirs:
                pairs = enumerate(zip_longest(ours, theirs))
                at += next(index for index, pair in pairs if pair[0] != pair[1])
                return f", byte {at}: other content than computed now"
            if not ours:
                return None
            at += len(ours)


def _difference_of_lines(ours: bytes | None, theirs: bytes | None) -> str:
    if ours is None or theirs is None:
        return f": the file {'ends' if ours is None else 'goes on'} here, computed it does not"
    try:
        pair = READ.decode(ours), READ.decode(theirs)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pair = ours.decode("utf-8", "replace").strip(), theirs.decode("utf-8", "replace").strip()
    login = pair[1].get("login") if isinstance(pair[1], dict) else None
    who = "" if login is None else f" (account {login})"
    path, old, new = _difference_of_values(*pair)
    where = f", {path}" if path else ""
    return f"{who}{where}: {_short(old)} is there, {_short(new)} is computed now"


def _difference_of_values(old: Any, new: Any, path: str = "") -> tuple[str, Any, Any]:
    """Path and values of the first field that differs."""
    if isinstance(old, dict) and isinstance(new, dict) and list(old) == list(new):
        for key in old:
            if old[key] != new[key]:
                return _difference_of_values(old[key], new[key], f"{path}.{key}".lstrip("."))
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, pair in enumerate(zip(old, new, strict=True)):
            if pair[0] != pair[1]:
                return _difference_of_values(*pair, f"{path}[{index}]")
    return path, old, new


def _short(value: Any) -> str:
    return cut(repr(value) if isinstance(value, str) else str(value), 60)
