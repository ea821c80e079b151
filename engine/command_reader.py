"""Words of a command record, and the `Rejected` event that answers a refused one.

This file may read words and write refusals. Offsets are word numbers after the three
words of the head, in the order of the classes in `records/`.
"""

from typing import Final

from librt.strings import read_i64_le
from mypy_extensions import i64, mypyc_attr

from engine.core import Core

HEAD_BYTES: Final = 24


@mypyc_attr(acyclic=True)
class Words:
    """The command at work: its block, and where its fields begin."""

    def __init__(self, block: bytes) -> None:
        self.block = block
        self.start: i64 = 0

    def at(self, field: i64) -> i64:
        """Field number `field` of the record."""
        return read_i64_le(self.block, self.start + HEAD_BYTES + 8 * field)


def reject(
    core: Core, login: i64, command_type: i64, code: i64, ticket: i64, instrument: i64, detail: i64
) -> None:
    """Writes the refusal; the caller has changed nothing and changes nothing after."""
    core.events.rejected(login, command_type, code, ticket, instrument, detail)
