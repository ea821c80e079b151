"""The way of an order on the book venue, after admission, as one list of calls.

    admit -> freeze -> match (fill, release, position, settle of each fill) -> finish

This file may call the steps, in this order, and change counts and frozen amounts of the
order at work. Nothing in it can fail.
"""

from mypy_extensions import i64

from engine import vocabulary as v
from engine.core import Core
from engine.exchange.freeze import (
    freeze_spot,
    frozen_currency,
    frozen_minor,
    refreeze_futures,
)
from engine.exchange.match import finish, match
from engine.exchange.resting import count_order, shrink_order
from engine.model.accounts import Exposure
from engine.model.incoming import Incoming


def execute(core: Core, incoming: Incoming, replaces: bool) -> None:
    """All steps of an admitted order. In an auction nothing is matched before its end."""
    exposure = incoming.exposure
    assert exposure is not None
    freeze(exposure, incoming)
    if replaces:
        _write_replaced(core, exposure, incoming)
    else:
        write_placed(core, exposure, incoming)
    if exposure.instrument.phase != v.PHASE_AUCTION:
        match(core, incoming)
    finish(core, incoming)


def write_placed(core: Core, exposure: Exposure, incoming: Incoming) -> None:
    """Writes that an order was accepted, and what is frozen now."""
    core.events.book_order_placed(
        exposure.account.login,
        incoming.ticket,
        exposure.instrument.number,
        incoming.order_type,
        incoming.side,
        incoming.units,
        incoming.price_points,
        incoming.time_in_force,
        incoming.flags,
        incoming.expiry_ns,
        incoming.trigger_points,
        incoming.shown_units,
        frozen_currency(exposure, incoming.side),
        frozen_minor(exposure, incoming.side),
    )


def freeze(exposure: Exposure, incoming: Incoming) -> None:
    """The order counts, and what it needs is frozen, before it can meet another."""
    count_order(exposure, incoming.side, incoming.reduces, incoming.units, 1)
    if exposure.instrument.contract == v.CONTRACT_FUTURES:
        refreeze_futures(exposure)
    else:
        freeze_spot(exposure, incoming.side, incoming.frozen_minor)


def count_out(exposure: Exposure, incoming: Incoming) -> None:
    """The order that is being replaced counts no more."""
    count_order(exposure, incoming.side, incoming.reduces, -incoming.replaced_units, -1)
    if exposure.instrument.contract == v.CONTRACT_FUTURES:
        refreeze_futures(exposure)
    else:
        freeze_spot(exposure, incoming.side, -incoming.replaced_minor)


def shrink(core: Core, exposure: Exposure, row: i64, incoming: Incoming) -> None:
    """A resting order gets smaller and keeps its place."""
    less = core.orders.left_units(row) - incoming.units
    shrink_order(core, exposure, row, less)
    count_order(exposure, incoming.side, incoming.reduces, -less, 0)
    if exposure.instrument.contract == v.CONTRACT_FUTURES:
        refreeze_futures(exposure)
    else:
        freeze_spot(exposure, incoming.side, incoming.frozen_minor - incoming.replaced_minor)
    _write_replaced(core, exposure, incoming)


def _write_replaced(core: Core, exposure: Exposure, incoming: Incoming) -> None:
    core.events.book_order_replaced(
        exposure.account.login,
        incoming.ticket,
        exposure.instrument.number,
        incoming.units,
        incoming.price_points,
        frozen_currency(exposure, incoming.side),
        frozen_minor(exposure, incoming.side),
    )
