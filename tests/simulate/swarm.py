"""What a seed draws before its world begins: sizes, rates, and the kinds of trouble it knows.

This file may draw numbers. Every kind of trouble is left out of half of the worlds and comes at
very different rates in the others, because bugs hide in combinations: a world with every fault
at once seldom gets far enough to meet a rare one ("swarm testing"). One world in ten has no
fault at all.
"""

from dataclasses import dataclass
from random import Random
from typing import Final

POWER: Final = "power cut at an operation"
KILL: Final = "kill at an operation"
WRITE_ERROR: Final = "write failed"
SHORT_WRITE: Final = "short write"
SYNC_ERROR: Final = "sync failed"
ALLOCATION_ERROR: Final = "allocation failed"
DISK_FAULTS: Final = (POWER, KILL, WRITE_ERROR, SHORT_WRITE, SYNC_ERROR, ALLOCATION_ERROR)


@dataclass(frozen=True)
class Swarm:
    """One world's numbers. A rate in seconds is the mean simulated time between two; 0: never."""

    # The node.
    commands_per_commit: int
    commit_records: int
    commit_bytes: int
    hooks: bool
    snapshot_s: float
    """Between snapshots."""
    reserve_s: float
    """Between reservations of room in the journal's file."""
    reader_s: float
    """Between looks at the journal by a reader beside the node."""

    # Who sends.
    clients: int
    window: int
    """Requests that a client has on their way at a time."""
    patience_ms: int
    """How long a client waits before it sends again."""
    conflicts: float
    """Share of requests that are followed by another command with the same key."""
    old_retries: float
    """Share of requests after which an answered one is sent again."""
    bulk_s: float
    nonsense_s: float
    office_s: float

    # The network and the clock.
    lost: float
    doubled: float
    late: float
    latency_ms: int
    outage_s: float
    clock_s: float

    # The disk and the process.
    kill_s: float
    power_cut_s: float
    full_disk_s: float
    disk_faults: tuple[str, ...]
    """Kinds of faults at operations of the disk."""
    operations_between_faults: int
    early_fault: bool
    """The first of them comes while the journal is made."""
    fault_in_recovery: float
    """Chance that a restart meets one of them among its first operations."""
    damage: float
    """Chance that a restart is tried with a damaged copy first."""
    lost_snapshots: float
    """Chance that the snapshots are gone at a restart."""

    # The book venue.
    books: float
    """Share of what clients want that goes to books; 0: there are none."""
    operator_s: float
    """Between what the operator of the books does."""
    makers_s: float
    """Between the blocks of market makers."""


def draw(seed: int) -> Swarm:
    """The numbers of a seed."""
    random = Random(f"swarm {seed}")
    quiet = random.randrange(10) == 0

    def rate(*values: float) -> float:
        """One of the values in half of the worlds that are not quiet."""
        value, there = random.choice(values), random.randrange(2)
        return value if there and not quiet else 0.0

    there = tuple(kind for kind in DISK_FAULTS if random.randrange(2) and not quiet)
    return Swarm(
        commands_per_commit=random.choice((2, 5, 10, 20, 20, 40, 40, 60, 100, 200)),
        commit_records=random.choice((5, 30, 4_096, 4_096, 4_096, 4_096)),
        commit_bytes=random.choice((2_048, 1 << 20, 1 << 20, 1 << 20)),
        hooks=random.randrange(5) == 0,
        snapshot_s=random.choice((0.0, 5.0, 15.0, 40.0)),
        reserve_s=random.choice((0.0, 0.0, 30.0)),
        reader_s=random.choice((0.0, 10.0)),
        clients=random.choice((2, 4, 8, 12)),
        window=random.choice((1, 1, 3)),
        patience_ms=random.choice((500, 2_000, 6_000)),
        conflicts=rate(0.02, 0.1),
        old_retries=random.choice((0.0, 0.03, 0.1)),
        bulk_s=random.choice((0.0, 2.0, 10.0)),
        nonsense_s=random.choice((0.0, 3.0)),
        office_s=random.choice((0.0, 5.0, 20.0)),
        lost=rate(0.01, 0.05, 0.2),
        doubled=rate(0.01, 0.05, 0.2),
        late=rate(0.01, 0.05),
        latency_ms=random.choice((1, 20, 200)),
        outage_s=rate(20.0, 60.0),
        clock_s=rate(10.0, 40.0),
        kill_s=rate(25.0, 80.0, 200.0),
        power_cut_s=rate(25.0, 80.0, 200.0),
        full_disk_s=rate(30.0, 100.0),
        disk_faults=there,
        operations_between_faults=random.choice((80, 250, 700)),
        early_fault=random.randrange(4) == 0,
        fault_in_recovery=random.choice((0.0, 0.1, 0.4)),
        damage=rate(0.2, 0.6),
        lost_snapshots=rate(0.1),
        books=random.choice((0.0, 0.3, 0.5, 0.8)),
        operator_s=random.choice((1.0, 3.0)),
        makers_s=random.choice((1.0, 2.0, 4.0)),
    )
