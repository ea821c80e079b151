"""`lockstep verify`: is a journal whole, and is it the one that a checkpoint was taken of?

This file may read and print.
"""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from adapters import checkpoint as checkpoints
from adapters import signing
from adapters.checkpoint import Checkpoint
from adapters.cli import console, origin
from adapters.cli.arguments import AsJson, Directory
from adapters.replay import JOURNAL_FOLDER
from adapters.units import BadInput, format_time
from journal import CorruptJournal, LmdbJournal


def verify(
    dir: Directory,
    /,
    *,
    checkpoint: Annotated[
        Path | None,
        Parameter(help="Signed checkpoint of an earlier time; the journal must still agree."),
    ] = None,
    public_key: Annotated[
        Path | None,
        Parameter(
            help="PEM file with the key that must have signed it (keygen writes it as FILE.pub)."
            " Without it anybody who can write the checkpoint could have signed it."
        ),
    ] = None,
    json: AsJson = False,
) -> int:
    """Checks a journal: every checksum, the chain of blocks, the sequences, the client keys.

    With --checkpoint it must also hold, unchanged, everything it held when the checkpoint was
    signed; what came later does not matter. Nothing is executed (that is `replay --verify`).
    Exit code 1 if anything is wrong, with a line for each finding.
    """
    if public_key is not None and checkpoint is None:
        raise BadInput("--public-key: goes with --checkpoint")
    signed = None if checkpoint is None else checkpoints.read(checkpoint)
    key = None if public_key is None else signing.read_public_key(public_key)
    counts: dict[str, int] = {}
    findings: list[str] = []
    proof: list[str] = []
    if signed is not None and checkpoint is not None:
        proof = checkpoints.signature_findings(checkpoint, signed, key, public_key)
    try:
        journal = LmdbJournal.open(dir / JOURNAL_FOLDER)
        try:
            with console.progress("verifying") as report:
                found = journal.verify(report)
            counts = {
                "blocks": found.blocks,
                "commands": found.commands,
                "events": found.events,
                "client_keys": found.keys,
            }
            findings += found.findings
            if signed is not None and checkpoint is not None and not proof:
                with console.progress("comparing") as report:
                    proof = checkpoints.differences(journal, signed.held, checkpoint, report)
        finally:
            journal.close()
    except CorruptJournal as error:
        findings.append(str(error))
    findings += proof
    said = {} if signed is None else _about(signed, key is not None)
    if json:
        shown = {"checkpoint": said} if said else {}
        label = {"data": origin.label(dir)}
        console.say_json(label | counts | shown | {"good": not findings, "findings": findings})
    else:
        _print(dir, counts, said, findings)
    return 1 if findings else 0


def _about(signed: Checkpoint, key_given: bool) -> dict[str, Any]:
    """What a checkpoint says of itself."""
    return {
        "sequence": signed.held.sequence,
        "time": format_time(signed.held.time_ns),
        "key": signing.fingerprint(signed.public_key),
        "key_given": key_given,
    }


def _print(dir: Path, counts: dict[str, int], said: dict[str, Any], findings: list[str]) -> None:
    for finding in findings:
        console.say(finding)
    shown = {key.replace("_", " "): count for key, count in counts.items()}
    rows: dict[str, Any] = {"data": origin.label(dir), **shown}
    if said:
        rows["checkpoint"] = f"sequence {said['sequence']}, {said['time']}"
        rows["signed by"] = f"key {said['key']}"
    console.table(rows, indent=0)
    if said and not said["key_given"]:
        console.say(
            "only the key named inside the checkpoint was used; --public-key FILE tells whether"
            " it is the right one"
        )
    if findings:
        console.say(f"{len(findings)} findings")
    elif said:
        console.say("good: nothing is wrong, and the journal agrees with the checkpoint")
    else:
        console.say("good: nothing is wrong")
