"""The Nth write, sync, allocation or malloc of a session fails, for every N; and the disk fills up.

This file may make one fault in a session and look at what follows. The node must stop with a
`JournalError` (a snapshot that fails is told, and the node goes on); no other exception may come
out of it, but for a `MemoryError` where memory was refused. Then three ways lead on, and from
each the node must come back with all that was acknowledged: the process starts again on what
the page cache holds; the power goes; or the process starts again, works, and then the power goes.

    python -m tests.faults.nth_fault [SEED] [--count N] [--minutes M] [--json]

Each seed is another session with some hundred faults. One is repeated with `SEED --fault I`.
"""

import errno
import itertools
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

from tests.faults import shim

if __name__ == "__main__":
    shim.run_under_shim()

import lmdb.cpython

from adapters.node import NodeFailed
from journal import JournalError
from tests.faults.disk import PASS, Disk, Operation
from tests.faults.platter import PAGE
from tests.faults.session import Script, Session, make_stores_small, recovered
from tests.soak.campaign import Campaign, arguments_of

N_COMMANDS: Final = 40
N_COMMITS: Final = (5, 3)
"""In each of the lives of the session's journal."""
SNAPSHOT_EVERY: Final = 2
SHORT: Final = 1
"""The write ends early, where a page ends, as on a disk that is full all at once.

One that lies within a page is refused (ENOSPC): the system takes it whole or not at all.
"""
NAMES: Final = {
    shim.WRITE: "write",
    shim.SYNC: "sync",
    shim.ALLOCATE: "allocation",
    shim.TRUNCATE: "allocation",
    shim.MALLOC: "malloc",
}
ERRORS: Final = {
    "write": (-errno.EIO, -errno.ENOSPC, SHORT),
    "sync": (-errno.EIO, -errno.ENOSPC),
    "allocation": (-errno.EIO, -errno.ENOSPC, -errno.EOPNOTSUPP),
    "malloc": (-errno.ENOMEM,),
}
FULL: Final = "full disk"


class Fault(NamedTuple):
    """What goes wrong, and when."""

    name: str
    """Of the kind of operation; or `FULL`."""
    n: int
    """The number of the operation among those of its kind, from 1; of the commit for `FULL`."""
    error: int
    lasting: bool
    """Every such operation fails from then on, not only one."""

    def __str__(self) -> str:
        if self.name == FULL:
            return f"the disk is full from commit {self.n} on"
        error = "cut short" if self.error == SHORT else errno.errorcode[-self.error]
        return f"{self.name} {self.n}{' and all later ones' * self.lasting}: {error}"


class Run:
    """One session on a disk that makes one fault (or none, to count the operations)."""

    def __init__(self, seed: int, script: Script, folder: Path, fault: Fault | None) -> None:
        self.fault = fault
        self.seen: Counter[str] = Counter()
        self.struck = 0
        self.finished = False
        self.wrong = ""
        self.session = Session(script, folder, Random(seed))
        self.disk = Disk(folder, Random(f"{seed} {fault}"))
        self.disk.on_operation = self._decide

    def _decide(self, operation: Operation) -> int:
        name = NAMES[operation.kind]
        self.seen[name] += 1
        fault = self.fault
        if fault is None or fault.name != name or self.seen[name] < fault.n:
            return PASS
        if self.seen[name] > fault.n and not fault.lasting:
            return PASS
        self.struck += 1
        return shortened(operation) if fault.error == SHORT else fault.error

    def play(self) -> None:
        """The session, up to its end or to the failure of the node."""
        try:
            commit = 0
            for n_commits in N_COMMITS:
                self.session.open()
                for _ in self.session.steps(n_commits, SNAPSHOT_EVERY):
                    commit += 1
                    if self.fault is not None and self.fault[:2] == (FULL, commit):
                        self.disk.capacity_bytes = self.disk.used_bytes
                self.session.close()
            self.finished = True
            self._heal()
        except JournalError as error:
            self._heal()
            self._check_failed(error)
        except MemoryError as error:
            self._heal()
            if self.fault is None or self.fault.name != "malloc":
                self.wrong = f"no memory was refused, but: {error}"
            self._check_failed(error)
        except Exception as error:
            self._heal()
            self.wrong = f"{type(error).__name__} came out: {error}"

    def _heal(self) -> None:
        """The disk is in order again. What failed must stay failed."""
        if self.fault is not None and self.fault.name == FULL:
            self.struck = self.disk.counters.refused
        self.disk.on_operation = None
        self.disk.capacity_bytes = None
        shim.watch_memory(None)

    def _check_failed(self, error: Exception) -> None:
        """After a failure the node is dead; or nothing was done, and it is as it was before."""
        node, script = self.session.node, self.session.script
        if node is None or self.wrong:
            return
        try:
            node.commit()
        except NodeFailed:
            return
        except JournalError as second:
            self.wrong = f"it failed twice: {error}; {second}"
            return
        if not isinstance(error, JournalError):
            self.wrong = f"{type(error).__name__} came out of a node that lives on: {error}"
        elif node.engine.state_hash() != script.hashes[node.sequence]:
            self.wrong = f"the node lives on with another state after: {error}"
        elif node.durable_sequence != node.sequence:
            self.wrong = f"the node lives on and commits nothing after: {error}"


def shortened(operation: Operation) -> int:
    """The verdict that cuts a write short: so many bytes of it, or a refusal."""
    first = PAGE - operation.offset % PAGE
    if operation.length <= first:
        return -errno.ENOSPC
    return first + (operation.length - first) // (2 * PAGE) * PAGE


def case(seed: int, script: Script, fault: Fault, scratch: Path) -> tuple[str, Counter[str]]:
    """One fault and what follows: what is wrong ("" if nothing), and notes."""
    folder = scratch / "session"
    folder.mkdir()
    run = Run(seed, script, folder, fault)
    session, disk = run.session, run.disk
    notes: Counter[str] = Counter()
    with disk:
        shim.watch_memory(lmdb.cpython.__file__ if fault.name == "malloc" else None)
        run.play()
        session.abandon()
        notes["faults that struck"] = min(1, run.struck)
        notes["snapshots that failed"] = len(session.snapshot_failures)
        notes["sessions that went on to their end"] = int(run.finished)
        wrong = run.wrong or _after_crash(session, disk, scratch)
    shutil.rmtree(scratch)
    scratch.mkdir()
    return wrong, notes


def _after_crash(session: Session, disk: Disk, scratch: Path) -> str:
    """The three ways on."""
    script, random = session.script, disk.random
    at_least, at_most = session.acknowledged, session.submitted
    again = scratch / "again"
    disk.process_crash(again)
    image = disk.power_cut(random, scratch / "cut")
    outcome = recovered(script, scratch / "cut", at_least, at_most, to_the_end=True)
    if outcome.wrong:
        return f"{image.told}: {outcome.wrong}"
    disk.process_crash(scratch / "crash")
    outcome = recovered(script, scratch / "crash", at_least, at_most, to_the_end=True)
    if outcome.wrong:
        return f"process crash: {outcome.wrong}"
    disk.move_to(again)
    session.folder = again
    try:
        session.open()
        for _ in session.steps(random.randrange(3), SNAPSHOT_EVERY):
            pass
    except JournalError as error:
        return f"after a process crash: {type(error).__name__}: {error}"
    session.abandon()
    image = disk.power_cut(random, scratch / "later")
    outcome = recovered(script, scratch / "later", session.acknowledged, session.submitted)
    return f"process crash, then {image.told}: {outcome.wrong}" if outcome.wrong else ""


def faults_of(seed: int, script: Script, scratch: Path) -> list[Fault]:
    """Every fault that a session can meet."""
    folder = scratch / "session"
    folder.mkdir()
    run = Run(seed, script, folder, None)
    with run.disk:
        shim.watch_memory(lmdb.cpython.__file__)
        run.play()
    assert not run.wrong, run.wrong
    shutil.rmtree(folder)
    found = [
        Fault(name, n, error, lasting)
        for name, count in run.seen.items()
        for n in range(1, count + 1)
        for error in ERRORS[name]
        for lasting in (False, True)
    ]
    return found + [Fault(FULL, n, 0, True) for n in range(1, 2 * sum(N_COMMITS))]


def main(arguments: list[str]) -> int:
    parsed = arguments_of("tests.faults.nth_fault", "faults", 10_000, fault=-1).parse_args(
        arguments
    )
    campaign = Campaign.of("faults", parsed)
    make_stores_small()
    with tempfile.TemporaryDirectory(dir=shim.memory_folder()) as made:
        scratch = Path(made) / "scratch"
        scratch.mkdir()
        for seed in itertools.count(parsed.seed):
            if not campaign.goes_on():
                break
            script = Script(seed, N_COMMANDS)
            faults = faults_of(seed, script, scratch)
            numbers = list(range(len(faults)))
            Random(seed).shuffle(numbers)
            if parsed.fault >= 0:
                numbers = [parsed.fault]
            campaign.count(0, sessions=1, **{"possible faults": len(faults)})
            for number in numbers:
                if not campaign.goes_on():
                    break
                wrong, notes = case(seed, script, faults[number], scratch)
                if wrong:
                    campaign.fail(f"seed {seed} --fault {number}, {faults[number]}: {wrong}")
                campaign.count(1, **notes)
            if parsed.fault >= 0:
                break
    return campaign.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
