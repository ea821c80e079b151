"""The meta pages as they were before a transaction, in case it fails as it writes one.

This file may read and write the meta pages of a file whose writer this process is, and does so only
after a failure.

A commit of LMDB ends with the write of a meta page. Where that fails, LMDB writes back the number
and the last page that stood there, but not the roots. Such a page can't be told from one that was
committed and acknowledged and then lost a bit of its number, so it would have to be refused at
the next opening. Here the whole page is put back. That is no retry: what failed has failed, and
the process ends. If putting back fails, too, the page may be refused; no data are lost by it.
"""

import contextlib
import os

from journal.errors import JournalFailed
from journal.pages import META_BYTES, NUMBER_BYTES, PAGE


class MetaPages:
    """What both meta pages held before the transaction at work."""

    def __init__(self) -> None:
        self._before = b""

    def note(self, descriptor: int) -> None:
        """Before a transaction. Raises `JournalFailed`."""
        try:
            self._before = os.pread(descriptor, 2 * PAGE, 0)
        except OSError as error:
            raise JournalFailed(f"the meta pages can't be read: {error.strerror}") from error

    def put_back(self, descriptor: int) -> None:
        """After a transaction: where the number is as before, all is to be as before."""
        for start in range(0, len(self._before), PAGE):
            page = self._before[start : start + META_BYTES]
            with contextlib.suppress(OSError):
                now = os.pread(descriptor, META_BYTES, start)
                if now != page and now[-NUMBER_BYTES:] == page[-NUMBER_BYTES:]:
                    os.pwrite(descriptor, page, start)
                    os.fsync(descriptor)
        self._before = b""
