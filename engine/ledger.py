"""The ledger: the only place where balance, credit and margin change.

This file may change these three figures of an account, and writes one `LedgerEntry`
for every change (SEMANTICS section 12): after = before + delta, numbers dense from 1.
"""

from mypy_extensions import i64

from engine import vocabulary as v
from engine.core import Core
from engine.model.accounts import Account, Exposure


def post(
    core: Core,
    account: Account,
    entry_type: i64,
    balance_delta: i64,
    credit_delta: i64,
    margin_delta: i64,
    tick_sequence: i64,
    order: i64,
    position: i64,
    reference: i64,
) -> None:
    """Applies the deltas and writes the entry."""
    account.balance_minor += balance_delta
    account.credit_minor += credit_delta
    account.margin_minor += margin_delta
    account.entry_count += 1
    core.touch(account)
    core.events.ledger_entry(
        account.login,
        tick_sequence,
        order,
        position,
        account.entry_count,
        entry_type,
        balance_delta,
        credit_delta,
        margin_delta,
        account.balance_minor,
        account.credit_minor,
        account.margin_minor,
        reference,
    )


def post_balance(
    core: Core, exposure: Exposure, entry_type: i64, delta: i64, order: i64, position: i64
) -> None:
    """A change of balance that a trade caused; nothing is written for 0."""
    if delta != 0:
        quote = exposure.instrument.quote_sequence
        post(core, exposure.account, entry_type, delta, 0, 0, quote, order, position, 0)


def post_margin(
    core: Core, exposure: Exposure, entry_type: i64, delta: i64, order: i64, position: i64
) -> None:
    """A change of margin that a trade caused; nothing is written for 0."""
    if delta != 0:
        quote = exposure.instrument.quote_sequence
        post(core, exposure.account, entry_type, 0, 0, delta, quote, order, position, 0)


def post_agent_commission(
    core: Core, exposure: Exposure, fee: i64, order: i64, position: i64
) -> None:
    """Pays the account's agent; the client is not charged (seed 004)."""
    agent = core.accounts.get(exposure.account.agent_login)
    if agent is not None and fee != 0 and agent.money_is_bounded():
        post(
            core,
            agent,
            v.ENTRY_AGENT_COMMISSION,
            fee,
            0,
            0,
            exposure.instrument.quote_sequence,
            order,
            position,
            exposure.account.login,
        )
