"""Columns that grow.

This file may hold functions over `vec[i64]`, nothing of the engine.
"""

from librt.vecs import vec
from mypy_extensions import i64


def grown(old: vec[i64], size: i64) -> vec[i64]:
    """A copy of the first `size` words with room for twice as many; the rest is 0."""
    larger = vec[i64]([0] * int(2 * size))
    at: i64 = 0
    while at < size:
        larger[at] = old[at]
        at += 1
    return larger
