"""The disk under the node, on which the Nth operation goes wrong.

This file may decide about operations. Where the next fault strikes is counted in operations, so
that it meets a commit, a snapshot, a recovery or the creation of the journal at any point of it;
what it is, is drawn among the kinds that the seed knows, and waits for an operation it fits.
"""

import errno
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

from tests.faults import shim
from tests.faults.disk import PASS, POWER_OFF, Disk, Operation
from tests.faults.platter import Image
from tests.simulate.swarm import (
    ALLOCATION_ERROR,
    KILL,
    POWER,
    SHORT_WRITE,
    SYNC_ERROR,
    WRITE_ERROR,
    Swarm,
)

_KIND_OF_OPERATION = {
    WRITE_ERROR: shim.WRITE,
    SHORT_WRITE: shim.WRITE,
    SYNC_ERROR: shim.SYNC,
    ALLOCATION_ERROR: shim.ALLOCATE,
}
_MOST_LASTING = 30
"""A fault that lasts meets so many operations at most."""
_EARLY = 30
_SOON = 14
_ALONE = 8


class FaultyDisk(Disk):
    """A disk that fails as a seed says, and ends the process in the middle of an operation."""

    def __init__(
        self,
        folder: Path,
        swarm: Swarm,
        random: Random,
        notes: Counter[str],
        tell: Callable[[str], None],
    ) -> None:
        super().__init__(folder, random)
        self.killed = False
        """The process was ended in an operation; what the next one finds is copied already."""
        self.power_failed = False
        """The power went in an operation."""
        self._lives = 1
        self._struck = 0
        self._kinds = swarm.disk_faults
        self._between = swarm.operations_between_faults
        self._notes = notes
        self._tell = tell
        self._seen = 0
        self._next = 0
        """At which operation the next fault is due; 0: never."""
        self._kind = ""
        self._lasting = 0
        """So many operations of the kind fail, too."""
        self.on_operation = self._meet
        if self._kinds:
            self._plan(random.randrange(1, _EARLY) if swarm.early_fault else self._gap())

    def fail_soon(self) -> None:
        """One of the next operations meets a fault."""
        if self._kinds:
            self._plan(self.random.randrange(1, _SOON))

    def behave(self) -> None:
        """No faults any more."""
        self.on_operation = None
        self.capacity_bytes = None

    @property
    def troubles(self) -> int:
        """How many operations were refused or cut short."""
        return self.counters.refused + self._struck

    @property
    def next_folder(self) -> Path:
        """Where the files are after the next crash."""
        return self.folder.parent / f"life-{self._lives + 1}"

    def go_on(self, image: Image | None = None) -> None:
        """Goes on in the next folder."""
        self.move_to(self.next_folder, image)
        self._lives += 1
        self.killed = self.power_failed = False

    def go_on_after_power_cut(self, random: Random) -> str:
        """Goes on with what the power left; says what that is."""
        image = self.power_cut(random, self.next_folder)
        self.go_on(image)
        return image.told

    def _gap(self) -> int:
        return 1 + int(self.random.expovariate(1) * self._between)

    def _plan(self, in_operations: int) -> None:
        self._next = self._seen + in_operations
        self._kind = self.random.choice(self._kinds)
        lasting = self.random.choice((0, 0, 0, self.random.randrange(_MOST_LASTING)))
        self._lasting = lasting if self._kind != SHORT_WRITE else 0

    def _act(self, operation: Operation) -> int:
        """Before anything else: is this where the process ends?"""
        due = self._next and self._seen + 1 >= self._next
        if due and self._kind == KILL and self.on_operation is not None and not self.off:
            self._seen += 1
            self._strike(operation)
            self.process_crash(self.next_folder)
            self.killed = self.off = True
        return super()._act(operation)

    def _meet(self, operation: Operation) -> int:
        """The decision about an operation."""
        self._seen += 1
        if not self._next or self._seen < self._next:
            return PASS
        if self._kind == POWER:
            self.power_failed = True
            self._strike(operation)
            return POWER_OFF
        if operation.kind != _KIND_OF_OPERATION[self._kind]:
            return PASS
        return self._refuse(operation, self._kind)

    def _refuse(self, operation: Operation, kind: str) -> int:
        """What a failing call says."""
        if self._lasting:
            self._lasting -= 1
            self._note(operation)
        else:
            self._strike(operation)
        if kind == SHORT_WRITE and operation.length > 1:
            return self.random.randrange(1, operation.length)
        if kind == ALLOCATION_ERROR:
            return -self.random.choice((errno.EIO, errno.ENOSPC, errno.EOPNOTSUPP))
        if kind == SYNC_ERROR:
            return -errno.EIO
        return -self.random.choice((errno.EIO, errno.ENOSPC))

    def _strike(self, operation: Operation) -> None:
        """The fault is over. After a failed write the next one is some operations away.

        What LMDB leaves of a meta page is put back then. Where that fails, too, the page may be
        refused at the next opening: no data are lost, but nothing goes on.
        """
        self._note(operation)
        alone = _ALONE if self._kind in (WRITE_ERROR, SHORT_WRITE) else 0
        self._plan(alone + self._gap())

    def _note(self, operation: Operation) -> None:
        self._struck += 1
        self._notes[f"faults: {self._kind}"] += 1
        self._tell(f"{self._kind}: {operation}")
