"""Everything there is to check in a stored journal, and a report of all that is wrong.

This file may read a journal, never change one. Unlike a reader, which stops at the first
trouble, it goes on: with the block as it is (if its header can be read) or after it. It
walks the records of every block and compares the index of client keys both ways.
"""

from typing import Any

from engine import records
from engine.records import CorruptRecord
from journal import framing
from journal.block import BEFORE_FIRST, Block, BlockHeader, check_follows, read_block
from journal.environment import Environment
from journal.errors import CorruptJournal, JournalError
from journal.interface import Progress, Verification
from journal.layout import KEY_SIZE, SEQUENCE, STORED_SEQUENCE

_COMMAND_TYPES = {c.TYPE for c in records.COMMAND_CLASSES}
_EVENT_TYPES = {c.TYPE for c in records.EVENT_CLASSES}


class _Tally:
    """What was counted and found so far."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.blocks = 0
        self.commands = 0
        self.events = 0
        self.keys = 0
        self.key_digest = 0
        self.findings: list[str] = []


def verify(
    environment: Environment,
    file: str,
    blocks: Any,
    keys: Any,
    progress: Progress | None = None,
) -> Verification:
    """Checks every block, record and client key. `blocks`, `keys`: the LMDB databases."""
    tally = _Tally(file)
    previous: BlockHeader | None = BEFORE_FIRST
    position = b""
    last = _last_sequence(environment, blocks, tally)
    while True:
        item = _next_item(environment, blocks, position, tally)
        if item is None:
            break
        position, value = item
        previous = _verify_block(environment, keys, position, value, previous, tally)
        if progress is not None and previous is not None:
            progress(previous.last_sequence, last)
    _verify_key_count(environment, keys, tally)
    return Verification(tally.blocks, tally.commands, tally.events, tally.keys, tally.findings)


def _next_item(
    environment: Environment, blocks: Any, after: bytes, tally: _Tally
) -> tuple[bytes, bytes] | None:
    """The stored block after a key (b"": the first): its key and bytes."""
    try:
        with environment.reading() as transaction:
            cursor = transaction.cursor(blocks)
            found = cursor.set_range(after + b"\0") if after else cursor.first()
            if not found:
                return None
            if bytes(cursor.key()) <= after:
                raise CorruptJournal(tally.file, 0, 0, "the blocks are not in order")
            return bytes(cursor.key()), bytes(cursor.value())
    except JournalError as error:
        tally.findings.append(str(error))
        return None


def _last_sequence(environment: Environment, blocks: Any, tally: _Tally) -> int:
    """The first sequence of the last block, to measure progress by."""
    try:
        with environment.reading() as transaction:
            cursor = transaction.cursor(blocks)
            return int.from_bytes(cursor.key(), "big") if cursor.last() else 0
    except JournalError as error:
        tally.findings.append(str(error))
        return 0


def _verify_block(
    environment: Environment,
    keys: Any,
    key: bytes,
    value: bytes,
    previous: BlockHeader | None,
    tally: _Tally,
) -> BlockHeader | None:
    """Checks one block; returns its header, or None where the chain can't be followed."""
    tally.blocks += 1
    if len(key) != SEQUENCE.size:
        tally.findings.append(f"{tally.file}: a block under a key of {len(key)} bytes")
        return None
    first = SEQUENCE.unpack(key)[0]
    try:
        block = read_block(value, first, tally.file, None)
    except JournalError as error:
        tally.findings.append(str(error))
        return None
    if previous is not None:
        try:
            check_follows(block.header, previous, tally.file)
        except CorruptJournal as error:
            tally.findings.append(str(error))
    try:
        commands, events = check_records(block)
        tally.commands += commands
        tally.events += events
        _verify_keys(environment, keys, block, tally)
    except JournalError as error:
        tally.findings.append(str(error))
    except CorruptRecord as error:
        tally.findings.append(str(CorruptJournal(tally.file, first, 0, str(error))))
    return block.header


def check_records(block: Block) -> tuple[int, int]:
    """How many commands and events a block has, after a look at each of them.

    Raises `CorruptRecord` for framing, types and sizes that are wrong, and for sequences that
    are not dense.
    """
    header = block.header
    first = header.first_sequence
    if not block.commands:
        raise CorruptRecord("it has no commands")
    counts = {"event": 0}
    for data, types, what in (
        (block.commands, _COMMAND_TYPES, "command"),
        (block.events, _EVENT_TYPES, "event"),
    ):
        if not data:
            continue
        words = framing.words_of(data)
        starts = framing.record_starts(data)
        counts[what] = len(starts)
        heads = words[starts]
        for head in set(heads.tolist()):
            if head & 0xFFFF not in types:
                raise CorruptRecord(f"{head & 0xFFFF} is no type of {what}")
            if head & 0xFFFF != records.Configure.TYPE:
                expected = records.record_size(head & 0xFFFF)
                if head >> 32 != expected:
                    raise CorruptRecord(f"{what} of {head >> 32} bytes, {expected} were expected")
        sequences = words[starts + 1]
        if what == "command":
            expected_count = header.last_sequence - first + 1
            if len(starts) != expected_count or int(sequences[0]) != first:
                raise CorruptRecord(f"{len(starts)} commands, {expected_count} were expected")
            if bool((sequences[1:] - sequences[:-1] != 1).any()):
                raise CorruptRecord("the sequences of its commands have a gap")
            if int(words[starts[0] + 2]) != header.first_time_ns:
                raise CorruptRecord(
                    f"its first command has another time than {header.first_time_ns}"
                )
        else:
            if bool((sequences[1:] < sequences[:-1]).any()):
                raise CorruptRecord("the sequences of its events go backwards")
            if not first <= int(sequences[0]) <= int(sequences[-1]) <= header.last_sequence:
                raise CorruptRecord("its events name commands of other blocks")
    return counts["command"], counts["event"]


def _verify_keys(environment: Environment, keys: Any, block: Block, tally: _Tally) -> None:
    """Every client key of a block leads back to its command."""
    own_keys = framing.keys_of(block.commands)
    entries = b"".join(key + STORED_SEQUENCE.pack(sequence) for key, sequence in own_keys)
    tally.key_digest = (tally.key_digest + framing.key_digest(entries)) & 2**64 - 1
    with environment.reading() as transaction:
        for key, sequence in own_keys:
            tally.keys += 1
            value = transaction.get(key, db=keys)
            stored = bytes(value) if value is not None else b""
            if stored != STORED_SEQUENCE.pack(sequence):
                found = f"leads to {int.from_bytes(stored, 'little')}" if stored else "is missing"
                tally.findings.append(
                    str(
                        CorruptJournal(
                            tally.file,
                            block.header.first_sequence,
                            sequence,
                            f"its client key {key.hex()} {found} in the index of client keys",
                        )
                    )
                )
    if tally.keys != block.header.key_total:
        raise CorruptJournal(
            tally.file,
            block.header.first_sequence,
            0,
            f"{tally.keys} client keys so far, its header says {block.header.key_total}",
        )
    if block.header.has_key_digest and tally.key_digest != block.header.key_digest:
        raise CorruptJournal(
            tally.file,
            block.header.first_sequence,
            0,
            f"the digest of the client keys so far is {tally.key_digest:#x}, its header says"
            f" {block.header.key_digest:#x}",
        )


def _verify_key_count(environment: Environment, keys: Any, tally: _Tally) -> None:
    """The index of client keys holds the keys of the commands and no others."""
    try:
        with environment.reading() as transaction:
            entries = transaction.stat(keys)["entries"]
            before = b""
            for key in transaction.cursor(keys).iternext(values=False):
                if len(key) != KEY_SIZE or bytes(key) <= before:
                    raise CorruptJournal(tally.file, 0, 0, "the client keys are not in order")
                before = bytes(key)
    except JournalError as error:
        tally.findings.append(str(error))
        return
    if entries != tally.keys:
        tally.findings.append(
            f"{tally.file}: {entries} client keys in the index, the commands have {tally.keys}"
        )
