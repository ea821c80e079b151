"""A book in round numbers for scenarios that a risk officer can read, through both engines.

This file may set up and abbreviate, not decide. Every currency has no digits, every lot one
unit, so price x volume is the value. GOLD is a future in dollars: 10 of initial margin a lot,
4 of maintenance margin. COIN is spot: coins for dollars. Ann, Bob and Cat each have 1,000
dollars and 100 coins; nobody pays fees unless the scenario says so.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from engine import Engine, reject_codes
from engine import records as r
from engine import vocabulary as v
from tests.naive import frozen
from tests.naive.comparison import Comparison

USD, BTC = 1, 2
GOLD, COIN, METAL = 1, 2, 3
ANN, BOB, CAT, FUND = 1, 2, 3, 9
NAMES = {ANN: "Ann", BOB: "Bob", CAT: "Cat", FUND: "Fund"}
SECOND = 1_000_000_000
START_NS = 1_704_096_000 * SECOND
"""Monday 1 January 2024, 08:00 UTC."""
BUY, SELL = v.BUY, v.SELL
GTC, DAY, GTD = v.GOOD_TILL_CANCELLED, v.DAY, v.GOOD_TILL_DATE
IOC, FOK = v.IMMEDIATE_OR_CANCEL, v.FILL_OR_KILL
CODE_NAMES = {
    code: name.lower()
    for name, code in vars(reject_codes).items()
    if name.isupper() and isinstance(code, int)
}

FUTURE = r.Instrument(
    instrument=GOLD,
    symbol="GOLD",
    base_currency=USD,
    profit_currency=USD,
    margin_currency=USD,
    digits=0,
    contract_size=1,
    profit_mode=v.PROFIT_CFD,
    margin_mode=v.MARGIN_CFD,
    lot_max_units=100,
    position_limit_units=200,
    initial_margin_minor=10,
    maintenance_margin_minor=4,
    price_max_points=1_000,
    venue=v.VENUE_BOOK,
    volume_digits=0,
)
SPOT = msgspec.structs.replace(
    FUTURE,
    instrument=COIN,
    symbol="COIN",
    base_currency=BTC,
    contract=v.CONTRACT_SPOT,
    initial_margin_minor=0,
    maintenance_margin_minor=0,
)
QUOTED = r.Instrument(
    instrument=METAL,
    symbol="METAL",
    base_currency=USD,
    profit_currency=USD,
    margin_currency=USD,
    digits=0,
    contract_size=1,
    profit_mode=v.PROFIT_CFD,
    margin_mode=v.MARGIN_CFD,
    price_max_points=1_000,
)
GROUP = r.Group(group=1, name="members", currency=USD)


class BookWorld:
    """Both engines with a future, a spot and a quoted instrument, and three accounts."""

    def __init__(
        self,
        gold: dict[str, Any] | None = None,
        coin: dict[str, Any] | None = None,
        dollars: int = 1_000,
        coins: int = 100,
        hooks: Any = None,
        **group: Any,
    ) -> None:
        self.both = Comparison(hooks)
        self.gold = msgspec.structs.replace(FUTURE, **(gold or {}))
        self.coin = msgspec.structs.replace(SPOT, **(coin or {}))
        self.group = msgspec.structs.replace(GROUP, **group)
        self.accepted(r.Currency(currency=USD, code="USD", digits=0), START_NS)
        self.accepted(r.Currency(currency=BTC, code="BTC", digits=0))
        self.accepted(r.Feed(feed=1, name="main"))
        for config in (self.gold, self.coin, QUOTED, self.group):
            self.accepted(config)
        for login in (ANN, BOB, CAT):
            self.accepted(r.SetAccount(login=login, group=1))
            if dollars:
                self.money(login, dollars)
            if coins:
                self.coins(login, coins)

    @property
    def engine(self) -> Engine:
        assert isinstance(self.both.fast, Engine)
        return self.both.fast

    def send(self, command: r.Command | r.Config, time_ns: int = 0) -> list[Any]:
        """Events of one command, the same from both engines; all invariants hold after it."""
        events = self.both.send(command, time_ns)
        self.engine.check(everything=True)
        return events

    def accepted(self, command: r.Command | r.Config, time_ns: int = 0) -> list[Any]:
        events = self.send(command, time_ns)
        assert not any(isinstance(e, r.Rejected) for e in events), f"{command}: {told(events)}"
        return events

    def refused(self, command: r.Command | r.Config) -> tuple[int, int]:
        """Code and detail; the state is what it was."""
        before = self.engine.state_hash()
        [event] = self.send(command)
        assert isinstance(event, r.Rejected), event
        assert self.engine.state_hash() == before, "a refused command changes nothing"
        return event.code, event.detail

    def clock(self, seconds: int) -> list[Any]:
        return self.accepted(r.Clock(), self.both.naive.time_ns + seconds * SECOND)

    # ------------------------------------------------------------ money and configuration

    def money(self, login: int, amount: int, operation: int = v.DEPOSIT) -> list[Any]:
        command = r.BalanceOperation(login=login, operation=operation, amount_minor=amount)
        return self.accepted(command)

    def coins(self, login: int, amount: int, operation: int = v.DEPOSIT) -> list[Any]:
        return self.accepted(
            r.HoldingOperation(login=login, currency=BTC, operation=operation, amount_minor=amount)
        )

    def change_gold(self, **changes: Any) -> None:
        self.gold = msgspec.structs.replace(self.gold, **changes)
        self.accepted(self.gold)

    def change_group(self, **changes: Any) -> None:
        self.group = msgspec.structs.replace(self.group, **changes)
        self.accepted(self.group)

    def trade_mode(self, mode: int) -> None:
        """Of GOLD, for the group."""
        self.accepted(r.Terms(group=1, instrument=GOLD, trade_mode=mode))

    def status(self, login: int, status: int) -> None:
        self.accepted(r.SetAccount(login=login, group=1, status=status))

    def part(self, login: int) -> None:
        """The account gets a group of its own, which nothing keeps from trading."""
        self.accepted(r.Group(group=2, name="others", currency=USD))
        self.accepted(r.SetAccount(login=login, group=2))

    # ------------------------------------------------------------ orders

    def buy(self, login: int, units: int, price: int = 0, **more: int) -> list[Any]:
        return self.accepted(order(login, BUY, units, price, **more))

    def sell(self, login: int, units: int, price: int = 0, **more: int) -> list[Any]:
        return self.accepted(order(login, SELL, units, price, **more))

    def replace(self, login: int, ticket: int, units: int, price: int) -> list[Any]:
        return self.accepted(replacement(login, ticket, units, price))

    def cancel(self, login: int, ticket: int) -> list[Any]:
        return self.accepted(r.CancelOrder(login=login, order=ticket))

    def stop(self, login: int, side: int, units: int, trigger: int, **more: int) -> int:
        """Ticket of an order that waits."""
        [placed, *_] = self.accepted(stop_order(login, side, units, trigger, **more))
        ticket: int = placed.order
        return ticket

    def stops(self, login: int, loss: int = 0, profit: int = 0) -> list[Any]:
        """Stop loss and take profit of the login's position in GOLD."""
        return self.accepted(stops_of(login, self.ticket_of(login), loss, profit))

    def ticket_of(self, login: int) -> int:
        [position] = self.both.naive.world.positions_of(login, GOLD)
        return position.ticket

    def trade(self, price: int, units: int = 1) -> list[Any]:
        """Cat sells to herself: the last price is this one. What follows may be refused."""
        own = v.SELF_TRADE_ALLOW
        self.sell(CAT, units, price, self_trade=own)
        events = self.send(order(CAT, BUY, units, price, self_trade=own))
        assert isinstance(events[0], r.BookOrderPlaced), told(events)
        return events

    def tick(self, bid: int, ask: int = 0, instrument: int = GOLD) -> list[Any]:
        """A quote from outside."""
        command = r.Tick(instrument=instrument, feed=1, bid_points=bid, ask_points=ask or bid)
        return self.accepted(command)

    def phase(self, phase: int, instrument: int = GOLD) -> list[Any]:
        return self.accepted(r.SetPhase(instrument=instrument, phase=phase))

    def position(self, login: int, units: int, price: int = 100, against: int = CAT) -> None:
        """Gives a position in GOLD, the other side of which somebody else holds."""
        side = BUY if units > 0 else SELL
        self.accepted(order(against, 1 - side, abs(units), price))
        self.accepted(order(login, side, abs(units), price))

    # ------------------------------------------------------------ figures

    def figures(self, login: int) -> Any:
        self.both.compare_accounts()
        return self.engine.account(login)

    def frozen(self, login: int, currency: int = USD) -> int:
        world = self.both.naive.world
        return frozen.frozen(world, world.accounts[login], currency)

    def held(self, login: int, currency: int = BTC) -> int:
        return self.both.naive.world.accounts[login].holdings.get(currency, 0)


def order(login: int, side: int, units: int, price: int = 0, **more: int) -> r.PlaceBookOrder:
    """Without a price a market order, immediate or cancel unless the scenario says otherwise."""
    market = price == 0 or more.pop("market", 0)
    usual = IOC if market else GTC
    return r.PlaceBookOrder(
        login=login,
        instrument=more.pop("instrument", GOLD),
        order_type=more.pop("order_type", v.MARKET if market else v.LIMIT),
        side=side,
        volume_units=units,
        price_points=price,
        time_in_force=more.pop("force", usual),
        flags=more.pop("flags", 0),
        self_trade=more.pop("self_trade", v.SELF_TRADE_CANCEL_NEWEST),
        expiry_ns=more.pop("expiry", 0),
        **more,
    )


def stop_order(login: int, side: int, units: int, trigger: int, **more: int) -> r.PlaceBookOrder:
    """A stop order; with a price a stop-limit order."""
    price = more.pop("price", 0)
    kind = more.pop("order_type", v.STOP_LIMIT if price else v.STOP)
    force = more.pop("force", GTC)
    return order(
        login, side, units, price, order_type=kind, force=force, trigger_points=trigger, **more
    )


def stops_of(login: int, position: int, loss: int = 0, profit: int = 0) -> r.ModifyPosition:
    return r.ModifyPosition(
        login=login, position=position, stop_loss_points=loss, take_profit_points=profit
    )


def replacement(login: int, ticket: int, units: int, price: int) -> r.ReplaceOrder:
    return r.ReplaceOrder(login=login, order=ticket, volume_units=units, price_points=price)


# ---------------------------------------------------------------- events as lines of text


def name_of(login: int) -> str:
    return NAMES.get(login, f"account {login}")


def _filled(e: Any) -> str:
    side, role = v.SIDE_NAMES[e.side], v.ROLE_NAMES[e.role]
    left = f", {e.left_units} left" if e.left_units else ""
    return f"{name_of(e.login)} #{e.order} {side} {e.volume_units} at {e.price_points} {role}{left}"


def _entry(e: Any) -> str:
    name = v.ENTRY_TYPE_NAMES[e.entry_type]
    if e.margin_delta_minor:
        return f"{name_of(e.login)} {name} {e.margin_delta_minor:+}, margin {e.margin_minor}"
    return f"{name_of(e.login)} {name} {e.balance_delta_minor:+}, balance {e.balance_minor}"


def _settled(e: Any) -> str:
    units = f"{e.position_units:+}"
    gain = f"{e.profit_minor:+}, balance {e.balance_minor}, margin {e.margin_minor}"
    return f"{name_of(e.login)} {units} settled at {e.price_points}: {gain}"


LINES: dict[type[r.Event], Callable[[Any], str]] = {
    r.Rejected: lambda e: f"rejected {CODE_NAMES[e.code]} {e.detail}",
    r.BookOrderPlaced: lambda e: (
        f"{'waits' if e.trigger_points else 'placed'} #{e.order}, frozen {e.frozen_minor}"
    ),
    r.BookOrderTriggered: lambda e: (
        f"{v.STAGE_NAMES[e.stage]} #{e.order} of {e.volume_units} triggered at {e.price_points}"
    ),
    r.PhaseChanged: lambda e: (
        f"{v.PHASE_NAMES[e.phase]}, {e.volume_units} at {e.price_points}"
        if e.volume_units
        else v.PHASE_NAMES[e.phase]
    ),
    r.BookOrderReplaced: lambda e: (
        f"replaced #{e.order} {e.volume_units} at {e.price_points}, frozen {e.frozen_minor}"
    ),
    r.BookOrderRemoved: lambda e: (
        f"removed #{e.order} {e.volume_units} {v.REMOVAL_NAMES[e.removal]}, frozen {e.frozen_minor}"
    ),
    r.FuturesFilled: _filled,
    r.SpotFilled: _filled,
    r.MarginCall: lambda e: (
        f"margin call {name_of(e.login)} at {e.equity_minor} of {e.margin_minor}"
    ),
    r.TriggerRefused: lambda e: f"refused {name_of(e.login)} {v.REFUSED_NAMES[e.reason]}",
    r.StopOut: lambda e: f"stop-out {name_of(e.login)} at {e.equity_minor} of {e.margin_minor}",
    r.LedgerEntry: _entry,
    r.PositionSettled: _settled,
    r.FundingPaid: lambda e: (
        f"{name_of(e.login)} {e.position_units:+} funding {e.amount_minor:+}, "
        f"balance {e.balance_minor}"
    ),
    r.InstrumentSettled: lambda e: (
        f"{e.positions} positions {v.SETTLEMENT_NAMES[e.settlement]}, {e.long_units} long, "
        f"paid {e.paid_minor}, received {e.received_minor}"
    ),
    r.MarginChanged: lambda e: (
        f"margin a lot {e.initial_margin_minor}, held {e.maintenance_margin_minor}"
    ),
}


def told(events: list[Any]) -> list[str]:
    return [LINES.get(type(e), lambda e: type(e).__name__)(e) for e in events]


def fills(events: list[Any]) -> list[str]:
    """Only the fills."""
    return [_filled(e) for e in events if isinstance(e, r.FuturesFilled | r.SpotFilled)]


def triggered(events: list[Any]) -> list[int]:
    """Tickets, in the order in which they were triggered."""
    return [e.order for e in events if isinstance(e, r.BookOrderTriggered)]
