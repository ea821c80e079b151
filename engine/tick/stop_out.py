"""Stage 6: margin calls and stop-outs of the accounts that the quote concerns.

This file may close positions, write margin calls and note refusals (seed 004, step 6;
SEMANTICS section 10). Which accounts to look at, `risk.py` knows.
"""

from typing import Final

from mypy_extensions import i64

from engine import bounds
from engine import vocabulary as v
from engine.core import Core
from engine.exchange.liquidation import liquidate, prepare_liquidation
from engine.figures import (
    NO_THRESHOLD,
    call_threshold_minor,
    current_profit_minor,
    level_bp,
    rearm_threshold_minor,
    stop_out_threshold_minor,
)
from engine.hooks import ask_apply, ask_filter
from engine.model.accounts import Account, Exposure, Trade
from engine.model.instruments import Instrument
from engine.order.pipeline import close
from engine.risk import clear_bands, collect_candidates, evaluate, set_bands
from engine.tick.refusals import may_automate, note_account_refusal, note_refusal

_FEW: Final = 16


def stop_out(core: Core, instrument: Instrument) -> None:
    """Looks at every account whose band was left or whose bands a trade ended, in login order."""
    candidates = core.candidates
    collect_candidates(core, instrument)
    for account in core.touched:
        if account.changed_positions and not account.candidate:
            account.candidate = True
            candidates.append(account)
    if len(candidates) == 0:
        return
    _sort_by_login(candidates)
    at: i64 = 0
    while at < i64(len(candidates)):
        account = candidates[at]
        account.candidate = False
        ticket = core.last_ticket
        _check_account(core, account, instrument)
        if core.last_ticket != ticket:
            _add_met(core, account.login)
        at += 1
    candidates.clear()


def _sort_by_login(accounts: list[Account]) -> None:
    """In place. Most often there are two or three, so by insertion; many take the long way."""
    count = i64(len(accounts))
    if count > _FEW:
        accounts.sort(key=_login)
        return
    at: i64 = 1
    while at < count:
        account = accounts[at]
        place = at
        while place > 0 and accounts[place - 1].login > account.login:
            accounts[place] = accounts[place - 1]
            place -= 1
        accounts[place] = account
        at += 1


def _login(account: Account) -> int:
    return int(account.login)


def _add_met(core: Core, login: i64) -> None:
    """Accounts that a liquidation met and whose turn is still to come are looked at, too."""
    for account in core.touched:
        if (
            account.changed_positions
            and not account.has_new_bands
            and not account.candidate
            and account.login > login
        ):
            account.candidate = True
            core.candidates.append(account)
    # What was looked at has a smaller login than all that is to come.
    _sort_by_login(core.candidates)


def _check_account(core: Core, account: Account, instrument: Instrument) -> None:
    """Margin call, stop-out steps, new bands."""
    if account.position_count == 0:
        clear_bands(core, account)
        return
    result = core.evaluation
    evaluate(core, account, result)
    _margin_call(core, account, instrument, result.equity_minor)
    steps = 0
    while (
        account.position_count > 0
        and result.equity_minor <= stop_out_threshold_minor(account)
        and steps < bounds.MAX_STOP_OUT_STEPS
    ):
        if not _stop_out_step(core, account, instrument, result.equity_minor):
            break
        evaluate(core, account, result)
        steps += 1
    if account.position_count == 0:
        clear_bands(core, account)
    else:
        set_bands(core, account, result)
        account.has_new_bands = True


def _margin_call(core: Core, account: Account, instrument: Instrument, equity: i64) -> None:
    """Alerts once; re-arms after recovery (SEMANTICS section 10)."""
    margin = account.margin_minor
    if not account.under_call:
        call = call_threshold_minor(account)
        if call > NO_THRESHOLD and equity <= call:
            account.under_call = True
            core.events.margin_call(
                account.login,
                instrument.quote_sequence,
                equity,
                margin,
                level_bp(equity, margin),
                account.group.margin_call_level,
            )
    elif equity > rearm_threshold_minor(account):
        account.under_call = False
        core.events.margin_call_cleared(
            account.login, instrument.quote_sequence, equity, margin, level_bp(equity, margin)
        )


def _stop_out_step(core: Core, account: Account, instrument: Instrument, equity: i64) -> bool:
    """Closes one position. False leaves the account for the next trigger."""
    trade = choose_position(core, account)
    if trade is None:
        note_account_refusal(core, account, instrument)
        return False
    exposure = trade.exposure
    if exposure.instrument.venue == v.VENUE_BOOK:
        if not prepare_liquidation(core, trade):
            return False
        _write_stop_out(core, trade, instrument, equity, exposure.closing_price(trade.side))
        liquidate(core, trade)
        return True
    offered = exposure.closing_price(trade.side)
    if not ask_filter(
        core.hooks.stop_outs_filter,
        account.login,
        exposure.instrument.number,
        trade.ticket,
        v.STAGE_STOP_OUT,
        trade.side,
        trade.volume_units,
        0,
        offered,
    ) and not may_automate(core, exposure):
        note_refusal(core, trade, v.STAGE_STOP_OUT, v.REFUSED_LEFT_TO_DEALER)
        return False
    price = ask_apply(
        core.hooks.stop_outs_apply,
        account.login,
        exposure.instrument.number,
        trade.ticket,
        v.STAGE_STOP_OUT,
        trade.side,
        trade.volume_units,
        0,
        offered,
        exposure.instrument.highest_price(),
    )
    if price == 0:
        note_refusal(core, trade, v.STAGE_STOP_OUT, v.REFUSED_HOOK)
        return False
    account.refused_stage = 0
    account.refused_reason = 0
    _write_stop_out(core, trade, instrument, equity, price)
    close(core, trade, trade.volume_units, price, v.REASON_STOP_OUT, 0)
    return True


def _write_stop_out(
    core: Core, trade: Trade, instrument: Instrument, equity: i64, price: i64
) -> None:
    """The figures before the step."""
    account = trade.exposure.account
    margin = account.margin_minor
    core.events.stop_out(
        account.login,
        instrument.quote_sequence,
        trade.ticket,
        trade.exposure.instrument.number,
        equity,
        margin,
        level_bp(equity, margin),
        account.group.stop_out_level,
        current_profit_minor(trade),
        price,
    )


def choose_position(core: Core, account: Account) -> Trade | None:
    """The position to close: largest loss; with FIFO of the oldest losing ones."""
    best: Trade | None = None
    best_profit: i64 = 0
    if account.group.fifo:
        for exposure in account.exposures:
            oldest = _oldest(core, exposure, True)
            if oldest is not None:
                profit = current_profit_minor(oldest)
                if best is None or _is_worse(oldest, profit, best, best_profit):
                    best = oldest
                    best_profit = profit
        if best is not None:
            return best
    for exposure in account.exposures:
        if exposure.count == 0 or not _is_tradable(core, exposure):
            continue
        trade = _oldest(core, exposure, False) if account.group.fifo else exposure.first
        while trade is not None:
            if trade.request == v.REQUEST_NONE:
                profit = current_profit_minor(trade)
                if best is None or _is_worse(trade, profit, best, best_profit):
                    best = trade
                    best_profit = profit
            trade = None if account.group.fifo else trade.next
    return best


def _is_worse(trade: Trade, profit: i64, best: Trade, best_profit: i64) -> bool:
    return profit < best_profit or (profit == best_profit and trade.ticket < best.ticket)


def _oldest(core: Core, exposure: Exposure, losing: bool) -> Trade | None:
    """First opened position that can be closed now (and loses, if asked for)."""
    if exposure.count == 0 or not _is_tradable(core, exposure):
        return None
    trade = exposure.first
    while trade is not None:
        if trade.request == v.REQUEST_NONE and (not losing or current_profit_minor(trade) < 0):
            return trade
        trade = trade.next
    return None


def _is_tradable(core: Core, exposure: Exposure) -> bool:
    instrument = exposure.instrument
    if instrument.quote_sequence == 0 or exposure.terms.trade_mode == v.TRADE_DISABLED:
        return False
    if instrument.venue == v.VENUE_BOOK:
        return instrument.is_trading(core.time_ns)
    return instrument.session_open(core.time_ns)
