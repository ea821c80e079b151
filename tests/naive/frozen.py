"""The book venue: values, fees, and what orders have frozen (RULES section 8).

This file may compute, not change anything. What is frozen is added up anew from the orders
of the account whenever it is asked for.
"""

from collections.abc import Iterable

from engine import records as r
from engine import vocabulary as v
from tests.naive import money
from tests.naive.world import Account, BookOrder, Position, World

# ---------------------------------------------------------------- values and fees


def value(world: World, instrument: r.Instrument, cost: int) -> int:
    """Points x units as minor units of the profit currency; nothing is rounded."""
    return money.value_minor(world, instrument, cost)


def base_amount(world: World, instrument: r.Instrument, units: int) -> int:
    """Spot: minor units of the base currency."""
    digits = world.currencies[instrument.base_currency].digits - instrument.volume_digits
    return units * instrument.contract_size * 10**digits


def toward_zero(number: int, divisor: int) -> int:
    """The floor of the magnitude, with the sign outside."""
    whole = abs(number) // divisor
    return whole if number >= 0 else -whole


def fee(instrument: r.Instrument, role: int, value_minor: int, units: int) -> int:
    """Of one fill and side; a rebate is negative. Deleveraging costs nothing."""
    if role == v.ROLE_DELEVERAGED:
        return 0
    if role == v.ROLE_MAKER:
        ppm, per_lot = instrument.maker_fee_ppm, instrument.maker_fee_per_lot_minor
    else:
        ppm, per_lot = instrument.taker_fee_ppm, instrument.taker_fee_per_lot_minor
    share = toward_zero(value_minor * ppm, 10**6)
    return share + toward_zero(units * per_lot, 10**instrument.volume_digits)


def largest_fee(instrument: r.Instrument, value_minor: int, units: int) -> int:
    """Of each of the two parts the larger one, and no rebate."""
    ppm = max(0, instrument.maker_fee_ppm, instrument.taker_fee_ppm)
    per_lot = max(0, instrument.maker_fee_per_lot_minor, instrument.taker_fee_per_lot_minor)
    lot = 10**instrument.volume_digits
    return value_minor * ppm // 10**6 + units * per_lot // lot


# ---------------------------------------------------------------- positions and money


def position_of(world: World, login: int, instrument: int) -> Position | None:
    """The one position that an account has in an instrument of the book venue."""
    held = world.positions_of(login, instrument)
    assert len(held) <= 1, "one position an instrument"
    return held[0] if held else None


def position_units(world: World, login: int, instrument: int) -> int:
    """A short position is negative."""
    held = position_of(world, login, instrument)
    if held is None:
        return 0
    return held.volume if held.side == v.BUY else -held.volume


def closable(world: World, login: int, instrument: int, side: int) -> int:
    """The volume that orders of this side could close."""
    units = position_units(world, login, instrument)
    return max(0, -units if side == v.BUY else units)


def rows_come(config: r.Instrument, time_ns: int) -> int:
    """How many of its rows of margin by date have come."""
    return sum(1 for from_ns, _, _ in config.margins if from_ns <= time_ns)


def in_force(config: r.Instrument, time_ns: int) -> tuple[int, int]:
    """Initial and maintenance margin per lot: of the last row that has come, else the fields."""
    come = rows_come(config, time_ns)
    if come:
        _, initial, maintenance = config.margins[come - 1]
        return initial, maintenance
    return config.initial_margin_minor, config.maintenance_margin_minor


def margin_per_unit(world: World, instrument: r.Instrument) -> tuple[int, int]:
    """Initial margin and that of a position: maintenance, or initial where there is none."""
    taken_ns = world.margins_as_of.get(instrument.instrument, world.time_ns)
    initial, maintenance = in_force(instrument, taken_ns)
    lot = 10**instrument.volume_digits
    return initial // lot, (maintenance or initial) // lot


def futures_margin(world: World, account: Account, number: int) -> int:
    """Of the position in the instrument."""
    _, per_unit = margin_per_unit(world, world.instruments[number])
    return abs(position_units(world, account.login, number)) * per_unit


def owned(world: World, account: Account, currency: int) -> int:
    """Balance in the account's own currency, otherwise the holding."""
    if currency == world.group_of(account).currency:
        return account.balance
    return account.holdings.get(currency, 0)


# ---------------------------------------------------------------- frozen


def paid_currency(instrument: r.Instrument, side: int) -> int:
    """In which currency an order freezes; for futures profit and account currency are one."""
    if instrument.contract == v.CONTRACT_SPOT and side == v.SELL:
        return instrument.base_currency
    return instrument.profit_currency


def frozen(
    world: World, account: Account, currency: int, orders: Iterable[BookOrder] | None = None
) -> int:
    """Everything that these orders (or all of the account's) freeze in a currency."""
    if orders is None:
        orders = world.book_orders_of(account.login)
    total = 0
    by_instrument: dict[int, list[BookOrder]] = {}
    for order in orders:
        by_instrument.setdefault(order.instrument, []).append(order)
    for number, placed in by_instrument.items():
        instrument = world.instruments[number]
        if instrument.contract == v.CONTRACT_SPOT:
            paid = [o for o in placed if paid_currency(instrument, o.side) == currency]
            total += sum(frozen_by_spot(world, instrument, order) for order in paid)
        elif instrument.profit_currency == currency:
            total += frozen_by_futures(world, account, instrument, placed)
    return total


def frozen_by_futures(
    world: World, account: Account, instrument: r.Instrument, orders: list[BookOrder]
) -> int:
    """What the orders of a side need beyond the position's margin; the larger side counts."""
    position = position_units(world, account.login, instrument.instrument)
    opening = [o for o in orders if not o.flags & v.REDUCE_ONLY]
    per_unit, _ = margin_per_unit(world, instrument)
    margin = futures_margin(world, account, instrument.instrument)
    needs = [0]
    for side, held in ((v.BUY, position), (v.SELL, -position)):
        volume = sum(o.left for o in opening if o.side == side)
        if held >= 0:
            needs.append(volume * per_unit)
        else:
            needs.append((volume + held) * per_unit - margin)
    return max(needs)


def reserved_positions(world: World, account: Account) -> int:
    """Futures in which the account has orders and no position yet."""
    placed = {o.instrument for o in world.book_orders_of(account.login)}
    return sum(
        world.instruments[number].contract == v.CONTRACT_FUTURES
        and position_of(world, account.login, number) is None
        for number in placed
    )


def frozen_by_spot(world: World, instrument: r.Instrument, order: BookOrder) -> int:
    """All that the order could still take."""
    if order.side == v.SELL:
        return base_amount(world, instrument, order.left)
    if order.order_type == v.MARKET:
        return order.budget
    worth = value(world, instrument, order.left * order.price)
    return worth + largest_fee(instrument, worth, order.left)
