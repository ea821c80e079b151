"""Arguments that several commands share, and how their text is read.

This file may parse only.
"""

import os
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from adapters.cli.directory import check_reachable
from adapters.hook_plugin import load_hooks
from adapters.units import I64_MAX, BadInput, parse_time, shown
from engine import Hooks


def reachable(_: object, directory: Path) -> None:
    """Raises `BadInput` for a directory that can't be looked into."""
    check_reachable(directory)


Directory = Annotated[
    Path, Parameter(validator=reachable, help="Directory of the run: journal and snapshots.")
]
AsJson = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON instead of text.")]
HookModule = Annotated[
    str | None,
    Parameter(name="--hooks", help="Python module with the hooks that decide with the core."),
]


def hooks_of(module: str | None) -> Hooks | None:
    """The hooks of a module by name, also from the working folder. Raises `BadHooks`."""
    if module is None:
        return None
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    return load_hooks(module)


def point(option: str, text: str | None) -> tuple[int | None, int | None]:
    """`SEQ|TIME` as (sequence, None) or (None, time_ns). Raises `BadInput`."""
    if text is None:
        return None, None
    if text.isascii() and text.isdigit():
        if len(text) > 19 or int(text) > I64_MAX:
            raise BadInput(f"{option} {shown(text)}: is beyond any sequence")
        return int(text), None
    try:
        return None, parse_time(text)
    except BadInput:
        raise BadInput(
            f"{option} {shown(text)}: is neither a sequence number nor a time such as"
            " 2014-05-05T14:03:00Z"
        ) from None
