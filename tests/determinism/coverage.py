"""What must happen on the golden day of the book venue, so that it proves something about it.

This file may count what happened and name what is missing.
"""

from collections import Counter
from typing import Any, Final

from engine import records as r
from engine import vocabulary as v
from engine.records.book_events import BOOK_EVENT_CLASSES
from tests.naive.book_comparison import finer

WANTED: Final = (
    *(f"event {event_class.__name__}" for event_class in BOOK_EVENT_CLASSES),
    *(f"removed {name}" for name in v.REMOVAL_NAMES if name),
    *(f"filled {name}" for name in v.ROLE_NAMES),
    *(f"settled {name}" for name in v.SETTLEMENT_NAMES),
    f"triggered {v.STAGE_NAMES[v.STAGE_PENDING]}",
    f"triggered {v.STAGE_NAMES[v.STAGE_STOP_LOSS]}",
    f"triggered {v.STAGE_NAMES[v.STAGE_TAKE_PROFIT]}",
    f"refused {v.STAGE_NAMES[v.STAGE_STOP_OUT]} {v.REFUSED_NAMES[v.REFUSED_NO_LIQUIDITY]}",
    f"entry {v.ENTRY_TYPE_NAMES[v.ENTRY_INSURANCE]}",
    f"entry {v.ENTRY_TYPE_NAMES[v.ENTRY_STOP_OUT_COMPENSATION]}",
    "auction fills",
    "closed in part or turned over",
    "event MarginCall",
    "event MarginCallCleared",
    "event PositionModified",
    "event StopOut",
    "filled against itself",
    "iceberg",
    "rebate",
    "replaced and filled",
    "waits",
)
MOST_COMMON: Final = {
    "event BookOrderPlaced": 300,
    "event BookOrderTriggered": 20,
    "event FuturesFilled": 150,
    "event SpotFilled": 30,
    "event StopOut": 10,
    "auction fills": 4,
    "settled daily": 10,
    "settled final": 5,
    "settled funding": 10,
}
"""What must happen so often at least."""
REFUSALS: Final = 45
"""So many codes must refuse something."""


def happened(events: bytes) -> Counter[str]:
    """How often everything happened, by the names of the comparison of random days."""
    counts: Counter[str] = Counter()
    of_command: dict[int, list[Any]] = {}
    for event in r.decode_all(events):
        assert isinstance(event, r.Event)
        of_command.setdefault(event.sequence, []).append(event)
    for together in of_command.values():
        for event in together:
            counts.update([f"event {type(event).__name__}", *finer(event, together)])
    return counts


def missing(events: bytes) -> list[str]:
    """What did not happen, or not often enough."""
    counts = happened(events)
    wanted = dict.fromkeys(WANTED, 1) | MOST_COMMON
    names = [name for name, least in wanted.items() if counts[name] < least]
    if sum(name.startswith("reject ") for name in counts) < REFUSALS:
        names.append(f"{REFUSALS} codes of refusals")
    return names
