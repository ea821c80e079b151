"""Clients: each sends commands with keys, waits for the answers, and sends again when none comes.

This file may decide what a client wants and check what it is told: however often a command is
sent, through however many crashes, every answer to it is the same. A client knows only what its
answers say; positions that were stopped out meanwhile it finds out by being refused.
"""

from collections import Counter
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any, NamedTuple

import msgspec

from engine import records as r
from engine import reject_codes
from engine import vocabulary as v
from engine.records import Event
from tests.simulate.market import HABITS, TICK_SIZE, Market
from tests.simulate.member import Member
from tests.simulate.network import Network
from tests.simulate.oracle import Wrong
from tests.simulate.swarm import Swarm
from tests.simulate.timeline import MS, SECOND, START_NS, Timeline

MOST_PATIENCE = 8


class Answer(NamedTuple):
    """What a client is told about a command."""

    sequence: int
    events: list[Event]
    conflict: bool = False
    """The key belongs to another command; nothing was done."""


Reply = Callable[[Answer], None]
Submit = Callable[[r.Command, Reply], None]
"""Of the machine: takes a command, and calls back with the answer through the network."""


class Request:
    """A command on its way, and what came back first."""

    __slots__ = ("answer", "attempts", "record")

    def __init__(self, record: r.Command) -> None:
        self.record = record
        self.answer: Answer | None = None
        self.attempts = 0


class Client:
    """One account and the person behind it."""

    def __init__(
        self,
        login: int,
        swarm: Swarm,
        random: Random,
        timeline: Timeline,
        network: Network,
        market: Market,
        notes: Counter[str],
        submit: Submit,
        to_the_desk: Callable[[int, int], None],
        member: Member | None,
    ) -> None:
        """`member`: what it does in books, where there are any."""
        self.login = login
        self.open: list[Request] = []
        """Requests without an answer yet."""
        self._answered: list[Request] = []
        self._positions: dict[int, int] = {}
        """Ticket -> instrument, as far as it knows."""
        self._orders: dict[int, int] = {}
        self._keys = 0
        self._swarm = swarm
        self._random = random
        self._timeline = timeline
        self._network = network
        self._market = market
        self._notes = notes
        self._submit = submit
        self._to_the_desk = to_the_desk
        self._member = member
        timeline.every(random, swarm.clients * SECOND // 4, self._think)

    # ------------------------------------------------------------ sending

    def _think(self) -> None:
        """The moment for something new, unless too much is unanswered."""
        if len(self.open) >= self._swarm.window:
            return
        request = Request(self._choose())
        self.open.append(request)
        self._send(request)
        chance = self._random.random()
        if chance < self._swarm.conflicts:
            self._send_an_impostor(request.record)
        elif self._answered and chance > 1 - self._swarm.old_retries:
            self._notes["answered keys sent again"] += 1
            old = self._random.choice(self._answered)
            self._network.send(self._submit, old.record, partial(self._receive, old))

    def _send(self, request: Request) -> None:
        request.attempts += 1
        self._network.send(self._submit, request.record, partial(self._receive, request))
        patience = self._swarm.patience_ms * MS * min(request.attempts, MOST_PATIENCE)
        self._timeline.after(patience, self._impatient, request)

    def _impatient(self, request: Request) -> None:
        if request.answer is None:
            self._notes["keys retried"] += 1
            self._send(request)

    def _send_an_impostor(self, record: r.Command) -> None:
        """Another command with the same key; which of them is first, nobody knows."""
        other = {"login": self.login + 1} if self._random.randrange(2) else other_content(record)
        impostor = Request(msgspec.structs.replace(record, **other))
        self._network.send(self._submit, impostor.record, partial(self._receive, impostor))

    # ------------------------------------------------------------ answers

    def _receive(self, request: Request, answer: Answer) -> None:
        """An answer; it may be the second, and must be the same then."""
        if request.answer is None:
            request.answer = answer
            self._learn(answer)
            if request in self.open:
                self.open.remove(request)
                self._answered.append(request)
        elif request.answer != answer:
            raise Wrong(
                f"login {self.login} was told {request.answer} first, then {answer}, about"
                f" {request.record}"
            )

    def _learn(self, answer: Answer) -> None:
        """What an answer says about orders and positions."""
        event: Any
        for event in answer.events:
            kind = event.TYPE
            if self._member is not None:
                self._member.learn(event)
            if kind == v.REJECTED:
                if event.code == reject_codes.UNKNOWN_POSITION:
                    self._positions.pop(event.ticket, None)
                elif event.code == reject_codes.UNKNOWN_ORDER:
                    self._orders.pop(event.ticket, None)
            elif kind == v.ORDER_PLACED:
                self._orders[event.order] = event.instrument
            elif kind == v.POSITION_OPENED or kind == v.POSITION_CHANGED:
                self._orders.pop(event.order, None)
                self._positions[event.position] = event.instrument
            elif kind == v.POSITION_CLOSED:
                self._positions.pop(event.position, None)
            elif kind == v.ORDER_REMOVED:
                self._orders.pop(event.order, None)
            elif kind == v.DEALER_REQUESTED:
                self._to_the_desk(event.ticket, event.instrument)

    # ------------------------------------------------------------ wishes

    def _choose(self) -> r.Command:
        """The next command."""
        self._keys += 1
        if self._member is not None and self._random.random() < self._swarm.books:
            return self._member.choose(START_NS + self._timeline.now, self._keys)
        chance = self._random.random()
        if chance < 0.15 and self._orders:
            return self._modify_order() if chance < 0.08 else self._cancel()
        if chance < 0.40 and self._positions:
            return self._close() if chance < 0.30 else self._modify_position()
        if chance < 0.45:
            return self._money()
        return self._place()

    def _place(self) -> r.PlaceOrder:
        """Mostly at the market; a pending order lies within a few quotes' walk."""
        random = self._random
        instrument = random.choice(tuple(HABITS))
        size = TICK_SIZE[instrument]
        side = int(random.random() * 2)
        order_type = random.choice((v.MARKET, v.MARKET, v.MARKET, v.LIMIT, v.STOP, v.STOP_LIMIT))
        now = self._market.price(instrument)
        price = limit = 0
        if order_type != v.MARKET:
            below = (side == v.BUY) == (order_type == v.LIMIT)
            price = now + (-1 if below else 1) * self._distance(instrument)
            if order_type == v.STOP_LIMIT:
                limit = price + (-1 if side == v.BUY else 1) * self._distance(instrument)
        sign = 1 if side == v.BUY else -1
        reference = limit or price or now
        stop = reference - sign * self._distance(instrument) if random.random() < 0.4 else 0
        take = reference + sign * self._distance(instrument) if random.random() < 0.4 else 0
        expires = order_type != v.MARKET and random.random() < 0.3
        return r.PlaceOrder(
            login=self.login,
            instrument=instrument,
            order_type=order_type,
            side=side,
            volume_units=int(random.random() ** 2 * 120 + (random.random() > 0.03)) * size,
            price_points=price,
            limit_price_points=limit,
            stop_loss_points=stop,
            take_profit_points=take,
            expiry_ns=self._soon() if expires else 0,
            key_high=self.login,
            key_low=self._keys,
        )

    def _distance(self, instrument: int) -> int:
        size = TICK_SIZE[instrument]
        habit = HABITS[instrument]
        points = habit.spread + int(self._random.random() * 5 * habit.step)
        return points // size * size + size

    def _soon(self) -> int:
        """A time a little later than the machine's, unless its clock was set meanwhile."""
        return START_NS + self._timeline.now + self._random.choice((1, 5, 60)) * SECOND

    def _modify_order(self) -> r.ModifyOrder:
        order = self._random.choice(tuple(self._orders))
        instrument = self._orders[order]
        away = self._random.choice((-1, 1)) * self._distance(instrument)
        return r.ModifyOrder(
            login=self.login,
            order=order,
            price_points=self._market.price(instrument) + away,
            key_high=self.login,
            key_low=self._keys,
        )

    def _cancel(self) -> r.CancelOrder:
        order = self._random.choice(tuple(self._orders))
        return r.CancelOrder(login=self.login, order=order, key_high=self.login, key_low=self._keys)

    def _close(self) -> r.ClosePosition:
        return r.ClosePosition(
            login=self.login,
            position=self._random.choice(tuple(self._positions)),
            volume_units=self._random.choice((0, 0, 5)),
            key_high=self.login,
            key_low=self._keys,
        )

    def _modify_position(self) -> r.ModifyPosition:
        position = self._random.choice(tuple(self._positions))
        instrument = self._positions[position]
        now = self._market.price(instrument)
        return r.ModifyPosition(
            login=self.login,
            position=position,
            stop_loss_points=now - self._distance(instrument),
            take_profit_points=now + self._distance(instrument),
            key_high=self.login,
            key_low=self._keys,
        )

    def _money(self) -> r.BalanceOperation:
        random = self._random
        return r.BalanceOperation(
            login=self.login,
            operation=random.choice((v.DEPOSIT, v.DEPOSIT, v.WITHDRAWAL, *range(1, 6))),
            amount_minor=random.choice((1, 1_000, 50_000, 100_000)),
            key_high=self.login,
            key_low=self._keys,
        )


def other_content(record: r.Command) -> dict[str, int]:
    """A change to one field of a command that is not its key."""
    for name in ("volume_units", "price_points", "amount_minor", "stop_loss_points", "order"):
        if hasattr(record, name):
            return {name: getattr(record, name) + 1}
    return {"login": 1}
