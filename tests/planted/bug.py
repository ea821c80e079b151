"""What a planted bug is made of.

This file may define records only.
"""

from typing import NamedTuple


class Edit(NamedTuple):
    """One change of the source: `old` stands in the file exactly once."""

    file: str
    old: str
    new: str


class Bug(NamedTuple):
    """One bug."""

    name: str
    edits: tuple[Edit, ...]
    catcher: str
    """What follows `python -m`: a campaign or some tests, the cheapest that should find it."""
    says: str
    """A regular expression that the output of the catcher must have."""
    costly: bool = False
    """Left to the campaign: its catcher takes more than a few seconds."""
