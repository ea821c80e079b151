"""Stage 4: take profit, then stop loss, of every position that the quote reaches.

This file may close positions and note refusals (seed 004, step 4): filter, FIFO,
prepare, apply, close, in ticket order.
"""

from mypy_extensions import i64

from engine import vocabulary as v
from engine.core import ROW_MASK, Core
from engine.hooks import ask_apply, ask_filter
from engine.model.accounts import Trade
from engine.model.instruments import Instrument
from engine.order.admit import check_fifo
from engine.order.match import stop_loss_price, take_profit_price
from engine.order.pipeline import close
from engine.tick.refusals import leave_to_dealer, may_automate, note_refusal


def stops(core: Core, instrument: Instrument) -> None:
    """Closes what reached its take profit or stop loss."""
    found = core.found
    if not core.stops.find_reached(instrument.number, instrument.bid, instrument.ask, found):
        return
    last = -1
    for key in core.in_ticket_order(found, 2):
        if key == last:
            continue
        last = key
        trade = core.rows[key & ROW_MASK]
        if trade.request != v.REQUEST_NONE:
            continue
        price = trade.exposure.closing_price(trade.side)
        if trade.reaches_profit(price) and _close_stop(
            core, trade, v.STAGE_TAKE_PROFIT, trade.take_profit_points
        ):
            continue
        if trade.reaches_loss(price):
            _close_stop(core, trade, v.STAGE_STOP_LOSS, trade.stop_loss_points)


def _close_stop(core: Core, trade: Trade, stage: i64, trigger_price: i64) -> bool:
    """Filter, FIFO, prepare, apply, close. False leaves the position for the next trigger."""
    exposure = trade.exposure
    account = exposure.account
    number = exposure.instrument.number
    if not ask_filter(
        core.hooks.stops_filter,
        account.login,
        number,
        trade.ticket,
        stage,
        trade.side,
        trade.volume_units,
        trigger_price,
        exposure.closing_price(trade.side),
    ) and not may_automate(core, exposure):
        leave_to_dealer(core, trade, stage)
        return False
    if check_fifo(core, trade) != 0:
        note_refusal(core, trade, stage, v.REFUSED_FIFO)
        return False
    taking_profit = stage == v.STAGE_TAKE_PROFIT
    offered = take_profit_price(trade) if taking_profit else stop_loss_price(trade)
    price = ask_apply(
        core.hooks.stops_apply,
        account.login,
        number,
        trade.ticket,
        stage,
        trade.side,
        trade.volume_units,
        trigger_price,
        offered,
        exposure.instrument.highest_price(),
    )
    if price == 0:
        note_refusal(core, trade, stage, v.REFUSED_HOOK)
        return False
    reason = v.REASON_TAKE_PROFIT if taking_profit else v.REASON_STOP_LOSS
    close(core, trade, trade.volume_units, price, reason, 0)
    return True
