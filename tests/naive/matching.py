"""The way of an order through the book: match, fill, rest or end (RULES sections 8 and 9).

Nothing in this file may refuse: everything was decided before. The book of an instrument is
the orders at rest in it, sorted whenever they are looked at.
"""

from fractions import Fraction

from engine import records as r
from engine import vocabulary as v
from tests.naive import figures, frozen
from tests.naive.money import rounded
from tests.naive.world import Account, BookOrder, Position, World

RESTING = (v.GOOD_TILL_CANCELLED, v.DAY, v.GOOD_TILL_DATE)


def opposite(side: int) -> int:
    return v.SELL if side == v.BUY else v.BUY


def side_of_book(world: World, instrument: int, side: int) -> list[BookOrder]:
    """The orders at rest, best price first, within a price in the order of their places."""
    resting = [
        o
        for o in world.book_orders.values()
        if o.instrument == instrument and o.side == side and o.entered
    ]
    return sorted(resting, key=lambda o: (rank_of_price(o), o.entered))


def rank_of_price(order: BookOrder) -> int:
    """The smaller, the sooner the order is filled."""
    return -order.price if order.side == v.BUY else order.price


def band(world: World, instrument: int) -> tuple[int, int] | None:
    """Lowest and highest price around the base price; None: there is no band now."""
    basis_points = world.instruments[instrument].band_bp
    base = world.base_prices.get(instrument, 0)
    if not basis_points or not base or world.phase_of(instrument) != v.PHASE_CONTINUOUS:
        return None
    width = base * basis_points // 10_000
    return base - width, base + width


def within_limit(world: World, order: BookOrder, resting: BookOrder) -> bool:
    """Whether the order takes at the price of the resting one."""
    limits = [] if order.order_type == v.MARKET else [order.price]
    if order.worst is not None:
        limits.append(order.worst)
    edges = band(world, order.instrument)
    if edges is not None:
        limits.append(edges[1] if order.side == v.BUY else edges[0])
    if order.side == v.BUY:
        return all(resting.price <= limit for limit in limits)
    return all(resting.price >= limit for limit in limits)


def would_take(world: World, order: BookOrder) -> list[tuple[int, int]]:
    """(price, units) of what the order would be filled with, were it sent now.

    Of a price level what is shown, then what is hidden.
    """
    taken, wanted = [], order.left
    others = side_of_book(world, order.instrument, opposite(order.side))
    shown = [(resting, resting.shown) for resting in others]
    hidden = [(resting, resting.left - resting.shown) for resting in others]
    parts = sorted(shown + hidden, key=lambda part: rank_of_price(part[0]))
    for resting, part in parts:
        if not wanted or not within_limit(world, order, resting):
            break
        if resting.login == order.login and order.self_trade != v.SELF_TRADE_ALLOW:
            if order.self_trade == v.SELF_TRADE_CANCEL_OLDEST:
                continue
            break
        if order.time_in_force == v.FILL_OR_KILL and may_be_trimmed(world, resting):
            continue
        units = min(wanted, part)
        taken.append((resting.price, units))
        wanted -= units
    return taken


def would_fill(world: World, order: BookOrder) -> int:
    """Units of what the order would be filled with."""
    return sum(units for _, units in would_take(world, order))


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


def tell_placed(world: World, order: BookOrder) -> None:
    world.emit(
        r.BookOrderPlaced,
        login=order.login,
        order=order.ticket,
        instrument=order.instrument,
        order_type=order.order_type,
        side=order.side,
        volume_units=order.left,
        price_points=order.price,
        time_in_force=order.time_in_force,
        flags=order.flags,
        expiry_ns=order.expiry_ns,
        trigger_points=order.trigger,
        shown_units=order.shown_units,
        **paid_and_frozen(world, order),
    )


# ---------------------------------------------------------------- from freeze on


def work(world: World, order: BookOrder) -> None:
    """Match; then what is left rests or ends. In an auction everything rests."""
    ended_by_own = False
    if world.phase_of(order.instrument) != v.PHASE_AUCTION:
        ended_by_own = match(world, order)
    if not order.left:
        return
    if ended_by_own:
        remove(world, order, v.REMOVAL_SELF_TRADE)
    elif order.time_in_force in RESTING:
        come_to_rest(world, order)
    else:
        remove(world, order, v.REMOVAL_REMAINDER)


def match(world: World, order: BookOrder) -> bool:
    """Whether an own order ended it."""
    while order.left:
        other_side = side_of_book(world, order.instrument, opposite(order.side))
        if not other_side or not within_limit(world, order, other_side[0]):
            break
        first = other_side[0]
        mode = order.self_trade
        if first.login == order.login and mode != v.SELF_TRADE_ALLOW:
            if mode in (v.SELF_TRADE_CANCEL_OLDEST, v.SELF_TRADE_CANCEL_BOTH):
                remove(world, first, v.REMOVAL_SELF_TRADE)
            if mode in (v.SELF_TRADE_CANCEL_NEWEST, v.SELF_TRADE_CANCEL_BOTH):
                return True
            continue
        units = min(order.left, first.shown)
        fill(world, (first, v.ROLE_MAKER), (order, v.ROLE_TAKER), units, first.price)
    return False


def come_to_rest(world: World, order: BookOrder) -> None:
    show(world, order)
    trim_reduce_only(world, order.login, order.instrument)


def show(world: World, order: BookOrder) -> None:
    """All of it, of an iceberg the next part, behind the others of its price."""
    world.last_entered += 1
    order.entered = world.last_entered
    order.shown = min(order.shown_units or order.left, order.left)


def remove(world: World, order: BookOrder, removal: int) -> None:
    """An order, or what is left of it, ends unfilled."""
    world.book_orders.pop(order.ticket, None)
    world.waiting_orders.pop(order.ticket, None)
    world.emit(
        r.BookOrderRemoved,
        login=order.login,
        order=order.ticket,
        instrument=order.instrument,
        volume_units=order.left,
        removal=removal,
        **paid_and_frozen(world, order),
    )


def orders_in(world: World, instrument: int, login: int | None = None) -> list[BookOrder]:
    """At rest and waiting, by ticket, of one account or all."""
    both = {**world.book_orders, **world.waiting_orders}
    found = [o for _, o in sorted(both.items()) if o.instrument == instrument]
    return [o for o in found if login is None or o.login == login]


def remove_orders(world: World, instrument: int, removal: int, login: int | None = None) -> None:
    """All orders of a book, waiting ones too, by ticket; of one account or all."""
    for order in orders_in(world, instrument, login):
        remove(world, order, removal)


def trim_reduce_only(world: World, login: int, instrument: int) -> None:
    """Of each side the highest tickets are removed until the rest fits the position."""
    for side in (v.SELL, v.BUY):
        own = world.book_orders_of(login, instrument)
        reducing = [o for o in own if o.side == side and o.flags & v.REDUCE_ONLY and o.entered]
        most = frozen.closable(world, login, instrument, side)
        while sum(order.left for order in reducing) > most:
            remove(world, reducing.pop(), v.REMOVAL_REDUCE_ONLY)


# ---------------------------------------------------------------- closing orders


def closing_order(position: Position, units: int) -> BookOrder:
    """An order against a position; it has no ticket yet and is nowhere."""
    return BookOrder(
        ticket=0,
        login=position.login,
        instrument=position.instrument,
        order_type=v.MARKET,
        side=opposite(position.side),
        left=units,
        price=0,
        time_in_force=v.IMMEDIATE_OR_CANCEL,
        flags=v.REDUCE_ONLY,
        self_trade=v.SELF_TRADE_CANCEL_OLDEST,
        expiry_ns=0,
    )


def begin_closing(world: World, order: BookOrder) -> None:
    """It takes the next ticket, unless it has one, and counts; matching is the caller's."""
    order.ticket = order.ticket or world.new_ticket()
    world.book_orders[order.ticket] = order
    tell_placed(world, order)


# ---------------------------------------------------------------- a fill


Part = tuple[BookOrder, int]
"""An order and its role in a fill."""


def fill(world: World, first: Part, second: Part, units: int, price: int) -> None:
    """Both sides, one after the other; then the reduce-only orders of both."""
    number = first[0].instrument
    world.last_prices[number] = price
    world.filled.append(number)
    for (order, role), (counter, _) in ((first, second), (second, first)):
        take_off(world, order, units)
        account = world.accounts[order.login]
        world.touched.append(order.login)
        names = {
            "login": order.login,
            "order": order.ticket,
            "instrument": number,
            "side": order.side,
            "role": role,
            "volume_units": units,
            "price_points": price,
            "counter_order": counter.ticket,
            "left_units": order.left,
        }
        if world.instruments[number].contract == v.CONTRACT_SPOT:
            fill_spot(world, account, order, names)
        else:
            fill_futures(world, account, names)
    for order, _ in (first, second):
        trim_reduce_only(world, order.login, number)


def take_off(world: World, order: BookOrder, units: int) -> None:
    """A fill takes from what is shown; when that is used up, an iceberg shows more."""
    order.left -= units
    if not order.left:
        del world.book_orders[order.ticket]
    elif order.entered:
        order.shown -= units
        if not order.shown:
            show(world, order)


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
    held.refused = (0, 0)
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
