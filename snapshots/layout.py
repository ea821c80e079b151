"""One snapshot as bytes: a header, and the state of the core, compressed or not.

This file may turn a state into a stored value and back; it may not do I/O. A snapshot
says which journal it belongs to by the chain hash at its sequence, and carries its own
checksums, as a block of the journal does: xxh3 over the body, blake3 over the header.
"""

import struct
from typing import Final, NamedTuple

import blake3
import xxhash
import zstandard

MAGIC: Final = b"LOCKSNAP"
FORMAT_VERSION: Final = 1
HEADER: Final = struct.Struct("<8sIIqqqqq32s64s16s32s")
HEADER_SIZE: Final = HEADER.size
HASHED_SIZE: Final = HEADER_SIZE - 32
"""Bytes of the header that `header_hash` covers: all before it."""
RAW: Final = 0
ZSTD: Final = 1
ZSTD_LEVEL: Final = 1
MAX_STORED_BYTES: Final = 2**32 - 2**20
"""LMDB's largest value is 4 GiB."""


class SnapshotError(Exception):
    """A snapshot or their store can't be read or written; the message is one sentence."""


class SnapshotInfo(NamedTuple):
    """The header of a snapshot. Byte offsets are in FORMAT.md."""

    sequence: int
    """The last command that the state contains; always the last of a block."""
    time_ns: int
    """The core's time at that point, nanoseconds since 1970-01-01 UTC."""
    state_bytes: int
    """Size of the state as it is."""
    stored_bytes: int
    """Size of what follows the header."""
    encoding: int
    """0: the state as it is; 1: zstd."""
    journal_hash: bytes
    """Hash of the journal's block that ends with `sequence`."""
    state_hash: str
    """Digest of the state (BLAKE2b-256) in hex, 64 ASCII characters."""
    body_checksum: bytes
    """xxh3, 128 bits, of what follows the header."""
    header_hash: bytes
    """blake3 of all bytes of the header before this field."""


class Snapshot(NamedTuple):
    """A snapshot that was read and checked."""

    info: SnapshotInfo
    state: bytes


def pack(
    sequence: int,
    time_ns: int,
    journal_hash: bytes,
    state_hash: str,
    state: bytes,
    *,
    compress: bool = True,
) -> tuple[SnapshotInfo, bytes]:
    """The header and the value to store."""
    body = zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(state) if compress else state
    encoding = ZSTD if compress else RAW
    if len(body) > MAX_STORED_BYTES:
        raise SnapshotError(f"{len(body)} bytes of state, at most {MAX_STORED_BYTES} fit")
    checksum = xxhash.xxh3_128_digest(body)
    head = HEADER.pack(
        MAGIC,
        FORMAT_VERSION,
        HEADER_SIZE,
        sequence,
        time_ns,
        len(state),
        len(body),
        encoding,
        journal_hash,
        state_hash.encode("ascii"),
        checksum,
        bytes(32),
    )[:HASHED_SIZE]
    header_hash = blake3.blake3(head).digest()
    info = SnapshotInfo(
        sequence,
        time_ns,
        len(state),
        len(body),
        encoding,
        journal_hash,
        state_hash,
        checksum,
        header_hash,
    )
    return info, b"".join((head, header_hash, body))


def read_info(value: bytes | memoryview, key: int) -> SnapshotInfo:
    """The checked header of a stored snapshot. Raises `SnapshotError`."""
    if len(value) < HEADER_SIZE:
        raise SnapshotError(f"snapshot {key}: {len(value)} bytes, at least {HEADER_SIZE} expected")
    magic, version, header_size, *fields = HEADER.unpack_from(value)
    if blake3.blake3(value[:HASHED_SIZE]).digest() != fields[-1] or magic != MAGIC:
        raise SnapshotError(f"snapshot {key}: its header does not match its hash")
    if version != FORMAT_VERSION or header_size != HEADER_SIZE:
        raise SnapshotError(
            f"snapshot {key}: format {version}, this program reads format {FORMAT_VERSION}"
        )
    fields[6] = fields[6].rstrip(b"\0").decode("ascii", "replace")
    info = SnapshotInfo(*fields)
    if info.sequence != key:
        raise SnapshotError(f"snapshot {key}: its header says {info.sequence}")
    if len(value) != HEADER_SIZE + info.stored_bytes:
        raise SnapshotError(
            f"snapshot {key}: {len(value)} bytes, {HEADER_SIZE + info.stored_bytes} expected"
        )
    return info


def read(value: bytes | memoryview, key: int) -> Snapshot:
    """A stored snapshot with all its checks. Raises `SnapshotError`."""
    info = read_info(value, key)
    body = value[HEADER_SIZE:]
    if xxhash.xxh3_128_digest(body) != info.body_checksum:
        raise SnapshotError(f"snapshot {key}: its state does not match its checksum")
    if info.state_bytes < 0:
        raise SnapshotError(f"snapshot {key}: {info.state_bytes} bytes of state")
    if info.encoding == ZSTD:
        try:
            state = zstandard.ZstdDecompressor().decompress(
                body, max_output_size=info.state_bytes, allow_extra_data=False
            )
        except (zstandard.ZstdError, MemoryError) as error:
            raise SnapshotError(f"snapshot {key}: can't be unpacked: {error!r}") from error
    elif info.encoding == RAW:
        state = bytes(body)
    else:
        raise SnapshotError(f"snapshot {key}: {info.encoding} is no known encoding")
    if len(state) != info.state_bytes:
        raise SnapshotError(
            f"snapshot {key}: {len(state)} bytes of state, {info.state_bytes} expected"
        )
    return Snapshot(info, state)
