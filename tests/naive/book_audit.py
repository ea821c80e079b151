"""An auditor of the book venue: follows the events, and knows what must hold between them.

This file may check, not decide. Seed 002's first engineering rule: place, freeze margin,
match, fill, release, update the position, settle; "filled but not frozen" is never seen.
And nothing comes from nowhere: what one side of a fill gets, the other side gives, less fees.
"""

from collections import Counter, defaultdict
from typing import Any

from engine import records as r
from engine import vocabulary as v
from tests.naive import frozen
from tests.naive.world import World

PRICES_TO_MARK_AT = (1, 13, 40)


class Audit:
    """Told the events of every command, before and after which it looks at the naive world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.left: dict[int, int] = {}
        """Volume of every living order, as the events tell it."""
        self.waiting: dict[int, int] = {}
        """Volume of every order that waits for a trigger."""
        self.triggered: dict[int, int] = {}
        """Volume of those that are triggered, until it is told what becomes of them."""
        self.margin_is_new = False
        """Another margin came into force in this command: what was frozen is not known."""
        self.frozen: dict[tuple[int, int], int] = {}
        """By login and currency."""
        self.paid: list[int] = []
        """Profits and payments that the next sums of a settlement are made of."""
        self.margin: dict[int, int] = {}
        self.money: Counter[tuple[int, int]] = Counter()
        """By login and currency: the balance in the account's own, holdings in others."""
        self.fees: Counter[int] = Counter()
        self.brought: Counter[int] = Counter()
        """By currency: what came from outside, or from trades on the quoted venue."""
        self.profits: Counter[int] = Counter()
        """Realized, by instrument."""
        self.units: defaultdict[int, Counter[int]] = defaultdict(Counter)
        self.costs: defaultdict[int, Counter[int]] = defaultdict(Counter)

    def before(self) -> None:
        """What is frozen can change with the fees, without an event of the account."""
        self.frozen = self.all_frozen()
        self.margin = {a.login: sum(a.margins.values()) for a in self.world.accounts.values()}

    def all_frozen(self) -> dict[tuple[int, int], int]:
        accounts, currencies = self.world.accounts.values(), self.world.currencies
        return {
            (account.login, currency): frozen.frozen(self.world, account, currency)
            for account in accounts
            for currency in currencies
        }

    def own(self, login: int) -> int:
        return self.world.group_of(self.world.accounts[login]).currency

    def after(self, events: list[Any]) -> None:
        self.margin_is_new = any(isinstance(event, r.MarginChanged) for event in events)
        for event in events:
            follow = FOLLOW.get(type(event))
            if follow is not None:
                follow(self, event)
        assert not self.triggered, "what is triggered is placed or removed"
        assert not self.paid, "what is settled is summed up"
        assert self.left == {o.ticket: o.left for o in self.world.book_orders.values()}
        assert self.waiting == {o.ticket: o.left for o in self.world.waiting_orders.values()}
        told = {key: amount for key, amount in self.frozen.items() if amount}
        there = {key: amount for key, amount in self.all_frozen().items() if amount}
        assert told == there or self.margin_is_new
        self.check_conservation()

    # ------------------------------------------------------------ event by event

    def placed(self, e: r.BookOrderPlaced) -> None:
        assert e.order not in self.left | self.waiting, "a ticket is given once"
        if e.order in self.triggered:
            assert e.volume_units <= self.triggered.pop(e.order)
            assert not e.trigger_points, "it waits no longer"
        if e.trigger_points:
            nothing_more = e.frozen_minor == self.frozen[e.login, e.currency]
            assert nothing_more or self.margin_is_new, "what waits freezes nothing"
            self.waiting[e.order] = e.volume_units
        else:
            self.left[e.order] = e.volume_units
        self.frozen[e.login, e.currency] = e.frozen_minor

    def was_triggered(self, e: r.BookOrderTriggered) -> None:
        if not e.position:
            assert self.waiting.pop(e.order) == e.volume_units, "only what waits is triggered"
        self.triggered[e.order] = e.volume_units

    def replaced(self, e: r.BookOrderReplaced) -> None:
        assert e.order in self.left, "only what is placed can be replaced"
        self.left[e.order] = e.volume_units
        self.frozen[e.login, e.currency] = e.frozen_minor

    def removed(self, e: r.BookOrderRemoved) -> None:
        if e.order in self.triggered:
            assert e.volume_units <= self.triggered.pop(e.order)
        elif e.order in self.waiting:
            assert self.waiting.pop(e.order) == e.volume_units
        else:
            assert self.left.pop(e.order) == e.volume_units
        self.frozen[e.login, e.currency] = e.frozen_minor

    def filled(self, e: r.FuturesFilled | r.SpotFilled) -> None:
        """A fill takes from an order that is placed, and no more than is left of it."""
        if not e.order:
            assert e.role == v.ROLE_DELEVERAGED, "everybody else has an order"
            return
        assert self.left[e.order] - e.volume_units == e.left_units >= 0
        self.left[e.order] = e.left_units
        if not e.left_units:
            del self.left[e.order]

    def futures_filled(self, e: r.FuturesFilled) -> None:
        """The margin that a fill adds was frozen before, and is released by it."""
        self.filled(e)
        currency = self.own(e.login)
        before = self.frozen[e.login, currency]
        added = e.margin_minor - self.margin[e.login]
        released = max(0, before - e.frozen_minor)
        assert added <= released <= before or self.margin_is_new, f"not frozen: {e}"
        self.frozen[e.login, currency] = e.frozen_minor
        self.margin[e.login] = e.margin_minor
        self.money[e.login, currency] += e.profit_minor - e.fee_minor
        assert self.money[e.login, currency] == e.balance_minor
        self.fees[currency] += e.fee_minor
        self.profits[e.instrument] += e.profit_minor
        self.brought[currency] += e.profit_minor
        self.units[e.instrument][e.login] = e.position_units
        self.costs[e.instrument][e.login] = e.open_cost

    def spot_filled(self, e: r.SpotFilled) -> None:
        """What a side pays was frozen before, and is released by the fill."""
        self.filled(e)
        config = self.world.instruments[e.instrument]
        base, quote = config.base_currency, config.profit_currency
        before = {c: self.frozen[e.login, c] for c in (base, quote)}
        released = {base: before[base] - e.base_frozen_minor}
        released[quote] = before[quote] - e.quote_frozen_minor
        if self.margin_is_new:
            pass
        elif e.side == v.BUY:
            assert released[base] == 0 < e.base_delta_minor
            assert -e.quote_delta_minor <= released[quote] <= before[quote], f"not frozen: {e}"
        else:
            assert released[quote] == 0
            assert -e.base_delta_minor == released[base] <= before[base], f"not frozen: {e}"
        for currency, delta, result, still in (
            (base, e.base_delta_minor, e.base_minor, e.base_frozen_minor),
            (quote, e.quote_delta_minor, e.quote_minor, e.quote_frozen_minor),
        ):
            self.money[e.login, currency] += delta
            assert self.money[e.login, currency] == result
            self.frozen[e.login, currency] = still
        self.fees[quote] += e.fee_minor

    def position_settled(self, e: r.PositionSettled) -> None:
        """Profit is realized at the price, and the position stands at it or ends."""
        currency, units = self.own(e.login), e.position_units
        assert self.units[e.instrument][e.login] == units != 0
        gain = abs(units) * e.price_points - self.costs[e.instrument][e.login]
        worth = frozen.value(self.world, self.world.instruments[e.instrument], gain)
        assert e.profit_minor == (worth if units > 0 else -worth)
        self.paid.append(e.profit_minor)
        self.money[e.login, currency] += e.profit_minor
        assert self.money[e.login, currency] == e.balance_minor
        self.brought[currency] += e.profit_minor
        self.profits[e.instrument] += e.profit_minor
        final = e.settlement == v.SETTLEMENT_FINAL
        assert e.open_cost == (0 if final else abs(units) * e.price_points)
        self.units[e.instrument][e.login] = 0 if final else units
        self.costs[e.instrument][e.login] = e.open_cost
        assert (e.margin_minor < self.margin[e.login]) == final
        self.margin[e.login] = e.margin_minor
        self.frozen[e.login, currency] = e.frozen_minor

    def funding_paid(self, e: r.FundingPaid) -> None:
        assert self.units[e.instrument][e.login] == e.position_units != 0
        self.paid.append(e.amount_minor)
        currency = self.own(e.login)
        self.money[e.login, currency] += e.amount_minor
        assert self.money[e.login, currency] == e.balance_minor
        self.brought[currency] += e.amount_minor

    def settled(self, e: r.InstrumentSettled) -> None:
        """The sums of what was told, of everybody who holds; what is received was paid.

        Of funding, but for a minor unit a position.
        """
        assert e.positions == len(self.paid)
        assert e.received_minor == sum(amount for amount in self.paid if amount > 0)
        assert e.paid_minor == -sum(amount for amount in self.paid if amount < 0)
        self.paid = []
        if e.settlement == v.SETTLEMENT_FUNDING:
            assert 0 <= e.paid_minor - e.received_minor <= e.positions
        held = [units for units in self.units[e.instrument].values() if units]
        if e.settlement == v.SETTLEMENT_FINAL:
            assert not held, "all positions have ended"
        else:
            assert len(held) == e.positions
            assert sum(units for units in held if units > 0) == e.long_units

    def ledger_entry(self, e: r.LedgerEntry) -> None:
        self.margin[e.login] = e.margin_minor
        self.money[e.login, self.own(e.login)] += e.balance_delta_minor
        self.brought[self.own(e.login)] += e.balance_delta_minor

    def holding_entry(self, e: r.HoldingEntry) -> None:
        self.money[e.login, e.currency] += e.delta_minor
        self.brought[e.currency] += e.delta_minor
        assert self.money[e.login, e.currency] == e.balance_minor
        assert e.balance_minor >= 0

    # ------------------------------------------------------------ nothing from nowhere

    def check_conservation(self) -> None:
        """Profits and floating add up to 0 at any price; money and fees to what was brought."""
        for number, units in self.units.items():
            assert sum(units.values()) == 0, f"as much bought as sold in {number}"
            config = self.world.instruments[number]
            for price in PRICES_TO_MARK_AT:
                floating = 0
                for login, held in units.items():
                    cost = self.costs[number][login]
                    worth = frozen.value(self.world, config, abs(held) * price)
                    gain = worth - frozen.value(self.world, config, cost)
                    floating += gain if held >= 0 else -gain
                assert self.profits[number] + floating == 0, f"in {number} at {price}"
        for currency in self.world.currencies:
            owned = sum(m for (_, of), m in self.money.items() if of == currency)
            assert owned + self.fees[currency] == self.brought[currency]


FOLLOW: dict[type[r.Event], Any] = {
    r.BookOrderPlaced: Audit.placed,
    r.BookOrderReplaced: Audit.replaced,
    r.BookOrderRemoved: Audit.removed,
    r.FuturesFilled: Audit.futures_filled,
    r.SpotFilled: Audit.spot_filled,
    r.BookOrderTriggered: Audit.was_triggered,
    r.PositionSettled: Audit.position_settled,
    r.FundingPaid: Audit.funding_paid,
    r.InstrumentSettled: Audit.settled,
    r.LedgerEntry: Audit.ledger_entry,
    r.HoldingEntry: Audit.holding_entry,
}
