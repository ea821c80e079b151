"""Losses beyond zero: the insurance fund pays what it has, then the group's rule decides.

This file may move money from a fund to an account, and make a negative balance good (RULES
section 9, cover; SEMANTICS section 10).
"""

from mypy_extensions import i64

from engine import vocabulary as v
from engine.core import Core
from engine.figures import spendable_minor
from engine.ledger import post, post_balance
from engine.model.accounts import Account, Exposure
from engine.rounding import at_least_zero


def fund_of(core: Core, exposure: Exposure) -> Account | None:
    """The account that takes losses of the exposure's account beyond zero, if there is one."""
    account = exposure.account
    fund = core.accounts.get(exposure.instrument.insurance_login)
    if fund is None or fund is account or fund.currency.number != account.currency.number:
        return None
    return fund


def fund_minor(core: Core, exposure: Exposure) -> i64:
    """What the fund can pay: its own money beyond losses, margin and frozen amounts."""
    fund = fund_of(core, exposure)
    if fund is None:
        return 0
    return at_least_zero(spendable_minor(fund))


def cover_loss(core: Core, exposure: Exposure, order: i64, position: i64) -> None:
    """An account that has lost more than it had, and holds nothing any more, is brought to zero."""
    account = exposure.account
    if account.position_count > 0 or account.balance_minor >= 0:
        return
    fund = fund_of(core, exposure)
    pays = fund_minor(core, exposure)
    if pays > -account.balance_minor:
        pays = -account.balance_minor
    if fund is not None and pays > 0:
        tick = exposure.instrument.quote_sequence
        kind: i64 = v.ENTRY_INSURANCE
        post(core, account, kind, pays, 0, 0, tick, order, position, fund.login)
        fund.changed_positions = True
        post(core, fund, kind, -pays, 0, 0, tick, order, position, account.login)
    if account.balance_minor < 0 and account.group.compensation != v.COMPENSATE_NEVER:
        loss = -account.balance_minor
        post_balance(core, exposure, v.ENTRY_STOP_OUT_COMPENSATION, loss, order, position)
