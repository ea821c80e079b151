"""Liquidation of futures positions of the book venue (RULES section 9).

A step of a stop-out: the account's orders go, a closing order takes what the book has at
prices that the account and the insurance fund can bear; and if neither has anything left, what
nobody takes is closed against the other side's best positions. Every figure is computed when
it is asked for.
"""

from engine import records as r
from engine import vocabulary as v
from tests.naive import figures, fills, frozen, matching, rounds
from tests.naive.hooks import refuse
from tests.naive.world import Account, BookOrder, Position, World


def liquidate(world: World, account: Account, position: Position, tick_sequence: int) -> bool:
    """One step for one position; False when the account must be left."""
    number = position.instrument
    config = world.instruments[number]
    if matching.orders_in(world, number, account.login):
        matching.remove_orders(world, number, v.REMOVAL_LIQUIDATION, account.login)
        rounds.make_due(world, number)

    quote = world.closing_price(account, number, position.side)
    units = min(position.volume, config.liquidation_units or position.volume)
    order = matching.closing_order(position, units)
    deleverages = False
    if config.auto_deleveraging:
        money = own_money(world, account, position) + fund_has(world, account, number)
        order.worst = price_that_uses_up(world, position, quote, money)
        deleverages = money <= 0
    nobody = not (deleverages and others_in_profit(world, position))
    if not matching.would_fill(world, order) and nobody:
        refuse(world, position, v.STAGE_STOP_OUT, v.REFUSED_NO_LIQUIDITY)
        return False

    account.refused = position.refused = (0, 0)
    tell_stop_out(world, account, position, tick_sequence, quote)
    matching.begin_closing(world, order)
    matching.match(world, order)
    if deleverages:
        deleverage(world, position, order)
    if order.left:
        matching.remove(world, order, v.REMOVAL_REMAINDER)
    rounds.make_due(world, number)
    cover(world, account, number, order.ticket, position.ticket)
    return True


def tell_stop_out(
    world: World, account: Account, position: Position, tick_sequence: int, price: int
) -> None:
    """The figures before a position is closed, on either venue."""
    equity, margin = figures.equity(world, account), figures.margin(account)
    world.emit(
        r.StopOut,
        login=account.login,
        tick_sequence=tick_sequence,
        position=position.ticket,
        instrument=position.instrument,
        equity_minor=equity,
        margin_minor=margin,
        level_bp=figures.level_bp(equity, margin),
        threshold=world.group_of(account).stop_out_level,
        profit_minor=figures.position_profit(world, position),
        price_points=price,
    )


# ---------------------------------------------------------------- the price that can be borne


def own_money(world: World, account: Account, position: Position) -> int:
    """Balance and floating, less the largest fee of closing the position at the quote."""
    config = world.instruments[position.instrument]
    quote = world.closing_price(account, position.instrument, position.side)
    value = frozen.value(world, config, position.volume * quote)
    fee = frozen.largest_fee(config, value, position.volume)
    return account.balance + sum(figures.profits(world, account)) - fee


def price_that_uses_up(world: World, position: Position, quote: int, money: int) -> int:
    """The price at which closing the whole position costs the money; in the price band."""
    config = world.instruments[position.instrument]
    points = money // (position.volume * frozen.value(world, config, 1))
    price = quote - points if position.side == v.BUY else quote + points
    return max(config.price_min_points, min(config.price_max_points, price))


# ---------------------------------------------------------------- the insurance fund


def fund_of(world: World, account: Account, instrument: int) -> Account | None:
    """The account that takes losses beyond zero, if it can serve this one."""
    fund = world.accounts.get(world.instruments[instrument].insurance_login)
    if fund is None or fund.login == account.login:
        return None
    same = world.group_of(fund).currency == world.group_of(account).currency
    return fund if same else None


def fund_has(world: World, account: Account, instrument: int) -> int:
    """What the fund of the account can pay."""
    fund = fund_of(world, account, instrument)
    if fund is None:
        return 0
    floating = min(0, sum(figures.profits(world, fund)))
    used = figures.margin(fund) + figures.frozen_minor(world, fund)
    return max(0, min(fund.balance, fund.balance + floating - used))


def cover(world: World, account: Account, instrument: int, order: int, position: int) -> None:
    """A negative balance without any position left: the fund pays, then the broker."""
    if world.positions_of(account.login) or account.balance >= 0:
        return
    names = {"instrument": instrument, "order": order, "position": position}
    paid = min(-account.balance, fund_has(world, account, instrument))
    if paid > 0:
        fund = fund_of(world, account, instrument)
        assert fund is not None, "somebody has what is paid"
        entry = v.ENTRY_INSURANCE
        fills.post(world, account, entry, balance=paid, reference=fund.login, **names)
        fills.post(world, fund, entry, balance=-paid, reference=account.login, **names)
        world.touched.append(fund.login)
    fills.compensate(world, account, names, v.REASON_STOP_OUT)


# ---------------------------------------------------------------- deleveraging


def others_in_profit(world: World, position: Position) -> list[Position]:
    """Opposite positions with a profit, the largest share of its cost first."""
    config = world.instruments[position.instrument]
    ranked = []
    for other in world.positions.values():
        opposite = other.instrument == position.instrument and other.side != position.side
        if not opposite or other.login in (position.login, config.insurance_login):
            continue
        profit = figures.position_profit(world, other)
        if profit > 0:
            cost = frozen.value(world, config, other.open_cost)
            ranked.append((-(profit * 10**6 // cost), other.ticket, other))
    return [other for _, _, other in sorted(ranked, key=lambda entry: entry[:2])]


def deleverage(world: World, position: Position, order: BookOrder) -> None:
    """What the book did not take, against one position after another, at the order's limit."""
    assert order.worst is not None, "it has a limit where there is deleveraging"
    for other in others_in_profit(world, position):
        if not order.left or position.ticket not in world.positions:
            return
        units = min(order.left, other.volume)
        order.left -= units
        if not order.left:
            del world.book_orders[order.ticket]
        names = {
            "instrument": order.instrument,
            "role": v.ROLE_DELEVERAGED,
            "volume_units": units,
            "price_points": order.worst,
        }
        gives = {"login": other.login, "order": 0, "counter_order": order.ticket, "left_units": 0}
        takes = {"login": order.login, "order": order.ticket, "counter_order": 0}
        close_against(world, {**names, **gives, "side": matching.opposite(order.side)})
        close_against(world, {**names, **takes, "side": order.side, "left_units": order.left})
        matching.trim_reduce_only(world, other.login, order.instrument)


def close_against(world: World, names: dict[str, int]) -> None:
    """One side of it: position and profit, no fee."""
    world.touched.append(names["login"])
    matching.fill_futures(world, world.accounts[names["login"]], names)
