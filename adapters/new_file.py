"""Files that are written once: all of it or none, made to last, never over another.

This file may create files only.
"""

import os
import tempfile
from pathlib import Path

from adapters.units import BadInput
from journal.environment import sync_directory


def write_new(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Makes a file with some content. Raises `BadInput`, also where there is one; none is left."""
    if os.path.lexists(path):
        raise BadInput(f"{path}: exists already and is not overwritten; name another file")
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with open(descriptor, "wb") as file:
                os.fchmod(descriptor, mode)
                file.write(data)
                file.flush()
                os.fsync(descriptor)
            os.rename(name, path)
        except BaseException:
            os.unlink(name)
            raise
        sync_directory(path.parent)
    except OSError as error:
        raise BadInput(f"{path}: can't be written: {error.strerror}") from None
