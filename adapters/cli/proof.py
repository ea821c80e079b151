"""`lockstep replay` and `snapshot`: what proves a journal, and what shortens the proof.

This file may read, replay and take snapshots; the journal itself it never changes.
"""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from adapters.cli import console, origin
from adapters.cli.arguments import AsJson, Directory, HookModule, hooks_of, point
from adapters.compare import Row, executed_again, side_by_side
from adapters.node import Node
from adapters.replay import JOURNAL_FOLDER, ReplayResult
from adapters.replay import replay as run_replay
from adapters.units import BadInput, format_time
from engine import Hooks
from journal import LmdbJournal


def replay(
    dir: Directory,
    /,
    *,
    to: Annotated[
        str | None, Parameter(help="SEQ|TIME: stop after this command, or at this time.")
    ] = None,
    no_snapshot: Annotated[
        bool, Parameter(negative="", help="Start from the first command, not from a snapshot.")
    ] = False,
    verify: Annotated[
        bool, Parameter(negative="", help="Compare every event with the journal, byte for byte.")
    ] = False,
    hooks: HookModule = None,
    any_hooks: Annotated[
        bool, Parameter(negative="", help="Replay with other hooks than the journal names.")
    ] = False,
    json: AsJson = False,
) -> int:
    """Executes a journal again and prints where it ends: sequence, time, state hash.

    With --verify every event is compared; the first that differs is shown field by field, and
    the exit code is 1.
    """
    loaded = hooks_of(hooks)
    to_sequence, to_time_ns = point("--to", to)
    with console.progress("replaying") as report:
        result = run_replay(
            dir,
            to_sequence=to_sequence,
            to_time_ns=to_time_ns,
            use_snapshot=not no_snapshot,
            verify=verify,
            hooks=loaded,
            any_hooks=any_hooks,
            progress=report,
        )
    for text in result.reports:
        console.note(f"snapshot not used: {text}")
    fields = _differing_event(dir, result, loaded) if result.difference else []
    if json:
        console.say_json(_as_dict(dir, result, verify, fields))
    else:
        _print_result(dir, result, verify, fields)
    return 0 if result.difference is None else 1


def _print_result(dir: Path, result: ReplayResult, verify: bool, fields: list[Row]) -> None:
    began = result.snapshot_sequence
    console.table(
        {
            "data": origin.label(dir),
            "sequence": str(result.sequence),
            "time": console.moment(result.time_ns),
            "state hash": result.state_hash,
            "began at": f"snapshot {began}" if began else "the first command",
            "replayed": console.rate(result.commands, result.seconds, "commands"),
            "events": f"{result.events:,}" + _verdict(result, verify),
        },
        indent=0,
    )
    if result.difference is None:
        return
    console.say()
    console.say(f"DIFFERENCE at {result.difference}")
    width = max((len(name) for name, *_ in fields), default=0)
    for name, ours, theirs in fields:
        mark = "  " if ours == theirs else "* "
        console.say(f"{mark}{name.ljust(width)}  journal {ours}  replay {theirs}")


def _verdict(result: ReplayResult, verify: bool) -> str:
    if not verify or result.difference is not None:
        return ""
    if result.commands == 0:
        return " to compare: the snapshot is at the end (--no-snapshot compares everything)"
    return " agree, byte for byte"


def _as_dict(dir: Path, result: ReplayResult, verify: bool, fields: list[Row]) -> dict[str, Any]:
    difference = result.difference
    return {
        "data": origin.label(dir),
        "sequence": result.sequence,
        "time": format_time(result.time_ns) if result.time_ns else None,
        "time_ns": result.time_ns,
        "state_hash": result.state_hash,
        "began_at": result.snapshot_sequence,
        "commands": result.commands,
        "events": result.events,
        "seconds": round(result.seconds, 3),
        "verified": verify and difference is None,
        "difference": None
        if difference is None
        else {
            "sequence": difference.sequence,
            "index": difference.index,
            "event": difference.event,
            "field": difference.field,
            "journal": difference.journal_value,
            "replay": difference.replay_value,
            "fields": [{"field": n, "journal": a, "replay": b} for n, a, b in fields],
        },
    }


def _differing_event(dir: Path, result: ReplayResult, hooks: Hooks | None) -> list[Row]:
    """All fields of the first event that differs, on both sides."""
    difference = result.difference
    assert difference is not None
    journal = LmdbJournal.open(dir / JOURNAL_FOLDER)
    try:
        answer = journal.answer(difference.sequence)
    finally:
        journal.close()
    if answer is None:
        return []
    from_snapshot = result.snapshot_sequence > 0
    replayed = executed_again(
        dir, answer.command, hooks, use_snapshot=from_snapshot, any_hooks=True
    )
    ours, theirs = (
        events[difference.index] if difference.index < len(events) else None
        for events in (answer.events, replayed)
    )
    return side_by_side(ours, theirs)


def snapshot(
    dir: Directory,
    /,
    *,
    keep: Annotated[
        int | None, Parameter(help="Remove all but so many of the newest snapshots.")
    ] = None,
    hooks: HookModule = None,
    json: AsJson = False,
) -> int:
    """Takes a snapshot of the state at the end of the journal, so that starts are quick."""
    if keep is not None and keep < 1:
        raise BadInput(f"--keep {keep}: expected 1 or more")
    with (
        console.progress("recovering") as report,
        Node.open(dir, hooks=hooks_of(hooks), progress=report) as node,
    ):
        for text in node.reports:
            console.note(f"snapshot not used: {text}")
        info = node.snapshot(keep=keep)
    shown: dict[str, Any] = {
        "sequence": info.sequence,
        "time": format_time(info.time_ns) if info.time_ns else None,
        "state_hash": info.state_hash,
    }
    if json:
        console.say_json({"data": origin.label(dir)} | shown)
    else:
        rows = {key.replace("_", " "): str(value) for key, value in shown.items()}
        console.table({"data": origin.label(dir), **rows}, indent=0)
    return 0
