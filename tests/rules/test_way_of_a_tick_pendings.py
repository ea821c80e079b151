"""Pending orders: when they fire, at which price they fill, and why they are deleted
(RULES section 4, stages 3 and 5; SEMANTICS sections 6 and 8).

Quotes are EURUSD in points; every world starts at 110000/110010.
"""

import pytest

from engine import bounds
from engine import records as r
from engine import vocabulary as v
from tests.rules.told import told
from tests.rules.world import (
    CLIENT,
    EURUSD,
    GROUP,
    NETTER,
    Row,
    World,
    name_of,
    outcome,
    steps,
)

TICK_POLICY = {"gap_policy": v.GAP_TICK}

# Order, then the quote: bid and ask. A row of two quotes shows the edge.
FIRES = [
    ("buy limit a point above", lambda w: w.buy_limit(109_900), (109_891, 109_901), []),
    ("buy limit at the ask", lambda w: w.buy_limit(109_900), (109_890, 109_900), ["109900"]),
    ("sell limit a point below", lambda w: w.sell_limit(110_100), (110_099, 110_109), []),
    ("sell limit at the bid", lambda w: w.sell_limit(110_100), (110_100, 110_110), ["110100"]),
    ("buy stop a point below", lambda w: w.buy_stop(110_100), (110_089, 110_099), []),
    ("buy stop at the ask", lambda w: w.buy_stop(110_100), (110_090, 110_100), ["110100"]),
    ("sell stop a point above", lambda w: w.sell_stop(109_900), (109_901, 109_911), []),
    ("sell stop at the bid", lambda w: w.sell_stop(109_900), (109_900, 109_910), ["109900"]),
    ("buy stop beyond", lambda w: w.buy_stop(110_100), (110_150, 110_160), ["110160"]),
    ("sell stop beyond", lambda w: w.sell_stop(109_900), (109_850, 109_860), ["109850"]),
    ("buy limit beyond, classic", lambda w: w.buy_limit(109_900), (109_840, 109_850), ["109900"]),
    ("sell limit beyond, classic", lambda w: w.sell_limit(110_100), (110_150, 110_160), ["110100"]),
]


@pytest.mark.parametrize("row", FIRES, ids=lambda row: row[0].replace(" ", "_"))
def test_an_order_fires_at_its_opening_price(row: tuple) -> None:
    _, place, (bid, ask), prices = row
    world = World()
    place(world)
    filled = [e for e in world.tick(bid, ask) if isinstance(e, r.OrderFilled)]
    assert [str(e.price_points) for e in filled] == prices


ROWS = [
    Row(
        "policy tick gives a limit order the better price of the quote",
        group=TICK_POLICY,
        given=lambda w: w.buy_limit(109_900),
        when=lambda w: w.tick(109_840, 109_850),
        then=["filled #1 at 109850", "opened #1 buy 100 at 109850"],
    ),
    Row(
        "the group's markup counts for the trigger and for the price",
        group={"markup_ask_points": 7},
        given=lambda w: w.buy_stop(110_107),
        when=lambda w: w.tick(110_090, 110_100),
        then=["filled #1 at 110107", "opened #1 buy 100 at 110107"],
    ),
    Row(
        "STP: pending orders belong to the gateway",
        group={"stp_pendings": True},
        given=lambda w: w.buy_stop(110_100),
        when=lambda w: w.tick(110_200),
        then=[],
    ),
    Row(
        "STP: an override for the instrument takes them back",
        group={"stp_pendings": True},
        given=steps(lambda w: w.terms(stp_pendings=False), lambda w: w.buy_stop(110_100)),
        when=lambda w: w.tick(110_095),
        then=["filled #1 at 110105", "opened #1 buy 100 at 110105"],
    ),
    Row(
        "stop loss and take profit of the order become those of the position",
        given=steps(
            lambda w: w.buy_stop(110_100, sl=110_000, tp=110_300), lambda w: w.tick(110_095)
        ),
        when=lambda w: w.tick(110_300),
        then=["closed #1 100 at 110300 take_profit +19500"],
    ),
    # ---- stop-limit
    Row(
        "a buy stop-limit whose stop is reached becomes a limit order",
        given=lambda w: w.buy_stop_limit(110_100, limit=110_050),
        when=lambda w: w.tick(110_090, 110_100),
        then=["became limit #1 at 110050"],
    ),
    Row(
        "the limit is looked at on the next quote only",
        given=steps(
            lambda w: w.buy_stop_limit(110_100, limit=110_050), lambda w: w.tick(110_090, 110_100)
        ),
        when=lambda w: w.tick(110_040, 110_050),
        then=["filled #1 at 110050", "opened #1 buy 100 at 110050"],
    ),
    Row(
        "above its limit it rests",
        given=steps(
            lambda w: w.buy_stop_limit(110_100, limit=110_050), lambda w: w.tick(110_090, 110_100)
        ),
        when=lambda w: w.tick(110_150),
        then=[],
    ),
    Row(
        "a sell stop-limit mirrors it",
        given=steps(lambda w: w.sell_stop_limit(109_900, limit=109_950), lambda w: w.tick(109_900)),
        when=lambda w: w.tick(109_960),
        then=["filled #1 at 109950", "opened #1 sell 100 at 109950"],
    ),
    Row(
        "a stop-limit needs no money to become a limit order",
        deposit=0,
        given=lambda w: w.buy_stop_limit(110_100, limit=110_050),
        when=lambda w: w.tick(110_100),
        then=["became limit #1 at 110050"],
    ),
    Row(
        "a stop-limit that gaps past its take profit still becomes a limit order",
        given=lambda w: w.buy_stop_limit(110_100, limit=110_050, tp=110_200),
        when=lambda w: w.tick(110_500),
        then=["became limit #1 at 110050"],
    ),
    # ---- gaps
    Row(
        "classic: a stop order whose price and take profit lie in the gap is cancelled",
        given=lambda w: w.buy_stop(110_100, tp=110_200),
        when=lambda w: w.tick(110_200),
        then=["removed #1 gap"],
    ),
    Row(
        "classic: the take profit must be reached by the closing price",
        given=lambda w: w.buy_stop(110_100, tp=110_205),
        when=lambda w: w.tick(110_200, 110_210),
        then=["filled #1 at 110210", "opened #1 buy 100 at 110210"],
    ),
    Row(
        "classic: a sell stop likewise, by the ask",
        given=lambda w: w.sell_stop(109_900, tp=109_800),
        when=lambda w: w.tick(109_790, 109_800),
        then=["removed #1 gap"],
    ),
    Row(
        "classic: without a gap both prices may be passed at once",
        given=steps(
            lambda w: w.buy_stop(110_100, tp=110_200),
            lambda w: w.terms(stp_pendings=True),
            lambda w: w.tick(110_000, 110_200),
            lambda w: w.terms(stp_pendings=False),
        ),
        when=lambda w: w.tick(110_200),
        then=["filled #1 at 110210", "opened #1 buy 100 at 110210"],
    ),
    Row(
        "a bid one above the previous ask is a gap",
        given=steps(
            lambda w: w.buy_stop(110_100, tp=110_200),
            lambda w: w.terms(stp_pendings=True),
            lambda w: w.tick(110_000, 110_199),
            lambda w: w.terms(stp_pendings=False),
        ),
        when=lambda w: w.tick(110_200),
        then=["removed #1 gap"],
    ),
    Row(
        "classic: a limit order in a gap is filled at its own price",
        given=lambda w: w.buy_limit(109_900, tp=110_500),
        when=lambda w: w.tick(109_000),
        then=["filled #1 at 109900", "opened #1 buy 100 at 109900"],
    ),
    Row(
        "policy tick cancels nothing",
        group=TICK_POLICY,
        given=lambda w: w.buy_stop(110_100, tp=110_200),
        when=lambda w: w.tick(110_300),
        then=["filled #1 at 110310", "opened #1 buy 100 at 110310"],
    ),
    # ---- deletion comments: trade mode, then margin, then the hedge ban
    Row(
        "close only deletes",
        given=steps(
            lambda w: w.buy_stop(110_100),
            lambda w: w.terms(trade_mode=v.TRADE_CLOSE_ONLY),
        ),
        when=lambda w: w.tick(110_100),
        then=["removed #1 close_only"],
    ),
    Row(
        "disabled deletes",
        given=steps(lambda w: w.buy_stop(110_100), lambda w: w.terms(trade_mode=v.TRADE_DISABLED)),
        when=lambda w: w.tick(110_100),
        then=["removed #1 close_only"],
    ),
    Row(
        "short only deletes a buy",
        given=steps(
            lambda w: w.buy_stop(110_100), lambda w: w.terms(trade_mode=v.TRADE_SHORT_ONLY)
        ),
        when=lambda w: w.tick(110_100),
        then=["removed #1 close_only"],
    ),
    Row(
        "long only deletes a sell",
        given=steps(
            lambda w: w.sell_stop(109_900), lambda w: w.terms(trade_mode=v.TRADE_LONG_ONLY)
        ),
        when=lambda w: w.tick(109_900),
        then=["removed #1 close_only"],
    ),
    Row(
        "long only lets a buy through",
        given=steps(lambda w: w.buy_stop(110_100), lambda w: w.terms(trade_mode=v.TRADE_LONG_ONLY)),
        when=lambda w: w.tick(110_095),
        then=["filled #1 at 110105", "opened #1 buy 100 at 110105"],
    ),
    Row(
        "close only lets a netting account reduce",
        given=steps(
            lambda w: w.buy(login=NETTER),
            lambda w: w.sell_stop(109_900, 50, login=NETTER),
            lambda w: w.terms(trade_mode=v.TRADE_CLOSE_ONLY),
        ),
        when=lambda w: w.tick(109_900),
        then=[
            "filled #2 into #1 at 109900",
            "closed #1 50 at 109900 netted -5500, rest #1",
            "changed #1 buy 50 at 110010",
        ],
    ),
    Row(
        "close only does not let it reverse",
        given=steps(
            lambda w: w.buy(login=NETTER),
            lambda w: w.sell_stop(109_900, 101, login=NETTER),
            lambda w: w.terms(trade_mode=v.TRADE_CLOSE_ONLY),
        ),
        when=lambda w: w.tick(109_900),
        then=["removed #2 close_only"],
    ),
    Row(
        "an account that was disabled meanwhile opens nothing",
        given=steps(
            lambda w: w.buy_stop(110_100), lambda w: w.account(CLIENT, status=v.ACCOUNT_DISABLED)
        ),
        when=lambda w: w.tick(110_100),
        then=["removed #1 close_only"],
    ),
    Row(
        "nor does one that is read-only",
        given=steps(
            lambda w: w.buy_stop(110_100), lambda w: w.account(CLIENT, status=v.ACCOUNT_READ_ONLY)
        ),
        when=lambda w: w.tick(110_100),
        then=["removed #1 close_only"],
    ),
    Row(
        "nor does a group whose trading is off",
        given=steps(lambda w: w.buy_stop(110_100), lambda w: w.group(trading_enabled=False)),
        when=lambda w: w.tick(110_100),
        then=["removed #1 close_only"],
    ),
    Row(
        "an order that the account can't pay is deleted",
        deposit=110_000,
        given=lambda w: w.buy_stop(110_100),
        when=lambda w: w.tick(110_090, 110_100),
        then=["removed #1 no_money"],
    ),
    Row(
        "to the cent: margin 1,101.00, balance 1,101.00",
        deposit=110_100,
        given=lambda w: w.buy_stop(110_100),
        when=lambda w: w.tick(110_100, 110_100),
        then=[
            "filled #1 at 110100",
            "opened #1 buy 100 at 110100",
            "margin call 1 at 110100 of 110100",
        ],
    ),
    Row(
        "an order that sets margin free activates without money",
        deposit=120_000,
        given=steps(lambda w: w.buy(), lambda w: w.sell_stop(109_400, 40)),
        when=lambda w: w.tick(109_400),
        then=[
            "filled #2 at 109400",
            "opened #2 sell 40 at 109400",
            "margin call 1 at 58600 of 66006",
        ],
    ),
    Row(
        "one that leaves the margin as it is does not",
        deposit=120_000,
        group={"larger_leg": True},
        given=steps(lambda w: w.buy(), lambda w: w.sell_stop(109_400, 30)),
        when=lambda w: w.tick(109_400),
        then=["removed #2 no_money", "margin call 1 at 59000 of 110010"],
    ),
    Row(
        "nor does the first in a group with strong cover",
        deposit=120_000,
        group={"strong_hedged": True},
        given=steps(lambda w: w.buy(), lambda w: w.sell_stop(109_400, 40)),
        when=lambda w: w.tick(109_400),
        then=["removed #2 no_money", "margin call 1 at 59000 of 110010"],
    ),
    Row(
        "an opposite position deletes it where hedging is prohibited",
        group={"hedge_prohibited": True},
        given=steps(lambda w: w.buy_stop(110_100, 10), lambda w: _hedge(w)),
        when=lambda w: w.tick(110_100),
        then=["removed #1 hedge_prohibited"],
    ),
    Row(
        "a netting account may always reverse",
        group={"hedge_prohibited": True},
        given=steps(
            lambda w: w.sell(10, login=NETTER), lambda w: w.buy_stop(110_100, 20, login=NETTER)
        ),
        when=lambda w: w.tick(110_090, 110_100),
        then=[
            "filled #2 at 110100",
            "closed #1 10 at 110100 netted -1000",
            "opened #2 buy 10 at 110100",
        ],
    ),
    Row(
        "FIFO prohibits hedging, too",
        group={},
        given=steps(
            lambda w: w.sell(10), lambda w: w.buy_stop(110_100, 10), lambda w: w.group(fifo=True)
        ),
        when=lambda w: w.tick(110_100),
        then=["removed #2 hedge_prohibited"],
    ),
    Row(
        "money is looked at before the hedge ban",
        deposit=130_000,
        given=steps(
            lambda w: w.sell(),
            lambda w: w.buy_stop(110_100, 1_000),
            lambda w: w.group(hedge_prohibited=True),
        ),
        when=lambda w: w.tick(110_100),
        then=["removed #2 no_money"],
    ),
    Row(
        "and the trade mode before the money",
        deposit=130_000,
        given=steps(
            lambda w: w.sell(),
            lambda w: w.buy_stop(110_100, 1_000),
            lambda w: w.group(hedge_prohibited=True),
            lambda w: w.terms(trade_mode=v.TRADE_CLOSE_ONLY),
        ),
        when=lambda w: w.tick(110_100),
        then=["removed #2 close_only"],
    ),
    Row(
        "and the gap before the trade mode",
        given=steps(
            lambda w: w.buy_stop(110_100, tp=110_200),
            lambda w: w.terms(trade_mode=v.TRADE_CLOSE_ONLY),
        ),
        when=lambda w: w.tick(110_200),
        then=["removed #1 gap"],
    ),
    Row(
        "what is left to a dealer is not deleted",
        given=steps(
            lambda w: w.buy_stop(110_100, tp=110_200),
            lambda w: w.group(execution_mode=v.EXECUTION_MANUAL),
        ),
        when=lambda w: w.tick(110_200),
        then=["refused #1 pending left_to_dealer"],
    ),
]


def _hedge(world: World) -> None:
    """Opens the opposite position while hedging is allowed."""
    world.group(hedge_prohibited=False)
    world.sell(10)
    world.group(hedge_prohibited=True)


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_what_becomes_of_a_pending_order(row: Row) -> None:
    assert told(outcome(row)) == row.then


def test_every_deletion_has_the_comment_that_clients_know() -> None:
    assert v.COMMENTS[v.REASON_CLOSE_ONLY] == "deleted [close only]"
    assert v.COMMENTS[v.REASON_NO_MONEY] == "deleted [no money]"
    assert v.COMMENTS[v.REASON_HEDGE_PROHIBITED] == "deleted [hedge is prohibited]"
    assert len(v.COMMENTS) == len(v.REASON_NAMES)


def test_an_order_is_deleted_when_the_account_has_the_most_positions_it_may_have() -> None:
    world = World(deposit=1_000_000)
    world.buy_stop(110_100, 1)
    many = [
        r.PlaceOrder(
            login=CLIENT, instrument=EURUSD, order_type=v.MARKET, side=v.BUY, volume_units=1
        )
        for _ in range(bounds.MAX_POSITIONS_PER_ACCOUNT)
    ]
    world.send_crowd(many)
    assert world.figures().positions == bounds.MAX_POSITIONS_PER_ACCOUNT
    assert told(world.tick(110_100)) == ["removed #1 bound"]


def test_a_waiting_order_follows_its_account_into_another_group() -> None:
    world = World()
    world.buy_stop(110_100)
    world.send(r.Group(group=GROUP + 1, name="other", currency=1, markup_ask_points=50))
    world.account(CLIENT, group=GROUP + 1)
    assert told(world.tick(110_040, 110_050)) == [
        "filled #1 at 110100",
        "opened #1 buy 100 at 110100",
    ]
