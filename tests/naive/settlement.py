"""Settlements of a future: daily, final, and the funding of a perpetual (RULES section 9).

What one side of the book gains the other loses. A check raises `Refused`; nothing is changed
before the last of them.
"""

from engine import records as r
from engine import reject_codes as c
from engine import vocabulary as v
from tests.naive import figures, fills, frozen, liquidation, matching, rounds
from tests.naive.stop_out import tick_stop_out
from tests.naive.world import Account, Position, Refused, World

LARGEST_RATE_E8 = 10**7
LARGEST_SUM = 2**62


def book_instrument(world: World, number: int) -> r.Instrument:
    config = world.instruments.get(number)
    if config is None:
        raise Refused(c.UNKNOWN_INSTRUMENT, number)
    if config.venue != v.VENUE_BOOK:
        raise Refused(c.OTHER_VENUE, config.venue)
    return config


def positions_in(world: World, instrument: int) -> list[tuple[Account, Position]]:
    """All of them, by login."""
    found = [p for p in world.positions.values() if p.instrument == instrument]
    return [(world.accounts[p.login], p) for p in sorted(found, key=lambda p: p.login)]


def signed(position: Position, amount: int) -> int:
    return amount if position.side == v.BUY else -amount


def tell_sums(world: World, instrument: int, amounts: list[int], **fields: int) -> None:
    """What the losing side paid and the other received, then what follows from it."""
    world.emit(
        r.InstrumentSettled,
        instrument=instrument,
        paid_minor=min(LARGEST_SUM, -sum(amount for amount in amounts if amount < 0)),
        received_minor=min(LARGEST_SUM, sum(amount for amount in amounts if amount > 0)),
        **fields,
    )


def long_units(held: list[tuple[Account, Position]]) -> int:
    return sum(position.volume for _, position in held if position.side == v.BUY)


# ---------------------------------------------------------------- daily and final


def settle_instrument(world: World, command: r.SettleInstrument) -> None:
    """Every position at one price: its profit to the balance, its open price reset, or its end."""
    number, price, kind = command.instrument, command.price_points, command.settlement
    check_settlement(world, command)
    final = kind == v.SETTLEMENT_FINAL
    if final:
        matching.remove_orders(world, number, v.REMOVAL_SETTLED)
    held = positions_in(world, number)
    sums = {"positions": len(held), "long_units": long_units(held)}
    profits = [settle_position(world, a, p, price, final) for a, p in held]
    tell_sums(world, number, profits, settlement=kind, price_points=price, rate_e8=0, **sums)
    if final:
        world.phases[number] = v.PHASE_EXPIRED
    else:
        world.base_prices[number] = price
    tick_stop_out(world, number)
    rounds.make_due(world, number)


def check_settlement(world: World, command: r.SettleInstrument) -> None:
    config, price = book_instrument(world, command.instrument), command.price_points
    known = command.settlement in (v.SETTLEMENT_DAILY, v.SETTLEMENT_FINAL)
    final = command.settlement == v.SETTLEMENT_FINAL
    too_early = config.expires_ns == 0 or world.time_ns < config.expires_ns
    if config.contract != v.CONTRACT_FUTURES or not known or (final and too_early):
        raise Refused(c.BAD_SETTLEMENT, command.settlement)
    phase = world.phases.get(command.instrument, v.PHASE_CONTINUOUS)
    if phase == v.PHASE_EXPIRED:
        raise Refused(c.WRONG_PHASE, phase)
    if not config.price_min_points <= price <= config.price_max_points:
        raise Refused(c.BAD_PRICE, price)
    if price % config.tick_size_points:
        raise Refused(c.PRICE_OFF_TICK_SIZE, price)


def settle_position(
    world: World, account: Account, position: Position, price: int, final: bool
) -> int:
    """Variation margin of one position, which it returns; what is final ends it."""
    number, units = position.instrument, position.volume
    config = world.instruments[number]
    worth = frozen.value(world, config, units * price)
    profit = signed(position, worth - frozen.value(world, config, position.open_cost))
    if final:
        matching.close_part(world, account, position, units, price)
        margin = frozen.futures_margin(world, account, number)
        account.ledger_margin += margin - account.margins.get(number, 0)
        account.margins[number] = margin
    else:
        position.open_cost, position.open_price = units * price, price
    account.balance += profit
    account.entries += 1
    world.touched.append(account.login)
    world.emit(
        r.PositionSettled,
        login=account.login,
        position=position.ticket,
        instrument=number,
        settlement=v.SETTLEMENT_FINAL if final else v.SETTLEMENT_DAILY,
        position_units=signed(position, units),
        price_points=price,
        open_cost=0 if final else position.open_cost,
        profit_minor=profit,
        balance_minor=account.balance,
        margin_minor=figures.margin(account),
        frozen_minor=figures.frozen_minor(world, account),
        entry_number=account.entries,
    )
    if final:
        liquidation.cover(world, account, number, 0, position.ticket)
    return profit


# ---------------------------------------------------------------- funding


def pay_funding(world: World, command: r.PayFunding) -> None:
    """One side pays the other a share of the value; what rounding leaves is the broker's."""
    number, rate = command.instrument, command.rate_e8
    config = book_instrument(world, number)
    if config.contract != v.CONTRACT_FUTURES or config.expires_ns > 0:
        raise Refused(c.NOT_PERPETUAL, config.expires_ns)
    if rate == 0 or abs(rate) > LARGEST_RATE_E8:
        raise Refused(c.BAD_RATE, rate)
    quote = world.quotes.get(number)
    if quote is None:
        raise Refused(c.NO_QUOTE)
    for account, _ in positions_in(world, number):
        if not fills.within_money_bounds(account):
            raise Refused(c.ACCOUNT_MONEY_BOUND, account.balance)
    mark = (quote.bid + quote.ask) // 2
    held = positions_in(world, number)
    amounts = [fund_position(world, a, p, mark, rate) for a, p in held]
    sums = {"positions": len(held), "long_units": long_units(held)}
    kind = v.SETTLEMENT_FUNDING
    tell_sums(world, number, amounts, settlement=kind, price_points=mark, rate_e8=rate, **sums)
    tick_stop_out(world, number)
    rounds.make_due(world, number)


def fund_position(
    world: World, account: Account, position: Position, mark: int, rate_e8: int
) -> int:
    """The amount, received above 0; the floor lets the payer pay rounded up."""
    config = world.instruments[position.instrument]
    share_e8 = frozen.value(world, config, position.volume * mark) * abs(rate_e8)
    pays = (position.side == v.BUY) == (rate_e8 > 0)
    amount = (-share_e8 if pays else share_e8) // 10**8
    account.balance += amount
    account.entries += 1
    world.touched.append(account.login)
    world.emit(
        r.FundingPaid,
        login=account.login,
        position=position.ticket,
        instrument=position.instrument,
        position_units=signed(position, position.volume),
        price_points=mark,
        rate_e8=rate_e8,
        amount_minor=amount,
        balance_minor=account.balance,
        entry_number=account.entries,
    )
    return amount
