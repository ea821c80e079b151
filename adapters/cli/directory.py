"""The directory of a run: made new, found, or made free for another demo.

This file may create directories and remove what a demo wrote, and nothing else: not one
file that it does not know.
"""

import shutil
from pathlib import Path

from adapters.cli import origin
from adapters.replay import JOURNAL_FOLDER, SNAPSHOT_FOLDER
from adapters.settlement import folder
from adapters.settlement.settle import OUTPUT_FOLDER
from adapters.units import BadInput
from journal import JournalError, JournalInUse, LmdbJournal

_OWN = (JOURNAL_FOLDER, SNAPSHOT_FOLDER, OUTPUT_FOLDER, origin.NAME)


def check_reachable(directory: Path) -> None:
    """Raises `BadInput` for a directory that the system, or LMDB, can't look into."""
    try:
        str(directory).encode("utf-8")
        (directory / JOURNAL_FOLDER / "data.mdb").exists()
    except UnicodeEncodeError:
        raise BadInput(f"{directory}: can't be used: its name is not UTF-8 text") from None
    except OSError as error:
        raise BadInput(f"{directory}: can't be used: {error.strerror}") from None


def check_new(directory: Path) -> None:
    """Raises `BadInput` unless the directory is empty or does not exist yet."""
    check_reachable(directory)
    if directory.exists() and not directory.is_dir():
        raise BadInput(f"{directory}: is not a directory")
    try:
        is_empty = not directory.exists() or not any(directory.iterdir())
    except OSError as error:
        raise BadInput(f"{directory}: can't be used: {error.strerror}") from None
    if not is_empty:
        holds = "a journal" if (directory / JOURNAL_FOLDER).exists() else "files"
        raise BadInput(f"{directory}: already holds {holds}; name a new or an empty directory")


def check_demo(directory: Path) -> bool:
    """Whether an earlier demo is in the directory; `BadInput` if anything else is."""
    found = origin.read(directory)
    if found is None or found.command != "demo":
        check_new(directory)
        return False
    foreign = sorted(entry for entry in directory.iterdir() if entry.name not in _OWN)
    settled = directory / OUTPUT_FOLDER
    if not foreign and settled.is_dir():
        strange = folder.foreign_entry(settled, origin.GENERATED)
        foreign = [] if strange is None else [strange]
    if foreign:
        raise BadInput(
            f"{directory}: holds an earlier demo and {foreign[0].relative_to(directory)}, which no"
            " demo wrote; name another directory"
        )
    return True


def clear_demo(directory: Path) -> None:
    """Removes an earlier demo with its settlements; its label goes last.

    Raises `JournalInUse` if one still runs, `BadInput` if one is being settled.
    """
    try:
        LmdbJournal.open(directory / JOURNAL_FOLDER, writable=True).close()
    except JournalInUse:
        raise
    except JournalError:
        pass  # damaged or half made: it goes anyway
    settled = directory / OUTPUT_FOLDER
    if settled.is_dir():
        with folder.opened(settled):
            shutil.rmtree(settled)
    for name in (JOURNAL_FOLDER, SNAPSHOT_FOLDER):
        if (directory / name).is_dir():
            shutil.rmtree(directory / name)
    (directory / origin.NAME).unlink(missing_ok=True)


def make(directory: Path) -> None:
    """Makes the directory. Raises `BadInput`."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"{directory}: can't be made: {error.strerror}") from None
