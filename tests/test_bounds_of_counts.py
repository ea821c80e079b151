"""How many there may be: the last ticket, the last trade, the last dealer, and one more.

This file may start engines close to a bound of engine/bounds.py: by a state whose counters
stand there, by as many commands, or, where that would take gigabytes, by a smaller bound.
"""

import struct
from typing import Any

import pytest

from engine import Engine, _build, bounds
from engine import records as r
from engine import reject_codes as c
from engine import vocabulary as v
from tests.naive.comparison import Comparison
from tests.test_bounds import LOGIN, TIME, TRADED, code_of, order, quote, small, started

LAST_TICKET_AT = 8
"""Where a state has the last ticket: the second word."""


def traded(**group: Any) -> Comparison:
    """Both engines, an account with money, an instrument with a quote."""
    return started(small(), quote(TRADED, 1_000), **group)


def stands_at_ticket(both: Comparison, ticket: int) -> None:
    """Both engines go on as if this were the last ticket that was given."""
    assert isinstance(both.fast, Engine)
    state = bytearray(both.fast.state_bytes())
    struct.pack_into("<q", state, LAST_TICKET_AT, ticket)
    both.fast = Engine.from_state(bytes(state), both.fast.sequence, both.fast.time_ns)
    both.naive.world.last_ticket = ticket


def test_the_last_ticket_is_given_and_no_order_accepted_after_it() -> None:
    both = traded()
    stands_at_ticket(both, bounds.MAX_TICKET - 1)
    assert code_of(both.send(order(v.BUY, 10))) == 0
    (refused,) = both.send(order(v.SELL, 10))
    assert (refused.code, refused.ticket) == (c.TOO_MANY_ORDERS, 0)
    pending = r.PlaceOrder(
        login=LOGIN,
        instrument=TRADED,
        order_type=v.LIMIT,
        side=v.BUY,
        volume_units=1,
        price_points=900,
    )
    assert code_of(both.send(pending)) == c.TOO_MANY_ORDERS
    assert isinstance(both.fast, Engine)
    both.fast.check(everything=True)


def test_tickets_beyond_the_last_one_are_for_the_rests_of_partial_closes() -> None:
    both = traded()
    stands_at_ticket(both, bounds.MAX_TICKET - 1)
    both.send(order(v.BUY, 10))
    part = r.ClosePosition(login=LOGIN, position=bounds.MAX_TICKET, volume_units=4)
    closed = both.send(part)[0]
    assert isinstance(closed, r.PositionClosed)
    assert closed.rest_position == bounds.MAX_TICKET + 1
    stops = r.ModifyPosition(
        login=LOGIN, position=bounds.MAX_TICKET + 1, stop_loss_points=0, take_profit_points=1_100
    )
    both.send(stops)
    events = both.send(quote(TRADED, 1_100))
    assert [e.position for e in events if isinstance(e, r.PositionClosed)] == [
        bounds.MAX_TICKET + 1
    ], "also in the index of stops"
    assert isinstance(both.fast, Engine)
    both.fast.check(everything=True)


@pytest.mark.skipif(_build.compiled(), reason="compiled constants stand; 2**24 trades take 10 GB")
def test_orders_and_positions_together_reach_the_bound_of_trades(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bounds, "MAX_TRADES", 3)
    both = traded()
    pending = r.PlaceOrder(
        login=LOGIN,
        instrument=TRADED,
        order_type=v.LIMIT,
        side=v.BUY,
        volume_units=1,
        price_points=900,
    )
    for accepted in (order(v.BUY, 1), pending, pending):
        assert code_of(both.send(accepted)) == 0
    for one_more in (order(v.BUY, 1), pending):
        assert code_of(both.send(one_more)) == c.TOO_MANY_ORDERS
    both.send(r.CancelOrder(login=LOGIN, order=2))
    assert code_of(both.send(pending)) == 0, "there is room again"


def test_as_many_dealers_as_there_may_be_and_no_other() -> None:
    both = Comparison(name="dealers")
    highest = bounds.MAX_DEALER
    for dealer in (*range(1, bounds.MAX_DEALERS), highest):
        assert code_of(both.send(r.SetDealer(dealer=dealer, online=dealer % 2), TIME)) == 0
    (refused,) = both.send(r.SetDealer(dealer=bounds.MAX_DEALERS, online=1))
    assert (refused.code, refused.detail) == (c.UNKNOWN_DEALER, bounds.MAX_DEALERS)
    assert code_of(both.send(r.SetDealer(dealer=highest, online=0))) == 0, "one of them"
