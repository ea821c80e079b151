"""The figures of an account, computed from nothing but its positions and its ledger.

This file may compute, not change anything. Source: docs/RULES.md sections 3 and 7.
"""

from dataclasses import dataclass
from fractions import Fraction

from engine import vocabulary as v
from tests.naive import frozen, money
from tests.naive.world import Account, Order, Position, World

LEVEL_LIMIT_BP = 10**15


@dataclass(frozen=True)
class Figures:
    """Money in minor units of the account's currency, level in basis points."""

    login: int
    group: int
    currency: str
    currency_digits: int
    balance_minor: int
    credit_minor: int
    floating_minor: int
    equity_minor: int
    margin_minor: int
    frozen_minor: int
    """In the account's currency, by orders on the book venue."""
    free_margin_minor: int
    level_bp: int
    max_withdrawable_minor: int
    positions: int
    orders: int


def position_profit(world: World, position: Position) -> int:
    """Profit of an open position at the group's closing price, account's minor units."""
    account = world.accounts[position.login]
    close = world.closing_price(account, position.instrument, position.side)
    return money.profit_minor(
        world,
        account,
        position.instrument,
        position.side,
        position.volume,
        position.open_cost,
        close,
    )


def profits(world: World, account: Account) -> list[int]:
    return [position_profit(world, p) for p in world.positions_of(account.login)]


def equity(world: World, account: Account) -> int:
    return account.balance + account.credit + sum(profits(world, account))


def margin(account: Account) -> int:
    """Margin of all open positions."""
    return sum(account.margins.values())


def counted_floating(world: World, account: Account) -> int:
    """F of the free margin: what of the floating profit the group's mode counts."""
    mode = world.group_of(account).free_margin_mode
    counted = profits(world, account)
    if mode == v.FREE_MARGIN_NONE:
        return 0
    if mode == v.FREE_MARGIN_PROFIT:
        return sum(p for p in counted if p > 0)
    if mode == v.FREE_MARGIN_LOSS:
        return sum(p for p in counted if p < 0)
    return sum(counted)


def frozen_minor(world: World, account: Account) -> int:
    """What orders of the book venue have frozen in the account's currency."""
    return frozen.frozen(world, account, world.group_of(account).currency)


def free_margin(world: World, account: Account) -> int:
    owned = account.balance + account.credit + counted_floating(world, account)
    return owned - margin(account) - frozen_minor(world, account)


def level_bp(equity_minor: int, margin_minor: int) -> int:
    if margin_minor == 0:
        return 0
    level = equity_minor * 10_000 // margin_minor
    return max(-LEVEL_LIMIT_BP, min(LEVEL_LIMIT_BP, level))


def max_withdrawable(world: World, account: Account) -> int:
    free = free_margin(world, account)
    if world.group_of(account).withdraw_free_margin:
        return max(0, free)
    floating = sum(profits(world, account))
    owned = account.balance + min(0, floating) - margin(account) - frozen_minor(world, account)
    return max(0, min(free, owned))


def figures_of(world: World, account: Account) -> Figures:
    """Everything that is reported of an account."""
    currency = world.currency_of(account)
    held = profits(world, account)
    equity_minor = account.balance + account.credit + sum(held)
    return Figures(
        login=account.login,
        group=account.group,
        currency=currency.code,
        currency_digits=currency.digits,
        balance_minor=account.balance,
        credit_minor=account.credit,
        floating_minor=sum(held),
        equity_minor=equity_minor,
        margin_minor=margin(account),
        frozen_minor=frozen_minor(world, account),
        free_margin_minor=free_margin(world, account),
        level_bp=level_bp(equity_minor, margin(account)),
        max_withdrawable_minor=max_withdrawable(world, account),
        positions=len(held),
        orders=world.orders_counted(account.login),
    )


# ---------------------------------------------------------------- what an order would change


def legs_of(world: World, account: Account, instrument: int) -> list[money.Leg]:
    return [
        money.Leg(p.side, p.volume, p.open_cost, p.margin_rate_e8)
        for p in world.positions_of(account.login, instrument)
    ]


def instrument_margin(world: World, account: Account, instrument: int) -> int:
    """Margin of the account's open positions in an instrument under the present terms."""
    if world.on_book(instrument):
        return frozen.futures_margin(world, account, instrument)
    terms = money.margin_terms(world, account, instrument)
    return money.margin_of_legs(terms, legs_of(world, account, instrument))


def legs_after(world: World, account: Account, order: Order, price: int) -> list[money.Leg]:
    """The legs in the order's instrument as they would be after its fill at `price`."""
    rate = money.margin_rate_e8(world, account, order.instrument, price)
    assert rate is not None, "asked only where the margin currency converts"
    new = money.Leg(order.side, order.volume, price * order.volume, rate)
    legs = legs_of(world, account, order.instrument)
    if account.mode != v.NETTING or not legs:
        return [*legs, new]
    [held] = legs
    if held.side == new.side:
        units = held.units + new.units
        weighted = held.rate_e8 * held.units + new.rate_e8 * new.units
        merged_rate = money.rounded(Fraction(weighted, units))
        return [money.Leg(held.side, units, held.open_cost + new.open_cost, merged_rate)]
    if new.units < held.units:
        share = money.rounded(Fraction(held.open_cost * new.units, held.units))
        return [held._replace(units=held.units - new.units, open_cost=held.open_cost - share)]
    if new.units == held.units:
        return []
    rest = new.units - held.units
    return [money.Leg(new.side, rest, price * rest, rate)]


def margin_after(world: World, account: Account, order: Order, price: int) -> int:
    """Margin of the account after the order is filled at `price`."""
    terms = money.margin_terms(world, account, order.instrument)
    changed = money.margin_of_legs(terms, legs_after(world, account, order, price))
    return margin(account) - account.margins.get(order.instrument, 0) + changed


def order_commission(world: World, account: Account, order: Order) -> int:
    per_lot = world.terms(account, order.instrument).commission_per_lot
    return money.rounded(Fraction(order.volume * per_lot, 100))


def free_margin_after(world: World, account: Account, order: Order, price: int) -> int:
    """What would be free after the fill, with the commission and the floating of now."""
    money_left = account.balance - order_commission(world, account, order) + account.credit
    after = margin_after(world, account, order, price)
    return money_left + counted_floating(world, account) - after - frozen_minor(world, account)
