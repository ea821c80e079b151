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


FROM_OUTSIDE: Final = frozenset(
    (
        v.ENTRY_DEPOSIT,
        v.ENTRY_WITHDRAWAL,
        v.ENTRY_CREDIT_IN,
        v.ENTRY_CREDIT_OUT,
        v.ENTRY_CORRECTION,
    )
)
"""Money that came from outside or left."""
NO_RESULT: Final = FROM_OUTSIDE | {v.ENTRY_EXCHANGE}
"""An exchange of one currency for another is none, either. All else is a result."""


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


def _of_futures_filled(event: records.FuturesFilled, known: Known) -> Iterator[Entry]:
    """Profit with the change of the margin, then the fee, under one number."""
    currency = known.currency_of(event.login)
    before = known.before(event.login, currency)
    margin = event.margin_minor - before.margin
    after = Amounts(event.balance_minor + event.fee_minor, before.credit, event.margin_minor)
    deltas = Amounts(event.profit_minor, 0, margin)
    yield Entry(event.login, currency, event.entry_number, v.ENTRY_TRADE_PNL, deltas, after)
    if event.fee_minor:
        fee = Amounts(-event.fee_minor, 0, 0)
        after = after._replace(balance=event.balance_minor)
        yield Entry(event.login, currency, event.entry_number, v.ENTRY_COMMISSION, fee, after)


def _of_spot_filled(event: records.SpotFilled, known: Known) -> Iterator[Entry]:
    """What was exchanged, in both currencies, then the fee, under one number."""
    instrument = known.instrument(event.instrument)
    base, quote = known.code(instrument.base_currency), known.code(instrument.profit_currency)
    for currency, delta, after in (
        (base, event.base_delta_minor, event.base_minor),
        (quote, event.quote_delta_minor + event.fee_minor, event.quote_minor + event.fee_minor),
    ):
        had = known.before(event.login, currency)
        yield Entry(
            event.login,
            currency,
            event.entry_number,
            v.ENTRY_EXCHANGE,
            Amounts(delta, 0, 0),
            had._replace(balance=after),
        )
    if event.fee_minor:
        had = known.before(event.login, quote)
        yield Entry(
            event.login,
            quote,
            event.entry_number,
            v.ENTRY_COMMISSION,
            Amounts(-event.fee_minor, 0, 0),
            had._replace(balance=event.quote_minor),
        )


def _of_holding_entry(event: records.HoldingEntry, known: Known) -> Iterator[Entry]:
    currency = known.code(event.currency)
    yield Entry(
        event.login,
        currency,
        event.entry_number,
        event.entry_type,
        Amounts(event.delta_minor, 0, 0),
        Amounts(event.balance_minor, 0, 0),
    )


def _of_position_settled(event: records.PositionSettled, known: Known) -> Iterator[Entry]:
    """Variation margin; the final settlement of a position gives its margin back, too."""
    currency = known.currency_of(event.login)
    before = known.before(event.login, currency)
    yield Entry(
        event.login,
        currency,
        event.entry_number,
        v.ENTRY_VARIATION_MARGIN,
        Amounts(event.profit_minor, 0, event.margin_minor - before.margin),
        Amounts(event.balance_minor, before.credit, event.margin_minor),
    )


def _of_funding_paid(event: records.FundingPaid, known: Known) -> Iterator[Entry]:
    currency = known.currency_of(event.login)
    before = known.before(event.login, currency)
    yield Entry(
        event.login,
        currency,
        event.entry_number,
        v.ENTRY_FUNDING,
        Amounts(event.amount_minor, 0, 0),
        before._replace(balance=event.balance_minor),
    )


MOVERS: Final[dict[type[records.Event], Callable[[Any, Known], Iterator[Entry]]]] = {
    records.LedgerEntry: _of_ledger_entry,
    records.FuturesFilled: _of_futures_filled,
    records.SpotFilled: _of_spot_filled,
    records.HoldingEntry: _of_holding_entry,
    records.PositionSettled: _of_position_settled,
    records.FundingPaid: _of_funding_paid,
}
"""The events that carry money, and how it is read out of them."""


def purses_of(engine: Engine, login: int) -> list[Purse]:
    """What an account has now, a purse for each of its currencies. Raises `KeyError`.

    The engine's own figures: not one of them is taken from an entry.
    """
    figures = engine.account(login)
    amounts = Amounts(figures.balance_minor, figures.credit_minor, figures.margin_minor)
    entries = figures.entries
    purses = [Purse(login, figures.currency, amounts, entries)]
    codes = {c.currency: c.code for c in engine.currency_table()}
    for held in engine.holdings(login):
        if held.balance_minor:
            holds = Amounts(held.balance_minor, 0, 0)
            purses.append(Purse(login, codes[held.currency], holds, entries))
    return purses


def type_name(entry_type: int) -> str:
    """The word for a type of entry; its number where it has none."""
    known = 0 <= entry_type < len(v.ENTRY_TYPE_NAMES)
    return (v.ENTRY_TYPE_NAMES[entry_type] if known else "") or str(entry_type)
