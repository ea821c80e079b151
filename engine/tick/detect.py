"""Stage 3: which pending orders does the quote trigger? They are marked, not acted on.

This file may fill `core.marked` and note refusals (seed 004, step 3).
"""

from engine import vocabulary as v
from engine.core import ROW_MASK, Core
from engine.hooks import ask_filter
from engine.model.instruments import Instrument
from engine.tick.refusals import leave_to_dealer


def detect(core: Core, instrument: Instrument) -> None:
    """Marks the triggered pending orders, in ticket order."""
    number = instrument.number
    found = core.found
    if not core.pendings.find_reached(number, instrument.bid, instrument.ask, found):
        return
    for key in core.in_ticket_order(found, 1):
        order = core.rows[key & ROW_MASK]
        exposure = order.exposure
        if (
            not ask_filter(
                core.hooks.pendings_filter,
                exposure.account.login,
                number,
                order.ticket,
                order.order_type,
                order.side,
                order.volume_units,
                order.price_points,
                exposure.opening_price(order.side),
            )
            and exposure.terms.execution_mode == v.EXECUTION_MANUAL
        ):
            leave_to_dealer(core, order, v.STAGE_PENDING)
        else:
            core.marked.append(key)
