"""The machine: a disk, a clock, and the process with the shipped node, which dies and comes back.

This file may open the node, commit, take snapshots, and make it die; messages are gateway.py's.
Every call into the node goes through `call`, which knows what may come out of it: a
`JournalError` is right only after the disk refused something, and then the process has died.
Whether what recovery brings back is right, the oracle is asked.
"""

import shutil
from collections import Counter
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any, TypeVar

from adapters.hook_plugin import identity_of
from adapters.node import Committed, Node, NodeFailed, SnapshotError
from adapters.replay import JOURNAL_FOLDER, SNAPSHOT_FOLDER
from engine import Hooks
from journal import JournalError, LmdbJournal, environment
from tests.simulate import damage
from tests.simulate.disk_faults import FaultyDisk
from tests.simulate.oracle import Oracle, Wrong
from tests.simulate.swarm import Swarm
from tests.simulate.timeline import SECOND, Clock, Timeline

T = TypeVar("T")
LONGEST_REST = 3 * SECOND
WITHOUT_SNAPSHOT = 0.1
"""Share of the recoveries that begin at the start of the journal."""
VERIFIED = 0.1
"""Share of the recoveries after which everything is read and checked."""


class Machine:
    """A node that lives, until it dies; and starts again some time later."""

    node_class: type[Node] = Node
    """The shipped one. A test puts a broken one here."""

    def __init__(
        self,
        swarm: Swarm,
        random: Random,
        timeline: Timeline,
        disk: FaultyDisk,
        oracle: Oracle,
        hooks: Hooks | None,
        notes: Counter[str],
        tell: Callable[[str], None],
    ) -> None:
        self.clock = Clock(timeline)
        self.node: Node | None = None
        self.oracle = oracle
        self.disk = disk
        self.hooks = hooks
        self.on_start: list[Callable[[], None]] = []
        """Called after every recovery."""
        self.on_end: list[Callable[[], None]] = []
        """Called when the process has died, however."""
        self._swarm = swarm
        self._random = random
        self._damage = Random(random.random())
        self._timeline = timeline
        self._notes = notes
        self._tell = tell
        self._troubles = 0
        """Of the disk, when the present call began."""
        self._newest_snapshot = 0
        """A snapshot that was acknowledged, so that recovery begins there or later."""

    # ------------------------------------------------------------ calls

    def call(self, call: Callable[..., T], *arguments: Any) -> T | None:
        """Calls the node. None where the process died in it, or a snapshot was refused."""
        self._troubles = self.disk.troubles
        result = None
        try:
            result = call(*arguments)
        except SnapshotError as error:
            self._check_earned(error)
            self._notes["snapshots refused"] += 1
        except JournalError as error:
            self._check_earned(error)
            self.oracle.died_in_commit()
            if self.node is not None and not self.disk.off:
                self.check_dead(self.node, error)
            self.crash(power=self._random.randrange(3) == 0, why=str(error))
            return None
        if self.disk.off:
            self.crash(power=False, why="the disk is off")
            return None
        return result

    def _check_earned(self, error: Exception) -> None:
        """A failure must have a fault of the disk behind it."""
        if not self.disk.off and self.disk.troubles == self._troubles:
            raise Wrong(f"failed without a fault: {type(error).__name__}: {error}") from error

    def check_dead(self, node: Node, error: Exception) -> None:
        """After a failure memory is ahead of the journal: the node must refuse everything."""
        try:
            node.submit_block(b"")
        except NodeFailed:
            return
        except ValueError:
            pass
        raise Wrong(f"the node lives on after: {error}") from error

    def commit(self) -> None:
        if self.node is not None:
            self.call(self.node.commit)

    def committed(self, committed: Committed) -> None:
        """The node says that a block is durable."""
        if self.disk.off:
            raise Wrong(f"block {committed.first_sequence} is acknowledged on a dead disk")
        self._notes["commits"] += 1
        self.oracle.acknowledge(committed)

    def snapshot(self) -> None:
        if self.node is None:
            return
        keep = self._random.choice((None, 1, 1, 2, 3, 0))
        if keep == 0:
            self._newest_snapshot = 0
        info = self.call(partial(self.node.snapshot, keep=keep))
        if info is not None:
            self._notes["snapshots"] += 1
            self._newest_snapshot = 0 if keep == 0 else info.sequence

    def reserve(self) -> None:
        """Room in the journal, ahead; where there is none, the node goes on without."""
        if self.node is not None:
            self.call(self._reserve, self.node)

    def _reserve(self, node: Node) -> None:
        try:
            node.journal.reserve(self._random.randrange(1, 1 << 16))
        except JournalError as error:
            self._check_earned(error)
            self._notes["reservations refused"] += 1

    def look(self) -> None:
        """A reader beside the node sees what is acknowledged, no more and no less."""
        if self.node is None:
            return
        journal = LmdbJournal.open(self.disk.folder / JOURNAL_FOLDER)
        try:
            last = journal.tail().last_sequence
            if last != self.oracle.acknowledged:
                raise Wrong(f"a reader sees {last}, acknowledged is {self.oracle.acknowledged}")
            self.oracle.hold_blocks(journal.blocks())
        finally:
            journal.close()
        self._notes["looks of a reader"] += 1

    # ------------------------------------------------------------ death

    def stop(self) -> None:
        """The process ends in order: what was submitted is committed."""
        if self.node is None:
            return
        self.call(self.node.close)
        if self.node is None:
            return
        if self.oracle.acknowledged != self.oracle.sequence:
            raise Wrong(f"closed at {self.oracle.sequence}, durable {self.oracle.acknowledged}")
        self._notes["orderly stops"] += 1
        self.crash(power=False, why="closed")

    def crash(self, *, power: bool, why: str) -> None:
        """The process is gone, and with `power` what was not synced. It starts again later.

        Where the disk has ended it in an operation, it is known already which of the two it was.
        """
        disk = self.disk
        if self.node is not None:
            self.node.journal.close()
            self.node = None
        assert not environment._open_environments, "the next opening must be a new one"
        for call in self.on_end:
            call()
        old, told = disk.folder, "the process ended"
        if disk.killed:
            self._notes["kills in an operation"] += 1
            disk.go_on()
        elif power or disk.power_failed:
            self._notes["power cuts"] += 1
            told = disk.go_on_after_power_cut(self._random)
        else:
            self._notes["process crashes"] += 1
            disk.process_crash(disk.next_folder)
            disk.go_on()
        self._tell(f"{why}; {told}")
        shutil.rmtree(old)
        self._timeline.after(int(self._random.random() * LONGEST_REST), self.start)

    def _lose_snapshots(self) -> None:
        """Somebody tidies up while the machine is down."""
        folder = self.disk.folder / SNAPSHOT_FOLDER
        if folder.exists():
            self._notes["snapshots lost"] += 1
            self._newest_snapshot = 0
            for file in folder.iterdir():
                file.unlink()

    # ------------------------------------------------------------ recovery

    def start(self) -> None:
        """Recovery, as the shipped node does it; and everything that must hold then."""
        if self.node is not None:
            return
        if self._random.random() < self._swarm.lost_snapshots:
            self._lose_snapshots()
        copy = None
        if self.oracle.blocks and self._random.random() < self._swarm.damage:
            scratch = self.disk.folder.parent / "damaged"
            copy = damage.damaged_copy(self.disk.folder, scratch, self._damage)
        if self._random.random() < self._swarm.fault_in_recovery:
            self.disk.fail_soon()
        self._expect_hooks()
        use_snapshot = self._random.random() >= WITHOUT_SNAPSHOT
        node = self.call(self._open, use_snapshot)
        if node is not None:
            self._check_recovered(node, use_snapshot)
            if copy is not None:
                self._tell(copy.told)
                self._notes[copy.outcome(self.oracle, self.hooks)] += 1
            for call in self.on_start:
                call()
        if copy is not None:
            shutil.rmtree(copy.folder)

    def _open(self, use_snapshot: bool) -> Node:
        self.node = self.node_class.open(
            self.disk.folder,
            create=not self.oracle.acknowledged or self._random.randrange(2) == 0,
            hooks=self.hooks,
            use_snapshot=use_snapshot,
            commit_records=self._swarm.commit_records,
            commit_bytes=self._swarm.commit_bytes,
            on_commit=self.committed,
        )
        return self.node

    def _expect_hooks(self) -> None:
        """The first command of a journal with hooks is their identity."""
        identity = identity_of(self.hooks)
        if identity is not None and not self.oracle.sequence:
            self.oracle.offer(identity, 0)
        if not self.oracle.acknowledged:
            self.oracle.died_in_commit()

    def _check_recovered(self, node: Node, use_snapshot: bool) -> None:
        """What must hold of a node that was just opened."""
        oracle, notes = self.oracle, self._notes
        came_back = oracle.recovered(node)
        notes["recoveries"] += 1
        notes["commands that came back unacknowledged"] += came_back
        start = oracle.acknowledged - node.recovered_commands
        notes["snapshots used"] += start > 0
        if use_snapshot and start < self._newest_snapshot and not self._disk_failed():
            raise Wrong(
                f"recovery began at {start}, there is a snapshot {self._newest_snapshot}:"
                f" {'; '.join(node.reports)}"
            )
        node.engine.check(everything=True)
        if self._random.random() < VERIFIED:
            notes["verifications"] += 1
            oracle.hold_index(node.journal.lookup_key)
            oracle.hold_verification(node.journal.verify())

    def _disk_failed(self) -> bool:
        return self.disk.troubles != self._troubles
