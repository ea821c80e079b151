"""Words of a command record, and the `Rejected` event that answers a refused one.

This file may read words and write refusals. Offsets are word numbers after the three
words of the head, in the order of the classes in `records/`.
"""

from typing import Final

from librt.strings import read_i64_le
from mypy_extensions import i64, mypyc_attr

from engine import reject_codes as r
from engine.core import Core
from engine.model.accounts import Exposure

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


def find_exposure(core: Core, words: Words, command_type: i64, venue: i64) -> Exposure | None:
    """Account (field 0) in an instrument (field 1) of a venue, or None after a refusal."""
    login = words.at(0)
    number = words.at(1)
    known = core.find_exposure(login, number)
    if known is not None and known.instrument.venue == venue:
        return known
    account = core.accounts.get(login)
    if account is None:
        reject(core, login, command_type, r.UNKNOWN_ACCOUNT, 0, number, login)
        return None
    instrument = core.instrument(number)
    if instrument is None:
        reject(core, login, command_type, r.UNKNOWN_INSTRUMENT, 0, number, number)
        return None
    if instrument.venue != venue:
        reject(core, login, command_type, r.OTHER_VENUE, 0, number, instrument.venue)
        return None
    return core.exposure(account, instrument)


def reject(
    core: Core, login: i64, command_type: i64, code: i64, ticket: i64, instrument: i64, detail: i64
) -> None:
    """Writes the refusal; the caller has changed nothing and changes nothing after."""
    core.events.rejected(login, command_type, code, ticket, instrument, detail)
