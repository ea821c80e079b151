"""Rows of words: how the logical state is written and read.

This file may hold writer and reader, nothing of what the words mean.
"""

from librt.strings import read_i64_le
from librt.vecs import vec
from mypy_extensions import i64

from engine.records import CorruptRecord
from engine.vectors import grown


class WordWriter:
    """A growing row of words."""

    def __init__(self, capacity: i64) -> None:
        self.words: vec[i64] = vec[i64]([0] * int(capacity))
        self.capacity = capacity
        self.used: i64 = 0

    def put(self, word: i64) -> None:
        if self.used == self.capacity:
            self.words = grown(self.words, self.capacity)
            self.capacity = 2 * self.capacity
        self.words[self.used] = word
        self.used += 1

    def put_bytes(self, data: bytes) -> None:
        """Length in bytes, then the bytes, padded to words with zeros."""
        self.put(len(data))
        padded = data + bytes(-len(data) % 8)
        at: i64 = 0
        while at < i64(len(padded)):
            self.put(read_i64_le(padded, at))
            at += 8


class WordReader:
    """Reads what `WordWriter` wrote; raises `CorruptRecord` past the end."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at: i64 = 0

    def get(self) -> i64:
        if self.at + 8 > i64(len(self.data)):
            raise CorruptRecord(f"state: ends at byte {len(self.data)}, more was expected")
        word = read_i64_le(self.data, self.at)
        self.at += 8
        return word

    def get_count(self, row_words: i64) -> i64:
        """A row count that the rest of the data can hold."""
        count = self.get()
        if count < 0 or count > (i64(len(self.data)) - self.at) // (8 * row_words):
            raise CorruptRecord(f"state: {count} rows at byte {self.at - 8}, the data is shorter")
        return count

    def get_bytes(self) -> bytes:
        length = self.get()
        if length < 0 or length > i64(len(self.data)) - self.at:
            raise CorruptRecord(f"state: {length} bytes at byte {self.at}, the data is shorter")
        data = self.data[self.at : self.at + length]
        self.at += (length + 7) // 8 * 8
        return data
