"""Pending orders, stops, netting, closing and dealers: tables of cases, through both engines.

The market of a row is EURUSD 1.10000 / 1.10010 unless it says otherwise.
"""

from typing import Any

import pytest

from engine import records as r
from engine import reject_codes as c
from engine import vocabulary as v
from tests.naive.small_world import EURUSD, SECOND, SmallWorld, of_type

BUY, SELL = v.BUY, v.SELL
MARKET, LIMIT, STOP, STOP_LIMIT = v.MARKET, v.LIMIT, v.STOP, v.STOP_LIMIT


def open_market(deposit: int = 1_000_000, **fields: Any) -> SmallWorld:
    """The market of a row: EURUSD 1.10000 / 1.10010."""
    world = SmallWorld(deposit=deposit, **fields)
    world.tick(110_000, 110_010)
    return world


# ---------------------------------------------------------------- pending orders on a tick


TRIGGERS = [
    # type, side, price, a tick short of it, a tick that reaches it, fill (classic), fill (tick)
    (LIMIT, BUY, 109_900, (109_891, 109_901), (109_850, 109_860), 109_900, 109_860),
    (LIMIT, SELL, 110_100, (110_099, 110_109), (110_150, 110_160), 110_100, 110_150),
    (STOP, BUY, 110_100, (110_089, 110_099), (110_130, 110_140), 110_140, 110_140),
    (STOP, SELL, 109_900, (109_901, 109_911), (109_850, 109_860), 109_850, 109_850),
]


@pytest.mark.parametrize("gap_policy", [v.GAP_CLASSIC, v.GAP_TICK])
@pytest.mark.parametrize(
    ("order_type", "side", "price", "near", "reached", "classic", "at_tick"), TRIGGERS
)
def test_pending_order_fires_on_the_opening_price_of_its_side(
    order_type: int,
    side: int,
    price: int,
    near: tuple[int, int],
    reached: tuple[int, int],
    classic: int,
    at_tick: int,
    gap_policy: int,
) -> None:
    world = open_market(gap_policy=gap_policy)
    world.place(side, 100, order_type, price_points=price)
    assert not world.tick(*near)
    [filled] = of_type(world.tick(*reached), r.OrderFilled)
    assert filled.price_points == (classic if gap_policy == v.GAP_CLASSIC else at_tick)


def test_stop_limit_becomes_a_limit_order_and_waits_for_the_next_tick() -> None:
    world = open_market()
    ticket = world.place(BUY, 100, STOP_LIMIT, price_points=110_100, limit_price_points=110_050)
    [triggered] = world.tick(110_095, 110_105)
    assert (triggered.order, triggered.price_points) == (ticket, 110_050)
    assert not world.tick(110_041, 110_051)
    [filled] = of_type(world.tick(110_040, 110_050), r.OrderFilled)
    assert filled.price_points == 110_050


@pytest.mark.parametrize(
    ("first", "second", "removed"),
    [
        ((110_000, 110_010), (110_300, 110_310), True),  # bid above the previous ask: a gap
        ((110_299, 110_309), (110_300, 110_310), False),  # no gap
    ],
)
def test_stop_order_whose_price_and_take_profit_lie_in_a_gap_is_removed(
    first: tuple[int, int], second: tuple[int, int], removed: bool
) -> None:
    world = open_market()
    world.place(BUY, 100, STOP, price_points=110_350, take_profit_points=110_400)
    world.accepted(
        r.ModifyOrder(login=1, order=1, price_points=110_310, take_profit_points=110_311)
    )
    world.change_group(markup_bid_points=20)
    world.accepted(r.Tick(instrument=EURUSD, feed=1, bid_points=first[0], ask_points=first[1]))
    events = world.tick(*second)
    reasons = [event.reason for event in of_type(events, r.OrderRemoved)]
    assert reasons == ([v.REASON_GAP] if removed else [])


@pytest.mark.parametrize(
    ("side", "second", "removed"),
    [
        # after 1.10000 / 1.10010; a gap: bid above the previous ask, ask below the previous bid
        (BUY, (110_010, 110_020), False),
        (BUY, (110_011, 110_021), True),
        (SELL, (109_990, 110_000), False),
        (SELL, (109_989, 109_999), True),
    ],
)
def test_gap_begins_one_point_beyond_the_previous_quote(
    side: int, second: tuple[int, int], removed: bool
) -> None:
    world = open_market()
    price, profit = (110_015, 110_016) if side == BUY else (109_995, 109_994)
    world.place(side, 100, STOP, price_points=price, take_profit_points=profit)
    markup = {"markup_bid_points": 10} if side == BUY else {"markup_ask_points": -10}
    world.accepted(r.Terms(group=1, instrument=EURUSD, **markup))
    reasons = [event.reason for event in of_type(world.tick(*second), r.OrderRemoved)]
    assert reasons == ([v.REASON_GAP] if removed else [])


CLOSE_ONLY = [
    # mode of the account, type, side, volume against a position of 1 lot bought, code
    (v.HEDGING, MARKET, SELL, 100, c.CLOSE_ONLY),
    (v.NETTING, MARKET, SELL, 100, 0),
    (v.NETTING, MARKET, SELL, 101, c.CLOSE_ONLY),
    (v.NETTING, MARKET, BUY, 1, c.CLOSE_ONLY),
    (v.NETTING, LIMIT, SELL, 500, 0),
    (v.NETTING, LIMIT, BUY, 1, c.CLOSE_ONLY),
]


@pytest.mark.parametrize(("mode", "order_type", "side", "volume", "code"), CLOSE_ONLY)
def test_close_only_lets_a_netting_account_place_what_opposes_its_position(
    mode: int, order_type: int, side: int, volume: int, code: int
) -> None:
    world = open_market(mode=mode)
    world.buy(100)
    world.change_pair(trade_mode=v.TRADE_CLOSE_ONLY)
    price = {MARKET: 0, LIMIT: 111_000 if side == SELL else 109_000}[order_type]
    [event, *_] = world.send(world.order(side, volume, order_type, price_points=price))
    assert (event.code if isinstance(event, r.Rejected) else 0) == code


REMOVALS = [
    ({"trade_mode": v.TRADE_DISABLED}, {}, v.REASON_CLOSE_ONLY),
    ({"trade_mode": v.TRADE_CLOSE_ONLY}, {}, v.REASON_CLOSE_ONLY),
    ({"trade_mode": v.TRADE_SHORT_ONLY}, {}, v.REASON_CLOSE_ONLY),
    ({"trade_mode": v.TRADE_LONG_ONLY}, {}, 0),
    ({}, {"trading_enabled": False}, v.REASON_CLOSE_ONLY),
    ({}, {"hedge_prohibited": True}, v.REASON_HEDGE_PROHIBITED),
    ({}, {"fifo": True}, v.REASON_HEDGE_PROHIBITED),
    ({}, {"leverage": 1}, v.REASON_NO_MONEY),
]


@pytest.mark.parametrize(("pair", "group", "reason"), REMOVALS)
def test_activated_order_that_may_not_open_is_removed_with_its_reason(
    pair: dict[str, int], group: dict[str, Any], reason: int
) -> None:
    world = open_market()
    world.sell(1)
    world.place(BUY, 100, LIMIT, price_points=109_900)
    if pair:
        world.change_pair(**pair)
    if group:
        world.change_group(**group)
    events = world.tick(109_890, 109_900)
    assert [event.reason for event in of_type(events, r.OrderRemoved)] == (
        [reason] if reason else []
    )


def test_expired_orders_go_by_due_time_then_ticket_and_before_the_tick_that_would_fill_them() -> (
    None
):
    world = open_market()
    now = world.both.naive.time_ns
    late = world.place(BUY, 1, LIMIT, price_points=109_900, expiry_ns=now + 2 * SECOND)
    first = world.place(BUY, 1, LIMIT, price_points=109_900, expiry_ns=now + SECOND)
    second = world.place(BUY, 1, LIMIT, price_points=109_900, expiry_ns=now + SECOND)
    events = world.tick(109_800, after_ns=2 * SECOND)
    assert [event.order for event in of_type(events, r.OrderRemoved)] == [first, second, late]
    assert not of_type(events, r.OrderFilled)


# ---------------------------------------------------------------- stops


STOPS = [
    # side, stop loss, take profit, tick, reason, price (classic), price (tick)
    (BUY, 0, 110_100, (110_150, 110_160), v.REASON_TAKE_PROFIT, 110_100, 110_150),
    (BUY, 109_900, 0, (109_850, 109_860), v.REASON_STOP_LOSS, 109_850, 109_850),
    (SELL, 0, 109_900, (109_840, 109_850), v.REASON_TAKE_PROFIT, 109_900, 109_850),
    (SELL, 110_100, 0, (110_140, 110_150), v.REASON_STOP_LOSS, 110_150, 110_150),
]


@pytest.mark.parametrize("gap_policy", [v.GAP_CLASSIC, v.GAP_TICK])
@pytest.mark.parametrize(("side", "loss", "profit", "tick", "reason", "classic", "at_tick"), STOPS)
def test_stop_loss_and_take_profit_close_on_the_closing_price(
    side: int,
    loss: int,
    profit: int,
    tick: tuple[int, int],
    reason: int,
    classic: int,
    at_tick: int,
    gap_policy: int,
) -> None:
    world = open_market(gap_policy=gap_policy)
    world.place(side, 100, stop_loss_points=loss, take_profit_points=profit)
    [closed] = of_type(world.tick(*tick), r.PositionClosed)
    assert closed.reason == reason
    assert closed.close_price_points == (classic if gap_policy == v.GAP_CLASSIC else at_tick)


def test_fifo_skips_a_stop_of_a_younger_position_and_tells_it_once() -> None:
    world = open_market(fifo=True)
    world.buy(1)
    younger = world.buy(1, take_profit_points=110_050)
    [refused] = world.tick(110_050)
    assert (refused.ticket, refused.reason) == (younger, v.REFUSED_FIFO)
    assert not world.tick(110_060)
    assert world.refused(r.ClosePosition(login=1, position=younger)) == c.FIFO_RULE


def test_position_opened_by_a_pending_is_not_tested_for_its_stops_on_the_same_tick() -> None:
    world = open_market()
    world.place(BUY, 100, LIMIT, price_points=109_900, stop_loss_points=109_850)
    events = world.tick(109_800, 109_810)
    assert [type(event) for event in of_type(events, r.PositionClosed)] == []
    [closed] = of_type(world.tick(109_800, 109_810), r.PositionClosed)
    assert closed.reason == v.REASON_STOP_LOSS


# ---------------------------------------------------------------- netting and partial closes


def test_netting_adds_reduces_closes_and_reverses() -> None:
    world = open_market(mode=v.NETTING, commission_per_lot_minor=700)
    first = world.buy(100, stop_loss_points=109_000)
    world.tick(110_100, 110_111)
    [changed] = of_type(world.send(world.order(BUY, 50)), r.PositionChanged)
    # (100 x 110,010 + 50 x 110,111) / 150 = 110,043.67
    assert (changed.position, changed.volume_units) == (first, 150)
    assert (changed.open_cost, changed.open_price_points) == (16_506_550, 110_044)
    assert (changed.stop_loss_points, changed.commission_minor) == (109_000, 1_050)

    events = world.send(world.order(SELL, 40))
    [closed], [rest] = of_type(events, r.PositionClosed), of_type(events, r.PositionChanged)
    # share of the cost: round(16,506,550 x 40 / 150) = 4,401,747
    assert (closed.rest_position, closed.reason) == (first, v.REASON_NETTED)
    # close leg 0.4 lot at 1.10100 = 44,040.00; open leg 44,017.47
    assert closed.profit_minor == 2_253
    assert (rest.open_cost, rest.commission_minor) == (16_506_550 - 4_401_747, 770)

    events = world.send(world.order(SELL, 200))
    [opened] = of_type(events, r.PositionOpened)
    assert (opened.side, opened.volume_units, opened.stop_loss_points) == (SELL, 90, 0)
    # commission of 14.00 for 2 lots: 0.9 of 2 lots stay with the position
    assert opened.commission_minor == 630
    assert opened.position == opened.order

    events = world.send(world.order(BUY, 90))
    assert of_type(events, r.PositionClosed)[0].rest_position == 0
    assert world.figures.positions == 0
    assert world.figures.margin_minor == 0


def test_partial_close_of_a_hedging_position_gives_the_rest_a_new_ticket() -> None:
    world = open_market(commission_per_lot_minor=333)
    ticket = world.buy(100, take_profit_points=120_000)
    events = world.close(ticket, 33)
    [closed], [rest] = of_type(events, r.PositionClosed), of_type(events, r.PositionChanged)
    assert (closed.position, closed.rest_position) == (ticket, ticket + 1)
    assert (rest.position, rest.previous_position) == (ticket + 1, ticket)
    assert (closed.commission_minor, rest.commission_minor) == (110, 223)
    assert rest.take_profit_points == 120_000
    assert world.refused(r.ClosePosition(login=1, position=ticket)) == c.UNKNOWN_POSITION


CLOSES = [
    # volume asked for of a position of 1 lot with step 5, code
    (-1, c.VOLUME_BELOW_MINIMUM),
    (101, c.VOLUME_ABOVE_POSITION),
    (7, c.VOLUME_OFF_STEP),
    (5, 0),
    (100, 0),
    (0, 0),
]


@pytest.mark.parametrize(("volume", "code"), CLOSES)
def test_close_takes_the_whole_or_a_part_on_a_step_below_the_minimum_too(
    volume: int, code: int
) -> None:
    world = open_market(pair={"lot_min_units": 50, "lot_step_units": 5})
    ticket = world.buy(100)
    command = r.ClosePosition(login=1, position=ticket, volume_units=volume)
    [event, *_] = world.send(command)
    assert (event.code if isinstance(event, r.Rejected) else 0) == code


def test_ticket_of_another_account_or_of_another_kind_is_refused() -> None:
    world = open_market()
    world.accepted(r.SetAccount(login=2, group=1))
    position = world.buy(1)
    order = world.place(BUY, 1, LIMIT, price_points=109_000)
    assert world.refused(r.ClosePosition(login=2, position=position)) == c.NOT_YOUR_TICKET
    assert world.refused(r.CancelOrder(login=2, order=order)) == c.NOT_YOUR_TICKET
    assert world.refused(r.ClosePosition(login=1, position=order)) == c.UNKNOWN_POSITION
    assert world.refused(r.CancelOrder(login=1, order=position)) == c.UNKNOWN_ORDER
    assert world.refused(r.ClosePosition(login=9, position=position)) == c.UNKNOWN_ACCOUNT


def test_rest_of_a_partial_close_stays_the_oldest_for_fifo() -> None:
    world = open_market(fifo=True)
    first, second = world.buy(100), world.buy(100)
    world.close(first, 50)
    assert world.refused(r.ClosePosition(login=1, position=second)) == c.FIFO_RULE
    world.close(second + 1)
    world.close(second)


def test_agent_is_paid_for_closed_volume_with_the_client_as_reference() -> None:
    world = SmallWorld(agent_commission_per_lot_minor=301)
    world.accepted(r.SetAccount(login=2, group=1, agent_login=1))
    world.money(1_000_000, login=2)
    world.tick(110_000, 110_010)
    ticket = world.buy(50, login=2)
    events = world.close(ticket, login=2)
    paid = [e for e in of_type(events, r.LedgerEntry) if e.login == 1]
    assert [(e.balance_delta_minor, e.reference) for e in paid] == [(151, 2)]


# ---------------------------------------------------------------- dealers


def test_market_order_of_a_manual_group_waits_for_a_dealer() -> None:
    world = open_market(execution_mode=v.EXECUTION_MANUAL, request_timeout_ms=5_000)
    placed, requested = world.send(world.order(BUY, 100))
    assert isinstance(requested, r.DealerRequested)
    assert requested.price_points == 110_010
    assert requested.timeout_ns == world.both.naive.time_ns + 5 * SECOND
    confirm = r.DealerConfirm(dealer=5, ticket=placed.order, price_points=110_020)
    assert world.refused(confirm) == c.UNKNOWN_DEALER
    world.accepted(r.SetDealer(dealer=5, online=0))
    assert world.refused(confirm) == c.DEALER_OFFLINE
    world.accepted(r.SetDealer(dealer=5, online=1))
    [filled] = of_type(world.accepted(confirm), r.OrderFilled)
    assert (filled.price_points, filled.dealer) == (110_020, 5)
    assert world.refused(confirm) == c.NO_REQUEST


def test_request_that_waits_too_long_ends_before_the_command_that_brings_the_time() -> None:
    world = open_market(execution_mode=v.EXECUTION_MANUAL, request_timeout_ms=5_000)
    ticket = world.place(BUY, 100)
    requoted, removed = world.tick(110_000, after_ns=5 * SECOND)
    assert (requoted.ticket, requoted.price_points) == (ticket, 0)
    assert removed.reason == requoted.reason == v.REASON_REQUEST_TIMEOUT


@pytest.mark.parametrize(("online", "waits"), [(0, False), (1, True)])
def test_auto_if_no_dealer_asks_only_while_a_dealer_is_online(online: int, waits: bool) -> None:
    world = open_market(execution_mode=v.EXECUTION_AUTO_IF_NO_DEALER)
    world.accepted(r.SetDealer(dealer=1, online=online))
    events = world.send(world.order(BUY, 100))
    assert bool(of_type(events, r.DealerRequested)) is waits
    assert bool(of_type(events, r.OrderFilled)) is not waits


def test_close_request_keeps_stops_and_stop_outs_away_until_it_ends() -> None:
    world = open_market(200_000)
    ticket = world.buy(100, stop_loss_points=109_900)
    world.change_group(execution_mode=v.EXECUTION_MANUAL)
    [requested] = world.send(r.ClosePosition(login=1, position=ticket, volume_units=40))
    assert (requested.request, requested.volume_units) == (v.REQUEST_CLOSE, 40)
    again = r.ClosePosition(login=1, position=ticket)
    assert world.refused(again) == c.REQUEST_PENDING
    world.change_group(execution_mode=v.EXECUTION_AUTO)
    events = world.tick(108_000)
    assert [type(event) for event in events] == [r.MarginCall, r.TriggerRefused]
    world.accepted(r.SetDealer(dealer=1, online=1))
    world.accepted(r.DealerReject(dealer=1, ticket=ticket))
    [closed] = of_type(world.tick(108_000), r.PositionClosed)
    assert closed.reason == v.REASON_STOP_LOSS


def test_netting_order_ends_the_close_request_of_the_position_that_it_reduces() -> None:
    world = open_market(mode=v.NETTING, execution_mode=v.EXECUTION_MANUAL)
    world.accepted(r.SetDealer(dealer=1, online=1))
    ticket = world.place(BUY, 100)
    world.accepted(r.DealerConfirm(dealer=1, ticket=ticket))
    world.accepted(r.ClosePosition(login=1, position=ticket))
    world.change_group(execution_mode=v.EXECUTION_AUTO)
    world.sell(60)
    assert world.refused(r.DealerConfirm(dealer=1, ticket=ticket)) == c.NO_REQUEST
    world.close(ticket)
    assert world.figures.positions == 0


# ---------------------------------------------------------------- frozen


def test_order_or_position_near_the_price_is_frozen() -> None:
    world = open_market(pair={"freeze_level_points": 50})
    order = world.place(BUY, 1, LIMIT, price_points=109_960)
    position = world.buy(1, stop_loss_points=109_950)
    assert world.refused(r.CancelOrder(login=1, order=order)) == c.FROZEN
    changed = r.ModifyOrder(login=1, order=order, price_points=109_000)
    assert world.refused(changed) == c.FROZEN
    assert world.refused(r.ClosePosition(login=1, position=position)) == c.FROZEN
    world.tick(110_001, 110_011)
    world.accepted(r.CancelOrder(login=1, order=order))
    world.close(position)
