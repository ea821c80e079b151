"""The comments that MT4 clients know, told from events (SEMANTICS section 9, seed 004).

This file may word what an event says, nothing else. Comments are for people: the journal
holds reasons and tickets, and these texts follow from them.
"""

from adapters.units import unscaled
from engine import records
from engine import vocabulary as v

MOST_BYTES = 31


def comment_of(
    event: records.Record, stop_out: records.StopOut | None, money_digits: int | None
) -> str:
    """The comment of an ended order or of a position closed or changed; empty for none.

    `stop_out`: the event that announced the close, for a close by stop-out.
    """
    if isinstance(event, records.OrderRemoved):
        return _of_reason(event.reason)
    if isinstance(event, records.PositionChanged):
        linked = event.previous_position != event.position
        return f"from #{event.previous_position}" if linked else ""
    if not isinstance(event, records.PositionClosed):
        return ""
    if event.reason == v.REASON_STOP_OUT and stop_out is not None and money_digits is not None:
        level = unscaled(stop_out.level_bp, 2)
        equity = unscaled(stop_out.equity_minor, money_digits)
        margin = unscaled(stop_out.margin_minor, money_digits)
        return f"so: {level}%/{equity}/{margin}"[:MOST_BYTES]
    if event.rest_position not in (0, event.position):
        return f"to #{event.rest_position}"
    return _of_reason(event.reason)


def _of_reason(reason: int) -> str:
    """Empty for a reason that this version does not know."""
    return v.COMMENTS[reason] if 0 <= reason < len(v.COMMENTS) else ""
