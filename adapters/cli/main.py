"""The `lockstep` command: parses arguments, runs one command, turns failures into sentences.

This file may parse and dispatch only; each command is in its own file. Exit codes: 0 good,
1 a difference or damage was found, 2 input that can't be used (one sentence on stderr,
nothing changed; or hooks that failed: what was committed before stays), 3 a journal that
could not be written, 70 a fault of the program itself (with its traceback), 130 interrupted.
"""

import os
import sys
import traceback
from collections.abc import Sequence
from importlib import metadata

from cyclopts import App, CycloptsError

from adapters.cli import (
    checkpoint,
    demo,
    diff,
    look,
    positions,
    proof,
    run,
    salvage,
    settle,
    verify,
)
from adapters.cli.console import OutputFailed, flush, note
from adapters.hook_plugin import BadHooks, HookFailed
from adapters.node import KeyConflict, NodeFailed
from adapters.units import BadInput
from engine.records import CorruptRecord
from journal import JournalError, JournalFailed
from snapshots import SnapshotError

GOOD = 0
BAD_INPUT = 2
NOT_WRITTEN = 3
_FAULT = 70
_INTERRUPTED = 130
_UNUSABLE = (
    BadInput,
    JournalError,
    CorruptRecord,
    SnapshotError,
    KeyConflict,
    BadHooks,
    HookFailed,
)


def _version() -> str:
    try:
        return metadata.version("lockstep")
    except metadata.PackageNotFoundError:
        return "unknown (not installed)"


app = App(
    name="lockstep",
    help="Runs trading days through a deterministic core into a durable journal, and replays them.",
    help_epilogue=(
        "Exit codes: 0 good, 1 a difference or damage was found, 2 input that can't be used or"
        " hooks that failed, 3 a journal that could not be written, 70 a fault of the program."
        "  SEQ|TIME is a sequence number, or a time such as 2014-05-05T14:03:00Z (UTC unless an"
        " offset follows)."
    ),
    version=_version,
    default_parameter=None,
)
for command in (
    demo.demo,
    run.run,
    proof.replay,
    look.state,
    positions.positions,
    look.events,
    verify.verify,
    salvage.salvage,
    checkpoint.checkpoint,
    checkpoint.keygen,
    diff.diff,
    settle.settle,
    proof.snapshot,
):
    app.command(command)


def execute(arguments: Sequence[str]) -> int:
    """Runs the command line; returns the exit code.

    Raises only where the output goes nowhere: `BrokenPipeError`, `OutputFailed`.
    """
    try:
        code = app(
            list(arguments), exit_on_error=False, print_error=False, result_action="return_value"
        )
        return code if isinstance(code, int) else GOOD
    except CycloptsError as error:
        note(f"lockstep: {_one_line(str(error))} (lockstep --help tells more)")
        return BAD_INPUT
    except (JournalFailed, NodeFailed) as error:
        note(f"lockstep: {_one_line(str(error))}")
        return NOT_WRITTEN
    except _UNUSABLE as error:
        note(f"lockstep: {_one_line(str(error))}")
        return BAD_INPUT
    except (BrokenPipeError, OutputFailed):
        raise
    except Exception:
        note(traceback.format_exc().rstrip())
        note("lockstep: this is a fault of the program, not of what it was given")
        return _FAULT


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _drop_output() -> None:
    """Lets what is still to be printed go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main() -> None:
    """Entry point of the `lockstep` script."""
    try:
        code = execute(sys.argv[1:])
        flush()
    except BrokenPipeError:
        # The reader of a pipe went away (`lockstep events ... | head`): not our failure.
        _drop_output()
        code = GOOD
    except OutputFailed as error:
        _drop_output()
        note(f"lockstep: {error}")
        code = _FAULT
    except KeyboardInterrupt:
        note("lockstep: interrupted; what was committed stays in the journal")
        code = _INTERRUPTED
    sys.exit(code)
