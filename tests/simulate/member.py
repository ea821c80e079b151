"""A client on the floor: orders of every kind in books, as far as it knows what it has there.

This file may decide what a client wants of the book venue. It knows what its answers say; that
its orders were filled by others, or liquidated, it finds out by being refused.
"""

from random import Random
from typing import Any

from engine import records as r
from engine import reject_codes
from engine import vocabulary as v
from tests.simulate.floor import TICK_SIZE, Floor
from tests.simulate.timeline import SECOND

FAR = 12
"""So many tick sizes from the price are most orders at most."""
MOST_UNITS = 250


class Member:
    """What one account does in books, and what it knows of it."""

    def __init__(self, login: int, currency: int, random: Random, floor: Floor) -> None:
        self._login = login
        self._currency = currency
        self._random = random
        self._floor = floor
        self._orders: dict[int, int] = {}
        """Ticket -> instrument."""
        self._positions: dict[int, tuple[int, int]] = {}
        """Ticket -> instrument and net volume, as last told."""

    def learn(self, event: Any) -> None:
        """One event of an answer; some are of others."""
        kind = event.TYPE
        if kind == v.REJECTED:
            if event.code == reject_codes.UNKNOWN_ORDER:
                self._orders.pop(event.ticket, None)
            elif event.code == reject_codes.UNKNOWN_POSITION:
                self._positions.pop(event.ticket, None)
        elif getattr(event, "login", 0) != self._login:
            return
        elif kind == v.BOOK_ORDER_PLACED:
            self._orders[event.order] = event.instrument
        elif kind == v.BOOK_ORDER_REMOVED:
            self._orders.pop(event.order, None)
        elif kind == v.FUTURES_FILLED or kind == v.SPOT_FILLED:
            if event.left_units == 0:
                self._orders.pop(event.order, None)
            if kind == v.FUTURES_FILLED:
                self._learn_position(event)

    def _learn_position(self, event: r.FuturesFilled) -> None:
        if event.position_units == 0:
            self._positions.pop(event.position, None)
        else:
            self._positions[event.position] = event.instrument, event.position_units

    # ------------------------------------------------------------ wishes

    def choose(self, now_ns: int, key_low: int) -> r.Command:
        """The next command."""
        chance = self._random.random()
        keys = {"key_high": self._login, "key_low": key_low}
        if chance < 0.22 and self._orders:
            return self._about_an_order(chance, keys)
        if chance < 0.34 and self._positions:
            return self._about_a_position(chance, keys)
        if chance < 0.36:
            number = self._random.choice((0, *self._floor.instruments(self._currency)))
            return r.CancelAll(login=self._login, instrument=number, **keys)
        if chance < 0.46:
            return self._place(order_type=v.MARKET, **keys)
        if chance < 0.60:
            return self._wait(keys)
        return self._limit(now_ns, keys)

    def _about_an_order(self, chance: float, keys: dict[str, int]) -> r.Command:
        order = self._random.choice(tuple(self._orders))
        if chance < 0.10:
            return r.CancelOrder(login=self._login, order=order, **keys)
        return r.ReplaceOrder(
            login=self._login,
            order=order,
            volume_units=self._volume(),
            price_points=self._near(self._orders[order]),
            **keys,
        )

    def _about_a_position(self, chance: float, keys: dict[str, int]) -> r.Command:
        """Stops around the price, or an order that only reduces it."""
        position = self._random.choice(tuple(self._positions))
        instrument, units = self._positions[position]
        now, away = self._floor.price(instrument), self._random.randrange(1, FAR) * TICK_SIZE
        if chance < 0.28:
            up = away if units > 0 else -away
            return r.ModifyPosition(
                login=self._login,
                position=position,
                stop_loss_points=now - up,
                take_profit_points=(now + up) * self._random.randrange(2),
                **keys,
            )
        return r.PlaceBookOrder(
            login=self._login,
            instrument=instrument,
            order_type=v.LIMIT,
            side=v.SELL if units > 0 else v.BUY,
            volume_units=self._random.randint(1, abs(units)),
            price_points=self._near(instrument),
            flags=v.REDUCE_ONLY,
            **keys,
        )

    def _wait(self, keys: dict[str, int]) -> r.PlaceBookOrder:
        """A stop or stop-limit order, mostly on the right side of the price."""
        random, instrument = self._random, self._instrument()
        side = random.randrange(2)
        away = random.randrange(FAR) * TICK_SIZE
        trigger = self._floor.price(instrument) + (away if side == v.BUY else -away)
        order_type = random.choice((v.STOP, v.STOP_LIMIT))
        limit = trigger + random.randint(-2, 2) * TICK_SIZE if order_type == v.STOP_LIMIT else 0
        return self._place(
            instrument=instrument,
            order_type=order_type,
            side=side,
            price_points=limit,
            time_in_force=random.choice((v.GOOD_TILL_CANCELLED, v.DAY)),
            trigger_points=trigger,
            **keys,
        )

    def _limit(self, now_ns: int, keys: dict[str, int]) -> r.PlaceBookOrder:
        random, instrument = self._random, self._instrument()
        force = random.choice((0, 0, 0, 0, *range(v.FILL_OR_KILL + 1)))
        resting = force <= v.GOOD_TILL_DATE
        soon = random.choice((1, 5, 60)) * SECOND
        return self._place(
            instrument=instrument,
            order_type=v.LIMIT,
            price_points=self._near(instrument),
            time_in_force=force,
            flags=v.POST_ONLY if resting and random.randrange(8) == 0 else 0,
            expiry_ns=now_ns + soon if force == v.GOOD_TILL_DATE else 0,
            shown_units=random.randint(1, 5) if resting and random.randrange(6) == 0 else 0,
            **keys,
        )

    def _place(self, **fields: int) -> r.PlaceBookOrder:
        """What is not said is left to chance."""
        random = self._random
        chosen = {
            "instrument": self._instrument(),
            "side": random.randrange(2),
            "volume_units": self._volume(),
            "self_trade": random.randrange(4),
            "time_in_force": v.IMMEDIATE_OR_CANCEL,
        }
        return r.PlaceBookOrder(login=self._login, **(chosen | fields))

    def _instrument(self) -> int:
        return self._random.choice(self._floor.instruments(self._currency))

    def _volume(self) -> int:
        """Mostly small."""
        return int(self._random.random() ** 3 * MOST_UNITS) + 1

    def _near(self, instrument: int) -> int:
        away = self._random.randint(-FAR, FAR) * TICK_SIZE
        return self._floor.price(instrument) + away
