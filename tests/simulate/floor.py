"""The trading floor: instruments of the book venue, what they cost, and what their operator does.

This file may make commands and let prices walk. A perpetual future in dollars whose price comes
from its book, coins for dollars, and one contract after another in euros, which is marked by
quotes from outside, asks for more margin by date, ends, and is settled. Margins are so thin
that a jump of a few percent liquidates.
"""

from random import Random
from typing import Final

import msgspec

from engine import records as r
from engine import reject_codes
from engine import vocabulary as v
from tests.simulate.timeline import SECOND

USD, EUR, BTC = 1, 2, 4
PERPETUAL, COIN, FIRST_CONTRACT = 4, 5, 10
FUND: Final = 99
"""The login of the insurance fund."""
FUND_MINOR: Final = 40_000
MAKERS: Final = {USD: 97, EUR: 98}
"""Logins of the market makers, by the currency of their accounts."""
MAKER_GROUPS: Final = {USD: 11, EUR: 12}
MAKER_MINOR: Final = 50_000_000
LEVELS: Final = 3
"""Prices that a market maker quotes on either side."""
FLOOR_KEY: Final = 2
"""`key_high` of what the operator sends."""
TICK_SIZE: Final = 5
START: Final = {PERPETUAL: 20_000, COIN: 3_000, FIRST_CONTRACT: 1_000}
CONTRACT_SIZE: Final = 10
MARGIN_DATES_S: Final = (15, 60)
"""After a contract is listed its margin changes so much later."""
STEP: Final = 120
"""A price walks by one part of so many at most, and now and then by ten times that."""


LISTED = r.Instrument(
    instrument=PERPETUAL,
    symbol="PERP",
    base_currency=USD,
    profit_currency=USD,
    margin_currency=USD,
    digits=1,
    volume_digits=1,
    contract_size=1,
    profit_mode=v.PROFIT_CFD,
    margin_mode=v.MARGIN_CFD,
    venue=v.VENUE_BOOK,
    tick_size_points=TICK_SIZE,
    price_min_points=100,
    price_max_points=100_000,
    lot_max_units=500,
    position_limit_units=1_000,
)
"""What the instruments of the floor have in common; each says what it has otherwise."""


class Floor:
    """What everybody knows of the book venue, and what the operator has in mind."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._prices = dict(START)
        self._sent = 0
        self._stopped: list[int] = []
        """Instruments that are halted or in an auction, as far as it knows."""
        self._ends_ns = 0
        """When the contract ends; 0: nobody has said yet."""
        self._is_listed = True
        """The machine knows the contract; otherwise it has to be told again."""
        self.contract = self._listed(FIRST_CONTRACT, 0)
        self._perpetual = self._of_dollars()
        self._coin = self._of_coins()

    def opening(self) -> list[r.Command | r.Config]:
        """Currency, instruments, fund and market makers, before the clients' accounts."""
        commands: list[r.Command | r.Config] = [
            r.Currency(currency=BTC, code="BTC", digits=3),
            self._perpetual,
            self._coin,
            self.contract,
            r.SetAccount(login=FUND, group=1),
            self._money(FUND, v.DEPOSIT, FUND_MINOR),
        ]
        for currency, login in MAKERS.items():
            group = MAKER_GROUPS[currency]
            commands += [
                r.Group(group=group, name=f"makers {group}", currency=currency),
                r.SetAccount(login=login, group=group),
                self._money(login, v.DEPOSIT, MAKER_MINOR),
            ]
        coins = r.HoldingOperation(
            login=MAKERS[USD],
            currency=BTC,
            operation=v.DEPOSIT,
            amount_minor=MAKER_MINOR,
            key_high=FLOOR_KEY,
            key_low=self._key(),
        )
        return [*commands, coins]

    def _money(self, login: int, operation: int, amount: int) -> r.BalanceOperation:
        return r.BalanceOperation(
            login=login,
            operation=operation,
            amount_minor=amount,
            key_high=FLOOR_KEY,
            key_low=self._key(),
        )

    # ------------------------------------------------------------ prices

    def instruments(self, currency: int) -> tuple[int, ...]:
        """What an account in this currency can trade."""
        of = {USD: (PERPETUAL, PERPETUAL, COIN), EUR: (self.contract.instrument, COIN)}
        return of.get(currency, (COIN,))

    def price(self, instrument: int) -> int:
        """Where the market is now; it has moved on since somebody asked."""
        now = self._prices.get(instrument, START[FIRST_CONTRACT])
        most = max(2, now // STEP)
        move = self._random.randint(-most, most)
        if self._random.random() < 0.04:
            move *= 10
        start = START.get(instrument, START[FIRST_CONTRACT])
        if not start * 2 // 3 < now + move < start * 3 // 2:
            move = start - now
        self._prices[instrument] = now + move
        return (now + move) // TICK_SIZE * TICK_SIZE

    def tick(self) -> r.Tick:
        """A quote for the contract."""
        bid = self.price(self.contract.instrument)
        return r.Tick(
            instrument=self.contract.instrument,
            feed=self._random.choice((1, 1, 1, 2)),
            bid_points=bid,
            ask_points=bid + TICK_SIZE,
        )

    def quotes(self) -> list[r.Command]:
        """A market maker takes its orders out of a book and quotes anew, in one block."""
        random = self._random
        instrument = random.choice((PERPETUAL, PERPETUAL, COIN, self.contract.instrument))
        login = MAKERS[EUR if instrument >= FIRST_CONTRACT else USD]
        price = self.price(instrument)
        made: list[r.Command] = [r.CancelAll(login=login, instrument=instrument)]
        for level in range(1, LEVELS + 1):
            for side in (v.BUY, v.SELL):
                away = level * random.randint(1, 3) * TICK_SIZE
                made.append(
                    r.PlaceBookOrder(
                        login=login,
                        instrument=instrument,
                        order_type=v.LIMIT,
                        side=side,
                        volume_units=random.randint(5, 50),
                        price_points=price - away if side == v.BUY else price + away,
                        self_trade=v.SELF_TRADE_CANCEL_OLDEST,
                        shown_units=random.choice((0, 0, 5)),
                        key_high=login,
                        key_low=self._key(),
                    )
                )
        return made

    # ------------------------------------------------------------ the operator

    def operate(self, now_ns: int) -> r.Command | r.Config:
        """The next thing that is to be done, at this time of the machine's clock."""
        random = self._random
        if not self._is_listed:
            return self.contract
        if self._stopped and random.randrange(6):
            return self._phase(self._stopped.pop(), v.PHASE_CONTINUOUS)
        if 0 < self._ends_ns <= now_ns and random.randrange(2):
            return self._settle(self.contract.instrument, v.SETTLEMENT_FINAL)
        kind = random.randrange(10)
        futures = (PERPETUAL, self.contract.instrument)
        if kind <= 1:
            number = random.choice((*futures, COIN))
            self._stopped.append(number)
            return self._phase(number, random.choice((v.PHASE_HALTED, *(v.PHASE_AUCTION,) * 3)))
        if kind <= 3:
            return self._settle(random.choice(futures), v.SETTLEMENT_DAILY)
        if kind <= 5:
            rate = random.choice((1_000, 50_000, 1_000_000)) * random.choice((1, -1))
            return r.PayFunding(
                instrument=PERPETUAL, rate_e8=rate, key_high=FLOOR_KEY, key_low=self._key()
            )
        if kind == 6 and not self._ends_ns:
            self._ends_ns = now_ns + random.choice((3, 10, 30)) * SECOND
            self.contract = msgspec.structs.replace(self.contract, expires_ns=self._ends_ns)
            return self.contract
        if kind == 7:
            self._perpetual = msgspec.structs.replace(
                self._perpetual,
                band_bp=random.choice((0, 300, 1_000)),
                liquidation_units=random.choice((0, 20)),
                auto_deleveraging=random.random() < 0.5,
                trigger=random.randrange(2),
            )
            return self._perpetual
        operation = random.choice((v.DEPOSIT, v.WITHDRAWAL))
        return self._money(FUND, operation, random.randrange(1, FUND_MINOR))

    def learn(self, events: list[r.Event], now_ns: int) -> None:
        """An answer to the operator. Where the contract is settled for good, the next one comes."""
        for event in events:
            if isinstance(event, r.Configured) and event.kind == v.CONFIG_INSTRUMENT:
                self._is_listed |= event.identifier == self.contract.instrument
            elif isinstance(event, r.Rejected) and event.code == reject_codes.BAD_SETTLEMENT:
                self._is_listed = False  # it was never told that the contract ends
            elif self._is_over(event):
                number = self.contract.instrument + 1
                self._prices[number] = self._prices[number - 1]
                self._ends_ns = 0
                self.contract = self._listed(number, now_ns)
                self._is_listed = False

    def _is_over(self, event: r.Event) -> bool:
        if getattr(event, "instrument", 0) != self.contract.instrument:
            return False
        if isinstance(event, r.InstrumentSettled):
            return event.settlement == v.SETTLEMENT_FINAL
        return (
            isinstance(event, r.Rejected)
            and event.command_type == v.SETTLE_INSTRUMENT
            and event.code == reject_codes.WRONG_PHASE
        )

    def _key(self) -> int:
        self._sent += 1
        return self._sent

    def _phase(self, instrument: int, phase: int) -> r.SetPhase:
        return r.SetPhase(
            instrument=instrument, phase=phase, key_high=FLOOR_KEY, key_low=self._key()
        )

    def _settle(self, instrument: int, kind: int) -> r.SettleInstrument:
        return r.SettleInstrument(
            instrument=instrument,
            price_points=self.price(instrument),
            settlement=kind,
            key_high=FLOOR_KEY,
            key_low=self._key(),
        )

    # ------------------------------------------------------------ the instruments

    def _of_dollars(self) -> r.Instrument:
        """A lot is ten units; a unit is worth some 200 dollars, and needs 4 of margin."""
        random = self._random
        return msgspec.structs.replace(
            LISTED,
            price_min_points=2_000,
            initial_margin_minor=4_000,
            maintenance_margin_minor=random.choice((0, 2_000)),
            taker_fee_ppm=random.choice((0, 500)),
            taker_fee_per_lot_minor=random.choice((0, 15)),
            maker_fee_per_lot_minor=random.choice((0, 0, 10)),
            depth_events=random.random() < 0.7,
            mark=random.choice((v.MARK_BOOK, v.MARK_BOOK, v.MARK_LAST)),
            trigger=random.randrange(2),
            liquidation_units=random.choice((0, 20)),
            insurance_login=random.choice((0, FUND, FUND)),
            auto_deleveraging=random.random() < 0.5,
        )

    def _of_coins(self) -> r.Instrument:
        """Coins for dollars: a unit is a tenth of a coin, some 30 dollars."""
        taker = self._random.choice((0, 1_000))
        return msgspec.structs.replace(
            LISTED,
            instrument=COIN,
            symbol="COIN",
            base_currency=BTC,
            contract=v.CONTRACT_SPOT,
            taker_fee_ppm=taker,
            maker_fee_ppm=self._random.choice((-taker, 0)),
            depth_events=self._random.random() < 0.5,
            trigger=self._random.randrange(2),
            band_bp=self._random.choice((0, 500)),
        )

    def _listed(self, number: int, now_ns: int) -> r.Instrument:
        """The contract of this number; a unit is worth some 1,000 euros, and needs 20."""
        rows = [
            (now_ns + after * SECOND, 2_000 * times, 1_000 * times)
            for after, times in zip(MARGIN_DATES_S, (2, 1), strict=True)
        ]
        return msgspec.structs.replace(
            LISTED,
            instrument=number,
            symbol=f"CONTRACT{number}",
            base_currency=EUR,
            profit_currency=EUR,
            margin_currency=EUR,
            volume_digits=0,
            contract_size=CONTRACT_SIZE,
            price_max_points=10_000,
            lot_max_units=50,
            position_limit_units=100,
            initial_margin_minor=2_000,
            maintenance_margin_minor=1_000,
            taker_fee_per_lot_minor=20,
            mark=v.MARK_TICK,
            trigger=v.TRIGGER_MARK,
            feeds=[1, 2],
            insurance_login=FUND,
            auto_deleveraging=True,
            margins=rows if now_ns else [],
        )
