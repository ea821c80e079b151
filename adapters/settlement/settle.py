"""A day settled: replayed from the journal, reconciled, written as a folder of its own.

This file may read a journal and its snapshots, and write through `folder.py`. The stages:

    range       1 is the day over? does the journal cover it?
    opening     2 replay to where the day begins, every event compared; note every purse
    the day     3 replay the day, every event compared; take every entry, put rows aside
    closing     4 every purse again: opening + entries = closing, or the differences are named
    files       5 reconciliation, profit and loss, statements, snapshot, totals, manifest
    keep        6 the folder gets its name; or it is the one that is there already

The day of a command is the UTC day of its time. A command that was refused because its time
went backwards stays between its neighbours, so a day is one range of sequences. Nothing that is
written depends on the machine's clock, or on where the replay began.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from adapters.hook_plugin import guarded
from adapters.replay import JOURNAL_FOLDER, SNAPSHOT_FOLDER, Rerun, restore
from adapters.settlement import folder
from adapters.settlement.files import FORMAT_VERSION, write_files
from adapters.settlement.folder import Folders
from adapters.settlement.reconcile import Finding
from adapters.settlement.rows import RowsByAccount
from adapters.settlement.work import Bounds, Work, finding_of, parts, purses
from adapters.units import BadInput, format_time, midnight_ns, parse_day
from engine import Hooks
from journal import LmdbJournal, Progress

OUTPUT_FOLDER: Final = "settlement"


@dataclass(frozen=True)
class Order:
    """What is to be settled."""

    directory: Path
    day: str
    output: Path
    provisional: bool = False
    """Also a day that is not over."""
    use_snapshot: bool = True
    hooks: Hooks | None = None
    label: str | None = None
    """What the data is, where it is not of real clients."""


@dataclass
class Settled:
    """What became of it."""

    day: str
    provisional: bool
    path: Path
    written: bool = False
    """False: it was there already, or something differs."""
    totals: dict[str, Any] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    """With any, nothing was written."""
    untold: int = 0
    """Findings beyond these."""
    difference: str = ""
    """Where the settlement that is there already differs; then it stays as it is."""
    reports: list[str] = field(default_factory=list)
    """Snapshots that were not used, and why."""


def settle(order: Order, progress: Progress | None = None) -> Settled:
    """Settles a day, or finds it settled. Raises `BadInput`, `JournalError`, `HookFailed`."""
    start_ns, end_ns = bounds_of(order.day)
    journal = LmdbJournal.open(order.directory / JOURNAL_FOLDER)
    try:
        tail = journal.tail()
        over = tail.last_time_ns >= end_ns
        _check_covered(order, journal, end_ns, over)
        with folder.opened(order.output) as folders:
            final = folders.final(order.day)
            if not over and final.exists():
                raise BadInput(
                    f"{final}: is settled for good, but {journal.name} ends at"
                    f" {format_time(tail.last_time_ns)}, before the day does"
                )
            settled = Settled(
                order.day, not over, final if over else folders.provisional(order.day)
            )
            bounds = Bounds(start_ns, end_ns, tail.last_sequence)
            with folders.unfinished() as made:
                _compute(order, journal, bounds, folders, made, settled, progress)
                if not settled.findings:
                    _keep(folders, made, settled)
        return settled
    finally:
        journal.close()


def bounds_of(day: str) -> tuple[int, int]:
    """When a UTC day begins and ends, in nanoseconds. Raises `BadInput`."""
    try:
        begins = parse_day(day)
        return midnight_ns(begins, "UTC"), midnight_ns(begins + timedelta(days=1), "UTC")
    except (BadInput, OverflowError) as error:
        raise BadInput(f"--day: {error}") from None


def _check_covered(order: Order, journal: LmdbJournal, end_ns: int, over: bool) -> None:
    """Raises `BadInput` for a day that the journal does not cover, or not yet to its end."""
    first = journal.block_at(1)
    if first is None:
        raise BadInput(f"{journal.name}: holds no command, there is no day to settle")
    if first.header.first_time_ns >= end_ns:
        begins = format_time(first.header.first_time_ns)
        raise BadInput(f"--day {order.day}: {journal.name} begins at {begins}, after that day")
    if not over and not order.provisional:
        last = format_time(journal.tail().last_time_ns)
        raise BadInput(
            f"--day {order.day}: the day is not over: {journal.name} ends at {last};"
            " --provisional settles what there is"
        )


def _compute(
    order: Order,
    journal: LmdbJournal,
    bounds: Bounds,
    folders: Folders,
    made: Path,
    settled: Settled,
    progress: Progress | None,
) -> None:
    """Replays, reconciles and writes the files; or leaves findings."""
    rows = RowsByAccount(made)
    try:
        work = _gather(order, journal, bounds, rows, settled, progress)
        if settled.findings:
            return
        work.books.close(purses(work.engine))
        settled.findings += _not_continued(folders, work)
        settled.findings += work.books.findings + work.futures.findings
        settled.untold = work.books.untold
        if not settled.findings:
            settled.totals = write_files(work, journal, made, progress)
    finally:
        rows.close()


def _gather(
    order: Order,
    journal: LmdbJournal,
    bounds: Bounds,
    rows: RowsByAccount,
    settled: Settled,
    progress: Progress | None,
) -> Work:
    """The day replayed, every event compared and every entry taken."""
    hooks = guarded(order.hooks)
    engine = restore(
        journal,
        order.directory / SNAPSHOT_FOLDER if order.use_snapshot else None,
        hooks,
        to_sequence=bounds.last_sequence,
        to_time_ns=bounds.start_ns - 1,
        reports=settled.reports,
    )
    rerun = Rerun(engine, journal.name, hooks, any_hooks=False, verify=True)
    work: Work | None = None
    start = engine.sequence
    for is_of_day, block in parts(journal, start + 1, bounds):
        if is_of_day and work is None:
            work = Work(order.day, settled.provisional, order.label, engine, rows)
        rerun.step(block)
        if rerun.difference is not None:
            settled.findings.append(finding_of(rerun.difference))
            break
        if is_of_day and work is not None:
            work.take(block)
        if progress is not None:
            progress(engine.sequence, bounds.last_sequence)
    if engine.sequence == start:
        rerun.check_start(journal)
    return work or Work(order.day, settled.provisional, order.label, engine, rows)


def _not_continued(folders: Folders, work: Work) -> list[Finding]:
    """The settlement before this one must have ended in the state in which this one begins."""
    for path in sorted(folders.path.glob("[0-9]*-[0-9][0-9]"), reverse=True):
        if path.name >= work.day:
            continue
        manifest = folder.read_manifest(path) or {}
        follows = manifest.get("last_sequence") == work.first_sequence - 1
        comparable = follows and manifest.get("format") == FORMAT_VERSION
        if comparable and manifest.get("state_hash") != work.opening_hash:
            what = f"the state where {path} ended"
            return [Finding("opening", what, str(manifest.get("state_hash")), work.opening_hash)]
        return []
    return []


def _keep(folders: Folders, made: Path, settled: Settled) -> None:
    """Gives the folder its name, or holds it against the one that has it."""
    name = settled.path
    difference = folder.first_difference(name, made) if name.exists() else None
    if settled.provisional and (difference is not None or not name.exists()):
        folders.keep(made, name)
        settled.written = True
    elif difference is not None:
        settled.difference = f"{name}: {difference}"
    elif not name.exists():
        folders.keep(made, name)
        settled.written = True
    if not settled.provisional and not settled.difference:
        folders.drop_provisional(settled.day)
