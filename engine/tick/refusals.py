"""A trigger that was reached but not acted on: noted once per reason.

This file may note and write refusals; the item stays where it is, for the next trigger.
"""

from mypy_extensions import i64

from engine import vocabulary as v
from engine.core import Core
from engine.model.accounts import Account, Exposure, Trade
from engine.model.instruments import Instrument


def note_refusal(core: Core, trade: Trade, stage: i64, reason: i64) -> None:
    """Writes the refusal unless it is the one that was written last.

    With a new one, the trade's other triggers are watched again: theirs would be new, too.
    """
    if trade.refused_stage == stage and trade.refused_reason == reason:
        return
    trade.refused_stage = stage
    trade.refused_reason = reason
    core.watch(trade)
    exposure = trade.exposure
    core.events.trigger_refused(
        exposure.account.login,
        exposure.instrument.quote_sequence,
        trade.ticket,
        exposure.instrument.number,
        stage,
        reason,
    )


def note_account_refusal(core: Core, account: Account, instrument: Instrument) -> None:
    """No position of an account at stop-out can be closed now."""
    reason = v.REFUSED_NOT_TRADABLE
    if account.refused_stage == v.STAGE_STOP_OUT and account.refused_reason == reason:
        return
    account.refused_stage = v.STAGE_STOP_OUT
    account.refused_reason = reason
    core.events.trigger_refused(
        account.login, instrument.quote_sequence, 0, 0, v.STAGE_STOP_OUT, reason
    )


def leave_to_dealer(core: Core, trade: Trade, stage: i64) -> None:
    """Notes that a dealer decides. Without a filter hook the trigger is parked until then."""
    note_refusal(core, trade, stage, v.REFUSED_LEFT_TO_DEALER)
    if stage == v.STAGE_PENDING:
        if core.hooks.pendings_filter is None:
            core.park(trade, core.pendings, trade.row)
    elif core.hooks.stops_filter is None:
        stop_loss = stage == v.STAGE_STOP_LOSS
        core.park(trade, core.stops, 2 * trade.row + (1 if stop_loss else 0))


def may_automate(core: Core, exposure: Exposure) -> bool:
    """Seed 004: "Automatic only", or no dealer online where dealers come first."""
    mode = exposure.terms.execution_mode
    return mode == v.EXECUTION_AUTO or (
        mode == v.EXECUTION_AUTO_IF_NO_DEALER and core.dealers_online == 0
    )
