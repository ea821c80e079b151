"""Dealers: who is online, and how they answer the requests that wait for them.

This file may decide and apply the dealer commands (RULES section 5). A request waits
under its ticket: an opening one as an order in state requested, a close on its position.
"""

from mypy_extensions import i64

from engine import bounds
from engine import reject_codes as r
from engine import vocabulary as v
from engine.command_reader import Words, reject
from engine.core import Core
from engine.model.accounts import Trade
from engine.order.admit import (
    admit_confirmed,
    check_account,
    check_closing_is_open,
    check_conversion,
    check_fifo,
    check_market_is_open,
    reduces_position,
    refuse,
    trade_mode_code,
)
from engine.order.match import market_price
from engine.order.pipeline import close, execute
from engine.order.plan import Plan, make_plan
from engine.requests import remove_order, withdraw_order


def set_dealer(core: Core, words: Words) -> None:
    """A dealer comes online or goes offline."""
    dealer = words.at(0)
    online = words.at(1)
    if dealer < 1 or dealer > bounds.MAX_DEALER or online < 0 or online > 1:
        reject(core, 0, v.SET_DEALER, r.UNKNOWN_DEALER, 0, 0, dealer)
        return
    if dealer not in core.dealers and len(core.dealers) >= bounds.MAX_DEALERS:
        reject(core, 0, v.SET_DEALER, r.UNKNOWN_DEALER, 0, 0, dealer)
        return
    was_online = core.dealers.get(dealer, False)
    core.dealers[dealer] = online == 1
    if was_online and online == 0:
        core.dealers_online -= 1
    elif not was_online and online == 1:
        core.dealers_online += 1
    core.unpark()
    core.events.dealer_set(dealer, online, core.dealers_online)


def _find_request(core: Core, words: Words, command_type: i64) -> Trade | None:
    """The waiting ticket, or None after a refusal."""
    dealer = words.at(0)
    ticket = words.at(1)
    if dealer not in core.dealers:
        reject(core, 0, command_type, r.UNKNOWN_DEALER, ticket, 0, dealer)
        return None
    if not core.dealers[dealer]:
        reject(core, 0, command_type, r.DEALER_OFFLINE, ticket, 0, dealer)
        return None
    trade = core.find_trade(ticket)
    if trade is None or trade.request == v.REQUEST_NONE:
        reject(core, 0, command_type, r.NO_REQUEST, ticket, 0, ticket)
        return None
    return trade


def dealer_confirm(core: Core, words: Words) -> None:
    """Fills the request at the dealer's price, if it still may be filled."""
    trade = _find_request(core, words, v.DEALER_CONFIRM)
    if trade is None:
        return
    dealer = words.at(0)
    price = words.at(2)
    instrument = trade.exposure.instrument
    if price != 0 and (price < instrument.price_min_points or price > instrument.price_max_points):
        reject(core, 0, v.DEALER_CONFIRM, r.BAD_PRICE, trade.ticket, 0, price)
        return
    if trade.request == v.REQUEST_CLOSE:
        _confirm_close(core, trade, price, dealer)
    else:
        _confirm_open(core, trade, price, dealer)


def _confirm_open(core: Core, order: Trade, price: i64, dealer: i64) -> None:
    code = _admit_open(core, order)
    plan: Plan | None = None
    if code == 0:
        if price == 0:
            price = market_price(order.exposure, order.side)
        plan = make_plan(core, order.exposure, order.side, order.volume_units, price)
        code = admit_confirmed(core, plan)
    if plan is None or code != 0:
        reject(core, 0, v.DEALER_CONFIRM, code, order.ticket, 0, core.detail)
        return
    # Nothing below can fail.
    withdraw_order(order)
    execute(core, plan, order, dealer)


def _admit_open(core: Core, order: Trade) -> i64:
    exposure = order.exposure
    mode = exposure.terms.trade_mode
    reduces = reduces_position(exposure, order.side, order.volume_units, False)
    code = trade_mode_code(mode, order.side, reduces)
    if code != 0:
        return refuse(core, code, mode)
    code = check_market_is_open(core, exposure)
    if code != 0:
        return code
    code = check_account(core, exposure.account)
    if code != 0:
        return code
    return check_conversion(core, exposure)


def _confirm_close(core: Core, trade: Trade, price: i64, dealer: i64) -> None:
    code = check_closing_is_open(core, trade.exposure)
    if code == 0:
        code = check_fifo(core, trade)
    if code != 0:
        reject(core, 0, v.DEALER_CONFIRM, code, trade.ticket, 0, core.detail)
        return
    # Nothing below can fail.
    if price == 0:
        price = trade.exposure.closing_price(trade.side)
    close(core, trade, trade.request_volume_units, price, v.REASON_DEALER, dealer)


def dealer_reject(core: Core, words: Words) -> None:
    """Refuses the request; an opening one ends, a position goes on."""
    trade = _find_request(core, words, v.DEALER_REJECT)
    if trade is not None:
        end_request(core, trade, 0, v.REASON_DEALER, words.at(0))


def dealer_requote(core: Core, words: Words) -> None:
    """Answers with another price; the client may ask again at it."""
    trade = _find_request(core, words, v.DEALER_REQUOTE)
    if trade is None:
        return
    price = words.at(2)
    instrument = trade.exposure.instrument
    if (
        price < instrument.price_min_points
        or price > instrument.price_max_points
        or price % instrument.tick_size_points != 0
    ):
        reject(core, 0, v.DEALER_REQUOTE, r.BAD_PRICE, trade.ticket, 0, price)
        return
    end_request(core, trade, price, v.REASON_DEALER, words.at(0))


def end_request(core: Core, trade: Trade, price: i64, reason: i64, dealer: i64) -> None:
    """A request ends without a fill: refused, answered with a price, or timed out."""
    core.events.requoted(
        trade.exposure.account.login, trade.ticket, trade.request, price, reason, dealer
    )
    if trade.request == v.REQUEST_OPEN:
        remove_order(core, trade, reason, dealer)
    else:
        trade.request = v.REQUEST_NONE
        core.watch(trade)
