"""The broker's office: its configuration, accounts and dealers, and what it changes in the day.

This file may make commands. It is a small house with tight margins: high leverage, small
deposits, results that need one and two steps of conversion, so that a jump of a percent brings
margin calls and stop-outs.
"""

from random import Random
from typing import Final

from engine import records as r
from engine import vocabulary as v
from tests.simulate.floor import BTC, Floor

USD, EUR, JPY = 1, 2, 3
EURUSD, USDJPY, INDEX = 1, 2, 3
INSTRUMENTS: Final = (EURUSD, USDJPY, INDEX)
FEEDS: Final = (1, 2)
STOPS_LEVEL: Final = {EURUSD: 0, USDJPY: 10, INDEX: 0}
FIRST_LOGIN: Final = 101
DEALER: Final = 7
OFFICE_KEY: Final = 1
"""`key_high` of what the office sends; a client's is its login."""
CURRENCY_OF_GROUP: Final = {1: USD, 2: EUR, 3: JPY, 4: USD}
DESK_GROUP: Final = 4
"""Its market orders wait for a dealer."""
DEPOSIT_MINOR: Final = {USD: 200_000, EUR: 180_000, JPY: 300_000}
HOLDING_MINOR: Final = 60_000
"""Of coins, and of dollars where they are not the account's own currency."""


class Office:
    """What it sets up first, and what it does later."""

    def __init__(self, random: Random, n_clients: int, floor: Floor | None) -> None:
        """`floor`: the book venue, where there is one."""
        self._random = random
        self._floor = floor
        self.logins = list(range(FIRST_LOGIN, FIRST_LOGIN + n_clients))
        self._group_of = {login: random.choice((1, 1, 2, 3, 4)) for login in self.logins}
        self._groups = {number: self._group(number) for number in CURRENCY_OF_GROUP}
        self._sent = 0

    def opening(self) -> list[r.Command | r.Config]:
        """Everything before the first quote."""
        commands: list[r.Command | r.Config] = [
            r.Currency(currency=USD, code="USD", digits=2),
            r.Currency(currency=EUR, code="EUR", digits=2),
            r.Currency(currency=JPY, code="JPY", digits=0),
            *(r.Feed(feed=number, name=f"feed {number}") for number in FEEDS),
            *self._instruments(),
            *self._groups.values(),
            r.SetDealer(dealer=DEALER, online=1),
        ]
        if self._floor is not None:
            commands += self._floor.opening()
        for login in self.logins:
            commands += [self._account(login), self.deposit(login)]
            if self._floor is not None:
                commands += self._holdings(login)
        return commands

    def currency_of(self, login: int) -> int:
        return CURRENCY_OF_GROUP[self._group_of[login]]

    def _holdings(self, login: int) -> list[r.Command]:
        """Coins, and dollars to buy them with."""
        made: list[r.Command] = []
        for currency in (BTC,) if self.currency_of(login) == USD else (BTC, USD):
            self._sent += 1
            made.append(
                r.HoldingOperation(
                    login=login,
                    currency=currency,
                    operation=v.DEPOSIT,
                    amount_minor=HOLDING_MINOR,
                    key_high=OFFICE_KEY,
                    key_low=self._sent,
                )
            )
        return made

    def change(self) -> r.Command | r.Config:
        """Something in the middle of the day."""
        random = self._random
        login = random.choice(self.logins)
        kind = random.randrange(6)
        if kind == 0:
            return r.SetDealer(dealer=DEALER, online=random.choice((0, 1, 1)))
        if kind == 1:
            status = random.choice((v.ACCOUNT_ENABLED, v.ACCOUNT_READ_ONLY, v.ACCOUNT_DISABLED))
            return self._account(login, status)
        if kind == 2:
            group = random.choice(list(CURRENCY_OF_GROUP))
            self._groups[group] = self._group(group)
            return self._groups[group]
        if kind == 3:
            return r.Terms(
                group=random.choice(list(CURRENCY_OF_GROUP)),
                instrument=random.choice(INSTRUMENTS),
                markup_ask_points=random.choice((None, 0, 5)),
                trade_mode=random.choice((None, v.TRADE_FULL, v.TRADE_CLOSE_ONLY)),
            )
        return self.deposit()

    def answer_of_the_desk(self, ticket: int, price_points: int) -> r.Command:
        """A dealer's decision about a request: mostly yes."""
        kind = self._random.randrange(6)
        if kind == 0:
            return r.DealerReject(dealer=DEALER, ticket=ticket)
        if kind == 1:
            return r.DealerRequote(dealer=DEALER, ticket=ticket, price_points=price_points)
        price = self._random.choice((0, price_points))
        return r.DealerConfirm(dealer=DEALER, ticket=ticket, price_points=price)

    def deposit(self, login: int = 0) -> r.BalanceOperation:
        """Money for an account, or for any."""
        self._sent += 1
        login = login or self._random.choice(self.logins)
        amount = DEPOSIT_MINOR[self.currency_of(login)]
        return r.BalanceOperation(
            login=login,
            operation=v.DEPOSIT,
            amount_minor=self._random.randrange(amount // 4, amount),
            key_high=OFFICE_KEY,
            key_low=self._sent,
        )

    # ------------------------------------------------------------ the objects

    def _instruments(self) -> list[r.Instrument]:
        random = self._random

        def forex(number: int, symbol: str, base: int, profit: int, digits: int) -> r.Instrument:
            return r.Instrument(
                instrument=number,
                symbol=symbol,
                base_currency=base,
                profit_currency=profit,
                margin_currency=base,
                digits=digits,
                contract_size=100_000,
                hedged_size=50_000,
                stops_level_points=STOPS_LEVEL[number],
                staleness_ms=random.choice((0, 0, 5_000)),
                price_min_points=10_000,
                price_max_points=1_000_000,
                position_limit_units=5_000,
                lot_max_units=2_000,
                feeds=random.choice(([], [1, 2])),
            )

        return [
            forex(EURUSD, "EURUSD", EUR, USD, 5),
            forex(USDJPY, "USDJPY", USD, JPY, 3),
            r.Instrument(
                instrument=INDEX,
                symbol="GER40",
                asset_class="index",
                base_currency=EUR,
                profit_currency=EUR,
                margin_currency=EUR,
                digits=1,
                contract_size=10,
                profit_mode=v.PROFIT_CFD,
                margin_mode=v.MARGIN_CFD_LEVERAGE,
                tick_size_points=5,
                lot_min_units=5,
                lot_step_units=5,
                lot_max_units=2_000,
                position_limit_units=5_000,
                price_min_points=50_000,
                price_max_points=500_000,
            ),
        ]

    def _group(self, number: int) -> r.Group:
        random = self._random
        return r.Group(
            group=number,
            name=f"group {number}",
            currency=CURRENCY_OF_GROUP[number],
            leverage=random.choice((200, 500)),
            margin_call_level=random.choice((10_000, 15_000)),
            stop_out_level=random.choice((3_000, 8_000)),
            free_margin_mode=random.randrange(4),
            execution_mode=(
                v.EXECUTION_AUTO_IF_NO_DEALER if number == DESK_GROUP else v.EXECUTION_AUTO
            ),
            request_timeout_ms=random.choice((2_000, 20_000)),
            fifo=random.randrange(5) == 0,
            hedge_prohibited=random.randrange(6) == 0,
            compensation=random.randrange(3),
            gap_policy=random.choice((v.GAP_CLASSIC, v.GAP_TICK)),
            max_orders=random.choice((6, 512)),
            markup_ask_points=random.choice((0, 3)),
            commission_per_lot_minor=random.choice((0, 350)),
        )

    def _account(self, login: int, status: int = v.ACCOUNT_ENABLED) -> r.SetAccount:
        mode = v.NETTING if login % 3 == 0 else v.HEDGING
        return r.SetAccount(login=login, group=self._group_of[login], mode=mode, status=status)
