"""Orders and closes that wait for a dealer (RULES section 5).

Dealer 1 is online, dealer 2 has been; the group is manual from the start or becomes so.
"""

import pytest

from engine import bounds
from engine import records as r
from engine import vocabulary as v
from tests.rules.told import told
from tests.rules.world import CLIENT, EURUSD, NETTER, Row, Step, World, name_of, outcome, steps

MANUAL = {"execution_mode": v.EXECUTION_MANUAL}
MIXED = {"execution_mode": v.EXECUTION_AUTO_IF_NO_DEALER}


def dealers(world: World) -> None:
    world.dealer(dealer=1)
    world.dealer(dealer=2)
    world.dealer(online=False, dealer=2)


def opening(*more: Step) -> Step:
    """A market order that waits under ticket 1."""
    return steps(dealers, lambda w: w.group(**MANUAL), lambda w: w.buy(sl=109_000), *more)


def closing(*more: Step, units: int = 0) -> Step:
    """A position under ticket 1 whose close waits."""
    return steps(
        dealers, lambda w: w.buy(), lambda w: w.group(**MANUAL), lambda w: w.close(1, units), *more
    )


ROWS = [
    # ---- routing
    Row(
        "manual: a market order waits, a dealer online or not",
        group=MANUAL,
        given=lambda w: None,
        when=lambda w: w.buy(),
        then=["placed #1 buy market 100", "dealer asked to open #1 at 110010"],
    ),
    Row(
        "auto if no dealer: with one online it waits",
        group=MIXED,
        given=dealers,
        when=lambda w: w.buy(),
        then=["placed #1 buy market 100", "dealer asked to open #1 at 110010"],
    ),
    Row(
        "auto if no dealer: without one it is filled",
        group=MIXED,
        given=steps(dealers, lambda w: w.dealer(online=False, dealer=1)),
        when=lambda w: w.buy(),
        then=[
            "placed #1 buy market 100",
            "filled #1 at 110010",
            "opened #1 buy 100 at 110010",
        ],
    ),
    Row(
        "auto: dealers are not asked",
        given=dealers,
        when=lambda w: w.sell(),
        then=[
            "placed #1 sell market 100",
            "filled #1 at 110000",
            "opened #1 sell 100 at 110000",
        ],
    ),
    Row(
        "a pending order needs no dealer to be placed",
        group=MANUAL,
        given=dealers,
        when=lambda w: w.buy_stop(110_100),
        then=["placed #1 buy stop 100"],
    ),
    Row(
        "a close waits",
        given=steps(lambda w: w.buy(), lambda w: w.group(**MANUAL)),
        when=lambda w: w.close(1, 40),
        then=["dealer asked to close #1 at 110000"],
    ),
    # ---- answers to an order
    Row(
        "confirmed at a price",
        given=opening(),
        when=lambda w: w.confirm(1, 110_013),
        then=["filled #1 at 110013 by dealer 1", "opened #1 buy 100 at 110013"],
    ),
    Row(
        "confirmed at the current price",
        given=opening(lambda w: w.tick(110_200)),
        when=lambda w: w.confirm(1),
        then=["filled #1 at 110210 by dealer 1", "opened #1 buy 100 at 110210"],
    ),
    Row(
        "rejected",
        given=opening(),
        when=lambda w: w.dealer_rejects(1),
        then=["requoted #1 dealer", "removed #1 dealer by dealer 1"],
    ),
    Row(
        "requoted",
        given=opening(),
        when=lambda w: w.requote(1, 110_020),
        then=["requoted #1 at 110020 dealer", "removed #1 dealer by dealer 1"],
    ),
    Row(
        "cancelled by the client",
        given=opening(),
        when=lambda w: w.cancel(1),
        then=["removed #1 client"],
    ),
    Row(
        "an answered request is answered once",
        given=opening(lambda w: w.dealer_rejects(1)),
        when=lambda w: w.confirm(1),
        then=["rejected no_request"],
    ),
    Row(
        "it can't be modified or closed",
        given=opening(),
        when=lambda w: told(w.modify_order(1, 109_000)) + told(w.close(1)),
        then=["rejected unknown_order", "rejected unknown_position"],
    ),
    Row(
        "the position's stop loss is the order's",
        given=opening(lambda w: w.confirm(1), lambda w: w.group(execution_mode=v.EXECUTION_AUTO)),
        when=lambda w: w.tick(109_000),
        then=["closed #1 100 at 109000 stop_loss -101000"],
    ),
    # ---- what must still hold when it is confirmed; the request stays
    Row(
        "confirmed when trading is disabled",
        given=opening(lambda w: w.terms(trade_mode=v.TRADE_DISABLED)),
        when=lambda w: w.confirm(1),
        then=["rejected trade_mode_disabled"],
    ),
    Row(
        "confirmed when only closing is allowed",
        given=opening(lambda w: w.terms(trade_mode=v.TRADE_CLOSE_ONLY)),
        when=lambda w: w.confirm(1),
        then=["rejected close_only"],
    ),
    Row(
        "confirmed when the session is over",
        given=opening(lambda w: w.instrument(sessions=[(0, 480)])),
        when=lambda w: w.confirm(1),
        then=["rejected session_closed"],
    ),
    Row(
        "confirmed when the quote is stale",
        given=opening(lambda w: w.instrument(staleness_ms=1_000), lambda w: w.wait(2)),
        when=lambda w: w.confirm(1),
        then=["rejected quote_stale"],
    ),
    Row(
        "confirmed when the account is read-only",
        given=opening(lambda w: w.account(CLIENT, status=v.ACCOUNT_READ_ONLY)),
        when=lambda w: w.confirm(1),
        then=["rejected account_is_read_only"],
    ),
    Row(
        "confirmed when the group may not trade",
        given=opening(lambda w: w.group(trading_enabled=False)),
        when=lambda w: w.confirm(1),
        then=["rejected group_trading_disabled"],
    ),
    Row(
        "confirmed when the money is gone",
        given=opening(lambda w: w.withdraw(950_000)),
        when=lambda w: w.confirm(1),
        then=["rejected no_money"],
    ),
    Row(
        "and filled when it is back",
        given=opening(
            lambda w: w.withdraw(950_000), lambda w: w.confirm(1), lambda w: w.deposit(950_000)
        ),
        when=lambda w: w.confirm(1),
        then=["filled #1 at 110010 by dealer 1", "opened #1 buy 100 at 110010"],
    ),
    Row(
        "confirmed when hedging was prohibited meanwhile",
        given=opening(
            lambda w: w.group(execution_mode=v.EXECUTION_AUTO),
            lambda w: w.sell(10),
            lambda w: w.group(hedge_prohibited=True),
        ),
        when=lambda w: w.confirm(1),
        then=["rejected hedge_prohibited"],
    ),
    Row(
        "confirmed when what it nets away is gone, so that its volume counts in full",
        given=steps(
            dealers,
            lambda w: w.instrument(position_limit_units=100, lot_max_units=100),
            lambda w: w.buy(80, login=NETTER),
            lambda w: w.sell_limit(110_100, 30, login=NETTER),
            lambda w: w.group(**MANUAL),
            lambda w: w.sell(100, login=NETTER),
            lambda w: w.group(execution_mode=v.EXECUTION_AUTO),
            lambda w: w.close(1, login=NETTER),
        ),
        when=lambda w: w.confirm(3),
        then=["rejected volume_limit"],
    ),
    Row(
        "a price outside the band",
        given=opening(),
        when=lambda w: w.confirm(1, 10),
        then=["rejected bad_price"],
    ),
    Row(
        "by a dealer that is offline",
        given=opening(),
        when=lambda w: w.confirm(1, dealer=2),
        then=["rejected dealer_offline"],
    ),
    Row(
        "by a dealer that nobody knows",
        given=opening(),
        when=lambda w: w.requote(1, 110_000, dealer=3),
        then=["rejected unknown_dealer"],
    ),
    # ---- closes
    Row(
        "a close confirmed at a price",
        given=closing(),
        when=lambda w: w.confirm(1, 110_100),
        then=["closed #1 100 at 110100 dealer 1 +9000"],
    ),
    Row(
        "a partial close confirmed",
        given=closing(units=40),
        when=lambda w: w.confirm(1),
        then=[
            "closed #1 40 at 110000 dealer 1 -400, rest #2",
            "changed #2 (was #1) buy 60 at 110010",
        ],
    ),
    Row(
        "a close rejected leaves the position",
        given=closing(),
        when=lambda w: w.dealer_rejects(1),
        then=["requoted #1 dealer"],
    ),
    Row(
        "and the client may ask again",
        given=closing(lambda w: w.dealer_rejects(1)),
        when=lambda w: w.close(1),
        then=["dealer asked to close #1 at 110000"],
    ),
    Row(
        "a close requoted",
        given=closing(),
        when=lambda w: w.requote(1, 109_990),
        then=["requoted #1 at 109990 dealer"],
    ),
    Row(
        "while a close waits the position can't be closed again",
        given=closing(),
        when=lambda w: w.close(1),
        then=["rejected request_pending"],
    ),
    Row(
        "nor modified",
        given=closing(),
        when=lambda w: w.levels(1, sl=109_000),
        then=["rejected request_pending"],
    ),
    Row(
        "a close may be confirmed when only closing is allowed",
        given=closing(lambda w: w.terms(trade_mode=v.TRADE_CLOSE_ONLY)),
        when=lambda w: w.confirm(1),
        then=["closed #1 100 at 110000 dealer 1 -1000"],
    ),
    Row(
        "not when trading is disabled",
        given=closing(lambda w: w.terms(trade_mode=v.TRADE_DISABLED)),
        when=lambda w: w.confirm(1),
        then=["rejected trade_mode_disabled"],
    ),
    Row(
        "not out of turn where FIFO came meanwhile",
        given=closing(lambda w: w.group(fifo=True), lambda w: w.close(1)),
        when=lambda w: _younger_close(w),
        then=["rejected fifo_rule"],
    ),
    Row(
        "a confirmed netting order nets",
        given=steps(
            dealers,
            lambda w: w.buy(login=NETTER),
            lambda w: w.group(**MANUAL),
            lambda w: w.sell(150, login=NETTER),
        ),
        when=lambda w: w.confirm(2, 109_000),
        then=[
            "filled #2 at 109000 by dealer 1",
            "closed #1 100 at 109000 netted -101000",
            "opened #2 sell 50 at 109000",
        ],
    ),
    Row(
        "netting away a position ends its close request silently",
        given=steps(
            dealers,
            lambda w: w.buy(login=NETTER),
            lambda w: w.group(**MANUAL),
            lambda w: w.close(1, login=NETTER),
            lambda w: w.group(execution_mode=v.EXECUTION_AUTO),
            lambda w: w.sell(login=NETTER),
        ),
        when=lambda w: w.clock(60),
        then=[],
    ),
]


def _younger_close(world: World) -> list:
    """Position 2's close was asked for before the group had FIFO."""
    world.group(fifo=False, execution_mode=v.EXECUTION_AUTO)
    world.buy()
    world.group(execution_mode=v.EXECUTION_MANUAL)
    world.close(2)
    world.group(fifo=True)
    return world.confirm(2)


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_dealers(row: Row) -> None:
    result = outcome(row)
    assert (result if result and isinstance(result[0], str) else told(result)) == row.then


def test_a_confirmed_order_is_refused_when_the_account_is_full_meanwhile() -> None:
    world = World(**MANUAL)
    dealers(world)
    world.buy(1)
    world.group(execution_mode=v.EXECUTION_AUTO)
    world.sell_limit(110_100, 1)
    one = r.PlaceOrder(
        login=CLIENT, instrument=EURUSD, order_type=v.MARKET, side=v.SELL, volume_units=1
    )
    world.send_crowd([one] * (bounds.MAX_POSITIONS_PER_ACCOUNT - 1))
    world.tick(110_100)
    assert world.figures().positions == bounds.MAX_POSITIONS_PER_ACCOUNT
    (refused,) = world.confirm(1)
    assert told([refused]) == ["rejected too_many_positions"]
    assert refused.detail == bounds.MAX_POSITIONS_PER_ACCOUNT


def test_a_request_names_what_is_asked_and_until_when() -> None:
    world = World(**MANUAL, request_timeout_ms=2_500)
    (_, asked) = world.buy(70, 110_000, deviation=15)
    assert (asked.login, asked.ticket, asked.instrument) == (CLIENT, 1, EURUSD)
    assert (asked.side, asked.volume_units) == (v.BUY, 70)
    assert (asked.price_points, asked.deviation_points) == (110_010, 15)
    assert asked.timeout_ns == world.now + 2_500_000_000


def test_dealers_are_counted() -> None:
    world = World()
    counts = [
        told(world.dealer(dealer=7)),
        told(world.dealer(dealer=7)),
        told(world.dealer(dealer=8)),
        told(world.dealer(online=False, dealer=7)),
        told(world.dealer(online=False, dealer=9)),
    ]
    assert counts == [[f"dealers online {n}"] for n in (1, 1, 2, 1, 1)]


def test_a_request_counts_as_an_order_of_the_account() -> None:
    world = World(**MANUAL)
    world.buy()
    assert (world.figures().orders, world.figures().positions) == (1, 0)
    assert world.engine.orders(CLIENT)[0].requested
