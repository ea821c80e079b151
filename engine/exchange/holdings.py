"""Holdings: what an account owns of other currencies than its own, to trade spot with.

This file may change a holding by deposits and withdrawals. Holdings are no collateral:
nothing else of an account depends on them.
"""

from mypy_extensions import i64

from engine import bounds
from engine import reject_codes as r
from engine import vocabulary as v
from engine.command_reader import Words, reject
from engine.core import Core
from engine.model.accounts import Account
from engine.order.admit import refuse


def holding_operation(core: Core, words: Words) -> None:
    """Deposit or withdrawal in another currency."""
    login = words.at(0)
    currency = words.at(1)
    operation = words.at(2)
    amount = words.at(3)
    account = core.accounts.get(login)
    if account is None:
        reject(core, login, v.HOLDING_OPERATION, r.UNKNOWN_ACCOUNT, 0, 0, login)
        return
    code = _admit(core, account, currency, operation, amount)
    if code != 0:
        reject(core, login, v.HOLDING_OPERATION, code, 0, 0, core.detail)
        return
    # Nothing below can fail. Entry types 1 and 2 are the operations 1 and 2.
    holding = account.make_holding(currency)
    assert holding is not None
    delta = amount if operation == v.DEPOSIT else -amount
    holding.balance_minor += delta
    account.entry_count += 1
    core.events.holding_entry(
        login,
        currency,
        account.entry_count,
        operation,
        delta,
        holding.balance_minor,
        holding.frozen_minor,
        words.at(4),
    )


def _admit(core: Core, account: Account, currency: i64, operation: i64, amount: i64) -> i64:
    if currency not in core.currencies or currency == account.currency.number:
        return refuse(core, r.UNKNOWN_CURRENCY, currency)
    if operation != v.DEPOSIT and operation != v.WITHDRAWAL:
        return refuse(core, r.BAD_OPERATION, operation)
    if amount <= 0 or amount > bounds.MAX_AMOUNT_MINOR:
        return refuse(core, r.BAD_AMOUNT, amount)
    holding = account.holding(currency)
    balance: i64 = 0
    if holding is not None:
        balance = holding.balance_minor
    if operation == v.DEPOSIT:
        if balance + amount > bounds.MAX_ACCOUNT_MONEY_MINOR:
            return refuse(core, r.ACCOUNT_MONEY_BOUND, balance + amount)
        return 0
    available = balance if holding is None else balance - holding.frozen_minor
    if amount > available:
        return refuse(core, r.NO_MONEY, available)
    return 0
