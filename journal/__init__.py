"""The journal: the only truth. Blocks of commands and events, durable, chained, checked.

Nothing here may import the core beyond `engine.records`. Start with `interface.py` for
what a journal does, `block.py` for how a block is checked, `lmdb_journal.py` for how it
is stored; FORMAT.md has every byte.
"""

from journal.block import (
    BEFORE_FIRST,
    FORMAT_VERSION,
    GENESIS_HASH,
    NO_HOOKS,
    Block,
    BlockDraft,
    BlockHeader,
)
from journal.errors import (
    CorruptJournal,
    JournalError,
    JournalFailed,
    JournalInUse,
    JournalVersion,
    NoJournal,
)
from journal.interface import Answer, Journal, Progress, Verification
from journal.lmdb_journal import LmdbJournal

__all__ = [
    "BEFORE_FIRST",
    "FORMAT_VERSION",
    "GENESIS_HASH",
    "NO_HOOKS",
    "Answer",
    "Block",
    "BlockDraft",
    "BlockHeader",
    "CorruptJournal",
    "Journal",
    "JournalError",
    "JournalFailed",
    "JournalInUse",
    "JournalVersion",
    "LmdbJournal",
    "NoJournal",
    "Progress",
    "Verification",
]
