"""Money, in one place: the entries of an event, and the purses of an account.

This file may read an event or ask an engine, nothing else. The rest of the settlement knows
money only as `Entry` (what an event moved) and `Purse` (what an account has at one moment). So
an event that carries money in another way is one more row of `MOVERS`, and accounts with several
currencies are one change of `purses_of`.

An entry belongs to one account, one currency and one type. An event may give several: of two
currencies, of several types under one number (profit and fee of a fill), of several accounts.
They count in the order in which they are given, each on top of the one before it.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple, Protocol

from engine import Engine, records
from engine import vocabulary as v


class Amounts(NamedTuple):
    """The three figures of a purse, or a change of them, in minor units of its currency."""

    balance: int
    credit: int
    margin: int

    def plus(self, other: "Amounts") -> "Amounts":
        return Amounts(
            self.balance + other.balance, self.credit + other.credit, self.margin + other.margin
        )


NOTHING: Final = Amounts(0, 0, 0)


class Entry(NamedTuple):
    """One entry of an account's ledger."""

    login: int
    currency: str
    number: int
    """Dense from 1 per account; entries of one event may share it."""
    entry_type: int
    deltas: Amounts
    afters: Amounts


class Purse(NamedTuple):
    """What an account has in one currency."""

    login: int
    currency: str
    amounts: Amounts
    entries: int
    """Number of the account's last entry so far."""


class Known(Protocol):
    """What is known where an event happens: for events that do not tell everything."""

    def currency_of(self, login: int) -> str:
        """The account's own currency. Raises `KeyError`."""

    def code(self, currency: int) -> str:
        """The code of a currency by its number. Raises `KeyError`."""

    def instrument(self, number: int) -> records.Instrument:
        """The instrument as it is configured at that moment. Raises `KeyError`."""

    def before(self, login: int, currency: str) -> Amounts:
        """The purse after the entries so far; nothing for one that had none."""


FUNDING: Final = frozenset(
    (
        v.ENTRY_DEPOSIT,
        v.ENTRY_WITHDRAWAL,
        v.ENTRY_CREDIT_IN,
        v.ENTRY_CREDIT_OUT,
        v.ENTRY_CORRECTION,
    )
)
"""Money that came from outside or left. Every other type that moves a balance is a result."""


def entries_of(event: Any, known: Known) -> list[Entry]:
    """What an event moved: nothing for an event that carries no money. Raises `KeyError`."""
    mover = MOVERS.get(type(event))
    return [] if mover is None else [*mover(event, known)]


def _of_ledger_entry(event: records.LedgerEntry, known: Known) -> Iterator[Entry]:
    yield Entry(
        event.login,
        known.currency_of(event.login),
        event.entry_number,
        event.entry_type,
        Amounts(event.balance_delta_minor, event.credit_delta_minor, event.margin_delta_minor),
        Amounts(event.balance_minor, event.credit_minor, event.margin_minor),
    )


MOVERS: Final[dict[type[records.Event], Callable[[Any, Known], Iterator[Entry]]]] = {
    records.LedgerEntry: _of_ledger_entry,
}
"""The events that carry money, and how it is read out of them."""


def purses_of(engine: Engine, login: int) -> list[Purse]:
    """What an account has now, a purse for each of its currencies. Raises `KeyError`.

    The engine's own figures: not one of them is taken from an entry.
    """
    figures = engine.account(login)
    amounts = Amounts(figures.balance_minor, figures.credit_minor, figures.margin_minor)
    entries = int(engine._core.accounts[login].entry_count)
    return [Purse(login, figures.currency, amounts, entries)]


def type_name(entry_type: int) -> str:
    """The word for a type of entry; its number where it has none."""
    known = 0 <= entry_type < len(v.ENTRY_TYPE_NAMES)
    return (v.ENTRY_TYPE_NAMES[entry_type] if known else "") or str(entry_type)
