"""What LMDB raises, as exceptions of ours.

This file may turn one exception into another only.
"""

from typing import Final

import lmdb

from journal.errors import CorruptJournal, JournalError

_DAMAGE: Final = (
    lmdb.CorruptedError,
    lmdb.InvalidError,
    lmdb.PageNotFoundError,
    lmdb.VersionMismatchError,
    lmdb.PanicError,
    lmdb.ProblemError,
    lmdb.IncompatibleError,
    lmdb.BadValsizeError,
)


def explained(file: str, error: lmdb.Error) -> JournalError:
    """Damage to a data file, or another trouble with it."""
    if isinstance(error, _DAMAGE):
        return CorruptJournal(file, 0, 0, f"LMDB finds the file damaged: {error}")
    return JournalError(f"{file}: LMDB: {error}")


def not_opened(file: str, lock_file: str, error: lmdb.Error) -> JournalError:
    """Why an environment can't be opened whose meta pages are right."""
    if isinstance(error, lmdb.InvalidError | lmdb.VersionMismatchError):
        return JournalError(
            f"{lock_file}: damaged, and in use by another process; once no process has the store"
            " open, it is made anew"
        )
    return explained(file, error)
