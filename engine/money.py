"""Accounts and their money: opening and changing accounts, deposits, credits, corrections.

This file may decide and apply `SetAccount` and `BalanceOperation` (RULES sections 2, 3).
"""

from mypy_extensions import i64

from engine import bounds
from engine import reject_codes as r
from engine import vocabulary as v
from engine.command_reader import Words, reject
from engine.core import Core
from engine.figures import max_withdrawable_minor
from engine.ledger import post
from engine.margin import exposure_margin_minor
from engine.model.accounts import Account
from engine.model.instruments import Group
from engine.order.admit import refuse


def set_account(core: Core, words: Words) -> None:
    """Opens an account, or changes group, leverage, mode, status or agent."""
    login = words.at(0)
    code = _admit_account(core, words)
    if code != 0:
        reject(core, login, v.SET_ACCOUNT, code, 0, 0, core.detail)
        return
    # Nothing below can fail.
    group = core.groups[words.at(1)]
    account = core.accounts.get(login)
    if account is None:
        account = Account(login, group, core.currencies[group.currency])
        core.accounts[login] = account
        group.accounts += 1
    elif account.group is not group:
        account.group.accounts -= 1
        account.group = group
        group.accounts += 1
        refresh_account(core, account)
    account.leverage_setting = words.at(2)
    account.leverage = words.at(2) if words.at(2) > 0 else group.leverage
    account.mode = words.at(3)
    account.status = words.at(4)
    account.agent_login = words.at(5)
    note_agent(core, account)
    core.events.account_set(
        login,
        group.number,
        group.currency,
        account.leverage,
        account.mode,
        account.status,
        account.agent_login,
    )
    reprice_account(core, account)
    core.touch(account)


def _admit_account(core: Core, words: Words) -> i64:
    login = words.at(0)
    leverage = words.at(2)
    mode = words.at(3)
    status = words.at(4)
    agent_login = words.at(5)
    if login < 1:
        return refuse(core, r.BAD_ACCOUNT_FIELD, login)
    if mode != v.HEDGING and mode != v.NETTING:
        return refuse(core, r.BAD_ACCOUNT_FIELD, mode)
    if status < v.ACCOUNT_ENABLED or status > v.ACCOUNT_DISABLED:
        return refuse(core, r.BAD_ACCOUNT_FIELD, status)
    group = core.groups.get(words.at(1))
    if group is None:
        return refuse(core, r.UNKNOWN_GROUP, words.at(1))
    if leverage < 0 or leverage > bounds.MAX_LEVERAGE:
        return refuse(core, r.BAD_LEVERAGE, leverage)
    if agent_login != 0:
        agent = core.accounts.get(agent_login)
        if agent is None or agent_login == login or agent.currency.number != group.currency:
            return refuse(core, r.UNKNOWN_AGENT, agent_login)
    account = core.accounts.get(login)
    if account is not None:
        if account.currency.number != group.currency:
            return refuse(core, r.ACCOUNT_IN_USE, group.currency)
        used = account.entry_count + account.order_count + account.position_count
        if account.mode != mode and used > 0:
            return refuse(core, r.ACCOUNT_IN_USE, mode)
    return 0


def note_agent(core: Core, account: Account) -> None:
    """Marks the account's agent as one; risk.py looks at agents under margin call more often."""
    agent = core.accounts.get(account.agent_login)
    if agent is not None and not agent.is_agent:
        agent.is_agent = True
        core.touch(agent)


def refresh_account(core: Core, account: Account) -> None:
    """Terms and routes of all exposures, and the watches of their trades, anew."""
    for exposure in account.exposures:
        core.refresh_exposure(exposure)
    for trade in core.trades():
        if trade.exposure.account is account:
            core.watch(trade)


def reprice_account(core: Core, account: Account) -> None:
    """Margin of all positions anew; one entry for the difference."""
    delta: i64 = 0
    for exposure in account.exposures:
        if exposure.count > 0:
            margin = exposure_margin_minor(core, exposure)
            delta += margin - exposure.margin_minor
            exposure.margin_minor = margin
    if delta != 0:
        post(core, account, v.ENTRY_MARGIN_REPRICE, 0, 0, delta, 0, 0, 0, 0)


def group_changed(core: Core, group: Group) -> None:
    """Accounts without their own leverage follow their group's."""
    for account in core.accounts.values():
        if account.group is group and account.leverage_setting == 0:
            account.leverage = group.leverage


def balance_operation(core: Core, words: Words) -> None:
    """Deposit, withdrawal, credit in, credit out, correction: one ledger entry."""
    login = words.at(0)
    operation = words.at(1)
    amount = words.at(2)
    account = core.accounts.get(login)
    if account is None:
        reject(core, login, v.BALANCE_OPERATION, r.UNKNOWN_ACCOUNT, 0, 0, login)
        return
    code = _admit_operation(core, account, operation, amount, words.at(3))
    if code != 0:
        reject(core, login, v.BALANCE_OPERATION, code, 0, 0, core.detail)
        return
    # Nothing below can fail. Entry types 1 to 5 are the operations 1 to 5.
    balance_delta: i64 = 0
    credit_delta: i64 = 0
    if operation == v.DEPOSIT or operation == v.CORRECTION:
        balance_delta = amount
    elif operation == v.WITHDRAWAL:
        balance_delta = -amount
    elif operation == v.CREDIT_IN:
        credit_delta = amount
    else:
        credit_delta = -amount
    post(core, account, operation, balance_delta, credit_delta, 0, 0, 0, 0, words.at(3))


def _admit_operation(
    core: Core, account: Account, operation: i64, amount: i64, reference: i64
) -> i64:
    if operation < v.DEPOSIT or operation > v.CORRECTION:
        return refuse(core, r.BAD_OPERATION, operation)
    size = amount if amount >= 0 or operation != v.CORRECTION else -amount
    if size <= 0 or size > bounds.MAX_AMOUNT_MINOR:
        return refuse(core, r.BAD_AMOUNT, amount)
    limit = bounds.MAX_ACCOUNT_MONEY_MINOR
    balance = account.balance_minor
    if operation == v.DEPOSIT or operation == v.CORRECTION:
        if balance + amount > limit or balance + amount < -limit:
            return refuse(core, r.ACCOUNT_MONEY_BOUND, balance + amount)
    elif operation == v.CREDIT_IN:
        if account.credit_minor + amount > limit:
            return refuse(core, r.ACCOUNT_MONEY_BOUND, account.credit_minor + amount)
    elif operation == v.WITHDRAWAL:
        most = max_withdrawable_minor(account)
        if amount > most:
            return refuse(core, r.NO_MONEY, most)
    elif amount > account.credit_minor:
        return refuse(core, r.NO_CREDIT, account.credit_minor)
    if operation == v.CORRECTION and (reference < 0 or reference > account.entry_count):
        return refuse(core, r.BAD_REFERENCE, reference)
    return 0
