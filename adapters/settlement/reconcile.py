"""Fund reconciliation: opening + entries = closing, for every purse, and what does not agree.

This file may add up and compare; it asks nobody. Three sources are held against each other:
the figures of the engine where the day begins, the entries of the day, the figures of the engine
where it ends. Per account and currency, for balance, credit and margin:

    every entry        number = the one before + 1 (entries of one event may share one),
                       after = before + delta
    at the end         opening + sum of the deltas = the last after = the engine's figure,
                       the last number = the engine's count

and in total per currency the same sums, added up on their own from the entries as they come.
After a difference the sums go on from what was found, so that one fault is not told twice.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from adapters.settlement.money import NOTHING, Amounts, Entry, Purse, type_name
from adapters.units import unscaled

MOST_FINDINGS: Final = 1_000
"""Told one by one; further ones are counted."""


class Finding(NamedTuple):
    """Something that does not agree."""

    account: str
    """A login, `total USD`, or what else is spoken of."""
    what: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.account}: {self.what}: expected {self.expected}, found {self.found}"


@dataclass(slots=True)
class Sum:
    """The entries of one type, added up."""

    count: int = 0
    deltas: Amounts = NOTHING

    def add(self, deltas: Amounts) -> None:
        self.count += 1
        self.deltas = self.deltas.plus(deltas)


@dataclass(slots=True)
class Line:
    """A purse over the day: where it began, what came, where it ended."""

    opening: Amounts = NOTHING
    last: Amounts = NOTHING
    """After the last entry, as the entry says."""
    closing: Amounts = NOTHING
    """As the engine says where the day ends."""
    by_type: dict[int, Sum] = field(default_factory=dict)

    def moved(self) -> Amounts:
        """The sum of all entries."""
        moved = NOTHING
        for one in self.by_type.values():
            moved = moved.plus(one.deltas)
        return moved

    def add(self, entry: Entry) -> None:
        one = self.by_type.get(entry.entry_type)
        if one is None:
            one = self.by_type[entry.entry_type] = Sum()
        one.add(entry.deltas)


Key = tuple[int, str]
"""Login and currency."""


class Reconciliation:
    """The money of a day. `open` it, `take` every entry, `close` it; then read `findings`."""

    def __init__(self, digits: dict[str, int]) -> None:
        """`digits`: decimals of the currencies by code; may grow while the day goes on."""
        self.lines: dict[Key, Line] = {}
        self.totals: dict[str, Line] = {}
        self.entries = 0
        self.findings: list[Finding] = []
        self.untold = 0
        """Findings beyond those told."""
        self._digits = digits
        self._numbers: dict[int, int] = {}

    def open(self, purses: Iterable[Purse]) -> None:
        """What the accounts had before the first command of the day."""
        for purse in purses:
            line = self.lines[purse.login, purse.currency] = Line(purse.amounts, purse.amounts)
            self._numbers[purse.login] = purse.entries
            total = self._total(purse.currency)
            total.opening = total.opening.plus(line.opening)

    def last(self, login: int, currency: str) -> Amounts:
        """A purse after the entries so far."""
        line = self.lines.get((login, currency))
        return NOTHING if line is None else line.last

    def take(self, entries: Iterable[Entry], sequence: int) -> None:
        """All entries of one event of the day, in the order of the journal."""
        shared: set[tuple[int, int]] = set()
        for entry in entries:
            if (entry.login, entry.number) not in shared:
                self._take_number(entry, sequence)
                shared.add((entry.login, entry.number))
            self._take(entry, sequence)

    def _take_number(self, entry: Entry, sequence: int) -> None:
        expected = self._numbers.get(entry.login, 0) + 1
        if entry.number != expected:
            what = "entry number" if entry.number > expected else "entry number, a repeat"
            self._tell(entry.login, f"sequence {sequence}, {what}", expected, entry.number)
        self._numbers[entry.login] = entry.number
        self.entries += 1

    def _take(self, entry: Entry, sequence: int) -> None:
        key = (entry.login, entry.currency)
        line = self.lines.get(key)
        if line is None:
            line = self.lines[key] = Line()
        after = line.last.plus(entry.deltas)
        if after != entry.afters:
            where = f"sequence {sequence}, entry {entry.number} ({type_name(entry.entry_type)})"
            self._compare(str(entry.login), where, entry.currency, after, entry.afters)
        line.last = entry.afters
        line.add(entry)
        self._total(entry.currency).add(entry)

    def close(self, purses: Iterable[Purse]) -> None:
        """What the accounts have after the last command of the day."""
        seen: set[Key] = set()
        for purse in purses:
            key = (purse.login, purse.currency)
            seen.add(key)
            line = self.lines.setdefault(key, Line())
            line.closing = purse.amounts
            total = self._total(purse.currency)
            total.closing = total.closing.plus(purse.amounts)
            self._close_one(purse, line)
        for login, currency in sorted(self.lines.keys() - seen):
            self._tell(login, f"the account in {currency} at the end of the day", "one", "none")
        for currency, total in sorted(self.totals.items()):
            name = f"total {currency}"
            expected = total.opening.plus(total.moved())
            self._compare(name, "opening + entries", currency, expected, total.closing)

    def _close_one(self, purse: Purse, line: Line) -> None:
        name = str(purse.login)
        expected = line.opening.plus(line.moved())
        if purse.amounts != expected:
            self._compare(name, "opening + entries", purse.currency, expected, purse.amounts)
        if purse.amounts != line.last:
            self._compare(name, "after the last entry", purse.currency, line.last, purse.amounts)
        number = self._numbers.get(purse.login, 0)
        if purse.entries != number:
            self._tell(purse.login, "number of the last entry", number, purse.entries)

    def _total(self, currency: str) -> Line:
        total = self.totals.get(currency)
        if total is None:
            total = self.totals[currency] = Line()
        return total

    def _compare(
        self, account: str, where: str, currency: str, expected: Amounts, found: Amounts
    ) -> None:
        """A finding for each of the three figures that differs."""
        digits = self._digits.get(currency, 0)
        for name, ours, theirs in zip(Amounts._fields, expected, found, strict=True):
            if ours != theirs:
                shown = (f"{unscaled(amount, digits):f} {currency}" for amount in (ours, theirs))
                self._tell(account, f"{name}, {where}", *shown)

    def _tell(self, account: int | str, what: str, expected: object, found: object) -> None:
        who = f"account {account}" if str(account).isdigit() else str(account)
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(who, what, str(expected), str(found)))
        else:
            self.untold += 1
