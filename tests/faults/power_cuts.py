"""The power goes at every point of a real session, and any unsynced page may be lost or torn.

This file may trace a session, cut it, and count. A node creates its journal, commits, takes
snapshots, lets its files grow, is closed, opened and killed; every write and sync it makes is
recorded, with what was acknowledged and submitted at that moment. Then, for every point
between two operations, the folder is rebuilt as a disk may hold it when the power goes there,
and the shipped node opens it.

    python -m tests.faults.power_cuts [SEED] [--count N] [--minutes M] [--json]

Each seed is another session. One cut is repeated with `SEED --cut N`.
"""

import copy
import itertools
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

from tests.faults import shim

if __name__ == "__main__":
    shim.run_under_shim()

from tests.faults.disk import PASS, Disk, Operation, perform
from tests.faults.platter import ALL, Image, Platter
from tests.faults.session import Outcome, Script, Session, make_stores_small, recovered
from tests.soak.campaign import Campaign, arguments_of

N_COMMANDS: Final = 60
N_COMMITS: Final = 7
"""In each of the two lives of the session's journal."""
FEW_PIECES: Final = 4
"""Up to so many unsynced pieces all subsets of them are tried."""
RANDOM_CUTS: Final = 5
TO_THE_END_EVERY: Final = 10
CUTS_PER_SESSION: Final = 500


class Traced(NamedTuple):
    """An operation, and what was known outside when it was made."""

    operation: Operation | None
    """None: the end."""
    acknowledged: int
    submitted: int


def traced_session(seed: int, script: Script, folder: Path) -> list[Traced]:
    """A session on a disk without faults: all its operations, then the end."""
    random = Random(seed)
    session = Session(script, folder, random, waits=seed % 2 == 0)
    trace: list[Traced] = []

    def watch(operation: Operation) -> int:
        trace.append(Traced(operation, session.acknowledged, session.submitted))
        return PASS

    with Disk(folder) as disk:
        disk.on_operation = watch
        session.open()
        for _ in session.steps(N_COMMITS):
            pass
        session.close() if random.randrange(2) else session.abandon()
        session.open()
        for _ in session.steps(N_COMMITS):
            pass
        session.close()
    trace.append(Traced(None, session.acknowledged, session.submitted))
    return trace


def platters(trace: Sequence[Traced]) -> Iterator[tuple[int, Traced, Platter]]:
    """What the disk holds before every operation; for a write that is synced by itself also
    while it is made. (point, what was known then, disk)"""
    platter = Platter()
    platter.sync_folder("")

    for point, at in enumerate(trace):
        operation = at.operation
        if operation is not None and operation.entries is not None:
            platter.take_over(operation.file, operation.entries)
        yield point, at, platter
        if operation is None:
            return
        if operation.synced:
            torn = copy.deepcopy(platter)
            stored = torn.file(operation.file, operation.inode)
            stored.write(operation.offset, operation.data)
            yield point, at, torn
        perform(operation, platter)


def cuts(seed: int, point: int, platter: Platter) -> Iterator[Image]:
    """What may be left when the power goes: all subsets of few pages, some of many."""
    n_pieces = platter.unsynced_pieces()
    masks: list[list[int] | None] = []
    if n_pieces <= FEW_PIECES:
        masks.extend(list(chosen) for chosen in itertools.product((0, ALL), repeat=n_pieces))
    if n_pieces:
        masks.extend([None] * RANDOM_CUTS)
    for number, chosen in enumerate(masks):
        yield platter.power_cut(Random(f"{seed} {point} {number}"), chosen)


def run_seed(seed: int, campaign: Campaign, scratch: Path, most: int, only: int = -1) -> None:
    """Cuts of one session: `most` of them, spread over all its points; or only one."""
    script = Script(seed, N_COMMANDS)
    folder = scratch / "session"
    folder.mkdir()
    trace = traced_session(seed, script, folder)
    shutil.rmtree(folder)
    total = sum(1 for point, _, platter in platters(trace) for _ in cuts(seed, point, platter))
    chosen = {only} if only >= 0 else set(Random(seed).sample(range(total), min(most, total)))
    campaign.count(0, **{"sessions": 1, "operations": len(trace) - 1, "possible cuts": total})
    number = -1
    for point, at, platter in platters(trace):
        for image in cuts(seed, point, platter):
            number += 1
            if number not in chosen:
                continue
            if not campaign.goes_on():
                return
            image.write(folder)
            to_the_end = number % TO_THE_END_EVERY == 0
            outcome = recovered(
                script, folder, at.acknowledged, at.submitted, to_the_end=to_the_end
            )
            if outcome.wrong:
                where = f"before {at.operation}" if at.operation else "at the end"
                campaign.fail(f"seed {seed} --cut {number}, {where}; {image.told}: {outcome.wrong}")
            shutil.rmtree(folder)
            campaign.count(**noted(at, image, outcome))


def noted(at: Traced, image: Image, outcome: Outcome) -> dict[str, int]:
    """What a cut met, for the notes."""
    notes = {"cuts that tore a page": int("(" in image.told)}
    if at.submitted > at.acknowledged:
        kept = outcome.durable > at.acknowledged
        notes["unacknowledged tails kept" if kept else "unacknowledged tails lost"] = 1
    return notes


def main(arguments: list[str]) -> int:
    parser = arguments_of("tests.faults.power_cuts", "power cuts", 10_000, cut=-1)
    parsed = parser.parse_args(arguments)
    campaign = Campaign.of("power cuts", parsed)
    make_stores_small()
    for seed in itertools.count(parsed.seed):
        if not campaign.goes_on():
            break
        with tempfile.TemporaryDirectory(dir=shim.memory_folder()) as scratch:
            run_seed(seed, campaign, Path(scratch), CUTS_PER_SESSION, parsed.cut)
        if parsed.cut >= 0:
            break
    return campaign.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
