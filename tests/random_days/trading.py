"""What clients, dealers and the back office do on a random day.

Each function makes one command that makes sense at this moment, or None where there is
nothing to name (no position to close, no request to confirm). Whether the command is
accepted is not this file's business.
"""

from random import Random

from engine import records as r
from engine import vocabulary as v
from tests.naive import figures
from tests.naive.world import Order, Position, World
from tests.random_days.quoting import CONVERTERS, Prices
from tests.random_days.start_of_day import INDEX, MARKETS, NO_ROUTE

DEALERS = (1, 2)
NS_PER_SECOND = 1_000_000_000


def clients(world: World) -> list[int]:
    """Logins that trade."""
    return list(world.accounts)


def place_order(random: Random, world: World, prices: Prices) -> r.PlaceOrder:
    """Any type; prices near the market, where they are soon reached."""
    instrument = any_market(random, world, prices)
    login = random.choice(clients(world))
    held = any_position(random, world)
    if held is not None and random.randrange(3) == 0:
        login, instrument = held.login, held.instrument
    side = random.choice((v.BUY, v.SELL))
    order_type = random.choice((v.MARKET, v.MARKET, v.MARKET, v.LIMIT, v.STOP, v.STOP_LIMIT))
    rules = world.instruments[instrument]
    steps = random.choice((1, 5, 20, 40, 60, 100, 150, 300))
    if prices.converting:
        steps = random.choice((2, 5, 10, 20, 40))
    if instrument == INDEX:
        steps = random.choice((1, 2, 3, 8))
    volume = max(rules.lot_min_units, steps * rules.lot_step_units)
    price, limit = pending_prices(random, world, instrument, side, order_type)
    reference = limit or price or market_price(world, instrument)
    stop_loss, take_profit = stop_prices(random, world, instrument, side, reference)
    deviation = 0
    if order_type == v.MARKET and random.randrange(4) == 0:
        price = market_price(world, instrument) + random.randrange(-30, 31)
        deviation = random.choice((0, 10, 100))
    return r.PlaceOrder(
        login=login,
        instrument=instrument,
        order_type=order_type,
        side=side,
        volume_units=volume,
        price_points=price,
        limit_price_points=limit,
        stop_loss_points=stop_loss,
        take_profit_points=take_profit,
        expiry_ns=expiry(random, world) if order_type != v.MARKET else 0,
        deviation_points=deviation,
    )


def any_market(random: Random, world: World, prices: Prices) -> int:
    """Mostly a market with a conversion route."""
    rare = (NO_ROUTE, *CONVERTERS) if prices.converting else (NO_ROUTE,)
    for _ in range(3):
        number = random.choice(list(world.instruments))
        if number not in rare:
            break
    return number


def expiry(random: Random, world: World) -> int:
    if random.randrange(3):
        return 0
    return world.time_ns + random.choice((1, 10, 60, 3_600)) * NS_PER_SECOND


def market_price(world: World, instrument: int) -> int:
    quote = world.quotes.get(instrument)
    return quote.bid if quote is not None else MARKETS[instrument].price


def on_tick_size(world: World, instrument: int, price: int) -> int:
    size = world.instruments[instrument].tick_size_points
    return price // size * size


def distance(random: Random, instrument: int) -> int:
    """Points away from the market: mostly a few ticks' walk."""
    market = MARKETS[instrument]
    return market.spread + random.randrange(1, 3 * market.step)


def pending_prices(
    random: Random, world: World, instrument: int, side: int, order_type: int
) -> tuple[int, int]:
    """Order price and limit price on the sides where they belong."""
    if order_type == v.MARKET:
        return 0, 0
    away = distance(random, instrument)
    below = (side == v.BUY) == (order_type == v.LIMIT)
    price = market_price(world, instrument) + (-away if below else away)
    limit = 0
    if order_type == v.STOP_LIMIT:
        back = distance(random, instrument)
        limit = on_tick_size(world, instrument, price + (-back if side == v.BUY else back))
    return on_tick_size(world, instrument, price), limit


def stop_prices(
    random: Random, world: World, instrument: int, side: int, reference: int
) -> tuple[int, int]:
    """Stop loss and take profit around a price, or 0."""
    sign = 1 if side == v.BUY else -1
    loss = reference - sign * distance(random, instrument)
    profit = reference + sign * distance(random, instrument)
    return (
        on_tick_size(world, instrument, loss) if random.randrange(5) < 2 else 0,
        on_tick_size(world, instrument, profit) if random.randrange(5) < 2 else 0,
    )


def any_position(random: Random, world: World) -> Position | None:
    return random.choice(list(world.positions.values())) if world.positions else None


def any_order(random: Random, world: World, state: int) -> Order | None:
    orders = [order for order in world.orders.values() if order.state == state]
    return random.choice(orders) if orders else None


def close_position(random: Random, world: World, prices: Prices) -> r.ClosePosition | None:
    position = any_position(random, world)
    if position is None:
        return None
    volume = random.choice((0, 0, random.randrange(1, position.volume + 1)))
    price, deviation = 0, 0
    if random.randrange(4) == 0:
        price = market_price(world, position.instrument) + random.randrange(-30, 31)
        deviation = random.choice((0, 40))
    return r.ClosePosition(
        login=position.login,
        position=position.ticket,
        volume_units=volume,
        price_points=price,
        deviation_points=deviation,
    )


def modify_position(random: Random, world: World, prices: Prices) -> r.ModifyPosition | None:
    position = any_position(random, world)
    if position is None:
        return None
    now = market_price(world, position.instrument)
    stop_loss, take_profit = stop_prices(random, world, position.instrument, position.side, now)
    return r.ModifyPosition(
        login=position.login,
        position=position.ticket,
        stop_loss_points=stop_loss,
        take_profit_points=take_profit,
    )


def modify_order(random: Random, world: World, prices: Prices) -> r.ModifyOrder | None:
    order = any_order(random, world, v.ORDER_PENDING)
    if order is None:
        return None
    price, limit = pending_prices(random, world, order.instrument, order.side, order.order_type)
    stop_loss, take_profit = stop_prices(
        random, world, order.instrument, order.side, limit or price
    )
    return r.ModifyOrder(
        login=order.login,
        order=order.ticket,
        price_points=price,
        limit_price_points=limit,
        stop_loss_points=stop_loss,
        take_profit_points=take_profit,
        expiry_ns=expiry(random, world),
    )


def cancel_order(random: Random, world: World, prices: Prices) -> r.CancelOrder | None:
    state = v.ORDER_REQUESTED if random.randrange(4) == 0 else v.ORDER_PENDING
    order = any_order(random, world, state)
    return r.CancelOrder(login=order.login, order=order.ticket) if order is not None else None


def balance_operation(random: Random, world: World, prices: Prices) -> r.BalanceOperation:
    login = random.choice(clients(world))
    in_need = [n for n in clients(world) if world.accounts[n].under_call]
    if in_need and random.randrange(2):
        login = random.choice(in_need)
    account = world.accounts[login]
    operation = random.choice((*range(1, 6), v.DEPOSIT, v.DEPOSIT))
    amount = random.randrange(1, 60_000)
    if operation == v.CORRECTION:
        amount -= 35_000
    if operation in (v.DEPOSIT, v.CREDIT_IN) and account.balance < 10_000:
        amount += 60_000
    if operation == v.CREDIT_OUT and account.credit:
        amount = random.randrange(1, 2 * account.credit)
    return r.BalanceOperation(
        login=login,
        operation=operation,
        amount_minor=amount or 1,
        reference=random.choice((0, 1)),
    )


def nudge(random: Random, world: World, prices: Prices) -> r.BalanceOperation | None:
    """A correction that leaves an account a little above or below its margin levels."""
    position = any_position(random, world)
    if position is None:
        return None
    account = world.accounts[position.login]
    group = world.group_of(account)
    level = random.choice((group.margin_call_level, group.stop_out_level))
    aim = level
    if group.level_type == v.LEVEL_PERCENT:
        aim = figures.margin(account) * level // 10_000
    aim += aim * random.choice((-2, 0, 1, 2, 5, 8)) // 100
    amount = aim - figures.equity(world, account)
    return r.BalanceOperation(login=account.login, operation=v.CORRECTION, amount_minor=amount or 1)


def set_dealer(random: Random, world: World, prices: Prices) -> r.SetDealer:
    return r.SetDealer(dealer=random.choice(DEALERS), online=random.randrange(2))


def dealer_answer(
    random: Random, world: World, prices: Prices
) -> r.DealerConfirm | r.DealerReject | r.DealerRequote | None:
    """Mostly a confirmation, at the current or another price."""
    waiting: list[Order | Position] = [
        o for o in world.orders.values() if o.state == v.ORDER_REQUESTED
    ]
    waiting += [p for p in world.positions.values() if p.close_request is not None]
    if not waiting:
        return None
    trade = random.choice(waiting)
    online = [dealer for dealer, on in world.dealers.items() if on]
    dealer = random.choice(online or DEALERS)
    now = market_price(world, trade.instrument)
    kind = random.randrange(6)
    if kind == 0:
        return r.DealerReject(dealer=dealer, ticket=trade.ticket)
    if kind == 1:
        price = on_tick_size(world, trade.instrument, now + random.randrange(30))
        return r.DealerRequote(dealer=dealer, ticket=trade.ticket, price_points=price)
    price = random.choice((0, now + random.randrange(-20, 21)))
    return r.DealerConfirm(dealer=dealer, ticket=trade.ticket, price_points=price)
