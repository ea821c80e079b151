"""The trading floor of a random day on the book venue: what waits, what is hidden, what halts.

This file may choose what comes next, not judge it. Triggers and stops are set a few points
from the price that triggers, so that one after another is reached; halts and auctions are
short; quotes from outside move as little as the prices in the books do.
"""

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Any

import msgspec

from engine import records as r
from engine import vocabulary as v
from tests.naive import book_admission
from tests.naive.world import Position

if TYPE_CHECKING:
    from tests.naive.book_day import BookDay

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
LOWEST, HIGHEST = 10, 16

Maker = Callable[["BookDay"], r.Command | r.Config | None]


# ---------------------------------------------------------------- how a day begins


def price_fields(random: Random, features: list[str]) -> dict[str, Any]:
    """Of a book instrument: where its quote comes from, what triggers, how far prices go."""
    mark = random.randrange(3) if "marks" in features else v.MARK_BOOK
    banded = "bands" in features and random.randrange(3) > 0
    return {
        "mark": mark,
        "trigger": random.randrange(2),
        "band_bp": random.choice((1_000, 2_000, 4_000)) if banded else 0,
        "feeds": random.choice(([], [], [1], [2, 1])) if mark == v.MARK_TICK else [],
    }


def opening(random: Random, instruments: list[r.Instrument]) -> list[r.Command | r.Config]:
    """A first quote for most of those that are quoted from outside, and always trade."""
    return [
        r.Tick(instrument=config.instrument, feed=1, bid_points=12, ask_points=13)
        for config in instruments
        if config.mark == v.MARK_TICK and not config.sessions and random.randrange(4)
    ]


# ---------------------------------------------------------------- what there is


def books(day: "BookDay") -> list[r.Instrument]:
    """All but contracts that are settled for good."""
    return [
        config
        for number, config in sorted(day.world.instruments.items())
        if config.venue == v.VENUE_BOOK and day.world.phase_of(number) != v.PHASE_EXPIRED
    ]


def any_book(day: "BookDay") -> r.Instrument:
    return day.random.choice(books(day) or list(day.world.instruments.values()))


def near(day: "BookDay", price: int, side: int) -> int:
    """A little above for what buys, below for what sells; now and then on the wrong side."""
    away = day.random.choice((0, 1, 1, 1, 2, 2, 3))
    if not price:
        return day.random.randrange(LOWEST, HIGHEST + 1)
    return max(1, price + away if side == v.BUY else price - away)


def rounded(day: "BookDay", config: r.Instrument, price: int) -> int:
    """Mostly on the tick size."""
    return price - price % config.tick_size_points if day.random.randrange(12) else price


# ---------------------------------------------------------------- orders that wait


def stop_order(day: "BookDay") -> r.Command:
    """A stop or stop-limit order near the price that triggers it."""
    random, config = day.random, any_book(day)
    side, order_type = random.randrange(2), random.choice((v.STOP, v.STOP, v.STOP_LIMIT))
    login = day.who_trades(config.instrument)
    now = book_admission.trigger_price(day.world, config.instrument, side)
    trigger = rounded(day, config, near(day, now, side))
    limit = rounded(day, config, trigger + random.choice((-2, -1, 0, 0, 1, 2)))
    force = random.choice((v.GOOD_TILL_CANCELLED, v.GOOD_TILL_CANCELLED, v.DAY, v.GOOD_TILL_DATE))
    if random.randrange(25) == 0:
        force = v.IMMEDIATE_OR_CANCEL
    expiry = day.time_ns + random.choice((20 * SECOND, MINUTE, 30 * MINUTE))
    held = [p for p in day.world.positions_of(login, config.instrument) if p.side != side]
    reduces = (bool(held) and random.randrange(2)) or random.randrange(12) == 0
    flags = v.REDUCE_ONLY if reduces else 0
    return r.PlaceBookOrder(
        login=login,
        instrument=config.instrument,
        order_type=order_type,
        side=side,
        volume_units=random.choice((1, 1, 2, 3, 5, 12)),
        price_points=limit if order_type == v.STOP_LIMIT else 0,
        time_in_force=force,
        flags=flags,
        self_trade=random.randrange(4),
        expiry_ns=expiry if force == v.GOOD_TILL_DATE else 0,
        trigger_points=trigger,
    )


def any_waiting(day: "BookDay") -> r.Command | None:
    """An order that waits is cancelled, or replaced in vain."""
    waiting = list(day.world.waiting_orders.values())
    if not waiting:
        return None
    order = day.random.choice(waiting)
    if day.random.randrange(3):
        return r.CancelOrder(login=order.login, order=order.ticket)
    return r.ReplaceOrder(login=order.login, order=order.ticket, volume_units=1, price_points=12)


# ---------------------------------------------------------------- stops of positions


def any_position(day: "BookDay") -> Position | None:
    held = [p for p in day.world.positions.values() if day.world.on_book(p.instrument)]
    return day.random.choice(held) if held else None


def set_stops(day: "BookDay") -> r.Command | None:
    """Take profit and stop loss of somebody's position, around the price that triggers."""
    position = any_position(day)
    if position is None:
        return None
    random, config = day.random, day.world.instruments[position.instrument]
    side = v.SELL if position.side == v.BUY else v.BUY
    now = book_admission.trigger_price(day.world, position.instrument, side)
    gain = rounded(day, config, near(day, now, position.side))
    loss = rounded(day, config, near(day, now, side))
    both = random.randrange(3)
    return r.ModifyPosition(
        login=position.login if random.randrange(20) else 1,
        position=position.ticket,
        stop_loss_points=loss if both != 1 else 0,
        take_profit_points=gain if both != 2 else 0,
    )


# ---------------------------------------------------------------- icebergs


def iceberg(day: "BookDay") -> r.Command:
    """It shows little of what it has."""
    random, config = day.random, any_book(day)
    flags = random.choice((0, 0, 0, 0, v.POST_ONLY))
    return r.PlaceBookOrder(
        login=day.who_trades(config.instrument),
        instrument=config.instrument,
        order_type=v.LIMIT,
        side=random.randrange(2),
        volume_units=random.choice((2, 3, 5, 8, 12)),
        price_points=rounded(day, config, random.randrange(LOWEST, HIGHEST + 1)),
        time_in_force=v.GOOD_TILL_CANCELLED if random.randrange(15) else v.FILL_OR_KILL,
        flags=flags,
        self_trade=random.randrange(4),
        shown_units=random.choice((1, 1, 2, 3, 20)) if random.randrange(20) else -1,
    )


# ---------------------------------------------------------------- phases and quotes


def set_phase(day: "BookDay") -> r.Command:
    """What is halted or in an auction mostly goes on soon."""
    random, config = day.random, any_book(day)
    stopped = [c for c in books(day) if day.world.phase_of(c.instrument) != v.PHASE_CONTINUOUS]
    if stopped and random.randrange(6):
        config = random.choice(stopped)
        phase = v.PHASE_CONTINUOUS if random.randrange(6) else random.randrange(3)
    else:
        phase = random.choice((v.PHASE_HALTED, v.PHASE_AUCTION, v.PHASE_AUCTION, v.PHASE_AUCTION))
    if random.randrange(25) == 0:
        phase = random.choice((v.PHASE_EXPIRED, v.PHASE_CONTINUOUS))
    return r.SetPhase(instrument=config.instrument, phase=phase)


def gather(day: "BookDay") -> r.Command | None:
    """An order in an auction."""
    auctions = [c for c in books(day) if day.world.phase_of(c.instrument) == v.PHASE_AUCTION]
    if not auctions:
        return None
    random, config = day.random, day.random.choice(auctions)
    return r.PlaceBookOrder(
        login=day.who_trades(config.instrument),
        instrument=config.instrument,
        order_type=v.LIMIT,
        side=random.randrange(2),
        volume_units=random.choice((1, 2, 3, 5)),
        price_points=rounded(day, config, random.randrange(LOWEST, HIGHEST + 1)),
        self_trade=random.randrange(4),
        shown_units=random.choice((0, 0, 0, 1)),
    )


def tick(day: "BookDay") -> r.Command | None:
    """A quote from outside, a little further on."""
    marked = [c for c in books(day) if c.mark == v.MARK_TICK]
    if not marked:
        return None
    random, config = day.random, day.random.choice(marked)
    quote = day.world.quotes.get(config.instrument)
    bid = 12 if quote is None else quote.bid + random.choice((-2, -1, -1, 0, 1, 1, 2))
    bid = max(LOWEST - 1, min(HIGHEST, bid))
    return r.Tick(
        instrument=config.instrument,
        feed=1 if random.randrange(4) else 2,
        bid_points=bid,
        ask_points=bid + random.choice((0, 1, 1)),
    )


def change_prices(day: "BookDay") -> r.Config:
    """Mark (refused while it is in use), trigger, band."""
    random, config = day.random, any_book(day)
    changes: tuple[dict[str, Any], ...] = (
        {"mark": random.randrange(3)},
        {"trigger": random.randrange(2)},
        {"band_bp": random.choice((0, 1_000, 2_000, 4_000, 10_001))},
        {"feeds": random.choice(([], [1], [2, 1]))},
    )
    return msgspec.structs.replace(config, **random.choice(changes))


# How often each kind comes, beside about 1,000 of the day's own.
KINDS: dict[str, tuple[int, Maker]] = {
    "stop_order": (150, stop_order),
    "any_waiting": (12, any_waiting),
    "set_stops": (130, set_stops),
    "iceberg": (60, iceberg),
    "set_phase": (50, set_phase),
    "gather": (100, gather),
    "book_tick": (60, tick),
    "change_prices": (15, change_prices),
}
# What a day may leave out: the kinds that belong to it.
FEATURES: dict[str, tuple[str, ...]] = {
    "stops": ("stop_order", "any_waiting"),
    "stops of positions": ("set_stops",),
    "icebergs": ("iceberg",),
    "phases": ("set_phase", "gather"),
    "marks": ("book_tick",),
    "bands": ("change_prices",),
}
