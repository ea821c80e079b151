"""Two engines side by side: which accounts differ, and by how much.

This file may ask engines about their state; it changes none. Amounts are compared in the
currency of the account, to the last digit.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from adapters.units import unscaled
from engine import AccountFigures, Engine, PositionView
from journal import Progress

MONEY: Final = {
    "balance": "balance_minor",
    "credit": "credit_minor",
    "profit": "floating_minor",
    "equity": "equity_minor",
    "margin": "margin_minor",
}
"""Amounts that are compared: the name shown and the field of `AccountFigures`."""
COUNTS: Final = ("positions", "orders")


@dataclass(frozen=True)
class AccountDifference:
    """An account that both sides have, with other figures."""

    login: int
    a: AccountFigures
    b: AccountFigures
    other_positions: bool
    """As many positions, but others (ticket, volume, price or stops)."""

    @property
    def same_money(self) -> bool:
        """Whether amounts can be subtracted: the currency is the same on both sides."""
        return self.a.currency == self.b.currency

    def amounts(self) -> dict[str, tuple[Decimal, Decimal]]:
        """Amounts that differ, in the account's currency; all of them where that differs."""
        found = {}
        for name, field in MONEY.items():
            pair = _amount(self.a, field), _amount(self.b, field)
            if pair[0] != pair[1] or not self.same_money:
                found[name] = pair
        return found

    def counts(self) -> dict[str, tuple[int, int]]:
        """Numbers that differ."""
        pairs = {name: (getattr(self.a, name), getattr(self.b, name)) for name in COUNTS}
        return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}

    def by_equity(self) -> tuple[int, Decimal, int]:
        """Sorts other currencies first, then the largest difference in equity, then by login."""
        if not self.same_money:
            return 0, Decimal(), self.login
        ours, theirs = (_amount(figures, "equity_minor") for figures in (self.a, self.b))
        return 1, -abs(theirs - ours), self.login


@dataclass(frozen=True)
class Accounts:
    """What a comparison of all accounts gave."""

    in_both: int
    differ: list[AccountDifference]
    """The largest difference in equity first, as a number in the account's currency."""
    only_a: list[AccountFigures]
    only_b: list[AccountFigures]
    state_hashes: tuple[str, str]

    @property
    def alike(self) -> bool:
        return not (self.differ or self.only_a or self.only_b)


def accounts_of(a: Engine, b: Engine, progress: Progress | None = None) -> Accounts:
    """All accounts of two engines, compared."""
    ours, theirs = a.logins(), b.logins()
    in_both = sorted(set(ours) & set(theirs))
    hashes = a.state_hash(), b.state_hash()
    differ = []
    if hashes[0] != hashes[1]:
        for done, login in enumerate(in_both):
            found = _compared(a, b, login)
            if found is not None:
                differ.append(found)
            if progress is not None and done % 1_000 == 0:
                progress(done, len(in_both))
    return Accounts(
        in_both=len(in_both),
        differ=sorted(differ, key=AccountDifference.by_equity),
        only_a=[a.account(login) for login in sorted(set(ours) - set(theirs))],
        only_b=[b.account(login) for login in sorted(set(theirs) - set(ours))],
        state_hashes=hashes,
    )


def _compared(a: Engine, b: Engine, login: int) -> AccountDifference | None:
    """An account on both sides; None if nothing differs."""
    other = _standing(a, login) != _standing(b, login)
    found = AccountDifference(login, a.account(login), b.account(login), other)
    if found.amounts() or found.counts() or found.other_positions:
        return found
    return None


def _standing(engine: Engine, login: int) -> list[tuple[Any, ...]]:
    """The positions of an account without what the quotes of the moment make of them."""
    return [_without_result(position) for position in engine.positions(login)]


def _without_result(position: PositionView) -> tuple[Any, ...]:
    moving = ("current_price_points", "profit_minor")
    return tuple(getattr(position, n) for n in position.__struct_fields__ if n not in moving)


def _amount(figures: AccountFigures, field: str) -> Decimal:
    return unscaled(getattr(figures, field), figures.currency_digits)
