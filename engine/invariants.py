"""What is always true of the state. Each function is named as the truth it states.

This file may read the state and assert. `ALWAYS` is cheap enough for every block;
`ON_DEMAND` looks at everything and runs after every command in the tests.
"""

from collections.abc import Callable
from typing import Final

from mypy_extensions import i64

from engine import bounds
from engine import vocabulary as v
from engine.book.orders import FLAGS, OWNER_SHIFT, SELLS
from engine.core import Core
from engine.exchange.invariants import (
    accounts_are_safe_within_the_bands_that_fills_keep,
    books_are_sound_and_not_crossed,
    frozen_amounts_follow_from_orders_and_positions,
    orders_of,
    reduce_only_orders_fit_into_their_position,
    what_a_price_may_trigger_is_counted,
)
from engine.figures import call_threshold_minor, rearm_threshold_minor, stop_out_threshold_minor
from engine.model.evaluation import Evaluation
from engine.price_index import ALWAYS as EVERY_TICK
from engine.price_index import DIRECTIONS
from engine.risk import evaluate


def scratch_is_empty_between_commands(core: Core) -> None:
    assert len(core.touched) == 0, "no account waits for new bands"
    assert len(core.marked) == 0, "no order is marked"
    assert core.due.first is None and core.due.last is None, "no book waits for a round"
    assert len(core.candidates) == 0, "no account is a candidate for stop-out"


def rows_are_used_or_free(core: Core) -> None:
    assert i64(len(core.rows)) == core.trade_rows.count + i64(len(core.free_rows))


def dealers_online_are_counted(core: Core) -> None:
    assert core.dealers_online == sum([1 for online in core.dealers.values() if online])


def indexes_are_sound(core: Core) -> None:
    core.pendings.check()
    core.stops.check()
    core.bands.check()
    core.timers.check()
    core.trade_rows.check()


def quotes_are_not_crossed(core: Core) -> None:
    for instrument in core.instruments:
        assert instrument.bid <= instrument.ask, instrument.symbol


def margin_equals_sum_of_exposures(core: Core) -> None:
    for account in core.accounts.values():
        total: i64 = 0
        for exposure in account.exposures:
            total += exposure.margin_minor
        assert account.margin_minor == total, f"account {account.login}"
        assert account.margin_minor >= 0, f"account {account.login}"


def exposures_count_their_trades(core: Core) -> None:
    positions: dict[int, list[int]] = {}
    for trade in core.trades():
        row = positions.setdefault(int(trade.exposure.number), [0, 0, 0, 0, 0])
        at = 0 if trade.state == v.POSITION_OPEN else 2
        row[at if trade.side == v.BUY else at + 1] += int(trade.volume_units)
        if trade.state == v.POSITION_OPEN:
            row[4] += 1
    for instrument in core.instruments:
        if instrument.book is not None:
            for ticket, place in orders_of(core, instrument.book):
                flags = core.orders.rows[place + FLAGS]
                owner = positions.setdefault(int(flags >> OWNER_SHIFT), [0, 0, 0, 0, 0])
                assert core.orders.find(ticket) == place, f"order {ticket}"
                owner[2 if flags & SELLS == 0 else 3] += int(core.orders.left_units(place))
    for exposure in core.exposures:
        expected = positions.get(int(exposure.number), [0, 0, 0, 0, 0])
        assert int(exposure.buy_units) == expected[0], "buy volume"
        assert int(exposure.sell_units) == expected[1], "sell volume"
        assert int(exposure.order_buy_units) == expected[2], "buy volume of orders"
        assert int(exposure.order_sell_units) == expected[3], "sell volume of orders"
        assert int(exposure.count) == expected[4], "number of positions"


def netting_accounts_have_one_position_per_instrument(core: Core) -> None:
    for exposure in core.exposures:
        hedges = exposure.account.mode == v.HEDGING
        hedges = hedges and exposure.instrument.venue == v.VENUE_QUOTED
        assert exposure.count <= 1 or hedges


def positions_stand_in_order_of_opening(core: Core) -> None:
    for exposure in core.exposures:
        trade = exposure.first
        last: i64 = 0
        while trade is not None:
            assert trade.opening_number > last, f"position {trade.ticket}"
            last = trade.opening_number
            trade = trade.next


def money_is_within_bounds(core: Core) -> None:
    limit = 2 * bounds.MAX_ACCOUNT_MONEY_MINOR
    limit += bounds.MAX_POSITIONS_PER_ACCOUNT * bounds.MAX_POSITION_VALUE_MINOR
    for account in core.accounts.values():
        assert -limit <= account.balance_minor <= limit, f"account {account.login}"
        assert 0 <= account.credit_minor <= limit, f"account {account.login}"


def accounts_at_a_threshold_are_watched_on_every_tick(core: Core) -> None:
    """An account that a margin rule concerns now has a watch that every tick reaches."""
    for account in core.accounts.values():
        if account.position_count == 0:
            continue
        result = Evaluation()
        evaluate(core, account, result)
        core.count_evaluations -= 1
        equity = result.equity_minor
        due = equity <= stop_out_threshold_minor(account)
        if account.under_call:
            due = due or equity > rearm_threshold_minor(account)
        else:
            due = due or equity <= call_threshold_minor(account)
        if not due:
            continue
        for exposure in account.exposures:
            if exposure.count > 0:
                watch = exposure.number * DIRECTIONS
                heap = core.bands.heaps[core.bands.heap_of[watch]]
                assert heap.keys[core.bands.slot_of[watch]] == EVERY_TICK, (
                    f"account {account.login} is due on the next tick"
                )


Invariant = Callable[[Core], None]

ALWAYS: Final[list[Invariant]] = [
    scratch_is_empty_between_commands,
    rows_are_used_or_free,
    dealers_online_are_counted,
]
ON_DEMAND: Final[list[Invariant]] = [
    indexes_are_sound,
    quotes_are_not_crossed,
    margin_equals_sum_of_exposures,
    exposures_count_their_trades,
    books_are_sound_and_not_crossed,
    frozen_amounts_follow_from_orders_and_positions,
    reduce_only_orders_fit_into_their_position,
    what_a_price_may_trigger_is_counted,
    accounts_are_safe_within_the_bands_that_fills_keep,
    netting_accounts_have_one_position_per_instrument,
    positions_stand_in_order_of_opening,
    money_is_within_bounds,
    accounts_at_a_threshold_are_watched_on_every_tick,
]
