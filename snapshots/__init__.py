"""Snapshots: a cache of the journal that can be thrown away at any time.

Nothing here may import the core or an adapter. `layout.py` is one snapshot as bytes,
`store.py` keeps them.
"""

from snapshots.layout import Snapshot, SnapshotError, SnapshotInfo
from snapshots.store import SnapshotStore

__all__ = ["Snapshot", "SnapshotError", "SnapshotInfo", "SnapshotStore"]
