"""The Python face of the core: bytes in, bytes out, and records for people.

This file may wrap the core and answer questions about its state; it decides nothing.
"""

import hashlib
from typing import Any

import msgspec

from engine import records
from engine import vocabulary as v
from engine.core import Core
from engine.dispatch import apply
from engine.figures import (
    equity_minor,
    floating_minor,
    free_margin_minor,
    level_bp,
    max_withdrawable_minor,
)
from engine.hooks import Hooks
from engine.invariants import ALWAYS, ON_DEMAND
from engine.logical_state import dump, load
from engine.model.accounts import Trade
from engine.records import CorruptRecord, decode_all, encode
from engine.views import (
    AccountFigures,
    BookOrderView,
    DepthLevel,
    HoldingView,
    OrderView,
    PositionView,
    book_orders,
    depth_of,
    exposures_of,
    order_view,
    position_view,
)


class Engine:
    """The core. Pure: what comes out follows from what went in, and nothing else.

    >>> engine = Engine()
    >>> engine.send(records.Currency(currency=1, code="USD", digits=2))[0].kind
    2
    """

    def __init__(self, hooks: Hooks | None = None) -> None:
        self._core = Core(hooks if hooks is not None else Hooks())

    def __del__(self) -> None:
        core = getattr(self, "_core", None)
        if core is not None:
            core.release()

    @classmethod
    def from_state(
        cls, state: bytes, sequence: int, time_ns: int, hooks: Hooks | None = None
    ) -> "Engine":
        """An engine that stands where `state_bytes` was taken.

        Raises `CorruptRecord` for bytes that no engine gives: what is loaded gives the same.
        """
        engine = cls.__new__(cls)
        engine._core = load(state, hooks if hooks is not None else Hooks())
        if engine.state_bytes() != state:
            raise CorruptRecord("state: an engine that stands there gives other bytes")
        engine._core.sequence = sequence
        engine._core.time_ns = time_ns
        return engine

    # ------------------------------------------------------------ commands and events

    def apply(self, commands: bytes) -> None:
        """Applies a block of sequenced and stamped commands; events go to the buffer.

        Raises `CorruptRecord` for bytes that are no commands or not the next in sequence;
        the engine must not be used after that.
        """
        apply(self._core, commands)

    def events_view(self) -> memoryview:
        """Bytes of the events since the last clear, without a copy, until the next call."""
        return self._core.events.view()

    def take_events(self) -> bytes:
        """Copies the events out and clears the buffer."""
        data = bytes(self._core.events.view())
        self._core.events.clear()
        return data

    def clear_events(self) -> None:
        self._core.events.clear()

    def send(self, record: records.Record | records.Config, time_ns: int = 0) -> list[Any]:
        """Stamps one command with the next sequence, applies it, returns its events.

        `time_ns` 0 takes the record's own time, or the current one. Earlier events must
        have been taken or cleared.
        """
        stamp = time_ns or getattr(record, "time_ns", 0) or self.time_ns
        self.apply(encode(record, self.sequence + 1, stamp))
        return list(decode_all(self.take_events()))

    @property
    def sequence(self) -> int:
        """Of the last applied command."""
        return self._core.sequence

    @property
    def time_ns(self) -> int:
        """Of the last accepted command."""
        return self._core.time_ns

    # ------------------------------------------------------------ state

    def state_bytes(self) -> bytes:
        """The logical state in canonical bytes (FORMAT.md)."""
        return dump(self._core)

    def state_hash(self) -> str:
        """BLAKE2b-256 of `state_bytes`, in hex."""
        return hashlib.blake2b(self.state_bytes(), digest_size=32).hexdigest()

    def check(self, everything: bool = False) -> None:
        """Raises `AssertionError` where an invariant does not hold."""
        for invariant in ALWAYS:
            invariant(self._core)
        if everything:
            for invariant in ON_DEMAND:
                invariant(self._core)

    def counters(self) -> dict[str, int]:
        """Work done, for benchmarks; not part of the state."""
        return {
            "ticks": self._core.count_ticks,
            "evaluations": self._core.count_evaluations,
            "band_exits": self._core.count_band_exits,
        }

    # ------------------------------------------------------------ questions

    def logins(self) -> list[int]:
        return sorted(self._core.accounts)

    def account(self, login: int) -> AccountFigures:
        """The figures of an account. Raises `KeyError`."""
        account = self._core.accounts[login]
        gross, net = exposures_of(account)
        ages = [self.time_ns - e.instrument.quote_time_ns for e in account.exposures if e.count > 0]
        equity = equity_minor(account)
        return AccountFigures(
            login=login,
            group=account.group.number,
            currency=account.currency.code,
            currency_digits=account.currency.digits,
            balance_minor=account.balance_minor,
            credit_minor=account.credit_minor,
            floating_minor=floating_minor(account),
            equity_minor=equity,
            margin_minor=account.margin_minor,
            frozen_minor=account.frozen_minor,
            free_margin_minor=free_margin_minor(account),
            level_bp=level_bp(equity, account.margin_minor),
            max_withdrawable_minor=max_withdrawable_minor(account),
            gross_exposure_minor=gross,
            net_exposure_minor=net,
            positions=account.position_count,
            orders=account.order_count,
            entries=account.entry_count,
            stale=any(
                e.instrument.quote_is_stale(self.time_ns) for e in account.exposures if e.count > 0
            ),
            age_ns=max(ages, default=0),
        )

    def positions(self, login: int) -> list[PositionView]:
        """Open positions by ticket. Raises `KeyError`."""
        found: list[Trade] = []
        for exposure in self._core.accounts[login].exposures:
            trade = exposure.first
            while trade is not None:
                found.append(trade)
                trade = trade.next
        return [position_view(t) for t in sorted(found, key=lambda t: t.ticket)]

    def orders(self, login: int) -> list[OrderView]:
        """Pending orders and opening requests by ticket. Raises `KeyError`.

        Looks through every trade of the engine: for people, not for the way of a command.
        """
        account = self._core.accounts[login]
        return [order_view(t) for t in self._waiting() if t.exposure.account is account]

    def all_orders(self) -> dict[int, list[OrderView]]:
        """The same for all accounts that have some, in one look through every trade."""
        found: dict[int, list[OrderView]] = {}
        for trade in self._waiting():
            found.setdefault(trade.exposure.account.login, []).append(order_view(trade))
        return found

    def _waiting(self) -> list[Trade]:
        """Every trade that is no position, by ticket."""
        return [trade for trade in self._core.trades_by_ticket() if trade.state != v.POSITION_OPEN]

    def book_orders(self, login: int) -> list[BookOrderView]:
        """Orders in books, those that wait for a trigger too, by ticket. Raises `KeyError`."""
        found: list[BookOrderView] = []
        for exposure in self._core.accounts[login].exposures:
            found += book_orders(self._core, exposure)
        return sorted(found, key=lambda order: order.order)

    def holdings(self, login: int) -> list[HoldingView]:
        """What an account owns of other currencies, by currency. Raises `KeyError`."""
        held = sorted(self._core.accounts[login].holdings, key=lambda h: h.currency)
        return [HoldingView(h.currency, h.balance_minor, h.frozen_minor) for h in held]

    def depth(self, instrument: int, side: int, levels: int = 0) -> list[DepthLevel]:
        """The best levels of a side of a book (0: all), the best first. Raises `KeyError`."""
        found = self._core.instrument(instrument)
        if found is None or found.book is None:
            raise KeyError(instrument)
        return depth_of(found.book, side, levels)

    def _configured(self, kind: int) -> list[Any]:
        config_class = records.CLASS_OF_CONFIG[kind]
        return [
            msgspec.msgpack.decode(payload, type=config_class)
            for key, payload in sorted(self._core.config_payloads.items())
            if key[0] == kind
        ]

    def currency_table(self) -> list[records.Currency]:
        """Configured currencies by number."""
        return self._configured(v.CONFIG_CURRENCY)

    def hook_table(self) -> list[records.HookSet]:
        """The identity of the hooks on record, if any."""
        return self._configured(v.CONFIG_HOOKS)

    def quote(self, instrument: int) -> tuple[int, int]:
        """Current raw (bid, ask) in points; (0, 0) before the first. Raises `KeyError`."""
        found = self._core.instrument(instrument)
        if found is None:
            raise KeyError(instrument)
        return found.bid, found.ask
