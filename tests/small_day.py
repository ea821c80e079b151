"""A small deterministic day for tests of node, replay and snapshots.

This file may make commands from a seed; it knows no rule. Two pairs, of which one converts
the other's results, twelve accounts, ticks that wander, orders with stops, closes and
deposits. Tickets are guessed, so that some commands are refused.
"""

from collections.abc import Iterator
from random import Random

from engine import records as r

START_NS = 1_400_000_000_000_000_000
Item = tuple[r.Command | r.Config, int]
"""A command and its time."""


def opening() -> list[r.Command | r.Config]:
    """Configuration, accounts and money."""
    commands: list[r.Command | r.Config] = [
        r.Currency(currency=1, code="USD", digits=2),
        r.Currency(currency=2, code="EUR", digits=2),
        r.Currency(currency=3, code="JPY", digits=0),
        r.Feed(feed=1, name="feed"),
    ]
    for number, symbol, base, profit, digits in (
        (1, "EURUSD", 2, 1, 5),
        (2, "USDJPY", 1, 3, 3),
    ):
        commands.append(
            r.Instrument(
                instrument=number,
                symbol=symbol,
                base_currency=base,
                profit_currency=profit,
                margin_currency=base,
                digits=digits,
                contract_size=100_000,
                price_max_points=1_000_000,
                position_limit_units=50_000,
            )
        )
    commands.append(r.Group(group=1, name="hedging", currency=1, leverage=500))
    for login in range(1, 13):
        commands.append(r.SetAccount(login=login, group=1, mode=login % 2))
        commands.append(
            r.BalanceOperation(
                login=login, operation=1, amount_minor=150_000, key_high=login, key_low=1
            )
        )
    return commands


def day(seed: int, n_commands: int) -> Iterator[Item]:
    """The opening, then ticks, orders, closes and deposits, about `n_commands` of them."""
    random = Random(seed)
    time_ns = START_NS
    for command in opening():
        yield command, time_ns
    prices = {1: 110_000, 2: 101_000}
    for number in range(n_commands):
        time_ns += random.randrange(1, 900_000_000)
        kind = random.randrange(10)
        login = random.randrange(1, 13)
        if kind < 6:
            instrument = random.randrange(1, 3)
            prices[instrument] += random.randrange(-180, 150)
            bid = prices[instrument]
            yield r.Tick(instrument=instrument, feed=1, bid_points=bid, ask_points=bid + 7), time_ns
        elif kind < 8:
            yield _order(random, login, prices, number), time_ns
        elif kind < 9:
            yield r.ClosePosition(login=login, position=random.randrange(1, 40)), time_ns
        else:
            amount = random.randrange(1, 40_000)
            yield (
                r.BalanceOperation(
                    login=login,
                    operation=random.randrange(1, 3),
                    amount_minor=amount,
                    key_high=10_000 + seed,
                    key_low=number + 1,
                ),
                time_ns,
            )


def _order(random: Random, login: int, prices: dict[int, int], number: int) -> r.PlaceOrder:
    """A market order, or a limit order below the price; often with stops."""
    instrument = random.randrange(1, 3)
    pending = random.randrange(3) == 0
    price = prices[instrument] - 150 if pending else 0
    reference = price or prices[instrument]
    return r.PlaceOrder(
        login=login,
        instrument=instrument,
        order_type=1 if pending else 0,
        side=0,
        volume_units=random.randrange(1, 300),
        price_points=price,
        stop_loss_points=reference - 200 if random.randrange(2) else 0,
        take_profit_points=reference + 150 if random.randrange(2) else 0,
        key_high=1_000,
        key_low=number + 1,
    )


def encoded(items: list[Item], first_sequence: int = 1) -> bytes:
    """The commands as one block."""
    return b"".join(
        r.encode(command, first_sequence + i, time_ns) for i, (command, time_ns) in enumerate(items)
    )
