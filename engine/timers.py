"""Timers: what the passing of time does, before the command that brought the time.

This file may end orders and requests whose time has come (RULES section 1). Time exists
only inside commands; the earliest due time is the top of one heap, so a command for which
nothing is due costs one comparison.
"""

from engine import vocabulary as v
from engine.core import Core
from engine.dealers import end_request
from engine.requests import remove_order


def fire_timers(core: Core) -> None:
    """Ends everything due by now, ordered by (due time, ticket)."""
    found: list[int] = []
    core.timers.collect(0, 0, core.time_ns, found)
    due: list[tuple[int, int]] = []
    for row in found:
        trade = core.rows[row]
        time_ns = trade.expiry_ns if trade.state == v.ORDER_PENDING else trade.request_timeout_ns
        due.append((time_ns, trade.ticket))
    due.sort()
    for _, ticket in due:
        trade = core.trades[ticket]
        if trade.state == v.ORDER_PENDING:
            remove_order(core, trade, v.REASON_EXPIRED, 0)
        else:
            end_request(core, trade, 0, v.REASON_REQUEST_TIMEOUT, 0)
