"""Signed checkpoints: what a journal held at one moment, so that nobody can change it later.

This file may read a journal and read and write checkpoint files.

Checksums and the chain of blocks hold no secret: who can write the journal can make another,
consistent one. A checkpoint is a statement about a journal up to the end of one block, signed
with a key that is kept elsewhere: so many blocks and bytes, the last sequence and time, the
hash of the last block, and a cryptographic digest of everything stored up to there. The last
is needed because a block binds its records by a checksum that is not cryptographic
(journal/block.py). A journal that went on afterwards still agrees with its checkpoint; one in
which a past record was changed, dropped or moved does not. FORMAT.md has every byte.
"""

import struct
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import blake3
import msgspec

from adapters import signing
from adapters.new_file import write_new
from adapters.replay import end_of
from adapters.units import BadInput, cut, format_time, parse_time
from engine.bounds import MAX_TIME_NS
from journal import Journal, JournalError, LmdbJournal, Progress

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

FORMAT_VERSION: Final = 1
DOMAIN: Final = b"lockstep checkpoint"
"""Begins what is signed, so that a signature made for something else never fits."""
SIGNED: Final = struct.Struct("<24sQQQQQ32s32s32s")
"""What is signed: domain, format, blocks, bytes, sequence, time, both hashes, public key."""
_MOST_BYTES: Final = 1 << 16


class Held(NamedTuple):
    """What a journal holds up to the end of one block."""

    blocks: int
    size_bytes: int
    """Of all stored blocks together."""
    sequence: int
    time_ns: int
    chain_hash: bytes
    """`block_hash` of the last of these blocks."""
    content_hash: bytes
    """blake3 of all stored blocks, one after the other."""


class Checkpoint(NamedTuple):
    """A signed statement about a journal."""

    held: Held
    public_key: bytes
    signature: bytes

    @property
    def message(self) -> bytes:
        """The bytes that are signed."""
        return message_of(self.held, self.public_key)


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A checkpoint as JSON; hashes, key and signature in hex."""

    format: int
    blocks: int
    bytes: int
    sequence: int
    time: str
    chain_hash: str
    content_hash: str
    public_key: str
    signature: str


def message_of(held: Held, public_key: bytes) -> bytes:
    """The bytes that are signed (FORMAT.md)."""
    return SIGNED.pack(
        DOMAIN,
        FORMAT_VERSION,
        held.blocks,
        held.size_bytes,
        held.sequence,
        held.time_ns,
        held.chain_hash,
        held.content_hash,
        public_key,
    )


# ---------------------------------------------------------------- taking one


def measure(journal: Journal, sequence: int, progress: Progress | None = None) -> Held:
    """What a journal holds up to the block that has `sequence`; every block is checked.

    Raises `CorruptJournal`.
    """
    blocks = size = 0
    last = None
    content = blake3.blake3()
    for block in journal.blocks(1, sequence):
        last = block.header
        blocks += 1
        size += last.value_bytes
        for part in (last.as_stored(), block.commands, block.events):
            content.update(part)
        if progress is not None:
            progress(last.last_sequence, sequence)
    assert last is not None, "the caller names a sequence that is there"
    return Held(
        blocks, size, last.last_sequence, last.last_time_ns, last.block_hash, content.digest()
    )


def take(
    journal: LmdbJournal,
    key: "Ed25519PrivateKey",
    sequence: int | None = None,
    progress: Progress | None = None,
) -> Checkpoint:
    """A signed checkpoint of a journal, as it is or up to the block that ends with `sequence`.

    Raises `BadInput` where no block ends there, `JournalError`.
    """
    end = journal.tail().last_sequence if sequence is None else sequence
    if sequence is not None:
        _check_end(journal, sequence)
    if not end:
        raise BadInput(f"{journal.name}: there is nothing to sign up to sequence 0")
    held = measure(journal, end, progress)
    public_key = key.public_key().public_bytes_raw()
    return Checkpoint(held, public_key, key.sign(message_of(held, public_key)))


def _check_end(journal: LmdbJournal, sequence: int) -> None:
    """Raises `BadInput` or `JournalError` unless a block ends with a sequence."""
    block = journal.block_at(end_of(journal, sequence))
    if block is not None and block.header.last_sequence != sequence:
        before, after = block.header.first_sequence - 1, block.header.last_sequence
        ends = f"{before} and {after}" if before else f"{after}"
        raise BadInput(
            f"{journal.name}: sequence {sequence} is within a block; the nearest to end one: {ends}"
        )


def write(path: Path, checkpoint: Checkpoint) -> None:
    """A new file with a checkpoint, all of it or none. Raises `BadInput`.

    An existing file is not replaced: it may be the only proof of an earlier state.
    """
    held = checkpoint.held
    file = _File(
        format=FORMAT_VERSION,
        blocks=held.blocks,
        bytes=held.size_bytes,
        sequence=held.sequence,
        time=format_time(held.time_ns),
        chain_hash=held.chain_hash.hex(),
        content_hash=held.content_hash.hex(),
        public_key=checkpoint.public_key.hex(),
        signature=checkpoint.signature.hex(),
    )
    write_new(path, msgspec.json.format(msgspec.json.encode(file), indent=2) + b"\n")


# ---------------------------------------------------------------- holding one against a journal


def read(path: Path) -> Checkpoint:
    """The checkpoint in a file; its signature is not checked yet. Raises `BadInput`."""
    try:
        with path.open("rb") as opened:
            data = opened.read(_MOST_BYTES)
    except OSError as error:
        raise BadInput(f"{path}: can't be read: {error.strerror}") from None
    try:
        file = msgspec.json.decode(data, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: is no checkpoint: {cut(str(error), 200)}") from None
    if file.format != FORMAT_VERSION:
        raise BadInput(
            f"{path}: is a checkpoint of format {file.format}, this program reads format"
            f" {FORMAT_VERSION}"
        )
    for name in ("blocks", "bytes", "sequence"):
        value = getattr(file, name)
        if not 1 <= value < 2**63:
            raise BadInput(f"{path}: is no checkpoint: {name} {value}")
    try:
        time_ns = parse_time(file.time)
    except BadInput as error:
        raise BadInput(f"{path}: is no checkpoint: time {error}") from None
    if not 0 <= time_ns <= MAX_TIME_NS or format_time(time_ns) != file.time:
        raise BadInput(f"{path}: is no checkpoint: time {file.time}")
    held = Held(
        file.blocks,
        file.bytes,
        file.sequence,
        time_ns,
        _unhexed(path, file, "chain_hash", 32),
        _unhexed(path, file, "content_hash", 32),
    )
    public_key = _unhexed(path, file, "public_key", signing.KEY_SIZE)
    return Checkpoint(held, public_key, _unhexed(path, file, "signature", signing.SIGNATURE_SIZE))


def _unhexed(path: Path, file: _File, name: str, size: int) -> bytes:
    text = getattr(file, name)
    try:
        data = bytes.fromhex(text)
    except ValueError:
        data = b""
    if len(data) != size or data.hex() != text:
        raise BadInput(f"{path}: is no checkpoint: {name} is not {2 * size} hexadecimal digits")
    return data


def signature_findings(
    path: Path, checkpoint: Checkpoint, public_key: bytes | None, key_file: Path | None
) -> list[str]:
    """Why a checkpoint proves nothing: another key, or a signature that is not the key's.

    `public_key` None: the key that the checkpoint itself names is the one that counts.
    """
    key = checkpoint.public_key
    if public_key is not None and public_key != key:
        return [
            f"{path}: signed with another key: it names {signing.fingerprint(key)}, {key_file} is"
            f" {signing.fingerprint(public_key)}"
        ]
    if not signing.is_signed(checkpoint.message, checkpoint.signature, key):
        return [f"{path}: the signature does not match: the file was changed after it was signed"]
    return []


def differences(
    journal: LmdbJournal, held: Held, path: Path, progress: Progress | None = None
) -> list[str]:
    """How a journal differs from what it held when a checkpoint was taken; one sentence each."""
    where = f"{journal.name}: "
    said = f"the checkpoint {path} has"
    sequence = held.sequence
    try:
        last = journal.tail().last_sequence
        if last < sequence:
            return [f"{where}ends with sequence {last}, {said} {sequence}: commands are missing"]
        if journal.chain_hash_at(sequence) is None:
            return [
                f"{where}sequence {sequence}: no block ends here, {said} one: what came before is"
                " stored in other blocks"
            ]
        now = measure(journal, sequence, progress)
    except JournalError as error:
        return [f"{where}the checkpoint {path} can't be compared: {error}"]
    at = f"{where}up to sequence {sequence}: "
    found: list[str] = []
    if now.blocks != held.blocks:
        found.append(f"{at}{now.blocks} blocks, {said} {held.blocks}")
    if now.size_bytes != held.size_bytes:
        found.append(f"{at}{now.size_bytes} bytes, {said} {held.size_bytes}")
    if now.time_ns != held.time_ns:
        found.append(f"{at}time {format_time(now.time_ns)}, {said} {format_time(held.time_ns)}")
    if now.chain_hash != held.chain_hash:
        found.append(
            f"{at}chain hash {now.chain_hash.hex()[:16]}, {said} {held.chain_hash.hex()[:16]}:"
            " a record was changed, dropped or moved"
        )
    elif now.content_hash != held.content_hash:
        found.append(
            f"{at}content hash {now.content_hash.hex()[:16]}, {said}"
            f" {held.content_hash.hex()[:16]}: records were changed under the same block headers"
        )
    return found
