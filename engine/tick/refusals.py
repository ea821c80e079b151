"""A trigger that was reached but not acted on: noted once per reason.

This file may note and write refusals; the item stays where it is, for the next trigger.
"""

from mypy_extensions import i64

from engine import vocabulary as v
from engine.core import Core
from engine.model.accounts import Account, Exposure, Trade
from engine.model.instruments import Instrument


def note_refusal(core: Core, trade: Trade, stage: i64, reason: i64) -> None:
    """Writes the refusal unless it is the one that was written last."""
    if trade.refused_stage == stage and trade.refused_reason == reason:
        return
    trade.refused_stage = stage
    trade.refused_reason = reason
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


def may_automate(core: Core, exposure: Exposure) -> bool:
    """Seed 004: "Automatic only", or no dealer online where dealers come first."""
    mode = exposure.terms.execution_mode
    return mode == v.EXECUTION_AUTO or (
        mode == v.EXECUTION_AUTO_IF_NO_DEALER and core.dealers_online == 0
    )
