"""What is on a disk, byte for byte, and what may be left of it after the power went.

This file may do no I/O but write a result into a folder. Of every file the *durable* bytes
are kept (those at its last sync) and the writes since then, in order. After a loss of power
any of these may be on the disk or not, page by page, and a page may be torn into sectors of
512 bytes; they are applied in their order, because a later write of the same bytes goes over
an earlier one in the page cache. The file's size is one of those it had since the sync. A
name that its directory was not synced with may be missing, with all below it.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

PAGE: Final = 4096
SECTOR: Final = 512
ALL: Final = (1 << PAGE // SECTOR) - 1
"""A mask of sectors: the whole page."""
VOLATILE: Final = "lock.mdb"
"""Shared memory between processes, never synced: anything may be in it after a loss of power."""


class Unsynced(NamedTuple):
    """A write or a change of size that no sync has covered yet."""

    offset: int
    data: bytes
    size: int
    """Of the file afterwards."""


class Piece(NamedTuple):
    """The part of a write that lies within one page."""

    offset: int
    data: bytes


class Stored:
    """One file."""

    __slots__ = ("durable", "now", "size", "unsynced")

    def __init__(self, durable: bytes | bytearray = b"", size: int = 0) -> None:
        self.durable = bytearray(durable)
        """Up to `size`; zeros at its end may be left out."""
        self.size = size
        self.unsynced: list[Unsynced] = []
        self.now = size
        """The size that the running process sees."""

    def write(self, offset: int, data: bytes, *, lands_at: int | None = None) -> None:
        """A write into the page cache. `lands_at`: where the disk will put it by mistake."""
        self.now = max(self.now, offset + len(data))
        self.unsynced.append(Unsynced(offset if lands_at is None else lands_at, data, self.now))

    def resize(self, size: int) -> None:
        self.now = size
        self.unsynced.append(Unsynced(size, b"", size))

    def sync(self) -> None:
        """All of it is durable now."""
        for change in self.unsynced:
            self._apply(change.offset, change.data)
            self._cut(change.size)
        self.unsynced.clear()

    def put(self, offset: int, data: bytes) -> None:
        """A write that is durable by itself (`O_DSYNC`), as are the pages that it touches."""
        end = offset + len(data)
        first, last = offset - offset % PAGE, end + -end % PAGE
        others = []
        for change in self.unsynced:
            start, stop = change.offset, change.offset + len(change.data)
            if not change.data or stop <= first or start >= last:
                others.append(change)
                continue
            low, high = max(start, first) - start, min(stop, last) - start
            self._apply(start + low, change.data[low:high])
            if low:
                others.append(Unsynced(start, change.data[:low], change.size))
            if high < len(change.data):
                others.append(Unsynced(start + high, change.data[high:], change.size))
        self.unsynced = others
        self._apply(offset, data)
        self.now = max(self.now, end)
        self.size = max(self.size, end)

    def pieces(self) -> list[Piece]:
        """The unsynced writes, page by page."""
        found = []
        for offset, data, _ in self.unsynced:
            position = 0
            while position < len(data):
                end = min(len(data), position + PAGE - (offset + position) % PAGE)
                found.append(Piece(offset + position, data[position:end]))
                position = end
        return found

    def sizes(self) -> list[int]:
        """The sizes that the file may have after a loss of power, each once."""
        return list(dict.fromkeys((self.size, *(change.size for change in self.unsynced))))

    def left(self, masks: Sequence[int], size: int) -> "Stored":
        """The file with those sectors of its unsynced pieces that the masks name, at a size."""
        result = Stored(self.durable, self.size)
        for (offset, data), mask in zip(self.pieces(), masks, strict=True):
            if mask == ALL:
                result._apply(offset, data)
            elif mask:
                for start, end in _sectors(offset, len(data), mask):
                    result._apply(offset + start, data[start:end])
        result._cut(size)
        result.now = size
        return result

    def fail_sync(self, masks: Sequence[int], size: int) -> None:
        """A sync failed: what the masks name is on the disk, the rest will never be."""
        left = self.left(masks, size)
        self.durable, self.size = left.durable, left.size
        self.unsynced.clear()

    def _apply(self, offset: int, data: bytes) -> None:
        durable = self.durable
        if offset >= len(durable):
            if data.count(0) == len(data):
                return
            durable.extend(bytes(offset - len(durable)))
        durable[offset : offset + len(data)] = data

    def _cut(self, size: int) -> None:
        del self.durable[size:]
        self.size = size


def _sectors(offset: int, length: int, mask: int) -> Iterable[tuple[int, int]]:
    """The stretches of a piece (begin, end) that lie in the sectors of a mask."""
    for sector in range(PAGE // SECTOR):
        if mask >> sector & 1:
            start = max(0, sector * SECTOR - offset % PAGE)
            end = min(length, (sector + 1) * SECTOR - offset % PAGE)
            if start < end:
                yield start, end


@dataclass
class Image:
    """All files of a disk at rest. `told` says in words how it came about."""

    files: dict[str, Stored] = field(default_factory=dict)
    folders: list[str] = field(default_factory=list)
    """Below the root, parents first."""
    told: str = ""

    def flip(self, random: Random, n_bits: int, file: str) -> None:
        """Flips bits of a file where it is not empty. They are told in `told`."""
        durable = self.files[file].durable
        places = [random.randrange(8 * len(durable)) for _ in range(n_bits if durable else 0)]
        for place in places:
            durable[place >> 3] ^= 1 << (place & 7)
        if places:
            told = ", ".join(f"{place >> 3}.{place & 7}" for place in places)
            self.told += f"; flipped in {file}: {told}"

    def write(self, target: Path) -> None:
        """Writes all of it into a folder, which is made; zeros at the end become a hole."""
        target.mkdir(parents=True, exist_ok=True)
        for folder in self.folders:
            (target / folder).mkdir(exist_ok=True)
        for name, stored in self.files.items():
            descriptor = os.open(target / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
            try:
                os.write(descriptor, stored.durable)
                os.ftruncate(descriptor, stored.size)
            finally:
                os.close(descriptor)


@dataclass
class Platter:
    """The files below a folder. Names are relative to it, "" is the folder itself."""

    files: dict[str, Stored] = field(default_factory=dict)
    """What the running process sees."""
    inodes: dict[int, Stored] = field(default_factory=dict)
    """The same files by the number that stays when one is renamed."""
    folders: set[str] = field(default_factory=set)
    synced: dict[str, dict[str, Stored | None]] = field(default_factory=dict)
    """Folder -> the names its last sync found in it, each with its file (None: a folder)."""

    @classmethod
    def of(cls, image: Image) -> "Platter":
        """A disk that holds an image and nothing unsynced."""
        platter = cls(files=dict(image.files), folders=set(image.folders))
        for folder in ("", *image.folders):
            platter.sync_folder(folder)
        return platter

    def file(self, name: str, inode: int) -> Stored:
        """The file that has this name now, also where it had another, or is new."""
        stored = self.inodes.get(inode)
        if stored is None:
            known = self.files.get(name)
            others = self.inodes.values()
            stored = Stored() if known is None or known in others else known
            self.inodes[inode] = stored
        if self.files.get(name) is not stored:
            self.files[name] = stored
            self.add_folder(_parent(name))
        return stored

    def add_folder(self, folder: str) -> None:
        while folder:
            self.folders.add(folder)
            folder = _parent(folder)

    def take_over(self, folder: str, entries: Iterable[tuple[str, int]]) -> None:
        """What a folder holds now: names with their inodes; 0 for a folder."""
        found = set()
        for entry, inode in entries:
            name = f"{folder}/{entry}" if folder else entry
            found.add(name)
            if inode:
                self.file(name, inode)
            else:
                self.add_folder(name)
        for name in [n for n in self.files if _parent(n) == folder and n not in found]:
            del self.files[name]
        self.folders -= {n for n in self.folders if _parent(n) == folder and n not in found}

    def sync_folder(self, folder: str) -> None:
        """The names in a folder are durable now, and so are those that are gone."""
        names: dict[str, Stored | None] = {}
        for name, stored in self.files.items():
            if _parent(name) == folder:
                names[name] = stored
        for name in sorted(self.folders):
            if _parent(name) == folder:
                names[name] = None
        self.synced[folder] = names

    def unsynced_pieces(self) -> int:
        """How many pieces of pages a loss of power has to decide about."""
        return sum(len(stored.pieces()) for _, stored in self._each())

    def _each(self) -> Iterable[tuple[str, Stored]]:
        """Every file once, by the first of its names."""
        names = {id(stored): name for name, stored in reversed(self.files.items())}
        return [(name, s) for name, s in self.files.items() if names[id(s)] == name]

    def power_cut(self, random: Random, masks: Sequence[int] | None = None) -> Image:
        """What is left when the power goes now.

        `masks`: which sectors of each unsynced piece are on the disk, file after file as in
        `files`; by default chance decides.
        """
        if masks is None:
            masks = random_masks(random, self.unsynced_pieces())
        image = Image()
        told = []
        start = 0
        kept: dict[int, Stored] = {}
        for name, stored in self._each():
            n_pieces = len(stored.pieces())
            own = masks[start : start + n_pieces]
            start += n_pieces
            size = random.choice(stored.sizes())
            kept[id(stored)] = stored.left(own, size)
            if stored.unsynced and os.path.basename(name) != VOLATILE:
                told.append(f"{name} {size} bytes, sectors {_shown(own)}")
        self._list("", random, kept, image, told)
        image.told = "power cut: " + ("; ".join(told) or "nothing was unsynced")
        return image

    def _list(
        self, folder: str, random: Random, kept: dict[int, Stored], image: Image, told: list[str]
    ) -> None:
        """Takes the names of a folder into an image that were synced, and others by chance."""
        synced = self.synced.get(folder, {})
        names: dict[str, Stored | None] = dict.fromkeys(
            name for name in sorted(self.folders) if _parent(name) == folder
        )
        names |= {name: s for name, s in self.files.items() if _parent(name) == folder}
        for name in dict.fromkeys((*synced, *names)):
            chosen = names if name in names else synced
            if names.get(name) is not synced.get(name) or (name in names) != (name in synced):
                chosen = random.choice((names, synced))
                if os.path.basename(name) != VOLATILE:
                    told.append(f"{name} {'as now' if chosen is names else 'as synced'}")
            if name not in chosen:
                continue
            stored = chosen[name]
            if stored is None:
                image.folders.append(name)
                self._list(name, random, kept, image, told)
            elif os.path.basename(name) != VOLATILE:
                image.files[name] = kept.get(id(stored)) or Stored(stored.durable, stored.size)
            elif random.randrange(2):  # it is not told, because it must not matter
                image.files[name] = Stored(random.randbytes(PAGE), 2 * PAGE)


def _parent(name: str) -> str:
    return name.rpartition("/")[0]


def _shown(masks: Sequence[int]) -> str:
    """Masks as text: + a whole page, - none of it, or the mask in hexadecimal digits."""
    return "".join({ALL: "+", 0: "-"}.get(mask, f"({mask:02x})") for mask in masks) or "none"


def random_masks(random: Random, n_pieces: int) -> list[int]:
    """Which sectors of so many pieces are on the disk: each of the ways that go wrong often."""
    chosen = [0] * n_pieces
    if not n_pieces:
        return chosen
    place = random.randrange(n_pieces)
    style = random.randrange(8)
    if style == 0:  # the first ones
        chosen[:place] = [ALL] * place
    elif style == 1:  # the last ones
        chosen[place:] = [ALL] * (n_pieces - place)
    elif style == 2:  # all but one
        chosen = [ALL] * n_pieces
        chosen[place] = 0
    elif style == 3:  # one alone
        chosen[place] = ALL
    elif style == 4:  # any
        chosen = [random.choice((0, ALL)) for _ in chosen]
    elif style == 5:  # any, and torn
        chosen = [random.choice((0, ALL, random.randrange(ALL + 1))) for _ in chosen]
    elif style == 6:  # all, one of them torn
        chosen = [ALL] * n_pieces
        chosen[place] = random.randrange(1, ALL)
    else:  # all
        chosen = [ALL] * n_pieces
    return chosen
