"""`lockstep checkpoint` and `keygen`: a signed statement of what a journal holds.

This file may read a journal, write new files that are named, and print.
"""

import os
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from adapters import checkpoint as checkpoints
from adapters import signing
from adapters.cli import console, origin
from adapters.cli.arguments import AsJson, Directory
from adapters.replay import JOURNAL_FOLDER
from adapters.units import BadInput, format_time
from journal import LmdbJournal


def keygen(
    file: Annotated[Path, Parameter(help="New file for the private key; FILE.pub gets the other.")],
    /,
    *,
    json: AsJson = False,
) -> int:
    """Makes a key pair (Ed25519) for `checkpoint`: FILE signs, FILE.pub checks.

    Keep FILE away from the machine that writes the journal: who has both can sign anything. Give
    FILE.pub to everybody who checks. Nothing is overwritten.
    """
    public_key = signing.make_key(file)
    shown = {
        "private_key": str(file),
        "public_key": str(signing.public_file(file)),
        "fingerprint": signing.fingerprint(public_key),
    }
    _print(shown, json)
    return 0


def checkpoint(
    dir: Directory,
    /,
    *,
    key: Annotated[Path, Parameter(help="Private key that signs (keygen makes one).")],
    out: Annotated[Path, Parameter(help="New file for the checkpoint; nothing is overwritten.")],
    at: Annotated[
        int | None,
        Parameter(help="Sequence that ends a block; default: the end of the journal."),
    ] = None,
    json: AsJson = False,
) -> int:
    """Signs what a journal holds: size, last sequence, hash of the chain, digest of everything.

    Reads and checks the whole journal up to there. Keep the file elsewhere: `verify
    --checkpoint FILE` tells at any later time whether a past record was changed, dropped or
    moved. The journal may be in use.
    """
    signer = signing.read_private_key(key)
    if os.path.lexists(out):
        raise BadInput(f"{out}: exists already and is not overwritten; name another file")
    journal = LmdbJournal.open(dir / JOURNAL_FOLDER)
    try:
        with console.progress("reading") as report:
            taken = checkpoints.take(journal, signer, at, report)
    finally:
        journal.close()
    checkpoints.write(out, taken)
    held = taken.held
    shown = {
        "data": origin.label(dir),
        "sequence": held.sequence,
        "time": format_time(held.time_ns),
        "blocks": held.blocks,
        "bytes": held.size_bytes,
        "chain_hash": held.chain_hash.hex(),
        "content_hash": held.content_hash.hex(),
        "key": signing.fingerprint(taken.public_key),
        "file": str(out),
    }
    _print(shown, json)
    return 0


def _print(shown: dict[str, Any], json: bool) -> None:
    if json:
        console.say_json(shown)
    else:
        rows = {key.replace("_", " "): value for key, value in shown.items()}
        if "sequence" in rows:
            rows["sequence"] = str(rows["sequence"])
        console.table(rows, indent=0)
