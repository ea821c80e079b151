"""`lockstep salvage`: what comes before the first damage of a journal, as a new journal.

This file may make the new directory and print; the damaged one it never changes.
"""

from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from adapters.cli import console, directory, origin
from adapters.cli.arguments import AsJson, reachable
from adapters.replay import JOURNAL_FOLDER
from adapters.units import BadInput, format_time
from journal.salvage import Salvaged, Survey


def salvage(
    dir: Annotated[
        Path,
        Parameter(
            validator=reachable, help="Directory with the damaged journal; it stays as it is."
        ),
    ],
    dest: Annotated[Path, Parameter(help="New or empty directory for what can be saved.")],
    /,
    *,
    json: AsJson = False,
) -> int:
    """Copies out everything that comes before the first damage of a journal.

    The data file is searched for blocks, whatever else is destroyed; every good one, from the first
    on without a gap, is stored unchanged in DEST, which can be read, verified and gone on with.
    Checkpoints stay valid. What lies behind the damage is named, not copied. Snapshots are not
    copied. If LMDB's tree is destroyed, too, the copy may hold one block more than was
    acknowledged: the last one, of a commit that was cut off. Stop the writer first. Exit code 0 if
    nothing was damaged, 1 if something was.
    """
    directory.check_new(dest)
    if dest.resolve().is_relative_to(dir.resolve()):
        raise BadInput(f"{dest}: lies within {dir}, which is not to be changed")
    with console.progress("searching") as report:
        survey = Survey(dir / JOURNAL_FOLDER, report)
    with closing(survey):
        directory.make(dest)
        with console.progress("copying") as report:
            found = survey.copy(dest / JOURNAL_FOLDER, report)
    label = origin.read(dir)
    saved = (dest / JOURNAL_FOLDER).exists()
    if label is not None and saved:
        origin.write(dest, label)
    if json:
        console.say_json({"data": origin.label(dir)} | _as_dict(found, dest if saved else None))
    else:
        _print(dir, dest, found)
    return 1 if found.findings else 0


def _as_dict(found: Salvaged, dest: Path | None) -> dict[str, Any]:
    last, beyond = found.last, found.beyond
    return {
        "saved_to": str(dest) if dest else None,
        "blocks": last.block_number,
        "commands": found.commands,
        "events": found.events,
        "client_keys": found.keys,
        "last_sequence": last.last_sequence,
        "last_time": format_time(last.last_time_ns) if last.last_sequence else None,
        "chain_hash": last.block_hash.hex(),
        "good": not found.findings,
        "findings": found.findings,
        "beyond": None
        if beyond is None
        else {
            "blocks": beyond.blocks,
            "first_sequence": beyond.first_sequence,
            "last_sequence": beyond.last_sequence,
        },
    }


def _print(dir: Path, dest: Path, found: Salvaged) -> None:
    last, beyond = found.last, found.beyond
    for finding in found.findings:
        console.say(finding)
    saved = f"nothing; {dest} stays empty"
    if last.last_sequence:
        saved = f"sequence 1 to {last.last_sequence}, up to {console.moment(last.last_time_ns)}"
    lost = ""
    if beyond is not None:
        lost = (
            f"{beyond.blocks:,} blocks, sequence {beyond.first_sequence} to"
            f" {beyond.last_sequence}, found behind the damage"
        )
    console.table(
        {
            "data": origin.label(dir),
            "saved": saved,
            "blocks": last.block_number,
            "commands": found.commands,
            "events": found.events,
            "client keys": found.keys,
            "not saved": lost,
        },
        indent=0,
    )
    if not found.findings:
        console.say("good: nothing was damaged, the copy is complete")
    elif last.last_sequence:
        console.say(f"{len(found.findings)} findings; next: {console.program()} verify {dest}")
