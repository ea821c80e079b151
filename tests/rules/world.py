"""A small broker for the scenarios, and the checks that hold in all of them.

This file may set up, send and check; it knows no rule. Accounts trade in USD with leverage
1:100 and start with 10,000.00. One lot of EURUSD moves 1.00 USD a point and needs
1,100.00 USD of margin at 1.10000.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from engine import Engine, Hooks
from engine import records as r
from engine import vocabulary as v
from tests.naive import NaiveEngine
from tests.rules.told import told

USD, EUR, GBP, JPY, CHF = 1, 2, 3, 4, 5
MAIN, BACKUP = 1, 2
EURUSD, GBPUSD, USDJPY, USDCHF, OIL, DAX = 1, 2, 3, 4, 5, 6
CLIENT, NETTER, OTHER, AGENT = 1, 2, 3, 9
GROUP = 1
LOT = 100
START_NS = 1_704_096_000 * 1_000_000_000
"""Monday, 1 January 2024, 08:00 UTC."""
SECOND = 1_000_000_000
SPREAD = 10

CURRENCIES = (
    r.Currency(currency=USD, code="USD", digits=2),
    r.Currency(currency=EUR, code="EUR", digits=2),
    r.Currency(currency=GBP, code="GBP", digits=2),
    r.Currency(currency=JPY, code="JPY", digits=0),
    r.Currency(currency=CHF, code="CHF", digits=2),
)


def forex(number: int, symbol: str, base: int, profit: int, digits: int, middle: int) -> Any:
    return r.Instrument(
        instrument=number,
        symbol=symbol,
        base_currency=base,
        profit_currency=profit,
        margin_currency=base,
        digits=digits,
        contract_size=100_000,
        price_min_points=middle // 4,
        price_max_points=middle * 4,
    )


INSTRUMENTS = {
    EURUSD: forex(EURUSD, "EURUSD", EUR, USD, 5, 110_000),
    GBPUSD: forex(GBPUSD, "GBPUSD", GBP, USD, 5, 125_000),
    USDJPY: forex(USDJPY, "USDJPY", USD, JPY, 3, 150_000),
    USDCHF: forex(USDCHF, "USDCHF", USD, CHF, 5, 90_000),
    OIL: r.Instrument(
        instrument=OIL,
        symbol="OIL",
        asset_class="energy",
        base_currency=USD,
        profit_currency=USD,
        margin_currency=USD,
        digits=2,
        contract_size=1_000,
        profit_mode=v.PROFIT_CFD,
        margin_mode=v.MARGIN_CFD_LEVERAGE,
        price_min_points=1_000,
        price_max_points=100_000,
    ),
    DAX: r.Instrument(
        instrument=DAX,
        symbol="DAX",
        asset_class="index",
        base_currency=EUR,
        profit_currency=EUR,
        margin_currency=EUR,
        digits=1,
        contract_size=10,
        profit_mode=v.PROFIT_CFD,
        margin_mode=v.MARGIN_CFD_INDEX,
        tick_size_points=5,
        tick_value_minor=50,
        price_min_points=10_000,
        price_max_points=500_000,
    ),
}
PLAIN_GROUP = r.Group(group=GROUP, name="retail", currency=USD)


class World:
    """The engine under test between its two witnesses, with one method per command.

    `group` are settings of the one group; commands return their events.
    """

    def __init__(self, hooks: Hooks | None = None, deposit: int = 1_000_000, **group: Any) -> None:
        self.hooks = hooks
        self.engine = Engine(hooks)
        self.naive: NaiveEngine | None = NaiveEngine(hooks)
        self.restored: Engine | None = None
        self.now = START_NS
        self.instruments = dict(INSTRUMENTS)
        self.settings = msgspec.structs.replace(PLAIN_GROUP, **group)
        self.overrides: dict[int, r.Terms] = {}
        self.ledger: dict[int, tuple[int, int, int, int]] = {}
        self.log: list[Any] = []
        self._open(deposit)

    def _open(self, deposit: int) -> None:
        """Configuration, accounts, money and the first quote, in one block."""
        records: list[r.Command | r.Config] = [
            *CURRENCIES,
            r.Feed(feed=MAIN, name="main"),
            r.Feed(feed=BACKUP, name="backup"),
            *self.instruments.values(),
            self.settings,
            r.SetAccount(login=AGENT, group=GROUP),
            r.SetAccount(login=CLIENT, group=GROUP, agent_login=AGENT),
            r.SetAccount(login=NETTER, group=GROUP, mode=v.NETTING),
            r.SetAccount(login=OTHER, group=GROUP),
        ]
        if deposit:
            records += [
                r.BalanceOperation(login=login, operation=v.DEPOSIT, amount_minor=deposit)
                for login in (CLIENT, NETTER, OTHER)
            ]
        self._apply_block(records)
        self.tick(110_000)

    def _apply_block(self, records: list[Any]) -> None:
        """Many commands at once, compared and checked at the end."""
        first = self.engine.sequence + 1
        block = b"".join(r.encode(x, first + n, self.now) for n, x in enumerate(records))
        self.engine.apply(block)
        events = list(r.decode_all(self.engine.take_events()))
        if self.naive is not None:
            expected: list[Any] = []
            for record in r.decode_all(block):
                expected += self.naive.apply(record)
            assert events == expected, "the naive engine differs in a block"
        self._check_ledger(events)

    # ------------------------------------------------------------ sending and checking

    def send(self, record: r.Command | r.Config) -> list[Any]:
        """One command to all engines; everything that always holds is checked."""
        before = self.engine.state_bytes()
        events = self.engine.send(record, self.now)
        if self.naive is not None:
            expected = self.naive.apply(self._stamped(record))
            assert events == expected, (
                f"the naive engine differs at {record}:\n  {told(expected)}\n  {told(events)}"
            )
        if self.restored is not None:
            assert self.restored.send(record, self.now) == events, f"restored, at {record}"
            assert self.restored.state_bytes() == self.engine.state_bytes()
        self.engine.check(everything=True)
        if len(events) == 1 and isinstance(events[0], r.Rejected):
            assert self.engine.state_bytes() == before, f"a refused command left traces: {record}"
        self._check_ledger(events)
        self.log += events
        return events

    def send_crowd(self, records: list[Any]) -> None:
        """Many commands in one block. From here on without the naive engine: it is too slow."""
        self.naive = None
        self._apply_block(records)

    def _stamped(self, record: r.Command | r.Config) -> Any:
        return r.decode(r.encode(record, self.engine.sequence, self.now))[0]

    def _check_ledger(self, events: list[Any]) -> None:
        """After = before + delta, numbers dense from 1; the account agrees."""
        for e in events:
            if isinstance(e, r.FuturesFilled):
                balance, credit, _, number = self.ledger.get(e.login, (0, 0, 0, 0))
                balance += e.profit_minor - e.fee_minor
                assert (e.balance_minor, e.entry_number) == (balance, number + 1), e
                self.ledger[e.login] = (balance, credit, e.margin_minor, number + 1)
            if isinstance(e, r.PositionSettled | r.FundingPaid):
                settled = isinstance(e, r.PositionSettled)
                balance, credit, margin, number = self.ledger.get(e.login, (0, 0, 0, 0))
                balance += e.profit_minor if settled else e.amount_minor
                margin = e.margin_minor if settled else margin
                assert (e.balance_minor, e.entry_number) == (balance, number + 1), e
                self.ledger[e.login] = (balance, credit, margin, number + 1)
            if isinstance(e, r.HoldingEntry | r.SpotFilled):
                *money, number = self.ledger.get(e.login, (0, 0, 0, 0))
                assert e.entry_number == number + 1, e
                self.ledger[e.login] = (*money, number + 1)
            if not isinstance(e, r.LedgerEntry):
                continue
            balance, credit, margin, number = self.ledger.get(e.login, (0, 0, 0, 0))
            after = (
                balance + e.balance_delta_minor,
                credit + e.credit_delta_minor,
                margin + e.margin_delta_minor,
                number + 1,
            )
            assert after == (e.balance_minor, e.credit_minor, e.margin_minor, e.entry_number), e
            self.ledger[e.login] = after
        for login, (balance, credit, margin, _) in self.ledger.items():
            figures = self.engine.account(login)
            assert figures.balance_minor == balance, f"balance of {login}"
            assert figures.credit_minor == credit, f"credit of {login}"
            assert figures.margin_minor == margin, f"margin of {login}"

    def restore(self) -> None:
        """From here on, an engine restored from the state runs along."""
        state = self.engine.state_bytes()
        self.restored = Engine.from_state(
            state, self.engine.sequence, self.engine.time_ns, self.hooks
        )
        assert self.restored.state_bytes() == state

    # ------------------------------------------------------------ time and quotes

    def wait(self, seconds: float) -> None:
        """The next command comes later."""
        self.now += int(seconds * SECOND)

    def clock(self, seconds: float = 0) -> list[Any]:
        self.wait(seconds)
        return self.send(r.Clock())

    def tick(self, bid: int, ask: int = 0, instrument: int = EURUSD, feed: int = MAIN) -> list[Any]:
        """A quote; without an ask the spread is 10 points."""
        return self.send(
            r.Tick(instrument=instrument, feed=feed, bid_points=bid, ask_points=ask or bid + SPREAD)
        )

    # ------------------------------------------------------------ orders

    def order(self, order_type: int, side: int, units: int, price: int, **more: Any) -> list[Any]:
        """Any order; `login`, `instrument`, `sl`, `tp`, `limit`, `expiry`, `deviation` as named."""
        return self.send(
            r.PlaceOrder(
                login=more.pop("login", CLIENT),
                instrument=more.pop("instrument", EURUSD),
                order_type=order_type,
                side=side,
                volume_units=units,
                price_points=price,
                limit_price_points=more.pop("limit", 0),
                stop_loss_points=more.pop("sl", 0),
                take_profit_points=more.pop("tp", 0),
                expiry_ns=more.pop("expiry", 0),
                deviation_points=more.pop("deviation", 0),
                **more,
            )
        )

    def buy(self, units: int = LOT, price: int = 0, **more: Any) -> list[Any]:
        return self.order(v.MARKET, v.BUY, units, price, **more)

    def sell(self, units: int = LOT, price: int = 0, **more: Any) -> list[Any]:
        return self.order(v.MARKET, v.SELL, units, price, **more)

    def buy_limit(self, price: int, units: int = LOT, **more: Any) -> list[Any]:
        return self.order(v.LIMIT, v.BUY, units, price, **more)

    def sell_limit(self, price: int, units: int = LOT, **more: Any) -> list[Any]:
        return self.order(v.LIMIT, v.SELL, units, price, **more)

    def buy_stop(self, price: int, units: int = LOT, **more: Any) -> list[Any]:
        return self.order(v.STOP, v.BUY, units, price, **more)

    def sell_stop(self, price: int, units: int = LOT, **more: Any) -> list[Any]:
        return self.order(v.STOP, v.SELL, units, price, **more)

    def buy_stop_limit(self, price: int, limit: int, units: int = LOT, **more: Any) -> list[Any]:
        return self.order(v.STOP_LIMIT, v.BUY, units, price, limit=limit, **more)

    def sell_stop_limit(self, price: int, limit: int, units: int = LOT, **more: Any) -> list[Any]:
        return self.order(v.STOP_LIMIT, v.SELL, units, price, limit=limit, **more)

    def modify_order(self, order: int, price: int, login: int = CLIENT, **more: Any) -> list[Any]:
        return self.send(
            r.ModifyOrder(
                login=login,
                order=order,
                price_points=price,
                limit_price_points=more.pop("limit", 0),
                stop_loss_points=more.pop("sl", 0),
                take_profit_points=more.pop("tp", 0),
                expiry_ns=more.pop("expiry", 0),
            )
        )

    def cancel(self, order: int, login: int = CLIENT) -> list[Any]:
        return self.send(r.CancelOrder(login=login, order=order))

    def close(self, position: int, units: int = 0, login: int = CLIENT, **more: Any) -> list[Any]:
        return self.send(
            r.ClosePosition(
                login=login,
                position=position,
                volume_units=units,
                price_points=more.pop("price", 0),
                deviation_points=more.pop("deviation", 0),
            )
        )

    def levels(self, position: int, sl: int = 0, tp: int = 0, login: int = CLIENT) -> list[Any]:
        return self.send(
            r.ModifyPosition(
                login=login, position=position, stop_loss_points=sl, take_profit_points=tp
            )
        )

    # ------------------------------------------------------------ dealers

    def dealer(self, online: bool = True, dealer: int = 1) -> list[Any]:
        return self.send(r.SetDealer(dealer=dealer, online=int(online)))

    def confirm(self, ticket: int, price: int = 0, dealer: int = 1) -> list[Any]:
        return self.send(r.DealerConfirm(dealer=dealer, ticket=ticket, price_points=price))

    def dealer_rejects(self, ticket: int, dealer: int = 1) -> list[Any]:
        return self.send(r.DealerReject(dealer=dealer, ticket=ticket))

    def requote(self, ticket: int, price: int, dealer: int = 1) -> list[Any]:
        return self.send(r.DealerRequote(dealer=dealer, ticket=ticket, price_points=price))

    # ------------------------------------------------------------ money and configuration

    def balance(
        self, operation: int, amount: int, login: int = CLIENT, reference: int = 0
    ) -> list[Any]:
        return self.send(
            r.BalanceOperation(
                login=login, operation=operation, amount_minor=amount, reference=reference
            )
        )

    def deposit(self, amount: int, login: int = CLIENT) -> list[Any]:
        return self.balance(v.DEPOSIT, amount, login)

    def withdraw(self, amount: int, login: int = CLIENT) -> list[Any]:
        return self.balance(v.WITHDRAWAL, amount, login)

    def account(self, login: int, **more: Any) -> list[Any]:
        return self.send(r.SetAccount(login=login, group=more.pop("group", GROUP), **more))

    def group(self, **changes: Any) -> list[Any]:
        """Changes settings of the group, and keeps them."""
        self.settings = msgspec.structs.replace(self.settings, **changes)
        return self.send(self.settings)

    def instrument(self, number: int = EURUSD, **changes: Any) -> list[Any]:
        """Changes settings of an instrument, and keeps them."""
        self.instruments[number] = msgspec.structs.replace(self.instruments[number], **changes)
        return self.send(self.instruments[number])

    def terms(self, number: int = EURUSD, **changes: Any) -> list[Any]:
        """Changes the group's override for an instrument, and keeps it."""
        override = self.overrides.get(number, r.Terms(group=GROUP, instrument=number))
        self.overrides[number] = msgspec.structs.replace(override, **changes)
        return self.send(self.overrides[number])

    def figures(self, login: int = CLIENT) -> Any:
        return self.engine.account(login)


Step = Callable[[World], Any]


def nothing(_: World) -> None:
    """The plain world will do."""


@dataclass(frozen=True)
class Row:
    """One case: a sentence, what was before, what comes, and what is told."""

    name: str
    given: Step
    when: Step
    then: list[str]
    group: dict[str, Any] = field(default_factory=dict)
    hooks: Hooks | None = None
    deposit: int = 1_000_000


def outcome(row: Row) -> list[Any]:
    """Events of the row's last command. Raises where an invariant breaks."""
    world = World(row.hooks, row.deposit, **row.group)
    row.given(world)
    world.restore()
    result: list[Any] = row.when(world)
    return result


def name_of(row: Any) -> str:
    """For pytest: the row's sentence."""
    return str(row.name).replace(" ", "_").replace(",", "")


def steps(*commands: Step) -> Step:
    """Several commands as one; the result is that of the last."""

    def run(world: World) -> Any:
        result: Any = None
        for command in commands:
            result = command(world)
        return result

    return run
