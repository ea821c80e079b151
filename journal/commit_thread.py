"""One commit at a time, made by a thread while its caller goes on.

This file may run a commit and tell how it ended; what is written, the caller says.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

Commit = Callable[[Callable[[], None]], None]
"""Writes and commits. Calls its argument when all is written, just before the commit itself."""


class CommitThread:
    """The thread starts with the first commit, and ends with `close`."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._begun: Future[None] | None = None

    @property
    def is_busy(self) -> bool:
        """A commit was begun, and `finish` has not been called."""
        return self._begun is not None

    def begin(self, commit: Commit) -> None:
        """Returns when everything is written and the commit itself begins, or has failed.

        Until then the thread needs the interpreter, which it would get only when the caller's
        next block is through the core: nothing would happen at the same time.
        """
        assert self._begun is None, "one commit at a time"
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, thread_name_prefix="lockstep-commit")
        written = threading.Event()
        self._begun = self._pool.submit(_run, commit, written)
        written.wait()

    def finish(self) -> None:
        """Waits for the commit that was begun, if there is one. Raises what it raised."""
        begun, self._begun = self._begun, None
        if begun is not None:
            begun.result()

    def close(self) -> None:
        """Ends the thread, after the commit that it makes."""
        if self._pool is not None:
            self._pool.shutdown()


def _run(commit: Commit, written: threading.Event) -> None:
    try:
        commit(written.set)
    finally:
        written.set()
