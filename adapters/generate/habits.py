"""How generated clients trade: scalpers, hedgers, martingale players, swing traders, gamblers.

This file may not touch the engine: a habit looks at the market and at what its client
holds, and returns commands and the seconds until the next look. Clients also err, as
people do: now and then a price on the wrong side, a volume off the step, an old ticket.
"""

from typing import Final

from adapters.generate.client import Client, Habit, Order, Position
from adapters.generate.dice import Dice
from adapters.generate.market import Market, Sight
from engine import records
from engine import vocabulary as v

Commands = list[records.Command]
Look = tuple[Commands, int]

_MINUTE: Final = 60
_HOUR: Final = 3_600


def scalper(client: Client, market: Market, dice: Dice, now_ns: int) -> Look:
    """Many short trades with near stops, closed after minutes; asks for the price it sees."""
    pause = dice.between(40, 6 * _MINUTE)
    held = _tradable(client, market, now_ns)
    for position in held:
        if now_ns - position.opened_ns > dice.between(60, 900) * 10**9:
            return [_close(client, market, position, dice, wants_price=True)], pause
    if len(client.positions) >= 2:
        return [], pause
    sight = _favourite(client, market, dice, now_ns)
    if sight is None:
        return [], dice.between(10, 40) * _MINUTE
    volume = client.volume(market, sight.instrument, 0.04 + 0.08 * dice.uniform())
    side = v.BUY if sight.rising() != dice.chance(0.3) else v.SELL
    stop = sight.spread_points() * dice.between(4, 12)
    target = sight.spread_points() * dice.between(3, 9)
    markup = client.group.markup_ask_points if side == v.BUY else client.group.markup_bid_points
    price = sight.opening(side) + markup
    if dice.chance(0.06):
        price += sight.spread_points() * (-2 if side == v.BUY else 2)  # an old price, long gone
    return (
        _market_order(
            client, sight, side, volume, dice, stop, target,
            price_points=price, deviation_points=sight.spread_points() // dice.between(1, 4),
        ),
        pause,
    )  # fmt: skip


def hedger(client: Client, market: Market, dice: Dice, now_ns: int) -> Look:
    """Buys or sells, locks a losing position with its opposite, unwinds in parts."""
    pause = dice.between(5 * _MINUTE, 50 * _MINUTE)
    held = _tradable(client, market, now_ns)
    if held:
        first = held[0]
        sight = market.sights[first.instrument]
        both = [p for p in held if p.instrument == first.instrument]
        if len({p.side for p in both}) == 1:
            if _gain_points(first, sight) < -6 * sight.spread_points():
                opposite = v.SELL if first.side == v.BUY else v.BUY
                volume = sum(p.volume_units for p in both)
                return _market_order(client, sight, opposite, volume, dice), pause
            if _gain_points(first, sight) > 8 * sight.spread_points():
                return [_close(client, market, first, dice)], pause
        elif dice.chance(0.5):
            best = max(both, key=lambda p: (_gain_points(p, sight), p.ticket))
            part = _half(best, sight) if dice.chance(0.6) else 0
            return [_close(client, market, best, dice, volume_units=part)], pause
    if len(client.positions) >= 6:
        return [], pause
    opened = _favourite(client, market, dice, now_ns)
    if opened is None:
        return [], pause
    volume = client.volume(market, opened.instrument, 0.08 + 0.12 * dice.uniform())
    return _market_order(client, opened, dice.below(2), volume, dice), pause


def martingale(client: Client, market: Market, dice: Dice, now_ns: int) -> Look:
    """Never takes a loss: doubles against the market, and closes all when the sum is a gain."""
    pause = dice.between(4 * _MINUTE, 25 * _MINUTE)
    held = _tradable(client, market, now_ns)
    if not held:
        sight = _favourite(client, market, dice, now_ns)
        if sight is None:
            return [], 2 * pause
        share = min(0.05 * 2 ** min(client.losses, 3), 0.5)
        volume = client.volume(market, sight.instrument, share)
        side = v.SELL if sight.rising() else v.BUY
        return _market_order(client, sight, side, volume, dice), pause
    sight = market.sights[held[0].instrument]
    mine = [p for p in held if p.instrument == held[0].instrument]
    gain = sum(_gain_points(p, sight) * p.volume_units for p in mine)
    if gain > 4 * sight.spread_points() * sum(p.volume_units for p in mine):
        return [_close(client, market, p, dice) for p in mine], pause
    worst = mine[-1]
    if _gain_points(worst, sight) < -dice.between(8, 25) * sight.spread_points():
        largest = sight.instrument.lot_max_units
        volume = min(2 * worst.volume_units, largest)
        return _market_order(client, sight, worst.side, volume, dice), pause
    return [], pause


def swing(client: Client, market: Market, dice: Dice, now_ns: int) -> Look:
    """Pending orders away from the price, trailing stops, profits taken in parts."""
    pause = dice.between(20 * _MINUTE, 2 * _HOUR)
    commands: Commands = []
    for position in _tradable(client, market, now_ns)[:3]:
        commands += _manage(client, market, position, dice)
    for order in list(client.orders.values())[:3]:
        if _can_trade(market.sights[order.instrument], market, now_ns):
            commands += _revise(client, market, order, dice)
    if len(client.orders) < 3 and len(client.positions) < 5:
        sight = _favourite(client, market, dice, now_ns)
        if sight is not None:
            commands += _pending_order(client, market, sight, dice, now_ns)
    return commands, pause


def gambler(client: Client, market: Market, dice: Dice, now_ns: int) -> Look:
    """Nearly everything on one trade, no stop loss; sits it out, or cashes in."""
    pause = dice.between(25 * _MINUTE, 4 * _HOUR)
    held = _tradable(client, market, now_ns)
    if held:
        sight = market.sights[held[0].instrument]
        if _gain_points(held[0], sight) > 12 * sight.spread_points() or dice.chance(0.08):
            return [_close(client, market, held[0], dice)], pause
        return [], pause
    if client.positions:
        return [], pause
    opened = _favourite(client, market, dice, now_ns)
    if opened is None:
        return [], pause
    volume = client.volume(market, opened.instrument, 0.6 + 0.38 * dice.uniform())
    return _market_order(client, opened, dice.below(2), volume, dice), pause


HABITS: Final[dict[str, Habit]] = {
    "scalper": scalper,
    "hedger": hedger,
    "martingale": martingale,
    "swing": swing,
    "gambler": gambler,
}


# ---------------------------------------------------------------- looking


def _tradable(client: Client, market: Market, now_ns: int) -> list[Position]:
    """Positions that could be closed now, oldest first."""
    return [
        p
        for p in client.positions.values()
        if not p.closing and _can_trade(market.sights[p.instrument], market, now_ns)
    ]


def _can_trade(sight: Sight, market: Market, now_ns: int) -> bool:
    return market.is_open(sight.instrument, now_ns) and not sight.stale(now_ns)


def _favourite(client: Client, market: Market, dice: Dice, now_ns: int) -> Sight | None:
    """One of the favourites that has a quote and is open (now and then: is not)."""
    sight = market.sights[dice.pick(client.instruments)]
    if not sight.bid_points:
        return None
    if _can_trade(sight, market, now_ns) or dice.chance(0.02):
        return sight
    return None


def _gain_points(position: Position, sight: Sight) -> int:
    moved = sight.closing(position.side) - position.open_points
    return moved if position.side == v.BUY else -moved


def _half(position: Position, sight: Sight) -> int:
    step = sight.instrument.lot_step_units
    half = position.volume_units // 2 // step * step
    return half if 0 < half < position.volume_units else 0


# ---------------------------------------------------------------- commands


def _market_order(
    client: Client,
    sight: Sight,
    side: int,
    volume_units: int,
    dice: Dice,
    stop_points: int = 0,
    target_points: int = 0,
    price_points: int = 0,
    deviation_points: int = 0,
) -> Commands:
    if volume_units <= 0:
        return []
    away = 1 if side == v.BUY else -1
    if dice.chance(0.004):
        away = -away
    if dice.chance(0.003):
        volume_units += sight.instrument.lot_max_units
    reference = sight.closing(side)
    level = max(sight.instrument.stops_level_points, 1) + sight.spread_points()
    stop = reference - away * max(stop_points, level) if stop_points else 0
    target = reference + away * max(target_points, level) if target_points else 0
    return [
        records.PlaceOrder(
            login=client.login,
            instrument=sight.instrument.instrument,
            order_type=v.MARKET,
            side=side,
            volume_units=volume_units,
            price_points=price_points,
            deviation_points=deviation_points,
            stop_loss_points=sight.on_tick_size(stop) if stop else 0,
            take_profit_points=sight.on_tick_size(target) if target else 0,
            **client.key(),
        )
    ]


def _close(
    client: Client,
    market: Market,
    position: Position,
    dice: Dice,
    volume_units: int = 0,
    wants_price: bool = False,
) -> records.Command:
    sight = market.sights[position.instrument]
    markup = client.group.markup_bid_points
    if position.side == v.SELL:
        markup = client.group.markup_ask_points
    return records.ClosePosition(
        login=client.login,
        position=position.ticket if not dice.chance(0.002) else position.ticket + 1,
        volume_units=volume_units,
        price_points=sight.closing(position.side) + markup if wants_price else 0,
        deviation_points=sight.spread_points() if wants_price else 0,
        **client.key(),
    )


def _pending_order(
    client: Client, market: Market, sight: Sight, dice: Dice, now_ns: int
) -> Commands:
    """A limit, stop or stop-limit order with stop loss and take profit."""
    volume = client.volume(market, sight.instrument, 0.1 + 0.15 * dice.uniform())
    if volume <= 0:
        return []
    side = dice.below(2)
    order_type = dice.pick((v.LIMIT, v.LIMIT, v.STOP, v.STOP, v.STOP_LIMIT))
    up = (side == v.BUY) != (order_type == v.LIMIT)
    level = max(sight.instrument.stops_level_points, 1)
    distance = level + sight.spread_points() * dice.between(2, 14)
    price = sight.opening(side) + (distance if up else -distance)
    away = 1 if side == v.BUY else -1
    limit = price - away * (level + sight.spread_points()) if order_type == v.STOP_LIMIT else 0
    reference = limit or price
    tick = sight.instrument.tick_size_points
    stop = reference - away * (2 * distance + tick) if dice.chance(0.8) else 0
    target = reference + away * (3 * distance + tick) if dice.chance(0.8) else 0
    expiry = 0
    if dice.chance(0.4):
        expiry = now_ns + dice.between(10 * _MINUTE, 6 * _HOUR) * 10**9
    return [
        records.PlaceOrder(
            login=client.login,
            instrument=sight.instrument.instrument,
            order_type=order_type,
            side=side,
            volume_units=volume,
            price_points=sight.on_tick_size(price),
            limit_price_points=sight.on_tick_size(limit) if limit else 0,
            stop_loss_points=sight.on_tick_size(stop) if stop else 0,
            take_profit_points=sight.on_tick_size(target) if target else 0,
            expiry_ns=expiry,
            **client.key(),
        )
    ]


def _manage(client: Client, market: Market, position: Position, dice: Dice) -> Commands:
    """Trails the stop of a winner, or takes half of its profit; leaves losers to their stop."""
    sight = market.sights[position.instrument]
    gain = _gain_points(position, sight)
    if gain < 5 * sight.spread_points():
        return []
    if dice.chance(0.35):
        return [_close(client, market, position, dice, volume_units=_half(position, sight))]
    away = 1 if position.side == v.BUY else -1
    level = max(sight.instrument.stops_level_points, 1) + 2 * sight.spread_points()
    stop = sight.on_tick_size(sight.closing(position.side) - away * level)
    before = position.stop_loss_points
    if before and (stop - before) * away <= 0:
        return []
    return [
        records.ModifyPosition(
            login=client.login,
            position=position.ticket,
            stop_loss_points=stop,
            take_profit_points=position.take_profit_points,
            **client.key(),
        )
    ]


def _revise(client: Client, market: Market, order: Order, dice: Dice) -> Commands:
    """Follows the price with a pending order, or gives it up."""
    if dice.chance(0.15):
        return [records.CancelOrder(login=client.login, order=order.ticket, **client.key())]
    if not dice.chance(0.3):
        return []
    sight = market.sights[order.instrument]
    shift = (sight.opening(order.side) - order.price_points) // 4
    return [
        records.ModifyOrder(
            login=client.login,
            order=order.ticket,
            price_points=sight.on_tick_size(order.price_points + shift),
            limit_price_points=_shifted(order.limit_price_points, shift, sight),
            stop_loss_points=_shifted(order.stop_loss_points, shift, sight),
            take_profit_points=_shifted(order.take_profit_points, shift, sight),
            expiry_ns=order.expiry_ns,
            **client.key(),
        )
    ]


def _shifted(points: int, shift: int, sight: Sight) -> int:
    return sight.on_tick_size(points + shift) if points else 0
