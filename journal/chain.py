"""The blocks of a journal in the order of its chain, out of everything that a file holds.

This file may decide which of the blocks found in a damaged file (`raw_file.py`) are of the
journal, and check them; it writes nothing.

A file also holds blocks that are not of the journal: a commit that was cut off by a loss of power
may have left its block, whole, without ever being acknowledged, and the next commit then
has the same sequence. Where LMDB's tree can be read (`places.py`) it says which block counts.
Where it can't be, a block that another one follows counts, and one that later blocks
contradict does not; so at most one unacknowledged block, at the very end, is taken for good.
"""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from engine.records import CorruptRecord
from journal import framing
from journal.block import BEFORE_FIRST, Block, peek_header, read_block
from journal.errors import CorruptJournal, JournalError
from journal.layout import STORED_SEQUENCE
from journal.places import Places
from journal.raw_file import Copy, Found, RawFile, short
from journal.verify import check_records

_HEAD_BYTES: Final = 1 << 10


class Beyond(NamedTuple):
    """Blocks that were found behind the damage. They are not copied."""

    blocks: int
    first_sequence: int
    last_sequence: int


class Taken(NamedTuple):
    """A good block: its bytes, its content, and the client keys in it."""

    value: bytes
    block: Block
    keys: list[tuple[bytes, int]]


class Chain:
    """The blocks of a journal from its beginning, as far as they can be followed.

    Iterate it once; `ended` and `findings` are complete afterwards.
    """

    def __init__(
        self,
        file: RawFile,
        found: Found,
        places: Places | None,
        is_known: Callable[[bytes], bool],
    ) -> None:
        """`places`: None where LMDB's tree is damaged. `is_known`: whether an earlier block has a
        client key."""
        self._file = file
        self.found = found
        self._places = places
        self._is_known = is_known
        self._digest = 0
        self.tail = BEFORE_FIRST
        """The last good block so far."""
        self.commands = 0
        self.events = 0
        self.keys = 0
        self.ended = ""
        """The damage at which the chain ends; "": it is complete."""
        self.findings: list[str] = []
        """Other damage, that cost nothing."""

    def __iter__(self) -> Iterator[Taken]:
        while True:
            first = self.tail.last_sequence + 1
            taken = self._take(first)
            if taken is None:
                break
            yield taken
        if not self.ended:
            problem = self._why_missing(first)
            if problem:
                self.ended = self._sentence(first, problem)
        if not self.ended and self._places is not None:
            stored = self._places.keys, self._places.key_digest
            if stored != (self.keys, self._digest):
                self.findings.append(
                    f"{self._file.name}: the index of client keys is not that of the commands; it"
                    " was made anew"
                )

    def beyond(self) -> Beyond | None:
        """The blocks that were found behind the one at which the chain ended."""
        first = self.tail.last_sequence + 1
        rest = {copy.own_hash: copy for copy in self.found.after(first)}.values()
        if not self.ended or not rest:
            return None
        return Beyond(
            len(rest),
            min(copy.first_sequence for copy in rest),
            max(copy.last_sequence for copy in rest),
        )

    def _sentence(self, first: int, problem: str) -> str:
        return str(CorruptJournal(self._file.name, first, 0, problem))

    # ------------------------------------------------------------ one block

    def _take(self, first: int) -> Taken | None:
        """The good block that begins with a sequence; None, and `ended` if it is damaged."""
        place = None if self._places is None else self._places.offset_of(first)
        for copy in sorted(self._choose(first, place), key=lambda c: c.offset != place):
            try:
                taken = self._checked(copy)
            except JournalError as error:
                self.ended = self.ended or str(error)
                continue
            self.ended = ""
            if place is not None and copy.offset != place:
                problem = (
                    f"damaged at byte {place}, where the journal keeps it; an older copy at byte"
                    f" {copy.offset} is whole and was taken"
                )
                self.findings.append(self._sentence(first, problem))
            return taken
        return None

    def _checked(self, copy: Copy) -> Taken:
        """A block with all its checks; it becomes the tail. Raises `CorruptJournal`."""
        name, first = self._file.name, copy.first_sequence
        head = self._file.read(copy.offset, _HEAD_BYTES)
        value = self._file.read(copy.offset, peek_header(head, first, name).value_bytes)
        block = read_block(value, first, name, self.tail)
        try:
            commands, events = check_records(block)
            own_keys = framing.keys_of(block.commands)
        except CorruptRecord as error:
            raise CorruptJournal(name, first, 0, str(error)) from error
        once = {key for key, _ in own_keys}
        if len(once) < len(own_keys) or any(map(self._is_known, once)):
            raise CorruptJournal(name, first, 0, "a client key in it is not new")
        entries = b"".join(key + STORED_SEQUENCE.pack(sequence) for key, sequence in own_keys)
        keys = self.keys + len(own_keys)
        digest = (self._digest + framing.key_digest(entries)) % 2**64
        header = block.header
        if keys != header.key_total or (header.has_key_digest and digest != header.key_digest):
            raise CorruptJournal(name, first, 0, "its client keys are not those its header counts")
        self.commands += commands
        self.events += events
        self.keys = keys
        self._digest = digest
        self.tail = header
        return Taken(value, block, own_keys)

    # ------------------------------------------------------------ which block counts

    def _choose(self, first: int, place: int | None) -> list[Copy]:
        """All places of the one block that counts after the last good one."""
        groups: dict[int, list[Copy]] = {}
        for copy in self.found.starting_with(first):
            if copy.previous_hash == short(self.tail.block_hash):
                groups.setdefault(copy.own_hash, []).append(copy)
        counting = [group for group in groups.values() if self._counts(group, place)]
        placed = [group for group in counting if any(copy.offset == place for copy in group)]
        if placed or len(counting) < 2:
            return next(iter(placed or counting), [])
        ranked = sorted((self._followers(group[0]), group) for group in counting)
        if ranked[-1][0] > ranked[-2][0]:
            return ranked[-1][1]
        offsets = " and ".join(str(group[0].offset) for _, group in ranked)
        problem = f"different blocks at bytes {offsets}, and nothing tells which one counts"
        self.ended = self._sentence(first, problem)
        return []

    def _counts(self, group: list[Copy], place: int | None) -> bool:
        """Whether a block is of the journal, not left behind by a commit that was cut off."""
        if any(copy.offset == place for copy in group) or self._following(group[0]):
            return True
        if self._places is not None:
            return False
        own = group[0]
        later = self.found.after(own.first_sequence)
        return all(copy.block_number > own.block_number + 1 for copy in later)

    def _following(self, copy: Copy) -> list[Copy]:
        """The different blocks that say they follow one."""
        after = self.found.starting_with(copy.last_sequence + 1)
        return [*{c.own_hash: c for c in after if c.previous_hash == copy.own_hash}.values()]

    def _followers(self, copy: Copy) -> int:
        """How many blocks follow one another from one on."""
        count = 0
        front = self._following(copy)
        while front:
            count += 1
            front = [after for each in front for after in self._following(each)]
        return count

    # ------------------------------------------------------------ the end

    def _why_missing(self, first: int) -> str:
        """Why no good block begins with a sequence; "": the journal ends here."""
        places = self._places
        place = None
        if places is not None:
            if not places.firsts or places.firsts[-1] < first:
                return ""
            place = places.offset_of(first)
        for copy in self.found.starting_with(first):
            if place is None or copy.offset == place:
                if copy.previous_hash != short(self.tail.block_hash):
                    return (
                        f"chain broken: the block at byte {copy.offset} does not follow the one"
                        " before"
                    )
                return f"the block at byte {copy.offset} is not the one that later blocks follow"
        if first in self.found.damaged:
            return f"the header does not match its hash (byte {self.found.damaged[first]})"
        if place is not None:
            return f"no block begins at byte {place}, where the journal keeps it"
        if places is not None or next(self.found.after(first), None) is not None:
            return "no block begins here, but later ones were found"
        return ""
