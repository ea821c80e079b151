"""A day at work: what is gathered from the journal while it is replayed.

This file may drive an engine by the blocks of a journal and read their events; it writes
nothing but the rows that `rows.py` puts aside.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from adapters.describe import Names
from adapters.replay import Difference, cut_blocks
from adapters.settlement.futures import FuturesSettled
from adapters.settlement.money import MOVERS, Amounts, Purse, entries_of, purses_of
from adapters.settlement.reconcile import Finding, Reconciliation
from adapters.settlement.rows import RowsByAccount
from adapters.settlement.standing import names_of
from adapters.settlement.statement import LISTED, row_of
from engine import Engine, records
from journal import Block, LmdbJournal, framing

_CLASSES: Final[set[type[records.Event]]] = {
    *MOVERS, *LISTED, records.Configured, records.AccountSet, records.StopOut,
    records.InstrumentSettled,
}  # fmt: skip
_LOOKED_AT: Final = np.array(sorted(c.TYPE for c in _CLASSES))
"""Event types that a settlement reads; the others are compared by the replay and passed over."""


@dataclass(frozen=True)
class Bounds:
    """A UTC day in nanoseconds, and the last sequence that counts."""

    start_ns: int
    end_ns: int
    last_sequence: int
    """Of the journal when the settlement began: what comes meanwhile is of no concern."""


@dataclass
class Work:
    """What is known of a day. Made where it begins, by an engine that stands there."""

    day: str
    provisional: bool
    label: str | None
    engine: Engine
    rows: RowsByAccount
    names: Names = field(init=False)
    currencies: dict[int, str] = field(init=False)
    """Of every account, by login."""
    floating: dict[int, int] = field(init=False)
    """Floating results at the opening, of the accounts that had one."""
    first_sequence: int = field(init=False)
    opening_hash: str = field(init=False)
    books: Reconciliation = field(init=False)
    futures: FuturesSettled = field(default_factory=FuturesSettled)
    events: int = 0

    def __post_init__(self) -> None:
        engine = self.engine
        self.names = names_of(engine)
        self.first_sequence = engine.sequence + 1
        self.opening_hash = engine.state_hash()
        self.currencies = {}
        self.floating = {}
        for login in engine.logins():
            figures = engine.account(login)
            self.currencies[login] = figures.currency
            if figures.floating_minor:
                self.floating[login] = figures.floating_minor
        self.digits = {c.code: c.digits for c in self.names.currencies.values()}
        self.books = Reconciliation(self.digits)
        self.books.open(purses(engine))

    # ------------------------------------------------------------ what `money.py` may ask

    def currency_of(self, login: int) -> str:
        return self.currencies[login]

    def code(self, currency: int) -> str:
        return self.names.currencies[currency].code

    def instrument(self, number: int) -> records.Instrument:
        return self.names.instruments[number]

    def before(self, login: int, currency: str) -> Amounts:
        return self.books.last(login, currency)

    # ------------------------------------------------------------ the events of the day

    def take(self, block: Block) -> None:
        """The events of commands of the day."""
        events = block.events
        if not events:
            return
        starts = framing.record_starts(events)
        self.events += len(starts)
        types = framing.words_of(events)[starts] & 0xFFFF
        wanted = starts[np.isin(types, _LOOKED_AT)] * records.WORD
        for offset in wanted.tolist():
            event, _ = records.decode(events, offset)
            assert isinstance(event, records.Event)
            self._learn(event, block)
            entries = entries_of(event, self)
            if entries:
                self.books.take(entries, event.sequence)
            self.futures.take(event, self.names)
            row = row_of(event, self.names)
            if row is not None:
                self.rows.add(*row)

    def _learn(self, event: records.Event, block: Block) -> None:
        if isinstance(event, records.Configured):
            for command in framing.records_of(block.commands, event.sequence):
                assert isinstance(command, records.Configure)
                config = records.decode_config(command)
                self.names.learn_config(config)
                if isinstance(config, records.Currency):
                    self.digits[config.code] = config.digits
        elif isinstance(event, records.AccountSet):
            self.names.learn(event)
            self.currencies[event.login] = self.names.currencies[event.currency].code
        elif isinstance(event, records.StopOut):
            self.names.learn(event)


def purses(engine: Engine) -> Iterator[Purse]:
    """Every purse of every account, by login."""
    for login in engine.logins():
        yield from purses_of(engine, login)


def parts(journal: LmdbJournal, from_sequence: int, bounds: Bounds) -> Iterator[tuple[bool, Block]]:
    """Stretches of commands up to the end of the day: (whether they are of the day, block).

    A block in which the day begins is given in two.
    """
    begun = False
    for block in cut_blocks(journal, from_sequence, bounds.last_sequence, bounds.end_ns - 1):
        cut = 0
        if not begun:
            cut = framing.offset_after_time(block.commands, bounds.start_ns - 1)
        if cut == len(block.commands):
            yield False, block
            continue
        begun = True
        if not cut:
            yield True, block
            continue
        last = _sequence_at(block.commands, cut) - 1
        at = framing.offset_after_sequence(block.events, last)
        yield False, Block(block.header, block.commands[:cut], block.events[:at])
        yield True, Block(block.header, block.commands[cut:], block.events[at:])


def _sequence_at(commands: bytes, offset: int) -> int:
    return int(framing.words_of(commands)[offset // records.WORD + 1])


def finding_of(difference: Difference) -> Finding:
    """A replay that gave other events than the journal holds."""
    return Finding(
        f"sequence {difference.sequence}",
        f"event {difference.index}, {difference.event}.{difference.field}, executed again",
        f"{difference.journal_value!r} as in the journal",
        repr(difference.replay_value),
    )
