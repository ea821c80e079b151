"""The mutants that change nothing, each with its reason (equivalent.toml).

This file may read the list and answer whether a mutant is in it.
"""

import tomllib
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.mutation.mutants import Mutant

LIST = Path(__file__).resolve().parent / "equivalent.toml"


class Equivalent(NamedTuple):
    """A line of a file, what it may be changed to, and why nothing could notice."""

    file: str
    line: str
    becomes: str
    reason: str


@cache
def equivalents() -> tuple[Equivalent, ...]:
    with LIST.open("rb") as file:
        return tuple(Equivalent(**entry) for entry in tomllib.load(file)["mutant"])


@cache
def _changes() -> frozenset[tuple[str, str, str]]:
    return frozenset((x.file, x.line, x.becomes) for x in equivalents())


def is_equivalent(mutant: Mutant) -> bool:
    return (mutant.file, mutant.before, mutant.after) in _changes()
