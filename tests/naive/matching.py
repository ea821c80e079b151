"""The way of an order through the book: match, fill, rest, quote (RULES section 8).

Nothing in this file may refuse: everything was decided before. The book of an instrument is
the orders at rest in it, sorted whenever they are looked at.
"""

from fractions import Fraction

from engine import records as r
from engine import vocabulary as v
from tests.naive import figures, frozen, tick
from tests.naive.money import rounded
from tests.naive.world import Account, BookOrder, Position, World

RESTING = (v.GOOD_TILL_CANCELLED, v.DAY, v.GOOD_TILL_DATE)


def opposite(side: int) -> int:
    return v.SELL if side == v.BUY else v.BUY


def side_of_book(world: World, instrument: int, side: int) -> list[BookOrder]:
    """The orders at rest, best price first, within a price the oldest first."""
    resting = [
        o
        for o in world.book_orders.values()
        if o.instrument == instrument and o.side == side and o.entered
    ]
    sign = -1 if side == v.BUY else 1
    return sorted(resting, key=lambda o: (sign * o.price, o.entered))


def within_limit(order: BookOrder, resting: BookOrder) -> bool:
    if order.order_type == v.MARKET:
        return True
    return order.price >= resting.price if order.side == v.BUY else order.price <= resting.price


def would_take(world: World, order: BookOrder) -> list[tuple[int, int]]:
    """(price, units) of what the order would be filled with, were it sent now."""
    taken, wanted = [], order.left
    for resting in side_of_book(world, order.instrument, opposite(order.side)):
        if not wanted or not within_limit(order, resting):
            break
        if resting.login == order.login and order.self_trade != v.SELF_TRADE_ALLOW:
            if order.self_trade == v.SELF_TRADE_CANCEL_OLDEST:
                continue
            break
        if order.time_in_force == v.FILL_OR_KILL and may_be_trimmed(world, resting):
            continue
        units = min(wanted, resting.left)
        taken.append((resting.price, units))
        wanted -= units
    return taken


def worth_of_taking(world: World, order: BookOrder) -> tuple[int, int]:
    """Value and units of what the order would be filled with."""
    taken = would_take(world, order)
    cost = sum(price * units for price, units in taken)
    worth = frozen.value(world, world.instruments[order.instrument], cost)
    return worth, sum(units for _, units in taken)


def cost_of_taking(world: World, order: BookOrder) -> int:
    """What a market order that buys spot freezes: value and largest fee of what it would take."""
    worth, units = worth_of_taking(world, order)
    return worth + frozen.largest_fee(world.instruments[order.instrument], worth, units)


def may_be_trimmed(world: World, order: BookOrder) -> bool:
    """A reduce-only order whose owner's orders of the side exceed what they could close."""
    if not order.flags & v.REDUCE_ONLY:
        return False
    same = world.book_orders_of(order.login, order.instrument)
    volume = sum(o.left for o in same if o.side == order.side)
    return volume > frozen.closable(world, order.login, order.instrument, order.side)


def paid_and_frozen(world: World, order: BookOrder) -> dict[str, int]:
    """The last two fields of the events of an order."""
    instrument = world.instruments[order.instrument]
    currency = frozen.paid_currency(instrument, order.side)
    account = world.accounts[order.login]
    return {"currency": currency, "frozen_minor": frozen.frozen(world, account, currency)}


# ---------------------------------------------------------------- from freeze on


def work(world: World, order: BookOrder) -> None:
    """Match; then what is left rests or ends; then the quote."""
    ended_by_own, last_price = match(world, order)
    if order.left:
        if ended_by_own:
            remove(world, order, v.REMOVAL_SELF_TRADE)
        elif order.time_in_force in RESTING:
            world.last_entered += 1
            order.entered = world.last_entered
            trim_reduce_only(world, order.login, order.instrument)
        else:
            remove(world, order, v.REMOVAL_REMAINDER)
    requote(world, order.instrument, last_price)


def match(world: World, order: BookOrder) -> tuple[bool, int]:
    """Whether an own order ended it, and the price of the last fill (0: none)."""
    last_price = 0
    while order.left:
        other_side = side_of_book(world, order.instrument, opposite(order.side))
        if not other_side or not within_limit(order, other_side[0]):
            break
        first = other_side[0]
        mode = order.self_trade
        if first.login == order.login and mode != v.SELF_TRADE_ALLOW:
            if mode in (v.SELF_TRADE_CANCEL_OLDEST, v.SELF_TRADE_CANCEL_BOTH):
                remove(world, first, v.REMOVAL_SELF_TRADE)
            if mode in (v.SELF_TRADE_CANCEL_NEWEST, v.SELF_TRADE_CANCEL_BOTH):
                return True, last_price
            continue
        last_price = first.price
        fill(world, first, order)
    return False, last_price


def remove(world: World, order: BookOrder, removal: int) -> None:
    """An order, or what is left of it, ends unfilled."""
    del world.book_orders[order.ticket]
    world.emit(
        r.BookOrderRemoved,
        login=order.login,
        order=order.ticket,
        instrument=order.instrument,
        volume_units=order.left,
        removal=removal,
        **paid_and_frozen(world, order),
    )


def trim_reduce_only(world: World, login: int, instrument: int) -> None:
    """The newest are removed until they fit the position, each side for itself."""

    def reducing() -> list[BookOrder]:
        own = world.book_orders_of(login, instrument)
        return [o for o in own if o.flags & v.REDUCE_ONLY and o.entered]

    for order in sorted(reducing(), key=lambda o: -o.entered):
        together = sum(o.left for o in reducing() if o.side == order.side)
        if together > frozen.closable(world, login, instrument, order.side):
            remove(world, order, v.REMOVAL_REDUCE_ONLY)


def tell_depth(world: World, instrument: int) -> None:
    """Every level that is another than when it was last looked at."""
    depth: dict[tuple[int, int], tuple[int, int]] = {}
    for side in (v.BUY, v.SELL):
        for order in side_of_book(world, instrument, side):
            volume, orders = depth.get((side, order.price), (0, 0))
            depth[side, order.price] = (volume + order.left, orders + 1)
    before = world.depths.get(instrument, {})
    world.depths[instrument] = depth
    if not world.instruments[instrument].depth_events:
        return
    levels = sorted(
        {*before, *depth},
        key=lambda level: (level[0], -level[1] if level[0] == v.BUY else level[1]),
    )
    for side, price in levels:
        volume, orders = depth.get((side, price), (0, 0))
        if (volume, orders) != before.get((side, price), (0, 0)):
            world.emit(
                r.DepthChanged,
                instrument=instrument,
                side=side,
                price_points=price,
                volume_units=volume,
                orders=orders,
            )


def requote(world: World, instrument: int, last_price: int) -> None:
    """The changed depth; the top of the book, or the last fill of this command, as a quote."""
    tell_depth(world, instrument)
    buying = side_of_book(world, instrument, v.BUY)
    selling = side_of_book(world, instrument, v.SELL)
    if buying and selling:
        bid, ask = buying[0].price, selling[0].price
    elif last_price:
        bid = ask = last_price
    else:
        return
    quote = world.quotes.get(instrument)
    if quote is None or (quote.bid, quote.ask) != (bid, ask):
        tick.take_quote(world, instrument, bid, ask)


# ---------------------------------------------------------------- a fill


def fill(world: World, maker: BookOrder, taker: BookOrder) -> None:
    """Both sides, the maker's first; then the reduce-only orders of both."""
    units = min(maker.left, taker.left)
    for order, counter, role in ((maker, taker, v.ROLE_MAKER), (taker, maker, v.ROLE_TAKER)):
        order.left -= units
        if not order.left:
            del world.book_orders[order.ticket]
        account = world.accounts[order.login]
        world.touched.append(order.login)
        names = {
            "login": order.login,
            "order": order.ticket,
            "instrument": order.instrument,
            "side": order.side,
            "role": role,
            "volume_units": units,
            "price_points": maker.price,
            "counter_order": counter.ticket,
            "left_units": order.left,
        }
        if world.instruments[order.instrument].contract == v.CONTRACT_SPOT:
            fill_spot(world, account, order, names)
        else:
            fill_futures(world, account, names)
    for order in (maker, taker):
        trim_reduce_only(world, order.login, order.instrument)


def fill_futures(world: World, account: Account, names: dict[str, int]) -> None:
    """Position, then settle."""
    number, units, price = names["instrument"], names["volume_units"], names["price_points"]
    instrument = world.instruments[number]
    ticket, profit = change_position(world, account, number, names["side"], units, price)
    margin = frozen.futures_margin(world, account, number)
    account.ledger_margin += margin - account.margins.get(number, 0)
    account.margins[number] = margin
    worth = frozen.value(world, instrument, units * price)
    fee = frozen.fee(instrument, names["role"], worth, units)
    account.balance += profit - fee
    account.entries += 1
    held = frozen.position_of(world, account.login, number)
    world.emit(
        r.FuturesFilled,
        **names,
        position=ticket,
        position_units=frozen.position_units(world, account.login, number),
        open_cost=held.open_cost if held is not None else 0,
        profit_minor=profit,
        fee_minor=fee,
        balance_minor=account.balance,
        margin_minor=figures.margin(account),
        frozen_minor=figures.frozen_minor(world, account),
        entry_number=account.entries,
    )


def change_position(
    world: World, account: Account, instrument: int, side: int, units: int, price: int
) -> tuple[int, int]:
    """Ticket of the position there is after, or of the one that was closed; the profit."""
    held = frozen.position_of(world, account.login, instrument)
    if held is None:
        return open_position(world, account, instrument, side, units, price), 0
    if held.side == side:
        held.volume += units
        held.open_cost += units * price
        held.open_price = rounded(Fraction(held.open_cost, held.volume))
        return held.ticket, 0
    closed = min(units, held.volume)
    profit = close_part(world, account, held, closed, price)
    if units == closed:
        return held.ticket, profit
    return open_position(world, account, instrument, side, units - closed, price), profit


def open_position(
    world: World, account: Account, instrument: int, side: int, units: int, price: int
) -> int:
    """Under the next ticket."""
    world.last_opened += 1
    ticket = world.new_ticket()
    world.positions[ticket] = Position(
        ticket=ticket,
        login=account.login,
        instrument=instrument,
        side=side,
        volume=units,
        open_cost=units * price,
        open_price=price,
        stop_loss=0,
        take_profit=0,
        margin_rate_e8=0,
        commission=0,
        opened=world.last_opened,
    )
    return ticket


def close_part(world: World, account: Account, held: Position, units: int, price: int) -> int:
    """Takes units off the position; the profit of what was closed."""
    instrument = world.instruments[held.instrument]
    cost = rounded(Fraction(held.open_cost * units, held.volume))
    gain = frozen.value(world, instrument, units * price) - frozen.value(world, instrument, cost)
    held.volume -= units
    held.open_cost -= cost
    if held.volume:
        held.open_price = rounded(Fraction(held.open_cost, held.volume))
    else:
        del world.positions[held.ticket]
        if not world.positions_of(account.login):
            account.under_call = False
    return gain if held.side == v.BUY else -gain


def fill_spot(world: World, account: Account, order: BookOrder, names: dict[str, int]) -> None:
    """Base against quote currency; the fee is in the quote currency."""
    instrument = world.instruments[order.instrument]
    units, price = names["volume_units"], names["price_points"]
    worth = frozen.value(world, instrument, units * price)
    fee = frozen.fee(instrument, names["role"], worth, units)
    base = frozen.base_amount(world, instrument, units)
    if order.side == v.BUY:
        base_delta, quote_delta = base, -worth - fee
    else:
        base_delta, quote_delta = -base, worth - fee
    if order.order_type == v.MARKET and order.side == v.BUY:
        order.budget = cost_of_taking(world, order)
    for currency, delta in (
        (instrument.base_currency, base_delta),
        (instrument.profit_currency, quote_delta),
    ):
        if currency == world.group_of(account).currency:
            account.balance += delta
        else:
            account.holdings[currency] += delta
    account.entries += 1
    world.emit(
        r.SpotFilled,
        **names,
        fee_minor=fee,
        base_delta_minor=base_delta,
        base_minor=frozen.owned(world, account, instrument.base_currency),
        base_frozen_minor=frozen.frozen(world, account, instrument.base_currency),
        quote_delta_minor=quote_delta,
        quote_minor=frozen.owned(world, account, instrument.profit_currency),
        quote_frozen_minor=frozen.frozen(world, account, instrument.profit_currency),
        entry_number=account.entries,
    )
