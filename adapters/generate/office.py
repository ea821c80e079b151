"""The broker's people in the generated world: dealers at their desk, and the back office.

This file may not touch the engine: it plans commands and answers requests with commands.
"""

from collections.abc import Iterator
from typing import Final

from adapters.generate.client import Client
from adapters.generate.dice import Dice
from adapters.generate.market import Market
from engine import records
from engine import vocabulary as v

Planned = tuple[int, records.Command]
"""When, and what."""

_MINUTE_NS: Final = 60 * 10**9
_DAY_NS: Final = 1_440 * _MINUTE_NS
_SHIFTS: Final = ((1, 360, 745), (2, 700, 1_215))
"""Dealer, and from when to when they are online, in minutes of the day (UTC)."""


def shifts(start_ns: int, end_ns: int) -> Iterator[Planned]:
    """Dealers come and go on each day from start to end."""
    for midnight in range(start_ns // _DAY_NS * _DAY_NS, end_ns, _DAY_NS):
        for dealer, begin, end in _SHIFTS:
            for minute, online in ((begin, 1), (end, 0)):
                time_ns = midnight + minute * _MINUTE_NS
                if start_ns < time_ns < end_ns:
                    yield time_ns, records.SetDealer(dealer=dealer, online=online)


def reply(
    request: records.DealerRequested, market: Market, dice: Dice, now_ns: int
) -> Planned | None:
    """A dealer's answer to a request, seconds later; None if nobody answers."""
    midnight = now_ns // _DAY_NS * _DAY_NS
    time_ns = now_ns + dice.between(1, 12) * 10**9 + dice.below(10**9)
    present = [
        dealer
        for dealer, begin, end in _SHIFTS
        if begin * _MINUTE_NS <= time_ns - midnight < end * _MINUTE_NS
    ]
    if not present or dice.chance(0.06):
        return None
    dealer = dice.pick(present)
    mood = dice.uniform()
    if mood < 0.06:
        return time_ns, records.DealerReject(dealer=dealer, ticket=request.ticket)
    if mood < 0.16:
        sight = market.sights[request.instrument]
        worse = sight.spread_points() * dice.between(1, 3)
        buys = (request.side == v.BUY) == (request.request == v.REQUEST_OPEN)
        price = request.price_points + (worse if buys else -worse)
        return time_ns, records.DealerRequote(
            dealer=dealer, ticket=request.ticket, price_points=sight.on_tick_size(price)
        )
    price = request.price_points if mood < 0.3 else 0
    return time_ns, records.DealerConfirm(dealer=dealer, ticket=request.ticket, price_points=price)


def opening(client: Client, dice: Dice, agent_login: int) -> Iterator[records.Command]:
    """The account and its first money: a deposit, for some a bonus as credit."""
    yield _account(client, agent_login=agent_login)
    yield _money(client, v.DEPOSIT, client.deposit_minor)
    if dice.chance(0.12):
        yield _money(client, v.CREDIT_IN, max(client.deposit_minor // 5, 1))


def deposit(client: Client, dice: Dice) -> records.Command:
    """Fresh money: a part of the first deposit or all of it again."""
    amount = client.deposit_minor * dice.pick((25, 50, 100)) // 100
    return _money(client, v.DEPOSIT, max(amount, 1))


def cash_in(client: Client, dice: Dice) -> records.Command | None:
    """A withdrawal of a part of the gain; now and then of more than there is."""
    gain = client.balance_minor - client.deposit_minor
    if dice.chance(0.01):
        return _money(client, v.WITHDRAWAL, max(2 * client.balance_minor, 1))
    if gain > client.deposit_minor // 4 and dice.chance(0.15):
        return _money(client, v.WITHDRAWAL, max(gain // 2, 1))
    return None


def correction(client: Client) -> list[records.Command]:
    """A wrong booking and its reversal, which names the entry that it corrects."""
    amount = max(client.deposit_minor // 50, 1)
    wrong = _money(client, v.CORRECTION, amount)
    right = _money(client, v.CORRECTION, -amount, reference=client.entries + 1)
    return [wrong, right]


def bonus_back(client: Client) -> records.Command | None:
    """Takes back what is left of a bonus."""
    if client.credit_minor <= 0:
        return None
    return _money(client, v.CREDIT_OUT, client.credit_minor)


def freeze_account(client: Client) -> records.Command:
    """The account may look but not trade."""
    return _account(client, status=v.ACCOUNT_READ_ONLY)


def free_account(client: Client) -> records.Command:
    """The account may trade again."""
    return _account(client)


def halve_leverage(client: Client) -> records.Command:
    """Half the leverage from now on; margin is repriced."""
    client.leverage = max(client.leverage // 2, 1)
    return _account(client)


def _account(
    client: Client, status: int = v.ACCOUNT_ENABLED, agent_login: int = 0
) -> records.Command:
    client.agent_login = agent_login or client.agent_login
    return records.SetAccount(
        login=client.login,
        group=client.group.group,
        leverage=client.leverage,
        mode=client.mode,
        status=status,
        agent_login=client.agent_login,
    )


def _money(
    client: Client, operation: int, amount_minor: int, reference: int = 0
) -> records.Command:
    return records.BalanceOperation(
        login=client.login,
        operation=operation,
        amount_minor=amount_minor,
        reference=reference,
        **client.key(),
    )
