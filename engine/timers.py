"""Timers: what the passing of time does, before the command that brought the time.

This file may end orders and requests whose time has come (RULES section 1), after the margins
that change by date (section 9). Time exists only inside commands; the earliest due times are
the tops of three heaps, so a command for which nothing is due costs three comparisons.
"""

from mypy_extensions import i64

from engine import vocabulary as v
from engine.book.orders import FLAGS, OWNER_SHIFT, ROW_WORDS, TICKET
from engine.core import Core
from engine.dealers import end_request
from engine.exchange.margins import fire_margins
from engine.exchange.resting import withdraw
from engine.exchange.rounds import run_rounds
from engine.requests import remove_order


def fire_timers(core: Core) -> None:
    """Margins by date, then all that ends, by (due time, ticket); each time with its rounds."""
    if core.margin_timers.tops[0] <= core.time_ns:
        fire_margins(core)
        run_rounds(core)
    found: list[int] = []
    core.timers.collect(0, 0, core.time_ns, found)
    due: list[tuple[int, int]] = []
    for number in found:
        trade = core.rows[number]
        time_ns = trade.expiry_ns if trade.state == v.ORDER_PENDING else trade.request_timeout_ns
        due.append((time_ns, trade.ticket))
    found.clear()
    core.order_timers.collect(0, 0, core.time_ns, found)
    for number in found:
        row: i64 = number * ROW_WORDS
        due.append((core.orders.expiry_ns(row), core.orders.rows[row + TICKET]))
    due.sort()
    for _, ticket in due:
        row = core.orders.find(ticket)
        if row >= 0:
            core.due.add(core.exposures[core.orders.rows[row + FLAGS] >> OWNER_SHIFT].instrument)
            withdraw(core, row, v.REMOVAL_EXPIRED)
            continue
        expired = core.find_trade(ticket)
        assert expired is not None
        if expired.state == v.ORDER_PENDING:
            remove_order(core, expired, v.REASON_EXPIRED, 0)
        else:
            end_request(core, expired, 0, v.REASON_REQUEST_TIMEOUT, 0)
    run_rounds(core)
