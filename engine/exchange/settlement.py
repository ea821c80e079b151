"""Settlement of futures: daily, final, and the funding payments of perpetuals.

This file may settle the positions of an instrument, and end them (RULES section 9). Each
function decides first; the line "Nothing below can fail" separates the two halves.

No sum leaves 64 bits. A profit is the difference of two values of one position, each at most
2**50 (bounds.py); over the life of a position the profits of its settlements add up to that of
one close, because each resets the open price. Funding has no such end, so it is refused while
a balance concerned is beyond its bound. The sums over an instrument stop at 2**62.
"""

from typing import Final

from mypy_extensions import i64

from engine import reject_codes as r
from engine import vocabulary as v
from engine.command_reader import Words, reject
from engine.core import Core
from engine.exchange.cover import cover_loss
from engine.exchange.freeze import refreeze_futures
from engine.exchange.position import close_position, positions_in
from engine.exchange.resting import withdraw_instrument
from engine.margin import futures_margin_minor
from engine.model.accounts import Account, Exposure
from engine.model.instruments import Instrument
from engine.order.admit import refuse
from engine.tick.stop_out import stop_out

_RATE_ONE: Final = 100_000_000
"""A rate of 1, in units of 10**-8."""
_MOST_RATE_E8: Final = 10_000_000
_MOST_SUM_MINOR: Final = 2**62


# ------------------------------------------------------------ settlement


def settle_instrument(core: Core, words: Words) -> None:
    """All positions are settled at a price; the final settlement ends them."""
    price = words.at(1)
    kind = words.at(2)
    instrument = _find_book(core, words, v.SETTLE_INSTRUMENT)
    if instrument is None:
        return
    code = _admit_settlement(core, instrument, price, kind)
    if code != 0:
        reject(core, 0, v.SETTLE_INSTRUMENT, code, 0, instrument.number, core.detail)
        return
    # Nothing below can fail.
    final = kind == v.SETTLEMENT_FINAL
    if final:
        withdraw_instrument(core, instrument, v.REMOVAL_SETTLED)
    sums = _Sums()
    for exposure in positions_in(core, instrument):
        units = exposure.net_units
        sums.count(units, _settle_position(core, exposure, price, final))
    sums.write(core, instrument, kind, price, 0)
    if final:
        instrument.phase = v.PHASE_EXPIRED
    else:
        instrument.base_points = price
    stop_out(core, instrument)
    core.due.add(instrument)


def _admit_settlement(core: Core, instrument: Instrument, price: i64, kind: i64) -> i64:
    if (
        instrument.contract != v.CONTRACT_FUTURES
        or (kind != v.SETTLEMENT_DAILY and kind != v.SETTLEMENT_FINAL)
        or (kind == v.SETTLEMENT_FINAL and not _has_expired(core, instrument))
    ):
        return refuse(core, r.BAD_SETTLEMENT, kind)
    if instrument.phase == v.PHASE_EXPIRED:
        return refuse(core, r.WRONG_PHASE, v.PHASE_EXPIRED)
    if price < instrument.price_min_points or price > instrument.price_max_points:
        return refuse(core, r.BAD_PRICE, price)
    if price % instrument.tick_size_points != 0:
        return refuse(core, r.PRICE_OFF_TICK_SIZE, price)
    return 0


def _has_expired(core: Core, instrument: Instrument) -> bool:
    return 0 < instrument.expires_ns <= core.time_ns


def _settle_position(core: Core, exposure: Exposure, price: i64, final: bool) -> i64:
    """One position: profit to the balance, and open at this price anew, or ended."""
    trade = exposure.first
    assert trade is not None
    account = exposure.account
    instrument = exposure.instrument
    ticket = trade.ticket
    units = exposure.net_units
    cost = trade.volume_units * price
    profit = instrument.leg_minor(cost - trade.open_cost)
    if trade.side == v.SELL:
        profit = -profit
    if final:
        cost = 0
        close_position(core, exposure, trade)
        margin = futures_margin_minor(exposure)
        account.margin_minor += margin - exposure.margin_minor
        exposure.margin_minor = margin
        refreeze_futures(exposure)
    else:
        exposure.count_out(trade)
        trade.open_cost = cost
        exposure.count_in(trade)
        trade.open_leg_minor = instrument.leg_minor(cost)
    _post(core, account, profit)
    core.events.position_settled(
        account.login,
        ticket,
        instrument.number,
        v.SETTLEMENT_FINAL if final else v.SETTLEMENT_DAILY,
        units,
        price,
        cost,
        profit,
        account.balance_minor,
        account.margin_minor,
        account.frozen_minor,
        account.entry_count,
    )
    if final:
        cover_loss(core, exposure, 0, ticket)
    return profit


# ------------------------------------------------------------ funding


def pay_funding(core: Core, words: Words) -> None:
    """One side pays the other a share of the value at the mark price."""
    rate_e8 = words.at(1)
    instrument = _find_book(core, words, v.PAY_FUNDING)
    if instrument is None:
        return
    payers = positions_in(core, instrument)
    code = _admit_funding(core, instrument, rate_e8, payers)
    if code != 0:
        reject(core, 0, v.PAY_FUNDING, code, 0, instrument.number, core.detail)
        return
    # Nothing below can fail.
    mark = (instrument.bid + instrument.ask) // 2
    sums = _Sums()
    for exposure in payers:
        sums.count(exposure.net_units, _fund_position(core, exposure, mark, rate_e8))
    sums.write(core, instrument, v.SETTLEMENT_FUNDING, mark, rate_e8)
    stop_out(core, instrument)
    core.due.add(instrument)


def _admit_funding(core: Core, instrument: Instrument, rate_e8: i64, payers: list[Exposure]) -> i64:
    if instrument.contract != v.CONTRACT_FUTURES or instrument.expires_ns > 0:
        return refuse(core, r.NOT_PERPETUAL, instrument.expires_ns)
    if rate_e8 == 0 or rate_e8 < -_MOST_RATE_E8 or rate_e8 > _MOST_RATE_E8:
        return refuse(core, r.BAD_RATE, rate_e8)
    if instrument.quote_sequence == 0:
        return refuse(core, r.NO_QUOTE, 0)
    for exposure in payers:
        if not exposure.account.money_is_bounded():
            return refuse(core, r.ACCOUNT_MONEY_BOUND, exposure.account.balance_minor)
    return 0


def _fund_position(core: Core, exposure: Exposure, mark: i64, rate_e8: i64) -> i64:
    """What one position gets, below 0: pays. Fractions stay with the venue."""
    trade = exposure.first
    assert trade is not None
    account = exposure.account
    value = exposure.instrument.leg_minor(trade.volume_units * mark)
    if (trade.side == v.BUY) == (rate_e8 > 0):
        amount = -_share(value, rate_e8 if rate_e8 > 0 else -rate_e8, True)
    else:
        amount = _share(value, rate_e8 if rate_e8 > 0 else -rate_e8, False)
    _post(core, account, amount)
    core.events.funding_paid(
        account.login,
        trade.ticket,
        exposure.instrument.number,
        exposure.net_units,
        mark,
        rate_e8,
        amount,
        account.balance_minor,
        account.entry_count,
    )
    return amount


def _share(value_minor: i64, rate_e8: i64, upwards: bool) -> i64:
    """value x rate / 10**8, rounded up or down; no product leaves 64 bits."""
    rest = value_minor % _RATE_ONE * rate_e8
    share = value_minor // _RATE_ONE * rate_e8 + rest // _RATE_ONE
    return share + 1 if upwards and rest % _RATE_ONE != 0 else share


# ------------------------------------------------------------ both


class _Sums:
    """Over all positions of an instrument."""

    def __init__(self) -> None:
        self.positions: i64 = 0
        self.long_units: i64 = 0
        self.paid_minor: i64 = 0
        self.received_minor: i64 = 0

    def count(self, net_units: i64, amount: i64) -> None:
        """One position, and what its account got (below 0: paid)."""
        self.positions += 1
        if net_units > 0:
            self.long_units += net_units
        if amount < 0:
            self.paid_minor = _limited(self.paid_minor - amount)
        else:
            self.received_minor = _limited(self.received_minor + amount)

    def write(
        self, core: Core, instrument: Instrument, kind: i64, price: i64, rate_e8: i64
    ) -> None:
        core.events.instrument_settled(
            instrument.number,
            kind,
            price,
            rate_e8,
            self.positions,
            self.long_units,
            self.paid_minor,
            self.received_minor,
        )


def _limited(total_minor: i64) -> i64:
    if total_minor > _MOST_SUM_MINOR:
        return _MOST_SUM_MINOR
    return total_minor


def _post(core: Core, account: Account, amount: i64) -> None:
    """To the balance; the account is looked at in the stop-out that follows."""
    account.balance_minor += amount
    account.entry_count += 1
    account.changed_positions = True
    core.touch(account)


def _find_book(core: Core, words: Words, command_type: i64) -> Instrument | None:
    """The instrument (field 0) if it has a book, or None after a refusal."""
    number = words.at(0)
    instrument = core.instrument(number)
    if instrument is None:
        reject(core, 0, command_type, r.UNKNOWN_INSTRUMENT, 0, number, number)
        return None
    if instrument.venue != v.VENUE_BOOK:
        reject(core, 0, command_type, r.OTHER_VENUE, 0, number, instrument.venue)
        return None
    return instrument
