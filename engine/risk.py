"""Lazy, exact risk: which accounts need to be looked at on this tick?

This file may compute bands and keep the band index; it closes nothing.

Re-evaluating every account on every tick would cost thousands of evaluations a tick. Instead
an account that was just evaluated gets, for every price that moves its equity, a *band*
inside which it provably can't reach its next threshold. Only an account whose band is
left is evaluated again, exactly, and gets new bands. The same margin calls and stop-outs
follow, on the same tick and in the same order, as from looking at every account.

**The proof.** Let E be the equity now, T the next threshold below (or above), slack =
|E - T|. A position's profit is round(leg(p)) - open leg, converted at a rate r, rounded.
Let every closing price stay within a fraction rho of itself and every converting price within
kappa <= 1/64. Then for a position with closing leg g and profit q (profit currency):

    |profit' - profit| <= g rho r' + |q| |r' - r| + slop

- r' <= r / (1 - kappa)**2 < 17/16 r, for up to two steps, multiplying or dividing;
- |r' - r| <= r (1 / (1 - kappa)**2 - 1) < 17/8 kappa r;
- slop <= 2 r + 2: one minor unit for rounding the leg at each end, at rate r', and one for
  rounding the conversion at each end.

With G = sum(g r) and Q = sum(|q| r), taken at the larger of the two sides of the quote
and rounded up, the account is safe while 17/16 rho G + 17/8 kappa Q + slop < slack. At
most a quarter of the slack goes to kappa, the rest to rho. Margin is constant between
changes of the account itself, so T is. Whatever changes an account gives it new bands, but for
a fill that leaves it safe within those that it has: `keeps_bands` tells.
"""

from typing import Final

from mypy_extensions import i64

from engine import vocabulary as v
from engine.core import Core
from engine.figures import (
    NO_THRESHOLD,
    call_threshold_minor,
    convert_profit,
    profit_in_profit_currency,
    rearm_threshold_minor,
    stop_out_threshold_minor,
)
from engine.model.accounts import Account, Exposure
from engine.model.evaluation import Evaluation
from engine.model.instruments import Instrument
from engine.price_index import ALWAYS, ASK_DOWN, ASK_UP, BID_DOWN, BID_UP, DIRECTIONS

_FRACTION_BITS: Final = 30
_RHO_SHIFT: Final = 4
"""rho is at most 2**-4."""
_KAPPA_SHIFT: Final = 6
"""kappa is at most 2**-6; the proof needs that."""
_SHIFT_LIMIT: Final = 2**32
_ROUNDING_MINOR: Final = 2
"""A profit is off by less than this, however its legs are rounded."""


def fraction(part: i64, whole: i64, shift: i64) -> i64:
    """part / whole rounded down, in units of 2**-30, at most 2**-shift. Both >= 0."""
    if part >= whole >> shift:
        return 1 << (_FRACTION_BITS - shift)
    while whole >= _SHIFT_LIMIT:
        # Part is rounded down and whole up, so the result only gets smaller.
        part = part >> 1
        whole = (whole >> 1) + 1
    return (part << _FRACTION_BITS) // whole


def evaluate(core: Core, account: Account, result: Evaluation) -> None:
    """Exact equity of an account at current prices, and its sensitivities."""
    core.count_evaluations += 1
    equity = account.balance_minor + account.credit_minor
    gross_sum: i64 = 0
    converted_sum: i64 = 0
    slop: i64 = 0
    for exposure in account.exposures:
        trade = exposure.first
        if trade is None:
            continue
        instrument = exposure.instrument
        conversion = exposure.conversion
        assert conversion is not None
        bid = exposure.bid()
        ask = exposure.ask()
        gross: i64 = 0
        moved: i64 = 0
        while trade is not None:
            price = bid if trade.side == v.BUY else ask
            profit = profit_in_profit_currency(trade, price)
            equity += convert_profit(exposure, trade.side, profit)
            leg = instrument.leg_minor(price * trade.volume_units)
            gross += leg if leg >= 0 else -leg
            moved += profit if profit >= 0 else -profit
            trade = trade.next
        route = conversion.profit
        if route.steps == 0:
            gross_sum += gross + exposure.count
            slop += 4 * exposure.count
        else:
            gross_sum += route.largest(gross + exposure.count)
            converted_sum += route.largest(moved)
            slop += exposure.count * (2 * route.largest(1) + 2)
    result.equity_minor = equity
    result.gross_minor = gross_sum
    result.converted_minor = converted_sum
    result.slop_minor = slop


def renew_bands(core: Core, account: Account) -> None:
    """Evaluates an account and gives it new bands, whatever state it is in."""
    if account.position_count == 0:
        clear_bands(core, account)
        return
    result = core.evaluation
    evaluate(core, account, result)
    set_bands(core, account, result)


def clear_bands(core: Core, account: Account) -> None:
    for exposure in account.exposures:
        _clear_exposure(core, exposure)


def _clear_exposure(core: Core, exposure: Exposure) -> None:
    exposure.band_low_points = 0
    exposure.band_high_points = 0
    watch: i64 = exposure.number * DIRECTIONS
    core.bands.remove(watch)
    core.bands.remove(watch + 1)
    core.bands.remove(watch + 2)
    core.bands.remove(watch + 3)


def set_bands(core: Core, account: Account, result: Evaluation) -> None:
    """Bands from an evaluation at current prices."""
    equity = result.equity_minor
    slack: i64 = -1
    call = call_threshold_minor(account)
    stop = stop_out_threshold_minor(account)
    if account.under_call:
        slack = rearm_threshold_minor(account) - equity
        below = stop
    else:
        below = call if call > stop else stop
    if below > NO_THRESHOLD:
        distance = equity - below - 1
        if not account.under_call or distance < slack:
            slack = distance
    elif not account.under_call:
        clear_bands(core, account)
        return
    if slack < 0 or (account.under_call and account.is_agent):
        # Also an agent under margin call: a commission may lift it within the very tick.
        _watch_every_tick(core, account)
        return
    slack -= result.slop_minor
    kappa: i64 = 0
    rho: i64 = 0
    if slack > 0:
        converted = result.converted_minor
        sensitivity = 2 * converted + converted // 8 + 1
        kappa = fraction(slack // 4, sensitivity, _KAPPA_SHIFT)
        spent = (sensitivity >> _KAPPA_SHIFT) + 1
        if spent > slack // 4:
            spent = slack // 4 + 1
        gross = result.gross_minor
        if slack > spent:
            rho = fraction(slack - spent, gross + gross // 16 + 1, _RHO_SHIFT)
    _mark_steps(account)
    for exposure in account.exposures:
        _set_exposure(core, exposure, rho, kappa, account.under_call)


def _watch_every_tick(core: Core, account: Account) -> None:
    """An action is due or waits: look at the account on every tick that concerns it."""
    _mark_steps(account)
    for exposure in account.exposures:
        _clear_exposure(core, exposure)
        if exposure.count > 0 or exposure.converts_at_bid or exposure.converts_at_ask:
            watch: i64 = exposure.number * DIRECTIONS
            core.bands.set(watch + BID_UP, exposure.instrument.number, BID_UP, ALWAYS)


def _mark_steps(account: Account) -> None:
    """Notes which exposures convert for others, and at which side of their quote."""
    for exposure in account.exposures:
        exposure.converts_at_bid = False
        exposure.converts_at_ask = False
    for exposure in account.exposures:
        if exposure.count == 0:
            continue
        forex = exposure.instrument.profit_mode == v.PROFIT_FOREX
        at_ask = forex and exposure.sell_units > 0
        at_bid = not forex or exposure.buy_units > 0
        first = exposure.first_step
        second = exposure.second_step
        if first is not None:
            first.converts_at_bid = first.converts_at_bid or at_bid
            first.converts_at_ask = first.converts_at_ask or at_ask
        if second is not None:
            second.converts_at_bid = second.converts_at_bid or at_bid
            second.converts_at_ask = second.converts_at_ask or at_ask


def _set_exposure(core: Core, exposure: Exposure, rho: i64, kappa: i64, both_ways: bool) -> None:
    """Band edges of one exposure: falling bid hurts buys, rising ask hurts sells."""
    exposure.band_low_points = 0
    exposure.band_high_points = 0
    if not both_ways and _follows_its_book(exposure):
        _set_book(core, exposure, rho)
        return
    _set_side(
        core,
        exposure,
        BID_UP,
        exposure.instrument.bid,
        exposure.bid(),
        rho,
        kappa,
        exposure.buy_units > 0,
        exposure.buy_units > 0 and both_ways,
        exposure.converts_at_bid,
    )
    _set_side(
        core,
        exposure,
        ASK_UP,
        exposure.instrument.ask,
        exposure.ask(),
        rho,
        kappa,
        exposure.sell_units > 0 and both_ways,
        exposure.sell_units > 0,
        exposure.converts_at_ask,
    )


def _follows_its_book(exposure: Exposure) -> bool:
    """A futures position whose result only the quote of its own book moves."""
    instrument = exposure.instrument
    conversion = exposure.conversion
    return (
        instrument.venue == v.VENUE_BOOK
        and exposure.count > 0
        and conversion is not None
        and conversion.profit.steps == 0
        and not exposure.converts_at_bid
        and not exposure.converts_at_ask
    )


def _set_book(core: Core, exposure: Exposure, rho: i64) -> None:
    """Both edges, whichever side is held: `keeps_bands` asks about them after the next fill."""
    instrument = exposure.instrument
    number = instrument.number
    watch: i64 = exposure.number * DIRECTIONS
    low = instrument.bid - ((instrument.bid * rho) >> _FRACTION_BITS) - 1
    high = instrument.ask + ((instrument.ask * rho) >> _FRACTION_BITS) + 1
    core.bands.remove(watch + BID_UP)
    core.bands.remove(watch + ASK_DOWN)
    core.bands.set(watch + BID_DOWN, number, BID_DOWN, -low)
    core.bands.set(watch + ASK_UP, number, ASK_UP, high)
    exposure.band_low_points = low
    exposure.band_high_points = high


def keeps_bands(exposure: Exposure) -> bool:
    """After a fill of futures: the bands that the account has still keep it from its thresholds.

    For an account whose one position is this one, equity follows the quote in one direction.
    So it is safe within the band if it is at the worse edge, which takes no evaluation.
    """
    account = exposure.account
    if account.position_count == 0:
        return True
    if account.position_count > 1 or exposure.count == 0 or account.under_call:
        return False
    units = exposure.net_units
    worst = exposure.band_low_points if units > 0 else exposure.band_high_points
    if worst == 0:
        return False
    equity = account.balance_minor + account.credit_minor - _ROUNDING_MINOR
    equity += exposure.instrument.leg_minor(worst * units - exposure.net_cost)
    return equity > call_threshold_minor(account) and equity > stop_out_threshold_minor(account)


def _set_side(
    core: Core,
    exposure: Exposure,
    up: i64,
    raw: i64,
    closing: i64,
    rho: i64,
    kappa: i64,
    falling: bool,
    rising: bool,
    converts: bool,
) -> None:
    """The up and down watches of one price (`up` is BID_UP or ASK_UP; down is the next)."""
    watch: i64 = exposure.number * DIRECTIONS + up
    width: i64 = ((closing if closing >= 0 else -closing) * rho) >> _FRACTION_BITS
    convert_width: i64 = (raw * kappa) >> _FRACTION_BITS
    if converts:
        down_width = convert_width if not falling or convert_width < width else width
        up_width = convert_width if not rising or convert_width < width else width
        falling = True
        rising = True
    else:
        down_width = width
        up_width = width
    number = exposure.instrument.number
    if rising:
        core.bands.set(watch, number, up, raw + up_width + 1)
    else:
        core.bands.remove(watch)
    if falling:
        core.bands.set(watch + 1, number, up + 1, -(raw - down_width - 1))
    else:
        core.bands.remove(watch + 1)


def collect_candidates(core: Core, instrument: Instrument) -> None:
    """Adds the accounts whose band the quote leaves to `core.candidates`."""
    found = core.found
    if not core.bands.find_reached(instrument.number, instrument.bid, instrument.ask, found):
        return
    for watch in found:
        number: i64 = watch
        account = core.exposures[number // DIRECTIONS].account
        if not account.candidate:
            account.candidate = True
            core.candidates.append(account)
            core.count_band_exits += 1
