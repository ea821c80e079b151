"""The named databases of a journal in LMDB, and how their keys and values are laid out.

This file may hold constants only. Keys of LMDB are big-endian, because LMDB orders them
as bytes; everything inside a value is little-endian.
"""

import struct
from typing import Final

META: Final = b"meta"
BLOCKS: Final = b"blocks"
KEYS: Final = b"keys"

META_KEY: Final = b"journal"
META_VALUE: Final = struct.Struct("<8sII32s")
"""Magic, format version, record version, genesis hash."""

SEQUENCE: Final = struct.Struct(">Q")
"""Key of `blocks`: the first sequence of the block."""

KEY_SIZE: Final = 16
"""Key of `keys`: key_high and key_low, each big-endian."""

STORED_SEQUENCE: Final = struct.Struct("<Q")
"""Value of `keys`: the sequence of the command."""

KEY_ENTRY_SIZE: Final = KEY_SIZE + STORED_SEQUENCE.size
"""A client key with its value."""
