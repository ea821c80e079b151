"""The members of the exchange at work: makers, traders, one who sells much, two who risk all.

This file may not touch the engine: it plans commands (`Agenda`) and is told the events
(`hear`). It does the same again for the same seed, quotes and events.

The makers quote both sides of every book around a price that follows the quoted gold and
bitcoin, a step at a time; traders take, rest and set stops. The rest of the day is written
down: an auction opens it, an iceberg is sold into the morning, one member holds all the gold
that its money is good for when the news of the afternoon comes, another is short of bitcoin a
hundred times its money in the evening, a perpetual pays funding, the future is settled.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from adapters.config import Settings
from adapters.generate import catalogue, venue
from adapters.generate.agenda import MINUTE_NS, Agenda, once
from adapters.generate.dice import Dice
from adapters.generate.market import Market
from adapters.generate.member import Book, Hand
from adapters.generate.venue import BOOKS, GOLD, PERPETUAL, SPOT
from engine import records
from engine import vocabulary as v

Commands = list[records.Command]

_OFFICE_KEY: Final = 900_000
_LEVELS: Final = 3
_MOST_UNITS: Final = 6
"""Of a trader's position, in its largest orders; then it goes the other way."""
_STOP_BP: Final = 45


class Floor:
    """The exchange of the generated day."""

    def __init__(
        self,
        settings: Settings,
        market: Market,
        agenda: Agenda,
        seed: int,
        midnight_ns: int,
        beats: int,
    ) -> None:
        """`midnight_ns`: of the main day. `beats`: how many times something happens on it."""
        self.market = market
        self.agenda = agenda
        self.dice = Dice(seed ^ _OFFICE_KEY)
        self.midnight_ns = midnight_ns
        self.hands = {m.login: Hand(m) for m in venue.MEMBERS}
        self.books = {name: self._book(settings, name) for name in BOOKS}
        self._by_number = {book.number: book for book in self.books.values()}
        self._followed = {
            name: settings.instruments[quoting.follows].instrument
            for name, quoting in BOOKS.items()
        }
        self._feed = next(iter(settings.feeds.values())).number
        self._bitcoin = settings.currencies[venue.BITCOIN]
        self._office_keys = 0
        self._plan_day(beats)

    # ------------------------------------------------------------ for the caller

    def opening(self) -> Iterator[records.Command]:
        """What the members own of bitcoin; no book trades before the auction."""
        for hand in self.hands.values():
            if hand.member.bitcoin:
                yield records.HoldingOperation(
                    login=hand.member.login,
                    currency=self._bitcoin.currency,
                    operation=v.DEPOSIT,
                    amount_minor=hand.member.bitcoin * 10**self._bitcoin.digits,
                    **hand.key(),
                )
        for name in BOOKS:
            yield self._phase(name, v.PHASE_HALTED)

    def hear(self, events: Iterable[records.Event]) -> None:
        """Members take note of their orders and positions, everybody of the last price."""
        for event in events:
            if isinstance(event, records.FuturesFilled | records.SpotFilled):
                self._by_number[event.instrument].last_points = event.price_points
            hand = self.hands.get(getattr(event, "login", 0))
            if hand is not None:
                hand.hear(event)

    # ------------------------------------------------------------ the day

    def _plan_day(self, beats: int) -> None:
        at, office = self._at, self._office
        self.agenda.plan(at(venue.AUCTION_MINUTE), lambda _: (self._auction(), 0))
        self.agenda.plan(at(venue.OPEN_MINUTE), lambda _: (self._open(), 0))
        self.agenda.plan(at(venue.ICEBERG_MINUTE), lambda _: (self._iceberg(), 0))
        self.agenda.plan(at(venue.STRETCHED_MINUTE), lambda _: (self._stretch(), 0))
        self.agenda.plan(at(venue.SHORT_MINUTE), lambda _: (self._short(), 0))
        funding = records.PayFunding(
            instrument=self.books[PERPETUAL].number,
            rate_e8=venue.FUNDING_RATE_E8,
            **office(),
        )
        self.agenda.plan(at(venue.FUNDING_MINUTE), once([funding]))
        self.agenda.plan(at(venue.SETTLE_MINUTE), lambda _: (self._settle(), 0))
        self.agenda.plan(at(venue.CLOSE_MINUTE), lambda _: (self._close(), 0))
        minutes = venue.SETTLE_MINUTE - venue.OPEN_MINUTE - 2
        for beat in range(beats):
            part = (beat + self.dice.uniform()) / beats
            moment = at(venue.OPEN_MINUTE + 1) + int(part * minutes * MINUTE_NS)
            self.agenda.plan(moment, lambda _: (self._beat(), 0))

    def _at(self, minute: int) -> int:
        return self.midnight_ns + minute * MINUTE_NS

    def _auction(self) -> Commands:
        """Everybody gives a price; what crosses waits for the opening."""
        commands: Commands = []
        for name in (GOLD, SPOT):
            book = self.books[name]
            book.mid_points = self._fair(name)
            commands.append(self._phase(name, v.PHASE_AUCTION))
            spread = max(book.mid_points * 8 // 10_000, 1)
            for hand in self._members(name):
                for side in (v.BUY, v.SELL):
                    price = book.mid_points + self.dice.between(-spread, spread)
                    units = self.dice.between(*book.quoting.trade_units)
                    commands.append(hand.limit_order(book, side, price, units))
        return commands

    def _open(self) -> Commands:
        commands: Commands = []
        for name, book in self.books.items():
            commands.append(self._phase(name, v.PHASE_CONTINUOUS))
            for hand in self._makers():
                commands.append(hand.cancel_all(book))
            if book.instrument.mark == v.MARK_TICK:
                book.mid_points = self._fair(name)
                commands.append(self._tick(book))
            commands += self._quote(name)
        return commands

    def _beat(self) -> Commands:
        """The makers of one book move, and perhaps a trader acts."""
        shares = [quoting.share for quoting in BOOKS.values()]
        name = self.dice.weighted(list(BOOKS), shares)
        commands = self._quote(name)
        if self.dice.chance(0.7):
            traders = [h for h in self._members(name) if h.member.role == venue.TRADER]
            commands += self._trade(self.dice.pick(traders), self.books[name])
        return commands

    def _settle(self) -> Commands:
        book = self.books[GOLD]
        price = book.last_points or book.mid_points
        return [
            records.SettleInstrument(instrument=book.number, price_points=price, **self._office())
        ]

    def _close(self) -> Commands:
        return [self._phase(name, v.PHASE_HALTED) for name in BOOKS]

    # ------------------------------------------------------------ makers

    def _quote(self, name: str) -> Commands:
        """All makers move their orders; a feed tells the perpetual's price.

        The side that moves away goes first, so that makers neither meet nor leave a side empty.
        """
        book, quoting = self.books[name], BOOKS[name]
        step = max(book.mid_points * quoting.step_bp // 10_000, 1)
        away = max(-step, min(step, self._fair(name) - book.mid_points))
        book.mid_points += away
        commands: Commands = []
        for side in (v.SELL, v.BUY) if away > 0 else (v.BUY, v.SELL):
            for hand in self._makers():
                commands += self._quote_side(hand, book, side)
        if book.instrument.mark == v.MARK_TICK:
            commands.append(self._tick(book))
        return commands

    def _quote_side(self, hand: Hand, book: Book, side: int) -> Iterator[records.Command]:
        """The levels of one maker; what was filled is placed anew."""
        quoting = book.quoting
        half = quoting.half_spread + self.dice.below(quoting.half_spread + 1)
        for level in range(_LEVELS):
            distance = half + level * quoting.gap
            price = book.mid_points + (distance if side == v.SELL else -distance)
            units = self.dice.between(*quoting.units)
            place = (book.number, side, level)
            ticket = hand.quotes.get(place)
            if ticket is None:
                hand.asked[book.number, side, price] = place
                yield hand.limit_order(book, side, price, units)
            else:
                yield records.ReplaceOrder(
                    login=hand.member.login,
                    order=ticket,
                    volume_units=units,
                    price_points=price,
                    **hand.key(),
                )

    def _makers(self) -> list[Hand]:
        return [h for h in self.hands.values() if h.member.role == venue.MAKER]

    def _tick(self, book: Book) -> records.Command:
        half = book.quoting.half_spread
        return records.Tick(
            instrument=book.number,
            feed=self._feed,
            bid_points=book.mid_points - half,
            ask_points=book.mid_points + half,
        )

    def _fair(self, name: str) -> int:
        """Where the book's price belongs, by the quoted instrument that it follows."""
        book, quoting = self.books[name], BOOKS[name]
        sight = self.market.sights[self._followed[name]]
        if not sight.bid_points:
            return book.mid_points
        middle = (sight.bid_points + sight.ask_points) * 10**book.instrument.digits
        points: int = middle // (2 * 10**sight.instrument.digits)
        return points + points * quoting.basis_bp // 10_000

    # ------------------------------------------------------------ traders

    def _trade(self, hand: Hand, book: Book) -> Commands:
        """Takes, rests nearby, or sets a stop; goes back where it has gone far."""
        least, most = book.quoting.trade_units
        units = self.dice.between(least, most)
        side = self.dice.below(2)
        if abs(hand.units) >= _MOST_UNITS * most:
            side = v.SELL if hand.units > 0 else v.BUY
        what = self.dice.uniform()
        if hand.units and what < 0.1:
            return [self._protect(hand, book)]
        if hand.units and not hand.waiting and what < 0.4:
            return [self._stop(hand, book)]
        if what < 0.75:
            return [hand.market_order(book, side, units)]
        distance = book.quoting.half_spread * self.dice.between(0, 4)
        price = book.mid_points - distance if side == v.BUY else book.mid_points + distance
        return [hand.limit_order(book, side, price, units)]

    def _protect(self, hand: Hand, book: Book) -> records.Command:
        """Stop loss and take profit of the position itself."""
        away = self._far(book) if hand.units > 0 else -self._far(book)
        return records.ModifyPosition(
            login=hand.member.login,
            position=hand.position,
            stop_loss_points=book.mid_points - away,
            take_profit_points=book.mid_points + 2 * away,
            **hand.key(),
        )

    def _far(self, book: Book) -> int:
        """How far a price may go wrong."""
        return book.mid_points * (_STOP_BP + self.dice.below(_STOP_BP)) // 10_000

    def _stop(self, hand: Hand, book: Book) -> records.Command:
        """An order that gives the position up where it has gone wrong too far."""
        away = self._far(book)
        long = hand.units > 0
        return records.PlaceBookOrder(
            login=hand.member.login,
            instrument=book.number,
            order_type=v.STOP,
            side=v.SELL if long else v.BUY,
            volume_units=abs(hand.units),
            flags=v.REDUCE_ONLY,
            trigger_points=book.mid_points - away if long else book.mid_points + away,
            **hand.key(),
        )

    def _iceberg(self) -> Commands:
        """Much is for sale, a little of it shows."""
        book, hand = self.books[GOLD], self._hand(venue.LARGE)
        price = book.mid_points + BOOKS[GOLD].half_spread
        shown = venue.ICEBERG_SHOWN_LOTS
        return [hand.limit_order(book, v.SELL, price, venue.ICEBERG_LOTS, shown)]

    def _stretch(self) -> Commands:
        """Buys as much gold as the money is good for."""
        return self._market_order(venue.STRETCHED, GOLD, v.BUY, venue.STRETCHED_LOTS)

    def _short(self) -> Commands:
        """Sells bitcoin that it has not, for a hundred times its money."""
        return self._market_order(venue.SHORT, PERPETUAL, v.SELL, venue.SHORT_UNITS)

    def _market_order(self, role: str, name: str, side: int, units: int) -> Commands:
        """After the makers have quoted anew, so that there is something to take."""
        order = self._hand(role).market_order(self.books[name], side, units)
        return [*self._quote(name), order]

    # ------------------------------------------------------------ parts

    def _book(self, settings: Settings, name: str) -> Book:
        instrument, quoting = settings.instruments[name], BOOKS[name]
        row = next(row for _, row in catalogue.rows() if row.symbol == quoting.follows)
        return Book(instrument, quoting, int(row.price * 10**instrument.digits))

    def _hand(self, role: str) -> Hand:
        return next(h for h in self.hands.values() if h.member.role == role)

    def _members(self, name: str) -> list[Hand]:
        """The makers and the traders of a book."""
        return [
            h
            for h in self.hands.values()
            if h.member.role == venue.MAKER
            or (h.member.role == venue.TRADER and h.member.book == name)
        ]

    def _phase(self, name: str, phase: int) -> records.Command:
        return records.SetPhase(instrument=self.books[name].number, phase=phase, **self._office())

    def _office(self) -> dict[str, int]:
        self._office_keys += 1
        return {"key_high": _OFFICE_KEY, "key_low": self._office_keys}
