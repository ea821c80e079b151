"""`lockstep settle`: the end of a day, apart from whoever runs the day.

This file may settle and print.
"""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from adapters.cli import console, origin
from adapters.cli.arguments import AsJson, Directory, HookModule, hooks_of
from adapters.settlement.settle import OUTPUT_FOLDER, Order, Settled
from adapters.settlement.settle import settle as run_settle
from adapters.settlement.tables import totals_lines


def settle(
    dir: Directory,
    /,
    *,
    day: Annotated[str, Parameter(help="UTC day, such as 2024-03-05.")],
    output: Annotated[
        Path | None,
        Parameter(help="Where the folder of the day goes; default: settlement in DIR."),
    ] = None,
    provisional: Annotated[
        bool,
        Parameter(negative="", help="Also a day that is not over: marked so, and replaced later."),
    ] = False,
    no_snapshot: Annotated[
        bool, Parameter(negative="", help="Replay from the first command, not from a snapshot.")
    ] = False,
    hooks: HookModule = None,
    json: AsJson = False,
) -> int:
    """Settles a day: profit and loss, fund reconciliation, statements, snapshot of the day.

    Reads the journal, which may be in use, and replays it with every event compared. Opening +
    entries must be closing for every account and in total; each difference is named, and then
    nothing is written. Run again it changes nothing: the result is the same to the byte, or the
    first difference is named and what is there stays. Exit code 1 for any difference.
    """
    order = Order(
        directory=dir,
        day=day,
        output=dir / OUTPUT_FOLDER if output is None else output,
        provisional=provisional,
        use_snapshot=not no_snapshot,
        hooks=hooks_of(hooks),
        label=origin.label(dir),
    )
    with console.progress("settling") as report:
        settled = run_settle(order, report)
    for text in settled.reports:
        console.note(f"snapshot not used: {text}")
    if json:
        console.say_json(settled_row(settled))
    else:
        _print(settled)
    return 1 if settled.findings or settled.difference else 0


def _print(settled: Settled) -> None:
    for finding in settled.findings:
        console.say(str(finding))
    if settled.findings:
        more = f" and {settled.untold:,} more" if settled.untold else ""
        console.say(f"{len(settled.findings)}{more} differences; nothing was written")
        return
    for line in totals_lines(settled.totals):
        console.say(line)
    console.say()
    if settled.difference:
        console.say(f"DIFFERENCE {settled.difference}")
        console.say("what is there stays as it is")
    elif settled.written:
        console.say(f"reconciled, written: {settled.path}")
    else:
        console.say(f"reconciled, unchanged: {settled.path}")


def settled_row(settled: Settled) -> dict[str, Any]:
    """What became of it, as names and values."""
    return {
        "day": settled.day,
        "provisional": settled.provisional,
        "folder": str(settled.path),
        "written": settled.written,
        "reconciled": not settled.findings,
        "findings": [finding._asdict() for finding in settled.findings],
        "findings_untold": settled.untold,
        "difference": settled.difference or None,
        "totals": settled.totals or None,
    }
